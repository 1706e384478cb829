"""In how many nets units stand for something: results over `meaning`."""

import numpy as np

from jaxrep import records, stats

from . import defined, meaning


def units_of(
  arrays: records.Arrays, selective: float, layer: str, start: str, end: str
) -> np.ndarray:
  """Returns which nets have a unit for each concept, `[N, K]` bool.

  Its AUC is `selective` at least, and relabellings seldom give any unit that.

  Args:
    arrays: of one setting.
    selective: the AUC.
    layer: 'people' or 'relations'.
    start: '' or 'untrained_'.
    end: '' or 'control_'.
  """
  best = arrays[f'{start}{layer}_{end}auc'].max(axis=-1)
  p = arrays[f'{start}{layer}_{end}p_best']
  return (best >= selective) & (p <= meaning.LEVEL)


# What is measured, before a net is trained, and of labels given to others.
CONTROLS = (('', '', ''), ('_untrained', 'untrained_', ''))
SHUFFLED = ('_shuffled', '', 'control_')


def results(
  arrays: records.Arrays, selective: float
) -> dict[str, stats.Estimate]:
  """Returns what units stand for, by name, each beside its controls.

  Args:
    arrays: `[N, ...]`, one setting's, with `meaning.measure`'s.
    selective: the AUC from which on a unit stands for a concept.
  """
  found = {}
  for layer, prefix in (('people', ''), ('relations', 'relation_')):
    names = arrays['concepts' if layer == 'people' else 'relation_concepts']
    for after, start, end in (*CONTROLS, SHUFFLED):
      has = units_of(arrays, selective, layer, start, end)
      best = arrays[f'{start}{layer}_{end}auc'].max(axis=-1)
      for k, name in enumerate(names):
        found[f'{prefix}{name}_unit_rate{after}'] = stats.rate(has[:, k])
        found[f'{prefix}{name}_auc_best{after}'] = defined.median(
          best[:, k], 'AUC'
        )
  best = arrays['people_auc'].max(axis=-1)
  kin = (best >= selective) & (arrays['people_kin_p_best'] <= meaning.LEVEL)
  for k, name in enumerate(arrays['concepts']):
    if name != 'nationality':  # which all kin share
      found[f'{name}_unit_rate_kin'] = stats.rate(kin[:, k])
  for after, start, end in (*CONTROLS, SHUFFLED):
    tells = arrays[f'{start}people_{end}p'] <= meaning.LEVEL  # [N, K, U]
    strict = tells & (arrays[f'{start}people_{end}auc'] >= selective)
    concepts = tells.sum(axis=1)
    found[f'concepts_per_unit{after}'] = stats.mean(
      concepts.mean(axis=1), unit='concepts'
    )
    for words, count in (('', concepts), ('_strict', strict.sum(axis=1))):
      found[f'mixed_unit_rate{words}{after}'] = _mean(count >= 2)
      found[f'silent_unit_rate{words}{after}'] = _mean(count == 0)
  for after, start, _ in CONTROLS:
    told = np.sort(arrays[f'{start}people_auc'][:, 0], axis=1)[:, :-1]
    ignore = (told < meaning.IGNORED).mean(axis=1) > 0.5
    found[f'nationality_ignored_rate{after}'] = stats.rate(ignore)
  for after, start, _ in CONTROLS:
    for k, name in enumerate(arrays['concepts']):
      together = arrays[f'{start}people_together'][:, k]
      found[f'{name}_auc_together{after}'] = defined.median(together, 'AUC')
    for layer in meaning.LAYERS:
      ratio = arrays[f'{start}{layer}_twin_ratio']
      prefix = '' if layer == 'people' else f'{layer}_'
      found[f'{prefix}twin_distance_ratio{after}'] = defined.median(
        ratio, 'ratio'
      )
    for name in ('rest', 'ideal', 'same_tree'):
      ratio = arrays[f'{start}people_twin_ratio_{name}']
      found[f'twin_distance_ratio_{name}{after}'] = defined.median(
        ratio, 'ratio'
      )
  for layer in ('central', 'penultimate'):
    for after, start, end in (*CONTROLS, SHUFFLED):
      best = arrays[f'{start}{layer}_{end}auc'].max(axis=-1)
      for k, name in enumerate(arrays['concepts']):
        found[f'{layer}_{name}_auc_best{after}'] = defined.median(
          best[:, k], 'AUC'
        )
  return found


def _mean(flags) -> stats.Estimate:
  """Returns the mean over nets of the share of units that are so."""
  return stats.mean(flags.mean(axis=1), unit='share')

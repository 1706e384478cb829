"""Nets that learn digits: parts of a run, and the results of a setting."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxrep import localization, records, seeds, stats
from jaxrep.claims import localization as claims
from jaxrep.tasks import mnist

from ..shared import running
from . import defined

# Results that come first in the table.
FIRST = (
  *('r2_weights', 'r2_biases', 'r_weights', 'r_biases', 'r2_weights_2'),
  *('r2_weights_within', 'r2_weights_between', 'r2_weights_active_pixels'),
  *('r2_weights_other_net', 'r_weights_within_pixels'),
  *('r2_weights_shuffled', 'r2_weights_swapped', 'r2_weights_crossed'),
  *('r2_weights_whole', 'weights_significant_rate'),
  *('biases_significant_rate', 'phase1_accuracy'),
  *('pixel_r_centre', 'pixel_r_edge'),
)


def parts(
  recipes: Sequence[localization.Recipe],
  lessons: Sequence[tuple[Mapping[str, Any], localization.Lesson]],
  data: mnist.Data,
  *,
  learning_rates: Sequence[float],
  seed_range: Sequence[int],
  blocks: seeds.Blocks,
) -> list[running.Part]:
  """Returns one part for each recipe and lesson.

  They are named `nets`, or, where there are several, `nets_1`, `nets_2`, ..

  Args:
    recipes: what nets are made of.
    lessons: what they meet, and what tells it from the other lessons.
    data: where that is from.
    learning_rates: make a grid.
    seed_range: seeds, for each setting.
    blocks: the layout.
  """
  settings = seeds.settings(learning_rate=learning_rates)
  rows = seeds.cross(seed_range, learning_rate=learning_rates)

  def part(name, recipe, said, lesson):
    made = {
      'hidden': '-'.join(map(str, recipe.hidden)),
      'activation': recipe.activation,
      'output_activation': recipe.output,
      'loss': recipe.loss,
    }
    return running.Part(
      name,
      rows,
      [made | dict(said) | setting for setting in settings],
      functools.partial(_compute, recipe, lesson, blocks),
      {
        'side': np.array([data.side]),
        'input_weights': np.array([data.side**2 * recipe.hidden[0]]),
        'active': lesson.active,
        'written': lesson.written,
        'phase1_images': lesson.count.reshape(1),
        'fork_images': lesson.counts,
        'kinds': np.array(localization.KINDS),
      },
    )

  pairs = [(recipe, *lesson) for recipe in recipes for lesson in lessons]
  if len(pairs) == 1:
    return [part('nets', *pairs[0])]
  return [part(f'nets_{k}', *pair) for k, pair in enumerate(pairs, start=1)]


def _compute(recipe, lesson, blocks, rows, watch):
  arrays = seeds.each(
    localization.one_net(recipe),
    rows.seed,
    rows.setting,
    blocks=blocks,
    shared=(lesson,),
  )
  watch(len(rows.seed), 0)
  met = int(2 * lesson.count + lesson.counts.sum())
  padded = -(-len(rows.seed) // blocks.size) * blocks.size
  return running.Computed(
    {'seed': rows.seed, **rows.setting, **arrays},
    computed=met * padded,
    needed=met * len(rows.seed),
    solved=0,
  )


def results(arrays: records.Arrays) -> dict[str, stats.Estimate]:
  """Returns the results of the nets of one setting, by name.

  R² is the mean over nets of each net's r², r of each net's r.

  Args:
    arrays: `[N, ...]`, one setting's.
  """
  found = {}
  for name in [n for n in arrays if n.startswith('r_')]:
    r = arrays[name]
    found[f'r2{name[1:]}'] = defined.mean(r**2, '')
    found[name] = defined.mean(r, '')
  found |= _compared(arrays) | _tested(arrays) | _pixels(arrays)
  found |= _learnt(arrays) | _moved(arrays)
  return {name: found[name] for name in FIRST if name in found} | found


def _compared(arrays) -> dict[str, stats.Estimate]:
  """Returns where the source's numbers lie among our nets, and differences."""
  found = {}
  for name, source in (('weights', claims.WEIGHTS), ('biases', claims.BIASES)):
    r = arrays[f'r_{name}']
    # A net whose ratios run against each other is below the source's, too.
    below = r[np.isfinite(r)] <= np.sqrt(source)
    found[f'r2_{name}_by_source_rate'] = stats.rate(below)
  r2 = arrays['r_weights'] ** 2
  for other in ('whole', 'rest', 'other_net'):
    gain = r2 - arrays[f'r_weights_{other}'] ** 2
    found[f'r2_weights_above_{other}'] = defined.mean(gain, '')
  with np.errstate(divide='ignore', invalid='ignore'):
    own = 1 - arrays['r_weights_other_net'] ** 2 / r2
  found['r2_weights_own_share'] = defined.median(own, 'share')
  for name in ('weights_within_pixels', 'biases'):
    head, _, tail = name.partition('_')
    wrong = [
      np.abs(arrays[f'r_{head}_{way}{tail and "_" + tail}'])
      for way in ('swapped', 'crossed')
    ]
    gain = arrays[f'r_{name}'] - np.maximum(*wrong)
    found[f'r_{name}_above_swaps'] = defined.mean(gain, '')
  return found


def _tested(arrays) -> dict[str, stats.Estimate]:
  found = {}
  for name in ('weights', 'biases'):
    if f'p_{name}' in arrays:
      found[f'{name}_significant_rate'] = defined.significant(
        arrays[f'p_{name}']
      )
  if 'effective_weights' in arrays:
    found['effective_weights'] = defined.median(
      arrays['effective_weights'], 'points'
    )
  # What the source's test says of nets that cannot have stored anything there.
  r, n = arrays['r_weights_shuffled'], int(arrays['input_weights'][0])
  found['naive_false_rate'] = defined.significant(_naive(r, n))
  return found


def _naive(r, n) -> np.ndarray:
  """Returns the p-value of r over n points taken for independent, two-sided."""
  from scipy import stats

  t = r * np.sqrt((n - 2) / np.maximum(1 - r**2, 1e-12))
  return 2 * stats.t.sf(np.abs(t), n - 2)


def _pixels(arrays) -> dict[str, stats.Estimate]:
  r = arrays['pixel_r']
  known = np.isfinite(r)
  some = known.any(axis=1)
  above = (np.where(known, r, 0) > 0).sum(axis=1)[some] / known[some].sum(
    axis=1
  )
  centre, edge = arrays['pixel_r_centre'], arrays['pixel_r_edge']
  both = np.isfinite(centre) & np.isfinite(edge)
  sizes = {place: arrays[f'pixel_size_{place}'] for place in ('centre', 'edge')}
  sized = np.isfinite(sizes['centre']) & np.isfinite(sizes['edge'])
  larger = (sizes['centre'] > sizes['edge'])[sized]
  return {
    'pixel_r_centre': defined.mean(centre, ''),
    'pixel_r_edge': defined.mean(edge, ''),
    'pixel_r_blank': defined.mean(arrays['pixel_r_blank'], ''),
    'pixel_r_above_0': stats.mean(above, unit='share'),
    'centre_above_edge_rate': stats.rate(centre[both] > edge[both]),
    'pixel_size_centre': defined.mean(sizes['centre'], ''),
    'pixel_size_edge': defined.mean(sizes['edge'], ''),
    'centre_larger_rate': stats.rate(larger),
    'pixel_map_likeness': _likeness(r[some]),
    **{
      name: defined.mean(arrays[name], 'share')
      for name in ('on_bias', 'active_on_bias', 'blank_on_bias')
    },
  }


def _likeness(maps) -> stats.Estimate:
  """Returns r of a net's map with the mean map of the others, over pixels."""
  if len(maps) < 3:
    return stats.Estimate(None, None, None, len(maps), '')
  common = np.isfinite(maps).all(axis=0)
  maps = maps[:, common].astype(float)
  rest = (maps.sum(axis=0) - maps) / (len(maps) - 1)
  if maps.shape[1] < 3:
    return stats.Estimate(None, None, None, len(maps), '')
  each = [np.corrcoef(a, b)[0, 1] for a, b in zip(maps, rest, strict=True)]
  return defined.mean(np.array(each), '')


def _learnt(arrays) -> dict[str, stats.Estimate]:
  curve, finite = arrays['curve'], arrays['finite']
  found = {
    'phase1_accuracy': defined.mean(arrays['phase1_accuracy'], 'share'),
    'fork_accuracy': defined.mean(
      arrays['fork_accuracy'].mean(axis=1), 'share'
    ),
    'diverged_rate': stats.rate(~finite),
    # No ratio, as no weight was changed by a group: units were dead.
    'undefined_rate': stats.rate(finite & ~np.isfinite(arrays['r_weights'])),
  }
  seen = np.flatnonzero(np.isfinite(curve).any(axis=0))
  phase1, forks = curve[finite][:, seen], arrays['fork_curves'][finite]
  found['loss_settled_at'] = defined.median(_settled(phase1), 'share')
  found['loss_after_forks'] = defined.mean(_fallen(phase1, forks), 'share')
  return found


def _running(curve) -> np.ndarray:
  """Returns means over a tenth of the curve `[N, K]`."""
  wide = max(curve.shape[1] // 10, 1)
  total = np.cumsum(np.pad(curve, ((0, 0), (1, 0))), axis=1)
  return (total[:, wide:] - total[:, :-wide]) / wide


def _settled(curve) -> np.ndarray:
  """Returns after which share of phase 1 the loss is within 10 % of its least.

  The loss is a running mean over a tenth of phase 1. NaN where it has not
  fallen by as much.
  """
  if not curve.size:
    return np.zeros(0)
  means = _running(curve)
  near = means <= 1.1 * means.min(axis=1, keepdims=True)
  wide = curve.shape[1] - means.shape[1] + 1
  after = (np.argmax(near, axis=1) + wide) / curve.shape[1]
  return np.where(near[:, 0], np.nan, after)


def _fallen(curve, forks) -> np.ndarray:
  """Returns the forks' loss at their end over that at the end of phase 1."""
  if not curve.size:
    return np.zeros(0)
  ends = []
  for fork in forks.transpose(1, 0, 2):
    seen = fork[:, np.isfinite(fork).any(axis=0)]
    ends.append(_running(seen)[:, -1])
  with np.errstate(divide='ignore', invalid='ignore'):
    return np.mean(ends, axis=0) / _running(curve)[:, -1]


def _moved(arrays) -> dict[str, stats.Estimate]:
  """Returns what is lost of forks' telling digits when weights are moved.

  Each as a share of what they differ in: 1 is all of it. Exchanged: 1 is that
  they change places. Nets whose forks hardly differ are left out.
  """
  whole = arrays['separation_whole']
  found = {}
  for p, pair in enumerate(('first', 'second')):
    some = whole[:, p] > claims.APART
    found[f'separation_{pair}'] = defined.mean(whole[:, p], 'AUC')
    for kind in arrays['kinds']:
      back = arrays[f'separation_put_back_{kind}'][some, p]
      found[f'change_{kind}_{pair}'] = defined.mean(
        arrays[f'separation_change_{kind}'][:, p], 'share'
      )
      found[f'put_back_{kind}_{pair}'] = defined.mean(
        1 - back / whole[some, p], 'share'
      )
      exchanged = arrays[f'separation_exchanged_{kind}'][some, p]
      found[f'exchanged_{kind}_{pair}'] = defined.mean(
        (1 - exchanged / whole[some, p]) / 2, 'share'
      )
  both = (whole > claims.APART).all(axis=1)
  for way, scale in (('put_back', 1.0), ('exchanged', 0.5)):
    for within in ('', '_within_pixels', '_other_net'):
      high, low = (
        scale
        * (1 - arrays[f'separation_{way}_{kind}{within}'][both] / whole[both])
        for kind in ('highest', 'lowest')
      )
      # > 0: the highest matter more to the first pair, the lowest to the other.
      contrast = (high - low) @ np.array([0.5, -0.5])
      found[f'{way}_contrast{within}'] = defined.mean(contrast, 'share')
  return found

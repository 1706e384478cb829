"""Results of nets that learn equality, from what was searched for in them."""

import itertools
from collections.abc import Iterator

import numpy as np

from jaxrep import equality, records, stats
from jaxrep.claims import equality as claims
from jaxrep.measures import alignment
from jaxrep.tasks import equality as task

from . import defined
from .equality_searches import NEURONS

QUARTILES = {'q1': 0.25, 'median': 0.5, 'q3': 0.75}
# Of which the results are means over nets, at each place searched.
BESIDE = ('untrained_rotation', 'untrained_net', 'shuffled_labels')


def results(arrays: records.Arrays) -> dict[str, stats.Estimate]:
  """Returns the results of the nets of one setting, by name.

  IIA are of nets that have learnt the task, those that have not stand apart.

  Args:
    arrays: `[N, ...]`, one setting's, and the constants of its part.
  """
  found = _learnt(arrays) | _headline(arrays)
  found |= _searched(arrays) | _inputs(arrays)
  found |= _beside(arrays) | _neurons(arrays) | _restarts(arrays)
  return found | _predicted(arrays) | _read(arrays) | _apart(arrays)


def places(arrays: records.Arrays) -> Iterator[tuple[str, int, int]]:
  """Yields hypothesis, layer and k of everything that was looked for."""
  lists = arrays['hypotheses'], arrays['sites'], arrays['ks']
  for hypothesis, site, k in itertools.product(*lists):
    yield str(hypothesis), int(site), int(k)


def twins(arrays: records.Arrays) -> list[str]:
  """Returns the kinds of units whose nets were searched at the inputs."""
  return [
    str(twin)
    for twin in arrays['twins']
    if np.isfinite(arrays.get(f'known_{twin}', np.nan)).any()
  ]


def asked(arrays: records.Arrays, twin: str) -> np.ndarray:
  """Returns which nets have a twin that was searched, and has learnt `[N]`."""
  return arrays[f'accuracy_{twin}'] >= arrays['learnt_from'][0]


def near(arrays: records.Arrays, twin: str, name: str) -> np.ndarray:
  """Returns which searches come near what is known, `[N, R]`.

  Args:
    arrays: one setting's.
    twin: whose inputs were searched; the rows are those of `asked`.
    name: of the searches' IIA.
  """
  nets = asked(arrays, twin)
  ceiling = arrays[f'known_{twin}'][nets, None]
  return arrays[name][nets] >= ceiling - claims.WITHIN


def headline(arrays: records.Arrays) -> tuple[int, int]:
  """Returns the index of the site and of k that is spoken of first.

  The first hidden layer searched, if any, and the largest k with controls.
  """
  sites, ks = arrays['sites'], arrays['ks']
  site = int(np.argmax(sites > 0)) if (sites > 0).any() else 0
  return site, int(np.flatnonzero(ks == arrays['control_ks'].max())[0])


def _learnt(arrays):
  accuracy = arrays['task_accuracy']
  found = {
    'task_accuracy_median': stats.quantile(accuracy, 0.5, unit='share'),
    'learnt_rate': stats.rate(arrays['learnt']),
    'diverged_rate': stats.rate(~arrays['finite']),
  }
  for change in task.SHIFTS[1:]:
    values = arrays[f'accuracy_{change}'][arrays['learnt']]
    found[f'task_accuracy_{change}'] = defined.mean(values, 'share')
  return found


def _headline(arrays):
  """Returns the ceiling at the inputs, and controls at the first place."""
  learnt, (site, k) = arrays['learnt'], headline(arrays)
  control = int(np.argmax(arrays['control_ks']))
  columns = {
    'ceiling_known_rotation': arrays['known'],
    'iia_untrained_net': arrays['untrained_net'][:, 0, site, control],
    'iia_untrained_rotation': arrays['untrained_rotation'][:, 0, site, k],
    'iia_shuffled_labels': arrays['shuffled_labels'][:, 0, site, control],
  }
  return {
    name: defined.mean(column[learnt], '') for name, column in columns.items()
  }


def _searched(arrays):
  found = {}
  for hypothesis, site, k in places(arrays):
    name = f'iia_{hypothesis}_l{site}_k{k}'
    values = arrays[name][arrays['learnt']]
    found[name] = defined.mean(values, '')
    for word, q in QUARTILES.items():
      found[f'{name}_{word}'] = stats.quantile(values, q, unit='')
    found[f'{name}_max'] = _largest(values)
    found[f'{name}_found_rate'] = stats.rate(values >= claims.FOUND)
    if (hypothesis, site, k) in claims.PRINTED:
      found |= _printed(name, values, claims.PRINTED[hypothesis, site, k])
    condition = arrays.get(f'condition_{hypothesis}_l{site}')
    if condition is not None:
      place = int(np.flatnonzero(arrays['ks'] == k)[0])
      found[f'condition_{hypothesis}_l{site}_k{k}_median'] = defined.median(
        condition[arrays['learnt'], place], ''
      )
  return found


def _largest(values) -> stats.Estimate:
  """Returns the largest value, which has no interval."""
  most = float(values.max()) if values.size else None
  return stats.Estimate(most, None, None, values.size, '')


def _printed(name, values, bounds) -> dict[str, stats.Estimate]:
  """Returns the largest of as many nets as the source's, and its chances.

  What is to be expected of it; and the chances that it reaches the lower bound
  of what was printed, and that it stays below the upper one, by the share of
  our nets that do.
  """
  if not values.size:
    chances = [stats.Estimate(None, None, None, 0, 'rate')] * 2
  else:
    below = [stats.rate(values < bound) for bound in bounds]
    reaches, stays = (
      stats.Estimate(*sorted_, n=values.size, unit='rate')
      for sorted_ in (
        _reaching(below[0]),
        tuple(x**claims.NETS for x in below[1][:3]),
      )
    )
    chances = reaches, stays
  expected = stats.predictive(
    values, np.max, claims.NETS, float(np.mean(bounds)), unit=''
  ).expected
  return {
    f'{name}_of{claims.NETS}': expected,
    f'{name}_reaches': chances[0],
    f'{name}_stays': chances[1],
  }


def _reaching(below) -> tuple[float, float, float]:
  """Returns 1 - p^3 with its bounds, of the share p that stays below."""
  value, low, high = (1 - x**claims.NETS for x in below[:3])
  return value, high, low


def _inputs(arrays):
  """Returns how often searches find what is known to be at the inputs."""
  found = {}
  for twin in arrays['twins']:
    nets = asked(arrays, twin)
    ceiling = arrays[f'known_{twin}'][nets]
    found[f'ceiling_input_{twin}'] = defined.mean(ceiling, '')
    for kind in alignment.MAPS:
      name = f'input_{twin}_{kind}'
      reached, success = arrays[name][nets], near(arrays, twin, name)
      found[f'search_success_{name}'] = _share(success)
      found[f'search_any_{name}'] = stats.rate(success.any(axis=1))
      found[f'search_mean_{name}'] = stats.mean(reached.mean(axis=1), unit='')
      found[f'search_best_{name}'] = _largest(reached.ravel())
      returned = near(arrays, twin, f'basin_{twin}_{kind}')
      for turn, column in zip(equality.TURNS, returned.T, strict=True):
        found[f'search_return_{name}_{turn:g}'] = stats.rate(column)
  return found


def _share(success) -> stats.Estimate:
  """Returns the mean of each net's share of searches that succeed `[S, R]`.

  Where all do, or none, its interval is that of a rate of nets: that nothing
  varied does not say that nothing can.
  """
  if success.any() != success.all() or not success.size:
    return stats.mean(success.mean(axis=1), unit='share')
  return stats.rate(success.all(axis=1))._replace(unit='share')


def _beside(arrays):
  """Returns the means of controls, at each place that has them."""
  found, learnt = {}, arrays['learnt']
  for name in BESIDE:
    values = arrays[name][learnt]
    ks = arrays['ks' if name == 'untrained_rotation' else 'control_ks']
    for h, s, k in np.ndindex(values.shape[1:]):
      place = f'{arrays["hypotheses"][h]}_l{arrays["sites"][s]}_k{ks[k]}'
      found[f'{name}_{place}'] = defined.mean(values[:, h, s, k], '')
  return found


def _neurons(arrays):
  """Returns IIA without a rotation, for the first hypothesis."""
  found, hypothesis = {}, arrays['hypotheses'][0]
  for name in NEURONS:
    values = arrays[name][arrays['learnt']]
    for s, k in np.ndindex(values.shape[1:]):
      site, width = int(arrays['sites'][s]), int(arrays['ks'][k])
      full = f'{name}_{hypothesis}_l{site}_k{width}'
      column = values[:, s, k]
      found[full] = defined.mean(column, '')
      found[f'{full}_max'] = _largest(column)
      if (hypothesis, site, width) == ('both', 1, 8) and name in claims.NEURONS:
        found |= _printed(full, column, claims.NEURONS[name])
  return found


def _restarts(arrays):
  """Returns how much of the spread is between nets, and what restarts add."""
  found, hypothesis = {}, arrays['hypotheses'][0]
  values = arrays['restarts'][arrays['learnt']]
  values = values[np.isfinite(values).all(axis=(1, 2, 3))].astype(float)
  for s, k in np.ndindex(values.shape[1:3]):
    place = f'{hypothesis}_l{arrays["sites"][s]}_k{arrays["control_ks"][k]}'
    each = values[:, s, k]
    if min(each.shape) > 1 and np.ptp(each) > 0:
      found[f'between_nets_{place}'] = stats.bootstrap(
        _between, each.T, unit='share'
      )
    found[f'best_of_restarts_{place}'] = stats.mean(each.max(axis=1), unit='')
    found[f'spread_of_restarts_{place}'] = stats.mean(
      np.ptp(each, axis=1), unit=''
    )
  return found


def _between(*searches, axis) -> np.ndarray:
  """Returns the share of variance that is between nets (intraclass r).

    (MS_nets - MS_searches) / (MS_nets + (R - 1) MS_searches)

  of a one-way analysis with R searches a net; below 0, and where nothing
  varies, as in some resamples, it is 0.

  References:
    Shrout & Fleiss, Psychological Bulletin 86 (1979), ICC(1, 1).
  """
  del axis
  each = np.stack(searches, axis=-1)  # [.., S, R]
  nets, count = each.shape[-2:]
  means = each.mean(axis=-1)
  grand = means.mean(axis=-1, keepdims=True)
  of_nets = count * ((means - grand) ** 2).sum(axis=-1) / (nets - 1)
  within = ((each - means[..., None]) ** 2).sum(axis=(-2, -1))
  within = within / (nets * (count - 1))
  whole = of_nets + (count - 1) * within
  share = (of_nets - within) / np.where(whole > 0, whole, 1)
  return np.maximum(share, 0)


def _predicted(arrays):
  """Returns rank correlations of IIA with what nets tell, over nets."""
  found, learnt = {}, arrays['learnt']
  site, k = headline(arrays)
  name = (
    f'iia_{arrays["hypotheses"][0]}_l{arrays["sites"][site]}_k{arrays["ks"][k]}'
  )
  for change in task.SHIFTS:
    told = arrays[
      'task_accuracy' if change == 'fresh' else f'accuracy_{change}'
    ]
    columns = arrays[name][learnt], told[learnt]
    varied = learnt.sum() > 3 and all(np.ptp(c) > 0 for c in columns)
    found[f'iia_predicts_{change}'] = (
      stats.bootstrap(_ranks, columns, unit='ρ')
      if varied
      else stats.Estimate(None, None, None, int(learnt.sum()), 'ρ')
    )
  return found


def _ranks(first, second, axis) -> np.ndarray:
  """Returns Spearman's ρ; 0 where one does not vary, as in some resamples."""
  from scipy.stats import rankdata

  a, b = (rankdata(x, axis=axis) for x in (first, second))
  a, b = (x - x.mean(axis=axis, keepdims=True) for x in (a, b))
  scale = (a**2).sum(axis=axis) * (b**2).sum(axis=axis)
  return (a * b).sum(axis=axis) / np.sqrt(np.where(scale > 0, scale, 1))


def _read(arrays):
  """Returns what linear probes read, in trained nets and before training."""
  found = {}
  for name in ('probes', 'probes_untrained'):
    values = arrays[name][arrays['learnt']]
    for s, c in np.ndindex(values.shape[1:]):
      place = f'{arrays["concepts"][c]}_l{arrays["sites"][s]}'
      found[f'{name}_{place}'] = defined.mean(values[:, s, c], 'share')
  return found


def _apart(arrays):
  """Returns the IIA of nets that have not learnt, where there are some."""
  failed, found = ~arrays['learnt'], {}
  if failed.any():
    for hypothesis, site, k in places(arrays):
      name = f'iia_{hypothesis}_l{site}_k{k}'
      found[f'{name}_unlearnt'] = defined.mean(arrays[name][failed], '')
  return found


def difference(first: np.ndarray, second: np.ndarray) -> dict:
  """Returns the mean difference of two columns of the same nets, as JSON."""
  return stats.as_json(stats.mean(first - second, unit=''))

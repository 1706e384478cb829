"""Loops that learn by recirculation: parts of a run, close-ups, results."""

import functools
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from jaxrep import loops, records, seeds, stats
from jaxrep.claims import recirculation as claims
from jaxrep.tasks.patterns import Patterns

from ..shared import running
from . import close_ups, comparison, defined

LATE = 30  # updates: when nets are looked at late
COSINE = 'cosine'


def parts(
  recipes: Sequence[loops.Recipe],
  sets: Mapping[int, Patterns],
  *,
  shapes: Sequence[tuple[int, ...]],
  seed_range: Sequence[int],
  blocks: seeds.Blocks,
  search: comparison.Search,
) -> list[running.Part]:
  """Returns one part for each recipe, set of vectors and shape.

  They are named `h2`, `h4-2-4`, .. and `vectors1_h2_case_passes2` where the
  sets or the recipes are several.

  Args:
    recipes: how loops are trained; their lists make a grid.
    sets: of vectors, by seed.
    shapes: units a group, visible first and last.
    seed_range: seeds, for each setting.
    blocks: the layout.
    search: what is compared with back-propagation.
  """

  def part(recipe, seed, sizes):
    patterns, grid = sets[seed], recipe.grid()
    several = len(sets) > 1
    name = [f'vectors{seed}'] * several + [
      'h' + '-'.join(map(str, sizes[1:-1]))
    ]
    if len({r.updates for r in recipes}) > 1:
      name.append(recipe.updates)
    if len({r.passes for r in recipes}) > 1:
      name.append(f'passes{recipe.passes}')
    said = {'vector_seed': seed} if several else {}
    said |= {
      'hidden': _shape(sizes),
      'change_after': recipe.updates,
      'passes': recipe.passes,
    }
    shared = {
      'units': units(recipe, sizes),
      'search_rates': np.array(search.rates),
      'search_momenta': np.array(search.momenta),
    }
    alone = len(recipes) * len(sets) * len(shapes) == 1
    return running.Part(
      '_'.join(name),
      seeds.cross(seed_range, **grid),
      [said | setting for setting in seeds.settings(**grid)],
      functools.partial(
        _compute, recipe, sizes, patterns, seed_range, search, blocks
      ),
      constants(recipe, patterns) | shared,
      functools.partial(close_ups.compute, recipe, sizes, patterns, blocks)
      if alone and len(seeds.settings(**grid)) == 1
      else running.no_close_ups,
    )

  return [
    part(*each) for each in itertools.product(recipes, sets, shapes)
  ]  # fmt: skip


def _shape(sizes: tuple[int, ...]) -> int | str:
  """Returns the hidden groups as a setting: a number, if there is one."""
  hidden = sizes[1:-1]
  return hidden[0] if len(hidden) == 1 else '-'.join(map(str, hidden))


def constants(recipe: loops.Recipe, patterns: Patterns) -> records.Arrays:
  """Returns what is the same for all nets of a recipe on a set of vectors."""
  return {
    'outcomes': np.array([outcome.label for outcome in loops.Outcome]),
    **loops.timing(recipe, patterns),
    **patterns._asdict(),
  }


def units(recipe: loops.Recipe, sizes: tuple[int, ...]) -> np.ndarray:
  """Returns the names of the units of each layer of a loop, for a record."""
  last = loops.VISIBLE_UNITS[recipe.visible_units].__name__
  return np.array(['sigmoid'] * (len(sizes) - 2) + [last])


def _compute(
  recipe, sizes, patterns, seed_range, search, blocks, rows, watch
) -> running.Computed:
  net, arrays, computed = loops.run(
    loops.trial(recipe, sizes), rows, patterns, blocks=blocks, watch=watch
  )
  # Once, where rates and momenta are several: the search has its own.
  asked = (
    (rows.seed < seed_range[0] + 2 * search.seeds)
    & (rows.setting['learning_rate'] == np.float32(recipe.learning_rate[0]))
    & (rows.setting['momentum'] == np.float32(recipe.momentum[0]))
  )
  tried, *cost = comparison.compute(
    search, recipe, sizes, rows, asked, patterns, blocks
  )
  columns = {'seed': rows.seed, **rows.setting, **arrays}
  if search.seeds:
    columns['search'] = tried
  return running.Computed(
    columns | records.pack_net(net),
    computed=computed + cost[0],
    needed=int(np.sum(arrays['age'], dtype=np.int64)) + cost[1],
    solved=int(np.sum(arrays['outcome'] == loops.Outcome.SOLVED)),
  )


def results(arrays: records.Arrays) -> dict[str, stats.Estimate]:
  """Returns the results of the loops of one setting, by name.

  Args:
    arrays: `[N, ...]`, one setting's.
  """
  [budget] = arrays['budget'].tolist()
  found = learning(arrays) | _against_100(arrays['updates'], budget)
  if COSINE in arrays:
    found |= _over_time(arrays)
  if 'w1' in arrays and 'w2' not in arrays:
    sizes = [_norm(arrays[name]) for name in ('w1', 'w0')]
    learnt = np.isfinite(arrays['updates'])
    found['hv_larger_rate'] = stats.rate((sizes[0] > sizes[1])[learnt])
  return found | comparison.results(comparison.best(arrays, budget), budget)


def learning(arrays: records.Arrays) -> dict[str, stats.Estimate]:
  """Returns how many learn by either criterion, and how fast; who diverges.

  Means and quantiles are of those that learn.

  Args:
    arrays: `[N, ...]`, one setting's.
  """
  diverged = arrays['outcome'] == loops.Outcome.DIVERGED
  [budget] = arrays['budget'].tolist()
  return {
    **_times(arrays['updates'], '', budget),
    **_times(arrays['updates_sse'], '_sse', budget),
    'diverged_rate': stats.rate(diverged),
  }


def _times(updates, suffix, budget) -> dict[str, stats.Estimate]:
  learnt = np.isfinite(updates)
  times = updates[learnt]
  found = {
    'solved_rate': stats.rate(learnt),
    'unsolved_rate': stats.rate(~learnt),
    'updates_mean': stats.mean(times, unit='updates'),
    'updates_median': stats.median_sweeps(
      np.where(learnt, updates, budget), ~learnt, budget
    )._replace(unit='updates'),
    'updates_10': stats.quantile(times, 0.1, unit='updates'),
    'updates_90': stats.quantile(times, 0.9, unit='updates'),
    'updates_99': stats.quantile(times, 0.99, unit='updates'),
    'updates_max': _largest(times),
  }
  return {f'{name}{suffix}': estimate for name, estimate in found.items()}


def _largest(times) -> stats.Estimate:
  largest = float(times.max()) if times.size else None
  return stats.Estimate(largest, None, None, times.size, 'updates')


def _against_100(updates, budget) -> dict[str, stats.Estimate]:
  """Returns the mean and maximum of groups of 100, and the paper's places.

  A budget that ends before the paper's slowest net can show neither place.
  """
  times = np.where(np.isfinite(updates), updates, np.inf)
  found = {}
  for name, statistic, source in (
    ('mean', np.mean, claims.MEAN),
    ('maximum', np.max, claims.MAXIMUM),
  ):
    among = stats.predictive(
      times, statistic, claims.SIMULATIONS, source, unit='updates'
    )
    found[f'{name}_of_100'] = among.expected
    place = among.quantile if budget > claims.MAXIMUM else None
    found[f'paper_{name}_place'] = stats.Estimate(
      place, None, None, len(times), 'share'
    )
  return found


def _over_time(arrays) -> dict[str, stats.Estimate]:
  """Returns how changes and matrices agree, first and late: medians."""
  marks = arrays['marks'][: arrays[COSINE].shape[1]]
  late = int(np.searchsorted(marks, LATE))
  if late == len(marks):  # the horizon ends before
    return {}
  cosine = arrays[COSINE]
  columns = {'cosine_vh': cosine[..., 0], 'cosine_hv': cosine[..., -1]}
  for k in range(1, cosine.shape[-1] - 1):
    columns[f'cosine_hh{k}'] = cosine[..., k]
  columns |= {n: arrays[n] for n in ('alignment', 'size_ratio') if n in arrays}
  found = {
    f'{name}_{when}': _median(column[:, k], name)
    for name, column in columns.items()
    for when, k in (('first', 0), ('late', late))
  }
  still = ~(arrays['updates'] <= marks[late])
  for name in ('cosine_vh', 'cosine_hv'):
    found[f'{name}_late_learning'] = _median(columns[name][still, late], name)
  first = cosine[:, 0, 0]
  found['vh_uphill_first_rate'] = stats.rate(first[np.isfinite(first)] < 0)
  if 'alignment' in arrays:
    found |= _order(
      arrays['alignment'][:, : late + 1],
      cosine[:, : late + 1, 0],
      marks[: late + 1],
    )
  return found


def _median(values, name) -> stats.Estimate:
  unit = 'ratio' if name == 'size_ratio' else 'cosine'
  return defined.median(values, unit)


def _order(alignment, agreement, marks) -> dict[str, stats.Estimate]:
  """Returns when matrices align and changes agree, and which comes first.

  That is, from when on, up to the last of the marks `[T]`, a cosine `[N, T]` is
  above `claims.PARTS`. Which is first is asked of nets where both come.
  """
  aligned, agreed = (
    _for_good(values > claims.PARTS, marks) for values in (alignment, agreement)
  )
  found = {}
  for name, times in (('aligned_after', aligned), ('agreed_after', agreed)):
    never = ~np.isfinite(times)
    found[name] = stats.median_sweeps(
      np.where(never, marks[-1], times), never, marks[-1]
    )._replace(unit='updates', censored=False)
  both = np.isfinite(aligned) & np.isfinite(agreed)
  return found | {
    'aligned_first_rate': stats.rate((aligned < agreed)[both]),
    'agreed_first_rate': stats.rate((agreed < aligned)[both]),
  }


def _for_good(flags: np.ndarray, marks: np.ndarray) -> np.ndarray:
  """Returns the mark from which on flags `[S, T]` hold to the end, or inf."""
  holds = np.logical_and.accumulate(flags[:, ::-1], axis=1)[:, ::-1]
  return np.where(holds[:, -1], marks[np.argmax(holds, axis=1)], np.inf)


def _norm(weights: np.ndarray) -> np.ndarray:
  return np.sqrt(np.sum(weights.astype(float) ** 2, axis=(1, 2)))

"""Recirculation against back-propagation, each at its best learning rate.

The best is sought on some seeds and reported on as many fresh ones.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from jaxrep import loops, records, seeds, stats
from jaxrep.tasks.patterns import Patterns

NAMES = {'recirculation': 'recirculation', 'backprop': 'back-propagation'}


class Search(NamedTuple):
  """What is tried.

  Attributes:
    seeds: on how many the best rate is sought, and on how many more reported.
    rates: `[R]` learning rates.
    momenta: `[A]` shares of the last change.
  """

  seeds: int
  rates: tuple[float, ...]
  momenta: tuple[float, ...]


class Best(NamedTuple):
  """A rule's best setting, and what fresh seeds say of it.

  Attributes:
    rule: one of `loops.RULES`.
    rate: ε.
    momentum: α.
    edge: whether the rate is the least or the greatest that was tried, or the
      momentum the greatest: a better one may lie beyond.
    updates: `[n]` of fresh seeds, inf where never.
  """

  rule: str
  rate: float
  momentum: float
  edge: bool
  updates: np.ndarray


def compute(
  search: Search,
  recipe: loops.Recipe,
  sizes: tuple[int, ...],
  rows: seeds.Nets,
  asked: np.ndarray,
  patterns: Patterns,
  blocks: seeds.Blocks,
) -> tuple[np.ndarray, int, int]:
  """Returns updates by rule, momentum and rate, and their cost.

  Args:
    search: what is tried.
    recipe: how nets are trained otherwise.
    sizes: units a group.
    rows: `[S]` nets.
    asked: `[S]` bool, which of them are searched on.
    patterns: the vectors.
    blocks: the layout.

  Returns:
    `[S, 2, A, R]`, inf where never within the budget, NaN of nets that were not
    asked; nets × sweeps computed, and those that the nets lived for.
  """
  shape = len(loops.RULES), len(search.momenta), len(search.rates)
  found = np.full((len(asked), *shape), np.nan, np.float32)
  if not asked.any():
    return found, 0, 0
  chosen = [values[asked] for values in rows.setting.values()]
  settings = dict(zip(rows.setting, chosen, strict=True))
  count, each = int(asked.sum()), shape[1] * shape[2]
  tried = {name: np.tile(values, each) for name, values in settings.items()}
  pairs = [(a, r) for a in search.momenta for r in search.rates]
  for name, column in zip(
    ('momentum', 'learning_rate'), zip(*pairs, strict=True), strict=True
  ):
    tried[name] = np.repeat(np.asarray(column, np.float32), count)
  nets = seeds.Nets(np.tile(rows.seed[asked], each), tried)
  computed = needed = 0
  for k, rule in enumerate(loops.RULES):
    trial = loops.trial(recipe._replace(rule=rule, horizon=0), sizes)
    _, arrays, cost = loops.run(trial, nets, patterns, blocks=blocks)
    updates = np.nan_to_num(arrays['updates'], nan=np.inf)
    found[asked, k] = np.moveaxis(updates.reshape(*shape[1:], count), -1, 0)
    computed += cost
    needed += int(np.sum(arrays['age'], dtype=np.int64))
  return found, computed, needed


def halves(arrays: records.Arrays) -> tuple[np.ndarray, np.ndarray]:
  """Returns what the search and the report are made of, `[n, 2, A, R]` each.

  Args:
    arrays: `[N, ...]`, one setting's.
  """
  found = arrays.get('search', np.zeros((0, 1, 1, 1)))
  found = found[~np.isnan(found[:, 0, 0, 0])].astype(float)
  half = len(found) // 2
  return found[:half], found[half:]


def best(arrays: records.Arrays, budget: int) -> dict[str, Best]:
  """Returns the best of each rule without and with momentum, by name.

  The names are the rules' and, with momentum, those with `_momentum` after
  them. The best has the least mean of updates, where a net that never learns
  counts with the whole budget.

  Args:
    arrays: `[N, ...]`, one setting's.
    budget: weight changes.
  """
  searched, fresh = halves(arrays)
  if not len(searched):
    return {}
  momenta, rates = arrays['search_momenta'], arrays['search_rates']
  result = {}
  for k, rule in enumerate(loops.RULES):
    means = np.minimum(searched[:, k], budget).mean(axis=0)  # [A, R]
    for name, some in ((rule, momenta == 0), (f'{rule}_momentum', momenta > 0)):
      if some.any():
        among = np.where(some[:, None], means, np.inf)
        a, r = np.unravel_index(np.argmin(among), among.shape)
        rate, momentum = float(rates[r]), float(momenta[a])
        edge = rate in (rates.min(), rates.max()) or (
          momentum > 0 and momentum == momenta.max()
        )
        result[name] = Best(rule, rate, momentum, edge, fresh[:, k, a, r])
  return result


def results(
  found: Mapping[str, Best], budget: int
) -> dict[str, stats.Estimate]:
  """Returns the results of a comparison, by name.

  Means and medians are of the nets that learn; the two rules are compared on
  all fresh seeds, a net that never learns counting with the whole budget.

  Args:
    found: from `best`.
    budget: weight changes.
  """
  result = {}
  for name, one in found.items():
    learnt = np.isfinite(one.updates)
    n = len(one.updates)
    result |= {
      f'{name}_updates_mean': stats.mean(one.updates[learnt], unit='updates'),
      f'{name}_updates_median': stats.quantile(
        one.updates[learnt], 0.5, unit='updates'
      ),
      f'{name}_solved_rate': stats.rate(learnt),
      f'{name}_best_rate': stats.Estimate(one.rate, None, None, n, 'ε'),
    }
    if one.momentum:
      best = stats.Estimate(one.momentum, None, None, n, 'α')
      result[f'{name}_best_momentum'] = best
  if all(rule in found for rule in loops.RULES):
    pair = [np.minimum(found[rule].updates, budget) for rule in loops.RULES]
    ends = sum(found[rule].edge for rule in loops.RULES)
    result |= {
      'best_rates_at_an_end': stats.Estimate(
        float(ends), None, None, len(loops.RULES), 'rules'
      ),
      'recirculation_less_backprop': stats.paired_bootstrap(
        *pair, unit='updates'
      ),
      'recirculation_over_backprop': stats.bootstrap(
        lambda a, b, axis: a.mean(axis) / b.mean(axis),
        np.array(pair),
        unit='ratio',
      ),
    }
  return result

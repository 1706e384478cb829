"""How far apart starts may be and end alike: pairs of points of a window."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxrep import basins, records, stats
from jaxrep.claims import basins as claims
from jaxrep.measures.minima import Outcome

from ..shared import groups

DECADE = 10


def results(arrays: records.Arrays) -> dict[str, stats.Estimate]:
  """Returns the results of the pairs of one distance, by name.

  Points are drawn at random, so intervals are those of samples.

  Args:
    arrays: `[2 N]`: the points, and their companions in the same order.
  """
  solved = arrays['outcome'] == Outcome.SOLVED
  first, second = np.split(solved, 2)
  found = {
    'converged_rate': stats.rate(first),
    'distinct_rate': stats.rate(_distinct(arrays)),
    'uncertain_converged_rate': stats.rate(first != second),
  }
  if 'solution' in arrays:
    first, second = np.split(arrays['solution'], 2)
    found['uncertain_rate'] = stats.rate(first != second)
  return found


def _distinct(arrays: records.Arrays) -> np.ndarray:
  """Returns which pairs are two nets, in the numbers of training, `[N]`."""
  exact = arrays['error'].dtype
  places = [np.split(arrays[side].astype(exact), 2) for side in basins.SIDES]
  return np.logical_or(*(first != second for first, second in places))


def main_rate(arrays: records.Arrays) -> str:
  """Returns which result is looked at: by solution, if there are any."""
  solutions = 'solution' in arrays
  return 'uncertain_rate' if solutions else 'uncertain_converged_rate'


def exponent(near: groups.Group, far: groups.Group) -> stats.Estimate:
  """Returns α between two distances: f ~ δ^α.

    α = log(f₂ / f₁) / log(δ₂ / δ₁)

  The interval takes log f for normal, with variance (1 - f) / n f. No exponent
  where no pair, at one of the distances, ends apart.

  Args:
    near: the pairs at δ₁.
    far: the pairs at δ₂ > δ₁, other points.

  References:
    Grebogi, McDonald, Ott & Yorke, Phys. Lett. A 99 (1983) 415.
  """
  from scipy import stats as distributions

  name = main_rate(near.arrays)
  rates = [g.results[name] for g in (near, far)]
  n = sum(rate['n'] for rate in rates)
  f1, f2 = (rate['value'] for rate in rates)
  if not f1 or not f2:
    return stats.Estimate(None, None, None, n, '')
  apart = math.log(far.setting['distance'] / near.setting['distance'])
  value = math.log(f2 / f1) / apart
  variance = sum((1 - r['value']) / (r['n'] * r['value']) for r in rates)
  half = distributions.norm.ppf(0.975) * math.sqrt(variance) / apart
  return stats.Estimate(value, value - half, value + half, n, '')


def closest(alike: Sequence[groups.Group]) -> stats.Estimate | None:
  """Returns α over the last decade of distance; None: there is none.

  Args:
    alike: pairs by distance, nearest first.
  """
  least = alike[0].setting['distance']
  reach = [g for g in alike if math.isclose(
    g.setting['distance'], DECADE * least, rel_tol=1e-3)]  # fmt: skip
  return exponent(alike[0], reach[0]) if reach else None


def judge(
  parts: Mapping[str, records.Arrays],
  settings: list[dict[str, Any]],
  *,
  task: str,
) -> list[dict[str, Any]]:
  """Returns verdicts on whether boundaries are fractal.

  Args:
    parts: the record's arrays.
    settings: with their results.
    task: its name.
  """
  if task not in claims.TASKS:
    return []
  found = groups.along('distance', groups.groups(parts, settings))
  pairs = [(said, closest(alike)) for said, alike in found]
  return [
    claims.fractal(estimate, said)
    for said, estimate in pairs
    if estimate is not None
  ]

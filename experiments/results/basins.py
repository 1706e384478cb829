"""The results of a map: how many converge, and how rough the boundaries are."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxrep import basins, records, stats
from jaxrep.claims import basins as claims
from jaxrep.measures import boundaries
from jaxrep.measures.minima import Outcome

from ..shared import groups

FINE = 2  # of the finest scales: boxes of 1 and 2 pixels
DECADE = 10  # ε has to vary by this factor to say what its limit is


def results(arrays: records.Arrays) -> dict[str, stats.Estimate]:
  """Returns the results of one map, by name.

  Rates are over pixels: their intervals are those of as many points drawn from
  the map at random. Those of exponents are over the tiles in which they are
  counted. Boundaries are between solutions, nets that have none being a class
  of their own; of results that end in `_converged`, between the nets that
  converged and those that did not.

  Args:
    arrays: `[P²]`, of the map's nets.
  """
  solved = arrays['outcome'] == Outcome.SOLVED
  epochs = int(arrays['epochs'][0])
  times = np.where(solved, arrays['sweeps'], epochs)
  found = {
    'converged_rate': stats.rate(solved),
    'sweeps_median': stats.median_sweeps(times, ~solved, epochs),
    'diverged_rate': stats.rate(arrays['outcome'] == Outcome.DIVERGED),
    'distinct_rate': stats.rate(distinct(arrays)),
  }
  if 'solution' in arrays:
    for plural, name in (('solutions', 'solution'), ('families', 'family')):
      kinds = np.setdiff1d(arrays[name], basins.NONE).size
      found[plural] = stats.Estimate(kinds, None, None, len(solved), '')
    found |= _roughness(square(arrays['solution']), '')
  found |= _roughness(square(solved), '_converged')
  return found | _ends(arrays)


def judge(
  parts: Mapping[str, records.Arrays],
  settings: list[dict[str, Any]],
  *,
  task: str,
) -> list[dict[str, Any]]:
  """Returns verdicts on what the paper says of its maps.

  Args:
    parts: the record's arrays.
    settings: with their results.
    task: its name.
  """
  found = groups.groups(parts, settings)
  verdicts: list[dict[str, Any]] = []
  if task not in claims.TASKS or 'learning_rate' not in found[0].setting:
    return verdicts
  for said, alike in groups.along('learning_rate', found):
    rates = [g.setting['learning_rate'] for g in alike]
    epochs = {int(g.arrays['epochs'][0]) for g in alike}
    far = rates[-1] >= DECADE * rates[0] and len(epochs) == len(alike)
    if far and 'solution' in alike[0].arrays:
      ends = (g.results[claims.ROUGH] for g in (alike[-1], alike[0]))
      verdicts.append(claims.smoother(*ends, said))
  return verdicts


def square(pixels: np.ndarray) -> np.ndarray:
  """Returns a map's pixels `[P², ..]` as rows and columns `[P, P, ..]`."""
  side = math.isqrt(len(pixels))
  return pixels.reshape(side, side, *pixels.shape[1:])


def coarse(arrays: records.Arrays) -> np.ndarray:
  """Returns how the nets of the coarser grid ended, `[Q, Q]`."""
  at = arrays['coarse']
  return square(arrays['outcome'])[np.ix_(at, at)]


def distinct(arrays: records.Arrays) -> np.ndarray:
  """Returns which pixels are not the net of their left or lower neighbour.

  Of one row and one column of a map, `[2 (P - 1)]`. Where it is so narrow that
  training cannot tell the numbers of two pixels apart, they are the same net.
  """
  exact = arrays['error'].dtype
  lines = square(arrays['x'])[0], square(arrays['y'])[:, 0]
  return np.concatenate([np.diff(line.astype(exact)) != 0 for line in lines])


def _roughness(classes: np.ndarray, ending: str) -> dict[str, stats.Estimate]:
  """Returns how often neighbours differ, and exponents."""
  found = boundaries.counts(classes)
  scale, boxes, differing, pairs = found
  both = [*differing, *pairs]
  dimension, fine = map(boundaries.box_dimension, (scale, scale[:FINE]))
  return {
    f'boundary_rate{ending}': stats.rate_of(
      int(differing[0].sum()), int(pairs[0].sum())
    ),
    f'boundary_dimension{ending}': _fitted(dimension, boxes),
    f'boundary_dimension_fine{ending}': _fitted(fine, boxes[:FINE]),
    f'sensitivity_exponent{ending}': _fitted(
      boundaries.sensitivity(scale), both
    ),
  }


def _fitted(statistic, columns) -> stats.Estimate:
  """Returns an exponent with its interval over tiles; none without boundary."""
  if not np.isfinite(statistic(*columns, axis=-1)):
    return stats.Estimate(None, None, None, len(columns[0]), '')
  return stats.bootstrap(statistic, columns, unit='')


def _ends(arrays: records.Arrays) -> dict[str, stats.Estimate]:
  """Returns how the nets of the coarser grid ended."""
  if not arrays['coarse'].size:
    return {}
  ends = coarse(arrays).ravel()
  return {
    f'{o.name.lower()}_rate': stats.rate(ends == o)
    for o in Outcome
    if o not in (Outcome.SOLVED, Outcome.DIVERGED)
  }

"""What Kolen & Pollack claim of nets and of where these start."""

import math
from collections.abc import Mapping
from typing import Any

from jaxrep import stats
from jaxrep.claims.judges import (
  DEPENDS,
  FAILS,
  HOLDS,
  RARE,
  UNDECIDED,
  Claim,
  between,
  told,
)

_SOURCE = 'Kolen & Pollack, NIPS 3 (1990)'
# "p < 0.5"; and what we read "low levels of nonconvergent behavior" as.
HALF, LOW = 0.5, RARE
# Whose boundaries the paper calls fractal. They are taken for fractal where the
# share of pairs that end apart falls more slowly than this power of their
# distance, over the last decade of distance that is measured; smooth lines have
# 1, however many of them there are. Set after a rough trial, before the numbers
# that are judged.
TASKS, LESS = ('xor', 'or'), 0.9
# What is measured of boundaries from steps small and large, and from where on
# it is more than what smooth lines measure.
ROUGH, SMOOTH = 'boundary_dimension_fine', 1.1

# Of nets whose first weights are all drawn, by their range.
BY_RANGE = (
  Claim(
    'range-2-to-4',
    f'{_SOURCE}, on Fig. 1',
    'With first weights in ± 2 to 4, 5 to 50 percent of nets do not converge'
    ' within 50,000 epochs.',
    '5 to 50 %',
    'unsolved_rate',
    lambda results: between(results['unsolved_rate'], 0.05, 0.5),
    {
      'task': 'xor',
      'hidden': 2,
      'init_range': lambda range_: 2 <= range_ <= 4,
      'epochs': lambda epochs: epochs >= 50_000,
    },
  ),
)


def fractal(exponent: stats.Estimate, setting: str) -> dict[str, Any]:
  """Returns the verdict on whether boundaries are fractal.

  Args:
    exponent: α, over the last decade of distance.
    setting: what tells it from others that are judged with it.
  """
  known = stats.as_json(exponent)
  verdict = between(known, -math.inf, LESS)
  words = (
    'The boundaries between solutions are fractal. (Ours: the sensitivity'
    f' exponent over the last decade of distance is below {LESS}.)'
  )
  return told(
    'fractal',
    f'{_SOURCE}, Figs 12-25',
    words,
    'pictures',
    'sensitivity_exponent',
    known,
    verdict,
    setting=setting,
  )


def grows(pairs: stats.PairedRates, setting: str) -> dict[str, Any]:
  """Returns the verdict on whether wider first weights converge less often.

  Args:
    pairs: nets that do not converge from the widest range, less those from the
      narrowest, on the same seeds.
    setting: what tells it from others that are judged with it.
  """
  verdict = UNDECIDED
  if pairs.p_value is not None and pairs.p_value < 0.05:
    verdict = HOLDS if pairs.only_a > pairs.only_b else FAILS
  words = (
    'Nets converge less often, the wider the range of their first weights.'
    ' (Ours: the widest range against the narrowest, seed by seed.)'
  )
  return told(
    'range-grows',
    f'{_SOURCE}, on Fig. 1',
    words,
    'a figure',
    'unsolved_rate',
    stats.as_json(pairs.difference),
    verdict,
    setting=setting,
  )


def necessary(
  rates: Mapping[float, Mapping[str, Any]], setting: str
) -> dict[str, Any]:
  """Returns the verdict on whether only narrow first weights will do.

  Holds where the narrow ranges are low and the others are not; fails where a
  wider one is low, too, or none is.

  Args:
    rates: nets that do not converge, as JSON, by their range.
    setting: what tells it from others that are judged with it.
  """
  low = {r: between(rate, 0.0, LOW) for r, rate in rates.items()}
  narrow = [word for r, word in low.items() if r <= HALF]
  wide = [word for r, word in low.items() if r > HALF]
  verdict = UNDECIDED
  if HOLDS in wide or set(narrow) == {FAILS}:
    verdict = FAILS
  elif set(narrow) == {HOLDS} and set(wide) == {FAILS}:
    verdict = HOLDS
  fine = [r for r, word in low.items() if word == HOLDS]
  words = (
    'First weights in less than ± 0.5 are quite necessary for low levels of'
    f' nonconvergence (read as: below {LOW:.0%}).'
  )
  return told(
    'range-half',
    f'{_SOURCE}, on Fig. 1',
    words,
    'words',
    'unsolved_rate',
    f'low up to ± {max(fine):g}' if fine else 'low nowhere',
    verdict,
    setting=setting,
  )


def smoother(
  coarse: Mapping[str, Any], fine: Mapping[str, Any], setting: str
) -> dict[str, Any]:
  """Returns the verdict on whether small steps smooth the boundaries out.

  Holds where the dimension's interval at the smallest ε lies below that at the
  largest, and reaches down to `SMOOTH`.

  Args:
    coarse: the dimension at the largest ε, as JSON.
    fine: at the smallest.
    setting: what tells it from others that are judged with it.
  """
  verdict = UNDECIDED
  if None not in (coarse['low'], coarse['high'], fine['low'], fine['high']):
    if fine['high'] < coarse['low']:
      verdict = HOLDS if fine['low'] <= SMOOTH else DEPENDS
    elif fine['low'] > coarse['high']:
      verdict = FAILS
  words = (
    'The boundaries arise from the non-zero learning parameters, so they smooth'
    ' out as ε → 0. (Ours: the dimension over the finest scales at the smallest'
    ' ε, all nets going equally far.)'
  )
  return told(
    'smoother',
    f'{_SOURCE}, conclusion',
    words,
    'words',
    ROUGH,
    fine,
    verdict,
    setting=setting,
  )

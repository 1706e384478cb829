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
  Judge,
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

# Whether weights change after each pattern or each epoch is not stated.
_BOTH_WAYS = 'monte_carlo', 'monte_carlo_case'
_OPEN = 'when weights change: after each epoch or after each pattern'

# Of nets whose first weights are all drawn, by their range.
BY_RANGE = (
  Claim(
    'range-2-to-4',
    f'{_SOURCE}, on Fig. 1',
    'With first weights in ± 2 to 4, 5 to 50 percent of nets do not converge'
    ' within 50,000 epochs.',
    '5 to 50 %',
    'unsolved_rate',
    Judge(
      '5 to 50 %', lambda results: between(results['unsolved_rate'], 0.05, 0.5)
    ),
    {
      'task': 'xor',
      'hidden': 2,
      'init_range': lambda range_: 2 <= range_ <= 4,
      'epochs': lambda epochs: epochs >= 50_000,
    },
    _BOTH_WAYS,
    depends=_OPEN,
  ),
)


FRACTAL = Claim(
  'fractal',
  f'{_SOURCE}, Figs 12-25',
  'The boundaries between solutions are fractal. (Ours: the sensitivity'
  f' exponent over the last decade of distance is below {LESS}.)',
  'pictures',
  'sensitivity_exponent',
  Judge(
    f'below {LESS}',
    lambda exponent: between(stats.as_json(exponent), -math.inf, LESS),
  ),
  flagfiles=('near', 'near_or'),
  depends='the task and when weights change',
)


def fractal(exponent: stats.Estimate, setting: str) -> dict[str, Any]:
  """Returns the verdict on whether boundaries are fractal.

  Args:
    exponent: α, over the last decade of distance.
    setting: what tells it from others that are judged with it.
  """
  return told(FRACTAL, stats.as_json(exponent), exponent, setting=setting)


def _wider_is_worse(pairs: stats.PairedRates) -> str:
  if pairs.p_value is None or pairs.p_value >= 0.05:
    return UNDECIDED
  return HOLDS if pairs.only_a > pairs.only_b else FAILS


GROWS = Claim(
  'range-grows',
  f'{_SOURCE}, on Fig. 1',
  'Nets converge less often, the wider the range of their first weights.'
  ' (Ours: the widest range against the narrowest, seed by seed.)',
  'a figure',
  'unsolved_rate',
  Judge('ordering, on the same seeds (McNemar)', _wider_is_worse),
  flagfiles=_BOTH_WAYS,
  depends=_OPEN,
)


def grows(pairs: stats.PairedRates, setting: str) -> dict[str, Any]:
  """Returns the verdict on whether wider first weights converge less often.

  Args:
    pairs: nets that do not converge from the widest range, less those from the
      narrowest, on the same seeds.
    setting: what tells it from others that are judged with it.
  """
  return told(GROWS, stats.as_json(pairs.difference), pairs, setting=setting)


def _only_narrow(low: Mapping[float, str]) -> str:
  """Judges by a verdict for each range: is nonconvergence low there?"""
  narrow = {word for r, word in low.items() if r <= HALF}
  wide = {word for r, word in low.items() if r > HALF}
  if HOLDS in wide or narrow == {FAILS}:
    return FAILS
  return HOLDS if (narrow, wide) == ({HOLDS}, {FAILS}) else UNDECIDED


NECESSARY = Claim(
  'range-half',
  f'{_SOURCE}, on Fig. 1',
  'First weights in less than ± 0.5 are quite necessary for low levels of'
  f' nonconvergence (read as: below {100 * LOW:g} %).',
  'words',
  'unsolved_rate',
  Judge('below 5 % where narrow, above elsewhere', _only_narrow),
  flagfiles=_BOTH_WAYS,
  depends=_OPEN,
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
  fine = [r for r, word in low.items() if word == HOLDS]
  ours = f'low up to ± {max(fine):g}' if fine else 'low nowhere'
  return told(NECESSARY, ours, low, setting=setting)


def _smoothed(coarse: Mapping[str, Any], fine: Mapping[str, Any]) -> str:
  if None in (coarse['low'], coarse['high'], fine['low'], fine['high']):
    return UNDECIDED
  if fine['high'] < coarse['low']:
    return HOLDS if fine['low'] <= SMOOTH else DEPENDS
  return FAILS if fine['low'] > coarse['high'] else UNDECIDED


SMOOTHER = Claim(
  'smoother',
  f'{_SOURCE}, conclusion',
  'The boundaries arise from the non-zero learning parameters, so they smooth'
  ' out as ε → 0. (Ours: the dimension over the finest scales at the smallest'
  ' ε, all nets going equally far.)',
  'words',
  ROUGH,
  Judge('ordering: smallest ε below largest, and near 1', _smoothed),
  flagfiles=('rate', 'rate_or'),
  depends='the task and when weights change',
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
  return told(SMOOTHER, fine, coarse, fine, setting=setting)


COMPARED = (FRACTAL, GROWS, NECESSARY, SMOOTHER)
# What we cannot judge, and why.
NOT_TESTABLE = (
  Claim(
    'or-classes',
    f'{_SOURCE}, Figs 14-25',
    'OR has 37 classes of solution, by the signs of the nine weights.',
    '37',
    'solutions',
    None,
    flagfiles=('or',),
    depends='ε and α of these figures, which are not printed',
  ),
  Claim(
    'parity-over-rates',
    f'{_SOURCE}, Figs 26-28',
    'Parity with 3-3-1 over learning rate and momentum, from three starts:'
    ' which settings converge.',
    'pictures',
    'solved_rate',
    None,
    flagfiles=('parity',),
    depends='the three starts of its Table 1',
  ),
)

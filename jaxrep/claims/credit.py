"""What the lecture on credit assignment claims."""

from jaxrep.claims.judges import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Claim,
  Judge,
  Results,
)


def _solves_more(results: Results) -> str:
  """Judges by the difference, seed by seed: is it surely above 0?"""
  difference = results['full_less_delta_rule']
  if difference['value'] is None:
    return UNDECIDED
  if difference['low'] > 0:
    return HOLDS
  return FAILS if difference['high'] < 0 else UNDECIDED


CLAIMS = (
  Claim(
    'credit-hidden-units',
    'lecture notes on credit assignment',
    'The delta rule does for the last layer alone; for the input layer’s'
    ' weights, the hidden units’ share of the error must be worked out first.'
    ' (Ours: nets that solve XOR by the chain rule, less those that solve it by'
    ' the delta rule on the last layer, on the same seeds.)',
    'words only',
    'full_less_delta_rule',
    Judge('ordering, on the same seeds', _solves_more),
    figure='rules',
  ),
)

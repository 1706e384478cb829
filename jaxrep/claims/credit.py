"""What the lecture on credit assignment claims."""

from jaxrep.claims.judges import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Claim,
  Judge,
  Results,
  above,
)

# Rounding in float64 of derivatives near 1.
SAME = 1e-12


def _same(results: Results) -> str:
  gap = results['max_gradient_difference']['value']
  if gap is None:
    return UNDECIDED
  return HOLDS if gap < SAME else FAILS


CLAIMS = (
  Claim(
    'credit-chain-rule',
    'lecture notes on credit assignment',
    'Factor by factor, from the output back, the chain rule gives every'
    ' weight’s derivative. (Ours: the largest difference from jax.grad’s, of'
    f' all weights of all nets; the same if below {SAME:g}.)',
    'a derivation',
    'max_gradient_difference',
    Judge(f'below {SAME:g}', _same),
    figure='both_ways',
  ),
  Claim(
    'credit-hidden-units',
    'lecture notes on credit assignment',
    'The delta rule does for the last layer alone; for the input layer’s'
    ' weights, the hidden units’ share of the error must be worked out first.'
    ' (Ours: nets that solve XOR by the chain rule, less those that solve it by'
    ' the delta rule on the last layer, on the same seeds.)',
    'words only',
    'full_less_delta_rule',
    above('full_less_delta_rule', 0)._replace(
      how='ordering, on the same seeds'
    ),
    figure='rules',
  ),
)

"""What Hinton & McClelland say of the 4-2-4 loop."""

from typing import Any

from jaxrep.claims.judges import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Claim,
  Judge,
  Results,
  between,
  most,
  placed,
)

_PAPER = 'Hinton & McClelland, NIPS 1987 (1988)'
# What the source says of its 100 simulations (p. 363).
SIMULATIONS, MEAN, MAXIMUM = 100, 48, 202
# The paper's words have no numbers. Two changes *agree* where their cosine is
# above the first of these; below the second, 60°, they do not.
AGREES, PARTS = 0.9, 0.5
# *Randomly related*: of so many nets at least, the change goes either way.
EITHER_WAY = 0.25
# *Comparable*: neither takes more than twice the other's updates.
COMPARABLE = 2.0
_AGREE = f'above {AGREES:g}; fails below {PARTS:g}'
SETTING = {
  'visible': 4,
  'hidden': 2,
  'vectors': 'one_hot',
  'learning_rate': 20,
  'momentum': 0,
  'init_range': 0.5,
  'regression_visible': 0.75,
  'regression_hidden': 0.75,
  'visible_units': 'logistic',
  'tied': False,
  'passes': 1,
  'keep_factor': False,
  'change_after': 'sweep',
}


def _all(*verdicts: str) -> str:
  """Judges a claim of several parts: one that fails is enough."""
  if FAILS in verdicts:
    return FAILS
  return UNDECIDED if UNDECIDED in verdicts else HOLDS


def _agree(result: Any) -> str:
  """Judges that the median cosine is above `AGREES`; below `PARTS` it fails."""
  if result['value'] is None or result['low'] is None:
    return UNDECIDED
  if result['low'] > AGREES:
    return HOLDS
  return FAILS if result['high'] < PARTS else UNDECIDED


def _random_then_agree(results: Results) -> str:
  first = between(results['vh_uphill_first_rate'], EITHER_WAY, 1 - EITHER_WAY)
  return _all(first, _agree(results['cosine_vh_late']))


def _aligned_before(results: Results) -> str:
  """Judges which of the two most nets have first; ties are neither's."""
  if most('aligned_first_rate')(results) == HOLDS:
    return HOLDS
  return FAILS if most('agreed_first_rate')(results) == HOLDS else UNDECIDED


def _comparable(results: Results) -> str:
  """Judges by the ratio; undecided without a best inside, or if few learn."""
  if results['best_rates_at_an_end']['value'] or any(
    most(f'{rule}_solved_rate')(results) != HOLDS
    for rule in ('recirculation', 'backprop')
  ):
    return UNDECIDED
  ratio = results['recirculation_over_backprop']
  return between(ratio, 1 / COMPARABLE, COMPARABLE)


CLAIMS = (
  Claim(
    'recirculation-mean',
    f'{_PAPER}, p. 363',
    'The 4-2-4 loop needs 48 updates on average to be within 0.1 on every unit'
    ' (ours: the mean; the verdict: may 100 nets give that mean?).',
    '48 (mean of 100)',
    'updates_mean',
    placed('paper_mean_place', SIMULATIONS),
    SETTING,
    figure='updates',
  ),
  Claim(
    'recirculation-maximum',
    f'{_PAPER}, p. 363',
    'The slowest of 100 simulations needs 202 updates (ours: the maximum of'
    ' 100 nets and what 95 % of such groups have).',
    '202 (maximum of 100)',
    'maximum_of_100',
    placed('paper_maximum_place', SIMULATIONS),
    SETTING,
    figure='updates',
  ),
  Claim(
    'recirculation-random-then-agree',
    f'{_PAPER}, p. 363 (a)',
    'Visible-to-hidden changes are at first only randomly related to steepest'
    ' descent, and later come to agree with it (ours: the median cosine at'
    ' update 30, of all nets; holds above 0.9, fails below 0.5, or if at first'
    ' the changes of more than three nets in four go the same way).',
    'words only',
    'cosine_vh_late',
    Judge('either way at first; above 0.9 later', _random_then_agree),
    SETTING,
    figure='agreement',
  ),
  Claim(
    'recirculation-aligned-first',
    f'{_PAPER}, p. 363 (b)',
    'That happens after the hidden-to-visible weights have become aligned with'
    ' the transpose of the others (ours: of the nets in which both cosines come'
    ' above 0.5 to stay there up to update 30, those whose alignment does so'
    ' earlier).',
    'words only',
    'aligned_first_rate',
    Judge('above one half', _aligned_before),
    SETTING,
    figure='agreement',
  ),
  Claim(
    'recirculation-larger',
    f'{_PAPER}, p. 363 (c)',
    'The final hidden-to-visible weights are the larger (ours: nets where they'
    ' are, of those that learn).',
    'words only',
    'hv_larger_rate',
    most('hv_larger_rate'),
    SETTING,
    figure='agreement',
  ),
  Claim(
    'recirculation-visible-agree',
    f'{_PAPER}, p. 363 (d)',
    'Hidden-to-visible changes agree with back-propagation’s although σ′ is'
    ' left out, read as: in all nets (ours: the median cosine at update 30;'
    ' holds above 0.9, fails below 0.5).',
    'words only',
    'cosine_hv_late',
    Judge(_AGREE, lambda results: _agree(results['cosine_hv_late'])),
    SETTING,
    figure='agreement',
  ),
  Claim(
    'recirculation-visible-agree-learning',
    f'{_PAPER}, p. 363 (d)',
    'The same, read as: in nets that are still learning at update 30.',
    'words only',
    'cosine_hv_late_learning',
    Judge(_AGREE, lambda results: _agree(results['cosine_hv_late_learning'])),
    SETTING,
    figure='agreement',
  ),
  Claim(
    'recirculation-comparable',
    f'{_PAPER}, p. 363',
    'Learning speed is comparable to back-propagation’s (ours: mean updates'
    ' over mean updates, at the best ε of each, without momentum, on the same'
    ' fresh seeds, who never learns counting with the budget; comparable read'
    ' as within a factor of two).',
    'words only',
    'recirculation_over_backprop',
    Judge(f'ratio within a factor of {COMPARABLE:g}', _comparable),
    {k: v for k, v in SETTING.items() if k != 'learning_rate'},
    figure='search',
  ),
)


LONG = (
  Claim(
    'recirculation-long',
    f'{_PAPER}, on longer loops',
    'One long loop with several hidden groups learns, too (an informal'
    ' argument; the verdict: do most nets, at the sizes and rates of `long`?).',
    'words only',
    'solved_rate',
    most('solved_rate'),
    {
      'visible': 4,
      'vectors': 'one_hot',
      'hidden': lambda sizes: '-' in str(sizes),
    },
    ('long',),
  ),
)


def _completes(results: Results) -> str:
  """Judges by the nets that learnt: do most complete, and by the top loop?"""
  share, gain = (
    results[name] for name in ('completed_half_learnt', 'gain_half_learnt')
  )
  if share['low'] is None or gain['low'] is None:
    return UNDECIDED
  if share['low'] > 0.5 and gain['low'] > 0:
    return HOLDS
  return FAILS if share['high'] < 0.5 or gain['high'] < 0 else UNDECIDED


HIERARCHY = (
  Claim(
    'recirculation-hierarchy',
    f'{_PAPER}, on a hierarchy of closed loops',
    'A hierarchy of closed loops completes partial vectors (ours: the share'
    ' completed with half of the units missing, of hierarchies that learnt;'
    ' holds if that is more than half, and more than without the top loop; the'
    ' paper gives no sizes).',
    'words only',
    'completed_half_learnt',
    Judge('above one half, and more than without the top loop', _completes),
    flagfiles=('hierarchy', 'hierarchy3'),
    figure='completion',
    depends='the sizes of the loops',
  ),
)

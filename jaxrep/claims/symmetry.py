"""What the letter of 1986 claims of mirror symmetry and of minima."""

from collections.abc import Sequence
from typing import Any

from jaxrep.claims.judges import (
  PAIRED,
  RARE,
  Claim,
  Judge,
  most,
  never_more_than_rare,
  one_run,
  rare,
  told,
  weighed,
)

_LETTER = 'Rumelhart, Hinton & Williams, Nature 323 (1986)'
_FIGURE, _PAGE = f'{_LETTER}, Fig. 1', f'{_LETTER}, p. 535'
# The letter's Fig. 1, in all that it states.
SETTING = {
  'bits': 6,
  'hidden': 2,
  'learning_rate': 0.1,
  'momentum': 0.9,
  'init_range': 0.3,
}
_RARELY = f'“very rarely”, read as below {100 * RARE:g} %'


# What the letter leaves open: whether inputs are 0 and 1 or -1 and 1, whether
# biases start at 0, and whether small errors count.
_READINGS = 'paper', 'zero_bias', 'band', 'bipolar'
_OPEN = 'the coding of inputs, the first biases and the zero-error band'


def _letter(
  name: str, words: str, given: str, result: str, figure: str = 'nets'
) -> Claim:
  """Returns a claim of the letter's Fig. 1 about most nets."""
  return Claim(
    f'symmetry-{name}', _FIGURE, words, given, result, most(result), SETTING,
    _READINGS, figure, _OPEN,
  )  # fmt: skip


CLAIMS = (
  _letter(
    'learnt',
    'A 6-2-1 net learns mirror symmetry by the printed recipe.',
    'one net',
    'solved_rate',
    'survival',
  ),
  Claim(
    'symmetry-sweeps',
    _FIGURE,
    'It takes 1,425 sweeps (ours: the median; the verdict: could one run say'
    ' so?).',
    '1,425 (one net)',
    'sweeps_median',
    one_run('solved_by_1425_rate'),
    SETTING,
    _READINGS,
    'survival',
    _OPEN,
  ),
  _letter(
    'mirror',
    'Weights from mirror-image inputs are equal in size and opposite in sign.',
    'one net',
    'mirror_rate',
  ),
  _letter(
    'hidden-biases',
    'The hidden units have negative biases.',
    '−1.1, −1.1',
    'hidden_biases_negative_rate',
  ),
  _letter(
    'output-bias',
    'The output unit has a positive bias.',
    '6.4',
    'output_bias_positive_rate',
  ),
  _letter(
    'ratios',
    'On each side of the midpoint the weights are in the ratio 1:2:4.',
    '1:2:4',
    'ratio_124_rate',
  ),
  _letter(
    'opposite',
    'The two hidden units have the same pattern with opposite signs.',
    'one net',
    'opposite_hidden_units_rate',
  ),
  Claim(
    'minima-certified',
    _PAGE,
    'Nets very rarely get stuck in poor local minima; strictly: in a point'
    ' certified to be one. (6-2-1 has just enough connections, the case that'
    ' the letter excepts.)',
    _RARELY,
    'local_minimum_rate',
    never_more_than_rare('local_minimum_rate'),
    SETTING,
    _READINGS,
    'errors',
    _OPEN,
  ),
  Claim(
    'minima-stuck',
    _PAGE,
    'Nets very rarely get stuck; loosely: unsolved when the budget ends,'
    ' whatever holds them.',
    _RARELY,
    'unsolved_rate',
    rare('unsolved_rate'),
    SETTING,
    _READINGS,
    'errors',
    _OPEN,
  ),
)


def _ways(ways: Sequence[str]) -> str:
  """Judges by comparisons: each 'helps', 'hurts' or 'no difference'."""
  return weighed(ways.count('helps'), ways.count('hurts'))


MORE_CONNECTIONS = Claim(
  'minima-more-connections',
  _PAGE,
  'Adding a few more connections provides paths around the barriers; strictly:'
  ' fewer nets end in minima, at a finite point or at infinity.',
  'words only',
  'comparisons',
  Judge(PAIRED, _ways),
  flagfiles=('wider',),
  figure='outcomes',
  depends='the learning rate and how many more',
)
MORE_LEARN = MORE_CONNECTIONS._replace(
  id='minima-more-connections-loose',
  words='The same, loosely: fewer nets are unsolved when the budget ends.',
)
COMPARED = (MORE_CONNECTIONS, MORE_LEARN)


def more_connections(
  claim: Claim, ways: Sequence[tuple[str, str]]
) -> dict[str, Any]:
  """Returns the verdict on the letter's sentence about a few more connections.

  Args:
    claim: `MORE_CONNECTIONS`, or `MORE_LEARN`.
    ways: for each wider net at each setting, against the narrowest on the same
      seeds: 'helps', 'hurts' or 'no difference' (95 %); and at which setting,
      in words.
  """
  said = []
  for word in ('helps', 'hurts'):
    where = [place for way, place in ways if way == word]
    at = ', '.join(dict.fromkeys(where))
    said.append(f'{word} in {len(where)}' + (f' (at {at})' if where else ''))
  return told(
    claim,
    f'more units: {", ".join(said)}, of {len(ways)} comparisons',
    [way for way, _ in ways],
  )

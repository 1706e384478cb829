"""What the sources claim, as data, and how a result bears on it.

No verdict is typed in: each is computed from a record's estimates.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

HOLDS, FAILS, UNDECIDED = 'holds', 'fails', 'undecided'
# What we read "very rarely" as; the source gives no number.
RARE = 0.05


Results = Mapping[str, Mapping[str, Any]]


class Claim(NamedTuple):
  """One checkable sentence of a source.

  Attributes:
    id: a short name that stays.
    source: where it stands.
    words: the claim in one plain sentence.
    given: the source's number or words.
    result: the name of the result that is shown beside it.
    judge: all results by name, as in summary.json -> a verdict.
  """

  id: str
  source: str
  words: str
  given: str
  result: str
  judge: Callable[[Results], str]


def most(name: str) -> Callable[[Results], str]:
  """Judges that a property is that of most nets.

  Holds where the interval of the named rate lies above one half.
  """
  return lambda results: _against(0.5, results[name], above=HOLDS, below=FAILS)


def rare(name: str) -> Callable[[Results], str]:
  """Judges that something is rare: the interval of its rate is below `RARE`."""
  return lambda results: _against(RARE, results[name], above=FAILS, below=HOLDS)


def never_more_than_rare(results: Results) -> str:
  """Judges that certified minima are rare.

  The certified rate is a lower bound, so it can only refute; it holds where not
  even all unsolved nets together are more than rare.
  """
  if rare('local_minimum_rate')(results) == FAILS:
    return FAILS
  return HOLDS if rare('unsolved_rate')(results) == HOLDS else UNDECIDED


def one_run(name: str) -> Callable[[Results], str]:
  """Judges whether a number from one run is what one run of ours may give.

  Holds where the number is inside the central 95 % of our nets.

  Args:
    name: of the rate of our nets that are at or below the source's number.
  """

  def judge(results):
    share = results[name]
    if share['value'] is None:
      return UNDECIDED
    if share['low'] >= 0.025 and share['high'] <= 0.975:
      return HOLDS
    outside = share['high'] < 0.025 or share['low'] > 0.975
    return FAILS if outside else UNDECIDED

  return judge


def _against(threshold, rate, *, above, below) -> str:
  if rate['value'] is None:
    return UNDECIDED
  if rate['low'] > threshold:
    return above
  return below if rate['high'] < threshold else UNDECIDED


_LETTER = 'Rumelhart, Hinton & Williams, Nature 323 (1986)'
_FIGURE, _PAGE = f'{_LETTER}, Fig. 1', f'{_LETTER}, p. 535'
_RARELY = f'“very rarely”, read as below {RARE:.0%}'


def _letter(name: str, words: str, given: str, result: str) -> Claim:
  """Returns a claim of the letter's Fig. 1 about most nets."""
  return Claim(f'symmetry-{name}', _FIGURE, words, given, result, most(result))


SYMMETRY = (
  _letter(
    'learnt',
    'A 6-2-1 net learns mirror symmetry by the printed recipe.',
    'one net',
    'solved_rate',
  ),
  Claim(
    'symmetry-sweeps',
    _FIGURE,
    'It takes 1,425 sweeps (ours: the median; the verdict: could one run say'
    ' so?).',
    '1,425 (one net)',
    'sweeps_median',
    one_run('solved_by_1425_rate'),
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
    never_more_than_rare,
  ),
  Claim(
    'minima-stuck',
    _PAGE,
    'Nets very rarely get stuck; loosely: unsolved when the budget ends,'
    ' whatever holds them.',
    _RARELY,
    'unsolved_rate',
    rare('unsolved_rate'),
  ),
)


def verdicts(
  claims: tuple[Claim, ...], results: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
  """Returns each claim with our result and the verdict, as summary.json has it.

  Args:
    claims: those whose results are there.
    results: estimates by name, as JSON.
  """
  return [
    {
      'id': claim.id,
      'source': claim.source,
      'claim': claim.words,
      'given': claim.given,
      'result': claim.result,
      'ours': results[claim.result],
      'verdict': claim.judge(results),
    }
    for claim in claims
  ]


def more_connections(ways: Sequence[str]) -> dict[str, Any]:
  """Returns the verdict on the letter's sentence about a few more connections.

  Args:
    ways: for each wider net at each setting, against the narrowest on the same
      seeds: 'helps', 'hurts' or 'no difference' (95 %).
  """
  helps, hurts = ways.count('helps'), ways.count('hurts')
  verdict = HOLDS if helps else UNDECIDED
  if hurts:
    verdict = 'depends on the setting' if helps else FAILS
  return {
    'id': 'minima-more-connections',
    'source': _PAGE,
    'claim': 'Adding a few more connections provides paths around the barriers:'
    ' fewer nets end in minima, at a finite point or at infinity.',
    'given': 'words only',
    'result': 'comparisons',
    'ours': f'more units help in {helps}, hurt in {hurts} of {len(ways)}'
    ' comparisons',
    'verdict': verdict,
  }

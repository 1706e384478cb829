"""What the sources claim, as data, and how a result bears on it.

No verdict is typed in: each is computed from a record's estimates.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

HOLDS, FAILS, UNDECIDED = 'holds', 'fails', 'undecided'
# What we read "very rarely" as; the source gives no number.
RARE = 0.05


class Claim(NamedTuple):
  """One checkable sentence of a source.

  Attributes:
    id: a short name that stays.
    source: where it stands.
    words: the claim in one plain sentence.
    given: the source's number or words.
    result: the name of the result that it is compared with.
    judge: that result's `{'value', 'low', 'high', ..}` -> a verdict.
  """

  id: str
  source: str
  words: str
  given: str
  result: str
  judge: Callable[[Mapping[str, Any]], str]


def most(rate: Mapping[str, Any]) -> str:
  """Holds where the interval of a rate lies above one half: of most nets."""
  return _against(0.5, rate, above=HOLDS, below=FAILS)


def rare(rate: Mapping[str, Any]) -> str:
  """Holds where the interval of a rate lies below `RARE`."""
  return _against(RARE, rate, above=FAILS, below=HOLDS)


def one_run(rate: Mapping[str, Any]) -> str:
  """Holds where a number from one run is inside our predictive distribution.

  The rate is that of our nets at or below the source's number. The number is
  inside the central 95 % of what one run gives where the rate is from 0.025 to
  0.975.
  """
  if rate['value'] is None:
    return UNDECIDED
  return HOLDS if 0.025 <= rate['value'] <= 0.975 else FAILS


def _against(threshold, rate, *, above, below) -> str:
  if rate['value'] is None:
    return UNDECIDED
  if rate['low'] > threshold:
    return above
  return below if rate['high'] < threshold else UNDECIDED


_LETTER = 'Rumelhart, Hinton & Williams, Nature 323 (1986)'

SYMMETRY = (
  Claim(
    'symmetry-learnt', f'{_LETTER}, Fig. 1',
    'A 6-2-1 net learns mirror symmetry by the printed recipe.',
    'one net', 'solved_rate', most,
  ),
  Claim(
    'symmetry-sweeps', f'{_LETTER}, Fig. 1',
    'It takes 1,425 sweeps.',
    '1,425 (one net)', 'solved_by_1425_rate', one_run,
  ),
  Claim(
    'symmetry-mirror', f'{_LETTER}, Fig. 1',
    'Weights from mirror-image inputs are equal in size and opposite in sign.',
    'one net', 'mirror_rate', most,
  ),
  Claim(
    'symmetry-hidden-biases', f'{_LETTER}, Fig. 1',
    'The hidden units have negative biases.',
    '−1.1, −1.1', 'hidden_biases_negative_rate', most,
  ),
  Claim(
    'symmetry-output-bias', f'{_LETTER}, Fig. 1',
    'The output unit has a positive bias.',
    '6.4', 'output_bias_positive_rate', most,
  ),
  Claim(
    'symmetry-ratios', f'{_LETTER}, Fig. 1',
    'On each side of the midpoint the weights are in the ratio 1:2:4.',
    '1:2:4', 'ratio_124_rate', most,
  ),
  Claim(
    'symmetry-opposite', f'{_LETTER}, Fig. 1',
    'The two hidden units have the same pattern with opposite signs.',
    'one net', 'opposite_hidden_units_rate', most,
  ),
  Claim(
    'minima-certified', f'{_LETTER}, p. 535',
    'Nets very rarely get stuck in poor local minima; strictly: in a point'
    ' that is certified to be one.',
    f'“very rarely”, read as below {RARE:.0%}', 'local_minimum_rate', rare,
  ),
  Claim(
    'minima-stuck', f'{_LETTER}, p. 535',
    'Nets very rarely get stuck; loosely: unsolved when the budget ends,'
    ' whatever holds them.',
    f'“very rarely”, read as below {RARE:.0%}', 'unsolved_rate', rare,
  ),
)  # fmt: skip


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
      'verdict': claim.judge(results[claim.result]),
    }
    for claim in claims
  ]

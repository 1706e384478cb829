"""How a result bears on a claim.

No verdict is typed in: each is computed from a record's estimates.
"""

import collections
import itertools
import math
import types
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

HOLDS, FAILS, UNDECIDED = 'holds', 'fails', 'undecided'
DEPENDS = 'depends on the setting'
NOT_TESTABLE = 'not testable'
# How comparisons of settings are judged.
PAIRED = 'ordering, on the same seeds (McNemar, 5 % over all)'
# What we read "very rarely" and "never" as: below so much, by the interval. The
# sources give no number.
RARE, NEVER = 0.05, 0.01


Results = Mapping[str, Mapping[str, Any]]


class Judge(NamedTuple):
  """How a verdict is computed; called as a function is.

  Attributes:
    how: what is compared with what, in words.
    verdict: all results by name, as in summary.json, or what else a study
      compares -> a verdict.
  """

  how: str
  verdict: Callable[..., str]

  def __call__(self, *measured: Any) -> str:
    return self.verdict(*measured)


class Claim(NamedTuple):
  """One checkable sentence of a source.

  Attributes:
    id: a short name that stays.
    source: where it stands.
    words: the claim in one plain sentence.
    given: the source's number or words.
    result: the name of the result that is shown beside it.
    judge: gives the verdict; None: no record can, for the reason in `depends`.
    when: the setting that it was made for, by name: a value, several in a
      tuple, or a function that says whether a value will do.
    flagfiles: of the study's, which test it.
    figure: of the page of the first of them, that shows it.
    depends: what the source leaves open, where neither the flagfile nor a
      setting can tell what a verdict hangs on; why there is none.
    ours: whether the question is one of ours, not a claim of the source.
  """

  id: str
  source: str
  words: str
  given: str
  result: str
  judge: Judge | None
  when: Mapping[str, Any] = types.MappingProxyType({})
  flagfiles: Sequence[str] = ('paper',)
  figure: str = ''
  depends: str = ''
  ours: bool = False

  def is_about(self, setting: Mapping[str, Any]) -> bool:
    """Returns whether a setting is the one that the claim was made for."""
    return all(
      name in setting and _fits(setting[name], value)
      for name, value in self.when.items()
    )


def most(name: str) -> Judge:
  """Judges that a property is that of most nets, or of most of each net.

  Holds where the interval of the named rate, or share, lies above one half.
  """
  return above(name, 0.5)._replace(how='above one half')


def above(name: str, bound: float) -> Judge:
  """Judges that a number is larger than a bound, by its interval."""
  return Judge(
    f'above {bound:g}',
    lambda results: _against(bound, results[name], above=HOLDS, below=FAILS),
  )


def below(name: str, bound: float) -> Judge:
  """Judges that a number is smaller than a bound, by its interval."""
  return Judge(
    f'below {bound:g}',
    lambda results: _against(bound, results[name], above=FAILS, below=HOLDS),
  )


def rare(name: str) -> Judge:
  """Judges that something is rare: the interval of its rate is below `RARE`."""
  return below(name, RARE)._replace(how=f'below {100 * RARE:g} %')


def never_more_than_rare(name: str) -> Judge:
  """Judges that a way to fail is rare, given a lower bound of its rate.

  Nets that have not arrived yet may still fail so. The bound can only refute,
  then; it holds where not even all unsolved nets together are more than rare.

  Args:
    name: of the rate that is a lower bound.
  """

  def judge(results):
    if rare(name)(results) == FAILS:
      return FAILS
    return HOLDS if rare('unsolved_rate')(results) == HOLDS else UNDECIDED

  return Judge(f'below {100 * RARE:g} %, and so are all unsolved', judge)


def learnt() -> Judge:
  """Judges that most nets learn their task.

  Refuted only where most are held: who still descends may yet learn it.
  """

  def judge(results):
    if most('solved_rate')(results) == HOLDS:
      return HOLDS
    return FAILS if most('held_rate')(results) == HOLDS else UNDECIDED

  return Judge('above one half; fails where most are held', judge)


def one_run(name: str) -> Judge:
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

  return Judge('the source’s number among the central 95 % of our nets', judge)


def placed(name: str, runs: int) -> Judge:
  """Judges whether a source's number is one that as many runs of ours may give.

  Holds where it is inside the central 95 % of groups of ours. Undecided where
  our nets are too few: each of them is in one group of every N / runs, and one
  must not be in more than 2.5 % of them.

  Args:
    name: of the share of groups of ours below the source's number.
    runs: of the source, in one group.
  """

  def judge(results):
    share = results[name]
    if share['value'] is None or share['n'] < runs / 0.025:
      return UNDECIDED
    return HOLDS if 0.025 <= share['value'] <= 0.975 else FAILS

  return Judge(
    f'the source’s number among the central 95 % of groups of {runs} nets',
    judge,
  )


def never(name: str) -> Judge:
  """Judges that something never happens: one net is enough to refute it.

  No number of nets proves it. Read as: none of ours does it, and the interval
  of its rate ends below `NEVER`.
  """

  def judge(results):
    rate = results[name]
    if rate['value'] is None:
      return UNDECIDED
    if rate['value'] > 0:
      return FAILS
    return HOLDS if rate['high'] < NEVER else UNDECIDED

  return Judge(f'none of ours, and surely below {100 * NEVER:g} %', judge)


def refuted_only(name: str) -> Judge:
  """Judges a theorem of minima by a rate of certified ones, a lower bound.

  One is enough to refute it; none proves nothing, as what is not certified may
  still be a minimum.
  """

  def judge(results):
    rate = results[name]['value']
    return FAILS if rate else UNDECIDED

  return Judge('one certified refutes it; none proves nothing', judge)


def counted(name: str, k: int, least: int, most: int) -> Judge:
  """Judges whether a rate may give a source's count of k nets.

  The source says of how many nets only that they were `least` to `most`. Holds
  where our whole interval is made of rates under which so few, and so many,
  come with a chance of 2.5 % or more for one of these numbers of nets
  (Clopper & Pearson); fails where all of it lies outside.
  """

  def judge(results):
    from scipy import stats

    rate = results[name]
    if rate['value'] is None:
      return UNDECIDED
    low = stats.binomtest(k, most).proportion_ci(0.95).low
    high = stats.binomtest(k, least).proportion_ci(0.95).high
    if low <= rate['low'] and rate['high'] <= high:
      return HOLDS
    outside = rate['low'] > high or rate['high'] < low
    return FAILS if outside else UNDECIDED

  return Judge(f'a rate that gives {k} of {least} to {most} nets', judge)


def between(result: Any, low: float, high: float) -> str:
  """Judges that a number lies between two, by its interval."""
  if result['value'] is None or result['low'] is None:
    return UNDECIDED
  if low <= result['low'] and result['high'] <= high:
    return HOLDS
  return FAILS if result['high'] < low or result['low'] > high else UNDECIDED


def _fits(found: Any, value: Any) -> bool:
  """Returns whether a setting is as asked, numbers up to what float32 keeps."""
  if callable(value):
    return value(found)
  if isinstance(value, tuple):
    return any(_fits(found, one) for one in value)
  if isinstance(found, Real) and isinstance(value, Real):
    return math.isclose(found, value, rel_tol=1e-6)
  return found == value


def _against(threshold, rate, *, above, below) -> str:
  if rate['value'] is None or rate['low'] is None:
    return UNDECIDED
  if rate['low'] > threshold:
    return above
  return below if rate['high'] < threshold else UNDECIDED


def told(
  claim: Claim,
  ours: Mapping[str, Any] | str,
  *measured: Any,
  setting: str = '',
  at: Mapping[str, Any] = types.MappingProxyType({}),
) -> dict[str, Any]:
  """Returns a claim with the verdict on it, as summary.json has it.

  Args:
    claim: the claim.
    ours: what is shown beside it: a result, as JSON, or words.
    *measured: what its judge is given.
    setting: what tells it from others that are judged with it.
    at: the same by flag, if it is known.
  """
  words = f'{claim.words} ({setting})' if setting else claim.words
  return {
    'id': claim.id,
    'source': claim.source,
    'claim': words,
    'setting': setting,
    'at': dict(at),
    'given': claim.given,
    'result': claim.result,
    'ours': ours,
    'verdict': claim.judge(*measured),
  }


def weighed(speaking_for: int, against: int) -> str:
  """Returns the verdict of comparisons that are sure, by how many say what."""
  return agreed([HOLDS] * speaking_for + [FAILS] * against)


def agreed(words: Sequence[str]) -> str:
  """Returns one verdict from several.

  It stands where more than half say so and none contradicts; `DEPENDS` where
  some do.
  """
  decided = [word for word in words if word != UNDECIDED]
  if len(set(decided)) > 1:
    return DEPENDS
  return decided[0] if 2 * len(decided) > len(words) else UNDECIDED


def hangs_on(each: Sequence[Mapping[str, Any]]) -> list[str]:
  """Returns the flags on which verdicts at several settings hang.

  Those for which two settings that differ in nothing else are decided, and
  differently.

  Args:
    each: verdicts on one claim, as `told` has them.
  """
  decided = [one for one in each if one['verdict'] != UNDECIDED]
  names = dict.fromkeys(name for one in decided for name in one['at'])

  def differ(one, other, name):
    alike = {k: v for k, v in one['at'].items() if k != name}
    return alike == {k: v for k, v in other['at'].items() if k != name} and (
      one['verdict'] != other['verdict']
    )

  pairs = list(itertools.combinations(decided, 2))
  return [name for name in names if any(differ(*pair, name) for pair in pairs)]


def summed(each: Sequence[Mapping[str, Any]], words: str) -> dict[str, Any]:
  """Returns one verdict for a claim that was judged at several settings.

  Args:
    each: verdicts, one a setting.
    words: the claim, without a setting.
  """
  counts = collections.Counter(one['verdict'] for one in each)
  ours = ', '.join(f'{word} at {n}' for word, n in counts.most_common())
  return {
    **each[0],
    'claim': words,
    'setting': '',
    'at': {},
    'ours': f'{ours} of {len(each)} settings',
    'verdict': agreed([one['verdict'] for one in each]),
    'hangs_on': hangs_on(each),
  }

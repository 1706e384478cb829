"""All claims of all sources, and what the studies' records say of them."""

import re
import types
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from jaxrep import tables
from jaxrep.claims import (
  basins,
  boolean,
  credit,
  equality,
  family_trees,
  localization,
  recirculation,
  symmetry,
)
from jaxrep.claims.judges import DEPENDS, NOT_TESTABLE, UNDECIDED, Claim

# By study, in the order of the sources.
CLAIMS: Mapping[str, Sequence[Claim]] = types.MappingProxyType({
  'symmetry': (*symmetry.CLAIMS, *symmetry.COMPARED),
  'boolean': (*boolean.CLAIMS, *boolean.COMPARED),
  'credit': credit.CLAIMS,
  'recirculation': (*recirculation.CLAIMS, *recirculation.HIERARCHY),
  'family_trees': family_trees.CLAIMS,
  'localization': localization.CLAIMS,
  'equality': equality.CLAIMS,
  'basins': (*basins.BY_RANGE, *basins.COMPARED, *basins.NOT_TESTABLE),
})  # fmt: skip
_PLACE = re.compile(r', (?=pp?\.|Figs?|on |abstract|conclusion)')
FEW = 4  # verdicts on one claim that are shown one by one

Summary = Mapping[str, Any]


class Tested(NamedTuple):
  """What one record says of a claim, at one of its settings.

  Attributes:
    flagfile: of the study.
    setting: in words, where the record has several.
    ours: the result, as JSON, or words.
    verdict: on it.
  """

  flagfile: str
  setting: str
  ours: Mapping[str, Any] | str
  verdict: str

  @property
  def told(self) -> str:
    """Where, what and how many: 'paper: 94.2 % [92.6, 95.5], n = 1,000'."""
    where = f'{self.flagfile} ({self.setting})' if self.setting else ''
    return f'{where or self.flagfile}: {measured(self.ours)}'


class Row(NamedTuple):
  """A claim with all that the records say of it, and the verdict.

  Attributes:
    study: its name.
    claim: the claim.
    tested: what each record says, at each of its settings.
    verdict: on all of them.
    lacking: flagfiles that should test it, and whose record is not there.
  """

  study: str
  claim: Claim
  tested: Sequence[Tested]
  verdict: str
  lacking: Sequence[str] = ()


def rows(
  summaries: Mapping[str, Mapping[str, Summary]],
  *,
  only: str | None = None,
) -> list[Row]:
  """Returns every claim with the verdict that the records give.

  Args:
    summaries: what summary.json holds, by study and flagfile.
    only: the flagfile that tests all claims; None: each has its own.
  """
  result = []
  for study, claims in CLAIMS.items():
    known = summaries.get(study, {})
    for claim in claims:
      names = (only,) if only else claim.flagfiles
      tested = [
        Tested(name, one.get('setting', ''), one['ours'], one['verdict'])
        for name in names
        for one in known.get(name, {'claims': []})['claims']
        if one['id'] == claim.id
      ]
      lacking = [name for name in names if name not in known]
      said = verdict(claim, tested)
      result.append(Row(study, claim, tested, said, lacking))
  return result


def verdict(claim: Claim, tested: Sequence[Tested]) -> str:
  """Returns one verdict from all.

  They agree where all that are decided say the same, and at least half are
  decided. Where some hold and others fail, it hangs on what the source leaves
  open and the runs settle in several ways.
  """
  if claim.judge is None:
    return NOT_TESTABLE
  decided = [one.verdict for one in tested if one.verdict != UNDECIDED]
  if len(set(decided)) > 1 or DEPENDS in decided:
    return f'depends on {claim.depends}'
  if not decided or 2 * len(decided) < len(tested):
    return UNDECIDED
  return decided[0]


def work(row: Row) -> str:
  """Returns the work that a claim is from: its source without the place."""
  return _PLACE.split(row.claim.source)[0]


def place(row: Row) -> str:
  """Returns where in that work it stands: 'p. 535'; '' if that is not known."""
  return row.claim.source.removeprefix(work(row)).lstrip(', ')


def kind(row: Row) -> str:
  """Returns the verdict in the words that are counted: 'depends' for many."""
  return 'depends' if row.verdict.startswith('depends') else row.verdict


def counts(found: Sequence[Row]) -> dict[str, int]:
  """Returns how many claims have each kind of verdict, most first."""
  return dict(Counter(map(kind, found)).most_common())


def measured(ours: Mapping[str, Any] | str) -> str:
  """Returns a result in words, with its n."""
  if isinstance(ours, str):
    return ours
  return f'{tables.measured(ours)}, n\u00a0=\u00a0{ours["n"]:,}'


def ours(row: Row) -> list[str]:
  """Returns what was found, in a line for each record and setting.

  Where they are more than `FEW`: the range of values, and how many verdicts
  are which.
  """
  if row.claim.judge is None:
    return [f'not judged: {row.claim.depends}']
  lacking = [f'no record of {", ".join(row.lacking)}'] if row.lacking else []
  return _told(row.tested) + lacking


def _told(tested: Sequence[Tested]) -> list[str]:
  if len(tested) == 1:
    return [measured(tested[0].ours)]
  if len(tested) <= FEW:
    return [one.told for one in tested]
  lines = []
  values = [one.ours for one in tested if isinstance(one.ours, Mapping)]
  values = [one for one in values if one.get('value') is not None]
  if values:
    least, most = (f(values, key=lambda one: one['value']) for f in (min, max))
    lines.append(f'from {measured(least)} to {measured(most)}')
  words = Counter(one.verdict for one in tested).most_common()
  said = ', '.join(f'{word} at {n}' for word, n in words)
  return [*lines, f'{said} of {len(tested)} settings']


def answer(found: Sequence[Row]) -> str:
  """Returns all verdicts in one sentence."""
  words = {
    'holds': ('holds', 'hold'),
    'fails': ('fails', 'fail'),
    'depends': (
      'depends on what the source leaves open',
      'depend on what the source leaves open',
    ),
    UNDECIDED: ('is undecided', 'are undecided'),
    NOT_TESTABLE: ('cannot be tested', 'cannot be tested'),
  }
  said = [f'{n} {words[word][n > 1]}' for word, n in counts(found).items()]
  listed = ' and '.join(filter(None, [', '.join(said[:-1]), said[-1]]))
  return f'Of {len(found)} claims {listed}.'

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
from jaxrep.claims.judges import (
  DEPENDS,
  NOT_TESTABLE,
  UNDECIDED,
  Claim,
  agreed,
  hangs_on,
)

# By study, in the order of the sources.
CLAIMS: Mapping[str, Sequence[Claim]] = types.MappingProxyType({
  'symmetry': (*symmetry.CLAIMS, *symmetry.COMPARED),
  'boolean': (*boolean.CLAIMS, *boolean.COMPARED),
  'credit': credit.CLAIMS,
  'recirculation': (
    *recirculation.CLAIMS, *recirculation.LONG, *recirculation.HIERARCHY
  ),
  'family_trees': family_trees.CLAIMS,
  'localization': localization.CLAIMS,
  'equality': equality.CLAIMS,
  'basins': (*basins.BY_RANGE, *basins.COMPARED, *basins.NOT_TESTABLE),
})  # fmt: skip
_PLACE = re.compile(r', (?=pp?\.|Figs?|on |abstract|conclusion)')
# What a flagfile settles that the source leaves open, or has otherwise.
SETTLES: Mapping[tuple[str, str], str] = types.MappingProxyType({
  ('symmetry', 'zero_bias'): 'the first biases',
  ('symmetry', 'band'): 'the zero-error band',
  ('symmetry', 'bipolar'): 'the coding of inputs',
  ('boolean', 'addition'): 'the task',
  ('boolean', 'encoder'): 'the task',
  ('boolean', 'parity'): 'the task',
  ('boolean', 'parity4'): 'the task',
  ('boolean', 'chauvin'): 'the first weights',
  ('recirculation', 'hierarchy3'): 'the sizes of the loops',
  ('family_trees', 'working'): 'the recipe',
  ('family_trees', 'gate'): 'the recipe',
  ('localization', 'slow'): 'the learning rate',
  ('basins', 'monte_carlo_case'): 'when weights change',
  ('basins', 'near_or'): 'the task',
  ('basins', 'rate_or'): 'the task',
})  # fmt: skip
# Flags as the end of a sentence that says what a verdict hangs on.
FLAGS: Mapping[str, str] = types.MappingProxyType({
  'init_range': 'the range of the first weights',
  'updates': 'when weights change',
  'margin': 'the criterion',
  'learning_rate': 'the learning rate',
  'size': 'the size of the task',
  'hidden': 'the number of hidden units',
})  # fmt: skip
FEW = 4  # verdicts on one claim that are shown one by one

Summary = Mapping[str, Any]


class Tested(NamedTuple):
  """What one record says of a claim, at one of its settings.

  Attributes:
    flagfile: of the study.
    said: the verdict as the record has it (see `judges.told`).
  """

  flagfile: str
  said: Mapping[str, Any]

  @property
  def words(self) -> str:
    """Where, what and how many: 'paper: 94.2 % [92.6, 95.5], n = 1,000'."""
    setting = self.said.get('setting')
    where = f'{self.flagfile} ({setting})' if setting else self.flagfile
    return f'{where}: {measured(self.said["ours"])}'


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

  All records of its study count that are decided on it, not just those that
  were made for it: none is left out because it says something else.

  Args:
    summaries: what summary.json holds, by study and flagfile.
    only: the flagfile that tests all claims; None: each has its own.
  """
  result = []
  for study, claims in CLAIMS.items():
    known = summaries.get(study, {})
    for claim in claims:
      names = (only,) if only else claim.flagfiles
      others = () if only else known
      lacking = [name for name in names if name not in known]
      tested = [
        Tested(name, said)
        for name in dict.fromkeys((*names, *sorted(others)))
        for said in known.get(name, {'claims': []})['claims']
        if said['id'] == claim.id
        and (name in names or said['verdict'] != UNDECIDED)
      ]
      word = verdict(study, claim, tested, lacking)
      result.append(Row(study, claim, tested, word, lacking))
  return result


def verdict(
  study: str,
  claim: Claim,
  tested: Sequence[Tested],
  lacking: Sequence[str] = (),
) -> str:
  """Returns one verdict from all: first of each record, then of all records.

  Where some hold and others fail, it hangs on what the source leaves open and
  the runs settle in several ways. A record that is not there is undecided.

  Args:
    study: its name.
    claim: the claim.
    tested: what the records say of it.
    lacking: flagfiles whose records are not there.
  """
  if claim.judge is None:
    return NOT_TESTABLE
  by_file: dict[str, list[str]] = {}
  for one in tested:
    by_file.setdefault(one.flagfile, []).append(one.said['verdict'])
  each = {name: agreed(words) for name, words in by_file.items()}
  word = agreed([*each.values(), *(UNDECIDED for _ in lacking)])
  if word != DEPENDS and DEPENDS not in each.values():
    return word
  return f'depends on {_hanging(study, claim, tested, each)}'


def _hanging(study, claim, tested, each) -> str:
  """Returns what the verdicts of records hang on, in words."""
  found: dict[str, None] = {}
  decided = {name: word for name, word in each.items() if word != UNDECIDED}
  first = next(iter(decided.values()))
  if len(set(decided.values()) - {DEPENDS}) > 1:
    for name, word in decided.items():
      if word not in (first, DEPENDS) and (study, name) in SETTLES:
        found[SETTLES[study, name]] = None
  for name, word in each.items():
    if word == DEPENDS:
      mine = [one.said for one in tested if one.flagfile == name]
      flags = [flag for said in mine for flag in said.get('hangs_on', ())]
      for flag in flags or hangs_on(mine):
        found[FLAGS.get(flag, flag.replace('_', ' '))] = None
  return _listed(list(found) or [claim.depends])


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
  """Returns how many claims have each kind of verdict, most first.

  Questions of ours are no claims of a source.
  """
  claims = [row for row in found if not row.claim.ours]
  return dict(Counter(map(kind, claims)).most_common())


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
    return [f'not judged, for lack of {row.claim.depends}']
  lacking = [f'no record of {", ".join(row.lacking)}'] if row.lacking else []
  return _told(row.tested) + lacking or ['not measured in this run']


def _told(tested: Sequence[Tested]) -> list[str]:
  if len(tested) == 1:
    return [measured(tested[0].said['ours'])]
  if len(tested) <= FEW:
    return [one.words for one in tested]
  values = [one.said['ours'] for one in tested]
  values = [v for v in values if isinstance(v, Mapping)]
  values = [v for v in values if v.get('value') is not None]
  lines = []
  if values:
    least, most = (f(values, key=lambda one: one['value']) for f in (min, max))
    lines.append(f'from {measured(least)} to {measured(most)}')
  return [*lines, *_by_file(tested)]


def _by_file(tested: Sequence[Tested]) -> list[str]:
  """Returns which flagfiles say what, and how often: 'holds: paper, long (3)'.

  Of one that counts its settings itself, what it says.
  """
  result: dict[str, Counter] = {}
  for one in tested:
    said = one.said['ours']
    counted = isinstance(said, str) and said.endswith(' settings')
    where = f'{one.flagfile} ({said})' if counted else one.flagfile
    result.setdefault(one.said['verdict'], Counter())[where] += 1
  return [
    f'{word}: '
    + ', '.join(f'{k} ({n})' if n > 1 else k for k, n in files.items())
    for word, files in result.items()
  ]


def answer(found: Sequence[Row]) -> str:
  """Returns all verdicts on claims of the sources in one sentence."""
  words = {  # of one, of several
    'holds': ('holds', 'hold'),
    'fails': ('fails', 'fail'),
    'depends': ('depends on', 'depend on'),
    UNDECIDED: ('is undecided', 'are undecided'),
    NOT_TESTABLE: ('cannot be tested', 'cannot be tested'),
  }
  known = counts(found)
  said = [f'{n} {words[word][n > 1]}' for word, n in known.items()]
  said = [
    f'{one} what the source leaves open' if one.endswith(' on') else one
    for one in said
  ]
  total = sum(known.values())
  return f'Of {total} claim{"s" * (total != 1)} {_listed(said)}.'


def _listed(words: Sequence[str]) -> str:
  """Returns words as a list in a sentence: 'a, b and c'."""
  return ' and '.join([', '.join(words[:-1]), words[-1]][-len(words) :])

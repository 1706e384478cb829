"""Which runs the ledger rests on, and that their records are there."""

import json
import pathlib
import subprocess
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jaxrep import claims, records
from jaxrep.claims import ledger

from ..shared import citing, common
from .sections import SECTIONS

SCALES = 'smoke', 'laptop', 'full'
# Minutes that each study may take on two cores, at the scale of a laptop.
BUDGET = types.MappingProxyType({
  'symmetry': 3,
  'boolean': 9,
  'credit': 1,
  'recirculation': 3,
  'family_trees': 3,
  'localization': 4,
  'equality': 14,
  'basins': 7,
})  # fmt: skip
# At full scale there are so many times as many seeds, where seeds are drawn;
# in maps the pixels are the nets.
MORE, DRAWN = 10, 100


class Run(NamedTuple):
  """One run of a study.

  Attributes:
    study: its name.
    flagfile: its name.
    flags: that stand after it.
  """

  study: str
  flagfile: str
  flags: tuple[str, ...] = ()

  @property
  def name(self) -> str:
    """Where its record lies among others: 'symmetry/paper'."""
    return f'{self.study}/{self.flagfile}'

  @property
  def path(self) -> pathlib.Path:
    """Its flagfile."""
    return common.flagfiles(self.study) / f'{self.flagfile}.flags'

  @property
  def command(self) -> str:
    """What a user types, without --out."""
    words = [f'--flagfile=flags/{self.name}.flags', *self.flags]
    return ' '.join([f'python -m {common.module(self.study)}', *words])

  @property
  def expected(self) -> dict[str, str]:
    """The flags that its record should have, as text."""
    return citing.stated(self.path) | records.parse_flags('\n'.join(self.flags))


def plan(scale: str, studies: Sequence[str]) -> list[Run]:
  """Returns the runs of a scale, each once, study after study.

  Args:
    scale: one of `SCALES`.
    studies: some of those with claims.
  """
  if scale == 'smoke':
    return [Run(study, 'smoke') for study in studies]
  runs = [Run(study, name) for study in studies for name in _names(study)]
  return runs if scale == 'laptop' else [_more(run) for run in runs]


def _names(study: str) -> list[str]:
  """Returns the flagfiles that claims, and figures of the page, are from."""
  tested = [name for one in ledger.CLAIMS[study] for name in one.flagfiles]
  shown = [name for name, _ in SECTIONS[study].figures]
  return list(dict.fromkeys([*tested, *shown]))


def _more(run: Run) -> Run:
  seeds = int(run.expected['seeds'])
  if seeds < DRAWN:
    return run
  return run._replace(flags=(f'--seeds={MORE * seeds}',))


def finished(run: Run, folder: pathlib.Path) -> bool:
  """Returns whether a run's record lies in a folder.

  Raises:
    BadInputError: another's does.
  """
  if not (folder / records.SUMMARY).is_file():
    return False
  path = folder / records.FLAGS
  with records.naming(path):
    found = records.parse_flags(path.read_text())
  for name, text in run.expected.items():
    if not citing.same(found.get(name, ''), text):
      raise common.BadInputError(
        f'{folder}: expected the record of {run.command}, found'
        f' --{name}={found.get(name, "")} there for {text}'
      )
  return True


def perform(run: Run, folder: pathlib.Path) -> str:
  """Runs a study in a process of its own; returns what went wrong, if it did.

  What was done before is not done again: a finished record is judged anew and
  drawn. Its table is not shown, its progress is.
  """
  command = [sys.executable, '-m', common.module(run.study)]
  ended = subprocess.run(
    [*command, f'--flagfile={run.path}', *run.flags, f'--out={folder}'],
    stdout=subprocess.DEVNULL,
  )
  if not ended.returncode:
    return ''
  return (
    f'{run.command}: expected it to end well, found exit code'
    f' {ended.returncode}; the same ledger goes on from here'
  )


class Made(NamedTuple):
  """What became of a run.

  Attributes:
    run: which one.
    how: 'new', 'there' already, or 'judged' anew.
    wrong: why its record is not there; '': it is.
  """

  run: Run
  how: str
  wrong: str = ''


def complete(
  runs: Sequence[Run], folder: pathlib.Path, *, compute: bool
) -> Iterator[Made]:
  """Sees to it that all records are there, one after another.

  Args:
    runs: the runs.
    folder: where their records lie, or will.
    compute: whether those that are not there are run, and those judged anew
      that were judged by other claims than today's.

  Yields:
    What became of each; one that fails does not keep the others from it.

  Raises:
    BadInputError: a record of another run is in the place of one.
  """
  there = [finished(run, folder / run.name) for run in runs]  # before any runs
  for run, known in zip(runs, there, strict=True):
    if known and (not compute or _is_judged(folder / run.name)):
      yield Made(run, 'there')
    elif compute:
      wrong = perform(run, folder / run.name)
      yield Made(run, 'judged' if known else 'new', wrong)


def _is_judged(folder: pathlib.Path) -> bool:
  summary = read(folder, records.SUMMARY)
  return summary.get('judged_by') == claims.digest()


def seconds(machine: Mapping[str, Any]) -> float:
  """Returns the seconds of computing that a record took.

  Those of chunks, if they were made in several goes; of all shares.
  """
  made = machine.get('seconds_of_chunks', 0.0)
  return max(made, machine['seconds'])


def read(folder: pathlib.Path, name: str, *keys: str) -> dict[str, Any]:
  """Returns a JSON file of a record, in which these keys must be.

  Raises:
    RecordError: it cannot be read, or they are not.
  """
  path = folder / name
  with records.naming(path):
    found = json.loads(path.read_text())
    if not isinstance(found, dict):
      raise ValueError('expected an object, found none')
    for key in keys:
      found[key]
    return found

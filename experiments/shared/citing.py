"""Lines to cite results by: where they are from, and how sure they are."""

import hashlib
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from jaxrep import records, tables

from . import common

# How many nets there are decides no setting, and is said beside the flagfile.
_SEEDS = 'seeds', 'first_seed'
_OLDER = 'before 0.1.0'  # of records that do not say their version


def lines(
  summary: Mapping[str, Any],
  flags: Mapping[str, str],
  results: Sequence[tuple[str, Mapping[str, Mapping[str, Any]]]],
) -> list[str]:
  """Returns a line for each result: study, flagfile, version, value, n.

  Args:
    summary: of the record; says its study, and the version that made it.
    flags: of the record, as text.
    results: by name, as in summary.json, for each setting in words.
  """
  study, version = summary['study'], summary.get('version', _OLDER)
  made = (
    f'jaxrep {version}, {study}, {flagfile(study, flags)},'
    f' flags {digest(flags)}'
  )
  return [
    f'{made}: {name}{f" ({setting})" if setting else ""} ='
    f' {tables.measured(result)}, n = {result["n"]:,}'
    for setting, named in results
    for name, result in named.items()
  ]


def digest(flags: Mapping[str, str]) -> str:
  """Returns twelve digits of the SHA-256 of the lines of run.flags, sorted."""
  lines = sorted(f'--{name}={value}\n' for name, value in flags.items())
  return hashlib.sha256(''.join(lines).encode()).hexdigest()[:12]


def flagfile(study: str, flags: Mapping[str, str]) -> str:
  """Returns which of a study's flagfiles a record's flags are.

  With what stands after it, if that is seeds; 'run.flags' for all others. The
  block size may be any: no flagfile states it, and like another machine it
  changes the last bits of nets and nothing that was set. `digest` has it.
  """
  folder = common.flagfiles(study)
  if not folder.is_dir():  # a study that is not jaxrep's own
    return 'run.flags'
  near = 'run.flags'
  for path in sorted(folder.glob('*.flags')):
    values = stated(path)
    other = [k for k, v in values.items() if not same(flags.get(k, ''), v)]
    name = f'flags/{study}/{path.name}'
    if not other:
      return name
    if set(other) <= set(_SEEDS):
      near = ' '.join([name, *(f'--{k}={flags[k]}' for k in other)])
  return near


def same(one: str, other: str) -> bool:
  """Returns whether two texts of a flag say the same: '0.10' and '0.1' do."""
  return one == other or _numbers(one) == _numbers(other)


def stated(path: pathlib.Path) -> dict[str, str]:
  """Returns what a flagfile states, and its paper.flags for the rest."""
  texts = (path.with_name('paper.flags').read_text(), path.read_text())
  return records.parse_flags('\n'.join(texts))


def _numbers(text):
  try:
    return [float(word) for word in text.split(',')]
  except ValueError:
    return text

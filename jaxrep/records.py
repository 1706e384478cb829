"""The folder that a run leaves behind, read back.

  run.flags      every flag that decides the result, itself a flagfile
  nets.csv       one row a net: the 1-D arrays of nets.npz, as words and numbers
  nets.npz       arrays by part ('h2/w0'), `[S, ...]` but for `constants`
  summary.json   results with intervals, by setting, and verdicts
  machine.json   what the run ran on and what it cost; decides nothing
  figures/, report.html

A record is complete when summary.json is there, which is written last but for
what can be drawn again from it. `writing.Writer` writes it.
"""

import contextlib
import json
import os
import pathlib
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxrep import nets

FLAGS, TABLE, ARRAYS = 'run.flags', 'nets.csv', 'nets.npz'
SUMMARY, MACHINE = 'summary.json', 'machine.json'
# Names the arrays of a part that are the same for all its nets: the layers'
# units, the sweeps of the curves, the pattern set, and the words that a column
# of indices stands for (`outcomes` for `outcome`).
CONSTANTS = 'constants'
# What reading a file may raise that is missing, cut short or altered.
_DAMAGE = (
  OSError, EOFError, ValueError, LookupError, TypeError, AttributeError,
  RuntimeError, MemoryError, zipfile.BadZipFile,
)  # fmt: skip

Arrays = dict[str, np.ndarray]


class RecordError(Exception):
  """A record that cannot be read or written: one line for the user."""


class Record(NamedTuple):
  """A finished run.

  Attributes:
    folder: where it lies.
    flags: what decided the result, by flag name, as text.
    parts: all arrays by part and name: `parts['h2']['w0']` is `[S, I, O]`.
    summary: what summary.json holds.
  """

  folder: pathlib.Path
  flags: dict[str, str]
  parts: dict[str, Arrays]
  summary: dict[str, Any]

  def nets(self, part: str) -> nets.Net:
    """Returns a part's nets: a tuple of layers, leading axis = nets."""
    return unpack_net(self.parts[part])

  @property
  def table(self) -> Arrays:
    """The columns of nets.csv by name, `[S]` over the nets of all parts.

    What a part has no column for is nan, or '' among words.
    """
    tables = [part_table(name, arrays) for name, arrays in self.parts.items()]
    first = {name: a for table in reversed(tables) for name, a in table.items()}

    def column(table, name):
      nothing = '' if first[name].dtype.kind == 'U' else np.nan
      return table.get(name, np.full(len(table['row']), nothing))

    names = dict.fromkeys(name for table in tables for name in table)
    return {n: np.concatenate([column(t, n) for t in tables]) for n in names}


def load(folder: str | os.PathLike) -> Record:
  """Returns a finished record.

  Args:
    folder: what was given as --out.

  Raises:
    RecordError: no finished record is there, or it cannot be read; the message
      names the file.
  """
  folder = pathlib.Path(folder)
  with naming(folder):
    finished = (folder / SUMMARY).is_file()
  if not finished:
    raise RecordError(
      f'{folder}: expected a finished record, found no {SUMMARY} there'
    )
  with naming(folder / SUMMARY):
    summary = json.loads((folder / SUMMARY).read_text())
    if not isinstance(summary, dict) or 'study' not in summary:
      raise ValueError('expected a summary with a study, found none')
  with naming(folder / FLAGS):
    flags = parse_flags((folder / FLAGS).read_text())
  return Record(folder, flags, load_parts(folder), summary)


def load_parts(folder: str | os.PathLike) -> dict[str, Arrays]:
  """Returns nets.npz by part and name.

  Raises:
    RecordError: it cannot be read.
  """
  parts: dict[str, Arrays] = {}
  path = pathlib.Path(folder) / ARRAYS
  with naming(path), open(path, 'rb') as file, np.load(file) as archive:
    for member in archive.zip.infolist():  # else a small file may hold a lot
      if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f'expected no compression, found {member.filename!r}')
    for entry in archive.files:
      part, _, name = entry.partition('/')
      parts.setdefault(part, {})[name] = archive[entry]
  return parts


def part_table(part: str, arrays: Mapping[str, np.ndarray]) -> Arrays:
  """Returns the columns of a part: its 1-D arrays, indices made words."""
  size, same = len(arrays['seed']), _constants(arrays)
  table = {'part': np.full(size, part), 'row': np.arange(size)}
  for name, array in arrays.items():
    if array.ndim == 1 and name not in same:
      words = f'{name}s' if f'{name}s' in same else None
      table[name] = np.append(arrays[words], '')[array] if words else array
  return table


def take(arrays: Mapping[str, np.ndarray], rows: Any) -> Arrays:
  """Returns a part's arrays at some rows; the constants stay whole."""
  same = _constants(arrays)
  return {
    name: array if name in same else array[rows]
    for name, array in arrays.items()
  }


def by_setting(arrays: Mapping[str, np.ndarray], settings: int) -> list[Arrays]:
  """Returns a part's arrays setting by setting, as many nets for each."""
  size = len(arrays['seed']) // settings
  return [
    take(arrays, slice(k * size, (k + 1) * size)) for k in range(settings)
  ]


def _constants(arrays: Mapping[str, np.ndarray]) -> set[str]:
  return {CONSTANTS, *arrays.get(CONSTANTS, np.array([], str)).tolist()}


def machine_line(folder: str | os.PathLike) -> str:
  """Returns machine.json in one line, for a page."""
  path = pathlib.Path(folder) / MACHINE
  with naming(path):
    facts = json.loads(path.read_text())
    return (
      f'jax {facts["jax"]}, {facts["device"]}, {facts["cores"]} cores;'
      f' {facts["seconds"]:.1f} s, of which'
      f' {facts["compile_seconds"]:.1f} s compiling; peak memory'
      f' {facts["peak_memory_mib"]:,} MiB; {facts["sweeps_computed"]:,} nets ×'
      f' sweeps computed, {facts["sweeps_needed"]:,} needed'
    )


def parse_flags(text: str) -> dict[str, str]:
  """Returns the flags of a flagfile without includes, by name, as text."""
  lines = [line.strip() for line in text.splitlines()]
  pairs = [line[2:].partition('=') for line in lines if line[:2] == '--']
  return {name: value for name, _, value in pairs}


def pack_net(net: nets.Net) -> Arrays:
  """Returns layers as arrays by name: `w0`, `b0`, `w1`, `b1`, .."""
  arrays = {}
  for k, layer in enumerate(net):
    arrays[f'w{k}'], arrays[f'b{k}'] = np.asarray(layer.w), np.asarray(layer.b)
  return arrays


def unpack_net(arrays: Mapping[str, np.ndarray]) -> nets.Net:
  """Returns the tuple of layers in arrays `w0`, `b0`, .., `units`.

  Raises:
    RecordError: the arrays hold no layered net, or a unit we do not know.
  """
  if 'units' not in arrays:
    raise RecordError('expected layered nets (w0, b0, .., units), found none')
  names = [str(name) for name in arrays['units']]
  for name in names:
    if name not in nets.UNITS:
      known = ', '.join(nets.UNITS)
      raise RecordError(f'units: expected one of {known}; found {name!r}')
  return tuple(
    nets.Layer(arrays[f'w{k}'], arrays[f'b{k}'], nets.UNITS[name])
    for k, name in enumerate(names)
  )


@contextlib.contextmanager
def naming(path: pathlib.Path, flag: str = '') -> Iterator[None]:
  """Turns what can go wrong with a file into one line that names it."""
  try:
    yield
  except _DAMAGE as error:
    reason = getattr(error, 'strerror', None) or error
    if isinstance(error, KeyError):
      reason = f'expected {error} in it, found none'
    raise RecordError(f'{flag}{path}: {reason}') from error


@contextlib.contextmanager
def drawing(folder: str | os.PathLike) -> Iterator[None]:
  """Turns what cannot be made of a finished record into one line.

  What is in its files can be read, but is not what a run of its study leaves:
  they were altered, or another version wrote them.
  """
  try:
    yield
  except BrokenPipeError:  # who reads what is printed has seen enough
    raise
  except (*_DAMAGE, ArithmeticError, AssertionError) as error:
    raise RecordError(
      f'{folder}: expected a record as this version writes it, found one that'
      f' cannot be drawn ({type(error).__name__}: {error})'
    ) from error

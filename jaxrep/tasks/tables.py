"""Tables of patterns: CSV files, a column a unit, a row a case."""

import csv
import os
import re
import reprlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TextIO

import numpy as np

# What a table may hold: more is a slip, or work for another program.
CASES, UNITS, LINE = 4096, 64, 2**16

# What float() reads, less 'nan', 'inf', '1_0' and digits of other scripts.
_NUMBER = re.compile(r'[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?')
# NUL, and the bytes that were no UTF-8 as 'surrogateescape' leaves them.
_NO_TEXT = re.compile(r'[\x00\udc80-\udcff]')


class Kind(NamedTuple):
  """A kind of column.

  Attributes:
    name: what its columns are called, before their number: 'in'.
    noun: what they hold: 'inputs'.
    expected: what a cell should be, in words.
    fits: value -> whether it is that; nan stands for what is no number.
  """

  name: str
  noun: str
  expected: str
  fits: Callable[[float], bool]


def finite(value: float) -> bool:
  """Returns whether a number is finite in float32."""
  with np.errstate(over='ignore'):
    return bool(np.isfinite(np.float32(value)))


def read(path: str | os.PathLike, kinds: Sequence[Kind]) -> list[np.ndarray]:
  """Returns the numbers of a CSV file, `[C, n]` float32 a kind of column.

  The header names the columns by kind and number, in1, in2, .., each kind from
  1 without gaps, in any order. Blank lines, blanks around words and a byte
  order mark do not count.

  Args:
    path: a file in UTF-8, of at most 4,096 cases and 64 columns a kind.
    kinds: of columns.

  Raises:
    ValueError: anything else, in one line that says where in the file; its name
      is left to the caller.
    OSError: what cannot be opened or read.
  """
  with open(
    path, encoding='utf-8-sig', errors='surrogateescape', newline=''
  ) as file:
    rows = _rows(file)
    top, header = next(rows, (1, None))
    if header is None:
      words = ', '.join(f'{kind.name}1, ..' for kind in kinds)
      raise ValueError(
        f'line 1: expected a header of {words}, found an empty file'
      )
    columns = _columns(top, header, kinds)
    places = [(k, kind) for kind in kinds for k in columns[kind.name]]
    cases = []
    for line, words in rows:
      if len(words) != len(header):
        raise ValueError(
          f'line {line}: expected {len(header)} columns as in the header, '
          f'found {len(words)}'
        )
      if len(cases) == CASES:
        raise ValueError(
          f'line {line}: expected at most {CASES:,} cases, found one more'
        )
      cases.append([
        _number(f'line {line}, column {k + 1} ({header[k]})', words[k], kind)
        for k, kind in places
      ])  # fmt: skip
  if not cases:
    raise ValueError(
      f'line {top}: expected a case or more below the header, found none'
    )
  ends = np.cumsum([len(columns[kind.name]) for kind in kinds])[:-1]
  parts = np.split(np.asarray(cases, np.float32), ends, axis=1)
  return [part.copy() for part in parts]


def _rows(file: TextIO) -> Iterator[tuple[int, list[str]]]:
  """Yields number and words of each line that is not blank.

  Every line is read on its own, so that a quote left open is found where it
  stands.
  """
  lines = iter(lambda: file.readline(LINE + 1), '')
  for number, line in enumerate(lines, 1):
    if found := _NO_TEXT.search(line):
      byte = ord(found.group()) & 0xFF
      raise ValueError(
        f'line {number}, column {line.count(",", 0, found.start()) + 1}: '
        f'expected text in UTF-8, found the byte 0x{byte:02x}'
      )
    if len(line) > LINE:
      raise ValueError(
        f'line {number}: expected at most {LINE:,} characters, found more'
      )
    try:
      reader = csv.reader([line], strict=True, skipinitialspace=True)
      words = [word.strip() for word in next(reader)]
    except csv.Error as error:
      raise ValueError(
        f'line {number}: expected words between commas, each quote closed, '
        f'found {reprlib.repr(line)} ({error})'
      ) from None
    if words not in ([], ['']):
      yield number, words


def _columns(
  line: int, header: list[str], kinds: Sequence[Kind]
) -> dict[str, list[int]]:
  """Returns where the columns of each kind stand in a row, by their number."""
  known = re.compile(f'({"|".join(kind.name for kind in kinds)})[1-9][0-9]*')
  examples = ' or '.join(f'{kind.name}1' for kind in kinds)
  at = {}
  for k, name in enumerate(header):
    place = f'line {line}, column {k + 1}'
    if not known.fullmatch(name):
      raise ValueError(
        f'{place}: expected a name such as {examples}, '
        f'found {reprlib.repr(name)}'
      )
    if name in at:
      raise ValueError(
        f'{place}: expected each name once, found {reprlib.repr(name)} '
        f'also in column {at[name] + 1}'
      )
    at[name] = k
  found = {}
  for kind in kinds:
    count = sum(name.rstrip('0123456789') == kind.name for name in at)
    if count > UNITS:
      raise ValueError(
        f'line {line}: expected at most {UNITS} {kind.noun}, found {count}'
      )
    names = [f'{kind.name}{k + 1}' for k in range(max(count, 1))]
    for name in names:
      if name not in at:
        raise ValueError(
          f'line {line}: expected {kind.noun} from {kind.name}1 on without'
          f' gaps, found no column {name}'
        )
    found[kind.name] = [at[name] for name in names]
  return found


def _number(place: str, word: str, kind: Kind) -> float:
  """Returns what a cell holds, if its column may hold it."""
  value = float(word) if _NUMBER.fullmatch(word) else np.nan
  if not kind.fits(value):
    found = reprlib.repr(word) if word else 'an empty cell'
    raise ValueError(f'{place}: expected {kind.expected}, found {found}')
  return value

"""The small problems of PDP chapter 8, and a user's own, read from a table."""

import csv
import os
import re
import reprlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, TextIO

import numpy as np

from jaxrep.tasks.patterns import Patterns

# What a table may hold: more is a slip, or work for another program.
CASES, UNITS, LINE = 4096, 64, 2**16

_COLUMN = re.compile(r'(in|out)[1-9][0-9]*')
# What float() reads, less 'nan', 'inf', '1_0' and digits of other scripts.
_NUMBER = re.compile(r'[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?')
# NUL, and the bytes that were no UTF-8 as 'surrogateescape' leaves them.
_NO_TEXT = re.compile(r'[\x00\udc80-\udcff]')


class Task(NamedTuple):
  """A problem that comes in sizes.

  Attributes:
    make: size -> its patterns.
    size: the source's.
    largest: the greatest that is offered.
    hidden: size -> the source's number of hidden units.
  """

  make: Callable[[int], Patterns]
  size: int
  largest: int
  hidden: Callable[[int], int]


def xor() -> Patterns:
  """Returns 00, 01, 10, 11 and whether the two bits differ.

  References:
    Rumelhart, Hinton & Williams, PDP vol. 1 (1986), ch. 8, pp. 331-333.
  """
  return parity(2)


def parity(bits: int) -> Patterns:
  """Returns all 2^bits vectors `[C, bits]` and whether an odd number is on.

  The rows count in binary, first input most significant.

  Args:
    bits: length of a vector, at least 1.

  Raises:
    ValueError: fewer bits.

  References:
    Rumelhart, Hinton & Williams, PDP vol. 1 (1986), ch. 8, pp. 334-335: N
    hidden units for N bits, "up to about size 8"; 4 bits are the example.
  """
  _at_least_one(bits)
  vectors = _written(np.arange(2**bits), bits)
  return Patterns(vectors, vectors.sum(axis=1, keepdims=True) % 2)


def encoder(units: int) -> Patterns:
  """Returns one-hot vectors `[units, units]`, each its own target.

  Args:
    units: of input and of output: a power of two, at least 2, so that log₂ of
      them is a number of hidden units.

  Raises:
    ValueError: another number.

  References:
    Rumelhart, Hinton & Williams, PDP vol. 1 (1986), ch. 8, pp. 335-337: the
    net 8-3-8.
  """
  if units < 2 or units & (units - 1):
    raise ValueError(f'units: expected a power of two ≥ 2, found {units}')
  one_hot = np.eye(units, dtype=np.float32)
  return Patterns(one_hot, one_hot.copy())


def addition(bits: int) -> Patterns:
  """Returns all pairs of numbers `[C, 2 bits]` and their sums `[C, bits + 1]`.

  Numbers are written most significant bit first, the first number before the
  second. The 4^bits rows count in binary.

  Args:
    bits: of each of the two numbers, at least 1.

  Raises:
    ValueError: fewer bits.

  References:
    Rumelhart, Hinton & Williams, PDP vol. 1 (1986), ch. 8, on binary addition:
    two numbers of 2 bits, the net 4-3-3.
  """
  _at_least_one(bits)
  cases = np.arange(4**bits)
  first, second = np.divmod(cases, 2**bits)
  sums = _written(first + second, bits + 1)
  return Patterns(_written(cases, 2 * bits), sums)


def _xor_of(size: int) -> Patterns:
  if size != 2:
    raise ValueError(f'size: expected 2 for xor, found {size}')
  return xor()


TASKS: Mapping[str, Task] = MappingProxyType(
  {
    'xor': Task(_xor_of, 2, 2, lambda bits: 2),
    'parity': Task(parity, 4, 10, lambda bits: bits),
    'encoder': Task(encoder, 8, 64, lambda units: units.bit_length() - 1),
    'addition': Task(addition, 2, 4, lambda bits: bits + 1),
  }
)


def table(path: str | os.PathLike) -> Patterns:
  """Returns the patterns of a CSV file: a column a unit, a row a case.

  The header names the columns in1, in2, .. and out1, out2, .., each kind
  numbered from 1 without gaps, in any order. Inputs are numbers that are finite
  in float32, targets 0 or 1. Blank lines, blanks around words and a byte order
  mark do not count.

  Args:
    path: a file in UTF-8, of at most 4,096 cases, 64 inputs and 64 targets.

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
      raise ValueError(
        'line 1: expected a header of in1, .., out1, .., found an empty file'
      )
    ins, outs = _columns(top, header)
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
      cases.append([_number(line, k, header[k], words[k]) for k in ins + outs])
  if not cases:
    raise ValueError(
      f'line {top}: expected a case or more below the header, found none'
    )
  values = np.asarray(cases, np.float32)
  inputs, targets = np.split(values, [len(ins)], axis=1)
  return Patterns(inputs.copy(), targets.copy())


def _at_least_one(bits: int) -> None:
  if bits < 1:
    raise ValueError(f'bits: expected at least 1, found {bits}')


def _written(numbers: np.ndarray, bits: int) -> np.ndarray:
  """Returns numbers `[C]` in binary `[C, bits]`, most significant bit first."""
  shifts = np.arange(bits)[::-1]
  return ((numbers[:, None] >> shifts) & 1).astype(np.float32)


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


def _columns(line: int, header: list[str]) -> tuple[list[int], list[int]]:
  """Returns where in1, in2, .. stand in a row, and where out1, out2, .."""
  at = {}
  for k, name in enumerate(header):
    place = f'line {line}, column {k + 1}'
    if not _COLUMN.fullmatch(name):
      raise ValueError(
        f'{place}: expected a name such as in1 or out1, '
        f'found {reprlib.repr(name)}'
      )
    if name in at:
      raise ValueError(
        f'{place}: expected each name once, found {reprlib.repr(name)} '
        f'also in column {at[name] + 1}'
      )
    at[name] = k
  found = []
  for kind, noun in (('in', 'inputs'), ('out', 'targets')):
    count = sum(name.startswith(kind) for name in at)
    if count > UNITS:
      raise ValueError(
        f'line {line}: expected at most {UNITS} {noun}, found {count}'
      )
    names = [f'{kind}{k + 1}' for k in range(max(count, 1))]
    for name in names:
      if name not in at:
        raise ValueError(
          f'line {line}: expected {noun} from {kind}1 on without gaps, '
          f'found no column {name}'
        )
    found.append([at[name] for name in names])
  return found[0], found[1]


def _number(line: int, k: int, name: str, word: str) -> float:
  """Returns what a cell holds, if its column may hold it."""
  value = float(word) if _NUMBER.fullmatch(word) else np.nan
  if name.startswith('out'):
    expected, fits = '0 or 1', value in (0, 1)
  else:
    expected = 'a number that is finite in float32'
    with np.errstate(over='ignore'):
      fits = np.isfinite(np.float32(value))
  if not fits:
    found = reprlib.repr(word) if word else 'an empty cell'
    raise ValueError(
      f'line {line}, column {k + 1} ({name}): expected {expected}, '
      f'found {found}'
    )
  return value

"""The small problems of PDP chapter 8, OR, and a user's own, from a table."""

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from jaxrep.tasks import tables
from jaxrep.tasks.patterns import Patterns

# What a user's own table holds.
_COLUMNS = (
  tables.Kind(
    'in', 'inputs', 'a number that is finite in float32', tables.finite
  ),
  tables.Kind('out', 'targets', '0 or 1', lambda value: value in (0, 1)),
)


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


def or_() -> Patterns:
  """Returns 00, 01, 10, 11 and whether any bit is on.

  References:
    Kolen & Pollack, NIPS 3 (1990), Figs 14-25: nets 2-2-1.
  """
  inputs, _ = xor()
  return Patterns(inputs, inputs.max(axis=1, keepdims=True))


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
  _two(size, 'xor')
  return xor()


def _or_of(size: int) -> Patterns:
  _two(size, 'or')
  return or_()


def _two(size: int, task: str) -> None:
  if size != 2:
    raise ValueError(f'size: expected 2 for {task}, found {size}')


TASKS: Mapping[str, Task] = MappingProxyType(
  {
    'xor': Task(_xor_of, 2, 2, lambda bits: 2),
    'or': Task(_or_of, 2, 2, lambda bits: 2),
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
  return Patterns(*tables.read(path, _COLUMNS))


def _at_least_one(bits: int) -> None:
  if bits < 1:
    raise ValueError(f'bits: expected at least 1, found {bits}')


def _written(numbers: np.ndarray, bits: int) -> np.ndarray:
  """Returns numbers `[C]` in binary `[C, bits]`, most significant bit first."""
  shifts = np.arange(bits)[::-1]
  return ((numbers[:, None] >> shifts) & 1).astype(np.float32)

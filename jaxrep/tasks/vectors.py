"""Vectors to be held: each pattern is its own target."""

import os

import numpy as np

from jaxrep.tasks import tables
from jaxrep.tasks.patterns import Patterns


def one_hot(units: int, *, halves: int = 1) -> Patterns:
  """Returns the vectors `[units, halves · units]` that have one unit on.

  Args:
    units: at least 1.
    halves: how often each vector stands beside itself: vector i of two halves
      has unit i of either on.

  References:
    Hinton & McClelland, NIPS 1987 (1988), p. 363: 1000, 0100, 0010, 0001.
  """
  return _own(np.tile(np.eye(units, dtype=np.float32), halves))


def random(units: int, count: int, *, seed: int) -> Patterns:
  """Returns vectors `[count, units]` uniform in 0 to 1.

  Args:
    units: of each vector.
    count: of vectors.
    seed: of the draw.
  """
  draw = np.random.default_rng(seed).random((count, units))
  return _own(draw.astype(np.float32))


def table(
  path: str | os.PathLike, *, linear: bool, binary: bool = False
) -> Patterns:
  """Returns the vectors of a CSV file with the columns v1, v2, ..

  Args:
    path: as for `tables.read`.
    linear: whether units may take any number, not only those from 0 to 1.
    binary: whether they are 0 or 1.

  Raises:
    ValueError: anything else, in one line that says where in the file.
    OSError: what cannot be opened or read.
  """
  kind = tables.Kind(
    'v', 'units', 'a number from 0 to 1', lambda value: 0 <= value <= 1
  )
  if binary:
    kind = kind._replace(expected='0 or 1', fits=lambda value: value in (0, 1))
  elif linear:
    finite = 'a number that is finite in float32'
    kind = kind._replace(expected=finite, fits=tables.finite)
  return _own(*tables.read(path, [kind]))


def _own(vectors: np.ndarray) -> Patterns:
  return Patterns(vectors, vectors.copy())

"""A line parts two pairs of points: pictures, and linear programming."""

import jax
import numpy as np
import pytest
from scipy.optimize import linprog

from jaxrep.measures import separable

SQUARE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)


@pytest.mark.parametrize(
  ('ons', 'offs', 'expected'),
  [
    ([[0, 1], [1, 0]], [[0, 0], [1, 1]], False),  # XOR: the diagonals cross
    ([[0, 0], [0, 1]], [[1, 0], [1, 1]], True),  # two sides of the square
    ([[0, 0], [3, 0]], [[1, 0], [5, 5]], False),  # one lies between the others
    ([[0, 0], [1, 0]], [[2, 0], [3, 0]], True),  # on one line, in a row
    ([[0, 0], [2, 0]], [[1, 0], [3, 0]], False),  # on one line, in turns
    ([[0, 0], [1, 1]], [[1, 1], [2, 0]], False),  # one point in common
    ([[1, 1], [1, 1]], [[1, 1], [1, 1]], False),  # all the same
    ([[0, 0], [0, 0]], [[1, 0], [1, 0]], True),  # two heaps
    ([[0, 0], [4, 0]], [[1, 1], [1, 9]], True),  # lines meet, segments do not
  ],
)  # fmt: skip
def test_pairs_are_parted_as_a_picture_shows(ons, offs, expected):
  ons, offs = np.array(ons, np.float32), np.array(offs, np.float32)
  for a, b in ((ons, offs), (offs, ons), (ons[::-1], offs)):
    assert bool(separable.parted(a, b)) == expected


def can_part(ons, offs):
  """Whether some w, b have w·p + b ≥ 1 for ons and ≤ -1 for offs."""
  sign = np.array([1, 1, -1, -1])
  rows = np.concatenate([np.concatenate([ons, offs]), np.ones((4, 1))], axis=1)
  sides = -sign[:, None] * rows, -np.ones(4)
  return linprog(np.zeros(3), *sides, bounds=(None, None)).status == 0


@pytest.mark.parametrize('grid', [False, True], ids=['anywhere', 'on a grid'])
def test_linear_programming_finds_a_line_where_there_is_one(grid):
  rng = np.random.default_rng(0)
  points = rng.normal(size=(100, 2, 2, 2))
  if grid:  # small whole numbers: often on one line, or the same
    points = rng.integers(0, 3, size=points.shape).astype(float)
  found = jax.vmap(separable.parted)(points[:, 0], points[:, 1])
  expected = [can_part(ons, offs) for ons, offs in points]
  assert 20 < sum(expected) < 90
  np.testing.assert_array_equal(found, expected)

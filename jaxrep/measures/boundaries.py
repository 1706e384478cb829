"""How rough the boundaries of a map of classes are: counts, and two exponents.

A map is `[P, P]` ints, row = y from low to high, column = x. Two ways to ask
for the dimension d of the boundaries in the plane, D = 2:

  N(s) ~ s^-d    boxes of side s that hold a boundary
  f(s) ~ s^α     share of pairs a distance s apart that end in different
                 classes,   α = D - d

Straight edges have d = 1 and α = 1; where every pixel is drawn by itself d = 2
and α = 0. Sides and distances are counted in pixels, so a zoom has the
exponents of what it shows. Counts are kept tile by tile: the tiles are what an
interval is drawn from. The tiles of a map are no independent draws, so such an
interval tells how much the exponent depends on the part of the map looked at.

References:
  Grebogi, McDonald, Ott & Yorke, Phys. Lett. A 99 (1983) 415: f ~ δ^α, α = D-d.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np


class Counts(NamedTuple):
  """What a map holds at K scales, in each of M tiles.

  Attributes:
    scale: `[K]` int, in pixels: 1, 2, 4, ..
    boxes: `[K, M]` int, boxes of that side that hold a boundary.
    differing: `[K, M]` int, pairs of pixels that far apart, along x or y, that
      are of different classes. A pair belongs to the tile of its first pixel.
    pairs: `[K, M]` int, all pairs.
  """

  scale: np.ndarray
  boxes: np.ndarray
  differing: np.ndarray
  pairs: np.ndarray


def scales(pixels: int) -> list[int]:
  """Returns the powers of two from 1 to an eighth of a map's side, in pixels.

  There are then at least 64 tiles of the largest scale. A map of fewer than 16
  pixels a side has the scale 1 alone, and no exponents.

  Args:
    pixels: P, at least 1.

  Raises:
    ValueError: fewer.
  """
  if pixels < 1:
    raise ValueError(f'pixels: expected at least 1, found {pixels}')
  return [2**k for k in range(max(pixels // 8, 1).bit_length())]


def mixed(classes: Any) -> np.ndarray:
  """Returns whether a boundary goes through each cell, `[P, P]` bool.

  The cell of a pixel lies between it and its right, upper and upper right
  neighbours; it is mixed if the four are not all of one class. Beyond the last
  row and column the edge is repeated.

  Args:
    classes: `[P, P]` ints; their names do not matter.

  Raises:
    ValueError: not a square.
  """
  classes = _square(classes)
  around = np.pad(classes, (0, 1), mode='edge')
  others = around[:-1, 1:], around[1:, :-1], around[1:, 1:]
  return np.any([other != classes for other in others], axis=0)


def counts(classes: Any) -> Counts:
  """Returns boxes with a boundary and pairs that differ, tile by tile.

  M tiles with the largest scale for a side cover the map, row after row from
  its lower left corner; what is left over above and to the right of the last
  tile belongs to none, but its pixels are the second ones of pairs. A box holds
  a boundary if any of its cells is mixed.

  Args:
    classes: `[P, P]` ints.

  Raises:
    ValueError: not a square.
  """
  classes = _square(classes)
  scale = scales(len(classes))
  tile = scale[-1]
  holds = _cropped(mixed(classes), tile)
  boxes, differing, pairs = [], [], []
  for side in scale:
    if side > 1:
      holds = _blocks(holds, 2).any(axis=(1, 3))
    boxes.append(_sums(holds, tile // side))
    unlike, there = np.zeros((2, *classes.shape), np.uint8)
    unlike[:, :-side] += classes[:, side:] != classes[:, :-side]
    unlike[:-side] += classes[side:] != classes[:-side]
    there[:, :-side] += 1
    there[:-side] += 1
    differing.append(_sums(_cropped(unlike, tile), tile))
    pairs.append(_sums(_cropped(there, tile), tile))
  return Counts(*map(np.array, (scale, boxes, differing, pairs)))


def box_dimension(scale: Sequence[int]) -> Callable[..., np.ndarray]:
  """Returns the statistic d of counts of boxes: `(*boxes, axis) -> d`.

  `stats.bootstrap(box_dimension(scale), boxes, unit=..)` is d and its interval
  over tiles. boxes are K arrays `[.., M]`, a scale each. d is minus the slope
  (`slope`) of log N(s) over log s.

  Where no box holds a boundary, or there is a single scale, d is -inf: among
  resamples that is lower than any, where nan would cost both bounds.

  Args:
    scale: `[K]`, of the counts.
  """

  def statistic(*boxes, axis):
    found = slope(scale, _totals(boxes, axis))
    return np.where(np.isnan(found), -np.inf, -found)

  return statistic


def sensitivity(scale: Sequence[int]) -> Callable[..., np.ndarray]:
  """Returns the statistic α of counts of pairs: `(*columns, axis) -> α`.

  `stats.bootstrap(sensitivity(scale), [*differing, *pairs], unit=..)` is the
  final-state sensitivity exponent and its interval over tiles. The columns are
  2K arrays `[.., M]`. α is the slope (`slope`) of log f(s) over log s, f =
  differing / pairs.

  Where an f is 0, or there is a single scale, α is inf: see `box_dimension`.

  A pair that has crossed two boundaries may be of one class again: where few
  classes take turns in fine and regular order, α comes out too low, d + α < 2.

  Args:
    scale: `[K]`, of the counts.

  References:
    Grebogi, McDonald, Ott & Yorke, Phys. Lett. A 99 (1983) 415.
  """

  def statistic(*columns, axis):
    totals = _totals(columns, axis)
    differing, pairs = np.split(totals, [len(scale)], axis=-1)
    found = slope(scale, differing / _positive(pairs))
    return np.where(np.isnan(found), np.inf, found)

  return statistic


def slope(scale: Sequence[int], values: Any) -> np.ndarray:
  """Returns the least-squares slope of log values over log scale, `[..]`.

  The line goes through the means of both logs. nan where a value is 0, and for
  a single scale.

  Args:
    scale: `[K]`, positive.
    values: `[.., K]`, at least 0.
  """
  x = np.log(scale)
  x -= x.mean()
  return np.log(_positive(values)) @ (x / _positive(np.sum(x**2)))


def slopes(scale: Sequence[int], values: Any) -> np.ndarray:
  """Returns the slopes from each scale to the next, `[.., K-1]`.

  Those of a power law are all alike. nan where a value is 0.

  Args:
    scale: `[K]`, positive.
    values: `[.., K]`, at least 0.
  """
  return np.diff(np.log(_positive(values))) / np.diff(np.log(scale))


def _totals(columns: Sequence[np.ndarray], axis: int) -> np.ndarray:
  """Returns the sums over tiles, `[.., columns]`."""
  return np.stack([np.sum(column, axis=axis) for column in columns], -1)


def _positive(values: Any) -> np.ndarray:
  """Returns the values, nan for those that have no logarithm."""
  return np.where(np.asarray(values) > 0, values, np.nan)


def _square(classes: Any) -> np.ndarray:
  classes = np.asarray(classes)
  if classes.ndim != 2 or classes.shape[0] != classes.shape[1]:
    raise ValueError(f'classes: expected a square, found {classes.shape}')
  return classes


def _cropped(pixels: np.ndarray, tile: int) -> np.ndarray:
  """Returns the part of a map that whole tiles cover."""
  kept = len(pixels) // tile * tile
  return pixels[:kept, :kept]


def _blocks(pixels: np.ndarray, side: int) -> np.ndarray:
  """Returns a map `[P, P]` as `[P/side, side, P/side, side]`."""
  blocks = len(pixels) // side
  return pixels.reshape(blocks, side, blocks, side)


def _sums(pixels: np.ndarray, side: int) -> np.ndarray:
  """Returns the sum over each block of a side, `[(P/side)²]`."""
  return _blocks(pixels, side).sum(axis=(1, 3), dtype=np.int64).ravel()

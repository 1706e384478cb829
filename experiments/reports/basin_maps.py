"""The maps of a record: arrays `[P, P]`, colours, and what their axes are."""

import types
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxrep import basins, records, slices
from jaxrep.figures import hues
from jaxrep.measures import solutions

from ..results.basins import coarse, square
from ..shared.groups import Group, word

Extent = tuple[float, float, float, float]
# What later figures of the paper zoom into, by the slice: x, then y.
BOXES = types.MappingProxyType({
  '+7+4-9-9-5Y-3+9X': {
    'Fig. 12': (-9.0, -5.4, -1.8, 1.8),
    'Fig. 13': (-6.966, -6.166, -0.5, 0.3),
  },
  '+5+5-1X+5-1Y+3-1': {
    'Fig. 16': (-4.5, 1.5, -4.5, 1.5),
    'Fig. 18': (-1.68, -1.2, -1.35, -0.87),
    'Fig. 20': (-1.536, -1.38, -1.197, -1.041),
    'Fig. 22': (-1.47282, -1.45882, -1.14552, -1.13152),
    'Fig. 24': (-1.46715, -1.46395, -1.14076, -1.13756),
  },
})  # fmt: skip


class Kinds(NamedTuple):
  """The solutions of a record, the most common first.

  Attributes:
    codes: `[K]`, their signs as numbers.
    families: `[K]`, of each.
    names: `[K]`, their signs: '+++ ++- +--'.
  """

  codes: np.ndarray
  families: np.ndarray
  names: Sequence[str]


class Map(NamedTuple):
  """A map, ready to be drawn.

  Attributes:
    group: its nets.
    sweeps: `[P, P]`, NaN where a net did not converge.
    classes: `[P, P]`, of `Kinds`; -1 has none. None: too many weights.
    ends: `[Q, Q]`, how nets of the coarser grid ended; Q may be 0.
    extent: low and high end of x, then of y.
    epochs: that every net made.
  """

  group: Group
  sweeps: np.ndarray
  classes: np.ndarray | None
  ends: np.ndarray
  extent: Extent
  epochs: int

  def times(self) -> np.ndarray:
    """Returns the picture `[P, P, 3]` of how soon nets converge."""
    return hues.times_rgb(self.sweeps, most=self.epochs)


def kinds(found: Sequence[Group]) -> Kinds | None:
  """Returns the solutions that nets found; None: they have too many weights.

  A solution is of the family that most of its nets are of: for a few of them a
  bias decides.
  """
  if 'solution' not in found[0].arrays:
    return None
  pairs = [
    np.stack([g.arrays['solution'], g.arrays['family']], axis=1) for g in found
  ]
  pairs, counts = np.unique(np.concatenate(pairs), axis=0, return_counts=True)
  pairs = pairs[np.argsort(-counts, kind='stable')]
  order = np.sort(np.unique(pairs[:, 0], return_index=True)[1])
  codes, families = pairs[order][pairs[order, 0] != basins.NONE].T
  units = found[0].arrays['unit_weights']
  return Kinds(codes, families, [solutions.words(c, units) for c in codes])


def maps(found: Sequence[Group], known: Kinds | None) -> list[Map]:
  """Returns the maps of a record.

  Args:
    found: its nets by setting.
    known: their solutions, from `kinds`.
  """
  return [_map(group, known) for group in found]


def _map(group, known):
  arrays = group.arrays
  classes = None
  if known is not None:
    order = np.argsort(known.codes)
    place = np.searchsorted(known.codes[order], arrays['solution'])
    place = np.append(order, basins.NONE)[np.minimum(place, len(order))]
    none = arrays['solution'] == basins.NONE
    classes = square(np.where(none, basins.NONE, place))
  return Map(
    group,
    square(arrays['sweeps']),
    classes,
    coarse(arrays),
    (*_ends(square(arrays['x'])[0]), *_ends(square(arrays['y'])[:, 0])),
    int(arrays['epochs'][0]),
  )


def _ends(line: np.ndarray) -> tuple[float, float]:
  """Returns the ends of an axis; the high one is a pixel past the last."""
  return float(line[0]), float(
    line[-1] + (line[-1] - line[0]) / (len(line) - 1)
  )


def labels(flags: Mapping[str, str], arrays: records.Arrays) -> list[str]:
  """Returns what the two axes are, in words.

  Args:
    flags: of the record.
    arrays: of one of its parts.
  """
  names = _weights(arrays['unit_weights'], arrays['targets'].shape[1])
  plane = slices.parse(flags['slice'], len(names), tied=True)
  words = []
  for axis in flags['axes'].split(','):
    if axis not in basins.LETTERS:
      words.append(word(axis))
      continue
    taken = plane.along[basins.LETTERS.index(axis)]
    first, *others = np.flatnonzero(taken)
    sign = '−' if taken[first] < 0 else ''
    more = f' and {len(others)} more' * bool(others)
    words.append(f'{sign}{names[first]}{more}')
  return words


def _weights(units: np.ndarray, outputs: int) -> list[str]:
  """Returns the names of weights: 'weight 6: bias of hidden unit 2'."""
  hidden = len(units) - outputs
  names = []
  for unit, count in enumerate(units, 1):
    whose = f'hidden unit {unit}' if unit <= hidden else 'the output'
    whose += f' {unit - hidden}' * (unit > hidden and outputs > 1)
    for k in range(1, count + 1):
      part = 'bias' if k == count else f'input {k}'
      names.append(f'weight {len(names) + 1}: {part} of {whose}')
  return names


def boxes(drawn: Map, flags: Mapping[str, str]) -> dict[str, Extent]:
  """Returns the parts of a map that a source shows in full, by figure."""
  x0, x1, y0, y1 = drawn.extent
  known = BOXES.get(flags['slice'], {})
  if flags['task'] == 'symmetry':
    known = {'the letter’s ± 0.3': (-0.3, 0.3, -0.3, 0.3)}
  shown = {}
  for name, box in known.items():
    inside = x0 <= box[0] and box[1] <= x1 and y0 <= box[2] and box[3] <= y1
    if inside and 0.02 < (box[1] - box[0]) / (x1 - x0) < 0.9:
      shown[name] = box
  return shown

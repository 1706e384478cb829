"""What an interchange is, in one example; and the map it is made in."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import FancyBboxPatch, Rectangle

from jaxrep.figures import lettering, style, units

GREY = '#A0A0A0'  # under the squares, as in `units.hinton`
WIDE = 16.0  # of a column
APART = 4.5  # between columns
INSET = 1.0  # of a row of units, at both ends: room for words between them
SIDE = 6.5  # left of the columns, for the names of rows
LINE = 1.9  # high enough for a line of words
PAIRS = 0.7  # between pairs of entities
CHIP = 2.7  # from one variable to the next
DASHES = ('-', (0, (2.5, 1)))  # of frames: the base's, the source's


@matplotlib.rc_context(style.RC)
def rotation(
  ax: Axes,
  matrix: np.ndarray,
  *,
  rows: Sequence[tuple[str, int]],
  columns: Sequence[str] = (),
  largest: float | None = None,
  title: str = '',
) -> None:
  """Draws a map as a Hinton diagram, its rows in groups, one a variable.

  White squares are positive, black ones negative; areas are in proportion.

  Args:
    matrix: `[D, D]`; a row is a direction, a column a unit of the site.
    rows: names and sizes of groups of rows, from the top, D in all; a group
      of none is left out. With k < D / V dimensions for each of V variables,
      the rest of its rows is a group of its own.
    columns: `[D]` names of units, or none.
    largest: the number that fills its cell; None takes the largest.
    title: what was found.

  Raises:
    ValueError: groups that do not hold all rows.
  """
  matrix = np.asarray(matrix, float)
  groups = [(name, count) for name, count in rows if count]
  if sum(count for _, count in groups) != len(matrix):
    raise ValueError(f'rows: expected {len(matrix)} in all, found {rows}')
  if not matrix.size:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'nothing to show')
    style.dress(ax, title=title)
    return
  parts, names, gaps, top = [], [], [], 0
  blank = np.zeros((1, matrix.shape[1]))
  for name, count in groups:
    if parts:
      parts.append(blank)
      gaps.append(top)
      top += 1
    first = top - len(gaps)
    parts.append(matrix[first : first + count])
    names.append((top + (count - 1) / 2, name))
    top += count
  finite = abs(matrix[np.isfinite(matrix)]).max(initial=0)
  largest = largest or finite or 1.0
  units.hinton(ax, np.concatenate(parts), largest=largest, title=title)
  for gap in gaps:
    ax.axhspan(gap - 0.5, gap + 0.5, color='white', zorder=3, lw=0)
  ax.set_yticks(*zip(*names, strict=True))
  if len(columns):
    cell = lettering.room(ax)[0] / len(columns) / 1.4
    turn = 90 * (lettering.length(columns, 8) > cell + 4)
    ax.set_xticks(range(len(columns)), columns, rotation=turn,
                  fontsize=8)  # fmt: skip
  ax.set_xlabel(f'largest square: |r| = {largest:.3g}')


@matplotlib.rc_context(style.RC)
def example(
  ax: Axes,
  base: np.ndarray,
  source: np.ndarray,
  hidden: np.ndarray,
  values: Sequence[Sequence[str]],
  moved: Sequence[bool],
  answers: Sequence[tuple[str, str]],
  *,
  variables: Sequence[str] = ('(a = b)', '(c = d)'),
  entities: Sequence[str] = 'abcd',
  site: str = 'layer 1',
  title: str = '',
) -> None:
  """Draws one interchange: a base, a source, and the base with part of it.

  What is the base's stands in solid frames, what comes from the source in
  dashed ones of another colour, in the third column, too. There the units stand
  in both, for they are of both: the base's, but for the part of them that
  carries the variable, which is the source's. That part is so many directions
  among all units, not some of the squares.

  Args:
    ax: 8.5 inches wide and 3.6 high will do; more height stays free below.
    base: `[E, D]`, the entities that the net sees.
    source: `[E, D]`, the entities from which a variable is taken.
    hidden: `[3, H]`, the units at the site: of the base, of the source, and
      of the base after the interchange.
    values: `[2][V]`, in words: what each variable is in base and in source.
    moved: `[V]`, which variables are taken from the source.
    answers: `[3]` of what the net says, and what it should say, in words.
    variables: `[V]` names.
    entities: `[E]` names.
    site: where the units are.
    title: what is to be seen.

  Raises:
    ValueError: arrays that do not match.
  """
  base, source = (np.asarray(a, float) for a in (base, source))
  hidden = np.asarray(hidden, float)
  if base.shape != source.shape or len(base) != len(entities):
    raise ValueError(
      f'source: expected {len(entities)} entities as in base, {base.shape}, '
      f'found {source.shape}'
    )
  if len(hidden) != 3 or len(answers) != 3:
    raise ValueError(
      f'hidden: expected 3 rows and 3 answers, found {len(hidden)} and '
      f'{len(answers)}'
    )
  ax.set_axis_off()
  ax.set(xticks=[], yticks=[])
  if not base.size:
    style.nothing(ax, 'nothing to show')
    style.dress(ax, title=title)
    return
  taken = ' and '.join(v for v, m in zip(variables, moved, strict=True) if m)
  heads = ['the base', 'the source', f'the base, with {taken or "nothing"}\n'
           'taken from the source']  # fmt: skip
  mixed = [values[int(m)][v] for v, m in enumerate(moved)]
  said = [values[0], values[1], mixed]
  froms = [[0] * len(moved), [1] * len(moved), [int(m) for m in moved]]
  unit = _canvas(ax, len(base), len(variables))
  small, tops = min(8.5, 1.1 * unit), _tops(len(base), len(variables))
  largest = [abs(a[np.isfinite(a)]).max(initial=0) or 1.0
             for a in (np.stack([base, source]), hidden)]  # fmt: skip
  parts = 'inputs', 'variables', site, 'answer'
  for name, y in zip(parts, tops, strict=True):
    ax.text(-SIDE, y + 0.1, name, va='top', fontsize=small, color=style.FAINT)
  for k in range(3):
    left, seen = k * (WIDE + APART), source if k == 1 else base
    bold = {'weight': 'bold'} if k == 2 else {}
    ax.text(left + WIDE / 2, 0, heads[k], ha='center', va='bottom',
            fontsize=min(9.5, 1.2 * unit), **bold)  # fmt: skip
    _entities(ax, seen, entities, left, tops[0], largest[0], int(k == 1), small)
    for v, (name, value) in enumerate(zip(variables, said[k], strict=True)):
      _chip(ax, f'{name}: {value}', left, tops[1] + v * CHIP, froms[k][v],
            small)  # fmt: skip
      if k == 2 and moved[v]:
        y = tops[1] + (v + 0.5) * CHIP - 0.15
        _arrow(ax, left - APART - 2, left + 2, y, 'taken', small)
    _units(ax, hidden[k], left, tops[2], largest[1], {*froms[k], k % 2})
    if k == 2 and any(moved):
      y = tops[2] + LINE / 2
      part = 'its part of' if sum(moved) == 1 else 'their parts of'
      _arrow(ax, left - APART - INSET, left + INSET - 0.4, y,
             f'{part}\nthe units', small)  # fmt: skip
    says, should = answers[k]
    mark, color = ('✓', '#1F6F50') if says == should else ('✗', '#A3121F')
    ax.text(left + WIDE / 2, tops[3], f'net says: {says} {mark}', ha='center',
            va='top', fontsize=small, weight='bold', color=color)  # fmt: skip
    ax.text(left + WIDE / 2, tops[3] + LINE, f'expected: {should}', va='top',
            ha='center', fontsize=small)  # fmt: skip
  style.dress(ax, title=title)


def _tops(count, variables):
  """Returns where inputs, variables, hidden units and answers begin."""
  inputs = 0.6
  told = inputs + count * LINE + (count - 1) // 2 * PAIRS + 1.2
  hidden = told + variables * CHIP + 1.1
  return inputs, told, hidden, hidden + 3.0


def _canvas(ax, count, variables):
  """Sets the limits; returns how many points a unit of length is."""
  left, right = -SIDE - 0.3, 3 * WIDE + 2 * APART + 0.3
  top, bottom = -2.8, _tops(count, variables)[3] + LINE + 1.2
  ax.set(xlim=(left, right), ylim=(bottom, top))
  ax.set_aspect('equal', anchor='N')
  return min(np.divide(lettering.room(ax), (right - left, bottom - top)))


def _entities(ax, vectors, names, left, top, largest, source, size):
  """Draws entities as rows of squares, in pairs, in one frame a pair."""
  inner, start = WIDE - 4, left + 2
  for row, name in enumerate(names):
    y = top + row * LINE + row // 2 * PAIRS
    _squares(ax, vectors[row], start, y, inner, LINE, largest)
    ax.text(start - 0.5, y + LINE / 2, name, ha='right', va='center',
            fontsize=size)  # fmt: skip
    if row % 2 == 0:
      high = LINE * min(2, len(names) - row)
      _frame(ax, start, y, inner, high, source)


def _units(ax, states, left, top, largest, froms):
  """Draws units as a row of squares, in a frame for each origin."""
  left, wide = left + INSET, WIDE - 2 * INSET
  _squares(ax, states, left, top, wide, LINE, largest)
  for k, source in enumerate(sorted(froms)):
    off = 0.35 * k
    _frame(ax, left - off, top - off, wide + 2 * off, LINE + 2 * off, source)


def _squares(ax, numbers, left, top, wide, high, largest):
  """Draws numbers as white and black squares on grey, as Hinton diagrams."""
  ax.add_patch(Rectangle((left, top), wide, high, facecolor=GREY, lw=0))
  cell = wide / max(len(numbers), 1)
  middle = left + cell * (np.arange(len(numbers)) + 0.5)
  finite = np.isfinite(numbers)
  size = np.minimum(abs(np.where(finite, numbers, 0)) / largest, 1)
  side = 0.84 * min(cell, high) * np.sqrt(size)
  centre = np.stack([middle, np.full(len(middle), top + high / 2)], axis=1)
  corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
  squares = centre[:, None] + side[:, None, None] * corners
  for color, chosen in (('white', numbers > 0), ('black', numbers < 0)):
    here = PolyCollection(squares[chosen & finite], facecolors=color)
    ax.add_collection(here, autolim=False)
  ax.plot(*centre[~finite].T, marker='x', ls='', color='#A3121F', ms=4)


def _frame(ax, left, top, wide, high, source):
  """Frames what is the base's, or the source's."""
  look = style.series(source)
  ax.add_patch(
    Rectangle((left, top), wide, high, facecolor='none', clip_on=False,
              edgecolor=look.color, ls=DASHES[source], lw=1.8, zorder=3)
  )  # fmt: skip


def _chip(ax, words, left, top, source, size):
  """Writes what a variable is, framed by where it comes from."""
  look = style.series(source)
  ax.add_patch(
    FancyBboxPatch(
      (left + 2, top + 0.15), WIDE - 4, CHIP - 0.6, facecolor='white',
      boxstyle='round,pad=0,rounding_size=0.8', edgecolor=look.color,
      ls=DASHES[source], lw=1.8, zorder=3,
    )
  )  # fmt: skip
  ax.text(left + WIDE / 2, top + CHIP / 2 - 0.15, words, ha='center',
          va='center', fontsize=size, color=look.color, zorder=4)  # fmt: skip


def _arrow(ax, start, end, y, words, size):
  """Leads from a part of the source to the base that takes it."""
  look = style.series(1)
  ax.annotate(
    '', (end, y), xytext=(start, y), zorder=4,
    arrowprops={'arrowstyle': '-|>', 'lw': 2, 'color': look.color,
                'shrinkA': 0, 'shrinkB': 0, 'mutation_scale': 13},
  )  # fmt: skip
  ax.text((start + end) / 2, y - 0.3, words, ha='center', va='bottom',
          fontsize=size, color=look.color)  # fmt: skip

"""Small matrices side by side: the same thing at many moments."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from jaxrep.figures import style

MISSING = '#E8C4BE'  # of what is not a number, as in `units.states`
SIZE = 7.5  # points; titles that do not fit are smaller
GAP = 0.4  # between panels, of a panel
_LETTER = 0.6  # width of a letter, of its size


@matplotlib.rc_context(style.RC)
def grid(
  ax: Axes,
  matrices: np.ndarray,
  titles: Sequence[str],
  *,
  columns: int,
  row_labels: Sequence[str] = (),
  column_labels: Sequence[str] = (),
  caption: str = '',
) -> None:
  """Draws matrices row by row in one axes: white is 0, dark is 1.

  A number that is not finite is a crossed cell of a colour of its own. (Axes of
  their own for some fifty panels take seconds to lay out.)

  Args:
    ax: high enough for N / columns panels, each with a title above it.
    matrices: `[N, R, C]`, 0 to 1.
    titles: `[N]`, in small letters above the panels; all shrink together until
      none is as wide as panels are apart.
    columns: panels side by side.
    row_labels: `[R]` names, beside the first panel, or none.
    column_labels: `[C]` names, under the first panel, or none.
    caption: words under all the panels: what they show.
  """
  matrices = np.asarray(matrices, float)
  ax.set_axis_off()
  if not matrices.size:
    style.nothing(ax, 'no panels')
    return
  count, rows, cells = matrices.shape
  pitch = (
    rows + max(1, int(np.ceil(GAP * rows))),
    cells + int(np.ceil(GAP * cells)),
  )
  size = _title_size(ax, titles, columns)
  frames = []
  for k, (matrix, title) in enumerate(zip(matrices, titles, strict=True)):
    top, left = (k // columns) * pitch[0], (k % columns) * pitch[1]
    frames.append(Rectangle((left, top), cells, rows))
    _panel(ax, matrix, left, top)
    ax.text(
      left + cells / 2, top - 0.04 * rows, title, fontsize=size, ha='center',
      va='bottom',
    )  # fmt: skip
  frame = {'facecolor': 'none', 'edgecolor': style.FAINT, 'lw': 0.5}
  ax.add_collection(PatchCollection(frames, **frame), autolim=False)
  small = {'fontsize': 6.5, 'color': style.TEXT}
  for k, name in enumerate(row_labels):
    ax.text(-0.1, k + 0.5, name, ha='right', va='center', **small)
  turn = 90 * any(len(name) > 2 for name in column_labels)
  for k, name in enumerate(column_labels):
    ax.text(k + 0.5, rows + 0.1, name, ha='center', va='top', rotation=turn,
            **small)  # fmt: skip
  high = -(-count // columns) * pitch[0]
  wide = min(count, columns) * pitch[1] - pitch[1] + cells
  ax.set(xlim=(-0.3, wide + 0.3), ylim=(high, rows - pitch[0]), aspect='equal')
  if caption:
    ax.figure.supxlabel(caption, fontsize=9)


def _panel(ax, matrix, left, top):
  """Draws one matrix `[R, C]` with its corner at a place."""
  rows, cells = matrix.shape
  finite = np.isfinite(matrix)
  y, x = np.nonzero(~finite)
  missing = [
    Rectangle((left + j, top + i), 1, 1) for i, j in zip(y, x, strict=True)
  ]
  ax.add_collection(PatchCollection(missing, facecolor=MISSING), autolim=False)
  ax.pcolormesh(
    left + np.arange(cells + 1), top + np.arange(rows + 1),
    np.ma.masked_where(~finite, matrix), cmap='Greys', vmin=0, vmax=1.2,
    edgecolors='white', lw=0.4,
  )  # fmt: skip
  if len(x):
    ax.plot(left + x + 0.5, top + y + 0.5, marker='x', ls='', color='#A3121F',
            ms=3, mew=0.6)  # fmt: skip


def _title_size(ax, titles, columns) -> float:
  """Returns the size in which no title is wider than panels are apart."""
  longest = max(map(len, titles), default=1)
  room = style.points(ax)[0] / columns
  return min(SIZE, room / (_LETTER * max(longest, 1)))

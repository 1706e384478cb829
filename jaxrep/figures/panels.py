"""Small matrices side by side: the same thing at many moments."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from jaxrep.figures import style

MISSING = '#E8C4BE'  # of what is not a number, as in `units.states`
SIZE = 7.5  # points; titles that do not fit are smaller


@matplotlib.rc_context(style.RC)
def grid(
  axes: Sequence[Axes],
  matrices: np.ndarray,
  titles: Sequence[str],
  *,
  row_labels: Sequence[str] = (),
  column_labels: Sequence[str] = (),
  caption: str = '',
) -> None:
  """Draws one matrix an axes: white is 0, dark is 1.

  A number that is not finite is a crossed cell of a colour of its own. Axes
  that are left over are switched off.

  Args:
    axes: N or more, in any shape; `style.figure(10, 5)[1]`, say.
    matrices: `[N, R, C]`, 0 to 1.
    titles: `[N]`, in small letters above the panels; all shrink together until
      none is as wide as neighbouring panels are apart.
    row_labels: `[R]` names, beside the first panel, or none.
    column_labels: `[C]` names, under the first panel, or none.
    caption: words under all the panels: what they show.

  Raises:
    ValueError: fewer axes than matrices.
  """
  axes, matrices = np.ravel(axes), np.asarray(matrices, float)
  if len(axes) < len(matrices):
    raise ValueError(
      f'axes: expected at least {len(matrices)}, found {len(axes)}'
    )
  for ax in axes:
    ax.set(xticks=[], yticks=[])
  used = axes[: len(matrices)]
  for ax, matrix in zip(used, matrices, strict=True):
    _panel(ax, matrix)
  _titles(used, titles)
  if matrices.size:
    small = {'fontsize': 6.5}
    turn = 90 * any(len(name) > 2 for name in column_labels)
    used[0].set_yticks(range(len(row_labels)), row_labels, **small)
    used[0].set_xticks(
      range(len(column_labels)), column_labels, rotation=turn, **small
    )
    used[0].tick_params(length=0, pad=2)
  elif len(axes):
    style.nothing(axes[0], 'no panels')
  for ax in axes[len(matrices) :]:
    ax.set_axis_off()
  if caption:
    axes[0].figure.supxlabel(caption, fontsize=9)


def _panel(ax, matrix):
  """Draws one matrix `[R, C]` in a thin frame."""
  rows, columns = matrix.shape
  ax.set(xlim=(-0.5, max(columns, 1) - 0.5), ylim=(max(rows, 1) - 0.5, -0.5))
  ax.set(facecolor=MISSING, aspect='equal')
  ax.pcolormesh(
    np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5,
    np.ma.masked_invalid(matrix), cmap='Greys', vmin=0, vmax=1.2,
    edgecolors='white', lw=0.4,
  )  # fmt: skip
  y, x = np.nonzero(~np.isfinite(matrix))
  ax.plot(x, y, marker='x', ls='', color='#A3121F', ms=3, mew=0.6)
  ax.spines[:].set(visible=True, linewidth=0.5)


def _titles(axes, titles):
  """Writes the titles in one size, in which none reaches its neighbour."""
  text = [
    ax.set_title(title, fontsize=SIZE, pad=2.5)
    for ax, title in zip(axes, titles, strict=True)
  ]
  boxes = [ax.get_window_extent() for ax in axes]
  apart = np.diff(np.unique([round(box.x0) for box in boxes]))
  room = 0.95 * min([*apart, *(1.2 * box.width for box in boxes)], default=0)
  widest = max((t.get_window_extent().width for t in text), default=0)
  for t in text:
    t.set_fontsize(SIZE * min(1, room / max(widest, 1)))

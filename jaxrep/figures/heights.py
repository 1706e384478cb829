"""Heights: of named lines, as a criterion, and of a figure of many rows."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from jaxrep.figures import style


def draw(ax: Axes, levels: Mapping[str, float]) -> None:
  """Draws named horizontal lines, each label right of the axes at its line.

  The limits and the scale of y must be set before. Where lines lie close, the
  labels stand one above the other, in the order of their lines.

  Args:
    levels: label -> y, in data units; one outside the limits is not drawn.
  """
  size, step = 8.5, 10.5
  _, height = style.points(ax)
  low, high = sorted(ax.get_ylim())
  inside = sorted((y, name) for name, y in levels.items() if low <= y <= high)
  if not inside:
    return
  ends = [(ax.get_xlim()[0], y) for y, _ in inside]
  ends = ax.transAxes.inverted().transform(ax.transData.transform(ends))
  lines = height * ends[:, 1]
  # Upwards a step apart; then down again from the top, as far as needed.
  order = np.arange(len(lines))
  places = np.maximum.accumulate(np.maximum(lines, 0) - step * order)
  top = height + step * (order - len(lines) + 1)
  places = np.minimum(places + step * order, top)
  for (y, name), line, place in zip(inside, lines, places, strict=True):
    ax.axhline(y, color=style.TEXT, lw=0.8, ls=(0, (4, 2)), zorder=4)
    ax.annotate(
      name,
      (1, y),
      xycoords=('axes fraction', 'data'),
      xytext=(4, place - line),
      textcoords='offset points',
      va='center',
      fontsize=size,
      annotation_clip=False,
    )


def rows(count: int, series: int = 1) -> float:
  """Returns how high a figure of so many named rows should be, in inches."""
  return 1.6 + max(count, 3) * (0.1 + 0.12 * max(series, 1))

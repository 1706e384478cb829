"""Named lines across a figure: what a source says, states known by name."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from jaxrep.figures import style


def draw(ax: Axes, marks: Mapping[str, float]) -> float:
  """Draws named vertical lines, labels above the axes; returns their height.

  The limits and the scale of x must be set before. Labels stand on poles, to
  the right of their line (to the left near the right edge), each as low as
  its neighbours allow.

  Args:
    marks: label -> x, in data units; one outside the limits is not drawn.

  Returns:
    How many points the labels take above the axes.
  """
  size, step = 8.5, 11.0
  width, _ = style.points(ax)
  low, high = sorted(ax.get_xlim())
  inside = [(x, name) for name, x in marks.items() if low <= x <= high]
  if not inside:
    return 0.0
  ends = ax.transData.transform([(x, ax.get_ylim()[0]) for x, _ in inside])
  poles = ax.transAxes.inverted().transform(ends)[:, 0] * width
  placed = []  # of left end, right end, pole, level

  def put(k, pole, turned):
    x, name = inside[k]
    span = 0.58 * size * len(name) + 5
    left, right = (pole - span, pole) if turned else (pole, pole + span)
    hit = [lv for a, b, p, lv in placed if left < b and a < right + 3]
    level = 1 + max(hit, default=-1)
    placed.append((left, right, pole, level))
    ax.axvline(x, color=style.TEXT, lw=0.9, ls=(0, (4, 2)), zorder=4)
    ax.annotate(
      name,
      (x, 1),
      xycoords=('data', 'axes fraction'),
      xytext=(-3 if turned else 3, 2 + step * level),
      textcoords='offset points',
      ha='right' if turned else 'left',
      va='bottom',
      fontsize=size,
      annotation_clip=False,
    )
    ax.annotate(
      '',
      (x, 1),
      xycoords=('data', 'axes fraction'),
      xytext=(0, 2 + step * (level + 0.8)),
      textcoords='offset points',
      arrowprops={'arrowstyle': '-', 'lw': 0.7, 'shrinkA': 0, 'shrinkB': 0},
      annotation_clip=False,
    )

  order = np.argsort(poles, kind='stable')[::-1]
  room = [0.58 * size * len(inside[k][1]) + 5 for k in range(len(inside))]
  turned = [poles[k] + room[k] > width + 8 for k in range(len(inside))]
  for k in order:
    if not turned[k]:
      put(k, poles[k], False)
  for k in order[::-1]:
    if turned[k]:
      put(k, poles[k], True)
  return step * (1 + max(level for *_, level in placed))

"""What single units see: their weights, and what they say of the patterns."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from jaxrep.figures import style


@matplotlib.rc_context(style.RC)
def hinton(
  ax: Axes,
  weights: np.ndarray,
  *,
  row_labels: Sequence[str] = (),
  column_labels: Sequence[str] = (),
  largest: float | None = None,
  title: str = '',
) -> None:
  """Draws a Hinton diagram: a square a weight, white positive, black negative.

  The area of a square is proportional to the size of its weight; the size of
  the largest is written below. What is no finite number is a cross.

  Args:
    weights: `[I, O]`; input units are rows, output units columns.
    row_labels: `[I]` names, or none.
    column_labels: `[O]` names, or none.
    largest: the weight that fills its cell, to give several diagrams one
      scale; None takes the largest of these weights.
    title: what was found.
  """
  weights = np.asarray(weights, float)
  finite = np.isfinite(weights)
  if largest is None:
    largest = abs(weights[finite]).max(initial=0)
  rows, columns = weights.shape
  ax.set(xlim=(-0.5, max(columns, 1) - 0.5), ylim=(max(rows, 1) - 0.5, -0.5))
  ax.set(aspect='equal', facecolor='#A0A0A0')
  for color, chosen in (
    ('white', finite & (weights > 0)),
    ('black', finite & (weights < 0)),
  ):
    centre = np.argwhere(chosen)[:, ::-1]
    side = 0.92 * np.sqrt(np.minimum(abs(weights[chosen]) / largest, 1.0))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
    squares = centre[:, None] + side[:, None, None] * corners
    ax.add_collection(PolyCollection(squares, facecolors=color), autolim=False)
  y, x = np.nonzero(~finite)
  ax.plot(x, y, marker='x', ls='', color='#A3121F', mew=2)
  ax.set_xticks(range(len(column_labels)), column_labels)
  ax.set_yticks(range(len(row_labels)), row_labels)
  ax.tick_params(length=0)
  if weights.size:
    words = f'largest square: |w| = {largest:.3g}'
  else:
    words = 'no weights'
  style.dress(ax, title=title, xlabel=words)
  ax.spines[:].set_visible(False)


@matplotlib.rc_context(style.RC)
def states(
  ax: Axes,
  states: np.ndarray,
  *,
  row_labels: Sequence[str] = (),
  column_labels: Sequence[str] = (),
  title: str = '',
) -> None:
  """Draws what every unit says in every case: white is 0, dark is 1.

  The value stands in its cell where there is room for it.

  Args:
    states: `[C, n]`, 0 to 1; cases are rows, units columns.
    row_labels: `[C]` names, or none.
    column_labels: `[n]` names, or none.
    title: what was found.
  """
  states = np.asarray(states, float)
  rows, columns = states.shape
  ax.set(xlim=(-0.5, max(columns, 1) - 0.5), ylim=(max(rows, 1) - 0.5, -0.5))
  ax.set(facecolor='#E8C4BE')  # of what is not a number
  known = np.ma.masked_invalid(states)
  mesh = ax.pcolormesh(
    np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, known,
    cmap='Greys', vmin=0, vmax=1.3, edgecolors='white', lw=0.8,
  )  # fmt: skip
  mesh.set_rasterized(False)
  width, height = style.points(ax)
  cell = min(width / max(columns, 1) / 2.2, height / max(rows, 1) / 1.2)
  if cell >= 6:
    for (row, column), value in np.ndenumerate(states):
      if np.isfinite(value):
        ax.text(
          column, row, f'{value:.2f}', ha='center', va='center',
          fontsize=min(cell, 9), color='white' if value > 0.65 else style.TEXT,
        )  # fmt: skip
  size = float(np.clip(height / max(rows, 1) / 1.2, 3, 9))
  ax.set_xticks(range(len(column_labels)), column_labels)
  ax.set_yticks(range(len(row_labels)), row_labels, fontsize=size)
  ax.tick_params(length=0)
  if not states.size:
    style.nothing(ax, 'no states')
  style.dress(ax, title=title)
  ax.spines[['left', 'bottom']].set_visible(False)


@matplotlib.rc_context(style.RC)
def sorted_inputs(
  ax: Axes,
  totals: np.ndarray,
  targets: np.ndarray,
  *,
  labels: Sequence[str],
  vectors: np.ndarray | None = None,
  threshold: float = 0.0,
  title: str = '',
  ylabel: str = 'net input x',
) -> None:
  """Draws the patterns in the order of one unit's net input, by class.

  Classes differ in colour, in marker and in fill. The dashed line is where a
  sigmoid unit answers one half.

  Args:
    totals: `[C]`, the unit's net input in every case.
    targets: `[C]` int, the class of every case, an index into labels.
    labels: a name for each class.
    vectors: `[C, I]`: the patterns themselves, drawn as columns under their
      points, black where an input is on (above 0).
    threshold: net input at which the line is drawn.
    title: what was found.
    ylabel: the net input, and whose it is.
  """
  totals, targets = np.asarray(totals, float), np.asarray(targets).astype(int)
  order = np.argsort(totals, kind='stable')
  rank = np.arange(len(totals))
  totals, targets = totals[order], targets[order]
  ax.axhline(threshold, color=style.TEXT, lw=0.9, ls=(0, (4, 2)), zorder=1)
  for k, label in enumerate(labels):
    mine = targets == k
    look = style.series(k)
    face = look.color if k else 'white'
    name = f'{label}: {mine.sum():,}'
    line = {'ls': '', 'marker': look.marker, 'color': look.color}
    ax.vlines(
      rank[mine], threshold, totals[mine], color=look.color, lw=0.8, alpha=0.4
    )
    ax.plot(rank[mine], totals[mine], **line, ms=4.5, mfc=face, label=name)
  if len(totals):
    ax.legend(loc='best')
    ax.set_xlim(-1, len(totals))
  else:
    ax.set_yticks([])
    style.nothing(ax, 'no patterns')
  ax.set_xticks([])
  lost = np.sum(~np.isfinite(totals))
  words = 'patterns, sorted by net input'
  words += f' ({lost:,} not finite)' if lost else ''
  if vectors is not None and len(totals):
    _raster(ax, np.asarray(vectors)[order])
    style.dress(ax, title=title, ylabel=ylabel)
    ax.child_axes[-1].set_xlabel(words)
  else:
    style.dress(ax, title=title, xlabel=words, ylabel=ylabel)


def _raster(ax, vectors):
  """Draws the vectors `[C, I]` as columns of cells, under the axes."""
  count, inputs = vectors.shape
  strip = ax.inset_axes((0, -0.3, 1, 0.26))
  strip.imshow(
    (vectors > 0).T,
    cmap='Greys',
    vmin=0,
    vmax=1.25,
    aspect='auto',
    interpolation='nearest',
  )
  strip.set(xlim=(-1, count), xticks=[], yticks=[0, inputs - 1])
  strip.set_yticklabels(['1', f'{inputs}'])
  strip.set_ylabel('input', fontsize=9)
  strip.tick_params(length=0, labelsize=8)
  strip.spines[:].set_visible(False)

"""What becomes of nets as two settings vary."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.patches import Patch

from jaxrep.figures import cells, style, ticks


@matplotlib.rc_context(style.RC)
def heat(
  ax: Axes,
  x: np.ndarray,
  y: np.ndarray,
  values: np.ndarray,
  *,
  xlabel: str,
  ylabel: str,
  label: str,
  levels: Sequence[float] = (),
  vmin: float | None = None,
  vmax: float | None = None,
  missing: str = 'never',
  scale: str | tuple[str, str] = 'log',
  norm: str = 'linear',
  unit: str = '',
  marks: Mapping[str, tuple[float, float]] | None = None,
  title: str = '',
) -> None:
  """Draws a map over two settings, with contours and a colour bar.

  A cell reaches half way to its neighbours: to the geometric mean on a log
  scale, to the arithmetic mean on a linear one. Undefined cells are black and
  hatched, and a legend says what that means.

  Args:
    x: `[X]`, rising.
    y: `[Y]`, rising.
    values: `[Y, X]`; NaN or inf where undefined.
    xlabel: the setting along x, and its unit.
    ylabel: the setting along y, and its unit.
    label: the value and its unit, beside the colour bar.
    levels: rising values at which contours are drawn and labelled.
    vmin: value of the darkest colour; None takes the smallest value.
    vmax: value of the brightest colour; None takes the largest value.
    missing: what it means that a cell is undefined.
    scale: 'log' or 'linear', or a pair, for x and for y.
    norm: 'linear', or 'log' for colours over orders of magnitude (values of 0
      or less then count as undefined).
    unit: 'rate' or 'share' for values from 0 to 1, written as percentages.
    marks: label -> (x, y), marked by a cross: the setting of a source.
    title: what was found.

  Raises:
    ValueError: an unknown scale or norm, or settings that do not rise.
  """
  if norm not in ('log', 'linear'):
    raise ValueError(f"norm: expected 'log' or 'linear', found {norm!r}")
  scales = (scale, scale) if isinstance(scale, str) else scale
  x, y = np.asarray(x, float), np.asarray(y, float)
  edges = cells.edges(x, scales[0], 'x'), cells.edges(y, scales[1], 'y')
  values = np.asarray(values, float).reshape(len(y), len(x))
  known = np.isfinite(values) & ((norm == 'linear') | (values > 0))
  shown = np.ma.masked_where(~known, values)
  words = ticks.percent if unit in ticks.SHARES else ticks.thousands
  lift = 0.0 if known.all() else _explain(ax, missing)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)
  if not values.size:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'no settings')
  else:
    colours = _colours(shown.compressed(), vmin, vmax, norm)
    mesh = ax.pcolormesh(*edges, shown, norm=colours, cmap=_viridis())
    cells.ruled(ax.xaxis, x, scales[0])
    cells.ruled(ax.yaxis, y, scales[1])
    ax.set(xlim=edges[0][[0, -1]], ylim=edges[1][[0, -1]])
    bar = ax.figure.colorbar(mesh, ax=ax, label=label, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.minorticks_off()
    if norm == 'log':
      ticks.logarithmic(bar.ax.yaxis, colours.vmin, colours.vmax)
    words(bar.ax.yaxis)
    inside = [v for v in levels if shown.min() < v < shown.max()]
    if inside and min(values.shape) > 1:
      lines = ax.contour(x, y, shown, levels=inside, colors='white')
      lines.set(linewidth=1.2, path_effects=style.outlined(2.4))
      texts = ax.clabel(
        lines, fontsize=8, fmt=bar.ax.yaxis.get_major_formatter()
      )
      for text in texts:
        text.set(color='white', path_effects=style.outlined(2))
    for name, place in (marks or {}).items():
      ax.plot(*place, '+', ms=13, mew=2.4, color='white',
              path_effects=style.outlined(4.5))  # fmt: skip
      ax.annotate(
        name, place, (7, 7), textcoords='offset points', color='white',
        path_effects=style.outlined(2.4),
      )  # fmt: skip


def _colours(known, vmin, vmax, norm):
  """Returns a norm with room between its ends, whatever the values are."""
  low = min(known, default=1.0) if vmin is None else vmin
  high = max(known, default=low) if vmax is None else vmax
  if not low < high:
    low, high = (low / 2, low * 2) if norm == 'log' else (low - 0.5, low + 0.5)
  return (LogNorm if norm == 'log' else Normalize)(low, high)


def _viridis():
  """Returns viridis without its darkest eighth, which black must not meet."""
  full = matplotlib.colormaps['viridis']
  return ListedColormap(full(np.linspace(0.125, 1, 256)), name='viridis-light')


def _explain(ax, missing):
  """Blackens and hatches what lies behind undefined cells, with a legend."""
  hatched = {'facecolor': 'black', 'hatch': '////', 'edgecolor': '#8A8A8A'}
  ax.patch.set(**hatched, linewidth=0)
  ax.legend(
    handles=[Patch(**hatched, linewidth=0, label=missing)],
    loc='lower right',
    bbox_to_anchor=(1, 1),
    borderaxespad=0.2,
    handlelength=1.6,
  )
  return 14.0

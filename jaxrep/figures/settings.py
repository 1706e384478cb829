"""What becomes of nets as one setting varies."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from jaxrep.figures import cells, style, ticks

ROOM = 0.5  # of an axis of shares; where all are less, it ends above them


@matplotlib.rc_context(style.RC)
def rates(
  ax: Axes,
  x: np.ndarray,
  value: np.ndarray,
  low: np.ndarray,
  high: np.ndarray,
  *,
  xlabel: str,
  ylabel: str,
  labels: Sequence[str] = (),
  marks: Mapping[str, float] | None = None,
  curves: Mapping[str, Sequence[float]] | None = None,
  scale: str = 'log',
  yscale: str = 'linear',
  unit: str = 'rate',
  title: str = '',
) -> None:
  """Draws a value with its interval at every setting, one series or several.

  Series stand a little beside each other, so that no interval hides another.

  Args:
    x: `[X]`, the setting, rising; > 0 on a log scale.
    value: `[L, X]`, or `[X]` for one series; NaN or inf where undefined.
    low: like value: the lower end of its interval.
    high: like value: the upper end.
    xlabel: the setting and its unit.
    ylabel: the value and its unit.
    labels: one for each series, with its number of nets.
    marks: label -> value, drawn as horizontal lines: what a source says.
    curves: label -> `[X]`: what a source says at every setting.
    scale: of x, 'log' or 'linear'.
    yscale: of a value that is no share, 'log' or 'linear'; on a log scale all
      that is finite must be above 0.
    unit: 'rate' or 'share' for values from 0 to 1, drawn as percentages;
      anything else is drawn as it comes.
    title: what was found.

  Raises:
    ValueError: an unknown scale, or settings that do not rise.
  """
  x = np.asarray(x, float)
  edges = cells.edges(x, scale, 'x')
  series = [np.atleast_2d(np.asarray(a, float)) for a in (value, low, high)]
  series = [np.where(np.isfinite(a), a, np.nan) for a in series]
  marks = marks or {}
  if len(x):
    cells.ruled(ax.xaxis, x, scale)
    ax.set_xlim(edges[0], edges[-1])
  for k, (row, low_k, high_k) in enumerate(zip(*series, strict=True)):
    if len(x):
      place = 0.5 + 0.4 * ((k + 1) / (len(series[0]) + 1) - 0.5)
      at = cells.within(edges, place, scale)
      label = labels[k] if len(labels) else '_'
      _series(ax, at, row, low_k, high_k, label, style.series(k))
  if unit in ticks.SHARES:
    top = np.nanmax([*series[2].ravel(), *series[0].ravel(), 0.01])
    top = 1.03 if top > ROOM else 1.2 * top
    ax.set_ylim(-0.02 * top, top)
    ticks.percent(ax.yaxis)
  elif yscale == 'log' and np.isfinite(series[0]).any():
    ends = np.nanmin(series[1]) / 1.2, np.nanmax(series[2]) * 1.2
    ax.set(yscale='log', ylim=ends)
    ticks.logarithmic(ax.yaxis, *ends)
  else:
    ticks.thousands(ax.yaxis)
  if not np.isfinite(series[0]).any():
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'nothing to show')
  else:
    for name, height in marks.items():
      line = {'lw': 0.9, 'ls': (0, (4, 2)), 'zorder': 1}
      ax.axhline(height, color=style.TEXT, label=name, **line)
    for name, heights in (curves or {}).items():
      line = {'lw': 1.4, 'ls': (0, (1, 1.2)), 'zorder': 1}
      ax.plot(x, heights, color=style.TEXT, label=name, **line)
    if len(labels) or marks or curves:
      ax.legend(loc='best', handlelength=3.2)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel)


def _series(ax, x, value, low, high, label, look):
  """Draws one series: a thin line, and each value with its interval."""
  reach = np.stack([value - low, high - value])
  ax.errorbar(
    x,
    value,
    yerr=np.maximum(np.nan_to_num(reach), 0),
    color=look.color,
    marker=look.marker,
    ms=5,
    ls=look.dashes,
    lw=0.9,
    elinewidth=1.2,
    capsize=2.5,
    label=label,
  )

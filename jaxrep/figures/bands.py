"""What most nets do over time: a middle, and a band round it."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from jaxrep.figures import heights, poles, style, ticks


@matplotlib.rc_context(style.RC)
def bands(
  ax: Axes,
  x: np.ndarray,
  middle: np.ndarray,
  low: np.ndarray,
  high: np.ndarray,
  *,
  labels: Sequence[str],
  xlabel: str,
  ylabel: str,
  levels: Mapping[str, float] | None = None,
  marks: Mapping[str, float] | None = None,
  scale: str = 'linear',
  title: str = '',
) -> None:
  """Draws a line in a shaded band for each series.

  The edges of a band are thin lines in its series' dashes, so that bands that
  overlap are told apart without colour. What is not finite leaves a gap.

  Args:
    x: `[T]`, rising.
    middle: `[L, T]`, the median, say, of all nets.
    low: `[L, T]`, the lower end of the band: the 10 % quantile, say.
    high: `[L, T]`, the upper end.
    labels: `[L]`, one for each series.
    xlabel: what x counts.
    ylabel: the value and its unit, and what line and band are.
    levels: label -> value, drawn as horizontal lines: 0, 1, a criterion.
    marks: label -> x, drawn as vertical lines: what a source says.
    scale: of y, 'linear' or 'log'; there, what is not above 0 lies on the
      bottom edge.
    title: what was found.

  Raises:
    ValueError: an unknown scale.
  """
  if scale not in ('log', 'linear'):
    raise ValueError(f"scale: expected 'log' or 'linear', found {scale!r}")
  x, levels = np.asarray(x, float), levels or {}
  drawn = np.array([low, middle, high], float).reshape(3, len(labels), len(x))
  drawn[~np.isfinite(drawn)] = np.nan
  seen = np.append(drawn[~np.isnan(drawn)], list(levels.values()))
  seen = seen[seen > 0] if scale == 'log' else seen
  lift = 0.0
  if np.isnan(drawn).all() or not seen.size:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'nothing to show')
  else:
    room = 0 if np.ptp(x) else 1
    ax.set_xlim(x[0] - room, x[-1] + room)
    ticks.thousands(ax.xaxis)
    _limits(ax, seen.min(), seen.max(), scale)
    if scale == 'log':
      floor = ax.get_ylim()[0]
      drawn = np.where(drawn < floor, floor, drawn)  # NaN stays NaN
    heights.draw(ax, levels)
    pairs = [_series(ax, x, *drawn[:, k], k) for k in range(len(labels))]
    ax.legend(pairs, labels, loc='best', handlelength=3.2)
    lift = poles.draw(ax, marks or {})
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)


def _limits(ax, low, high, scale):
  """Sets the scale and the limits of y, with some room."""
  ax.set_yscale(scale)
  if scale == 'log':
    ax.set_ylim(low / 1.3, high * 1.3)
    ticks.logarithmic(ax.yaxis, *ax.get_ylim())
  else:
    room = 0.04 * (high - low) or 0.1 * abs(high) or 1.0
    ax.set_ylim(low - room, high + room)
    ticks.thousands(ax.yaxis)


def _series(ax, x, low, middle, high, k):
  """Draws one series; returns its band and its line, for the legend."""
  look = style.series(k)
  line = {'color': look.color, 'ls': look.dashes}
  band = ax.fill_between(
    x, low, high, color=look.color, alpha=0.16, lw=0, zorder=2
  )
  for edge in (low, high):
    ax.plot(x, edge, **line, lw=0.6, alpha=0.8, zorder=2.1)
  lone = {'marker': look.marker, 'ms': 5} if len(x) == 1 else {}
  (curve,) = ax.plot(x, middle, **line, **lone, lw=1.8, zorder=3)
  return band, curve

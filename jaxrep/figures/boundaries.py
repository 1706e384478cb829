"""Numbers of maps: how boundaries scale, and where nets do not converge."""

from collections.abc import Mapping
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from jaxrep.figures import cells, settings, style, ticks

BAND = '#E9DFC7'
WIDE = 230  # points; narrower axes have their legend below them


class Scaling(NamedTuple):
  """A number at several scales, and the power law that was fitted to it.

  Attributes:
    scale: `[K]`, above 0: the side of a box, a distance.
    value: `[K]`: the boxes that a boundary meets, a share of pairs.
    slope: of ln value against ln scale; NaN where there is no fit.
    intercept: ln value at scale 1.
    words: what the fit says, such as 'd = 1.62 [1.58, 1.66]'.
  """

  scale: np.ndarray
  value: np.ndarray
  slope: float = np.nan
  intercept: float = np.nan
  words: str = ''


@matplotlib.rc_context(style.RC)
def scaling(
  ax: Axes,
  series: Mapping[str, Scaling],
  *,
  xlabel: str,
  ylabel: str,
  slopes: Mapping[str, float] | None = None,
  unit: str = '',
  title: str = '',
) -> None:
  """Draws numbers against scale on two log axes, with their power laws.

  A line reaches over its points. Those that are not above 0 are counted under
  the axes.

  Args:
    ax: 5.5 inches wide and 4 high, or 3.75 and 3.75.
    series: label -> points and fit.
    xlabel: the scale and its unit, such as 'box side, pixels'.
    ylabel: the number and its unit.
    slopes: label -> slope of a thin line for comparison, such as that of a
      smooth curve; it begins at the coarsest point of the first series.
    unit: 'rate' or 'share' for values from 0 to 1, written as percentages.
    title: what was found.

  Raises:
    ValueError: a series whose values are not one a scale.
  """
  lines, seen, lost = [], [np.zeros((2, 0))], 0
  for k, (label, one) in enumerate(series.items()):
    points = _points(label, one)
    there = np.isfinite(points).all(axis=0) & (points > 0).all(axis=0)
    lost += int((~there).sum())
    seen.append(points[:, there])
    look = style.series(k)
    dots = {'marker': look.marker, 'ms': 5, 'color': look.color}
    ax.plot(*points[:, there], ls='', **dots, zorder=3)
    ends = points[0, there]
    ends = np.array([ends.min(), ends.max()]) if len(ends) else ends
    fit = look.dashes if np.isfinite(one.slope) else ''
    line = {'color': look.color, 'ls': fit, 'lw': 1.4}
    ax.plot(ends, np.exp(one.intercept + one.slope * np.log(ends)), **line)
    words = ': '.join(filter(None, [label, one.words]))
    lines.append(Line2D([], [], label=words, **(line | dots)))
  seen = np.concatenate(seen, axis=1)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel)
  if lost:
    words = f'not drawn: {lost} point' + 's' * (lost > 1) + ' not above 0'
    style.remark(ax, words)
  if not seen.size:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'nothing to show')
    return
  for name, slope in (slopes or {}).items():
    thin = {'color': style.FAINT, 'lw': 0.9, 'ls': (0, (4, 3)), 'zorder': 1}
    lines += ax.plot(*_compared(seen, slope), label=name, **thin)
  low, high = seen.min(axis=1), seen.max(axis=1)
  ax.set(yscale='log', ylim=_room(low[1], high[1]))
  ticks.logarithmic(ax.yaxis, *ax.get_ylim())
  if unit in ticks.SHARES:
    ticks.percent(ax.yaxis)
  width = style.points(ax)[0]
  scales = np.unique(seen[0])
  few = int(np.ceil(len(scales) / max(width / 26, 1)))  # a label is so wide
  cells.ruled(ax.xaxis, scales[::few] if len(scales) <= 10 else scales, 'log')
  ax.set_xlim(_room(low[0], high[0]))
  if width > WIDE:
    ax.legend(handles=lines, loc='best', handlelength=3.2)
  else:
    under = (36 + 13 * bool(lost)) / 8.5  # below the words under the axes
    ax.legend(
      handles=lines, loc='upper center', bbox_to_anchor=(0.45, 0),
      borderaxespad=under, fontsize=8.5, handlelength=3.2,
    )  # fmt: skip


def _points(label, one):
  """Returns scales and values `[2, K]`."""
  scale, value = (np.asarray(a, float) for a in (one.scale, one.value))
  if scale.shape != value.shape:
    raise ValueError(
      f'series: {label}: expected {len(scale)} values, one a scale, found'
      f' {len(value)}'
    )
  return np.stack([scale, value])


def _compared(seen, slope):
  """Returns the line of a slope from the coarsest point to finer ones."""
  start = seen[:, seen[0].argmax()]
  ends = np.array([seen[0].min(), start[0]])
  return ends, start[1] * (ends / start[0]) ** slope


def _room(low, high):
  """Returns limits on a log axis with some room on both sides."""
  room = max((high / low) ** 0.06, 1.15)
  return low / room, high * room


@matplotlib.rc_context(style.RC)
def nonconvergence(
  ax: Axes,
  ranges: np.ndarray,
  rates: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
  *,
  xlabel: str = 'initial range',
  ylabel: str = 'nets that do not converge',
  bands: Mapping[str, tuple[float, float, float, float]] | None = None,
  title: str = '',
) -> None:
  """Draws the share of nets that do not converge, by their initial range.

  Args:
    ax: 7 inches wide and 4.5 high.
    ranges: `[R]`, rising, above 0.
    rates: label -> share `[R]` and the ends of its interval, one a setting.
    xlabel: the range, and its unit.
    ylabel: the share.
    bands: label -> x0, x1, y0, y1, shaded: what a source says.
    title: what was found.

  Raises:
    ValueError: ranges that do not rise.

  References:
    Kolen & Pollack, NIPS 3 (1990), Fig. 1.
  """
  empty = np.zeros((3, 0, len(ranges)))
  value, low, high = np.stack(list(rates.values()), 1) if rates else empty
  settings.rates(
    ax, ranges, value, low, high, xlabel=xlabel, ylabel=ylabel,
    labels=list(rates), title=title,
  )  # fmt: skip
  handles = list(ax.get_legend_handles_labels()[0])
  for label, (x0, x1, y0, y1) in (bands or {}).items():
    box = {'fc': BAND, 'ec': style.FAINT, 'lw': 0.8, 'zorder': 0}
    box = Rectangle((x0, y0), x1 - x0, y1 - y0, label=label, **box)
    handles.append(ax.add_patch(box))
  if handles:
    ax.legend(handles=handles, loc='upper left', handlelength=3.2)

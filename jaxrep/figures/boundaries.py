"""Numbers of maps: how boundaries scale, and where nets do not converge."""

from collections.abc import Mapping
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from jaxrep.figures import cells, settings, style, ticks

BAND = '#E9DFC7'


class Scaling(NamedTuple):
  """A number at several scales, and the power law that was fitted to it.

  Attributes:
    scale: `[K]`, above 0: the side of a box, a distance.
    value: `[K]`: the boxes that a boundary meets, a share of pairs.
    slope: of ln value against ln scale; NaN where there is no fit.
    intercept: ln value at scale 1.
    words: what the fit says, such as 'd = 1.62 [1.58, 1.66]'.
    fitted: `[K]` bool, the points of the fit; None takes all.
  """

  scale: np.ndarray
  value: np.ndarray
  slope: float = np.nan
  intercept: float = np.nan
  words: str = ''
  fitted: np.ndarray | None = None


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

  Points that are in no fit are hollow. A line reaches over the points of its
  fit. Points that are not above 0 are counted under the axes.

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
    ValueError: a series whose values or fitted points are not one a scale.
  """
  handles, seen, lost = [], [], 0
  for k, (label, one) in enumerate(series.items()):
    scale, value = (np.asarray(a, float) for a in (one.scale, one.value))
    fitted = np.ones(scale.shape, bool) if one.fitted is None else one.fitted
    fitted = np.asarray(fitted, bool)
    if not scale.shape == value.shape == fitted.shape:
      raise ValueError(
        f'series: {label}: expected {len(scale)} values and fitted points, one'
        f' a scale, found {len(value)} and {len(fitted)}'
      )
    there = np.isfinite(scale) & np.isfinite(value) & (scale > 0) & (value > 0)
    lost += (~there).sum()
    seen.append(np.stack([scale, value])[:, there])
    look = style.series(k)
    dots = {'ls': '', 'marker': look.marker, 'ms': 5, 'color': look.color}
    for here, face in ((fitted, look.color), (~fitted, 'white')):
      ax.plot(scale[here & there], value[here & there], mfc=face, **dots,
              zorder=3)  # fmt: skip
    ends = scale[fitted & there]
    ends = np.array([ends.min(), ends.max()]) if len(ends) else ends
    heights = np.exp(one.intercept + one.slope * np.log(ends))
    name = ': '.join(filter(None, [label, one.words]))
    [line] = ax.plot(
      ends, heights, color=look.color, ls=look.dashes, lw=1.4, label=name,
      marker='', zorder=2,
    )  # fmt: skip
    handles.append((line, dots, name))
  seen = np.concatenate([np.zeros((2, 0)), *seen], axis=1)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel)
  if lost:
    style.remark(ax, f'not drawn: {lost:,} point' + 's' * (lost > 1)
                 + ' not above 0')  # fmt: skip
  if not seen.size:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'nothing to show')
    return
  lines = _explained(handles)
  for name, slope in (slopes or {}).items():
    lines += ax.plot(*_compared(seen, slope), color=style.FAINT, lw=0.9,
                     ls=(0, (4, 3)), label=name, zorder=1)  # fmt: skip
  cells.ruled(ax.xaxis, np.unique(seen[0]), 'log')
  low, high = seen.min(axis=1), seen.max(axis=1)
  ax.set(yscale='log', xlim=_room(low[0], high[0]), ylim=_room(low[1], high[1]))
  ticks.logarithmic(ax.yaxis, *ax.get_ylim())
  if unit in ticks.SHARES:
    ticks.percent(ax.yaxis)
  ax.legend(handles=lines, loc='best', handlelength=3.2)


def _explained(handles):
  """Returns the legend's lines: a fit and its points together."""
  lines = []
  for line, dots, name in handles:
    both = {**dots, 'ls': line.get_linestyle(), 'label': name}
    both |= {'ls': line._unscaled_dash_pattern}
    lines.append(matplotlib.lines.Line2D([], [], lw=1.4, **both))
  return lines


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

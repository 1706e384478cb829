"""Many nets, each shown: rows of a number, and a number over a rate."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from jaxrep.figures import cells, dots, heights, lettering, style, ticks

GAP = 0.6  # of a row, left free on both sides of the rule together
LETTER = 0.56  # mean width of a letter / its font's size


@matplotlib.rc_context(style.RC)
def every_net(
  ax: Axes,
  labels: Sequence[str],
  values: Sequence,
  means: Sequence,
  low: Sequence,
  high: Sequence,
  *,
  xlabel: str,
  series: Sequence[str] = (),
  source: Sequence | None = None,
  source_label: str = 'the source',
  middle: str = dots.MIDDLE,
  zero: float | None = 0.0,
  rule_after: int | None = None,
  ranked: bool = False,
  most: int = 300,
  title: str = '',
) -> None:
  """Draws a row for each quantity: a dot for each net, mean and interval.

  With `series`, the arrays and `source` are lists of what is described below,
  one a series, and the series stand one above the other in each row: nothing
  else tells so soon which of two effects is larger.

  Args:
    ax: as high as `heights.rows` says.
    labels: `[G]`, the rows, from the top.
    values: `[G]` of `[N]`, where N may differ between rows; what is not finite
      is not drawn.
    means: `[G]`, NaN where there is none.
    low: `[G]`, the lower end of the mean's interval.
    high: `[G]`, the upper end.
    xlabel: the quantity and its unit.
    series: `[L]` names, 6 at most; or none, for one series.
    source: `[G]`, what a source says of the row; None or NaN where it says
      nothing.
    source_label: whose numbers those are.
    middle: what is drawn over the dots.
    zero: where no effect would be, a vertical line; or None.
    rule_after: a line under so many rows: controls stand below it.
    ranked: the row with the largest mean, of the first series, on top.
    most: of each row, so many nets are drawn, the first.
    title: what was found.

  Raises:
    ValueError: series or rows that are not one for each array.
  """
  count = len(labels)
  every = [values, means, low, high, source or [None] * count]
  if not len(series):
    every = [[a] for a in every]
  elif source is None:
    every[-1] = [[None] * count] * len(series)
  for name, arrays in zip(('values', 'means', 'low', 'high', 'source'), every,
                          strict=True):  # fmt: skip
    found = [len(a) for a in arrays]
    if found != [count] * max(len(series), 1):
      raise ValueError(
        f'{name}: expected {max(len(series), 1)} × {count} rows, found {found}'
      )
  nets = [[dots.seen(row) for row in rows] for rows in every[0]]
  rest = [[dots.gaps(a) for a in arrays] for arrays in every[1:]]
  order = np.arange(count)
  if ranked and count:
    order = np.argsort(-np.nan_to_num(rest[0][0], nan=-np.inf), kind='stable')
  places = np.arange(count, dtype=float)
  if rule_after is not None:
    places[rule_after:] += GAP
    if 0 < rule_after < count:
      line = {'color': style.FAINT, 'lw': 0.9}
      ax.axhline(rule_after - 0.5 + GAP / 2, **line, zorder=1)
  ax.set_ylim(places[-1] + 0.5 if count else 1, -0.5)
  _name(ax, [labels[k] for k in order], places)
  lift, seen = 0.0, dots.seen(*sum(nets, []), *sum(rest, []))
  if seen.size:
    _limits(ax, seen if zero is None else np.append(seen, zero))
    # Through the rows; or, where a row holds several series, between them.
    for y in places[:-1] + 0.5 if len(series) else places:
      ax.axhline(y, color='#E4E4E4', lw=0.7, zorder=0)
    if zero is not None:
      ax.axvline(zero, color=style.TEXT, lw=0.9, zorder=1)
    handles = _rows(ax, order, places, nets, rest, series, most)
    lift = lettering.legend(
      ax, handles + _explained(rest[-1], middle, source_label, len(series) > 1)
    )
  else:
    ax.set_xticks([])
    style.nothing(ax, 'no values' if count else 'no rows')
  style.dress(ax, title=title, xlabel=xlabel, lift=lift)
  ax.spines['left'].set_visible(False)
  if seen.size:
    style.remark(ax, dots.counted(map(len, sum(nets, [])), most))


def _limits(ax, seen):
  """Sets the limits of x round all that is seen, with some room."""
  ax.set_xlim(dots.around(seen))
  steps = int(np.clip(style.points(ax)[0] / 60, 2, 8))
  ax.xaxis.set_major_locator(MaxNLocator(steps, steps=[1, 2, 2.5, 5, 10]))
  ticks.thousands(ax.xaxis)


def _rows(ax, order, places, nets, rest, series, most):
  """Draws all rows; returns a legend's line for each series, if there are."""
  count, handles = len(nets), []
  wide = 0.84 if count == 1 else 0.74 / count
  for k in range(count):
    look = style.series(k)
    at = places + wide * (k - (count - 1) / 2)
    for y, row in zip(at, order, strict=True):
      shown = nets[k][row][:most]
      dots.nets(ax, shown, dots.beside(y, len(shown), 0.38 * wide), look)
    means, low, high, source = (a[k][order] for a in rest)
    dots.means(ax, means, at, low, high, look, along='x')
    for color, lw in (('white', 5), (style.TEXT, 2.2)):
      for near, far in ((-0.47, -0.2), (0.2, 0.47)):  # beside the mean
        ends = [at + near * wide, at + far * wide]
        ax.plot([source] * 2, ends, color=color, lw=lw, zorder=2.6)
    if len(series):
      handles.append(dots.point(look, series[k], {'ms': 6}))
  return handles


def _explained(source, middle, source_label, several):
  """Returns the legend's lines for all that is drawn over the dots."""
  handles = [dots.explained(None if several else style.series(0), middle)]
  if np.isfinite(source).any():
    mark = {'marker': '|', 'ms': 11, 'mew': 2.2, 'color': style.TEXT}
    handles.append(Line2D([], [], ls='', **mark, label=source_label))
  return handles


def _name(ax, labels, places):
  """Names the rows, in lines and letters as small as it takes."""
  width, height = style.points(ax)
  room = 0.9 * height / max(len(labels), 1)  # of a row, before layout
  broken, size = [], 9.0
  for size in np.arange(9, 3, -0.5):
    wide = max(int(0.45 * width / (LETTER * size)), 12)
    broken = [textwrap.fill(label, wide) for label in labels]
    lines = max((text.count('\n') + 1 for text in broken), default=1)
    if 1.3 * size * lines <= room:
      break
  ax.set_yticks(places, broken, fontsize=size)
  ax.tick_params(axis='y', length=0)


@matplotlib.rc_context(style.RC)
def against_rate(
  ax: Axes,
  rates: np.ndarray,
  values: Mapping[str, np.ndarray],
  low: Mapping[str, np.ndarray],
  high: Mapping[str, np.ndarray],
  *,
  ylabel: str,
  xlabel: str = 'learning rate',
  source: Mapping[str, float] | None = None,
  most: int = 300,
  title: str = '',
) -> None:
  """Draws every net's number at every learning rate, one series or several.

  Series stand a little beside each other. Lines join the means over nets with
  a finite number.

  Args:
    rates: `[R]`, rising, > 0; on a log scale.
    values: label -> `[R, N]`; NaN where undefined.
    low: label -> `[R]`, the lower end of the mean's interval.
    high: label -> `[R]`, the upper end.
    ylabel: the number and its unit.
    xlabel: what varies.
    source: label -> value, a horizontal line named right of the axes.
    most: so many nets are drawn at each rate, the first.
    title: what was found.

  Raises:
    ValueError: rates that do not rise, or not one row for each.
  """
  rates, source = np.asarray(rates, float), source or {}
  edges = cells.edges(rates, 'log', 'rates')
  every = {name: dots.gaps(a) for name, a in values.items()}
  for name, a in every.items():
    if len(a) != len(rates):
      raise ValueError(
        f'values: expected {len(rates)} rows of {name}, found {len(a)}'
      )
  seen = dots.seen(*every.values())
  if not seen.size:
    dots.nothing(ax, title, xlabel, ylabel)
    return
  cells.ruled(ax.xaxis, rates, 'log')
  ax.set_xlim(edges[0], edges[-1])
  ends = {name: [dots.gaps(e[name]) for e in (low, high)] for name in every}
  more = [list(source.values()), *sum(ends.values(), [])]
  ax.set_ylim(dots.around(dots.seen(seen, *more)))
  ticks.thousands(ax.yaxis)
  heights.draw(ax, source)
  handles = []
  for k, (name, a) in enumerate(every.items()):
    look, wide = style.series(k), 0.7 / len(every)
    middle = 0.5 + wide * (k - (len(every) - 1) / 2)
    means = dots.mean(a.T)
    for row, nets in enumerate(a):
      nets = dots.seen(nets)[:most]
      share = dots.beside(middle, len(nets), 0.36 * wide)
      place = cells.within(edges[row : row + 2], share, 'log')
      dots.nets(ax, place, nets, look)
    x = cells.within(edges, middle, 'log')
    ax.plot(x, means, color=look.color, ls=look.dashes, lw=1.3, zorder=2.5)
    dots.means(ax, x, means, *ends[name], look)
    line = {'color': look.color, 'ls': look.dashes, 'marker': look.marker}
    handles.append(Line2D([], [], **line, ms=6, label=name))
  lift = lettering.legend(ax, handles)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)
  sizes = [len(dots.seen(row)) for a in every.values() for row in a]
  style.remark(ax, dots.counted(sizes, most))

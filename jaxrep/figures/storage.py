"""Many nets, each shown: rows of a number, and a number over a rate."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from jaxrep.figures import cells, heights, lettering, style, ticks

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
  middle: str = 'mean, 95 % interval',
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
  dots = [[_finite(row) for row in rows] for rows in every[0]]
  rest = [[_finite(a, gaps=True) for a in arrays] for arrays in every[1:]]
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
  lift, seen = 0.0, _seen(dots, rest)
  if seen.size:
    _limits(ax, seen if zero is None else np.append(seen, zero))
    # Through the rows; or, where a row holds several series, between them.
    for y in places[:-1] + 0.5 if len(series) else places:
      ax.axhline(y, color='#E4E4E4', lw=0.7, zorder=0)
    if zero is not None:
      ax.axvline(zero, color=style.TEXT, lw=0.9, zorder=1)
    handles = _rows(ax, order, places, dots, rest, series, most)
    lift = lettering.legend(
      ax, handles + _explained(rest[-1], middle, source_label, len(series) > 1)
    )
  else:
    ax.set_xticks([])
    style.nothing(ax, 'no values' if count else 'no rows')
  style.dress(ax, title=title, xlabel=xlabel, lift=lift)
  ax.spines['left'].set_visible(False)
  if seen.size:
    style.remark(ax, _counted(dots, most))


def _finite(a, gaps=False):
  """Returns what is finite; or, with gaps, all, where the rest is NaN."""
  a = np.array([np.nan if v is None else v for v in a], float)
  return np.where(np.isfinite(a), a, np.nan) if gaps else a[np.isfinite(a)]


def _seen(dots, rest):
  """Returns all numbers that the axis has to show."""
  some = [*(row for rows in dots for row in rows), *map(np.ravel, rest)]
  some = np.concatenate([*some, np.zeros(0)])
  return some[np.isfinite(some)]


def _limits(ax, seen):
  """Sets the limits of x round all that is seen, with some room."""
  room = 0.04 * np.ptp(seen) or 0.1 * abs(seen[0]) or 0.1
  ax.set_xlim(seen.min() - room, seen.max() + room)
  steps = int(np.clip(style.points(ax)[0] / 60, 2, 8))
  ax.xaxis.set_major_locator(MaxNLocator(steps, steps=[1, 2, 2.5, 5, 10]))
  ticks.thousands(ax.xaxis)


def _rows(ax, order, places, dots, rest, series, most):
  """Draws all rows; returns a legend's line for each series, if there are."""
  count, handles = len(dots), []
  wide = 0.84 if count == 1 else 0.74 / count
  for k in range(count):
    look = style.series(k)
    at = places + wide * (k - (count - 1) / 2)
    for y, row in zip(at, order, strict=True):
      shown = dots[k][row][:most]
      off = 0.38 * wide * (2 * style.evenly(len(shown)) - 1)
      _nets(ax, shown, y + off, look)
    means, low, high, source = (a[k][order] for a in rest)
    _means(ax, means, at, look, xerr=_reach(means, low, high))
    for color, lw in (('white', 5), (style.TEXT, 2.2)):
      for near, far in ((-0.47, -0.2), (0.2, 0.47)):  # beside the mean
        ends = [at + near * wide, at + far * wide]
        ax.plot([source] * 2, ends, color=color, lw=lw, zorder=2.6)
    if len(series):
      shape = {'marker': look.marker, 'color': look.color, 'ls': ''}
      handles.append(Line2D([], [], ms=6, **shape, label=series[k]))
  return handles


def _nets(ax, x, y, look):
  """Draws nets as faint dots; the more, the smaller and the fainter."""
  root = np.sqrt(max(len(x), 1))
  ax.plot(
    x, y, ls='', marker=look.marker, mew=0, color=look.color, zorder=2,
    ms=float(np.clip(30 / root, 2.4, 4.5)),
    alpha=float(np.clip(3 / root, 0.2, 0.6)),
  )  # fmt: skip


def _means(ax, x, y, look, **reach):
  """Draws means with their intervals, set off from the dots by white."""
  for color, lw, size in (('white', 4.6, 8), ('black', 1.6, 5.5)):
    face = look.color if color == 'black' else 'white'
    ax.errorbar(
      x, y, **reach, ls='', marker=look.marker, ms=size, color=color, mfc=face,
      mew=1, elinewidth=lw, capsize=0, zorder=3 + (color == 'black'),
    )  # fmt: skip


def _reach(means, low, high):
  """Returns how far the intervals reach down and up, 0 where undefined."""
  return np.maximum(np.nan_to_num([means - low, high - means]), 0)


def _explained(source, middle, source_label, several):
  """Returns the legend's lines for all that is drawn over the dots."""
  look = style.series(0)
  shape = {'color': 'black', 'lw': 1.6}
  if not several:
    shape |= {'marker': look.marker, 'mfc': look.color, 'ms': 5.5}
  handles = [Line2D([], [], **shape, label=middle)]
  if np.isfinite(source).any():
    mark = {'marker': '|', 'ms': 11, 'mew': 2.2, 'color': style.TEXT}
    handles.append(Line2D([], [], ls='', **mark, label=source_label))
  return handles


def _counted(dots, most):
  """Says what a dot is, and of how many nets there are."""
  sizes = [len(row) for rows in dots for row in rows]
  few, many = min(sizes), max(sizes)
  words = f'a dot: a net; {few:,}' + f' to {many:,}' * (few < many)
  words += ' net' + 's' * (many != 1) + ' each'
  return words + f', the first {most:,} are drawn' * (many > most)


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
  every = {name: np.asarray(a, float) for name, a in values.items()}
  for name, a in every.items():
    if len(a) != len(rates):
      raise ValueError(
        f'values: expected {len(rates)} rows of {name}, found {len(a)}'
      )
  whole = [a[np.isfinite(a)] for a in every.values()]
  seen, lift = np.concatenate([*whole, np.zeros(0)]), 0.0
  if not seen.size:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'nothing to show')
    style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel)
    return
  cells.ruled(ax.xaxis, rates, 'log')
  ax.set_xlim(edges[0], edges[-1])
  ends = {name: [_finite(e[name], gaps=True) for e in (low, high)]
          for name in every}  # fmt: skip
  _room(ax, [seen, list(source.values()), *sum(ends.values(), [])])
  heights.draw(ax, source)
  handles = []
  for k, (name, a) in enumerate(every.items()):
    look, wide = style.series(k), 0.7 / len(every)
    middle = 0.5 + wide * (k - (len(every) - 1) / 2)
    means = np.full(len(rates), np.nan)
    for row, nets in enumerate(a):
      nets = nets[np.isfinite(nets)]
      means[row] = nets.mean() if len(nets) else np.nan
      share = middle + 0.36 * wide * (2 * style.evenly(len(nets[:most])) - 1)
      _nets(ax, cells.within(edges[row : row + 2], share, 'log'), nets[:most],
            look)  # fmt: skip
    x = cells.within(edges, middle, 'log')
    ax.plot(x, means, color=look.color, ls=look.dashes, lw=1.3, zorder=2.5)
    _means(ax, x, means, look, yerr=_reach(means, *ends[name]))
    line = {'color': look.color, 'ls': look.dashes, 'marker': look.marker}
    handles.append(Line2D([], [], **line, ms=6, label=name))
  lift = lettering.legend(ax, handles)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)
  style.remark(ax, _counted([[r[np.isfinite(r)] for r in a]
                             for a in every.values()], most))  # fmt: skip


def _room(ax, some):
  """Sets linear limits of y round all that is finite among arrays."""
  seen = np.concatenate([np.ravel(a) for a in some])
  seen = seen[np.isfinite(seen)]
  room = 0.04 * np.ptp(seen) or 0.1 * abs(seen[0]) or 0.1
  ax.set_ylim(seen.min() - room, seen.max() + room)
  ticks.thousands(ax.yaxis)

"""Searches for an alignment: what each reached, and from where they return."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from jaxrep.figures import dots, lettering, style, ticks

BAND = {'facecolor': '#D3E3F1', 'edgecolor': '#8FB8DE', 'lw': 0.5}


@matplotlib.rc_context(style.RC)
def ceiling_and_searches(
  ax: Axes,
  labels: Sequence[str],
  ceiling: Sequence,
  reached: Sequence,
  *,
  within: float = 0.02,
  ceiling_label: str = 'the known rotation',
  reached_label: str = 'a search from a random start',
  chance: float | None = 0.5,
  xlabel: str = dots.IIA,
  title: str = '',
) -> None:
  """Draws where searches ended, in rows, beside what they might have reached.

  In each row the nets lie one above the other, the one with the highest
  ceiling on top; a net's searches are dots at its height. How many came within
  the shaded band, or above it, is written right of the row.

  Args:
    ax: as high as `heights.rows(len(labels), 4)` says, or more.
    labels: `[G]`, the rows, from the top.
    ceiling: `[G]` of `[N]`, the IIA of the known rotation of each net; what is
      not finite is no net.
    reached: `[G]` of `[N, R]`, the IIA that each search reached.
    within: how far below its ceiling a search has still found it.
    ceiling_label: what the ceiling is.
    reached_label: what a dot is.
    chance: a vertical line; or None.
    xlabel: the accuracy.
    title: what was found.

  Raises:
    ValueError: rows or nets that do not match.
  """
  tops = [dots.gaps(a).ravel() for a in ceiling]
  ends = [dots.gaps(a) for a in reached]
  found = [[len(a) for a in tops], [len(a) for a in ends]]
  if len(tops) != len(labels) or found[0] != found[1]:
    raise ValueError(
      f'reached: expected {len(labels)} rows of {found[0]} nets, found '
      f'{found[1]}'
    )
  every = dots.seen(*tops)
  ax.set_ylim(len(labels) - 0.5 if len(labels) else 1, -0.5)
  ax.set_yticks(range(len(labels)), [n.replace(', ', ',\n') for n in labels])
  ax.tick_params(axis='y', length=0)
  if not every.size:
    dots.nothing(ax, title, xlabel, '')
    return
  every = np.concatenate([every - within, every, dots.seen(*ends)])
  every = every if chance is None else np.append(every, chance)
  room = 0.04 * np.ptp(every) or 0.05
  ax.set_xlim(every.min() - room, every.max() + room)
  ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
  ticks.thousands(ax.xaxis)
  known, search = style.series(1), style.series(0)
  handles = [
    dots.point(known, ceiling_label, {'ms': 5}),
    Patch(**BAND, label=f'within {within:g} of it'),
    dots.point(search, reached_label, {'ms': 4, 'mew': 0}),
  ]
  if chance is not None:
    handles.append(_pole(ax, chance, 'chance'))
  for edge in range(1, len(labels)):
    ax.axhline(edge - 0.5, color='#D0D0D0', lw=0.8, zorder=0)
  for row, (top, end) in enumerate(zip(tops, ends, strict=True)):
    _row(ax, row, top, end, within, known, search)
  lift = lettering.legend(ax, handles)
  style.dress(ax, title=title, xlabel=xlabel, lift=lift)
  style.remark(ax, 'right: searches within the band or above it, of all')
  ax.spines['left'].set_visible(False)


def _row(ax, row, top, end, within, known, search):
  """Draws one row: a band, the ceilings `[N]`, and searches `[N, R]`."""
  end = end.reshape(len(top), end.size // max(len(top), 1))[np.isfinite(top)]
  top = top[np.isfinite(top)]
  order = np.argsort(-top, kind='stable')
  top, end = top[order], end[order]
  edges = row + 0.38 * np.linspace(-1, 1, len(top) + 1)
  y = (edges[1:] + edges[:-1]) / 2
  sides = np.repeat(edges, 2)[1:-1]
  ax.fill_betweenx(
    sides, np.repeat(top - within, 2), np.repeat(top, 2), **BAND, zorder=1.5
  )
  at = np.broadcast_to(y[:, None], end.shape)
  finite = np.isfinite(end)
  dots.nets(ax, end[finite], at[finite], search)
  size = float(np.clip(30 / np.sqrt(max(len(top), 1)), 2.4, 5))
  ax.plot(top, y, ls='', marker=known.marker, color=known.color, ms=size,
          mew=0, zorder=3)  # fmt: skip
  close = (end >= top[:, None] - within).sum()
  ax.annotate(
    f'{close:,} of {finite.sum():,}', (1, row), xytext=(4, 0), va='center',
    xycoords=('axes fraction', 'data'), textcoords='offset points',
    fontsize=8.5, annotation_clip=False,
  )  # fmt: skip


def _pole(ax, x, label):
  """Draws a vertical line; returns the legend's."""
  line = {'color': style.TEXT, 'lw': 0.9, 'ls': (0, (4, 2))}
  ax.axvline(x, **line, zorder=1)
  return Line2D([], [], **line, label=label)


@matplotlib.rc_context(style.RC)
def basin(
  ax: Axes,
  distance: np.ndarray,
  series: Mapping[str, tuple],
  *,
  random: float | None = None,
  random_label: str = 'random starts',
  xlabel: str = 'mean angle between start and known rotation [degrees]',
  ylabel: str = 'searches that return to within 0.02',
  title: str = '',
) -> None:
  """Draws the share of searches that return, over how far away they start.

  Series stand a little beside each other, so that intervals do not hide.

  Args:
    distance: `[B]`, rising, ≥ 0: the mean principal angle, in degrees.
    series: label -> share `[B]`, low `[B]` and high `[B]`: its interval.
    random: how far random starts are, typically: a vertical line; or None.
    random_label: what that line is.
    xlabel: what the distance is.
    ylabel: what a share is of.
    title: what was found.

  Raises:
    ValueError: a share, or an end, that is not one for each distance.
  """
  distance = np.asarray(distance, float)
  for name, lines in series.items():
    found = [len(a) for a in lines]
    if found != [len(distance)] * 3:
      raise ValueError(
        f'series: expected 3 × {len(distance)} of {name}, found {found}'
      )
  if not dots.seen(*(share for share, *_ in series.values())).size:
    dots.nothing(ax, title, xlabel, ylabel)
    return
  last = dots.seen(distance, [] if random is None else [random]).max(initial=0)
  room = 0.04 * last or 1.0
  ax.set_xlim(-room, last + room)
  ax.set_ylim(-0.04, 1.04)
  ticks.percent(ax.yaxis)
  handles = []
  for k, (name, lines) in enumerate(series.items()):
    look = style.series(k)
    share, low, high = map(dots.gaps, lines)
    order = {'zorder': 3 - 0.01 * k}
    line = {'color': look.color, 'ls': look.dashes, 'marker': look.marker}
    line |= {'lw': 1.7, 'ms': 7.0 - k, 'mec': 'white', 'mew': 0.7}
    aside = 0.15 * room * (k - (len(series) - 1) / 2)
    ax.vlines(distance + aside, low, high, color=look.color, lw=1, **order)
    ax.plot(distance + aside, share, **line, **order)
    handles.append(Line2D([], [], **line, label=name))
  if random is not None and np.isfinite(random):
    handles.append(_pole(ax, random, random_label))
  lift = lettering.legend(ax, handles)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)


@matplotlib.rc_context(style.RC)
def restarts(
  ax: Axes,
  values: np.ndarray,
  *,
  chance: float | None = 0.5,
  xlabel: str = 'nets, sorted by the mean of their searches',
  ylabel: str = dots.IIA,
  title: str = '',
) -> None:
  """Draws what each search of each net reached, nets sorted by their means.

  Where the line of means is steep, nets differ; where the vertical lines are
  long, the searches of one net do.

  Args:
    values: `[N, R]`; NaN for a search that is missing. A net without any is
      left out, and counted.
    chance: a horizontal line, named right of the axes; or None.
    xlabel: what lies side by side.
    ylabel: what was reached.
    title: what was found.
  """
  values = dots.gaps(values)
  known = np.isfinite(values).any(axis=1)
  if not known.any():
    dots.nothing(ax, title, xlabel, ylabel)
    return
  values = values[known]
  middle = dots.mean(values.T)
  order = np.argsort(middle, kind='stable')
  values, middle = values[order], middle[order]
  x = np.arange(1, len(values) + 1)
  ax.set_xlim(0, len(values) + 1)
  ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
  dots.limits(ax, dots.seen(values), chance)
  search, mean = style.series(0), style.series(1)
  reach = {'color': style.FAINT, 'lw': 0.7, 'zorder': 1.5}
  ax.vlines(x, np.nanmin(values, axis=1), np.nanmax(values, axis=1), **reach)
  root = np.sqrt(len(x))
  shape = {'marker': search.marker, 'mew': 0, 'color': search.color}
  size = float(np.clip(30 / root, 2.6, 5))
  ax.plot(np.repeat(x, values.shape[1]), values.ravel(), ls='', **shape,
          ms=size, alpha=0.55, zorder=2)  # fmt: skip
  over = {'marker': '_', 'color': mean.color, 'mew': 2.2}
  ax.plot(x, middle, ls='', ms=float(np.clip(60 / root, 4, 14)), **over,
          zorder=3)  # fmt: skip
  handles = [
    Line2D([], [], ls='', **shape, ms=4.5, label='a search'),
    Line2D([], [], **reach, label='from a net’s worst to its best'),
    Line2D([], [], ls='', **over, ms=10, label='a net’s mean'),
  ]
  lift = lettering.legend(ax, handles)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)
  counts = np.isfinite(values).sum(axis=1)
  few, many = int(counts.min()), int(counts.max())
  words = f'{len(x):,} net' + 's' * (len(x) != 1) + f', {few:,}'
  words += f' to {many:,}' * (few < many)
  words += ' search' + 'es' * (many != 1) + ' each'
  gone = int((~known).sum())
  style.remark(ax, words + f'; nets without any: {gone:,}' * bool(gone))

"""How a number spreads over nets."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from jaxrep.figures import poles, style, ticks


@matplotlib.rc_context(style.RC)
def spread(
  ax: Axes,
  values: Sequence[np.ndarray],
  *,
  labels: Sequence[str],
  xlabel: str,
  marks: Mapping[str, float] | None = None,
  never: str = 'never',
  title: str = '',
) -> None:
  """Draws the share of nets at each number of updates, one series or several.

  x is logarithmic; where a number lies below 1, it is linear from 0 to 1. Bins
  are equally wide on it, but hold one whole number at least. A number n counts
  as spread evenly from n - 1/2 to n + 1/2: bins that hold two and three whole
  numbers by turns would make a comb. A share is of all nets of its series; the
  median, too, is of all, and those that never get there come last.

  Args:
    values: of `[S]`, one array a series: whole numbers ≥ 0; NaN or inf is a
      net that never gets there, counted in the legend and not drawn.
    labels: one for each series.
    xlabel: what the numbers count.
    marks: label -> value, drawn as vertical lines: what a source says.
    never: what to call, in the legend, those that never get there.
    title: what was found.

  Raises:
    ValueError: a number below 0.
  """
  series = [np.asarray(a, float).ravel() for a in values]
  reached = [a[np.isfinite(a)] for a in series]
  every = np.concatenate([*reached, np.zeros(0)])
  if np.any(every < 0):
    raise ValueError(f'values: expected numbers ≥ 0, found {every.min()}')
  marks, lift = marks or {}, 0.0
  if every.size:
    seen = np.append(every, list(marks.values()))
    edges = _edges(every.min(), every.max())
    ticks.sweeps(ax, seen.min(), max(seen.max(), edges[-1]), room=1.05)
    if seen.min() >= 1:
      ax.set_xlim(left=min(ax.get_xlim()[0], 0.98 * edges[0]))
    top = max(
      _outline(ax, here, len(a), edges, k)
      for k, (here, a) in enumerate(zip(reached, series, strict=True))
    )
    room = (16 + 14 * len(series)) / style.points(ax)[1]  # for the legend
    high = 1.05 * top / (1 - min(room, 0.5))
    ax.set_ylim(0, high)
    ax.set_yticks([y for y in ax.get_yticks() if y <= min(high, 1)])
    ticks.percent(ax.yaxis)
    lift = poles.draw(ax, marks)
  else:
    ax.set(xticks=[], yticks=[])
    found = any(a.size for a in series)
    style.nothing(ax, f'all nets: {never}' if found else 'no nets')
  _legend(ax, series, labels, never)
  style.dress(ax, title=title, xlabel=xlabel, ylabel='share of nets', lift=lift)


def _edges(low, high):
  """Returns the edges of bins, from half below `low` on."""
  edges = [max(low - 0.5, 0.0)]
  start, stop = max(edges[0], 0.5), high + 0.5
  bins = np.clip(20 * np.log10(stop / start), 24, 80)
  growth = max((stop / start) ** (1 / bins) - 1, 1e-9)
  while len(edges) < 2 or edges[-1] < stop:
    wide = max(growth * edges[-1], 1.0 if edges[-1] else 0.5)
    edges.append(edges[-1] + wide)
  return np.array(edges)


def _outline(ax, reached, count, edges, k):
  """Draws one series' histogram, shares of `count`; returns its top."""
  look = style.series(k)
  numbers, nets = np.unique(reached, return_counts=True)
  below = np.clip(edges[:, None] - (numbers - 0.5), 0, 1)
  below[0] = 0
  share = np.diff(below @ nets) / max(count, 1)
  alpha = 0.3 if k == 0 else 0.08
  ax.stairs(share, edges, fill=True, color=look.color, alpha=alpha, lw=0)
  ax.stairs(share, edges, color=look.color, ls=look.dashes, lw=1.5)
  return share.max()


def _legend(ax, series, labels, never):
  """Says for each series how many nets it has, their median, and who never."""
  handles = []
  for k, (a, label) in enumerate(zip(series, labels, strict=True)):
    look, lost = style.series(k), np.sum(~np.isfinite(a))
    words = f'{label}: {a.size:,} net' + 's' * (a.size != 1)
    if a.size:
      whole = np.where(np.isfinite(a), a, np.inf)
      middle = np.quantile(whole, 0.5, method='inverted_cdf')
      words += f', median {middle:,.6g}' if middle < np.inf else ', median none'
    if lost:
      words += f', {never}: {lost:,}'
    line = {'color': look.color, 'ls': look.dashes, 'lw': 1.5}
    handles.append(Line2D([], [], label=words, **line))
  if handles:
    ax.legend(handles=handles, loc='upper right', handlelength=3.2)

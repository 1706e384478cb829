"""How what a net knows forms: over its training, and from layer to layer."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from jaxrep.figures import dots, lettering, style, ticks


@matplotlib.rc_context(style.RC)
def growth(
  ax: Axes,
  examples: np.ndarray,
  series: Mapping[str, np.ndarray],
  *,
  chance: float | None = 0.5,
  xlabel: str = 'training examples',
  ylabel: str = 'accuracy',
  most: int = 200,
  title: str = '',
) -> None:
  """Draws every net faintly over its training, and the medians boldly.

  x is logarithmic; if it begins at 0, it is linear up to the first count
  above.

  Args:
    examples: `[T]`, rising, ≥ 0.
    series: label -> `[N, T]`, 6 at most; NaN where there is nothing: a gap.
    chance: a horizontal line, named right of the axes; or None.
    xlabel: what the counts count.
    ylabel: the number.
    most: so many nets are drawn faintly, the first; medians are of all.
    title: what was found.

  Raises:
    ValueError: counts that do not rise from 0 or more, or rows of a series
      that are not one number for each.
  """
  x = np.asarray(examples, float)
  if not np.all(np.diff(x, prepend=-1e-9) > 0):
    raise ValueError(f'examples: expected rising counts ≥ 0, found {x}')
  every = {name: dots.gaps(a) for name, a in series.items()}
  for name, a in every.items():
    if a.ndim != 2 or a.shape[1] != len(x):
      raise ValueError(
        f'series: expected [N, {len(x)}] of {name}, found {a.shape}'
      )
  seen = dots.seen(*every.values())
  if not seen.size:
    dots.nothing(ax, title, xlabel, ylabel)
    return
  _counts(ax, x)
  dots.limits(ax, seen, chance)
  handles = [
    dots.bundle(ax, x, a, style.series(k), name, most)
    for k, (name, a) in enumerate(every.items())
  ]
  lift = lettering.legend(ax, handles)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)
  count = max(map(len, every.values()))
  words = f'{count:,} net' + 's' * (count != 1)
  if count > most:
    words = f'faint: the first {most:,} of {words}; bold: the median of all'
  elif count > 1:
    words = f'faint: each of {words}; bold: the median'
  style.remark(ax, words)


def _counts(ax, x):
  """Makes x a log axis that shows 0, if that is where it begins."""
  above = x[x > 0]
  if len(above) < 2:
    room = 0.5 * np.ptp(x) or 1.0
    ax.set_xlim(x[0] - room, x[-1] + room)
    ax.set_xticks(x)
  elif len(above) == len(x):
    ax.set_xscale('log')
    ax.set_xlim(x[0] / 1.1, 1.1 * x[-1])
    ticks.logarithmic(ax.xaxis, *ax.get_xlim())
  else:
    ax.set_xscale('symlog', linthresh=above[0], linscale=0.35)
    ax.set_xlim(0, 1.1 * x[-1])
    few = np.log10(x[-1] / above[0]) < 2
    places = [
      digit * 10.0**k
      for k in range(int(np.log10(above[0])), int(np.log10(x[-1])) + 1)
      for digit in ((1, 3) if few else (1,))
    ]
    inside = [p for p in places if above[0] <= p <= 1.1 * x[-1]]
    ax.set_xticks([0, *inside])
    ax.xaxis.set_minor_locator(NullLocator())
  ticks.thousands(ax.xaxis)


@matplotlib.rc_context(style.RC)
def probes(
  ax: Axes,
  sites: Sequence[str],
  series: Mapping[str, tuple],
  *,
  chance: float | None = 0.5,
  trained_label: str = 'trained nets, mean',
  untrained_label: str = 'untrained nets, mean',
  xlabel: str = 'site',
  ylabel: str = 'accuracy of a linear probe',
  most: int = 300,
  title: str = '',
) -> None:
  """Draws what linear probes read at each site, trained beside untrained.

  Trained nets are full dots and solid lines, untrained hollow and dashed.

  Args:
    sites: `[S]` names, from the left.
    series: label -> `[N, S]` of trained nets and `[M, S]` of untrained ones,
      either of which may have no rows; NaN where there is nothing.
    chance: a horizontal line, named right of the axes; or None.
    trained_label: what is solid.
    untrained_label: what is dashed.
    xlabel: what lies side by side.
    ylabel: the accuracy.
    most: so many nets are drawn, the first; means are of all.
    title: what was found.

  Raises:
    ValueError: rows that are not one number for each site.
  """
  every = {k: [dots.gaps(a) for a in pair] for k, pair in series.items()}
  for name, pair in every.items():
    for a in pair:
      if a.ndim != 2 or a.shape[1] != len(sites):
        raise ValueError(
          f'series: expected [N, {len(sites)}] of {name}, found {a.shape}'
        )
  seen = dots.seen(*(a for pair in every.values() for a in pair))
  if not seen.size:
    dots.nothing(ax, title, xlabel, ylabel)
    return
  ax.set_xlim(-0.5, len(sites) - 0.5)
  ax.set_xticks(range(len(sites)), sites)
  for edge in range(1, len(sites)):
    ax.axvline(edge - 0.5, color='#E4E4E4', lw=0.7, zorder=0)
  dots.limits(ax, seen, chance)
  handles, wide = [], 0.8 / len(every)
  for k, (name, pair) in enumerate(every.items()):
    look = style.series(k)
    line = {'color': look.color, 'marker': look.marker}
    x = np.arange(len(sites)) + wide * (k - (len(every) - 1) / 2)
    for aside, values, plain in zip((-1, 1), pair, (True, False), strict=True):
      at = x + 0.23 * wide * aside
      for place, nets in zip(at, values[:most].T, strict=True):
        dots.column(ax, place, nets, look, 0.16 * wide, hollow=not plain)
      shape = _looks(plain, look.color)
      ax.plot(at, dots.mean(values), **line, **shape, zorder=3)
    handles.append(
      Line2D([], [], **line, **_looks(True, look.color), label=name)
    )
  grey = {'color': style.FAINT, 'marker': 'o'}
  for plain, label in ((True, trained_label), (False, untrained_label)):
    shape = _looks(plain, style.FAINT)
    handles.append(Line2D([], [], **grey, **shape, label=label))
  lift = lettering.legend(ax, handles)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)
  sizes = (len(a) for pair in every.values() for a in pair if len(a))
  style.remark(ax, dots.counted(sizes, most))


def _looks(trained, color):
  """Returns how the means of trained, or of untrained, nets are drawn."""
  if trained:
    return {'ls': '-', 'lw': 1.6, 'ms': 7, 'mfc': color, 'mec': 'white'}
  dashes = (0, (3, 1.5))
  return {'ls': dashes, 'lw': 1.4, 'ms': 6, 'mfc': 'white', 'mec': color}

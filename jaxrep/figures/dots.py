"""Every net as a faint dot or thread, and what is said of all over them."""

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from jaxrep.figures import heights, style, ticks
from jaxrep.figures.style import Look

IIA = 'interchange-intervention accuracy (IIA)'
MIDDLE = 'mean, 95 % interval'


def gaps(a) -> np.ndarray:
  """Returns an array of floats, with NaN for whatever is not finite."""
  a = np.asarray(a, float)
  return np.where(np.isfinite(a), a, np.nan)


def seen(*some) -> np.ndarray:
  """Returns the finite numbers `[n]` of all arrays, whatever their shapes."""
  every = np.concatenate([np.zeros(0), *(np.ravel(gaps(a)) for a in some)])
  return every[np.isfinite(every)]


def mean(a: np.ndarray) -> np.ndarray:
  """Returns the means over the first axis of what is not NaN."""
  known = np.isfinite(a)
  total, count = np.where(known, a, 0).sum(0), known.sum(0)
  return np.where(count, total, np.nan) / np.maximum(count, 1)


def median(a: np.ndarray) -> np.ndarray:
  """Returns the medians over the first axis of `[N, T]`, of what is not NaN."""
  known = np.isfinite(a).any(axis=0)
  middle = np.full(a.shape[1], np.nan)
  middle[known] = np.nanmedian(a[:, known], axis=0)
  return middle


def around(seen: np.ndarray) -> tuple[float, float]:
  """Returns limits round all that is seen, with some room."""
  room = 0.04 * np.ptp(seen) or 0.1 * abs(seen[0]) or 0.1
  return seen.min() - room, seen.max() + room


def beside(middle: float, count: int, wide: float) -> np.ndarray:
  """Returns so many places, spread evenly up to `wide` to each side."""
  return middle + wide * (2 * style.evenly(count) - 1)


def nets(ax: Axes, x, y, look: Look, *, hollow: bool = False) -> None:
  """Draws dots; the more, the smaller and the fainter."""
  root = np.sqrt(max(np.size(y), 1))
  face = {'mfc': 'none', 'mew': 0.6} if hollow else {'mew': 0}
  ax.plot(
    x, y, ls='', marker=look.marker, color=look.color, zorder=2, **face,
    ms=float(np.clip(30 / root, 2.4, 4.5)),
    alpha=float(np.clip(3 / root, 0.2, 0.6)) + 0.15 * hollow,
  )  # fmt: skip


def column(
  ax: Axes, x: float, y, look: Look, wide: float, *, hollow: bool = False
) -> None:
  """Draws dots at their heights, spread evenly `wide` to each side of x."""
  y = seen(y)
  nets(ax, beside(x, len(y), wide), y, look, hollow=hollow)


def threads(ax: Axes, x, lines: np.ndarray, look: Look) -> None:
  """Draws curves `[N, T]` over x `[T]`; the more, the fainter."""
  alpha = float(np.clip(1.2 / np.sqrt(max(len(lines), 1)), 0.06, 0.6))
  places = np.stack([np.broadcast_to(x, lines.shape), lines], axis=-1)
  look = {'colors': look.color, 'linewidths': 0.5, 'alpha': alpha}
  ax.add_collection(LineCollection(places, **look), autolim=False)


def bundle(
  ax: Axes,
  x,
  lines: np.ndarray,
  look: Look,
  label: str,
  most: int,
  *,
  size: float = 5.5,
) -> Line2D:
  """Draws curves `[N, T]`, the first faintly, and their medians boldly.

  Args:
    x: `[T]`.
    lines: NaN where there is nothing: a gap.
    look: of all of them.
    label: the name of the medians.
    most: so many curves are drawn, the first; medians are of all.
    size: of the markers along the medians.

  Returns:
    The line of the medians, for a legend.
  """
  threads(ax, x, lines[:most], look)
  middle, every = median(lines), max(len(x) // 6, 1)
  ax.plot(x, middle, color='white', lw=3.6, alpha=0.8, zorder=3)
  [line] = ax.plot(
    x, middle, color=look.color, ls=look.dashes, lw=2, zorder=3.1, label=label,
    marker=look.marker, ms=size, mec='white', markevery=(every // 2, every),
  )  # fmt: skip
  return line


def means(ax: Axes, x, y, low, high, look: Look, *, along: str = 'y') -> None:
  """Draws means with their intervals, set off from the dots by white.

  Args:
    x: of each mean.
    y: of each mean.
    low: the lower ends of the intervals; NaN where there is none.
    high: their upper ends.
    look: of the means.
    along: the axis of what is measured, 'x' or 'y'.
  """
  middle, low, high = gaps(x if along == 'x' else y), gaps(low), gaps(high)
  reach = np.maximum(np.nan_to_num([middle - low, high - middle]), 0)
  for color, lw, size in (('white', 4.6, 8), ('black', 1.6, 5.5)):
    face = look.color if color == 'black' else 'white'
    ax.errorbar(
      x, y, **{f'{along}err': reach}, ls='', marker=look.marker, ms=size,
      color=color, mfc=face, mew=1, elinewidth=lw, capsize=0,
      zorder=3 + (color == 'black'),
    )  # fmt: skip


def explained(look: Look | None, label: str = MIDDLE) -> Line2D:
  """Returns the legend's line for `means`; several looks have none in it."""
  shape = {}
  if look is not None:
    shape = {'marker': look.marker, 'mfc': look.color, 'ms': 5.5}
  return Line2D([], [], color='black', lw=1.6, **shape, label=label)


def counted(sizes: Iterable[int], most: int | None = None) -> str:
  """Says what a dot is, and of how many nets there are at each place."""
  few, many = min(sizes := list(sizes)), max(sizes)
  words = f'a dot: a net; {few:,}' + f' to {many:,}' * (few < many)
  words += ' net' + 's' * (many != 1) + ' each'
  drawn = most is not None and many > most
  return words + (f', the first {most:,} are drawn' if drawn else '')


def point(look: Look, label: str, shape: Mapping[str, object]) -> Line2D:
  """Returns the legend's line for a marker, of a size, face and edge."""
  line = {'color': look.color, 'marker': look.marker, 'label': label}
  return Line2D([], [], ls='', **line, **shape)


def limits(ax: Axes, seen: np.ndarray, chance: float | None) -> None:
  """Sets y round what is seen, and round chance, named right of the axes."""
  seen = seen if chance is None else np.append(seen, chance)
  room = 0.05 * np.ptp(seen) or 0.05
  ax.set_ylim(seen.min() - room, seen.max() + room)
  ticks.thousands(ax.yaxis)
  if chance is not None:
    heights.draw(ax, {'chance': chance})


def nothing(ax: Axes, title: str, xlabel: str, ylabel: str) -> None:
  """Says that there is nothing to show, where it would be."""
  ax.set(xticks=[], yticks=[])
  style.nothing(ax, 'nothing to show')
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel)

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
  x = x + wide * (2 * style.evenly(len(y)) - 1)
  nets(ax, x, y, look, hollow=hollow)


def threads(ax: Axes, x, lines: np.ndarray, look: Look) -> None:
  """Draws curves `[N, T]` over x `[T]`; the more, the fainter."""
  alpha = float(np.clip(1.2 / np.sqrt(max(len(lines), 1)), 0.06, 0.6))
  places = np.stack([np.broadcast_to(x, lines.shape), lines], axis=-1)
  look = {'colors': look.color, 'linewidths': 0.5, 'alpha': alpha}
  ax.add_collection(LineCollection(places, **look), autolim=False)


def means(ax: Axes, x, y, low, high, look: Look) -> None:
  """Draws means with their intervals, set off from the dots by white."""
  y, low, high = gaps(y), gaps(low), gaps(high)
  reach = np.maximum(np.nan_to_num([y - low, high - y]), 0)
  for color, lw, size in (('white', 4.6, 8), ('black', 1.6, 5.5)):
    face = look.color if color == 'black' else 'white'
    ax.errorbar(
      x, y, yerr=reach, ls='', marker=look.marker, ms=size, color=color,
      mfc=face, mew=1, elinewidth=lw, capsize=0,
      zorder=3 + (color == 'black'),
    )  # fmt: skip


def explained(look: Look, label: str = MIDDLE) -> Line2D:
  """Returns the legend's line for `means`."""
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

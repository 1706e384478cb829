"""Maps over two initial weights or settings: each pixel is a net."""

import math
import textwrap
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from jaxrep.figures import hues, style, swatches, ticks

Extent = tuple[float, float, float, float]
LONGEST = 9  # letters of a tick; longer ones are given from a base
SIGNS = 'signs of the weights, share of all nets'  # in the legend of families
_RAISED = str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹')


@matplotlib.rc_context(style.RC)
def times(
  ax: Axes,
  sweeps: np.ndarray,
  *,
  extent: Extent,
  most: float,
  xlabel: str,
  ylabel: str,
  title: str = '',
  boxes: Mapping[str, Extent] | None = None,
) -> None:
  """Draws how long each net took to converge; black never did.

  Args:
    ax: 7 inches wide and 6 high for one map; 3.5 and 3.5 will do.
    sweeps: `[P, P]`, epochs; row = y, column = x, both from low to high; NaN,
      or more than `most`, is never.
    extent: low and high end of x, then of y; pixel k covers low + k (high -
      low) / P up to the next.
    most: epochs each net was trained for: the darkest colour; the brightest is
      of most / 20, and of all below.
    xlabel: what varies along x.
    ylabel: what varies along y.
    title: what was found.
    boxes: label -> extent: what another map shows in full.

  Raises:
    ValueError: an extent that does not rise, or unless 0 < most.
  """
  least, most = hues.ends(most)
  _map(ax, hues.times_rgb(sweeps, most=most), extent, xlabel, ylabel, title)
  _framed(ax, extent, boxes)
  _bar(ax, least, most)


@matplotlib.rc_context(style.RC)
def solutions(
  ax: Axes,
  classes: np.ndarray,
  families: Sequence[int],
  names: Sequence[str],
  *,
  extent: Extent,
  xlabel: str,
  ylabel: str,
  title: str = '',
  boxes: Mapping[str, Extent] | None = None,
) -> None:
  """Draws which solution each net found: a hue a family, black for none.

  The legend has the most common families, the colours of their most common
  members, the name of the first of these, and the families' shares of all nets.
  It stands beside the map where that is wide, else below.

  Args:
    ax: 7.5 inches wide and 7 high for one map; 3.75 and 5 will do.
    classes: `[P, P]` int, the class of each net's solution; -1 has none.
    families: `[K]`, the family of each class, the most common class first.
    names: `[K]`, the signs of each class's weights, such as '+++ ++- +--'.
    extent: low and high end of x, then of y, as in `times`.
    xlabel: what varies along x.
    ylabel: what varies along y.
    title: what was found.
    boxes: label -> extent: what another map shows in full.

  Raises:
    ValueError: an extent that does not rise, a class that is in no family, or
      names that are not one a class.
  """
  classes, families = np.asarray(classes, int), np.asarray(families, int)
  if len(names) != len(families):
    raise ValueError(
      f'names: expected {len(families)}, one a class, found {len(names)}'
    )
  image = hues.solutions_rgb(classes, families)
  lower = _map(ax, image, extent, xlabel, ylabel, title)
  _framed(ax, extent, boxes)
  rows = swatches.families(classes, families, names)
  swatches.legend(ax, rows, lower=lower, title=SIGNS)


@matplotlib.rc_context(style.RC)
def outcomes(
  ax: Axes,
  outcome: np.ndarray,
  names: Mapping[int, str],
  *,
  extent: Extent,
  xlabel: str,
  ylabel: str,
  title: str = '',
  boxes: Mapping[str, Extent] | None = None,
) -> None:
  """Draws how each net of a coarse grid ended, with a legend of counts.

  Args:
    ax: as for `solutions`.
    outcome: `[Q, Q]` int; hatched is whatever has no name: not judged.
    names: number -> outcome, one of `style.OUTCOMES`.
    extent: low and high end of x, then of y, as in `times`.
    xlabel: what varies along x.
    ylabel: what varies along y.
    title: what was found.
    boxes: label -> extent: what another map shows in full.

  Raises:
    ValueError: an extent that does not rise, or an outcome without a look.
  """
  outcome = np.asarray(outcome, int)
  judged = np.isin(outcome, list(names))
  image = hues.outcomes_rgb(outcome, names)
  image = np.dstack([image, np.where(judged, 255, 0).astype(np.uint8)])
  blank = {'facecolor': 'white', 'hatch': '////', 'edgecolor': '#B5B5B5'}
  ax.patch.set(**blank, linewidth=0)
  lower = _map(ax, image, extent, xlabel, ylabel, title)
  _framed(ax, extent, boxes)
  counts = {name: (outcome == k).sum() for k, name in names.items()}
  rows = [
    ([swatches.swatch(style.outcome(name).color)], f'{name}: {count:,}')
    for name, count in counts.items()
    if count
  ]
  if not judged.all():
    rows.append(([Patch(**blank, lw=0)], f'not judged: {(~judged).sum():,}'))
  swatches.legend(ax, rows, lower=lower)


@matplotlib.rc_context(style.RC)
def thumbnail(ax: Axes, image: np.ndarray, caption: str) -> None:
  """Draws a small map without ticks over its caption: one of a sheet.

  Args:
    ax: 1.25 inches wide or more, and some lines higher than wide.
    image: `[P, P, 3]` uint8, of `jaxrep.figures.hues`; row 0 is at the bottom.
    caption: two or three short lines; '' for none. Long ones are broken.
  """
  ax.set(xticks=[], yticks=[])
  ax.spines[:].set_visible(False)
  _square(ax)
  if np.size(image):
    ax.imshow(
      image, origin='lower', aspect='auto', interpolation=_kernel(ax, image)
    )
  else:
    style.nothing(ax, 'no nets')
  width = style.points(ax)[0]
  size = float(np.clip(width / 16, 7, 9))
  letters = max(int(width / (0.6 * size)), 20)  # as many fit 1.25 inches
  lines = [textwrap.fill(line, letters) for line in caption.splitlines()]
  ax.set_xlabel('\n'.join(lines), fontsize=size, labelpad=3, linespacing=1.25)


def _bar(ax, least, most):
  """Adds the colour bar of times, with a black end for never."""
  colours = ListedColormap(hues.ramp() / 255).with_extremes(over=swatches.NEVER)
  bar = ax.figure.colorbar(
    ScalarMappable(LogNorm(least, most), colours),
    cax=ax.inset_axes([1.03, 0, 0.04, 1]),
    extend='max',
    extendrect=True,
    extendfrac=float(np.clip(16 / _side(ax), 0.04, 0.2)),  # a word's height
    label='epochs to converge',
  )
  bar.outline.set_visible(False)
  some = (1, 2, 5) if most <= 1000 * least else (1,)
  decades = range(math.floor(math.log10(least)), math.ceil(math.log10(most)))
  inside = [n * 10.0**k for k in decades for n in some]
  inside = [n for n in inside if 1.3 * least < n < most / 1.3]
  bar.ax.yaxis.set_major_locator(FixedLocator([least, *inside, most]))
  bar.ax.yaxis.set_minor_locator(NullLocator())
  ticks.thousands(bar.ax.yaxis, digits=3)
  number = bar.ax.yaxis.get_major_formatter()
  words = [f'≤ {number(least)}', *map(number, inside), number(most)]
  bar.ax.set_yticklabels(words)
  bar.ax.annotate(
    'never', (1, 1), (7, 5), xycoords='axes fraction', va='bottom',
    textcoords='offset points', fontsize=9, annotation_clip=False,
  )  # fmt: skip
  style.remark(ax, f'black: never within {number(most)} epochs')


def _map(ax, image, extent, xlabel, ylabel, title):
  """Draws an image with its axes; returns whether x has a second line."""
  x0, x1, y0, y1 = extent
  if not (x0 < x1 and y0 < y1):
    raise ValueError(f'extent: expected x0 < x1 and y0 < y1, found {extent}')
  style.dress(ax, title=title)
  ax.spines[:].set_visible(False)
  _square(ax)
  if not image.size:
    ax.set(xticks=[], yticks=[], xlabel=xlabel, ylabel=ylabel)
    style.nothing(ax, 'no nets')
    return False
  ax.imshow(
    image, extent=extent, origin='lower', aspect='auto',
    interpolation=_kernel(ax, image),
  )  # fmt: skip
  side = _side(ax)
  from_x = _ruled(ax.xaxis, x0, x1, lambda words: side / (6 * words + 12))
  from_y = _ruled(ax.yaxis, y0, y1, lambda _: min(side / 24, 8))
  ax.set_xlabel('\n'.join(filter(None, [xlabel, from_x])))
  ax.set_ylabel('\n'.join(filter(None, [ylabel, from_y])))
  return bool(from_x)


def _square(ax):
  """Makes axes square, in a layout that knows that they are."""
  ax.set_box_aspect(1)
  if isinstance(ax.figure.get_layout_engine(), ConstrainedLayoutEngine):
    ax.figure.set_layout_engine('compressed')


def _side(ax):
  """Returns about how long a side of the map will be, in points."""
  return 0.75 * min(style.points(ax))  # a bar or a legend needs the rest


def _kernel(ax, image):
  """Returns 'nearest', or where pixels outnumber the page's a mean of them."""
  page = min(style.points(ax)) * style.DPI / 72
  return 'antialiased' if len(image) > page else 'nearest'


def _ruled(axis, low, high, room):
  """Sets a few ticks; returns the words for the base they count from, or ''.

  `room` says how many ticks there is room for, of so many letters each.
  """
  steps = [1, 2, 5, 10]

  def round_numbers(low, high):
    for count in range(6, 1, -1):
      found = MaxNLocator(count, steps=steps).tick_values(low, high)
      step = found[1] - found[0]
      digits = max(0, -math.floor(math.log10(step) + 1e-6))
      letters = max(len(f'{x:.{digits}f}') for x in (low, high))
      inside = found[(found >= low - step / 1e6) & (found < high + step / 1e6)]
      if len(inside) <= room(letters):
        break
    texts = [f'{x + 0.0:,.{digits}f}'.replace('-', '−') for x in inside]
    return inside, texts, letters

  places, texts, letters = round_numbers(low, high)
  words = ''
  if letters > LONGEST:
    power = math.floor(math.log10(high - low))
    unit, digits = 10.0**power, max(0, -power - 1)
    base = round((low + high) / 2, digits)
    places, texts, _ = round_numbers((low - base) / unit, (high - base) / unit)
    places = base + places * unit
    words = f'{base:.{digits}f} + ticks × 10'.replace('-', '−')
    words += str(power).translate(_RAISED)
  axis.set_major_locator(FixedLocator(places))
  axis.set_minor_locator(NullLocator())
  axis.set_ticklabels(texts)
  return words


def _framed(ax, extent, boxes):
  """Draws frames with their labels, where they can be seen."""
  x0, x1, y0, y1 = extent
  for label, (a, b, c, d) in (boxes or {}).items():
    ax.add_patch(
      Rectangle((a, c), b - a, d - c, fill=False, ec='white', lw=1.3,
                path_effects=style.outlined(3), zorder=3)
    )  # fmt: skip
    left, below = a + b < x0 + x1, d > y1 - 0.1 * (y1 - y0)
    ax.annotate(
      label, (a if left else b, c if below else d), (0, -4 if below else 4),
      ha='left' if left else 'right', va='top' if below else 'bottom',
      textcoords='offset points', fontsize=9, color='white',
      path_effects=style.outlined(2.2),
    )  # fmt: skip
  if boxes and len(ax.images):
    ax.set(xlim=(x0, x1), ylim=(y0, y1))

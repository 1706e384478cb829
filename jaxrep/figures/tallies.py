"""Two ratios of each parameter: how it was updated, and how copies differ."""

from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, hsv_to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from jaxrep.figures import lettering, style, ticks

POINTS = style.series(0).color
FIT = style.series(1).color
UNDEFINED = {'facecolor': '#B0B0B0', 'hatch': '/////', 'edgecolor': 'black'}
GOLDEN = 0.6180339887  # turns of the hues from one neuron to the next
LIGHT = (0.9, 0.6, 0.75)  # values, in the sense of HSV, that neurons cycle
EDGED = [patheffects.withStroke(linewidth=2.8, foreground='black')]
ROOM = 0.02  # of an axis from 0 to 1, at both ends


@matplotlib.rc_context(style.RC)
def scatter(
  ax: Axes,
  updating: np.ndarray,
  difference: np.ndarray,
  *,
  title: str = '',
  xlabel: str = 'relative updating, a / (a + b)',
  ylabel: str = 'relative difference, c / (c + d)',
) -> None:
  """Draws a point a parameter, and the least-squares line through them.

  The more points, the smaller and the fainter: a hundred are plain, of 78,400
  one sees how dense they lie. Thin lines stand at 1/2.

  Args:
    ax: 5 inches wide and high will do.
    updating: `[N]`, 0 to 1; NaN where a parameter was not updated at all.
    difference: `[N]`, 0 to 1; NaN where its copies do not differ at all.
    title: what was found.
    xlabel: the first ratio.
    ylabel: the second.
  """
  x, y = (np.asarray(a, float).ravel() for a in (updating, difference))
  known = _inside(x, y)
  if known.any():
    _square(ax)
    x, y = x[known], y[known]
    size = float(np.clip(40 / np.sqrt(len(x)), 1.2, 5))
    alpha = float(np.clip(28 / np.sqrt(len(x)), 0.03, 0.75))
    ax.plot(x, y, 'o', ms=size, mew=0, color=POINTS, alpha=alpha)
    _fit(ax, x, y)
  else:
    _nothing(ax, known)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel)
  if known.size:
    style.remark(ax, _counted(known, 'point'))


def _inside(x, y):
  """Returns which points both axes can show."""
  return (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)  # NaN is nowhere


def _square(ax):
  """Sets both axes to 0..1, with thin lines at 1/2."""
  ax.set(xlim=(-ROOM, 1 + ROOM), ylim=(-ROOM, 1 + ROOM))
  for axis, line in ((ax.xaxis, ax.axvline), (ax.yaxis, ax.axhline)):
    axis.set_ticks([0, 0.25, 0.5, 0.75, 1])
    ticks.thousands(axis)
    line(0.5, color=style.FAINT, lw=0.8, ls=(0, (4, 2)), zorder=1)


def _nothing(ax, known):
  """Says why no point is drawn."""
  ax.set(xticks=[], yticks=[])
  style.nothing(ax, 'no finite ratios' if known.size else 'no parameters')


def _counted(known, noun):
  """Returns how many are drawn, and how many cannot be."""
  drawn, rest = int(known.sum()), int((~known).sum())
  words = f'{drawn:,} {noun}' + 's' * (drawn != 1)
  return words + f'; undefined: {rest:,}' * bool(rest)


def _fit(ax, x, y):
  """Draws the least-squares line as far as there are points."""
  off = x - x.mean()
  if not np.any(abs(off) > 1e-12):
    return
  slope = off @ y / (off @ off)
  ends = np.array([off.min(), off.max()])
  ax.plot(
    x.mean() + ends, y.mean() + slope * ends, color=FIT, lw=1.8, zorder=3,
    path_effects=[patheffects.withStroke(linewidth=3.4, foreground='white')],
  )  # fmt: skip


@matplotlib.rc_context(style.RC)
def clusters(
  ax: Axes,
  updating: np.ndarray,
  difference: np.ndarray,
  bias_updating: np.ndarray,
  bias_difference: np.ndarray,
  *,
  most: int = 100,
  title: str = '',
  xlabel: str = 'relative updating, a / (a + b)',
  ylabel: str = 'relative difference, c / (c + d)',
) -> None:
  """Draws weights as dots, coloured by neuron, and biases as rings over them.

  A neuron's bias has the colour of its weights, between black edges; weights
  that sit on it are seen within.

  Args:
    ax: 5 inches wide and high will do.
    updating: `[P, H]`, of the weights from pixel p to neuron h.
    difference: `[P, H]`.
    bias_updating: `[H]`, of the neurons' biases.
    bias_difference: `[H]`.
    most: so many neurons are drawn, the first.
    title: what was found.
    xlabel: the first ratio.
    ylabel: the second.
  """
  # Row by row, neurons take turns, so that none lies over all the others.
  x, y = (np.asarray(a, float)[..., :most] for a in (updating, difference))
  bias_x, bias_y = (
    np.asarray(a, float)[:most] for a in (bias_updating, bias_difference)
  )
  count = len(bias_x)
  colours = _hues(count)
  known, biases = _inside(x, y), _inside(bias_x, bias_y)
  lift = 0.0
  if known.any() or biases.any():
    _square(ax)
    ax.scatter(
      x[known], y[known], c=colours[np.nonzero(known)[1]], linewidths=0,
      s=float(np.clip(9000 / max(known.sum(), 1), 1, 9)),
      alpha=float(np.clip(100 / np.sqrt(max(known.sum(), 1)), 0.3, 0.8)),
    )  # fmt: skip
    ax.scatter(
      bias_x[biases], bias_y[biases], edgecolors=colours[biases], lw=1.5,
      facecolors='none', s=float(np.clip(3000 / max(count, 1), 24, 60)),
      path_effects=EDGED, zorder=3,
    )  # fmt: skip
    lift = lettering.legend(ax, _key(colours[0]))
  else:
    _nothing(ax, known if known.size else biases)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)
  if known.size:
    words = _counted(known, 'weight')
    if np.size(bias_updating) > most:
      words += f'; first {most:,} of {np.size(bias_updating):,} neurons'
    style.remark(ax, words)


def _hues(count):
  """Returns `[count, 3]` colours; those that follow each other differ most."""
  order = np.arange(count)
  value = np.resize(LIGHT, count)
  return hsv_to_rgb(
    np.stack([GOLDEN * order % 1, np.full(count, 0.85), value], axis=1)
  )


def _key(colour):
  """Returns the legend's lines: a weight, and its neuron's bias."""
  shape = {'ls': '', 'marker': 'o'}
  ring = {'ms': 7, 'mfc': 'none', 'mec': colour, 'mew': 1.5}
  return [
    Line2D([], [], **shape, ms=2.5, color=colour, label='a weight'),
    Line2D(
      [], [], **shape, **ring, path_effects=EDGED, label='its neuron’s bias'
    ),
  ]


@matplotlib.rc_context(style.RC)
def pixel_map(
  ax: Axes,
  r: np.ndarray,
  *,
  label: str,
  limit: float | None = None,
  boxes: Mapping[str, tuple[int, int, int, int]] | None = None,
  spread: bool = False,
  below: str = 'below 0',
  missing: str = 'undefined',
  title: str = '',
) -> None:
  """Draws a number for each pixel of an image, with a colour bar.

  Numbers below 0 are blue, and carry a minus, for a grey printer cannot tell
  blue from red. What is no finite number is hatched.

  Args:
    ax: 5 inches wide and high will do; the cells are squares.
    r: `[Y, X]`, from the image's upper left corner; NaN where undefined.
    label: what the number is, at the colour bar.
    limit: where the colours end, on both sides of 0; None takes the largest
      size.
    boxes: label -> (y0, y1, x0, x1): outlines rows y0 to y1 - 1 and columns
      x0 to x1 - 1.
    spread: for numbers from 0 on, as a standard deviation over nets: colours
      from light to dark instead, and no minus.
    below: what a minus means.
    missing: what it means that a number is undefined.
    title: what was found.
  """
  r, handles, lift = np.asarray(r, float), [], 0.0
  ax.set(xticks=[], yticks=[])
  known = np.isfinite(r)
  if not r.size:
    style.nothing(ax, 'no pixels')
    style.dress(ax, title=title)
    return
  rows, columns = r.shape
  ax.set(xlim=(0, columns), ylim=(rows, 0), aspect='equal')
  ax.apply_aspect()  # words above it then know how wide it is
  cell = min(np.divide(style.points(ax), (columns, rows)))
  limit = limit or abs(r[known]).max(initial=0) or 1.0
  mesh = ax.pcolormesh(
    np.arange(columns + 1), np.arange(rows + 1), np.ma.masked_where(~known, r),
    cmap=_colours(spread), vmin=0 if spread else -limit, vmax=limit,
  )  # fmt: skip
  if not spread and np.any(r[known] < 0):
    _minus(ax, r, mesh, cell)
    look = {'marker': '_', 'ms': 6, 'mew': 1.4, 'color': style.TEXT}
    handles.append(Line2D([], [], ls='', label=below, **look))
  if not known.all():
    ax.patch.set(**UNDEFINED, linewidth=0)
    handles.append(Patch(**UNDEFINED, linewidth=0, label=missing))
  for k, (name, place) in enumerate((boxes or {}).items()):
    handles.append(_box(ax, place, style.series(k).dashes, name))
  if handles:
    lift = lettering.legend(ax, handles)
  bar = ax.figure.colorbar(mesh, cax=ax.inset_axes([1.03, 0, 0.05, 1]))
  bar.set_label(label)
  bar.outline.set_visible(False)
  ticks.thousands(bar.ax.yaxis, digits=3)
  style.dress(ax, title=title, lift=lift)
  ax.spines[:].set_visible(False)


def _colours(spread):
  """Returns colours from light to dark, or from blue over white to red."""
  if spread:
    light = matplotlib.colormaps['YlGnBu'](np.linspace(0.04, 1, 256))
    return ListedColormap(light)
  return matplotlib.colormaps['RdBu_r']


def _minus(ax, r, mesh, cell):
  """Draws a minus in each cell below 0, white where the cell is dark."""
  y, x = np.nonzero(np.isfinite(r) & (r < 0))
  dark = mesh.to_rgba(r[y, x])[:, 1] < 0.55  # green is most of light
  look = {'marker': '_', 'ls': '', 'ms': float(np.clip(0.5 * cell, 0.8, 9))}
  for colour, here in (('white', dark), (style.TEXT, ~dark)):
    ax.plot(
      x[here] + 0.5, y[here] + 0.5, color=colour,
      mew=float(np.clip(0.1 * cell, 0.3, 1.6)), **look,
    )  # fmt: skip


def _box(ax, place, dashes, name):
  """Outlines a region; returns its line for the legend."""
  y0, y1, x0, x1 = place
  for color, lw, ls in (('white', 3.6, '-'), (style.TEXT, 1.8, dashes)):
    look = {'edgecolor': color, 'lw': lw, 'ls': ls, 'facecolor': 'none'}
    ax.add_patch(
      Rectangle((x0, y0), x1 - x0, y1 - y0, clip_on=False, zorder=3, **look)
    )
  return Line2D([], [], color=style.TEXT, lw=1.8, ls=dashes, label=name)

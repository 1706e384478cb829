"""Credit assignment in a small net: what goes forward, and what comes back."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from jaxrep.figures import links, style, ticks

FORWARD = {'color': '#0B2545'}
BACKWARD = {'color': '#C4500C', 'style': 'italic'}
PAPER = {'fc': 'white', 'ec': 'none', 'pad': 0.6}  # under words
RADIUS = 0.17  # of a unit, where neighbours are 1 apart
GAP = 1.4  # between layers
STUB = 0.16  # length of a bias' link
LINE = 1.3  # from one line of text to the next, in font sizes
APART = 2.2  # points between a link and the way back along it


@matplotlib.rc_context(style.RC)
def both_ways(
  ax: Axes,
  weights: Sequence[np.ndarray],
  biases: Sequence[np.ndarray],
  activations: Sequence[np.ndarray],
  weight_slopes: Sequence[np.ndarray],
  bias_slopes: Sequence[np.ndarray],
  unit_slopes: Sequence[np.ndarray],
  *,
  labels: Sequence[Sequence[str]] | None = None,
  beside: Sequence[str] = (),
  title: str = '',
) -> None:
  """Draws one case of a small net: activations forward, derivatives back.

  From left to right inputs, hidden units, outputs. What goes forward is dark,
  upright and solid: the activation in each unit, the weight on each link. What
  comes back is lighter, italic and dashed: ∂E/∂a over each unit, and ∂E/∂w
  under each weight. A bias is a short link from below.

  Args:
    weights: for each layer `[I, O]`, from unit i to unit j.
    biases: for each layer `[O]`.
    activations: for the input and each layer, `[I], .., [O]`.
    weight_slopes: ∂E/∂w, in the shapes of the weights.
    bias_slopes: ∂E/∂b, in the shapes of the biases.
    unit_slopes: ∂E/∂a of each layer's units, `[H], .., [O]`: none of inputs.
    labels: for the input and each layer, a name for each unit.
    beside: for each output, what is written to its right: its target.
    title: what was found.
  """
  places = _places([len(a) for a in activations])
  scale = _frame(ax, places)
  size = float(np.clip(0.46 * RADIUS * scale, 3, 10))
  largest = max(map(_largest, (*weights, *biases))) or 1.0
  foot = np.array([0, -RADIUS - STUB])  # where a bias' link starts
  below = foot - (0, LINE * size / scale)  # the middle of its two lines
  above = np.array([0, RADIUS + 0.65 * LINE * size / scale])

  labels = labels or [()] * len(places)
  for layer, lit, names in zip(places, activations, labels, strict=True):
    _units(ax, layer, lit, names, size)
  for layer, b, db, da in zip(
    places[1:], biases, bias_slopes, unit_slopes, strict=True
  ):
    for place, bias, slope, back in zip(layer, b, db, da, strict=True):
      _way(ax, place + foot, place, bias / largest, scale)
      _pair(ax, place + below, bias, slope, size, scale)
      words = f'∂E/∂a {_number(back)}'
      _write(ax, place + above, words, size, bbox=PAPER, **BACKWARD)
  for place, word in zip(places[-1], beside, strict=len(beside) > 0):
    _write(ax, place + (1.3 * RADIUS, 0), word, size, ha='left')

  taken = [p + shift for p in places for shift in (0 * foot, below, above)]
  pairs = zip(places[:-1], places[1:], strict=True)
  ends = [(a, b) for left, right in pairs for a in left for b in right]
  ends = np.array(ends).reshape(-1, 2, 2)
  w, dw = (
    np.concatenate([np.ravel(a) for a in each])
    for each in (weights, weight_slopes)
  )
  wide = [len(max(map(_number, pair), key=len)) for pair in np.array([w, dw]).T]
  boxes = np.array([[0.62 * n, 2 * LINE] for n in wide]).reshape(-1, 2)
  at = links.spread(ends, boxes * size / scale, np.concatenate(taken), RADIUS)
  for (start, end), share, weight, slope in zip(ends, at, w, dw, strict=True):
    _way(ax, start, end, weight / largest, scale, gap=RADIUS)
    _pair(ax, start + share * (end - start), weight, slope, size, scale)
  _key(ax)
  style.dress(ax, title=title)


@matplotlib.rc_context(style.RC)
def outputs(
  ax: Axes,
  sweeps: np.ndarray,
  outputs: np.ndarray,
  targets: np.ndarray,
  *,
  labels: Sequence[str],
  ylabel: str = 'output',
  title: str = '',
) -> None:
  """Draws one net's output for every case over the sweeps.

  Right of the axes, each case's marker stands at its target. The x axis is
  logarithmic; with a sweep 0, it is linear from 0 to 1.

  Args:
    sweeps: `[T]`, rising, ≥ 0.
    outputs: `[T, C]`, from 0 to 1; NaN or inf where undefined.
    targets: `[C]`.
    labels: `[C]`, a name for each case.
    ylabel: what the outputs are.
    title: what was found.
  """
  sweeps, targets = np.asarray(sweeps, float), np.asarray(targets, float)
  outputs = np.where(np.isfinite(outputs), outputs, np.nan)
  ax.set_ylim(-0.05, 1.05)
  if not outputs.size:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'no outputs')
  else:
    ticks.sweeps(ax, sweeps[0], max(sweeps[-1], 1.0), room=1.1)
    for target in np.unique(targets[np.isfinite(targets)]):
      ax.axhline(target, color=style.FAINT, lw=0.7, ls=(0, (1, 2)), zorder=1)
  step = max(len(sweeps) // 8, 1)  # markers of different cases stand apart
  used = {}
  for k, (name, target) in enumerate(zip(labels, targets, strict=True)):
    look = style.series(k)
    line = {'color': look.color, 'ls': look.dashes, 'lw': 1.6}
    ax.plot(
      sweeps, outputs[:, k], label=name, marker=look.marker, ms=5,
      markevery=(step * k // len(targets), step), **line
    )  # fmt: skip
    used[target] = used.get(target, -1) + 1
    x = 1.03 + 0.035 * used[target]
    ax.plot(
      x, target, marker=look.marker, ms=7, color=look.color, mfc='white',
      mew=1.6, clip_on=False, transform=ax.get_yaxis_transform(),
    )  # fmt: skip
  if outputs.size:
    ax.annotate(
      'targets', (1.015, 0.5), xycoords='axes fraction', rotation=90,
      va='center', color=style.FAINT, fontsize=9,
    )  # fmt: skip
    ax.legend(loc='best', handlelength=4)
  style.dress(ax, title=title, xlabel='sweeps', ylabel=ylabel)


def _number(value):
  """Returns a number in a few characters: 0.731, −1.43, 2e−7."""
  size = abs(value)
  if size in (0, 1) or not np.isfinite(size):
    text = f'{value:.0f}'.replace('-0', '0')
  elif size < 0.001 or size >= 1000:
    mantissa, power = f'{value:.0e}'.split('e')
    text = f'{mantissa}e{int(power)}'
  else:
    text = f'{value:.{2 if size >= 1 else 3}f}'
  return text.replace('-', '−')


def _places(sizes):
  """Returns the centres of each layer's units, `[n, 2]`, middles in line."""
  return [
    np.stack([np.full(n, k * GAP), (n - 1) / 2 - np.arange(n)], axis=1)
    for k, n in enumerate(sizes)
  ]


def _frame(ax, places):
  """Makes room for the net, equal in x and y; returns points per data unit."""
  every = np.concatenate(places)
  (left, low), (right, top) = every.min(axis=0), every.max(axis=0)
  room = np.array([[left - 0.3, right + 0.5], [low - 0.6, top + 0.35]])
  ax.set(xlim=room[0], ylim=room[1], aspect='equal')
  ax.set_axis_off()
  return float(min(style.points(ax) / np.diff(room, axis=1)[:, 0]))


def _largest(values):
  """Returns the largest size among finite numbers, 0 if there are none."""
  values = np.asarray(values, float)
  return abs(values[np.isfinite(values)]).max(initial=0)


def _units(ax, layer, lit, names, size):
  """Draws a layer's units, with names, if any, over their activations."""
  for place, a in zip(layer, lit, strict=True):
    ax.add_patch(Circle(place, RADIUS, fc='white', ec=style.TEXT, zorder=5))
    low = place - (0, 0.25 * RADIUS if len(names) else 0)
    _write(ax, low, _number(a), size, **FORWARD)
  for place, name in zip(layer, names, strict=len(names) > 0):
    high = place + (0, 0.5 * RADIUS)
    _write(ax, high, name, 0.8 * size, color=style.FAINT)


def _write(ax, place, words, size, ha='center', **look):
  """Writes words round a place."""
  text = {'ha': ha, 'va': 'center', 'fontsize': size, 'zorder': 6}
  ax.text(*place, words, **text, **look)


def _pair(ax, place, weight, slope, size, scale):
  """Writes a weight round a place, and its ∂E/∂w under it."""
  half = np.array([0, 0.5 * LINE * size / scale])
  _write(ax, place + half, _number(weight), size, bbox=PAPER, **FORWARD)
  _write(ax, place - half, _number(slope), size, bbox=PAPER, **BACKWARD)


def _way(ax, start, end, weight, scale, *, gap=0.0):
  """Draws a link and, beside it, the way back; the largest weight is 1."""
  way = (end - start) / np.linalg.norm(end - start)
  start, end = start + gap * way, end - RADIUS * way
  aside = np.array([-way[1], way[0]]) * APART / scale
  width = 0.7 + 1.8 * float(np.nan_to_num(abs(weight), posinf=0))
  for shift, (tail, head), color, ls, lw in (
    (aside, (start, end), FORWARD['color'], '-', width),
    (-aside, (end, start), BACKWARD['color'], (0, (3, 1.5)), 0.9),
  ):
    arrow = {'arrowstyle': '-|>', 'color': color, 'ls': ls, 'lw': lw}
    arrow |= {'shrinkA': 0, 'shrinkB': 0, 'mutation_scale': 8}
    ax.annotate('', head + shift, tail + shift, arrowprops=arrow, zorder=2)


def _key(ax):
  """Says under the net what goes which way."""
  forward = Line2D([], [], color=FORWARD['color'], ls='-', lw=1.8)
  back = Line2D([], [], color=BACKWARD['color'], ls=(0, (3, 1.5)), lw=1.2)
  legend = ax.legend(
    [forward, back],
    ['forwards →  activations and weights', '← backwards  ∂E/∂a and ∂E/∂w'],
    loc='upper center',
    bbox_to_anchor=(0.5, 0.0),
    borderaxespad=0,
    ncols=2,
    handlelength=2.6,
    fontsize=float(np.clip(style.points(ax)[0] / 48, 4, 9)),
  )
  for text, look in zip(legend.get_texts(), (FORWARD, BACKWARD), strict=True):
    text.set(**look)

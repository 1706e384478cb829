"""One net, drawn as the letter of 1986 draws its symmetry net."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from jaxrep.figures import links, style

POSITIVE = style.Look('#14213D', (0, ()), '')
NEGATIVE = style.Look('#D0653F', (0, (3, 1.2)), '')
LIT = '#F2B01E'
RADIUS = 0.3  # of a unit, where neighbours in the widest layer are 1 apart
ROOM = 4  # units in a layer between which there is room for answers
READABLE = 4.5  # points; smaller text is left out


@matplotlib.rc_context(style.RC)
def diagram(
  ax: Axes,
  weights: Sequence[np.ndarray],
  biases: Sequence[np.ndarray],
  *,
  activations: Sequence[np.ndarray] | None = None,
  labels: Sequence[Sequence[str]] | None = None,
  numbers: int = 24,
  key: bool = True,
  title: str = '',
) -> None:
  """Draws a layered net: inputs below, biases in the units, weights on links.

  Positive weights are dark and solid, negative ones light and dashed; the
  width of a link is proportional to the size of its weight, on one scale for
  the whole net.

  Args:
    weights: for each layer `[I, O]`, from unit i below to unit j above; where
      there are direct links, rows for the inputs come last.
    biases: for each layer `[O]`.
    activations: for the input and each layer, `[I], .., [O]`: what one pattern
      does. Units fill with colour from 0 (-1 where any is negative) to 1.
    labels: for the input and each layer, a name for each unit, or none at all.
    numbers: with more links than this, no weight is written.
    key: say under the net what the lines mean; one of several nets will do.
    title: what was found.
  """
  weights = [np.asarray(w, float) for w in weights]
  sizes = [len(weights[0]), *(w.shape[1] for w in weights)]
  margin = (2.5 if labels is not None else 1.3) * RADIUS
  places = _places(sizes, margin, ax)
  scale = _frame(ax, places, margin)
  size = min(0.58 * RADIUS * scale, 10.0)  # '−14.2' fits into a unit
  known = [abs(w[np.isfinite(w)]).max(initial=0) for w in weights]
  largest = max(known) or 1.0
  count = sum(w.size for w in weights)
  sources = [
    below if len(w) == len(below) else np.concatenate([below, places[0]])
    for w, below in zip(weights, places[:-1], strict=True)
  ]
  for w, below, above in zip(weights, sources, places[1:], strict=True):
    _links(ax, w / largest, below, above, crowded=count > 60)
  if count <= numbers and size >= READABLE:
    _weights(ax, weights, sources, places, size, scale)
  lit = [()] * len(places) if activations is None else activations
  least = -1.0 if min(map(np.min, activations or [0])) < 0 else 0.0
  for k, layer in enumerate(places):
    _circles(ax, layer, lit[k], least)
    if size >= READABLE:
      above = (0, 1.8 * RADIUS if k else -1.8 * RADIUS)
      _words(ax, layer, _numbers(biases[k - 1] if k else lit[0]), size)
      _words(ax, layer + above, labels[k] if labels else (), size)
      if k and len(layer) <= ROOM:
        beside = (1.25 * RADIUS, 0)
        answers = [f'y = {y:.2f}' for y in lit[k]]
        _words(ax, layer + beside, answers, size, ha='left')
  if key:
    _key(ax, largest)
  style.dress(ax, title=title)


def _places(sizes, margin, ax):
  """Returns the centres of each layer's units, `[n, 2]`, to fill the axes."""
  wide = float(max(*sizes, 4))
  width, height = style.points(ax)
  room = (wide + 0.5) * height / width - 2 * margin
  gap = np.clip(room / (len(sizes) - 1), 0.25 * wide, 0.6 * wide)
  return [
    np.stack([(np.arange(n) + 0.5) * wide / n, np.full(n, k * gap)], axis=1)
    for k, n in enumerate(sizes)
  ]


def _frame(ax, places, margin):
  """Makes room for the net, equal in x and y; returns points per data unit."""
  every = np.concatenate(places)
  (left, low), (right, top) = every.min(axis=0), every.max(axis=0)
  ax.set(xlim=(left - 0.75, right + 0.75))
  ax.set(ylim=(low - margin, top + margin), aspect='equal')
  ax.set_axis_off()
  sides = np.array([right - left + 1.5, top - low + 2 * margin])
  return float(min(style.points(ax) / sides))


def _links(ax, weights, below, above, *, crowded):
  """Draws one layer's links `[I, O]`; the net's largest weight is 1."""
  for sign, look in ((1, POSITIVE), (-1, NEGATIVE)):
    chosen = np.argwhere(np.isfinite(weights) & (np.sign(weights) == sign))
    strength = abs(weights[tuple(chosen.T)])
    ax.add_collection(
      LineCollection(
        [(below[i], above[j]) for i, j in chosen],
        colors=look.color,
        linestyles=[look.dashes],
        linewidths=0.3 + (2.2 if crowded else 3.5) * strength,
        alpha=0.6 if crowded else 0.9,
      ),
      autolim=False,
    )


def _weights(ax, weights, sources, places, size, scale):
  """Writes every weight on its link, where it hides least."""
  ends = [
    (below[i], above[j])
    for w, below, above in zip(weights, sources, places[1:], strict=True)
    for i, j in np.ndindex(w.shape)
  ]
  ends = np.array(ends).reshape(-1, 2, 2)
  words = _numbers(np.concatenate([w.ravel() for w in weights]))
  boxes = np.array([[0.62 * len(t), 1.25] for t in words]).reshape(-1, 2)
  at = links.spread(ends, boxes * size / scale, np.concatenate(places), RADIUS)
  centres = ends[:, 0] + at[:, None] * (ends[:, 1] - ends[:, 0])
  paper = {'fc': 'white', 'ec': 'none', 'pad': 0.5}
  text = {'ha': 'center', 'va': 'center', 'fontsize': size, 'zorder': 4}
  for centre, word in zip(centres, words, strict=True):
    ax.text(*centre, word, bbox=paper, **text)


def _circles(ax, layer, lit, least):
  """Draws a layer's units, filled from white (least) to full colour (1)."""
  off, on = np.array(to_rgb('white')), np.array(to_rgb(LIT))
  share = (np.asarray(lit, float) - least) / (1 - least)
  share = (
    np.clip(np.nan_to_num(share), 0, 1) if len(share) else [0] * len(layer)
  )
  for place, s in zip(layer, share, strict=True):
    face = off + s * (on - off)
    ax.add_patch(
      Circle(place, RADIUS, fc=face, ec=style.TEXT, lw=1.2, zorder=5)
    )


def _words(ax, layer, words, size, ha='center'):
  """Writes a word at every place, or nothing where there are no words."""
  for place, word in zip(layer, words, strict=len(words) > 0):
    ax.text(*place, word, ha=ha, va='center', fontsize=size, zorder=6)


def _numbers(values):
  """Returns weights in a few characters each."""
  digits = [0 if abs(v) >= 100 or v in (0, 1) else 1 for v in values]
  texts = [f'{v:.{d}f}' for v, d in zip(values, digits, strict=True)]
  return [text.replace('-', '−') for text in texts]


def _key(ax, largest):
  """Says under the net what the lines mean."""
  lines = [
    Line2D([], [], color=look.color, ls=look.dashes, lw=2.2, label=name)
    for look, name in ((POSITIVE, 'positive'), (NEGATIVE, 'negative'))
  ]
  lines.append(Line2D([], [], ls='', label=f'widest: {_numbers([largest])[0]}'))
  ax.legend(
    handles=lines,
    loc='upper center',
    bbox_to_anchor=(0.5, 0.0),
    borderaxespad=0,
    ncols=3,
    handlelength=2.6,
    columnspacing=1.2,
    fontsize=float(np.clip(style.points(ax)[0] / 27, 4, 9)),
  )

"""A figure of many nets, each of which is drawn at a click on its mark.

Plain data in, HTML out. The figure is an SVG that says what it shows without a
script, too; the weights lie beside it as JSON, and the script of `clicks`, once
a page, draws the net that was clicked.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from jaxrep import tables
from jaxrep.figures import style

# Units of the view box: at a width of 360 they are a phone's pixels.
WIDTH, HEIGHT, BOTTOM, LINE = 360, 225, 40, 16
INSET = 17  # between the frame and the outermost values
BEYOND = 10  # farther out stands what the axis cannot show
LETTER = 6.3  # how wide one is, at most on average
APART, ASIDE = 3.0, 12.0  # marks that lie closer are moved aside, so far
SHAPES = {  # matplotlib's markers: from the centre to the start, and on
  'o': (-4, 0, 'a4 4 0 1 0 8 0a4 4 0 1 0-8 0'),
  's': (-3.5, -3.5, 'h7v7h-7'),
  '^': (0, -5, 'l4.5 8h-9'),
  'v': (0, 5, 'l4.5-8h-9'),
  'D': (0, -5, 'l4 5-4 5-4-5'),
  'p': (0, -4.5, 'l4.3 3.1-1.6 5.1h-5.4l-1.6-5.1'),
  'P': (-1.6, -4.5, 'h3.2v2.9h2.9v3.2h-2.9v2.9h-3.2v-2.9h-2.9v-3.2h2.9'),
  'X': (0, -2, 'l2-2 2 2-2 2 2 2-2 2-2-2-2 2-2-2 2-2-2-2 2-2'),
}


class Shown(NamedTuple):
  """One net of the figure.

  Attributes:
    x: where it stands: its sweeps, say.
    y: where it stands: its error, say.
    kind: its outcome, one of those of `figures.style`.
    words: what a reader should know of it, in a line.
    layers: weights `[I, O]` and biases `[O]` of each layer; where there are
      direct links, rows for the inputs come last.
  """

  x: float
  y: float
  kind: str
  words: str
  layers: Sequence[tuple[np.ndarray, np.ndarray]]


class _Axis(NamedTuple):
  """Where values stand along one side, in units of the view box."""

  at: np.ndarray
  ticks: list[tuple[float, str]]  # place, label
  edges: tuple[bool, bool]  # whether some stand at the near, the far edge


def choose(outcome: Sequence, limit: int = 300) -> np.ndarray:
  """Returns the rows of at most `limit` nets, sorted, none of them drawn.

  Outcomes share the places evenly; who needs fewer leaves the rest to those
  with more. So rare outcomes are there with all their nets, frequent ones with
  nets that lie evenly over their rows.

  Args:
    outcome: of each net, `[S]`.
    limit: how many nets at most.

  Raises:
    ValueError: there are more outcomes than places.
  """
  kinds, index = np.unique(np.asarray(outcome), return_inverse=True)
  if limit < len(kinds):
    raise ValueError(
      f'limit: expected at least {len(kinds)}, a net for each outcome; found'
      f' {limit}'
    )
  groups = [np.flatnonzero(index == k) for k in range(len(kinds))]
  groups.sort(key=len)
  chosen = [np.array([], int)]
  for k, rows in enumerate(groups):
    count = min((limit - sum(map(len, chosen))) // (len(groups) - k), len(rows))
    chosen.append(rows[(2 * np.arange(count) + 1) * len(rows) // (2 * count)])
  return np.sort(np.concatenate(chosen))


def html(
  name: str,
  shown: Sequence[Shown],
  *,
  title: str,
  caption: str,
  alt: str,
  xlabel: str,
  ylabel: str,
  log_x: bool = False,
  log_y: bool = False,
  units: Sequence[Sequence[str]] | None = None,
) -> str:
  """Returns the figure as HTML; its page holds what is in `clicks`, too.

  The first net given is drawn at first; keys and buttons step through the nets
  from left to right.

  Args:
    name: for its id, `figure-NAME`; one of each on a page.
    shown: the nets, all of one shape; a few hundred.
    title: what was found.
    caption: how to read it, beside what every gallery says.
    alt: what is to be seen, for those who cannot.
    xlabel: what x is, with its unit.
    ylabel: what y is, with its unit.
    log_x: x on a logarithmic axis; what is not above 0 stands at its left end.
    log_y: the same for y, at its lower end.
    units: for the input and each layer, a name for each unit; None: x1, x2, ..
      for inputs, h1, .. and y1, .. for the others.

  Raises:
    ValueError: no nets, or of different shapes; an outcome without a look;
      names that are no name for each unit; no name, title, caption or alt text.
  """
  given = {'name': name, 'title': title, 'caption': caption, 'alt': alt}
  for field, words in given.items():
    if not words.strip():
      raise ValueError(f'gallery {name!r}: expected a {field}, found none')
  if not shown:
    raise ValueError(f'gallery {name!r}: expected nets, found none')
  shapes = [[np.shape(w) for w, _ in net.layers] for net in shown]
  if any(shape != shapes[0] for shape in shapes):
    raise ValueError(f'gallery {name!r}: expected nets of one shape')
  counts = Counter(net.kind for net in shown)
  legend, top = _legend(counts)
  y = _axis([n.y for n in shown], log_y, top + HEIGHT - INSET, top + INSET, 6)
  left = 26 + LETTER * max(len(label) for _, label in y.ticks)
  x = _axis([n.x for n in shown], log_x, left + INSET, WIDTH - INSET - 6, 5)
  places, moved = _apart(x.at, y.at)
  order = np.lexsort([places[:, 1], places[:, 0]])
  parts = [
    *legend,
    *_frame(x, y, (left, top), (xlabel, ylabel)),
    *_marks([shown[i] for i in order], places[order], counts),
  ]
  data = {
    'first': order.tolist().index(0),
    'at': places[order].tolist(),
    'rows': [rows for rows, _ in shapes[0]],
    'units': _units(shapes[0], units),
  }
  numbers = ','.join(_numbers(shown[i].layers) for i in order)
  text = f'{json.dumps(data, separators=(",", ":"))[:-1]},"nets":[{numbers}]}}'
  return _FIGURE.format(
    name=escape(re.sub(r'\W+', '-', name)),
    title=escape(title),
    alt=escape(alt),
    caption=escape(' '.join([caption, *_notes(x, y, moved)])),
    size=f'{WIDTH} {top + HEIGHT + BOTTOM}',
    plot='\n'.join(parts),
    data=text.replace('<', r'\u003c'),  # else it could end, or open, a script
  )


def _axis(values, log, near, far, most):
  """Returns an axis from the place `near` to `far`, with up to `most` ticks."""
  values = np.array(values, float)
  ends = (log & (values <= 0) | (values == -np.inf), ~(values < np.inf))
  inside = values[~ends[0] & ~ends[1]]
  inside = inside if len(inside) else np.ones(1)
  low, high = float(inside.min()), float(inside.max())
  ticks = _powers(low, high, most) if log else _steps(low, high, most)
  scale = math.log10 if log else float
  start, stop = scale(low), scale(high)
  if log and len(ticks) < 2:  # about a decade: from a power to a power
    start = math.floor(start)
    stop = max(math.ceil(stop), start + 1)
    ticks = _powers(10.0**start, 10.0**stop, most)
  if start == stop:
    start, stop = start - 0.5, stop + 0.5

  side = math.copysign(BEYOND, far - near)
  beyond = (near - side, far + side)

  def place(value):
    return near + (far - near) * (scale(value) - start) / (stop - start)

  at = [
    beyond[0] if first else beyond[1] if last else place(value)
    for value, first, last in zip(values, *ends, strict=True)
  ]
  return _Axis(
    np.round(at, 1),
    [(place(tick), label) for tick, label in ticks],
    (bool(ends[0].any()), bool(ends[1].any())),
  )


def _powers(low, high, most):
  """Returns powers of ten from `low` to `high`, with labels of one kind."""
  first = math.ceil(math.log10(low) - 1e-9)
  last = math.floor(math.log10(high) + 1e-9)
  every = max(math.ceil((last - first + 1) / most), 1)
  powers = range(first, last + 1, every)
  if first >= -3 and last <= 5:
    return [(10.0**p, tables.number(10.0**p)) for p in powers]
  return [(10.0**p, tables.power_of_ten(p)) for p in powers]


def _steps(low, high, most):
  """Returns round numbers from `low` to `high` in equal steps."""
  rough = (high - low) / most or max(abs(low), 1.0)
  power = 10.0 ** math.floor(math.log10(rough))
  step = next(m * power for m in (1, 2, 5, 10) if m * power >= 0.999 * rough)
  first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
  digits = max(-math.floor(math.log10(step) + 1e-9), 0)
  return [
    (k * step, tables.number(k * step, digits=digits))
    for k in range(first, last + 1)
  ] or [(low, tables.number(low))]


def _apart(x, y):
  """Returns places `[S, 2]` that hide no others, and whether some are moved.

  Who comes first stays, who comes later takes the nearest free point of a
  triangular grid round its own place, or the freest.
  """
  grid = np.arange(-8, 9)
  i, j = (a.ravel() for a in np.meshgrid(grid, grid))
  aside = APART * np.stack([i + j / 2, j * 3**0.5 / 2], axis=1)
  far = np.round(np.linalg.norm(aside, axis=1), 6)
  nearest = np.argsort(far, kind='stable')[: (far <= ASIDE).sum()]
  places = np.empty((len(x), 2))
  moved = False
  for k, there in enumerate(zip(x, y, strict=True)):
    ways = np.array(there) + aside[nearest]
    gaps = np.linalg.norm(ways[:, None] - places[:k], axis=-1)
    way = gaps.min(axis=1, initial=0.99 * APART).argmax()  # the first of them
    places[k] = ways[way]
    moved |= bool(way)
  return np.round(places, 1), moved


def _legend(counts):
  """Returns the legend's elements, and where the plot begins below it."""
  parts, x, y = [], 8.0, 10
  for kind in filter(counts.get, style.OUTCOMES):
    words = f'{kind}: {counts[kind]:,}'
    width = 24 + LETTER * len(words)
    if x + width > WIDTH and x > 8:
      x, y = 8.0, y + LINE
    parts.append(
      f'<path fill="{style.outcome(kind).color}" d="{_mark(kind, x, y)}"/>'
      f'<text x="{x + 9:g}" y="{y + 4}">{escape(words)}</text>'
    )
    x += width
  return parts, y + LINE


def _frame(x, y, corner, labels):
  """Returns the axes' lines, ticks and words."""
  left, top = corner
  base = top + HEIGHT
  middle = (left + WIDTH) / 2
  lines = ''.join(f'M{left:.1f} {at:.1f}H{WIDTH - 6}' for at, _ in y.ticks)
  marks = ''.join(f'M{at:.1f} {base}v4' for at, _ in x.ticks)
  return [
    f'<path class="grid" d="{lines}"/>',
    f'<path class="axis" d="M{left:.1f} {top}V{base}H{WIDTH - 6}{marks}"/>',
    *(
      f'<text class="end" x="{left - 5:.1f}" y="{at + 4:.1f}">{words}</text>'
      for at, words in y.ticks
    ),
    *(
      f'<text class="mid" x="{at:.1f}" y="{base + 16}">{words}</text>'
      for at, words in x.ticks
    ),
    f'<text class="mid" x="{middle:.1f}" y="{base + 33}">'
    f'{escape(labels[0])}</text>',
    f'<text class="mid" transform="translate(13 {top + HEIGHT / 2:g})'
    f' rotate(-90)">{escape(labels[1])}</text>',
  ]


def _mark(kind, x, y):
  """Returns the path of an outcome's mark round a place."""
  dx, dy, rest = SHAPES[style.outcome(kind).marker]
  return f'M{round(x + dx, 1):g} {round(y + dy, 1):g}{rest}z'


def _marks(shown, places, counts):
  """Returns the marks by outcome, the rarest in front."""
  parts = []
  for kind, _ in counts.most_common():
    parts.append(f'<g class="marks" fill="{style.outcome(kind).color}">')
    parts += [
      f'<path data-net="{k}" d="{_mark(kind, *place)}">'
      f'<title>{escape(net.words)}</title></path>'
      for k, (net, place) in enumerate(zip(shown, places, strict=True))
      if net.kind == kind
    ]
    parts.append('</g>')
  return parts


def _units(shapes, units):
  """Returns a name for each unit, layer by layer."""
  sizes = [shapes[0][0], *(wide for _, wide in shapes)]
  if units is None:
    deep = len(sizes) > 3
    hidden = [f'h{k}.' if deep else 'h' for k in range(1, len(shapes))]
    return [
      [f'{letter}{i + 1}' for i in range(size)]
      for letter, size in zip(['x', *hidden, 'y'], sizes, strict=True)
    ]
  if [len(names) for names in units] != sizes:
    raise ValueError(f'units: expected names for layers of {sizes}')
  return [[str(name) for name in names] for names in units]


def _numbers(layers):
  """Returns all weights and biases of a net as a JSON list, in 3 digits."""
  flat = np.concatenate([np.ravel(a) for layer in layers for a in layer])
  return f'[{",".join(f"{v:.3g}" if np.isfinite(v) else "null" for v in flat)}]'


def _notes(x, y, moved):
  """Returns what has to be said of marks that do not stand at their values."""
  sides = ('the left', 'the right', 'the lower', 'the upper')
  edges = [s for s, some in zip(sides, x.edges + y.edges, strict=True) if some]
  if moved:
    yield (
      'Marks that would hide one another are moved apart, by a mark and a half'
      ' at most.'
    )
  if edges:
    yield f'At {" and ".join(edges)} end: beyond what the axis can show.'


_FIGURE = """<figure id="figure-{name}" class="gallery">
<h2>{title}</h2>
<div class="sides">
<div>
<svg class="plot" viewBox="0 0 {size}" role="img" aria-label="{alt}">
{plot}
</svg>
<div class="chosen" hidden>
<p><button type="button">← previous</button> <span></span>
<button type="button">next →</button></p>
<p class="words" aria-live="polite"></p>
</div>
</div>
<div class="chosen" hidden>
<svg class="net" viewBox="0 0 320 250" role="img"
 aria-label="The net chosen; its weights stand in the table"></svg>
<div class="numbers"><table></table></div>
</div>
</div>
<noscript><p class="note">With scripts, a click on a mark draws its net here.
Without, <code>python -m experiments.show --record=FOLDER --net=ROW</code>
draws any net of a record.</p></noscript>
<figcaption><b>How to read:</b> {caption}</figcaption>
<script type="application/json">{data}</script>
</figure>"""

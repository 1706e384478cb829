"""The look that all figures share: outcomes, series, text, and the saved file.

Every distinction is made twice, by colour and by marker or line, and the
colours differ in luminance too, so that a figure survives a grey printer.
"""

import io
import os
import pathlib
import textwrap
from collections.abc import Mapping
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

SOLVED = 'solved'
DPI = 200
TEXT = '#1A1A1A'
FAINT = '#6B6B6B'


class Look(NamedTuple):
  """How one outcome or one series is drawn."""

  color: str
  dashes: tuple
  marker: str


# Luminance falls from 75 (still descending) to 0 (diverged), in steps of 5 or
# more.
OUTCOMES: Mapping[str, Look] = {
  SOLVED: Look('#56A3D0', (0, ()), 'o'),
  'unsolved': Look('#A8A8A8', (0, (8, 2)), 'p'),
  'still descending': Look('#F2AB27', (0, (5, 1.5)), '^'),
  'degenerate': Look('#1E8263', (0, (1, 1)), 'D'),
  'saddle': Look('#7F4CA8', (0, (6, 1.5, 1, 1.5)), 'P'),
  'local minimum': Look('#A3121F', (0, (3, 1)), 's'),
  'saturated': Look('#0E2F66', (0, (2, 1, 1, 1)), 'v'),
  'diverged': Look('#000000', (0, (1, 2)), 'X'),
}
SERIES = (
  Look('#0B2545', (0, ()), 'o'),
  Look('#C0392B', (0, (5, 1.5)), 's'),
  Look('#D98E04', (0, (6, 1.5, 1, 1.5)), '^'),
  Look('#1F8A70', (0, (1, 1)), 'D'),
  Look('#8FB8DE', (0, (8, 2)), 'v'),
  Look('#7A7AB8', (0, (2, 1, 1, 1)), 'P'),
)
GOLDEN = 0.6180339887  # multiples of it, less whole numbers, fill 0 to 1
RC: Mapping[str, object] = {
  'axes.axisbelow': True,
  'axes.edgecolor': FAINT,
  'axes.labelcolor': TEXT,
  'axes.labelsize': 10,
  'axes.titlesize': 11,
  'axes.unicode_minus': True,
  'font.family': 'DejaVu Sans',
  'font.size': 10,
  'hatch.linewidth': 0.7,
  'legend.fontsize': 9,
  'legend.edgecolor': 'none',
  'legend.framealpha': 0.85,
  'legend.title_fontsize': 9,
  'text.color': TEXT,
  'text.usetex': False,
  'xtick.color': TEXT,
  'xtick.labelsize': 9,
  'ytick.color': TEXT,
  'ytick.labelsize': 9,
}


def outcome(name: str) -> Look:
  """Returns how an outcome is drawn; a name without a look is refused."""
  if name not in OUTCOMES:
    raise ValueError(
      f'outcome: expected one of {", ".join(OUTCOMES)}; found {name!r}'
    )
  return OUTCOMES[name]


def series(k: int) -> Look:
  """Returns how the k-th setting is drawn; after the last comes the first."""
  return SERIES[k % len(SERIES)]


@matplotlib.rc_context(RC)
def figure(rows: int = 1, columns: int = 1, *, size=(6.0, 3.8)):
  """Returns a figure of `size` inches, and its axes as `fig.subplots` does."""
  fig = Figure(figsize=size, layout='constrained')
  FigureCanvasAgg(fig)
  return fig, fig.subplots(rows, columns)


@matplotlib.rc_context(RC)
def png(fig: Figure) -> bytes:
  """Returns the figure as a PNG file; the same figure gives the same bytes."""
  stream = io.BytesIO()
  fig.savefig(
    stream,
    format='png',
    dpi=DPI,
    facecolor='white',
    bbox_inches=None,
    metadata={'Software': None},
  )
  return stream.getvalue()


def save(fig: Figure, path: str | os.PathLike) -> None:
  """Writes the figure to `path`, as PNG."""
  pathlib.Path(path).write_bytes(png(fig))


def dress(ax: Axes, *, title='', xlabel='', ylabel='', lift=0.0) -> None:
  """Sets the frame and the words, `lift` points above the axes left free."""
  ax.spines[['top', 'right']].set_visible(False)
  ax.tick_params(which='both', width=0.8)
  if xlabel:
    ax.set_xlabel(xlabel)
  if ylabel:
    ax.set_ylabel(ylabel)
  if title:
    wide = max(int(points(ax)[0] / 6), 12)  # a letter is about 6 points wide
    ax.set_title(textwrap.fill(title, wide), loc='left', pad=6 + lift)


def evenly(count: int) -> np.ndarray:
  """Returns numbers between 0 and 1 that lie evenly however many there are."""
  return GOLDEN * (1 + np.arange(count)) % 1


def points(ax: Axes) -> tuple[float, float]:
  """Returns the width and height of the axes in points, before layout."""
  box = ax.get_window_extent()
  return 72 * box.width / ax.figure.dpi, 72 * box.height / ax.figure.dpi


def outlined(width: float) -> list[patheffects.AbstractPathEffect]:
  """Returns the effect that keeps white lines and words apart from light."""
  return [patheffects.withStroke(linewidth=width, foreground=TEXT)]


def nothing(ax: Axes, words: str) -> None:
  """Says in the axes why there is nothing to see."""
  ax.text(
    0.5,
    0.5,
    words,
    transform=ax.transAxes,
    ha='center',
    va='center',
    color=FAINT,
  )


def remark(ax: Axes, words: str) -> None:
  """Adds a line under the x label: what was left out, or cannot be drawn."""
  ax.annotate(
    words,
    (0.5, 0),
    xycoords=ax.xaxis.label,
    xytext=(0, -2),
    textcoords='offset points',
    ha='center',
    va='top',
    fontsize=8.5,
    color=FAINT,
    annotation_clip=False,
  )


def counted(ax: Axes, counts: Mapping[str, int]) -> None:
  """Adds a legend of outcomes, in the order given, with their counts."""
  handles = []
  for name, count in counts.items():
    look = outcome(name)
    line = {'color': look.color, 'ls': look.dashes, 'lw': 1.6}
    text = f'{name}: {count:,}'
    handles.append(Line2D([], [], marker=look.marker, ms=5, label=text, **line))
  if handles:
    total = sum(counts.values())
    ax.legend(
      handles=handles,
      title=f'{total:,} net' + 's' * (total != 1),
      loc='lower left',
      handlelength=3.2,
      alignment='left',
    )

"""Bars: what share of nets does each of many things, and how nets end."""

import textwrap
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import MaxNLocator

from jaxrep.figures import style, ticks

LETTER = 0.56  # mean width of a letter / its font's size


@matplotlib.rc_context(style.RC)
def shares(
  ax: Axes,
  labels: Sequence[str],
  value: np.ndarray,
  low: np.ndarray,
  high: np.ndarray,
  *,
  counts: np.ndarray | None = None,
  most: int = 16,
  xlabel: str,
  title: str = '',
) -> None:
  """Draws shares as bars with their intervals, the largest on top.

  The rows left out are counted under the axes. Labels that would take more
  than half of the width are broken, and set smaller where rows are many: give
  16 rows of long labels a figure 5 inches high.

  Args:
    ax: where to draw.
    labels: `[K]`, what each share is of; equal shares keep their order.
    value: `[K]`, 0 to 1; what is not finite is left out.
    low: `[K]`, the lower end of its interval.
    high: `[K]`, the upper end.
    counts: `[K]` int, written at the end of the bars.
    most: how many rows to draw.
    xlabel: the share, and of what.
    title: what was found.

  Raises:
    ValueError: labels or counts that are not one a value.
  """
  value, low, high = (np.asarray(a, float) for a in (value, low, high))
  for name, rows in ('labels', labels), ('counts', counts):
    if rows is not None and len(rows) != len(value):
      raise ValueError(f'{name}: expected {len(value)}, found {len(rows)}')
  order = np.argsort(-value, kind='stable')
  order = order[np.isfinite(value[order])]
  order, rest = order[:most], order[most:]
  labels = [labels[k] for k in order]
  ends = np.fmax(value, np.where(np.isfinite(high), high, value))[order]
  rows = np.arange(len(order))
  ax.set_ylim(max(len(order), 3) - 0.4, -0.6)
  ax.tick_params(axis='y', length=0)
  _label(ax, labels)
  if len(order):
    light = style.series(4).color
    ax.barh(rows, value[order], height=0.68, color=light)
    _whiskers(ax, rows, low[order], high[order])
    reach = max(1.02 * ends.max(), 1e-6)
    ax.set_xlim(0, reach if reach < 0.8 else 1.0)
    steps = int(np.clip(style.points(ax)[0] / 80, 2, 5))
    ax.xaxis.set_major_locator(MaxNLocator(steps, steps=[1, 2, 2.5, 5, 10]))
    ticks.percent(ax.xaxis)
  else:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'nothing to show')
  if counts is not None:
    _count(ax, rows, ends, np.asarray(counts)[order])
  style.dress(ax, title=title, xlabel=xlabel)
  ax.spines['left'].set_visible(False)
  _count_left_out(ax, value[rest], np.sum(~np.isfinite(value)))


@matplotlib.rc_context(style.RC)
def outcomes(
  ax: Axes,
  labels: Sequence[str],
  counts: np.ndarray,
  names: Sequence[str],
  *,
  xlabel: str,
  title: str = '',
) -> None:
  """Draws how the nets of each setting ended, one bar a setting.

  Counts are written where there is room for them; outcomes that no net has are
  left out.

  Args:
    ax: where to draw.
    labels: `[K]`, the settings, from the top.
    counts: `[K, E]` int, nets of each setting by outcome.
    names: `[E]`, of `style.OUTCOMES`.
    xlabel: what is counted.
    title: what was found.
  """
  counts = np.asarray(counts).reshape(len(labels), len(names))
  rows, left = np.arange(len(labels)), np.zeros(len(labels))
  most = max(counts.sum(axis=1).max(initial=0), 1)
  letters = 0.5 * style.points(ax)[0] / (LETTER * 8.5)  # along a whole bar
  for name, column in zip(names, counts.T, strict=True):
    if column.any():
      look = style.outcome(name)
      ax.barh(rows, column, left=left, color=look.color, height=0.72,
              edgecolor='white', lw=0.5, label=name)  # fmt: skip
      dark = np.dot(to_rgb(look.color), (0.299, 0.587, 0.114)) < 0.55
      for row, count in enumerate(column):
        if count * letters >= most * len(f'{count:,}'):
          ax.text(left[row] + count / 2, row, f'{count:,}', fontsize=8.5,
                  ha='center', va='center',
                  color='white' if dark else style.TEXT)  # fmt: skip
      left += column
  ax.set(xlim=(0, most), ylim=(max(len(labels), 1) - 0.5, -0.5))
  ax.tick_params(axis='y', length=0)
  _label(ax, labels)
  ticks.thousands(ax.xaxis)
  lift = 0.0
  if left.any():
    legend = ax.legend(
      loc='lower left', bbox_to_anchor=(0, 1.0), ncols=4, borderaxespad=0.2,
      handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
    lift = 16.0 * -(-len(legend.get_texts()) // 4)
  else:
    style.nothing(ax, 'no nets')
  style.dress(ax, title=title, xlabel=xlabel, lift=lift)
  ax.spines['left'].set_visible(False)


def _label(ax, labels):
  """Names the rows, in lines and letters as small as it takes."""
  width, height = style.points(ax)
  room = 0.9 * height / max(len(labels), 1)  # of a row, before layout
  for size in np.arange(matplotlib.rcParams['ytick.labelsize'], 3, -0.5):
    wide = max(int(width / 2 / (LETTER * size)), 12)
    broken = [textwrap.fill(label, wide) for label in labels]
    lines = max((text.count('\n') + 1 for text in broken), default=1)
    if 1.3 * size * lines <= room:
      break
  ax.set_yticks(range(len(broken)), broken, fontsize=size)


def _whiskers(ax, rows, low, high):
  """Draws the intervals, where they are finite."""
  known = np.isfinite(low) & np.isfinite(high)
  middle = (low + high)[known] / 2
  ax.errorbar(
    middle,
    rows[known],
    xerr=abs(high - low)[known] / 2,
    color=style.TEXT,
    ls='',
    elinewidth=1.1,
    capsize=2.5,
  )


def _count(ax, rows, ends, counts):
  """Writes n behind each bar; the first says what it is."""
  for row, end, count in zip(rows, ends, counts, strict=True):
    ax.annotate(
      f'{count:,}' if row else f'n = {count:,}',
      (min(end, ax.get_xlim()[1]), row),
      xytext=(5, 0),
      textcoords='offset points',
      va='center',
      fontsize=8.5,
      annotation_clip=False,
    )


def _count_left_out(ax, rest, undefined):
  """Says under the axes what is not among the rows."""
  words = []
  if len(rest):
    words.append(f'{len(rest):,} more, none above {100 * rest[0]:.2g} %')
  if undefined:
    words.append(f'{undefined:,} undefined')
  if words:
    style.remark(ax, 'not drawn: ' + ', '.join(words))

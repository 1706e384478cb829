"""How well many nets do: on cases held out, over sweeps, unit by unit."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from jaxrep.figures import lettering, poles, style, ticks

HATCHES = ('', '////', '....', '\\\\\\\\', '', 'xxxx')  # of `style.SERIES`
BARS = 13  # settings with more numbers than these are outlines
UNASKED = {'facecolor': 'white', 'hatch': '/////', 'edgecolor': '#8A8A8A'}


@matplotlib.rc_context(style.RC)
def held_out(
  ax: Axes,
  value: Sequence[np.ndarray],
  low: Sequence[np.ndarray],
  high: Sequence[np.ndarray],
  *,
  labels: Sequence[str],
  counts: Sequence[int],
  xlabel: str = 'held-out cases right',
  title: str = '',
) -> None:
  """Draws how many held-out cases nets have right, for some settings.

  Settings are hatched bars, side by side at each number; where more than 12
  cases are held out, they are outlines in bands.

  Args:
    value: `[G]` of `[m + 1]`: the share of nets with 0, 1, .. m right; m may
      differ between settings. What is not finite is left out.
    low: like value: the lower end of its interval.
    high: like value: the upper end.
    labels: `[G]`, the settings, 6 at most.
    counts: `[G]`, the number of nets of each.
    xlabel: what is counted.
    title: what was found.
  """
  series = [
    [np.where(np.isfinite(a), np.asarray(a, float), np.nan) for a in setting]
    for setting in zip(value, low, high, strict=True)
  ]
  most = max((len(setting[0]) for setting in series), default=0)
  seen = np.concatenate([a for setting in series for a in setting] or [[]])
  draw = _bars if most <= BARS else _outline
  handles = []
  for k, (setting, label, n) in enumerate(
    zip(series, labels, counts, strict=True)
  ):
    words = f'{label} (n = {n:,})'
    handles.append(draw(ax, setting, k, len(series), words))
  top, lift = seen[np.isfinite(seen)].max(initial=0), 0.0
  if top > 0:
    ax.set(xlim=(-0.6, most - 0.4), ylim=(0, 1.04 * top))
    ax.xaxis.set_major_locator(MaxNLocator(14, integer=True))
    ticks.percent(ax.yaxis)
    lift = lettering.legend(ax, handles)
  else:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'no nets')
  words = {'xlabel': xlabel, 'ylabel': 'share of nets'}
  style.dress(ax, title=title, **words, lift=lift)


def _bars(ax, setting, k, count, label):
  """Draws one of `count` settings as bars with whiskers; returns them."""
  share, low, high = setting
  wide, look = 0.84 / count, style.series(k)
  x = np.arange(len(share)) + wide * (k - (count - 1) / 2)
  bars = ax.bar(
    x, share, wide, color=look.color, hatch=HATCHES[k % len(HATCHES)],
    edgecolor='white', lw=0.6, label=label,
  )  # fmt: skip
  reach = np.maximum(np.stack([share - low, high - share]), 0)
  for color, lw in (('white', 2.8), ('black', 1.1)):  # white on dark bars
    ax.errorbar(
      x, share, yerr=reach, ls='', color=color, elinewidth=lw,
      capsize=min(2.5, 15 * wide), capthick=lw,
    )  # fmt: skip
  return bars


def _outline(ax, setting, k, _, label):
  """Draws one setting as an outline in a band; returns the outline."""
  share, low, high = setting
  look, edges = style.series(k), np.arange(len(share) + 1) - 0.5
  band = {'color': look.color, 'alpha': 0.16, 'lw': 0}
  low, high = (np.append(a, a[-1:]) for a in (low, high))
  ax.fill_between(edges, low, high, step='post', **band)
  return ax.stairs(
    share, edges, color=look.color, ls=look.dashes, lw=1.8, label=label
  )


@matplotlib.rc_context(style.RC)
def by_case(
  ax: Axes,
  share: np.ndarray,
  count: np.ndarray,
  *,
  people: Sequence[str],
  relations: Sequence[str],
  label: str,
  title: str = '',
) -> None:
  """Draws which questions nets answer: a cell for each person and relation.

  The darker, the more; the number is the share in percent. A cell is empty
  where there is no such question, hatched where no net was asked it, and
  crossed where its share is no finite number.

  Args:
    ax: 7.5 inches wide and 5 high will do for 12 by 12.
    share: `[P, R]`, 0 to 1: nets that are right, of those asked.
    count: `[P, R]`, how many nets were asked; NaN: there is no such question.
    people: `[P]`, the rows.
    relations: `[R]`, the columns.
    label: what a share is, at the colour bar.
    title: what was found.
  """
  share, count = (
    np.asarray(a, float).reshape(len(people), len(relations))
    for a in (share, count)
  )
  asked, lift = count > 0, 0.0
  known = asked & np.isfinite(share)
  ax.set(xticks=[], yticks=[])
  if not np.isfinite(count).any():
    style.nothing(ax, 'no questions')
    style.dress(ax, title=title)
    return
  edges = [np.arange(size + 1) - 0.5 for size in share.shape[::-1]]
  light = matplotlib.colormaps['YlGnBu'](np.linspace(0.06, 1, 256))
  mesh = ax.pcolormesh(
    *edges, np.ma.masked_where(~known, share), vmin=0, vmax=1,
    cmap=ListedColormap(light),
  )  # fmt: skip
  _frames(ax, asked, facecolor='none', edgecolor=style.FAINT)
  _frames(ax, count == 0, **UNASKED)
  ax.plot(*np.argwhere(asked & ~known).T[::-1], 'x', color='#A3121F')
  for row, column in np.argwhere(known):
    dark = mesh.to_rgba(share[row, column])[1] < 0.6  # green is most of light
    ax.text(
      column, row, f'{100 * share[row, column]:.0f} %', ha='center',
      va='center', fontsize=7.5, color='white' if dark else style.TEXT,
    )  # fmt: skip
  ax.set_xticks(range(len(relations)), relations)
  ax.set_yticks(range(len(people)), people)
  ax.tick_params(axis='x', rotation=35, length=0)
  ax.tick_params(axis='y', length=0)
  for name in ax.get_xticklabels():
    name.set(ha='right', rotation_mode='anchor')
  ax.set(xlim=edges[0][[0, -1]], ylim=edges[1][[-1, 0]])
  bar = ax.figure.colorbar(mesh, ax=ax, label=label, pad=0.02)
  bar.outline.set_visible(False)
  ticks.percent(bar.ax.yaxis)
  if np.any(count == 0):
    hatched = Patch(**UNASKED, lw=0.6, label='no net was asked')
    lift = lettering.legend(ax, [hatched])
  nets = [f'{n:,.0f}' for n in np.unique(count[asked])] or ['0']
  of = ' to '.join(dict.fromkeys([nets[0], nets[-1]]))
  style.dress(ax, title=title, xlabel='no frame: no such question', lift=lift)
  ax.xaxis.label.set(fontsize=8.5, color=style.FAINT)
  style.remark(ax, f'each share is of {of} nets')
  ax.spines[:].set_visible(False)


def _frames(ax, where, **look):
  """Draws a frame round the cells `[P, R]` where there is one."""
  cells = [Rectangle((x - 0.5, y - 0.5), 1, 1) for y, x in np.argwhere(where)]
  some = PatchCollection(cells, linewidths=0.6, **look)
  ax.add_collection(some, autolim=False)


@matplotlib.rc_context(style.RC)
def learning(
  ax: Axes,
  sweeps: np.ndarray,
  train: np.ndarray,
  held: np.ndarray,
  *,
  marks: Mapping[str, float] | None = None,
  most: int = 200,
  ylabel: str = 'cases right',
  title: str = '',
) -> None:
  """Draws the share of cases that are right over sweeps, each net faintly.

  Medians are bold; they are of all nets that have a finite share. So that nets
  with the same few held-out cases right do not hide each other, those lines
  stand a little above or below their share.

  Args:
    sweeps: `[T]`, rising, ≥ 0.
    train: `[S, T]`, the share of a net's training cases, 0 to 1; NaN leaves a
      gap.
    held: `[S, T]`, the share of its held-out cases.
    marks: label -> sweeps, drawn as vertical lines: where the rule changes.
    most: of all nets, so many are drawn faintly, the first; an upper limit.
    ylabel: what is counted, and when it is right.
    title: what was found.
  """
  sweeps, lift = np.asarray(sweeps, float), 0.0
  pair = [np.asarray(a, float).reshape(-1, len(sweeps)) for a in (train, held)]
  pair = [np.where(np.isfinite(a), a, np.nan) for a in pair]
  if not any(np.isfinite(a).any() for a in pair):
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'no shares' if len(pair[0]) else 'no nets')
    style.dress(ax, title=title, xlabel='sweeps', ylabel=ylabel)
    return
  ticks.sweeps(ax, sweeps[0], max(sweeps[-1], 1.0), room=1.03)
  ax.set_ylim(-0.04, 1.04)
  ticks.percent(ax.yaxis)
  handles = []
  for k, (shares, name) in enumerate(
    zip(pair, ('training cases', 'held-out cases'), strict=True)
  ):
    look = style.series(k)
    _each(ax, sweeps, shares[:most], look, off=0.05 * k)
    known = np.isfinite(shares).any(axis=0)
    middle = np.full(len(sweeps), np.nan)
    middle[known] = np.nanmedian(shares[:, known], axis=0)
    if known.any():
      line = {'color': look.color, 'ls': look.dashes, 'lw': 2.6}
      shape = {'marker': look.marker, 'ms': 6, 'mec': 'white'}
      every = max(len(sweeps) // 9, 1)
      handles += ax.plot(
        sweeps, middle, **line, **shape, markevery=(k * every // 2, every),
        label=f'{name}, median', zorder=3,
      )  # fmt: skip
  ax.legend(handles=handles, loc='upper left', handlelength=3.6)
  lift = poles.draw(ax, marks or {})
  count = len(pair[0])
  style.dress(ax, title=title, xlabel='sweeps', ylabel=ylabel, lift=lift)
  words = f'{count:,} net' + 's' * (count != 1)
  if count > most:
    words = f'faint: the first {most:,} of {words}; medians: of all'
  style.remark(ax, words)


def _each(ax, sweeps, shares, look, *, off):
  """Draws nets `[K, T]` faintly, each up to `off` / 2 from its shares."""
  count = len(shares)
  off = off * (style.evenly(count) - 0.5) if count > 1 else np.zeros(count)
  x = np.broadcast_to(sweeps, shares.shape)
  ax.add_collection(
    LineCollection(
      np.stack([x, shares + off[:, None]], axis=-1),
      colors=look.color,
      linewidths=0.6,
      alpha=float(np.clip(2 / np.sqrt(max(count, 1)), 0.06, 0.6)),
    ),
    autolim=False,
  )


@matplotlib.rc_context(style.RC)
def units(
  ax: Axes,
  values: Sequence[np.ndarray],
  *,
  concepts: Sequence[str],
  labels: Sequence[str],
  threshold: float | None = None,
  most: int = 300,
  ylabel: str = 'AUC of the best unit',
  title: str = '',
) -> None:
  """Draws for each concept how well one unit tells it, a point a net.

  Groups of nets stand side by side: trained, untrained, shuffled labels. The
  bar is the median of all finite values of the group.

  Args:
    values: `[G]` of `[C, S]`: by concept and net; S may differ between groups.
      NaN where undefined.
    concepts: `[C]`.
    labels: `[G]`, 6 at most.
    threshold: a dashed line: from there a unit counts; or none.
    most: of each group, so many nets are drawn, the first; medians are of all.
    ylabel: the value, and of what.
    title: what was found.
  """
  values = [
    np.asarray(a, float).reshape(len(concepts), -1) if len(concepts) else
    np.zeros((0, 0)) for a in values
  ]  # fmt: skip
  values = [np.where(np.isfinite(a), a, np.nan) for a in values]
  seen = np.concatenate([*map(np.ravel, values), np.zeros(0)])
  seen = seen[np.isfinite(seen)]
  ax.set_xticks(range(len(concepts)), concepts)
  ax.set_xlim(-0.55, max(len(concepts), 1) - 0.45)
  ax.tick_params(axis='x', length=0)
  if not seen.size:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'no values')
    style.dress(ax, title=title, ylabel=ylabel)
    return
  wide = 0.84 / len(values)
  for k, group in enumerate(values):
    middle = np.arange(len(concepts)) + wide * (k - (len(values) - 1) / 2)
    for x, row in zip(middle, group, strict=True):
      _strip(ax, x, row, most, 0.36 * wide, style.series(k))
  for x in np.arange(len(concepts) - 1) + 0.5:
    ax.axvline(x, color='#D0D0D0', lw=0.7, zorder=0)
  low, high = min(seen.min(), 0.5), max(seen.max(), 1.0)
  ax.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
  ticks.thousands(ax.yaxis)
  handles = [
    _handle(k, label, group)
    for k, (label, group) in enumerate(zip(labels, values, strict=True))
  ]
  if threshold is not None:
    line = {'color': style.TEXT, 'lw': 0.9, 'ls': (0, (4, 2))}
    ax.axhline(threshold, **line, zorder=1)
    handles.append(Line2D([], [], **line, label=f'threshold {threshold:g}'))
  lift = lettering.legend(ax, handles)
  style.dress(ax, title=title, ylabel=ylabel, lift=lift)
  drawn = max(group.shape[1] for group in values)
  words = 'a point: a net; bar: the median'
  if drawn > most:
    words += f'; drawn: the first {most:,} of each group'
  ax.set_xlabel(words, fontsize=8.5, color=style.FAINT)


def _strip(ax, x, row, most, half, look):
  """Draws one group's nets for one concept, and their median."""
  shown = row[:most]
  off = half * (2 * style.evenly(len(shown)) - 1)
  ax.plot(
    x + off, shown, ls='', marker=look.marker, mew=0,
    ms=float(np.clip(30 / np.sqrt(max(len(shown), 1)), 2.6, 5)),
    color=look.color, zorder=2,
    alpha=float(np.clip(6 / np.sqrt(max(len(shown), 1)), 0.25, 1)),
  )  # fmt: skip
  if np.isfinite(row).any():
    for color, lw, more in (('white', 4.5, 1.25), ('black', 2.4, 1.2)):
      ends = [x - more * half, x + more * half]
      ax.plot(ends, [np.nanmedian(row)] * 2, color=color, lw=lw, zorder=3)


def _handle(k, label, group):
  """Returns the legend's line of one group, with its number of nets."""
  look = style.series(k)
  words = f'{label} (n = {group.shape[1]:,})'
  return Line2D(
    [], [], ls='', marker=look.marker, ms=5, color=look.color, label=words
  )

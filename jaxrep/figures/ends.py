"""Where nets end: every net a point."""

import collections
from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, NullLocator

from jaxrep.figures import poles, style, ticks

GOLDEN = 0.6180339887498949  # k·GOLDEN mod 1 spreads any number of points


@matplotlib.rc_context(style.RC)
def final_errors(
  ax: Axes,
  errors: np.ndarray,
  outcomes: np.ndarray,
  names: Mapping[int, str],
  *,
  named_states: Mapping[float, str] | None = None,
  tolerance: float = 0.05,
  title: str = '',
  xlabel: str = 'final error',
) -> None:
  """Draws where the unsolved nets sit: one row an outcome, one point a net.

  Points are spread upwards the more, the more nets share their error, so a
  row's shape is its histogram (square root of the count). Named states are
  lines that carry the number of unsolved nets within the tolerance. Errors a
  hundred times those of nine nets in ten are counted, not drawn.

  Args:
    errors: `[S]`; nets without a finite error are counted in their row.
    outcomes: `[S]` int, how each net ended; the solved are counted, not drawn.
    names: outcome -> name, one of `style.OUTCOMES`.
    named_states: error -> what a net with this error does.
    tolerance: how far from a named state still counts, in units of the error.
    title: what was found.
    xlabel: the error and its unit.
  """
  errors, outcomes = np.asarray(errors, float), np.asarray(outcomes)
  ended = np.array([names[k] for k in outcomes.tolist()], dtype=object)
  unsolved = ended != style.SOLVED
  named = dict(named_states or {})
  sitting = unsolved & np.isfinite(errors)
  most = _reach(errors[sitting], list(named))
  sitting &= np.where(sitting, errors, 0) <= most
  counts = collections.Counter(sorted(ended[unsolved]))
  rows = [name for name, _ in counts.most_common()]
  ax.set_yticks(range(len(rows)), [f'{n}\n{counts[n]:,}' for n in rows])
  ax.tick_params(axis='y', length=0)
  ax.set_ylim(max(len(rows), 1) - 0.35, -0.65)
  lift = 0.0
  if not unsolved.any():
    count = len(errors)
    ax.set_xticks([])
    style.nothing(ax, f'all {count:,} nets solved' if count else 'no nets')
  elif not sitting.any():
    ax.set_xticks([])
    style.nothing(ax, 'no unsolved net has a finite error')
  else:
    span = [*errors[sitting], *named]
    margin = 0.05 * np.ptp(span) or 0.1 * abs(span[0]) or 1.0
    ax.set_xlim(min(span) - margin, max(span) + margin)
    lift = poles.draw(
      ax,
      {
        f'{name}: {np.sum(abs(errors[sitting] - e) <= tolerance):,}': e
        for e, name in named.items()
      },
    )
    for row, name in enumerate(rows):
      ax.axhline(row + 0.32, color=style.FAINT, lw=0.4, zorder=0)
      here = errors[sitting & (ended == name)]
      _row(ax, here, row, style.outcome(name))
  style.dress(ax, title=title, xlabel=xlabel, lift=lift)
  ax.spines['left'].set_visible(False)
  _count_left_out(ax, ended, sitting, unsolved)


def _reach(errors, states):
  """Returns the error beyond which a point would hide what the others do."""
  if not len(errors):
    return np.inf
  bulk = max([np.quantile(errors, 0.9, method='lower'), *states])
  return 100 * bulk if bulk > 0 else np.inf


def _row(ax, errors, row, look):
  """Spreads one row's points above its base line by how many share a bin."""
  if not len(errors):
    words = {'ha': 'center', 'va': 'center', 'color': style.FAINT}
    ax.text(np.mean(ax.get_xlim()), row, 'not finite, or far beyond', **words)
    return
  bins = np.linspace(*ax.get_xlim(), 121)
  counts, _ = np.histogram(errors, bins)
  here = counts[np.clip(np.digitize(errors, bins) - 1, 0, 119)]
  height = 0.62 * np.sqrt(here / counts.max())
  lift = np.where(here > 1, height * (np.arange(len(errors)) * GOLDEN % 1), 0)
  ax.scatter(
    errors,
    row + 0.26 - lift,
    s=float(np.clip(1500 / len(errors), 11, 36)),
    marker=look.marker,
    color=look.color,
    alpha=float(np.clip(4 / np.sqrt(len(errors)), 0.15, 0.9)),
    linewidths=0,
    zorder=3,
  )


def _count_left_out(ax, ended, sitting, unsolved):
  """Says under the axes how many nets are not among the points, and why."""
  words = []
  solved, lost = np.sum(ended == style.SOLVED), np.sum(unsolved & ~sitting)
  if solved and unsolved.any():
    words.append(f'{solved:,} solved nets')
  if lost:
    words.append(f'{lost:,} without a finite error, or far beyond')
  if words:
    style.remark(ax, 'not drawn: ' + ', '.join(words))


@matplotlib.rc_context(style.RC)
def ratios(
  ax: Axes,
  ratios: np.ndarray,
  *,
  targets: Mapping[str, tuple[float, float]] | None = None,
  noun: str = 'net',
  title: str = '',
  xlabel: str = 'middle / smallest',
  ylabel: str = 'largest / smallest',
) -> None:
  """Draws every net's two ratios of sizes, and where a source says they lie.

  Both axes are logarithmic to the base 2; where sizes in order cannot lie is
  grey. Nets with a ratio that is no positive finite number, or far beyond the
  central 98 % of the others, are counted under the axes.

  Args:
    ratios: `[S, 2]`: middle/smallest and largest/smallest.
    targets: label -> the two ratios, marked by a cross.
    noun: what a point is, in the singular.
    title: what was found.
    xlabel: the first ratio.
    ylabel: the second ratio.
  """
  ratios = np.asarray(ratios, float).reshape(-1, 2)
  targets = targets or {}
  usable = np.all(np.isfinite(ratios) & (ratios > 0), axis=1)
  points = ratios[usable]
  outside = len(ratios) - len(points)
  places = np.array(list(targets.values()), float).reshape(-1, 2)
  ax.set_xscale('log', base=2)
  ax.set_yscale('log', base=2)
  core = [*np.quantile(points, [0.01, 0.99], axis=0)] if len(points) else []
  seen = np.array([*core, *places, [1, 1]])
  low, high = seen.min(axis=0) / 1.3, seen.max(axis=0) * 2
  inside = np.all((points >= low) & (points <= high), axis=1)
  outside += len(points) - inside.sum()
  points = points[inside]
  ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
  shade = {'color': '#E4E4E4', 'lw': 0, 'zorder': 0}
  ax.fill([1, 1e9, 1e9, 1], [1, 1e9, 1e-9, 1e-9], **shade)
  ax.fill([1e-9, 1, 1, 1e-9], [1e-9, 1e-9, 1e9, 1e9], **shade)
  for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
    octaves = np.arange(*np.floor(np.log2(limits)) + [0, 1])
    axis.set_major_locator(
      FixedLocator(2.0 ** octaves[:: 1 + len(octaves) // 9])
    )
    axis.set_minor_locator(NullLocator())
    ticks.thousands(axis)
  corner = {'ha': 'right', 'va': 'bottom', 'transform': ax.transAxes}
  ax.text(0.98, 0.02, 'impossible', color=style.FAINT, fontsize=9, **corner)
  if not len(points):
    style.nothing(ax, 'no nets')
  ax.scatter(
    *points.T,
    s=26,
    color=style.series(0).color,
    alpha=float(np.clip(8 / np.sqrt(max(len(points), 1)), 0.15, 0.8)),
    linewidths=0,
    zorder=3,
  )
  edge = [withStroke(linewidth=4, foreground='white')]
  for name, place in targets.items():
    cross = {'marker': '+', 'ms': 34, 'mew': 1.2, 'color': '#C0392B'}
    ax.plot(*place, ls='', **cross, zorder=2)
    text = {'xytext': (9, 7), 'textcoords': 'offset points', 'weight': 'bold'}
    ax.annotate(name, place, **text, path_effects=edge)
  words = f'{len(points):,} {noun}' + 's' * (len(points) != 1)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel)
  style.remark(ax, words + (f', {outside:,} outside' if outside else ''))

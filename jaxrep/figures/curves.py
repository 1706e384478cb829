"""How nets learn: errors and survival over the sweeps.

All of these take arrays and axes, draw, and return nothing. Arrays of no nets
are drawn as empty axes that say so.
"""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from jaxrep.figures import heights, poles, style, ticks


@matplotlib.rc_context(style.RC)
def errors(
  ax: Axes,
  sweeps: np.ndarray,
  errors: np.ndarray,
  outcomes: np.ndarray,
  names: Mapping[int, str],
  *,
  source: Mapping[str, float] | None = None,
  levels: Mapping[str, float] | None = None,
  most: int = 2000,
  title: str = '',
  xlabel: str = 'sweeps',
  ylabel: str = 'error',
) -> None:
  """Draws every net's error over the sweeps, coloured by how it ended.

  Both axes are logarithmic; with a sweep 0, x is linear from 0 to 1. A curve
  ends, in its outcome's marker, where it is last finite. Errors of zero lie on
  the bottom edge. Rare outcomes are drawn on top of common ones.

  Args:
    sweeps: `[T]`, at which the errors were recorded, rising, ≥ 0.
    errors: `[S, T]`, of which the first `most` rows will do; NaN where a net
      had left, NaN or inf where it diverged.
    outcomes: `[S]` int, how each net ended.
    names: outcome -> name, one of `style.OUTCOMES`.
    source: label -> sweeps, drawn as vertical lines.
    levels: label -> error > 0, drawn as horizontal lines: a criterion.
    most: the first `most` nets are drawn; the legend counts all.
    title: what was found.
    xlabel: what the sweeps count.
    ylabel: the error and its unit.
  """
  sweeps, errors = np.asarray(sweeps, float), np.asarray(errors[:most], float)
  outcomes = np.asarray(outcomes)
  drawn = np.where(np.isfinite(errors), errors, np.nan)
  shown = drawn[:, sweeps > 0] if sweeps.size and sweeps[0] > 0 else drawn
  positive = shown[shown > 0]
  if positive.size:
    levels = levels or {}
    _log_limits(ax, sweeps, np.append(positive, list(levels.values())))
    heights.draw(ax, levels)
    floor = ax.get_ylim()[0]
    drawn = np.where(drawn < floor, floor, drawn)  # NaN stays NaN
  else:
    ax.set(xticks=[], yticks=[])
    zero = 'every error is 0' if np.any(shown == 0) else 'no finite error'
    style.nothing(ax, zero if len(outcomes) else 'no nets')
  labels = dict.fromkeys(names[k] for k in np.unique(outcomes))
  members = {
    name: np.isin(outcomes, [k for k in names if names[k] == name])
    for name in labels
  }
  ranked = sorted(members, key=lambda name: -members[name].sum())
  for rank, name in enumerate(ranked):
    look, curves = style.outcome(name), drawn[members[name][:most]]
    if positive.size and len(curves):
      _bundle(ax, sweeps, curves, look, zorder=2 + 0.1 * rank)
  style.counted(ax, {name: int(members[name].sum()) for name in ranked})
  lift = poles.draw(ax, source or {}) if positive.size else 0
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)
  if len(outcomes) > most:
    style.remark(
      ax, f'drawn: the first {most:,} of {len(outcomes):,} nets; counted: all'
    )


def _log_limits(ax, sweeps, positive):
  """Sets log axes with room for all; x with a linear first sweep if needed."""
  top, bottom = positive.max(), positive.min()
  ax.set_yscale('log')
  ax.set_ylim(bottom / 1.3, top * 1.5)
  ticks.sweeps(ax, sweeps.min(), max(sweeps.max(), 1.0), room=1.15)


def _bundle(ax, sweeps, curves, look, *, zorder):
  """Draws curves `[K, T]` faintly, and a marker where each ends."""
  count = len(curves)
  alpha = float(np.clip(2.5 / np.sqrt(count), 0.05, 0.9))
  x = np.broadcast_to(sweeps, curves.shape)
  ax.add_collection(
    LineCollection(
      np.stack([x, curves], axis=-1),
      colors=look.color,
      linestyles=[look.dashes],
      linewidths=1.6 if count == 1 else 0.8,
      alpha=alpha,
      zorder=zorder,
    ),
    autolim=False,
  )
  finite = np.isfinite(curves)
  rows = np.flatnonzero(finite.any(axis=1))
  last = curves.shape[1] - 1 - np.argmax(finite[rows, ::-1], axis=1)
  ax.scatter(
    sweeps[last],
    curves[rows, last],
    s=14,
    marker=look.marker,
    color=look.color,
    alpha=min(2.5 * alpha, 1),
    linewidths=0,
    zorder=zorder + 0.05,
  )


@matplotlib.rc_context(style.RC)
def survival(
  ax: Axes,
  steps: np.ndarray | Sequence[np.ndarray],
  share: np.ndarray | Sequence[np.ndarray],
  low: np.ndarray | Sequence[np.ndarray],
  high: np.ndarray | Sequence[np.ndarray],
  *,
  labels: Sequence[str] | None = None,
  marks: Mapping[str, float] | None = None,
  title: str = '',
  xlabel: str = 'sweeps',
  ylabel: str = 'nets not yet solved',
) -> None:
  """Draws the share of nets not yet solved after each number of sweeps.

  With `labels`, the four arrays are lists of `[K]`, one for each setting.

  Args:
    steps: `[K]` sweeps at which the share changes, rising; before the first,
      all nets are unsolved. Give the budget last. A first step of 0 is drawn
      at the left edge.
    share: `[K]`, from 0 to 1, from that sweep on.
    low: `[K]`, lower end of the share's interval; NaN draws no band.
    high: `[K]`, upper end.
    labels: one for each setting, with its number of nets.
    marks: label -> sweeps, drawn as vertical lines: what a source says.
    title: what was found.
    xlabel: what the steps count.
    ylabel: what the share is of.
  """
  arrays = (steps, share, low, high)
  if labels is None:
    arrays = tuple([a] for a in arrays)
  settings = [
    [np.asarray(a, float) for a in setting]
    for setting in zip(*arrays, strict=True)
  ]
  drawn = [setting[0] for setting in settings if len(setting[0])]
  marks = marks or {}
  lift = 0.0
  if drawn:
    x = np.concatenate([*drawn, list(marks.values())])
    x = x[x > 0] if np.any(x > 0) else np.ones(1)
    ax.set(xscale='log', xlim=(x.min() / 1.4, x.max() * 1.1), ylim=(0, 1.02))
    ticks.logarithmic(ax.xaxis, *ax.get_xlim())
    ticks.percent(ax.yaxis)
    lift = poles.draw(ax, marks)
  else:
    ax.set(xticks=[], yticks=[])
    style.nothing(ax, 'no nets')
  for k, (x, y, low_k, high_k) in enumerate(settings):
    if len(x):
      look = style.series(k)
      left = ax.get_xlim()[0]
      x = np.maximum(np.append(left, x), left)
      y = np.append(1.0, y)
      low_k, high_k = np.append(np.nan, low_k), np.append(np.nan, high_k)
      ax.fill_between(
        x, low_k, high_k, step='post', color=look.color, alpha=0.2, lw=0
      )
      label = labels[k] if labels else '_'
      line = {'color': look.color, 'ls': look.dashes, 'lw': 1.6}
      ax.step(x, y, where='post', label=label, **line)
  if labels and drawn:
    ax.legend(loc='best', handlelength=3.2)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)

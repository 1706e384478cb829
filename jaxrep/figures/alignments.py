"""How well alignments do at each site and in so many dimensions."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from jaxrep.figures import dots, lettering, style

BETWEEN = 0.9  # columns left free between two sites
SPREAD = 0.23  # of a column, of dots to each side of its middle


@matplotlib.rc_context(style.RC)
def by_site(
  ax: Axes,
  labels: Sequence[str],
  groups: Sequence,
  values: Sequence,
  means: np.ndarray,
  low: np.ndarray,
  high: np.ndarray,
  *,
  published: np.ndarray | None = None,
  published_label: str = 'published (max over 3 nets)',
  controls: Mapping[str, np.ndarray] | None = None,
  apart: Sequence | None = None,
  apart_label: str = 'a net that has not learnt',
  middle: str = dots.MIDDLE,
  chance: float = 0.5,
  most: int = 300,
  xlabel: str = 'k, rotated dimensions per variable; site',
  ylabel: str = dots.IIA,
  title: str = '',
) -> None:
  """Draws the IIA of every net at each site and k, with means and controls.

  Args:
    ax: 8 inches wide and 4.5 high will do for 4 sites of 4 k.
    labels: `[S]`, the sites, from the left.
    groups: `[K]`, the values of k, side by side at each site.
    values: `[S][K]` of `[N]`, where N may differ; what is not finite is not
      drawn.
    means: `[S, K]`, NaN where there is none.
    low: `[S, K]`, the lower end of the mean's interval.
    high: `[S, K]`, the upper end.
    published: `[S, K]`, NaN where nothing was published; or none.
    published_label: whose numbers those are, and of what.
    controls: label -> `[S, K]`, means; NaN where there are none. 5 at most.
    apart: `[S][K]` of `[M]`, nets that are in no mean, drawn hollow; or none.
    apart_label: what those are.
    middle: what is drawn over the dots.
    chance: a horizontal line, named right of the axes.
    most: of each column, so many nets are drawn, the first.
    xlabel: what the columns are.
    ylabel: the accuracy.
    title: what was found.

  Raises:
    ValueError: an array that has no row for each site, or no entry for each k.
  """
  sites, ks = len(labels), len(groups)
  controls = controls or {}
  plain = {'means': means, 'low': low, 'high': high}
  plain |= {f'controls: {name}': a for name, a in controls.items()}
  plain |= {} if published is None else {'published': published}
  ragged = {'values': values} | ({} if apart is None else {'apart': apart})
  for name, rows in (plain | ragged).items():
    found = [len(row) for row in rows]
    if found != [ks] * sites:
      raise ValueError(
        f'{name}: expected {sites} × {ks}, found rows of {found}'
      )
  plain = {name: dots.gaps(a).ravel() for name, a in plain.items()}
  ragged = {k: [dots.seen(a) for row in rows for a in row]
            for k, rows in ragged.items()}  # fmt: skip
  every = dots.seen(*plain.values(), *sum(ragged.values(), []))
  if not every.size:
    dots.nothing(ax, title, xlabel, ylabel)
    return
  x = _columns(ax, labels, groups)
  dots.limits(ax, every, chance)
  look = style.series(0)
  for at, nets in zip(x, ragged['values'], strict=True):
    dots.column(ax, at, nets[:most], look, SPREAD)
  handles = [dots.explained(look, middle)]
  if apart is not None and any(map(len, ragged['apart'])):
    for at, nets in zip(x, ragged['apart'], strict=True):
      dots.column(ax, at, nets[:most], look, SPREAD, hollow=True)
    handles.append(
      dots.point(look, apart_label, {'mfc': 'none', 'mew': 0.6, 'ms': 4.5})
    )
  dots.means(ax, x, *(plain[k] for k in ('means', 'low', 'high')), look)
  if published is not None and np.isfinite(plain['published']).any():
    handles.append(_ticks(ax, x, plain['published'], published_label))
  for k, name in enumerate(controls):
    look = style.series(k + 1)
    aside = (0.38 + 0.12 * (k // 2)) * (-1) ** k  # on both sides of the dots
    shape = {'mfc': 'white', 'mew': 1.2, 'ms': 4.2}
    ax.plot(x + aside, plain[f'controls: {name}'], ls='', marker=look.marker,
            color=look.color, zorder=2.8, **shape)  # fmt: skip
    handles.append(dots.point(look, name, shape))
  lift = lettering.legend(ax, handles)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)
  style.remark(ax, dots.counted(map(len, ragged['values']), most))


def _columns(ax, sites, groups):
  """Names columns in two rows under x, k over sites; returns their places."""
  inner = np.arange(len(groups))
  first = (len(groups) + BETWEEN) * np.arange(len(sites))
  x = (first[:, None] + inner).ravel()
  ax.set_xlim(-0.5 - BETWEEN / 2, x[-1] + 0.5 + BETWEEN / 2)
  for edge in first[1:] - 0.5 - BETWEEN / 2:
    ax.axvline(edge, color='#D0D0D0', lw=0.8, zorder=0)
  ax.xaxis.remove_overlapping_locs = False  # the middle column and its site
  ax.set_xticks(first + (len(groups) - 1) / 2, sites)
  ax.set_xticks(x, [f'{k}' for _ in sites for k in groups], minor=True)
  ax.tick_params(axis='x', which='major', length=0, pad=17)
  ax.tick_params(axis='x', which='minor', length=2.5, labelsize=8)
  ax.annotate(
    'k', (0, 0), xycoords='axes fraction', xytext=(-3, -6.5), ha='right',
    textcoords='offset points', va='top', fontsize=8, annotation_clip=False,
  )  # fmt: skip
  return x


def _ticks(ax, x, y, label):
  """Draws short thick lines beside the means; returns the legend's."""
  for color, lw in (('white', 5), (style.TEXT, 2.4)):
    for near, far in ((-0.48, -0.16), (0.16, 0.48)):
      ends = [x + near, x + far]
      ax.plot(ends, [y] * 2, color=color, lw=lw, zorder=2.6,
              solid_capstyle='butt')  # fmt: skip
  mark = {'marker': '_', 'ms': 14, 'mew': 2.4, 'color': style.TEXT}
  return Line2D([], [], ls='', **mark, label=label)

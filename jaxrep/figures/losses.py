"""A loss over the images seen, before and after copies of the nets part."""

from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from jaxrep.figures import dots, lettering, style, ticks

FAR = 10  # one loss so many times the medians would hide what the others do


@matplotlib.rc_context(style.RC)
def running_loss(
  ax: Axes,
  images: np.ndarray,
  loss: np.ndarray,
  *,
  ylabel: str,
  forks: tuple[np.ndarray, Mapping[str, np.ndarray]] | None = None,
  first: str = 'phase 1',
  fork: str = 'copies part',
  xlabel: str = 'images seen',
  scale: str = 'log',
  most: int = 200,
  title: str = '',
) -> None:
  """Draws every net's running loss faintly, and the median over nets boldly.

  A vertical line stands where the copies of a net part, each to images of its
  own; their losses follow, one series a copy.

  Args:
    images: `[K]`, seen at each record, rising.
    loss: `[N, K]`; NaN or inf where undefined: a gap.
    ylabel: the loss, over how many images it runs, and its unit.
    forks: images `[F]`, counted on from phase 1, and label -> `[N, F]`, five
      at most; or none. A copy with fewer images ends in NaN.
    first: the label of what comes before the line.
    fork: what the line means.
    xlabel: what the images count.
    scale: of y, 'log' or 'linear'. It ends at ten times the highest median,
      and on a log scale at a tenth of the lowest; what lies lower, as 0 does,
      is on the bottom edge.
    most: so many nets are drawn faintly, the first; medians are of all.
    title: what was found.

  Raises:
    ValueError: an unknown scale.
  """
  if scale not in ('log', 'linear'):
    raise ValueError(f"scale: expected 'log' or 'linear', found {scale!r}")
  later, copies = forks or ((), {})
  parts = [(first, images, loss)] + [(n, later, a) for n, a in copies.items()]
  parts = [_curves(*part) for part in parts]
  seen = np.concatenate([a.ravel() for *_, a in parts])
  seen = seen[(seen > 0) if scale == 'log' else ~np.isnan(seen)]
  count, lift = len(parts[0][2]), 0.0
  if not seen.size:
    ax.set(xticks=[], yticks=[])
    finite = any(np.isfinite(a).any() for *_, a in parts)
    why = 'no loss above 0' if finite else 'no finite loss'
    style.nothing(ax, why if count else 'no nets')
  else:
    _loss_limits(ax, seen, [dots.median(a) for *_, a in parts], scale)
    handles = [
      line
      for k, part in enumerate(parts)
      for line in _bundle(ax, *part, style.series(k), most)
    ]
    if copies and len(images):
      line = {'color': style.TEXT, 'lw': 0.9, 'ls': (0, (4, 2))}
      ax.axvline(images[-1], **line, zorder=4)
      handles.append(Line2D([], [], **line, label=fork))
    ends = np.concatenate([x for _, x, _ in parts])
    room = 0.01 * np.ptp(ends) or 1
    ax.set_xlim(ends.min() - room, ends.max() + room)
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    ticks.thousands(ax.xaxis)
    lift = lettering.legend(ax, handles)
  style.dress(ax, title=title, xlabel=xlabel, ylabel=ylabel, lift=lift)
  words = f'{count:,} net' + 's' * (count != 1)
  if count > most:
    words = f'faint: the first {most:,} of {words}; bold: the median of all'
  elif count > 1 and seen.size:
    words += '; bold: the median'
  top = ax.get_ylim()[1]
  gone = sum(int((a > top).any(axis=1).sum()) for *_, a in parts if seen.size)
  words += f'; curves that leave at the top: {gone:,}' * bool(gone)
  style.remark(ax, words)


def _curves(name, x, loss):
  """Returns a label, `[K]`, and `[N, K]` with NaN for what is not finite."""
  x = np.asarray(x, float)
  if not len(x):
    return name, x, np.zeros((len(loss), 0))
  return name, x, dots.gaps(loss).reshape(-1, len(x))


def _loss_limits(ax, seen, medians, scale):
  """Sets y round the medians and what lies within `FAR` times of them."""
  medians = np.concatenate(medians)
  medians = medians[(medians > 0) if scale == 'log' else ~np.isnan(medians)]
  medians = medians if medians.size else seen
  low, high = seen.min(), min(seen.max(), FAR * abs(medians).max())
  ax.set_yscale(scale)
  if scale == 'log':
    ax.set_ylim(max(low, medians.min() / FAR) / 1.2, high * 1.2)
    ticks.logarithmic(ax.yaxis, *ax.get_ylim())
  else:
    ax.set_ylim(dots.around(np.array([low, high])))
    ticks.thousands(ax.yaxis)


def _bundle(ax, name, x, loss, look, most):
  """Draws nets faintly and their median; returns that, if there is any."""
  floor = ax.get_ylim()[0]
  loss = np.where(loss < floor, floor, loss)  # NaN stays NaN
  if np.isnan(loss).all():
    return []
  return [dots.bundle(ax, x, loss, look, name, most, size=5)]

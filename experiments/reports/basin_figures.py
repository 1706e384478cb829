"""Figures of single maps, and of several beside each other."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from jaxrep import tables
from jaxrep.figures import style, weather
from jaxrep.measures.minima import Outcome
from jaxrep.report import Figure

from .basin_maps import Kinds, Map

SIZE = (7.5, 7.0)  # inches, of one map
SHEETS = {
  'times': (
    'How soon nets converge',
    'Every pixel is one net, its colour how soon it converges: the brighter,'
    ' the sooner; black: never.',
  ),
  'solutions': (
    'Which solution they find',
    'Every pixel is one net, its hue the family of its solution, its shade'
    ' which member of it; black: not converged.',
  ),
}
NAMES = {int(outcome): outcome.label for outcome in Outcome}


def times(drawn: Map, number: str, which: str, where: Mapping) -> Figure:
  """Returns a map of how soon nets converge.

  Args:
    drawn: the map.
    number: of the map, for the figure's name; '' if there is one.
    which: map it is, in words.
    where: the words of its axes, and boxes.
  """
  fig, ax = style.figure(size=SIZE)
  rate = tables.value(drawn.group.results['converged_rate'])
  weather.times(
    ax, drawn.sweeps, extent=drawn.extent, most=drawn.epochs, **where,
    title=f'{rate} of the starts converge within {drawn.epochs:,} epochs',
  )  # fmt: skip
  return Figure(
    f'times{number}',
    f'How soon{which}',
    'Every pixel is one net. Where it stands says how it starts; its colour,'
    ' how many epochs it takes until all outputs are on the right side of 0.5:'
    ' the brighter, the sooner. Black: never. Smooth shades mean that starts'
    ' nearby behave alike; where bright and black are mixed, small differences'
    ' decide.',
    'A map of epochs to converge over two numbers of the start.',
    style.png(fig),
  )


def solutions(
  drawn: Map, known: Kinds, number: str, which: str, where: Mapping
) -> Figure:
  """Returns a map of what nets find.

  Args:
    drawn: the map.
    known: the solutions of the record.
    number: as for `times`.
    which: as for `times`.
    where: as for `times`.
  """
  fig, ax = style.figure(size=SIZE)
  found = drawn.group.results
  families, kinds = (int(found[n]['value']) for n in ('families', 'solutions'))
  weather.solutions(
    ax, drawn.classes, known.families, known.names, extent=drawn.extent,
    title=f'{kinds} solutions, {families} up to symmetries', **where,
  )  # fmt: skip
  return Figure(
    f'solutions{number}',
    f'Which solution{which}',
    'A solution is the signs of all weights after the last epoch, a group of'
    ' signs for each unit, its bias last. Solutions that differ only in the'
    ' order of hidden units, in units turned round (which leaves every answer'
    ' as it is), or in inputs that the task does not tell apart, are of one'
    ' family and share a hue; the shade says which of them it is. Black: not'
    ' converged.',
    'A map of the solutions that nets find over two numbers of the start.',
    style.png(fig),
  )


def outcomes(drawn: Map, number: str, which: str, where: Mapping) -> Figure:
  """Returns a coarser map of how nets ended; arguments as for `times`."""
  fig, ax = style.figure(size=(SIZE[0], 6.4))
  ends = drawn.ends[drawn.ends != Outcome.SOLVED]
  still = np.mean(ends == Outcome.STILL_DESCENDING) if ends.size else 0.0
  weather.outcomes(
    ax, drawn.ends, NAMES, extent=drawn.extent, **where,
    title=f'{tables.number(still, unit="rate", digits=0)} of those that have'
    ' not converged still descend'
    if ends.size else 'All converge',
  )  # fmt: skip
  return Figure(
    f'outcomes{number}',
    f'How they end{which}',
    'A coarser grid of the same nets. Those that have not converged by the last'
    ' epoch are told by a certificate in float64: still descending, given time;'
    ' saturated, in a minimum at infinity at most; or in a minimum.',
    'A map of how nets ended over two numbers of the start.',
    style.png(fig),
  )


def sheet(
  name: str, pictures: Sequence[np.ndarray], captions: Sequence[str]
) -> Figure:
  """Returns maps beside each other, small.

  Args:
    name: 'times' or 'solutions'.
    pictures: `[P, P, 3]` each.
    captions: of each.
  """
  columns = min(math.ceil(math.sqrt(len(pictures))), 6)
  rows = -(-len(pictures) // columns)
  side = SIZE[0] / columns
  fig, axes = style.figure(rows, columns, size=(SIZE[0], rows * (side + 0.4)))
  axes = np.atleast_1d(axes).ravel()
  for ax, picture, text in zip(axes, pictures, captions, strict=False):
    weather.thumbnail(ax, picture, text)
  for ax in axes[len(pictures) :]:
    ax.set_axis_off()
  title, caption = SHEETS[name]
  return Figure(
    f'sheet_{name}', title, caption, f'{title}: small maps.', style.png(fig)
  )

"""Figures of single maps, and of several beside each other."""

import math
from collections.abc import Sequence

import numpy as np

from jaxrep import tables
from jaxrep.figures import style, weather
from jaxrep.measures.minima import Outcome
from jaxrep.report import Figure

from .basin_maps import Kinds, Map

SIZE = (7.5, 7.0)  # inches, of one map
NAMES = {int(outcome): outcome.label for outcome in Outcome}


def times(drawn: Map, name: str, title: str, where: dict) -> Figure:
  """Returns a map of how soon nets converge.

  Args:
    drawn: the map.
    name: of the figure.
    title: of the figure.
    where: the words of its axes, and boxes.
  """
  fig, ax = style.figure(size=SIZE)
  rate = tables.value(drawn.group.results['converged_rate'])
  weather.times(
    ax, drawn.sweeps, extent=drawn.extent, most=drawn.epochs, **where,
    title=f'{rate} of the starts converge within {drawn.epochs:,} epochs',
  )  # fmt: skip
  return Figure(
    name,
    title,
    'Every pixel is one net. Where it stands says how it starts; its colour, how'
    ' many epochs it takes until all outputs are on the right side of 0.5: the'
    ' brighter, the sooner. Black: never. Smooth shades mean that starts nearby'
    ' behave alike; where bright and black are mixed, the last digit of a weight'
    ' decides.',
    'A map of epochs to converge over two numbers of the start.',
    style.png(fig),
  )


def solutions(
  drawn: Map, known: Kinds, name: str, title: str, where: dict
) -> Figure:
  """Returns a map of what nets find."""
  fig, ax = style.figure(size=SIZE)
  found = drawn.group.results
  families, kinds = (int(found[n]['value']) for n in ('families', 'solutions'))
  weather.solutions(
    ax, drawn.classes, known.families, known.names, extent=drawn.extent,
    **where,
    title=f'{kinds} solutions, {families} up to symmetries',
  )  # fmt: skip
  return Figure(
    name,
    title,
    'A solution is the signs of all weights after the last epoch, a group of'
    ' signs for each unit, its bias last. Solutions that differ only in the order'
    ' of hidden units, in units turned round (which leaves every answer as it'
    ' is), or in inputs that the task does not tell apart, are of one family and'
    ' share a hue; the shade says which of them it is. Black: not converged.',
    'A map of the solutions that nets find over two numbers of the start.',
    style.png(fig),
  )


def outcomes(drawn: Map, name: str, title: str, where: dict) -> Figure:
  """Returns a coarser map of how nets ended."""
  fig, ax = style.figure(size=(SIZE[0], 6.4))
  unsolved = drawn.ends != Outcome.SOLVED
  still = np.mean(drawn.ends[unsolved] == Outcome.STILL_DESCENDING)
  weather.outcomes(
    ax, drawn.ends, NAMES, extent=drawn.extent, **where,
    title=f'{still:.0%} of those that have not converged still descend'
    if unsolved.any() else 'all converge',
  )  # fmt: skip
  return Figure(
    name,
    title,
    'A coarser grid of the same nets. Those that have not converged by the last'
    ' epoch are told by a certificate in float64: still descending, given time;'
    ' saturated, in a minimum at infinity at most; or in a minimum.',
    'A map of how nets ended over two numbers of the start.',
    style.png(fig),
  )


def sheet(
  maps: Sequence[Map], pictures: Sequence[np.ndarray], captions: Sequence[str],
  *, name: str, title: str, caption: str,
) -> Figure:  # fmt: skip
  """Returns maps beside each other, small.

  Args:
    maps: those of the pictures.
    pictures: `[P, P, 3]` each.
    captions: of each.
    name: of the figure.
    title: of the figure.
    caption: how it is read.
  """
  columns = min(math.ceil(math.sqrt(len(maps))), 6)
  rows = -(-len(maps) // columns)
  side = 7.5 / columns
  fig, axes = style.figure(rows, columns, size=(7.5, rows * (side + 0.42)))
  axes = np.atleast_1d(axes).ravel()
  for ax, picture, text in zip(axes, pictures, captions, strict=False):
    weather.thumbnail(ax, picture, text)
  for ax in axes[len(maps) :]:
    ax.set_axis_off()
  return Figure(name, title, caption, f'{title}: small maps.', style.png(fig))

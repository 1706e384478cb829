"""What maps of initial conditions are measured against: layered nets, as ever.

Special are where nets start, that solved nets go on, as every pixel of a map
makes all of its epochs, and that there are few looks: for a million nets at
once, a look costs as much as twenty epochs.
"""

import jax
import numpy as np

from jaxrep import basins, nets, seeds, slices, trials
from jaxrep.tasks.patterns import Patterns

from . import yardsticks


def plane(
  line: str,
  sizes: tuple[int, ...],
  patterns: Patterns,
  *,
  learning_rate: float,
  momentum: float,
  ends: tuple[float, float],
  pixels: int,
  epochs: int,
) -> yardsticks.Work:
  """Returns the work of a map: full-batch descent from the pixels of a slice.

  Net k is pixel k of the map, row after row, whatever their number.

  Args:
    line: the slice, as `slices.parse` reads it, with X and Y.
    sizes: units a layer, inputs first.
    patterns: what is to be learnt.
    learning_rate: ε.
    momentum: α.
    ends: of both axes.
    pixels: of a side of the map, all of which train at once.
    epochs: of a map; jaxrep looks as often as it does there, however long the
      benchmark runs.
  """
  recipe = trials.Recipe(
    learning_rate=(learning_rate,), momentum=(momentum,), init_range=(1.0,),
    positive_weight=(1.0,), margin=(0.5,), bias_init='uniform', band=0.0,
    sweeps=2**30, after=0,
  )  # fmt: skip
  draw = trials.drawing(recipe, sizes)
  like = trials.shapes(recipe, sizes)
  weights = sum(a.size for a in jax.tree.leaves(like))
  of_map = basins.Plane(slices.parse(line, weights), basins.LETTERS, draw)

  def start(_, setting):
    return nets.from_list(setting['start'], like)

  def rows(seed_range):
    axis = slices.pixels(*ends, pixels)
    [setting] = seeds.settings(seed=[0], **recipe.grid())
    whole = basins.rows([basins.Window(axis, axis)], [setting], judged=0)
    some = jax.tree.map(lambda a: a[np.asarray(seed_range)], whole)
    given, begun = basins.starts(of_map, some)
    given |= {'start': begun.astype(np.float32)}
    return seeds.Nets(some.seed, given)

  study = basins.trial(recipe, sizes).study
  every = basins.trial(recipe._replace(sweeps=epochs), sizes).marks[0]
  work = yardsticks.layered(
    sizes, patterns, learning_rate=learning_rate, momentum=momentum
  )
  return work._replace(
    start=start,
    study=study,
    rows=rows,
    at_once=pixels**2,
    unit='nets × epochs / s',
    marks=lambda last: [*range(every, last, every), last],
  )

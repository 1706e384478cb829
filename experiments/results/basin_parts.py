"""The parts of a run of maps: one for each way of training."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxrep import basins, records, seeds, slices, trials
from jaxrep.measures import solutions
from jaxrep.measures.minima import Outcome
from jaxrep.tasks.patterns import Patterns

from ..shared import running


class View(NamedTuple):
  """Which part of a plane maps show, and how finely.

  Attributes:
    ranges: where each axis begins and ends, whole.
    centre: where maps are centred; None: in the middle.
    zooms: how many times narrower each map is.
    pixels: of a side.
    judged: of a side of the grid whose nets are certified.
    points: pairs of points for each distance, in place of pixels; 0: pixels.
    distances: of the points of a pair.
  """

  ranges: Sequence[tuple[float, float]]
  centre: Sequence[float] | None
  zooms: Sequence[float]
  pixels: int
  judged: int
  points: int = 0
  distances: Sequence[float] = ()

  def rows(self, settings: Sequence[Mapping[str, Any]]) -> seeds.Nets:
    """Returns the nets of maps, or of pairs of points, by setting."""
    windows = [self.ends(setting['zoom']) for setting in settings]
    if self.points:
      return basins.pairs(windows, settings, count=self.points)
    known = {
      ends: basins.Window(*(slices.pixels(*e, self.pixels) for e in ends))
      for ends in windows
    }
    pixels = [known[ends] for ends in windows]
    return basins.rows(pixels, settings, judged=self.judged)

  def ends(self, zoom: float) -> tuple[tuple[float, float], ...]:
    """Returns where x and y begin and end at a zoom."""
    centre = self.centre or (None, None)
    return tuple(
      slices.window(*ends, middle, zoom)
      for ends, middle in zip(self.ranges, centre, strict=True)
    )


def parts(
  recipes: Sequence[trials.Recipe],
  patterns: Patterns,
  *,
  sizes: tuple[int, ...],
  plane: slices.Slice,
  axes: tuple[str, str],
  view: View,
  seed_range: Sequence[int],
  keep_weights: bool,
  blocks: seeds.Blocks,
) -> list[running.Part]:
  """Returns one part for each recipe.

  They are named `map`, or `map_case`, `map_float64`, .. by what differs.

  Args:
    recipes: how nets are trained; their lists make maps.
    patterns: what is to be learnt.
    sizes: units a layer, inputs first.
    plane: where nets start.
    axes: what x and y are.
    view: what is shown of it.
    seed_range: seeds; a map for each.
    keep_weights: whether the record keeps the final weights.
    blocks: the layout.
  """
  words = [
    (r.updates, r.precision, ','.join(map(str, r.learning_rate)))
    for r in recipes
  ]
  differ = [len(set(column)) > 1 for column in zip(*words, strict=True)]

  def part(recipe, said):
    trial = basins.trial(recipe, sizes)
    of_map = basins.Plane(plane, axes, trials.drawing(recipe, sizes))
    lists = {'seed': seed_range, **recipe.grid(), 'zoom': view.zooms}
    if view.points:
      lists['distance'] = view.distances
    settings = seeds.settings(**lists)

    def compute(rows, watch):
      net, arrays, computed = basins.run(
        trial, of_map, rows, patterns, blocks=blocks, watch=watch
      )
      columns = {'seed': rows.seed, **_kept(rows.setting), **arrays}
      weights = records.pack_net(net) if keep_weights else {}
      return running.Computed(
        columns | weights,
        computed=computed,
        needed=len(rows.seed) * recipe.sweeps,
        solved=int(np.sum(arrays['outcome'] == Outcome.SOLVED)),
      )

    special = [word for word, d in zip(said, differ, strict=True) if d]
    fixed = {'updates': recipe.updates, 'precision': recipe.precision}
    return running.Part(
      '_'.join(['map', *special]),
      view.rows(settings),
      [fixed | _shown(setting, axes) for setting in settings],
      compute,
      {
        'units': np.array(['sigmoid'] * (len(sizes) - 1)),
        'outcomes': np.array([outcome.label for outcome in Outcome]),
        'epochs': np.array([recipe.sweeps]),
        'unit_weights': np.array(
          solutions.groups(trials.shapes(recipe, sizes))
        ),
        'coarse': basins.coarse(view.pixels, view.judged),
        **patterns._asdict(),
      },
    )

  return [part(r, said) for r, said in zip(recipes, words, strict=True)]


def _kept(setting: dict[str, np.ndarray]) -> records.Arrays:
  """Returns the numbers of nets that go into the record."""
  left = ('judged', 'positive_weight', 'margin')
  return {name: a for name, a in setting.items() if name not in left}


def _shown(setting: dict[str, Any], axes: Sequence[str]) -> dict[str, Any]:
  """Returns what is special to a map: what its axes are is not."""
  left = (*axes, 'positive_weight', 'margin')
  return {name: v for name, v in setting.items() if name not in left}

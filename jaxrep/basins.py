"""Maps of initial conditions: every pixel is a net.

Two of a net's initial weights, or two numbers of its training, vary over a
plane; all else is fixed. A map is nets like any others (`trials`), whose
settings say where they start.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrep import nets as layered
from jaxrep import seeds, slices, trials
from jaxrep.measures import solutions
from jaxrep.measures.minima import Outcome
from jaxrep.tasks.patterns import Patterns

SIDES = ('x', 'y')
LETTERS = ('X', 'Y')  # of a slice
AXES = (*LETTERS, 'learning_rate', 'momentum', 'init_range')
# A solution that there is not, and an outcome that nobody asked for.
NONE = -1
BETWEEN = 1000  # sweeps between looks at nets that are on a map
POINTS = 1983  # names the draw of points
# More weights make more sign patterns than an integer numbers.
READABLE = 62


class Plane(NamedTuple):
  """What varies over a map.

  Attributes:
    slice: where its nets start.
    axes: what x and y are, two of `AXES`.
    draw: `(key, init_range) -> net`, where weights are drawn.
  """

  slice: slices.Slice
  axes: tuple[str, str]
  draw: Callable


class Window(NamedTuple):
  """The part of a plane that a map shows: `[P]` numbers along each axis."""

  x: np.ndarray
  y: np.ndarray


def coarse(pixels: int, judged: int) -> np.ndarray:
  """Returns which pixels of a side are of a coarser grid, `[Q]`.

  Args:
    pixels: of a side of the map.
    judged: about how many of them; 0: none.
  """
  every = -(-pixels // judged) if judged else 2 * pixels + 1
  return np.arange(every // 2, pixels, every)


def rows(
  windows: Sequence[Window],
  settings: Sequence[Mapping[str, Any]],
  *,
  judged: int,
) -> seeds.Nets:
  """Returns the nets of maps, one after another, row after row of pixels.

  Args:
    windows: one a map, all of as many pixels.
    settings: likewise: the `seed` and the numbers of training by name.
    judged: of a side of a coarser grid, whose nets are certified if they do not
      converge; 0: none are.

  Returns:
    Nets whose settings are the numbers, `x`, `y` and `judged`.
  """
  pixels = len(windows[0].x)
  on = np.isin(np.arange(pixels), coarse(pixels, judged))
  places = [(np.tile(w.x, pixels), np.repeat(w.y, pixels)) for w in windows]
  return _placed(places, settings, np.outer(on, on).ravel())


def pairs(
  ends: Sequence[tuple[tuple[float, float], tuple[float, float]]],
  settings: Sequence[Mapping[str, Any]],
  *,
  count: int,
) -> seeds.Nets:
  """Returns nets that start at points of a window and near them.

  The points of a setting are drawn evenly from its window by `POINTS`, the seed
  and the distance, and each has a companion so far away, in a direction drawn
  at random, which may lie outside. The points come first, in the same order as
  their companions.

  Args:
    ends: where x and y begin and end, one pair a setting.
    settings: as of `rows`, and the `distance` of the pairs, as a share of the
      window's width and height.
    count: pairs a setting.

  References:
    Grebogi, McDonald, Ott & Yorke, Phys. Lett. A 99 (1983) 415.
  """
  places = []
  for window, setting in zip(ends, settings, strict=True):
    far = setting['distance']
    bits = int(np.float64(far).view(np.uint64))
    draw = np.random.default_rng([POINTS, setting['seed'], bits])
    angle = 2 * np.pi * draw.random(count)
    place = []
    for (low, high), step in zip(
      window, (np.cos(angle), np.sin(angle)), strict=True
    ):
      first = low + (high - low) * draw.random(count)
      place.append(np.append(first, first + far * (high - low) * step))
    places.append(place)
  return _placed(places, settings, np.zeros(2 * count, bool))


def _placed(places, settings, judged) -> seeds.Nets:
  """Returns rows of settings, each at places `x [N], y [N]`."""
  columns: dict[str, list] = {name: [] for name in settings[0]}
  for setting in settings:
    for name, value in setting.items():
      kind = np.uint32 if name == 'seed' else np.float32
      columns[name].append(np.full(len(judged), value, kind))
  found = {name: np.concatenate(column) for name, column in columns.items()}
  for k, side in enumerate(SIDES):
    found[side] = np.concatenate([place[k] for place in places])
  found['judged'] = np.tile(judged, len(places))
  return seeds.Nets(found.pop('seed'), found)


def trial(recipe: trials.Recipe, sizes: tuple[int, ...]) -> trials.Trial:
  """Returns the trial of a map: every net makes all of its sweeps.

  So a solution is what it is after the last one. Nets are looked at every
  `BETWEEN` sweeps at most: of a million, a look costs as much as twenty.

  Args:
    recipe: how they are trained.
    sizes: units a layer, inputs first.
  """
  end = recipe.sweeps
  looks = -(-end // BETWEEN)
  marks = [end * k // looks for k in range(1, looks)]
  given = recipe._replace(given=True, least=end)
  return trials.trial(given, sizes)._replace(
    marks=[*marks, end + 1], certified=False
  )


def starts(plane: Plane, nets: seeds.Nets) -> tuple[dict, np.ndarray]:
  """Returns the settings of nets, axes put in their place, and their starts.

  Args:
    plane: the map's.
    nets: `[S]` rows, from `rows`.

  Returns:
    The settings by name, `[S]`; `[S, W]` initial weights, float64.
  """
  setting = dict(nets.setting)
  where = dict(zip(plane.axes, (setting[s] for s in SIDES), strict=True))
  for name in where.keys() - set(LETTERS):
    setting[name] = where[name].astype(np.float32)
  zero = np.zeros(len(nets.seed))
  drawn = np.zeros(len(plane.slice.fixed))
  if plane.slice.drawn.any():
    known, which = np.unique(nets.seed, return_inverse=True)
    each = [layered.listed(plane.draw(jax.random.key(k), 1.0)) for k in known]
    drawn = setting['init_range'][:, None] * np.stack(each)[which]
  along = [where.get(letter, zero) for letter in LETTERS]
  return setting, slices.starts(plane.slice, *along, drawn)


def run(
  trial: trials.Trial,
  plane: Plane,
  nets: seeds.Nets,
  patterns: Patterns,
  *,
  blocks: seeds.Blocks,
  watch: Callable[[int, int], None] = lambda over, solved: None,
) -> tuple[layered.Net, dict[str, np.ndarray], int]:
  """Returns how the nets of maps ended: final weights, arrays, and the cost.

  Args:
    trial: from `trial`.
    plane: the maps'.
    nets: `[S]` rows, from `rows`.
    patterns: what is to be learnt.
    blocks: the layout.
    watch: as of `trials.run`.

  Returns:
    The nets, leading axis `[S]`; the numbers that are axes, and the arrays
    `outcome` (`minima.Outcome`; `NONE` for nets that have not converged and are
    not judged), `sweeps` (changes before a net converged, NaN if it did not),
    `error` (final E), and for nets of up to `READABLE` weights `solution` (the
    signs of all weights as one integer, `solutions.code`) and `family` (the
    same of the pattern that stands for it up to symmetries), `NONE` for nets
    that have not converged, or whose weights are not finite; the number of nets
    × sweeps computed.
  """
  setting, start = starts(plane, nets)
  given = setting | {'start': start.astype(trial.precision)}
  net, arrays, computed = trials.run(
    trial, seeds.Nets(nets.seed, given), patterns, blocks=blocks, watch=watch
  )
  found = {name: arrays[name] for name in ('outcome', 'sweeps', 'error')}
  _judge(trial, net, given, patterns, found['outcome'])
  if start.shape[1] <= READABLE:
    exchanges = solutions.exchanges(patterns)
    with trial.exact:
      told = seeds.each(_told, net, blocks=blocks, shared=(exchanges,))
    known = np.isfinite(found['sweeps']) & told.finite
    found['solution'], found['family'] = (
      np.where(known, solutions.code(bits), NONE)
      for bits in (told.signs, told.form)
    )
  axes = {name: setting[name] for name in plane.axes if name in setting}
  return net, axes | found, computed


def _judge(trial, net, setting, patterns, outcome) -> None:
  """Puts in how unsolved nets ended: the certificate's word, or `NONE`."""
  unsolved = outcome == Outcome.STILL_DESCENDING
  judged = np.flatnonzero(unsolved & setting['judged'])
  some, numbers = jax.tree.map(lambda a: a[judged], (net, setting))
  ends = outcome[judged]
  trials.certify(some, numbers, patterns, trial.error, ends)
  outcome[unsolved] = NONE
  outcome[judged] = ends


class _Told(NamedTuple):
  """The signs `[W]` of a net, those of its family, and if it has any."""

  signs: jax.Array
  form: jax.Array
  finite: jax.Array


def _told(net, exchanges):
  form = solutions.form(net, exchanges)
  finite = jnp.all(jnp.isfinite(layered.listed(net)))
  return _Told(solutions.signs(net), form, finite)

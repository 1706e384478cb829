"""Flags of maps: the task, the net, the plane, and what is looked at."""

import contextlib
import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from absl import flags

from jaxrep import basins, slices, trials
from jaxrep.tasks import boolean, symmetry
from jaxrep.tasks.patterns import Patterns

from ..results import basin_parts
from . import basin_parsers, common, parsers, problems, rule_flags, task_flags

FLAGS = flags.FLAGS
LONGEST = 2**30  # epochs
# Flags that say nothing of nets that are on no map.
OF_PIXELS = ('pixels', 'outcome_pixels', 'frames')
OF_MAPS = (
  *('slice', 'tied', 'x_range', 'y_range', 'centre', 'zoom', 'flow_time'),
  *('points', 'distance', 'keep_weights', *OF_PIXELS),
)
# Of the boolean study, and the letter's.
TASKS = {
  **boolean.TASKS,
  'symmetry': boolean.Task(
    functools.partial(symmetry.patterns, coding='binary'), 6, 10, lambda bits: 2
  ),
}
task_flags.define(TASKS, many=False)
flags.DEFINE(
  basin_parsers.Shape(256, 'for several layers: 4-2'), 'hidden', None,
  f'Hidden units: 2, or 4-2 for two layers; {basin_parsers.SOURCE}: as many as'
  ' the task’s source gives it.',
  FLAGS, parsers.AsText(),
)  # fmt: skip
flags.DEFINE_string(
  'slice', None,
  'Where the nets of a map start: each weight in tenths, as +7 or -0.5, X or Y'
  ' for one that varies along an axis (-X: mirrored), or ? for one drawn from'
  ' the seed; unit after unit, its weights from below, then its bias. Default'
  ' for nets of another shape: the first two weights vary, the rest is drawn.',
)  # fmt: skip
flags.DEFINE_bool(
  'tied', None, 'A letter may stand for several weights, which vary together.'
)
flags.DEFINE(
  basin_parsers.Axes(), 'axes', None,
  'What varies along x and y: X and Y, letters of --slice; learning_rate;'
  ' momentum; init_range, of the weights that are drawn. Where weights are'
  ' drawn, each of --seeds is a map of its own. none: no map, but nets from'
  ' --seeds, all of whose weights are drawn.',
  FLAGS, parsers.AsText(),
)  # fmt: skip
for name in basins.SIDES:
  flags.DEFINE(
    basin_parsers.Range(), f'{name}_range', None,
    f'Where the {name} axis begins and ends: low:high. The low end is a pixel,'
    ' the high end is one pixel beyond the last.',
    FLAGS, parsers.AsText(),
  )  # fmt: skip
flags.DEFINE(
  basin_parsers.Point(), 'centre', None,
  'Where the map is centred, x,y; “middle”: of the ranges.',
  FLAGS, parsers.AsText(),
)  # fmt: skip
parsers.define_number(
  'zoom', 'How many times narrower the map is than the ranges.', above=True,
  many=True,
)  # fmt: skip
parsers.define_number(
  'frames', 'Maps of a movie, from the whole ranges to --zoom, each as many'
  ' times narrower than the last; 1: no movie.', kind=int, low=1, high=1000,
)  # fmt: skip
parsers.define_number('pixels', 'Of a side of the map.', kind=int, low=2,
                     high=2**13)  # fmt: skip
parsers.define_number(
  'points', 'In place of pixels: so many pairs of points, drawn at random, for'
  ' each --distance: how many end apart? 0: maps.', kind=int, high=2**20,
)  # fmt: skip
parsers.define_number(
  'distance', 'Of --points: how far apart those of a pair are, as a share of'
  ' the map’s side. A list tries each.', above=True, high=1, many=True,
  grid=False,
)  # fmt: skip
parsers.define_number(
  'epochs', 'Every net makes so many; one that has not converged by then has'
  ' not.', kind=int, low=1, high=LONGEST,
)  # fmt: skip
parsers.define_number(
  'flow_time', 'In place of --epochs, so many divided by ε, so that nets of'
  ' small ε go as far; 0: --epochs are.', high=1e9,
)  # fmt: skip
parsers.define_number(
  'margin', 'Converged: no output is farther than this from its target.',
  above=True, high=1,
)  # fmt: skip
parsers.define_number(
  'outcome_pixels', 'Of a side of a coarser grid, whose nets that do not'
  ' converge are told by their certificates; 0: none.', kind=int, high=2**10,
)  # fmt: skip
flags.DEFINE_bool('keep_weights', None, 'Keep the final weights in nets.npz.')
for module in (task_flags, rule_flags):
  flags.adopt_module_key_flags(module)


class Subject(NamedTuple):
  """What is trained.

  Attributes:
    patterns: what is to be learnt.
    sizes: units a layer, inputs first.
    pinned: the flag that pins a table's content.
  """

  patterns: Patterns
  sizes: tuple[int, ...]
  pinned: Mapping[str, str]


def subject() -> Subject:
  """Returns the task and the net asked for.

  Raises:
    BadInputError: there is no such task, or --hidden=source and it has none.
  """
  sets, pinned = problems.pattern_sets(
    FLAGS.task, (FLAGS.size,), FLAGS.task_digest, tasks=TASKS
  )
  [(size, patterns)] = sets.items()
  hidden = FLAGS.hidden
  if hidden == basin_parsers.SOURCE:
    if FLAGS.task not in TASKS:
      raise common.BadInputError(
        f'--hidden={hidden}: expected a shape such as 2 or 4-2, as a table has'
        ' no number of its own'
      )
    hidden = str(TASKS[FLAGS.task].hidden(size))
  middle = map(int, hidden.split('-'))
  ends = patterns.inputs.shape[1], patterns.targets.shape[1]
  return Subject(patterns, (ends[0], *middle, ends[1]), pinned)


def recipes() -> list[trials.Recipe]:
  """Returns what the flags say of training.

  A recipe for each way of updating, precision, and budget: each ε has a budget
  of its own with --flow_time.

  Raises:
    BadInputError: several values of a number that is an axis; --flow_time
      where ε is one, or too long.
  """
  for axis in FLAGS.axes:
    if axis in FLAGS and len(FLAGS[axis].value) > 1:
      raise common.BadInputError(
        f'--{axis}={parsers.as_text(FLAGS[axis].value)}: expected one value, as'
        f' it varies along an axis of --axes={parsers.as_text(FLAGS.axes)}'
      )
  budgets = {FLAGS.learning_rate: FLAGS.epochs}
  if FLAGS.flow_time:
    if 'learning_rate' in FLAGS.axes:
      raise common.BadInputError(
        f'--flow_time={parsers.as_text(FLAGS.flow_time)}: expected 0 where the'
        ' learning rate varies over the map'
      )
    budgets = {(rate,): _epochs(rate) for rate in FLAGS.learning_rate}
  return [
    trials.Recipe(
      learning_rate=rates,
      momentum=FLAGS.momentum,
      init_range=FLAGS.init_range,
      positive_weight=(1.0,),
      margin=(FLAGS.margin,),
      bias_init=FLAGS.bias_init,
      band=0.0,
      sweeps=epochs,
      after=0,
      updates=updates,
      precision=precision,
      links=FLAGS.skip,
    )
    for updates, precision, (rates, epochs) in itertools.product(
      FLAGS.updates, FLAGS.precision, budgets.items()
    )
  ]


def _epochs(rate: float) -> int:
  """Returns how many epochs --flow_time is at this ε."""
  epochs = max(math.ceil(round(FLAGS.flow_time / rate, 6)), 1)  # 4.2 / 0.6 is 7
  if epochs > LONGEST:
    raise common.BadInputError(
      f'--flow_time={parsers.as_text(FLAGS.flow_time)}: expected at most'
      f' {LONGEST:,} epochs, found {epochs:,} with'
      f' --learning_rate={parsers.as_text(rate)}'
    )
  return epochs


def plane(weights: int) -> tuple[str, slices.Slice]:
  """Returns the slice asked for, as text and as numbers.

  Args:
    weights: of a net.

  Raises:
    BadInputError: it does not say where every weight starts and what varies.
  """
  wanted = sorted(set(FLAGS.axes) & set(basins.LETTERS))
  text = FLAGS.slice
  if FLAGS['slice'].using_default_value:
    text = _usual(text, weights, wanted)
  try:
    found = slices.parse(text, weights, tied=FLAGS.tied)
    slices.check_letters(text, found, ''.join(wanted))
  except ValueError as error:
    words = str(error).removeprefix('slice ')
    raise common.BadInputError(f'--slice={words}') from None
  if not found.drawn.any():
    if 'init_range' in FLAGS.axes:
      raise common.BadInputError(
        f'--axes={parsers.as_text(FLAGS.axes)}: expected a weight that is drawn'
        f' (?), found none in --slice={text}'
      )
    if len(FLAGS.init_range) > 1:
      raise common.BadInputError(
        f'--init_range={parsers.as_text(FLAGS.init_range)}: expected one, as no'
        f' weight of --slice={text} is drawn (?)'
      )
  return text, found


def _usual(text: str, weights: int, wanted: Sequence[str]) -> str:
  """Returns the slice where none is given: the paper's, if it fits."""
  with contextlib.suppress(ValueError):
    slices.check_letters(text, slices.parse(text, weights), ''.join(wanted))
    return text
  return ''.join(wanted) + '?' * (weights - len(wanted))


def view() -> basin_parts.View:
  """Returns which part of the plane is shown.

  Raises:
    BadInputError: a learning rate below 0 and the like, neighbours that are
      equal, several zooms of a movie, too many pixels.
  """
  zooms = FLAGS.zoom
  if FLAGS.frames > 1:
    if len(zooms) > 1 or zooms[0] <= 1:
      raise common.BadInputError(
        f'--frames={FLAGS.frames}: expected one --zoom above 1 with it, found'
        f' --zoom={parsers.as_text(zooms)}'
      )
    zooms = np.geomspace(1, zooms[0], FLAGS.frames).tolist()
  _check_size()
  centre = None if FLAGS.centre == basin_parsers.MIDDLE else FLAGS.centre
  if FLAGS.points:
    _refuse(OF_PIXELS, f'--points={FLAGS.points}')
  texts = [FLAGS[f'{side}_range'].value for side in basins.SIDES]
  shown = basin_parts.View(
    [tuple(map(float, text.split(':'))) for text in texts], centre, zooms,
    FLAGS.pixels, FLAGS.outcome_pixels, FLAGS.points, FLAGS.distance,
  )  # fmt: skip
  for zoom in zooms:
    for place in zip(basins.SIDES, FLAGS.axes, shown.ends(zoom), strict=True):
      _check_ends(zoom, *place)
  return shown


def _check_size() -> None:
  """Sees to it that maps have not too many pixels in all."""
  size, found = FLAGS.pixels**2, f'--pixels={FLAGS.pixels}'
  if FLAGS.points:
    size = 2 * FLAGS.points * len(FLAGS.distance)
    found = f'--points={FLAGS.points}'
  if FLAGS.frames > 1:
    found += f' --frames={FLAGS.frames}'
  if FLAGS.seeds > 1:
    found += f' --seeds={FLAGS.seeds}'
  common.check_nets(size * FLAGS.frames * FLAGS.seeds, found)


def _refuse(names: Sequence[str], found: str) -> None:
  """Sees to it that flags which would not count are not given."""
  for flag in map(FLAGS.__getitem__, names):
    if flag.value != flag.default:
      raise common.BadInputError(
        f'--{flag.name}={parsers.as_text(flag.value)}: expected a map for it,'
        f' found {found}'
      )


def _check_ends(zoom, side, axis, ends) -> None:
  """Sees to it that nets can stand on all of an axis, and apart."""
  low, high = ends
  most = basin_parsers.LARGEST
  least = -most if axis in basins.LETTERS else 0
  given = (
    f'--{side}_range={FLAGS[f"{side}_range"].value},'
    f' --centre={parsers.as_text(FLAGS.centre)}, --zoom={zoom:g}'
  )
  if low < least or high > most:
    raise common.BadInputError(
      f'{given}: expected numbers from {least:g} to {most:g} for {axis},'
      f' found {low:g} to {high:g}'
    )
  beyond = low - max(FLAGS.distance) * (high - low)
  if FLAGS.points and beyond < least:
    raise common.BadInputError(
      f'{given}: expected room for companions at'
      f' --distance={max(FLAGS.distance):g}, found {beyond:g} for {axis}'
    )
  finest = min(FLAGS.distance) if FLAGS.points else 1 / FLAGS.pixels
  if (high - low) * finest < np.spacing(max(abs(low), abs(high))):
    raise common.BadInputError(
      f'{given}: expected neighbours that float64 tells apart, found'
      f' {low!r} to {high!r}'
    )


def one_layer(sizes: tuple[int, ...]) -> int:
  """Returns the hidden units of a net all of whose weights are drawn.

  Raises:
    BadInputError: several layers, or something that only maps have.
  """
  if len(sizes) != 3:
    raise common.BadInputError(
      f'--hidden={FLAGS.hidden}: expected one hidden layer with --axes=none'
    )
  _refuse(OF_MAPS, '--axes=none')
  return sizes[1]

"""Flags of nets that learn equality: task, nets, searches, controls."""

import itertools
import math
from collections.abc import Iterator

from absl import flags

from jaxrep import equality, nets, records
from jaxrep.measures import alignment
from jaxrep.tasks import equality as task

from ..results import equality_parts, equality_searches
from . import common, parsers

FLAGS = flags.FLAGS
ACTIVATIONS = [name for name in nets.UNITS if name != 'identity']
USUAL = 'usual'  # of an activation: what its flagfile says
LARGEST = 4096  # units of a layer


def _define(name, help, **bounds):
  parsers.define_number(name, help, **bounds)


parsers.define_words('entities', list(task.ENTITIES), 'How entities are drawn.')
_define(
  'dimension', 'Numbers an entity.', kind=int, low=1, high=LARGEST // 4,
  many=True,
)  # fmt: skip
_define(
  'width', 'Units of each hidden layer.', kind=int, low=1, high=LARGEST,
  many=True,
)  # fmt: skip
_define('depth', 'Hidden layers.', kind=int, low=1, high=16, many=True)
parsers.define_words('activation', ACTIVATIONS, 'Of hidden units.')
for name, help in (
  ('init_gain', 'Weights and biases start uniform in ± this / √inputs;'),
  ('learning_rate', 'Of the task: Adam’s;'),
):
  flags.DEFINE(
    parsers.NumbersOr(USUAL, 0.0, math.inf, above=True), name, None,
    f'{help} or “usual”: what flags/equality/ACTIVATION.flags says. A list,'
    ' separated by commas, makes a grid over the same seeds.',
    FLAGS, parsers.AsText(),
  )  # fmt: skip
_define(
  'examples', 'Met in training of the task.', kind=int, low=1, high=2**31 - 1
)
_define('task_batch', 'Examples a weight change.', kind=int, low=4, high=2**16)
_define(
  'learnt', 'Nets that tell at least this share of unseen examples have learnt'
  ' the task; the others are searched, and kept apart.', high=1,
)  # fmt: skip
_define(
  'layers', 'Where it is looked for: after so many hidden layers; 0 is the'
  ' inputs.', kind=int, high=16, many=True, grid=False,
)  # fmt: skip
_define(
  'ks', 'Rotated dimensions for each variable of a hypothesis.', kind=int,
  low=1, high=LARGEST, many=True, grid=False,
)  # fmt: skip
flags.DEFINE(
  parsers.Words(task.HYPOTHESES), 'hypotheses', None,
  'What is looked for: both equalities, the left one, or (a control) the'
  ' identity of the first argument. Most controls are of the first.',
  FLAGS, parsers.AsText(),
)  # fmt: skip
parsers.define_words(
  'map', list(alignment.MAPS),
  'What a search may find: a rotation, or any linear map.',
)  # fmt: skip
parsers.define_words(
  'schedule', list(alignment.SCHEDULES),
  'How the rate of a search falls: to 0 along a half cosine, or not.',
)  # fmt: skip
_define('steps', 'Of a search.', kind=int, low=1, high=2**24, many=True)
_define(
  'batch', 'Cases a step of a search.', kind=int, low=3, high=2**16, many=True
)
_define('search_rate', 'Of a search: Adam’s.', above=True, many=True)
_define(
  'controls', 'So many nets, the first, have controls, restarts, and are'
  ' searched along their training.', kind=int, high=common.SEEDS,
)  # fmt: skip
_define(
  'control_ks', 'For which of --ks they do.', kind=int, low=1, high=LARGEST,
  many=True, grid=False,
)  # fmt: skip
_define(
  'restarts', 'Searches for the first hypothesis in each of these nets, from'
  ' different starts.', kind=int, low=1, high=4096,
)  # fmt: skip
_define(
  'twins', 'So many ReLU and sigmoid nets, the first, are searched at the'
  ' inputs, where it is known what is there.', kind=int, high=common.SEEDS,
)  # fmt: skip
_define(
  'starts', 'Searches in each of those.', kind=int, low=1, high=4096
)  # fmt: skip


def kinds() -> list[equality_parts.Kind]:
  """Returns what the flags say of nets: one for each shape, unit and task."""
  found = []
  for width, depth, unit, entities, dimension in itertools.product(
    FLAGS.width, FLAGS.depth, FLAGS.activation, FLAGS.entities, FLAGS.dimension
  ):
    for gain in _or_usual('init_gain', unit):
      recipe = equality.Recipe(
        width, depth, unit, entities, dimension, examples=FLAGS.examples,
        batch=FLAGS.task_batch, gain=gain,
      )  # fmt: skip
      rates = _or_usual('learning_rate', unit)
      twins = {twin: _twin(recipe, twin) for twin in equality_searches.TWINS}
      twins[unit] = twins.get(unit) and (recipe, rates[0])
      twins = {name: twin for name, twin in twins.items() if twin}
      found.append(equality_parts.Kind(recipe, rates, twins))
  return found


def _or_usual(name: str, unit: str) -> tuple[float, ...]:
  """Returns what a flag says, or what is usual for an activation."""
  given = FLAGS[name].value
  return _usual(name, unit) if given == (USUAL,) else given


def _usual(name: str, unit: str) -> tuple[float, ...]:
  path = common.flagfiles('equality') / f'{unit}.flags'
  return FLAGS[name].parser.parse(records.parse_flags(path.read_text())[name])


def _twin(recipe, unit) -> tuple[equality.Recipe, float]:
  """Returns such a recipe with other units, and a rate at which they learn."""
  [gain], [rate] = _usual('init_gain', unit), _usual('learning_rate', unit)
  return recipe._replace(activation=unit, gain=gain), rate


def settle() -> None:
  """Leaves out of what is not given what the nets have no room for.

  Layers beyond the depth, k beyond the site, and k without controls.
  """
  layers = [site for site in FLAGS.layers if site <= min(FLAGS.depth)]
  _default('layers', layers)
  room = min(fit for fit, _ in _rooms())
  _default('ks', [k for k in FLAGS.ks if k <= room])
  with_controls = [k for k in FLAGS.control_ks if k in FLAGS.ks]
  _default('control_ks', with_controls or [max(FLAGS.ks)])


def _default(name: str, values: list[int]) -> None:
  """Sets a flag that was not given, unless nothing were left of it."""
  if FLAGS[name].using_default_value and values:
    FLAGS.set_default(name, ','.join(map(str, values)))


def plans() -> list[equality_searches.Plan]:
  """Returns what the flags say of searches: one for each map, schedule, size.

  Raises:
    BadInputError: a layer, or a k, that some of the nets have no room for.
  """
  for name in ('layers', 'ks', 'control_ks'):
    _check_sorted(name)
  if max(FLAGS.layers) > min(FLAGS.depth):
    raise common.BadInputError(
      f'--layers={max(FLAGS.layers)}: expected at most {min(FLAGS.depth)}, as'
      f' there are --depth={min(FLAGS.depth)} hidden layers'
    )
  room, where = min(_rooms())
  if max(FLAGS.ks) > room:
    raise common.BadInputError(
      f'--ks={max(FLAGS.ks)}: expected at most {room}, as {where}'
    )
  unknown = [k for k in FLAGS.control_ks if k not in FLAGS.ks]
  if unknown:
    raise common.BadInputError(
      f'--control_ks={unknown[0]}: expected some of'
      f' --ks={parsers.as_text(FLAGS.ks)}'
    )
  return [
    equality_searches.Plan(
      sites=FLAGS.layers, ks=FLAGS.ks, hypotheses=FLAGS.hypotheses,
      map_kind=kind, schedule=schedule, batch=batch, steps=steps,
      controls=FLAGS.controls, control_ks=FLAGS.control_ks,
      restarts=FLAGS.restarts, twins=FLAGS.twins, starts=FLAGS.starts,
      learnt=FLAGS.learnt,
    )
    for kind, schedule, batch, steps in itertools.product(
      FLAGS.map, FLAGS.schedule, FLAGS.batch, FLAGS.steps
    )
  ]  # fmt: skip


def _rooms() -> Iterator[tuple[int, str]]:
  """Yields the largest k of every hypothesis at every site, and why."""
  for kind, hypothesis, site in itertools.product(
    kinds(), FLAGS.hypotheses, FLAGS.layers
  ):
    recipe, count = kind.recipe, equality.variables(hypothesis)
    name = 'width' if site else 'dimension'
    has = f'{count} variable{"s" * (count > 1)}'
    units = f'{recipe.size(site)} unit{"s" * (recipe.size(site) > 1)}'
    yield (
      recipe.room(hypothesis, site),
      f'{hypothesis!r} has {has} and layer {site}'
      f' (--{name}={getattr(recipe, name)}) {units}',
    )


def _check_sorted(name: str) -> None:
  """Sees to it that numbers rise: they are the axes of tables and figures."""
  values = FLAGS[name].value
  if list(values) != sorted(values):
    raise common.BadInputError(
      f'--{name}={parsers.as_text(values)}: expected rising numbers'
    )

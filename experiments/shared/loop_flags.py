"""Flags of loops that learn by recirculation: shapes, vectors, recipes."""

from absl import flags

from jaxrep import loops
from jaxrep.learning import descent

from . import common, parsers, problems

FLAGS = flags.FLAGS
LARGEST = 256  # units a group
HALF = 16  # visible units of a hierarchy's half: subsets are many


parsers.define_number(
  'visible', 'Visible units: of each loop, or of each half of a hierarchy.',
  kind=int, low=1, high=LARGEST,
)  # fmt: skip
flags.DEFINE(
  parsers.Shapes(LARGEST, 'where a loop has several groups'), 'hidden', None,
  'Hidden units: 2, or 4-2-4 for the groups of one long loop. A list, separated'
  ' by commas, tries each on the same seeds.',
  FLAGS, flags.ListSerializer(','),
)  # fmt: skip
flags.DEFINE_enum(
  'structure', None, ['loop', 'hierarchy'],
  'One closed loop, or two whose hidden units are the visible units of a third'
  ' one.',
)  # fmt: skip
flags.DEFINE_string(
  'vectors', None,
  'What is to be held: one_hot; random, uniform in 0 to 1; or a table: FILE.csv'
  ' with the header v1,v2,.. and one vector a row.',
)  # fmt: skip
flags.DEFINE_string(
  'vectors_digest', None, 'Of a table: what sha256 its bytes should have.'
)
parsers.define_number(
  'vector_count', 'Of random vectors; 0: as many as visible units.', kind=int,
  high=4096,
)  # fmt: skip
parsers.define_number(
  'vector_seed', 'Of random vectors.', kind=int, many=True, high=2**32 - 1
)
parsers.define_number('learning_rate', 'ε.', above=True, many=True)
parsers.define_number(
  'momentum', 'α: the share of the last weight change that is kept.', high=1,
  many=True,
)  # fmt: skip
parsers.define_number(
  'init_range', 'Weights and biases start uniform in ± this.', high=1e6,
  many=True,
)  # fmt: skip
parsers.define_number(
  'regression_visible',
  'λ_v: the share of its old state that a visible unit keeps on later passes.',
  high=1, many=True,
)  # fmt: skip
flags.DEFINE(
  parsers.NumbersOr(loops.SAME, 0.0, 1.0, above=False),
  'regression_hidden', None,
  'λ_h: the same of hidden units, or “same”: always that of the visible units.'
  ' A list, separated by commas, makes a grid over the same seeds.',
  FLAGS, parsers.AsText(),
)  # fmt: skip
parsers.define_number(
  'updates', 'Budget: weight changes before a net that has not learnt stops.',
  kind=int, low=1, high=2**30,
)  # fmt: skip
parsers.define_words(
  'change_after', descent.UPDATES,
  'Weights change once a sweep, by the sum over all vectors; after each vector,'
  ' in their order; or after each, in an order drawn anew for each sweep.',
)  # fmt: skip
flags.DEFINE_enum(
  'visible_units', None, list(loops.VISIBLE_UNITS), 'What visible units are.'
)
flags.DEFINE_bool(
  'tied', None, 'The one matrix is kept the transpose of the other.'
)
parsers.define_number(
  'passes', 'Trips on which hidden-to-visible weights learn (eq. 3).', kind=int,
  low=1, high=16, many=True,
)  # fmt: skip
flags.DEFINE_bool(
  'keep_factor', None,
  'Keep the 1/(1-λ_v) of eq. 7 on what leads to hidden units.',
)  # fmt: skip
parsers.define_number(
  'horizon', 'Sweeps to which every net is followed; 0: none.', kind=int,
  high=10_000,
)  # fmt: skip
parsers.define_number(
  'trips', 'Of a hierarchy: trips after which a completion is judged.',
  kind=int, low=1, high=100_000,
)  # fmt: skip
flags.DEFINE_enum('precision', None, ['float32', 'float64'], 'Of training.')


def shapes() -> list[tuple[int, ...]]:
  """Returns the units of every group of each loop asked for: (4, 2, 4)."""
  return [
    (FLAGS.visible, *map(int, shape.split('-')), FLAGS.visible)
    for shape in FLAGS.hidden
  ]


def vectors() -> tuple[dict, dict[str, str]]:
  """Returns the sets of vectors by seed, and the flags that pin a table.

  Raises:
    BadInputError: there are none such, or they do not fit the visible units.
  """
  halves = 2 if FLAGS.structure == 'hierarchy' else 1
  return problems.vector_sets(
    FLAGS.vectors,
    FLAGS.visible,
    halves=halves,
    count=FLAGS.vector_count,
    vector_seeds=FLAGS.vector_seed,
    linear=FLAGS.visible_units == 'linear',
    digest=FLAGS.vectors_digest,
  )


def recipes(cases: int) -> list[loops.Recipe]:
  """Returns what the flags say: one for each of --change_after, --passes.

  Args:
    cases: vectors in a set.

  Raises:
    BadInputError: flags that do not go together.
  """
  if FLAGS.keep_factor and 1 in FLAGS.regression_visible:
    raise common.BadInputError(
      '--keep_factor: expected --regression_visible below 1 with it, as the'
      ' factor is 1/(1-λ_v), found 1'
    )
  long = [shape for shape in FLAGS.hidden if '-' in shape]
  if FLAGS.tied and long:
    raise common.BadInputError(
      f'--tied: expected one group of hidden units with it, found --hidden='
      f'{long[0]}'
    )
  each = {name: 1 if name == 'sweep' else cases for name in FLAGS.change_after}
  if FLAGS.updates < max(each.values()):
    raise common.BadInputError(
      f'--updates={FLAGS.updates}: expected a sweep at least, which is'
      f' {max(each.values())} changes with --change_after='
      f'{parsers.as_text(FLAGS.change_after)}'
    )
  return [
    loops.Recipe(
      learning_rate=FLAGS.learning_rate,
      momentum=FLAGS.momentum,
      init_range=FLAGS.init_range,
      regression_visible=FLAGS.regression_visible,
      regression_hidden=FLAGS.regression_hidden,
      sweeps=FLAGS.updates // changes,
      horizon=FLAGS.horizon,
      visible_units=FLAGS.visible_units,
      tied=FLAGS.tied,
      passes=passes,
      keep_factor=FLAGS.keep_factor,
      updates=updates,
      precision=FLAGS.precision,
    )
    for updates, changes in each.items()
    for passes in FLAGS.passes
  ]


def check_structure() -> None:
  """Refuses what flags of the other structure are set to.

  Raises:
    BadInputError: the first such flag, or too many nets to compare.
  """
  unused = FLAGS.trips != FLAGS['trips'].default
  if FLAGS.structure == 'loop' and unused:
    raise common.BadInputError(
      f'--trips={FLAGS.trips}: expected --structure=hierarchy with it'
    )
  if FLAGS.structure == 'loop':
    tried = len(FLAGS.compare_rates) * len(FLAGS.compare_momenta)
    some = min(FLAGS.compare, FLAGS.seeds // 2)
    common.check_nets(4 * tried * some, f'--compare={FLAGS.compare}')
    return
  for name, fits, expected in (
    ('visible', FLAGS.visible <= HALF, f'at most {HALF}'),
    ('compare', not FLAGS.compare, '0'),
    ('tied', not FLAGS.tied, 'false'),
    ('change_after', len(FLAGS.change_after) == 1, 'one way'),
    ('passes', len(FLAGS.passes) == 1, 'one number'),
    ('hidden', not any('-' in h for h in FLAGS.hidden), 'one group a loop'),
    ('vectors', FLAGS.vectors != 'random', 'vectors of 0 and 1'),
  ):
    if not fits:
      raise common.BadInputError(
        f'--{name}={parsers.as_text(FLAGS[name].value)}: expected {expected}'
        ' with --structure=hierarchy'
      )

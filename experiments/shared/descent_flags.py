"""Flags of full-batch descent of layered nets, for every study that does it."""

from absl import flags

from jaxrep import trials
from jaxrep.learning import errors

from . import common

FLAGS = flags.FLAGS

common.define_number(
  'learning_rate', 'ε, on the plain sum of errors over cases.',
  above=True, many=True,
)  # fmt: skip
common.define_number(
  'momentum', 'α: the share of the last weight change that is kept.',
  high=1, many=True,
)  # fmt: skip
common.define_number(
  'init_range', 'Weights start uniform in ± this.', high=1e6, many=True
)
flags.DEFINE_enum(
  'bias_init', None, ['uniform', 'zero'],
  'Biases start uniform in ± --init_range like the weights, or at 0.',
)  # fmt: skip
common.define_number(
  'hidden', 'Hidden units.', kind=int, low=1, high=256, many=True
)
common.define_number(
  'sweeps', 'Budget: weight changes before a net that has not solved stops.',
  kind=int, low=1, high=2**30,
)  # fmt: skip
common.define_number(
  'after', 'Weight changes past the solve, after which weights are measured.',
  kind=int, high=2**29,
)  # fmt: skip
flags.DEFINE_enum(
  'criterion', None, ['half', 'margin'],
  'Solved when every output is on the right side of 0.5, or within --margin of'
  ' its target.',
)  # fmt: skip
common.define_number(
  'margin',
  'With --criterion=margin: how far an output may be from its target.',
  above=True, high=1, many=True,
)  # fmt: skip
flags.DEFINE_bool(
  'zero_error_band', None,
  'The error counts as zero above 0.8 for a unit that should be on, below 0.2'
  ' for one that should be off.',
)  # fmt: skip
common.define_number(
  'positive_weight', 'Factor on the error of units that should be on.',
  above=True, high=1e6, many=True,
)  # fmt: skip


def recipe() -> trials.Recipe:
  """Returns what the flags say.

  Raises:
    BadInputError: a margin that the criterion does not use.
  """
  unused = FLAGS.criterion != 'margin'
  if unused and FLAGS.margin != FLAGS['margin'].default:
    raise common.BadInputError(
      f'--margin={common.as_text(FLAGS.margin)}: expected --criterion=margin'
      f' with it, found {FLAGS.criterion}'
    )
  return trials.Recipe(
    learning_rate=FLAGS.learning_rate,
    momentum=FLAGS.momentum,
    init_range=FLAGS.init_range,
    positive_weight=FLAGS.positive_weight,
    margin=FLAGS.margin if FLAGS.criterion == 'margin' else (0.5,),
    bias_init=FLAGS.bias_init,
    band=errors.LETTER_BAND if FLAGS.zero_error_band else 0.0,
    sweeps=FLAGS.sweeps,
    after=FLAGS.after,
  )

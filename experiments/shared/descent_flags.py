"""Flags of descent of layered nets, for every study that does it."""

import itertools

from absl import flags

from jaxrep import trials
from jaxrep.learning import errors

from . import common, parsers, rule_flags

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(rule_flags)

parsers.define_number(
  'hidden', 'Hidden units; 0: as many as the source gives the task, if it gives'
  ' any.',
  kind=int, high=256, many=True,
)  # fmt: skip
parsers.define_number(
  'sweeps', 'Budget: sweeps before a net that has not solved stops.',
  kind=int, low=1, high=2**30,
)  # fmt: skip
parsers.define_number(
  'after', 'Sweeps past the solve, after which weights are measured.',
  kind=int, high=2**29,
)  # fmt: skip
parsers.define_words(
  'criterion', ('half', 'margin'),
  'Solved when every output is on the right side of 0.5, or within --margin of'
  ' its target.',
)  # fmt: skip
parsers.define_number(
  'margin',
  'With --criterion=margin: how far an output may be from its target.',
  above=True, high=1, many=True,
)  # fmt: skip
flags.DEFINE_bool(
  'zero_error_band', None,
  'The error counts as zero above 0.8 for a unit that should be on, below 0.2'
  ' for one that should be off.',
)  # fmt: skip
parsers.define_number(
  'positive_weight', 'Factor on the error of units that should be on.',
  above=True, high=1e6, many=True,
)  # fmt: skip


def recipes(*, links: bool = False) -> list[trials.Recipe]:
  """Returns what the flags say: one recipe for each of --updates, --precision.

  Args:
    links: whether outputs have direct links from the inputs.

  Raises:
    BadInputError: a margin that the criterion does not use.
  """
  if (
    'margin' not in FLAGS.criterion and FLAGS.margin != FLAGS['margin'].default
  ):
    raise common.BadInputError(
      f'--margin={parsers.as_text(FLAGS.margin)}: expected --criterion=margin'
      f' with it, found {parsers.as_text(FLAGS.criterion)}'
    )
  margins = {'half': (0.5,), 'margin': FLAGS.margin}
  chosen = itertools.chain(*(margins[name] for name in FLAGS.criterion))
  distinct = tuple(dict.fromkeys(chosen))
  return [
    trials.Recipe(
      learning_rate=FLAGS.learning_rate,
      momentum=FLAGS.momentum,
      init_range=FLAGS.init_range,
      positive_weight=FLAGS.positive_weight,
      margin=distinct,
      bias_init=FLAGS.bias_init,
      band=errors.LETTER_BAND if FLAGS.zero_error_band else 0.0,
      sweeps=FLAGS.sweeps,
      after=FLAGS.after,
      updates=updates,
      precision=precision,
      links=links,
    )
    for updates, precision in itertools.product(FLAGS.updates, FLAGS.precision)
  ]


def widths(own: int | None = None) -> tuple[int, ...]:
  """Returns the numbers of hidden units asked for.

  Args:
    own: what --hidden=0 stands for; None: the task has no number of its own.

  Raises:
    BadInputError: 0, and there is none.
  """
  if own is None and 0 in FLAGS.hidden:
    raise common.BadInputError(
      f'--hidden={parsers.as_text(FLAGS.hidden)}: expected a whole number ≥ 1,'
      " found '0', and this task has no number of its own"
    )
  return tuple(dict.fromkeys(width or own for width in FLAGS.hidden))

"""Flags of nets on the family trees: cases held out, phases, measures."""

import itertools
import math

from absl import flags

from jaxrep import branched, families
from jaxrep.tasks import family_trees

from . import common, parsers

FLAGS = flags.FLAGS
# Hidden activations of a net over all cases: central and penultimate units.
CELLS = 18 * families.CASES


class Cases(flags.ArgumentParser):
  """Parses cases by name, 'Colin.aunt', separated by commas."""

  syntactic_help = 'cases such as Colin.aunt, separated by commas'

  def parse(self, argument):
    if isinstance(argument, tuple):
      return argument
    words = tuple(w.strip() for w in argument.split(',') if w.strip())
    known = {name.lower(): name for name in family_trees.case_names()}
    for word in words:
      person, _, relation = word.partition('.')
      if person.title() not in family_trees.PEOPLE:
        raise ValueError(f'expected {self.syntactic_help}, found {word!r}')
      if word.lower() not in known:
        has = [n.split('.')[1] for n in known if n.startswith(person.lower())]
        raise ValueError(
          f'expected one of {", ".join(has)} of {person.title()}, found'
          f' {relation!r}'
        )
    if len(set(map(str.lower, words))) < len(words):
      raise ValueError(f'expected different cases, found {argument!r}')
    return tuple(known[word.lower()] for word in words)

  def flag_type(self) -> str:
    return 'comma separated cases'


parsers.define_number(
  'heldout', f'Of the {families.CASES} cases, how many are held out.', kind=int,
  high=families.MOST['both'], many=True,
)  # fmt: skip
flags.DEFINE(
  Cases(), 'heldout_cases', None,
  'Cases held out of every net, such as Colin.aunt,Marco.wife. Default: drawn'
  ' anew for each net.',
  FLAGS, parsers.AsText(),
)  # fmt: skip
flags.DEFINE_enum(
  'heldout_from', None, list(families.FROM),
  'Cases are held out of both trees, or all of one, drawn for each net.',
)  # fmt: skip
parsers.define_switch(
  'twin', 'With --heldout_from=one_tree: the other tree is taught, whole.'
)
parsers.define_number(
  'init_range', 'Weights and biases start uniform in ± this.', high=1e6,
  many=True,
)  # fmt: skip
parsers.define_number(
  'learning_rate', 'ε, on the plain sum of errors over cases, after the first'
  ' phase.', above=True, many=True,
)  # fmt: skip
parsers.define_number(
  'momentum', 'α, the share of the last weight change that is kept, after the'
  ' first phase.', high=1, many=True,
)  # fmt: skip
flags.DEFINE(
  parsers.NumbersOr(families.HALF, 0.0, math.inf, above=True),
  'first_learning_rate', None,
  'ε in the first phase, or “half” of --learning_rate. A list, separated by'
  ' commas, makes a grid over the same seeds.',
  FLAGS, parsers.AsText(),
)  # fmt: skip
parsers.define_number(
  'first_momentum', 'α in the first phase.', high=1, many=True
)
parsers.define_number(
  'first_sweeps', 'How long the first phase is; 0: there is none.', kind=int,
  high=2**30,
)  # fmt: skip
parsers.define_number(
  'decay', 'The share of every weight that is lost after each change.', high=1,
  many=True,
)  # fmt: skip
parsers.define_number(
  'sweeps', 'How long every net is trained.', kind=int, low=1, high=2**30
)
parsers.define_switch('biases', 'Units have biases.')
parsers.define_words(
  'band', families.BANDS,
  'The error counts as zero above 0.8 for a unit that should be on, below 0.2'
  ' for one that should be off: it jumps there (gate); is measured from there'
  ' (edge); is zero only where all units of a case are inside; or never is.',
)  # fmt: skip
flags.DEFINE_enum('precision', None, ['float32', 'float64'], 'Of training.')
parsers.define_number(
  'permutations', 'Relabellings that a unit’s meaning is tested against; 0: no'
  ' meanings are measured.', kind=int, high=100_000,
)  # fmt: skip
parsers.define_number(
  'selective', 'A unit stands for what it alone tells with this AUC.', low=0.5,
  high=1,
)  # fmt: skip
flags.DEFINE(
  parsers.Words(branched.CODED), 'layer', None,
  'Layers whose similarity matrices are drawn, separated by commas.',
  FLAGS, parsers.AsText(),
)  # fmt: skip


def recipes() -> list[families.Recipe]:
  """Returns what the flags say: one for each of --biases, --twin, --band.

  Raises:
    BadInputError: flags that do not go together.
  """
  _check()
  names = family_trees.case_names()
  fixed = frozenset(map(names.index, FLAGS.heldout_cases or ()))
  return [
    families.Recipe(
      learning_rate=FLAGS.learning_rate,
      momentum=FLAGS.momentum,
      first_learning_rate=FLAGS.first_learning_rate,
      first_momentum=FLAGS.first_momentum,
      init_range=FLAGS.init_range,
      decay=FLAGS.decay,
      heldout=heldout(),
      first_sweeps=FLAGS.first_sweeps,
      sweeps=FLAGS.sweeps,
      biases=biases,
      band=band,
      heldout_from=FLAGS.heldout_from,
      heldout_cases=fixed,
      twin=twin,
      precision=FLAGS.precision,
    )
    for biases, twin, band in itertools.product(
      FLAGS.biases, FLAGS.twin, FLAGS.band
    )
  ]


def heldout() -> tuple[int, ...]:
  """Returns how many cases are held out: those that are named, if any are."""
  named = len(FLAGS.heldout_cases or ())
  return (named,) if named else FLAGS.heldout


def _check() -> None:
  common.check_permutations()
  most, where = families.MOST[FLAGS.heldout_from], FLAGS.heldout_from
  if FLAGS.heldout_cases:
    if where != 'both':
      raise common.BadInputError(
        f'--heldout_from={where}: expected both with --heldout_cases'
      )
    if FLAGS.heldout not in (FLAGS['heldout'].default, heldout()):
      raise common.BadInputError(
        f'--heldout={parsers.as_text(FLAGS.heldout)}: expected'
        f' {heldout()[0]}, as --heldout_cases names so many'
      )
    if heldout()[0] > most:
      raise common.BadInputError(
        f'--heldout_cases: expected at most {most}, found {heldout()[0]}'
      )
  if max(FLAGS.heldout) > most:
    raise common.BadInputError(
      f'--heldout={max(FLAGS.heldout)}: expected at most {most} with'
      f' --heldout_from={where}, where there are no more'
    )
  if False in FLAGS.twin and where == 'both':
    raise common.BadInputError(
      f'--twin={parsers.as_text(FLAGS.twin)}: expected --heldout_from=one_tree'
      ' with it, as both trees are asked'
    )

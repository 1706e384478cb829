"""Flags of nets that learn digits one image at a time: data, lesson, recipe."""

import itertools
import os

import tqdm
from absl import flags

from jaxrep import localization, nets, records
from jaxrep.tasks import mnist

from . import common, parsers

FLAGS = flags.FLAGS
SAME = 'same'  # of the output units: those of the hidden ones
TREES = 'family_trees'
DATA = ('mnist', 'digits', TREES)
LARGEST = 4096  # hidden units a layer
# Flags that say something of images only, and of the family trees only.
OF_IMAGES = (
  *('pairs', 'hidden', 'activation', 'output_activation', 'loss', 'phase1'),
  *('tally_to', 'keep_second', 'moved', 'keep'),
)
OF_TREES = ('momentum', 'init_range', 'band', 'sweeps', 'fork_sweeps')


class Pairs(flags.ArgumentParser):
  """Parses two pairs of digits, '17,68'; several choices joined by /."""

  grid = True
  syntactic_help = (
    'two pairs of four different digits, such as 17,68; several joined by /'
  )

  def parse(self, argument):
    if isinstance(argument, tuple):
      return argument
    choices = tuple(
      tuple(pair.strip() for pair in choice.split(','))
      for choice in argument.split('/')
    )
    for choice in choices:
      digits = ''.join(choice)
      whole = [len(pair) for pair in choice] == [2, 2] and digits.isdecimal()
      if not whole or not digits.isascii():
        raise ValueError(
          f'expected {self.syntactic_help}, found {",".join(choice)!r}'
        )
      twice = [d for d in digits if digits.count(d) > 1]
      if twice:
        raise ValueError(
          f'expected {self.syntactic_help}, found {twice[0]} twice in'
          f' {",".join(choice)!r}'
        )
    if len(set(choices)) < len(choices):
      raise ValueError(f'expected different pairs, found {argument!r}')
    return choices

  def flag_type(self) -> str:
    return 'two pairs of digits'


flags.DEFINE_enum(
  'data', None, list(DATA),
  'What is learnt: MNIST, 28×28; the 8×8 digits that come with scikit-learn,'
  ' for which nothing is fetched (pip install "jaxrep[digits]"); or, another'
  ' system, English and Italian cases of the family trees. What is set for them'
  ' by default stands in flags/localization/DATA.flags.',
)  # fmt: skip
flags.DEFINE_string(
  'data_dir',
  None,
  'Folder of the four MNIST files, gzipped or not, which are fetched into it if'
  ' absent. Default: $JAXREP_DATA, or the user’s cache folder.',
)
flags.DEFINE(
  Pairs(), 'pairs', None,
  'Which digits are told from which: the first pair from the second. Several'
  ' choices, joined by /, are tried over the same seeds.',
  FLAGS, parsers.AsText(),
)  # fmt: skip
flags.DEFINE(
  parsers.Shapes(LARGEST, 'for several layers: 100-50'), 'hidden', None,
  'Hidden units: 100, or 100-50 for two layers. A list, separated by commas,'
  ' tries each on the same seeds.',
  FLAGS, flags.ListSerializer(','),
)  # fmt: skip
HIDDEN = [name for name in nets.UNITS if name != 'identity']
parsers.define_words('activation', HIDDEN, 'Of hidden units.')
parsers.define_words(
  'output_activation', [SAME, *nets.UNITS],
  'Of output units; “same” is that of the hidden ones.',
)  # fmt: skip
parsers.define_words(
  'loss', list(localization.ERRORS),
  'Of one image: ½Σ(y−d)², or cross-entropy of the softmax of the outputs.',
)  # fmt: skip
parsers.define_number(
  'learning_rate', 'η, for each image or case.', above=True, many=True
)
parsers.define_number(
  'phase1', 'Phase 1 has the first so many training images, as far as they are'
  ' of the pairs; the forks have the others.',
  kind=int, low=1, high=10**6, many=True,
)  # fmt: skip
parsers.define_number(
  'tally_from', 'The share of phase 1 after which |Δw| are summed.', high=1,
  many=True,
)  # fmt: skip
parsers.define_number(
  'tally_to', 'The share of phase 1 up to which |Δw| are summed.', high=1,
  above=True, many=True,
)  # fmt: skip
parsers.define_number(
  'keep_second', 'The share of the second pair’s images that phase 1 keeps, to'
  ' unbalance the classes.', high=1, above=True, many=True,
)  # fmt: skip
parsers.define_number(
  'moved', 'The share of active input weights that are put back or exchanged.',
  high=1, above=True,
)  # fmt: skip
parsers.define_number(
  'permutations', 'Relabellings of neurons that correlations are tested'
  ' against; 0: none.', kind=int, high=100_000,
)  # fmt: skip
flags.DEFINE_enum(
  'keep', None, list(localization.KEEP),
  'What is kept of each net: measures only; the two ratios of every parameter,'
  ' too; or all weights as well.',
)  # fmt: skip


parsers.define_number('momentum', 'Of the family trees: α.', high=1, many=True)
parsers.define_number(
  'init_range', 'Of the family trees: weights start uniform in ± this.',
  high=1e6, many=True,
)  # fmt: skip
parsers.define_number(
  'band', 'Of the family trees: the error is measured from this far off the'
  ' target.', high=1, many=True,
)  # fmt: skip
parsers.define_number(
  'sweeps', 'Of the family trees: sweeps up to the fork.', kind=int, low=1,
  high=2**20,
)  # fmt: skip
parsers.define_number(
  'fork_sweeps', 'Of the family trees: sweeps after it.', kind=int, low=1,
  high=2**20,
)  # fmt: skip


def settle() -> None:
  """Takes the defaults of the data asked for, where flags are not given.

  Raises:
    BadInputError: a flag that says nothing of these data.
  """
  paper = {name: FLAGS[name].default for name in (*OF_IMAGES, *OF_TREES)}
  if FLAGS.data != FLAGS['data'].default:
    path = common.flagfiles('localization') / f'{FLAGS.data}.flags'
    for name, value in records.parse_flags(path.read_text()).items():
      if FLAGS[name].using_default_value and name != 'data':
        FLAGS.set_default(name, value)
  for name in OF_IMAGES if FLAGS.data == TREES else OF_TREES:
    if FLAGS[name].value != paper[name]:
      raise common.BadInputError(
        f'--{name}={FLAGS[name].serialize().partition("=")[2]}: expected none'
        f' with --data={FLAGS.data}, which it says nothing of'
      )
  common.check_permutations()


def recipes() -> list[localization.Recipe]:
  """Returns what the flags say: one for each shape, unit and loss."""
  return [
    localization.Recipe(
      hidden=tuple(map(int, hidden.split('-'))),
      activation=activation,
      output=activation if output == SAME else output,
      loss=loss,
      permutations=FLAGS.permutations,
      keep=FLAGS.keep,
    )
    for hidden, activation, output, loss in itertools.product(
      FLAGS.hidden, FLAGS.activation, FLAGS.output_activation, FLAGS.loss
    )
  ]


def data() -> mnist.Data:
  """Returns the images asked for, fetched if they are not there.

  Raises:
    BadInputError: they cannot be had, or are not what they should be.
  """
  try:
    if FLAGS.data == 'digits':
      return mnist.digits()
    folder = FLAGS.data_dir or os.environ.get('JAXREP_DATA') or mnist.cache()
    with _Bars() as watch:
      return mnist.load(folder, watch=watch)
  except mnist.DataError as error:
    raise common.BadInputError(str(error)) from None


class _Bars:
  """A progress bar for each file that is fetched."""

  def __enter__(self):
    self.bar, self.name = None, ''
    return self

  def __call__(self, name: str, done: int, total: int) -> None:
    if name != self.name or self.bar is None or done < self.bar.n:
      self.__exit__()
      self.name = name
      self.bar = tqdm.tqdm(
        desc=name, total=total or None, unit='B', unit_scale=True, disable=None
      )
    self.bar.total = total or None
    self.bar.update(done - self.bar.n)

  def __exit__(self, *exception) -> None:
    if self.bar is not None:
      self.bar.close()


def lessons(
  data: mnist.Data,
) -> list[tuple[dict[str, object], localization.Lesson]]:
  """Returns what is met, one lesson for each pairs, phase 1 and tally.

  Raises:
    BadInputError: more images than there are, or nothing is left to tally, or
      of a digit to learn.
  """
  total, found = len(data.train.labels), []
  if max(FLAGS.phase1) >= total:
    raise common.BadInputError(
      f'--phase1={max(FLAGS.phase1)}: expected fewer than the {total:,}'
      f' training images of {data.name}, as the forks learn the others'
    )
  for pairs, count, first, last, kept in itertools.product(
    FLAGS.pairs, FLAGS.phase1, FLAGS.tally_from, FLAGS.tally_to,
    FLAGS.keep_second,
  ):  # fmt: skip
    if first >= last:
      raise common.BadInputError(
        f'--tally_from={first:g}: expected less than --tally_to={last:g}'
      )
    lesson = localization.lesson(
      data, pairs, phase1=count, tally_from=first, tally_to=last,
      keep_second=kept, share=FLAGS.moved,
    )  # fmt: skip
    said = {
      'pairs': ','.join(pairs), 'phase1': count, 'tally_from': first,
      'tally_to': last, 'keep_second': kept,
    }  # fmt: skip
    _check(lesson, said)
    found.append((said, lesson))
  return found


def _check(lesson: localization.Lesson, said) -> None:
  """Sees to it that both groups are tallied and every fork learns."""
  sides = lesson.targets[lesson.first].T @ lesson.tallied
  if sides.min() == 0:
    raise common.BadInputError(
      f'--phase1={said["phase1"]}: expected images of both of'
      f' --pairs={said["pairs"]} among those tallied, found'
      f' {int(sides[0])} and {int(sides[1])}'
    )
  own = [
    int(lesson.targets[rows[:n], k // 2].sum())
    for k, (rows, n) in enumerate(zip(lesson.forks, lesson.counts, strict=True))
  ]
  if min(own) == 0:
    digit = said['pairs'].replace(',', '')[own.index(0)]
    raise common.BadInputError(
      f'--phase1={said["phase1"]}: expected images of {digit} for a fork to'
      ' learn, found none left'
    )

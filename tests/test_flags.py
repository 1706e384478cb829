"""From flags to recipes, and from recipes to the parts of a run."""

import contextlib

import jax
import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from experiments.shared import common, descent, descent_flags, parsers, running
from jaxrep import records, seeds, trials
from jaxrep.tasks.patterns import Patterns

FLAGS = flags.FLAGS
WORDS = parsers.Words(('case', 'sweep', 'shuffled'))
OR = Patterns(
  np.float32([[0, 0], [0, 1], [1, 0], [1, 1]]), np.float32([[0], [1], [1], [1]])
)


@pytest.mark.parametrize(
  ('text', 'words'),
  [
    ('sweep', ('sweep',)),
    ('sweep,case', ('sweep', 'case')),
    (' case ,\tsweep', ('case', 'sweep')),
    ('case,sweep,shuffled', ('case', 'sweep', 'shuffled')),
  ],
)
def test_words_are_read_in_the_order_given(text, words):
  assert WORDS.parse(text) == words
  assert WORDS.parse(words) == words  # absl parses defaults again


@pytest.mark.parametrize(
  ('text', 'found'),
  [
    ('cases', "found 'cases'"),
    ('case,swep,sweeep', "found 'swep'"),
    ('Case', "found 'Case'"),
    ('case sweep', "found 'case sweep'"),
    ('case;sweep', "found 'case;sweep'"),
    ('', "found ''"),
    (' ', "found ''"),
    ('case,', "found ''"),
    (',case', "found ''"),
    ('case,,sweep', "found ''"),
    ('case,case', "expected different words, found 'case,case'"),
    ('sweep, case ,sweep', "different words, found 'sweep, case ,sweep'"),
  ],
)
def test_what_are_no_such_words_is_refused(text, found):
  with pytest.raises(ValueError, match='expected') as error:
    WORDS.parse(text)
  assert str(error.value).endswith(found)
  if 'different' not in found:
    assert '<case|sweep|shuffled>' in str(error.value)


def test_words_are_written_as_they_are_read():
  assert parsers.as_text(WORDS.parse('sweep, case')) == 'sweep,case'


PAPER = records.parse_flags(
  (common.flagfiles('symmetry') / 'paper.flags').read_text()
)


@contextlib.contextmanager
def given(**words):
  """Sets flags as a command line does, with the paper's as defaults."""
  with flagsaver.flagsaver():
    for name in PAPER.keys() & set(FLAGS):
      FLAGS.set_default(name, PAPER[name])
    FLAGS(['test', *(f'--{name}={text}' for name, text in words.items())])
    yield
  FLAGS.unparse_flags()


def recipes_of(links=False, **words):
  with given(**words):
    return descent_flags.recipes(links=links)


def test_the_papers_flags_are_one_recipe():
  [recipe] = recipes_of()
  assert recipe == trials.Recipe(
    learning_rate=(0.1,),
    momentum=(0.9,),
    init_range=(0.3,),
    positive_weight=(1.0,),
    margin=(0.5,),
    bias_init='uniform',
    band=0.0,
    sweeps=20_000,
    after=2_000,
    updates='sweep',
    precision='float32',
    links=False,
  )


@pytest.mark.parametrize(
  ('criterion', 'margin', 'margins'),
  [
    ('half', None, (0.5,)),
    ('margin', None, (0.1,)),
    ('margin', '0.2', (0.2,)),
    ('half,margin', '0.1,0.2', (0.5, 0.1, 0.2)),
    ('margin,half', '0.1,0.2', (0.1, 0.2, 0.5)),
    ('half,margin', '0.5,0.1', (0.5, 0.1)),
  ],
)
def test_criteria_and_margins_are_one_list_of_margins(
  criterion, margin, margins
):
  words = {'criterion': criterion} | ({'margin': margin} if margin else {})
  [recipe] = recipes_of(**words)
  assert recipe.margin == margins


@pytest.mark.parametrize('margin', ['0.2', '0.1,0.2'])
def test_a_margin_that_is_not_used_is_refused(margin):
  line = f'--margin={margin}: expected --criterion=margin with it, found half'
  with pytest.raises(common.BadInputError, match=line):
    recipes_of(margin=margin)


def test_there_is_a_recipe_for_each_mode_of_updates_and_each_precision():
  found = recipes_of(
    updates='sweep,case,shuffled', precision='float32,float64', sweeps=7
  )
  assert [(r.updates, r.precision) for r in found] == [
    ('sweep', 'float32'), ('sweep', 'float64'),
    ('case', 'float32'), ('case', 'float64'),
    ('shuffled', 'float32'), ('shuffled', 'float64'),
  ]  # fmt: skip
  alike = {r._replace(updates='', precision='') for r in found}
  assert len(alike) == 1 and alike.pop().sweeps == 7


def test_a_study_says_whether_its_nets_have_links():
  assert [r.links for r in recipes_of(links=True)] == [True]


@pytest.mark.parametrize(('text', 'band'), [('true', 0.2), ('false', 0.0)])
def test_the_band_is_the_letters_or_none(text, band):
  assert recipes_of(zero_error_band=text)[0].band == band


RECIPE = trials.Recipe(
  learning_rate=(0.5, 2.0),
  momentum=(0.9,),
  init_range=(1.0,),
  positive_weight=(1.0,),
  margin=(0.5,),
  bias_init='uniform',
  band=0.0,
  sweeps=30,
  after=2,
)


def parts_of(recipes, **options):
  options = {'hidden': [2], **options}
  blocks = seeds.Blocks(16, tuple(jax.local_devices()[:1]))
  return descent.parts(
    recipes, OR, seed_range=range(3), blocks=blocks, **options
  )


def variations(**lists):
  return [RECIPE._replace(**row) for row in seeds.settings(**lists)]


MODES = {'updates': ['sweep', 'case'], 'precision': ['float32', 'float64']}


@pytest.mark.parametrize(
  ('recipes', 'options', 'names'),
  [
    ([RECIPE], {}, ['h2']),
    ([RECIPE._replace(updates='case', precision='float64')], {}, ['h2']),
    ([RECIPE], {'hidden': [2, 13]}, ['h2', 'h13']),
    (variations(updates=MODES['updates']), {}, ['h2_sweep', 'h2_case']),
    (
      variations(precision=MODES['precision']),
      {},
      ['h2_float32', 'h2_float64'],
    ),
    (
      variations(**MODES),
      {},
      [
        'h2_sweep_float32', 'h2_sweep_float64',
        'h2_case_float32', 'h2_case_float64',
      ],
    ),
    ([RECIPE], {'task': {'size': 4}}, ['size4_h2']),
    (
      variations(updates=MODES['updates']),
      {'task': {'size': 4, 'coding': 'even'}, 'hidden': [2, 3]},
      [
        f'size4_codingeven_h{width}_{updates}'
        for updates in MODES['updates'] for width in (2, 3)
      ],
    ),
  ],
)  # fmt: skip
def test_parts_are_named_by_what_differs(recipes, options, names):
  assert [part.name for part in parts_of(recipes, **options)] == names


def test_settings_say_the_task_the_width_the_mode_and_the_grid():
  recipes = variations(**MODES)
  parts = parts_of(recipes, task={'size': 4}, hidden=[2, 3])
  assert len(parts) == 8
  pairs = [(recipe, width) for recipe in recipes for width in (2, 3)]
  for part, (recipe, width) in zip(parts, pairs, strict=True):
    assert part.settings == [
      {
        'size': 4, 'hidden': width, 'updates': recipe.updates,
        'precision': recipe.precision, 'learning_rate': rate, 'momentum': 0.9,
        'init_range': 1.0, 'positive_weight': 1.0, 'margin': 0.5,
      }
      for rate in (0.5, 2.0)
    ]  # fmt: skip
    assert part.nets.seed.tolist() == [0, 1, 2, 0, 1, 2]
    rates = part.nets.setting['learning_rate']
    assert rates.tolist() == [0.5, 0.5, 0.5, 2, 2, 2]


def test_what_is_the_same_for_all_nets_is_a_constant():
  [part] = parts_of([RECIPE], constants={'names': np.array(['a', 'b'])})
  assert part.constants.keys() == {
    'units', 'outcomes', 'inputs', 'targets', 'marks', 'names',
  }  # fmt: skip
  np.testing.assert_array_equal(part.constants['targets'], OR.targets)
  np.testing.assert_array_equal(part.constants['marks'], RECIPE.marks())


def test_a_part_computes_its_nets_and_what_they_cost():
  """A margin that every start is within: no net needs a certificate."""
  recipe = RECIPE._replace(
    margin=(1.0,), updates='case', precision='float64', links=True
  )
  [part] = parts_of([recipe], measure=lambda net: {'last': net[1].w[:, -1, 0]})
  told = []
  computed = part.compute(part.nets, lambda *counts: told.append(counts))
  assert isinstance(computed, running.Computed)
  arrays, cost, needed, solved = computed
  assert (needed, solved) == (6 * recipe.after, 6) and cost >= 16 * recipe.after
  assert told[-1] == (6, 6)
  for name, array in arrays.items():
    assert len(array) == 6, name
  columns = {'seed', 'learning_rate', 'margin', 'outcome', 'sweeps', 'age'}
  assert columns < arrays.keys()
  # Two hidden units and, with direct links, two inputs.
  assert (arrays['w0'].shape, arrays['w1'].shape) == ((6, 2, 2), (6, 4, 1))
  assert arrays['w1'].dtype == np.float64
  np.testing.assert_array_equal(arrays['last'], arrays['w1'][:, 3, 0])

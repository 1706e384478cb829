"""Credit assignment: the lesson, its files, and three rules on many nets."""

import csv
import io
import json
import math
import shutil

import jax
import numpy as np
import pytest
import samples
from binaries import ROOT

from experiments.reports import lesson
from experiments.results import credit as results
from experiments.shared import groups
from jaxrep import nets, records, seeds, trials
from jaxrep.claims import credit as claims
from jaxrep.claims import judges
from jaxrep.learning import by_hand, sheet
from jaxrep.tasks import boolean

SMOKE_OF = 'credit'

SMOKE = '--flagfile=flags/credit/smoke.flags'
PATTERNS = boolean.xor()
BLOCKS = seeds.Blocks(16, tuple(jax.local_devices()[:1]))
RECIPE = trials.Recipe(
  learning_rate=(0.5,),
  momentum=(0.9,),
  init_range=(2.0,),
  positive_weight=(1.0,),
  margin=(0.5,),
  bias_init='uniform',
  band=0.0,
  sweeps=60,
  after=0,
  error='lecture',
)


def test_smoke_leaves_a_record_and_the_two_sheets_and_no_other(smoke):
  assert {path.name for path in smoke[0].iterdir()} == {
    'run.flags', 'nets.csv', 'nets.npz', 'summary.json', 'machine.json',
    'figures', 'report.html', 'sweep.csv', 'sweep_formulas.csv',
  }  # fmt: skip
  drawn = {path.stem for path in (smoke[0] / 'figures').iterdir()}
  assert drawn >= {'both_ways', 'outputs', 'rules', 'errors'}


def test_rates_can_be_counted_in_the_table(record, table):
  found = record.summary['results']
  assert len(table) == 64
  for column, name in (
    ('delta_rule_solved', 'delta_rule_solved_rate'),
    ('last_layer_solved', 'last_layer_solved_rate'),
    ('separable', 'separable_rate'),
  ):
    share = sum(row[column] == '1' for row in table) / 64
    assert 0 < share < 1  # else this tests little
    assert found[name]['value'] == share
  full = sum(row['outcome'] == 'solved' for row in table)
  delta = sum(row['delta_rule_solved'] == '1' for row in table)
  assert found['solved_rate']['value'] == full / 64
  assert found['full_less_delta_rule']['value'] == (full - delta) / 64


def test_by_hand_and_jax_agree_to_the_last_digits_of_float64(record, table):
  found = record.summary['results']['max_gradient_difference']
  largest = max(float(row['gradient_difference']) for row in table)
  assert found['value'] == largest and found['n'] == 64
  # A slope is four cases' products of five factors, of which none but the
  # weight (below 20 here) is above 2: some 50 roundings of 2e-16 × 20.
  assert largest < 1e-12


def test_a_frozen_input_layer_solves_only_what_its_hidden_units_part(table):
  """A law: an output unit above 0.5 for two cases is a line that parts them."""
  for rule in results.RULES:
    solved = [row for row in table if row[f'{rule}_solved'] == '1']
    assert solved
    for row in solved:
      assert row['separable'] == '1'
      assert float(row[f'{rule}_sweeps']) <= 1000
  never = [row for row in table if row['delta_rule_solved'] == '0']
  assert {row['delta_rule_sweeps'] for row in never} == {''}


def test_the_full_rule_solves_more_of_the_same_nets(record):
  found = record.summary['results']['full_less_delta_rule']
  assert found['low'] > 0
  _, claim = record.summary['claims']
  assert (claim['verdict'], claim['ours']) == (judges.HOLDS, found)


@pytest.mark.parametrize(
  ('low', 'high', 'verdict'),
  [
    (0.1, 0.3, judges.HOLDS),
    (-0.3, -0.1, judges.FAILS),
    (-0.1, 0.1, judges.UNDECIDED),
  ],
)
def test_the_claim_is_judged_by_the_difference_on_the_same_seeds(
  low, high, verdict
):
  result = {'value': (low + high) / 2, 'low': low, 'high': high}
  _, claim = claims.CLAIMS
  assert claim.judge({claim.result: result}) == verdict
  nothing = {'value': None, 'low': None, 'high': None}
  assert claim.judge({claim.result: nothing}) == judges.UNDECIDED


def test_the_chain_rule_is_judged_by_what_rounding_leaves():
  claim, _ = claims.CLAIMS
  for gap, verdict in (
    (1e-16, judges.HOLDS), (1e-3, judges.FAILS), (None, judges.UNDECIDED),
  ):  # fmt: skip
    assert claim.judge({claim.result: {'value': gap}}) == verdict


def rows_of(path):
  data = path.read_bytes()
  assert data[:3] == b'\xef\xbb\xbf'  # by which spreadsheets know UTF-8
  return list(csv.reader(io.StringIO(data.decode('utf-8-sig'), newline='')))


def net_of(rows):
  """The net whose weights stand at the top of a sheet."""
  w = dict(zip(rows[0][1:10], map(float, rows[1][1:10]), strict=True))
  first = np.array([[w['w_1_3'], w['w_1_4']], [w['w_2_3'], w['w_2_4']]])
  second = np.array([[w['w_3_5']], [w['w_4_5']]])
  return (
    nets.Layer(first, np.array([w['w_0_3'], w['w_0_4']])),
    nets.Layer(second, np.array([w['w_6_5']])),
  )


def test_the_sheets_are_those_of_their_weights(smoke):
  for name, field in zip(lesson.FILES, sheet.Sheet._fields, strict=True):
    rows = rows_of(smoke[0] / name)
    expected = getattr(sheet.sweep(net_of(rows), *PATTERNS), field)
    assert rows == [[str(cell) for cell in row] for row in expected]


def test_the_sheets_weights_are_the_first_nets_before_training(smoke):
  rows = rows_of(smoke[0] / 'sweep.csv')
  start = nets.init(
    jax.random.key(0), (2, 2, 1), weight_range=3.0, bias_range=3.0
  )
  expected = by_hand.named(start)
  assert rows[0][1:10] == list(expected)
  found = [float(cell) for cell in rows[1][1:10]]
  np.testing.assert_allclose(found, list(expected.values()), rtol=1e-6)


def test_the_lesson_prints_factors_products_jaxs_answer_and_both_signs(smoke):
  said = smoke[1].out
  for words in (
    'the chain from w_3_5 to the error',
    'the chain from w_1_3 to the error',
    '∂x5/∂a3',
    'their product',
    'jax.grad',
    '2 (y − a5)',
    'new target of unit 4',
  ):
    assert words in said
  assert 'chain from w_2_3' not in said


def number(text):
  return float(text.replace('−', '-'))


def test_each_table_of_the_lesson_multiplies_out_to_what_jax_says():
  start = nets.init(
    jax.random.key(3), (2, 2, 1), weight_range=2.0, bias_range=2.0
  )
  names = by_hand.weight_names(2, 2)
  tables = lesson.listed(lesson.cases(start, lesson.CASES), names)
  chains = [t for t in tables if 'chain' in t.title]
  assert len(chains) == 4 * 9 and len(tables) == 4 * 10
  for table in chains:
    *factors, product, answer = [number(row[1]) for row in table.rows]
    assert len(factors) == (3 if '5 to' in table.title else 5)
    assert product == answer
    # Six digits are shown of each.
    assert math.prod(factors) == pytest.approx(product, abs=1e-5)
  for table in tables:
    if 'sign' in table.title:
      derivative, printed = (number(row[1]) for row in table.rows[:2])
      assert derivative == -printed != 0
      case, target = table.title[5:7], table.title[10]
      assert target == str(int(case[0] != case[1]))
      assert (derivative < 0) == (target == '1')


def test_the_lessons_net_ends_as_the_record_has_it(record):
  [group] = groups.groups(record.parts, record.summary['settings'])
  *_, last = lesson.train(record, group)
  for name, array in records.pack_net(last.net).items():
    # Bits are promised on one kind of machine at one block size, as here.
    np.testing.assert_array_equal(array, group.arrays[name][0])


@pytest.mark.parametrize('rule', results.RULES)
def test_only_the_last_layer_changes_and_the_other_not_by_a_bit(rule):
  rows = seeds.cross(range(16), **RECIPE.grid())
  trial = trials.trial(RECIPE, results.SIZES, slopes=results.RULES[rule])
  start = results.starts(trial, rows, PATTERNS, BLOCKS)
  end, arrays, _ = trials.run(trial, rows, PATTERNS, blocks=BLOCKS)
  assert 'lambda_min' not in arrays  # a certificate would say nothing of it
  assert np.any(arrays['age'] == RECIPE.sweeps)
  for part in ('w', 'b'):
    before, after = getattr(start[0], part), getattr(end[0], part)
    assert before.tobytes() == after.tobytes()
    moved = getattr(start[1], part) != getattr(end[1], part)
    assert np.all(moved[arrays['age'] > 0])


def test_the_last_layers_gradient_is_part_of_the_whole():
  net = nets.init(jax.random.key(1), (2, 2, 1), weight_range=1, bias_range=1)
  found = results.last_layer(net, None, PATTERNS)
  whole = jax.grad(results.squares)(net, *PATTERNS)
  np.testing.assert_allclose(found[1].w, whole[1].w, rtol=1e-5)
  np.testing.assert_allclose(found[1].b, whole[1].b, rtol=1e-5)
  assert not np.any(found[0].w) and np.all(whole[0].w != 0)


def test_the_lectures_error_has_no_half():
  y, d, setting = np.array([0.25, 1]), np.array([1, 0]), {'positive_weight': 1}
  for kind, expected in (('letter', [9 / 32, 1 / 2]), ('lecture', [9 / 16, 1])):
    trial = trials.trial(RECIPE._replace(error=kind), results.SIZES)
    np.testing.assert_array_equal(trial.error(y, d, setting), expected)


def test_another_error_is_refused():
  with pytest.raises(ValueError, match="error: expected .*found 'absolute'"):
    trials.trial(RECIPE._replace(error='absolute'), results.SIZES)


def test_the_same_command_draws_the_same_files_again(smoke, binary, tmp_path):
  folder, first = shutil.copytree(smoke[0], tmp_path / 'credit'), smoke[1]
  before = samples.tree(folder)
  for name in (*lesson.FILES, 'report.html'):
    (folder / name).unlink()
  again = binary('credit')(SMOKE, f'--out={folder}', cwd=ROOT)
  assert (again.code, again.err) == (0, '')
  said = first.out.replace(str(smoke[0]), str(folder))
  assert again.out.partition('\n')[2] == said
  assert samples.tree(folder) == before


@pytest.mark.parametrize(
  ('flag', 'words'),
  [
    ('--case=12', ['--case=12', '<00|01|10|11>', "found '12'"]),
    ('--case=1', ['--case=1', '<00|01|10|11>', "found '1'"]),
    ('--case=', ['--case=', "found ''"]),
    ('--case=10,10', ['--case=10,10', 'different']),
    ('--weight=w_9_9', ['--weight=w_9_9', 'w_3_5', "found 'w_9_9'"]),
    ('--hidden=3', ['--hidden=3: expected 2, as in the lecture']),
    ('--hidden=2,3', ['--hidden=2,3: expected 2, as in the lecture']),
    ('--positive_weight=2', ['--positive_weight=2: expected 1']),
    ('--zero_error_band', ['--zero_error_band=true: expected false']),
    ('--margin=0.2', ['--margin=0.2', '--criterion=margin']),
    ('--cases=10', ["'cases'"]),
  ],
)
def test_bad_flags_are_told_in_one_line(binary, tmp_path, flag, words):
  ended = binary('credit')(flag, cwd=tmp_path)
  assert (ended.code, ended.out) == (1, '')
  said = [line for line in ended.err.splitlines() if 'Pass --help' not in line]
  assert len(said) == 1 and said[0].startswith('credit: ')
  for word in words:
    assert word in said[0]
  assert samples.tree(tmp_path) == {}


@pytest.mark.slow
def test_grids_rules_and_many_cases_work(binary, tmp_path):
  ended = binary('credit')(
    '--sweeps=20', '--after=1', '--seeds=3', '--init_range=1,3',
    '--updates=shuffled', '--precision=float64', '--hidden=0',
    '--case=00,11', '--weight=all', '--out=grid', cwd=tmp_path,
  )  # fmt: skip
  assert (ended.code, ended.err) == (0, '')
  summary = json.loads((tmp_path / 'grid/summary.json').read_text())
  assert len(summary['settings']) == 2
  for setting in summary['settings']:
    assert setting['setting']['error'] == 'lecture'
    assert setting['results']['delta_rule_solved_rate']['n'] == 3
  assert ended.out.count('the chain from') == 2 * 9

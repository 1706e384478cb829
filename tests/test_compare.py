"""Two records are compared pair by pair: who is paired, and what is said."""

import json
import re
import shutil

import numpy as np
import pytest

from experiments.reports import paired as pages
from experiments.results import paired
from experiments.shared import common
from jaxrep import records, stats

WORDS = np.array(['solved', 'still descending', 'local minimum', 'saturated'])
NAN = np.nan


def part(seeds, **columns):
  """A part's arrays; `outcome` as rows of WORDS."""
  fixed = ['outcomes', 'units', *(['epochs'] if 'epochs' in columns else [])]
  columns = {name: np.asarray(column) for name, column in columns.items()}
  return {
    'seed': np.asarray(seeds, np.uint32),
    'outcomes': WORDS,
    'units': np.array(['sigmoid']),
    **columns,
    records.CONSTANTS: np.array(fixed),
  }


def record(tmp_path, arrays, *settings, name='a', study='toy', **flags):
  """A record of one part with these settings, as `records.load` returns it."""
  listed = [
    {'part': 'h2', 'setting': setting, 'results': {}}
    for setting in settings or [{}]
  ]
  return records.Record(
    tmp_path / name,
    {k: str(v) for k, v in flags.items()},
    {'h2': arrays},
    {'study': study, 'settings': listed, 'claims': []},
  )


def differences(a, b):
  return {d.name: d for d in paired.compare(paired.pairs(a, b))}


@pytest.fixture
def four(tmp_path):
  """Four seeds in each: A solves 0, 1 and 2, B solves 3 alone."""
  a = part(
    range(4), outcome=[0, 0, 0, 3], sweeps=[5.0, 6, 7, NAN],
    error=np.float32([1, 2, 3, np.inf]), fine=[True, True, True, False],
  )  # fmt: skip
  b = part(
    range(4), outcome=[1, 1, 2, 0], sweeps=[NAN, NAN, NAN, 4.0],
    error=np.float32([2, 4, 4, 0]), fine=[False, False, True, True],
  )  # fmt: skip
  return (
    record(tmp_path, a, sweeps=20, rate=1),
    record(tmp_path, b, name='b', sweeps=20, rate=2),
  )


def test_rates_of_four_pairs_are_as_worked_by_hand(four):
  """Solved: 3 only in A, 1 only in B; McNemar 2 (1 + 4) / 2⁴ = 10/16."""
  found = differences(*four)
  solved, fine = found['solved_rate'], found['fine']
  assert (solved.a.value, solved.b.value) == (0.75, 0.25)
  assert (solved.difference.value, solved.difference.n) == (0.5, 4)
  assert (solved.more_a, solved.more_b) == (3, 1)
  assert solved.p_value == pytest.approx(10 / 16, rel=1e-12)
  # Seeds 0 and 1 in A only, 3 in B only: 2 (1 + 3) / 2³ = 1.
  assert (fine.more_a, fine.more_b, fine.p_value) == (2, 1, 1)
  assert fine.difference.value == 0.25


def test_held_is_said_where_both_of_its_kinds_occur(four):
  """A: seed 3 saturated; B: seed 2 in a local minimum."""
  held = differences(*four)['held_rate']
  assert (held.more_a, held.more_b, held.difference.value) == (1, 1, 0)
  assert 'held_rate' not in differences(four[0], four[0])


@pytest.mark.parametrize(
  ('outcomes', 'said'),
  [
    ([0, 0, 3], ['solved']),
    ([3, 1, 3], ['saturated']),
    ([0, 1, 3], ['solved', 'saturated', 'still_descending']),
    ([0, 2, 3], ['solved', 'local_minimum', 'saturated']),  # the rest is held
    ([1, 2, 3], ['local_minimum', 'saturated', 'still_descending']),
  ],
)
def test_what_is_so_where_another_is_not_is_said_once(tmp_path, outcomes, said):
  a = record(tmp_path, part(range(3), outcome=outcomes))
  b = record(tmp_path, part(range(3), outcome=outcomes[::-1]))
  assert list(differences(a, b)) == [f'{word}_rate' for word in said]


def test_means_are_of_pairs_finite_in_both(four):
  """Of errors 1, 2, 3 and 2, 4, 4: the mean of −1, −2, −1.

  Their interval says how sure it is; a sign test would ask something else.
  """
  error = differences(*four)['error']
  assert error.difference.value == pytest.approx(-4 / 3)
  assert (error.difference.n, error.a.n) == (3, 3)
  assert (error.a.value, error.b.value) == pytest.approx((2, 10 / 3))
  assert (error.more_a, error.more_b, error.p_value) == (0, 3, None)


def test_who_never_solves_it_is_later(four):
  """A: 5, 6, 7, never. B: never thrice, and 4; nobody solves it in both.

  A − B is −∞ in three and ∞ in one, and four pairs have no interval.
  """
  sweeps = differences(*four)['sweeps']
  assert (sweeps.more_a, sweeps.more_b) == (1, 3)
  assert (sweeps.a.value, sweeps.b.value) == (6, None)
  assert sweeps.b.censored and sweeps.a.unit == 'sweeps'
  assert (sweeps.difference.value, sweeps.difference.n) == (-np.inf, 4)
  assert (sweeps.difference.low, sweeps.difference.high) == (None, None)
  told = paired.as_json(sweeps)  # JSON has no ∞; more_b says which way
  assert (told['value'], told['censored'], told['more_b']) == (None, True, 3)
  # At 4: 8 unsolved, one of B is solved; at 5, 6, 7: of 7, 6, 5 one of A.
  expected = 4 / 8 + 4 / 7 + 3 / 6 + 2 / 5
  variance = 1 / 4 + 12 / 49 + 1 / 4 + 6 / 25
  assert sweeps.log_rank.chi2 == pytest.approx((3 - expected) ** 2 / variance)


def test_times_are_cut_at_the_smaller_budget(tmp_path):
  a = record(tmp_path, part([0, 1], sweeps=[5.0, 15]), sweeps=20)
  b = record(tmp_path, part([0, 1], sweeps=[6.0, NAN]), sweeps=10)
  sweeps = differences(a, b)['sweeps']
  # What A solved after 10 sweeps, B was not given the time to solve.
  assert (sweeps.more_a, sweeps.more_b) == (0, 1)
  assert (sweeps.difference.value, sweeps.difference.n) == (-1, 1)


def test_an_interval_of_times_and_its_test_ask_the_same(tmp_path):
  """Six pairs: A is solved a sweep sooner in two, and alone in four.

  −∞ four times, −1 twice: the interval is [−∞, −1], as 2 · 2⁻⁶ < 0.05.
  """
  a = record(tmp_path, part(range(6), sweeps=np.arange(6.0)), sweeps=9)
  late = [1.0, 2, NAN, NAN, NAN, NAN]
  b = record(tmp_path, part(range(6), sweeps=late), sweeps=9)
  sweeps = differences(a, b)['sweeps']
  assert sweeps.difference[:4] == (-np.inf, -np.inf, -1, 6)
  assert sweeps.p_value == pytest.approx(1 / 32, rel=1e-12)
  pairs = paired.pairs(a, b)
  assert '−∞ [−∞, −1]' in pages.text(pages.page(a, b, pairs, [sweeps]))


def test_changing_sides_changes_signs_alone(four):
  for one, other in zip(
    differences(*four).values(), differences(*four[::-1]).values(), strict=True
  ):
    assert (one.name, one.p_value) == (other.name, other.p_value)
    assert (one.more_a, one.more_b) == (other.more_b, other.more_a)
    if one.difference.value is not None:
      assert one.difference.value == pytest.approx(-other.difference.value)
    if one.kind == paired.RATES:
      assert one.difference.low == pytest.approx(-other.difference.high)
    if one.log_rank:
      assert one.log_rank == pytest.approx(other.log_rank)


def test_seeds_that_one_record_lacks_are_left_out(tmp_path):
  """Seeds 0 to 3 against 5, 3, 2: paired are 2 and 3, whatever their rows."""
  a = record(tmp_path, part(range(4), age=[1] * 4, error=[0.0, 1, 2, 3]))
  b = record(tmp_path, part([5, 3, 2], error=[50.0, 30, 20]))
  [pair] = paired.pairs(a, b)
  np.testing.assert_array_equal(pair.seeds, [2, 3])
  np.testing.assert_array_equal(pair.a['error'], [2, 3])
  np.testing.assert_array_equal(pair.b['error'], [20, 30])
  assert pair.alone == (2, 1)
  [error] = paired.compare([pair])  # and nothing of `age`, nor of seeds
  assert error.difference.value == -22.5


def test_pixels_are_paired_by_their_place(tmp_path):
  x, y = [0.0, 0, 1, 1], [0.0, 1, 0, 1]
  a = part([7] * 4, x=x, y=y, error=[0.0, 1, 2, 3], epochs=[50])
  b = part([7] * 2, x=[1.0, 0], y=[1.0, 1], error=[30.0, 10], epochs=[40])
  a, b = (record(tmp_path, arrays) for arrays in (a, b))
  [pair] = paired.pairs(a, b)
  np.testing.assert_array_equal(pair.a['error'], [1, 3])
  np.testing.assert_array_equal(pair.b['error'], [10, 30])
  assert pair.budget == 40


def test_of_maps_only_what_all_nets_are_known_by_is_a_rate(tmp_path):
  """-1 is no word: a net that did not solve it and was not certified."""
  arrays = part(range(4), outcome=[0, 0, -1, 1])
  a = record(tmp_path, arrays)
  assert list(differences(a, a)) == ['solved_rate']


def test_a_setting_is_no_result_and_a_result_may_have_its_name(tmp_path):
  """credit has a setting `error`, equality a flag `learnt`."""
  arrays = part(
    range(3), rate=[0.5] * 3, error=[1.0, 2, 3], learnt=[True] * 3,
    sweeps=[NAN] * 3,
  )  # fmt: skip
  setting = {'rate': 0.5, 'error': 'lecture'}
  a = record(tmp_path, arrays, setting, learnt=0.9, sweeps=10)
  assert set(differences(a, a)) == {'error', 'learnt', 'sweeps'}


def settings(tmp_path, name, values, errors, **fixed):
  arrays = part([0, 1] * len(values), error=np.asarray(errors, float))
  each = [{'momentum': value, **fixed} for value in values]
  return record(tmp_path, arrays, *each, name=name)


def test_settings_are_paired_by_what_varies_in_a_record(tmp_path):
  """The rate differs between the two, so it is what is compared."""
  a = settings(tmp_path, 'a', [0.0, 0.5, 0.9], [1, 2, 3, 4, 5, 6], rate=1)
  b = settings(tmp_path, 'b', [0.9, 0.5], [10, 20, 30, 50], rate=2)
  found = paired.compare(paired.pairs(a, b))
  assert [(d.setting, d.difference.value) for d in found] == [
    ('momentum α 0.5', np.mean([3 - 30, 4 - 50])),
    ('momentum α 0.9', np.mean([5 - 10, 6 - 20])),
  ]
  # One of several against a single one: that which is equal to it.
  single = settings(tmp_path, 'c', [0.5], [0, 0])
  pairs = paired.pairs(a, single)
  [found] = paired.compare(pairs)
  assert found.difference.value == 3.5
  said = '0 to 1, without 2 settings of A and 0 of B that have no nets in the'
  assert said in pages.page(a, single, pairs, [found]).lede
  both = paired.pairs(a, a)
  assert 'without' not in pages.page(a, a, both, [found]).lede


@pytest.mark.parametrize(
  ('values', 'seeds', 'said'),
  [
    ([0.1, 0.2], [0, 1] * 2, 'in both, found none: momentum 0.5, 0.9 and 0.1'),
    ([0.5, 0.9], [8, 9] * 2, 'same seeds, found 0 to 1 and 8 to 9'),
    ([0.5, 0.9], [0, 0] * 2, 'b: expected nets told apart by seed, found 1'),
  ],
)
def test_what_does_not_pair_is_refused(tmp_path, values, seeds, said):
  a = settings(tmp_path, 'a', [0.5, 0.9], range(4))
  b = settings(tmp_path, 'b', values, range(4))
  b.parts['h2']['seed'] = np.array(seeds)
  with pytest.raises(common.BadInputError, match=said):
    paired.pairs(a, b)


def test_the_lede_says_how_many_and_what_differs(four):
  pairs = paired.pairs(*four)
  page = pages.page(*four, pairs, paired.compare(pairs))
  # Rates: solved, saturated, still descending, local minimum, held, fine; and
  # of sweeps the sign test, but not the log-rank test. The error has no test.
  assert page.lede == (
    'toy: 4 pairs of nets, seeds 0 to 3. Flags that differ: rate (1 in A, 2 in'
    ' B). 0 of 7 tests tell A from B at p < 0.05/7.'
  )
  text = pages.text(page)
  said = '7 tests, of rates and times: by Bonferroni, 0.05 over all of them is'
  assert f'{said} p < 0.00714' in text
  assert 'ignores that they are paired' in text
  assert 'Of all nets, solved or not' in text


def test_without_tests_none_is_counted(tmp_path):
  a = record(tmp_path, part([0, 1], error=[1.0, 2]))
  pairs = paired.pairs(a, a)
  page = pages.page(a, a, pairs, paired.compare(pairs))
  assert page.lede == 'toy: 2 pairs of nets, seeds 0 to 1. No flag differs.'
  assert '0 tests' not in pages.text(page)


@pytest.mark.parametrize('installed', ['', 'jaxrep.'])
def test_the_command_is_one_that_is_there(monkeypatch, four, installed):
  package = f'{installed}experiments.shared'
  monkeypatch.setattr(common, '__package__', package)
  pairs = paired.pairs(*four)
  page = pages.page(*four, pairs, paired.compare(pairs))
  a, b = (side.folder for side in four)
  assert page.command == f'python -m {installed}experiments.compare {a} {b}'


def test_nets_without_another_are_counted(tmp_path, four):
  lone = record(tmp_path, part([3, 4], error=[1.0, 2]), study='other', rate=1)
  pairs = paired.pairs(four[0], lone)
  lede = pages.page(four[0], lone, pairs, paired.compare(pairs)).lede
  assert 'toy (A) and other (B): 1 pair of nets, seed 3 (3 nets of A' in lede
  assert (
    '1 of B have no other). Flags that differ: 1 that only one has.' in lede
  )


@pytest.fixture(scope='module')
def shifted(smoke, tmp_path_factory):
  """The smoke record, its nets given the seeds 32 later: no pair is equal."""
  folder = tmp_path_factory.mktemp('compare') / 'shifted'
  shutil.copytree(smoke[0], folder)
  with np.load(folder / records.ARRAYS) as archive:
    arrays = dict(archive)
  np.savez(
    folder / records.ARRAYS, **arrays | {'h2/seed': arrays['h2/seed'] + 32}
  )
  return folder


def test_a_record_is_no_different_from_itself(record):
  found = paired.compare(paired.pairs(record, record))
  assert {d.kind for d in found} == {paired.RATES, paired.TIMES, paired.MEANS}
  assert set(paired.tests(found)) == {1.0}
  for d in found:
    assert (d.more_a, d.more_b, d.difference.value) == (0, 0, 0), d.name


def test_each_side_is_what_its_summary_says(record):
  found = differences(record, record)
  said = record.summary['results']
  for name in 'solved_rate', 'saturated_rate', 'still_descending_rate':
    assert stats.as_json(found[name].a) == said[name]
  assert stats.as_json(found['sweeps'].b) == said['sweeps_median']


def test_the_binary_prints_and_leaves_what_it_finds(
  smoke, shifted, binary, tmp_path
):
  ended = binary('compare')(smoke[0], shifted, '--out=found', cwd=tmp_path)
  assert (ended.code, ended.err) == (0, '')
  assert 'symmetry: 32 pairs of nets, seeds 32 to 63 (32 nets of A' in ended.out
  assert 'No flag differs.' in ended.out
  files = {path.name for path in (tmp_path / 'found').iterdir()}
  assert files == {'compare.json', 'compare.html'}
  said = json.loads((tmp_path / 'found/compare.json').read_text())
  one, other = records.load(smoke[0]), records.load(shifted)
  found = differences(one, other)
  assert [r['name'] for r in said['results']] == list(found)
  for row in said['results']:
    assert row['p'] == found[row['name']].p_value
    assert {'value', 'low', 'high', 'n', 'unit'} <= row.keys()
  # Solved by a seed, and by the seed 32 before it.
  solved = one.parts['h2']['outcome'] == 0
  expected = solved[32:].mean() - solved[:32].mean()
  [row] = [r for r in said['results'] if r['name'] == 'solved_rate']
  assert row['value'] == pytest.approx(expected)
  html = (tmp_path / 'found/compare.html').read_text()
  assert html.count('<img alt="Share of nets') == 1
  for title in 'Rates', 'Times to a solve', 'Means':
    assert f'<h2>{title}</h2>' in html


@pytest.mark.parametrize(
  ('words', 'said'),
  [
    ('', 'expected A and B, found none'),
    ('X', "expected A and B, found 'X'"),
    ('X Y Z', "expected A and B, found 'X' 'Y' 'Z'"),
    ('A A --ouut=x', "Unknown command line flag 'ouut'. Did you mean: out ?"),
    ('A A --seeds=3', '--seeds: expected no flags of a study, found one'),
    ('A nowhere', 'nowhere: expected a finished record, found no summary.json'),
    ('A A --out=A/nets.csv', 'expected a folder that can be written'),
    ('A damaged', 'damaged/nets.npz: '),
    ('altered A', 'altered: expected a record as this version writes it'),
  ],
)
def test_what_cannot_be_compared_is_one_line(
  words, said, smoke, binary, tmp_path
):
  for name in re.findall('damaged|altered', words):
    shutil.copytree(smoke[0], tmp_path / name)
    path = tmp_path / name / records.ARRAYS
    if name == 'damaged':
      path.write_bytes(path.read_bytes()[:5000])
    else:
      np.savez(path, **{'h2/w0': np.zeros(3)})
  words = [re.sub('^A|=A', lambda m: m[0][:-1] + str(smoke[0]), word)
           for word in words.split()]  # fmt: skip
  ended = binary('compare')(*words, cwd=tmp_path)
  first, *rest = ended.err.splitlines()
  assert ended.code == 1 and ended.out == ''
  assert first.startswith('compare: ') and said in first
  assert rest in ([], ['Pass --helpshort to see the flags.'])
  assert {path.name for path in tmp_path.iterdir()} <= {'damaged', 'altered'}


def test_records_without_a_common_column_are_refused(four, tmp_path):
  bare = record(tmp_path, part([0]), name='bare')
  assert paired.compare(paired.pairs(four[0], bare)) == []


def test_helpshort_tells_how_to_call_it(binary, tmp_path):
  said = binary('compare')('--helpshort', cwd=tmp_path).out
  assert 'python -m experiments.compare runs/symmetry runs/zero_bias' in said
  assert '--out' in said and '--seeds' not in said

"""The symmetry study as a whole: what a run leaves, counted again by hand."""

import csv
import json
import re

import numpy as np
import pytest
from binaries import ROOT

from jaxrep import records
from jaxrep.claims import judges, symmetry

RATES = {
  'solved_rate', 'solved_by_1425_rate', 'local_minimum_rate', 'saturated_rate',
  'still_descending_rate', 'saddle_rate', 'degenerate_rate', 'diverged_rate',
  'unsolved_rate',
}  # fmt: skip
RATES_OF_SOLVED = {
  'mirror_rate',
  'ratio_124_rate',
  'opposite_hidden_units_rate',
}
OUTCOMES = {
  'solved', 'local_minimum', 'saturated', 'still_descending', 'saddle',
  'degenerate', 'diverged',
}  # fmt: skip


@pytest.fixture(scope='module')
def smoke_record(smoke):
  folder, ended = smoke
  assert (ended.code, ended.err) == (0, '')
  return records.load(folder)


def test_smoke_leaves_the_files_of_a_record_and_no_other(smoke_record):
  folder = smoke_record.folder
  names = {path.name for path in folder.iterdir()}
  assert names == {
    'run.flags', 'nets.csv', 'nets.npz', 'summary.json', 'machine.json',
    'figures', 'report.html',
  }  # fmt: skip
  figures = list((folder / 'figures').iterdir())
  assert len(figures) >= 6
  for path in figures:
    assert path.suffix == '.png'
    assert path.read_bytes()[:4] == b'\x89PNG'


def test_smoke_says_what_it_found_and_where(smoke):
  folder, ended = smoke
  assert ended.out.splitlines()[-1] == f'{folder}/report.html'
  assert 'solved_rate' in ended.out


def test_a_run_is_of_the_flags_that_were_given(smoke_record):
  text = (ROOT / 'flags/symmetry/smoke.flags').read_text()
  given = records.parse_flags(text)
  flags = smoke_record.flags
  assert {name: flags[name] for name in given} == given
  first = (smoke_record.folder / 'run.flags').read_text().splitlines()[0]
  assert first == '# python -m experiments.symmetry --flagfile=run.flags'


def test_results_have_a_value_an_interval_and_n(smoke_record):
  results = smoke_record.summary['results']
  assert results.keys() >= RATES | RATES_OF_SOLVED | {'sweeps_median'}
  nets = int(smoke_record.flags['seeds'])
  solved = round(results['solved_rate']['value'] * nets)
  assert 0 < solved < nets  # else this tests little
  for name, result in results.items():
    assert result.keys() >= {'value', 'low', 'high', 'n', 'unit'}, name
    if result['value'] is None:
      assert result['censored']
    else:
      assert result['low'] <= result['value'] <= result['high'], name
  for name in RATES:
    assert results[name]['n'] == nets, name
  for name in RATES_OF_SOLVED:
    assert results[name]['n'] == solved, name


def test_every_net_ends_in_one_way(smoke_record):
  results = smoke_record.summary['results']
  rates = [results[f'{name}_rate']['value'] for name in OUTCOMES]
  assert sum(rates) == pytest.approx(1)
  assert results['unsolved_rate']['value'] == pytest.approx(
    1 - results['solved_rate']['value']
  )


def test_the_results_can_be_counted_in_the_table(smoke_record):
  with open(smoke_record.folder / 'nets.csv', newline='') as file:
    rows = list(csv.DictReader(file))
  results = smoke_record.summary['results']
  assert len(rows) == smoke_record.summary['nets'] == 64
  assert [row['seed'] for row in rows] == [str(k) for k in range(64)]
  for name in OUTCOMES:
    share = np.mean([row['outcome'].replace(' ', '_') == name for row in rows])
    assert results[f'{name}_rate']['value'] == share
  solved = [row for row in rows if row['outcome'] == 'solved']
  early = sum(float(row['sweeps']) <= 1425 for row in solved)
  assert results['solved_by_1425_rate']['value'] == early / 64
  mirror = np.mean([row['mirror'] == '1' for row in solved])
  assert results['mirror_rate']['value'] == mirror


def test_claims_have_verdicts(smoke_record):
  results = smoke_record.summary['results']
  found = [judges.told(c, results[c.result], results) for c in symmetry.CLAIMS]
  assert [c['id'] for c in found] == [c.id for c in symmetry.CLAIMS]
  verdicts = {judges.HOLDS, judges.FAILS, judges.UNDECIDED}
  for claim in found:
    assert claim['verdict'] in verdicts
    assert claim['ours'] == smoke_record.summary['results'][claim['result']]


def test_the_machine_file_says_what_it_ran_on_and_what_it_cost(smoke_record):
  facts = json.loads((smoke_record.folder / 'machine.json').read_text())
  assert facts.keys() >= {
    'python', 'jax', 'numpy', 'commit', 'system', 'device', 'cores', 'seconds',
    'compile_seconds', 'peak_memory_mib', 'sweeps_needed', 'sweeps_computed',
  }  # fmt: skip
  stages = facts['stages']
  assert stages.keys() >= {'compute', 'write', 'merge', 'summarise'}
  spent = [stage['run_seconds'] for stage in stages.values()]
  assert stages['compute']['compile_seconds'] > 0
  assert 0 < sum(spent) + facts['compile_seconds'] <= facts['seconds'] + 0.1
  assert facts['sweeps_needed'] == smoke_record.parts['h2']['age'].sum()
  assert facts['sweeps_computed'] >= facts['sweeps_needed']


def test_the_page_is_one_file_with_the_figures_inside(smoke_record):
  folder = smoke_record.folder
  page = (folder / 'report.html').read_text()
  figures = list((folder / 'figures').iterdir())
  assert page.count('src="data:image/png;base64,') == len(figures)
  assert not re.search(r'(src|href)="(?!data:)', page)
  for name, text in smoke_record.flags.items():
    assert f'--{name}={text}' in page


QUICK = '--bits=4', '--sweeps=40', '--after=5', '--chunk_size=4'


@pytest.fixture(scope='module')
def grid(binary, tmp_path_factory):
  folder = tmp_path_factory.mktemp('grid') / 'symmetry'
  ended = binary('symmetry')(
    *QUICK, '--hidden=2,3', '--learning_rate=0.5,3e38', '--seeds=5',
    f'--out={folder}', cwd=ROOT,
  )  # fmt: skip
  assert (ended.code, ended.err) == (0, '')
  return records.load(folder)


@pytest.mark.slow
def test_a_grid_has_results_for_each_setting(grid):
  settings = grid.summary['settings']
  assert [
    (s['part'], s['setting']['hidden'], s['setting']['learning_rate'])
    for s in settings
  ] == [('h2', 2, 0.5), ('h2', 2, 3e38), ('h3', 3, 0.5), ('h3', 3, 3e38)]
  for setting in settings:
    assert setting['results'].keys() >= RATES | RATES_OF_SOLVED
    assert setting['results']['solved_rate']['n'] == 5
  assert 'results' not in grid.summary and grid.summary['nets'] == 20


@pytest.mark.slow
def test_widths_lie_apart(grid):
  with np.load(grid.folder / 'nets.npz') as archive:
    assert archive['h2/w0'].shape == (10, 4, 2)
    assert archive['h3/w0'].shape == (10, 4, 3)


@pytest.mark.slow
def test_all_settings_have_the_same_seeds(grid):
  for arrays in grid.parts.values():
    assert arrays['seed'].tolist() == 2 * [0, 1, 2, 3, 4]
    rates = np.repeat(np.float32([0.5, 3e38]), 5)
    assert arrays['learning_rate'].tolist() == rates.tolist()


@pytest.mark.slow
def test_nets_that_diverge_are_counted(grid):
  for setting in grid.summary['settings']:
    diverged = setting['results']['diverged_rate']
    wild = setting['setting']['learning_rate'] > 1
    assert diverged['value'] == wild and diverged['n'] == 5
  with open(grid.folder / 'nets.csv', newline='') as file:
    ends = [row['outcome'] for row in csv.DictReader(file)]
  assert ends.count('diverged') == 10


def test_claims_are_judged_on_the_letters_setting_only(smoke):
  """smoke.flags has four bits: nothing it finds bears on the letter's net."""
  folder, _ = smoke
  assert json.loads((folder / 'summary.json').read_text())['claims'] == []

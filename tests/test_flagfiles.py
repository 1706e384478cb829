"""Every flagfile is run as its header says, and settles every number."""

import csv
import json
import re

import numpy as np
import pytest
from binaries import ROOT

from jaxrep import records
from jaxrep.claims import judges, symmetry

FLAGFILES = sorted((ROOT / 'flags').glob('*/*.flags'))
STUDIES = sorted({path.parent.name for path in FLAGFILES})
# What a user may change and keep every bit.
NOT_DECIDING = {'out'}
# Chosen when a run begins, by the machine, and then written to run.flags.
RESOLVED = {'block_size'}
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


@pytest.fixture(params=FLAGFILES, ids=lambda p: f'{p.parent.name}-{p.stem}')
def flagfile(request):
  return request.param


@pytest.fixture(params=STUDIES)
def study(request):
  return request.param


@pytest.fixture(scope='session')
def plan(binary, tmp_path_factory):
  """Returns what a study would run, given flags."""
  folder = tmp_path_factory.mktemp('dry')

  def plan(study, *flags):
    ended = binary(study)(*flags, cwd=folder, dry=True)
    assert (ended.code, ended.err) == (0, '')
    return json.loads(ended.out)

  yield plan
  assert not list(folder.iterdir())


def stated(path):
  return records.parse_flags(path.read_text())


def as_numbers(text):
  try:
    return [float(word) for word in text.split(',')]
  except ValueError:
    return text


def test_the_header_says_what_it_is_and_how_to_run_it(flagfile):
  name = flagfile.relative_to(ROOT).as_posix()
  lines = flagfile.read_text().splitlines()
  header = lines[: next(k for k, line in enumerate(lines) if line[:1] != '#')]
  assert re.match(rf'# {name}: .{{20}}', header[0])
  module = f'experiments.{flagfile.parent.name}'
  command = f'# python -m {module} --flagfile={name}'
  assert [line for line in header if line.split(' --out=')[0] == command]


def test_lines_are_flags_or_comments(flagfile):
  for line in flagfile.read_text().splitlines():
    assert re.fullmatch(r'#.*|--\w+=\S+|', line)


def test_its_flags_and_the_papers_are_what_runs(flagfile, plan):
  study = flagfile.parent.name
  paper = stated(flagfile.with_name('paper.flags'))
  expected = paper | stated(flagfile)
  found = plan(study, f'--flagfile={flagfile.relative_to(ROOT)}')
  assert found['study'] == study
  assert found['flags'].keys() == expected.keys() | RESOLVED
  for name, text in expected.items():
    assert as_numbers(found['flags'][name]) == as_numbers(text)


def test_a_variation_says_only_what_differs(flagfile):
  if flagfile.stem != 'paper':
    paper = stated(flagfile.with_name('paper.flags'))
    for name, text in stated(flagfile).items():
      assert as_numbers(text) != as_numbers(paper[name]), name


def test_the_flags_of_a_record_run_it_again(flagfile, plan, tmp_path):
  study = flagfile.parent.name
  first = plan(study, f'--flagfile={flagfile.relative_to(ROOT)}')
  text = ''.join(f'--{k}={v}\n' for k, v in first['flags'].items())
  (tmp_path / 'run.flags').write_text(text)
  assert plan(study, f'--flagfile={tmp_path}/run.flags') == first


def test_a_study_has_the_papers_flags_and_a_quick_run(study):
  for name in ('paper', 'smoke'):
    assert (ROOT / 'flags' / study / f'{name}.flags').is_file()


def test_every_default_stands_in_paper_flags_and_none_in_the_code(study, plan):
  found = plan(study)
  unset, paper = found['unset'], stated(ROOT / f'flags/{study}/paper.flags')
  assert unset.keys() == paper.keys() | RESOLVED | NOT_DECIDING
  assert set(unset.values()) == {None}
  assert found['flags'].keys() == paper.keys() | RESOLVED
  assert found['flags']['block_size'].isdecimal()


def test_without_flags_a_study_runs_the_papers(study, plan):
  path = ROOT / f'flags/{study}/paper.flags'
  found = plan(study)
  assert found == plan(study, f'--flagfile={path}')
  assert found['out'] == f'runs/{study}'


def test_what_stands_after_a_flagfile_wins(study, plan):
  path = ROOT / f'flags/{study}/smoke.flags'
  found = plan(study, f'--flagfile={path}', '--seeds=3', '--out=here')
  assert found['flags'] == plan(study, f'--flagfile={path}')['flags'] | {
    'seeds': '3'
  }
  assert found['out'] == 'here'


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
  given = stated(ROOT / 'flags/symmetry/smoke.flags')
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
  found = judges.verdicts(symmetry.CLAIMS, results)
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
  assert facts['seconds'].keys() >= {'compute', 'write', 'merge', 'summarise'}
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


def test_widths_lie_apart(grid):
  with np.load(grid.folder / 'nets.npz') as archive:
    assert archive['h2/w0'].shape == (10, 4, 2)
    assert archive['h3/w0'].shape == (10, 4, 3)


def test_all_settings_have_the_same_seeds(grid):
  for arrays in grid.parts.values():
    assert arrays['seed'].tolist() == 2 * [0, 1, 2, 3, 4]
    rates = np.repeat(np.float32([0.5, 3e38]), 5)
    assert arrays['learning_rate'].tolist() == rates.tolist()


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

"""The study of small Boolean tasks: what runs leave, counted again by hand."""

import collections
import csv
import hashlib
import itertools
import json
import pathlib
from typing import NamedTuple

import numpy as np
import pytest
import samples
from binaries import ROOT

from experiments import show
from experiments.single import movie
from jaxrep import records

FILES = {
  'run.flags', 'nets.csv', 'nets.npz', 'summary.json', 'machine.json',
  'figures', 'report.html',
}  # fmt: skip
OUTCOMES = {
  'solved', 'local_minimum', 'saturated', 'still_descending', 'saddle',
  'degenerate', 'diverged',
}  # fmt: skip
COLUMNS = {
  'part', 'row', 'seed', 'learning_rate', 'momentum', 'init_range', 'margin',
  'positive_weight', 'outcome', 'sweeps', 'age', 'error', 'correct', 'halfway',
}  # fmt: skip
# One block of 16 nets, and weights read right after the solve.
SMALL = '--seeds=16', '--block_size=16', '--after=0'
# Majority of three bits, and whether any is on: one unit could do either.
TABLE = 'out1,in1,in2,in3,out2\n' + ''.join(
  f'{int(sum(bits) > 1)},{",".join(map(str, bits))},{int(any(bits))}\n'
  for bits in itertools.product((0, 1), repeat=3)
)


class Run(NamedTuple):
  """What a run left, and what it printed."""

  folder: pathlib.Path
  said: str
  record: records.Record
  rows: list[dict[str, str]]

  @property
  def settings(self):
    return self.record.summary['settings']

  @property
  def results(self):
    """Values by name, where there is one setting."""
    found = self.record.summary['results']
    return {name: result['value'] for name, result in found.items()}


def finished(folder, ended):
  assert (ended.code, ended.err) == (0, '')
  with open(folder / 'nets.csv', newline='') as file:
    rows = list(csv.DictReader(file))
  return Run(folder, ended.out, records.load(folder), rows)


@pytest.fixture(scope='module')
def run(binary, tmp_path_factory):
  """Runs the study."""

  def run(name, *flags):
    folder = tmp_path_factory.mktemp(name) / name
    ended = binary('boolean')(*flags, f'--out={folder}', cwd=ROOT)
    return finished(folder, ended)

  return run


@pytest.fixture(scope='module')
def smoke(smoke_of):
  return finished(*smoke_of('boolean'))


@pytest.fixture(scope='module')
def words(run):
  """XOR where some nets stick, each way of updating in each precision."""
  return run(
    'words', '--updates=sweep,case', '--precision=float32,float64',
    '--learning_rate=0.5', '--seeds=64', '--sweeps=1200', '--after=0',
    '--block_size=64', '--stuck_after=300',
  )  # fmt: skip


@pytest.fixture(scope='module')
def parity(run):
  return run(
    'parity', '--task=parity', '--size=2,3', '--learning_rate=0.5',
    '--init_range=1', '--sweeps=3000', *SMALL, '--first_seed=6',
    '--seeds=8',
  )  # fmt: skip


@pytest.fixture(scope='module')
def linked(run):
  return run(
    'linked', '--skip', '--hidden=1', '--learning_rate=0.5', '--sweeps=1000',
    '--init_range=1', *SMALL,
  )  # fmt: skip


def share(rows, hold):
  return sum(map(hold, rows)) / len(rows)


def by(column, *words):
  return lambda row: row[column] in words


def early(sweeps):
  return lambda row: (
    row['outcome'] == 'solved' and float(row['sweeps']) <= sweeps
  )


def test_smoke_leaves_the_files_of_a_record_and_no_other(smoke):
  assert {path.name for path in smoke.folder.iterdir()} == FILES
  assert smoke.said.splitlines()[-1] == f'{smoke.folder}/report.html'
  drawn = {path.stem for path in (smoke.folder / 'figures').iterdir()}
  assert drawn == {
    'nets', 'states', 'census_pair', 'errors', 'final_errors', 'survival',
  }  # fmt: skip
  page = (smoke.folder / 'report.html').read_text()
  assert page.count('src="data:image/png;base64,') == len(drawn)


def test_smokes_rates_can_be_counted_in_its_table(smoke):
  rows, found = smoke.rows, smoke.results
  assert rows[0].keys() == COLUMNS | {
    'pair', 'gradient', 'lambda_min', 'lambda_max', 'moved', 'escapes',
  }  # fmt: skip
  assert [row['seed'] for row in rows] == [str(k) for k in range(64)]
  for name in OUTCOMES:
    expected = share(rows, by('outcome', name.replace('_', ' ')))
    assert found[f'{name}_rate'] == expected
  assert 0 < found['solved_rate'] < 1  # else this tests little
  assert found['unsolved_rate'] == 1 - found['solved_rate']
  held = share(rows, by('outcome', 'saturated', 'local minimum'))
  assert found['held_rate'] == held
  assert found['solved_by_558_rate'] == share(rows, early(558))
  stuck = [row for row in rows if not early(1000)(row)]
  assert found['stuck_rate'] == len(stuck) / 64
  assert found['left_rate'] == share(stuck, by('outcome', 'solved'))
  assert 0 < found['left_rate'] < 1


def test_smokes_sweeps_can_be_worked_out_from_its_table(smoke):
  solved = sorted(float(r['sweeps']) for r in smoke.rows if r['sweeps'])
  assert len(solved) == sum(r['outcome'] == 'solved' for r in smoke.rows)
  # The sweep by which 32 of the 64 nets have solved the task.
  assert smoke.results['sweeps_median'] == solved[31]
  mean = smoke.results['sweeps_mean_solved']
  assert mean == pytest.approx(sum(solved) / len(solved))
  [n] = {r['n'] for k, r in smoke.record.summary['results'].items()
         if k == 'sweeps_mean_solved'}  # fmt: skip
  assert n == len(solved)


def test_a_solved_net_has_all_cases_right_and_no_other_has(smoke):
  for row in smoke.rows:
    assert (row['outcome'] == 'solved') == (row['correct'] == '4')


def test_smokes_census_can_be_counted_in_its_table(smoke):
  counts = collections.Counter(
    row['pair'] for row in smoke.rows if row['outcome'] == 'solved'
  )
  said = smoke.said.partition('Which functions')[2]
  for name, count in counts.items():
    [line] = [
      line for line in said.splitlines() if line.startswith(f'{name}  ')
    ]
    assert line.removeprefix(name).split()[0] == str(count)


def test_smokes_claims_are_those_of_the_221_net_at_half(smoke):
  claims = smoke.record.summary['claims']
  assert {claim['id'] for claim in claims} == {
    'xor-stuck', 'xor-221-minima', 'minima-irrelevant',
  }  # fmt: skip
  for claim in claims:
    found = smoke.record.summary['results'][claim['result']]
    assert claim['ours'] == found
    assert f'>{claim["verdict"]}<' in (smoke.folder / 'report.html').read_text()


def test_a_grid_of_words_has_a_part_and_a_setting_for_each(words):
  pairs = list(itertools.product(('sweep', 'case'), ('float32', 'float64')))
  assert list(words.record.parts) == [f'h2_{u}_{p}' for u, p in pairs]
  for found, (updates, precision) in zip(words.settings, pairs, strict=True):
    assert found['part'] == f'h2_{updates}_{precision}'
    assert found['setting']['updates'] == updates
    assert found['setting']['precision'] == precision
    arrays = words.record.parts[found['part']]
    for name in ('w0', 'b0', 'w1', 'b1'):
      assert arrays[name].dtype == np.dtype(precision)
    assert arrays['seed'].tolist() == list(range(64))
    rows = [row for row in words.rows if row['part'] == found['part']]
    solved = share(rows, by('outcome', 'solved'))
    assert found['results']['solved_rate']['value'] == solved
  drawn = {path.stem for path in (words.folder / 'figures').iterdir()}
  assert drawn == {'outcomes', 'survival'}


def test_float64_is_not_float32_written_wide(words):
  for updates in ('sweep', 'case'):
    w = words.record.parts[f'h2_{updates}_float64']['w0']
    assert np.mean(w != w.astype(np.float32)) > 0.9


def test_precisions_are_compared_as_the_table_has_them(words):
  unsolved = {
    part: {row['seed'] for row in words.rows
           if row['part'] == part and row['outcome'] != 'solved'}
    for part in words.record.parts
  }  # fmt: skip
  single, double = (
    [unsolved[f'h2_{u}_{p}'] for u in ('sweep', 'case')]
    for p in ('float32', 'float64')
  )
  only = [
    sum(len(x - y) for x, y in zip(*pair, strict=True))
    for pair in ((single, double), (double, single))
  ]
  [claim] = [
    c for c in words.record.summary['claims'] if c['id'] == 'xor-precision'
  ]
  assert claim['ours'] == (
    f'{only[0]} seeds unsolved in float32 only, {only[1]} in float64 only,'
    ' over 2 comparisons'
  )


def test_saturated_xor_nets_sit_at_a_quarter_or_a_third(smoke, words):
  """Two cases at 0.5 and two right, E = 2 (½ 0.5²) = 1/4; or three that share
  an answer of 1/3 or 2/3, E = ½ (2 (1/3)² + (2/3)²) = 1/3."""
  errors = [
    float(row['error'])
    for row in smoke.rows + words.rows
    if row['outcome'] == 'saturated'
  ]
  assert len(errors) >= 4  # else this tests little
  for error in errors:
    # Weights still grow: E is above its limit by about 1/sweeps, 1e-3.
    assert min(abs(error - 1 / 4), abs(error - 1 / 3)) < 0.01


def test_no_xor_net_at_a_quarter_is_called_a_local_minimum(smoke, words):
  """Of the 2-2-1 net it is proved that there are none at a finite point."""
  rows = smoke.rows + words.rows
  near = [row for row in rows if abs(float(row['error']) - 0.25) < 0.02
          and row['outcome'] != 'solved']  # fmt: skip
  assert len(near) >= 4
  assert 'local minimum' not in {row['outcome'] for row in rows}


@pytest.fixture(scope='module')
def mine(binary, tmp_path_factory):
  """A run of a user's table, in the folder where the table lies."""
  home = tmp_path_factory.mktemp('home')
  (home / 'mine.csv').write_text(TABLE)
  flags = (
    '--task=mine.csv', '--hidden=2', '--learning_rate=0.5', '--init_range=1',
    '--sweeps=3000', *SMALL, '--out=mine',
  )  # fmt: skip
  return flags, finished(home / 'mine', binary('boolean')(*flags, cwd=home))


def test_a_table_of_ones_own_leaves_what_every_task_does(mine):
  _, found = mine
  assert {path.name for path in found.folder.iterdir()} == FILES
  assert found.rows[0].keys() >= COLUMNS and len(found.rows) == 16
  for name in OUTCOMES:
    expected = share(found.rows, by('outcome', name.replace('_', ' ')))
    assert found.results[f'{name}_rate'] == expected
  solved = [row for row in found.rows if row['outcome'] == 'solved']
  assert solved and {row['correct'] for row in solved} == {'8'}
  part = found.record.parts['h2']
  assert part['inputs'].tolist() == [
    list(bits) for bits in itertools.product((0, 1), repeat=3)
  ]
  assert part['targets'].tolist() == [
    [sum(bits) > 1, any(bits)] for bits in part['inputs']
  ]
  page = (found.folder / 'report.html').read_text()
  assert 'Do nets learn the table mine.csv?' in page
  assert found.record.summary['claims'] == []


def test_run_flags_pin_the_table_and_repeat_the_run(mine, binary):
  _, found = mine
  digest = hashlib.sha256(TABLE.encode()).hexdigest()
  assert found.record.flags['task_digest'] == digest
  home = found.folder.parent
  flags = '--flagfile=mine/run.flags', '--out=again'
  ended = binary('boolean')(*flags, cwd=home)
  assert (ended.code, ended.err) == (0, '')
  again, first = samples.tree(home / 'again'), samples.tree(found.folder)
  assert again.keys() == first.keys()
  for name in ('nets.npz', 'nets.csv', 'summary.json', 'run.flags'):
    assert again[name] == first[name], name


def test_a_table_that_changed_since_is_refused_in_one_line(mine, binary):
  flags, found = mine
  home = found.folder.parent
  other = TABLE.replace('1,1,1,1,1', '0,1,1,1,1')
  assert other != TABLE
  (home / 'mine.csv').write_text(other)
  try:
    before = samples.tree(home)
    digests = [hashlib.sha256(t.encode()).hexdigest() for t in (TABLE, other)]
    for command in (flags, ('--flagfile=mine/run.flags', '--out=new')):
      ended = binary('boolean')(*command, cwd=home)
      assert (ended.code, ended.out) == (1, '')
      [line] = ended.err.splitlines()
      assert line.startswith('boolean: ')
      for digest in digests:
        assert digest in line
      assert samples.tree(home) == before
  finally:
    (home / 'mine.csv').write_text(TABLE)


@pytest.mark.slow
def test_sizes_of_parity_have_parts_and_settings_of_their_own(parity):
  assert list(parity.record.parts) == ['size2_h2', 'size3_h3']
  found = [
    (s['part'], s['setting']['size'], s['setting']['hidden'])
    for s in parity.settings
  ]
  assert found == [('size2_h2', 2, 2), ('size3_h3', 3, 3)]
  for bits in (2, 3):
    part = parity.record.parts[f'size{bits}_h{bits}']
    assert part['inputs'].shape == (2**bits, bits)


@pytest.mark.slow
def test_parity_says_which_nets_count_and_how_many(parity):
  names = 'counts', 'thermometer', 'counts_flipped', 'thermometer_flipped'
  for setting in parity.settings:
    rows = [
      row
      for row in parity.rows
      if row['part'] == setting['part'] and row['outcome'] == 'solved'
    ]
    assert rows
    for name in names:
      expected = share(rows, by(name, '1'))
      assert setting['results'][f'{name}_rate']['value'] == expected
    for row in rows:
      # The stricter never without the looser.
      assert row['counts'] >= row['thermometer']
      assert row['thermometer_flipped'] >= row['thermometer']
      assert row['counts_flipped'] >= row['counts']
      assert (row['inverted'] == '-1') == (row['counts_flipped'] == '0')
      assert row['correct'] == str(2 ** setting['setting']['size'])
  ids = [claim['id'] for claim in parity.record.summary['claims']]
  for name in ('parity-learnt', 'parity-counts', 'parity-counts-inverted'):
    assert ids.count(name) == 2


@pytest.mark.slow
def test_the_encoder_says_how_its_cases_share_the_corners(run):
  found = run(
    'encoder', '--task=encoder', '--size=4', '--learning_rate=0.5',
    '--sweeps=3000', *SMALL,
  )  # fmt: skip
  assert set(found.record.parts) == {'h2'}
  solved = [row for row in found.rows if row['outcome'] == 'solved']
  assert solved
  for row in solved:
    assert row['correct'] == '4'
    corners, word, _ = row['sharing'].replace(',', ' ').replace(
      ':', ' '
    ).split(maxsplit=2)  # fmt: skip
    assert corners == row['used'] and word.startswith('corner')
    assert (row['used'] == '4') == (row['sharing'] == '4 corners, one each')
  own = share(solved, by('used', '4'))
  assert found.results['own_corner_rate'] == own
  mean = np.mean([float(row['halfway']) for row in solved])
  # The column is float32, and so is its mean.
  assert found.results['halfway_mean'] == pytest.approx(mean, rel=1e-6)


@pytest.mark.slow
def test_addition_has_a_column_of_right_cases(run):
  found = run(
    'addition', '--task=addition', '--size=1', '--learning_rate=0.5',
    '--init_range=1', '--sweeps=3000', *SMALL, '--seeds=6',
  )  # fmt: skip
  part = found.record.parts['h2']
  assert part['targets'].tolist() == [[0, 0], [0, 1], [0, 1], [1, 0]]
  for row in found.rows:
    assert (row['outcome'] == 'solved') == (row['correct'] == '4')
  assert 'solved' in {row['outcome'] for row in found.rows}


def test_direct_links_are_rows_of_the_last_layer(linked):
  part = linked.record.parts['h1']
  assert part['w0'].shape == (16, 2, 1) and part['w1'].shape == (16, 3, 1)
  assert linked.record.flags['skip'] == 'true'
  ids = {claim['id'] for claim in linked.record.summary['claims']}
  assert ids == {'xor-linked-sweeps', 'xor-linked-minima'}
  # One threshold and direct links: each solved net says so by hand.
  for k, row in enumerate(linked.rows):
    w0, b0, w1, b1 = (part[name][k].astype(float) for name in
                      ('w0', 'b0', 'w1', 'b1'))  # fmt: skip
    x = part['inputs']
    hidden = 1 / (1 + np.exp(-(x @ w0 + b0)))
    net = np.concatenate([hidden, x], axis=1) @ w1 + b1
    right = int(np.sum((net > 0) == (part['targets'] > 0.5)))
    assert row['correct'] == str(right)
    assert (right == 4) == (row['outcome'] == 'solved')


def test_show_trains_a_linked_net_again_to_the_same_bits(
  linked, tmp_path, monkeypatch, capsys
):
  monkeypatch.setattr(movie, 'FRAMES', 3)
  show.run(linked.folder, net='median', pattern=None, out=tmp_path, movie=True)
  said = capsys.readouterr().out
  assert said.startswith('boolean, ')
  # What leads to the output: the hidden unit, the inputs, the bias.
  rows = said.split('from \\ to')[2].splitlines()[2:6]
  assert [row.split()[0] for row in rows] == ['h1', 'x1', 'x2', 'bias']
  assert said.endswith('with the record’s weights, bit for bit.\n')
  assert {path.name for path in tmp_path.iterdir()} == {
    'net.png', 'sorted_inputs.png', 'movie.gif',
  }  # fmt: skip


def test_sizes_that_are_the_same_are_one(binary, tmp_path):
  flags = '--task=parity', '--size=0,4,2', '--seeds=3'
  ended = binary('boolean')(*flags, cwd=tmp_path, dry=True)
  assert (ended.code, ended.err) == (0, '')
  assert json.loads(ended.out)['nets'] == {'size4_h4': 3, 'size2_h2': 3}

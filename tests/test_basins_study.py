"""Weather maps: the study's record, its pictures, results and verdicts."""

import collections
import csv
import itertools
import json
import math
import re
import shutil

import numpy as np
import pytest
import samples
from binaries import ROOT
from matplotlib.colors import rgb_to_hsv
from PIL import Image

from experiments.reports import basin_pairs as pairs_page
from experiments.results import basin_pairs
from experiments.results.basins import FINE
from experiments.shared import common, groups
from experiments.single import sheets
from jaxrep import basins, records, stats
from jaxrep.claims import basins as claims
from jaxrep.figures import hues
from jaxrep.measures.minima import Outcome
from tests.faults import kills

SMOKE_OF = 'basins'
SMOKE = '--flagfile=flags/basins/smoke.flags'
# Of flags/basins/smoke.flags and paper.flags.
SIDE, EPOCHS, JUDGED = 64, 200, 16
# Little is drawn; the program is that of the smoke run, compiled once.
TINY = SMOKE, '--pixels=16', '--outcome_pixels=0'
FILES = {
  'run.flags', 'nets.csv', 'nets.npz', 'summary.json', 'machine.json',
  'figures', 'maps', 'report.html',
}  # fmt: skip
Run = collections.namedtuple('Run', 'folder said record flags')


@pytest.fixture(scope='module')
def run(binary, tmp_path_factory):
  """Runs the study at toy size; its record is checked to be sound."""

  def run(name, *flags):
    folder = tmp_path_factory.mktemp(name) / name
    ended = binary('basins')(*flags, f'--out={folder}', cwd=ROOT)
    assert (ended.code, ended.err) == (0, '')
    assert 'nan' not in ended.out.lower().split()
    text = (folder / 'summary.json').read_text()
    json.loads(text, parse_constant=pytest.fail)  # NaN, Infinity
    assert ended.out.splitlines()[-1] == f'{folder}/report.html'
    return Run(folder, ended.out, records.load(folder), flags)

  return run


def arrays_of(found):
  [arrays] = found.record.parts.values()
  return arrays


def settings_of(found, *names):
  return [
    tuple(entry['setting'][name] for name in names)
    for entry in found.record.summary['settings']
  ]


def values(results):
  return {name: one['value'] for name, one in results.items()}


def verdicts(found):
  return [
    (claim['id'], claim['verdict']) for claim in found.record.summary['claims']
  ]


def stems(found, folder='figures'):
  return {path.stem for path in (found.folder / folder).iterdir()}


def square(pixels):
  side = round(len(pixels) ** 0.5)
  return np.reshape(pixels, (side, side))


def picture(path):
  """Returns a map's file as `[P, P, 3]`, its lowest row first."""
  with Image.open(path) as image:
    assert image.format == 'PNG'
    return np.asarray(image.convert('RGB'))[::-1]


# Boundaries, counted pixel by pixel.


def by_counting(classes):
  """Returns d, d over the finest scales, and α of a map of classes."""
  side = len(classes)

  def at(row, column):
    return classes[min(row, side - 1)][min(column, side - 1)]

  def boundary(row, column):
    cell = {at(row + r, column + c) for r in (0, 1) for c in (0, 1)}
    return len(cell) > 1

  scales = [scale for scale in (1, 2, 4, 8, 16) if 8 * scale <= side]
  boxes, shares = [], []
  for scale in scales:
    holds = {
      (row // scale, column // scale)
      for row in range(side)
      for column in range(side)
      if boundary(row, column)
    }
    boxes.append(len(holds))
    unlike = [
      classes[row][column] != classes[row + r][column + c]
      for r, c in ((scale, 0), (0, scale))
      for row in range(side - r)
      for column in range(side - c)
    ]
    shares.append(np.mean(unlike))
  x = np.log(scales)
  return (
    -np.polyfit(x, np.log(boxes), 1)[0],
    -np.polyfit(x[:FINE], np.log(boxes[:FINE]), 1)[0],
    np.polyfit(x, np.log(shares), 1)[0],
  )


@pytest.fixture(scope='module')
def arrays(record):
  return record.parts['map']


class TestRecord:
  def test_smoke_leaves_a_record_every_figure_and_maps(self, smoke):
    folder, ended = smoke
    assert {path.name for path in folder.iterdir()} == FILES
    drawn = {path.name for path in (folder / 'figures').iterdir()}
    assert drawn >= {'times.png', 'solutions.png', 'outcomes.png',
                     'scaling.png'}  # fmt: skip
    maps = {path.name for path in (folder / 'maps').iterdir()}
    assert maps == {'times_01.png', 'solutions_01.png'}
    page = (folder / 'report.html').read_text()
    assert page.count('src="data:image/png;base64,') == len(drawn)
    assert 'nan' not in re.findall(r'\w+', ended.out.lower())

  def test_the_page_says_how_to_read_each_figure(self, smoke):
    page = (smoke[0] / 'report.html').read_text()
    for words in (
      'the brighter, the sooner', 'A solution is the signs of all weights',
      'told by a certificate', 'how many boxes of a side', 'smooth lines',
    ):  # fmt: skip
      assert words in page

  def test_the_summary_is_strict_json(self, smoke):
    text = (smoke[0] / 'summary.json').read_text()
    json.loads(text, parse_constant=pytest.fail)

  def test_a_pixel_is_a_row_that_runs_along_x_first(self, table, arrays):
    """By hand: pixel k stands at -10 + k 20/64, a binary fraction."""
    assert len(table) == SIDE**2
    for k, row in enumerate(table):
      assert float(row['x']) == -10 + (k % SIDE) * 20 / SIDE
      assert float(row['y']) == -10 + (k // SIDE) * 20 / SIDE
    for name in ('x', 'y', 'error', 'learning_rate'):
      column = np.array([row[name] for row in table], arrays[name].dtype)
      np.testing.assert_array_equal(column, arrays[name])

  def test_the_table_has_the_sweeps_outcome_and_solution(self, table, arrays):
    sweeps = [float(row['sweeps'] or 'nan') for row in table]
    np.testing.assert_array_equal(sweeps, arrays['sweeps'])
    for name in ('solution', 'family'):
      assert [int(row[name]) for row in table] == arrays[name].tolist()
    labels = [''] * len(table)
    for k, outcome in enumerate(arrays['outcome']):
      labels[k] = '' if outcome < 0 else str(arrays['outcomes'][outcome])
    assert [row['outcome'] for row in table] == labels

  def test_a_solution_is_the_signs_of_the_weights_kept(self, arrays):
    """Hidden unit after hidden unit, its bias last; then the output unit."""
    w0, b0, w1, b1 = (arrays[name] for name in ('w0', 'b0', 'w1', 'b1'))
    words = w0[:, :, 0], b0[:, [0]], w0[:, :, 1], b0[:, [1]], w1[:, :, 0], b1
    signs = np.concatenate(words, axis=1) > 0
    code = np.sum(signs * 2.0 ** np.arange(8, -1, -1), axis=1)
    solved = arrays['outcome'] == Outcome.SOLVED
    expected = np.where(solved, code, -1)
    np.testing.assert_array_equal(arrays['solution'], expected)

  def test_maps_have_a_pixel_a_net_and_their_first_row_below(
    self, smoke, table, arrays
  ):
    image = picture(smoke[0] / 'maps' / 'times_01.png')
    expected = hues.times_rgb(square(arrays['sweeps']), most=EPOCHS)
    np.testing.assert_array_equal(image, expected)
    # By the coordinates alone, without a colour table: black has no sweeps.
    for row in table[::7]:
      column, line = (round((float(row[n]) + 10) * SIDE / 20) for n in 'xy')
      assert image[line, column].any() == bool(row['sweeps'])

  def test_a_solution_has_a_colour_and_a_family_a_hue(self, smoke, arrays):
    image = picture(smoke[0] / 'maps' / 'solutions_01.png').reshape(-1, 3)
    pairs = set(zip(map(tuple, image.tolist()), arrays['solution'].tolist(),
                    strict=True))  # fmt: skip
    assert ((0, 0, 0), -1) in pairs
    colours, codes = zip(*pairs, strict=True)
    assert len(set(colours)) == len(set(codes)) == len(pairs) > 3
    some = arrays['solution'] >= 0
    hue = rgb_to_hsv(image[some] / 255)[:, 0] * 360
    family = arrays['family'][some]
    counts = collections.Counter(family.tolist()).most_common(2)
    (first, _), (second, _) = counts
    # Families are 137.5 degrees apart in OKLab; members share a hue there, and
    # in HSV within a few degrees.
    apart = abs(np.median(hue[family == first]) - hue[family == second])
    assert np.all(np.minimum(apart, 360 - apart) > 60)


class TestResults:
  def test_every_result_asked_for_has_n_and_an_interval(self, found):
    for name, n in (
      ('converged_rate', SIDE**2), ('boundary_dimension', 64),
      ('boundary_dimension_fine', 64), ('sensitivity_exponent', 64),
    ):  # fmt: skip
      one = found[name]
      assert one['low'] < one['value'] < one['high'] and one['n'] == n, name

  def test_rates_can_be_counted_in_the_table(self, found, table):
    solved = sum(row['outcome'] == 'solved' for row in table)
    assert found['converged_rate']['value'] == solved / SIDE**2
    assert 0 < solved < SIDE**2 / 2  # so the median is beyond the epochs
    assert found['sweeps_median']['value'] is None
    assert found['sweeps_median']['censored']
    assert found['diverged_rate']['value'] == 0
    codes = {row['solution'] for row in table} - {'-1'}
    assert found['solutions']['value'] == len(codes) > 1
    families = {row['family'] for row in table} - {'-1'}
    assert found['families']['value'] == len(families) <= len(codes)

  def test_ends_are_those_of_the_coarser_grid(self, found, table):
    """Of 64 pixels every fourth is judged: 2, 6, 10, .."""
    on = [
      row for k, row in enumerate(table)
      if k % SIDE % 4 == 2 and k // SIDE % 4 == 2
    ]  # fmt: skip
    assert len(on) == JUDGED**2 and all(row['outcome'] for row in on)
    for name in ('still_descending', 'local_minimum', 'saturated'):
      count = sum(row['outcome'] == name.replace('_', ' ') for row in on)
      assert found[f'{name}_rate']['value'] == count / JUDGED**2
      assert found[f'{name}_rate']['n'] == JUDGED**2
    open_elsewhere = sum(not row['outcome'] for row in table)
    unsolved = sum(row['outcome'] != 'solved' for row in table)
    judged = sum(row['outcome'] != 'solved' for row in on)
    assert open_elsewhere == unsolved - judged

  @pytest.mark.parametrize('ending', ['', '_converged'])
  def test_exponents_are_those_of_boxes_and_pairs_counted_one_by_one(
    self, found, arrays, ending
  ):
    classes = arrays['solution' if not ending else 'sweeps']
    classes = np.isfinite(classes) if ending else classes
    grid = square(classes).tolist()
    dimension, fine, exponent = by_counting(grid)
    for name, expected in (
      ('boundary_dimension', dimension), ('boundary_dimension_fine', fine),
      ('sensitivity_exponent', exponent),
    ):  # fmt: skip
      assert found[name + ending]['value'] == pytest.approx(expected)
    beside = [a != b for row in grid for a, b in zip(row, row[1:])]  # noqa: B905
    above = [
      a != b
      for one, other in zip(grid, grid[1:], strict=False)
      for a, b in zip(one, other, strict=True)
    ]
    rate = found[f'boundary_rate{ending}']
    assert rate['value'] == pytest.approx(np.mean(beside + above))
    assert rate['n'] == 2 * SIDE * (SIDE - 1)

  def test_one_map_says_nothing_of_the_paper_s_claims(self, record):
    assert record.summary['claims'] == []


# Other ways to run.


@pytest.fixture(scope='module')
def zooms(run):
  """Both ways of updating, and a window in the middle at four zooms."""
  return run('zooms', *TINY, '--updates=sweep,case', '--zoom=1,4,64,1000000')


@pytest.fixture(scope='module')
def rates(run):
  """ε and α vary, of two nets drawn from seeds; many blow up."""
  return run(
    'rates', *TINY, '--axes=learning_rate,momentum', '--task=parity',
    '--size=2', '--x_range=0:4', '--y_range=0:2', '--seeds=2',
    '--init_range=2', '--slice=?????????',
  )  # fmt: skip


@pytest.fixture(scope='module')
def movie(run):
  return run('movie', *TINY, '--frames=3', '--zoom=100', '--precision=float64')


@pytest.fixture(scope='module')
def flow(run):
  return run('flow', *TINY, '--learning_rate=3,0.3', '--flow_time=600')


@pytest.fixture(scope='module')
def small(run):
  return run('small', SMOKE, '--pixels=2', '--outcome_pixels=2')


@pytest.fixture(scope='module')
def drawn(run):
  """No map: nets whose weights are all drawn, from ranges round one half."""
  flags = '--axes=none', '--updates=sweep', '--seeds=48', '--init_range=0.3,3'
  return run('drawn', *flags)


class TestZooms:
  def test_a_map_is_a_setting_and_a_way_of_updating_a_part(self, zooms):
    assert list(zooms.record.parts) == ['map_sweep', 'map_case']
    numbers = [1, 4, 64, 1000000]
    assert settings_of(zooms, 'updates', 'zoom') == [
      (updates, zoom) for updates in ('sweep', 'case') for zoom in numbers
    ]

  def test_each_map_lies_in_the_middle_of_the_last(self, zooms):
    arrays = zooms.record.parts['map_case']
    for k, zoom in enumerate((1, 4, 64, 1000000)):
      of = slice(256 * k, 256 * (k + 1))
      # Written in decimals and rounded once: the quotient is right to 1 ulp.
      expected = -10 / zoom + np.arange(16) * 20 / 16 / zoom
      x, y = square(arrays['x'][of]), square(arrays['y'][of])
      np.testing.assert_allclose(x[5], expected, rtol=1e-12, atol=1e-20)
      np.testing.assert_allclose(y[:, 5], expected, rtol=1e-12, atol=1e-20)

  def test_eight_maps_are_drawn_side_by_side_and_over_the_zoom(self, zooms):
    found = stems(zooms)
    assert {'sheet_times', 'sheet_solutions', 'scaling'} <= found
    assert any('converged_rate' in name for name in found)
    assert not {'times', 'times_1'} & found
    assert stems(zooms, 'maps') == {
      f'{name}_{k:02}' for name in ('times', 'solutions') for k in range(1, 9)
    }

  def test_colours_of_solutions_are_the_same_on_all_maps(self, zooms):
    colour_of = {}
    codes = np.concatenate([
      arrays['solution'] for arrays in zooms.record.parts.values()
    ])  # fmt: skip
    for k in range(8):
      path = zooms.folder / 'maps' / f'solutions_{k + 1:02}.png'
      colours = picture(path).reshape(-1, 3).tolist()
      for colour, code in zip(
        colours, codes[256 * k : 256 * (k + 1)].tolist(), strict=True
      ):
        assert colour_of.setdefault(code, colour) == colour
    assert len(colour_of) > 3
    assert len(set(map(tuple, colour_of.values()))) == len(colour_of)

  def test_where_there_is_one_class_there_is_no_dimension(self, zooms):
    last = values(zooms.record.summary['settings'][-1]['results'])
    assert last['boundary_rate'] == 0
    for name in ('boundary_dimension', 'boundary_dimension_fine',
                 'sensitivity_exponent'):  # fmt: skip
      assert last[name] is None


class TestRates:
  def test_numbers_of_training_vary_and_weights_are_a_seeds(self, rates):
    arrays = arrays_of(rates)
    assert settings_of(rates, 'seed') == [(0,), (1,)]
    [names, _] = [e['setting'] for e in rates.record.summary['settings']]
    assert not {'learning_rate', 'momentum'} & names.keys()
    for k in range(2):
      of = slice(256 * k, 256 * (k + 1))
      epsilon, alpha = (
        square(arrays[name][of]) for name in ('learning_rate', 'momentum')
      )
      for grid, step in ((epsilon, 4 / 16), (alpha.T, 2 / 16)):
        expected = np.tile(np.arange(16) * step, (16, 1))
        np.testing.assert_array_equal(grid, expected)

  def test_some_converge_and_some_blow_up(self, rates):
    arrays = arrays_of(rates)
    solved = arrays['outcome'] == Outcome.SOLVED
    diverged = arrays['outcome'] == Outcome.DIVERGED
    assert solved.any() and diverged.any()
    assert not np.isfinite(arrays['error'][diverged]).any()
    assert arrays['momentum'][diverged].min() > 1
    assert np.all(arrays['solution'][diverged] == -1)
    for k, entry in enumerate(rates.record.summary['settings']):
      of = slice(256 * k, 256 * (k + 1))
      rate = values(entry['results'])
      assert rate['converged_rate'] == solved[of].mean()
      assert rate['diverged_rate'] == diverged[of].mean()

  def test_a_net_without_a_step_stays_where_it_started(self, rates):
    arrays = arrays_of(rates)
    still = (arrays['learning_rate'] == 0).reshape(2, 256)
    for weights in (arrays['w0'], arrays['b1']):
      of_seed = weights.reshape(2, 256, -1)
      for seed in range(2):
        stay = of_seed[seed][still[seed]]
        np.testing.assert_array_equal(stay, stay[[0] * len(stay)])
    assert np.any(arrays['w0'][0] != arrays['w0'][256])


class TestMovie:
  def test_there_is_a_film_and_no_files_of_single_maps(self, movie):
    names = {path.name for path in movie.folder.iterdir()}
    assert names >= {'times.gif', 'solutions.gif'} and 'maps' not in names
    for name in ('times', 'solutions'):
      with Image.open(movie.folder / f'{name}.gif') as film:
        assert film.format == 'GIF'
        first = film.info['duration']
        # The pictures of one net's maps differ, so no frame is left out.
        assert film.n_frames == 3
        film.seek(2)
        assert film.info['duration'] > first

  def test_each_frame_is_as_many_times_narrower(self, movie):
    zooms = [zoom for (zoom,) in settings_of(movie, 'zoom')]
    np.testing.assert_allclose(zooms, [1, 10, 100], rtol=1e-12)

  def test_weights_are_float64(self, movie):
    arrays = arrays_of(movie)
    assert {arrays[n].dtype for n in ('w0', 'b1', 'error')} == {
      np.dtype('float64')
    }


class TestFlow:
  def test_each_rate_makes_as_many_epochs_as_go_equally_far(self, flow):
    parts = flow.record.parts.values()
    made = {
      float(a['learning_rate'][0]): a['epochs'].tolist() for a in parts
    }  # fmt: skip
    assert made == {3.0: [200], float(np.float32(0.3)): [2000]}

  def test_there_is_a_verdict_on_smaller_steps(self, flow):
    assert [name for name, _ in verdicts(flow)] == ['smoother']
    coarse, fine = (
      entry['results'][claims.ROUGH]
      for entry in sorted(
        flow.record.summary['settings'],
        key=lambda entry: -entry['setting']['learning_rate'],
      )
    )
    [claim] = [
      c for c in flow.record.summary['claims'] if c['id'] == 'smoother'
    ]
    assert claim == claims.smoother(coarse, fine, '')
    assert claim['ours'] == fine


def amid(arrays, solved):
  """Returns the first place of smoke's map amid nets that end all alike."""
  sweeps, solution = square(arrays['sweeps']), square(arrays['solution'])
  for row in range(2, SIDE - 2):
    for column in range(2, SIDE - 2):
      around = slice(row - 2, row + 3), slice(column - 2, column + 3)
      alike = np.unique(solution[around]).size == 1
      if alike and np.isfinite(sweeps[around]).all() == solved:
        return ','.join(f'{-10 + k * 20 / SIDE:g}' for k in (column, row))
  raise AssertionError('no such place')


@pytest.mark.parametrize('solved', [True, False])
def test_a_map_where_all_or_none_converge_has_no_dimension_and_is_drawn(
  run, arrays, solved
):
  found = run(
    f'all_{solved}', *TINY, '--outcome_pixels=4', '--zoom=1e5',
    f'--centre={amid(arrays, solved)}',
  )  # fmt: skip
  results = values(found.record.summary['results'])
  assert results['converged_rate'] == solved
  assert results['solutions'] == results['families'] == solved
  assert results['boundary_rate'] == 0
  for name in ('boundary_dimension', 'boundary_dimension_fine',
               'sensitivity_exponent'):  # fmt: skip
    for ending in ('', '_converged'):
      assert results[name + ending] is None
  assert stems(found) == {'times', 'solutions', 'outcomes', 'scaling'}
  image = picture(found.folder / 'maps' / 'times_01.png')
  assert image.shape == (16, 16, 3) and image.any() == solved
  assert verdicts(found) == []


def test_two_pixels_of_a_side_are_a_map(small):
  arrays = arrays_of(small)
  assert arrays['x'].tolist() == [-10, 0, -10, 0]
  assert arrays['y'].tolist() == [-10, -10, 0, 0]
  results = values(small.record.summary['results'])
  solved = arrays['outcome'] == Outcome.SOLVED
  assert results['converged_rate'] == solved.mean()
  assert results['boundary_dimension'] is None  # one scale alone
  assert picture(small.folder / 'maps' / 'times_01.png').shape == (2, 2, 3)
  assert not (arrays['outcome'] == -1).any()  # all four are judged


class TestDrawn:
  def test_who_does_not_converge_is_the_rest(self, drawn):
    assert settings_of(drawn, 'init_range') == [(0.3,), (3.0,)]
    arrays = arrays_of(drawn)
    solved = (arrays['outcome'] == Outcome.SOLVED).reshape(2, 48)
    for entry, own in zip(
      drawn.record.summary['settings'], solved, strict=True
    ):
      found = entry['results']
      assert found['converged_rate']['value'] == own.mean()
      assert found['unsolved_rate']['value'] == pytest.approx(1 - own.mean())
      assert found['converged_rate']['n'] == 48
    assert solved.any() and not solved.all()

  def test_ranges_are_compared_seed_by_seed(self, drawn):
    solved = arrays_of(drawn)['outcome'].reshape(2, 48) == Outcome.SOLVED
    by_id = {claim['id']: claim for claim in drawn.record.summary['claims']}
    assert by_id.keys() >= {'range-grows', 'range-half'}
    unsolved = 1 - solved.mean(axis=1)
    difference = by_id['range-grows']['ours']['value']
    assert difference == pytest.approx(unsolved[1] - unsolved[0])
    pairs = stats.paired_rates(~solved[1], ~solved[0])
    expected = claims.grows(pairs, '')['verdict']
    assert by_id['range-grows']['verdict'] == expected
    page = (drawn.folder / 'report.html').read_text()
    for claim in by_id.values():
      assert f'>{claim["verdict"]}<' in page

  def test_a_record_of_no_map_has_none(self, drawn):
    assert {path.name for path in drawn.folder.iterdir()} == FILES - {'maps'}
    assert 'survival' in stems(drawn)


# Pairs of points, in place of pixels.

# Not smoke.flags, which has pixels; the program is that of the smoke run.
POINTS, NEAR = 200, (0.02, 0.2, 0.06)
PAIRS = f'--points={POINTS}', '--updates=sweep'


@pytest.fixture(scope='module')
def near(run):
  """Both ways of updating, and three distances, out of order."""
  distances = ','.join(map(str, NEAR))
  return run('near', *PAIRS, '--updates=sweep,case', f'--distance={distances}')


def halves(rows):
  """Returns the points among rows, and their companions."""
  return rows[: len(rows) // 2], rows[len(rows) // 2 :]


def results_of(found, updates):
  """Returns results by distance, of one way of updating."""
  return {
    entry['setting']['distance']: entry['results']
    for entry in found.record.summary['settings']
    if entry['setting']['updates'] == updates
  }


def slope(near, far):
  """Returns α between two pairs of a distance and a share."""
  return math.log(far[1] / near[1]) / math.log(far[0] / near[0])


class TestPairs:
  def test_a_record_of_pairs_has_no_maps(self, near):
    assert {path.name for path in near.folder.iterdir()} == FILES - {'maps'}
    assert stems(near) == {'shares', 'exponents'}
    assert near.record.summary['nets'] == 2 * len(NEAR) * 2 * POINTS

  def test_rows_are_counted_one_by_one(self, near):
    with open(near.folder / 'nets.csv', newline='') as file:
      table = list(csv.DictReader(file))
    blocks = [
      table[k : k + 2 * POINTS] for k in range(0, len(table), 2 * POINTS)
    ]
    settings = near.record.summary['settings']
    assert settings_of(near, 'updates', 'distance') == list(
      itertools.product(('sweep', 'case'), NEAR)
    )
    for block, entry in zip(blocks, settings, strict=True):
      points, others = halves(block)
      distance = entry['setting']['distance']
      assert {(row['part'], float(row['distance'])) for row in block} == {
        (f'map_{entry["setting"]["updates"]}', distance)
      }
      unlike = solved = parted = 0
      for one, other in zip(points, others, strict=True):
        place, there = ((float(r['x']), float(r['y'])) for r in (one, other))
        assert min(place) >= -10 and max(place) < 10
        # Of the window's side, 20; places are right to 2e-15.
        assert math.dist(place, there) == pytest.approx(20 * distance, 1e-11)
        unlike += one['solution'] != other['solution']
        ends = [r['outcome'] == 'solved' for r in (one, other)]
        solved += ends[0]
        parted += ends[0] != ends[1]
      found = values(entry['results'])
      assert found == {
        'converged_rate': solved / POINTS,
        'distinct_rate': 1,
        'uncertain_rate': unlike / POINTS,
        'uncertain_converged_rate': parted / POINTS,
      }
      assert {one['n'] for one in entry['results'].values()} == {POINTS}
    # So that something was counted.
    assert min(values_of(near, 'sweep').values()) > 0

  def test_both_ways_of_updating_start_from_the_same_points(self, near):
    sweep, case = near.record.parts.values()
    for name in 'xy':
      np.testing.assert_array_equal(sweep[name], case[name])
    assert np.any(sweep['sweeps'] != case['sweeps'])

  def test_there_is_a_verdict_for_each_way_over_the_last_decade(self, near):
    said = near.record.summary['claims']
    assert [claim['id'] for claim in said] == ['fractal', 'fractal']
    for claim, updates in zip(said, ('sweep', 'case'), strict=True):
      rates = values_of(near, updates)
      assert claim['claim'].endswith(f' ({updates})')
      expected = slope((0.02, rates[0.02]), (0.2, rates[0.2]))
      assert claim['ours']['value'] == pytest.approx(expected)
      assert claim == claims.fractal(stats.Estimate(**claim['ours']), updates)
    parts, settings = near.record.parts, near.record.summary['settings']
    judged = [
      basin_pairs.judge(parts, settings, task=task)
      for task in ('xor', 'or', 'parity')
    ]
    assert judged == [said, said, []]

  def test_each_way_is_a_line_of_both_figures(self, near, monkeypatch):
    shares, exponents = [], {}
    plain, rates = pairs_page.boundaries.scaling, pairs_page.settings.rates

    def scaling(ax, series, **words):
      shares.append(series)
      plain(ax, series, **words)

    def slopes(ax, x, value, low, high, **words):
      exponents.update(x=x, value=value, labels=words['labels'])
      rates(ax, x, value, low, high, **words)

    monkeypatch.setattr(pairs_page.boundaries, 'scaling', scaling)
    monkeypatch.setattr(pairs_page.settings, 'rates', slopes)
    page = pairs_page.page(near.record)
    assert [figure.name for figure in page.figures] == ['shares', 'exponents']
    [series] = shares
    assert list(series) == exponents['labels'] == ['sweep', 'case']
    # In the middle of two distances, on a log axis.
    middles = [math.sqrt(0.02 * 0.06), math.sqrt(0.06 * 0.2)]
    np.testing.assert_allclose(exponents['x'], middles, rtol=1e-12)
    for k, updates in enumerate(series):
      rate = values_of(near, updates)
      line = series[updates]
      np.testing.assert_array_equal(line.scale, sorted(NEAR))
      np.testing.assert_array_equal(line.value, [rate[d] for d in sorted(NEAR)])
      assert exponents['value'][k, 1] == pytest.approx(
        slope((0.06, rate[0.06]), (0.2, rate[0.2]))
      )

  def test_the_page_has_a_table_for_each_way(self, near):
    for updates in ('sweep', 'case'):
      assert f'Pairs that end apart: {updates}' in near.said
    assert '200 pairs of starts' in near.said


def values_of(found, updates):
  """Returns the shares that end apart, by distance."""
  by_distance = results_of(found, updates)
  return {d: r['uncertain_rate']['value'] for d, r in by_distance.items()}


def test_one_distance_alone_has_a_share_and_no_exponent(run):
  found = run('one', *PAIRS, '--distance=0.3')
  assert stems(found) == {'shares'}
  assert verdicts(found) == []
  assert found.record.summary['results']['uncertain_rate']['n'] == POINTS


def test_points_of_one_class_have_no_exponent_and_are_drawn(run, arrays):
  found = run(
    'none', *PAIRS, '--distance=0.1,0.01', '--zoom=1e5',
    f'--centre={amid(arrays, True)}',
  )  # fmt: skip
  assert [
    values(entry['results']) for entry in found.record.summary['settings']
  ] == 2 * [
    {
      'converged_rate': 1,
      'distinct_rate': 1,
      'uncertain_rate': 0,
      'uncertain_converged_rate': 0,
    }
  ]
  assert stems(found) == {'shares', 'exponents'}
  assert verdicts(found) == [('fractal', 'undecided')]


# How shares scale, by numbers made up.


def parted(distance, share, n, name='uncertain_rate'):
  """Returns a group of pairs of which such a share ends apart."""
  result = {'value': share, 'low': None, 'high': None, 'n': n, 'unit': 'rate'}
  arrays = {'solution': None} if name == 'uncertain_rate' else {}
  return groups.Group({'distance': distance}, 'map', arrays, {name: result})


@pytest.mark.parametrize('name', ['uncertain_rate', 'uncertain_converged_rate'])
def test_the_exponent_of_two_distances_worked_by_hand(name):
  """16 times as far, 4 times as many: α = ln 4 / ln 16 = 1/2.

  Var ln f: .98 / (1000 × .02) + .92 / (500 × .08) = .049 + .023 = .072, and
  1.96 √.072 / ln 16 = .1897. Without solutions, who converges decides.
  """
  found = basin_pairs.exponent(
    parted(0.001, 0.02, 1000, name), parted(0.016, 0.08, 500, name)
  )
  assert found.value == pytest.approx(0.5)
  assert found.high - 0.5 == pytest.approx(0.1897, abs=5e-5)
  assert 0.5 - found.low == pytest.approx(found.high - 0.5)
  assert (found.n, found.unit) == (1500, '')


@pytest.mark.parametrize('shares', [(0, 0.1), (0.1, 0), (0, 0)])
def test_where_no_pair_ends_apart_there_is_no_exponent(shares):
  pairs = (parted(d, f, 100) for d, f in zip((0.1, 1), shares, strict=True))
  assert basin_pairs.exponent(*pairs) == (None, None, None, 200, '', False)


def test_intervals_of_exponents_hold_the_true_one_as_often_as_they_say():
  """95 % of 2,000 draws, to within 4 of their standard errors of .5 %.

  ln f is normal up to terms of 1 / n f, here 1/200 and less.
  """
  near, far, n = 0.05, 0.2, 4000
  draw = np.random.default_rng(0)
  shares = draw.binomial(n, [near, far], size=(2000, 2)) / n
  found = [
    basin_pairs.exponent(parted(0.01, a, n), parted(0.1, b, n))
    for a, b in shares.tolist()
  ]
  true = slope((0.01, near), (0.1, far))
  assert 0.93 < np.mean([one.low < true < one.high for one in found]) < 0.97


@pytest.mark.parametrize(
  ('distances', 'last'),
  [
    ((0.003, 0.01, 0.03, 0.1), (0.003, 0.03)),
    ((3e-5, 1e-4, 3e-4, 1e-3), (3e-5, 3e-4)),
    ((0.01, 0.1), (0.01, 0.1)),
    ((0.01, 0.02, 0.2), None),
    ((0.01,), None),
  ],
)
def test_the_last_decade_is_from_the_least_distance_to_ten_times_as_far(
  distances, last
):
  pairs = {d: parted(d, 0.1 + d, 1000) for d in distances}
  found = basin_pairs.closest(list(pairs.values()))
  if last is None:
    assert found is None
  else:
    assert found == basin_pairs.exponent(*(pairs[d] for d in last))


# What theory promises of shares: nets are not trained, their classes are a
# function of where they start, `[N, 2]`, in sides of the window.


def line(tilt):
  return lambda u: u[:, 1] > 0.45 + tilt * u[:, 0]


def folds(u):
  """Stripes that are a fiftieth of the window wide, of two classes."""
  return np.floor(50 * u[:, 0]) % 2


def noise(u):
  return np.random.default_rng(len(u)).integers(2, size=len(u))


def gaps(u):
  """The gaps of Cantor's set, each a class; it lies in the middle half.

  A gap is where a first ternary digit is 1, and is told by those before it.
  """
  place = 2 * u[:, 0] - 0.5
  found = np.where((place < 0) | (place >= 1), -2, -1)
  for k in range(1, 21):
    digits = np.floor(place * 3**k).astype(np.int64)
    found = np.where((found == -1) & (digits % 3 == 1), 32 * digits + k, found)
  return found


def classified(classes, *distances, count, seed=0):
  """Returns pairs of each distance as a record has them."""
  ends = np.array([(-9, -5.4), (0.25, 0.5)])
  settings = [{'seed': seed, 'distance': d} for d in distances]
  rows = basins.pairs([ends] * len(distances), settings, count=count)
  places = np.stack([rows.setting[name] for name in 'xy'], axis=1)
  shares = (places - ends[:, 0]) / (ends[:, 1] - ends[:, 0])
  found = []
  for setting, u, place in zip(
    settings,
    np.split(shares, len(distances)),
    np.split(places, len(distances)),
    strict=True,
  ):
    outcome = np.full(len(u), Outcome.SOLVED)
    arrays = {'outcome': outcome, 'solution': classes(u).astype(np.int64)}
    arrays |= {'x': place[:, 0], 'y': place[:, 1], 'error': place[:, 0]}
    shown = {
      name: stats.as_json(one)
      for name, one in basin_pairs.results(arrays).items()
    }
    assert shown['converged_rate']['value'] == 1
    assert shown['uncertain_converged_rate']['value'] == 0
    found.append(groups.Group(setting, 'map', arrays, shown))
  return found


def test_pairs_that_float32_cannot_tell_apart_are_counted():
  """At -7 its numbers lie 2^-21 = 4.8e-7 apart, at 0 they are far finer."""
  far, near = 1e-6, 1e-8
  x = np.array([-7.0, -7.0, 0.0, -7 + far, -7 + near, near])
  arrays = {
    'outcome': np.zeros(6, np.int8), 'solution': np.zeros(6, int),
    'x': x, 'y': np.full(6, 3.0), 'error': np.zeros(6, np.float32),
  }  # fmt: skip
  assert basin_pairs.results(arrays)['distinct_rate'].value == 2 / 3
  arrays['error'] = np.zeros(6)
  assert basin_pairs.results(arrays)['distinct_rate'].value == 1


@pytest.mark.parametrize('tilt', [0, 0.1])
@pytest.mark.parametrize('distance', [0.4, 0.1, 0.01])
def test_a_straight_line_parts_pairs_as_buffon_s_does(tilt, distance):
  """A line of length L parts a share 2 L δ / π of pairs.

  A step of δ in a direction at φ to the line crosses it from a strip of width
  δ |sin φ| beside it, whose area is L times that; the mean of |sin φ| is 2/π.
  It does so exactly where the line leaves by two opposite sides and strips stay
  inside. 20,000 pairs leave 4.5 standard errors once in 150,000 draws.
  """
  count = 20_000
  [group] = classified(line(tilt), distance, count=count)
  expected = math.hypot(1, tilt) * 2 * distance / math.pi
  error = math.sqrt(expected * (1 - expected) / count)
  found = group.results['uncertain_rate']['value']
  assert abs(found - expected) < 4.5 * error


@pytest.mark.parametrize(
  ('classes', 'distances', 'exponent'),
  [
    (line(0), (0.04, 0.4), 1),
    (line(0.1), (0.04, 0.4), 1),
    (noise, (0.01, 0.1), 0),
    # 1 - D: at a third of the distance, what is near the set is as much of
    # each of its two thirds, and so 2/3 of what it was.
    (gaps, (0.2 / 9, 0.2), 1 - math.log(2) / math.log(3)),
  ],
)
def test_exponents_are_those_of_theory_within_their_intervals(
  classes, distances, exponent
):
  """95 % of 40 intervals: 30 or fewer once in 50,000 draws."""
  found = [
    basin_pairs.exponent(*classified(classes, *distances, count=4000, seed=k))
    for k in range(40)
  ]
  assert sum(one.low < exponent < one.high for one in found) > 30
  assert max(one.high - one.low for one in found) < 0.5


@pytest.mark.parametrize(
  ('classes', 'distances', 'verdict'),
  [
    (line(0.1), (0.01, 0.1), 'fails'),
    (noise, (0.01, 0.1), 'holds'),
    (gaps, (0.01, 0.1), 'holds'),
    # Folds are called fractal from afar, and lines nearer than they are wide.
    (folds, (0.04, 0.4), 'holds'),
    (folds, (0.0004, 0.004, 0.04, 0.4), 'fails'),
  ],
)
def test_lines_are_not_called_fractal_once_starts_are_near(
  classes, distances, verdict
):
  """An interval is ± .02, and all are farther than .06 from 0.9."""
  found = classified(classes, *distances, count=200_000)
  closest = basin_pairs.closest(found)
  assert closest.high - closest.low < 0.06
  assert claims.fractal(closest, '')['verdict'] == verdict


# Repeated, and going on.


@pytest.mark.parametrize('which', ['rates', 'near'])
def test_run_flags_repeat_a_run_byte_for_byte(request, which, binary, tmp_path):
  done = request.getfixturevalue(which)
  flags = f'--flagfile={done.folder}/run.flags', '--out=again'
  ended = binary('basins')(*flags, cwd=tmp_path)
  assert (ended.code, ended.err) == (0, '')
  first, again = samples.tree(done.folder), samples.tree(tmp_path / 'again')
  assert first.keys() == again.keys()
  for name in first.keys() - {'machine.json', 'report.html'}:
    assert first[name] == again[name], name


def test_a_finished_record_is_drawn_again(movie, binary):
  before = samples.tree(movie.folder)
  (movie.folder / 'times.gif').unlink()
  shutil.rmtree(movie.folder / 'figures')
  ended = binary('basins')(*movie.flags, f'--out={movie.folder}', cwd=ROOT)
  assert (ended.code, ended.err) == (0, '')
  assert 'holds this run, finished; drawing it again' in ended.out
  assert samples.tree(movie.folder) == before


# A contact sheet.


def test_maps_of_several_records_are_shown_on_one_sheet(
  rates, small, binary, tmp_path
):
  folder = f'{small.folder.parent}/*,{rates.folder},{small.folder}'
  ended = binary('show')(
    f'--record={folder}', '--sheet=solutions', '--out=sheet', cwd=tmp_path
  )
  assert (ended.code, ended.err) == (0, '')
  assert ended.out.startswith('sheet/sheet_solutions.png\n')
  assert list((tmp_path / 'sheet').iterdir()) == [
    tmp_path / 'sheet' / 'sheet_solutions.png'
  ]
  with Image.open(tmp_path / 'sheet' / 'sheet_solutions.png') as image:
    assert image.format == 'PNG'


def test_a_sheet_has_a_map_for_each_setting_and_each_record_once(
  rates, small, monkeypatch
):
  seen = {}

  def sheet(name, pictures, captions):
    seen.update(name=name, pictures=pictures, captions=captions)

  monkeypatch.setattr(sheets.basin_figures, 'sheet', sheet)
  pattern = f'{small.folder.parent}/*,{rates.folder},{small.folder}'
  sheets.draw(sheets.find(pattern), 'times')
  assert seen['captions'] == ['small', 'rates\nseed 0', 'rates\nseed 1']
  for image, path in zip(
    seen['pictures'],
    [small.folder / 'maps/times_01.png', rates.folder / 'maps/times_01.png',
     rates.folder / 'maps/times_02.png'],
    strict=True,
  ):  # fmt: skip
    np.testing.assert_array_equal(image, picture(path))


@pytest.mark.parametrize(
  ('flags', 'words'),
  [
    (['--record={drawn}'], ['--record={drawn}: ', 'expected maps', 'basins']),
    (['--record={small},{drawn}'], ['--record={drawn}: ', 'expected maps']),
    (['--record=none/*'], ['--record=none/*', 'a finished record']),
    (['--record={small},none'], ['--record=none', 'a finished record']),
    (['--record={small}', '--out='], ['--out=', 'expected a folder']),
    ([], ['--record: ', 'found none']),
    (['--record={small}', '--sheet=ends'],
     ['--sheet=ends', 'times|solutions']),
  ],
  ids=str,
)  # fmt: skip
def test_what_cannot_be_shown_on_a_sheet_is_told_in_one_line(
  drawn, small, binary, tmp_path, flags, words
):
  names = {'drawn': drawn.folder, 'small': small.folder}
  flags = [flag.format(**names) for flag in flags]
  flags = ['--sheet=times', '--out=sheet', *flags]
  ended = binary('show')(*flags, cwd=tmp_path)
  assert (ended.code, ended.out) == (1, '')
  line, *hint = ended.err.splitlines()
  assert hint in ([], ['Pass --helpshort to see the flags.'])
  for word in words:
    assert word.format(**names) in line
  assert samples.tree(tmp_path) == {}


def test_a_sheet_needs_a_folder(small, binary, tmp_path):
  flags = f'--record={small.folder}', '--sheet=times'
  ended = binary('show')(*flags, cwd=tmp_path)
  assert (ended.code, ended.out) == (1, '')
  [line] = ended.err.splitlines()
  assert line.startswith('show: --sheet=times: expected a folder')


def test_a_sheet_has_room_for_so_many_maps(rates, monkeypatch):
  monkeypatch.setattr(sheets, 'MOST', 1)
  with pytest.raises(common.BadInputError, match='at most 1 maps .* found 2'):
    sheets.draw(sheets.find(str(rates.folder)), 'times')


# Verdicts, by numbers made up.


def estimate(value, low=None, high=None):
  return {'value': value, 'low': low, 'high': high, 'n': 64, 'unit': ''}


def pairs(only_wide, only_narrow):
  """Of 40 seeds so many do not converge from one range only."""
  wide = np.arange(40) < only_wide
  narrow = np.arange(40) >= 40 - only_narrow
  return stats.paired_rates(wide, narrow)


@pytest.mark.parametrize(
  ('wide', 'narrow', 'verdict'),
  [
    # McNemar: 2 / 2^k, .031 for 6 seeds and .0625 for 5.
    (6, 0, 'holds'),
    (0, 6, 'fails'),
    (5, 0, 'undecided'),
    (3, 3, 'undecided'),
    (0, 0, 'undecided'),
  ],
)
def test_wider_ranges_converge_less_often_or_not(wide, narrow, verdict):
  found = claims.grows(pairs(wide, narrow), 'learning rate ε 2')
  assert found['verdict'] == verdict
  assert found['ours']['value'] == pytest.approx((wide - narrow) / 40)
  assert found['claim'].endswith(' (learning rate ε 2)')
  assert 'ε' not in claims.grows(pairs(6, 0), '')['claim']


LOW, HIGH = estimate(0.01, 0.0, 0.03), estimate(0.3, 0.2, 0.4)
OPEN = estimate(0.05, 0.02, 0.1)


@pytest.mark.parametrize(
  ('rates', 'verdict', 'ours'),
  [
    ({0.1: LOW, 0.5: LOW, 1: HIGH, 10: HIGH}, 'holds', 'low up to ± 0.5'),
    ({0.1: LOW, 1: LOW, 10: HIGH}, 'fails', 'low up to ± 1'),
    ({0.1: HIGH, 0.4: HIGH, 1: HIGH}, 'fails', 'low nowhere'),
    ({0.1: LOW, 0.5: OPEN, 1: HIGH}, 'undecided', 'low up to ± 0.1'),
    ({0.1: LOW, 1: OPEN, 10: HIGH}, 'undecided', 'low up to ± 0.1'),
    ({0.1: OPEN, 1: estimate(None)}, 'undecided', 'low nowhere'),
  ],
)
def test_narrow_ranges_alone_are_low_or_not(rates, verdict, ours):
  found = claims.necessary(rates, '')
  assert (found['verdict'], found['ours']) == (verdict, ours)


BOUND = claims.SMOOTH


def around(middle):
  return estimate(middle, middle - 0.02, middle + 0.02)


@pytest.mark.parametrize(
  ('coarse', 'fine', 'verdict'),
  [
    (around(BOUND + 0.3), around(BOUND - 0.1), 'holds'),
    # Smoother, but not yet smooth.
    (around(BOUND + 0.3), around(BOUND + 0.1), 'depends on the setting'),
    (around(BOUND + 0.3), around(BOUND + 0.01), 'holds'),
    (around(BOUND - 0.1), around(BOUND + 0.1), 'fails'),
    (around(BOUND), around(BOUND - 0.03), 'undecided'),
    (around(BOUND), estimate(None), 'undecided'),
    (estimate(None), around(BOUND), 'undecided'),
  ],
)
def test_boundaries_smooth_out_with_smaller_steps_or_not(coarse, fine, verdict):
  found = claims.smoother(coarse, fine, 'case')
  assert (found['verdict'], found['ours']) == (verdict, fine)
  assert found['claim'].endswith(' (case)')


@pytest.mark.parametrize(
  ('ours', 'verdict'),
  [
    ((0.5, 0.4, 0.6), 'holds'),
    ((-0.05, -0.1, 0.0), 'holds'),  # below 0 by chance
    ((1.0, 0.95, 1.05), 'fails'),
    ((0.85, 0.75, 0.95), 'undecided'),
    ((0.95, 0.85, 1.05), 'undecided'),
    ((None, None, None), 'undecided'),
  ],
)
def test_boundaries_are_fractal_or_not(ours, verdict):
  """By whether 0.9 is above the interval, below it, or in it."""
  exponent = stats.Estimate(*ours, 64, '')
  found = claims.fractal(exponent, 'case')
  assert (found['id'], found['verdict']) == ('fractal', verdict)
  assert found['ours'] == estimate(*ours)
  assert found['claim'].endswith(' (case)')
  assert 'case' not in claims.fractal(exponent, '')['claim']


@pytest.mark.parametrize(
  ('ours', 'verdict'),
  [
    ((0.2, 0.1, 0.3), 'holds'),
    ((0.01, 0.0, 0.04), 'fails'),
    ((0.7, 0.6, 0.8), 'fails'),
    ((0.5, 0.4, 0.6), 'undecided'),
    ((None,), 'undecided'),
  ],
)
def test_a_range_of_2_to_4_leaves_5_to_50_percent_or_not(ours, verdict):
  [claim] = claims.BY_RANGE
  assert claim.judge({'unsolved_rate': estimate(*ours)}) == verdict


# Rarely needed: other tasks, nets and slices.


@pytest.mark.slow
@pytest.mark.parametrize(
  ('flags', 'weights', 'text'),
  [
    (['--task=symmetry', '--learning_rate=0.3'], 17, 'XY' + 15 * '?'),
    (['--task=encoder', '--size=8', '--epochs=40'], 59, 'XY' + 57 * '?'),
    (['--hidden=4-2'], 12 + 10 + 3, 'XY' + 23 * '?'),
    (['--hidden=1', '--skip', '--seeds=2'], 3 + 4, 'XY?????'),
    (['--task=mine.csv', '--hidden=1', '--slice=XY?+1-1'], 5, 'XY?+1-1'),
    (['--slice=XX-XYY-YXYX', '--tied'], 9, 'XX-XYY-YXYX'),
    (['--axes=init_range,learning_rate', '--x_range=0:4', '--y_range=0:4'], 9,
     '?????????'),
    (['--axes=X,momentum', '--y_range=0:1'], 9, 'X????????'),
    (['--updates=shuffled', '--seeds=2'], 9, '+7+4-9-9-5Y-3+9X'),
  ],
  ids=str,
)  # fmt: skip
def test_other_tasks_nets_and_slices_leave_a_record(
  binary, tmp_path, flags, weights, text
):
  (tmp_path / 'mine.csv').write_text(
    'in1,in2,out1\n0,0,0\n0,1,1\n1,0,1\n1,1,1\n'
  )
  smoke = f'--flagfile={ROOT}/{SMOKE.partition("=")[2]}'
  flags = smoke, *TINY[1:], '--outcome_pixels=4', *flags, '--out=out'
  ended = binary('basins')(*flags, cwd=tmp_path)
  assert (ended.code, ended.err) == (0, '')
  json.loads((tmp_path / 'out' / 'summary.json').read_text(),
             parse_constant=pytest.fail)  # fmt: skip
  record = records.load(tmp_path / 'out')
  assert record.flags['slice'] == text
  [arrays] = record.parts.values()
  assert arrays['unit_weights'].sum() == weights
  maps = len(record.summary['settings'])
  assert len(arrays['x']) == maps * 256 == record.summary['nets']
  for k, entry in enumerate(record.summary['settings']):
    of = slice(256 * k, 256 * (k + 1))
    solved = arrays['outcome'][of] == Outcome.SOLVED
    assert entry['results']['converged_rate']['value'] == solved.mean()
    image = picture(tmp_path / 'out' / 'maps' / f'times_{k + 1:02}.png')
    np.testing.assert_array_equal(image.any(axis=2).ravel(), solved)
    assert np.all((arrays['solution'][of] >= 0) <= solved)


@pytest.mark.slow
def test_nets_of_too_many_weights_have_maps_without_solutions(run):
  found = run(
    'many', *TINY, '--task=encoder', '--size=8', '--hidden=4', '--epochs=30',
    '--outcome_pixels=4',
  )  # fmt: skip
  arrays = arrays_of(found)
  assert arrays['unit_weights'].sum() == 4 * 9 + 8 * 5  # 76, above 62
  assert 'solution' not in arrays
  results = found.record.summary['results']
  assert 'boundary_dimension_converged' in results
  assert not {'solutions', 'boundary_dimension'} & results.keys()
  assert stems(found) == {'times', 'outcomes', 'scaling'}
  assert stems(found, 'maps') == {'times_01'}
  assert verdicts(found) == []


@pytest.mark.slow
def test_precisions_are_compared_pixel_by_pixel(run):
  """Near -6.966 float32 steps by 5e-7, the pixels by 1.25e-8 or 1.25."""
  found = run(
    'digits', *TINY, '--precision=float32,float64', '--zoom=1,1e8',
    '--centre=-6.966,-5.5',
  )  # fmt: skip
  short, long = found.record.parts.values()
  assert (short['w0'].dtype, long['w0'].dtype) == (np.float32, np.float64)
  distinct = [
    entry['results']['distinct_rate']['value']
    for entry in found.record.summary['settings']
  ]
  assert distinct[0] == distinct[2] == distinct[3] == 1
  # 16 pixels span 2e-7, less than a step: one is taken a side at most.
  assert distinct[1] <= 2 / 30
  same = np.mean(short['solution'][:256] == long['solution'][:256])
  said = found.said.partition('Where the digits run out')[2]
  [line] = [li for li in said.splitlines() if li.startswith('zoom 1 ')]
  assert f'{100 * same:.0f}' in line.replace('.0', '')


@pytest.mark.slow
def test_the_same_nets_take_the_same_sweeps_in_the_boolean_study(
  drawn, binary, tmp_path
):
  flags = [
    f'--{name}={drawn.record.flags[name]}'
    for name in ('task', 'learning_rate', 'momentum', 'init_range', 'seeds',
                 'updates', 'bias_init', 'block_size')
  ]  # fmt: skip
  ended = binary('boolean')(
    *flags, '--hidden=2', f'--sweeps={EPOCHS}', '--after=0',
    '--zero_error_band=false', '--criterion=half', '--out=other', cwd=tmp_path,
  )  # fmt: skip
  assert (ended.code, ended.err) == (0, '')
  [other] = records.load(tmp_path / 'other').parts.values()
  ours = arrays_of(drawn)
  for name in ('seed', 'init_range', 'outcome', 'sweeps', 'error', 'w0', 'b1'):
    np.testing.assert_array_equal(ours[name], other[name])


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_bytes(
  smoke, binary, environment, tmp_path
):
  folder = tmp_path / 'killed'
  flags = SMOKE, '--chunk_size=128'
  kills.stop(
    kills.Study('experiments.basins', flags, SIDE**2 // 128),
    folder,
    environment,
  )
  left = kills.chunks(folder)
  assert 1 <= len(left) < SIDE**2 / 128
  assert not (folder / 'summary.json').exists()
  ended = binary('basins')(*flags, f'--out={folder}', cwd=ROOT)
  assert (ended.code, ended.err) == (0, '')
  whole, found = samples.tree(smoke[0]), samples.tree(folder)
  assert whole.keys() == found.keys()
  same = whole.keys() - {'machine.json', 'report.html', 'run.flags'}
  for name in same:
    assert whole[name] == found[name], name

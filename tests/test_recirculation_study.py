"""Recirculation: the study's record, its results, claims and bad input."""

import csv
import json

import numpy as np
import pytest
import samples

from experiments.results import comparison
from experiments.results import recirculation as results
from jaxrep import records, stats
from jaxrep.claims import judges
from jaxrep.claims import recirculation as claims

SMOKE_OF = 'recirculation'


@pytest.fixture(scope='module')
def arrays(record):
  return record.parts['h2']


def test_smoke_leaves_a_record_and_every_figure(smoke):
  assert {path.name for path in smoke[0].iterdir()} == {
    'run.flags', 'nets.csv', 'nets.npz', 'summary.json', 'machine.json',
    'figures', 'report.html',
  }  # fmt: skip
  drawn = {path.stem for path in (smoke[0] / 'figures').iterdir()}
  assert drawn >= {
    'errors', 'updates', 'agreement', 'search', 'close_median', 'close_slowest',
  }  # fmt: skip


def test_results_can_be_counted_in_the_table(record, smoke):
  with open(smoke[0] / 'nets.csv', newline='') as file:
    rows = list(csv.DictReader(file))
  found = record.summary['results']
  assert len(rows) == 128
  for suffix in ('', '_sse'):
    times = [
      float(r[f'updates{suffix}']) for r in rows if r[f'updates{suffix}']
    ]
    assert 0 < len(times) <= 128
    assert found[f'solved_rate{suffix}']['value'] == len(times) / 128
    assert np.isclose(found[f'updates_mean{suffix}']['value'], np.mean(times))
    assert found[f'updates_max{suffix}']['value'] == max(times)
    never = [np.inf] * (128 - len(times))
    middle = sorted(times + never)[63]  # the 64th: half have learnt by then
    assert found[f'updates_median{suffix}']['value'] == middle
  ended = [row['outcome'] for row in rows]
  assert ended.count('solved') == round(found['solved_rate']['value'] * 128)


def test_the_criteria_hold_at_their_update_and_not_before(arrays):
  """Curves are at every update up to the horizon, 40."""
  for name, curve in (('updates', 'worst_curve'), ('updates_sse', 'curve')):
    early = np.flatnonzero(arrays[name] <= 40)
    assert len(early) > 10
    for net in early:
      errors = arrays[curve][net][: int(arrays[name][net]) + 1]
      assert np.all(errors[:-1] >= 0.1) and errors[-1] < 0.1


def test_every_net_is_followed_to_the_horizon(arrays):
  assert arrays['marks'][:41].tolist() == list(range(41))
  for name in ('alignment', 'size_ratio'):
    assert arrays[name].shape == (128, 41)
    assert np.all(np.isfinite(arrays[name]))
  assert arrays['cosine'].shape == (128, 41, 2)
  assert np.all(arrays['age'] >= 40)


def test_alignment_and_sizes_are_those_of_the_final_weights(arrays):
  """Nets that learn before the horizon stop there, at the last look."""
  early = np.maximum(arrays['updates'], arrays['updates_sse']) <= 40
  assert early.sum() > 10
  for net in np.flatnonzero(early):
    vh, hv = (arrays[name][net].astype(float) for name in ('w0', 'w1'))
    cosine = np.sum(hv * vh.T) / np.linalg.norm(hv) / np.linalg.norm(vh)
    assert np.isclose(arrays['alignment'][net, -1], cosine, atol=1e-5)
    ratio = np.linalg.norm(hv) / np.linalg.norm(vh)
    assert np.isclose(arrays['size_ratio'][net, -1], ratio, rtol=1e-5)


def test_late_is_update_30(record, arrays):
  found = record.summary['results']
  middle = np.sort(arrays['cosine'][:, 30, 0])[63]
  assert np.isclose(found['cosine_vh_late']['value'], middle)
  middle = np.sort(arrays['size_ratio'][:, 30])[63]
  assert np.isclose(found['size_ratio_late']['value'], middle)


def test_a_close_up_ends_where_its_net_has_learnt(arrays):
  names = arrays['close_names'].tolist()
  assert names[:2] == ['median', 'slowest']
  order = np.argsort(np.nan_to_num(arrays['updates'], nan=np.inf))
  count = np.isfinite(arrays['updates']).sum()
  target = arrays['inputs']
  for k, row in ((0, order[(count - 1) // 2]), (1, order[count - 1])):
    learnt = arrays['updates'][row]
    assert (
      arrays['updates'][arrays['seed'] == arrays['close_seeds'][k]] == learnt
    )
    at, states = arrays['close_updates'][k], arrays['close_states'][k]
    worst = np.abs(states - target).max(axis=(1, 2))
    for update, error in zip(at, worst, strict=True):
      mark = np.searchsorted(arrays['marks'], update)
      if update <= learnt and arrays['marks'][mark] == update:
        assert np.isclose(error, arrays['worst_curve'][row, mark], atol=1e-6)
    assert worst[np.searchsorted(at, learnt)] < 0.1


def test_the_search_is_on_the_first_seeds_and_the_best_on_the_next(
  record, arrays
):
  search = arrays['search']  # [128 nets, 2 rules, 2 momenta, 3 rates]
  assert search.shape == (128, 2, 2, 3)
  asked = ~np.isnan(search).any(axis=(1, 2, 3))
  assert asked.tolist() == [True] * 64 + [False] * 64
  found = record.summary['results']
  for k, rule in enumerate(('recirculation', 'backprop')):
    means = [np.mean(np.minimum(search[:32, k, 0, r], 400)) for r in range(3)]
    best = int(np.argmin(means))
    assert found[f'{rule}_best_rate']['value'] == (5, 10, 20)[best]
    fresh = search[32:64, k, 0, best]
    fresh = fresh[np.isfinite(fresh)]
    assert np.isclose(found[f'{rule}_updates_mean']['value'], fresh.mean())


def test_recirculation_at_the_runs_own_rate_is_found_again_in_the_search(
  arrays,
):
  """The same seeds, trained in another block of the same size: the same."""
  again = arrays['search'][:64, 0, 0, 2]  # without momentum, at 20
  own = np.nan_to_num(arrays['updates'][:64], nan=np.inf)
  np.testing.assert_array_equal(again, own)


def test_verdicts_come_with_the_papers_setting_and_no_other(record):
  ids = [claim['id'] for claim in record.summary['claims']]
  assert ids == [claim.id for claim in claims.CLAIMS]
  about = claims.CLAIMS[0]
  assert about.is_about(claims.SETTING)
  assert not about.is_about({**claims.SETTING, 'learning_rate': 10})
  assert not about.is_about({**claims.SETTING, 'visible': 8})


def estimate(value, low, high):
  return {'value': value, 'low': low, 'high': high, 'n': 100}


@pytest.mark.parametrize(
  ('uphill', 'late', 'verdict'),
  [
    ((0.5, 0.45, 0.55), (0.95, 0.93, 0.97), judges.HOLDS),
    ((0.5, 0.45, 0.55), (0.85, 0.80, 0.88), judges.UNDECIDED),
    ((0.5, 0.45, 0.55), (0.40, 0.35, 0.45), judges.FAILS),
    ((0.1, 0.05, 0.15), (0.95, 0.93, 0.97), judges.FAILS),
    ((0.3, 0.20, 0.40), (0.95, 0.93, 0.97), judges.UNDECIDED),
    ((None, None, None), (0.95, 0.93, 0.97), judges.UNDECIDED),
  ],
)
def test_changes_must_first_go_either_way_and_then_agree(uphill, late, verdict):
  claim = next(c for c in claims.CLAIMS if c.id.endswith('then-agree'))
  found = {
    'vh_uphill_first_rate': estimate(*uphill),
    'cosine_vh_late': estimate(*late),
  }
  assert claim.judge(found) == verdict


@pytest.mark.parametrize(
  ('place', 'nets', 'verdict'),
  [(0.5, 4000, judges.HOLDS), (0.01, 4000, judges.FAILS),
   (0.99, 4000, judges.FAILS), (None, 4000, judges.UNDECIDED),
   (0.99, 3999, judges.UNDECIDED)],
)  # fmt: skip
def test_a_number_of_100_nets_is_held_against_groups_of_100(
  place, nets, verdict
):
  """Of 4,000 nets the slowest is in 1 - (1 - 1/4000)^100 = 2.5 % of groups."""
  share = {'value': place, 'low': None, 'high': None, 'n': nets}
  assert claims.CLAIMS[0].judge({'paper_mean_place': share}) == verdict


def test_the_place_of_a_mean_is_counted_in_groups():
  """100 nets of which each takes 1 or 3: a mean of 2 is the middle."""
  times = np.array([1.0, 3.0] * 2000) + 46
  found = results._against_100(times, 1000)
  assert abs(found['paper_mean_place'].value - 0.5) < 0.03
  assert found['maximum_of_100'].value == 49
  assert found['paper_maximum_place'].value == 1
  short = results._against_100(times, claims.MAXIMUM)  # cannot show 202
  assert short['paper_maximum_place'].value is None


def test_what_comes_first_is_what_stays():
  """By hand: alignment is above ½ for good from 1 on, agreement from 3 on."""
  alignment = np.array([[0.1, 0.6, 0.7, 0.8], [0.6] * 4, [0.9, 0.1, 0.9, 0.9]])
  agreement = np.array([[0.9, 0.1, 0.2, 0.8], [0.6] * 4, [0.9] * 4])
  found = results._order(alignment, agreement, np.arange(4))
  assert found['aligned_first_rate'] == stats.rate([True, False, False])
  assert found['agreed_first_rate'] == stats.rate([False, False, True])
  never = results._order(alignment, np.zeros((3, 4)), np.arange(4))
  assert never['aligned_first_rate'].n == 0
  assert never['agreed_after'].value is None
  assert found['aligned_after'].value == 1  # of 1, 0 and 2


def test_the_best_counts_nets_that_never_learn_with_the_budget():
  search = np.full((4, 2, 1, 3), 10.0)
  search[:2, 0, 0, 0] = [1, np.inf]  # a mean of 50.5 with the budget 100
  search[:2, 0, 0, 2] = 11
  search[2:, 0, 0, 1] = [20, np.inf]
  arrays = {'search': search, 'search_rates': np.array([5.0, 7.0, 9.0]),
            'search_momenta': np.array([0.0])}  # fmt: skip
  best = comparison.best(arrays, 100)
  assert best['recirculation'].rate == 7 and not best['recirculation'].edge
  assert best['backprop'].rate == 5 and best['backprop'].edge
  assert best['recirculation'].updates.tolist() == [20, np.inf]
  found = comparison.results(best, 100)
  assert found['recirculation_updates_mean'].value == 20
  assert found['recirculation_solved_rate'].value == 0.5
  assert found['recirculation_less_backprop'].value == (20 + 100) / 2 - 10
  assert 'recirculation_momentum_updates_mean' not in found


@pytest.mark.parametrize(
  ('flags', 'words'),
  [
    (['--regression_visible=1.5'], ['--regression_visible=1.5', '≤ 1']),
    (['--regression_hidden=-0.1'], ['--regression_hidden=-0.1', '≥ 0']),
    (['--regression_hidden=nan'], ['nan', 'same']),
    (['--hidden=0'], ['--hidden=0', 'from 1']),
    (['--hidden=4--2'], ['4--2']),
    (['--vectors=three_hot'], ['--vectors=three_hot', 'one_hot']),
    (['--vectors=v.csv', '--visible=4'], ['v.csv', '--visible=4', '3 columns']),
    (['--vectors=v.csv', '--visible=3', '--vectors_digest=0'], ['digest=0']),
    (['--vectors=high.csv', '--visible=1'], ['high.csv', 'line 2', '0 to 1']),
    (['--vectors=none.csv'], ['none.csv', 'No such file']),
    (['--vector_seed=1,2'], ['--vector_seed', '--vectors=random']),
    (['--vectors_digest=0'], ['--vectors_digest', 'a table']),
    (['--compare=-1'], ['--compare=-1', '≥ 0']),
    (['--tied', '--hidden=2-2'], ['--tied', '--hidden=2-2']),
    (['--keep_factor', '--regression_visible=1'], ['--keep_factor', 'below 1']),
    (['--update=3'], ["'update'"]),
    (['--trips=7'], ['--trips=7', 'hierarchy']),
    (['--structure=hierarchy'], ['--compare=400', 'expected 0']),
    (['--structure=hierarchy', '--compare=0', '--hidden=2-2'], ['one group']),
    (['--structure=hierarchy', '--compare=0', '--visible=17'], ['at most 16']),
    (['--structure=hierarchy', '--compare=0', '--vectors=half.csv',
      '--visible=1'], ['half.csv', 'line 2', '0 or 1']),
    (['--updates=3', '--change_after=case'], ['--updates=3', '4 changes']),
  ],
)  # fmt: skip
def test_bad_flags_are_told_in_one_line(binary, tmp_path, flags, words):
  files = {
    'v.csv': 'v1,v2,v3\n0,1,0\n1,0,0\n',
    'high.csv': 'v1\n2\n',
    'half.csv': 'v1,v2\n0.5,1\n',
  }
  for name, text in files.items():
    (tmp_path / name).write_text(text)
  before = samples.tree(tmp_path)
  ended = binary('recirculation')(*flags, cwd=tmp_path)
  assert (ended.code, ended.out) == (1, '')
  said = [line for line in ended.err.splitlines() if 'Pass --help' not in line]
  assert len(said) == 1 and said[0].startswith('recirculation: ')
  for word in words:
    assert word in said[0]
  assert samples.tree(tmp_path) == before


@pytest.mark.slow
def test_grids_long_loops_tables_and_orders_work(binary, tmp_path):
  (tmp_path / 'v.csv').write_text('v1,v2,v3\n0,1,0\n0.25,0,1\n1,0,0\n')
  for name, flags in {
    'grid': ('--learning_rate=5,10', '--regression_visible=0.5,0.75',
             '--regression_hidden=same', '--horizon=0'),
    'long': ('--hidden=3-2-3', '--learning_rate=2'),
    'table': ('--vectors=v.csv', '--visible=3', '--hidden=2,3'),
    'orders': ('--change_after=sweep,case,shuffled', '--learning_rate=4'),
    'linear': ('--visible_units=linear', '--tied', '--learning_rate=0.5',
               '--precision=float64', '--passes=2', '--keep_factor'),
    'random': ('--vectors=random', '--vector_seed=0,1', '--vector_count=3'),
  }.items():  # fmt: skip
    ended = binary('recirculation')(
      *flags, '--seeds=40', '--updates=60', '--compare=0', f'--out={name}',
      cwd=tmp_path,
    )  # fmt: skip
    assert (ended.code, ended.err) == (0, ''), name
    summary = json.loads((tmp_path / name / 'summary.json').read_text())
    for setting in summary['settings']:
      assert setting['results']['solved_rate']['n'] == 40
    assert len(summary['settings']) == {
      'grid': 4, 'long': 1, 'table': 2, 'orders': 3, 'linear': 1, 'random': 2
    }[name]  # fmt: skip
  grid = records.load(tmp_path / 'grid').parts['h2']
  assert grid['seed'].shape == (160,) and 'cosine' not in grid
  orders = records.load(tmp_path / 'orders').parts['h2_case']
  times = orders['updates'][np.isfinite(orders['updates'])]
  assert not np.any(times % 4)  # four vectors a sweep

"""A far too large ε: nets that diverge are counted, and no other changes."""

import itertools
import re

import binaries
import jax
import numpy as np
import pytest

from jaxrep import loops, records, seeds, trials
from jaxrep.measures import localist
from jaxrep.measures.minima import Outcome
from jaxrep.tasks.patterns import Patterns

slow = pytest.mark.slow
FEW = '--seeds=4', '--sweeps=60', '--after=5', '--momentum=0.99'
# A study's flags, an ε at which it learns, and one at which nets diverge.
STUDIES = [
  pytest.param('symmetry', ('--bits=4', *FEW), '0.5', '3e38'),
  pytest.param(
    'boolean', ('--stuck_after=30', *FEW), '0.5', '3e38', marks=slow
  ),
  pytest.param('credit', FEW, '0.5', '3e38', marks=slow),
  pytest.param(
    'family_trees',
    ('--seeds=4', '--sweeps=40', '--permutations=0'),
    '0.01', '3e38', marks=slow,
  ),
  pytest.param(
    'recirculation',
    ('--visible_units=linear', '--seeds=4', '--updates=40', '--horizon=10',
     '--compare=0'),
    '0.1', '1e30',
  ),
  pytest.param(
    'localization',
    ('--flagfile=flags/localization/smoke.flags', '--seeds=4',
     '--permutations=0'),
    '0.005', '3e38', marks=slow,
  ),
  pytest.param(
    'equality',
    ('--flagfile=flags/equality/smoke.flags', '--seeds=2', '--examples=640',
     '--steps=5', '--layers=1', '--ks=8', '--control_ks=8',
     '--hypotheses=left', '--controls=0', '--restarts=1', '--twins=0',
     '--starts=1', '--learnt=0'),
    '0.01', '3e38', marks=slow,
  ),
  pytest.param(
    'basins',
    ('--pixels=16', '--outcome_pixels=0', '--epochs=60', '--momentum=0.99'),
    '3', '3e38', marks=slow,
  ),
]  # fmt: skip


def of_setting(record, k):
  """Returns the arrays of a setting's nets, without what all nets share."""
  [arrays] = record.parts.values()
  rows = records.by_setting(arrays, len(record.summary['settings']))[k]
  same = {records.CONSTANTS, *arrays[records.CONSTANTS].tolist()}
  return {name: a for name, a in rows.items() if name not in same}


@pytest.mark.parametrize(('study', 'few', 'good', 'bad'), STUDIES)
def test_nets_that_diverge_are_counted_and_change_no_others(
  binary, tmp_path, study, few, good, bad
):
  found = []
  for name, rates in ('both', f'{good},{bad}'), ('alone', good):
    out = tmp_path / name
    ended = binary(study)(
      *few, f'--learning_rate={rates}', f'--out={out}', cwd=binaries.ROOT
    )
    assert (ended.code, ended.err) == (0, '')
    found.append(records.load(out))
  both, alone = found

  mine, theirs = of_setting(both, 0), of_setting(alone, 0)
  assert mine.keys() == theirs.keys()
  for name, array in theirs.items():
    assert mine[name].dtype == array.dtype
    assert mine[name].tobytes() == array.tobytes(), name

  arrays = of_setting(both, 1)
  [part] = both.parts.values()
  finite = arrays.get('finite')
  if finite is None:
    finite = part['outcomes'][arrays['outcome']] != 'diverged'
    finite |= arrays['outcome'] < 0  # of a map, not judged
  for name, array in arrays.items():
    if re.fullmatch(r'[wb]\d|error', name):
      sound = np.isfinite(array.reshape(len(array), -1)).all(axis=1)
      assert np.all(sound | ~finite), name
  assert not finite.all()
  rate = both.summary['settings'][1]['results']['diverged_rate']
  assert rate['value'] == np.mean(~finite)
  assert 'diverged' in (tmp_path / 'both/report.html').read_text()


def corners(bits):
  x = np.array(list(itertools.product((0, 1), repeat=bits)), np.float32)
  return Patterns(x, x[:, :1])


RECIPE = trials.Recipe(
  (0.5,), (0.0,), (1.0,), (1.0,), (0.5,), 'uniform', 0.0, 9, 0, given=True
)


@pytest.mark.parametrize('updates', ['sweep', 'case'])
def test_a_net_that_is_not_a_number_solves_nothing(updates):
  """On a CPU a compiled maximum of 64 numbers passes over NaN."""
  patterns = corners(6)
  trial = trials.trial(RECIPE._replace(updates=updates), (6, 2, 1))
  trial = trial._replace(marks=[9], certified=False)
  start = np.random.default_rng(0).normal(size=(8, 17)).astype(np.float32)
  wild = start.copy()
  wild[1], wild[3, 0], wild[5, -1], wild[7, 0] = np.nan, np.nan, np.nan, np.inf

  def run(start):
    ones = np.ones(8, np.float32)
    setting = {name: values[0] * ones for name, values in RECIPE.grid().items()}
    rows = seeds.Nets(np.arange(8, dtype=np.uint32), setting | {'start': start})
    blocks = seeds.lay_out(64, 'cpu')
    return trials.run(trial, rows, patterns, blocks=blocks)

  net, arrays, _ = run(wild)
  odd = np.arange(8) % 2 == 1
  np.testing.assert_array_equal(arrays['outcome'] == Outcome.DIVERGED, odd)
  assert np.isnan(arrays['sweeps'][odd]).all()
  # The others are what they are among nets that do not diverge.
  tame, expected, _ = run(start)
  for mine, theirs in zip(
    jax.tree.leaves((net, arrays)), jax.tree.leaves((tame, expected)),
    strict=True,
  ):  # fmt: skip
    np.testing.assert_array_equal(mine[~odd], theirs[~odd])


def test_a_net_that_diverges_past_its_solve_has_diverged():
  """One unit whose bias says 1: solved as it starts. Then α = 1e30."""
  patterns = Patterns(np.ones((1, 1), np.float32), np.ones((1, 1), np.float32))
  recipe = RECIPE._replace(momentum=(1e30,), after=8)
  trial = trials.trial(recipe, (1, 1, 1))._replace(certified=False)
  setting = {
    name: np.array(values[:1], np.float32)
    for name, values in recipe.grid().items()
  }
  setting['start'] = np.full((1, 4), 0.5, np.float32)
  rows = seeds.Nets(np.zeros(1, np.uint32), setting)
  net, arrays, _ = trials.run(
    trial, rows, patterns, blocks=seeds.lay_out(16, 'cpu')
  )
  assert not all(np.isfinite(a).all() for a in jax.tree.leaves(net))
  assert arrays['outcome'].tolist() == [Outcome.DIVERGED]
  assert np.isnan(arrays['sweeps']).all()


def test_the_worst_unit_of_a_net_that_is_not_a_number_is_none():
  """A loop of linear units blows up at ε = 1e30."""
  recipe = loops.Recipe(
    (1e30,), (0.9,), (0.5,), (0.75,), ('same',), 12, 0, visible_units='linear'
  )
  patterns = Patterns(corners(6).inputs, corners(6).inputs)
  rows = seeds.cross(range(4), **recipe.grid())
  _, arrays, _ = loops.run(
    loops.trial(recipe, (6, 3, 6)), rows, patterns,
    blocks=seeds.lay_out(16, 'cpu'),
  )  # fmt: skip
  assert np.all(arrays['outcome'] == loops.Outcome.DIVERGED)
  assert np.isnan(arrays['updates']).all()
  nothing = np.isnan(arrays['curve'])
  assert np.isnan(arrays['worst_curve'][nothing]).all()
  assert np.all(arrays['worst_curve'][~nothing] >= 0)


def test_nothing_is_near_a_map_that_is_not_finite():
  into = np.stack([np.eye(4), np.full((4, 4), np.nan), np.eye(4)])
  into[2, 0, 0] = np.inf
  found = localist.nearest(into, variables=2, k=1)
  np.testing.assert_array_equal(found[0], np.eye(4))
  assert np.isnan(found[1:]).all()

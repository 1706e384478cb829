"""What a net becomes depends on its seed, its settings and the block size."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import samples

from jaxrep import nets as layered
from jaxrep import seeds, trials
from jaxrep.learning import descent
from jaxrep.tasks import symmetry

RECIPE = samples.RECIPE
# Four bits: nets solve it at different times, some before 100 sweeps.
TRIAL = trials.trial(RECIPE, (4, 2, 1))
PATTERNS = symmetry.patterns(4, coding='binary')


def layout(devices=2, size=16):
  return seeds.Blocks(size, tuple(jax.local_devices()[:devices]))


def finish(nets, *, blocks=None, marks=None, study=TRIAL.study):
  looks = seeds.evolve(
    study,
    nets,
    marks=TRIAL.marks if marks is None else marks,
    blocks=blocks or layout(),
    shared=PATTERNS,
  )
  *_, last = looks
  return last


def grid(seed_range, **lists):
  return seeds.cross(seed_range, **(RECIPE.grid() | lists))


@pytest.fixture(scope='module')
def forty():
  return finish(grid(range(40))).state


def test_nets_end_at_different_times(forty):
  """Else the tests below would not test leaving and packing."""
  assert len(np.unique(forty.sweep)) > 10
  assert np.any(forty.solved_at == descent.NEVER)


@pytest.mark.parametrize('rows', [[7], [39, 3, 17], list(range(39, -1, -1))])
def test_bits_do_not_depend_on_number_or_order_of_nets(forty, rows):
  found = finish(grid(rows)).state
  expected = jax.tree.map(lambda a: a[rows], forty)
  chex.assert_trees_all_equal(found, expected)


@pytest.mark.parametrize('devices', [1, 3, 4])
def test_bits_do_not_depend_on_the_number_of_devices(forty, devices):
  found = finish(grid(range(40)), blocks=layout(devices)).state
  chex.assert_trees_all_equal(found, forty)


@pytest.mark.parametrize('marks', [[451], [0, 3, 100, 451], range(452)])
def test_bits_do_not_depend_on_the_marks(forty, marks):
  found = finish(grid(range(40)), marks=marks).state
  chex.assert_trees_all_equal(found, forty)


def test_bits_do_not_depend_on_the_other_settings(forty):
  rates = [0.1, 0.5, 2.0]
  found = finish(grid(range(40), learning_rate=rates)).state
  same = jax.tree.map(lambda a: a[40:80], found)
  chex.assert_trees_all_equal(same, forty)


def test_a_net_that_diverges_leaves_its_neighbours_alone(forty):
  nets = grid(range(40))
  nets.setting['init_range'][5] = np.inf
  look = finish(nets)
  others = np.arange(40) != 5
  chex.assert_trees_all_equal(
    jax.tree.map(lambda a: a[others], look.state),
    jax.tree.map(lambda a: a[others], forty),
  )
  assert not look.report.finite[5]


def test_more_blocks_than_one_call_holds_give_the_same_bits(forty):
  """One device takes 16 blocks of 16 a call: 600 nets need three calls."""
  found = finish(grid(range(600)), blocks=layout(1)).state
  chex.assert_trees_all_equal(jax.tree.map(lambda a: a[:40], found), forty)


@pytest.mark.slow
def test_another_block_size_agrees_within_rounding_before_chaos():
  """Rounding differences grow with time: 30 sweeps are too few for that."""
  short = trials.trial(RECIPE._replace(sweeps=30, after=0), (4, 2, 1)).study
  nets = grid(range(20))
  a = finish(nets, study=short, marks=[31], blocks=layout(size=16)).state.net
  b = finish(nets, study=short, marks=[31], blocks=layout(size=64)).state.net
  chex.assert_trees_all_close(a, b, atol=1e-4)


def test_agrees_with_a_numpy_loop_of_one_net():
  """The same arithmetic in float64; in ten sweeps rounding cannot grow."""
  nets = grid(range(3))
  trial = trials.trial(RECIPE._replace(sweeps=10, after=0), (4, 2, 1))
  found = finish(nets, study=trial.study, marks=[11]).state.net
  x, d = (np.asarray(a, np.float64) for a in PATTERNS)
  for row in range(3):
    net = layered.init(
      jax.random.key(row), (4, 2, 1), weight_range=1.0, bias_range=1.0
    )
    w = [np.asarray(a, np.float64) for layer in net for a in (layer.w, layer.b)]
    change = [np.zeros_like(a) for a in w]
    for _ in range(10):
      h = 1 / (1 + np.exp(-(x @ w[0] + w[1])))
      y = 1 / (1 + np.exp(-(h @ w[2] + w[3])))
      out = (y - d) * y * (1 - y)
      hidden = (out @ w[2].T) * h * (1 - h)
      slope = [x.T @ hidden, hidden.sum(0), h.T @ out, out.sum(0)]
      change = [0.9 * c - 0.5 * g for c, g in zip(change, slope, strict=True)]
      w = [a + c for a, c in zip(w, change, strict=True)]
    ours = [a[row] for layer in found for a in (layer.w, layer.b)]
    chex.assert_trees_all_close(ours, w, atol=1e-5)


def test_one_program_is_compiled_for_each_shape():
  counted = []
  jax.monitoring.register_event_duration_secs_listener(
    lambda event, *_, **__: counted.append(event)
  )
  study = trials.trial(RECIPE._replace(after=1), (4, 2, 1)).study
  for rows in (range(5), range(300)):
    for rates in ([0.5], [0.1, 0.2]):
      finish(grid(rows, learning_rate=rates), study=study, marks=[0, 1, 2, 451])
  compiled = [e for e in counted if e.endswith('backend_compile_duration')]
  assert len(compiled) == 2  # start and advance


def test_cost_is_what_the_nets_need_and_the_tail_of_a_block():
  """Marks lie at most 12 % apart, so a net computes at most 12 % too much."""
  look = finish(grid(range(256)))
  needed = look.state.sweep.sum()
  blocks_tail = 16 * TRIAL.marks[-1]
  assert needed <= look.computed <= 1.12 * needed + 256 + blocks_tail


def test_marks_are_dense_enough():
  for horizon in (1, 5, 1000, 22_001):
    marks = seeds.marks(horizon)
    assert marks[0] == 0 and marks[-1] == horizon
    for a, b in zip(marks[:-1], marks[1:], strict=True):
      assert a < b <= max(a + 1, 1.12 * a)


def test_settings_are_crossed_with_the_same_seeds():
  nets = seeds.cross([7, 8], a=[1, 2], b=[0.5])
  np.testing.assert_array_equal(nets.seed, [7, 8, 7, 8])
  np.testing.assert_array_equal(nets.setting['a'], [1, 1, 2, 2])
  assert seeds.settings(a=[1, 2], b=[0.5]) == [
    {'a': 1, 'b': 0.5},
    {'a': 2, 'b': 0.5},
  ]


def test_a_setting_may_set_the_initial_weights():
  """Maps of initial conditions: each row brings its own start."""
  start = seeds.Study(
    start=lambda key, setting, shared: setting['w'],
    sweep=lambda w, setting, shared: w - shared * w,
    look=lambda w, setting, shared: (w.sum(), w.sum() < 0.1),
  )
  w = np.arange(20, dtype=np.float32).reshape(10, 2)
  nets = seeds.Nets(np.zeros(10, np.uint32), {'w': w})
  half = np.float32(0.5)
  *_, look = seeds.evolve(
    start, nets, marks=[0, 1, 2], blocks=layout(), shared=half
  )
  np.testing.assert_array_equal(look.state, w / 4)


def test_a_study_of_fixed_length_is_one_function():
  rows = np.arange(50, dtype=np.uint32)
  found = seeds.each(_walk, rows, blocks=layout(), shared=(np.float32(2),))
  expected = [_walk(jnp.uint32(k), jnp.float32(2)) for k in (0, 31, 49)]
  np.testing.assert_array_equal(
    found['end'][[0, 31, 49]], [e['end'] for e in expected]
  )
  assert found['path'].shape == (50, 7)


def _walk(seed, scale):
  steps = jax.random.normal(jax.random.key(seed), (7,)) * scale
  end, path = jax.lax.scan(lambda c, s: (c + s, c + s), 0.0, steps)
  return {'end': end, 'path': path}


@pytest.mark.parametrize('size', [0, -16, 17, 8])
def test_block_sizes_that_would_break_the_promise_are_refused(size):
  with pytest.raises(ValueError, match='multiple of 16'):
    seeds.lay_out(size)


def test_settings_that_are_arrays_stay_whole_in_a_grid():
  starts = [np.array([1.0, 2.0]), np.array([3.0, 4.0])]
  nets = seeds.cross(range(3), w=starts)
  np.testing.assert_array_equal(nets.setting['w'], np.repeat(starts, 3, axis=0))


def _double(x):
  return x * 2


def test_precision_is_that_of_the_context_at_each_call():
  rows = np.arange(4.0)
  single = seeds.each(_double, rows, blocks=layout())
  with jax.enable_x64(True):
    exact = seeds.each(_double, rows, blocks=layout())
  assert (single.dtype, exact.dtype) == (np.float32, np.float64)


def test_no_rows_give_no_results():
  found = seeds.each(_double, np.zeros((0, 3), np.float32), blocks=layout())
  assert found.shape == (0, 3)


@pytest.mark.parametrize(
  ('cells', 'size'),
  [(8, 512), (64, 512), (65, 256), (128, 256), (384, 64), (2048, 64)],
)
def test_a_block_holds_as_many_nets_as_suit_their_size(cells, size):
  """At most 2^15 hidden activations, but never fewer than 64 nets."""
  assert seeds.lay_out(platform='cpu', cells=cells).size == size
  assert seeds.lay_out(16, platform='cpu', cells=cells).size == 16

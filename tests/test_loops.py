"""Loops in training against NumPy, by hand, and what is followed of them."""

import chex
import jax
import numpy as np
import pytest

from jaxrep import loops, seeds
from jaxrep import nets as layered
from jaxrep.loops import Outcome
from jaxrep.tasks.patterns import Patterns

# Numbers that float32 holds exactly, as settings do.
RECIPE = loops.Recipe(
  learning_rate=(20.0,),
  momentum=(0.0,),
  init_range=(0.5,),
  regression_visible=(0.75,),
  regression_hidden=(0.5,),
  sweeps=60,
  horizon=0,
)
ROWS = (2, 3, 11)


def vectors(width, dtype='float32'):
  """One-hot vectors; of one unit, on and off."""
  v = np.eye(width) if width > 1 else np.array([[1], [0]])
  return Patterns(*2 * [v.astype(dtype)])


def train(recipe, sizes, *, rows=ROWS, patterns=None, setting=(), **options):
  """Returns nets, arrays and cost; further settings, through the same trial."""
  if patterns is None:
    patterns = vectors(sizes[0], recipe.precision)
  nets = seeds.cross(rows, **(recipe.grid() | dict(setting)))
  blocks = seeds.Blocks(16, tuple(jax.local_devices()[:1]))
  trial = loops.trial(recipe, sizes)
  return loops.run(trial, nets, patterns, blocks=blocks, **options)


def settings_of(recipe, rows=ROWS):
  """Yields seed and setting of each net, in the order of the arrays."""
  for setting in seeds.settings(**recipe.grid()):
    for seed in rows:
      yield seed, setting


def start(seed, sizes, recipe):
  """Returns w, b, r, c, in float64."""
  net = layered.init(
    jax.random.key(seed), sizes,
    weight_range=recipe.init_range[0], bias_range=recipe.init_range[0],
  )  # fmt: skip
  w, b, r, c = (np.asarray(a, np.float64) for a in jax.tree.leaves(net))
  return [w, b, w.T.copy() if recipe.tied else r, c]


def logistic(x):
  return 1 / (1 + np.exp(-x))


def changes_in_numpy(weights, v, setting, recipe):
  """Returns the changes over ε, summed over the vectors `[C, V]`, and -∂E/∂w.

  Eqs 3 to 6, a matrix of cases at a time.
  """
  w, b, r, c = weights
  linear = recipe.visible_units == 'linear'
  keep_v, keep_h = setting['regression_visible'], setting['regression_hidden']
  h1 = logistic(v @ w + b)
  y = h1 @ r + c if linear else logistic(h1 @ r + c)
  v2 = keep_v * v + (1 - keep_v) * y
  h3 = keep_h * h1 + (1 - keep_h) * logistic(v2 @ w + b)
  lost_h, lost_v = h1 - h3, v - v2
  changes = v2.T @ lost_h, lost_h.sum(0), h1.T @ lost_v, lost_v.sum(0)
  out = (v - y) * (1 if linear else y * (1 - y))
  back = (out @ r.T) * h1 * (1 - h1)
  return changes, (v.T @ back, back.sum(0), h1.T @ out, out.sum(0))


def in_numpy(seed, setting, recipe, sizes):
  """Returns what becomes of a net, by name; times are in sweeps."""
  v, _ = vectors(sizes[0], 'float64')
  weights = start(seed, sizes, recipe)
  last = [np.zeros_like(a) for a in weights]
  solved, errors, worst, cosines = [None, None], [], [], []
  for sweep in range(1000):
    y = logistic(v @ weights[0] + weights[1]) @ weights[2] + weights[3]
    y = y if recipe.visible_units == 'linear' else logistic(y)
    errors.append(0.5 * np.sum((y - v) ** 2))
    worst.append(np.abs(y - v).max())
    a, b = changes_in_numpy(weights, v, setting, recipe)
    cosines.append([cosine(a[:2], b[:2]), cosine(a[2:], b[2:])])
    for k, met in enumerate((worst[-1] < 0.1, errors[-1] < 0.1)):
      if met and solved[k] is None:
        solved[k] = sweep
    end = recipe.sweeps if None in solved else max(solved)
    if sweep >= max(end, recipe.horizon):
      break
    for batch in [v] if recipe.updates == 'sweep' else v[:, None]:
      by_rule = changes_in_numpy(weights, batch, setting, recipe)
      change = list(by_rule[recipe.rule == 'backprop'])
      if recipe.tied:
        change[0] = change[0] + change[2].T
        change[2] = change[0].T
      for k, one in enumerate(change):
        last[k] = setting['learning_rate'] * one + setting['momentum'] * last[k]
        weights[k] = weights[k] + last[k]
  return {
    'weights': weights, 'solved': solved, 'age': sweep, 'errors': errors,
    'worst': worst, 'cosines': cosines,
  }  # fmt: skip


def cosine(a, b):
  a, b = (np.concatenate([x.ravel() for x in one]) for one in (a, b))
  return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def assert_as_in_numpy(trained, recipe, sizes, *, a_sweep=1):
  """Same times, same ages, and weights alike; returns NumPy's."""
  nets, arrays, _ = trained
  expected = [
    in_numpy(seed, setting, recipe, sizes)
    for seed, setting in settings_of(recipe)
  ]
  assert len(arrays['age']) == len(expected)
  for k, one in enumerate(expected):
    times = [np.nan if t is None else a_sweep * t for t in one['solved']]
    found = arrays['updates'][k], arrays['updates_sse'][k]
    np.testing.assert_array_equal(found, times)
    assert arrays['age'][k] == one['age']
    solved = one['solved'][0] is not None
    assert arrays['outcome'][k] == (not solved)  # 0 solved, 1 unsolved
    ours = [a[k] for a in jax.tree.leaves(nets)]
    assert {a.dtype.name for a in ours} == {recipe.precision}
    # Rounding, 1e-16, grows with ε and some tens of updates: a thousandfold
    # where it was looked at. Any other change of a weight is above 1e-6.
    chex.assert_trees_all_close(ours, one['weights'], atol=1e-10, rtol=0)
    first = start(list(settings_of(recipe))[k][0], sizes, recipe)
    assert np.abs(first[0] - one['weights'][0]).max() > 0.05
  return expected


WHOLE = RECIPE._replace(
  learning_rate=(10.0, 3.0),
  momentum=(0.0, 0.5),
  horizon=30,
  precision='float64',
)
SIZES = (2, 2, 2)


@pytest.fixture(scope='module')
def whole():
  """Twelve nets: two rates, two momenta, three seeds."""
  return train(WHOLE, SIZES)


@pytest.fixture(scope='module')
def expected(whole):
  return assert_as_in_numpy(whole, WHOLE, SIZES)


class TestWhole:
  def test_nets_are_those_of_numpy_and_of_many_kinds(self, expected):
    """Times, ages, outcomes and weights are compared in the fixture."""
    both = [one['solved'] for one in expected]
    assert any(one[0] is None and one[1] is not None for one in both)
    late = [one for one in both if None not in one and max(one) > WHOLE.horizon]
    early = [
      one for one in both if None not in one and max(one) < WHOLE.horizon
    ]
    assert late and early
    assert any(one[0] != one[1] for one in late + early)

  def test_every_net_is_followed_to_the_horizon_or_both_criteria(self, whole):
    """Else to the budget."""
    _, arrays, _ = whole
    both = np.maximum(arrays['updates'], arrays['updates_sse'])
    ends = np.where(np.isnan(both), WHOLE.sweeps, both)
    np.testing.assert_array_equal(
      arrays['age'], np.maximum(ends, WHOLE.horizon)
    )

  def test_curves_are_errors_at_the_marks_and_then_stand_still(
    self, whole, expected
  ):
    """They are kept in float32: 6e-8 of each."""
    _, arrays, _ = whole
    marks = WHOLE.marks()
    for name, series in (('curve', 'errors'), ('worst_curve', 'worst')):
      for k, one in enumerate(expected):
        at_marks = [one[series][min(mark, one['age'])] for mark in marks]
        np.testing.assert_allclose(arrays[name][k], at_marks, rtol=1e-6)
    final = [one['errors'][-1] for one in expected]
    np.testing.assert_allclose(arrays['error'], final, rtol=1e-9)

  def test_cosines_are_of_each_sweep_to_the_horizon(self, whole, expected):
    _, arrays, _ = whole
    chex.assert_shape(arrays['cosine'], (12, WHOLE.horizon + 1, 2))
    for k, one in enumerate(expected):
      upto = one['cosines'][: WHOLE.horizon + 1]
      # float32 holds them to 6e-8; those of small errors cancel digits.
      np.testing.assert_allclose(arrays['cosine'][k], upto, atol=1e-6)

  def test_matrices_are_measured_before_the_first_change(self, whole):
    _, arrays, _ = whole
    for k, (seed, _) in enumerate(settings_of(WHOLE)):
      w, _, r, _ = start(seed, SIZES, WHOLE)
      found = arrays['alignment'][k, 0], arrays['size_ratio'][k, 0]
      ratio = np.linalg.norm(r) / np.linalg.norm(w)
      assert found == pytest.approx((cosine([r], [w.T]), ratio), rel=1e-6)

  def test_nets_that_are_over_come_back_as_they_went_in(self, whole):
    """With one mark at the end they go through all its sweeps."""
    study = loops.trial(WHOLE, SIZES).study
    with jax.enable_x64(True):
      *_, look = seeds.evolve(
        study,
        seeds.cross(ROWS, **WHOLE.grid()),
        marks=[WHOLE.sweeps + 1],
        blocks=seeds.Blocks(16, tuple(jax.local_devices()[:1])),
        shared=vectors(SIZES[0], 'float64'),
      )
    assert look.over.all()
    chex.assert_trees_all_equal(look.state.net, whole[0])

  @pytest.mark.parametrize(('k', 'rate'), [(0, 10.0), (1, 3.0)])
  def test_a_grid_of_rates_gives_the_bits_of_each_alone(self, whole, k, rate):
    nets, arrays, _ = train(WHOLE, SIZES, setting={'learning_rate': [rate]})
    here = slice(6 * k, 6 * k + 6)
    both = (whole[0], whole[1])
    chex.assert_trees_all_equal(
      (nets, arrays), jax.tree.map(lambda a: a[here], both)
    )

  def test_an_observer_is_told_of_nets_that_are_over_and_solved(self, whole):
    told = []
    _, arrays, cost = train(WHOLE, SIZES, watch=lambda *n: told.append(n))
    assert told[0] == (0, 0)
    assert told[-1] == (12, (arrays['outcome'] == Outcome.SOLVED).sum())
    assert cost >= arrays['age'].sum()
    assert len(told) <= len(WHOLE.marks())


def test_changes_after_each_case_are_counted_one_by_one():
  recipe = RECIPE._replace(updates='case', precision='float64')
  trained = train(recipe, (1, 1, 1))
  assert_as_in_numpy(trained, recipe, (1, 1, 1), a_sweep=2)
  updates = trained[1]['updates']
  assert np.isfinite(updates).any()
  assert np.all(updates[np.isfinite(updates)] % 2 == 0)
  # The sum over both at once would be another path.
  at_once = [
    in_numpy(seed, setting, RECIPE, (1, 1, 1))['solved'][0]
    for seed, setting in settings_of(RECIPE)
  ]
  assert list(updates / 2) != at_once


def test_backprop_is_plain_steepest_descent():
  recipe = RECIPE._replace(
    rule='backprop', learning_rate=(8.0,), precision='float64'
  )
  trained = train(recipe, (1, 1, 1))
  assert_as_in_numpy(trained, recipe, (1, 1, 1))
  assert np.isfinite(trained[1]['updates']).any()


LINEAR = RECIPE._replace(
  learning_rate=(0.5, 1e6),
  regression_visible=(0.75, 1.0),
  visible_units='linear',
  tied=True,
)


@pytest.fixture(scope='module')
def trained():
  return train(LINEAR, SIZES)


class TestTiedAndLinear:
  def kind(self, rate, share):
    """Returns which rows have this ε and this λ_v."""
    return [
      k
      for k, (_, setting) in enumerate(settings_of(LINEAR))
      if setting['learning_rate'] == rate
      and setting['regression_visible'] == share
    ]

  def test_nets_are_those_of_numpy(self, trained):
    nets, arrays, _ = trained
    for k in self.kind(0.5, 0.75):
      seed, setting = list(settings_of(LINEAR))[k]
      one = in_numpy(seed, setting, LINEAR, SIZES)
      assert arrays['age'][k] == one['age'] > 10
      ours = [a[k] for a in jax.tree.leaves(nets)]
      # Rounding, 6e-8, grows more than tenfold in tens of sweeps.
      chex.assert_trees_all_close(ours, one['weights'], atol=1e-5, rtol=0)

  def test_tied_loops_stay_tied_to_the_bit(self, trained):
    (first, last), _, _ = trained
    learnt = self.kind(0.5, 0.75)
    before = np.array([start(seed, SIZES, LINEAR)[0] for seed in ROWS])
    assert np.all(np.abs(first.w[learnt] - before).max(axis=(1, 2)) > 0.05)
    for k in learnt + self.kind(0.5, 1.0):
      np.testing.assert_array_equal(last.w[k], first.w[k].T)

  def test_nets_that_grow_without_bound_have_diverged(self, trained):
    _, arrays, _ = trained
    for k in range(12):
      diverged = arrays['outcome'][k] == Outcome.DIVERGED
      assert diverged == (k in self.kind(1e6, 0.75))
    assert np.isnan(arrays['updates'][self.kind(1e6, 0.75)]).all()
    assert Outcome.DIVERGED.label == 'diverged'

  def test_nets_that_cannot_change_leave_at_once_as_they_came(self, trained):
    """Visible units that keep all of their state."""
    nets, arrays, _ = trained
    for k in self.kind(0.5, 1.0) + self.kind(1e6, 1.0):
      assert arrays['age'][k] == 0
      assert arrays['outcome'][k] == Outcome.UNSOLVED
      expected = start(ROWS[k % 3], SIZES, LINEAR)
      ours = [a[k] for a in jax.tree.leaves(nets)]
      chex.assert_trees_all_equal(ours, expected)


ZERO = RECIPE._replace(
  init_range=(0.0,), regression_visible=(0.0,), regression_hidden=(0.0,)
)


def counts(sweeps, value):
  """Returns updates, updates_sse, age and outcome at two rates, of 1-1-1."""
  patterns = Patterns(*2 * [np.full((1, 1), value, 'f')])
  rates = {'learning_rate': [8.0, 1.6 * np.log(3)]}
  recipe = ZERO._replace(sweeps=sweeps)
  _, arrays, _ = train(
    recipe, (1, 1, 1), rows=[0], patterns=patterns, setting=rates
  )
  return [
    [None if np.isnan(t) else t for t in arrays[name].tolist()]
    for name in ('updates', 'updates_sse', 'age', 'outcome')
  ]


@pytest.fixture(scope='module')
def compiled():
  """How many programs two runs with a budget of 1 compile, the first ones.

  Other nets, rates and vectors the second time.
  """
  counted = []
  jax.monitoring.register_event_duration_secs_listener(
    lambda event, *_, **__: counted.append(event)
  )
  recipe = ZERO._replace(sweeps=1)
  for rows, rate, value in (([0], 1.0, 0.0), (range(40), 2.0, 1.0)):
    patterns = Patterns(*2 * [np.full((1, 1), value, 'f')])
    setting = {'learning_rate': [rate], 'regression_hidden': [value]}
    train(recipe, (1, 1, 1), rows=rows, patterns=patterns, setting=setting)
  return len([e for e in counted if e.endswith('backend_compile_duration')])


@pytest.mark.usefixtures('compiled')
class TestCounting:
  """1-1-1 from weights and biases of 0, where h = y = 1/2; λ_v = λ_h = 0.

  v = 1/2 is right at once. v = 1 errs by 1/2, and ½SSE is 1/8: neither
  criterion holds. Then v(2) = 1/2, h(3) = h(1) = 1/2, and only what leads to
  the visible unit changes: Δr = ε/2 · 1/2 = ε/4, Δc = ε/2. After that
    y = σ(ε/4 · 1/2 + ε/2) = σ(5ε/8):
  ε = 8 gives σ(5) = 0.993, right by both criteria; ε = 8/5 ln 3 gives 3/4,
  wrong by 1/4, where ½SSE is 1/32: right by the second one only.
  """

  @pytest.mark.parametrize('sweeps', [0, 1])
  def test_an_untrained_net_that_is_right_has_made_no_update(self, sweeps):
    assert counts(sweeps, 0.5) == [[0, 0], [0, 0], [0, 0], [0, 0]]

  def test_a_budget_of_0_is_a_test_and_no_update(self):
    assert counts(0, 1.0) == [[None, None], [None, None], [0, 0], [1, 1]]

  def test_a_budget_of_1_is_an_update_between_two_tests(self):
    """The second is of the net after the last change."""
    assert counts(1, 1.0) == [[1, None], [1, 1], [1, 1], [0, 1]]

  def test_right_by_the_second_criterion_alone_is_not_solved(self):
    """v = 0.9 errs by 0.4: ½SSE is 0.08, and no update is needed for it."""
    assert counts(0, 0.9)[:2] == [[None, None], [0, 0]]


def test_one_trial_is_compiled_once(compiled):
  assert compiled == 2  # start and advance
  same = [loops.trial(ZERO._replace(sweeps=1), (4, 2, 4)) for _ in range(2)]
  assert same[0] is same[1]


@pytest.mark.parametrize(
  ('sweeps', 'horizon'), [(0, 0), (1, 0), (100, 0), (300, 60), (5, 10)]
)
def test_marks_are_each_sweep_to_the_horizon_the_budget_and_one_past_it(
  sweeps, horizon
):
  recipe = RECIPE._replace(sweeps=sweeps, horizon=horizon)
  marks = recipe.marks()
  assert marks == sorted(set(marks))
  last = max(sweeps, horizon)
  assert {*range(horizon + 1), sweeps, last, last + 1} <= set(marks)
  assert marks[-1] == last + 1
  if sweeps > 4 * (horizon + 1):
    assert len(marks) < sweeps / 2  # fewer after the horizon


@pytest.mark.parametrize('updates', ['sweep', 'case'])
def test_a_double_loop_takes_patterns_in_single(updates):
  """Pattern sets are float32. Shapes and types only: nothing is compiled."""
  recipe = RECIPE._replace(precision='float64', updates=updates)
  study = loops.trial(recipe, (2, 1, 2)).study
  setting = {name: np.float32(a[0]) for name, a in recipe.grid().items()}
  with jax.enable_x64(True):
    case = setting, vectors(2, 'float32')
    life = jax.eval_shape(lambda: study.start(jax.random.key(0), *case))
    after = jax.eval_shape(lambda life: study.sweep(life, *case), life)
  for leaf in jax.tree.leaves(after.net):
    assert leaf.dtype == np.float64


def test_steepest_descent_of_a_tied_loop_is_that_of_its_one_matrix():
  """What learns along steepest descent in E has a cosine of 1 with it.

  Linear visible units, λ_h = 0 and λ_v near 1: eqs 7 to 9 promise it of both
  uses, and so of their sum.
  """
  recipe = RECIPE._replace(visible_units='linear', tied=True, horizon=1)
  loop = recipe.start((3, 2, 3))(jax.random.key(0), {'init_range': 0.5})
  setting = {'regression_visible': 0.99, 'regression_hidden': 0.0}
  found = jax.jit(
    lambda loop: loops.follow(loop, setting, vectors(3), recipe)['cosine']
  )(loop)
  np.testing.assert_allclose(found, 1, atol=0.01)


@pytest.mark.slow
def test_errors_past_float32_are_no_warning():
  """Curves are kept in float32, and a double net may grow beyond it."""
  recipe = ZERO._replace(
    learning_rate=(1e6,), init_range=(0.5,), visible_units='linear',
    precision='float64',
  )  # fmt: skip
  _, arrays, _ = train(recipe, (1, 1, 1))
  assert np.all(arrays['outcome'] == Outcome.DIVERGED)
  assert not np.isfinite(arrays['curve'][:, -1]).any()

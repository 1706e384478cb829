"""Recirculation by hand, unit by unit in NumPy, and by what theory promises."""

import ast
import inspect

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import loops, nets, seeds
from jaxrep.learning import recirculation
from jaxrep.tasks.patterns import Patterns

Regression = recirculation.Regression
LINEAR = jax.nn.identity
DERIVATIVES = {
  'custom_jvp', 'custom_vjp', 'grad', 'hessian', 'jacfwd', 'jacobian', 'jacrev',
  'jvp', 'linearize', 'stop_gradient', 'value_and_grad', 'vjp',
}  # fmt: skip

_circulate = jax.jit(recirculation.circulate, static_argnames='trips')
_changes = jax.jit(
  recirculation.changes, static_argnames=('passes', 'keep_factor')
)


def circulate(*case, **options):
  """Compiled once for each shape; NumPy arrays, which compile nothing more."""
  return jax.device_get(_circulate(*case, **options))


def changes(*case, **options):
  return jax.device_get(_changes(*case, **options))


@pytest.fixture
def double():
  with jax.enable_x64(True):
    yield


def loop_of(seed, sizes=(4, 3, 4), *, visible=jax.nn.sigmoid, dtype=np.float64):
  """A loop with normal weights and biases; hidden units are logistic."""
  rng = np.random.default_rng(seed)
  layers = []
  for below, above in zip(sizes[:-1], sizes[1:], strict=True):
    w, b = rng.normal(size=(below, above)), rng.normal(size=above)
    layers.append(nets.Layer(jnp.asarray(w, dtype), jnp.asarray(b, dtype)))
  last = nets.Layer(layers[-1].w, layers[-1].b, visible)
  return (*layers[:-1], last)


def vector(seed, width=4, dtype=np.float64):
  draws = np.random.default_rng(1000 + seed).uniform(size=width)
  return jnp.asarray(draws, dtype)


def scaled(tree, factor):
  return jax.tree.map(lambda a: factor * a, tree)


def small():
  """2-1-2 in units of L = ln 2: σ(L) = 2/3, σ(2L) = 4/5, σ(-3L) = 1/9."""
  log2 = np.log(2)
  return (
    nets.Layer(
      jnp.asarray(log2 * np.array([[4.0], [-4]]), np.float32),
      jnp.asarray(log2 * np.array([-2.0]), np.float32),
    ),
    nets.Layer(
      jnp.asarray(log2 * np.array([[10 / 3, -10 / 3]]), np.float32),
      jnp.asarray(log2 * np.array([-5 / 3, 5 / 3]), np.float32),
    ),
  )


class TestByPencil:
  """λ_v = 1/4, λ_h = 1/2 in the loop of `small`; vectors A and B.

  A: v(0) = (1, 0)
    x = 4L - 2L = 2L               h(1) = 4/5
    x = ±(10/3 · 4/5 - 5/3) L = ±L          σ = 2/3, 1/3
    v(2) = 1/4 (1, 0) + 3/4 (2/3, 1/3)      = (3/4, 1/4)
    x = (3/4 · 4 - 1/4 · 4 - 2) L = 0       σ = 1/2
    h(3) = 1/2 · 4/5 + 1/2 · 1/2            = 13/20
    v(0) - v(2) = (1/4, -1/4);  h(1) - h(3) = 3/20
    eq. 3: 4/5 (1/4, -1/4) = (1/5, -1/5)
    eq. 4: (3/4, 1/4) 3/20 = (9/80, 3/80)
  B: v(0) = (1, 1)
    x = 4L - 4L - 2L = -2L         h(1) = 1/5
    x = ±(10/3 · 1/5 - 5/3) L = -L, L       σ = 1/3, 2/3
    v(2) = 1/4 (1, 1) + 3/4 (1/3, 2/3)      = (1/2, 3/4)
    x = (1/2 · 4 - 3/4 · 4 - 2) L = -3L     σ = 1/9
    h(3) = 1/2 · 1/5 + 1/2 · 1/9            = 7/45
    v(0) - v(2) = (1/2, 1/4);  h(1) - h(3) = 2/45
    eq. 3: 1/5 (1/2, 1/4)  = (1/10, 1/20)
    eq. 4: (1/2, 3/4) 2/45 = (1/45, 1/30)
  Biases learn from a unit that is always 1: what was lost, itself.
  Both, times ε = 20:
    eq. 3: (3/10, -3/20) ε = (6, -3);   biases (3/4, 0) ε = (15, 0)
    eq. 4: (97/720, 51/720) ε = (97/36, 17/12);  bias 7/36 ε = 35/9
  """

  REGRESSION = Regression(0.25, 0.5)
  A = {
    'v0': [1, 0], 'h1': 4 / 5, 'v2': [3 / 4, 1 / 4], 'h3': 13 / 20,
    'w': [[9 / 80], [3 / 80]], 'b': [3 / 20],
    'r': [[1 / 5, -1 / 5]], 'c': [1 / 4, -1 / 4],
  }  # fmt: skip
  B = {
    'v0': [1, 1], 'h1': 1 / 5, 'v2': [1 / 2, 3 / 4], 'h3': 7 / 45,
    'w': [[1 / 45], [1 / 30]], 'b': [2 / 45],
    'r': [[1 / 10, 1 / 20]], 'c': [1 / 2, 1 / 4],
  }  # fmt: skip
  # Of float32: some roundings of 6e-8 each.
  ATOL = 1e-6

  @pytest.mark.parametrize('case', [A, B], ids='AB')
  def test_states_at_the_four_time_steps(self, case):
    v, h = circulate(
      small(), jnp.asarray(case['v0'], 'f'), self.REGRESSION, trips=1
    )
    np.testing.assert_allclose(v, [case['v0'], case['v2']], atol=self.ATOL)
    np.testing.assert_allclose(h, [[case['h1']], [case['h3']]], atol=self.ATOL)

  @pytest.mark.parametrize('case', [A, B], ids='AB')
  def test_changes_of_equations_3_and_4(self, case):
    first, last = changes(
      small(), jnp.asarray(case['v0'], 'f'), self.REGRESSION
    )
    found = {'w': first.w, 'b': first.b, 'r': last.w, 'c': last.b}
    for name, value in found.items():
      expected = np.asarray(case[name])
      np.testing.assert_allclose(value, expected, atol=self.ATOL, rtol=0)

  def test_one_update_of_a_trial_is_the_sum_over_vectors_times_the_rate(self):
    recipe = loops.Recipe(
      learning_rate=(20.0,), momentum=(0.0,), init_range=(0.5,),
      regression_visible=(0.25,), regression_hidden=(0.5,),
      sweeps=5, horizon=0,
    )  # fmt: skip
    given = loops.trial(recipe, (2, 1, 2)).study

    def start(key, setting, shared):
      return given.start(key, setting, shared)._replace(net=small())

    patterns = Patterns(*2 * [np.array([self.A['v0'], self.B['v0']], 'f')])
    *_, look = seeds.evolve(
      given._replace(start=start),
      seeds.cross([0], **recipe.grid()),
      marks=[1],
      blocks=seeds.Blocks(1, tuple(jax.local_devices()[:1])),
      shared=patterns,
    )
    assert look.state.sweep == [1]
    first, last = jax.tree.map(lambda a, b: a[0] - b, look.state.net, small())
    # ε times the rounding of changes, and that of weights of 15.
    close = {'atol': 2e-5, 'rtol': 0}
    np.testing.assert_allclose(first.w, [[97 / 36], [17 / 12]], **close)
    np.testing.assert_allclose(first.b, [35 / 9], **close)
    np.testing.assert_allclose(last.w, [[6, -3]], **close)
    np.testing.assert_allclose(last.b, [15, 0], **close)


def by_steps(loop, visible, regression, steps):
  """Returns the states at time steps 0 .. `steps`, unit by unit.

  Each time step one group is set by the one before, group after group, round
  and round; from its second time on a unit keeps a share of what it was.
  """
  groups = len(loop)
  y = [[float(a) for a in visible]]
  for t in range(1, steps + 1):
    layer = loop[(t - 1) % groups]
    w, b = np.asarray(layer.w), np.asarray(layer.b)
    state = []
    for j in range(len(b)):
      x = b[j]
      for i in range(len(y[t - 1])):
        x += y[t - 1][i] * w[i, j]
      now = x if layer.unit is LINEAR else 1 / (1 + np.exp(-x))
      if t >= groups:
        share = regression.hidden if t % groups else regression.visible
        now = share * y[t - groups][j] + (1 - share) * now
      state.append(now)
    y.append(state)
  return y


def changes_by_steps(loop, visible, regression, *, passes, keep_factor):
  """Returns the changes unit by unit, `[(Δw, Δb), ..]`."""
  groups = len(loop)
  y = by_steps(loop, visible, regression, groups * (passes + 1))
  result = [(np.zeros(la.w.shape), np.zeros(la.b.shape)) for la in loop]
  # Visible units learn when they are set again, on each pass; hidden units,
  # of all groups, once.
  times = [groups * p for p in range(1, passes + 1)]
  for t in times + list(range(groups + 1, 2 * groups)):
    w, b = result[(t - 1) % groups]
    factor = 1.0
    if keep_factor and t % groups:
      factor = 1 / (1 - regression.visible)
    for j in range(len(b)):
      lost = y[t - groups][j] - y[t][j]
      b[j] += factor * lost
      for i in range(len(w)):
        w[i, j] += factor * y[t - 1][i] * lost
  return result


SHARES = [(0.0, 0.0), (0.75, 0.75), (0.3, 0.9), (1.0, 0.4), (0.6, 1.0)]


@pytest.mark.parametrize(
  ('sizes', 'unit'),
  [
    ((3, 2, 3), jax.nn.sigmoid),
    ((3, 2, 3), LINEAR),
    ((2, 3, 1, 2), LINEAR),
    ((3, 2, 4, 1, 3), jax.nn.sigmoid),
    pytest.param((2, 3, 1, 2), jax.nn.sigmoid, marks=pytest.mark.slow),
    pytest.param((3, 2, 4, 1, 3), LINEAR, marks=pytest.mark.slow),
  ],
)
def test_loops_agree_with_numpy_unit_by_unit(double, sizes, unit):
  """One, two and three groups of hidden units."""
  ways = [
    {'passes': 1, 'keep_factor': False}, {'passes': 2, 'keep_factor': True},
    {'passes': 3, 'keep_factor': False},
  ]  # fmt: skip

  @jax.jit
  def found(loop, visible, regression):
    case = loop, visible, regression
    return (
      [recirculation.circulate(*case, trips=k) for k in (1, 2, 4)],
      [recirculation.changes(*case, **way) for way in ways],
    )

  for seed, shares in enumerate(SHARES):
    loop = loop_of(seed, sizes, visible=unit)
    visible = vector(seed, sizes[0])
    regression = Regression(*map(jnp.float64, shares))
    states, changed = found(loop, visible, regression)
    # Sums of a few products of numbers near 1 in float64, 1e-16 each; linear
    # units let them grow tenfold a trip at most.
    close = {'atol': 1e-11, 'rtol': 1e-11}
    for trips, groups in zip((1, 2, 4), states, strict=True):
      y = by_steps(
        loop, visible, Regression(*shares), len(loop) * (trips + 1) - 1
      )
      assert len(groups) == len(loop)
      for g, states_of_group in enumerate(groups):
        expected = np.array(y[g :: len(loop)])
        assert len(expected) == trips + 1
        np.testing.assert_allclose(states_of_group, expected, **close)
    for way, layers in zip(ways, changed, strict=True):
      if way['keep_factor'] and shares[0] == 1:
        continue  # 1/(1-λ) has no value
      expected = changes_by_steps(loop, visible, Regression(*shares), **way)
      chex.assert_trees_all_equal_structs(layers, loop)
      for layer, (w, b) in zip(layers, expected, strict=True):
        np.testing.assert_allclose(layer.w, w, **close)
        np.testing.assert_allclose(layer.b, b, **close)


def error(loop, visible):
  """E = ½ Σ [y(2) - y(0)]², without regression."""
  return 0.5 * jnp.sum((nets.apply(loop, visible) - visible) ** 2)


def error_of_one_matrix(first, last, visible):
  tied = nets.Layer(first.w.T, last.b, last.unit)
  return error((first, tied), visible)


steepest = jax.jit(jax.grad(error))
steepest_of_one_matrix = jax.jit(jax.grad(error_of_one_matrix))


def relative_errors(loop, visible, *, hidden=0.0, tied=False, **options):
  """Returns how far changes/(1-λ_v) are from -∂E/∂w as λ_v nears 1, `[4, L]`.

  1-λ_v is 0.1, 0.01, 0.001, 0.0001; each layer's in shares of its slope.
  """
  slopes = jax.device_get(steepest(loop, visible))
  keeps = options.get('keep_factor', False)
  if tied:
    both = np.asarray(steepest_of_one_matrix(*loop, visible).w)
    slopes = [
      nets.Layer(w, slope.b)
      for w, slope in zip((both, both.T), slopes, strict=True)
    ]
  result = []
  for gap in (1e-1, 1e-2, 1e-3, 1e-4):
    regression = Regression(jnp.float64(1 - gap), jnp.float64(hidden))
    found = changes(loop, visible, regression, **options)
    if tied:
      found = recirculation.tied_changes(found)
    row = []
    for k, (a, slope) in enumerate(zip(found, slopes, strict=True)):
      unit = (1 if keeps and k < len(loop) - 1 else gap) * (
        1 if k == len(loop) - 1 or tied else 1 - hidden
      )
      wrong = [a.w / unit + slope.w, a.b / unit + slope.b]
      size = max(abs(slope.w).max(), abs(slope.b).max())
      row.append(max(abs(x).max() for x in wrong) / size)
    result.append(row)
  return np.array(result)


def assert_linear_in_the_gap(errors):
  """A tenth of the gap leaves a tenth of the error, near the limit."""
  assert errors[-1] < 1e-3
  ratios = errors[1:-1] / errors[2:]
  np.testing.assert_allclose(ratios, 10, rtol=0.1)


class TestSteepestDescent:
  """Eqs 7 to 9: linear visible units, and one matrix the other's transpose."""

  @pytest.mark.parametrize('seed', range(3))
  @pytest.mark.parametrize('keep_factor', [False, True])
  def test_hidden_units_learn_along_it_as_visible_regression_nears_1(
    self, double, seed, keep_factor
  ):
    loop = recirculation.tied(loop_of(seed, visible=LINEAR))
    errors = relative_errors(loop, vector(seed), keep_factor=keep_factor)
    assert_linear_in_the_gap(errors[:, 0])

  def test_hidden_regression_makes_the_changes_smaller_and_no_more(
    self, double
  ):
    """By 1-λ_h."""
    loop = recirculation.tied(loop_of(0, visible=LINEAR))
    errors = relative_errors(loop, vector(0), hidden=0.7)
    assert_linear_in_the_gap(errors[:, 0])

  def test_so_do_the_summed_changes_of_the_one_matrix(self, double):
    loop = recirculation.tied(loop_of(1, visible=LINEAR))
    errors = relative_errors(loop, vector(1), tied=True)
    assert_linear_in_the_gap(errors[:, 0])
    assert_linear_in_the_gap(errors[:, 1])

  def test_with_two_matrices_they_do_not(self, double):
    errors = relative_errors(loop_of(0, visible=LINEAR), vector(0))
    assert errors[:, 0].min() > 0.1

  def test_with_logistic_visible_units_they_do_not(self, double):
    """Their slope σ' is left out."""
    loop = recirculation.tied(loop_of(0))
    assert relative_errors(loop, vector(0))[:, 0].min() > 0.1

  @pytest.mark.parametrize('share', [0.0, 0.3, 0.75, 0.99])
  def test_linear_visible_units_learn_exactly_along_it_at_any_regression(
    self, double, share
  ):
    """(1-λ_v) times, whatever the other matrix is; 1e-16 over 1-λ_v."""
    loop, visible = loop_of(2, visible=LINEAR), vector(2)
    regression = Regression(jnp.float64(share), jnp.float64(0.4))
    found = changes(loop, visible, regression)[-1]
    slope = jax.device_get(steepest(loop, visible))[-1]
    expected = scaled(slope, -(1 - share))
    chex.assert_trees_all_close(found, expected, rtol=1e-12, atol=1e-14)
    kept = changes(loop, visible, regression, keep_factor=True)[-1]
    chex.assert_trees_all_equal(kept, found)

  def test_logistic_ones_learn_exactly_along_that_of_the_cross_entropy(
    self, double
  ):
    """∂/∂x of it is y - d: no σ' is left out there."""
    loop, visible = loop_of(3), vector(3)

    def entropy(loop):
      y = nets.apply(loop, visible)
      return -jnp.sum(visible * jnp.log(y) + (1 - visible) * jnp.log(1 - y))

    regression = Regression(jnp.float64(0.75), jnp.float64(0.75))
    found = changes(loop, visible, regression)[-1]
    expected = scaled(
      jax.device_get(jax.jit(jax.grad(entropy))(loop))[-1], -0.25
    )
    chex.assert_trees_all_close(found, expected, rtol=1e-12, atol=1e-14)


class TestNothingToLearn:
  @pytest.mark.parametrize('hidden', [0.0, 0.5, 1.0])
  @pytest.mark.parametrize('passes', [1, 3])
  def test_visible_units_that_keep_all_change_no_weight(self, hidden, passes):
    """Bits: shares of 0, ½ and 1 add up to the number that they are of."""
    loop = loop_of(0, dtype=np.float32)
    found = changes(
      loop, vector(0, dtype=np.float32), Regression(1.0, hidden), passes=passes
    )
    chex.assert_trees_all_equal(found, scaled(loop, 0))

  @pytest.mark.parametrize('hidden', [0.3, 0.75, 0.9])
  def test_at_other_shares_they_change_no_weight_but_by_rounding(self, hidden):
    """λ h + (1-λ) h rounds to h or its neighbour, 6e-8 away."""
    loop = loop_of(0, dtype=np.float32)
    found = changes(loop, vector(0, dtype=np.float32), Regression(1.0, hidden))
    chex.assert_trees_all_close(found, scaled(loop, 0), atol=1e-7, rtol=0)

  def test_hidden_units_that_keep_all_change_nothing_that_leads_to_them(self):
    loop = loop_of(0, (3, 2, 4, 3), dtype=np.float32)
    visible = vector(0, 3, dtype=np.float32)
    *hidden, last = changes(loop, visible, Regression(0.3, 1.0))
    chex.assert_trees_all_equal(hidden, scaled(list(loop[:-1]), 0))
    assert np.all(last.w != 0)

  def test_a_perfect_reconstruction_changes_no_weight(self):
    """Identities of linear units, and numbers of few bits."""
    one = nets.Layer(np.eye(3, dtype='f'), np.zeros(3, 'f'), LINEAR)
    visible = np.array([1, 0.25, -2], 'f')
    found = changes((one, one), visible, Regression(0.5, 0.25))
    chex.assert_trees_all_equal(found, scaled((one, one), 0))
    other = nets.Layer(2 * one.w, one.b, LINEAR)
    for layer in changes((one, other), visible, Regression(0.5, 0.25)):
      assert np.any(layer.w != 0)


class TestNoGradient:
  def test_what_goes_round_is_one_scan_over_trips(self):
    for passes in (1, 3):
      jaxpr = jax.make_jaxpr(
        lambda *case, passes=passes: recirculation.changes(*case, passes=passes)
      )(loop_of(0, dtype='f'), vector(0, dtype='f'), Regression(0.75, 0.75))
      scans = [e for e in jaxpr.eqns if e.primitive.name == 'scan']
      assert [e.params['length'] for e in scans] == [passes]

  def test_the_module_names_no_derivative(self):
    tree = ast.parse(inspect.getsource(recirculation))
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    names |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    names |= {n.name for n in ast.walk(tree) if isinstance(n, ast.alias)}
    assert {'jax', 'jnp', 'scan'} <= names  # else nothing was found
    assert not names & DERIVATIVES

  def test_units_need_no_derivative(self):
    @jax.custom_jvp
    def unit(x):
      return jax.nn.sigmoid(x)

    @unit.defjvp
    def slope(primals, tangents):
      raise NotImplementedError('a derivative was asked for')

    loop, visible = loop_of(0, dtype='f'), vector(0, dtype='f')
    without = tuple(nets.Layer(la.w, la.b, unit) for la in loop)
    regression = Regression(0.75, 0.75)
    found, expected = (
      jax.eval_shape(recirculation.changes, each, visible, regression)
      for each in (without, loop)
    )
    chex.assert_trees_all_equal_shapes(*map(jax.tree.leaves, (found, expected)))
    with pytest.raises(NotImplementedError, match='derivative'):
      jax.grad(error)(without, visible)


def test_the_factor_undoes_hidden_regression_where_the_two_are_equal(double):
  """h(1) - h(3) is (1-λ_h) times h(1) - σ, and the factor is 1/(1-λ_v)."""
  loop, v = loop_of(3), vector(3)
  kept = changes(loop, v, Regression(0.75, 0.75), keep_factor=True)
  free = changes(loop, v, Regression(0.75, 0.0))
  chex.assert_trees_all_close(kept, free, rtol=1e-12)
  other = changes(loop, v, Regression(0.5, 0.75), keep_factor=True)
  assert np.max(np.abs(other[0].w - free[0].w)) > 1e-3


def test_states_come_by_group_one_row_a_pass():
  loop = loop_of(0, (4, 3, 2, 4), dtype='f')
  case = loop, vector(0, dtype='f'), Regression(0.5, 0.5)
  states = jax.eval_shape(
    lambda *case: recirculation.circulate(*case, trips=4), *case
  )
  chex.assert_shape(states, [(5, 4), (5, 3), (5, 2)])
  found = jax.eval_shape(recirculation.changes, *case)
  chex.assert_trees_all_equal_shapes_and_dtypes(found, loop)


@pytest.mark.parametrize('shape', [(3,), (5,), (1, 4), ()])
def test_a_vector_that_does_not_fit_is_refused(shape):
  with pytest.raises(AssertionError):
    recirculation.changes(
      loop_of(0, dtype='f'), jnp.ones(shape, 'f'), Regression(0.5, 0.5)
    )


def test_a_net_that_does_not_lead_back_is_refused():
  with pytest.raises(AssertionError):
    recirculation.changes(
      loop_of(0, (4, 3, 2), dtype='f'),
      jnp.ones(4, 'f'),
      Regression(0.5, 0.5),
    )


def test_a_tied_loop_has_one_matrix_and_its_own_biases():
  loop = loop_of(0, dtype='f')
  first, last = recirculation.tied(loop)
  chex.assert_trees_all_equal(first, loop[0])
  chex.assert_trees_all_equal(last.w, loop[0].w.T)
  chex.assert_trees_all_equal(last.b, loop[1].b)
  assert last.unit is loop[1].unit
  assert np.any(last.w != loop[1].w)


def test_changes_of_a_tied_loop_are_those_of_both_uses():
  """[[1, 2]] and the transpose of [[10], [20]]: 11 and 22."""
  given = (
    nets.Layer(jnp.array([[1.0, 2]]), jnp.array([3.0, 4])),
    nets.Layer(jnp.array([[10.0], [20]]), jnp.array([5.0])),
  )
  first, last = recirculation.tied_changes(given)
  np.testing.assert_array_equal(first.w, [[11, 22]])
  np.testing.assert_array_equal(last.w, [[11], [22]])
  np.testing.assert_array_equal(first.b, [3, 4])
  np.testing.assert_array_equal(last.b, [5])

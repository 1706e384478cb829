"""Points whose nature is known by construction, and what is said of them."""

import doctest
import subprocess
import sys
import textwrap

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import nets
from jaxrep.measures import minima
from jaxrep.measures.minima import Outcome
from jaxrep.tasks import symmetry

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
XOR_TARGETS = np.array([[0], [1], [1], [0]], float)


def squared(inputs, targets):
  """The letter's error ½ Σ (y - d)², case by case."""

  def case_losses(net):
    return jnp.sum((nets.apply(net, inputs) - targets) ** 2, axis=-1) / 2

  return case_losses


xor_losses = squared(XOR, XOR_TARGETS)


def per_point(function, case_losses):
  return jax.jit(jax.vmap(lambda point: function(case_losses, point)))


def certify(case_losses, points):
  """Certificates of a batch of points, arrays `[S]`."""
  with jax.enable_x64(True):
    return per_point(minima.certify, case_losses)(as_float64(points))


def as_float64(points):
  return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), points)


def stack(*points):
  return jax.tree.map(lambda *leaves: np.stack(leaves), *points)


def outcomes(certificate):
  return [Outcome(k) for k in certificate.outcome]


def xor_net(w, b, v, c):
  arrays = (np.array(a, float) for a in (w, b, v, c))
  w, b, v, c = arrays
  return nets.Layer(w, b), nets.Layer(v[:, None], c[None])


def saturated_xor(scale):
  """x2 shuts both hidden units, which else tell x1: outputs ≈ 0, ½, 1, ½.

  So it stands in the book: two patterns right, 0.5 for the other two, E = ¼.
  """
  w = [[-2 * scale, 2 * scale], [-4 * scale, -4 * scale]]
  return xor_net(w, [scale, -scale], [-2 * scale, 2 * scale], 0)


def random_xor(seed, count, scale):
  draw = np.random.default_rng(seed)
  shapes = ((2, 2), (2,), (2,), ())
  return stack(
    *(
      xor_net(*(scale * draw.normal(size=s) for s in shapes))
      for _ in range(count)
    )
  )


def contradicted(weight):
  """One unit that must say 0, 0 and 1 to one input: best at y = 1/3."""
  return (jax.nn.sigmoid(weight) - jnp.array([0, 0, 1])) ** 2 / 2


def bowl(x):
  """Σ_i a_i (x_i² + 1), from cases that want x_i = 1 and x_i = -1."""
  a = jnp.array([1.0, 4.0])
  return jnp.concatenate([a * (x - 1) ** 2, a * (x + 1) ** 2]) / 2


def saddle(x):
  """x_0² - x_1² + 8 in cases that are not balanced one by one."""
  one = (x[0] - 1) ** 2 / 2 - (x[1] - 1) ** 2 / 2 + 4
  other = (x[0] + 1) ** 2 / 2 - (x[1] + 1) ** 2 / 2 + 4
  return jnp.stack([one, other])


def valley(x):
  """x_0² + 1, whatever x_1 is."""
  return jnp.stack([(x[0] - 1) ** 2, (x[0] + 1) ** 2]) / 2


def test_an_always_no_net_is_still_descending():
  # Small weights into the hidden units and an output far below 0: 8 of the 64
  # vectors are symmetric, so E = ½ · 8 = 4.
  patterns = symmetry.patterns(6, coding='binary')
  draw = np.random.default_rng(0)
  plateau = stack(
    *(
      (
        nets.Layer(0.1 * draw.normal(size=(6, 2)), np.zeros(2)),
        nets.Layer(0.1 * draw.normal(size=(2, 1)), np.array([bias])),
      )
      for bias in (-5.0, -8.0, -12.0, -20.0)
    )
  )
  certificate = certify(squared(patterns.inputs, patterns.targets), plateau)
  assert outcomes(certificate) == [Outcome.STILL_DESCENDING] * 4
  chex.assert_trees_all_close(certificate.error, np.full(4, 4.0), atol=0.1)
  chex.assert_trees_all_equal(certificate.steps, np.zeros(4, np.int32))


def test_xor_at_a_quarter_is_saturated_until_the_slopes_underflow():
  # exp(-40) is lost beside E, exp(-800) is lost altogether.
  nets_ = stack(*(saturated_xor(scale) for scale in (5, 8, 40, 100, 1e4)))
  certificate = certify(xor_losses, nets_)
  expected = [Outcome.SATURATED] * 4 + [Outcome.DEGENERATE]
  assert outcomes(certificate) == expected
  chex.assert_trees_all_close(certificate.error, np.full(5, 0.25), atol=0.01)
  limit = np.asarray(certificate.error_limit)
  chex.assert_trees_all_close(limit, np.full(5, 0.25), atol=1e-6)
  assert not np.any(certificate.escapes)


def test_xor_without_weights_is_a_degenerate_saddle():
  zero = stack(xor_net(np.zeros((2, 2)), np.zeros(2), np.zeros(2), 0))
  certificate = certify(xor_losses, zero)
  assert outcomes(certificate) == [Outcome.DEGENERATE]
  assert bool(certificate.escapes[0])
  # Every output is ½: E = ½ · 4 · ¼; and the first step is of length 0.
  chex.assert_trees_all_close(certificate.error_limit, np.array([0.5]))
  chex.assert_trees_all_close(certificate.moved, np.array([0.0]))


@pytest.mark.parametrize('scale', [0.3, 3.0, 30.0])
def test_xor_with_two_hidden_units_has_no_finite_local_minimum(scale):
  # Sprinkhuizen-Kuyper & Boers (1996): all are at infinity.
  points = random_xor(0, 128, scale)
  with jax.enable_x64(True):
    found = per_point(minima.settle, xor_losses)(as_float64(points))
  assert Outcome.LOCAL_MINIMUM not in outcomes(found)


def test_contradictory_labels_make_a_finite_minimum():
  # Σ_c (y - d_c) = 0 at y = 1/3, so w = log ½; E = ½ (2/9 + 4/9); and there
  # λ = 3 σ'(w)² = 3 (2/9)², as the other term carries Σ_c (y - d_c).
  starts = np.array([-1.5, np.log(0.5), 0.0, 0.5])
  certificate = certify(contradicted, starts)
  assert outcomes(certificate) == [Outcome.LOCAL_MINIMUM] * 4
  close = {'rtol': 1e-9}
  chex.assert_trees_all_close(
    certificate.error_limit, np.full(4, 1 / 3), **close
  )
  chex.assert_trees_all_close(
    certificate.lambda_min, np.full(4, 4 / 27), **close
  )
  away = np.abs(starts - np.log(0.5))
  chex.assert_trees_all_close(certificate.moved, away, atol=1e-9)


def test_the_eigenvalues_of_a_bowl_are_exact():
  certificate = certify(bowl, np.array([[0.3, -0.2], [0.0, 0.0]]))
  assert outcomes(certificate) == [Outcome.LOCAL_MINIMUM] * 2
  for found, value in (
    (certificate.lambda_min, 2.0),
    (certificate.lambda_max, 8.0),
    (certificate.error_limit, 5.0),
  ):
    chex.assert_trees_all_close(found, np.full(2, value), rtol=1e-12)
  distance = np.array([np.hypot(0.3, 0.2), 0])
  chex.assert_trees_all_close(certificate.moved, distance, atol=1e-12)


def test_a_minimum_far_away_is_not_where_the_net_is():
  certificate = certify(bowl, np.array([[2.5, 0.0], [-1.9, 0.0], [30.0, 0.0]]))
  assert outcomes(certificate) == [
    Outcome.STILL_DESCENDING,
    Outcome.LOCAL_MINIMUM,
    Outcome.STILL_DESCENDING,
  ]


def test_a_shallow_bowl_far_away_is_no_saturation():
  # From 2.5, E falls from 1.06 to 1: less than FALL, but to a finite minimum.
  def shallow(x):
    return jnp.stack([0.01 * x**2, 1 + 0 * x, 0.05 * (1 - x), 0.05 * (1 + x)])

  certificate = certify(shallow, np.array([2.5]))
  assert outcomes(certificate) == [Outcome.STILL_DESCENDING]
  chex.assert_trees_all_close(certificate.error_limit, np.array([1.1]))


def test_a_minimum_without_error_is_solved():
  def regression(w):
    inputs = jnp.array([[1.0, 0], [1, 1], [1, 2]])
    return (inputs @ w - jnp.array([1.0, 3, 5])) ** 2 / 2

  certificate = certify(regression, np.array([[0.5, 1.5], [1.0, 2.0]]))
  assert outcomes(certificate) == [Outcome.SOLVED] * 2


def test_a_saddle_is_one_only_for_a_net_in_balance():
  certificate = certify(saddle, np.array([[0, 0], [0, 1e-6], [0.5, 1e-6]]))
  expected = [Outcome.SADDLE] + [Outcome.STILL_DESCENDING] * 2
  assert outcomes(certificate) == expected
  chex.assert_trees_all_equal(
    certificate.escapes, np.array([True, False, False])
  )
  chex.assert_trees_all_close(certificate.lambda_min, np.full(3, -2.0))


def test_a_stationary_point_above_the_net_is_not_where_it_is():
  # Asked without rule 1: Newton's step leads both to the saddle at 0.
  with jax.enable_x64(True):
    points = jnp.array([[0.5, 0.0], [0.0, 0.5]])
    certificate = per_point(minima.settle, saddle)(points)
  expected = [Outcome.SADDLE, Outcome.STILL_DESCENDING]
  assert outcomes(certificate) == expected


def test_the_floor_of_a_flat_valley_is_no_minimum():
  certificate = certify(valley, np.array([[0.0, 0.0], [0.7, 3.0]]))
  assert outcomes(certificate) == [Outcome.DEGENERATE] * 2
  assert not np.any(certificate.escapes)
  chex.assert_trees_all_close(certificate.error_limit, np.full(2, 1.0))


def test_a_dead_hidden_unit_is_degenerate():
  # 1-1-1 with no weight out of the hidden unit, and labels 0, 0 and 1 for one
  # input: best as it is, whatever goes into the hidden unit.
  case_losses = squared(np.ones((3, 1)), np.array([[0.0], [0], [1]]))
  net = (
    nets.Layer(np.ones((1, 1)), np.zeros(1)),
    nets.Layer(np.zeros((1, 1)), np.log([0.5])),
  )
  certificate = certify(case_losses, stack(net))
  assert outcomes(certificate) == [Outcome.DEGENERATE]
  assert not bool(certificate.escapes[0])
  chex.assert_trees_all_close(certificate.error_limit, np.array([1 / 3]))


@pytest.mark.parametrize('power, escapes', [(3, True), (4, False)])
def test_curvature_that_fades_with_the_steps_proves_nothing(power, escapes):
  # Newton's step near x^n is x / (n-1): λ > 0 all the way to the inflection.
  def fading(x):
    return jnp.stack([4 + x + x**power, 4 - x])

  certificate = certify(fading, np.array([0.4]))
  assert outcomes(certificate) == [Outcome.DEGENERATE]
  chex.assert_trees_all_equal(certificate.escapes, np.array([escapes]))
  assert certificate.lambda_min[0] > 0
  chex.assert_trees_all_close(certificate.error_limit, np.array([8.0]))


def test_a_constant_loss_is_degenerate_and_zero_loss_is_solved():
  def constant(level, x):
    return level + 0 * x

  points = np.array([[0.0, 1.0]])
  for level, outcome in ((1.0, Outcome.DEGENERATE), (0.0, Outcome.SOLVED)):
    certificate = certify(lambda x: constant(level, x), points)  # noqa: B023
    assert outcomes(certificate) == [outcome]
    assert not bool(certificate.escapes[0])
    chex.assert_tree_all_finite(certificate)


def test_what_is_not_finite_has_diverged():
  def lost(x):
    return jnp.stack([x**2, 1 - jnp.log(x)])

  points = np.array([np.nan, np.inf, -np.inf, 0.0, -1.0])
  assert outcomes(certify(lost, points)) == [Outcome.DIVERGED] * 5
  with jax.enable_x64(True):
    settled = per_point(minima.settle, lost)(as_float64(points))
  assert outcomes(settled) == [Outcome.DIVERGED] * 5


def test_a_weight_that_the_loss_ignores_must_be_finite_too():
  points = np.array([[0.0, np.nan], [0.0, np.inf]])
  assert outcomes(certify(valley, points)) == [Outcome.DIVERGED] * 2


def test_a_net_on_its_way_to_no_error_is_still_descending():
  def right(weight):
    return (jax.nn.sigmoid(weight * jnp.array([1, 2])) - 1) ** 2 / 2

  certificate = certify(right, np.array([0.0, 5.0, 20.0, 300.0]))
  assert outcomes(certificate) == [Outcome.STILL_DESCENDING] * 4


def test_one_weight_can_saturate_and_only_near_its_limit():
  def half_right(weight):
    y = jax.nn.sigmoid(weight)
    return jnp.stack([(y - 1) ** 2 / 2, 0.25 + 0 * y])

  certificate = certify(half_right, np.array([1.0, 4.0, 12.0]))
  expected = [Outcome.STILL_DESCENDING] + [Outcome.SATURATED] * 2
  assert outcomes(certificate) == expected
  chex.assert_trees_all_close(certificate.error_limit, np.full(3, 0.25))


def test_gradient_descent_ends_where_a_local_minimum_was_certified():
  # Weight decay, as one more case a weight, makes minima finite.
  def decayed(net):
    weights = jnp.concatenate([jnp.ravel(a) for a in jax.tree.leaves(net)])
    return jnp.concatenate([xor_losses(net), 1e-3 * weights**2])

  def descend(net, sweeps):
    def sweep(_, state):
      net, velocity = state
      slope = jax.grad(lambda net: jnp.sum(decayed(net)))(net)
      step = jax.tree.map(lambda v, g: 0.9 * v - 0.2 * g, velocity, slope)
      return jax.tree.map(jnp.add, net, step), step

    rest = jax.tree.map(jnp.zeros_like, net)
    return jax.lax.fori_loop(0, sweeps, sweep, (net, rest))[0]

  train = jax.jit(jax.vmap(descend, (0, None)))
  with jax.enable_x64(True):
    early = train(as_float64(random_xor(1, 16, 2.0)), 300)
    late = train(early, 6000)
    error = jax.vmap(lambda net: jnp.sum(decayed(net)))(late)
  first, last = certify(decayed, early), certify(decayed, late)
  sure = np.asarray(first.outcome) == Outcome.LOCAL_MINIMUM
  assert 4 <= np.sum(sure)
  assert outcomes(last).count(Outcome.LOCAL_MINIMUM) >= 12
  # Momentum's fall has long reached rounding: λ_min is about 0.005.
  chex.assert_trees_all_close(
    first.error_limit[sure], error[sure], rtol=0, atol=1e-12
  )


def varied_xor():
  """Points of many kinds `[12]`."""
  named = stack(
    saturated_xor(8),
    saturated_xor(60),
    xor_net(np.zeros((2, 2)), np.zeros(2), np.zeros(2), 0),
    xor_net(np.full((2, 2), np.nan), np.zeros(2), np.zeros(2), 0),
  )
  return jax.tree.map(
    lambda *a: np.concatenate(a),
    named,
    random_xor(2, 4, 2.0),
    random_xor(3, 4, 30.0),
  )


@pytest.mark.parametrize('factor', [1e-6, 1e6])
def test_a_factor_on_the_loss_changes_no_outcome(factor):
  points = varied_xor()
  plain = certify(xor_losses, points)
  scaled = certify(lambda net: factor * xor_losses(net), points)
  assert len(set(outcomes(plain))) >= 4
  chex.assert_trees_all_equal(scaled.outcome, plain.outcome)
  chex.assert_trees_all_equal(scaled.escapes, plain.escapes)
  # The walks round differently, but end alike.
  limit = factor * np.asarray(plain.error_limit)
  chex.assert_trees_all_close(scaled.error_limit, limit, rtol=1e-6)


def test_a_factor_on_a_finite_minimum_changes_no_outcome():
  points = np.array([[0.3, -0.2], [2.5, 0.0]])
  plain = certify(bowl, points)
  for factor in (1e-6, 1e6):
    scaled = certify(lambda x: factor * bowl(x), points)  # noqa: B023
    chex.assert_trees_all_equal(scaled.outcome, plain.outcome)
    chex.assert_trees_all_close(
      scaled.lambda_min, factor * plain.lambda_min, rtol=1e-9
    )


def test_the_order_of_hidden_units_changes_nothing():
  points = varied_xor()
  first, second = points
  swapped = (
    nets.Layer(first.w[:, :, ::-1], first.b[:, ::-1]),
    nets.Layer(second.w[:, ::-1], second.b),
  )
  plain, other = certify(xor_losses, points), certify(xor_losses, swapped)
  chex.assert_trees_all_equal(other.outcome, plain.outcome)
  chex.assert_trees_all_close(other.error_limit, plain.error_limit, rtol=1e-6)


def test_a_batch_is_judged_as_one_by_one():
  points = varied_xor()
  together = certify(xor_losses, points)
  with jax.enable_x64(True):
    one = jax.jit(lambda net: minima.certify(xor_losses, net))
    alone = [
      one(jax.tree.map(lambda leaf: jnp.asarray(leaf[k]), points))  # noqa: B023
      for k in range(12)
    ]
  alone = stack(*alone)
  chex.assert_trees_all_equal(alone.outcome, together.outcome)
  chex.assert_trees_all_equal(alone.escapes, together.escapes)
  chex.assert_trees_all_close(
    alone.error_limit, together.error_limit, rtol=1e-6
  )


def test_two_stages_say_what_one_program_says():
  points = as_float64_points = varied_xor()
  together = certify(xor_losses, points)
  with jax.enable_x64(True):
    points = as_float64(as_float64_points)
    look = per_point(minima.inspect, xor_losses)(points)
    open_ = np.flatnonzero(look.undecided)
    some = jax.tree.map(lambda leaf: leaf[open_], points)
    settled = per_point(minima.settle, xor_losses)(some)
  assert 0 < open_.size < 12

  def merge(first, second):
    rows = np.array(first)
    rows[open_] = second
    return rows

  staged = jax.tree.map(merge, minima.at_sight(look), settled)
  chex.assert_trees_all_equal(staged.outcome, together.outcome)
  chex.assert_trees_all_equal(staged.escapes, together.escapes)
  finite = np.asarray(look.finite)
  chex.assert_trees_all_close(
    jax.tree.map(lambda a: a[finite], staged.error_limit),
    together.error_limit[finite],
    rtol=1e-6,
  )


def test_results_are_one_scalar_a_net():
  with jax.enable_x64(True):
    points = as_float64(random_xor(4, 3, 1.0))
    look = per_point(minima.inspect, xor_losses)(points)
    results = (
      look,
      minima.at_sight(look),
      per_point(minima.settle, xor_losses)(points),
      per_point(minima.certify, xor_losses)(points),
    )
  chex.assert_tree_shape_prefix(results, (3,))
  chex.assert_rank(jax.tree.leaves(results), 1)
  for certificate in results[1:]:
    chex.assert_type(
      list(certificate), [int] + 6 * [np.float64] + [int] + [bool]
    )
    assert certificate.outcome.dtype == np.int32
  chex.assert_type(list(look), 5 * [np.float64] + 2 * [bool])


def test_single_precision_is_refused():
  double = np.zeros(2)
  with jax.enable_x64(True):
    mixed = {'a': jnp.zeros(2), 'b': jnp.zeros(2, jnp.float32)}
    for params in (mixed, jnp.zeros(2, jnp.float32), jnp.arange(2), ()):
      with pytest.raises(TypeError, match='params: expected float64'):
        minima.inspect(lambda x: 0, params)
    for function in (minima.inspect, minima.settle, minima.certify):
      with pytest.raises(TypeError, match='case_losses: expected float64'):
        function(lambda x: x.astype(jnp.float32), double)
      with pytest.raises(ValueError, match=r'expected \[C\], found shape \(\)'):
        function(jnp.sum, double)
    made_inside = jnp.zeros(2)
  for params in (double, made_inside):
    with pytest.raises(TypeError, match='outside'):
      minima.certify(lambda x: x, params)


def test_labels_are_words():
  assert [outcome.label for outcome in Outcome] == [
    'solved',
    'still descending',
    'local minimum',
    'saddle',
    'degenerate',
    'saturated',
    'diverged',
  ]


def test_the_example_in_the_docstring_runs():
  failed, tried = doctest.testmod(minima)
  assert (failed, tried) == (0, 5)


def test_wide_blocks_on_two_devices_come_to_an_end():
  # Batched LAPACK would hang here: blocks of 128 on each of two CPU devices.
  program = """
    import jax
    jax.config.update('jax_platforms', 'cpu')
    jax.config.update('jax_num_cpu_devices', 2)
    import jax.numpy as jnp
    import numpy as np
    from jax.sharding import Mesh, PartitionSpec as P
    from jaxrep.measures import minima

    def case_losses(x):
      return jnp.concatenate([(x - 1) ** 2, jnp.cosh(x + jnp.sum(x))])

    mesh = Mesh(np.array(jax.devices()), ('nets',))
    with jax.enable_x64(True):
      points = jnp.linspace(-1, 1, 256 * 5).reshape(256, 5)
      for function in (minima.inspect, minima.settle):
        many = jax.vmap(lambda x: function(case_losses, x))
        split = jax.jit(jax.shard_map(many, mesh=mesh, in_specs=P('nets'),
                                      out_specs=P('nets'), check_vma=False))
        found = jax.block_until_ready(split(points))
    print(len(jax.devices()), np.bincount(found.outcome))
  """
  done = subprocess.run(
    [sys.executable, '-c', textwrap.dedent(program)],
    capture_output=True,
    text=True,
    timeout=60,
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout.split() == ['2', '[', '0', '0', '256]']

"""Points whose nature is known by construction, and what is said of them."""

import doctest
import functools
import subprocess
import sys
import textwrap
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import nets
from jaxrep.measures import minima
from jaxrep.measures.minima import Outcome
from jaxrep.tasks import symmetry


@functools.cache
def program(function, case_losses):
  """`function` for rows of points `[S, ..]` and settings, compiled once."""

  def one(params, setting):
    return function(lambda params: case_losses(params, setting), params)

  return jax.jit(jax.vmap(one))


def judge(function, case_losses, params, setting):
  """Results as numpy arrays `[S]`, so that they can be used in any context."""
  with jax.enable_x64(True):
    rows = jax.tree.map(np.float64, params)
    return jax.tree.map(
      np.asarray, program(function, case_losses)(rows, setting)
    )


def outcomes(certificate):
  return [Outcome(int(k)) for k in certificate.outcome]


def stack(points):
  return jax.tree.map(lambda *leaves: np.stack(leaves), *points)


def take(tree, rows):
  return jax.tree.map(lambda leaf: leaf[rows], tree)


# Landscapes with two weights and three cases: one formula, so one program.


class Landscape(NamedTuple):
  """Coefficients `[3, 2]`, a row a case; the terms of both weights are added.

  factor · Σ_i bend (x_i - centre)² / 2 + tilt x_i + cube x_i³ + fourth x_i⁴
           + unit (σ(gain x_i) - target)² / 2 + floor
  """

  bend: np.ndarray
  centre: np.ndarray
  tilt: np.ndarray
  cube: np.ndarray
  fourth: np.ndarray
  unit: np.ndarray
  gain: np.ndarray
  target: np.ndarray
  floor: np.ndarray
  factor: np.ndarray


def landscape(**terms):
  """The landscape of the terms that are named; the others are 0, factor 1."""
  named = dict.fromkeys(Landscape._fields, 0) | {'factor': 1} | terms
  return Landscape(
    **{k: np.broadcast_to(v, (3, 2)).astype(float) for k, v in named.items()}
  )


def landscape_losses(x, f):
  x = jnp.broadcast_to(x, (3, 2))
  y = jax.nn.sigmoid(f.gain * x)
  curves = f.bend * (x - f.centre) ** 2 / 2 + f.unit * (y - f.target) ** 2 / 2
  powers = f.tilt * x + f.cube * x**3 + f.fourth * x**4 + f.floor
  return jnp.sum(f.factor * (curves + powers), axis=1)


LANDSCAPES = {
  # Two units, each of which must say 0, 0 and 1 to one input.
  'contradicted': landscape(unit=1, gain=1, target=[[0], [0], [1]]),
  # x_0² + 4 x_1² + 5, from cases that want x = 1, 1 and x = -1, -1.
  'bowl': landscape(bend=[[1, 4], [1, 4], [0, 0]], centre=[[1], [-1], [0]]),
  # (x_0² + x_1²) / 100 + 1.1, from cases that contradict each other.
  'shallow': landscape(
    bend=[[0.02], [0], [0]],
    tilt=[[0], [0.05], [-0.05]],
    floor=[[0.25], [0.15], [0.15]],
  ),
  # Three cases that want the same, and can have it up to rounding.
  'exact': landscape(bend=[[1, 1], [2, 3], [3, 7]], centre=[0.1, 0.3]),
  # The same with an error that no weight changes.
  'agreed': landscape(
    bend=[[1, 1], [2, 3], [3, 7]], centre=[0.1, 0.3], floor=1
  ),
  # x_0² - x_1² + 12.
  'saddle': landscape(
    bend=[[1, -1], [1, -1], [0, 0]], centre=[[1], [-1], [0]], floor=2
  ),
  # x_0² + 1, whatever x_1 is.
  'valley': landscape(bend=[[1, 0], [1, 0], [0, 0]], centre=[[1], [-1], [0]]),
  # x_0³ + x_1³ + 12, and x_0⁴ + x_1⁴ + 12.
  'cubic': landscape(tilt=[[1], [-1], [0]], cube=[[1], [0], [0]], floor=2),
  'quartic': landscape(tilt=[[1], [-1], [0]], fourth=[[1], [0], [0]], floor=2),
  # 12 - x_0³ - x_1³.
  'mirrored': landscape(tilt=[[1], [-1], [0]], cube=[[-1], [0], [0]], floor=2),
  # x⁴ as steep as a wall, and a slope against it: best at x_i = 4000^(-1/3).
  'wall': landscape(tilt=[[-1], [0], [0]], fourth=[[0], [1000], [0]], floor=1),
  # 2e4, less almost nothing: it bends down wherever a walk may end.
  'slide': landscape(bend=[[-0.001], [0], [0]], floor=[[1e4], [0], [0]]),
  # Two units that take weights of thousands to say 1.
  'slow': landscape(unit=[[1], [0], [0]], gain=0.001, target=1),
  # Neither slope nor bend: with error, and without.
  'constant': landscape(floor=1),
  'nothing': landscape(),
  # Two units that must say 1 to 1, 2 and 3.
  'right': landscape(unit=1, gain=[[1], [2], [3]], target=1),
  # Two units that can learn to say 1, and 0.25 that no weight changes.
  'half right': landscape(
    unit=[[1], [0], [0]], gain=1, target=1, floor=[[0], [0.125], [0]]
  ),
}


def explore(name, *points, factor=1, function=minima.certify):
  """Certificates of at most four points of a landscape."""
  rows = np.array([*points] + (4 - len(points)) * [points[0]], float)
  scaled = LANDSCAPES[name]._replace(factor=np.full((3, 2), float(factor)))
  found = judge(function, landscape_losses, rows, stack([scaled] * 4))
  return take(found, slice(len(points)))


def test_contradictory_labels_make_a_finite_minimum():
  # Σ_c (y - d_c) = 0 at y = 1/3, so w = log ½; E = ½ (2/9 + 4/9) a unit; and
  # there λ = 3 σ'(w)² = 3 (2/9)², as all else carries Σ_c (y - d_c).
  best = np.full(2, np.log(0.5))
  found = explore('contradicted', best, best + [0.7, -0.8], [-8, -8])
  minimum = Outcome.LOCAL_MINIMUM
  assert outcomes(found) == [minimum, minimum, Outcome.STILL_DESCENDING]
  for field, value in (
    ('error_limit', 2 / 3),
    ('lambda_min', 4 / 27),
    ('lambda_max', 4 / 27),
  ):
    there = getattr(found, field)[:2]
    chex.assert_trees_all_close(there, np.full(2, value), rtol=1e-9)
  moved = np.array([0, np.hypot(0.7, 0.8)])
  chex.assert_trees_all_close(found.moved[:2], moved, atol=1e-9)


def test_the_eigenvalues_of_a_bowl_are_exact():
  found = explore('bowl', [0, 0], [0.3, -0.2])
  assert outcomes(found) == [Outcome.LOCAL_MINIMUM] * 2
  for field, value in (
    ('lambda_min', 2),
    ('lambda_max', 8),
    ('error_limit', 5),
  ):
    there = getattr(found, field)
    chex.assert_trees_all_close(there, np.full(2, float(value)), rtol=1e-12)
  look = explore('bowl', [0.3, -0.2], function=minima.inspect)
  # g = (2 · 0.3, 8 · -0.2); case 1 pulls on x_1 by 4 (-1.2), case 2 by 4 · 0.8;
  # and on x_0 by -0.7 and 1.3.
  chex.assert_trees_all_close(look.gradient_max, np.array([1.6]))
  chex.assert_trees_all_close(look.balance, np.array([0.6 / 2.0]))
  chex.assert_trees_all_close(look.error, np.array([0.09 + 0.16 + 5]))


def test_a_minimum_far_away_is_not_where_the_net_is():
  found = explore('bowl', [1.9, 0], [2.1, 0], [30, 0])
  descending = [Outcome.STILL_DESCENDING] * 2
  assert outcomes(found) == [Outcome.LOCAL_MINIMUM, *descending]
  # From 3, E falls from 1.19 to 1.1: less than FALL, but to a finite minimum.
  found = explore('shallow', [1, 1], [3, 0])
  expected = [Outcome.LOCAL_MINIMUM, Outcome.STILL_DESCENDING]
  assert outcomes(found) == expected
  chex.assert_trees_all_close(found.error_limit, np.full(2, 1.1))


def test_a_minimum_without_error_is_solved_and_else_a_minimum():
  # Where all cases agree all pulls vanish, up to rounding.
  points = [0.5, 1.5], [0.1, 0.3], [0.7, 0.1], [-0.9, 0.7]
  found = explore('agreed', *points)
  assert outcomes(found) == [Outcome.LOCAL_MINIMUM] * 4
  found = explore('exact', *points)
  assert outcomes(found) == [Outcome.SOLVED] * 4
  chex.assert_trees_all_close(found.error_limit, np.zeros(4), atol=1e-25)


def test_a_net_is_at_a_saddle_only_in_balance():
  found = explore('saddle', [0, 0], [0, 1e-6], [0.5, 1e-6])
  descending = [Outcome.STILL_DESCENDING] * 2
  assert outcomes(found) == [Outcome.SADDLE, *descending]
  assert found.escapes.tolist() == [True, False, False]
  chex.assert_trees_all_close(found.lambda_min, np.full(3, -2.0))
  chex.assert_trees_all_close(found.lambda_max, np.full(3, 2.0))


def test_a_stationary_point_above_the_net_is_not_where_it_is():
  # Asked without rule 1: from all, Newton's first step leads to the saddle; the
  # second net is below it by less than GAIN.
  points = [0.5, 0], [0.5, 1e-5], [0, 0.5]
  found = explore('saddle', *points, function=minima.settle)
  saddles = [Outcome.SADDLE] * 2
  assert outcomes(found) == [*saddles, Outcome.STILL_DESCENDING]


def test_the_floor_of_a_flat_valley_is_no_minimum():
  found = explore('valley', [0, 0], [0.7, 3])
  assert outcomes(found) == [Outcome.DEGENERATE] * 2
  assert not np.any(found.escapes)
  chex.assert_trees_all_close(found.error_limit, np.ones(2))
  chex.assert_trees_all_close(found.moved, np.array([0, 0.7]), atol=1e-9)


@pytest.mark.parametrize(
  'name, start, escapes',
  [('cubic', 0.4, True), ('mirrored', -0.4, True), ('quartic', 0.4, False)],
)
def test_curvature_that_fades_with_the_steps_proves_nothing(
  name, start, escapes
):
  # Towards 0, Newton's steps in xⁿ are x / (n-1), and λ > 0 all the way.
  found = explore(name, [start, start], [0, 0])
  assert outcomes(found) == [Outcome.DEGENERATE] * 2
  assert found.escapes.tolist() == [escapes] * 2
  assert found.lambda_min[0] > 0
  assert found.balance[0] < 1e-9
  chex.assert_trees_all_close(found.error_limit, np.full(2, 12.0))


def test_where_nothing_pulls_or_bends_there_is_no_minimum():
  for name, outcome in (
    ('constant', Outcome.DEGENERATE),
    ('nothing', Outcome.SOLVED),
  ):
    found = explore(name, [0, 0], [3, -100])
    assert outcomes(found) == [outcome] * 2
    assert not np.any(found.escapes)
    chex.assert_tree_all_finite(found)
    assert not np.any(found.balance)


def test_what_is_not_finite_has_diverged():
  nan, inf = np.nan, np.inf
  # The valley ignores its second weight; the bowl overflows at 1e200.
  for function in (minima.certify, minima.settle):
    points = [nan, 0], [0, nan], [0, inf], [-inf, inf]
    found = explore('valley', *points, function=function)
    assert outcomes(found) == [Outcome.DIVERGED] * 4
    found = explore('bowl', [1e200, 0], [nan, nan], [0, 0], function=function)
    diverged = [Outcome.DIVERGED] * 2
    assert outcomes(found) == [*diverged, Outcome.LOCAL_MINIMUM]


def test_a_weight_that_the_loss_ignores_must_be_finite_too():
  params = {'used': np.ones(2), 'unused': np.array([0, np.nan])}
  look = judge(
    minima.inspect, lambda params, _: params['used'][None], params, np.zeros(2)
  )
  assert look.finite.tolist() == [True, False]


def test_a_walk_downhill_does_not_leap_over_a_wall():
  # At 0 there is a slope but no curvature, so Newton has no step to take.
  found = explore('wall', [0, 0])
  assert outcomes(found) == [Outcome.LOCAL_MINIMUM]
  moved = np.array([np.sqrt(2) * 4000 ** (-1 / 3)])
  chex.assert_trees_all_close(found.moved, moved, rtol=1e-9)


def test_a_net_that_falls_slowly_is_still_descending():
  found = explore('slide', [0.5, 0.5], function=minima.settle)
  assert outcomes(found) == [Outcome.STILL_DESCENDING]
  assert found.error_limit / found.error > 0.999
  found = explore('slow', [0, 0], [100, 100])
  assert outcomes(found) == [Outcome.STILL_DESCENDING] * 2
  assert np.all(found.error_limit / found.error > 0.9)


def test_a_net_on_its_way_to_no_error_is_still_descending():
  found = explore('right', [0, 0], [5, 5], [20, 20], [10, 2])
  assert outcomes(found) == [Outcome.STILL_DESCENDING] * 4
  # At 800 the units say exactly 1.
  assert outcomes(explore('right', [800, 800])) == [Outcome.SOLVED]


def test_a_net_saturates_only_near_the_limit_of_its_error():
  found = explore('half right', [1, 1], [4, 4], [12, 12])
  saturated = [Outcome.SATURATED] * 2
  assert outcomes(found) == [Outcome.STILL_DESCENDING, *saturated]
  chex.assert_trees_all_close(found.error_limit, np.full(3, 0.25))


@pytest.mark.parametrize('factor', [1e-13, 1e-6, 1e6])
def test_a_factor_on_a_landscape_changes_no_outcome(factor):
  for name in LANDSCAPES:
    points = [0.4, 0.4], [0, 0], [6, 6], [-5, 0.1]
    plain = explore(name, *points)
    scaled = explore(name, *points, factor=factor)
    assert outcomes(scaled) == outcomes(plain), name
    assert scaled.escapes.tolist() == plain.escapes.tolist(), name


# The net 2-2-1, whose patterns, targets, factor and decay are settings.


def squared(net, inputs, targets):
  """The letter's error ½ Σ (y - d)², case by case."""
  outputs = jax.vmap(lambda x: nets.apply(net, x))(inputs)
  return jnp.sum((outputs - targets) ** 2, axis=1) / 2


class Setting(NamedTuple):
  inputs: np.ndarray  # [4, 2]
  targets: np.ndarray  # [4, 1]
  factor: float
  decay: float


XOR = Setting(
  np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float),
  np.array([[0], [1], [1], [0]], float),
  factor=1.0,
  decay=0.0,
)
BLOCK = 16


def net_losses(net, setting):
  """½ Σ (y - d)² for each of four cases, and the decay of each weight."""
  weights = jnp.concatenate([jnp.ravel(a) for a in jax.tree.leaves(net)])
  cases = squared(net, setting.inputs, setting.targets)
  return setting.factor * jnp.append(cases, setting.decay * weights**2)


def net_221(w, b, v, c):
  w, b, v, c = (np.array(a, float) for a in (w, b, v, c))
  return nets.Layer(w, b), nets.Layer(v[:, None], c[None])


def saturated_xor(scale):
  """x_2 shuts both hidden units, which else tell x_1: outputs ≈ 0, ½, 1, ½.

  So it stands in the book: two patterns right, 0.5 for the other two, E = ¼.
  """
  w = [[-2 * scale, 2 * scale], [-4 * scale, -4 * scale]]
  return net_221(w, [scale, -scale], [-2 * scale, 2 * scale], 0)


def zeros():
  return net_221(np.zeros((2, 2)), np.zeros(2), np.zeros(2), 0)


def random_nets(seed, count, scale):
  draw = np.random.default_rng(seed)
  shapes = (2, 2), (2,), (2,), ()
  return [
    net_221(*(scale * draw.normal(size=shape) for shape in shapes))
    for _ in range(count)
  ]


def varied():
  """A block of all kinds."""
  return stack(
    [
      *[saturated_xor(scale) for scale in (3, 4, 12, 40, 1e4)],
      zeros(),
      net_221(np.full((2, 2), np.nan), np.zeros(2), np.zeros(2), 0),
      *random_nets(1, 4, 2.0),
      *random_nets(2, 5, 30.0),
    ]
  )


def certify(points, setting=XOR, function=minima.certify):
  """Results for a block of nets, all of one setting."""
  settings = stack([setting] * BLOCK)
  return judge(function, net_losses, points, settings)


def test_xor_at_a_quarter_is_saturated_until_slopes_underflow():
  # exp(-40) is lost beside E, and exp(-1e4) altogether.
  found = take(certify(varied()), slice(5))
  saturated = [Outcome.SATURATED] * 4
  assert outcomes(found) == [*saturated, Outcome.DEGENERATE]
  assert not np.any(found.escapes)
  quarter = np.full(5, 0.25)
  chex.assert_trees_all_close(found.error, quarter, atol=1e-3)
  chex.assert_trees_all_close(found.error_limit, quarter, atol=1e-9)


def test_xor_without_weights_is_a_degenerate_saddle():
  found = take(certify(varied()), slice(5, 6))
  assert outcomes(found) == [Outcome.DEGENERATE]
  assert found.escapes.tolist() == [True]
  # Every output is ½: E = ½ · 4 · ¼.
  chex.assert_trees_all_close(found.error_limit, np.array([0.5]))
  chex.assert_trees_all_close(found.moved, np.array([0.0]))


@pytest.mark.slow
def test_xor_with_two_hidden_units_has_no_finite_local_minimum():
  # Sprinkhuizen-Kuyper & Boers (1999). Asked without rule 1, which would
  # answer for most.
  for seed, scale in enumerate((0.3, 3.0, 10.0, 30.0)):
    points = stack(random_nets(seed, BLOCK, scale))
    found = certify(points, function=minima.settle)
    assert Outcome.LOCAL_MINIMUM not in outcomes(found)


def test_a_dead_hidden_unit_is_degenerate():
  # All inputs alike, targets 0, 0, 0, 1, no weight out of the hidden units: y
  # is best at ¼, whatever goes into them. E = ½ (3/16 + 9/16).
  same = XOR._replace(
    inputs=np.ones((4, 2)), targets=np.array([[0], [0], [0], [1]], float)
  )
  dead = net_221(np.ones((2, 2)), np.ones(2), np.zeros(2), np.log(1 / 3))
  found = certify(stack([dead] * BLOCK), same)
  assert set(outcomes(found)) == {Outcome.DEGENERATE}
  assert not np.any(found.escapes)
  limit = np.full(BLOCK, 0.375)
  chex.assert_trees_all_close(found.error_limit, limit, rtol=1e-12)


def test_weights_that_decay_to_nothing_are_in_a_minimum():
  # There all pulls vanish. The weights into hidden units feel the decay alone,
  # so λ_min = 2 · 0.05.
  points = stack(random_nets(5, BLOCK, 0.03))
  found = certify(points, XOR._replace(decay=0.05))
  assert set(outcomes(found)) == {Outcome.LOCAL_MINIMUM}
  chex.assert_trees_all_close(found.error_limit, np.full(BLOCK, 0.5))
  chex.assert_trees_all_close(found.lambda_min, np.full(BLOCK, 0.1))


def test_gradient_descent_ends_where_a_local_minimum_was_certified():
  # Decay makes minima finite: E no longer falls for ever larger weights.
  decayed = XOR._replace(decay=1e-3)

  def descend(net, sweeps):
    def sweep(_, state):
      net, velocity = state
      slope = jax.grad(lambda net: jnp.sum(net_losses(net, decayed)))(net)
      step = jax.tree.map(lambda v, g: 0.9 * v - 0.2 * g, velocity, slope)
      return jax.tree.map(jnp.add, net, step), step

    rest = jax.tree.map(jnp.zeros_like, net)
    return jax.lax.fori_loop(0, sweeps, sweep, (net, rest))[0]

  points = stack(random_nets(1, BLOCK, 2.0))
  with jax.enable_x64(True):
    train = jax.jit(jax.vmap(descend, (0, None)))
    early = train(jax.tree.map(jnp.asarray, points), 300)
    late = train(early, 6000)
  first, last = certify(early, decayed), certify(late, decayed)
  sure = first.outcome == Outcome.LOCAL_MINIMUM
  assert np.sum(sure) >= 4
  assert outcomes(last).count(Outcome.LOCAL_MINIMUM) >= 12
  # By then descent has come to rest: λ_min ≈ 0.002, and 2·6000·0.002 / (1-0.9)
  # e-folds have passed.
  chex.assert_trees_all_close(
    first.error_limit[sure], last.error[sure], rtol=1e-12
  )


@pytest.mark.parametrize('factor', [1e-6, 1e6])
def test_a_factor_on_the_loss_of_a_net_changes_no_outcome(factor):
  plain = certify(varied())
  scaled = certify(varied(), XOR._replace(factor=factor))
  assert len(set(outcomes(plain))) >= 4
  assert outcomes(scaled) == outcomes(plain)
  assert scaled.escapes.tolist() == plain.escapes.tolist()
  # The walks round differently but end alike.
  chex.assert_trees_all_close(
    scaled.error_limit, factor * plain.error_limit, rtol=1e-6
  )


def test_the_order_of_hidden_units_changes_nothing():
  first, second = points = varied()
  swapped = (
    nets.Layer(first.w[:, :, ::-1], first.b[:, ::-1]),
    nets.Layer(second.w[:, ::-1], second.b),
  )
  plain, other = certify(points), certify(swapped)
  assert outcomes(other) == outcomes(plain)
  chex.assert_trees_all_close(other.error_limit, plain.error_limit, rtol=1e-6)


def test_two_stages_say_what_one_program_says():
  points = varied()
  together = certify(points)
  look = certify(points, function=minima.inspect)
  settled = certify(points, function=minima.settle)
  assert 0 < np.sum(look.undecided) < BLOCK
  staged = jax.tree.map(
    lambda late, early: np.where(look.undecided, late, early),
    settled,
    minima.at_sight(look),
  )
  # The same operations, but compiled in other company.
  chex.assert_trees_all_close(
    staged._replace(balance=0, lambda_min=0, lambda_max=0, moved=0),
    together._replace(balance=0, lambda_min=0, lambda_max=0, moved=0),
    rtol=1e-6,
  )


def test_neighbours_change_nothing():
  points = varied()
  together = certify(points)
  for row in range(BLOCK):
    alone = certify(take(points, np.full(BLOCK, row)))
    chex.assert_trees_all_equal(take(alone, 0), take(together, row))


def test_a_point_needs_no_vmap():
  points = np.array([[0.3, -0.2], [0, 0], [2.5, 0], [0, 9]])
  together = explore('bowl', *points)
  with jax.enable_x64(True):
    losses = functools.partial(landscape_losses, f=LANDSCAPES['bowl'])
    one = jax.jit(lambda x: minima.certify(losses, x))
    alone = stack([one(jnp.asarray(point)) for point in points])
  assert outcomes(alone) == outcomes(together)
  assert alone.steps.tolist() == together.steps.tolist()
  # Distances from rest, 0 or rounding, need an absolute tolerance.
  chex.assert_trees_all_close(alone, together, rtol=1e-9, atol=1e-9)


def test_results_are_one_scalar_a_net():
  points = varied()
  look = certify(points, function=minima.inspect)
  certificates = [
    minima.at_sight(look),
    certify(points, function=minima.settle),
    certify(points),
  ]
  chex.assert_shape(jax.tree.leaves([look, *certificates]), (BLOCK,))
  chex.assert_type(list(look), 5 * [np.float64] + 2 * [bool])
  kinds = [np.int32] + 6 * [np.float64] + [np.int32, bool]
  for certificate in certificates[1:]:
    chex.assert_type(list(certificate), kinds)


def test_an_always_no_net_is_still_descending():
  # 6-2-1 with small weights into the hidden units, and an output far below 0: 8
  # of the 64 vectors are symmetric, so E = ½ · 8 = 4. Rule 1 tells.
  patterns = symmetry.patterns(6, coding='binary')
  draw = np.random.default_rng(0)
  plateau = stack(
    [
      (
        nets.Layer(0.1 * draw.normal(size=(6, 2)), np.zeros(2)),
        nets.Layer(0.1 * draw.normal(size=(2, 1)), np.array([bias])),
      )
      for bias in (-5.0, -8.0, -12.0, -20.0)
    ]
  )
  look = judge(
    minima.inspect, lambda net, set_: squared(net, *set_), plateau,
    stack([tuple(patterns)] * 4),
  )  # fmt: skip
  assert outcomes(minima.at_sight(look)) == [Outcome.STILL_DESCENDING] * 4
  assert not np.any(look.undecided)
  chex.assert_trees_all_close(look.error, np.full(4, 4.0), atol=0.1)


def test_single_precision_is_refused():
  double = np.zeros(2)
  with jax.enable_x64(True):
    made_inside = jnp.zeros(2)
    single = jnp.zeros(2, jnp.float32)
    for params in ({'a': made_inside, 'b': single}, single, jnp.arange(2), ()):
      with pytest.raises(TypeError, match='params: expected float64'):
        minima.inspect(lambda x: 0, params)
    for function in (minima.inspect, minima.settle, minima.certify):
      with pytest.raises(TypeError, match='case_losses: expected float64'):
        function(lambda x: x.astype(jnp.float32), double)
      with pytest.raises(ValueError, match=r'expected \[C\], found shape \(\)'):
        function(jnp.sum, double)
  for params in (double, made_inside):
    with pytest.raises(TypeError, match='outside'):
      minima.certify(lambda x: x, params)


def test_labels_are_words():
  assert Outcome.STILL_DESCENDING.label == 'still descending'
  assert Outcome(2).label == 'local minimum'
  assert len({outcome.label for outcome in Outcome}) == 7


def test_the_example_in_the_docstring_runs():
  failed, tried = doctest.testmod(minima)
  assert (failed, tried) == (0, 5)


@pytest.mark.slow
def test_wide_blocks_on_two_devices_come_to_an_end():
  # Batched LAPACK hangs here about every second time in a hundred.
  text = """
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
      points = jnp.linspace(0, 0.1, 256 * 20).reshape(256, 20)
      for function, times in ((minima.inspect, 50), (minima.settle, 5)):
        many = jax.vmap(lambda x: function(case_losses, x))
        split = jax.jit(jax.shard_map(many, mesh=mesh, in_specs=P('nets'),
                                      out_specs=P('nets'), check_vma=False))
        for _ in range(times):
          found = jax.block_until_ready(split(points))
    print(len(jax.devices()), np.bincount(found.outcome))
  """
  done = subprocess.run(
    [sys.executable, '-c', textwrap.dedent(text)],
    capture_output=True,
    text=True,
    timeout=60,
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout.split() == ['2', '[', '0', '0', '256]']

"""A hierarchy learns loop by loop, and completes what it is given a part of."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import nets
from jaxrep.learning import hierarchy, recirculation
from jaxrep.learning.hierarchy import Hierarchy
from jaxrep.learning.recirculation import Regression

REGRESSION = Regression(visible=0.6, hidden=0.8)
VECTOR = np.array([1, 0, 0, 0.3, 1], np.float32)
KNOWN = np.array([True, False, False, True, False])
# float32 against float64: some hundred roundings of numbers up to 1.
ROUNDING = 1e-5

changes = jax.jit(hierarchy.changes, static_argnames=('passes', 'keep_factor'))
complete = jax.jit(hierarchy.complete, static_argnames=('trips', 'top'))


def make(seed=0, width=2.0):
  """Returns loops 2-3-2 and 3-1-3 below, and 4-2-4 above them."""
  keys = jax.random.split(jax.random.key(seed), 3)
  shapes = (2, 3, 2), (3, 1, 3), (4, 2, 4)
  left, right, top = (
    nets.init(key, shape, weight_range=width, bias_range=width)
    for key, shape in zip(keys, shapes, strict=True)
  )
  return Hierarchy((left, right), top)


def constant(loop, value):
  return jax.tree.map(lambda a: jnp.full_like(a, value), loop)


def sigmoid(x):
  return 1 / (1 + np.exp(-x))


def through(layer, units):
  """The oracle's layer: sums one term after another, in float64."""
  w, b = np.asarray(layer.w, float), np.asarray(layer.b, float)
  out = [
    b[j] + sum(units[i] * w[i, j] for i in range(len(units)))
    for j in range(len(b))
  ]
  return sigmoid(np.array(out))


def up(loops, v):
  (left, right), _ = loops
  return np.concatenate([through(left[0], v[:2]), through(right[0], v[2:])])


def down(loops, h):
  (left, right), _ = loops
  return np.concatenate([through(left[1], h[:3]), through(right[1], h[3:])])


def round_top(loops, h):
  return through(loops.top[1], through(loops.top[0], h))


def changes_of_a_loop(loop, v0, share_visible, share_hidden):
  """The paper's eqs 3-6, weight by weight."""
  h1 = through(loop[0], v0)
  v2 = share_visible * v0 + (1 - share_visible) * through(loop[1], h1)
  h3 = share_hidden * h1 + (1 - share_hidden) * through(loop[0], v2)
  first = [[v2[i] * (h1[j] - h3[j]) for j in range(len(h1))]
           for i in range(len(v0))]  # fmt: skip
  last = [[h1[j] * (v0[i] - v2[i]) for i in range(len(v0))]
          for j in range(len(h1))]  # fmt: skip
  return (first, h1 - h3), (last, v0 - v2)


def check_loop(found, expected):
  for layer, (w, b) in zip(found, expected, strict=True):
    np.testing.assert_allclose(layer.w, np.array(w), atol=ROUNDING)
    np.testing.assert_allclose(layer.b, b, atol=ROUNDING)


def test_each_loop_learns_by_recirculation_from_its_own_start():
  loops = make()
  found = changes(loops, VECTOR, REGRESSION)
  (left, right), top = loops
  check_loop(found.below[0], changes_of_a_loop(left, VECTOR[:2], 0.6, 0.8))
  check_loop(found.below[1], changes_of_a_loop(right, VECTOR[2:], 0.6, 0.8))
  # All of the top loop's units are hidden ones, and keep λ_h.
  check_loop(found.top, changes_of_a_loop(top, up(loops, VECTOR), 0.8, 0.8))


def test_choices_reach_every_loop():
  loops = make()
  plain = changes(loops, VECTOR, REGRESSION)
  twice = changes(loops, VECTOR, REGRESSION, passes=2)
  kept = changes(loops, VECTOR, REGRESSION, keep_factor=True)

  def each(found):
    return *found.below, found.top

  shares = 0.6, 0.6, 0.8  # λ of what is each loop's visible units
  for a, b, c, share in zip(
    each(plain), each(twice), each(kept), shares, strict=True
  ):
    np.testing.assert_allclose(a[0].w, b[0].w, atol=ROUNDING)
    assert np.all(np.abs(a[1].b - b[1].b) > 1e-4)
    np.testing.assert_allclose(c[0].w, a[0].w / (1 - share), atol=ROUNDING)
    np.testing.assert_allclose(c[1].w, a[1].w, atol=ROUNDING)
    assert np.any(np.abs(a[0].w) > 1e-3)


def test_no_loop_hears_of_anothers_error():
  loops = make()
  other = loops._replace(top=make(seed=1).top)
  a = changes(loops, VECTOR, REGRESSION)
  b = changes(other, VECTOR, REGRESSION)
  jax.tree.map(np.testing.assert_array_equal, a.below, b.below)
  assert np.any(a.top[0].w != b.top[0].w)


def test_the_reconstruction_goes_up_round_and_down():
  loops = make()
  h = up(loops, VECTOR)
  np.testing.assert_allclose(
    hierarchy.reconstruct(loops, VECTOR),
    down(loops, round_top(loops, h)),
    atol=ROUNDING,
  )
  np.testing.assert_allclose(
    hierarchy.reconstruct_below(loops, VECTOR), down(loops, h), atol=ROUNDING
  )


def test_the_bottom_loops_alone_are_loops():
  loops = make()
  parts = [
    nets.apply(loop, part)
    for loop, part in zip(loops.below, (VECTOR[:2], VECTOR[2:]), strict=True)
  ]
  np.testing.assert_array_equal(
    hierarchy.reconstruct_below(loops, VECTOR), np.concatenate(parts)
  )


@pytest.mark.parametrize('top', (True, False))
def test_completion_agrees_with_a_loop_over_units(top):
  loops, trips = make(), 7
  states = complete(loops, VECTOR, KNOWN, REGRESSION, trips=trips, top=top)
  v = np.where(KNOWN, VECTOR, 0.5).astype(float)
  assert states.shape == (trips + 1, 5)
  np.testing.assert_array_equal(states[0], v.astype(np.float32))
  for state in states[1:]:
    h = up(loops, v)
    if top:
      h = 0.8 * h + 0.2 * round_top(loops, h)
    fresh = down(loops, h)
    v = [VECTOR[i] if KNOWN[i] else 0.6 * v[i] + 0.4 * fresh[i]
         for i in range(5)]  # fmt: skip
    np.testing.assert_allclose(state, v, atol=ROUNDING)
    v = np.array(v)


def test_a_completion_worked_by_hand():
  """Loops 1-1-1 whose layers have no weights, but biases.

  h = σ(0) = ½ in both; the top loop says σ(ln 3) = ¾, so with λ_h = ½
  h = ½ · ½ + ½ · ¾ = 5/8. The last layer of each bottom loop has weight 8 and
  bias -5, so it says σ(8 · 5/8 - 5) = ½; with the top loop left out it says
  σ(8 · ½ - 5) = σ(-1). From v = ½ with λ_v = ¼: ½, and ¼ · ½ + ¾ σ(-1).
  """
  flat = nets.Layer(jnp.zeros((1, 1)), jnp.zeros(1))
  steep = nets.Layer(jnp.full((1, 1), 8.0), jnp.full(1, -5.0))
  top = (
    nets.Layer(jnp.zeros((2, 1)), jnp.zeros(1)),
    nets.Layer(jnp.zeros((1, 2)), jnp.full(2, np.log(3.0), jnp.float32)),
  )
  loops = Hierarchy(((flat, steep), (flat, steep)), top)
  regression = Regression(visible=0.25, hidden=0.5)
  given = jnp.array([1.0, 0.0]), jnp.array([True, False])
  _, after = complete(loops, *given, regression, trips=1)
  np.testing.assert_allclose(after, [1, 0.5], atol=1e-6)
  _, after = complete(loops, *given, regression, trips=1, top=False)
  expected = 0.125 + 0.75 / (1 + np.e)
  np.testing.assert_allclose(after, [1, expected], atol=1e-6)


def test_known_units_never_change():
  states = complete(make(), VECTOR, KNOWN, REGRESSION, trips=9)
  known = np.tile(VECTOR[KNOWN], (10, 1))
  np.testing.assert_array_equal(states[:, KNOWN], known)
  assert np.all(np.abs(states[-1, ~KNOWN] - 0.5) > 1e-3)


def test_with_all_units_known_nothing_changes():
  states = complete(make(), VECTOR, np.ones(5, bool), REGRESSION, trips=3)
  np.testing.assert_array_equal(states, np.tile(VECTOR, (4, 1)))


def test_what_a_vector_holds_for_unknown_units_is_not_used():
  loops = make()
  other = np.where(KNOWN, VECTOR, 1 - VECTOR).astype(np.float32)
  np.testing.assert_array_equal(
    complete(loops, VECTOR, KNOWN, REGRESSION, trips=4),
    complete(loops, other, KNOWN, REGRESSION, trips=4),
  )


def test_without_weights_all_comes_back_as_a_half_and_unknown_units_stay():
  """σ(0) = ½ is also where unknown units start."""
  loops = constant(make(), 0.0)
  np.testing.assert_array_equal(
    hierarchy.reconstruct(loops, VECTOR), np.full(5, 0.5)
  )
  states = complete(loops, VECTOR, KNOWN, REGRESSION, trips=5)
  assert np.all(states[:, ~KNOWN] == 0.5)


def test_a_top_loop_without_weights_says_a_half_whatever_it_sees():
  loops = make()._replace(top=constant(make().top, 0.0))
  other = (1 - VECTOR).astype(np.float32)
  np.testing.assert_array_equal(
    hierarchy.reconstruct(loops, VECTOR), hierarchy.reconstruct(loops, other)
  )


def test_only_the_top_loop_tells_one_half_of_the_other():
  """Left of it nothing is known: with the right half turned round it changes
  with the top loop, and does not without."""
  loops = make()
  known = np.array([False, False, True, True, True])
  other = np.where(known, 1 - VECTOR, VECTOR).astype(np.float32)

  def left_half(vector, top):
    states = complete(loops, vector, known, REGRESSION, trips=3, top=top)
    return np.asarray(states[-1, :2])

  np.testing.assert_array_equal(
    left_half(VECTOR, top=False), left_half(other, top=False)
  )
  apart = left_half(VECTOR, top=True) - left_half(other, top=True)
  assert np.all(np.abs(apart) > 1e-4)


def test_with_all_of_h_kept_the_top_loop_has_no_say():
  given = make(), VECTOR, KNOWN, Regression(visible=0.6, hidden=1.0)
  np.testing.assert_array_equal(
    complete(*given, trips=4), complete(*given, trips=4, top=False)
  )


def test_lambda_of_visible_units_sets_the_pace_and_not_the_goal():
  """Weights this small leave one resting place, and trips enough reach it."""
  loops = make(width=0.5)
  fast, slow = (
    complete(loops, VECTOR, KNOWN, Regression(share, 0.5), trips=200)
    for share in (0.0, 0.5)
  )
  np.testing.assert_allclose(fast[-1], slow[-1], atol=1e-6)
  assert np.all(np.abs(fast[1] - slow[1])[~KNOWN] > 1e-3)


def test_a_wrong_length_is_refused():
  for f in (hierarchy.reconstruct, hierarchy.reconstruct_below):
    with pytest.raises(AssertionError):
      f(make(), VECTOR[:4])
  with pytest.raises(AssertionError):
    hierarchy.complete(make(), VECTOR, KNOWN[:4], REGRESSION, trips=1)


def test_the_top_loop_is_a_loop():
  """With the bottom loops cut away it learns as `recirculation` says."""
  loops = make()
  h = np.float32(up(loops, VECTOR))
  alone = recirculation.changes(loops.top, h, Regression(0.8, 0.8))
  found = changes(loops, VECTOR, REGRESSION).top
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, atol=ROUNDING), found, alone
  )

"""Do two changes agree, and two matrices: by NumPy, and in plain cases."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import nets
from jaxrep.learning import recirculation
from jaxrep.measures import agreement

cosine = jax.jit(agreement.cosine)
by_layer = jax.jit(agreement.by_layer)
ROUNDING = 1e-6  # of float32: sums of some ten products


def loop_of(seed, sizes=(4, 2, 4)):
  rng = np.random.default_rng(seed)
  return tuple(
    nets.Layer(
      rng.normal(size=(below, above)).astype('f'),
      rng.normal(size=above).astype('f'),
    )
    for below, above in zip(sizes[:-1], sizes[1:], strict=True)
  )


def scaled(tree, factor):
  return jax.tree.map(lambda a: np.float32(factor) * a, tree)


def flat(tree):
  leaves = jax.tree.leaves(tree)
  return np.concatenate([np.ravel(a) for a in leaves]).astype(np.float64)


def angle(a, b):
  a, b = flat(a), flat(b)
  return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


@pytest.mark.parametrize('seed', range(5))
def test_the_cosine_is_that_of_one_long_vector(seed):
  a, b = loop_of(seed), loop_of(seed + 100)
  expected = angle(a, b)
  assert abs(expected) < 0.9
  assert cosine(a, b) == pytest.approx(expected, abs=ROUNDING)
  norm = np.linalg.norm(flat(a))
  assert agreement.size(a) == pytest.approx(norm, rel=ROUNDING)


def test_a_cosine_by_hand():
  """(3, 4) and (4, 3): 24/25, in one array or in two."""
  a, b = jnp.array([3.0, 4]), jnp.array([4.0, 3])
  assert agreement.cosine(a, b) == pytest.approx(24 / 25, abs=ROUNDING)
  found = agreement.cosine((a[:1], a[1]), (b[:1], b[1]))
  assert found == pytest.approx(24 / 25, abs=ROUNDING)


@pytest.mark.parametrize(('j', 'k'), [(3.0, 0.01), (-1e4, 1.0), (-2.0, -5.0)])
def test_the_cosine_knows_signs_and_no_scale(j, k):
  a, b = loop_of(0), loop_of(1)
  expected = np.sign(j * k) * angle(a, b)
  found = cosine(scaled(a, j), scaled(b, k))
  assert found == pytest.approx(expected, abs=ROUNDING)


def test_nothing_has_no_direction():
  a = loop_of(0)
  nothing = scaled(a, 0)
  for pair in ((a, nothing), (nothing, a), (nothing, nothing)):
    assert np.isnan(cosine(*pair))
  # One layer that does not change leaves the other its cosine.
  found = by_layer((nothing[0], a[1]), scaled(a, -1))
  assert np.isnan(found[0])
  assert found[1] == pytest.approx(1, abs=ROUNDING)


def test_arrays_of_other_shapes_are_refused():
  """And not broadcast."""
  with pytest.raises(AssertionError):
    agreement.cosine(jnp.ones((2, 3)), jnp.ones((3, 2)))
  with pytest.raises(AssertionError):
    agreement.cosine(jnp.ones((2, 1)), jnp.ones((2, 3)))


@pytest.mark.parametrize('sizes', [(4, 2, 4), (3, 2, 4, 3)])
def test_a_change_along_steepest_descent_is_1_by_layer_whatever_its_rate(sizes):
  slopes = loop_of(0, sizes)
  rates = np.linspace(0.5, 20, len(slopes))
  down = [scaled(a, -rate) for a, rate in zip(slopes, rates, strict=True)]
  found = by_layer(tuple(down), slopes)
  chex.assert_shape(found, (len(slopes),))
  np.testing.assert_allclose(found, 1, atol=ROUNDING)
  np.testing.assert_allclose(by_layer(slopes, slopes), -1, atol=ROUNDING)


def test_an_orthogonal_change_is_0_by_layer():
  """One slope is along the first weight, the other along the first bias."""
  slope, change = (scaled(loop_of(0), 0) for _ in range(2))
  slope[0].w[0, 0], slope[1].b[0] = 2, 3
  change[0].w[1, 0], change[0].b[0] = 5, 1
  change[1].w[0, 0], change[1].b[1] = 7, 1
  np.testing.assert_array_equal(by_layer(change, slope), [0, 0])


def test_each_layer_has_the_cosine_of_its_weights_and_biases_together():
  a, b = loop_of(2), loop_of(3)
  expected = [-angle(x, y) for x, y in zip(a, b, strict=True)]
  np.testing.assert_allclose(by_layer(a, b), expected, atol=ROUNDING)
  weights = [-angle(x.w, y.w) for x, y in zip(a, b, strict=True)]
  assert np.all(np.abs(np.subtract(weights, expected)) > 0.01)


class TestMatrices:
  @pytest.mark.parametrize('factor', [1.0, 7.0, 0.1])
  def test_alignment_is_1_where_one_is_the_others_transpose(self, factor):
    """Up to a positive factor; -1 up to a negative one."""
    first, last = recirculation.tied(loop_of(0))
    found = [
      agreement.alignment((first, nets.Layer(sign * factor * last.w, last.b)))
      for sign in (1, -1)
    ]
    np.testing.assert_allclose(found, [1, -1], atol=ROUNDING)

  def test_alignment_of_others_is_the_cosine_of_their_links(self):
    """Link by link: that from i to j with that from j to i."""
    first, last = loop_of(4)
    pairs = [(first.w[i, j], last.w[j, i]) for i in range(4) for j in range(2)]
    a, b = np.array(pairs, np.float64).T
    expected = a @ b / np.sqrt((a @ a) * (b @ b))
    assert abs(expected) < 0.9
    found = agreement.alignment((first, last))
    assert found == pytest.approx(expected, abs=ROUNDING)

  def test_size_ratio_is_the_last_norm_over_the_first(self):
    """3, 4 over 1, 0 are 5; over 6, 8 one half."""
    last = nets.Layer(jnp.array([[3.0, 4]]), jnp.zeros(2))
    for w, expected in (([[1.0], [0]], 5), ([[6.0], [8]], 0.5)):
      first = nets.Layer(jnp.array(w), jnp.zeros(1))
      found = agreement.size_ratio((first, last))
      assert found == pytest.approx(expected, rel=ROUNDING)

  def test_biases_are_no_part_of_either(self):
    loop, other = loop_of(0), loop_of(1)
    rebiased = tuple(
      nets.Layer(a.w, 100 * b.b) for a, b in zip(loop, other, strict=True)
    )
    for measure in (agreement.alignment, agreement.size_ratio):
      np.testing.assert_array_equal(measure(rebiased), measure(loop))

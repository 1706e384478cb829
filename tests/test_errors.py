"""What is minimised, by hand and by finite differences."""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jaxrep.learning import errors


def test_the_error_is_half_the_square():
  y, d = jnp.array([0.9, 0.25]), jnp.array([1.0, 0.0])
  chex.assert_trees_all_close(
    errors.squared(y, d), jnp.array([0.005, 0.03125]), rtol=1e-5
  )


def test_the_weight_counts_for_units_that_should_be_on_only():
  y, d = jnp.array([0.5, 0.5]), jnp.array([1.0, 0.0])
  chex.assert_trees_all_close(
    errors.squared(y, d, positive_weight=7.0), jnp.array([0.875, 0.125])
  )


def test_the_band_forgives_what_is_right_and_nothing_else():
  """Above 0.8 for a unit that should be on, below 0.2 for one that is off."""
  y = jnp.array([0.81, 0.79, 0.19, 0.21, 0.1, 0.9])
  d = jnp.array([1.0, 1.0, 0.0, 0.0, 1.0, 0.0])
  e = errors.banded(errors.squared(y, d), y, d, band=0.2)
  np.testing.assert_array_equal(
    e == 0, [True, False, True, False, False, False]
  )


def test_no_gradient_comes_from_inside_the_band():
  def total(y):
    d = jnp.array([1.0, 1.0])
    return jnp.sum(errors.banded(errors.squared(y, d), y, d, band=0.2))

  slope = jax.grad(total)(jnp.array([0.9, 0.5]))
  chex.assert_trees_all_close(slope, jnp.array([0.0, -0.5]))


def test_shapes_under_vmap():
  y, d = jnp.zeros((4, 3, 2)), jnp.ones((4, 3, 2))
  e = jax.vmap(errors.squared)(y, d)
  banded = jax.vmap(lambda e, y, d: errors.banded(e, y, d, band=0.2))(e, y, d)
  chex.assert_shape([e, banded], (4, 3, 2))

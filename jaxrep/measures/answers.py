"""Whether a net's answers are right."""

import chex
import jax
import jax.numpy as jnp

from jaxrep import nets


def correct_cases(
  net: nets.Net, inputs: chex.Array, targets: chex.Array
) -> jax.Array:
  """Returns in how many cases every output is on its target's side of 0.5.

  Int32 `[]`. An output of exactly 0.5, or nan, is on neither side.

  Args:
    net: any net.
    inputs: `[C, I]`.
    targets: `[C, O]`, 0 or 1.
  """
  chex.assert_rank([inputs, targets], 2)
  outputs = jax.vmap(nets.apply, in_axes=(None, 0))(net, inputs)
  chex.assert_equal_shape([outputs, targets])
  right = (outputs - 0.5) * (targets - 0.5) > 0
  return jnp.sum(jnp.all(right, axis=1), dtype=jnp.int32)

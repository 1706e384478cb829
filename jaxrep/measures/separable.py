"""Whether a line can part cases, as a unit above them would have to."""

import chex
import jax
import jax.numpy as jnp


def parted(ons: chex.Array, offs: chex.Array) -> jax.Array:
  """Returns whether some line has two points on one side, two on the other.

  It has, unless the segment from the first to the second of either pair meets
  that of the other (for XOR the points are what the two hidden units answer,
  and then no output weights solve it). With the turn of three points,
  sign((q - p) × (r - p)), segments meet where each has the other's ends on both
  sides, or on its line, and their bounding boxes overlap.

  Args:
    ons: `[2, 2]`, one point a row.
    offs: `[2, 2]`, likewise.
  """
  chex.assert_shape([ons, offs], (2, 2))

  def both_sides(pair, others):
    (p, q), turns = pair, []
    for r in others:
      u, v = q - p, r - p
      turns.append(jnp.sign(u[0] * v[1] - u[1] * v[0]))
    return turns[0] * turns[1] <= 0

  low = jnp.maximum(jnp.min(ons, axis=0), jnp.min(offs, axis=0))
  high = jnp.minimum(jnp.max(ons, axis=0), jnp.max(offs, axis=0))
  overlap = jnp.all(low <= high)
  return ~(both_sides(ons, offs) & both_sides(offs, ons) & overlap)

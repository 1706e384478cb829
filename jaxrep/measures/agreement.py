"""Do two changes of a net agree, and two matrices of a loop?"""

from typing import Any

import chex
import jax
import jax.numpy as jnp

from jaxrep import nets


def cosine(a: Any, b: Any) -> jax.Array:
  """Returns the cosine of the angle between two pytrees, as flat vectors.

  Not a number where either is all zeros: nothing has no direction.

  Args:
    a: arrays.
    b: arrays of the same shapes.
  """
  chex.assert_trees_all_equal_shapes(a, b)
  return _dot(a, b) / (size(a) * size(b))


def size(a: Any) -> jax.Array:
  """Returns the Euclidean norm of a pytree, as one flat vector.

  Args:
    a: arrays.
  """
  return jnp.sqrt(_dot(a, a))


def by_layer(changes: nets.Net, slopes: nets.Net) -> jax.Array:
  """Returns the cosine `[L]` of each layer's change with steepest descent.

  1 where the change is along -∂E/∂w, -1 where it climbs. A layer's biases are
  part of its change.

  Args:
    changes: Δw, shaped like the net.
    slopes: ∂E/∂w, shaped like the net.
  """
  return jnp.stack([
    -cosine((a.w, a.b), (b.w, b.b))
    for a, b in zip(changes, slopes, strict=True)
  ])  # fmt: skip


def alignment(loop: nets.Net) -> jax.Array:
  """Returns the cosine of the last weights with the transpose of the first.

  1 where one matrix is the other's transpose, up to a positive factor.

  Args:
    loop: of two layers, visible -> hidden -> visible.
  """
  first, last = loop
  return cosine(last.w, first.w.T)


def size_ratio(loop: nets.Net) -> jax.Array:
  """Returns the norm of the last weights over that of the first.

  Args:
    loop: of two layers, visible -> hidden -> visible.
  """
  first, last = loop
  return size(last.w) / size(first.w)


def _dot(a, b):
  pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
  return sum(jnp.sum(x * y) for x, y in pairs)

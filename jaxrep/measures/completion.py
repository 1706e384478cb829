"""Does a hierarchy of loops complete vectors of which a part is known?"""

import itertools
import math

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jaxrep.learning import hierarchy as loops
from jaxrep.learning.recirculation import Regression

# Where there are more ways to leave out m units, so many are drawn, with this
# first number of the seed; the others are the units and m.
MOST, _DRAWN = 256, 1988


def masks(units: int) -> np.ndarray:
  """Returns which units are known, `[P, units]` bool, a mask a row.

  With 1, 2, .. and at last all units missing: every way to leave out m of them
  in the order of `itertools.combinations`, or, of more than `MOST`, that many
  drawn without replacement. They depend on `units` only.

  Args:
    units: length of a vector, at least 1.
  """
  rows = []
  for m in range(1, units + 1):
    for missing in _subsets(units, m):
      known = np.ones(units, bool)
      known[list(missing)] = False
      rows.append(known)
  return np.stack(rows)


def best_possible(vectors: np.ndarray, known: np.ndarray) -> np.ndarray:
  """Returns how often a guess among the vectors that remain is right, `[N, P]`.

  1 / the number of vectors that agree with vector n in the units that mask p
  leaves. On average over the vectors nothing that sees these units only can be
  right more often: of vectors that look alike it can be right about one.

  Args:
    vectors: `[N, U]`, no two the same.
    known: `[P, U]` bool.
  """
  differ = (vectors[:, None] != vectors[None]).astype(np.float32)  # [N, N, U]
  at_known = known.T.astype(np.float32)
  # One vector at a time: all pairs under all masks can be gigabytes.
  return np.stack([1 / np.sum(one @ at_known == 0, axis=0) for one in differ])


def by_missing(values: np.ndarray, known: np.ndarray) -> np.ndarray:
  """Returns the mean of values with 1, 2, .. U units missing, `[U]`.

  Args:
    values: `[N, P]`, of every vector with every mask.
    known: `[P, U]` bool; of every number of missing units there is a mask.
  """
  groups = _groups(known)
  return groups @ np.mean(values, axis=0) / groups.sum(axis=1)


def right(states: chex.Array, vectors: chex.Array) -> jax.Array:
  """Returns whether every unit is on its vector's side of 0.5, `[...]` bool.

  A unit at 0.5, or not a number, is on neither side.

  Args:
    states: `[..., U]`.
    vectors: `[..., U]`, 0 or 1.
  """
  chex.assert_equal_shape([states, vectors])
  return jnp.all((states - 0.5) * (vectors - 0.5) > 0, axis=-1)


def completed(
  hierarchy: loops.Hierarchy,
  vectors: chex.Array,
  known: chex.Array,
  regression: Regression,
  *,
  trips: int,
  top: bool = True,
) -> jax.Array:
  """Returns the share completed with 1, 2, .. U units missing, `[U]`.

  Over all vectors, and all masks that leave out so many.

  Args:
    hierarchy: one.
    vectors: `[N, U]`.
    known: `[P, U]` bool, from `masks`.
    regression: λ_v and λ_h.
    trips: after which it is judged.
    top: whether the top loop takes part.
  """

  def with_mask(mask):
    def one(vector):
      states = loops.complete(
        hierarchy, vector, mask, regression, trips=trips, top=top
      )
      return right(states[-1], vector)

    return jnp.sum(jax.vmap(one)(vectors), dtype=jnp.int32)

  # One mask after another: all at once would keep their states at every trip.
  groups, counts = _groups(known), jax.lax.map(with_mask, known)
  return groups @ counts / (len(vectors) * jnp.sum(groups, axis=1))


def _groups(known):
  """Returns which masks leave out 1, 2, .. U units, `[U, P]` bool."""
  units = known.shape[1]
  missing = units - known.sum(axis=1)
  return missing[None] == np.arange(1, units + 1)[:, None]


def _subsets(units, m):
  """Returns the sets of m units that are left out, each a tuple."""
  if math.comb(units, m) <= MOST:
    return list(itertools.combinations(range(units), m))
  rng = np.random.default_rng((_DRAWN, units, m))
  drawn: dict[tuple, None] = {}
  while len(drawn) < MOST:
    subset = np.sort(rng.choice(units, m, replace=False))
    drawn[tuple(subset.tolist())] = None
  return list(drawn)

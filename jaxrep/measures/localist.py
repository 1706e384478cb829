"""Alignments without a rotation: which neurons, as they are, hold a variable?

What `alignment.search` is held against. A choice of neurons is a permutation
matrix `[D, D]` in that module's convention, so whatever takes a rotation takes
it: variable v owns rows v·⌊D/V⌋ .. +k. All is said of one net; `jax.vmap` adds
nets.

`windows` and `greedy` choose by the IIA on a few cases, which favours what
those cases happen to favour. What is reported has to be on others:

    into, _ = localist.windows(first, below, above, sample, k=1)
    iia = alignment.accuracy(second, into, below, above, sample, k=1)

References:
  Geiger, Wu, Potts, Icard & Goodman, arXiv 2303.02536 (2023), on brute force
  and on localist alignments.
"""

import itertools
from collections.abc import Callable

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jaxrep.measures import alignment
from jaxrep.tasks.counterfactuals import Counterfactuals

# Cases that a choice is made on, twice 192: see `alignment.EXAMINED`.
CASES = 384
# Where a window may begin in a wide site, evenly spaced: each choice of two is
# a cell of a table of so many squared.
PLACES = 64
# Choices judged at a time: few keep a block of nets in the cache.
_GROUP = 16


def permutation(order: chex.Array) -> jax.Array:
  """Returns the matrix `[D, D]` whose row r picks neuron order[r].

  Args:
    order: `[D]` int, each neuron once.
  """
  return jax.nn.one_hot(order, len(order))


def windows(
  key: chex.PRNGKey,
  below: Callable,
  above: Callable,
  sample: alignment.Sample,
  *,
  k: int,
  count: int = CASES,
  answer: Callable = alignment.largest,
) -> tuple[jax.Array, jax.Array]:
  """Returns the best windows of neighbouring neurons `[D, D]`, and their IIA.

  Brute force: every variable has k neurons in a row, no two variables share
  one, and every such choice is judged on the same cases. At a site of more than
  `PLACES` neurons windows begin at every second, third, .. one. Of equals the
  first is taken. The IIA is that on the cases chosen by, the greatest of many:
  too high as a result (see the top).

  Args:
    key: of the cases; is consumed.
    below: input `[I]` -> site `[D]`, the net up to there.
    above: site `[D]` -> outputs `[O]`, the rest of it.
    sample: `(key, count) -> Counterfactuals`; key is consumed.
    k: neurons a variable, 1 to ⌊D/V⌋.
    count: cases.
    answer: outputs `[O]` -> label, of one case.

  Raises:
    ValueError: another k.
  """
  cases, sites = _sites(key, below, sample, count)
  variables, size = len(cases.sources), sites.shape[-1]
  _check('k', k, size, variables)
  starts = _apart(size, variables, k)
  chosen = starts[..., None] + np.arange(k)  # [choices, V, k]
  owned = np.any(chosen[..., None] == np.arange(size), axis=-2)
  scores = _judged(jnp.asarray(owned), above, cases, sites, answer)
  best = jnp.argmax(scores)
  return _completed(jnp.asarray(chosen)[best], size), scores[best]


def greedy(
  key: chex.PRNGKey,
  below: Callable,
  above: Callable,
  sample: alignment.Sample,
  *,
  most: int,
  count: int = CASES,
  answer: Callable = alignment.largest,
) -> jax.Array:
  """Returns neurons chosen one at a time, `[D, D]`: the best first.

  The variables take turns, and each adds to its neurons the free one with
  which the IIA is highest; of equals the lowest. Later choices change no
  earlier ones, so the matrix serves every k ≤ most.

  Args:
    key: of the cases; is consumed.
    below: as for `windows`.
    above: as for `windows`.
    sample: as for `windows`.
    most: neurons a variable, 1 to ⌊D/V⌋; rows beyond hold what is left.
    count: cases, the same for all choices.
    answer: as for `windows`.

  Raises:
    ValueError: another most.
  """
  cases, sites = _sites(key, below, sample, count)
  variables, size = len(cases.sources), sites.shape[-1]
  _check('most', most, size, variables)

  def add(owned, turn):
    here = jnp.arange(variables) == turn
    tried = owned[None] | (
      here[None, :, None] & jnp.eye(size, dtype=bool)[:, None]
    )
    scores = _judged(tried, above, cases, sites, answer)
    best = jnp.argmax(jnp.where(jnp.any(owned, axis=0), -1, scores))
    return tried[best], best

  turns = jnp.tile(jnp.arange(variables), most)
  nobodys = jnp.zeros((variables, size), bool)
  _, chosen = jax.lax.scan(add, nobodys, turns)
  return _completed(chosen.reshape(most, variables).T, size)


def nearest(into: np.ndarray, *, variables: int, k: int) -> np.ndarray:
  """Returns the permutations nearest to maps, `[.., D, D]`; on the host.

      π = argmax Σ_r |R[r, π(r)]|    over variables' rows r, π(r) all different

  which is the least |R - P|² of these rows over signed permutations P. The
  signs are left out: where a neuron is replaced as a whole they cancel. Rows
  that are nobody's get the neurons that are left. Unlike an interchange, this
  depends on the basis in which a variable's coordinates are written. Nothing is
  near a map that is not finite: NaN.

  Args:
    into: R, `[.., D, D]`.
    variables: V.
    k: coordinates a variable, 1 to ⌊D/V⌋.

  Raises:
    ValueError: another k.
  """
  from scipy.optimize import linear_sum_assignment  # slow to import

  into = np.asarray(into)
  size = into.shape[-1]
  _check('k', k, size, variables)
  rows = _rows(size, variables, k)
  weights = np.zeros((into[..., 0, 0].size, size, size))
  weights[:, rows] = np.abs(into).reshape(weights.shape)[:, rows]
  known = np.isfinite(weights).all(axis=(1, 2))
  weights[~known] = 0
  orders = [linear_sum_assignment(w, maximize=True)[1] for w in weights]
  found = np.eye(size, dtype=into.dtype)[np.array(orders)]
  found[~known] = np.nan
  return found.reshape(into.shape)


def _check(name: str, found: int, size: int, variables: int) -> None:
  if not 1 <= found <= size // variables:
    raise ValueError(
      f'{name}: expected 1 to {size // variables}, for {variables} variables'
      f' at a site of {size}, found {found}'
    )


def _rows(size: int, variables: int, k: int) -> np.ndarray:
  """Returns the rows that variables own, `[V k]`: `alignment.coordinates`."""
  first = np.arange(variables)[:, None] * (size // variables)
  return (first + np.arange(k)).ravel()


def _apart(size: int, variables: int, k: int) -> np.ndarray:
  """Returns where windows may begin, `[choices, V]`, so that none overlap."""
  every = range(0, size - k + 1, -(-size // PLACES))
  places = itertools.product(every, repeat=variables)
  starts = np.array(list(places))
  in_order = np.sort(starts, axis=1)
  return starts[np.all(np.diff(in_order, axis=1) >= k, axis=1)]


def _sites(key, below, sample, count) -> tuple[Counterfactuals, jax.Array]:
  """Returns cases, and the site's activity for all their inputs."""
  cases = sample(key, count)
  return cases, alignment.activity(below, cases)


def _judged(owned, above, cases: Counterfactuals, sites, answer) -> jax.Array:
  """Returns the IIA of choices of neurons, bool `[choices, V, D]`."""

  def share(owned):
    now, *sources = sites
    for mine, source, moved in zip(owned, sources, cases.moved, strict=True):
      now = jnp.where(moved[:, None] & mine[None], source, now)
    outputs = jax.vmap(above)(now)
    told = jax.vmap(answer)(outputs) == cases.labels
    return jnp.mean(told & jnp.all(jnp.isfinite(outputs), axis=1))

  return jax.lax.map(share, owned, batch_size=_GROUP)


def _completed(chosen: jax.Array, size: int) -> jax.Array:
  """Returns the permutation whose variables own these neurons, `[V, k]`."""
  rows = _rows(size, *chosen.shape)
  rest = np.setdiff1d(np.arange(size), rows)
  taken = jnp.any(chosen.reshape(-1, 1) == jnp.arange(size)[None], axis=0)
  left = jnp.argsort(taken, stable=True)[: len(rest)]
  order = jnp.concatenate([chosen.ravel(), left])
  return permutation(order[np.argsort(np.concatenate([rows, rest]))])

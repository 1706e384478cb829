"""Hierarchical equality: are a and b related as c and d are?

    y = ((a = b) = (c = d))

A net sees four entities of D numbers, joined: `[4D]`. Which of them are equal
is fixed by the place of a case, so shares are exact; only entities are drawn.
"""

import functools
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax
import jax.numpy as jnp
import numpy as np

from jaxrep.tasks.counterfactuals import (
  CausalModel,
  Counterfactuals,
  factual,
  kinds,
  labelled,
)

# Uniform in ±0.5 (the papers), uniform in ±1 rounded to two decimals (a popular
# tutorial), standard normal (the source post).
ENTITIES = ('uniform', 'rounded', 'gaussian')

# What may be new in a generalisation test: see `shifted`.
SHIFTS = ('fresh', 'outside', 'other', 'near')

# Greatest magnitude of a component, and its standard deviation (rounding adds
# less than 1e-4 of it).
_LIMITS = {'uniform': 0.5, 'rounded': 1.0}
_DEVIATIONS = {'uniform': 12**-0.5, 'rounded': 3**-0.5, 'gaussian': 1.0}

# Which bit of a case's number, among the cases of its kind, says that a pair is
# the same: `[kinds, inputs, 2]`, the base first, the left pair before the right
# one. Pairs that decide the label have the lowest bits, so few cases suffice to
# balance them.
_BITS = {
  'both': (
    ((0, 1), (2, 3), (4, 5)),  # (a = b) moves
    ((0, 1), (4, 5), (3, 2)),  # (c = d) moves
    ((0, 1), (2, 4), (5, 3)),  # both
  ),
  'left': (((0, 1), (2, 3)),),
  'identity': (((0, 1), (3, 4)),),
}
# For identity: the bit that says that the source's a is the base's b.
_COPIES = 2


def entities(key: jax.Array, shape: tuple[int, ...], *, kind: str) -> jax.Array:
  """Returns entities, float32 of the shape given, components independent.

  Args:
    key: consumed.
    shape: its last axis is the entity's.
    kind: of ENTITIES.

  Raises:
    ValueError: another kind.
  """
  _one_of('kind', kind, ENTITIES)
  if kind == 'gaussian':
    return jax.random.normal(key, shape, jnp.float32)
  limit = _LIMITS[kind]
  drawn = jax.random.uniform(key, shape, jnp.float32, -limit, limit)
  return jnp.round(drawn, 2) if kind == 'rounded' else drawn


@functools.cache
def both(dimension: int) -> CausalModel:
  """Returns the hypothesis that (a = b) and (c = d) are found, then compared.

  Args:
    dimension: D, at least 1.

  Raises:
    ValueError: a smaller one.
  """
  _at_least_one('dimension', dimension)
  left, right = _same(0, dimension), _same(2, dimension)
  return CausalModel((left, right), lambda x, v1, v2: v1 == v2)


@functools.cache
def left(dimension: int) -> CausalModel:
  """Returns the hypothesis that (a = b) is found; of c and d it says nothing.

  Args:
    dimension: D, at least 1.

  Raises:
    ValueError: a smaller one.
  """
  _at_least_one('dimension', dimension)
  right = _same(2, dimension)
  return CausalModel((_same(0, dimension),), lambda x, v: v == right(x))


@functools.cache
def identity(dimension: int) -> CausalModel:
  """Returns the hypothesis that the vector a is kept as it is.

  A control: to solve the task, a net need not.

  Args:
    dimension: D, at least 1.

  Raises:
    ValueError: a smaller one.
  """
  _at_least_one('dimension', dimension)
  right = _same(2, dimension)

  def output(x, a):
    return jnp.all(a == x[dimension : 2 * dimension]) == right(x)

  return CausalModel((lambda x: x[:dimension],), output)


# D -> causal model; the same functions each time, so nothing compiles twice.
HYPOTHESES: Mapping[str, Callable[[int], CausalModel]] = MappingProxyType(
  {'both': both, 'left': left, 'identity': identity}
)


def examples(
  key: jax.Array, count: int, *, dimension: int, kind: str
) -> tuple[jax.Array, jax.Array]:
  """Returns inputs `[N, 4D]` and labels `[N]` int32, 1 where positive.

  Case n has template n mod 4: same/same, same/different, different/same,
  different/different; the first and the last are positive. Entities that are
  to differ are drawn independently, so rounded ones of few dimensions may be
  equal by chance; labels are those of the vectors.

  Args:
    key: consumed.
    count: N, at least 1; shares are exact if it is a multiple of 4.
    dimension: D, at least 1.
    kind: of entities, of ENTITIES.

  Raises:
    ValueError: other arguments.

  References:
    Geiger, Carstensen, Frank & Potts, arXiv 2006.07968 (2020), on hierarchical
    equality.
  """
  return shifted(key, count, dimension=dimension, kind=kind, change='fresh')


def shifted(
  key: jax.Array, count: int, *, dimension: int, kind: str, change: str
) -> tuple[jax.Array, jax.Array]:
  """Returns examples unlike those of training: inputs `[N, 4D]`, labels `[N]`.

  The change is one of SHIFTS:
  - fresh: none, these are `examples`;
  - outside: beyond the range of training, each component moved outwards by the
    greatest magnitude there: uniform ones are 0.5 to 1 in magnitude, rounded
    ones 1 to 2. Gaussian ones have no range: they are twice as large, which
    leaves most of them where training has some;
  - other: of another distribution with the same standard deviation: Gaussian,
    and uniform in place of Gaussian;
  - near: entities that differ do so in one component only, drawn anew. Which
    one goes round with the cases, for each pair by itself.

  Args:
    key: consumed.
    count: N, at least 1.
    dimension: D, at least 1.
    kind: of the entities of training, of ENTITIES.
    change: of SHIFTS.

  Raises:
    ValueError: other arguments.
  """
  _at_least_one('count', count)
  _at_least_one('dimension', dimension)
  _one_of('change', change, SHIFTS)
  _one_of('kind', kind, ENTITIES)
  case = np.arange(count)[:, None, None]
  shared = case // np.array([[2], [1]]) % 2 == 0
  if change == 'near':
    anew = case // np.array([[4], [4 * dimension]]) % dimension
    shared = shared | (anew != np.arange(dimension))
  numbers = _equated(_numbers(count, 2, 2, dimension), shared)
  inputs = _filled(numbers, key, kind, change)
  return inputs, jax.vmap(functools.partial(factual, both(dimension)))(inputs)


def counterfactuals(
  key: jax.Array, count: int, *, hypothesis: str, dimension: int, kind: str
) -> Counterfactuals:
  """Returns bases, sources and what a hypothesis answers, balanced.

  Which variables move goes round with the cases (`kinds`). In each such kind
  the label is positive in half of the cases, and in half of them it is not the
  base's, whatever the base's pairs are: chance is 0.50. All pairs are the same
  in half of the cases. What decides the label is balanced jointly:
  - both, one variable moves: the base's two pairs and the source's pair that
    moves, 8 cells (exact if N is a multiple of 24); then the source's other
    pair and those of the source that nothing is taken from (192);
  - both, two move: the base's two pairs and the two that move, 16 cells (48);
    then the other ones (192);
  - left: the base's two pairs and the source's left one, 8 cells (8); then its
    right one (16);
  - identity: the base's two pairs, and whether the source's a is the base's b,
    8 cells (8); then the source's own pairs, where b is a or drawn anew (32).

  Args:
    key: consumed.
    count: N, at least 1.
    hypothesis: of HYPOTHESES.
    dimension: D, at least 1.
    kind: of entities, of ENTITIES; see `examples` on equal ones by chance.

  Raises:
    ValueError: other arguments.

  References:
    Geiger, Wu, Potts, Icard & Goodman, arXiv 2303.02536 (2023), on hierarchical
    equality.
  """
  _at_least_one('count', count)
  _one_of('hypothesis', hypothesis, HYPOTHESES)
  model = HYPOTHESES[hypothesis](dimension)
  bits = np.array(_BITS[hypothesis])
  turn, moves = np.divmod(np.arange(count), len(bits))
  same = turn[:, None, None] >> bits[moves] & 1 == 1
  same = np.moveaxis(same, 0, 1)[..., None]  # [inputs, N, 2, 1]
  numbers = _equated(_numbers(len(same), count, 2, 2, dimension), same)
  if hypothesis == 'identity':
    a, b = numbers[1, :, 0, 0], numbers[0, :, 0, 1]
    copies = (turn >> _COPIES & 1 == 1)[:, None]
    numbers[1, :, 0, 0] = np.where(copies, b, a)
    numbers = _equated(numbers, same)
  inputs = _filled(numbers, key, kind)
  return labelled(model, inputs[0], inputs[1:], kinds(len(same) - 1, count))


def known(dimension: int) -> jax.Array:
  """Returns the rotation that finds both relations at the inputs, `[4D, 4D]`.

  Its rows, of which variable 1 has the first half and variable 2 the second:

      (a - b)/√2, (a + b)/√2, (c - d)/√2, (c + d)/√2        (D rows each)

  Two entities are equal where their difference is 0: k rows of each variable
  are all there is to (a = b) and (c = d) if k ≥ D. The same matrix serves the
  hypothesis left, whose one variable has the rows from 0: for D ≤ k ≤ 2D, as
  further ones are of c and d.

  Args:
    dimension: D, at least 1.

  Raises:
    ValueError: a smaller one.
  """
  _at_least_one('dimension', dimension)
  pair = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
  rows = np.kron(np.eye(2), np.kron(pair, np.eye(dimension))) + 0.0
  return jnp.asarray(rows, jnp.float32)


def _same(first, dimension):
  """Whether an entity of x equals the next one, as a function of x."""

  def same(x):
    pair = x.reshape(4, dimension)[first : first + 2]
    return jnp.all(pair[0] == pair[1])

  return same


def _numbers(*shape):
  """Which drawn component stands in a place: of `[.., 2, 2, D]` its own."""
  return np.arange(math.prod(shape)).reshape(shape)


def _equated(numbers, shared):
  """Seconds of pairs have the components of their firsts where shared."""
  first, second = numbers[..., 0, :], numbers[..., 1, :]
  return np.stack([first, np.where(shared, first, second)], axis=-2)


def _filled(numbers, key, kind, change='fresh'):
  """`[.., 2, 2, D]` -> inputs `[.., 4D]`.

  Only what is used is drawn, and to look it up is half the price of choosing
  between first and second entities, which draws them again for each use.
  """
  used, places = np.unique(numbers, return_inverse=True)
  drawn = _drawn(key, used.shape, kind, change)
  return drawn[places.reshape(*numbers.shape[:-3], -1)]


def _drawn(key, shape, kind, change):
  """Entities as a change has them."""
  _one_of('kind', kind, ENTITIES)
  if change == 'other':
    other = 'uniform' if kind == 'gaussian' else 'gaussian'
    scale = _DEVIATIONS[kind] / _DEVIATIONS[other]
    return scale * entities(key, shape, kind=other)
  drawn = entities(key, shape, kind=kind)
  if change == 'outside' and kind == 'gaussian':
    return 2 * drawn
  if change == 'outside':
    return drawn + jnp.copysign(_LIMITS[kind], drawn)
  return drawn


def _at_least_one(name, found):
  if found < 1:
    raise ValueError(f'{name}: expected at least 1, found {found}')


def _one_of(name, found, known):
  if found not in known:
    names = ', '.join(known)
    raise ValueError(f'{name}: expected one of {names}, found {found!r}')

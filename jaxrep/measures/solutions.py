"""Which solution a net is: its signs, as they are or up to its symmetries.

Weights stand in the order of `nets.listed`: layer after layer, unit after unit,
the weights from the units below and then the bias. Kolen & Pollack call two
nets the same solution if all their signs agree. Many nets of different signs
are the same function, though, or the same but for inputs that the task does not
tell apart; `form` is one pattern for all of those.

References:
  Kolen & Pollack, NIPS 3 (1990): solutions are told apart by the nine signs.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jaxrep import nets
from jaxrep.tasks.patterns import Patterns

# Of more inputs there are too many permutations to try: 5,040 and up.
_INPUTS = 6
# What fits into an int64, with a bit to spare.
_WEIGHTS = 62


def signs(net: nets.Net) -> jax.Array:
  """Returns whether each weight is above 0, `[W]` bool; nan and 0 are not.

  Args:
    net: any layers.
  """
  return nets.listed(net) > 0


def exchanges(patterns: Patterns) -> np.ndarray:
  """Returns the permutations of inputs that leave a task alone, `[E, I]` int.

  In row e, input k is given what input `exchanges[e, k]` was given, and the
  same cases (inputs with their targets, in any order) come out. The identity is
  first. 2 for XOR, n! for parity of n bits. Beyond 6 inputs the others are not
  looked for: the identity alone.

  Args:
    patterns: a pattern set.
  """
  inputs, targets = patterns
  identity = range(inputs.shape[1])
  if len(identity) > _INPUTS:
    return np.array([identity])

  def cases(order):
    return sorted(np.hstack([inputs[:, order], targets]).tolist())

  orders = map(list, itertools.permutations(identity))
  same = cases(list(identity))
  return np.array([order for order in orders if cases(order) == same])


def form(net: nets.Net, exchanges: chex.Array) -> jax.Array:
  """Returns the sign pattern of a net up to its symmetries, `[W]` bool.

  The smallest pattern, read as a binary number, of the nets that

  - see the inputs in one of the orders that leave the task alone;
  - have each logistic hidden unit turned such that its weight to the first unit
    above is positive. As σ(-z) = 1 - σ(z), a unit with all its weights and its
    bias negated does the same if its weights v to the units above are negated
    as well, and the old v added to their biases;
  - have the hidden units of a layer in the order of their own signs: weights
    from below, bias, weights to above.

  Nets that differ by these alone have the same form. That is so for one hidden
  layer; of several, units are turned from the outputs down and put in order
  from the inputs up, and ties are not resolved: some nets that are the same
  then keep apart. A weight to the first unit above that is 0 or nan leaves its
  unit as it is.

  Args:
    net: layers with biases, with direct links from the inputs or without.
    exchanges: `[E, I]` int, orders of the inputs.
  """
  chex.assert_rank(exchanges, 2)
  bits = jax.tree.map(lambda weights: weights > 0, _turned(net))

  def pattern(order):
    layers = _reordered(bits, order)
    for k in range(len(layers) - 1):
      layers[k : k + 2] = _in_order(*layers[k : k + 2])
    return nets.listed(layers)

  return _sorted(jax.vmap(pattern)(jnp.asarray(exchanges)))[0]


def code(bits: np.ndarray) -> np.ndarray:
  """Returns sign patterns as numbers, the first weight most significant, `[S]`.

  Args:
    bits: `[S, W]` bool, W at most 62.

  Raises:
    ValueError: more weights.
  """
  bits = np.asarray(bits)
  weights = bits.shape[-1]
  if weights > _WEIGHTS:
    raise ValueError(
      f'bits: expected at most {_WEIGHTS} weights, found {weights}'
    )
  return bits @ (1 << np.arange(weights, dtype=np.int64)[::-1])


def groups(net: nets.Net) -> list[int]:
  """Returns how many weights each unit has, its bias one of them.

  Units stand in the order of `nets.listed`: [3, 3, 3] for a net 2-2-1.

  Args:
    net: layers with biases, of one net or of many on leading axes.
  """
  shapes = (layer.w.shape[-2:] for layer in net)
  return [rows + 1 for rows, units in shapes for _ in range(units)]


def words(code: int, groups: Sequence[int]) -> str:
  """Returns the signs that a number stands for, a word a unit: '++- +-- +-+'.

  Args:
    code: of `code`.
    groups: how many signs each word has; `groups` has them for a net.

  Raises:
    ValueError: a number of more weights, or below 0.
  """
  weights = sum(groups)
  if not 0 <= code < 2**weights:
    raise ValueError(
      f'code: expected one of {weights} weights, 0 to {2**weights - 1}, '
      f'found {code}'
    )
  marks = iter(f'{int(code):0{weights}b}'.translate({48: '-', 49: '+'}))
  return ' '.join(''.join(itertools.islice(marks, n)) for n in groups)


def _turned(net: nets.Net) -> list[nets.Layer]:
  """Returns the same function with its logistic hidden units turned."""
  layers = list(net)
  for k in reversed(range(len(layers) - 1)):
    layer, above = layers[k : k + 2]
    if layer.unit is not jax.nn.sigmoid:
      continue
    v, links = jnp.split(above.w, [len(layer.b)])
    negative = v[:, 0] < 0
    sign = jnp.where(negative, -1, 1)
    w = jnp.concatenate([v * sign[:, None], links])
    b = above.b + jnp.sum(jnp.where(negative[:, None], v, 0), axis=0)
    layers[k] = _with(layer, layer.w * sign[None], layer.b * sign)
    layers[k + 1] = _with(above, w, b)
  return layers


def _reordered(
  layers: Sequence[nets.Layer], order: jax.Array
) -> list[nets.Layer]:
  """Returns layers that see the inputs, and links from them, in an order."""
  found, below = [], 0
  for layer in layers:
    hidden, inputs = jnp.split(layer.w, [below])
    if len(inputs):  # all of the first layer, direct links of another
      w = jnp.concatenate([hidden, inputs[order]])
      layer = _with(layer, w, layer.b)
    found.append(layer)
    below = len(layer.b)
  return found


def _in_order(
  layer: nets.Layer, above: nets.Layer
) -> tuple[nets.Layer, nets.Layer]:
  """Returns two layers of signs, the units between them in order."""
  inputs, units = layer.w.shape
  v, links = jnp.split(above.w, [units])
  keys = _sorted(jnp.concatenate([layer.w, layer.b[None], v.T]).T)
  w, b, v = jnp.split(keys, [inputs, inputs + 1], axis=1)
  w_above = jnp.concatenate([v, links])
  return _with(layer, w.T, b[:, 0]), _with(above, w_above, above.b)


def _with(layer: nets.Layer, w: jax.Array, b: jax.Array) -> nets.Layer:
  return dataclasses.replace(layer, w=w, b=b)


def _sorted(rows: jax.Array) -> jax.Array:
  """Returns rows `[N, B]` in ascending order, the first column first."""
  return rows[jnp.lexsort(rows.T[::-1])]

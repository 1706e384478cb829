"""Back-propagation by the chain rule, without automatic differentiation.

Twice: in matrices, for any layered net of logistic units, and weight by weight
with every factor named, for the nets of a lesson: I inputs, H hidden units and
one output. The notation is the lecture's, where the output is a and the target
y; the letter of 1986 calls them y and d.

    E = Σ_c Σ_k (y_ck - a_ck)²,    a = σ(x),    σ' = a (1 - a)

There is no ½, hence the factor 2 in ∂E/∂a = 2 (a - y). The lecture writes
2 (y - a): *minus* the derivative, the way in which the output should change.

Units are numbered through: the inputs from 1, then the hidden units, then the
output. Unit 0 is the bias of the hidden units, and the unit after the output
that of the output. A net of 2-2-1 has the units 1 2 | 3 4 | 5 and the weights
w_3_5 w_4_5 w_6_5, w_1_3 w_2_3 w_0_3, w_1_4 w_2_4 w_0_4.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jaxrep import nets

Slope = Callable[[jax.Array, jax.Array], jax.Array]
Link = tuple[int, int]  # from which unit, to which


def lecture(a: chex.Array, y: chex.Array) -> jax.Array:
  """Returns ∂E/∂a = 2 (a - y) for the lecture's E = Σ (y - a)²."""
  return 2 * (a - y)


def letter(a: chex.Array, y: chex.Array) -> jax.Array:
  """Returns ∂E/∂a = a - y for the letter's E = ½ Σ (y - a)²."""
  return a - y


def gradient(
  net: nets.Net,
  inputs: chex.Array,
  targets: chex.Array,
  *,
  slope: Slope = lecture,
) -> nets.Net:
  """Returns ∂E/∂w and ∂E/∂b, summed over cases, in the shape of the net.

  From the last layer to the first, with `below` what a layer sees and a what
  it answers (`[C, ..]`, one row a case):

    δ = ∂E/∂x = ∂E/∂a · a (1 - a)
    ∂E/∂w = belowᵀ δ,    ∂E/∂b = Σ_c δ_c
    ∂E/∂a of the layer below = δ wᵀ

  The last line is the new target: how much each hidden unit contributed to the
  error. A layer with direct links (`nets.apply`) hands back only what goes to
  the units below it.

  Args:
    net: layers of logistic units.
    inputs: `[C, I]`.
    targets: `[C, O]`.
    slope: `(a, y) -> ∂E/∂a`, elementwise: `lecture`, `letter`, or another.

  Raises:
    ValueError: a unit that is not logistic.

  References:
    Rumelhart, Hinton & Williams, Nature 323 (1986), eqs 4-7.
  """
  seen, activations = _forward(net, inputs)
  chex.assert_equal_shape([activations[-1], targets])
  error = slope(activations[-1], targets)
  slopes = []
  for k in reversed(range(len(net))):
    delta = error * activations[k + 1] * (1 - activations[k + 1])
    slopes.append(_of_layer(net[k], seen[k], delta))
    units_below = activations[k].shape[1]
    error = delta @ net[k].w[:units_below].T
  return tuple(reversed(slopes))


def delta_rule(
  net: nets.Net, inputs: chex.Array, targets: chex.Array
) -> nets.Net:
  """Returns *minus* the lecture's change over α, in the shape of the net.

    Δw_i = α Σ_c (y_c - ŷ_c) x_ci    in the last layer; no other layer changes

  x is what the last layer sees and ŷ what it answers. It is to be used like a
  gradient, by a rule that goes down. There is no σ': this is no gradient of
  the squared error, but that of the cross-entropy, -Σ y ln ŷ + (1 - y) ln
  (1 - ŷ), with respect to the last layer.

  Args:
    net: layers of logistic units.
    inputs: `[C, I]`.
    targets: `[C, O]`.

  Raises:
    ValueError: a unit that is not logistic.
  """
  seen, activations = _forward(net, inputs)
  chex.assert_equal_shape([activations[-1], targets])
  last = _of_layer(net[-1], seen[-1], activations[-1] - targets)
  return (*jax.tree.map(jnp.zeros_like, net[:-1]), last)


class Factor(NamedTuple):
  """One factor of a chain, such as ∂a5/∂x5, and its value."""

  name: str
  value: float


class Chain(NamedTuple):
  """How one weight changes the error of one case.

  Attributes:
    weight: its name, such as 'w_3_5'.
    factors: from the weight to the error.
    product: of the factors: ∂E/∂w.
  """

  weight: str
  factors: tuple[Factor, ...]
  product: float


def links(inputs: int, hidden: int) -> list[Link]:
  """Returns the units that each weight of an I-H-1 net leads from and to.

  The last layer first; of each unit that weights lead to, the bias last. For
  2-2-1: 3 to 5, 4 to 5, 6 to 5; 1 to 3, 2 to 3, 0 to 3; 1 to 4, 2 to 4, 0 to 4.
  """
  middle = range(inputs + 1, inputs + hidden + 1)
  end = inputs + hidden + 1
  last = [(j, end) for j in (*middle, end + 1)]
  return last + [(i, j) for j in middle for i in (*range(1, inputs + 1), 0)]


def weight_names(inputs: int, hidden: int) -> tuple[str, ...]:
  """Returns the weights' names, such as w_3_5, in the order of `links`."""
  return tuple(f'w_{i}_{j}' for i, j in links(inputs, hidden))


def named(net: nets.Net) -> dict[str, float]:
  """Returns the weights of an I-H-1 net, or of a gradient of one, by name.

  Raises:
    ValueError: a net of other sizes.
  """
  return {f'w_{i}_{j}': w for (i, j), w in _weights(net).items()}


def quantities(
  net: nets.Net, x: chex.Array, y: chex.Numeric
) -> dict[str, float]:
  """Returns all that is worked out for one case, by name, in that order.

  For 2-2-1, forwards: a1, a2, y; x3, a3, x4, a4; x5, a5; E. Backwards:
  ∂E/∂a5 = 2 (a5 - y), ∂a5/∂x5 = a5 (1 - a5); for the hidden units ∂x5/∂a3 =
  w_3,5, the new target ∂E/∂a3 = ∂x5/∂a3 · ∂a5/∂x5 · ∂E/∂a5, ∂a3/∂x3; and the
  first factor of every chain, ∂x5/∂w_3,5 = a3, which for a bias is 1.

  Unit by unit in NumPy's float64, on another road than `gradient`.

  Args:
    net: of sizes I-H-1, logistic.
    x: `[I]`, one pattern.
    y: its target, one number.

  Raises:
    ValueError: a net of other sizes, or a unit that is not logistic.
  """
  weights, (inputs, hidden) = _weights(net), _sizes(net)
  _check_logistic(net)
  x, y = np.asarray(x, float), np.asarray(y, float).item()
  chex.assert_shape(x, (inputs,))
  end = inputs + hidden + 1
  activity = {0: 1.0, end + 1: 1.0}
  found = {}
  for i in range(1, inputs + 1):
    activity[i] = found[f'a{i}'] = x[i - 1].item()
  found['y'] = y
  for j in range(inputs + 1, end + 1):
    below = [i for i, k in weights if k == j]
    total = sum(weights[i, j] * activity[i] for i in below)
    found[f'x{j}'] = total
    activity[j] = found[f'a{j}'] = _logistic(total)
  a = activity[end]
  found['E'] = (y - a) ** 2
  error = found[f'∂E/∂a{end}'] = 2 * (a - y)
  answer = found[f'∂a{end}/∂x{end}'] = a * (1 - a)
  for j in range(inputs + 1, end):
    link = found[f'∂x{end}/∂a{j}'] = weights[j, end]
    found[f'∂E/∂a{j}'] = link * answer * error
    found[f'∂a{j}/∂x{j}'] = activity[j] * (1 - activity[j])
  for i, j in weights:
    found[f'∂x{j}/∂w_{i},{j}'] = activity[i]
  return found


def factor_names(i: int, j: int, end: int) -> tuple[str, ...]:
  """Returns the names of the factors of ∂E/∂w_i,j, in a chain's order.

  For 2-2-1, of w_3_5: ∂x5/∂w_3,5, ∂a5/∂x5, ∂E/∂a5; of w_1_3: ∂x3/∂w_1,3,
  ∂a3/∂x3, ∂x5/∂a3, ∂a5/∂x5, ∂E/∂a5: the same chain, two factors longer.

  Args:
    i: the unit that the weight leads from.
    j: the unit that it leads to.
    end: the output unit.
  """
  back = () if j == end else (f'∂a{j}/∂x{j}', f'∂x{end}/∂a{j}')
  last = f'∂a{end}/∂x{end}', f'∂E/∂a{end}'
  return (f'∂x{j}/∂w_{i},{j}', *back, *last)


def chains(net: nets.Net, x: chex.Array, y: chex.Numeric) -> list[Chain]:
  """Returns ∂E/∂w of one case as a product of named factors for each weight.

  In the order of `weight_names`. Summed over cases, the products are the
  `gradient`.

  Args:
    net: of sizes I-H-1, logistic.
    x: `[I]`, one pattern.
    y: its target, one number.

  Raises:
    ValueError: a net of other sizes, or a unit that is not logistic.
  """
  found = quantities(net, x, y)
  listed = []
  inputs, hidden = _sizes(net)
  for i, j in links(inputs, hidden):
    names = factor_names(i, j, inputs + hidden + 1)
    factors = tuple(Factor(name, found[name]) for name in names)
    product = math.prod(factor.value for factor in factors)
    listed.append(Chain(f'w_{i}_{j}', factors, product))
  return listed


def _forward(net, inputs):
  """Returns what each layer sees, and inputs and answers, `[C, ..]` each."""
  chex.assert_rank(inputs, 2)
  _check_logistic(net)
  seen, activations = [], [inputs]
  for layer in net:
    below = activations[-1]
    if seen and len(layer.w) == below.shape[1] + inputs.shape[1]:
      below = jnp.concatenate([below, inputs], axis=1)
    seen.append(below)
    activations.append(layer.unit(below @ layer.w + layer.b[None]))
  return seen, activations


def _of_layer(layer, below, delta):
  """Returns the slopes of one layer, given ∂E/∂x `[C, O]`."""
  return nets.Layer(below.T @ delta, jnp.sum(delta, axis=0), layer.unit)


def _check_logistic(net):
  """Refuses units of which σ' = a (1 - a) does not hold."""
  for layer in net:
    if layer.unit is not jax.nn.sigmoid:
      name = getattr(layer.unit, '__name__', repr(layer.unit))
      raise ValueError(f'unit: expected jax.nn.sigmoid, found {name}')


def _sizes(net: nets.Net) -> tuple[int, int]:
  """Returns I and H of an I-H-1 net, and refuses others."""
  shapes = [layer.w.shape for layer in net]
  if len(net) != 2 or shapes[1] != (shapes[0][1], 1):
    found = ', '.join(str(shape) for shape in shapes)
    raise ValueError(
      f'net: expected weights (I, H), (H, 1), no direct links; found {found}'
    )
  return shapes[0]


def _weights(net: nets.Net) -> dict[Link, float]:
  """Returns the weights by the units that they lead from and to."""
  inputs, hidden = _sizes(net)
  columns = [(net[1].w[:, 0], net[1].b[0])]
  columns += [(net[0].w[:, j], net[0].b[j]) for j in range(hidden)]
  values = np.concatenate([np.append(w, b) for w, b in columns])
  ends = links(inputs, hidden)
  return dict(zip(ends, values.astype(float).tolist(), strict=True))


def _logistic(x: float) -> float:
  """Returns σ(x), 0 where e^-x is beyond all numbers."""
  with np.errstate(over='ignore'):
    return float(1 / (1 + np.exp(-x)))

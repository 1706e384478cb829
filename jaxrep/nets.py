"""Layered nets, for one net and one pattern; `jax.vmap` adds the other axes.

A net is a tuple of layers and each layer carries its unit, so a slice of a net
is a net: `apply(net[k:], apply(net[:k], x)) == apply(net, x)`.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence

import chex
import jax
import jax.numpy as jnp


@functools.partial(
  jax.tree_util.register_dataclass,
  data_fields=['w', 'b'],
  meta_fields=['unit'],
)
@dataclasses.dataclass(frozen=True)
class Layer:
  """A weight matrix, the biases, and the unit that their sum goes through.

  Attributes:
    w: `[I, O]`, from input unit i to output unit j (the letter's w_ji).
    b: `[O]`, the weight from an extra input that is always 1; None: no biases.
    unit: elementwise `[O] -> [O]`; it is no array, and no gradient is taken
      of it.
  """

  w: jax.Array
  b: jax.Array | None
  unit: Callable[[jax.Array], jax.Array] = jax.nn.sigmoid

  @property
  def inputs(self) -> int:
    """How many units it sees."""
    return len(self.w)

  def __call__(self, x: chex.Array) -> jax.Array:
    """Returns what the units answer, `[I] -> [O]`."""
    total = x @ self.w
    return self.unit(total if self.b is None else total + self.b)


Net = tuple[Layer, ...]
# Units by name, as flags and records have them.
UNITS = {
  'softplus': jax.nn.softplus,
  'relu': jax.nn.relu,
  'sigmoid': jax.nn.sigmoid,
  'tanh': jnp.tanh,
  'identity': jax.nn.identity,
}


def apply(net: Sequence[Layer], x: chex.Array) -> jax.Array:
  """Returns the output `[O]` for one pattern `[I]`, layer after layer.

    x_j = Σ_i y_i w_ji + b_j,    y_j = σ(x_j)

  Args:
    net: layers; a slice of a net is a net, and no layer at all is the identity.
      A layer with I rows more than there are units below it has direct links:
      it sees the units below and, in its last I rows, the pattern.
    x: `[I]`. For a pattern set, `jax.vmap(apply, (None, 0))`.

  References:
    Rumelhart, Hinton & Williams, Nature 323 (1986), eqs 1, 2.
  """
  return activations(net, x)[-1]


def answers(net: Sequence[Layer], inputs: chex.Array) -> jax.Array:
  """Returns the outputs `[C, O]` for a pattern set `[C, I]`.

  Args:
    net: as for `apply`.
    inputs: `[C, I]`.
  """
  return jax.vmap(apply, (None, 0))(net, inputs)


def activations(net: Sequence[Layer], x: chex.Array) -> list[jax.Array]:
  """Returns the input and every layer's output for a pattern, `[I] .. [O]`."""
  states = [x]
  for layer in net:
    below = states[-1]
    if len(states) > 1 and layer.inputs == len(below) + len(x):
      below = jnp.concatenate([below, x])
    states.append(layer(below))
  return states


def listed(net: Sequence[Layer]) -> jax.Array:
  """Returns all weights `[W]`, unit after unit: its weights, then its bias.

  Layers from the inputs up; the weights of a unit in the order of the units
  below, as Kolen & Pollack write down where a net starts.

  Args:
    net: layers with biases.

  References:
    Kolen & Pollack, NIPS 3 (1990), Figs 1, 2.
  """
  units = [jnp.concatenate([layer.w, layer.b[None]]).T for layer in net]
  return jnp.concatenate([rows.ravel() for rows in units])


def from_list(weights: chex.Array, like: Sequence[Layer]) -> Net:
  """Returns the net of weights `[W]` in the order of `listed`.

  Args:
    weights: `[W]`.
    like: a net of the same shape, or its shapes.
  """
  layers, start = [], 0
  for layer in like:
    inputs, outputs = layer.w.shape
    end = start + (inputs + 1) * outputs
    rows = weights[start:end].reshape(outputs, inputs + 1)
    layers.append(Layer(rows[:, :-1].T, rows[:, -1], layer.unit))
    start = end
  return tuple(layers)


def init(
  key: chex.PRNGKey,
  sizes: Sequence[int],
  *,
  weight_range: chex.Numeric,
  bias_range: chex.Numeric,
  unit: Callable[[jax.Array], jax.Array] = jax.nn.sigmoid,
  links: bool = False,
) -> Net:
  """Returns a net with weights uniform in ±range.

  Args:
    key: is consumed. The draws are scaled by the range and not otherwise
      touched by it, so nets of one key and two ranges are the same direction.
    sizes: units a layer, inputs first: `(6, 2, 1)`.
    weight_range: half-width of the weights' interval, ≥ 0.
    bias_range: half-width of the biases' interval; 0 starts them at 0.
    unit: of every layer.
    links: whether the last layer has direct links from the input (`apply`).
  """

  def draw(key, shape):
    return jax.random.uniform(key, shape, jnp.float32, minval=-1, maxval=1)

  layers = []
  pairs = zip(sizes[:-1], sizes[1:], strict=True)
  for k, (inputs, outputs) in enumerate(pairs):
    if links and 0 < k == len(sizes) - 2:
      inputs += sizes[0]
    w_key, b_key = jax.random.split(jax.random.fold_in(key, k))
    w = weight_range * draw(w_key, (inputs, outputs))
    b = bias_range * draw(b_key, (outputs,))
    layers.append(Layer(w, b, unit))
  return tuple(layers)


def he(
  key: chex.PRNGKey,
  sizes: Sequence[int],
  *,
  units: Sequence[Callable[[jax.Array], jax.Array]],
) -> Net:
  """Returns a net with normal weights and biases of variance 2/I.

  I is the number of inputs of a unit, for its bias as for its weights.

  Args:
    key: is consumed.
    sizes: units a layer, inputs first: `(784, 100, 2)`.
    units: of each layer.

  References:
    He, Zhang, Ren & Sun, ICCV (2015), eq. 10; they start biases at 0.
  """
  layers = []
  for k, unit in enumerate(units):
    w_key, b_key = jax.random.split(jax.random.fold_in(key, k))
    inputs, outputs = sizes[k], sizes[k + 1]
    deviation = (2 / inputs) ** 0.5
    w = deviation * jax.random.normal(w_key, (inputs, outputs), jnp.float32)
    b = deviation * jax.random.normal(b_key, (outputs,), jnp.float32)
    layers.append(Layer(w, b, unit))
  return tuple(layers)


def fan_in(
  key: chex.PRNGKey,
  sizes: Sequence[int],
  *,
  units: Sequence[Callable[[jax.Array], jax.Array]],
  gain: chex.Numeric = 1.0,
) -> Net:
  """Returns a net with weights and biases uniform in ±gain/√I.

  I is the number of inputs of a unit. With gain 1 this is what linear layers of
  PyTorch start from.

  Args:
    key: is consumed.
    sizes: units a layer, inputs first: `(16, 16, 2)`.
    units: of each layer.
    gain: of weights and biases.
  """
  layers = []
  for k, unit in enumerate(units):
    reach = gain / sizes[k] ** 0.5
    pair = jax.random.fold_in(key, k), sizes[k : k + 2]
    [layer] = init(*pair, weight_range=reach, bias_range=reach, unit=unit)
    layers.append(layer)
  return tuple(layers)

"""One datapoint at a time, exactly, in the order given; and what it changes.

Two ways to the same weights. `plain` follows any rule on any net, datapoint by
datapoint. `blocked` is steepest descent of layered nets with many inputs, for
which `plain` reads and writes the first layer's weights for every datapoint:
it does so once a block of datapoints. Both keep tallies: the sum of |Δw| over
the datapoints of a group, for each parameter.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import chex
import jax
import jax.numpy as jnp
import optax

from jaxrep import nets

# Parts that the curve of running errors has.
WINDOWS = 100


class Stream(NamedTuple):
  """Datapoints, and the order in which a net meets some of them.

  Attributes:
    inputs: `[N, I]`, of any type that `read` (see `blocked`) makes floats of.
    targets: `[N, O]`.
    order: `[M]` int32, rows of these, from place 0 on; what lies beyond the
      last place asked for is never met, so that many orders have one shape.
  """

  inputs: jax.Array
  targets: jax.Array
  order: jax.Array


class Passed(NamedTuple):
  """A net that has met the datapoints of a stretch.

  Attributes:
    net: its weights afterwards.
    tallies: like the net, each leaf `[G, ...]`: Σ|Δw| by group.
    curve: `[WINDOWS]`, E of a datapoint before its weight change, mean over
      each hundredth of the stretch; NaN where none lies in it.
  """

  net: Any
  tallies: Any
  curve: jax.Array


def no_tallies(net: Any, groups: int) -> Any:
  """Returns tallies of as many groups, at 0, shaped like the net."""
  return jax.tree.map(lambda w: jnp.zeros((groups, *w.shape), w.dtype), net)


def plain(
  net: Any,
  inputs: chex.Array,
  targets: chex.Array,
  groups: chex.Array,
  *,
  rule: optax.GradientTransformation,
  loss: Callable,
) -> tuple[Any, Any, jax.Array]:
  """Returns net, tallies and errors `[N]`, for any net and any rule.

  Args:
    net: parameters, any pytree.
    inputs: `[N, ...]`, one datapoint after the other.
    targets: `[N, ...]`.
    groups: `[N, G]`, 1 where |Δw| for this datapoint counts in tally g, else 0.
    rule: what changes the weights.
    loss: `(net, input, target) -> E` of one datapoint.
  """

  start = net, rule.init(net), no_tallies(net, groups.shape[1])
  (net, _, tallies), errors = onward(
    start, inputs, targets, groups, rule=rule, loss=loss
  )
  return net, tallies, errors


def onward(
  carry: tuple[Any, Any, Any],
  inputs: chex.Array,
  targets: chex.Array,
  groups: chex.Array,
  *,
  rule: optax.GradientTransformation,
  loss: Callable,
) -> tuple[tuple[Any, Any, Any], jax.Array]:
  """Returns what `plain` does, of a net under way: its carry and errors `[N]`.

  Args:
    carry: net, state of the rule, and tallies so far: `rule.init(net)` and
      `no_tallies` at the start.
    inputs: `[N, ...]`.
    targets: `[N, ...]`.
    groups: `[N, G]`.
    rule: as of `plain`.
    loss: as of `plain`.
  """

  def step(carry, datapoint):
    net, state, tallies = carry
    x, d, counts = datapoint
    e, slope = jax.value_and_grad(loss)(net, x, d)
    update, state = rule.update(slope, state, net)
    changed = optax.apply_updates(net, update)
    tallies = jax.tree.map(
      lambda t, u: t + jnp.multiply.outer(counts, jnp.abs(u)), tallies, update
    )
    return (changed, state, tallies), e

  return jax.lax.scan(step, carry, (inputs, targets, groups))


def blocked(
  net: Sequence[nets.Layer],
  stream: Stream,
  first: chex.Numeric,
  last: chex.Numeric,
  *,
  rate: chex.Numeric,
  error: Callable,
  size: int,
  groups: chex.Array | None = None,
  read: Callable = lambda inputs: inputs,
) -> Passed:
  """Returns a net after steepest descent along a stretch of a stream.

  With η = `rate`, and δ_t = ∂E_t/∂u_t where u_t are the sums that the first
  layer's units see at datapoint t of a block, whose weights W, b are those
  before the block:

    u_t = W x_t + b - η Σ_{s<t} (x_t·x_s + 1) δ_s,
    W' = W - η Σ_t δ_t x_t,    b' = b - η Σ_t δ_t,
    Σ_t |Δw_ij| = η Σ_t |x_ti| |δ_tj|

  Three matrix products and the inputs' Gram matrix stand for the passes through
  W. The layers above are changed datapoint by datapoint. Up to rounding it is
  `plain` with `optax.sgd(rate)`. Inside, W is [J, I] as in the letter's w_ji,
  and the δs are [J, size]: all products of a `vmap` of nets are then products
  of one tall matrix with what the nets share, and nothing is transposed.

  Args:
    net: layers; what is done to the first is exact for any unit and any layers
      above it.
    stream: the datapoints; all nets of a `vmap` should see the same.
    first: place in the order of the first datapoint met.
    last: the place behind the last.
    rate: η.
    error: `(y [O], d [O]) -> E` of one datapoint.
    size: datapoints a block; the last block of a stretch may be ragged.
    groups: `[M, G]`, by place in the order: 1 where a datapoint counts in tally
      g, else 0. None: no tallies are kept (those returned have no groups).
    read: makes floats `[size, I]` of rows of the inputs.
  """
  layer = net[0]
  count = jnp.asarray(last - first, jnp.int32)
  tallies = no_tallies(tuple(net), 0 if groups is None else groups.shape[1])

  def above(rest, u, d):
    return error(nets.apply(rest, layer.unit(u)), d)

  def block(k, carry):
    w, b, rest, tallies, sums, counts = carry
    place = k * size + jnp.arange(size)
    met = (place < count).astype(layer.w.dtype)
    at = jnp.where(place < count, first + place, first)
    row = stream.order[at]
    x, d = read(stream.inputs[row]), stream.targets[row]
    gram = x @ x.T + 1
    before = w @ x.T + b[:, None]
    tallied = met[:, None] * (groups[at] if groups is not None else 0)

    def step(carry, datapoint):
      rest, deltas, totals = carry
      t, u, products, d, met, counts = datapoint
      u = u - rate * (deltas @ products)  # of s ≥ t they are 0 still
      e, (slope, delta) = jax.value_and_grad(above, (0, 1))(rest, u, d)
      # Not 0 times it, where no datapoint is: it may not be finite.
      update = jax.tree.map(lambda g: jnp.where(met > 0, -rate * g, 0.0), slope)
      rest = jax.tree.map(jnp.add, rest, update)
      if groups is not None:
        totals = jax.tree.map(
          lambda s, u: s + jnp.multiply.outer(counts, jnp.abs(u)),
          totals,
          update,
        )
      delta = jnp.where(met > 0, delta, 0.0)
      deltas = jax.lax.dynamic_update_index_in_dim(deltas, delta, t, 1)
      return (rest, deltas, totals), jnp.where(met > 0, e, 0.0)

    (rest, deltas, totals), errors = jax.lax.scan(
      step,
      (rest, jnp.zeros_like(before), tallies[1:]),
      (jnp.arange(size), before.T, gram, d, met, tallied),
    )
    w = w - rate * (deltas @ x)
    b = b - rate * jnp.sum(deltas, axis=1)
    if groups is not None:
      counted = tallied.T[:, None] * jnp.abs(deltas)[None]
      first_tally = jax.tree.map(
        lambda t, more: t + rate * more,
        tallies[0],
        nets.Layer(counted @ jnp.abs(x), jnp.sum(counted, axis=2), layer.unit),
      )
      tallies = first_tally, *totals
    window = jnp.minimum(place, count - 1) * WINDOWS // count
    sums = sums.at[window].add(errors)
    counts = counts.at[window].add(met)
    return w, b, rest, tallies, sums, counts

  zero = jnp.zeros(WINDOWS, layer.w.dtype)
  start = layer.w.T, layer.b, tuple(net[1:]), _turned(tallies), zero, zero
  w, b, rest, tallies, sums, counts = jax.lax.fori_loop(
    0, -(-count // size), block, start
  )
  curve = jnp.where(counts > 0, sums / jnp.maximum(counts, 1), jnp.nan)
  changed = nets.Layer(w.T, b, layer.unit)
  return Passed((changed, *rest), _turned(tallies), curve)


def _turned(tallies: Sequence[nets.Layer]) -> tuple[nets.Layer, ...]:
  """Returns tallies whose first layer's weights are [G, J, I], or again not."""
  first, *rest = tallies
  w = jnp.swapaxes(first.w, 1, 2)
  return nets.Layer(w, first.b, first.unit), *rest

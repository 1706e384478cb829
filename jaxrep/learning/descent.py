"""Full-batch descent of one layered net, until it has solved its task.

The study that symmetry, the boolean tasks and maps of starts share: evaluate
all cases, see whether the criterion holds, change the weights, and go on for a
fixed number of sweeps past the solve, so that weights are compared at the same
age wherever a mark lies.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxrep import nets, seeds

NEVER = -1  # `solved_at` of a net that has not solved its task


class Life(NamedTuple):
  """One net in training.

  Attributes:
    net: the weights after `sweep` changes.
    rule: the state of the rule that changes them.
    sweep: weight changes made, int32.
    solved_at: weight changes made before the criterion first held, or `NEVER`.
  """

  net: nets.Net
  rule: Any
  sweep: jax.Array
  solved_at: jax.Array


class Report(NamedTuple):
  """What is recorded of a net at a mark.

  Attributes:
    error: E, summed over cases and outputs.
    finite: whether E and every weight are.
    frozen: whether one more sweep would not change a bit of weights or rule.
  """

  error: jax.Array
  finite: jax.Array
  frozen: jax.Array


def study(
  *,
  start: Callable,
  rule: Callable[[Any], optax.GradientTransformation],
  error: Callable,
  margin: Callable[[Any], jax.Array],
  sweeps: int,
  after: int,
) -> seeds.Study:
  """Returns the life of one net, for `seeds.evolve` with shared `Patterns`.

  The criterion is max |y - d| < margin over all cases and outputs: with targets
  0 and 1 and a margin of 0.5, every output is on the right side of 0.5. It is
  tested before every weight change and after the last, sweep 0 (the untrained
  net) included, at no extra cost: the pass that gives the gradient gives it.

  Args:
    start: `(key, setting) -> net`; `key` is consumed.
    rule: `(setting) -> ` the optax transformation that changes the weights.
    error: `(y, d, setting) -> [...]` elementwise, summed to E.
    margin: `(setting) -> ` how far any output may be from its target.
    sweeps: the budget: weight changes before a net that has not solved stops.
    after: weight changes made past the solve.
  """

  def evaluate(net, setting, patterns):
    y = jax.vmap(nets.apply, (None, 0))(net, patterns.inputs)
    e = jnp.sum(error(y, patterns.targets, setting))
    return e, jnp.max(jnp.abs(y - patterns.targets))

  def begin(key, setting, patterns):
    del patterns
    net = start(key, setting)
    zero = jnp.zeros([], jnp.int32)
    return Life(net, rule(setting).init(net), zero, zero + NEVER)

  def sweep(life, setting, patterns):
    gradient, worst = jax.grad(
      lambda net: evaluate(net, setting, patterns), has_aux=True
    )(life.net)
    solves = (life.solved_at == NEVER) & (worst < margin(setting))
    solved_at = jnp.where(solves, life.sweep, life.solved_at)
    last = jnp.where(solved_at == NEVER, sweeps, solved_at + after)
    over = life.sweep >= last
    change, state = rule(setting).update(gradient, life.rule, life.net)
    net = optax.apply_updates(life.net, change)
    kept = Life(life.net, life.rule, life.sweep, solved_at)
    changed = Life(net, state, life.sweep + 1, solved_at)
    return jax.tree.map(lambda a, b: jnp.where(over, a, b), kept, changed)

  def look(life, setting, patterns):
    e, _ = evaluate(life.net, setting, patterns)
    finite = jnp.isfinite(e) & _all_finite(life.net)
    following = sweep(life, setting, patterns)
    stays = ~_floats_differ(life, following) & (
      life.solved_at == following.solved_at
    )
    frozen = stays & (life.sweep != following.sweep)
    return Report(e, finite, frozen), stays | ~finite

  return seeds.Study(begin, sweep, look)


def _floats_differ(a: Any, b: Any) -> jax.Array:
  """Returns whether any finite number of a floating-point leaf differs."""
  pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
  apart = [jnp.max(jnp.abs(x - y)) for x, y in pairs if x.dtype.kind == 'f']
  return functools.reduce(jnp.maximum, apart) > 0


def _all_finite(tree: Any) -> jax.Array:
  """Returns whether every number in a tree is finite."""
  sizes = [jnp.max(jnp.abs(x)) for x in jax.tree.leaves(tree)]
  return functools.reduce(jnp.maximum, sizes) < jnp.inf

"""Descent of one layered net, until it has solved its task.

The study that symmetry, the boolean tasks and maps of starts share: pass
through all cases, changing the weights once or after each case, see whether the
criterion holds, and go on for a fixed number of sweeps past the solve, so that
weights are compared at the same age wherever a mark lies.
"""

import enum
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxrep import nets, seeds
from jaxrep.tasks.patterns import Patterns

NEVER = -1  # `solved_at` of a net that has not solved its task
# When weights change: once a sweep; after each case, in the order of the
# pattern set; or after each case, in an order drawn anew for each sweep.
UPDATES = ('sweep', 'case', 'shuffled')
# Folded into a net's key for the orders; its layers fold in 0, 1, ....
_ORDER = 2**31


class Outcome(enum.IntEnum):
  """How a net ended, where no certificate says more."""

  SOLVED = 0
  UNSOLVED = 1
  DIVERGED = 2

  @property
  def label(self) -> str:
    """The outcome in words."""
    return self.name.lower()


class Life(NamedTuple):
  """One net in training.

  Attributes:
    net: the weights after `sweep` sweeps.
    rule: the state of the rule that changes them.
    order: `[2]` uint32, the key that the order of cases is drawn from; `()`
      where none is drawn.
    sweep: sweeps made, int32.
    solved_at: sweeps made before the criterion first held, or `NEVER`; of two
      criteria, `[2]`.
  """

  net: nets.Net
  rule: Any
  order: Any
  sweep: jax.Array
  solved_at: jax.Array


class Report(NamedTuple):
  """What is recorded of a net at a mark.

  Attributes:
    error: E, summed over the cases that are learnt and their outputs.
    worst: max |y - d| over the same.
    finite: whether E and every weight are.
    frozen: whether one more sweep would not change a bit of weights or rule.
    watched: what `watch` returned.
  """

  error: jax.Array
  worst: jax.Array
  finite: jax.Array
  frozen: jax.Array
  watched: Any


def study(
  *,
  start: Callable,
  rule: Callable[[Any], optax.GradientTransformation],
  error: Callable,
  margin: Callable[[Any], jax.Array],
  sweeps: int,
  after: int,
  updates: str = 'sweep',
  slopes: Callable | None = None,
  answers: Callable = nets.answers,
  cases: Callable | None = None,
  bound: float | None = None,
  least: int = 0,
  steady: int = 0,
  watch: Callable = lambda net, setting, patterns: (),
) -> seeds.Study:
  """Returns the life of one net, for `seeds.evolve` with shared `Patterns`.

  The criterion is max |y - d| < margin over all cases and outputs: with targets
  0 and 1 and a margin of 0.5, every output is on the right side of 0.5. It is
  tested before every sweep and after the last, sweep 0 (the untrained net)
  included. With one change a sweep that costs nothing: the pass that gives the
  gradient gives it.

  Args:
    start: `(key, setting) -> net`; `key` is consumed.
    rule: `(setting) -> ` the optax transformation that changes the weights.
    error: `(y, d, setting) -> [...]` elementwise, summed to E.
    margin: `(setting) -> ` how far any output may be from its target.
    sweeps: the budget: sweeps before a net that has not solved stops.
    after: sweeps made past the solve.
    updates: one of `UPDATES`.
    slopes: `(net, setting, patterns) -> ` what the rule is given as gradient,
      shaped like the net. Default: `jax.grad` of E.
    answers: `(net, inputs [C, I]) -> y [C, O]`. Default: of a layered net.
    cases: `(setting) -> [C]`, 1 for those that are learnt and 0 for those held
      out, which neither the error (finite, or 0 times it is not 0) nor the
      criterion sees. Default: all are learnt. With one change a sweep only.
    bound: of a second criterion, E < bound, judged beside the first. A net has
      solved its task when both have held.
    least: sweeps that every net makes, solved or not, so that bands over time
      are of all nets; it may be more than the budget.
    steady: sweeps after which the rule is the same from sweep to sweep, so that
      a net that one of them leaves as it was will stay so.
    watch: `(net, setting, patterns) -> ` what more is recorded at marks.
  """

  def evaluate(net, setting, patterns):
    y = answers(net, patterns.inputs)
    terms = error(y, patterns.targets, setting)
    gap = jnp.abs(y - patterns.targets)
    near = gap < margin(setting)
    if cases is not None:
      learnt = cases(setting)
      terms, gap = learnt * jnp.sum(terms, 1), learnt * jnp.max(gap, 1)
      near |= (learnt == 0)[:, None]
    e, worst = jnp.sum(terms), jnp.max(gap)
    met = jnp.all(near)  # not of the worst: a compiled maximum passes over NaN
    met = met if bound is None else jnp.stack([met, e < bound])
    return e, (worst, met)

  def gradient(net, setting, patterns):
    if slopes is None:
      slope, (_, met) = jax.grad(evaluate, has_aux=True)(net, setting, patterns)
      return slope, met
    _, (_, met) = evaluate(net, setting, patterns)
    return slopes(net, setting, patterns), met

  def change(net, state, slope, setting):
    update, state = rule(setting).update(slope, state, net)
    return optax.apply_updates(net, update), state

  def by_sweep(life, setting, patterns):
    slope, met = gradient(life.net, setting, patterns)
    return *change(life.net, life.rule, slope, setting), met

  def by_case(life, setting, patterns):
    _, (_, met) = evaluate(life.net, setting, patterns)
    if updates == 'shuffled':
      patterns = _shuffled(life, patterns)

    def step(carry, case):
      net, state = carry
      one = jax.tree.map(lambda a: a[None], case)
      slope, _ = gradient(net, setting, one)
      return change(net, state, slope, setting), None

    end, _ = jax.lax.scan(step, (life.net, life.rule), patterns)
    return *end, met

  if cases is not None and updates != 'sweep':
    raise ValueError(
      f"updates: expected 'sweep' where cases are held out, found {updates!r}"
    )
  passes = by_sweep if updates == 'sweep' else by_case

  def sweep(life, setting, patterns):
    net, state, met = passes(life, setting, patterns)
    if least > sweeps:  # who goes on past the budget solves nothing there
      met &= life.sweep <= sweeps
    solves = (life.solved_at == NEVER) & met
    solved_at = jnp.where(solves, life.sweep, life.solved_at)
    open_ = jnp.any(solved_at == NEVER)
    last = jnp.where(open_, sweeps, jnp.max(solved_at) + after)
    over = life.sweep >= jnp.maximum(last, least)
    kept = life._replace(solved_at=solved_at)
    changed = Life(net, state, life.order, life.sweep + 1, solved_at)
    return jax.tree.map(lambda a, b: jnp.where(over, a, b), kept, changed)

  def look(life, setting, patterns):
    e, (worst, _) = evaluate(life.net, setting, patterns)
    worst = jnp.where(jnp.isnan(e), e, worst)
    finite = jnp.isfinite(e) & _all_finite(life.net)
    following = sweep(life, setting, patterns)
    stays = ~_floats_differ(life, following) & jnp.all(
      life.solved_at == following.solved_at
    )
    over = life.sweep == following.sweep
    stays &= over | (life.sweep >= steady)
    frozen = stays & ~over
    if updates == 'shuffled':  # another order may yet move it
      stays &= over
    watched = watch(life.net, setting, patterns)
    return Report(e, worst, finite, frozen, watched), stays | ~finite

  criteria = 1 if bound is None else 2
  return seeds.Study(
    _beginning(start, rule, updates == 'shuffled', criteria), sweep, look
  )


@functools.cache
def _beginning(
  start: Callable, rule: Callable, shuffled: bool, criteria: int
) -> Callable:
  """Returns how a life begins: one function for lives that begin alike."""

  def begin(key, setting, patterns):
    del patterns
    order = ()
    if shuffled:
      order = jax.random.key_data(jax.random.fold_in(key, _ORDER))
    net = start(key, setting)
    zero = jnp.zeros([], jnp.int32)
    never = jnp.full([] if criteria == 1 else [criteria], NEVER, jnp.int32)
    return Life(net, rule(setting).init(net), order, zero, never)

  return begin


def _shuffled(life: Life, patterns: Patterns) -> Patterns:
  """Returns the cases in the order of a net's next sweep."""
  key = jax.random.fold_in(jax.random.wrap_key_data(life.order), life.sweep)
  bits = jax.random.bits(key, patterns.inputs.shape[:1], jnp.uint32)
  order = jnp.argsort(bits)
  return jax.tree.map(lambda a: jnp.asarray(a)[order], patterns)


def _floats_differ(a: Any, b: Any) -> jax.Array:
  """Returns whether any finite number of a floating-point leaf differs."""
  pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
  apart = [jnp.max(jnp.abs(x - y)) for x, y in pairs if x.dtype.kind == 'f']
  return functools.reduce(jnp.maximum, apart) > 0


def _all_finite(tree: Any) -> jax.Array:
  """Returns whether every number in a tree is finite."""
  leaves = [jnp.all(jnp.isfinite(x)) for x in jax.tree.leaves(tree)]
  return functools.reduce(jnp.logical_and, leaves)

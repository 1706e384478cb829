"""Walks over an error surface, in float64: Newton's, and downhill."""

from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

CaseLosses = Callable[[chex.ArrayTree], chex.Array]  # params -> [C]

ROUNDING = 1e-12  # of the error, or of max |λ|: less is arithmetic
# Lengths in the space of weights, which the loss's scale does not touch.
RADIUS = 0.5  # longest step: the slope of a unit changes over about 1
ARRIVED = 1e-7  # after so short a step the next, its square, is rounding
NEARBY = 2.0  # what is farther away is another place
STEPS = 100  # so a walk reaches 50, and exp(-50) is below rounding


class View(NamedTuple):
  """What is seen at one point."""

  error: chex.Array
  pull: chex.Array  # max_j Σ_c |g_cj|
  balance: chex.Array
  gradient: chex.Array  # [P]
  values: chex.Array  # [P] eigenvalues, ascending
  vectors: chex.Array  # [P, P] eigenvectors, in columns
  finite: chex.Array


class Walk(NamedTuple):
  """Where a walk is, what it sees there, where it tries next, how it went."""

  x: chex.Array
  view: View
  trial: chex.Array
  radius: chex.Array  # no longer step is tried
  step: chex.Array  # length of the last step taken
  drift: chex.Array  # greatest change of an eigenvalue over that step
  peak: chex.Array  # greatest error met
  looks: chex.Array


def walk_from(losses, start, active, *, downhill):
  """Returns where Newton's steps lead: to a stationary point, or `downhill`.

  After each look at a trial point the next trial is a step away from the best
  one so far: half the length where a trial is not finite, or downhill climbs. A
  walk ends on arrival or after STEPS; Newton's also where it leaves the
  neighbourhood, as nothing that it would find there counts.
  """
  reach = jnp.inf if downhill else NEARBY

  def goes_on(walk):
    moves = (walk.step >= ARRIVED) & (walk.radius >= ARRIVED)
    near = jnp.linalg.norm(walk.x - start) < reach
    return active & moves & near & (walk.looks <= STEPS)

  def look(walk):
    old, seen = walk.view, look_at(losses, walk.trial)
    first = walk.looks == 0
    level = seen.error <= old.error + ROUNDING * jnp.abs(old.error)
    taken = seen.finite & (first | level | (not downhill))
    length = jnp.linalg.norm(walk.trial - walk.x)
    drift = jnp.max(jnp.abs(seen.values - old.values))
    view = where(taken, seen, old)
    x = jnp.where(taken, walk.trial, walk.x)
    radius = jnp.where(taken, jnp.minimum(2 * walk.radius, RADIUS), length / 2)
    return Walk(
      x=x,
      view=view,
      trial=x + step(view, radius, downhill=downhill),
      radius=radius,
      step=jnp.where(taken & ~first, length, walk.step),
      drift=jnp.where(taken & ~first, drift, walk.drift),
      peak=jnp.maximum(walk.peak, view.error),
      looks=walk.looks + 1,
    )

  nan, no = jnp.full_like(start, jnp.nan), jnp.array(False)
  unseen = View(*3 * [nan[0]], nan, nan, jnp.diag(nan), no)
  inf = jnp.full_like(nan[0], jnp.inf)
  walk = Walk(
    x=start,
    view=unseen,
    trial=start,
    radius=jnp.full_like(inf, RADIUS),
    step=inf,
    drift=inf,
    peak=-inf,
    looks=jnp.array(0, jnp.int32),
  )
  return jax.lax.while_loop(goes_on, look, walk)


def step(view, radius, *, downhill):
  """Returns -Σ_i (u_i·g / λ_i) u_i, cut to the radius.

  Downhill divides by |λ_i|, so that no part of the step climbs. Where λ_i is
  rounding, Newton does not step along u_i (the pseudo-inverse), and downhill
  steps as far as the least λ_i above rounding would let it.
  """
  size = jnp.abs(view.values)
  least = ROUNDING * jnp.maximum(scale(view), slope(view))
  least = jnp.where(least > 0, least, 1)
  along = view.vectors.T @ view.gradient
  part = along / jnp.maximum(size, least)
  if not downhill:
    part = jnp.where(size > least, jnp.sign(view.values) * part, 0)
  length = jnp.linalg.norm(part)
  cut = jnp.minimum(radius / jnp.where(length > 0, length, 1), 1)
  return -view.vectors @ (cut * part)


def look_at(losses, x):
  """Returns the view of a point; eigenvalues are nan where it is not finite."""
  error = jnp.sum(losses(x))
  pulls = jax.jacfwd(losses)(x)  # [C, P]
  hessian = jax.hessian(lambda x: jnp.sum(losses(x)))(x)
  gradient, pull = jnp.sum(pulls, 0), jnp.sum(jnp.abs(pulls), 0)
  held = jnp.maximum(pull, jnp.max(jnp.abs(hessian), 0))
  balance = jnp.max(jnp.abs(gradient) / jnp.where(held > 0, held, 1))
  seen = jnp.concatenate([hessian.ravel(), gradient, error[None], x])
  finite = jnp.all(jnp.isfinite(seen))
  values, vectors = _eigh(jnp.where(finite, hessian, 0))
  return View(
    error=error,
    pull=jnp.max(pull),
    balance=balance,
    gradient=gradient,
    values=jnp.where(finite, values, jnp.nan),
    vectors=vectors,
    finite=finite,
  )


@jax.custom_batching.sequential_vmap
def _eigh(matrix):
  """`jnp.linalg.eigh`, one matrix after the other.

  Batches of more than 64 hang on two CPU devices (jax 0.10.2).
  """
  return tuple(jnp.linalg.eigh(matrix))


def slope(view):
  """Returns ‖g‖∞."""
  return jnp.max(jnp.abs(view.gradient))


def scale(view):
  """Returns max |λ|."""
  return jnp.max(jnp.abs(view.values))


def where(condition, left, right):
  """Returns a tree that is `left` where the condition holds."""
  return jax.tree.map(lambda a, b: jnp.where(condition, a, b), left, right)


def flatten(case_losses, params):
  """Returns the losses as a function of one vector `[P]`, and that vector."""
  kinds = {str(jnp.asarray(leaf).dtype) for leaf in jax.tree.leaves(params)}
  if kinds != {'float64'} or not jax.config.jax_enable_x64:
    found = ', '.join(sorted(kinds)) or 'no arrays'
    where = 'inside' if jax.config.jax_enable_x64 else 'outside'
    raise TypeError(
      'params: expected float64 inside jax.enable_x64(True), '
      f'found {found} {where}'
    )
  x, unflatten = ravel_pytree(params)

  def losses(x):
    return case_losses(unflatten(x))

  rows = jax.eval_shape(losses, x)
  if rows.dtype != jnp.float64:
    raise TypeError(f'case_losses: expected float64, found {rows.dtype}')
  if len(rows.shape) != 1:
    raise ValueError(f'case_losses: expected [C], found shape {rows.shape}')
  return losses, x

"""Where did training stop? A certificate for any loss, at any one point.

"Stuck" is not "in a minimum". Theory says of the XOR net 2-2-1 that its only
minima with error lie at infinity: from every finite point a falling path leads
to error zero, though none that gradient descent need find in time. So the
point itself is judged, in float64, by three rules. With g the gradient, H the
Hessian, λ its eigenvalues, and g_cj what case c pulls on weight j:

1. λ_min < -PULL ‖g‖∞: the error curves down faster than it slopes, and the net
   is *still descending*, on a plateau too. (`inspect`: cheap, settles many.)
2. Else Newton's method looks for a stationary point: within NEARBY of the net,
   by a way that never climbs, and held in balance by the cases,
   max_j |Σ_c g_cj| / max(Σ_c |g_cj|, max_k |H_jk|) < BALANCED. It is *solved*
   if it is without error, a *local minimum* only if λ_min > κ, a *saddle* if
   λ_min < -κ, where κ = FLAT max(max |λ|, max_j Σ_c |g_cj|). Else it is
   *degenerate*, never counted as a minimum; a push along the flat directions
   shows whether it escapes.
3. There is none: walk downhill. A net is *saturated* where the error stays
   above 0, hardly falls, and at the end neither bends nor promises to: in a
   minimum at infinity at most. Weights then grow like log t, so no window of
   sweeps would show it. If the error falls, or tends to 0, or a minimum is
   farther away than NEARBY, the net is *still descending*.

All is scale-free: no factor on the loss changes a verdict. Only weights have a
scale, of order one, as they have where inputs and the slopes of units do.

The rules guard against six ways to err:
- A net in balance does not descend, however the error curves: rounding could
  decide otherwise. So rule 1 asks for a net off balance. And the slope that
  training in float32 leaves in a valley bends the error by as little as it is
  itself: rule 1 asks for more than SINGLE of max |λ|.
- Newton climbs as gladly as it falls. A point higher than the net, or behind a
  rise, is not where the net is.
- Where a weight is best for every case, all its pulls vanish, and their ratio
  is one of rounding. So balance is held against the curvature also; to both,
  a saturating weight is as far from rest as ever.
- Towards the inflection of x³ Newton has λ > 0 all the way. So the curvature,
  too, must have come to rest over the last step (Kantorovich's condition).
- Towards the foot of x⁴ all λ fade alike, and the slope drowns in rounding
  first. So λ is held against the pulls of the cases also, which do not fade.

Write the loss case by case, in float64; `jax.vmap` adds the nets, in blocks of
32 or so, as each takes as long as its slowest net:

>>> import jax, jax.numpy as jnp
>>> from jaxrep.measures import minima
>>> def case_losses(weight):  # one unit that must say 0, 0 and 1 to one input
...   return (jax.nn.sigmoid(weight) - jnp.array([0, 0, 1])) ** 2 / 2
>>> with jax.enable_x64(True):
...   weights = jnp.array([-8.0, 0.0, jnp.nan])
...   judge = jax.vmap(lambda weight: minima.certify(case_losses, weight))
...   certificate = jax.jit(judge)(weights)
>>> [minima.Outcome(k).label for k in certificate.outcome.tolist()]
['still descending', 'local minimum', 'diverged']

For many nets, `inspect` all and `settle` those that this leaves undecided.

References:
  Sprinkhuizen-Kuyper & Boers, Annals of Mathematics and Artificial
    Intelligence 25 (1999), on the 2-2-1 net and XOR.
"""

import enum
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from jaxrep.measures import walks
from jaxrep.measures.walks import NEARBY, CaseLosses

# Ratios of quantities that grow with the loss alike.
PULL = 1e-3  # -λ_min / ‖g‖∞, per unit of weight: a bend that a slope can hide
FLAT = 1e-7  # in κ: where less than half of the digits is left, so is no sign
BALANCED = 1e-9  # balance: the pulls cancel to nine digits
DRIFT = 0.1  # change of λ over the last step / λ_min: ½ is the theorem's bound
SINGLE = 1e-6  # |λ| / max |λ|: less can be what float32 left of a slope
ZERO = 1e-12  # error / max |λ|: a millionth of a weight away from no error
GAIN = 1e-9  # fall / error: more shows that a push has led out
FALL = 0.1  # fall / error: a net with more ahead of it had not arrived
PROMISE = 1e-3  # fall that an uncut Newton step promises / error: less: the end
# Lengths in the space of weights, which the loss does not scale.
PUSH = 0.1  # far enough for terms of third order to show


class Outcome(enum.IntEnum):
  """How training ended: ints in arrays, labels in tables.

  SOLVED is said here of a finite point without error only. A net that meets its
  task's criterion on the way to no error is found still descending: whether it
  has learnt is for the study to say.
  """

  SOLVED = 0
  STILL_DESCENDING = 1
  LOCAL_MINIMUM = 2
  SADDLE = 3
  DEGENERATE = 4
  SATURATED = 5
  DIVERGED = 6

  @property
  def label(self) -> str:
    """Returns the outcome in words, 'still descending'."""
    return self.name.lower().replace('_', ' ')


class Inspection(NamedTuple):
  """What one look at a point shows; all are scalars.

  Attributes:
    error: Σ_c of the case losses.
    gradient_max: ‖g‖∞.
    lambda_min: least eigenvalue of the Hessian.
    lambda_max: greatest eigenvalue.
    balance: max_j |Σ_c g_cj| / max(Σ_c |g_cj|, max_k |H_jk|), 0 for 0 / 0.
    descending: rule 1 holds.
    finite: params, error, gradient and Hessian are.
  """

  error: chex.Array
  gradient_max: chex.Array
  lambda_min: chex.Array
  lambda_max: chex.Array
  balance: chex.Array
  descending: chex.Array
  finite: chex.Array

  @property
  def undecided(self) -> chex.Array:
    """Whether it takes `settle` to tell."""
    return self.finite & ~self.descending


class Certificate(NamedTuple):
  """How a net ended, and on what grounds; all are scalars.

  Attributes:
    outcome: an `Outcome`, int32.
    error: where training stopped.
    error_limit: where the walk that decided ended, as are the next four.
    lambda_min: least eigenvalue of the Hessian.
    lambda_max: greatest eigenvalue.
    balance: as in `Inspection`.
    moved: distance from the net.
    steps: how many led there; 0 where one look was enough.
    escapes: pushed off a saddle or a degenerate point, the net fell to a lower
      error. False elsewhere; and False is no proof that there is no way out, as
      only two opposite pushes were tried, with STEPS steps each.
  """

  outcome: chex.Array
  error: chex.Array
  error_limit: chex.Array
  lambda_min: chex.Array
  lambda_max: chex.Array
  balance: chex.Array
  moved: chex.Array
  steps: chex.Array
  escapes: chex.Array


def inspect(case_losses: CaseLosses, params: chex.ArrayTree) -> Inspection:
  """Returns what one gradient and one Hessian show of a point: rule 1.

  Args:
    case_losses: params -> `[C]` float64, a smooth loss for each case, ≥ 0, and
      0 where the case is right. Training lowers their sum.
    params: any pytree of float64, inside `jax.enable_x64(True)`.

  Raises:
    TypeError: params or losses are not float64.
    ValueError: the losses are not one row `[C]`.
  """
  view = walks.look_at(*walks.flatten(case_losses, params))
  return Inspection(
    error=view.error,
    gradient_max=walks.slope(view),
    lambda_min=view.values[0],
    lambda_max=view.values[-1],
    balance=view.balance,
    descending=(
      view.finite
      & _bends(view)
      & (view.balance >= BALANCED)
      & (view.values[0] < -SINGLE * walks.scale(view))
    ),
    finite=view.finite,
  )


def at_sight(inspection: Inspection) -> Certificate:
  """Returns the certificate of a point that `inspect` has decided."""
  look = inspection
  outcome = jnp.where(look.finite, Outcome.STILL_DESCENDING, Outcome.DIVERGED)
  return Certificate(
    outcome=outcome.astype(jnp.int32),
    error=look.error,
    error_limit=look.error,
    lambda_min=look.lambda_min,
    lambda_max=look.lambda_max,
    balance=look.balance,
    moved=jnp.zeros_like(look.error),
    steps=jnp.zeros_like(outcome, jnp.int32),
    escapes=jnp.zeros_like(look.finite),
  )


def settle(case_losses: CaseLosses, params: chex.ArrayTree) -> Certificate:
  """Returns what Newton's method and a push find of a point: rules 2 and 3.

  Meant for what `inspect` leaves undecided: rule 1 is not asked again. Takes
  and raises the same.
  """
  return _settle(case_losses, params, jnp.array(True))


def certify(case_losses: CaseLosses, params: chex.ArrayTree) -> Certificate:
  """Returns the certificate of a point by all three rules, in one program.

  The same as `settle` where `inspect` leaves the point undecided, else the same
  as `at_sight`. Takes and raises what they do.
  """
  first = inspect(case_losses, params)
  second = _settle(case_losses, params, first.undecided)
  return walks.where(first.undecided, second, at_sight(first))


def _settle(case_losses, params, active):
  """`settle`, or nothing to rely on, at no cost, where it is not `active`."""
  losses, start = walks.flatten(case_losses, params)
  error = jnp.sum(losses(start))

  def rests(walk):
    return (walk.step < walks.ARRIVED) & (walk.view.balance < BALANCED)

  def is_here(walk):
    near = jnp.linalg.norm(walk.x - start) < NEARBY
    return near & (walk.peak <= error + GAIN * jnp.abs(error))

  newton = walks.walk_from(losses, start, active, downhill=False)
  found = rests(newton) & is_here(newton)
  descent = walks.walk_from(losses, start, active & ~found, downhill=True)
  end = walks.where(found, newton, descent)
  view, stationary = end.view, rests(end) & is_here(end)

  lambda_min, flat = view.values[0], _flat(view)
  certain = stationary & (end.drift < DRIFT * jnp.abs(lambda_min))
  convex = lambda_min > flat
  minimum = certain & convex
  saddle = certain & (lambda_min < -flat)
  solved = stationary & ~saddle & (view.error <= ZERO * walks.scale(view))

  fallen = error - view.error
  promise = -view.gradient @ walks.step(view, jnp.inf, downhill=True) / 2
  ended = (fallen < FALL * error) & (promise < PROMISE * view.error)
  elsewhere = rests(end) & convex  # a finite minimum, not nearby
  saturated = ~stationary & ~elsewhere & ~_bends(view) & ended

  pushed = stationary & ~minimum & ~solved
  push = _push(view)

  def error_after(push):
    walk = walks.walk_from(losses, end.x + push, pushed, downhill=True)
    return walk.view.error

  lowest = jnp.min(jax.vmap(error_after)(jnp.stack([push, -push])))
  escapes = pushed & (lowest < view.error - GAIN * jnp.abs(view.error))

  kinds = {  # the first that holds
    Outcome.DIVERGED: ~view.finite,
    Outcome.SATURATED: saturated,
    Outcome.STILL_DESCENDING: ~stationary,
    Outcome.SOLVED: solved,
    Outcome.LOCAL_MINIMUM: minimum,
    Outcome.SADDLE: saddle,
  }
  outcome = jnp.select(list(kinds.values()), list(kinds), Outcome.DEGENERATE)
  return Certificate(
    outcome=outcome.astype(jnp.int32),
    error=error,
    error_limit=view.error,
    lambda_min=lambda_min,
    lambda_max=view.values[-1],
    balance=view.balance,
    moved=jnp.linalg.norm(end.x - start),
    steps=end.looks - 1,
    escapes=escapes,
  )


def _push(view):
  """Returns a fixed random vector in the flat directions, of length PUSH."""
  lowest = jnp.arange(view.values.size) == 0
  flat = lowest | (view.values <= _flat(view))
  key = jax.random.key(0)
  part = flat * jax.random.normal(key, flat.shape, view.values.dtype)
  return view.vectors @ (PUSH * part / jnp.linalg.norm(part))


def _flat(view):
  return FLAT * jnp.maximum(walks.scale(view), view.pull)  # κ, see above


def _bends(view):
  least = jnp.maximum(
    PULL * walks.slope(view), walks.ROUNDING * walks.scale(view)
  )
  return view.values[0] < -least

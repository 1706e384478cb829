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

The rules guard against five ways to err:
- A net in balance does not descend, however the error curves: rounding could
  decide otherwise. So rule 1 asks for a net off balance.
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
>>> [minima.Outcome(k).label for k in certificate.outcome]
['still descending', 'local minimum', 'diverged']

For many nets, `inspect` all and `settle` those that this leaves undecided.

References:
  Sprinkhuizen-Kuyper & Boers, Neural Computation 8 (1996), on the XOR net.
"""

import enum
from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

CaseLosses = Callable[[chex.ArrayTree], chex.Array]  # params -> [C]

# Ratios of quantities that grow with the loss alike.
PULL = 1e-3  # -λ_min / ‖g‖∞, per unit of weight: a bend that a slope can hide
FLAT = 1e-7  # in κ: where less than half of the digits is left, so is no sign
BALANCED = 1e-9  # balance: the pulls cancel to nine digits
DRIFT = 0.1  # change of λ over the last step / λ_min: ½ is the theorem's bound
ROUNDING = 1e-12  # of the error, or of max |λ|: less is arithmetic
ZERO = 1e-12  # error / max |λ|: a millionth of a weight away from no error
GAIN = 1e-9  # fall / error: more shows that a push has led out
FALL = 0.1  # fall / error: a net with more ahead of it had not arrived
PROMISE = (
  1e-3  # fall that Newton's uncut step promises / error: less is the end
)
# Lengths in the space of weights, which the loss does not scale.
RADIUS = 0.5  # longest step: the slope of a unit changes over about 1
ARRIVED = 1e-7  # after so short a step the next, its square, is rounding
NEARBY = 2.0  # what is farther away is another place
PUSH = 0.1  # far enough for terms of third order to show
STEPS = 100  # so a walk reaches 50, and exp(-50) is below rounding


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
  view = _look(*_flatten(case_losses, params))
  return Inspection(
    error=view.error,
    gradient_max=_slope(view),
    lambda_min=view.values[0],
    lambda_max=view.values[-1],
    balance=view.balance,
    descending=view.finite & _bends(view) & (view.balance >= BALANCED),
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
  return _where(first.undecided, second, at_sight(first))


class _View(NamedTuple):
  """What is seen at one point."""

  error: chex.Array
  pull: chex.Array  # max_j Σ_c |g_cj|
  balance: chex.Array
  gradient: chex.Array  # [P]
  values: chex.Array  # [P] eigenvalues, ascending
  vectors: chex.Array  # [P, P] eigenvectors, in columns
  finite: chex.Array


class _Walk(NamedTuple):
  """Where a walk is, what it sees there, where it tries next, how it went."""

  x: chex.Array
  view: _View
  trial: chex.Array
  radius: chex.Array  # no longer step is tried
  step: chex.Array  # length of the last step taken
  drift: chex.Array  # greatest change of an eigenvalue over that step
  peak: chex.Array  # greatest error met
  looks: chex.Array


def _settle(case_losses, params, active):
  """`settle`, or nothing to rely on, at no cost, where it is not `active`."""
  losses, start = _flatten(case_losses, params)
  error = jnp.sum(losses(start))

  def rests(walk):
    return (walk.step < ARRIVED) & (walk.view.balance < BALANCED)

  def is_here(walk):
    near = jnp.linalg.norm(walk.x - start) < NEARBY
    return near & (walk.peak <= error + GAIN * jnp.abs(error))

  newton = _walk(losses, start, active, downhill=False)
  found = rests(newton) & is_here(newton)
  descent = _walk(losses, start, active & ~found, downhill=True)
  end = _where(found, newton, descent)
  view, stationary = end.view, rests(end) & is_here(end)

  lambda_min, flat = view.values[0], _flat(view)
  certain = stationary & (end.drift < DRIFT * jnp.abs(lambda_min))
  convex = lambda_min > flat
  minimum = certain & convex
  saddle = certain & (lambda_min < -flat)
  solved = stationary & ~saddle & (view.error <= ZERO * _scale(view))

  fallen = error - view.error
  promise = -view.gradient @ _step(view, jnp.inf, downhill=True) / 2
  ended = (fallen < FALL * error) & (promise < PROMISE * view.error)
  elsewhere = rests(end) & convex  # a finite minimum, not nearby
  saturated = ~stationary & ~elsewhere & ~_bends(view) & ended

  pushed = stationary & ~minimum & ~solved
  push = _push(view)

  def error_after(push):
    walk = _walk(losses, end.x + push, pushed, downhill=True)
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


def _walk(losses, start, active, *, downhill):
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
    old, seen = walk.view, _look(losses, walk.trial)
    first = walk.looks == 0
    level = seen.error <= old.error + ROUNDING * jnp.abs(old.error)
    taken = seen.finite & (first | level | (not downhill))
    length = jnp.linalg.norm(walk.trial - walk.x)
    drift = jnp.max(jnp.abs(seen.values - old.values))
    view = _where(taken, seen, old)
    x = jnp.where(taken, walk.trial, walk.x)
    radius = jnp.where(taken, jnp.minimum(2 * walk.radius, RADIUS), length / 2)
    return _Walk(
      x=x,
      view=view,
      trial=x + _step(view, radius, downhill=downhill),
      radius=radius,
      step=jnp.where(taken & ~first, length, walk.step),
      drift=jnp.where(taken & ~first, drift, walk.drift),
      peak=jnp.maximum(walk.peak, view.error),
      looks=walk.looks + 1,
    )

  nan, no = jnp.full_like(start, jnp.nan), jnp.array(False)
  unseen = _View(*3 * [nan[0]], nan, nan, jnp.diag(nan), no)
  inf = jnp.full_like(nan[0], jnp.inf)
  walk = _Walk(
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


def _step(view, radius, *, downhill):
  """Returns -Σ_i (u_i·g / λ_i) u_i, cut to the radius.

  Downhill divides by |λ_i|, so that no part of the step climbs. Where λ_i is
  rounding, Newton does not step along u_i (the pseudo-inverse), and downhill
  steps as far as the least λ_i above rounding would let it.
  """
  size = jnp.abs(view.values)
  least = ROUNDING * jnp.maximum(_scale(view), _slope(view))
  least = jnp.where(least > 0, least, 1)
  along = view.vectors.T @ view.gradient
  part = along / jnp.maximum(size, least)
  if not downhill:
    part = jnp.where(size > least, jnp.sign(view.values) * part, 0)
  length = jnp.linalg.norm(part)
  cut = jnp.minimum(radius / jnp.where(length > 0, length, 1), 1)
  return -view.vectors @ (cut * part)


def _push(view):
  """Returns a fixed random vector in the flat directions, of length PUSH."""
  lowest = jnp.arange(view.values.size) == 0
  flat = lowest | (view.values <= _flat(view))
  key = jax.random.key(0)
  part = flat * jax.random.normal(key, flat.shape, view.values.dtype)
  return view.vectors @ (PUSH * part / jnp.linalg.norm(part))


def _look(losses, x):
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
  return _View(
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


def _slope(view):
  return jnp.max(jnp.abs(view.gradient))  # ‖g‖∞


def _scale(view):
  return jnp.max(jnp.abs(view.values))  # max |λ|


def _flat(view):
  return FLAT * jnp.maximum(_scale(view), view.pull)  # κ, see above


def _bends(view):
  least = jnp.maximum(PULL * _slope(view), ROUNDING * _scale(view))
  return view.values[0] < -least


def _where(condition, left, right):
  return jax.tree.map(lambda a, b: jnp.where(condition, a, b), left, right)


def _flatten(case_losses, params):
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

"""Distributed alignment search: where in a net is a variable of a causal model?

An interchange intervention takes some directions of a site's activity from
another input. If these carry a variable of the causal model, and no more, the
net then answers as the model does when that variable is taken from there. The
search looks for such directions: a rotation of the site whose first k
coordinates of each variable do it best. All is said of one net; `jax.vmap`
adds nets, k, starts.

References:
  Geiger, Wu, Potts, Icard & Goodman, Finding alignments between interpretable
  causal variables and distributed neural representations, arXiv 2303.02536.
"""

from collections.abc import Callable

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxrep.tasks.counterfactuals import Counterfactuals

Sample = Callable[[chex.PRNGKey, int], Counterfactuals]
# What a map may become; it always starts as a rotation.
MAPS = ('orthogonal', 'linear')
# How the rate falls along the search.
SCHEDULES = ('cosine', 'constant')
# Cases that an accuracy is measured on, and how many at a time: a multiple of
# 192, for which the samplers of equality are balanced exactly.
EXAMINED, AT_ONCE = 18_432, 1_536


def cross_entropy(outputs: chex.Array, label: chex.Array) -> jax.Array:
  """Returns the loss of one case: cross-entropy of the softmax of logits."""
  return optax.softmax_cross_entropy_with_integer_labels(outputs, label)


def largest(outputs: chex.Array) -> jax.Array:
  """Returns the answer to one case: the index of the largest output."""
  return jnp.argmax(outputs)


def rotation(key: chex.PRNGKey, size: int) -> jax.Array:
  """Returns an orthogonal matrix `[D, D]`, uniform over all of them.

  Args:
    key: consumed.
    size: D.
  """
  # The signs make of a factor that LAPACK returns one that is uniform.
  q, r = _factors(jax.random.normal(key, (size, size), jnp.float32))
  return q * jnp.where(jnp.diag(r) < 0, -1.0, 1.0)[None]


def coordinates(size: int, variables: int, k: chex.Numeric) -> jax.Array:
  """Returns whose each coordinate is, `[D]`: 0 .. V-1, or V for nobody's.

  Variable v has k coordinates from v·⌊D/V⌋ on.

  Args:
    size: D.
    variables: V.
    k: coordinates a variable, at most ⌊D/V⌋.
  """
  room = size // variables
  variable, place = jnp.divmod(jnp.arange(size), room)
  return jnp.where((place < k) & (variable < variables), variable, variables)


def interchange(
  into: chex.Array,
  base: chex.Array,
  sources: chex.Array,
  moved: chex.Array,
  *,
  k: chex.Numeric,
  back: chex.Array | None = None,
) -> jax.Array:
  """Returns a site's activity `[D]` with some coordinates from other inputs.

      b + R⁻¹ Σ_v m_v ∘ R (s_v - b)

  Args:
    into: R, `[D, D]`; `coordinates` says whose its rows are.
    base: b, the site's activity `[D]`.
    sources: s, `[V, D]`, that for the input each variable may come from.
    moved: `[V]` bool, which variables do.
    k: coordinates a variable, at most ⌊D/V⌋.
    back: R⁻¹ `[D, D]`; by default the transpose, which it is for a rotation.
  """
  count, size = sources.shape
  chex.assert_shape(into, (size, size))
  room = size // count
  rows = into[: count * room].reshape(count, room, size)
  gap = (sources - base[None]) * moved[:, None]
  taken = jnp.einsum('vkd,vd->vk', rows, gap) * (jnp.arange(room) < k)[None]
  out = into if back is None else back.T
  return base + taken.ravel() @ out[: count * room]


def search(
  key: chex.PRNGKey,
  start: chex.Array,
  below: Callable,
  above: Callable,
  sample: Sample,
  *,
  k: chex.Numeric,
  steps: chex.Numeric,
  batch: int,
  rate: chex.Numeric,
  map_kind: str = 'orthogonal',
  schedule: str = 'cosine',
  loss: Callable = cross_entropy,
) -> jax.Array:
  """Returns the map `[D, D]` under which interchanges do best what they should.

  Adam on the mean loss of the net's outputs, against the causal model's label,
  on fresh cases each step. An orthogonal map stays so: a step turns it by the
  exponential of a skew-symmetric matrix,

      R ← exp(-ε A) R,    A = Adam's step from ½(G Rᵀ - R Gᵀ),    G = ∂L/∂R

  of which the entries within one variable's coordinates, and among nobody's,
  are left out: they change no intervention. A linear map is free to drift from
  where it starts, and the way back is its inverse.

  With a net of your own, cut in two functions of one input, and a sampler of
  `Counterfactuals`:

      below = functools.partial(nets.apply, net[:2])  # input [I] -> site [D]
      above = functools.partial(nets.apply, net[2:])  # site [D] -> outputs [O]
      def sample(key, count):
        return equality.counterfactuals(
          key, count, hypothesis='both', dimension=4, kind='uniform')
      keys = jax.random.split(jax.random.key(0), 3)
      start = alignment.rotation(keys[0], 16)
      found = alignment.search(keys[1], start, below, above, sample, k=8,
                               steps=2000, batch=192, rate=0.015)
      iia = alignment.accuracy(keys[2], found, below, above, sample, k=8)

  Args:
    key: of the cases; is consumed. Under `jax.vmap`, one key for all nets draws
      them once for all.
    start: `[D, D]`, a rotation.
    below: input `[I]` -> site `[D]`, the net up to there.
    above: site `[D]` -> outputs `[O]`, the rest of it.
    sample: `(key, count) -> Counterfactuals`; key is consumed.
    k: coordinates a variable, at most ⌊D/V⌋; may be traced.
    steps: how many; may be traced. After none the start comes back.
    batch: cases a step.
    rate: Adam's, at the beginning.
    map_kind: one of `MAPS`.
    schedule: one of `SCHEDULES`: down to 0 along a half cosine, or as it is.
    loss: `(outputs [O], label) -> number` of one case.

  Raises:
    ValueError: another kind of map, or schedule, or a k beyond the room.
  """
  _check('map_kind', map_kind, MAPS)
  _check('schedule', schedule, SCHEDULES)
  size, count = len(start), _variables(sample, batch)
  _check_room(k, size, count)
  owner = coordinates(size, count, k)
  differ = owner[:, None] != owner[None]
  linear = map_kind == 'linear'

  def slope(now, slopes):
    return slopes if linear else _skew(slopes @ now.T) * differ

  def error(now, cases):
    back = _inverse(now) if linear else now.T
    outputs = _answers(now, back, below, above, cases, k)
    return jnp.mean(jax.vmap(loss)(outputs, cases.labels))

  def current(step):
    if schedule == 'constant':
      return rate
    return rate * 0.5 * (1 + jnp.cos(jnp.pi * step / steps))

  adam = optax.adam(current)

  def advance(step, carried):
    now, state = carried
    cases = sample(jax.random.fold_in(key, step), batch)
    update, state = adam.update(slope(now, jax.grad(error)(now, cases)), state)
    return now + update if linear else _turned(now, update), state

  start = jnp.asarray(start)
  return jax.lax.fori_loop(0, steps, advance, (start, adam.init(start)))[0]


def accuracy(
  key: chex.PRNGKey,
  into: chex.Array,
  below: Callable,
  above: Callable,
  sample: Sample,
  *,
  k: chex.Numeric,
  map_kind: str = 'orthogonal',
  count: int = EXAMINED,
  answer: Callable = largest,
) -> jax.Array:
  """Returns the IIA: the share of interchanges after which the net is right.

  That is, answers as the causal model does, on fresh cases.

  Args:
    key: of the cases; is consumed.
    into: the map `[D, D]`.
    below: as for `search`.
    above: as for `search`.
    sample: as for `search`.
    k: coordinates a variable.
    map_kind: one of `MAPS`; tells how the way back is found.
    count: cases, rounded up to whole `AT_ONCE` where there are more.
    answer: outputs `[O]` -> label, of one case.
  """
  _check('map_kind', map_kind, MAPS)
  size = min(count, AT_ONCE)
  _check_room(k, len(into), _variables(sample, size))
  back = _inverse(into) if map_kind == 'linear' else into.T
  rounds = -(-count // size)

  def right(place, total):
    cases = sample(jax.random.fold_in(key, place), size)
    outputs = _answers(into, back, below, above, cases, k)
    told = jax.vmap(answer)(outputs) == cases.labels
    return total + jnp.sum(told & jnp.all(jnp.isfinite(outputs), axis=1))

  return jax.lax.fori_loop(0, rounds, right, 0) / (rounds * size)


def activity(below: Callable, cases: Counterfactuals) -> jax.Array:
  """Returns a site's activity for base and sources, `[1 + V, N, D]`.

  Args:
    below: input `[I]` -> site `[D]`.
    cases: their bases and sources.
  """
  inputs = jnp.concatenate([cases.base[None], cases.sources])
  # All inputs as one batch: a matrix product a layer in place of three.
  flat = jax.vmap(below)(inputs.reshape(-1, inputs.shape[-1]))
  return flat.reshape(*inputs.shape[:2], -1)


def displaced(key: chex.PRNGKey, into: chex.Array, by: chex.Numeric):
  """Returns a rotation `[D, D]` near another: turned by a random exponential.

      exp(t S/√D) R,    S skew-symmetric, standard normal

  Args:
    key: consumed.
    into: R `[D, D]`.
    by: t; 0 is nowhere, and from 2 on hardly anything of R is left.
  """
  normal = jax.random.normal(key, into.shape)
  skew = (jnp.tril(normal, -1) - jnp.tril(normal, -1).T) / len(into) ** 0.5
  return _polished(_exponential(by * skew) @ into)


def angle(
  first: np.ndarray, second: np.ndarray, *, variables: int, k: int
) -> np.ndarray:
  """Returns how far two maps are apart, degrees `[..]`: 0 where they agree.

  The mean of the principal angles between what a variable's coordinates span,
  over variables.

  Args:
    first: maps `[.., D, D]`.
    second: maps `[.., D, D]`.
    variables: V.
    k: coordinates a variable.

  References:
    Björck & Golub, Mathematics of Computation 27 (1973).
  """
  room, angles = first.shape[-1] // variables, []
  for variable in range(variables):
    place = slice(variable * room, variable * room + k)
    spans = [
      np.linalg.qr(np.swapaxes(np.asarray(m, float)[..., place, :], -1, -2))[0]
      for m in (first, second)
    ]
    cosines = np.linalg.svd(
      np.swapaxes(spans[0], -1, -2) @ spans[1], compute_uv=False
    )
    angles.append(np.arccos(np.clip(cosines, 0, 1)))
  return np.degrees(np.mean(angles, axis=(0, -1)))


def _check(name: str, found: str, known: tuple[str, ...]) -> None:
  if found not in known:
    raise ValueError(f'{name}: expected one of {known}, found {found!r}')


def _check_room(k: chex.Numeric, size: int, count: int) -> None:
  """Sees to it that k fits, where it is not traced."""
  known = isinstance(k, int | np.integer)
  if count > size or (known and not 1 <= k <= size // count):
    raise ValueError(
      f'k: expected 1 to {size // count}, for {count} variables at a site of'
      f' {size}, found {k}'
    )


def _variables(sample: Sample, batch: int) -> int:
  """Returns V, from what a sampler would return."""
  shape = jax.eval_shape(lambda: sample(jax.random.key(0), batch))
  return len(shape.sources)


def _answers(into, back, below, above, cases: Counterfactuals, k) -> jax.Array:
  """Returns the net's outputs `[N, O]` after interchanges."""
  sites = activity(below, cases)

  def changed(base, sources, moved):
    return above(interchange(into, base, sources, moved, k=k, back=back))

  return jax.vmap(changed, (0, 1, 1))(sites[0], sites[1:], cases.moved)


def _skew(m: jax.Array) -> jax.Array:
  return 0.5 * (m - m.T)


def _turned(now: jax.Array, skew: jax.Array) -> jax.Array:
  """Returns exp(skew) now, as orthogonal as float32 is.

  The exponential is that of an eighth, by its series up to the third power,
  squared three times; what is lost and what rounding adds is taken away again.
  With D = 16 that holds for steps of up to 0.3 in every entry.
  """
  one, part = jnp.eye(len(skew), dtype=skew.dtype), skew / 8
  turn = one + part @ (one + part @ (one / 2 + part / 6))
  for _ in range(3):
    turn = turn @ turn
  return _polished(turn @ now)


def _polished(nearly: jax.Array) -> jax.Array:
  """Returns a step of Newton and Schulz towards the nearest rotation."""
  return 1.5 * nearly - 0.5 * (nearly @ nearly.T) @ nearly


# One after another: batched LAPACK calls of two devices can wait for each other
# forever (jax 0.10.2, from a width of 64 on).
_inverted = jax.custom_batching.sequential_vmap(jnp.linalg.inv)
_factors = jax.custom_batching.sequential_vmap(
  lambda m: tuple(jnp.linalg.qr(m))
)
_exponential = jax.custom_batching.sequential_vmap(
  lambda m: jax.scipy.linalg.expm(m)
)


@jax.custom_vjp
def _inverse(m: jax.Array) -> jax.Array:
  """Returns M⁻¹, with dM⁻¹ = -M⁻¹ dM M⁻¹: vmap's rule above has no slope."""
  return _inverted(m)


def _inverse_forward(m):
  back = _inverted(m)
  return back, back


def _inverse_backward(back, slopes):
  return (-back.T @ slopes @ back.T,)


_inverse.defvjp(_inverse_forward, _inverse_backward)

"""What can be read from a site with a straight cut: plain linear probes.

A probe is a logistic regression of one yes-or-no concept on a site's activity.
That it reads a concept says the concept is there to be read; that the net above
reads it, only an interchange shows (`alignment`). All is said of one net;
`jax.vmap` adds nets.

References:
  Alain & Bengio, Understanding intermediate layers using linear classifier
  probes, arXiv 1610.01644.
"""

from collections.abc import Callable

import chex
import jax
import jax.numpy as jnp

# Cases that probes are fitted on, and asked about: multiples of 192, as the
# samplers of equality like them.
FITTED, ASKED = 4_608, 18_432
# λ, small beside features of variance 1; and steps, with which weights on ReLU
# nets are as far down as float32 tells (10 suffice; 8: within .001 of |w|).
RIDGE, STEPS = 1e-3, 12


def accuracies(
  key: chex.PRNGKey,
  below: Callable,
  examples: Callable,
  concepts: Callable,
  *,
  fitted: int = FITTED,
  asked: int = ASKED,
) -> jax.Array:
  """Returns how well each concept is read on fresh cases, `[C]`: 0 to 1.

  Args:
    key: of the cases; is consumed.
    below: input `[I]` -> site `[D]`, the net up to there.
    examples: `(key, count) -> inputs [N, I]`; key is consumed. With concepts
      in equal shares chance is 0.5.
    concepts: input `[I]` -> bool `[C]`, what is to be read.
    fitted: cases that the probes are fitted on.
    asked: cases that the accuracy is of, others.
  """
  fit_key, ask_key = jax.random.split(key)

  def seen(key, count):
    inputs = examples(key, count)
    return jax.vmap(below)(inputs), jax.vmap(concepts)(inputs)

  return linear(*seen(fit_key, fitted), *seen(ask_key, asked))


def linear(
  features: chex.Array,
  targets: chex.Array,
  asked_features: chex.Array,
  asked_targets: chex.Array,
) -> jax.Array:
  """Returns the accuracies `[C]` of one linear probe a concept.

  Features are put to mean 0 and variance 1 by the cases fitted on. What is not
  finite is told wrongly.

  Args:
    features: `[N, D]`, fitted on.
    targets: `[N, C]` bool.
    asked_features: `[M, D]`, of other cases.
    asked_targets: `[M, C]` bool.
  """
  mean, deviation = jnp.mean(features, axis=0), jnp.std(features, axis=0)
  scale = jnp.where(deviation > 0, deviation, 1)

  def seen(features):
    scaled = (features - mean[None]) / scale[None]
    return jnp.concatenate([scaled, jnp.ones_like(scaled[:, :1])], axis=1)

  fitted, asked = seen(features), seen(asked_features)
  weights = jax.vmap(regression, (None, 1))(fitted, targets)
  logits = asked @ weights.T
  told = ((logits > 0) == asked_targets) & jnp.isfinite(logits)
  return jnp.mean(told, axis=0)


def regression(
  x: chex.Array,
  targets: chex.Array,
  *,
  ridge: chex.Numeric = RIDGE,
  steps: int = STEPS,
) -> jax.Array:
  """Returns the weights `[D]` of the logistic regression of one concept.

      E(w) = 1/N Σ_n log(1 + exp(-y_n x_n·w)) + λ/2 |w|²,    y = ±1

  by Newton's steps, or shorter ones where a whole one does not lower E as much:

      w ← w + t Δ,  Δ = -(∇²E)⁻¹ ∇E,  t = 1 or log(1 + d)/d,  d = max_n |x_n·Δ|

  The shorter one always lowers E. A case's second derivative changes by at most
  a factor exp(t d) along t Δ, so E falls by at least
  |Δ|² (t - (exp(t d) - 1 - t d)/d²) in the norm of ∇²E, and this t makes that
  greatest; near the minimum d and 1 - t go to 0.

  Args:
    x: `[N, D]`; for a bias, one column of ones. It has λ as the others have,
      so the minimum is finite where all cases are alike.
    targets: `[N]` bool.
    ridge: λ, > 0.
    steps: how many.
  """
  chex.assert_rank([x, targets], [2, 1])
  count, size = x.shape
  signs = jnp.where(targets, 1, -1).astype(x.dtype)

  def error(z, w):
    return jnp.mean(jax.nn.softplus(-signs * z)) + 0.5 * ridge * w @ w

  def step(_, w):
    z = x @ w
    p = jax.nn.sigmoid(z)
    slope = (p - targets) @ x / count + ridge * w
    curvature = (x * (p * (1 - p))[:, None]).T @ x / count
    change = -_solved(curvature + ridge * jnp.eye(size, dtype=x.dtype), slope)
    moved = x @ change
    reach = jnp.max(jnp.abs(moved))
    less = jnp.log1p(reach) / jnp.where(reach > 0, reach, 1)
    whole_is_better = error(z + moved, w + change) <= error(
      z + less * moved, w + less * change
    )
    return w + jnp.where(whole_is_better, 1, less) * change

  return jax.lax.fori_loop(0, steps, step, jnp.zeros(size, x.dtype))


@jax.custom_batching.sequential_vmap
def _solved(m: jax.Array, v: jax.Array) -> jax.Array:
  # One after another: batched LAPACK calls of two devices can wait for each
  # other forever.
  return jax.scipy.linalg.solve(m, v, assume_a='pos')

"""Hierarchical equality and alignment search, as a user would write them.

For one net each; `jax.vmap` adds nets. The benchmark times jaxrep beside this.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxrep import nets
from jaxrep.tasks.counterfactuals import Counterfactuals


def train(
  net: nets.Net,
  key: jax.Array,
  changes: jax.Array,
  sample: Callable,
  rate: float,
) -> nets.Net:
  """Returns a net trained as a user would write it: Adam on cross-entropy."""
  adam = optax.adam(rate)

  def loss(net, inputs, labels):
    return _cross_entropy(nets.answers(net, inputs), labels)

  def change(t, carried):
    net, state = carried
    slopes = jax.grad(loss)(net, *sample(jax.random.fold_in(key, t)))
    update, state = adam.update(slopes, state)
    return optax.apply_updates(net, update), state

  return jax.lax.fori_loop(0, changes, change, (net, adam.init(net)))[0]


def train_by_hand(
  leaves: list, changes: int, sample: Callable, rate: float
) -> list[np.ndarray]:
  """Returns the weights and biases of one ReLU net, trained in NumPy.

  Args:
    leaves: `[w, b, w, b, ..]` before training.
    changes: how many.
    sample: `(t) -> inputs [N, I], labels [N]`.
    rate: Adam's.
  """
  # All weights are one vector, so that Adam is a few operations.
  weights = np.concatenate([np.ravel(a) for a in leaves])
  shapes = [np.shape(a) for a in leaves]
  slope, first, second = (np.zeros_like(weights) for _ in range(3))
  ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
  views, slopes = (
    [a.reshape(s) for a, s in zip(np.split(v, ends), shapes, strict=True)]
    for v in (weights, slope)
  )
  w, b, dw, db = views[::2], views[1::2], slopes[::2], slopes[1::2]
  for t in range(changes):
    inputs, labels = sample(t)
    states = [inputs]
    for k in range(len(w)):
      x = states[-1] @ w[k] + b[k]
      states.append(np.maximum(x, 0) if k < len(w) - 1 else x)
    shares = np.exp(states[-1] - states[-1].max(axis=1, keepdims=True))
    delta = shares / shares.sum(axis=1, keepdims=True)
    delta[np.arange(len(labels)), labels] -= 1
    delta /= np.float32(len(labels))
    for k in reversed(range(len(w))):
      np.matmul(states[k].T, delta, out=dw[k])
      np.sum(delta, axis=0, out=db[k])
      if k:
        delta = (delta @ w[k].T) * (states[k] > 0)
    first += np.float32(0.1) * (slope - first)
    second += np.float32(0.001) * (slope * slope - second)
    spread = np.sqrt(second / np.float32(1 - 0.999 ** (t + 1)))
    spread += np.float32(1e-8)
    weights -= np.float32(rate / (1 - 0.9 ** (t + 1))) * first / spread
  return views


def numpy_examples(
  rng: np.random.Generator, count: int, *, dimension: int
) -> tuple[np.ndarray, np.ndarray]:
  """Returns inputs `[N, 4D]` and labels `[N]` of the task, entities in ±0.5.

  As balanced as `jaxrep.tasks.equality.examples`: case n has template n mod 4.
  """
  x = rng.random((count, 4, dimension), np.float32)
  x -= np.float32(0.5)
  case = np.arange(count)
  left, right = case % 4 < 2, case % 2 == 0
  x[left, 1], x[right, 3] = x[left, 0], x[right, 2]
  return x.reshape(count, -1), np.int32(left == right)


def search(
  start: jax.Array,
  below: nets.Net,
  above: nets.Net,
  sample: Callable,
  *,
  k: int,
  steps: jax.Array,
  rate: float,
) -> jax.Array:
  """Returns the rotation that the usual search ends at: exp(A - Aᵀ) R₀.

  Args:
    start: R₀ `[D, D]`.
    below: the net up to the site.
    above: the rest of it.
    sample: `(t) -> Counterfactuals`, those of a step.
    k: coordinates a variable.
    steps: how many.
    rate: Adam's on A, which does not fall.
  """
  adam, size = optax.adam(rate), len(start)

  def turned(a):
    return jax.scipy.linalg.expm(a - a.T) @ start

  def loss(a, cases):
    into = turned(a)
    mixed = nets.answers(below, cases.base) @ into.T
    for v, inputs in enumerate(cases.sources):
      first = v * (size // len(cases.sources))
      own = jnp.zeros(size, bool).at[first : first + k].set(True)
      source = nets.answers(below, inputs) @ into.T
      mixed = jnp.where(own[None] & cases.moved[v][:, None], source, mixed)
    return _cross_entropy(nets.answers(above, mixed @ into), cases.labels)

  def step(t, carried):
    a, state = carried
    slopes = jax.grad(loss)(a, sample(t))
    update, state = adam.update(slopes, state)
    return a + update, state

  a = jnp.zeros_like(start)
  return turned(jax.lax.fori_loop(0, steps, step, (a, adam.init(a)))[0])


def one_kind(key: jax.Array, count: int, *, dimension: int) -> Counterfactuals:
  """Returns cases in which the same moves in all: V1, V2, or both.

  Entities are uniform in ±0.5, and each pair is the same with chance 1/2.
  """
  which, draws, pairs = jax.random.split(key, 3)
  kinds = jnp.array([[True, False], [False, True], [True, True]])
  moved = kinds[jax.random.randint(which, (), 0, 3)]
  shape = 3, count, 2, 2, dimension
  first, second = jnp.moveaxis(
    jax.random.uniform(draws, shape, jnp.float32, -0.5, 0.5), 3, 0
  )
  same = jax.random.bernoulli(pairs, 0.5, shape[:3])
  second = jnp.where(same[..., None], first, second)
  inputs = jnp.stack([first, second], axis=3).reshape(3, count, -1)
  left = jnp.where(moved[0], same[1, :, 0], same[0, :, 0])
  right = jnp.where(moved[1], same[2, :, 1], same[0, :, 1])
  everywhere = jnp.broadcast_to(moved[:, None], (2, count))
  labels = jnp.int32(left == right)
  return Counterfactuals(inputs[0], inputs[1:], everywhere, labels)


def _cross_entropy(logits, labels):
  each = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
  return jnp.mean(each)

"""What jaxrep is measured against: the same training, as a user would write it.

Each yardstick trains nets for a fixed number of sweeps, one weight change each,
from the same starts. None looks for solved nets, which jaxrep does.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxrep import loops, nets, seeds, trials
from jaxrep.learning import descent, recirculation
from jaxrep.tasks.patterns import Patterns


class Work(NamedTuple):
  """A training job: nets of a shape, on a pattern set.

  A change is shaped like its net, zero before the first sweep.

  Attributes:
    sizes: units a layer, inputs first.
    init_range: weights and biases start uniform in ± this.
    patterns: what is to be learnt.
    sweep: `(net, change) -> (net, change)` of one net, in jax.numpy.
    by_hand: `(layers, change)`, the same in NumPy, in place; a layer and its
      change are `[w, b]`.
    study: the same in jaxrep, with criteria that are never met.
    grid: its settings, lists of one number by name.
  """

  sizes: tuple[int, ...]
  init_range: float
  patterns: Patterns
  sweep: Callable
  by_hand: Callable
  study: seeds.Study
  grid: Mapping[str, tuple[float, ...]]

  @property
  def cells(self) -> int:
    """The hidden activations of one net over all cases."""
    return len(self.patterns.inputs) * self.sizes[1]

  def starts(self, seed_range: range) -> nets.Net:
    """Returns the nets before training, `[S]` on the leading axis."""
    width = self.init_range
    draw = functools.partial(
      nets.init, sizes=self.sizes, weight_range=width, bias_range=width
    )
    keys = jax.vmap(jax.random.key)(np.array(seed_range, np.uint32))
    return jax.vmap(draw)(keys)


def layered(
  sizes: tuple[int, ...],
  patterns: Patterns,
  *,
  learning_rate: float,
  momentum: float = 0.9,
  init_range: float = 0.3,
) -> Work:
  """Returns the work of layered nets: full-batch descent with momentum."""
  recipe = trials.Recipe(
    learning_rate=(learning_rate,), momentum=(momentum,),
    init_range=(init_range,), positive_weight=(1.0,), margin=(1e-9,),
    bias_init='uniform', band=0.0, sweeps=2**30, after=0,
  )  # fmt: skip

  def loss(net):
    x, d = (jnp.asarray(a) for a in patterns)
    return 0.5 * jnp.sum((jax.vmap(nets.apply, (None, 0))(net, x) - d) ** 2)

  def sweep(net, change):
    change = jax.tree.map(
      lambda g, c: -learning_rate * g + momentum * c,
      jax.grad(loss)(net),
      change,
    )
    return jax.tree.map(jnp.add, net, change), change

  rate, kept = np.float32(learning_rate), np.float32(momentum)

  def by_hand(layers, change):
    x, d = patterns
    states = [x]
    for w, b in layers:
      states.append(_logistic(states[-1] @ w + b))
    delta = states[-1] - d
    for k in reversed(range(len(layers))):
      delta = delta * states[k + 1] * (1 - states[k + 1])
      slopes = states[k].T @ delta, delta.sum(axis=0)
      delta = delta @ layers[k][0].T
      for j, slope in enumerate(slopes):
        change[k][j] = kept * change[k][j] - rate * slope
        layers[k][j] += change[k][j]

  study = trials.trial(recipe, sizes).study
  return Work(sizes, init_range, patterns, sweep, by_hand, study, recipe.grid())


def loop(
  sizes: tuple[int, int, int],
  patterns: Patterns,
  *,
  learning_rate: float,
  regression: float,
  init_range: float,
) -> Work:
  """Returns the work of loops: full-batch recirculation without momentum."""
  recipe = loops.Recipe(
    learning_rate=(learning_rate,), momentum=(0.0,), init_range=(init_range,),
    regression_visible=(regression,), regression_hidden=(regression,),
    sweeps=2**30, horizon=0, margin=0.0, bound=0.0,
  )  # fmt: skip
  shares = recirculation.Regression(regression, regression)

  def sweep(net, _):
    each = jax.vmap(recirculation.changes, (None, 0, None))(
      net, jnp.asarray(patterns.inputs), shares
    )
    change = jax.tree.map(lambda a: learning_rate * jnp.sum(a, axis=0), each)
    return jax.tree.map(jnp.add, net, change), change

  rate, old = np.float32(learning_rate), np.float32(regression)
  new = 1 - old

  def by_hand(layers, _):
    v0 = patterns.inputs
    (w, b), (r, c) = layers
    h1 = _logistic(v0 @ w + b)
    v2 = old * v0 + new * _logistic(h1 @ r + c)
    h3 = old * h1 + new * _logistic(v2 @ w + b)
    lost_v, lost_h = rate * (v0 - v2), rate * (h1 - h3)
    w += v2.T @ lost_h
    b += lost_h.sum(axis=0)
    r += h1.T @ lost_v
    c += lost_v.sum(axis=0)

  study = loops.trial(recipe, sizes).study
  return Work(sizes, init_range, patterns, sweep, by_hand, study, recipe.grid())


Run = Callable[[int], Any]  # trains for a number of sweeps, returns when done


def by_numpy(work: Work) -> Run:
  """One net at a time, in NumPy, float32."""
  start = [
    (np.asarray(layer.w[0]), np.asarray(layer.b[0]))
    for layer in work.starts(range(1))
  ]

  def run(sweeps):
    layers = [[w.copy(), b.copy()] for w, b in start]
    change = [[np.zeros_like(a) for a in pair] for pair in layers]
    for _ in range(sweeps):
      work.by_hand(layers, change)
    return layers

  return run


def by_vmap(work: Work, count: int, devices: tuple) -> Run:
  """`jax.vmap` of the plain function as it comes, nets sharded over devices."""
  sharding = NamedSharding(_mesh(devices), PartitionSpec('nets'))
  starts = jax.device_put(work.starts(range(count)), sharding)
  train = jax.jit(jax.vmap(_plain(work), in_axes=(0, None)))
  return lambda sweeps: jax.block_until_ready(train(starts, np.int32(sweeps)))


def by_blocks(work: Work, count: int, blocks: seeds.Blocks) -> Run:
  """The same in blocks that fit a core's cache, one after another."""
  starts = work.starts(range(count))
  split = jax.tree.map(
    lambda a: a.reshape(-1, blocks.size, *a.shape[1:]), starts
  )
  spec = PartitionSpec('nets')
  split = jax.device_put(split, NamedSharding(_mesh(blocks.devices), spec))
  block = jax.vmap(_plain(work), in_axes=(0, None))

  @jax.jit
  @functools.partial(
    jax.shard_map,
    mesh=_mesh(blocks.devices),
    in_specs=(spec, PartitionSpec()),
    out_specs=spec,
    check_vma=False,
  )
  def train(split, sweeps):
    return jax.lax.map(lambda starts: block(starts, sweeps), split)

  return lambda sweeps: jax.block_until_ready(train(split, np.int32(sweeps)))


def by_jaxrep(work: Work, count: int, blocks: seeds.Blocks) -> Run:
  """The whole engine: marks, curves, solve detection, nets leaving."""
  rows = seeds.cross(range(count), **work.grid)

  def run(sweeps):
    for look in seeds.evolve(
      work.study, rows, marks=seeds.marks(sweeps), blocks=blocks,
      shared=work.patterns,
    ):  # fmt: skip
      assert np.all(look.state.solved_at == descent.NEVER)
    return look

  return run


def _plain(work: Work) -> Callable:
  def train(net, sweeps):
    start = net, jax.tree.map(jnp.zeros_like, net)
    return jax.lax.fori_loop(
      0, sweeps, lambda _, state: work.sweep(*state), start
    )[0]

  return train


def _logistic(x: np.ndarray) -> np.ndarray:
  return 1 / (1 + np.exp(-x))


def _mesh(devices: tuple) -> Mesh:
  return Mesh(np.array(devices), ('nets',))

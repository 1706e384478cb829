"""What jaxrep is measured against: the same training, as a user would write it.

Each yardstick trains layered nets by full-batch descent with momentum for a
fixed number of sweeps, from the same starts. None looks for solved nets, which
jaxrep does.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxrep import nets, seeds, trials
from jaxrep.learning import descent
from jaxrep.tasks.patterns import Patterns


class Work(NamedTuple):
  """A training job: `[S]` nets of a shape, on a pattern set."""

  recipe: trials.Recipe
  sizes: tuple[int, ...]
  patterns: Patterns

  @property
  def cells(self) -> int:
    """The hidden activations of one net over all cases."""
    return len(self.patterns.inputs) * self.sizes[1]

  def starts(self, seed_range: range) -> nets.Net:
    """Returns the nets before training, `[S]` on the leading axis."""
    width = self.recipe.init_range[0]
    draw = functools.partial(
      nets.init, sizes=self.sizes, weight_range=width, bias_range=width
    )
    keys = jax.vmap(jax.random.key)(np.array(seed_range, np.uint32))
    return jax.vmap(draw)(keys)


Run = Callable[[int], Any]  # trains for a number of sweeps, returns when done


def by_numpy(work: Work) -> Run:
  """One net at a time, in NumPy, float32."""
  x, d = work.patterns
  rate = np.float32(work.recipe.learning_rate[0])
  momentum = np.float32(work.recipe.momentum[0])
  start = [
    (np.asarray(layer.w[0]), np.asarray(layer.b[0]))
    for layer in work.starts(range(1))
  ]

  def run(sweeps):
    weights = [[w.copy(), b.copy()] for w, b in start]
    change = [[np.zeros_like(a) for a in pair] for pair in weights]
    for _ in range(sweeps):
      states = [x]
      for w, b in weights:
        states.append(1 / (1 + np.exp(-(states[-1] @ w + b))))
      delta = states[-1] - d
      for k in reversed(range(len(weights))):
        delta = delta * states[k + 1] * (1 - states[k + 1])
        slopes = states[k].T @ delta, delta.sum(axis=0)
        delta = delta @ weights[k][0].T
        for j, slope in enumerate(slopes):
          change[k][j] = momentum * change[k][j] - rate * slope
          weights[k][j] += change[k][j]
    return weights

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
  never = work.recipe._replace(sweeps=2**30, after=0, margin=(1e-9,))
  trial = trials.trial(never, work.sizes)
  rows = seeds.cross(range(count), **never.grid())

  def run(sweeps):
    for look in seeds.evolve(
      trial.study, rows, marks=seeds.marks(sweeps), blocks=blocks,
      shared=work.patterns,
    ):  # fmt: skip
      assert np.all(look.state.solved_at == descent.NEVER)
    return look

  return run


def _plain(work: Work) -> Callable:
  x, d = (jnp.asarray(a) for a in work.patterns)

  def loss(net):
    return 0.5 * jnp.sum((jax.vmap(nets.apply, (None, 0))(net, x) - d) ** 2)

  def sweep(_, state):
    net, change = state
    change = jax.tree.map(
      lambda g, c: (
        -work.recipe.learning_rate[0] * g + work.recipe.momentum[0] * c
      ),
      jax.grad(loss)(net),
      change,
    )
    return jax.tree.map(jnp.add, net, change), change

  def train(net, sweeps):
    start = net, jax.tree.map(jnp.zeros_like, net)
    return jax.lax.fori_loop(0, sweeps, sweep, start)[0]

  return train


def _mesh(devices: tuple) -> Mesh:
  return Mesh(np.array(devices), ('nets',))

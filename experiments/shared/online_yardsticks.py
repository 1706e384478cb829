"""What learning from one image at a time is measured against.

Each way trains the same nets on the same images, from the same starts, and is
given a number of images; after the last one the first comes again. The images
are made up, of the shape of MNIST's and as sparse: time does not depend on what
they show, and so no files are needed. No way keeps tallies.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from scipy.linalg import blas

from jaxrep import blocks as layout
from jaxrep import localization, nets, seeds
from jaxrep.learning import online

LEVELS, INKED = 256, 0.2  # grey levels; the share of pixels that are not 0

Run = Callable[[int], nets.Net]  # trains on so many images, returns when done


class Lesson(NamedTuple):
  """Images, met from the first to the last.

  Attributes:
    images: `[N, P]` uint8; a unit sees (pixel + 1) / 256.
    targets: `[N, O]`, one-hot.
  """

  images: np.ndarray
  targets: np.ndarray


class Online(NamedTuple):
  """A training job: softplus nets, squared error, a change for every image.

  Attributes:
    sizes: pixels, hidden units, outputs.
    learning_rate: η.
    images: how many there are; it is as many as phase 1 is long at its longest.
    at_once: how many nets train at once, if the user does not say.
  """

  sizes: tuple[int, int, int]
  learning_rate: float
  images: int = 12_000
  at_once: int = 128

  unit = 'nets × images / s'
  cells = None
  block_size = localization.BLOCK

  def lesson(self) -> Lesson:
    """Returns the images, always the same."""
    pixels, _, classes = self.sizes
    rng = np.random.default_rng(0)
    grey = rng.integers(1, LEVELS, (self.images, pixels), np.uint8)
    grey[rng.random(grey.shape, np.float32) >= INKED] = 0
    shown = rng.integers(classes, size=self.images)
    return Lesson(grey, np.eye(classes, dtype=np.float32)[shown])

  def start(self, seed: jax.Array) -> nets.Net:
    """Returns the net before training."""
    units = [jax.nn.softplus] * 2
    return nets.he(jax.random.key(seed), self.sizes, units=units)

  def starts(self, seed_range: range) -> nets.Net:
    """Returns the nets before training, `[S]` on the leading axis."""
    return jax.vmap(self.start)(np.array(seed_range, np.uint32))

  def ways(
    self, count: int, blocks: seeds.Blocks
  ) -> dict[str, tuple[int, Run]]:
    """Returns how many nets each way trains at once, and how, by name."""
    return {
      'numpy': (1, by_numpy(self)),
      'vmap': (count, by_vmap(self, count, blocks)),
      'plain': (count, by_map(self, count, blocks)),
      'jaxrep': (count, by_jaxrep(self, count, blocks)),
    }


def by_numpy(work: Online) -> Run:
  """One net at a time, in NumPy, float32.

  The first layer's products are calls of `sgemm`, the second one in place. It
  is the fastest of the forms tried: `np.outer`, `np.multiply.outer` or `np.dot`
  into a buffer that is then added take half as long again or more, with [H, P]
  weights too; `sger` is as fast, but only where BLAS has one thread.
  """
  images, targets = work.lesson()
  start = [np.asarray(a[0]) for a in jax.tree.leaves(work.starts(range(1)))]
  rate, scale = np.float32(work.learning_rate), np.float32(1 / LEVELS)

  def run(count):
    w, b, v, c = (a.copy() for a in start)
    for t in range(count):
      x = images[t % len(images)] + np.float32(1)
      x *= scale
      u = blas.sgemm(1.0, w.T, x[:, None])[:, 0]
      u += b
      h = np.log1p(np.exp(u))
      z = h @ v
      z += c
      delta = targets[t % len(images)] - np.log1p(np.exp(z))
      delta *= rate
      delta /= 1 + np.exp(-z)
      below = v @ delta
      below /= 1 + np.exp(-u)
      blas.sgemm(1.0, below[:, None], x[None], 1.0, w.T, overwrite_c=True)
      b += below
      v += np.multiply.outer(h, delta)
      c += delta
    return nets.Layer(w, b), nets.Layer(v, c)

  return run


def by_vmap(work: Online, count: int, blocks: seeds.Blocks) -> Run:
  """`jax.vmap` of the plain loop as it comes, nets sharded over devices."""
  starts, lesson = _placed(work, count, blocks)
  train = jax.jit(jax.vmap(_plain(work), in_axes=(0, None, None)))
  return lambda images: jax.block_until_ready(
    train(starts, lesson, np.int32(images))
  )


def by_map(work: Online, count: int, blocks: seeds.Blocks) -> Run:
  """The plain loop, one net after another: its weights stay in cache."""
  starts, lesson = _placed(work, count, blocks)
  rows, everywhere = PartitionSpec('rows'), PartitionSpec()
  one_net = _plain(work)

  @jax.jit
  def train(starts, lesson, images):
    return jax.shard_map(
      lambda starts, *given: jax.lax.map(
        lambda net: one_net(net, *given), starts
      ),
      mesh=layout.mesh(blocks),
      in_specs=(rows, everywhere, everywhere),
      out_specs=rows,
      check_vma=False,
    )(starts, lesson, images)

  return lambda images: jax.block_until_ready(
    train(starts, lesson, np.int32(images))
  )


def by_jaxrep(work: Online, count: int, blocks: seeds.Blocks) -> Run:
  """The engine, in the blocked form that the study runs."""
  rows, lesson = np.arange(count, dtype=np.uint32), work.lesson()
  order = np.arange(work.images, dtype=np.int32)

  def one_net(seed, lesson, order, images):
    def again(k, net):
      return online.blocked(
        net,
        online.Stream(*lesson, order),
        0,
        jnp.minimum(images - k * work.images, work.images),
        rate=work.learning_rate,
        error=localization.ERRORS['squared'],
        size=localization.SIZE,
        read=_read,
      ).net

    rounds = -(-images // work.images)
    return jax.lax.fori_loop(0, rounds, again, work.start(seed))

  return lambda images: seeds.each(
    one_net, rows, blocks=blocks, shared=(lesson, order, np.int32(images))
  )


def _plain(work: Online) -> Callable:
  """Returns what a user would write: `(net, lesson, images) -> net`."""

  def loss(net, x, d):
    return 0.5 * jnp.sum((nets.apply(net, x) - d) ** 2)

  def train(net, lesson, images):
    def step(t, net):
      x, d = (a[t % work.images] for a in lesson)
      slope = jax.grad(loss)(net, _read(x), d)
      return jax.tree.map(lambda w, g: w - work.learning_rate * g, net, slope)

    return jax.lax.fori_loop(0, images, step, net)

  return train


def _read(rows: jax.Array) -> jax.Array:
  return (rows.astype(jnp.float32) + 1) / LEVELS


def _placed(
  work: Online, count: int, blocks: seeds.Blocks
) -> tuple[nets.Net, Lesson]:
  """Returns the nets, each on one device, and the images, on all."""
  sharding = NamedSharding(layout.mesh(blocks), PartitionSpec('rows'))
  starts = jax.device_put(work.starts(range(count)), sharding)
  return starts, layout.replicate(work.lesson(), blocks)

"""Rows of a table through a compiled program, block by block, on all devices.

A block is a fixed number of rows, the last one padded: whatever the number of
rows, of devices or of neighbours, a row meets the same program at the same
width. That is what makes its bits its own. (XLA's CPU kernels split sums of
many terms, 256 cases but not 64, over their threads, of which there are as many
as cores or devices: so long sums repeat with that number only.)

Rows are packed by dtype, `{'float32': [S, n], ..}`: to move a net is to move a
few runs of memory, not one for each weight matrix and counter.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

# Blocks that a device may run in one call, one after another. It bounds the
# host's work for a call and does not touch what becomes of a row.
BLOCKS_A_CALL = 8
# Block sizes on a CPU, by the hidden activations that a block has at most.
SIZES, CELLS = (64, 128, 256, 512), 2**15

Packed = dict[str, Any]  # dtype -> [S, n]


class Blocks(NamedTuple):
  """How rows are laid out on a machine.

  Attributes:
    size: rows in a block, a multiple of 16, so that no row is computed by the
      scalar remainder of a vector loop and has other last bits than its
      neighbours. Results are bit-identical at one size only.
    devices: the local devices that share the blocks.
  """

  size: int
  devices: tuple


def lay_out(
  size: int | None = None,
  platform: str | None = None,
  *,
  cells: int | None = None,
) -> Blocks:
  """Returns blocks over all local devices of a platform.

  Args:
    size: rows in a block; None takes the platform's default: 256 on a CPU (a
      block's arrays stay in a core's cache), 8,192 on an accelerator.
    platform: 'cpu', 'gpu', 'tpu', or None for JAX's default.
    cells: the hidden activations of one net over all cases. On a CPU the
      default is then the largest of `SIZES` in which a block has at most
      `CELLS`: tiny nets cost the overhead of an operation rather than its
      arithmetic, large ones fall out of cache.

  Raises:
    ValueError: a size that is not a positive multiple of 16.
  """
  devices = tuple(jax.local_devices(backend=platform))
  if size is None:
    size = 256 if devices[0].platform == 'cpu' else 8192
    if cells is not None and devices[0].platform == 'cpu':
      fitting = [s for s in SIZES if s * cells <= CELLS]
      size = max(fitting, default=min(SIZES))
  if size < 16 or size % 16:
    raise ValueError(f'expected a positive multiple of 16, found {size}')
  return Blocks(size, devices)


class Packing:
  """How the pytree of one row becomes a few rows of numbers, and back."""

  def __init__(self, shapes: Any):
    """Takes a pytree of `jax.ShapeDtypeStruct`: the arrays of one row."""
    leaves, self._tree = jax.tree.flatten(shapes)
    self._width: dict[str, int] = {}
    self._slots = []
    for leaf in leaves:
      name, size = str(leaf.dtype), math.prod(leaf.shape)
      start = self._width.get(name, 0)
      self._width[name] = start + size
      self._slots.append((name, slice(start, start + size), leaf.shape))

  @classmethod
  def of_rows(cls, rows: Any) -> 'Packing':
    """Returns the packing of arrays `[S, ...]`."""
    return cls(
      jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape[1:], a.dtype), rows)
    )

  def empty(self, total: int) -> Packed:
    """Returns zeroed NumPy arrays for `total` rows."""
    return {
      name: np.zeros((total, width), name)
      for name, width in self._width.items()
    }

  def pack(self, rows: Any, xp=jnp) -> Packed:
    """Returns arrays `[S, ...]` packed, by `xp`: jax.numpy or numpy."""
    parts: dict[str, list] = {name: [] for name in self._width}
    leaves = self._tree.flatten_up_to(rows)
    for (name, _, _), leaf in zip(self._slots, leaves, strict=True):
      parts[name].append(leaf.reshape(leaf.shape[0], math.prod(leaf.shape[1:])))
    return {name: xp.concatenate(p, axis=1) for name, p in parts.items()}

  def unpack(self, packed: Packed) -> Any:
    """Returns arrays `[S, ...]`; views, where the packed ones are NumPy's."""
    return self._tree.unflatten(
      packed[name][:, place].reshape(len(packed[name]), *shape)
      if shape
      else packed[name][:, place.start]
      for name, place, shape in self._slots
    )

  def pack_last(self, rows: Any) -> Packed:
    """Returns arrays `[..., S]`, whose rows are the last axis, packed."""
    parts: dict[str, list] = {name: [] for name in self._width}
    leaves = self._tree.flatten_up_to(rows)
    for (name, _, _), leaf in zip(self._slots, leaves, strict=True):
      parts[name].append(leaf.reshape(-1, leaf.shape[-1]))
    return {name: jnp.concatenate(p).T for name, p in parts.items()}

  def unpack_last(self, packed: Packed) -> Any:
    """Returns arrays `[..., S]`, with the rows as last axis."""
    turned = {name: array.T for name, array in packed.items()}
    return self._tree.unflatten(
      turned[name][place].reshape(*shape, -1)
      for name, place, shape in self._slots
    )


def mesh(blocks: Blocks) -> Mesh:
  """Returns the devices in one row, `('rows',)`."""
  return Mesh(np.array(blocks.devices), ('rows',))


def replicate(tree: Any, blocks: Blocks) -> Any:
  """Returns arrays as they lie on every device."""
  return jax.device_put(tree, NamedSharding(mesh(blocks), PartitionSpec()))


def over_devices(f: Callable, blocks: Blocks) -> Callable:
  """Returns `f` over many blocks at once: one program on all devices.

  Each device gets up to `BLOCKS_A_CALL` blocks and the number of those that
  hold rows, and runs these one after another.

  Args:
    f: `(rows of one block, *shared) -> results`: pytrees of `[size, n]`.
    blocks: the layout.
  """
  rows, everywhere = PartitionSpec('rows'), PartitionSpec()

  def local(count, packed, *shared):
    def block(i):
      start = i * blocks.size
      cut = functools.partial(
        jax.lax.dynamic_slice_in_dim, start_index=start, slice_size=blocks.size
      )
      return jax.tree.map(cut, packed)

    def run(i, results):
      put = functools.partial(
        jax.lax.dynamic_update_slice_in_dim,
        start_index=i * blocks.size,
        axis=0,
      )
      return jax.tree.map(put, results, f(block(i), *shared))

    results = jax.tree.map(
      lambda s: jnp.zeros((BLOCKS_A_CALL * blocks.size, *s.shape[1:]), s.dtype),
      jax.eval_shape(f, block(0), *shared),
    )
    return jax.lax.fori_loop(0, count[0], run, results)

  @jax.jit
  def call(count, packed, *shared):
    with jax.default_matmul_precision('highest'):
      return jax.shard_map(
        local,
        mesh=mesh(blocks),
        in_specs=(rows, rows, *[everywhere] * len(shared)),
        out_specs=rows,
        check_vma=False,
      )(count, packed, *shared)

  return call


def run(
  program: Callable,
  blocks: Blocks,
  packed: Any,
  *shared: Any,
  index: np.ndarray,
  into: Any,
) -> None:
  """Runs rows `index` through a program and writes its results to those rows.

  Each device gets as many whole blocks as the others, or one more.

  Args:
    program: from `over_devices`.
    blocks: the layout.
    packed: pytree of NumPy arrays `[S, n]`.
    *shared: what all rows see.
    index: `[A]`, which rows.
    into: pytree of NumPy arrays `[S, m]`, in the shape of the results.
  """
  devices, size = len(blocks.devices), blocks.size
  room = BLOCKS_A_CALL * size  # of a device
  pending = []
  for begin in range(0, index.size, devices * room):
    part = index[begin : begin + devices * room]
    whole = -(-part.size // size)
    counts = np.array(
      [whole // devices + (d < whole % devices) for d in range(devices)]
    )
    starts = [d * room + np.arange(n * size) for d, n in enumerate(counts)]
    slots = np.concatenate(starts)[: part.size]
    source = np.full(devices * room, part[-1])  # padding repeats a row
    source[slots] = part
    taken = jax.tree.map(lambda a, rows=source: a[rows], packed)
    results = program(counts.astype(np.int32), taken, *shared)
    pending.append((part, slots, results))
  for part, slots, results in pending:
    pairs = zip(jax.tree.leaves(into), jax.tree.leaves(results), strict=True)
    for target, array in pairs:
      target[part] = np.asarray(array)[slots]

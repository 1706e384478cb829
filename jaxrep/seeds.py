"""From one net to many: blocks, devices, marks, and leaving when finished.

A study hands over pure functions of *one* net; this module runs them for every
row of `Nets` and returns arrays whose leading axis is the nets. What a net
becomes depends on its seed, its settings and the block size, and on nothing
else: not on how many nets were asked for, on their order, on the devices, or on
when its neighbours finish. Two facts make that so: every block of nets runs
through the same compiled program at the same width, the last one padded; and
no operation in a block mixes nets.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxrep import lanes

# Blocks that one call of the compiled program may run on each device, one after
# the other. It bounds the host's work per mark, not what a net becomes.
_BLOCKS_A_CALL = 16


class Nets(NamedTuple):
  """Which nets: one row each.

  Attributes:
    seed: `[S]` uint32.
    setting: pytree of `[S, ...]` arrays: learning rate, initial range, a start.
  """

  seed: np.ndarray
  setting: Any


class Study(NamedTuple):
  """One net's life. All are pure functions of one net; the engine adds the rest.

  Attributes:
    start: `(key, setting, shared) -> state`; `key` is consumed.
    sweep: `(state, setting, shared) -> state`, one weight change. A net that
      has reached its end must come back as it went in, for the next mark may
      lie many sweeps on. Runs on vectors of nets (see `lanes`): straight-line
      code is fastest.
    look: `(state, setting, shared) -> (report, over)`, at marks only: what is
      recorded there, and whether the net leaves, as nothing about it will
      change any more.
  """

  start: Callable
  sweep: Callable
  look: Callable


class Blocks(NamedTuple):
  """How nets are laid out on a machine.

  Attributes:
    size: nets in a block, a multiple of 16, so that no net is computed by the
      scalar remainder of a vector loop and has other last bits than its
      neighbours. Results are bit-identical at one size only.
    devices: the local devices that share the blocks.
  """

  size: int
  devices: tuple


class Look(NamedTuple):
  """What is seen at a mark.

  Attributes:
    mark: sweeps run since the start, for the nets that still run.
    state: pytree of `[S, ...]` NumPy arrays, the study's state.
    report: pytree of `[S, ...]` NumPy arrays, what `Study.look` returned.
    over: `[S]` bool, the nets that have left.
    computed: nets × sweeps computed so far, padding included.
  """

  mark: int
  state: Any
  report: Any
  over: np.ndarray
  computed: int


def blocks(size: int | None = None, platform: str | None = None) -> Blocks:
  """Returns blocks over all local devices of a platform.

  Args:
    size: nets in a block; None takes the platform's default: 256 on a CPU (a
      block's arrays stay in a core's cache), 8,192 on an accelerator.
    platform: 'cpu', 'gpu', 'tpu', or None for JAX's default.

  Raises:
    ValueError: a size that is not a positive multiple of 16.
  """
  devices = tuple(jax.local_devices(backend=platform))
  if size is None:
    size = 256 if devices[0].platform == 'cpu' else 8192
  if size < 16 or size % 16:
    raise ValueError(f'expected a positive multiple of 16, found {size}')
  return Blocks(size, devices)


def settings(**lists: Sequence) -> list[dict[str, Any]]:
  """Returns every combination of values by name, the last list fastest."""
  rows = itertools.product(*lists.values())
  return [dict(zip(lists, row, strict=True)) for row in rows]


def cross(seeds: Sequence[int], **lists: Sequence) -> Nets:
  """Returns every combination of settings, each on the same seeds.

  The rows of a setting lie together, in the order of `settings(**lists)`.

  Args:
    seeds: `[N]`, 32 bits each.
    **lists: numbers by name; they become float32.
  """
  rows = settings(**lists)
  columns = {name: [row[name] for row in rows] for name in lists}
  repeated = {
    name: np.repeat(np.asarray(values, np.float32), len(seeds))
    for name, values in columns.items()
  }
  return Nets(np.tile(np.asarray(seeds, np.uint32), len(rows)), repeated)


def marks(horizon: int) -> list[int]:
  """Returns the sweeps at which nets are looked at: 0, 1, 2 .. `horizon`.

  They are log-spaced, each at most 12 % past the last (or 1 sweep, while 12 %
  is less), so a net that is finished computes at most 12 % too much.
  """
  result = [0]
  while result[-1] < horizon:
    result.append(min(horizon, max(result[-1] + 1, int(result[-1] * 1.12))))
  return result


def evolve(
  study: Study,
  nets: Nets,
  *,
  marks: Sequence[int],
  blocks: Blocks,
  shared: Any = (),
) -> Iterator[Look]:
  """Yields a look at all nets at every mark, running only those not over.

  Args:
    study: one net's life. The functions are compiled once for each study,
      shape and layout: make the study once and keep it.
    nets: `[S]` rows.
    marks: increasing sweeps; the first may be 0.
    blocks: the layout.
    shared: pytree of arrays that all nets see (patterns, images).

  Yields:
    A `Look` at each mark, until every net is over or the marks are at an end.
    The arrays are updated in place: copy what you keep.
  """
  program = _evolution(study, blocks)
  shared = program.replicate(shared)
  total = len(nets.seed)
  state, report, over = _empty(program.shapes(nets, shared), total)
  _scatter_calls(
    program.start, blocks, np.arange(total), (nets.seed, nets.setting), shared,
    into=(state, report, over),
  )
  reached, computed = 0, 0
  for mark in marks:
    if mark > reached:
      active = np.flatnonzero(~over)
      if not active.size:
        return
      sweeps = np.int32(mark - reached)
      _scatter_calls(
        program.advance, blocks, active, (state, nets.setting), shared, sweeps,
        into=(state, report, over),
      )
      reached = mark
      whole = -(-active.size // blocks.size) * blocks.size
      computed += whole * int(sweeps)
    yield Look(mark, state, report, over, computed)


def each(f: Callable, *rows: Any, blocks: Blocks, shared: Any = ()) -> Any:
  """Returns `f(*row, shared)` for every row, as NumPy arrays `[S, ...]`.

  For studies that are one pure function of fixed length, for measures, searches
  and certificates. `f` is compiled once for each layout and shape: pass a
  function that lives on, not a new lambda each time.

  Args:
    f: a pure function of one row of each of `rows`, and `shared`.
    *rows: pytrees of `[S, ...]` arrays.
    blocks: the layout. Precision and platform are those of its devices and of
      the context (`jax.enable_x64`) in which this is called.
    shared: pytree of arrays that all rows see.
  """
  total = len(jax.tree.leaves(rows)[0])
  program = _mapping(f, blocks)
  shared = program.replicate(shared)
  result = _empty(program.shapes(rows, shared), total)
  _scatter_calls(
    program.call, blocks, np.arange(total), rows, shared, into=result
  )
  return result


class _Evolution(NamedTuple):
  shapes: Callable
  replicate: Callable
  start: Callable
  advance: Callable


class _Mapping(NamedTuple):
  shapes: Callable
  replicate: Callable
  call: Callable


@functools.cache
def _evolution(study: Study, blocks: Blocks) -> _Evolution:
  """Returns the compiled-once programs of a study."""

  def first(seed, setting, shared):
    state = study.start(jax.random.key(seed), setting, shared)
    return (state, *study.look(state, setting, shared))

  def begin(rows, shared):
    return jax.vmap(first, in_axes=(0, 0, None))(*rows, shared)

  def advance(rows, shared, sweeps):
    state, setting = jax.tree.map(lambda a: jnp.moveaxis(a, 0, -1), rows)

    def over_nets(f):
      return lanes.vmap_last(lambda *rows: f(*rows, shared))

    sweep, look = over_nets(study.sweep), over_nets(study.look)
    state = jax.lax.fori_loop(
      0, sweeps, lambda _, state: sweep(state, setting), state
    )
    report, over = look(state, setting)
    result = state, report, over
    return jax.tree.map(lambda a: jnp.moveaxis(a, -1, 0), result)

  def shapes(nets, shared):
    row = jax.tree.map(lambda a: a[0], tuple(nets))
    return jax.eval_shape(first, *row, shared)

  return _Evolution(
    shapes,
    _replicator(blocks),
    _over_devices(begin, blocks),
    _over_devices(advance, blocks),
  )


@functools.cache
def _mapping(f: Callable, blocks: Blocks) -> _Mapping:
  """Returns the compiled-once program of a function of rows."""

  def shapes(rows, shared):
    return jax.eval_shape(f, *jax.tree.map(lambda a: a[0], rows), shared)

  def call(rows, shared):
    axes = (0,) * len(rows) + (None,)
    return jax.vmap(f, in_axes=axes)(*rows, shared)

  return _Mapping(shapes, _replicator(blocks), _over_devices(call, blocks))


def _replicator(blocks: Blocks) -> Callable:
  sharding = NamedSharding(_mesh(blocks), PartitionSpec())
  return lambda tree: jax.device_put(tree, sharding)


def _mesh(blocks: Blocks) -> Mesh:
  return Mesh(np.array(blocks.devices), ('nets',))


def _over_devices(f: Callable, blocks: Blocks) -> Callable:
  """Returns `f(rows, *shared)` over many blocks: one program on all devices.

  Each device gets `_BLOCKS_A_CALL` blocks and the number of those that hold
  nets; it runs these one after the other. `f` sees one block at a time.
  """
  nets, everywhere = PartitionSpec('nets'), PartitionSpec()

  def local(count, rows, *shared):
    def block(i, tree):
      return jax.tree.map(
        lambda a: jax.lax.dynamic_slice_in_dim(a, i * blocks.size, blocks.size),
        tree,
      )

    shapes = jax.eval_shape(f, block(0, rows), *shared)
    results = jax.tree.map(
      lambda s: jnp.zeros((_BLOCKS_A_CALL * blocks.size, *s.shape[1:]), s.dtype),
      shapes,
    )

    def run(i, results):
      return jax.tree.map(
        lambda a, b: jax.lax.dynamic_update_slice_in_dim(
          a, b, i * blocks.size, axis=0
        ),
        results,
        f(block(i, rows), *shared),
      )

    return jax.lax.fori_loop(0, count[0], run, results)

  @jax.jit
  def call(count, rows, *shared):
    with jax.default_matmul_precision('highest'):
      return jax.shard_map(
        local,
        mesh=_mesh(blocks),
        in_specs=(nets, nets) + (everywhere,) * len(shared),
        out_specs=nets,
        check_vma=False,
      )(count, rows, *shared)

  return call


def _scatter_calls(program, blocks, index, rows, *shared, into) -> None:
  """Runs rows `index` through a program, and writes the results to `into`.

  The rows are dealt out evenly: each device gets as many whole blocks as the
  others, or one less.
  """
  devices, size = len(blocks.devices), blocks.size
  capacity = devices * _BLOCKS_A_CALL * size
  pending = []
  for begin in range(0, index.size, capacity):
    part = index[begin : begin + capacity]
    whole = -(-part.size // size)
    counts = np.array([
      whole // devices + (d < whole % devices) for d in range(devices)
    ], np.int32)
    slots = np.concatenate([
      d * _BLOCKS_A_CALL * size + np.arange(n * size)
      for d, n in enumerate(counts)
    ])[: part.size]
    source = np.full(capacity, part[-1])  # padding repeats a net
    source[slots] = part
    taken = jax.tree.map(lambda a, s=source: a[s], rows)
    pending.append((part, slots, program(counts, taken, *shared)))
  for part, slots, results in pending:
    jax.tree.map(
      lambda to, a, p=part, s=slots: to.__setitem__(p, np.asarray(a)[s]),
      into,
      results,
    )


def _empty(shapes: Any, total: int) -> Any:
  """Returns zeroed NumPy arrays `[total, ...]` in the shapes of one net's."""
  chex.assert_scalar_non_negative(total)
  return jax.tree.map(lambda s: np.zeros((total, *s.shape), s.dtype), shapes)

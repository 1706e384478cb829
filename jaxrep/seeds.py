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

import jax
import numpy as np

from jaxrep import blocks as layout
from jaxrep import lanes
from jaxrep.blocks import Blocks, lay_out  # noqa: F401 - part of the interface


class Nets(NamedTuple):
  """Which nets: one row each.

  Attributes:
    seed: `[S]` uint32.
    setting: pytree of `[S, ...]` arrays: learning rate, initial range, a start.
  """

  seed: np.ndarray
  setting: Any


class Study(NamedTuple):
  """One net's life, in pure functions of one net; the engine adds the rest.

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
    name: np.repeat(np.asarray(values, np.float32), len(seeds), axis=0)
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
    study: one net's life. It is compiled once for each shape and layout: make
      it once and keep it.
    nets: `[S]` rows.
    marks: increasing sweeps; the first may be 0.
    blocks: the layout.
    shared: pytree of arrays that all nets see (patterns, images).

  Yields:
    A `Look` at each mark, until every net is over or the marks are at an end.
    The next look overwrites its arrays: copy what you keep.
  """
  total = len(nets.seed)
  shared = layout.replicate(shared, blocks)
  programs = _evolution(study, blocks, *_signature(tuple(nets), shared))
  setting = programs.setting.pack(nets.setting, np)
  state, seen = programs.state.empty(total), programs.seen.empty(total)
  everyone = np.arange(total)
  rows = nets.seed[:, None], setting
  layout.run(programs.start, blocks, rows, shared, index=everyone, into=state)
  over, reached, computed = np.zeros(total, bool), 0, 0
  for mark in marks:
    index = np.flatnonzero(~over)
    if not index.size:
      return
    sweeps = mark - reached
    layout.run(
      programs.advance,
      blocks,
      (state, setting),
      shared,
      np.int32(sweeps),
      index=index,
      into=(state, seen),
    )
    reached = mark
    computed += sweeps * blocks.size * -(-index.size // blocks.size)
    report, over = programs.seen.unpack(seen)
    yield Look(mark, programs.state.unpack(state), report, over, computed)


def each(f: Callable, *rows: Any, blocks: Blocks, shared: tuple = ()) -> Any:
  """Returns `f(*row, *shared)` for every row, as NumPy arrays `[S, ...]`.

  For studies that are one pure function of fixed length, for measures, searches
  and certificates.

  Args:
    f: a pure function of one row of each of `rows`, and `shared`. It is
      compiled once for each shape and layout: pass a function that lives on,
      not a new lambda each time.
    *rows: pytrees of `[S, ...]` arrays.
    blocks: the layout. Precision is that of the context (`jax.enable_x64`) in
      which this is called, the platform that of the devices.
    shared: further arguments of `f`, pytrees of arrays that all rows see.
  """
  total = len(jax.tree.leaves(rows)[0])
  shared = layout.replicate(shared, blocks)
  mapping = _mapping(f, blocks, *_signature(rows, shared))
  result = mapping.result.empty(total)
  layout.run(
    mapping.call,
    blocks,
    mapping.rows.pack(rows, np),
    *shared,
    index=np.arange(total),
    into=result,
  )
  return mapping.result.unpack(result)


class _Evolution(NamedTuple):
  """A study, compiled: how its rows are packed, and its programs."""

  setting: layout.Packing
  state: layout.Packing
  seen: layout.Packing
  start: Callable
  advance: Callable


class _Mapping(NamedTuple):
  """A function of rows, compiled."""

  rows: layout.Packing
  result: layout.Packing
  call: Callable


def _signature(rows: Any, shared: Any) -> tuple:
  """Returns the shapes of one row and of what is shared, to be hashed."""
  one = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape[1:], a.dtype), rows)
  all_of = jax.tree.map(
    lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), shared
  )
  leaves, tree = jax.tree.flatten((one, all_of))
  return tree, tuple(leaves), jax.config.jax_enable_x64


@functools.cache
def _evolution(
  study: Study, blocks: Blocks, tree, leaves, x64: bool
) -> _Evolution:
  """Returns the programs of a study; each is compiled when first called."""
  (_, setting), shared = tree.unflatten(leaves)
  of_setting, of_state, state, start = _start(
    study.start, blocks, tree, leaves, x64
  )
  seen = jax.eval_shape(study.look, state, setting, shared)
  of_seen = layout.Packing(seen)

  def advance_block(rows, shared, sweeps):
    states, settings = (
      of_state.unpack_last(rows[0]),
      of_setting.unpack_last(rows[1]),
    )
    sweep = lanes.vmap_last(lambda *row: study.sweep(*row, shared))
    look = lanes.vmap_last(lambda *row: study.look(*row, shared))
    states = jax.lax.fori_loop(
      0, sweeps, lambda _, states: sweep(states, settings), states
    )
    return of_state.pack_last(states), of_seen.pack_last(look(states, settings))

  return _Evolution(
    of_setting,
    of_state,
    of_seen,
    start,
    layout.over_devices(advance_block, blocks),
  )


@functools.cache
def _start(
  begin: Callable, blocks: Blocks, tree, leaves, x64: bool
) -> tuple[layout.Packing, layout.Packing, Any, Callable]:
  """Returns packings of setting and state, the state's shapes, and a program.

  By itself, as studies that start alike share it.
  """
  del x64  # of the context; it only tells programs apart
  (seed, setting), shared = tree.unflatten(leaves)

  def start(seed, setting, shared):
    return begin(jax.random.key(seed), setting, shared)

  state = jax.eval_shape(start, seed, setting, shared)
  of_setting, of_state = layout.Packing(setting), layout.Packing(state)

  def start_block(rows, shared):
    seeds, settings = rows[0][:, 0], of_setting.unpack(rows[1])
    return of_state.pack(
      jax.vmap(start, in_axes=(0, 0, None))(seeds, settings, shared)
    )

  program = layout.over_devices(start_block, blocks)
  return of_setting, of_state, state, program


@functools.cache
def _mapping(f: Callable, blocks: Blocks, tree, leaves, x64: bool) -> _Mapping:
  """Returns the program of a function of rows."""
  del x64
  rows, shared = tree.unflatten(leaves)
  of_rows = layout.Packing(rows)
  of_result = layout.Packing(jax.eval_shape(f, *rows, *shared))

  def call_block(packed, *shared):
    axes = (0,) * len(rows) + (None,) * len(shared)
    unpacked = of_rows.unpack(packed)
    return of_result.pack(jax.vmap(f, in_axes=axes)(*unpacked, *shared))

  return _Mapping(of_rows, of_result, layout.over_devices(call_block, blocks))

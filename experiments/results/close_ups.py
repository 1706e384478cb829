"""Single loops, seen as they learn: the median, the slowest, a lost one."""

import jax
import numpy as np

from jaxrep import loops, nets, records, seeds
from jaxrep.tasks.patterns import Patterns

from ..shared import running

FRAMES = 50
LARGEST = 32  # vectors, and visible units; a panel of more cannot be read


def compute(
  recipe: loops.Recipe,
  sizes: tuple[int, ...],
  patterns: Patterns,
  blocks: seeds.Blocks,
  read: running.Read,
) -> records.Arrays:
  """Returns what some loops give back as they learn, up to when they have.

  `close_names` `[N]`, `close_seeds` `[N]`, `close_updates` `[N, FRAMES]` and
  `close_states` `[N, FRAMES, C, V]`, reconstructions without regression; of
  vectors beyond `LARGEST` nothing. Nets are trained again from their seeds.

  Args:
    recipe: how they were trained, at one setting.
    sizes: units a group.
    patterns: the vectors.
    blocks: the layout.
    read: reads a column of all nets of the part.
  """
  if max(patterns.inputs.shape) > LARGEST:
    return {}
  updates, each = read('updates'), loops.a_sweep(recipe, patterns)
  chosen = _chosen(updates)
  ends = [
    int(updates[row]) // each if np.isfinite(updates[row]) else recipe.sweeps
    for row in chosen.values()
  ]
  at = [_frames(end, recipe.horizon) for end in ends]
  row_seeds = read('seed')[list(chosen.values())]
  return {
    'close_names': np.array(list(chosen)),
    'close_seeds': row_seeds,
    'close_updates': each * np.array(at),
    'close_states': np.array(
      [
        _states(recipe, sizes, patterns, blocks, seed, frames)
        for seed, frames in zip(row_seeds, at, strict=True)
      ]
    ),
  }


def _chosen(updates: np.ndarray) -> dict[str, int]:
  """Returns rows by name: of nets that learn the median and the slowest."""
  order = np.argsort(np.nan_to_num(updates, nan=np.inf), kind='stable')
  learnt = order[: np.isfinite(updates).sum()]
  found = {}
  if len(learnt):
    found = {'median': learnt[(len(learnt) - 1) // 2], 'slowest': learnt[-1]}
  if len(learnt) < len(order):
    found['never'] = order[-1]
  return found


def _frames(end: int, horizon: int) -> list[int]:
  """Returns `FRAMES` sweeps from 0 to the end, the last repeated if need be.

  All of them, where there are so few; else pairs of neighbours, which show
  what changes at every update.
  """
  if end < FRAMES:
    at = range(max(end, min(FRAMES - 1, horizon)) + 1)
  else:
    first = np.linspace(0, end - 1, FRAMES // 2).round().astype(int)
    at = np.unique([first, first + 1]).tolist()
  return [*at, *[at[-1]] * (FRAMES - len(at))]


def _states(recipe, sizes, patterns, blocks, seed, frames) -> np.ndarray:
  """Returns reconstructions `[FRAMES, C, V]` of one net."""
  study, found = loops.trial(recipe, sizes).study, {}
  rows = seeds.cross([seed], **recipe.grid())
  marks = sorted(set(frames))
  with jax.enable_x64(recipe.precision == 'float64'):
    for look in seeds.evolve(
      study, rows, marks=marks, blocks=blocks, shared=patterns
    ):
      net = jax.tree.map(lambda a: a[0].copy(), look.state.net)
      with jax.default_matmul_precision('highest'):
        y = jax.vmap(nets.apply, (None, 0))(net, patterns.inputs)
      found[look.mark] = np.asarray(y, np.float32)
  last = found[max(found)]  # a net that is over has left, as it was
  return np.array([found.get(mark, last) for mark in frames])

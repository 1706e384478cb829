"""What alignment search is measured against: as a user would write it.

Two things are timed, the training of nets on hierarchical equality and the
search in them, each by jaxrep as the study runs it and in plain ways. The usual
reference turns a rotation by the exponential of a free matrix, with batches of
6,400 cases. Time does not depend on what nets have learnt, so searches are
timed in nets before training.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from jaxrep import blocks as layout
from jaxrep import equality, nets, records, seeds, stats
from jaxrep.tasks import equality as task
from jaxrep.tasks.counterfactuals import Counterfactuals

from . import common, timing
from . import plain_alignment as plain

# A sweep of the ways that train is this share of a whole training.
PARTS = 16
# Nets a device that plain ways search in: the reference takes long, and from 64
# on two devices can wait forever for each other's exponentials (jax 0.10.2).
FEW = 16
# Batches of the reference, met again and again: to draw them anew would be two
# thirds of its time.
DRAWN = 100

Run = Callable[[int], Any]  # goes on for so many sweeps, returns when done
Results = dict[str, stats.Estimate]


class Search(NamedTuple):
  """How long a search is.

  Attributes:
    steps: of one.
    batch: cases a step.
    rate: Adam's.
  """

  steps: int
  batch: int
  rate: float


# Geiger, Wu, Potts, Icard & Goodman, arXiv 2303.02536 (2023): at the fewest.
REFERENCE = Search(steps=2000, batch=6400, rate=1e-3)


class Alignment(NamedTuple):
  """A job: nets that learn equality, and searches in them.

  Attributes:
    recipe: of the nets, which are ReLU nets on uniform entities.
    learning_rate: theirs.
    question: what is searched for; its batch is jaxrep's.
    k: rotated dimensions a variable.
    ours: how long jaxrep searches.
    theirs: how long the reference does.
    at_once: how many nets, if the user does not say.
  """

  recipe: equality.Recipe
  learning_rate: float
  question: equality.Question
  k: int
  ours: Search
  theirs: Search = REFERENCE
  at_once: int = 128

  cells = None
  block_size = equality.BLOCK

  def begun(self, seed: jax.Array) -> nets.Net:
    """Returns a net before training, that of the study."""
    recipe = self.recipe
    sizes = 4 * recipe.dimension, *[recipe.width] * recipe.depth, 2
    units = [nets.UNITS[recipe.activation]] * recipe.depth
    units.append(nets.UNITS['identity'])
    key = jax.random.key(seed)
    return nets.fan_in(key, sizes, units=units, gain=recipe.gain)

  def examples(self, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns a batch of the task."""
    recipe = self.recipe
    return task.examples(
      key, recipe.batch, dimension=recipe.dimension, kind=recipe.entities
    )

  def training(
    self, count: int, blocks: seeds.Blocks
  ) -> dict[str, tuple[float, Run]]:
    """Returns how many nets a sweep of each way trains, and the way, by name.

    jaxrep is the last.
    """
    recipe = self.recipe
    part = recipe._replace(examples=recipe.examples // PARTS)
    changes = int(part.changes()[-1])
    share = changes / recipe.changes()[-1]
    seed = np.arange(count, dtype=np.uint32)
    setting = {'learning_rate': np.full(count, self.learning_rate, np.float32)}
    first = jax.tree.leaves(self.begun(np.uint32(0)))
    rng = np.random.default_rng(0)

    def by_hand(sweeps):
      return plain.train_by_hand(
        first,
        sweeps * changes,
        lambda t: plain.numpy_examples(
          rng, recipe.batch, dimension=recipe.dimension
        ),
        self.learning_rate,
      )

    def one_net(seed, sweeps):
      return plain.train(
        self.begun(seed), jax.random.key(seed), sweeps * changes, self.examples,
        self.learning_rate,
      )  # fmt: skip

    def engine(sweeps):
      for _ in range(sweeps):
        seeds.each(equality.learn(part), seed, setting, blocks=blocks)

    return {
      'task_numpy': (share, by_hand),
      'task_vmap': (count * share, by_vmap(one_net, seed, blocks)),
      'task_jaxrep': (count * share, engine),
    }

  def searching(
    self, count: int, blocks: seeds.Blocks
  ) -> dict[str, tuple[float, Run]]:
    """Returns how many searches a sweep of each way is, and the way, by name.

    A sweep is a step; jaxrep is the last. The plain ways search in `FEW` nets a
    device.
    """
    few = np.arange(FEW * len(blocks.devices), dtype=np.uint32)
    seed = np.arange(count, dtype=np.uint32)
    starts = jax.vmap(self.start)(seed)
    one = self.begun(few[0]), starts[0]
    some = jax.vmap(self.begun)(few), jax.vmap(self.start)(few)
    drawn, alone = self.drawn(), jax.jit(self.reference)
    everyone = jax.tree.map(np.asarray, jax.vmap(self.begun)(seed))

    def engine(sweeps):
      # Whole searches, or nearly: each is followed by a look at its IIA, which
      # is counted.
      rounds = max(1, round(sweeps / self.ours.steps))
      for _ in range(rounds):
        self.ask(everyone, starts, blocks, steps=max(1, sweeps // rounds))

    def share(rows, search):
      return rows / search.steps

    return {
      'reference': (share(1, self.theirs), lambda sweeps:
        jax.block_until_ready(alone(one, np.int32(sweeps), drawn))),
      'reference_vmap': (
        share(len(few), self.theirs),
        by_vmap(self.reference, some, blocks, drawn)),
      'alignment_vmap': (
        share(len(few), self.ours), by_vmap(self.alike, (*some, few), blocks)),
      'alignment_jaxrep': (share(count, self.ours), engine),
    }  # fmt: skip

  def start(self, seed: jax.Array) -> jax.Array:
    """Returns the rotation that searches in a net start from."""
    size = self.recipe.size(self.question.site)
    return equality.start(seed, 0, size=size)

  def drawn(self) -> Counterfactuals:
    """Returns `DRAWN` batches for the reference, on the leading axis."""
    keys = jax.random.split(jax.random.key(0), DRAWN)
    sample = functools.partial(
      plain.one_kind, count=self.theirs.batch, dimension=self.recipe.dimension
    )
    return jax.jit(functools.partial(jax.lax.map, sample))(keys)

  def reference(
    self, row: tuple, steps: jax.Array, drawn: Counterfactuals
  ) -> jax.Array:
    """Returns the map that the usual search ends at, of a net and a start."""
    net, start = row

    def sample(t):
      return jax.tree.map(lambda a: a[t % DRAWN], drawn)

    return self._search(net, start, sample, steps, self.theirs)

  def alike(self, row: tuple, steps: jax.Array) -> jax.Array:
    """Returns the same with batch and rate of jaxrep, and a net's own cases.

    They are fresh, and of all kinds in a batch.
    """
    net, start, seed = row

    def sample(t):
      return task.counterfactuals(
        jax.random.fold_in(jax.random.key(seed), t),
        self.ours.batch,
        hypothesis=self.question.hypothesis,
        dimension=self.recipe.dimension,
        kind=self.recipe.entities,
      )

    return self._search(net, start, sample, steps, self.ours)

  def _search(self, net, start, sample, steps, how):
    cut = net[: self.question.site], net[self.question.site :]
    return plain.search(
      start, *cut, sample, k=self.k, steps=steps, rate=how.rate
    )

  def ask(self, net, starts, blocks, *, steps) -> equality.Found:
    """Returns what jaxrep's searches find in nets `[S]`, as the study does."""
    rates = np.full(len(starts), self.ours.rate, np.float32)
    return equality.ask(
      self.recipe, self.question, net, np.asarray(starts), (self.k,), rates,
      blocks=blocks, steps=steps,
    )  # fmt: skip

  def agreement(self, count: int, blocks: seeds.Blocks) -> Results:
    """Returns the IIA of jaxrep's search and the reference, over nets.

    Both start from the same rotation in each net, and are judged by the same
    pairs. Means, with the least and the greatest of nets.
    """
    seed = np.arange(count, dtype=np.uint32)
    setting = {'learning_rate': np.full(count, self.learning_rate, np.float32)}
    marks = seeds.each(
      equality.learn(self.recipe), seed, setting, blocks=blocks
    )
    net = jax.tree.map(lambda a: a[:, -1], marks)
    starts = np.asarray(jax.vmap(self.start)(seed))
    ours = self.ask(net, starts, blocks, steps=self.ours.steps).iia[:, 0]
    # Nobody's devices wait for a few nets on one of them.
    share = min(FEW, -(-count // len(blocks.devices)))
    maps = seeds.each(
      self.reference,
      (net, starts),
      blocks=blocks._replace(size=share),
      shared=(np.int32(self.theirs.steps), self.drawn()),
    )
    theirs = self.ask(net, maps, blocks, steps=0).iia[:, 0]
    return {
      'iia_jaxrep': _over_nets(ours),
      'iia_reference': _over_nets(theirs),
      'iia_difference': _over_nets(ours - theirs),
    }

  def results(
    self,
    count: int,
    blocks: seeds.Blocks,
    *,
    seconds: float,
    rounds: int,
    accuracy_nets: int,
  ) -> Results:
    """Returns rates and unit costs, and whether accuracy is the same.

    Args:
      count: nets at once.
      blocks: the layout.
      seconds: about how long each way runs in a round.
      rounds: how often; all ways of training run in each, and so of searching.
      accuracy_nets: how many nets are searched to the end; 0: that is left out.
    """
    found = {}
    for ways, unit in (
      (self.training(count, blocks), 'nets / s'),
      (self.searching(count, blocks), 'alignments / s'),
    ):
      found |= timing.measure(ways, unit=unit, seconds=seconds, rounds=rounds)
    cores = len(blocks.devices)
    found |= {
      'task_core_seconds': _cost(found['task_jaxrep_rate'], cores),
      'alignment_core_seconds': _cost(found['alignment_jaxrep_rate'], cores),
      'reference_core_seconds': _cost(found['reference_rate'], 1),
      'reference_vmap_core_seconds': _cost(found['reference_vmap_rate'], cores),
    }
    if accuracy_nets:
      found |= self.agreement(accuracy_nets, blocks)
    return found


def paper() -> Alignment:
  """Returns the job of the study's paper.flags: both, after the first layer."""
  said = _flagfile('paper')
  usual = _flagfile(said['activation'])
  said |= {name: usual[name] for name in usual if said[name] == 'usual'}
  numbers = ('width', 'depth', 'dimension', 'examples', 'steps', 'batch')
  at = {name: int(said[name]) for name in numbers}
  recipe = equality.Recipe(
    at['width'], at['depth'], said['activation'], said['entities'],
    at['dimension'], at['examples'], int(said['task_batch']),
    float(said['init_gain']),
  )  # fmt: skip
  question = equality.Question(
    'both', 1, said['map'], at['batch'], said['schedule']
  )
  return Alignment(
    recipe, float(said['learning_rate']), question,
    max(int(k) for k in said['ks'].split(',')),
    Search(at['steps'], at['batch'], float(said['search_rate'])),
  )  # fmt: skip


def by_vmap(f: Callable, rows: Any, blocks: seeds.Blocks, *shared: Any) -> Run:
  """`jax.vmap` of `f(row, sweeps, *shared)`, each device its share of rows."""
  spec, mesh = PartitionSpec('rows'), layout.mesh(blocks)
  placed = jax.device_put(rows, NamedSharding(mesh, spec))
  shared = layout.replicate(shared, blocks)
  go = jax.jit(
    jax.shard_map(
      jax.vmap(f, in_axes=(0, *[None] * (1 + len(shared)))),
      mesh=mesh,
      in_specs=(spec, *[PartitionSpec()] * (1 + len(shared))),
      out_specs=spec,
      check_vma=False,
    )
  )
  return lambda sweeps: jax.block_until_ready(
    go(placed, np.int32(sweeps), *shared)
  )


def _flagfile(name: str) -> Mapping[str, str]:
  path = common.flagfiles('equality') / f'{name}.flags'
  return records.parse_flags(path.read_text())


def _cost(rate: stats.Estimate, cores: int) -> stats.Estimate:
  value, low, high = (cores / a for a in (rate.value, rate.high, rate.low))
  return stats.Estimate(value, low, high, rate.n, 's of one core')


def _over_nets(values: np.ndarray) -> stats.Estimate:
  ends = float(values.min()), float(values.max())
  return stats.Estimate(
    float(values.mean()), *ends, len(values), 'IIA, mean of nets'
  )

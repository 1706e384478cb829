"""What is searched for in the nets of a chunk, and what it brings."""

import functools
import itertools
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxrep import equality, records, seeds
from jaxrep.measures import alignment, localist
from jaxrep.tasks import equality as task

# Of which nets it is asked whether a search finds what the inputs hold.
TWINS = ('relu', 'sigmoid')
# Where it is known to be: k = the numbers of an entity, at the inputs.
KNOWN = 'both'
# Alignments without a rotation.
NEURONS = ('windows', 'greedy', 'nearest')


class Plan(NamedTuple):
  """What is searched for in the nets of a part.

  Attributes:
    sites: hidden layers below each.
    ks: rotated dimensions a variable.
    hypotheses: the first is the one that most controls are of.
    map_kind: one of `alignment.MAPS`.
    schedule: one of `alignment.SCHEDULES`.
    batch: cases a step.
    steps: of a search.
    controls: how many nets have controls, the first.
    control_ks: for which k.
    restarts: searches for the first hypothesis in each of those, from different
      starts.
    twins: how many nets are asked for what is known at the inputs, the first.
    starts: how many searches each.
    learnt: who tells at least this share of unseen examples has learnt.
  """

  sites: tuple[int, ...]
  ks: tuple[int, ...]
  hypotheses: tuple[str, ...]
  map_kind: str
  schedule: str
  batch: int
  steps: int
  controls: int
  control_ks: tuple[int, ...]
  restarts: int
  twins: int
  starts: int
  learnt: float

  def question(self, hypothesis: str, site: int) -> equality.Question:
    """Returns what is looked for in one place."""
    return equality.Question(
      hypothesis, site, self.map_kind, self.batch, self.schedule
    )


def at(tree: Any, mark: int) -> Any:
  return jax.tree.map(lambda a: a[:, mark], tree)


def flat(tree: Any) -> Any:
  """Returns rows of nets from nets at marks, `[S, T, ..]` -> `[S T, ..]`."""
  return jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), tree)


def _take(tree: Any, rows: np.ndarray) -> Any:
  return jax.tree.map(lambda a: a[rows], tree)


class Inquiry:
  """Searches the nets of a chunk, and counts what it has done."""

  def __init__(self, recipe, plan, blocks, rows, watch):
    self.recipe, self.plan, self.blocks = recipe, plan, blocks
    self.seeds, self.watch, self.steps = rows.seed, watch, 0
    self.rates = rows.setting['search_rate']
    self.count = len(rows.seed)

  def everywhere(self, net) -> records.Arrays:
    """Returns IIA and maps of all hypotheses at all sites, in all nets."""
    plan, found = self.plan, {}
    shape = self.count, len(plan.hypotheses), len(plan.sites), len(plan.ks)
    found['untrained_rotation'] = np.full(shape, np.nan, np.float32)
    found['known'] = self._known(net)
    one = self.count, len(plan.sites), len(plan.ks)
    found |= {name: np.full(one, np.nan, np.float32) for name in NEURONS}
    places = itertools.product(
      enumerate(plan.hypotheses), enumerate(plan.sites)
    )
    for done, ((h, hypothesis), (s, site)) in enumerate(places):
      question = plan.question(hypothesis, site)
      starts = self._starts(self.seeds, site)
      result = self._ask(question, net, starts, self.rates)
      for k, iia in zip(plan.ks, result.iia.T, strict=True):
        found[f'iia_{hypothesis}_l{site}_k{k}'] = iia
      found[f'map_{hypothesis}_l{site}'] = result.maps
      if plan.map_kind == 'linear':
        number = _condition(result.maps)
        found[f'condition_{hypothesis}_l{site}'] = number
      at_start = self._ask(question, net, starts, self.rates, steps=0)
      found['untrained_rotation'][:, h, s] = at_start.iia
      if h == 0:
        for name, maps in self._neurons(question, net, result.maps):
          judged = self._ask(question, net, maps, self.rates, steps=0)
          found[name][:, s] = judged.iia
      share = (done + 1) / (len(plan.hypotheses) * len(plan.sites))
      self.watch(int(0.7 * share * self.count), 0)
    return found

  def _known(self, net) -> np.ndarray:
    """Returns the IIA of the known rotation at the inputs, `[S]`."""
    dimension = self.recipe.dimension
    known = np.asarray(task.known(dimension))
    return self._ask(
      self.plan.question(KNOWN, 0), net,
      np.broadcast_to(known, (self.count, *known.shape)), self.rates,
      ks=(dimension,), steps=0,
    ).iia[:, 0]  # fmt: skip

  def _neurons(self, question, net, maps):
    """Yields choices of neurons by name, `[S, K, D, D]`."""
    choose = equality.neurons(self.recipe, question, self.plan.ks)
    windows, greedy = seeds.each(choose, net, blocks=self.blocks).swapaxes(0, 1)
    nearest = [
      localist.nearest(maps[:, place], variables=question.variables, k=k)
      for place, k in enumerate(self.plan.ks)
    ]
    yield from zip(
      NEURONS, (windows, greedy, np.stack(nearest, axis=1)), strict=True
    )

  def controls(self, rows, started, net, marks, main) -> records.Arrays:
    """Returns the searches that have nothing to find, restarts, and growth.

    The first of the restarts is that of all nets, in `main`.
    """
    plan, ks = self.plan, self.plan.control_ks
    shape = self.count, len(plan.hypotheses), len(plan.sites), len(ks)
    found = {
      name: np.full(shape, np.nan, np.float32)
      for name in ('untrained_net', 'shuffled_labels')
    }
    few = (self.count, len(plan.sites), len(ks), plan.restarts)
    found['restarts'] = np.full(few, np.nan, np.float32)
    growth = self.count, len(plan.sites), len(equality.MARKS)
    found['growth'] = np.full(growth, np.nan, np.float32)
    if not rows.size:
      return found
    rates = self.rates[rows]
    started, net, marks = (_take(tree, rows) for tree in (started, net, marks))
    for (h, hypothesis), (s, site) in itertools.product(
      enumerate(plan.hypotheses), enumerate(plan.sites)
    ):
      ask = functools.partial(self._ask, plan.question(hypothesis, site), ks=ks)
      starts = self._starts(self.seeds[rows], site)
      found['untrained_net'][rows, h, s] = ask(started, starts, rates).iia
      found['shuffled_labels'][rows, h, s] = ask(
        net, starts, rates, shuffled=True
      ).iia
      if h == 0:
        for j, k in enumerate(ks):
          first = main[f'iia_{hypothesis}_l{site}_k{k}'][rows]
          found['restarts'][rows, s, j, 0] = first
        for place in range(1, plan.restarts):
          starts = self._starts(self.seeds[rows], site, place)
          found['restarts'][rows, s, :, place] = ask(
            net, starts, rates, place=place
          ).iia
        if site:
          found['growth'][rows, s] = self._growth(ask, marks, rows, site)
    return found

  def _growth(self, ask, marks, rows, site) -> np.ndarray:
    """Returns IIA at every mark of training `[S, T]`, for the largest k."""
    count = len(equality.MARKS)
    starts = np.repeat(self._starts(self.seeds[rows], site), count, axis=0)
    rates = np.repeat(self.rates[rows], count)
    most = max(self.plan.control_ks)
    found = ask(flat(marks), starts, rates, ks=(most,))
    return found.iia.reshape(len(rows), count)

  def read(self, started, net) -> records.Arrays:
    """Returns what linear probes read at each site `[S, sites, 3]`."""
    found = {}
    for name, which in (('probes', net), ('probes_untrained', started)):
      found[name] = np.stack(
        [
          seeds.each(
            equality.concepts(self.recipe, site), which, blocks=self.blocks
          )
          for site in self.plan.sites
        ],
        axis=1,
      )
    return found

  def inputs(self, rows, twins) -> records.Arrays:
    """Returns how often a search finds what is known to be at the inputs.

    For each twin what `_twin` says, NaN but for some rows.
    """
    counts = {'input': self.plan.starts, 'basin': len(equality.TURNS)}
    found = {}
    for twin, (recipe, rate) in twins.items():
      for name in ('known', 'accuracy'):
        found[f'{name}_{twin}'] = np.full(self.count, np.nan, np.float32)
      for name, count in counts.items():
        for column in ('angle', *alignment.MAPS):
          empty = np.full((self.count, count), np.nan, np.float32)
          found[f'{name}_{twin}_{column}'] = empty
      if rows.size:
        for (name, *column), values in self._twin(rows, recipe, rate).items():
          found['_'.join([name, twin, *column])][rows] = values
    return found

  def _twin(self, rows, recipe, rate) -> dict[tuple[str, ...], np.ndarray]:
    """Returns what searches find at the inputs of nets of a recipe.

    The task's `accuracy`, and the IIA of the known rotation, `known` `[R]`; of
    each kind of map the IIA of searches from random starts, `input`
    `[R, starts]`, and from starts ever further from the known rotation, `basin`
    `[R, turns]`; and how far all of these are from it, `angle`.
    """
    some, rates, size = self.seeds[rows], self.rates[rows], recipe.size(0)
    each = functools.partial(seeds.each, blocks=self.blocks)
    setting = {'learning_rate': np.full(len(rows), rate, np.float32)}
    net = at(each(equality.learn(recipe), some, setting), -1)
    known = np.asarray(task.known(recipe.dimension))
    starts = {
      'input': np.stack(
        [self._starts(some, 0, place) for place in range(self.plan.starts)],
        axis=1,
      ),
      'basin': self._turned(some, recipe.dimension),
    }
    ask = functools.partial(self._ask, ks=(recipe.dimension,), recipe=recipe)
    question = self.plan.question(KNOWN, 0)
    everywhere = np.broadcast_to(known, (len(rows), size, size))
    found = {
      ('accuracy',): each(equality.told(recipe), net)['fresh'],
      ('known',): ask(question, net, everywhere, rates, steps=0).iia[:, 0],
    }
    for name, maps in starts.items():
      found[name, 'angle'] = alignment.angle(
        maps, known, variables=question.variables, k=recipe.dimension
      )
      for kind in alignment.MAPS:
        result = ask(
          question._replace(map_kind=kind),
          _repeated(net, maps.shape[1]),
          maps.reshape(-1, size, size),
          np.repeat(rates, maps.shape[1]),
        )
        found[name, kind] = result.iia.reshape(maps.shape[:2])
    return found

  def _starts(self, some, site, place=0) -> np.ndarray:
    """Returns random rotations `[S, D, D]`, each net's own."""
    draw = _start(self.recipe.size(site))
    return seeds.each(
      draw, some, blocks=self.blocks, shared=(np.uint32(place),)
    )

  def _turned(self, some, dimension) -> np.ndarray:
    """Returns starts ever further from what is known, `[S, turns, D, D]`."""
    count = len(equality.TURNS)
    turns = np.tile(np.array(equality.TURNS, np.float32), len(some))
    found = seeds.each(
      _turn(dimension), np.repeat(some, count), turns, blocks=self.blocks
    )
    return found.reshape(len(some), count, *found.shape[1:])

  def _ask(
    self, question, net, starts, rates, *, ks=None, steps=None, recipe=None,
    **choices,
  ) -> equality.Found:  # fmt: skip
    ks = self.plan.ks if ks is None else ks
    steps = self.plan.steps if steps is None else steps
    self.steps += steps * len(rates) * len(ks)
    return equality.ask(
      recipe or self.recipe, question, net, starts, ks, rates,
      blocks=self.blocks, steps=steps, **choices,
    )  # fmt: skip


def _condition(maps: np.ndarray) -> np.ndarray:
  """Returns the condition numbers of maps, NaN of those not finite."""
  known = np.isfinite(maps).all(axis=(-2, -1))
  found = np.full(known.shape, np.nan, maps.dtype)
  found[known] = np.linalg.cond(maps[known])
  return found


def _repeated(net: Any, count: int) -> Any:
  return jax.tree.map(lambda a: np.repeat(a, count, axis=0), net)


@functools.cache
def _start(size: int):
  return functools.partial(equality.start, size=size)


@functools.cache
def _turn(dimension: int):
  return functools.partial(equality.turned, dimension=dimension)

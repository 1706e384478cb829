"""Nets that learn hierarchical equality, and what is searched for in them.

A net learns whether (a = b) = (c = d) from fresh examples. Then each hypothesis
of a causal model is looked for at each site by `measures.alignment`; beside it
stand the same searches where there is nothing to find.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxrep import nets, seeds
from jaxrep.measures import alignment, localist, probes
from jaxrep.tasks import equality

# Training is cut at these shares, where nets are looked at: nothing, all, and
# halves of all.
MARKS = (0.0, *(2.0**-j for j in range(6, -1, -1)))
# Rows a block. All nets of a block share the batches of a search, which cost
# two steps of one net; more rows fall out of a core's cache.
BLOCK = 16
# Unseen examples that accuracy is measured on.
ASKED = 8192
# How far a start is turned away from the known rotation (`displaced`).
TURNS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5)
# Concepts that probes read: the two relations, and the answer.
CONCEPTS = ('left', 'right', 'answer')
# Folded into a net's key; its layers fold in 0, 1, ..
_DATA, _START, _TURNED = (2**31 + k for k in range(1, 4))
# Folded into the key of what all nets share.
_ASKED, _PROBED, _BATCHES, _PAIRS, _CHOICES = (2**31 + k for k in range(11, 16))


def variables(hypothesis: str) -> int:
  """Returns how many variables a hypothesis has."""
  return len(equality.HYPOTHESES[hypothesis](1).variables)


class Recipe(NamedTuple):
  """What a net is made of, and how it learns.

  Attributes:
    width: units of each hidden layer.
    depth: hidden layers.
    activation: of hidden units, one of `nets.UNITS`.
    entities: one of `equality.ENTITIES`.
    dimension: numbers an entity.
    examples: met in training.
    batch: examples a weight change.
    gain: weights and biases start uniform in ±gain/√inputs.
  """

  width: int
  depth: int
  activation: str
  entities: str
  dimension: int
  examples: int
  batch: int
  gain: float

  def size(self, site: int) -> int:
    """Returns how many units a site has; site 0 is the inputs."""
    return 4 * self.dimension if site == 0 else self.width

  def room(self, hypothesis: str, site: int) -> int:
    """Returns the largest k that a site has room for."""
    return self.size(site) // variables(hypothesis)

  def changes(self) -> np.ndarray:
    """Returns the weight changes made at each of `MARKS`, `[T]`."""
    return np.round(np.array(MARKS) * max(self.examples // self.batch, 1))


class Question(NamedTuple):
  """What is looked for, where, and how.

  Attributes:
    hypothesis: one of `equality.HYPOTHESES`.
    site: hidden layers below it; 0 is the inputs.
    map_kind: one of `alignment.MAPS`.
    batch: cases a step.
    schedule: one of `alignment.SCHEDULES`.
  """

  hypothesis: str
  site: int
  map_kind: str
  batch: int
  schedule: str

  @property
  def variables(self) -> int:
    """How many the hypothesis has."""
    return variables(self.hypothesis)


class Asked(NamedTuple):
  """How a search is run; numbers that all its nets share.

  Attributes:
    place: of the search among those from other starts: other batches.
    steps: 0: the start is judged as it is.
    shuffled: whether counterfactual labels are shuffled, as a control.
  """

  place: Any
  steps: Any
  shuffled: Any


@functools.cache
def learn(recipe: Recipe) -> Callable:
  """Returns how a net learns: `(seed, setting) -> nets`, `[T]` at `MARKS`.

  By Adam on cross-entropy, on fresh examples of each seed's own; the setting
  has `learning_rate`.
  """
  sizes = 4 * recipe.dimension, *[recipe.width] * recipe.depth, 2
  units = [nets.UNITS[recipe.activation]] * recipe.depth
  units.append(nets.UNITS['identity'])
  ends = jnp.array(recipe.changes(), jnp.int32)

  def run(seed, setting):
    key = jax.random.key(seed)
    data = jax.random.fold_in(key, _DATA)
    adam = optax.adam(setting['learning_rate'])

    def error(net, inputs, labels):
      logits = nets.answers(net, inputs)
      return jnp.mean(jax.vmap(alignment.cross_entropy)(logits, labels))

    def change(step, carried):
      net, state = carried
      inputs, labels = equality.examples(
        jax.random.fold_in(data, step),
        recipe.batch,
        dimension=recipe.dimension,
        kind=recipe.entities,
      )
      update, state = adam.update(jax.grad(error)(net, inputs, labels), state)
      return optax.apply_updates(net, update), state

    def stretch(carried, span):
      carried = jax.lax.fori_loop(*span, change, carried)
      return carried, carried[0]

    net = nets.fan_in(key, sizes, units=units, gain=recipe.gain)
    begins = jnp.concatenate([ends[:1], ends[:-1]])
    return jax.lax.scan(stretch, (net, adam.init(net)), (begins, ends))[1]

  return run


@functools.cache
def told(recipe: Recipe) -> Callable:
  """Returns how accurate a net is: `(net) -> share by name`.

  On unseen examples, as in training and unlike it: `equality.SHIFTS`.
  """

  def share(net, place, change):
    inputs, labels = equality.shifted(
      _shared(_ASKED, place),
      ASKED,
      dimension=recipe.dimension,
      kind=recipe.entities,
      change=change,
    )
    logits = nets.answers(net, inputs)
    right = jax.vmap(alignment.largest)(logits) == labels
    return jnp.mean(right & jnp.all(jnp.isfinite(logits), axis=1))

  def shares(net):
    return {
      change: share(net, place, change)
      for place, change in enumerate(equality.SHIFTS)
    }

  return shares


@functools.cache
def finite(recipe: Recipe) -> Callable:
  """Returns whether a net's weights and answers are finite: `(net) -> bool`."""

  def one(net):
    key, size = _shared(_ASKED, 0), recipe.dimension
    x, _ = equality.examples(key, ASKED, dimension=size, kind=recipe.entities)
    leaves = jax.tree.leaves((net, nets.answers(net, x)))
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(a)) for a in leaves]))

  return one


@functools.cache
def search(recipe: Recipe, question: Question) -> Callable:
  """Returns a search: `(net, start, k, rate, asked) -> (map, IIA)`.

  Batches are those of the question and `Asked.place`, the same for all nets;
  IIA is measured on fresh pairs, the same for all searches of a hypothesis.
  """
  sample = _sampler(recipe, question.hypothesis)

  def run(net, start, k, rate, asked):
    below, above = _cut(net, question.site)

    def cases(key, count):
      found = sample(key, count)
      order = jax.random.permutation(jax.random.fold_in(key, _ASKED), count)
      labels = jax.lax.cond(
        asked.shuffled, lambda y: y[order], lambda y: y, found.labels
      )
      return found._replace(labels=labels)

    found = alignment.search(
      jax.random.fold_in(_shared(_BATCHES, question.site), asked.place),
      start,
      below,
      above,
      cases,
      k=k,
      steps=asked.steps,
      batch=question.batch,
      rate=rate,
      map_kind=question.map_kind,
      schedule=question.schedule,
    )
    iia = alignment.accuracy(
      _shared(_PAIRS, 0),
      found,
      below,
      above,
      sample,
      k=k,
      map_kind=question.map_kind,
    )
    return found, iia

  return run


@functools.cache
def neurons(
  recipe: Recipe, question: Question, ks: tuple[int, ...]
) -> Callable:
  """Returns alignments without a rotation, `(net) -> maps [2, K, D, D]`.

  For each k the best windows of neighbouring neurons, and neurons chosen one by
  one.
  """
  sample = _sampler(recipe, question.hypothesis)

  def choose(net):
    below, above = _cut(net, question.site)
    key = _shared(_CHOICES, question.site)
    cut = below, above, sample
    best = [localist.windows(key, *cut, k=k)[0] for k in ks]
    chosen = localist.greedy(key, *cut, most=max(ks))
    return jnp.stack([jnp.stack(best), jnp.stack([chosen] * len(ks))])

  return choose


@functools.cache
def concepts(recipe: Recipe, site: int) -> Callable:
  """Returns how well a linear probe reads `CONCEPTS`: `(net) -> [3]`."""
  model = equality.HYPOTHESES['both'](recipe.dimension)

  def inputs(key, count):
    found, _ = equality.examples(
      key, count, dimension=recipe.dimension, kind=recipe.entities
    )
    return found

  def truths(x):
    relations = [holds(x) for holds in model.variables]
    return jnp.stack([*relations, relations[0] == relations[1]])

  def read(net):
    below, _ = _cut(net, site)
    return probes.accuracies(_shared(_PROBED, site), below, inputs, truths)

  return read


def start(seed, place, *, size: int) -> jax.Array:
  """Returns the rotation `[D, D]` that a net's search starts from.

  Args:
    seed: of the net.
    place: of the search among those from other starts.
    size: D.
  """
  key = jax.random.fold_in(jax.random.key(seed), _START)
  return alignment.rotation(jax.random.fold_in(key, place), size)


def turned(seed, turn, *, dimension: int) -> jax.Array:
  """Returns a start so far from the known rotation, `[4D, 4D]`.

  Args:
    seed: of the net.
    turn: as `alignment.displaced` takes it.
    dimension: of the entities.
  """
  key = jax.random.fold_in(jax.random.key(seed), _TURNED)
  return alignment.displaced(key, equality.known(dimension), turn)


class Found(NamedTuple):
  """What searches for one hypothesis at one site found.

  Attributes:
    maps: `[S, K, D, D]`.
    iia: `[S, K]`.
  """

  maps: np.ndarray
  iia: np.ndarray


def ask(
  recipe: Recipe,
  question: Question,
  net: Any,
  starts: np.ndarray,
  ks: Sequence[int],
  rates: np.ndarray,
  *,
  blocks: seeds.Blocks,
  steps: int,
  place: int = 0,
  shuffled: bool = False,
) -> Found:
  """Returns what searches in every net found, for every k.

  Args:
    recipe: of the nets.
    question: what is looked for.
    net: `[S]` nets.
    starts: `[S, D, D]`, or one for each k, `[S, K, D, D]`.
    ks: `[K]`.
    rates: `[S]`, of the search.
    blocks: the layout.
    steps: how many; 0 judges the starts as they are.
    place: as in `Asked`.
    shuffled: as in `Asked`.
  """
  count, size = len(rates), starts.shape[-1]
  if starts.ndim == 3:
    starts = np.repeat(starts[:, None], len(ks), axis=1)
  rows = (
    jax.tree.map(lambda a: np.repeat(a, len(ks), axis=0), net),
    starts.reshape(-1, size, size),
    np.tile(np.array(ks, np.int32), count),
    np.repeat(rates, len(ks)),
  )
  asked = Asked(np.uint32(place), np.int32(steps), np.bool_(shuffled))
  maps, iia = seeds.each(
    search(recipe, question), *rows, blocks=blocks, shared=(asked,)
  )
  shape = count, len(ks)
  return Found(maps.reshape(*shape, size, size), iia.reshape(shape))


def _sampler(recipe: Recipe, hypothesis: str) -> alignment.Sample:
  def sample(key, count):
    return equality.counterfactuals(
      key,
      count,
      hypothesis=hypothesis,
      dimension=recipe.dimension,
      kind=recipe.entities,
    )

  return sample


def _cut(net: nets.Net, site: int) -> tuple[Callable, Callable]:
  """Returns a net up to a site, and from there."""
  return (
    functools.partial(nets.apply, net[:site]),
    functools.partial(nets.apply, net[site:]),
  )


def _shared(purpose: int, place: int) -> jax.Array:
  """Returns a key that is no net's, the same for all of them."""
  key = jax.random.fold_in(jax.random.key(0), purpose)
  return jax.random.fold_in(key, place)

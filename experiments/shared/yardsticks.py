"""What jaxrep is measured against: the same training, as a user would write it.

Each yardstick trains nets for a fixed number of sweeps, one weight change each,
from the same starts. None looks for solved nets, which jaxrep does.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxrep import branched, families, loops, nets, seeds, trials
from jaxrep.learning import errors, recirculation
from jaxrep.tasks import family_trees
from jaxrep.tasks.patterns import Patterns


class Work(NamedTuple):
  """A training job: nets of a shape, on a pattern set.

  A change is shaped like its net, zero before the first sweep.

  Attributes:
    cells: the hidden activations of one net over all cases.
    start: `(key, setting) -> net`.
    patterns: what is to be learnt.
    sweep: `(net, change, t, setting) -> (net, change)` of one net, in
      jax.numpy, after t sweeps.
    by_hand: `(layers, change, t, setting)`, the same in NumPy, in place; a
      layer and its change are `[w, b]`.
    study: the same in jaxrep, with criteria that are never met or end nothing.
    rows: `(seeds) -> ` the nets and their settings.
    at_once: how many nets train at once, if the user does not say: so few that
      15 s are the hundreds of sweeps beside which looks at marks are few.
    unit: of a rate.
    marks: `(sweeps) -> ` the marks at which jaxrep looks at its nets.
  """

  cells: int
  start: Callable
  patterns: Patterns
  sweep: Callable
  by_hand: Callable
  study: seeds.Study
  rows: Callable[[range], seeds.Nets]
  at_once: int = 8192
  unit: str = 'nets × sweeps / s'
  marks: Callable[[int], Sequence[int]] = seeds.marks

  block_size = None  # what `cells` suggest

  def starts(self, seed_range: range) -> nets.Net:
    """Returns the nets before training, `[S]` on the leading axis."""
    rows = self.rows(seed_range)
    keys = jax.vmap(jax.random.key)(rows.seed)
    return jax.vmap(self.start)(keys, rows.setting)

  def ways(
    self, count: int, blocks: seeds.Blocks
  ) -> dict[str, tuple[int, Callable]]:
    """Returns how many nets each way trains at once, and how, by name."""
    return {
      'numpy': (1, by_numpy(self)),
      'vmap': (count, by_vmap(self, count, blocks.devices)),
      'blocks': (count, by_blocks(self, count, blocks)),
      'jaxrep': (count, by_jaxrep(self, count, blocks)),
    }


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

  def sweep(net, change, *_):
    change = jax.tree.map(
      lambda g, c: -learning_rate * g + momentum * c,
      jax.grad(loss)(net),
      change,
    )
    return jax.tree.map(jnp.add, net, change), change

  rate, kept = np.float32(learning_rate), np.float32(momentum)

  def by_hand(layers, change, *_):
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
  return Work(
    len(patterns.inputs) * sizes[1], _start(sizes, init_range), patterns,
    sweep, by_hand, study, functools.partial(seeds.cross, **recipe.grid()),
  )  # fmt: skip


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

  def sweep(net, *_):
    each = jax.vmap(recirculation.changes, (None, 0, None))(
      net, jnp.asarray(patterns.inputs), shares
    )
    change = jax.tree.map(lambda a: learning_rate * jnp.sum(a, axis=0), each)
    return jax.tree.map(jnp.add, net, change), change

  rate, old = np.float32(learning_rate), np.float32(regression)
  new = 1 - old

  def by_hand(layers, *_):
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
  return Work(
    len(patterns.inputs) * sizes[1], _start(sizes, init_range), patterns,
    sweep, by_hand, study, functools.partial(seeds.cross, **recipe.grid()),
  )  # fmt: skip


def trees(
  *,
  learning_rate: float,
  decay: float,
  init_range: float,
  momentum: float = 0.9,
  heldout: int = 4,
  first_sweeps: int = 20,
  first_momentum: float = 0.5,
) -> Work:
  """Returns the work of nets on the family trees, some cases held out of each.

  Full-batch descent with momentum and decay, in two phases, the first at half
  the rate; errors smaller than the band count as zero.
  """
  recipe = families.Recipe(
    learning_rate=(learning_rate,), momentum=(momentum,),
    first_learning_rate=(families.HALF,), first_momentum=(first_momentum,),
    init_range=(init_range,), decay=(decay,), heldout=(heldout,),
    first_sweeps=first_sweeps, sweeps=2**30, biases=True, band='gate',
  )  # fmt: skip
  patterns, band = family_trees.patterns(), errors.LETTER_BAND

  def loss(net, learnt):
    x, d = (jnp.asarray(a) for a in patterns)
    gap = jax.vmap(nets.apply, (None, 0))(net, x) - d
    e = jnp.where(jnp.abs(gap) < band, 0.0, 0.5 * gap**2)
    return jnp.sum(learnt * jnp.sum(e, axis=1))

  def sweep(net, change, t, setting):
    rate = learning_rate * jnp.where(t < first_sweeps, 0.5, 1.0)
    kept = jnp.where(t < first_sweeps, first_momentum, momentum)
    change = jax.tree.map(
      lambda g, c: -rate * g + kept * c,
      jax.grad(loss)(net, setting['split'].learnt),
      change,
    )
    return jax.tree.map(lambda w, c: (1 - decay) * (w + c), net, change), change

  asked = family_trees.cases().T.copy()  # the person, and the relation
  one_hot = np.split(patterns.inputs.T.copy(), [len(family_trees.PEOPLE)])
  left = np.float32(1 - decay)

  def by_hand(layers, change, t, setting):
    # What a person contributes to the central units is computed once, and a
    # case takes a row of it: that is faster by a tenth than products with the
    # one-hot inputs. The way back has those, as `np.add.at` is slower.
    w, b = layers[2]
    halves = w[: len(w) // 2], w[len(w) // 2 :]
    codes = [_logistic(v + c) for v, c in layers[:2]]
    x = (codes[0] @ halves[0])[asked[0]]
    x += (codes[1] @ halves[1])[asked[1]]
    x += b
    states = [_logistic(x)]
    for w, b in layers[3:]:
      states.append(_logistic(states[-1] @ w + b))
    delta = states[-1] - patterns.targets
    delta[np.abs(delta) < band] = 0
    delta *= setting['split'].learnt[:, None]
    slopes = []  # of the output first
    for k in (2, 1):
      delta *= states[k] * (1 - states[k])
      slopes.append((states[k - 1].T @ delta, delta.sum(axis=0)))
      delta = delta @ layers[k + 2][0].T
    delta *= states[0] * (1 - states[0])
    sums = [cases @ delta for cases in one_hot]
    slope = np.concatenate([codes[k].T @ sums[k] for k in range(2)])
    slopes.append((slope, delta.sum(axis=0)))
    for k in (1, 0):
      delta = (sums[k] @ halves[k].T) * codes[k] * (1 - codes[k])
      slopes.append((delta, delta.sum(axis=0)))
    early = t < first_sweeps
    rate = np.float32(learning_rate / 2 if early else learning_rate)
    kept = np.float32(first_momentum if early else momentum)
    for layer, past, slope in zip(layers, change, slopes[::-1], strict=True):
      for w, c, g in zip(layer, past, slope, strict=True):
        c *= kept
        c -= rate * g
        w += c
        w *= left

  def rows(seed_range):
    seed, setting = seeds.cross(seed_range, **recipe.grid())
    split = jax.vmap(families.split(recipe))(seed, setting['heldout'])
    split = jax.tree.map(np.asarray, split)
    return seeds.Nets(seed, setting | {'split': split})

  def start(key, _):
    return branched.init(key, weight_range=init_range, biases=True)

  cells = len(patterns.inputs) * 18  # central and penultimate units
  study = families.trial(recipe).study
  return Work(cells, start, patterns, sweep, by_hand, study, rows, at_once=1024)


Run = Callable[[int], Any]  # trains for a number of sweeps, returns when done


def by_numpy(work: Work) -> Run:
  """One net at a time, in NumPy, float32."""
  setting = jax.tree.map(lambda a: a[0], work.rows(range(1)).setting)
  leaves = [np.asarray(a[0]) for a in jax.tree.leaves(work.starts(range(1)))]
  start = list(zip(leaves[::2], leaves[1::2], strict=True))

  def run(sweeps):
    layers = [[w.copy(), b.copy()] for w, b in start]
    change = [[np.zeros_like(a) for a in pair] for pair in layers]
    for t in range(sweeps):
      work.by_hand(layers, change, t, setting)
    return layers

  return run


def by_vmap(work: Work, count: int, devices: tuple) -> Run:
  """`jax.vmap` of the plain function as it comes, nets sharded over devices."""
  sharding = NamedSharding(_mesh(devices), PartitionSpec('nets'))
  rows = jax.device_put(_rows(work, count), sharding)
  train = jax.jit(jax.vmap(_plain(work), in_axes=(0, None)))
  return lambda sweeps: jax.block_until_ready(train(rows, np.int32(sweeps)))


def by_blocks(work: Work, count: int, blocks: seeds.Blocks) -> Run:
  """The same in blocks that fit a core's cache, one after another."""
  split = jax.tree.map(
    lambda a: a.reshape(-1, blocks.size, *a.shape[1:]), _rows(work, count)
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
    return jax.lax.map(lambda rows: block(rows, sweeps), split)

  return lambda sweeps: jax.block_until_ready(train(split, np.int32(sweeps)))


def by_jaxrep(work: Work, count: int, blocks: seeds.Blocks) -> Run:
  """The whole engine: marks, curves, solve detection, nets leaving."""
  rows = work.rows(range(count))

  def run(sweeps):
    for look in seeds.evolve(  # noqa: B007 - the last one is used
      work.study, rows, marks=work.marks(sweeps), blocks=blocks,
      shared=work.patterns,
    ):  # fmt: skip
      pass
    assert look.computed == count * sweeps  # no net has left
    return look

  return run


def _start(sizes: tuple[int, ...], width: float) -> Callable:
  return lambda key, _: nets.init(
    key, sizes, weight_range=width, bias_range=width
  )


def _rows(work: Work, count: int) -> Any:
  return work.starts(range(count)), work.rows(range(count)).setting


def _plain(work: Work) -> Callable:
  def train(row, sweeps):
    net, setting = row
    start = net, jax.tree.map(jnp.zeros_like, net)
    return jax.lax.fori_loop(
      0, sweeps, lambda t, state: work.sweep(*state, t, setting), start
    )[0]

  return train


def _logistic(x: np.ndarray) -> np.ndarray:
  return 1 / (1 + np.exp(-x))


def _mesh(devices: tuple) -> Mesh:
  return Mesh(np.array(devices), ('nets',))

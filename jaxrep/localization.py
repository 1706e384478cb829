"""Do update sizes tell where knowledge is stored? The protocol, for one net.

A net learns to tell one pair of digits from another, one image at a time, while
|Δw| is summed apart for the two pairs. Then four copies of it learn on, each
without one of the four digits. Where did learning of a pair change weights,
and where do copies differ that have learnt different digits of that pair?
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxrep import nets
from jaxrep.learning import errors, online
from jaxrep.measures import storage, transplants
from jaxrep.tasks import mnist

ERRORS = {
  'squared': lambda y, d: jnp.sum(errors.squared(y, d)),
  'cross_entropy': optax.softmax_cross_entropy,
}
# What is kept of a net: measures; the ratios of all its parameters, too; or
# also its weights when forked, and those of its forks.
KEEP = ('measures', 'ratios', 'weights')
# Which input weights are put back or exchanged: by their relative updating, by
# that among the neurons of each pixel, or by that of another net.
KINDS = (
  *('highest', 'random', 'lowest'),
  *('highest_within_pixels', 'lowest_within_pixels'),
  *('highest_other_net', 'lowest_other_net', 'all'),
)
# Datapoints a block: longer ones cost more in the Gram matrix, shorter ones
# pass through the weights more often.
SIZE = 64
# Nets a block: each brings 300 kB of weights, which a core's cache must hold.
BLOCK = 16
# Images of a digit on which forks are compared, at most.
ASKED = 500
# How near its bias's point a weight's is to be called on it, in both ratios.
NEAR = 0.01
# Folded into a net's key; its layers fold in 0, 1, ..
_OTHER, _LABELS, _PERMUTED, _CHOSEN = (2**31 + k for k in range(1, 5))


class Recipe(NamedTuple):
  """What a net is made of, and what is asked of it.

  Attributes:
    hidden: units of each hidden layer.
    activation: of hidden units, one of `nets.UNITS`.
    output: of output units, one of `nets.UNITS`.
    loss: one of `ERRORS`.
    permutations: relabellings of neurons that correlations are tested against.
    keep: one of `KEEP`.
  """

  hidden: tuple[int, ...]
  activation: str
  output: str
  loss: str
  permutations: int
  keep: str


class Lesson(NamedTuple):
  """Which images are met, in which order; all nets see the same.

  Attributes:
    images: `[N, P]` uint8, those of training.
    levels: grey levels; a unit sees (pixel + 1) / levels.
    targets: `[N, 2]`, the pair that an image is of, one-hot.
    first: `[M]` int32, rows of images: phase 1, then anything.
    count: images in phase 1.
    tallied: `[M]`, 1 at places whose |Δw| are summed.
    forks: `[4, M']` int32: what each fork learns, then anything.
    counts: `[4]`, how many images that is.
    asked: `[4, T, P]` uint8, images of test: of the digits of the first pair,
      then of the second.
    test: `[U, P]` uint8, images of test, of all four.
    answers: `[U]`, the pair that each is of, 0 or 1.
    active: `[P]`, pixels that are not blank in all images used.
    written: `[P]`, nor in all images tallied, nor in all that forks learn.
    centre: `[P]`, pixels of the middle half, each way.
    edge: `[P]`, pixels of the frame.
    share: of active input weights, those that are put back or exchanged.
  """

  images: Any
  levels: Any
  targets: Any
  first: Any
  count: Any
  tallied: Any
  forks: Any
  counts: Any
  asked: Any
  test: Any
  answers: Any
  active: Any
  written: Any
  centre: Any
  edge: Any
  share: Any


@functools.cache
def one_net(recipe: Recipe) -> Callable:
  """Returns the protocol: `(seed, setting, lesson) -> arrays by name`."""
  error = ERRORS[recipe.loss]
  units = [nets.UNITS[recipe.activation]] * len(recipe.hidden)
  units.append(nets.UNITS[recipe.output])

  def run(seed, setting, lesson):
    key, rate = jax.random.key(seed), setting['learning_rate']

    def read(rows):
      return (rows.astype(jnp.float32) + 1) / lesson.levels

    def learn(net, order, count, groups=None):
      return online.blocked(
        net,
        online.Stream(lesson.images, lesson.targets, order),
        0,
        count,
        rate=rate,
        error=error,
        size=SIZE,
        groups=groups,
        read=read,
      )

    first = lesson.targets[lesson.first]
    by_lot = jax.random.bernoulli(
      jax.random.fold_in(key, _LABELS),
      _share(first[:, 0], lesson.tallied),
      first.shape[:1],
    )
    tallied = lesson.tallied[:, None]
    groups = jnp.column_stack(
      [first * tallied, by_lot * lesson.tallied, first * (1 - tallied)]
    )
    sizes = lesson.images.shape[1], *recipe.hidden, 2

    def phase_1(key):
      start = nets.he(key, sizes, units=units)
      return learn(start, lesson.first, lesson.count, groups)

    keys = jnp.stack([key, jax.random.fold_in(key, _OTHER)])
    middle, other = _unstacked(jax.lax.map(phase_1, keys), 2)
    forks = jax.lax.map(
      lambda fork: learn(middle.net, *fork), (lesson.forks, lesson.counts)
    )
    ratios = storage.ratios(middle.tallies, other.tallies, forks.net)
    found = {
      'finite': _finite((middle.net, forks.net)),
      'curve': middle.curve,
      'fork_curves': forks.curve,
    }
    found |= storage.correlations(
      jax.random.fold_in(key, _PERMUTED), ratios, lesson.active, lesson.written,
      permutations=recipe.permutations, near=NEAR,
    )  # fmt: skip
    found |= _of_pixels(found['pixel_r'], lesson)
    found |= _right(middle.net, forks.net, lesson, read)
    found |= _separations(
      jax.random.fold_in(key, _CHOSEN), middle.net, forks.net,
      ratios.updating[0].w, ratios.other[0].w, lesson, read,
    )  # fmt: skip
    if recipe.keep != 'measures':
      for name in ('updating', 'difference'):
        found |= _named(name, getattr(ratios, name))
    if recipe.keep == 'weights':
      found |= _named('forked', middle.net) | _named('forks', forks.net)
    return found

  return run


def _unstacked(tree: Any, count: int) -> list[Any]:
  """Returns the rows of the leaves of a tree, one tree each."""
  return [jax.tree.map(lambda a, k=k: a[k], tree) for k in range(count)]


def _finite(tree: Any) -> jax.Array:
  """Returns whether every number in a tree is finite."""
  leaves = [jnp.all(jnp.isfinite(a)) for a in jax.tree.leaves(tree)]
  return functools.reduce(jnp.logical_and, leaves)


def _share(first: jax.Array, tallied: jax.Array) -> jax.Array:
  """Returns the share of the first pair among the images tallied."""
  return jnp.sum(first * tallied) / jnp.maximum(jnp.sum(tallied), 1)


def _of_pixels(r: jax.Array, lesson: Lesson) -> dict[str, jax.Array]:
  """Returns the mean r of pixels of the centre, of the edge, and blank ones.

  And its mean size where pixels are not blank: signs may cancel.
  """

  def mean(values, place):
    return jnp.nanmean(jnp.where(place, values, jnp.nan))

  found = {'pixel_r_blank': mean(r, ~lesson.active)}
  for name, place in (('centre', lesson.centre), ('edge', lesson.edge)):
    found[f'pixel_r_{name}'] = mean(r, place)
    found[f'pixel_size_{name}'] = mean(jnp.abs(r), place & lesson.active)
  return found


def _right(net, forks, lesson: Lesson, read) -> dict[str, jax.Array]:
  """Returns the share of test images whose pair is told, before and after."""
  x = read(lesson.test)

  def right(net):
    y = nets.answers(net, x)
    share = jnp.mean(jnp.argmax(y, axis=1) == lesson.answers)
    return jnp.where(jnp.all(jnp.isfinite(y)), share, jnp.nan)

  return {
    'phase1_accuracy': right(net),
    'fork_accuracy': jax.lax.map(right, forks),
  }


def _separations(
  key, net, forks, updating, other, lesson: Lesson, read
) -> dict[str, jax.Array]:
  """Returns `measures.transplants.separations` of both pairs, `[2]` by name."""
  among = lesson.active[:, None] & jnp.isfinite(updating)
  masks = transplants.chosen(key, updating, other, among, lesson.share)
  x = read(lesson.asked)
  in_pairs = jax.tree.map(lambda a: a.reshape(2, 2, *a.shape[1:]), (forks, x))

  def separations(pair):
    forks, asked = pair
    each = _unstacked(forks, 2)
    return transplants.separations(each, asked, net[0].w, masks)

  signs = jnp.array([1, -1])  # of the second pair forks are sure by less
  both = {
    name: value if name.startswith('change') else value * signs
    for name, value in jax.lax.map(separations, in_pairs).items()
  }
  return {f'separation_{name}': value for name, value in both.items()}


def _named(name: str, net: Any) -> dict[str, jax.Array]:
  """Returns a net's arrays by name: `NAME_w0`, `NAME_b0`, .."""
  return {
    f'{name}_{kind}{k}': getattr(layer, kind)
    for k, layer in enumerate(net)
    for kind in ('w', 'b')
  }


def lesson(
  data: mnist.Data,
  pairs: tuple[str, str],
  *,
  phase1: int,
  tally_from: float,
  tally_to: float,
  keep_second: float,
  share: float,
) -> Lesson:
  """Returns which images are met, in which order.

  Args:
    data: the images.
    pairs: the digits to be told apart, such as ('17', '68').
    phase1: of the training images the first so many are those of phase 1, as
      far as they are of the pairs; the others are the forks'.
    tally_from: the share of phase 1 after which |Δw| are summed.
    tally_to: the share of phase 1 up to which they are.
    keep_second: the share of the second pair's images that phase 1 keeps,
      evenly spaced.
    share: of active input weights, those that are put back or exchanged.
  """
  digits = [int(digit) for pair in pairs for digit in pair]
  labels, train = data.train.labels, data.train.images
  side = {d: k // 2 for k, d in enumerate(digits)}
  of_pair = np.array([side.get(d, -1) for d in range(10)])[labels]
  places = np.arange(len(labels))
  first = places[(places < phase1) & (of_pair >= 0)]
  second = np.flatnonzero(of_pair[first] == 1)
  # A product that rounding leaves below a whole number counts as that.
  kept = keep_second * (1 + 2 * np.finfo(float).eps)
  due = np.floor(np.arange(len(second) + 1) * kept)
  left_out = due[1:] == due[:-1]
  first = np.delete(first, second[left_out])
  later = places[(places >= phase1) & (of_pair >= 0)]
  forks = [
    later[(of_pair[later] == 1 - side[d]) | (labels[later] == d)]
    for d in digits
  ]
  count = len(first)
  begin, end = round(tally_from * count), round(tally_to * count)
  tallied = np.arange(count)
  tallied = (tallied >= begin) & (tallied < end)
  quarter, frame = margins(data.side)
  return Lesson(
    images=train,
    levels=np.float32(data.levels),
    targets=(of_pair[:, None] == np.arange(2)).astype(np.float32),
    first=_padded(first, len(labels)),
    count=np.int32(count),
    tallied=_padded(tallied, len(labels)).astype(np.float32),
    forks=np.stack([_padded(fork, len(labels)) for fork in forks]),
    counts=np.array([len(fork) for fork in forks], np.int32),
    **_asked(data, digits),
    active=_varies(train[np.concatenate([first, later])]),
    written=_varies(train[first[tallied]]) & _varies(train[later]),
    centre=_square(data.side, quarter),
    edge=~_square(data.side, frame),
    share=np.float32(share),
  )


def margins(side: int) -> tuple[int, int]:
  """Returns how far from the frame the centre begins, and the edge ends."""
  return side // 4, side // 7


def _padded(rows: np.ndarray, length: int) -> np.ndarray:
  """Returns int32 with 0 behind them: lessons of one data set are alike."""
  return np.pad(rows.astype(np.int32), (0, length - len(rows)))


def _varies(images: np.ndarray) -> np.ndarray:
  """Returns which pixels have several grey levels, `[P]` bool."""
  if not len(images):
    return np.zeros(images.shape[1], bool)
  return images.max(axis=0) > images.min(axis=0)


def _square(side: int, margin: int) -> np.ndarray:
  """Returns which pixels lie within a margin of the frame, `[P]` bool."""
  inside = np.zeros((side, side), bool)
  inside[margin : side - margin, margin : side - margin] = True
  return inside.ravel()


def _asked(data: mnist.Data, digits: Sequence[int]) -> dict[str, np.ndarray]:
  """Returns the test images: as many of each digit, whichever digits."""
  labels, images = data.test.labels, data.test.images
  fewest = int(np.bincount(labels, minlength=10).min())
  of_each = [np.flatnonzero(labels == d)[:fewest] for d in digits]
  return {
    'asked': np.stack([images[rows[:ASKED]] for rows in of_each]),
    'test': images[np.concatenate(of_each)],
    'answers': np.repeat([0, 0, 1, 1], fewest).astype(np.int32),
  }

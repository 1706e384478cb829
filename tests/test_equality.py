"""Nets of equality learn as a loop does, and are asked in the order given."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import equality, nets, seeds
from jaxrep.measures import alignment
from jaxrep.tasks import equality as task

# 2,000 weight changes; the second mark is at 31 of them.
RECIPE = equality.Recipe(
  width=16,
  depth=2,
  activation='relu',
  entities='uniform',
  dimension=2,
  examples=128_000,
  batch=64,
  gain=1.0,
)
QUESTION = equality.Question('both', 1, 'orthogonal', 96, 'cosine')
RATE, KS = 0.01, (1, 2, 5)


def layout(size=16):
  return seeds.Blocks(size, tuple(jax.local_devices()[:2]))


def learnt(rows, rates=RATE):
  """Returns nets `[S, T]`."""
  rows = np.array(rows, np.uint32)
  rates = np.broadcast_to(np.float32(rates), rows.shape).copy()
  setting = {'learning_rate': rates}
  return seeds.each(equality.learn(RECIPE), rows, setting, blocks=layout())


def take(tree, *place):
  return jax.tree.map(lambda a: a[place], tree)


@pytest.fixture(scope='module')
def marks():
  """Of twenty nets: more than a block of 16."""
  return learnt(range(20))


@pytest.fixture(scope='module')
def four(marks):
  """The first four, trained."""
  return take(marks, slice(4), -1)


@pytest.fixture(scope='module')
def starts():
  draw = jax.jit(
    jax.vmap(functools.partial(equality.start, size=16), (0, None))
  )
  return np.array(draw(np.arange(4, dtype=np.uint32), 0))


def asked(net, starts, ks=KS, steps=100, **choices):
  rates = np.full(len(starts), 0.03, np.float32)
  return equality.ask(
    RECIPE, QUESTION, net, starts, ks, rates, blocks=layout(), steps=steps,
    **choices,
  )  # fmt: skip


@pytest.fixture(scope='module')
def found(four, starts):
  return asked(four, starts)


def test_marks_are_nothing_all_and_halves_of_all():
  shares = [0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1]
  assert list(equality.MARKS) == shares
  np.testing.assert_array_equal(
    RECIPE.changes(), [0, 31, 62, 125, 250, 500, 1000, 2000]
  )
  # Fewer examples than a batch are one batch.
  assert RECIPE._replace(examples=10).changes()[-1] == 1


def test_at_the_first_mark_a_net_is_what_its_seed_draws(marks):
  sizes, units = (8, 16, 16, 2), [jax.nn.relu, jax.nn.relu, jax.nn.identity]
  for seed in range(3):
    drawn = nets.fan_in(jax.random.key(seed), sizes, units=units)
    chex.assert_trees_all_close(take(marks, seed, 0), drawn, rtol=1e-6)
    assert [layer.unit for layer in marks] == units


def by_numpy(net, batches, rate):
  """Returns weights and biases after Adam on each batch; float64."""
  flat = [np.asarray(a, float) for layer in net for a in (layer.w, layer.b)]
  m, s = ([np.zeros_like(a) for a in flat] for _ in range(2))
  for t, (x, labels) in enumerate(batches, start=1):
    states = [x]
    for k in range(0, len(flat), 2):
      total = states[-1] @ flat[k] + flat[k + 1]
      states.append(total if k == len(flat) - 2 else np.maximum(total, 0))
    p = np.exp(states[-1])
    p /= p.sum(axis=1, keepdims=True)
    delta = (p - np.eye(2)[labels]) / len(x)
    slopes = []
    for k in range(len(flat) - 2, -1, -2):
      below = states[k // 2]
      slopes = [below.T @ delta, delta.sum(0), *slopes]
      delta = (delta @ flat[k].T) * (below > 0)
    for k, g in enumerate(slopes):
      m[k], s[k] = 0.9 * m[k] + 0.1 * g, 0.999 * s[k] + 0.001 * g**2
      mean, square = m[k] / (1 - 0.9**t), s[k] / (1 - 0.999**t)
      flat[k] = flat[k] - rate * mean / (np.sqrt(square) + 1e-8)
  return flat


def test_training_agrees_with_a_numpy_loop(marks):
  """To the second mark, 31 changes: rounding has not grown by then.

  Of the batches only which key they have is taken from the module.
  """
  draw = jax.jit(
    lambda key: task.examples(key, 64, dimension=2, kind='uniform')
  )
  for seed in (0, 17):
    data = jax.random.fold_in(jax.random.key(seed), equality._DATA)
    batches = [
      [np.asarray(a) for a in draw(jax.random.fold_in(data, step))]
      for step in range(31)
    ]
    wanted = by_numpy(take(marks, seed, 0), batches, RATE)
    net = take(marks, seed, 1)
    ours = [a for layer in net for a in (layer.w, layer.b)]
    for one, other in zip(ours, wanted, strict=True):
      np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_net_s_examples_are_its_own():
  keys = [
    jax.random.fold_in(jax.random.key(seed), equality._DATA)
    for seed in range(3)
  ]
  data = [jax.random.key_data(key).tolist() for key in keys]
  assert len({tuple(words) for words in data}) == 3


@pytest.mark.parametrize('rows', [[7], [19, 3, 17], range(19, -1, -1)])
def test_bits_of_a_net_are_its_own(marks, rows):
  """Not how many are asked for, nor in which order, nor beside whom."""
  chex.assert_trees_all_equal(learnt(rows), take(marks, np.array(rows)))


def test_a_net_that_diverges_leaves_its_neighbours_alone(marks):
  rates = np.full(20, RATE)
  rates[5] = np.inf
  others = np.arange(20) != 5
  found = learnt(range(20), rates)
  chex.assert_trees_all_equal(take(found, others), take(marks, others))
  assert not np.isfinite(found[0].w[5, -1]).any()
  shares = seeds.each(equality.told(RECIPE), take(found, slice(None), -1),
                      blocks=layout())  # fmt: skip
  for share in shares.values():
    assert share[5] == 0 and share[4] > 0


def test_nets_learn(marks):
  shares = seeds.each(
    equality.told(RECIPE), take(marks, slice(None), -1), blocks=layout()
  )
  assert np.median(shares['fresh']) > 0.9
  assert set(shares) == set(task.SHIFTS)


def test_what_is_told_is_a_count(marks):
  """Half trained, so that it differs from one change to another."""
  net = take(marks, slice(2), 4)
  shares = seeds.each(equality.told(RECIPE), net, blocks=layout())
  for row in range(2):
    flat = [np.asarray(a[row], float) for layer in net
            for a in (layer.w, layer.b)]  # fmt: skip
    counts = {}
    for place, change in enumerate(task.SHIFTS):
      inputs, labels = task.shifted(
        equality._shared(equality._ASKED, place), equality.ASKED, dimension=2,
        kind='uniform', change=change,
      )  # fmt: skip
      x = np.asarray(inputs, float)
      for k in (0, 2):
        x = np.maximum(x @ flat[k] + flat[k + 1], 0)
      logits = x @ flat[4] + flat[5]
      counts[change] = np.sum(
        (logits[:, 1] > logits[:, 0]) == np.asarray(labels)
      )
    assert len({int(n) for n in counts.values()}) == 4
    for change, count in counts.items():
      # Ties of rounding may fall on either side.
      assert abs(shares[change][row] * equality.ASKED - count) <= 1, change


def test_rows_are_nets_and_columns_are_k(four, starts, found):
  """Each is what a single call gives, alone in its block."""
  chex.assert_shape(found, [(4, 3, 16, 16), (4, 3)])
  assert len(np.unique(found.maps[..., 0, 0])) == 12
  for row, column in ((0, 0), (1, 2), (3, 1)):
    alone = asked(take(four, [row]), starts[[row]], ks=[KS[column]])
    np.testing.assert_array_equal(alone.maps[0, 0], found.maps[row, column])
    np.testing.assert_array_equal(alone.iia[0, 0], found.iia[row, column])


def test_a_start_of_its_own_for_each_k(four, starts, found):
  """Starts `[S, K, D, D]`; given the same for all k, nothing changes."""
  same = np.repeat(starts[:, None], 3, axis=1)
  chex.assert_trees_all_equal(asked(four, same), found)
  judged = asked(four, found.maps, steps=0)
  chex.assert_trees_all_equal(judged, found)


def test_rates_are_the_nets(four, starts, found):
  rates = np.array([0.03, 0, 0.03, 0], np.float32)
  some = equality.ask(
    RECIPE, QUESTION, four, starts, KS, rates, blocks=layout(), steps=100
  )
  np.testing.assert_array_equal(some.maps[::2], found.maps[::2])
  for k in range(3):
    # Polished a hundred times.
    np.testing.assert_allclose(some.maps[1::2, k], starts[1::2], atol=1e-5)


@pytest.mark.slow  # a program of its own to compile
def test_a_map_is_that_of_the_measure_itself(four, starts, found):
  """And so is its IIA: what is here beside it are keys and functions.

  Compiled in other company: a hundred steps add up their roundings.
  """
  net = jax.tree.map(lambda a: jnp.asarray(a[1]), four)
  cut = (
    functools.partial(nets.apply, net[:1]),
    functools.partial(nets.apply, net[1:]),
  )
  sample = functools.partial(
    task.counterfactuals, hypothesis='both', dimension=2, kind='uniform'
  )
  key = jax.random.fold_in(equality._shared(equality._BATCHES, 1), 0)
  into = alignment.search(
    key, starts[1], *cut, sample, k=2, steps=100, batch=96, rate=0.03
  )
  np.testing.assert_allclose(into, found.maps[1, 1], atol=0.01)
  iia = alignment.accuracy(jax.random.key(99), into, *cut, sample, k=2)
  # Other pairs: five standard errors of a difference of shares.
  error = 5 * (0.5 / alignment.EXAMINED) ** 0.5
  assert iia == pytest.approx(found.iia[1, 1], abs=error)


def test_searches_at_the_inputs(marks, four):
  """The known rotation makes the errors that the net makes, and is found.

  From close by, that is; with shuffled labels it is lost. These do not lead to
  chance: where labels say nothing, what is learnt is to leave a net unsure, and
  of two maps the one that keeps pairs the same may do so.
  """
  ask = functools.partial(
    equality.ask, RECIPE, QUESTION._replace(site=0), blocks=layout()
  )
  rates = np.full(20, 0.03, np.float32)
  net = take(marks, slice(None), -1)
  known = np.broadcast_to(np.asarray(task.known(2)), (20, 8, 8))
  iia = ask(net, known, (2,), rates, steps=0).iia[:, 0]
  fresh = seeds.each(equality.told(RECIPE), net, blocks=layout())['fresh']
  np.testing.assert_allclose(iia, fresh, atol=0.02)
  turn = jax.jit(functools.partial(equality.turned, dimension=2))
  near = np.stack([turn(seed, 0.2) for seed in range(4)])
  before, after, shuffled = (
    ask(four, near, (2,), rates[:4], **choices).iia[:, 0]
    for choices in (
      {'steps': 0},
      {'steps': 500},
      {'steps': 500, 'shuffled': True},
    )
  )
  np.testing.assert_allclose(after, iia[:4], atol=0.02)
  assert np.all(before < after - 0.1)
  assert np.all(shuffled < after - 0.1)


def test_another_place_has_other_batches_and_the_same_pairs(
  four, starts, found
):
  other = asked(four, starts, place=1)
  assert np.all(np.any(other.maps != found.maps, axis=(2, 3)))
  judged = [asked(four, starts, steps=0, place=place) for place in (0, 1)]
  chex.assert_trees_all_equal(*judged)


def test_starts_are_rotations_of_a_seed_s_and_a_place_s_own():
  draw = jax.jit(functools.partial(equality.start, size=8))
  many = [draw(seed, place) for seed in range(3) for place in range(3)]
  assert len({float(m[0, 0]) for m in many}) == 9
  for m in many:
    np.testing.assert_allclose(m @ m.T, np.eye(8), atol=1e-6)
  np.testing.assert_array_equal(draw(2, 1), many[7])


def test_turned_starts_are_so_far_from_what_is_known():
  known = task.known(2)
  turn = jax.jit(functools.partial(equality.turned, dimension=2))
  np.testing.assert_allclose(turn(0, 0.0), known, atol=1e-6)
  apart = [
    alignment.angle(turn(0, by), known, variables=2, k=2)
    for by in equality.TURNS[:7]
  ]
  assert np.all(np.diff([0, *apart]) > 0)
  assert np.any(np.asarray(turn(1, 0.5)) != turn(0, 0.5))


def test_room_by_hand():
  """Inputs are 4 · 2, layers 16; both has two variables, left one."""
  for site, hypothesis, wanted in (
    (0, 'both', 4), (1, 'both', 8), (2, 'left', 16), (0, 'identity', 8),
  ):  # fmt: skip
    assert RECIPE.room(hypothesis, site) == wanted
  assert [RECIPE.size(site) for site in range(3)] == [8, 16, 16]


def test_one_program_serves_all_searches_of_a_question(four, starts, found):
  """Other k, steps, restarts, labels and numbers of nets."""
  compiled = []
  jax.monitoring.register_event_duration_secs_listener(
    lambda event, *_, **__: compiled.append(event)
  )
  asked(four, starts, ks=(3,), steps=7)
  asked(take(four, slice(3)), starts[:3], ks=(8, 1), steps=0, place=3)
  asked(four, starts, steps=2, shuffled=True)
  assert not [e for e in compiled if e.endswith('backend_compile_duration')]
  jax.jit(lambda x: x + 1)(0)  # what is counted is seen
  assert [e for e in compiled if e.endswith('backend_compile_duration')]

"""Neurons that hold a variable are found, by loops and by hand alike."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import nets
from jaxrep.measures import alignment, localist
from jaxrep.tasks import counterfactuals, equality

KEY = jax.random.key
# Compiled whole, which is quicker than piece by piece.
NET = ('below', 'above', 'sample')
windows = jax.jit(localist.windows, static_argnames=(*NET, 'k', 'count'))
greedy = jax.jit(localist.greedy, static_argnames=(*NET, 'most', 'count'))
accuracy = jax.jit(alignment.accuracy, static_argnames=(*NET, 'count'))


def sampler(hypothesis):
  return functools.partial(
    equality.counterfactuals,
    hypothesis=hypothesis,
    dimension=1,
    kind='uniform',
  )


BOTH, LEFT = sampler('both'), sampler('left')


def planted_below(x):
  """Neurons 3, 4 are the two sides of a - b, 7 and 8 of c - d; the rest sums.

  A pair is equal where both of its neurons are 0.
  """
  a, b, c, d = x
  sums = jnp.stack([a, a + b, c - a, b + d, c + d, a + c])
  relations = jnp.stack([a - b, b - a, c - d, d - c])
  return jax.nn.relu(jnp.concatenate([sums, relations]))[jnp.array(SITE)]


def planted_above(site):
  same = (site[3] + site[4] == 0) == (site[7] + site[8] == 0)
  return jnp.stack([~same, same]).astype(jnp.float32)


# Place -> neuron of the list that is made above.
SITE = (0, 1, 2, 6, 7, 3, 4, 8, 9, 5)
PLANTED = planted_below, planted_above


def random_net(seed, size=6):
  """Returns a net of one hidden layer, cut above it."""
  units = jax.nn.relu, lambda x: x
  net = nets.he(KEY(seed), (4, size, 2), units=units)
  return functools.partial(nets.apply, net[:1]), functools.partial(
    nets.apply, net[1:]
  )


def chosen(into, variables, k):
  """Returns each variable's neurons, of a permutation matrix."""
  order = np.argmax(into, axis=1)
  room = len(order) // variables
  return [list(order[v * room : v * room + k]) for v in range(variables)]


def is_permutation(m):
  values = set(np.unique(m))
  return values == {0, 1} and np.all(m.sum(0) == 1) and np.all(m.sum(1) == 1)


def looped(below, above, cases):
  """Returns a function from neurons, `[V][k]`, to their IIA, case by case."""
  base, *sources = (
    np.array(jax.vmap(below)(x)) for x in (cases.base, *cases.sources)
  )
  moved, labels = np.array(cases.moved), np.array(cases.labels)
  outputs = jax.jit(jax.vmap(above))

  def share(chosen):
    now = base.copy()
    for v, neurons in enumerate(chosen):
      for case, neuron in itertools.product(range(len(now)), neurons):
        if moved[v, case]:
          now[case, neuron] = sources[v][case, neuron]
    return np.mean(np.argmax(outputs(now), axis=1) == labels)

  return share


def iia(into, sample, k, net=PLANTED):
  """On other cases than those chosen by."""
  return accuracy(KEY(99), into, *net, sample, k=k, count=1536)


def test_a_row_of_the_matrix_picks_the_neuron_that_the_order_names():
  m = localist.permutation(jnp.array([2, 0, 1]))
  np.testing.assert_array_equal(m, [[0, 0, 1], [1, 0, 0], [0, 1, 0]])
  np.testing.assert_array_equal(m @ jnp.array([5.0, 6, 7]), [7, 5, 6])


def test_brute_force_finds_the_windows_that_hold_both_variables():
  into, score = windows(KEY(0), *PLANTED, BOTH, k=2)
  assert chosen(into, 2, 2) == [[3, 4], [7, 8]]
  assert is_permutation(into)
  assert score == 1 and iia(into, BOTH, 2) == 1


def test_brute_force_finds_the_window_of_one_variable():
  into, score = windows(KEY(0), *PLANTED, LEFT, k=2)
  assert chosen(into, 1, 2) == [[3, 4]]
  assert score == 1 and iia(into, LEFT, 2) == 1


def test_of_windows_that_do_equally_well_the_first_is_taken():
  """With 3 neurons, 2..4 or 3..5, and 6..8 or 7..9, are all perfect."""
  into, score = windows(KEY(0), *PLANTED, BOTH, k=3)
  assert chosen(into, 2, 3) == [[2, 3, 4], [6, 7, 8]]
  assert score == 1


def test_a_window_too_small_for_a_variable_is_not_perfect():
  into, score = windows(KEY(0), *PLANTED, BOTH, k=1)
  assert chosen(into, 2, 1)[0][0] in (3, 4)
  # Half of what is taken is missing: see the greedy choice below.
  assert 0.5 < score < 0.9


def test_greedy_finds_the_neurons_of_both_variables_one_at_a_time():
  """A side of a - b alone already helps: e.g. a > b taken to a = b is right."""
  into = greedy(KEY(0), *PLANTED, BOTH, most=5)
  first, second = chosen(into, 2, 2)
  assert sorted(first) == [3, 4] and sorted(second) == [7, 8]
  assert is_permutation(into)
  assert iia(into, BOTH, 2) == 1


def test_greedy_finds_the_neurons_of_one_variable():
  into = greedy(KEY(0), *PLANTED, LEFT, most=2)
  assert sorted(chosen(into, 1, 2)[0]) == [3, 4]
  assert is_permutation(into)


def test_three_variables_are_told_apart():
  """Each is the sign of a number; the site holds them in another order."""
  model = counterfactuals.CausalModel(
    tuple(lambda x, v=v: jnp.int32(x[v] > 0) for v in range(3)),
    lambda x, first, second, third: first + 2 * second + 4 * third,
  )

  def sample(key, count):
    inputs = jax.random.normal(key, (4, count, 3))
    moved = counterfactuals.kinds(3, count)
    return counterfactuals.labelled(model, inputs[0], inputs[1:], moved)

  def below(x):
    return x[jnp.array([1, 2, 0])]

  def above(site):
    label = jnp.sum((site > 0) * jnp.array([2, 4, 1]))
    return jax.nn.one_hot(label, 8)

  into, score = windows(KEY(0), below, above, sample, k=1)
  assert chosen(into, 3, 1) == [[2], [0], [1]]
  assert score == 1
  into = greedy(KEY(0), below, above, sample, most=1)
  assert chosen(into, 3, 1) == [[2], [0], [1]]


@pytest.mark.parametrize(
  'sample, variables, k', [(BOTH, 2, 1), (BOTH, 2, 2), (LEFT, 1, 3)]
)
def test_brute_force_is_a_loop_over_all_windows(sample, variables, k):
  net = random_net(1)
  judge = looped(*net, sample(KEY(5), 96))
  best = -1.0, None
  for starts in itertools.product(range(6), repeat=variables):
    tried = [list(range(start, start + k)) for start in starts]
    if max(starts) + k > 6 or len(set(sum(tried, []))) < variables * k:
      continue
    share = judge(tried)
    if share > best[0]:
      best = share, tried
  into, score = windows(KEY(5), *net, sample, k=k, count=96)
  assert chosen(into, variables, k) == best[1]
  # Shares of the same 96 cases: float32 against float64.
  np.testing.assert_allclose(score, best[0], rtol=1e-6)


@pytest.mark.parametrize('sample, variables', [(BOTH, 2), (LEFT, 1)])
def test_greedy_is_a_loop_over_neurons(sample, variables):
  net, most = random_net(2), 6 // variables
  judge = looped(*net, sample(KEY(6), 96))
  owned = [[] for _ in range(variables)]
  for turn in range(variables * most):
    best = -1.0, None
    for neuron in sorted(set(range(6)) - set(sum(owned, []))):
      tried = [list(neurons) for neurons in owned]
      tried[turn % variables].append(neuron)
      share = judge(tried)
      if share > best[0]:
        best = share, tried
    owned = best[1]
  into = greedy(KEY(6), *net, sample, most=most, count=96)
  assert chosen(into, variables, most) == owned


def test_fewer_greedy_choices_are_the_first_of_more():
  net = random_net(3)
  more = chosen(greedy(KEY(7), *net, BOTH, most=3), 2, 3)
  for most in (1, 2):
    fewer = greedy(KEY(7), *net, BOTH, most=most)
    assert is_permutation(fewer)
    assert chosen(fewer, 2, most) == [neurons[:most] for neurons in more]


def test_nets_of_a_block_get_what_each_gets_alone():
  units = jax.nn.relu, lambda x: x
  many = jax.vmap(lambda key: nets.he(key, (4, 6, 2), units=units))(
    jax.random.split(KEY(8), 3)
  )

  def one(net):
    cut = (
      functools.partial(nets.apply, net[:1]),
      functools.partial(nets.apply, net[1:]),
    )
    return (
      *localist.windows(KEY(9), *cut, BOTH, k=1, count=96),
      localist.greedy(KEY(9), *cut, BOTH, most=3, count=96),
    )

  found, alone = jax.jit(jax.vmap(one))(many), jax.jit(one)
  for place in range(3):
    net = jax.tree.map(lambda leaf, place=place: leaf[place], many)
    for ours, theirs in zip(found, alone(net), strict=True):
      np.testing.assert_array_equal(ours[place], theirs)


def test_outputs_that_are_not_numbers_are_wrong():
  below, above = PLANTED

  def broken(site):
    return above(site) + jnp.array([0, jnp.nan])

  _, score = windows(KEY(0), below, broken, BOTH, k=2, count=24)
  assert score == 0


@pytest.mark.parametrize('variables, k', [(1, 1), (1, 3), (2, 1), (2, 2)])
def test_the_nearest_permutation_is_the_best_of_all(variables, k):
  random = np.random.default_rng(0)
  rotations = np.linalg.qr(random.normal(size=(6, 4, 4)))[0]
  rows = [v * (4 // variables) + i for v in range(variables) for i in range(k)]
  found = localist.nearest(
    rotations.reshape(2, 3, 4, 4), variables=variables, k=k
  )
  assert found.shape == (2, 3, 4, 4)
  for into, ours in zip(rotations, found.reshape(6, 4, 4), strict=True):
    distances = {}
    for order in itertools.permutations(range(4)):
      for signs in itertools.product((-1, 1), repeat=4):
        signed = np.diag(signs) @ np.eye(4)[list(order)]
        distance = np.sum((into - signed)[rows] ** 2)
        picked = tuple(order[row] for row in rows)
        distances[picked] = min(distance, distances.get(picked, np.inf))
    assert is_permutation(ours)
    picked = tuple(np.argmax(ours, axis=1)[rows])
    assert picked == min(distances, key=distances.get)


def test_the_signs_of_a_signed_permutation_cancel():
  signed = np.array([[0, -1, 0, 0], [0, 0, 0, 1], [-1, 0, 0, 0], [0, 0, 1, 0]])
  signed = signed.astype(np.float32)
  plain = localist.nearest(signed, variables=2, k=2)
  np.testing.assert_array_equal(plain, np.abs(signed))
  base, sources = jnp.arange(4.0), jnp.arange(8.0).reshape(2, 4) * 3
  moved = jnp.array([True, True])
  both = [
    alignment.interchange(m, base, sources, moved, k=1) for m in (signed, plain)
  ]
  # Variable 1 owns row 0, neuron 1, and variable 2 row 2, neuron 0.
  np.testing.assert_array_equal(both, [[12, 3, 2, 3]] * 2)


@pytest.mark.parametrize('k', [0, 6])
def test_more_neurons_than_there_is_room_for_are_refused(k):
  expected = f'expected 1 to 5, for 2 variables at a site of 10, found {k}'
  with pytest.raises(ValueError, match=f'k: {expected}'):
    windows(KEY(0), *PLANTED, BOTH, k=k)
  with pytest.raises(ValueError, match=f'most: {expected}'):
    greedy(KEY(0), *PLANTED, BOTH, most=k)
  with pytest.raises(ValueError, match=f'k: {expected}'):
    localist.nearest(np.eye(10), variables=2, k=k)

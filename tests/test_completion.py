"""What is left out, what a perfect memory could do, and what a net does."""

import collections
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import nets
from jaxrep.learning import hierarchy as loops
from jaxrep.learning.recirculation import Regression
from jaxrep.measures import completion

REGRESSION = Regression(0.5, 0.25)
TWINS = np.tile(np.eye(4, dtype=np.float32), 2)

completed = jax.jit(completion.completed, static_argnames=('trips', 'top'))


def by_hand(weight):
  """Returns a hierarchy for the vectors 00, 01, 10, 11 that copies.

  Loops 1-1-1 below. A layer with weight w and bias -w/2 says more than ½ of
  what is more than ½, and less of what is less. The top loop, 2-2-2, has such a
  layer for each unit by itself.
  """

  def copies(units):
    w = weight * jnp.eye(units)
    return nets.Layer(w, jnp.full(units, -weight / 2))

  one, two = (copies(1), copies(1)), (copies(2), copies(2))
  return loops.Hierarchy((one, one), two)


def random_one(seed):
  keys = jax.random.split(jax.random.key(seed), 3)
  made = [
    nets.init(key, (4, 2, 4), weight_range=6.0, bias_range=3.0) for key in keys
  ]
  return loops.Hierarchy(tuple(made[:2]), made[2])


@pytest.fixture(scope='module')
def known():
  return completion.masks(8)


def test_of_few_units_every_subset_is_left_out():
  found = completion.masks(3)
  expected = [
    (0, 1, 1), (1, 0, 1), (1, 1, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 0, 0)
  ]  # fmt: skip
  np.testing.assert_array_equal(found, np.array(expected, bool))


def test_eight_units_can_be_left_out_in_255_ways(known):
  assert known.shape == (255, 8) and known.dtype == bool
  assert len({tuple(row) for row in known.tolist()}) == 255
  missing = collections.Counter((~known).sum(axis=1).tolist())
  assert missing == {m: math.comb(8, m) for m in range(1, 9)}


def test_of_many_subsets_256_are_drawn_without_replacement():
  known = completion.masks(12)
  missing = (~known).sum(axis=1)
  assert np.all(np.diff(missing) >= 0)
  for m in range(1, 13):
    rows = {tuple(row) for row in known[missing == m].tolist()}
    assert len(rows) == np.sum(missing == m) == min(math.comb(12, m), 256)


def test_what_is_drawn_favours_no_unit():
  """With 6 of 12 missing a unit is known in 128 of 256 masks, give or take 8:
  the standard deviation is √256 / 2, less for want of replacement."""
  known = completion.masks(12)
  drawn = known[(~known).sum(axis=1) == 6]
  assert np.all(np.abs(drawn.sum(axis=0) - 128) < 5 * 8)


def test_masks_are_the_same_each_time():
  np.testing.assert_array_equal(completion.masks(11), completion.masks(11))


def test_with_nothing_known_every_vector_is_as_good_a_guess(known):
  found = completion.best_possible(TWINS, known)
  assert found.shape == (4, 255)
  np.testing.assert_array_equal(found[:, -1], np.full(4, 1 / 4))


def test_guesses_are_as_counted_by_hand():
  """Unit 0 left and right on, in vector 0. Known to be on: it is vector 0.
  Known of units 1 and 2, both off: 0 or 3. Of vector 1 they tell all."""
  known = np.zeros((3, 8), bool)
  known[0, 4] = known[1, [1, 2]] = known[2, [1, 5]] = True
  found = completion.best_possible(TWINS, known)
  np.testing.assert_allclose(
    found.T,
    [[1, 1 / 3, 1 / 3, 1 / 3], [1 / 2, 1, 1, 1 / 2], [1 / 3, 1, 1 / 3, 1 / 3]],
  )


def test_guesses_agree_with_a_loop(known):
  rng = np.random.default_rng(5)
  vectors = np.array(
    list(itertools.product((0, 1), repeat=8)), np.float32
  )[rng.choice(256, 9, replace=False)]  # fmt: skip
  found = completion.best_possible(vectors, known)
  for n, vector in enumerate(vectors):
    for p, mask in enumerate(known):
      alike = sum(np.all(v[mask] == vector[mask]) for v in vectors)
      assert found[n, p] == 1 / alike


def test_means_are_taken_over_as_many_missing():
  known = completion.masks(2)  # 0, 1 and both missing
  values = np.array([[1.0, 0.5, 0.25], [0.0, 0.5, 0.75]])
  np.testing.assert_array_equal(
    completion.by_missing(values, known), [0.5, 0.5]
  )


def test_the_twins_best_possible_falls_from_one_to_a_quarter(known):
  found = completion.by_missing(completion.best_possible(TWINS, known), known)
  # Of 8 masks with 7 missing one unit is known: 1 vector is told, 3 look alike,
  # which makes (1 + 3 · 1/3) / 4 = 1/2 for each.
  np.testing.assert_allclose(found[[0, 6, 7]], [1, 1 / 2, 1 / 4])
  assert np.all(np.diff(found) <= 0)


def test_right_is_every_unit_on_its_side():
  states = jnp.array([[0.51, 0.49], [0.51, 0.51], [0.5, 0.0], [jnp.nan, 0.0]])
  vectors = jnp.tile(jnp.array([[1.0, 0.0]]), (4, 1))
  np.testing.assert_array_equal(
    completion.right(states, vectors), [True, False, False, False]
  )


def test_a_net_that_copies_is_as_good_as_worked_by_hand():
  """A known unit says its own half and nothing of the other, and an unknown
  one stays at ½, which is right for no vector; so only what is known is."""
  found = completed(
    by_hand(8.0),
    np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32),
    np.array([[1, 1], [0, 1], [1, 0], [0, 0]], bool),
    REGRESSION,
    trips=5,
  )
  np.testing.assert_array_equal(found, [0, 0])


def leaning(weight, side):
  """Returns loops that see nothing, and say 1 or 0 with all units."""
  made = jax.tree.map(jnp.zeros_like, by_hand(weight))
  bias = jnp.full(1, side * weight)

  def lean(loop):
    return loop[0], nets.Layer(loop[1].w, bias)

  return made._replace(below=tuple(lean(loop) for loop in made.below))


@pytest.mark.parametrize('top', (True, False))
def test_a_net_that_always_says_one_is_right_where_ones_are_missing(top):
  """Of 00, 01, 10, 11 two have a 1 where one unit is missing, and one has two
  where both are: shares 1/2 and 1/4, whatever the masks' order."""
  found = completed(
    leaning(4.0, 1.0),
    np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32),
    completion.masks(2)[::-1],
    REGRESSION,
    trips=3,
    top=top,
  )
  np.testing.assert_array_equal(found, [1 / 2, 1 / 4])


@pytest.mark.slow
@pytest.mark.parametrize('top', (True, False))
def test_no_net_beats_the_best_possible(known, top):
  """Nets with weights in ±6, of which some complete much by chance."""
  best = completion.by_missing(completion.best_possible(TWINS, known), known)
  many = jax.vmap(random_one)(jnp.arange(100))
  shares = jax.vmap(
    lambda net: completed(net, TWINS, known, REGRESSION, trips=10, top=top)
  )(many)
  assert shares.shape == (100, 8)
  assert np.all(shares <= best[None] + 1e-6)
  assert np.max(shares) > 0.1


def test_shares_agree_with_a_loop_over_vectors_and_masks():
  net = random_one(3)
  known = completion.masks(8)[::7]  # 37 masks with 1 to 7 missing
  hits = collections.defaultdict(list)
  go = jax.jit(loops.complete, static_argnames='trips')
  for vector, mask in itertools.product(TWINS, known):
    end = np.asarray(go(net, vector, mask, REGRESSION, trips=6)[-1])
    hits[int(np.sum(~mask))].append(
      all((end[i] > 0.5) == (vector[i] > 0.5) for i in range(8))
    )
  found = np.asarray(completed(net, TWINS, known, REGRESSION, trips=6))
  for m, right in hits.items():
    assert found[m - 1] == pytest.approx(np.mean(right), abs=1e-6)
  assert np.isnan(found[7]) and not np.isnan(found[:7]).any()

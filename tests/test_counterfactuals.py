"""Interventions do what is worked out by hand, whatever the causal model."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep.tasks import counterfactuals
from jaxrep.tasks.counterfactuals import CausalModel, counterfactual, factual

# y = 100 (x0 + x1) + 10 (x2 - x3) + x4: each digit says where it is from.
DIGITS = CausalModel(
  (lambda x: x[0] + x[1], lambda x: x[2] - x[3]),
  lambda x, v1, v2: 100 * v1 + 10 * v2 + x[4],
)
BASE = jnp.array([1, 2, 9, 4, 7])  # 3, 5, 7
FIRST = jnp.array([0, 1, 8, 0, 9])  # 1, 8, 9
SECOND = jnp.array([2, 2, 7, 1, 8])  # 4, 6, 8

# A variable that is a vector: are the first two numbers the last two?
VECTOR = CausalModel((lambda x: x[:2],), lambda x, v: jnp.all(v == x[2:]))


def test_without_an_intervention_the_label_is_the_models_own():
  assert factual(DIGITS, BASE) == 357
  assert factual(DIGITS, FIRST) == 189


@pytest.mark.parametrize(
  'moved, expected',
  [((0, 0), 357), ((1, 0), 157), ((0, 1), 367), ((1, 1), 167)],
)
def test_a_variable_that_moves_takes_the_value_of_its_own_source(
  moved, expected
):
  sources = jnp.stack([FIRST, SECOND])
  moved = jnp.array(moved, bool)
  assert counterfactual(DIGITS, BASE, sources, moved) == expected


def test_a_base_that_is_its_own_source_keeps_its_label():
  moved = jnp.array([True, True])
  sources = jnp.stack([BASE, BASE])
  assert counterfactual(DIGITS, BASE, sources, moved) == 357


def test_values_may_be_vectors():
  base, source = jnp.array([1, 2, 3, 4]), jnp.array([3, 4, 0, 0])
  assert factual(VECTOR, base) == 0
  assert counterfactual(VECTOR, base, source[None], jnp.array([True])) == 1
  assert counterfactual(VECTOR, base, source[None], jnp.array([False])) == 0


def test_labels_of_many_cases_are_those_of_each():
  random = np.random.default_rng(0)
  base = jnp.asarray(random.integers(10, size=(12, 5)))
  sources = jnp.asarray(random.integers(10, size=(2, 12, 5)))
  moved = counterfactuals.kinds(2, 12)
  found = jax.jit(
    lambda *given: counterfactuals.labelled(DIGITS, *given),
  )(base, sources, moved)
  assert found.labels.dtype == jnp.int32
  np.testing.assert_array_equal(found.base, base)
  np.testing.assert_array_equal(found.sources, sources)
  np.testing.assert_array_equal(found.moved, moved)
  for n in range(12):
    one = sources[0, n] if moved[0, n] else base[n]
    two = sources[1, n] if moved[1, n] else base[n]
    expected = 100 * (one[0] + one[1]) + 10 * (two[2] - two[3]) + base[n, 4]
    assert found.labels[n] == expected


def test_kinds_go_round():
  moved = counterfactuals.kinds(2, 7)
  np.testing.assert_array_equal(
    moved, np.array([[1, 0, 1, 1, 0, 1, 1], [0, 1, 1, 0, 1, 1, 0]], bool)
  )
  assert moved.dtype == bool
  assert counterfactuals.kinds(1, 5).tolist() == [[True] * 5]


def test_every_nonempty_subset_has_an_equal_share():
  moved = np.asarray(counterfactuals.kinds(3, 21)).T.astype(int).tolist()
  subsets = [list(bits) for bits in itertools.product((0, 1), repeat=3)]
  assert [moved.count(subset) for subset in subsets] == [0] + [3] * 7


def test_sources_are_one_for_each_variable():
  with pytest.raises(AssertionError):
    counterfactual(DIGITS, BASE, FIRST[None], jnp.array([True, True]))
  with pytest.raises(AssertionError):
    counterfactual(DIGITS, BASE, jnp.stack([FIRST] * 2), jnp.array([True]))


def test_there_is_a_variable():
  with pytest.raises(ValueError, match='^variables: expected at least 1, f'):
    counterfactuals.kinds(0, 4)

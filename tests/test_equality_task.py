"""Samples of hierarchical equality, judged by the vectors alone.

Nothing here knows how a sampler balances: cells are counted from what entities
are equal, labels are worked out anew, case by case.
"""

import collections
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep.tasks import counterfactuals, equality

D = 4


def jitted(sampler, *also):
  names = 'dimension', 'kind', *also
  drawn = jax.jit(sampler, static_argnums=1, static_argnames=names)
  return lambda *given, **chosen: jax.device_get(drawn(*given, **chosen))


examples = jitted(equality.examples)
sample = jitted(equality.counterfactuals, 'hypothesis')
shifted = jitted(equality.shifted, 'change')

kinds = pytest.mark.parametrize('kind', equality.ENTITIES)
hypotheses = pytest.mark.parametrize('hypothesis', equality.HYPOTHESES)


def split(x):
  """Returns the entities a, b, c, d of an input, as tuples."""
  return [tuple(entity) for entity in np.asarray(x).reshape(4, -1).tolist()]


def pairs(x):
  a, b, c, d = split(x)
  return a == b, c == d


def answer(hypothesis, base, sources, moved):
  """Returns the label, in the words of the hypothesis."""
  a, b, c, d = split(base)
  left, right = a == b, c == d
  if hypothesis == 'both':
    if moved[0]:
      left = pairs(sources[0])[0]
    if moved[1]:
      right = pairs(sources[1])[1]
  elif hypothesis == 'left':
    left = pairs(sources[0])[0]
  else:
    left = split(sources[0])[0] == b
  return int(left == right)


def cases(drawn):
  """Yields base, sources, moved, label of each case."""
  base, sources, moved, labels = drawn
  yield from zip(
    base, sources.swapaxes(0, 1), moved.T.tolist(), labels.tolist(), strict=True
  )


def by_subset(drawn):
  """Returns base, sources, label of cases, by what is moved."""
  found = collections.defaultdict(list)
  for base, sources, moved, label in drawn:
    found[tuple(moved)].append((base, sources, label))
  return found


def decides(hypothesis, moved, base, sources):
  """Returns what the label depends on: the cells that are to be balanced."""
  if hypothesis == 'identity':
    return *pairs(base), split(sources[0])[0] == split(base)[1]
  moves = (pairs(sources[v])[v] for v, moves in enumerate(moved) if moves)
  return *pairs(base), *moves


def draw(hypothesis, kind='uniform', *, count=192, seed=0):
  return sample(
    jax.random.key(seed), count, hypothesis=hypothesis, dimension=D, kind=kind
  )


@kinds
def test_templates_have_equal_shares(kind):
  inputs, labels = examples(jax.random.key(0), 64, dimension=D, kind=kind)
  assert (inputs.shape, inputs.dtype) == ((64, 4 * D), jnp.float32)
  assert (labels.shape, labels.dtype) == ((64,), jnp.int32)
  templates = [pairs(x) for x in inputs]
  shares = collections.Counter(templates)
  assert shares == dict.fromkeys(itertools.product((True, False), repeat=2), 16)
  assert labels.tolist() == [int(left == right) for left, right in templates]


def test_every_four_examples_are_one_of_each_template():
  inputs, _ = examples(jax.random.key(0), 7, dimension=D, kind='uniform')
  same = [(True, True), (True, False), (False, True), (False, False)]
  assert [pairs(x) for x in inputs] == same + same[:3]


@kinds
@hypotheses
def test_labels_are_those_of_the_hypothesis(hypothesis, kind):
  drawn = draw(hypothesis, kind)
  assert drawn.labels.dtype == jnp.int32
  assert drawn.base.dtype == drawn.sources.dtype == jnp.float32
  expected = [answer(hypothesis, *case[:3]) for case in cases(drawn)]
  assert drawn.labels.tolist() == expected
  model = equality.HYPOTHESES[hypothesis](D)
  for x in drawn.base[:8]:
    left, right = pairs(x)
    assert counterfactuals.factual(model, x) == (left == right)


@kinds
@hypotheses
def test_what_decides_the_label_is_balanced_exactly(hypothesis, kind):
  """By 48 cases: 16 of each of 3 kinds, whole numbers of 8 or 16 cells."""
  drawn = list(cases(draw(hypothesis, kind)))
  for first in range(0, 192, 48):
    subsets = by_subset(drawn[first : first + 48])
    assert len(subsets) == (3 if hypothesis == 'both' else 1)
    for moved, found in subsets.items():
      assert len(found) * len(subsets) == 48
      cells = collections.Counter(
        decides(hypothesis, moved, base, sources) for base, sources, _ in found
      )
      bits = 2 + sum(moved)
      assert cells == {
        cell: len(found) / 2**bits
        for cell in itertools.product((True, False), repeat=bits)
      }


@kinds
def test_all_six_pairs_are_balanced_for_every_kind_of_intervention(kind):
  """192 cases: each of the 64 cells once in each of the three kinds."""
  for found in by_subset(cases(draw('both', kind))).values():
    cells = {
      (*pairs(base), *pairs(sources[0]), *pairs(sources[1]))
      for base, sources, _ in found
    }
    assert len(found) == len(cells) == 64


@kinds
def test_pairs_of_the_other_hypotheses_are_balanced(kind):
  """Left has 16 cells, 12 times each; identity has 32, 6 times each."""
  left = collections.Counter(
    (*pairs(base), *pairs(sources[0]))
    for base, sources, *_ in cases(draw('left', kind))
  )
  assert sorted(left.values()) == [12] * 16
  identity = collections.Counter(
    (*decides('identity', moved, base, sources), *pairs(sources[0]))
    for base, sources, moved, _ in cases(draw('identity', kind))
  )
  assert sorted(identity.values()) == [6] * 32


@kinds
@hypotheses
def test_chance_is_a_half_and_labels_flip_in_half_of_the_cases(
  hypothesis, kind
):
  """For every kind of intervention and whatever the base's pairs are."""
  for found in by_subset(cases(draw(hypothesis, kind))).values():
    outcomes = collections.defaultdict(list)
    for base, _, label in found:
      left, right = pairs(base)
      outcomes[left, right].append((label, label != (left == right)))
    assert len(outcomes) == 4
    for outcome in outcomes.values():
      np.testing.assert_array_equal(np.mean(outcome, axis=0), 0.5)


@hypotheses
def test_a_count_that_is_no_multiple_is_balanced_to_within_one(hypothesis):
  drawn = draw(hypothesis, count=53)
  assert drawn.base.shape == (53, 4 * D)
  subsets = by_subset(cases(drawn))
  sizes = [len(found) for found in subsets.values()]
  assert max(sizes) - min(sizes) <= 1
  for moved, found in subsets.items():
    cells = collections.Counter(
      decides(hypothesis, moved, base, sources) for base, sources, _ in found
    )
    assert len(cells) == 2 ** (2 + sum(moved))
    assert max(cells.values()) - min(cells.values()) <= 1


@pytest.mark.parametrize('kind', ['uniform', 'gaussian'])
def test_entities_are_shared_only_where_they_are_said_to_be(kind):
  """Entities of four real numbers are never equal by chance.

  A pair has one or two entities, in equal shares: 1.5. Both: three inputs of
  two pairs, 9. Left: two inputs, 6. Identity: as left, less the copied ones, a
  half: 5.5.
  """
  for hypothesis, each in [('both', 9), ('left', 6), ('identity', 5.5)]:
    drawn = draw(hypothesis, kind)
    inputs = np.concatenate([drawn.base[None], drawn.sources])
    distinct = np.unique(inputs.reshape(-1, D), axis=0)
    assert len(distinct) == each * 192
    components = np.unique(inputs)
    # Of 6,912 floats of 23 bits about 3 are equal by chance; 24 is far out.
    assert len(components) > each * 192 * D - 24


def test_entities_have_the_ranges_they_are_named_for():
  """Standard deviations of 40,000 draws are within 2 % (5 standard errors)."""

  def drawn(kind):
    found = equality.entities(jax.random.key(3), (10_000, 4), kind=kind)
    assert found.dtype == jnp.float32
    assert abs(float(found.mean())) < 5 * float(found.std()) / 200
    return np.asarray(found, np.float64)

  uniform = drawn('uniform')
  assert 0.499 < np.abs(uniform).max() <= 0.5
  assert uniform.std() == pytest.approx(1 / np.sqrt(12), rel=0.02)
  rounded = drawn('rounded')
  assert np.abs(rounded).max() == 1
  assert rounded.std() == pytest.approx(1 / np.sqrt(3), rel=0.02)
  # Float32 has 0.01 m to 1e-7.
  np.testing.assert_allclose(rounded, np.round(rounded, 2), atol=1e-7)
  assert len(np.unique(rounded)) == 201
  gaussian = drawn('gaussian')
  assert gaussian.std() == pytest.approx(1, rel=0.02)
  assert np.mean(np.abs(gaussian) < 1) == pytest.approx(0.6827, abs=0.012)


@pytest.mark.parametrize('change', equality.SHIFTS)
@kinds
def test_shifted_examples_keep_templates_and_labels(kind, change):
  inputs, labels = shifted(
    jax.random.key(0), 64, dimension=D, kind=kind, change=change
  )
  shares = collections.Counter(pairs(x) for x in inputs)
  assert sorted(shares.values()) == [16] * 4
  expected = [int(left == right) for left, right in map(pairs, inputs)]
  assert labels.tolist() == expected


def shift(kind, change, count=2000):
  inputs, _ = shifted(
    jax.random.key(5), count, dimension=D, kind=kind, change=change
  )
  return inputs.astype(np.float64)


@kinds
def test_fresh_ones_are_examples(kind):
  inputs, _ = examples(jax.random.key(5), 2000, dimension=D, kind=kind)
  np.testing.assert_array_equal(shift(kind, 'fresh'), inputs)


def test_outside_is_beyond_the_range_of_training():
  uniform = shift('uniform', 'outside')
  assert np.abs(uniform).min() >= 0.5 and np.abs(uniform).max() <= 1
  assert 0.45 < np.mean(uniform > 0) < 0.55
  rounded = shift('rounded', 'outside')
  assert np.abs(rounded).min() >= 1 and np.abs(rounded).max() == 2
  # Float32 has numbers up to 2 to 2e-7.
  np.testing.assert_allclose(rounded, np.round(rounded, 2), atol=2e-7)
  twice = 2 * shift('gaussian', 'fresh')
  np.testing.assert_allclose(shift('gaussian', 'outside'), twice, rtol=1e-6)


@kinds
def test_others_have_the_deviation_of_training_and_another_range(kind):
  """24,000 distinct draws: 3 % is six standard errors or more."""
  other, own = shift(kind, 'other'), shift(kind, 'fresh')
  assert other.std() == pytest.approx(own.std(), rel=0.03)
  # Uniform: √3 deviations at most. Gaussian: some beyond 3.
  reach = np.abs(other).max() / own.std()
  assert reach < 1.8 if kind == 'gaussian' else reach > 3


@pytest.mark.parametrize('kind', ['uniform', 'gaussian'])
def test_near_ones_differ_in_one_component_each_as_often(kind):
  """64 cases: every pair of places, left and right, once per template."""
  entities = shift(kind, 'near', 64).reshape(64, 2, 2, D)
  unequal = entities[:, :, 0] != entities[:, :, 1]
  assert set(unequal.sum(axis=-1).ravel()) == {0, 1}
  np.testing.assert_array_equal(unequal.sum(axis=0), 32 / D)
  both = unequal[unequal.any(axis=-1).all(axis=-1)].argmax(axis=-1)
  assert len({tuple(places) for places in both.tolist()}) == D**2 == len(both)


def test_the_known_rotation_is_orthogonal():
  for dimension in (1, D):
    known = np.asarray(equality.known(dimension), np.float64)
    assert known.shape == (4 * dimension, 4 * dimension)
    # Float32 has 1/√2 to 3e-8.
    np.testing.assert_allclose(known @ known.T, np.eye(len(known)), atol=2e-7)


def interchange(base, sources, moved, k):
  """Returns base + Rᵀ(mask · R(source - base)), summed over variables."""
  known = np.asarray(equality.known(D), np.float64)
  changed = np.asarray(base, np.float64)
  for v, source in enumerate(sources):
    rows = known[v * 4 * D // len(sources) :][:k]
    if moved[v]:
      changed = changed + rows.T @ (rows @ (source - base))
  return changed.reshape(4, D)


def test_interchanging_known_rows_moves_differences_and_nothing_else():
  drawn = draw('both')
  for base, sources, moved, _ in cases(drawn):
    a, b, c, d = interchange(base, sources, moved, D)
    own = base.reshape(4, D)
    left = sources[0].reshape(4, D) if moved[0] else own
    right = sources[1].reshape(4, D) if moved[1] else own
    # The error of 1/√2 in float32, some times.
    np.testing.assert_allclose(a - b, left[0] - left[1], atol=1e-6)
    np.testing.assert_allclose(c - d, right[2] - right[3], atol=1e-6)
    np.testing.assert_allclose(a + b, own[0] + own[1], atol=1e-6)
    np.testing.assert_allclose(c + d, own[2] + own[3], atol=1e-6)


@pytest.mark.parametrize('hypothesis', ['both', 'left'])
@pytest.mark.parametrize('k', [D - 1, D, D + 1, 2 * D])
def test_the_known_rotation_solves_the_task_from_k_of_d_on(hypothesis, k):
  def label(base, sources, moved):
    a, b, c, d = interchange(base, sources, moved, k)
    return int((np.abs(a - b).max() < 1e-5) == (np.abs(c - d).max() < 1e-5))

  drawn = draw(hypothesis)
  found = [label(*case[:3]) for case in cases(drawn)]
  assert (found == drawn.labels.tolist()) == (k >= D)


@hypotheses
def test_other_keys_give_other_data_with_the_same_shares(hypothesis):
  one, same, other = (draw(hypothesis, seed=s) for s in (0, 0, 1))
  for first, second in zip(one, same, strict=True):
    np.testing.assert_array_equal(first, second)
  assert not np.any(one.base == other.base)
  assert not np.any(one.sources == other.sources)
  assert one.labels.tolist() == other.labels.tolist()
  first, _ = examples(jax.random.key(0), 24, dimension=D, kind='uniform')
  second, _ = examples(jax.random.key(1), 24, dimension=D, kind='uniform')
  assert not np.any(first == second)


def test_samplers_run_inside_scans():
  def step(total, key):
    of_task, of_search = jax.random.split(key)
    _, labels = equality.examples(of_task, 8, dimension=2, kind='rounded')
    drawn = equality.counterfactuals(
      of_search, 24, hypothesis='both', dimension=2, kind='gaussian'
    )
    return total + labels.sum(), drawn.base

  keys = jax.random.split(jax.random.key(0), 3)
  total, bases = jax.lax.scan(step, jnp.int32(0), keys)
  assert total == 3 * 4
  assert len(np.unique(bases[:, 0, 0])) == 3


def test_hypotheses_are_made_once():
  for make in equality.HYPOTHESES.values():
    assert make(D) is make(D) and make(D) is not make(2)


@pytest.mark.parametrize(
  'sampler, also',
  [
    (equality.examples, {}),
    (equality.shifted, {'change': 'other'}),
    (equality.counterfactuals, {'hypothesis': 'left'}),
  ],
)
def test_bad_arguments_are_named(sampler, also):
  given = {'count': 8, 'dimension': D, 'kind': 'uniform'} | also
  bad = {'count': 0, 'dimension': 0} | dict.fromkeys(['kind', *also], 'far')
  for name, value in bad.items():
    with pytest.raises(ValueError, match=f'^{name}: expected .*, found '):
      sampler(jax.random.key(0), **given | {name: value})


def test_hypotheses_and_rotation_know_a_dimension_from_none():
  for make in (*equality.HYPOTHESES.values(), equality.known):
    with pytest.raises(
      ValueError, match='^dimension: expected at least 1, fou'
    ):
      make(0)

"""Probes read what a straight cut tells, and nothing else."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from jaxrep.measures import probes
from jaxrep.tasks import equality

DIMENSION = 4
MODEL = equality.both(DIMENSION)
linear = jax.jit(probes.linear)
regression = jax.jit(probes.regression, static_argnames='steps')


def examples(key, count):
  return equality.examples(key, count, dimension=DIMENSION, kind='uniform')[0]


def concepts(x):
  """(a = b), (c = d), y."""
  left, right = (variable(x) for variable in MODEL.variables)
  return jnp.stack([left, right, left == right])


def chance(cases, errors=3):
  """So many standard errors of a share of one half."""
  return errors * 0.5 / cases**0.5


def error(w, x, targets, ridge):
  signs = np.where(targets, 1, -1)
  return np.mean(np.logaddexp(0, -signs * (x @ w))) + ridge / 2 * w @ w


def minimum(x, targets, ridge):
  """Returns the weights where scipy finds the error least, in float64."""
  x = np.asarray(x, float)

  def slope(w):
    p = 1 / (1 + np.exp(-(x @ w)))
    return (p - targets) @ x / len(x) + ridge * w

  found = scipy.optimize.minimize(
    error,
    np.zeros(x.shape[1]),
    (x, np.asarray(targets), ridge),
    jac=lambda w, *_: slope(w),
    method='BFGS',
    options={'gtol': 1e-9},
  )
  assert np.max(np.abs(slope(found.x))) < 1e-7
  return found.x


def blobs(seed, count=400):
  """Two overlapping heaps of points, and a column of ones."""
  rng = np.random.default_rng(seed)
  targets = rng.random(count) < 0.3
  points = rng.normal(size=(count, 3)) + targets[:, None] * [1.0, -0.5, 0]
  ones = np.ones((count, 1))
  return np.concatenate([points, ones], axis=1).astype(np.float32), targets


@pytest.mark.parametrize('ridge', [1e-3, 0.1])
def test_weights_are_those_of_a_general_minimiser(ridge):
  x, targets = blobs(0)
  found = regression(x, targets, ridge=ridge)
  # Float32 slopes of about 1e-7 over curvatures of about 0.1.
  np.testing.assert_allclose(found, minimum(x, targets, ridge), atol=2e-5)


def test_weights_are_those_of_a_general_minimiser_where_a_line_parts_all():
  x, _ = blobs(1)
  targets = x @ np.array([1, 2, 0, 0.3]) > 0
  expected = minimum(x, targets, 1e-3)
  found = regression(x, targets, ridge=1e-3)
  assert np.linalg.norm(expected) > 5
  # Curvatures fall to the ridge, 1e-3: slopes of 1e-7 are 1e-4 in weights.
  np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_weights_are_found_where_whole_steps_of_newton_run_away():
  x = np.array([[0, 1], [46, 0], [3, 0], [0, -3], [-4, 0], [-200, -164]], float)
  targets = np.array([True, False, False, False, False, False])
  ridge, w = 1e-3, np.zeros(2)
  with np.errstate(over='ignore'):
    for _ in range(40):
      p = 1 / (1 + np.exp(-(x @ w)))
      slope = (p - targets) @ x / 6 + ridge * w
      curvature = (x * (p * (1 - p))[:, None]).T @ x / 6
      w -= np.linalg.solve(curvature + ridge * np.eye(2), slope)
  expected = minimum(x, targets, ridge)
  assert error(w, x, targets, ridge) > 2 * error(expected, x, targets, ridge)
  found = regression(x.astype(np.float32), targets, ridge=ridge, steps=60)
  np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.parametrize('all_true', [True, False])
def test_a_concept_that_is_always_so_is_learnt(all_true):
  features = np.random.default_rng(2).normal(size=(200, 3)).astype(np.float32)
  targets = np.full((200, 1), all_true)
  assert linear(features, targets, features, targets) == 1


def test_what_a_line_parts_is_read_and_what_it_cannot_is_not():
  """Two signs, and whether they differ: the third is XOR."""
  count = 4000
  points = np.random.default_rng(3).choice([-1.0, 1.0], size=(2, count, 2))
  # Off the corners, so that no two cases are the same; scale and place must
  # not matter.
  points += np.random.default_rng(4).uniform(-0.3, 0.3, points.shape)
  first, second = points[..., 0] > 0, points[..., 1] > 0
  targets = np.stack([first, second, first ^ second], axis=-1)
  features = (points * [100, 0.01] + [5, -3]).astype(np.float32)
  found = linear(features[0], targets[0], features[1], targets[1])
  np.testing.assert_array_equal(found[:2], 1)
  assert abs(found[2] - 0.5) < chance(count)


def test_features_that_never_change_do_no_harm():
  """As dead units: their variance is 0, or nearly so for float32."""
  rng = np.random.default_rng(5)
  features = rng.normal(size=(2, 500, 3)).astype(np.float32)
  features[..., 1:] = 0, 7
  targets = features[..., :1] > 0.2
  found = linear(features[0], targets[0], features[1], targets[1])
  assert found > 0.98


def test_what_is_not_a_number_is_wrong():
  features = np.random.default_rng(6).normal(size=(100, 2)).astype(np.float32)
  targets = features[:, :1] > 0
  asked = np.where(np.arange(100)[:, None] < 25, np.nan, features)
  expected = linear(features, targets, features[25:], targets[25:])
  found = linear(features, targets, asked, targets)
  np.testing.assert_allclose(found, 0.75 * expected, rtol=1e-6)
  assert linear(asked, targets, features, targets) == 0


def accuracies(below, **counts):
  found = jax.jit(
    lambda key: probes.accuracies(key, below, examples, concepts, **counts)
  )
  return np.array(found(jax.random.key(0)))


def test_relations_cannot_be_read_off_the_inputs():
  """x and -x are equally likely, and alike in what is equal: the best w is 0.

  Some cut does better (equal pairs all lie at a - b = 0, so that it can have
  them on one side), but not the one of least error.
  """
  found = accuracies(lambda x: x, asked=9_216)
  # Wider than the spread of a share, as the fitted w is not quite 0.
  np.testing.assert_allclose(found, 0.5, atol=chance(9_216, errors=4))


def test_relations_can_be_read_off_squared_differences_and_y_cannot():
  """All four are 0 where two entities are equal.

  Where they differ, the sum of squares is below s in π²/2 s² of cases (the
  volume of a ball, the density of a difference at 0 being 1): for .1 in 5 %.
  y is XOR of the two: a cut can have three of its four corners at best.
  """

  def squares(x):
    a, b, c, d = x.reshape(4, DIMENSION)
    return jnp.concatenate([(a - b) ** 2, (c - d) ** 2])

  left, right, y = accuracies(squares, asked=9_216)
  assert min(left, right) > 0.95
  assert y < 0.75


def test_y_is_read_where_it_is_a_direction():
  found = accuracies(lambda x: concepts(x).astype(jnp.float32)[2:])
  assert found[2] == 1
  np.testing.assert_allclose(found[:2], 0.5, atol=chance(probes.ASKED))


def test_fresh_cases_are_asked_about():
  """40 cases in 60 dimensions: those fitted on are told, others are not."""

  def noise(key, count):
    return jax.random.normal(key, (count, 61))

  @jax.jit
  def accuracy(key):
    return probes.accuracies(
      key,
      lambda x: x[:60],
      noise,
      lambda x: x[60:] > 0,
      fitted=40,
      asked=4_000,
    )

  found = accuracy(jax.random.key(1))
  assert abs(found - 0.5) < chance(4_000, errors=4)
  rng = np.random.default_rng(7)
  features = rng.normal(size=(40, 60)).astype(np.float32)
  targets = rng.random((40, 1)) < 0.5
  assert linear(features, targets, features, targets) == 1


def test_sites_of_a_block_get_what_each_gets_alone_on_several_devices():
  """Wider than 64 nets on two devices, where batched LAPACK calls hang."""
  features, targets = zip(
    *(blobs(seed, 40) for seed in range(160)), strict=True
  )
  features, targets = np.stack(features)[..., :3], np.stack(targets)[..., None]
  devices = jax.sharding.Mesh(np.array(jax.devices()[:2]), ('nets',))
  spread = jax.sharding.PartitionSpec('nets')
  many = jax.jit(
    jax.shard_map(
      jax.vmap(probes.linear),
      mesh=devices,
      in_specs=spread,
      out_specs=spread,
      check_vma=False,
    )
  )
  found = np.array(many(features, targets, features, targets))
  for place in (0, 79, 80, 159):
    cases = features[place], targets[place]
    # One case of 40, should its logit be 0 to the last bit.
    np.testing.assert_allclose(found[place], linear(*cases, *cases), atol=0.026)

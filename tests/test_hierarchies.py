"""Hierarchies are drawn loop by loop, trained by two criteria, and asked."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import hierarchies, loops, nets, seeds
from jaxrep.learning import hierarchy, recirculation
from jaxrep.learning.hierarchy import Hierarchy
from jaxrep.measures import completion
from jaxrep.tasks import vectors as vectors_of

RECIPE = loops.Recipe(
  learning_rate=(20.0,),
  momentum=(0.0,),
  init_range=(0.5,),
  regression_visible=(0.75,),
  regression_hidden=(0.75,),
  sweeps=300,
  horizon=0,
  precision='float64',  # for replays: ε this large magnifies any rounding
)
SETTING = {name: numbers[0] for name, numbers in RECIPE.grid().items()}
PATTERNS = vectors_of.one_hot(4, halves=2)
BLOCKS = seeds.Blocks(16, tuple(jax.local_devices()[:2]))
SIZES = 4, 2, 4


def train(rows=range(32)):
  trial = hierarchies.trial(RECIPE, SIZES)
  rows = seeds.cross(rows, **RECIPE.grid())
  return hierarchies.run(trial, rows, PATTERNS, trips=20, blocks=BLOCKS)


@pytest.fixture(scope='module')
def trained():
  return train()


def one_of(many, k):
  return jax.tree.map(lambda a: a[k], many)


def start(seed):
  """Each loop by itself, as `nets.init` draws it in float32."""
  key = jax.random.key(seed)
  left, right, top = (
    nets.init(
      jax.random.fold_in(key, k), (4, 2, 4), weight_range=0.5, bias_range=0.5
    )
    for k in range(3)
  )
  return Hierarchy((left, right), top)


@jax.jit
def step(loops_):
  """Returns both criteria, and the hierarchy after one update of ε = 20."""
  vectors = PATTERNS.inputs.astype(loops_.top[0].w.dtype)
  apart = jnp.stack([hierarchy.reconstruct(loops_, v) - v for v in vectors])
  held = jnp.max(jnp.abs(apart)) < 0.1, 0.5 * jnp.sum(apart**2) < 0.1
  after = loops_
  for v in vectors:
    found = hierarchy.changes(loops_, v, recirculation.Regression(0.75, 0.75))
    after = jax.tree.map(lambda w, c: w + 20 * c, after, found)
  return jnp.stack(held), after


def test_twins_have_the_same_unit_on_in_both_halves():
  found = vectors_of.one_hot(3, halves=2)
  expected = [[1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1]]
  np.testing.assert_array_equal(found.inputs, expected)
  np.testing.assert_array_equal(found.targets, expected)
  assert found.inputs.dtype == np.float32


def test_updates_are_those_before_each_criterion_first_held(trained):
  """Net by net against a replay of the changes, one vector after another."""
  _, arrays, _ = trained
  for k in np.argsort(arrays['updates'])[:3]:
    last = int(max(arrays['updates'][k], arrays['updates_sse'][k]))
    held = []
    with jax.enable_x64(True):
      loops_ = jax.tree.map(lambda a: a.astype('float64'), start(k))
      for _ in range(last + 1):
        now, loops_ = step(loops_)
        held.append(now)
    firsts = np.argmax(held, axis=0)
    assert list(firsts) == [arrays['updates'][k], arrays['updates_sse'][k]]
    assert arrays['age'][k] == last > 0


def test_a_hierarchy_starts_as_drawn_loop_by_loop():
  trial = hierarchies.trial(RECIPE._replace(precision='float32'), SIZES)
  for seed in (0, 31):
    key = jax.random.key(seed)
    life = trial.study.start(key, SETTING, PATTERNS)
    jax.tree.map(np.testing.assert_array_equal, life.net, start(seed))


def test_solved_ones_reconstruct_through_the_top_loop(trained):
  net, arrays, _ = trained
  solved = arrays['outcome'] == loops.Outcome.SOLVED
  assert 2 <= solved.sum() < 32
  with jax.enable_x64(True):
    for k in np.flatnonzero(solved & (arrays['age'] == arrays['updates'])):
      assert step(one_of(net, k))[0][0]


def test_the_shares_are_those_of_the_trained_hierarchies(trained):
  net, arrays, _ = trained
  known = completion.masks(8)
  regression = recirculation.Regression(0.75, 0.75)
  for name, top in (('completed', True), ('completed_alone', False)):
    assert arrays[name].shape == (32, 8)
    for k in (0, 31):
      with jax.enable_x64(True):
        expected = completion.completed(
          one_of(net, k),
          PATTERNS.inputs.astype('float64'),
          known,
          regression,
          trips=20,
          top=top,
        )
      np.testing.assert_allclose(arrays[name][k], expected, atol=1e-6)


def test_no_hierarchy_beats_the_best_possible(trained):
  _, arrays, _ = trained
  known = completion.masks(8)
  best = completion.by_missing(
    completion.best_possible(PATTERNS.inputs, known), known
  )
  for name in ('completed', 'completed_alone'):
    assert np.all(arrays[name] <= best + 1e-6)


def test_one_part_of_a_vector_tells_the_other_by_the_top_loop_only(trained):
  """Of seven missing units at least one half is unknown whole; alone, it is
  completed to the same end whatever the other half holds: of 4 vectors at most
  1 is right, while with the top loop the best possible is 1/2."""
  _, arrays, _ = trained
  assert arrays['completed'][:, 6].max() > arrays['completed_alone'][:, 6].max()


def test_a_row_is_the_same_whatever_its_neighbours(trained):
  net, arrays, _ = trained
  again, found, _ = train(rows=range(5, 9))
  jax.tree.map(np.testing.assert_array_equal, again, one_of(net, slice(5, 9)))
  for name in ('updates', 'completed', 'completed_alone'):
    np.testing.assert_array_equal(found[name], arrays[name][5:9])


def test_backprop_descends_what_comes_back_through_all_loops():
  trial = hierarchies.trial(
    RECIPE._replace(rule='backprop', precision='float32'), SIZES
  )
  setting = SETTING | {'learning_rate': 0.01}
  life = trial.study.start(jax.random.key(1), setting, PATTERNS)
  after = jax.jit(trial.study.sweep)(life, setting, PATTERNS).net

  @jax.jit
  def error(net):
    apart = [hierarchy.reconstruct(net, v) - v for v in PATTERNS.inputs]
    return 0.5 * sum((a**2).sum() for a in apart)

  # One update along the slope: ε ‖g‖² less, but for terms of ε².
  slopes = jax.jit(jax.grad(error))(life.net)
  size = sum(float((g**2).sum()) for g in jax.tree.leaves(slopes))
  fall = float(error(life.net) - error(after))
  assert fall == pytest.approx(0.01 * size, rel=0.05)


def test_the_top_loop_is_as_wide_as_the_hidden_units_of_both_others():
  trial = hierarchies.trial(RECIPE._replace(precision='float32'), (5, 3, 5))
  patterns = vectors_of.one_hot(5, halves=2)
  net = trial.study.start(jax.random.key(0), SETTING, patterns).net
  shapes = [layer.w.shape for loop in (*net.below, net.top) for layer in loop]
  assert shapes == [(5, 3), (3, 5)] * 2 + [(6, 3), (3, 6)]
  assert hierarchy.reconstruct(net, patterns.inputs[0]).shape == (10,)


def test_tied_matrices_are_refused():
  with pytest.raises(ValueError, match='expected matrices apart'):
    hierarchies.trial(RECIPE._replace(tied=True), SIZES)

"""When a net counts as solved, how long it goes on, and how it ended."""

import chex
import jax
import numpy as np
import pytest
import samples

from jaxrep import nets as layered
from jaxrep import seeds, trials
from jaxrep.measures.minima import Outcome
from jaxrep.tasks import symmetry
from jaxrep.tasks.patterns import Patterns

RECIPE = samples.RECIPE._replace(after=30)
PATTERNS = symmetry.patterns(4, coding='binary')
BLOCKS = seeds.Blocks(16, tuple(jax.local_devices()[:2]))


def train(recipe=RECIPE, patterns=PATTERNS, rows=range(48), hidden=2):
  sizes = patterns.inputs.shape[1], hidden, patterns.targets.shape[1]
  trial = trials.trial(recipe, sizes)
  nets = seeds.cross(rows, **recipe.grid())
  return trial, nets, trials.run(trial, nets, patterns, blocks=BLOCKS)


@pytest.fixture(scope='module')
def trained():
  return train()


def worst(net, patterns=PATTERNS):
  y = jax.vmap(jax.vmap(layered.apply, (None, 0)), (0, None))(
    net, patterns.inputs
  )
  return np.abs(np.asarray(y) - patterns.targets[None]).max(axis=(1, 2))


def snapshots(trial, nets, last):
  """The nets after each sweep, by looking at every one."""
  kept = {}
  for look in seeds.evolve(
    trial.study, nets, marks=range(last + 1), blocks=BLOCKS, shared=PATTERNS
  ):
    kept[look.mark] = jax.tree.map(np.copy, look.state.net)
  return kept


def test_sweeps_count_the_changes_before_the_criterion_first_held(trained):
  trial, nets, (_, arrays, _) = trained
  kept = snapshots(trial, nets, 200)
  far = np.array([worst(kept[t]) for t in sorted(kept)])
  for k in np.flatnonzero(arrays['sweeps'] <= 150):
    assert np.argmax(far[:, k] < 0.5) == arrays['sweeps'][k]


def test_solved_nets_are_measured_a_fixed_number_of_sweeps_past_the_solve(
  trained,
):
  trial, nets, (net, arrays, _) = trained
  solved = arrays['outcome'] == Outcome.SOLVED
  assert solved.sum() > 5
  np.testing.assert_array_equal(
    arrays['age'][solved], arrays['sweeps'][solved] + RECIPE.after
  )
  kept = snapshots(trial, nets, 200)
  for k in np.flatnonzero(arrays['age'] <= 200):
    then = kept[int(arrays['age'][k])]
    for layer, old in zip(net, then, strict=True):
      np.testing.assert_array_equal(layer.w[k], old.w[k])


def test_the_others_stop_at_the_budget(trained):
  _, _, (net, arrays, _) = trained
  unsolved = arrays['outcome'] != Outcome.SOLVED
  assert unsolved.sum() > 5
  np.testing.assert_array_equal(arrays['age'][unsolved], RECIPE.sweeps)
  assert np.all(np.isnan(arrays['sweeps'][unsolved]))
  assert np.all(worst(net)[unsolved] >= 0.5)


def test_a_longer_budget_changes_no_net_that_was_solved(trained):
  _, _, (_, short, _) = trained
  _, _, (_, long, _) = train(RECIPE._replace(sweeps=800))
  solved = short['outcome'] == Outcome.SOLVED
  for name in ('sweeps', 'error', 'age'):
    np.testing.assert_array_equal(short[name][solved], long[name][solved])


@pytest.mark.slow
def test_the_criterion_is_tested_after_the_last_change(trained):
  """With the budget at a net's very number of sweeps, it is solved."""
  _, _, (_, arrays, _) = trained
  k = int(np.nanargmin(arrays['sweeps']))
  needed = int(arrays['sweeps'][k])
  for budget, solves in ((needed, True), (needed - 1, False)):
    _, _, (_, found, _) = train(
      RECIPE._replace(sweeps=budget, after=0), rows=[k]
    )
    assert (found['outcome'][0] == Outcome.SOLVED) == solves


def test_a_margin_asks_for_more_than_the_right_side(trained):
  _, _, (_, half, _) = trained
  _, _, (net, strict, _) = train(RECIPE._replace(margin=(0.1,), after=0))
  solved = ~np.isnan(strict['sweeps'])
  assert solved.any()
  assert np.all(strict['sweeps'][solved] > half['sweeps'][solved])
  assert np.all(worst(net)[solved] < 0.1)


def test_curves_end_at_the_final_error_and_start_at_the_first(trained):
  trial, nets, (net, arrays, _) = trained
  np.testing.assert_array_equal(arrays['curve'][:, -1], arrays['error'])
  kept = snapshots(trial, nets, 0)[0]
  y = jax.vmap(jax.vmap(layered.apply, (None, 0)), (0, None))(
    kept, PATTERNS.inputs
  )
  e = 0.5 * ((np.asarray(y) - PATTERNS.targets[None]) ** 2).sum(axis=(1, 2))
  np.testing.assert_allclose(arrays['curve'][:, 0], e, rtol=1e-5)


def test_nets_that_blow_up_are_diverged_and_counted():
  _, _, (_, arrays, _) = train(RECIPE._replace(init_range=(np.inf,)))
  assert np.all(arrays['outcome'] == Outcome.DIVERGED)
  assert np.all(np.isnan(arrays['sweeps']))


@pytest.mark.slow
def test_a_task_that_cannot_be_learnt_ends_in_a_certified_minimum():
  """One pattern with both answers: E is least at y = ½, at finite weights."""
  patterns = Patterns(
    np.zeros((2, 2), np.float32), np.array([[0.0], [1.0]], np.float32)
  )
  _, _, (_, arrays, _) = train(patterns=patterns, rows=range(3))
  np.testing.assert_allclose(arrays['error'], 0.25, atol=1e-4)
  assert not np.any(arrays['outcome'] == Outcome.SOLVED)
  # Hidden weights carry no signal here, so the minimum is flat along them.
  assert np.all(arrays['outcome'] == Outcome.DEGENERATE)


def test_zero_biases_start_at_zero():
  recipe = RECIPE._replace(bias_init='zero')
  trial = trials.trial(recipe, (4, 2, 1))
  nets = seeds.cross(range(5), **recipe.grid())
  start = snapshots(trial, nets, 0)[0]
  for layer in start:
    assert not layer.b.any() and layer.w.any()


def test_marks_hold_the_budget_and_one_past_it():
  marks = RECIPE.marks()
  assert {0, 400, 401, 431} <= set(marks)


@pytest.mark.parametrize(
  ('least', 'last'), [(300, 431), (430, 431), (900, 901)]
)
def test_marks_reach_past_what_every_net_makes(least, last):
  marks = RECIPE._replace(least=least).marks()
  assert marks[-1] == last and {0, 400, 401} <= set(marks)
  assert marks == sorted(set(marks))


@pytest.mark.parametrize('least', [300, 450])
def test_every_net_makes_the_least_number_of_sweeps(trained, least):
  """Of a budget of 400, and 30 past the solve, which is where it was."""
  _, nets, (left, without, _) = trained
  trial, _, (net, arrays, _) = train(RECIPE._replace(least=least))
  for name in ('sweeps', 'outcome'):
    np.testing.assert_array_equal(arrays[name], without[name])
  assert np.any(without['age'] < 300) and np.any(without['age'] > 300)
  np.testing.assert_array_equal(
    arrays['age'], np.maximum(without['age'], least)
  )
  then = snapshots(trial, nets, least)[least]
  early = np.flatnonzero(without['age'] < least)
  for layer, old, gone in zip(net, then, left, strict=True):
    np.testing.assert_array_equal(layer.w[early], old.w[early])
    assert np.all(layer.w[early] != gone.w[early])


@pytest.mark.parametrize('links', [False, True])
@pytest.mark.parametrize('bias_init', ['uniform', 'zero'])
def test_drawing_is_the_draw_of_the_range_and_its_biases(bias_init, links):
  recipe = RECIPE._replace(
    bias_init=bias_init, links=links, precision='float64'
  )
  with jax.enable_x64(True):
    net = trials.drawing(recipe, (4, 2, 1))(jax.random.key(3), 0.7)
  wanted = layered.init(
    jax.random.key(3),
    (4, 2, 1),
    weight_range=0.7,
    bias_range=0.7 if bias_init == 'uniform' else 0.0,
    links=links,
  )
  chex.assert_trees_all_equal(net, wanted)
  assert {a.dtype for a in jax.tree.leaves(net)} == {np.dtype('float32')}
  assert len(net[1].w) == (6 if links else 2)


@pytest.mark.parametrize('precision', trials.PRECISIONS)
def test_nets_start_where_they_are_told(precision):
  """Weight k is k + 1/3, which float32 rounds: no draw, whatever the seed."""
  recipe = RECIPE._replace(given=True, precision=precision, links=True)
  start = np.arange(17) + 1 / 3  # 4-2-1 with links: 10 and 7 weights
  setting = {name: np.float32(a[0]) for name, a in recipe.grid().items()}
  trial = trials.trial(recipe, (4, 2, 1))
  with trial.exact:
    life = trial.study.start(
      jax.random.key(0), setting | {'start': start}, PATTERNS
    )
    listed = layered.listed(life.net)
  assert all(a.dtype == precision for a in jax.tree.leaves(life.net))
  np.testing.assert_array_equal(listed, start.astype(precision))
  chex.assert_shape(life.net[1].w, (6, 1))
  assert not any(a.any() for a in jax.tree.leaves(life.rule.change))


@pytest.mark.slow
def test_no_error_inside_the_band_is_not_yet_solved():
  """The band ends at 0.2 from the target, the margin asks for 0.01."""
  recipe = RECIPE._replace(band=0.2, margin=(0.01,), sweeps=300, after=0)
  _, _, (net, arrays, _) = train(recipe)
  resting = arrays['error'] == 0
  assert resting.any()
  assert np.all(worst(net)[resting] >= 0.01)
  assert np.all(arrays['outcome'][resting] == Outcome.DEGENERATE)
  assert np.all(np.isnan(arrays['sweeps'][resting]))

"""Where nets keep which family tree: draws, the whole protocol, its measures.

The oracle of the protocol is `lived`: a loop over cases in NumPy, with the
letter's backward pass and its rule written out.
"""

import functools

import jax
import numpy as np
import pytest
from scipy import stats

from experiments.results import kinship as results
from jaxrep import branched, kinship, seeds
from jaxrep.measures import storage
from jaxrep.tasks import family_trees

PATTERNS = family_trees.patterns()
PAIRS = 52
RECIPE = kinship.Recipe(
  sweeps=5,
  fork_sweeps=8,
  permutations=0,  # ten tests by them, a layer each, take seconds to compile
)
RATE, BAND = np.float32(0.5), np.float32(0.2)
FROM = 0.4  # of 5 sweeps: the first two are not tallied
SEED = 3


@functools.cache
def program():
  return jax.jit(jax.vmap(kinship.one_net(RECIPE), (0, 0, None)))


@functools.cache
def lives(*momenta, rows=(SEED, SEED)):
  """Returns the arrays of two nets, side by side."""
  setting = {
    'learning_rate': np.full(2, RATE),
    'momentum': np.float32(momenta),
    'init_range': np.ones(2, np.float32),
    'band': np.full(2, BAND),
    'tally_from': np.full(2, FROM, np.float32),
  }
  found = program()(np.array(rows, np.uint32), setting, PATTERNS)
  return jax.tree.map(np.asarray, found)


def life(momentum):
  """Returns the arrays of one net, without or with a momentum of 0.5."""
  k = (0.0, 0.5).index(momentum)
  return {name: a[k] for name, a in lives(0.0, 0.5).items()}


@functools.cache
def draws(count=400):
  keys = jax.vmap(jax.random.key)(np.arange(count, dtype=np.uint32))
  found = jax.jit(jax.vmap(kinship.draw))(keys)
  return [np.asarray(a) for a in found]


class TestDraw:
  def test_one_of_two_twins_counts_by_lot(self):
    by_lot, _ = draws()
    assert set(np.unique(by_lot)) == {0, 1}
    np.testing.assert_array_equal(by_lot[:, :PAIRS] + by_lot[:, PAIRS:], 1)

  def test_the_lot_is_fair_to_each_pair(self):
    """A fair one fails for any of 52 pairs once in 10^4."""
    english = draws()[0][:, :PAIRS].sum(axis=0)
    low, high = stats.binom.interval(1 - 2e-6, 400, 0.5)
    assert np.all((low <= english) & (english <= high))

  def test_each_fork_lacks_half_of_one_tree(self):
    _, forks = draws()
    trees = forks.reshape(-1, 4, 2, PAIRS).sum(axis=3)
    expected = [[26, 52], [26, 52], [52, 26], [52, 26]]
    np.testing.assert_array_equal(trees, np.broadcast_to(expected, trees.shape))
    assert kinship.TAUGHT == 78

  def test_what_one_fork_lacks_its_partner_is_taught(self):
    _, forks = draws()
    for k in (0, 2):
      lacked = (1 - forks[:, k]) * (1 - forks[:, k + 1])
      assert not lacked.any()

  def test_halves_of_the_trees_are_twins(self):
    _, forks = draws()
    twins = family_trees.case_twins()
    np.testing.assert_array_equal(forks[:, 0], forks[:, 2][:, twins])
    np.testing.assert_array_equal(forks[:, 1], forks[:, 3][:, twins])

  def test_each_case_is_left_out_as_often(self):
    """A fair draw fails for any of 52 pairs once in 10^4."""
    first = draws()[1][:, 0, :PAIRS].sum(axis=0)
    low, high = stats.binom.interval(1 - 2e-6, 400, 0.5)
    assert np.all((low <= first) & (first <= high))


class TestOrdered:
  def test_it_is_all_cases_with_the_taught_in_front(self):
    taught = draws()[1][0, 0]
    order = np.asarray(kinship.ordered(jax.random.key(0), taught))
    np.testing.assert_array_equal(np.sort(order), np.arange(104))
    assert taught[order[:78]].all() and not taught[order[78:]].any()

  def test_who_is_left_out_does_not_change_the_order_of_the_rest(self):
    taught = draws()[1][0, 0]
    some = np.asarray(kinship.ordered(jax.random.key(0), taught))
    every = np.asarray(kinship.ordered(jax.random.key(0), np.ones(104)))
    np.testing.assert_array_equal(some[:78], every[taught[every] > 0])

  def test_other_keys_give_other_orders(self):
    orders = [
      np.asarray(kinship.ordered(jax.random.key(k), np.ones(104)))
      for k in range(2)
    ]
    # Of 104 places, two orders by lot share one on average.
    assert np.sum(orders[0] == orders[1]) < 10


def sigmoid(x):
  return 1 / (1 + np.exp(-x))


def slopes(net, x, d, band):
  """Returns dE/dw for one case, of weights by name, and the outputs."""

  def seen(name, below):
    return sigmoid(below @ net[f'{name}_w'] + net[f'{name}_b'])

  below = {'people': x[:24], 'relations': x[24:]}
  codes = [seen(name, below[name]) for name in ('people', 'relations')]
  below['central'] = np.concatenate(codes)
  answers = {}
  for name, above in (
    ('central', 'penultimate'), ('penultimate', 'output'), ('output', 'end')
  ):  # fmt: skip
    answers[name] = below[above] = seen(name, below[name])
  y = answers['output']
  gap = y - d
  back = np.sign(gap) * np.maximum(np.abs(gap) - band, 0)
  slope = {}
  for name in ('output', 'penultimate', 'central'):
    delta = back * answers[name] * (1 - answers[name])
    slope[f'{name}_w'] = np.outer(below[name], delta)
    slope[f'{name}_b'] = delta
    back = net[f'{name}_w'] @ delta
  delta = back * below['central'] * (1 - below['central'])
  for name, part in (('people', delta[:6]), ('relations', delta[6:])):
    slope[f'{name}_w'] = np.outer(below[name], part)
    slope[f'{name}_b'] = part
  return slope, y


def named(net):
  return {k: np.float64(v) for k, v in branched.named(net).items()}


def lived(seed, momentum):
  """Returns a net's ratios, the control by lot, and what is right, by name."""
  key = jax.random.key(seed)
  by_lot, forks = (np.asarray(a) for a in kinship.draw(key))
  orders = jax.random.fold_in(key, kinship._ORDERS)
  net = named(branched.init(key, weight_range=1.0, biases=True))
  change = {name: 0.0 for name in net}

  def sweep(net, change, k, taught, tell):
    keyed = jax.random.fold_in(orders, k)
    order = np.asarray(kinship.ordered(keyed, np.ones(104)))
    for case in order[taught[order] > 0]:
      x, d = PATTERNS.inputs[case], PATTERNS.targets[case]
      slope, _ = slopes(net, x, d, BAND)
      change = {
        name: -RATE * slope[name] + momentum * change[name] for name in net
      }
      net = {name: net[name] + change[name] for name in net}
      tell(case, change)
    return net, change

  sums = {n: {name: 0.0 for name in net} for n in ('a', 'b', 'lot')}

  def tell(case, change):
    groups = ['a' if case < PAIRS else 'b']
    for group in groups + ['lot'] * bool(by_lot[case]):
      for name in sums[group]:
        sums[group][name] = sums[group][name] + np.abs(change[name])

  for k in range(RECIPE.sweeps):
    counts = k >= round(FROM * RECIPE.sweeps)
    said = tell if counts else lambda case, change: None
    net, change = sweep(net, change, k, np.ones(104), said)
  gaps = [
    np.abs(slopes(net, x, d, 0.0)[1] - d).max()
    for x, d in zip(PATTERNS.inputs, PATTERNS.targets, strict=True)
  ]
  ends = []
  for taught in forks:
    fork, state = net, change
    for k in range(RECIPE.sweeps, RECIPE.sweeps + RECIPE.fork_sweeps):
      fork, state = sweep(fork, state, k, taught, lambda case, change: None)
    ends.append(fork)
  found = {}
  for name in net:
    a, b, lot = (sums[group][name] for group in ('a', 'b', 'lot'))
    c, d = (np.abs(ends[k][name] - ends[k + 1][name]) for k in (0, 2))
    found[f'updating_{name}'] = a / (a + b)
    found[f'difference_{name}'] = c / (c + d)
    found[f'lot_{name}'] = lot / (a + b)
  return found, np.array(gaps)


def test_one_net_gives_all_measures_of_all_layers():
  """Names and shapes only: nothing is compiled."""
  setting = dict.fromkeys(
    ('learning_rate', 'momentum', 'init_range', 'band', 'tally_from'), 0.5
  )
  found = jax.eval_shape(
    kinship.one_net(RECIPE._replace(permutations=19)), np.uint32(SEED),
    jax.tree.map(np.float32, setting), PATTERNS,
  )  # fmt: skip
  for layer in branched.LAYERS:
    ratio = found[f'updating_{layer}_w'].shape
    assert ratio == found[f'difference_{layer}_w'].shape and len(ratio) == 2
    for name in ('r_{}', 'r_{}_other_net', 'r_{}_within', 'p_{}'):
      assert found[name.format(layer)].shape == ()
  assert found['right'].shape == (104,)
  assert found['fork_right'].shape == found['taught'].shape == (4, 104)


@pytest.mark.slow
class TestOneNet:
  @pytest.mark.parametrize('momentum', [0.0, 0.5])
  def test_it_is_a_loop_over_cases(self, momentum):
    found, (expected, gaps) = life(momentum), lived(SEED, momentum)
    # Of float32 ratios after 1,100 changes; c and d are themselves small
    # differences of weights.
    for name, ratio in expected.items():
      if not name.startswith('lot'):
        close = 1e-4 if name.startswith('updating') else 0.01
        np.testing.assert_allclose(found[name], ratio, atol=close, err_msg=name)
    np.testing.assert_array_equal(found['right'], gaps < 0.5)
    for layer in branched.LAYERS:
      x, y, lot = (
        expected[f'{kind}_{layer}_w'].ravel()
        for kind in ('updating', 'difference', 'lot')
      )
      for name, ratio in (('', x), ('_shuffled', lot)):
        r = np.corrcoef(ratio, y)[0, 1]
        assert found[f'r_{layer}{name}'] == pytest.approx(r, abs=0.01)

  def test_a_person_is_changed_by_questions_about_that_person_alone(self):
    updating = life(0.0)['updating_people_w']
    np.testing.assert_array_equal(updating[:12], 1)
    np.testing.assert_array_equal(updating[12:], 0)
    # With momentum a change is of earlier cases as well.
    updating = life(0.5)['updating_people_w']
    assert np.all((updating > 0) & (updating < 1))

  def test_a_net_knows_nothing_of_its_neighbour(self):
    first = lives(0.0, 0.5)
    second = lives(0.0, 0.1, rows=(SEED, 7))
    for name, array in first.items():
      np.testing.assert_array_equal(array[0], second[name][0], err_msg=name)
    assert np.abs(first['r_central'] - second['r_central'])[1] > 1e-3

  def test_another_nets_tallies_are_not_its_own(self):
    found = life(0.0)
    for layer in ('relations', 'central', 'penultimate', 'output'):
      own, other = found[f'r_{layer}'], found[f'r_{layer}_other_net']
      assert np.abs(own - other) > 1e-3

  def test_what_forks_were_taught_is_told(self):
    expected = kinship.draw(jax.random.key(SEED)).forks
    np.testing.assert_array_equal(life(0.0)['taught'], np.asarray(expected) > 0)


def ratios(seed=0, **planted):
  """Returns ratios by lot, but for those that are given."""
  start = branched.init(jax.random.key(0), weight_range=1.0, biases=True)
  rng = np.random.default_rng(seed)

  def drawn():
    return jax.tree.map(lambda w: rng.random(w.shape, np.float32), start)

  each = {name: drawn() for name in storage.Ratios._fields}
  return storage.Ratios(**(each | planted))


@functools.partial(jax.jit, static_argnums=1)
def correlations(found, permutations):
  key = jax.random.key(0)
  return kinship.correlations(key, found, permutations=permutations)


class TestCorrelations:
  def test_all_layers_are_tested_by_permutation(self):
    """Names only: nothing is compiled."""
    names = jax.eval_shape(lambda r: correlations(r, 19), ratios())
    assert len([name for name in names if name.startswith('p_')]) == 10

  def test_each_is_of_the_layer_and_the_control_that_it_names(self):
    found = ratios()
    by_name = {n: named(getattr(found, n)) for n in storage.Ratios._fields}
    result = correlations(found, 199)
    pairs = {
      '': ('updating', 'difference'),
      '_other_net': ('other', 'difference'),
      '_shuffled': ('shuffled', 'difference'),
      '_swapped': ('updating', 'swapped'),
    }
    expected = {}
    for layer in branched.LAYERS:
      for control, (a, b) in pairs.items():
        for kind, leaf in (('', 'w'), ('_biases', 'b')):
          both = (by_name[n][f'{layer}_{leaf}'].ravel() for n in (a, b))
          r = np.corrcoef(*both)[0, 1]
          expected[f'r_{layer}{kind}{control}'] = r
      x, y = (by_name[n][f'{layer}_w'] for n in pairs[''])
      left = [(z - z.mean(axis=0)).ravel() for z in (x, y)]
      expected[f'r_{layer}_within'] = np.corrcoef(*left)[0, 1]
    tests = {n for n in result if n.startswith(('p_', 'effective_'))}
    assert result.keys() - tests == expected.keys()
    for name, r in expected.items():
      assert result[name] == pytest.approx(r, abs=1e-5), name

  def test_a_planted_relation_is_found_by_permutation_of_units(self):
    found = ratios()
    found = found._replace(difference=found.updating)
    result = correlations(found, 199)
    for layer in branched.LAYERS:
      assert result[f'r_{layer}'] == pytest.approx(1, abs=1e-5)
    # Of the 12! orders of units no other is drawn; of 6 units there are 720.
    assert result['p_central'] == pytest.approx(1 / 200)
    assert result['p_penultimate'] < 0.05


class TestParts:
  def test_each_recipe_has_a_part_with_all_settings(self):
    grid = {'learning_rate': (0.5, 1.0), 'momentum': (0.0,)}
    recipes = [RECIPE, RECIPE._replace(sweeps=9)]
    blocks = seeds.Blocks(16, tuple(jax.local_devices()[:1]))
    found = results.parts(
      recipes, grid=grid, seed_range=range(3), blocks=blocks
    )
    assert [part.name for part in found] == ['nets_1', 'nets_2']
    assert [part.settings[1] for part in found] == [
      {'sweeps': n, 'fork_sweeps': 8, 'learning_rate': 1.0, 'momentum': 0.0}
      for n in (5, 9)
    ]
    for part in found:
      np.testing.assert_array_equal(part.nets.seed, [0, 1, 2, 0, 1, 2])
    [alone] = results.parts([RECIPE], grid=grid, seed_range=[0], blocks=blocks)
    assert alone.name == 'nets'


class TestResults:
  def arrays(self):
    """Three nets, one of which has no r in its central layer."""
    names = correlations(ratios(), 199)
    found = {name: np.full(3, 0.5) for name in names}
    found['r_central'] = np.array([0.6, -0.2, np.nan])
    found['r_central_other_net'] = np.array([0.1, 0.1, 0.1])
    found['p_central'] = np.array([0.05, 0.5, np.nan])
    found['right'] = np.ones((3, 104), bool)
    found['right'][0, :26] = False
    taught = np.broadcast_to(draws()[1][0] > 0, (3, 4, 104))
    return found | {'fork_right': taught, 'taught': taught}

  def test_they_are_as_worked_by_hand(self):
    found = results.results(self.arrays())
    # (0.36 + 0.04) / 2; (0.6 - 0.2) / 2; the third net has none.
    assert found['r2_central'].value == pytest.approx(0.2)
    assert found['r_central'].value == pytest.approx(0.2)
    assert found['r_central'].n == 2
    assert found['r_central_above_other_net'].value == pytest.approx(0.1)
    assert found['central_significant_rate'].value == 0.5
    # 78 of 104, and twice all: the mean is 11/12.
    assert found['train_accuracy'].value == pytest.approx(11 / 12)
    assert found['learnt_rate'].value == pytest.approx(2 / 3)
    assert found['fork_accuracy'].value == 1
    assert found['left_out_accuracy'].value == 0

  def test_every_layer_has_its_r2_and_controls(self):
    found = results.results(self.arrays())
    for layer in branched.LAYERS:
      for kind in results.KINDS:
        for control in ('', *results.CONTROLS):
          assert f'r2_{layer}{kind}{control}' in found

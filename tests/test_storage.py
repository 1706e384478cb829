"""Ratios of tallies and of forks: by hand, by NumPy, by their laws."""

import functools

import jax
import numpy as np
import pytest

from jaxrep import nets
from jaxrep.measures import storage

ratios = jax.jit(storage.ratios)
ROUNDING = 2e-6  # of float32, where r is made of 60 points
COUNT = 99  # relabellings


@functools.partial(jax.jit, static_argnames='permutations')
def _correlations(seed, found, active, written, near, *, permutations):
  return storage.correlations(
    jax.random.key(seed), found, active, written, permutations=permutations,
    near=near,
  )  # fmt: skip


def correlations(found, active, written, *, seed=0, near=0.01):
  """Returns that of a net, by one program for all."""
  result = _correlations(
    np.uint32(seed), found, active, written, np.float32(near),
    permutations=COUNT,
  )  # fmt: skip
  return jax.tree.map(np.asarray, result)


def layer(w, b):
  return nets.Layer(np.float32(w), np.float32(b))


class TestByHand:
  """A net of 2 parameters: tallies, and weights of the four forks."""

  SUMS = (layer([[[3]], [[1]], [[2.5]], [[0]], [[4]]],
                [[0], [2], [0.5], [6], [2]]),)  # fmt: skip
  OTHER = (layer([[[1]], [[1]], [[9]], [[9]], [[9]]],
                 [[1], [3], [9], [9], [9]]),)  # fmt: skip
  FORKS = (layer([[[1]], [[2]], [[5]], [[2]]], [[1], [1], [-3], [0]]),)

  @pytest.mark.parametrize(
    ('name', 'weight', 'bias'),
    [
      ('updating', 3 / 4, 0),  # 3/(3 + 1), 0/(0 + 2)
      ('difference', 1 / 4, 0),  # |1 - 2| and |5 - 2|; 0 and 3
      ('other', 1 / 2, 1 / 4),
      ('shuffled', 2.5 / 4, 0.5 / 2),  # of 3 + 1 and 0 + 2
      ('rest', 0, 6 / 8),  # 0/(0 + 4), 6/(6 + 2)
      ('whole', 3 / 8, 6 / 10),  # (3 + 0)/(3 + 0 + 1 + 4), 6/(6 + 2 + 2)
      ('swapped', 1, 4 / 5),  # |1 - 5| and |2 - 2|; |1 + 3| and |1 - 0|
      ('crossed', 1 / 4, 1 / 5),  # |1 - 2| and |2 - 5|; |1 - 0| and |1 + 3|
    ],
  )
  def test_ratios_as_worked_by_hand(self, name, weight, bias):
    found = getattr(ratios(self.SUMS, self.OTHER, self.FORKS), name)[0]
    # One division of float32 rounds by 6e-8.
    assert found.w.item() == pytest.approx(weight, abs=1e-7)
    assert found.b.item() == pytest.approx(bias, abs=1e-7)

  def test_what_was_never_updated_and_never_differs_has_no_ratio(self):
    still = jax.tree.map(np.zeros_like, self.SUMS)
    same = jax.tree.map(np.ones_like, self.FORKS)
    found = ratios(still, still, same)
    assert all(np.isnan(leaf).all() for leaf in jax.tree.leaves(found))

  def test_all_by_lot_is_all_though_rounding_adds_some(self):
    """The lot's sum may lie above that of both groups, which leaves nothing."""
    sums = (layer([[[3]], [[1]], [[4.00001]], [[0]], [[4]]], np.ones((5, 1))),)
    assert ratios(sums, sums, self.FORKS).shuffled[0].w.item() == 1


SIZES = 6, 10, 3, 2
ACTIVE = np.array([True, True, False, True, True, True])
WRITTEN = np.array([True, True, False, False, True, True])


def leaves(seed, count, positive):
  rng = np.random.default_rng(seed)

  def drawn(*shape):
    found = rng.normal(size=(count, *shape))
    return np.exp(found) if positive else found

  pairs = zip(SIZES[:-1], SIZES[1:], strict=True)
  return tuple(layer(drawn(i, o), drawn(o)) for i, o in pairs)


def drawn(seed=0):
  """Returns tallies, another net's, and forks, of random nets.

  Neuron 7 of the first layer is dead: no update, no difference.
  """
  sums, other = leaves(seed, 5, True), leaves(seed + 100, 5, True)
  forks = leaves(seed + 200, 4, False)
  for a in (sums[0].w, sums[0].b):
    a[2] = 0.5 * a[0] + 0.3 * a[1]  # of both together some
  for a in (sums[0].w, sums[0].b, forks[0].w, forks[0].b):
    a[..., 7] = 0
  return sums, other, forks


def rows(tree, order):
  return jax.tree.map(lambda a: a[np.array(order)], tree)


def close(found, wanted):
  for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
    np.testing.assert_allclose(a, b, atol=1e-6)  # the difference of two ratios


def less(tree):
  """Returns 1 less it."""
  return jax.tree.map(lambda a: 1 - a, tree)


class TestLaws:
  def test_the_other_way_round_ratios_are_what_is_left_of_1(self):
    sums, other, forks = drawn()
    found = ratios(sums, other, forks)
    turned = ratios(
      rows(sums, [1, 0, 2, 4, 3]), rows(other, [1, 0, 2, 4, 3]),
      rows(forks, [2, 3, 0, 1]),
    )  # fmt: skip
    for name in ('updating', 'difference', 'other', 'rest', 'whole'):
      close(getattr(turned, name), less(getattr(found, name)))
    close(turned.shuffled, found.shuffled)
    close(turned.swapped, found.swapped)  # |3 - 1|, |4 - 2|: as it was
    close(turned.crossed, less(found.crossed))  # |3 - 2|, |4 - 1|

  def test_those_not_drawn_by_lot_are_what_is_left_of_1(self):
    sums, other, forks = drawn()
    left = jax.tree.map(lambda a: a.copy(), sums)
    for a in jax.tree.leaves(left):
      a[2] = np.maximum(a[0] + a[1] - a[2], 0)
    kept = ratios(sums, other, forks).shuffled[0]
    close(ratios(left, other, forks).shuffled[0], less(kept))

  def test_forks_of_a_pair_may_change_places(self):
    sums, other, forks = drawn()
    found = ratios(sums, other, forks)
    turned = ratios(sums, other, rows(forks, [1, 0, 3, 2]))
    close(turned.difference, found.difference)
    close(turned.swapped, less(found.swapped))
    close(turned.crossed, less(found.crossed))

  def test_swapped_and_crossed_are_of_forks_paired_the_two_wrong_ways(self):
    sums, other, forks = drawn()
    found = ratios(sums, other, forks)
    for name, order in (('swapped', [0, 2, 1, 3]), ('crossed', [0, 3, 1, 2])):
      turned = ratios(sums, other, rows(forks, order))
      close(turned.difference, getattr(found, name))

  def test_the_other_net_is_only_in_its_own_ratio(self):
    sums, other, forks = drawn()
    found, same = ratios(sums, other, forks), ratios(sums, sums, forks)
    close(same.other, found.updating)
    close(found._replace(other=0), same._replace(other=0))


def pearson(x, y, keep=True):
  keep = np.isfinite(x) & np.isfinite(y) & keep
  return np.corrcoef(np.float64(x[keep]), np.float64(y[keep]))[0, 1]


def parts(x, y, among):
  """Returns r, within columns, between them, and within rows, by loops.

  Within rows, blank ones are left out, whichever are asked about.
  """
  x, y = (np.where(among[:, None], np.float64(a), np.nan) for a in (x, y))
  keep = np.isfinite(x) & np.isfinite(y)
  x, y = np.where(keep, x, np.nan), np.where(keep, y, np.nan)

  def left(a, axis):
    live = np.isfinite(a).any(axis=axis)
    a = a[:, live] if axis == 0 else a[live]
    return a - np.nanmean(a, axis=axis, keepdims=True)

  live = keep.any(axis=0)
  means = [np.nanmean(a[:, live], axis=0) for a in (x, y)]
  return {
    '': pearson(x, y),
    '_within': pearson(left(x, 0), left(y, 0)),
    '_between': pearson(*means),
    '_within_pixels': pearson(left(x[ACTIVE], 1), left(y[ACTIVE], 1)),
  }


@pytest.fixture(scope='module')
def given():
  """Ratios of a random net, as NumPy arrays; one weight's alone is nan."""
  sums, other, forks = drawn()
  sums[0].w[:2, 3, 2] = 0
  return jax.tree.map(np.asarray, ratios(sums, other, forks))


@pytest.fixture(scope='module')
def found(given):
  return correlations(given, ACTIVE, WRITTEN)


ROWS = {
  '': ('updating', 'difference', np.ones(6, bool)),
  '_active_pixels': ('updating', 'difference', ACTIVE),
  '_written_pixels': ('updating', 'difference', WRITTEN),
  '_rest': ('rest', 'difference', np.ones(6, bool)),
  '_whole': ('whole', 'difference', np.ones(6, bool)),
  '_other_net': ('other', 'difference', np.ones(6, bool)),
  '_shuffled': ('shuffled', 'difference', np.ones(6, bool)),
  '_swapped': ('updating', 'swapped', np.ones(6, bool)),
  '_crossed': ('updating', 'crossed', np.ones(6, bool)),
}
WAYS = '', '_within', '_between', '_within_pixels'


class TestCorrelations:
  @pytest.mark.parametrize('name', ROWS)
  def test_of_the_first_layer_they_are_those_of_numpy(self, given, found, name):
    first, second, among = ROWS[name]
    x, y = (getattr(given, each)[0] for each in (first, second))
    for way, r in parts(x.w, y.w, among).items():
      assert found[f'r_weights{name}{way}'] == pytest.approx(r, abs=ROUNDING)
    if not name.endswith('pixels'):
      r = pearson(x.b, y.b)
      assert found[f'r_biases{name}'] == pytest.approx(r, abs=ROUNDING)

  def test_of_higher_layers_they_are_those_of_numpy(self, given, found):
    for k in (1, 2):
      x, y = given.updating[k], given.difference[k]
      r = pearson(x.w, y.w)
      assert found[f'r_weights_{k + 1}'] == pytest.approx(r, abs=ROUNDING)
    x, y = given.updating[1], given.difference[1]
    assert found['r_biases_2'] == pytest.approx(pearson(x.b, y.b), abs=ROUNDING)

  def test_names_are_those_that_the_docstring_says(self, found):
    """Two output biases have no r, and pixels have no biases."""
    names = {f'r_weights{name}{way}' for name in ROWS for way in WAYS}
    names |= {f'r_biases{n}' for n in ROWS if not n.endswith('pixels')}
    names |= {'r_weights_2', 'r_weights_3', 'r_biases_2', 'pixel_r'}
    names |= {'on_bias', 'blank_on_bias', 'active_on_bias'}
    names |= {'p_weights', 'p_biases', 'effective_weights'}
    assert set(found) == names
    assert 'r_biases_3' not in names
    assert all(
      a.shape == ((6,) if name == 'pixel_r' else ())
      for name, a in found.items()
    )

  def test_without_permutations_there_are_no_tests_by_them(self, given, found):
    """Shapes and types only: nothing is compiled."""
    bare = jax.eval_shape(
      functools.partial(_correlations, permutations=0),
      np.uint32(0), given, ACTIVE, WRITTEN, np.float32(0.01),
    )  # fmt: skip
    tests = {n for n in found if n.startswith(('p_', 'effective_'))}
    assert len(tests) == 3 and set(bare) == set(found) - tests

  def test_each_pixel_has_the_r_of_its_weights(self, given, found):
    x, y = given.updating[0].w, given.difference[0].w
    wanted = [pearson(a, b) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(found['pixel_r'], wanted, atol=ROUNDING)

  @pytest.mark.parametrize('near', [0.01, 0.2, 1])
  def test_weights_on_their_bias_are_counted(self, given, near):
    """By a loop; 1 takes in all points."""
    found = correlations(given, ACTIVE, WRITTEN, near=near)
    x, y = given.updating[0], given.difference[0]
    for name, pixels in (
      ('blank_', ~ACTIVE), ('active_', ACTIVE), ('', np.ones(6, bool))
    ):  # fmt: skip
      on = [
        max(abs(x.w[i, j] - x.b[j]), abs(y.w[i, j] - y.b[j])) <= near
        for i in np.flatnonzero(pixels)
        for j in range(10)
        if np.isfinite([x.w[i, j], y.w[i, j]]).all() and j != 7
      ]
      assert found[f'{name}on_bias'] == pytest.approx(np.mean(on), abs=1e-6)
    assert near < 1 or np.mean(on) == 1


def test_a_blank_pixel_s_weights_are_on_their_bias():
  """Its updates are the bias's by its grey level, and so are forks' moves."""
  sums, other, forks = drawn(3)
  for net in (sums, forks):
    net[0].w[:, 2] = net[0].b / 256
  found = correlations(ratios(sums, other, forks), ACTIVE, WRITTEN, near=1e-5)
  assert found['blank_on_bias'] == 1 and found['active_on_bias'] == 0
  assert found['on_bias'] == pytest.approx(1 / 6)
  assert found['pixel_r'][2] == pytest.approx(found['r_biases'], abs=1e-5)


def only(tree, live):
  """Returns ratios of which those of other neurons are not there."""
  w, b = np.array(tree[0].w), np.array(tree[0].b)
  gone = np.setdiff1d(np.arange(b.size), live)
  w[:, gone], b[gone] = np.nan, np.nan
  return (layer(w, b), *tree[1:])


class TestPermutations:
  def test_of_one_ratio_twice_no_relabelling_is_as_high(self, given):
    """Of 9! orders of the live neurons one is as high: p = 1/100."""
    twice = given._replace(difference=given.updating)
    for seed in range(3):
      found = correlations(twice, ACTIVE, WRITTEN, seed=seed)
      assert found['p_weights'] == found['p_biases'] == np.float32(0.01)
      assert found['r_weights'] == pytest.approx(1, abs=ROUNDING)

  def test_of_one_ratio_and_its_opposite_every_relabelling_is(self, given):
    opposite = given._replace(difference=less(given.updating))
    found = correlations(opposite, ACTIVE, WRITTEN)
    assert found['p_weights'] == found['p_biases'] == 1
    assert found['r_biases'] == pytest.approx(-1, abs=ROUNDING)

  def test_weights_are_tested_without_what_each_pixel_has_for_all(self, given):
    """Pixels that are high in both ratios: r near 1, and p as without them.

    Of blank pixels nothing counts: there both ratios are one and the same.
    """
    high = np.float32([[8], [-3], [0], [5], [-7], [0]])
    moved = {}
    for name in ('updating', 'difference'):
      first, *others = getattr(given, name)
      w = first.w + high
      w[~ACTIVE] = np.arange(10)
      moved[name] = (layer(w, first.b), *others)
    plain = correlations(given, ACTIVE, WRITTEN)
    found = correlations(given._replace(**moved), ACTIVE, WRITTEN)
    assert plain['r_weights_active_pixels'] < 0.5
    assert found['r_weights_active_pixels'] > 0.9
    for name in ('p_weights', 'r_weights_within_pixels'):
      assert found[name] == pytest.approx(plain[name], abs=1e-5)
    n = 'effective_weights'
    assert found[n] == pytest.approx(plain[n], rel=1e-4)

  def test_effective_points_are_the_variance_over_all_orders(self, given):
    """By NumPy, with 5,000 orders of the neurons: 1 + 1/var r."""
    rng = np.random.default_rng(0)
    x, y = (
      np.float64(a[0].w[ACTIVE]) for a in (given.updating, given.difference)
    )
    live = [j for j in range(10) if j not in (2, 7)]  # one is dead, one lacks
    ratios = given._replace(
      updating=only(given.updating, live),
      difference=only(given.difference, live),
    )
    x, y = (a[:, live] - a[:, live].mean(axis=1, keepdims=True) for a in (x, y))
    orders = [rng.permutation(len(live)) for _ in range(5_000)]
    r = [np.corrcoef(x.ravel(), y[:, order].ravel())[0, 1] for order in orders]
    found = correlations(ratios, ACTIVE, WRITTEN)['effective_weights']
    # The variance of 5,000 draws is off by 2 % one time in three.
    assert found == pytest.approx(1 + 1 / np.var(r), rel=0.08)

  def test_weights_and_biases_are_relabelled_apart(self, given):
    """Were they not, weights that are all their bias's would have its p."""

    def as_bias(tree):
      first = tree[0]
      w = np.broadcast_to(first.b, first.w.shape)
      return (layer(w, first.b), *tree[1:])

    alike = given._replace(
      updating=as_bias(given.updating), difference=as_bias(given.difference)
    )
    found = [
      correlations(alike, ACTIVE, WRITTEN, seed=seed) for seed in range(6)
    ]
    ps = np.array([[f['p_weights'], f['p_biases']] for f in found])
    assert np.any(ps[:, 0] != ps[:, 1])
    assert len(np.unique(ps[:, 0])) > 1  # and keys draw apart
    # 600 relabellings: shares of two samples of one population.
    assert abs(ps[:, 0].mean() - ps[:, 1].mean()) < 0.15

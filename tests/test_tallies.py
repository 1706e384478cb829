"""Ratios of tallies: by hand, by NumPy in float64, by scipy, by their laws."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxrep.measures import tallies


def jitted(function):
  """Returns it with `among` of x's shape: compiled once for each of these."""
  compiled = jax.jit(function)

  def of(x, y, among=True):
    return compiled(x, y, np.broadcast_to(among, x.shape))

  return of


relative = jax.jit(tallies.relative)
correlation = jitted(tallies.correlation)
within = jitted(tallies.within)
between = jitted(tallies.between)
by_pixel = jax.jit(tallies.by_pixel)
on_bias = jax.jit(tallies.on_bias)
ranked = jax.jit(tallies.ranked, static_argnames='highest')
drawn = jax.jit(tallies.drawn)
auc = jax.jit(tallies.auc)

ROUNDING = 1e-5  # of float32, where r is made of up to 78,400 points
NAN = np.nan
SHAPE = 20, 8  # of most nets here: each shape is compiled anew


def ratios(shape, seed=0, *, neurons=0.0, joint=0.0, points=1.0):
  """Returns x and y: effects of neurons, own and in common, and of points."""
  rng = np.random.default_rng(seed)
  *_, number = shape
  common = joint * rng.normal(size=number)
  x, y = (
    common + neurons * rng.normal(size=number) + points * rng.normal(size=shape)
    for _ in range(2)
  )
  return tuple((0.5 + 0.1 * each).astype(np.float32) for each in (x, y))


def holes(x, y, seed=0):
  """Returns them with a dead neuron, the last, and other points undefined."""
  rng = np.random.default_rng(seed)
  x, y = x.copy(), y.copy()
  x[rng.random(x.shape) < 0.1] = NAN
  y[rng.random(y.shape) < 0.1] = np.inf
  x[..., -1] = NAN
  return x, y


@functools.partial(jax.jit, static_argnames='count')
def _permuted(x, y, among, seed, *, count):
  return tallies.permuted(x, y, among, jax.random.key(seed), count=count)


def permuted(x, y, among=True, *, seed=0, count=99):
  """Returns that of the key of a seed; of one shape, it is compiled once."""
  among = np.broadcast_to(among, x.shape)
  return _permuted(x, y, among, np.uint32(seed), count=count)


def stacked(nets):
  """Returns x and y of many nets, `[S, P, H]`."""
  return tuple(np.stack(each) for each in zip(*nets, strict=True))


def pearson(x, y):
  """Returns r in float64."""
  return np.corrcoef(np.float64(x).ravel(), np.float64(y).ravel())[0, 1]


def relabelled(x, y):
  """Returns r under every order of y's columns, float64, the true one first."""
  x, y = np.float64(x) - np.mean(x), np.float64(y) - np.mean(y)
  norm = np.sqrt((x**2).sum() * (y**2).sum())
  orders = itertools.permutations(range(x.shape[1]))
  return np.array([(x * y[:, list(order)]).sum() / norm for order in orders])


class TestRelative:
  def test_it_is_as_worked_by_hand(self):
    # 3 of 3 + 1, 0 of 2, 1 of 1; and nothing of nothing, a dead neuron's.
    found = relative(np.array([3.0, 0, 1, 0]), np.array([1.0, 2, 0, 0]))
    np.testing.assert_array_equal(found, [0.75, 0, 1, NAN])

  def test_the_two_ways_round_make_1(self):
    a, b = np.random.default_rng(0).random((2, 30), np.float32)
    np.testing.assert_allclose(relative(a, b) + relative(b, a), 1, atol=2e-7)

  def test_the_scale_of_both_tallies_does_not_matter(self):
    a, b = np.random.default_rng(0).random((2, 30), np.float32)
    # To the last bit, as scales that are powers of two do not round. One of
    # 1/256 is what parts the weights of a blank pixel from the bias.
    np.testing.assert_array_equal(relative(a / 256, b / 256), relative(a, b))
    assert np.all(relative(a / 256, b) < relative(a, b))

  def test_a_dead_neuron_raises_no_warning(self):
    # On NumPy's own arrays, which warn of 0 / 0: here, an error.
    nothing = np.zeros((2, 3), np.float32)
    assert np.all(np.isnan(tallies.relative(nothing, nothing)))

  def test_defined_is_where_both_are_finite(self):
    x, y = np.array([1.0, NAN, 1, np.inf]), np.array([1.0, 1, NAN, 1])
    found = tallies.defined(x, y)
    np.testing.assert_array_equal(found, [True, False, False, False])


class TestCorrelation:
  def test_r_as_worked_by_hand(self):
    # Less their means of 1: -1, 0, 1 and -1, -1, 2. Σ = 3, norms √2 and √6.
    found = correlation(np.array([0.0, 1, 2]), np.array([0.0, 0, 3]))
    assert found == pytest.approx(3 / np.sqrt(12), abs=1e-6)

  @pytest.mark.parametrize('shape', [(784, 100), (78_400,)])
  @pytest.mark.parametrize('narrow', [1, 1000])
  def test_of_78400_points_it_is_that_of_float64(self, shape, narrow):
    # Sums of squares in one pass would lose r of narrow ratios altogether.
    x, y = (0.9 + r / narrow for r in ratios(shape, joint=0.5))
    x, y = x.astype(np.float32), y.astype(np.float32)
    assert correlation(x, y) == pytest.approx(pearson(x, y), abs=1e-5)

  def test_a_sum_of_equal_values_is_not_off(self):
    # Two values: rounding goes the same way 39,200 times.
    x = np.where(np.arange(78_400) % 2, 0.1, 0.3).astype(np.float32)
    y = np.where(np.arange(78_400) % 8 > 3, 0.1, 0.7).astype(np.float32)
    y = np.where(np.arange(78_400) % 16 == 5, x, y)
    assert correlation(x, y) == pytest.approx(pearson(x, y), abs=1e-5)

  def test_points_undefined_or_not_among_are_left_out(self):
    x, y = holes(*ratios(SHAPE, joint=1.0))
    rows = np.random.default_rng(1).random((20, 1)) < 0.7
    keep = np.isfinite(x) & np.isfinite(y) & rows
    found = correlation(x, y, rows)
    assert found == pytest.approx(pearson(x[keep], y[keep]), abs=ROUNDING)
    assert abs(found - correlation(x, y)) > 1e-3

  def test_lines_change_at_most_its_sign(self):
    x, y = ratios((40,), joint=1.0)
    r = float(correlation(x, y))
    assert correlation(3 * x - 1, 2 + y / 4) == pytest.approx(r, abs=ROUNDING)
    assert correlation(-x, y) == pytest.approx(-r, abs=ROUNDING)
    assert correlation(x, 1 - 2 * x) == pytest.approx(-1, abs=ROUNDING)

  def test_rounding_takes_it_not_beyond_1(self):
    for seed in range(20):
      x, _ = ratios(SHAPE, seed)
      assert 1 - ROUNDING < correlation(x, x) <= 1

  def test_2_points_have_none_and_3_do(self):
    x, y = np.array([1.0, 2, 4, NAN]), np.array([1.0, 3, 4, 5])
    assert np.isnan(correlation(x, y, np.array([True, True, False, True])))
    assert correlation(x, y) == pytest.approx(pearson(x[:3], y[:3]), abs=1e-6)

  def test_what_does_not_vary_but_for_rounding_has_none(self):
    x, y = ratios((50,))
    assert np.isnan(correlation(np.full(50, 0.3, np.float32), y))
    third = np.float32(1 / 3)
    nearly = np.where(
      np.arange(50) % 3, third, np.nextafter(third, np.float32(1))
    )
    assert np.isnan(correlation(nearly, y))
    assert np.isfinite(correlation(third + x / 10_000, y))


class TestNeurons:
  def test_within_and_between_may_differ_in_sign(self):
    # Each neuron's y falls as its x rises; the neuron with the higher x has
    # the higher y, as has the third.
    x = np.array([[0.0, 10, 20], [1, 11, 21], [2, 12, 22]])
    y = np.array([[2.0, 12, 22], [1, 11, 21], [0, 10, 20]])
    assert within(x, y, True) == pytest.approx(-1, abs=ROUNDING)
    assert between(x, y, True) == pytest.approx(1, abs=ROUNDING)

  def test_both_are_those_of_a_loop_over_neurons(self):
    x, y = holes(*ratios(SHAPE, neurons=1.0, joint=1.0))
    rows = np.random.default_rng(1).random((20, 1)) < 0.7
    left, means = [], []
    for j in range(7):  # the last one is dead
      keep = np.isfinite(x[:, j]) & np.isfinite(y[:, j]) & rows[:, 0]
      column = np.float64([x[keep, j], y[keep, j]])
      means.append(column.mean(axis=1))
      left.append(column - column.mean(axis=1, keepdims=True))
    found = within(x, y, rows), between(x, y, rows)
    expected = (
      pearson(*np.concatenate(left, axis=1)),
      pearson(*np.transpose(means)),
    )
    np.testing.assert_allclose(found, expected, atol=ROUNDING)

  def test_r_is_made_of_both(self):
    x, y = ratios(SHAPE, neurons=0.7, joint=0.5)

    def eta(each):
      return np.sqrt(np.var(each.mean(axis=0)) / np.var(each))

    made = eta(x) * eta(y) * between(x, y, True)
    rest = np.sqrt((1 - eta(x) ** 2) * (1 - eta(y) ** 2))
    made += rest * within(x, y, True)
    assert made == pytest.approx(float(correlation(x, y)), abs=ROUNDING)

  def test_a_shift_of_each_neuron_is_nothing_within(self):
    x, y = ratios(SHAPE, joint=1.0)
    shifts = np.float32([[1, 0.3, -2, 0, 5, 0.1, 2, 1]])
    found = within(x + shifts, y - shifts, True)
    assert found == pytest.approx(float(within(x, y, True)), abs=ROUNDING)

  def test_equal_weights_of_a_neuron_leave_nothing_within(self):
    # 784 equal float32: whatever their sum is off by, no r is made of it.
    x, y = ratios((1, 9))
    wide = [np.repeat(each, 784, axis=0) for each in (x, y)]
    assert np.isnan(within(*wide, True))
    expected = pearson(x, y)
    assert between(*wide, True) == pytest.approx(expected, abs=ROUNDING)

  def test_a_dead_neuron_is_as_one_not_among(self):
    x, y = ratios(SHAPE, neurons=1.0)
    dead = np.arange(8)[None] == 3
    for f in (within, between, correlation):
      expected = f(x, y, np.broadcast_to(~dead, SHAPE))
      found = f(np.where(dead, NAN, x), y, np.ones(SHAPE, bool))
      assert found == expected
      assert found != f(x, y, np.ones(SHAPE, bool))

  def test_a_neurons_only_point_says_nothing_within(self):
    x, y = ratios((3, 3))
    points = np.eye(3, dtype=bool)
    assert np.isnan(within(x, y, points))
    points[1, 0] = True  # of two points r is 1 or -1, whatever they are
    assert np.isnan(within(x, y, points))
    points[2, 0] = True
    expected = pearson(x[:, 0], y[:, 0])
    assert within(x, y, points) == pytest.approx(expected, abs=ROUNDING)


class TestByPixel:
  def test_each_pixel_has_the_r_of_its_row(self):
    x, y = holes(*ratios((12, 15), joint=1.0))
    x[3, 2:] = NAN  # two points are left
    y[5] = 0.25
    found = by_pixel(x, y)
    for i in range(12):
      keep = np.isfinite(x[i]) & np.isfinite(y[i])
      expected = NAN if i in (3, 5) else pearson(x[i, keep], y[i, keep])
      np.testing.assert_allclose(found[i], expected, atol=ROUNDING)


class TestOnBias:
  def test_the_share_as_worked_by_hand(self):
    # First neuron, bias (0.5, 0.5): on it; near in both; near in x alone.
    # Second neuron, bias (0.1, 0.9): far; near in both; undefined. 3 of 5.
    # Third neuron: its bias has no ratio.
    x = np.array([[0.5, 0.5, 1], [0.52, 0.11, 1], [0.5, NAN, 1]])
    y = np.array([[0.5, 0.5, 1], [0.48, 0.91, 1], [0.7, 0.9, 1]])
    biases = np.array([0.5, 0.1, NAN]), np.array([0.5, 0.9, 1])
    share = functools.partial(on_bias, x, y, *biases)
    assert share(True, near=0.03) == pytest.approx(3 / 5)
    rows = np.array([[False], [True], [False]])
    assert share(rows, near=0.03) == 1
    assert share(rows, near=0.001) == 0
    assert np.isnan(share(np.array([[False, False, True]]), near=1))

  def test_the_weights_of_blank_pixels_lie_on_their_bias(self):
    # |Δw_ij| = |δ_j| x_i and |Δb_j| = |δ_j|, over images of two classes.
    rng = np.random.default_rng(0)
    errors = np.abs(rng.normal(size=(2, 40, 9))).astype(np.float32)
    images = (1 + rng.integers(256, size=(2, 40, 25))).astype(np.float32) / 256
    blank = np.arange(25) < 10
    images[:, :, blank] = 1 / 256
    a, b = np.einsum('cti,ctj->cij', images, errors)
    x, of_biases = relative(a, b), relative(*errors.sum(axis=1))
    share = functools.partial(on_bias, x, x, of_biases, of_biases, near=1e-5)
    assert share(blank[:, None]) == 1
    assert share(~blank[:, None]) < 0.1


class TestPermuted:
  def test_p_and_effective_are_those_of_all_relabellings(self):
    # 4 live neurons of 6: 24 orders, each of 60 nets.
    nets = [ratios((5, 4), seed, neurons=0.5, joint=0.3) for seed in range(60)]
    x, y = (np.pad(each, ((0, 0),) * 2 + ((1, 1),)) for each in stacked(nets))
    x[..., 0], y[..., 5] = NAN, NAN
    x[..., 5], y[..., 0] = 0.9, 0.1
    keys = jax.random.split(jax.random.key(0), 60)
    count = 4000
    found = jax.jit(
      jax.vmap(
        lambda *net: tallies.permuted(*net[:2], True, net[2], count=count)
      )
    )(x, y, keys)
    for net, p_value, effective in zip(nets, *found, strict=True):
      null = relabelled(*net)
      expected = np.mean(null >= null[0] - 1e-9)
      # Four standard errors: one of 60 nets is beyond by a chance of 0.004.
      error = np.sqrt(expected * (1 - expected) / count)
      assert abs(p_value - expected) < 4 * error + 1 / count
      assert effective == pytest.approx(1 + 1 / np.var(null), rel=1e-4)

  @pytest.mark.slow
  def test_of_neurons_without_relation_p_is_uniform(self):
    # Weights of a neuron are alike, as δ is theirs in common; x and y were
    # drawn apart.
    x, y = stacked([ratios((6, 12), s, neurons=3.0) for s in range(300)])
    keys = jax.random.split(jax.random.key(1), 300)
    test = functools.partial(tallies.permuted, count=199)
    found = jax.jit(jax.vmap(lambda x, y, key: test(x, y, True, key)))(
      x, y, keys
    )
    # A right p fails this at one seed in a thousand, and this is one seed.
    assert stats.kstest(found.p_value, 'uniform').pvalue > 0.001
    # As if single weights were independent: 5 % would be significant.
    naive = [
      stats.pearsonr(a.ravel(), b.ravel(), alternative='greater').pvalue
      for a, b in zip(x, y, strict=True)
    ]
    assert np.mean(np.array(naive) < 0.05) > 0.15
    # What `effective` points would allow r to scatter by is what it does.
    spread = np.std([pearson(a, b) for a, b in zip(x, y, strict=True)])
    promised = np.mean(1 / np.sqrt(found.effective - 1))
    assert promised == pytest.approx(spread, rel=0.15)  # 3.6 standard errors

  def test_a_planted_relation_is_found(self):
    x, y = ratios(SHAPE, joint=1.0)
    assert permuted(x, y).p_value == pytest.approx(1 / 100)
    # The claim is a positive one.
    assert permuted(x, -y).p_value == 1

  def test_neurons_of_equal_weights_are_as_many_points_as_neurons(self):
    # And so the same as one weight each, or as their biases.
    x, y = ratios((8,), joint=0.5)
    wide = permuted(*(np.repeat(each[None], 20, axis=0) for each in (x, y)))
    assert wide.effective == pytest.approx(8, rel=1e-4)
    np.testing.assert_allclose(permuted(x, y), wide, rtol=1e-4)
    seven = permuted(x, y, np.arange(8) != 4)
    assert seven.effective == pytest.approx(7, rel=1e-4)

  def test_independent_points_are_as_many_as_there_are(self):
    # On average 1/159 is the variance of r over 160 of them, of which 1/8 is
    # the variance of its mean over relabellings.
    found = [permuted(*ratios(SHAPE, seed)).effective for seed in range(60)]
    variance = np.mean(1 / (np.array(found) - 1))
    # Σ D² has 7² degrees of freedom: four of its standard errors.
    error = np.sqrt(2 / 49 / 60)
    assert variance == pytest.approx(7 / 8 / 159, rel=4 * error)

  def test_what_is_not_among_takes_no_part(self):
    x, y = ratios(SHAPE, joint=0.5)
    rows = np.arange(20)[:, None] < 8
    other_y = np.where(rows, y, ratios(SHAPE, seed=1)[1])
    expected = permuted(x, y, rows)
    np.testing.assert_allclose(permuted(x, other_y, rows), expected, rtol=1e-5)
    assert abs(permuted(x, other_y).effective / expected.effective - 1) > 0.1

  def test_equal_neurons_tell_nothing(self):
    x, y = (np.repeat(each, 8, axis=1) for each in ratios((20, 1)))
    found = permuted(x, y)
    assert found.p_value == 1
    assert np.isnan(found.effective)

  def test_two_neurons_or_none_have_nothing(self):
    x, y = ratios(SHAPE)
    for live in (0, 2):
      assert np.isnan(permuted(x, y, np.arange(8)[None] < live)).all()
    assert np.isfinite(permuted(x, y, np.arange(8)[None] < 3)).all()
    assert np.isnan(permuted(x, np.full_like(y, 0.3))).all()


class TestRanked:
  @pytest.mark.parametrize('highest', [True, False])
  @pytest.mark.parametrize('share', [0, 0.1, 0.29, 1 / 3, 0.5, 0.999, 1])
  def test_it_is_what_a_stable_sort_puts_first(self, share, highest):
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 10, size=(17, 8)).astype(np.float32) / 8  # many ties
    x[rng.random(x.shape) < 0.1] = NAN
    x[0, :3] = np.inf, -np.inf, -0.0
    rows = rng.random((17, 1)) < 0.8
    places = np.flatnonzero(np.isfinite(x) & rows)
    values = x.ravel()[places]
    order = np.argsort(-values if highest else values, kind='stable')
    chosen = places[order[: int(share * len(places))]]
    expected = np.isin(np.arange(x.size), chosen).reshape(x.shape)
    found = ranked(x, rows, share, highest=highest)
    np.testing.assert_array_equal(found, expected)

  def test_a_share_that_rounds_is_not_one_less(self):
    x = np.arange(100, dtype=np.float32)
    for k in range(101):
      assert ranked(x, True, k / 100, highest=True).sum() == k

  def test_the_share_may_be_static_or_traced(self):
    x = ratios((9, 5))[0]
    share = functools.partial(tallies.ranked, x, True, highest=True)
    static = jax.jit(lambda: share(0.4))()
    assert static.sum() == 18
    np.testing.assert_array_equal(static, ranked(x, True, 0.4, highest=True))

  def test_the_sign_of_0_makes_no_order(self):
    x = np.array([0.0, -0.0, 0.0, -0.0], np.float32)
    for highest in (True, False):
      found = ranked(x, True, 0.5, highest=highest)
      np.testing.assert_array_equal(found, [True, True, False, False])

  def test_of_78400_it_is_the_share(self):
    x = ratios((784, 100))[0]
    found = ranked(x, True, 0.1, highest=True)
    assert found.sum() == 7840
    assert x[found].min() >= x[~found].max()

  def test_nobody_among_is_nobody_chosen(self):
    x = ratios((4, 3))[0]
    assert not ranked(x, np.zeros((4, 1), bool), 0.5, highest=True).any()
    assert not ranked(np.full_like(x, NAN), True, 1, highest=False).any()


class TestDrawn:
  def test_as_many_are_drawn_as_ranked_of_those_among(self):
    among = np.random.default_rng(0).random((20, 7)) < 0.6
    found = drawn(jax.random.key(0), among, 0.3)
    assert found.sum() == int(0.3 * among.sum())
    assert not np.any(found & ~among)

  def test_each_is_drawn_as_often(self):
    among = np.arange(12) % 4 > 0

    @jax.jit
    def draws():
      keys = jax.random.split(jax.random.key(0), 2000)
      return jax.vmap(lambda key: tallies.drawn(key, among, 1 / 3))(keys)

    # Of 9, 3 each time. Four standard errors of a share.
    often = np.array(draws())
    error = np.sqrt(2 / 9 / 2000)
    found = np.mean(often, axis=0)
    np.testing.assert_allclose(found[among], 1 / 3, atol=4 * error)
    # Two of them together: 3/9 · 2/8.
    both = np.mean(often[:, 1] & often[:, 2])
    assert both == pytest.approx(1 / 12, abs=4 * np.sqrt(1 / 12 / 2000))


class TestAuc:
  def test_it_is_as_worked_by_hand(self):
    # 1 is above neither; 3 above 2 and half above 3; 4 above both: 3.5 of 6.
    first, second = np.array([1.0, 3, 4]), np.array([3.0, 2])
    assert auc(first, second) == pytest.approx(3.5 / 6, abs=1e-7)
    assert auc(second, first) == pytest.approx(2.5 / 6, abs=1e-7)

  @pytest.mark.parametrize('levels', [5, 10_000])
  def test_it_is_u_of_mann_and_whitney(self, levels):
    rng = np.random.default_rng(0)
    first = rng.integers(levels, size=1100).astype(np.float32)
    second = rng.integers(levels, size=970).astype(np.float32) - levels / 10
    u = stats.mannwhitneyu(first, second).statistic
    expected = u / (1100 * 970)
    assert auc(first, second) == pytest.approx(expected, abs=1e-6)

  def test_the_two_ways_round_make_1(self):
    first, second = ratios((40,))
    found = auc(first, second) + auc(second, first)
    assert found == pytest.approx(1, abs=1e-6)

  def test_a_score_that_is_nan_makes_it_nan(self):
    scores, lost = np.array([1.0, 2]), np.array([1.0, NAN])
    assert np.isnan(auc(scores, lost)) and np.isnan(auc(lost, scores))
    assert auc(np.array([np.inf, 0]), scores) == 0.5


def everything(x, y, seed):
  split, draw = jax.random.split(jax.random.key(seed))
  return {
    'relative': tallies.relative(x, y),
    'correlation': tallies.correlation(x, y),
    'within': tallies.within(x, y, True),
    'between': tallies.between(x, y, True),
    'by_pixel': tallies.by_pixel(x, y),
    'on_bias': tallies.on_bias(x, y, x[0], y[0], True, near=0.1),
    'permuted': tallies.permuted(x, y, True, split, count=99),
    'ranked': tallies.ranked(x, True, 0.3, highest=True),
    'drawn': tallies.drawn(draw, jnp.isfinite(x), 0.3),
    'auc': tallies.auc(x[0, :-1], x[1, :-1]),
  }


@pytest.mark.slow
def test_nets_side_by_side_are_as_one_by_one():
  # One net with holes, one with none, and one that is dead.
  nets = [ratios(SHAPE, seed, joint=0.5) for seed in range(3)]
  nets[0] = holes(*nets[0])
  nets[2] = tuple(np.full_like(each, NAN) for each in nets[2])
  seeds = np.arange(3, dtype=np.uint32)
  together = jax.jit(jax.vmap(everything))(*stacked(nets), seeds)
  one = jax.jit(everything)
  alone = [one(*net, seed) for net, seed in zip(nets, seeds, strict=True)]
  alone = jax.tree.map(lambda *leaves: np.stack(leaves), *alone)
  for name, found in together.items():
    jax.tree.map(
      functools.partial(
        np.testing.assert_allclose, rtol=1e-4, atol=1e-6, err_msg=name
      ),
      found,
      alone[name],
    )

"""Estimates agree with hand-worked numbers, and intervals cover."""

import json

import chex
import numpy as np
import pytest
from absl.testing import parameterized
from scipy import stats as oracle

from jaxrep import stats

Z = 1.959963984540054


def covers(estimate, truth):
  """Whether the truth lies between the bounds; None bounds nothing."""
  above = estimate.low is None or estimate.low <= truth
  return above and (estimate.high is None or truth <= estimate.high)


def share(flags):
  return float(np.mean(list(flags)))


class RateTest(parameterized.TestCase):
  def test_8_of_10_has_the_wilson_interval_worked_by_hand(self):
    # z² = 3.84146; centre (.8 + z²/20) / (1 + z²/10) = .99207/1.38415;
    # half-width z √(.8·.2/10 + z²/400) / 1.38415 = z·.160011/1.38415.
    estimate = stats.rate_of(8, 10)
    self.assertEqual(estimate.value, 0.8)
    self.assertAlmostEqual(estimate.low, 0.71674 - 0.22657, places=4)
    self.assertAlmostEqual(estimate.high, 0.71674 + 0.22657, places=4)
    self.assertEqual((estimate.n, estimate.unit), (10, 'rate'))

  def test_none_and_all_have_one_sided_room(self):
    # At k = 0 centre and half-width are both z²/2n over the same thing, so the
    # bounds are 0 and z²/(n + z²).
    none, every = stats.rate_of(0, 10), stats.rate_of(10, 10)
    self.assertEqual((none.value, none.low), (0, 0))
    self.assertAlmostEqual(none.high, Z**2 / (10 + Z**2), places=12)
    self.assertEqual((every.value, every.high), (1, 1))
    self.assertAlmostEqual(every.low, 1 - none.high, places=12)

  def test_flags_are_counted(self):
    flags = np.arange(10) < 8
    self.assertEqual(stats.rate(flags), stats.rate_of(8, 10))
    self.assertEqual(stats.rate(flags.astype(np.int32)), stats.rate_of(8, 10))

  def test_of_no_nets_there_is_no_rate(self):
    nothing = stats.Estimate(None, None, None, 0, 'rate')
    self.assertEqual(stats.rate_of(0, 0), nothing)
    self.assertEqual(stats.rate([]), nothing)

  def test_what_is_no_count_and_no_flag_is_refused(self):
    for k, n in (3, 2), (-1, 2):
      with self.assertRaisesRegex(ValueError, f'k: .* n = 2, found {k}'):
        stats.rate_of(k, n)
    for flags in [0, 2], [0.5], [np.nan]:
      with self.assertRaisesRegex(ValueError, 'flags: expected flags'):
        stats.rate(flags)

  def test_its_interval_covers_95_percent(self):
    # Wilson's coverage wavers with the rate; over rates it averages .95 within
    # .005 at this n. Sampling adds 3 · √(.95·.05/4000) = .010.
    rng = np.random.default_rng(0)
    rates = rng.uniform(size=4000)
    counts = rng.binomial(40, rates)
    each = [stats.rate_of(k, 40) for k in range(41)]
    hits = share(covers(each[k], p) for k, p in zip(counts, rates, strict=True))
    self.assertAlmostEqual(hits, 0.95, delta=0.015)


class MeanTest(parameterized.TestCase):
  def test_no_one_and_equal_values(self):
    for values, expected in (
      ([], (None, None, None, 0)),
      ([3.0], (3, None, None, 1)),
      ([0.1] * 7, (0.1, 0.1, 0.1, 7)),
      ([0.1] * 2000, (0.1, 0.1, 0.1, 2000)),
    ):
      self.assertEqual(stats.mean(values, unit='x')[:4], expected)

  def test_many_values_have_the_normal_interval(self):
    # Half of 1,600 values 0, half 2: s² = 1600/1599.
    estimate = stats.mean(np.tile([0, 2], 800), unit='x')
    half = Z * np.sqrt(1600 / 1599 / 1600)
    np.testing.assert_allclose(estimate[:3], (1, 1 - half, 1 + half))

  def test_the_bootstrap_joins_the_normal_interval_where_they_meet(self):
    # 1,000 values and 1,001. The bounds differ by the bootstrap's own noise,
    # 3 % of a half-width (9,999 resamples), and by an exponential's skewness,
    # of which the normal interval knows nothing: 2/√n · (1 + 2z²)/6z, 5 %.
    values = np.random.default_rng(3).exponential(size=1001)
    few = stats.mean(values[:1000], unit='x')
    many = stats.mean(values, unit='x')
    half = many.high - many.value
    self.assertAlmostEqual(few.low - few.value, -half, delta=0.1 * half)
    self.assertAlmostEqual(few.high - few.value, half, delta=0.1 * half)
    self.assertNotEqual(few.high - few.value, few.value - few.low)

  def test_the_same_values_have_the_same_interval(self):
    values = np.random.default_rng(0).normal(size=50)
    one = stats.mean(values, unit='x')
    self.assertEqual(one, stats.mean(values, unit='x'))
    self.assertNotEqual(one, stats.mean(values, unit='x', seed=1))

  @parameterized.parameters(2, 3, 10, 1000)
  def test_one_value_unlike_the_others_is_no_trouble(self, n):
    estimate = stats.mean(np.arange(n) == 0, unit='x')
    self.assertAlmostEqual(estimate.value, 1 / n, places=12)
    self.assertTrue(0 <= estimate.low < estimate.value < estimate.high <= 1)

  def test_an_interval_scales_and_moves_with_the_values(self):
    # By powers of two, and by as much as leaves 1 + values some ten bits.
    values = np.random.default_rng(0).integers(0, 1000, 50)
    plain = np.array(stats.mean(values, unit='x')[:3])
    tiny = stats.mean(values * 2.0**-1000, unit='x')
    close = stats.mean(1 + values * 2.0**-52, unit='x')
    np.testing.assert_allclose(tiny[:3], plain * 2.0**-1000, rtol=1e-12)
    # 1 + x holds whole multiples of 2⁻⁵² only: half of one, and one in summing.
    np.testing.assert_allclose(
      (np.array(close[:3]) - 1) * 2.0**52, plain, atol=1.5
    )

  @parameterized.parameters(np.nan, np.inf)
  def test_values_that_are_not_finite_are_refused(self, value):
    with self.assertRaisesRegex(ValueError, 'values: .* found 1 others in 2'):
      stats.mean([1, value], unit='x')

  @parameterized.parameters((40, 400, 0.93), (1001, 2000, 0.949))
  def test_its_interval_covers_95_percent(self, n, draws, expected):
    # Of exponential values, skew as sweeps are. A bootstrap of few is known to
    # fall short a little: about .93 here. Sampling: 3 √(.95·.05/draws).
    rng = np.random.default_rng(1)
    samples = rng.exponential(size=(draws, n))
    hits = share(covers(stats.mean(row, unit='x'), 1) for row in samples)
    noise = 3 * np.sqrt(0.95 * 0.05 / draws)
    self.assertAlmostEqual(hits, expected, delta=noise)


class QuantileTest(parameterized.TestCase):
  def test_the_median_of_ten_is_the_fifth_between_second_and_ninth(self):
    # Binomial(10, ½): at most 1 with 11/1024 = 1.1 %, at most 2 with 5.5 %.
    estimate = stats.quantile([9, 1, 8, 2, 7, 3, 6, 4, 5, 10], 0.5, unit='x')
    self.assertEqual(estimate, (5, 2, 9, 10, 'x', False))

  def test_a_quantile_is_an_order_statistic(self):
    # The smallest value with a share of q at or below it: 0.07 · 100 is
    # 7.000000000000001 in floating point, and the seventh is meant.
    values = np.arange(1, 101)
    for q, expected in (0.07, 7), (0.25, 25), (0.251, 26), (0.999, 100):
      self.assertEqual(stats.quantile(values, q, unit='x').value, expected)
    self.assertEqual(stats.quantile([4, 5], 1e-12, unit='x').value, 4)

  def test_bounds_are_those_of_scipy(self):
    rng = np.random.default_rng(0)
    for n in 6, 25, 300:
      for q in 0.1, 0.5, 0.75:
        values = rng.normal(size=n)
        found = stats.quantile(values, q, unit='x')
        test = oracle.quantile_test(values, q=0, p=q)
        for bound, expected in zip(
          found[1:3], test.confidence_interval(), strict=True
        ):
          self.assertEqual(bound, None if np.isnan(expected) else expected)

  def test_few_values_have_a_median_without_bounds(self):
    # The least of five is above the median with 1/32 = 3.1 %, of six with 1.6.
    five = stats.quantile(range(5), 0.5, unit='x')
    self.assertEqual(five[:3], (2, None, None))
    self.assertEqual(stats.quantile(range(6), 0.5, unit='x')[:3], (2, 0, 5))
    self.assertEqual(stats.quantile([7], 0.5, unit='x')[:3], (7, None, None))
    self.assertEqual(
      stats.quantile([], 0.5, unit='x'), (None, None, None, 0, 'x', False)
    )

  @parameterized.parameters(0, 1, np.nan)
  def test_a_q_outside_is_refused(self, q):
    with self.assertRaisesRegex(ValueError, 'q: expected'):
      stats.quantile([1, 2], q, unit='x')

  def test_its_interval_covers_what_the_binomial_says(self):
    # Of 25 at q = .3 the bounds are the 3rd and the 13th: covered with
    # P(3 ≤ binomial < 13). Sampling: 3 √(.97·.03/3000) = .010.
    exact = oracle.binom.cdf(12, 25, 0.3) - oracle.binom.cdf(2, 25, 0.3)
    self.assertGreater(exact, 0.95)
    samples = np.random.default_rng(2).uniform(size=(3000, 25))
    hits = share(
      covers(stats.quantile(row, 0.3, unit='x'), 0.3) for row in samples
    )
    self.assertAlmostEqual(hits, exact, delta=0.01)


# Ten nets: six solved, one of them twice in the same sweep, four never.
TIMES = np.array([13, 2, 20, 5, 3, 20, 5, 20, 8, 20])
CENSORED = TIMES == 20


class SurvivalTest(parameterized.TestCase):
  def test_the_curve_steps_as_worked_by_hand(self):
    curve = stats.survival(TIMES, CENSORED)
    np.testing.assert_array_equal(curve.sweeps, [0, 2, 3, 5, 8, 13, 20])
    np.testing.assert_allclose(curve.share, [1, 0.9, 0.8, 0.6, 0.5, 0.4, 0.4])
    chex.assert_equal_shape(list(curve))

  @parameterized.parameters(10, 137)
  def test_its_band_is_the_interval_of_the_rate_at_each_time(self, n):
    rng = np.random.default_rng(n)
    times = np.minimum(rng.integers(1, 200, n), 150)
    curve = stats.survival(times, times == 150)
    for sweep, unsolved, low, high in zip(*curve, strict=True):
      left = np.sum((times > sweep) | (times == 150))
      expected = stats.rate_of(left, n)
      # The same formula summed in another order.
      np.testing.assert_allclose(
        (unsolved, low, high), expected[:3], atol=1e-12
      )

  def test_a_net_that_diverged_early_stays_among_the_unsolved(self):
    early = np.where(np.cumsum(CENSORED) == 1, 1, TIMES)
    early[~CENSORED] = TIMES[~CENSORED]
    self.assertEqual(np.sum(early != TIMES), 1)
    chex.assert_trees_all_equal(
      stats.survival(early, CENSORED), stats.survival(TIMES, CENSORED)
    )

  def test_all_solved_ends_on_0_and_none_solved_stays_at_1(self):
    solved = stats.survival([1, 2], [False, False])
    np.testing.assert_array_equal(solved.share, [1, 0.5, 0])
    never = stats.survival([9, 9], [True, True])
    np.testing.assert_array_equal(never.sweeps, [0, 9])
    np.testing.assert_array_equal(never.share, [1, 1])
    np.testing.assert_array_equal(never.high, [1, 1])
    self.assertEmpty(stats.survival([], []).sweeps)

  def test_times_that_are_none_are_refused(self):
    for times, said in (
      ([1, np.nan], 'times: .* finite'),
      ([1, -1], 'times: .* below 0, found -1'),
      ([1], 'censored: expected 1 nets, found 2'),
    ):
      with self.assertRaisesRegex(ValueError, said):
        stats.survival(times, [True, False])


class MedianSweepsTest(parameterized.TestCase):
  def test_a_tiny_censored_sample_has_the_median_worked_by_hand(self):
    # Half are left after sweep 8. The bounds of ten are the second and the
    # ninth (see quantile): 3, and one of the nets that were never solved.
    estimate = stats.median_sweeps(TIMES, CENSORED, 20)
    self.assertEqual(estimate, (8, 3, None, 10, 'sweeps', True))

  def test_a_median_beyond_the_budget_is_none_and_bounded_below(self):
    times = np.array([2, 3, 5, 20, 20, 20, 20, 20, 20, 20])
    estimate = stats.median_sweeps(times, times == 20, 20)
    self.assertEqual(estimate, (None, 3, None, 10, 'sweeps', True))

  def test_where_all_are_censored_nothing_is_known_but_that(self):
    estimate = stats.median_sweeps([20] * 10, [True] * 10, 20)
    self.assertEqual(estimate, (None, None, None, 10, 'sweeps', True))

  @parameterized.parameters(1, 2, 5, 6, 7, 100, 333)
  def test_where_none_is_censored_it_is_the_quantile(self, n):
    times = np.random.default_rng(n).integers(1, 1000, n)
    self.assertEqual(
      stats.median_sweeps(times, np.zeros(n, bool), 1000),
      stats.quantile(times, 0.5, unit='sweeps'),
    )

  def test_a_solve_in_the_last_sweep_is_a_solve(self):
    estimate = stats.median_sweeps([20] * 9 + [1], [False] * 10, 20)
    self.assertEqual(estimate[:3], (20, 20, 20))

  def test_too_few_nets_are_not_called_censored(self):
    self.assertEqual(
      stats.median_sweeps([5], [False], 20),
      (5, None, None, 1, 'sweeps', False),
    )
    self.assertEqual(
      stats.median_sweeps([], [], 20), (None, None, None, 0, 'sweeps', False)
    )

  def test_a_diverged_net_counts_as_unsolved_up_to_the_budget(self):
    # Taken for lost at sweep 1, the two would leave a median of 3.
    estimate = stats.median_sweeps([1, 1, 2, 3, 4], [1, 1, 0, 0, 0], 20)
    self.assertEqual(estimate.value, 4)

  def test_a_time_beyond_the_budget_is_refused(self):
    with self.assertRaisesRegex(ValueError, 'beyond budget = 20, found 21'):
      stats.median_sweeps([21], [True], 20)

  @parameterized.parameters(0.3, 0.8, 3.0)
  def test_its_interval_covers_the_median_wherever_the_budget_lies(
    self, budget
  ):
    # Exponential times, median log 2 = .69: below, just above, far above. The
    # median of 30 lies between the 10th and the 21st with
    # P(10 ≤ binomial(30, ½) < 21) = .957. A median beyond the budget is covered
    # where no upper bound is claimed. Sampling: 3 √(.957·.043/1500) = .016.
    rng = np.random.default_rng(4)
    exact = oracle.binom.cdf(20, 30, 0.5) - oracle.binom.cdf(9, 30, 0.5)
    hits = []
    for times in rng.exponential(size=(1500, 30)):
      censored = times > budget
      cut = np.minimum(times, budget)
      estimate = stats.median_sweeps(cut, censored, budget)
      hits.append(covers(estimate, np.log(2)))
    if budget > np.log(2):
      self.assertAlmostEqual(share(hits), exact, delta=0.016)
    else:  # only a lower bound can miss
      self.assertGreater(share(hits), exact)


class PairedRatesTest(parameterized.TestCase):
  def pairs(self, both, only_a, only_b, neither):
    a = [True] * (both + only_a) + [False] * (only_b + neither)
    b = [True] * both + [False] * only_a + [True] * only_b + [False] * neither
    return stats.paired_rates(a, b)

  def test_8_against_1_is_as_worked_by_hand(self):
    # McNemar: 2 (C(9,0) + C(9,1)) / 2⁹ = 20/512. Interval: with ½ in each cell
    # 8½ and 1½ of 22: centre 7/22; variance (10/22 - (7/22)²) / 22 = .0160597;
    # half-width z · .126727 = .248380.
    found = self.pairs(5, 8, 1, 6)
    self.assertEqual((found.only_a, found.only_b), (8, 1))
    self.assertAlmostEqual(found.p_value, 20 / 512, places=12)
    self.assertEqual(found.difference.value, 7 / 20)
    self.assertAlmostEqual(found.difference.low, 7 / 22 - 0.24838, places=5)
    self.assertAlmostEqual(found.difference.high, 7 / 22 + 0.24838, places=5)
    self.assertEqual((found.difference.n, found.difference.unit), (20, 'rate'))

  def test_the_pairs_that_agree_do_not_move_the_test(self):
    self.assertAlmostEqual(
      self.pairs(5, 8, 1, 6).p_value, self.pairs(500, 8, 1, 0).p_value
    )

  def test_changing_sides_changes_the_sign(self):
    one, other = self.pairs(5, 8, 1, 6), self.pairs(5, 1, 8, 6)
    self.assertEqual(one.p_value, other.p_value)
    self.assertEqual(one.difference.value, -other.difference.value)
    self.assertAlmostEqual(one.difference.low, -other.difference.high)
    self.assertAlmostEqual(one.difference.high, -other.difference.low)

  def test_no_disagreement_is_no_evidence_and_no_certainty(self):
    found = self.pairs(5, 0, 0, 5)
    self.assertEqual((found.p_value, found.difference.value), (1, 0))
    # ½ against ½ of 12: variance (1/12) / 12.
    self.assertAlmostEqual(found.difference.high, Z / 12, places=12)

  @parameterized.parameters(1, 2, 5, 100)
  def test_the_difference_lies_in_its_interval_at_the_extreme(self, n):
    difference = self.pairs(0, n, 0, 0).difference
    self.assertEqual((difference.value, difference.high), (1, 1))
    self.assertLess(difference.low, 1)

  def test_no_seeds_no_comparison(self):
    nothing = stats.Estimate(None, None, None, 0, 'rate')
    self.assertEqual(stats.paired_rates([], []), (nothing, 0, 0, None))

  def test_settings_of_other_seeds_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'b: expected 2 nets, found 3'):
      stats.paired_rates([True] * 2, [True] * 3)

  @parameterized.parameters((0.15, 0.05), (0.1, 0.1), (0.3, 0.02))
  def test_its_interval_covers_at_least_95_percent(self, only_a, only_b):
    # The half seeds err on the safe side: .95 to .98 with 60 pairs. Sampling:
    # 3 √(.95·.05/3000) = .012.
    rng = np.random.default_rng(5)
    cells = rng.multinomial(60, [only_a, only_b, 1 - only_a - only_b], 3000)
    counts, times = np.unique(cells, axis=0, return_counts=True)
    held = [
      covers(self.pairs(0, *count).difference, only_a - only_b)
      for count in counts.tolist()
    ]
    hits = np.average(held, weights=times)
    self.assertBetween(hits, 0.938, 0.98)


class PairedBootstrapTest(parameterized.TestCase):
  def test_it_is_the_mean_of_the_differences(self):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 30))
    self.assertEqual(
      stats.paired_bootstrap(a, b, unit='x', seed=3),
      stats.mean(a - b, unit='x', seed=3),
    )

  def test_what_the_seeds_share_does_not_blur_it(self):
    rng = np.random.default_rng(0)
    shared = 100 * rng.normal(size=50)
    noise = rng.normal(size=50)
    difference = stats.paired_bootstrap(shared + 1 + noise, shared, unit='x')
    # The noise alone: a half-width of about 2/√50 = .28.
    self.assertLess(difference.high - difference.low, 0.8)
    self.assertTrue(covers(difference, 1))

  def test_settings_of_other_seeds_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'b: expected 2 nets, found 3'):
      stats.paired_bootstrap([1, 2], [1, 2, 3], unit='x')


class PairedSignsTest(parameterized.TestCase):
  def test_five_against_one_is_as_worked_by_hand(self):
    # 2 (C(6,0) + C(6,1)) / 2⁶ = 14/64; the seventh is equal.
    found = stats.paired_signs([2, 2, 2, 2, 2, 0, 7], [1, 1, 1, 1, 1, 1, 7])
    self.assertEqual((found.more_a, found.more_b), (5, 1))
    self.assertAlmostEqual(found.p_value, 14 / 64, places=12)

  def test_never_is_later_than_ever_and_equal_to_never(self):
    found = stats.paired_signs([np.inf, np.inf, 3], [np.inf, 9, np.inf])
    self.assertEqual(found, (1, 1, 1.0))

  def test_of_flags_it_is_mcnemars_test(self):
    a, b = np.random.default_rng(0).random((2, 40)) < [[0.7], [0.3]]
    expected = stats.paired_rates(a, b)
    self.assertEqual(stats.paired_signs(a, b), expected[1:])
    self.assertLess(expected.p_value, 1)

  def test_no_difference_is_no_evidence_and_no_seeds_no_test(self):
    self.assertEqual(stats.paired_signs([1, 2], [1, 2]), (0, 0, 1.0))
    self.assertEqual(stats.paired_signs([], []), (0, 0, None))

  def test_nan_and_other_seeds_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'b: .* found nan'):
      stats.paired_signs([1], [np.nan])
    with self.assertRaisesRegex(ValueError, 'b: expected 2 nets, found 3'):
      stats.paired_signs([1, 2], [1, 2, 3])


class PairedMedianTest(parameterized.TestCase):
  def test_six_pairs_are_as_worked_by_hand(self):
    # Differences −3, −1, 2, 3, 4, 5: halfway between 2 and 3. Of six, none on
    # one side has a chance of 2⁻⁶ < 0.025, one of 7 · 2⁻⁶ > 0.025.
    found = stats.paired_median(
      [0, 1, 4, 5, 6, 7], [3, 2, 2, 2, 2, 2], unit='sweeps'
    )
    self.assertEqual(found, (2.5, -3, 5, 6, 'sweeps', False))

  def test_never_is_as_far_as_can_be_and_twice_never_says_nothing(self):
    inf = np.inf
    found = stats.paired_median([inf, inf, inf, 5], [1, 9, inf, 8], unit='')
    self.assertEqual(found, (inf, None, None, 3, '', False))
    back = stats.paired_median([1, 9, inf, 8], [inf, inf, inf, 5], unit='')
    self.assertEqual(back.value, -inf)
    seven = stats.paired_median([2] * 7, [1] * 6 + [inf], unit='')
    self.assertEqual(seven, (1, -inf, 1, 7, '', False))

  def test_between_never_and_never_of_the_other_lies_nothing(self):
    found = stats.paired_median([np.inf, 1], [1, np.inf], unit='')
    self.assertEqual(found, (None, None, None, 2, '', False))
    neither = stats.paired_median([np.inf], [np.inf], unit='')
    self.assertEqual(neither, (None, None, None, 0, '', False))
    self.assertEqual(stats.paired_median([], [], unit='').n, 0)

  @parameterized.product(n=(5, 6, 13, 40, 101), ties=(False, True))
  def test_zero_is_outside_where_the_sign_test_says_so(self, n, ties):
    outside = []
    for k in range(n + 1):  # pairs with more in a
      a = np.where(np.arange(n) < k, 1.0, -1.0) * np.arange(1, n + 1)
      if ties:
        a[0] = 0
      found = stats.paired_median(a, np.zeros(n), unit='')
      told = found.low is not None and (found.low > 0 or found.high < 0)
      tested = stats.paired_signs(a, np.zeros(n)).p_value < 0.05
      self.assertTrue(tested or not told)
      if not ties:
        self.assertEqual(told, tested)
      outside.append(told)
    self.assertEqual(any(outside), n > 5 + ties)  # a median takes six

  def test_changing_sides_changes_the_sign_alone(self):
    a, b = np.random.default_rng(0).exponential(size=(2, 30))
    one, other = (stats.paired_median(*s, unit='') for s in ((a, b), (b, a)))
    self.assertEqual((one.value, one.low), (-other.value, -other.high))

  def test_nan_and_other_seeds_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'a: .* found nan'):
      stats.paired_median([np.nan], [1], unit='')
    with self.assertRaisesRegex(ValueError, 'b: expected 2 nets, found 3'):
      stats.paired_median([1, 2], [1, 2, 3], unit='')


class LogRankTest(parameterized.TestCase):
  def test_a_tiny_sample_is_as_worked_by_hand(self):
    # a: 1, 3, never; b: 3, 4, 4. Unsolved (of a) and solved: at 1, 6 (3) and 1;
    # at 3, 5 (2) and 2; at 4, 3 (1) and 2. Expected of a: 1/2 + 4/5 + 2/3.
    # Variance: 1/4 + 2 (2/5)(3/5)(3/4) + 2 (1/3)(2/3)(1/2) = .25 + .36 + 2/9.
    found = stats.log_rank([1, 3, 9], [0, 0, 1], [3, 4, 4], [0, 0, 0])
    expected = (2 - (1 / 2 + 4 / 5 + 2 / 3)) ** 2 / (0.25 + 0.36 + 2 / 9)
    self.assertAlmostEqual(found.chi2, expected, places=12)

  @parameterized.parameters(3, 20, 500)
  def test_it_is_scipys_where_scipys_integers_suffice(self, n):
    # As many ties as times are few; p of a normal squared.
    rng = np.random.default_rng(n)
    a, b = rng.integers(1, 30, n), rng.integers(2, 40, 2 * n)
    a, b = np.minimum(a, 25), np.minimum(b, 25)
    found = stats.log_rank(a, a == 25, b, b == 25)
    sides = (oracle.CensoredData.right_censored(t, t == 25) for t in (a, b))
    expected = oracle.logrank(*sides)
    self.assertAlmostEqual(found.chi2, expected.statistic**2, places=9)
    self.assertAlmostEqual(found.p_value, expected.pvalue, places=12)

  def test_a_million_nets_have_the_chi2_of_a_thousand_a_thousand_times(self):
    # Each net repeated k times: χ² grows as k, but for n - 1 in place of n,
    # 1/1,000 of it. Products of counts would leave 64 bits.
    rng = np.random.default_rng(1)
    a, b = rng.integers(1, 150, 1000), rng.integers(3, 150, 1000)
    few = stats.log_rank(a, a > 140, b, b > 140)
    a, b = np.repeat(a, 1000), np.repeat(b, 1000)
    many = stats.log_rank(a, a > 140, b, b > 140)
    self.assertAlmostEqual(many.chi2 / few.chi2, 1000, delta=20)

  def test_changing_sides_changes_nothing(self):
    a, b = ([1, 3, 9], [0, 0, 1]), ([3, 4, 4], [0, 0, 0])
    one, other = stats.log_rank(*a, *b), stats.log_rank(*b, *a)
    np.testing.assert_allclose(one, other, rtol=1e-12)

  def test_a_net_that_diverged_early_stays_among_the_unsolved(self):
    late = stats.log_rank([1, 3, 9], [0, 0, 1], [3, 4, 4], [0, 0, 0])
    early = stats.log_rank([1, 3, 2], [0, 0, 1], [3, 4, 4], [0, 0, 0])
    self.assertEqual(early, late)

  def test_equal_curves_are_no_evidence(self):
    found = stats.log_rank([1, 2, 5], [0, 0, 1], [1, 2, 5], [0, 0, 1])
    self.assertEqual(found, (0, 1))

  def test_where_nothing_is_solved_there_is_no_test(self):
    for side in ([9, 9], [1, 1]), ([], []):
      self.assertEqual(stats.log_rank(*side, *side), (None, None))

  def test_its_p_value_is_small_5_percent_of_the_time(self):
    # Exponential times of 60 nets a side, cut at 1. Sampling: 3 √(.05·.95/1000)
    # = .021.
    rng = np.random.default_rng(7)
    small = []
    for a, b in rng.exponential(size=(1000, 2, 60)):
      found = stats.log_rank(np.minimum(a, 1), a > 1, np.minimum(b, 1), b > 1)
      small.append(found.p_value < 0.05)
    self.assertAlmostEqual(share(small), 0.05, delta=0.021)


class PredictiveTest(parameterized.TestCase):
  def test_for_one_run_it_is_the_quantiles_of_our_nets(self):
    # Of 1 .. 1000: the 25th, the 500th and the 975th; 99 are below 100, which
    # itself counts half.
    values = np.random.default_rng(0).permutation(np.arange(1, 1001))
    found = stats.predictive(values, np.mean, 1, 100, unit='sweeps')
    self.assertEqual(found.expected, (500, 25, 975, 1000, 'sweeps', False))
    self.assertAlmostEqual(found.quantile, 0.0995, places=12)

  def test_for_many_runs_it_has_the_spread_of_their_mean(self):
    # Uniform on 0 .. 1: a mean of 100 has s.d. 1/√1200. The 2.5 % points of
    # 10,000 draws are known to some 2.7 % of an s.d.; 4 times that.
    values = np.linspace(0, 1, 5001)
    found = stats.predictive(values, np.mean, 100, 0.5, unit='x')
    deviation = 1 / np.sqrt(1200)
    np.testing.assert_allclose(
      found.expected[:3],
      (0.5, 0.5 - Z * deviation, 0.5 + Z * deviation),
      atol=0.11 * deviation,
    )
    # A median of medians: s.d. of a share of 10,000 is .005.
    self.assertAlmostEqual(found.quantile, 0.5, delta=0.02)

  def test_a_rate_of_few_is_held_against_rates_of_as_few(self):
    # Half of ours solve; 20 of 20 has a chance of 2⁻²⁰, and 10 of 20 is the
    # middle. Binomial(20, ½): 2.5 % points 6 and 14.
    ours = np.arange(1000) % 2
    every = stats.predictive(ours, np.mean, 20, 1.0, unit='rate')
    middle = stats.predictive(ours, np.mean, 20, 0.5, unit='rate')
    self.assertEqual(every.expected[:3], (0.5, 0.3, 0.7))
    self.assertGreater(every.quantile, 0.999)
    self.assertAlmostEqual(middle.quantile, 0.5, delta=0.02)

  def test_a_source_that_ran_our_nets_lies_inside_95_percent_of_the_time(self):
    # Medians of 15 exponential times. The interval comes of 5,000 nets, which
    # moves its coverage by about .003; sampling, 3 √(.95·.05/4000) = .010.
    rng = np.random.default_rng(6)
    ours = rng.exponential(size=5000)
    found = stats.predictive(ours, np.median, 15, 0.0, unit='x')
    sources = np.median(rng.exponential(size=(4000, 15)), axis=1)
    hits = share(covers(found.expected, source) for source in sources)
    self.assertAlmostEqual(hits, 0.95, delta=0.02)

  def test_nets_that_never_solved_put_the_bound_beyond_the_budget(self):
    values = np.where(np.arange(100) < 90, np.arange(100), np.inf)
    found = stats.predictive(values, np.median, 1, 45, unit='sweeps')
    self.assertEqual(found.expected, (49, 2, None, 100, 'sweeps', True))
    self.assertAlmostEqual(found.quantile, 0.455, places=12)
    # A group's median is beyond the budget where half of it is; never, here.
    group = stats.predictive(values, np.median, 51, 45, unit='sweeps')
    self.assertFalse(group.expected.censored)

  def test_the_same_nets_say_the_same(self):
    values = np.random.default_rng(0).normal(size=99)
    one = stats.predictive(values, np.mean, 7, 0.1, unit='x')
    self.assertEqual(one, stats.predictive(values, np.mean, 7, 0.1, unit='x'))
    other = stats.predictive(values, np.mean, 7, 0.1, unit='x', seed=1)
    self.assertNotEqual(one, other)

  def test_all_draws_are_made_however_large_the_groups(self):
    # Groups of 300,000 are drawn three at a time, to save memory.
    groups = []

    def mean(group, axis):
      groups.append(group.shape)
      return group.mean(axis=axis)

    for size in 2, 300_000:
      groups.clear()
      stats.predictive([0.0, 1.0], mean, size, 0.5, unit='x', draws=10)
      self.assertEqual(sum(rows for rows, _ in groups), 10)
      self.assertEqual({width for _, width in groups}, {size})

  def test_no_nets_no_prediction_and_nan_is_refused(self):
    nothing = stats.Estimate(None, None, None, 0, 'x')
    found = stats.predictive([], np.mean, 5, 1.0, unit='x')
    self.assertEqual(found, (nothing, None))
    for values in [1, np.nan], [1, -np.inf]:
      with self.assertRaisesRegex(ValueError, 'values: .* statistic'):
        stats.predictive(values, np.mean, 1, 1.0, unit='x')
    with self.assertRaisesRegex(ValueError, 'size: .* found 0'):
      stats.predictive([1, 2], np.mean, 0, 1.0, unit='x')


class JsonTest(parameterized.TestCase):
  def test_an_estimate_is_five_entries_and_a_sixth_where_censored(self):
    plain = stats.as_json(stats.rate_of(0, 0))
    self.assertEqual(
      plain,
      {'value': None, 'low': None, 'high': None, 'n': 0, 'unit': 'rate'},
    )
    beyond = stats.as_json(stats.median_sweeps(TIMES, CENSORED, 20))
    self.assertEqual(
      json.dumps(beyond),
      '{"value": 8.0, "low": 3.0, "high": null, "n": 10, "unit": "sweeps", '
      '"censored": true}',
    )

  def test_every_estimate_is_plain_json(self):
    values = np.random.default_rng(0).normal(size=30).astype(np.float32)
    flags = values > 0
    for estimate in (
      stats.rate(flags),
      stats.mean(values, unit='x'),
      stats.mean(np.tile(values, 50), unit='x'),
      stats.quantile(values, 0.5, unit='x'),
      stats.median_sweeps(values**2, flags, 100),
      stats.paired_rates(flags, ~flags).difference,
      stats.paired_bootstrap(values, -values, unit='x'),
      stats.predictive(values, np.mean, 5, 0.0, unit='x').expected,
    ):
      text = json.dumps(stats.as_json(estimate), allow_nan=False)
      self.assertEqual(json.loads(text), stats.as_json(estimate))
      self.assertLessEqual(estimate.low, estimate.value)


def test_a_bootstrap_of_one_columns_mean_is_the_normal_interval():
  """1,000 of a normal: the percentile interval is mean ± 1.96 s/√n, to 10 %."""
  column = np.random.default_rng(0).normal(size=1000)
  found = stats.bootstrap(lambda c, axis: np.mean(c, axis), [column], unit='')
  half = 1.96 * column.std() / 1000**0.5
  assert found.value == pytest.approx(column.mean())
  assert found.low == pytest.approx(found.value - half, abs=0.1 * half)
  assert found.high == pytest.approx(found.value + half, abs=0.1 * half)
  assert (found.n, found.unit) == (1000, '')


def test_a_bootstrap_draws_each_seed_with_all_of_its_columns():
  """The second column is the first plus 5: no resample says otherwise."""
  a = np.random.default_rng(1).normal(size=50)

  def apart(x, y, axis):
    return np.mean(y, axis) - np.mean(x, axis)

  found = stats.bootstrap(apart, [a, a + 5], unit='sweeps')
  assert (found.low, found.value, found.high) == pytest.approx((5, 5, 5))


def test_a_bootstrap_bound_that_is_not_finite_is_none():
  """6 of 10 are finite: the lower median is 5, that of many resamples inf."""
  column = np.array([1, 2, 3, 4, 5, 6, *4 * [np.inf]])
  found = stats.bootstrap(
    lambda c, axis: np.quantile(c, 0.5, axis=axis, method='lower'),
    [column],
    unit='sweeps',
  )
  assert (found.value, found.high) == (5, None)
  assert found.low < 5

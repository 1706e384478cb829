"""Rates, means, survival and comparisons, each with its interval.

95 % throughout, over scipy.stats; arrays in NumPy; the unit of replication is
the net. What the data cannot give, value or bound, is None: nothing returned
is nan. Bad arrays raise a ValueError that names them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

LEVEL = 0.95
_TAIL = 0.025
_Z = 1.959963984540054  # the standard normal is above it with chance _TAIL


class Estimate(NamedTuple):
  """A number from n nets, and its interval.

  Attributes:
    value: None where it is undefined.
    low: lower bound; None where there is none.
    high: upper bound; None where there is none.
    n: how many nets (or pairs of nets) it is from.
    unit: 'rate', 'sweeps', ..
    censored: whether the value or a bound is None for lying beyond the budget.
  """

  value: float | None
  low: float | None
  high: float | None
  n: int
  unit: str
  censored: bool = False


class Survival(NamedTuple):
  """A survival curve: steps, each point the value from its time onwards.

  Attributes:
    sweeps: `[T]` 0, and each time at which a net was solved or censored.
    share: `[T]` share of nets not solved by then.
    low: `[T]` lower edge of the pointwise band.
    high: `[T]` upper edge.
  """

  sweeps: np.ndarray
  share: np.ndarray
  low: np.ndarray
  high: np.ndarray


class PairedRates(NamedTuple):
  """Two settings over the same seeds.

  Attributes:
    difference: rate of a less rate of b.
    only_a: seeds on which a holds and b does not.
    only_b: the reverse; with only_a, the discordant pairs.
    p_value: of McNemar's exact test; None for no seeds.
  """

  difference: Estimate
  only_a: int
  only_b: int
  p_value: float | None


class Signs(NamedTuple):
  """Which of two settings has more, seed by seed.

  Attributes:
    more_a: seeds on which a has more than b.
    more_b: the reverse; on the others they are equal.
    p_value: of the exact sign test; None for no seeds.
  """

  more_a: int
  more_b: int
  p_value: float | None


class LogRank(NamedTuple):
  """Whether two survival curves differ.

  Attributes:
    chi2: the log-rank statistic, of one degree of freedom under the null
      hypothesis; None where no net was solved, or all at once.
    p_value: None where chi2 is.
  """

  chi2: float | None
  p_value: float | None


class Predictive(NamedTuple):
  """A source's number among those that groups of our nets would give.

  Attributes:
    expected: median of the groups' statistic, and the interval that holds 95 %
      of them; n counts our nets.
    quantile: share of groups below the source's number, ties counted half;
      None without nets.
  """

  expected: Estimate
  quantile: float | None


def as_json(estimate: Estimate) -> dict[str, Any]:
  """Returns the estimate as a record has it: `censored` only where true."""
  fields = estimate._asdict()
  if not estimate.censored:
    del fields['censored']
  return fields


def rate(flags: Any) -> Estimate:
  """Returns the share of nets `[S]` (bool) for which it holds: `rate_of`."""
  flags = _flags('flags', flags)
  return rate_of(int(flags.sum()), flags.size)


def rate_of(k: int, n: int) -> Estimate:
  """Returns k/n with Wilson's interval; of n = 0 there is no rate."""
  from scipy import stats

  if not 0 <= k <= n:
    raise ValueError(f'k: expected 0 ≤ k ≤ n = {n}, found {k}')
  if n == 0:
    return _nothing('rate')
  low, high = stats.binomtest(k, n).proportion_ci(LEVEL, method='wilson')
  return Estimate(k / n, float(low), float(high), n, 'rate')


def mean(values: Any, *, unit: str, seed: int = 0) -> Estimate:
  """Returns the mean and its bootstrap interval (BCa, 9,999 resamples).

  Above 1,000 values, where a bootstrap costs far more to say the same, it is
  what the bootstrap tends to: mean ± 1.96 s/√n. One value has no interval.
  Equal values have one of no width: nothing varied, not nothing can.

  Args:
    values: `[S]` finite.
    unit: of the values.
    seed: of the resampling.
  """
  from scipy import stats

  values = _finite('values', values)
  n = values.size
  if n == 0:
    return _nothing(unit)
  if np.ptp(values) == 0:
    value = float(values[0])
    low, high = (None, None) if n == 1 else (value, value)
    return Estimate(value, low, high, n, unit)
  value = float(values.mean())
  if n > 1000:
    half = _Z * float(values.std(ddof=1)) / n**0.5
    return Estimate(value, value - half, value + half, n, unit)
  # On 0 to 1, or values that hardly differ are lost to rounding, which may also
  # leave the mean a last digit outside.
  least, span = values.min(), np.ptp(values)
  bounds = stats.bootstrap(
    ((values - least) / span,),
    np.mean,
    batch=1000,
    confidence_level=LEVEL,
    rng=np.random.default_rng(seed),
  ).confidence_interval
  low, high = (float(least + span * bound) for bound in bounds)
  return Estimate(value, min(low, value), max(high, value), n, unit)


def quantile(values: Any, q: float, *, unit: str) -> Estimate:
  """Returns a quantile, with order statistics for bounds.

  The value is the smallest one with a share of at least q at or below it. The
  bounds are the l-th and u-th smallest, where a binomial(n, q) falls below l,
  and reaches u, with a chance of at most 2.5 % each: whatever the
  distribution, they hold the quantile with 95 % or more. Few values have no
  such bounds: a median's takes six.

  Args:
    values: `[S]` finite, none of them censored.
    q: above 0 and below 1.
    unit: of the values.
  """
  if not 0 < q < 1:
    raise ValueError(f'q: expected a number between 0 and 1, found {q}')
  values = np.sort(_finite('values', values))
  n = values.size
  if n == 0:
    return _nothing(unit)
  place = int(np.ceil(q * n - 1e-9))  # q·n may come out just above a whole one
  value = float(values[max(place, 1) - 1])
  return Estimate(value, *_bounds(values, q), n, unit)


def survival(times: Any, censored: Any) -> Survival:
  """Returns the share of nets not solved, over time, with a 95 % band.

  A censored net was never solved. It counts as unsolved up to the last time
  given, wherever its own lies: a net that diverged early did not thereby leave
  the study. The share is thus a rate at each time and the band Wilson's, so
  that the curve ends on `rate`. No nets, no curve.

  Args:
    times: `[S]` sweeps to the solve, or, of a censored net, sweeps that it was
      given; finite, ≥ 0.
    censored: `[S]` bool.
  """
  from scipy import stats

  times, censored = _times(times, censored)
  n = times.size
  if n == 0:
    return Survival(*(np.zeros(0) for _ in Survival._fields))
  times = np.where(censored, times.max(), times)
  data = stats.CensoredData.right_censored(times, censored)
  curve = stats.ecdf(data).sf
  sweeps = np.concatenate([[0.0], curve.quantiles])
  share = np.concatenate([[1.0], curve.probabilities])
  # The interval of rate_of, at all times at once.
  shrink = 1 + _Z**2 / n
  centre = (share + _Z**2 / (2 * n)) / shrink
  spread = np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
  half = _Z * spread / shrink
  low, high = np.clip([centre - half, centre + half], 0, 1)
  return Survival(sweeps, share, low, high)


def median_sweeps(times: Any, censored: Any, budget: float) -> Estimate:
  """Returns the median sweeps to a solve, from the survival curve.

  The first time at which at most half of the nets are unsolved; bounds as in
  `quantile`. Median and bounds beyond the budget are None, and `censored`
  says so.

  Args:
    times: `[S]` sweeps to the solve; of a censored net, any time up to the
      budget, to which it counts as unsolved.
    censored: `[S]` bool.
    budget: sweeps that every net was allowed.
  """
  times, censored = _times(times, censored)
  if np.any(times > budget):
    raise ValueError(
      f'times: expected none beyond budget = {budget}, found {times.max()}'
    )
  if times.size == 0:
    return _nothing('sweeps')
  curve = survival(times, censored)
  reached = curve.sweeps[curve.share <= 0.5 + 1e-9]  # shares are products
  value = float(reached[0]) if reached.size else np.inf
  bounds = _bounds(np.sort(np.where(censored, np.inf, times)), 0.5)
  return _within_reach((value, *bounds), times.size, 'sweeps')


def paired_rates(a: Any, b: Any) -> PairedRates:
  """Returns how the rates of two settings differ over the same seeds.

  McNemar's exact test asks, of the seeds on which they disagree, whether
  either side is as likely. The difference has Wald's interval after half a
  seed is added to each of the four cells: it keeps a width where no seed
  disagrees. Test and interval may part where the evidence is borderline.

  Args:
    a: `[S]` bool, one setting.
    b: `[S]` bool, the other, seed by seed.

  References:
    McNemar, Psychometrika 12 (1947).
    Agresti & Min, Statistics in Medicine 24 (2005).
  """
  from scipy import stats

  a, b = _flags('a', a), _flags('b', b)
  _same_size('b', b, a)
  n, only_a, only_b = a.size, int(np.sum(a & ~b)), int(np.sum(b & ~a))
  if n == 0:
    return PairedRates(_nothing('rate'), 0, 0, None)
  discordant = only_a + only_b
  p_value = stats.binomtest(only_a, discordant).pvalue if discordant else 1.0
  centre = (only_a - only_b) / (n + 2)
  variance = (discordant + 1) / (n + 2) - centre**2
  half = _Z * (variance / (n + 2)) ** 0.5
  low, high = max(centre - half, -1.0), min(centre + half, 1.0)
  difference = Estimate((only_a - only_b) / n, low, high, n, 'rate')
  return PairedRates(difference, only_a, only_b, float(p_value))


def paired_bootstrap(a: Any, b: Any, *, unit: str, seed: int = 0) -> Estimate:
  """Returns the mean of a - b, seed by seed, with the interval of `mean`.

  Args:
    a: `[S]` finite, one setting.
    b: `[S]` finite, the other, over the same seeds.
    unit: of the values.
    seed: of the resampling.
  """
  a, b = _finite('a', a), _finite('b', b)
  _same_size('b', b, a)
  return mean(a - b, unit=unit, seed=seed)


def paired_signs(a: Any, b: Any) -> Signs:
  """Returns on how many seeds either setting has more, and the sign test.

  It asks, of the seeds on which they differ, whether either side is as likely;
  by how much they differ it does not ask. Of flags it is McNemar's exact test.

  Args:
    a: `[S]`, one setting; inf for what was never reached: two such are equal.
    b: `[S]`, the other, seed by seed.
  """
  from scipy import stats

  a, b = _reached('a', a), _reached('b', b)
  _same_size('b', b, a)
  if a.size == 0:
    return Signs(0, 0, None)
  more_a, more_b = int(np.sum(a > b)), int(np.sum(a < b))
  differ = more_a + more_b
  p_value = stats.binomtest(more_a, differ).pvalue if differ else 1.0
  return Signs(more_a, more_b, float(p_value))


def paired_median(a: Any, b: Any, *, unit: str) -> Estimate:
  """Returns the median of a - b, seed by seed, with the sign test's interval.

  Between the middle two of an even number it lies halfway. The bounds are those
  of `quantile` for a median; they leave out 0 only where `paired_signs` has
  p < 0.05 and, if no two are equal, wherever it has. Seeds on which neither is
  reached say nothing and are left out; where one is, a - b and with it value
  and bounds may be inf or -inf. Halfway between these is no value.

  Args:
    a: `[S]`, one setting; inf for what was never reached.
    b: `[S]`, the other, seed by seed.
    unit: of the values.
  """
  a, b = _reached('a', a), _reached('b', b)
  _same_size('b', b, a)
  either = ~(np.isinf(a) & np.isinf(b))
  apart = np.sort(a[either] - b[either])
  n = apart.size
  if n == 0:
    return _nothing(unit)
  low, high = (float(apart[place]) for place in ((n - 1) // 2, n // 2))
  value = None if low == -np.inf < np.inf == high else (low + high) / 2
  return Estimate(value, *_bounds(apart, 0.5), n, unit)


def log_rank(
  times_a: Any, censored_a: Any, times_b: Any, censored_b: Any
) -> LogRank:
  """Returns the log-rank test of two settings' times to a solve.

  At each time t at which nets are solved, d of the n that were unsolved until
  then, m of them of a, the solves of a are expected to be d m/n:

    χ² = (Σ_t d_a - d m/n)² / Σ_t d (m/n) (1 - m/n) (n - d)/(n - 1)

  Censored nets stay among the unsolved to the end, as in `survival`. The two
  are taken for independent: that the same seeds are in both is not used, and
  `paired_signs` of the times is the test that uses it. (`scipy.stats.logrank`
  is the same test, in integers that overflow at some 10⁶ nets.)

  Args:
    times_a: `[S]` sweeps to the solve, one setting; any for a censored net.
    censored_a: `[S]` bool.
    times_b: `[R]`, the other.
    censored_b: `[R]` bool.

  References:
    Mantel, Cancer Chemotherapy Reports 50 (1966).
    Bland & Altman, British Medical Journal 328 (2004).
  """
  from scipy import stats

  sides = (times_a, censored_a), (times_b, censored_b)
  (a, lost_a), (b, lost_b) = (_times(*side) for side in sides)
  solved_a, solved_b = np.sort(a[~lost_a]), np.sort(b[~lost_b])
  at, solves = np.unique(np.append(solved_a, solved_b), return_counts=True)
  at_risk_a = a.size - np.searchsorted(solved_a, at).astype(float)
  at_risk = at_risk_a + b.size - np.searchsorted(solved_b, at)
  share = at_risk_a / np.maximum(at_risk, 1)
  left = (at_risk - solves) / np.maximum(at_risk - 1, 1)
  variance = np.sum(solves * share * (1 - share) * left)
  if not variance > 0:
    return LogRank(None, None)
  chi2 = (solved_a.size - np.sum(solves * share)) ** 2 / variance
  return LogRank(float(chi2), float(stats.chi2.sf(chi2, 1)))


def bootstrap(
  statistic: Callable[..., np.ndarray],
  columns: Any,
  *,
  unit: str,
  seed: int = 0,
) -> Estimate:
  """Returns a statistic of paired columns, with its percentile interval.

  Seeds are drawn with replacement (1,999 times), each with all of its columns.
  A bound that is not finite is None, and so are those of one seed.

  Args:
    statistic: `(*columns [..., S], axis) -> [...]`.
    columns: `[K, S]`, the same seeds in each; inf for what was never reached.
    unit: of the statistic.
    seed: of the resampling.
  """
  from scipy import stats

  value = float(statistic(*columns, axis=-1))
  if len(columns[0]) < 2:
    return Estimate(value, None, None, len(columns[0]), unit)
  with np.errstate(invalid='ignore'):  # inf - inf
    found = stats.bootstrap(
      tuple(columns),
      statistic,
      paired=True,
      n_resamples=1999,
      batch=50,
      method='percentile',
      confidence_level=LEVEL,
      rng=np.random.default_rng(seed),
    ).confidence_interval
  low, high = (float(b) if np.isfinite(b) else None for b in found)
  return Estimate(value, low, high, len(columns[0]), unit)


def predictive(
  values: Any,
  statistic: Callable[..., np.ndarray],
  size: int,
  source: float,
  *,
  unit: str,
  draws: int = 10_000,
  seed: int = 0,
) -> Predictive:
  """Returns where a source's number lies among groups of our nets.

  A source that ran `size` nets and printed one number is held against that
  statistic of many groups of `size` of ours, drawn with replacement; not
  against the interval of our mean, which shrinks as we run more. A group of
  one is a net, and nothing is drawn. Our nets stand for all nets, so there
  should be thousands: what is uncertain about them is left out.

  Args:
    values: `[S]`; inf for what was never reached.
    statistic: `(groups [G, size], axis=-1) -> [G]`: np.mean, np.median, ..
    size: nets in the source's group, ≥ 1.
    source: the source's number.
    unit: of the statistic.
    draws: groups to draw.
    seed: of the drawing.
  """
  values = np.ravel(np.asarray(values, np.float64))
  if size < 1:
    raise ValueError(f'size: expected at least 1, found {size}')
  if values.size == 0:
    return Predictive(_nothing(unit), None)
  if size == 1:
    found = statistic(values[:, None], axis=-1)
  else:
    rng = np.random.default_rng(seed)
    rows = max(1, 1_000_000 // size)  # at a time, to bound the memory
    counts = [min(rows, draws - done) for done in range(0, draws, rows)]
    groups = (rng.choice(values, (count, size)) for count in counts)
    found = np.concatenate([statistic(group, axis=-1) for group in groups])
  if np.any(np.isnan(found) | np.isneginf(found)):
    raise ValueError('values: expected a statistic above -inf, found others')
  places = np.quantile(found, [0.5, _TAIL, 1 - _TAIL], method='inverted_cdf')
  expected = _within_reach(map(float, places), values.size, unit)
  share = np.mean(found < source) + np.mean(found == source) / 2
  return Predictive(expected, float(share))


def _nothing(unit: str) -> Estimate:
  return Estimate(None, None, None, 0, unit)


def _within_reach(places, n: int, unit: str) -> Estimate:
  """Returns the estimate of a value and bounds, inf where beyond the budget."""
  places = list(places)
  value, low, high = (None if place == np.inf else place for place in places)
  return Estimate(value, low, high, n, unit, censored=np.inf in places)


def _bounds(values: np.ndarray, q: float) -> tuple[float | None, float | None]:
  """Returns the order statistics that bound the q-quantile; values sorted."""
  from scipy import stats

  n = values.size
  low = int(stats.binom.ppf(_TAIL, n, q))
  high = int(stats.binom.ppf(1 - _TAIL, n, q)) + 1
  return (
    float(values[low - 1]) if low >= 1 else None,
    float(values[high - 1]) if high <= n else None,
  )


def _finite(name: str, values: Any) -> np.ndarray:
  values = np.ravel(np.asarray(values, np.float64))
  wrong = np.sum(~np.isfinite(values))
  if wrong:
    raise ValueError(
      f'{name}: expected finite numbers, found {wrong} others in {values.size}'
    )
  return values


def _reached(name: str, values: Any) -> np.ndarray:
  values = np.ravel(np.asarray(values, np.float64))
  if np.any(np.isnan(values)):
    raise ValueError(f'{name}: expected numbers or inf, found nan')
  return values


def _flags(name: str, values: Any) -> np.ndarray:
  values = np.ravel(np.asarray(values))
  if not np.all((values == 0) | (values == 1)):
    raise ValueError(f'{name}: expected flags, found other values')
  return values.astype(bool)


def _times(times: Any, censored: Any) -> tuple[np.ndarray, np.ndarray]:
  times, censored = _finite('times', times), _flags('censored', censored)
  _same_size('censored', censored, times)
  if np.any(times < 0):
    raise ValueError(f'times: expected none below 0, found {times.min()}')
  return times, censored


def _same_size(name: str, values: np.ndarray, other: np.ndarray) -> None:
  if values.size != other.size:
    raise ValueError(f'{name}: expected {other.size} nets, found {values.size}')

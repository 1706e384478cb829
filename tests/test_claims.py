"""Verdicts are computed from rates and their intervals."""

import numpy as np
import pytest

from experiments.results import boolean as results
from experiments.shared import groups
from jaxrep import stats
from jaxrep.claims import boolean, judges, symmetry
from jaxrep.measures.minima import Outcome


def rate(value, low, high):
  return {'value': value, 'low': low, 'high': high, 'n': 100, 'unit': 'rate'}


NOTHING = rate(None, None, None)


@pytest.mark.parametrize(
  ('found', 'verdict'),
  [
    (rate(0.7, 0.6, 0.8), 'holds'),
    (rate(0.3, 0.2, 0.4), 'fails'),
    (rate(0.5, 0.4, 0.6), 'undecided'),
    (NOTHING, 'undecided'),
  ],
)
def test_a_property_of_most_nets_has_its_interval_above_one_half(
  found, verdict
):
  assert judges.most('r')({'r': found}) == verdict


@pytest.mark.parametrize(
  ('share', 'verdict'),
  [
    (rate(0.3, 0.2, 0.4), 'holds'),
    (rate(0.0, 0.0, 0.004), 'fails'),
    (rate(0.0, 0.0, 0.8), 'undecided'),  # one net
    (rate(1.0, 0.99, 1.0), 'fails'),
    (NOTHING, 'undecided'),
  ],
)
def test_a_number_from_one_run_lies_among_ours_or_not(share, verdict):
  assert judges.one_run('r')({'r': share}) == verdict


@pytest.mark.parametrize(
  ('certified', 'unsolved', 'verdict'),
  [
    (rate(0.0, 0.0, 0.01), rate(0.06, 0.04, 0.08), 'undecided'),
    (rate(0.0, 0.0, 0.01), rate(0.01, 0.0, 0.03), 'holds'),
    (rate(0.2, 0.1, 0.3), rate(0.3, 0.2, 0.4), 'fails'),
  ],
)
def test_a_lower_bound_alone_makes_nothing_rare(certified, unsolved, verdict):
  found = {'local_minimum_rate': certified, 'unsolved_rate': unsolved}
  judge = judges.never_more_than_rare('local_minimum_rate')
  assert judge(found) == verdict


@pytest.mark.parametrize(
  ('solved', 'held', 'verdict'),
  [
    (rate(0.7, 0.6, 0.8), rate(0.3, 0.2, 0.4), 'holds'),
    (rate(0.3, 0.2, 0.4), rate(0.7, 0.6, 0.8), 'fails'),
    # Most still descend: they may yet learn it.
    (rate(0.1, 0.0, 0.2), rate(0.1, 0.0, 0.2), 'undecided'),
    (rate(0.5, 0.4, 0.6), rate(0.5, 0.4, 0.6), 'undecided'),
  ],
)
def test_a_task_is_not_learnt_only_where_most_nets_are_held(
  solved, held, verdict
):
  found = {'solved_rate': solved, 'held_rate': held}
  assert judges.learnt()(found) == verdict


@pytest.mark.parametrize(
  ('ways', 'verdict'),
  [
    (['helps', 'no difference'], 'holds'),
    (['hurts', 'no difference'], 'fails'),
    (['hurts', 'helps'], 'depends on the setting'),
    (['no difference'], 'undecided'),
  ],
)
def test_more_connections_are_judged_over_all_comparisons(ways, verdict):
  places = [(way, 'learning rate ε 0.1') for way in ways]
  for claim in symmetry.COMPARED:
    found = symmetry.more_connections(claim, places)
    assert (found['id'], found['verdict']) == (claim.id, verdict)
    if 'helps' in ways:
      assert 'helps in 1 (at learning rate ε 0.1)' in found['ours']


@pytest.mark.parametrize(
  ('found', 'verdict'),
  [
    (rate(0.0, 0.0, 0.0099), 'holds'),
    (rate(0.0, 0.0, 0.01), 'undecided'),  # too few nets
    (rate(0.001, 0.0, 0.005), 'fails'),  # one net in a thousand
    (NOTHING, 'undecided'),
  ],
)
def test_one_net_refutes_that_it_never_happens_and_few_prove_nothing(
  found, verdict
):
  assert judges.never('r')({'r': found}) == verdict


# Two of "200 to 999" nets: the least rate is 2 of 999's lower bound, where
# P(X >= 2) = .025; a Poisson mean of .2422 does it, .2422 / 999 = .00024. The
# greatest is 2 of 200's upper bound, P(X <= 2) = .025: a Poisson mean of
# 7.22, 7.22 / 200 = .0361, and a little less for a binomial (.0357).
@pytest.mark.parametrize(
  ('low', 'high', 'verdict'),
  [
    (0.00026, 0.0350, 'holds'),
    (0.00022, 0.0350, 'undecided'),
    (0.00026, 0.0365, 'undecided'),
    (0.0, 0.0002, 'fails'),
    (0.0365, 0.05, 'fails'),
    (0.0, 1.0, 'undecided'),
  ],
)
def test_a_count_is_one_that_our_rate_may_give(low, high, verdict):
  judge = judges.counted('r', 2, 200, 999)
  assert judge({'r': rate((low + high) / 2, low, high)}) == verdict
  assert judge({'r': NOTHING}) == 'undecided'


def test_no_net_of_few_is_no_rate_too_low():
  """Clopper & Pearson: of 0 among n the least rate is 0."""
  judge = judges.counted('r', 0, 10, 10)
  assert judge({'r': rate(0.0, 0.0, 0.3)}) == 'holds'  # 1 - .025^(1/10) = .308
  assert judge({'r': rate(0.01, 0.0, 0.31)}) == 'undecided'


def claim(**when):
  return judges.Claim('a', 'b', 'c', 'd', 'r', judges.most('r'), when)


@pytest.mark.parametrize(
  ('value', 'found', 'about'),
  [
    (2, 2, True),
    (2, 3, False),
    ('xor', 'xor', True),
    ('xor', 'parity', False),
    ((0.25, 0.5), 0.5, True),
    ((0.25, 0.5), 1.0, False),
    (0.1, float(np.float32(0.1)), True),  # what a record keeps of 0.1
    (0.1, 0.100001, False),
    (lambda rate: rate >= 0.5, 0.5, True),
    (lambda rate: rate >= 0.5, 0.4, False),
    ((0.25, lambda rate: rate > 1), 2.0, True),
    (False, False, True),
    (False, True, False),
  ],
)
def test_a_claim_is_about_the_setting_that_it_was_made_for(value, found, about):
  assert claim(x=value).is_about({'x': found, 'more': 1}) == about


def test_a_name_that_is_missing_fits_nothing_and_no_name_fits_all():
  assert not claim(x=1).is_about({'y': 1})
  assert not claim(x=lambda value: True).is_about({})
  assert not claim(x=1, y=2).is_about({'x': 1, 'y': 3})
  assert claim().is_about({})


@pytest.mark.parametrize(
  ('each', 'ours', 'verdict'),
  [
    (['holds'] * 5, 'holds at 5 of 5 settings', 'holds'),
    # Half of the settings are too few to speak for all.
    (
      ['holds', 'undecided', 'holds', 'undecided'],
      'holds at 2, undecided at 2 of 4 settings',
      'undecided',
    ),
    (
      ['undecided', 'fails', 'undecided', 'holds'],
      'undecided at 2, fails at 1, holds at 1 of 4 settings',
      'depends on the setting',
    ),
    (
      ['holds', 'undecided', 'holds'],
      'holds at 2, undecided at 1 of 3 settings',
      'holds',
    ),
    (['undecided'] * 2, 'undecided at 2 of 2 settings', 'undecided'),
    (
      ['fails', 'holds', 'fails'],
      'fails at 2, holds at 1 of 3 settings',
      'depends on the setting',
    ),
    (
      ['fails', 'undecided', 'fails'],
      'fails at 2, undecided at 1 of 3 settings',
      'fails',
    ),
  ],
)
def test_a_summed_verdict_is_that_of_most_settings_where_none_contradicts(
  each, ours, verdict
):
  listed = [
    {'id': 'a', 'claim': f'c (at {k})', 'at': {}, 'ours': k, 'verdict': word}
    for k, word in enumerate(each)
  ]
  assert judges.summed(listed, 'c') == {
    'id': 'a', 'claim': 'c', 'setting': '', 'at': {}, 'ours': ours,
    'verdict': verdict, 'hangs_on': [],
  }  # fmt: skip


def group(name='h2', solved=(), sweeps=(), results=None, **setting):
  solved = np.asarray(solved, bool)
  arrays = {
    'outcome': np.where(solved, Outcome.SOLVED, Outcome.SATURATED),
    'sweeps': np.asarray(sweeps, float),
  }
  return groups.Group(setting, name, arrays, results or {})


@pytest.mark.parametrize(('settings', 'verdicts'), [(6, 6), (7, 1)])
def test_few_settings_have_a_verdict_each_and_more_have_one_in_all(
  settings, verdicts
):
  assert groups.FEW == 6
  # One more that the claim is not about, at which it would fail.
  found = [
    group(results={'r': rate(0.8, 0.7, 0.9)}, x=k, task='a')
    for k in range(settings)
  ] + [group(results={'r': rate(0.1, 0.0, 0.2)}, x=0, task='b')]
  one = claim(task='a', fixed=True)
  result = groups.verdicts([one], found, lambda group: {'fixed': True})
  assert len(result) == verdicts
  assert {each['verdict'] for each in result} == {'holds'}
  if verdicts > 1:
    assert [v['claim'] for v in result] == [f'c (x {k}, a)' for k in range(6)]
  else:
    assert result[0]['ours'] == 'holds at 7 of 7 settings'


def test_a_claim_that_no_setting_bears_on_has_no_verdict():
  found = [group(results={'r': rate(0.8, 0.7, 0.9)}, x=k) for k in range(9)]
  assert groups.verdicts([claim(x=10)], found, lambda group: {}) == []


@pytest.mark.parametrize(
  ('units', 'presentations'), [(1, 280), (2, 247), (8, 181), (32, 115)]
)
def test_chauvins_line_falls_by_33_for_each_doubling(units, presentations):
  assert boolean.chauvin(units) == presentations


def widths(*sweeps, solved=None, **rest):
  """Nets at H = 2, 4, 8: columns of sweeps, a seed a row."""
  sweeps = np.array(sweeps, float)
  solved = np.ones_like(sweeps, bool) if solved is None else np.array(solved)
  rest = {'learning_rate': 0.25} | rest
  return [
    group(f'h{2**k}', solved[:, k - 1], sweeps[:, k - 1], hidden=2**k, **rest)
    for k in (1, 2, 3)
  ]


def test_the_slope_over_doublings_is_worked_out_by_hand():
  # log2 H - mean = -1, 0, 1: the slope is half of the last median less the
  # first. Medians: 300, whatever, 240; a net that never solves the task is
  # slower than any: at H = 8 the sweeps are 100, 240 and never.
  found = widths(
    (200, 170, 100),
    (300, 999, 240),
    (500, 180, np.nan),
    solved=[[True] * 3, [True] * 3, [True, True, False]],
  )
  [(first, slope)] = results.slopes(found)
  assert first is found[0]
  assert slope.value == pytest.approx(-30)
  assert (slope.n, slope.unit) == (3, 'sweeps')


def test_slopes_are_of_three_widths_at_chauvins_rate_for_each_other_setting():
  rows = (200, 167, 134), (233, 200, 167), (233, 200, 167)
  assert results.slopes(widths(*rows)[:2]) == []
  assert results.slopes(widths(*rows, learning_rate=0.5)) == []
  steep = 2 * np.array(rows)
  mixed = [
    g
    for pair in zip(
      widths(*rows, momentum=0.0), widths(*steep, momentum=0.9), strict=True
    )
    for g in pair
  ]
  found = {g.setting['momentum']: e.value for g, e in results.slopes(mixed)}
  assert found == {0.0: pytest.approx(-33), 0.9: pytest.approx(-66)}


def test_no_slope_is_given_where_a_median_lies_beyond_the_budget():
  rows = (200, 167, 134), (233, 200, 167), (233, 200, 167)
  solved = [[True] * 3, [True, False, True], [True, False, True]]
  assert results.slopes(widths(*rows, solved=solved)) == []


def slope(low, high):
  value = None if low is None or high is None else (low + high) / 2
  return stats.Estimate(value, low, high, 9, 'sweeps')


@pytest.mark.parametrize(
  ('low', 'high', 'verdict'),
  [
    (-40, -30, 'holds'),
    (-2, -1, 'holds'),
    (1, 20, 'fails'),
    (-60, 10, 'undecided'),
    (None, None, 'undecided'),
  ],
)
def test_more_units_are_faster_where_the_slope_surely_falls(low, high, verdict):
  found = boolean.more_units(slope(low, high), 'momentum α 0')
  assert found['verdict'] == verdict
  assert found['claim'].endswith(' (momentum α 0)')
  assert found['ours']['low'] == low
  alone = boolean.more_units(slope(low, high), '')['claim']
  assert alone.endswith('(the direction only).')


@pytest.mark.parametrize(
  ('low', 'high', 'verdict'),
  [
    (-40, -30, 'holds'),  # 33 fewer are among them
    (-60, -50, 'fails'),
    (-30, -20, 'fails'),
    (None, None, 'undecided'),
  ],
)
def test_chauvins_number_is_one_of_our_interval_or_not(low, high, verdict):
  assert boolean.chauvins_number(slope(low, high), '')['verdict'] == verdict


def test_escapes_are_counted_among_the_seeds_that_were_held():
  # At 0.25 the seeds 0, 1 and 2 are held; of these 1 and 2 are solved at 1.
  found = [
    group(solved=solved, hidden=hidden, learning_rate=epsilon)
    for hidden in (2, 3)
    for epsilon, solved in (
      (0.25, [0, 0, 0, 1]),
      (0.3, [1, 1, 1, 1]),
      (1.0, [0, 1, 1, 0]),
    )
  ]
  [(larger, left)] = results.escapes(found)
  assert larger is found[2]
  assert (left.value, left.n) == (pytest.approx(2 / 3), 3)
  assert results.escapes(found[1:]) == []  # without 0.25 none is known


@pytest.mark.parametrize(
  ('solved', 'verdict'),
  [(18, 'holds'), (10, 'undecided'), (2, 'fails'), (None, 'undecided')],
)
def test_nets_escape_by_larger_steps_where_most_of_the_held_do(solved, verdict):
  left = stats.rate_of(0, 0) if solved is None else stats.rate_of(solved, 20)
  assert boolean.escape(left, 'learning rate ε 1')['verdict'] == verdict


def test_precisions_are_compared_seed_by_seed_by_hand():
  # Unsolved in float32 only: seeds 0 and 1; in float64 only: seed 3.
  single, double = [0, 0, 1, 1, 0, 1], [1, 1, 1, 0, 0, 1]
  found = [
    group(solved=single, precision='float32', hidden=2),
    group(solved=[0] * 6, precision='float32', hidden=3),  # alone
    group(solved=double, precision='float64', hidden=2),
  ]
  [pair] = results.compare_precision(found)
  assert (pair.only_a, pair.only_b) == (2, 1)
  assert pair.difference.value == pytest.approx(1 / 6)
  # McNemar: 2 of 3 or more, either way: 2 (3 + 1) / 8 = 1.
  assert pair.p_value == pytest.approx(1)
  [swapped] = results.compare_precision(found[::-1])
  assert (swapped.only_a, swapped.only_b) == (2, 1)


def pair(only_a, only_b):
  """Of 20 seeds that part the two, `only_a` speak for higher precision."""
  a = np.arange(40) < only_a
  b = np.arange(40) >= 40 - only_b
  return stats.paired_rates(a, b)


@pytest.mark.parametrize(
  ('pairs', 'verdict'),
  [
    # 2 / 2^k by McNemar: .0625 for 5 seeds, .031 for 6, .0156 for 7.
    ([pair(5, 0)], 'undecided'),
    ([pair(6, 0)], 'holds'),
    ([pair(0, 6)], 'fails'),
    ([pair(6, 0), pair(1, 1)], 'undecided'),  # two are judged at .025
    ([pair(7, 0), pair(1, 1)], 'holds'),
    ([pair(7, 0), pair(0, 7)], 'depends on the setting'),
  ],
)
def test_precision_is_judged_by_what_many_comparisons_leave_sure(
  pairs, verdict
):
  found = boolean.precision(pairs)
  assert found['verdict'] == verdict
  a, b = (sum(getattr(p, name) for p in pairs) for name in ('only_a', 'only_b'))
  many = 'comparisons' if len(pairs) > 1 else 'comparison'
  assert found['ours'] == (
    f'{a} seeds unsolved in float32 only, {b} in float64 only, over'
    f' {len(pairs)} {many}'
  )


@pytest.mark.parametrize(
  ('setting', 'ids'),
  [
    (
      {'task': 'xor', 'hidden': 2, 'learning_rate': 0.25, 'own': True},
      {'xor-stuck', 'xor-221-minima', 'minima-irrelevant'},
    ),
    (
      {'task': 'xor', 'hidden': 2, 'learning_rate': 2.0, 'own': True},
      {'xor-221-minima', 'minima-irrelevant'},
    ),
    (
      {'task': 'xor', 'hidden': 3, 'learning_rate': 0.25, 'own': False},
      {'xor-more-units'},
    ),
    (
      {'task': 'xor', 'skip': True, 'hidden': 1, 'learning_rate': 0.5},
      {'xor-linked-sweeps', 'xor-linked-minima'},
    ),
    (
      {'task': 'xor', 'skip': True, 'hidden': 1, 'learning_rate': 0.25},
      {'xor-linked-minima'},
    ),
    (
      {'task': 'parity', 'size': 4, 'hidden': 4, 'learning_rate': 0.5,
       'own': True},
      {'parity-learnt', 'parity-sweeps', 'parity-counts',
       'parity-counts-inverted', 'minima-irrelevant'},
    ),
    # "Up to about size 8".
    (
      {'task': 'parity', 'size': 9, 'hidden': 9, 'own': True},
      {'minima-irrelevant'},
    ),
    (
      {'task': 'parity', 'size': 4, 'hidden': 3, 'learning_rate': 0.5},
      set(),
    ),
    (
      {'task': 'encoder', 'size': 8, 'hidden': 3, 'own': True},
      {'encoder-learnt', 'minima-irrelevant'},
    ),
  ],
)  # fmt: skip
def test_claims_are_about_their_sources_settings_and_no_others(setting, ids):
  setting = {'skip': False, 'own': False, 'learning_rate': 0.1} | setting
  found = {one.id for one in boolean.CLAIMS if one.is_about(setting)}
  assert found == ids

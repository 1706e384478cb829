"""Verdicts are computed from rates and their intervals."""

import pytest

from jaxrep.claims import judges, symmetry


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
  results = {'local_minimum_rate': certified, 'unsolved_rate': unsolved}
  assert judges.never_more_than_rare(results) == verdict


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
  assert symmetry.more_connections(ways)['verdict'] == verdict

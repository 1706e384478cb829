"""Figures of alignments: by site, searches, how they form, interchanges."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import FancyBboxPatch
from samples import drawn
from test_tally_figures import apart, dots, texts, words

from jaxrep.figures import alignments, formation, interchanges, searches, style

NAN, INF = np.nan, np.inf
NASTY = np.array([NAN, INF, -INF, 0, -1, 1e9, 1e-9, 0.5])
SITES = ['inputs', 'layer 1', 'layer 2', 'layer 3']
ROWS = ['ReLU, orthogonal', 'ReLU, linear', 'sigmoid, orthogonal']
GROUPS = [('(a = b)', 2), ('(c = d)', 2), ('rest', 0)]


def draws(*shape, seed=0):
  return np.random.default_rng(seed).normal(size=shape)


def by_site(values, **choices):
  """Sites and k of made-up nets; the mean is of what is finite."""
  finite = [[a[np.isfinite(a)] for a in map(np.asarray, r)] for r in values]
  means = np.array([[a.mean() if len(a) else NAN for a in r] for r in finite])
  groups = 2 ** np.arange(len(values[0])) if len(values) else []
  return lambda ax: alignments.by_site(
    ax, SITES[: len(values)], groups, values, means, means - 0.1, means + 0.1,
    **choices,
  )  # fmt: skip


def ceiling(tops, ends, **choices):
  return lambda ax: searches.ceiling_and_searches(
    ax, ROWS[: len(tops)], tops, ends, **choices
  )


def basin(distance, *shares, **choices):
  shares = [np.asarray(a, float) for a in shares]
  series = {
    name: (a, a - 0.1, a + 0.1) for name, a in zip(ROWS, shares, strict=False)
  }
  return lambda ax: searches.basin(ax, distance, series, **choices)


def restarts(values, **choices):
  return lambda ax: searches.restarts(ax, values, **choices)


def growth(examples, *lines, **choices):
  series = dict(zip(['task accuracy', 'IIA', 'third'], lines, strict=False))
  return lambda ax: formation.growth(ax, examples, series, **choices)


def probes(trained, untrained, **choices):
  series = {'(a = b)': (trained, untrained), 'y': (untrained, trained)}
  sites = SITES[: np.shape(trained)[1]]
  return lambda ax: formation.probes(ax, sites, series, **choices)


def rotation(matrix, rows=GROUPS, **choices):
  return lambda ax: interchanges.rotation(ax, matrix, rows=rows, **choices)


def example(base, source, hidden, moved=(True, False), **choices):
  said = [('same', 'same'), ('different', 'same'), ('same', 'different')]
  values = [['true', 'false'], ['untrue', 'not so']]
  return lambda ax: interchanges.example(
    ax, base, source, hidden, values, moved, said, **choices
  )


IIA = 0.7 + 0.05 * draws(4, 4, 40)
ALL = np.full((4, 4), 0.5)
SOME = np.where(np.eye(4), 0.6, NAN)
X = np.array([0, 100, 1000, 10000, 100000])
TOP = 0.98 + 0.01 * draws(3, 30)
REACHED = 0.7 + 0.05 * draws(3, 30, 8)
CASES = {
  alignments.by_site: {
    'realistic': by_site(
      IIA, published=SOME, apart=0.1 + IIA[..., :3], title='Layer 1 has them',
      controls={'untrained net': ALL, 'untrained rotation': SOME},
    ),
    'plain': by_site(IIA),
    'one': by_site([[[0.7]]], published=[[0.9]], controls={'none': [[NAN]]}),
    'three k': by_site(IIA[:, :3]),
    'no sites': by_site([]),
    'no nets': by_site([[[], []]]),
    'no nets but one published': by_site([[[], []]], published=[[1, NAN]]),
    'nan': by_site(np.full((2, 3, 4), NAN)),
    'nasty': by_site([[NASTY, NASTY[:1]]], apart=[[[], NASTY]]),
  },
  searches.ceiling_and_searches: {
    'realistic': ceiling(TOP, REACHED, title='Never found'),
    'one': ceiling([[1.0]], [[[0.7]]]),
    'no rows': ceiling([], []),
    'no nets': ceiling([[]], [np.zeros((0, 4))]),
    'one row without nets': ceiling([[], [0.9]], [[], [[0.5]]]),
    'no searches': ceiling([[0.9]], [np.zeros((1, 0))]),
    'nan': ceiling([[NAN]], [[[NAN]]]),
    'one row of nan': ceiling([[NAN], [0.9]], [[[0.5]], [[NAN]]]),
    'nasty': ceiling([NASTY], [np.tile(NASTY, (8, 1))], chance=None),
  },
  searches.basin: {
    'realistic': basin(
      [2, 10, 20, 40], [1, 0.9, 0.5, 0], [1, 1, 0.6, 0.1], random=56.0,
      title='They return from 20 degrees',
    ),
    'one': basin([5], [0.5]),
    'empty': basin([], []),
    'no series': basin([1, 2], random=50.0),
    'nan': basin([1, 2], [NAN, NAN], random=NAN),
    'nasty': basin(range(8), NASTY),
  },
  searches.restarts: {
    'realistic': restarts(REACHED[0], title='Nets differ'),
    'one': restarts([[0.7]]),
    'hundred': restarts(0.7 + 0.05 * draws(100, 10), chance=None),
    'empty': restarts(np.zeros((0, 3))),
    'no searches': restarts(np.zeros((3, 0))),
    'nan': restarts(np.full((2, 3), NAN)),
    'nasty': restarts(np.resize(NASTY, (4, 4))),
  },
  formation.growth: {
    'realistic': growth(
      X, 0.5 + X / 4e5 + 0.01 * draws(30, 5), 0.5 + 0.01 * draws(30, 5),
      title='After the task',
    ),
    'one': growth([0], [[0.5]]),
    'two': growth([0, 6400], [[0.5, 0.9]]),
    'log': growth(X[1:], 0.5 + 0.01 * draws(9, 4), most=3),
    'no nets': growth(X, np.zeros((0, 5))),
    'no counts': growth([], np.zeros((3, 0))),
    'no series': growth(X),
    'nan': growth(X, np.full((2, 5), NAN)),
    'nasty': growth(np.arange(8), [NASTY, NASTY[::-1]]),
  },
  formation.probes: {
    'realistic': probes(
      0.9 + 0.02 * draws(30, 4), 0.6 + 0.02 * draws(9, 4), title='Layer 1',
    ),
    'one': probes([[0.5]], [[0.6]]),
    'no untrained nets': probes(0.5 + 0.1 * draws(5, 2), np.zeros((0, 2))),
    'no sites': probes(np.zeros((3, 0)), np.zeros((3, 0))),
    'nan': probes(np.full((2, 3), NAN), np.full((2, 3), NAN)),
    'nasty': probes([NASTY[:4]], [NASTY[4:]]),
  },
  interchanges.rotation: {
    'realistic': rotation(
      draws(4, 4), columns=['a1', 'b1', 'c1', 'd1'], title='The map',
    ),
    'long names': rotation(draws(4, 4), columns=['a rather long name'] * 4),
    'one': rotation([[1.0]], rows=[('all', 1)]),
    'empty': rotation(np.zeros((0, 0)), rows=[]),
    'nan': rotation(np.full((4, 4), NAN)),
    'zero': rotation(np.zeros((4, 4))),
    'nasty': rotation(np.resize(NASTY, (4, 4))),
  },
  interchanges.example: {
    'realistic': example(
      draws(4, 4), draws(4, 4, seed=1), draws(3, 16), title='An interchange'
    ),
    'one': example([[0.1]] * 4, [[0.2]] * 4, [[0.1]] * 3),
    'none moved': example(
      draws(4, 2), draws(4, 2), draws(3, 2), moved=[False, False]
    ),
    'empty': example(np.zeros((4, 0)), np.zeros((4, 0)), np.zeros((3, 0))),
    'no units': example(draws(4, 2), draws(4, 2), np.zeros((3, 0))),
    'nan': example(*np.full((2, 4, 4), NAN), np.full((3, 5), NAN)),
    'nasty': example(
      np.resize(NASTY, (4, 4)), np.resize(NASTY, (4, 4)), [NASTY] * 3
    ),
  },
}  # fmt: skip


@pytest.mark.parametrize('function', CASES)
def test_no_words_overlap_or_leave_the_picture(function):
  wide = {alignments.by_site: (8, 4.5), interchanges.example: (8.5, 3.6)}
  size = wide.get(function, (6.0, 3.8))
  ax = drawn(CASES[function]['realistic'], size=size)
  boxes = [t.get_window_extent() for t in texts(ax)]
  assert len(boxes) > 5 and apart(boxes)
  width, height = ax.figure.canvas.get_width_height()
  for box in boxes:
    assert box.x0 > -1 and box.x1 < width + 1, box
    assert box.y0 > -1 and box.y1 < height + 1, box


@pytest.mark.parametrize('function', CASES)
def test_where_nothing_is_finite_that_is_said(function):
  if function not in (interchanges.rotation, interchanges.example):
    assert 'nothing to show' in words(drawn(CASES[function]['nan']))
  else:  # a cross for each number
    ax = drawn(CASES[function]['nan'])
    crosses = [len(x.get_xdata()) for x in ax.get_lines()
               if x.get_marker() == 'x']  # fmt: skip
    # The third column shows the base again: 3 × 4 × 4 numbers, 3 × 5 units.
    assert sum(crosses) == (63 if function is interchanges.example else 16)


def marks(ax, marker):
  """`[n, 2]`, the points of all lines with a marker, in the axes."""
  lines = [x.get_xydata() for x in ax.get_lines() if x.get_marker() == marker]
  return np.concatenate(lines) if lines else np.zeros((0, 2))


def test_every_net_stands_in_the_column_of_its_site_and_k():
  ax = drawn(by_site([[[0.6, 0.7], [0.8]], [[NAN, 0.9], []]]))
  found = dots(ax)
  assert [sorted(xy[:, 1]) for xy in found] == [[0.6, 0.7], [0.8], [0.9], []]
  x = ax.get_xticks(minor=True)
  for at, xy in zip(x, found, strict=True):
    assert np.all(abs(xy[:, 0] - at) < 0.3)
  # Columns are 1 apart within a site, and more between sites.
  assert np.isclose(x[1] - x[0], 1) and x[2] - x[1] > 1.5
  assert [t.get_text() for t in ax.get_xticklabels()] == SITES[:2]
  names = [t.get_text() for t in ax.get_xticklabels(minor=True)]
  assert names == ['1', '2', '1', '2']
  middle = ax.containers[-1][0].get_ydata()
  np.testing.assert_allclose(middle, [0.65, 0.8, 0.9, NAN])
  assert {'chance', 'a dot: a net; 0 to 2 nets each'} <= set(words(ax))


def test_the_middle_k_has_its_name_though_its_sites_stands_under_it():
  said = words(drawn(CASES[alignments.by_site]['three k']))
  assert all(said.count(name) == 4 for name in '124')


def test_published_numbers_and_controls_stand_where_there_are_any():
  ax = drawn(
    by_site(
      [[[0.6], [0.7]]], published=[[NAN, 0.95]], published_label='the paper',
      controls={'untrained net': [[0.52, NAN]], 'rotation': [[0.51, 0.49]]},
    )
  )  # fmt: skip
  first, second = ax.get_xticks(minor=True)
  ticks = {
    tuple(x.get_xdata()) for x in ax.get_lines() if set(x.get_ydata()) == {0.95}
  }
  assert len(ticks) == 2  # one on each side of the mean
  for ends in ticks:
    assert second - 0.5 < min(ends) < max(ends) < second + 0.5
  squares, triangles = marks(ax, 's'), marks(ax, '^')
  np.testing.assert_array_equal(squares[:, 1], [0.52, NAN])
  np.testing.assert_array_equal(triangles[:, 1], [0.51, 0.49])
  assert abs(squares[0, 0] - first) < 0.5 and squares[0, 0] > first
  assert np.all(triangles[:, 0] < [first, second])
  assert {'the paper', 'untrained net', 'rotation'} <= set(words(ax))
  assert 'the paper' not in words(
    drawn(by_site([[[0.6]]], published=[[NAN]], published_label='the paper'))
  )


def test_nets_that_have_not_learnt_are_hollow_and_in_no_count():
  ax = drawn(by_site([[[0.6, 0.7]]], apart=[[[0.5]]]))
  full, hollow = (
    x for x in ax.get_lines() if x.get_alpha() and x.get_linestyle() == 'None'
  )
  np.testing.assert_array_equal(hollow.get_ydata(), [0.5])
  assert hollow.get_markerfacecolor() == 'none'
  assert full.get_markerfacecolor() != 'none'
  said = words(ax)
  assert 'a net that has not learnt' in said
  assert 'a dot: a net; 2 nets each' in said
  assert 'a net that has not learnt' not in words(
    drawn(by_site([[[0.6]]], apart=[[[NAN]]]))
  )


def test_sites_that_do_not_match_are_refused():
  one = [[0.5]]
  with pytest.raises(ValueError, match=r'means: expected 1 × 1, found rows of'):
    alignments.by_site(
      style.figure()[1], ['a'], [1], [[one]], [[1, 2]], one, one
    )
  with pytest.raises(ValueError, match=r'controls: untrained: expected 1 × 1'):
    by_site([[[0.5]]], controls={'untrained': [[1], [2]]})(style.figure()[1])


def test_a_search_is_found_when_it_is_less_than_so_far_below_its_own_ceiling():
  # Ceilings 0.9 and 1: 0.89 is within 0.02 of the first, not of the second;
  # 0.95 is above the first. That makes 2 of 4, of the net that is one.
  ax = drawn(
    ceiling([[0.9, 1.0, NAN]], [[[0.89, 0.95], [0.89, 0.95], [0.9, 0.9]]])
  )
  assert '2 of 4' in words(ax) and 'within 0.02 of it' in words(ax)
  ax = drawn(ceiling([[0.9]], [[[0.5, NAN]]], within=0.5))
  assert '1 of 1' in words(ax)


def test_searches_lie_at_the_height_of_their_nets_ceiling():
  ax = drawn(ceiling([[0.9, 1.0]], [[[0.5, 0.6], [0.7, 0.8]]]))
  tops = {x: y for x, y in marks(ax, 's')}
  assert tops[1.0] < tops[0.9]  # y counts down: the highest is on top
  at = {x: y for x, y in dots(ax)[0]}
  assert at == {0.5: tops[0.9], 0.6: tops[0.9], 0.7: tops[1.0], 0.8: tops[1.0]}
  [band] = [c for c in ax.collections if isinstance(c, PolyCollection)]
  corners = band.get_paths()[0].vertices
  np.testing.assert_allclose(corners[:, 0].max(), 1.0)
  np.testing.assert_allclose(corners[:, 0].min(), 0.88)
  upper = corners[corners[:, 1] < -0.01]  # the net with the ceiling of 1
  np.testing.assert_allclose(np.unique(upper[:, 0].round(9)), [0.98, 1.0])


def test_rows_of_searches_that_do_not_match_are_refused():
  with pytest.raises(ValueError, match='reached: expected 1 rows of .2. nets'):
    ceiling([[0.9, 1.0]], [[[0.5]]])(style.figure()[1])


def test_the_basin_curve_has_its_points_near_their_distances():
  ax = drawn(basin([0, 20, 40], [1, 0.5, 0], [1, 0.8, 0.1], random=60.0))
  for marker, share in (('o', [1, 0.5, 0]), ('s', [1, 0.8, 0.1])):
    xy = marks(ax, marker)
    np.testing.assert_allclose(xy[:, 0], [0, 20, 40], atol=1)
    np.testing.assert_array_equal(xy[:, 1], share)
  reach = [c for c in ax.collections if isinstance(c, LineCollection)]
  ends = reach[0].get_segments()[1][:, 1]
  np.testing.assert_allclose(ends, [0.4, 0.6])
  poles = [x for x in ax.get_lines() if set(x.get_xdata()) == {60.0}]
  assert len(poles) == 1 and ax.get_xlim()[1] > 60
  assert {'random starts', '100 %', ROWS[0], ROWS[1]} <= set(words(ax))


def test_shares_and_distances_that_do_not_match_are_refused():
  with pytest.raises(ValueError, match=r'series: expected 3 × 2 of ReLU, orth'):
    basin([1, 2], [0.5])(style.figure()[1])


def test_nets_are_sorted_by_the_means_of_their_searches():
  # Means 0.7, 0.6 (of the one that is not missing) and 0.75.
  ax = drawn(restarts([[0.6, 0.8], [NAN, 0.6], [0.7, 0.8], [NAN, NAN]]))
  np.testing.assert_allclose(marks(ax, '_'), [[1, 0.6], [2, 0.7], [3, 0.75]])
  points = marks(ax, 'o')
  points = {tuple(xy) for xy in points if np.isfinite(xy).all()}
  assert points == {(1, 0.6), (2, 0.6), (2, 0.8), (3, 0.7), (3, 0.8)}
  [lines] = [c for c in ax.collections if isinstance(c, LineCollection)]
  ends = [segment[:, 1].tolist() for segment in lines.get_segments()]
  assert ends == [[0.6, 0.6], [0.6, 0.8], [0.7, 0.8]]
  assert '3 nets, 1 to 2 searches each; nets without any: 1' in words(ax)


def test_growth_begins_at_the_untrained_net():
  lines = [[0.5, 0.6, 0.7, 0.8, 1], [0.5, NAN, 0.8, 0.9, 1],
           [0.5, 0.7, 0.9, 1, 1]]  # fmt: skip
  ax = drawn(growth(X, lines, most=2))
  assert ax.get_xlim()[0] == 0 and ax.get_xscale() == 'symlog'
  assert {'0', '100', '1,000', '100,000', 'chance'} <= set(words(ax))
  middle = marks(ax, 'o')
  np.testing.assert_array_equal(middle[:, 0], X)
  np.testing.assert_allclose(middle[:, 1], [0.5, 0.65, 0.8, 0.9, 1])
  [faint] = [c for c in ax.collections if isinstance(c, LineCollection)]
  assert len(faint.get_segments()) == 2
  said = 'faint: the first 2 of 3 nets; bold: the median of all'
  assert said in words(ax)
  assert drawn(growth(X[1:], [[0.5] * 4])).get_xscale() == 'log'


@pytest.mark.parametrize('x', [[2, 1], [1, 1], [-1, 1], [NAN, 1]])
def test_counts_that_do_not_rise_are_refused(x):
  with pytest.raises(ValueError, match='examples: expected rising counts ≥ 0'):
    growth(x, [[1, 2]])(style.figure()[1])


def test_lines_of_other_lengths_are_refused():
  with pytest.raises(ValueError, match=r'expected \[N, 2\] of task accuracy'):
    growth([0, 1], [[0.5]])(style.figure()[1])
  with pytest.raises(ValueError, match=r'expected \[N, 2\] of \(a = b\), fo'):
    probes([[0.5, 0.6]], [[0.5]])(style.figure()[1])


def test_trained_nets_are_solid_and_untrained_ones_dashed_and_hollow():
  series = {'y': ([[0.7, 0.9], [0.9, 1.0]], [[0.5, NAN], [0.6, NAN]])}
  ax = drawn(lambda ax: formation.probes(ax, SITES[:2], series))
  solid, dashed = (
    x for x in ax.get_lines() if x.get_marker() == 'o' and not x.get_alpha()
  )
  np.testing.assert_allclose(solid.get_ydata(), [0.8, 0.95])
  np.testing.assert_allclose(dashed.get_ydata(), [0.55, NAN])
  assert solid.get_linestyle() == '-' != dashed.get_linestyle()
  assert dashed.get_markerfacecolor() == 'white'
  assert solid.get_markerfacecolor() == solid.get_color()
  found = [sorted(xy[:, 1]) for xy in dots(ax)]
  assert found == [[0.7, 0.9], [0.9, 1.0], [0.5, 0.6], []]
  assert np.all(abs(solid.get_xdata() - [0, 1]) < 0.5)
  assert 'a dot: a net; 2 nets each' in words(ax)


def squares(ax):
  """Left, top and side of all squares, white and black."""
  return [
    [(*path.vertices[0], np.ptp(path.vertices[:, 0])) for path in c.get_paths()]
    for c in ax.collections
    if isinstance(c, PolyCollection)
  ]


def test_rows_of_a_map_stand_in_groups_with_a_gap():
  # Rows 0, 1 | 2 at y = 0, 1 | 3: one row is left free.
  rows = [('(a = b)', 2), ('no rows', 0), ('rest', 1)]
  ax = drawn(rotation([[4.0, 0, 0], [0, -1, 0], [0, 0, 4.0]], rows=rows))
  white, black = squares(ax)
  centres = {(round(x + s / 2, 6), round(y + s / 2, 6)) for x, y, s in white}
  assert centres == {(0, 0), (2, 3)}
  [(x, y, side)] = black
  np.testing.assert_allclose([x + side / 2, y + side / 2], [1, 1])
  np.testing.assert_allclose(white[0][2] / side, 2)  # areas 4 : 1
  names = dict(zip(ax.get_yticks(), ax.get_yticklabels(), strict=True))
  assert {y: t.get_text() for y, t in names.items()} == {
    0.5: '(a = b)', 3.0: 'rest'
  }  # fmt: skip
  assert 'largest square: |r| = 4' in words(ax)
  [gap] = [p.get_extents().intervaly for p in ax.patches]
  low, high = ax.transData.inverted().transform([(0, y) for y in gap])[:, 1]
  np.testing.assert_allclose(sorted([low, high]), [1.5, 2.5])


def test_groups_that_do_not_hold_all_rows_are_refused():
  with pytest.raises(ValueError, match='rows: expected 3 in all, found'):
    rotation(np.eye(3))(style.figure()[1])


def test_what_is_taken_has_the_frame_and_the_value_of_the_source():
  base, source = np.full((4, 2), 0.5), np.full((4, 2), -0.5)
  ax = drawn(example(base, source, np.ones((3, 2)), moved=[False, True]))
  said = words(ax)
  for name, count in (
    ('(a = b): true', 2), ('(a = b): untrue', 1),
    ('(c = d): false', 1), ('(c = d): not so', 2),
  ):  # fmt: skip
    assert said.count(name) == count
  assert 'the base, with (c = d)\ntaken from the source' in said
  assert said.count('taken') == said.count('its part of\nthe units') == 1
  chips = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
  looks = [(p.get_edgecolor(), p.get_linestyle()) for p in chips]
  ours, theirs = looks[0], looks[2]
  assert ours[0] != theirs[0] and ours[1] != theirs[1]
  assert looks == [ours, ours, theirs, theirs, ours, theirs]


def test_the_third_column_shows_the_inputs_of_the_base():
  base, source = np.full((4, 2), 0.5), np.full((4, 2), -0.5)
  found = squares(drawn(example(base, source, np.zeros((3, 2)))))
  white, black = (sum(map(len, found[k::2])) for k in (0, 1))
  assert (white, black) == (16, 8)


def test_an_answer_is_marked_by_whether_it_is_the_expected_one():
  said = words(drawn(CASES[interchanges.example]['realistic']))
  assert 'net says: same ✓' in said and 'expected: same' in said
  assert 'net says: different ✗' in said and 'net says: same ✗' in said


def test_both_variables_have_their_parts():
  ax = drawn(example(*draws(2, 4, 2), np.ones((3, 2)), moved=[True, True]))
  said = words(ax)
  assert 'their parts of\nthe units' in said and said.count('taken') == 2


def test_nothing_is_taken_where_nothing_moved():
  said = words(drawn(CASES[interchanges.example]['none moved']))
  assert 'taken' not in said
  assert not any(line.endswith('the units') for line in said)


def test_examples_that_do_not_match_are_refused():
  with pytest.raises(ValueError, match='source: expected 4 entities as in'):
    example(np.ones((4, 2)), np.ones((4, 3)), np.ones((3, 2)))(
      style.figure()[1]
    )
  with pytest.raises(ValueError, match='hidden: expected 3 rows and 3 answers'):
    example(np.ones((4, 2)), np.ones((4, 2)), np.ones((2, 2)))(
      style.figure()[1]
    )


def test_the_curves_of_growth_are_named():
  ax = drawn(CASES[formation.growth]['realistic'])
  assert {'task accuracy', 'IIA'} <= set(words(ax))

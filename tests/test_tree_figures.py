"""Figures of the family trees: codes of people, likeness, and scores."""

import numpy as np
import pytest
from matplotlib.collections import (
  LineCollection,
  PatchCollection,
  PolyCollection,
  QuadMesh,
)
from matplotlib.text import Text
from samples import drawn
from scipy.cluster import hierarchy
from scipy.spatial import distance

from jaxrep.figures import fields, lettering, likeness, scores, style
from jaxrep.tasks import family_trees

NAN, INF = np.nan, np.inf
PEOPLE, RELATIONS = family_trees.PEOPLE, family_trees.RELATIONS
FACTS = family_trees.facts()
GENERATIONS = ['generation 1', 'generation 2', 'generation 3']
NASTY = np.array([NAN, INF, -INF, 0, -1, 1e9, 1e-9, 0.5])


def draws(*shape, seed=0):
  return np.random.default_rng(seed).normal(size=shape)


def codes(noise=0.3):
  """Codes `[24, 4]` of a made-up net: twins are alike."""
  known = np.stack(
    [FACTS.generation - 2, FACTS.branch, FACTS.sex, 0.5 * FACTS.nationality],
    axis=1,
  )
  return known + noise * draws(24, 4)


def receptive(weights, **choices):
  weights = np.asarray(weights, float)
  count, units = weights.shape
  return lambda ax: fields.receptive(
    ax, weights, people=PEOPLE[:count],
    titles=[f'unit {k + 1}: nationality 0.99' for k in range(units)], **choices,
  )  # fmt: skip


def layers(marked=(9, 10)):
  """Colin's aunts, as made-up units answer."""
  states = abs(draws(60)) % 1
  group = fields.Group
  return [
    [group(states[:24], 'people who answer', PEOPLE, marked)],
    [group(states[24:30], 'penultimate')],
    [group(states[30:42], 'central')],
    [group(states[42:48], 'of the person'), group(states[:6], 'relation’s')],
    [
      group(np.eye(24)[5], 'person', PEOPLE),
      group(np.eye(12)[7], 'relation', RELATIONS),
    ],
  ]


def matrices(values, names=PEOPLE, **choices):
  titles = ['trained', 'untrained', 'shuffled', 'A', 'B', 'C'][: len(values)]
  return lambda ax: likeness.matrices(
    ax, values, titles, names=names, label='correlation', **choices
  )


def dendrogram(points, count=24, **choices):
  joined = (
    hierarchy.linkage(points, 'average') if count > 1 else np.zeros((0, 4))
  )
  return lambda ax: likeness.dendrogram(
    ax, joined, PEOPLE[:count], groups=FACTS.nationality[:count],
    labels=family_trees.NATIONALITIES, xlabel='Euclidean distance', **choices,
  )  # fmt: skip


def plane(points, **choices):
  count = len(points)
  return lambda ax: likeness.plane(
    ax, points, PEOPLE[:count], groups=FACTS.nationality[:count],
    labels=family_trees.NATIONALITIES, shapes=FACTS.generation[:count] - 1,
    shape_labels=GENERATIONS, shares=(0.6, 0.25), **choices,
  )  # fmt: skip


def held_out(*shares, **choices):
  shares = [np.asarray(a, float) for a in shares]
  return lambda ax: scores.held_out(
    ax, shares, [a - 0.05 for a in shares], [a + 0.05 for a in shares],
    labels=[f'setting {k + 1}' for k in range(len(shares))],
    counts=[1000] * len(shares), **choices,
  )  # fmt: skip


SWEEPS = np.unique(np.geomspace(1, 1501, 40).astype(int)) - 1
CHANGE = {'20: ε 0.005 → 0.01': 20}


def learning(size, **choices):
  middle = 300 * np.exp(draws(size, 1) / 2)
  train = 1 / (1 + (middle / np.maximum(SWEEPS, 1)) ** 3)
  held = np.floor(4 * train * 0.9) / 4
  return lambda ax: scores.learning(
    ax, SWEEPS, train, held, marks=CHANGE, **choices
  )


def best(*sizes, **choices):
  values = [1 - abs(draws(4, n, seed=n)) % 0.5 for n in sizes]
  return lambda ax: scores.units(
    ax, values, concepts=['nationality', 'generation', 'branch', 'sex'],
    labels=[f'group {k + 1}' for k in range(len(sizes))], **choices,
  )  # fmt: skip


def by_case(share, count):
  places = [f'{a} / {b}' for a, b in zip(PEOPLE[:12], PEOPLE[12:], strict=True)]
  rows, columns = np.shape(count)
  return lambda ax: scores.by_case(
    ax, share, count, people=places[:rows], relations=RELATIONS[:columns],
    label='nets right, of those asked', title='Aunts are easy',
  )  # fmt: skip


def asked(nets=40.0):
  """How many nets are asked each question; NaN where there is none."""
  count = np.full((12, 12), NAN)
  person, relation = family_trees.cases()[:52].T
  count[person, relation] = nets
  return count


LIKE = np.corrcoef(codes())
CASES = {
  fields.receptive: {
    'realistic': receptive(
      draws(24, 6), row_labels=family_trees.NATIONALITIES, title='Six units'
    ),
    'one': receptive(draws(24, 1)),
    'three': receptive(draws(24, 3)),
    'one column': receptive(draws(24, 3), columns=1),
    'two people': receptive(draws(2, 2)),
    'empty': receptive(np.zeros((24, 0))),
    'nan': receptive(np.full((24, 2), NAN)),
    'zero': receptive(np.zeros((24, 2))),
    'nasty': receptive(np.tile(NASTY, 3)[:, None]),
  },
  fields.activity: {
    'realistic': lambda ax: fields.activity(ax, layers(), title='Colin.aunt'),
    'one': lambda ax: fields.activity(ax, [[fields.Group([0.5], 'unit')]]),
    'empty': lambda ax: fields.activity(ax, []),
    'empty groups': lambda ax: fields.activity(
      ax, [[fields.Group([], 'none'), fields.Group([1], 'one')], []]
    ),
    'nasty': lambda ax: fields.activity(
      ax, [[fields.Group(np.tile(NASTY, 5), 'hidden', marked=[0, 39])]]
    ),
  },
  likeness.matrices: {
    'realistic': matrices(
      [LIKE, LIKE**3], groups=FACTS.nationality, title='Twins are alike'
    ),
    'one': matrices([[[1.0]]], ['Colin']),
    'one matrix': matrices([LIKE]),
    'six': matrices([LIKE] * 6),
    'empty': matrices(np.zeros((0, 4, 4)), []),
    'nobody': matrices(np.zeros((2, 0, 0)), []),
    'nan': matrices(np.full((1, 24, 24), NAN)),
    'nasty': matrices(
      [np.stack([NASTY] * 8)], PEOPLE[:8], groups=range(8)
    ),
  },
  likeness.dendrogram: {
    'realistic': dendrogram(
      codes(), twins=family_trees.twins(), title='Twins find each other'
    ),
    'one': dendrogram(codes()[:1], 1),
    'two': dendrogram(codes()[:2], 2),
    'all alike': dendrogram(np.zeros((24, 3))),
    'nasty': lambda ax: likeness.dendrogram(
      ax, [[0, 1, NAN, 2], [2, 3, INF, 3]], PEOPLE[:3], groups=[0, 0, 1],
      labels=['A', 'B'], xlabel='distance',
    ),
  },
  likeness.plane: {
    'realistic': plane(
      codes()[:, :2], twins=family_trees.twins(), title='Six clusters'
    ),
    'one': plane([[1.0, 2.0]]),
    'empty': plane(np.zeros((0, 2))),
    'all alike': plane(np.zeros((24, 2)), twins=family_trees.twins()),
    'on a line': plane(np.stack([np.arange(24), np.zeros(24)], axis=1)),
    'nan': plane(np.full((24, 2), NAN), twins=family_trees.twins()),
    'nasty': plane(
      np.stack([np.tile(NASTY, 3), draws(24)], axis=1),
      twins=family_trees.twins(),
    ),
  },
  scores.held_out: {
    'realistic': held_out(
      [0.1, 0.1, 0.2, 0.4, 0.2], [0, 0, 0.1, 0.3, 0.6], title='Most do well'
    ),
    'one': held_out([0.2, 0.8]),
    'six': held_out(*np.full((6, 5), 0.2)),
    'of 4 and of 8': held_out(np.full(5, 0.2), np.full(9, 0.1)),
    'of many': held_out(*np.full((3, 41), 1 / 41)),
    'empty': held_out(),
    'no nets': held_out([NAN] * 5),
    'nasty': held_out(NASTY, NASTY),
  },
  scores.by_case: {
    'realistic': by_case(abs(draws(12, 12)) % 1, asked(np.arange(52.0))),
    'one': by_case([[0.5]], [[7]]),
    'one net': by_case([[1.0, 0.0]], [[1, 1]]),
    'of nobody': by_case(np.zeros((0, 12)), np.zeros((0, 12))),
    'no questions': by_case(np.zeros((2, 3)), np.full((2, 3), NAN)),
    'none asked': by_case(np.full((12, 12), NAN), asked(0)),
    'nasty': by_case([NASTY, NASTY], [NASTY, np.full(8, 3.0)]),
  },
  scores.learning: {
    'realistic': learning(30, title='Held-out cases follow'),
    'one': learning(1),
    'empty': learning(0),
    'one sweep': lambda ax: scores.learning(ax, [7], [[0.5]], [[1.0]]),
    'only the start': lambda ax: scores.learning(ax, [0], [[0.5]], [[0.0]]),
    'none held out': lambda ax: scores.learning(
      ax, [1, 9], [[0, 1]], [[NAN, NAN]]
    ),
    'nan': lambda ax: scores.learning(ax, [1, 9], [[NAN, NAN]], [[NAN, INF]]),
    'nasty': lambda ax: scores.learning(ax, range(8), [NASTY], [NASTY]),
  },
  scores.units: {
    'realistic': best(90, 90, 90, threshold=0.95, title='Units'),
    'one': best(1),
    'six': best(*[40] * 6, threshold=0.9),
    'empty': best(0, 0),
    'no groups': best(),
    'no concepts': lambda ax: scores.units(
      ax, [np.zeros((0, 3))], concepts=[], labels=['trained']
    ),
    'nan': lambda ax: scores.units(
      ax, [[[NAN, NAN]]], concepts=['sex'], labels=['trained']
    ),
    'nasty': lambda ax: scores.units(
      ax, [[NASTY]], concepts=['sex'], labels=['trained']
    ),
  },
}  # fmt: skip


def texts(ax):
  return [t for t in ax.findobj(Text) if t.get_text() and t.get_visible()]


def words(ax):
  return [t.get_text() for t in texts(ax)]


def boxes(ax, names):
  """Of the words alone, without a line that leads to them."""
  found = [t for t in texts(ax) if t.get_text() in names]
  return [Text.get_window_extent(t) for t in found]


def apart(boxes):
  return not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def lines_of(ax):
  """All segments of line collections, in the order drawn."""
  found = [c for c in ax.collections if isinstance(c, LineCollection)]
  return [segment for lines in found for segment in lines.get_segments()]


def squares(ax):
  """Centre and side of each square, by colour of its collection."""
  found = {}
  for some in ax.collections:
    if isinstance(some, PolyCollection) and len(some.get_paths()):
      light = some.get_facecolor()[0, 0]
      corners = np.array([p.vertices[:4] for p in some.get_paths()])
      each = found.setdefault(float(light), [])
      centre, side = corners.mean(axis=1), np.ptp(corners[..., 0], axis=1)
      each += [(*c, s) for c, s in zip(centre, side, strict=True)]
  return found


def test_fields_show_sign_and_size_where_people_stand():
  weights = np.zeros((24, 2))
  weights[5, 0], weights[17, 0], weights[0, 1] = 4.0, -1.0, 1.0
  ax = drawn(receptive(weights, columns=1))
  colin, other = squares(ax)[1.0]
  [alfonso] = squares(ax)[0.0]
  # One scale: areas are as 4 to 1, so sides as 2 to 1; twins share a column.
  np.testing.assert_allclose([colin[2] / alfonso[2], other[2]], [2, alfonso[2]])
  np.testing.assert_allclose(alfonso[0], colin[0])
  np.testing.assert_allclose(alfonso[1] - colin[1], 1)  # y points down
  assert other[0] < colin[0] and other[1] > alfonso[1]  # unit 2 is below
  assert 'largest square: |w| = 4' in words(ax)


@pytest.mark.parametrize(
  ('units', 'size'), [(1, (7.5, 2.6)), (3, (7.5, 3.6)), (6, (7.5, 4))]
)
def test_names_and_titles_of_fields_are_apart(units, size):
  ax = drawn(
    receptive(draws(24, units), row_labels=('English', 'Italian')), size=size
  )
  panels = min(units, 2)  # names stand once a column
  assert all(words(ax).count(name) == panels for name in PEOPLE)
  assert sum(word.startswith('unit ') for word in words(ax)) == units
  assert apart([t.get_window_extent() for t in texts(ax)])


def test_people_must_fill_two_rows():
  with pytest.raises(ValueError, match='people: expected 4 names .* found 3'):
    receptive(draws(3, 1))(style.figure()[1])
  with pytest.raises(ValueError, match='people: expected 4 names .* found 2'):
    ax = style.figure()[1]
    fields.receptive(ax, draws(4, 1), people=['A', 'B'], titles=['1'])


def test_the_white_area_is_the_activity():
  group = fields.Group([1.0, 0.25, 0.0, 7.0, NAN], 'five', columns=3)
  ax = drawn(lambda ax: fields.activity(ax, [[group]]))
  first, second, beyond = squares(ax)[1.0]
  # Area 1/4 is side 1/2; above 1 is full.
  np.testing.assert_allclose([second[2], beyond[2]], [first[2] / 2, first[2]])
  np.testing.assert_allclose(np.subtract(second, first)[:2], [1, 0])
  np.testing.assert_allclose(np.subtract(beyond, first)[:2], [0, 1])
  [cross] = [k for k in ax.get_lines() if k.get_marker() == 'x']
  np.testing.assert_allclose(cross.get_xydata()[0], np.add(first[:2], [1, 1]))


def test_right_answers_are_framed():
  ax = drawn(CASES[fields.activity]['realistic'], size=(7.5, 7.5))
  frames = [
    path.get_extents()
    for c in ax.collections
    if isinstance(c, PatchCollection) and c.get_linewidth()[0] > 1.5
    for path in c.get_paths()
  ]
  assert len(frames) == 2  # Jennifer and Margaret are the aunts of Colin
  for name, frame in zip(('Jennifer', 'Margaret'), frames, strict=True):
    places = [t.get_position() for t in texts(ax) if t.get_text() == name]
    assert any(frame.x0 < x < frame.x1 for x, _ in places)
  assert 'framed: the right answers' in ax.get_xlabel()
  plain = drawn(lambda ax: fields.activity(ax, layers(marked=())))
  assert 'framed' not in plain.get_xlabel()


def test_words_of_a_whole_net_are_apart():
  ax = drawn(CASES[fields.activity]['realistic'], size=(7.5, 7.5))
  assert words(ax).count('Colin') == 2 and words(ax).count('aunt') == 1
  assert apart([t.get_window_extent() for t in texts(ax)])


def test_names_of_units_must_fit():
  for group in (
    fields.Group([0, 1], 'two', ['A']),
    fields.Group([0, 1, 0], 'three rows', ['A', 'B', 'C'], columns=1),
  ):
    with pytest.raises(ValueError, match='names: expected [23] in at most'):
      fields.activity(style.figure()[1], [[group]])


def test_matrices_share_one_scale_that_prints_in_grey():
  ax = drawn(matrices([LIKE, LIKE / 2]), size=(9, 5))
  meshes = [m for m in ax.collections if isinstance(m, QuadMesh)]
  assert [mesh.get_clim() for mesh in meshes] == [(-1, 1)] * 2
  np.testing.assert_array_equal(meshes[1].get_array(), LIKE / 2)
  rising = meshes[0].to_rgba(np.linspace(-1, 1, 200))[:, :3]
  grey = rising @ [0.2126, 0.7152, 0.0722]
  assert np.all(np.diff(grey) < 0) and np.ptp(grey) > 0.7
  assert {'−1', '0', '1', 'correlation', 'trained'} <= set(words(ax.figure))


@pytest.mark.parametrize(
  ('count', 'size'), [(1, (6.5, 5)), (3, (13, 5)), (6, (16, 4))]
)
def test_names_stand_on_both_sides_and_apart(count, size):
  ax = drawn(matrices([LIKE] * count), size=size)
  sides = count + 1 + (count > 1)  # under each, and left and right
  assert all(words(ax).count(name) == sides for name in PEOPLE)
  assert apart(boxes(ax, PEOPLE))


def test_groups_are_cut_apart_where_they_change():
  groups = [0, 0, 1, 1, 1]
  ax = drawn(matrices([np.eye(5)], 'ABCDE', groups=groups))
  white, dark = np.split(np.array(lines_of(ax)), 2)
  np.testing.assert_array_equal(white, dark)
  np.testing.assert_array_equal(dark, [[[0, -2], [5, -2]], [[2, 0], [2, -5]]])
  assert not lines_of(drawn(matrices([np.eye(5)], 'ABCDE')))


def test_groups_have_their_names_where_nobody_has_one():
  labels = {'groups': [0, 0, 1, 1, 1], 'group_labels': ['large', 'small']}
  ax = drawn(matrices([np.eye(5)] * 2, [], **labels), size=(9, 5))
  places = [t.get_position()[0] for t in ax.texts if t.get_text() == 'small']
  # The middle of cells 2 to 4 is 3.5: under each matrix, and beside the first.
  assert len(places) == 3 and places.count(3.5) == 1
  named = drawn(matrices([np.eye(5)], 'ABCDE', **labels))
  assert 'large' not in words(named)


def test_links_are_those_of_scipy():
  joined = hierarchy.linkage(codes(), 'average')
  theirs = hierarchy.dendrogram(joined, no_plot=True)
  ax = drawn(dendrogram(codes()), size=(6, 5))
  # Scipy's leaves are at 5, 15, ..; ours at 0, 1, .. A link's ends may be
  # given from either side.
  high = np.array(theirs['icoord']) / 10 - 0.5
  links = np.stack([theirs['dcoord'], high], axis=-1)

  def known(links):
    return sorted(
      tuple(map(tuple, np.round(min(a.tolist(), a[::-1].tolist()), 9)))
      for a in np.array(links)
    )

  assert known(lines_of(ax)) == known(links)
  order = [PEOPLE[k] for k in theirs['leaves']]
  shown = sorted(ax.get_yticklabels(), key=lambda t: t.get_position()[1])
  assert [t.get_text() for t in shown] == order


def test_twins_who_find_each_other_first_are_bold_and_counted():
  # A, B, then their twins a, b: A and a are joined first, and so are C and D,
  # who are no twins; B is nearer to A and a than to b.
  points = np.array([[0.0], [2.0], [30.0], [0.5], [9.0], [31.0]])
  joined = hierarchy.linkage(distance.pdist(points), 'average')
  ax = drawn(
    lambda ax: likeness.dendrogram(
      ax, joined, 'ABCabD', groups=[0, 0, 0, 1, 1, 1],
      labels=['large', 'small'], twins=[3, 4, 2, 0, 1, 5], xlabel='distance',
    )
  )  # fmt: skip
  thin, bold = (c for c in ax.collections if isinstance(c, LineCollection))
  assert bold.get_linewidth()[0] > 2 * thin.get_linewidth()[0]
  [link] = bold.get_segments()
  np.testing.assert_array_equal(link[:, 0], [0, 0.5, 0.5, 0])
  assert 'twins joined first: 1 of 3' in words(ax)
  italic = [t for t in ax.get_yticklabels() if t.get_style() == 'italic']
  assert {t.get_text() for t in italic} == {'a', 'b', 'D'}
  assert not drawn(dendrogram(codes())).get_legend().get_texts()[2:]


@pytest.mark.parametrize(
  ('case', 'said'),
  [('one', 'no two to join'), ('nasty', 'some distances are not finite')],
)
def test_a_tree_that_cannot_be_drawn_says_why(case, said):
  assert said in words(drawn(CASES[likeness.dendrogram][case]))


@pytest.mark.parametrize('noise', [0.0, 0.3, 3.0])
def test_names_in_the_plane_are_apart_and_within_the_figure(noise):
  ax = drawn(plane(codes(noise)[:, :2] + 1e-3 * draws(24, 2)), size=(7, 5.5))
  # Four to six people may share a place, and names go round it.
  found = boxes(ax, PEOPLE)
  assert len(found) == 24 and apart(found)
  assert all(ax.figure.bbox.contains(*corner) for b in found
             for corner in b.corners())  # fmt: skip


def test_the_plane_joins_twins_on_one_scale():
  points = np.array([[0.0, 0], [3, 1], [1, 2], [NAN, 1]])
  ax = drawn(
    lambda ax: likeness.plane(
      ax, points, 'ABab', groups=[0, 0, 1, 1], labels=['large', 'small'],
      shapes=[0, 1, 0, 1], shape_labels=['first', 'second'],
      shares=(0.618, 0.2), twins=[2, 3, 0, 1],
    )
  )  # fmt: skip
  [line] = lines_of(ax)  # B has no twin that can be drawn
  np.testing.assert_array_equal(line, [[0, 0], [1, 2]])
  marks = {k.get_marker() + k.get_markerfacecolor() for k in ax.get_lines()}
  assert marks == {'onone', 'o' + style.TEXT, 's' + style.TEXT}
  assert ax.get_xlabel() == 'component 1 (62 % of the variance)'
  assert 'not drawn: 1 without a finite code' in words(ax)
  (left, low), (right, top) = ax.transData.transform([[0, 0], [1, 1]])
  np.testing.assert_allclose(right - left, top - low)


def test_bars_hold_the_shares_and_their_intervals():
  shares = [[0.1, 0.2, 0.7], [0.5, 0.5]]
  ax = drawn(held_out(*shares))
  first, second = (c for c in ax.containers if hasattr(c, 'patches'))
  for bars, share in zip((first, second), shares, strict=True):
    assert [bar.get_height() for bar in bars] == share
  assert first[0].get_x() < 0 <= second[0].get_x() + 1e-9  # side by side at 0
  ends = [c.lines[2][0].get_segments() for c in ax.containers
          if hasattr(c, 'has_yerr')]  # fmt: skip
  np.testing.assert_allclose(
    [end[:, 1] for end in ends[-1]], [[0.45, 0.55]] * 2
  )
  assert {'setting 1 (n = 1,000)', 'held-out cases right'} <= set(words(ax))


def test_six_settings_are_told_apart_without_colour():
  ax = drawn(held_out(*np.full((6, 5), 0.2)))
  bars = [c[0] for c in ax.containers if hasattr(c, 'patches')]
  grey = [np.dot(b.get_facecolor()[:3], (0.2126, 0.7152, 0.0722)) for b in bars]
  for k, (bar, light) in enumerate(zip(bars, grey, strict=True)):
    for other, near in zip(bars[:k], grey[:k], strict=True):
      assert bar.get_hatch() != other.get_hatch() or abs(light - near) > 0.3


def test_many_held_out_cases_are_outlines():
  ax = drawn(held_out(*np.full((3, 41), 1 / 41)))
  assert not ax.containers
  assert len([p for p in ax.patches if not p.get_fill()]) == 3
  assert len(ax.collections) == 3  # bands


@pytest.mark.parametrize('wide', [4.0, 6.0, 9.0])
def test_a_legend_above_the_axes_covers_nothing_and_is_not_cut(wide):
  labels = ['paper', 'initial range ±1', 'no decay', 'cross-entropy']

  def draw(ax):
    value = np.full((4, 5), 0.2)
    scores.held_out(
      ax, value, value, value, labels=labels, counts=[1000] * 4, title='Found'
    )

  ax = drawn(draw, size=(wide, 4))
  legend, inside = ax.get_legend().get_window_extent(), ax.get_window_extent()
  assert legend.x1 <= ax.figure.bbox.x1 and legend.y0 >= inside.y1 - 1
  assert legend.y1 <= boxes(ax, ['Found'])[0].y0 + 1  # pixels


def test_each_question_has_its_share_and_others_have_none():
  # One asked of 4 nets, one of none, one that there is not, one without a
  # share that is a number.
  share, count = [[0.25, NAN], [0.9, NAN]], [[4, 0], [NAN, 9]]
  ax = drawn(by_case(share, count), size=(7.5, 5))
  [number] = [t for t in ax.texts if t.get_text().endswith('%')]
  assert number.get_text() == '25 %' and number.get_position() == (0, 0)
  [mesh] = [m for m in ax.collections if isinstance(m, QuadMesh)]
  np.testing.assert_array_equal(mesh.get_array().mask, [[0, 1], [1, 1]])
  assert mesh.get_clim() == (0, 1)
  frames, hatched = (
    [tuple(path.get_extents().p0 + 0.5) for path in c.get_paths()]
    for c in ax.collections
    if isinstance(c, PatchCollection)
  )
  assert frames == [(0, 0), (1, 1)] and hatched == [(1, 0)]
  [cross] = [k for k in ax.get_lines() if k.get_marker() == 'x']
  np.testing.assert_array_equal(cross.get_xydata(), [[1, 1]])
  said = {'no net was asked', 'each share is of 4 to 9 nets', '100 %', 'father'}
  assert said <= set(words(ax.figure))
  low, high = ax.get_ylim()
  assert low > high  # the first person stands above


def test_shares_of_questions_are_read_without_colour():
  ax = drawn(by_case(np.arange(144).reshape(12, 12) / 143, asked()))
  [mesh] = [m for m in ax.collections if isinstance(m, QuadMesh)]
  shares = np.linspace(0, 1, 101)
  grey = mesh.to_rgba(shares)[:, :3] @ [0.2126, 0.7152, 0.0722]
  assert np.all(np.diff(grey) < 0) and np.ptp(grey) > 0.7
  for number in (t for t in ax.texts if t.get_text().endswith('%')):
    ground = grey[int(number.get_text()[:-2])]
    ink = 1.0 if number.get_color() == 'white' else 0.1
    assert abs(ink - ground) > 0.35


def test_medians_are_of_all_nets_and_faint_lines_of_the_first():
  train = np.array([[0.0, 0.2], [0.5, 0.6], [1.0, NAN], [0.1, 1.0]])
  held = np.array([[0.0, 0.5], [0.0, 0.5], [0.5, 0.5], [1.0, 1.0]])
  ax = drawn(
    lambda ax: scores.learning(ax, [1, 10], train, held, marks=CHANGE, most=2)
  )
  bold = {k.get_label(): k.get_ydata() for k in ax.get_lines()}
  # By hand: 0, .1, .5, 1 and .2, .6, 1; 0, 0, .5, 1 and .5, .5, .5, 1.
  np.testing.assert_allclose(bold['training cases, median'], [0.3, 0.6])
  np.testing.assert_allclose(bold['held-out cases, median'], [0.25, 0.5])
  faint = np.array(lines_of(ax))[..., 1]
  np.testing.assert_array_equal(faint[:2], train[:2])
  off = faint[2:] - held[:2]
  assert np.all(abs(off) <= 0.025) and np.ptp(off[:, 0]) > 0
  assert 'faint: the first 2 of 4 nets; medians: of all' in words(ax)


def test_learning_names_where_the_rule_changes():
  ax = drawn(learning(30))
  assert {'20: ε 0.005 → 0.01', '30 nets', '100 %', 'sweeps'} <= set(words(ax))
  train, held = (k for k in ax.get_lines() if k.get_linewidth() > 2)
  assert train.get_marker() != held.get_marker()
  assert train._unscaled_dash_pattern != held._unscaled_dash_pattern


def test_each_concept_has_a_median_for_each_group():
  trained = [[0.9, 1.0, 0.7], [0.5, 0.6, NAN]]
  untrained = [[0.6], [0.8]]
  ax = drawn(
    lambda ax: scores.units(
      ax, [trained, untrained], concepts=['sex', 'branch'],
      labels=['trained', 'untrained'], threshold=0.95,
    )
  )  # fmt: skip
  lines = ax.get_lines()
  bars = [k for k in lines if k.get_color() == 'black']
  found = {round(k.get_xdata().mean(), 2): k.get_ydata()[0] for k in bars}
  assert found == pytest.approx({-0.21: 0.9, 0.79: 0.55, 0.21: 0.6, 1.21: 0.8})
  points = [k.get_ydata() for k in lines if k.get_marker() == 'o']
  np.testing.assert_array_equal(points, trained)
  spots = [k.get_xdata() for k in lines if k.get_marker() == 'o']
  assert np.all(spots[0] < 0) and np.all(spots[1] < 1)  # beside the others
  said = {'trained (n = 3)', 'untrained (n = 1)', 'threshold 0.95', 'sex'}
  assert said <= set(words(ax))


def test_only_some_of_many_nets_are_points():
  ax = drawn(best(50, most=20))
  points = [k for k in ax.get_lines() if k.get_marker() == 'o']
  assert {len(k.get_xdata()) for k in points} == {20}
  assert 'drawn: the first 20 of each group' in ax.get_xlabel()


def test_room_is_that_of_axes_once_laid_out():
  fig, axes = style.figure(1, 2, size=(10, 4))
  for ax in axes:
    ax.set(xticks=[], yticks=[])
    style.dress(ax, title='Title', xlabel='words')
  before = lettering.room(axes[0])
  fig.canvas.draw()
  # A few points of padding; what matters is a letter's size.
  np.testing.assert_allclose(before, style.points(axes[0]), rtol=0.06)


def test_a_longer_name_is_longer_and_a_title_fits():
  assert lettering.length(['Colin', 'Christopher'], 7) > 7 * 5
  assert lettering.length([], 7) == 0
  assert lettering.fitting(['short'], 400) == lettering.TITLE
  size = lettering.fitting(['a rather long title of a panel'], 80)
  ax = drawn(lambda ax: ax.text(0.1, 0.5, 'a rather long title of a panel',
                                fontsize=size))  # fmt: skip
  [box] = boxes(ax, ['a rather long title of a panel'])
  assert box.width * 72 / ax.figure.dpi < 84  # a mean letter, not each one

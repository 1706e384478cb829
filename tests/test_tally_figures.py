"""Figures of where knowledge is stored: ratios, maps, and many nets."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from samples import drawn

from jaxrep.figures import heights, losses, storage, style, tallies

NAN, INF = np.nan, np.inf
NASTY = np.array([NAN, INF, -INF, 0, -1, 1e9, 1e-9, 0.5])
PAIRS = [f'{k // 10},{k % 10} | 6,8' for k in range(40)]


def draws(*shape, seed=0):
  return np.random.default_rng(seed).normal(size=shape)


def ratios(pixels=60, neurons=9):
  """Weights' ratios `[2, P, H]` round those of their biases `[2, H]`."""
  biases = np.clip(0.5 + 0.1 * draws(2, neurons), 0, 1)
  noise = 0.1 * draws(2, pixels, neurons, seed=1)
  noise[:, :9] = 0  # blank pixels
  return np.clip(biases[:, None] + noise, 0, 1), biases


def scatter(x, y, **choices):
  return lambda ax: tallies.scatter(ax, x, y, **choices)


def clusters(weights, biases, **choices):
  return lambda ax: tallies.clusters(ax, *weights, *biases, **choices)


def pixel_map(r, **choices):
  return lambda ax: tallies.pixel_map(ax, r, label='r over neurons', **choices)


def every_net(values, labels=None, **choices):
  """Rows of made-up nets; the mean is of what is finite."""
  finite = [np.asarray(row, float)[np.isfinite(row)] for row in values]
  means = np.array([row.mean() if len(row) else NAN for row in finite])
  labels = labels or [f'row {k}' for k in range(len(values))]
  return lambda ax: storage.every_net(
    ax, labels, values, means, means - 0.1, means + 0.1,
    xlabel='R² of the weights', **choices,
  )  # fmt: skip


def effects(first, second, **choices):
  means = [[np.mean(row) for row in rows] for rows in (first, second)]
  ends = [np.add(means, step).tolist() for step in (-0.1, 0.1)]
  return lambda ax: storage.every_net(
    ax, ['highest', 'random', 'lowest'][: len(first)], [first, second], means,
    *ends, series=['1 v 7', '6 v 8'], xlabel='share of the way', **choices,
  )  # fmt: skip


def against_rate(rates, values, **choices):
  values = {k: np.asarray(a, float) for k, a in values.items()}
  low = {k: a[:, 0] - 0.1 for k, a in values.items()}
  high = {k: a[:, 0] + 0.1 for k, a in values.items()}
  return lambda ax: storage.against_rate(
    ax, rates, values, low, high, ylabel='R² of the weights', **choices
  )


def running_loss(images, loss, **choices):
  return lambda ax: losses.running_loss(
    ax, images, loss, ylabel='loss', **choices
  )


WEIGHTS, BIASES = ratios()
LOSS = 0.1 + np.exp(-np.arange(20) / 4 + 0.2 * draws(30, 1))
IMAGES = 100 * np.arange(1, 21)
FORKS = (
  2000 + IMAGES,
  {'1 against 6, 8': LOSS / 4, '7 against 6, 8': LOSS / 8},
)
MAP = draws(8, 8)
MAP[0, :3] = NAN
RATES = [0.001, 0.01, 0.1]
ACTIVATIONS = {
  name: 0.1 * k + 0.03 * draws(3, 20, seed=k)
  for k, name in enumerate(['softplus', 'ReLU', 'sigmoid', 'tanh'])
}
CASES = {
  tallies.scatter: {
    'realistic': scatter(*BIASES, title='Biases: R² = 0.17'),
    'many': scatter(*np.resize(WEIGHTS, (2, 78400))),
    'one': scatter([0.5], [0.5]),
    'empty': scatter([], []),
    'nan': scatter(np.full(3, NAN), np.full(3, NAN)),
    'all alike': scatter(np.full(9, 0.5), np.linspace(0, 1, 9)),
    'nasty': scatter(NASTY, NASTY[::-1]),
  },
  tallies.clusters: {
    'realistic': clusters(WEIGHTS, BIASES, title='Clusters are neurons'),
    'one': clusters(WEIGHTS[:, :1, :1], BIASES[:, :1]),
    'some': clusters(WEIGHTS, BIASES, most=4),
    'no pixels': clusters(WEIGHTS[:, :0], BIASES),
    'empty': clusters(WEIGHTS[..., :0], BIASES[:, :0]),
    'nan': clusters(np.full((2, 3, 2), NAN), np.full((2, 2), NAN)),
    'nasty': clusters(np.resize(NASTY, (2, 8, 4)), np.resize(NASTY, (2, 4))),
  },
  tallies.pixel_map: {
    'realistic': pixel_map(
      MAP, boxes={'centre': (2, 6, 2, 6), 'image': (0, 8, 0, 8)}, limit=3.0,
      title='Mostly above 0',
    ),
    'spread': pixel_map(abs(MAP), spread=True),
    'one': pixel_map([[0.5]]),
    'large': pixel_map(draws(100, 100)),
    'zero': pixel_map(np.zeros((3, 3))),
    'empty': pixel_map(np.zeros((0, 0)), title='Nothing'),
    'nan': pixel_map(np.full((3, 3), NAN)),
    'nasty': pixel_map([NASTY, NASTY]),
  },
  storage.every_net: {
    'realistic': every_net(
      0.2 + 0.1 * draws(5, 40), ['weights', 'within neurons', 'biases',
      'another net’s tallies', 'labels shuffled'], rule_after=3,
      source=[0.28, None, 0.17, None, NAN], title='Above the controls',
    ),
    'pairs': every_net(draws(40, 20), PAIRS, ranked=True),
    'effects': effects(draws(3, 20), draws(3, 20, seed=1)),
    'effects with sources': effects(
      draws(2, 9), draws(2, 9), source=[[0.1, None], [None, None]], zero=None
    ),
    'one': every_net([[0.3]]),
    'many nets': every_net([draws(5000), draws(3)], most=100),
    'no rows': every_net([]),
    'no nets': every_net([[], []]),
    'nan': every_net(np.full((2, 3), NAN), ranked=True),
    'nasty': every_net([NASTY, NASTY[::-1], [0, 0]], ranked=True),
  },
  storage.against_rate: {
    'realistic': against_rate(
      RATES, ACTIVATIONS, source={'source: 0.28': 0.28}, title='Softplus least'
    ),
    'one': against_rate([0.1], {'ReLU': [[0.5]]}),
    'no rates': against_rate([], {'ReLU': np.zeros((0, 3))}),
    'no series': against_rate(RATES, {}),
    'no finite number': against_rate([1, 2], {'ReLU': [[NAN], [INF]]}),
    'nasty': against_rate(range(1, 9), {'ReLU': NASTY[:, None]}),
  },
  losses.running_loss: {
    'realistic': running_loss(
      IMAGES, LOSS, forks=FORKS, title='Falls throughout'
    ),
    'linear': running_loss(IMAGES, LOSS, scale='linear', most=3),
    'one': running_loss([100], [[0.5]]),
    'zero': running_loss(IMAGES, 0 * LOSS),
    'zero, linear': running_loss(IMAGES, 0 * LOSS, scale='linear'),
    'no nets': running_loss(IMAGES, LOSS[:0]),
    'no images': running_loss([], LOSS[:, :0], forks=FORKS),
    'nan': running_loss(IMAGES, np.full((2, 20), NAN)),
    'nasty': running_loss(range(8), [NASTY, NASTY]),
    'nasty, linear': running_loss(range(8), [NASTY], scale='linear'),
  },
}  # fmt: skip


def texts(ax):
  """All that is written; ticks beyond the limits are not."""
  hidden = set()
  for axis in (ax.xaxis, ax.yaxis):
    low, high = sorted(axis.get_view_interval())
    for tick in axis.get_major_ticks():
      if not low <= tick.get_loc() <= high:
        hidden |= {tick.label1, tick.label2}
  found = [t for t in ax.findobj(Text) if t.get_text() and t.get_visible()]
  return [t for t in found if t not in hidden]


def words(ax):
  return [t.get_text() for t in texts(ax)]


def apart(boxes):
  return not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def dots(ax):
  """`[n, 2]` of each set of faint markers, in the order drawn."""
  return [
    line.get_xydata()
    for line in ax.get_lines()
    if line.get_alpha() is not None and line.get_linestyle() == 'None'
  ]


def curve(ax, label):
  [line] = [line for line in ax.get_lines() if line.get_label() == label]
  return line.get_xydata()


SIZES = {
  tallies.scatter: (4.5, 4.6),
  tallies.clusters: (4.5, 4.6),
  tallies.pixel_map: (4.5, 4.6),
}


@pytest.mark.parametrize('function', CASES)
def test_no_words_overlap_or_leave_the_picture(function):
  size = SIZES.get(function, (6.0, 3.8))
  ax = drawn(CASES[function]['realistic'], size=size)
  boxes = [t.get_window_extent() for t in texts(ax)]
  assert len(boxes) > 5 and apart(boxes)
  width, height = ax.figure.canvas.get_width_height()
  for box in boxes:
    assert box.x0 > -1 and box.x1 < width + 1, box
    assert box.y0 > -1 and box.y1 < height + 1, box


def test_forty_rows_have_names_that_do_not_overlap():
  ax = drawn(
    CASES[storage.every_net]['pairs'], size=(7.5, heights.rows(len(PAIRS)))
  )
  names = [t for t in texts(ax) if t.get_text() in PAIRS]
  assert len(names) == 40 and names[0].get_fontsize() >= 7
  assert apart([t.get_window_extent() for t in names])


def test_the_line_is_the_one_of_least_squares():
  # x − 1/2 = −1/2, 0, 1/2 and y − 0.3 = −0.2, −0.1, 0.3: the slope is
  # (0.1 + 0.15) / (1/4 + 1/4) = 1/2, so the line goes from 0.05 to 0.55.
  ax = drawn(scatter([0, 0.5, 1], [0.1, 0.2, 0.6]))
  [line] = [x for x in ax.get_lines() if x.get_color() == tallies.FIT]
  np.testing.assert_allclose(
    line.get_xydata(), [[0, 0.05], [1, 0.55]], atol=1e-12
  )


def test_points_without_a_line_through_them_have_none():
  for case in 'one', 'all alike':
    ax = drawn(CASES[tallies.scatter][case])
    assert tallies.FIT not in [x.get_color() for x in ax.get_lines()]


def test_the_more_points_the_smaller_and_fainter():
  few, many = (
    next(
      line
      for line in drawn(scatter(*np.full((2, n), 0.5))).get_lines()
      if line.get_marker() == 'o'
    )
    for n in (100, 78400)
  )
  assert many.get_markersize() < few.get_markersize() / 2
  assert many.get_alpha() < few.get_alpha() / 4
  assert len(many.get_xdata()) == 78400


def test_ratios_that_are_undefined_are_counted():
  x, y = [0.1, NAN, 0.3, 0.4], [0.1, 0.2, NAN, 0.4]
  ax = drawn(scatter(x, y))
  assert '2 points; undefined: 2' in words(ax)
  ax = drawn(clusters(([x], [y]), ([NAN] * 4, [0.5] * 4)))
  assert '2 weights; undefined: 2' in words(ax)


def dots_and_rings(ax):
  weights, biases = [c for c in ax.collections if isinstance(c, PathCollection)]
  return weights, biases


def test_a_bias_has_the_colour_of_its_neurons_weights():
  weights, biases = dots_and_rings(drawn(clusters(WEIGHTS, BIASES)))
  np.testing.assert_array_equal(biases.get_offsets(), BIASES.T)
  assert len(biases.get_facecolor()) == 0  # the weights within are seen
  colours = weights.get_facecolor()[:, :3].reshape(60, 9, 3)
  hues = biases.get_edgecolor()[:, :3]
  np.testing.assert_array_equal(colours, np.broadcast_to(hues, (60, 9, 3)))
  np.testing.assert_array_equal(
    weights.get_offsets().reshape(60, 9, 2), np.moveaxis(WEIGHTS, 0, -1)
  )
  assert len(np.unique(hues, axis=0)) == 9
  assert biases.get_sizes()[0] > 2 * weights.get_sizes()[0]


def test_only_the_first_neurons_are_drawn_and_that_is_said():
  ax = drawn(CASES[tallies.clusters]['some'])
  weights, biases = dots_and_rings(ax)
  assert len(biases.get_offsets()) == 4
  assert len(weights.get_offsets()) == 4 * 60
  assert '240 weights; first 4 of 9 neurons' in words(ax)


def test_numbers_below_zero_and_only_those_carry_a_minus():
  r = np.array([[0.5, -0.5], [0.0, -0.01], [NAN, -INF]])
  ax = drawn(pixel_map(r, below='r below 0'))
  marks = [x.get_xydata() for x in ax.get_lines() if x.get_marker() == '_']
  found = {tuple(place) for xy in marks for place in xy}
  assert found == {(1.5, 0.5), (1.5, 1.5)}
  assert {'r below 0', 'undefined'} <= set(words(ax))
  assert ax.get_ylim()[0] > ax.get_ylim()[1]  # rows count from the top


def test_colours_are_centred_at_zero():
  for limit, end in ((None, 2.0), (0.6, 0.6)):
    ax = drawn(pixel_map([[0.5, -2.0]], limit=limit))
    [mesh] = [c for c in ax.collections if isinstance(c, QuadMesh)]
    assert mesh.get_clim() == (-end, end)
    assert min(mesh.to_rgba(0.0)[:3]) > 0.9  # white
    blue, red = mesh.to_rgba(-end), mesh.to_rgba(end)
    assert blue[2] > 2 * blue[0] and red[0] > 2 * red[2]


def test_a_spread_starts_at_zero_and_darkens():
  ax = drawn(pixel_map([[0.5, 2.0]], spread=True))
  [mesh] = [c for c in ax.collections if isinstance(c, QuadMesh)]
  assert mesh.get_clim() == (0, 2)
  light = mesh.to_rgba(np.linspace(0, 2, 9))[:, :3] @ [0.2126, 0.7152, 0.0722]
  assert np.all(np.diff(light) < 0)
  assert 'below 0' not in words(ax)


def test_boxes_outline_their_rows_and_columns():
  ax = drawn(pixel_map(np.ones((8, 6)), boxes={'part': (1, 3, 2, 6)}))
  boxes = {p.get_bbox().bounds for p in ax.patches if isinstance(p, Rectangle)}
  assert boxes == {(2, 1, 4, 2)}
  assert 'part' in words(ax)


def test_every_net_is_a_dot_in_its_row():
  values = [[0.1, 0.2, NAN], [0.5, 0.6, 0.7]]
  ax = drawn(every_net(values))
  first, second = dots(ax)
  np.testing.assert_array_equal(first[:, 0], [0.1, 0.2])
  np.testing.assert_array_equal(second[:, 0], [0.5, 0.6, 0.7])
  assert np.all(abs(first[:, 1]) < 0.5)
  assert np.all(abs(second[:, 1] - 1) < 0.5)
  assert len(set(second[:, 1])) == 3
  bar = ax.containers[-1]
  np.testing.assert_allclose(bar[0].get_xydata(), [[0.15, 0], [0.6, 1]])
  [reach] = bar[2]
  ends = [segment[:, 0] for segment in reach.get_segments()]
  np.testing.assert_allclose(ends, [[0.05, 0.25], [0.5, 0.7]])
  assert 'a dot: a net; 2 to 3 nets each' in words(ax)
  assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row is on top


def test_ranked_rows_have_the_largest_mean_on_top():
  values = [[0.2], [0.9], [NAN], [0.5]]
  ax = drawn(every_net(values, ['a', 'b', 'c', 'd'], ranked=True))
  assert [t.get_text() for t in ax.get_yticklabels()] == ['b', 'd', 'a', 'c']
  assert [xy[0, 0] for xy in dots(ax) if len(xy)] == [0.9, 0.5, 0.2]
  means = ax.containers[-1][0].get_xdata()
  np.testing.assert_array_equal(means, [0.9, 0.5, 0.2, NAN])


def test_controls_stand_below_a_line():
  ax = drawn(every_net([[0.1]] * 3, rule_after=2))
  _, last, control = ax.get_yticks()
  [rule] = {
    y
    for line in ax.get_lines()
    for y in line.get_ydata()
    if line.get_color() == style.FAINT
  }
  assert last + 0.5 < rule < control - 0.5
  assert control - last > 1


def test_the_sources_number_stands_in_its_row_alone():
  ax = drawn(every_net([[0.1], [0.2]], source=[None, 0.28]))
  marks = [
    line.get_xydata()
    for line in ax.get_lines()
    if set(line.get_xdata()) == {0.28}
  ]
  assert marks and 'the source' in words(ax)
  for xy in marks:
    assert np.all(abs(xy[:, 1] - 1) < 0.5)
  assert 'the source' not in words(drawn(every_net([[0.1], [0.2]])))


def test_effects_stand_in_pairs_that_differ_in_shape():
  ax = drawn(effects([[0.5], [0.2]], [[0.1], [0.3]]))
  found = dots(ax)
  assert [xy[0, 0] for xy in found] == [0.5, 0.2, 0.1, 0.3]
  upper, lower = (np.array([xy[0, 1] for xy in found[k : k + 2]])
                  for k in (0, 2))  # fmt: skip
  assert np.all(lower > upper) and np.all(lower - upper < 0.6)
  assert {'1 v 7', '6 v 8', 'mean, 95 % interval'} <= set(words(ax))
  marks = [x.get_marker() for x in ax.get_lines() if x.get_alpha()]
  assert marks == ['o', 'o', 's', 's']
  assert any(set(x.get_xdata()) == {0.0} for x in ax.get_lines())


def test_only_the_first_nets_are_drawn_and_that_is_said():
  ax = drawn(CASES[storage.every_net]['many nets'])
  assert [len(xy) for xy in dots(ax)] == [100, 3]
  said = 'a dot: a net; 3 to 5,000 nets each, the first 100 are drawn'
  assert said in words(ax)


def test_rows_that_do_not_match_are_refused():
  with pytest.raises(ValueError, match=r'means: expected 1 × 2 rows, found'):
    storage.every_net(
      style.figure()[1], ['a', 'b'], [[1], [2]], [1], [0, 1], [2, 3], xlabel=''
    )
  with pytest.raises(ValueError, match=r'values: expected 2 × 1 rows, found'):
    storage.every_net(
      style.figure()[1], ['a'], [[[1]]], [[1]], [[1]], [[1]],
      series=['x', 'y'], xlabel='',
    )  # fmt: skip


def test_a_figure_grows_with_its_rows():
  assert heights.rows(40) < 12  # inches: a page
  assert heights.rows(9) - heights.rows(8) > 0.15
  assert heights.rows(9, 2) > heights.rows(9)


def test_means_stand_at_their_rates_among_their_nets():
  values = {'ReLU': [[0.1, 0.3], [NAN, 0.5]], 'tanh': [[0, 0], [0.2, 0.4]]}
  ax = drawn(against_rate([0.01, 0.1], values))
  relu, tanh = (bar[0].get_xydata() for bar in ax.containers[1::2])
  np.testing.assert_allclose(relu[:, 1], [0.2, 0.5])
  np.testing.assert_allclose(tanh[:, 1], [0, 0.3], atol=1e-12)
  for few, rate in zip((relu[:, 0], tanh[:, 0]), (-1, 1), strict=True):
    assert np.all(np.sign(few / [0.01, 0.1] - 1) == rate)  # beside each other
  nets = dots(ax)
  assert [len(xy) for xy in nets] == [2, 1, 2, 2]
  edge = np.sqrt(0.01 * 0.1)
  assert all(np.all((xy[:, 0] < edge) == (k % 2 == 0))
             for k, xy in enumerate(nets))  # fmt: skip
  assert {'ReLU', 'tanh', 'learning rate', '0.01', '0.1'} <= set(words(ax))


def test_the_sources_line_is_within_the_axes_and_named():
  ax = drawn(
    against_rate([1, 2], {'a': [[0.01], [0.02]]}, source={'source: 9': 9.0})
  )
  assert ax.get_ylim()[1] > 9 and 'source: 9' in words(ax)


def test_rates_and_rows_that_do_not_match_are_refused():
  with pytest.raises(ValueError, match='values: expected 2 rows of a, found 1'):
    against_rate([1, 2], {'a': [[0.1]]})(style.figure()[1])
  with pytest.raises(ValueError, match='rates: expected rising'):
    against_rate([2, 1], {'a': [[0.1], [0.1]]})(style.figure()[1])


def test_medians_are_of_all_nets_that_are_finite():
  loss = [[1, 4], [3, NAN], [2, INF], [8, 6]]
  ax = drawn(running_loss([10, 20], loss, most=2))
  np.testing.assert_allclose(curve(ax, 'phase 1'), [[10, 2.5], [20, 5]])
  faint = [c for c in ax.collections if isinstance(c, LineCollection)]
  assert [len(c.get_segments()) for c in faint] == [2]
  said = 'faint: the first 2 of 4 nets; bold: the median of all'
  assert said in words(ax)


def test_copies_follow_a_line_where_they_part():
  ax = drawn(CASES[losses.running_loss]['realistic'])
  lines = [x for x in ax.get_lines() if set(x.get_xdata()) == {2000}]
  assert len(lines) == 1 and 'copies part' in words(ax)
  for k, name in enumerate(FORKS[1]):
    x, y = curve(ax, name).T
    assert np.all(x > 2000)
    np.testing.assert_allclose(y, np.median(LOSS, axis=0) / 4 / (k + 1))


def test_one_absurd_loss_does_not_hide_the_others():
  for scale in 'log', 'linear':
    loss = np.concatenate([LOSS, LOSS[:1]])
    loss[-1, 3] = 1e30
    ax = drawn(running_loss(IMAGES, loss, scale=scale))
    assert ax.get_ylim()[1] < 30
    assert any('curves that leave at the top: 1' in word for word in words(ax))


def test_a_loss_of_zero_lies_on_the_bottom_edge():
  ax = drawn(running_loss([1, 2, 3], [[4, 1, 0]]))
  assert curve(ax, 'phase 1')[-1, 1] == ax.get_ylim()[0] > 0


def test_an_unknown_scale_is_refused():
  with pytest.raises(ValueError, match="scale: expected 'log' or 'linear'"):
    running_loss([1], [[1]], scale='cubic')(style.figure()[1])

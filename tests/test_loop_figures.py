"""Figures of nets that reconstruct: bands, spreads, panels and a criterion."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from samples import drawn

from jaxrep.figures import bands, curves, heights, panels, spread, style

NAN, INF = np.nan, np.inf
UPDATES = np.arange(0, 305, 5)
MARKS = {'mean 48': 48, 'maximum 202': 202}


def band(middle, x=UPDATES, wide=0.1, **choices):
  middle = np.asarray(middle, float)
  labels = [f'layer {k + 1}' for k in range(len(middle))]
  return lambda ax: bands.bands(
    ax, x, middle, middle - wide, middle + wide, labels=labels,
    xlabel='updates', ylabel='cosine', **choices,
  )  # fmt: skip


def nets(median, size, seed=0):
  """Whole numbers of updates of made-up nets."""
  draws = np.random.default_rng(seed).normal(size=size)
  return np.round(median * np.exp(0.35 * draws))


def spreads(*values, **choices):
  labels = [f'setting {k + 1}' for k in range(len(values))]
  return lambda ax: spread.spread(
    ax, values, labels=labels, xlabel='updates', **choices
  )


def one_panel(matrix, **choices):
  return lambda ax: panels.grid(
    ax, [matrix], ['update 37'], columns=1, **choices
  )


RISING = 1 - np.exp(-UPDATES / [[40.0], [60], [90]])
NASTY = np.array([[NAN, INF, -INF, 0, 1], [-1, 1e9, 1e-9, NAN, NAN]])
CASES = {
  bands.bands: {
    'realistic': band(
      RISING, levels={'same way 1': 1, '0': 0}, marks=MARKS, title='Rises'
    ),
    'log': band(1.0001 - RISING, scale='log', levels={'criterion 0.1': 0.1}),
    'one': band([[0.5]], [7]),
    'one net': band(RISING[:1], wide=0.0),
    'empty': band(np.zeros((2, 0)), [], levels={'0': 0}),
    'no series': band(np.zeros((0, 3)), [1, 2, 3]),
    'nan': band(np.full((2, 3), NAN), [1, 2, 3], marks=MARKS),
    'huge': band(1e9 * RISING, 1e6 * UPDATES, 1e8),
    'flat': band(np.ones((1, 3)), [1, 2, 3], wide=0.0),
    'nasty': band(NASTY, np.arange(5)),
    'nasty, log': band(NASTY, np.arange(5), scale='log'),
    'never above 0, log': band(-RISING, scale='log', wide=0.0),
  },
  spread.spread: {
    'realistic': spreads(
      nets(48, 900), np.append(nets(70, 900), [NAN, INF]), marks=MARKS,
      title='Most need about 50',
    ),
    'one': spreads([48]),
    'at once': spreads([0], [0, 0]),
    'empty': spreads([], marks=MARKS),
    'no series': spreads(),
    'one empty': spreads([], [3, 4, NAN]),
    'nan': spreads([NAN, INF]),
    'huge': spreads([1e9, 2e9], [0, 1e17]),
    'one huge': spreads([1e17]),
    'nasty': spreads([NAN, INF, -INF, 0, 1, 0.3, 1e9], marks={'zero': 0}),
  },
  panels.grid: {
    'realistic': one_panel(
      np.eye(4), row_labels=['1000', '0100', '0010', '0001'],
      column_labels=['v1', 'v2', 'v3', 'v4'], caption='Reconstructions',
    ),
    'one': one_panel([[0.5]]),
    'empty': lambda ax: panels.grid(
      ax, np.zeros((0, 4, 4)), [], columns=5
    ),
    'no rows': one_panel(np.zeros((0, 4))),
    'nan': one_panel(np.full((4, 4), NAN)),
    'huge': one_panel(np.full((60, 90), 1e9)),
    'nasty': one_panel(NASTY),
  },
}  # fmt: skip


def texts(ax):
  return [t for t in ax.findobj(Text) if t.get_text() and t.get_visible()]


def words(ax):
  return {t.get_text() for t in texts(ax)}


def box(ax, word):
  (text,) = [t for t in texts(ax) if t.get_text() == word]
  return text.get_window_extent()


def apart(boxes):
  return not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def errors(ax, **choices):
  sweeps = np.arange(60)
  values = np.exp(-sweeps / np.array([[5.0], [8.0]]))
  curves.errors(ax, sweeps, values, [0, 0], {0: 'solved'}, **choices)


def test_a_criterion_is_a_line_with_its_name_at_it():
  ax = drawn(lambda ax: errors(ax, levels={'criterion 0.1': 0.1}))
  (line,) = [k for k in ax.get_lines() if list(k.get_ydata()) == [0.1, 0.1]]
  named, inside = box(ax, 'criterion 0.1'), ax.get_window_extent()
  y = ax.transData.transform((1, 0.1))[1]
  assert abs((named.y0 + named.y1) / 2 - y) < 3  # pixels
  assert inside.x1 < named.x0 and named.x1 < ax.figure.bbox.x1


def test_a_criterion_no_net_reaches_is_within_the_axes():
  ax = drawn(lambda ax: errors(ax, levels={'criterion': 1e-9}))
  assert ax.get_ylim()[0] < 1e-9 and 'criterion' in words(ax)


def test_names_at_close_heights_stand_one_above_the_other():
  levels = {f'level {k}': 0.5 + k / 1000 for k in range(6)}
  levels |= {'top': 1.0, 'near the top': 0.999, 'bottom': 0.0}

  def draw(ax):
    ax.set(ylim=(0, 1))
    heights.draw(ax, levels | {'outside': 1.1})

  ax = drawn(draw)
  order = sorted(levels, key=levels.get)
  boxes = [box(ax, name) for name in order]
  assert apart(boxes) and np.all(np.diff([b.y0 for b in boxes]) > 0)
  assert boxes[-1].y0 < ax.get_window_extent().y1  # the last is at the top
  assert 'outside' not in words(ax)


@pytest.mark.parametrize('choices', [{}, {'xlabel': 'updates'}])
def test_x_counts_sweeps_unless_told(choices):
  said = choices.get('xlabel', 'sweeps')
  assert drawn(lambda ax: errors(ax, **choices)).get_xlabel() == said
  ax = drawn(lambda ax: curves.survival(ax, [9], [0.5], [0], [1], **choices))
  assert ax.get_xlabel() == said


def test_bands_hold_what_they_are_given():
  ax = drawn(band(RISING, levels={'1': 1}))
  lines = [k for k in ax.get_lines() if len(k.get_xdata()) == len(UPDATES)]
  for k in range(3):
    low, high, middle = lines[3 * k : 3 * k + 3]
    np.testing.assert_array_equal(middle.get_ydata(), RISING[k])
    np.testing.assert_array_equal(low.get_ydata(), RISING[k] - 0.1)
    np.testing.assert_array_equal(high.get_ydata(), RISING[k] + 0.1)
    assert middle.get_linewidth() > 2 * low.get_linewidth()
  assert {'layer 1', 'layer 2', 'layer 3', 'updates', 'cosine'} <= words(ax)


def test_levels_and_marks_of_bands_are_within_the_axes_and_apart():
  ax = drawn(band(RISING, levels={'two 2': 2, '0': 0}, marks=MARKS))
  assert ax.get_ylim()[1] > 2
  assert apart([box(ax, name) for name in ('two 2', *MARKS)])


def test_bands_are_told_apart_without_colour():
  ax = drawn(band(RISING))
  edges = ax.get_lines()[0::3]
  assert len({str(line._unscaled_dash_pattern) for line in edges}) == 3


def test_what_is_not_above_0_lies_on_the_bottom_edge_of_a_log_axis():
  values = [[1.0, 0.1, 0.0, -1.0, NAN]]
  ax = drawn(band(values, np.arange(5), wide=0.0, scale='log'))
  floor = ax.get_ylim()[0]
  assert 0 < floor < 0.1
  middle = ax.get_lines()[2].get_ydata()
  np.testing.assert_array_equal(middle, [1, 0.1, floor, floor, NAN])


def test_an_unknown_scale_is_refused():
  with pytest.raises(ValueError, match="scale: expected .* found 'logit'"):
    band(RISING, scale='logit')(style.figure()[1])


@pytest.mark.parametrize('case', ['empty', 'no series', 'nan'])
def test_bands_of_nothing_say_so(case):
  assert 'nothing to show' in words(drawn(CASES[bands.bands][case]))


def steps(ax):
  """The outlines' shares and edges, one pair a series."""
  return [
    p.get_data()[:2]
    for p in ax.patches
    if isinstance(p, StepPatch) and not p.get_fill()
  ]


def test_shares_are_of_all_nets_and_bins_are_common():
  some = np.append(nets(48, 750), np.full(250, NAN))
  (first, edges), (second, same) = steps(drawn(spreads(nets(48, 750), some)))
  np.testing.assert_array_equal(edges, same)
  # Sums of some 40 shares in float64.
  np.testing.assert_allclose([first.sum(), second.sum()], [1, 0.75], rtol=1e-12)
  np.testing.assert_allclose(second, 0.75 * first, rtol=1e-12, atol=1e-15)


def test_small_whole_numbers_have_a_bin_each():
  ((share, edges),) = steps(drawn(spreads([0, 1, 1, 2])))
  np.testing.assert_allclose(edges[:4], [0, 0.5, 1.5, 2.5])
  np.testing.assert_allclose(share[:3], [0.25, 0.5, 0.25])


def test_bins_make_no_comb():
  """As many nets at 21, 22, .. 200: shares grow as widths do, to the last."""
  ((share, edges),) = steps(drawn(spreads(np.arange(21, 201))))
  # Each whole number is a unit of width; the last bin is not full.
  np.testing.assert_allclose(share[:-1], np.diff(edges)[:-1] / 180, rtol=1e-9)
  assert np.all(np.diff(share[:-1]) > -1e-12)


def test_nets_that_never_get_there_are_counted_and_come_last():
  ax = drawn(
    spreads([3, 4, 50, NAN, INF], [7, INF, INF], [1], never='not in 900')
  )
  assert {
    'setting 1: 5 nets, median 50, not in 900: 2',
    'setting 2: 3 nets, median none, not in 900: 2',
    'setting 3: 1 net, median 1',
  } <= words(ax)
  assert 'all nets: never' in words(drawn(spreads([NAN, INF])))
  assert 'no nets' in words(drawn(spreads([])))


def test_zero_stands_at_the_left_edge():
  ax = drawn(spreads([0, 48, 202]))
  assert ax.get_xlim()[0] == 0 and {'0', '1', '10', '100'} <= words(ax)
  assert drawn(spreads([20, 48, 202])).get_xscale() == 'log'


def test_the_legend_of_a_spread_hides_no_bar():
  ax = drawn(spreads(nets(48, 900), nets(60, 900), nets(80, 900)))
  legend = ax.get_legend().get_window_extent()
  top = max(share.max() for share, _ in steps(ax))
  assert ax.transData.transform((1, top))[1] < legend.y0


def test_no_share_is_above_100_percent():
  ax = drawn(spreads([48]))
  assert '100 %' in words(ax) and '120 %' not in words(ax)


def test_marks_beyond_the_nets_are_within_the_axes():
  ax = drawn(spreads([30, 40, 50], marks=MARKS | {'few 3': 3}))
  assert {'few 3', *MARKS} <= words(ax)
  assert apart([box(ax, name) for name in ('few 3', *MARKS)])


def test_a_number_below_0_is_refused():
  with pytest.raises(ValueError, match='values: expected .* found -1'):
    spreads([3, -1])(style.figure()[1])


@pytest.mark.parametrize(
  ('columns', 'count', 'size', 'title'),
  [(5, 50, (6, 10.5), 'update {:,}'), (8, 8, (6, 1.5), 'update {}'),
   (8, 8, (6, 1.5), 'after as many updates as {:,}')],
)  # fmt: skip
def test_titles_of_panels_cover_nothing(columns, count, size, title):
  fig, ax = style.figure(size=size)
  titles = [title.format(1000 * k) for k in range(count)]
  panels.grid(ax, np.ones((count, 4, 4)), titles, columns=columns)
  fig.canvas.draw()
  boxes = [box(ax, name) for name in titles]
  meshes = [m.get_window_extent() for m in ax.findobj(QuadMesh)]
  assert len(meshes) == count
  assert apart(boxes + meshes)
  sizes = {t.get_fontsize() for t in texts(ax)}
  assert len(sizes) == 1 and max(sizes) <= panels.SIZE


def test_panels_show_their_numbers_on_one_scale():
  fig, ax = style.figure()
  matrices = np.arange(12).reshape(3, 2, 2) / 11
  panels.grid(ax, matrices, ['a', 'b', 'c'], columns=2, row_labels=['x', 'y'])
  fig.canvas.draw()
  meshes = ax.findobj(QuadMesh)
  assert len(meshes) == 3
  for mesh, matrix in zip(meshes, matrices, strict=True):
    np.testing.assert_array_equal(mesh.get_array(), matrix)
  light = [mesh.to_rgba(mesh.get_array())[..., 0] for mesh in meshes]
  assert np.all(np.diff(np.ravel(light)) < 0)
  np.testing.assert_allclose(light[0][0, 0], 1)  # 0 is white
  assert words(ax) == {'a', 'b', 'c', 'x', 'y'}
  (left, top), (right, _), (_, low) = (
    box(ax, name).p0 for name in ('a', 'b', 'c')
  )
  assert left < right and low < top  # row by row, from above


def test_numbers_that_are_not_finite_are_crossed():
  ax = drawn(one_panel([[0.5, NAN], [INF, 1.0]]))
  (crosses,) = ax.get_lines()
  assert set(zip(*crosses.get_data(), strict=True)) == {(1.5, 0.5), (0.5, 1.5)}

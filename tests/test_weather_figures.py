"""Maps: their colours, their pixels and their words; how boundaries scale."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from samples import drawn
from test_tally_figures import apart, texts, words

from jaxrep.figures import boundaries, hues, style, weather

NAN, INF = np.nan, np.inf
NASTY = np.array([[NAN, INF, -INF], [0, -1, 1e9], [1e-9, 200, 201]])
NAMES = dict(enumerate(style.OUTCOMES))
PLANE = (-10.0, 10.0, -20.0, 20.0)
LABELS = {'xlabel': 'weight 9', 'ylabel': 'weight 6'}
RANGES = np.array([0.1, 0.2, 0.5, 1, 2, 5, 10])
BOXES = 2 ** np.arange(8)


def draws(*shape, seed=0):
  return np.random.default_rng(seed).normal(size=shape)


def plane(size):
  """Times `[P, P]` of made-up nets; a disk converges."""
  y, x = np.mgrid[:size, :size] / size - 0.5
  radius = np.hypot(x, y)
  return np.where(radius < 0.4, 20 + 400 * radius, NAN)


def times(sweeps, most=200, extent=PLANE, **choices):
  return lambda ax: weather.times(
    ax, sweeps, extent=extent, most=most, **LABELS, **choices
  )


def solutions(classes, families, extent=PLANE, **choices):
  names = [f'{k:04b}'.replace('0', '-').replace('1', '+')
           for k in range(len(families))]  # fmt: skip
  return lambda ax: weather.solutions(
    ax, classes, families, names, extent=extent, **LABELS, **choices
  )


def outcomes(outcome, names=NAMES, **choices):
  return lambda ax: weather.outcomes(
    ax, outcome, names, extent=PLANE, **LABELS, **choices
  )


def scaling(*series, **choices):
  named = {f'series {k}': one for k, one in enumerate(series)}
  words = {'xlabel': 'box side, pixels', 'ylabel': 'boxes'}
  return lambda ax: boundaries.scaling(ax, named, **words, **choices)


def law(slope, scale=BOXES, noise=0.1):
  value = 1e4 * scale ** float(slope) * np.exp(noise * draws(len(scale)))
  return boundaries.Scaling(scale, value, slope, np.log(1e4), f'd = {-slope}')


def nonconvergence(*rates, ranges=RANGES, **choices):
  settings = {
    f'ε = {k}': tuple(np.add(rate, step) for step in (0, -0.05, 0.05))
    for k, rate in enumerate(rates)
  }
  return lambda ax: boundaries.nonconvergence(ax, ranges, settings, **choices)


STRIPES = np.arange(64 * 64).reshape(64, 64) // 100 % 41 - 1
CASES = {
  weather.times: {
    'realistic': times(
      plane(64), title='Where a 2-2-1 net learns XOR',
      boxes={'zoom': (-5, 0, 5, 15), 'top': (5, 9, 15, 20)},
    ),
    'deep': times(plane(8), extent=(-6.9, -6.9 + 1e-9, 0.3, 0.3 + 1e-6)),
    'one': times([[50.0]]),
    'empty': times(np.zeros((0, 0)), boxes={'box': PLANE}),
    'nan': times(np.full((2, 2), NAN)),
    'nasty': times(NASTY, most=1e6, boxes={'none': (30, 40, 0, 1)}),
  },
  weather.solutions: {
    'realistic': solutions(
      STRIPES, np.arange(40) // 2, title='Forty solutions',
      boxes={'zoom': (-5, 0, 5, 15)},
    ),
    'one': solutions([[0]], [7]),
    'none': solutions([[-1]], []),
    'empty': solutions(np.zeros((0, 0), int), [1, 1]),
    'one of many': solutions([[2, 2], [2, 2]], [0, 1, 0]),
    'nasty': solutions(np.arange(-1, 63).reshape(8, 8), np.arange(63) ** 2 % 9),
  },
  weather.outcomes: {
    'realistic': outcomes(np.arange(81).reshape(9, 9) % 9 - 1, title='Ends'),
    'one': outcomes([[0]]),
    'none judged': outcomes([[-1, -1], [-1, -1]]),
    'no names': outcomes([[0]], {}),
    'empty': outcomes(np.zeros((0, 0), int)),
    'nasty': outcomes([[-1, 99], [0, 7]]),
  },
  weather.thumbnail: {
    'realistic': lambda ax: weather.thumbnail(
      ax, hues.times_rgb(plane(64), most=200), 'Fig. 11\nε = 3, α = 0.7'
    ),
    'one': lambda ax: weather.thumbnail(ax, np.zeros((1, 1, 3), np.uint8), ''),
    'nasty': lambda ax: weather.thumbnail(ax, np.zeros((0, 0, 3)), 'none'),
  },
  boundaries.scaling: {
    'realistic': scaling(
      law(-1.6), law(-1.3), title='More than a line',
      slopes={'smooth curve: d = 1': -1},
    ),
    'shares': scaling(
      boundaries.Scaling([1, 2, 4], [0.01, 0.02, 0.03]), unit='share'
    ),
    'many scales': scaling(law(-1.5, scale=np.arange(1, 40))),
    'one': scaling(boundaries.Scaling([4], [9], 1.0, 0.0, 'one')),
    'empty': scaling(),
    'no points': scaling(boundaries.Scaling([], []), slopes={'line': 1}),
    'nan': scaling(boundaries.Scaling([1, NAN], [NAN, 1])),
    'nasty': scaling(
      boundaries.Scaling(NASTY.ravel(), NASTY.ravel()[::-1], 1.0, 0.0),
      boundaries.Scaling([1, 2], [0, 0]),
    ),
  },
  boundaries.nonconvergence: {
    'realistic': nonconvergence(
      *(RANGES / (RANGES + k) for k in range(2, 8)), title='The wider',
      bands={'paper: 5 to 50 %': (2, 4, 0.05, 0.5)},
    ),
    'one': nonconvergence([0.5], ranges=[1.0]),
    'empty': nonconvergence(ranges=[]),
    'no rates': nonconvergence(bands={'paper': (2, 4, 0.05, 0.5)}),
    'nan': nonconvergence(np.full(7, NAN)),
    'nasty': nonconvergence([NAN, INF, -1, 2, 0, 1, 0.5]),
  },
}  # fmt: skip


def oklab(rgb):
  """`[.., 3]` of 0 to 255 -> lightness, chroma, hue in degrees.

  The direct transformation, with the numbers that Ottosson gives for it; the
  code under test goes the other way, with those of the inverse.
  """
  rgb = np.asarray(rgb) / 255
  linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
  cones = linear @ np.transpose([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
  ])  # fmt: skip
  light, a, b = np.moveaxis(np.cbrt(cones) @ np.transpose([
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
  ]), -1, 0)  # fmt: skip
  return light, np.hypot(a, b), np.rad2deg(np.arctan2(b, a)) % 360


def between(a, b):
  """Degrees from one hue to another, at most 180."""
  return abs((np.asarray(a) - b + 180) % 360 - 180)


def grey(rgb):
  """Luminance L* of 0 to 100, what a grey printer shows."""
  rgb = np.asarray(rgb) / 255
  linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
  return 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16


def test_colours_have_the_hue_and_lightness_asked_for():
  # One part in 255 moves lightness by 0.004 and, at chroma 0.1, hue by 2
  # degrees.
  asked = np.arange(0, 360, 15)
  light, chroma, hue = oklab(hues.oklch(0.7, 0.1, asked))
  np.testing.assert_allclose(light, 0.7, atol=0.005)
  np.testing.assert_allclose(chroma, 0.1, atol=0.005)
  assert between(hue, asked).max() < 2
  # Published: sRGB red is at 0.628, 0.258, 29.2.
  assert np.all(abs(hues.oklch(0.62796, 0.25768, 29.23) - [255.0, 0, 0]) <= 2)


def test_a_colour_no_screen_has_loses_chroma_only():
  light, chroma, hue = oklab(hues.oklch(0.7, 0.37, [150, 195, 264]))
  np.testing.assert_allclose(light, 0.7, atol=0.005)
  assert between(hue, [150, 195, 264]).max() < 2
  assert np.all(chroma < 0.25)


def test_white_and_black_are_the_ends_of_lightness():
  assert hues.oklch([0, 1], 0.2, 30).tolist() == [[0, 0, 0], [255] * 3]


def test_only_never_is_black():
  sweeps = [[NAN, INF, 201, -1], [0, 1, 100, 200]]
  image = hues.times_rgb(sweeps, most=200)
  assert image.shape == (2, 4, 3) and image.dtype == np.uint8
  assert not image[0].any() and np.all(image[1].max(axis=-1) > 100)
  # In grey the slowest is a quarter of the way from black to white.
  assert grey(image[1]).min() > 22


def test_the_slower_the_darker_in_equal_steps():
  image = hues.times_rgb([np.geomspace(10, 200, 18)], most=200)
  light, chroma, hue = oklab(image[0])
  assert np.all(np.diff(light) < -0.01) and np.all(np.diff(grey(image[0])) < 0)
  place = np.stack([light, chroma * np.cos(np.deg2rad(hue)),
                    chroma * np.sin(np.deg2rad(hue))])  # fmt: skip
  steps = np.linalg.norm(np.diff(place), axis=0)
  # Each is 15 of 255 shades, 0.05 long; 8 bits are 0.004 at either end.
  assert steps.max() < 1.16 * steps.min()


def test_the_brightest_colour_has_all_times_up_to_the_least():
  ramp = hues.ramp()
  image = hues.times_rgb([[1, 30, 31, 200]], most=200, least=30)[0]
  assert image[0].tolist() == image[1].tolist() == ramp[0].tolist()
  assert image[2].tolist() != ramp[0].tolist()
  assert image[3].tolist() == ramp[-1].tolist()
  # Half of the way in logarithms: 10 to 1000 over 100.
  middle = hues.times_rgb([[100]], most=1000, least=10)[0, 0]
  assert middle.tolist() in ramp[127:129].tolist()


@pytest.mark.parametrize('least', [0, -1, 200, NAN])
def test_a_least_time_that_is_not_below_the_most_is_refused(least):
  with pytest.raises(ValueError, match='least: expected 0 < least < 200, foun'):
    hues.times_rgb([[1]], most=200, least=least)


def test_members_of_a_family_share_a_hue_and_differ_in_lightness():
  families = [5, 2, 5, 9, 2, 5]
  light, _, hue = oklab(hues.family_colours(families))
  for members in ([0, 2, 5], [1, 4]):
    assert np.ptp(hue[members] - hue[members[0]]) < 3
    assert np.all(np.diff(light[members]) < -0.05)
  assert between(hue[0], hue[1]) > 60 and between(hue[1], hue[3]) > 60


@pytest.mark.parametrize('count', [1, 2, 3, 6, 12, 60])
def test_neighbours_in_rank_have_very_different_hues(count):
  colours = hues.family_colours(np.arange(count)[::-1])
  _, chroma, hue = oklab(colours)
  # The golden angle is 137.5 degrees; equal chroma, where screens have it.
  assert np.all(between(hue[1:], hue[:-1]) > 130)
  assert np.all(chroma > 0.1) and np.all(chroma < 0.15)
  gaps = np.diff(np.sort(hue), append=hue.min() + 360)
  # Three gaps: the least is over 0.38 of an even one; hues are out by 2.
  assert count == 1 or gaps.min() > 0.38 * 360 / count - 2
  assert len(np.unique(colours, axis=0)) == count


def test_hues_follow_the_rank_of_a_family_and_not_its_number():
  blue, red, green = hues.family_colours([9, 1, 4])
  np.testing.assert_array_equal(
    hues.family_colours([0, 7, 3]), [blue, red, green]
  )
  assert between(oklab(blue)[2], hues.FIRST_HUE) < 3


def test_families_of_any_number_of_members_have_as_many_colours():
  colours = hues.family_colours(np.zeros(20))
  assert len(np.unique(colours, axis=0)) == 20 and np.all(grey(colours) > 30)


def test_only_no_solution_is_black():
  families = np.arange(60) // 3
  classes = np.arange(-1, 60)[None]
  image = hues.solutions_rgb(classes, families)
  assert image.shape == (1, 61, 3) and image.dtype == np.uint8
  assert not image[0, 0].any()
  np.testing.assert_array_equal(image[0, 1:], hues.family_colours(families))
  assert grey(image[0, 1:]).min() > 30


def test_a_class_without_a_family_is_refused():
  with pytest.raises(ValueError, match='expected one for each of 3 classes, f'):
    hues.solutions_rgb([[2]], [0, 0])
  with pytest.raises(ValueError, match='names: expected 2, one a class, fo'):
    weather.solutions(
      style.figure()[1], [[0]], [0, 1], ['+'], extent=PLANE, **LABELS
    )


def test_ends_have_the_colours_of_their_looks_and_others_are_white():
  image = hues.outcomes_rgb([[0, 3, -1]], NAMES)
  solved, degenerate = (style.OUTCOMES[n].color for n in (NAMES[0], NAMES[3]))
  written = ['#' + bytes(pixel).hex().upper() for pixel in image[0]]
  assert written == [solved, degenerate, '#FFFFFF']


def map_of(ax):
  [image] = ax.images
  return image


def test_row_0_is_at_the_bottom_and_pixels_reach_up_from_their_place():
  # x from -10 to 10 in 4 pixels: 5 each; pixel k covers -10 + 5 k to the next.
  sweeps = np.full((4, 4), NAN)
  sweeps[0, 3] = 50
  ax = drawn(times(sweeps), size=(5, 4))
  shown = np.asarray(ax.figure.canvas.buffer_rgba())[..., :3]
  high = len(shown)

  def seen(x, y):
    column, row = ax.transData.transform([x, y])
    return shown[high - 1 - int(row), int(column)]

  for x in (5.2, 9.8):
    for y in (-19.6, -10.4):
      np.testing.assert_array_equal(
        seen(x, y), hues.times_rgb([[50]], most=200)[0, 0]
      )
  for x, y in ((4.8, -15), (7, -9.6), (-7, 15), (7, 15)):
    assert not seen(x, y).any()


@pytest.mark.parametrize('size', [(7.5, 7), (7.5, 4), (6, 3.8), (4, 7)])
@pytest.mark.parametrize('draw', [
  CASES[weather.times]['realistic'], CASES[weather.solutions]['realistic'],
  CASES[weather.outcomes]['realistic'], CASES[weather.times]['deep'],
])  # fmt: skip
def test_maps_stay_square_and_whole(draw, size):
  ax = drawn(draw, size=size)
  box = ax.get_window_extent()
  np.testing.assert_allclose(box.width, box.height)
  inside(ax.figure)


def inside(fig):
  """All words lie in the picture, apart from each other."""
  # Ticks that lie outside of their axis are not drawn.
  found = [t.get_window_extent() for ax in fig.axes for t in texts(ax)
           if t.get_window_extent().width]  # fmt: skip
  width, height = fig.canvas.get_width_height()
  assert apart(found)
  for box in found:
    assert box.x0 > -1 and box.x1 < width + 1, box
    assert box.y0 > -1 and box.y1 < height + 1, box


@pytest.mark.parametrize('draw', [
  CASES[weather.times]['realistic'], CASES[weather.solutions]['realistic'],
  CASES[weather.outcomes]['realistic'], CASES[boundaries.scaling]['realistic'],
  times(plane(4), extent=(-1.46712, -1.46692, -1.14076, -1.14056)),
  scaling(law(-1.5, scale=1024 * 2 ** np.arange(10))),
])  # fmt: skip
def test_two_side_by_side_have_room(draw):
  fig, axes = style.figure(1, 2, size=(7.5, 5))
  for ax in axes:
    draw(ax)
  fig.canvas.draw()
  inside(fig)


@pytest.mark.parametrize('columns', [5, 6])
def test_thirty_thumbnails_share_a_page(columns):
  rows = 30 // columns
  fig, axes = style.figure(rows, columns, size=(7.5, 10.5))
  for k, ax in enumerate(axes.ravel()):
    image = hues.times_rgb(plane(8), most=200)
    weather.thumbnail(ax, image, f'Fig. {k}: −5−3+3+6Y−1−6+7X\nε = 3, α = 0.7')
  fig.canvas.draw()
  inside(fig)
  assert not any(len(ax.get_xticks()) for ax in axes.ravel())
  assert min(ax.xaxis.label.get_size() for ax in axes.ravel()) >= 7
  sides = [ax.get_window_extent() for ax in axes.ravel()]
  np.testing.assert_allclose([b.width for b in sides], sides[0].height)
  said = axes[0, 0].get_xlabel()
  assert said == 'Fig. 0:\n−5−3+3+6Y−1−6+7X\nε = 3, α = 0.7'


@pytest.mark.parametrize(
  ('low', 'high', 'said'),
  [(-10, 10, '−10 −5 0 5 10'), (0, 1.25, '0.0 0.5 1.0'),
   (-1.4671, -1.4639, '−1.466 −1.464'), (-9, -5.4, '−8 −6')],
)  # fmt: skip
def test_ticks_are_round_numbers_with_the_digits_they_need(low, high, said):
  ax = drawn(times(plane(4), extent=(low, high, low, high)), size=(5, 4))
  labels = [t.get_text() for t in ax.get_xticklabels()]
  assert set(said.split()) <= set(labels) and len(labels) <= 7
  numbers = [float(t.replace('−', '-')) for t in labels]
  np.testing.assert_allclose(ax.get_xticks(), numbers)
  assert min(numbers) >= low and max(numbers) <= high
  assert ax.get_xlabel() == 'weight 9'


@pytest.mark.parametrize('width', [1e-6, 3e-8, 1e-9, 2e-11])
def test_windows_too_narrow_for_numbers_count_from_a_base(width):
  low = -6.9123456789
  extent = (low, low + width, low, low + width)
  ax = drawn(times(plane(4), extent=extent), size=(5, 4))
  first, second = ax.get_xlabel().split('\n')
  base, unit = second.replace('−', '-').split(' + ticks × 10')
  power = int(''.join('0123456789-'['⁰¹²³⁴⁵⁶⁷⁸⁹⁻'.index(c)] for c in unit))
  labels = [t.get_text().replace('−', '-') for t in ax.get_xticklabels()]
  assert first == 'weight 9' and len(labels) > 1
  assert max(map(len, labels)) < 8
  read = float(base) + np.array(labels, float) * 10.0**power
  # A double of 7 has 1e-15; the axis and the sums take a few of them.
  np.testing.assert_allclose(ax.get_xticks(), read, rtol=0, atol=1e-14)
  assert read.min() >= low - 1e-14 and read.max() <= low + width + 1e-14


@pytest.mark.parametrize('extent', [(1, 0, 0, 1), (0, 1, 1, 1), (0, NAN, 0, 1)])
def test_an_extent_that_does_not_rise_is_refused(extent):
  with pytest.raises(ValueError, match='extent: expected x0 < x1 and y0 < y1,'):
    times(plane(4), extent=extent)(style.figure()[1])


def test_the_bar_says_what_black_is_and_where_it_is_clipped():
  # The brightest colour is of 200 / 20 epochs.
  said = words(drawn(times(plane(8))))
  assert {'never', 'black: never within 200 epochs', '≤ 10', '50', '200',
          'epochs to converge'} <= set(said)  # fmt: skip


def test_boxes_lie_at_their_places_and_change_no_limits():
  ax = drawn(times(plane(8), boxes={'zoom': (-5, 0, 5, 15)}))
  [box] = [p for p in ax.patches if isinstance(p, Rectangle)]
  assert box.get_bbox().extents.tolist() == [-5, 5, 0, 15]
  assert 'zoom' in words(ax)
  ax = drawn(times(plane(8), boxes={'far': (0, 50, 0, 9)}))
  assert (*ax.get_xlim(), *ax.get_ylim()) == PLANE


def test_the_legend_has_the_share_of_each_family():
  # Of 20: class 0 6, class 1 5, class 2 4 of the family of class 1, none 5.
  classes = np.repeat([0, 1, 2, -1], [6, 5, 4, 5]).reshape(4, 5)
  ax = drawn(solutions(classes, [3, 8, 8, 1]))
  assert 'share of all nets' in ax.get_legend().get_title().get_text()
  labels = [t.get_text().split() for t in ax.get_legend().get_texts()]
  assert labels == [
    ['−−−+', '45.0', '%'], ['−−−−', '30.0', '%'],
    ['no', 'solution', '25.0', '%'],
  ]  # fmt: skip
  handles = ax.get_legend().findobj(Rectangle)
  found = [np.round(255 * np.array(h.get_facecolor()[:3])) for h in handles]
  colours = hues.family_colours([3, 8, 8, 1])
  np.testing.assert_array_equal(found, [*colours[[1, 2, 0]], [0, 0, 0]])


def test_families_beyond_the_sixth_are_counted_together():
  classes = np.repeat(np.arange(9), np.arange(9, 0, -1)).reshape(9, 5)
  labels = [
    t.get_text()
    for t in drawn(solutions(classes, np.arange(9))).get_legend().get_texts()
  ]
  # The last three have 3 + 2 + 1 of 45.
  assert len(labels) == 7 and labels[-1].split() == ['3', 'others', '13.3', '%']
  rare = np.zeros((50, 50), int)
  rare[0, 0] = 1
  said = words(drawn(solutions(rare, [0, 1])))
  assert any('<0.1 %' in text for text in said)


def test_ends_are_counted_and_what_was_not_judged_is_hatched():
  outcome = np.array([[0, 0, 0], [3, 3, -1]])
  ax = drawn(outcomes(outcome))
  labels = [t.get_text() for t in ax.get_legend().get_texts()]
  assert labels == [f'{NAMES[0]}: 3', f'{NAMES[3]}: 2', 'not judged: 1']
  pixels = map_of(ax).get_array()
  assert (pixels[..., 3] == [[255] * 3, [255, 255, 0]]).all()
  assert ax.patch.get_hatch()
  assert 'not judged' not in ' '.join(words(drawn(outcomes([[0]]))))


def test_an_outcome_without_a_look_is_refused_on_a_map():
  with pytest.raises(ValueError, match="found 'stuck'"):
    outcomes([[0]], {0: 'stuck'})(style.figure()[1])


def test_large_maps_are_averaged_and_small_ones_sharp():
  large, small = (
    map_of(drawn(times(np.full((n, n), 9.0)))).get_interpolation()
    for n in (1500, 40)
  )
  assert small == 'nearest' != large


def test_power_laws_reach_over_their_points_and_no_further():
  # value = e^2 scale^-1.5 at 1, 2, 4, 8, 16.
  scale = 2.0 ** np.arange(5)
  value = np.exp(2) * scale**-1.5
  one = boundaries.Scaling(scale, value, -1.5, 2.0, 'd = 1.50')
  ax = drawn(scaling(one, slopes={'line': -1}))
  points, fit, line = (x.get_xydata() for x in ax.get_lines())
  np.testing.assert_allclose(points, np.stack([scale, value], 1))
  np.testing.assert_allclose(fit, points[[0, -1]])
  # From the coarsest point, halving the side doubles the boxes.
  np.testing.assert_allclose(line, [[1, 16 * value[-1]], [16, value[-1]]])
  assert {'series 0: d = 1.50', 'line', '1', '16'} <= set(words(ax))
  assert ax.get_xscale() == ax.get_yscale() == 'log'


def test_points_that_have_no_logarithm_are_counted():
  one = boundaries.Scaling([1, 2, 4], [0, 3, NAN])
  said = words(drawn(scaling(one)))
  assert 'not drawn: 2 points not above 0' in said
  assert 'nothing to show' in words(drawn(scaling()))
  with pytest.raises(ValueError, match='series: series 0: expected 2 values'):
    scaling(boundaries.Scaling([1, 2], [1]))(style.figure()[1])


def test_what_a_source_says_is_shaded_behind_the_rates():
  ax = drawn(CASES[boundaries.nonconvergence]['realistic'], size=(7.5, 4.6))
  [band] = [p for p in ax.patches if isinstance(p, Rectangle)]
  assert band.get_bbox().extents.tolist() == [2, 0.05, 4, 0.5]
  assert band.get_zorder() < min(x.get_zorder() for x in ax.get_lines())
  assert {'paper: 5 to 50 %', 'ε = 0', 'ε = 5', '0.1', '10', '100 %'} <= set(
    words(ax)
  )
  assert len(ax.containers) == 6
  inside(ax.figure)

"""Maps of known dimension have it, and counts are those of a plain loop."""

import itertools

import numpy as np
from absl.testing import parameterized

from jaxrep import stats
from jaxrep.measures import boundaries


def grid(pixels):
  """Returns rows and columns of a map, `[P, 1]` and `[1, P]`."""
  k = np.arange(pixels)
  return k[:, None], k[None]


def exponents(classes):
  """Returns d and α of a map."""
  found = boundaries.counts(classes)
  d = boundaries.box_dimension(found.scale)(*found.boxes, axis=-1)
  pairs = *found.differing, *found.pairs
  return float(d), float(boundaries.sensitivity(found.scale)(*pairs, axis=-1))


def bootstrapped(classes):
  """Returns d and α of a map, each with its interval over tiles."""
  found = boundaries.counts(classes)
  dimension = boundaries.box_dimension(found.scale)
  sensitivity = boundaries.sensitivity(found.scale)
  pairs = [*found.differing, *found.pairs]
  return (
    stats.bootstrap(dimension, found.boxes, unit='d'),
    stats.bootstrap(sensitivity, pairs, unit='α'),
  )


def strips(pixels, parts, level):
  """Returns a map whose boundaries are a Cantor set of vertical strips.

  Of `parts` equal parts of the line the first and the last are kept, and so on
  within each: of dimension log 2 / log parts. What is cut out and what is left
  in the end are the pieces. Each is a class of its own, so that no pair which
  has crossed a boundary is of one class again.
  """
  gap = np.zeros(pixels, int)  # the level at which it was cut out
  for x, cut in itertools.product(range(pixels), reversed(range(level))):
    if 0 < x * parts ** (cut + 1) // pixels % parts < parts - 1:
      gap[x] = cut + 1
  ends = np.append(False, gap[1:] != gap[:-1])
  return np.broadcast_to(np.cumsum(ends), (pixels, pixels))


def speckled(pixels, seed=0):
  """Returns a map on which every pixel is drawn by itself."""
  return np.random.default_rng(seed).integers(-1, 2, (pixels, pixels))


class ExponentsTest(parameterized.TestCase):
  def test_a_vertical_edge_has_dimension_1(self):
    _, column = grid(1024)
    d, alpha = exponents(np.broadcast_to(column >= 400, (1024, 1024)))
    # A column of boxes holds it, at every scale: 1024 / s.
    self.assertAlmostEqual(d, 1, places=12)
    # Of 2 · 1024 (1024 - s) pairs 1024 s cross it: f = s / (1024 - s) / 2. The
    # pairs that the edge of the map takes away bend the line by log 8/7 at the
    # largest scale, 128.
    self.assertAlmostEqual(alpha, 1, delta=0.03)

  def test_a_diagonal_edge_has_dimension_1(self):
    row, column = grid(1024)
    d, alpha = exponents(row > column)
    # Along the diagonal 1024 / s boxes hold it, and 1024 / s - 1 touch it with
    # a corner cell: 2n - 1 in place of 2n, 7 % at n = 8.
    self.assertAlmostEqual(d, 1, delta=0.03)
    # Of 1024 (1024 - s) pairs along x, s (1024 - s) cross it: f = s / 1024.
    self.assertAlmostEqual(alpha, 1, places=12)

  def test_a_disc_has_an_edge_of_dimension_1(self):
    row, column = grid(512)
    disc = (row - 250) ** 2 + (column - 260) ** 2 < 170**2
    for exponent in exponents(disc):
      # Eight boxes a side at the largest scale: the count is off by a few %.
      self.assertAlmostEqual(exponent, 1, delta=0.05)

  def test_pixels_drawn_by_themselves_fill_the_plane(self):
    d, alpha = exponents(speckled(512))
    # All boxes hold a boundary but 1 of 27 single cells, which takes log 27/26
    # = 0.04 from the first of seven points; f = 2/3, give or take 1e-3.
    self.assertAlmostEqual(d, 2, delta=0.02)
    self.assertAlmostEqual(alpha, 0, delta=0.002)

  @parameterized.parameters((729, 3, 6), (1024, 4, 5))
  def test_cantor_strips_have_the_dimension_of_the_set_and_1(
    self, pixels, parts, level
  ):
    d, alpha = exponents(strips(pixels, parts, level))
    dust = np.log(2) / np.log(parts)
    # Counts rise in steps, log 2 high, when s passes a power of the parts, and
    # a map holds three or four of them: the line through all scales is off by
    # 0.06 at most.
    self.assertAlmostEqual(d, 1 + dust, delta=0.07)
    self.assertAlmostEqual(alpha, 1 - dust, delta=0.07)
    self.assertAlmostEqual(d + alpha, 2, delta=0.07)

  @parameterized.parameters(0, 1)
  def test_rows_and_columns_are_alike(self, which):
    classes = (speckled(64), strips(64, 4, 3))[which]
    np.testing.assert_allclose(exponents(classes.T), exponents(classes))

  def test_the_names_of_classes_do_not_matter(self):
    classes = speckled(40)
    renamed = np.array([7, -100, 2])[classes + 1]
    one, other = boundaries.counts(classes), boundaries.counts(renamed)
    for a, b in zip(one, other, strict=True):
      np.testing.assert_array_equal(a, b)


class CountsTest(parameterized.TestCase):
  @parameterized.parameters(
    (1, [1]),
    (7, [1]),
    (8, [1]),
    (15, [1]),
    (16, [1, 2]),
    (31, [1, 2]),
    (128, [1, 2, 4, 8, 16]),
    (729, [1, 2, 4, 8, 16, 32, 64]),
    (1024, [1, 2, 4, 8, 16, 32, 64, 128]),
  )
  def test_scales_are_powers_of_two_up_to_an_eighth(self, pixels, expected):
    self.assertEqual(boundaries.scales(pixels), expected)

  def test_a_map_of_no_pixels_has_no_scale(self):
    with self.assertRaisesRegex(ValueError, 'pixels: expected at least 1, f'):
      boundaries.scales(0)

  def test_cells_look_to_the_right_and_up(self):
    # One pixel of another class: it is a corner of four cells, its own and
    # those to the left, below, and both.
    classes = np.zeros((4, 4), int)
    classes[2, 1] = 5
    expected = np.zeros((4, 4), bool)
    expected[1:3, 0:2] = True
    np.testing.assert_array_equal(boundaries.mixed(classes), expected)

  def test_beyond_the_edge_nothing_changes(self):
    # The last row and column have neighbours only among themselves.
    classes = np.array([[0, 0], [0, 1]])
    found = boundaries.mixed(classes)
    np.testing.assert_array_equal(found, [[True, True], [True, False]])

  @parameterized.parameters(5, 16, 21, 37)
  def test_counts_are_those_of_a_loop(self, pixels):
    # Patches of one class, so that boxes without a boundary occur.
    rng = np.random.default_rng(pixels)
    patches = rng.integers(-1, 2, (pixels // 4 + 1,) * 2)
    classes = np.kron(patches, np.ones((4, 4), int))[:pixels, :pixels]
    found = boundaries.counts(classes)
    scale = boundaries.scales(pixels)
    tile, n = scale[-1], pixels // scale[-1]
    self.assertEqual(found.scale.tolist(), scale)
    empty = 0
    for k, s in enumerate(scale):
      for m, (i, j) in enumerate(itertools.product(range(n), repeat=2)):
        boxes = differing = pairs = 0
        rows = range(i * tile, (i + 1) * tile)
        columns = range(j * tile, (j + 1) * tile)
        for r, c in itertools.product(rows[::s], columns[::s]):
          # A box of s × s cells has (s + 1)² pixels for corners.
          names = set(classes[r : r + s + 1, c : c + s + 1].ravel().tolist())
          boxes += len(names) > 1
        for r, c in itertools.product(rows, columns):
          for to_row, to_column in (r + s, c), (r, c + s):
            if to_row < pixels and to_column < pixels:
              pairs += 1
              differing += classes[r, c] != classes[to_row, to_column]
        place = f'scale {s}, tile {m}'
        self.assertEqual(found.boxes[k, m], boxes, place)
        self.assertEqual(found.differing[k, m], differing, place)
        self.assertEqual(found.pairs[k, m], pairs, place)
        empty += boxes == 0
    self.assertEqual(found.boxes.shape, (len(scale), n * n))
    self.assertGreater(empty, 0)
    self.assertGreater(found.boxes.sum(), 0)

  @parameterized.parameters(((3, 4),), ((9,),), ((2, 2, 2),))
  def test_what_is_no_square_is_refused(self, shape):
    with self.assertRaisesRegex(ValueError, r'classes: expected a square, f'):
      boundaries.counts(np.zeros(shape, int))
    with self.assertRaisesRegex(ValueError, r'classes: expected a square, f'):
      boundaries.mixed(np.zeros(shape, int))


class SlopeTest(parameterized.TestCase):
  def test_a_power_law_has_its_power_everywhere(self):
    scale = np.array([1, 2, 4, 8])
    values = 3.0 * scale**-1.5
    self.assertAlmostEqual(float(boundaries.slope(scale, values)), -1.5)
    np.testing.assert_allclose(boundaries.slopes(scale, values), -1.5)

  def test_a_slope_is_that_of_polyfit(self):
    scale = boundaries.scales(500)
    values = np.random.default_rng(0).uniform(1, 9, (4, len(scale)))
    expected = np.polyfit(np.log(scale), np.log(values.T), 1)[0]
    np.testing.assert_allclose(boundaries.slope(scale, values), expected)

  def test_slopes_are_taken_from_scale_to_scale(self):
    # 1 -> 4 while s doubles: 2; 4 -> 4: 0.
    np.testing.assert_allclose(boundaries.slopes([1, 2, 4], [1, 4, 4]), [2, 0])

  def test_nothing_has_no_slope(self):
    self.assertTrue(np.isnan(boundaries.slope([1, 2], [0, 0])))
    self.assertTrue(np.isnan(boundaries.slope([1, 2], [0, 1])))
    self.assertTrue(np.isnan(boundaries.slope([1], [5])))
    found = boundaries.slopes([1, 2, 4, 8], [0, 1, 2, 4])
    np.testing.assert_allclose(found, [np.nan, 1, 1])


class BootstrapTest(parameterized.TestCase):
  @parameterized.parameters(128, 1024)
  def test_an_interval_over_tiles_holds_the_exponent(self, pixels):
    classes = speckled(pixels)
    d, alpha = bootstrapped(classes)
    self.assertEqual((d.n, alpha.n), (64, 64))
    for found, expected in zip((d, alpha), exponents(classes), strict=True):
      self.assertAlmostEqual(found.value, expected)
      self.assertLess(found.low, found.value)
      self.assertLess(found.value, found.high)

  def test_a_few_resamples_without_a_boundary_cost_no_bound(self):
    # 6 of 64 tiles hold a boundary: 0.2 % of resamples ((58/64)^64) have none.
    classes = np.zeros((128, 128), int)
    for k in range(6):
      classes[16 * k + 5 : 16 * k + 9, 16 * k + 3 : 16 * k + 9] = 1
    found = boundaries.counts(classes)
    self.assertEqual(np.count_nonzero(found.boxes[-1]), 6)
    for estimate in bootstrapped(classes):
      self.assertTrue(np.isfinite([estimate.low, estimate.high]).all())

  def test_many_resamples_without_a_boundary_cost_a_bound_each(self):
    # One tile of 64: more than a third of the resamples have none.
    classes = np.zeros((128, 128), int)
    classes[5:9, 5:9] = 1
    d, alpha = bootstrapped(classes)
    self.assertIsNone(d.low)
    self.assertIsNone(alpha.high)
    self.assertTrue(np.isfinite([d.value, alpha.value]).all())

  @parameterized.parameters(10, 64)
  def test_one_class_everywhere_has_no_boundary_and_no_exponent(self, pixels):
    classes = np.full((pixels, pixels), -1)
    found = boundaries.counts(classes)
    self.assertFalse(found.boxes.any() or found.differing.any())
    self.assertTrue(np.isnan(boundaries.slope(found.scale, found.boxes[:, 0])))
    for estimate in bootstrapped(classes):
      self.assertFalse(np.isfinite(estimate.value))
      self.assertEqual((estimate.low, estimate.high), (None, None))

  def test_a_single_scale_has_no_exponent(self):
    for estimate in bootstrapped(speckled(10)):
      self.assertFalse(np.isfinite(estimate.value))


def test_many_straight_lines_have_a_dimension_far_above_one():
  """As the maps of Fig. 12 do: a dimension of 1.6 is no proof of a fractal.

  A line crosses some 512 / s boxes of side s, but 120 of them meet in each of
  the large ones, so over all scales d lies between 1 and 2.
  """
  draw = np.random.default_rng(0)
  y, x = np.mgrid[:512, :512] / 512
  angle = draw.uniform(0, np.pi, 120)[:, None, None]
  middle = draw.uniform(0, 1, (2, 120, 1, 1))
  sides = (x - middle[0]) * np.cos(angle) + (y - middle[1]) * np.sin(angle) > 0
  found = boundaries.counts(sides.sum(axis=0) % 2)
  d = boundaries.box_dimension(found.scale)(*found.boxes, axis=-1)
  assert 1.55 < d < 1.7
  local = -boundaries.slopes(found.scale, found.boxes.sum(axis=1))
  assert local[0] < local[-1]

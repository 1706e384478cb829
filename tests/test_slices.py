"""Slices are read as the paper prints them, and errors point at the place."""

import itertools

import numpy as np
import pytest

from jaxrep import slices

# Kolen & Pollack (1990), below Figs 3 to 11.
FIGURES = {
  3: '-5-3+3+6Y-1-6+7X',
  4: '+4-7+6+0-3Y+1X+1',
  5: '-5+5+1-6+3XY+8+3',
  6: 'YX-3+6+8+3+1+7-3',
  7: 'Y+3-9-2+6+7-3X+7',
  8: '-6-4XY-6-6+9-4-9',
  9: '-2+1+9-1X-3+8Y-4',
  10: '+1+8-3-6X-1+1+8Y',
  11: '+7+4-9-9-5Y-3+9X',
}
FIXED = '+7+4-9-9-5+1-3+9+2'


def one_hot(place, value=1.0):
  return np.where(np.arange(9) == place, value, 0.0)


def told(call, *args, **choices):
  with pytest.raises(ValueError) as refused:
    call(*args, **choices)
  assert '\n' not in str(refused.value)
  return str(refused.value)


def test_figure_3_is_read_as_worked_by_hand():
  plane = slices.parse('-5-3+3+6Y-1-6+7X', 9)
  fixed = [-0.5, -0.3, 0.3, 0.6, 0, -0.1, -0.6, 0.7, 0]
  np.testing.assert_array_equal(plane.fixed, fixed)
  np.testing.assert_array_equal(plane.along, [one_hot(8), one_hot(4)])
  assert not plane.drawn.any()
  assert plane.fixed.dtype == plane.along.dtype == np.float64
  assert plane.drawn.dtype == bool


def test_figure_6_is_read_as_worked_by_hand():
  plane = slices.parse('YX-3+6+8+3+1+7-3', 9)
  fixed = [0, 0, -0.3, 0.6, 0.8, 0.3, 0.1, 0.7, -0.3]
  np.testing.assert_array_equal(plane.fixed, fixed)
  np.testing.assert_array_equal(plane.along, [one_hot(1), one_hot(0)])


def test_five_in_the_sixth_place_is_a_bias_of_one_half():
  plane = slices.parse('YX-3+6+8+5+1+7-3', 9)
  assert plane.fixed[5] == 0.5


@pytest.mark.parametrize('text', FIGURES.values(), ids='Fig. {}'.format)
def test_each_figure_varies_one_weight_along_each_axis(text):
  # One character for a letter, two for a number of one digit.
  words = text.replace('+', ' +').replace('-', ' -').split()
  places = []
  for word in words:
    number, names = (word[:2], word[2:]) if word[0] in '+-' else ('', word)
    places += [*filter(None, [number]), *names]
  plane = slices.parse(text, 9)
  assert len(places) == 9 and slices.letters(plane) == 'XY'
  for k, word in enumerate(places):
    number = 0 if word in 'XY' else int(word) / 10
    assert plane.fixed[k] == number
    assert list(plane.along[:, k]) == [word == 'X', word == 'Y']
  slices.check_letters(text, plane, 'XY')


@pytest.mark.parametrize(
  ('word', 'weight'),
  [
    ('+7', 0.7),
    ('-0.5', -0.05),
    ('+12', 1.2),
    ('-.5', -0.05),
    ('+3.', 0.3),
    ('+007', 0.7),
    ('+0', 0.0),
    ('-69.66', -6.966),
    ('\N{MINUS SIGN}7', -0.7),
    ('\N{EN DASH}7', -0.7),
    ('- 7', -0.7),
    (' +7 ', 0.7),
    ('\t+\n7\r\n', 0.7),
  ],
)
def test_numbers_are_tenths(word, weight):
  # Equal to the last bit: it is the float nearest to the decimal number.
  assert slices.parse(word, 1).fixed == [weight]
  plane = slices.parse(f'X{word}?', 3)
  assert list(plane.fixed) == [0, weight, 0]
  assert list(plane.drawn) == [False, False, True]
  assert slices.letters(plane) == 'X'


def test_a_number_is_rounded_once():
  # 0.7 / 10 is 0.06999999999999999.
  assert 0.7 / 10 != 0.07
  assert slices.parse('+0.7', 1).fixed == [0.07]


def test_no_zero_is_negative():
  assert not np.signbit(slices.parse('-0X', 2).fixed).any()


@pytest.mark.parametrize(
  ('text', 'x', 'y', 'found'),
  [
    ('X+1Y', [1, 0, 0], [0, 0, 1], 'XY'),
    ('x+1y', [1, 0, 0], [0, 0, 1], 'XY'),
    ('-X+1+Y', [-1, 0, 0], [0, 0, 1], 'XY'),
    ('+1- y+1', [0, 0, 0], [0, -1, 0], 'Y'),
    ('X ? ?', [1, 0, 0], [0, 0, 0], 'X'),
    ('+1-1?', [0, 0, 0], [0, 0, 0], ''),
  ],
)
def test_letters_are_axes_and_a_sign_mirrors_them(text, x, y, found):
  plane = slices.parse(text, 3)
  np.testing.assert_array_equal(plane.along, [x, y])
  assert slices.letters(plane) == found


def test_tied_weights_vary_together():
  plane = slices.parse('XY-X?X', 5, tied=True)
  np.testing.assert_array_equal(
    plane.along, [[1, 0, -1, 0, 1], [0, 1, 0, 0, 0]]
  )
  slices.check_letters('XY-X?X', plane, 'XY')


def test_what_is_written_is_read_back():
  # 500 lines of known weights, with blanks where they may be.
  random = np.random.default_rng(0)
  for _ in range(500):
    fixed, drawn, along, words = [], [], [], []
    for kind in random.integers(4, size=random.integers(1, 17)):
      sign = random.choice([-1, 1])
      number = int(random.integers(0, 300))
      mark = {1: '+', -1: random.choice(['-', '\N{MINUS SIGN}'])}[sign]
      mark += random.choice(['', ' '])
      fixed.append(sign * number / 10 if kind == 0 else 0)
      drawn.append(kind == 1)
      along.append([sign * (kind == 2), sign * (kind == 3)])
      words.append([f'{mark}{number}', '?', f'{mark}X', f'{mark}y'][kind])
    line = random.choice(['', ' ', '\n  ']).join(words)
    plane = slices.parse(line, len(words), tied=True)
    np.testing.assert_array_equal(plane.fixed, fixed)
    np.testing.assert_array_equal(plane.drawn, drawn)
    np.testing.assert_array_equal(plane.along, np.transpose(along))


@pytest.mark.parametrize(
  ('text', 'message'),
  [
    ('', "slice '': expected 9 weights, found none"),
    (' \n', "slice '': expected 9 weights, found none"),
    (
      '+7+4-9-9-5Y-3+9',
      "slice '+7+4-9-9-5Y-3>+9<': expected 9 weights, found 8; the last is"
      " '+9'",
    ),
    (
      '+7+4-9-9-5Y-3+9X-1+2',
      "slice '+7+4-9-9-5Y-3+9X>-1<+2': expected 9 weights, found 11; weight 10"
      " is '-1'",
    ),
    (
      '+7+4q-9',
      "slice '+7+4>q<-9': expected a signed number, X, Y or ?, found 'q'",
    ),
    (
      '+7 7 X',
      "slice '+7 >7< X': expected '+7' or '-7', found '7'",
    ),
    ('1.5X', "slice '>1.5<X': expected '+1.5' or '-1.5', found '1.5'"),
    ('+1.5.2', "slice '+1.5>.2<': expected '+.2' or '-.2', found '.2'"),
    (
      '+1e400',
      "slice '+1>e<400': expected a signed number, X, Y or ?, found 'e'",
    ),
    ('+nan', "slice '>+<nan': expected a signed number, X, Y or ?, found '+'"),
    ('+-1', "slice '>+<-1': expected a signed number, X, Y or ?, found '+'"),
    ('X+', "slice 'X>+<': expected a signed number, X, Y or ?, found '+'"),
    ('+?', "slice '>+<?': expected a signed number, X, Y or ?, found '+'"),
    ('+.', "slice '>+<.': expected a signed number, X, Y or ?, found '+'"),
    ('+1,', "slice '+1>,<': expected a signed number, X, Y or ?, found ','"),
    (
      '+\N{SUPERSCRIPT TWO}',
      "slice '>+<\N{SUPERSCRIPT TWO}': expected a signed number, X, Y or ?,"
      " found '+'",
    ),
    (
      '+1\x1b[2J',
      "slice '+1>\\x1b<[2J': expected a signed number, X, Y or ?, found"
      " '\\x1b'",
    ),
    (
      '+7X-9-9-5Y-3+9x',
      "slice '+7X-9-9-5Y-3+9>x<': expected one X, found another",
    ),
    (
      '+7Y-9-9-5-Y-3+9X',
      "slice '+7Y-9-9-5>-Y<-3+9X': expected one Y, found another",
    ),
    (
      f'X+4-9-9+{"9" * 40}Y-3+9+1',
      f"slice 'X+4-9-9>+{'9' * 40}<Y-3+9+1': expected a weight that is finite"
      ' in float32',
    ),
    (
      # What is far from the place is left out.
      '+1' * 100 + 'q' + '-1' * 100,
      f"slice '..{'+1' * 25}>q<{'-1' * 25}..': expected a signed number, X, Y"
      " or ?, found 'q'",
    ),
  ],
)
def test_what_is_no_slice_is_told_with_its_place(text, message):
  assert told(slices.parse, text, 9) == message


def test_a_number_of_400_digits_is_told_too():
  message = told(slices.parse, f'+{"9" * 400}', 1)
  assert message.endswith('expected a weight that is finite in float32')


def test_one_weight_is_no_weights():
  assert told(slices.parse, 'XY', 1) == (
    "slice 'X>Y<': expected 1 weight, found 2; weight 2 is 'Y'"
  )


@pytest.mark.parametrize(
  ('text', 'wanted', 'message'),
  [
    ('+7Y', 'XY', "slice '+7Y': expected X and Y, found no X"),
    ('X+7', 'XY', "slice 'X+7': expected X and Y, found no Y"),
    ('+7?', 'XY', "slice '+7?': expected X and Y, found no X and no Y"),
    ('+7?', 'X', "slice '+7?': expected X, found no X"),
    ('+7-y', 'X', "slice '+7>-y<': expected X, found Y"),
    ('XY', 'X', "slice 'X>Y<': expected X, found Y"),
    ('Y X', 'Y', "slice 'Y >X<': expected Y, found X"),
    ('XY', '', "slice '>X<Y': expected no letter, found X"),
  ],
)
def test_letters_that_are_not_wanted_or_missing_are_told(text, wanted, message):
  plane = slices.parse(text, 2)
  assert told(slices.check_letters, text, plane, wanted) == message
  slices.check_letters(text, plane, slices.letters(plane))


def test_starts_are_as_worked_by_hand():
  plane = slices.parse('+7X?-Y', 4)
  x, y = np.array([0.1, -2.0]), np.array([3.0, 0.25])
  drawn = np.array([100.0, np.nan, 0.125, 100.0])  # the third alone is taken
  expected = [[0.7, 0.1, 0.125, -3.0], [0.7, -2.0, 0.125, -0.25]]
  found = slices.starts(plane, x, y, drawn)
  assert found.dtype == np.float64
  np.testing.assert_array_equal(found, expected)
  each = np.stack([drawn, 2 * drawn])
  expected[1][2] = 0.25
  np.testing.assert_array_equal(slices.starts(plane, x, y, each), expected)


def test_starts_are_those_of_a_loop():
  random = np.random.default_rng(1)
  text = 'X?-Y+3?-X+12Y-0.7'
  words = ['X', '?', '-Y', 0.3, '?', '-X', 1.2, 'Y', -0.07]
  plane = slices.parse(text, 9, tied=True)
  x, y, drawn = (random.normal(size=s) for s in (9, 9, (9, 9)))
  found = slices.starts(plane, x, y, drawn)
  for k, (j, word) in itertools.product(range(9), enumerate(words)):
    values = {'X': x[k], '-X': -x[k], 'Y': y[k], '-Y': -y[k], '?': drawn[k, j]}
    assert found[k, j] == values.get(word, word)


def test_pixels_are_the_papers_200_steps_of_a_tenth():
  found = slices.pixels(-10, 10, 200)
  assert found.shape == (200,) and found.dtype == np.float64
  # The floats that one would type: -10.0, -9.9, .. 9.9.
  typed = [float(f'{k}e-1') for k in range(-100, 100)]
  np.testing.assert_array_equal(found, typed)


@pytest.mark.parametrize(
  ('low', 'high', 'count', 'expected'),
  [
    (0.1, 0.4, 3, [0.1, 0.2, 0.3]),
    (-9.0, -5.4, 2, [-9.0, -7.2]),
    (1, 2, 1, [1.0]),
    (2, 0, 4, [2, 1.5, 1, 0.5]),
  ],
)
def test_pixels_begin_at_the_low_end_and_leave_the_high_one_out(
  low, high, count, expected
):
  np.testing.assert_array_equal(slices.pixels(low, high, count), expected)


@pytest.mark.parametrize(
  ('low', 'high', 'centre', 'zoom', 'expected'),
  [
    (-10, 10, None, 2, (-5, 5)),
    (-10, 10, None, 1, (-10, 10)),
    (-10, 10, 0.1, 2, (-4.9, 5.1)),
    (0, 4, None, 4, (1.5, 2.5)),
    (0.1, 0.5, None, 0.5, (-0.1, 0.7)),
    (0, 4, -3, 2, (-4, -2)),
  ],
)
def test_windows_are_as_worked_by_hand(low, high, centre, zoom, expected):
  assert slices.window(low, high, centre, zoom) == expected


@pytest.mark.parametrize('pixel', [100, 0, 1, 37, 63, 101, 150, 199])
@pytest.mark.parametrize(
  ('low', 'high'), [(-10, 10), (-20, 20), (0, 1.25), (-4.5, 1.5)]
)
def test_zooms_by_two_share_every_other_pixel_to_the_last_bit(low, high, pixel):
  wide = slices.pixels(low, high, 200)
  ends = slices.window(low, high, wide[pixel], 2)
  close = slices.pixels(*ends, 200)
  assert close[100] == wide[pixel]
  # Pixel 100 + 2 j of the window is pixel + j of the whole.
  shared = [j for j in range(-50, 50) if 0 <= pixel + j < 200]
  assert len(shared) >= 50
  for j in shared:
    assert close[100 + 2 * j] == wide[pixel + j]


def test_zooms_one_in_another_share_pixels_to_the_last_bit():
  low, high = -10, 10
  for _ in range(20):
    wide = slices.pixels(low, high, 200)
    low, high = slices.window(low, high, wide[137], 2)
    close = slices.pixels(low, high, 200)
    same = close[::2] == wide[87:187]
    if high - low > 1e-3:  # ends of at most 15 digits
      assert same.all()
    # Beyond, what remains is the rounding of the ends in float64.
    np.testing.assert_allclose(close[::2], wide[87:187], rtol=1e-15)

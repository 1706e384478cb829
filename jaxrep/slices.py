"""Planes through the space of initial weights, written as one line.

'+7+4-9-9-5Y-3+9X' fixes seven of the nine weights of a net 2-2-1, in tenths,
and lets two vary: what Kolen & Pollack print below each of their maps.
"""

import fractions
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

AXES = 'XY'
# Pasted from a paper, a minus is often the sign or the en dash.
_MINUS = str.maketrans({'\N{MINUS SIGN}': '-', '\N{EN DASH}': '-'})
_NUMBER = r'(?:[0-9]+\.?[0-9]*|\.[0-9]+)'
_TOKEN = re.compile(rf'[+-] ?{_NUMBER}|[+-]? ?[XY]|\?', re.IGNORECASE)
_UNREADABLE = re.compile(rf'{_NUMBER}|.')
_SHOWN = 50  # characters of a slice on either side of the place in question


class Slice(NamedTuple):
  """A plane of initial weights, some of which may be drawn from a seed.

  Attributes:
    fixed: `[W]` float64; 0 where a weight is drawn or varies.
    drawn: `[W]` bool, which weights are drawn.
    along: `[2, W]` float64, what each weight takes of x and of y: 1, -1 or 0.
  """

  fixed: np.ndarray
  drawn: np.ndarray
  along: np.ndarray


def parse(text: str, weights: int, *, tied: bool = False) -> Slice:
  """Returns the slice that a line of weights says.

  A weight after the other: a number with its sign, in tenths ('+7' is 0.7,
  '-0.5' is -0.05); X or Y, which varies along that axis ('-X': mirrored); or ?,
  which is drawn. Blanks may stand before, between and after them. The minus
  sign and the en dash are read as '-'.

  Args:
    text: the line; X and Y may be small, and need not be there.
    weights: how many there have to be.
    tied: whether several weights may vary along one axis, all together.

  Raises:
    ValueError: anything else, in one line that shows the slice with the place
      >between< two marks.

  References:
    Kolen & Pollack, NIPS 3 (1990), Figs 3-11: nine weights of a net 2-2-1,
    layer after layer, unit after unit, each unit's bias last.
  """
  line = _line(text)
  tokens = list(_tokens(line))
  if not tokens:
    raise _error(line, None, f'expected {_weights(weights)}, found none')
  if len(tokens) != weights:
    surplus = len(tokens) > weights
    place = tokens[weights] if surplus else tokens[-1]
    which = f'weight {weights + 1} is' if surplus else 'the last is'
    raise _error(
      line,
      place,
      f'expected {_weights(weights)}, found {len(tokens)}; {which}'
      f' {place.group()!r}',
    )
  fixed, drawn = np.zeros(weights), np.zeros(weights, bool)
  along = np.zeros((len(AXES), weights))
  for k, token in enumerate(tokens):
    word = token.group().replace(' ', '').upper()
    if word == '?':
      drawn[k] = True
    elif word[-1] in AXES:
      axis = AXES.index(word[-1])
      if along[axis].any() and not tied:
        raise _error(line, token, f'expected one {word[-1]}, found another')
      along[axis, k] = -1 if word[0] == '-' else 1
    else:
      fixed[k] = _tenths(line, token, word)
  return Slice(fixed, drawn, along)


def letters(plane: Slice) -> str:
  """Returns the axes along which weights vary: 'XY', 'X', 'Y' or ''."""
  return ''.join(
    letter
    for letter, taken in zip(AXES, plane.along, strict=True)
    if taken.any()
  )


def check_letters(text: str, plane: Slice, wanted: str) -> None:
  """Sees to it that weights vary along the wanted axes, and along no other.

  Args:
    text: what the slice was parsed from, for the message.
    plane: the slice.
    wanted: 'XY', 'X', 'Y' or ''.

  Raises:
    ValueError: as for `parse`; a letter that is missing has no place.
  """
  line, found = _line(text), letters(plane)
  expected = f'expected {" and ".join(wanted) or "no letter"}, found'
  for token in _tokens(line):
    letter = token.group()[-1].upper()
    if letter in AXES and letter not in wanted:
      raise _error(line, token, f'{expected} {letter}')
  missing = [letter for letter in wanted if letter not in found]
  if missing:
    raise _error(line, None, f'{expected} no {" and no ".join(missing)}')


def starts(
  plane: Slice, x: np.ndarray, y: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
  """Returns the initial weights `[S, W]` at points of a slice, in float64.

    w = fixed + drawn + x along_x + y along_y

  Args:
    plane: the slice.
    x: `[S]`, of each net.
    y: `[S]`.
    drawn: `[W]`, the same for all nets, or `[S, W]`; only what stands where the
      slice draws is taken.
  """
  of_seed = np.where(plane.drawn, drawn, plane.fixed)
  return of_seed + np.stack([x, y], axis=1) @ plane.along


def pixels(low: float, high: float, count: int) -> np.ndarray:
  """Returns the points of an axis, low + k (high - low) / count, `[count]`.

  The high end is not among them. The numbers are taken as they are written,
  in decimals, and each point is rounded once, so that a point that two windows
  share is the same to the last bit, if their ends have at most 15 digits.

  Args:
    low: where the first one stands.
    high: where the one after the last would.
    count: of pixels, at least 1.

  References:
    Kolen & Pollack, NIPS 3 (1990), Figs 3-11: 200 steps of 0.1 from -10.
  """
  low, high = _decimal(low), _decimal(high)
  step = (high - low) / int(count)
  return np.array([float(low + k * step) for k in range(count)])


def window(
  low: float, high: float, centre: float | None, zoom: float
) -> tuple[float, float]:
  """Returns the ends of an axis that is zoomed about a centre.

    centre ± (high - low) / 2 zoom

  If the number of pixels is even, one of them stands at the centre.

  Args:
    low: end of the whole axis.
    high: the other end.
    centre: of the window; None: the middle of the axis.
    zoom: how many times smaller the window is, above 0.
  """
  low, high = _decimal(low), _decimal(high)
  middle = (low + high) / 2 if centre is None else _decimal(centre)
  half = (high - low) / (2 * _decimal(zoom))
  return float(middle - half), float(middle + half)


def _decimal(number) -> fractions.Fraction:
  """Returns the shortest decimal number that is read as this float."""
  return fractions.Fraction(repr(float(number)))


def _line(text: str) -> str:
  return ' '.join(text.translate(_MINUS).split())


def _tokens(line: str) -> Iterator[re.Match]:
  """Yields the weights of a line, until one cannot be read."""
  place = 0
  while place < len(line):
    token = _TOKEN.match(line, place)
    if not token:
      found = _UNREADABLE.match(line, place)
      word, expected = found.group(), 'a signed number, X, Y or ?'
      if re.fullmatch(_NUMBER, word):
        expected = f"'+{word}' or '-{word}'"
      raise _error(line, found, f'expected {expected}, found {word!r}')
    yield token
    place = token.end() + line.startswith(' ', token.end())


def _tenths(line, token, word) -> float:
  # A tenth of what is read would be rounded twice; and there is no -0.
  weight = float(f'{word}e-1') + 0.0
  if abs(weight) > float(np.finfo(np.float32).max):
    raise _error(line, token, 'expected a weight that is finite in float32')
  return weight


def _weights(count: int) -> str:
  return f'{count} weight' + 's' * (count != 1)


def _error(line: str, place: re.Match | None, words: str) -> ValueError:
  """Returns the error of a slice, whose place stands >between< two marks."""
  if place:
    before, after = line[: place.start()], line[place.end() :]
    if len(before) > _SHOWN:
      before = f'..{before[-_SHOWN:]}'
    if len(after) > _SHOWN:
      after = f'{after[:_SHOWN]}..'
    line = f'{before}>{place.group()}<{after}'
  shown = ''.join(c if c.isprintable() else repr(c)[1:-1] for c in line)
  return ValueError(f"slice '{shown}': {words}")

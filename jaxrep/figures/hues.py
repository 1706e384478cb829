"""Colours of maps: of times, of solutions and of ends, pixel by pixel.

Images `[P, P, 3]` of whole maps, which figures, contact sheets, films and
pixel-exact files share. Colours are chosen in OKLab, where equal steps look
equal.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import to_rgb

from jaxrep.figures import style

SHADES = 256
FASTER = 20  # the brightest colour: so many times faster than the slowest
# Lightness, chroma and hue on the way from fast to slow.
STATIONS = (
  (0.97, 0.07, 105),
  (0.87, 0.145, 88),
  (0.75, 0.14, 48),
  (0.63, 0.205, 8),
  (0.50, 0.20, -40),
  (0.37, 0.17, -80),
)
FIRST_HUE = 250  # degrees; of the most common family, a blue
CHROMA = 0.14  # of solutions
# OKLab -> roots of cone responses, and cone responses -> linear sRGB.
_CONES = np.array([[1, 0.3963377774, 0.2158037573],
                   [1, -0.1055613458, -0.0638541728],
                   [1, -0.0894841775, -1.2914855480]])  # fmt: skip
_LINEAR = np.array([[4.0767416621, -3.3077115913, 0.2309699292],
                    [-1.2684380046, 2.6097574011, -0.3413193965],
                    [-0.0041960863, -0.7034186147, 1.7076147010]])  # fmt: skip


def oklch(lightness, chroma, hue) -> np.ndarray:
  """Returns sRGB colours `[N, 3]` uint8 of OKLCH coordinates.

  Where a screen has no such colour, the chroma is less; lightness and hue stay.

  Args:
    lightness: `[N]`, 0 (black) to 1 (white).
    chroma: `[N]`, 0 (grey) to some 0.3.
    hue: `[N]`, degrees: 29 is red, 110 yellow, 142 green, 264 blue.

  References:
    Ottosson, A perceptual color space for image processing (2020).
  """
  parts = np.broadcast_arrays(*map(np.atleast_1d, (lightness, chroma, hue)))
  lightness, chroma, hue = (np.asarray(a, float) for a in parts)
  less = chroma * np.linspace(1, 0, 129)[:, None]  # [129, N]
  angle = np.deg2rad(hue)
  lab = [np.broadcast_to(lightness, less.shape), less * np.cos(angle)]
  lab = np.stack([*lab, less * np.sin(angle)], axis=-1)
  linear = (lab @ _CONES.T) ** 3 @ _LINEAR.T
  there = np.all(abs(linear - 0.5) <= 0.5 + 1e-4, axis=-1)
  linear = linear[there.argmax(axis=0), np.arange(len(hue))].clip(0, 1)
  curve = 1.055 * linear ** (1 / 2.4) - 0.055
  curve = np.where(linear <= 0.0031308, 12.92 * linear, curve)
  return np.round(255 * curve).astype(np.uint8)


def ramp() -> np.ndarray:
  """Returns the colours `[256, 3]` uint8 of times, the fastest first.

  From pale yellow by gold, coral, magenta and purple to indigo, in equal steps
  of OKLab; lightness falls all the way, and the last colour is far from black.
  """
  fine = np.linspace(0, len(STATIONS) - 1, 2001)
  table = np.array(STATIONS).T
  path = [np.interp(fine, range(len(STATIONS)), row) for row in table]
  lightness, chroma, hue = path
  turn = chroma * np.exp(1j * np.deg2rad(hue))
  steps = np.hypot(np.diff(lightness), abs(np.diff(turn)))
  way = np.append(0, np.cumsum(steps)) / steps.sum()
  even = np.interp(np.linspace(0, 1, SHADES), way, fine)
  return oklch(*(np.interp(even, fine, row) for row in path))


def times_rgb(
  sweeps: np.ndarray, *, most: float, least: float | None = None
) -> np.ndarray:
  """Returns the colours `[P, P, 3]` uint8 of times; black is never.

  Colours are even in the logarithm of the time: `ramp`.

  Args:
    sweeps: `[P, P]`, to converge; NaN, or more than `most`, is never.
    most: so long nets were trained; it has the darkest colour.
    least: this time and shorter ones have the brightest; None takes most / 20.
  """
  sweeps = np.asarray(sweeps, float)
  low, high = ends(most, least)
  known = (sweeps >= 0) & (sweeps <= most)
  place = np.log(np.clip(sweeps[known], low, high) / low) / np.log(high / low)
  image = np.zeros((*sweeps.shape, 3), np.uint8)
  image[known] = ramp()[np.round((SHADES - 1) * place).astype(int)]
  return image


def ends(most: float, least: float | None = None) -> tuple[float, float]:
  """Returns the times of the brightest and the darkest colour.

  Raises:
    ValueError: unless 0 < least < most.
  """
  least = most / FASTER if least is None else least
  if not 0 < least < most:
    raise ValueError(f'least: expected 0 < least < {most}, found {least}')
  return least, most


def family_colours(families: Sequence[int]) -> np.ndarray:
  """Returns a colour `[K, 3]` uint8 for each class of solutions.

  A family has one hue. Families that follow each other by their first class
  are 137.5 degrees apart, the golden angle, so that hues lie evenly however
  many there are. Members differ in lightness, the first is the lightest.

  Args:
    families: `[K]`, the family of each class, the most common class first.
  """
  families = np.asarray(families, int)
  _, first, of = np.unique(families, return_index=True, return_inverse=True)
  rank = np.argsort(np.argsort(first))[of]
  hue = (FIRST_HUE + 360 * (1 - style.GOLDEN) * rank) % 360
  light = 0.71 + 0.09 * np.cos(np.deg2rad(hue - 105))  # yellow is light
  for k in range(len(first)):
    members = rank == k
    count = members.sum()
    light[members] += np.linspace(0.09, -0.09, count) if count > 1 else 0
  return oklch(light, CHROMA, hue)


def solutions_rgb(classes: np.ndarray, families: Sequence[int]) -> np.ndarray:
  """Returns the colours `[P, P, 3]` uint8 of solutions; black is none.

  Args:
    classes: `[P, P]` int, the class of each net's solution; -1 has none.
    families: `[K]`, the family of each class: `family_colours`.

  Raises:
    ValueError: a class that is in no family.
  """
  classes = np.asarray(classes, int)
  if classes.max(initial=-1) >= len(families):
    raise ValueError(
      f'families: expected one for each of {classes.max() + 1} classes,'
      f' found {len(families)}'
    )
  colours = np.concatenate([family_colours(families), np.zeros((1, 3))])
  return colours.astype(np.uint8)[np.where(classes < 0, -1, classes)]


def outcomes_rgb(outcome: np.ndarray, names: Mapping[int, str]) -> np.ndarray:
  """Returns the colours `[Q, Q, 3]` uint8 of how nets ended.

  Args:
    outcome: `[Q, Q]` int; white is whatever has no name.
    names: number -> outcome, one of `style.OUTCOMES`.
  """
  outcome = np.asarray(outcome, int)
  image = np.full((*outcome.shape, 3), 255, np.uint8)
  for number, name in names.items():
    colour = 255 * np.array(to_rgb(style.outcome(name).color))
    image[outcome == number] = np.round(colour)
  return image

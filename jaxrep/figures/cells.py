"""A setting along an axis: its scale, the ticks, and the cell of each value."""

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator

from jaxrep.figures import ticks


def edges(x: np.ndarray, scale: str, name: str) -> np.ndarray:
  """Returns the `[X + 1]` edges of the cells round the values `[X]`.

  Inner edges are geometric means of the neighbours on a log scale, arithmetic
  means on a linear one; the outer cells are symmetric on their scale.

  Args:
    x: `[X]`, rising; > 0 on a log scale.
    scale: 'log' or 'linear'.
    name: what to call x when it is refused.

  Raises:
    ValueError: an unknown scale, or values that do not rise.
  """
  if scale not in ('log', 'linear'):
    raise ValueError(f"scale: expected 'log' or 'linear', found {scale!r}")
  rising = np.all(np.isfinite(x)) and np.all(np.diff(x) > 0)
  if not rising or (scale == 'log' and np.any(x <= 0)):
    least = ' above 0' if scale == 'log' else ''
    raise ValueError(f'{name}: expected rising values{least}, found {x}')
  if not len(x):
    return np.zeros(0)
  places = np.log(x) if scale == 'log' else x
  if len(places) == 1:
    inner, outer = places[:0], places + [-0.5, 0.5]
  else:
    inner = (places[1:] + places[:-1]) / 2
    outer = [2 * places[0] - inner[0], 2 * places[-1] - inner[-1]]
  places = np.concatenate([[outer[0]], inner, [outer[1]]])
  return np.exp(places) if scale == 'log' else places


def within(edges: np.ndarray, share: float, scale: str) -> np.ndarray:
  """Returns the point `[X]` of each cell that leaves `share` of it below."""
  places = np.log(edges) if scale == 'log' else edges
  places = places[:-1] + share * np.diff(places)
  return np.exp(places) if scale == 'log' else places


def ruled(axis, x: np.ndarray, scale: str) -> None:
  """Sets the scale, and a tick at every value if that makes ten or fewer.

  On a log scale with more values the ticks are the usual powers of ten.
  """
  getattr(axis.axes, f'set_{axis.axis_name}scale')(scale)
  if len(x) <= 10:
    axis.set_major_locator(FixedLocator(x))
    axis.set_minor_locator(NullLocator())
    ticks.thousands(axis, digits=3)
  elif scale == 'log':
    ticks.logarithmic(axis, x[0], x[-1])
  else:
    ticks.thousands(axis)

"""Figures over settings in which every net is a dot."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from jaxrep.figures import heights, storage, style

from . import grids, groups

FIELDS = ('value', 'low', 'high')
FEWEST = 3  # values of a setting from which on they are an axis


def numbers(results: Sequence[Mapping], name: str) -> np.ndarray:
  """Returns a field of results, NaN where it is None."""
  return np.array([r[name] for r in results], float)


def is_axis(found: Sequence[groups.Group], setting: str) -> bool:
  """Returns whether a setting takes enough values, and the others few."""
  free = groups.free(found)
  rest = [name for name in free if name != setting]
  kinds = {groups.words(g, rest) for g in found}
  return len(free.get(setting, ())) >= FEWEST and len(kinds) <= grids.SEVERAL


def against(
  found: Sequence[groups.Group],
  setting: str,
  column: Callable[[groups.Group], np.ndarray],
  result: str,
  **look,
) -> bytes:
  """Returns a picture of a column over a setting, a line for each other one.

  Args:
    found: the nets by setting.
    setting: a number that varies: the axis.
    column: of the nets of a group, `[N]`.
    result: the name of its mean.
    **look: of `figures.storage.against_rate`.
  """
  free = groups.free(found)
  series = [name for name in free if name != setting]
  rates = sorted(free[setting])
  values, low, high = {}, {}, {}
  for group in found:
    word = groups.words(group, series) or 'mean, 95 % interval'
    k, nets = rates.index(group.setting[setting]), column(group)
    values.setdefault(word, [np.zeros(0)] * len(rates))[k] = nets
    for bounds, field in ((low, 'low'), (high, 'high')):
      [bound] = numbers([group.results[result]], field)
      bounds.setdefault(word, np.full(len(rates), np.nan))[k] = bound
  fig, ax = style.figure(size=(7.5, 4.6))
  storage.against_rate(
    ax, np.array(rates), {w: _even(v) for w, v in values.items()}, low, high,
    **look,
  )  # fmt: skip
  return style.png(fig)


def _even(rows: Sequence[np.ndarray]) -> np.ndarray:
  """Returns rows of different lengths as one array, NaN behind them."""
  longest = max(map(len, rows))
  return np.array(
    [
      np.pad(row.astype(float), (0, longest - len(row)), constant_values=np.nan)
      for row in rows
    ]
  )


def by_setting(
  found: Sequence[groups.Group],
  column: Callable[[groups.Group], np.ndarray],
  result: str,
  **look,
) -> bytes:
  """Returns a picture of a column, a row a setting.

  Args:
    found: the nets by setting.
    column: of the nets of a group, `[N]`.
    result: the name of its mean.
    **look: of `figures.storage.every_net`.
  """
  names = list(groups.free(found))
  means = [g.results[result] for g in found]
  fig, ax = style.figure(size=(7.5, heights.rows(len(found))))
  storage.every_net(
    ax, [groups.words(g, names) for g in found], [column(g) for g in found],
    *(numbers(means, field) for field in FIELDS), **look,
  )  # fmt: skip
  return style.png(fig)

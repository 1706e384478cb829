"""Figures over settings of the localization study."""

from collections.abc import Sequence

import numpy as np

from jaxrep.claims import localization as claims
from jaxrep.figures import heights, style
from jaxrep.figures import storage as rows
from jaxrep.report import Figure

from ..shared import grids, groups
from .storage_figures import numbers

RATES = 3  # learning rates from which on they are an axis
DRAWN = {  # column -> title, and what the source says of it
  'weights': ('over input weights', claims.WEIGHTS),
  'weights_other_net': (
    'over input weights, with another net’s updating', None
  ),
  'weights_within_pixels': ('over input weights, within pixels', None),
  'biases': ('over hidden biases', claims.BIASES),
}  # fmt: skip


def figures(found: Sequence[groups.Group]) -> list[Figure]:
  """Returns R² over the settings, every net shown.

  Against the learning rate, a line for each of a few other settings, where
  rates vary; else a row a setting.

  Args:
    found: the nets by setting, several.
  """
  free = groups.free(found)
  series = [name for name in free if name != 'learning_rate']
  kinds = {groups.words(g, series) for g in found}
  rates = free.get('learning_rate', [])
  if len(rates) >= RATES and len(kinds) <= grids.SEVERAL:
    return [_against_rate(found, name, rates, series) for name in DRAWN]
  return [_by_setting(found, name) for name in DRAWN]


def _against_rate(found, name, rates, series) -> Figure:
  what, source = DRAWN[name]
  values, low, high = {}, {}, {}
  rates = sorted(rates)
  for group in found:
    word, k = (
      groups.words(group, series),
      rates.index(group.setting['learning_rate']),
    )
    r = group.arrays[f'r_{name}']
    values.setdefault(word, np.full((len(rates), len(r)), np.nan))[k] = r**2
    result = group.results[f'r2_{name}']
    for bounds, field in ((low, 'low'), (high, 'high')):
      [bound] = numbers([result], field)
      bounds.setdefault(word, np.full(len(rates), np.nan))[k] = bound
  fig, ax = style.figure(size=(7.5, 4.6))
  rows.against_rate(
    ax, np.array(rates), values, low, high, ylabel='R²',
    source=None if source is None else {f'the source: {source:g}': source},
    title=f'R² {what}',
  )  # fmt: skip
  return _figure(fig, name, what)


def _by_setting(found, name) -> Figure:
  what, source = DRAWN[name]
  names = list(groups.free(found))
  results = [g.results[f'r2_{name}'] for g in found]
  fig, ax = style.figure(size=(7.5, heights.rows(len(found))))
  rows.every_net(
    ax, [groups.words(g, names) for g in found],
    [g.arrays[f'r_{name}'] ** 2 for g in found],
    *(numbers(results, field) for field in ('value', 'low', 'high')),
    xlabel='R² of relative updating and relative difference',
    ranked='pairs' in names,
    title=f'R² {what}',
  )  # fmt: skip
  del source
  return _figure(fig, name, what)


def _figure(fig, name, what) -> Figure:
  return Figure(
    f'r2_{name}',
    f'R² {what}, over the settings',
    'A dot is a net; the mean of nets has a 95 % interval. R² is between'
    ' relative updating and relative difference.',
    f'R² {what} by setting, every net shown.',
    style.png(fig),
  )

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
DRAWN = {  # column -> of what
  'weights': 'over input weights',
  'weights_other_net': 'over input weights, with another net’s updating',
  'weights_within_pixels': 'over input weights, within pixels',
  'biases': 'over hidden biases',
}
SQUARED = ('weights', 'weights_other_net')  # hardly ever below 0


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


def _drawn(name) -> tuple[str, int, float | None]:
  """Returns what is drawn: R² or r, its power, and what the source says."""
  source = {'weights': claims.WEIGHTS, 'biases': claims.BIASES}.get(name)
  if name in SQUARED:
    return 'R²', 2, source
  return 'r', 1, None if source is None else source**0.5


def _against_rate(found, name, rates, series) -> Figure:
  letter, power, source = _drawn(name)
  values, low, high = {}, {}, {}
  rates = sorted(rates)
  for group in found:
    word = groups.words(group, series)
    k = rates.index(group.setting['learning_rate'])
    r = group.arrays[f'r_{name}']
    values.setdefault(word, np.full((len(rates), len(r)), np.nan))[k] = r**power
    result = group.results[f'r2_{name}' if power == 2 else f'r_{name}']
    for bounds, field in ((low, 'low'), (high, 'high')):
      [bound] = numbers([result], field)
      bounds.setdefault(word, np.full(len(rates), np.nan))[k] = bound
  fig, ax = style.figure(size=(7.5, 4.6))
  rows.against_rate(
    ax, np.array(rates), values, low, high, ylabel=letter,
    source=None if source is None else {f'the source: {source:.2f}': source},
    title=f'{letter} {DRAWN[name]}',
  )  # fmt: skip
  return _figure(fig, name)


def _by_setting(found, name) -> Figure:
  letter, power, source = _drawn(name)
  names = list(groups.free(found))
  results = [
    g.results[f'r2_{name}' if power == 2 else f'r_{name}'] for g in found
  ]
  fig, ax = style.figure(size=(7.5, heights.rows(len(found))))
  rows.every_net(
    ax, [groups.words(g, names) for g in found],
    [g.arrays[f'r_{name}'] ** power for g in found],
    *(numbers(results, field) for field in ('value', 'low', 'high')),
    xlabel=f'{letter} of relative updating and relative difference',
    source=[source] * len(found),
    ranked='pairs' in names,
    title=f'{letter} {DRAWN[name]}',
  )  # fmt: skip
  return _figure(fig, name)


def _figure(fig, name) -> Figure:
  letter, _, _ = _drawn(name)
  return Figure(
    f'{"r2" if letter == "R²" else "r"}_{name}',
    f'{letter} {DRAWN[name]}, over the settings',
    f'A dot is a net; the mean of nets has a 95 % interval. {letter} is between'
    ' relative updating and relative difference.',
    f'{letter} {DRAWN[name]} by setting, every net shown.',
    style.png(fig),
  )

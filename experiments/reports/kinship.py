"""The page of nets that learn two family trees, and where they keep each."""

from collections.abc import Sequence

import numpy as np

from jaxrep import branched, records, report, tables
from jaxrep.figures import heights, storage, style
from jaxrep.figures import tallies as scatters
from jaxrep.report import Figure

from ..shared import groups, pages

# What each layer's weights are, for who has not seen the net.
ROWS = {
  'people': 'people to their codes',
  'relations': 'relations to their codes',
  'central': 'codes to central units',
  'penultimate': 'central to penultimate',
  'output': 'penultimate to output',
}
SERIES = {
  '': 'its own tallies',
  '_other_net': 'another net’s tallies',
  '_shuffled': 'one of each two twin cases tallied, by lot',
  '_swapped': 'forks swapped',
}
OTHER = 'r_central_other_net'
SHOWN = ('r2_central', 'r_central', OTHER, 'train_accuracy')


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  if len(found) == 1:
    figures = [by_layer(found[0], name) for name in ('r', 'r2')]
    figures.append(of_median(found[0]))
  else:
    figures = [over_settings(found)]
  return pages.assembled(
    record,
    found,
    title='Knowledge localization (family trees)',
    lede=lede(found),
    figures=figures,
    below=(),
    shown=SHOWN,
  )


def lede(found: Sequence[groups.Group]) -> str:
  """Returns what is asked, and the answer where there is one setting."""
  asked = (
    'Are the weights that English cases change most those in which nets differ'
    ' that have been taught different halves of the English tree?'
  )
  if len(found) > 1:
    return f'{asked} {len(found)} settings, on the same seeds.'
  said = {
    name: _said(found[0], name)
    for name in ('learnt_rate', 'r_central', 'r2_central', OTHER)
  }
  return (
    f'{asked} Of {len(found[0].arrays["seed"]):,} nets {said["learnt_rate"]}'
    ' have all cases right at the end of phase 1. Between codes and central'
    f' units, r = {said["r_central"]} and R² = {said["r2_central"]}; with'
    f' another net’s tallies r = {said[OTHER]}.'
  )


def by_layer(group: groups.Group, name: str) -> Figure:
  """r or R² of every net by layer, beside its controls.

  Args:
    group: the nets.
    name: 'r' or 'r2'.
  """
  letter = {'r': 'r', 'r2': 'R²'}[name]
  columns = {
    field: [
      [
        group.results[f'{name}_{layer}{control}'][field]
        for layer in branched.LAYERS
      ]
      for control in SERIES
    ]
    for field in ('value', 'low', 'high')
  }
  power = 2 if name == 'r2' else 1
  values = [
    [group.arrays[f'r_{layer}{control}'] ** power for layer in branched.LAYERS]
    for control in SERIES
  ]
  high = heights.rows(len(ROWS), len(SERIES))
  fig, ax = style.figure(size=(7.5, high))
  storage.every_net(
    ax,
    list(ROWS.values()),
    values,
    *(np.array(columns[field], float) for field in ('value', 'low', 'high')),
    xlabel=f'{letter} of relative updating and relative difference',
    series=list(SERIES.values()),
    title=f'Central units: {letter} = {_said(group, f"{name}_central")}',
  )
  return Figure(
    f'{name}_by_layer',
    f'{letter} of every net, by layer',
    'Each point is one net’s correlation over the weights of a layer. A'
    ' person’s own weights are updated by that person’s cases alone, and who is'
    ' asked for is of the same tree: the first row and the last are so by'
    ' construction, which another net’s tallies show as well. The three between'
    ' are shared by both trees.'
    + ' Few weights have some R² by chance: compare with the controls.'
    * (name == 'r2'),
    f'{letter} by layer, for every net, with controls.',
    style.png(fig),
  )


def _said(group, name) -> str:
  """Returns a result and its interval; what it is stands before it."""
  result = group.results[name]
  return f'{tables.value(result)} {tables.interval(result)}'.strip()


def of_median(group: groups.Group) -> Figure:
  """The weights of one net, layer by layer: the median r of central units."""
  arrays = group.arrays
  row = groups.middle(arrays['r_central'], np.arange(len(arrays['r_central'])))
  layers = [name for name in branched.LAYERS if name != 'people']
  fig, axes = style.figure(2, 2, size=(8.4, 7.6))
  for ax, layer in zip(np.ravel(axes), layers, strict=True):
    scatters.scatter(
      ax,
      arrays[f'updating_{layer}_w'][row],
      arrays[f'difference_{layer}_w'][row],
      title=f'{ROWS[layer]}: r ='
      f' {tables.number(float(arrays[f"r_{layer}"][row]), digits=2)}',
    )
  return Figure(
    'weights',
    f'Weights of the median net (seed {arrays["seed"][row]})',
    'Each point is one weight. Across: which share of its updates came from'
    ' English cases. Up: which share of its differences is between the forks'
    ' that were taught different halves of the English tree. The line is the'
    ' least-squares fit.',
    'Relative difference against relative updating, by layer, of one net.',
    style.png(fig),
  )


def over_settings(found: Sequence[groups.Group]) -> Figure:
  """r of central units, of every net by setting, beside another net's."""
  names = list(groups.free(found))
  series = [c for c in SERIES if c in ('', '_other_net')]
  columns = [
    [
      [group.results[f'r_central{control}'][field] for group in found]
      for control in series
    ]
    for field in ('value', 'low', 'high')
  ]
  fig, ax = style.figure(size=(7.5, heights.rows(len(found), len(series))))
  storage.every_net(
    ax,
    [groups.words(group, names) for group in found],
    [[g.arrays[f'r_central{control}'] for g in found] for control in series],
    *(np.array(column, float) for column in columns),
    xlabel='r of relative updating and relative difference',
    series=[SERIES[control] for control in series],
    title='Weights from codes to central units',
  )
  return Figure(
    'r_by_setting',
    'r of every net between codes and central units, by setting',
    'Each point is one net’s correlation over these weights.',
    'r of central units by setting, for every net.',
    style.png(fig),
  )

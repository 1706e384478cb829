"""The page of pairs of points: how near starts must be to end alike."""

import numpy as np

from jaxrep import records, report, stats, tables
from jaxrep.figures import boundaries, settings, style

from ..results import basin_pairs as results
from ..shared import grids, groups, pages


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  lines = groups.along('distance', found)
  figures = [_shares(lines)] if len(lines) <= grids.SEVERAL else []
  if figures and len(lines[0][1]) > 1:
    figures.append(_exponents(lines))
  return pages.assembled(
    record,
    found,
    title='How near must two starts be to end alike?',
    lede=_lede(record, lines),
    figures=figures,
    below=[_table(said, alike) for said, alike in lines],
    shown=('converged_rate', results.main_rate(found[0].arrays)),
  )


def _lede(record, lines) -> str:
  name = results.main_rate(lines[0][1][0].arrays)
  points = int(record.flags['points'])
  said = []
  for words, alike in lines:
    ends = [alike[-1], alike[0]] if len(alike) > 1 else alike
    shares = [
      f'{tables.value(g.results[name])} at {g.setting["distance"]:g}'
      for g in ends
    ]
    said.append(f'{words}: '.lstrip(': ') + ' and '.join(shares))
  return (
    f'{points:,} pairs of starts for each distance, a share of the window’s'
    f' side: so many end apart: {"; ".join(said[: grids.SEVERAL])}.'
  )


def _shares(lines) -> report.Figure:
  """Returns the share of pairs that end apart, over their distance."""
  series = {}
  for words, alike in lines:
    name = results.main_rate(alike[0].arrays)
    series[words or 'pairs'] = boundaries.Scaling(
      np.array([g.setting['distance'] for g in alike]),
      np.array([g.results[name]['value'] for g in alike]),
    )
  fig, ax = style.figure(size=(7.0, 5.0))
  boundaries.scaling(
    ax, series, xlabel='distance, share of the window’s side', unit='share',
    ylabel='pairs that end in different classes',
    slopes={'smooth lines: α = 1': 1.0},
    title='Starts that end apart, by how far apart they are',
  )  # fmt: skip
  return report.Figure(
    'shares',
    'How near starts must be',
    'Each point is the share of random pairs so far apart that end in different'
    ' classes: solutions, nets that have none being one. Where the points fall'
    ' along the thin line, boundaries are smooth lines, and a tenth of the'
    ' distance leaves a tenth of the pairs; where they lie level, knowing a'
    ' start more precisely does not help.',
    'Share of pairs that end apart against distance, on two log axes.',
    style.png(fig),
  )


def _exponents(lines) -> report.Figure:
  """Returns the slope of those shares from distance to distance."""
  found = [
    [results.exponent(*pair) for pair in zip(a, a[1:], strict=False)]
    for _, a in lines
  ]
  value, low, high = (
    np.array([[getattr(e, key) for e in row] for row in found], float)
    for key in ('value', 'low', 'high')
  )
  distances = [g.setting['distance'] for g in lines[0][1]]
  middles = np.sqrt(np.multiply(distances[:-1], distances[1:]))
  fig, ax = style.figure(size=(7.0, 4.4))
  settings.rates(
    ax, middles, value, low, high, scale='log',
    xlabel='distance, share of the window’s side',
    ylabel='sensitivity exponent α', unit='',
    labels=[words or 'pairs' for words, _ in lines],
    title='1: smooth lines; 0: no precision helps',
  )  # fmt: skip
  return report.Figure(
    'exponents',
    'What more precision buys',
    'The slope of the figure above from one distance to the next, with its 95 %'
    ' interval. A fractal boundary has a slope that stays below 1 however near'
    ' the starts; smooth lines, folded ever so densely, come to 1 once starts'
    ' are nearer than the folds.',
    'Local exponents against distance.',
    style.png(fig),
  )


def _table(words, alike) -> tables.Table:
  name = results.main_rate(alike[0].arrays)
  rows = []
  for k, group in enumerate(alike):
    slope = (
      results.exponent(alike[k], alike[k + 1]) if k + 1 < len(alike) else None
    )
    rows.append((
      f'{group.setting["distance"]:g}', group.results[name],
      stats.as_json(slope) if slope else None,
    ))  # fmt: skip
  title = f'Pairs that end apart: {words}' if words else 'Pairs that end apart'
  columns = ('distance', 'end apart', 'α to the next distance')
  return tables.Table(title, columns, rows[::-1])

"""The page of nets whose first weights are all drawn."""

import numpy as np

from jaxrep import records, report
from jaxrep.figures import boundaries, style

from ..shared import grids, groups, pages

UNSOLVED = grids.Drawn(
  'unsolved_rate',
  'How many do not converge',
  'nets that do not converge',
  'The share of nets that do not converge within their epochs.',
)
MEDIAN = grids.MEDIAN._replace(
  label='median epochs', caption='The median number of epochs to converge.'
)
BANDS = {'paper: 5 to 50 %': (2, 4, 0.05, 0.5)}
SHOWN = ('unsolved_rate', 'sweeps_median', 'saturated_rate')


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  epochs = int(record.flags['epochs'])
  figures = []
  if len(found) == 1:
    figures += [pages.error_curves(found[0]), pages.final_errors(found[0], {})]
  else:
    by_range = _by_range(record, found)
    drawn = (MEDIAN,) if by_range else (UNSOLVED, MEDIAN)
    figures += [*by_range, *grids.figures(found, drawn, {})]
  if len(found) <= grids.SEVERAL:
    figures.append(pages.survival(found, epochs, {}))
  least, most = grids.span(found, 'unsolved_rate')
  span = f'{least} to {most}' if len(found) > 1 else least
  return pages.assembled(
    record,
    found,
    title='How many nets do not converge?',
    lede='Nets whose first weights are all drawn at random,'
    f' {len(found[0].solved):,} for each of {len(found):,} settings: {span} do'
    f' not converge within {epochs:,} epochs.',
    figures=figures,
    below=[],
    shown=SHOWN,
  )


def _by_range(record, found) -> list[report.Figure]:
  """Returns the paper's Fig. 1: shares over the range of first weights."""
  lines = groups.along('init_range', found)
  if len(lines[0][1]) < 2 or len(lines) > grids.SEVERAL:
    return []
  rates = {}
  for said, alike in lines:
    ranges = np.array([g.setting['init_range'] for g in alike])
    shares = [g.results['unsolved_rate'] for g in alike]
    rates[said or 'all'] = tuple(
      np.array([rate[key] for rate in shares], float)
      for key in ('value', 'low', 'high')
    )
  low, high = grids.span(found, 'unsolved_rate')
  fig, ax = style.figure(size=(7.5, 4.8))
  boundaries.nonconvergence(
    ax, ranges, rates, xlabel='first weights uniform in ± this',
    bands=BANDS if record.flags['task'] == 'xor' else {},
    title=f'{low} to {high} do not converge',
  )  # fmt: skip
  return [
    report.Figure(
      'by_range',
      UNSOLVED.title,
      f'{UNSOLVED.caption} One point a setting, with its 95 % interval; shaded,'
      ' what the paper says.',
      'Share of nets that do not converge against the range of first weights.',
      style.png(fig),
    )
  ]

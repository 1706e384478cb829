"""The page of nets whose first weights are all drawn."""

from jaxrep import records, report

from ..shared import grids, groups, pages

UNSOLVED = grids.Drawn(
  'unsolved_rate',
  'How many do not converge',
  'nets that do not converge',
  'The share of nets that do not converge within their epochs.',
)
DRAWN = (
  UNSOLVED,
  grids.MEDIAN._replace(
    label='median epochs', caption='The median number of epochs to converge.'
  ),
)
SHOWN = ('unsolved_rate', 'sweeps_median', 'saturated_rate')


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  epochs = int(record.flags['epochs'])
  figures = []
  if len(found) == 1:
    figures += [pages.error_curves(found[0]), pages.final_errors(found[0], {})]
  else:
    figures += grids.figures(found, DRAWN, {})
  if len(found) <= grids.SEVERAL:
    figures.append(pages.survival(found, epochs, {}))
  rates = [g.results['unsolved_rate']['value'] for g in found]
  span = f'{min(rates):.1%}' + f' to {max(rates):.1%}' * (len(found) > 1)
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

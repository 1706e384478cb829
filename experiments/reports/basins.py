"""The page of maps."""


from jaxrep import records, report, tables
from jaxrep.figures import hues

from ..shared import grids, groups, pages
from . import basin_figures, basin_maps

LARGE = 2  # maps that are drawn in full; more are drawn beside each other
DIMENSION = grids.Drawn(
  'boundary_dimension',
  'How rough the boundaries are',
  'box-counting dimension',
  'The dimension of the boundaries between solutions by box counting: 1 for'
  ' smooth lines, 2 for boundaries that are everywhere.',
  unit='',
  missing='no boundary',
  levels=(),
)
EXPONENT = grids.Drawn(
  'sensitivity_exponent',
  'What more digits buy',
  'sensitivity exponent α',
  'The share of pairs of pixels that end in different classes grows with their'
  ' distance to this power: 1 for smooth boundaries; near 0, no number of digits'
  ' of the start says how a net ends.',
  unit='',
  missing='no boundary',
  levels=(),
)
CONVERGED = grids.SOLVED._replace(
  result='converged_rate',
  title='How many converge',
  label='pixels that converge',
  caption='The share of a map’s pixels that converge.',
)
SHOWN = (
  *('converged_rate', 'sweeps_median', 'solutions', 'families'),
  *('boundary_dimension', 'sensitivity_exponent'),
)


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  known = basin_maps.kinds(found)
  maps = basin_maps.maps(found, known)
  units = found[0].arrays['unit_weights']
  x, y = basin_maps.labels(record.flags, units)
  where = {'xlabel': x, 'ylabel': y}
  figures = []
  if len(maps) <= LARGE:
    for k, drawn in enumerate(maps):
      figures += _large(record, drawn, known, where, k, len(maps))
  else:
    figures += _sheets(found, maps, known)
    drawn = CONVERGED, DIMENSION, EXPONENT
    figures += grids.figures(found, drawn, {})[1:]
  return pages.assembled(
    record,
    found,
    title='Weather maps',
    lede=_lede(record, found),
    figures=figures,
    below=[],
    shown=SHOWN,
  )


def _lede(record, found) -> str:
  pixels = int(record.flags['pixels'])
  start = (
    f'Where do nets learn? {len(found)} map{"s" * (len(found) > 1)} of'
    f' {pixels:,} × {pixels:,} nets.'
  )
  if len(found) > 1:
    rates = [g.results['converged_rate']['value'] for g in found]
    return f'{start} {min(rates):.1%} to {max(rates):.1%} converge.'
  rate = tables.measured(found[0].results['converged_rate'])
  dimension = tables.measured(found[0].results['boundary_dimension'])
  return f'{start} {rate} converge; boundaries have dimension {dimension}.'


def _large(record, drawn, known, where, k, total) -> list[report.Figure]:
  """Returns a map in full: times, solutions, ends."""
  number = f'_{k + 1}' if total > 1 else ''
  names = list(groups.free([m for m in [drawn.group]]))
  where = where | {'boxes': basin_maps.boxes(drawn, record.flags)}
  which = f' ({drawn.group.setting["updates"]})' if total > 1 else ''
  figures = [
    basin_figures.times(drawn, f'times{number}', f'How soon{which}', where)
  ]
  if known is not None:
    figures.append(
      basin_figures.solutions(
        drawn, known, f'solutions{number}', f'Which solution{which}', where
      )
    )
  if drawn.ends.size:
    figures.append(
      basin_figures.outcomes(
        drawn, f'outcomes{number}', f'How they end{which}', where
      )
    )
  return figures


def _sheets(found, maps, known) -> list[report.Figure]:
  names = list(groups.free(found))
  captions = [groups.words(g, names) for g in found]
  figures = [
    basin_figures.sheet(
      maps, [m.times() for m in maps], captions, name='sheet_times',
      title='How soon', caption='Brighter is sooner; black: never.',
    )
  ]  # fmt: skip
  if known is not None:
    figures.append(
      basin_figures.sheet(
        maps, [hues.solutions_rgb(m.classes, known.families) for m in maps],
        captions, name='sheet_solutions', title='Which solution',
        caption='One hue a family of solutions; black: not converged.',
      )
    )  # fmt: skip
  return figures

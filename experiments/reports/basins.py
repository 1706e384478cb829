"""The page of maps."""

import numpy as np

from jaxrep import records, report, tables
from jaxrep.figures import hues

from ..shared import grids, groups, pages
from . import basin_figures, basin_fits, basin_maps, basin_movie

# Maps that are drawn in full, more are drawn beside each other; of so many at
# most, evenly spaced.
LARGE, MOST = 2, 30
SEVERAL = 4  # maps whose scaling is drawn in one figure
DIMENSION = grids.Drawn(
  'boundary_dimension',
  'How rough the boundaries are',
  'box-counting dimension',
  'The dimension of the boundaries between solutions by box counting, over the'
  ' scales of the map: 1 for a smooth line, more for fractal ones, and for many'
  ' smooth lines that lie close.',
  unit='',
  missing='no boundary',
  levels=(),
)
FINE = DIMENSION._replace(
  result='boundary_dimension_fine',
  title='How rough they are looked at closely',
  label='box-counting dimension, finest scales',
  caption='The same over boxes of 1 and 2 pixels only, where smooth lines some'
  ' pixels apart measure 1.',
)
EXPONENT = grids.Drawn(
  'sensitivity_exponent',
  'What more digits buy',
  'sensitivity exponent α',
  'The share of pairs of pixels that end in different classes grows with their'
  ' distance to this power: 1 for smooth boundaries; near 0, a more precise'
  ' start hardly helps to tell how a net ends.',
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
  *('converged_rate', 'solutions', 'boundary_dimension'),
  *('boundary_dimension_fine', 'sensitivity_exponent'),
)


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  known = basin_maps.kinds(found)
  maps = basin_maps.maps(found, known)
  names = list(groups.free(found))
  captions = [groups.words(group, names) for group in found]
  pictures = {'times': [drawn.times() for drawn in maps]}
  if known is not None:
    pictures['solutions'] = [
      hues.solutions_rgb(drawn.classes, known.families) for drawn in maps
    ]
  if len(maps) <= LARGE:
    figures = _large(record, maps, known, captions)
  else:
    figures = _small(found, pictures, captions)
  figures.append(basin_fits.scaling(found[:SEVERAL], captions[:SEVERAL]))
  whole = pages.assembled(
    record, found, title='Weather maps', lede=_lede(record, found),
    figures=figures, below=basin_fits.precision(found), shown=SHOWN,
  )  # fmt: skip
  return whole._replace(files=_files(record, pictures, captions))


def _files(record, pictures, captions) -> dict[str, bytes]:
  """Returns maps with a pixel for each net, and the movie."""
  if int(record.flags['frames']) > 1:
    return {
      f'{name}.gif': basin_movie.gif(shown, captions)
      for name, shown in pictures.items()
    }
  return {
    f'maps/{name}_{k:02}.png': basin_movie.png(picture)
    for name, shown in pictures.items()
    for k, picture in enumerate(shown, 1)
  }


def _lede(record, found) -> str:
  pixels, several = int(record.flags['pixels']), len(found) > 1
  start = (
    f'Where do nets learn? {len(found)} map{"s" * several} of'
    f' {pixels:,} × {pixels:,} nets, {record.summary["nets"]:,} in all.'
  )
  if several:
    low, high = grids.span(found, 'converged_rate')
    words = f'{start} {low} to {high} converge'
    known = 'boundary_dimension' in found[0].results
    rough = grids.span(found, 'boundary_dimension') if known else None
    if rough is None:
      return f'{words}.'
    return (
      f'{words}; boundaries between solutions have dimensions from'
      f' {" to ".join(rough)}, where a smooth line has 1.'
    )
  results = found[0].results
  rate = tables.measured(results['converged_rate'])
  rough = results.get('boundary_dimension', {})
  if rough.get('value') is None:
    return f'{start} {rate} converge.'
  return (
    f'{start} {rate} converge; the boundaries between solutions have dimension'
    f' {tables.measured(rough)} where a smooth line has 1.'
  )


def _large(record, maps, known, captions) -> list[report.Figure]:
  """Returns maps in full: how soon, which solution, how they end."""
  x, y = basin_maps.labels(record.flags, maps[0].group.arrays)
  figures = []
  for k, (drawn, caption) in enumerate(zip(maps, captions, strict=True), 1):
    number = f'_{k}' if len(maps) > 1 else ''
    which = f': {caption}' if caption else ''
    boxes = basin_maps.boxes(drawn, record.flags)
    where = {'xlabel': x, 'ylabel': y, 'boxes': boxes}
    figures.append(basin_figures.times(drawn, number, which, where))
    if known is not None:
      figures.append(
        basin_figures.solutions(drawn, known, number, which, where)
      )
    if drawn.ends.size:
      figures.append(basin_figures.outcomes(drawn, number, which, where))
  return figures


def _small(found, pictures, captions) -> list[report.Figure]:
  """Returns maps beside each other, and their results over what varies."""
  shown = np.unique(np.linspace(0, len(found) - 1, MOST).round().astype(int))
  figures = [
    basin_figures.sheet(
      name, [every[k] for k in shown], [captions[k] for k in shown]
    )
    for name, every in pictures.items()
  ]
  if not groups.free(found).keys() - {'seed', 'updates', 'precision'}:
    return figures  # nothing that an axis could show
  drawn = CONVERGED, DIMENSION, FINE, EXPONENT
  return figures + grids.figures(found, drawn, {}, ends=False)

"""How boundaries scale, and where the digits run out."""

from collections.abc import Sequence

import numpy as np

from jaxrep import stats, tables
from jaxrep.figures import boundaries as drawn_fits
from jaxrep.figures import style
from jaxrep.measures import boundaries
from jaxrep.report import Figure

from ..results.basins import square
from ..shared import groups


def scaling(found: Sequence[groups.Group], labels: Sequence[str]) -> Figure:
  """Returns box counts and the share of unlike pairs over scales, with fits.

  Args:
    found: maps, a few.
    labels: of each.
  """
  boxes, pairs = {}, {}
  for group, label in zip(found, labels, strict=True):
    name = 'solution' if 'solution' in group.arrays else 'outcome'
    counts = boundaries.counts(square(group.arrays[name]))
    many = counts.boxes.sum(axis=1)
    apart = counts.differing.sum(axis=1) / counts.pairs.sum(axis=1)
    ending = '' if name == 'solution' else '_converged'
    for series, values, result, letter in (
      (boxes, many, f'boundary_dimension{ending}', 'd'),
      (pairs, apart, f'sensitivity_exponent{ending}', 'α'),
    ):
      slope = float(boundaries.slope(counts.scale, values))
      middle = np.mean(np.log(np.where(values > 0, values, np.nan)))
      series[label] = drawn_fits.Scaling(
        counts.scale,
        values,
        slope,
        middle - slope * np.mean(np.log(counts.scale)),
        f'{letter} = {tables.measured(group.results[result])}',
      )
  fig, axes = style.figure(1, 2, size=(7.5, 4.6))
  drawn_fits.scaling(
    axes[0], boxes, xlabel='box side, pixels', ylabel='boxes with a boundary',
    slopes={'smooth lines: d = 1': -1.0}, title='Box counts',
  )  # fmt: skip
  drawn_fits.scaling(
    axes[1], pairs, xlabel='distance, pixels', unit='share',
    ylabel='pairs that end in different classes',
    slopes={'smooth lines: α = 1': 1.0}, title='Final-state sensitivity',
  )  # fmt: skip
  return Figure(
    'scaling',
    'How boundaries scale',
    'Left, how many boxes of a side a boundary goes through; the steeper the'
    ' line, the larger the dimension d. Right, the share of pairs of pixels'
    ' that end in different classes, over their distance; the flatter, the less'
    ' it helps to know a start more precisely. Classes are solutions, nets that'
    ' have none being one. Lines are least-squares fits over all points;'
    ' intervals are over the tiles in which they are counted, and say how much'
    ' the number hangs on the part of the map. Theory has α = 2 − d. Points'
    ' that lie on no line have no exponent: many smooth lines, folded close,'
    ' look fractal over the scales of their folds.',
    'Box counts and shares of unlike pairs over scales, with fitted lines.',
    style.png(fig),
  )


def precision(found: Sequence[groups.Group]) -> list[tables.Table]:
  """Returns how maps in float32 and float64 agree, where there are both."""
  rows = []
  for rest, alike in groups.alike_but('precision', found):
    kinds = {g.setting['precision']: g for g in alike}
    if len(kinds) < 2 or 'solution' not in alike[0].arrays:
      continue
    short, long = (kinds[name] for name in ('float32', 'float64'))
    same = short.arrays['solution'] == long.arrays['solution']
    said = groups.words(short, [n for n in groups.varied(found) if n in rest])
    step = np.diff(long.arrays['x'][:2])[0]
    told = (g.results['distinct_rate'] for g in (short, long))
    rows.append((said, step, stats.as_json(stats.rate(same)), *told))
  if not rows:
    return []
  return [
    tables.Table(
      'Where the digits run out',
      ('map', 'step', 'pixels of the same solution in both',
       'steps that float32 takes', 'steps that float64 takes'),
      rows,
      'A step from pixel to pixel is not taken where training’s numbers cannot'
      ' tell the two starts apart.',
    )
  ]  # fmt: skip

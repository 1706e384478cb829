"""The page of the symmetry study."""

import collections
from collections.abc import Mapping, Sequence

import numpy as np

from jaxrep import records, report, stats, tables
from jaxrep.claims import symmetry
from jaxrep.figures import ends, style, units

from ..results import symmetry as results
from ..shared import groups, pages


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  bits = int(record.flags['bits'])
  return pages.page(
    record,
    title='Mirror symmetry',
    question=f'Does a layered net learn which of the {2**bits:,} vectors of'
    f' {bits} bits are their own mirror image?',
    states=states(record),
    marks={'paper: 1,425': results.PAPER_SWEEPS},
    paper=symmetry.SETTING,
    extra=_extra,
    shown=(
      'solved_rate',
      'solved_by_1425_rate',
      'sweeps_median',
      'ratio_124_rate',
    ),
  )


def states(record: records.Record) -> Mapping[float, str]:
  """Returns the errors of states that can be named, and what they do."""
  if record.flags['zero_error_band'] == 'true':
    return {}
  bits = int(record.flags['bits'])
  weight = float(record.flags['positive_weight'].split(',')[0])
  positive, negative = 2 ** (bits // 2), 2**bits - 2 ** (bits // 2)
  constant = weight * positive * negative / (weight * positive + negative) / 2
  return {
    weight * positive / 2: 'always says “not symmetric”',
    constant: 'one answer to all, the best there is',
  }


def _extra(found: Sequence[groups.Group]) -> pages.Extra:
  if len(found) > 1:
    return pages.Extra(tables=_width_table(found))
  [group] = found
  chosen = pages.portraits(group)
  figures = [_hinton(group, chosen)]
  if group.solved.any():
    if group.arrays['ratios'].shape[-1] == 3:
      figures.append(_ratios(group))
    figures.append(_sorted_inputs(group, chosen['solved']))
  return pages.Extra(figures, _tables(group))


def _width_table(found) -> list[tables.Table]:
  if 'hidden' not in groups.varied(found):
    return []
  names = list(groups.varied(found))
  rows = [
    (
      *(c.setting[name] for name in names),
      stats.as_json(c.held.difference),
      c.way,
      stats.as_json(c.solved.difference),
      c.solved.only_a,
      c.solved.only_b,
    )
    for c in results.compare_widths(found)
  ]
  return [
    tables.Table(
      'More hidden units, on the same seeds',
      (
        *names,
        'in minima',
        '',
        'solved',
        'only it',
        'only the narrowest',
      ),
      rows,
      'Each wider net less the narrowest, seed by seed: the share in a local'
      ' minimum or saturated, and whether that helps (McNemar, 5 % over all'
      ' rows); the share solved within the budget, and the seeds that only one'
      ' of the two solves.',
    )
  ]


def _hinton(group, chosen) -> report.Figure:
  fig, axes = style.figure(1, len(chosen), size=(2.4 * len(chosen) + 0.6, 4.4))
  for ax, (name, row) in zip(np.atleast_1d(axes), chosen.items(), strict=True):
    first, second = pages.layers(group.arrays, row)
    weights = np.vstack([first.w, first.b[None], second.w.T])
    units.hinton(
      ax, weights, title=name,
      row_labels=[*map(str, range(1, len(first.w) + 1)), 'bias', 'to output'],
      column_labels=[f'h{k + 1}' for k in range(weights.shape[1])],
    )  # fmt: skip
  return report.Figure(
    'hinton',
    'The hidden units of the same nets',
    'One column a hidden unit: its weights from inputs 1, 2, .., its bias and'
    ' its weight to the output. White is positive, black negative, the area is'
    ' the size. A mirror code shows opposite colours of equal size above and'
    ' below the middle.',
    'Hinton diagrams of hidden units: ' + ', '.join(chosen) + '.',
    style.png(fig),
  )


def _ratios(group) -> report.Figure:
  shares = {
    name: tables.value(group.results[f'ratio_{name.replace(":", "")}_rate'])
    for name in ('1:2:4', '2:3:4')
  }
  fig, ax = style.figure(size=(6.2, 4.6))
  ends.ratios(
    ax, group.arrays['ratios'][group.solved].reshape(-1, 3)[:, 1:],
    targets={'1:2:4': (2, 4), '2:3:4': (1.5, 2)}, noun='hidden unit',
    title=', '.join(f'{share} have {name}' for name, share in shares.items()),
  )  # fmt: skip
  return report.Figure(
    'ratios',
    'The ratios of the weights of solved nets',
    'One point a hidden unit of a solved net: the sizes of its three pairs of'
    ' weights, sorted, as ratios to the smallest. The crosses are exact ratios,'
    ' and the title counts nets whose units are all within the tolerance.',
    'Ratios of weight sizes of the hidden units of solved nets.',
    style.png(fig),
  )


def _sorted_inputs(group, row) -> report.Figure:
  inputs, targets = group.arrays['inputs'], group.arrays['targets']
  net = pages.layers(group.arrays, row)
  totals = inputs @ net[0].w + net[0].b
  hidden = totals.shape[1]
  fig, axes = style.figure(hidden, 1, size=(7.5, 3.4 * hidden))
  for k, ax in enumerate(np.atleast_1d(axes)):
    units.sorted_inputs(
      ax, totals[:, k], targets[:, 0],
      labels=['not symmetric', 'symmetric'],
      vectors=inputs if len(inputs) <= 64 else None,
      title=f'hidden unit {k + 1}',
    )  # fmt: skip
  return report.Figure(
    'sorted_inputs',
    'What the hidden units of the median solved net see',
    'All vectors in the order of a hidden unit’s net input; the vector stands'
    ' below its point, black where a bit is on. In a mirror code the symmetric'
    ' vectors share one value.',
    'Vectors sorted by the net input of each hidden unit.',
    style.png(fig),
  )


def _tables(group) -> list[tables.Table]:
  arrays, solved = group.arrays, group.solved
  pairs = arrays['w0'].shape[1] // 2
  words = np.append(arrays['orders'], 'differs between units')
  found = collections.Counter(arrays['order'][solved].tolist())
  orders = found.most_common()
  keeps = [
    (
      ':'.join(map(str, ratio)),
      group.results[name.replace('correct', 'keeps') + '_rate'],
    )
    for name, ratio in results.put_ratios(pairs).items()
  ]  # fmt: skip
  return [
    tables.Table(
      'Exact mirror weights put into every solved net',
      ('ratio put in', 'right on all cases after it'),
      keeps,
      'Biases, output weights, each hidden unit’s norm and the order of its'
      ' pairs are kept. Ratios in which two sets of pairs weigh the same cannot'
      ' work.',
    ),
    tables.Table(
      'Which pair holds which size, from the outside in',
      ('order', 'solved nets'),
      [(words[k], int(n)) for k, n in orders],
    ),
  ]  # fmt: skip

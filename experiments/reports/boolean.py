"""The page of the Boolean tasks."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np

from jaxrep import records, report, stats, tables
from jaxrep.claims import boolean as claims
from jaxrep.figures import bars, style, units

from ..shared import grids, groups, pages

TITLES = {
  'xor': 'XOR',
  'or': 'OR',
  'parity': 'Parity',
  'encoder': 'The encoder',
  'addition': 'Binary addition',
}
QUESTIONS = {
  'xor': 'Do two bits differ?',
  'or': 'Is at least one of two bits on?',
  'parity': 'Is an odd number of bits on?',
  'encoder': 'Can a few hidden units carry one of many inputs to its output?',
  'addition': 'Does a net learn to add two binary numbers?',
}
READABLE = 64  # cases that can be told apart in a figure
HELD = grids.Drawn(
  'held_rate',
  'How many are held',
  'nets in a local minimum or saturated',
  'The share of nets that end in a local minimum or saturated, that is in a'
  ' minimum at infinity at most.',
)
MEAN = grids.Drawn(
  'sweeps_mean_solved',
  'How long the solved nets took',
  'mean sweeps of solved nets',
  'The mean number of sweeps to the solve, unsolved nets left out.',
  unit='sweeps',
  missing='none solves',
  levels=(),
)
CHAUVIN = MEAN._replace(
  sources={'Chauvin: 280 − 33 log₂ H': claims.chauvin}, over='hidden'
)
THERMOMETER = grids.Drawn(
  'thermometer_flipped_rate',
  'How many count',
  'solved nets that are a thermometer',
  'The share of solved nets whose hidden units have a threshold at each number'
  ' of on inputs, some inputs read inverted if need be.',
  missing='none solves',
)
CODES = grids.Drawn(
  'own_corner_rate',
  'How many give each input a code of its own',
  'solved nets with a corner for each input',
  'The share of solved nets in which no two inputs have the same hidden units'
  ' on.',
  missing='none solves',
)
# What is shown of every task, and of some.
SHOWN = ('solved_rate', 'sweeps_median', 'held_rate')
ALSO_SHOWN = {
  'parity': ('thermometer_rate', 'thermometer_flipped_rate'),
  'encoder': ('own_corner_rate', 'halfway_mean'),
}
ALSO_DRAWN = {'parity': (THERMOMETER,), 'encoder': (CODES,)}


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  task, linked = record.flags['task'], record.flags['skip'] == 'true'
  patterns = next(iter(record.parts.values()))
  marks = {}
  if task == 'xor' and linked:
    marks = {'paper: 558': claims.SWEEPS_XOR}
  if task == 'parity' and patterns['inputs'].shape[1] == 4:
    marks = {'paper: 2,825': claims.SWEEPS_PARITY}
  flags = record.flags
  chauvins = task == 'xor' and not linked and flags['learning_rate'] == '0.25'
  plain = flags['positive_weight'], flags['zero_error_band']
  other_error = plain != ('1', 'false')
  question = QUESTIONS.get(task, f'Do nets learn the table {task}?')
  return pages.page(
    record,
    title=TITLES.get(task, task),
    question=question,
    states={} if other_error else states(patterns, task),
    marks=marks,
    paper={'learning_rate': 0.25, 'momentum': 0.9} if task == 'xor' else {},
    extra=functools.partial(
      _extra,
      stuck_after=int(record.flags['stuck_after']),
      budget=int(record.flags['sweeps']),
    ),
    shown=(*SHOWN, *ALSO_SHOWN.get(task, ())),
    drawn=(
      grids.SOLVED,
      grids.MEDIAN,
      CHAUVIN if chauvins else MEAN,
      HELD,
      *ALSO_DRAWN.get(task, ()),
    ),
  )


def states(patterns: records.Arrays, task: str) -> Mapping[float, str]:
  """Returns the errors of states that can be named, and what they do."""
  targets = patterns['targets']
  share = targets.mean(axis=0)
  named = {
    float(len(targets) * np.sum(share * (1 - share)) / 2): (
      'one answer to all, the best there is'
    )
  }
  if task == 'xor':
    named |= {
      1 / 4: 'two cases at 0.5, two right',
      1 / 3: 'three cases share an answer, one right',
    }
  return named


def _extra(
  found: Sequence[groups.Group], *, stuck_after: int, budget: int
) -> pages.Extra:
  left = [_left(found, stuck_after, budget)] if budget > stuck_after else []
  if len(found) > 1:
    return pages.Extra(tables=left if len(found) <= grids.MANY else [])
  [group] = found
  arrays, figures, listed = group.arrays, [], left
  for column, title, rows in (
    ('pair', 'Which functions the two hidden units compute', 'functions'),
    ('sharing', 'How the cases share the corners of the cube', 'code'),
  ):
    if column in arrays and group.solved.any():
      figures.append(_census(group, column, title))
      listed.append(_census_table(group, column, title, rows))
  chosen = pages.portraits(group)
  if len(arrays['inputs']) <= READABLE:
    figures.insert(0, _states(group, chosen))
  if 'thermometer' in arrays:
    listed.append(_counting(group))
  return pages.Extra(figures, listed)


def _left(found, stuck_after, budget) -> tables.Table:
  """Returns how many of the stuck nets leave, given more and more time."""
  times = [10**k * n for k in range(10) for n in (1, 3)]
  times = [t for t in times if stuck_after < t < budget] + [budget]
  names, rows = list(groups.varied(found)), []
  for group in found:
    sweeps = np.where(group.solved, group.arrays['sweeps'], np.inf)
    stuck = sweeps[~(sweeps <= stuck_after)]
    rates = [stats.as_json(stats.rate(stuck <= t)) for t in times]
    rows.append([*(group.setting[n] for n in names), len(stuck), *rates])
  return tables.Table(
    f'Of the nets that are stuck after {stuck_after:,} sweeps, how many leave?',
    (*names, 'stuck nets', *(f'by sweep {t:,}' for t in times)),
    rows,
    'A net that leaves solves the task. Theory promises a falling path from'
    ' every point, not that descent takes it in any given time.',
  )


def _census(group, column, title) -> report.Figure:
  names, counts, rates = _counted(group, column)
  value, low, high = (
    [getattr(r, field) for r in rates] for field in ('value', 'low', 'high')
  )
  fig, ax = style.figure(size=(7.5, 1.6 + 0.3 * min(len(names), 16)))
  bars.shares(
    ax, names, value, low, high, counts=counts,
    xlabel=f'share of the {int(group.solved.sum()):,} solved nets',
    title=f'{len(names)} are found; the most common: {names[0]}',
  )  # fmt: skip
  return report.Figure(
    f'census_{column}',
    title,
    'One bar a kind of net, with the 95 % interval of its share and the number'
    ' of nets. A unit counts as on above 0.5, how much that'
    ' leaves out is in the column `halfway` of nets.csv.',
    f'{title}, over solved nets: bars, the most common on top.',
    style.png(fig),
  )


def _counted(group, column):
  """Returns names, counts and rates over solved nets, the most common first."""
  index = group.arrays[column][group.solved]
  words = group.arrays[f'{column}s']
  counts = np.bincount(index, minlength=len(words))
  order = [k for k in np.argsort(-counts, kind='stable') if counts[k]]
  rates = [stats.rate_of(int(counts[k]), len(index)) for k in order]
  return [str(words[k]) for k in order], counts[order], rates


def _census_table(group, column, title, head) -> tables.Table:
  names, counts, rates = _counted(group, column)
  rows = [
    (name, int(count), stats.as_json(rate))
    for name, count, rate in zip(names, counts, rates, strict=True)
  ]
  return tables.Table(title, (head, 'solved nets', 'share of them'), rows)


def _states(group, chosen) -> report.Figure:
  """What every unit of the chosen nets says in every case."""
  arrays = group.arrays
  inputs, cases = arrays['inputs'], len(arrays['inputs'])
  order = np.arange(cases)
  if set(np.unique(inputs)) <= {0, 1}:
    order = np.lexsort((order, inputs.sum(axis=1)))
  names = [''.join(f'{v:g}' for v in row) for row in inputs[order]]
  if max(map(len, names)) > 12:
    names = [f'case {k}' for k in order]
  height = 1.3 + 0.24 * cases
  fig, axes = style.figure(
    1, len(chosen), size=(max(3.6 * len(chosen), pages.WIDE), height)
  )
  for ax, (name, row) in zip(np.atleast_1d(axes), chosen.items(), strict=True):
    net = pages.layers(arrays, row)
    _, hidden, outputs = pages.states(net, inputs[order])
    columns = [f'h{k + 1}' for k in range(hidden.shape[1])]
    columns += [f'y{k + 1}' for k in range(outputs.shape[1])]
    units.states(
      ax, np.concatenate([hidden, outputs], axis=1), row_labels=names,
      column_labels=columns if len(columns) <= 12 else (),
      title=f'{name}: seed {arrays["seed"][row]}',
    )  # fmt: skip
  return report.Figure(
    'states',
    'What their units say in every case',
    'One row a case, in the order of how many inputs are on; one column a unit,'
    ' hidden ones first, then outputs. Dark is on.',
    'Activations of hidden and output units in every case: '
    + ', '.join(chosen)
    + '.',
    style.png(fig),
  )


def _counting(group) -> tables.Table:
  words = {
    'counts': 'hang on the number of on inputs only',
    'thermometer': 'and have a threshold at each number: a thermometer',
    'counts_flipped': 'hang on that number, some inputs read inverted',
    'thermometer_flipped': 'and are a thermometer of it',
  }
  rows = [(text, group.results[f'{k}_rate']) for k, text in words.items()]
  return tables.Table(
    'Do the hidden units count?', ('the hidden units ..', 'solved nets'), rows
  )

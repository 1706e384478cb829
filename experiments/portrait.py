"""One net in words, tables and pictures: what `show` prints and draws."""

import numpy as np

from jaxrep import records, report
from jaxrep.figures import nets as drawn
from jaxrep.figures import style, units

from . import common
from .subjects import Subject, words

MOST = 64  # rows of the table of patterns
WIDE = 16  # columns that a terminal shows side by side
UNITS = 16  # units of the first layer that get a panel


def text(subject: Subject) -> str:
  """Returns the net in words and tables."""
  parts = [heading(subject)]
  for layer, below, above in zip(
    subject.net, subject.names[:-1], subject.names[1:], strict=True
  ):
    rows = [
      [name, *map(_decimal, row)]
      for name, row in zip(
        [*below, 'bias'], np.vstack([layer.w, layer.b[None]]), strict=True
      )
    ]
    parts.append(_folded(['from \\ to', *above], rows, keep=1))
  return '\n\n'.join([*parts, _patterns(subject)])


def heading(subject: Subject) -> str:
  """Returns one line: which net, its settings, and how it ended."""
  facts = records.part_table(subject.part, subject.arrays)
  fact = {name: column[0] for name, column in facts.items()}
  start = f'net {subject.row} (part {subject.part}): seed {fact["seed"]}'
  flags = [f'--{k}={common.as_text(v)}' for k, v in subject.setting.items()]
  end = [str(fact.get('outcome') or 'ended')]
  if np.isfinite(fact.get('sweeps', np.nan)):
    end.append(f'after {fact["sweeps"]:,.0f} sweeps')
  if 'age' in fact:
    end.append(f'(trained for {fact["age"]:,})')
  if 'error' in fact:
    end.append(f'with E = {report.number(float(fact["error"]))}')
  return '; '.join([start, ' '.join(flags) or 'no settings', ' '.join(end)])


def _patterns(subject) -> str:
  """Returns one row a pattern, the hardest ones if there are many."""
  states, errors, total = subject.states, subject.errors, len(subject.targets)
  rows = np.arange(total)
  title = f'What every unit answers; wrong: {subject.wrong.sum()} of {total:,}.'
  if total > MOST:
    hardest = np.where(np.isfinite(errors), -errors, -np.inf)
    rows = np.argsort(hardest, kind='stable')[:MOST]
    title += f' Shown: the {MOST} patterns with the largest errors.'
  if np.any(states[0] < 0) and ',' not in words(states[0])[0]:
    title += ' An input of −1 is written as 0.'
  answers = np.concatenate(states[1:], axis=1)
  inputs, targets = words(states[0][rows]), words(subject.targets[rows])
  cells = [
    [
      str(c), x, *map(_decimal, answers[c]), d,
      report.number(round(errors[c], 5), digits=5), '✗' if subject.wrong[c] else '',
    ]
    for c, x, d in zip(rows, inputs, targets, strict=True)
  ]  # fmt: skip
  names = sum(subject.names[1:], [])
  columns = ['row', 'input', *names, 'target', '½(y−d)²', 'wrong']
  return f'{title}\n{_folded(columns, cells, keep=2)}'


def _folded(columns, rows, *, keep) -> str:
  """Returns a table, cut into several that begin with the same columns."""
  starts = range(keep, len(columns), WIDE)

  def cut(row, start):
    return [*row[:keep], *row[start : start + WIDE]]

  return '\n\n'.join(
    report.text_table(cut(columns, k), [cut(row, k) for row in rows])
    for k in starts
  )


def _decimal(value) -> str:
  return report.number(round(float(value), 3), digits=3)


def figures(subject: Subject, case: int) -> list[report.Figure]:
  """Returns the net with one pattern lit, and the patterns as its units see."""
  return [_diagram(subject, case), _sorted_inputs(subject)]


def answer(subject: Subject, case: int) -> str:
  """Returns in words which case is lit and what is right."""
  x, d = words(subject.states[0])[case], words(subject.targets)[case]
  return f'input {x}, target {d}'


def _diagram(subject, case) -> report.Figure:
  fig, ax = style.figure(size=(6.4, 6.0))
  seed = subject.arrays['seed'][0]
  drawn.diagram(
    ax, [layer.w for layer in subject.net], [layer.b for layer in subject.net],
    activations=[state[case] for state in subject.states],
    labels=subject.names,
    title=f'seed {seed}: {answer(subject, case)}',
  )  # fmt: skip
  return report.Figure(
    'net',
    f'Net {subject.row}',
    'Inputs below, output above; a unit is the fuller of colour the more it is'
    ' on, the number in it is its bias (in an input: the input), on a link its'
    ' weight; solid dark links are positive, dashed light ones negative.',
    f'Diagram of net {subject.row} with one pattern lit.',
    style.png(fig),
  )


def classes(targets: np.ndarray) -> tuple[np.ndarray, list[str]]:
  """Returns each case's class `[C]` and the classes' names.

  Different targets are different classes, unless there are more than looks.
  """
  names = words(targets)
  known = sorted(set(names))
  if len(known) > len(style.SERIES):
    return np.zeros(len(names), int), ['all targets']
  index = np.array([known.index(name) for name in names])
  return index, [f'target {name}' for name in known]


def _sorted_inputs(subject) -> report.Figure:
  layer, inputs = subject.net[0], subject.states[0]
  totals = inputs @ layer.w + layer.b
  names = subject.names[1][:UNITS]
  columns = 1 if len(names) < 4 else 2
  rows = -(-len(names) // columns)
  fig, axes = style.figure(rows, columns, size=(7.5 * columns, 3.4 * rows))
  axes = np.atleast_1d(axes).ravel()
  index, labels = classes(subject.targets)
  for k, name in enumerate(names):
    units.sorted_inputs(
      axes[k], totals[:, k], index, labels=labels, title=f'unit {name}',
      vectors=inputs if len(inputs) <= 64 else None,
    )  # fmt: skip
  for ax in axes[len(names):]:
    ax.set_axis_off()
  cut = totals.shape[1] > len(names)
  return report.Figure(
    'sorted_inputs',
    'What the first units see',
    'All patterns in the order of a unit’s net input x; above the dashed line'
    ' the unit is more on than off; below each point its pattern, black where'
    ' an input is on.'
    + (f' Shown: the first {UNITS} of {totals.shape[1]} units.' if cut else ''),
    'Patterns sorted by the net input of each unit of the first layer.',
    style.png(fig),
  )

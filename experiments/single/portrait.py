"""One net in words, tables and pictures: what `show` prints and draws."""

import matplotlib
import numpy as np

from jaxrep import records, report, tables
from jaxrep.figures import nets as drawn
from jaxrep.figures import style, units

from ..reports import tree_nets
from ..shared import parsers
from . import questions
from .subjects import Subject, hardest, words

MOST = 64  # patterns that are shown one by one
WIDE = 16  # columns that a terminal shows side by side; of long names, half
LONG = 9  # letters
UNITS = 16  # units of the first layer that get a panel


def text(subject: Subject, case: int) -> str:
  """Returns the net in words and tables.

  Args:
    subject: the net.
    case: which pattern is lit up.
  """
  weights = [_weights(*layer) for layer in subject.layers]
  if subject.branched:
    said = questions.text(subject, case, MOST)
    return '\n\n'.join([heading(subject), *said, *weights])
  return '\n\n'.join([heading(subject), *weights, _patterns(subject)])


def heading(subject: Subject) -> str:
  """Returns one line: which net, its settings, and how it ended."""
  facts = records.part_table(subject.part, subject.arrays)
  fact = {name: column[0] for name, column in facts.items()}
  start = f'net {subject.row} (part {subject.part}): seed {fact["seed"]}'
  flags = [f'--{k}={parsers.as_text(v)}' for k, v in subject.setting.items()]
  end = [str(fact.get('outcome') or 'ended')]
  if np.isfinite(fact.get('sweeps', np.nan)):
    now = end[0] in ('ended', style.SOLVED)
    before = '' if now else 'but once solved '
    end.append(f'{before}after {fact["sweeps"]:,.0f} sweeps')
  if 'age' in fact:
    end.append(f'(trained for {fact["age"]:,})')
  if 'error' in fact:
    end.append(f'with E = {tables.number(float(fact["error"]))}')
  return '; '.join([start, ' '.join(flags) or 'no settings', ' '.join(end)])


def _weights(layer, below, above) -> str:
  """Returns one row a unit below and the bias, one column a unit above."""
  lines = list(zip(below, layer.w, strict=True))
  if layer.b is not None:
    lines.append(('bias', layer.b))
  rows = [[name, *map(_decimal, line)] for name, line in lines]
  return _folded(['from \\ to', *above], rows, keep=1)


def _patterns(subject) -> str:
  """Returns one row a pattern, the hardest ones if there are many."""
  states, errors, total = subject.states, subject.errors, len(subject.targets)
  rows = np.arange(total)
  title = f'What every unit answers; wrong: {subject.wrong.sum()} of {total:,}.'
  if total > MOST:
    rows = hardest(subject)[:MOST]
    title += f' Shown: the {MOST} patterns with the largest errors.'
  inputs, targets = subject.cases, subject.answers
  if np.any(states[0] < 0) and ',' not in inputs[0]:
    title += ' An input of −1 is written as 0.'
  answers = np.concatenate(states[1:], axis=1)
  cells = [
    [
      str(c), inputs[c], *map(_decimal, answers[c]), targets[c],
      _decimal(errors[c], 4), '✗' if subject.wrong[c] else '',
    ]
    for c in rows
  ]  # fmt: skip
  names = sum(subject.names[1:], [])
  columns = ['row', 'input', *names, 'target', '½(y−d)²', 'wrong']
  return f'{title}\n{_folded(columns, cells, keep=2)}'


def _folded(columns, rows, *, keep) -> str:
  """Returns a table, cut into several that begin with the same columns."""
  short = max(map(len, columns[keep:])) <= LONG
  wide = WIDE if short else WIDE // 2
  starts = range(keep, len(columns), wide)

  def cut(row, start):
    return [*row[:keep], *row[start : start + wide]]

  return '\n\n'.join(
    tables.text_table(cut(columns, k), [cut(row, k) for row in rows])
    for k in starts
  )


def _decimal(value, digits=3) -> str:
  if np.isnan(value):
    return tables.number(None)
  return tables.number(round(float(value), digits), digits=digits)


def figures(subject: Subject, case: int) -> list[report.Figure]:
  """Returns the net with one pattern lit, and the patterns as its units see.

  Of the family trees: what the person units see, and one question.
  """
  if subject.branched:
    net = subject.arrays, 0
    name = f'net {subject.row}'
    return [
      tree_nets.receptive(*net, name),
      tree_nets.activity(*net, case, name),
    ]
  return [_diagram(subject, case), _sorted_inputs(subject)]


def lit(subject: Subject, case: int) -> str:
  """Returns in words which pattern is lit up, and what is right for it."""
  x, d = subject.cases[case], subject.answers[case]
  return f'lit up: input {x}, target {d}'


def _diagram(subject, case) -> report.Figure:
  fig, ax = style.figure(size=(6.4, 6.0))
  drawn.diagram(
    ax, [layer.w for layer in subject.net], [layer.b for layer in subject.net],
    activations=[state[case] for state in subject.states],
    labels=labels(subject),
    title=f'seed {subject.arrays["seed"][0]}; {lit(subject, case)}',
  )  # fmt: skip
  return report.Figure(
    'net',
    f'Net {subject.row}',
    'Units of a layer in order from the left, the fuller of colour, the more'
    ' they are on; in a unit its bias, on a link its weight: solid and dark'
    ' positive, dashed and light negative, the wider, the larger.',
    f'Diagram of net {subject.row} with one pattern lit up.',
    style.png(fig),
  )


def labels(subject: Subject) -> list[list[str]]:
  """Returns the units' names, but for those that stand where links run."""
  inputs, *hidden, outputs = subject.names
  ends = outputs if len(outputs) > 1 else []
  return [inputs, *([] for _ in hidden), ends]


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


@matplotlib.rc_context(style.RC)
def _sorted_inputs(subject) -> report.Figure:
  layer, inputs = subject.net[0], subject.states[0]
  with np.errstate(invalid='ignore', over='ignore'):  # weights may be infinite
    totals = inputs @ layer.w + layer.b
  names = subject.names[1][:UNITS]
  columns = 1 if len(names) < 4 else 2
  rows = -(-len(names) // columns)
  fig, axes = style.figure(rows, columns, size=(7.5 * columns, 3.4 * rows))
  axes = np.atleast_1d(axes).ravel()
  index, known = classes(subject.targets)
  vectors = inputs if len(inputs) <= MOST else None
  for k, name in enumerate(names):
    units.sorted_inputs(
      axes[k], totals[:, k], index, labels=known, vectors=vectors,
      title=f'unit {name}',
    )  # fmt: skip
  for ax in axes[len(names) :]:
    ax.set_axis_off()
  fig.canvas.draw()  # the layout fits the ticks of the draw before
  caption = (
    'All patterns in the order of a unit’s net input x; above the dashed line'
    ' the unit is more on than off'
  )
  if vectors is not None:
    caption += '; below each point its pattern, black where an input is on'
  if totals.shape[1] > UNITS:
    caption += f'. Shown: the first {UNITS} of {totals.shape[1]} units'
  return report.Figure(
    'sorted_inputs',
    'What the units of the first layer see',
    f'{caption}.',
    'Patterns sorted by the net input of each unit of the first layer.',
    style.png(fig),
  )

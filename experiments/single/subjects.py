"""Which net of a record is meant, and what it does with every pattern."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxrep import branched, nets, records
from jaxrep.figures import style

from ..reports import tree_nets
from ..shared import common, pages

# The units of a branched net between the inputs and the outputs, and what its
# record says of its cases.
BRANCHED = ('person', 'relation', 'central', 'penultimate')
CASES = ('people', 'relations', 'cases', 'learnt', 'held', 'right')


class Subject(NamedTuple):
  """One net and what it does with every pattern.

  Attributes:
    row: of nets.csv, over all parts, from 0.
    part: of the record.
    arrays: the part's arrays at this net, `[1, ...]`, and the constants.
    setting: by flag.
    net: layers of NumPy arrays, the first of which may be two side by side.
    states: `[C, n]` for the inputs and each layer: what every unit answers.
    targets: `[C, O]`.
  """

  row: int
  part: str
  arrays: records.Arrays
  setting: Mapping[str, Any]
  net: nets.Net | branched.Net
  states: Sequence[np.ndarray]
  targets: np.ndarray

  @property
  def errors(self) -> np.ndarray:
    """½ (y - d)² of every case `[C]`, summed over outputs."""
    gap = self.states[-1].astype(float) - self.targets
    return 0.5 * np.sum(gap**2, axis=1)

  @property
  def wrong(self) -> np.ndarray:
    """Which cases have an output on the wrong side of 0.5, `[C]`."""
    gap = abs(self.states[-1] - self.targets)
    return np.any(~(gap < 0.5), axis=1)

  @property
  def branched(self) -> bool:
    """Whether it is a net of the family trees."""
    return isinstance(self.net[0], branched.Beside)

  @property
  def counted(self) -> np.ndarray:
    """Which cases count, `[C]`: all, or those taught or held out."""
    if self.branched:
      return (self.arrays['learnt'] | self.arrays['held'])[0]
    return np.ones(len(self.targets), bool)

  @property
  def cases(self) -> list[str]:
    """A name for every case, `[C]`: its question, or its input as bits."""
    if self.branched:
      return self.arrays['cases'].tolist()
    return words(self.states[0])

  @property
  def answers(self) -> list[str]:
    """What is right in every case, `[C]`: people, or the target as bits."""
    if self.branched:
      return self.people(self.targets > 0)
    return words(self.targets)

  @property
  def layers(self) -> list[tuple[nets.Layer, list[str], list[str]]]:
    """Every layer, the names of the units that it sees, and of its own.

    Where there are direct links, it sees the inputs, too.
    """
    found, names = [], self.names
    for layer, *ends in zip(self.net, names[:-1], names[1:], strict=True):
      below, above = iter([*ends[0], *names[0]]), iter(ends[1])
      for part in layer.parts if hasattr(layer, 'parts') else [layer]:
        seen, own = part.w.shape
        seen = list(itertools.islice(below, seen))
        found.append((part, seen, list(itertools.islice(above, own))))
    return found

  @property
  def names(self) -> list[list[str]]:
    """A name for every unit, for the inputs and each layer."""
    if self.branched:
      beside, *rest = self.net
      layers = zip(BRANCHED, [*beside.parts, *rest[:-1]], strict=True)
      first, second, *hidden = (
        [f'{word}{k + 1}' for k in range(layer.w.shape[1])]
        for word, layer in layers
      )
      people = self.arrays['people'].tolist()
      inputs = [*people, *self.arrays['relations'].tolist()]
      return [inputs, [*first, *second], *hidden, people]
    sizes = [state.shape[1] for state in self.states]
    letters = ['x', *(f'h{k}.' for k in range(1, len(sizes) - 1)), 'y']
    if len(sizes) == 3:
      letters[1] = 'h'
    found = [
      [f'{letter}{k + 1}' for k in range(size)]
      for letter, size in zip(letters, sizes, strict=True)
    ]
    return found if sizes[-1] > 1 else [*found[:-1], ['y']]

  def people(self, on: np.ndarray) -> list[str]:
    """The names of the outputs that are on, `[C, O] -> [C]`."""
    names = self.names[-1]
    return [', '.join(itertools.compress(names, row)) for row in on]


def find(record: records.Record, word: str) -> Subject:
  """Returns the net that `--net=word` asks for, with what it does.

  Raises:
    BadInputError: there is no such net, or the record holds no layered nets or
      no patterns.
  """
  complaints = [_complaint(record, part) for part in record.parts]
  if complaints and all(complaints):
    raise common.BadInputError(complaints[0])
  with records.naming(record.folder / records.ARRAYS, '--record: '):
    tables = [records.part_table(*part) for part in record.parts.items()]
  shared = set.intersection(*map(set, tables)) if tables else set()
  columns = {n: np.concatenate([table[n] for table in tables]) for n in shared}
  row, first = choose(word, columns), 0
  for part, arrays in record.parts.items():
    size = len(arrays['seed'])
    if row < first + size:
      return _subject(record, part, row, row - first)
    first += size
  raise AssertionError(f'row {row} of {first}')


def choose(word: str, table: Mapping[str, np.ndarray]) -> int:
  """Returns the row that a word means.

  Args:
    word: a row from 0; 'median', the solved net with the median sweeps (or
      updates, where a study counts these);
      'worst', the greatest error, what is not finite before all; or an
      outcome, '_' for blanks: its net with the median error. Of an even number
      the lower median, of equals the first row.
    table: columns `[S]`: 'seed' and, but for rows, 'outcome', 'error' and
      'sweeps' or 'updates'.

  Raises:
    BadInputError: the word means no net.
  """
  total = len(table.get('seed', ()))
  ended = np.asarray(table.get('outcome', np.full(total, '')), str)
  known = [name for name in dict.fromkeys(ended.tolist()) if name]
  name = word.strip().lower().replace('_', ' ')
  if name.isdecimal() and int(name) < total:
    return int(name)
  rows, column = np.arange(total), 'error'
  if name == 'median':
    column = 'sweeps' if 'sweeps' in table else 'updates'
    rows = np.flatnonzero(ended == style.SOLVED)
    if not rows.size:
      raise common.BadInputError(
        f'--net={word}: expected a solved net, found none among {total:,};'
        f' there are {", ".join(("worst", *known))}'
      )
  elif name != 'worst':
    rows = np.flatnonzero(ended == name)
  if name not in (*known, 'median', 'worst') or column not in table:
    listed = ', '.join(f"'{name}'" for name in ('median', 'worst', *known))
    raise common.BadInputError(
      f'--net={word}: expected a row from 0 to {total - 1} or one of {listed},'
      ' found no such net'
    )
  values = table[column][rows].astype(float)
  values = np.where(np.isfinite(values), values, np.inf)
  order = np.argsort(values, kind='stable')
  k = np.argmax(values) if name == 'worst' else order[(len(rows) - 1) // 2]
  return int(rows[k])


def _is_branched(arrays) -> bool:
  return f'{branched.LAYERS[0]}_w' in arrays


def _complaint(record, part) -> str:
  """Returns why nets of a part cannot be shown; '': they can."""
  arrays, named = record.parts[part], _is_branched(record.parts[part])
  missing = [name for name in ('units', 'w0') if name not in arrays]
  if missing and not named:
    return (
      f'--record={record.folder}: expected layered nets (units, w0, b0, ..),'
      f' found no {missing[0]!r} in part {part!r}'
    )
  needed = ('inputs', 'targets', *(CASES if named else ()))
  missing = [name for name in needed if name not in arrays]
  if missing:
    return (
      f'--record={record.folder}: expected a pattern set ({", ".join(needed)}),'
      f' found no {missing[0]!r} in part {part!r}'
    )
  return ''


def _subject(record, part, row, k) -> Subject:
  """Returns row k of a part."""
  complaint = _complaint(record, part)
  if complaint:
    raise common.BadInputError(complaint)
  arrays, named = record.parts[part], _is_branched(record.parts[part])
  with records.naming(record.folder / records.ARRAYS, '--record: '):
    net = tree_nets.net_of(arrays, k) if named else pages.layers(arrays, k)
  listed = record.summary.get('settings', ())
  settings = [s['setting'] for s in listed if s['part'] == part]
  each = len(arrays['seed']) // max(len(settings), 1)
  return Subject(
    row,
    part,
    records.take(arrays, slice(k, k + 1)),
    settings[k // each] if settings else {},
    net,
    pages.states(net, arrays['inputs']),
    arrays['targets'],
  )


def words(patterns: np.ndarray) -> list[str]:
  """Returns each row of `[C, I]` as bits, 1 for on, or else as numbers."""
  levels = set(np.unique(patterns).tolist())
  if levels <= {0, 1} or levels <= {-1, 1}:
    return [''.join('1' if v > 0 else '0' for v in row) for row in patterns]
  return [','.join(f'{v:g}' for v in row) for row in patterns]


def hardest(subject: Subject) -> np.ndarray:
  """Returns the cases that count, those with the largest errors first.

  What is not finite comes before all.
  """
  errors = subject.errors
  order = np.where(np.isfinite(errors), -errors, -np.inf)
  order = np.argsort(order, kind='stable')
  return order[subject.counted[order]]


def case(subject: Subject, word: str | None) -> int:
  """Returns the case that `--pattern=word` asks for; None: the largest error.

  Raises:
    BadInputError: there is no such case.
  """
  if word is None:
    return int(hardest(subject)[0])
  inputs = subject.cases
  lower = [name.lower() for name in inputs]
  if word.lower() in lower:
    return lower.index(word.lower())
  if word in map(str, range(len(inputs))):
    return int(word)
  person = word.lower().partition('.')[0]
  same = [name for name in inputs if name.lower().startswith(f'{person}.')]
  if subject.branched and same:
    raise common.BadInputError(
      f'--pattern={word}: expected one of {", ".join(same)}; found none of them'
    )
  raise common.BadInputError(
    f'--pattern={word}: expected a row from 0 to {len(inputs) - 1} or an input'
    f' like {inputs[0]}, found neither'
  )

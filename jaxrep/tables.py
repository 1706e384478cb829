"""Numbers and results in words, in tables for the page and the terminal.

Numbers are formatted here and nowhere else. A *result* is a mapping as in
summary.json: value, low, high, n, unit and, where one of them is None for lying
beyond the budget, `censored`.
"""

import math
import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

SHARES = ('rate', 'share')  # units that are written as percentages
NOTES = {  # what a cell shows -> what to say of it under the table
  r'^—$|\[—,|—\]': '—: undefined.',
  '> budget': '> budget: not reached within what each net was allowed.',
}


class Table(NamedTuple):
  """Rows of cells: words, numbers, None, or results."""

  title: str
  columns: Sequence[str]
  rows: Sequence[Sequence[Any]]
  note: str = ''


def number(value: float | None, *, unit: str = '', digits: int | None = None):
  """Returns a number in words: rates as percentages, 1,000, '—' for None.

  Args:
    value: from 0 to 1 where the unit is one of `SHARES`.
    unit: decides the form, and is not written, except for %.
    digits: after the point; None keeps about three significant ones.
  """
  if value is None:
    return '—'
  if isinstance(value, bool):
    return 'yes' if value else 'no'
  if not math.isfinite(value):
    return 'not a number' if math.isnan(value) else f'{_sign(value)}∞'
  percent = unit in SHARES
  text = _digits(round(100 * value, 9) if percent else value, digits)
  return f'{text} %' if percent else text


def power_of_ten(power: int) -> str:
  """Returns a power of ten as it is written: '10⁻⁵'."""
  raised = str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹')
  return f'10{str(power).translate(raised)}'


def _sign(value):
  """Returns a true minus for what is below 0."""
  return '−' if value < 0 else ''


def _digits(value, digits):
  """Returns a finite number, with a true minus, or as a power of ten."""
  size = abs(value)
  if size and not 1e-4 <= size < 1e12:
    short = float(f'{size:.0e}') == size
    mantissa, power = f'{size:.{0 if short else 2}e}'.split('e')
    return f'{_sign(value)}{mantissa} × {power_of_ten(int(power))}'
  if digits is None:
    text = f'{size:.3g}' if float(f'{size:.3g}') == size else ''
    if text and 'e' not in text:
      return f'{_sign(value)}{text}'
    digits = max(2 - math.floor(math.log10(size)), 0)
  return f'{_sign(value)}{size:,.{digits}f}'


def value(result: Mapping[str, Any]) -> str:
  """Returns a result's value: '88.3 %', '1,425', '—', '> budget'."""
  if result.get('value') is None and result.get('censored'):
    return '> budget'
  unit = result.get('unit') or ''
  return number(result.get('value'), unit=unit, digits=_shown(result))


def interval(result: Mapping[str, Any]) -> str:
  """Returns a result's 95 % interval: '[86.2, 90.1]', or '—'."""
  low, high = result.get('low'), result.get('high')
  if low is None and high is None:
    return '—'
  scale = 100 if result.get('unit') in SHARES else 1
  low, high = (
    number(None if end is None else scale * end, digits=_shown(result))
    for end in (low, high)
  )
  if result.get('high') is None and result.get('censored'):
    high = '> budget'
  return f'[{low}, {high}]'


def measured(result: Mapping[str, Any]) -> str:
  """Returns value, interval and unit: '812 [790, 835] sweeps'."""
  unit = result.get('unit') or ''
  known = interval(result)
  parts = [value(result), known if known != '—' else '']
  parts.append('' if unit in (*SHARES, 'ratio') else unit)
  return ' '.join(part for part in parts if part)


def _shown(result):
  """Returns the digits that the interval deserves, if there is one."""
  ends = result.get('low'), result.get('high')
  if any(end is None or not math.isfinite(end) for end in ends):
    return None
  scale = 100 if result.get('unit') in SHARES else 1
  width = scale * abs(ends[1] - ends[0])
  return min(max(1 - math.floor(math.log10(width)), 0), 6) if width else None


def results_table(
  title: str, results: Mapping[str, Mapping[str, Any]], *, note: str = ''
) -> Table:
  """Returns one row a result: its name, value, 95 % interval, n and unit."""
  rows = [
    (name, value(r), interval(r), r.get('n'), r.get('unit') or '')
    for name, r in results.items()
  ]
  return Table(
    title, ('result', 'value', '95 % interval', 'n', 'unit'), rows, note
  )


def settings_table(
  title: str,
  settings: Sequence[Mapping[str, Any]],
  *,
  results: Sequence[str] = (),
  note: str = '',
) -> Table:
  """Returns one row a setting: what was set, in full, then its results.

  Args:
    title: above the table.
    settings: mappings `{'setting': {..}, 'results': {..}}`, as in
      summary.json. What one lacks and another has is undefined.
    results: which results, in order; none for all.
    note: below the table.
  """
  keys = list(dict.fromkeys(k for s in settings for k in s['setting']))
  found = dict.fromkeys(name for s in settings for name in s['results'])
  names = list(results or found)

  def exact(set_to):
    if isinstance(set_to, float):
      return f'{set_to:.10g}'.replace('-', '−')
    return set_to

  rows = [
    [exact(s['setting'].get(k)) for k in keys]
    + [s['results'].get(name) for name in names]
    for s in settings
  ]
  return Table(title, (*keys, *names), rows, note)


def _cell(content):
  """Returns a cell in words."""
  if isinstance(content, Mapping):
    return measured(content)
  if content is None or isinstance(content, Real):
    return number(content)
  return str(content)


def in_words(table):
  """Returns the cells in words, which columns are numeric, and the notes."""
  rows = [[_cell(c) for c in row] for row in table.rows]
  for row in rows:
    if len(row) != len(table.columns):
      raise ValueError(
        f'table {table.title!r}: expected {len(table.columns)} cells a row, '
        f'found {row}'
      )
  numeric = [
    bool(rows) and all(re.match(r'[\d—>−\[]|not a|$', row[k]) for row in rows)
    for k in range(len(table.columns))
  ]
  notes = [
    note
    for sign, note in NOTES.items()
    if any(re.search(sign, cell) for row in rows for cell in row)
  ]
  return rows, numeric, [note for note in (table.note, *notes) if note]


def text_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
  """Returns the same table for a terminal: aligned, with the same notes."""
  words, numeric, notes = in_words(Table('', columns, rows))
  lines = [list(columns), *words]
  wide = [max(len(line[k]) for line in lines) for k in range(len(columns))]
  lines.insert(1, ['-' * w for w in wide])
  aligned = [
    '  '.join(
      cell.rjust(w) if right else cell.ljust(w)
      for cell, w, right in zip(line, wide, numeric, strict=True)
    ).rstrip()
    for line in lines
  ]
  return '\n'.join([*aligned, *notes])

"""One page that says what a run found: a single HTML file that needs no other.

Numbers are formatted here and nowhere else, for the page and the terminal.
A *result* is a mapping as in summary.json: value, low, high, n, unit and, where
one of them is None for lying beyond the budget, `censored`.
"""

import base64
import math
import os
import pathlib
import re
import struct
from collections.abc import Mapping, Sequence
from html import escape
from numbers import Real
from typing import Any, NamedTuple

LONG = 20  # rows; a longer table of settings is folded
SHARES = ('rate', 'share')  # units that are written as percentages
NOTES = {  # what a cell shows -> what to say of it under the table
  r'^—$|\[—,|—\]': '—: undefined.',
  '> budget': '> budget: not reached within what each net was allowed.',
}


class Claim(NamedTuple):
  """What a source claims, beside what was found; named as in summary.json."""

  claim: str
  given: str  # the source's number or words
  ours: Mapping[str, Any] | str
  verdict: str
  source: str = ''  # where it stands


class Table(NamedTuple):
  """Rows of cells: words, numbers, None, or results."""

  title: str
  columns: Sequence[str]
  rows: Sequence[Sequence[Any]]
  note: str = ''


class Figure(NamedTuple):
  """A picture (bytes of a PNG file, or its path) and the words it needs."""

  name: str
  title: str
  caption: str
  alt: str
  png: bytes | str | os.PathLike


class Page(NamedTuple):
  """All that the page shows, in this order; what is empty is left out."""

  title: str
  lede: str
  claims: Sequence[Claim] = ()
  results: Sequence[Table] = ()
  figures: Sequence[Figure] = ()
  tables: Sequence[Table] = ()
  settings: Table | None = None
  command: str = ''
  flags: str = ''
  machine: str = ''


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


def _sign(value):
  """Returns a true minus for what is below 0."""
  return '−' if value < 0 else ''


def _digits(value, digits):
  """Returns a finite number, with a true minus, or as a power of ten."""
  size = abs(value)
  if size and not 1e-4 <= size < 1e12:
    short = float(f'{size:.0e}') == size
    mantissa, power = f'{size:.{0 if short else 2}e}'.split('e')
    raised = str(int(power)).translate(
      str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹')
    )
    return f'{_sign(value)}{mantissa} × 10{raised}'
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


def claims_table(claims: Sequence[Claim]) -> Table:
  """Returns one row a claim: what a source says, what was found, verdict."""
  rows = []
  for c in claims:
    count = c.ours.get('n') if isinstance(c.ours, Mapping) else ''
    rows.append((c.claim, c.given, c.ours, count, c.verdict))
  sources = '; '.join(dict.fromkeys(c.source for c in claims if c.source))
  columns = ('claim', 'source says', 'ours, 95 %', 'n', 'verdict')
  note = f'Sources: {sources}.' if sources else ''
  return Table('Verdicts', columns, rows, note)


def _cell(content):
  """Returns a cell in words."""
  if isinstance(content, Mapping):
    return measured(content)
  if content is None or isinstance(content, Real):
    return number(content)
  return str(content)


def _in_words(table):
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
  words, numeric, notes = _in_words(Table('', columns, rows))
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


def text(page: Page) -> str:
  """Returns the page's words and tables for a terminal, long ones cut."""
  parts = [f'{page.title}\n{page.lede}']
  claims = [claims_table(page.claims)] if page.claims else []
  settings = [] if page.settings is None else [page.settings]
  for table in (*claims, *page.results, *page.tables, *settings):
    rows, more = table.rows[:LONG], len(table.rows) - LONG
    lines = [table.title, text_table(table.columns, rows)]
    lines += [f'(and {more:,} rows more on the page)'] if more > 0 else []
    parts.append('\n'.join([*lines, table.note]).rstrip())
  return '\n\n'.join(parts) + '\n'


def write(path: str | os.PathLike, page: Page) -> None:
  """Writes the page as one HTML file."""
  pathlib.Path(path).write_bytes(html(page).encode())


def html(page: Page) -> str:
  """Returns the page as HTML5, pictures and style sheet included.

  Only the footer's one line depends on `page.machine`.

  Raises:
    ValueError: a figure without name, title, caption or alt text, or whose
      picture is no PNG; two of one name; a row with too few or too many cells.
  """
  parts = []
  if page.claims:
    parts.append(_table(claims_table(page.claims), kind='wide claims'))
  parts += [_table(table) for table in page.results]
  names = [figure.name for figure in page.figures]
  for name in names:
    if names.count(name) > 1:
      raise ValueError(
        f'figures: expected one of each name, found {name!r} twice'
      )
  parts += [_figure(figure) for figure in page.figures]
  parts += [_table(table) for table in page.tables]
  if page.settings is not None:
    parts.append(_table(page.settings, fold=len(page.settings.rows) > LONG))
  run = [words.strip() for words in (page.command, page.flags) if words.strip()]
  if run:
    blocks = [f'<pre><code>{escape(words)}</code></pre>' for words in run]
    parts.append('<section>\n<h2>How it was run</h2>')
    parts += [*blocks, '</section>']
  return _PAGE.format(
    title=escape(page.title),
    style=_STYLE,
    lede=escape(page.lede),
    parts='\n'.join(parts),
    machine=escape(' '.join(page.machine.split())),
  )


def _table(table, *, kind='wide', fold=False):
  """Returns a table as a section; a folded one opens at a click."""
  words, numeric, notes = _in_words(table)
  names = [escape(name) for name in table.columns]
  kinds = [' class="number"' if n else '' for n in numeric]
  head = ''.join(
    f'<th scope="col"{kind}>{name}</th>'
    for name, kind in zip(names, kinds, strict=True)
  )
  body = '\n'.join(
    '<tr>'
    + ''.join(
      f'<td{kind} data-name="{name}">{escape(cell)}</td>'
      for cell, name, kind in zip(row, names, kinds, strict=True)
    )
    + '</tr>'
    for row in words
  )
  inner = (
    f'<div class="{kind}">\n<table>\n<thead><tr>{head}</tr></thead>\n'
    f'<tbody>\n{body}\n</tbody>\n</table>\n</div>'
  )
  if fold:
    rows = f'<summary>{len(words):,} rows</summary>'
    inner = f'<details>\n{rows}\n{inner}\n</details>'
  below = ''.join(f'\n<p class="note">{escape(n)}</p>' for n in notes)
  return (
    f'<section>\n<h2>{escape(table.title)}</h2>\n{inner}{below}\n</section>'
  )


def _figure(figure):
  """Returns a figure with its words, the picture inside the page."""
  for field in ('name', 'title', 'caption', 'alt'):
    if not getattr(figure, field).strip():
      raise ValueError(
        f'figure {figure.name!r}: expected a {field}, found none'
      )
  png = figure.png
  if not isinstance(png, bytes):
    png = pathlib.Path(png).read_bytes()
  if png[:8] != b'\x89PNG\r\n\x1a\n' or len(png) < 24:
    raise ValueError(f'figure {figure.name!r}: expected a PNG file')
  width, height = struct.unpack('>II', png[16:24])
  data = base64.b64encode(png).decode('ascii')
  name = re.sub(r'\W+', '-', figure.name)
  return (
    f'<figure id="figure-{escape(name)}">\n'
    f'<h2>{escape(figure.title)}</h2>\n'
    f'<img alt="{escape(figure.alt)}" width="{width}" height="{height}"'
    f' src="data:image/png;base64,{data}">\n'
    f'<figcaption><b>How to read:</b> {escape(figure.caption)}'
    '</figcaption>\n</figure>'
  )


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<h1>{title}</h1>
<p class="lede">{lede}</p>
{parts}
<footer>
<p>{machine}</p>
</footer>
</body>
</html>
"""

_STYLE = """
:root { color-scheme: light; }
body { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Helvetica, Arial,
  sans-serif; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .6rem; }
h2 { font-size: 1.1rem; line-height: 1.3; margin: 0 0 .6rem; }
.lede { font-size: 1.1rem; margin: 0; }
section, figure { margin: 2.4rem 0 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem .35rem 0; text-align: left;
  vertical-align: top; border-bottom: 1px solid #ddd; }
th { border-bottom: 2px solid #1a1a1a; font-weight: 600; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
.claims td:last-child { font-weight: 600; }
img { display: block; max-width: 100%; height: auto; margin: 0 0 .6rem; }
figcaption, .note { font-size: .9rem; color: #444; margin: .4rem 0 0; }
summary { cursor: pointer; }
pre { overflow-x: auto; padding: .7rem .9rem; background: #f4f4f4;
  font-size: .85rem; line-height: 1.4; }
footer { margin-top: 3rem; border-top: 1px solid #ddd; font-size: .8rem;
  color: #555; }
@media (max-width: 34rem) {
  table { font-size: .8rem; }
  th, td { padding-right: .5rem; }
  .claims thead { display: none; }
  .claims tr { display: block; padding: .5rem 0;
    border-bottom: 1px solid #ddd; }
  .claims td { display: grid; grid-template-columns: 6.5rem 1fr; border: 0;
    padding: .1rem 0; text-align: left; white-space: normal; }
  .claims td::before { content: attr(data-name); color: #555; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  .wide, pre { overflow: visible; }
  pre { white-space: pre-wrap; }
  figure, tr { break-inside: avoid; }
  img { max-width: 32rem; }
  h2 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
""".strip()

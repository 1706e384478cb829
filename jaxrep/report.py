"""One page that says what a run found: a single HTML file, and no other."""

import base64
import os
import pathlib
import re
import struct
import types
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from jaxrep import tables
from jaxrep.tables import Table

LONG = (
  20  # rows; longer tables of settings are folded, results from thrice that
)


class Claim(NamedTuple):
  """What a source claims, beside what was found; named as in summary.json."""

  claim: str
  given: str  # the source's number or words
  ours: Mapping[str, Any] | str
  verdict: str
  source: str = ''  # where it stands


class Figure(NamedTuple):
  """A picture (bytes of a PNG file, or its path) and the words it needs."""

  name: str
  title: str
  caption: str
  alt: str
  png: bytes | str | os.PathLike


class Page(NamedTuple):
  """All that the page shows, in this order; what is empty is left out.

  `cite` has a line for each result, to be copied. Not shown are `files`, by
  name: tables that are too wide for the page, say. A run leaves them beside it.
  """

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
  cite: Sequence[str] = ()
  files: Mapping[str, bytes] = types.MappingProxyType({})


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


def text(page: Page) -> str:
  """Returns the page's words and tables for a terminal, long ones cut."""
  parts = [f'{page.title}\n{page.lede}']
  claims = [claims_table(page.claims)] if page.claims else []
  settings = [] if page.settings is None else [page.settings]
  for table in (*claims, *page.results, *page.tables, *settings):
    rows, more = table.rows[:LONG], len(table.rows) - LONG
    lines = [table.title, tables.text_table(table.columns, rows)]
    lines += [f'(and {more:,} rows more on the page)'] if more > 0 else []
    parts.append('\n'.join([*lines, table.note]).rstrip())
  if page.cite:
    more = len(page.cite) - LONG
    lines = ['To cite', *page.cite[:LONG]]
    lines += [f'(and {more:,} lines more on the page)'] if more > 0 else []
    parts.append('\n'.join(lines))
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
    parts.append(section(claims_table(page.claims), kind='wide claims'))
  for table in page.results:
    parts.append(section(table, fold=len(table.rows) > 3 * LONG))
  names = [figure.name for figure in page.figures]
  for name in names:
    if names.count(name) > 1:
      raise ValueError(
        f'figures: expected one of each name, found {name!r} twice'
      )
  parts += [picture(one) for one in page.figures]
  parts += [section(table) for table in page.tables]
  if page.settings is not None:
    parts.append(section(page.settings, fold=len(page.settings.rows) > LONG))
  if page.cite:
    parts.append(citations(page.cite))
  run = [words.strip() for words in (page.command, page.flags) if words.strip()]
  if run:
    blocks = [f'<pre><code>{escape(words)}</code></pre>' for words in run]
    parts.append('<section>\n<h2>How it was run</h2>')
    parts += [*blocks, '</section>']
  return document(page.title, page.lede, parts, footer=page.machine)


def document(
  title: str,
  lede: str,
  parts: Sequence[str],
  *,
  footer: str = '',
  style: str = '',
  script: str = '',
) -> str:
  """Returns an HTML5 page with the style that all pages have.

  Args:
    title: in words.
    lede: in words.
    parts: HTML, one below the other.
    footer: in words.
    style: more CSS.
    script: JavaScript, run when the page is there.
  """
  return _PAGE.format(
    title=escape(title),
    style=_STYLE + style,
    lede=escape(lede),
    parts='\n'.join(parts),
    footer=escape(' '.join(footer.split())),
    script=f'<script>\n{script}\n</script>\n' if script else '',
  )


def citations(lines: Sequence[str]) -> str:
  """Returns lines to be copied, as a section that opens at a click."""
  return (
    '<section>\n<h2>To cite</h2>\n<details>\n'
    f'<summary>{len(lines):,} lines</summary>\n'
    f'<pre><code>{escape(chr(10).join(lines))}</code></pre>\n'
    '</details>\n</section>'
  )


def section(table: Table, *, kind: str = 'wide', fold: bool = False) -> str:
  """Returns a table as a section of a page; a folded one opens at a click.

  Args:
    table: what it shows.
    kind: CSS classes; 'wide claims' for one that a phone shows row by row.
    fold: whether it is folded.
  """
  words, numeric, notes = tables.in_words(table)
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


def picture(figure: Figure) -> str:
  """Returns a figure with its words, the picture inside the page.

  Raises:
    ValueError: words are missing, or the picture is no PNG.
  """
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
<p>{footer}</p>
</footer>
{script}</body>
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

"""The ledger as one page: every claim, then a section for each study."""

import pathlib
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from jaxrep import records, report, tables
from jaxrep.claims import ledger
from jaxrep.figures import style, verdicts

from ..shared import citing
from . import galleries, runs, words
from .sections import SECTIONS

TITLE = 'What ten thousand nets say of the classic papers'
_FIGURE = re.compile(r'<figure id="figure-([^"]+)">.*?</figure>', re.S)
_STYLE = """
body { max-width: 58rem; }
section > p, .lede { max-width: 46rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
figure h2 { font-size: 1rem; }
tbody th { text-align: left; padding-top: 1.2rem; }
.verdict { white-space: nowrap; }
.holds::before { content: "✓ "; } .fails::before { content: "✗ "; }
.depends { white-space: normal; } .depends::before { content: "± "; }
.ours span { display: block; }
#claims table { table-layout: fixed; }
#claims th:nth-child(1) { width: 29%; } #claims th:nth-child(2) { width: 11%; }
#claims th:nth-child(3) { width: 34%; } #claims th:nth-child(4) { width: 14%; }
#claims td { overflow-wrap: break-word; }
#claims td:last-child { white-space: nowrap; font-weight: normal; }
small { color: #444; font-weight: normal; }
@media (max-width: 34rem) { .verdict { white-space: normal; } }
"""


class Found(NamedTuple):
  """A record that the ledger rests on.

  Attributes:
    run: which one.
    folder: where it lies.
    summary: what summary.json holds.
    flags: that decided it, by name.
    machine: what machine.json holds.
  """

  run: runs.Run
  folder: pathlib.Path
  summary: Mapping[str, Any]
  flags: Mapping[str, str]
  machine: Mapping[str, Any]


def read(run: runs.Run, folder: pathlib.Path) -> Found:
  """Returns a record's facts; its arrays are not read.

  Raises:
    RecordError: it cannot be read.
  """
  with records.naming(folder / records.FLAGS):
    flags = records.parse_flags((folder / records.FLAGS).read_text())
  summary = runs.read(folder, records.SUMMARY, 'nets', 'settings', 'claims')
  machine = runs.read(folder, records.MACHINE, 'seconds')
  return Found(run, folder, summary, flags, machine)


def html(
  rows: Sequence[ledger.Row], found: Sequence[Found], *, scale: str
) -> str:
  """Returns the page.

  Args:
    rows: all claims.
    found: the records.
    scale: at which they were made.
  """
  by_study: dict[str, dict[str, Found]] = {}
  for one in found:
    by_study.setdefault(one.run.study, {})[one.run.flagfile] = one
  shown = {
    study: _figures(study, there, scale) for study, there in by_study.items()
  }
  nets = sum(one.summary['nets'] for one in found)
  lede = (
    f'{ledger.answer(rows)} {nets:,} nets were trained for it, in'
    f' {len(found)} runs; every rate has its 95 % interval and its n, and every'
    ' verdict is computed from a record.'
  )
  parts = [_overview(rows), _table(rows, shown)]
  for study, there in by_study.items():
    parts.append(_section(study, there, shown[study], scale))
  parts += [_runs(found, scale), report.citations(cited(rows, by_study))]
  return report.document(
    TITLE,
    lede,
    parts,
    footer=f'jaxrep, ledger at the scale {scale}.',
    style=_STYLE + galleries.STYLE,
    script=galleries.SCRIPT,
  )


def overview(rows: Sequence[ledger.Row]) -> bytes:
  """Returns a picture of how many claims hold, by study, as PNG."""
  counts = {
    SECTIONS[study].title: ledger.counts([r for r in rows if r.study == study])
    for study in dict.fromkeys(row.study for row in rows)
  }
  fig, ax = style.figure(size=(7.5, 3.2))
  verdicts.bars(ax, counts)
  return style.png(fig)


def _overview(rows) -> str:
  said = ', '.join(f'{n} {word}' for word, n in ledger.counts(rows).items())
  figure = report.Figure(
    'overview',
    'Which claims hold',
    'One bar a study; each of its claims counts once.',
    f'Bars of verdicts by study; in all {said}.',
    overview(rows),
  )
  return report.picture(figure)


def _figures(study, there, scale) -> dict[str, str]:
  """Returns the section's figures, as HTML, by the names of their anchors.

  A smoke run has not all of them: others of its page fill up.
  """
  chosen = SECTIONS[study].figures
  if scale == 'smoke':
    known = drawn_in(there['smoke'].folder)
    names = dict.fromkeys(name for _, name in chosen if name in known)
    names = list(names | dict.fromkeys(known))[: len(chosen)]
    chosen = [('smoke', name) for name in names]
  result = {}
  for flagfile, name in chosen:
    drawn = drawn_in(there[flagfile].folder) if flagfile in there else {}
    if name in drawn:
      anchor = f'{study}-{flagfile}-{name}'
      html = drawn[name].replace(f'"figure-{name}"', f'"{anchor}"', 1)
      result[anchor] = html.replace('<h2>', '<h3>').replace('</h2>', '</h3>')
  return result


def drawn_in(folder: pathlib.Path) -> dict[str, str]:
  """Returns the figures of a record's report, as HTML, by name.

  Raises:
    RecordError: the report cannot be read.
  """
  path = folder / 'report.html'
  with records.naming(path):
    text = path.read_text()
  return {match[1]: match[0] for match in _FIGURE.finditer(text)}


def _table(rows, shown) -> str:
  """Returns all claims as a table, with links to figures and sections."""
  columns = 'claim', 'source says', 'ours, 95 %', 'verdict', 'see'
  names = ''.join(f'<th scope="col">{name}</th>' for name in columns)
  bodies = []
  for study in dict.fromkeys(row.study for row in rows):
    mine = [row for row in rows if row.study == study]
    works = escape('; '.join(dict.fromkeys(map(ledger.work, mine))))
    head = f'{escape(SECTIONS[study].title)} <small>{works}</small>'
    lines = [f'<tr><th colspan="5" scope="rowgroup">{head}</th></tr>']
    lines += [_row(row, columns, shown) for row in mine]
    bodies.append('<tbody>\n' + '\n'.join(lines) + '\n</tbody>')
  return (
    '<section id="claims">\n<h2>The claims</h2>\n<div class="wide claims">\n'
    f'<table>\n<thead><tr>{names}</tr></thead>\n'
    + '\n'.join(bodies)
    + '\n</table>\n</div>\n'
    f'<p class="note">{escape(_NOTE)}</p>\n</section>'
  )


_NOTE = (
  'Verdicts are computed. A property holds where the 95 % interval of its rate'
  ' lies above one half: of one printed net we read it as one of most nets;'
  ' “holds” and “fails” are said where intervals leave no doubt,'
  ' “undecided” where nets are too few, the budget too short, or a number lies'
  ' between two thresholds. “Depends on” names what differs between runs that'
  ' say the one and runs that say the other. How each is judged stands under'
  ' its number. Thresholds for words without numbers are ours.'
)


def _row(row, columns, shown) -> str:
  claim, kind = row.claim, ledger.kind(row).replace(' ', '-')
  lines = ''.join(f'<span>{escape(line)}</span>' for line in ledger.ours(row))
  how = (
    f' <small>(judged: {escape(claim.judge.how)})</small>'
    if claim.judge
    else ''
  )
  cells = (
    f'{escape(claim.words)} <small>{escape(ledger.place(row))}</small>',
    escape(claim.given),
    f'{lines}{how}',
    f'<b class="{kind}">{escape(row.verdict)}</b>',
    _link(row, shown),
  )
  kinds = '', '', ' class="ours"', f' class="verdict {kind}-cell"', ''
  inner = ''.join(
    f'<td{kind} data-name="{name}">{cell}</td>'
    for kind, name, cell in zip(kinds, columns, cells, strict=True)
  )
  return f'<tr id="claim-{claim.id}">{inner}</tr>'


def _link(row, shown) -> str:
  """Returns a link to the claim's figure, or to the section of its study."""
  if row.study not in shown:
    return '—'
  names = 'smoke', *row.claim.flagfiles
  anchors = [f'{row.study}-{name}-{row.claim.figure}' for name in names]
  anchor = next((a for a in anchors if a in shown[row.study]), row.study)
  return (
    f'<a href="#{anchor}">{"section" if anchor == row.study else "figure"}</a>'
  )


def _section(study, there, figures, scale) -> str:
  section = SECTIONS[study]
  said = {name: (one.summary, one.flags) for name, one in there.items()}
  paragraphs = [
    words.paragraph(sentences, said)
    for sentences in (section.asked, section.found)
  ]
  if scale == 'smoke':
    nets = there['smoke'].summary['nets']
    paragraphs[1] = (
      f'These {nets:,} nets are those of flags/{study}/smoke.flags, smaller'
      ' and at other settings than the source’s: they show how this page works,'
      ' and not what is so.'
    )
  flagfile = 'smoke' if scale == 'smoke' else section.gallery
  gallery = []
  if section.gallery and flagfile in there:
    gallery = [galleries.html(study, there[flagfile].folder)]
  return '\n'.join([
    f'<section id="{study}">\n<h2>{escape(section.title)}</h2>',
    *(f'<p>{_marked(text)}</p>' for text in paragraphs),
    *gallery, *figures.values(), '</section>',
  ])  # fmt: skip


def _marked(text: str) -> str:
  """Returns words as HTML; what stands in backticks is code."""
  return re.sub('`([^`]+)`', r'<code>\1</code>', escape(text))


def _runs(found, scale) -> str:
  """Returns how it was run: commands, nets, seconds, and the budget."""
  rows = []
  for study in dict.fromkeys(one.run.study for one in found):
    mine = [one for one in found if one.run.study == study]
    rows += [_cost(one.run.command, [one]) for one in mine]
    budget = f', of {60 * runs.BUDGET[study]:,} s at most' * (scale == 'laptop')
    rows.append(_cost(f'all of {study}{budget}', mine))
  rows.append(_cost('all', found))
  return report.section(
    tables.Table(
      'How it was run',
      ('command', 'nets', 'seconds'),
      rows,
      'Each with --out=; seconds of computing, as machine.json has them.',
    )
  )


def _cost(words, found):
  nets = sum(one.summary['nets'] for one in found)
  seconds = sum(runs.seconds(one.machine) for one in found)
  return words, f'{nets:,}', f'{seconds:,.0f}'


def cited(
  rows: Sequence[ledger.Row], by_study: Mapping[str, Mapping[str, Found]]
) -> list[str]:
  """Returns a line to cite for every result that a claim rests on."""
  lines: dict[str, None] = {}
  for row in rows:
    for one in row.tested:
      ours = one.said['ours']
      if isinstance(ours, Mapping):
        record = by_study[row.study][one.flagfile]
        result = {row.claim.result: ours}
        lines |= dict.fromkeys(
          citing.lines(
            record.summary,
            record.flags,
            [(one.said.get('setting', ''), result)],
          )
        )
  return list(lines)

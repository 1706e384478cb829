"""All claims as a table of the ledger's page."""

from collections.abc import Mapping, Sequence
from html import escape

from jaxrep.claims import ledger

from .sections import SECTIONS

STYLE = """
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
@media (max-width: 34rem) { .verdict { white-space: normal; } }
"""
_NOTE = (
  'Verdicts are computed. A property holds where the 95 % interval of its rate'
  ' lies above one half: of one printed net we read it as one of most nets;'
  ' “holds” and “fails” are said where intervals leave no doubt,'
  ' “undecided” where nets are too few, the budget too short, or a number lies'
  ' between two thresholds. “Depends on” names what differs between runs that'
  ' say the one and runs that say the other. How each is judged stands under'
  ' its number. Thresholds for words without numbers are ours.'
)


def section(
  rows: Sequence[ledger.Row], shown: Mapping[str, Mapping[str, str]]
) -> str:
  """Returns all claims as a section of a page, a table with links.

  Args:
    rows: all claims.
    shown: the figures of each study's section, by the names of their anchors.
  """
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

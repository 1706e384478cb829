"""The ledger as text: for a terminal, for README.md, and for a diff."""

import json
import pathlib
import shutil
from collections.abc import Sequence

from jaxrep import records, tables
from jaxrep.claims import ledger

from . import page
from .sections import SECTIONS

# Where the README's ledger stands, between comments.
BEGIN = '<!-- ledger: python -m experiments.ledger --scale=laptop --publish -->'
END = '<!-- end of the ledger -->'
RESULTS = pathlib.Path('docs', 'results')


def table(rows: Sequence[ledger.Row]) -> str:
  """Returns the claims as Markdown: a sentence, then a table for each study."""
  parts = [ledger.answer(rows)]
  for study in dict.fromkeys(row.study for row in rows):
    mine = [row for row in rows if row.study == study]
    works = '; '.join(dict.fromkeys(map(ledger.work, mine)))
    lines = [
      f'**{SECTIONS[study].title}** ({works})',
      '',
      '| claim | source says | ours, 95 % | verdict |',
      '|---|---|---|---|',
    ]
    lines += [
      '| ' + ' | '.join(map(_escaped, _cells(row))) + ' |' for row in mine
    ]
    parts.append('\n'.join(lines))
  return '\n\n'.join(parts) + '\n'


def _cells(row):
  return (
    row.claim.words,
    row.claim.given,
    '<br>'.join(ledger.ours(row)),
    f'**{row.verdict}**',
  )


def _escaped(cell: str) -> str:
  return cell.replace('|', '\\|').replace('\n', ' ')


def terminal(rows: Sequence[ledger.Row]) -> str:
  """Returns one line a claim, and all verdicts in a sentence."""
  lines = [(row.claim.id, row.verdict) for row in rows]
  return (
    tables.text_table(('claim', 'verdict'), lines)
    + '\n\n'
    + ledger.answer(rows)
  )


def check(root: pathlib.Path) -> None:
  """Sees to it that a checkout has a place for the ledger.

  Raises:
    RecordError: no README with such a place is there.
  """
  path = root / 'README.md'
  with records.naming(path, '--publish: '):
    spliced(path.read_text(), '')


def publish(
  root: pathlib.Path, rows: Sequence[ledger.Row], found: Sequence[page.Found]
) -> None:
  """Writes results, the README's table and its picture into a checkout.

  Args:
    root: of the checkout.
    rows: all claims.
    found: the records that they were judged by.

  Raises:
    RecordError: no README with a place for the ledger is there.
  """
  path = root / 'README.md'
  with records.naming(path):
    text = path.read_text()
    new = spliced(text, table(rows))
  folder = root / RESULTS
  shutil.rmtree(folder, ignore_errors=True)
  for one in found:
    to = folder / f'{one.run.name}.json'
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(json.dumps(one.summary, indent=1, ensure_ascii=False) + '\n')
  (root / 'docs' / 'ledger.png').write_bytes(page.overview(rows))
  path.write_text(new)


def spliced(text: str, ledger: str) -> str:
  """Returns a text whose ledger is replaced.

  Raises:
    ValueError: it has no place for one.
  """
  before, begin, rest = text.partition(BEGIN)
  _, end, after = rest.partition(END)
  if not (begin and end):
    raise ValueError(f'expected {BEGIN} .. {END}, found none')
  return f'{before}{begin}\n{ledger}{end}{after}'

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
from . import claims, galleries, runs, words
from .sections import SECTIONS

TITLE = 'What ten thousand nets say of the classic papers'
_FIGURE = re.compile(r'<figure id="figure-([^"]+)">.*?</figure>', re.S)
_STYLE = """
body { max-width: 58rem; }
section > p, .lede { max-width: 46rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
figure h2 { font-size: 1rem; }
small { color: #444; font-weight: normal; }
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
  parts = [_overview(rows), claims.section(rows, shown)]
  for study, there in by_study.items():
    parts.append(_section(study, there, shown[study], scale))
  parts += [_runs(found, scale), report.citations(cited(rows, by_study))]
  return report.document(
    TITLE,
    lede,
    parts,
    footer=f'jaxrep, ledger at the scale {scale}.',
    style=_STYLE + claims.STYLE + galleries.STYLE,
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
  wanted = {'smoke'} if scale == 'smoke' else {name for name, _ in chosen}
  drawn = {name: drawn_in(there[name].folder) for name in wanted & there.keys()}
  if scale == 'smoke':
    known = drawn['smoke']
    names = dict.fromkeys(name for _, name in chosen if name in known)
    names = list(names | dict.fromkeys(known))[: len(chosen)]
    chosen = [('smoke', name) for name in names]
  result = {}
  for flagfile, name in chosen:
    if name in drawn.get(flagfile, {}):
      anchor = f'{study}-{flagfile}-{name}'
      html = drawn[flagfile][name].replace(f'"figure-{name}"', f'"{anchor}"', 1)
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
  rested: dict[tuple[str, str], list] = {}
  for row in rows:
    for one in row.tested:
      if isinstance(one.said['ours'], Mapping):
        result = {row.claim.result: one.said['ours']}
        setting = one.said.get('setting', '')
        rested.setdefault((row.study, one.flagfile), []).append(
          (setting, result)
        )
  lines: dict[str, None] = {}  # two claims may rest on one result
  for (study, flagfile), results in rested.items():
    record = by_study[study][flagfile]
    found = citing.lines(record.summary, record.flags, results)
    lines |= dict.fromkeys(found)
  return list(lines)

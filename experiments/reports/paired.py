"""The page of two records, compared on the same seeds."""

from collections.abc import Sequence

import numpy as np

from jaxrep import records, report, stats, tables
from jaxrep.figures import curves, style
from jaxrep.report import Figure
from jaxrep.tables import Table

from ..results import paired
from ..results.paired import MEANS, RATES, TIMES, Difference, Pairs
from ..shared import common

ALPHA = 0.05
NAMED = 8  # flags that differ, named in the lede
LONG = 3 * report.LONG  # rows of a table in a terminal
PANELS = 6  # settings whose survival is drawn
KINDS = {  # kind -> title, headings of A, B, their difference and counts
  RATES: (
    'Rates',
    ('rate', 'A', 'B', 'A − B, 95 %', 'pairs', 'only A', 'only B', 'p'),
  ),
  TIMES: (
    'Times to a solve',
    ('time', 'median A', 'median B', 'A − B, 95 %', 'pairs', 'A later',
     'B later', 'p', 'log-rank χ²', 'its p'),
  ),
  MEANS: (
    'Means',
    ('mean', 'A', 'B', 'A − B, 95 %', 'pairs', 'A larger', 'B larger'),
  ),
}  # fmt: skip
NOTES = {
  RATES: (
    'Of all nets, solved or not: results of a record, as ratio_124_rate, may be'
    ' of solved nets only. p: McNemar’s exact test, of the pairs in which it'
    ' holds in one only.'
  ),
  TIMES: (
    'A − B: the median over the pairs in which either is solved, with the sign'
    ' test’s interval; never is later than ever, by ∞. p: the exact sign test'
    ' of who is later. Where budgets differ, times are cut at the smaller one.'
    ' The log-rank test takes A and B for independent: it ignores that they are'
    ' paired, and is not counted among the tests.'
  ),
  MEANS: (
    'Over pairs in which both are finite. An interval without 0 tells A from B;'
    ' means are not counted among the tests.'
  ),
}


def page(
  a: records.Record,
  b: records.Record,
  pairs: Sequence[Pairs],
  found: Sequence[Difference],
) -> report.Page:
  """Returns the page, without figures: tables of rates, times and means.

  Args:
    a: a record.
    b: another.
    pairs: of their nets, by setting.
    found: what was compared.
  """
  shown = [
    _table(kind, [d for d in found if d.kind == kind], len(pairs) > 1)
    for kind in KINDS
    if any(d.kind == kind for d in found)
  ]
  note = 'Intervals are 95 % each.'
  if count := len(paired.tests(found)):
    note = (
      f'{count} tests, of rates and times: by Bonferroni, {ALPHA:g} over all of'
      f' them is p < {tables.number(ALPHA / count)} for one. {note}'
    )
  shown[-1] = shown[-1]._replace(note=f'{shown[-1].note} {note}')
  return report.Page(
    title=f'A: {a.folder}, B: {b.folder}',
    lede=_lede(a, b, pairs, found),
    results=shown,
    settings=_flags_table(a, b),
    command=f'python -m {common.module("compare")} {a.folder} {b.folder}',
  )


def text(page: report.Page) -> str:
  """Returns the page's words and tables for a terminal, long ones cut."""
  parts = [f'{page.title}\n{page.lede}']
  for table in page.results:
    words = tables.text_table(table.columns, table.rows[:LONG])
    more = len(table.rows) - LONG
    lines = [f'(and {more:,} rows more with --out)'] if more > 0 else []
    parts.append('\n'.join([table.title, words, *lines, table.note]))
  return '\n\n'.join(parts)


def figures(pairs: Sequence[Pairs]) -> list[Figure]:
  """Returns the survival curves of both records, if any time is in both."""
  drawn = [(p, p.times[0]) for p in pairs if p.times][:PANELS]
  if not drawn:
    return []
  wide = min(len(drawn), 2)
  rows = -(-len(drawn) // wide)
  fig, axes = style.figure(rows, wide, size=(7.5, 0.8 + 3.4 * rows))
  axes = np.ravel(axes)
  for ax in axes[len(drawn) :]:
    ax.set_axis_off()
  for ax, (pair, column) in zip(axes, drawn, strict=False):
    _survival(ax, pair, column)
  left = len(pairs) - len(drawn)
  more = f' The first {PANELS} of {len(pairs)} settings.' if left else ''
  return [
    Figure(
      'survival',
      'How long it takes, in both',
      'The share of nets that have not solved the task yet, on the seeds that'
      ' both records have, with a 95 % band (pointwise). Bands may overlap'
      f' where pairs differ: the tests above know the pairs.{more}',
      'Share of nets not yet solved, in both records.',
      style.png(fig),
    )
  ]


def _survival(ax, pair, column) -> None:
  sides, budget = paired.times(pair, column)
  lines = [
    stats.survival(np.where(np.isinf(t), budget, t), np.isinf(t)) for t in sides
  ]
  curves.survival(
    ax, *zip(*lines, strict=True), labels=['A', 'B'],
    title=pair.said or f'{len(pair.seeds):,} {_of(len(pair.seeds))}',
    xlabel=paired.unit(column),
  )  # fmt: skip


def _table(kind, found, settings) -> Table:
  title, columns = KINDS[kind]
  rows = []
  for d in found:
    each = (
      stats.as_json(e._replace(unit='' if kind != RATES else e.unit))
      for e in (d.a, d.b, d.difference)
    )
    a, b, apart = each
    a, b = ({**e, 'low': None, 'high': None} for e in (a, b))
    row = [d.name, a, b, apart, d.difference.n, d.more_a, d.more_b]
    if kind != MEANS:
      row.append(d.p_value)
    if d.log_rank:
      row += d.log_rank
    rows.append([d.setting, *row] if settings else row)
  return Table(
    title, ('setting', *columns) if settings else columns, rows, NOTES[kind]
  )


def _lede(a, b, pairs, found) -> str:
  """Returns what is compared, of how many pairs, and what differs."""
  every = np.concatenate([pair.seeds for pair in pairs])
  several = f' in {len(pairs):,} settings' if len(pairs) > 1 else ''
  alone = [sum(pair.alone[k] for pair in pairs) for k in range(2)]
  unpaired = ''
  if any(alone):
    unpaired = f' ({alone[0]:,} nets of A and {alone[1]:,} of B have no other)'
  lone = [len(record.summary['settings']) - len(pairs) for record in (a, b)]
  if any(lone):
    unpaired += (
      f', without {lone[0]:,} settings of A and {lone[1]:,} of B that have no'
      ' nets in the other'
    )
  tests = paired.tests(found)
  clear = sum(p < ALPHA / len(tests) for p in tests)
  told = (
    f' {clear} of {len(tests)} tests tell A from B at p <'
    f' {ALPHA:g}/{len(tests)}.'
  )
  first, last = every.min(), every.max()
  seeds = f'seed {first}' if first == last else f'seeds {first} to {last}'
  return (
    f'{_studies(a, b)}: {len(every):,} {_of(len(every))}, {seeds}'
    f'{several}{unpaired}. {_flags(a, b)}{told if tests else ""}'
  )


def _of(count) -> str:
  return 'pair of nets' if count == 1 else 'pairs of nets'


def _studies(a, b) -> str:
  one, other = a.summary['study'], b.summary['study']
  return one if one == other else f'{one} (A) and {other} (B)'


def _flags(a, b) -> str:
  """Returns in a sentence which flags differ."""
  differ = paired.flags(a, b)
  both = {k: v for k, v in differ.items() if None not in v}
  said = [f'{k} ({v[0] or "none"} in A, {v[1] or "none"} in B)'
          for k, v in both.items()]  # fmt: skip
  if len(said) > NAMED:
    said[NAMED:] = [f'{len(said) - NAMED} more']
  one = len(differ) - len(both)
  said += [f'{one} that only one has'] if one else []
  return (
    f'Flags that differ: {", ".join(said)}.' if said else 'No flag differs.'
  )


def _flags_table(a, b) -> Table | None:
  rows = [
    (name, *(v if v is not None else 'no such flag' for v in values))
    for name, values in paired.flags(a, b).items()
  ]
  return Table('Flags that differ', ('flag', 'A', 'B'), rows) if rows else None

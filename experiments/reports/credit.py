"""The page of credit assignment: a lesson on one net, three rules on many."""

from collections.abc import Sequence

import numpy as np

from jaxrep import records, report, stats, tables
from jaxrep.figures import curves, style
from jaxrep.learning import by_hand

from ..results import credit as results
from ..shared import grids, groups, pages
from . import lesson

CASES = lesson.CASES
NAMES = {
  'delta_rule': 'the delta rule, last layer',
  'last_layer': 'the gradient, last layer',
}
FULL = 'the full rule'
DELTA = grids.Drawn(
  'delta_rule_solved_rate',
  'Where the delta rule on the last layer learns',
  'nets that solve it by the delta rule',
  'The share of nets that solve the task while only the last layer changes.',
)
SEPARABLE = grids.Drawn(
  'separable_rate',
  'Where a last layer could do it at all',
  'nets whose hidden units part the cases',
  'The share of nets whose hidden units, before training, make XOR linearly'
  ' separable.',
)
# Errors of the lecture, twice those of the letter.
STATES = {
  1.0: 'one answer to all, the best there is',
  2 / 3: 'three cases share an answer, one right',
  1 / 2: 'two cases at 0.5, two right',
}


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  shown = (
    'solved_rate',
    'sweeps_median',
    *(f'{name}_solved_rate' for name in results.RULES),
    'separable_rate',
    'full_less_delta_rule',
  )
  made = pages.page(
    record,
    title='Credit assignment',
    question='A net 2-2-1 learns XOR by the chain rule: does it need the hidden'
    ' units’ share of the error, or would the last layer alone do?',
    states=STATES,
    shown=shown,
    drawn=(grids.SOLVED, DELTA, SEPARABLE, grids.MEDIAN),
    extra=lambda found: pages.Extra(tables=_compared(found)),
  )
  found = groups.groups(record.parts, record.summary['settings'])
  names, weights = (record.flags[k].split(',') for k in ('case', 'weight'))
  if 'all' in weights:
    weights = by_hand.weight_names(*results.SIZES[:2])
  runs = {
    name.capitalize(): lesson.train(record, found[0], rule)
    for rule, name in ((None, FULL), ('delta_rule', NAMES['delta_rule']))
  }
  start, whose = runs[FULL.capitalize()][0].net, _whose(found)
  lessons = lesson.cases(start, names)
  own = [lesson.both_ways(start, lessons, whose), lesson.outputs(runs, whose)]
  if len(found) == 1:
    own.append(_survival(found[0], int(record.flags['sweeps'])))
  # The curve of the full rule is one of these three.
  rest = [f for f in made.figures if len(found) > 1 or f.name != 'survival']
  return made._replace(
    lede=made.lede + _by_delta_rule(found),
    figures=[*own, *rest],
    tables=[*made.tables, *lesson.listed(lessons, weights), _whole(whose)],
    files=lesson.files(start),
  )


def _whose(found: Sequence[groups.Group]) -> str:
  """Returns which net the lesson is on: the first of the first setting."""
  setting = groups.words(found[0], list(groups.varied(found)))
  seed = f'seed {found[0].arrays["seed"][0]}'
  return f'{seed} ({setting})' if setting else seed


def _by_delta_rule(found: Sequence[groups.Group]) -> str:
  if len(found) > 1:
    rates = [g.results['delta_rule_solved_rate']['value'] for g in found]
    return (
      f' By the delta rule on the last layer alone, it is {min(rates):.1%} to'
      f' {max(rates):.1%}.'
    )
  said = tables.measured(found[0].results['delta_rule_solved_rate'])
  return f' By the delta rule on the last layer alone, {said} do.'


def _compared(found: Sequence[groups.Group]) -> list[tables.Table]:
  """Returns the three rules on the same nets."""
  names, rows = list(groups.varied(found)), []
  for group in found:
    setting = [group.setting[name] for name in names]
    rows.append((*setting, FULL, group.results['solved_rate'], '', '', ''))
    for rule, name in NAMES.items():
      other = group.arrays[f'{rule}_solved']
      pair = stats.paired_rates(other, group.solved)
      less = stats.as_json(pair.difference)
      solved = group.results[f'{rule}_solved_rate']
      row = (*setting, name, solved, less, pair.only_a, pair.only_b)
      rows.append(row)
  parted = ''
  if len(found) == 1:
    [group] = found
    ways = [group.arrays[f'{rule}_solved'] for rule in NAMES]
    able = group.arrays['separable']
    parted = (
      f' In {int(able.sum()):,} of {len(able):,} nets they do; of these, '
      + ' and '.join(f'{int(way.sum()):,}' for way in ways)
      + ' get there within the budget.'
    )
  return [
    tables.Table(
      'The same nets under three rules',
      (*names, 'rule', 'solved', 'less the full rule', 'only it', 'only full'),
      rows,
      'Seed by seed, from the same start. The gradient of the last layer has'
      ' the σ′ that the delta rule lacks: σ′ parts these two, and the input'
      ' layer parts it from the full rule. With that layer frozen a net can'
      ' solve XOR only if its random hidden units happen to make it linearly'
      f' separable.{parted}',
    )
  ]


def _survival(group: groups.Group, budget: int) -> report.Figure:
  """Nets not yet solved by each rule, over sweeps."""
  times = {FULL: np.where(group.solved, group.arrays['sweeps'], np.nan)}
  times |= {n: group.arrays[f'{rule}_sweeps'] for rule, n in NAMES.items()}
  lines = []
  for sweeps in times.values():
    never = np.isnan(sweeps)
    lines.append(stats.survival(np.where(never, budget, sweeps), never))
  fig, ax = style.figure(size=(7.5, 4.2))
  rates = (group.results[f'{n}_rate'] for n in ('solved', 'delta_rule_solved'))
  full, delta = map(tables.value, rates)
  curves.survival(
    ax, *zip(*lines, strict=True), labels=list(times),
    title=f'{full} solve XOR by the full rule, {delta} by the delta rule',
  )  # fmt: skip
  return report.Figure(
    'rules',
    'How long it takes, by rule',
    f'The share of the same {len(group.solved):,} nets that have not solved the'
    ' task yet, with a 95 % band (pointwise). Where a line stays level, no more'
    ' nets solve it.',
    'Share of nets not yet solved against sweeps, for three rules.',
    style.png(fig),
  )


def _whole(whose: str) -> tables.Table:
  """Returns where the whole sweep is to be found."""
  values, formulas = lesson.FILES
  return tables.Table(
    f'The whole sweep of the net of {whose}, beside this page',
    ('file', 'what is in it'),
    [
      (values, 'every quantity of all four cases, as numbers'),
      (formulas, 'the same as formulas that a spreadsheet computes: change a'
       ' weight, and all that hangs on it changes'),
    ],
  )  # fmt: skip

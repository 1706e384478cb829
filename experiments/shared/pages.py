"""The page that every study of descent shows, from its record."""

import collections
import types
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np

from jaxrep import nets, records, report, stats, tables
from jaxrep.figures import curves, ends, style
from jaxrep.figures import nets as diagrams
from jaxrep.measures.minima import Outcome
from jaxrep.report import Figure
from jaxrep.tables import Table

from . import citing, common, grids
from .grids import NAMES, SEVERAL
from .groups import Group, free, groups, middle, varied, words

WIDE = 7.5  # inches: a figure as wide as the page
LINKS = 200  # of a net; more cannot be told apart in a diagram
NEAR = 0.05  # error: how far from a named state still counts
LONGEST = 20  # rows of the table of final states


class Extra(NamedTuple):
  """What a study adds to the page.

  Attributes:
    figures: after the nets, before the curves.
    tables: below the figures.
  """

  figures: Sequence[Figure] = ()
  tables: Sequence[Table] = ()


def page(
  record: records.Record,
  *,
  title: str,
  question: str,
  states: Mapping[float, str] = types.MappingProxyType({}),
  marks: Mapping[str, float] = types.MappingProxyType({}),
  paper: Mapping[str, float] = types.MappingProxyType({}),
  extra: Callable[[Sequence[Group]], Extra] = lambda found: Extra(),
  shown: Sequence[str] = ('solved_rate', 'sweeps_median'),
  drawn: Sequence[grids.Drawn] = (grids.SOLVED, grids.MEDIAN),
) -> report.Page:
  """Returns the page of a record.

  Args:
    record: finished.
    title: of the page.
    question: what is asked, in one sentence.
    states: final errors that have a name, and what nets there do.
    marks: lines in the survival curve: a source's sweeps.
    paper: the source's setting, by flag, to be marked on maps.
    extra: the record's nets by setting -> what the study adds.
    shown: the results in the table of settings, where there are several.
    drawn: the results drawn over the settings, where there are several.
  """
  found = groups(record.parts, record.summary['settings'])
  added, budget = extra(found), int(record.flags['sweeps'])
  figures = list(added.figures)
  if len(found) == 1:
    [group] = found
    chosen = portraits(group)
    if sum(layer.w.size for layer in layers(group.arrays, 0)) <= LINKS:
      figures = [net_diagrams(group, chosen), *figures]
    figures += [error_curves(group), final_errors(group, states)]
    unsolved = [] if group.solved.all() else [states_table(group, states)]
    below = [*unsolved, *added.tables]
  else:
    figures += grids.figures(found, drawn, paper)
    below = added.tables
  if len(found) <= SEVERAL:
    figures.append(survival(found, budget, marks))
  return assembled(
    record,
    found,
    title=title,
    lede=f'{question} {_answer(record, found)}',
    figures=figures,
    below=below,
    shown=shown,
  )


def assembled(
  record: records.Record,
  found: Sequence[Group],
  *,
  title: str,
  lede: str,
  figures: Sequence[Figure],
  below: Sequence[Table],
  shown: Sequence[str],
) -> report.Page:
  """Returns a page with what every record says: verdicts, results, flags.

  Args:
    record: finished.
    found: its nets by setting.
    title: of the page.
    lede: what is asked, and the answer.
    figures: of the study.
    below: the study's tables.
    shown: the results in the table of settings, where there are several.
  """
  return report.Page(
    title=title,
    lede=lede,
    claims=[
      report.Claim(**{name: claim[name] for name in report.Claim._fields})
      for claim in record.summary['claims']
    ],
    results=[tables.results_table('Results', found[0].results)]
    if len(found) == 1
    else (),
    figures=figures,
    tables=below,
    settings=_settings_table(found, shown) if len(found) > 1 else None,
    command=f'python -m {common.module(record.summary["study"])}'
    ' --flagfile=DIR/run.flags --out=OTHER',
    flags=''.join(f'--{k}={v}\n' for k, v in record.flags.items()),
    machine=records.machine_line(record.folder),
    cite=citing.lines(
      record.summary,
      record.flags,
      [(words(g, list(varied(found))), _cited(g, found, shown)) for g in found],
    ),
  )


def _cited(group, found, shown):
  """Returns all results of one setting; of several, those of the table."""
  if len(found) == 1:
    return group.results
  return {name: group.results[name] for name in shown if name in group.results}


def over_settings(
  record: records.Record, found: Sequence[Group], does: str
) -> str:
  """Returns in a sentence how the share that solves it varies over settings.

  Args:
    record: finished.
    found: its nets by setting, several.
    does: what such a net does, and within what.
  """
  rates = [g.results['solved_rate']['value'] for g in found]
  return (
    f'{len(found):,} settings on the same {len(found[0].solved):,} seeds,'
    f' {record.summary["nets"]:,} nets: the share that {does} runs from'
    f' {min(rates):.1%} to {max(rates):.1%}.'
  )


def _answer(record, found) -> str:
  budget = int(record.flags['sweeps'])
  if len(found) > 1:
    return over_settings(record, found, f'solves it within {budget:,} sweeps')
  results = {k: tables.measured(v) for k, v in found[0].results.items()}
  median = found[0].results['sweeps_median']
  return (
    f'Of {len(found[0].solved):,} nets with {found[0].setting["hidden"]} hidden'
    f' units, {results["solved_rate"]} solve it within {budget:,} sweeps; '
    + (
      'the median net does not.'
      if median['value'] is None
      else f'the median net needs {results["sweeps_median"]}.'
    )
    + f' {results["local_minimum_rate"]} end in a certified local minimum.'
  )


def _settings_table(found, shown) -> Table:
  varying, diverged = varied(found), 'diverged_rate'
  if any(g.results.get(diverged, {}).get('value') for g in found):
    shown = list(dict.fromkeys((*shown, diverged)))
  rows = [
    {
      'setting': {name: g.setting[name] for name in varying},
      'results': {name: g.results.get(name) for name in shown},
    }
    for g in found
  ]
  note = 'All results of every setting are in summary.json.'
  return tables.settings_table('Settings', rows, note=note)


def error_curves(group: Group) -> Figure:
  """Every net's error over sweeps."""
  fig, ax = style.figure(size=(7.5, 4.5))
  arrays = group.arrays
  most = 2000
  before = np.concatenate([[0], arrays['marks'][:-1]])
  ran = before[None] <= arrays['age'][:most, None]  # one mark past the end
  curve = np.where(ran, arrays['curve'][:most], np.nan)
  unsolved = int(np.sum(~group.solved))
  total = len(group.solved)
  title = f'{total - unsolved:,} of {total:,} nets solve the task'
  curves.errors(
    ax, arrays['marks'], curve, arrays['outcome'], NAMES,
    most=most, title=title, ylabel='error E, summed over cases',
  )  # fmt: skip
  return Figure(
    'errors',
    'Error curves',
    f'Each faint line is one net (the first {min(most, total):,} seeds); its'
    ' colour says how it ended. A line falls as the net learns; flat stretches'
    ' are plateaus. Both axes are logarithmic.',
    'Error against sweeps for every net, coloured by outcome.',
    style.png(fig),
  )


def survival(
  found: Sequence[Group], budget: int, marks: Mapping[str, float]
) -> Figure:
  """Nets not yet solved, over sweeps."""
  names = list(free(found))
  lines = []
  for group in found[:SEVERAL]:
    times = np.where(group.solved, group.arrays['sweeps'], budget)
    lines.append(stats.survival(times, ~group.solved))
  fig, ax = style.figure(size=(7.5, 4.2))
  columns = list(zip(*lines, strict=True))
  labels = [
    f'{words(g, names)} (n = {len(g.solved):,})' for g in found[:SEVERAL]
  ]
  left = float(lines[0].share[-1])
  title = f'{left:.1%} are still unsolved after {budget:,} sweeps'
  if len(found) > 1:
    title = 'How long nets take, by setting'
    curves.survival(ax, *columns, labels=labels, marks=marks, title=title)
  else:
    curves.survival(ax, *(c[0] for c in columns), marks=marks, title=title)
  return Figure(
    'survival',
    'How long it takes',
    'The share of nets that have not solved the task yet, with a 95 % band'
    ' (pointwise). It drops where many solve; where it stays level, none do.',
    'Share of nets not yet solved against sweeps.',
    style.png(fig),
  )


def final_errors(group: Group, states: Mapping[float, str]) -> Figure:
  """Where the unsolved nets sit."""
  fig, ax = style.figure(size=(7.5, 4.0))
  title = _named(group, states)
  ends.final_errors(
    ax, group.arrays['error'], group.arrays['outcome'], NAMES,
    named_states=states, tolerance=NEAR, title=title,
    xlabel='final error E, summed over cases',
  )  # fmt: skip
  return Figure(
    'final_errors',
    'Final errors of the unsolved nets',
    'One point a net, one row an outcome as certified in float64; the higher a'
    ' heap, the more nets share that error. Vertical lines mark states with a'
    ' name.',
    'Final errors of unsolved nets by outcome.',
    style.png(fig),
  )


def _named(group: Group, states: Mapping[float, str]) -> str:
  """Returns where most unsolved nets sit, in a few words."""
  errors = group.arrays['error'][~group.solved]
  start = f'{len(errors):,} nets are unsolved'
  near = {e: int(np.sum(np.abs(errors - e) <= NEAR)) for e in states}
  most = max(near, key=near.get, default=None)
  if most is None or not near[most]:
    return start
  return f'{start}, {near[most]:,} of them at E ≈ {most:.3g}'


def states_table(group: Group, states: Mapping[float, str]) -> Table:
  """Returns at which errors unsolved nets sit, most nets first.

  Args:
    group: the nets.
    states: errors that have a name, and what nets there do.
  """
  counts: collections.Counter = collections.Counter()
  unsolved = ~group.solved
  for error, outcome in zip(
    group.arrays['error'][unsolved],
    group.arrays['outcome'][unsolved],
    strict=True,
  ):
    shown, words = f'{error:.2f}' if np.isfinite(error) else 'not finite', ''
    if states:
      nearest = min(states, key=lambda state: abs(state - error))
      if abs(nearest - error) <= NEAR:
        shown, words = f'≈ {nearest:.3g}', states[nearest]
    counts[shown, words, NAMES[int(outcome)]] += 1
  return Table(
    'Where the unsolved nets sit',
    ('final error', 'what it does', 'outcome', 'nets'),
    [(*key, n) for key, n in counts.most_common(LONGEST)],
    f'Errors within {NEAR:g} of a named state are counted there; at most'
    f' {LONGEST} rows.',
  )


def layers(arrays: records.Arrays, row: int) -> nets.Net:
  """Returns one net of a part as layers of NumPy arrays."""
  stacked = records.unpack_net(arrays)
  return tuple(
    nets.Layer(layer.w[row], layer.b[row], layer.unit) for layer in stacked
  )


def states(net: nets.Net, inputs: np.ndarray) -> list[np.ndarray]:
  """Returns what every unit answers, `[C, n]` for the inputs and each layer."""
  exact = jax.default_matmul_precision('highest')
  with exact, np.errstate(over='ignore'):  # of a double that diverged
    states = jax.vmap(nets.activations, (None, 0))(net, inputs)
  return [np.asarray(state) for state in states]


def portraits(group: Group) -> dict[str, int]:
  """Returns rows worth looking at: the median solved net, one a failure.

  The median net is the one whose sweeps to the solve are the median's; of the
  nets of each other outcome, the one with the median final error.
  """
  chosen = {}
  for outcome in Outcome:
    rows = np.flatnonzero(group.arrays['outcome'] == outcome)
    if rows.size:
      key = 'sweeps' if outcome == Outcome.SOLVED else 'error'
      chosen[outcome.label] = middle(group.arrays[key], rows)
  return chosen


def net_diagrams(group: Group, chosen: Mapping[str, int]) -> Figure:
  """The chosen nets, drawn with their weights."""
  fig, axes = style.figure(
    1, len(chosen), size=(max(4.6 * len(chosen), WIDE), 4.8)
  )
  for ax, (name, row) in zip(np.atleast_1d(axes), chosen.items(), strict=True):
    net = layers(group.arrays, row)
    error = group.arrays['error'][row]
    diagrams.diagram(
      ax, [layer.w for layer in net], [layer.b for layer in net],
      key=ax is np.atleast_1d(axes)[0],
      title=f'{name}: seed {group.arrays["seed"][row]}, E = {error:.3g}',
    )  # fmt: skip
  return Figure(
    'nets',
    'Nets, one of each way to end',
    'Inputs below, output above; the number in a unit is its bias, the number'
    ' on a link its weight. Solid dark links are positive, dashed light ones'
    ' negative; the wider, the larger.',
    'Diagrams of nets with their weights: ' + ', '.join(chosen) + '.',
    style.png(fig),
  )

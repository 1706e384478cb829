"""The page of hierarchies of loops that complete partial vectors."""

import numpy as np

from jaxrep import records, report, tables
from jaxrep.figures import panels, settings, style

from ..shared import grids, groups, pages

SHOWN = ('solved_rate', 'updates_median', 'completed_half', 'gain_half')


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  figures = [_completion(group, found) for group in found[: grids.SEVERAL]]
  for group in found:
    if 'close_states' in group.arrays:
      figures.append(_close_up(group))
  if len(found) > 1:
    figures.append(grids.outcomes(found))
  return pages.assembled(
    record,
    found,
    title='A hierarchy of closed loops',
    lede=_lede(record, found),
    figures=figures,
    below=[_table(group, found) for group in found],
    shown=SHOWN,
  )


def _lede(record, found) -> str:
  count, units = found[0].arrays['inputs'].shape
  text = (
    'Two loops share a vector’s halves, and a third reconstructs their hidden'
    ' units; all learn by recirculation. Does the whole complete a vector of'
    f' which only a part is known ({units} units, {count} vectors)?'
  )
  if len(found) > 1:
    return f'{text} {len(found)} settings, {record.summary["nets"]:,} nets.'
  said = {k: tables.measured(v) for k, v in found[0].results.items()}
  half = units // 2
  return (
    f'{text} Of {len(found[0].solved):,} hierarchies, {said["solved_rate"]}'
    ' give all vectors back through the top loop. With one unit missing'
    f' {said["completed_1"]} of partial vectors are completed, with {half}'
    f' {said[f"completed_{half}"]}; without the top loop'
    f' {said["completed_alone_1"]} and {said[f"completed_alone_{half}"]}.'
  )


def _name(group, found) -> str:
  """Returns what tells a group's figure from the others'."""
  return groups.words(group, list(groups.free(found)))


def _series(group) -> dict[str, list]:
  """Returns each series' results by number of missing units."""
  count = group.arrays['completed'].shape[1]
  learnt = int(group.solved.sum())
  chosen = {
    f'with the top loop (n = {len(group.solved):,})': 'completed_{}',
    f'of these, nets that learnt ({learnt:,})': 'completed_{}_learnt',
    'bottom loops alone': 'completed_alone_{}',
  }
  some = 0 < learnt < len(group.solved)
  return {
    label: [group.results[name.format(m)] for m in range(1, count + 1)]
    for label, name in chosen.items()
    if some or 'learnt' not in name
  }


def _completion(group, found) -> report.Figure:
  """The share completed against how much is missing."""
  series = _series(group)
  missing = np.arange(1, group.arrays['completed'].shape[1] + 1)
  numbers = [
    np.array([[r[key] for r in row] for row in series.values()], float)
    for key in ('value', 'low', 'high')
  ]
  half = len(missing) // 2
  least = tables.value(group.results[f'completed_{half}'])
  setting, few = _name(group, found), len(found) == 1
  fig, ax = style.figure(size=(7.5, 4.4))
  settings.rates(
    ax, missing.astype(float), *numbers, xlabel='units missing',
    ylabel='partial vectors completed', labels=list(series), scale='linear',
    curves={'best possible': group.arrays['best_possible']},
    title=f'With {half} of {len(missing)} units missing, {least} are completed'
    + ('' if few else f' ({setting})'),
  )  # fmt: skip
  return report.Figure(
    'completion' if few else f'completion_{found.index(group)}',
    'How much may be missing',
    'The mean share, over nets, of partial vectors that are completed to the'
    ' right one (every unit on its side of 0.5), with its 95 % interval: of all'
    ' ways to leave out so many units. Best possible is a perfect memory that'
    ' guesses among the vectors which agree with the known units.',
    'Share of partial vectors completed against the number of missing units.',
    style.png(fig),
  )


def _close_up(group) -> report.Figure:
  """One net completes vectors whose right half is missing."""
  arrays = group.arrays
  states, at = arrays['close_states'], arrays['close_trips']
  rows, columns = states.shape[1:]
  states = np.concatenate([arrays['inputs'][None], states])
  across = 4
  high = -(-len(states) // across) * (7.5 / across) * max(rows / columns, 0.4)
  fig, ax = style.figure(size=(7.5, 1.3 * high + 0.5))
  panels.grid(
    ax, states, ['the vectors', *(f'trip {t}' for t in at)], columns=across,
    caption='rows: vectors; columns: left half, right half; white 0, dark 1',
  )  # fmt: skip
  return report.Figure(
    'close_completion',
    f'A net completes vectors from their left half: seed'
    f' {arrays["close_seed"][0]}',
    'First the whole vectors, then what the visible units say after so many'
    ' trips: the left half is known, the right half starts at 0.5. The net is'
    ' the one with the median share completed with half of the units missing'
    + (', among those that learnt.' if group.solved.any() else '.'),
    'Visible units of all vectors over the trips of a completion.',
    style.png(fig),
  )


def _table(group, found) -> tables.Table:
  series = _series(group)
  best = group.arrays['best_possible']
  rows = [
    (m + 1, *(row[m] for row in series.values()), tables.number(b, unit='rate'))
    for m, b in enumerate(best)
  ]
  setting = _name(group, found)
  return tables.Table(
    'Partial vectors completed' + (f': {setting}' if setting else ''),
    ('missing', *series, 'best possible'),
    rows,
  )

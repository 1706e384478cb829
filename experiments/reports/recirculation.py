"""The page of the recirculation study."""

from collections.abc import Sequence

import numpy as np

from jaxrep import loops, records, report, tables
from jaxrep.claims import recirculation as claims
from jaxrep.figures import bands, curves, panels, settings, spread, style

from ..results import comparison
from ..results import recirculation as results
from ..shared import grids, groups, pages

PAPER = {'paper: mean 48': claims.MEAN, 'max 202': claims.MAXIMUM}
LINE = {'criterion 0.1': 0.1}
SOLVED = grids.SOLVED._replace(
  label='nets that learn',
  caption='The share of nets within 0.1 on every unit within the budget.',
)
MEDIAN = grids.Drawn(
  'updates_median',
  'How fast they learn',
  'median updates',
  'The median number of weight changes to the criterion, all nets counted.',
  unit='updates',
  missing='less than half learn',
  levels=(),
)
SHOWN = ('solved_rate', 'updates_mean', 'updates_median', 'updates_max')
FOLLOWED = ('aligned_after', 'agreed_after')
CLOSE = {
  'median': 'The median net',
  'slowest': 'The slowest net that learns',
  'never': 'A net that does not learn',
}


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  if len(found) == 1:
    figures, below = _of_one(found[0])
  else:
    paper = {k: v for k, v in claims.SETTING.items() if isinstance(v, float)}
    paper['learning_rate'] = claims.SETTING['learning_rate']
    figures = grids.figures(found, (SOLVED, MEDIAN), paper)
    if len(found) <= grids.SEVERAL:
      figures.append(_spread(found))
    below = []
  return pages.assembled(
    record,
    found,
    title='Recirculation',
    lede=_lede(record, found),
    figures=figures,
    below=below,
    shown=SHOWN + FOLLOWED * all(n in found[0].results for n in FOLLOWED),
  )


def _lede(record, found) -> str:
  question = (
    'Can a closed loop learn to give back its visible vectors by two local'
    ' rules, without a gradient?'
  )
  if len(found) > 1:
    does = f'learns within {int(record.flags["updates"]):,} updates'
    return f'{question} {pages.over_settings(record, found, does)}'
  said = {k: tables.measured(v) for k, v in found[0].results.items()}
  [budget] = found[0].arrays['budget'].tolist()
  text = f'{question} Of {len(found[0].solved):,} loops, '
  for suffix, criterion in (
    ('', 'come within 0.1 on every unit'),
    ('_sse', 'bring the sum of errors below 0.1'),
  ):
    text += f'{said[f"solved_rate{suffix}"]} {criterion} in {budget:,} updates'
    if found[0].results[f'updates_mean{suffix}']['value'] is not None:
      text += f', these on average after {said[f"updates_mean{suffix}"]}'
    text += '; ' if not suffix else '.'
  if 'recirculation_over_backprop' in said:
    text += ' At the best rate of each, on fresh seeds, ' + ', '.join(
      f'{name} takes {said[f"{rule}_updates_mean"]}'
      f' ({tables.value(found[0].results[f"{rule}_solved_rate"])} learn)'
      for rule, name in comparison.NAMES.items()
    )
    text += '.'
  return text


def _of_one(group):
  figures = [_errors(group), _spread([group])]
  if results.COSINE in group.arrays:
    figures.append(_over_time(group))
  [budget] = group.arrays['budget'].tolist()
  best = comparison.best(group.arrays, budget)
  if best:
    figures.append(_search(group, best, budget))
  for k, name in enumerate(group.arrays.get('close_names', ())):
    figures.append(_close_up(group, k, str(name)))
  return figures, [_best_table(group, best)] if best else []


def _errors(group) -> report.Figure:
  """Every net's error by both criteria."""
  arrays, most = group.arrays, 2000
  names = dict(enumerate(arrays['outcomes'].tolist()))
  fig, axes = style.figure(2, 1, size=(7.5, 8.4))
  for ax, curve, suffix, label in (
    (axes[0], 'worst_curve', '', 'largest error of a unit'),
    (axes[1], 'curve', '_sse', '½ SSE, summed over cases'),
  ):
    outcome = arrays['outcome'].copy()
    if suffix:  # by its own criterion
      learnt = np.isfinite(arrays[f'updates{suffix}'])
      outcome = np.where(learnt, 0, np.maximum(outcome, 1))
    rate = tables.value(group.results[f'solved_rate{suffix}'])
    curves.errors(
      ax, arrays['marks'], _until_solved(arrays, curve, suffix), outcome, names,
      most=most, levels=LINE, xlabel='updates', ylabel=label,
      title=f'{rate} of {len(outcome):,} nets get below 0.1',
    )  # fmt: skip
  return report.Figure(
    'errors',
    'Error against update',
    f'Each faint line is one net (the first {min(most, len(outcome)):,} seeds),'
    ' up to the first look after its criterion held. Above, the largest error'
    ' of a unit over all cases, the paper’s criterion; below, the summed ½'
    ' squared error. Errors are measured without regression.',
    'Errors of every net against updates, by two criteria, with the line 0.1.',
    style.png(fig),
  )


def _until_solved(arrays, curve, suffix) -> np.ndarray:
  """Returns curves that end at the first look after the criterion held."""
  marks, updates = arrays['marks'], arrays[f'updates{suffix}']
  before = np.concatenate([[-1], marks[:-1]])
  left = arrays['age'] * (marks[1] - marks[0])  # sweeps -> updates
  ends = np.where(np.isfinite(updates), updates, left)
  return np.where(before[None] < ends[:, None], arrays[curve], np.nan)


def _spread(found: Sequence[groups.Group]) -> report.Figure:
  """How many updates nets take."""
  fig, ax = style.figure(size=(7.5, 4.2))
  names = list(groups.free(found))
  if len(found) == 1:
    arrays = found[0].arrays
    values = [arrays['updates'], arrays['updates_sse']]
    labels = ['every unit within 0.1', 'summed ½ SSE < 0.1']
    title = 'None learns'
    if np.isfinite(values[0]).any():
      mean = tables.measured(found[0].results['updates_mean'])
      title = f'On average {mean}, at most {int(np.nanmax(values[0])):,}'
  else:
    values = [g.arrays['updates'] for g in found]
    labels = [groups.words(g, names) for g in found]
    title = 'How long nets take, by setting'
  spread.spread(
    ax, values, labels=labels, marks=PAPER, xlabel='updates', title=title
  )
  return report.Figure(
    'updates',
    'How many updates it takes',
    'The share of nets by the number of weight changes before their criterion'
    ' first held. The vertical lines are what the paper says of 100'
    ' simulations: their mean, and the slowest.',
    'Distribution of updates over nets, with the paper’s 48 and 202.',
    style.png(fig),
  )


def _over_time(group) -> report.Figure:
  """How changes and weights agree, over all nets, to the horizon."""
  arrays, cosine = group.arrays, group.arrays[results.COSINE]
  marks = arrays['marks'][: cosine.shape[1]]
  series = {'visible → hidden': cosine[..., 0]}
  for k in range(1, cosine.shape[-1] - 1):
    series[f'hidden {k} → {k + 1}'] = cosine[..., k]
  series['hidden → visible'] = cosine[..., -1]
  alike = 'alignment' in arrays
  if alike:
    series['alignment of the matrices'] = arrays['alignment']
  fig, axes = style.figure(1 + alike, 1, size=(7.5, 4.6 + 3.0 * alike))
  first, *rest = np.atleast_1d(axes)
  title = ''
  if 'cosine_vh_late' in group.results:
    vh = tables.number(group.results['cosine_vh_late']['value'], digits=2)
    when = marks[np.searchsorted(marks, results.LATE)]
    title = (
      f'Update {when}: median cosine {vh} of visible → hidden changes with'
      ' steepest descent'
    )
  bands.bands(
    first, marks, *_quantiles(list(series.values())), labels=list(series),
    xlabel='updates', ylabel='cosine (median, 10–90 % of nets)',
    levels={'agree': 1.0, 'unrelated': 0.0},
    title=title,
  )  # fmt: skip
  if alike:
    bands.bands(
      rest[0], marks, *_quantiles([arrays['size_ratio']]),
      labels=['hidden → visible over visible → hidden'], xlabel='updates',
      ylabel='ratio of norms', levels={'equal': 1.0}, scale='log',
    )  # fmt: skip
  return report.Figure(
    'agreement',
    'What the changes have to do with steepest descent',
    'Lines are medians, bands hold 80 % of all nets at each update, learnt or'
    ' not. Above: the cosine of each matrix’s change, biases included, with'
    ' −∂E/∂w, E without regression; and of the one matrix with the other’s'
    ' transpose. Where nets have learnt, σ′ is near 0 for most cases and the'
    ' two part again. Below: how much larger the hidden → visible weights are.',
    'Cosines and the ratio of the matrices’ sizes over updates, as bands.',
    style.png(fig),
  )


def _quantiles(columns: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
  """Returns median, 10 % and 90 % of nets `[L, T]`, at each update."""
  shares = (0.5, 0.1, 0.9)
  found = []
  for column in columns:
    known = np.where(np.isfinite(column), column, np.nan)
    some = np.isfinite(known).any(axis=0)
    at = np.full((len(shares), known.shape[1]), np.nan)
    at[:, some] = np.nanquantile(known[:, some], shares, axis=0)
    found.append(at)
  return tuple(np.stack(found, axis=1))


def _search(group, best, budget) -> report.Figure:
  """The whole search over learning rates."""
  arrays = group.arrays
  rates, momenta = arrays['search_rates'], arrays['search_momenta']
  tried = np.minimum(comparison.halves(arrays)[0], budget)  # [n, 2, A, R]
  order = np.argsort(rates)
  fig, axes = style.figure(1, len(loops.RULES), size=(10.0, 4.4))
  for ax, rule, times in zip(
    axes, loops.RULES, np.moveaxis(tried, 1, 0), strict=True
  ):
    low, high = np.quantile(times, (0.1, 0.9), axis=0)
    lines = (a[:, order] for a in (times.mean(axis=0), low, high))
    mine = [b for b in best.values() if b.rule == rule]
    settings.rates(
      ax, rates[order], *lines, xlabel='learning rate ε',
      ylabel='updates (mean, 10–90 % of nets)',
      labels=[f'α = {alpha:g}' for alpha in momenta], unit='updates',
      yscale='log',
      title=f'{comparison.NAMES[rule]}, best: '
      + ' or '.join(f'ε {b.rate:g}, α {b.momentum:g}' for b in mine),
    )  # fmt: skip
  bottom = min(ax.get_ylim()[0] for ax in axes)
  for ax in axes:
    ax.set_ylim(bottom, 1.3 * budget)
  return report.Figure(
    'search',
    'Each rule at every learning rate that was tried',
    f'Mean updates of {len(tried):,} nets at each ε, and what the middle 80 %'
    f' of nets take; a net that never learns counts with {budget:,}. The lowest'
    ' point of a line is its best ε, which is then tried on fresh seeds.',
    'Updates against learning rate for recirculation and back-propagation.',
    style.png(fig),
  )


def _best_table(group, best) -> tables.Table:
  rows = []
  for name, one in best.items():
    said = [
      group.results[f'{name}_{what}']
      for what in ('updates_mean', 'updates_median', 'solved_rate')
    ]
    edge = 'yes' if one.edge else 'no'
    rule = comparison.NAMES[one.rule]
    rows.append((rule, one.momentum, one.rate, edge, *said))
  return tables.Table(
    'Each at its best, on fresh seeds',
    ('rule', 'α', 'best ε', 'at an end', 'mean updates', 'median', 'learn'),
    rows,
    'Mean and median are of the nets that learn. “At an end”: the best ε is the'
    ' least or the greatest that was tried, or the best α the greatest, so a'
    ' better one may lie beyond.',
  )


def _close_up(group, k, name) -> report.Figure:
  """What one net answers as it learns."""
  arrays = group.arrays
  updates, states = arrays['close_updates'][k], arrays['close_states'][k]
  count = len(np.unique(updates))
  rows, columns = states.shape[1:]
  across = 5
  high = -(-count // across) * (7.0 / across) * max(rows / columns, 0.5)
  fig, ax = style.figure(size=(7.0, min(high + 0.4, 16)))
  panels.grid(
    ax, states[:count], [f'update {u:,}' for u in updates[:count]],
    columns=across,
    caption='rows: vectors; columns: visible units; white 0, dark 1',
  )  # fmt: skip
  return report.Figure(
    f'close_{name}',
    f'{CLOSE[name]}: seed {arrays["close_seeds"][k]}',
    'Each panel is what the loop gives back, without regression, at one update:'
    ' a row for each vector, a column for each visible unit, white for 0 and'
    ' dark for 1.',
    'Reconstructions of all vectors at up to 50 updates.',
    style.png(fig),
  )

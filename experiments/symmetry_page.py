"""The page of the symmetry study."""

from collections.abc import Mapping, Sequence

import numpy as np

from jaxrep import records, report, stats
from jaxrep.figures import ends, style, units
from jaxrep.tasks import symmetry

from . import groups, pages, symmetry_results

MAP = 3  # settings along both axes from which on a grid is drawn as a map


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  budget = int(record.flags['sweeps'])
  paper = {'paper: 1,425': symmetry_results.PAPER_SWEEPS}
  single = len(found) == 1
  figures = _single(record, found[0]) if single else _grid(found)
  if len(found) <= pages.SEVERAL:
    figures.append(pages.survival(found, budget, paper))
  return report.Page(
    title='Mirror symmetry',
    lede=_lede(record, found),
    claims=[
      report.Claim(**{name: claim[name] for name in report.Claim._fields})
      for claim in record.summary['claims']
    ],
    results=[report.results_table('Results', found[0].results)] if single else (),
    figures=figures,
    tables=_tables(record, found[0]) if single else _width_table(found),
    settings=None if single else _settings(record),
    command='python -m experiments.symmetry --flagfile=run.flags --out=OTHER',
    flags=''.join(f'--{k}={v}\n' for k, v in record.flags.items()),
    machine=records.machine_line(record.folder),
  )


def _lede(record, found) -> str:
  flags, first = record.flags, found[0]
  bits, budget = int(flags['bits']), int(flags['sweeps'])
  start = (
    f'Does a layered net learn to tell which of the {2**bits:,} vectors of'
    f' {bits} bits are their own mirror image? '
  )
  if len(found) > 1:
    rates = [g.results['solved_rate']['value'] for g in found]
    return start + (
      f'{len(found)} settings on the same {len(first.solved):,} seeds,'
      f' {record.summary["nets"]:,} nets: the share that solves it within'
      f' {budget:,} sweeps runs from {min(rates):.1%} to {max(rates):.1%}.'
    )
  results = first.results
  return start + (
    f'Of {len(first.solved):,} nets with {flags["hidden"]} hidden units'
    f' {report.measured(results["solved_rate"])} solve it within {budget:,}'
    f' sweeps; the median net needs {report.measured(results["sweeps_median"])}.'
    f' {report.measured(results["local_minimum_rate"])} stop in a point that is'
    ' certified to be a local minimum.'
  )


def states(record: records.Record) -> Mapping[float, str]:
  """Returns the errors of states that can be named, and what they do."""
  bits = int(record.flags['bits'])
  weight = float(record.flags['positive_weight'].split(',')[0])
  positive, negative = 2 ** (bits // 2), 2**bits - 2 ** (bits // 2)
  constant = weight * positive * negative / (weight * positive + negative) / 2
  return {
    weight * positive / 2: 'always says “not symmetric”',
    constant: 'one answer to all, the best there is',
  }


def _single(record, group) -> list[report.Figure]:
  chosen = pages.portraits(group)
  figures = [pages.net_diagrams(group, chosen), _hinton(group, chosen)]
  figures.append(pages.error_curves(group))
  figures.append(pages.final_errors(group, states(record)))
  if group.solved.any():
    if group.arrays['w0'].shape[1] == 6:
      figures.append(_ratios(group))
    figures.append(_sorted_inputs(record, group, chosen['solved']))
  return figures


def _grid(found) -> list[report.Figure]:
  values = list(groups.varied(found).values())
  if len(values) == 2 and min(map(len, values)) >= MAP:
    return [
      pages.heat_map(
        found, 'solved_rate', title='Where nets learn',
        caption='Each cell is one setting; the brighter, the more of its nets'
        ' solve the task within the budget. White lines join equal shares.',
        label='share solved', vmin=0, vmax=1, unit='rate',
        levels=(0.1, 0.5, 0.9),
      ),
      pages.heat_map(
        found, 'sweeps_median', title='How fast they learn',
        caption='The median number of sweeps to the solve, all nets counted;'
        ' black where less than half of the nets solve the task.',
        label='median sweeps', norm='log', missing='less than half solve',
      ),
    ]  # fmt: skip
  return [
    pages.against_settings(
      found, result, title=title, ylabel=ylabel, caption=caption
    )
    for result, title, ylabel, caption in (
      (
        'solved_rate', 'Share of nets that learn', 'nets that solve the task',
        'Each point is one setting, with its 95 % interval.',
      ),
      (
        'sweeps_median', 'How fast they learn', 'median sweeps',
        'Median over all nets, with its 95 % interval; no point where less than'
        ' half of the nets solve the task.',
      ),
    )
  ] if len(values) <= 2 else []  # fmt: skip


def _settings(record) -> report.Table:
  """The settings that vary, and the results that one looks for first."""
  shown = ('solved_rate', 'solved_by_1425_rate', 'sweeps_median', 'ratio_124_rate')
  listed = record.summary['settings']
  varied = [
    name
    for name in listed[0]['setting']
    if len({s['setting'][name] for s in listed}) > 1
  ]
  short = [
    {
      'setting': {name: s['setting'][name] for name in varied},
      'results': {name: s['results'][name] for name in shown},
    }
    for s in listed
  ]
  note = 'All results of every setting are in summary.json.'
  return report.settings_table('Settings', short, note=note)


def _width_table(found) -> list[report.Table]:
  if 'hidden' not in groups.varied(found):
    return []
  names = list(groups.varied(found))
  rows = [
    (
      *(c.setting[name] for name in names),
      stats.as_json(c.rates.difference),
      c.rates.only_a,
      c.rates.only_b,
      c.way,
    )
    for c in symmetry_results.compare_widths(found)
  ]
  return [
    report.Table(
      'More hidden units, on the same seeds',
      (*names, 'solved, less the narrowest', 'only it', 'only the narrowest', ''),
      rows,
      'Each wider net against the narrowest, seed by seed: the difference of'
      ' the shares solved, and how many seeds only one of the two solves.',
    )
  ]


def _hinton(group, chosen) -> report.Figure:
  fig, axes = style.figure(1, len(chosen), size=(2.4 * len(chosen) + 0.6, 4.4))
  for ax, (name, row) in zip(np.atleast_1d(axes), chosen.items(), strict=True):
    first, second = pages.layers(group.arrays, row)
    weights = np.vstack([first.w, first.b[None], second.w.T])
    units.hinton(
      ax, weights, title=name,
      row_labels=[*map(str, range(1, len(first.w) + 1)), 'bias', 'to output'],
      column_labels=[f'h{k + 1}' for k in range(weights.shape[1])],
    )  # fmt: skip
  return report.Figure(
    'hinton',
    'The hidden units of the same nets',
    'One column a hidden unit: its weights from inputs 1, 2, .., its bias and'
    ' its weight to the output. White is positive, black negative, the area is'
    ' the size. A mirror code shows opposite colours of equal size above and'
    ' below the middle.',
    'Hinton diagrams of hidden units: ' + ', '.join(chosen) + '.',
    style.png(fig),
  )


def _ratios(group) -> report.Figure:
  fig, ax = style.figure(size=(6.2, 4.6))
  rate = report.measured(group.results['ratio_124_rate'])
  title = f'{rate} of solved nets have ratios 1:2:4'
  ratios = group.arrays['ratios'][group.solved]
  ends.ratios(
    ax, ratios.reshape(-1, 3)[:, 1:],
    targets={'1:2:4': (2, 4), '2:3:4': (1.5, 2)}, title=title,
  )  # fmt: skip
  return report.Figure(
    'ratios',
    title,
    'One point a hidden unit of a solved net: the sizes of its three pairs of'
    ' weights, sorted, as ratios to the smallest. The crosses are exact ratios.',
    'Ratios of weight sizes of the hidden units of solved nets.',
    style.png(fig),
  )


def _sorted_inputs(record, group, row) -> report.Figure:
  inputs, targets = symmetry.patterns(
    int(record.flags['bits']), coding=record.flags['coding']
  )
  net = pages.layers(group.arrays, row)
  totals = inputs @ net[0].w + net[0].b
  hidden = totals.shape[1]
  fig, axes = style.figure(hidden, 1, size=(7.5, 3.4 * hidden))
  for k, ax in enumerate(np.atleast_1d(axes)):
    units.sorted_inputs(
      ax, totals[:, k], targets[:, 0],
      labels=['not symmetric', 'symmetric'],
      vectors=inputs if len(inputs) <= 64 else None,
      title=f'hidden unit {k + 1}',
    )  # fmt: skip
  return report.Figure(
    'sorted_inputs',
    'What the hidden units of the median solved net see',
    'All vectors in the order of a hidden unit’s net input; the vector stands'
    ' below its point, black where a bit is on. Symmetric vectors share one'
    ' value, just below the threshold, and no other vector comes near it.',
    'Vectors sorted by the net input of each hidden unit.',
    style.png(fig),
  )


def _tables(record, group) -> list[report.Table]:
  arrays, solved = group.arrays, group.solved
  pairs = arrays['w0'].shape[1] // 2
  words = np.append(arrays['orders'], 'differs between units')
  names, counts = np.unique(words[arrays['order'][solved]], return_counts=True)
  keeps = [
    (':'.join(map(str, ratio)), group.results[name.replace('correct', 'keeps') + '_rate'])
    for name, ratio in symmetry_results.put_ratios(pairs).items()
  ]  # fmt: skip
  return [
    report.Table(
      'Where the unsolved nets sit',
      ('final error', 'what it does', 'outcome', 'nets'),
      pages.final_states(group, states(record)),
      'Errors within 0.05 of a named state are counted there.',
    ),
    report.Table(
      'Exact mirror weights put into every solved net',
      ('ratio put in', 'right on all cases after it'),
      keeps,
      'Biases, output weights, each hidden unit’s norm and the order of its'
      ' pairs are kept. Ratios in which two sets of pairs weigh the same cannot'
      ' work.',
    ),
    report.Table(
      'Which pair holds which size, from the outside in',
      ('order', 'solved nets'),
      sorted(zip(names.tolist(), counts.tolist(), strict=True), key=lambda r: -r[1]),
    ),
  ]  # fmt: skip

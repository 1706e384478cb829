"""The page of the localization study."""

import numpy as np

from jaxrep import records, report, tables
from jaxrep.claims import localization as claims
from jaxrep.figures import heights, style
from jaxrep.figures import storage as rows
from jaxrep.report import Figure

from ..shared import every_net, groups, pages
from . import storage_figures, storage_grids

SHOWN = (
  *('r2_weights', 'r2_weights_other_net', 'r_weights_within_pixels'),
  *('r_biases', 'phase1_accuracy'),
)
QUESTION = (
  'Are the weights that learning of two digits changes most those in which nets'
  ' differ that have learnt one or the other?'
)
QUESTIONS = {
  'R² over weights, within neurons?': 'r2_weights_within',
  'Between neurons, a point each?': 'r2_weights_between',
  'Without the pixels that are blank in all images?': (
    'r2_weights_active_pixels'
  ),
  'Tallied over all of phase 1?': 'r2_weights_whole',
  'Over the part of it that is not tallied?': 'r2_weights_rest',
  'With the updating of another net?': 'r2_weights_other_net',
  'Which share of R² is lost so (median)?': 'r2_weights_own_share',
  'r within pixels: by how much is it above that of forks paired the wrong'
  ' ways?': 'r_weights_within_pixels_above_swaps',
  'r over biases: the same?': 'r_biases_above_swaps',
  'How many independent points scatter within pixels as the weights do when'
  ' neurons are relabelled (median)?': 'effective_weights',
  'How often would a p-value that takes weights for independent find something'
  ' (p ≤ 0.05) in tallies by lot?': 'naive_false_rate',
  'Put back: does high and low updating matter to its own pair?': (
    'put_back_contrast'
  ),
  'The same, high and low within pixels?': 'put_back_contrast_within_pixels',
  'By the updating of another net?': 'put_back_contrast_other_net',
  'Exchanged: does high and low updating matter to its own pair?': (
    'exchanged_contrast'
  ),
  'Exchanged, high and low within pixels?': 'exchanged_contrast_within_pixels',
  'Exchanged, by the updating of another net?': 'exchanged_contrast_other_net',
  'Is the pixel map that of all nets (r with the mean of the others)?': (
    'pixel_map_likeness'
  ),
  'Which share of its pixels is above 0?': 'pixel_r_above_0',
  'Which share of weights is where its bias is?': 'on_bias',
  'Without blank pixels?': 'active_on_bias',
  'After which share of phase 1 is the loss within 10 % of its least (median;'
  ' means over a tenth)?': 'loss_settled_at',
  'How much of it is left at the end of the forks?': 'loss_after_forks',
}
IMAGES = {'mnist': 'MNIST', 'digits': '8×8 digits'}


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  if len(found) == 1:
    figures = [
      *storage_figures.of_median(found[0]),
      storage_figures.maps(found[0]),
      storage_figures.ways(found[0]),
      *moved(found[0]),
      storage_figures.losses(found[0]),
    ]
  else:
    figures = storage_grids.figures(found)
  return pages.assembled(
    record,
    found,
    title=f'Knowledge localization ({IMAGES[record.flags["data"]]})',
    lede=f'{QUESTION} {_answer(record, found)}',
    figures=figures,
    below=[_questions(found[0])] if len(found) == 1 else (),
    shown=SHOWN,
  )


def _answer(record, found) -> str:
  if len(found) > 1:
    return _over(found)
  [group] = found
  said = {k: tables.measured(v) for k, v in group.results.items()}
  pairs = ' and '.join(
    f'{pair[0]}s and {pair[1]}s' for pair in group.setting['pairs'].split(',')
  )
  words = (
    f'{len(group.arrays["seed"]):,} nets that tell {pairs} apart'
    f' ({said["phase1_accuracy"]} of test images at the fork): R² of relative'
    ' updating and relative difference is, as a mean of nets,'
    f' {said["r2_weights"]} over input weights and {said["r2_biases"]} over'
    ' hidden biases. With the updating of another net, which met the same'
    f' images, it is {said["r2_weights_other_net"]}. Within pixels r is'
    f' {said["r_weights_within_pixels"]}.'
  )
  if 'weights_significant_rate' in said:
    words += (
      ' It is higher than with neurons relabelled (p ≤ 0.05) within pixels in'
      f' {said["weights_significant_rate"]} of nets, over biases in'
      f' {said["biases_significant_rate"]}.'
    )
  return (
    f'{words} Exchanged between forks, weights of high and low updating matter'
    f' to their own pair by {said["exchanged_contrast"]} more than to the other'
    f' ({said["exchanged_contrast_within_pixels"]} within pixels); put back, by'
    f' {said["put_back_contrast"]}'
    f' ({said["put_back_contrast_within_pixels"]}).'
  )


def _over(found) -> str:
  """Returns how far R² runs over settings, and where its ends are."""
  known = [g for g in found if g.results['r2_weights']['value'] is not None]
  if not known:
    return 'The ratios are undefined at all settings.'
  names = list(groups.free(found))
  ends = [
    end(known, key=lambda g: g.results['r2_weights']['value'])
    for end in (min, max)
  ]
  least, most = (
    f'{tables.measured(g.results["r2_weights"])} ({groups.words(g, names)})'
    for g in ends
  )
  return (
    f'At {len(found)} settings on the same {len(found[0].arrays["seed"]):,}'
    ' seeds R² of relative updating and relative difference, over input'
    f' weights, runs from {least} to {most}, means of nets.'
  )


def _questions(group) -> tables.Table:
  """Returns what else was asked of the nets, and the answers."""
  rows = [
    (words, group.results[name], group.results[name]['n'])
    for words, name in QUESTIONS.items()
    if name in group.results
  ]
  neurons = int(group.setting['hidden'].split('-')[0])
  note = (
    'R² are means of nets. What matters to its own pair: (high − low) for the'
    ' first pair less that for the second, halved; shares of what forks differ'
    ' in. Chance alone gives biases, and means of neurons, an R² of about'
    f' {1 / max(neurons - 1, 1):.3f}, as there are {neurons}.'
  )
  return tables.Table(
    'Questions', ('question', 'answer, 95 %', 'n'), rows, note
  )


def _kind(kind: str) -> str:
  """Returns which weights are moved, as a row says it."""
  word, _, rest = kind.partition('_')
  if word == 'random':
    return word
  rest = rest.replace('_', ' ').replace('other net', 'by another net')
  return f'{word} updating{rest and ", " + rest}'


def _changes(results) -> str:
  """Returns which share of forks' change the weights moved make up."""
  parts = []
  for kind in ('highest', 'random', 'lowest'):
    shares = [
      tables.value(results[f'change_{kind}_{pair}'])
      for pair in ('first', 'second')
    ]
    parts.append(f'{shares[0]} and {shares[1]} is in the {kind}')
  return ', '.join(parts) + ' (first pair, second pair)'


def moved(group: groups.Group) -> list[Figure]:
  """What is lost when weights are put back or exchanged, two figures."""
  return [_moved(group, *way) for way in (
    ('put_back', 'Put back to what they were at the fork', 1.0,
     'share of the forks’ difference that is lost'),
    ('exchanged', 'Exchanged between two forks', 0.5,
     'share of the way to changing places'),
  )]  # fmt: skip


def _moved(group, way, title, scale, xlabel) -> Figure:
  whole, results = group.arrays['separation_whole'], group.results
  kinds = [str(k) for k in group.arrays['kinds'] if k != 'all']
  digits = group.setting['pairs'].split(',')
  series = [f'{pair[0]} v {pair[1]}' for pair in digits]
  labels = [_kind(kind) for kind in kinds]
  columns = {name: [] for name in ('values', 'value', 'low', 'high')}
  for p, place in enumerate(('first', 'second')):
    found = [results[f'{way}_{kind}_{place}'] for kind in kinds]
    for name in ('value', 'low', 'high'):
      columns[name].append(every_net.numbers(found, name))
    with np.errstate(divide='ignore', invalid='ignore'):
      part = whole[:, p] > claims.APART  # those whose means are shown
      columns['values'].append(
        [
          scale
          * (1 - group.arrays[f'separation_{way}_{kind}'] / whole)[part, p]
          for kind in kinds
        ]
      )
  fig, ax = style.figure(size=(7.5, heights.rows(len(kinds), 2)))
  rows.every_net(
    ax, labels, columns['values'], columns['value'], columns['low'],
    columns['high'], series=series, xlabel=xlabel, title=title,
  )  # fmt: skip
  return Figure(
    way,
    f'{title}: what becomes of telling digits',
    'Two forks have learnt different digits of a pair, and so differ in the AUC'
    ' by which their outputs tell one digit from the other; a bias towards one'
    ' answer does not touch that. Rows: which active input weights are moved in'
    ' both forks, by relative updating for the first pair (high: changed by'
    f' {digits[0][0]}s and {digits[0][1]}s; low: by {digits[1][0]}s and'
    f' {digits[1][1]}s). If knowledge lay where updates were, the highest would'
    ' matter more to the first pair, and the lowest to the second. But the'
    ' highest are mostly whole pixels, where the first pair has ink: within'
    ' pixels the highest and lowest neurons of each are taken. Of the'
    f' squared change of input weights since the fork {_changes(results)}.',
    f'{title}: effect on both pairs of digits, for each choice of weights.',
    style.png(fig),
  )

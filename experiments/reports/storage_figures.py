"""Figures of the nets of one setting: the source's four, and controls."""

import numpy as np

from jaxrep import localization, tables
from jaxrep.claims import localization as claims
from jaxrep.figures import heights, style
from jaxrep.figures import losses as curves
from jaxrep.figures import storage as rows
from jaxrep.figures import tallies as scatters
from jaxrep.report import Figure

from ..shared import every_net, groups

CLUSTERS = 24  # neurons shown by colour; more cannot be told apart
ROWS = {  # result -> what it is of
  'weights': 'input weights',
  'weights_active_pixels': 'without blank pixels',
  'weights_within': 'within neurons',
  'weights_between': 'between neurons',
  'weights_within_pixels': 'within pixels',
  'biases': 'hidden biases',
  'weights_2': 'second-layer weights',
  'weights_whole': 'weights, all of phase 1 tallied',
  'weights_rest': 'weights, only the rest of it',
}
CONTROLS = {  # kind of control -> in words
  'other_net': 'another net’s updating',
  'shuffled': 'labels by lot',
  'swapped': 'forks',
  'crossed': 'forks',
}
OF = {'weights': 'weights', 'weights_within_pixels': 'within pixels',
      'biases': 'biases'}  # fmt: skip
SOURCE = {
  'weights': claims.WEIGHTS**0.5,
  'biases': claims.BIASES**0.5,
}


def _median(arrays) -> int:
  """Returns the row of the net with the median R², undefined ones last."""
  r2 = arrays['r_weights'] ** 2
  return groups.middle(r2, np.arange(len(r2)))


def of_median(group: groups.Group) -> list[Figure]:
  """The source's first three figures, for the net with the median R².

  None where the ratios of nets are not kept.
  """
  arrays = group.arrays
  if 'updating_w0' not in arrays:
    return []
  row = _median(arrays)
  said = f'seed {arrays["seed"][row]}, the net with the median R²'
  x, y, bias_x, bias_y = (
    arrays[f'{ratio}_{kind}0'][row]
    for kind in ('w', 'b')
    for ratio in ('updating', 'difference')
  )
  pair = group.setting['pairs'].split(',')[0]
  axes = (
    'Each point is one parameter of one net. Across: which share of its updates'
    f' came from {pair[0]}s and {pair[1]}s. Up: which share of its'
    ' differences is between the forks that have learnt different ones of'
    ' these.'
  )
  figures = []
  for name, words, a, b in (
    ('biases', 'hidden biases', bias_x, bias_y),
    ('weights', 'input weights', x.ravel(), y.ravel()),
  ):
    fig, ax = style.figure(size=(6.0, 5.2))
    r = arrays[f'r_{name}'][row]
    scatters.scatter(ax, a, b, title=f'{words}: R² = {r**2:.3f}')
    figures.append(
      Figure(
        name,
        f'Relative updating and relative difference: {words} ({said})',
        f'{axes} The line is the least-squares fit.',
        f'Scatter of relative difference against relative updating, {words}.',
        style.png(fig),
      )
    )
  fig, ax = style.figure(size=(6.6, 5.2))
  scatters.clusters(
    ax, x, y, bias_x, bias_y, most=CLUSTERS,
    title=f'{arrays["on_bias"][row]:.1%} of weights are where their bias is',
  )  # fmt: skip
  figures.append(
    Figure(
      'clusters',
      f'The same weights by neuron ({said})',
      f'Weights of the first {min(CLUSTERS, len(bias_x))} neurons, a colour'
      ' each; rings are their biases. A pixel that is blank in every image'
      ' feeds a constant, so its weights are updated as the bias is, and lie on'
      ' it (but for rounding): points there are not new evidence.',
      'Weights by neuron, with bias points over them.',
      style.png(fig),
    )
  )
  return figures


def maps(group: groups.Group) -> Figure:
  """r over each pixel's outgoing weights: a net's, the mean, the spread."""
  arrays, side = group.arrays, int(group.arrays['side'][0])
  r = arrays['pixel_r']
  row = _median(arrays)
  known = np.isfinite(r)
  count = np.maximum(known.sum(axis=0), 1)
  mean = np.where(known, r, 0).sum(axis=0) / count
  deviation = np.sqrt(np.where(known, (r - mean) ** 2, 0).sum(axis=0) / count)
  mean[~known.any(axis=0)] = np.nan
  deviation[known.sum(axis=0) < 2] = np.nan
  margin, frame = localization.margins(side)
  boxes = {
    'centre': (margin, side - margin, margin, side - margin),
    'edge: outside': (frame, side - frame, frame, side - frame),
  }
  fig, axes = style.figure(1, 3, size=(12.0, 4.4))
  shape = (side, side)
  scatters.pixel_map(
    axes[0], r[row].reshape(shape), label='r', limit=1.0,
    title=f'seed {arrays["seed"][row]}',
  )  # fmt: skip
  scatters.pixel_map(
    axes[1], mean.reshape(shape), label='mean r', limit=1.0, boxes=boxes,
    title=f'mean of {len(r):,} nets',
  )  # fmt: skip
  scatters.pixel_map(
    axes[2], deviation.reshape(shape), label='SD of r', spread=True,
    title='spread over nets',
  )  # fmt: skip
  said = {k: tables.measured(v) for k, v in group.results.items()}
  return Figure(
    'pixel_map',
    'The correlation over each pixel’s outgoing weights',
    'Left: the net with the median R²; middle: the mean of all nets; right: how'
    ' much nets differ. Cells below 0 carry a minus. Mean r in the centre'
    f' {said["pixel_r_centre"]}, at the edge {said["pixel_r_edge"]}; its size,'
    f' without blank pixels, {said["pixel_size_centre"]} and'
    f' {said["pixel_size_edge"]}, as signs cancel. A'
    ' net’s map correlates with the mean map of the others by'
    f' {said["pixel_map_likeness"]}. Pixels blank in all images show the'
    ' correlation of the biases.',
    'Maps of the correlation over pixels: one net, mean, standard deviation.',
    style.png(fig),
  )


def ways(group: groups.Group) -> Figure:
  """r of all kinds, every net shown, controls below."""
  digits = group.setting['pairs'].replace(',', '')
  labels = {n: w for n, w in ROWS.items() if f'r_{n}' in group.arrays}
  kinds = len(labels)
  for control, words in CONTROLS.items():
    if words == 'forks':  # 1 with 6 and 7 with 8; or 1 with 8 and 7 with 6
      a, b, c, d = digits
      c, d = (c, d) if control == 'swapped' else (d, c)
      words = f'forks {a} | {c}, {b} | {d}'
    for name, what in OF.items():
      head, _, tail = name.partition('_')
      labels[f'{head}_{control}{tail and "_" + tail}'] = f'{words}: {what}'
  found = [group.results[f'r_{n}'] for n in labels]
  fig, ax = style.figure(size=(7.5, heights.rows(len(labels))))
  rows.every_net(
    ax, list(labels.values()), [group.arrays[f'r_{n}'] for n in labels],
    *(every_net.numbers(found, field) for field in ('value', 'low', 'high')),
    xlabel='r of relative updating and relative difference',
    source=[SOURCE.get(n) for n in labels],
    source_label='the source, √R²',
    rule_after=kinds,
    title='What is left of the correlation',
  )  # fmt: skip
  return Figure(
    'ways',
    'How much of the correlation is left, and what controls show',
    'A dot is a net. Within neurons (pixels): the means of each neuron (pixel)'
    ' are taken away first. Below the line are controls: updating tallied in'
    ' another net that met the same images; updating tallied over images drawn'
    ' by lot; differences between forks paired the wrong ways. What another'
    ' net’s updating gives as well belongs to the images, not to where this'
    ' net keeps what it knows; what wrong pairs give as well is not about the'
    ' pair.',
    'r of each net by kind of parameter and control.',
    style.png(fig),
  )


def losses(group: groups.Group) -> Figure:
  """Every net's running loss over the images seen."""
  arrays = group.arrays
  windows = arrays['curve'].shape[1]
  ends = (np.arange(windows) + 1) / windows
  first = int(arrays['phase1_images'][0])
  forks = arrays['fork_images']
  digits = group.setting['pairs'].replace(',', '')
  fig, ax = style.figure(size=(7.5, 4.2))
  after = {
    f'without {others(digits, k)}': arrays['fork_curves'][:, k]
    for k in range(4)
  }
  curves.running_loss(
    ax, ends * first, arrays['curve'], ylabel='loss of an image',
    forks=(first + ends * float(np.mean(forks)), after),
    title='Running loss',
  )  # fmt: skip
  said, after_forks = (
    tables.measured(group.results[name])
    for name in ('loss_settled_at', 'loss_after_forks')
  )
  return Figure(
    'loss',
    'The loss of an image before its update',
    f'Each point is the mean over a hundredth of phase 1 ({first:,} images), or'
    ' of a fork. In phase 1 it is within 10 % of its least (means over a'
    f' tenth) after {said} of the images (median of nets); at the end of the'
    f' forks it is {after_forks} of that at the end of phase 1. All nets meet'
    ' the same images, so they rise and fall together.',
    'Running loss of every net over images seen.',
    style.png(fig),
  )


def others(digits: str, k: int) -> str:
  """Returns the digit that fork k does without: the other one of its pair."""
  return digits[k ^ 1]

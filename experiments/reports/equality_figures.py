"""Figures of nets of one setting that were searched for causal variables."""

import numpy as np

from jaxrep import equality, tables
from jaxrep.claims import equality as claims
from jaxrep.figures import alignments, formation, heights, style
from jaxrep.figures import searches as searched
from jaxrep.figures import storage as rows
from jaxrep.measures import alignment
from jaxrep.report import Figure

from ..results import equality as results
from ..shared import every_net, groups
from . import equality_nets
from . import equality_words as words

OF = {  # what more a caption says
  'both': ' A low IIA is no proof of absence: the inputs hold both equalities'
  ' for certain (see below; k = 8 are then the entities themselves).',
  'left': ' The inputs hold it for certain.',
  'identity': ' At the inputs it is there for certain, as a is among them; in'
  ' the hidden layers it is a control, as the task does not need it.',
}
CONTROLS = {
  'untrained_rotation': 'untrained rotation',
  'untrained_net': 'untrained net, searched',
  'shuffled_labels': 'shuffled labels, searched',
}
WITHOUT = {  # how an alignment came about
  'searched': 'the rotation found',
  'nearest': 'neurons nearest to it',
  'greedy': 'neurons one by one',
  'windows': 'neighbours, brute force',
}
CONCEPTS = {'left': '(a = b)', 'right': '(c = d)', 'answer': 'y'}


def by_site(group: groups.Group, hypothesis: str) -> Figure:
  """IIA of one hypothesis at every layer and k, every net shown."""
  arrays, found = group.arrays, group.results
  sites, ks = arrays['sites'], arrays['ks']
  learnt = arrays['learnt']

  def grid(get):
    return [[get(int(site), int(k)) for k in ks] for site in sites]

  def name(site, k):
    return f'iia_{hypothesis}_l{site}_k{k}'

  def means(control):
    return np.array(
      grid(
        lambda site, k: found.get(
          f'{control}_{hypothesis}_l{site}_k{k}', {'value': None}
        )['value']
      ),
      float,
    )

  printed = grid(
    lambda site, k: np.mean(
      claims.PRINTED.get((hypothesis, site, k), np.nan)
      if _printed(group) else np.nan
    )
  )  # fmt: skip
  fig, ax = style.figure(size=(8, 4.8))
  alignments.by_site(
    ax, [words.site_name(site) for site in sites], ks,
    grid(lambda site, k: arrays[name(site, k)][learnt]),
    *(np.array(grid(lambda site, k, f=f: found[name(site, k)][f]), float)
      for f in every_net.FIELDS),
    published=np.array(printed, float),
    published_label=f'published (the most of {claims.NETS} nets)',
    controls={word: means(control) for control, word in CONTROLS.items()},
    apart=grid(lambda site, k: arrays[name(site, k)][~learnt])
    if not learnt.all() else None,
    title=f'{words.HYPOTHESES[hypothesis].capitalize()}: found where?',
  )  # fmt: skip
  return Figure(
    f'iia_{hypothesis}',
    f'Alignments found: {words.HYPOTHESES[hypothesis]}',
    'Each dot is a net: how often it answers as the causal model says after the'
    ' coordinates that the search found were taken from another input, on fresh'
    ' pairs. Chance is 0.5. Beside it are controls: the rotation that a search'
    ' starts from, searches in untrained nets, and searches whose'
    ' counterfactual labels are shuffled. The first and the last need not'
    ' be at chance: any rotation moves some of what decides,'
    ' and without information a search still learns to leave the net unsure.'
    f'{OF[hypothesis]}',
    f'IIA by layer and k, every net, for {words.HYPOTHESES[hypothesis]}.',
    style.png(fig),
  )


def _printed(group) -> bool:
  """Returns whether the source's numbers are of such nets."""
  task_only = ('width', 'depth', 'activation', 'entities', 'dimension')
  return all(group.setting[n] == claims.NET[n] for n in task_only)


def inputs(group: groups.Group) -> Figure:
  """The known rotation, searches from random starts, and the basin curve."""
  arrays = group.arrays
  labels, ceiling, reached, series = [], [], [], {}
  turned, random = [], []
  for twin in results.twins(arrays):
    asked = results.asked(arrays, twin)
    for kind in alignment.MAPS:
      label = f'{words.TWINS.get(twin, twin)}, {kind}'
      labels.append(label)
      ceiling.append(arrays[f'known_{twin}'][asked])
      reached.append(arrays[f'input_{twin}_{kind}'][asked])
      points = [
        group.results[f'search_return_input_{twin}_{kind}_{turn:g}']
        for turn in equality.TURNS
      ]
      series[label] = tuple(
        every_net.numbers(points, field) for field in every_net.FIELDS
      )
    turned.append(np.nanmean(arrays[f'basin_{twin}_angle'], axis=0))
    random.append(np.nanmean(arrays[f'input_{twin}_angle']))
  fig, (left, right) = style.figure(1, 2, size=(11, 4.8))
  searched.ceiling_and_searches(
    left, labels, ceiling, reached, within=claims.WITHIN,
    title='Do searches find what is there?',
  )  # fmt: skip
  searched.basin(
    right, np.mean(turned, axis=0), series, random=float(np.mean(random)),
    title='From how far do they return?',
  )  # fmt: skip
  return Figure(
    'inputs',
    'Is it not there, or did the search fail?',
    'At the inputs, with k as many as an entity has numbers, (a − b) and'
    ' (c − d) span what both equalities need: the known rotation is the'
    ' ceiling.'
    ' Left: what searches from random starts reach in the same nets. Right: the'
    ' share of searches that come back to within'
    f' {claims.WITHIN:g} of it from starts turned away from it.',
    'IIA of the known rotation and of searches at the inputs, and the share of'
    ' searches that return by distance of the start.',
    style.png(fig),
  )


def growth(group: groups.Group) -> Figure | None:
  """IIA along the training of the task, with the task's accuracy."""
  arrays = group.arrays
  hypothesis, _, _ = words.first(group)
  k = int(arrays['control_ks'].max())
  asked = np.isfinite(arrays['growth']).any(axis=(1, 2)) & arrays['learnt']
  if not asked.any():
    return None
  # Where examples are few some marks fall together.
  examples, marks = np.unique(arrays['examples'], return_index=True)
  series = {'task accuracy': arrays['curve'][asked][:, marks]}
  for s, site in enumerate(arrays['sites']):
    if site:
      grown = arrays['growth'][asked, s]
      series[f'IIA, {words.site_name(site)}'] = grown[:, marks]
  fig, ax = style.figure(size=(7.5, 4.6))
  formation.growth(
    ax, examples, dict(list(series.items())[:6]),
    title=f'Alignments along training ({hypothesis}, k = {k})',
  )  # fmt: skip
  return Figure(
    'growth',
    'How alignments grow',
    f'At each mark the net as it then was is searched anew: {hypothesis},'
    f' k = {k}. Faint lines are nets, thick ones medians.',
    'Task accuracy and IIA over training examples.',
    style.png(fig),
  )


def restarts(group: groups.Group) -> Figure | None:
  """Searches from different starts in the same nets."""
  arrays = group.arrays
  site, _ = results.headline(arrays)
  k = int(np.argmax(arrays['control_ks']))
  values = arrays['restarts'][arrays['learnt'], site, k]
  values = values[np.isfinite(values).all(axis=1)]
  hypothesis, layer, width = words.first(group)
  share = group.results.get(f'between_nets_{hypothesis}_l{layer}_k{width}')
  if share is None:  # of one net, or of one search each
    return None
  fig, ax = style.figure(size=(7.5, 4.2))
  searched.restarts(
    ax, values,
    title=f'{tables.measured(share)} of the variance is between nets',
  )  # fmt: skip
  return Figure(
    'restarts',
    'Is the spread between nets, or between searches?',
    f'{words.site_name(layer).capitalize()}, k = {width}, {hypothesis}: each'
    ' dot is a search from another random start, each column a net.',
    'IIA of several searches in each net, nets sorted.',
    style.png(fig),
  )


def probes(group: groups.Group) -> Figure:
  """What linear probes read at each layer, before and after training."""
  arrays = group.arrays
  learnt = arrays['learnt']
  series = {
    CONCEPTS[str(name)]: tuple(
      arrays[which][learnt][:, :, c] for which in ('probes', 'probes_untrained')
    )
    for c, name in enumerate(arrays['concepts'])
  }  # fmt: skip
  fig, ax = style.figure(size=(7.5, 4.4))
  formation.probes(
    ax, [words.site_name(site) for site in arrays['sites']], series,
    title='What a linear probe reads',
  )  # fmt: skip
  return Figure(
    'probes',
    'Concepts, or speed to the end?',
    'The share of unseen examples on which a logistic regression from the units'
    ' of a layer tells (a = b), (c = d) and the answer y. A net that forms'
    ' the concepts first would let them be read before y.',
    'Accuracy of linear probes by layer, trained and untrained.',
    style.png(fig),
  )


def without(group: groups.Group) -> Figure:
  """Alignments of single neurons beside those of a rotation."""
  arrays, found = group.arrays, group.results
  hypothesis, _, k = words.first(group)
  place, learnt = list(arrays['ks']).index(k), arrays['learnt']
  labels, values, named, source = [], [], [], []
  for s, site in enumerate(arrays['sites']):
    for way, said in WITHOUT.items():
      head = 'iia' if way == 'searched' else way
      name = f'{head}_{hypothesis}_l{site}_k{k}'
      labels.append(f'{words.site_name(site)}: {said}')
      values.append(
        arrays[name][learnt] if head == 'iia' else arrays[way][learnt, s, place]
      )
      named.append(found[name])
      printed = (hypothesis, int(site), k) == ('both', 1, 8) and _printed(group)
      bounds = claims.NEURONS.get(way) if printed else None
      source.append(None if bounds is None else float(np.mean(bounds)))
  fig, ax = style.figure(size=(7.5, heights.rows(len(labels))))
  rows.every_net(
    ax, labels, values,
    *(every_net.numbers(named, field) for field in every_net.FIELDS),
    xlabel='interchange-intervention accuracy (IIA)', source=source,
    source_label=f'published (the most of {claims.NETS} nets)', zero=0.5,
    title=f'With a rotation and without ({hypothesis}, k = {k})',
  )  # fmt: skip
  return Figure(
    'neurons',
    'Neurons as they are',
    'The same interchange with whole neurons, as many as the rotation has'
    ' dimensions: those nearest to the rotation found, those chosen one by one,'
    ' and the best windows of neighbours. All are judged on fresh pairs. At the'
    ' inputs windows of 8 are pairs of entities: there brute force finds what a'
    ' search may miss.',
    'IIA with a rotation and with single neurons, by layer.',
    style.png(fig),
  )


def figures(group: groups.Group) -> list[Figure]:
  """Returns all figures of the nets of one setting."""
  found = [by_site(group, str(h)) for h in group.arrays['hypotheses']]
  if results.twins(group.arrays):
    found.append(inputs(group))
  found += [
    *equality_nets.examples(group),
    equality_nets.rotations(group),
    without(group),
  ]
  found += [f for f in (restarts(group), growth(group)) if f is not None]
  return [*found, probes(group)]

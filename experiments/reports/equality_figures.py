"""Figures of nets of one setting that were searched for causal variables."""

import functools

import jax
import numpy as np

from jaxrep import equality, nets, records, tables
from jaxrep.claims import equality as claims
from jaxrep.figures import alignments, formation, heights, interchanges, style
from jaxrep.figures import searches as searched
from jaxrep.figures import storage as rows
from jaxrep.measures import alignment
from jaxrep.report import Figure
from jaxrep.tasks import counterfactuals
from jaxrep.tasks import equality as task

from ..results import equality as results
from ..shared import every_net, groups

HYPOTHESES = {  # as a title says it
  'both': 'both equalities, (a = b) and (c = d)',
  'left': 'the left equality, (a = b)',
  'identity': 'the first argument itself, a',
}
OF = {  # what more a caption says
  'both': ' A low IIA is no proof of absence: the inputs hold both equalities'
  ' for certain (see below; k = 8 are then the entities themselves).',
  'left': ' The inputs hold it for certain.',
  'identity': ' At the inputs it is there for certain, as a is among them; in'
  ' the hidden layers it is a control, as the task does not need it.',
}
VARIABLES = {
  'both': ('(a = b)', '(c = d)'),
  'left': ('(a = b)',),
  'identity': ('a',),
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
TWINS = {'relu': 'ReLU', 'sigmoid': 'sigmoid'}
CONCEPTS = {'left': '(a = b)', 'right': '(c = d)', 'answer': 'y'}


def site_name(site: int) -> str:
  """Returns a site in words: 'inputs', 'layer 1', .."""
  return f'layer {site}' if site else 'inputs'


def first(group: groups.Group) -> tuple[str, int, int]:
  """Returns the hypothesis, layer and k that is spoken of first."""
  site, k = results.headline(group.arrays)
  arrays = group.arrays
  return (
    str(arrays['hypotheses'][0]), int(arrays['sites'][site]),
    int(arrays['ks'][k]),
  )  # fmt: skip


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
    ax, [site_name(site) for site in sites], ks,
    grid(lambda site, k: arrays[name(site, k)][learnt]),
    *(np.array(grid(lambda site, k, f=f: found[name(site, k)][f]), float)
      for f in every_net.FIELDS),
    published=np.array(printed, float),
    published_label=f'published (the most of {claims.NETS} nets)',
    controls={word: means(control) for control, word in CONTROLS.items()},
    apart=grid(lambda site, k: arrays[name(site, k)][~learnt])
    if not learnt.all() else None,
    title=f'{HYPOTHESES[hypothesis].capitalize()}: found where?',
  )  # fmt: skip
  return Figure(
    f'iia_{hypothesis}',
    f'Alignments found: {HYPOTHESES[hypothesis]}',
    'Each dot is a net: how often it answers as the causal model says after the'
    ' coordinates that the search found were taken from another input, on fresh'
    ' pairs. Chance is 0.5. Beside it are controls: the rotation that a search'
    ' starts from, searches in untrained nets, and searches whose'
    ' counterfactual labels are shuffled. The first and the last need not'
    ' be at chance: any rotation moves some of what decides,'
    ' and without information a search still learns to leave the net unsure.'
    f'{OF[hypothesis]}',
    f'IIA by layer and k, every net, for {HYPOTHESES[hypothesis]}.',
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
  twins = [str(t) for t in arrays['twins'] if f'known_{t}' in arrays]
  for twin in twins:
    asked = results.asked(arrays, twin)
    for kind in alignment.MAPS:
      label = f'{TWINS.get(twin, twin)}, {kind}'
      labels.append(label)
      ceiling.append(arrays[f'known_{twin}'][asked])
      reached.append(arrays[f'input_{twin}_{kind}'][asked])
      points = [
        group.results[f'search_return_input_{twin}_{kind}_{turn:g}']
        for turn in equality.TURNS
      ]
      series[label] = tuple(
        np.array([p[f] for p in points], float) for f in every_net.FIELDS
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


def rotations(group: groups.Group) -> Figure:
  """The maps of the nets with the median and with the largest IIA."""
  hypothesis, site, k = first(group)
  arrays, fig = group.arrays, None
  fig, axes = style.figure(1, 2, size=(9.5, 4.9))
  maps = arrays[f'map_{hypothesis}_l{site}'][:, list(arrays['ks']).index(k)]
  names = VARIABLES[hypothesis]
  size = maps.shape[-1]
  spare = size // len(names) - k
  parts = [part for name in names for part in ((name, k), ('rest', spare))]
  parts.append(('rest', size - len(names) * (k + spare)))
  for ax, (word, row) in zip(axes, _chosen(group).items(), strict=True):
    iia = arrays[f'iia_{hypothesis}_l{site}_k{k}'][row]
    interchanges.rotation(
      ax, maps[row], rows=parts,
      title=f'{word}: seed {arrays["seed"][row]}, IIA {iia:.2f}',
    )  # fmt: skip
  return Figure(
    'rotations',
    f'Maps found at {site_name(site)}, k = {k}',
    'Each row is a direction that is exchanged for a variable, each column a'
    ' unit of the layer; a white square is positive, a black one negative. Rows'
    ' of one variable may be turned among themselves: only what they span'
    ' counts. A variable that lived in single neurons would show single large'
    ' squares.',
    'Hinton diagrams of two maps.',
    style.png(fig),
  )


def _chosen(group) -> dict[str, int]:
  """Returns the rows of the nets with the median and the largest IIA."""
  hypothesis, site, k = first(group)
  column = group.arrays[f'iia_{hypothesis}_l{site}_k{k}']
  among = np.flatnonzero(group.arrays['learnt'])
  among = among if among.size else np.arange(len(column))
  return {
    'median net': groups.middle(column, among),
    'best net': int(among[np.argmax(column[among])]),
  }


def example(group: groups.Group) -> Figure:
  """One interchange in the best net: base, source, counterfactual."""
  hypothesis, site, k = first(group)
  arrays, row = group.arrays, _chosen(group)['best net']
  dimension = int(group.setting['dimension'])
  stacked = records.unpack_net(arrays)
  net = tuple(nets.Layer(a.w[row], a.b[row], a.unit) for a in stacked)
  cases = jax.tree.map(
    np.asarray,
    task.counterfactuals(
      jax.random.key(0), 192, hypothesis=hypothesis, dimension=dimension,
      kind=group.setting['entities'],
    ),
  )  # fmt: skip
  model = task.HYPOTHESES[hypothesis](dimension)
  truth = functools.partial(counterfactuals.factual, task.both(dimension))
  own = np.asarray(jax.vmap(truth)(cases.base))
  alone = cases.moved[0] & (cases.moved.sum(axis=0) == 1)
  place = int(np.flatnonzero(alone & (own != cases.labels))[0])
  base, source = cases.base[place], cases.sources[0, place]
  moved = cases.moved[:, place]
  below = functools.partial(nets.apply, net[:site])
  hidden = [np.asarray(below(x)) for x in (base, source)]
  into = arrays[f'map_{hypothesis}_l{site}'][row]
  into = into[list(arrays['ks']).index(k)]
  back = np.linalg.inv(into) if group.setting['map'] == 'linear' else None
  mixed = alignment.interchange(
    into, hidden[0], np.stack([hidden[1]] * len(moved)), moved, k=k, back=back
  )
  hidden.append(np.asarray(mixed))
  says = [_word(int(np.argmax(nets.apply(net[site:], h)))) for h in hidden]
  labels = own[place], truth(source), cases.labels[place]
  due = [_word(int(y)) for y in labels]
  values = [[_value(v(x)) for v in model.variables] for x in (base, source)]
  fig, ax = style.figure(size=(8.5, 3.6))
  interchanges.example(
    ax, base.reshape(4, dimension), source.reshape(4, dimension),
    np.stack(hidden), values, moved, list(zip(says, due, strict=True)),
    variables=VARIABLES[hypothesis], site=site_name(site),
  )  # fmt: skip
  return Figure(
    'example',
    'What an interchange is',
    f'One case of the best net (seed {arrays["seed"][row]}), {site_name(site)},'
    f' k = {k}. The net runs on the base and on the source; then the'
    f' coordinates of {VARIABLES[hypothesis][0]} in the base’s hidden units are'
    ' replaced by the source’s, and the net goes on from there: the third row'
    ' of units stands in both frames. If the coordinates carry the variable,'
    ' it answers as the causal model does.',
    'A base, a source, and the base with a variable taken from the source.',
    style.png(fig),
  )


def _word(label: int) -> str:
  return 'same' if label else 'different'


def _value(value) -> str:
  value = np.asarray(value)
  return ('true' if value else 'false') if value.ndim == 0 else 'a vector'


def growth(group: groups.Group) -> Figure | None:
  """IIA along the training of the task, with the task's accuracy."""
  arrays = group.arrays
  hypothesis, _, _ = first(group)
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
      series[f'IIA, {site_name(site)}'] = grown[:, marks]
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
  hypothesis, layer, width = first(group)
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
    f'{site_name(layer).capitalize()}, k = {width}, {hypothesis}: each dot is a'
    ' search from another random start, each column a net.',
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
    ax, [site_name(site) for site in arrays['sites']], series,
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
  hypothesis, _, k = first(group)
  place, learnt = list(arrays['ks']).index(k), arrays['learnt']
  labels, values, named, source = [], [], [], []
  for s, site in enumerate(arrays['sites']):
    for way, words in WITHOUT.items():
      head = 'iia' if way == 'searched' else way
      name = f'{head}_{hypothesis}_l{site}_k{k}'
      labels.append(f'{site_name(site)}: {words}')
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
    *(np.array([r[f] for r in named], float) for f in every_net.FIELDS),
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
  asked = [f'known_{twin}' for twin in group.arrays['twins']]
  if any(np.isfinite(group.arrays.get(name, np.nan)).any() for name in asked):
    found.append(inputs(group))
  found += [example(group), rotations(group), without(group)]
  found += [f for f in (restarts(group), growth(group)) if f is not None]
  return [*found, probes(group)]

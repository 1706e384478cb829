"""Single nets in which causal variables were looked for, drawn."""

import functools

import jax
import numpy as np

from jaxrep import nets, records
from jaxrep.figures import interchanges, style
from jaxrep.measures import alignment
from jaxrep.report import Figure
from jaxrep.tasks import counterfactuals
from jaxrep.tasks import equality as task

from ..shared import groups
from . import equality_words as words


def rotations(group: groups.Group) -> Figure:
  """The maps of the nets with the median and with the largest IIA."""
  hypothesis, site, k = words.first(group)
  arrays, fig = group.arrays, None
  fig, axes = style.figure(1, 2, size=(9.5, 4.9))
  maps = arrays[f'map_{hypothesis}_l{site}'][:, list(arrays['ks']).index(k)]
  names = words.VARIABLES[hypothesis]
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
    f'Maps found at {words.site_name(site)}, k = {k}',
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
  hypothesis, site, k = words.first(group)
  column = group.arrays[f'iia_{hypothesis}_l{site}_k{k}']
  among = np.flatnonzero(group.arrays['learnt'])
  among = among if among.size else np.arange(len(column))
  return {
    'median net': groups.middle(column, among),
    'best net': int(among[np.argmax(column[among])]),
  }


def examples(group: groups.Group) -> list[Figure]:
  """One interchange in the best net; none, if that net has diverged."""
  row = _chosen(group)['best net']
  leaves = jax.tree.leaves(records.unpack_net(group.arrays))
  finite = all(np.isfinite(a[row]).all() for a in leaves)
  return [_example(group, row)] if finite else []


def _example(group, row) -> Figure:
  """One interchange in a net: base, source, counterfactual."""
  hypothesis, site, k = words.first(group)
  arrays = group.arrays
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
    variables=words.VARIABLES[hypothesis], site=words.site_name(site),
  )  # fmt: skip
  return Figure(
    'example',
    'What an interchange is',
    f'One case of the best net (seed {arrays["seed"][row]}),'
    f' {words.site_name(site)}, k = {k}. The net runs on the base and on the'
    ' source; then the coordinates of'
    f' {words.VARIABLES[hypothesis][0]} in the base’s hidden units are replaced'
    ' by the source’s, and the net goes on from there: the third row of units'
    ' stands in both frames. If the coordinates carry the variable, it answers'
    ' as the causal model does.',
    'A base, a source, and the base with a variable taken from the source.',
    style.png(fig),
  )


def _word(label: int) -> str:
  return 'same' if label else 'different'


def _value(value) -> str:
  value = np.asarray(value)
  return ('true' if value else 'false') if value.ndim == 0 else 'a vector'

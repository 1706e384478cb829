"""Figures over settings of the study of hierarchical equality."""

from collections.abc import Sequence

from jaxrep.claims import equality as claims
from jaxrep.figures import heights, style
from jaxrep.figures import storage as rows
from jaxrep.measures import alignment
from jaxrep.report import Figure

from ..results import equality as results
from ..shared import every_net, groups
from . import equality_words

IIA = 'interchange-intervention accuracy (IIA)'
# Settings that are an axis where they take several values, and their words.
AXES = {
  'steps': 'steps of a search',
  'batch': 'cases a step',
  'search_rate': 'rate of the search',
  'learning_rate': 'learning rate of the task',
}


def figures(found: Sequence[groups.Group]) -> list[Figure]:
  """Returns IIA over the settings, every net shown, a row a setting.

  At each layer for the first hypothesis and the largest k with controls, and at
  the inputs, where it is known what is there, if that was asked.

  Args:
    found: the nets by setting, several.
  """
  hypothesis, _, k = equality_words.first(found[0])
  drawn = [
    _searched(found, hypothesis, int(site), k)
    for site in found[0].arrays['sites']
  ]
  twins = results.twins(found[0].arrays)
  return drawn + [_inputs(found, twin) for twin in twins]


def _searched(found, hypothesis, site, k) -> Figure:
  name = f'iia_{hypothesis}_l{site}_k{k}'
  where = f'{equality_words.site_name(site)}, k = {k}'
  title = f'{where} ({hypothesis})'

  def column(group):
    return group.arrays[name][group.arrays['learnt']]

  axes = [axis for axis in AXES if every_net.is_axis(found, axis)]
  if axes:
    picture = every_net.against(
      found, axes[0], column, name, ylabel=IIA, title=title,
      xlabel=AXES[axes[0]], source={'chance': claims.CHANCE},
    )  # fmt: skip
  else:
    picture = every_net.by_setting(
      found, column, name, xlabel=IIA, zero=claims.CHANCE, title=title
    )
  return Figure(
    name,
    f'IIA at {where}, over the settings',
    'A dot is a net that has learnt the task; the mean of nets has a 95 %'
    f' interval. Chance is {claims.CHANCE:g}.',
    f'IIA at {where} by setting, every net shown.',
    picture,
  )


def _inputs(found, twin) -> Figure:
  names, kinds = list(groups.free(found)), alignment.MAPS
  values, columns = [], {field: [] for field in every_net.FIELDS}
  for kind in kinds:
    name = f'input_{twin}_{kind}'
    near = [results.near(g.arrays, twin, name) for g in found]
    values.append([searches.mean(axis=1) for searches in near])
    means = [g.results[f'search_success_{name}'] for g in found]
    for field, lists in columns.items():
      lists.append(every_net.numbers(means, field))
  fig, ax = style.figure(size=(7.5, heights.rows(len(found), len(kinds))))
  rows.every_net(
    ax, [groups.words(g, names) for g in found], values, *columns.values(),
    series=kinds, xlabel='share of searches that find it',
    title=f'{equality_words.TWINS.get(twin, twin)} nets, at the inputs',
  )  # fmt: skip
  return Figure(
    f'inputs_{twin}',
    f'Do searches find what the inputs hold? ({twin})',
    'A dot is a net: the share of its searches from random starts that come'
    f' within {claims.WITHIN:g} of the known rotation’s IIA.',
    f'Share of searches at the inputs of {twin} nets that succeed, by setting.',
    style.png(fig),
  )

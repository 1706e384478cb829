"""The page of the study of hierarchical equality."""

from jaxrep import records, report, tables
from jaxrep.claims import equality as claims

from ..results import equality as results
from ..shared import groups, pages
from . import equality_figures, equality_grids, equality_words

QUESTION = 'Is (a = b) in there, where, and can a search find it?'
PRINTED = {  # as the source has them
  ('both', 1, 8): '1.00', ('both', 2, 8): '0.57', ('both', 3, 8): '0.50',
  ('left', 1, 8): 'about 0.90', ('identity', 1, 8): '0.50 to 0.52',
}  # fmt: skip
CHANGES = {
  'fresh': 'unseen entities', 'outside': 'entities out of range',
  'other': 'entities of another distribution',
  'near': 'entities that differ in one number',
}  # fmt: skip


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  alone = len(found) == 1
  return pages.assembled(
    record,
    found,
    title='Hierarchical equality',
    lede=f'{QUESTION} {_answer(found[0]) if alone else _over(found)}',
    figures=equality_figures.figures(found[0])
    if alone
    else equality_grids.figures(found),
    below=[*_found_tables(found[0]), _questions(found[0])] if alone else (),
    shown=shown(found[0]),
  )


def shown(group: groups.Group) -> list[str]:
  """Returns the results in the table of settings."""
  hypothesis, site, k = equality_words.first(group)
  names = ['task_accuracy_median', 'learnt_rate']
  name = f'iia_{hypothesis}_l{site}_k{k}'
  names += [name, f'{name}_max', 'ceiling_known_rotation']
  return names + [f'search_success_input_{t}_orthogonal'
                  for t in ('relu', 'sigmoid')]  # fmt: skip


def _answer(group) -> str:
  hypothesis, site, k = equality_words.first(group)
  said = {name: tables.measured(r) for name, r in group.results.items()}
  name = f'iia_{hypothesis}_l{site}_k{k}'
  words = (
    f'Of {len(group.arrays["seed"]):,} nets {said["learnt_rate"]} learn the'
    f' task in {group.setting["examples"]:,} examples, Adam at'
    f' {group.setting["learning_rate"]:g} (median'
    f' {said["task_accuracy_median"]} of unseen ones).'
    ' Searched for'
    f' {equality_words.HYPOTHESES[hypothesis]} at'
    f' {equality_words.site_name(site)} with k = {k}, their mean IIA is'
    f' {said[name]}, the quartiles {said[f"{name}_q1"]} and'
    f' {said[f"{name}_q3"]}, the largest {said[f"{name}_max"]}; it is'
    f' {claims.FOUND:g} or more in {said[f"{name}_found_rate"]}.'
  )
  tried = 'search_any_input_relu_orthogonal'
  if group.results.get(tried, {}).get('value') is not None:
    words += (
      ' At the inputs, where both equalities are there for certain and a known'
      f' rotation reaches {said["ceiling_input_relu"]}, one of'
      f' {group.arrays["input_relu_orthogonal"].shape[1]} searches for it comes'
      f' near in {said[tried]} of ReLU nets, and in'
      f' {said["search_any_input_sigmoid_orthogonal"]} of sigmoid nets: a low'
      ' IIA does not show that something is absent.'
    )
  return words


def _over(found) -> str:
  hypothesis, site, k = equality_words.first(found[0])
  name, names = f'iia_{hypothesis}_l{site}_k{k}', list(groups.free(found))
  known = [g for g in found if g.results[name]['value'] is not None]
  if not known:
    return 'No net has learnt the task.'
  least, most = (
    end(known, key=lambda g: g.results[name]['value']) for end in (min, max)
  )
  ends = [
    f'{tables.measured(g.results[name])} ({groups.words(g, names)})'
    for g in (least, most)
  ]
  return (
    f'At {len(found)} settings on the same {len(found[0].arrays["seed"]):,}'
    f' seeds mean IIA at {equality_words.site_name(site)}, k = {k}, runs from'
    f' {ends[0]} to {ends[1]}.'
  )


def _found_tables(group) -> list[tables.Table]:
  """Returns what was found, one table a hypothesis."""
  found = []
  for hypothesis in dict.fromkeys(
    h for h, _, _ in results.places(group.arrays)
  ):
    rows = []
    for other, site, k in results.places(group.arrays):
      if other == hypothesis:
        name = f'iia_{hypothesis}_l{site}_k{k}'
        parts = [group.results[f'{name}_{w}'] for w in results.QUARTILES]
        rows.append((
          equality_words.site_name(site), k, group.results[name],
          *(tables.value(r) for r in parts),
          tables.value(group.results[f'{name}_max']),
          group.results[name]['n'], PRINTED.get((hypothesis, site, k), ''),
        ))  # fmt: skip
    columns = ('layer', 'k', 'mean IIA, 95 %', 'first quartile', 'median',
               'third quartile', 'max', 'n', 'published')  # fmt: skip
    found.append(
      tables.Table(
        f'IIA: {equality_words.HYPOTHESES[hypothesis]}', columns, rows,
        f'Of nets that have learnt. Published: the most of {claims.NETS} nets,'
        ' on the pairs searched with; ours are fresh pairs.',
      )
    )  # fmt: skip
  return found


def _questions(group) -> tables.Table:
  """Returns what else was asked of the nets, and the answers."""
  hypothesis, site, k = equality_words.first(group)
  place = f'{hypothesis}_l{site}_k{k}'
  where = f'{equality_words.site_name(site)}, k = {k}'
  asked = {
    f'Which share of the variance of IIA is between nets ({where})?': (
      f'between_nets_{place}'
    ),
    'By how much do searches from different starts differ in one net, most and'
    ' least?': f'spread_of_restarts_{place}',
    'What does the best of them reach?': f'best_of_restarts_{place}',
    **{
      f'Does IIA go with telling {words} (rank correlation over nets)?': (
        f'iia_predicts_{name}'
      )
      for name, words in CHANGES.items()
    },
    **{
      f'How many {words} are told?': f'task_accuracy_{name}'
      for name, words in CHANGES.items()
      if name != 'fresh'
    },
  }
  rows = [
    (words, group.results[name], group.results[name]['n'])
    for words, name in asked.items()
    if name in group.results
  ]
  rows += _fours_and_eights(group)
  columns = ('question', 'answer, 95 %', 'n')
  return tables.Table('Questions', columns, rows, '')


def _fours_and_eights(group) -> list[tuple]:
  """Returns by how much more the larger k finds than the smaller, paired."""
  arrays = group.arrays
  ks = [int(k) for k in arrays['control_ks']]
  if len(ks) < 2:
    return []
  hypothesis, rows = str(arrays['hypotheses'][0]), []
  for site in arrays['sites']:
    small, large = (
      arrays[f'iia_{hypothesis}_l{site}_k{k}'][arrays['learnt']]
      for k in (ks[0], ks[-1])
    )
    gain = results.difference(large, small)
    rows.append((
      f'By how much is IIA higher with k = {ks[-1]} than with k = {ks[0]}, at'
      f' {equality_words.site_name(int(site))}?', gain, gain['n'],
    ))  # fmt: skip
  return rows

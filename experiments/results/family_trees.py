"""Nets on the family trees: parts of a run, and the results of a setting."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from jaxrep import branched, families, records, seeds, stats
from jaxrep.claims import family_trees as claims
from jaxrep.learning.descent import Outcome
from jaxrep.tasks import family_trees

from ..shared import groups, running
from . import defined, meaning, tree_units

# Held-out cases up to which the whole distribution is among the results.
FEW = 8


def parts(
  recipes: Sequence[families.Recipe],
  *,
  seed_range: Sequence[int],
  permutations: int,
  layers: Sequence[str],
  blocks: seeds.Blocks,
) -> list[running.Part]:
  """Returns one part for each recipe.

  They are named `trees`, or by what differs: `biases`, `no_biases_alone`, ..

  Args:
    recipes: how nets are trained; their lists make a grid.
    seed_range: seeds, for each setting.
    permutations: relabellings that units are tested against; 0: none are.
    layers: whose similarity matrices are kept.
    blocks: the layout.
  """
  patterns = family_trees.patterns()
  constants = {
    'outcomes': np.array([outcome.label for outcome in Outcome]),
    'people': np.array(family_trees.PEOPLE),
    'relations': np.array(family_trees.RELATIONS),
    'cases': np.array(family_trees.case_names()),
    'concepts': np.array(meaning.CONCEPTS),
    'relation_concepts': np.array(meaning.OF_RELATIONS),
    **patterns._asdict(),
  }

  def part(recipe):
    grid = recipe.grid()
    settings = seeds.settings(**grid)
    said = {
      'biases': recipe.biases, 'twin': recipe.twin, 'band': recipe.band
    }  # fmt: skip
    close = running.no_close_ups
    if len(recipes) * len(settings) == 1 and permutations:
      close = functools.partial(_close_up, recipe, layers, blocks)
    return running.Part(
      _name(recipe, recipes),
      seeds.cross(seed_range, **grid),
      [said | setting for setting in settings],
      functools.partial(_compute, recipe, permutations, blocks),
      constants | {'marks': np.array(recipe.marks())},
      close,
    )

  return [part(recipe) for recipe in recipes]


def _name(recipe, recipes) -> str:
  words = []
  if len({r.biases for r in recipes}) > 1:
    words.append('biases' if recipe.biases else 'no_biases')
  if len({r.twin for r in recipes}) > 1:
    words.append('twin' if recipe.twin else 'alone')
  if len({r.band for r in recipes}) > 1:
    words.append(recipe.band)
  return '_'.join(words) or 'trees'


def _compute(recipe, permutations, blocks, rows, watch):
  trial = families.trial(recipe)
  net, arrays, computed = families.run(
    trial, rows, family_trees.patterns(), blocks=blocks, watch=watch
  )
  if permutations:
    arrays |= meaning.measure(
      net,
      _untrained(recipe, rows, blocks),
      rows.seed,
      permutations=permutations,
      blocks=blocks,
    )
  weights = {k: np.asarray(a) for k, a in branched.named(net).items()}
  return running.Computed(
    {'seed': rows.seed, **rows.setting, **arrays, **weights},
    computed=computed,
    needed=int(np.sum(arrays['age'], dtype=np.int64)),
    solved=int(np.sum(arrays['outcome'] == Outcome.SOLVED)),
  )


def _untrained(recipe, rows, blocks) -> branched.Net:
  """Returns nets as they started, `[S]`."""
  drawn = {'init_range': rows.setting['init_range']}  # compiled once for this
  begin = _beginning(families.trial(recipe).start)
  with jax.enable_x64(recipe.precision == 'float64'):
    return seeds.each(begin, rows.seed, drawn, blocks=blocks)


@functools.cache
def _beginning(start):
  return lambda seed, setting: start(jax.random.key(seed), setting)


def _close_up(recipe, layers, blocks, read) -> records.Arrays:
  """Returns the mean similarity of codes, trained and untrained, by layer."""
  shapes = jax.eval_shape(
    lambda: branched.init(
      jax.random.key(0), weight_range=0.0, biases=recipe.biases
    )
  )
  net = branched.unnamed({name: read(name) for name in branched.named(shapes)})
  rows = seeds.Nets(read('seed'), {'init_range': read('init_range')})
  found = {}
  before = _untrained(recipe, rows, blocks)
  for name, each in (('similarity', net), ('untrained_similarity', before)):
    each = meaning.similarities(each, layers, blocks)
    found |= {f'{name}_{layer}': mean for layer, mean in each.items()}
  return found


def results(
  arrays: records.Arrays, budget: int, selective: float
) -> dict[str, stats.Estimate]:
  """Returns the results of the nets of one setting, by name.

  Args:
    arrays: `[N, ...]`, one setting's.
    budget: sweeps of training.
    selective: the AUC from which on a unit stands for a concept.
  """
  learnt = arrays['outcome'] == Outcome.SOLVED
  times = arrays['sweeps'][arrays['learnt'].any(axis=1)]  # of those taught any
  ever = np.isfinite(times)
  found = {
    **_of_cases('train', arrays['learnt'], arrays, learnt),
    **_of_cases('heldout', arrays['held'], arrays, learnt),
    'learnt_ever_rate': stats.rate(ever),
    'sweeps_median': stats.median_sweeps(
      np.where(ever, times, budget), ~ever, budget
    ),
    'error_median': defined.median(arrays['error'], 'error'),
    'diverged_rate': stats.rate(arrays['outcome'] == Outcome.DIVERGED),
    'person_weight_largest': defined.median(
      np.abs(arrays['people_w']).max(axis=(1, 2)), 'weight'
    ),
  }
  if 'people_auc' in arrays:
    found |= tree_units.results(arrays, selective)
  return found


def _of_cases(name, asked, arrays, learnt) -> dict[str, stats.Estimate]:
  """Returns what is right of the cases `[N, C]` that are asked, by name."""
  count = asked.sum(axis=1)
  some = count > 0
  column = 'train_curve' if name == 'train' else 'held_curve'

  def all_of(right):
    return np.all(right | ~asked, axis=1)

  def share(right):
    return (right & asked).sum(axis=1)[some] / count[some]

  after = share(arrays['right'])
  found = {
    f'{name}_accuracy': stats.mean(after, unit='share'),
    f'{name}_accuracy_untrained': stats.mean(
      arrays[column][some, 0].astype(float), unit='share'
    ),
    f'{name}_all_rate': stats.rate(all_of(arrays['right'])[some]),
    f'{name}_all_rate_untrained': stats.rate(arrays[column][some, 0] == 1),
    f'{name}_accuracy_ranked': stats.mean(
      share(arrays['ranked']), unit='share'
    ),
    f'{name}_all_rate_ranked': stats.rate(all_of(arrays['ranked'])[some]),
  }
  if name == 'train':
    return found
  both = learnt & some
  found['heldout_accuracy_learnt'] = stats.mean(
    after[learnt[some]], unit='share'
  )
  found['heldout_all_rate_learnt'] = stats.rate(all_of(arrays['right'])[both])
  marriages = family_trees.marriages()
  spared = some & ~(asked & marriages).any(axis=1)
  found['heldout_all_rate_without_marriages'] = stats.rate(
    all_of(arrays['right'])[spared]
  )
  found['heldout_marriage_accuracy'] = _share_of(arrays, asked & marriages)
  relation = family_trees.cases()[:, 1]
  for k, word in enumerate(family_trees.RELATIONS):
    found[f'heldout_{word}_accuracy'] = _share_of(
      arrays, asked & (relation == k)
    )
  [*counts] = set(count[some].tolist())
  if len(counts) == 1 and counts[0] <= FEW:
    right = (arrays['right'] & asked).sum(axis=1)[some]
    found |= {
      f'heldout_{k}_right_rate': stats.rate(right == k)
      for k in range(counts[0] + 1)
    }
    if counts[0] == claims.HELDOUT:
      found |= _two_runs(right)
  return found


def _share_of(arrays, asked) -> stats.Estimate:
  """Returns the mean share right of the cases `[N, C]` asked of each net."""
  return stats.mean(_shares(arrays['right'], asked), unit='share')


def _shares(right, asked) -> np.ndarray:
  """Returns the share right of each net that is asked any of `[N, C]`."""
  rows = asked.any(axis=1)
  return (right & asked)[rows].sum(axis=1) / asked[rows].sum(axis=1)


def _two_runs(right) -> dict[str, stats.Estimate]:
  """Returns what two nets together have right, of eight cases."""
  pairs = stats.predictive(
    right.astype(float), np.sum, 2, claims.TWO_RUNS, unit='cases'
  )
  place = stats.Estimate(pairs.quantile, None, None, right.size, 'share')
  return {'right_of_two_nets': pairs.expected, 'hinton_7_of_8_place': place}


def twin_worth(
  found: Sequence[groups.Group],
) -> list[tuple[Mapping[str, Any], stats.Estimate, list[groups.Group]]]:
  """Returns what a taught twin tree adds, setting by setting, with its nets.

  In points of a hundred of the held-out cases that are right, net by net: the
  two trainings of a seed hold out the same cases.

  Args:
    found: the nets by setting, some with the twin tree and some without.
  """
  result = []
  for rest, pair in groups.alike_but('twin', found):
    if len(pair) == 2:
      taught, alone = sorted(pair, key=lambda g: -g.setting['twin'])
      shares = [
        _shares(g.arrays['right'], g.arrays['held']) for g in (taught, alone)
      ]
      worth = stats.paired_bootstrap(*(100 * s for s in shares), unit='points')
      result.append((rest, worth, pair))
  return result

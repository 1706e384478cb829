"""Nets that learn two family trees: parts of a run, results of a setting."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np

from jaxrep import branched, kinship, records, seeds, stats
from jaxrep.tasks import family_trees

from ..shared import running
from . import defined

# Of what an r is: weights, or biases.
KINDS = ('', '_biases')
# What is to show nothing of where a tree is kept.
CONTROLS = ('_other_net', '_shuffled', '_swapped')


def parts(
  recipes: Sequence[kinship.Recipe],
  *,
  grid: Mapping[str, Sequence[float]],
  seed_range: Sequence[int],
  blocks: seeds.Blocks,
) -> list[running.Part]:
  """Returns one part for each recipe: `nets`, or `nets_1`, `nets_2`, ..

  Args:
    recipes: how long nets are trained, and what is asked of them.
    grid: the values of each setting of `kinship.one_net`, by name.
    seed_range: seeds, for each setting.
    blocks: the layout.
  """
  settings = seeds.settings(**grid)
  rows = seeds.cross(seed_range, **grid)

  def part(name, recipe):
    made = recipe._asdict()
    del made['permutations']
    return running.Part(
      name,
      rows,
      [made | setting for setting in settings],
      functools.partial(_compute, recipe, blocks),
      {'cases': np.array(family_trees.case_names())},
    )

  if len(recipes) == 1:
    return [part('nets', *recipes)]
  return [part(f'nets_{k}', each) for k, each in enumerate(recipes, start=1)]


def _compute(recipe, blocks, rows, watch):
  arrays = seeds.each(
    kinship.one_net(recipe),
    rows.seed,
    rows.setting,
    blocks=blocks,
    shared=(family_trees.patterns(),),
  )
  learnt = arrays['right'].all(axis=1)
  watch(len(rows.seed), int(learnt.sum()))
  met = 2 * recipe.sweeps * kinship.CASES
  met += 4 * recipe.fork_sweeps * kinship.TAUGHT
  padded = -(-len(rows.seed) // blocks.size) * blocks.size
  return running.Computed(
    {'seed': rows.seed, **rows.setting, 'learnt': learnt, **arrays},
    computed=met * padded,
    needed=met * len(rows.seed),
    solved=int(learnt.sum()),
  )


def results(arrays: records.Arrays) -> dict[str, stats.Estimate]:
  """Returns the results of the nets of one setting, by name.

  R² is the mean over nets of each net's r², r of each net's r: by layer, of
  weights and of biases. `_above_other_net`: r less r with another net's
  tallies, of the same forks. `train_accuracy` is the share of cases that are
  right at the end of phase 1, `left_out_accuracy` that of the cases that a fork
  was not taught, at its end.

  Args:
    arrays: `[N, ...]`, one setting's.
  """
  right, taught = arrays['fork_right'], arrays['taught']
  found = {
    'train_accuracy': defined.mean(arrays['right'].mean(axis=1), 'share'),
    'learnt_rate': stats.rate(arrays['right'].all(axis=1)),
    'fork_accuracy': defined.mean(_share(right, taught), 'share'),
    'left_out_accuracy': defined.mean(_share(right, ~taught), 'share'),
  }
  layers = [f'{layer}{kind}' for kind in KINDS for layer in branched.LAYERS]
  for way in ('', *CONTROLS, '_within'):
    for name in [f'{layer}{way}' for layer in layers]:
      if f'r_{name}' in arrays:
        found[f'r2_{name}'] = defined.mean(arrays[f'r_{name}'] ** 2, '')
        found[f'r_{name}'] = defined.mean(arrays[f'r_{name}'], '')
  for name in layers:
    above = arrays[f'r_{name}'] - arrays[f'r_{name}_other_net']
    found[f'r_{name}_above_other_net'] = defined.mean(above, '')
    if f'p_{name}' in arrays:
      found[f'{name}_significant_rate'] = defined.significant(
        arrays[f'p_{name}']
      )
  return found


def _share(right, among) -> np.ndarray:
  """Returns each net's share of right cases among some, `[N]`."""
  return (right & among).sum(axis=(1, 2)) / among.sum(axis=(1, 2))

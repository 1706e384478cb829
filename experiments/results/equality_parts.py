"""Nets that learn equality: parts of a run, and what is looked for in them."""

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxrep import equality, records, seeds
from jaxrep.tasks import equality as task

from ..shared import running
from . import equality_searches


class Kind(NamedTuple):
  """Nets of one recipe.

  Attributes:
    recipe: what they are made of, and how they learn.
    learning_rates: make a grid.
    twins: a recipe and a learning rate for each of `equality_searches.TWINS`.
  """

  recipe: equality.Recipe
  learning_rates: tuple[float, ...]
  twins: Mapping[str, tuple[equality.Recipe, float]]


def parts(
  kinds: Sequence[Kind],
  plans: Sequence[equality_searches.Plan],
  *,
  search_rates: Sequence[float],
  seed_range: range,
  blocks: seeds.Blocks,
) -> list[running.Part]:
  """Returns one part for each kind of nets and plan.

  They are named `nets`, or, where there are several, `nets_1`, `nets_2`, ..

  Args:
    kinds: the nets.
    plans: what is searched for in them.
    search_rates: make a grid.
    seed_range: seeds, for each setting.
    blocks: the layout.
  """

  def part(name, kind, plan):
    grid = {'learning_rate': kind.learning_rates, 'search_rate': search_rates}
    made = kind.recipe._asdict()
    made['task_batch'] = made.pop('batch')
    made['init_gain'] = made.pop('gain')
    made |= {
      'map': plan.map_kind, 'schedule': plan.schedule, 'batch': plan.batch,
      'steps': plan.steps,
    }  # fmt: skip
    units = [kind.recipe.activation] * kind.recipe.depth + ['identity']
    changes = kind.recipe.changes()
    return running.Part(
      name,
      seeds.cross(seed_range, **grid),
      [made | setting for setting in seeds.settings(**grid)],
      functools.partial(_compute, kind, plan, blocks, seed_range[0]),
      {
        'units': np.array(units),
        'examples': changes * kind.recipe.batch,
        'sites': np.array(plan.sites),
        'ks': np.array(plan.ks),
        'hypotheses': np.array(plan.hypotheses),
        'control_ks': np.array(plan.control_ks),
        'concepts': np.array(equality.CONCEPTS),
        'twins': np.array(equality_searches.TWINS),
        'learnt_from': np.array([plan.learnt]),
      },
    )

  pairs = list(itertools.product(kinds, plans))
  if len(pairs) == 1:
    return [part('nets', *pairs[0])]
  return [part(f'nets_{k}', *pair) for k, pair in enumerate(pairs, start=1)]


def _compute(kind, plan, blocks, first_seed, rows, watch) -> running.Computed:
  """Trains the nets of a chunk and searches them."""
  recipe, each = kind.recipe, functools.partial(seeds.each, blocks=blocks)
  marks = each(equality.learn(recipe), rows.seed, rows.setting)
  inquiry = equality_searches.Inquiry(recipe, plan, blocks, rows, watch)
  started, net = (equality_searches.at(marks, place) for place in (0, -1))
  shares = each(equality.told(recipe), equality_searches.flat(marks))
  shape = len(rows.seed), len(equality.MARKS)
  shares = {name: a.reshape(shape) for name, a in shares.items()}
  finite = each(equality.finite(recipe), net)
  arrays = {'seed': rows.seed, **rows.setting}
  arrays |= {
    'finite': finite,
    'task_accuracy': shares['fresh'][:, -1],
    'learnt': finite & (shares['fresh'][:, -1] >= plan.learnt),
    **{f'accuracy_{name}': shares[name][:, -1] for name in task.SHIFTS[1:]},
    'curve': shares['fresh'],
  }
  arrays |= inquiry.everywhere(net)
  place = rows.seed - np.uint32(first_seed)
  controls = np.flatnonzero(place < plan.controls)
  arrays |= inquiry.controls(controls, started, net, marks, arrays)
  arrays |= inquiry.read(started, net)
  twins = np.flatnonzero(place < plan.twins)
  arrays |= inquiry.inputs(twins, kind.twins)
  arrays |= records.pack_net(net)
  learnt = int(arrays['learnt'].sum())
  return running.Computed(arrays, inquiry.steps, inquiry.steps, learnt)

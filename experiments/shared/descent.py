"""From a recipe and a pattern set to parts of a run, and their results.

What every study of descent of layered nets shares; a study adds its
task, its measures and its page.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxrep import nets, records, seeds, stats, trials
from jaxrep.measures.minima import Outcome
from jaxrep.tasks.patterns import Patterns

from . import common, running

Measure = Callable[[nets.Net], records.Arrays]


def no_measure(net: nets.Net) -> records.Arrays:
  """Returns nothing: for a study that measures no weights."""
  del net
  return {}


def parts(
  recipes: Sequence[trials.Recipe],
  patterns: Patterns,
  *,
  hidden: Sequence[int],
  seed_range: Sequence[int],
  blocks: seeds.Blocks,
  measure: Measure = no_measure,
  constants: Mapping[str, np.ndarray] | None = None,
  task: Mapping[str, Any] = types.MappingProxyType({}),
) -> list[running.Part]:
  """Returns one part for each recipe and number of hidden units.

  They are named `h2`, `h3`, .., `h2_case`, `h2_case_float64`, .. by what
  differs between the recipes.

  Args:
    recipes: how nets are trained; their lists make a grid.
    patterns: what is to be learnt.
    hidden: units of the one hidden layer.
    seed_range: seeds, for each setting.
    blocks: the layout.
    measure: trained nets `[S]` -> what is measured on them, `[S, ...]`.
    constants: arrays of the study that are the same for all nets.
    task: what is special to these patterns, by flag, where a study has several
      pattern sets: it goes before the names, `size4_h2`, and into the settings.
  """
  shared = {
    'units': np.array(['sigmoid', 'sigmoid']),
    'outcomes': np.array([outcome.label for outcome in Outcome]),
    **patterns._asdict(),
    **(constants or {}),
  }
  prefix = [f'{name}{value}' for name, value in task.items()]
  words = [(recipe.updates, recipe.precision) for recipe in recipes]
  differ = [len(set(column)) > 1 for column in zip(*words, strict=True)]

  def part(recipe, width):
    sizes = patterns.inputs.shape[1], width, patterns.targets.shape[1]
    trial = trials.trial(recipe, sizes)
    _check_span(width, sizes, recipe, patterns)

    def compute(rows, watch):
      net, arrays, computed = trials.run(
        trial, rows, patterns, blocks=blocks, watch=watch
      )
      columns = {'seed': rows.seed, **rows.setting, **arrays}
      return running.Computed(
        columns | measure(net) | records.pack_net(net),
        computed=computed,
        needed=int(np.sum(arrays['age'], dtype=np.int64)),
        solved=int(np.sum(arrays['outcome'] == Outcome.SOLVED)),
      )

    said = {'updates': recipe.updates, 'precision': recipe.precision}
    special = [v for v, d in zip(said.values(), differ, strict=True) if d]
    grid = recipe.grid()
    return running.Part(
      '_'.join([*prefix, f'h{width}', *special]),
      seeds.cross(seed_range, **grid),
      [{**task, 'hidden': width, **said, **s} for s in seeds.settings(**grid)],
      compute,
      shared | {'marks': np.array(recipe.marks())},
    )

  return [part(recipe, width) for recipe in recipes for width in hidden]


def _check_span(width, sizes, recipe, patterns) -> None:
  span = trials.span(trials.shapes(recipe, sizes), patterns)
  if span > trials.LARGEST:
    raise common.BadInputError(
      f'--hidden={width}: expected weights × cases × units of at most'
      f' {trials.LARGEST:,}, as unsolved nets are certified by their Hessians,'
      f' found {span:,}'
    )


def results(arrays: records.Arrays, budget: int) -> dict[str, stats.Estimate]:
  """Returns how the nets of one setting ended: rates, and the median sweeps.

  Args:
    arrays: `[N, ...]`, one setting's.
    budget: sweeps, at which times are censored.
  """
  outcome = arrays['outcome']
  solved = outcome == Outcome.SOLVED
  times = np.where(solved, arrays['sweeps'], budget)
  return {
    'solved_rate': stats.rate(solved),
    'sweeps_median': stats.median_sweeps(times, ~solved, budget),
    'sweeps_mean_solved': stats.mean(arrays['sweeps'][solved], unit='sweeps'),
    'unsolved_rate': stats.rate(~solved),
    **{
      f'{o.name.lower()}_rate': stats.rate(outcome == o)
      for o in Outcome
      if o != Outcome.SOLVED
    },
  }


def solved_by(
  sweeps: int, arrays: records.Arrays, budget: int
) -> stats.Estimate:
  """Returns the share of nets that solve their task by so many sweeps.

  Undefined where the budget ends before that, unless all nets solve it.

  Args:
    sweeps: a source's number.
    arrays: `[N, ...]`, one setting's.
    budget: sweeps.
  """
  solved = arrays['outcome'] == Outcome.SOLVED
  if budget < sweeps and not solved.all():
    return stats.Estimate(None, None, None, len(solved), 'rate', True)
  return stats.rate(solved & (arrays['sweeps'] <= sweeps))

"""From a recipe and a pattern set to parts of a run, and their results.

What every study of full-batch descent of layered nets shares; a study adds its
task, its measures and its page.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from jaxrep import nets, records, seeds, stats, trials
from jaxrep.measures.minima import Outcome
from jaxrep.tasks.patterns import Patterns

from . import running

Measure = Callable[[nets.Net], records.Arrays]


def no_measure(net: nets.Net) -> records.Arrays:
  """Returns nothing: for a study that measures no weights."""
  del net
  return {}


def parts(
  recipe: trials.Recipe,
  patterns: Patterns,
  *,
  hidden: Sequence[int],
  seed_range: Sequence[int],
  blocks: seeds.Blocks,
  measure: Measure = no_measure,
  constants: Mapping[str, np.ndarray] | None = None,
) -> list[running.Part]:
  """Returns one part for each number of hidden units, `h2`, `h3`, ..

  Args:
    recipe: how nets are trained; its lists make a grid.
    patterns: what is to be learnt.
    hidden: units of the one hidden layer.
    seed_range: seeds, for each setting.
    blocks: the layout.
    measure: trained nets `[S]` -> what is measured on them, `[S, ...]`.
    constants: arrays of the study that are the same for all nets.
  """
  shared = {
    'units': np.array(['sigmoid', 'sigmoid']),
    'marks': np.array(recipe.marks()),
    'outcomes': np.array([outcome.label for outcome in Outcome]),
    **patterns._asdict(),
    **(constants or {}),
  }

  def part(width):
    sizes = patterns.inputs.shape[1], width, patterns.targets.shape[1]
    trial = trials.trial(recipe, sizes)

    def compute(rows, watch):
      net, arrays, computed = trials.run(
        trial, rows, patterns, blocks=blocks, watch=watch
      )
      columns = {'seed': rows.seed, **rows.setting, **arrays}
      return columns | measure(net) | records.pack_net(net), computed

    grid = recipe.grid()
    settings = [{'hidden': width, **s} for s in seeds.settings(**grid)]
    rows = seeds.cross(seed_range, **grid)
    return running.Part(f'h{width}', rows, settings, compute, shared)

  return [part(width) for width in hidden]


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
    'unsolved_rate': stats.rate(~solved),
    **{
      f'{o.name.lower()}_rate': stats.rate(outcome == o)
      for o in Outcome
      if o != Outcome.SOLVED
    },
  }

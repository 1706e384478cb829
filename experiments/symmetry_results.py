"""What is measured on symmetry nets, and the results of a run."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxrep import claims, nets, records, seeds, stats
from jaxrep.measures import mirror
from jaxrep.measures.minima import Outcome
from jaxrep.tasks.patterns import Patterns

# Sizes put into solved nets, by pairs of inputs. Those in which two sets of
# pairs weigh the same cannot work (see `mirror`); the others can.
RATIOS = {
  1: ((1,),),
  2: ((1, 2), (2, 3), (1, 1)),
  3: ((1, 2, 4), (2, 3, 4), (1, 2, 3), (1, 1, 2)),
  4: ((1, 2, 4, 8), (3, 5, 6, 7), (1, 2, 3, 4), (1, 1, 2, 4)),
}
PAPER_SWEEPS = 1425


def put_ratios(pairs: int) -> dict[str, tuple[int, ...]]:
  """Returns the sizes that are put into nets, by the name of their column."""
  powers = tuple(2**k for k in range(pairs))
  ratios = RATIOS.get(pairs, (powers, (1, *powers[:-1])))
  return {'correct_' + '_'.join(map(str, r)): r for r in ratios}


def order_names(pairs: int) -> np.ndarray:
  """Returns the words for `mirror.MirrorCode.order`, '4:1:2' and the like."""
  return np.array([':'.join(map(str, o)) for o in mirror.all_orders(pairs)])


def measure(
  net: nets.Net, patterns: Patterns, tolerance: float, blocks: seeds.Blocks
) -> records.Arrays:
  """Returns the mirror code of every net, by column, and interventions.

  Args:
    net: `[S]` nets.
    patterns: of the task.
    tolerance: see `mirror.claims`.
    blocks: the layout.
  """
  f = _measure_one(tolerance, net[0].w.shape[1] // 2)
  return seeds.each(f, net, blocks=blocks, shared=patterns)


@functools.cache
def _measure_one(tolerance: float, pairs: int) -> Callable:
  def one(net, patterns):
    code = mirror.mirror_code(net)
    claimed = mirror.claims(code, tolerance)
    corrects = {
      name: mirror.correct_cases(
        mirror.with_ratios(net, jnp.array(ratios, jnp.float32)), *patterns
      )
      for name, ratios in put_ratios(pairs).items()
    }
    return {
      'correct': mirror.correct_cases(net, *patterns),
      'mirror_residual': code.mirror_residual,
      'opposite_residual': code.opposite_residual,
      'ratio_deviation': code.ratio_deviation,
      'order': code.order.astype(jnp.int16),
      'ratios': code.ratios,
      **claimed._asdict(),
      **corrects,
    }

  return one


def results(
  arrays: records.Arrays, budget: int
) -> dict[str, stats.Estimate]:
  """Returns the results of the nets of one setting, by name.

  Args:
    arrays: `[N, ...]`, one setting's.
    budget: sweeps, at which times are censored.
  """
  outcome, sweeps = arrays['outcome'], arrays['sweeps']
  solved = outcome == Outcome.SOLVED
  by_outcome = {
    f'{o.name.lower()}_rate': stats.rate(outcome == o) for o in Outcome
  }
  times = np.where(solved, sweeps, budget)
  pairs = arrays['w0'].shape[1] // 2
  cases = 4**pairs
  of_solved = {
    f'{name}_rate': stats.rate(arrays[name][solved])
    for name in mirror.Claims._fields
  } | {
    f'{name.replace("correct", "keeps")}_rate': stats.rate(
      arrays[name][solved] == cases
    )
    for name in put_ratios(pairs)
  }
  return {
    'solved_rate': by_outcome.pop('solved_rate'),
    'solved_by_1425_rate': stats.rate(solved & (sweeps <= PAPER_SWEEPS)),
    'sweeps_median': stats.median_sweeps(times, ~solved, budget),
    'unsolved_rate': stats.rate(~solved),
    **by_outcome,
    **of_solved,
  }


def judge(
  parts: Mapping[str, records.Arrays], settings: list[dict[str, Any]]
) -> list[dict[str, Any]]:
  """Returns verdicts on the letter's claims, where there is one setting."""
  if len(settings) > 1:
    return []
  return claims.verdicts(claims.SYMMETRY, settings[0]['results'])

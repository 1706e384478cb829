"""What is measured on symmetry nets, and the results of a run."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxrep import nets, records, seeds, stats
from jaxrep.claims import symmetry
from jaxrep.measures import answers, mirror
from jaxrep.measures.minima import Outcome
from jaxrep.tasks.patterns import Patterns

from ..shared import descent, groups

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
  with np.errstate(over='ignore'):  # of a double that diverges
    return seeds.each(f, net, blocks=blocks, shared=(patterns,))


@functools.cache
def _measure_one(tolerance: float, pairs: int) -> Callable:
  def one(net, patterns):
    code = mirror.mirror_code(net)
    claimed = mirror.claims(code, tolerance)
    corrects = {
      name: answers.correct_cases(
        mirror.with_ratios(net, jnp.array(ratios, jnp.float32)), *patterns
      )
      for name, ratios in put_ratios(pairs).items()
    }
    return {
      'correct': answers.correct_cases(net, *patterns),
      'mirror_residual': code.mirror_residual,
      'opposite_residual': code.opposite_residual,
      'ratio_deviation': code.ratio_deviation,
      'order': code.order,
      'ratios': code.ratios,
      **claimed._asdict(),
      **_other_ratio(code, tolerance),
      **corrects,
    }

  return one


def _other_ratio(code: mirror.MirrorCode, tolerance: float) -> dict:
  """Returns whether all hidden units have 2:3:4, for three pairs of inputs.

  It is the other small ratio in which no two sets of pairs weigh the same.
  """
  if code.ratios.shape[1] != 3:
    return {}
  exact = jnp.array([1, 1.5, 2])
  deviation = jnp.max(jnp.abs(code.ratios / exact[None] - 1))
  return {'ratio_234': deviation <= tolerance}


def results(arrays: records.Arrays, budget: int) -> dict[str, stats.Estimate]:
  """Returns the results of the nets of one setting, by name.

  Args:
    arrays: `[N, ...]`, one setting's.
    budget: sweeps, at which times are censored.
  """
  solved = arrays['outcome'] == Outcome.SOLVED
  pairs = arrays['inputs'].shape[1] // 2
  cases = len(arrays['inputs'])
  return {
    **descent.results(arrays, budget),
    'solved_by_1425_rate': descent.solved_by(PAPER_SWEEPS, arrays, budget),
    **{
      f'{name}_rate': stats.rate(arrays[name][solved])
      for name in (*mirror.Claims._fields, 'ratio_234')
      if name in arrays
    },
    **{
      name.replace('correct', 'keeps') + '_rate': stats.rate(
        arrays[name][solved] == cases
      )
      for name in put_ratios(pairs)
    },
  }


def judge(
  parts: Mapping[str, records.Arrays], settings: list[dict[str, Any]], bits: int
) -> list[dict[str, Any]]:
  """Returns verdicts on the letter's claims that these settings bear on.

  One setting is judged if it is the letter's in all that the letter states.
  """
  found = groups.groups(parts, settings)
  if len(found) == 1:
    return groups.verdicts(symmetry.CLAIMS, found, lambda group: {'bits': bits})
  if 'hidden' not in groups.varied(found):
    return []
  compared = compare_widths(found)
  names = [name for name in groups.free(found) if name != 'hidden']
  places = [groups.said(c.setting, names) for c in compared]
  return [
    symmetry.more_connections(claim, list(zip(ways, places, strict=True)))
    for claim, ways in (
      (symmetry.MORE_CONNECTIONS, [c.way for c in compared]),
      (symmetry.MORE_LEARN, [c.way_solved for c in compared]),
    )
  ]


class Comparison(NamedTuple):
  """A wider net against the narrowest one, all else equal, on the same seeds.

  Attributes:
    setting: of the wider net.
    held: in a local minimum or saturated, the wider less the narrowest.
    solved: the same of nets that solved the task within the budget.
    way: of `held`: 'helps', 'hurts' or 'no difference', at 5 % over all
      comparisons (McNemar's exact test, Bonferroni).
    way_solved: the same of `solved`.
  """

  setting: Mapping[str, Any]
  held: stats.PairedRates
  solved: stats.PairedRates
  way: str
  way_solved: str


def compare_widths(found: Sequence[groups.Group]) -> list[Comparison]:
  """Returns every wider net compared with the narrowest."""

  least = min(g.setting['hidden'] for g in found)
  wider = sum(g.setting['hidden'] > least for g in found)
  result = []
  for _, alike in groups.alike_but('hidden', found):
    narrow, *others = sorted(alike, key=lambda g: g.setting['hidden'])
    for group in others:
      held = stats.paired_rates(
        groups.held(group.arrays), groups.held(narrow.arrays)
      )
      solved = stats.paired_rates(group.solved, narrow.solved)
      better = held._replace(only_a=held.only_b, only_b=held.only_a)
      ways = (_way(pairs, 0.05 / wider) for pairs in (better, solved))
      result.append(Comparison(group.setting, held, solved, *ways))
  return result


def _way(pairs: stats.PairedRates, level: float) -> str:
  """Returns which of two is better: pairs in which only it is so count."""
  if pairs.p_value >= level:
    return 'no difference'
  return 'helps' if pairs.only_a > pairs.only_b else 'hurts'

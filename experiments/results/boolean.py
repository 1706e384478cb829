"""What is measured on nets of Boolean tasks, and the results of a run."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxrep import nets, records, seeds, stats
from jaxrep.claims import boolean as claims
from jaxrep.measures import answers, codes
from jaxrep.measures.minima import Outcome
from jaxrep.tasks.boolean import TASKS
from jaxrep.tasks.patterns import Patterns

from ..shared import descent, groups

READABLE = 30  # hidden units whose states make a code of 32 bits
SHARED = 20  # cases up to which it is told which share a code


def measure(
  net: nets.Net, task: str, patterns: Patterns, blocks: seeds.Blocks
) -> records.Arrays:
  """Returns what hidden units say, by column.

  Args:
    net: `[S]` nets.
    task: whose patterns they are.
    patterns: what was to be learnt.
    blocks: the layout.
  """
  f = _measure_one(task)
  with np.errstate(over='ignore'):  # of a double that diverges
    return seeds.each(f, net, blocks=blocks, shared=(patterns,))


@functools.cache
def _measure_one(task: str) -> Callable:
  def one(net, patterns):
    inputs, targets = patterns
    hidden = net[0].b.shape[0]
    found = {
      'correct': answers.correct_cases(net, inputs, targets),
      'halfway': codes.halfway(net, inputs),
    }
    if hidden > READABLE:
      return found
    found['codes'] = codes.codes(net, inputs)
    if task == 'xor' and hidden == 2:
      found['pair'] = codes.pair(found['codes'])
    if task == 'parity':
      found |= codes.counts(net, inputs)._asdict()
    if task == 'encoder' and len(inputs) <= SHARED:
      found |= codes.corners(found['codes'])._asdict()
    return found

  return one


def constants(task: str, patterns: Patterns) -> records.Arrays:
  """Returns the words for the columns `pair` and `sharing`."""
  if task == 'xor':
    return {'pairs': np.array(codes.pair_names())}
  if task == 'encoder' and len(patterns.inputs) <= SHARED:
    return {'sharings': np.array(codes.sharing_names(len(patterns.inputs)))}
  return {}


def results(
  arrays: records.Arrays, *, task: str, budget: int, stuck_after: int
) -> dict[str, stats.Estimate]:
  """Returns the results of the nets of one setting, by name.

  Args:
    arrays: `[N, ...]`, one setting's.
    task: its name.
    budget: sweeps, at which times are censored.
    stuck_after: sweeps after which an unsolved net counts as stuck.
  """
  solved = arrays['outcome'] == Outcome.SOLVED
  found = descent.results(arrays, budget)
  found['held_rate'] = stats.rate(groups.held(arrays))
  found |= _stuck(solved, arrays, budget, stuck_after)
  by = {'xor': claims.SWEEPS_XOR, 'parity': claims.SWEEPS_PARITY}.get(task)
  if by:
    found[f'solved_by_{by}_rate'] = descent.solved_by(by, arrays, budget)
  for name in codes.Counts._fields[:4]:
    if name in arrays:
      found[f'{name}_rate'] = stats.rate(arrays[name][solved])
  if 'used' in arrays:
    own = arrays['used'][solved] == len(arrays['inputs'])
    found['own_corner_rate'] = stats.rate(own)
    halfway = arrays['halfway'][solved]  # nan where a net diverged since
    found['halfway_mean'] = stats.mean(
      halfway[np.isfinite(halfway)], unit='share'
    )
  return found


def _stuck(solved, arrays, budget, after) -> dict[str, stats.Estimate]:
  """Returns how many nets are stuck, and how many of these leave in time."""
  if budget <= after:
    unknown = stats.Estimate(None, None, None, len(solved), 'rate', True)
    return {'stuck_rate': unknown, 'left_rate': unknown}
  stuck = ~(solved & (arrays['sweeps'] <= after))
  return {
    'stuck_rate': stats.rate(stuck),
    'left_rate': stats.rate(solved[stuck]),
  }


def judge(
  parts: Mapping[str, records.Arrays],
  settings: list[dict[str, Any]],
  *,
  task: str,
  size: int,
  skip: bool,
) -> list[dict[str, Any]]:
  """Returns verdicts on the claims that these settings bear on.

  Args:
    parts: the record's arrays.
    settings: with their results.
    task: its name.
    size: of the task, where it does not vary.
    skip: whether there are direct links.
  """
  found = groups.groups(parts, settings)

  def fixed(group):
    if task not in TASKS:
      return {}
    bits = group.setting.get('size', size)
    own = group.setting['hidden'] == TASKS[task].hidden(bits)
    return {'task': task, 'size': bits, 'skip': skip, 'own': own}

  verdicts = groups.verdicts(claims.CLAIMS, found, fixed)
  if task != 'xor' or skip:
    return verdicts
  names = list(groups.free(found))
  rest = [name for name in names if name != 'hidden']
  for claim, measured, shown in (
    (claims.more_units, slopes(found), rest),
    (claims.chauvins_number, slopes(found), rest),
    (claims.escape, escapes(found), names),
  ):
    each = [claim(e, groups.words(group, shown)) for group, e in measured]
    verdicts += (
      groups.few(each, claim(measured[0][1], '')['claim']) if each else []
    )
  pairs = compare_precision(found)
  return verdicts + ([claims.precision(pairs)] if pairs else [])


def slopes(
  found: Sequence[groups.Group],
) -> list[tuple[groups.Group, stats.Estimate]]:
  """Returns sweeps for each doubling of the hidden units, as Chauvin has it.

  The slope of the least-squares line of median sweeps over log₂ H, at η = 0.25,
  for each choice of the other settings. All nets count, those that never solve
  the task as slower than any; the interval is a bootstrap over seeds. Settings
  with fewer than three numbers of hidden units, or a median beyond the budget,
  are left out.
  """
  result = []
  for rest, alike in groups.alike_but('hidden', found):
    if len(alike) < 3 or rest.get('learning_rate') != 0.25:
      continue
    x = np.log2([g.setting['hidden'] for g in alike])
    x -= x.mean()
    sweeps = np.stack(
      [np.where(g.solved, g.arrays['sweeps'], np.inf) for g in alike]
    )

    def slope(*columns, x=x, axis=-1):
      middles = np.stack([np.median(c, axis=axis) for c in columns])
      return np.tensordot(x / (x @ x), middles, axes=1)

    if np.all(np.isfinite(np.median(sweeps, axis=1))):
      result.append((alike[0], stats.bootstrap(slope, sweeps, unit='sweeps')))
  return result


def escapes(
  found: Sequence[groups.Group],
) -> list[tuple[groups.Group, stats.Estimate]]:
  """Returns, of the seeds held at η = 0.25, those solved at η ≥ 0.5.

  For each larger η of 2-2-1 nets, and each choice of the other settings.
  """
  result = []
  for rest, alike in groups.alike_but('learning_rate', found):
    low = [g for g in alike if g.setting['learning_rate'] == 0.25]
    if low and rest['hidden'] == 2:
      stuck = groups.held(low[0].arrays)
      result += [
        (g, stats.rate(g.solved[stuck]))
        for g in alike
        if g.setting['learning_rate'] >= 0.5
      ]
  return result


def compare_precision(
  found: Sequence[groups.Group],
) -> list[stats.PairedRates]:
  """Returns unsolved nets in float32 less those in float64, seed by seed."""
  result = []
  for _, alike in groups.alike_but('precision', found):
    kinds = {g.setting['precision']: ~g.solved for g in alike}
    if len(kinds) == 2:
      pair = stats.paired_rates(kinds['float32'], kinds['float64'])
      result.append(pair)
  return result

"""How long ways of doing the same take: in turn, for several rounds."""

import time
from collections.abc import Callable, Mapping

import numpy as np
import tqdm

from jaxrep import stats


def measure(
  ways: Mapping[str, tuple[int, Callable]],
  *,
  unit: str,
  seconds: float,
  rounds: int,
) -> dict[str, stats.Estimate]:
  """Returns rates, compile times and ratios, each a median with its extremes.

  Args:
    ways: by name: how many nets it trains at once, and how; jaxrep's last.
    unit: of its rate.
    seconds: about how long each way runs in a round.
    rounds: how often; all ways run in each.
  """
  sweeps, results = {}, {}
  for name, (_, run) in ways.items():
    first = _seconds(run, 1)
    again = _seconds(run, 1)
    compiling = max(first - again, 0.0)
    results[f'{name}_compile_seconds'] = _estimate([compiling], 's')
    more, spent = 1, again
    while spent - again < seconds / 20:  # without what a run costs by itself
      more *= 4
      spent = _seconds(run, 1 + more)
    left = max(seconds - again, 0.0)
    sweeps[name] = 1 + round(more * left / (spent - again))
  rates = {name: [] for name in ways}
  for _ in tqdm.trange(rounds, desc='benchmark', unit=' rounds', disable=None):
    for name, (count, run) in ways.items():
      spent = _seconds(run, sweeps[name])
      rates[name].append(count * sweeps[name] / spent)
  for name, values in rates.items():
    results[f'{name}_rate'] = _estimate(values, unit)
  *others, own = ways
  for name in others:
    times = [a / b for a, b in zip(rates[own], rates[name], strict=True)]
    results[f'jaxrep_over_{name}'] = _estimate(times, 'ratio')
  return results


def _seconds(run: Callable, sweeps: int) -> float:
  start = time.perf_counter()
  run(sweeps)
  return time.perf_counter() - start


def _estimate(values: list[float], unit: str) -> stats.Estimate:
  return stats.Estimate(
    float(np.median(values)), min(values), max(values), len(values), unit
  )

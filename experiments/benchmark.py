"""How fast is jaxrep, beside what a user would write? In nets × sweeps / s.

The same training by NumPy, one net at a time; by `jax.vmap` of the plain
function as it comes; by the same in blocks, or net after net where images come
one at a time (`localization`, in nets × images / s); and by jaxrep's whole
engine, which also looks for solved nets. All run in one process, on the same
devices, in turn and for several rounds; compiling is told apart.
"""

import time
from collections.abc import Callable, Mapping

import numpy as np
import tqdm
from absl import flags

from jaxrep import stats
from jaxrep.tasks import boolean, symmetry

from .shared import common, online_yardsticks, running, yardsticks

FLAGS = flags.FLAGS

STUDIES = {
  'symmetry': yardsticks.layered(
    (6, 2, 1), symmetry.patterns(6, coding='binary'), learning_rate=0.1
  ),
  'xor': yardsticks.layered((2, 2, 1), boolean.xor(), learning_rate=0.25),
  'parity8': yardsticks.layered(
    (8, 8, 1), boolean.parity(8), learning_rate=0.01
  ),
  'recirculation': yardsticks.loop(
    (4, 2, 4), boolean.encoder(4),
    learning_rate=20.0, regression=0.75, init_range=0.5,
  ),
  'family_trees': yardsticks.trees(
    learning_rate=0.05, decay=0.001, init_range=1.5),
  'localization': online_yardsticks.Online((784, 100, 2), learning_rate=0.01),
}  # fmt: skip

flags.DEFINE_enum('study', 'symmetry', list(STUDIES), 'Whose nets are trained.')
common.define_number(
  'nets', 'Nets trained at once, a multiple of devices × block size; 0: as many'
  ' as suit the study.', kind=int, high=2**20, default=0,
)  # fmt: skip
common.define_number(
  'seconds', 'About how long each way runs in a round.', above=True, default=15
)
common.define_number(
  'rounds', 'How often each way runs.', kind=int, low=1, high=1000, default=3
)
for name in ('block_size', 'out'):
  flags.declare_key_flag(name)


def measure(
  ways: Mapping[str, tuple[int, Callable]],
  *,
  unit: str,
  seconds: float,
  rounds: int,
) -> dict[str, stats.Estimate]:
  """Returns rates, compile times and ratios, each a median with its extremes.

  Args:
    ways: by name: how many nets it trains at once, and how.
    unit: of its rate.
    seconds: about how long each way runs in a round.
    rounds: how often; all ways run in each.
  """
  sweeps, results = {}, {}
  for name, (count, run) in ways.items():
    first = _seconds(run, 1)
    again = _seconds(run, 1)
    compiling = max(first - again, 0.0)
    results[f'{name}_compile_seconds'] = _estimate([compiling], 's')
    trial = 200 if count > 1 else 2000
    sweeps[name] = max(1, round(trial * seconds / _seconds(run, trial)))
  rates = {name: [] for name in ways}
  for _ in tqdm.trange(rounds, desc='benchmark', unit=' rounds', disable=None):
    for name, (count, run) in ways.items():
      spent = _seconds(run, sweeps[name])
      rates[name].append(count * sweeps[name] / spent)
  for name, values in rates.items():
    results[f'{name}_rate'] = _estimate(values, unit)
  for name in [name for name in ways if name != 'jaxrep']:
    times = [a / b for a, b in zip(rates['jaxrep'], rates[name], strict=True)]
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


def main() -> None:
  common.launch('benchmark', _main)


def _main() -> None:
  work = STUDIES[FLAGS.study]
  count = FLAGS.nets or work.at_once
  blocks = common.blocks(work.cells, size=work.block_size)
  if count % (blocks.size * len(blocks.devices)):
    raise common.BadInputError(
      f'--nets={count}: expected a multiple of {len(blocks.devices)} devices ×'
      f' {blocks.size} nets a block'
    )
  numbers = {name: FLAGS[name].value for name in ('seconds', 'rounds')}
  decided = {'study': FLAGS.study, 'nets': count, **numbers}
  decided['block_size'] = blocks.size
  running.write_results(
    'benchmark',
    {name: common.as_text(value) for name, value in decided.items()},
    measure(work.ways(count, blocks), unit=work.unit, **numbers),
    out=FLAGS.out or f'runs/benchmark_{FLAGS.study}',
  )


if __name__ == '__main__':
  main()

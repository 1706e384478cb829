"""XOR, OR, parity, encoder, addition, or your own table: do nets stick?

Trains layered nets from many seeds on the small problems of Rumelhart, Hinton &
Williams, PDP vol. 1 (1986), ch. 8, and OR of Kolen & Pollack, NIPS 3 (1990);
certifies where the others stopped, and says what the hidden units do. Without
flags: XOR, 2-2-1, at η = 0.25.
"""

from absl import flags

from jaxrep.tasks import boolean

from .reports import boolean as report
from .results import boolean as results
from .shared import (
  common,
  descent,
  descent_flags,
  machines,
  parsers,
  problems,
  running,
  task_flags,
)

FLAGS = flags.FLAGS

task_flags.define(boolean.TASKS, many=True)
parsers.define_number(
  'stuck_after', 'Sweeps after which an unsolved net counts as stuck.',
  kind=int, low=1, high=2**30,
)  # fmt: skip
for module in (common, machines, task_flags, descent_flags):
  flags.adopt_module_key_flags(module)


def main() -> None:
  common.launch('boolean', _main, defaults='boolean')


def _main() -> None:
  place = machines.place('boolean')
  task, recipes = FLAGS.task, descent_flags.recipes(links=FLAGS.skip)
  sets, pinned = problems.pattern_sets(task, FLAGS.size, FLAGS.task_digest)
  hidden = {
    size: descent_flags.widths(
      boolean.TASKS[task].hidden(size) if size else None
    )
    for size in sets
  }
  cells = [len(sets[size].inputs) * max(hidden[size]) for size in sets]
  seed_range, blocks = common.check_seeds(), common.blocks(max(cells))
  parts = []
  for size, patterns in sets.items():
    parts += descent.parts(
      recipes,
      patterns,
      hidden=hidden[size],
      seed_range=seed_range,
      blocks=blocks,
      measure=lambda net, patterns=patterns: results.measure(
        net, task, patterns, blocks
      ),
      constants=results.constants(task, patterns),
      task={'size': size} if len(sets) > 1 else {},
    )
  only = next(iter(sets))
  budget, after = FLAGS.sweeps, FLAGS.stuck_after
  experiment = running.Experiment(
    'boolean',
    common.deciding_flags('boolean', block_size=blocks.size, **pinned),
    parts,
    lambda arrays: results.results(
      arrays, task=task, budget=budget, stuck_after=after
    ),
    report.page,
    lambda parts, settings: results.judge(
      parts, settings, task=task, size=only, skip=FLAGS.skip
    ),
  )
  running.run(experiment, place)


if __name__ == '__main__':
  main()

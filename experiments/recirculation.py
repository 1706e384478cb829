"""Recirculation: do loops learn without a gradient, how fast, and by what?

Trains closed loops, visible -> hidden -> visible, by the two local rules of
Hinton & McClelland (NIPS 1987), follows every net's changes beside steepest
descent, and compares with back-propagation, each at its best rate. Without
flags: the paper's 4-2-4 on 10,000 nets.
"""

from absl import flags

from .reports import recirculation as report
from .results import comparison
from .results import recirculation as results
from .shared import common, loop_flags, running

FLAGS = flags.FLAGS

common.define_number(
  'compare', 'Seeds on which the best rate of recirculation and of'
  ' back-propagation is sought, and as many more that report it; 0: none.',
  kind=int, high=2**20,
)  # fmt: skip
common.define_number(
  'compare_rates', 'Learning rates that are tried for both.', above=True,
  many=True,
)  # fmt: skip
common.define_number(
  'compare_momenta', 'Momenta that are tried for both.', high=1, many=True
)
for module in (common, loop_flags):
  flags.adopt_module_key_flags(module)


def main() -> None:
  common.launch('recirculation', _main, defaults='recirculation')


def _main() -> None:
  if 2 * FLAGS.compare > FLAGS.seeds:
    raise common.BadInputError(
      f'--compare={FLAGS.compare}: expected at most half of --seeds='
      f'{FLAGS.seeds}'
    )
  sets, pinned = loop_flags.vectors()
  cases = len(next(iter(sets.values())).inputs)
  shapes, recipes = loop_flags.shapes(), loop_flags.recipes(cases)
  blocks = common.blocks(cases * max(sum(sizes[1:-1]) for sizes in shapes))
  search = comparison.Search(
    FLAGS.compare, FLAGS.compare_rates, FLAGS.compare_momenta
  )
  deciding = common.deciding_flags(
    'recirculation', block_size=blocks.size, **pinned
  )
  budget = FLAGS.updates
  experiment = running.Experiment(
    'recirculation',
    deciding,
    results.parts(
      recipes,
      sets,
      shapes=shapes,
      seed_range=common.check_seeds(),
      blocks=blocks,
      search=search,
    ),
    lambda arrays: results.results(arrays, budget),
    report.page,
    lambda parts, settings: results.judge(
      parts, settings, fixed=_fixed(deciding)
    ),
  )
  out = FLAGS.out or 'runs/recirculation'
  running.run(experiment, out=out, chunk_size=FLAGS.chunk_size)


def _fixed(deciding):
  """Returns what the flags say of every group."""
  names = ('visible', 'vectors', 'visible_units', 'tied', 'passes',
           'keep_factor')  # fmt: skip
  return lambda group: {name: FLAGS[name].value for name in names}


if __name__ == '__main__':
  main()

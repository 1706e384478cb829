"""Mirror symmetry: of thousands of n-H-1 nets, how many learn, and what?

Trains nets from many seeds by the recipe of Rumelhart, Hinton & Williams,
Nature 323 (1986), Fig. 1, certifies where the others stopped, and measures what
the solved ones learnt. Without flags: the letter's setting, 1,000 nets.
"""

from collections.abc import Sequence

from absl import flags

from jaxrep import records, seeds, trials
from jaxrep.tasks import symmetry

from .reports import symmetry as report
from .results import symmetry as results
from .shared import common, descent, descent_flags, machines, parsers, running

FLAGS = flags.FLAGS

parsers.define_number(
  'bits', 'Length of a vector: even.', kind=int, low=2, high=16
)
flags.DEFINE_enum(
  'coding', None, ['binary', 'bipolar'], 'Inputs are 0 and 1, or -1 and 1.'
)
parsers.define_number(
  'tolerance', 'Relative deviation up to which a net shows a claimed property.',
  above=True, high=1,
)  # fmt: skip
for module in (common, machines, descent_flags):
  flags.adopt_module_key_flags(module)


def run(
  recipes: Sequence[trials.Recipe],
  *,
  seed_range: Sequence[int],
  bits: int,
  hidden: Sequence[int],
  coding: str,
  tolerance: float,
  blocks: seeds.Blocks,
  place: running.Place,
  flags: dict[str, str],
) -> records.Record | None:
  """Runs the study, leaves its record, and returns it (see `running.run`).

  Args:
    recipes: how nets are trained.
    seed_range: seeds, for each setting.
    bits: length of a vector, even.
    hidden: numbers of hidden units, one part of the record each.
    coding: of the inputs, 'binary' or 'bipolar'.
    tolerance: up to which a property counts as shown.
    blocks: the layout.
    place: where the record is kept, and which share of it is computed.
    flags: the above as text, for run.flags.
  """
  patterns = symmetry.patterns(bits, coding=coding)
  experiment = running.Experiment(
    'symmetry',
    flags,
    descent.parts(
      recipes,
      patterns,
      hidden=hidden,
      seed_range=seed_range,
      blocks=blocks,
      measure=lambda net: results.measure(net, patterns, tolerance, blocks),
      constants={'orders': results.order_names(bits // 2)},
    ),
    lambda arrays: results.results(arrays, recipes[0].sweeps),
    report.page,
    lambda parts, settings: results.judge(parts, settings, bits),
  )
  return running.run(experiment, place)


def main() -> None:
  common.launch('symmetry', _main, defaults='symmetry')


def _main() -> None:
  place = machines.place('symmetry')
  if FLAGS.bits % 2:
    raise common.BadInputError(
      f'--bits={FLAGS.bits}: expected an even number, found an odd one'
    )
  blocks = common.blocks()
  run(
    descent_flags.recipes(),
    seed_range=common.check_seeds(),
    bits=FLAGS.bits,
    hidden=descent_flags.widths(),
    coding=FLAGS.coding,
    tolerance=FLAGS.tolerance,
    blocks=blocks,
    place=place,
    flags=common.deciding_flags('symmetry', block_size=blocks.size),
  )


if __name__ == '__main__':
  main()

"""Knowledge localization: do update sizes tell where knowledge is stored?

Trains nets on handwritten digits, one image at a time, sums |Δw| apart for two
pairs of digits, forks every net into four that go on without one digit each,
and asks whether the weights that learning of a pair changed most are those in
which forks differ that have learnt different digits of it (Bostock, 2022).
Without flags: the source's net on MNIST, 100 of them.
"""

import functools

from absl import flags

from jaxrep import localization
from jaxrep.claims import localization as claims

from .reports import localization as report
from .results import localization as results
from .shared import common, digit_flags, groups, running

FLAGS = flags.FLAGS
for module in (common, digit_flags):
  flags.adopt_module_key_flags(module)


def main() -> None:
  common.launch('localization', _main, defaults='localization')


def _main() -> None:
  recipes, seed_range = digit_flags.recipes(), common.check_seeds()
  blocks = common.blocks(size=localization.BLOCK)
  data = digit_flags.data()
  lessons = digit_flags.lessons(data)
  experiment = running.Experiment(
    'localization',
    common.deciding_flags(
      'localization',
      block_size=blocks.size,
      phase1=digit_flags.phase1(data),
    ),
    results.parts(
      recipes,
      lessons,
      data,
      learning_rates=FLAGS.learning_rate,
      seed_range=seed_range,
      blocks=blocks,
    ),
    results.results,
    report.page,
    functools.partial(groups.judge, claims.CLAIMS, fixed={'data': FLAGS.data}),
  )
  out = FLAGS.out or 'runs/localization'
  running.run(experiment, out=out, chunk_size=FLAGS.chunk_size)


if __name__ == '__main__':
  main()

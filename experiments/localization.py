"""Knowledge localization: do update sizes tell where knowledge is stored?

Trains nets on handwritten digits, one image at a time, sums |Δw| apart for two
pairs of digits, forks every net into four that go on without one digit each,
and asks whether the weights that learning of a pair changed most are those in
which forks differ that have learnt different digits of it (Bostock, 2022).
Without flags: the source's net on MNIST, 100 of them.
"""

import functools

from absl import flags

from jaxrep import kinship, localization
from jaxrep.claims import localization as claims

from .reports import kinship as kinship_report
from .reports import localization as report
from .results import kinship as kinship_results
from .results import localization as results
from .shared import common, digit_flags, groups, machines, running

FLAGS = flags.FLAGS
for module in (common, machines, digit_flags):
  flags.adopt_module_key_flags(module)


def main() -> None:
  common.launch('localization', _main, defaults='localization')


def _main() -> None:
  place = machines.place('localization')
  digit_flags.settle()
  blocks = common.blocks(size=localization.BLOCK)
  layout = {'seed_range': common.check_seeds(), 'blocks': blocks}
  decided = common.deciding_flags('localization', block_size=blocks.size)
  made = _trees if FLAGS.data == digit_flags.TREES else _images
  experiment = made(decided, layout)
  running.run(experiment, place)


def _images(decided, layout) -> running.Experiment:
  recipes, data = digit_flags.recipes(), digit_flags.data()
  lessons = digit_flags.lessons(data)
  return running.Experiment(
    'localization',
    decided,
    results.parts(
      recipes, lessons, data, learning_rates=FLAGS.learning_rate, **layout
    ),
    results.results,
    report.page,
    functools.partial(groups.judge, claims.CLAIMS, fixed={'data': FLAGS.data}),
  )


def _trees(decided, layout) -> running.Experiment:
  recipe = kinship.Recipe(FLAGS.sweeps, FLAGS.fork_sweeps, FLAGS.permutations)
  names = 'learning_rate', 'momentum', 'init_range', 'band', 'tally_from'
  grid = {name: FLAGS[name].value for name in names}
  return running.Experiment(
    'localization',
    decided,
    kinship_results.parts([recipe], grid=grid, **layout),
    kinship_results.results,
    kinship_report.page,
  )


if __name__ == '__main__':
  main()

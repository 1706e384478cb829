"""Family trees: do nets generalise, how often, and what do their units mean?

Trains nets of the letter of 1986 (24 people + 12 relations -> 6 + 6 -> 12 -> 6
-> 24 people) on two family trees of one shape, cases of which are held out anew
for every net, and asks of each unit what it stands for. Without flags: the
recipe as printed, on 1,000 nets.
"""

import functools

from absl import flags

from jaxrep.claims import family_trees as claims

from .reports import family_trees as report
from .results import family_trees as results
from .shared import common, groups, machines, parsers, running, tree_flags

FLAGS = flags.FLAGS
for module in (common, machines, tree_flags):
  flags.adopt_module_key_flags(module)


def main() -> None:
  common.launch('family_trees', _main, defaults='family_trees')


def _main() -> None:
  place = machines.place('family_trees')
  recipes = tree_flags.recipes()
  blocks = common.blocks(tree_flags.CELLS)
  budget, selective = FLAGS.sweeps, FLAGS.selective
  fixed = {
    name: parsers.as_text(FLAGS[name].value)
    for name in ('heldout_from', 'heldout_cases')
  }
  experiment = running.Experiment(
    'family_trees',
    common.deciding_flags(
      'family_trees',
      block_size=blocks.size,
      heldout=tree_flags.heldout(),
    ),
    results.parts(
      recipes,
      seed_range=common.check_seeds(),
      permutations=FLAGS.permutations,
      layers=FLAGS.layer,
      blocks=blocks,
    ),
    lambda arrays: results.results(arrays, budget, selective),
    report.page,
    functools.partial(groups.judge, claims.CLAIMS, fixed=fixed),
  )
  running.run(experiment, place)


if __name__ == '__main__':
  main()

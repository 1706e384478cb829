"""Recirculation: do loops learn without a gradient, how fast, and by what?

Trains closed loops, visible -> hidden -> visible, by the two local rules of
Hinton & McClelland (NIPS 1987), follows every net's changes beside steepest
descent, and compares with back-propagation, each at its best rate. Without
flags: the paper's 4-2-4 on 10,000 nets.
"""

import functools

from absl import flags

from jaxrep.claims import recirculation as claims

from .reports import hierarchy as hierarchy_report
from .reports import recirculation as report
from .results import comparison, hierarchy
from .results import recirculation as results
from .shared import common, groups, loop_flags, machines, parsers, running

FLAGS = flags.FLAGS

parsers.define_number(
  'compare', 'Seeds on which the best rate of recirculation and of'
  ' back-propagation is sought, and as many more that report it, at most half'
  ' of --seeds each; 0: none. Where --learning_rate or --momentum is a list,'
  ' with the first of it only.',
  kind=int, high=2**20,
)  # fmt: skip
parsers.define_number(
  'compare_rates', 'Learning rates that are tried for both, a list.',
  above=True, many=True, grid=False,
)  # fmt: skip
parsers.define_number(
  'compare_momenta', 'Momenta that are tried for both, a list.', high=1,
  many=True, grid=False,
)  # fmt: skip
for module in (common, machines, loop_flags):
  flags.adopt_module_key_flags(module)


def main() -> None:
  common.launch('recirculation', _main, defaults='recirculation')


def _main() -> None:
  place = machines.place('recirculation')
  loop_flags.check_structure()
  sets, pinned = loop_flags.vectors()
  cases = len(next(iter(sets.values())).inputs)
  shapes, recipes = loop_flags.shapes(), loop_flags.recipes(cases)
  groups = 3 if FLAGS.structure == 'hierarchy' else 1
  blocks = common.blocks(groups * cases * max(sum(s[1:-1]) for s in shapes))
  layout = {
    'shapes': shapes, 'seed_range': common.check_seeds(), 'blocks': blocks
  }  # fmt: skip
  flags_text = common.deciding_flags(
    'recirculation', block_size=blocks.size, **pinned
  )
  made = _hierarchy if FLAGS.structure == 'hierarchy' else _loop
  experiment = made(flags_text, recipes, sets, layout)
  running.run(experiment, place)


def _loop(flags_text, recipes, sets, layout) -> running.Experiment:
  search = comparison.Search(
    min(FLAGS.compare, FLAGS.seeds // 2),
    FLAGS.compare_rates,
    FLAGS.compare_momenta,
  )
  names = 'visible', 'vectors', 'visible_units', 'tied', 'keep_factor'
  fixed = {name: FLAGS[name].value for name in names}
  return running.Experiment(
    'recirculation',
    flags_text,
    results.parts(recipes, sets, search=search, **layout),
    results.results,
    report.page,
    functools.partial(
      groups.judge, (*claims.CLAIMS, *claims.LONG), fixed=fixed
    ),
  )


def _hierarchy(flags_text, recipes, sets, layout) -> running.Experiment:
  [patterns], [recipe] = sets.values(), recipes
  return running.Experiment(
    'recirculation',
    flags_text,
    hierarchy.parts(recipe, patterns, trips=FLAGS.trips, **layout),
    hierarchy.results,
    hierarchy_report.page,
    functools.partial(groups.judge, claims.HIERARCHY),
  )


if __name__ == '__main__':
  main()

"""Hierarchical equality: is (a = b) in there, where, and can a search find it?

Trains nets on (a = b) = (c = d), and looks in each of them, at every layer, for
the variables of a causal model by distributed alignment search (Geiger, Wu,
Potts, Icard & Goodman, 2023); beside it the same searches where there is
nothing to find. Without flags: the source's net, 100 of them.
"""

import functools

from absl import flags

from jaxrep import equality
from jaxrep.claims import equality as claims

from .reports import equality as report
from .results import equality as results
from .results import equality_parts
from .shared import common, equality_flags, groups, machines, running

FLAGS = flags.FLAGS
for module in (common, machines, equality_flags):
  flags.adopt_module_key_flags(module)


def main() -> None:
  common.launch('equality', _main, defaults='equality')


def _main() -> None:
  place = machines.place('equality')
  equality_flags.settle()
  plans, kinds = equality_flags.plans(), equality_flags.kinds()
  blocks = common.blocks(size=equality.BLOCK)
  experiment = running.Experiment(
    'equality',
    common.deciding_flags('equality', block_size=blocks.size),
    equality_parts.parts(
      kinds,
      plans,
      search_rates=FLAGS.search_rate,
      seed_range=common.check_seeds(),
      blocks=blocks,
    ),
    results.results,
    report.page,
    functools.partial(groups.judge, claims.CLAIMS),
  )
  running.run(experiment, place)


if __name__ == '__main__':
  main()

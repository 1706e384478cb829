"""Credit assignment, shown: the chain rule by hand on the XOR net 2-2-1.

Prints, for chosen cases and weights, every factor of the chain with its value,
their product and what jax.grad says; writes a whole sweep as tables of numbers
and of live formulas; and asks over many nets how many learn XOR by the full
rule, and how many by the delta rule on the last layer alone.
"""

import functools

from absl import flags

from jaxrep.claims import credit as claims
from jaxrep.learning import by_hand
from jaxrep.tasks import boolean

from .reports import credit as report
from .results import credit as results
from .shared import common, descent_flags, groups, machines, parsers, running

FLAGS = flags.FLAGS

flags.DEFINE(
  parsers.Words(report.CASES), 'case', None,
  'Cases of the lesson, by their bits, separated by commas.',
  FLAGS, flags.ListSerializer(','),
)  # fmt: skip
flags.DEFINE(
  parsers.Words(('all', *by_hand.weight_names(*results.SIZES[:2]))),
  'weight', None,
  'Weights of the lesson, by the units that they lead from and to, separated by'
  ' commas; w_0_3, w_0_4 and w_6_5 are biases.',
  FLAGS, flags.ListSerializer(','),
)  # fmt: skip
for module in (common, machines, descent_flags):
  flags.adopt_module_key_flags(module)


def main() -> None:
  common.launch('credit', _main, defaults='credit')


def _main() -> None:
  place = machines.place('credit')
  _check_lecture()
  recipes = [r._replace(error='lecture') for r in descent_flags.recipes()]
  blocks, budget = common.blocks(), FLAGS.sweeps
  experiment = running.Experiment(
    'credit',
    common.deciding_flags('credit', block_size=blocks.size),
    results.parts(
      recipes, boolean.xor(), seed_range=common.check_seeds(), blocks=blocks
    ),
    lambda arrays: results.results(arrays, budget),
    report.page,
    functools.partial(groups.judge, claims.CLAIMS),
  )
  running.run(experiment, place)


def _check_lecture() -> None:
  """Refuses what flags of descent allow and the lecture's net and E do not."""
  hidden = results.SIZES[1]
  for name, found, expected in (
    ('hidden', descent_flags.widths(hidden), (hidden,)),
    ('positive_weight', FLAGS.positive_weight, (1,)),
    ('zero_error_band', FLAGS.zero_error_band, False),
  ):
    if found != expected:
      raise common.BadInputError(
        f'--{name}={parsers.as_text(FLAGS[name].value)}: expected'
        f' {parsers.as_text(expected)}, as in the lecture'
      )


if __name__ == '__main__':
  main()

"""How fast is jaxrep, beside what a user would write? In nets × sweeps / s.

The same training by NumPy, one net at a time; by `jax.vmap` of the plain
function as it comes; by the same in blocks, or net after net where images come
one at a time (`localization`, in nets × images / s); and by jaxrep's whole
engine, which also looks for solved nets. For `basins`, of the pixels of a map,
row after row, in nets × epochs / s. For `equality`, what a net and an
alignment cost. All run in one process, on the same devices, in turn and for
several rounds; compiling is told apart.
"""

from absl import flags

from jaxrep.tasks import boolean, symmetry

from .shared import (
  alignment_yardsticks,
  basin_yardsticks,
  common,
  online_yardsticks,
  parsers,
  running,
  timing,
  yardsticks,
)

FLAGS = flags.FLAGS

STUDIES = {
  'symmetry': yardsticks.layered(
    (6, 2, 1), symmetry.patterns(6, coding='binary'), learning_rate=0.1
  ),
  'xor': yardsticks.layered((2, 2, 1), boolean.xor(), learning_rate=0.25),
  'parity8': yardsticks.layered(
    (8, 8, 1), boolean.parity(8), learning_rate=0.01
  ),
  'basins': basin_yardsticks.plane(
    '+7+4-9-9-5Y-3+9X', (2, 2, 1), boolean.xor(),
    learning_rate=3.0, momentum=0.7, ends=(-10.0, 10.0), pixels=1024,
    epochs=200,
  ),
  'recirculation': yardsticks.loop(
    (4, 2, 4), boolean.encoder(4),
    learning_rate=20.0, regression=0.75, init_range=0.5,
  ),
  'family_trees': yardsticks.trees(
    learning_rate=0.05, decay=0.001, init_range=1.5),
  'localization': online_yardsticks.Online((784, 100, 2), learning_rate=0.01),
  'equality': alignment_yardsticks.paper(),
}  # fmt: skip

flags.DEFINE_enum('study', 'symmetry', list(STUDIES), 'Whose nets are trained.')
parsers.define_number(
  'nets', 'Nets trained at once, a multiple of devices × block size; 0: as many'
  ' as suit the study.', kind=int, high=2**20, default=0,
)  # fmt: skip
parsers.define_number(
  'seconds', 'About how long each way runs in a round.', above=True, default=15
)
parsers.define_number(
  'rounds', 'How often each way runs.', kind=int, low=1, high=1000, default=3
)
parsers.define_number(
  'accuracy_nets', 'For equality: nets in which the IIA of jaxrep and of the'
  ' usual reference are compared, 10 s of a core each.', kind=int, high=2**20,
  default=0,
)  # fmt: skip
for name in ('block_size', 'out'):
  flags.declare_key_flag(name)


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
  if FLAGS.study == 'equality':
    decided['accuracy_nets'] = numbers['accuracy_nets'] = FLAGS.accuracy_nets
    results = work.results(count, blocks, **numbers)
  elif FLAGS.accuracy_nets:
    raise common.BadInputError(
      f'--accuracy_nets={FLAGS.accuracy_nets}: expected 0, as only'
      f' --study=equality compares IIA, found --study={FLAGS.study}'
    )
  else:
    ways = work.ways(count, blocks)
    results = timing.measure(ways, unit=work.unit, **numbers)
  running.write_results(
    'benchmark',
    {name: parsers.as_text(value) for name, value in decided.items()},
    results,
    out=FLAGS.out or f'runs/benchmark_{FLAGS.study}',
  )


if __name__ == '__main__':
  main()

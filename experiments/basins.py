"""Weather maps: where in weight space do nets learn, how fast, and what?

Every pixel is a net: two of its initial weights, or two numbers of its
training, vary over a plane, the rest is fixed (Kolen & Pollack, NIPS 3, 1990).
Colour says how soon it converges, and which solution it finds. Without flags:
XOR, 2-2-1, the slice of their Fig. 11, a quarter of a million nets for each way
of updating. Where weights are drawn from a seed, each seed has maps of its own.
"""

import functools

from absl import flags

from jaxrep import trials
from jaxrep.measures import solutions

from .reports import basin_pairs as pairs_page
from .reports import basins as report
from .reports import monte_carlo as drawn_page
from .results import basin_pairs as pairs
from .results import basin_parts, monte_carlo
from .results import basins as results
from .shared import (
  basin_flags,
  basin_parsers,
  common,
  descent,
  machines,
  running,
)

FLAGS = flags.FLAGS
for module in (common, machines, basin_flags):
  flags.adopt_module_key_flags(module)


def main() -> None:
  common.launch('basins', _main, defaults='basins')


def _main() -> None:
  place = machines.place('basins')
  subject, recipes = basin_flags.subject(), basin_flags.recipes()
  cells = len(subject.patterns.inputs) * sum(subject.sizes[1:-1])
  seed_range, blocks = common.check_seeds(), common.blocks(cells)
  study = _drawn if FLAGS.axes == basin_parsers.NO_AXES else _maps
  decided, *rest = study(subject, recipes, seed_range, blocks)
  decided |= {'block_size': blocks.size, **subject.pinned}
  experiment = running.Experiment(
    'basins', common.deciding_flags('basins', **decided), *rest
  )
  running.run(experiment, place)


def _maps(subject, recipes, seed_range, blocks):
  """Returns flags, parts, results, page and judge of maps."""
  patterns, sizes, _ = subject
  units = solutions.groups(trials.shapes(recipes[0], sizes))
  text, plane = basin_flags.plane(sum(units))
  parts = basin_parts.parts(
    recipes,
    patterns,
    sizes=sizes,
    plane=plane,
    axes=FLAGS.axes,
    view=basin_flags.view(),
    seed_range=seed_range,
    keep_weights=FLAGS.keep_weights,
    blocks=blocks,
  )
  told, shown = results, report
  if FLAGS.points:
    told, shown = pairs, pairs_page
  judge = functools.partial(told.judge, task=FLAGS.task)
  return {'slice': text}, parts, told.results, shown.page, judge


def _drawn(subject, recipes, seed_range, blocks):
  """Returns the same for nets all of whose weights are drawn."""
  parts = descent.parts(
    recipes,
    subject.patterns,
    hidden=[basin_flags.one_layer(subject.sizes)],
    seed_range=seed_range,
    blocks=blocks,
  )
  return (
    {},
    parts,
    functools.partial(monte_carlo.results, epochs=FLAGS.epochs),
    drawn_page.page,
    functools.partial(monte_carlo.judge, task=FLAGS.task, epochs=FLAGS.epochs),
  )


if __name__ == '__main__':
  main()

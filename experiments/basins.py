"""Weather maps: where in weight space do nets learn, how fast, and what?

Every pixel is a net: two of its initial weights, or two numbers of its
training, vary over a plane, the rest is fixed (Kolen & Pollack, NIPS 3, 1990).
Colour says how soon it converges, and which solution it finds. Without flags:
XOR, 2-2-1, the slice of their Fig. 11, a million nets for each way of updating.
"""

import functools

from absl import flags

from jaxrep.claims import basins as claims
from jaxrep.measures import solutions

from .reports import basins as report
from .results import basin_parts
from .results import basins as results
from .shared import basin_flags, common, groups, running

FLAGS = flags.FLAGS
for module in (common, basin_flags):
  flags.adopt_module_key_flags(module)


def main() -> None:
  common.launch('basins', _main, defaults='basins')


def _main() -> None:
  patterns, sizes, pinned = basin_flags.subject()
  recipes, seed_range = basin_flags.recipes(), common.check_seeds()
  blocks = common.blocks(len(patterns.inputs) * sum(sizes[1:-1]))
  units = solutions.groups(basin_parts.shapes(recipes[0], sizes))
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
  experiment = running.Experiment(
    'basins',
    common.deciding_flags(
      'basins', block_size=blocks.size, slice=text, **pinned
    ),
    parts,
    results.results,
    report.page,
    functools.partial(groups.judge, claims.CLAIMS, fixed={'task': FLAGS.task}),
  )
  out = FLAGS.out or 'runs/basins'
  running.run(experiment, out=out, chunk_size=FLAGS.chunk_size)


if __name__ == '__main__':
  main()

"""Code that runs on the default device runs on any: GPU, TPU or CPU.

There is no accelerator here. What can be shown without one is that every
program which a study runs there can be lowered for them, as nothing in it is
known to CPUs alone, and that what needs a CPU asks for one. Programs are caught
on their way to the devices, at toy size; none of them is compiled or run.
"""

import functools
import types

import binaries
import jax
import numpy as np
import pytest
import samples

from experiments.results import boolean as boolean_results
from experiments.results import credit as credit_results
from experiments.results import meaning
from experiments.results import symmetry as symmetry_results
from jaxrep import (
  basins,
  equality,
  families,
  hierarchies,
  kinship,
  localization,
  loops,
  seeds,
  slices,
  trials,
)
from jaxrep import blocks as layout
from jaxrep.measures import alignment
from jaxrep.tasks import boolean, family_trees, mnist, symmetry, vectors

ACCELERATORS = 'cuda', 'tpu'
# What is caught stays in the caches of `seeds`: at a block size of its own.
OWN = 48
# Which of the CPU devices stand in for what: conftest makes four.
CPU, DEFAULT = slice(1, 3), slice(3, 4)
ROWS, SETTING = range(16), {'learning_rate': np.full(16, 0.1, np.float32)}
LOOP = loops.Recipe(
  learning_rate=(1.0,), momentum=(0.0,), init_range=(0.5,),
  regression_visible=(0.75,), regression_hidden=(0.5,), sweeps=9, horizon=2,
)  # fmt: skip
FAMILY = families.Recipe(
  learning_rate=(0.5,), momentum=(0.9,), first_learning_rate=(families.HALF,),
  first_momentum=(0.5,), init_range=(1.0,), decay=(0.001,), heldout=(4,),
  first_sweeps=2, sweeps=5, biases=True, band='edge',
)  # fmt: skip
EQUALITY = equality.Recipe(
  width=4, depth=1, activation='relu', entities='uniform', dimension=1,
  examples=128, batch=64, gain=1.0,
)  # fmt: skip


class Caught:
  """Stands in for `blocks.run`: lowers programs and makes results up."""

  def __init__(self, cpu: tuple):
    self._cpu = cpu
    self.on_cpu, self.lowered = False, set()

  def run(self, program, blocks, packed, *shared, index, into):
    if blocks.devices == self._cpu:
      self.on_cpu = True
    elif program not in self.lowered:
      block = jax.tree.map(
        lambda a: jax.ShapeDtypeStruct((blocks.size, *a.shape[1:]), a.dtype),
        packed,
      )
      lower(program, block, *shared)
      self.lowered.add(program)
    rng = np.random.default_rng(0)
    for array in jax.tree.leaves(into):
      if array.dtype.kind in 'bi':  # of all flags, and of -1, never, some
        drawn = -rng.integers(2, size=(index.size, array.shape[1]))
        array[index] = drawn.astype(array.dtype)


def lower(program, *args) -> None:
  """Lowers a program for accelerators, or raises an error."""
  program.trace(*args).lower(lowering_platforms=ACCELERATORS)


@pytest.fixture
def caught(monkeypatch):
  devices, cpu = jax.local_devices(), tuple(jax.local_devices()[CPU])

  def local_devices(backend=None):
    return {None: devices[DEFAULT], 'cpu': list(cpu)}[backend]

  caught = Caught(cpu)
  monkeypatch.setattr(jax, 'local_devices', local_devices)
  monkeypatch.setattr(layout, 'run', caught.run)
  # The loop over blocks is the same for all programs, and traces them thrice.
  monkeypatch.setattr(layout, 'over_devices', lambda f, blocks, **_: jax.jit(f))
  return caught


def of_16(net):
  """Returns sixteen of a net's shapes, all 0."""
  return jax.tree.map(lambda a: np.zeros((16, *a.shape), a.dtype), net)


def descend(recipe, sizes, patterns, *, slopes=None, blocks):
  trial = trials.trial(recipe, sizes, slopes=slopes)
  rows = seeds.cross(ROWS, **recipe.grid())
  return trials.run(trial, rows, patterns, blocks=blocks)[0]


def run_symmetry(blocks):
  patterns = symmetry.patterns(6, coding='binary')
  net = descend(samples.RECIPE, (6, 2, 1), patterns, blocks=blocks)
  symmetry_results.measure(net, patterns, 0.1, blocks)


def run_boolean(blocks):
  """With all that a recipe may add, and what codes say of each task."""
  recipe = samples.RECIPE._replace(
    updates='shuffled', precision='float64', links=True, error='lecture'
  )
  descend(recipe, (2, 2, 1), boolean.xor(), blocks=blocks)
  for task, patterns in (
    ('xor', boolean.xor()),
    ('parity', boolean.parity(3)),
    ('encoder', boolean.encoder(4)),
  ):
    sizes = patterns.inputs.shape[1], 2, patterns.targets.shape[1]
    net = of_16(trials.shapes(samples.RECIPE, sizes))
    boolean_results.measure(net, task, patterns, blocks)


def run_credit(blocks):
  for slopes in credit_results.RULES.values():
    net = descend(
      samples.RECIPE, (2, 2, 1), boolean.xor(), slopes=slopes, blocks=blocks
    )
  credit_results.measure(net, net, boolean.xor())


def run_basins(blocks):
  recipe = samples.RECIPE._replace(after=0)
  plane = basins.Plane(
    slices.parse('XY?+1-1+1+1-1+1', 9, tied=False), basins.LETTERS,
    trials.drawing(recipe, (2, 2, 1)),
  )  # fmt: skip
  rows = basins.rows(
    [basins.Window(*2 * [slices.pixels(-1, 1, 4)])],
    [{'seed': 0, **{name: v[0] for name, v in recipe.grid().items()}}],
    judged=4,
  )  # fmt: skip
  trial = basins.trial(recipe, (2, 2, 1))
  basins.run(trial, plane, rows, boolean.xor(), blocks=blocks)


def run_recirculation(blocks):
  rows = seeds.cross(ROWS, **LOOP.grid())
  trial = loops.trial(LOOP._replace(tied=True, updates='case'), (4, 2, 4))
  loops.run(trial, rows, vectors.one_hot(4), blocks=blocks)
  trial = hierarchies.trial(LOOP._replace(horizon=0), (4, 2, 4))
  hierarchies.run(
    trial, rows, vectors.one_hot(4, halves=2), trips=3, blocks=blocks
  )


def run_family_trees(blocks):
  rows = seeds.cross(ROWS, **FAMILY.grid())
  net, *_ = families.run(
    families.trial(FAMILY), rows, family_trees.patterns(), blocks=blocks
  )
  meaning.measure(net, net, rows.seed, permutations=19, blocks=blocks)
  meaning.similarities(net, ['people'], blocks)


def run_kinship(blocks):
  recipe = kinship.Recipe(sweeps=2, fork_sweeps=1, permutations=0)
  names = ('learning_rate', 'momentum', 'init_range', 'band', 'tally_from')
  rows = seeds.cross(ROWS, **dict.fromkeys(names, (0.5,)))
  seeds.each(
    kinship.one_net(recipe), *rows, blocks=blocks,
    shared=(family_trees.patterns(),),
  )  # fmt: skip


def run_localization(blocks):
  labels = np.tile(np.arange(10, dtype=np.uint8), 4)
  digits = mnist.Digits(np.tile(labels[:, None], 64), labels)
  lesson = localization.lesson(
    mnist.Data('made up', digits, digits, 17, 8), ('17', '68'), phase1=30,
    tally_from=0.5, tally_to=1.0, keep_second=1.0, share=0.1,
  )  # fmt: skip
  recipe = localization.Recipe(
    (6,), 'softplus', 'softplus', 'squared', permutations=19, keep='weights'
  )
  seed = np.arange(16, dtype=np.uint32)
  one_net = localization.one_net(recipe)
  seeds.each(one_net, seed, SETTING, blocks=blocks, shared=(lesson,))


def run_equality(blocks):
  seed, rates = np.arange(16, dtype=np.uint32), SETTING['learning_rate']
  each = functools.partial(seeds.each, blocks=blocks)
  marks = each(equality.learn(EQUALITY), seed, SETTING)
  net = jax.tree.map(lambda a: a[:, -1], marks)
  each(equality.told(EQUALITY), net)
  each(functools.partial(equality.start, size=4), seed, shared=(np.uint32(0),))
  each(functools.partial(equality.turned, dimension=1), seed, rates)
  each(equality.concepts(EQUALITY, 1), net)
  starts = np.zeros((16, 4, 4), np.float32)
  for kind in alignment.MAPS:
    question = equality.Question('both', 1, kind, 16, 'cosine')
    equality.ask(
      EQUALITY, question, net, starts, (1,), rates, blocks=blocks, steps=1
    )
  each(equality.neurons(EQUALITY, question, (1, 2)), net)


# Study -> whether it goes to the CPU, too, in float64, which accelerators lack
# or are slow in: to see by eigenvalues and Newton's steps where nets stopped
# (`trials.certify`), and in credit to hold one gradient against another.
STUDIES = {
  run_symmetry: True,
  run_boolean: True,
  run_credit: True,
  run_basins: True,
  run_recirculation: False,
  run_family_trees: False,
  run_kinship: False,
  run_localization: False,
  run_equality: False,
}


@pytest.mark.parametrize('study', STUDIES, ids=lambda f: f.__name__)
def test_what_runs_on_the_default_device_lowers_for_gpus_and_tpus(
  study, caught
):
  with jax.debug_key_reuse(False):  # searches draw the same cases on purpose
    study(seeds.Blocks(OWN, tuple(jax.local_devices())))
  assert caught.lowered
  assert caught.on_cpu == STUDIES[study]


def test_so_does_the_loop_over_blocks():
  blocks = seeds.Blocks(16, tuple(jax.local_devices()))
  program = layout.over_devices(lambda rows: rows @ rows.T, blocks)
  rows = np.zeros((4 * layout.BLOCKS_A_CALL * 16, 2), np.float32)
  lower(program, np.zeros(4, np.int32), rows)


def test_a_program_that_is_known_to_cpus_alone_is_found_out():
  """Schur's decomposition: there is none on GPUs or TPUs."""
  program = jax.jit(jax.lax.linalg.schur)
  with pytest.raises(NotImplementedError, match='schur.*(cuda|tpu)'):
    lower(program, np.zeros((2, 2), np.float32))


@pytest.mark.parametrize(
  ('platform', 'size'), [('cpu', 256), ('gpu', 8192), ('tpu', 8192)]
)
def test_a_block_has_a_default_size_on_every_platform(
  platform, size, monkeypatch
):
  """Two thousand cells a net make a block small where caches are: on a CPU."""
  devices = [types.SimpleNamespace(platform=platform)]
  monkeypatch.setattr(jax, 'local_devices', lambda backend: devices)
  assert seeds.lay_out() == (size, tuple(devices))
  cells = 64 if platform == 'cpu' else size
  assert seeds.lay_out(cells=2000) == (cells, tuple(devices))
  assert seeds.lay_out(128, cells=2000) == (128, tuple(devices))


@pytest.mark.parametrize('platform', ['cuda', 'tpu'])
def test_a_platform_that_is_not_here_is_refused_in_one_line(
  platform, environment, tmp_path
):
  chosen = environment | {'JAX_PLATFORMS': platform}
  with binaries.Binary('experiments.symmetry', chosen) as binary:
    ended = binary('--out=out', cwd=tmp_path)
  assert (ended.code, ended.out) == (1, '')
  [line] = ended.err.splitlines()
  assert line.startswith(f'symmetry: JAX_PLATFORMS={platform}: ')
  assert not list(tmp_path.iterdir())

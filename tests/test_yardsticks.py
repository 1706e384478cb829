"""The yardsticks of the benchmark train the nets that jaxrep trains."""

import functools

import jax
import numpy as np
import pytest

from experiments.shared import basin_yardsticks, yardsticks
from jaxrep import nets, seeds
from jaxrep.learning import descent
from jaxrep.tasks import boolean

COUNT = 64  # nets: two blocks on two devices
WORKS = {
  'layered': yardsticks.layered((2, 2, 1), boolean.xor(), learning_rate=0.25),
  'plane': basin_yardsticks.plane(
    '+7+4-9-9-5Y-3+9X', (2, 2, 1), boolean.xor(),
    learning_rate=3.0, momentum=0.7, ends=(-10.0, 10.0), pixels=8, epochs=40,
  ),
  'loop': yardsticks.loop(
    (4, 2, 4), boolean.encoder(4),
    learning_rate=20.0, regression=0.75, init_range=0.5,
  ),
  'trees': yardsticks.trees(
    learning_rate=0.05, decay=0.001, init_range=1.5, first_sweeps=2
  ),
}  # fmt: skip


FAST = ('layered', 'plane')
SWEEPS = 4


@pytest.fixture(params=WORKS)
def name(request):
  return request.param


@pytest.fixture
def work(name):
  return WORKS[name]


@pytest.fixture(scope='module')
def plain(blocks):
  """Returns what nets are after `SWEEPS` by `jax.vmap`, compiled once."""

  @functools.cache
  def by_name(name):
    train = yardsticks.by_vmap(WORKS[name], COUNT, blocks.devices)
    return trained(train(SWEEPS))

  return by_name


@pytest.fixture(scope='module')
def blocks():
  return seeds.Blocks(16, tuple(jax.devices()[:2]))


def trained(net):
  """Returns weights and biases, layer by layer, `[S, ...]` each."""
  leaves = jax.tree.leaves(net)
  return [np.reshape(a, (COUNT, *a.shape[-k:])) for a, k in zip(
    leaves, (2, 1) * (len(leaves) // 2), strict=True
  )]  # fmt: skip


# Sums in another order differ in the last bits of float32, by 1e-7; at ε = 20
# each sweep multiplies that by some 4. Weights move 100 times as far as this.
def close(found, expected):
  for a, b in zip(found, expected, strict=True):
    np.testing.assert_allclose(a, b, atol=5e-5, rtol=0)


@pytest.mark.parametrize(
  'name',
  [*FAST]
  + [
    pytest.param(name, marks=pytest.mark.slow)
    for name in WORKS
    if name not in FAST
  ],
)
def test_all_ways_train_the_same_nets(name, work, plain, blocks):
  begun = trained(work.starts(range(COUNT)))
  for before, after in zip(begun, plain(name), strict=True):
    assert np.abs(after - before).max() > 5e-3
  look = yardsticks.by_jaxrep(work, COUNT, blocks)(SWEEPS)
  close(trained(look.state.net), plain(name))
  one = [a for layer in yardsticks.by_numpy(work)(SWEEPS) for a in layer]
  close(one, [a[0] for a in plain(name)])


@pytest.mark.parametrize(
  'name', [*FAST, 'loop', pytest.param('trees', marks=pytest.mark.slow)]
)
def test_in_blocks_the_same_nets_are_trained(name, plain, blocks):
  work = WORKS[name]
  found = yardsticks.by_blocks(work, COUNT, blocks)(SWEEPS)
  close(trained(found), plain(name))


def test_no_net_leaves_and_no_sweep_is_left_out(work, blocks):
  look = yardsticks.by_jaxrep(work, COUNT, blocks)(20)
  assert not look.over.any()
  assert look.computed == 20 * COUNT
  np.testing.assert_array_equal(look.state.sweep, 20)


def test_a_run_starts_anew_each_time(work):
  run = yardsticks.by_numpy(work)
  first, again = run(3), run(3)
  jax.tree.map(np.testing.assert_array_equal, first, again)


# Pixels of a side of 8 are 20 / 8 apart: net 11 is in row 1 and column 3.
@pytest.mark.parametrize(('k', 'x', 'y'), [(0, -10, -10), (11, -2.5, -7.5)])
def test_nets_of_a_map_start_at_its_pixels(k, x, y):
  starts = WORKS['plane'].starts(range(k, k + 1))
  [found] = jax.vmap(nets.listed)(starts)
  weights = [0.7, 0.4, -0.9, -0.9, -0.5, y, -0.3, 0.9, x]
  np.testing.assert_array_equal(found, np.float32(weights))


def test_nets_of_a_map_go_on_when_they_have_converged(blocks):
  look = yardsticks.by_jaxrep(WORKS['plane'], COUNT, blocks)(100)
  assert np.sum(look.state.solved_at != descent.NEVER) > 5
  np.testing.assert_array_equal(look.state.sweep, 100)


def test_nets_of_a_map_are_looked_at_as_often_as_in_a_study():
  marks = WORKS['plane'].marks
  assert marks(40) == [40]
  assert marks(41) == [41]  # one more tests the criterion after the last
  assert marks(100) == [41, 82, 100]


def test_there_are_as_many_nets_as_pixels():
  with pytest.raises(IndexError):
    WORKS['plane'].rows(range(COUNT + 1))

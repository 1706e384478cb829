"""Whichever way images are met one at a time, the same nets come of it."""

import jax
import numpy as np
import pytest

from experiments.shared import online_yardsticks
from jaxrep import localization, seeds

pytestmark = pytest.mark.slow  # three programs to compile

COUNT = 32  # nets: a block on each of two devices
# The images come a second time, and both times the last block is ragged.
MET, THERE = 170, 110
WORK = online_yardsticks.Online((12, 5, 2), learning_rate=0.05, images=THERE)


@pytest.fixture(scope='module')
def ways():
  blocks = seeds.Blocks(16, tuple(jax.devices()[:2]))
  return {name: run for name, (_, run) in WORK.ways(COUNT, blocks).items()}


@pytest.fixture(scope='module')
def by_hand():
  """Returns what becomes of net 0, by a loop in float64."""
  net = [np.float64(a[0]) for a in jax.tree.leaves(WORK.starts(range(1)))]
  images, targets = WORK.lesson()
  for t in range(MET):
    w, b, v, c = net
    x = (images[t % THERE] + 1.0) / 256
    u = x @ w + b
    h = np.log(1 + np.exp(u))
    z = h @ v + c
    above = (np.log(1 + np.exp(z)) - targets[t % THERE]) / (1 + np.exp(-z))
    below = (v @ above) / (1 + np.exp(-u))
    slopes = np.outer(x, below), below, np.outer(h, above), above
    net = [a - WORK.learning_rate * g for a, g in zip(net, slopes, strict=True)]
  return net


# Sums in another order differ by 1e-7, and weights move 1,000 times as far.
def close(found, expected):
  for a, b in zip(jax.tree.leaves(found), expected, strict=True):
    np.testing.assert_allclose(a, b, atol=5e-6, rtol=0)


def test_blocks_are_ragged_in_both_rounds():
  assert THERE > localization.SIZE
  assert THERE % localization.SIZE and (MET - THERE) % localization.SIZE


def test_numpy_is_the_loop_written_out(ways, by_hand):
  start = [a[0] for a in jax.tree.leaves(WORK.starts(range(1)))]
  for before, after in zip(start, by_hand, strict=True):
    assert np.abs(after - before).max() > 5e-3
  close(ways['numpy'](MET), by_hand)


@pytest.mark.parametrize('name', ['vmap', 'plain', 'jaxrep'])
def test_all_ways_train_the_same_nets(name, ways, by_hand):
  trained = ways[name](MET)
  close([a[0] for a in jax.tree.leaves(trained)], by_hand)
  if name != 'plain':
    close(trained, jax.tree.leaves(ways['plain'](MET)))


def test_every_net_is_another(ways):
  w = ways['plain'](MET)[0].w
  assert len(np.unique(w[:, 0, 0])) == COUNT


@pytest.mark.parametrize('name', ['numpy', 'vmap', 'plain', 'jaxrep'])
def test_a_run_starts_anew_each_time(name, ways):
  first, again = ways[name](3), ways[name](3)
  jax.tree.map(np.testing.assert_array_equal, first, again)


def test_images_are_as_sparse_as_digits():
  images, targets = WORK.lesson()
  assert images.dtype == np.uint8
  # A share of 1,320 pixels strays from 0.2 by 0.011; this is 4 times as far.
  assert abs(np.mean(images > 0) - online_yardsticks.INKED) < 0.044
  np.testing.assert_array_equal(targets.sum(axis=1), 1)

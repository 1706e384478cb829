"""One datapoint at a time: by hand, by loops of NumPy, and by blocks alike."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxrep import localization, nets
from jaxrep.learning import online

SIZES = 1, 7, 32
# The stretch: 39 datapoints, so the last block of 7 and that of 32 are ragged.
FIRST, LAST = 11, 50
RATE = 0.05
# Float64 rounds by 1e-16, and some forty changes of order 0.1 are summed.
DOUBLE = {'rtol': 1e-12, 'atol': 1e-12}
# Float32 rounds by 6e-8: a hundred such errors.
SINGLE = {'rtol': 1e-5, 'atol': 1e-5}


def drawn(hidden, dtype=np.float64, seed=0):
  """Returns weights, stream and groups; the order repeats rows."""
  rng = np.random.default_rng(seed)
  sizes = 5, *hidden, 2
  weights = [
    (rng.normal(size=(i, o)) / np.sqrt(i), 0.5 * rng.normal(size=o))
    for i, o in zip(sizes[:-1], sizes[1:], strict=True)
  ]
  inputs = rng.normal(size=(40, 5))
  targets = np.eye(2)[rng.integers(2, size=40)]
  order = rng.integers(40, size=60).astype(np.int32)
  groups = rng.integers(2, size=(60, 3))
  assert len(np.unique(order[FIRST:LAST])) < LAST - FIRST
  assert len(np.unique(groups, axis=0)) == 8  # in none, in one, in several
  stream = online.Stream(inputs.astype(dtype), targets.astype(dtype), order)
  return jax.tree.map(lambda a: a.astype(dtype), weights), stream, groups


def net_of(weights, *units):
  layers = zip(weights, units, strict=True)
  return tuple(nets.Layer(w, b, unit) for (w, b), unit in layers)


def arrays_of(net):
  """Returns weights and biases without units, which may be local functions."""
  return [(layer.w, layer.b) for layer in net]


@jax.jit
def both(weights, stream, groups, unit, output, error):
  """Returns net, tallies and errors: by `plain`, and by blocks of `SIZES`.

  Units and errors are numbers, so that all share one program.
  """
  units = tuple(nets.UNITS.values())
  errors = tuple(localization.ERRORS.values())

  def hidden_unit(u):
    return jax.lax.switch(unit, units, u)

  def output_unit(u):
    return jax.lax.switch(output, units, u)

  def error_of(y, d):
    return jax.lax.switch(error, errors, y, d)

  def loss(net, x, d):
    return error_of(nets.apply(net, x), d)

  net = net_of(weights, *[hidden_unit] * (len(weights) - 1), output_unit)
  row = stream.order[FIRST:LAST]
  after, tallies, es = online.plain(
    net, stream.inputs[row], stream.targets[row], groups[FIRST:LAST],
    rule=optax.sgd(RATE), loss=loss,
  )  # fmt: skip
  found = [
    online.blocked(
      net, stream, FIRST, LAST, rate=RATE, error=error_of, size=size,
      groups=groups,
    )
    for size in SIZES
  ]  # fmt: skip
  blocked = [
    (arrays_of(each.net), arrays_of(each.tallies), each.curve) for each in found
  ]
  return (arrays_of(after), arrays_of(tallies), es), blocked


def curve_of(errors):
  """Returns the means of hundredths, by a loop."""
  parts = [[] for _ in range(100)]
  for t, e in enumerate(np.asarray(errors)):
    parts[100 * t // len(errors)].append(e)
  return np.array([np.mean(part) if part else np.nan for part in parts])


def assert_alike(plain, blocked, close):
  net, tallies, errors = plain
  for after, summed, curve in blocked:
    chex.assert_trees_all_close(after, net, **close)
    chex.assert_trees_all_close(summed, tallies, **close)
    np.testing.assert_allclose(curve, curve_of(errors), **close)


@pytest.mark.parametrize('error', localization.ERRORS)
@pytest.mark.parametrize('unit', nets.UNITS)
@pytest.mark.parametrize(
  'hidden', [pytest.param((), marks=pytest.mark.slow), (4, 3)], ids=['1', '3']
)
def test_blocks_are_the_plain_scan(hidden, unit, error):
  """1 and 3 layers; the output unit is another one than the hidden ones."""
  k = list(nets.UNITS).index(unit)
  output = (k + (1 if hidden else 0)) % len(nets.UNITS)
  with jax.enable_x64(True):
    weights, stream, groups = drawn(hidden)
    plain, blocked = both(
      weights, stream, groups, k, output, list(localization.ERRORS).index(error)
    )
    assert np.all(np.isfinite(plain[2]))
    assert min(np.abs(w).max() for w, _ in plain[1]) > 0.01
    assert_alike(plain, blocked, DOUBLE)


@pytest.mark.slow
@pytest.mark.parametrize('unit', range(len(nets.UNITS)))
def test_blocks_are_the_plain_scan_in_float32(unit):
  weights, stream, groups = drawn((4, 3), np.float32)
  plain, blocked = both(weights, stream, groups, unit, unit, 0)
  assert {a.dtype for a in jax.tree.leaves(blocked)} == {np.dtype('float32')}
  assert_alike(plain, blocked, SINGLE)


def by_numpy(weights, stream, groups, first, last, *, rate, momentum=0.0):
  """Returns net, tallies and errors of one softplus layer below identity.

    E = ½ Σ (y - d)²,    δ_y = y - d,    δ_u = (V δ_y) σ(u)

  as softplus' is σ; Δ = -rate v with v = gradient + momentum v.
  """
  (w, b), (v, c) = [[np.array(a) for a in pair] for pair in weights]
  parameters = [w, b, v, c]
  speeds = [np.zeros_like(p) for p in parameters]
  tallies = [np.zeros((groups.shape[1], *p.shape)) for p in parameters]
  errors = []
  for t in range(first, last):
    x, d = stream.inputs[stream.order[t]], stream.targets[stream.order[t]]
    u = w.T @ x + b
    h = np.log1p(np.exp(u))
    delta = v.T @ h + c - d
    errors.append(0.5 * np.sum(delta**2))
    below = (v @ delta) / (1 + np.exp(-u))
    slopes = np.outer(x, below), below, np.outer(h, delta), delta
    for p, speed, tally, slope in zip(
      parameters, speeds, tallies, slopes, strict=True
    ):
      speed[:] = slope + momentum * speed
      for g in range(groups.shape[1]):
        if groups[t, g]:
          tally[g] += np.abs(rate * speed)
      p -= rate * speed
  return [(w, b), (v, c)], [tuple(tallies[:2]), tuple(tallies[2:])], errors


def squared(y, d):
  return 0.5 * jnp.sum((y - d) ** 2)


@functools.partial(jax.jit, static_argnames='tallied')
def trained(weights, stream, groups, first, last, rate, tallied=True):
  """Returns what `blocked` does, of any stretch and rate by one program."""
  net = net_of(weights, jax.nn.softplus, lambda u: u)
  found = online.blocked(
    net, stream, first, last, rate=rate, error=squared, size=7,
    groups=groups if tallied else None,
  )  # fmt: skip
  return arrays_of(found.net), arrays_of(found.tallies), found.curve


@pytest.mark.parametrize(
  ('first', 'last', 'rate'), [(0, 60, 0.1), (11, 50, 0.02), (3, 10, 0.1)]
)
def test_a_whole_training_is_that_of_a_loop_with_slopes_by_hand(
  first, last, rate
):
  with jax.enable_x64(True):
    weights, stream, groups = drawn((4,), seed=1)
    net, tallies, errors = by_numpy(
      weights, stream, groups, first, last, rate=rate
    )
    found = trained(weights, stream, groups, first, last, rate)
    chex.assert_trees_all_close(found[0], net, **DOUBLE)
    chex.assert_trees_all_close(found[1], tallies, **DOUBLE)
    np.testing.assert_allclose(found[2], curve_of(errors), **DOUBLE)


def test_the_plain_scan_follows_another_rule_and_counts_its_changes():
  """Momentum: |Δw| is not the slope's size."""
  with jax.enable_x64(True):
    weights, stream, groups = drawn((4,), seed=2)
    wanted = by_numpy(weights, stream, groups, 0, 60, rate=0.02, momentum=0.5)
    found = online.plain(
      net_of(weights, jax.nn.softplus, lambda u: u),
      stream.inputs[stream.order], stream.targets[stream.order], groups,
      rule=optax.sgd(0.02, momentum=0.5),
      loss=lambda net, x, d: squared(nets.apply(net, x), d),
    )  # fmt: skip
    net, tallies, errors = found
    chex.assert_trees_all_close(arrays_of(net), wanted[0], **DOUBLE)
    chex.assert_trees_all_close(arrays_of(tallies), wanted[1], **DOUBLE)
    np.testing.assert_allclose(errors, wanted[2], **DOUBLE)


@pytest.mark.parametrize('cut', [0, 23, 60])
def test_a_scan_cut_in_two_goes_on_where_it_was(cut):
  """With momentum, which the second part has to take over."""
  with jax.enable_x64(True):
    weights, stream, groups = drawn((4,), seed=2)
    wanted = by_numpy(weights, stream, groups, 0, 60, rate=0.02, momentum=0.5)
    rule = optax.sgd(0.02, momentum=0.5)
    net = net_of(weights, jax.nn.softplus, lambda u: u)
    carry, errors = (net, rule.init(net), online.no_tallies(net, 3)), []
    for part in (stream.order[:cut], stream.order[cut:]):
      place = slice(0, cut) if not errors else slice(cut, 60)
      carry, found = online.onward(
        carry, stream.inputs[part], stream.targets[part], groups[place],
        rule=rule, loss=lambda net, x, d: squared(nets.apply(net, x), d),
      )  # fmt: skip
      errors.append(found)
    chex.assert_trees_all_close(arrays_of(carry[0]), wanted[0], **DOUBLE)
    chex.assert_trees_all_close(arrays_of(carry[2]), wanted[1], **DOUBLE)
    np.testing.assert_allclose(np.concatenate(errors), wanted[2], **DOUBLE)


def test_the_plain_scan_takes_any_pytree():
  """w = 1, d = 3, 2, E = ½ (w x - d)²; x = 1, 2 and rate ½.

  w - d = -2, w = 1 + 1 = 2; (2·2 - 2)·2 = 4, w = 2 - 2 = 0. E = 2, 2.
  """
  net, tallies, errors = online.plain(
    {'w': jnp.array(1.0)}, np.float32([1, 2]), np.float32([3, 2]),
    np.float32([[1, 0], [1, 1]]), rule=optax.sgd(0.5),
    loss=lambda net, x, d: 0.5 * (net['w'] * x - d) ** 2,
  )  # fmt: skip
  assert net['w'] == 0
  assert tallies['w'].tolist() == [3, 2]
  assert errors.tolist() == [2, 2]


def test_without_groups_the_net_is_the_same_and_no_tally_is_kept():
  weights, stream, groups = drawn((4,), np.float32)
  net, _, curve = trained(weights, stream, groups, 0, 60, 0.1)
  bare, tallies, bare_curve = trained(
    weights, stream, groups, 0, 60, 0.1, tallied=False
  )
  chex.assert_trees_all_close(bare, net, **SINGLE)
  np.testing.assert_allclose(bare_curve, curve, **SINGLE)
  assert all(a.shape[0] == 0 for a in jax.tree.leaves(tallies))


def test_no_net_moves_further_than_its_tallies():
  weights, stream, _ = drawn((4,), np.float32)
  everything = np.ones((60, 3), int)
  net, tallies, _ = trained(weights, stream, everything, 0, 60, 0.1)
  for before, after, tally in zip(
    *map(jax.tree.leaves, (weights, net, tallies)), strict=True
  ):
    assert np.all(np.abs(after - before) <= tally[0] * (1 + 1e-5))
    np.testing.assert_array_equal(tally[0], tally[1])


def test_what_lies_beyond_the_last_place_is_never_met():
  """Images, targets and places there are nan, or point nowhere."""
  weights, stream, groups = drawn((4,), np.float32)
  order = np.arange(60, dtype=np.int32) % 20
  clean = stream._replace(order=order)
  wanted = trained(weights, clean, groups, 0, 17, 0.1)
  inputs, targets = stream.inputs.copy(), stream.targets.copy()
  inputs[17:], targets[17:] = np.nan, np.nan
  order = np.where(np.arange(60) < 17, order, 30 + order).astype(np.int32)
  marks = np.where(np.arange(60)[:, None] < 17, groups, 1)
  found = trained(
    weights, online.Stream(inputs, targets, order), marks, 0, 17, 0.1
  )
  chex.assert_trees_all_equal(found, wanted)
  assert np.all(np.isfinite(jax.tree.leaves(found[0])[0]))


def test_what_lies_before_the_first_place_is_never_met():
  weights, stream, groups = drawn((4,), np.float32)
  order = np.arange(60, dtype=np.int32) % 40
  inputs = stream.inputs.copy()
  inputs[:9] = np.nan
  found, wanted = (
    trained(weights, stream._replace(inputs=x, order=order), groups, 9, 40, 0.1)
    for x in (inputs, stream.inputs)
  )
  chex.assert_trees_all_equal(found, wanted)


def test_a_block_that_is_not_full_has_no_slope_where_no_datapoint_is():
  """E = d √y, a net of two weights 1 below biases 0, x = 1, d = 2, rate 1.

  y = 1, ∂E/∂y = 1; all four slopes are 1, and all four parameters lose 1. Now
  y = 0·(0 - 1) - 1 = -1: met again, its slope would be nan.
  """
  one, none = np.ones((1, 1), np.float32), np.zeros(1, np.float32)
  net = net_of([(one, none), (one, none)], lambda u: u, lambda u: u)
  stream = online.Stream(*map(jnp.array, (one, 2 * one, [0, 0, 0, 0])))
  after, tallies, curve = online.blocked(
    net, stream, 0, 1, rate=1.0, error=lambda y, d: jnp.sum(d * jnp.sqrt(y)),
    size=4, groups=jnp.ones((4, 1)),
  )  # fmt: skip
  for layer in after:
    assert (layer.w.item(), layer.b.item()) == (0, -1)
  assert [leaf.item() for leaf in jax.tree.leaves(tallies)] == [1, 1, 1, 1]
  assert curve[0] == 2 and np.isnan(curve[1:]).all()


def test_after_a_slope_that_is_not_finite_all_is_nan_and_before_it_nothing():
  """The target at place 25 is nan; errors before it are those of the loop."""
  weights, stream, groups = drawn((4,), np.float32)
  order = np.arange(60, dtype=np.int32) % 40
  targets = stream.targets.copy()
  targets[25] = np.nan
  broken = online.Stream(stream.inputs, targets, order)
  net, tallies, curve = trained(weights, broken, groups, 0, 40, 0.1)
  assert all(np.isnan(leaf).all() for leaf in jax.tree.leaves(net))
  assert all(np.isnan(leaf).all() for leaf in jax.tree.leaves(tallies))
  errors = by_numpy(weights, broken, groups, 0, 40, rate=0.1)[2]
  assert np.isfinite(errors[:25]).all() and np.isnan(errors[25:]).all()
  np.testing.assert_allclose(curve, curve_of(errors), **SINGLE)


def test_a_learning_rate_too_high_ends_in_nan_as_in_the_plain_scan():
  weights, stream, groups = drawn((4,), np.float32)
  net, _, curve = trained(weights, stream, groups, 0, 60, 1e20)
  assert all(np.isnan(leaf).all() for leaf in jax.tree.leaves(net))
  assert np.isfinite(curve[0]) and not np.isfinite(curve[99 * 59 // 60])


@pytest.mark.parametrize('first', [0, 11, 60])
def test_a_stretch_of_no_datapoints_changes_nothing(first):
  weights, stream, groups = drawn((4,), np.float32)
  net, tallies, curve = trained(weights, stream, groups, first, first, 0.1)
  chex.assert_trees_all_equal(net, weights)
  assert not any(np.any(leaf) for leaf in jax.tree.leaves(tallies))
  assert np.isnan(curve).all()


def test_a_curve_has_the_means_of_hundredths():
  """At rate 0 and weights 0, E = ½ d²: with d² = 2 t, it is the place t.

  Of 250 places the hundredths hold 3, 2, 3, 2, ..; of 4 the first and those
  that begin a quarter later.
  """
  t = np.arange(250)
  stream = np.ones((250, 1)), np.sqrt(2.0 * t)[:, None], t.astype(np.int32)

  @jax.jit
  def curve(stream, first, last):
    nothing = [(jnp.zeros((1, 1)), jnp.zeros(1))]
    return online.blocked(
      net_of(nothing, lambda u: u), online.Stream(*stream), first, last,
      rate=0.0, error=squared, size=16,
    ).curve  # fmt: skip

  with jax.enable_x64(True):
    ends = (0, 250), (0, 4), (100, 200)
    whole, few, later = (curve(stream, *end) for end in ends)
  fives = t.reshape(50, 5)
  wanted = np.stack([fives[:, :3].mean(axis=1), fives[:, 3:].mean(axis=1)], 1)
  np.testing.assert_allclose(whole, wanted.ravel(), rtol=1e-12)
  assert few[::25].tolist() == pytest.approx([0, 1, 2, 3])
  assert np.isnan(few).sum() == 96
  np.testing.assert_allclose(later, t[100:200], rtol=1e-12)


def test_inputs_are_read_a_block_at_a_time():
  """Bytes, made floats of as they come."""
  weights, stream, groups = drawn((4,), np.float32)
  rows = np.random.default_rng(0).integers(256, size=(40, 5)).astype(np.uint8)
  of_bytes = jax.tree.map(jnp.asarray, stream._replace(inputs=rows))
  found = online.blocked(
    net_of(weights, jax.nn.softplus, lambda u: u), of_bytes, 11, 50, rate=0.1,
    error=squared, size=7, groups=jnp.asarray(groups),
    read=lambda x: (x.astype(jnp.float32) + 1) / 256,
  )  # fmt: skip
  floats = stream._replace(inputs=(rows.astype(np.float32) + 1) / 256)
  net, tallies, _ = trained(weights, floats, groups, 11, 50, 0.1)
  chex.assert_trees_all_close(arrays_of(found.net), net, **SINGLE)
  chex.assert_trees_all_close(arrays_of(found.tallies), tallies, **SINGLE)


@pytest.mark.slow
def test_many_nets_learn_as_each_does_alone():
  """Each has its own weights and rate; all see one stream."""
  with jax.enable_x64(True):
    alone = [drawn((4,), seed=seed)[0] for seed in range(3)]
    _, stream, groups = drawn((4,))
    rates = np.array([0.1, 0.01, 0.05])
    many = jax.tree.map(lambda *a: np.stack(a), *alone)
    found = jax.jit(jax.vmap(trained, (0, None, None, None, None, 0)))(
      many, stream, groups, 11, 50, rates
    )
    for k, weights in enumerate(alone):
      one = trained(weights, stream, groups, 11, 50, rates[k])
      here = jax.tree.map(lambda a, k=k: a[k], found)
      chex.assert_trees_all_close(here, one, **DOUBLE)


def test_one_program_serves_all_stretches_orders_and_rates():
  weights, stream, groups = drawn((4,), np.float32)
  events = []
  jax.monitoring.register_event_duration_secs_listener(
    lambda event, *_, **__: events.append(event)
  )

  def counted():
    return sum(e.endswith('backend_compile_duration') for e in events)

  @jax.jit
  def fresh(weights, stream, first, last, rate):
    return trained(weights, stream, groups, first, last, rate)

  fresh(weights, stream, 0, 60, 0.1)
  assert counted() == 1
  fresh(weights, stream, 0, 0, 0.1)
  fresh(weights, stream, 11, 13, 0.0)
  fresh(weights, stream._replace(order=stream.order[::-1]), 11, 50, 3.0)
  assert counted() == 1

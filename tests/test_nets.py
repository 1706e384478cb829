"""Layered nets: slices, draws, and gradients by three roads."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import flatten_util

from jaxrep import nets


def net_of(*sizes, seed=0, unit=jax.nn.sigmoid, links=False):
  return nets.init(
    jax.random.key(seed), sizes, weight_range=1.0, bias_range=1.0, unit=unit,
    links=links,
  )  # fmt: skip


def test_a_net_worked_by_hand():
  """x = (1, 0): h = σ(2 - 1) = 0.7311, y = σ(3·0.7311 + 0.5) = 0.9366."""
  layers = (
    nets.Layer(jnp.array([[2.0], [5.0]]), jnp.array([-1.0])),
    nets.Layer(jnp.array([[3.0]]), jnp.array([0.5])),
  )
  y = nets.apply(layers, jnp.array([1.0, 0.0]))
  chex.assert_trees_all_close(y, jnp.array([0.93662]), atol=1e-5)


def test_direct_links_worked_by_hand():
  """XOR of 1 and 1 by one hidden unit, the AND of its two inputs.

  h = σ(10·1 + 10·1 - 15) = σ(5) = 0.993307; the output sees h and both inputs:
  y = σ(-6 h + 2·1 + 3·1 - 1) = σ(-1.959843) = 0.123484. Without direct links
  it would be σ(-6 h - 1) = 0.000948.
  """
  net = (
    nets.Layer(jnp.array([[10.0], [10.0]]), jnp.array([-15.0])),
    nets.Layer(jnp.array([[-6.0], [2.0], [3.0]]), jnp.array([-1.0])),
  )
  _, h, y = nets.activations(net, jnp.ones(2))
  # Six digits were written down.
  chex.assert_trees_all_close(h, jnp.array([0.993307]), atol=2e-6)
  chex.assert_trees_all_close(y, jnp.array([0.123484]), atol=2e-6)


@pytest.mark.parametrize(
  ('sizes', 'rows'),
  [((4, 1), [4]), ((4, 3, 1), [4, 7]), ((4, 3, 5, 2), [4, 3, 9])],
)
def test_only_the_last_layer_is_drawn_with_links_and_only_above_others(
  sizes, rows
):
  plain, linked = net_of(*sizes), net_of(*sizes, links=True)
  assert [len(layer.w) for layer in linked] == rows
  for layer, outputs in zip(linked, sizes[1:], strict=True):
    chex.assert_shape([layer.w, layer.b], [(None, outputs), (outputs,)])
  chex.assert_trees_all_equal(linked[:-1], plain[:-1])
  x = jnp.arange(4.0)
  chex.assert_shape(nets.apply(linked, x), (sizes[-1],))


def test_links_of_weight_0_are_no_links():
  net, x = net_of(4, 3, 2), jnp.arange(4.0)
  last = net[1]
  wide = nets.Layer(jnp.concatenate([last.w, jnp.zeros((4, 2))]), last.b)
  chex.assert_trees_all_close(
    nets.apply((net[0], wide), x), nets.apply(net, x), rtol=1e-6
  )


def test_links_lead_from_the_pattern_and_not_from_the_layer_below():
  """The last four rows see x itself, behind two hidden layers too."""
  net, x = net_of(4, 3, 5, 2, links=True), jnp.arange(4.0)
  *_, below, y = nets.activations(net, x)
  w = np.asarray(net[-1].w)
  total = below @ w[:5] + x @ w[5:] + net[-1].b
  chex.assert_trees_all_close(y, jax.nn.sigmoid(total), rtol=1e-5)


@pytest.mark.parametrize('k', range(4))
def test_slices_from_the_pattern_on_are_nets_with_links_too(k):
  net, x = net_of(5, 4, 3, 2, links=True), jnp.arange(5.0)
  chex.assert_trees_all_equal(
    nets.apply(net[:k], x), nets.activations(net, x)[k]
  )


def test_a_slice_with_links_asks_for_the_pattern():
  """The layers above the first do not know it: shapes refuse to go together."""
  net, x = net_of(5, 4, 3, 2, links=True), jnp.arange(5.0)
  with pytest.raises(TypeError, match='dot_general'):
    nets.apply(net[2:], nets.apply(net[:2], x))


@pytest.mark.parametrize('k', range(4))
def test_a_slice_of_a_net_is_a_net(k):
  net, x = net_of(5, 4, 3, 2), jnp.arange(5.0)
  whole = nets.apply(net, x)
  chex.assert_trees_all_equal(
    nets.apply(net[k:], nets.apply(net[:k], x)), whole
  )


def test_activations_are_those_of_the_slices():
  net, x = net_of(5, 4, 3), jnp.arange(5.0)
  states = nets.activations(net, x)
  for k, state in enumerate(states):
    chex.assert_trees_all_equal(state, nets.apply(net[:k], x))


def test_shapes_under_vmap_over_nets_and_patterns():
  keys = jax.random.split(jax.random.key(0), 7)
  many = jax.vmap(
    lambda key: nets.init(key, (6, 2, 1), weight_range=0.3, bias_range=0.0)
  )(keys)
  chex.assert_shape([many[0].w, many[1].w], [(7, 6, 2), (7, 2, 1)])
  chex.assert_shape([many[0].b, many[1].b], [(7, 2), (7, 1)])
  patterns = jnp.zeros((9, 6))
  y = jax.vmap(jax.vmap(nets.apply, (None, 0)), (0, None))(many, patterns)
  chex.assert_shape(y, (7, 9, 1))
  states = jax.vmap(nets.activations, (0, None))(many, patterns[0])
  chex.assert_shape(states, [(7, 6), (7, 2), (7, 1)])


def test_draws_fill_the_range_and_scale_with_it():
  """Kolmogorov-Smirnov against the uniform at n = 6,000: fails once in 10^4."""
  from scipy import stats

  small, large = (
    nets.init(jax.random.key(3), (60, 100), weight_range=r, bias_range=0.0)
    for r in (0.3, 3.0)
  )
  w = np.asarray(small[0].w).ravel()
  assert stats.kstest(w, stats.uniform(-0.3, 0.6).cdf).pvalue > 1e-4
  chex.assert_trees_all_close(large[0].w, 10 * small[0].w, rtol=1e-6)
  np.testing.assert_array_equal(small[0].b, 0)


def test_layers_draw_apart():
  net = net_of(3, 3, 3)
  assert not np.any(np.asarray(net[0].w) == np.asarray(net[1].w))
  assert not np.any(np.asarray(net[0].w[0]) == np.asarray(net[0].b))


def test_weights_are_listed_as_kolen_and_pollack_write_them_down():
  """2-2-1: left hidden unit from input 1, from 2, its bias; the right one
  likewise; the output from left, from right, its bias.
  """
  left, right, out = (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0)
  net = (
    nets.Layer(
      jnp.array([[left[0], right[0]], [left[1], right[1]]]),
      jnp.array([left[2], right[2]]),
    ),
    nets.Layer(jnp.array([[out[0]], [out[1]]]), jnp.array([out[2]])),
  )
  np.testing.assert_array_equal(nets.listed(net), [*left, *right, *out])
  chex.assert_trees_all_equal(nets.from_list(jnp.arange(1.0, 10), net), net)


DEEP = [((2, 2, 1), False), ((3, 1), False), ((4, 3, 5, 2), True)]


@pytest.mark.parametrize(('sizes', 'links'), DEEP)
def test_units_are_listed_one_after_another_by_a_loop(sizes, links):
  """Direct links are the output's weights from the last of the units below."""
  net = net_of(*sizes, links=links)
  wanted = []
  for layer in net:
    for j in range(len(layer.b)):
      wanted += [layer.w[i, j] for i in range(len(layer.w))] + [layer.b[j]]
  np.testing.assert_array_equal(nets.listed(net), np.array(wanted))


@pytest.mark.parametrize(('sizes', 'links'), DEEP)
def test_what_is_listed_is_a_net_again(sizes, links):
  """Of shapes alone too, and in any precision; units are those of `like`."""
  net = net_of(*sizes, links=links, unit=jnp.tanh)
  weights = nets.listed(net)
  shapes = jax.eval_shape(lambda: net)
  for like in (net, shapes):
    again = nets.from_list(weights, like)
    chex.assert_trees_all_equal(again, net)
    assert [layer.unit for layer in again] == [jnp.tanh] * len(net)
  other = np.arange(len(weights), dtype=np.float64)
  double = nets.from_list(other, shapes)
  assert all(a.dtype == np.float64 for a in jax.tree.leaves(double))
  np.testing.assert_array_equal(nets.listed(double), other)


def test_lists_of_many_nets_are_those_of_each():
  many = jax.vmap(
    lambda k: nets.init(
      jax.random.key(k), (3, 2, 1), weight_range=1.0, bias_range=1.0
    )
  )(jnp.arange(4))
  lists = jax.vmap(nets.listed)(many)
  chex.assert_shape(lists, (4, 11))
  for k in range(4):
    one = jax.tree.map(lambda a, k=k: a[k], many)
    np.testing.assert_array_equal(lists[k], nets.listed(one))
  again = jax.vmap(nets.from_list, (0, None))(lists, net_of(3, 2, 1))
  chex.assert_trees_all_equal(again, many)


SOFTPLUS, RELU = jax.nn.softplus, jax.nn.relu


def he(*sizes, seed=0, units=None):
  units = units or [RELU] * (len(sizes) - 1)
  return nets.he(jax.random.key(seed), sizes, units=units)


@pytest.mark.parametrize('inputs', [1, 8, 784])
def test_he_s_draws_are_normal_of_variance_2_over_inputs(inputs):
  """Weights and biases; Kolmogorov-Smirnov: each fails once in 10^4."""
  from scipy import stats

  (layer,) = he(inputs, 5000)
  wanted = stats.norm(0, np.sqrt(2 / inputs)).cdf
  for draws in (np.ravel(layer.w)[:5000], layer.b):
    assert stats.kstest(np.asarray(draws), wanted).pvalue > 1e-4


def test_he_counts_the_inputs_of_each_layer_by_itself():
  """Of n draws a deviation is known to 1/√(2n): five of those are 3 %."""
  for layer, inputs in zip(he(200, 100, 150, 50), (200, 100, 150), strict=True):
    assert len(layer.w) == inputs
    spread = np.std(np.asarray(layer.w)) / np.sqrt(2 / inputs)
    assert spread == pytest.approx(1, abs=5 / np.sqrt(2 * layer.w.size))


def test_he_s_layers_have_their_own_units_and_shapes():
  net = he(7, 5, 3, 2, units=[SOFTPLUS, RELU, jnp.tanh])
  assert [layer.unit for layer in net] == [SOFTPLUS, RELU, jnp.tanh]
  chex.assert_shape([layer.w for layer in net], [(7, 5), (5, 3), (3, 2)])
  chex.assert_shape([layer.b for layer in net], [(5,), (3,), (2,)])


def test_he_s_draws_are_float32_wherever_made():
  with jax.enable_x64(True):
    double = he(7, 5, 2)
  assert {a.dtype for a in jax.tree.leaves(double)} == {jnp.dtype('float32')}
  chex.assert_trees_all_equal(double, he(7, 5, 2))


def test_he_s_keys_layers_and_biases_draw_apart():
  """Layers of one width, so that equal keys would give equal draws."""
  net, other = he(4, 4, 4), he(4, 4, 4, seed=1)
  drawn = [layer.w[i] for layer in net for i in range(4)]
  drawn += [layer.b for layer in net]
  drawn += [layer.w[0] for layer in other] + [layer.b for layer in other]
  drawn = np.array(drawn)
  assert len(np.unique(drawn)) == drawn.size


def test_a_longer_net_of_he_begins_with_the_shorter_one():
  """A layer's draws know its own place and shape alone."""
  chex.assert_trees_all_equal(he(6, 5, 4, 3)[:2], he(6, 5, 4))


def test_he_s_nets_of_many_keys_are_those_of_each():
  keys = jax.random.split(jax.random.key(0), 3)
  many = jax.vmap(lambda key: nets.he(key, (6, 4, 2), units=[RELU, RELU]))(keys)
  chex.assert_shape([many[0].w, many[1].b], [(3, 6, 4), (3, 2)])
  for k in range(3):
    one = nets.he(
      jax.random.split(jax.random.key(0), 3)[k], (6, 4, 2), units=[RELU, RELU]
    )
    here = jax.tree.map(lambda a, k=k: a[k], many)
    chex.assert_trees_all_close(here, one, rtol=1e-6)


def fan_in(*sizes, seed=0, gain=1.0, units=None):
  units = units or [RELU] * (len(sizes) - 1)
  return nets.fan_in(jax.random.key(seed), sizes, units=units, gain=gain)


@pytest.mark.parametrize(
  ('inputs', 'gain', 'reach'), [(1, 1.0, 1.0), (4, 1.0, 0.5), (16, 8.0, 2.0)]
)
def test_fan_in_s_draws_are_uniform_up_to_gain_over_root_inputs(
  inputs, gain, reach
):
  """Weights and biases; Kolmogorov-Smirnov: each fails once in 10^4."""
  from scipy import stats

  (layer,) = fan_in(inputs, 5000, gain=gain)
  wanted = stats.uniform(-reach, 2 * reach).cdf
  for draws in (np.ravel(layer.w)[:5000], layer.b):
    assert np.max(np.abs(draws)) <= reach
    assert stats.kstest(np.asarray(draws), wanted).pvalue > 1e-4


def test_fan_in_counts_the_inputs_of_each_layer_by_itself():
  """Of thousands of draws the largest is within 1 % of the end."""
  for layer, inputs in zip(fan_in(200, 100, 50), (200, 100), strict=True):
    assert layer.inputs == inputs
    most = np.max(np.abs(layer.w)) * np.sqrt(inputs)
    assert most == pytest.approx(1, abs=0.01)


def test_fan_in_s_layers_have_their_own_units_shapes_and_draws():
  net = fan_in(4, 4, 4, 2, units=[SOFTPLUS, RELU, jnp.tanh])
  assert [layer.unit for layer in net] == [SOFTPLUS, RELU, jnp.tanh]
  chex.assert_shape([layer.w for layer in net], [(4, 4), (4, 4), (4, 2)])
  chex.assert_shape([layer.b for layer in net], [(4,), (4,), (2,)])
  drawn = np.concatenate(
    [np.ravel(a) for a in jax.tree.leaves((net, fan_in(4, 4, seed=1)))]
  )
  assert len(np.unique(drawn)) == drawn.size


def test_fan_in_s_gain_scales_the_draws_and_may_be_traced():
  one = fan_in(6, 5, 2)
  eight = jax.jit(lambda gain: fan_in(6, 5, 2, gain=gain))(8.0)
  chex.assert_trees_all_close(eight, jax.tree.map(lambda a: 8 * a, one))
  chex.assert_trees_all_equal(fan_in(6, 5, 3)[:1], one[:1])


def test_units_by_name_worked_by_hand():
  """At -1 and 1; ln(1 + e) = 1.31326, σ(1) = 0.73106, tanh 1 = 0.76159."""
  wanted = {
    'softplus': (0.31326, 1.31326), 'relu': (0, 1), 'identity': (-1, 1),
    'sigmoid': (0.26894, 0.73106), 'tanh': (-0.76159, 0.76159),
  }  # fmt: skip
  assert set(nets.UNITS) == set(wanted)
  for name, values in wanted.items():
    found = nets.UNITS[name](jnp.array([-1.0, 1.0]))
    np.testing.assert_allclose(found, values, atol=1e-5, err_msg=name)


@pytest.mark.parametrize('links', [False, True])
@pytest.mark.parametrize('unit', [jax.nn.sigmoid, jnp.tanh, jax.nn.softplus])
def test_the_gradient_agrees_with_finite_differences(unit, links):
  """Central differences of step 1e-6 in float64 are right to about 1e-9."""
  with jax.enable_x64(True):
    net = jax.tree.map(
      lambda a: a.astype(jnp.float64), net_of(4, 3, 2, unit=unit, links=links)
    )
    x = jnp.linspace(-1.0, 1.0, 4)

    def loss(net):
      return jnp.sum((nets.apply(net, x) - 0.3) ** 2)

    slope = jax.grad(loss)(net)
    flat, rebuild = flatten_util.ravel_pytree(net)
    found, _ = flatten_util.ravel_pytree(slope)
    for k in range(flat.size):
      step = jnp.zeros_like(flat).at[k].set(1e-6)
      up, down = loss(rebuild(flat + step)), loss(rebuild(flat - step))
      chex.assert_trees_all_close(found[k], (up - down) / 2e-6, atol=1e-8)


def test_the_gradient_agrees_with_the_chain_rule_by_hand():
  """δ = (y - d) y (1 - y); ∂E/∂w = h δ; and one layer back the same way."""
  net, x, d = net_of(3, 2, 1), jnp.array([1.0, -1.0, 0.5]), jnp.array([1.0])

  def loss(net):
    return 0.5 * jnp.sum((nets.apply(net, x) - d) ** 2)

  _, h, y = nets.activations(net, x)
  out = (y - d) * y * (1 - y)
  hidden = (net[1].w @ out) * h * (1 - h)
  slope = jax.grad(loss)(net)
  chex.assert_trees_all_close(slope[1].w, jnp.outer(h, out), rtol=1e-5)
  chex.assert_trees_all_close(slope[1].b, out, rtol=1e-5)
  chex.assert_trees_all_close(slope[0].w, jnp.outer(x, hidden), rtol=1e-5)
  chex.assert_trees_all_close(slope[0].b, hidden, rtol=1e-5)

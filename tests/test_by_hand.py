"""The chain rule by hand: in matrices, and weight by weight.

Oracles: `jax.grad`, finite differences, a case worked out with pencil and
paper, and each of the two versions for the other.
"""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxrep import lanes, nets
from jaxrep.learning import by_hand, errors

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
WORLDS = range(12, 24)  # of all depths from 1 to 5 layers, as a test says
# Each compiles programs of its own: two of them quickly, the rest when asked.
QUICKLY = [
  pytest.param(seed, marks=[pytest.mark.slow] if k > 1 else [])
  for k, seed in enumerate(WORLDS)
]


@pytest.fixture
def double():
  with jax.enable_x64(True):
    yield


def net_of(sizes, rng, *, links=False, scale=2.0):
  """A net with normal weights; with links, all layers but the first see x."""
  layers = []
  for k, (below, above) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
    rows = below + sizes[0] * (links and k > 0)
    w, b = rng.normal(size=(rows, above)), rng.normal(size=above)
    layers.append(nets.Layer(jnp.asarray(scale * w), jnp.asarray(scale * b)))
  return tuple(layers)


def world(seed, *, sizes=None):
  """A random net, and cases; depth, width and direct links random as well."""
  rng = np.random.default_rng(seed)
  links = sizes is None and seed % 2 == 1
  if sizes is None:
    sizes = rng.integers(1, 6, size=rng.integers(2, 7))
  cases = rng.integers(1, 7)
  inputs = jnp.asarray(rng.normal(size=(cases, sizes[0])))
  targets = jnp.asarray(rng.uniform(size=(cases, sizes[-1])))
  return net_of(sizes, rng, links=links), inputs, targets


def squares(net, inputs, targets):
  y = jax.vmap(nets.apply, (None, 0))(net, inputs)
  return jnp.sum((targets - y) ** 2)


def both(net, inputs, targets):
  """By hand, and by jax: compiled together, which takes half the time."""
  case = net, inputs, targets
  return by_hand.gradient(*case), jax.grad(squares)(*case)


def assert_same(found, expected):
  """The same sums of products in another order: 1e-10 of the largest."""
  chex.assert_trees_all_equal_structs(found, expected)
  chex.assert_trees_all_equal_shapes_and_dtypes(found, expected)
  largest = max(float(abs(leaf).max()) for leaf in jax.tree.leaves(expected))
  chex.assert_trees_all_close(found, expected, rtol=0, atol=1e-10 * largest)


@pytest.mark.parametrize('seed', QUICKLY)
def test_the_gradient_is_that_of_jax(double, seed):
  case = world(seed)
  assert case[1].dtype == jnp.float64
  assert_same(*jax.jit(both)(*case))


@pytest.mark.parametrize('seed', QUICKLY[:6])
def test_the_gradient_is_that_of_finite_differences(double, seed):
  """Central differences err by h² E'''/6 and by rounding, about ε E/h.

  At h = ε^(1/3) = 6e-6 both are near ε^(2/3) = 4e-11; the bound leaves room
  for third derivatives and errors of some tens.
  """
  net, inputs, targets = world(seed)
  flat, rebuild = jax.flatten_util.ravel_pytree(net)
  h = float(np.finfo(np.float64).eps ** (1 / 3))

  @jax.jit
  def compared(flat):
    steps = h * jnp.eye(flat.size)
    error = jax.vmap(lambda w: squares(rebuild(w), inputs, targets))
    up, down = error(flat[None] + steps), error(flat[None] - steps)
    found = by_hand.gradient(rebuild(flat), inputs, targets)
    return jax.flatten_util.ravel_pytree(found)[0], (up - down) / (2 * h)

  np.testing.assert_allclose(*compared(flat), rtol=0, atol=5e-9)


def test_the_worlds_are_many_kinds_of_nets():
  made = [world(seed)[0] for seed in WORLDS]
  assert {len(net) for net in made} == {1, 2, 3, 4, 5}
  assert {net[-1].w.shape[1] for net in made} == {1, 2, 3, 4, 5}
  linked = [len(net[-1].w) > net[-2].w.shape[1] for net in made if net[1:]]
  assert set(linked) == {True, False}


def test_a_gradient_leaves_precision_as_it_was():
  assert by_hand.gradient(*small())[0].w.dtype == jnp.float32


def test_the_letters_error_is_half_the_lectures(double):
  def half(net, inputs, targets):
    y = jax.vmap(nets.apply, (None, 0))(net, inputs)
    return jnp.sum(errors.squared(y, targets))

  @jax.jit
  def compared(*case):
    found = by_hand.gradient(*case, slope=by_hand.letter)
    twice = jax.tree.map(lambda leaf: 2 * leaf, found)
    return found, jax.grad(half)(*case), by_hand.gradient(*case), twice

  found, expected, lecture, twice = compared(*world(0))
  assert_same(found, expected)
  assert_same(lecture, twice)


def test_any_error_can_be_sent_back(double):
  def fourth(net, inputs, targets):
    y = jax.vmap(nets.apply, (None, 0))(net, inputs)
    return jnp.sum((y - targets) ** 4)

  @jax.jit
  def compared(*case):
    found = by_hand.gradient(*case, slope=lambda a, y: 4 * (a - y) ** 3)
    return found, jax.grad(fourth)(*case)

  assert_same(*compared(*world(1)))


@pytest.mark.parametrize('rule', [by_hand.gradient, by_hand.delta_rule])
def test_many_nets_have_the_slopes_of_each(rule):
  def start(key):
    return nets.init(
      key, (3, 2, 1), weight_range=1.0, bias_range=1.0, links=True
    )

  many = jax.vmap(start)(jax.random.split(jax.random.key(0), 5))
  inputs, targets = jnp.eye(3), jnp.ones((3, 1))
  found = jax.jit(jax.vmap(rule, (0, None, None)))(many, inputs, targets)
  last = jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, -1), many)
  lane = jax.jit(lanes.vmap_last(lambda net: rule(net, inputs, targets)))(last)
  many, found, lane = jax.device_get((many, found, lane))
  rule = jax.jit(rule)
  for k in range(5):
    one = jax.tree.map(lambda leaf, k=k: np.take(leaf, k, 0), many)
    alone = rule(one, inputs, targets)
    for slopes, axis in (found, 0), (lane, -1):
      picked = jax.tree.map(lambda a, k=k, x=axis: np.take(a, k, x), slopes)
      # Compiled sums may differ in the last digits of float32.
      chex.assert_trees_all_close(picked, alone, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize('rule', [by_hand.gradient, by_hand.delta_rule])
def test_what_cannot_be_sent_back_is_refused(rule):
  (first, last), inputs, targets = small()
  bent = nets.Layer(first.w, first.b, jnp.tanh)
  with pytest.raises(ValueError, match='unit: expected .*sigmoid, found tanh'):
    rule((bent, last), inputs, targets)
  with pytest.raises(AssertionError):
    rule((first, last), inputs, targets[:, 0])
  with pytest.raises(AssertionError):
    rule((first, last), inputs[0], targets[0])


class TestDeltaRule:
  @pytest.mark.parametrize('seed', QUICKLY[:6])
  def test_it_is_the_cross_entropys_gradient_in_the_last_layer(
    self, double, seed
  ):
    def entropy(net, inputs, targets):
      y = jax.vmap(nets.apply, (None, 0))(net, inputs)
      each = targets * jnp.log(y) + (1 - targets) * jnp.log(1 - y)
      return -jnp.sum(each)

    @jax.jit
    def compared(*case):
      return by_hand.delta_rule(*case), jax.grad(entropy)(*case)

    net, *cases = world(seed)
    (*others, last), expected = compared(net, *cases)
    assert_same(last, expected[-1])
    chex.assert_trees_all_equal(
      tuple(others), jax.tree.map(jnp.zeros_like, net[:-1])
    )

  @pytest.mark.parametrize('seed', WORLDS[:3])
  def test_the_full_rule_differs_in_the_last_layer_by_slope_and_factor(
    self, double, seed
  ):
    """Of one case: 2 σ' times the delta rule's."""
    net, inputs, targets = world(seed)
    case = net, inputs[:1], targets[:1]
    a = jax.jit(nets.apply)(net, inputs[0])
    full, delta = (
      jax.jit(rule)(*case)[-1]
      for rule in (by_hand.gradient, by_hand.delta_rule)
    )
    factor = 2 * a * (1 - a)
    assert_same(full.b, factor * delta.b)
    assert_same(full.w, factor[None] * delta.w)

  def test_a_step_is_the_lectures(self):
    """α (y - ŷ) x, with an optax rule that goes down."""
    net = (nets.Layer(jnp.zeros((2, 1)), jnp.zeros(1)),)  # ŷ = 1/2
    slope = by_hand.delta_rule(net, jnp.array([[1.0, 3.0]]), jnp.ones((1, 1)))
    rule = optax.sgd(0.1)
    change, _ = rule.update(slope, rule.init(net))
    chex.assert_trees_all_close(change[0].w, jnp.array([[0.05], [0.15]]))
    chex.assert_trees_all_close(change[0].b, jnp.array([0.05]))

  def test_layers_below_the_last_stay_as_they_are(self):
    net, inputs, targets = small()
    rule = optax.sgd(0.5)
    slope = by_hand.delta_rule(net, inputs, targets)
    change, _ = rule.update(slope, rule.init(net))
    after = optax.apply_updates(net, change)
    chex.assert_trees_all_equal(after[0], net[0])
    assert np.all(after[1].w != net[1].w)


def small():
  """2-2-1 with numbers that a pencil can follow, and XOR."""
  net = (
    nets.Layer(jnp.array([[1.0, 0.5], [1.0, -0.5]]), jnp.array([-1.0, 0.5])),
    nets.Layer(jnp.array([[2.0], [-4.0]]), jnp.array([1.0])),
  )
  return net, *(jnp.asarray(a, jnp.float32) for a in XOR)


class TestByPencil:
  """x = (1, 0), y = 1 in the net of `small`.

  Forwards:
    x3 = 1·1 + 1·0 - 1 = 0               a3 = σ(0) = 1/2
    x4 = 0.5·1 - 0.5·0 + 0.5 = 1         a4 = σ(1) = 0.731058579
    x5 = 2·a3 - 4·a4 + 1 = -0.924234315  a5 = σ(x5) = 0.284095910
  Backwards:
    ∂E/∂a5 = 2 (a5 - 1) = -1.431808181
    ∂a5/∂x5 = a5 (1 - a5) = 0.203385424
    their product δ5 = -0.291208914
    ∂E/∂w_3,5 = a3 δ5 = -0.145604457
    ∂E/∂w_4,5 = a4 δ5 = -0.212890774
    ∂E/∂w_6,5 = δ5
    new targets: ∂E/∂a3 = 2 δ5 = -0.582417828
                 ∂E/∂a4 = -4 δ5 = 1.164835654
    σ'(x3) = 1/4                    δ3 = -0.145604457
    σ'(x4) = a4 (1 - a4) = 0.196611933   δ4 = 0.229020590
    ∂E/∂w_1,3 = ∂E/∂w_0,3 = δ3;  ∂E/∂w_1,4 = ∂E/∂w_0,4 = δ4
    ∂E/∂w_2,3 = ∂E/∂w_2,4 = 0, for a2 = 0
  """

  SLOPES = {
    'w_3_5': -0.145604457, 'w_4_5': -0.212890774, 'w_6_5': -0.291208914,
    'w_1_3': -0.145604457, 'w_2_3': 0, 'w_0_3': -0.145604457,
    'w_1_4': 0.229020590, 'w_2_4': 0, 'w_0_4': 0.229020590,
  }  # fmt: skip

  def test_matrices_agree(self, double):
    net, *_ = jax.tree.map(lambda a: a.astype(jnp.float64), small())
    found = by_hand.gradient(net, jnp.array([[1.0, 0]]), jnp.array([[1.0]]))
    # Nine decimals were written down.
    assert by_hand.named(found) == pytest.approx(self.SLOPES, abs=1e-8)

  def test_chains_agree(self):
    chains = by_hand.chains(small()[0], [1, 0], 1)
    assert [chain.weight for chain in chains] == list(self.SLOPES)
    found = {chain.weight: chain.product for chain in chains}
    assert found == pytest.approx(self.SLOPES, abs=1e-8)

  def test_an_output_weight_has_three_factors(self):
    chain = by_hand.chains(small()[0], [1, 0], 1)[0]
    names, values = zip(*chain.factors, strict=True)
    assert names == ('∂x5/∂w_3,5', '∂a5/∂x5', '∂E/∂a5')
    expected = 0.5, 0.203385424, -1.431808181
    assert values == pytest.approx(expected, abs=1e-8)

  def test_an_input_weight_has_two_more(self):
    chain = by_hand.chains(small()[0], [1, 0], 1)[3]
    names, values = zip(*chain.factors, strict=True)
    assert names == (
      '∂x3/∂w_1,3', '∂a3/∂x3', '∂x5/∂a3', '∂a5/∂x5', '∂E/∂a5'
    )  # fmt: skip
    expected = 1, 0.25, 2, 0.203385424, -1.431808181
    assert values == pytest.approx(expected, abs=1e-8)

  def test_a_bias_comes_from_a_unit_that_is_always_on(self):
    chains = by_hand.chains(small()[0], [0, 0], 1)
    first = {chain.weight: chain.factors[0] for chain in chains}
    assert first['w_6_5'] == ('∂x5/∂w_6,5', 1)
    assert first['w_0_3'] == ('∂x3/∂w_0,3', 1)
    assert first['w_1_3'] == ('∂x3/∂w_1,3', 0)

  def test_quantities_stand_in_the_order_of_the_work(self):
    found = by_hand.quantities(small()[0], [1, 0], 1)
    expected = {
      'a1': 1, 'a2': 0, 'y': 1,
      'x3': 0, 'a3': 0.5, 'x4': 1, 'a4': 0.731058579,
      'x5': -0.924234315, 'a5': 0.284095910, 'E': 0.512518667,
      '∂E/∂a5': -1.431808181, '∂a5/∂x5': 0.203385424,
      '∂x5/∂a3': 2, '∂E/∂a3': -0.582417828, '∂a3/∂x3': 0.25,
      '∂x5/∂a4': -4, '∂E/∂a4': 1.164835654, '∂a4/∂x4': 0.196611933,
    }  # fmt: skip
    assert list(found)[: len(expected)] == list(expected)
    kept = {name: found[name] for name in expected}
    assert kept == pytest.approx(expected, abs=1e-8)
    firsts = list(found)[len(expected) :]
    assert firsts[:2] == ['∂x5/∂w_3,5', '∂x5/∂w_4,5'] and len(firsts) == 9


class TestChains:
  @pytest.mark.parametrize(
    'sizes', [(2, 2, 1), (1, 1, 1), (3, 4, 1), (4, 1, 1)]
  )
  def test_products_are_the_matrices_and_their_sum_the_gradient(
    self, double, sizes
  ):
    net, inputs, targets = world(0, sizes=sizes)
    assert len(inputs) > 1
    matrices = jax.jit(by_hand.gradient)
    total = dict.fromkeys(by_hand.weight_names(*sizes[:2]), 0.0)
    for x, y in zip(inputs, targets, strict=True):
      one = by_hand.named(matrices(net, x[None], y[None]))
      for chain in by_hand.chains(net, x, y):
        product = np.prod([factor.value for factor in chain.factors])
        assert chain.product == pytest.approx(product, rel=1e-14, abs=0)
        # The same products, in another order.
        assert chain.product == pytest.approx(one[chain.weight], rel=1e-10)
        total[chain.weight] += chain.product
    whole = by_hand.named(jax.jit(jax.grad(squares))(net, inputs, targets))
    assert total == pytest.approx(whole, rel=1e-10, abs=1e-12)

  @pytest.mark.parametrize('seed', range(3))
  def test_the_new_target_is_the_slope_of_a_hidden_unit(self, double, seed):
    """`jax.grad` with respect to the hidden units' activations."""
    net, inputs, targets = world(seed, sizes=(3, 2, 1))
    x, y = inputs[0], targets[0]

    def above(hidden):
      return jnp.sum((y - nets.apply(net[1:], hidden)) ** 2)

    expected = jax.grad(above)(nets.apply(net[:1], x))
    found = by_hand.quantities(net, x, y)
    slopes = [found['∂E/∂a4'], found['∂E/∂a5']]
    np.testing.assert_allclose(slopes, expected, rtol=1e-10)

  def test_they_are_in_double_precision_whatever_the_net_is(self):
    net, inputs, targets = small()
    assert net[0].w.dtype == np.float32
    found = by_hand.chains(net, inputs[3], targets[3])
    with jax.enable_x64(True):
      same = jax.tree.map(lambda a: jnp.asarray(a, jnp.float64), small())
      exact = by_hand.chains(same[0], same[1][3], same[2][3])
    assert found == exact

  def test_names_are_the_lectures(self):
    assert by_hand.weight_names(2, 2) == (
      'w_3_5', 'w_4_5', 'w_6_5',
      'w_1_3', 'w_2_3', 'w_0_3', 'w_1_4', 'w_2_4', 'w_0_4',
    )  # fmt: skip
    assert by_hand.named(small()[0]) == dict(
      w_3_5=2, w_4_5=-4, w_6_5=1,
      w_1_3=1, w_2_3=1, w_0_3=-1, w_1_4=0.5, w_2_4=-0.5, w_0_4=0.5,
    )  # fmt: skip

  def test_a_net_input_far_below_zero_gives_zero_and_no_warning(self):
    (first, last), *_ = small()
    net = (nets.Layer(first.w, first.b - 1000), last)
    found = by_hand.quantities(net, [0, 0], 0)
    assert found['a3'] == found['∂a3/∂x3'] == 0

  @pytest.mark.parametrize('sizes', [(2, 1), (2, 2, 2), (2, 2, 2, 1)])
  def test_other_nets_are_refused(self, sizes):
    net = net_of(sizes, np.random.default_rng(0))
    for function in by_hand.chains, by_hand.quantities:
      with pytest.raises(ValueError, match=r'net: expected .*\(H, 1\).*found'):
        function(net, [0, 0], 0)
    with pytest.raises(ValueError, match='net: expected'):
      by_hand.named(net)

  def test_direct_links_and_other_units_are_refused(self):
    linked = net_of((2, 2, 1), np.random.default_rng(0), links=True)
    with pytest.raises(ValueError, match=r'found \(2, 2\), \(4, 1\)'):
      by_hand.chains(linked, [0, 0], 0)
    net = tuple(nets.Layer(la.w, la.b, jnp.tanh) for la in small()[0])
    with pytest.raises(ValueError, match='unit: expected'):
      by_hand.chains(net, [0, 0], 0)

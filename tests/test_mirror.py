"""A mirror code is recognised, broken one claim at a time, and rebuilt."""

import dataclasses
import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
from absl.testing import parameterized

from jaxrep import nets
from jaxrep.measures import answers, mirror
from jaxrep.tasks import symmetry

# The weights printed in the letter's Fig. 1, inputs 1 to 6.
LEFT = (14.2, -3.6, 7.2, -7.2, 3.6, -14.2)
RIGHT = (-14.2, 3.6, -7.1, 7.1, -3.6, 14.2)

# Compiled once for each shape of net.
mirror_code = jax.jit(mirror.mirror_code)
with_ratios = jax.jit(mirror.with_ratios)
correct_cases = jax.jit(answers.correct_cases)


def make(*units, hidden_bias=-1.1, output_bias=6.4, output_weight=-8.8):
  """Returns the net whose hidden units have these incoming weights."""
  hidden = len(units)
  first = nets.Layer(
    jnp.asarray(units, jnp.float32).T, jnp.full((hidden,), hidden_bias)
  )
  second = nets.Layer(
    jnp.full((hidden, 1), output_weight), jnp.full((1,), output_bias)
  )
  return first, second


def printed():
  return make(LEFT, RIGHT)


def reweighted(net, change):
  """Returns the net with its `[n, H]` incoming weights changed."""
  w = jnp.asarray(change(np.asarray(net[0].w)), jnp.float32)
  return dataclasses.replace(net[0], w=w), net[1]


def rebiased(net, layer, change):
  b = jnp.asarray(change(np.asarray(net[layer].b)), jnp.float32)
  changed = dataclasses.replace(net[layer], b=b)
  return (changed, net[1]) if layer == 0 else (net[0], changed)


def solved_cases(net, bits=6):
  patterns = symmetry.patterns(bits, coding='binary')
  return int(correct_cases(net, patterns.inputs, patterns.targets))


def broken(net, tolerance=0.1):
  """Returns the names of the claims that a net does not bear out."""
  verdict = mirror.claims(mirror_code(net), tolerance)
  return {name for name, held in verdict._asdict().items() if not held}


def mirrored(half):
  return (*half, *(-x for x in reversed(half)))


def opposites(half):
  w = mirrored(half)
  return w, tuple(-x for x in w)


def random_nets(count, hidden=2, bits=6):
  """Returns `count` nets on a leading axis, weights and biases in ±3."""

  def one(key):
    sizes = (bits, hidden, 1)
    return nets.init(key, sizes, weight_range=3.0, bias_range=3.0)

  return jax.vmap(one)(jax.random.split(jax.random.key(7), count))


def one_of(many, k):
  return jax.tree.map(lambda leaf: leaf[k], many)


class PrintedNetTest(parameterized.TestCase):
  def test_the_printed_weights_solve_all_64_cases(self):
    self.assertEqual(solved_cases(printed()), 64)

  def test_the_printed_weights_bear_out_every_claim(self):
    self.assertEmpty(broken(printed()))

  def test_the_printed_weights_measure_as_worked_by_hand(self):
    code = mirror_code(printed())
    # Each unit's mirror weights are exactly opposite. Sizes 14.2, 3.6, 7.2:
    # ratios 1, 2, 3.944, off by .056 / 4. R has 7.1 / 3.6 = 1.972 instead, off
    # by .028 / 2, the same. L and R differ in 7.2 and 7.1 alone. float32 keeps
    # seven digits.
    chex.assert_trees_all_equal(code.mirror_residuals, jnp.zeros(2))
    sizes = jnp.array([[14.2, 3.6, 7.2], [14.2, 3.6, 7.1]])
    chex.assert_trees_all_close(code.sizes, sizes, rtol=1e-6)
    ratios = jnp.array([[1, 2, 14.2 / 3.6], [1, 7.1 / 3.6, 14.2 / 3.6]])
    chex.assert_trees_all_close(code.ratios, ratios, rtol=1e-6)
    off = jnp.full((2,), 1 - 14.2 / 3.6 / 4)
    chex.assert_trees_all_close(code.ratio_deviations, off, rtol=1e-4)
    self.assertAlmostEqual(float(code.opposite_residual), 0.1 / 14.3, places=6)
    self.assertEqual(code.opposite_pair.tolist(), [0, 1])
    self.assertAlmostEqual(float(code.largest_hidden_bias), -1.1, places=6)
    self.assertAlmostEqual(float(code.output_bias), 6.4, places=6)

  def test_the_printed_order_from_outside_in_is_4_1_2(self):
    code = mirror_code(printed())
    self.assertEqual(mirror.all_orders(3)[int(code.order)], (4, 1, 2))
    self.assertEqual(code.orders.tolist(), [4, 4])


class ClaimsTest(parameterized.TestCase):
  def test_only_the_mirror_claim_breaks(self):
    # What is added is symmetric, so the pair sizes stay; and opposite in the
    # two units, so they stay opposite.
    bump = np.outer([2, 0, 0, 0, 0, 2], [1, -1])
    net = reweighted(printed(), lambda w: w + bump)
    self.assertEqual(broken(net), {'mirror'})

  def test_only_the_ratio_breaks(self):
    net = with_ratios(printed(), (2, 3, 4))
    self.assertEqual(broken(net), {'ratio_124'})

  def test_only_the_opposition_of_the_hidden_units_breaks(self):
    larger = reweighted(printed(), lambda w: w * np.array([[1, 1.5]]))
    same = reweighted(printed(), lambda w: w * np.array([[1, -1]]))
    self.assertEqual(broken(larger), {'opposite_hidden_units'})
    self.assertEqual(broken(same), {'opposite_hidden_units'})

  @parameterized.parameters(0, 1)
  def test_only_the_hidden_biases_break_if_one_is_not_negative(self, unit):
    def lift(b):
      return np.where(np.arange(2) == unit, 0.0, b)

    net = rebiased(printed(), 0, lift)
    self.assertEqual(broken(net), {'hidden_biases_negative'})

  def test_only_the_output_bias_breaks_if_it_is_not_positive(self):
    net = rebiased(printed(), 1, lambda b: 0 * b)
    self.assertEqual(broken(net), {'output_bias_positive'})

  def test_the_worst_unit_decides(self):
    bump = np.outer([2, 0, 0, 0, 0, 2], [0, 1])
    code = mirror_code(reweighted(printed(), lambda w: w + bump))
    # -12.2 against 16.2: 4 / 28.4
    np.testing.assert_allclose(code.mirror_residuals, [0, 4 / 28.4], atol=1e-6)
    self.assertEqual(code.mirror_residual, code.mirror_residuals[1])
    net = make(mirrored((4, 1, 2)), mirrored((-4, -1, -3)))
    code = mirror_code(net)
    self.assertEqual(code.ratio_deviations.tolist(), [0, 0.5])
    self.assertEqual(code.ratio_deviation, 0.5)

  def test_the_smallest_pair_counts_as_much_as_the_largest(self):
    # 1 against 0 in a unit whose norm is √41: a norm would hardly see it.
    net = make((4, 2, 1, 0, -2, -4), (-4, -2, -1, 1, 2, 4))
    self.assertEqual(mirror_code(net).mirror_residuals.tolist(), [1, 0])

  def test_a_tolerance_is_a_share_of_the_sizes_or_of_the_power(self):
    exact = make(*opposites((4, 1, 2)))
    # Mirror: 1.1 and -0.9 are apart by 0.2 / 2. Ratio: 4.4 / 4 is off by 0.1.
    skew = np.outer([0, 0.1, 0, 0, 0.1, 0], [1, -1])
    skewed = reweighted(exact, lambda w: w + skew)
    longer = make(*opposites((4.4, 1, 2)))
    cases = (skewed, 'mirror'), (longer, 'ratio_124')
    for net, name in cases:
      self.assertEqual(broken(net, 0.101), set())
      self.assertEqual(broken(net, 0.099), {name})

  def test_a_nan_bears_out_nothing(self):
    net = jax.tree.map(lambda leaf: jnp.full_like(leaf, jnp.nan), printed())
    self.assertLen(broken(net), 5)
    code = mirror_code(net)
    self.assertEqual(code.order, -1)
    self.assertEqual(code.opposite_pair.tolist(), [-1, -1])

  def test_dead_inputs_are_no_mirror_code(self):
    net = make(*opposites((4, 0, 2)))
    gone = {'mirror', 'ratio_124', 'opposite_hidden_units'}
    self.assertEqual(broken(net), gone)
    self.assertEqual(mirror_code(net).orders.tolist(), [-1, -1])


class InvarianceTest(parameterized.TestCase):
  def scale_free(self, net):
    code = mirror_code(net)
    return code._replace(sizes=None, largest_hidden_bias=None, output_bias=None)

  @parameterized.parameters(2.0**-20, 2.0**20)
  def test_scaling_the_weights_changes_no_verdict(self, scale):
    # A power of two leaves every quotient its bits.
    net = one_of(random_nets(1), 0)
    scaled = reweighted(net, lambda w: w * scale)
    chex.assert_trees_all_equal(self.scale_free(net), self.scale_free(scaled))

  def test_flipping_the_signs_of_all_hidden_units_changes_nothing(self):
    net = one_of(random_nets(1), 0)
    flipped = reweighted(net, lambda w: -w)
    chex.assert_trees_all_equal(mirror_code(net), mirror_code(flipped))

  def test_swapping_hidden_units_swaps_what_is_theirs_and_no_more(self):
    for k in range(20):
      net = one_of(random_nets(20), k)
      code = mirror_code(net)
      swapped = mirror_code(reweighted(net, lambda w: w[:, ::-1]))
      theirs = {
        name: getattr(code, name)[::-1]
        for name in (
          'mirror_residuals',
          'sizes',
          'ratios',
          'ratio_deviations',
          'orders',
        )
      }
      chex.assert_trees_all_equal(swapped, code._replace(**theirs))

  def test_moving_the_pairs_changes_only_their_order(self):
    for index, order in enumerate(mirror.all_orders(3)):
      code = mirror_code(make(*opposites(order)))
      self.assertEqual(code.order, index)
      self.assertEqual(code.ratios.tolist(), [[1, 2, 4]] * 2)
      self.assertEqual(code.ratio_deviation, 0)


class OrderTest(parameterized.TestCase):
  @parameterized.parameters(1, 2, 3, 4, 5)
  def test_orders_count_as_itertools_does(self, pairs):
    # The oracle looks the ranks up; the code under test works out the place.
    listed = list(itertools.permutations(range(pairs)))
    sizes = np.random.default_rng(0).uniform(1, 9, (30, pairs))
    for row in sizes:
      ranks = tuple(int(np.sum(row < size)) for size in row)
      code = mirror_code(make(mirrored(row)))
      self.assertEqual(code.order, listed.index(ranks))

  def test_hidden_units_that_disagree_share_no_order(self):
    net = make(mirrored((4, 1, 2)), mirrored((-1, -2, -4)))
    code = mirror_code(net)
    self.assertEqual(code.order, -1)
    self.assertEqual(code.orders.tolist(), [4, 0])


class SizesTest(parameterized.TestCase):
  def test_eight_bits_are_held_against_1_2_4_8(self):
    net = make(*opposites((28.8, -7.2, 14.4, 3.6)))
    self.assertEqual(solved_cases(net, bits=8), 256)
    self.assertEmpty(broken(net, tolerance=1e-6))
    order = mirror.all_orders(4)[int(mirror_code(net).order)]
    self.assertEqual(order, (8, 2, 4, 1))

  def test_one_hidden_unit_has_no_opposite(self):
    code = mirror_code(make(LEFT))
    self.assertTrue(np.isnan(code.opposite_residual))
    self.assertEqual(code.opposite_pair.tolist(), [-1, -1])
    self.assertEqual(broken(make(LEFT)), {'opposite_hidden_units'})

  def test_of_four_hidden_units_the_best_two_count_as_opposite(self):
    net = make((1, 2, 3, 4, 5, 6), LEFT, (3, -1, 2, 5, 1, 1), RIGHT)
    code = mirror_code(net)
    self.assertEqual(code.opposite_pair.tolist(), [1, 3])
    self.assertAlmostEqual(float(code.opposite_residual), 0.1 / 14.3, places=6)

  def test_two_dead_units_do_not_pass_for_opposites(self):
    net = make(np.zeros(6), LEFT, np.zeros(6), RIGHT)
    self.assertEqual(mirror_code(net).opposite_pair.tolist(), [1, 3])

  def test_an_odd_number_of_inputs_is_refused(self):
    net = make((1, 2, -2, -1, 3))
    with self.assertRaisesRegex(ValueError, 'even number of inputs, found 5'):
      mirror_code(net)
    with self.assertRaisesRegex(ValueError, 'even number of inputs, found 5'):
      with_ratios(net, (1, 2))

  def test_a_net_of_other_shapes_is_refused(self):
    first, second = printed()
    with self.assertRaises(AssertionError):
      mirror_code((first, nets.Layer(first.w, first.b)))
    with self.assertRaises(AssertionError):
      with_ratios((first, second), (1, 2, 4, 8))
    for inputs, targets in ((4, 6), (4, 2)), ((3, 4, 6), (3, 4, 1)):
      with self.assertRaises(AssertionError):
        correct_cases((first, second), jnp.zeros(inputs), jnp.zeros(targets))


class MarginTest(parameterized.TestCase):
  @parameterized.parameters(
    # By hand: the smallest signed sum, over the norm.
    ((1, 2, 4), 1 / 21**0.5),
    ((2, 3, 4), 1 / 29**0.5),  # 2+3-4, 3-2, 4-3
    ((1, 2, 3), 0),  # 1+2-3
    ((1, 1, 2), 0),  # 1-1
    ((3, 5, 6, 7), 1 / 119**0.5),  # 6-5; no two sets of these weigh the same
    ((1, 2, 4, 8), 1 / 85**0.5),
    ((5,), 1),
  )
  def test_margins_are_those_worked_by_hand(self, ratios, expected):
    self.assertAlmostEqual(float(mirror.margin(ratios)), expected, places=6)

  @parameterized.parameters((1, 2, 4), (2, 3, 4), (1, 2, 3), (1, 1, 2))
  def test_a_margin_is_the_least_net_input_of_an_asymmetric_vector(
    self, *ratios
  ):
    inputs = symmetry.patterns(6, coding='binary').inputs
    asymmetric = inputs[np.any(inputs != inputs[:, ::-1], axis=1)]
    moved = np.abs(asymmetric @ np.array(mirrored(ratios))).min()
    norm = np.linalg.norm(ratios)
    self.assertAlmostEqual(float(mirror.margin(ratios)), moved / norm, places=6)

  @parameterized.parameters(2, 3, 4)
  def test_no_sizes_of_a_norm_have_a_margin_above_powers_of_two(self, pairs):
    best = np.sqrt(3 / (4**pairs - 1))
    powers = 2.0 ** np.arange(pairs)
    self.assertAlmostEqual(float(mirror.margin(powers)), best, places=6)
    rng = np.random.default_rng(1)
    anything = rng.exponential(size=(500, pairs))
    nearby = powers * (1 + 0.05 * rng.standard_normal((500, pairs)))
    margins = jax.vmap(mirror.margin)(np.concatenate([anything, nearby]))
    self.assertLess(float(margins.max()), best)


class WithRatiosTest(parameterized.TestCase):
  @parameterized.parameters(
    # Wrong are the asymmetric vectors whose sum vanishes. Of the coefficients
    # a_p in {-1, 0, 1}, 0 comes of two settings of a pair and ±1 of one.
    ((1, 2, 4), 64),
    ((2, 3, 4), 64),
    ((1, 2, 3), 62),  # ±(1, 1, -1): 1 each
    ((1, 1, 2), 58),  # ±(1, -1, 0): 2 each, ±(1, 1, -1): 1 each
  )
  def test_a_ratio_suffices_if_no_signed_sum_of_it_vanishes(
    self, ratios, expected
  ):
    signed = itertools.product((-1, 0, 1), repeat=3)
    unseen = [a for a in signed if any(a) and np.dot(a, ratios) == 0]
    self.assertEqual(expected, 64 - sum(2 ** a.count(0) for a in unseen))
    self.assertEqual(solved_cases(with_ratios(printed(), ratios)), expected)

  @parameterized.parameters((1, 2, 4), (1, 2, 3), (2, 3, 4), (1, 1, 2))
  def test_the_cases_right_are_those_of_a_loop_in_numpy(self, *ratios):
    # Written from the letter's equations, with the sizes placed by hand: the
    # printed order is 4:1:2, so the outermost pair gets the largest.
    small, middle, large = ratios
    right = 0
    for bits in itertools.product((0, 1), repeat=6):
      total = 6.4
      for sign, printed_sizes in (1, (14.2, 3.6, 7.2)), (-1, (14.2, 3.6, 7.1)):
        scale = np.linalg.norm(printed_sizes) / np.linalg.norm(ratios)
        net_input = -1.1
        for p, size in enumerate((large, -small, middle)):
          net_input += sign * scale * size * (bits[p] - bits[5 - p])
        total -= 8.8 / (1 + np.exp(-net_input))
      right += (total > 0) == (bits == bits[::-1])
    self.assertEqual(solved_cases(with_ratios(printed(), ratios)), right)

  def test_signs_order_norm_biases_and_output_unit_are_kept(self):
    for k in range(20):
      net = one_of(random_nets(20, hidden=3, bits=8), k)
      ratios = (5, 1, 4, 2)
      changed = with_ratios(net, ratios)
      before, after = mirror_code(net), mirror_code(changed)
      chex.assert_trees_all_equal(after.orders, before.orders)
      # Equal but for the rounding of float32.
      np.testing.assert_allclose(
        np.linalg.norm(after.sizes, axis=1),
        np.linalg.norm(before.sizes, axis=1),
        rtol=1e-5,
      )
      np.testing.assert_allclose(after.ratios, [[1, 2, 4, 5]] * 3, rtol=1e-5)
      chex.assert_trees_all_equal(after.mirror_residuals, jnp.zeros(3))
      signs = [np.sign(n[0].w - n[0].w[::-1]) for n in (net, changed)]
      np.testing.assert_array_equal(*signs)
      chex.assert_trees_all_equal(changed[0].b, net[0].b)
      chex.assert_trees_all_equal(changed[1], net[1])

  def test_the_order_and_the_scale_of_the_ratios_do_not_matter(self):
    chex.assert_trees_all_close(
      with_ratios(printed(), (2, 3, 4)),
      with_ratios(printed(), (40.0, 20.0, 30.0)),
      rtol=1e-6,  # float32
    )

  def test_its_own_ratios_give_an_exact_mirror_net_back(self):
    net = make(*opposites((4, -1, 2)))
    chex.assert_trees_all_close(
      with_ratios(net, (1, 2, 4)),
      net,
      rtol=1e-6,  # float32
    )

  def test_equal_sizes_are_given_the_ratios_from_outside_in(self):
    net = with_ratios(make(mirrored((1, 1, 1))), (1, 2, 4))
    self.assertEqual(mirror.all_orders(3)[0], (1, 2, 4))
    self.assertEqual(mirror_code(net).order, 0)


class CorrectCasesTest(parameterized.TestCase):
  def test_an_output_of_one_half_or_nan_is_on_neither_side(self):
    first, second = make((0, 0), output_weight=0.0, output_bias=0.0)
    inputs, targets = jnp.ones((2, 2)), jnp.array([[0.0], [1.0]])
    self.assertEqual(correct_cases((first, second), inputs, targets), 0)
    broken = (first, dataclasses.replace(second, b=jnp.array([jnp.nan])))
    self.assertEqual(correct_cases(broken, inputs, targets), 0)

  def test_every_output_has_to_be_right(self):
    identity = nets.Layer(jnp.eye(2), jnp.zeros(2), unit=lambda x: x)
    inputs = jnp.array([[0.9, 0.9], [0.9, 0.1], [0.1, 0.1]])
    targets = jnp.array([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    self.assertEqual(correct_cases((identity,), inputs, targets), 1)

  def test_saying_always_no_is_right_in_56_of_64_cases(self):
    net = make(LEFT, RIGHT, output_weight=0.0, output_bias=-1.0)
    self.assertEqual(solved_cases(net), 56)


class VmapTest(parameterized.TestCase):
  @parameterized.parameters((6, 2), (6, 1), (8, 3))
  def test_many_nets_have_the_codes_of_each(self, bits, hidden):
    many = random_nets(16, hidden, bits)
    codes = jax.vmap(mirror_code)(many)
    for k in range(16):
      # Compiled sums and quotients may differ in the last digits of float32.
      chex.assert_trees_all_close(
        one_of(codes, k), mirror_code(one_of(many, k)), rtol=1e-5
      )

  def test_many_nets_are_reweighted_and_counted_as_each_is(self):
    many = random_nets(16)
    cases = symmetry.patterns(6, coding='binary')
    ratios = jnp.array([[1.0, 2, 4], [1, 2, 3], [2, 3, 4], [1, 1, 2]] * 4)
    changed = jax.vmap(with_ratios)(many, ratios)
    count = jax.vmap(correct_cases, in_axes=(0, None, None))
    counts = count(changed, cases.inputs, cases.targets)
    for k in range(16):
      alone = with_ratios(one_of(many, k), ratios[k])
      chex.assert_trees_all_close(one_of(changed, k), alone, rtol=1e-5)
      self.assertEqual(counts[k], solved_cases(alone))

  def test_shapes_under_vmap_are_as_documented(self):
    S, H, P = 5, 3, 4
    many = random_nets(S, H, 2 * P)
    code = jax.vmap(mirror_code)(many)
    scalars = ['mirror_residual', 'ratio_deviation', 'order']
    scalars += ['opposite_residual', 'largest_hidden_bias', 'output_bias']
    for name in scalars:
      chex.assert_shape(getattr(code, name), (S,))
    for name in ('mirror_residuals', 'ratio_deviations', 'orders'):
      chex.assert_shape(getattr(code, name), (S, H))
    chex.assert_shape([code.sizes, code.ratios], (S, H, P))
    chex.assert_shape(code.opposite_pair, (S, 2))
    chex.assert_type([code.orders, code.order, code.opposite_pair], jnp.int32)
    verdict = jax.vmap(mirror.claims, in_axes=(0, None))(code, 0.1)
    chex.assert_shape(list(verdict), (S,))
    chex.assert_type(list(verdict), bool)
    chex.assert_shape(jax.vmap(jax.vmap(mirror.margin))(code.sizes), (S, H))
    ratios = jnp.array([1.0, 2, 4, 8])
    changed = jax.vmap(with_ratios, in_axes=(0, None))(many, ratios)
    chex.assert_trees_all_equal_shapes_and_dtypes(changed, many)
    count = jax.vmap(correct_cases, in_axes=(0, None, None))
    cases = symmetry.patterns(2 * P, coding='binary')
    counts = count(many, cases.inputs, cases.targets)
    chex.assert_shape(counts, (S,))
    chex.assert_type(counts, jnp.int32)

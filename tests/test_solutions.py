"""A solution's form is what is left when symmetries are taken away."""

import dataclasses
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
from absl.testing import parameterized

from jaxrep import nets
from jaxrep.measures import solutions
from jaxrep.tasks import boolean, symmetry
from jaxrep.tasks.patterns import Patterns

form = jax.jit(solutions.form)
signs = jax.jit(solutions.signs)
SWAP = np.array([[0, 1], [1, 0]])
# Inputs, hidden units and outputs, and whether there are direct links.
SHAPES = (
  ((2, 2, 1), False),
  ((3, 3, 1), False),
  ((2, 3, 2), False),
  ((2, 1, 1), True),
  ((3, 2, 2), True),
)


def random_net(seed, sizes=(2, 2, 1), links=False, many=()):
  """Returns a net, or many on leading axes, of weights in ±9."""
  rng = np.random.default_rng(seed)
  layers = []
  for k, (rows, units) in enumerate(itertools.pairwise(sizes)):
    rows += sizes[0] if links and k > 0 else 0
    w, b = (rng.uniform(-9, 9, (*many, *n)) for n in ((rows, units), (units,)))
    layers.append(nets.Layer(np.float32(w), np.float32(b)))
  return tuple(layers)


def all_exchanges(inputs):
  return np.array(list(itertools.permutations(range(inputs))))


def marks(bits):
  """Returns '+-' for [True, False]."""
  return ''.join('-+'[bit] for bit in np.asarray(bits).astype(int))


def replaced(layer, w, b):
  w, b = (np.asarray(leaf, np.float32) for leaf in (w, b))
  return dataclasses.replace(layer, w=w, b=b)


def turned(net, unit):
  """Returns the net with one hidden unit turned, in a plain way."""
  (w, b), (v, c) = [(np.array(layer.w), np.array(layer.b)) for layer in net]
  w[:, unit] *= -1
  b[unit] *= -1
  c += v[unit]
  v[unit] *= -1
  return replaced(net[0], w, b), replaced(net[1], v, c)


def swapped(net, order):
  """Returns the net with its hidden units in another order."""
  first, second = net
  order, v = np.array(order), np.array(second.w)
  v[: len(order)] = v[order]
  return replaced(first, first.w[:, order], first.b[order]), replaced(
    second, v, second.b
  )


def exchanged(net, order):
  """Returns the net that sees its inputs in another order, links too."""
  first, second = net
  order, v = np.array(order), np.array(second.w)
  if len(v) > len(first.b):
    v[len(first.b) :] = v[len(first.b) :][order]
  return replaced(first, first.w[order], first.b), replaced(second, v, second.b)


def answers(net, seed=0):
  inputs = np.random.default_rng(seed).uniform(-1, 2, (50, net[0].inputs))
  return nets.answers(net, jnp.asarray(inputs, jnp.float32))


class FormTest(parameterized.TestCase):
  def test_a_form_worked_by_hand(self):
    # Weights in the order of Kolen & Pollack: the left hidden unit from inputs
    # 1 and 2 and its bias, the right one, the output unit.
    weights = jnp.array([3.0, -4, 1, 5, 6, -2, -7, 8, 4])
    net = nets.from_list(weights, random_net(0))
    self.assertEqual(marks(solutions.signs(net)), '+-+++--++')
    # Left unit: its weight to the output, -7, is negative. Turned: -3, 4, -1,
    # to the output 7, and the output's bias 4 - 7 = -3.
    #   -+- ++- ++-
    # Order: left -+-, right ++-; the left one first. As they are.
    self.assertEqual(marks(form(net, SWAP[:1])), '-+-++-++-')
    # Inputs swapped: 4, -3, -1 and 6, 5, -2: +-- ++- ++-, which is larger.
    self.assertEqual(marks(form(net, SWAP)), '-+-++-++-')
    # The net that sees the inputs swapped, weights -4 and 3, 6 and 5. Turned:
    # 4, -3, -1. Without the exchange it is another form, with it the same.
    other = exchanged(net, (1, 0))
    self.assertEqual(marks(form(other, SWAP[:1])), '+--++-++-')
    self.assertEqual(marks(form(other, SWAP)), '-+-++-++-')

  def test_hidden_units_stand_in_the_order_of_their_own_signs(self):
    # ++- before -+-, each with its weight to the output, turned where needed.
    weights = jnp.array([3.0, 4, -1, -5, 6, -2, 7, 8, 4])
    net = nets.from_list(weights, random_net(0))
    self.assertEqual(marks(solutions.signs(net)), '++--+-+++')
    self.assertEqual(marks(form(net, SWAP[:1])), '-+-++-+++')

  @parameterized.parameters(*SHAPES)
  def test_turning_a_unit_changes_no_answer_and_no_form(self, sizes, links):
    orders = all_exchanges(sizes[0])
    for seed, unit in itertools.product(range(5), range(sizes[1])):
      net = random_net(seed, sizes, links)
      other = turned(net, unit)
      self.assertFalse(np.array_equal(net[0].w, other[0].w))
      np.testing.assert_allclose(answers(other), answers(net), atol=1e-6)
      np.testing.assert_array_equal(form(other, orders), form(net, orders))

  @parameterized.parameters(*SHAPES)
  def test_the_order_of_hidden_units_does_not_matter(self, sizes, links):
    orders = all_exchanges(sizes[0])
    for seed in range(5):
      net = random_net(seed, sizes, links)
      for order in itertools.permutations(range(sizes[1])):
        other = swapped(net, order)
        np.testing.assert_allclose(answers(other), answers(net), atol=1e-6)
        np.testing.assert_array_equal(form(other, orders), form(net, orders))

  @parameterized.parameters(*SHAPES)
  def test_inputs_that_the_task_exchanges_do_not_matter(self, sizes, links):
    orders = all_exchanges(sizes[0])
    for seed in range(5):
      net = random_net(seed, sizes, links)
      for order in orders:
        other = turned(exchanged(net, order), 0)
        np.testing.assert_array_equal(form(other, orders), form(net, orders))

  def test_inputs_that_the_task_tells_apart_do_matter(self):
    many = [random_net(seed) for seed in range(20)]
    others = [exchanged(net, (1, 0)) for net in many]
    pairs = zip(many, others, strict=True)
    differ = [marks(form(a, SWAP[:1])) != marks(form(b, SWAP[:1]))
              for a, b in pairs]  # fmt: skip
    self.assertTrue(any(differ))

  @parameterized.parameters(*SHAPES)
  def test_a_form_is_the_smallest_that_a_search_finds(self, sizes, links):
    # All nets that are the same: every set of units turned, order of units and
    # of inputs; of those whose weights to the first output are positive, the
    # smallest pattern.
    orders = all_exchanges(sizes[0])
    for seed in range(2):
      net, patterns = random_net(seed, sizes, links), []
      for flips in itertools.product((False, True), repeat=sizes[1]):
        other = net
        for unit in np.flatnonzero(flips):
          other = turned(other, unit)
        if np.any(other[1].w[: sizes[1], 0] < 0):
          continue
        for inputs in orders:
          for units in itertools.permutations(range(sizes[1])):
            same = swapped(exchanged(other, inputs), units)
            patterns.append(np.asarray(signs(same)).tolist())
      self.assertEqual(np.asarray(form(net, orders)).tolist(), min(patterns))

  def test_all_patterns_of_2_2_1_have_as_many_forms_as_counted_by_hand(self):
    # 2-2-1 nets of weights ±1 and an output bias so large that no turn reaches
    # its sign: 2^9 patterns. Turning and swapping alone, the forms are those of
    # two units, each one of 8 after it has been turned, in any order: 36 pairs;
    # two signs of the output's bias. The exchange of inputs leaves 4 of the 8
    # as they are: 10 of the 36 pairs of units, and two pairs of the other kind,
    # {+-b, -+b}: (36 + 12) / 2 = 24 in place of 36.
    signs = jnp.array(list(itertools.product((-1.0, 1.0), repeat=9)))
    weights = signs * jnp.array([[1.0] * 8 + [9.0]])
    like = random_net(0)
    many = jax.vmap(lambda w: nets.from_list(w, like))(weights)
    for orders, expected in (SWAP[:1], 72), (SWAP, 48):
      bits = jax.vmap(form, (0, None))(many, orders)
      self.assertLen(np.unique(solutions.code(bits)), expected)

  def test_nets_of_different_form_stay_apart(self):
    # One sign apart: the bias of a hidden unit.
    a = jnp.array([3.0, -4, 1, 5, 6, -2, 7, 8, 4])
    like = random_net(0)
    b = a.at[5].set(2)
    forms = [marks(form(nets.from_list(w, like), SWAP)) for w in (a, b)]
    self.assertEqual(forms, ['-++++-+++', '-++++++++'])

  def test_a_tanh_unit_is_not_turned(self):
    net = random_net(1)
    first = dataclasses.replace(net[0], unit=jnp.tanh)
    v = jnp.array([[-1.0], [-2.0]])
    net = first, dataclasses.replace(net[1], w=v)
    self.assertEqual(marks(form(net, SWAP))[6:8], '--')

  def test_a_net_without_hidden_units_has_its_signs_for_a_form(self):
    net = random_net(3, (3, 2))
    expected = solutions.signs(net)
    np.testing.assert_array_equal(form(net, np.arange(3)[None]), expected)
    orders = all_exchanges(3)
    same = [(replaced(net[0], net[0].w[order], net[0].b),) for order in orders]
    smallest = min(np.asarray(solutions.signs(n)).tolist() for n in same)
    self.assertEqual(np.asarray(form(net, orders)).tolist(), smallest)

  def test_turned_units_of_two_hidden_layers_have_positive_weights_above(self):
    # 6 weights below, then those of the one upper unit and of the output.
    for seed in range(5):
      bits = form(random_net(seed, (2, 2, 1, 1)), SWAP)
      self.assertEqual(bits.shape, (6 + 3 + 2,))
      self.assertEqual(marks(bits)[6:8] + marks(bits)[9:10], '+++')

  def test_nan_and_zero_are_not_above_0(self):
    net = jax.tree.map(lambda leaf: jnp.full_like(leaf, jnp.nan), random_net(0))
    self.assertEqual(marks(solutions.signs(net)), '-' * 9)
    self.assertEqual(marks(form(net, SWAP)), '-' * 9)
    net = jax.tree.map(jnp.zeros_like, net)
    self.assertEqual(marks(solutions.signs(net)), '-' * 9)
    self.assertEqual(marks(form(net, SWAP)), '-' * 9)

  def test_a_thousand_nets_have_the_forms_of_each(self):
    many = random_net(7, many=(1000,))
    together = jax.jit(jax.vmap(solutions.form, (0, None)))(many, SWAP)
    # One after another, in a loop.
    alone = jax.lax.map(lambda net: solutions.form(net, SWAP), many)
    np.testing.assert_array_equal(together, alone)
    for k in range(20):
      net = jax.tree.map(lambda leaf, k=k: leaf[k], many)
      np.testing.assert_array_equal(together[k], form(net, SWAP))


class SignsTest(parameterized.TestCase):
  def test_signs_stand_as_kolen_and_pollack_list_them(self):
    first = nets.Layer(
      jnp.array([[-0.5, 0.6], [-0.3, -0.1]]), jnp.array([0.3, -0.6])
    )
    second = nets.Layer(jnp.array([[0.7], [-0.7]]), jnp.array([0.1]))
    # Left from 1 and 2, its bias; right; output from left and right, its bias.
    self.assertEqual(marks(solutions.signs((first, second))), '--++--+-+')


class ExchangesTest(parameterized.TestCase):
  def or_(self):
    inputs = boolean.xor().inputs
    return Patterns(inputs, inputs.max(axis=1, keepdims=True))

  @parameterized.parameters(
    ('xor', 2),
    ('or', 2),
    ('parity', math.factorial(3)),
    # The three pairs may be exchanged (3!), and the ends of each (2^3).
    ('symmetry', 48),
    ('implication', 1),
    # Each target belongs to an input.
    ('encoder', 1),
    # The bits of equal weight in the two numbers: 1 with 1, 2 with 2, each or
    # both; the sum does not tell.
    ('addition', 4),
  )
  def test_as_many_as_the_task_has(self, name, expected):
    inputs = boolean.xor().inputs
    patterns = {
      'xor': boolean.xor(),
      'or': self.or_(),
      'parity': boolean.parity(3),
      'symmetry': symmetry.patterns(6, coding='bipolar'),
      'implication': Patterns(inputs, 1 * (inputs[:, :1] <= inputs[:, 1:])),
      'encoder': boolean.encoder(4),
      'addition': boolean.addition(2),
    }[name]
    found = solutions.exchanges(patterns)
    bits = patterns.inputs.shape[1]
    self.assertEqual(found.shape, (expected, bits))
    self.assertEqual(found[0].tolist(), list(range(bits)))
    self.assertLen({tuple(order) for order in found.tolist()}, expected)

  def test_the_order_of_cases_does_not_matter_but_their_number_does(self):
    inputs, targets = boolean.xor()
    backwards = Patterns(inputs[::-1], targets[::-1])
    self.assertLen(solutions.exchanges(backwards), 2)
    # 01 twice and 10 once: an exchange would turn that about.
    rows = [0, 1, 1, 2, 3]
    uneven = Patterns(inputs[rows], targets[rows])
    self.assertEqual(solutions.exchanges(uneven).tolist(), [[0, 1]])

  def test_beyond_six_inputs_only_the_identity_is_known(self):
    self.assertLen(solutions.exchanges(boolean.parity(6)), 720)
    found = solutions.exchanges(boolean.parity(7))
    self.assertEqual(found.tolist(), [list(range(7))])

  def test_an_exchange_leaves_the_answers_to_a_task_alone_as_a_set(self):
    patterns = symmetry.patterns(6, coding='binary')
    table = {
      tuple(x): t
      for x, t in zip(
        patterns.inputs.tolist(), patterns.targets.tolist(), strict=True
      )
    }
    for order in solutions.exchanges(patterns):
      for x, t in table.items():
        self.assertEqual(table[tuple(x[k] for k in order)], t)


class CodeTest(parameterized.TestCase):
  def test_the_first_weight_counts_most(self):
    bits = np.array([[True, False, True], [False, True, True]])
    self.assertEqual(solutions.code(bits).tolist(), [0b101, 0b011])
    self.assertEqual(solutions.code(bits).dtype, np.int64)

  @parameterized.parameters(9, 16, 31, 32, 62)
  def test_words_give_the_bits_back(self, weights):
    rng = np.random.default_rng(weights)
    bits = rng.random((20, weights)) < 0.5
    bits[0], bits[1] = True, False
    groups = [4, weights - 4]
    codes = solutions.code(bits)
    for code, row in zip(codes, bits, strict=True):
      text = solutions.words(code, groups)
      self.assertEqual([len(word) for word in text.split(' ')], groups)
      self.assertEqual([c == '+' for c in text if c != ' '], row.tolist())

  def test_jax_arrays_have_codes_too(self):
    bits = jnp.ones((1, 40), bool)
    self.assertEqual(solutions.code(bits).tolist(), [2**40 - 1])

  def test_words_are_those_of_the_units(self):
    net = random_net(0)
    self.assertEqual(solutions.groups(net), [3, 3, 3])
    self.assertEqual(
      solutions.words(0b110100101, solutions.groups(net)), '++- +-- +-+'
    )
    self.assertEqual(solutions.groups(random_net(0, (2, 1, 1), True)), [3, 4])
    self.assertEqual(solutions.groups(random_net(0, (3, 2, 1))), [4, 4, 3])
    many = jax.tree.map(lambda leaf: jnp.stack([leaf] * 5), net)
    self.assertEqual(solutions.groups(many), [3, 3, 3])

  def test_what_does_not_fit_is_refused(self):
    with self.assertRaisesRegex(ValueError, 'at most 62 weights, found 63'):
      solutions.code(np.zeros((1, 63), bool))
    for code in -1, 8:
      with self.assertRaisesRegex(ValueError, f'0 to 7, found {code}'):
        solutions.words(code, [2, 1])

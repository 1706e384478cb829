"""Hidden codes are read off as a loop would read them, and told apart."""

import doctest
import itertools
from collections import Counter

import chex
import jax
import jax.numpy as jnp
import numpy as np
from absl.testing import parameterized

from jaxrep import nets
from jaxrep.measures import codes

TWO = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
# Hidden units that say one thing plainly: w1, w2, b.
AND, OR, NAND = (20, 20, -30), (20, 20, -10), (-20, -20, 30)
LEFT_ONLY, RIGHT_ONLY = (20, -20, -10), (-20, 20, -10)
ALWAYS = (0, 0, 10)

counts = jax.jit(codes.counts)  # compiled once for each shape of net


def make(*units):
  """Returns the net whose hidden units have these weights and, last, bias."""
  units = np.array(units, np.float32)
  hidden = len(units)
  second = nets.Layer(jnp.ones((hidden, 1)), jnp.zeros(1))
  first = nets.Layer(jnp.asarray(units[:, :-1].T), jnp.asarray(units[:, -1]))
  return first, second


def vectors(bits):
  return np.array(list(itertools.product((0, 1), repeat=bits)), np.float32)


def thermometer(flips, turned=()):
  """Returns the net that counts by hand: unit k is on from k + 1 inputs.

  Without flips its weights are 20 and its biases -10, -30, -50 ... An input
  that is read inverted, 1 - x, has weight -20 and adds 20 to the bias. A turned
  unit is off where it was on.
  """
  signs = np.where(np.asarray(flips, bool), -1, 1)
  units = []
  for k in range(len(signs)):
    unit = np.array([*(20 * signs), 20 * np.sum(signs < 0) - 20 * k - 10])
    units.append(-unit if k in turned else unit)
  return make(*units)


def random_nets(count, sizes):
  def one(key):
    return nets.init(key, sizes, weight_range=3.0, bias_range=3.0)

  return jax.vmap(one)(jax.random.split(jax.random.key(7), count))


def one_of(many, k):
  return jax.tree.map(lambda leaf: leaf[k], many)


def states(net, inputs):
  """The oracle's hidden activations `[C, H]`: float64, a unit at a time."""
  w, b = (np.asarray(a, np.float64) for a in (net[0].w, net[0].b))
  found = np.zeros((len(inputs), len(b)))
  for c, x in enumerate(inputs):
    for j in range(len(b)):
      found[c, j] = 1 / (1 + np.exp(-(sum(x * w[:, j]) + b[j])))
  return found


def verdicts(net, bits):
  """The oracle's Counts: every set of inverted inputs is tried."""
  on = states(net, vectors(bits)) > 0.5

  def judge(flips):
    read = np.sum(vectors(bits) != flips, axis=1).astype(int)
    levels = [{tuple(row) for row in on[read == m]} for m in range(bits + 1)]
    if any(len(level) > 1 for level in levels):
      return False, False
    rows = np.array([level.pop() for level in levels])
    turned = np.where(rows[0], ~rows, rows)
    right = turned.sum(axis=1).tolist() == list(range(bits + 1))
    return True, right and on.shape[1] == bits

  tried = {f: judge(f) for f in itertools.product((0, 1), repeat=bits)}
  held = [sum(f) for f, (counts, _) in tried.items() if counts]
  return (
    *tried[(0,) * bits],
    bool(held),
    any(verdict for _, verdict in tried.values()),
    min(held, default=-1),
  )


def plain(found):
  return tuple(np.asarray(value).item() for value in found)


class CodesTest(parameterized.TestCase):
  def test_a_code_adds_two_to_the_j_for_every_unit_that_is_on(self):
    # AND is on in case 11, OR in 01, 10, 11.
    self.assertEqual(codes.codes(make(AND, OR), TWO).tolist(), [0, 2, 2, 3])
    self.assertEqual(codes.codes(make(OR, AND), TWO).tolist(), [0, 1, 1, 3])

  def test_codes_are_those_of_a_loop(self):
    many = random_nets(20, (3, 4, 2))
    found = jax.vmap(codes.codes, (0, None))(many, vectors(3))
    self.assertEqual(found.dtype, jnp.int32)
    for k in range(20):
      on = states(one_of(many, k), vectors(3)) > 0.5
      expected = [sum(2**j for j in range(4) if row[j]) for row in on]
      self.assertEqual(found[k].tolist(), expected)

  def test_one_half_and_nan_are_not_on(self):
    net = make((0, 0, 0), (np.nan, 0, 0), ALWAYS)
    self.assertEqual(codes.codes(net, TWO).tolist(), [4] * 4)

  def test_thirty_units_fit_and_no_more(self):
    full = codes.codes(make(*[ALWAYS] * 30), TWO)
    self.assertEqual(full.tolist(), [2**30 - 1] * 4)
    with self.assertRaisesRegex(ValueError, 'at most 30 hidden units, found 3'):
      codes.codes(make(*[ALWAYS] * 31), TWO)

  def test_later_layers_say_nothing(self):
    first, second = make(AND, OR)
    deep = codes.codes((first, second, second), TWO)
    chex.assert_trees_all_equal(deep, codes.codes((first,), TWO))


class HalfwayTest(parameterized.TestCase):
  def test_a_share_counts_units_and_cases(self):
    # σ(1) = .73 and σ(2) = .88: in case 00 and 01 the first unit is between.
    net = make((1, 0, 1), AND)
    self.assertEqual(float(codes.halfway(net, TWO)), 2 / 8)
    self.assertEqual(float(codes.halfway(net, TWO, near=0.1)), 4 / 8)
    self.assertEqual(float(codes.halfway(make(AND, OR), TWO)), 0)

  def test_shares_are_those_of_a_loop(self):
    many = random_nets(20, (3, 4, 2))
    found = jax.vmap(codes.halfway, (0, None))(many, vectors(3))
    for k in range(20):
      values = states(one_of(many, k), vectors(3)).ravel()
      expected = sum(0.2 < value < 0.8 for value in values) / len(values)
      # A mean of 32 zeros and ones is exact in float32.
      self.assertEqual(float(found[k]), expected)

  def test_a_nan_has_no_share(self):
    net = make((np.nan, 0, 0), AND)
    self.assertTrue(np.isnan(codes.halfway(net, TWO)))


class CountsTest(parameterized.TestCase):
  def test_three_thresholds_are_a_thermometer(self):
    net = thermometer((0, 0, 0))
    np.testing.assert_array_equal(net[0].w, np.full((3, 3), 20))
    self.assertEqual(net[0].b.tolist(), [-10, -30, -50])
    found = plain(counts(net, vectors(3)))
    self.assertEqual(found, (True, True, True, True, 0))

  def test_an_inverted_input_is_seen_through(self):
    found = plain(counts(thermometer((0, 1, 0)), vectors(3)))
    self.assertEqual(found, (False, False, True, True, 1))

  def test_all_inputs_inverted_is_a_thermometer_that_falls(self):
    # 3 - n, so the units are on up to n = 0, 1, 2: turned, they rise with n.
    found = plain(counts(thermometer((1, 1, 1)), vectors(3)))
    self.assertEqual(found, (True, True, True, True, 0))

  def test_units_may_be_turned_one_by_one(self):
    for turned in (0,), (0, 2), (0, 1, 2):
      found = plain(counts(thermometer((1, 0, 0), turned), vectors(3)))
      self.assertEqual(found, (False, False, True, True, 1))

  def test_a_net_that_counts_need_be_no_thermometer(self):
    # Thresholds at 1, 1, 3; too many units; too few.
    one, two, three = np.array(
      [(20, 20, 20, -10), (20, 20, 20, -30), (20, 20, 20, -50)]
    )
    for units in (one, one, three), (one, two, three, three), (one, three):
      found = plain(counts(make(*units), vectors(3)))
      self.assertEqual(found, (True, False, True, False, 0))

  def test_a_unit_that_ignores_an_input_does_not_count(self):
    one, two = (20, 20, 20, -10), (20, 20, 20, -30)
    found = plain(counts(make(one, two, (20, 20, 0, -30)), vectors(3)))
    self.assertEqual(found, (False, False, False, False, -1))

  def test_units_that_invert_other_inputs_do_not_count_together(self):
    # Each alone counts, the second with its last input inverted.
    one, other = (20, 20, 20, -10), (20, 20, -20, -10)
    self.assertTrue(counts(make(one, one), vectors(3)).counts_flipped)
    self.assertTrue(counts(make(other, other), vectors(3)).counts_flipped)
    self.assertFalse(counts(make(one, other), vectors(3)).counts_flipped)

  def test_a_constant_unit_does_not_say_which_inputs_are_inverted(self):
    # Always on, and its weights' signs are not the others'.
    still = (1, 1, 1, 90)
    net = make(still, (20, -20, 20, 10), (20, -20, 20, -10))
    found = plain(counts(net, vectors(3)))
    self.assertEqual(found, (False, False, True, False, 1))

  def test_units_that_are_all_constant_count_idly(self):
    net = make((1, -1, 1, 90), (1, 1, -1, -90), (0, 0, 0, 0))
    found = plain(counts(net, vectors(3)))
    self.assertEqual(found, (True, False, True, False, 0))

  def test_a_nan_does_not_count(self):
    net = make((np.nan, 1, 1, 0), *[(20, 20, 20, -30)] * 2)
    found = plain(counts(net, vectors(3)))
    self.assertEqual(found, (False, False, False, False, -1))

  @parameterized.parameters((2, 2), (3, 3), (4, 4), (3, 2), (2, 3))
  def test_the_signs_of_one_unit_find_what_trying_all_sets_finds(self, n, h):
    # Nets about a thermometer: its units and thresholds drawn, some weights
    # knocked out of balance, some units constant.
    rng = np.random.default_rng(10 * n + h)
    seen = Counter()
    for _ in range(150):
      signs = rng.choice([-1, 1], n)
      noise = rng.choice([0.0, 0.5, 3.0])
      units = []
      order = rng.permutation(max(n, h)) % n
      for k in range(h):
        w = signs * (4 + noise * rng.normal(size=n))
        b = 4 * np.sum(signs < 0) - 4 * order[k] - 2
        b = rng.choice([b, 90], p=[0.9, 0.1])
        units.append(rng.choice([-1, 1]) * np.array([*w, b]))
      net = make(*units)
      found = plain(counts(net, vectors(n)))
      self.assertEqual(found, verdicts(net, n))
      seen[found[:4]] += 1
    self.assertGreaterEqual(len(seen), 4 if h == n else 3)

  def test_the_order_of_units_inputs_and_cases_does_not_matter(self):
    rng = np.random.default_rng(3)
    for flips in itertools.product((0, 1), repeat=4):
      (first, second) = thermometer(flips, turned=(1,))
      rows, columns, cases = (rng.permutation(k) for k in (4, 4, 16))
      moved = nets.Layer(first.w[rows][:, columns], first.b[columns])
      expected = counts((first, second), vectors(4))
      found = counts((moved, second), vectors(4)[cases])
      chex.assert_trees_all_equal(found, expected)

  def test_a_part_of_the_vectors_is_refused(self):
    net = thermometer((0, 0, 0))
    with self.assertRaisesRegex(ValueError, 'all 8 vectors of 3 bits, found 7'):
      codes.counts(net, vectors(3)[1:])


class FunctionsTest(parameterized.TestCase):
  def test_names_are_what_the_truth_tables_say(self):
    # The names are read as Python, case by case.
    words = {
      'NOR': 'not (x1 or x2)',
      'NAND': 'not (x1 and x2)',
      'XOR': 'x1 != x2',
      'XNOR': 'x1 == x2',
      'AND': 'x1 and x2',
      'OR': 'x1 or x2',
    }
    names = codes.function_names()
    self.assertLen(set(names), 16)
    for index, name in enumerate(names):
      text = words.get(name, name.lower().replace('true', 'True'))
      text = text.replace('false', 'False')
      for c, (x1, x2) in enumerate(TWO):
        said = eval(text, {'x1': bool(x1), 'x2': bool(x2)})
        self.assertEqual(said, bool(index >> c & 1), f'{name} at {x1} {x2}')

  @parameterized.parameters(
    (AND, 'AND'),
    (OR, 'OR'),
    (NAND, 'NAND'),
    (LEFT_ONLY, 'x1 AND NOT x2'),
    (RIGHT_ONLY, 'NOT x1 AND x2'),
    (ALWAYS, 'TRUE'),
  )
  def test_units_compute_what_they_were_made_for(self, unit, name):
    tables = codes.functions(codes.codes(make(AND, unit), TWO), 2)
    names = codes.function_names()
    self.assertEqual([names[k] for k in tables], ['AND', name])

  def test_truth_tables_undo_codes(self):
    rng = np.random.default_rng(0)
    for hidden, cases in (1, 1), (3, 8), (5, 30):
      on = rng.random((cases, hidden)) < 0.5
      row = on @ 2 ** np.arange(hidden)
      expected = 2 ** np.arange(cases) @ on
      found = codes.functions(row, hidden)
      self.assertEqual(found.tolist(), expected.tolist())

  def test_more_than_30_cases_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'at most 30 cases, found 31'):
      codes.functions(np.zeros(31, int), 2)

  def test_every_two_functions_have_a_pair_of_their_own(self):
    names, pairs = codes.function_names(), codes.pair_names()
    self.assertLen(set(pairs), 136)
    tables = np.array(list(itertools.product(range(16), repeat=2)))
    bits = tables[:, :, None] >> np.arange(4) & 1
    index = jax.vmap(codes.pair)(bits[:, 0] + 2 * bits[:, 1])
    self.assertEqual(index.dtype, jnp.int32)
    for (f, g), k in zip(tables.tolist(), index.tolist(), strict=True):
      f, g = sorted((f, g))
      self.assertEqual(pairs[k], f'{names[f]}; {names[g]}')
    self.assertEqual(set(index.tolist()), set(range(136)))

  def test_swapping_hidden_units_leaves_the_pair_alone(self):
    units = AND, OR, NAND, LEFT_ONLY, RIGHT_ONLY, ALWAYS
    names = codes.pair_names()
    for one, other in itertools.combinations(units, 2):
      k, swapped = (
        int(codes.pair(codes.codes(net, TWO)))
        for net in (make(one, other), make(other, one))
      )
      self.assertEqual(k, swapped)
    k = int(codes.pair(codes.codes(make(OR, AND), TWO)))
    self.assertEqual(names[k], 'AND; OR')


class CornersTest(parameterized.TestCase):
  @parameterized.parameters(
    ((0, 1, 2, 3, 4, 5, 6, 7), '8 corners, one each'),
    ((0, 1, 2, 3, 4, 5, 6, 6), '7 corners: one shared by two'),
    ((0, 0, 2, 3, 4, 5, 6, 6), '6 corners: two shared by two each'),
    ((7, 1, 7, 3, 4, 5, 6, 7), '6 corners: one shared by three'),
    ((7, 1, 7, 1, 4, 5, 6, 7), '5 corners: one shared by three, one by two'),
    ((5, 5, 5, 5, 5, 5, 5, 5), '1 corner: one shared by eight'),
    ((1, 2, 4, 8), '4 corners, one each'),
  )
  def test_a_code_is_named_by_its_corners(self, row, name):
    found = codes.corners(np.array(row))
    self.assertEqual(int(found.used), len(set(row)))
    names = codes.sharing_names(len(row))
    self.assertEqual(names[int(found.sharing)], name)

  def test_classes_are_the_sorted_multiplicities_of_a_loop(self):
    rows = np.random.default_rng(0).integers(0, 8, (300, 8))
    # Divided by 1 to 5: rows with many values and with few.
    rows = rows // (1 + np.arange(300)[:, None] % 5)
    found = jax.vmap(codes.corners)(rows)
    chex.assert_type(list(found), jnp.int32)
    chex.assert_shape(list(found), (300,))
    classes = {}
    for row, used, k in zip(rows, *map(np.asarray, found), strict=True):
      sizes = sorted(Counter(row.tolist()).values(), reverse=True)
      self.assertEqual(used, len(sizes))
      self.assertEqual(classes.setdefault(tuple(sizes), k), k)
    self.assertLen(set(classes.values()), len(classes))
    self.assertGreater(len(classes), 12)

  def test_there_is_a_class_for_every_partition(self):
    # The numbers of partitions of 1 .. 8.
    for cases, number in enumerate([1, 2, 3, 5, 7, 11, 15, 22], 1):
      names = codes.sharing_names(cases)
      self.assertLen(names, number)
      self.assertLen(set(names), number)
      used = [int(name.split()[0]) for name in names]
      self.assertEqual(used, sorted(used, reverse=True))

  def test_permuting_and_inverting_units_leaves_the_class_alone(self):
    rng = np.random.default_rng(1)
    for row in rng.integers(0, 8, (5, 8)):
      expected = codes.corners(row)
      bits = row[:, None] >> np.arange(3) & 1
      for order in itertools.permutations(range(3)):
        inverse = rng.integers(0, 2, 3)
        moved = (bits[:, order] ^ inverse) @ 2 ** np.arange(3)
        moved = rng.permutation(moved)
        chex.assert_trees_all_equal(codes.corners(moved), expected)

  def test_more_than_20_cases_are_refused(self):
    for function in codes.corners, lambda row: codes.sharing_names(len(row)):
      with self.assertRaisesRegex(ValueError, 'at most 20 cases, found 21'):
        function(np.arange(21))

  def test_the_corners_of_a_net_made_by_hand(self):
    # Input k alone is on, and says the binary digits of k; 7 says those of 6.
    said = [0, 1, 2, 3, 4, 5, 6, 6]
    w = 20 * ((np.array(said)[:, None] >> np.arange(3)) & 1)
    net = make(*np.concatenate([w, np.full((1, 3), -10)]).T)
    row = codes.codes(net, np.eye(8, dtype=np.float32))
    self.assertEqual(row.tolist(), said)
    self.assertEqual(plain(codes.corners(row)), (7, 1))


class ManyTest(parameterized.TestCase):
  def test_many_nets_have_the_verdicts_of_each(self):
    many = jax.tree.map(
      lambda *leaves: jnp.stack(leaves),
      *[thermometer(flips) for flips in itertools.product((0, 1), repeat=3)],
    )
    inputs = vectors(3)
    found = jax.jit(jax.vmap(codes.counts, (0, None)))(many, inputs)
    chex.assert_shape(list(found), (8,))
    chex.assert_type(list(found), [bool] * 4 + [jnp.int32])
    for k in range(8):
      chex.assert_trees_all_equal(
        one_of(found, k), counts(one_of(many, k), inputs)
      )

  def test_the_examples_in_the_docstrings_run(self):
    failed, tried = doctest.testmod(codes)
    self.assertGreater(tried, 0)
    self.assertEqual(failed, 0)

"""What hidden units say: on or off in every case, and what that amounts to.

For one net with one hidden layer, whose units go from 0 to 1; `jax.vmap` adds
nets. A unit is on where its activation is above ½ (a nan is not on). All that
is read off here is on or off: `halfway` says how much this leaves out.

Parity: do hidden units count? A unit that depends on the number of on inputs
only is on from some number upwards, or up to some number, as its net input may
be averaged over all orders of the inputs: n times the mean weight, + b, which
rises or falls with n.

The same net with some inputs read inverted has the same parity, or its
opposite. So a net may count the inputs that *differ from a vector f*. There is
no need to try all 2^N of them. Let a unit that is not constant depend on that
number m only, so that it switches between m = k - 1 and m = k. From every input
there is a case with m = k - 1 in which this very input does not differ yet;
when it comes to differ the unit switches. So in the direction of f every weight
pushes the unit alike, and the signs of its weights are f, or the inverse of f,
which counts N - m and is the same code. Any unit that is not constant will do.
"""

from collections import Counter
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jaxrep import nets

# Boolean functions of two inputs by their truth tables: bit c of the index is
# the value in case c of 00, 01, 10, 11 (x1 x2).
_FUNCTIONS = (
  'FALSE',
  'NOR',
  'NOT x1 AND x2',
  'NOT x1',
  'x1 AND NOT x2',
  'NOT x2',
  'XOR',
  'NAND',
  'AND',
  'XNOR',
  'x2',
  'NOT x1 OR x2',
  'x1',
  'x1 OR NOT x2',
  'OR',
  'TRUE',
)
_WORDS = dict(
  enumerate(('one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'), 1)
)


class Counts(NamedTuple):
  """Whether hidden units count on inputs; bool `[]` each, but for the last.

  A net with a nan does none of this. Units that are constant count, if idly.

  Attributes:
    counts: every unit's state depends on the number of on inputs only.
    thermometer: it counts, there are as many units as inputs, and with units
      turned so that they rise with the number, as many are on as inputs are:
      one threshold at each of 1 .. N.
    counts_flipped: it counts if some set of inputs is read inverted.
    thermometer_flipped: it is a thermometer of the number so read.
    inverted: int32, how many inputs are read inverted, 0 to N/2 (to read the
      others so is the same); -1 if `counts_flipped` is false. If it is odd,
      the number so read has the opposite parity.
  """

  counts: jax.Array
  thermometer: jax.Array
  counts_flipped: jax.Array
  thermometer_flipped: jax.Array
  inverted: jax.Array


class Corners(NamedTuple):
  """Which corners of the cube of hidden states the cases take.

  Attributes:
    used: `[]` int32, how many.
    sharing: `[]` int32, how the cases share them: an index into
      `sharing_names`, 0 where each case has its own.
  """

  used: jax.Array
  sharing: jax.Array


def codes(net: nets.Net, inputs: chex.Array) -> jax.Array:
  """Returns the hidden code of every case, `[C]` int32.

    code_c = Σ_j 2^j [h_j(c) > ½]

  Args:
    net: its first layer is the hidden one.
    inputs: `[C, I]`.

  Raises:
    ValueError: more than 30 hidden units.
  """
  on = _hidden(net, inputs) > 0.5
  if on.shape[1] > 30:
    raise ValueError(
      f'net: expected at most 30 hidden units, found {on.shape[1]}'
    )
  powers = 2 ** np.arange(on.shape[1], dtype=np.int32)
  return jnp.sum(on * powers[None], axis=1, dtype=jnp.int32)


def halfway(
  net: nets.Net, inputs: chex.Array, *, near: chex.Numeric = 0.2
) -> jax.Array:
  """Returns the share of hidden states that are neither on nor off, `[]`.

  Over units and cases, near < h < 1 - near; nan if any of them is.

  Args:
    net: its first layer is the hidden one.
    inputs: `[C, I]`.
    near: how far from 0 is still off, and from 1 on.
  """
  hidden = _hidden(net, inputs)
  between = (hidden > near) & (hidden < 1 - near)
  return jnp.mean(jnp.where(jnp.isnan(hidden), jnp.nan, between))


def counts(net: nets.Net, inputs: chex.Array) -> Counts:
  """Returns whether the hidden units count, as a thermometer or otherwise.

  Args:
    net: its first layer is the hidden one.
    inputs: `[2^N, N]`, all vectors of 0 and 1, in any order.

  Raises:
    ValueError: another number of cases.

  References:
    Rumelhart, Hinton & Williams, Parallel Distributed Processing 1 (1986),
    ch. 8, p. 334, on parity.
  """
  chex.assert_rank(inputs, 2)
  cases, bits = inputs.shape
  if cases != 2**bits:
    raise ValueError(
      f'inputs: expected all {2**bits} vectors of {bits} bits, found {cases}'
    )
  hidden = _hidden(net, inputs)
  known = ~jnp.any(jnp.isnan(hidden))
  on, ones = hidden > 0.5, inputs > 0.5
  varies = jnp.any(on != on[:1], axis=0)
  weights = net[0].w[:, jnp.argmax(varies)]
  inverted = (weights < 0) & jnp.any(varies)
  plain = _counting(on, jnp.sum(ones, axis=1))
  turned = _counting(on, jnp.sum(ones != inverted[None], axis=1))
  number = jnp.sum(inverted, dtype=jnp.int32)
  number = jnp.minimum(number, bits - number)
  verdicts = [known & verdict for verdict in (*plain, *turned)]
  return Counts(*verdicts, jnp.where(verdicts[2], number, -1))


def functions(codes: chex.Array, hidden: int) -> jax.Array:
  """Returns the truth table of every hidden unit, `[H]` int32.

    table_j = Σ_c 2^c [unit j is on in case c]

  Args:
    codes: `[C]`, of one net.
    hidden: H.

  Raises:
    ValueError: more than 30 cases.
  """
  chex.assert_rank(codes, 1)
  cases = codes.shape[0]
  if cases > 30:
    raise ValueError(f'codes: expected at most 30 cases, found {cases}')
  on = (jnp.asarray(codes)[None] >> np.arange(hidden)[:, None]) & 1
  powers = 2 ** np.arange(cases, dtype=np.int32)
  return jnp.sum(on * powers[None], axis=1, dtype=jnp.int32)


def function_names() -> list[str]:
  """Returns the 16 Boolean functions of two inputs, by truth table.

  In the order of `functions`, for the cases 00, 01, 10, 11 of x1 x2:

  >>> names = function_names()
  >>> names[0b1000], names[0b0110], names[0b1100]
  ('AND', 'XOR', 'x1')
  """
  return list(_FUNCTIONS)


def pair(codes: chex.Array) -> jax.Array:
  """Returns which two functions two hidden units compute, `[]` int32.

  An index into `pair_names`; which unit computes which does not matter.

  Args:
    codes: `[4]`, of one net with two hidden units, in the cases 00, 01, 10, 11.
  """
  chex.assert_shape(codes, (4,))
  f, g = jnp.sort(functions(codes, 2))
  # Before (f, f) stand the 16 + 15 + .. pairs that begin with less than f.
  return f * 16 - f * (f - 1) // 2 + g - f


def pair_names() -> list[str]:
  """Returns the 136 unordered pairs of functions, like 'AND; OR'."""
  return [f'{f}; {g}' for k, f in enumerate(_FUNCTIONS) for g in _FUNCTIONS[k:]]


def corners(codes: chex.Array) -> Corners:
  """Returns how many corners of the cube are taken, and how they are shared.

  Neither changes if units are permuted or inverted, or inputs permuted. Which
  corners stay empty is not told: of an encoder's code it matters only whether
  two inputs say the same.

  Args:
    codes: `[C]`, of one net.

  Raises:
    ValueError: more than 20 cases: `sharing_names` would be too many.
  """
  chex.assert_rank(codes, 1)
  codes = jnp.asarray(codes)
  cases = codes.shape[0]
  classes = _sharings(cases)
  table = np.array([[*p, *[0] * (cases - len(p))] for p in classes], np.int32)
  same = codes[:, None] == codes[None]
  # A corner answers once: in the first case that takes it.
  first = jnp.argmax(same, axis=1) == np.arange(cases)
  sizes = jnp.where(first, jnp.sum(same, axis=1), 0)
  occupancy = jnp.sort(sizes, descending=True)
  return Corners(
    used=jnp.sum(first, dtype=jnp.int32),
    sharing=jnp.argmax(jnp.all(table == occupancy[None], axis=1)).astype(
      jnp.int32
    ),
  )


def sharing_names(cases: int) -> list[str]:
  """Returns what each value of `Corners.sharing` stands for.

  One name for each way to write the number of cases as a sum, the most corners
  first:

  >>> sharing_names(8)[:3]  # doctest: +NORMALIZE_WHITESPACE
  ['8 corners, one each', '7 corners: one shared by two',
   '6 corners: two shared by two each']

  Raises:
    ValueError: more than 20 cases.
  """
  return [_sharing_name(sizes) for sizes in _sharings(cases)]


def _hidden(net: nets.Net, inputs: chex.Array) -> jax.Array:
  """Returns the hidden activations `[C, H]`."""
  return jax.vmap(nets.apply, in_axes=(None, 0))(net[:1], inputs)


def _counting(on: jax.Array, number: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Returns whether states `[C, H]` hang on a number `[C]`, and as thermometer.

  Every number from 0 to N occurs, in 2^N cases.
  """
  cases, hidden = on.shape
  numbers = np.arange(cases.bit_length())  # 0 .. N
  examples = jnp.argmax(number[None] == numbers[:, None], axis=1)
  states = on[examples]  # [N + 1, H]
  counts = jnp.all(on == states[number])
  risen = states != states[:1]
  levels = jnp.all(jnp.sum(risen, axis=1) == numbers)
  return counts, counts & levels & (hidden == len(numbers) - 1)


def _sharings(cases: int) -> list[tuple[int, ...]]:
  """Returns the partitions of a number, their parts falling, longest first."""
  if cases > 20:
    raise ValueError(f'codes: expected at most 20 cases, found {cases}')

  def partitions(total, largest):
    if not total:
      return [()]
    return [
      (part, *rest)
      for part in range(min(total, largest), 0, -1)
      for rest in partitions(total - part, part)
    ]

  return sorted(partitions(cases, cases), key=lambda p: (-len(p), p))


def _sharing_name(sizes: tuple[int, ...]) -> str:
  """Returns a partition in words."""
  used = f'{len(sizes)} corner' + 's' * (len(sizes) != 1)
  shared = Counter(size for size in sizes if size > 1)
  if not shared:
    return f'{used}, one each'
  groups = [
    f'{_WORDS.get(n, n)} by {_WORDS.get(size, size)}' + ' each' * (n > 1)
    for size, n in shared.items()
  ]
  return f'{used}: {", ".join(groups)}'.replace(' by', ' shared by', 1)

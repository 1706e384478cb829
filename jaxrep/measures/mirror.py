"""What a solved symmetry net learnt: the letter's claims as numbers.

For one net of sizes n-H-1, n even; `jax.vmap` adds nets. Mirror pair p of the
P = n/2 pairs joins inputs p and n-1-p, counted from the outside in.

Why the letter's code works, and which others would. A hidden unit whose mirror
weights are equal in size and opposite in sign sees

  Σ_p m_p s_p (x_p - x_{n-1-p}) + b,    m_p > 0,  s_p = ±1,

so a symmetric vector leaves it at its bias, and any other vector moves it by
Σ_p a_p m_p with every a_p in {-1, 0, 1} (for inputs 0 and 1) and not all 0. Of
two units with opposite signs one is moved up, unless that sum is near 0. What
the sizes must do is therefore no more than this: *no such combination may
vanish*, or, the same said otherwise, no two sets of pairs weigh the same.

- 1:2:4 suffices: its combinations are -7, -6, .. 7, each once.
- 2:3:4 suffices as well (2+3-4 = 1): 1:2:4 is not necessary.
- 1:2:3 fails by 1+2-3 = 0, and 1:1:2 by 1-1 = 0.
- Powers of two are the *best* at their norm. If no combination is smaller than
  g, the 2^P sums Σ_p ±m_p lie at least 2g apart, so their variance is at least
  that of evenly spaced ones, Σ_p m_p² ≥ g² (4^P - 1)/3, and only evenly spaced
  sums, 1:2:4:.., reach it. See `margin`.

References:
  Rumelhart, Hinton & Williams, Nature 323 (1986), Fig. 1.
"""

import dataclasses
import itertools
import math
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jaxrep import nets


class MirrorCode(NamedTuple):
  """The weights of one symmetry net, held against the letter's description.

  A quotient of 0 by 0 (a pair of dead inputs) is nan, and so is what is made
  of it; a net that holds a nan has a nan here.

  Attributes:
    mirror_residuals: `[H]` the worst pair's |w_p + w_{n-1-p}| / (|w_p| +
      |w_{n-1-p}|): 0 where it is equal in size and opposite in sign, 1 where
      the signs agree. Each pair answers to its own size: beside a norm of the
      whole unit, as the number of bits grows, the smallest pair could be
      anything.
    mirror_residual: `[]` the worst hidden unit's.
    sizes: `[H, P]` m_p = |w_p - w_{n-1-p}| / 2, from the outside in.
    ratios: `[H, P]` the sizes in ascending order, over the smallest of them.
    ratio_deviations: `[H]` max_k |ratio_k / 2^k - 1|: distance from 1:2:4:...
    ratio_deviation: `[]` the worst hidden unit's.
    orders: `[H]` int32, where the sizes stand: an index into `all_orders`; -1
      where the ratio deviation is not finite.
    order: `[]` int32, the order that all hidden units share, else -1.
    opposite_residual: `[]` the worst input's |w_L + w_R| / (|w_L| + |w_R|), of
      the two hidden units; of the best matching two where there are more (the
      others may do anything); nan where there is one.
    opposite_pair: `[2]` int32, which two; -1, -1 where there is no residual.
    largest_hidden_bias: `[]` below 0 where all are.
    output_bias: `[]`.
  """

  mirror_residuals: jax.Array
  mirror_residual: jax.Array
  sizes: jax.Array
  ratios: jax.Array
  ratio_deviations: jax.Array
  ratio_deviation: jax.Array
  orders: jax.Array
  order: jax.Array
  opposite_residual: jax.Array
  opposite_pair: jax.Array
  largest_hidden_bias: jax.Array
  output_bias: jax.Array


class Claims(NamedTuple):
  """Which of the letter's claims one net bears out; bool `[]` each.

  Attributes:
    mirror: claim (i), equal in size and opposite in sign.
    ratio_124: claim (iii), sizes as 1:2:4 (for n bits, powers of two).
    opposite_hidden_units: claim (iv), the same pattern with opposite signs.
    hidden_biases_negative: claim (ii), every one.
    output_bias_positive: claim (ii).
  """

  mirror: jax.Array
  ratio_124: jax.Array
  opposite_hidden_units: jax.Array
  hidden_biases_negative: jax.Array
  output_bias_positive: jax.Array


def all_orders(pairs: int) -> list[tuple[int, ...]]:
  """Returns what each value of `MirrorCode.orders` stands for.

  One tuple an order, in the order of `itertools.permutations(range(pairs))`:
  the powers of two that the pairs hold from the outside in. The letter's
  printed net is number 4, `all_orders(3)[4] == (4, 1, 2)`.
  """
  ranks = itertools.permutations(range(pairs))
  return [tuple(2**rank for rank in order) for order in ranks]


def mirror_code(net: nets.Net) -> MirrorCode:
  """Returns the mirror code of one net, whether it is one or not.

  Args:
    net: two layers, `[n, H]` and `[H, 1]`, n even.

  Raises:
    ValueError: n is odd.
  """
  pairs, hidden = _check(net)
  w = net[0].w.T  # [H, n]
  residuals = jax.vmap(_disagreement)(w, -w[:, ::-1])
  sizes = jax.vmap(_sizes)(w)
  ascending = jnp.sort(sizes, axis=1)
  ratios = ascending / ascending[:, :1]
  powers = jnp.asarray(2.0 ** np.arange(pairs)[None], ratios.dtype)
  deviations = jnp.max(jnp.abs(ratios / powers - 1), axis=1)
  orders = jnp.where(jnp.isfinite(deviations), jax.vmap(_order)(sizes), -1)
  opposite_residual, opposite_pair = _opposite(w, hidden)
  return MirrorCode(
    mirror_residuals=residuals,
    mirror_residual=jnp.max(residuals),
    sizes=sizes,
    ratios=ratios,
    ratio_deviations=deviations,
    ratio_deviation=jnp.max(deviations),
    orders=orders,
    order=jnp.where(jnp.all(orders == orders[0]), orders[0], -1),
    opposite_residual=opposite_residual,
    opposite_pair=opposite_pair,
    largest_hidden_bias=jnp.max(net[0].b),
    output_bias=net[1].b[0],
  )


def claims(code: MirrorCode, tolerance: chex.Numeric) -> Claims:
  """Returns which claims hold, to within `tolerance`; a nan bears out none.

  Args:
    code: of one net.
    tolerance: the largest residual that still counts. Of `mirror` and
      `opposite_hidden_units`: two weights may differ from equal and opposite
      by this share of their summed sizes (0.1: 1.1 and -0.9). Of `ratio_124`:
      each ratio to the smallest size may be off by this share of its power of
      two (0.1: 3.6 to 4.4 for 4). The two about biases are about a sign, and
      know no tolerance.
  """
  return Claims(
    mirror=code.mirror_residual <= tolerance,
    ratio_124=code.ratio_deviation <= tolerance,
    opposite_hidden_units=code.opposite_residual <= tolerance,
    hidden_biases_negative=code.largest_hidden_bias < 0,
    output_bias_positive=code.output_bias > 0,
  )


def margin(ratios: chex.Array) -> jax.Array:
  """Returns how little an asymmetric vector may move a mirror code, `[]`.

    min |Σ_p a_p m_p| / ‖m‖    over a in {-1, 0, 1}^P, not all 0

  0 where some asymmetric vector goes unseen; at most √(3 / (4^P - 1)), which
  powers of two reach and nothing else does (1/√21 for 6 bits).

  Args:
    ratios: `[P]` the sizes m_p, in any order and scale; (3^P - 1)/2 sums are
      formed, so P is to be small.
  """
  ratios = jnp.asarray(ratios)
  chex.assert_rank(ratios, 1)
  combinations = np.array(
    list(itertools.product((-1, 0, 1), repeat=ratios.shape[0]))
  )
  # Their negatives come in reverse order, after the one that is all 0.
  combinations = combinations[: len(combinations) // 2]
  sums = jnp.sum(combinations * ratios[None], axis=1)
  return jnp.min(jnp.abs(sums)) / jnp.linalg.norm(ratios)


def with_ratios(net: nets.Net, ratios: chex.Array) -> nets.Net:
  """Returns the net with exact mirror weights in the given ratios.

  Of each hidden unit this keeps the sign of each pair, the order of the pairs
  (the one that held the smallest gets the smallest), and the Euclidean norm of
  the pair sizes, ‖m‖: over equally likely 0/1 vectors it is √2 times the
  standard deviation of the unit's net input. What was not antisymmetric in the
  weights goes; biases and the output unit stay.

  To ask whether a ratio is needed, compare with `with_ratios(net, (1, 2, 4))`
  and not with the net itself, which also had inexact mirror weights.

  Args:
    net: two layers, `[n, H]` and `[H, 1]`, n even.
    ratios: `[P]` positive, in any order and scale.

  Raises:
    ValueError: n is odd.
  """
  pairs, _ = _check(net)
  ratios = jnp.asarray(ratios, net[0].w.dtype)
  chex.assert_shape(ratios, (pairs,))
  ascending = jnp.sort(ratios) / jnp.linalg.norm(ratios)

  def unit(w):
    sizes = _sizes(w)
    signs = jnp.where(w[:pairs] < w[::-1][:pairs], -1, 1)
    half = signs * jnp.linalg.norm(sizes) * ascending[_ranks(sizes)]
    return jnp.concatenate([half, -half[::-1]])

  w = jax.vmap(unit, in_axes=1, out_axes=1)(net[0].w)
  return (dataclasses.replace(net[0], w=w), *net[1:])


def _check(net: nets.Net) -> tuple[int, int]:
  """Returns P and H of a net whose shapes are right."""
  first, second = net
  chex.assert_rank([first.w, second.w], 2)
  inputs, hidden = first.w.shape
  chex.assert_shape(first.b, (hidden,))
  chex.assert_shape([second.w, second.b], [(hidden, 1), (1,)])
  if inputs % 2:
    raise ValueError(f'net: expected an even number of inputs, found {inputs}')
  return inputs // 2, hidden


def _disagreement(a: jax.Array, b: jax.Array) -> jax.Array:
  """Returns the largest |a_i - b_i| / (|a_i| + |b_i|), from 0 to 1, `[]`."""
  return jnp.max(jnp.abs(a - b) / (jnp.abs(a) + jnp.abs(b)))


def _sizes(w: jax.Array) -> jax.Array:
  """Returns one hidden unit's pair sizes `[P]` from its weights `[n]`."""
  return jnp.abs(w - w[::-1])[: w.shape[0] // 2] / 2


def _ranks(sizes: jax.Array) -> jax.Array:
  """Returns each size's place in ascending order, `[P]`; ties as they stand."""
  return jnp.argsort(jnp.argsort(sizes))


def _order(sizes: jax.Array) -> jax.Array:
  """Returns the place of the ranks among all permutations, `[]` int32."""
  ranks = _ranks(sizes)
  pairs = ranks.shape[0]
  later = np.triu(np.ones((pairs, pairs), bool), 1)
  smaller = ranks[None, :] < ranks[:, None]
  still_to_come = jnp.sum(later & smaller, axis=1)
  strides = np.array([math.factorial(pairs - 1 - p) for p in range(pairs)])
  return jnp.sum(still_to_come * strides, dtype=jnp.int32)


def _opposite(w: jax.Array, hidden: int) -> tuple[jax.Array, jax.Array]:
  """Returns the least residual `[]` of w_L = -w_R, and the units `[2]`."""
  if hidden < 2:
    return jnp.full((), jnp.nan, w.dtype), jnp.full((2,), -1, jnp.int32)
  twos = np.array(list(itertools.combinations(range(hidden), 2)), np.int32)
  residuals = jax.vmap(_disagreement)(w[twos[:, 0]], -w[twos[:, 1]])
  best = jnp.argmin(jnp.where(jnp.isnan(residuals), jnp.inf, residuals))
  pair = jnp.where(jnp.isnan(residuals[best]), -1, jnp.asarray(twos)[best])
  return residuals[best], pair

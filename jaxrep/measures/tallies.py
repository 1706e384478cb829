"""Do a weight's updates tell what it knows? Ratios, and how they go together.

For one net; `jax.vmap` adds nets. Of each weight `[P, H]`, from P pixels to H
hidden neurons, there are two ratios: the *relative updating* x = a/(a+b), of
two tallies of the sizes of its updates, and the *relative difference*
y = c/(c+d), of how far it lies apart in two pairs of nets. A point is a weight
that has both, finite; a function leaves all others out, and those that are
not `among` the ones it is asked about.

All weights of a neuron share its error signal: |Δw_ij| = ε |δ_j| x_i. So the
points lie in clusters, one a neuron, and a correlation over all of them may be
one of neurons (`between`), of the weights of each (`within`), or of pixels that
are blank (`on_bias`).

References:
  Bostock, Knowledge Localization: Tentatively Positive Results on OCR (2022).
"""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

# A deviation of at most so many units of rounding, of the largest value, is
# none: the mean of a thousand equal float32 comes out as far as 3 beside them.
_ROUNDING = 8


class Permutation(NamedTuple):
  """A correlation held against relabellings of whole neurons.

  Attributes:
    p_value: `[]` share of relabellings, the true one among them, under which
      the correlation is as high.
    effective: `[]` how many independent points would scatter r as much.
  """

  p_value: jax.Array
  effective: jax.Array


def relative(a: chex.Array, b: chex.Array) -> jax.Array:
  """Returns a/(a+b), of their shape; nan where both are 0.

  A dead neuron was never updated, and so has no relative updating.

  Args:
    a: ≥ 0, any shape.
    b: ≥ 0, of the same shape.
  """
  chex.assert_equal_shape([a, b])
  total = a + b
  return jnp.where(total == 0, jnp.nan, a / jnp.where(total == 0, 1, total))


def defined(x: chex.Array, y: chex.Array) -> jax.Array:
  """Returns where both are finite, bool of their shape."""
  chex.assert_equal_shape([x, y])
  return jnp.isfinite(x) & jnp.isfinite(y)


def correlation(
  x: chex.Array, y: chex.Array, among: chex.Array | bool = True
) -> jax.Array:
  """Returns Pearson's r over the points, `[]`.

  nan where they are fewer than 3, or either ratio does not vary.

  Args:
    x: any shape.
    y: of x's shape.
    among: bool, of a shape that broadcasts to x's.
  """
  points = _points(x, y, among)
  left_x, left_y = _deviations(x, points), _deviations(y, points)
  return _r(left_x, left_y, jnp.sum(points) - 1)


def within(x: chex.Array, y: chex.Array, among: chex.Array | bool) -> jax.Array:
  """Returns r within neurons, `[]`: after each one's own means are taken away.

  With r_b the correlation of the neurons' means, each as often as it has
  points, and η² the share of a ratio's variance that these means have,

    r = η_x η_y r_b + √(1 - η_x²) √(1 - η_y²) r_within

  nan where there are fewer than 2 points more than neurons (3, of one neuron),
  or a ratio varies within none.

  Args:
    x: `[P, H]`.
    y: `[P, H]`.
    among: bool, of a shape that broadcasts to x's.

  References:
    Robinson, Am. Sociol. Rev. 15 (1950), on the equation.
  """
  chex.assert_rank([x, y], 2)
  points = _points(x, y, among)
  neurons = jnp.sum(jnp.any(points, axis=0))
  left_x, left_y = _deviations(x, points, 0), _deviations(y, points, 0)
  return _r(left_x, left_y, jnp.sum(points) - neurons)


def between(
  x: chex.Array, y: chex.Array, among: chex.Array | bool
) -> jax.Array:
  """Returns r over the neurons' means, `[]`, each neuron with a point once.

  Args:
    x: `[P, H]`.
    y: `[P, H]`.
    among: bool, of a shape that broadcasts to x's.
  """
  chex.assert_rank([x, y], 2)
  points = _points(x, y, among)
  means = _mean(x, points, 0)[0], _mean(y, points, 0)[0]
  return correlation(*means, jnp.any(points, axis=0))


def by_pixel(x: chex.Array, y: chex.Array) -> jax.Array:
  """Returns each pixel's r over its outgoing weights, `[P]`; nan as there.

  Args:
    x: `[P, H]`.
    y: `[P, H]`.
  """
  chex.assert_rank([x, y], 2)
  return jax.vmap(correlation)(x, y)


def on_bias(
  x: chex.Array,
  y: chex.Array,
  bias_x: chex.Array,
  bias_y: chex.Array,
  among: chex.Array | bool,
  *,
  near: chex.Numeric,
) -> jax.Array:
  """Returns the share of points that lie on their neuron's bias, `[]`.

  A pixel that is blank feeds a constant, so that the updates of its weights are
  those of the bias times that constant, and both ratios equal the bias's: the
  clusters of the source. nan where there is no point, of weight and bias.

  Args:
    x: `[P, H]`, of the weights.
    y: `[P, H]`.
    bias_x: `[H]`, of the biases.
    bias_y: `[H]`.
    among: bool, of a shape that broadcasts to x's.
    near: how far they may lie apart, at most, in either ratio.
  """
  chex.assert_rank([x, y, bias_x, bias_y], [2, 2, 1, 1])
  points = _points(x, y, among) & defined(bias_x, bias_y)[None]
  close = (jnp.abs(x - bias_x[None]) <= near) & (
    jnp.abs(y - bias_y[None]) <= near
  )
  return jnp.sum(points & close) / jnp.sum(points)


def permuted(
  x: chex.Array,
  y: chex.Array,
  among: chex.Array | bool,
  key: chex.PRNGKey,
  *,
  count: int,
) -> Permutation:
  """Returns whether r is more than chance, where neurons are the units of it.

  A p-value for r over n single points takes them for independent. They are not:
  all weights of a neuron share its δ, in the updates that the tallies count and
  in those that move the nets apart, so one neuron that happens to lie high in
  both ratios brings P points that do. What could be otherwise is which neuron's
  x goes with which neuron's y. So whole neurons of y are given to others,

    s(π) = Σ_j M[j, π(j)],    M = Zxᵀ Zy,    p = (1 + #{s(π) ≥ s}) / (1 + count)

  with Z the ratios less their mean, 0 where there is no point. The claim is
  that r is above 0, so p has one side. Neurons without points take no part.
  What pixels have in common stays under every relabelling, so r(π) need not be
  0 on average.

  Over n independent points, r has the variance 1/(n - 1) when they are
  shuffled. So `effective` is the n that gives the variance that relabelling
  neurons does: 1 + 1/var r(π). It takes no draws: over all permutations of N,

    var s(π) = Σ_jk D_jk² / (N - 1),    D = M less its rows' and columns' means

  Both are nan where r is, where fewer than 3 neurons have points, and, for
  `effective`, where relabelling changes nothing.

  Args:
    x: `[P, H]`; or `[H]`, of biases.
    y: of x's shape.
    among: bool, of a shape that broadcasts to x's.
    key: consumed.
    count: relabellings to draw.

  References:
    Hoeffding, Ann. Math. Stat. 22 (1951), theorem 2, on the variance.
    Clifford, Richardson & Hémon, Biometrics 45 (1989), on 1 + 1/var r.
    Phipson & Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010), on p.
  """
  points = _points(x, y, among)
  x, y, points = (jnp.atleast_2d(each) for each in (x, y, points))
  left_x, left_y = _deviations(x, points), _deviations(y, points)
  r = _r(left_x, left_y, jnp.sum(points) - 1)
  products = jnp.matmul(  # [H, H], M; scaled, so that s is r
    _unit(left_x).T, _unit(left_y), precision='highest'
  )
  live = jnp.any(points, axis=0)
  number = jnp.sum(live)

  # The live in their order, against the live in any order. The dead come last
  # in both, where M is 0.
  order, hands = _shuffle(key, live, count), jnp.argsort(~live)
  null = jnp.sum(products[hands[None], order], axis=1)
  # Sums in another order differ by rounding, which must not be to our favour.
  slack = _ROUNDING * jnp.finfo(null.dtype).eps
  reached = jnp.sum(null >= jnp.trace(products) - slack)
  # The divisor is one that the compiler does not know: it would multiply by a
  # rounded 1/(1 + count), and a p of 0.05 would not be 0.05.
  p_value = (1 + reached) / (1 + jnp.sum(~jnp.isnan(null)))

  both = live[:, None] & live[None]
  left = _deviations(_deviations(products, both, 0), both, 1)
  variance = jnp.sum(left**2) / jnp.maximum(number - 1, 1)
  varies = variance > slack**2
  effective = 1 + 1 / jnp.where(varies, variance, 1)

  enough = (number >= 3) & ~jnp.isnan(r)
  return Permutation(
    jnp.where(enough, p_value, jnp.nan),
    jnp.where(enough & varies, effective, jnp.nan),
  )


def ranked(
  x: chex.Array,
  among: chex.Array | bool,
  share: chex.Numeric,
  *,
  highest: bool,
) -> jax.Array:
  """Returns which are the highest, or lowest: bool of x's shape.

  floor(share · n) of the n that are finite and among; of equal ones, those that
  come first. A product that rounding alone leaves below a whole number counts
  as that number: a share of 0.29 of 100 is 29.

  Args:
    x: float32, any shape.
    among: bool, of a shape that broadcasts to x's.
    share: 0 to 1.
    highest: or lowest.
  """
  chosen = jnp.broadcast_to(among, x.shape) & jnp.isfinite(x)
  total = jnp.sum(chosen)
  most = share * total * (1 + 2 * jnp.finfo(x.dtype).eps)
  size = jnp.minimum(jnp.floor(most).astype(total.dtype), total)
  keys = _integers(-x if highest else x)
  keys = jnp.where(chosen, keys, jnp.iinfo(keys.dtype).max)
  last = jnp.sort(keys, axis=None)[jnp.maximum(size - 1, 0)]
  first, equal = keys < last, chosen & (keys == last)
  place = jnp.cumsum(equal).reshape(x.shape)
  return first | equal & (place <= size - jnp.sum(first))


def drawn(
  key: chex.PRNGKey, among: chex.Array, share: chex.Numeric
) -> jax.Array:
  """Returns random ones of those among, as many as `ranked` would: bool.

  Args:
    key: consumed.
    among: bool, any shape.
    share: 0 to 1.
  """
  scores = jax.random.uniform(key, among.shape, jnp.float32)
  return ranked(scores, among, share, highest=True)


def auc(first: chex.Array, second: chex.Array) -> jax.Array:
  """Returns how often a score of the first lies above one of the second, `[]`.

  Of all M·N pairs, equal ones half: the area under the ROC curve. nan where a
  score is.

  Args:
    first: `[M]`.
    second: `[N]`.
  """
  chex.assert_rank([first, second], 1)
  sides = jnp.sort(second)
  below = jnp.searchsorted(sides, first, side='left')
  up_to = jnp.searchsorted(sides, first, side='right')
  share = jnp.sum(below + up_to) / (2 * first.size * second.size)
  unknown = jnp.any(jnp.isnan(first)) | jnp.any(jnp.isnan(second))
  return jnp.where(unknown, jnp.nan, share)


def _points(x, y, among) -> jax.Array:
  return defined(x, y) & jnp.broadcast_to(among, x.shape)


def _mean(x, points, axis=None) -> jax.Array:
  """Returns the mean over points, its axis kept; 0 of none."""
  count = jnp.sum(points, axis=axis, keepdims=True)
  held = jnp.where(points, x, 0)
  return jnp.sum(held, axis=axis, keepdims=True) / jnp.maximum(count, 1)


def _deviations(x, points, axis=None) -> jax.Array:
  """Returns x less its mean over points; 0 elsewhere, or if it is rounding."""
  left = jnp.where(points, x - _mean(x, points, axis), 0)
  sizes = jnp.where(points, jnp.abs(x), 0)
  largest = jnp.max(sizes, axis=axis, keepdims=True)
  rounding = _ROUNDING * jnp.finfo(left.dtype).eps * largest
  return jnp.where(jnp.abs(left) <= rounding, 0, left)


def _unit(left) -> jax.Array:
  norm = jnp.sqrt(jnp.sum(left**2))
  return left / jnp.where(norm == 0, 1, norm)


def _r(left_x, left_y, freedom) -> jax.Array:
  """Returns the cosine of deviations; nan below 2 degrees of freedom."""
  cosine = jnp.sum(_unit(left_x) * _unit(left_y))
  varies = jnp.any(left_x != 0) & jnp.any(left_y != 0)
  enough = varies & (freedom >= 2)
  return jnp.where(enough, jnp.clip(cosine, -1, 1), jnp.nan)


def _integers(x) -> jax.Array:
  """Returns int32 in the order of float32: they sort in a quarter of the time.

  The bits of a float32 are in order, but backwards below 0, and -0 is not 0.
  """
  bits = jax.lax.bitcast_convert_type(jnp.where(x == 0, 0, x), jnp.int32)
  return jnp.where(bits < 0, bits ^ 0x7FFFFFFF, bits)


def _shuffle(key, live, count) -> jax.Array:
  """Returns neurons in random orders, `[count, H]`, the dead behind the rest.

  One sort of integers, a tenth of the time of `jax.random.permutation`: the top
  bit says dead, the lowest are the neuron's own number, the others random.
  """
  neurons = jnp.arange(live.size, dtype=jnp.uint32)
  own = (1 << (live.size - 1).bit_length()) - 1  # a mask of the lowest bits
  bits = jax.random.bits(key, (count, live.size), jnp.uint32)
  bits = bits & jnp.uint32(0x7FFFFFFF ^ own) | neurons[None]
  bits = bits | jnp.where(live, 0, jnp.uint32(1 << 31))[None]
  return (jnp.sort(bits, axis=1) & own).astype(jnp.int32)

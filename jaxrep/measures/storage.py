"""Where did learning change weights, and where do forks of a net differ?

Two ratios for every parameter: *relative updating*, from the sums of |Δw| over
the datapoints of two groups, and *relative difference*, from the weights of
four forks. If update sizes tell where knowledge is stored, they go together.
"""

from typing import Any, NamedTuple

import chex
import jax
import jax.numpy as jnp

from jaxrep.measures import tallies


class Ratios(NamedTuple):
  """Ratios of all parameters, each shaped like the net.

  Attributes:
    updating: a/(a+b), of the net that is forked.
    difference: c/(c+d), of its forks.
    other: a/(a+b) of another net, which met the same datapoints.
    shuffled: a/(a+b) where datapoints count in a group by lot.
    rest: a/(a+b) over the datapoints that were not tallied.
    whole: a/(a+b) over all datapoints.
    swapped: c/(c+d) with c = |θ1 - θ3|, d = |θ2 - θ4|, between the groups.
    crossed: c/(c+d) with c = |θ1 - θ4|, d = |θ2 - θ3|, the other way to do so.
  """

  updating: Any
  difference: Any
  other: Any
  shuffled: Any
  rest: Any
  whole: Any
  swapped: Any
  crossed: Any


def ratios(sums: Any, other: Any, forks: Any) -> Ratios:
  """Returns the ratios of a net, and those that are to show nothing.

  Args:
    sums: leaves `[5, ...]`, Σ|Δw| over the tallied datapoints of the first
      group (a), of the second (b), and of as many as the first, drawn by lot
      from both; and over those not tallied, of the first and of the second.
    other: leaves `[5, ...]`, of another net.
    forks: leaves `[4, ...]`, weights of forks 1 and 2, between which the first
      group is told apart (c = |θ1 - θ2|), and of 3 and 4 (d = |θ3 - θ4|).

  References:
    Bostock, Knowledge Localization: Tentatively Positive Results on OCR (2022).
  """

  def of(tree, first, second):
    return jax.tree.map(lambda s: tallies.relative(first(s), second(s)), tree)

  def apart(i, j):
    return lambda w: jnp.abs(w[i] - w[j])

  def others(s):
    return jnp.maximum(s[0] + s[1] - s[2], 0)

  return Ratios(
    updating=of(sums, lambda s: s[0], lambda s: s[1]),
    difference=of(forks, apart(0, 1), apart(2, 3)),
    other=of(other, lambda s: s[0], lambda s: s[1]),
    shuffled=of(sums, lambda s: s[2], others),
    rest=of(sums, lambda s: s[3], lambda s: s[4]),
    whole=of(sums, lambda s: s[0] + s[3], lambda s: s[1] + s[4]),
    swapped=of(forks, apart(0, 2), apart(1, 3)),
    crossed=of(forks, apart(0, 3), apart(1, 2)),
  )


def correlations(
  key: chex.PRNGKey,
  found: Ratios,
  active: chex.Array,
  written: chex.Array,
  *,
  permutations: int,
  near: float,
) -> dict[str, jax.Array]:
  """Returns how the ratios of a layered net go together, by name.

  `r_weights`, `r_biases` are of the first layer, `r_weights_2`, .. of the
  others. Of the first layer's weights `_active_pixels` and `_written_pixels`
  leave the other pixels out, `_rest` and `_whole` are of other datapoints, and
  of the controls there are `_other_net`, `_shuffled`, `_swapped`, `_crossed`;
  each of these also `_within` and `_between` neurons, and `_within_pixels`:
  what is left, without blank ones, when each pixel's own means over neurons,
  which all nets share, are taken away. `p_weights` is a test of that by
  permutation of neurons, and `effective_weights` the number of independent
  points that it implies; `p_biases` one of biases. `pixel_r` `[P]` is of each
  pixel's weights. `on_bias`, `blank_on_bias`, `active_on_bias`: shares of
  weights that are where their bias is; of blank pixels it is all, but for
  rounding.

  Args:
    key: consumed.
    found: of the net, a tuple of layers.
    active: `[P]` bool, pixels that are not blank in all images used.
    written: `[P]` bool, nor in all that were tallied, nor in all of the forks.
    permutations: how many; 0: none, and no such names.
    near: a point's distance from its bias's up to which it is on it.
  """
  x, y = found.updating[0], found.difference[0]
  result = {}
  for k, (a, b) in enumerate(
    zip(found.updating, found.difference, strict=True), start=1
  ):
    if k > 1:
      result[f'r_weights_{k}'] = tallies.correlation(a.w, b.w)
      if a.b.size > 2:  # of two there is no correlation
        result[f'r_biases_{k}'] = tallies.correlation(a.b, b.b)
  everywhere = jnp.ones_like(active)
  of_weights = {
    '': (x, y, everywhere),
    '_active_pixels': (x, y, active),
    '_written_pixels': (x, y, written),
    '_rest': (found.rest[0], y, everywhere),
    '_whole': (found.whole[0], y, everywhere),
    '_other_net': (found.other[0], y, everywhere),
    '_shuffled': (found.shuffled[0], y, everywhere),
    '_swapped': (x, found.swapped[0], everywhere),
    '_crossed': (x, found.crossed[0], everywhere),
  }
  names, rows = list(of_weights), list(of_weights.values())
  stacked = jax.tree.map(lambda *arrays: jnp.stack(arrays), *rows)
  # One after the other: written out, they take seconds to compile.
  found_r = jax.lax.map(lambda row: _each_way(*row, active), stacked)
  for kind, values in found_r.items():
    part, _, way = kind.partition('_')
    for name, value in zip(names, values, strict=True):
      if part == 'weights' or not name.endswith('pixels'):
        result[f'r_{part}{name}{way and "_" + way}'] = value
  for name, among in (
    ('blank_', ~active), ('active_', active), ('', everywhere)
  ):  # fmt: skip
    result[f'{name}on_bias'] = tallies.on_bias(
      x.w, y.w, x.b, y.b, among[:, None], near=near
    )
  result['pixel_r'] = tallies.by_pixel(x.w, y.w)
  if permutations:
    keys = jax.random.split(key)
    own = _of_pixel(x.w), _of_pixel(y.w), active[:, None]
    weights = tallies.permuted(*own, keys[0], count=permutations)
    biases = tallies.permuted(x.b, y.b, True, keys[1], count=permutations)
    result['p_weights'], result['p_biases'] = weights.p_value, biases.p_value
    result['effective_weights'] = weights.effective
  return result


def _each_way(x, y, pixels, active) -> dict[str, jax.Array]:
  """Returns r of two layers' weights and biases, by what they are r of."""
  among, varied = pixels[:, None], (pixels & active)[None]
  return {
    'weights': tallies.correlation(x.w, y.w, among),
    'weights_within': tallies.within(x.w, y.w, among),
    'weights_between': tallies.between(x.w, y.w, among),
    'weights_within_pixels': tallies.within(x.w.T, y.w.T, varied),
    'biases': tallies.correlation(x.b, y.b),
  }


def _of_pixel(ratio: jax.Array) -> jax.Array:
  """Returns a ratio `[P, H]` less each pixel's mean."""
  return ratio - jnp.nanmean(ratio, axis=1, keepdims=True)

"""Input weights put back or exchanged between forks of a net: what is lost?

If the weights that learning of a pair of digits changed most are where that
pair is stored, then forks that have learnt different digits of the pair must
cease to differ on it when these weights are put back to what they were at the
fork, and must change places on it when they are exchanged; and not so when the
weights are those that the other pair changed.
"""

from collections.abc import Mapping, Sequence

import chex
import jax
import jax.numpy as jnp

from jaxrep import nets
from jaxrep.measures import tallies


def chosen(
  key: chex.PRNGKey,
  updating: chex.Array,
  other: chex.Array,
  among: chex.Array,
  share: chex.Numeric,
) -> dict[str, jax.Array]:
  """Returns which input weights are moved, `[P, H]` bool by name.

  The highest and the lowest relative updating are mostly those of whole pixels,
  where images of one pair have ink. So there are also the highest and lowest
  neurons of each pixel, and those by the updating of another net.

  Args:
    key: consumed.
    updating: `[P, H]`.
    other: `[P, H]`, of another net.
    among: `[P, H]` bool, weights that may be moved.
    share: of these.
  """
  scores = jnp.stack([updating, -updating, other, -other])

  def highest(score):
    return tallies.ranked(score, among, share, highest=True)

  def of_pixel(score):
    each = jax.vmap(
      lambda row, may: tallies.ranked(row, may, share, highest=True)
    )
    return each(score, among)

  high, low, high_other, low_other = jax.lax.map(highest, scores)
  high_within, low_within = jax.lax.map(of_pixel, scores[:2])
  return {
    'highest': high,
    'random': tallies.drawn(key, among, share),
    'lowest': low,
    'highest_within_pixels': high_within,
    'lowest_within_pixels': low_within,
    'highest_other_net': high_other,
    'lowest_other_net': low_other,
    'all': among,
  }


def separations(
  pair: Sequence[nets.Net],
  asked: chex.Array,
  forked: chex.Array,
  masks: Mapping[str, chex.Array],
) -> dict[str, jax.Array]:
  """Returns how far apart two forks are in telling two digits, by name.

  A fork has learnt one digit of a pair against the other pair, by its outputs'
  difference. The AUC of that difference, first digit against second, is what it
  tells; a bias towards one answer does not touch it. The separation is the AUC
  of the fork that has learnt the first digit less that of the one that has
  learnt the second: 0 if they tell alike, 1 where each is sure of its own.

  Args:
    pair: the two forks.
    asked: `[2, T, P]`, images of the first digit and of the second.
    forked: `[P, H]`, input weights before the fork.
    masks: `[P, H]` bool by name, which input weights are put back to these, in
      both forks; or exchanged.

  Returns:
    `whole`, and for each mask `put_back_NAME`, `exchanged_NAME`; and
    `change_NAME`: which share of the squared change of input weights since the
    fork is theirs, mean of both forks.
  """
  w = jnp.stack([fork[0].w for fork in pair])
  squares = (w - forked[None]) ** 2

  def tells(fork):
    y = nets.answers(fork, asked.reshape(-1, asked.shape[-1]))
    score = (y[:, 0] - y[:, 1]).reshape(asked.shape[:2])
    return tallies.auc(score[0], score[1])

  def moved(mask):
    back = jnp.where(mask[None], forked[None], w)
    exchanged = jnp.where(mask[None], w[::-1], w)
    changed = [
      (nets.Layer(first, fork[0].b, fork[0].unit), *fork[1:])
      for first, fork in zip((*back, *exchanged), (*pair, *pair), strict=True)
    ]
    told = jax.lax.map(tells, _stacked(changed))
    theirs = jnp.sum(squares * mask[None], axis=(1, 2))
    return {
      'put_back': told[0] - told[1],
      'exchanged': told[2] - told[3],
      'change': jnp.mean(theirs / jnp.sum(squares, axis=(1, 2))),
    }

  # One after the other: written out, they take seconds to compile.
  none = jnp.zeros_like(forked, bool)
  ways = jax.lax.map(moved, jnp.stack([none, *masks.values()]))
  found = {'whole': ways['put_back'][0]}
  for k, name in enumerate(masks, start=1):
    found |= {f'{way}_{name}': each[k] for way, each in ways.items()}
  return found


def _stacked(trees: Sequence) -> nets.Net:
  """Returns one tree whose leaves are those of all, one upon the other."""
  return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)

"""A hierarchy of closed loops, for one hierarchy and one vector.

The hidden units of the bottom loops, side by side, are the visible units of a
top loop. Each bottom loop has its part of the vector for visible units:

           top: 2H - H - 2H
              h          h
    left: V - H - V    right: V - H - V

All loops learn at the same time, each by recirculation from its own v(0), and
none sees an error of another's.

The λs belong to units: λ_v to the units that hold the vector, λ_h to all
others. So the top loop's visible units, which are the bottom loops' hidden
ones, keep the share λ_h of their old state.

References:
  Hinton & McClelland, Learning representations by recirculation, NIPS 1987
  (1988), pp. 358-366: told in words, with neither sizes nor numbers. Starting
  from 0.5, clamping and the order within a trip are ours.
"""

import itertools
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from jaxrep import nets
from jaxrep.learning import recirculation


class Hierarchy(NamedTuple):
  """Loops, and one above them.

  Attributes:
    below: the loops that share out the vector, in its order.
    top: the loop whose visible units are their last hidden units.
  """

  below: tuple[nets.Net, ...]
  top: nets.Net


def changes(
  hierarchy: Hierarchy,
  visible: chex.Array,
  regression: recirculation.Regression,
  *,
  passes: int = 1,
  keep_factor: bool = False,
) -> Hierarchy:
  """Returns the weight changes over ε for one vector, shaped like the loops.

  Those of `recirculation.changes` for each loop by itself. A bottom loop's v(0)
  is its part of the vector, the top loop's is their h(1), without regression.

  Args:
    hierarchy: one.
    visible: `[U]`, the vector.
    regression: λ_v and λ_h.
    passes: as for one loop.
    keep_factor: as for one loop; the top loop's is 1/(1-λ_h).
  """

  def of_loop(loop, start, regression):
    return recirculation.changes(
      loop, start, regression, passes=passes, keep_factor=keep_factor
    )

  parts = _parts(hierarchy, visible)
  return Hierarchy(
    tuple(
      of_loop(loop, part, regression)
      for loop, part in zip(hierarchy.below, parts, strict=True)
    ),
    of_loop(hierarchy.top, _up(hierarchy, visible), _of_hidden(regression)),
  )


def reconstruct(hierarchy: Hierarchy, visible: chex.Array) -> jax.Array:
  """Returns the vector as it comes back through all loops, `[U]`.

  Up to h, round the top loop to its reconstruction of h, and down from that;
  no unit keeps anything of its old state.

  Args:
    hierarchy: one.
    visible: `[U]`, the vector.
  """
  return _down(hierarchy, nets.apply(hierarchy.top, _up(hierarchy, visible)))


def reconstruct_below(hierarchy: Hierarchy, visible: chex.Array) -> jax.Array:
  """Returns the vector as the bottom loops alone give it back, `[U]`.

  Args:
    hierarchy: one; its top loop is not used.
    visible: `[U]`, the vector.
  """
  return _down(hierarchy, _up(hierarchy, visible))


def complete(
  hierarchy: Hierarchy,
  partial: chex.Array,
  known: chex.Array,
  regression: recirculation.Regression,
  *,
  trips: int,
  top: bool = True,
) -> jax.Array:
  """Returns the vector after each trip, `[trips + 1, U]`, as it is completed.

  Known units are clamped; the others start at 0.5, and on each trip, with g
  the top loop's reconstruction of h (eq. 5 of that loop),

    h ← σ(W v + b)                  in each bottom loop
    h ← λ_h h + (1-λ_h) g
    v ← λ_v v + (1-λ_v) σ(R h + c)  in each bottom loop, of unknown units

  So λ_v decides how fast v moves, and not where it comes to rest, which λ_h
  does: it is the say that the top loop has.

  Args:
    hierarchy: one.
    partial: `[U]`, the vector; what it holds for unknown units is not used.
    known: `[U]` bool.
    regression: λ_v and λ_h.
    trips: up and down.
    top: whether h passes the top loop. Without it no bottom loop hears of the
      other's units.
  """
  chex.assert_equal_shape([partial, known])
  above = _of_hidden(regression)

  def trip(visible, _):
    hidden = _up(hierarchy, visible)
    if top:
      seen, *_ = recirculation.circulate(hierarchy.top, hidden, above, trips=1)
      hidden = seen[1]
    fresh = _down(hierarchy, hidden)
    moved = regression.visible * visible + (1 - regression.visible) * fresh
    visible = jnp.where(known, partial, moved)
    return visible, visible

  first = jnp.where(known, partial, 0.5)
  _, later = jax.lax.scan(trip, first, length=trips)
  return jnp.concatenate([first[None], later])


def _of_hidden(regression):
  """Returns the λs in a loop all of whose units are hidden ones."""
  return recirculation.Regression(regression.hidden, regression.hidden)


def _parts(hierarchy, visible):
  """Returns the vector's parts, one a bottom loop."""
  return _split(visible, [loop[0].w.shape[0] for loop in hierarchy.below])


def _up(hierarchy, visible):
  """Returns the last hidden units of the bottom loops, side by side."""
  parts = _parts(hierarchy, visible)
  return jnp.concatenate([
    nets.apply(loop[:-1], part)
    for loop, part in zip(hierarchy.below, parts, strict=True)
  ])  # fmt: skip


def _down(hierarchy, hidden):
  """Returns what hidden units give back, the vector's parts side by side."""
  parts = _split(hidden, [loop[-1].w.shape[0] for loop in hierarchy.below])
  return jnp.concatenate([
    nets.apply(loop[-1:], part)
    for loop, part in zip(hierarchy.below, parts, strict=True)
  ])  # fmt: skip


def _split(units, sizes):
  chex.assert_shape(units, (sum(sizes),))
  ends = list(itertools.accumulate(sizes))
  return jnp.split(units, ends[:-1])

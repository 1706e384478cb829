"""Learning by recirculation, for one loop and one vector.

A loop is a net whose last layer leads back to its first units: visible ->
hidden -> visible, or with several groups of hidden units on the way. What goes
round it is a scan over trips, each of them one time step a group. No gradient
is taken anywhere: a weight learns from the states of the two units that it
joins, at neighbouring time steps.

References:
  Hinton & McClelland, Learning representations by recirculation, NIPS 1987
  (1988), pp. 358-366.
"""

import dataclasses
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from jaxrep import nets


class Regression(NamedTuple):
  """The share λ of its old state that a unit keeps on every later trip.

  Attributes:
    visible: λ of visible units, 0 to 1.
    hidden: λ of hidden units, 0 to 1.
  """

  visible: chex.Numeric
  hidden: chex.Numeric


def circulate(
  loop: nets.Net, visible: chex.Array, regression: Regression, *, trips: int
) -> tuple[jax.Array, ...]:
  """Returns the states of each group of units, `[K, V]`, `[K, H]`, ..

  Group by group, what it was at each of K = `trips` + 1 passes: of the loop
  visible -> hidden -> visible, v(0), v(2), .. and h(1), h(3), ..

    h(1)    = σ(W v(0) + b)                                   (no regression)
    v(2k+2) = λ_v v(2k)   + (1-λ_v) σ(R h(2k+1) + c)          (eq. 5)
    h(2k+3) = λ_h h(2k+1) + (1-λ_h) σ(W v(2k+2) + b)          (eq. 6)

  Units may be linear in place of σ: a layer says so.

  Args:
    loop: layers; the last leads to the visible units.
    visible: `[V]`, v(0).
    regression: λ_v and λ_h.
    trips: round the loop after the first pass up to the last hidden group; the
      paper's time steps 0, 1, 2, 3 are one.
  """
  chex.assert_rank(visible, 1)
  chex.assert_axis_dimension(loop[-1].w, 1, len(visible))
  shares = [regression.visible] + [regression.hidden] * (len(loop) - 1)
  layers = loop[-1], *loop[:-1]  # by the group that they lead to

  def trip(old, _):
    new, below = [], old[-1]
    for layer, state, share in zip(layers, old, shares, strict=True):
      fresh = layer.unit(below @ layer.w + layer.b)
      below = share * state + (1 - share) * fresh
      new.append(below)
    return new, new

  visible = jnp.asarray(visible, loop[-1].w.dtype)
  first = nets.activations(loop[:-1], visible)
  _, later = jax.lax.scan(trip, first, length=trips, unroll=True)
  return tuple(
    jnp.concatenate([state[None], states])
    for state, states in zip(first, later, strict=True)
  )


def changes(
  loop: nets.Net,
  visible: chex.Array,
  regression: Regression,
  *,
  passes: int = 1,
  keep_factor: bool = False,
) -> nets.Net:
  """Returns the weight changes over ε for one vector, shaped like the loop.

    Δr_ji = ε h_j(1) [v_i(0) - v_i(2)]        hidden -> visible   (eq. 3)
    Δw_ij = ε v_i(2) [h_j(1) - h_j(3)]        visible -> hidden   (eq. 4)

  It is one rule: what the sending unit says, times what the receiving unit has
  lost by it. Between the hidden groups of a longer loop it is the same (eq. 4
  with the group before for the visible units). Biases learn like weights from a
  unit that is always 1.

  Args:
    loop: layers; the last leads to the visible units.
    visible: `[V]`, v(0).
    regression: λ_v and λ_h.
    passes: on how many trips eq. 3 is applied, its changes added up: 1 in the
      simulations, 2 as the paper proposes.
    keep_factor: keep the 1/(1-λ_v) of eq. 7 on what leads to hidden units; the
      simulations ignore it.
  """
  states = circulate(loop, visible, regression, trips=passes)
  factor = 1 / (1 - regression.visible) if keep_factor else 1.0
  result = []
  for k, layer in enumerate(loop[:-1]):
    lost = factor * (states[k + 1][0] - states[k + 1][1])
    w = jnp.outer(states[k][1], lost)
    result.append(dataclasses.replace(layer, w=w, b=lost))
  lost = states[0][:-1] - states[0][1:]  # [passes, V]
  w = jnp.sum(states[-1][:-1, :, None] * lost[:, None], axis=0)
  result.append(dataclasses.replace(loop[-1], w=w, b=jnp.sum(lost, axis=0)))
  return tuple(result)


def tied(loop: nets.Net) -> nets.Net:
  """Returns the loop with its last weights the transpose of its first.

  Args:
    loop: of two layers. Biases stay.
  """
  first, last = loop
  return first, dataclasses.replace(last, w=first.w.T)


def tied_changes(changes: nets.Net) -> nets.Net:
  """Returns changes of a tied loop: each weight has those of both its uses.

  Args:
    changes: as of a loop whose matrices are apart.
  """
  first, last = changes
  both = first.w + last.w.T
  return (
    dataclasses.replace(first, w=both),
    dataclasses.replace(last, w=both.T),
  )

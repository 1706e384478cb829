"""Causal models, and what they answer when some variables come from elsewhere.

Everything is said of one case, x `[I]`; `labelled` adds the cases.
"""

from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np


class CausalModel(NamedTuple):
  """A hypothesis of how a label comes about: variables, and what they decide.

      y = output(x, v₁(x), v₂(x), ..)

  Attributes:
    variables: functions x `[I]` -> value, of any shape.
    output: (x, *values) -> label: what of x is not in a variable it reads from
      x itself.
  """

  variables: tuple[Callable[[jax.Array], jax.Array], ...]
  output: Callable[..., jax.Array]


class Counterfactuals(NamedTuple):
  """Cases of: what if these variables were as they are in other inputs?

  Attributes:
    base: `[N, I]`, the inputs that the question is about.
    sources: `[V, N, I]`, for each variable the input it may come from.
    moved: `[V, N]` bool, whether the variable takes its source's value.
    labels: `[N]` int32, what the causal model answers.
  """

  base: jax.Array
  sources: jax.Array
  moved: jax.Array
  labels: jax.Array


def factual(model: CausalModel, x: jax.Array) -> jax.Array:
  """Returns the label of one input with no intervention, int32.

  Args:
    model: the causal model.
    x: `[I]`.
  """
  values = (variable(x) for variable in model.variables)
  return jnp.asarray(model.output(x, *values), jnp.int32)


def counterfactual(
  model: CausalModel, base: jax.Array, sources: jax.Array, moved: jax.Array
) -> jax.Array:
  """Returns the label of one base under an interchange intervention, int32.

      y = output(b, w₁, w₂, ..),    wᵥ = v(sᵥ) where moved, v(b) elsewhere

  Args:
    model: the causal model, of V variables.
    base: b, `[I]`.
    sources: s, `[V, I]`, one for each variable.
    moved: `[V]` bool.

  References:
    Geiger, Wu, Potts, Icard & Goodman, arXiv 2303.02536 (2023), on interchange
    interventions.
  """
  chex.assert_shape(sources, (len(model.variables), *base.shape))
  chex.assert_shape(moved, (len(model.variables),))
  values = (
    jnp.where(moves, variable(source), variable(base))
    for variable, source, moves in zip(
      model.variables, sources, moved, strict=True
    )
  )
  return jnp.asarray(model.output(base, *values), jnp.int32)


def labelled(
  model: CausalModel, base: jax.Array, sources: jax.Array, moved: jax.Array
) -> Counterfactuals:
  """Returns the cases with what the causal model answers.

  Args:
    model: the causal model, of V variables.
    base: `[N, I]`.
    sources: `[V, N, I]`.
    moved: `[V, N]` bool.
  """

  def label(base, sources, moved):
    return counterfactual(model, base, sources, moved)

  labels = jax.vmap(label, in_axes=(0, 1, 1))(base, sources, moved)
  return Counterfactuals(base, sources, moved, labels)


def kinds(variables: int, count: int) -> jax.Array:
  """Returns which variables move in each case, `[V, N]` bool.

  Every nonempty subset in equal shares: case n has subset n mod (2^V - 1),
  which for two variables is the first, the second, both, the first, ..

  Args:
    variables: V, at least 1.
    count: N, of cases.

  Raises:
    ValueError: fewer variables.
  """
  if variables < 1:
    raise ValueError(f'variables: expected at least 1, found {variables}')
  subsets = np.arange(count) % (2**variables - 1) + 1
  return jnp.asarray((subsets >> np.arange(variables)[:, None]) & 1 == 1)

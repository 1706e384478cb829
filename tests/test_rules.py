"""Rules change weights as their equations say."""

import chex
import jax
import jax.numpy as jnp
import optax
import pytest

from jaxrep.learning import rules


def run(rule, gradients):
  state = rule.init(jnp.zeros(()))
  changes = []
  for gradient in gradients:
    change, state = rule.update(gradient, state)
    changes.append(change)
  return jnp.stack(changes)


def test_three_changes_worked_by_hand():
  """ε = 0.5, α = 0.9: -0.5, then -0.5·2 + 0.9·(-0.5), then 0.9 of that."""
  changes = run(rules.accelerated(0.5, 0.9), jnp.array([1.0, 2.0, 0.0]))
  chex.assert_trees_all_close(changes, jnp.array([-0.5, -1.45, -1.305]))


def test_a_new_rate_leaves_the_old_change_alone():
  """ε goes from 0.5 to 1: the second change is -1·1 + 0.9·(-0.5)."""
  rule = rules.accelerated(lambda t: jnp.where(t < 1, 0.5, 1.0), 0.9)
  chex.assert_trees_all_close(run(rule, jnp.ones(2)), jnp.array([-0.5, -1.45]))


def test_agrees_with_momentum_on_the_gradient_while_both_are_constant():
  gradients = jax.random.normal(jax.random.key(0), (20,))
  ours = run(rules.accelerated(0.1, 0.9), gradients)
  theirs = run(optax.sgd(0.1, momentum=0.9), gradients)
  chex.assert_trees_all_close(ours, theirs, rtol=1e-5)


def test_differs_from_momentum_on_the_gradient_when_the_rate_changes():
  rate = lambda t: jnp.where(t < 1, 0.5, 1.0)  # noqa: E731
  ours = run(rules.accelerated(rate, 0.9), jnp.ones(2))
  theirs = run(optax.sgd(rate, momentum=0.9), jnp.ones(2))
  assert abs(ours[1] - theirs[1]) > 0.4


@pytest.mark.parametrize('shape', [(), (3, 2)])
def test_under_vmap_shapes_are_those_of_the_weights(shape):
  params = {'w': jnp.ones((5, *shape))}
  rates = jnp.linspace(0.1, 0.5, 5)

  def one(rate, params):
    rule = rules.accelerated(rate, 0.9)
    return rule.update(params, rule.init(params))

  change, state = jax.vmap(one)(rates, params)
  chex.assert_shape([change['w'], state.change['w']], (5, *shape))
  chex.assert_shape(state.sweep, (5,))

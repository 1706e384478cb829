"""Do update sizes tell where nets keep which family tree? For one net.

The protocol of `localization` with another task, net and rule: a branched net
learns the cases of both trees, one at a time, while |Δw| is summed apart for
English and Italian ones. Then four copies of it go on, each without one half
of the cases of one tree.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import chex
import jax
import jax.numpy as jnp

from jaxrep import branched, nets
from jaxrep.learning import errors, online, rules
from jaxrep.measures import storage, tallies
from jaxrep.tasks import family_trees
from jaxrep.tasks.patterns import Patterns

CASES = len(family_trees.cases())
TAUGHT = 3 * CASES // 4  # to each fork: all of one tree, half of the other
# A case is right when every unit is on the right side of this.
MARGIN = 0.5
# Folded into a net's key; its layers fold in 0, 1, ..
_OTHER, _LOT, _HALVES, _ORDERS, _PERMUTED = (2**31 + k for k in range(1, 6))


class Recipe(NamedTuple):
  """How long nets are trained, and what is asked of them.

  Attributes:
    sweeps: of phase 1, each through all cases.
    fork_sweeps: of each fork, each through the cases it is taught.
    permutations: relabellings of units that correlations are tested against;
      0: none.
  """

  sweeps: int
  fork_sweeps: int
  permutations: int


class Draw(NamedTuple):
  """What is drawn by lot, twins together.

  Attributes:
    by_lot: `[C]`, 1 for one of each two twin cases: what English cases are if
      nationality means nothing.
    forks: `[4, C]`, 1 for cases that a fork is taught: half of the English ones
      and all Italian; the other half and all Italian; and with the trees
      changed about. The halves of the two trees are twins.
  """

  by_lot: jax.Array
  forks: jax.Array


def draw(key: chex.PRNGKey) -> Draw:
  """Returns a net's draw; its `key` is not consumed, but folded into."""
  pairs = CASES // 2
  lot = jax.random.bernoulli(jax.random.fold_in(key, _LOT), shape=(pairs,))
  order = jax.random.permutation(jax.random.fold_in(key, _HALVES), pairs)
  half, whole = order < pairs // 2, jnp.ones(pairs, bool)
  forks = [(half, whole), (~half, whole), (whole, half), (whole, ~half)]
  return Draw(
    jnp.concatenate([lot, ~lot]).astype(jnp.float32),
    jnp.stack([jnp.concatenate(fork) for fork in forks]).astype(jnp.float32),
  )


@functools.cache
def one_net(recipe: Recipe) -> Callable:
  """Returns the protocol: `(seed, setting, patterns) -> arrays by name`.

  The setting: `learning_rate` ε; `momentum` α, above 0 of which a change is of
  earlier cases, too, and so are tallies; `init_range`, weights and biases start
  uniform in ± that; `band`, errors count from so far off the target, or from 0
  as the squared error has it; `tally_from`, the share of phase 1 after which
  |Δw| are summed.

  The arrays: `right` `[C]`, which cases are at the end of phase 1; `fork_right`
  `[4, C]`, at the end of each fork, and `taught` `[4, C]`, which it was;
  `updating_people_w`, `difference_people_w`, .. the ratios by the names of
  `branched.named`; and what `correlations` gives.
  """

  def run(seed, setting, patterns):
    key = jax.random.key(seed)
    drawn, orders = draw(key), jax.random.fold_in(key, _ORDERS)
    rule = rules.accelerated(setting['learning_rate'], setting['momentum'])
    english = (jnp.arange(CASES) < CASES // 2).astype(jnp.float32)
    both = jnp.stack([english, 1 - english, drawn.by_lot], axis=1)
    begin = jnp.round(setting['tally_from'] * recipe.sweeps)

    def loss(net, x, d):
      y = nets.apply(net, x)
      return jnp.sum(errors.beyond(y, d, band=setting['band']))

    def tallied(k):
      return both * (k >= begin)

    def learn(net, state, sweeps, taught, count, groups):
      def sweep(carry, k):
        order = ordered(jax.random.fold_in(orders, k), taught)[:count]
        each = patterns.inputs, patterns.targets, groups(k)
        met = jax.tree.map(lambda a: a[order], each)
        return online.onward(carry, *met, rule=rule, loss=loss)[0], None

      tally = online.no_tallies(net, groups(0).shape[1])
      return jax.lax.scan(sweep, (net, state, tally), jnp.arange(*sweeps))[0]

    def phase_1(key):
      net = branched.init(key, weight_range=setting['init_range'], biases=True)
      span = 0, recipe.sweeps
      return learn(net, rule.init(net), span, jnp.ones(CASES), CASES, tallied)

    def fork(net, state, taught):
      span = recipe.sweeps, recipe.sweeps + recipe.fork_sweeps
      return learn(net, state, span, taught, TAUGHT, lambda k: both[:, :0])[0]

    # Of another start, and the same orders.
    keys = jnp.stack([key, jax.random.fold_in(key, _OTHER)])
    pair = jax.vmap(phase_1)(keys)
    (net, state, sums), (_, _, other) = (
      jax.tree.map(lambda a, k=k: a[k], pair) for k in range(2)
    )
    forks = jax.vmap(fork, (None, None, 0))(net, state, drawn.forks)
    found = storage.ratios(_widened(sums), _widened(other), forks)
    asked = jax.random.fold_in(key, _PERMUTED)
    result = correlations(asked, found, permutations=recipe.permutations)
    for name in ('updating', 'difference'):
      named = branched.named(getattr(found, name))
      result |= {f'{name}_{part}': array for part, array in named.items()}
    return result | {
      'right': _right(net, patterns),
      'fork_right': jax.vmap(_right, (0, None))(forks, patterns),
      'taught': drawn.forks > 0,
    }

  return run


def _widened(sums: Any) -> Any:
  """Returns sums of three groups as of five, with 0 for what is not kept."""
  return jax.tree.map(
    lambda a: jnp.pad(a, [(0, 2)] + [(0, 0)] * (a.ndim - 1)), sums
  )


def ordered(key: chex.PRNGKey, taught: chex.Array) -> jax.Array:
  """Returns the cases in an order by lot `[C]`, those not taught behind.

  Of one key the taught are in one order, whichever others are left out.

  Args:
    key: consumed.
    taught: `[C]` 0 or 1.
  """
  bits = jax.random.bits(key, taught.shape, jnp.uint32) >> 1
  return jnp.argsort(jnp.where(taught > 0, bits, jnp.uint32(2**32 - 1)))


def correlations(
  key: chex.PRNGKey, found: storage.Ratios, *, permutations: int
) -> dict[str, jax.Array]:
  """Returns how the ratios of a branched net go together, by name.

  `r_people`, .. one of `branched.LAYERS`, are of that layer's weights,
  `r_people_biases` of its biases; each also with the controls `_other_net`,
  `_shuffled`, `_swapped`. `r_people_within` is r within units, and `p_people`,
  `p_people_biases` are tests by permutation of units.

  What a person's own weights are updated by are that person's cases, of one
  tree: there relative updating is 0 or 1, whatever is learnt.

  Args:
    key: consumed.
    found: of the net.
    permutations: how many; 0: none, and no such names.
  """
  of = {name: _arrays(getattr(found, name)) for name in found._fields}
  names = [
    f'{layer}{kind}' for layer in branched.LAYERS for kind in ('', '_biases')
  ]
  pairs = {
    '': ('updating', 'difference'),
    '_other_net': ('other', 'difference'),
    '_shuffled': ('shuffled', 'difference'),
    '_swapped': ('updating', 'swapped'),
  }
  result = {}
  for control, (a, b) in pairs.items():
    r = jax.vmap(tallies.correlation)(of[a], of[b])
    result |= {f'r_{n}{control}': r[k] for k, n in enumerate(names)}
  x, y = of['updating'], of['difference']
  r = jax.vmap(lambda x, y: tallies.within(x, y, True))(x[::2], y[::2])
  result |= {f'r_{n}_within': r[k] for k, n in enumerate(branched.LAYERS)}
  if permutations:
    p_values = jax.vmap(
      lambda *one: (
        tallies.permuted(*one[:2], True, one[2], count=permutations).p_value
      )
    )(x, y, jax.random.split(key, len(names)))
    result |= {f'p_{n}': p_values[k] for k, n in enumerate(names)}
  return result


def _arrays(net: Any) -> jax.Array:
  """Returns the weights and the biases of each layer, `[10, 24, 24]`.

  NaN beside them, which makes no point: so all layers have one shape, and what
  is computed of them is compiled once.
  """
  named = branched.named(net)
  wide = max(max(array.shape) for array in named.values())

  def padded(array):
    rows = jnp.atleast_2d(array)
    room = [(0, wide - length) for length in rows.shape]
    return jnp.pad(rows, room, constant_values=jnp.nan)

  return jnp.stack(
    [padded(named[f'{n}_{leaf}']) for n in branched.LAYERS for leaf in 'wb']
  )


def _right(net: branched.Net, patterns: Patterns) -> jax.Array:
  """Returns which cases are right `[C]`: all units on their side of 0.5."""
  gap = jnp.abs(branched.answers(net, patterns.inputs) - patterns.targets)
  return jnp.all(gap < MARGIN, axis=1)

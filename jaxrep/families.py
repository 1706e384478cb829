"""Trains nets on the family trees, with cases held out of each of them.

What `trials` is to layered nets: `evolve` a `descent.study` along its marks.
All nets make the same number of sweeps, whether they have learnt or not, and
each has its own draw of cases that it is never taught.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxrep import branched, seeds
from jaxrep.learning import descent, errors, rules
from jaxrep.learning.descent import Outcome
from jaxrep.tasks import family_trees
from jaxrep.tasks.patterns import Patterns

# What an error does that counts as zero inside the band: it jumps at the edge;
# is measured from there; or is zero only where all units of a case are inside.
BANDS = ('gate', 'edge', 'case', 'none')
HALF = 'half'  # for ε of the first phase: half of that of the second
# A case is right when every unit is on the right side of this.
MARGIN = 0.5
# Where cases are held out of: of both trees, or of one that is drawn.
FROM = ('both', 'one_tree')
CASES = len(family_trees.cases())
# How many cases may be held out: of both trees one at least is taught.
MOST = {'both': CASES - 1, 'one_tree': CASES // 2}
# Folded into a net's key for the draws; its layers fold in 0, 1, ..
_CASES, _TREE = 2**31 + 1, 2**31 + 2


class Recipe(NamedTuple):
  """How a net is trained; the tuples of numbers make a grid.

  Attributes:
    learning_rate: ε, after the first phase.
    momentum: α, after the first phase.
    first_learning_rate: ε in the first phase, or `HALF` alone.
    first_momentum: α in the first phase.
    init_range: weights and biases start uniform in ± this.
    decay: the share of every weight that is lost after each change.
    heldout: how many cases are held out.
    first_sweeps: how long the first phase is.
    sweeps: how long training is.
    biases: whether units have them.
    band: how small errors count as zero, one of `BANDS`.
    heldout_from: one of `FROM`.
    heldout_cases: which cases are held out, in place of a draw.
    twin: with 'one_tree', whether the other tree is taught, whole.
    precision: 'float32' or 'float64'.
  """

  learning_rate: tuple[float, ...]
  momentum: tuple[float, ...]
  first_learning_rate: tuple[float | str, ...]
  first_momentum: tuple[float, ...]
  init_range: tuple[float, ...]
  decay: tuple[float, ...]
  heldout: tuple[float, ...]
  first_sweeps: int
  sweeps: int
  biases: bool
  band: str
  heldout_from: str = 'both'
  heldout_cases: frozenset[int] = frozenset()
  twin: bool = True
  precision: str = 'float32'

  def grid(self) -> dict[str, tuple[float, ...]]:
    """Returns the fields that are lists, by name."""
    lists = {k: v for k, v in self._asdict().items() if isinstance(v, tuple)}
    if self.first_learning_rate == (HALF,):
      del lists['first_learning_rate']
    return lists

  def marks(self) -> list[int]:
    """Returns when nets are looked at: log-spaced, and at the end."""
    return seeds.marks(self.sweeps)


class Split(NamedTuple):
  """Which cases a net is taught and which are held out, `[C]` 0 or 1.

  Attributes:
    learnt: the error is of these.
    held: what the net is asked and was never taught.
  """

  learnt: jax.Array
  held: jax.Array


class Trial(NamedTuple):
  """A recipe, ready to run.

  Attributes:
    study: one net's life; its settings are those of `Recipe.grid`, and `split`.
    start: `(key, setting) -> net`.
    recipe: what it was made of.
  """

  study: seeds.Study
  start: Callable
  recipe: Recipe


@functools.cache
def trial(recipe: Recipe) -> Trial:
  """Returns the trial of a recipe; the same one for the same recipe."""
  start = _start(recipe.biases, recipe.precision)

  def watch(net, setting, patterns):
    right = _right(branched.answers(net, patterns.inputs), patterns.targets)
    split = setting['split']
    return {
      'train': _share(right, split.learnt),
      'held': _share(right, split.held),
    }

  study = descent.study(
    start=start,
    rule=_rule(recipe.first_sweeps),
    error=_error(recipe.band),
    margin=lambda setting: MARGIN,
    sweeps=recipe.sweeps,
    after=0,
    least=recipe.sweeps,
    steady=recipe.first_sweeps,
    answers=branched.answers,
    cases=lambda setting: setting['split'].learnt,
    watch=watch,
  )
  return Trial(study, start, recipe)


def _error(band: str) -> Callable:
  """Returns E of outputs and targets `[C, O]`, elementwise."""
  width = errors.LETTER_BAND

  def error(y, d, setting):
    del setting
    e = errors.squared(y, d)
    if band == 'gate':
      return errors.banded(e, y, d, band=width)
    if band == 'edge':
      return errors.beyond(y, d, band=width)
    if band == 'case':
      inside = jnp.all(jnp.abs(y - d) < width, axis=1, keepdims=True)
      return jnp.where(inside, 0.0, e)
    return e

  if band not in BANDS:
    raise ValueError(f'band: expected one of {BANDS}, found {band!r}')
  return error


@functools.cache
def _start(biases: bool, precision: str) -> Callable:
  def start(key, setting):
    net = branched.init(key, weight_range=setting['init_range'], biases=biases)
    return jax.tree.map(lambda a: a.astype(precision), net)

  return start


@functools.cache
def _rule(first_sweeps: int) -> Callable:
  """Returns the letter's rule with two phases, of a setting."""

  def rule(setting: Any) -> optax.GradientTransformation:
    rate, momentum = setting['learning_rate'], setting['momentum']
    first = setting.get('first_learning_rate', rate / 2)

    def phases(early, late):
      return lambda t: jnp.where(t < first_sweeps, early, late)

    return optax.chain(
      rules.accelerated(
        phases(first, rate), phases(setting['first_momentum'], momentum)
      ),
      rules.shrinking(setting['decay']),
    )

  return rule


def _right(y: jax.Array, d: jax.Array) -> jax.Array:
  """Returns which cases are right `[C]`: all units on their side of 0.5."""
  # Not of their maximum: a compiled one may pass over nan.
  return jnp.all(jnp.abs(y - d) < MARGIN, axis=1)


def _share(right: jax.Array, among: jax.Array) -> jax.Array:
  return jnp.sum(right * among) / jnp.sum(among)


def _ranked(y: jax.Array, d: jax.Array) -> jax.Array:
  """Returns in which cases every right unit is above every other, `[C]`."""
  right = jnp.min(jnp.where(d > 0, y, jnp.inf), axis=1)
  others = jnp.max(jnp.where(d > 0, -jnp.inf, y), axis=1)
  return (right > others) & jnp.all(jnp.isfinite(y), axis=1)


@functools.cache
def split(recipe: Recipe) -> Callable:
  """Returns how a net's cases are drawn: `(seed, heldout) -> Split`.

  Fewer held-out cases of a seed are some of the more.
  """

  def draw(seed, heldout):
    whole = jnp.ones(CASES)
    if recipe.heldout_cases:
      held = jnp.zeros(CASES).at[jnp.array(sorted(recipe.heldout_cases))].set(1)
      return Split(whole - held, held)
    key, asked = jax.random.key(seed), whole
    order = jax.random.permutation(jax.random.fold_in(key, _CASES), CASES)
    if recipe.heldout_from == 'one_tree':
      tree = jax.random.bernoulli(jax.random.fold_in(key, _TREE))
      second = jnp.arange(CASES) >= CASES // 2
      asked = (second == tree).astype(jnp.float32)
    # Rank of each case in the draw, among those that may be held out.
    drawn = jnp.cumsum(asked[order]) * asked[order]
    rank = jnp.zeros(CASES).at[order].set(drawn)
    held = asked * (rank <= heldout)
    taught = whole if recipe.twin else asked
    return Split(taught - held, held)

  return draw


def run(
  trial: Trial,
  nets: seeds.Nets,
  patterns: Patterns,
  *,
  blocks: seeds.Blocks,
  watch: Callable[[int, int], None] = lambda over, solved: None,
) -> tuple[branched.Net, dict[str, np.ndarray], int]:
  """Returns how nets ended: final weights, arrays by name, and the cost.

  Args:
    trial: from `trial`; its recipe's marks are the `[T]` sweeps of the curves.
    nets: `[S]` rows; their settings are those of `Recipe.grid`.
    patterns: the cases.
    blocks: the layout.
    watch: is told at each mark how many nets are over and how many have at some
      time had all they are taught right.

  Returns:
    The nets, leading axis `[S]`; the arrays `outcome` (`Outcome`: solved who
    has all that it is taught right at the end), `sweeps` (before that first was
    so, NaN if never), `age`, `error` (final E), `curve`, `train_curve`,
    `held_curve` `[S, T]` (E, and the shares right), `right`, `ranked`
    `[S, C]` (which cases are right at the end, and in which the right units are
    the highest), `learnt`, `held` `[S, C]`; the nets × sweeps computed.
  """
  recipe = trial.recipe
  cases = seeds.each(
    split(recipe), nets.seed, nets.setting['heldout'], blocks=blocks
  )
  rows = nets._replace(setting=nets.setting | {'split': cases})
  shape = len(nets.seed), len(recipe.marks())
  curves = {
    name: np.full(shape, np.nan, np.float32)
    for name in ('curve', 'train_curve', 'held_curve')
  }
  with jax.enable_x64(recipe.precision == 'float64'):
    for k, look in enumerate(
      seeds.evolve(
        trial.study, rows, marks=recipe.marks(), blocks=blocks, shared=patterns
      )
    ):
      report = look.report
      for name, now in (
        ('curve', report.error),
        ('train_curve', report.watched['train']),
        ('held_curve', report.watched['held']),
      ):
        with np.errstate(over='ignore'):  # of a double that diverges
          curves[name][:, k:] = now.astype(np.float32)[:, None]
      reached = look.state.solved_at != descent.NEVER
      watch(int(look.over.sum()), int(reached.sum()))
    right, ranked = seeds.each(
      _judge, look.state.net, blocks=blocks, shared=(patterns,)
    )
  life = look.state
  taught = np.any(cases.learnt > 0, axis=1)
  learnt = taught & np.all(right | (cases.learnt == 0), axis=1)
  reached &= report.finite
  learnt &= report.finite
  outcome = np.where(report.finite, Outcome.UNSOLVED, Outcome.DIVERGED)
  # The last change is followed by no test in the loop.
  first = np.where(reached, life.solved_at, life.sweep)
  arrays = {
    'outcome': np.where(learnt, Outcome.SOLVED, outcome).astype(np.int8),
    'sweeps': np.where(taught & (reached | learnt), first, np.nan),
    'age': life.sweep,
    'error': report.error,
    **curves,
    'right': right,
    'ranked': ranked,
    'learnt': cases.learnt > 0,
    'held': cases.held > 0,
  }
  return life.net, arrays, look.computed


def _judge(net, patterns):
  y = branched.answers(net, patterns.inputs)
  return _right(y, patterns.targets), _ranked(y, patterns.targets)

"""Trains loops by recirculation, or by back-propagation, and follows them.

What `trials` is to layered nets: `evolve` a `descent.study` along its marks. A
loop has learnt when its reconstruction is right, by either of two criteria; up
to a common horizon every net is followed at every update, whether it has learnt
or not.
"""

import dataclasses
import functools
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxrep import nets as layered
from jaxrep import seeds
from jaxrep.learning import descent, errors, recirculation, rules
from jaxrep.learning.descent import Outcome
from jaxrep.measures import agreement
from jaxrep.tasks.patterns import Patterns

RULES = ('recirculation', 'backprop')
VISIBLE_UNITS = {'logistic': jax.nn.sigmoid, 'linear': jax.nn.identity}
SAME = 'same'  # for λ_h: always λ_v
# The paper's criterion, on every unit, and that of the summed ½ SSE.
MARGIN = BOUND = 0.1
# So many vectors' changes are added term by term: the compiler fuses that with
# what stands before it and after, as it does not a reduction.
_FEW = 16


class Recipe(NamedTuple):
  """How a loop is trained; the tuples of numbers make a grid.

  Attributes:
    learning_rate: ε.
    momentum: α: the share of the last weight change that is kept.
    init_range: weights and biases start uniform in ± this.
    regression_visible: λ_v.
    regression_hidden: λ_h, or `SAME` alone.
    sweeps: the budget of sweeps, each through all cases.
    horizon: sweeps to which every net is followed at every sweep.
    rule: one of `RULES`.
    visible_units: one of `VISIBLE_UNITS`.
    tied: whether the one matrix is kept the other's transpose.
    passes: trips on which eq. 3 is applied.
    keep_factor: whether 1/(1-λ_v) is kept.
    updates: when weights change, one of `descent.UPDATES`.
    precision: 'float32' or 'float64'.
    margin: of the paper's criterion, how far any unit may be from its target.
    bound: of the criterion of the summed ½ SSE.
  """

  learning_rate: tuple[float, ...]
  momentum: tuple[float, ...]
  init_range: tuple[float, ...]
  regression_visible: tuple[float, ...]
  regression_hidden: tuple[float | str, ...]
  sweeps: int
  horizon: int
  rule: str = 'recirculation'
  visible_units: str = 'logistic'
  tied: bool = False
  passes: int = 1
  keep_factor: bool = False
  updates: str = 'sweep'
  precision: str = 'float32'
  margin: float = MARGIN
  bound: float = BOUND

  def grid(self) -> dict[str, tuple[float, ...]]:
    """Returns the fields that are lists, by name."""
    lists = {k: v for k, v in self._asdict().items() if isinstance(v, tuple)}
    if self.regression_hidden == (SAME,):
      del lists['regression_hidden']
    return lists

  def marks(self) -> list[int]:
    """Returns when nets are looked at: each sweep to the horizon, then fewer.

    One call past the budget tests the criteria after the last change.
    """
    last = max(self.sweeps, self.horizon)
    every = range(min(self.horizon, last) + 1)
    return sorted({*every, *seeds.marks(last + 1), last})

  def start(self, sizes: tuple[int, ...]) -> Callable:
    """Returns how a loop of some sizes starts: `(key, setting) -> loop`.

    `key` is consumed. Recipes that start alike give the same function.
    """
    return _start(sizes, self.visible_units, self.tied, self.precision)


@functools.cache
def _start(
  sizes: tuple[int, ...], visible_units: str, tied: bool, precision: str
) -> Callable:
  def start(key, setting):
    width = setting['init_range']
    *below, last = layered.init(
      key, sizes, weight_range=width, bias_range=width
    )
    last = dataclasses.replace(last, unit=VISIBLE_UNITS[visible_units])
    loop = (*below, last)
    loop = recirculation.tied(loop) if tied else loop
    return jax.tree.map(lambda a: a.astype(precision), loop)

  return start


def _rule(setting: Any) -> optax.GradientTransformation:
  return rules.accelerated(setting['learning_rate'], setting['momentum'])


def timing(recipe: Recipe, patterns: Patterns) -> dict[str, np.ndarray]:
  """Returns `marks` `[T]` and `budget` `[1]` of a recipe, in weight changes."""
  each = a_sweep(recipe, patterns)
  return {
    'marks': each * np.array(recipe.marks()),
    'budget': each * np.array([recipe.sweeps]),
  }


def a_sweep(recipe: Recipe, patterns: Patterns) -> int:
  """Returns the weight changes of a sweep."""
  return 1 if recipe.updates == 'sweep' else len(patterns.inputs)


class Trial(NamedTuple):
  """A recipe applied to loops of one shape: what `run` needs."""

  study: seeds.Study
  recipe: Recipe


def regression(setting: Any) -> recirculation.Regression:
  """Returns the λs of a setting; λ_h is λ_v where it is not set."""
  visible = setting['regression_visible']
  return recirculation.Regression(
    visible, setting.get('regression_hidden', visible)
  )


def recirculate(
  loop: layered.Net, setting: Any, patterns: Patterns, recipe: Recipe
) -> layered.Net:
  """Returns minus the changes over ε, summed over the vectors.

  Args:
    loop: one net.
    setting: its λs.
    patterns: the vectors, as inputs.
    recipe: which rule.
  """

  def of_case(visible):
    return recirculation.changes(
      loop,
      visible,
      regression(setting),
      passes=recipe.passes,
      keep_factor=recipe.keep_factor,
    )

  each = jax.vmap(of_case)(patterns.inputs)
  changes = jax.tree.map(lambda a: -_summed(a), each)
  return recirculation.tied_changes(changes) if recipe.tied else changes


def _summed(terms: jax.Array) -> jax.Array:
  few = len(terms) <= _FEW
  return functools.reduce(operator.add, terms) if few else jnp.sum(terms, 0)


def steepest(loop: layered.Net, patterns: Patterns) -> layered.Net:
  """Returns ∂E/∂w by `jax.grad`, of E = ½ Σ (y - d)² without regression.

  Args:
    loop: one net; its two matrices count as apart.
    patterns: the vectors, as inputs and as targets.
  """

  def error(loop):
    y = layered.answers(loop, patterns.inputs)
    return jnp.sum(errors.squared(y, patterns.targets))

  return jax.grad(error)(loop)


def follow(
  loop: layered.Net, setting: Any, patterns: Patterns, recipe: Recipe
) -> dict[str, jax.Array]:
  """Returns what is followed over time, by name.

  `cosine` `[L]`: of each layer's change by recirculation (whatever rule the
  loop is trained by), biases included, with steepest descent; and of a loop
  with one hidden group `alignment` and `size_ratio`.
  """
  changes = jax.tree.map(
    jnp.negative, recirculate(loop, setting, patterns, recipe)
  )
  slopes = steepest(loop, patterns)
  slopes = recirculation.tied_changes(slopes) if recipe.tied else slopes
  found = {'cosine': agreement.by_layer(changes, slopes)}
  if len(loop) == 2:
    found['alignment'] = agreement.alignment(loop)
    found['size_ratio'] = agreement.size_ratio(loop)
  return found


@functools.cache
def trial(recipe: Recipe, sizes: tuple[int, ...]) -> Trial:
  """Returns the trial of a recipe on loops of a shape.

  The same arguments give the same trial, so that it is compiled once.

  Args:
    recipe: how they are trained.
    sizes: units a group, visible first and last: (4, 2, 4).
  """

  def slopes(loop, setting, patterns):
    if recipe.rule == 'recirculation':
      return recirculate(loop, setting, patterns, recipe)
    found = steepest(loop, patterns)
    return recirculation.tied_changes(found) if recipe.tied else found

  def watch(loop, setting, patterns):
    return follow(loop, setting, patterns, recipe) if recipe.horizon else {}

  return trial_of(
    recipe,
    start=recipe.start(sizes),
    slopes=slopes,
    watch=watch,
  )


def trial_of(
  recipe: Recipe,
  *,
  start: Callable,
  slopes: Callable | None,
  answers: Callable = layered.answers,
  watch: Callable = lambda net, setting, patterns: {},
) -> Trial:
  """Returns the trial of a recipe on anything that gives vectors back.

  Args:
    recipe: how it is trained.
    start: as of `descent.study`, and so are the others.
    slopes: with None the gradient of E is taken.
    answers: the reconstructions of vectors `[C, V]`.
    watch: what is followed to the horizon, by name.
  """
  return Trial(
    descent.study(
      start=start,
      rule=_rule,
      error=lambda y, d, setting: errors.squared(y, d),
      margin=lambda setting: recipe.margin,
      bound=recipe.bound,
      sweeps=recipe.sweeps,
      after=0,
      least=recipe.horizon,
      updates=recipe.updates,
      slopes=slopes,
      answers=answers,
      watch=watch,
    ),
    recipe,
  )


def run(
  trial: Trial,
  nets: seeds.Nets,
  patterns: Patterns,
  *,
  blocks: seeds.Blocks,
  watch: Callable[[int, int], None] = lambda over, solved: None,
) -> tuple[layered.Net, dict[str, np.ndarray], int]:
  """Returns how loops ended: final weights, arrays by name, and the cost.

  Args:
    trial: from `trial`; its recipe's marks are the `[T]` sweeps of the curves.
    nets: `[S]` rows; their settings are those of `Recipe.grid`.
    patterns: the vectors, as inputs and as targets.
    blocks: the layout.
    watch: is told at each mark how many nets are over and how many solved.

  Returns:
    The nets, leading axis `[S]`; the arrays `outcome` (`Outcome`), `updates`
    and `updates_sse` (weight changes before the criterion first held, NaN if
    never, and of nets that diverged before or after), `age` (sweeps made in
    all), `error` (final E), `curve` and `worst_curve` `[S, T]` (E, and the
    error of the worst unit), and what `follow` returns at every sweep to the
    horizon, `[S, H, ..]`; the number of
    nets × sweeps computed.
  """
  recipe, marks = trial.recipe, trial.recipe.marks()
  curves: dict[str, list] = {'curve': [], 'worst_curve': []}
  with jax.enable_x64(recipe.precision == 'float64'):
    for k, look in enumerate(
      seeds.evolve(
        trial.study, nets, marks=marks, blocks=blocks, shared=patterns
      )
    ):
      report = look.report
      seen = {'curve': report.error, 'worst_curve': report.worst}
      if k <= recipe.horizon:
        seen |= report.watched
      with np.errstate(over='ignore'):  # of a double that diverges
        for name, now in seen.items():
          curves.setdefault(name, []).append(now.astype(np.float32))
      solved = look.state.solved_at != descent.NEVER
      watch(int(look.over.sum()), int(solved[:, 0].sum()))
  followed = recipe.horizon + 1
  solved &= report.finite[:, None]  # who diverges past the solve kept nothing
  made = a_sweep(recipe, patterns) * look.state.solved_at
  times = np.where(solved, made, np.nan)
  outcome = np.where(report.finite, Outcome.UNSOLVED, Outcome.DIVERGED)
  arrays = {
    'outcome': np.where(solved[:, 0], Outcome.SOLVED, outcome).astype(np.int8),
    'updates': times[:, 0],
    'updates_sse': times[:, 1],
    'age': look.state.sweep,
    'error': report.error,
    **{
      name: _over_time(columns, len(marks) if 'curve' in name else followed)
      for name, columns in curves.items()
    },
  }
  return look.state.net, arrays, look.computed


def _over_time(columns: list[np.ndarray], count: int) -> np.ndarray:
  """Returns `[S, count, ..]`; after the last column, when all are over, it."""
  return np.stack(columns + [columns[-1]] * (count - len(columns)), axis=1)

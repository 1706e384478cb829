"""Trains nets to their end and says how each of them ended.

What every study of full-batch descent does: `evolve` a `descent.study` along
its marks, keep the error curves, and certify where the nets that never solved
their task stopped.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrep import nets as layered
from jaxrep import seeds
from jaxrep.learning import descent, errors, rules
from jaxrep.measures import minima
from jaxrep.measures.minima import Outcome
from jaxrep.tasks.patterns import Patterns

# Certificates hold what Hessians of a whole block take, in float64: of each net
# so many numbers as `span` says. Beyond the second bound they take
# gigabytes.
_CERTIFICATE_BLOCK, _LARGE, LARGEST = 32, 2**20, 2**23
PRECISIONS = ('float32', 'float64')
ERRORS = ('letter', 'lecture')


class Recipe(NamedTuple):
  """How a layered net is trained; the tuples of numbers make a grid.

  Attributes:
    learning_rate: ε, on the plain sum of errors over the cases of an update.
    momentum: α.
    init_range: weights start uniform in ± this.
    positive_weight: factor on the error of units that should be on.
    margin: the task is solved when no output is farther than this from its
      target. 0.5: every output is on the right side of 0.5.
    bias_init: 'uniform' like the weights, or 'zero'.
    band: errors smaller than this count as zero; 0 is no band.
    sweeps: the budget of sweeps.
    after: sweeps past the solve.
    updates: when weights change, one of `descent.UPDATES`.
    precision: of training, one of `PRECISIONS`; starts are the same in both.
    links: whether outputs have direct links from the inputs.
    error: one of `ERRORS`: E = ½ Σ (y - d)², or the same without the ½.
    least: sweeps that every net makes, solved or not.
    given: whether nets start from a setting `start`, the `[W]` weights in the
      order of `nets.listed`, in place of a draw.
  """

  learning_rate: tuple[float, ...]
  momentum: tuple[float, ...]
  init_range: tuple[float, ...]
  positive_weight: tuple[float, ...]
  margin: tuple[float, ...]
  bias_init: str
  band: float
  sweeps: int
  after: int
  updates: str = 'sweep'
  precision: str = 'float32'
  links: bool = False
  error: str = 'letter'
  least: int = 0
  given: bool = False

  def grid(self) -> dict[str, tuple[float, ...]]:
    """Returns the fields that are lists, by name."""
    return {k: v for k, v in self._asdict().items() if isinstance(v, tuple)}

  def marks(self) -> list[int]:
    """Returns when nets are looked at: to the budget, then to the last age.

    One call past the budget tests the criterion after the last change.
    """
    horizon = max(self.sweeps + self.after, self.least)
    marks = seeds.marks(horizon + 1)
    return sorted({*marks, self.sweeps, self.sweeps + 1})


class Trial(NamedTuple):
  """A recipe applied to nets of one shape: what `run` needs.

  Attributes:
    study: one net's life.
    error: `(y, d, setting) -> [...]` elementwise.
    marks: at which nets are looked at.
    precision: of training.
    certified: whether certificates can say where a net stopped: nets of other
      rules than the gradient's stop where E does not.
  """

  study: seeds.Study
  error: Callable
  marks: list[int]
  precision: str
  certified: bool = True

  @property
  def exact(self):
    """The context that it is trained in."""
    return jax.enable_x64(self.precision == 'float64')


def drawing(recipe: Recipe, sizes: tuple[int, ...]) -> Callable:
  """Returns how a net is drawn: `(key, init_range) -> net`, in float32."""

  def draw(key, width):
    biases = width if recipe.bias_init == 'uniform' else 0.0
    return layered.init(
      key, sizes, weight_range=width, bias_range=biases, links=recipe.links
    )

  return draw


def shapes(recipe: Recipe, sizes: tuple[int, ...]) -> layered.Net:
  """Returns the shapes of a recipe's net, without drawing one.

  Args:
    recipe: how it is trained.
    sizes: units a layer, inputs first.
  """
  draw = drawing(recipe, sizes)
  return jax.eval_shape(lambda: draw(jax.random.key(0), 1.0))


@functools.cache
def trial(
  recipe: Recipe, sizes: tuple[int, ...], *, slopes: Callable | None = None
) -> Trial:
  """Returns the trial of a recipe on layered nets of logistic units.

  The same arguments give the same trial, so that it is compiled once.

  Args:
    recipe: how they are trained.
    sizes: units a layer, inputs first.
    slopes: what the rule is given in place of the gradient, as in
      `descent.study`; a function that lives on.
  """

  draw, like = drawing(recipe, sizes), shapes(recipe, sizes)

  def start(key, setting):
    if recipe.given:
      net = layered.from_list(setting['start'], like)
    else:
      net = draw(key, setting['init_range'])
    return jax.tree.map(lambda a: a.astype(recipe.precision), net)

  def rule(setting):
    return rules.accelerated(setting['learning_rate'], setting['momentum'])

  error = _error(recipe.error, recipe.band)
  study = descent.study(
    start=start,
    rule=rule,
    error=error,
    margin=lambda setting: setting['margin'],
    sweeps=recipe.sweeps,
    after=recipe.after,
    updates=recipe.updates,
    slopes=slopes,
    least=recipe.least,
  )
  return Trial(
    study, error, recipe.marks(), recipe.precision, certified=slopes is None
  )


@functools.cache
def _error(kind: str, band: float) -> Callable:
  """Returns the error of an output; one function a choice, as `each` asks."""
  if kind not in ERRORS:
    raise ValueError(f'error: expected one of {ERRORS}, found {kind!r}')

  def error(y, d, setting):
    e = errors.squared(y, d, positive_weight=setting['positive_weight'])
    e = e if kind == 'letter' else 2 * e
    return errors.banded(e, y, d, band=band) if band else e

  return error


def run(
  trial: Trial,
  nets: seeds.Nets,
  patterns: Patterns,
  *,
  blocks: seeds.Blocks,
  watch: Callable[[int, int], None] = lambda over, solved: None,
) -> tuple[layered.Net, dict[str, np.ndarray], int]:
  """Returns how nets ended: final weights, arrays by name, and the cost.

  Args:
    trial: from `trial`; its marks are the `[T]` sweeps of the curves.
    nets: `[S]` rows; their settings are those of `Recipe.grid`.
    patterns: what is to be learnt.
    blocks: the layout of training.
    watch: is told at each mark how many nets are over and how many solved.

  Returns:
    The nets, leading axis `[S]`; the arrays `outcome` (`minima.Outcome`),
    `sweeps` (changes before the criterion first held, NaN if never, and of nets
    that diverged before or after), `age` (changes made in all), `error` (final
    E), `curve` `[S, T]`, and, of a trial that is certified, `gradient`,
    `lambda_min`, `lambda_max`, `moved`, `escapes` (NaN where the net needed
    none); the number of nets × sweeps computed.
  """
  study, error, marks = trial.study, trial.error, trial.marks
  curve = np.full((len(nets.seed), len(marks)), np.nan, np.float32)
  with trial.exact:
    for k, look in enumerate(
      seeds.evolve(study, nets, marks=marks, blocks=blocks, shared=patterns)
    ):
      curve[:, k:] = look.report.error[:, None]
      solved = look.state.solved_at != descent.NEVER
      watch(int(look.over.sum()), int(solved.sum()))
  life, report = look.state, look.report
  solved &= report.finite  # who diverges past the solve has kept nothing
  outcome = np.where(solved, Outcome.SOLVED, Outcome.STILL_DESCENDING)
  outcome = np.where(report.finite, outcome, Outcome.DIVERGED)
  arrays = {
    'outcome': outcome.astype(np.int8),
    'sweeps': np.where(solved, life.solved_at, np.nan),
    'age': life.sweep,
    'error': report.error,
    'curve': curve,
  }
  if trial.certified:
    arrays |= certify(
      life.net, nets.setting, patterns, error, arrays['outcome']
    )
  return life.net, arrays, look.computed


def certify(
  net: layered.Net,
  setting: Any,
  patterns: Patterns,
  error: Callable,
  outcome: np.ndarray,
) -> dict[str, np.ndarray]:
  """Returns certificates `[S]` of nets that neither solved nor diverged.

  Args:
    net: trained nets, leading axis `[S]`.
    setting: their settings, `[S]`.
    patterns: what was to be learnt.
    error: `(y, d, setting) -> [...]` elementwise.
    outcome: `[S]`; its entries `STILL_DESCENDING` are open, and are overwritten
      by the certificate's.
  """
  names = ('gradient', 'lambda_min', 'lambda_max', 'moved', 'escapes')
  found = {name: np.full(len(outcome), np.nan, np.float64) for name in names}
  open_rows = np.flatnonzero(outcome == Outcome.STILL_DESCENDING)
  if not open_rows.size:
    return found

  def take(tree, rows):
    return jax.tree.map(
      lambda a: a[rows].astype(np.float64) if a.dtype.kind == 'f' else a[rows],
      tree,
    )

  first, second = _certificates(error)
  large = span(jax.tree.map(lambda a: a[0], net), patterns) > _LARGE
  blocks = seeds.lay_out(_CERTIFICATE_BLOCK // (1 + large), 'cpu')
  exact = jax.tree.map(lambda a: np.asarray(a, np.float64), patterns)
  with jax.enable_x64(True):
    rows = take((net, setting), open_rows)
    seen = seeds.each(first, *rows, blocks=blocks, shared=(exact,))
    found['gradient'][open_rows] = seen.gradient_max
    for name in ('lambda_min', 'lambda_max'):
      found[name][open_rows] = getattr(seen, name)
    rest = open_rows[seen.undecided]
    if rest.size:
      rows = take((net, setting), rest)
      settled = seeds.each(second, *rows, blocks=blocks, shared=(exact,))
      # Without error, and yet not solved: flat ground inside the error's band.
      flat = settled.outcome == Outcome.SOLVED
      outcome[rest] = np.where(flat, Outcome.DEGENERATE, settled.outcome)
      for name in ('moved', 'escapes'):
        found[name][rest] = getattr(settled, name)
  return found


def span(net: layered.Net, patterns: Patterns) -> int:
  """Returns weights × cases × units: what the Hessian of one net takes.

  Args:
    net: one net, or its shapes.
    patterns: what is to be learnt.
  """
  weights = sum(math.prod(a.shape) for a in jax.tree.leaves(net))
  units = sum(layer.b.shape[0] for layer in net)
  return weights * len(patterns.inputs) * units


@functools.cache
def _certificates(error: Callable) -> tuple[Callable, Callable]:
  """Returns `minima.inspect` and `minima.settle` of one net and its setting."""

  def judge(stage, net, setting, patterns):
    def case_losses(net):
      y = jax.vmap(layered.apply, (None, 0))(net, patterns.inputs)
      return jnp.sum(error(y, patterns.targets, setting), axis=-1)

    return stage(case_losses, net)

  return (
    functools.partial(judge, minima.inspect),
    functools.partial(judge, minima.settle),
  )

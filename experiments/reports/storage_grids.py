"""Figures over settings of the localization study."""

from collections.abc import Sequence

from jaxrep.claims import localization as claims
from jaxrep.report import Figure

from ..shared import every_net, groups

DRAWN = {  # column -> of what
  'weights': 'over input weights',
  'weights_other_net': 'over input weights, with another net’s updating',
  'weights_within_pixels': 'over input weights, within pixels',
  'biases': 'over hidden biases',
}
SQUARED = ('weights', 'weights_other_net')  # hardly ever below 0


def figures(found: Sequence[groups.Group]) -> list[Figure]:
  """Returns R² over the settings, every net shown.

  Against the learning rate, a line for each of a few other settings, where
  rates vary; else a row a setting.

  Args:
    found: the nets by setting, several.
  """
  if every_net.is_axis(found, 'learning_rate'):
    return [_against_rate(found, name) for name in DRAWN]
  return [_by_setting(found, name) for name in DRAWN]


def _drawn(name) -> tuple[str, int, float | None]:
  """Returns what is drawn: R² or r, its power, and what the source says."""
  source = {'weights': claims.WEIGHTS, 'biases': claims.BIASES}.get(name)
  if name in SQUARED:
    return 'R²', 2, source
  return 'r', 1, None if source is None else source**0.5


def _against_rate(found, name) -> Figure:
  letter, power, source = _drawn(name)
  drawn = every_net.against(
    found, 'learning_rate', lambda g: g.arrays[f'r_{name}'] ** power,
    _mean(name), ylabel=letter,
    source=None if source is None else {f'the source: {source:.2f}': source},
    title=f'{letter} {DRAWN[name]}',
  )  # fmt: skip
  return _figure(drawn, name)


def _by_setting(found, name) -> Figure:
  letter, power, source = _drawn(name)
  drawn = every_net.by_setting(
    found, lambda g: g.arrays[f'r_{name}'] ** power, _mean(name),
    xlabel=f'{letter} of relative updating and relative difference',
    source=[source] * len(found), ranked='pairs' in groups.free(found),
    title=f'{letter} {DRAWN[name]}',
  )  # fmt: skip
  return _figure(drawn, name)


def _mean(name) -> str:
  """Returns the name of the result that is the mean of what is drawn."""
  return f'r2_{name}' if name in SQUARED else f'r_{name}'


def _figure(drawn, name) -> Figure:
  letter, _, _ = _drawn(name)
  return Figure(
    f'{"r2" if letter == "R²" else "r"}_{name}',
    f'{letter} {DRAWN[name]}, over the settings',
    f'A dot is a net; the mean of nets has a 95 % interval. {letter} is between'
    ' relative updating and relative difference.',
    f'{letter} {DRAWN[name]} by setting, every net shown.',
    drawn,
  )

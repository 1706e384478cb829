"""Figures over the settings of a grid."""

import math
import operator
import types
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np

from jaxrep import tables
from jaxrep.figures import bars, maps, settings, style
from jaxrep.measures.minima import Outcome
from jaxrep.report import Figure

from .groups import Group, free, word, words

MAP = 4  # values along both axes from which on a grid is drawn as a map
# More curves than this in one figure cannot be told apart, nor more bars read.
SEVERAL, MANY = 6, 24
HALF = 0.5  # maps of shares that do not reach it have a scale of their own
NAMES = {int(outcome): outcome.label for outcome in Outcome}


class Drawn(NamedTuple):
  """A result that is drawn over the settings.

  Attributes:
    result: its name.
    title: of the figure, in a few words.
    label: of the axis, with the unit.
    caption: what a value is.
    unit: as in `stats.Estimate`.
    missing: what it means that there is no value.
    levels: shares at which a map has contours, where values reach beyond them
      on both sides by more than chance.
    sources: label -> what a source says, `x -> value`, over the setting named
      in `over`.
    over: the setting that sources speak of.
  """

  result: str
  title: str
  label: str
  caption: str
  unit: str = 'rate'
  missing: str = 'undefined'
  levels: tuple[float, ...] = (0.1, 0.5, 0.9)
  sources: Mapping[str, Callable] = types.MappingProxyType({})
  over: str = ''


SOLVED = Drawn(
  'solved_rate',
  'Where nets learn',
  'nets that solve the task',
  'The share of nets that solve the task within the budget.',
)
MEDIAN = Drawn(
  'sweeps_median',
  'How fast they learn',
  'median sweeps',
  'The median number of sweeps to the solve, all nets counted.',
  unit='sweeps',
  missing='less than half solve',
  levels=(),
)


def figures(
  found: Sequence[Group],
  drawn: Sequence[Drawn],
  paper: Mapping[str, float],
  *,
  ends: bool = True,
) -> list[Figure]:
  """Returns what becomes of nets over the settings that vary.

  How they end, as bars, for a few settings. Each result as a map where two
  numbers vary over at least `MAP` values each, or a map for each value of a
  third one that takes a few; else with its interval over the
  number that takes the most values, a line for each of a few other settings.

  Args:
    found: the nets by setting, several.
    drawn: the results; one that no setting has is left out.
    paper: the source's setting, by flag, marked on maps.
    ends: whether it is known of all nets how they end.
  """
  values = free(found)
  numbers = [n for n, v in values.items() if all(_is_number(x) for x in v)]
  sizes = [len(v) for v in values.values()]
  result = [outcomes(found)] if ends and len(found) <= MANY else []
  known = [
    d
    for d in drawn
    if any(g.results.get(d.result, {}).get('value') is not None for g in found)
  ]
  third = (
    min(numbers, key=lambda n: len(values[n])) if len(numbers) == 3 else ''
  )
  wide = [len(values[n]) for n in numbers if n != third]
  if (
    len(values) == len(numbers)
    and len(wide) == 2
    and min(wide) >= MAP
    and len(values.get(third, ())) <= SEVERAL
  ):
    return result + [heat_map(found, d, paper, third) for d in known]
  if numbers:
    x_name = max(numbers, key=lambda name: len(values[name]))
    if math.prod(sizes) <= SEVERAL * len(values[x_name]):
      result += [against(found, d, x_name) for d in known]
  return result


def _is_number(value) -> bool:
  return isinstance(value, Real) and not isinstance(value, bool)


def outcomes(found: Sequence[Group]) -> Figure:
  """Returns how the nets of each setting end, as bars."""
  names, kinds = list(free(found)), found[0].arrays['outcomes']
  certified = Outcome.LOCAL_MINIMUM.label in kinds
  fig, ax = style.figure(size=(7.5, 1.4 + 0.34 * len(found)))
  bars.outcomes(
    ax,
    [words(g, names) for g in found],
    np.array([
      [np.sum(g.arrays['outcome'] == k) for k in range(len(kinds))]
      for g in found
    ]),
    kinds.tolist(),
    xlabel='nets',
    title='How nets end, by setting',
  )  # fmt: skip
  return Figure(
    'outcomes',
    'How nets end',
    'One bar a setting, all of its nets, parted by how they ended'
    + ' as certified in float64' * certified
    + '; the numbers are nets.',
    'Outcomes of the nets of each setting, as stacked bars.',
    style.png(fig),
  )


def heat_map(
  found: Sequence[Group],
  drawn: Drawn,
  paper: Mapping[str, float],
  third: str = '',
) -> Figure:
  """Returns a result over the two numbers that vary, as a map.

  Args:
    found: the nets by setting.
    drawn: the result.
    paper: the source's setting, by flag.
    third: a number that varies, too: there is a map for each of its values.
  """
  values = free(found)
  pages = sorted(values.pop(third)) if third else [None]
  rate = drawn.unit == 'rate'
  known = [g.results[drawn.result]['value'] for g in found]
  greatest = max((v for v in known if v is not None), default=0.0)
  most = 1.0 if greatest >= HALF else greatest or 1.0
  lines, gaps = False, False
  columns = min(len(pages), 2)
  rows = -(-len(pages) // columns)
  size = (7.0, 5.2) if len(pages) == 1 else (4.8 * columns, 3.6 * rows)
  fig, axes = style.figure(rows, columns, size=size)
  axes = np.atleast_1d(axes).ravel()
  for ax, page in zip(axes, pages, strict=False):
    (y_name, y), (x_name, x) = (
      (name, sorted(numbers)) for name, numbers in values.items()
    )
    here = [g for g in found if page is None or g.setting[third] == page]
    at = {
      (g.setting[x_name], g.setting[y_name]): g.results[drawn.result]
      for g in here
    }
    nothing = {'value': None}
    grid = [[at.get((a, b), nothing)['value'] for a in x] for b in y]
    gaps |= any(v is None for row in grid for v in row)
    place = paper.get(x_name, np.nan), paper.get(y_name, np.nan)
    inside = x[0] <= place[0] <= x[-1] and y[0] <= place[1] <= y[-1]
    inside &= page is None or page == paper.get(third, page)
    levels = _levels(here, drawn)
    lines |= bool(levels)
    title = _reach(here, drawn, third) if third else _span(found, drawn)
    maps.heat(
      ax, np.array(x), np.array(y), np.array(grid, float),
      xlabel=word(x_name), ylabel=word(y_name),
      title=title, label=drawn.label, levels=levels, unit=drawn.unit,
      missing=drawn.missing, norm='linear' if rate else 'log',
      vmin=0 if rate else None, vmax=most if rate else None,
      scale=(_scale(x), _scale(y)), marks={'paper': place} if inside else {},
    )  # fmt: skip
  for ax in axes[len(pages) :]:
    ax.set_axis_off()
  return Figure(
    f'map_{drawn.result}',
    drawn.title,
    f'Each cell is one setting. {drawn.caption} The brighter, the more'
    + '; white lines join equal shares' * lines
    + f'; black: {drawn.missing}' * gaps
    + '; the scale ends at the greatest share' * (rate and most < 1)
    + '.',
    f'{drawn.title}: {word(y_name)} against {word(x_name)}.',
    style.png(fig),
  )


def against(found: Sequence[Group], drawn: Drawn, x_name: str) -> Figure:
  """Returns a result with its interval over one number, a line a setting."""
  others = [name for name in free(found) if name != x_name]
  x = sorted(free(found)[x_name])
  series: dict[str, dict] = {}
  for g in found:
    text = words(g, others) or f'n = {len(g.solved):,} each'
    series.setdefault(text, {})[g.setting[x_name]] = g.results[drawn.result]
  nothing = dict.fromkeys(('value', 'low', 'high'))
  value, low, high = (
    np.array(
      [[line.get(v, nothing)[key] for v in x] for line in series.values()],
      float,
    )
    for key in nothing
  )
  sources = drawn.sources if x_name == drawn.over else {}
  fig, ax = style.figure(size=(7.0, 4.2))
  settings.rates(
    ax, np.array(x, float), value, low, high,
    xlabel=word(x_name), ylabel=drawn.label, labels=list(series),
    curves={name: [f(v) for v in x] for name, f in sources.items()},
    unit=drawn.unit, scale=_scale(x), title=_span(found, drawn),
  )  # fmt: skip
  return Figure(
    f'by_{x_name}_{drawn.result}',
    drawn.title,
    f'{drawn.caption} Each point is one setting, with its 95 % interval'
    + f'; no point: {drawn.missing}' * bool(np.isnan(value).any())
    + '.',
    f'{drawn.title}: {drawn.label} against {word(x_name)}.',
    style.png(fig),
  )


def span(found: Sequence[Group], result: str) -> tuple[str, str] | None:
  """Returns the least and the greatest value in words; None: there is none.

  Args:
    found: the nets by setting.
    result: its name.
  """
  known = [g.results[result] for g in found]
  known = [r for r in known if r['value'] is not None]
  if not known:
    return None
  key = operator.itemgetter('value')
  least, most = (tables.value(f(known, key=key)) for f in (min, max))
  return unbroken(least), unbroken(most)


def unbroken(words: str) -> str:
  """Returns words that no line of a title ends within."""
  return words.replace(' ', '\N{NO-BREAK SPACE}')


def _levels(found, drawn) -> list[float]:
  """Returns the levels that values are beyond, by half an interval at least."""
  known = [g.results[drawn.result] for g in found]
  known = [r for r in known if r['value'] is not None]
  count = min((r['n'] for r in known), default=0)
  values = [r['value'] for r in known]
  levels = []
  for level in drawn.levels:
    room = 2 * math.sqrt(max(level * (1 - level), 0) / max(count, 1))
    if known and min(values) <= level - room and level + room <= max(values):
      levels.append(level)
  return levels


def _span(found, drawn) -> str:
  """Returns the least and the greatest value: what is seen at a glance."""
  least, most = span(found, drawn.result)
  return f'{drawn.label}: from {least} to {most}'


def _reach(found, drawn, third) -> str:
  """Returns the third number of a map, and what is seen on it."""
  words = f'{word(third)} {found[0].setting[third]:g}'
  ends = span(found, drawn.result)
  if ends is None:
    return f'{words}: {drawn.missing}'
  least, most = ends
  return f'{words}: ' + (
    f'up to {most}' if drawn.unit == 'rate' else f'{least} to {most}'
  )


def _scale(values: Sequence[float]) -> str:
  return 'log' if min(values) > 0 else 'linear'

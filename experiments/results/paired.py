"""What differs between two records, on the seeds that both have.

A net of one is paired with the net of the same seed in the other (on maps: with
the same pixel), and a setting with the one that is equal in all that varies
within a record: what only differs between the two is what is compared.

What is compared are columns of nets.csv, over all pairs, solved or not: *rates*
(flags, and how nets ended), *times* to a solve (of pairs in which either is
solved), *means* (other numbers, of nets in which they are finite in both). Left
out are words, labels, and what a net's certificate rests on.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxrep import records, stats
from jaxrep.measures.minima import Outcome

from ..shared import common, groups

RATES, TIMES, MEANS = 'rate', 'time', 'mean'
# What a net is known by in its setting: pixels of a map have one seed.
PLACE = 'seed', 'x', 'y'
# Columns that measure nothing: places, the sweeps a net was kept for, what its
# certificate rests on, and labels of kinds of solutions.
LEFT_OUT = {
  *('part', 'row', 'age', 'solution', 'family', *PLACE),
  *('gradient', 'lambda_min', 'lambda_max', 'moved', 'escapes'),
}
SOLVED = Outcome.SOLVED.label
HELD = Outcome.LOCAL_MINIMUM.label, Outcome.SATURATED.label


class Pairs(NamedTuple):
  """Nets of one setting in both records, pair by pair.

  Attributes:
    said: what tells the setting from the others, in words.
    seeds: `[N]`.
    a: columns `[N]` by name, of the first record.
    b: of the second.
    budget: what nets were allowed at least, in either; None: without limit.
    alone: nets of a, and of b, that the other lacks.
  """

  said: str
  seeds: np.ndarray
  a: records.Arrays
  b: records.Arrays
  budget: float | None
  alone: tuple[int, int]

  @property
  def times(self) -> list[str]:
    """Names of the columns of times to a solve that both have."""
    return [name for name in self.a if name in self.b and _is_time(name)]


class Difference(NamedTuple):
  """One result, in both records and between them.

  Attributes:
    setting: in words; '' where there is one.
    name: of the result.
    kind: `RATES`, `TIMES` or `MEANS`.
    a: a rate, a mean, or of times the median, of the first record.
    b: of the second.
    difference: of rates or means, a - b; of times the median of a - b, which
      is infinite where only one of the two is solved.
    more_a: pairs with more in a: it holds only there, takes longer, is larger.
    more_b: the reverse.
    p_value: of the exact test of these two counts, McNemar's or the sign test;
      None of means, which the counts do not judge.
    log_rank: of times, without regard to pairs.
  """

  setting: str
  name: str
  kind: str
  a: stats.Estimate
  b: stats.Estimate
  difference: stats.Estimate
  more_a: int
  more_b: int
  p_value: float | None
  log_rank: stats.LogRank | None = None


def pairs(a: records.Record, b: records.Record) -> list[Pairs]:
  """Returns the nets that both records have, by setting.

  Raises:
    BadInputError: there are none, or nets that nothing tells apart.
    RecordError: a record is not as this version writes it.
  """
  sides = [_sides(record) for record in (a, b)]
  # Of one setting in each, none: they pair whatever they differ in.
  names = list({name: 0 for side in sides for name in groups.varied(side)})
  found = [
    _pair(groups.words(one, _of(one, names)), one, other, (a, b))
    for one in sides[0]
    for other in sides[1]
    if _of(one, names) == _of(other, names)
  ]
  if not found:
    raise common.BadInputError(
      f'{a.folder} and {b.folder}: expected settings that are in both, found'
      f' none: {"; ".join(_values(name, sides) for name in names)}'
    )
  found = [pair for pair in found if len(pair.seeds)]
  if not found:
    raise common.BadInputError(
      f'{a.folder} and {b.folder}: expected nets of the same seeds, found'
      f' {_span(a)} and {_span(b)}'
    )
  return found


def compare(found: Sequence[Pairs]) -> list[Difference]:
  """Returns all results of all settings, compared; none without a column."""
  return [d for pair in found for d in _differences(pair)]


def tests(found: Sequence[Difference]) -> list[float]:
  """Returns every p-value of pairs, by which Bonferroni divides.

  Means have none, and the log-rank test does not know the pairs.
  """
  return [d.p_value for d in found if d.p_value is not None]


def flags(
  a: records.Record, b: records.Record
) -> dict[str, tuple[str | None, str | None]]:
  """Returns the flags that differ, with both values; None where it has none."""
  names = dict.fromkeys((*a.flags, *b.flags))
  both = {name: (a.flags.get(name), b.flags.get(name)) for name in names}
  return {name: values for name, values in both.items() if len({*values}) > 1}


def times(
  pair: Pairs, column: str
) -> tuple[tuple[np.ndarray, np.ndarray], float]:
  """Returns times to a solve of both, inf where there is none, and the budget.

  A solve after the smaller of the two budgets counts as none.
  """
  sides = [np.asarray(side[column], float) for side in (pair.a, pair.b)]
  solved = [side[np.isfinite(side)] for side in sides]
  budget = pair.budget
  if budget is None:
    budget = float(max(side.max(initial=0) for side in solved))
  a, b = (np.where(side <= budget, side, np.inf) for side in sides)
  return (a, b), budget


def unit(name: str) -> str:
  """Returns what a column of times counts, 'sweeps' or 'updates'."""
  return 'sweeps' if 'sweeps' in name.split('_') else 'updates'


def _is_time(name) -> bool:
  return not {'sweeps', 'updates'}.isdisjoint(name.split('_'))


def _sides(record) -> list[groups.Group]:
  """Returns the nets of a record by setting, seen to be whole."""
  with records.drawing(record.folder):
    found = groups.groups(record.parts, record.summary['settings'])
    for group in found:
      records.part_table(group.part, group.arrays)
    if not found:
      raise ValueError('no settings')
  return found


def _of(group, names) -> dict[str, Any]:
  """Returns what a group was set to, of some settings."""
  return {name: group.setting[name] for name in names if name in group.setting}


def _pair(said, group, other, both) -> Pairs:
  """Returns the nets of two groups that have the same seed, or pixel."""
  sides = list(zip((group, other), both, strict=True))
  tables = [records.part_table(g.part, g.arrays) for g, _ in sides]
  names = [n for n in PLACE if all(n in table for table in tables)]
  places = []
  for table, record in zip(tables, both, strict=True):
    columns = [table[name].astype(float) for name in names]
    place = np.rec.fromarrays(columns, names=names)
    if len(columns) == 1:
      place = columns[0]
    if np.unique(place).size < place.size:
      raise common.BadInputError(
        f'{record.folder}: expected nets told apart by {", ".join(names)},'
        f' found {place.size - np.unique(place).size:,} that are not'
      )
    places.append(place)
  _, *rows = np.intersect1d(*places, assume_unique=True, return_indices=True)
  size = len(rows[0])
  budgets = [_budget(g.arrays, r.flags) for g, r in sides]
  set_to = [_settings(t, *side) for t, side in zip(tables, sides, strict=True)]
  skip = LEFT_OUT | set_to[0] | set_to[1]
  of_a, of_b = (
    {n: column[at] for n, column in table.items() if n not in skip}
    for table, at in zip(tables, rows, strict=True)
  )
  return Pairs(
    said,
    tables[0]['seed'][rows[0]],
    of_a,
    of_b,
    min((b for b in budgets if b is not None), default=None),
    (len(places[0]) - size, len(places[1]) - size),
  )


def _settings(table, group, record) -> set[str]:
  """Returns the columns that say how nets were set: the same for all.

  A result may have the name of a setting, as `error` has.
  """
  return {
    name
    for name in {*group.setting, *record.flags} & table.keys()
    if not (_is_time(name) or table[name].dtype.kind == 'b')
    and len(np.unique(table[name])) == 1
  }


def _budget(arrays, given: Mapping[str, str]) -> float | None:
  """Returns the sweeps or updates that nets were allowed."""
  for name in ('budget', 'epochs'):
    if name in arrays:
      return float(arrays[name][0])
  return float(given['sweeps']) if 'sweeps' in given else None


def _differences(pair: Pairs) -> Iterator[Difference]:
  """Yields what is compared of a setting: rates, times, means."""
  both = [name for name in pair.a if name in pair.b]
  kinds = {n: {pair.a[n].dtype.kind, pair.b[n].dtype.kind} for n in both}
  if 'outcome' in both and kinds['outcome'] == {'U'}:
    yield from _outcomes(pair)
  for name in both:
    if kinds[name] == {'b'}:
      yield _rate(pair, name, pair.a[name], pair.b[name])
  for name in pair.times:
    yield _time(pair, name)
  for name in both:
    if not _is_time(name) and kinds[name] <= {'i', 'u', 'f'}:
      yield _mean(pair, name)


def _outcomes(pair: Pairs) -> Iterator[Difference]:
  """Yields how many end in each way that any net of the two does.

  But for those that do so wherever they do not end in another: what is said of
  one is said of both. On a map most nets that do not solve it have no
  certificate ('').
  """
  a, b = pair.a['outcome'], pair.b['outcome']
  seen = {*np.unique(a).tolist(), *np.unique(b).tolist()}
  if '' in seen:
    seen &= {SOLVED, Outcome.DIVERGED.label}
  words = sorted(seen, key=lambda word: (word != SOLVED, word))
  ways = {f'{word.replace(" ", "_")}_rate': [word] for word in words}
  if seen.issuperset(HELD):
    ways['held_rate'] = list(HELD)
  said: list[np.ndarray] = []
  for name, way in ways.items():
    ends = np.isin([a, b], way)
    if not any(np.array_equal(ends, ~other) for other in said):
      said.append(ends)
      yield _rate(pair, name, *ends)


def _rate(pair, name, a, b) -> Difference:
  found = stats.paired_rates(a, b)
  return Difference(
    pair.said, name, RATES, stats.rate(a), stats.rate(b), *found
  )


def _time(pair, name) -> Difference:
  sides, budget = times(pair, name)
  cut = [np.where(np.isinf(side), budget, side) for side in sides]
  lost = [np.isinf(side) for side in sides]
  medians = [
    stats.median_sweeps(*side, budget)._replace(unit=unit(name))
    for side in zip(cut, lost, strict=True)
  ]
  apart = stats.paired_median(*sides, unit=unit(name))
  ranks = stats.log_rank(cut[0], lost[0], cut[1], lost[1])
  signs = stats.paired_signs(*sides)
  return Difference(pair.said, name, TIMES, *medians, apart, *signs, ranks)


def _mean(pair, name) -> Difference:
  a, b = (np.asarray(side[name], float) for side in (pair.a, pair.b))
  known = np.isfinite(a) & np.isfinite(b)
  a, b = a[known], b[known]
  means = [
    stats.Estimate(float(x.mean()) if x.size else None, None, None, x.size, '')
    for x in (a, b)
  ]
  apart = stats.paired_bootstrap(a, b, unit='')
  signs = stats.paired_signs(a, b)._replace(p_value=None)
  return Difference(pair.said, name, MEANS, *means, apart, *signs)


def as_json(d: Difference) -> dict[str, Any]:
  """Returns a comparison as compare.json has it: what is infinite is None."""
  found = {'setting': d.setting, 'name': d.name, 'kind': d.kind}
  ends = d.difference.value, d.difference.low, d.difference.high
  endless = [end is not None and np.isinf(end) for end in ends]
  ends = [None if no else end for no, end in zip(endless, ends, strict=True)]
  found |= stats.as_json(
    stats.Estimate(*ends, *d.difference[3:5], censored=any(endless))
  )
  found |= {'p': d.p_value, 'more_a': d.more_a, 'more_b': d.more_b}
  found |= {'a': stats.as_json(d.a), 'b': stats.as_json(d.b)}
  if d.log_rank is not None:
    found['log_rank'] = d.log_rank._asdict()
  return found


def _values(name, sides) -> str:
  """Returns the values that a setting has in both records."""
  one, other = (
    ', '.join(dict.fromkeys(str(g.setting.get(name, 'none')) for g in side))
    for side in sides
  )
  return f'{name} {one} and {other}'


def _span(record) -> str:
  """Returns a record's seeds, first and last."""
  every = np.concatenate([a['seed'] for a in record.parts.values()])
  return f'{every.min()} to {every.max()}'

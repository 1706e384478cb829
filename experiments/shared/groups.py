"""The nets of a record, setting by setting."""

import types
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from jaxrep import records
from jaxrep.claims import judges
from jaxrep.measures.minima import Outcome

# Settings up to which each has a verdict of its own.
FEW = 6
WORDS = {  # setting -> as an axis says it
  'learning_rate': 'learning rate ε',
  'momentum': 'momentum α',
  'init_range': 'initial weights in ±',
  'positive_weight': 'weight of positive cases',
  'hidden': 'hidden units',
  'regression_visible': 'regression λ of visible units',
  'regression_hidden': 'regression λ of hidden units',
  'change_after': 'changes after each',
  'decay': 'decay of weights',
  'heldout': 'held-out cases',
  'taught': 'cases taught',
  'first_learning_rate': 'first ε',
  'first_momentum': 'first α',
  'twin': 'twin tree taught',
  'phase1': 'images up to the fork',
  'tally_from': 'tallied from',
  'tally_to': 'tallied up to',
  'keep_second': 'second pair kept',
  'output_activation': 'output',
}


class Group(NamedTuple):
  """The nets of one setting.

  Attributes:
    setting: by flag.
    part: name of the part of the record.
    arrays: `[N, ...]`, and the constants of the part.
    results: as in summary.json.
  """

  setting: Mapping[str, Any]
  part: str
  arrays: records.Arrays
  results: Mapping[str, Mapping[str, Any]]

  @property
  def solved(self) -> np.ndarray:
    """Which nets are, `[N]`."""
    return self.arrays['outcome'] == Outcome.SOLVED


def held(arrays: records.Arrays) -> np.ndarray:
  """Returns which nets are in a local minimum or saturated, `[N]`."""
  kinds = (Outcome.LOCAL_MINIMUM, Outcome.SATURATED)
  return np.isin(arrays['outcome'], kinds)


def groups(
  parts: Mapping[str, records.Arrays], settings: Sequence[Mapping[str, Any]]
) -> list[Group]:
  """Returns the nets of a record by setting.

  Args:
    parts: the record's arrays.
    settings: the `settings` of its summary.
  """
  result = []
  for part, arrays in parts.items():
    mine = [s for s in settings if s['part'] == part]
    split = records.by_setting(arrays, len(mine))
    for entry, rows in zip(mine, split, strict=True):
      result.append(Group(entry['setting'], part, rows, entry['results']))
  return result


def varied(found: Sequence[Group]) -> dict[str, list]:
  """Returns the settings that differ between groups, with their values."""
  values = {
    name: list(dict.fromkeys(g.setting[name] for g in found))
    for name in found[0].setting
  }
  return {name: value for name, value in values.items() if len(value) > 1}


def free(found: Sequence[Group]) -> dict[str, list]:
  """Returns the settings that vary on their own, with their values.

  That is `varied`, but for those that an earlier one decides, as the size of a
  task may decide the number of hidden units.
  """
  result: dict[str, list] = {}
  for name, values in varied(found).items():
    decided = [
      len({(g.setting[other], g.setting[name]) for g in found}) == len(known)
      for other, known in result.items()
    ]
    if not any(decided):
      result[name] = values
  return result


def alike_but(
  name: str, found: Sequence[Group]
) -> list[tuple[dict[str, Any], list[Group]]]:
  """Returns the groups that are alike in all settings but one, and that rest.

  Args:
    name: of the setting in which they may differ.
    found: the nets by setting.
  """
  result: dict[str, tuple[dict, list[Group]]] = {}
  for group in found:
    rest = {k: v for k, v in group.setting.items() if k != name}
    result.setdefault(str(rest), (rest, []))[1].append(group)
  return list(result.values())


def along(name: str, found: Sequence[Group]) -> list[tuple[str, list[Group]]]:
  """Returns the groups that are alike but for a number, in its order.

  Each list with what tells it from the others, in words.

  Args:
    name: of the number.
    found: the nets by setting.
  """
  names = [other for other in free(found) if other != name]
  return [
    (words(alike[0], names), sorted(alike, key=lambda g: g.setting[name]))
    for _, alike in alike_but(name, found)
  ]


def words(group: Group, names: Sequence[str]) -> str:
  """Returns what a group was set to: 'hidden units 3, momentum α 0.9'."""
  return said(group.setting, names)


def said(setting: Mapping[str, Any], names: Sequence[str]) -> str:
  """Returns some of a setting in words: 'hidden units 3, momentum α 0.9'."""
  return ', '.join(_said(name, setting[name]) for name in names)


def _said(name: str, value: Any) -> str:
  if isinstance(value, bool):
    return f'{word(name)}: {"yes" if value else "no"}'
  if not isinstance(value, Real):
    return str(value)
  text = f'{value:,.0f}' if 1000 <= value < 1e9 else f'{value:.4g}'
  return f'{word(name)} {text}'


def middle(column: np.ndarray, rows: np.ndarray) -> int:
  """Returns the row with the median of a column; the lower of two, the first.

  Args:
    column: `[S]`; NaN comes last.
    rows: which to choose from, one at least.
  """
  order = np.argsort(column[rows], kind='stable')
  return int(rows[order[(len(rows) - 1) // 2]])


def word(name: str) -> str:
  """Returns a setting's name as an axis says it."""
  return WORDS.get(name, name.replace('_', ' '))


def verdicts(
  claims: Sequence[judges.Claim],
  found: Sequence[Group],
  fixed: Callable[[Group], Mapping[str, Any]],
) -> list[dict[str, Any]]:
  """Returns the verdict on every claim at the settings that it is about.

  Where its result was measured, that is.
  One a setting, or one in all where there are more than `FEW`.

  Args:
    claims: of the study.
    found: the nets by setting.
    fixed: what more a group was set to than `Group.setting` says.
  """
  names, result = list(free(found)), []
  for claim in claims:
    about = [
      g
      for g in found
      if claim.result in g.results and claim.is_about({**fixed(g), **g.setting})
    ]
    each = [
      judges.told(
        claim,
        g.results[claim.result],
        g.results,
        setting=words(g, names),
        at={name: g.setting[name] for name in names},
      )
      for g in about
    ]
    result += few(each, claim.words)
  return result


def judge(
  claims: Sequence[judges.Claim],
  parts: Mapping[str, records.Arrays],
  settings: Sequence[Mapping[str, Any]],
  *,
  fixed: Mapping[str, Any] = types.MappingProxyType({}),
) -> list[dict[str, Any]]:
  """Returns verdicts on claims at the settings of a record.

  Args:
    claims: of the study.
    parts: the record's arrays.
    settings: the `settings` of its summary.
    fixed: what all were set to, by flag.
  """
  return verdicts(claims, groups(parts, settings), lambda group: fixed)


def few(
  each: Sequence[Mapping[str, Any]], words: str
) -> list[Mapping[str, Any]]:
  """Returns verdicts on one claim, or one in all if they are more than `FEW`.

  Args:
    each: one a setting.
    words: the claim, without a setting.
  """
  return list(each) if len(each) <= FEW else [judges.summed(each, words)]

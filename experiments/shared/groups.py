"""The nets of a record, setting by setting."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxrep import records
from jaxrep.measures.minima import Outcome


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

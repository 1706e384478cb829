"""Nets whose first weights are all drawn: how many converge, by their range."""

from collections.abc import Mapping
from typing import Any

from jaxrep import records, stats
from jaxrep.claims import basins as claims

from ..shared import descent, groups


def results(arrays: records.Arrays, epochs: int) -> dict[str, stats.Estimate]:
  """Returns the results of the nets of one setting, by name.

  Args:
    arrays: `[N, ...]`, one setting's.
    epochs: after which a net that has not converged has not.
  """
  found = descent.results(arrays, epochs)
  return {'converged_rate': found.pop('solved_rate'), **found}


def judge(
  parts: Mapping[str, records.Arrays],
  settings: list[dict[str, Any]],
  *,
  task: str,
  epochs: int,
) -> list[dict[str, Any]]:
  """Returns verdicts on what the paper says of the range of first weights.

  Args:
    parts: the record's arrays.
    settings: with their results.
    task: its name.
    epochs: that every net was allowed.
  """
  fixed = {'task': task, 'epochs': epochs}
  found = groups.groups(parts, settings)
  grows, necessary = [], []
  for said, alike in groups.along('init_range', found):
    ranges = [g.setting['init_range'] for g in alike]
    if task != 'xor' or not ranges[0] < claims.HALF < ranges[-1]:
      continue
    pairs = stats.paired_rates(~alike[-1].solved, ~alike[0].solved)
    grows.append(claims.grows(pairs, said))
    rates = [g.results['unsolved_rate'] for g in alike]
    necessary.append(
      claims.necessary(dict(zip(ranges, rates, strict=True)), said)
    )
  return [
    *groups.verdicts(claims.BY_RANGE, found, lambda group: fixed),
    *grows,
    *necessary,
  ]

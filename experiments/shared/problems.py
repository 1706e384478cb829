"""Which problems --task and --size ask for: of the book, or a user's table."""

import hashlib
import pathlib
from collections.abc import Sequence

from jaxrep import records
from jaxrep.tasks import boolean
from jaxrep.tasks.patterns import Patterns

from . import common


def pattern_sets(
  task: str, sizes: Sequence[int], digest: str | None
) -> tuple[dict[int, Patterns], dict[str, str]]:
  """Returns pattern sets by size, and the flags that pin a table's content.

  Args:
    task: one of `boolean.TASKS`, or the path of a table.
    sizes: of the task; 0 is the source's. A table has the size 0.
    digest: what sha256 the table should have, or None.

  Raises:
    BadInputError: there is no such task, size or table.
  """
  if task in boolean.TASKS:
    if digest is not None:
      raise common.BadInputError(
        f'--task_digest: expected a table with it, found --task={task}'
      )
    return {size: _make(task, size) for size in _sizes(task, sizes)}, {}
  if not task.endswith('.csv'):
    raise common.BadInputError(
      f'--task={task}: expected one of {", ".join(boolean.TASKS)} or a'
      ' FILE.csv, found neither'
    )
  if sizes != (0,):
    raise common.BadInputError(
      f'--size={common.as_text(sizes)}: expected 0 with a table, whose size is'
      ' its own'
    )
  with records.naming(pathlib.Path(task), '--task='):
    patterns = boolean.table(task)
    found = hashlib.sha256(pathlib.Path(task).read_bytes()).hexdigest()
  if digest not in (None, found):
    raise common.BadInputError(
      f'--task={task}: expected the table of --task_digest={digest}, found'
      f' another, {found}'
    )
  return {0: patterns}, {'task_digest': found}


def _sizes(task, sizes) -> list[int]:
  known = boolean.TASKS[task]
  result = list(dict.fromkeys(size or known.size for size in sizes))
  for size in result:
    if size > known.largest:
      raise common.BadInputError(
        f'--size={size}: expected at most {known.largest} with --task={task}'
      )
  return result


def _make(task, size) -> Patterns:
  try:
    return boolean.TASKS[task].make(size)
  except ValueError as error:
    raise common.BadInputError(
      f'--size={size} with --task={task}: {error}'
    ) from None

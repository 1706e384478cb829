"""Which patterns flags ask for: of the sources, or a user's table."""

import hashlib
import pathlib
from collections.abc import Mapping, Sequence

from jaxrep import records
from jaxrep.tasks import boolean
from jaxrep.tasks import vectors as vectors_of
from jaxrep.tasks.patterns import Patterns

from . import common, parsers


def pattern_sets(
  task: str,
  sizes: Sequence[int],
  digest: str | None,
  *,
  tasks: Mapping[str, boolean.Task] = boolean.TASKS,
) -> tuple[dict[int, Patterns], dict[str, str]]:
  """Returns pattern sets by size, and the flags that pin a table's content.

  Args:
    task: one of `tasks`, or the path of a table.
    sizes: of the task; 0 is the source's. A table has the size 0.
    digest: what sha256 the table should have, or None.
    tasks: those that are known.

  Raises:
    BadInputError: there is no such task, size or table.
  """
  if task in tasks:
    if digest is not None:
      raise common.BadInputError(
        f'--task_digest: expected a table with it, found --task={task}'
      )
    known = tasks[task]
    all_of = _sizes(task, known, sizes)
    return {size: _make(task, known, size) for size in all_of}, {}
  if not task.endswith('.csv'):
    raise common.BadInputError(
      f'--task={task}: expected one of {", ".join(tasks)} or a'
      ' FILE.csv, found neither'
    )
  if sizes != (0,):
    raise common.BadInputError(
      f'--size={parsers.as_text(sizes)}: expected 0 with a table, whose size is'
      ' its own'
    )
  with records.naming(pathlib.Path(task), '--task='):
    patterns = boolean.table(task)
  return {0: patterns}, _pinned('task', task, digest)


def vector_sets(
  vectors: str,
  units: int,
  *,
  halves: int,
  count: int,
  vector_seeds: Sequence[int],
  linear: bool,
  digest: str | None,
) -> tuple[dict[int, Patterns], dict[str, str]]:
  """Returns sets of vectors by seed, and the flags that pin a table's content.

  Args:
    vectors: 'one_hot', 'random', or the path of a table.
    units: visible ones, of a loop.
    halves: loops that share a vector out: one, or the two of a hierarchy. One
      unit is then on in each half, the same in both.
    count: of random vectors; 0: as many as units.
    vector_seeds: of random vectors; of others, the first names the set.
    linear: whether the units may take any number, not only those from 0 to 1.
    digest: what sha256 the table should have, or None.

  Raises:
    BadInputError: there are none such, or they do not fit the units.
  """
  table = vectors.endswith('.csv')
  for flag, found, meant in (
    ('vectors_digest', digest is not None, table),
    ('vector_count', count, vectors == 'random'),
    ('vector_seed', len(vector_seeds) > 1, vectors == 'random'),
  ):
    if found and not meant:
      other = '--vectors=random' if flag != 'vectors_digest' else 'a table'
      raise common.BadInputError(
        f'--{flag}: expected {other} with it, found --vectors={vectors}'
      )
  if vectors == 'random':
    sets = {
      seed: vectors_of.random(units, count or units, seed=seed)
      for seed in vector_seeds
    }
    return sets, {}
  if vectors == 'one_hot':
    return {vector_seeds[0]: vectors_of.one_hot(units, halves=halves)}, {}
  if not table:
    raise common.BadInputError(
      f'--vectors={vectors}: expected one_hot, random or a FILE.csv, found none'
      ' of them'
    )
  with records.naming(pathlib.Path(vectors), '--vectors='):
    patterns = vectors_of.table(vectors, linear=linear, binary=halves > 1)
  if patterns.inputs.shape[1] != halves * units:
    each = f'--visible={units}' + ' and as many more' * (halves - 1)
    raise common.BadInputError(
      f'--vectors={vectors}: expected a column for each of {each} units, found'
      f' {patterns.inputs.shape[1]} columns'
    )
  return {vector_seeds[0]: patterns}, _pinned('vectors', vectors, digest)


def _pinned(flag: str, path: str, digest: str | None) -> dict[str, str]:
  """Returns the flag that pins a table's content."""
  with records.naming(pathlib.Path(path), f'--{flag}='):
    found = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
  if digest not in (None, found):
    raise common.BadInputError(
      f'--{flag}={path}: expected the table of --{flag}_digest={digest}, found'
      f' another, {found}'
    )
  return {f'{flag}_digest': found}


def _sizes(task, known, sizes) -> list[int]:
  result = list(dict.fromkeys(size or known.size for size in sizes))
  for size in result:
    if size > known.largest:
      raise common.BadInputError(
        f'--size={size}: expected at most {known.largest} with --task={task}'
      )
  return result


def _make(task, known, size) -> Patterns:
  try:
    return known.make(size)
  except ValueError as error:
    raise common.BadInputError(
      f'--size={size} with --task={task}: {error}'
    ) from None

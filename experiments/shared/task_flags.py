"""Flags of the small tasks: which one, how large, with which links."""

from collections.abc import Mapping

from absl import flags

from jaxrep.tasks import boolean

from . import parsers


def define(tasks: Mapping[str, boolean.Task], *, many: bool) -> None:
  """Defines --task, --task_digest, --size and --skip.

  They are this module's: a study adopts its key flags after it has called this.

  Args:
    tasks: those that are known.
    many: whether --size takes several.
  """
  flags.DEFINE_string(
    'task', None,
    f'{", ".join(tasks)}, or a table: FILE.csv with the header in1,..,out1,..'
    ' and one case a row.',
  )  # fmt: skip
  flags.DEFINE_string(
    'task_digest', None, 'Of a table: what sha256 its bytes should have.'
  )
  own = ', '.join(
    f'{name} {task.size}'
    for name, task in tasks.items()
    if task.size < task.largest
  )
  parsers.define_number(
    'size', 'Bits of the inputs, units of the encoder, bits of each number to'
    f' add; 0: the source’s ({own}).', kind=int, many=many,
  )  # fmt: skip
  flags.DEFINE_bool('skip', None, 'Outputs have direct links from the inputs.')

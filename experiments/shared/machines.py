"""Flags for more processes, and what they cost: decide nothing in a record."""

import os
import pathlib
import re
import signal
import sys
import threading

import jax
from absl import flags

from jaxrep import locks, records

from . import common, parsers, running

FLAGS = flags.FLAGS
PATIENCE = 10  # seconds until it is said that others are waited for
_FEW = 'one of SLURM, Cloud TPU, Open MPI and Kubernetes'


class Shares(flags.ArgumentParser):
  """Parses a share, '0/4': its number from 0, and how many there are."""

  syntactic_help = 'i/n, whole numbers with 0 ≤ i < n ≤ 2**20'

  def parse(self, argument):
    if isinstance(argument, locks.Share):
      return argument
    found = re.fullmatch(r'(\d{1,7})/(\d{1,7})', argument.strip(), re.ASCII)
    if found:
      share = locks.Share(*map(int, found.groups()))
      if share.index < share.count <= 2**20:
        return share
    raise ValueError(f'expected {self.syntactic_help}, found {argument!r}')

  def flag_type(self) -> str:
    return 'i/n'


flags.DEFINE(
  Shares(), 'shard', None,
  'Computes every n-th chunk of --out only, from the i-th, i = 0 .. n - 1; who'
  ' ends last puts the record together. Default: all chunks.',
)  # fmt: skip
flags.DEFINE_bool(
  'distributed', None,
  'Takes i and n of --shard from jax.distributed, which asks '
  f'{_FEW}, or from --coordinator, --processes and --process.',
)  # fmt: skip
flags.DEFINE_string(
  'coordinator', None, 'HOST:PORT at which process 0 lets the others in.'
)
parsers.define_number(
  'processes', 'How many processes there will be.', kind=int, low=1, high=2**20
)
parsers.define_number(
  'process', 'Which of the processes this is, from 0.', kind=int, high=2**20 - 1
)
flags.DEFINE_string(
  'profile', None,
  'Folder for a trace of the first chunk that is computed, by the JAX'
  ' profiler: for XProf or Perfetto.',
)  # fmt: skip
_JOINING = ('coordinator', 'processes', 'process')


def place(study: str) -> running.Place:
  """Returns where a study is kept, and which share of it this process does.

  To be called before anything touches a device: with --distributed, it waits
  for the other processes.

  Raises:
    BadInputError: flags that do not fit together, or peers that are not found.
  """
  if FLAGS.profile is not None:
    _check_profile()
  for name in _JOINING:
    if FLAGS[name].value is not None and not FLAGS.distributed:
      raise common.BadInputError(
        f'--{name}={FLAGS[name].value}: expected --distributed with it, found'
        ' none'
      )
  share = FLAGS.shard or locks.WHOLE
  if FLAGS.distributed:
    if FLAGS.shard:
      raise common.BadInputError(
        f'--shard={share}: expected no --distributed with it, which says what'
        ' the share is'
      )
    share = _join()
  return running.Place(
    FLAGS.out or f'runs/{study}', FLAGS.chunk_size, share, FLAGS.profile
  )


def _check_profile() -> None:
  if not FLAGS.profile.strip():
    raise common.BadInputError('--profile=: expected a folder, found no name')
  path = pathlib.Path(FLAGS.profile)
  with records.naming(path, '--profile='):
    above = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not above.is_dir():
      raise ValueError(f'expected a folder, found a file, {above}')
    if not os.access(above, os.W_OK):
      raise ValueError(f'expected a folder, found that {above} is read-only')


def _join() -> locks.Share:
  """Returns the share that JAX's runtime gives this process.

  The processes meet once, to be counted, and part again before they compute: in
  JAX's runtime, who stays in touch is ended when one of the others dies.
  """
  _check_joining()
  waiting = threading.Timer(PATIENCE, _say_waiting)
  waiting.daemon = True
  waiting.start()
  # Else a key press is not seen before JAX gives up.
  handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
  try:
    jax.distributed.initialize(
      FLAGS.coordinator, FLAGS.processes, FLAGS.process
    )
    share = locks.Share(jax.process_index(), jax.process_count())
    jax.distributed.shutdown()
  except (ValueError, RuntimeError, OSError) as error:
    [reason, *_] = str(error).splitlines() or [type(error).__name__]
    raise common.BadInputError(
      f'--distributed: expected {_FEW}, or --coordinator, --processes and'
      f' --process; found: {reason}'
    ) from None
  finally:
    signal.signal(signal.SIGINT, handler)
    waiting.cancel()
  return share


def _check_joining() -> None:
  at, count, index = (FLAGS[name].value for name in _JOINING)
  port = at and re.fullmatch(r'.+:(\d{1,5})', at)
  if at is not None and not (port and int(port[1]) < 2**16):
    raise common.BadInputError(
      f'--coordinator={at}: expected HOST:PORT, like 10.0.0.1:12345'
    )
  if count is not None and index is not None and index >= count:
    raise common.BadInputError(
      f'--process={index}: expected a number below --processes={count}'
    )


def _say_waiting() -> None:
  print(
    'waiting for the other processes; if one does not come within 300 s, JAX'
    ' ends the others with a long message',
    file=sys.stderr,
  )

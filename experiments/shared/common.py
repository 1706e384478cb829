"""What all binaries share: flags, their defaults, and how errors are told."""

import contextlib
import importlib.resources
import io
import math
import os
import pathlib
import signal
import sys
from collections.abc import Callable, Sequence

import jax
from absl import app, flags, logging

from jaxrep import records, seeds, writing

from . import parsers

FLAGS = flags.FLAGS
# Where seeds end: `jax.random.key` takes 32 bits and drops the rest silently.
SEEDS = 2**32
FEWEST = 19  # relabellings: 1 / (1 + 19) is 0.05
# Of a run, whose rows are in memory; more are several runs, by --first_seed.
MOST_NETS, MOST_CHUNKS = 2**26, 100_000


parsers.define_number(
  'seeds', 'Nets for each setting.', kind=int, low=1, high=SEEDS
)
parsers.define_number(
  'first_seed', 'Seed of the first net; the others follow.', kind=int,
  high=SEEDS - 1,
)  # fmt: skip
parsers.define_number(
  'block_size',
  'Nets computed as one vector, a multiple of 16; bits repeat at one block size'
  ' only. Default: on a CPU 256, or what suits the task; else 8192.',
  kind=int, low=16, high=2**20,
)  # fmt: skip
parsers.define_number(
  'chunk_size', 'Nets written to disk at a time: what a killed run can lose.',
  kind=int, low=1, high=2**24,
)  # fmt: skip
flags.DEFINE_string(
  'out', None, 'Folder for what is written. Default of a study: runs/STUDY.'
)
flags.register_validator(
  'out', lambda out: out is None or out.strip(),
  'expected a folder, found no name',
)  # fmt: skip


class BadInputError(Exception):
  """Something the user gave that cannot be used: one line says what."""


def flagfiles(study: str) -> pathlib.Path:
  """Returns the folder of a study's flagfiles, in a clone or installed."""
  package = 'jaxrep.flagfiles' if __package__.startswith('jaxrep') else 'flags'
  return pathlib.Path(str(importlib.resources.files(package))) / study


def module(binary: str) -> str:
  """Returns a binary as `python -m` takes it, in a clone or installed."""
  return f'{__package__.rpartition(".")[0]}.{binary}'


def launch(
  name: str,
  run: Callable[..., None],
  *,
  defaults: str | pathlib.Path | None = None,
  words: Sequence[str] = (),
) -> None:
  """Parses the command line and runs a binary; errors become one line.

  Args:
    name: of the binary, in messages.
    run: unpacks flags and does the work; is given the words.
    defaults: a study. What its paper.flags says is the flags' default: the
      source's setting stands there and nowhere else. Of a study that lies
      elsewhere, the path of that file.
    words: what has to stand on the command line beside flags, in order.
  """

  def parse(argv: Sequence[str]) -> list[str]:
    try:
      if defaults:
        _set_defaults(_defaults_of(defaults))
      FLAGS.set_gnu_getopt(bool(words))  # flags may stand after words
      with contextlib.redirect_stderr(io.StringIO()) as said:
        rest = FLAGS([argv[0], *map(_find_flagfile, argv[1:])])
    except UnicodeDecodeError as error:
      _fail(name, f'--flagfile: expected text, found {error}', hint=True)
    except flags.Error as error:
      _fail(name, str(error).removeprefix('ERROR:: '), hint=True)
    except OSError as error:  # a flagfile that opens, but cannot be read
      _fail(name, f'--flagfile: expected a file that can be read, found'
            f' {error.strerror!r}', hint=True)  # fmt: skip
    except ValueError as error:  # of --noname=value, which absl leaves as it is
      _fail(name, str(error), hint=True)
    if circle := said.getvalue():  # absl would go on without that file
      path = circle.rpartition(': ')[2].strip()
      _fail(name, f'--flagfile={path}: expected one that does not include'
            ' itself, found that it does', hint=True)  # fmt: skip
    if len(rest) - 1 != len(words):
      found = ' '.join(map(repr, rest[1:])) or 'none'
      expected = ' and '.join(words) or 'flags only'
      _fail(name, f'expected {expected}, found {found}', hint=True)
    if FLAGS['verbosity'].using_default_value:
      FLAGS.verbosity = logging.WARNING  # absl would make it INFO, jax's too
    return rest

  def main(argv: Sequence[str]) -> None:
    try:
      _use_all_cores()
      run(*argv[1:])
      if sys.stdout:  # it may be closed
        sys.stdout.flush()
    except (BadInputError, records.RecordError) as error:
      _fail(name, str(error))
    except MemoryError as error:
      _fail(name, f'{_given()}: expected what fits into memory, found more'
            f' ({error})')  # fmt: skip
    except BrokenPipeError:  # who reads, like `| head`, has seen enough
      _drop_output()
    except OSError as error:
      _check_output(name)
      raise error
    except KeyboardInterrupt:
      signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is leaving
      how = '; the same command goes on from the last finished chunk'
      print(f'\n{name}: interrupted{how if defaults else ""}', file=sys.stderr)
      sys.exit(130)

  _show_flags_of(run.__module__)
  app.run(main, flags_parser=parse)


def deciding_flags(study: str | pathlib.Path, **resolved) -> dict[str, str]:
  """Returns every flag that decides the result, by name, as text.

  Args:
    study: whose paper.flags names them, or that file (see `launch`).
    **resolved: values that stand in for flags left at None.
  """
  names = records.parse_flags(_defaults_of(study).read_text())
  values = {name: FLAGS[name].value for name in names} | resolved
  return {name: parsers.as_text(value) for name, value in values.items()}


def blocks(
  cells: int | None = None, *, size: int | None = None
) -> seeds.Blocks:
  """Returns the layout asked for.

  Args:
    cells: where the default block size follows the net's, its hidden
      activations over all cases (`blocks.lay_out`).
    size: the default block size, where the study knows it.

  Raises:
    BadInputError: no such block size, or no devices of the kind that
      JAX_PLATFORMS asks for.
  """
  _check_devices()
  try:
    return seeds.lay_out(FLAGS.block_size or size, cells=cells)
  except ValueError as error:
    raise BadInputError(f'--block_size={FLAGS.block_size}: {error}') from None


def check_seeds() -> range:
  """Returns the seeds asked for.

  Raises:
    BadInputError: they run past what 32 bits hold, or make too many nets.
  """
  if FLAGS.first_seed + FLAGS.seeds > SEEDS:
    raise BadInputError(
      f'--first_seed={FLAGS.first_seed}: expected seeds below 2**32, found'
      f' {FLAGS.first_seed + FLAGS.seeds - 1:,} as the last of --seeds='
      f'{FLAGS.seeds}'
    )
  check_nets(FLAGS.seeds)
  return range(FLAGS.first_seed, FLAGS.first_seed + FLAGS.seeds)


def check_nets(each: int, found: str = '') -> None:
  """Sees to it that a run's nets are not too many, nor its chunks.

  Args:
    each: nets for each combination of what is a list.
    found: flags that say so; default: --seeds.

  Raises:
    BadInputError: they are.
  """
  lists = [
    FLAGS[name].value
    for name in FLAGS
    if getattr(FLAGS[name].parser, 'grid', False)
  ]
  settings = math.prod(len(v) for v in lists if isinstance(v, tuple))
  total, found = each * settings, found or f'--seeds={FLAGS.seeds}'
  if total > MOST_NETS:
    raise BadInputError(
      f'{found}: expected at most {MOST_NETS:,} nets in a run, found {total:,}'
      + (f' in {settings:,} settings' if settings > 1 else '')
    )
  if total > MOST_CHUNKS * FLAGS.chunk_size:
    raise BadInputError(
      f'--chunk_size={FLAGS.chunk_size}: expected at most {MOST_CHUNKS:,}'
      f' chunks, found {total:,} nets'
    )


def refuse_flags_of_studies() -> None:
  """Sees to it that no flag is given which only a study takes.

  Raises:
    BadInputError: one is.
  """
  for flag in FLAGS.flags_by_module_dict()[__name__]:
    if flag.present and flag.name != 'out':
      raise BadInputError(
        f'--{flag.name}: expected no flags of a study, found one'
      )


def check_permutations() -> None:
  """Sees to it that --permutations are none, or enough to find anything.

  Raises:
    BadInputError: they are too few.
  """
  if 0 < FLAGS.permutations < FEWEST:
    raise BadInputError(
      f'--permutations={FLAGS.permutations}: expected 0 or at least {FEWEST},'
      ' as fewer never give p = 0.05'
    )


def _defaults_of(study: str | pathlib.Path) -> pathlib.Path:
  """Returns the file with a study's defaults: its paper.flags, or a user's."""
  if isinstance(study, pathlib.Path):
    return study
  return flagfiles(study) / 'paper.flags'


def _set_defaults(paper: pathlib.Path) -> None:
  for name, value in records.parse_flags(paper.read_text()).items():
    FLAGS.set_default(name, value)


def _find_flagfile(argument: str) -> str:
  """Lets `--flagfile=flags/..` be found where only the package is installed."""
  option, given, path = argument.partition('=')
  if option.lstrip('-') != 'flagfile' or not given:
    return argument
  if not path:
    raise flags.Error('flag --flagfile=: expected a file, found no name')
  if path.startswith('flags/') and not os.path.exists(path):
    return f'{option}={flagfiles(path.removeprefix("flags/"))}'
  return argument


def _show_flags_of(module: str) -> None:
  """Makes --helpshort show a binary that a console script imports."""
  for flag in FLAGS.get_key_flags_for_module(module):
    FLAGS.register_key_flag_for_module(sys.argv[0], flag)
  sys.modules['__main__'].__doc__ = sys.modules[module].__doc__


def _given() -> str:
  """Returns the flags of the command line."""
  return ' '.join(sys.argv[1:]) or 'without flags'


def _use_all_cores() -> None:
  """Gives XLA one CPU device a core: a block then stays in a core's cache.

  There are CPU devices whatever JAX_PLATFORMS asks for: certificates need them
  (`trials.certify`).
  """
  if jax.config.jax_num_cpu_devices < 1:
    jax.config.update('jax_num_cpu_devices', writing.cores())
  asked = jax.config.jax_platforms
  if asked and 'cpu' not in asked.split(','):
    jax.config.update('jax_platforms', f'{asked},cpu')


def _check_devices() -> None:
  """Sees to it that JAX has the devices asked for; this starts its backends.

  Raises:
    BadInputError: it has not.
  """
  names = 'JAX_PLATFORMS', 'JAX_PLATFORM_NAME'
  given = ' '.join(f'{n}={os.environ[n]}' for n in names if os.environ.get(n))
  asked = os.environ.get('JAX_PLATFORMS', '')
  try:
    found = jax.local_devices()[0].platform
  except RuntimeError as error:
    raise BadInputError(f'{given or "JAX"}: {error}') from None
  if asked and found == 'cpu' and 'cpu' not in asked.split(','):
    raise BadInputError(
      f'{given}: expected such a device, found none but the CPU'
    )


def _check_output(name: str) -> None:
  """Leaves with one line if what was printed cannot be written: a full disk."""
  try:
    print(flush=True)
  except OSError as error:
    _drop_output()
    _fail(name, f'standard output: {error.strerror}')


def _drop_output() -> None:
  """Lets what is still to be printed go nowhere, so that leaving is quiet."""
  os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(name: str, message: str, *, hint: bool = False) -> None:
  print(f'{name}: {" ".join(message.split())}', file=sys.stderr)
  if hint:
    print('Pass --helpshort to see the flags.', file=sys.stderr)
  sys.exit(1)

"""Damaged files: each is used or told in one line, and nothing in it is run.

Flagfiles, tables, digits, and records to be drawn again, gone on with or shown:
what a user may hand over, altered at random.
"""

import contextlib
import functools
import gzip
import os
import pathlib
import random
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxrep import records
from jaxrep.tasks import mnist
from tests import binaries, samples
from tests.binaries import Ended
from tests.faults import flags, spoilt

# How often a binary is asked, beside once each of the others.
WEIGHTS = {'show': 2, 'symmetry': 3}
RECORD = 'record'
PATIENCE = 120
LABELS = b'in1,in2,out1\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n'
VECTORS = b'v1,v2\n0,1\n1,0\n0.5,0.25\n'
FLAGFILE = b"""# mine
--bits=4
--learning_rate=0.1,0.5
--seeds=3
--coding=bipolar
--nozero_error_band
"""
# A run that takes seconds.
COMMAND = (
  '--bits=2', '--hidden=1', '--learning_rate=0.5', '--seeds=4', '--sweeps=60',
  '--after=5', '--block_size=16', '--chunk_size=2', f'--out={RECORD}',
)  # fmt: skip


class Case(NamedTuple):
  """A file to alter, and a command that reads it.

  Attributes:
    path: of the file, in the folder.
    spoil: alters its bytes.
    binary: that reads it; None: the library does, in a process of its own.
    words: its flags.
    dry: whether it only says what it would run.
    kept: files of a record that are there afterwards as they were, or whole.
    out: where it may write.
  """

  path: str
  spoil: Callable[[random.Random, bytes], bytes]
  binary: str
  words: tuple[str, ...]
  dry: bool = True
  kept: tuple[str, ...] = ()
  out: str | None = None


def idx(array: np.ndarray, magic: int) -> bytes:
  """Returns the bytes of an IDX file: magic number, shape, then values."""
  header = struct.pack(f'>{1 + array.ndim}I', magic, *array.shape)
  return header + array.astype(np.uint8).tobytes()


def write_digits(folder: pathlib.Path) -> None:
  """Leaves four small files like those of MNIST, two of them zipped."""
  folder.mkdir()
  generator = np.random.default_rng(0)
  for part, name in mnist.FILES.items():
    count = 5 if part.startswith('train') else 2
    if part.endswith('images'):
      content = idx(generator.integers(256, size=(count, 3, 3)), 2051)
    else:
      content = idx(generator.integers(10, size=count), 2049)
    if part.startswith('train'):
      (folder / f'{name}.gz').write_bytes(gzip.compress(content))
    else:
      (folder / name).write_bytes(content)


def misplace(rng: random.Random, path: pathlib.Path) -> None:
  """Puts a folder, a link or nothing in the place of a file."""
  path.unlink()
  rng.choice(
    [
      lambda: None,
      path.mkdir,
      lambda: path.symlink_to('nowhere'),
      lambda: path.symlink_to(path.name),
      lambda: path.symlink_to('.'),
      lambda: path.symlink_to('/dev/null'),
      lambda: path.symlink_to('/proc/self/mem'),
    ]
  )()


def tree(folder: pathlib.Path) -> dict[str, object]:
  """Returns all that a folder holds: content, None for a folder, or a link."""
  found = {}
  for way, folders, files in os.walk(folder):
    for name in (*folders, *files):
      path = pathlib.Path(way) / name
      said = str(path.relative_to(folder))
      if path.is_symlink():
        found[said] = f'-> {os.readlink(path)}'
      else:
        found[said] = None if path.is_dir() else path.read_bytes()
  return found


def check(
  case: Case,
  ended: Ended,
  good: Mapping[str, object],
  before: Mapping[str, object],
  after: Mapping[str, object],
) -> str | None:
  """Returns what is wrong with how a binary met a damaged file, or None.

  Args:
    case: the file, and who reads it.
    ended: how.
    good: what lay there before the file was altered, `tree`.
    before: what lay there when the binary began.
    after: what lies there now.
  """
  lines = [line for line in ended.err.splitlines() if line != flags.HINT]
  if any(pathlib.PurePath(path).name == spoilt.MARKER for path in after):
    return 'code in it was run'
  if 'Traceback' in ended.err + ended.out:
    return f'a traceback: {lines[-1] if lines else ""}'
  if ended.code not in (0, 1):
    return f'exit code {ended.code}'
  if not ended.code and 'Warning' in ended.err:
    return f'it runs, but says {ended.err[:300]!r}'
  if ended.code:
    if not (len(lines) == 1 and lines[0].startswith(f'{case.binary}: ')):
      return f'expected one line of {case.binary}, found {ended.err[:300]!r}'
    place = case.path.partition('/')[0]
    if place not in lines[0] and not flags.names(lines[0], case.words, ()):
      return f'no file is named in {lines[0][:300]!r}'
  finished = isinstance(before.get(f'{RECORD}/{records.SUMMARY}'), bytes)
  for path in sorted(before.keys() | after.keys()):
    now = after.get(path, b'?')
    if path.endswith(records.MACHINE) and not finished:
      fine = isinstance(now, bytes)  # the run was made again, and cost anew
    elif path in case.kept:
      fine = now in (good.get(path, b'?'), before.get(path, b'?'))
    elif case.out and (path + '/').startswith(case.out + '/'):
      fine = not pathlib.PurePath(path).name.endswith('.tmp')
    else:
      fine = path in before and now == before[path]
    if not fine:
      return f'{path} is altered, or where it should not be'
  return None


def cases(rng: random.Random, folder: pathlib.Path) -> list[Case]:
  """Returns what may be altered in a folder of `places`."""
  tables = [
    Case('mine.csv', spoilt.lines_spoilt, name, words)
    for name, words in (
      ('boolean', ('--task=mine.csv', '--hidden=2')),
      ('basins', ('--task=mine.csv', '--hidden=2', '--pixels=4',
                  '--outcome_pixels=2')),
    )
  ]  # fmt: skip
  tables.append(
    Case(
      'vectors.csv', spoilt.lines_spoilt, 'recirculation',
      ('--vectors=vectors.csv', '--visible=2', '--hidden=1'),
    )
  )  # fmt: skip
  digits = [
    Case(
      f'images/{path.name}', spoilt.digits_spoilt, 'localization',
      ('--data_dir=images',),
    )
    for path in sorted((folder / 'images').iterdir())
  ]  # fmt: skip
  kept = tuple(
    f'{RECORD}/{name}'
    for name in (
      records.FLAGS, records.TABLE, records.ARRAYS, records.SUMMARY,
      records.MACHINE,
    )
  )  # fmt: skip
  spoilers = (
    spoilt.lines_spoilt,
    spoilt.lines_spoilt,
    spoilt.arrays_spoilt,
    spoilt.json_spoilt,
    spoilt.json_spoilt,
  )
  shown, again = [], []
  for path, spoil in zip(kept, spoilers, strict=True):
    if (folder / path).exists():
      movie = ('--movie',) if rng.random() < 0.02 else ()
      net = rng.choice(('--net=worst', '--net=0', '--net=median'))
      shown.append(
        Case(
          path, spoil, 'show',
          (f'--record={RECORD}', '--out=pictures', net, *movie),
          False, kept, 'pictures',
        )
      )  # fmt: skip
      if path != kept[0] or rng.random() < 0.5:
        again.append(
          Case(path, spoil, 'symmetry', COMMAND, False, kept, RECORD)
        )
  flagfile = Case(
    'my.flags', spoilt.lines_spoilt, 'symmetry', ('--flagfile=my.flags',)
  )
  return [flagfile, *tables, rng.choice(digits), *shown, *again]


@contextlib.contextmanager
def places(record: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields a folder with what may be handed over, and a copy of a record."""
  with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / 'mine.csv').write_bytes(LABELS)
    (folder / 'vectors.csv').write_bytes(VECTORS)
    (folder / 'my.flags').write_bytes(FLAGFILE)
    write_digits(folder / 'images')
    shutil.copytree(record, folder / RECORD)
    yield folder


def try_one(
  rng: random.Random,
  case: Case,
  folder: pathlib.Path,
  run: Callable[..., Ended],
) -> tuple[Ended, str | None]:
  """Returns how a binary ends on a file that is altered, and the complaint.

  Args:
    rng: decides how.
    case: the file, and who reads it.
    folder: it lies in.
    run: `(name, *words, cwd, dry, patience) -> Ended`.
  """
  good, path = tree(folder), folder / case.path
  if rng.random() < 0.07:
    misplace(rng, path)
  else:
    path.write_bytes(case.spoil(rng, path.read_bytes()))
  before = tree(folder)
  ended = run(
    case.binary, *case.words, cwd=folder, dry=case.dry, patience=PATIENCE
  )
  return ended, check(case, ended, good, before, tree(folder))


def read_digits(rng: random.Random) -> str | None:
  """Returns what is wrong with how the library meets altered digits, or None.

  No binary gets so far with digits that are not MNIST's.
  """
  with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name) / 'images'
    write_digits(folder)
    path = rng.choice(sorted(folder.iterdir()))
    path.write_bytes(spoilt.digits_spoilt(rng, path.read_bytes()))
    before = tree(folder)
    try:
      mnist.load(folder, mirrors=(), sums=None)
    except mnist.DataError as error:
      if str(folder) not in str(error) or '\n' in str(error):
        return f'no file is named in {str(error)[:300]!r}'
    except Exception as error:
      return f'a traceback: {error!r}'
    return None if tree(folder) == before else 'something is altered'


def campaign(
  rng: random.Random,
  count: int,
  environment: Mapping[str, str],
  say: Callable[[str], object] = print,
  only: Sequence[str] = (),
  servers: Callable[[str], binaries.Binary] | None = None,
) -> dict:
  """Returns counts: `tried`, `ran`, `refused`, `complaints`.

  Args:
    rng: decides.
    count: of altered files.
    environment: of processes.
    say: is told each complaint as it is found.
    only: binaries, by name; (): all.
    servers: returns a binary that is imported, by name; None: import it.
  """
  counts = {'tried': 0, 'ran': 0, 'refused': 0, 'complaints': []}

  def note(where, code, complaint):
    counts['tried'] += 1
    counts['refused' if code else 'ran'] += 1
    if complaint:
      counts['complaints'].append(f'{where}: {complaint}')
      say(counts['complaints'][-1])

  with contextlib.ExitStack() as stack:
    home = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
    compiled = {
      'JAX_COMPILATION_CACHE_DIR': str(home / 'compiled'),
      'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0',
      'JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES': '-1',
    }
    sealed = flags.sealed({**compiled, **environment})

    @functools.cache
    def started(name):
      module = f'experiments.{name}'
      server = binaries.Binary(module, sealed, memory=flags.MEMORY)
      return stack.enter_context(server)

    def run(name, *words, **how):
      return (servers or started)(name)(*words, **how)

    made = home / 'made'
    made.mkdir()
    if not only or {'symmetry', 'show'} <= set(only):
      ended = run('symmetry', *COMMAND, cwd=made)
      if ended.code or ended.err:
        raise RuntimeError(f'expected a record, found {ended.err}')
    else:
      samples.run(made / RECORD)
    while counts['tried'] < count:
      if rng.random() < 0.15:
        complaint = read_digits(rng)
        note('digits', 1, complaint)
        continue
      with places(made / RECORD) as folder:
        some = cases(rng, folder)
        names = sorted({c.binary for c in some if not only or c.binary in only})
        [name] = rng.choices(names, [WEIGHTS.get(n, 1) for n in names])
        case = rng.choice([c for c in some if c.binary == name])
        ended, complaint = try_one(rng, case, folder, run)
      note(f'{case.binary} {case.path}', ended.code, complaint)
  return counts

"""A storage that fails in the middle of a run, or is meddled with."""

import builtins
import errno
import fcntl
import io
import json
import os
import pathlib
import random
import shutil
import tempfile
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jaxrep import writing
from tests import samples
from tests.binaries import ROOT, Binary, Ended
from tests.faults.kills import Study

# Calls that fail, with the number of those that an undisturbed run of the toy
# makes at least.
CALLS = {
  'open': 40, 'write': 40, 'fsync': 28, 'replace': 28, 'mkdir': 5, 'flock': 4,
  'unlink': 15,
}  # fmt: skip
# What somebody does to a folder while a run is at work there.
ACTS = (
  'read_only', 'gone', 'no_chunks', 'truncated', 'flipped', 'foreign',
  'renamed', 'unlocked',
)  # fmt: skip
KINDS = (*CALLS, *ACTS, 'output')
ERRORS = errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT


class Fault(NamedTuple):
  """What goes wrong.

  Attributes:
    kind: one of `KINDS`.
    at: at which call, from 0; what is done to the folder, after which file.
    error: of the call.
    lasts: whether later calls fail, too.
    chosen: which chunk is meddled with, and where.
  """

  kind: str
  at: int
  error: int = errno.ENOSPC
  lasts: bool = False
  chosen: int = 0


def draw(rng: random.Random, kind: str | None = None) -> Fault:
  """Returns a fault, of a kind or of any."""
  kind = kind or rng.choice(KINDS)
  return Fault(
    kind,
    rng.randrange(CALLS.get(kind, CALLS['replace'] - 8)),
    errno.ENOLCK if kind == 'flock' else rng.choice(ERRORS),
    rng.random() < 0.5,
    rng.randrange(2**20),
  )


class Storage:
  """A folder whose storage fails, for the process that this is made in."""

  def __init__(self, folder: str, told: str, fault: Fault):
    """Patches what opens, writes, syncs, renames, locks and removes files.

    Args:
      folder: the only place where anything fails.
      told: a file that is there when something did.
      fault: what.
    """
    self.folder, self.fault = pathlib.Path(folder), fault
    self._told, self._seen, self._acts = told, dict.fromkeys(CALLS, 0), 0
    self._read_only = False
    self._open = builtins.open
    builtins.open = io.open = self.open
    os.fsync = self._failing('fsync', os.fsync, self._of_file)
    os.mkdir = self._failing('mkdir', os.mkdir)
    os.unlink = self._failing('unlink', os.unlink)
    fcntl.flock = self._failing('flock', fcntl.flock, lambda f: f.name)
    os.replace = self._failing('replace', os.replace)
    self._replace, os.replace = os.replace, self.replace
    if fault.kind == 'output':
      os.dup2(os.open('/dev/full', os.O_WRONLY), 1)
      self.tell()

  def tell(self) -> None:
    """Says that something went wrong."""
    with self._open(self._told, 'a'):
      pass

  def check(self, call: str, path) -> None:
    """Fails, if it is time to."""
    if not pathlib.Path(path).is_relative_to(self.folder):
      return
    if self._read_only:
      raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    k, self._seen[call] = self._seen[call], self._seen[call] + 1
    fault = self.fault
    if call == fault.kind and (k == fault.at or fault.lasts and k > fault.at):
      self.tell()
      raise OSError(fault.error, os.strerror(fault.error), str(path))

  def open(self, path, mode='r', *args, **kwargs):
    """Stands in for `open`."""
    ours = not isinstance(path, int) and pathlib.Path(path).is_relative_to(
      self.folder
    )
    if not ours or not set(mode) & set('wax+'):
      return self._open(path, mode, *args, **kwargs)
    self.check('open', path)
    if 'b' not in mode:
      return self._open(path, mode, *args, **kwargs)
    return io.BufferedWriter(_File(self, path, mode))

  def replace(self, source, target) -> None:
    """Stands in for `os.replace`."""
    self._replace(source, target)
    if self.fault.kind in ACTS and self._acts == self.fault.at:
      if not meddle(self):
        return  # there was nothing to meddle with; after the next file
      self.tell()
    self._acts += 1

  def forbid(self) -> None:
    """Makes the folder read-only; for root, for whom no folder is, by hand."""
    if os.geteuid():
      for path in (*self.folder.rglob('*'), self.folder):
        if path.is_dir():
          path.chmod(0o500)
    else:
      self._read_only = True

  def _failing(self, call, function, path_of=lambda path: path):
    def failing(first, *args, **kwargs):
      self.check(call, path_of(first))
      return function(first, *args, **kwargs)

    return failing

  def _of_file(self, descriptor) -> str:
    return os.readlink(f'/proc/self/fd/{descriptor}')


class _File(io.FileIO):
  """A file of which the storage may take only half of what is written."""

  def __init__(self, storage, path, mode):
    super().__init__(path, mode.replace('b', ''))
    self._storage = storage

  def write(self, data):
    try:
      self._storage.check('write', self.name)
    except OSError:
      super().write(bytes(data)[: len(data) // 2])
      raise
    return super().write(data)


def meddle(storage: Storage) -> bool:
  """Does to a folder what its fault says; returns whether it could."""
  folder, fault = storage.folder, storage.fault
  chunks = sorted((folder / 'chunks').glob('*.npz'))
  if fault.kind == 'read_only':
    storage.forbid()
  elif fault.kind == 'gone':
    shutil.rmtree(folder)
  elif fault.kind == 'unlocked':
    for path in folder.glob('.jaxrep*'):
      path.unlink()
  elif not chunks:
    return False
  elif fault.kind == 'no_chunks':
    shutil.rmtree(folder / 'chunks')
  else:
    spoil(chunks[fault.chosen % len(chunks)], fault.kind, fault.chosen)
  return True


def spoil(path: pathlib.Path, how: str, chosen: int) -> None:
  """Damages a chunk: `truncated`, `flipped`, `foreign` or `renamed`."""
  data = path.read_bytes()
  name = path.name.partition('.')[0]
  if how == 'truncated':
    path.write_bytes(data[: chosen % len(data)])
  elif how == 'flipped':
    spoilt = bytearray(data)
    spoilt[chosen % len(data)] ^= 1 << chosen % 8
    path.write_bytes(spoilt)
  elif how == 'renamed':
    path.rename(path.with_name(f'{name}x.{path.name.partition(".")[2]}'))
  else:  # whole, and of the same nets, but from a run of other flags
    with np.load(io.BytesIO(data)) as archive:
      arrays = dict(archive)
    facts = json.loads(str(arrays['facts'])) | {'made_for': 'others'}
    arrays |= {'facts': np.array(json.dumps(facts)), 'seed': arrays['seed'] + 1}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    path.unlink()
    other = writing._chunk_file(name, buffer.getvalue())
    (path.parent / other).write_bytes(buffer.getvalue())


def begin(folder: str, told: str, fault: list) -> None:
  """Begins: called in the fork that is to fail."""
  Storage(folder, told, Fault(*fault))


class Failed(NamedTuple):
  """What came of a fault.

  Attributes:
    hit: whether it came to it.
    ended: how the run ended.
    complaint: what is wrong with that, or with what it left; None: nothing.
  """

  hit: bool
  ended: Ended
  complaint: str | None


def injected(
  binary: Binary, study: Study, good: pathlib.Path, fault: Fault
) -> Failed:
  """Returns what comes of a fault in a run, and of going on after it.

  Args:
    binary: the study's.
    study: what to run.
    good: what an undisturbed run left.
    fault: what goes wrong.
  """
  with tempfile.TemporaryDirectory() as name:
    home = pathlib.Path(name).resolve()
    (home / 'thesis.tex').write_text('years of work')
    folder, told = home / study.name, home / 'told'
    flags = *study.flags, f'--out={folder}'
    arguments = {'folder': str(folder), 'told': str(told), 'fault': list(fault)}
    failed = binary(*flags, cwd=ROOT, first=(__name__, 'begin', arguments))
    for path in (folder, *folder.rglob('*')):
      if path.is_dir():
        path.chmod(0o755)
    hit = told.exists()
    told.unlink(missing_ok=True)
    complaint = _told(study, folder, fault, failed) or _left(folder, fault)
    if not failed.code and not complaint:
      complaint = _altered(folder, good, 'it says that all is well')
    again = binary(*flags, cwd=ROOT)
    complaint = complaint or _repaired(again) or _altered(folder, good, 'after')
    (folder / '..' / 'thesis.tex').read_text()
    strays = {path.name for path in home.iterdir()} - {folder.name}
    if strays != {'thesis.tex'}:
      complaint = f'{strays} beside the folder'
    return Failed(
      hit, failed, complaint and f'{study.name}, {fault}: {complaint}'
    )


def _told(study, folder, fault, ended) -> str | None:
  """Returns what is wrong with what a run said of its failure."""
  lines = ended.err.splitlines()
  if ended.code not in (0, 1) or 'Traceback' in ended.err:
    return f'exit code {ended.code}, {ended.err[-400:]!r}'
  if not ended.code:
    quiet = not lines or all('computing it again' in line for line in lines)
    return None if quiet else f'it runs, but says {ended.err!r}'
  if len(lines) != 1 or not lines[0].startswith(f'{study.name}: '):
    return f'expected one line, found {ended.err!r}'
  where = 'standard output' if fault.kind == 'output' else str(folder)
  return None if where in lines[0] else f'{lines[0]!r} names no {where}'


def _left(folder, fault) -> str | None:
  """Returns what is left that should not be, where the disk lets it go."""
  if fault.kind in ('unlink', 'read_only'):
    return None
  odd = sorted(p.name for p in folder.rglob('.*'))
  if fault.kind == 'flock':  # who could not lock the door's file leaves it
    odd = [name for name in odd if name != '.jaxrep.lock']
  return f'{odd[0]} is left' if odd else None


def _repaired(ended) -> str | None:
  fine = not ended.code and all(
    'computing it again' in line for line in ended.err.splitlines()
  )
  return None if fine else f'started again, it ends with {ended}'


def _altered(folder, good, when) -> str | None:
  differ = samples.differing(folder, good)
  return f'{when}: {", ".join(differ)} differ' if differ else None


def campaign(
  rng: random.Random,
  count: int,
  binary: Binary,
  study: Study,
  good: pathlib.Path,
  say: Callable[[str], object] = print,
) -> dict:
  """Returns counts: `faults`, `told` of them in one line, and `complaints`.

  Args:
    rng: decides.
    count: runs, each with one fault.
    binary: the study's.
    study: what to run.
    good: what an undisturbed run left.
    say: is told each complaint as it is found.
  """
  counts = {'faults': 0, 'told': 0, 'complaints': []}
  for _ in range(count):
    failed = injected(binary, study, good, draw(rng))
    counts['faults'] += failed.hit
    counts['told'] += failed.hit and failed.ended.code == 1
    if failed.complaint:
      counts['complaints'].append(failed.complaint)
      say(failed.complaint)
  return counts

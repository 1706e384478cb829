"""Writes a record piece by piece, so that a run that is killed loses little.

Everything is written to a temporary name beside its place, synced and renamed.
While a run is under way, finished chunks of nets lie in `chunks/`, each named
by the hash of its content, so that one that was cut short or altered is found
out before it is used.
"""

import contextlib
import csv
import functools
import hashlib
import io
import itertools
import json
import os
import pathlib
import platform
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxrep import locks, records
from jaxrep.locks import Share
from jaxrep.records import Arrays, RecordError, naming

_CHUNKS, _FACTS, _MAKER = 'chunks', 'facts', 'made_by.txt'


class _Chunk(NamedTuple):
  """A chunk that is on disk, and good."""

  path: pathlib.Path
  facts: Mapping[str, Any]


class LateError(Exception):
  """All was done before this share came: one line for the user."""


class Writer:
  """A record under way. A context manager, which holds a share meanwhile."""

  def __init__(
    self, folder: str | os.PathLike, flags: str, share: Share = locks.WHOLE
  ):
    """Names the folder, which is made when entered.

    Args:
      folder: of the record.
      flags: the text of its run.flags.
      share: of the chunks, that this process writes.
    """
    self.folder = pathlib.Path(folder)
    self.share = share
    self._flags = flags
    self._made_for = _digest(repr(sorted(records.parse_flags(flags).items())))
    self._locks = locks.Locks(self.folder, share)
    self._exit = contextlib.ExitStack()
    self._good: dict[str, _Chunk] = {}

  def __enter__(self) -> 'Writer':
    """Opens the folder.

    Raises:
      RecordError: it is a file, cannot be written, is in use by another
        process, or holds a record of other flags.
      LateError: another process puts the record together at this moment.
    """
    with self._exit:
      with naming(self.folder, '--out='):
        if self.folder.is_file():
          raise ValueError('expected a folder, found a file')
        ways = (self.folder, *self.folder.parents)
        missing = [path for path in ways if not path.exists()]
        self._exit.callback(_remove_empty, missing)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._check_flags()  # who is refused holds no share, not for a moment
        self._take_share()
      self._exit = self._exit.pop_all()
    return self

  def __exit__(self, *error) -> None:
    self._exit.close()

  def _take_share(self) -> None:
    try:
      self._exit.enter_context(self._locks)
    except locks.InUseError as error:
      if error.taken:
        raise LateError(
          f'{self.folder}: all chunks are there; another process puts the'
          ' record together.'
        ) from None
      where = '' if error.share == locks.WHOLE else f' its share {error}'
      raise RecordError(
        f'--out={self.folder}: another process is writing there{where}'
      ) from None

  def _check_flags(self) -> None:
    path = self.folder / records.FLAGS
    files = {file.name for file in self.folder.iterdir()}
    if path.name not in files:
      if not all(locks.is_ours(f) or _is_temporary(f) for f in files):
        raise RecordError(
          f'--out={self.folder}: expected an empty folder or a record, found'
          f' files and no {records.FLAGS}'
        )
      return
    with naming(path):
      text = path.read_text()
    old, new = records.parse_flags(text), records.parse_flags(self._flags)
    names = sorted(old.keys() | new.keys())
    differ = [name for name in names if old.get(name) != new.get(name)]
    header, expected = (t.partition('\n')[0] for t in (text, self._flags))
    if header != expected:
      found = f'one of {header!r}'
    elif differ:
      found = ', not '.join(_said(flags, differ[0]) for flags in (old, new))
    else:
      return
    raise RecordError(
      f'--out={self.folder}: expected an empty folder or a record of the same'
      f' flags, found {found}'
    )

  @property
  def finished(self) -> bool:
    """Whether the record is complete."""
    return (self.folder / records.SUMMARY).is_file()

  def begin(self) -> None:
    """Writes run.flags: from here on the folder is this run's.

    Raises:
      RecordError: by now it is that of a run of other flags, it cannot be
        written, or its chunks come from another version of jax or another kind
        of processor, so that they would not fit.
    """
    with naming(self.folder, '--out='), self._locks.door():
      self._check_flags()
      if not (self.folder / records.FLAGS).exists():
        self.write_text(records.FLAGS, self._flags)
      path = self.folder / _CHUNKS / _MAKER
      with naming(path.parent):
        path.parent.mkdir(exist_ok=True)
      with naming(path):
        made_by = path.read_text() if path.exists() else ''
      if not made_by:
        self.write_text(f'{_CHUNKS}/{_MAKER}', _maker())
      elif made_by != _maker():
        self._refuse(path.parent, made_by)

  def check_chunks(self, names: Sequence[str]) -> tuple[set[str], list[str]]:
    """Returns which chunks are there, and complaints of those that are no good.

    One that is damaged, or from a run of other flags, is removed.

    Raises:
      RecordError: one is good, but from another version of jax or another kind
        of processor.
    """
    listed, complaints = self._listed(), []
    for name in names:
      self._good.pop(name, None)
      for path in listed.get(name, []):
        again = 'there twice' if name in self._good else ''
        reason = again or self._fault(name, path)
        if reason:
          complaints.append(f'{path}: {reason}')
          self._check_place()
          with naming(path):
            path.unlink()
    return self._good.keys() & set(names), complaints

  def _listed(self) -> dict[str, list[pathlib.Path]]:
    """Returns the files of chunks by name, as they lie there now."""
    found: dict[str, list[pathlib.Path]] = {}
    for path in sorted((self.folder / _CHUNKS).glob('*.npz')):
      name = path.stem.rpartition('.')[0]
      found.setdefault(name, []).append(path)
    return found

  def _fault(self, name: str, path: pathlib.Path) -> str:
    """Returns what is wrong with the file of a chunk; '': it is good."""
    with naming(path):
      data = path.read_bytes()
      if path.name != _chunk_file(name, data):
        return 'damaged (its hash differs); computing it again'
      with np.load(io.BytesIO(data)) as arrays:
        facts = json.loads(str(arrays[_FACTS]))
    if facts['made_for'] != self._made_for:
      return 'from a run of other flags; computing it again'
    if facts['made_by'] != _maker():
      self._refuse(path, facts['made_by'])
    self._good[name] = _Chunk(path, facts)
    return ''

  def _refuse(self, path: pathlib.Path, made_by: str) -> None:
    raise RecordError(
      f'{path}: expected what was made by {_maker()}, found that by {made_by}'
    )

  def write_chunk(self, name: str, arrays: Arrays, facts: Mapping) -> None:
    """Writes a finished chunk, `[S, ...]` each, and facts that are JSON."""
    buffer = io.BytesIO()
    facts = {'made_by': _maker(), 'made_for': self._made_for, **facts}
    np.savez(buffer, **{_FACTS: np.array(json.dumps(facts))}, **arrays)
    data = buffer.getvalue()
    file = f'{_CHUNKS}/{_chunk_file(name, data)}'
    self.write_bytes(file, data)
    self._good[name] = _Chunk(self.folder / file, facts)

  def facts(self, chunk: str) -> dict[str, Any]:
    """Returns the facts that were written with a chunk."""
    return dict(self._good[chunk].facts)

  def read(self, chunk: str, array: str) -> np.ndarray:
    """Returns one array of a chunk."""
    with self._open(chunk) as arrays:
      return arrays[array]

  def merge(
    self, parts: Mapping[str, Sequence[str]], constants: Mapping[str, Arrays]
  ) -> None:
    """Writes nets.npz and nets.csv, with one array of one chunk in memory.

    Args:
      parts: the names of each part's chunks, in order.
      constants: by part, the arrays that are the same for all its nets.
    """
    constants = {
      part: {**arrays, records.CONSTANTS: np.array(list(arrays), str)}
      for part, arrays in constants.items()
    }
    self._write(
      records.ARRAYS, lambda file: self._write_arrays(file, parts, constants)
    )
    self._write(
      records.TABLE, lambda file: self._write_table(file, parts, constants)
    )

  def take_whole(self, chunks: Sequence[str]) -> tuple[bool, list[str]]:
    """Returns whether the record is this process's alone, and what it lacks.

    It is if no other process is here, and all chunks, or a finished record.
    Then nobody can begin; else this process has let go of its share.

    Args:
      chunks: names of all.
    """
    lacking = []

    def ready():
      self._check_place()
      if not self.finished:
        there = self._listed()
        lacking.extend(name for name in chunks if name not in there)
      return not lacking

    with naming(self.folder, '--out='):
      return self._locks.take_whole(ready), lacking

  def drop_chunks(self) -> None:
    """Removes the chunks of a record that is complete, and what kills left.

    Only when others are kept out (`take_whole`).
    """
    self._check_place()
    shutil.rmtree(self.folder / _CHUNKS, ignore_errors=True)
    for path in (*self.folder.glob('.*.tmp'), *self.folder.glob('*/.*.tmp')):
      if _is_temporary(path.name) and not self._is_record(path.parent):
        with contextlib.suppress(OSError):
          path.unlink()

  def _is_record(self, folder: pathlib.Path) -> bool:
    """Returns whether another record lies in this one's folder."""
    return folder != self.folder and (folder / records.FLAGS).exists()

  def write_machine(self, facts: Mapping[str, Any]) -> None:
    """Keeps what the share ran on and what it cost, until the merge."""
    self.write_json(f'{_CHUNKS}/machine-{self.share.label}.json', facts)

  def machines(self) -> dict[str, Any]:
    """Returns what was so kept, by share."""
    found = {}
    for path in sorted((self.folder / _CHUNKS).glob('machine-*.json')):
      with naming(path):
        share = path.stem.removeprefix('machine-').replace('-of-', '/')
        found[share] = json.loads(path.read_text())
    return found

  def write_json(self, name: str, value: Any) -> None:
    """Writes a JSON file; NaN is refused, not written."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    self.write_text(name, text + '\n')

  def write_text(self, name: str, text: str) -> None:
    """Writes a text file."""
    self.write_bytes(name, text.encode())

  def write_bytes(self, name: str, data: bytes) -> None:
    """Writes a file, in a subfolder if its name says so."""
    self._write(name, lambda file: file.write(data))

  def _write(self, name: str, write: Callable) -> None:
    path = self.folder / name
    temporary = path.with_name(f'.{path.name}.{self.share.label}.tmp')
    self._check_place()
    with naming(path):
      path.parent.mkdir(exist_ok=True)
      if path.parent != self.folder and path.parent.is_symlink():
        raise ValueError(f'expected {path.parent} to be a folder, found a link')
      try:
        with open(temporary, 'wb') as file:
          write(file)
          file.flush()
          os.fsync(file.fileno())
        self._check_place()
        os.replace(temporary, path)
      finally:
        temporary.unlink(missing_ok=True)

  def _check_place(self) -> None:
    if self._locks.gone:
      raise RecordError(
        f'--out={self.folder}: expected the folder as it was, found that it, or'
        ' the lock in it, was removed or moved meanwhile'
      )

  @contextlib.contextmanager
  def _open(self, chunk: str) -> Iterator[Mapping[str, np.ndarray]]:
    path = self._good[chunk].path
    with naming(path), np.load(path) as arrays:
      yield arrays

  def _write_arrays(self, file, parts, constants) -> None:
    with zipfile.ZipFile(file, 'w', allowZip64=True) as archive:
      for part, chunks in parts.items():
        with self._open(chunks[0]) as arrays:
          names = [name for name in arrays.files if name != _FACTS]
        total = sum(len(self.read(chunk, 'seed')) for chunk in chunks)
        for name in names:
          pieces = (self.read(chunk, name) for chunk in chunks)
          _write_array(archive, f'{part}/{name}', total, pieces)
        for name, array in constants[part].items():
          _write_array(archive, f'{part}/{name}', len(array), [array])

  def _write_table(self, file, parts, constants) -> None:
    text = io.TextIOWrapper(file, encoding='utf-8', newline='')
    lines = csv.writer(text, lineterminator='\n')

    def table(part, chunk):
      with self._open(chunk) as opened:
        arrays = {n: opened[n] for n in opened.files if n != _FACTS}
      return records.part_table(part, arrays | constants[part])

    header = dict.fromkeys(
      name for part, chunks in parts.items() for name in table(part, chunks[0])
    )
    lines.writerow(header)
    for part, chunks in parts.items():
      first = 0
      for chunk in chunks:
        columns = table(part, chunk)
        columns['row'] += first
        size = len(columns['row'])
        first += size
        rows = [
          _as_csv(columns[n]) if n in columns else size * [''] for n in header
        ]
        lines.writerows(zip(*rows, strict=True))
    text.detach()


def _write_array(
  archive: zipfile.ZipFile, name: str, total: int, pieces: Iterable[np.ndarray]
) -> None:
  """Writes an array `[total, ...]` to an npz, from pieces along axis 0."""
  pieces = iter(pieces)
  first = next(pieces)
  header = np.lib.format.header_data_from_array_1_0(np.ascontiguousarray(first))
  header['shape'] = (total, *first.shape[1:])
  entry = zipfile.ZipInfo(f'{name}.npy')  # holds no time, so that bytes repeat
  with archive.open(entry, 'w', force_zip64=True) as member:
    np.lib.format.write_array_header_1_0(member, header)
    for piece in itertools.chain([first], pieces):
      member.write(piece.tobytes())


def _as_csv(column: np.ndarray) -> list:
  """Returns a column as csv writes it: NaN is empty, a bool is 0 or 1."""
  if column.dtype.kind == 'f':  # the shortest digits that read back the same
    bits = np.ascontiguousarray(column).view(f'i{column.itemsize}')
    known, which = np.unique(bits, return_inverse=True)  # 0 and -0 are two
    words = ['' if np.isnan(v) else str(v) for v in known.view(column.dtype)]
    return np.array(words, object)[which].tolist()
  return (column.astype(int) if column.dtype == bool else column).tolist()


def _said(flags: Mapping[str, str], name: str) -> str:
  return f'--{name}={flags[name]}' if name in flags else f'no --{name}'


def _is_temporary(name: str) -> bool:
  return re.fullmatch(r'\..+\.\d+-of-\d+\.tmp', name) is not None


def _chunk_file(name: str, data: bytes) -> str:
  """Returns what a chunk's file is called; another chunk's name would show."""
  return f'{name}.{_digest(name.encode() + data)}.npz'


def _digest(data: bytes | str) -> str:
  data = data.encode() if isinstance(data, str) else data
  return hashlib.sha256(data).hexdigest()[:32]


def cores() -> int:
  """Returns how many cores this process may use."""
  if hasattr(os, 'sched_getaffinity'):  # Linux
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


def _maker() -> str:
  """Returns what the bits of a chunk depend on besides its flags.

  The threads are in it because XLA splits long sums over them (see `blocks`).
  """
  threads = max(cores(), jax.local_device_count())
  kind = jax.devices()[0].device_kind
  return f'jax {jax.__version__} on {kind}, {_processor()}, {threads} threads'


@functools.cache
def _processor() -> str:
  """Returns the kind of processor, with a hash of its instruction sets."""
  try:
    lines = pathlib.Path('/proc/cpuinfo').read_text().splitlines()
  except OSError:  # not Linux
    return f'{platform.machine()} {platform.processor()}'
  facts = dict(
    re.split(r'\s*:\s*', line, maxsplit=1) for line in lines if ':' in line
  )
  sets = ' '.join(sorted(facts.get('flags', facts.get('Features', '')).split()))
  name = facts.get('model name', platform.machine())
  return f'{name} ({_digest(sets)[:6]})'


def _remove_empty(folders: Sequence[pathlib.Path]) -> None:
  """Removes folders, innermost first, as far as they are empty."""
  for folder in folders:
    with contextlib.suppress(OSError):
      folder.rmdir()

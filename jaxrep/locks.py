"""Who writes to a folder: shares of its chunks, and locks on them.

A process holds the lock of its share for as long as it runs. Who comes, or
wants to know whether it is the last, first takes the folder's door, so that no
two look around at once. Locks are `flock`s: they die with their holders,
whatever these die of. On a network file system they keep out other machines
only if it passes them on (NFS does since version 4).
"""

import contextlib
import fcntl
import math
import os
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

_DOOR, _SHARE = '.jaxrep.lock', r'\.jaxrep-(\d+)-of-(\d+)\.lock'


class Share(NamedTuple):
  """Every `count`-th chunk, from the `index`-th: what one process computes."""

  index: int = 0
  count: int = 1

  def __str__(self) -> str:
    return f'{self.index}/{self.count}'

  @property
  def label(self) -> str:
    """The share in the name of a file."""
    return f'{self.index}-of-{self.count}'

  def holds(self, k: int) -> bool:
    """Returns whether the k-th chunk, from 0, is in this share."""
    return k % self.count == self.index

  def meets(self, other: 'Share') -> bool:
    """Returns whether some chunk, of sufficiently many, is in both shares."""
    return not (self.index - other.index) % math.gcd(self.count, other.count)


WHOLE = Share()


class InUseError(Exception):
  """Another process holds a share that meets the one asked for.

  Attributes:
    share: what it holds.
    taken: whether it has a share and has taken the whole behind it
      (`Locks.take_whole`).
  """

  def __init__(self, share: Share, taken: bool):
    super().__init__(str(share))
    self.share, self.taken = share, taken


class Locks:
  """The locks of one process on a folder. A context manager.

  Entering takes the lock of a share.

  Raises:
    InUseError: a process that runs holds a share that meets this one.
    OSError: the folder cannot be written.
  """

  def __init__(self, folder: pathlib.Path, share: Share):
    self._folder, self._share = folder, share
    self._exit = contextlib.ExitStack()
    self._own: IO | None = None

  def __enter__(self) -> 'Locks':
    with self.door(), contextlib.ExitStack() as undone:
      undone.callback(self._exit.close)
      held = self._held()
      for share in held:
        if share.meets(self._share):
          raise InUseError(share, taken=WHOLE in held and len(held) > 1)
      self._own = self._hold(self._share)
      undone.pop_all()
    return self

  def __exit__(self, *error) -> None:
    self._exit.close()

  @property
  def gone(self) -> bool:
    """Whether the lock is off: its file was removed, or its folder moved."""
    return not _is_at(self._own, self._path(self._share))

  def take_whole(self, ready: Callable[[], bool] = lambda: True) -> bool:
    """Returns whether all chunks are this process's now; else, it has let go.

    They are if no other process is here and it is ready. Both are looked at
    behind the closed door: of two that are done at once, one is the last.

    Args:
      ready: whether it has a use for them; asked only if nobody else is here.
    """
    with self.door():
      others = any(share != self._share for share in self._held())
      if others or not ready():
        self._exit.close()
        return False
      if self._share != WHOLE:
        self._hold(WHOLE)
      return True

  @contextlib.contextmanager
  def door(self) -> Iterator[None]:
    """Keeps others from coming and from looking around, for a moment."""
    path = self._folder / _DOOR
    while True:
      with open(path, 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if _is_at(file, path):  # its holder has not removed it
          try:
            yield
          finally:
            _let_go(file, path)
          return

  def _path(self, share: Share) -> pathlib.Path:
    return self._folder / f'.jaxrep-{share.label}.lock'

  def _hold(self, share: Share) -> IO:
    path = self._path(share)
    file = self._exit.enter_context(open(path, 'w'))  # noqa: SIM115
    self._exit.callback(_let_go, file, path)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file

  def _held(self) -> list[Share]:
    """Returns the shares whose holders run; removes what others left."""
    held = []
    for path in sorted(self._folder.iterdir()):
      found = re.fullmatch(_SHARE, path.name)
      if not found:
        continue
      # To be written: a network file system locks no other files so.
      with contextlib.suppress(FileNotFoundError), open(path, 'r+') as file:
        try:
          fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
          path.unlink(missing_ok=True)
        except BlockingIOError:
          held.append(Share(*map(int, found.groups())))
    return held


def _is_at(file: IO, path: pathlib.Path) -> bool:
  """Returns whether an open file is what lies there."""
  try:
    return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
  except OSError:  # nothing does
    return False


def _let_go(file: IO, path: pathlib.Path) -> None:
  """Removes a lock's file, if the disk lets it go: only the lock counts."""
  if _is_at(file, path):  # else the file there is another's
    with contextlib.suppress(OSError):
      path.unlink()


def is_ours(name: str) -> bool:
  """Returns whether a file of this name is a lock."""
  return name == _DOOR or re.fullmatch(_SHARE, name) is not None

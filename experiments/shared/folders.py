"""A folder for what a binary leaves, each file whole or not there."""

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Iterator

from jaxrep import records

from . import common


@contextlib.contextmanager
def opened(out: str | os.PathLike) -> Iterator[pathlib.Path]:
  """Makes a folder, and unmakes it if nothing is left there.

  Raises:
    BadInputError: it cannot be made, or not be written.
  """
  folder = pathlib.Path(out)
  missing = []
  try:
    try:
      missing += [p for p in (folder, *folder.parents) if not p.exists()]
      folder.mkdir(parents=True, exist_ok=True)
      tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
      raise common.BadInputError(
        f'--out={folder}: expected a folder that can be written, found:'
        f' {error.strerror}'
      ) from None
    yield folder
  finally:
    for made in missing:
      with contextlib.suppress(OSError):
        made.rmdir()


def keep(path: pathlib.Path, data: bytes, caption: str) -> None:
  """Writes a file whole, and says where it lies and what it is."""
  temporary = path.with_name(f'.{path.name}.tmp')
  with records.naming(path, '--out: '):
    temporary.write_bytes(data)
    temporary.replace(path)
  print(f'{path}\n  {caption}')

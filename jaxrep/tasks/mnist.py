"""Handwritten digits: MNIST from files or mirrors, or scikit-learn's 8×8 ones.

What is in a file is checked before it is used, whether it lay there or has just
been fetched, so digits are MNIST's or there are none.
"""

import contextlib
import gzip
import hashlib
import http.client
import io
import math
import os
import pathlib
import sys
import urllib.request
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

FILES = {
  'train_images': 'train-images-idx3-ubyte',
  'train_labels': 'train-labels-idx1-ubyte',
  'test_images': 't10k-images-idx3-ubyte',
  'test_labels': 't10k-labels-idx1-ubyte',
}
# sha256 of what is in the files. Not of the .gz: it depends on who zipped it.
SUMS = {
  'train_images': (
    'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db'
  ),
  'train_labels': (
    '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5'
  ),
  'test_images': (
    '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7'
  ),
  'test_labels': (
    'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2'
  ),
}
# Where torchvision and TensorFlow Datasets fetch them.
MIRRORS = (
  'https://ossci-datasets.s3.amazonaws.com/mnist/',
  'https://storage.googleapis.com/cvdf-datasets/mnist/',
)
# 8 for bytes without sign, then the number of axes.
_MAGIC = {'images': 0x0803, 'labels': 0x0801}
_PATIENCE = 10  # seconds in which a mirror has to say something
_PIECE = 2**16  # bytes fetched between two words to who watches
_LARGEST = 2**26  # bytes of a file, also unzipped; MNIST's have up to 47 MB
_HELD_OUT = 360  # of the 1,797 8×8 digits, a fifth

Watch = Callable[[str, int, int], object]


class DataError(Exception):
  """One line: the file, what was expected, what was found, what to do."""


class Digits(NamedTuple):
  """Images and what they show, in the order of the file.

  Attributes:
    images: grey levels `[N, P]` uint8, row by row from the top left; 0 is
      paper.
    labels: 0 to 9, `[N]` uint8.
  """

  images: np.ndarray
  labels: np.ndarray


class Data(NamedTuple):
  """Digits to train on and digits to test on.

  Attributes:
    name: 'MNIST' or '8×8 digits'.
    train: the training set.
    test: the test set.
    levels: the number of grey levels, which are 0 to levels - 1.
    side: of an image in pixels: P = side².
  """

  name: str
  train: Digits
  test: Digits
  levels: int
  side: int


def cache() -> pathlib.Path:
  """Returns the folder for MNIST in the user's cache, which may not exist yet.

  $XDG_CACHE_HOME where it is set, else where the system keeps caches.

  Raises:
    DataError: the user has no home folder.
  """
  try:
    if folder := os.environ.get('XDG_CACHE_HOME'):
      base = pathlib.Path(folder)
    elif sys.platform == 'darwin':
      base = pathlib.Path.home() / 'Library' / 'Caches'
    elif sys.platform == 'win32' and (folder := os.environ.get('LOCALAPPDATA')):
      base = pathlib.Path(folder)
    else:
      base = pathlib.Path.home() / '.cache'
  except RuntimeError:
    raise DataError(
      'MNIST: expected a home folder to keep it in, found none: name a folder'
      ' by --data_dir'
    ) from None
  return base / 'jaxrep' / 'mnist'


def load(
  folder: str | os.PathLike,
  *,
  watch: Watch = lambda name, done, total: None,
  mirrors: Sequence[str] = MIRRORS,
  sums: Mapping[str, str] | None = SUMS,
) -> Data:
  """Returns MNIST: 60,000 digits to train on and 10,000 to test on.

  Each of the four files may be gzipped or not; where both lie in the folder,
  the one that is not is read. A file that is absent is fetched and kept, once
  it has been found whole. One that is there and damaged is never replaced.
  Arrays are read-only.

  Args:
    folder: where the files are; made if something is to be fetched.
    watch: told of each file that is fetched: its name, the bytes so far, and
      the bytes in all, or 0 where the mirror does not say. They begin at 0
      again when the next mirror is asked.
    mirrors: addresses of folders, asked in turn.
    sums: sha256 of each file's contents, unzipped; None to accept any.

  Raises:
    DataError: a file is damaged, or is not what it should be, or is absent and
      cannot be fetched or kept.

  References:
    LeCun, Bottou, Bengio & Haffner, Proc. IEEE 86 (1998), 2278; the IDX format
    is described beside its files.
  """
  folder = pathlib.Path(folder).expanduser()
  parts = {}
  for part in FILES:
    parts[part] = _in_place(folder, part, sums)
    if parts[part] is None:
      parts[part] = _fetched(folder, part, watch, mirrors, sums)
  train, test = (
    Digits(parts[f'{half}_images'], parts[f'{half}_labels'])
    for half in ('train', 'test')
  )
  for half, (images, labels) in (('train', train), ('test', test)):
    if len(images) != len(labels):
      raise DataError(
        f'{folder / FILES[f"{half}_labels"]}: expected as many labels as there'
        f' are images in {FILES[f"{half}_images"]}, {len(images)}, found'
        f' {len(labels)}'
      )
  side, found = (images.shape[1] for images, _ in (train, test))
  if found != side:
    raise DataError(
      f'{folder / FILES["test_images"]}: expected images of {side}×{side} like'
      f' those of {FILES["train_images"]}, found {found}×{found}'
    )
  train, test = (
    half._replace(images=half.images.reshape(-1, side * side))
    for half in (train, test)
  )
  return Data('MNIST', train, test, 256, side)


def digits() -> Data:
  """Returns scikit-learn's 8×8 digits: 1,437 to train on, the last 360 to test.

  They need no download, and their grey levels are 0 to 16.

  Raises:
    DataError: scikit-learn is not installed.

  References:
    Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository (1998), of which these are the test set.
  """
  try:
    from sklearn.datasets import load_digits
  except ImportError:
    raise DataError(
      'scikit-learn: expected for the 8×8 digits, found not installed:'
      ' pip install "jaxrep[digits]"'
    ) from None
  images, labels = load_digits(return_X_y=True)
  images, labels = images.astype(np.uint8), labels.astype(np.uint8)
  train = Digits(images[:-_HELD_OUT], labels[:-_HELD_OUT])
  test = Digits(images[-_HELD_OUT:], labels[-_HELD_OUT:])
  return Data('8×8 digits', train, test, 17, 8)


def _in_place(folder, part, sums) -> np.ndarray | None:
  """Returns what is in a part's file, or None where there is no file."""
  for path in (folder / FILES[part], folder / f'{FILES[part]}.gz'):
    with _telling(path, 'a file that can be read'):
      try:
        with path.open('rb') as file:
          raw = file.read(_LARGEST + 1)
      except (FileNotFoundError, NotADirectoryError):
        continue
    try:
      return _checked(raw, part, path.suffix == '.gz', sums)
    except DataError as error:
      raise DataError(f'{path}: {error}; delete it to fetch it again') from None
  return None


def _fetched(folder, part, watch, mirrors, sums) -> np.ndarray:
  """Returns what is in the first whole copy that a mirror has, and keeps it."""
  path = folder / f'{FILES[part]}.gz'
  partial = folder / f'{path.name}.{uuid.uuid4().hex}.part'
  with _telling(folder, 'a folder that can be written to (--data_dir)'):
    missing = [way for way in (folder, *folder.parents) if not way.exists()]
    try:
      folder.mkdir(parents=True, exist_ok=True)
      with open(partial, 'xb') as file:  # a folder's refusal costs no download
        raw, array = _first_whole(path, part, watch, mirrors, sums)
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
      os.replace(partial, path)
    finally:
      with contextlib.suppress(OSError):
        partial.unlink()
      for made in missing:  # and nothing is left of what was not fetched
        with contextlib.suppress(OSError):
          made.rmdir()
  return array


def _first_whole(path, part, watch, mirrors, sums) -> tuple[bytes, np.ndarray]:
  failures = []
  for mirror in mirrors:
    try:
      raw = _download(mirror + path.name, lambda *n: watch(path.name, *n))
      return raw, _checked(raw, part, True, sums)
    except (OSError, ValueError, http.client.HTTPException, DataError) as error:
      reason = getattr(error, 'reason', error)  # without `<urlopen error ..>`
      failures.append(f'{mirror}: {" ".join(str(reason).split())}')
  raise DataError(
    f'{path}: expected a file, found none, and no mirror gave it'
    f' ({"; ".join(failures)}): put the four files'
    f' ({", ".join(f"{name}.gz" for name in FILES.values())})'
    f' into the folder of --data_dir, or take --data=digits'
  )


def _download(address: str, watch: Callable[[int, int], object]) -> bytes:
  watch(0, 0)
  with urllib.request.urlopen(address, timeout=_PATIENCE) as response:
    total = int(response.headers.get('Content-Length') or 0)
    found = bytearray()
    while piece := response.read(_PIECE):
      found += piece
      watch(len(found), total)
  return bytes(found)


def _checked(raw: bytes, part: str, zipped: bool, sums) -> np.ndarray:
  """Returns `[N, side, side]` images or `[N]` labels, of an IDX file.

  The checks stand in this order so that the first to fail says most.
  """
  contents = _unzipped(raw) if zipped else raw
  kind = part.partition('_')[2]
  magic = _MAGIC[kind]
  axes = magic & 0xFF
  header = 4 + 4 * axes
  if len(contents) > _LARGEST:
    raise DataError(
      f'expected at most {_LARGEST:,} bytes, found more{" in it" * zipped}'
    )
  if len(contents) < header:
    raise DataError(
      f'expected a header of {header} bytes, found {len(contents)} bytes'
    )
  found, *shape = np.frombuffer(contents, '>u4', 1 + axes).tolist()
  if found != magic:
    raise DataError(f'expected the magic number {magic}, found {found}')
  size = header + math.prod(shape)
  if len(contents) != size:
    raise DataError(
      f'expected {size} bytes for {"×".join(map(str, shape))} {kind}, found'
      f' {len(contents)}'
    )
  if len(set(shape[1:])) > 1:
    raise DataError(
      f'expected square images, found {"×".join(map(str, shape[1:]))}'
    )
  if sums is not None:
    summed = hashlib.sha256(contents).hexdigest()
    if summed != sums[part]:
      raise DataError(
        f'expected {FILES[part]} of MNIST (sha256 of the contents'
        f' {sums[part][:12]}..), found something else ({summed[:12]}..)'
      )
  array = np.frombuffer(contents, np.uint8, offset=header).reshape(shape)
  if kind == 'labels' and np.any(array > 9):
    raise DataError(f'expected labels from 0 to 9, found {array.max()}')
  return array


def _unzipped(raw: bytes) -> bytes:
  try:
    with gzip.open(io.BytesIO(raw)) as file:
      return file.read(_LARGEST + 1)
  except EOFError:
    found = 'one that is cut short'
  except (gzip.BadGzipFile, zlib.error) as error:
    found = f'another ({error})'
  raise DataError(f'expected a whole gzip file, found {found}')


@contextlib.contextmanager
def _telling(path, expected):
  """Makes one line of what the system says of a file or folder."""
  try:
    yield
  except OSError as error:
    raise DataError(
      f'{path}: expected {expected}, found {error.strerror or str(error)!r}'
    ) from None

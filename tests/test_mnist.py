"""Digits come whole or not at all: tiny files, damaged and fetched, and MNIST.

Mirrors are folders, named by `file://`, or answers that a test makes up.
"""

import errno
import gzip
import hashlib
import http.client
import io
import os
import pathlib
import stat
import struct
import sys
import urllib.error
import urllib.request

import numpy as np
import pytest

from jaxrep.tasks import mnist

SIDE, COUNTS = 3, {'train': 5, 'test': 2}


def idx(array, magic):
  """Returns the bytes of an IDX file: magic number, shape, then values."""
  header = struct.pack(f'>{1 + array.ndim}I', magic, *array.shape)
  return header + array.astype(np.uint8).tobytes()


def tiny():
  """Returns what is in four small files, by part."""
  rng, contents = np.random.default_rng(0), {}
  for half, count in COUNTS.items():
    images = rng.integers(256, size=(count, SIDE, SIDE))
    contents[f'{half}_images'] = idx(images, 2051)
    contents[f'{half}_labels'] = idx(rng.integers(10, size=count), 2049)
  return contents


CONTENTS = tiny()
SUMS = {
  part: hashlib.sha256(contents).hexdigest()
  for part, contents in CONTENTS.items()
}
PARTS = list(CONTENTS)


def write(folder, *, zipped=PARTS, plain=()):
  """Returns the folder, with these of the small files in it."""
  folder.mkdir(parents=True, exist_ok=True)
  for part in zipped:
    path = folder / f'{mnist.FILES[part]}.gz'
    path.write_bytes(gzip.compress(CONTENTS[part], mtime=0))
  for part in plain:
    (folder / mnist.FILES[part]).write_bytes(CONTENTS[part])
  return folder


def load(folder, *mirrors, sums=SUMS, **choices):
  return mnist.load(folder, mirrors=mirrors, sums=sums, **choices)


def refusal(folder, *mirrors, sums=SUMS):
  """Returns the one line that says what is wrong."""
  with pytest.raises(mnist.DataError) as error:
    load(folder, *mirrors, sums=sums)
  line = str(error.value)
  assert line and '\n' not in line
  return line


def names(folder):
  """What is in a folder; nothing, where there is none."""
  return sorted(path.name for path in folder.glob('*'))


def assert_tiny(data):
  """They are what the test wrote."""
  assert (data.name, data.levels, data.side) == ('MNIST', 256, SIDE)
  for half, count in COUNTS.items():
    images, labels = getattr(data, half)
    assert images.shape == (count, SIDE**2) and labels.shape == (count,)
    assert images.dtype == labels.dtype == np.uint8
    assert images.tobytes() == CONTENTS[f'{half}_images'][16:]
    assert labels.tobytes() == CONTENTS[f'{half}_labels'][8:]


@pytest.fixture
def folder(tmp_path):
  return write(tmp_path / 'digits')


@pytest.fixture
def empty(tmp_path):
  return tmp_path / 'not' / 'there' / 'yet'


@pytest.fixture
def mirror(tmp_path):
  """A mirror that has everything."""
  return address(write(tmp_path / 'mirror'))


def address(folder):
  return f'{folder.as_uri()}/'


# What is in place.


def test_a_file_written_by_hand_reads_row_by_row(folder):
  """Two images of 2×2, a 7 and a 1, byte for byte."""
  images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2])
  images += bytes([1, 2, 3, 4, 255, 0, 128, 9])
  labels = bytes([0, 0, 8, 1, 0, 0, 0, 2]) + bytes([7, 1])
  for half in COUNTS:
    for kind, contents in (('images', images), ('labels', labels)):
      path = folder / f'{mnist.FILES[f"{half}_{kind}"]}.gz'
      path.write_bytes(gzip.compress(contents))
  data = load(folder, sums=None)
  assert data.side == 2
  for digits in (data.train, data.test):
    assert digits.images.tolist() == [[1, 2, 3, 4], [255, 0, 128, 9]]
    assert digits.labels.tolist() == [7, 1]


@pytest.mark.parametrize('count', range(5))
def test_files_may_be_gzipped_or_not(empty, count):
  assert_tiny(load(write(empty, zipped=PARTS[:count], plain=PARTS[count:])))


def test_a_plain_file_is_read_before_a_gzipped_one(folder):
  write(folder, plain=PARTS)
  for part in PARTS:
    (folder / f'{mnist.FILES[part]}.gz').write_bytes(b'not looked at')
  assert_tiny(load(folder))


def test_a_folder_may_be_a_string_that_begins_at_home(folder, monkeypatch):
  monkeypatch.setenv('HOME', str(folder.parent))
  assert_tiny(load('~/digits'))


def test_arrays_cannot_be_changed_by_accident(folder):
  with pytest.raises(ValueError, match='read-only'):
    load(folder).train.images[0, 0] = 1


def other(contents):
  """Changes the last value, by one, so that shape and labels stay good."""
  last = contents[-1]
  return contents[:-1] + bytes([last - 1 if last else 1])


def zipped(change):
  return lambda raw: gzip.compress(change(gzip.decompress(raw)))


# Name: what is done to the gzipped file, and what is said of it.
DAMAGE = {
  'cut short': (
    lambda raw: raw[: len(raw) // 2],
    'expected a whole gzip file, found one that is cut short',
  ),
  'not gzip': (
    lambda raw: b'<!doctype html>',
    'expected a whole gzip file, found another (Not a gzipped file',
  ),
  'another check sum': (
    lambda raw: raw[:-8] + bytes([raw[-8] ^ 1]) + raw[-7:],
    'expected a whole gzip file, found another (CRC check failed',
  ),
  'no stream': (
    lambda raw: raw[:10] + b'\xff' * (len(raw) - 10),
    'expected a whole gzip file, found another (Error -3',
  ),
  'empty': (lambda raw: b'', 'bytes, found 0 bytes'),
  'a header cut short': (
    zipped(lambda contents: contents[:7]),
    'bytes, found 7 bytes',
  ),
  'another magic number': (
    zipped(lambda contents: b'\0\0\x0d' + contents[3:]),
    'expected the magic number 20',
  ),
  'a value less': (zipped(lambda contents: contents[:-1]), ' bytes for '),
  'a value more': (zipped(lambda contents: contents + b'\0'), ' bytes for '),
  'another value': (zipped(other), 'of MNIST (sha256 of the contents'),
}


@pytest.mark.parametrize('part', PARTS)
@pytest.mark.parametrize('damage', DAMAGE)
def test_a_damaged_file_is_named_and_not_fetched_again(
  folder, mirror, part, damage
):
  change, expected = DAMAGE[damage]
  path = folder / f'{mnist.FILES[part]}.gz'
  path.write_bytes(change(path.read_bytes()))
  before = path.read_bytes()
  line = refusal(folder, mirror)
  assert line.startswith(f'{path}: expected ') and expected in line
  assert line.endswith('; delete it to fetch it again')
  assert path.read_bytes() == before and len(names(folder)) == len(PARTS)
  path.unlink()
  assert_tiny(load(folder, mirror))


@pytest.mark.parametrize('part', PARTS)
def test_a_plain_file_is_checked_like_a_gzipped_one(empty, part):
  path = write(empty, plain=PARTS, zipped=()) / mnist.FILES[part]
  for change, expected in (
    (lambda contents: contents[:-1], ' bytes for '),
    (other, 'of MNIST (sha256 of the contents'),
  ):
    path.write_bytes(change(CONTENTS[part]))
    line = refusal(empty)
    assert line.startswith(f'{path}: expected ') and expected in line


def test_numbers_that_are_expected_and_found_are_said(folder):
  path = folder / 't10k-labels-idx1-ubyte'
  for contents, said in (
    (b'\0\0\x08\x03' + CONTENTS['test_labels'][4:], 'number 2049, found 2051'),
    (CONTENTS['test_labels'][:-1], 'expected 10 bytes for 2 labels, found 9'),
    (CONTENTS['test_labels'][:5], 'a header of 8 bytes, found 5 bytes'),
  ):
    path.write_bytes(contents)
    assert said in refusal(folder)
  path.unlink()
  path = folder / 'train-images-idx3-ubyte'
  path.write_bytes(CONTENTS['train_images'] + b'12')
  assert 'expected 61 bytes for 5×3×3 images, found 63' in refusal(folder)


@pytest.mark.parametrize('part', PARTS)
def test_a_file_cut_anywhere_is_refused(empty, part):
  write(empty)
  path = empty / f'{mnist.FILES[part]}.gz'
  whole = path.read_bytes()
  for length in range(len(whole)):
    path.write_bytes(whole[:length])
    refusal(empty)


@pytest.mark.parametrize('part', PARTS)
def test_one_wrong_bit_is_refused_or_changes_nothing(empty, part):
  """Some bits of a gzip header, its date among them, say nothing of it."""
  write(empty)
  path, refused = empty / f'{mnist.FILES[part]}.gz', 0
  whole = path.read_bytes()
  for place in range(8 * len(whole)):
    bits = bytearray(whole)
    bits[place // 8] ^= 1 << place % 8
    path.write_bytes(bits)
    try:
      assert_tiny(load(empty))
    except mnist.DataError:
      refused += 1
  # 10 bytes of the whole are gzip's header.
  assert refused >= 8 * (len(whole) - 10)


@pytest.mark.parametrize('half', COUNTS)
@pytest.mark.parametrize('more', [-1, 1])
def test_images_and_labels_of_different_counts_are_refused(folder, half, more):
  count = COUNTS[half]
  path = folder / mnist.FILES[f'{half}_labels']
  path.write_bytes(idx(np.zeros(count + more), 2049))
  line = refusal(folder, sums=None)
  assert line.startswith(f'{path}: expected as many labels as there are images')
  assert line.endswith(
    f'in {mnist.FILES[f"{half}_images"]}, {count}, found {count + more}'
  )


def test_images_that_are_not_square_are_refused(folder):
  """2×8 pixels are 16, which a side of 4 would also give."""
  path = folder / 'train-images-idx3-ubyte'
  path.write_bytes(idx(np.zeros((5, 2, 8)), 2051))
  line = refusal(folder, sums=None)
  assert line.startswith(f'{path}: expected square images, found 2×8')


def test_images_to_test_on_have_the_size_of_those_to_train_on(folder):
  path = folder / 't10k-images-idx3-ubyte'
  path.write_bytes(idx(np.zeros((2, 4, 4)), 2051))
  line = refusal(folder, sums=None)
  assert line.startswith(f'{path}: expected images of 3×3 like those of train-')
  assert line.endswith('found 4×4')


@pytest.mark.parametrize('zipped', [True, False])
def test_a_file_that_holds_far_too_much_is_refused(empty, zipped):
  """Zipped it is small, and would fill the memory."""
  write(empty)
  name, size = mnist.FILES['train_images'], 2**26 + 1
  if zipped:
    content = gzip.compress(bytes(size), 1)
    assert len(content) < size / 100
    (empty / f'{name}.gz').write_bytes(content)
  else:
    with open(empty / name, 'wb') as file:
      file.truncate(size)
  assert 'expected at most 67,108,864 bytes, found more' in refusal(empty)


def test_a_label_above_9_is_refused(folder):
  path = folder / 'train-labels-idx1-ubyte'
  path.write_bytes(idx(np.array([9, 0, 10, 1, 2]), 2049))
  line = refusal(folder, sums=None)
  assert line.startswith(f'{path}: expected labels from 0 to 9, found 10')


def test_a_folder_in_a_file_s_place_is_named(empty, mirror):
  path = empty / 'train-images-idx3-ubyte'
  path.mkdir(parents=True)
  line = refusal(empty, mirror)
  assert line.startswith(f'{path}: expected a file that can be read, found ')


# What is fetched.


def test_what_is_absent_is_fetched_checked_and_kept(empty, mirror, tmp_path):
  assert_tiny(load(empty, mirror))
  assert names(empty) == names(tmp_path / 'mirror')
  for name in names(empty):
    kept, given = (path / name for path in (empty, tmp_path / 'mirror'))
    assert kept.read_bytes() == given.read_bytes()
  assert_tiny(load(empty))  # now with no mirror


def test_nothing_is_left_where_nothing_could_be_fetched(tmp_path):
  refusal(tmp_path / 'images' / 'mnist')
  assert names(tmp_path) == []


def test_only_what_is_absent_is_fetched(folder, mirror):
  (folder / 't10k-images-idx3-ubyte.gz').unlink()
  write(folder, plain=['train_labels'], zipped=())
  (folder / 'train-labels-idx1-ubyte.gz').unlink()
  told = []
  assert_tiny(load(folder, mirror, watch=lambda *word: told.append(word)))
  assert {name for name, _, _ in told} == {'t10k-images-idx3-ubyte.gz'}
  assert 'train-labels-idx1-ubyte.gz' not in names(folder)


def test_who_watches_is_told_of_every_piece(
  empty, mirror, tmp_path, monkeypatch
):
  monkeypatch.setattr(mnist, '_PIECE', 16)
  told = []
  load(empty, mirror, watch=lambda *word: told.append(word))
  assert list(dict.fromkeys(name for name, _, _ in told)) == [
    f'{mnist.FILES[part]}.gz' for part in PARTS
  ]
  for part in PARTS:
    name = f'{mnist.FILES[part]}.gz'
    size = (tmp_path / 'mirror' / name).stat().st_size
    steps = [*range(16, size, 16), size]
    words = [word[1:] for word in told if word[0] == name]
    assert words == [(0, 0), *((done, size) for done in steps)]


class Answer(io.BytesIO):
  """What a mirror sends, of which it says nothing but its bytes."""

  headers = http.client.HTTPMessage()


class Broken(Answer):
  """What breaks off after the first piece."""

  error = http.client.IncompleteRead(b'12345', 6)

  def read(self, size=-1):
    if self.tell():
      raise self.error
    return super().read(8)


def answering(monkeypatch, answer):
  """Lets `answer(address)` stand for the network; returns what was asked."""
  asked = []

  def urlopen(address, *, timeout):
    assert 0 < timeout <= 60
    asked.append(address)
    return answer(address)

  monkeypatch.setattr(urllib.request, 'urlopen', urlopen)
  return asked


def raw(address):
  """Returns what a good mirror has under an address."""
  stem = address.rpartition('/')[2].removesuffix('.gz')
  part = next(part for part, name in mnist.FILES.items() if name == stem)
  return gzip.compress(CONTENTS[part])


def test_a_mirror_need_not_say_how_much_it_sends(empty, monkeypatch):
  asked = answering(monkeypatch, lambda address: Answer(raw(address)))
  told = []
  choices = {'watch': lambda *word: told.append(word), 'sums': SUMS}
  assert_tiny(mnist.load(empty, **choices))
  assert {total for _, _, total in told} == {0}
  first = mnist.MIRRORS[0]
  assert asked == [f'{first}{name}.gz' for name in mnist.FILES.values()]


@pytest.mark.parametrize('damage', DAMAGE)
def test_the_next_mirror_is_asked_when_one_is_damaged(
  empty, mirror, tmp_path, damage
):
  change, _ = DAMAGE[damage]
  bad = write(tmp_path / 'bad')
  for path in bad.iterdir():
    path.write_bytes(change(path.read_bytes()))
  assert_tiny(load(empty, address(bad), mirror))
  assert names(empty) == names(tmp_path / 'mirror')


FAILURES = {
  'no such name': urllib.error.URLError(OSError(-2, 'Name not known')),
  'not there': urllib.error.HTTPError('', 404, 'Not Found', None, None),
  'silent': TimeoutError('timed out'),
  'hung up': http.client.RemoteDisconnected('closed without response'),
}


@pytest.mark.parametrize('failure', [*FAILURES, 'broken off', 'reset'])
def test_the_next_mirror_is_asked_when_one_fails(empty, monkeypatch, failure):
  first, second = mnist.MIRRORS

  def answer(address):
    if address.startswith(second):
      return Answer(raw(address))
    if failure in FAILURES:
      raise FAILURES[failure]
    broken = Broken(raw(address))
    if failure == 'reset':
      broken.error = ConnectionResetError(errno.ECONNRESET, 'reset')
    return broken

  asked = answering(monkeypatch, answer)
  assert_tiny(mnist.load(empty, sums=SUMS))
  assert asked[0].startswith(first) and asked[1].startswith(second)
  assert names(empty) == sorted(f'{name}.gz' for name in mnist.FILES.values())


@pytest.mark.parametrize('failure', FAILURES)
def test_with_no_network_and_no_files_one_line_says_what_to_do(
  empty, monkeypatch, failure
):
  def answer(address):
    raise FAILURES[failure]

  answering(monkeypatch, answer)
  with pytest.raises(mnist.DataError) as error:
    mnist.load(empty)
  line = str(error.value)
  path = empty / 'train-images-idx3-ubyte.gz'
  assert line.startswith(f'{path}: expected a file, found none')
  said = *mnist.MIRRORS, *mnist.FILES.values(), '--data_dir', '--data=digits'
  for word in said:
    assert word in line
  assert '\n' not in line and '<urlopen' not in line
  assert not names(empty)


@pytest.mark.parametrize('damage', DAMAGE)
def test_a_damaged_download_is_not_kept(empty, tmp_path, damage):
  change, expected = DAMAGE[damage]
  bad = write(tmp_path / 'bad')
  for path in bad.iterdir():
    path.write_bytes(change(path.read_bytes()))
  line = refusal(empty, address(bad))
  assert f'{address(bad)}: expected' in line and expected in line
  assert not names(empty)


@pytest.mark.parametrize('done', [0, 16])
def test_a_fetch_that_is_interrupted_leaves_nothing(
  empty, mirror, monkeypatch, done
):
  monkeypatch.setattr(mnist, '_PIECE', 16)

  def watch(name, bytes_done, total):
    if name.startswith('t10k') and bytes_done == done:
      raise KeyboardInterrupt

  with pytest.raises(KeyboardInterrupt):
    load(empty, mirror, watch=watch)
  whole = [f'{mnist.FILES[part]}.gz' for part in PARTS if 'train' in part]
  assert names(empty) == sorted(whole)
  assert_tiny(load(empty, mirror))


@pytest.mark.parametrize('step', ['fsync', 'replace'])
def test_a_full_disk_is_one_line_and_leaves_nothing(
  empty, mirror, monkeypatch, step
):
  def refuse(*args):
    raise OSError(errno.ENOSPC, 'No space left on device')

  monkeypatch.setattr(os, step, refuse)
  line = refusal(empty, mirror)
  assert line.startswith(f'{empty}: expected a folder that can be written to')
  assert line.endswith("found 'No space left on device'")
  assert not names(empty)


@pytest.mark.parametrize('below', ['', 'below'])
def test_a_folder_that_cannot_be_made_costs_no_download(
  tmp_path, monkeypatch, below
):
  asked = answering(monkeypatch, lambda address: Answer(raw(address)))
  (tmp_path / 'file').write_text('in the way')
  folder = tmp_path / 'file' / below
  line = refusal(folder, *mnist.MIRRORS)
  assert line.startswith(f'{folder}: expected a folder that can be written to')
  assert not asked


def test_a_folder_that_takes_no_file_costs_no_download(empty, monkeypatch):
  def refuse(*args):
    raise PermissionError(errno.EACCES, 'Permission denied')

  asked = answering(monkeypatch, lambda address: Answer(raw(address)))
  monkeypatch.setattr(mnist, 'open', refuse, raising=False)
  line = refusal(empty, *mnist.MIRRORS)
  assert line.startswith(f'{empty}: expected a folder that can be written to')
  assert line.endswith("found 'Permission denied'")
  assert not asked


@pytest.mark.parametrize(('mask', 'mode'), [(0o022, 0o644), (0o077, 0o600)])
def test_what_is_kept_has_the_mode_that_the_user_s_mask_says(
  empty, mirror, mask, mode
):
  before = os.umask(mask)
  try:
    load(empty, mirror)
  finally:
    os.umask(before)
  for path in empty.iterdir():
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize(
  ('system', 'variables', 'expected'),
  [
    ('linux', {}, 'home/.cache'),
    ('linux', {'XDG_CACHE_HOME': 'xdg'}, 'xdg'),
    ('linux', {'XDG_CACHE_HOME': ''}, 'home/.cache'),
    ('darwin', {}, 'home/Library/Caches'),
    ('win32', {'LOCALAPPDATA': 'local'}, 'local'),
    ('win32', {}, 'home/.cache'),
  ],
)
def test_the_cache_is_where_the_system_keeps_caches(
  monkeypatch, system, variables, expected
):
  for name in ('XDG_CACHE_HOME', 'LOCALAPPDATA'):
    monkeypatch.delenv(name, raising=False)
  for name, value in variables.items():
    monkeypatch.setenv(name, value)
  monkeypatch.setattr(sys, 'platform', system)
  monkeypatch.setattr(pathlib.Path, 'home', lambda: pathlib.Path('home'))
  assert mnist.cache() == pathlib.Path(expected) / 'jaxrep' / 'mnist'


def test_a_user_with_no_home_is_told_of_the_flag(monkeypatch):
  def home():
    raise RuntimeError('no home')

  monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
  monkeypatch.setattr(pathlib.Path, 'home', home)
  with pytest.raises(mnist.DataError, match='found none.*--data_dir'):
    mnist.cache()


# The other digits.


def test_the_8x8_digits_are_scikit_learn_s_in_their_order():
  datasets = pytest.importorskip('sklearn.datasets')
  given = datasets.load_digits()
  data = mnist.digits()
  assert (data.name, data.levels, data.side) == ('8×8 digits', 17, 8)
  assert (len(data.train.images), len(data.test.images)) == (1437, 360)
  assert data.train.images.max() == data.levels - 1
  images = np.concatenate([data.train.images, data.test.images])
  labels = np.concatenate([data.train.labels, data.test.labels])
  assert images.dtype == labels.dtype == np.uint8
  np.testing.assert_array_equal(images.reshape(-1, 8, 8), given.images)
  np.testing.assert_array_equal(labels, given.target)


def test_without_scikit_learn_one_line_says_what_to_install(monkeypatch):
  monkeypatch.setitem(sys.modules, 'sklearn.datasets', None)
  with pytest.raises(mnist.DataError) as error:
    mnist.digits()
  assert str(error.value).endswith('pip install "jaxrep[digits]"')


# The real files.


@pytest.fixture(scope='module')
def real():
  folder = os.environ.get('JAXREP_DATA')
  if not folder:
    pytest.skip('JAXREP_DATA names no folder with the files of MNIST')
  return mnist.load(folder, mirrors=())


def test_the_real_files_have_their_known_sizes(real):
  assert real.side == 28
  assert real.train.images.shape == (60_000, 784)
  assert real.test.images.shape == (10_000, 784)
  # The first ten labels, as every tutorial shows them.
  assert real.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


@pytest.mark.parametrize(
  ('first', 'ones_sevens', 'sixes_eights'),
  [(1_200, 285, 214), (12_000, 2_630, 2_335)],
)
def test_the_first_images_hold_the_source_s_counts(
  real, first, ones_sevens, sixes_eights
):
  labels = real.train.labels[:first]
  assert np.isin(labels, [1, 7]).sum() == ones_sevens
  assert np.isin(labels, [6, 8]).sum() == sixes_eights


@pytest.mark.parametrize(
  ('label', 'count'), [(1, 5_391), (7, 4_986), (6, 4_710), (8, 4_724)]
)
def test_the_images_after_phase_1_hold_the_known_counts(real, label, count):
  assert np.sum(real.train.labels[12_000:] == label) == count


@pytest.mark.parametrize(('first', 'count'), [(60_000, 84), (12_000, 132)])
def test_the_known_number_of_pixels_is_blank(real, first, count):
  images, labels = (array[:first] for array in real.train)
  used = images[np.isin(labels, [1, 6, 7, 8])]
  assert np.sum(used.min(axis=0) == used.max(axis=0)) == count

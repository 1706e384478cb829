"""Bytes altered at random: text, JSON, arrays and digits, and what is run."""

import copy
import gzip
import io
import json
import pickle
import random
import struct
import zipfile

import numpy as np

MARKER = 'marker'  # what a file would leave that is run
WORDS = (
  b'', b'nan', b'inf', b'-inf', b'-1', b'0', b'1e39', b'1e999', b'0.5', b'2',
  b'9' * 30, str(2**63).encode(), b'true', b'null', b'[]', b'{}', b'"', b"'",
  b',', b'--', b'=', b'#', b'\\', b'\0', b'\xff\xfe', '½é💥'.encode(), b'\r',
  b'\n', b'../..', b'/etc', b'%s', b'in1', b'out1', b'x' * 5000,
)  # fmt: skip
VALUES = (
  None, True, False, 0, -1, 1.5, 1e308, 2**63, 10**30, '', 'x', '../../x', [],
  {}, [[]], [None], {'': None}, float('nan'), float('inf'), 'é\0',
)  # fmt: skip
NAMES = (
  'x', '', '../../x', '/tmp/x', 'h1/../../x', 'h1/', '/', 'h1', 'h1/seed/x',
  'h1/é', 'h9/seed', 'constants', '..', 'C:x', 'h1/w0.npy', 'x' * 300,
)  # fmt: skip


class Evil:
  """What leaves a file behind when it is unpickled."""

  def __reduce__(self):
    return open, (MARKER, 'w')


def bytes_spoilt(rng: random.Random, data: bytes) -> bytes:
  """Returns bytes cut, flipped, doubled, exchanged, or other ones."""
  at, to = sorted(rng.randrange(len(data) + 1) for _ in range(2))
  return rng.choice(
    [
      lambda: data[:at],
      lambda: data[:at] + data[to:],
      lambda: data[:to] + data[at:],
      lambda: data[:at] + rng.choice(WORDS) + data[at:],
      lambda: data[:at] + rng.choice(WORDS) + data[to:],
      lambda: data[:at] + rng.randbytes(rng.randint(1, 99)) + data[to:],
      lambda: _flipped(rng, data),
      lambda: b'',
      lambda: rng.randbytes(rng.randint(1, 999)),
      lambda: pickle.dumps(Evil()),
      lambda: gzip.compress(data),
      lambda: data + data,
    ]
  )()


def _flipped(rng, data) -> bytes:
  found = bytearray(data)
  for _ in range(rng.choice((1, 1, 8, 64)) if data else 0):
    found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
  return bytes(found)


def lines_spoilt(rng: random.Random, data: bytes) -> bytes:
  """Returns text with a line or a cell altered, dropped, doubled, moved."""
  if rng.random() < 0.3:
    return bytes_spoilt(rng, data)
  lines = data.split(b'\n')
  k, j = rng.randrange(len(lines)), rng.randrange(len(lines))
  separator = b'=' if b'=' in data else b','
  cells = lines[k].split(separator)
  cells[rng.randrange(len(cells))] = rng.choice(WORDS)
  way = rng.randrange(7)
  if way == 0:
    del lines[k]
  elif way == 1:
    lines.insert(j, lines[k])
  elif way == 2:
    lines[k], lines[j] = lines[j], lines[k]
  elif way == 3:
    lines[k] = rng.choice(WORDS)
  elif way == 4:
    lines[k:k] = lines * rng.choice((1, 3000))
  else:
    lines[k] = separator.join(cells)
  return b'\n'.join(lines)


def json_spoilt(rng: random.Random, data: bytes) -> bytes:
  """Returns JSON with something in it of another kind, gone, or nested."""
  if rng.random() < 0.25:
    return bytes_spoilt(rng, data)
  if rng.random() < 0.05:
    deep = rng.choice((500, 100_000))
    return b'[' * deep + b']' * deep
  whole = [json.loads(data)]
  way, inner, key = [], whole, 0
  while True:
    way.append((inner, key))
    inner = inner[key]
    if not isinstance(inner, list | dict) or not inner or rng.random() < 0.1:
      break
    keys = list(inner) if isinstance(inner, dict) else range(len(inner))
    key = rng.choice(keys)
  inner, key = way[-1]
  if isinstance(inner, dict) and rng.random() < 0.3:
    value = inner.pop(key)
    if rng.random() < 0.5:
      inner[rng.choice(('', 'x', '../../x', 'é'))] = value
  elif isinstance(inner, list) and len(way) > 1 and rng.random() < 0.4:
    inner[key:key] = [copy.deepcopy(inner[key])] * rng.choice((1, 50))
  else:
    inner[key] = rng.choice(VALUES)
  return json.dumps(whole[0]).encode()


def arrays_spoilt(rng: random.Random, data: bytes) -> bytes:
  """Returns an npz that is whole, but whose arrays are not what they were."""
  if rng.random() < 0.2:
    return bytes_spoilt(rng, data)
  with np.load(io.BytesIO(data)) as archive:
    arrays = {name: archive[name] for name in archive.files}
  members = {f'{name}.npy': _npy(array) for name, array in arrays.items()}
  compression = zipfile.ZIP_STORED
  for _ in range(rng.choice((1, 1, 2))):
    name = rng.choice(list(arrays))
    array, other = arrays[name], rng.choice(list(arrays))
    way = rng.randrange(10)
    if way == 0:
      members.pop(f'{name}.npy', None)
    elif way == 1:
      members[f'{rng.choice(NAMES)}.npy'] = members.pop(f'{name}.npy', b'')
    elif way == 2:
      members[f'{name}.npy'] = _npy(arrays[other])
    elif way == 3:
      members[f'{name}.npy'] = _claiming(rng, array)
    elif way == 4:
      members[f'{name}.npy'] = bytes_spoilt(rng, _npy(array))
    elif way == 5:
      evil = np.array([Evil()] * max(array.size, 1), object)
      members[f'{name}.npy'] = _npy(evil)
    elif way == 6:
      compression = zipfile.ZIP_DEFLATED
      members[f'{name}.npy'] = _npy(np.zeros(2**24, array.dtype))
    elif way == 7:
      members[rng.choice(('x.txt', '../../x', f'/tmp/x{MARKER}'))] = b'x'
    else:
      members[f'{name}.npy'] = _npy(_altered(rng, array))
  buffer = io.BytesIO()
  with zipfile.ZipFile(buffer, 'w', compression) as archive:
    for name, content in members.items():
      archive.writestr(zipfile.ZipInfo(name), content, compression)
  return buffer.getvalue()


def _npy(array) -> bytes:
  buffer = io.BytesIO()
  np.save(buffer, array)
  return buffer.getvalue()


def _claiming(rng, array) -> bytes:
  """Returns an array's file whose header says another shape or type."""
  header = np.lib.format.header_data_from_array_1_0(array)
  shape = rng.choice([(2**33,), (-1,), (2**62, 8), (0,), (), 7, array.shape])
  kind = rng.choice([header['descr'], '<f4', '|O', '<U99999999', '<c16', 'x'])
  buffer = io.BytesIO()
  text = repr(header | {'shape': shape, 'descr': kind}).encode()
  buffer.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(text)) + text)
  return buffer.getvalue() + array.tobytes()


def _altered(rng, array) -> np.ndarray:
  """Returns an array of other values, another shape or another type."""
  ways = [
    lambda: array[:0] if array.ndim else array,
    lambda: array[:-1] if array.ndim else array,
    lambda: np.concatenate([array, array]) if array.ndim else array,
    lambda: array[None],
    lambda: array[..., None],
    lambda: array.ravel(),
    lambda: array.T.copy(),
    lambda: np.array(array.ravel()[0]) if array.size else array,
    lambda: array.astype('U9'),
    lambda: array.astype('S3'),
    lambda: np.zeros(array.shape, 'M8[s]'),
    lambda: np.zeros(array.shape, [('a', 'f4'), ('b', 'i2')]),
  ]
  if array.dtype.kind in 'fiub':
    with np.errstate(all='ignore'):
      ways += [
        lambda k=kind: array.astype(k)
        for kind in ('f2', 'f8', 'i1', 'u8', 'c16', '?', '>f4')
      ]
    value = rng.choice((np.nan, np.inf, -np.inf, 3e38, -3e38, -1, 0, 100, 1e30))
    ways += 3 * [lambda: _filled(rng, array, value)]
  else:
    ways.append(lambda: np.full(array.shape, rng.choice(('', 'x', 'é' * 99))))
  with np.errstate(all='ignore'):
    return rng.choice(ways)()


def _filled(rng, array, value) -> np.ndarray:
  found = array.copy()
  some = rng.random(), np.random.default_rng(rng.randrange(2**32))
  chosen = some[1].random(array.shape) < max(some[0], 0.2)
  if array.dtype.kind == 'f':
    found[chosen] = value
  elif np.isfinite(value):
    info = (0, 1) if array.dtype == bool else np.iinfo(array.dtype)
    low, high = info if isinstance(info, tuple) else (info.min, info.max)
    found[chosen] = min(max(int(value), int(low)), int(high))
  return found


def digits_spoilt(rng: random.Random, data: bytes) -> bytes:
  """Returns an IDX file, zipped or not, whose header or body is altered."""
  zipped = data[:2] == b'\x1f\x8b'
  if rng.random() < 0.3:
    return bytes_spoilt(rng, data)
  contents = bytearray(gzip.decompress(data) if zipped else data)
  way = rng.randrange(4)
  if way == 0:
    at = rng.randrange(4)
    value = rng.choice((0, 1, 2**31, 2**32 - 1, rng.randrange(2**32)))
    contents[4 * at : 4 * at + 4] = struct.pack('>I', value)
  elif way == 1 and zipped:
    return gzip.compress(bytes(contents) + bytes(2**27), 1)
  else:
    contents = bytes_spoilt(rng, bytes(contents))
  return gzip.compress(bytes(contents)) if zipped else bytes(contents)

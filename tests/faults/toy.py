"""A study of made-up nets: a run is whole, but takes no time."""

import struct
import time
import zlib

import numpy as np
from absl import flags

from experiments.shared import common, machines, parsers, running
from jaxrep import records, report, seeds, stats

FLAGS = flags.FLAGS
FLAGS.set_default('seeds', 40)
FLAGS.set_default('first_seed', 0)
FLAGS.set_default('chunk_size', 8)
parsers.define_number('learning_rate', 'Of no net.', many=True, default='0.1,1')
parsers.define_number('pause', 'Seconds that a chunk takes.', default=0.0)


def run(
  place: running.Place,
  seed_range: range,
  rates: tuple[float, ...],
  pause: float = 0.0,
) -> records.Record | None:
  """Leaves a record of nets in two parts, and returns it.

  Args:
    place: where, and which share.
    seed_range: of the nets.
    rates: settings.
    pause: seconds that a chunk takes.
  """
  said = {'seeds': len(seed_range), 'first_seed': seed_range.start}
  experiment = running.Experiment(
    'toy',
    {
      n: parsers.as_text(v)
      for n, v in (said | {'learning_rate': rates}).items()
    },
    [_part(hidden, seed_range, rates, pause) for hidden in (2, 3)],
    lambda arrays: {
      'solved_rate': stats.rate(arrays['outcome'] == 0),
      'error_mean': stats.mean(arrays['error'], unit='error'),
    },
    _page,
  )
  return running.run(experiment, place)


def _part(hidden, seed_range, rates, pause) -> running.Part:
  def compute(nets, watch):
    time.sleep(pause)
    rows = [_made_up(s, hidden) for s in nets.seed.tolist()]
    arrays = {n: np.array([row[n] for row in rows]) for n in rows[0]}
    solved = int(np.sum(arrays['outcome'] == 0))
    watch(len(rows), solved)
    columns = {'seed': nets.seed, **nets.setting, **arrays}
    return running.Computed(columns, len(rows), len(rows), solved)

  return running.Part(
    f'h{hidden}',
    seeds.cross(seed_range, learning_rate=rates),
    [{'hidden': hidden, 'learning_rate': rate} for rate in rates],
    compute,
    {'outcomes': np.array(['solved', 'local minimum', 'diverged'])},
    lambda read: {'shown': np.sort(read('error'))[:3]},
  )


def _made_up(seed: int, hidden: int) -> records.Arrays:
  rng = np.random.default_rng((seed, hidden))
  return {
    'outcome': np.int8(rng.integers(3)),
    'error': np.float32(rng.exponential()),
    'w0': rng.normal(size=(9, hidden)),
    'curve': rng.normal(size=50),
  }


def _page(record: records.Record) -> report.Page:
  shades = np.clip(99 * record.parts['h2']['curve'][:50] + 128, 0, 255)
  return report.Page(
    'Made-up nets',
    f'There are {record.summary["nets"]:,} of them.',
    figures=[
      report.Figure(f'curve{k}', 'Curves', 'One a row.', 'Noise.', _png(some))
      for k, some in enumerate(np.split(shades.astype(np.uint8), 2))
    ],
    flags=(record.folder / records.FLAGS).read_text(),
    machine=records.machine_line(record.folder),
    files={'wide.csv': b'a,b\n' + 999 * b'1,2\n'},
  )


def _png(shades: np.ndarray) -> bytes:
  """Returns a grey picture, `[H, W]`, as a PNG file."""

  def chunk(kind, data):
    check = zlib.crc32(kind + data)
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', check)

  rows = b''.join(b'\0' + row.tobytes() for row in shades)
  header = struct.pack('>IIBBBBB', *shades.shape[::-1], 8, 0, 0, 0, 0)
  pieces = (b'IHDR', header), (b'IDAT', zlib.compress(rows)), (b'IEND', b'')
  return b'\x89PNG\r\n\x1a\n' + b''.join(chunk(*piece) for piece in pieces)


def main() -> None:
  common.launch('toy', _main)


def _main() -> None:
  run(
    machines.place('toy'), common.check_seeds(), FLAGS.learning_rate,
    FLAGS.pause,
  )  # fmt: skip


if __name__ == '__main__':
  main()

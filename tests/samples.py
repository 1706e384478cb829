"""A recipe for small nets, a record of made-up ones, and drawn axes."""

import pathlib

import numpy as np

from jaxrep import records, trials, writing
from jaxrep.figures import style

# How small nets are trained that solve small tasks at different times.
RECIPE = trials.Recipe(
  learning_rate=(0.5,),
  momentum=(0.9,),
  init_range=(1.0,),
  positive_weight=(1.0,),
  margin=(0.5,),
  bias_init='uniform',
  band=0.0,
  sweeps=400,
  after=50,
)
FLAGS = """# python -m experiments.toy --flagfile=run.flags
--bits=4
--learning_rate=0.1,0.5
"""
SUMMARY = {'study': 'toy', 'nets': 17, 'settings': [], 'claims': []}
CONSTANTS = {
  'units': np.array(['sigmoid', 'tanh']),
  'marks': np.array([0, 1, 2, 5]),
  'inputs': np.eye(4, dtype=np.float32),
  'targets': np.ones((4, 1), np.float32),
  'outcomes': np.array(['solved', 'local minimum', 'diverged']),
}
SIZES = {'h2': (2, 11), 'h3': (3, 6)}  # part -> hidden units, nets
# What is hard to write as decimals and read back.
HARD = np.array(
  [0.1, 1 / 3, 16777217, 3.4028235e38, 1.1754944e-38, 1e-45, -0.0, np.inf],
  np.float32,
)


def part(name: str) -> records.Arrays:
  """Returns the arrays of a part."""
  hidden, size = SIZES[name]
  rng = np.random.default_rng(hidden)

  def normal(*shape):
    return rng.normal(size=(size, *shape)).astype(np.float32)

  error = normal()
  error[: len(HARD)] = HARD[:size]
  error[-1] = np.nan
  return {
    'seed': np.arange(2**32 - size, 2**32, dtype=np.uint32),
    'learning_rate': np.repeat(np.float32([0.1, 0.5]), size)[::2],
    'outcome': (np.arange(size) % 3).astype(np.int8),
    'sweeps': np.where(np.arange(size) % 3, np.nan, 1e15 + np.arange(size)),
    'age': np.arange(size, dtype=np.int32),
    'error': error,
    'mirror': np.arange(size) % 2 == 0,
    'curve': normal(4),
    'w0': normal(4, hidden),
    'b0': normal(hidden),
    'w1': normal(hidden, 1),
    'b1': normal(1),
  }


def run(
  folder: str | pathlib.Path, *, chunk_size: int = 4, flags: str = FLAGS
) -> tuple[list[str], list[str]]:
  """Leaves a record: writes what is not there yet.

  Returns:
    The names of the chunks that were written, and the complaints about others.
  """
  written, complaints, chunks = [], [], {}
  with writing.Writer(folder, flags) as writer:
    if not writer.finished:
      writer.begin()
      for name, (_, size) in SIZES.items():
        for k, first in enumerate(range(0, size, chunk_size)):
          chunk = f'{name}-{k:05d}'
          chunks.setdefault(name, []).append(chunk)
          there, more = writer.check_chunks([chunk])
          complaints += more
          if not there:
            rows = slice(first, first + chunk_size)
            arrays = {n: array[rows] for n, array in part(name).items()}
            writer.write_chunk(chunk, arrays, {'computed': 1})
            written.append(chunk)
      writer.merge(chunks, dict.fromkeys(chunks, CONSTANTS))
      writer.write_json(records.MACHINE, {'jax': 'made up'})
      writer.write_json(records.SUMMARY, SUMMARY)
    writer.drop_chunks()
    writer.write_bytes('figures/curve.png', b'\x89PNG')
  return written, complaints


def tree(folder: pathlib.Path) -> dict[str, bytes | None]:
  """Returns all that a folder holds: content by path, None for a folder."""
  return {
    str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
    for path in sorted(folder.rglob('*'))
  }


def lasting(folder: pathlib.Path) -> dict[str, bytes | None]:
  """Returns `tree` without what says what a run ran on and what it cost."""
  found = tree(folder)
  found.pop('machine.json', None)
  if page := found.get('report.html'):
    lines = page.splitlines(keepends=True)
    found['report.html'] = b''.join(
      line for line in lines if not line.startswith(b'<p>jax ')
    )
  return found


def differing(folder: pathlib.Path, good: pathlib.Path) -> list[str]:
  """Returns what is not in two records alike, but for what they cost."""
  ours, theirs = lasting(folder), lasting(good)
  names = sorted(ours.keys() | theirs.keys())
  return [n for n in names if ours.get(n, b'?') != theirs.get(n, b'?')]


def drawn(draw, **choices):
  """Returns the axes that something was drawn on, of a figure of choices."""
  fig, ax = style.figure(**choices)
  draw(ax)
  fig.canvas.draw()
  return ax

"""Repeats faults at random until the time is up: `python -m tests.faults`.

Kills, a failing storage, random flags and damaged files, in turns, so that of
each the share of what is asked of ten minutes grows alike. Whatever was lost or
complained of is named with what repeats it, and the exit code is 1.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import functools
import os
import pathlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping

from tests import binaries
from tests.faults import disk, files, flags, kills

# What ten minutes do at least, by what is counted.
ASKED = {'kills': 20, 'disk': 40, 'flags': 500, 'files': 500}
STUDIES = kills.SLOW_TOY, kills.SYMMETRY


class Harness:
  """Undisturbed runs, imported binaries, and rounds of what disturbs them."""

  def __init__(self, stack: contextlib.ExitStack, seed: int, say: Callable):
    """Prepares what all rounds share.

    Args:
      stack: ends what is started here.
      seed: of all rounds.
      say: is told complaints.
    """
    self._stack, self._seed, self._say = stack, seed, say
    self._home = pathlib.Path(
      stack.enter_context(tempfile.TemporaryDirectory())
    )
    self._environment = os.environ | {
      'PYTHONPATH': str(binaries.ROOT),
      'JAX_COMPILATION_CACHE_DIR': str(self._home / 'compiled'),
      'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0',
      'JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES': '-1',
    }
    self._server = functools.cache(self._start)
    self._whole = functools.cache(self._run_whole)

  def _start(self, module, memory=None) -> binaries.Binary:
    sealed = flags.sealed(self._environment)
    also = 'scipy.stats', 'sklearn.datasets'
    server = binaries.Binary(module, sealed, *also, memory=memory)
    return self._stack.enter_context(server)

  def _started(self, name) -> binaries.Binary:
    return self._server(f'experiments.{name}', flags.MEMORY)

  def _run_whole(self, study) -> kills.Whole:
    folder = self._home / study.module
    return kills.whole(study, folder, self._environment)

  def run(self, kind: str, k: int) -> Mapping:
    """Returns the counts of round k of a kind; it does not see the others."""
    rng = random.Random(f'{self._seed}/{kind}/{k}')
    return getattr(self, f'_{kind}')(rng, k)

  def _kills(self, rng, k):
    study = STUDIES[k % len(STUDIES)]
    good = {study: self._whole(study)}
    return kills.campaign(rng, good, self._environment, self._say)

  def _disk(self, rng, k):
    study, count = (kills.SYMMETRY, 1) if k % 4 == 3 else (kills.TOY, 6)
    like = kills.SLOW_TOY if study == kills.TOY else study
    return disk.campaign(
      rng, count, self._server(study.module), study, self._whole(like).folder,
      self._say,
    )  # fmt: skip

  def _flags(self, rng, k):
    names = [flags.NAMES[k % len(flags.NAMES)]]
    return flags.campaign(
      rng, 48, 2, self._environment, self._say, names, self._started
    )

  def _files(self, rng, k):
    del k
    return files.campaign(
      rng, 50, self._environment, self._say, servers=self._started
    )


def done(kind: str, counts: Mapping[str, int]) -> float:
  """Returns how much of what is asked of a kind was done: 1 for all of it."""
  name = {'kills': 'kills', 'disk': 'faults'}.get(kind, 'tried')
  return counts.get(name, 0) / ASKED[kind]


def report(counts: Mapping[str, collections.Counter], seconds) -> Iterator[str]:
  """Yields what was counted, in plain lines."""
  kill, fault, flag, file = (counts[kind] for kind in ASKED)
  yield (
    f'kills: {kill["kills"]}; resumes: {kill["resumes"]}; chunks kept over'
    f' them: {kill["kept"]}; writes cut short: {kill["cut"]}; Ctrl-C:'
    f' {kill["pressed"]}'
  )
  yield f'faults injected: {fault["faults"]}, of which told: {fault["told"]}'
  yield (
    f'flag combinations: {flag["tried"]}, of which processes:'
    f' {flag["processes"]}; ran: {flag["ran"]}; refused: {flag["refused"]}'
  )
  yield (
    f'file mutations: {file["tried"]}; used: {file["ran"]}; refused:'
    f' {file["refused"]}'
  )
  losses = kill['complaints'] + fault['complaints']
  others = flag['complaints'] + file['complaints']
  yield f'losses: {losses}; other complaints: {others}; {seconds:.0f} s'


def main() -> None:
  """Runs rounds, of two kinds at once, until the time is up."""
  parser = argparse.ArgumentParser(prog='python -m tests.faults')
  parser.add_argument('--minutes', type=float, default=10.0)
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--only', help='KIND/NUMBER: one round, to repeat it')
  given = parser.parse_args()
  begun = time.monotonic()
  counts = {kind: collections.Counter() for kind in ASKED}

  def play(kind, k):
    found = dict(harness.run(kind, k))
    wrong = len(found.pop('complaints'))
    counts[kind] += collections.Counter(found, rounds=1, complaints=wrong)
    shown = ', '.join(f'{n} {c}' for n, c in found.items())
    again = f'  AGAIN: --seed={given.seed} --only={kind}/{k}' if wrong else ''
    spent = time.monotonic() - begun
    print(f'{spent:5.0f} s  {kind}/{k}: {shown}{again}', flush=True)

  def play_some(kinds):
    while time.monotonic() < begun + 60 * given.minutes:
      kind = min(kinds, key=lambda kind: done(kind, counts[kind]))
      play(kind, counts[kind]['rounds'])

  with contextlib.ExitStack() as stack:
    harness = Harness(stack, given.seed, lambda line: print(f'! {line}'))
    if given.only:
      kind, _, k = given.only.partition('/')
      play(kind, int(k))
    else:
      with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(play_some, (('kills', 'disk'), ('flags', 'files'))))
  print(*report(counts, time.monotonic() - begun), sep='\n')
  sys.exit(any(found['complaints'] for found in counts.values()))


if __name__ == '__main__':
  main()

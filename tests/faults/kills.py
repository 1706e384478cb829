"""Runs that are stopped at random moments, and started again until done."""

import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests import samples
from tests.binaries import PATIENCE, ROOT, Ended

SIGINT, SIGKILL = signal.SIGINT, signal.SIGKILL

# As `python -m`, where Ctrl-C works also if all this is run in the background
# of a script, which makes its children deaf to it.
_PROGRAM = (
  'import runpy, signal, sys\n'
  'signal.signal(signal.SIGINT, signal.default_int_handler)\n'
  'runpy.run_module(sys.argv.pop(1), None, "__main__", True)\n'
)


class Study(NamedTuple):
  """A command that takes seconds, and its chunks."""

  module: str
  flags: tuple[str, ...]
  chunks: int

  @property
  def name(self) -> str:
    """What its messages begin with."""
    return self.module.rpartition('.')[2]


SYMMETRY = Study(
  'experiments.symmetry',
  (
    '--bits=2', '--hidden=3', '--learning_rate=1', '--init_range=1',
    '--sweeps=2000', '--after=5', '--seeds=32', '--block_size=16',
    '--chunk_size=4',
  ),
  8,
)  # fmt: skip
TOY = Study('tests.faults.toy', (), 20)
# Half a second of pauses: else all of it would be over in a moment.
SLOW_TOY = TOY._replace(flags=('--pause=0.025',))


class Whole(NamedTuple):
  """What an undisturbed run leaves, and the seconds that it takes."""

  folder: pathlib.Path
  seconds: float


def start(
  study: Study,
  folder,
  environment: Mapping[str, str],
  *flags: str,
  closed: bool = False,
) -> subprocess.Popen:
  """Returns a run that goes on meanwhile.

  Args:
    study: what to run.
    folder: of the record.
    environment: of the process.
    *flags: more of them.
    closed: whether its output is closed, as `>&-` does.
  """
  command = [sys.executable, '-c', _PROGRAM, study.module, '--verbosity=-2']
  command += study.flags  # errors only: no lines of progress
  if closed:
    command = ['sh', '-c', 'exec "$@" >&-', 'sh', *command]
  return subprocess.Popen(
    [*command, f'--out={folder}', *flags], cwd=ROOT, env=environment, text=True,
    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
  )  # fmt: skip


def end(process: subprocess.Popen) -> Ended:
  """Returns how a run ends."""
  try:
    out, err = process.communicate(timeout=PATIENCE)
  except subprocess.TimeoutExpired:
    process.kill()
    out, err = process.communicate()
  return Ended(process.returncode, out, err)


def whole(study: Study, folder, environment: Mapping[str, str]) -> Whole:
  """Returns an undisturbed run; what it compiles, others find."""
  for _ in range(2):
    shutil.rmtree(folder, ignore_errors=True)
    begun = time.monotonic()
    ended = end(start(study, folder, environment))
    if ended.code or ended.err:
      raise RuntimeError(f'{study.name}: expected a run, found {ended}')
    seconds = time.monotonic() - begun
  return Whole(folder, seconds)


def chunks(folder) -> dict[str, tuple[int, int]]:
  """Returns a run's finished chunks: name -> which file, written when."""
  found = {}
  for path in pathlib.Path(folder, 'chunks').glob('*.npz'):
    facts = path.stat()
    found[path.name] = facts.st_ino, facts.st_mtime_ns
  return found


def stop(
  study: Study,
  folder,
  environment: Mapping[str, str],
  how: signal.Signals = SIGKILL,
  after: int = 0,
) -> Ended:
  """Returns how a run ends that is stopped when there are new chunks.

  Args:
    study: what to run.
    folder: of the record.
    environment: of the process.
    how: the signal.
    after: how many chunks more than this have to be there.
  """
  process = start(study, folder, environment)
  give_up = time.monotonic() + PATIENCE
  while len(chunks(folder)) <= after and time.monotonic() < give_up:
    time.sleep(0.002)
  process.send_signal(how)
  return end(process)


def disturb(
  rng: random.Random,
  study: Study,
  good: Whole,
  folder: pathlib.Path,
  environment: Mapping[str, str],
  *,
  shares: int = 1,
  kills: int = 3,
) -> dict:
  """Kills a run at random moments, starts it again, and ends it.

  The moments are drawn from the time that a whole run takes, so they lie in its
  imports as well as in its drawing. Where there are shares, all are run at
  once, some are killed, and the others go on.

  Args:
    rng: decides when.
    study: what to run.
    good: its undisturbed run.
    folder: for its record; made anew when a run was over before its kill.
    environment: of processes.
    shares: processes at once.
    kills: how many.

  Returns:
    Counts (`kills`, `resumes`, `kept`: chunks that were there when a run was
    started again, `cut`: writes that a kill cut short) and `complaints`.
  """
  counts = {'kills': 0, 'resumes': 0, 'kept': 0, 'cut': 0, 'complaints': []}
  begun = False
  while True:
    before = chunks(folder)
    cut = set(folder.glob('**/.*.tmp'))
    counts['resumes'] += begun
    counts['kept'] += len(before)
    flags = [f'--shard={k}/{shares}' for k in range(shares)]
    processes = [
      start(study, folder, environment, *([flag] if shares > 1 else []))
      for flag in flags
    ]
    left = kills - counts['kills']
    victims = rng.sample(processes, min(left, rng.randint(1, shares)))
    moments = sorted(rng.uniform(0, good.seconds) for _ in victims)
    clock = time.monotonic()
    for victim, moment in zip(victims, moments, strict=True):
      time.sleep(max(0.0, clock + moment - time.monotonic()))
      victim.kill()
    ended = [end(process) for process in processes]
    killed = [e for e in ended if e.code == -SIGKILL]
    counts['kills'] += len(killed)
    counts['cut'] += len(set(folder.glob('**/.*.tmp')) - cut)
    done = (folder / 'summary.json').exists()
    counts['complaints'] += [
      f'{study.name}: {fault}'
      for fault in [
        *(_fault(e) for e in ended if e not in killed),
        '' if done else _lost(before, chunks(folder)),
        '' if done or killed else 'nobody put the record together',
      ]
      if fault
    ]
    if not killed and counts['kills'] >= kills or counts['complaints']:
      break
    begun = True
    if done and counts['kills'] < kills:  # it was over before it was killed
      shutil.rmtree(folder)
      begun = False
  differ = samples.differing(folder, good.folder)
  if differ and not counts['complaints']:
    counts['complaints'].append(f'{study.name}: {", ".join(differ)} differ')
  return counts


def _fault(ended: Ended) -> str:
  """Returns what is wrong with a run that nobody killed: '' for nothing."""
  fine = not ended.code and not ended.err
  return '' if fine else f'a run that nobody killed ended with {ended}'


def _lost(before, after) -> str:
  gone = sorted(k for k in before if after.get(k) != before[k])
  return f'{gone[0]} was lost, or computed again' if gone else ''


def press(
  study: Study, good: Whole, folder: pathlib.Path, environment, after: int
) -> list[str]:
  """Returns complaints about a run that is ended by Ctrl-C and goes on.

  Args:
    study: what to run.
    good: its undisturbed run.
    folder: for its record.
    environment: of processes.
    after: a key is pressed when there are more chunks than this.
  """
  pressed = stop(study, folder, environment, SIGINT, after)
  lines = pressed.err.strip().splitlines()
  found = []
  if pressed.code or 'report.html' not in pressed.out:  # else it was over
    fine = pressed.code == 130 and len(lines) == 1
    if not fine or not lines[0].startswith(f'{study.name}: interrupted'):
      found.append(f'{study.name}: Ctrl-C ended with {pressed}')
  if odd := [p.name for p in folder.rglob('.*')]:
    found.append(f'{study.name}: Ctrl-C left {odd[0]}')
  before = chunks(folder)
  last = end(start(study, folder, environment))
  found += [f'{study.name}: {fault}' for fault in [_fault(last)] if fault]
  if differ := samples.differing(folder, good.folder):
    found.append(f'{study.name}: {", ".join(differ)} differ after {before}')
  return found


def campaign(
  rng: random.Random,
  good: Mapping[Study, Whole],
  environment: Mapping[str, str],
  say: Callable[[str], object] = print,
) -> dict:
  """Returns counts, as `disturb` does and `pressed`, of one round.

  Args:
    rng: decides.
    good: undisturbed runs; one of them is drawn.
    environment: of processes.
    say: is told each complaint as it is found.
  """
  study = rng.choice(sorted(good))
  with tempfile.TemporaryDirectory() as name:
    home = pathlib.Path(name)
    shares = rng.choice((1, 1, 2, 3))
    counts = disturb(
      rng, study, good[study], home / 'killed', environment, shares=shares,
      kills=rng.randint(1, 2 + shares),
    )  # fmt: skip
    counts['pressed'] = 0
    if rng.random() < 0.3:
      counts['pressed'] = 1
      after = rng.randrange(study.chunks - 1)
      counts['complaints'] += press(
        study, good[study], home / 'pressed', environment, after
      )
  for complaint in counts['complaints']:
    say(complaint)
  return counts

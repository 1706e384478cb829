"""A run that is stopped goes on, and ends with the same bytes.

`smoke.flags` in chunks of four nets, beside the same run in one chunk that
nothing disturbs.
"""

import pathlib
import shutil
import signal
import subprocess
import sys
import time
from typing import NamedTuple

import pytest
import samples
from binaries import PATIENCE, ROOT, Ended

STUDY = '--flagfile=flags/symmetry/smoke.flags', '--chunk_size=4'
CHUNKS = 16
SAME = 'nets.npz', 'nets.csv', 'summary.json'
# As `python -m`, where Ctrl-C works also if pytest itself is run in the
# background of a script, which makes its children deaf to it.
PROGRAM = (
  'import runpy, signal\n'
  'signal.signal(signal.SIGINT, signal.default_int_handler)\n'
  'runpy.run_module("experiments.symmetry", None, "__main__", True)\n'
)


class Stopped(NamedTuple):
  """A run that was stopped, and the chunks that it left: name -> when."""

  ended: Ended
  chunks: dict[str, tuple[int, int]]


class Interrupted(NamedTuple):
  """A run that was stopped by Ctrl-C, killed, damaged, and then let be."""

  folder: pathlib.Path
  pressed: Stopped
  killed: Stopped
  last: Ended


def chunks(folder):
  found = {}
  for path in (folder / 'chunks').glob('*.npz'):
    facts = path.stat()
    found[path.name] = facts.st_ino, facts.st_mtime_ns
  return found


def stop(folder, how, after, environment):
  """Stops a run by a signal when it has left some chunks more than `after`."""
  command = [sys.executable, '-c', PROGRAM, *STUDY, f'--out={folder}']
  with subprocess.Popen(
    command, cwd=ROOT, env=environment, text=True,
    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
  ) as process:  # fmt: skip
    give_up = time.monotonic() + PATIENCE
    while len(chunks(folder)) <= after and time.monotonic() < give_up:
      time.sleep(0.002)
    process.send_signal(how)
    out, err = process.communicate(timeout=PATIENCE)
  return Stopped(Ended(process.returncode, out, err), chunks(folder))


@pytest.fixture(scope='module')
def interrupted(smoke, binary, environment, tmp_path_factory):
  """After `smoke`, so that what is compiled there is found here."""
  folder = tmp_path_factory.mktemp('resume') / 'symmetry'
  pressed = stop(folder, signal.SIGINT, 0, environment)
  killed = stop(folder, signal.SIGKILL, len(pressed.chunks), environment)
  damaged = folder / 'chunks' / min(killed.chunks)
  damaged.write_bytes(damaged.read_bytes()[:-100])
  last = binary('symmetry')(*STUDY, f'--out={folder}', cwd=ROOT)
  return Interrupted(folder, pressed, killed, last)


def assert_same(folder, other, names=SAME):
  for name in names:
    assert (folder / name).read_bytes() == (other / name).read_bytes(), name


def test_runs_were_stopped_on_their_way(interrupted):
  """Else the tests below would not test going on."""
  assert 1 <= len(interrupted.pressed.chunks) < len(interrupted.killed.chunks)
  assert len(interrupted.killed.chunks) < CHUNKS


def test_a_key_press_ends_in_one_line_that_says_how_to_go_on(interrupted):
  code, out, err = interrupted.pressed.ended
  assert (code, out) == (130, '')
  [line] = err.strip().splitlines()
  assert line.startswith('symmetry: interrupted')
  assert 'the same command goes on' in line


def test_a_kill_says_nothing(interrupted):
  assert interrupted.killed.ended == (-signal.SIGKILL, '', '')


def test_chunks_that_were_there_are_not_computed_again(interrupted):
  before, after = interrupted.pressed.chunks, interrupted.killed.chunks
  assert before.items() <= after.items()


def test_a_damaged_chunk_is_told_in_one_line_and_nothing_else_is(interrupted):
  code, _, err = interrupted.last
  assert code == 0
  [line] = err.splitlines()
  assert f'chunks/{min(interrupted.killed.chunks)}' in line
  assert 'damaged' in line


def test_a_run_that_was_stopped_ends_with_the_same_bytes(interrupted, smoke):
  assert_same(interrupted.folder, smoke[0])


def test_nothing_of_being_stopped_is_left(interrupted, smoke):
  assert (
    samples.tree(interrupted.folder).keys() == samples.tree(smoke[0]).keys()
  )


def test_the_same_command_says_that_it_is_done_and_draws_again(
  smoke, binary, tmp_path
):
  folder = tmp_path / 'symmetry'
  shutil.copytree(smoke[0], folder)
  shutil.rmtree(folder / 'figures')
  (folder / 'report.html').unlink()
  ended = binary('symmetry')(STUDY[0], f'--out={folder}', cwd=ROOT)
  assert (ended.code, ended.err) == (0, '')
  first, rest = ended.out.split('\n', 1)
  assert first == f'{folder} holds this run, finished; drawing it again.'
  assert rest == smoke[1].out.replace(str(smoke[0]), str(folder))
  assert samples.tree(folder) == samples.tree(smoke[0])


@pytest.mark.slow
def test_run_flags_repeat_the_run_byte_for_byte(
  smoke, binary, environment, tmp_path
):
  """Compiled anew."""
  command = [
    sys.executable, '-m', 'experiments.symmetry',
    f'--flagfile={smoke[0]}/run.flags', '--out=repeated',
  ]  # fmt: skip
  environment = environment | {'JAX_COMPILATION_CACHE_DIR': str(tmp_path / 'c')}
  ended = subprocess.run(
    command, cwd=tmp_path, env=environment, capture_output=True, text=True
  )
  assert (ended.returncode, ended.stderr) == (0, '')
  found, expected = map(samples.tree, (tmp_path / 'repeated', smoke[0]))
  assert found.keys() == expected.keys()
  pages = found.pop('report.html'), expected.pop('report.html')
  assert found.pop('machine.json') != expected.pop('machine.json')
  assert found == expected
  lines = [page.decode().splitlines() for page in pages]
  differ = [a for a, b in zip(*lines, strict=True) if a != b]
  assert [line[:7] for line in differ] == ['<p>jax ']

"""Several processes compute one record, bit for bit what one computes.

Whole processes; where only the sharing is tested, of a study without nets.
"""

import concurrent.futures
import json
import os
import socket
import subprocess
import sys
import termios

import pytest

from experiments.shared import progress
from jaxrep import locks, writing
from tests import samples
from tests.binaries import ROOT, Ended
from tests.faults import kills

TOY = kills.TOY.module
# One process each: the work lies in chunks of both parts.
BOOLEAN = (
  '--flagfile=flags/boolean/smoke.flags', '--hidden=1,2', '--seeds=4',
  '--sweeps=60', '--after=5', '--block_size=16',
  '--chunk_size=3',
)  # fmt: skip


@pytest.fixture(scope='module')
def run(binary):
  """Returns how a binary ends in `folder`; `main` by default the toy's."""

  def ended(folder, *flags, main=TOY):
    return binary(main)(*flags, f'--out={folder}', cwd=ROOT)

  return ended


@pytest.fixture(scope='module')
def toy(run, tmp_path_factory):
  folder = tmp_path_factory.mktemp('alone') / 'toy'
  assert run(folder).code == 0
  return folder


def alone(run, study, folder):
  ended = run(folder, *study.flags, main=study.module.rpartition('.')[2])
  assert (ended.code, ended.err) == (0, '')
  return folder


@pytest.fixture(scope='module')
def whole(run, toy, tmp_path_factory):
  """What one process leaves of a study."""
  folder = tmp_path_factory.mktemp('alone') / 'symmetry'
  return {
    kills.TOY: toy,
    kills.SYMMETRY: alone(run, kills.SYMMETRY, folder),
  }


def together(study, folder, environment, flags):
  """Returns how runs end that all go on at once, one for each of `flags`."""
  runs = [kills.start(study, folder, environment, *words) for words in flags]
  with concurrent.futures.ThreadPoolExecutor(len(runs)) as pool:
    return list(pool.map(kills.end, runs))


def free_port():
  with socket.socket() as one:
    one.bind(('127.0.0.1', 0))
    return one.getsockname()[1]


def check_shared(folder, alone, ended, count):
  assert [(e.code, e.err) for e in ended] == count * [(0, '')]
  told = [e for e in ended if f'{folder}/report.html' in e.out]
  assert len(told) == 1
  assert sum(' is done' in e.out for e in ended) == count - 1
  assert samples.differing(folder, alone) == []
  machine = json.loads((folder / 'machine.json').read_text())
  names = [f'{k}/{count}' for k in range(count)]
  assert sorted(machine['shares']) == names
  assert all(m['seconds'] > 0 for m in machine['shares'].values())


@pytest.mark.parametrize(
  ('count', 'study'), [(2, kills.SYMMETRY), (3, kills.TOY)]
)
def test_shares_at_once_leave_what_one_process_does(
  whole, environment, tmp_path, count, study
):
  flags = [[f'--shard={k}/{count}'] for k in range(count)]
  ended = together(study, tmp_path, environment, flags)
  check_shared(tmp_path, whole[study], ended, count)


@pytest.mark.parametrize(
  ('count', 'study'), [(2, kills.TOY), (3, kills.SYMMETRY)]
)
def test_processes_that_meet_leave_what_one_process_does(
  whole, environment, tmp_path, count, study
):
  port = free_port()
  flags = [
    [
      '--distributed', f'--coordinator=127.0.0.1:{port}',
      f'--processes={count}', f'--process={k}',
    ]
    for k in range(count)
  ]  # fmt: skip
  ended = together(study, tmp_path, environment, flags)
  check_shared(tmp_path, whole[study], ended, count)


def test_under_slurm_processes_meet_without_more_flags(
  toy, environment, tmp_path
):
  """Its variables, as `srun` sets them; the port follows from the job."""
  job = {
    'SLURM_JOB_ID': str(free_port()), 'SLURM_STEP_NODELIST': '127.0.0.1',
    'SLURM_NTASKS': '2', 'SLURM_STEP_NUM_NODES': '1',
  }  # fmt: skip
  runs = []
  for k in range(2):
    task = {'SLURM_PROCID': str(k), 'SLURM_LOCALID': str(k)}
    runs.append(
      kills.start(
        kills.TOY, tmp_path, environment | job | task, '--distributed'
      )
    )
  check_shared(tmp_path, toy, list(map(kills.end, runs)), 2)


def test_a_grid_of_several_parts_is_shared_as_well(run, tmp_path):
  """Its nets lie in chunks of two tasks' parts, of which each does some."""
  whole = run(tmp_path / 'whole', *BOOLEAN, main='boolean')
  first, last = (
    run(tmp_path / 'shared', *BOOLEAN, f'--shard={k}/2', main='boolean')
    for k in (1, 0)
  )
  assert [whole.code, first.code, last.code] == [0, 0, 0]
  found = json.loads((tmp_path / 'whole' / 'summary.json').read_text())
  assert len({s['part'] for s in found['settings']}) > 1
  assert samples.differing(tmp_path / 'shared', tmp_path / 'whole') == []


def test_shares_one_after_another_say_what_is_still_to_be_done(
  run, toy, tmp_path
):
  said = [run(tmp_path, f'--shard={k}/3') for k in range(3)]
  assert [(e.code, e.err) for e in said] == 3 * [(0, '')]
  assert said[0].out.splitlines() == [
    f'{tmp_path}: share 0/3 is done; 13 of 20 chunks are still to come, from'
    ' 1/3, 2/3. Who ends last, or a command without a share, puts the record'
    ' together.'
  ]
  assert '6 of 20 chunks are still to come, from 2/3.' in said[1].out
  assert samples.differing(tmp_path, toy) == []


@pytest.mark.parametrize('how', ['the same share', 'no share', 'other shares'])
def test_what_a_killed_share_wrote_is_not_computed_again(
  run, toy, environment, tmp_path, how
):
  study = kills.SLOW_TOY
  killed = kills.start(study, tmp_path, environment, '--shard=1/2')
  while len(kills.chunks(tmp_path)) < 3:
    assert killed.poll() is None
  killed.kill()
  assert kills.end(killed).code == -kills.SIGKILL
  theirs = kills.chunks(tmp_path)
  assert 3 <= len(theirs) < 10
  other = run(tmp_path, '--shard=0/2')
  assert (other.code, other.err) == (0, '')
  assert 'chunks are still to come, from 1/2.' in other.out
  before = kills.chunks(tmp_path)
  assert theirs.items() <= before.items() and len(before) == len(theirs) + 10
  if how == 'other shares':
    assert run(tmp_path, '--shard=1/4').code == 0
    assert before.items() < kills.chunks(tmp_path).items()
  flags = {'the same share': '1/2', 'no share': '0/1', 'other shares': '3/4'}
  last = run(tmp_path, f'--shard={flags[how]}', '--verbosity=0')
  assert last.code == 0
  written = [line for line in last.err.splitlines() if 'is on disk' in line]
  rest = 20 - len(before)
  assert (
    0 < len(written) < rest if how == 'other shares' else len(written) == rest
  )
  assert samples.differing(tmp_path, toy) == []


def test_a_share_that_another_process_holds_is_refused_in_one_line(
  run, toy, environment, tmp_path
):
  slow = kills.TOY._replace(flags=('--pause=0.6',))
  first = kills.start(slow, tmp_path, environment, '--shard=1/2')
  while not list(tmp_path.glob('.jaxrep-1-of-2.lock')):
    assert first.poll() is None
  try:
    for share in ('1/2', '3/4', '0/1'):
      ended = run(tmp_path, f'--shard={share}')
      assert ended == Ended(
        1,
        '',
        f'toy: --out={tmp_path}: another process is writing there its share'
        ' 1/2\n',
      )
    other = run(tmp_path, '--shard=0/2')
    assert (other.code, other.err) == (0, '')
    assert 'others are at work there, and the last puts' in other.out
  finally:
    last = kills.end(first)
  assert last.code == 0 and 'report.html' in last.out
  assert samples.differing(tmp_path, toy) == []


def test_a_finished_record_is_drawn_again_whatever_the_share(
  run, toy, tmp_path
):
  run(tmp_path)
  (tmp_path / 'report.html').unlink()
  ended = run(tmp_path, '--shard=4/5')
  assert ended.code == 0
  assert f'{tmp_path} holds this run, finished' in ended.out
  assert samples.differing(tmp_path, toy) == []


@pytest.mark.parametrize(
  ('flags', 'words'),
  [
    ('--process=0', '--process=0: expected --distributed with it'),
    ('--processes=2', '--processes=2: expected --distributed with it'),
    ('--coordinator=a:1', '--coordinator=a:1: expected --distributed'),
    ('--distributed --processes=2 --process=2', '--process=2: expected a'),
    ('--distributed --shard=0/2', '--shard=0/2: expected no --distributed'),
    ('--distributed', '--distributed: expected one of SLURM'),
    ('--distributed --coordinator=nonsense', '--coordinator=nonsense: expec'),
    ('--distributed --coordinator=:1', '--coordinator=:1: expected HOST'),
    ('--distributed --coordinator=a:99999', '--coordinator=a:99999: expec'),
    ('--distributed --coordinator=127.0.0.1:1', '--distributed: expected one'),
    ('--profile=', '--profile=: expected a folder'),
    ('--shard=3/3', "'3/3'"),
    ('--shard=a', "'a'"),
    ('--shard=1', "'1'"),
    ('--shard=', "''"),
    ('--shard=-1/2', "'-1/2'"),
    ('--shard=0/0', "'0/0'"),
    ('--shard=0/1048577', "'0/1048577'"),
    ('--shard=٣/٤', "'٣/٤'"),
  ],
)
def test_flags_that_do_not_fit_end_in_one_line(run, tmp_path, flags, words):
  ended = run(tmp_path / 'out', *flags.split())
  assert (ended.code, ended.out) == (1, '')
  line, *hint = ended.err.splitlines()
  assert line.startswith('toy: ') and words in line
  assert hint in ([], ['Pass --helpshort to see the flags.'])
  assert not (tmp_path / 'out').exists()


def test_a_profile_is_left_and_alters_nothing(run, toy, tmp_path):
  ended = run(tmp_path / 'out', f'--profile={tmp_path / "trace"}')
  assert (ended.code, ended.err) == (0, '')
  [trace] = (tmp_path / 'trace').rglob('*.xplane.pb')
  assert trace.stat().st_size > 100
  assert samples.differing(tmp_path / 'out', toy) == []
  again = run(tmp_path / 'out', f'--profile={tmp_path / "none"}')
  assert again.code == 0 and not (tmp_path / 'none').exists()


def test_a_file_in_the_place_of_a_profile_is_told_in_one_line(run, tmp_path):
  (tmp_path / 'trace').write_text('years of work')
  ended = run(tmp_path / 'out', f'--profile={tmp_path / "trace"}')
  assert (ended.code, ended.out) == (1, '')
  [line] = ended.err.splitlines()
  place = tmp_path / 'trace'
  said = f'toy: --profile={place}: expected a folder, found a file, {place}'
  assert line == said and not (tmp_path / 'out').exists()
  assert (tmp_path / 'trace').read_text() == 'years of work'


def shown(capsys, steps):
  with progress.progress('toy 0/2', 40) as bar:
    for done, solved in steps:
      bar.show(done, solved)
    bar.say('one is damaged')
  return capsys.readouterr().err


def test_a_log_file_gets_plain_lines_now_and_then(capsys, monkeypatch):
  assert shown(capsys, [(10, 0), (20, 3)]) == 'one is damaged\n'
  monkeypatch.setattr(progress, 'EVERY', 0.0)
  lines = shown(capsys, [(10, 0), (20, 3), (40, 3)]).splitlines()
  assert lines == [
    'toy 0/2: 10 of 40 nets, 00:00 gone, about 00:00 to go',
    'toy 0/2: 20 of 40 nets, 00:00 gone, about 00:00 to go, 3 solved',
    'one is damaged',
  ]


def test_below_warnings_there_is_no_progress(capsys, monkeypatch):
  monkeypatch.setattr(progress, 'EVERY', 0.0)
  monkeypatch.setattr(progress.logging, 'get_verbosity', lambda: -2)
  assert shown(capsys, [(10, 0), (20, 3)]) == 'one is damaged\n'


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
  monkeypatch.setattr(sys.stderr, 'isatty', lambda: True)
  said = shown(capsys, [(10, 0), (20, 3)])
  assert said.count('\r') >= 2 and 'toy 0/2: ' in said
  assert '3 solved' in said and '20/40' in said


@pytest.mark.parametrize('verbosity', [-1, -2])
def test_a_run_on_a_terminal_shows_a_bar_unless_told_not_to(
  environment, tmp_path, verbosity
):
  """In a pseudo-terminal, as a user has one."""
  ours, theirs = os.openpty()
  termios.tcsetwinsize(ours, (24, 100))
  command = [sys.executable, '-m', TOY, f'--out={tmp_path}', '--pause=0.01']
  with subprocess.Popen(
    [*command, f'--verbosity={verbosity}'], cwd=ROOT, env=environment,
    stdout=subprocess.DEVNULL, stderr=theirs,
  ) as ended:  # fmt: skip
    os.close(theirs)
    said = b''
    try:
      while piece := os.read(ours, 2**16):  # else it would wait for us
        said += piece
    except OSError:  # as Linux says that the other end is closed
      pass
  os.close(ours)
  assert ended.returncode == 0
  if verbosity < -1:
    assert said == b''
  else:
    assert b'toy: ' in said and b'160/160' in said and b' solved' in said


def test_a_share_that_comes_when_all_is_done_leaves_in_peace(
  run, toy, tmp_path
):
  """While another puts the record together."""
  flags = (toy / 'run.flags').read_text()
  with writing.Writer(tmp_path, flags, locks.Share(0, 2)) as writer:
    writer.begin()
    assert writer.take_whole([]) == (True, [])
    late = run(tmp_path, '--shard=1/2')
  assert (late.code, late.err) == (0, '')
  assert late.out == (
    f'{tmp_path}: all chunks are there; another process puts the record'
    ' together.\n'
  )

"""Who computes a chunk is alone with it, and who is last knows it."""

import itertools
import math
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading

import pytest
import samples
from binaries import ROOT

from jaxrep import locks, records, writing
from jaxrep.locks import Locks, Share

SHARES = [Share(i, n) for n in range(1, 7) for i in range(n)]
# Holds a share till its input ends.
HOLDER = """
import pathlib, sys
from jaxrep import locks
share = locks.Share(*map(int, sys.argv[2:]))
with locks.Locks(pathlib.Path(sys.argv[1]), share):
  print('in', flush=True)
  sys.stdin.read()
"""
# Opens a folder for a run of flags when told to; says so, or why not.
OPENER = """
import sys
from jaxrep import locks, records, writing
print('ready', flush=True)
sys.stdin.readline()
try:
  share = locks.Share(*map(int, sys.argv[3].split('/')))
  with writing.Writer(sys.argv[1], sys.argv[2], share) as writer:
    writer.begin()
    print('in', flush=True)
    sys.stdin.read()
except records.RecordError as error:
  print(error, flush=True)
"""


def program(text, *arguments):
  return subprocess.Popen(
    [sys.executable, '-c', text, *map(str, arguments)], cwd=ROOT, text=True,
    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
  )  # fmt: skip


@pytest.fixture
def holder(tmp_path):
  """Another process, which holds share 1/3 of `tmp_path`."""
  with program(HOLDER, tmp_path, 1, 3) as process:
    assert process.stdout.readline() == 'in\n'
    yield process
    process.kill()


def names(folder):
  return sorted(path.name for path in folder.iterdir())


def test_shares_meet_iff_some_chunk_is_in_both():
  """Both patterns repeat after the least common multiple of their counts."""
  for a, b in itertools.product(SHARES, SHARES):
    chunks = range(math.lcm(a.count, b.count))
    both = any(a.holds(k) and b.holds(k) for k in chunks)
    assert a.meets(b) == both, (a, b)


def test_the_shares_of_a_count_part_the_chunks():
  for n in range(1, 7):
    for k in range(20):
      assert sum(Share(i, n).holds(k) for i in range(n)) == 1


def test_a_share_meets_itself_and_the_whole():
  for share in SHARES:
    assert share.meets(share) and share.meets(locks.WHOLE)


def test_who_asks_for_what_another_holds_is_told_which_share(tmp_path):
  for one, other in itertools.product(SHARES[:10], SHARES[:10]):
    with Locks(tmp_path, one):
      if one.meets(other):
        with pytest.raises(locks.InUseError, match=f'^{one}$'):
          Locks(tmp_path, other).__enter__()
      else:
        with Locks(tmp_path, other):
          assert len(names(tmp_path)) == 2
    assert names(tmp_path) == []


def test_other_processes_are_kept_out_until_the_holder_is_killed(
  tmp_path, holder
):
  for share in (Share(1, 3), Share(0, 2), locks.WHOLE):
    with pytest.raises(locks.InUseError, match='^1/3$'):
      Locks(tmp_path, share).__enter__()
  with Locks(tmp_path, Share(0, 3)) as ours:
    assert not ours.gone
  holder.send_signal(signal.SIGKILL)
  holder.wait()
  assert names(tmp_path) == ['.jaxrep-1-of-3.lock']  # of which nothing is left
  with Locks(tmp_path, locks.WHOLE):
    assert names(tmp_path) == ['.jaxrep-0-of-1.lock']
  assert names(tmp_path) == []


def test_files_of_other_names_are_no_locks(tmp_path):
  kept = ['.jaxrep-1.lock', 'jaxrep-0-of-1.lock', '.jaxrep-0-of-1.lock.tmp']
  for name in kept:
    (tmp_path / name).touch()
    assert not locks.is_ours(name)
  with Locks(tmp_path, locks.WHOLE):
    assert len(names(tmp_path)) == 4
  assert names(tmp_path) == sorted(kept)


def test_the_last_one_there_lets_nobody_in_until_it_leaves(tmp_path):
  with Locks(tmp_path, Share(0, 2)) as one, Locks(tmp_path, Share(1, 2)) as two:
    assert not one.take_whole()
    assert two.take_whole()
    for share in SHARES:
      with pytest.raises(locks.InUseError) as found:
        Locks(tmp_path, share).__enter__()
      assert found.value.taken
  with Locks(tmp_path, Share(0, 2)):
    pass
  assert names(tmp_path) == []


def test_who_is_not_ready_lets_go_and_is_asked_only_if_it_is_the_last(tmp_path):
  asked = []

  def ready():
    asked.append(True)
    return False

  with Locks(tmp_path, Share(0, 2)) as one, Locks(tmp_path, Share(1, 2)) as two:
    assert not one.take_whole(ready) and not asked
    assert not two.take_whole(ready) and asked
    assert names(tmp_path) == []
    with Locks(tmp_path, locks.WHOLE):
      pass


def test_a_lock_in_a_folder_that_was_moved_is_off_and_leaves_the_new_one(
  tmp_path,
):
  place = tmp_path / 'toy'
  place.mkdir()
  with Locks(place, locks.WHOLE) as old:
    assert not old.gone
    place.rename(tmp_path / 'away')
    place.mkdir()
    assert old.gone
    with Locks(place, locks.WHOLE) as new:
      old.__exit__()
      assert not new.gone and names(place) == ['.jaxrep-0-of-1.lock']


def test_who_has_all_chunks_keeps_others_out_to_the_end(tmp_path):
  with Locks(tmp_path, locks.WHOLE) as ours:
    assert ours.take_whole()
    for share in SHARES:
      with pytest.raises(locks.InUseError) as found:
        Locks(tmp_path, share).__enter__()
      assert not found.value.taken


def test_of_two_that_are_done_at_once_one_is_the_last(tmp_path):
  """Who is told that it is not is out by then, whatever it does next."""
  last = []
  for _ in range(20):
    found = [Locks(tmp_path, Share(k, 3)).__enter__() for k in range(3)]
    threads = [
      threading.Thread(target=lambda lock=lock: last.append(lock.take_whole()))
      for lock in found
    ]
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join()
    for lock in found:
      lock.__exit__()
    assert sum(last) == 1, last
    last.clear()
  assert names(tmp_path) == []


def test_who_is_alone_is_the_last(tmp_path):
  with Locks(tmp_path, locks.WHOLE) as ours:
    assert ours.take_whole() and ours.take_whole()


def test_nobody_comes_or_looks_around_while_the_door_is_held(tmp_path):
  came = threading.Event()

  def come():
    with Locks(tmp_path, Share(1, 2)):
      came.set()

  with Locks(tmp_path, Share(0, 2)) as ours:
    thread = threading.Thread(target=come)
    with ours.door():
      thread.start()
      assert not came.wait(0.2)
    assert came.wait(60)
    thread.join()


def test_who_waits_at_a_door_that_was_removed_takes_the_new_one(tmp_path):
  """Else two would each hold a file of that name, one of them gone."""
  inside, most, lock = [], [], threading.Lock()

  def pass_through():
    for _ in range(50):
      with Locks(tmp_path, locks.WHOLE).door():
        with lock:
          inside.append(1)
          most.append(len(inside))
        with lock:
          inside.pop()

  threads = [threading.Thread(target=pass_through) for _ in range(4)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  assert max(most) == 1 and len(most) == 200


def test_locks_that_cannot_be_removed_are_let_go_nevertheless(
  tmp_path, monkeypatch
):
  def refuse(path, **kwargs):
    raise OSError(30, os.strerror(30), str(path))

  with monkeypatch.context() as patch:
    with Locks(tmp_path, locks.WHOLE):
      patch.setattr(pathlib.Path, 'unlink', refuse)
    assert '.jaxrep-0-of-1.lock' in names(tmp_path)
  with Locks(tmp_path, locks.WHOLE):
    pass
  assert names(tmp_path) == []


def remade(folder):
  shutil.rmtree(folder)
  folder.mkdir()


def unlocked(folder):
  (folder / '.jaxrep-0-of-1.lock').unlink()


@pytest.mark.parametrize('meddle', [remade, unlocked])
def test_who_was_robbed_of_its_lock_writes_nothing_more(tmp_path, meddle):
  """Another process is there now, which keeps its lock."""
  folder = tmp_path / 'toy'
  with writing.Writer(folder, samples.FLAGS) as first:
    first.begin()
    meddle(folder)
    with writing.Writer(folder, samples.FLAGS) as second:
      second.begin()
      before = samples.tree(folder)
      with pytest.raises(records.RecordError) as found:
        first.write_text('summary.json', '{}')
      assert len(str(found.value).splitlines()) == 1
      assert str(found.value).startswith(f'--out={folder}: ')
      first.__exit__()
      assert samples.tree(folder) == before
      assert '.jaxrep-0-of-1.lock' in before
      second.write_text('summary.json', '{}')


@pytest.mark.parametrize('k', range(3))
def test_where_locks_cannot_be_had_none_is_left_but_the_door(
  tmp_path, monkeypatch, k
):
  """At the door, at the share, and at the door again."""
  done = []

  def refuse(*args):
    done.append(args)
    if len(done) == k + 1:
      raise OSError(37, os.strerror(37))

  monkeypatch.setattr(locks.fcntl, 'flock', refuse)
  monkeypatch.setattr(Locks, '_held', lambda self: [])
  with (
    pytest.raises(OSError, match=os.strerror(37)),
    Locks(tmp_path, Share(0, 2)) as ours,
  ):
    ours.take_whole()
  assert names(tmp_path) in ([], ['.jaxrep.lock'])


@pytest.mark.parametrize('shares', [('0/1', '0/1'), ('0/2', '1/2')])
def test_of_runs_of_two_flags_that_begin_at_once_in_a_folder_one_does(
  tmp_path, shares
):
  both = samples.FLAGS, samples.FLAGS.replace('bits=4', 'bits=6')
  runs = [
    program(OPENER, tmp_path / 'toy', flags, share)
    for flags, share in zip(both, shares, strict=True)
  ]
  for run in runs:
    assert run.stdout.readline() == 'ready\n'
  for run in runs:
    run.stdin.write('go\n')
    run.stdin.flush()
  said = [run.stdout.readline() for run in runs]
  [winner] = [k for k, line in enumerate(said) if line == 'in\n']
  assert said[1 - winner].startswith(f'--out={tmp_path / "toy"}: ')
  reason = 'another process is writing', 'expected an empty folder or a record'
  assert any(words in said[1 - winner] for words in reason)
  rest = [run.communicate()[0] for run in runs]
  assert rest == ['', '']
  flags = (tmp_path / 'toy' / 'run.flags').read_text()
  assert flags == both[winner]

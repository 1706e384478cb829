"""A record is whole, or can be gone on with; and nobody else's is touched."""

import errno
import itertools
import os
import pathlib
import resource
import stat
import subprocess
import sys

import jax
import numpy as np
import pytest
import samples

from jaxrep import locks, records, writing
from jaxrep.records import RecordError

OTHER_FLAGS = samples.FLAGS.replace('bits=4', 'bits=6')
OTHER_STUDY = OTHER_FLAGS.replace('toy', 'riddle')


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  """What a run leaves that nothing disturbs."""
  folder = tmp_path_factory.mktemp('writing') / 'toy'
  assert samples.run(folder) == (CHUNKS, [])
  return samples.tree(folder)


CHUNKS = ['h2-00000', 'h2-00001', 'h2-00002', 'h3-00000', 'h3-00001']


def interrupted(folder):
  """Leaves all chunks, as a run does that is killed before they are merged."""
  chunks = []
  with writing.Writer(folder, samples.FLAGS) as writer:
    writer.begin()
    for name, (_, size) in samples.SIZES.items():
      for k, first in enumerate(range(0, size, 4)):
        rows = slice(first, first + 4)
        arrays = {n: array[rows] for n, array in samples.part(name).items()}
        writer.write_chunk(f'{name}-{k:05d}', arrays, {'computed': 1})
        chunks += sorted((folder / 'chunks').glob(f'{name}-{k:05d}.*'))
  return chunks


def refused(folder, flags=samples.FLAGS):
  """Returns the one line that says why a folder is not opened."""
  with (
    pytest.raises(RecordError) as found,
    writing.Writer(folder, flags),
  ):
    pass
  [line] = str(found.value).splitlines()
  return line


def test_the_files_are_those_of_a_record(whole):
  assert whole.keys() == {
    'run.flags', 'nets.csv', 'nets.npz', 'summary.json', 'machine.json',
    'figures', 'figures/curve.png',
  }  # fmt: skip


def test_the_bytes_are_the_same_in_another_folder(whole, tmp_path):
  samples.run(tmp_path / 'elsewhere' / 'toy')
  assert samples.tree(tmp_path / 'elsewhere' / 'toy') == whole


@pytest.mark.parametrize('size', [1, 5, 100])
def test_the_bytes_do_not_show_where_chunks_ended(whole, tmp_path, size):
  samples.run(tmp_path / 'toy', chunk_size=size)
  assert samples.tree(tmp_path / 'toy') == whole


def test_a_finished_record_is_not_computed_again(whole, tmp_path):
  samples.run(tmp_path / 'toy')
  assert samples.run(tmp_path / 'toy') == ([], [])
  assert samples.tree(tmp_path / 'toy') == whole


def test_finished_chunks_are_not_computed_again(whole, tmp_path):
  for path in interrupted(tmp_path / 'toy')[1::2]:
    path.unlink()
  assert samples.run(tmp_path / 'toy') == (['h2-00001', 'h3-00000'], [])
  assert samples.tree(tmp_path / 'toy') == whole


def test_facts_come_back_with_a_chunk(tmp_path):
  interrupted(tmp_path)
  with writing.Writer(tmp_path, samples.FLAGS) as writer:
    writer.check_chunks(['h3-00001'])
    assert writer.facts('h3-00001')['computed'] == 1
    assert len(writer.read('h3-00001', 'seed')) == 2


def cut(path):
  path.write_bytes(path.read_bytes()[:-1])


def empty(path):
  path.write_bytes(b'')


def alter(path):
  data = bytearray(path.read_bytes())
  data[len(data) // 2] ^= 1
  path.write_bytes(data)


def rename(path):
  path.rename(path.with_name(f'{path.name.partition(".")[0]}.{"0" * 32}.npz'))


def replace(path):
  """Gives it the content and the name of another chunk, but for its number."""
  other = next(path.parent.glob('h3-00000.*'))
  path.unlink()
  name = f'{path.name.partition(".")[0]}.{other.name.partition(".")[2]}'
  (path.parent / name).write_bytes(other.read_bytes())


@pytest.mark.parametrize('damage', [cut, empty, alter, rename, replace])
def test_a_damaged_chunk_is_told_and_computed_again(whole, tmp_path, damage):
  damage(interrupted(tmp_path / 'toy')[1])
  written, [complaint] = samples.run(tmp_path / 'toy')
  assert written == ['h2-00001']
  assert len(complaint.splitlines()) == 1
  assert str(tmp_path / 'toy' / 'chunks' / 'h2-00001') in complaint
  assert 'damaged' in complaint and 'again' in complaint
  assert samples.tree(tmp_path / 'toy') == whole


@pytest.mark.parametrize('noted', [True, False])
def test_chunks_of_another_machine_are_refused(tmp_path, monkeypatch, noted):
  """Before anything is computed that would not fit, if it is noted whose."""
  [first, *_] = interrupted(tmp_path)
  note = tmp_path / 'chunks' / 'made_by.txt'
  assert note.read_text() == writing._maker()
  if not noted:
    note.unlink()
  before = samples.tree(tmp_path)
  ours = writing._maker()
  monkeypatch.setattr(writing, '_maker', lambda: 'jax 99 on an abacus')
  with pytest.raises(RecordError) as found:
    samples.run(tmp_path)
  [line] = str(found.value).splitlines()
  assert line == (
    f'{tmp_path / "chunks" if noted else first}: expected what was made by'
    f' jax 99 on an abacus, found that by {ours}'
  )
  note.unlink(missing_ok=True)
  before.pop('chunks/made_by.txt', None)
  assert samples.tree(tmp_path) == before


def test_a_maker_is_a_version_and_a_processor():
  maker = writing._maker()
  assert f'jax {jax.__version__} ' in maker
  assert writing._processor() in maker
  assert len(writing._processor()) > 5


def other_flags(folder):
  samples.run(folder, flags=OTHER_FLAGS)
  return folder, 'found --bits=6, not --bits=4'


def older_flags(folder):
  samples.run(folder, flags=samples.FLAGS.replace('--bits=4', '--width=3'))
  return folder, 'found no --bits, not --bits=4'


def other_study(folder):
  samples.run(folder, flags=OTHER_STUDY)
  return folder, 'experiments.riddle'


def other_files(folder):
  folder.mkdir()
  (folder / 'thesis.tex').write_text('years of work')
  return folder, 'found files and no run.flags'


def a_file(folder):
  folder.write_text('years of work')
  return folder, 'expected a folder, found a file'


def below_a_file(folder):
  folder.write_text('years of work')
  return folder / 'toy', 'Not a directory'


def not_to_be_written(folder):
  return pathlib.Path('/proc/self/toy'), ''


def a_long_name(folder):
  return folder / ('toy' * 100), 'File name too long'


def flags_that_are_no_text(folder):
  folder.mkdir()
  (folder / 'run.flags').write_bytes(b'--bits=\xff')
  return folder, 'run.flags'


@pytest.mark.parametrize(
  'place',
  [
    other_flags, older_flags, other_study, other_files, a_file, below_a_file,
    not_to_be_written, a_long_name, flags_that_are_no_text,
  ],
)  # fmt: skip
def test_a_place_of_others_is_refused_and_left_as_it_is(tmp_path, place):
  folder, reason = place(tmp_path / 'toy')
  before = samples.tree(tmp_path)
  line = refused(folder)
  assert str(folder) in line and reason in line
  assert reason == 'run.flags' or line.startswith('--out=')
  assert samples.tree(tmp_path) == before


def test_a_file_where_chunks_belong_is_named(tmp_path):
  (tmp_path / 'run.flags').write_text(samples.FLAGS)
  (tmp_path / 'chunks').write_text('years of work')
  before = samples.tree(tmp_path)
  with (
    writing.Writer(tmp_path, samples.FLAGS) as writer,
    pytest.raises(RecordError, match='chunks: '),
  ):
    writer.begin()
  assert samples.tree(tmp_path) == before


def test_folders_in_which_nothing_was_written_are_gone(tmp_path):
  with writing.Writer(tmp_path / 'a' / 'b' / 'toy', samples.FLAGS):
    assert (tmp_path / 'a' / 'b' / 'toy').is_dir()
  assert samples.tree(tmp_path) == {}


def test_an_empty_folder_that_was_there_stays(tmp_path):
  with writing.Writer(tmp_path, samples.FLAGS):
    pass
  assert tmp_path.is_dir() and samples.tree(tmp_path) == {}


def test_a_run_killed_before_it_wrote_its_flags_can_go_on(whole, tmp_path):
  (tmp_path / '.jaxrep.lock').write_text('')
  (tmp_path / '.run.flags.0-of-1.tmp').write_text('--bi')
  samples.run(tmp_path)
  assert samples.tree(tmp_path) == whole


@pytest.fixture
def holder(tmp_path):
  """Another process that is writing in `tmp_path / 'toy'`."""
  program = (
    'import sys\n'
    'from jaxrep import writing\n'
    'with writing.Writer(*sys.argv[1:]) as writer:\n'
    '  writer.begin()\n'
    '  print("open", flush=True)\n'
    '  sys.stdin.read()\n'
  )
  arguments = [sys.executable, '-c', program, tmp_path / 'toy', samples.FLAGS]
  root = pathlib.Path(__file__).parents[1]
  as_here = os.environ | {'JAX_NUM_CPU_DEVICES': str(jax.device_count())}
  with subprocess.Popen(
    arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root,
    env=as_here,
  ) as process:  # fmt: skip
    assert process.stdout.readline() == b'open\n'
    yield process
    process.kill()


def test_a_lock_keeps_others_out_and_dies_with_its_holder(
  whole, tmp_path, holder
):
  folder = tmp_path / 'toy'
  before = samples.tree(folder)
  assert refused(folder) == f'--out={folder}: another process is writing there'
  assert 'found one of' in refused(folder, OTHER_STUDY)
  assert samples.tree(folder) == before
  holder.kill()
  holder.wait()
  samples.run(folder)
  assert samples.tree(folder) == whole


class FullDisk:
  """Stands in for a function, and finds the disk full at its k-th call."""

  def __init__(self, function, k):
    self.function, self.left = function, k

  def __call__(self, *args):
    self.left -= 1
    if self.left == -1:
      raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return self.function(*args)


@pytest.mark.parametrize(
  ('module', 'name', 'calls'),
  [
    (os, 'fsync', 11),
    (os, 'replace', 11),
    (writing, 'open', 11),
    (locks, 'open', 3),
    (os, 'mkdir', 5),
  ],
)
def test_a_full_disk_leaves_what_was_written_before(
  whole, tmp_path, monkeypatch, module, name, calls
):
  """At whichever write it is that the disk is full; a file system has many."""
  function = getattr(module, name, open)
  for k in itertools.count():
    folder, message = tmp_path / str(k), ''
    disk = FullDisk(function, k)
    with monkeypatch.context() as patch:
      patch.setattr(module, name, disk, raising=False)
      try:
        samples.run(folder)
      except RecordError as error:
        message = str(error)
    if disk.left >= 0:  # it was never full
      break
    left = samples.tree(folder)
    if message:
      place, _, reason = message.partition(': ')
      assert reason == 'No space left on device'
      assert place.removeprefix('--out=').startswith(str(folder))
      assert 'run.flags' in left or not folder.exists()
    else:  # a folder that could not be made was there already
      assert name == 'mkdir' and left == whole
    assert not [path for path in left if path.endswith(('.tmp', '.lock'))]
    there = {path[7:15] for path in left if path.startswith('chunks/h')}
    written, complaints = samples.run(folder)
    assert not complaints
    assert 'summary.json' in left or {*written, *there} == {*CHUNKS}
    assert there.isdisjoint(written)
    assert samples.tree(folder) == whole
  assert k >= calls


def test_a_file_system_that_takes_no_more_is_told(whole, tmp_path):
  """The kernel itself stops files here, in the middle of a write."""
  soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
  largest = max(len(data or b'') for data in whole.values())
  assert largest > 6000
  resource.setrlimit(resource.RLIMIT_FSIZE, (6000, hard))
  try:
    with pytest.raises(RecordError) as found:
      samples.run(tmp_path)
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
  assert str(found.value) == f'{tmp_path}/nets.npz: File too large'
  left = samples.tree(tmp_path)
  assert len(left) == 3 + len(CHUNKS)  # run.flags, chunks, who made them
  assert samples.run(tmp_path) == ([], [])
  assert samples.tree(tmp_path) == whole


def test_what_a_part_has_no_column_for_is_left_empty(tmp_path):
  same = {'constants': np.array([], str)}
  with writing.Writer(tmp_path, samples.FLAGS) as writer:
    writer.begin()
    for name, column in (('h2', 'error'), ('h3', 'age')):
      writer.write_chunk(name, {'seed': np.arange(2), column: np.ones(2)}, {})
    writer.merge({'h2': ['h2'], 'h3': ['h3']}, {'h2': same, 'h3': same})
  lines = (tmp_path / 'nets.csv').read_text().splitlines()
  assert lines == [
    'part,row,seed,error,age', 'h2,0,0,1.0,', 'h2,1,1,1.0,', 'h3,0,0,,1.0',
    'h3,1,1,,1.0',
  ]  # fmt: skip


def test_json_that_other_readers_refuse_is_not_written(tmp_path):
  with writing.Writer(tmp_path, samples.FLAGS) as writer:
    with pytest.raises(ValueError, match='JSON'):
      writer.write_json('summary.json', {'value': float('nan')})
    assert not writer.finished
  assert samples.tree(tmp_path) == {}


def test_files_may_be_read_by_those_whom_the_user_lets(whole, tmp_path):
  mask = os.umask(0o022)
  try:
    samples.run(tmp_path)
  finally:
    os.umask(mask)
  for path in tmp_path.rglob('*.*'):
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_it_is_finished_when_there_is_a_summary(tmp_path):
  interrupted(tmp_path)
  with writing.Writer(tmp_path, samples.FLAGS) as writer:
    assert not writer.finished
    writer.write_json(records.SUMMARY, samples.SUMMARY)
    assert writer.finished


def test_a_run_whose_folder_was_moved_leaves_the_next_one_there_alone(
  whole, tmp_path
):
  folder = tmp_path / 'toy'
  with writing.Writer(folder, samples.FLAGS) as old:
    old.begin()
    folder.rename(tmp_path / 'away')
    interrupted(folder)
    with writing.Writer(folder, samples.FLAGS) as new:
      new.begin()
      before = samples.tree(folder)
      for act in (
        lambda: old.write_text('nets.csv', 'mine'),
        lambda: old.take_whole([]),
        old.drop_chunks,
      ):
        with pytest.raises(RecordError, match='removed or moved meanwhile'):
          act()
      old.__exit__()
      assert samples.tree(folder) == before
  samples.run(folder)
  assert samples.tree(folder) == whole


def test_a_run_whose_folder_was_removed_deletes_no_chunk_of_the_next(tmp_path):
  """Neither one of other flags, which its own run would delete."""
  folder = tmp_path / 'toy'
  with writing.Writer(folder, OTHER_FLAGS) as old:
    old.begin()
    folder.rename(tmp_path / 'away')
    [chunk, *_] = interrupted(folder)
    with pytest.raises(RecordError, match='removed or moved meanwhile'):
      old.check_chunks(['h2-00000'])
    assert chunk.exists()


def test_who_is_refused_for_its_flags_holds_no_share_meanwhile(
  tmp_path, monkeypatch
):
  """Else the last of those who belong here could take it for one of them."""
  samples.run(tmp_path)
  monkeypatch.setattr(writing.Writer, '_take_share', None)
  assert 'found --bits=4' in refused(tmp_path, OTHER_FLAGS)

"""What a run survives: kills, Ctrl-C and a storage that fails.

A small fixed number of what `python -m tests.faults` repeats at random.
"""

import json
import random
import shutil

import pytest

from tests import samples
from tests.binaries import ROOT, Ended
from tests.faults import disk, kills


def undisturbed(study, binary, folder):
  ended = binary(study.module)(*study.flags, f'--out={folder}', cwd=ROOT)
  assert (ended.code, ended.err) == (0, '')
  cost = json.loads((folder / 'machine.json').read_text())
  return kills.Whole(folder, cost['seconds'] - cost['compile_seconds'])


@pytest.fixture(scope='module')
def symmetry(binary, environment, tmp_path_factory):
  """After it, what is compiled there is found."""
  del environment
  folder = tmp_path_factory.mktemp('whole') / 'symmetry'
  return undisturbed(kills.SYMMETRY, binary, folder)


@pytest.fixture(scope='module')
def toy(binary, tmp_path_factory):
  folder = tmp_path_factory.mktemp('whole') / 'toy'
  return undisturbed(kills.TOY, binary, folder)


def test_a_run_killed_thrice_at_random_moments_ends_with_the_same_bytes(
  symmetry, environment, tmp_path
):
  counts = kills.disturb(
    random.Random(0), kills.SYMMETRY, symmetry, tmp_path / 'run', environment
  )
  assert counts['complaints'] == []
  assert counts['kills'] == 3 and counts['resumes']
  assert samples.differing(tmp_path / 'run', symmetry.folder) == []


@pytest.fixture(scope='module')
def pressed(symmetry, binary, environment, tmp_path_factory):
  """A run ended by Ctrl-C, then one of its chunks damaged, then gone on with.

  Returns:
    The folder, how it ended, its chunks, and how it ended the second time.
  """
  folder, study = tmp_path_factory.mktemp('pressed') / 'run', kills.SYMMETRY
  ended = kills.stop(study, folder, environment, kills.SIGINT, 1)
  left = sorted(kills.chunks(folder))
  assert 2 <= len(left) < study.chunks and not list(folder.glob('.*'))
  disk.spoil(folder / 'chunks' / left[0], 'truncated', 1000)
  flags = *study.flags, f'--out={folder}'
  return folder, ended, left, binary(study.module)(*flags, cwd=ROOT)


def test_ctrl_c_ends_in_one_line_that_says_how_to_go_on(pressed):
  _, (code, out, err), _, _ = pressed
  assert (code, out) == (130, '')
  [line] = err.strip().splitlines()
  assert line == (
    'symmetry: interrupted; the same command goes on from the last finished'
    ' chunk'
  )


def test_a_damaged_chunk_is_told_in_one_line_and_nothing_else_is(pressed):
  folder, _, left, (code, _, err) = pressed
  assert code == 0
  [line] = err.splitlines()
  assert line == (
    f'{folder}/chunks/{left[0]}: damaged (its hash differs); computing it again'
  )


def test_what_was_stopped_and_damaged_ends_with_the_same_bytes(
  pressed, symmetry
):
  assert samples.differing(pressed[0], symmetry.folder) == []


@pytest.mark.parametrize('kind', disk.KINDS)
def test_a_fault_of_the_storage_is_told_and_gone_on_from(binary, toy, kind):
  """Each kind once; the harness has all moments."""
  fault = disk.draw(random.Random(f'{kind} once'), kind)
  failed = disk.injected(binary(kills.TOY.module), kills.TOY, toy.folder, fault)
  assert failed.hit and failed.complaint is None
  if kind not in ('unlink', 'foreign', 'flipped', 'renamed', 'truncated'):
    assert failed.ended.code == 1


def test_output_that_is_closed_stops_no_run(environment, tmp_path):
  closed = kills.start(kills.TOY, tmp_path, environment, closed=True)
  assert kills.end(closed) == Ended(0, '', '')


def test_the_judges_see_every_byte_of_a_record_but_for_its_cost(toy, tmp_path):
  for name, data in samples.tree(toy.folder).items():
    folder = tmp_path / 'copy'
    shutil.copytree(toy.folder, folder)
    if data is None:
      shutil.rmtree(folder / name)
    else:
      (folder / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    found = samples.differing(folder, toy.folder)
    assert (name in found) == (name != 'machine.json')
    shutil.rmtree(folder)
  shutil.copytree(toy.folder, folder)
  (folder / '.nets.npz.0-of-1.tmp').touch()
  assert samples.differing(folder, toy.folder) == ['.nets.npz.0-of-1.tmp']


def test_the_judges_see_a_record_that_is_not_the_undisturbed_one(
  binary, toy, tmp_path
):
  shutil.copytree(toy.folder, tmp_path / 'good')
  (tmp_path / 'good' / 'nets.csv').write_text('other nets')
  failed = disk.injected(
    binary(kills.TOY.module),
    kills.TOY,
    tmp_path / 'good',
    disk.Fault('gone', 3),
  )
  assert 'nets.csv differ' in failed.complaint


@pytest.mark.parametrize(
  'ended',
  [
    Ended(1, '', 'Traceback (most recent call last):'),
    Ended(1, '', 'toy: /elsewhere/nets.npz: No space left on device'),
    Ended(1, '', 'toy: /out/toy/x: full\ntoy: /out/toy/y: full'),
    Ended(1, '', ''),
    Ended(0, '', 'toy: /out/toy/x: full'),
    Ended(2, '', 'toy: /out/toy/x: full'),
    Ended(-9, '', ''),
  ],
)
def test_the_judges_see_what_is_not_one_line_that_names_the_file(ended):
  fault = disk.Fault('write', 0)
  assert disk._told(kills.TOY, '/out/toy', fault, ended)
  fine = Ended(1, '', 'toy: /out/toy/x: No space left on device\n')
  assert disk._told(kills.TOY, '/out/toy', fault, fine) is None


def test_the_judges_see_chunks_that_are_lost_or_computed_again():
  before = {'a': (1, 1), 'b': (2, 2)}
  assert kills._lost(before, {**before, 'c': (3, 3)}) == ''
  assert 'b was lost' in kills._lost(before, {'a': (1, 1)})
  assert 'a was lost' in kills._lost(before, before | {'a': (9, 1)})

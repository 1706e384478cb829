"""What a user types or hands over at random ends well, and judges can fail."""

import pickle
import random

import pytest

from tests.binaries import Ended
from tests.faults import draws, files, flags, spoilt

FEW = 25  # `python -m tests.faults` tries many more
LINE = "boolean: flag --size=x: expected a whole number, found 'x'\n"
REFUSED = Ended(1, '', LINE)
RAN = Ended(0, 'done', '')
RECORD = {'out': None, 'out/run.flags': b'', 'out/summary.json': b''}
CASE = files.Case(
  'record/nets.npz', spoilt.arrays_spoilt, 'show', ('--out=pictures',),
  dry=False, kept=('record/nets.npz',), out='pictures',
)  # fmt: skip
GOOD = {'record': None, 'record/nets.npz': b'good', 'mine.csv': b'1'}
DAMAGED = GOOD | {'record/nets.npz': b'bad'}
TOLD = Ended(1, '', 'show: --record=record/nets.npz: cut short\n')


def test_random_flags_run_or_are_told(binary, environment):
  counts = flags.campaign(
    random.Random(9), FEW, 0, environment, names=['boolean', 'symmetry'],
    servers=binary,
  )  # fmt: skip
  assert counts['complaints'] == []
  assert counts['tried'] == counts['ran'] + counts['refused'] == FEW
  assert min(counts['ran'], counts['refused']) > 3


def test_random_damage_of_files_is_met_or_told(binary, environment):
  counts = files.campaign(
    random.Random(9), FEW, environment, only=['boolean', 'show'],
    servers=binary,
  )  # fmt: skip
  assert counts['complaints'] == []
  assert counts['tried'] == counts['ran'] + counts['refused'] == FEW
  assert min(counts['ran'], counts['refused']) > 3


def test_draws_repeat_from_their_seed(binary):
  known = draws.listed('boolean', binary('boolean'))
  first, again = (
    [draws.draw(random.Random(seed), known) for seed in range(9)]
    for _ in range(2)
  )
  assert first == again
  assert len(set(map(tuple, first))) == 9


def test_all_flags_but_one_that_waits_are_drawn(binary):
  """It waits for other processes; what a binary knows is read from absl."""
  known = {flag.name for flag in draws.listed('boolean', binary('boolean'))}
  said = binary('boolean')('--helpshort', cwd='.').out
  told = [line.partition(':')[0] for line in said.split('\n  --')[1:]]
  assert known == {name.removeprefix('[no]') for name in told} - draws.WAITS


def complaint(ended, after=(), words=('--size=x', '--out=out')):
  before = {'file': b'1'}
  return flags.check('boolean', words, ended, before, before | dict(after))


def test_how_far_a_run_is_may_be_told_beside():
  told = 'boolean: 1 of 2 nets, 00:44 gone, about 00:44 to go\n'
  assert complaint(Ended(0, '', told), RECORD) is None
  assert complaint(Ended(1, '', told + LINE)) is None


@pytest.mark.parametrize('after', [{}, RECORD])
@pytest.mark.parametrize('ended', [REFUSED, RAN])
def test_a_good_end_is_no_complaint(ended, after):
  assert complaint(ended, after) is None


@pytest.mark.parametrize(
  ('ended', 'after', 'words'),
  [
    (Ended(1, '', 'Traceback (most recent call last):\n'), {}, 'traceback'),
    (Ended(-9, '', ''), {}, 'exit code -9'),
    (Ended(1, '', ''), {}, 'expected one line'),
    (Ended(1, '', LINE + LINE), {}, 'expected one line'),
    (Ended(1, '', 'show' + LINE), {}, 'expected one line'),
    (Ended(1, '', 'boolean: something is wrong\n'), {}, 'no flag is named'),
    (Ended(0, '', 'RuntimeWarning: overflow\n'), {}, 'it runs, but says'),
    (RAN, {'stray': b''}, 'stray is outside of --out'),
    (RAN, {'outer': b''}, 'outer is outside of --out'),
    (RAN, {'file': b'2'}, 'file is altered'),
    (RAN, RECORD | {'out/chunks': None}, 'out/chunks is left'),
    (RAN, {'out/run.flags': b''}, 'no complete record'),
  ],
)
def test_a_bad_end_is_a_complaint(ended, after, words):
  assert words in complaint(ended, after)


def test_a_flag_given_in_two_words_says_where_may_be_written():
  assert complaint(RAN, RECORD, ['--out', 'out']) is None
  assert 'outside' in complaint(RAN, RECORD, ['--out', 'other'])


@pytest.mark.parametrize(
  'after', [DAMAGED, GOOD, DAMAGED | {'pictures': None, 'pictures/a.png': b''}]
)
@pytest.mark.parametrize('ended', [TOLD, RAN])
def test_a_file_may_be_told_read_or_made_again(ended, after):
  assert files.check(CASE, ended, GOOD, DAMAGED, after) is None


@pytest.mark.parametrize(
  ('ended', 'after', 'words'),
  [
    (Ended(1, '', 'Traceback (most recent call last):\n'), {}, 'traceback'),
    (Ended(-11, '', ''), {}, 'exit code -11'),
    (Ended(1, '', 'show: something is wrong\n'), {}, 'no file is named'),
    (TOLD, {spoilt.MARKER: b''}, 'code in it was run'),
    (TOLD, {f'record/{spoilt.MARKER}': b''}, 'code in it was run'),
    (RAN, {'stray': b''}, 'stray is altered, or where it should not be'),
    (RAN, {'pictures2': b''}, 'pictures2 is altered'),
    (RAN, {'mine.csv': b'2'}, 'mine.csv is altered'),
    (TOLD, {'record/nets.npz': b'worse'}, 'record/nets.npz is altered'),
    (RAN, {'pictures/.a.png.tmp': b''}, '.a.png.tmp is altered'),
  ],
)
def test_a_file_that_does_harm_is_a_complaint(ended, after, words):
  assert words in files.check(CASE, ended, GOOD, DAMAGED, DAMAGED | after)


def test_a_pickle_in_a_file_would_leave_its_marker(tmp_path, monkeypatch):
  """Else that nothing was run could not be told."""
  monkeypatch.chdir(tmp_path)
  pickle.loads(pickle.dumps(spoilt.Evil())).close()
  assert [path.name for path in tmp_path.iterdir()] == [spoilt.MARKER]

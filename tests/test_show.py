"""A net is shown as it was trained: its rows, its numbers, its pictures."""

import contextlib
import io
import re
import shutil
import subprocess
import sys

import chex
import numpy as np
import pytest
import samples
from PIL import Image

from experiments import show
from experiments.shared import common, descent, descent_flags, running
from experiments.single import movie, portrait, replay, subjects
from jaxrep import records, report, seeds
from jaxrep.tasks.patterns import Patterns

# Either bit: every net learns it, so no certificate is needed.
PATTERNS = Patterns(
  np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32),
  np.array([[0], [1], [1], [1]], np.float32),
)
RECIPE = samples.RECIPE._replace(
  learning_rate=(0.5, 0.2), band=0.2, sweeps=300, after=20
)
FLAGS = {
  'bias_init': 'uniform',
  'zero_error_band': 'true',
  'sweeps': '300',
  'after': '20',
  'block_size': '16',
}
SIZE = 32  # nets: 16 seeds, two learning rates
NAN = np.nan


@pytest.fixture(scope='module')
def record(tmp_path_factory):
  """A finished record, run and written as a study does it."""
  parts = descent.parts(
    [RECIPE],
    PATTERNS,
    hidden=[2],
    seed_range=range(16),
    blocks=seeds.lay_out(16),
  )
  experiment = running.Experiment(
    'either',
    FLAGS,
    parts,
    results=lambda arrays: {},
    judge=lambda parts, settings: [],
    page=lambda record: report.Page('Either bit', 'Is any bit on?'),
  )
  with contextlib.redirect_stdout(io.StringIO()):
    out = str(tmp_path_factory.mktemp('record') / 'either')
    return running.run(experiment, running.Place(str(out), 64))


@pytest.fixture(scope='module')
def subject(record):
  return subjects.find(record, 'median')


@pytest.fixture(scope='module')
def moments(record, subject):
  return replay.train(replay.plan(record, subject))


def without(record, *names, **arrays):
  """The record with some arrays of its part left out or replaced."""
  part = record.parts['h2'] | arrays
  kept = {name: part[name] for name in part if name not in names}
  return record._replace(parts={'h2': kept})


def shown(record, out, **choices):
  choices = {'net': 'median', 'pattern': None, 'movie': False} | choices
  text = io.StringIO()
  with contextlib.redirect_stdout(text):
    show.run(record.folder, out=out, **choices)
  return text.getvalue()


def test_every_net_of_the_record_is_solved(record):
  """Else the tests below would need certificates, which take long."""
  assert set(record.table['outcome']) == {'solved'}


def test_the_printed_numbers_are_those_of_a_plain_forward_pass(
  record, tmp_path
):
  arrays = {name: a[5].astype(float) for name, a in record.parts['h2'].items()
            if name in ('w0', 'b0', 'w1', 'b1')}  # fmt: skip
  inputs, targets = PATTERNS
  hidden = 1 / (1 + np.exp(-(inputs @ arrays['w0'] + arrays['b0'])))
  y = 1 / (1 + np.exp(-(hidden @ arrays['w1'] + arrays['b1'])))
  error = (y - targets) ** 2 / 2
  expected = np.hstack([hidden, y, targets, error])
  text = shown(record, tmp_path, net='5').replace('−', '-')
  rows = re.findall(r'^ +\d +[01]{2} .*$', text, re.MULTILINE)
  found = np.array([row.split()[2:] for row in rows], float)
  # Three digits are printed of activations, four of errors.
  np.testing.assert_allclose(found[:, :4], expected[:, :4], atol=6e-4)
  np.testing.assert_allclose(found[:, 4], expected[:, 4], atol=6e-5)


def test_the_printed_weights_are_the_records(record, tmp_path):
  text = shown(record, tmp_path, net='5').replace('−', '-')
  rows = re.findall(r'^(?:x\d|h\d|bias) +(.*)$', text, re.MULTILINE)
  found = [list(map(float, row.split())) for row in rows]
  part = {
    name: a[5] for name, a in record.parts['h2'].items() if name[1:] in '01'
  }
  expected = [*part['w0'], part['b0'], *part['w1'], part['b1']]
  for a, b in zip(found, expected, strict=True):
    np.testing.assert_allclose(a, b, atol=6e-4)


def test_the_heading_says_which_net_and_how_it_ended(record, tmp_path):
  table = record.table
  line = shown(record, tmp_path, net='20').splitlines()[0]
  assert line.startswith('either, net 20 (part h2): seed 4; ')
  assert '--learning_rate=0.2 --momentum=0.9' in line
  assert f'solved after {table["sweeps"][20]:.0f} sweeps' in line


def test_an_answer_on_the_wrong_side_is_marked(record):
  part = record.parts['h2']
  turned = without(record, w1=-part['w1'], b1=-part['b1'])
  right, wrong = (subjects.find(r, '3') for r in (record, turned))
  assert '✗' not in portrait.text(right, 0)
  assert portrait.text(wrong, 0).count('✗') == 4


def test_of_many_patterns_the_hardest_are_shown(record):
  inputs = np.random.default_rng(0).integers(0, 2, (100, 2)).astype(np.float32)
  targets = np.ones((100, 1), np.float32)
  many = subjects.find(without(record, inputs=inputs, targets=targets), '0')
  text = portrait.text(many, 0)
  assert 'the 64 patterns with the largest errors' in text
  rows = re.findall(r'^ *(\d+) +[01]{2} ', text, re.MULTILINE)
  hardest = np.argsort(-many.errors, kind='stable')[:64]
  assert list(map(int, rows)) == hardest.tolist()


COLUMNS = {
  'seed': np.arange(9),
  'outcome': np.array(
    ['saddle', 'solved', 'still descending', 'solved', 'diverged', 'solved',
     'still descending', 'still descending', 'solved']
  ),
  'sweeps': np.array([NAN, 700, NAN, 100, NAN, 300, NAN, NAN, 300]),
  'error': np.array([4, 0.1, 3, 0.2, NAN, 0.3, 1, 2, 0.4]),
}  # fmt: skip


@pytest.mark.parametrize(
  ('word', 'row'),
  [
    ('0', 0),
    ('8', 8),
    ('median', 5),  # 100, 300, 300, 700: the lower middle, its first row
    ('worst', 4),  # what is not finite is worse than 4
    ('saddle', 0),
    ('solved', 3),  # errors .1, .2, .3, .4
    ('still descending', 7),  # errors 1, 2, 3
    ('still_descending', 7),
    ('Still_Descending', 7),
    ('diverged', 4),
  ],
)
def test_a_word_means_the_row_worked_out_by_hand(word, row):
  assert subjects.choose(word, COLUMNS) == row


def test_of_equally_bad_nets_the_first_is_the_worst():
  table = {'seed': np.arange(4), 'error': np.array([1, 4, 4, 2])}
  assert subjects.choose('worst', table) == 1
  table['error'] = np.array([1, np.inf, NAN, 2])
  assert subjects.choose('worst', table) == 1


def test_the_median_of_the_record_is_that_of_its_table(record, subject):
  sweeps = record.table['sweeps']
  assert sweeps[subject.row] == np.sort(sweeps)[15]


def test_rows_count_on_over_parts(record):
  part = record.parts['h2']
  halves = {
    'first': records.take(part, slice(0, 20)),
    'second': records.take(part, slice(20, None)),
  }
  for row in (19, 20, 31):
    found = subjects.find(record._replace(parts=halves), str(row))
    whole = subjects.find(record, str(row))
    assert found.row == row
    assert found.part == ('first' if row < 20 else 'second')
    chex.assert_trees_all_equal(found.net, whole.net)


@pytest.mark.parametrize(
  ('word', 'case'), [('0', 0), ('3', 3), ('00', 0), ('01', 1), ('10', 2)]
)
def test_a_pattern_is_named_by_its_row_or_its_bits(subject, word, case):
  assert subjects.case(subject, word) == case


def test_the_hardest_pattern_is_lit_up_unless_another_is_named(subject):
  assert subjects.case(subject, None) == np.argmax(subject.errors)


def test_bipolar_inputs_are_named_by_their_bits_too(record):
  bipolar = subjects.find(without(record, inputs=2 * PATTERNS.inputs - 1), '0')
  assert subjects.case(bipolar, '10') == 2
  assert 'An input of −1 is written as 0.' in portrait.text(bipolar, 0)


def test_pictures_lie_in_the_record_and_are_announced(record):
  text = shown(record, None, net='7', pattern='01')
  for name in ('net.png', 'sorted_inputs.png'):
    path = record.folder / 'net_7' / name
    assert f'{path}\n  ' in text
    with Image.open(path) as picture:
      assert picture.format == 'PNG'


def test_a_net_of_any_depth_is_drawn(record, monkeypatch):
  monkeypatch.setattr(portrait, 'UNITS', 4)
  rng = np.random.default_rng(0)
  for sizes in ((2, 1), (2, 3, 2, 1), (2, 5, 1)):
    arrays = {
      f'{letter}{k}': rng.normal(size=(SIZE, *shape)).astype(np.float32)
      for k, (i, o) in enumerate(zip(sizes[:-1], sizes[1:], strict=True))
      for letter, shape in (('w', (i, o)), ('b', (o,)))
    }
    arrays['units'] = np.full(len(sizes) - 1, 'sigmoid')
    found = subjects.find(without(record, **arrays), '0')
    assert [len(names) for names in found.names] == list(sizes)
    pictures = portrait.figures(found, 0)
    cut = 'the first 4 of 5 units' in pictures[1].caption
    assert len(pictures) == 2 and cut == (sizes[1] == 5)
    assert portrait.text(found, 0).count('from \\ to') >= len(sizes) - 1


def test_a_net_that_diverged_is_shown_like_any_other(record):
  w0 = record.parts['h2']['w0'].copy()
  w0[3] = NAN
  error = np.where(np.arange(SIZE) == 3, NAN, record.parts['h2']['error'])
  found = subjects.find(without(record, w0=w0, error=error), 'worst')
  assert found.row == 3 and found.wrong.all()
  assert '—: undefined.' in portrait.text(found, 0)
  assert len(portrait.figures(found, subjects.case(found, None))) == 2


def test_trained_again_the_weights_are_the_records_bit_for_bit(
  record, subject, moments
):
  chex.assert_trees_all_equal(moments[-1].net, subject.net)
  assert 'bit for bit' in replay.verdict(record, subject, moments[-1].net)
  marks = record.parts['h2']['marks']
  seen = record.parts['h2']['curve'][subject.row][: len(moments)]
  np.testing.assert_array_equal([m.error for m in moments], seen)
  assert [m.sweep for m in moments[:-1]] == marks[: len(moments) - 1].tolist()


def test_other_weights_are_told_in_one_line_with_their_distance(
  record, subject, moments
):
  first = replay.verdict(record, subject, moments[0].net)
  old, new = (
    np.concatenate([np.ravel(a) for a in records.pack_net(net).values()])
    for net in (subject.net, moments[0].net)
  )
  assert f'differ by up to {max(abs(old - new)):.2g} from' in first
  assert '\n' not in first


def test_the_record_says_how_a_net_was_trained(record):
  setting = {name: record.parts['h2'][name][20] for name in replay.GRID}
  setting |= {'updates': 'sweep', 'precision': 'float32'}
  found = replay.recipe(record.flags, setting)
  expected = RECIPE._replace(learning_rate=(0.2,))
  chex.assert_trees_all_close(found[:5], expected[:5])  # float32 in the record
  assert found[5:] == expected[5:]


def test_flags_and_record_mean_the_same_recipe():
  flags = descent_flags.FLAGS
  text = {name: '0.5' for name in replay.GRID}
  words = {'updates': 'case', 'precision': 'float64'}
  text |= FLAGS | words | {'criterion': 'margin'}
  text.pop('block_size')
  saved = {name: flags[name].value for name in text}
  try:
    for name, value in text.items():
      flags[name].parse(value)
    numbers = dict.fromkeys(replay.GRID, 0.5)
    assert descent_flags.recipes() == [replay.recipe(FLAGS, numbers | words)]
  finally:
    for name, value in saved.items():
      flags[name].value = value


def test_frames_are_evenly_spaced_in_log_sweeps():
  sweeps = seeds.marks(20000)
  shown = movie.frames(sweeps, 60)
  assert (shown[0], shown[-1]) == (0, len(sweeps) - 1)
  assert 40 <= len(shown) <= 60
  assert movie.frames([0, 1, 2], 60) == [0, 1, 2]
  assert movie.frames([0], 60) == [0]
  late = np.diff(np.log1p([sweeps[k] for k in shown]))[-30:]
  # 60 frames to 20,000 sweeps are ln(20001)/59 = .168 apart; marks are .12.
  assert late.max() < 0.168 + 0.12


def test_the_movie_shows_each_moment_and_stays_on_the_last(subject, moments):
  some = [moments[0], moments[len(moments) // 2], moments[-1]]
  data = movie.gif(subject, some, 0)
  with Image.open(io.BytesIO(data)) as picture:
    assert (picture.format, picture.n_frames) == ('GIF', 3)
    first = picture.info['duration']
    picture.seek(2)
    assert picture.info['duration'] >= first + 1000 * movie.HOLD


def test_the_movie_is_written_and_the_bits_are_confirmed(
  record, tmp_path, monkeypatch
):
  monkeypatch.setattr(movie, 'FRAMES', 4)
  text = shown(record, tmp_path, net='20', movie=True)
  assert f'{tmp_path}/movie.gif\n  ' in text
  assert text.endswith('with the record’s weights, bit for bit.\n')
  with Image.open(tmp_path / 'movie.gif') as picture:
    assert picture.n_frames == 4


def test_a_study_that_cannot_be_trained_again_is_told_in_one_line(
  record, subject
):
  def refused(record, words):
    with pytest.raises(common.BadInputError, match=words) as caught:
      replay.plan(record, subjects.find(record, '0'))
    assert str(caught.value).startswith('--movie: expected')

  flags = {k: v for k, v in record.flags.items() if k != 'after'}
  refused(record._replace(flags=flags), 'no --after in run.flags')
  refused(without(record, 'momentum'), "no 'momentum' in nets.npz")
  refused(without(record, units=np.array(['tanh', 'sigmoid'])), 'units .* tanh')


@pytest.mark.parametrize(
  ('choices', 'words'),
  [
    (
      {'net': '32'},
      r"--net=32: expected a row from 0 to 31 or one of 'median'",
    ),
    ({'net': '-1'}, '--net=-1: expected .* found no such net'),
    ({'net': 'best'}, '--net=best: expected .* found no such net'),
    ({'net': 'saddle'}, "--net=saddle: expected .*'solved', found no such net"),
    ({'pattern': '4'}, '--pattern=4: expected a row from 0 to 3 or an input'),
    ({'pattern': '001'}, '--pattern=001: expected .* like 00, found neither'),
    ({'pattern': 'x'}, '--pattern=x: expected .* found neither'),
  ],
)
def test_a_net_or_pattern_that_is_not_there_is_refused(
  record, tmp_path, choices, words
):
  with pytest.raises(common.BadInputError, match=words):
    shown(record, tmp_path / 'a/b', **choices)
  assert not list(tmp_path.iterdir())


def test_a_median_of_no_solved_net_is_refused():
  table = COLUMNS | {'outcome': np.full(9, 'saddle')}
  with pytest.raises(common.BadInputError, match='found none among 9'):
    subjects.choose('median', table)


def test_a_record_without_layered_nets_or_patterns_is_refused(record):
  for name, words in (
    ('units', 'expected layered nets .*, found no .units. in part .h2.'),
    ('w0', 'expected layered nets .*, found no .w0. in part .h2.'),
    ('inputs', 'expected a pattern set .*, found no .inputs. in part .h2.'),
    ('targets', 'expected a pattern set .*, found no .targets. in part .h2.'),
  ):
    with pytest.raises(common.BadInputError, match=words):
      subjects.find(without(record, name), '0')


def test_a_damaged_record_is_refused(record):
  for name in ('seed', 'w1'):
    with pytest.raises(records.RecordError, match=f"--record: .*'{name}'"):
      subjects.find(without(record, name), '0')


def test_a_folder_that_cannot_be_written_is_refused(record, tmp_path):
  (tmp_path / 'file').write_text('')
  for out in (tmp_path / 'file', tmp_path / 'file/folder'):
    with pytest.raises(common.BadInputError, match=f'--out={out}: expected'):
      shown(record, out)


def test_no_folder_is_left_where_drawing_failed(record, tmp_path, monkeypatch):
  def fail(subject, case):
    raise KeyboardInterrupt

  monkeypatch.setattr(portrait, 'figures', fail)
  with pytest.raises(KeyboardInterrupt):
    shown(record, tmp_path / 'a/b')
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
  ('arguments', 'lines'),
  [
    ([], ['show: --record: expected the folder of a finished run, found none']),
    (['--record={folder}'], [
      'show: --record={folder}: expected a finished record, found no'
      ' summary.json there',
    ]),
    (['--seeds=3'], [
      'show: --seeds: expected no flags of a study, found one',
    ]),
    (['--record={folder}', 'median'], [
      "show: expected flags only, found 'median'",
      'Pass --helpshort to see the flags.',
    ]),
  ],
)  # fmt: skip
def test_the_binary_says_in_one_line_what_is_wrong(tmp_path, arguments, lines):
  arguments = [a.format(folder=tmp_path) for a in arguments]
  done = subprocess.run(
    [sys.executable, '-m', 'experiments.show', *arguments],
    capture_output=True, text=True,
  )  # fmt: skip
  assert done.returncode == 1 and not done.stdout
  assert done.stderr.splitlines() == [s.format(folder=tmp_path) for s in lines]
  assert not list(tmp_path.iterdir())


def test_a_name_that_no_folder_of_pictures_can_have_is_told(record):
  with pytest.raises(common.BadInputError, match='name too long'):
    shown(record, 'x' * 300)


def test_a_record_with_arrays_of_another_kind_is_told(record, tmp_path):
  part = record.parts['h2'] | {'inputs': np.array(['no', 'numbers'])}
  folder = shutil.copytree(record.folder, tmp_path / 'copy')
  arrays = {f'h2/{name}': array for name, array in part.items()}
  np.savez(folder / records.ARRAYS, **arrays)
  with pytest.raises(records.RecordError, match='cannot be drawn'):
    shown(record._replace(folder=folder), tmp_path / 'out')
  assert not (tmp_path / 'out').exists()

"""A net of the family trees is shown with its questions, in people's names."""

import contextlib
import io
import re

import chex
import numpy as np
import pytest
from PIL import Image

from experiments import show
from experiments.shared import common
from experiments.single import movie, portrait, questions, replay, subjects
from jaxrep import families, records

ROW = 5
LAYERS = ('people', 'relations', 'central', 'penultimate', 'output')
PICTURES = ('receptive.png', 'activity.png')


@pytest.fixture(scope='module')
def record(smoke_of):
  folder, _ = smoke_of('family_trees')
  return records.load(folder)


@pytest.fixture(scope='module')
def subject(record):
  return subjects.find(record, str(ROW))


@pytest.fixture(scope='module')
def moments(record, subject):
  return replay.train(replay.plan(record, subject))


def answers(arrays, row):
  """What a net answers in every case `[C, 24]`, by hand in double precision."""

  def layer(name, x):
    total = x @ arrays[f'{name}_w'][row].astype(float)
    if f'{name}_b' in arrays:
      total = total + arrays[f'{name}_b'][row]
    return 1 / (1 + np.exp(-total))

  person, relation = arrays['inputs'][:, :24], arrays['inputs'][:, 24:]
  codes = [layer('people', person), layer('relations', relation)]
  central = layer('central', np.concatenate(codes, axis=1))
  return layer('output', layer('penultimate', central))


def altered(record, *without, **arrays):
  """The record with some arrays left out, and some replaced."""
  part = record.parts['trees'] | arrays
  kept = {name: part[name] for name in part if name not in without}
  return record._replace(parts={'trees': kept})


def no_biases(record):
  return altered(record, *(f'{name}_b' for name in LAYERS))


def shown(record, out, **choices):
  choices = {'net': str(ROW), 'pattern': None, 'movie': False} | choices
  text = io.StringIO()
  with contextlib.redirect_stdout(text):
    show.run(record.folder, out=out, **choices)
  return text.getvalue()


def table(text, start):
  """The rows of the table whose head starts so, as lists of words."""
  lines = text.replace('−', '-').splitlines()
  first = next(k for k, line in enumerate(lines) if line.startswith(start))
  rows = []
  for line in lines[first + 2 :]:
    if not line:
      break
    rows.append(line.split())
  return rows


@pytest.mark.parametrize('alter', [altered, no_biases])
def test_what_is_right_is_that_of_a_plain_forward_pass(record, alter):
  record = alter(record)
  arrays = record.parts['trees']
  found = subjects.find(record, str(ROW))
  y, d = answers(arrays, ROW), arrays['targets']
  right = ((y > 0.5) == (d > 0.5)).all(axis=1)
  learnt, held = arrays['learnt'][ROW], arrays['held'][ROW]
  text = ' '.join(portrait.text(found, 0).split())
  assert (
    f'Right: {right[learnt].sum()} of 100 taught and {right[held].sum()} of 4'
    f' held out: '
  ) in text
  for c in np.flatnonzero(held):
    word = 'right' if right[c] else 'wrong'
    assert re.search(rf'{arrays["cases"][c]} {word}[,.] ', text)
  np.testing.assert_allclose(found.states[-1], y, atol=1e-5)  # in float32


def test_the_record_itself_says_the_same_is_right(record, subject):
  np.testing.assert_array_equal(
    ~subject.wrong, record.parts['trees']['right'][ROW]
  )


def test_a_question_is_answered_by_people_in_order_of_activity(record, subject):
  arrays = record.parts['trees']
  case = arrays['cases'].tolist().index('Colin.aunt')
  y = answers(arrays, ROW)[case]
  text = portrait.text(subject, case)
  rows = table(text, 'person ')
  people = arrays['people'].tolist()
  active = [people[k] for k in np.argsort(-y) if y[k] > questions.ACTIVE]
  assert [name for name, *_ in rows][: len(active)] == active
  assert {'Jennifer', 'Margaret'} <= {name for name, *_ in rows}
  for name, activity, target, *mark in rows:
    k = people.index(name)
    assert abs(float(activity) - y[k]) < 6e-4  # of three digits
    assert (target == '1') == (name in ('Jennifer', 'Margaret'))
    assert bool(mark) == ((y[k] > 0.5) != (target == '1'))
  others = [y[k] for k in range(24) if people[k] not in {r[0] for r in rows}]
  [most] = re.findall(r'All others: at most ([\d.]+)\.\n', text)
  assert abs(float(most) - max(others)) < 6e-4
  where = 'held out' if arrays['held'][ROW, case] else 'taught'
  assert f'Colin.aunt (row {case}), {where}: ' in text


def test_at_least_three_people_answer(record, subject, monkeypatch):
  monkeypatch.setattr(questions, 'ACTIVE', 1.0)
  rows = table(portrait.text(subject, 0), 'person ')
  y = answers(record.parts['trees'], ROW)[0]
  people = record.parts['trees']['people'][np.argsort(-y)]
  assert [row[0] for row in rows][:3] == people[:3].tolist()


def test_wrong_cases_are_named_with_what_is_answered_instead(record, subject):
  arrays = record.parts['trees']
  y, d = answers(arrays, ROW), arrays['targets']
  wrong = np.flatnonzero(((y > 0.5) != (d > 0.5)).any(axis=1))
  errors = 0.5 * ((y - d) ** 2).sum(axis=1)
  text = portrait.text(subject, 0)
  assert f'Wrong: {len(wrong)} of 104 taught or held out.' in text
  rows = [list(map(str, row)) for row in table(text, 'row ')]
  assert len(rows) == min(len(wrong), 64)
  found = [int(row[0]) for row in rows]
  assert set(found) <= set(wrong.tolist())
  left = [c for c in wrong if c not in found]
  # Errors are in float32 there, so those that are all but equal may swap.
  assert np.all(np.diff(errors[found]) < 1e-5)
  assert errors[left].max(initial=0) < errors[found].min() + 1e-5
  people = arrays['people']
  for row, c in zip(rows, found, strict=True):
    line = ' '.join(row)
    assert row[1] == arrays['cases'][c]
    assert ', '.join(people[d[c] > 0]) in line
    above = [k for k in np.argsort(-y[c]) if y[c, k] > 0.5]
    said = ', '.join(f'{people[k]} {y[c, k]:.3f}' for k in above)
    best = np.argmax(y[c])
    said = said or f'nobody ({people[best]} {y[c, best]:.3f})'
    assert re.sub(r'[\d.]+', '', said) in re.sub(r'[\d.]+', '', line)
    assert abs(float(row[-1]) - errors[c]) < 6e-5 + 1e-5


def test_of_many_wrong_cases_the_hardest_are_shown(record):
  part = record.parts['trees']
  turned = altered(record, output_w=-part['output_w'])
  found = subjects.find(turned, str(ROW))
  text = portrait.text(found, 0)
  assert found.wrong.sum() > 64 and 'Shown: the 64 with the largest' in text
  assert len(table(text, 'row ')) == 64


def test_cases_that_a_net_is_not_asked_do_not_count(record):
  """Of one tree without its twin: what is neither taught nor held out."""
  arrays = record.parts['trees']
  half = np.arange(104) < 52
  record = altered(
    record, learnt=arrays['learnt'] & half, held=arrays['held'] & half
  )
  found = subjects.find(record, str(ROW))
  text = portrait.text(found, 60)
  assert f'Wrong: {found.wrong[:52].sum()} of 52 taught or held out' in text
  assert all(int(row[0]) < 52 for row in table(text, 'row '))
  assert '(row 60), left out: ' in text
  hardest = np.argmax(found.errors[:52])
  assert subjects.case(found, None) == hardest
  assert found.errors[52:].max() > 0


def test_weights_are_named_by_people_relations_and_units(record, subject):
  part = record.parts['trees']
  text = portrait.text(subject, 0)
  tables = text.split('from \\ to')[1:]
  # One each of six, six, twelve and six units, three of 24 people.
  assert len(tables) == 7
  seen = {}
  for words in tables:
    head, _, *lines = words.strip().splitlines()
    for line in lines:
      name, *cells = line.replace('−', '-').split()
      for unit, cell in zip(head.split(), cells, strict=True):
        seen[name, unit] = float(cell)
  people, relations = part['people'].tolist(), part['relations'].tolist()
  for sources, layer, unit in (
    (people, 'people', 'person'),
    (relations, 'relations', 'relation'),
    ([f'person{k + 1}' for k in range(6)], 'central', 'central'),
  ):
    for i, source in enumerate(sources):
      for j in range(part[f'{layer}_b'].shape[1]):
        expected = part[f'{layer}_w'][ROW, i, j]
        assert abs(seen[source, f'{unit}{j + 1}'] - expected) < 6e-4
  for j, person in enumerate(people):
    assert abs(seen['bias', person] - part['output_b'][ROW, j]) < 6e-4
    expected = part['output_w'][ROW, 2, j]
    assert abs(seen['penultimate3', person] - expected) < 6e-4
  second = part['central_w'][ROW, 6, 0]  # relation units come after person's
  assert abs(seen['relation1', 'central1'] - second) < 6e-4


def test_units_without_biases_have_no_row_of_them(record):
  assert 'bias ' in portrait.text(subjects.find(record, '0'), 0)
  assert 'bias ' not in portrait.text(subjects.find(no_biases(record), '0'), 0)


def test_the_heading_says_how_the_net_ended(record, tmp_path):
  line = shown(record, tmp_path).splitlines()[0]
  assert line.startswith(f'family_trees, net {ROW} (part trees): seed {ROW}; ')
  assert '--biases=true --twin=true' in line
  error = record.parts['trees']['error'][ROW]
  assert re.search(r'; unsolved \(trained for 400\) with E = [\d.]+$', line)
  assert abs(float(line.split(' ')[-1]) / error - 1) < 0.005  # three digits


def test_a_net_that_unlearnt_is_not_said_to_end_when_it_was_solved(record):
  sweeps = np.full(64, 123.0)
  found = subjects.find(altered(record, sweeps=sweeps), str(ROW))
  words = 'unsolved but once solved after 123 sweeps (trained for 400)'
  assert words in portrait.heading(found)


def test_rows_count_on_over_parts_with_and_without_biases(record):
  parts = {
    'biases': record.parts['trees'],
    'no_biases': no_biases(record).parts['trees'],
  }
  found = subjects.find(record._replace(parts=parts), str(64 + ROW))
  assert found.part == 'no_biases' and found.arrays['seed'] == [ROW]
  assert found.net[1].b is None


def test_the_record_without_a_solved_net_says_which_words_there_are(record):
  with pytest.raises(common.BadInputError, match='there are worst, unsolved$'):
    subjects.find(record, 'median')


@pytest.mark.parametrize(
  'word', ['Colin.aunt', 'colin.AUNT', 'COLIN.aunt', '24']
)
def test_a_question_is_named_by_its_words_or_its_row(subject, word):
  assert subjects.case(subject, word) == 24
  assert 'input Colin.aunt, target Jennifer, Margaret' in portrait.lit(
    subject, 24
  )


@pytest.mark.parametrize(
  ('word', 'words'),
  [
    (
      'colin.wife',
      'expected one of Colin.father, Colin.mother, Colin.uncle, Colin.aunt,'
      ' Colin.sister; found none of them',
    ),
    ('Colin.', 'expected one of Colin.father, .* found none of them'),
    ('Colin', 'expected one of Colin.father, .* found none of them'),
    ('Colleen.aunt', 'expected a row from 0 to 103 or an input like Chris'),
    ('104', 'expected a row from 0 to 103 or an input like Chris'),
    ('', 'expected a row from 0 to 103 or an input like Chris'),
  ],
)
def test_a_question_that_has_no_answer_is_refused(subject, word, words):
  with pytest.raises(common.BadInputError, match=f'^--pattern={word}: {words}'):
    subjects.case(subject, word)


@pytest.mark.parametrize('name', subjects.CASES)
def test_a_record_without_its_cases_is_refused(record, name):
  with pytest.raises(common.BadInputError, match=f"found no '{name}' in part"):
    subjects.find(altered(record, name), '0')


def test_a_record_without_a_layer_is_refused(record):
  with pytest.raises(records.RecordError, match='central_w'):
    subjects.find(altered(record, 'central_w'), '0')


def test_pictures_are_those_of_the_page_of_this_net(record, tmp_path):
  text = shown(record, tmp_path, pattern='Marco.wife')
  assert 'Right, and framed: Lucia.' in text
  for name in PICTURES:
    assert f'{tmp_path / name}\n  ' in text
    with Image.open(tmp_path / name) as picture:
      assert picture.format == 'PNG'
  assert {path.name for path in tmp_path.iterdir()} == set(PICTURES)


def test_a_net_that_diverged_is_shown_like_any_other(record):
  w = record.parts['trees']['people_w'].copy()
  w[ROW] = np.nan
  found = subjects.find(altered(record, people_w=w), str(ROW))
  assert found.wrong.all()
  case = subjects.case(found, None)
  text = portrait.text(found, case)
  assert 'Right: 0 of 100 taught and 0 of 4 held out' in text
  assert 'nobody (' in text and '—: undefined.' in text
  assert len(portrait.figures(found, case)) == 2


@pytest.mark.slow
def test_trained_again_the_weights_are_the_records_bit_for_bit(
  record, subject, moments
):
  part = record.parts['trees']
  chex.assert_trees_all_equal(moments[-1].net, subject.net)
  assert 'bit for bit' in replay.verdict(record, subject, moments[-1].net)
  assert [m.sweep for m in moments] == part['marks'].tolist()
  for name, seen in (
    ('curve', [m.error for m in moments]),
    ('train_curve', [m.shares['train'] for m in moments]),
    ('held_curve', [m.shares['held'] for m in moments]),
  ):
    np.testing.assert_array_equal(seen, part[name][ROW])


def test_other_weights_are_told_with_their_distance(record, subject, moments):
  apart = max(
    np.max(abs(one - other))
    for one, other in zip(
      *map(leaves, (subject.net, moments[0].net)), strict=True
    )
  )
  said = replay.verdict(record, subject, moments[0].net)
  assert f'differ by up to {apart:.2g} from' in said


def leaves(net):
  beside, *rest = net
  return [a for layer in (*beside.parts, *rest) for a in (layer.w, layer.b)]


def test_the_record_says_how_a_net_was_trained(record):
  setting = dict.fromkeys(replay.TREE_GRID, 0.5) | {
    'biases': False,
    'band': 'none',
  }
  flags = record.flags | {
    'sweeps': '7', 'first_sweeps': '3',
    'precision': 'float64',
  }  # fmt: skip
  half = (0.5,)
  expected = families.Recipe(
    half, half, (families.HALF,), half, half, half, half, first_sweeps=3,
    sweeps=7, biases=False, band='none', precision='float64',
  )  # fmt: skip
  assert replay.tree_recipe(flags, setting) == expected
  setting['first_learning_rate'] = 0.25
  expected = expected._replace(first_learning_rate=(0.25,))
  assert replay.tree_recipe(flags, setting) == expected


def test_the_movie_shows_each_moment_and_the_bits_are_confirmed(
  record, tmp_path, monkeypatch
):
  monkeypatch.setattr(movie, 'FRAMES', 2)
  text = shown(record, tmp_path, movie=True)
  assert f'{tmp_path}/movie.gif\n  {movie.TREE_CAPTION}' in text
  assert text.endswith('with the record’s weights, bit for bit.\n')
  with Image.open(tmp_path / 'movie.gif') as picture:
    assert (picture.format, picture.n_frames) == ('GIF', 2)


@pytest.mark.parametrize('name', replay.TREE_FLAGS)
def test_a_record_that_does_not_say_how_it_was_trained_is_refused(
  record, subject, name
):
  flags = {k: v for k, v in record.flags.items() if k != name}
  with pytest.raises(common.BadInputError, match=f'no --{name} in run.flags'):
    replay.plan(record._replace(flags=flags), subject)

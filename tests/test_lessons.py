"""Lessons run, ask, are answered, and are the notebooks beside them."""

import json
import re
import subprocess
import sys

import pytest
from binaries import PATIENCE, ROOT

FOLDER = ROOT / 'lessons'
LESSONS = sorted(FOLDER.glob('*.py'))
ANSWERS = re.split(r'^## ', (FOLDER / 'answers.md').read_text(), flags=re.M)
CHAPTERS = {int(text.split('.')[0]): text for text in ANSWERS[1:]}
BLOCK = re.compile(r'^```python\n(.*?)^```$', re.M | re.S)
# Of a notebook, with pictures; and places on a machine, in what it prints.
MOST = 1_000_000
PLACE = re.compile(r'(?<![\w./])/(?:\w[\w.-]*/)+\w|[A-Z]:\\')


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
  return request.param


@pytest.fixture
def chapter(lesson):
  return CHAPTERS[int(lesson.stem[:2])]


@pytest.fixture
def notebook(lesson):
  return json.loads(lesson.with_suffix('.ipynb').read_text())


def cells(text):
  """Returns kind and text of each cell of a lesson in percent format."""
  _, _, body = text.removeprefix('# ---\n').partition('\n# ---\n')
  before, *found = re.split(r'^# %%(.*)\n', body, flags=re.M)
  assert not before.strip(), 'nothing stands before the first cell'
  listed = []
  for mark, source in zip(found[::2], found[1::2], strict=True):
    source = source.strip('\n')
    if mark == ' [markdown]':
      listed.append(('markdown', re.sub(r'^# ?', '', source, flags=re.M)))
    else:
      assert not mark, f'# %%{mark}'
      listed.append(('code', source))
  return listed


def numbers(pattern, text):
  return [int(k) for k in re.findall(pattern, text, re.M)]


def printed(cell):
  """Returns all text that a cell left."""
  found = []
  for output in cell.get('outputs', []):
    found += output.get('text', [])
    for kind, value in output.get('data', {}).items():
      found += value if kind.startswith('text/') else []
  return ''.join(found)


def test_there_is_a_lesson_and_a_chapter_of_answers_for_each_number():
  stems = [path.stem for path in LESSONS]
  assert [int(stem[:2]) for stem in stems] == list(range(1, len(stems) + 1))
  assert list(CHAPTERS) == list(range(1, len(stems) + 1))
  assert stems == sorted(path.stem for path in FOLDER.glob('*.ipynb'))
  linked = re.findall(r'\]\((\d\d_\w+)\.ipynb\)', readme())
  assert linked == stems


def readme():
  return (FOLDER / 'README.md').read_text()


def test_a_lesson_and_its_answers_run(lesson, chapter, environment, tmp_path):
  """In one process: answers go on where the lesson ends."""
  script = tmp_path / lesson.name
  script.write_text('\n'.join([lesson.read_text(), *BLOCK.findall(chapter)]))
  ended = subprocess.run(
    [sys.executable, '-W', 'error', script],
    cwd=tmp_path,
    env=environment | {'MPLBACKEND': 'Agg'},
    capture_output=True,
    text=True,
    timeout=PATIENCE,
  )
  assert (ended.returncode, ended.stderr) == (0, '')
  assert ended.stdout
  assert [path.name for path in tmp_path.iterdir()] == [lesson.name]


def test_a_lesson_asks_five_to_eight_questions_and_all_are_answered(
  lesson, chapter
):
  kind, last = cells(lesson.read_text())[-1]
  assert kind == 'markdown' and last.startswith('## Questions\n')
  asked = numbers(r'^(\d+)\. ', last)
  assert asked == list(range(1, len(asked) + 1)) and 5 <= len(asked) <= 8
  assert numbers(r'^\*\*(\d+)\.\*\* ', chapter) == asked


def test_some_answer_of_a_lesson_is_computed(chapter):
  assert BLOCK.findall(chapter)


def test_a_notebook_is_its_lesson(lesson, notebook):
  found = [(c['cell_type'], ''.join(c['source'])) for c in notebook['cells']]
  assert found == cells(lesson.read_text())


def test_a_notebook_was_run_to_its_end_and_has_a_picture(notebook):
  codes = [c for c in notebook['cells'] if c['cell_type'] == 'code']
  outputs = [output for cell in codes for output in cell['outputs']]
  assert {output['output_type'] for output in outputs} <= {
    'stream',
    'display_data',
    'execute_result',
  }
  assert {o['name'] for o in outputs if o['output_type'] == 'stream'} == {
    'stdout'
  }
  assert any('image/png' in output.get('data', {}) for output in outputs)
  # Of the cells that print or draw at their end, none is empty: it was run.
  speaks = [
    c for c in codes if re.search(r'^print\(', ''.join(c['source']), re.M)
  ]
  assert speaks and all(printed(cell) for cell in speaks)


def test_a_notebook_says_nothing_of_its_machine(lesson, notebook):
  assert set(notebook['metadata']) == {'kernelspec'}
  assert [c['id'] for c in notebook['cells']] == [
    str(k) for k in range(len(notebook['cells']))
  ]
  for cell in notebook['cells']:
    assert not cell['metadata']
    assert cell.get('execution_count') is None
    assert not PLACE.search(printed(cell))
  assert lesson.with_suffix('.ipynb').stat().st_size < MOST

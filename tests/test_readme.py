"""What the README shows works as it stands there."""

import os
import pathlib
import re
import runpy
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / 'README.md').read_text()
SMALL = ['--seeds=32', '--sweeps=300', '--after=10', '--block_size=16']


def blocks(language):
  fenced = re.findall(r'^```(\w*)\n(.*?)^```$', README, re.M | re.S)
  return [text for name, text in fenced if name == language]


def binary(name, *flags, folder):
  environment = os.environ | {'PYTHONPATH': str(folder)}
  command = [sys.executable, '-m', f'experiments.{name}', *flags]
  return subprocess.run(
    command, cwd=folder, env=environment, capture_output=True, text=True,
    timeout=300,
  )  # fmt: skip


@pytest.fixture(scope='module')
def clone(tmp_path_factory):
  """A copy of what a user has, with a small record where the README says."""
  folder = tmp_path_factory.mktemp('clone')
  for name in ('jaxrep', 'experiments', 'flags'):
    shutil.copytree(ROOT / name, folder / name)
  done = binary('symmetry', *SMALL, folder=folder)
  assert done.returncode == 0, done.stderr
  return folder


def recipes():
  """Python blocks that are not files of the worked example.

  That of equality is run by its own tests, which have a record.
  """
  found = [b for b in blocks('python') if not b.startswith('"""')]
  return [b for b in found if 'runs/equality' not in b]


@pytest.mark.parametrize('k', range(len(recipes())))
def test_recipes_run(clone, monkeypatch, k):
  monkeypatch.chdir(clone)
  script = clone / f'recipe_{k}.py'
  script.write_text(recipes()[k])
  with jax_defaults():
    runpy.run_path(str(script))


def jax_defaults():
  """Recipes run as a user runs them, without the tests' strictness."""
  import jax

  return jax.numpy_rank_promotion('allow')


def test_the_net_in_numpy_answers_as_the_net_in_jax(clone, monkeypatch):
  monkeypatch.chdir(clone)
  [numpy_recipe] = [b for b in recipes() if 'np.load' in b]
  names: dict = {}
  exec(numpy_recipe, names)
  import jax
  import numpy as np

  from jaxrep import nets, records

  record = records.load('runs/symmetry')
  net = jax.tree.map(lambda a: a[7], record.nets('h2'))
  y = jax.vmap(nets.apply, (None, 0))(net, record.parts['h2']['inputs'])
  np.testing.assert_allclose(names['y'], y, rtol=1e-4)


def test_a_study_is_added_in_the_four_steps(clone):
  task, study = (b for b in blocks('python') if b.startswith('"""'))
  [paper] = [b for b in blocks('') if b.startswith('# flags/')]
  for path, text in (
    ('jaxrep/tasks/majority.py', task),
    ('flags/majority/paper.flags', paper),
    ('experiments/majority.py', study),
  ):
    (clone / path).parent.mkdir(exist_ok=True)
    (clone / path).write_text(text)
  done = binary('majority', '--seeds=16', '--sweeps=500', folder=clone)
  assert done.returncode == 0, done.stderr
  assert 'solved_rate' in done.stdout
  assert (clone / 'runs/majority/report.html').is_file()


def test_every_flagfile_and_binary_named_is_there():
  for study, name in re.findall(r'flags/(\w+)/(\w+)\.flags', README):
    known = (ROOT / f'flags/{study}/{name}.flags').is_file()
    assert known or (study, name) in {
      ('majority', 'paper'),
      ('boolean', 'FILE'),
      ('family_trees', 'FILE'),
      ('localization', 'FILE'),
      ('equality', 'FILE'),
      ('basins', 'FILE'),
    }
  rows = [
    r for r in README.splitlines() if re.search(r'\| `\w+`(, `\w+`)* \|$', r)
  ]
  named = [
    n for row in rows for n in re.findall(r'`(\w+)`', row.split('|')[-2])
  ]
  assert len(named) > 10
  for name in named:
    assert any(
      (ROOT / f'flags/{study}/{name}.flags').is_file()
      for study in ('boolean', 'basins')
    ), name
  for name in re.findall(r'-m experiments\.(\w+)', README):
    assert name == 'majority' or (ROOT / f'experiments/{name}.py').is_file()


def test_the_table_of_a_user_is_one(tmp_path):
  from jaxrep.tasks import boolean

  (tmp_path / 'mine.csv').write_text(blocks('csv')[0])
  patterns = boolean.table(tmp_path / 'mine.csv')
  assert (patterns.inputs.shape, patterns.targets.shape) == ((3, 3), (3, 2))


def test_every_column_is_documented(clone):
  header = (clone / 'runs/symmetry/nets.csv').read_text().splitlines()[0]
  described = set(re.findall(r'`(\w+)`', README))
  missing = [
    name
    for name in header.split(',')
    if name not in described and not name.startswith('correct_')
  ]
  assert not missing

"""What the README and the page on records show works as it stands there."""

import os
import pathlib
import re
import runpy
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
README = (ROOT / 'README.md').read_text()
RECORDS = (ROOT / 'docs/records.md').read_text()
SMALL = ['--seeds=32', '--sweeps=300', '--after=10', '--block_size=16']


def blocks(language):
  fenced = re.findall(r'^```(\w*)\n(.*?)^```$', README + RECORDS, re.M | re.S)
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
  """Python blocks; the one of equality is run where there is a record."""
  return [b for b in blocks('python') if 'runs/equality' not in b]


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


@pytest.mark.parametrize('path', PAGES, ids=lambda path: path.name)
def test_every_flagfile_binary_and_page_named_is_there(path):
  text = path.read_text()
  for study, name in re.findall(r'flags/(\w+)/(\w+)\.flags', text):
    known = (ROOT / f'flags/{study}/{name}.flags').is_file()
    assert known or study in ('STUDY', 'majority') or name == 'FILE'
  for name in re.findall(r'-m experiments\.(\w+)', text):
    assert (
      name in ('STUDY', 'majority')
      or (ROOT / f'experiments/{name}.py').is_file()
    )
  for link in re.findall(r'\]\(([^)#]+)', text):
    assert ':' in link or (path.parent / link).exists(), link


def test_every_file_that_a_finding_names_is_its_studys():
  sections = re.split(
    r'^## ', (ROOT / 'docs/findings.md').read_text(), flags=re.M
  )
  for section in sections[1:]:
    studies = re.findall(r'^`experiments\.\w+`.*$', section, re.M)[0]
    known = {
      path.stem
      for study in re.findall(r'experiments\.(\w+)', studies)
      for path in (ROOT / 'flags' / study).glob('*.flags')
    }
    # In brackets, alone, or before what it costs or says.
    named = re.findall(r'\(`(\w+)`', section)
    assert len(named) > 4
    assert set(named) <= known


def test_the_table_of_a_user_is_one(tmp_path):
  from jaxrep.tasks import boolean

  (tmp_path / 'mine.csv').write_text(blocks('csv')[0])
  patterns = boolean.table(tmp_path / 'mine.csv')
  assert (patterns.inputs.shape, patterns.targets.shape) == ((3, 3), (3, 2))


def test_every_column_is_documented(clone):
  header = (clone / 'runs/symmetry/nets.csv').read_text().splitlines()[0]
  described = set(re.findall(r'`(\w+)`', RECORDS))
  missing = [
    name
    for name in header.split(',')
    if name not in described and not name.startswith('correct_')
  ]
  assert not missing

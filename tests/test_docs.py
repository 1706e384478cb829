"""What the pages for users and contributors show works as it stands there."""

import configparser
import contextlib
import datetime
import functools
import importlib.util
import io
import json
import os
import re
import shlex
import subprocess
import sys

import jax
import numpy as np
import pytest
from binaries import ROOT, Binary

import jaxrep
from jaxrep import records

SMALL = ['--seeds=32', '--sweeps=300', '--block_size=16', '--chunk_size=16']
PAGES = [ROOT / 'CONTRIBUTING.md', *sorted((ROOT / 'docs').glob('*.md'))]
STUDY = (ROOT / 'docs/add_a_study.md').read_text()
LIBRARY = (ROOT / 'docs/library.md').read_text()
CITATION = (ROOT / 'CITATION.cff').read_text()
FENCED = r'^```(\w*)\n(.*?)^```$'


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
  """A folder with the package as setup.cfg installs it, and nothing else.

  Made of links, whatever way the tests themselves see jaxrep: in a clone there
  is no jaxrep.experiments.
  """
  site = tmp_path_factory.mktemp('site')
  (site / 'jaxrep').mkdir()
  for path in (ROOT / 'jaxrep').iterdir():
    (site / 'jaxrep' / path.name).symlink_to(path)
  setup = configparser.ConfigParser()
  setup.read(ROOT / 'setup.cfg')
  for line in setup['options']['package_dir'].split('\n'):
    name, _, folder = line.partition(' = ')
    if '.' in name:
      (site / name.replace('.', '/')).symlink_to(ROOT / folder)
  return site


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """A user's folder, empty but for the files of the worked example."""
  folder = tmp_path_factory.mktemp('mine')
  files = re.findall(r'`([\w.]+)`:\n\n```\w*\n(.*?)^```$', STUDY, re.M | re.S)
  for name, text in files:
    (folder / name).write_text(text)
  assert sorted(path.name for path in folder.iterdir()) == [
    'majority.flags', 'majority.py', 'majority_task.py', 'test_majority.py'
  ]  # fmt: skip
  return folder


@pytest.fixture(scope='module')
def python(folder, installed, environment):
  """Runs a command of the page, as a user does in that folder."""

  def run(*arguments):
    return subprocess.run(
      [sys.executable, *arguments], cwd=folder, capture_output=True, text=True,
      env=environment | {'PYTHONPATH': str(installed)}, timeout=240,
    )  # fmt: skip

  return run


@pytest.fixture(scope='module')
def majority(folder, installed, environment):
  """The worked example's binary, in forks of one process."""
  path = os.pathsep.join(map(str, (installed, folder)))
  with Binary('majority', environment | {'PYTHONPATH': path}) as binary:
    yield functools.partial(binary, cwd=folder)


def test_a_study_is_added_from_an_empty_folder(python, majority, folder):
  """It is ended when half is done, and the page's command goes on."""
  half = majority(*SMALL, '--shard=0/2')
  assert (half.code, half.err) == (0, '')
  assert '1 of 2 chunks are still to come' in half.out
  done = python('majority.py', *SMALL)
  assert (done.returncode, done.stderr) == (0, '')
  assert 'solved_rate' in done.stdout
  page = (folder / 'runs/majority/report.html').read_text()
  assert 'Does a net learn whether more bits are on than off?' in page
  assert len((folder / 'runs/majority/nets.csv').read_text().split()) == 1 + 32
  # The page's other commands; the nets of a grid are those of other studies.
  grid, again = (
    json.loads(majority(*shlex.split(line)[2:], dry=True).out)
    for line in STUDY.splitlines()
    if line.startswith('python majority.py --') and '=' in line
  )
  assert grid['nets'] == {'h1': 400, 'h3': 400}
  stated = records.parse_flags((folder / 'runs/majority/run.flags').read_text())
  assert (again['flags'], again['out']) == (stated, 'runs/again')


def test_its_help_shows_its_own_flags_with_the_defaults_of_its_file(python):
  shown = ' '.join(python('majority.py', '--helpshort').stdout.split())
  assert shown.startswith('Majority: of many nets')
  assert "--bits: Length of a vector. (default: '5')" in shown
  assert "--seeds: Nets for each setting. (default: '200')" in shown


def test_its_own_tests_pass(python):
  done = python('-m', 'pytest', '-q', '-p', 'no:cacheprovider')
  assert done.returncode == 0, done.stdout
  assert '2 passed' in done.stdout


def test_its_typos_are_told_in_a_line(majority):
  ended = majority('--bitz=5')
  assert ended.code == 1
  assert ended.err.splitlines()[0].startswith('majority: ')
  assert "'bitz'" in ended.err and 'Traceback' not in ended.err


def shown():
  """Yields each recipe of the library's page with what it prints."""
  found = re.findall(FENCED, LIBRARY, re.M | re.S)
  for (name, code), (other, text) in zip(found[::2], found[1::2], strict=True):
    assert (name, other) == ('python', '')
    yield code, text


def printed(code):
  """What it prints, run as a user runs it, without the tests' strictness."""
  with (
    jax.numpy_rank_promotion('allow'),
    contextlib.redirect_stdout(io.StringIO()) as out,
  ):
    exec(compile(code, 'library.md', 'exec'), {'__name__': 'recipe'})
  return out.getvalue()


@pytest.mark.parametrize('k', range(4))
def test_the_library_prints_what_its_page_shows(k):
  code, text = list(shown())[k]
  number = r'-?\d+\.?\d*'
  found = printed(code)
  words = [re.sub(r'\s+', ' ', re.sub(number, '#', t)) for t in (found, text)]
  assert words[0] == words[1]
  ours, page = (np.array(re.findall(number, t), float) for t in (found, text))
  # 10 of 500 nets, or two points of accuracy: another machine's last bits.
  np.testing.assert_allclose(ours, page, rtol=0, atol=0.02)


def test_the_page_has_four_recipes():
  assert len(list(shown())) == 4


def test_the_valleys_of_the_certificate_are_where_algebra_has_them():
  # dE/da = 4a³ - 4a + 0.3 = 0, and b = 0.
  left, top, right = np.sort(np.roots([4, 0, -4, 0.3]))
  assert (
    ' and '.join(f'{a:.2f}' for a in (left, right)).replace('-', '−')
    == '−1.04 and 0.96'
  )
  assert f'at {top:.2f}' in LIBRARY
  _, text = list(shown())[1]
  for a, line in zip((left, right), text.splitlines(), strict=False):
    assert f'to E = {(a**2 - 1) ** 2 + 0.3 * a + 1:.4f}' in line


def test_modules_in_the_table_are_there():
  rows = re.findall(r'^\| (`.*?) \|', LIBRARY, re.M)
  assert len(rows) > 10
  for row in rows:
    package = ''
    for name in re.findall(r'`([\w.]+)`', row):
      package = package if name[0] == '.' else name.rpartition('.')[0]
      full = package + name if name[0] == '.' else name
      assert importlib.util.find_spec(full), full


@pytest.mark.parametrize('page', PAGES, ids=lambda path: path.stem)
def test_what_pages_link_to_and_name_is_there(page):
  text = page.read_text()
  for link in re.findall(r'\]\(([^):#]+)\)', text):
    assert (page.parent / link).exists(), link
  named = r'`((?:jaxrep|experiments|flags|tests|docs)/[a-z][a-z_0-9/.]*)`'
  for name in re.findall(named, text):
    assert (ROOT / name).exists(), name


def test_contributing_is_a_page_and_quotes_the_code():
  text = (ROOT / 'CONTRIBUTING.md').read_text()
  assert len(text.splitlines()) < 80
  [(_, example)] = re.findall(FENCED, text, re.M | re.S)
  assert example in (ROOT / 'jaxrep/learning/errors.py').read_text()


def test_the_citation_has_what_the_format_asks_for():
  """CFF 1.2.0: a message, a title and authors, with the version's own words."""
  # One `key: value` a line; what YAML could read otherwise is quoted.
  for line in CITATION.splitlines():
    assert re.fullmatch(
      r'(  )*(- )?(([a-z-]+:)( ("[^"]*"|[\w./-]+))?|"[^"]*")', line
    ), line
  head, references = CITATION.split('\nreferences:\n')
  top = dict(re.findall(r'^([a-z-]+):(?: "?(.*?)"?)?$', head, re.M))
  assert top.keys() >= {
    'cff-version',
    'message',
    'title',
    'authors',
    'abstract',
  }
  assert (top['cff-version'], top['type']) == ('1.2.0', 'software')
  assert '\nauthors:\n  - name: "The jaxrep authors"\n' in head
  assert top['version'] == jaxrep.__version__
  datetime.date.fromisoformat(top['date-released'])
  entries = re.split(r'^  - ', references, flags=re.M)[1:]
  for entry in entries:
    keys = re.findall(r'^ *([a-z-]+):', entry, re.M)
    assert {'type', 'title', 'authors', 'year'} <= set(keys), entry
  assert len(entries) == 9


def test_the_licence_is_the_one_that_is_named():
  assert 'license: MIT\n' in CITATION
  lines = (ROOT / 'LICENSE').read_text().splitlines()
  assert lines[0] == 'MIT License'
  assert lines[2] == 'Copyright (c) 2026 the jaxrep authors'

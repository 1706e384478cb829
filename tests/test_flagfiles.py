"""Every flagfile is run as its header says, and settles every number."""

import json
import os
import re

import pytest
from binaries import ROOT

from jaxrep import records

FLAGFILES = sorted((ROOT / 'flags').glob('*/*.flags'))
STUDIES = sorted({path.parent.name for path in FLAGFILES})
# What a user may change and keep every bit.
NOT_DECIDING = {
  'out', 'shard', 'distributed', 'coordinator', 'processes', 'process',
  'profile',
}  # fmt: skip
# Chosen when a run begins, by the machine, and then written to run.flags.
RESOLVED = {'block_size'}
# Decide only where something else is given, and are not in paper.flags: what a
# user's own table should hold.
PINNED = {
  'basins': {'task_digest'},
  'boolean': {'task_digest'},
  'recirculation': {'vectors_digest'},
}
# Where a study finds what it checks by its contents: decides nothing.
PLACES = {'localization': {'data_dir'}}


@pytest.fixture(params=FLAGFILES, ids=lambda p: f'{p.parent.name}-{p.stem}')
def flagfile(request):
  return request.param


@pytest.fixture(params=STUDIES)
def study(request):
  return request.param


@pytest.fixture(scope='session')
def plan(binary, tmp_path_factory):
  """Returns what a study would run, given flags."""
  folder = tmp_path_factory.mktemp('dry')

  def plan(study, *flags):
    if reads_files(study, flags) and not os.environ.get('JAXREP_DATA'):
      pytest.skip('JAXREP_DATA names no folder with the files of MNIST')
    ended = binary(study)(*flags, cwd=folder, dry=True)
    assert (ended.code, ended.err) == (0, '')
    return json.loads(ended.out)

  yield plan
  assert not list(folder.iterdir())


def reads_files(study, flags):
  """Returns whether a plan is made of MNIST, which no test may fetch."""
  said = {}
  for name, _, value in (flag.partition('=') for flag in flags):
    if name == '--flagfile':
      said |= stated(ROOT / value)
  return study == 'localization' and said.get('data', 'mnist') == 'mnist'


def stated(path):
  return records.parse_flags(path.read_text())


def as_numbers(text):
  try:
    return [float(word) for word in text.split(',')]
  except ValueError:
    return text


def test_the_header_says_what_it_is_and_how_to_run_it(flagfile):
  name = flagfile.relative_to(ROOT).as_posix()
  lines = flagfile.read_text().splitlines()
  header = lines[: next(k for k, line in enumerate(lines) if line[:1] != '#')]
  assert re.match(rf'# {name}: .{{20}}', header[0])
  module = f'experiments.{flagfile.parent.name}'
  command = f'# python -m {module} --flagfile={name}'
  assert [line for line in header if line.split(' --out=')[0] == command]


def test_the_header_owes_nothing(flagfile):
  assert 'TODO' not in flagfile.read_text()


def test_lines_are_flags_or_comments(flagfile):
  """A value may be empty: of a list, that names nothing."""
  for line in flagfile.read_text().splitlines():
    assert re.fullmatch(r'#.*|--\w+=\S*|', line)


def test_its_flags_and_the_papers_are_what_runs(flagfile, plan):
  study = flagfile.parent.name
  paper = stated(flagfile.with_name('paper.flags'))
  expected = paper | stated(flagfile)
  found = plan(study, f'--flagfile={flagfile.relative_to(ROOT)}')
  assert found['study'] == study
  assert found['flags'].keys() == expected.keys() | RESOLVED
  for name, text in expected.items():
    assert as_numbers(found['flags'][name]) == as_numbers(text)


def test_a_variation_says_only_what_differs(flagfile):
  if flagfile.stem != 'paper':
    paper = stated(flagfile.with_name('paper.flags'))
    for name, text in stated(flagfile).items():
      assert as_numbers(text) != as_numbers(paper[name]), name


def test_the_flags_of_a_record_run_it_again(flagfile, plan, tmp_path):
  study = flagfile.parent.name
  first = plan(study, f'--flagfile={flagfile.relative_to(ROOT)}')
  text = ''.join(f'--{k}={v}\n' for k, v in first['flags'].items())
  (tmp_path / 'run.flags').write_text(text)
  assert plan(study, f'--flagfile={tmp_path}/run.flags') == first


def test_a_study_has_the_papers_flags_and_a_quick_run(study):
  for name in ('paper', 'smoke'):
    assert (ROOT / 'flags' / study / f'{name}.flags').is_file()


def test_every_default_stands_in_paper_flags_and_none_in_the_code(study, plan):
  found = plan(study)
  unset, paper = found['unset'], stated(ROOT / f'flags/{study}/paper.flags')
  more = PINNED.get(study, set()) | PLACES.get(study, set())
  assert unset.keys() == paper.keys() | RESOLVED | NOT_DECIDING | more
  assert set(unset.values()) == {None}
  assert found['flags'].keys() == paper.keys() | RESOLVED
  assert found['flags']['block_size'].isdecimal()


def test_without_flags_a_study_runs_the_papers(study, plan):
  path = ROOT / f'flags/{study}/paper.flags'
  found = plan(study)
  assert found == plan(study, f'--flagfile={path}')
  assert found['out'] == f'runs/{study}'


def test_what_stands_after_a_flagfile_wins(study, plan):
  path = ROOT / f'flags/{study}/smoke.flags'
  found = plan(study, f'--flagfile={path}', '--seeds=3', '--out=here')
  assert found['flags'] == plan(study, f'--flagfile={path}')['flags'] | {
    'seeds': '3'
  }
  assert found['out'] == 'here'

"""The ledger runs what is not there, and leaves one page with everything."""

import base64
import io
import json
import re
import shutil
import signal
import subprocess
import sys
import time

import browser
import pytest
import samples
from binaries import PATIENCE, ROOT
from PIL import Image

import jaxrep
from experiments.ledgers import texts
from experiments.ledgers.sections import SECTIONS
from jaxrep.claims import ledger

CLAIMS = [claim for claims in ledger.CLAIMS.values() for claim in claims]
SMOKE = '--scale=smoke'
LINE = (
  rf'jaxrep {re.escape(jaxrep.__version__)}, (\w+), flags/\1/smoke\.flags,'
  r' flags [0-9a-f]{12}: \w+( \([^)]+\))? = \S+( × 10[⁰-⁹⁻²³¹]+)?( %)?'
  r'( \[[^]]+\])?( \D+)?,'
  r' n\s=\s[\d,]+'
)


@pytest.fixture(scope='module')
def text(smoke_ledger):
  folder, ended = smoke_ledger
  assert (ended.code, ended.err) == (0, '')
  return (folder / 'ledger.html').read_text()


@pytest.fixture(scope='module')
def page(text):
  return browser.Reader(text)


def test_the_ledger_is_a_page_and_a_table_and_says_where(smoke_ledger, shared):
  folder, ended = smoke_ledger
  assert set(samples.tree(folder)) == {'ledger.html', 'ledger.md'}
  for study in ledger.CLAIMS:
    assert re.search(rf'{study}/smoke: \d+ s, there already\n', ended.out)
  for claim in CLAIMS:
    assert re.search(rf'^{claim.id} +\w', ended.out, re.M)
  theirs = sum(not one.ours for some in ledger.CLAIMS.values() for one in some)
  assert re.search(rf'^Of {theirs} claims ', ended.out, re.M)
  assert f'\n{folder}/ledger.html\n' in ended.out


def test_links_lead_to_a_place_of_the_page(page):
  names = [attrs['id'] for _, attrs, _ in page.tags if 'id' in attrs]
  assert len(set(names)) == len(names)
  links = [attrs['href'] for attrs in page.of('a')]
  assert len(links) == len(CLAIMS)
  assert {link[0] for link in links} == {'#'}
  assert {link[1:] for link in links} <= set(names)


def test_pictures_are_in_the_page_and_said_in_words(page):
  pictures = page.of('img')
  for attrs in pictures:
    assert len(attrs['alt']) > 20
    kind, _, data = attrs['src'].partition(',')
    assert kind == 'data:image/png;base64'
    found = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    found.verify()
    assert found.format == 'PNG'
    assert found.size == (int(attrs['width']), int(attrs['height']))
  assert len({attrs['src'] for attrs in pictures}) == len(pictures)


def test_nothing_is_asked_for_from_outside(page, text):
  for tag, attrs, _ in page.tags:
    assert tag not in ('link', 'iframe', 'object', 'embed', 'base', 'form')
    assert 'src' not in attrs or tag == 'img'
    assert not any(name.startswith('on') for name in attrs)
  [style] = page.said('style')
  assert not re.search(r'url\(|@import|http', style)
  scripts = re.findall(r'<script>(.*?)</script>', text, re.S)
  assert len(scripts) == 1
  assert 'http' not in scripts[0]
  data = re.findall(r'<script type="application/json">(.*?)</script>', text)
  assert len(page.of('script')) == 1 + len(data)
  galleries = [a for a in page.of('figure') if a.get('class') == 'gallery']
  assert len(data) == len(galleries)
  assert len(data) == sum(bool(one.gallery) for one in SECTIONS.values())
  for numbers in data:
    assert len(json.loads(numbers)['nets']) > 20


def test_every_claim_has_a_row_on_the_page_and_in_the_table(page, smoke_ledger):
  rows = [attrs['id'] for attrs in page.of('tr', 'claims') if 'id' in attrs]
  assert rows == [f'claim-{claim.id}' for claim in CLAIMS]
  for claim in CLAIMS:
    said = page.said('td', f'claim-{claim.id}')
    assert said[0] == claim.words and claim.given in said
    assert page.said('b', f'claim-{claim.id}')[0]
  lines = (smoke_ledger[0] / 'ledger.md').read_text().splitlines()
  table = [re.split(r'(?<!\\)\|', line) for line in lines if line[:1] == '|']
  assert {len(cells) for cells in table} == {6}
  words = [cells[1].strip() for cells in table]
  heads = 2 * len(ledger.CLAIMS)
  assert len(words) - heads == len(CLAIMS)
  assert [
    w.replace('\\|', '|') for w in words if w not in ('claim', '---')
  ] == [claim.words for claim in CLAIMS]


@pytest.mark.parametrize('study', ledger.CLAIMS)
def test_every_study_has_two_paragraphs_and_three_figures(page, study):
  paragraphs = [
    words
    for tag, words, around in page.words
    if tag == 'p' and len(around) > 1 and around[-2][1].get('id') == study
  ]
  assert len(paragraphs) == 2
  assert all(len(words) > 100 for words in paragraphs)
  assert not any(re.search('[{}|]', words) for words in paragraphs)
  names = [
    attrs['id'].split('-')[-1]
    for attrs in page.of('figure', study)
    if 'gallery' not in attrs.get('class', '')
  ]
  assert len(names) >= 3
  assert len({name for _, name in SECTIONS[study].figures}) >= 3
  assert len(page.of('img', study)) == len(names)


def test_each_result_has_a_line_to_cite(page):
  lines = page.said('code')[-1].splitlines()
  assert len(lines) > 10
  for line in lines:
    assert re.fullmatch(LINE, line), line
  assert len({line.split(',')[1] for line in lines}) > 3


@pytest.fixture
def run(binary, tmp_path):
  """Runs the ledger of one study in an empty folder."""

  def ended(*flags):
    return binary('ledger')(SMOKE, '--studies=symmetry', *flags, cwd=tmp_path)

  return ended


def test_what_is_not_there_is_run_and_what_was_begun_goes_on(
  run, smoke, environment, tmp_path
):
  place = tmp_path / 'runs/ledger/smoke/records/symmetry/smoke'
  command = [sys.executable, '-m', 'experiments.ledger', SMOKE]
  first = subprocess.Popen(
    [*command, '--studies=symmetry'], cwd=tmp_path, env=environment,
    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
  )  # fmt: skip
  until = time.monotonic() + PATIENCE
  while not (place / 'run.flags').exists() and first.poll() is None:
    assert time.monotonic() < until
    time.sleep(0.05)
  first.send_signal(signal.SIGTERM)
  said, _ = first.communicate()
  assert (first.returncode, said) == (128 + signal.SIGTERM, '')
  assert not (place / 'summary.json').exists()
  assert not (tmp_path / 'runs/ledger/smoke/ledger.html').exists()

  # Nobody holds the folder any more: the study has ended, too.
  second = run()
  assert (second.code, second.err) == (0, '')
  assert re.search(r'symmetry/smoke: \d+ s\n', second.out)
  assert samples.lasting(place) == samples.lasting(smoke[0])

  page = tmp_path / 'runs/ledger/smoke/ledger.html'
  before = page.read_bytes()
  third = run()
  assert re.search(r'symmetry/smoke: \d+ s, there already\n', third.out)
  assert page.read_bytes() == before


def test_what_is_not_there_may_be_left_out(run, shared, smoke, tmp_path):
  ended = run('--norun', '--out=none')
  assert (ended.code, ended.err) == (0, '')
  assert 'hold' not in ended.out.partition('\nOf ')[2].partition('.')[0]
  reader = browser.Reader((tmp_path / 'none/ledger.html').read_text())
  assert not reader.of('a') and len(reader.of('img')) == 1
  assert set(samples.tree(tmp_path)) == {
    'none', 'none/ledger.html', 'none/ledger.md',
  }  # fmt: skip
  there = run('--norun', f'--records={shared}', '--out=one')
  assert (there.code, there.err) == (0, '')
  text = (tmp_path / 'one/ledger.html').read_text()
  assert len(re.findall(r'<section id="(?!claims)', text)) == 1


def assert_one_line(ended, *words):
  """Of two lines the other says where help is."""
  assert ended.code == 1 and ended.out == ''
  said, *more = ended.err.splitlines()
  assert more in ([], ['Pass --helpshort to see the flags.'])
  assert said.startswith('ledger: ')
  for word in words:
    assert word in said


@pytest.mark.parametrize(
  ('flags', 'words'),
  [
    (
      '--studies=symmetry,symetry',
      ('--studies=symmetry,symetry: ', 'family_trees', "found 'symetry'"),
    ),
    ('--studies=', ('--studies=: ', 'symmetry')),
    ('--scale=big', ('scale=big', 'smoke|laptop|full')),
    ('--scale=smoke --publish', ('--scale=smoke: expected laptop',)),
    ('--publish --norun', ('--publish: ', 'README.md')),
    ('--seeds=3', ('seeds',)),
    ('smoke', ("'smoke'",)),
  ],
)
def test_bad_flags_are_told_in_one_line(binary, tmp_path, flags, words):
  ended = binary('ledger')(*flags.split(), cwd=tmp_path)
  assert_one_line(ended, *words)
  assert samples.tree(tmp_path) == {}


def test_what_lacks_records_is_shown_and_not_published(binary, tmp_path):
  readme = f'before\n{texts.BEGIN}\nold\n{texts.END}\nafter\n'
  (tmp_path / 'README.md').write_text(readme)
  ended = binary('ledger')('--publish', '--norun', '--out=led', cwd=tmp_path)
  assert ended.code == 1 and 'found none of symmetry/paper' in ended.err
  assert (tmp_path / 'led/ledger.html').is_file()
  assert (tmp_path / 'README.md').read_text() == readme
  assert not (tmp_path / 'docs').exists()


def test_a_file_in_the_place_of_the_folder_is_told(run, tmp_path):
  (tmp_path / 'taken').write_text('mine')
  assert_one_line(run('--norun', '--out=taken'), '--out=taken: ', 'exists')
  assert samples.tree(tmp_path) == {'taken': b'mine'}


@pytest.mark.parametrize(
  ('name', 'old', 'new', 'words'),
  [
    (
      'run.flags', '--seeds=64', '--seeds=63',
      ('mine/symmetry/smoke: expected', 'found --seeds=63', 'for 64'),
    ),
    ('run.flags', '--seeds=64\n', '', ('mine/symmetry/smoke: ', '--seeds=')),
    ('run.flags', None, None, ('mine/symmetry/smoke/run.flags: ',)),
    ('summary.json', '{', '', ('mine/symmetry/smoke/summary.json: ',)),
    ('summary.json', '"claims"', '"clams"', ('symmetry/smoke', 'claims')),
    ('machine.json', None, None, ('mine/symmetry/smoke/machine.json: ',)),
    ('machine.json', '"seconds"', '"s"', ('symmetry/smoke', 'seconds')),
    ('report.html', None, None, ('mine/symmetry/smoke/report.html: ',)),
    ('nets.npz', None, None, ('mine/symmetry/smoke', 'nets.npz')),
  ],
)  # fmt: skip
def test_another_or_a_damaged_record_is_told_and_left_as_it_is(
  run, smoke, tmp_path, name, old, new, words
):
  path = shutil.copytree(smoke[0], tmp_path / 'mine/symmetry/smoke') / name
  if old is None:
    path.unlink()
  else:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
  before = samples.tree(tmp_path)
  ended = run('--records=mine')
  said = 'symmetry/smoke: '
  out = ended.out if ended.out.startswith(said) else ''
  assert_one_line(ended._replace(out=ended.out.removeprefix(out)), *words)
  assert samples.tree(tmp_path) == before


def test_help_says_what_it_is_and_its_flags(binary):
  said = binary('ledger')('--helpshort', cwd=ROOT).out
  assert 'every claim of the sources' in said
  for name in ('scale', 'studies', 'records', 'run', 'publish', 'out'):
    assert re.search(rf'--(\[no\])?{name}:', said)

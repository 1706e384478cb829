"""The page is valid, whole and self-contained, and says what was found."""

import re
import struct
import subprocess
import sys

import pytest
from browser import Reader

from jaxrep import report, tables

PNG = b'\x89PNG\r\n\x1a\n' + struct.pack('>I4sII', 13, b'IHDR', 1200, 760)
NASTY = '<script>alert("1 & 2")</script>'

RATE = {'value': 0.883, 'low': 0.862, 'high': 0.901, 'n': 1000, 'unit': 'rate'}
SWEEPS = {'value': 1425, 'low': 1390, 'high': 1462, 'n': 883, 'unit': 'sweeps'}
CENSORED = {
  'value': None, 'low': 18200, 'high': None, 'n': 50, 'unit': 'sweeps',
  'censored': True,
}  # fmt: skip
UNDEFINED = {'value': None, 'low': None, 'high': None, 'n': 0, 'unit': ''}
RESULTS = {
  'solved_rate': RATE, 'sweeps': SWEEPS, 'slow': CENSORED, 'none': UNDEFINED,
}  # fmt: skip


def settings(count):
  return [
    {'setting': {'learning_rate': 0.1 * k}, 'results': {'solved_rate': RATE}}
    for k in range(count)
  ]


def page(**changes):
  whole = report.Page(
    title='1,000 nets',
    lede='Most learn.',
    claims=[report.Claim('It takes', '1,425', SWEEPS, 'holds', 'The letter')],
    results=[tables.results_table('Results', RESULTS)],
    figures=[report.Figure('a b', 'They fall', 'down', 'Curves.', PNG)],
    tables=[tables.Table('More', ('name', 'x'), [('one', 1.5), ('two', None)])],
    settings=tables.settings_table('Settings', settings(3)),
    command='python -m experiments.x',
    flags='--seeds=1000\n--rate=0.1\n',
    machine='jax 1.2,\n 8.4 s',
  )
  return whole._replace(**changes)


def words_of(text):
  """All words of a page that are shown."""
  return [words for tag, words, _ in Reader(text).words if tag != 'style']


EMPTY = report.Page(title='Nothing', lede='No nets.')
PAGES = {
  'whole': page(),
  'empty': EMPTY,
  'empty table': EMPTY._replace(results=[tables.Table('T', ('a', 'b'), [])]),
  'long': page(settings=tables.settings_table('Settings', settings(30))),
  'nasty': report.Page(
    title=NASTY,
    lede=NASTY,
    claims=[report.Claim(NASTY, NASTY, NASTY, NASTY, NASTY)],
    results=[tables.results_table(NASTY, {NASTY: SWEEPS | {'unit': NASTY}})],
    figures=[report.Figure(NASTY, NASTY, NASTY, NASTY, PNG)],
    tables=[tables.Table(NASTY, (NASTY, '"x'), [(NASTY, float('nan'))], NASTY)],
    command=NASTY,
    flags=NASTY,
    machine=NASTY,
  ),
}


@pytest.mark.parametrize('name', PAGES)
def test_a_page_is_balanced_and_needs_nothing_from_outside(name):
  text = report.html(PAGES[name])
  reader = Reader(text)
  assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
  assert [tag for tag, _, _ in reader.tags].count('h1') == 1
  for _, attrs, _ in reader.tags:
    for attribute in ('src', 'href', 'srcset', 'action'):
      assert attrs.get(attribute, 'data:').startswith('data:')
  assert not re.search(r'url\(|@import|https?://', text)
  assert not {'script', 'link', 'iframe'} & {tag for tag, _, _ in reader.tags}
  assert all(attrs['alt'] for attrs in reader.of('img'))
  ids = [attrs['id'] for _, attrs, _ in reader.tags if 'id' in attrs]
  assert len(set(ids)) == len(ids) and not any(' ' in i for i in ids)


def test_words_are_escaped_wherever_they_stand():
  text = report.html(PAGES['nasty'])
  assert '<script' not in text
  assert words_of(text).count(NASTY) >= 10


def test_a_picture_lies_in_the_page_with_its_size_and_words(tmp_path):
  (tmp_path / 'a.png').write_bytes(PNG)
  from_file = report.Figure(
    'a b', 'They fall', 'down', 'Curves.', tmp_path / 'a.png'
  )
  assert report.html(page(figures=[from_file])) == report.html(page())
  reader = Reader(report.html(page()))
  (image,) = reader.of('img')
  assert (image['width'], image['height']) == ('1200', '760')
  assert image['alt'] == 'Curves.'
  shown = set(words_of(report.html(page())))
  assert {'They fall', 'How to read:', 'down'} <= shown


@pytest.mark.parametrize(
  'wrong', [{'alt': ''}, {'caption': ' '}, {'title': ''}, {'png': b'GIF89a'}]
)
def test_a_figure_without_its_words_or_picture_is_refused(wrong):
  figure = page().figures[0]._replace(**wrong)
  with pytest.raises(ValueError, match="figure 'a b': expected a"):
    report.html(page(figures=[figure]))


def test_two_figures_of_one_name_are_refused():
  with pytest.raises(
    ValueError, match="expected one of each name, found 'a b'"
  ):
    report.html(page(figures=2 * page().figures))


def test_a_row_of_another_length_is_refused():
  table = tables.Table('T', ('a', 'b'), [(1, 2, 3)])
  with pytest.raises(ValueError, match="table 'T': expected 2 cells a row"):
    report.html(page(tables=[table]))


def test_pages_of_one_run_differ_in_one_line():
  first, second = (
    report.html(page(machine=facts)).split('\n')
    for facts in ('jax 1', 'jax\n2')
  )
  assert len(first) == len(second)
  assert [a for a, b in zip(first, second, strict=True) if a != b] == [
    '<p>jax 1</p>'
  ]


def test_a_verdict_has_the_claim_the_source_ours_and_n():
  words = words_of(report.html(page()))
  at = words.index('It takes')
  assert words[at : at + 5] == [
    'It takes', '1,425', '1,425 [1,390, 1,462] sweeps', '883', 'holds',
  ]  # fmt: skip
  assert 'Sources: The letter.' in words


def test_undefined_and_censored_results_are_shown_and_explained():
  words = words_of(report.html(page()))
  assert {'—', '> budget', '[18,200, > budget]'} <= set(words)
  assert {'—: undefined.', tables.NOTES['> budget']} <= set(words)
  assert tables.NOTES['> budget'] not in words_of(report.html(EMPTY))


def test_only_long_tables_of_settings_are_folded():
  assert '<details>' not in report.html(page())
  text = report.html(PAGES['long'])
  assert '<summary>30 rows</summary>' in text
  assert Reader(text).of('tr')


def test_settings_are_written_in_full():
  rows = [{'setting': {'rate': 0.123456}, 'results': {'a': RATE, 'b': SWEEPS}},
          {'setting': {'rate': -1e-7, 'hidden': 2}, 'results': {}}]  # fmt: skip
  table = tables.settings_table('T', rows, results=['b'])
  assert table.columns == ('rate', 'hidden', 'b')
  assert table.rows == [['0.123456', None, SWEEPS], ['−1e−07', 2, None]]


def test_the_file_holds_the_page(tmp_path):
  report.write(tmp_path / 'report.html', page())
  assert (tmp_path / 'report.html').read_bytes() == report.html(page()).encode()


def test_how_it_was_run_is_told():
  words = words_of(report.html(page()))
  assert {'python -m experiments.x', '--seeds=1000\n--rate=0.1'} <= set(words)


@pytest.mark.parametrize(
  ('value', 'unit', 'said'),
  [
    (None, 'rate', '—'), (0.883, 'rate', '88.3 %'), (0.3, 'share', '30 %'),
    (1.0, 'rate', '100 %'), (0, 'rate', '0 %'), (0.00021, 'rate', '0.021 %'),
    (1425, 'sweeps', '1,425'), (20000.0, 'sweeps', '20,000'), (7, '', '7'),
    (1234567, 'nets', '1,234,567'), (0.1, '', '0.1'), (-8.8, '', '−8.8'),
    (3.14159, '', '3.14'), (1425.7, '', '1,426'), (0.000123, '', '0.000123'),
    (2e-5, '', '2 × 10⁻⁵'), (-2.346e-7, '', '−2.35 × 10⁻⁷'),
    (float('nan'), '', 'not a number'), (float('-inf'), '', '−∞'),
    (True, '', 'yes'), (3e14, '', '3 × 10¹⁴'),
  ],
)  # fmt: skip
def test_numbers_in_words(value, unit, said):
  assert tables.number(value, unit=unit) == said


@pytest.mark.parametrize(
  ('result', 'said'),
  [
    (RATE, '88.3 % [86.2, 90.1]'),
    (RATE | {'unit': 'share'}, '88.3 % [86.2, 90.1]'),
    (RATE | {'value': 0.5, 'low': 0.24, 'high': 0.76}, '50 % [24, 76]'),
    (RATE | {'value': 2e-4, 'low': 5e-5, 'high': 7e-4},
     '0.020 % [0.005, 0.070]'),
    (RATE | {'value': 1.0, 'low': 1.0, 'high': 1.0}, '100 % [100, 100]'),
    (SWEEPS, '1,425 [1,390, 1,462] sweeps'),
    (SWEEPS | {'low': None}, '1,425 [—, 1,462] sweeps'),
    (SWEEPS | {'high': None, 'censored': True},
     '1,425 [1,390, > budget] sweeps'),
    (CENSORED, '> budget [18,200, > budget] sweeps'),
    (UNDEFINED, '—'),
    ({'value': 2.004, 'low': 1.998, 'high': 2.011, 'unit': 'ratio'},
     '2.004 [1.998, 2.011]'),
    ({'value': -8.81, 'low': -8.9, 'high': -8.7}, '−8.81 [−8.90, −8.70]'),
  ],
)  # fmt: skip
def test_results_have_the_digits_that_their_interval_deserves(result, said):
  assert tables.measured(result) == said


def test_a_table_for_the_terminal_is_aligned():
  rows = [('solved', RATE, 1000), ('slow', CENSORED, 50), ('none', None, 0)]
  assert tables.text_table(('result', 'ours', 'n'), rows).split('\n') == [
    'result                                ours      n',
    '------  ----------------------------------  -----',
    'solved                 88.3 % [86.2, 90.1]  1,000',
    'slow    > budget [18,200, > budget] sweeps     50',
    'none                                     —      0',
    '—: undefined.',
    tables.NOTES['> budget'],
  ]
  assert tables.text_table(('a', 'b'), []) == 'a  b\n-  -'


def test_the_terminal_gets_every_table_and_long_ones_cut():
  text = report.text(PAGES['long'])
  for title in ('1,000 nets', 'Verdicts', 'Results', 'More', 'Settings'):
    assert title in text.split('\n')
  assert '(and 10 rows more on the page)' in text
  assert report.text(EMPTY) == 'Nothing\nNo nets.\n'


def test_the_report_imports_neither_jax_nor_matplotlib():
  code = 'import sys, jaxrep.report; '
  code += 'sys.exit(any(m in sys.modules for m in ("jax", "matplotlib")))'
  subprocess.run([sys.executable, '-c', code], check=True)

"""Claims are data, and what stands of them in the README is computed."""

import json
import pathlib
import re
import subprocess

import pytest
from binaries import ROOT

from experiments.ledgers import runs, texts, words
from experiments.ledgers.sections import SECTIONS
from experiments.shared import citing, common
from jaxrep import records
from jaxrep.claims import basins, boolean, judges, ledger, symmetry

RESULTS = ROOT / texts.RESULTS
EVERY = [(study, one) for study, some in ledger.CLAIMS.items() for one in some]
# Their result is worked out from several settings, and is none of a setting's.
MOST = judges.most('r')
COMPARED = {
  one.id for study in (symmetry, boolean, basins) for one in study.COMPARED
}


def walk():
  return [pytest.param(*pair, id=pair[1].id) for pair in EVERY]


def rate(value, n=1000):
  return {
    'value': value, 'low': value - 0.06, 'high': value + 0.06, 'n': n,
    'unit': 'rate',
  }  # fmt: skip


def claim(judge=MOST, depends='the rule'):
  return judges.Claim(
    'a', 'source', 'words', 'given', 'r', judge, depends=depends
  )


def some(*verdicts, flagfile='paper', **fields):
  one = {'setting': '', 'at': {}, 'ours': rate(0.5)} | fields
  return [ledger.Tested(flagfile, {**one, 'verdict': v}) for v in verdicts]


def each(**verdicts):
  """A verdict of each of several flagfiles."""
  return [one for name, v in verdicts.items() for one in some(v, flagfile=name)]


def plain(text):
  """Returns a text with spaces that may break."""
  return text.replace('\xa0', ' ')


def test_at_least_forty_claims_are_checked_and_their_names_are_unique():
  names = [claim.id for _, claim in EVERY]
  assert len(names) >= 40
  assert len(set(names)) == len(names)
  assert set(ledger.CLAIMS) == set(SECTIONS) == set(runs.BUDGET)


@pytest.mark.parametrize(('study', 'claim'), walk())
def test_a_claim_says_whose_it_is_what_and_how_it_is_judged(study, claim):
  assert re.fullmatch('[a-z0-9]+(-[a-z0-9]+)*', claim.id)
  assert re.search(r'\(\d{4}\)|[Ll]ecture|trial', claim.source)
  assert claim.words.endswith(('.', '.)', '?'))
  assert claim.given and claim.result
  if claim.judge is None:
    assert claim.depends  # why no record can
  else:
    assert claim.judge.how
  assert len(set(claim.flagfiles)) == len(claim.flagfiles) > 0
  for name in claim.flagfiles:
    assert (common.flagfiles(study) / f'{name}.flags').is_file()
  if len(claim.flagfiles) > 1:
    assert claim.depends  # what tells them apart


@pytest.mark.parametrize(
  ('tested', 'expected'),
  [
    ([], 'undecided'),
    (some('undecided'), 'undecided'),
    (some('holds'), 'holds'),
    # Of one record more than half of the settings have to be decided,
    (some('holds', 'undecided'), 'undecided'),
    (some('fails', 'undecided', 'fails'), 'fails'),
    (some('holds', 'fails'), 'depends on the rule'),
    (some('depends on the setting'), 'depends on the rule'),
    # and of several records more than half, however many settings each has.
    (each(paper='holds', band='undecided'), 'undecided'),
    (each(paper='holds', band='undecided', long='holds'), 'holds'),
    (some(*6 * ['holds']) + each(band='undecided'), 'undecided'),
    # What a flagfile settles is what a verdict hangs on that differs from the
    # first that is decided.
    (each(paper='holds', band='fails'), 'depends on the zero-error band'),
    (each(paper='holds', band='holds', bipolar='fails'),
     'depends on the coding of inputs'),
    (each(paper='undecided', zero_bias='holds', band='fails', bipolar='fails'),
     'depends on the zero-error band and the coding of inputs'),
    (each(paper='holds', other='fails'), 'depends on the rule'),
  ],
)  # fmt: skip
def test_one_verdict_is_made_of_all(tested, expected):
  assert ledger.verdict('symmetry', claim(), tested) == expected


def test_a_verdict_hangs_on_the_flags_that_alone_turn_it():
  def at(verdict, **flags):
    return some(verdict, at=flags)

  tested = [
    *at('holds', init_range=0.3, size=2, updates='case'),
    *at('fails', init_range=2.0, size=2, updates='case'),
    *at('undecided', init_range=0.3, size=3, updates='case'),
    *at('fails', init_range=2.0, size=3, updates='sweep'),
  ]
  expected = 'depends on the range of the first weights'
  assert judges.hangs_on([one.said for one in tested]) == ['init_range']
  assert ledger.verdict('boolean', claim(), tested) == expected
  # As a record has it that has too many settings to list.
  summed = judges.summed([one.said for one in tested], 'words')
  alone = [ledger.Tested('parity', summed)]
  assert ledger.verdict('boolean', claim(), alone) == expected


def test_a_record_that_is_not_there_is_undecided():
  tested = each(paper='holds', band='holds')
  for lacking, word in (
    ([], 'holds'),
    (['a'], 'holds'),
    (['a', 'b'], 'undecided'),
  ):
    assert ledger.verdict('symmetry', claim(), tested, lacking) == word


def test_a_claim_without_a_judge_is_not_testable_whatever_is_measured():
  one = claim(judge=None, depends='the starts')
  assert ledger.verdict('s', one, some('holds')) == 'not testable'
  assert ledger.ours(ledger.Row('s', one, [], 'not testable')) == [
    'not judged, for lack of the starts'
  ]


def row(verdict='holds', found=()):
  return ledger.Row('symmetry', claim(), found, verdict)


def test_what_was_found_stands_in_a_line_for_each_record_and_setting():
  assert ledger.FEW == 4
  # An interval of 12 % is written in whole percents.
  [alone] = ledger.ours(row(found=some('holds')))
  assert plain(alone) == '50 % [44, 56], n = 1,000'
  two = [
    *some('holds'),
    *some('fails', flagfile='wider', setting='hidden 3', ours='never'),
  ]
  assert list(map(plain, ledger.ours(row(found=two)))) == [
    'paper: 50 % [44, 56], n = 1,000', 'wider (hidden 3): never',
  ]  # fmt: skip
  assert len(ledger.ours(row(found=2 * two))) == 4


def test_of_many_results_the_range_and_the_verdicts_stand_there():
  many = [
    *some('holds', ours=rate(0.5)), *some('holds', ours=rate(0.0)),
    *some('undecided', ours=rate(0.9), flagfile='long'),
    *some('holds', ours=rate(0.7), flagfile='long'),
    *some('undecided', ours={**rate(0.2), 'value': None}),
  ]  # fmt: skip
  said = ['from 0 % [−6, 6], n = 1,000 to 90 % [84, 96], n = 1,000']
  said += ['holds: paper (2), long', 'undecided: long, paper']
  assert list(map(plain, ledger.ours(row(found=many)))) == said
  only_words = [
    one._replace(said={**one.said, 'ours': 'words'}) for one in many
  ]
  assert ledger.ours(row(found=only_words)) == said[1:]
  counted = 'holds at 9, undecided at 2 of 11 settings'
  last = [*only_words, *some('holds', ours=counted, flagfile='map')]
  assert ledger.ours(row(found=last))[0].endswith(f', map ({counted})')


def test_where_nothing_was_measured_a_row_says_so():
  assert ledger.ours(row('undecided')) == ['not measured in this run']


def test_a_record_that_is_not_there_is_named():
  one = row(found=some('holds'))._replace(lacking=('slow', 'long'))
  assert ledger.ours(one)[1:] == ['no record of slow, long']


@pytest.mark.parametrize(
  ('verdicts', 'said'),
  [
    (['undecided'] * 3, 'Of 3 claims 3 are undecided.'),
    (
      ['fails', 'holds', 'holds'],
      'Of 3 claims 2 hold and 1 fails.',
    ),
    (['undecided'], 'Of 1 claim 1 is undecided.'),
    (['depends on a'], 'Of 1 claim 1 depends on what the source leaves open.'),
    (
      ['not testable', *3 * ['depends on a'], 'depends on b', *2 * ['holds']],
      'Of 7 claims 4 depend on what the source leaves open, 2 hold and 1 cannot'
      ' be tested.',
    ),
  ],
)
def test_all_verdicts_are_said_in_one_sentence(verdicts, said):
  found = [row(verdict) for verdict in verdicts]
  assert ledger.answer(found) == said
  assert sum(ledger.counts(found).values()) == len(found)


def test_counts_are_by_kind_and_most_come_first():
  found = [row('fails'), row('depends on a'), row('depends on b')]
  assert list(ledger.counts(found).items()) == [('depends', 2), ('fails', 1)]


def test_rows_hold_what_each_record_says_of_a_claim():
  def said(verdict, **more):
    return {'id': 'symmetry-learnt', 'ours': 'x', 'verdict': verdict} | more

  other = {'id': 'symmetry-sweeps', 'ours': 'y', 'verdict': 'fails'}
  known = {
    'symmetry': {
      'paper': {'claims': [said('holds'), other]},
      'band': {'claims': [said('fails', setting='at 3')]},
      # Not of those that were made for it: they count where they are decided.
      'long': {'claims': [said('fails')]},
      'map': {'claims': [said('undecided')]},
      'smoke': {'claims': [other, said('undecided', setting='small')]},
    }
  }
  first, second, *rest = ledger.rows(known)
  assert len(rest) == len(EVERY) - 2
  # All that bear on it, in the order of those that were made for it.
  found = [(one.flagfile, one.said['verdict']) for one in first.tested]
  assert found == [
    ('paper', 'holds'), ('band', 'fails'), ('long', 'fails'),
  ]  # fmt: skip
  assert first.tested[1].words == 'band (at 3): x'
  # What `long` settles has no words.
  assert first.verdict == 'depends on the zero-error band'
  assert first.lacking == ['zero_bias', 'bipolar']
  assert second.verdict == 'undecided'
  assert {one.verdict for one in rest} == {'undecided', 'not testable'}

  first, second, *rest = ledger.rows(known, only='smoke')
  assert [one.flagfile for one in first.tested] == ['smoke']
  assert second.verdict == 'fails'
  assert not any(one.tested for one in rest)


def test_questions_of_ours_are_no_claims():
  asked = row('holds')
  asked = asked._replace(claim=asked.claim._replace(ours=True))
  assert ledger.counts([asked, row('fails')]) == {'fails': 1}


@pytest.fixture(scope='module')
def published():
  """What is committed, by study and flagfile."""
  found: dict = {study: {} for study in ledger.CLAIMS}
  for path in sorted(RESULTS.glob('*/*.json')):
    found[path.parent.name][path.stem] = json.loads(path.read_text())
  return found


def test_results_are_there_for_every_run_of_the_ledger_and_no_other():
  planned = {run.name for run in runs.plan('laptop', list(ledger.CLAIMS))}
  there = {
    path.relative_to(RESULTS).as_posix()
    for path in RESULTS.rglob('*')
    if path.is_file()
  }
  assert there == {f'{name}.json' for name in planned}


@pytest.mark.parametrize(('study', 'claim'), walk())
def test_every_flagfile_of_a_claim_has_a_verdict_on_it(published, study, claim):
  for name in claim.flagfiles:
    summary = published[study][name]
    found = [one for one in summary['claims'] if one['id'] == claim.id]
    assert bool(found) == (claim.judge is not None), name
    measured = [one['results'].get(claim.result) for one in summary['settings']]
    for one in found:
      assert one['result'] == claim.result
      assert one['verdict'] in {
        'holds', 'fails', 'undecided', judges.DEPENDS,
      }  # fmt: skip
      known = isinstance(one['ours'], str) or one['ours'] in measured
      assert known or claim.id in COMPARED


# A verdict that the results of one setting give, as their judge is given no
# more. A comparison's is given arrays, which are not committed.
PLAIN = [
  pytest.param(study, one, id=one.id)
  for study, one in EVERY
  if one.judge is not None and one.id not in COMPARED
]


@pytest.mark.parametrize(('study', 'claim'), PLAIN)
def test_published_verdicts_are_those_of_todays_judges(published, study, claim):
  def judged(results):
    try:
      return claim.judge(results)
    except KeyError:  # of a setting that it is not about
      return None

  for summary in published[study].values():
    found = [one['results'] for one in summary['settings']]
    for said in summary['claims']:
      if said['id'] == claim.id and isinstance(said['ours'], str):
        # Of many settings in one: those that it counts are among all.
        every = list(map(judged, found))
        for word, n in re.findall(r'(holds|fails) at (\d+)', said['ours']):
          assert every.count(word) >= int(n)
      elif said['id'] == claim.id:
        alike = [one for one in found if one.get(claim.result) == said['ours']]
        assert said['verdict'] in map(judged, alike)


def test_no_verdict_hangs_on_nothing(published):
  for one in ledger.rows(published):
    assert not one.lacking
    assert re.fullmatch(
      'holds|fails|undecided|not testable|depends on .+', one.verdict
    )


def test_the_table_of_the_readme_is_what_the_results_say(published):
  text = (ROOT / 'README.md').read_text()
  _, _, rest = text.partition(f'{texts.BEGIN}\n')
  table, end, _ = rest.partition(texts.END)
  assert end and table == texts.table(ledger.rows(published))


def test_the_readme_states_the_budget_of_each_study():
  text = (ROOT / 'README.md').read_text()
  assert ', '.join(f'{k} {n}' for k, n in runs.BUDGET.items()) + '.' in text
  assert sum(runs.BUDGET.values()) < 45


SENTENCES = [
  pytest.param(study, sentence, id=f'{study} {k}')
  for study, section in SECTIONS.items()
  for k, sentence in enumerate((*section.asked, *section.found))
]


@pytest.mark.parametrize(('study', 'sentence'), SENTENCES)
def test_every_sentence_finds_its_numbers(published, study, sentence):
  known = {
    name: (summary, runs.Run(study, name).expected)
    for name, summary in published[study].items()
  }
  said = words.filled(sentence, known)
  assert said and not re.search('[{}—]|None|not a number', said)


def summary(**results):
  return {'settings': [{'setting': {}, 'results': results}]}


TWO = {
  'settings': [
    {'setting': {'rate': 0.1, 'way': 'case'}, 'results': {'r': rate(0.5)}},
    {'setting': {'rate': 2.0, 'way': 'case'}, 'results': {'r': rate(0.7)}},
  ]
}
FOUND = {
  'paper': (summary(r=rate(0.5)), {'seeds': '20000', 'init_range': '-0.3'}),
  'wide': (TWO, {}),
}


@pytest.mark.parametrize(
  ('sentence', 'said'),
  [
    ('None.', 'None.'),
    ('{paper|r} of {paper|--seeds}.', '50 % [44, 56] of 20,000.'),
    ('{paper|--init_range}', '−0.3'),
    ('{wide|rate=0.10|r}', '50 % [44, 56]'),
    ('{wide|way=case;rate=2|r}', '70 % [64, 76]'),
    ('{paper|r} and {gone|r}', None),
  ],
)
def test_sentences_are_filled_from_records_or_left_out(sentence, said):
  assert words.filled(sentence, FOUND) == said
  more = f' {said}' if said else ''
  assert words.paragraph(['A.', sentence], FOUND) == f'A.{more}'


@pytest.mark.parametrize(
  'sentence',
  [
    '{wide|r}',  # which of two?
    '{wide|rate=3|r}', '{wide|other=3|r}', '{paper|q}', '{paper|--q}',
  ],
)  # fmt: skip
def test_a_number_that_a_record_does_not_have_is_an_error(sentence):
  with pytest.raises(KeyError):
    words.filled(sentence, FOUND)


def flags_of(study='symmetry', name='paper', **changes):
  return runs.Run(study, name).expected | changes


def test_the_digest_of_flags_is_theirs_in_any_order():
  flags = flags_of()
  backwards = dict(reversed(flags.items()))
  assert list(flags) != list(backwards)
  assert re.fullmatch('[0-9a-f]{12}', citing.digest(flags))
  assert citing.digest(flags) == citing.digest(backwards)
  changed = {citing.digest(flags | {name: 'x'}) for name in flags}
  assert len(changed | {citing.digest(flags)}) == len(flags) + 1
  # printf -- '--a=1\n--b=x\n' | sha256sum
  assert citing.digest({'b': 'x', 'a': '1'}) == '6a9b8517edd2'
  # Lines are sorted, not names: printf -- '--a2=1\n--a=1\n' | sha256sum
  assert citing.digest({'a': '1', 'a2': '1'}) == 'e66d571fcbdd'


@pytest.mark.parametrize(
  ('flags', 'name'),
  [
    (flags_of(), 'flags/symmetry/paper.flags'),
    (flags_of(name='bipolar'), 'flags/symmetry/bipolar.flags'),
    (flags_of(seeds='7'), 'flags/symmetry/paper.flags --seeds=7'),
    (
      flags_of(first_seed='9', seeds='7'),
      'flags/symmetry/paper.flags --seeds=7 --first_seed=9',
    ),
    (flags_of(momentum='0.90'), 'flags/symmetry/paper.flags'),
    (flags_of(momentum='0.91'), 'run.flags'),
    (flags_of(block_size='256'), 'flags/symmetry/paper.flags'),
    ({}, 'run.flags'),
  ],
)
def test_the_flagfile_of_a_record_is_told_by_its_flags(flags, name):
  found = citing.flagfile('symmetry', flags)
  assert sorted(found.split()) == sorted(name.split())


@pytest.mark.parametrize(
  ('one', 'other', 'same'),
  [
    ('0.10', '0.1', True),
    ('0.1,1', '0.10,1.0', True),
    ('0.1', '0.1,1', False),
    ('xor', 'xor', True),
    ('xor', 'or', False),
    ('', '0', False),
  ],
)
def test_texts_of_a_flag_are_compared_as_what_they_say(one, other, same):
  assert citing.same(one, other) == same


def test_a_line_to_cite_says_all_that_finds_the_number_again():
  flags = flags_of(seeds='7')
  made = {'study': 'symmetry', 'version': '0.9'}  # not by this version
  results = [('ε 0.1', {'solved_rate': rate(0.5, n=7)})]
  [line] = citing.lines(made, flags, results)
  assert line == (
    'jaxrep 0.9, symmetry, flags/symmetry/paper.flags'
    f' --seeds=7, flags {citing.digest(flags)}: solved_rate (ε 0.1) = 50 %'
    ' [44, 56], n = 7'
  )
  del made['version']
  [line] = citing.lines(made, flags, results)
  assert line.startswith('jaxrep before 0.1.0, symmetry, ')


def test_the_digest_of_a_record_is_what_the_page_on_records_computes(smoke):
  [command] = re.findall(
    r'^grep .*sha256sum.*$', (ROOT / 'docs/records.md').read_text(), re.M
  )
  said = subprocess.check_output(command, shell=True, cwd=smoke[0], text=True)
  assert said == f'{citing.digest(records.load(smoke[0]).flags)}\n'


def test_a_scale_decides_which_runs_are_made():
  studies = ['symmetry', 'credit']
  assert [run.name for run in runs.plan('smoke', studies)] == [
    'symmetry/smoke', 'credit/smoke',
  ]  # fmt: skip
  laptop, full = (runs.plan(scale, studies) for scale in ('laptop', 'full'))
  assert [run.name for run in laptop] == [run.name for run in full]
  assert len({run.name for run in laptop}) == len(laptop)
  for less, more in zip(laptop, full, strict=True):
    assert int(more.expected['seeds']) == 10 * int(less.expected['seeds'])
    assert more.command.startswith(f'{less.command} --seeds=')


def test_a_ledger_takes_the_place_of_the_one_before():
  text = f'a\n{texts.BEGIN}\nold\n{texts.END}\nb\n'
  new = f'a\n{texts.BEGIN}\nnew\n{texts.END}\nb\n'
  assert texts.spliced(text, 'new\n') == new
  assert texts.spliced(new, 'new\n') == new


@pytest.mark.parametrize(
  'text', ['', f'{texts.BEGIN}\n', f'{texts.END}\n{texts.BEGIN}\n']
)
def test_a_text_without_a_place_for_the_ledger_is_refused(text):
  with pytest.raises(ValueError, match='expected <!-- ledger'):
    texts.spliced(text, 'new\n')


def test_publishing_replaces_results_table_and_picture(tmp_path):
  class Found:
    run, summary = runs.Run('symmetry', 'paper'), {'claims': [], 'nets': 3}

  (tmp_path / 'README.md').write_text(f'{texts.BEGIN}\n{texts.END}\n')
  stale = tmp_path / texts.RESULTS / 'symmetry' / 'gone.json'
  stale.parent.mkdir(parents=True)
  stale.write_text('{}')
  rows = ledger.rows({})
  texts.publish(tmp_path, rows, [Found])
  assert texts.table(rows) in (tmp_path / 'README.md').read_text()
  [path] = stale.parent.iterdir()
  assert json.loads(path.read_text()) == Found.summary
  assert (tmp_path / 'docs' / 'ledger.png').read_bytes()[:4] == b'\x89PNG'


def test_nothing_is_published_where_no_readme_has_a_place(tmp_path):
  with pytest.raises(records.RecordError, match=r'README\.md'):
    texts.publish(tmp_path, ledger.rows({}), [])
  assert list(pathlib.Path(tmp_path).rglob('*')) == []

"""What docs/findings.md says is what the published results say."""

import json
import re

import pytest
from binaries import ROOT

from experiments.ledgers import texts
from jaxrep import tables

RESULTS = ROOT / texts.RESULTS
TEXT = (ROOT / 'docs/findings.md').read_text()
SECTIONS = re.split(r'^## ', TEXT, flags=re.M)[1:]
# Intervals of what is no result of a record: a bar of a census; a difference
# within nets.
OTHERS = {'21.9 [19.5, 24.7]', '0.0274 [0.0237, 0.0318]'}


def published(studies):
  """Returns all results of studies in words, and their flagfiles."""
  words, names = set(), set()
  for path in (p for study in studies for p in RESULTS.glob(f'{study}/*.json')):
    summary = json.loads(path.read_text())
    results = [
      r for one in summary['settings'] for r in one['results'].values()
    ]
    results += [
      one['ours'] for one in summary['claims'] if isinstance(one['ours'], dict)
    ]
    words |= {
      f'{tables.value(r).removesuffix(" %")} {tables.interval(r)}'
      for r in results
    }
    names.add(path.stem)
  return words, names


@pytest.mark.parametrize('section', SECTIONS, ids=lambda s: s.splitlines()[0])
def test_numbers_with_intervals_are_published_results(section):
  """In all paragraphs but those that name a flagfile whose are not."""
  [line, *_] = re.findall(r'^`experiments\.\w+`.*$', section, re.M)
  studies = re.findall(r'experiments\.(\w+)', line)
  known, published_names = published(studies)
  flagfiles = {
    path.stem
    for study in studies
    for path in (ROOT / 'flags' / study).glob('*.flags')
  }
  checked = 0
  for paragraph in re.split(r'\n(?=- )|\n\n', section):
    named = set(re.findall(r'`(\w+)`', paragraph)) & flagfiles
    if named - published_names:
      continue
    found = re.findall(r'(−?[\d.,]+)(?: %)? \[([^\]]+)\]', paragraph)
    told = {f'{value} [{interval}]' for value, interval in found}
    assert told <= known | OTHERS
    checked += len(told - OTHERS)
  assert checked or studies == ['basins']

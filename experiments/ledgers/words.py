"""Sentences with numbers from records."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jaxrep import tables

from ..shared import citing

Record = tuple[Mapping[str, Any], Mapping[str, str]]
Records = Mapping[str, Record]


def paragraph(sentences: Sequence[str], found: Records) -> str:
  """Returns those sentences whose numbers are there, in one paragraph.

  Args:
    sentences: with fields in braces, see `sections`.
    found: the summary and the flags of each record of the study, by flagfile.
  """
  return ' '.join(
    text for text in (filled(one, found) for one in sentences) if text
  )


def filled(sentence: str, found: Records) -> str | None:
  """Returns a sentence with its numbers; None if a record is missing.

  Raises:
    KeyError: a record has no such result or flag, or several settings do.
  """
  try:
    return re.sub(r'\{([^}]*)\}', _putter(found), sentence)
  except MissingError:
    return None


class MissingError(Exception):
  """A record that is not there."""


def _putter(found: Records) -> Callable[[re.Match], str]:
  def put(match):
    name, *where, what = match[1].split('|')
    if name not in found:
      raise MissingError(name)
    summary, flags = found[name]
    if what.startswith('--'):
      return _flag(flags[what[2:]])
    wanted = dict(pair.split('=') for one in where for pair in one.split(';'))
    results = [
      one['results']
      for one in summary['settings']
      if all(
        citing.same(str(one['setting'].get(k)), v) for k, v in wanted.items()
      )
    ]
    if len(results) != 1 or what not in results[0]:
      raise KeyError(f'{match[0]}: expected one setting with it')
    return tables.measured(results[0][what])

  return put


def _flag(text: str) -> str:
  """Returns a flag's value as words have it: '20,000'."""
  return f'{int(text):,}' if text.isdecimal() else text.replace('-', '−')

"""Flags drawn at random, fitting and not, from what the binaries say."""

import math
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from jaxrep import records
from tests import binaries
from tests.binaries import ROOT

# Never drawn: it would wait for processes that nobody starts.
WAITS = {'distributed'}
# What flags of all kinds may be given, fitting or not.
ODD = (
  '', ' ', '  1', '1 ', '0', '-0', '-1', '1', '2', '3', '1.5', '1e3', '0x10',
  '1_0', '1e-50', '1e39', '1e308', '-1e39', '65536', '2147483648',
  '4294967295', '4294967296', str(2**53), str(2**63), str(2**64), '9' * 400,
  'nan', 'inf', '-inf', 'NaN', 'true', 'false', 'maybe', 'none', 'None', 'all',
  'usual', 'same', 'half', 'source', 'middle', ',', ',,', '1,', ',1', '1,1',
  '1,2,3', '1;2', '1, 2', '1-1', '1-2-3', '-', '--', '=', '==1', 'a=b', '%s',
  '{}', "'", '"', '\\', '*', '?', '/', '.', '..', '../..', '~', '½', '٣', '１',
  'é', '\u202e1', '\u200b', '💥', 'x' * 300, 'X,Y', 'X,X', '0:1', '1:0',
  '1:nan', '0,0', '1e30,1', '12,34', '11,22', '12,34/12,34', 'Colin.aunt',
  'missing', 'missing.csv', 'folder', 'folder.csv', 'file', 'good.csv',
  'bad.csv', 'record', 'record/nets.npz', 'dangling', '/dev/null',
  '/proc/self/x', '/dev/full',
)  # fmt: skip
STRAYS = (
  '--', '-', '', ' ', '=', '--=', '--=3', '---seeds=3', '-seeds', 'seeds=3',
  'stray', '--nonsense', '--nononsense', '--nonsense=1', '—seeds=3',
  '--séeds=3', '-x', '--no', '--verbosity=-1', '--verbosity=loud', '--flagfile',
  '--flagfile=', '--flagfile=missing.flags', '--flagfile=folder',
  '--flagfile=loop.flags',
  '--flagfile=pair.flags', '--flagfile=/dev/null', '--flagfile=record/nets.npz',
  '--flagfile=file', '--flagfile=flags', '--flagfile=flags/', '--undefok=x',
)  # fmt: skip


class Flag(NamedTuple):
  """A flag, as its binary knows it.

  Attributes:
    name: without dashes.
    boolean: whether `--name` and `--noname` stand alone.
    words: those that it takes; (): any.
    low: its smallest number; None: it takes no numbers.
    high: its greatest.
    whole: whether its numbers are whole.
    many: whether it takes a list.
    seen: values that flagfiles of its study give it.
  """

  name: str
  boolean: bool
  words: tuple[str, ...]
  low: float | None
  high: float
  whole: bool
  many: bool
  seen: tuple[str, ...]


def listed(name: str, binary: binaries.Binary) -> list[Flag]:
  """Returns a binary's flags, but for those that wait for other processes."""
  return [
    Flag(
      said['name'],
      said['boolean'],
      tuple(said.get('known') or said.get('enum_values') or ()),
      said.get('low'),
      said.get('high', math.inf),
      'whole' in said.get('syntactic_help', ''),
      said['parser'] in ('Numbers', 'NumbersOr', 'Words', 'Shapes', 'Switches'),
      _seen(name, said['name'], said['default']),
    )
    for said in sorted(binary.known(), key=lambda said: said['name'])
    if said['name'] not in WAITS
  ]


def _seen(study, flag, default) -> tuple[str, ...]:
  values = {default: None} if default else {}
  for path in sorted((ROOT / 'flags' / study).glob('*.flags')):
    found = records.parse_flags(path.read_text())
    values |= {found[flag]: None} if flag in found else {}
  return tuple(values)


def draw(rng: random.Random, flags: Sequence[Flag]) -> list[str]:
  """Returns what stands after a binary's name: 1 to 5 flags, `--name=value`.

  In half of the draws each value is one that the flag takes by itself.

  Args:
    rng: decides.
    flags: the binary's.
  """
  odd = rng.choice((0.0, 0.0, 0.3, 0.8))
  words = []
  for flag in rng.sample(flags, min(rng.randint(1, 5), len(flags))):
    if rng.random() >= odd:
      words += _written(rng, flag, _fitting(rng, flag))
    elif rng.random() < 0.25:
      words += _misused(rng, flag)
    else:
      words += _written(rng, flag, _unfit(rng, flag))
  if odd and rng.random() < 0.2:
    words.insert(rng.randrange(len(words) + 1), rng.choice(STRAYS))
  if rng.random() < 0.15:
    some = sorted((ROOT / 'flags').glob('*/*.flags'))
    path = rng.choice(some).relative_to(ROOT)
    words.insert(rng.randrange(len(words) + 1), f'--flagfile={path}')
  return words


def _fitting(rng, flag) -> str:
  """Returns a value that the flag's parser takes, as far as it says which."""
  ways = []
  if flag.boolean:
    ways.append(lambda: rng.choice(('true', 'false')))
  if flag.words:
    ways.append(lambda: _some(rng, lambda: rng.choice(flag.words), flag.many))
  if flag.low is not None:
    ways.append(lambda: _some(rng, lambda: _number(rng, flag), flag.many))
  if flag.seen:
    ways.append(lambda: rng.choice(flag.seen))
  return rng.choice(ways)() if ways else rng.choice(ODD)


def _some(rng, one: Callable[[], str], many: bool) -> str:
  count = rng.choice((1, 1, 2, 3)) if many else 1
  return ','.join(dict.fromkeys(one() for _ in range(count)))


def _number(rng, flag) -> str:
  if rng.random() < 0.1:
    value = rng.choice([flag.low, flag.high])
  else:
    value = flag.low + 10 ** rng.uniform(-3, rng.choice((0, 1, 4)))
  value = min(value, flag.high)
  return f'{value:.0f}' if flag.whole else f'{value:.6g}'


def _unfit(rng, flag) -> str:
  """Returns a value that may not fit: often one that does, spoilt a little."""
  if rng.random() < 0.5:
    return rng.choice(ODD)
  value = _fitting(rng, flag)
  at = rng.randrange(len(value) + 1)
  return rng.choice(
    [
      f'{value},{value}', f'{value},', f' {value} ', f'-{value}', value[:-1],
      value.upper(), value.title(), f'{value}{value}', f'{value}e99',
      f'{value}.0', f'{value},{rng.choice(ODD)}', f'{value}/{value}',
      value[:at] + rng.choice('x9-., \té') + value[at:],
    ]
  )  # fmt: skip


def _written(rng, flag, value) -> list[str]:
  """Returns a flag and its value, in one of the ways that absl takes."""
  if flag.boolean and value in ('true', 'false') and rng.random() < 0.5:
    return [f'--{"" if value == "true" else "no"}{flag.name}']
  if not flag.boolean and rng.random() < 0.1:
    return [f'--{flag.name}', value]
  return [f'{"-" if rng.random() < 0.05 else "--"}{flag.name}={value}']


def _misused(rng, flag) -> list[str]:
  """Returns a flag without a value, misspelt, or twice."""
  at = rng.randrange(len(flag.name))
  misspelt = flag.name[:at] + flag.name[at + 1 :]
  value = _fitting(rng, flag)
  return rng.choice(
    [
      [f'--{flag.name}'], [f'--no{flag.name}'], [f'--no{flag.name}={value}'],
      [f'--{misspelt}={value}'], [f'--{flag.name.upper()}={value}'],
      [f'--{flag.name} = {value}'], [f'--{flag.name}={value}', value],
      [f'--{flag.name}={value}', f'--{flag.name}={_unfit(rng, flag)}'],
    ]
  )  # fmt: skip

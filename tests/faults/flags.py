"""Random flags: a binary runs, or says in one line which flag it cannot use.

What flags there are, their bounds and their words, is read from the binaries,
and values that are in use from the flagfiles, so a flag is covered the moment
it exists.
"""

import contextlib
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence

from jaxrep import records
from tests import binaries, samples
from tests.binaries import ROOT, Ended
from tests.faults.draws import draw, listed

HINT = 'Pass --helpshort to see the flags.'
MEMORY = 8 * 2**30  # bytes that a process may address
PATIENCE = 60  # seconds for flags alone
LONGEST = 300  # seconds for a tiny run
NAMES = sorted(
  path.stem
  for path in (ROOT / 'experiments').glob('*.py')
  if path.stem != '__init__'
)
# Stands after what was drawn, so that a run takes seconds.
_DESCENT = '--seeds=2 --sweeps=20 --after=5 --block_size=16'
TINY = {
  'symmetry': _DESCENT,
  'boolean': _DESCENT,
  'credit': _DESCENT,
  'recirculation': '--seeds=2 --updates=100 --horizon=5 --compare=0'
  ' --trips=5 --block_size=16',
  'family_trees': '--seeds=2 --sweeps=9 --first_sweeps=2 --permutations=19'
  ' --block_size=16',
  'localization': '--data=family_trees --seeds=2 --sweeps=9 --fork_sweeps=5'
  ' --permutations=19 --block_size=16',
  'equality': '--seeds=2 --examples=2000 --task_batch=100 --width=8 --depth=1'
  ' --dimension=2 --layers=1 --ks=1 --control_ks=1 --steps=2 --batch=12'
  ' --controls=1 --restarts=1 --twins=1 --starts=1 --block_size=16',
  'basins': '--pixels=4 --outcome_pixels=2 --frames=1 --epochs=20 --points=0'
  ' --block_size=16',
  'benchmark': '--study=symmetry --accuracy_nets=0 --nets=0 --seconds=0.01'
  ' --rounds=1',
  'show': '',
}


@contextlib.contextmanager
def places() -> Iterator[pathlib.Path]:
  """Yields a folder with what values and flagfiles may name."""
  with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / 'folder').mkdir()
    (folder / 'folder.csv').mkdir()
    (folder / 'file').write_text('years of work')
    (folder / 'good.csv').write_text('in1,out1\n0,0\n1,1\n')
    (folder / 'bad.csv').write_bytes(b'in1,out1\n\xff,0\n')
    (folder / 'loop.flags').write_text('--flagfile=loop.flags\n')
    (folder / 'pair.flags').write_text('--flagfile=other.flags\n')
    (folder / 'other.flags').write_text('--flagfile=pair.flags\n--sedes=1\n')
    (folder / 'dangling').symlink_to('nowhere')
    (folder / 'flags').symlink_to(ROOT / 'flags')
    samples.run(folder / 'record')
    yield folder


def check(
  name: str,
  words: Sequence[str],
  ended: Ended,
  before: Mapping[str, object],
  after: Mapping[str, object],
  known: Sequence[str] = (),
) -> str | None:
  """Returns what is wrong with how a binary ended, or None.

  Args:
    name: the binary's.
    words: what stood after it.
    ended: how.
    before: what lay in its folder, `samples.tree`.
    after: what lies there now.
    known: names of the binary's flags.
  """
  lines = [
    line
    for line in ended.err.splitlines()
    if line != HINT and not re.match(rf'{name}.* gone, about .* to go$', line)
  ]
  if 'Traceback' in ended.err + ended.out:
    return f'a traceback: {lines[-1] if lines else ""}'
  if ended.code not in (0, 1):
    return f'exit code {ended.code}'
  if not ended.code and lines:
    return f'it runs, but says {lines[0][:200]!r}'
  if ended.code and not (len(lines) == 1 and lines[0].startswith(f'{name}: ')):
    return f'expected one line of {name}, found {ended.err[:300]!r}'
  if ended.code and not names(lines[0], words, known):
    return f'no flag is named in {lines[0][:300]!r}'
  return _stray(words, before, after)


def names(line: str, words: Sequence[str], known: Sequence[str]) -> bool:
  """Returns whether a line names a flag, or else the word that is wrong."""
  if re.search(r"command line flag '|flag --\w|expected flags only", line):
    return True
  if any(f'--{name}' in line or repr(name) in line for name in known):
    return True
  given = [word.strip('-').partition('=') for word in words]
  if any(part and part in line for name, _, v in given for part in (name, v)):
    return True
  return any(repr(word) in line for word in words)


def _stray(words, before, after) -> str | None:
  """Returns what was altered, or left where it should not be, or unfinished."""
  changed = [path for path in before if after.get(path, b'?') != before[path]]
  if changed:
    return f'{changed[0]} is altered'
  new = sorted(path for path in after if path not in before)
  pairs = [word.lstrip('-').partition('=') for word in words]
  outs = [
    value if given else following
    for (name, given, value), following in zip(
      pairs, [*words[1:], ''], strict=True
    )
    if name in ('out', 'profile')
  ]
  outs = {str(pathlib.PurePath(out)) for out in ('runs', *outs)}
  for path in new:
    ways = {path, *map(str, pathlib.PurePath(path).parents)}
    net = re.match(r'record/net_\d+(/|$)', path)  # where `show` puts pictures
    if not net and not any(out in ways or out.startswith(path) for out in outs):
      return f'{path} is outside of --out'
    partial = pathlib.PurePath(path).name
    if partial.startswith('.') or partial == 'chunks':
      return f'{path} is left'
  for path in new:
    if path.endswith(records.FLAGS):
      folder = path.removesuffix(records.FLAGS)
      if f'{folder}{records.SUMMARY}' not in after:
        return f'{folder} is no complete record'
  return None


def process(
  name: str,
  words: Sequence[str],
  cwd: pathlib.Path,
  environment: Mapping[str, str],
) -> Ended:
  """Returns how a process of its own ends; code 124: it took too long."""
  command = [sys.executable, '-m', f'experiments.{name}', *words]
  try:
    ended = subprocess.run(
      command, cwd=cwd, env=environment, capture_output=True, text=True,
      timeout=LONGEST,
    )  # fmt: skip
  except subprocess.TimeoutExpired:
    return Ended(124, '', '')
  return Ended(ended.returncode, ended.stdout, ended.stderr)


def sealed(environment: Mapping[str, str]) -> dict[str, str]:
  """Returns an environment in which nothing can be fetched."""
  nowhere = dict.fromkeys(('http_proxy', 'https_proxy'), 'http://127.0.0.1:9')
  return {**environment, **nowhere, 'JAXREP_DATA': 'images'}


def campaign(
  rng: random.Random,
  count: int,
  processes: int,
  environment: Mapping[str, str],
  say: Callable[[str], object] = print,
  names: Sequence[str] = tuple(NAMES),
  servers: Callable[[str], binaries.Binary] | None = None,
) -> dict:
  """Returns counts: `tried`, `ran`, `refused`, `processes`, `complaints`.

  Args:
    rng: decides.
    count: combinations of flags, over all binaries.
    processes: how many more of them are processes of their own.
    environment: of processes.
    say: is told each complaint as it is found.
    names: the binaries.
    servers: returns a binary that is imported, by name; None: import it.
  """
  counts = {'tried': 0, 'ran': 0, 'refused': 0, 'processes': 0}
  counts['complaints'] = []
  environment = sealed(environment)

  def judge(name, words, known, run):
    with places() as folder:
      before = samples.tree(folder)
      ended = run(folder)
      complaint = check(name, words, ended, before, samples.tree(folder), known)
    counts['tried'] += 1
    counts['refused' if ended.code else 'ran'] += 1
    if complaint:
      line = f'{name} {shown(words)}: {complaint}'
      counts['complaints'].append(line)
      say(line)
    return ended

  for k, name in enumerate(names):
    with contextlib.ExitStack() as stack:
      binary = (
        servers(name)
        if servers
        else stack.enter_context(
          binaries.Binary(
            f'experiments.{name}',
            environment,
            'sklearn.datasets',
            memory=MEMORY,
          )
        )
      )
      flags = listed(name, binary)
      known = [flag.name for flag in flags]

      def dry(words, binary=binary):
        return lambda folder: binary(
          *words, cwd=folder, dry=True, patience=PATIENCE
        )

      for _ in range(share(count, k, len(names))):
        words = opening(rng, name) + draw(rng, flags)
        judge(name, words, known, dry(words))
      wanted = share(processes, k, len(names))
      for _ in range(20 * wanted):
        words = opening(rng, name) + draw(rng, flags) + TINY[name].split()
        with places() as folder:
          plan = dry(words)(folder)
        if not wanted or not _small(plan, rng):
          continue
        wanted -= 1
        counts['processes'] += 1
        judge(
          name, words, known,
          lambda folder, n=name, w=words: process(n, w, folder, environment),
        )  # fmt: skip
  return counts


def share(count: int, k: int, of: int) -> int:
  """Returns part k of a count that is shared out as evenly as can be."""
  return count * (k + 1) // of - count * k // of


def opening(rng: random.Random, name: str) -> list[str]:
  """Returns what most commands of a binary begin with."""
  often = {
    'show': ['--record=record'],
    'localization': ['--data=digits'],
  }.get(name, [])
  return often if rng.random() < 0.8 else []


def shown(words: Sequence[str]) -> str:
  """Returns words as they would be typed."""
  return ' '.join(word if re.fullmatch(r'[-\w=.,/:]+', word) else repr(word)
                  for word in words)  # fmt: skip


def _small(plan, rng) -> bool:
  """Returns whether a plan takes seconds; of refusals, one in five."""
  if plan.code:
    return rng.random() < 0.2
  try:
    nets = json.loads(plan.out).get('nets', {})
  except ValueError:  # `show` shows
    return True
  return len(nets) <= 2 and sum(nets.values()) <= 64

"""The one way to run a study: chunks, record, summary, page."""

import contextlib
import itertools
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
import tqdm

from jaxrep import records, report, seeds, stats, tables, writing

Watch = Callable[[int, int], None]
Read = Callable[[str], np.ndarray]


def no_close_ups(read: Read) -> records.Arrays:
  """Returns nothing: for a part whose nets are shown as they ended."""
  del read
  return {}


class Computed(NamedTuple):
  """What became of the nets of a chunk, and what it cost.

  Attributes:
    arrays: `[S, ...]` by name; the 1-D ones are columns of nets.csv.
    computed: nets × sweeps computed.
    needed: nets × sweeps that the nets lived for.
    solved: how many nets solved their task, for the progress bar.
  """

  arrays: records.Arrays
  computed: int
  needed: int
  solved: int


class Part(NamedTuple):
  """Nets of one shape, and how they are computed.

  Attributes:
    name: names their arrays in the record: 'h2'.
    nets: `[S]` rows: the settings one after another, each on the same seeds.
    settings: what is special to each, by flag: `[{'learning_rate': .1}, ..]`.
    compute: `(nets, watch) -> Computed`; `watch(over, solved)` may be told how
      many nets are over and how many solved their task.
    constants: arrays that are the same for all nets.
    close_ups: told how to read a column of all its nets, computes what few of
      them, chosen by it, are shown by: arrays that go to the constants. So a
      page is drawn without training.
  """

  name: str
  nets: seeds.Nets
  settings: Sequence[Mapping[str, Any]]
  compute: Callable[[seeds.Nets, Watch], Computed]
  constants: records.Arrays
  close_ups: Callable[[Read], records.Arrays] = no_close_ups


class Experiment(NamedTuple):
  """A study, ready to run.

  Attributes:
    study: its name.
    flags: what decides the result, by name, as text.
    parts: what is computed.
    results: arrays of the nets of one setting -> estimates by name.
    page: the record -> the report, figures included.
    judge: the record's arrays by part, and its settings with their results ->
      verdicts on claims, for JSON. Default: the study bears on none.
  """

  study: str
  flags: Mapping[str, str]
  parts: Sequence[Part]
  results: Callable[[records.Arrays], Mapping[str, stats.Estimate]]
  page: Callable[[records.Record], report.Page]
  judge: Callable[
    [Mapping[str, records.Arrays], list], list[dict[str, Any]]
  ] = lambda parts, settings: []


class _Chunk(NamedTuple):
  name: str
  part: Part
  rows: slice


def run(experiment: Experiment, *, out: str, chunk_size: int) -> records.Record:
  """Runs what is not on disk yet, leaves a whole record, and returns it.

  Args:
    experiment: what to run.
    out: the record's folder.
    chunk_size: nets a chunk.
  """
  clock = _Clock()
  flags = _flag_text(experiment.study, experiment.flags)
  with writing.Writer(out, flags) as writer:
    if writer.finished:
      print(f'{out} holds this run, finished; drawing it again.')
    else:
      writer.begin()
      chunks = _chunks(experiment.parts, chunk_size)
      _compute(experiment, chunks, writer, clock)
      _conclude(experiment, chunks, writer, clock)
    writer.drop_chunks()
    record = records.load(out)
    with clock.stage('draw'):
      page = experiment.page(record)
      for figure in page.figures:
        writer.write_bytes(f'figures/{figure.name}.png', figure.png)
      for name, data in page.files.items():
        writer.write_bytes(name, data)
      writer.write_bytes('report.html', report.html(page).encode())
  print(report.text(page))
  print(f'{out}/report.html')
  return record


def _chunks(parts: Sequence[Part], size: int) -> list[_Chunk]:
  return [
    _Chunk(f'{part.name}-{k:05d}', part, slice(first, first + size))
    for part in parts
    for k, first in enumerate(range(0, len(part.nets.seed), size))
  ]


def _compute(experiment, chunks, writer, clock) -> None:
  """Computes and writes the chunks that are not there."""
  total = sum(len(part.nets.seed) for part in experiment.parts)
  solved_before = 0
  with tqdm.tqdm(
    total=total, unit=' nets', desc=experiment.study, disable=None
  ) as bar:
    for chunk in chunks:
      nets = jax.tree.map(lambda a, c=chunk: a[c.rows], chunk.part.nets)
      before = bar.n

      def watch(over, solved, before=before, earlier=solved_before):
        if earlier + solved:  # not all studies have a task to be solved
          bar.set_postfix_str(f'{earlier + solved} solved', refresh=False)
        bar.update(before + over - bar.n)

      there, complaint = writer.check_chunk(chunk.name)
      if complaint:
        bar.write(complaint, file=sys.stderr)
      if not there:
        with clock.stage('compute'):
          arrays, *counts = chunk.part.compute(nets, watch)
        facts = dict(zip(Computed._fields[1:], counts, strict=True))
        with clock.stage('write'):
          writer.write_chunk(chunk.name, arrays, facts)
      solved = writer.facts(chunk.name)['solved']
      watch(len(nets.seed), solved)
      solved_before += solved


def _conclude(experiment, chunks, writer, clock) -> None:
  """Merges chunks and writes machine.json and, last, summary.json."""
  by_part = {
    name: [chunk.name for chunk in group]
    for name, group in itertools.groupby(chunks, lambda c: c.part.name)
  }
  constants = {}
  for part in experiment.parts:
    with clock.stage('close_ups'):
      shown = part.close_ups(_reader(writer, by_part[part.name]))
    constants[part.name] = part.constants | shown
  with clock.stage('merge'):
    writer.merge(by_part, constants)
  parts = records.load_parts(writer.folder)
  with clock.stage('summarise'):
    summary = summarise(experiment, parts)
  facts = [writer.facts(chunk.name) for chunk in chunks]
  cost = {
    f'sweeps_{name}': sum(f[name] for f in facts)
    for name in ('needed', 'computed')
  }
  facts = clock.machine() | cost | {'flags': {'out': str(writer.folder)}}
  writer.write_json(records.MACHINE, facts)
  writer.write_json(records.SUMMARY, summary)


def _reader(writer, chunks) -> Read:
  """Returns how a column of all nets of a part is read."""
  return lambda name: np.concatenate(
    [writer.read(chunk, name) for chunk in chunks]
  )


def summarise(
  experiment: Experiment, parts: Mapping[str, records.Arrays]
) -> dict[str, Any]:
  """Returns what summary.json holds."""
  settings = []
  for part in experiment.parts:
    split = records.by_setting(parts[part.name], len(part.settings))
    for setting, arrays in zip(part.settings, split, strict=True):
      estimates = experiment.results(arrays)
      results = {name: stats.as_json(e) for name, e in estimates.items()}
      settings.append(
        {'part': part.name, 'setting': dict(setting), 'results': results}
      )
  summary = {
    'study': experiment.study,
    'nets': sum(len(part.nets.seed) for part in experiment.parts),
  }
  if len(settings) == 1:
    summary['results'] = settings[0]['results']
  return summary | {
    'settings': settings,
    'claims': experiment.judge(parts, settings),
  }


def write_results(
  study: str,
  flags: Mapping[str, str],
  results: Mapping[str, stats.Estimate],
  *,
  out: str,
) -> None:
  """Leaves a record of results that no nets lie behind, and prints them.

  Such results are measured anew each time: a record of the same flags is
  overwritten.
  """
  listed = {name: stats.as_json(e) for name, e in results.items()}
  with writing.Writer(out, _flag_text(study, flags)) as writer:
    writer.begin()
    writer.drop_chunks()
    writer.write_json(records.MACHINE, _Clock().machine())
    summary = {'study': study, 'nets': 0, 'results': listed}
    summary |= {'settings': [{'setting': {}, 'results': listed}], 'claims': []}
    writer.write_json(records.SUMMARY, summary)
  rows = [
    (name, tables.value(r), tables.interval(r), r['n'], r['unit'])
    for name, r in listed.items()
  ]
  columns = ('result', 'median', 'least and greatest', 'rounds', 'unit')
  print(tables.text_table(columns, rows))
  print(f'{out}/{records.SUMMARY}')


def _flag_text(study: str, flags: Mapping[str, str]) -> str:
  header = f'# python -m experiments.{study} --flagfile=run.flags\n'
  return header + ''.join(f'--{k}={v}\n' for k, v in flags.items())


class _Clock:
  """Seconds by stage, those that XLA compiled apart."""

  def __init__(self):
    self.seconds: dict[str, float] = {}
    self.compiled = [0, 0.0]
    jax.monitoring.register_event_duration_secs_listener(self._listen)

  def _listen(self, event: str, seconds: float, **_) -> None:
    if event == '/jax/core/compile/backend_compile_duration':
      self.compiled = [self.compiled[0] + 1, self.compiled[1] + seconds]

  @contextlib.contextmanager
  def stage(self, name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    spent = time.perf_counter() - start
    self.seconds[name] = self.seconds.get(name, 0.0) + spent

  def machine(self) -> dict[str, Any]:
    """Returns what machine.json holds."""
    devices = jax.local_devices()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
      'python': platform.python_version(),
      'jax': jax.__version__,
      'numpy': np.__version__,
      'commit': _commit(),
      'system': platform.platform(),
      'device': f'{len(devices)} × {devices[0].device_kind}',
      'cores': writing.cores(),
      'seconds': {k: round(v, 2) for k, v in self.seconds.items()},
      'compilations': self.compiled[0],
      'compile_seconds': round(self.compiled[1], 2),
      'peak_memory_mib': round(
        peak / (2**20 if sys.platform == 'darwin' else 2**10)
      ),
    }


def _commit() -> str | None:
  """Returns the commit that is run, if this is a git checkout."""
  command = ['git', '-C', os.path.dirname(__file__), 'describe', '--always',
             '--abbrev=40', '--dirty']  # fmt: skip
  with contextlib.suppress(OSError, subprocess.SubprocessError):
    answer = subprocess.run(command, capture_output=True, text=True, timeout=10)
    return answer.stdout.strip() or None
  return None

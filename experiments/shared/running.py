"""The one way to run a study: chunks, record, summary, page."""

import contextlib
import itertools
import os
import pathlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from absl import logging

import jaxrep
from jaxrep import (
  claims,
  locks,
  records,
  report,
  seeds,
  stats,
  tables,
  writing,
)

from . import clock, progress

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


class Place(NamedTuple):
  """Where a run is kept, and which share of it is this process's.

  Attributes:
    out: the record's folder.
    chunk_size: nets a chunk.
    share: of the chunks.
    profile: folder for a trace of the first chunk that is computed.
  """

  out: str
  chunk_size: int
  share: locks.Share = locks.WHOLE
  profile: str | None = None


class _Chunk(NamedTuple):
  name: str
  part: Part
  rows: slice


def run(experiment: Experiment, place: Place) -> records.Record | None:
  """Runs what is not on disk yet, leaves a whole record, and returns it.

  A process that has a share of the chunks does these; the last one to be done
  puts the record together, if all chunks are there. The others return None.

  Args:
    experiment: what to run.
    place: where, and which share of it.
  """
  flags = _flag_text(experiment.study, experiment.flags)
  try:
    with writing.Writer(place.out, flags, place.share) as writer:
      new = not writer.finished
      if not _finish(experiment, writer, place):
        return None
      record = _judged(experiment, writer, records.load(place.out))
      # A record that lay there may be anything; an error in a page of one that
      # has just been made is ours.
      with contextlib.nullcontext() if new else records.drawing(place.out):
        page = experiment.page(record)
        html, text = report.html(page), report.text(page)
      for figure in page.figures:
        writer.write_bytes(f'figures/{figure.name}.png', figure.png)
      for name, data in page.files.items():
        writer.write_bytes(name, data)
      writer.write_bytes('report.html', html.encode())
  except writing.LateError as error:
    print(error)
    return None
  print(text)
  print(f'{place.out}/report.html')
  return record


def _finish(experiment, writer, place) -> bool:
  """Returns whether a whole record is there, and is this process's to draw."""
  stopwatch = clock.Clock()
  chunks = _chunks(experiment.parts, place.chunk_size)
  if not writer.finished:
    writer.begin()
    _compute(experiment, chunks, writer, place, stopwatch)
  elif place.profile:
    print(_untraced(place.profile))
  whole, lacking = writer.take_whole([chunk.name for chunk in chunks])
  if not whole:
    print(_farewell(place, chunks, lacking))
    return False
  if writer.finished:
    print(f'{place.out} holds this run, finished; drawing it again.')
  else:
    _conclude(experiment, chunks, writer, stopwatch)
  writer.drop_chunks()
  return True


def _chunks(parts: Sequence[Part], size: int) -> list[_Chunk]:
  return [
    _Chunk(f'{part.name}-{k:05d}', part, slice(first, first + size))
    for part in parts
    for k, first in enumerate(range(0, len(part.nets.seed), size))
  ]


def _compute(experiment, chunks, writer, place, stopwatch) -> None:
  """Computes and writes those chunks of the share that are not there."""
  chunks = [c for k, c in enumerate(chunks) if place.share.holds(k)]
  name = experiment.study
  if place.share != locks.WHOLE:
    name += f' {place.share}'
  with stopwatch.stage('check'):
    there, complaints = writer.check_chunks([chunk.name for chunk in chunks])
  done, solved = 0, sum(writer.facts(name)['solved'] for name in there)
  left = [chunk for chunk in chunks if chunk.name not in there]
  total, ahead = (sum(_size(c) for c in group) for group in (chunks, left))
  found, profile = total - ahead, place.profile
  with progress.progress(name, total, found) as shown:
    for complaint in complaints:
      shown.say(complaint)
    for chunk in left:

      def watch(over, more, done=done, solved=solved):
        shown.show(found + done + over, solved + more)

      facts = _compute_chunk(chunk, writer, stopwatch, watch, profile)
      profile = None
      done += _size(chunk)
      solved += facts['solved']
      shown.show(found + done, solved)
  if left and place.share != locks.WHOLE:
    writer.write_machine(stopwatch.machine())
  if profile:
    print(_untraced(profile))


def _size(chunk: _Chunk) -> int:
  return len(chunk.part.nets.seed[chunk.rows])


def _compute_chunk(chunk, writer, stopwatch, watch, profile) -> dict[str, Any]:
  """Computes a chunk, writes it, and returns the facts that go with it."""
  nets = jax.tree.map(lambda a: a[chunk.rows], chunk.part.nets)
  begun = time.perf_counter()
  with stopwatch.stage('compute'), _traced(profile):
    arrays, *counts = chunk.part.compute(nets, watch)
  facts = dict(zip(Computed._fields[1:], counts, strict=True))
  facts['seconds'] = round(time.perf_counter() - begun, 3)
  with stopwatch.stage('write'):
    writer.write_chunk(chunk.name, arrays, facts)
  logging.info('%s is on disk, after %.1f s', chunk.name, facts['seconds'])
  return facts


@contextlib.contextmanager
def _traced(folder: str | None) -> Iterator[None]:
  """Leaves a trace of what is done inside, by JAX's profiler."""
  if folder is None:
    yield
    return
  with records.naming(pathlib.Path(folder), '--profile='):
    os.makedirs(folder, exist_ok=True)
    jax.profiler.start_trace(folder)
  try:
    yield
  finally:
    with records.naming(pathlib.Path(folder), '--profile='):
      jax.profiler.stop_trace()


def _untraced(profile: str) -> str:
  return f'--profile={profile}: nothing was computed, so no trace is there.'


def _farewell(place, chunks, lacking) -> str:
  """Returns why a share that is done does not put the record together.

  Raises:
    RecordError: chunks are lacking that it should hold itself.
  """
  if not lacking:
    return (
      f'{place.out}: share {place.share} is done; others are at work there, and'
      ' the last puts the record together.'
    )
  order = {chunk.name: k for k, chunk in enumerate(chunks)}
  shares = sorted({order[name] % place.share.count for name in lacking})
  if place.share.index in shares:
    raise records.RecordError(
      f'{place.out}/chunks: expected all chunks, found {lacking[0]} gone'
      ' meanwhile; the same command goes on'
    )
  named = [f'{index}/{place.share.count}' for index in shares[:5]]
  more = f' and {len(shares) - 5:,} more' if len(shares) > 5 else ''
  return (
    f'{place.out}: share {place.share} is done; {len(lacking):,} of'
    f' {len(chunks):,} chunks are still to come, from {", ".join(named)}{more}.'
    ' Who ends last, or a command without a share, puts the record together.'
  )


def _conclude(experiment, chunks, writer, stopwatch) -> None:
  """Merges chunks and writes machine.json and, last, summary.json."""
  names = [chunk.name for chunk in chunks]
  with stopwatch.stage('check'):
    there, complaints = writer.check_chunks(names)
  if len(there) < len(names):
    [reason, *_] = complaints or [f'{writer.folder}/chunks: some are gone']
    raise records.RecordError(f'{reason}; the same command goes on')
  by_part = {
    name: [chunk.name for chunk in group]
    for name, group in itertools.groupby(chunks, lambda c: c.part.name)
  }
  logging.info('all chunks are on disk; merging')
  constants = {}
  for part in experiment.parts:
    with stopwatch.stage('close_ups'):
      shown = part.close_ups(_reader(writer, by_part[part.name]))
    constants[part.name] = part.constants | shown
  with stopwatch.stage('merge'):
    writer.merge(by_part, constants)
  parts = records.load_parts(writer.folder)
  with stopwatch.stage('summarise'):
    summary = summarise(experiment, parts)
  facts = [writer.facts(chunk.name) for chunk in chunks]
  cost = {
    f'sweeps_{name}': sum(f[name] for f in facts)
    for name in ('needed', 'computed')
  }
  cost['seconds_of_chunks'] = round(sum(f['seconds'] for f in facts), 2)
  machine = stopwatch.machine() | cost | {'out': str(writer.folder)}
  if shares := writer.machines():
    machine['shares'] = shares
  writer.write_json(records.MACHINE, machine)
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
    'version': jaxrep.__version__,
    'judged_by': claims.digest(),
  }


def _judged(
  experiment: Experiment, writer: writing.Writer, record: records.Record
) -> records.Record:
  """Returns a record with the verdicts of today's claims; writes new ones."""
  if record.summary.get('judged_by') == claims.digest():
    return record
  with records.drawing(record.folder):
    found = experiment.judge(record.parts, record.summary['settings'])
  summary = record.summary | {'claims': found, 'judged_by': claims.digest()}
  writer.write_json(records.SUMMARY, summary)
  return record._replace(summary=summary)


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
    writer.write_json(records.MACHINE, clock.Clock().machine())
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

"""The ledger: every claim of the sources, and what the nets say of it.

  python -m experiments.ledger --scale=laptop

Runs what the scale needs and is not there yet, each study in a process of its
own, and writes ledger.html, one page with everything, and ledger.md, the table
of claims, to --out or to runs/ledger/SCALE. Interrupted, it goes on where it
stopped. --scale=smoke shows in minutes how it works, laptop answers, full has
ten times as many nets.
"""

import pathlib
import signal
import sys
from collections.abc import Sequence

from absl import flags

from jaxrep.claims import ledger

from .ledgers import page, runs, texts
from .shared import common, folders

FLAGS = flags.FLAGS
flags.DEFINE_enum(
  'scale', 'laptop', runs.SCALES,
  'smoke: small nets, minutes; laptop: what the README shows; full: ten times'
  ' as many nets.',
)  # fmt: skip
flags.DEFINE_list(
  'studies', list(ledger.CLAIMS), 'Which studies; others stay undecided.'
)
flags.DEFINE_string(
  'records', None,
  'Folder of records, STUDY/FLAGFILE each. Default: records in --out.',
)  # fmt: skip
flags.DEFINE_bool('run', True, 'Runs what is not there; else it is left out.')
flags.DEFINE_bool(
  'publish', False,
  'Writes the results into this folder’s docs/results and README.md, too.',
)  # fmt: skip
flags.declare_key_flag('out')


def main() -> None:
  common.launch('ledger', _main)


def _main() -> None:
  # As an exception, so that the study that runs ends, too.
  signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
  _check()
  with folders.opened(FLAGS.out or f'runs/ledger/{FLAGS.scale}') as out:
    _leave(out, pathlib.Path(FLAGS.records or out / 'records'))


def _leave(out: pathlib.Path, folder: pathlib.Path) -> None:
  """Makes the records that are not there, and writes the ledger.

  Raises:
    BadInputError: a study failed; the ledger is written without it.
  """
  found, failed = _found(folder)
  summaries: dict[str, dict] = {study: {} for study in ledger.CLAIMS}
  for one in found:
    summaries[one.run.study][one.run.flagfile] = one.summary
  only = 'smoke' if FLAGS.scale == 'smoke' else None
  rows = ledger.rows(summaries, only=only)
  html = page.html(rows, found, scale=FLAGS.scale)
  text = texts.table(rows)
  print(f'\n{texts.terminal(rows)}\n')
  folders.keep(out / 'ledger.md', text.encode(), 'The claims, as Markdown.')
  folders.keep(out / 'ledger.html', html.encode(), 'The page.')
  if failed:
    raise common.BadInputError(failed[0])
  if FLAGS.publish:
    _check_all(rows)
    texts.publish(pathlib.Path(), rows, found)


def _check() -> None:
  common.refuse_flags_of_studies()
  for study in FLAGS.studies or ['']:
    if study not in ledger.CLAIMS:
      known = ', '.join(ledger.CLAIMS)
      raise common.BadInputError(
        f'--studies={",".join(FLAGS.studies)}: expected some of {known}, found'
        f' {study!r}'
      )
  if not FLAGS.publish:
    return
  if FLAGS.scale != 'laptop':
    raise common.BadInputError(
      f'--scale={FLAGS.scale}: expected laptop with --publish, as README.md has'
      ' its numbers'
    )
  if set(FLAGS.studies) != set(ledger.CLAIMS):
    raise common.BadInputError(
      f'--studies={",".join(FLAGS.studies)}: expected all with --publish'
    )
  texts.check(pathlib.Path())


def _check_all(rows: Sequence[ledger.Row]) -> None:
  for row in rows:
    for name in row.lacking:
      raise common.BadInputError(
        '--publish: expected the records of all claims, found none of'
        f' {row.study}/{name}'
      )


def _found(folder: pathlib.Path) -> tuple[list[page.Found], list[str]]:
  """Returns the records, and what went wrong; says what each took."""
  found, failed = [], []
  planned = runs.plan(FLAGS.scale, FLAGS.studies)
  words = {'new': '', 'there': ', there already', 'judged': ', judged anew'}
  for made in runs.complete(planned, folder, compute=FLAGS.run):
    if made.wrong:
      failed.append(made.wrong)
      continue
    found.append(page.read(made.run, folder / made.run.name))
    seconds = runs.seconds(found[-1].machine)
    print(f'{made.run.name}: {seconds:,.0f} s{words[made.how]}', flush=True)
  return found, failed


if __name__ == '__main__':
  main()

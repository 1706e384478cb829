"""One net of a record: its weights, what every unit does, and its pictures.

  python -m experiments.show --record=runs/symmetry --net=median

For every record that keeps layered weights and their patterns, or nets of the
family trees. Prints tables and draws the net with one pattern lit up; --movie
trains it again from its seed and leaves a GIF of that. Pictures go to --out, or
into the record, to net_ROW.
"""

import os
import pathlib

from absl import flags

from jaxrep import records

from .shared import common, folders
from .single import movie, portrait, replay, sheets, subjects

FLAGS = flags.FLAGS

flags.DEFINE_string('record', None, 'Folder of a finished run.')
flags.DEFINE_string(
  'net', 'median',
  'Which net: its row in nets.csv from 0, all parts counted; median, the solved'
  ' net with the median sweeps; worst, the one with the largest error; or an'
  ' outcome like still_descending: its net with the median error.',
)  # fmt: skip
flags.DEFINE_string(
  'pattern', None,
  'Which pattern is lit up: its row from 0, its bits like 011110, or of the'
  ' family trees its question like Colin.aunt. Default: the one with the'
  ' largest error.',
)  # fmt: skip
flags.DEFINE_enum(
  'sheet', None, ['times', 'solutions'],
  'In place of a net: a contact sheet of the maps of all records that --record'
  ' names, separated by commas or as runs/basins/*. Needs --out.',
)  # fmt: skip
flags.DEFINE_bool('movie', False, 'Train the net again and write a GIF of it.')
flags.declare_key_flag('out')


def run(
  folder: str | os.PathLike,
  *,
  net: str,
  pattern: str | None,
  out: str | None,
  movie: bool,
) -> pathlib.Path:
  """Prints one net, draws it, and returns the folder of the pictures.

  Args:
    folder: of the record.
    net: which one, as for `subjects.choose`.
    pattern: which pattern is lit up, as for `subjects.case`.
    out: folder for pictures; None: net_ROW in the record.
    movie: train it again, too.

  Raises:
    BadInputError: something of this is not there, or cannot be done.
  """
  try:
    record = records.load(folder)
  except records.RecordError as error:
    raise common.BadInputError(f'--record={error}') from None
  with records.drawing(f'--record={folder}'):
    subject = subjects.find(record, net)
    case = subjects.case(subject, pattern)
    plan = replay.plan(record, subject) if movie else None
    out = record.folder / f'net_{subject.row}' if out is None else out
    with folders.opened(out) as path:
      print(f'{record.summary["study"]}, {portrait.text(subject, case)}\n')
      for figure in portrait.figures(subject, case):
        folders.keep(path / f'{figure.name}.png', figure.png, figure.caption)
      if plan is not None:
        _movie(path / 'movie.gif', record, subject, plan, case)
  return path


def _movie(path, record, subject, plan, case) -> None:
  """Trains the net again, writes the movie, and says whether the bits agree."""
  moments = replay.train(plan)
  folders.keep(path, movie.gif(subject, moments, case), movie.caption(subject))
  print(replay.verdict(record, subject, moments[-1].net))


def _sheet(pattern, kind, out) -> None:
  """Draws the maps of several records beside each other."""
  if not out:
    raise common.BadInputError(
      f'--sheet={kind}: expected a folder for it, --out, found none'
    )
  found = sheets.find(pattern)
  with records.drawing(f'--record={pattern}'):
    figure = sheets.draw(found, kind)
  with folders.opened(out) as path:
    folders.keep(path / f'{figure.name}.png', figure.png, figure.caption)


def main() -> None:
  common.launch('show', _main)


def _main() -> None:
  common.refuse_flags_of_studies()
  if not FLAGS.record:
    raise common.BadInputError(
      '--record: expected the folder of a finished run, found none'
    )
  if FLAGS.sheet:
    _sheet(FLAGS.record, FLAGS.sheet, FLAGS.out)
    return
  run(
    FLAGS.record,
    net=FLAGS.net,
    pattern=FLAGS.pattern,
    out=FLAGS.out,
    movie=FLAGS.movie,
  )


if __name__ == '__main__':
  main()

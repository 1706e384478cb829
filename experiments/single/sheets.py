"""A contact sheet: the maps of several records beside each other."""

import glob
from collections.abc import Sequence

import numpy as np

from jaxrep import basins, records
from jaxrep.figures import hues
from jaxrep.report import Figure

from ..reports import basin_figures, basin_maps
from ..shared import common, groups

MOST = 60  # maps of a sheet
FEWER = 256  # pixels of a side that are drawn


def find(pattern: str) -> list[records.Record]:
  """Returns the records of maps that --record names.

  Args:
    pattern: folders, separated by commas; * and ? stand for letters.

  Raises:
    BadInputError: there is none, or one that holds no maps.
  """
  folders = []
  for word in pattern.split(','):
    folders += sorted(glob.glob(word)) or [word]
  found = []
  for folder in dict.fromkeys(folders):
    try:
      record = records.load(folder)
    except records.RecordError as error:
      raise common.BadInputError(f'--record={error}') from None
    maps = record.flags.get('points', '0') == '0'
    if not maps or any('coarse' not in a for a in record.parts.values()):
      raise common.BadInputError(
        f'--record={folder}: expected maps (experiments.basins), found nets of'
        f' {record.summary["study"]} that are on none'
      )
    found.append(record)
  return found


def draw(found: Sequence[records.Record], kind: str) -> Figure:
  """Returns the maps of records as one figure.

  Colours of solutions are the same on all maps of nets of one shape.

  Args:
    found: from `find`.
    kind: 'times' or 'solutions'.

  Raises:
    BadInputError: more maps than a sheet has room for, or solutions of nets
      that have too many weights for them.
  """
  nets, captions = [], []
  for record in found:
    of_record = groups.groups(record.parts, record.summary['settings'])
    names = list(groups.free(of_record))
    for group in of_record:
      nets.append(group)
      said = groups.words(group, names)
      captions.append('\n'.join(filter(None, [record.folder.name, said])))
      if kind == 'solutions' and 'solution' not in group.arrays:
        raise common.BadInputError(
          f'--sheet={kind}: expected nets of at most {basins.READABLE} weights,'
          f' found more in {record.folder}'
        )
  if len(nets) > MOST:
    raise common.BadInputError(
      f'--record: expected at most {MOST} maps on a sheet, found {len(nets)}'
    )
  shapes: dict[tuple, list] = {}
  for group in nets:
    shape = tuple(group.arrays['unit_weights'])
    shapes.setdefault(shape, []).append(group)
  pictures = {}
  for alike in shapes.values():
    known = basin_maps.kinds(alike)
    for drawn in basin_maps.maps(alike, known):
      pictures[id(drawn.group)] = _picture(drawn, known, kind)
  return basin_figures.sheet(kind, [pictures[id(g)] for g in nets], captions)


def _picture(drawn, known, kind) -> np.ndarray:
  if kind == 'solutions':
    picture = hues.solutions_rgb(drawn.classes, known.families)
  else:
    picture = drawn.times()
  every = -(-len(picture) // FEWER)
  return picture[::every, ::every]

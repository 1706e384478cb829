"""Survivors and failures of a record, each drawn at a click."""

import pathlib
from collections import Counter

import numpy as np

from jaxrep import clicks, gallery, records, tables
from jaxrep.figures import style

STYLE, SCRIPT = clicks.STYLE, clicks.SCRIPT
MOST = 300  # nets on a page


def html(study: str, folder: pathlib.Path) -> str:
  """Returns a figure of a record's nets: when they were over, and how.

  Args:
    study: names the figure.
    folder: of the record, of layered nets in one part.
  """
  record = records.load(folder)
  [arrays] = record.parts.values()
  unit = 'updates' if 'updates' in arrays else 'sweeps'
  words = np.array(
    [str(word).replace('_', ' ') for word in arrays['outcomes']]
  )[arrays['outcome']]
  rows = gallery.choose(words, MOST)
  net = record.nets(next(iter(record.parts)))
  ended = np.where(np.isnan(arrays[unit]), arrays['age'], arrays[unit])
  shown = []
  for row in rows:
    layers = [(np.asarray(x.w[row]), np.asarray(x.b[row])) for x in net]
    largest = float(max(np.max(abs(w)) for w, _ in layers))
    error = tables.number(float(arrays['error'][row]))
    said = (
      f'row {row}, seed {arrays["seed"][row]}: {words[row]},'
      f' {int(ended[row]):,} {unit}; in the end E\u00a0=\u00a0{error}'
    )
    shown.append(
      gallery.Shown(float(ended[row]), largest, str(words[row]), said, layers)
    )
  solved = int(np.sum(words == style.SOLVED))
  chosen = ', '.join(
    f'{n:,} of the {int(np.sum(words == word)):,} {word}'
    for word, n in Counter(words[rows].tolist()).items()
  )
  return gallery.html(
    f'{study}-nets',
    shown,
    title=f'Survivors and failures: {solved:,} of {len(words):,} solve it',
    caption=f'One mark a net: {chosen}. To the right are those that took long,'
    ' up to the budget; higher up those whose largest weight is larger.',
    alt=f'Scatter of {len(rows)} nets: {unit} lived, and the largest weight.',
    xlabel=f'{unit} to the solve, or in all',
    ylabel='largest |weight|',
    log_x=True,
  )

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
  shown = []
  for row in rows:
    age, error = int(arrays['age'][row]), float(arrays['error'][row])
    shown.append(
      gallery.Shown(
        age,
        error,
        words[row],
        f'row {row}, seed {arrays["seed"][row]}: {words[row]}, after'
        f' {age:,} {unit} E = {tables.number(error)}',
        [(np.asarray(layer.w[row]), np.asarray(layer.b[row])) for layer in net],
      )
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
    xlabel=f'{unit} until it was over',
    ylabel='largest |weight|',
    log_x=True,
  )

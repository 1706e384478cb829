"""Two finished records, A and B, compared on the same seeds.

  python -m experiments.compare runs/symmetry runs/zero_bias

Prints how rates, times to a solve and means differ between the nets of A and
the nets of the same seeds of B (A - B), with intervals and exact paired tests,
and which flags differ. With --out also leaves compare.json and compare.html.
"""

import contextlib
import json
import os

from absl import flags

from jaxrep import records, report

from .reports import paired as pages
from .results import paired
from .shared import common, folders

FLAGS = flags.FLAGS

flags.declare_key_flag('out')


def run(
  a: str | os.PathLike, b: str | os.PathLike, *, out: str | None = None
) -> list[paired.Difference]:
  """Prints how two records differ, and returns it.

  Args:
    a: folder of a record.
    b: of another.
    out: folder for the page; None: none.

  Raises:
    BadInputError: nothing of the two can be compared.
    RecordError: one of them cannot be read.
  """
  one, other = records.load(a), records.load(b)
  with contextlib.nullcontext() if out is None else folders.opened(out) as to:
    with records.drawing(f'{a} and {b}'):
      pairs = paired.pairs(one, other)
      found = paired.compare(pairs)
      if not found:
        raise common.BadInputError(
          f'{a} and {b}: expected columns of nets.csv in both, found none'
        )
      page = pages.page(one, other, pairs, found)
      figures = [] if to is None else pages.figures(pairs)
    print(pages.text(page))
    if to is not None:
      _keep(to, page._replace(figures=figures), _as_json(one, other, found))
  return found


def _as_json(one, other, found) -> dict:
  return {
    'a': {'folder': str(one.folder), 'study': one.summary['study']},
    'b': {'folder': str(other.folder), 'study': other.summary['study']},
    'flags': paired.flags(one, other),
    'tests': len(paired.tests(found)),
    'results': list(map(paired.as_json, found)),
  }


def _keep(folder, page, numbers) -> None:
  """Writes the page and the numbers, and says where."""
  data = json.dumps(numbers, indent=1, ensure_ascii=False, allow_nan=False)
  html = report.html(page)
  print()
  folders.keep(folder / 'compare.json', data.encode(), 'All numbers.')
  folders.keep(folder / 'compare.html', html.encode(), 'The page.')


def main() -> None:
  common.launch('compare', _main, words=('A', 'B'))


def _main(a: str, b: str) -> None:
  common.refuse_flags_of_studies()
  run(a, b, out=FLAGS.out)


if __name__ == '__main__':
  main()

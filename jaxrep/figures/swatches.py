"""Legends of maps: swatches of colour, and what they stand for."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.legend_handler import HandlerTuple
from matplotlib.patches import Patch

from jaxrep.figures import hues, style

Row = tuple[Sequence[Patch], str]
NEVER = 'black'
FAMILIES = 6  # in a legend; the others are counted together
SWATCHES = 4  # of a family, in a legend


def families(
  classes: np.ndarray, families: Sequence[int], names: Sequence[str]
) -> list[Row]:
  """Returns the rows of solutions: a family each, its name and its share.

  The most common families have the colours of their most common members, the
  name of the first of these, and the family's share of all nets.

  Args:
    classes: `[P, P]` int, the class of each net's solution; -1 has none.
    families: `[K]`, the family of each class, the most common class first.
    names: `[K]`, of each class.
  """
  classes, families = np.asarray(classes, int), np.asarray(families, int)
  counts = np.bincount(classes[classes >= 0], minlength=len(families))
  colours = hues.family_colours(families) / 255
  totals = {f: counts[families == f].sum() for f in dict.fromkeys(families)}
  common = sorted((f for f in totals if totals[f]), key=lambda f: -totals[f])
  rows = []
  for family in common[:FAMILIES]:
    [members] = np.nonzero((families == family) & (counts > 0))
    members = members[np.argsort(-counts[members], kind='stable')]
    shades = [swatch(colours[k]) for k in members[:SWATCHES]]
    rows.append((shades, names[members[0]].replace('-', '−'), totals[family]))
  if rest := common[FAMILIES:]:
    name = f'{len(rest)} other' + 's' * (len(rest) > 1)
    shades = [swatch(colours[families == f][0]) for f in rest[:SWATCHES]]
    rows.append((shades, name, sum(totals[f] for f in rest)))
  if missing := classes.size - counts.sum():
    rows.append(([swatch(NEVER)], 'no solution', missing))
  width = max((len(name) for _, name, _ in rows), default=0)
  return [
    (shades, f'{name:<{width}} {_percent(count / classes.size)}')
    for shades, name, count in rows
  ]


def swatch(colour) -> Patch:
  """Returns a patch of a colour."""
  return Patch(facecolor=colour, linewidth=0)


def legend(
  ax: Axes, rows: Sequence[Row], *, lower: bool, title: str | None = None
) -> None:
  """Adds a legend beside axes that are wide, else below their labels.

  Args:
    ax: a map, its labels set.
    rows: swatches and words; without any there is no legend.
    lower: whether x has a second line of words, which it stands below.
    title: of the legend, whose words then stand in columns.
  """
  if not rows:
    return
  handles, labels = zip(*rows, strict=True)
  width, height = style.points(ax)
  beside = width > 1.4 * height
  size = 8.5 if beside or width > 250 else 7.5
  if beside:
    place = {'loc': 'upper left', 'bbox_to_anchor': (1.01, 1.0)}
    title = title and title.replace(', ', ',\n')
  else:
    under = (36 + 13 * lower) / size  # points, below the labels of x
    place = {'loc': 'upper center', 'bbox_to_anchor': (0.5, 0.0)}
    place |= {'ncols': 2, 'borderaxespad': under, 'columnspacing': 1.5}
  family = 'sans' if title is None else 'monospace'
  ax.legend(
    handles=list(map(tuple, handles)),
    labels=labels,
    title=title,
    alignment='left',
    handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
    prop=FontProperties(family=family, size=size),
    title_fontproperties=FontProperties(family='sans', size=size),
    handlelength=2.6,
    handletextpad=0.6,
    labelspacing=0.45,
    **place,
  )


def _percent(share):
  return f'{100 * share:4.1f} %' if share >= 0.0005 else '<0.1 %'

"""Figures that every study of full-batch descent shows, from its record."""

from collections.abc import Mapping, Sequence

import numpy as np

from jaxrep import nets, records, stats
from jaxrep.figures import curves, ends, maps, settings, style
from jaxrep.figures import nets as drawn
from jaxrep.measures.minima import Outcome
from jaxrep.report import Figure

from .groups import Group, varied

NAMES = {int(outcome): outcome.label for outcome in Outcome}
WORDS = {  # flag -> as an axis says it
  'learning_rate': 'learning rate ε',
  'momentum': 'momentum α',
  'init_range': 'initial weights in ±',
  'positive_weight': 'weight of positive cases',
  'margin': 'margin',
  'hidden': 'hidden units',
}
# More curves than this in one figure cannot be told apart.
SEVERAL = 6


def label(group: Group, names: Sequence[str]) -> str:
  """Returns what tells a group from the others: 'hidden units 3'."""
  return ', '.join(f'{WORDS[n]} {group.setting[n]:g}' for n in names)


def error_curves(group: Group) -> Figure:
  """Every net's error over sweeps."""
  fig, ax = style.figure(size=(7.5, 4.5))
  arrays = group.arrays
  most = 2000
  unsolved = int(np.sum(~group.solved))
  total = len(group.solved)
  title = f'{total - unsolved:,} of {total:,} nets solve the task'
  curves.errors(
    ax, arrays['marks'], arrays['curve'], arrays['outcome'], NAMES,
    most=most, title=title, ylabel='error E, summed over cases',
  )  # fmt: skip
  return Figure(
    'errors',
    title,
    f'Each faint line is one net (the first {min(most, total):,} seeds); its'
    ' colour says how it ended. A line falls as the net learns; flat stretches'
    ' are plateaus. Both axes are logarithmic.',
    'Error against sweeps for every net, coloured by outcome.',
    style.png(fig),
  )


def survival(
  found: Sequence[Group], budget: int, marks: Mapping[str, float]
) -> Figure:
  """Nets not yet solved, over sweeps."""
  names = list(varied(found))
  lines = []
  for group in found[:SEVERAL]:
    times = np.where(group.solved, group.arrays['sweeps'], budget)
    lines.append(stats.survival(times, ~group.solved))
  fig, ax = style.figure(size=(7.5, 4.2))
  columns = list(zip(*lines, strict=True))
  labels = [f'{label(g, names)} (n = {len(g.solved):,})' for g in found[:SEVERAL]]
  left = float(lines[0].share[-1])
  title = f'{left:.1%} are still unsolved after {budget:,} sweeps'
  if len(found) > 1:
    title = 'How long nets take, by setting'
    curves.survival(ax, *columns, labels=labels, marks=marks, title=title)
  else:
    curves.survival(ax, *(c[0] for c in columns), marks=marks, title=title)
  return Figure(
    'survival',
    title,
    'The share of nets that have not solved the task yet, with a 95 % band'
    ' (pointwise). It drops where many solve; where it stays level, none do.',
    'Share of nets not yet solved against sweeps.',
    style.png(fig),
  )


def final_errors(group: Group, states: Mapping[float, str]) -> Figure:
  """Where the unsolved nets sit."""
  fig, ax = style.figure(size=(7.5, 4.0))
  unsolved = ~group.solved
  title = f'Where the {int(unsolved.sum()):,} unsolved nets sit'
  ends.final_errors(
    ax, group.arrays['error'], group.arrays['outcome'], NAMES,
    named_states=states, title=title, xlabel='final error E, summed over cases',
  )  # fmt: skip
  return Figure(
    'final_errors',
    title,
    'One point a net, one row an outcome as certified in float64; the higher a'
    ' heap, the more nets share that error. Vertical lines mark states with a'
    ' name.',
    'Final errors of unsolved nets by outcome.',
    style.png(fig),
  )


def final_states(
  group: Group, states: Mapping[float, str], tolerance: float = 0.05
) -> list[tuple]:
  """Returns rows (error, what it does, outcome, nets), most nets first."""
  rows: dict[tuple, int] = {}
  unsolved = np.flatnonzero(~group.solved)
  for error, outcome in zip(
    group.arrays['error'][unsolved], group.arrays['outcome'][unsolved],
    strict=True,
  ):  # fmt: skip
    named = [e for e in states if abs(e - error) <= tolerance]
    nearest = min(named, key=lambda e: abs(e - error)) if named else None
    if nearest is not None:
      key = (f'≈ {nearest:g}', states[nearest], NAMES[outcome])
    else:
      shown = f'{error:.2f}' if np.isfinite(error) else 'not finite'
      key = (shown, '', NAMES[outcome])
    rows[key] = rows.get(key, 0) + 1
  return [(*key, n) for key, n in sorted(rows.items(), key=lambda r: -r[1])]


def heat_map(
  found: Sequence[Group], result: str, *, title: str, caption: str, **look
) -> Figure:
  """A result over the two settings that vary."""
  (x_name, x), (y_name, y) = varied(found).items()
  at = {(g.setting[x_name], g.setting[y_name]): g.results[result] for g in found}
  values = [[at[a, b]['value'] for a in x] for b in y]
  fig, ax = style.figure(size=(7.0, 5.2))
  maps.heat(
    ax, np.array(x), np.array(y), np.array(values, float),
    xlabel=WORDS[x_name], ylabel=WORDS[y_name], title=title, **look,
  )  # fmt: skip
  alt = f'{title}: {WORDS[y_name]} against {WORDS[x_name]}.'
  return Figure(f'map_{result}', title, caption, alt, style.png(fig))


def against_settings(
  found: Sequence[Group], result: str, *, title: str, caption: str, ylabel: str
) -> Figure:
  """A result with its interval against one or two settings that vary."""
  (x_name, x), *rest = reversed(varied(found).items())
  names = [name for name, _ in rest]
  series: dict[str, dict] = {}
  for g in found:
    text = label(g, names) or f'n = {len(g.solved):,} each'
    series.setdefault(text, {})[g.setting[x_name]] = g.results[result]
  rows = [
    [[line[v][key] for v in x] for line in series.values()]
    for key in ('value', 'low', 'high')
  ]
  fig, ax = style.figure(size=(7.0, 4.2))
  settings.rates(
    ax, np.array(x, float), *(np.array(r, float) for r in rows),
    xlabel=WORDS[x_name], ylabel=ylabel, labels=list(series),
    unit=next(iter(found)).results[result]['unit'], title=title,
  )  # fmt: skip
  alt = f'{title}: {ylabel} against {WORDS[x_name]}.'
  return Figure(f'by_{x_name}_{result}', title, caption, alt, style.png(fig))


def layers(arrays: records.Arrays, row: int) -> nets.Net:
  """Returns one net of a part as layers of NumPy arrays."""
  stacked = records.unpack_net(arrays)
  return tuple(
    nets.Layer(layer.w[row], layer.b[row], layer.unit) for layer in stacked
  )


def portraits(group: Group) -> dict[str, int]:
  """Returns rows worth looking at: the median solved net, one a failure.

  The median net is the one whose sweeps to the solve are the median's; of the
  nets of each other outcome, the one with the median final error.
  """
  chosen = {}
  for outcome in Outcome:
    rows = np.flatnonzero(group.arrays['outcome'] == outcome)
    if rows.size:
      key = 'sweeps' if outcome == Outcome.SOLVED else 'error'
      order = np.argsort(group.arrays[key][rows], kind='stable')
      chosen[outcome.label] = int(rows[order[(len(rows) - 1) // 2]])
  return chosen


def net_diagrams(group: Group, chosen: Mapping[str, int]) -> Figure:
  """The chosen nets, drawn with their weights."""
  fig, axes = style.figure(1, len(chosen), size=(4.6 * len(chosen), 4.8))
  for ax, (name, row) in zip(np.atleast_1d(axes), chosen.items(), strict=True):
    net = layers(group.arrays, row)
    error = group.arrays['error'][row]
    drawn.diagram(
      ax, [layer.w for layer in net], [layer.b for layer in net],
      key=ax is np.atleast_1d(axes)[0],
      title=f'{name}: seed {group.arrays["seed"][row]}, E = {error:.3g}',
    )  # fmt: skip
  return Figure(
    'nets',
    'A median solved net, and one of each way to fail',
    'Inputs below, output above; the number in a unit is its bias, the number on'
    ' a link its weight. Solid dark links are positive, dashed light ones'
    ' negative; the wider, the larger.',
    'Diagrams of nets with their weights: ' + ', '.join(chosen) + '.',
    style.png(fig),
  )

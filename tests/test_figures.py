"""Figures draw whatever arrays they are given, and say what they should."""

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.text import Text
from test_alignment_figures import CASES as ALIGNMENTS
from test_credit_figures import CASES as CREDIT
from test_loop_figures import CASES as LOOP
from test_tally_figures import CASES as TALLIES
from test_tree_figures import CASES as TREES
from test_weather_figures import CASES as WEATHER

from jaxrep import figures
from jaxrep.figures import (
  bars,
  curves,
  ends,
  maps,
  nets,
  settings,
  style,
  units,
  verdicts,
)
from jaxrep.measures.minima import Outcome

HELPERS = (
  'cells', 'dots', 'heights', 'hues', 'lettering', 'links', 'poles', 'style',
  'swatches', 'ticks',
)  # fmt: skip
NAMES = dict(enumerate(style.OUTCOMES))  # 0 is solved
NAN, INF = np.nan, np.inf


def draws(*shape, seed=0):
  return np.random.default_rng(seed).normal(size=shape)


def world(size):
  """Sweeps `[T]`, errors `[S, T]` and outcomes `[S]` of made-up nets."""
  sweeps = np.unique(np.geomspace(1, 20000, 60).astype(int)) - 1
  outcomes = np.arange(size) % len(NAMES)
  middle = 700 * np.exp(0.3 * draws(size, 1))
  errors = 4 / (1 + (sweeps / middle) ** 4) + outcomes[:, None] + 1e-4
  errors[outcomes == 7, 20:] = INF
  return sweeps, errors, outcomes


def nasty(*shape):
  """Numbers among which are nan, inf, zero and less."""
  values = abs(draws(*shape))
  values.flat[: min(values.size, 5)] = [NAN, INF, -INF, 0, -1][: values.size]
  return values


def errors(size, change=lambda errors: errors, outcomes=None, **choices):
  sweeps, values, ended = world(size)
  ended = ended if outcomes is None else outcomes
  return lambda ax: curves.errors(
    ax, sweeps, change(values), ended, NAMES, **choices
  )


def survival(*sizes, **choices):
  steps = [np.sort(500 * np.exp(draws(n, seed=n))) for n in sizes]
  share = [1 - np.arange(1, n + 1) / (n + 1) for n in sizes]
  low, high = [s - 0.05 for s in share], [s + 0.05 for s in share]
  return lambda ax: curves.survival(
    ax, steps, share, low, high, labels=[f'n = {n}' for n in sizes], **choices
  )


def rates(value, count, **choices):
  value = np.broadcast_to(value, (2, count))
  x = np.geomspace(0.01, 1, count)
  return lambda ax: settings.rates(
    ax, x, value, value - 0.1, value + 0.1, xlabel='ε', ylabel='solved',
    labels=['2 hidden', '3 hidden'], **choices,
  )  # fmt: skip


def heat(values, **choices):
  y, x = (np.geomspace(0.01, 1, n) for n in np.shape(values))
  words = {'xlabel': 'ε', 'ylabel': 'range', 'label': 'solved'}
  return lambda ax: maps.heat(ax, x, y, values, **words, **choices)


def diagram(*sizes, **choices):
  pairs = list(zip(sizes[:-1], sizes[1:], strict=True))
  weights, biases = (
    [draws(*pair) for pair in pairs],
    [draws(o) for _, o in pairs],
  )
  return lambda ax: nets.diagram(ax, weights, biases, **choices)


def sorted_inputs(totals, **choices):
  targets = np.arange(len(totals)) % 2
  return lambda ax: units.sorted_inputs(
    ax, totals, targets, labels=['no', 'yes'], **choices
  )


ALL_NAN = [np.full(2, NAN), np.full((2, 2), NAN)]


def shares(value, **choices):
  value = np.asarray(value, float)
  return lambda ax: bars.shares(
    ax, [f'row {k}' for k in range(len(value))], value, value - 0.1,
    value + 0.1, counts=np.arange(len(value)), xlabel='nets', **choices,
  )  # fmt: skip


def outcomes(counts, **choices):
  counts = np.asarray(counts)
  names = list(style.OUTCOMES)[: counts.shape[1]]
  return lambda ax: bars.outcomes(
    ax, [f'row {k}' for k in range(len(counts))], counts, names,
    xlabel='nets', **choices,
  )  # fmt: skip


def verdict_bars(*counts):
  return lambda ax: verdicts.bars(
    ax,
    {
      f'Source {k}': dict(zip(verdicts.LOOKS, row, strict=True))
      for k, row in enumerate(counts)
    },
  )


def states(values, **choices):
  return lambda ax: units.states(ax, values, **choices)


CASES = {
  bars.shares: {
    'realistic': shares(np.linspace(0.4, 0, 20), title='Found'),
    'one': shares([0.5]),
    'empty': shares([]),
    'nan': shares([NAN, NAN]),
    'nasty': shares(nasty(9)),
  },
  bars.outcomes: {
    'realistic': outcomes([[900, 60, 40], [1000, 0, 0]], title='Found'),
    'one': outcomes([[1]]),
    'empty': outcomes(np.zeros((0, 3), int)),
    'no nets': outcomes(np.zeros((2, 3), int)),
    'nasty': outcomes(10 ** np.arange(8)[None].repeat(30, axis=0)),
  },
  units.states: {
    'realistic': states(
      abs(draws(8, 4)) % 1, title='Found', row_labels=list('abcdefgh'),
      column_labels=['h1', 'h2', 'h3', 'y'],
    ),
    'one': states([[0.5]]),
    'empty': states(np.zeros((0, 3))),
    'nan': states(np.full((3, 2), NAN)),
    'nasty': states(nasty(40, 30)),
  },
  curves.errors: {
    'realistic': errors(200, source={'paper: 1,425': 1425}, title='Found'),
    'criterion': errors(9, levels={'criterion 0.1': 0.1}, xlabel='updates'),
    'one': errors(1),
    'empty': errors(0, source={'paper: 1,425': 1425}),
    'nan': errors(9, lambda e: np.full_like(e, NAN)),
    'nasty': errors(9, lambda e: nasty(*e.shape)),
    'zero': errors(9, np.zeros_like),
    'all one outcome': errors(9, outcomes=np.full(9, 3)),
    'one sweep': lambda ax: curves.errors(ax, [5], [[2.0]], [0], NAMES),
    'only the start': lambda ax: curves.errors(ax, [0], [[2.0]], [0], NAMES),
  },
  curves.survival: {
    'realistic': survival(300, 200, marks={'paper: 1,425': 1425}),
    'one': survival(1),
    'empty': survival(0, marks={'paper: 1,425': 1425}),
    'one empty': survival(0, 5),
    'plain': lambda ax: curves.survival(ax, [9], [0.5], [0.1], [0.9]),
    'at once': lambda ax: curves.survival(ax, [0], [0.0], [0.0], [0.0]),
    'nasty': lambda ax: curves.survival(ax, [1, 2, 3], *nasty(3, 3)),
    'no band': lambda ax: curves.survival(ax, [0, 9], [1, 0.5], *ALL_NAN[1]),
  },
  ends.final_errors: {
    'realistic': lambda ax: ends.final_errors(
      ax, abs(4 * draws(500)), np.arange(500) % 8, NAMES,
      named_states={4.0: 'always says no', 0.25: 'half', 0.3: 'close to it'},
    ),
    'one': lambda ax: ends.final_errors(ax, [4.0], [1], NAMES),
    'empty': lambda ax: ends.final_errors(ax, [], [], NAMES),
    'solved': lambda ax: ends.final_errors(
      ax, [0.0], [0], NAMES, named_states={4.0: 'always says no'}
    ),
    'nan': lambda ax: ends.final_errors(ax, [NAN, INF], [7, 7], NAMES),
    'nasty': lambda ax: ends.final_errors(ax, nasty(9), np.full(9, 2), NAMES),
  },
  ends.ratios: {
    'realistic': lambda ax: ends.ratios(
      ax, [2, 4] * np.exp(0.1 * draws(500, 2)), targets={'1:2:4': (2, 4)}
    ),
    'one': lambda ax: ends.ratios(ax, [[2.0, 4.0]]),
    'empty': lambda ax: ends.ratios(ax, np.zeros((0, 2))),
    'nan': lambda ax: ends.ratios(ax, ALL_NAN[1]),
    'nasty': lambda ax: ends.ratios(ax, nasty(9, 2)),
  },
  settings.rates: {
    'realistic': rates(0.8, 5, marks={'paper: “rarely”': 0.95}),
    'one': rates(1.0, 1),
    'empty': rates(0.0, 0),
    'nan': rates(NAN, 3),
    'nasty': rates([NAN, INF, 0.5, -1.0], 4, unit='sweeps', scale='linear'),
  },
  maps.heat: {
    'realistic': heat(abs(draws(12, 15)), levels=[0.5, 1, 99], title='Found'),
    'one': heat([[0.5]], levels=[0.5]),
    'empty': heat(np.zeros((0, 0))),
    'nan': heat(ALL_NAN[1], levels=[0.5]),
    'nan, log': heat(ALL_NAN[1], norm='log', missing='no net solved'),
    'nasty': heat(nasty(3, 4), norm='log', levels=[0.5], unit='rate'),
    'all the same': heat(np.ones((3, 3)), levels=[1], scale='linear'),
  },
  nets.diagram: {
    'realistic': diagram(6, 2, 1, labels=['123456', [], ['y?']], title='A'),
    'lit': diagram(2, 2, 1, activations=[[0, 1], [0.3, 1.0], [0.9]]),
    'bipolar': diagram(2, 2, 1, activations=[[-1, 1], [NAN, 1.0], [0.9]]),
    'one': diagram(1, 1),
    'large': diagram(24, 12, 6, 24),
    'nasty': lambda ax: nets.diagram(ax, [nasty(3, 2)], [nasty(2)]),
    'zero': lambda ax: nets.diagram(ax, [np.zeros((2, 2))], [np.zeros(2)]),
    'no links': diagram(2, 0),
  },
  units.hinton: {
    'realistic': lambda ax: units.hinton(
      ax, draws(2, 3), row_labels=['L', 'R'], column_labels=['1', '2', '3']
    ),
    'one': lambda ax: units.hinton(ax, [[1.0]]),
    'empty': lambda ax: units.hinton(ax, np.zeros((0, 3))),
    'nan': lambda ax: units.hinton(ax, ALL_NAN[1]),
    'nasty': lambda ax: units.hinton(ax, nasty(3, 4)),
    'zero': lambda ax: units.hinton(ax, np.zeros((2, 2))),
  },
  units.sorted_inputs: {
    'realistic': sorted_inputs(9 * draws(64), vectors=draws(64, 6) > 0),
    'one': sorted_inputs([1.0], vectors=[[1, 0]]),
    'empty': sorted_inputs([]),
    'nan': sorted_inputs(ALL_NAN[0]),
    'nasty': sorted_inputs(nasty(8)),
  },
  verdicts.bars: {
    'realistic': verdict_bars(
      (4, 3, 2, 1, 0), (6, 5, 2, 1, 0), (0, 1, 0, 0, 0), (1, 1, 1, 1, 1),
      (9, 0, 2, 0, 0), (0, 0, 0, 10, 2),
    ),
    'one': verdict_bars((0, 0, 1, 0, 0)),
    'empty': verdict_bars(),
    'none': verdict_bars((0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
    'nasty': verdict_bars((10**6, 1, 1, 1, 1), (1, 10**4, 0, 0, 0)),
  },
}  # fmt: skip
CASES |= ALIGNMENTS | CREDIT | LOOP | TALLIES | TREES | WEATHER
WALK = [
  pytest.param(draw, id=f'{function.__name__}: {name}')
  for function, cases in CASES.items()
  for name, draw in cases.items()
]


def drawn(draw, **choices):
  """Draws, renders and returns the axes."""
  fig, ax = style.figure(**choices)
  draw(ax)
  fig.canvas.draw()
  return ax


def words(ax):
  return [t.get_text() for t in ax.figure.findobj(Text) if t.get_text()]


def boxes(ax, texts):
  return [
    t.get_window_extent() for t in ax.findobj(Text) if t.get_text() in texts
  ]


def apart(boxes):
  return not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_every_figure_is_in_the_walk():
  public = set()
  for module in pkgutil.iter_modules(figures.__path__):
    if module.name not in HELPERS:
      module = importlib.import_module(f'jaxrep.figures.{module.name}')
      for name, function in inspect.getmembers(module, inspect.isfunction):
        if name[0] != '_' and function.__module__ == module.__name__:
          public.add(function)
  assert public == set(CASES)
  for cases in CASES.values():
    assert {'realistic', 'one', 'nasty'} <= set(cases)


@pytest.mark.parametrize('draw', WALK)
def test_it_draws_without_a_warning(draw):
  drawn(draw)


@pytest.mark.slow
@pytest.mark.parametrize('function', CASES)
def test_the_bytes_repeat(function):
  first, second = (style.figure() for _ in range(2))
  for _, ax in (first, second):
    CASES[function]['realistic'](ax)
  assert style.png(first[0]) == style.png(second[0])


def test_the_bytes_do_not_hang_on_the_process():
  code = """
import hashlib
from jaxrep.figures import ends, style
names = dict(enumerate(style.OUTCOMES))
fig, ax = style.figure()
ends.final_errors(ax, range(8), range(8), names, named_states={4.0: 'four'})
print(hashlib.sha256(style.png(fig)).hexdigest())
"""
  printed = {
    subprocess.run(
      [sys.executable, '-c', code],
      check=True,
      capture_output=True,
      env=os.environ | {'PYTHONHASHSEED': seed},
    ).stdout
    for seed in '123'
  }
  assert len(printed) == 1


@pytest.mark.parametrize('function', CASES)
def test_it_draws_on_axes_that_are_not_ours(function):
  ax = Figure().add_subplot()
  CASES[function]['realistic'](ax)
  ax.figure.canvas.draw()


def test_a_file_has_no_date_and_no_software(tmp_path):
  fig, _ = style.figure()
  style.save(fig, tmp_path / 'a.png')
  data = (tmp_path / 'a.png').read_bytes()
  assert data.startswith(b'\x89PNG')
  assert b'Software' not in data and b'tEXt' not in data


def test_figures_import_no_jax():
  modules = [
    f'jaxrep.figures.{m.name}' for m in pkgutil.iter_modules(figures.__path__)
  ]
  code = f'import sys, {", ".join(modules)}; '
  code += (
    'sys.exit(any(m in sys.modules for m in ("jax", "matplotlib.pyplot")))'
  )
  subprocess.run([sys.executable, '-c', code], check=True)


def test_outcomes_are_told_apart_without_colour():
  looks = style.OUTCOMES.values()
  assert len({look.marker for look in looks}) == len(looks)
  assert len({look.dashes for look in looks}) == len(looks)
  linear = [
    [c / 12.92 if c < 0.04 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(k)]
    for k in (look.color for look in looks)
  ]
  light = 116 * np.cbrt(np.array(linear) @ [0.2126, 0.7152, 0.0722]) - 16
  assert np.diff(np.sort(light)).min() > 4  # L*, of 100


def test_every_outcome_that_nets_are_given_has_a_look():
  assert {outcome.label for outcome in Outcome} <= set(style.OUTCOMES)


def test_an_outcome_without_a_look_is_refused():
  with pytest.raises(ValueError, match="found 'stuck'"):
    curves.errors(style.figure()[1], [1], [[1.0]], [0], {0: 'stuck'})


def test_errors_count_all_nets_and_draw_the_first():
  ax = drawn(errors(80, most=20))
  lines = [c for c in ax.collections if isinstance(c, LineCollection)]
  assert sum(len(c.get_segments()) for c in lines) == 20
  assert {'80 nets', 'solved: 10', 'saddle: 10'} <= set(words(ax))
  assert 'drawn: the first 20 of 80 nets; counted: all' in words(ax)


def test_errors_show_sweep_0_on_a_log_axis():
  ax = drawn(errors(8))
  assert (ax.get_xscale(), ax.get_xlim()[0]) == ('symlog', 0)
  assert {'0', '1,000', 'sweeps', 'error'} <= set(words(ax))
  later = drawn(lambda ax: curves.errors(ax, [5, 9], [[2, 1]], [0], NAMES))
  assert later.get_xscale() == 'log'


def test_an_error_of_zero_lies_on_the_bottom_edge():
  ax = drawn(lambda ax: curves.errors(ax, [1, 2, 3], [[4, 1, 0]], [0], NAMES))
  (curve,) = ax.collections[0].get_segments()
  assert curve[-1, 1] == ax.get_ylim()[0] > 0


def test_a_curve_ends_where_it_is_last_finite():
  errors = [[4, 3, INF, NAN]]
  ax = drawn(lambda ax: curves.errors(ax, [1, 2, 3, 4], errors, [7], NAMES))
  np.testing.assert_array_equal(ax.collections[1].get_offsets(), [[2, 3]])


def test_labels_of_neighbouring_marks_do_not_overlap():
  marks = {f'source {k}: 1,4{k}5': 1405 + 10 * k for k in range(5)}
  marks |= {'the book: 19,000': 19000, 'the budget: 20,000': 20000}
  ax = drawn(survival(50, marks=marks), size=(6, 5))
  assert len(boxes(ax, marks)) == 7 and apart(boxes(ax, marks))


def test_survival_starts_with_all_nets():
  ax = drawn(survival(50, 20))
  for line in ax.get_lines():
    assert line.get_ydata()[0] == 1 and line.get_xdata()[0] == ax.get_xlim()[0]
  assert {'n = 50', 'n = 20', 'sweeps', '100 %'} <= set(words(ax))


def test_final_errors_count_nets_at_named_states():
  errors, outcomes = [4.0, 4.01, 1.0, NAN, 0.0, 4.0], [2, 2, 3, 7, 0, 0]
  ax = drawn(lambda ax: ends.final_errors(
    ax, errors, outcomes, NAMES, named_states={4.0: 'always says no'}
  ))  # fmt: skip
  text = '\n'.join(words(ax))
  assert 'always says no: 2' in text
  assert (
    'not drawn: 2 solved nets, 1 without a finite error, or far beyond' in text
  )
  assert sum(len(c.get_offsets()) for c in ax.collections) == 3


def test_one_absurd_final_error_does_not_hide_the_others():
  errors = [4.0] * 30 + [0.25] * 2 + [1e30]
  ax = drawn(lambda ax: ends.final_errors(ax, errors, [2] * 33, NAMES))
  assert ax.get_xlim()[1] < 5
  assert 'not drawn: 1 without a finite error, or far beyond' in words(ax)
  assert f'{NAMES[2]}\n33' in words(ax)


@pytest.mark.parametrize(
  ('case', 'said'),
  [('solved', 'all 1 nets solved'), ('empty', 'no nets'),
   ('nan', 'no unsolved net has a finite error')],
)  # fmt: skip
def test_final_errors_say_why_there_is_nothing_to_see(case, said):
  assert said in words(drawn(CASES[ends.final_errors][case]))


def test_ratios_count_what_they_cannot_show():
  ratios = np.array([[2, 4]] * 60 + [[2, INF], [NAN, 4], [1e6, 1e6]])
  ax = drawn(lambda ax: ends.ratios(ax, ratios, targets={'1:2:4': (2, 4)}))
  assert {'60 nets, 3 outside', '1:2:4'} <= set(words(ax))


def test_rates_stand_at_their_settings_within_the_cells():
  ax = drawn(rates(0.8, 3))
  assert {'0.01', '0.1', '1', '80 %', 'ε', '2 hidden'} <= set(words(ax))
  first, second = (c.lines[0].get_xdata() for c in ax.containers)
  assert np.all(first < [0.01, 0.1, 1]) and np.all(second > [0.01, 0.1, 1])
  assert np.all(second / first < 2)


@pytest.mark.parametrize('x', [[2, 1], [1, 1], [0, 1], [1, NAN]])
def test_settings_that_do_not_rise_are_refused(x):
  with pytest.raises(ValueError, match='x: expected rising values above 0'):
    settings.rates(style.figure()[1], x, x, x, x, xlabel='', ylabel='')
  with pytest.raises(ValueError, match='x: expected rising values above 0'):
    ax = style.figure()[1]
    maps.heat(ax, x, [1], [[1, 1]], xlabel='', ylabel='', label='')


def test_map_cells_meet_at_geometric_means():
  ax = drawn(heat(abs(draws(2, 3))))
  corners = ax.collections[0].get_coordinates()
  np.testing.assert_allclose(corners[0, 1:3, 0], [10**-1.5, 10**-0.5])
  np.testing.assert_allclose(corners[[0, 1], 0, 1], [0.001, 0.1])


def test_a_map_explains_undefined_cells_only_where_there_are_any():
  assert 'never' in words(drawn(heat([[1, NAN], [1, 2]])))
  whole = words(drawn(heat([[1, 3], [1, 2]], unit='share')))
  assert 'never' not in whole and {'solved', '100 %'} <= set(whole)


LETTER = np.array([14.2, -3.6, 7.2, -7.2, 3.6, -14.2])


def letter(ax):
  weights = [np.stack([LETTER, -LETTER], axis=1), np.full((2, 1), -8.8)]
  nets.diagram(ax, weights, [[-1.1, -1.1], [6.4]])


def test_the_letters_net_has_a_number_on_every_link():
  ax = drawn(letter, size=(6, 4.6))
  said = words(ax)
  for number in ('14.2', '−14.2', '3.6', '−3.6', '7.2', '−7.2', '−8.8', '−1.1'):
    assert said.count(number) == 2
  assert '6.4' in said and 'widest: 14.2' in said
  assert len(ax.texts) == 14 + 3
  assert apart([text.get_window_extent() for text in ax.texts])


def test_signs_differ_in_dash_as_well_as_in_colour():
  ax = drawn(letter)
  positive, negative = ax.collections[:2]
  assert len(positive.get_segments()) == len(negative.get_segments()) == 6
  assert positive.get_linestyle() != negative.get_linestyle()
  widths = sorted(positive.get_linewidths())
  assert widths[-1] > 3 * widths[0]  # 14.2 and 3.6


def test_a_large_net_has_no_numbers_on_its_links():
  assert len(drawn(diagram(8, 8, 1)).texts) == 9  # biases
  assert len(drawn(diagram(30, 30)).texts) == 0


def test_a_pattern_lights_units_up():
  ax = drawn(diagram(2, 2, 1, activations=[[0, 1], [0.3, 1.0], [0.9]]))
  off, on, middle, *_ = [
    p.get_facecolor() for p in ax.patches if isinstance(p, Circle)
  ]
  np.testing.assert_allclose(off[:3], to_rgb('white'))
  np.testing.assert_allclose(on[:3], to_rgb(nets.LIT))
  assert off[2] > middle[2] > on[2]
  assert 'y = 0.30' in words(ax)


def test_hinton_areas_are_in_proportion():
  ax = drawn(lambda ax: units.hinton(ax, [[4.0, -1.0, 0.0]]))
  white, black = (c.get_paths() for c in ax.collections)
  side = [np.ptp(paths[0].vertices[:, 0]) for paths in (white, black)]
  assert len(white) == len(black) == 1
  np.testing.assert_allclose(side[0] / side[1], 2)
  assert 'largest square: |w| = 4' in words(ax)


def test_patterns_stand_in_the_order_of_their_net_input():
  ax = drawn(sorted_inputs([3.0, -1.0, 2.0, 0.5], ylabel='net input of L'))
  no, yes = ax.get_lines()[1:]
  np.testing.assert_array_equal(no.get_xdata(), [2, 3])
  np.testing.assert_array_equal(yes.get_ydata(), [-1.0, 0.5])
  assert {'no: 2', 'yes: 2', 'net input of L'} <= set(words(ax))


def test_a_bar_says_how_many_claims_have_each_verdict():
  ax = drawn(verdict_bars((4, 3, 0, 2, 0), (0, 1, 1, 0, 0)), size=(7.5, 3.2))
  assert [t.get_text() for t in ax.get_yticklabels()] == [
    'Source 0', 'Source 1',
  ]  # fmt: skip
  spans = [(b.get_x(), b.get_width(), b.get_y()) for b in ax.patches]
  spans = [(x, width, round(y + 0.4)) for x, width, y in spans if width]
  assert sorted(spans, key=lambda s: (s[2], s[0])) == [
    (0, 4, 0), (4, 3, 0), (7, 2, 0), (0, 1, 1), (1, 1, 1),
  ]  # fmt: skip
  said = [t.get_text() for t in ax.texts]
  assert sorted(said) == ['1', '1', '2', '3', '4']
  legend = [t.get_text() for t in ax.get_legend().get_texts()]
  assert legend == ['holds', 'depends', 'fails', 'undecided']

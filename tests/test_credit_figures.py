"""Figures of credit assignment: both ways told apart, and outputs over time."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Annotation, Text

from jaxrep.figures import credit, style

NAN, INF = np.nan, np.inf


def net(*sizes, draw=None):
  """Returns what `both_ways` takes, of a made-up net."""
  draw = draw or np.random.default_rng(0).normal
  pairs = list(zip(sizes[:-1], sizes[1:], strict=True))
  return [
    [draw(size=pair) for pair in pairs],
    [draw(size=above) for above in sizes[1:]],
    [draw(size=n) for n in sizes],
    [draw(size=pair) for pair in pairs],
    [draw(size=above) for above in sizes[1:]],
    [draw(size=above) for above in sizes[1:]],
  ]


def nasty(size):
  values = np.ones(size)
  worst = [NAN, INF, -INF, 0, -1e-9, 1e9]
  values.flat[:6] = worst[: values.size]
  return values


def both_ways(*sizes, draw=None, **choices):
  return lambda ax: credit.both_ways(ax, *net(*sizes, draw=draw), **choices)


def outputs(sweeps, values, targets, **choices):
  labels = [f'case {k + 1}' for k in range(len(targets))]
  return lambda ax: credit.outputs(
    ax, sweeps, values, targets, labels=labels, **choices
  )


SWEEPS = np.unique(np.geomspace(1, 3000, 50).astype(int)) - 1
RISING = 1 / (1 + np.exp(-(SWEEPS[:, None] - 500) / 200 * [-1, 1, 1, -1]))
CASES = {
  credit.both_ways: {
    'realistic': both_ways(
      2, 2, 1, labels=[['x1', 'x2'], ['x3', 'x4'], ['x5']], beside=['y = 1']
    ),
    'one': both_ways(1, 1),
    'deep': both_ways(2, 3, 2, 2, title='Two outputs'),
    'zero': both_ways(2, 2, 1, draw=lambda size: np.zeros(size)),
    'nasty': both_ways(3, 2, 1, draw=nasty),
  },
  credit.outputs: {
    'realistic': outputs(SWEEPS, RISING, [0, 1, 1, 0], title='Solved'),
    'one': outputs([5], [[0.5]], [1]),
    'only the start': outputs([0], [[0.5]], [1]),
    'empty': outputs([], np.zeros((0, 4)), [0, 1, 1, 0]),
    'nasty': outputs([1, 2], [[NAN, INF], [0.5, -INF]], [NAN, 1]),
  },
}  # fmt: skip


def drawn(draw, size=(7, 5)):
  fig, ax = style.figure(size=size)
  draw(ax)
  fig.canvas.draw()
  return ax


def texts(ax):
  return [t for t in ax.findobj(Text) if t.get_text() and t.get_visible()]


def by_style(ax, form):
  return {t.get_text() for t in ax.texts if t.get_style() == form}


def lesson(ax):
  """2-2-1, with a different number in every place."""
  credit.both_ways(
    ax,
    [[[1.01, 1.02], [1.03, -1.04]], [[2.01], [-4.02]]],
    [[-1.05, 1.06], [1.07]],
    [[0, 1], [0.512, 0.731], [0.284]],
    [[[-0.11, 0.12], [0.13, 0.14]], [[-0.15], [-0.16]]],
    [[-0.17, 0.18], [2e-7]],
    [[-0.582, 1.16], [-1.43]],
    labels=[['x1', 'x2'], ['x3', 'x4'], ['x5']],
    beside=['y = 1'],
  )


def test_upright_goes_forward_and_italic_comes_back():
  ax = drawn(lesson)
  forward = {'0', '1', '0.512', '0.731', '0.284'}
  forward |= {'1.01', '1.02', '1.03', '−1.04', '2.01', '−4.02'}
  forward |= {'−1.05', '1.06', '1.07'}
  names = {'x1', 'x2', 'x3', 'x4', 'x5', 'y = 1'}
  assert by_style(ax, 'normal') - {''} == forward | names
  backward = {'−0.110', '0.120', '0.130', '0.140', '−0.150', '−0.160'}
  backward |= {'−0.170', '0.180', '2e−7'}
  backward |= {'∂E/∂a −0.582', '∂E/∂a 1.16', '∂E/∂a −1.43'}
  assert by_style(ax, 'italic') == backward
  said = {t.get_text() for t in ax.get_legend().get_texts()}
  assert any('∂E/∂a' in text for text in said)


def test_the_two_ways_differ_in_light_as_well():
  light = [
    np.dot(to_rgb(look['color']), [0.2126, 0.7152, 0.0722])
    for look in (credit.FORWARD, credit.BACKWARD)
  ]
  assert light[1] - light[0] > 0.2


@pytest.mark.parametrize('size', [(7, 5), (4.5, 3.2)])
def test_no_word_covers_another(size):
  ax = drawn(lesson, size)
  boxes = [t.get_window_extent().padded(-1) for t in texts(ax)]
  assert len(boxes) == 14 + 12 + 6 + 2
  for k, box in enumerate(boxes):
    assert not any(box.overlaps(other) for other in boxes[:k])


def test_a_derivative_stands_under_its_weight():
  ax = drawn(lesson)
  at = {t.get_text(): np.array(t.get_position()) for t in ax.texts}
  for weight, slope in (
    ('1.02', '0.120'),
    ('−4.02', '−0.160'),
    ('1.07', '2e−7'),
  ):
    (x, y), (x_under, y_under) = at[weight], at[slope]
    assert x == x_under and 0 < y - y_under < 0.2


def test_every_link_goes_both_ways():
  ax = drawn(lesson)
  arrows = [t for t in ax.texts if isinstance(t, Annotation) and t.arrow_patch]
  assert len(arrows) == 2 * (4 + 2 + 3)
  forward, back = arrows[0::2], arrows[1::2]
  for there, again in zip(forward, back, strict=True):
    ways = [np.subtract(arrow.xy, arrow.xyann) for arrow in (there, again)]
    np.testing.assert_allclose(ways[0], -ways[1])
    x, y = ways[0]
    assert x > 0.1 or (abs(x) < 1e-9 and y > 0)  # to the right, or up
  widths = [arrow.arrow_patch.get_linewidth() for arrow in forward]
  assert max(widths) > 2 * min(widths)  # −4.02 and 1.01


def test_a_shape_that_does_not_fit_is_refused():
  made = net(2, 2, 1)
  made[5] = made[5][:1]
  with pytest.raises(ValueError, match='shorter'):
    credit.both_ways(style.figure()[1], *made)


def test_outputs_are_told_apart_and_have_their_targets():
  ax = drawn(CASES[credit.outputs]['realistic'])
  curves = [
    line for line in ax.get_lines() if len(line.get_xdata()) == len(SWEEPS)
  ]
  for k, line in enumerate(curves):
    np.testing.assert_array_equal(line.get_ydata(), RISING[:, k])
  assert len({line.get_marker() for line in curves}) == 4
  marks = {
    line.get_marker(): line.get_ydata()[0]
    for line in ax.get_lines()
    if len(line.get_xdata()) == 1
  }
  assert [marks[line.get_marker()] for line in curves] == [0, 1, 1, 0]


def test_outputs_show_sweep_0_on_a_log_axis():
  ax = drawn(CASES[credit.outputs]['realistic'])
  assert (ax.get_xscale(), ax.get_xlim()[0]) == ('symlog', 0)
  assert {'0', '1,000', 'sweeps', 'output'} <= {t.get_text() for t in texts(ax)}
  later = drawn(outputs([5, 9], [[0.1], [0.2]], [1]))
  assert later.get_xscale() == 'log'


def test_no_outputs_say_so():
  ax = drawn(CASES[credit.outputs]['empty'])
  assert 'no outputs' in {t.get_text() for t in texts(ax)}

"""Bars of shares: sorted, counted, and legible."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from jaxrep.figures import bars, style

NAN = np.nan
LONG = 'NOT x1 AND x2 + x1 AND NOT x2, and what else may be said of it {}'


def drawn(labels, value, low=None, high=None, *, size=(6, 3.8), **choices):
  value = np.asarray(value, float)
  low = value * 0.9 if low is None else low
  high = value * 1.1 if high is None else high
  fig, ax = style.figure(size=size)
  bars.shares(ax, labels, value, low, high, xlabel='share of nets', **choices)
  fig.canvas.draw()
  return ax


def rows(ax):
  """Returns the drawn labels from top to bottom, and the bars' lengths."""
  labels = sorted(
    (t.get_position()[1], t.get_text()) for t in ax.get_yticklabels()
  )
  boxes = sorted(
    (p.get_y(), p.get_width()) for p in ax.patches if isinstance(p, Rectangle)
  )
  assert ax.get_ylim()[0] > ax.get_ylim()[1]  # 0 is on top
  return [text for _, text in labels], [width for _, width in boxes]


def words(ax):
  return [t.get_text() for t in ax.figure.findobj(Text) if t.get_text()]


def apart(texts):
  boxes = [t.get_window_extent() for t in texts if t.get_text()]
  return not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_the_largest_share_is_on_top():
  ax = drawn(['few', 'most', 'some'], [0.1, 0.6, 0.3])
  assert rows(ax) == (['most', 'some', 'few'], [0.6, 0.3, 0.1])
  assert {'0 %', '20 %', 'share of nets'} <= set(words(ax))


def test_equal_shares_keep_their_order():
  labels = [f'row {k}' for k in range(5)]
  assert rows(drawn(labels, [0.2] * 5))[0] == labels


def test_counts_stand_with_their_bars():
  ax = drawn(['few', 'most'], [0.1, 0.6], counts=[1234, 98765])
  assert [t.get_text() for t in ax.texts] == ['n = 98,765', '1,234']
  assert [t.xy[1] for t in ax.texts] == [0, 1]


def test_intervals_stand_where_they_were_found():
  ax = drawn(['a', 'b'], [0.1, 0.6], [0.05, NAN], [0.3, 0.7])
  (whisker,) = ax.containers[-1].lines[2]
  (segment,) = whisker.get_segments()
  np.testing.assert_allclose(segment, [[0.05, 1], [0.3, 1]])


def test_no_more_rows_are_drawn_than_asked_for_and_the_rest_is_counted():
  value = np.arange(1, 41) / 1000
  ax = drawn([f'{k}' for k in range(40)], value)
  labels, lengths = rows(ax)
  assert labels == [f'{k}' for k in range(39, 23, -1)] and len(lengths) == 16
  assert 'not drawn: 24 more, none above 2.4 %' in words(ax)
  assert len(rows(drawn([f'{k}' for k in range(40)], value, most=3))[0]) == 3


def test_an_undefined_share_is_counted_and_not_drawn():
  ax = drawn(['a', 'b', 'c'], [NAN, 0.5, np.inf])
  assert rows(ax) == (['b'], [0.5])
  assert 'not drawn: 2 undefined' in words(ax)


@pytest.mark.parametrize('size', [(6, 3.8), (4, 3), (9, 6)])
@pytest.mark.parametrize('count', [1, 4, 16])
def test_long_labels_fit(size, count):
  labels = [LONG.format(k) for k in range(count)]
  value = np.linspace(1, 0.01, count)
  ax = drawn(labels, value, counts=np.full(count, 10**5), size=size)
  page = ax.figure.bbox
  texts = [*ax.get_yticklabels(), *ax.texts, ax.xaxis.label]
  assert len(texts) == 2 * count + 1
  assert apart(texts) and apart(ax.get_xticklabels())
  for text in texts:
    box = text.get_window_extent()
    assert page.x0 <= box.x0 and box.x1 <= page.x1
    assert page.y0 <= box.y0 and box.y1 <= page.y1
  assert ax.get_window_extent().width > page.width / 4


@pytest.mark.parametrize(
  'value', [[], [NAN], [0.0], [1.0], [0.0, 0.0], [NAN, np.inf, -1, 0, 2]]
)
def test_anything_is_drawn_without_a_warning(value):
  value = np.array(value)
  labels = [f'{k}' for k in range(len(value))]
  ax = drawn(labels, value, counts=np.arange(len(value)), title='A title')
  nothing = not np.isfinite(value).any()
  assert ('nothing to show' in words(ax)) == nothing


def test_labels_and_counts_are_one_a_value():
  with pytest.raises(ValueError, match='labels: expected 2, found 1'):
    drawn(['a'], [0.1, 0.2])
  with pytest.raises(ValueError, match='counts: expected 2, found 3'):
    drawn(['a', 'b'], [0.1, 0.2], counts=[1, 2, 3])

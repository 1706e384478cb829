"""Each net has its mark, its words and its weights; a click draws it."""

import json
import re

import browser
import numpy as np
import pytest

from jaxrep import clicks, gallery
from jaxrep.figures import style

NASTY = '</script><!-- "net" & \'it\''
WORDS = {
  'title': 'Most learn', 'caption': 'A mark is a net.', 'alt': 'Marks.',
  'xlabel': 'sweeps', 'ylabel': 'error',
}  # fmt: skip


def layers(seed, sizes=(6, 2, 1)):
  rng = np.random.default_rng(seed)
  return [
    (rng.normal(0, 5, (i, o)), rng.normal(0, 5, o))
    for i, o in zip(sizes, sizes[1:], strict=False)
  ]


def nets(count, kinds=('solved',), **place):
  rng = np.random.default_rng(0)
  return [
    gallery.Shown(
      place.get('x', rng.uniform(100, 20_000)),
      place.get('y', rng.uniform(0.001, 4)),
      kinds[k % len(kinds)],
      f'seed {k}: {kinds[k % len(kinds)]}',
      layers(k),
    )
    for k in range(count)
  ]


class Reader(browser.Reader):
  """A gallery's marks and numbers, too."""

  def marks(self):
    return [attrs for attrs in self.of('path') if 'data-net' in attrs]

  def data(self):
    return json.loads(self.said('script')[0])


def read(shown, **changes):
  return Reader(gallery.html('a b', shown, **WORDS | changes))


def test_every_net_has_a_mark_and_its_words():
  shown = nets(30, ('solved', 'saturated', 'still descending'))
  reader = read(shown, log_x=True, log_y=True)
  assert sorted(int(m['data-net']) for m in reader.marks()) == list(range(30))
  assert sorted(reader.said('title')) == sorted(net.words for net in shown)


def test_the_json_holds_each_mark_s_weights_to_three_digits():
  shown = nets(20)
  reader = read(shown)
  data = reader.data()
  words = reader.said('title')  # one kind, so in the order of the marks
  assert data['rows'] == [6, 2] and [*map(len, data['units'])] == [6, 2, 1]
  for mark, said in zip(reader.marks(), words, strict=True):
    net = shown[int(re.search(r'\d+', said).group())]
    (w, b), (v, c) = net.layers
    numbers = data['nets'][int(mark['data-net'])]
    flat = [*w.reshape(-1), *b, *v.reshape(-1), *c]
    # Three digits: half a unit of the third, of a number that begins with 1.
    np.testing.assert_allclose(numbers, flat, rtol=0.005 * (1 + 1e-9))
  assert data['first'] == int(
    reader.marks()[words.index('seed 0: solved')]['data-net']
  )


def test_marks_are_numbered_from_left_to_right_where_they_stand():
  reader = read(nets(50, ('solved', 'saddle')))
  at = np.array(reader.data()['at'])
  assert (np.diff(at[:, 0]) >= 0).all()
  for mark in reader.marks():
    start = re.match(r'M(\S+) ([\d.]+)', mark['d']).groups()
    away = np.array(start, float) - at[int(mark['data-net'])]
    assert abs(away).max() <= 5.1  # a path starts on the rim of its mark


def test_every_outcome_has_a_shape_and_a_colour_of_its_own():
  kinds = list(style.OUTCOMES)
  reader = read(nets(len(kinds), kinds))
  shapes = {re.sub(r'^M\S+ [\d.]+', '', m['d']) for m in reader.marks()}
  groups = [a['fill'] for a in reader.of('g') if a.get('class') == 'marks']
  assert len(shapes) == len(kinds)
  assert sorted(groups) == sorted(
    look.color for look in style.OUTCOMES.values()
  )
  for kind in kinds:
    assert f'{kind}: 1' in reader.said('text')


def test_the_legend_stays_inside_and_rare_outcomes_lie_in_front():
  kinds = list(style.OUTCOMES)
  shown = nets(40, kinds[1:]) + nets(1, kinds[:1])
  reader = read(shown)
  fills = [a['fill'] for a in reader.of('g') if a.get('class') == 'marks']
  assert fills[-1] == style.OUTCOMES[kinds[0]].color
  width = float(reader.of('svg')[0]['viewbox'].split()[2])
  for place in reader.of('text'):
    assert 0 <= float(place.get('x', 0)) < width


def test_words_are_escaped_wherever_they_stand():
  shown = [net._replace(words=NASTY) for net in nets(2)]
  units = [[NASTY] * 6, [NASTY] * 2, [NASTY]]
  text = gallery.html(NASTY, shown, **dict.fromkeys(WORDS, NASTY), units=units)
  reader = Reader(text)
  assert NASTY not in text and text.count('<script') == 1
  assert reader.said('title') == [NASTY] * 2
  assert reader.said('h2') == [NASTY]
  assert reader.of('svg')[0]['aria-label'] == NASTY
  assert reader.data()['units'] == units
  assert re.fullmatch(r'figure-[\w-]+', reader.of('figure')[0]['id'])


def test_a_figure_needs_nothing_from_outside_and_reads_without_a_script():
  text = gallery.html('a', nets(3), **WORDS)
  whole = text + clicks.STYLE + clicks.SCRIPT
  assert not re.search(r'url\(|@import|https?:|innerHTML|eval\(', whole)
  assert 'PLUS' not in clicks.STYLE and 'MINUS' not in clicks.STYLE
  reader = Reader(text)
  assert not {'src', 'href'} & {a for _, attrs, _ in reader.tags for a in attrs}
  assert reader.of('svg')[0]['role'] == 'img'
  assert all(
    'hidden' in a for a in reader.of('div') if a.get('class') == 'chosen'
  )
  assert 'experiments.show' in reader.said('code')[0]


def test_three_hundred_nets_of_six_inputs_take_less_than_120_kb():
  shown = [
    net._replace(words=f'seed {k} (row {k}): still descending, E = 0.00264')
    for k, net in enumerate(nets(300, ('still descending',)))
  ]
  assert len(gallery.html('a', shown, **WORDS).encode()) < 120_000


def test_marks_of_one_spot_are_moved_apart_but_not_far():
  reader = read(nets(60, x=5.0, y=4.0))
  at = np.array(reader.data()['at'])
  gaps = np.linalg.norm(at[:, None] - at, axis=-1) + 99 * np.eye(60)
  # 61 points of the grid are within reach. Places are rounded to 0.1.
  assert gaps.min() >= gallery.APART - 0.2
  assert np.linalg.norm(at - at.mean(axis=0), axis=1).max() < gallery.ASIDE + 2
  assert any('moved apart' in words for words in reader.said('figcaption'))


def test_marks_that_hide_nothing_stand_at_their_values():
  # Three decades from first to last: the middle one at a third of the way.
  shown = [
    net._replace(x=x, y=y)
    for net, x, y in zip(
      nets(3), (10.0, 100.0, 10_000.0), (0.0, 5.0, 10.0), strict=True
    )
  ]
  reader = read(shown, log_x=True)
  at = np.array(reader.data()['at'])
  share = (at - at[0]) / (at[2] - at[0])
  # 0.1 of some 270 units.
  np.testing.assert_allclose(share, [[0, 0], [1 / 3, 1 / 2], [1, 1]], atol=1e-3)
  assert not any('moved apart' in words for words in reader.said('figcaption'))
  for tick in ('10', '100', '1,000', '10,000', '0', '2', '4'):
    assert tick in reader.said('text')


@pytest.mark.parametrize(
  ('values', 'log', 'ticks'),
  [
    ((2e-9, 0.5), True, ['10⁻⁸', '10⁻⁶', '10⁻⁴', '10⁻²']),
    ((0.03, 0.04), True, ['0.01', '0.1']),
    ((0.02, 3), True, ['0.1', '1']),
    # Less than a decade, on both sides of a power.
    ((300, 1500), True, ['100', '1,000', '10,000']),
    ((-1.1, 1), False, ['−1.0', '−0.5', '0.0', '0.5', '1.0']),
    ((0, 20_000), False, ['0', '5,000', '10,000', '15,000', '20,000']),
    ((4, 4), False, ['4']),
    ((np.nan, np.inf), True, ['1', '10']),
  ],
)
def test_ticks_are_round_and_written_as_people_write_them(values, log, ticks):
  shown = [
    net._replace(x=value) for net, value in zip(nets(2), values, strict=True)
  ]
  reader = read(shown, log_x=log, ylabel='error', log_y=True)
  said = reader.said('text')
  start = len(said) - 2 - len(ticks)  # then both axes' names
  assert said[start:-2] == ticks
  at = np.array(reader.data()['at'])[:, 0]
  assert (at > 30).all() and (at < gallery.WIDTH - 10).all()


@pytest.mark.parametrize(
  ('value', 'end'), [(np.nan, 1), (np.inf, 1), (0.0, 0), (-2.0, 0)]
)
def test_what_an_axis_cannot_show_stands_at_its_end(value, end):
  shown = nets(5)
  shown[0] = shown[0]._replace(y=value)
  reader = read(shown, log_y=True)
  data = reader.data()
  y = np.array(data['at'])[:, 1]
  rank = np.argsort(-y).tolist().index(data['first'])
  assert rank == (4 if end else 0)  # the page counts y from above
  side = ('lower', 'upper')[end]
  assert any(f'At the {side} end' in w for w in reader.said('figcaption'))


def test_weights_that_are_no_numbers_leave_valid_json():
  shown = nets(1)
  shown[0].layers[0][0][:] = np.nan
  assert read(shown).data()['nets'][0][:12] == [None] * 12


def test_direct_links_have_rows_of_their_own():
  (w, b), (v, c) = layers(0)
  shown = [nets(1)[0]._replace(layers=[(w, b), (np.vstack([v, v, v, v]), c)])]
  data = read(shown).data()
  assert data['rows'] == [6, 8]
  assert data['units'][1] == ['h1', 'h2']


@pytest.mark.parametrize(
  ('shown', 'changes', 'words'),
  [
    ([], {}, 'expected nets, found none'),
    (nets(1), {'alt': ' '}, 'expected a alt'),
    (nets(1, ('gone',)), {}, "found 'gone'"),
    (nets(1), {'units': [['a']]}, r'layers of \[6, 2, 1\]'),
    (
      [*nets(1), nets(1)[0]._replace(layers=layers(0, (3, 1)))],
      {},
      'one shape',
    ),
  ],
)
def test_what_cannot_be_shown_is_named(shown, changes, words):
  with pytest.raises(ValueError, match=words):
    read(shown, **changes)


def test_chosen_nets_are_all_of_the_rare_and_some_of_the_frequent():
  outcome = np.array(['solved'] * 942 + ['saturated'] * 2 + ['saddle'] * 56)
  rows = gallery.choose(outcome[::-1], 300)
  assert len(rows) == 300 and (np.diff(rows) > 0).all()
  assert rows[:58].tolist() == list(range(58))
  # 242 of 942: a step of 3.9 rows.
  assert set(np.diff(rows[58:])) == {3, 4}
  assert np.array_equal(rows, gallery.choose(outcome[::-1], 300))


@pytest.mark.parametrize(
  ('counts', 'limit', 'kept'),
  [
    ((5,), 9, (5,)), ((5, 5), 4, (2, 2)), ((9, 1, 9), 8, (3, 1, 4)),
    ((1, 1, 1), 3, (1, 1, 1)), ((), 3, ()),
  ],
)  # fmt: skip
def test_outcomes_share_the_places(counts, limit, kept):
  outcome = np.repeat(np.arange(len(counts)), counts)
  found = outcome[gallery.choose(outcome, limit)]
  assert tuple(np.bincount(found, minlength=len(counts))) == kept


def test_more_outcomes_than_places_are_refused():
  with pytest.raises(ValueError, match='at least 3'):
    gallery.choose(['a', 'b', 'c'], 2)


PROBE = """
const said = [], figure = document.getElementById('figure-a');
const say = () => said.push([figure.querySelector('.words').textContent,
  figure.querySelector('.chosen span').textContent,
  figure.querySelectorAll('.net .link').length,
  figure.querySelector('tbody td').textContent,
  figure.querySelectorAll('[aria-pressed]').length]);
const press = key => document.activeElement.dispatchEvent(
  new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
say();
const mark = figure.querySelector('[data-net="2"]');
const box = mark.getBoundingClientRect();
mark.dispatchEvent(new MouseEvent('click', {bubbles: true,
  clientX: box.left + box.width / 2, clientY: box.top + box.height / 2}));
say();
press('ArrowLeft'), say();
press('End'), say();
press('ArrowRight'), say();
figure.querySelector('[data-net="3"]').focus(), press('Enter'), say();
figure.querySelectorAll('button')[1].click(), say();
figure.querySelectorAll('button')[0].click(), say();
return said;
"""


@browser.NEEDED
def test_a_click_a_key_or_a_button_draws_its_net(tmp_path):
  shown = [
    net._replace(x=100.0 * (7 * k % 5), words=f'{k} {NASTY}')
    for k, net in enumerate(nets(5))  # from the left: 0, 3, 1, 4, 2
  ]
  shown[1].layers[0][0][0, 0] = 0.0  # no link
  shown[1].layers[0][1][0] = -12.345
  figures = [gallery.html(name, shown, **WORDS) for name in 'ab']
  page = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>t'
    f'</title><style>{clicks.STYLE}</style></head><body>{"".join(figures)}'
    f'<script>{clicks.SCRIPT}</script></body></html>'
  )
  probed = browser.probe(page, PROBE, tmp_path)
  said = probed['found']
  assert probed['errors'] == []
  order = [0, 3, 1, 4, 2]
  steps = [0, 2, 1, 4, 0, 3, 4, 3]  # counted from the left
  assert [words for words, *_ in said] == [f'{order[s]} {NASTY}' for s in steps]
  assert [place for _, place, *_ in said] == [f'{s + 1} of 5' for s in steps]
  # 14 links and two of the key; net 1 lacks one.
  assert [links for _, _, links, *_ in said] == [
    15 if s == 2 else 16 for s in steps
  ]
  assert said[1][3] == '−12.3'
  assert all(pressed == 1 for *_, pressed in said)

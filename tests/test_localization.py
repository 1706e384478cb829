"""The protocol of knowledge localization: by hand, and by NumPy, end to end."""

import functools
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import localization, nets, seeds
from jaxrep.tasks import mnist

SIDE, LEVELS = 8, 17
BLOCKS = seeds.Blocks(16, tuple(jax.local_devices()[:1]))
CHOICES = {
  'phase1': 130, 'tally_from': 0.5, 'tally_to': 1.0, 'keep_second': 1.0,
  'share': 0.1,
}  # fmt: skip
RECIPE = localization.Recipe(
  (6,), 'softplus', 'softplus', 'squared', permutations=49, keep='weights'
)
PAIRS = '17', '68'


def data_of(labels, test_labels=range(10), images=None, seed=0):
  """Returns made-up images of these digits: blurs of a pattern a digit."""
  rng = np.random.default_rng(seed)
  patterns = np.random.default_rng(7).integers(0, 9, (10, SIDE**2))

  def drawn(labels):
    labels = np.array(labels, np.uint8)
    noise = rng.integers(0, LEVELS - 8, (len(labels), SIDE**2))
    return mnist.Digits((patterns[labels] + noise).astype(np.uint8), labels)

  train = drawn(labels)
  if images is not None:
    train = train._replace(images=np.array(images, np.uint8))
  return mnist.Data('made up', train, drawn(test_labels), LEVELS, SIDE)


def lesson_of(labels, **choices):
  return localization.lesson(data_of(labels), PAIRS, **(CHOICES | choices))


#         0  1  2  3  4  5  6  7  8  9 10 11 12 13 14
LABELS = [1, 6, 3, 7, 8, 8, 1, 6, 7, 0, 1, 6, 8, 1, 5]
lesson_by_hand = functools.partial(lesson_of, LABELS, phase1=8)


class TestLesson:
  def test_phase_1_are_the_pairs_in_their_order(self):
    lesson = lesson_by_hand()
    assert lesson.count == 7
    assert lesson.first[:7].tolist() == [0, 1, 3, 4, 5, 6, 7]

  def test_a_fork_learns_one_digit_against_the_other_pair(self):
    """1 against 6 and 8 has no 7; and so on."""
    lesson = lesson_by_hand()
    assert lesson.counts.tolist() == [4, 3, 4, 4]
    rows = zip(lesson.forks, lesson.counts, strict=True)
    assert [fork[:count].tolist() for fork, count in rows] == [
      [10, 11, 12, 13],  # 1, 6, 8, 1
      [8, 11, 12],  # 7, 6, 8
      [8, 10, 11, 13],  # 7, 1, 6, 1
      [8, 10, 12, 13],  # 7, 1, 8, 1
    ]

  def test_targets_are_the_pair_one_hot_and_none_of_other_digits(self):
    rows = lesson_by_hand().targets.tolist()
    a, b, none = [1, 0], [0, 1], [0, 0]
    assert rows == [
      a, b, none, a, b, b, a, b, a, none, a, b, b, a, none
    ]  # fmt: skip

  @pytest.mark.parametrize(
    ('begin', 'end', 'places'),
    [
      (0.5, 1, [4, 5, 6]),  # 3.5 is 4, as Python rounds
      (0, 0.5, [0, 1, 2, 3]),
      (0, 1, [0, 1, 2, 3, 4, 5, 6]),
      (0.25, 0.45, [2]),  # 1.75 and 3.15
    ],
  )
  def test_tallied_are_the_places_of_a_window(self, begin, end, places):
    lesson = lesson_by_hand(tally_from=begin, tally_to=end)
    assert set(np.unique(lesson.tallied)) <= {0, 1}
    assert np.flatnonzero(lesson.tallied).tolist() == places

  def test_two_halves_of_the_window_make_the_whole(self):
    first, second = (
      lesson_by_hand(tally_from=begin, tally_to=begin + 0.5)
      for begin in (0, 0.5)
    )
    whole = lesson_by_hand(tally_from=0)
    np.testing.assert_array_equal(first.tallied + second.tallied, whole.tallied)

  @pytest.mark.parametrize(
    ('share', 'rows'),
    [
      (1, [0, 1, 3, 4, 5, 6, 7]),
      (0.5, [0, 3, 4, 6, 7]),  # of 1, 4, 5, 7 every other one
      (0.25, [0, 3, 6, 7]),
      (0, [0, 3, 6]),
    ],
  )
  def test_of_the_second_pair_some_are_kept(self, share, rows):
    lesson = lesson_by_hand(keep_second=share)
    assert lesson.first[: lesson.count].tolist() == rows
    assert lesson.counts.tolist() == [4, 3, 4, 4]  # the forks' are all there

  @pytest.mark.parametrize('share', [0.1, 0.29, 0.3, 0.57, 0.75])
  def test_those_kept_are_evenly_spaced(self, share):
    """Of 100 each prefix of n holds n · share, less than 1 fewer."""
    lesson = lesson_of([6] * 100 + [1, 7, 6, 8], phase1=100, keep_second=share)
    kept = np.isin(np.arange(100), lesson.first[: lesson.count])
    assert kept.sum() == round(100 * share)
    held = np.cumsum(kept) - share * np.arange(1, 101)
    assert np.all((held > -1) & (held <= 1e-9))

  def test_lessons_of_one_data_set_have_one_shape(self):
    def shapes(lesson):
      return [(np.shape(a), np.asarray(a).dtype) for a in lesson]

    lessons = [
      lesson_by_hand(), lesson_by_hand(phase1=12, keep_second=0.5),
      localization.lesson(
        data_of(LABELS), ('68', '05'), **CHOICES | {'phase1': 5}
      ),
    ]  # fmt: skip
    assert shapes(lessons[0]) == shapes(lessons[1]) == shapes(lessons[2])

  def test_the_pairs_the_other_way_round_turn_the_forks(self):
    lesson = lesson_by_hand()
    turned = localization.lesson(
      data_of(LABELS), PAIRS[::-1], **CHOICES | {'phase1': 8}
    )
    order = [2, 3, 0, 1]
    np.testing.assert_array_equal(turned.forks, lesson.forks[order])
    np.testing.assert_array_equal(turned.asked, lesson.asked[order])
    np.testing.assert_array_equal(turned.targets, lesson.targets[:, ::-1])
    np.testing.assert_array_equal(turned.first, lesson.first)

  def test_pixels_are_blank_by_the_images_used(self):
    """One pixel each: what varies, where, and what that makes it.

    Images 4 to 7 are tallied but for 2; forks have those from 8 on.
    """
    images = np.zeros((15, SIDE**2))
    images[:, 1] = 5  # one level, though not 0
    images[[2, 9, 14], 2] = 9  # 3, 0, 5: not used
    images[0, 3] = 9  # before the window
    images[5, 4] = 9  # in the window, not in forks
    images[10, 5] = 9  # in forks alone
    images[[5, 10], 6] = 9
    images[8:, 7] = 9  # one level in each, but not the same
    data = data_of(LABELS, images=images)
    lesson = localization.lesson(data, PAIRS, **CHOICES | {'phase1': 8})
    assert np.flatnonzero(lesson.active).tolist() == [3, 4, 5, 6, 7]
    assert np.flatnonzero(lesson.written).tolist() == [6]

  def test_the_centre_is_the_middle_half_and_the_edge_the_frame(self):
    lesson = lesson_by_hand()
    centre, edge = (
      a.reshape(8, 8).astype(int) for a in (lesson.centre, lesson.edge)
    )
    assert centre.sum() == 16 and centre[2:6, 2:6].all()
    assert edge.sum() == 28 and not edge[1:7, 1:7].any()

  def test_of_each_digit_as_many_are_asked(self):
    """Of the ten digits the 4s are fewest, 2."""
    test_labels = [*range(10), 1, 7, 6, 8, 1, 7, *range(10), 0, 1, 2, 9]
    test_labels += [3, 5, 0, 2]
    data = data_of(LABELS, test_labels)
    lesson = localization.lesson(data, PAIRS, **CHOICES | {'phase1': 8})
    places = [[1, 10], [7, 11], [6, 12], [8, 13]]
    np.testing.assert_array_equal(lesson.asked, data.test.images[places])
    np.testing.assert_array_equal(
      lesson.test, data.test.images[np.concatenate(places)]
    )
    assert lesson.answers.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.fixture(scope='module')
def real():
  folder = os.environ.get('JAXREP_DATA')
  if not folder:
    pytest.skip('JAXREP_DATA names no folder with the files of MNIST')
  data = mnist.load(folder, mirrors=())
  return localization.lesson(data, PAIRS, **CHOICES | {'phase1': 12_000})


class TestOnMNIST:
  """Counts that were taken from the files by themselves."""

  def test_as_many_are_met_as_are_in_the_files(self, real):
    assert real.count == 2_630 + 2_335 == 4_965
    assert real.counts.tolist() == [14_825, 14_420, 15_087, 15_101]
    assert real.count + real.counts.sum() == 64_398

  def test_blank_pixels_are_84(self, real):
    assert (~real.active).sum() == 84
    assert np.all(real.written <= real.active)

  def test_the_centre_is_14_by_14_and_the_frame_4_wide(self, real):
    assert real.centre.sum() == 14**2
    assert real.edge.sum() == 28**2 - 20**2

  def test_of_each_digit_892_are_told_and_500_asked(self, real):
    """As many as there are 5s, the fewest."""
    assert real.asked.shape == (4, 500, 784)
    assert real.test.shape == (4 * 892, 784)


# A whole life.

RATE = 0.1
BLANK = 0, 3, 40  # of the toy's pixels: paper, grey, and grey but in a 3


@pytest.fixture(scope='module')
def data():
  """All counts of it are ragged: no multiple of a block."""
  rng = np.random.default_rng(1)
  found = data_of(rng.integers(10, size=260), np.arange(80) % 10, seed=2)
  images, labels = found.train
  images[:, BLANK] = 0, 6, 2
  images[labels == 3, 40] = 9
  return found


@pytest.fixture(scope='module')
def lesson(data):
  found = localization.lesson(data, PAIRS, **CHOICES)
  counts = np.array([found.count, *found.counts])
  assert np.all(counts % localization.SIZE != 0) and counts.min() > 32
  assert np.flatnonzero(~found.active).tolist() == list(BLANK)
  return found


@pytest.fixture(scope='module')
def counted():
  """What is compiled, event by event."""
  events = []
  jax.monitoring.register_event_duration_secs_listener(
    lambda event, *_, **__: events.append(event)
  )
  return lambda: sum(e.endswith('backend_compile_duration') for e in events)


def lives(lesson, rows, rates=(RATE,)):
  nets = seeds.cross(rows, learning_rate=rates)
  return seeds.each(
    localization.one_net(RECIPE), nets.seed, nets.setting, blocks=BLOCKS,
    shared=(lesson,),
  )  # fmt: skip


@pytest.fixture(scope='module')
def found(lesson, counted):
  """Three nets."""
  before = counted()
  arrays = lives(lesson, range(3))
  assert counted() - before == 1
  return arrays


def sigmoid(u):
  return 1 / (1 + np.exp(-u))


def learnt(net, x, d, marks):
  """Returns a net of two softplus layers, tallies and errors, by a loop.

    E = ½ Σ (y - d)²,    δ_y = (y - d) σ(z),    δ_h = (V δ_y) σ(u)

  Args:
    net: four arrays.
    x: `[T, P]`.
    d: `[T, 2]`.
    marks: `[T, G]` bool.
  """
  w, b, v, c = parameters = [a.copy() for a in net]
  tallies = [np.zeros((marks.shape[1], *a.shape)) for a in parameters]
  errors = []
  for t in range(len(x)):
    u = x[t] @ w + b
    h = np.log1p(np.exp(u))
    z = h @ v + c
    miss = np.log1p(np.exp(z)) - d[t]
    errors.append(0.5 * np.sum(miss**2))
    above = miss * sigmoid(z)
    below = (v @ above) * sigmoid(u)
    slopes = np.outer(x[t], below), below, np.outer(h, above), above
    for a, tally, slope in zip(parameters, tallies, slopes, strict=True):
      tally[marks[t]] += np.abs(RATE * slope)
      a -= RATE * slope
  return parameters, tallies, errors


def started(key):
  net = nets.he(key, (SIDE**2, 6, 2), units=[jax.nn.softplus] * 2)
  return [np.float64(a) for layer in net for a in (layer.w, layer.b)]


def curve_of(errors):
  parts = [[] for _ in range(100)]
  for t, e in enumerate(errors):
    parts[100 * t // len(errors)].append(e)
  return np.array([np.mean(part) if part else np.nan for part in parts])


def relative(a, b):
  return [x / (x + y) for x, y in zip(a, b, strict=True)]


def protocol(data, seed):
  """Returns what one net becomes, in float64, from the images on."""
  labels = data.train.labels
  x = (np.float64(data.train.images) + 1) / LEVELS
  d = np.stack([np.isin(labels, [1, 7]), np.isin(labels, [6, 8])], axis=1)
  used = d.any(axis=1)
  first = np.flatnonzero(used[:130])
  window = np.arange(len(first)) >= round(len(first) / 2)
  one, two = d[first].T

  key = jax.random.key(seed)
  share = np.float32(one[window].mean())
  lot_key = jax.random.fold_in(key, localization._LABELS)
  lot = jax.random.bernoulli(lot_key, share, labels.shape)
  lot = np.asarray(lot)[: len(first)] & window
  marks = np.stack(
    [one & window, two & window, lot, ~lot & window, one & ~window,
     two & ~window], axis=1,
  )  # fmt: skip
  net, tallies, errors = learnt(started(key), x[first], d[first], marks)
  key = jax.random.fold_in(key, localization._OTHER)
  other = learnt(started(key), x[first], d[first], marks)[1]

  forks, curves = [], []
  for digit, others in ((1, [6, 8]), (7, [6, 8]), (6, [1, 7]), (8, [1, 7])):
    rows = 130 + np.flatnonzero(np.isin(labels[130:], [digit, *others]))
    fork, _, e = learnt(net, x[rows], d[rows], np.zeros((len(rows), 1), bool))
    forks.append(fork)
    curves.append(curve_of(e))

  def sums(*groups, tallies=tallies):
    return [sum(tally[g] for g in groups) for tally in tallies]

  def apart(i, j):
    return [np.abs(a - b) for a, b in zip(forks[i], forks[j], strict=True)]

  return {
    'forked': net, 'forks': forks, 'curve': curve_of(errors),
    'fork_curves': np.stack(curves),
    'updating': relative(sums(0), sums(1)),
    'difference': relative(apart(0, 1), apart(2, 3)),
    'other_net': relative(sums(0, tallies=other), sums(1, tallies=other)),
    'shuffled': relative(sums(2), sums(3)),
    'rest': relative(sums(4), sums(5)),
    'whole': relative(sums(0, 4), sums(1, 5)),
    'swapped': relative(apart(0, 2), apart(1, 3)),
    'crossed': relative(apart(0, 3), apart(1, 2)),
  }  # fmt: skip


@pytest.fixture(scope='module')
def wanted(data):
  return [protocol(data, seed) for seed in range(2)]


# Float32 rounds by 6e-8, over some hundred changes; a difference of forks is of
# order 0.01, and a ratio of differences so much less exact.
WEIGHTS, RATIOS = {'atol': 3e-6}, {'atol': 1e-3}


def parameters(arrays, name, k):
  return [arrays[f'{name}_{p}'][k] for p in ('w0', 'b0', 'w1', 'b1')]


def pearson(x, y):
  return np.corrcoef(x.ravel(), y.ravel())[0, 1]


@pytest.mark.parametrize('k', range(2))
class TestAWholeLife:
  def test_the_net_and_its_forks_are_those_of_numpy(self, found, wanted, k):
    for a, b in zip(
      parameters(found, 'forked', k), wanted[k]['forked'], strict=True
    ):
      np.testing.assert_allclose(a, b, **WEIGHTS)
    forks = parameters(found, 'forks', k)
    for fork, net in enumerate(wanted[k]['forks']):
      for a, b in zip(forks, net, strict=True):
        np.testing.assert_allclose(a[fork], b, **WEIGHTS)
    assert found['finite'][k]

  def test_the_curves_are_those_of_numpy(self, found, wanted, k):
    for name in ('curve', 'fork_curves'):
      np.testing.assert_allclose(found[name][k], wanted[k][name], atol=1e-5)

  @pytest.mark.parametrize('name', ['updating', 'difference'])
  def test_the_ratios_are_those_of_numpy(self, found, wanted, k, name):
    for a, b in zip(parameters(found, name, k), wanted[k][name], strict=True):
      np.testing.assert_allclose(a, b, **RATIOS)

  def test_the_correlations_are_those_of_numpy(self, found, wanted, lesson, k):
    x, y = wanted[k]['updating'], wanted[k]['difference']
    r = {
      'weights': pearson(x[0], y[0]),
      'biases': pearson(x[1], y[1]),
      'weights_2': pearson(x[2], y[2]),
    }
    for name in ('active', 'written'):
      rows = getattr(lesson, name)
      r[f'weights_{name}_pixels'] = pearson(x[0][rows], y[0][rows])
    left = [a[0] - a[0].mean(axis=0) for a in (x, y)]
    r['weights_within'] = pearson(*left)
    r['weights_between'] = pearson(*(a[0].mean(axis=0) for a in (x, y)))
    for name in ('rest', 'whole', 'other_net', 'shuffled'):
      r[f'weights_{name}'] = pearson(wanted[k][name][0], y[0])
      r[f'biases_{name}'] = pearson(wanted[k][name][1], y[1])
    for name in ('swapped', 'crossed'):
      r[f'weights_{name}'] = pearson(x[0], wanted[k][name][0])
      r[f'biases_{name}'] = pearson(x[1], wanted[k][name][1])
    left = [a[0] - a[0].mean(axis=1, keepdims=True) for a in (x, y)]
    r['weights_within_pixels'] = pearson(*(a[lesson.active] for a in left))
    for name, value in r.items():
      np.testing.assert_allclose(
        found[f'r_{name}'][k], value, err_msg=name, **RATIOS
      )

  def test_blank_pixels_are_their_biases_again(self, found, k):
    """To the float32 of a weight that moves a seventeenth as far as it."""
    for name in ('updating', 'difference'):
      for pixel in BLANK:
        np.testing.assert_allclose(
          found[f'{name}_w0'][k][pixel], found[f'{name}_b0'][k], **RATIOS
        )
    assert found['blank_on_bias'][k] == 1 > found['active_on_bias'][k]
    np.testing.assert_allclose(
      found['pixel_r'][k][list(BLANK)], found['r_biases'][k], atol=5e-3
    )

  def test_pixels_are_put_together_by_place(self, found, lesson, k):
    r = found['pixel_r'][k]
    for name, where in (
      ('centre', lesson.centre), ('edge', lesson.edge),
      ('blank', ~lesson.active),
    ):  # fmt: skip
      assert found[f'pixel_r_{name}'][k] == pytest.approx(
        np.mean(r[where]), abs=1e-6
      )
    for name in ('centre', 'edge'):
      where = getattr(lesson, name) & lesson.active
      assert found[f'pixel_size_{name}'][k] == pytest.approx(
        np.mean(np.abs(r[where])), abs=1e-6
      )
    assert np.any(lesson.edge & ~lesson.active)  # those are left out
    assert found['pixel_size_centre'][k] > found['pixel_r_centre'][k]  # signs

  def test_test_images_are_told_as_by_numpy(self, found, wanted, lesson, k):
    """A pair is told by the higher output; of 32 images none is on the line."""
    x = (np.float64(lesson.test) + 1) / LEVELS
    accuracies = [
      np.mean((outputs(net, x) < 0) == lesson.answers)
      for net in (wanted[k]['forked'], *wanted[k]['forks'])
    ]
    assert len(x) == 32
    assert found['phase1_accuracy'][k] == pytest.approx(accuracies[0])
    assert found['fork_accuracy'][k].tolist() == pytest.approx(accuracies[1:])

  def test_separations_are_those_of_numpy(self, found, wanted, lesson, k):
    """64 pairs of images a digit pair; one is within rounding at most."""
    x = (np.float64(lesson.asked) + 1) / LEVELS
    before, forks = wanted[k]['forked'], wanted[k]['forks']
    updating, other = found['updating_w0'][k], wanted[k]['other_net'][0]
    for name, mask in masks_of(updating, other, lesson).items():
      for pair, sign in ((0, 1), (1, -1)):
        two, asked = forks[2 * pair :][:2], x[2 * pair :][:2]
        own, others = [f[0] for f in two], [f[0] for f in two[::-1]]
        for way, new in (
          ('whole', own),
          (f'put_back_{name}', [before[0]] * 2),
          (f'exchanged_{name}', others),
        ):
          told = [
            auc(*(outputs([np.where(mask, b, a), *f[1:]], s) for s in asked))
            for a, b, f in zip(own, new, two, strict=True)
          ]
          assert found[f'separation_{way}'][k][pair] == pytest.approx(
            sign * (told[0] - told[1]), abs=1 / 64
          ), way
        squares = [(w - before[0]) ** 2 for w in own]
        share = np.mean([s[mask].sum() / s.sum() for s in squares])
        assert found[f'separation_change_{name}'][k][pair] == pytest.approx(
          share, abs=1e-4
        )

  def test_a_random_mask_moves_as_many_weights_as_the_highest(self, found, k):
    """Not known here which; their change lies between none and all."""
    for way in ('put_back', 'exchanged'):
      assert np.all(np.abs(found[f'separation_{way}_random'][k]) <= 1)
    change = found['separation_change_random'][k]
    assert np.all((change > 0) & (change < 0.5))

  def test_relabellings_give_a_p_of_fiftieths(self, found, k):
    for name in ('p_weights', 'p_biases'):
      p = 50 * found[name][k]
      assert p == pytest.approx(round(float(p)), abs=1e-4) and 1 <= p <= 50


def outputs(net, x):
  """Returns y_0 - y_1."""
  w, b, v, c = net
  y = np.log1p(np.exp(np.log1p(np.exp(x @ w + b)) @ v + c))
  return y[:, 0] - y[:, 1]


def auc(first, second):
  above = first[:, None] - second[None]
  return np.mean((above > 0) + 0.5 * (above == 0))


def masks_of(updating, other, lesson):
  """Returns which weights are moved: a tenth of the active, by a sort; all.

  Within pixels none: a tenth of 6 neurons is less than one.
  """
  active = np.broadcast_to(lesson.active[:, None], updating.shape)
  none, masks = np.zeros_like(active), {'all': active}
  for tail, values in (('', updating), ('_other_net', other)):
    order = np.argsort(values[active], kind='stable')
    number = int(0.1 * len(order))
    for name, rows in (
      ('highest', order[-number:]),
      ('lowest', order[:number]),
    ):
      taken = np.zeros(len(order), bool)
      taken[rows] = True
      masks[name + tail] = none.copy()
      masks[name + tail][active] = taken
    masks['highest_within_pixels'] = masks['lowest_within_pixels'] = none
  return masks


def test_a_net_has_the_same_bits_alone_and_among_many(found, lesson):
  """Two blocks, with other rates and seeds, against one of three nets."""
  many = lives(lesson, range(10), [0.03, RATE])
  for name, array in found.items():
    np.testing.assert_array_equal(many[name][10:13], array, err_msg=name)
  assert not np.array_equal(many['r_weights'][:3], found['r_weights'])


def test_another_lesson_is_not_compiled_again(found, data, counted):
  """Other pairs, lengths, windows and shares, of one data set."""
  before = counted()
  choices = {
    'phase1': 71, 'tally_from': 0.25, 'tally_to': 0.6, 'keep_second': 0.5,
    'share': 0.3,
  }  # fmt: skip
  lesson = localization.lesson(data, ('05', '29'), **choices)
  arrays = lives(lesson, range(2), [0.2])
  assert counted() == before
  assert set(arrays) == set(found)
  assert np.isfinite(arrays['r_weights']).all()


def test_a_net_that_diverges_says_so(found, lesson):
  arrays = lives(lesson, range(2), [1e10])
  assert not arrays['finite'].any()
  assert np.isnan(arrays['r_weights']).all()


def test_one_recipe_is_one_function():
  same = RECIPE._replace(keep='weights')
  assert localization.one_net(RECIPE) is localization.one_net(same)


def shapes(lesson, **choices):
  """Shapes and types only: nothing is compiled."""
  life = localization.one_net(RECIPE._replace(**choices))
  return {
    name: a.shape
    for name, a in jax.eval_shape(
      life, np.uint32(0), {'learning_rate': np.float32(0.1)}, lesson
    ).items()
  }


def test_what_is_kept_is_what_was_asked_for(lesson):
  few, more, most = (shapes(lesson, keep=keep) for keep in localization.KEEP)
  ends = {'w0': (64, 6), 'b0': (6,), 'w1': (6, 2), 'b1': (2,)}
  ratios = {
    f'{name}_{p}': shape
    for name in ('updating', 'difference')
    for p, shape in ends.items()
  }
  weights = {f'forked_{p}': shape for p, shape in ends.items()}
  weights |= {f'forks_{p}': (4, *shape) for p, shape in ends.items()}
  assert more == few | ratios and most == more | weights
  assert len(most) == len(few) + 8 + 8


def test_nets_of_more_layers_have_more_correlations(lesson):
  one, two = shapes(lesson), shapes(lesson, hidden=(6, 5))
  assert set(two) - set(one) == {'r_weights_3', 'r_biases_2'} | {
    f'{name}_{p}2'
    for name in ('updating', 'difference', 'forked', 'forks')
    for p in 'wb'
  }
  assert two['forks_w1'] == (4, 6, 5) and two['updating_w2'] == (5, 2)


def test_without_relabellings_there_is_no_p(lesson):
  gone = set(shapes(lesson)) - set(shapes(lesson, permutations=0))
  assert gone == {'p_weights', 'p_biases', 'effective_weights'}


U = np.linspace(-3, 3, 13)
BY_NUMPY = {
  'softplus': np.log1p(np.exp(U)),
  'relu': np.maximum(U, 0),
  'sigmoid': 1 / (1 + np.exp(-U)),
  'tanh': (np.exp(2 * U) - 1) / (np.exp(2 * U) + 1),
  'identity': U,
}


@pytest.mark.parametrize('name', nets.UNITS)
def test_units_are_what_they_are_called(name):
  found = nets.UNITS[name](jnp.asarray(U, jnp.float32))
  np.testing.assert_allclose(found, BY_NUMPY[name], atol=1e-6)


def test_errors_are_what_they_are_called():
  """½ (1 + 4) of a miss by 1 and 2; log(1 + e) of outputs 1 apart."""
  y, d = jnp.array([2.0, 1.0]), jnp.array([1.0, -1.0])
  assert localization.ERRORS['squared'](y, d) == 2.5
  d = jnp.array([0.0, 1.0])
  found = localization.ERRORS['cross_entropy'](y, d)
  assert found == pytest.approx(np.log(1 + np.e), rel=1e-6)

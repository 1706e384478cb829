"""Localization: the study's record, results, lists, images and bad input."""

import gzip
import json
import os
import pathlib
import struct

import jax
import numpy as np
import pytest
import samples
from binaries import ROOT, Binary
from sklearn import datasets

from experiments.results import localization as results
from experiments.shared import groups
from jaxrep import localization, nets, records
from jaxrep.claims import judges
from jaxrep.claims import localization as claims
from jaxrep.tasks import mnist

SMOKE_OF = 'localization'

NETS, HIDDEN, PHASE1 = 16, 30, 600  # of flags/localization/smoke.flags
TRAIN = 1_437  # of the 1,797 8×8 digits; the others are for tests
LEVELS = 17
DIGITS = records.parse_flags(
  (ROOT / 'flags/localization/digits.flags').read_text()
)
IMAGES, LABELS = datasets.load_digits(return_X_y=True)
X = (IMAGES + 1) / LEVELS
TINY = (
  '--data=digits', '--seeds=2', '--phase1=600', '--permutations=0',
  '--block_size=16',
)  # fmt: skip


def places(digits, first=0, last=TRAIN):
  """Returns which images from first to last are of these digits."""
  of_these = np.isin(LABELS, list(digits))
  return [k for k in range(first, last) if of_these[k]]


MET = places([1, 7, 6, 8], last=PHASE1)
TALLIED = MET[len(MET) // 2 :]
# What each fork learns: one digit against the other pair.
FORKS = [
  places(digits, first=PHASE1)
  for digits in ([1, 6, 8], [7, 6, 8], [6, 1, 7], [8, 1, 7])
]


def varies(rows):
  return IMAGES[rows].max(axis=0) > IMAGES[rows].min(axis=0)


LATER = places([1, 7, 6, 8], first=PHASE1)
ACTIVE = varies(MET + LATER)
WRITTEN = varies(TALLIED) & varies(LATER)


@pytest.fixture(scope='module')
def arrays(record):
  return record.parts['nets']


def run(binary, folder, *flags):
  """Runs the study; returns the record, checked to be sound."""
  ended = binary('localization')(
    *flags, f'--out={folder.name}', cwd=folder.parent
  )
  assert (ended.code, ended.err) == (0, '')
  text = (folder / 'summary.json').read_text()
  json.loads(text, parse_constant=pytest.fail)  # NaN, Infinity
  assert (folder / 'report.html').stat().st_size > 5000
  return records.load(folder)


def plan_of(binary, folder, *flags):
  """Returns what the study would run."""
  ended = binary('localization')(*flags, cwd=folder, dry=True)
  assert (ended.code, ended.err) == (0, '')
  return json.loads(ended.out)


def test_smoke_leaves_a_record_and_every_figure(smoke):
  assert {path.name for path in smoke[0].iterdir()} == {
    'run.flags', 'nets.csv', 'nets.npz', 'summary.json', 'machine.json',
    'figures', 'report.html',
  }  # fmt: skip
  drawn = {path.stem for path in (smoke[0] / 'figures').iterdir()}
  assert drawn == {
    'biases', 'weights', 'clusters', 'pixel_map', 'ways', 'put_back',
    'exchanged', 'loss',
  }  # fmt: skip


def test_the_title_says_which_images(smoke):
  title = 'Knowledge localization (8×8 digits)'
  assert smoke[1].out.startswith(f'{title}\n')
  page = (smoke[0] / 'report.html').read_text()
  assert f'<title>{title}' in page and 'MNIST' not in title


def test_no_claim_is_judged_by_other_images(record):
  assert record.summary['claims'] == []


@pytest.mark.slow
def test_a_run_is_repeated_by_its_flags_bit_for_bit(binary, smoke, tmp_path):
  flags = f'--flagfile={smoke[0]}/run.flags', '--out=again'
  ended = binary('localization')(*flags, cwd=tmp_path)
  assert (ended.code, ended.err) == (0, '')
  first, again = samples.tree(smoke[0]), samples.tree(tmp_path / 'again')
  assert first.keys() == again.keys()
  for name in first.keys() - {'machine.json', 'report.html'}:
    assert first[name] == again[name], name


def r_of(x, y):
  return np.corrcoef(np.ravel(x), np.ravel(y))[0, 1]


def less_means(x, axis):
  return x - x.mean(axis=axis, keepdims=True)


KINDS = {  # result -> r of a net, from the ratios of its weights `[P, H]`
  'weights': r_of,
  'weights_active_pixels': lambda x, y: r_of(x[ACTIVE], y[ACTIVE]),
  'weights_written_pixels': lambda x, y: r_of(x[WRITTEN], y[WRITTEN]),
  'weights_within': lambda x, y: r_of(less_means(x, 0), less_means(y, 0)),
  'weights_within_pixels': lambda x, y: r_of(
    less_means(x[ACTIVE], 1), less_means(y[ACTIVE], 1)
  ),
  'weights_between': lambda x, y: r_of(x.mean(axis=0), y.mean(axis=0)),
}


class TestResults:
  """Counted again from what the record holds, in float64.

  Theirs are sums of float32, of 1,920 terms at most: 1e-5 is wide of rounding.
  """

  def ratios(self, arrays, k, layer='w0'):
    x, y = (arrays[f'{ratio}_{layer}'][k] for ratio in RATIOS)
    return np.float64(x), np.float64(y)

  def test_every_result_asked_for_is_there_with_n_and_interval(self, found):
    for name in (
      'r2_weights', 'r2_biases', 'r2_weights_within',
      'r2_weights_active_pixels', 'phase1_accuracy', 'pixel_r_centre',
      'pixel_r_edge', 'r2_weights_2', 'r2_weights_between',
      'r2_weights_other_net', 'r2_weights_shuffled', 'r2_weights_swapped',
      'r2_weights_crossed', 'weights_significant_rate', 'on_bias',
      'blank_on_bias', 'put_back_highest_first', 'exchanged_lowest_second',
      'loss_settled_at', 'loss_after_forks', 'r2_weights_own_share',
      'r_weights_within_pixels_above_swaps', 'r_biases_above_swaps',
      'put_back_contrast', 'exchanged_contrast_within_pixels',
      'put_back_contrast_other_net', 'pixel_size_edge', 'centre_larger_rate',
    ):  # fmt: skip
      one = found[name]
      assert one['low'] <= one['value'] <= one['high'], name
      if name.partition('_')[0] not in ('put', 'exchanged'):
        assert one['n'] == NETS, name

  def test_a_net_is_a_row(self, table, arrays):
    assert [int(row['seed']) for row in table] == list(range(NETS))
    for name in ('r_weights', 'p_biases', 'phase1_accuracy', 'pixel_r_edge'):
      column = np.float32([row[name] for row in table])
      np.testing.assert_array_equal(column, arrays[name])

  def test_ratios_are_shares_of_every_parameter(self, arrays):
    shapes = {
      'w0': (64, HIDDEN),
      'b0': (HIDDEN,),
      'w1': (HIDDEN, 2),
      'b1': (2,),
    }
    for ratio in RATIOS:
      for layer, shape in shapes.items():
        share = arrays[f'{ratio}_{layer}']
        assert share.shape == (NETS, *shape)
        assert share.min() >= 0 and share.max() <= 1

  @pytest.mark.parametrize('name', KINDS)
  def test_r2_is_the_mean_of_nets_squared_correlations(
    self, arrays, found, name
  ):
    r = [KINDS[name](*self.ratios(arrays, k)) for k in range(NETS)]
    np.testing.assert_allclose(arrays[f'r_{name}'], r, atol=1e-5)
    assert np.isclose(found[f'r2_{name}']['value'], np.mean(np.square(r)))
    assert np.isclose(found[f'r_{name}']['value'], np.mean(r), atol=1e-5)

  @pytest.mark.parametrize(
    ('name', 'layer'), [('biases', 'b0'), ('weights_2', 'w1')]
  )
  def test_so_it_is_of_biases_and_the_second_layer(
    self, arrays, found, name, layer
  ):
    r = [r_of(*self.ratios(arrays, k, layer)) for k in range(NETS)]
    np.testing.assert_allclose(arrays[f'r_{name}'], r, atol=1e-5)
    value = found[f'r2_{name}']['value']
    assert np.isclose(value, np.mean(np.square(r)), atol=1e-5)

  def test_pixels_have_a_correlation_each_of_centre_edge_and_blank(
    self, arrays, found
  ):
    square = np.zeros((8, 8), bool)
    square[2:6, 2:6] = True
    frame = np.ones((8, 8), bool)
    frame[1:7, 1:7] = False
    among = {'centre': square.ravel(), 'edge': frame.ravel(), 'blank': ~ACTIVE}
    maps = np.array([
      [r_of(x, y) for x, y in zip(*self.ratios(arrays, k), strict=True)]
      for k in range(NETS)
    ])  # fmt: skip
    np.testing.assert_allclose(arrays['pixel_r'], maps, atol=1e-5)
    for name, where in among.items():
      means = maps[:, where].mean(axis=1)
      np.testing.assert_allclose(arrays[f'pixel_r_{name}'], means, atol=1e-5)
      value = found[f'pixel_r_{name}']['value']
      assert np.isclose(value, means.mean(), atol=1e-5)
    centre, edge = maps[:, among['centre']], maps[:, among['edge']]
    more = centre.mean(axis=1) > edge.mean(axis=1)
    assert found['centre_above_edge_rate']['value'] == more.mean()
    value = found['pixel_r_above_0']['value']
    assert np.isclose(value, (maps > 0).mean())
    sizes = [
      np.abs(maps[:, among[name] & ACTIVE]).mean(axis=1)
      for name in ('centre', 'edge')
    ]
    for name, size in zip(('centre', 'edge'), sizes, strict=True):
      value = found[f'pixel_size_{name}']['value']
      assert np.isclose(value, size.mean(), atol=1e-5)
    rate = found['centre_larger_rate']['value']
    assert rate == (sizes[0] > sizes[1]).mean()

  def test_which_pixels_are_blank_is_read_off_the_images(self, arrays):
    np.testing.assert_array_equal(arrays['active'], ACTIVE)
    np.testing.assert_array_equal(arrays['written'], WRITTEN)
    assert 0 < np.sum(~ACTIVE) <= np.sum(~WRITTEN) < 64
    assert arrays['phase1_images'] == len(MET)
    assert arrays['fork_images'].tolist() == [len(fork) for fork in FORKS]

  def test_weights_of_blank_pixels_are_where_their_bias_is(self, arrays, found):
    """By Δw = x Δb with x the same for all images, up to rounding."""
    shares = {
      name: found[f'{name}on_bias']['value']
      for name in ('', 'active_', 'blank_')
    }
    assert shares['blank_'] > 0.99 and shares['active_'] < 0.1
    one = (
      ACTIVE.mean() * shares['active_'] + (~ACTIVE).mean() * shares['blank_']
    )
    assert np.isclose(shares[''], one)
    for ratio in RATIOS:
      blank = arrays[f'{ratio}_w0'][:, ~ACTIVE]
      bias = np.broadcast_to(arrays[f'{ratio}_b0'][:, None], blank.shape)
      np.testing.assert_allclose(blank, bias, atol=0.01)

  def test_p_is_a_share_of_relabellings_and_few_are_called_rare(
    self, arrays, found
  ):
    """Of 99 and the true one; 5 of 100 is rare, 6 of 100 is not."""
    for name in ('weights', 'biases'):
      p = np.float64(arrays[f'p_{name}'])
      np.testing.assert_allclose(p * 100, np.round(p * 100), atol=1e-4)
      value = found[f'{name}_significant_rate']['value']
      assert value == np.mean(p < 0.055)

  @pytest.mark.parametrize(
    ('way', 'scale'), [('put_back', 1), ('exchanged', 2)]
  )
  def test_what_is_lost_is_a_share_of_what_forks_differ_in(
    self, arrays, found, way, scale
  ):
    """Nets whose forks tell digits alike, by AUCs within 0.1, are left out."""
    whole = arrays['separation_whole']
    for p, pair in enumerate(('first', 'second')):
      apart = whole[:, p] > 0.1
      assert np.isclose(
        found[f'separation_{pair}']['value'], whole[:, p].mean()
      )
      for kind in localization.KINDS:
        moved = arrays[f'separation_{way}_{kind}'][apart, p]
        lost = (1 - moved / whole[apart, p]) / scale
        one = found[f'{way}_{kind}_{pair}']
        assert one['n'] == apart.sum() > 0
        assert np.isclose(one['value'], lost.mean(), atol=1e-5)


RATIOS = 'updating', 'difference'


def alike(value):
  return np.full(NETS, value)


class TestWorkedByHand:
  """Results where some of the arrays are made up, alike in all nets."""

  @pytest.fixture
  def of(self, arrays):
    return lambda **made_up: results.results(arrays | made_up)

  def test_a_net_whose_r_is_negative_lies_below_the_source_s(self, of):
    """Whatever its R²; r of √source alone parts the others."""
    rates = {'weights': 0.28, 'biases': 0.17}
    rs = {}
    for name, source in rates.items():
      end = np.sqrt(source)
      below = [-0.99, -0.9, -end - 1e-3, -end + 1e-3, 0, end - 1e-3]
      above = [end + 1e-3, 0.9]
      rs[f'r_{name}'] = np.resize([*below, *above, np.nan, np.nan], NETS)
    found = of(**rs)
    for name, source in rates.items():
      one = found[f'r2_{name}_by_source_rate']
      # Of ten 6 lie below, 2 above; of the other six all do.
      assert (one.value, one.n) == (12 / 14, 14)
      assert found[f'r2_{name}'].value > source  # as most R² do not

  def test_its_own_share_is_what_another_net_s_updating_does_not_tell(self, of):
    """1 - 0.3²/0.5² = 0.64, the median of it, 0 and -3; of r = 0 there is none.

    Signs do not matter.
    """
    r = np.resize([0.5, -0.5, 0.5, 0.1, 0, np.nan, -0.5, 0.5], NETS)
    other = np.resize([-0.3, 0.3, 0.3, 0.2, 0.1, 0.1, 0.5, 0.3], NETS)
    found = of(r_weights=r, r_weights_other_net=other)['r2_weights_own_share']
    assert np.isclose(found.value, 0.64) and found.n == 12

  def test_forks_paired_the_wrong_ways_are_both_held_against_it(self, of):
    """r of 0.5 less the larger of the two sizes: .2, .1, -.4 and .5."""
    swapped = np.resize([0.1, 0.4, -0.9, 0.0], NETS)
    crossed = np.resize([-0.3, 0.3, 0.1, 0.0], NETS)
    found = of(
      r_biases=alike(0.5), r_biases_swapped=swapped, r_biases_crossed=crossed,
      r_weights_within_pixels=alike(0.5),
      r_weights_swapped_within_pixels=crossed,
      r_weights_crossed_within_pixels=swapped,
    )  # fmt: skip
    for name in ('biases', 'weights_within_pixels'):
      assert np.isclose(found[f'r_{name}_above_swaps'].value, 0.1)

  def test_contrasts_are_of_high_and_low_for_the_two_pairs(self, of):
    """Of ½ each: put back, high leaves .1 and .5, low .5 and .3.

    High takes .8 and 0 of it, low 0 and .4: (.8 + .4)/2. Exchanged, half is as
    far as forks come to be one. Within pixels high and low are one another, and
    by another net they are alike. Of 4 nets forks do not differ on a pair.
    """
    whole = np.full((NETS, 2), 0.5)
    whole[:2, 0], whole[2:4, 1] = 0.1, -0.3
    high, low = (np.tile(a, (NETS, 1)) for a in ([0.1, 0.5], [0.5, 0.3]))
    made_up = {'separation_whole': whole}
    tails = {
      '': (high, low, 1), '_within_pixels': (low, high, -1),
      '_other_net': (high, high, 0),
    }  # fmt: skip
    for way in ('put_back', 'exchanged'):
      for tail, (highest, lowest, _) in tails.items():
        made_up[f'separation_{way}_highest{tail}'] = highest
        made_up[f'separation_{way}_lowest{tail}'] = lowest
    found = of(**made_up)
    for way, size in (('put_back', 0.6), ('exchanged', 0.3)):
      for tail, (_, _, sign) in tails.items():
        one = found[f'{way}_contrast{tail}']
        assert np.isclose(one.value, sign * size) and one.n == 12

  def test_the_loss_has_settled_where_its_running_mean_is_at_its_least(
    self, of
  ):
    """From the 41st of 100 parts on it is ¼: of means over 10 the 41st is.

    It ends with the 50th. In half of the nets it never falls; the forks of all
    end at an eighth.
    """
    curve = np.where(np.arange(100) < 40, 1.0, 0.25)
    curves = np.stack([curve, np.full(100, 0.25)] * (NETS // 2))
    forks = np.full((NETS, 4, 100), 0.125)
    forks[..., -1] = np.nan  # a short one has fewer parts
    found = of(curve=curves, fork_curves=forks)
    settled, left = found['loss_settled_at'], found['loss_after_forks']
    assert (settled.value, settled.n) == (0.5, NETS // 2)
    assert np.isclose(left.value, 0.5) and left.n == NETS


# Several layers; units, loss and what is kept.

DEEP = (64, 8, 4, 2)


@pytest.fixture(scope='module')
def deep(binary, tmp_path_factory):
  return run(
    binary, tmp_path_factory.mktemp('lists') / 'deep', *TINY, '--hidden=8-4',
    '--activation=tanh', '--output_activation=identity',
    '--loss=cross_entropy', '--keep=weights',
  )  # fmt: skip


def answers(net, x):
  """Returns what each layer answers, `[.., O]`: tanh, and the last its sum."""
  states = [x]
  for k, (w, b) in enumerate(net):
    u = states[-1] @ w + b
    states.append(u if k == len(net) - 1 else np.tanh(u))
  return states


def learn(net, rows, tallied=()):
  """Returns a net after one image at a time, and Σ|Δw| of 17 and of 68.

  Of cross-entropy the slope is softmax less target, and of tanh 1 - y².
  """
  net = [[np.float64(a) for a in layer] for layer in net]
  sums = [[[0 * a for a in layer] for layer in net] for _ in range(2)]
  for row in rows:
    states = answers(net, X[row])
    shares = np.exp(states[-1] - states[-1].max())
    pair = 0 if LABELS[row] in (1, 7) else 1
    delta = shares / shares.sum() - np.eye(2)[pair]
    for k in reversed(range(len(net))):
      changes = np.outer(states[k], delta), delta
      delta = net[k][0] @ delta * (1 - states[k] ** 2)
      for j, change in enumerate(changes):
        net[k][j] = net[k][j] - 0.01 * change
        if row in tallied:
          sums[pair][k][j] = sums[pair][k][j] + 0.01 * np.abs(change)
  return net, sums


def kept(arrays, name, *row):
  return [
    [arrays[f'{name}_{kind}{k}'][row] for kind in 'wb']
    for k in range(len(DEEP) - 1)
  ]


@pytest.mark.slow
class TestSeveralLayers:
  """Of a net 64-8-4-2 with tanh units, linear outputs and cross-entropy."""

  @pytest.fixture
  def arrays(self, deep):
    [arrays] = deep.parts.values()
    return arrays

  def test_the_setting_says_what_it_is(self, deep):
    [entry] = deep.summary['settings']
    assert entry['setting'].items() >= {
      'hidden': '8-4', 'activation': 'tanh', 'output_activation': 'identity',
      'loss': 'cross_entropy', 'pairs': '17,68', 'phase1': 600,
    }.items()  # fmt: skip
    # Every layer has results; of two output biases there is no correlation.
    results = entry['results'].keys()
    assert {'r2_weights', 'r2_weights_2', 'r2_weights_3'} < results
    assert {'r2_biases', 'r2_biases_2'} < results
    assert 'r2_biases_3' not in results and 'r2_weights_4' not in results

  def test_weights_are_kept_of_the_net_that_is_forked_and_of_its_forks(
    self, arrays
  ):
    shapes = {'forked': (2,), 'forks': (2, 4)} | dict.fromkeys(RATIOS, (2,))
    for name, some in shapes.items():
      for k in range(3):
        assert arrays[f'{name}_w{k}'].shape == (*some, *DEEP[k : k + 2])
        assert arrays[f'{name}_b{k}'].shape == (*some, DEEP[k + 1])

  @pytest.mark.parametrize('row', [0, 1])
  def test_the_whole_protocol_follows_in_a_loop_over_images(self, arrays, row):
    """By hand in float64, from He's start.

    Rounding is 1e-7 of a weight for each of some 500 images: below 1e-4, and
    1e-3 for a ratio, but where forks hardly differ.
    """
    start = nets.he(jax.random.key(row), DEEP, units=[np.tanh] * 3)
    net, sums = learn([[layer.w, layer.b] for layer in start], MET, TALLIED)
    forks = [learn(net, rows)[0] for rows in FORKS]
    for k in range(3):
      for j, kind in enumerate('wb'):
        found = {
          name: arrays[f'{name}_{kind}{k}'][row]
          for name in ('forked', 'forks', *RATIOS)
        }
        after = [fork[k][j] for fork in forks]
        np.testing.assert_allclose(found['forked'], net[k][j], atol=1e-4)
        np.testing.assert_allclose(found['forks'], after, atol=1e-4)
        a, b = (of_pair[k][j] for of_pair in sums)
        np.testing.assert_allclose(found['updating'], a / (a + b), atol=1e-3)
        c, d = np.abs(after[0] - after[1]), np.abs(after[2] - after[3])
        far = c + d > 1e-2
        assert far.any()
        np.testing.assert_allclose(
          found['difference'][far], (c / (c + d))[far], atol=1e-3
        )

  def test_accuracy_is_that_of_the_weights_on_as_many_of_each_digit(
    self, arrays
  ):
    fewest = np.bincount(LABELS[TRAIN:]).min()
    asked = [places([d], TRAIN, len(X))[:fewest] for d in (1, 7, 6, 8)]
    asked, pair = np.concatenate(asked), np.repeat([0, 0, 1, 1], fewest)

    def right(name, *row):
      net = [
        [arrays[f'{name}_{kind}{k}'][row] for kind in 'wb'] for k in range(3)
      ]
      return np.mean(answers(net, X[asked])[-1].argmax(axis=1) == pair)

    for k in range(2):
      assert np.isclose(arrays['phase1_accuracy'][k], right('forked', k))
      shares = [right('forks', k, fork) for fork in range(4)]
      np.testing.assert_allclose(arrays['fork_accuracy'][k], shares, rtol=1e-6)


# Lists make settings.


@pytest.fixture(scope='module')
def lists(binary, tmp_path_factory):
  return run(
    binary, tmp_path_factory.mktemp('lists') / 'lists', *TINY, '--hidden=8',
    '--learning_rate=0.01,0.03', '--pairs=17,68/23,45', '--tally_from=0,0.5',
    '--activation=relu', '--output_activation=identity', '--keep=measures',
  )  # fmt: skip


@pytest.mark.slow
class TestLists:
  def test_every_combination_is_a_setting(self, lists):
    settings = [entry['setting'] for entry in lists.summary['settings']]
    names = 'pairs', 'tally_from', 'learning_rate'
    assert [tuple(s[name] for name in names) for s in settings] == [
      (pairs, first, rate)
      for pairs in ('17,68', '23,45')
      for first in (0, 0.5)
      for rate in (0.01, 0.03)
    ]
    assert list(lists.parts) == [f'nets_{k}' for k in range(1, 5)]
    assert lists.summary['nets'] == 16

  def test_lists_are_written_as_they_are_read(self, lists, binary, tmp_path):
    assert lists.flags['pairs'] == '17,68/23,45'
    assert lists.flags['learning_rate'] == '0.01,0.03'
    again = plan_of(binary, tmp_path, f'--flagfile={lists.folder}/run.flags')
    assert again['flags'] == lists.flags

  def test_all_settings_meet_the_images_of_their_pairs(self, lists):
    for k, arrays in enumerate(lists.parts.values()):
      digits = [1, 7, 6, 8] if k < 2 else [2, 3, 4, 5]
      assert arrays['phase1_images'] == len(places(digits, last=PHASE1))

  def test_tallied_from_the_start_is_tallied_over_the_whole(self, lists):
    """And nothing is the rest of it."""
    for entry in lists.summary['settings']:
      found, from_start = entry['results'], not entry['setting']['tally_from']
      assert found['r2_weights']['value'] is not None
      gain = found['r2_weights_above_whole']
      assert (gain['value'] == 0) == from_start
      assert (found['r2_weights_rest']['value'] is None) == from_start

  def test_what_is_tallied_does_not_change_what_is_learnt(self, lists):
    parts = list(lists.parts.values())
    for one, other in zip(parts[::2], parts[1::2], strict=True):
      for name in ('phase1_accuracy', 'fork_accuracy', 'curve'):
        np.testing.assert_array_equal(one[name], other[name])
      assert np.any(one['r_weights'] != other['r_weights'])

  def test_r2_or_r_is_drawn_over_the_settings(self, lists):
    drawn = {path.stem for path in (lists.folder / 'figures').iterdir()}
    assert drawn >= {
      'r2_weights', 'r2_weights_other_net', 'r_weights_within_pixels',
      'r_biases',
    }  # fmt: skip

  def test_measures_only_are_kept(self, lists):
    for arrays in lists.parts.values():
      assert not [n for n in arrays if n.startswith((*RATIOS, 'fork')) and
                  n[-2:] in ('w0', 'b0', 'w1', 'b1')]  # fmt: skip


@pytest.mark.parametrize(
  ('flags', 'said', 'parts'),
  [
    ([], DIGITS | {'pairs': '17,68', 'block_size': '16'}, 1),
    (['--phase1=100,200'], {'phase1': '100,200'}, 2),
    (['--activation=softplus, relu', '--loss=squared,cross_entropy',
      '--output_activation=same,sigmoid'],
     {'activation': 'softplus,relu', 'loss': 'squared,cross_entropy',
      'output_activation': 'same,sigmoid'}, 8),
    (['--hidden=8,8-4'], {'hidden': '8,8-4'}, 2),
    (['--keep_second=1,0.5', '--tally_to=0.75,1'],
     {'keep_second': '1,0.5', 'tally_to': '0.75,1'}, 4),
    (['--pairs= 23 , 45/17,68'], {'pairs': '23,45/17,68'}, 2),
    (['--permutations=19'], {'permutations': '19'}, 1),
  ],
)  # fmt: skip
def test_flags_are_written_as_they_were_read(
  binary, tmp_path, flags, said, parts
):
  """What is not given is as in digits.flags, or else in paper.flags."""
  plan = plan_of(binary, tmp_path, '--data=digits', '--seeds=2', *flags)
  assert plan['flags'].items() >= said.items()
  assert list(plan['nets'].values()) == [2] * parts


# Claims.

SOURCE = {
  'hidden': '100', 'activation': 'softplus', 'output_activation': 'softplus',
  'loss': 'squared', 'pairs': '17,68', 'phase1': 12000, 'tally_from': 0.5,
  'tally_to': 1.0, 'keep_second': 1.0, 'learning_rate': 0.01,
}  # fmt: skip
SIGMOID = {'activation': 'sigmoid', 'output_activation': 'sigmoid'}
MNIST = {'data': 'mnist'}
ALL = {one.id for one in claims.CLAIMS}
OF_SIGMOID = {'localization-sigmoid-weights', 'localization-sigmoid-biases'}


def estimate(value, low=None, high=None, n=100):
  return {'value': value, 'low': low, 'high': high, 'n': n, 'unit': ''}


def judged(setting, fixed):
  parts = {'nets': {'seed': np.arange(2)}}
  every = {one.result for one in claims.CLAIMS} | {
    'r2_weights_by_source_rate', 'r2_biases_by_source_rate', 'active_on_bias',
    'phase1_accuracy',
  }  # fmt: skip
  found = dict.fromkeys(every, estimate(0.4, 0.3, 0.5))
  listed = [{'part': 'nets', 'setting': setting, 'results': found}]
  said = groups.judge(claims.CLAIMS, parts, listed, fixed=fixed)
  return {one['id'] for one in said}


def test_the_source_s_setting_is_judged_by_its_claims():
  assert OF_SIGMOID < ALL
  assert judged(SOURCE, MNIST) == ALL - OF_SIGMOID
  assert judged(SOURCE | SIGMOID, MNIST) == OF_SIGMOID


@pytest.mark.parametrize(
  'other',
  [
    {'hidden': '30'}, {'hidden': '100-50'}, {'activation': 'relu'},
    {'output_activation': 'identity'}, {'pairs': '17,69'}, {'phase1': 6000},
    {'tally_from': 0.25}, {'tally_to': 0.75}, {'keep_second': 0.5},
    {'data': 'digits'},
  ],
  ids=str,
)  # fmt: skip
def test_no_other_setting_is(other):
  setting = {k: other.get(k, value) for k, value in SOURCE.items()}
  fixed = {'data': other.get('data', 'mnist')}
  assert judged(setting, fixed) == set()


GAIN = [
  ((0.02, 0.01, 0.03), judges.HOLDS),
  ((-0.02, -0.03, -0.01), judges.FAILS),
  ((0.02, -0.01, 0.04), judges.UNDECIDED),
  ((0.02, None, None), judges.UNDECIDED),
  ((None, None, None), judges.UNDECIDED),
]
HALF = [
  ((0.7, 0.6, 0.8), judges.HOLDS),
  ((0.3, 0.2, 0.4), judges.FAILS),
  ((0.5, 0.4, 0.6), judges.UNDECIDED),
  ((0.7, None, None), judges.UNDECIDED),
]


def verdict_of(name, **found):
  [one] = [c for c in claims.CLAIMS if c.id == f'localization-{name}']
  return one.judge({k: estimate(*v) for k, v in found.items()})


@pytest.mark.parametrize(
  ('name', 'result', 'ours', 'verdict'),
  [
    *(('second-half', 'r2_weights_above_whole', *case) for case in GAIN),
    # That is not slightly; and that may or may not be.
    ('second-half', 'r2_weights_above_whole', (0.1, 0.06, 0.14), judges.FAILS),
    ('second-half', 'r2_weights_above_whole', (0.04, 0.02, 0.06),
     judges.UNDECIDED),
    *(('own', 'r2_weights_own_share', *case) for case in HALF),
    *(('map', 'pixel_r_above_0', *case) for case in HALF),
    *(('edge', 'centre_above_edge_rate', *case) for case in HALF[:3]),
    *(('edge-size', 'centre_larger_rate', *case) for case in HALF[:3]),
    *(('weights-significant', 'weights_significant_rate', *case)
      for case in HALF[:3]),
    *(('biases-significant', 'biases_significant_rate', *case)
      for case in HALF[:3]),
  ],
)  # fmt: skip
def test_claims_are_judged_by_their_intervals(name, result, ours, verdict):
  assert verdict_of(name, **{result: ours}) == verdict


@pytest.mark.parametrize(
  ('every', 'active', 'verdict'),
  [
    ((0.3, 0.25, 0.35), (0.1, 0.08, 0.12), judges.HOLDS),  # .25 > 2 · .12
    ((0.3, 0.23, 0.35), (0.1, 0.08, 0.12), judges.UNDECIDED),
    ((0.1, 0.09, 0.11), (0.08, 0.07, 0.09), judges.FAILS),  # .11 < 2 · .07
    ((0.1, 0.09, 0.15), (0.08, 0.07, 0.09), judges.UNDECIDED),
    ((0.3, None, None), (0.1, 0.08, 0.12), judges.UNDECIDED),
    ((0.3, 0.25, 0.35), (None,), judges.UNDECIDED),
  ],
)
def test_clusters_are_twice_as_many_points_as_without_blank_pixels(
  every, active, verdict
):
  found = {'on_bias': every, 'active_on_bias': active}
  assert verdict_of('clusters', **found) == verdict


LEARNT = {'phase1_accuracy': (0.95, 0.91, 0.99)}


@pytest.mark.parametrize('kind', ['weights', 'biases'])
@pytest.mark.parametrize(
  ('rate', 'verdict'),
  [
    ((0.3, 0.2, 0.4), judges.HOLDS),
    ((0.7, 0.6, 0.8), judges.FAILS),
    ((0.5, 0.4, 0.6), judges.UNDECIDED),
    ((None,), judges.UNDECIDED),
  ],
)
def test_nothing_of_the_kind_is_found_in_less_than_half_of_nets(
  kind, rate, verdict
):
  found = {f'{kind}_significant_rate': rate}
  assert verdict_of(f'sigmoid-{kind}', **found, **LEARNT) == verdict


@pytest.mark.parametrize(
  'told', [(0.95, 0.85, 0.99), (0.5, 0.45, 0.55), (0.95,), (None,)]
)
def test_nets_that_have_not_learnt_show_nothing_either_way(told):
  for share in (0.01, 0.9):
    for kind in ('weights', 'biases'):
      found = {
        f'{kind}_significant_rate': (share, share, share),
        'phase1_accuracy': told,
      }
      assert verdict_of(f'sigmoid-{kind}', **found) == judges.UNDECIDED


@pytest.mark.parametrize('name', ['weights', 'biases'])
@pytest.mark.parametrize(
  ('share', 'verdict'),
  [
    ((0.5, 0.4, 0.6, 100), judges.HOLDS),
    ((0.5, 0.2, 0.8, 10), judges.HOLDS),  # 95 % lie on both sides of it
    ((0.97, 0.92, 0.99, 100), judges.UNDECIDED),
    # All of 40 lie below: one more is beyond it with a chance of 1/41.
    ((1.0, 0.91, 1.0, 40), judges.FAILS),
    ((1.0, 0.91, 1.0, 39), judges.UNDECIDED),
    ((0.0, 0.0, 0.09, 40), judges.FAILS),
    ((0.0, 0.0, 0.09, 39), judges.UNDECIDED),
    ((0.999, 0.98, 1.0, 1000), judges.FAILS),
    ((None, None, None, 0), judges.UNDECIDED),
  ],
)
def test_the_source_s_number_is_one_that_a_net_of_ours_may_give(
  name, share, verdict
):
  assert verdict_of(name, **{f'r2_{name}_by_source_rate': share}) == verdict


# Bad input: flags on the 8×8 digits, and what is said of them.

FLAGS = [
  ('--pairs=17,78', ['--pairs=17,78', 'four different', "7 twice in '17,78'"]),
  ('--pairs=11,68', ['--pairs=11,68', "found 1 twice in '11,68'"]),
  ('--pairs=17', ['--pairs=17: expected two pairs', "found '17'"]),
  ('--pairs=17,68,23', ['--pairs', "found '17,68,23'"]),
  ('--pairs=176,8', ['--pairs', "found '176,8'"]),
  ('--pairs=1a,68', ['--pairs=1a,68', 'such as 17,68', "found '1a,68'"]),
  ('--pairs=1²,68', ['--pairs', "found '1²,68'"]),
  ('--pairs=', ['--pairs=: ', 'two pairs', "found ''"]),
  ('--pairs=17,68/', ['--pairs', 'joined by /', "found ''"]),
  ('--pairs=17,68/17,68', ['--pairs', 'different pairs', "'17,68/17,68'"]),
  ('--phase1=1437',
   ['--phase1=1437: expected fewer than the 1,437 training images']),
  ('--phase1=600,60000', ['--phase1=60000: expected fewer than the 1,437']),
  ('--phase1=0', ['--phase1=0', '≥ 1', "found '0'"]),
  ('--phase1=1', ['--phase1=1', 'both of --pairs=17,68', 'found 0 and 0']),
  ('--phase1=3', ['--phase1=3', 'both of --pairs=17,68', 'found 1 and 0']),
  ('--phase1=30 --tally_from=0.99',
   ['--phase1=30', 'among those tallied', 'found 0 and 0']),
  ('--phase1=1432', ['--phase1=1432', 'images of 6 for a fork', 'none left']),
  ('--tally_from=0.5 --tally_to=0.5',
   ['--tally_from=0.5: expected less than --tally_to=0.5']),
  ('--tally_from=0,0.8 --tally_to=1,0.75',
   ['--tally_from=0.8: expected less than --tally_to=0.75']),
  ('--tally_from=1.5', ['--tally_from=1.5', '≤ 1', "found '1.5'"]),
  ('--tally_to=0', ['--tally_to=0', '> 0', "found '0'"]),
  ('--keep_second=0', ['--keep_second=0', '> 0', "found '0'"]),
  ('--keep_second=2', ['--keep_second=2', '≤ 1', "found '2'"]),
  ('--keep_second=0.0001', ['both of --pairs=17,68', ' and 0']),
  ('--moved=0', ['--moved=0', '> 0', "found '0'"]),
  ('--moved=0.1,0.2', ['--moved', "found '0.1,0.2'"]),
  ('--activation=identity',
   ['--activation=identity', '<softplus|relu|sigmoid|tanh>', "'identity'"]),
  ('--activation=relu,relu', ['--activation', 'different words']),
  ('--output_activation=none', ['--output_activation', '<same|softplus|']),
  ('--loss=hinge', ['--loss=hinge', '<squared|cross_entropy>', "'hinge'"]),
  ('--hidden=0', ['--hidden=0', 'from 1 to 4096', "found '0'"]),
  ('--hidden=8-', ['--hidden=8-', 'joined by -', "found '8-'"]),
  ('--hidden=5000', ['--hidden=5000', 'to 4096', "found '5000'"]),
  ('--learning_rate=0', ['--learning_rate=0', '> 0', "found '0'"]),
  ('--learning_rate=nan', ['--learning_rate=nan', 'finite', "found 'nan'"]),
  ('--permutations=5',
   ['--permutations=5: expected 0 or at least 19', 'p = 0.05']),
  ('--keep=all', ['--keep=all', '<measures|ratios|weights>']),
  ('--data=cifar', ['--data=cifar', '<mnist|digits']),
  ('--pair=17,68', ["'pair'", 'Did you mean: pairs']),
  ('--block_size=17', ['--block_size=17', 'multiple of 16', 'found 17']),
]  # fmt: skip


def assert_one_line(ended, words):
  assert (ended.code, ended.out) == (1, '')
  line, *hint = ended.err.splitlines()
  assert hint in ([], ['Pass --helpshort to see the flags.'])
  assert line.startswith('localization: ')
  for word in words:
    assert word in line


@pytest.mark.parametrize(('flags', 'words'), FLAGS, ids=[f for f, _ in FLAGS])
def test_bad_flags_are_told_in_one_line(binary, tmp_path, flags, words):
  ended = binary('localization')('--data=digits', *flags.split(), cwd=tmp_path)
  assert_one_line(ended, words)
  assert samples.tree(tmp_path) == {}


# Images that are not there, or not what they should be.

LAST = mnist.FILES['train_images']


@pytest.fixture(scope='module')
def bare(environment, tmp_path_factory):
  """The binary where nothing is: no files, no network, no scikit-learn."""
  home = tmp_path_factory.mktemp('bare')
  (home / 'sklearn.py').write_text('raise ImportError\n')
  nowhere = 'http://127.0.0.1:9'  # where nobody answers, instead of mirrors
  proxies = dict.fromkeys(('https_proxy', 'http_proxy'), nowhere)
  environment = environment | proxies | {
    'no_proxy': '',
    'JAXREP_DATA': '',
    'XDG_CACHE_HOME': str(home / 'cache'),
    'PYTHONPATH': f'{home}{os.pathsep}{ROOT}',
  }  # fmt: skip
  with Binary('experiments.localization', environment) as found:
    yield found


def idx(magic, *shape, size=None):
  """Returns the bytes of an IDX file of zeros, of another size than it says."""
  header = struct.pack(f'>{1 + len(shape)}I', magic, *shape)
  return header + bytes(np.prod(shape) if size is None else size)


WHOLE = idx(2051, 5, 28, 28)
DAMAGED = {
  'cut short': (f'{LAST}.gz', gzip.compress(WHOLE)[:-9], 'is cut short'),
  'altered': (
    f'{LAST}.gz', gzip.compress(WHOLE), 'of MNIST (sha256 of the contents'
  ),
  'magic': (LAST, idx(2049, 20), 'expected the magic number 2051, found 2049'),
  'short': (
    LAST, idx(2051, 5, 28, 28, size=3),
    'expected 3936 bytes for 5×28×28 images, found 19',
  ),
  'empty': (LAST, b'', 'expected a header of 16 bytes, found 0'),
  'no gzip': (f'{LAST}.gz', b'<html>', 'expected a whole gzip file'),
}  # fmt: skip


@pytest.mark.parametrize(
  ('name', 'contents', 'words'), DAMAGED.values(), ids=DAMAGED
)
def test_a_damaged_file_is_named_and_left(
  bare, tmp_path, name, contents, words
):
  """With 3,936 = 16 + 5·28·28 bytes where that was said."""
  (tmp_path / 'mine').mkdir()
  (tmp_path / 'mine' / name).write_bytes(contents)
  before = samples.tree(tmp_path)
  ended = bare('--data_dir=mine', cwd=tmp_path)
  assert_one_line(ended, [f'mine/{name}: expected', words, 'delete it'])
  assert samples.tree(tmp_path) == before


@pytest.mark.parametrize('flags', [[], ['--data_dir=mine']])
def test_without_files_and_network_it_is_said_what_to_do(bare, tmp_path, flags):
  ended = bare(*flags, cwd=tmp_path)
  assert_one_line(
    ended,
    [f'{LAST}.gz: expected a file, found none', *mnist.MIRRORS,
     '--data_dir', '--data=digits'],
  )  # fmt: skip
  assert [n for n, file in samples.tree(tmp_path).items() if file] == []
  assert not (tmp_path / 'runs').exists()


def test_without_scikit_learn_it_is_said_how_to_get_it(bare, tmp_path):
  ended = bare('--data=digits', cwd=tmp_path)
  assert_one_line(ended, ['scikit-learn', 'pip install "jaxrep[digits]"'])
  assert samples.tree(tmp_path) == {}


# The real files.


@pytest.fixture(scope='module')
def files():
  if not os.environ.get('JAXREP_DATA'):
    pytest.skip('JAXREP_DATA names no folder with the files of MNIST')
  return pathlib.Path(os.environ['JAXREP_DATA'])


@pytest.mark.slow
def test_real_files_are_found_and_their_place_decides_nothing(
  files, binary, tmp_path
):
  """The source's counts: of the first 1,200, 285 ones and sevens, 214 others.

  Behind them, 5,391 ones of 6,742 less those in there, and so on.
  """
  record = run(
    binary, tmp_path / 'real', *TINY, '--data=mnist', '--phase1=1200',
    f'--data_dir={files}', '--hidden=8', '--keep=measures',
  )  # fmt: skip
  assert 'data_dir' not in record.flags
  assert record.summary['claims'] == []  # the source has 100 hidden units
  [arrays] = record.parts.values()
  assert arrays['phase1_images'] == 499 == 285 + 214
  assert arrays['pixel_r'].shape == (2, 784)
  # All but 84 pixels are not blank in all ones, sevens, sixes and eights.
  assert arrays['active'].sum() == 784 - 84
  assert arrays['finite'].all()
  page = (record.folder / 'report.html').read_text()
  assert '<title>Knowledge localization (MNIST)' in page


def test_more_images_than_there_are_cannot_be_phase_1(files, binary, tmp_path):
  ended = binary('localization')(
    f'--data_dir={files}', '--phase1=60000', cwd=tmp_path
  )
  assert_one_line(ended, ['--phase1=60000: expected fewer than the 60,000'])
  assert samples.tree(tmp_path) == {}


def test_one_altered_label_is_seen(files, binary, tmp_path):
  folder, name = tmp_path / 'mine', mnist.FILES['train_labels']
  folder.mkdir()
  for part in mnist.FILES.values():
    [path] = sorted(files.glob(f'{part}*'))[-1:]
    (folder / path.name).symlink_to(path.resolve())
  raw = (folder / f'{name}.gz').read_bytes()
  contents = bytearray(gzip.decompress(raw))
  contents[1000] = (contents[1000] + 1) % 10
  (folder / name).write_bytes(contents)  # read before the one that is zipped
  ended = binary('localization')('--data_dir=mine', cwd=tmp_path)
  assert_one_line(ended, [f'mine/{name}: expected {name} of MNIST', 'sha256'])

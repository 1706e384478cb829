"""Input weights chosen, put back, exchanged: by hand, by loops, by laws."""

import jax
import numpy as np
import pytest

from jaxrep import localization, nets
from jaxrep.measures import transplants

separations = jax.jit(transplants.separations)

EVERY, NONE = np.ones((2, 2), bool), np.zeros((2, 2), bool)
TOP = np.array([[True, True], [False, False]])  # the weights of pixel 0
# Digit A is pixel 0 alone, digit B pixel 1 alone; three images each.
ASKED = np.float32([[[1, 0], [2, 0], [3, 0]], [[0, 1], [0, 2], [0, 3]]])
FORKED = np.zeros((2, 2), np.float32)


def identity(x):
  return x


def layer(w, b=(0, 0)):
  return nets.Layer(np.float32(w), np.float32(b), identity)


def hand_worked(asked=ASKED, biases=((0, 0), (0, 0))):
  """The first fork answers x_0 by its first output, the second x_1 so.

  Before the fork all weights were 0. y_0 - y_1 is x_0 for the first fork, above
  0 for A and 0 for B: AUC 1. For the second it is x_1: AUC 0.
  """
  pair = layer([[1, 0], [0, 0]], biases[0]), layer([[0, 0], [1, 0]], biases[1])
  masks = {'every': EVERY, 'none': NONE, 'top': TOP}
  found = separations([(one,) for one in pair], asked, FORKED, masks)
  return {name: float(value) for name, value in found.items()}


class TestByHand:
  def test_forks_that_are_each_sure_of_their_own_are_1_apart(self):
    assert hand_worked()['whole'] == 1

  def test_without_what_they_have_learnt_they_are_not_apart(self):
    """All answers 0: AUC ½ and ½."""
    assert hand_worked()['put_back_every'] == 0

  def test_with_each_other_s_weights_they_have_changed_places(self):
    assert hand_worked()['exchanged_every'] == -1

  def test_moving_no_weight_changes_nothing(self):
    found = hand_worked()
    assert found['put_back_none'] == found['exchanged_none'] == 1

  def test_one_pixel_put_back_halves_it(self):
    """The first answers 0 to all, AUC ½; the second has lost nothing, AUC 0."""
    assert hand_worked()['put_back_top'] == 0.5

  def test_one_pixel_exchanged_takes_all_of_it(self):
    """The first answers 0; the second x_0 + x_1, which tells no digit: ½, ½."""
    assert hand_worked()['exchanged_top'] == 0

  def test_the_change_is_that_of_the_masked_weights(self):
    """The first fork changed pixel 0's by 1, the second pixel 1's."""
    found = hand_worked()
    changes = [found[f'change_{name}'] for name in ('every', 'none', 'top')]
    assert changes == [1, 0, 0.5]

  def test_digits_the_other_way_round_turn_its_sign(self):
    found = hand_worked(ASKED[::-1])
    wanted = {
      name: value if name.startswith('change') else -value
      for name, value in hand_worked().items()
    }
    assert found == wanted

  def test_a_bias_towards_one_answer_does_not_count(self):
    """As both or one of them lean, to either side; small whole numbers."""
    plain = hand_worked()
    for biases in [((5, 0), (5, 0)), ((0, 7), (0, 0)), ((0, 3), (4, 1))]:
      assert hand_worked(biases=biases) == plain

  def test_where_both_digits_look_alike_nothing_is_told(self):
    found = hand_worked(np.stack([ASKED[0], ASKED[0]]))
    assert {v for k, v in found.items() if not k.startswith('change')} == {0}


def drawn(seed, same_above=False):
  """Returns two random forks of softplus units, 6-5-2, images, and a mask."""
  rng = np.random.default_rng(seed)

  def fork(above):
    w, b = rng.normal(size=(6, 5)), rng.normal(size=5)
    return (
      nets.Layer(np.float32(w), np.float32(b), jax.nn.softplus),
      nets.Layer(*above, jax.nn.softplus),
    )

  def above():
    return np.float32(rng.normal(size=(5, 2))), np.float32(rng.normal(size=2))

  shared = above()
  pair = [fork(shared if same_above else above()) for _ in range(2)]
  if same_above:
    first, second = pair
    pair[1] = nets.Layer(second[0].w, first[0].b, jax.nn.softplus), second[1]
  asked = np.float32(rng.random((2, 30, 6)))
  forked = np.float32(rng.normal(size=(6, 5)))
  masks = {'some': rng.random((6, 5)) < 0.4, 'all': np.ones((6, 5), bool)}
  return pair, asked, forked, masks


def answers(w, fork, x):
  """Returns y_0 - y_1 in float64, of an input matrix and the rest of a fork."""
  h = np.log1p(np.exp(x @ np.float64(w) + fork[0].b))
  y = np.log1p(np.exp(h @ np.float64(fork[1].w) + fork[1].b))
  return y[:, 0] - y[:, 1]


def auc(first, second):
  """Returns the share of pairs in which the first is higher, by a loop."""
  wins = [(a > b) + 0.5 * (a == b) for a in first for b in second]
  return float(np.mean(wins))


def by_loops(pair, asked, forked, mask, way):
  w = []
  for fork, other in (pair, pair[::-1]):
    moved = np.array(fork[0].w)
    for place in np.argwhere(mask):
      source = forked if way == 'put_back' else other[0].w
      moved[tuple(place)] = source[tuple(place)]
    w.append(moved)
  told = [
    auc(*(answers(v, fork, x) for x in asked))
    for v, fork in zip(w, pair, strict=True)
  ]
  return told[0] - told[1]


@pytest.mark.parametrize('seed', range(5))
def test_random_forks_are_those_of_loops_over_weights_and_images(seed):
  """900 pairs of images; two that differ by rounding might count otherwise."""
  pair, asked, forked, masks = drawn(seed)
  found = separations(pair, asked, forked, masks)
  none = np.zeros_like(masks['some'])
  near = {'abs': 3 / 900}
  whole = by_loops(pair, asked, forked, none, 'put_back')
  assert found['whole'] == pytest.approx(whole, **near)
  for name, mask in masks.items():
    for way in ('put_back', 'exchanged'):
      wanted = by_loops(pair, asked, forked, mask, way)
      assert found[f'{way}_{name}'] == pytest.approx(wanted, **near)
    squares = [np.square(np.float64(fork[0].w) - forked) for fork in pair]
    share = np.mean([np.sum(s[mask]) / np.sum(s) for s in squares])
    assert found[f'change_{name}'] == pytest.approx(share, rel=1e-5)


@pytest.mark.parametrize('seed', range(5))
def test_forks_alike_above_their_input_weights_change_places_with_them(seed):
  pair, asked, forked, masks = drawn(seed, same_above=True)
  found = separations(pair, asked, forked, masks)
  assert found['exchanged_all'] == -found['whole'] != 0
  assert found['put_back_all'] == 0  # then they are one net
  turned = separations(pair[::-1], asked, forked, masks)
  for name in ('whole', 'put_back_some', 'exchanged_some'):
    assert turned[name] == -found[name]


def test_a_fork_that_is_not_finite_tells_nothing():
  pair, asked, forked, masks = drawn(0)
  broken = nets.Layer(pair[0][0].w * np.nan, pair[0][0].b, jax.nn.softplus)
  found = separations([(broken, pair[0][1]), pair[1]], asked, forked, masks)
  assert np.isnan(found['whole']) and np.isnan(found['exchanged_some'])
  assert np.isfinite(found['put_back_all'])  # put back, it is finite again


def test_names_are_of_the_masks():
  ways, masks = ('put_back', 'exchanged', 'change'), ('every', 'none', 'top')
  names = {'whole'} | {f'{way}_{mask}' for way in ways for mask in masks}
  assert set(hand_worked()) == names


# Which weights are moved.

SHAPE = PIXELS, NEURONS = 7, 10
# Of pixel 0 no weight may be moved, of pixel 1 but 5: a floor for each.
AMONG = np.ones(SHAPE, bool)
AMONG[0] = AMONG[1, ::2] = False
chosen = jax.jit(transplants.chosen)


def scores(seed):
  """Returns distinct ratios, mostly the pixel's own."""
  order = np.random.default_rng(seed).permuted(
    np.arange(PIXELS * NEURONS).reshape(SHAPE), axis=1
  )
  return np.float32(order / order.size)


def masks_of(updating, other, share, seed=0, among=AMONG):
  found = chosen(
    jax.random.key(seed), updating, other, among, np.float32(share)
  )
  return {name: np.asarray(mask) for name, mask in found.items()}


def best(values, among, share, sign):
  """Returns floor(share · n) of the highest places, or lowest, by a sort."""
  places = sorted(np.argwhere(among).tolist(), key=lambda p: values[tuple(p)])
  number = int(share * len(places))
  taken = np.zeros(among.shape, bool)
  for place in places[::-sign][:number]:
    taken[tuple(place)] = True
  return taken


class TestChosen:
  @pytest.mark.parametrize('share', [0.25, 0.5])
  def test_they_are_those_of_a_sort(self, share):
    updating, other = scores(1), scores(2)
    found = masks_of(updating, other, share)
    for name, sign in (('highest', 1), ('lowest', -1)):
      for tail, values in (('', updating), ('_other_net', other)):
        np.testing.assert_array_equal(
          found[f'{name}{tail}'], best(values, AMONG, share, sign), name
        )
      rows = zip(updating, AMONG, strict=True)
      np.testing.assert_array_equal(
        found[f'{name}_within_pixels'],
        [best(row, may, share, sign) for row, may in rows],
      )
    np.testing.assert_array_equal(found['all'], AMONG)

  def test_within_pixels_each_one_gives_its_share_of_neurons(self):
    """A quarter: 0 of 0, 1 of 5, 2 of 10; of all together 13 of 55."""
    found = masks_of(scores(3), scores(4), 0.25)
    for name in ('highest_within_pixels', 'lowest_within_pixels'):
      assert found[name].sum(axis=1).tolist() == [0, 1, 2, 2, 2, 2, 2]
    assert found['highest'].sum() == found['random'].sum() == 13

  def test_the_highest_are_whole_pixels_where_these_differ(self):
    found = masks_of(scores(3), scores(4), 0.25)
    assert found['highest'][-1].all() and found['lowest'][1].sum() == 5
    # And what pixels have in common does not matter within them.
    turned = masks_of(
      scores(3) - 2 * np.arange(7)[:, None] / 7, scores(4), 0.25
    )
    for name in ('highest', 'highest_within_pixels'):
      same = np.array_equal(found[name], turned[name])
      assert same == (name != 'highest')

  def test_the_other_net_s_follow_its_updating_and_no_others_do(self):
    first, second = (masks_of(scores(5), scores(k), 0.25) for k in (6, 7))
    own = {'highest_other_net', 'lowest_other_net'}
    for name, mask in first.items():
      assert np.array_equal(mask, second[name]) == (name not in own), name
    swapped = masks_of(scores(6), scores(5), 0.25)
    for name in ('highest', 'lowest'):
      np.testing.assert_array_equal(swapped[name], first[f'{name}_other_net'])

  def test_random_ones_follow_the_key_alone(self):
    found, same, other = (
      masks_of(scores(k), scores(9), 0.25, seed)['random']
      for k, seed in ((5, 0), (8, 0), (5, 1))
    )
    np.testing.assert_array_equal(found, same)
    assert np.any(found != other) and not np.any(found & ~AMONG)

  def test_a_weight_that_was_never_updated_is_not_chosen(self):
    updating = scores(5)
    updating[-1, :] = np.nan  # they would be the highest
    found = masks_of(updating, scores(6), 0.25)
    for name in ('highest', 'lowest', 'highest_within_pixels'):
      assert not found[name][-1].any()
    assert found['highest'].sum() == int(0.25 * 45)

  def test_names_are_those_of_the_study(self):
    names = set(masks_of(scores(1), scores(2), 0.25))
    assert names == set(localization.KINDS)

"""Training by sweeps and case by case, against NumPy, by hand and by law."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import samples

from jaxrep import nets as layered
from jaxrep import seeds, trials
from jaxrep.learning import descent, errors, rules
from jaxrep.tasks.patterns import Patterns

XOR = Patterns(
  np.float32([[0, 0], [0, 1], [1, 0], [1, 1]]), np.float32([[0], [1], [1], [0]])
)
RECIPE = samples.RECIPE._replace(sweeps=100, after=20)
NEVER = 1e-6  # a margin that no net of these tests comes to


def layout(devices=1):
  return seeds.Blocks(16, tuple(jax.local_devices()[:devices]))


def looks(study, nets, marks, *, patterns=XOR, devices=1):
  """Returns the states at each mark, the leading axis the marks."""
  kept = [
    jax.tree.map(np.copy, look.state)
    for look in seeds.evolve(
      study, nets, marks=marks, blocks=layout(devices), shared=patterns
    )
  ]
  return jax.tree.map(lambda *a: np.stack(a), *kept)


def train(rows, marks, *, hidden=2, devices=1, setting=(), **options):
  """Trains XOR; nets of other settings run through the same program."""
  recipe = RECIPE._replace(**options)
  trial = trials.trial(recipe, (2, hidden, 1))
  nets = seeds.cross(rows, **(recipe.grid() | dict(setting)))
  with trial.exact:
    return looks(trial.study, nets, marks, devices=devices)


def at(life, k):
  return jax.tree.map(lambda a: a[k], life)


def drawn(seed, sweeps):
  """Returns orders of four cases, `[T, 4]`.

  They are drawn from key(seed), folded with 1 and then with the sweep, and sort
  random bits: written again, sweep by sweep, without the study.
  """
  key = jax.random.fold_in(jax.random.key(seed), 2**31)
  keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(sweeps))
  bits = jax.vmap(lambda k: jax.random.bits(k, (4,), jnp.uint32))(keys)
  return np.argsort(np.asarray(bits), axis=1, kind='stable')


def in_numpy(weights, cases, *, rate, momentum):
  """Returns the weights after one change a case, in their own dtype.

  The net is x -> h -> y, with direct links where the last matrix has more rows
  than there are hidden units.
  """

  def logistic(a):
    return 1 / (1 + np.exp(-a))

  w0, b0, w1, b1 = weights = [a.copy() for a in weights]
  change = [np.zeros_like(a) for a in weights]
  hidden = len(b0)
  for case in cases:
    x, d = XOR.inputs[case], XOR.targets[case]
    h = logistic(x @ w0 + b0)
    below = np.append(h, x) if len(w1) > hidden else h
    y = logistic(below @ w1 + b1)
    out = (y - d) * y * (1 - y)
    back = (w1[:hidden] @ out) * h * (1 - h)
    slope = np.outer(x, back), back, np.outer(below, out), out
    for k, weight in enumerate(weights):
      change[k] = -rate * slope[k] + momentum * change[k]
      weight += change[k]
  return weights


# In 50 sweeps rounding, 1e-16 or 6e-8, grows a hundredfold at most.
TOLERANCE = {'float64': 1e-13, 'float32': 5e-5}


@pytest.mark.parametrize(
  ('updates', 'links', 'precision'),
  [
    ('case', True, 'float64'),
    ('case', False, 'float32'),
    ('shuffled', False, 'float64'),
    ('shuffled', False, 'float32'),
  ],
)
def test_training_agrees_with_a_numpy_loop(updates, links, precision):
  """2-2-1, and 2-1-1 with direct links, which can learn XOR too."""
  hidden, sweeps, rows = (1 if links else 2), 50, (3, 8)
  life = train(
    rows, [sweeps], hidden=hidden, setting={'margin': [NEVER]},
    updates=updates, precision=precision, links=links,
  )  # fmt: skip
  life = at(life, 0)
  assert life.sweep.tolist() == 2 * [sweeps]
  for row, seed in enumerate(rows):
    start = layered.init(
      jax.random.key(seed), (2, hidden, 1),
      weight_range=1.0, bias_range=1.0, links=links,
    )  # fmt: skip
    first = [np.asarray(a, precision) for a in jax.tree.leaves(start)]
    order = np.tile(np.arange(4), (sweeps, 1))
    if updates == 'shuffled':
      order = drawn(seed, sweeps)
    # A net is given its learning rate and momentum in float32 in any case.
    number = np.dtype(precision).type
    rate, momentum = (number(np.float32(a)) for a in (0.5, 0.9))
    expected = in_numpy(first, order.ravel(), rate=rate, momentum=momentum)
    found = jax.tree.leaves(at(life.net, row))
    assert {a.dtype.name for a in (*found, *expected)} == {precision}
    chex.assert_trees_all_close(
      found, expected, atol=TOLERANCE[precision], rtol=0
    )
    for a, b in zip(first, expected, strict=True):
      assert np.abs(a - b).max() > 0.05  # else this tests little


def alone(study, rows, sweeps, patterns):
  """Returns states after each sweep, `[S, T]`: the study without the engine."""
  patterns = jax.tree.map(jnp.asarray, patterns)

  @jax.jit
  @jax.vmap
  def lives(key):
    def step(life, _):
      life = study.sweep(life, (), patterns)
      return life, life

    start = study.start(key, (), patterns)
    return jax.lax.scan(step, start, length=sweeps)[1]

  return lives(jax.vmap(jax.random.key)(np.array(rows, np.uint32)))


def study_of(start, rule, updates, slopes=None):
  return descent.study(
    start=lambda key, setting: start(key),
    rule=lambda setting: rule,
    error=lambda y, d, setting: errors.squared(y, d),
    margin=lambda setting: 0.0,
    sweeps=1000,
    after=0,
    updates=updates,
    slopes=slopes,
  )


def zeros(key):
  """Returns one unit of weight and bias 0."""
  del key
  return (layered.Layer(jnp.zeros((1, 1)), jnp.zeros(1)),)


def test_one_sweep_of_two_cases_worked_by_hand():
  """ε = 1, α = ½, from w = b = 0, where y = ½.

  x = 1, d = 0: δ = ½·½·½ = 0.125; Δw = Δb = -0.125.
  x = 0, d = 1: y = σ(-0.125) = 0.468791, δ = -0.531209·0.468791·0.531209 =
  -0.132285; Δw = ½·(-0.125) = -0.0625, Δb = 0.132285 - 0.0625 = 0.069785.
  Together: w = -0.1875, b = -0.055215. All at once it would be w = -0.125, b =
  0: the second case sees what the first one left, and its momentum.
  """
  two = Patterns(np.float32([[1], [0]]), np.float32([[0], [1]]))
  for updates, w, b in (('case', -0.1875, -0.055215), ('sweep', -0.125, 0.0)):
    study = study_of(zeros, rules.accelerated(1.0, 0.5), updates)
    layer = alone(study, [0], 1, two).net[0]
    found = layer.w.item(), layer.b.item()
    assert found == pytest.approx((w, b), abs=1e-6)  # six digits


def in_digits(net, setting, patterns):
  """Slopes whose weight reads as the cases of the last sweep, in order.

  Cases are numbered 1 to 4 by their one input, and w becomes the last four
  digits of 10 w + case: 3142 after cases 3, 1, 4 and 2, exactly.
  """
  del setting
  chex.assert_shape(patterns, (1, 1))
  following = jnp.mod(10 * net[0].w + patterns.inputs, 10_000)
  return (layered.Layer(net[0].w - following, jnp.zeros(1)),)


def orders(updates, rows, sweeps):
  """Returns the orders of four cases, from 0, `[S, T, 4]`."""
  cases = Patterns(np.float32([[1], [2], [3], [4]]), np.zeros((4, 1), 'f'))
  study = study_of(zeros, optax.sgd(1.0), updates, in_digits)
  read = np.asarray(alone(study, rows, sweeps, cases).net[0].w, int)[..., 0]
  return read // np.array([[[1000, 100, 10, 1]]]) % 10 - 1


@pytest.fixture(scope='module')
def shuffles():
  return orders('shuffled', range(128), 60)


def test_in_their_own_order_cases_come_as_in_the_pattern_set():
  assert np.all(orders('case', range(3), 5) == np.arange(4)[None, None])


def test_every_shuffled_sweep_has_every_case_once(shuffles):
  assert shuffles.shape == (128, 60, 4)
  assert np.all(np.sort(shuffles) == np.arange(4)[None, None])


def test_orders_are_drawn_from_the_seed_and_the_sweep(shuffles):
  for seed in (0, 5, 127):
    np.testing.assert_array_equal(shuffles[seed], drawn(seed, 60))


def test_orders_differ_between_sweeps_and_between_seeds(shuffles):
  """Two orders of four agree once in 24; the standard error is 0.0023."""
  between_seeds = (shuffles[:-1] == shuffles[1:]).all(axis=2).mean()
  between_sweeps = (shuffles[:, :-1] == shuffles[:, 1:]).all(axis=2).mean()
  for share in (between_seeds, between_sweeps):
    assert share == pytest.approx(1 / 24, abs=0.01)


def test_all_orders_are_as_likely(shuffles):
  """Chi-squared of 24 orders at n = 7,680: fails once in 10^4."""
  from scipy import stats

  _, counts = np.unique(shuffles.reshape(-1, 4), axis=0, return_counts=True)
  assert len(counts) == 24
  assert stats.chisquare(counts).pvalue > 1e-4


@pytest.fixture(scope='module')
def lives():
  """48 lives by mode of updates, looked at after each sweep."""
  marks = range(RECIPE.sweeps + RECIPE.after + 2)
  return {u: train(range(48), marks, updates=u) for u in descent.UPDATES}


@pytest.fixture(params=descent.UPDATES)
def life(request, lives):
  return lives[request.param]


def farthest(net):
  """Returns max |y - d| over XOR, `[T, S]`, in NumPy's float64."""
  states = np.broadcast_to(XOR.inputs, (*net[0].w.shape[:2], 4, 2))
  for layer in net:
    total = states.astype(np.float64) @ layer.w + layer.b[:, :, None]
    states = 1 / (1 + np.exp(-total))
  return np.abs(states - XOR.targets[None, None]).max(axis=(2, 3))


def test_the_criterion_is_tested_before_every_sweep_on_all_cases(life):
  ended = at(life, -1)
  holds = farthest(life.net) < 0.5
  solved = ended.solved_at != descent.NEVER
  assert 5 < solved.sum() < 43  # else this tests little
  assert len(np.unique(ended.solved_at)) > 5
  first = np.where(holds.any(axis=0), holds.argmax(axis=0), descent.NEVER)
  np.testing.assert_array_equal(ended.solved_at, first)


def test_the_age_is_some_sweeps_past_the_solve_or_the_budget(life):
  ended = at(life, -1)
  solved = ended.solved_at != descent.NEVER
  expected = np.where(solved, ended.solved_at + RECIPE.after, RECIPE.sweeps)
  np.testing.assert_array_equal(ended.sweep, expected)


def test_weights_change_at_every_sweep_until_a_net_is_over(life):
  before, after = (
    np.concatenate([a.reshape(*a.shape[:2], -1) for a in leaves], axis=2)
    for leaves in (
      jax.tree.leaves(jax.tree.map(lambda a: a[:-1], life.net)),
      jax.tree.leaves(jax.tree.map(lambda a: a[1:], life.net)),
    )
  )
  changed = (before != after).any(axis=2)
  runs = np.arange(len(changed))[:, None] < at(life, -1).sweep[None]
  np.testing.assert_array_equal(changed, runs)


@pytest.mark.parametrize('updates', descent.UPDATES)
def test_a_net_that_is_over_comes_back_as_it_went_in(lives, updates):
  """With one mark at the end, nets that are over go through all its sweeps."""
  horizon = RECIPE.sweeps + RECIPE.after + 1
  found = train(range(48), [horizon], updates=updates)
  chex.assert_trees_all_equal(at(found, 0), at(lives[updates], -1))


def test_all_modes_start_from_the_same_nets(lives):
  chex.assert_trees_all_equal(*(at(life, 0).net for life in lives.values()))


@pytest.mark.parametrize('updates', descent.UPDATES)
def test_an_untrained_net_that_solves_its_task_is_solved_at_sweep_0(updates):
  """No output is farther than 1 from its target."""
  life = train(range(5), [30], setting={'margin': [1.0]}, updates=updates)
  assert not life.solved_at.any()
  np.testing.assert_array_equal(life.sweep, RECIPE.after)


@pytest.mark.parametrize('rows', [[7], [39, 3, 17]])
def test_bits_of_a_shuffled_net_do_not_depend_on_its_company(lives, rows):
  found = train(rows, [0, 9, 60], updates='shuffled')
  expected = jax.tree.map(lambda a: a[[0, 9, 60]][:, rows], lives['shuffled'])
  chex.assert_trees_all_equal(found, expected)


@pytest.mark.slow
def test_bits_of_a_shuffled_net_do_not_depend_on_the_devices(lives):
  found = train(range(48), [121], updates='shuffled', devices=3)
  chex.assert_trees_all_equal(at(found, 0), at(lives['shuffled'], -1))


@pytest.mark.parametrize('updates', ['sweep', 'case'])
def test_twice_the_slopes_are_twice_the_learning_rate(updates):
  """Without momentum. Doubling is exact; what is left is rounding, 1e-7."""

  net = layered.init(
    jax.random.key(0), (2, 2, 1), weight_range=1.0, bias_range=1.0
  )

  def loss(net, patterns):
    y = jax.vmap(layered.apply, (None, 0))(net, patterns.inputs)
    return 0.5 * jnp.sum((y - patterns.targets) ** 2)

  def twice(net, setting, patterns):
    del setting
    return jax.tree.map(lambda g: 2 * g, jax.grad(loss)(net, patterns))

  def trained(rate, slopes=None):
    study = study_of(lambda key: net, optax.sgd(rate), updates, slopes)
    return alone(study, [0], 20, XOR).net

  doubled, faster = trained(0.5, twice), trained(1.0)
  chex.assert_trees_all_close(doubled, faster, atol=1e-5)
  for layer, first in zip(faster, net, strict=True):
    assert np.abs(layer.w[0, -1] - first.w).max() > 0.01


def test_starts_and_orders_are_the_same_numbers_in_both_precisions(lives):
  double = at(train(range(48), [0], updates='shuffled', precision='float64'), 0)
  single = at(lives['shuffled'], 0)
  np.testing.assert_array_equal(single.order, double.order)
  pairs = zip(*map(jax.tree.leaves, (single.net, double.net)), strict=True)
  for a, b in pairs:
    assert (a.dtype, b.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(a, b)


def test_float64_goes_where_float32_goes_until_rounding_has_grown(lives):
  """Ten sweeps apart by rounding only; another order of cases would show."""
  options = {'updates': 'shuffled', 'precision': 'float64'}
  double = at(train(range(48), [10], **options), 0)
  single = at(lives['shuffled'], 10)
  chex.assert_trees_all_close(double.net, single.net, atol=1e-5)
  assert np.any(double.net[0].w != single.net[0].w)


def test_float64_is_switched_off_after_training_in_it():
  """And on the way out of a run that is interrupted."""
  recipe = RECIPE._replace(updates='shuffled', precision='float64')
  trial = trials.trial(recipe, (2, 2, 1))
  # All nets solve this at once, and none needs a certificate.
  nets = seeds.cross(range(8), **(recipe.grid() | {'margin': [2.0]}))
  net, arrays, _ = trials.run(trial, nets, XOR, blocks=layout())
  assert not jax.config.jax_enable_x64
  assert jnp.zeros(1).dtype == np.float32
  assert {a.dtype.name for a in jax.tree.leaves(net)} == {'float64'}
  assert arrays['error'].dtype == np.float64
  np.testing.assert_array_equal(arrays['age'], RECIPE.after)

  def interrupt(over, solved):
    raise KeyboardInterrupt

  with pytest.raises(KeyboardInterrupt):
    trials.run(trial, nets, XOR, blocks=layout(), watch=interrupt)
  assert not jax.config.jax_enable_x64


def test_the_key_of_the_orders_is_none_that_weights_are_drawn_from():
  key = jax.random.key(3)
  layers = [jax.random.fold_in(key, k) for k in range(4)]
  used = [key, *layers, *(k for one in layers for k in jax.random.split(one))]
  drawn = {np.asarray(jax.random.key_data(k)).tobytes() for k in used}
  order = jax.random.fold_in(key, descent._ORDER)
  for one in (order, *(jax.random.fold_in(order, t) for t in range(4))):
    assert np.asarray(jax.random.key_data(one)).tobytes() not in drawn


def held_out(cases=lambda setting: setting['learn']):
  """Returns the study of XOR with what `setting['learn']` says held out."""

  def start(key, setting):
    del setting
    net = layered.init(key, (2, 2, 1), weight_range=1.0, bias_range=1.0)
    return jax.tree.map(lambda a: a.astype('float64'), net)

  return descent.study(
    start=start,
    rule=lambda setting: rules.accelerated(0.5, 0.9),
    error=lambda y, d, setting: errors.squared(y, d),
    margin=lambda setting: 0.4,
    sweeps=300,
    after=10,
    cases=cases,
  )


OUT = np.array([3, 0, 1, 3, 2, 0])  # the case that each of six nets is spared
LEARN = np.arange(4)[None] != OUT[:, None]


def ended(study, patterns=XOR):
  """Returns state and report of the six nets when all is over, for each."""
  nets = seeds.cross(range(6))._replace(setting={'learn': LEARN.astype('f')})
  with jax.enable_x64(True):
    [look] = seeds.evolve(
      study, nets, marks=[311], blocks=layout(), shared=patterns
    )
  pair = look.state, look.report
  return [jax.tree.map(lambda a, k=k: a[k], pair) for k in range(6)]


@pytest.fixture(scope='module')
def learnt():
  """The study, and what becomes of its six nets."""
  study = held_out()
  return study, ended(study)


@pytest.mark.parametrize('change', ['targets', 'inputs'])
def test_what_is_held_out_touches_no_bit_of_training(learnt, change):
  """Case 3 becomes another, for all nets; it is out of two of them."""
  study, before = learnt
  patterns = Patterns(*(a.copy() for a in XOR))
  getattr(patterns, change)[3] = 1 - getattr(patterns, change)[3]
  after = ended(study, patterns)
  for out, one, two in zip(OUT, before, after, strict=True):
    if out == 3:
      chex.assert_trees_all_equal(one, two)
      assert one[0].solved_at > 0  # so that the criterion was at work
    else:
      assert np.any(one[0].net[0].w != two[0].net[0].w)


def test_to_hold_a_case_out_is_to_train_on_the_others(learnt):
  """The same three cases in another sum: rounding, which grows to 1e-9.

  The criterion holds at the same sweep, and E is the same.
  """
  _, found = learnt
  study = held_out(cases=None)
  for out in (0, 3):
    three = Patterns(*(np.delete(a, out, axis=0) for a in XOR))
    alone = ended(study, three)
    for k in np.flatnonzero(out == OUT):
      assert found[k][0].solved_at == alone[k][0].solved_at != descent.NEVER
      chex.assert_trees_all_close(found[k], alone[k], atol=1e-9, rtol=0)


def test_error_and_criterion_do_not_ask_for_what_is_held_out(learnt):
  """Nets that have solved their three cases may answer the fourth wrongly."""
  _, found = learnt
  wrong = 0
  for learn, (life, report) in zip(LEARN, found, strict=True):
    y = XOR.inputs.astype(float)
    for layer in life.net:
      y = 1 / (1 + np.exp(-(y @ layer.w + layer.b)))
    gap = np.abs(y - XOR.targets)[:, 0]
    assert report.worst == pytest.approx(gap[learn].max(), abs=1e-12)
    error = 0.5 * np.sum(gap[learn] ** 2)
    assert report.error == pytest.approx(error, abs=1e-12)
    if life.solved_at != descent.NEVER:
      assert life.sweep == life.solved_at + 10
      wrong += gap[~learn].item() > 0.5
  assert wrong


@pytest.mark.parametrize('updates', ['case', 'shuffled'])
def test_cases_cannot_be_held_out_of_training_case_by_case(updates):
  with pytest.raises(
    ValueError, match=f"updates: expected 'sweep'.*found '{updates}'"
  ):
    descent.study(
      start=zeros,
      rule=lambda setting: optax.sgd(1.0),
      error=lambda y, d, setting: errors.squared(y, d),
      margin=lambda setting: 0.5,
      sweeps=10,
      after=0,
      updates=updates,
      cases=lambda setting: jnp.ones(4),
    )


def frozen(*, steady, rate=1.0, band=0.0):
  """Returns before which of eight sweeps a unit is called frozen.

  And its weight after them; the engine would take frozen nets out.
  """

  def error(y, d, setting):
    del setting
    return errors.banded(errors.squared(y, d), y, d, band=band)

  study = descent.study(
    start=lambda key, setting: zeros(key),
    rule=lambda setting: rules.accelerated(rate, 0.5),
    error=error,
    margin=lambda setting: 0.0,
    sweeps=100,
    after=0,
    steady=steady,
  )
  two = Patterns(jnp.array([[1.0], [0.0]]), jnp.array([[0.0], [1.0]]))

  @jax.jit
  def life():
    def step(life, _):
      report, over = study.look(life, (), two)
      return study.sweep(life, (), two), (report.frozen, over)

    start = study.start(jax.random.key(0), (), two)
    return jax.lax.scan(step, start, length=8)

  end, (found, over) = life()
  np.testing.assert_array_equal(found, over)
  assert end.sweep == 8
  return found.tolist(), end.net[0].w.item()


def test_a_net_that_stays_is_not_frozen_before_the_rule_is_steady():
  """The band takes every error, so that no sweep changes a bit.

  After 4 sweeps the fifth, with the last of the old rule, is to come; after 5
  all that come are alike.
  """
  assert frozen(steady=5, band=2.0) == (5 * [False] + 3 * [True], 0.0)
  assert frozen(steady=0, band=2.0) == (8 * [True], 0.0)


def test_a_net_that_waits_for_its_rate_is_not_frozen():
  """ε is 0 for five sweeps; without `steady` the net would leave at once."""

  def rate(sweep):
    return jnp.where(sweep < 5, 0.0, 1.0)

  found, w = frozen(steady=5, rate=rate)
  assert found == 8 * [False] and abs(w) > 0.1
  found, w = frozen(steady=0, rate=rate)
  assert found == 5 * [True] + 3 * [False] and abs(w) > 0.1

"""Hierarchical equality: the study's record, results, settings, bad input."""

import json
import re

import jax
import numpy as np
import pytest
import samples
from binaries import ROOT
from scipy import stats

from experiments.results import equality as results
from experiments.shared import groups
from jaxrep import equality, nets, records
from jaxrep.claims import equality as claims
from jaxrep.claims import judges
from jaxrep.measures import alignment
from jaxrep.tasks import equality as task
from tests.faults import kills

SMOKE_OF = 'equality'

# Of flags/equality/smoke.flags, and the net of the source.
NETS, CONTROLS, TWINS, STARTS = 16, 8, 3, 5
LAYERS, KS, HYPOTHESES = (0, 1), (4, 8), ('both', 'left')
PLACES = [
  (hypothesis, layer, k)
  for hypothesis in HYPOTHESES
  for layer in LAYERS
  for k in KS
]
DIMENSION, DEPTH = 4, 3
EXAMINED, AT_ONCE = 18_432, 1_536
SMOKE = '--flagfile=flags/equality/smoke.flags'
# As little as is a run: seconds. Whoever tells anything has learnt.
TINY = (
  SMOKE, '--seeds=2', '--examples=640', '--steps=5', '--layers=1', '--ks=8',
  '--control_ks=8', '--hypotheses=left', '--controls=0', '--restarts=1',
  '--twins=0', '--starts=1', '--learnt=0',
)  # fmt: skip


def name_of(hypothesis, layer, k):
  return f'iia_{hypothesis}_l{layer}_k{k}'


def run(binary, folder, *flags):
  """Runs the study; returns the record, checked to be sound."""
  ended = binary('equality')(*flags, f'--out={folder}', cwd=ROOT)
  assert (ended.code, ended.err) == (0, '')
  text = (folder / 'summary.json').read_text()
  json.loads(text, parse_constant=pytest.fail)  # NaN, Infinity
  assert (folder / 'report.html').stat().st_size > 5000
  assert 'nan' not in ended.out.lower()
  return records.load(folder)


def plan_of(binary, *flags):
  """Returns what the study would run."""
  ended = binary('equality')(*flags, cwd=ROOT, dry=True)
  assert (ended.code, ended.err) == (0, '')
  return json.loads(ended.out)


def drawn(record):
  return {path.stem for path in (record.folder / 'figures').iterdir()}


@pytest.fixture(scope='module')
def arrays(record):
  return record.parts['nets']


@pytest.fixture(scope='module')
def learnt(arrays):
  return arrays['learnt']


class TestRecord:
  def test_smoke_leaves_a_record_and_every_figure(self, smoke):
    assert {path.name for path in smoke[0].iterdir()} == {
      'run.flags', 'nets.csv', 'nets.npz', 'summary.json', 'machine.json',
      'figures', 'report.html',
    }  # fmt: skip
    assert {path.stem for path in (smoke[0] / 'figures').iterdir()} >= {
      'iia_both', 'iia_left', 'inputs', 'example', 'rotations', 'neurons',
      'restarts', 'growth', 'probes',
    }  # fmt: skip

  def test_a_net_is_a_row(self, table, arrays):
    assert [int(row['seed']) for row in table] == list(range(NETS))
    names = [name_of(*place) for place in PLACES]
    for name in ('task_accuracy', 'known', 'accuracy_near', *names):
      column = np.float32([row[name] for row in table])
      np.testing.assert_array_equal(column, arrays[name])

  def test_who_has_learnt_is_marked_and_all_are_searched(self, table, arrays):
    told = np.array([float(row['task_accuracy']) >= 0.9 for row in table])
    assert [int(row['learnt']) for row in table] == list(told)
    assert 3 < told.sum() < NETS
    for place in PLACES:
      assert np.isfinite(arrays[name_of(*place)]).all()

  def test_every_result_asked_for_is_there_with_n_and_interval(
    self, found, learnt
  ):
    names = [name_of(*place) for place in PLACES]
    for name in (
      'ceiling_known_rotation', 'iia_untrained_rotation', *names,
    ):  # fmt: skip
      one = found[name]
      assert one['low'] <= one['value'] <= one['high'], name
      assert one['n'] == learnt.sum(), name
    for name in ('iia_untrained_net', 'iia_shuffled_labels'):
      one = found[name]
      assert one['low'] <= one['value'] <= one['high'], name
      assert one['n'] == learnt[:CONTROLS].sum(), name
    assert found['task_accuracy_median']['n'] == NETS
    for twin in ('relu', 'sigmoid'):
      for kind in ('orthogonal', 'linear'):
        one = found[f'search_success_input_{twin}_{kind}']
        assert 0 <= one['value'] <= 1 and 0 < one['n'] <= TWINS

  def test_controls_are_of_the_first_nets_only(self, arrays):
    for name in ('untrained_net', 'shuffled_labels', 'restarts'):
      asked = np.isfinite(arrays[name]).reshape(NETS, -1)
      np.testing.assert_array_equal(asked.any(axis=1), asked.all(axis=1))
      np.testing.assert_array_equal(asked[:, 0], np.arange(NETS) < CONTROLS)
    grown = np.isfinite(arrays['growth'][:, 1]).all(axis=1)
    np.testing.assert_array_equal(grown, np.arange(NETS) < CONTROLS)
    for twin in ('relu', 'sigmoid'):
      np.testing.assert_array_equal(
        np.isfinite(arrays[f'known_{twin}']), np.arange(NETS) < TWINS
      )
      assert arrays[f'input_{twin}_linear'].shape == (NETS, STARTS)

  def test_the_first_restart_and_the_end_of_growth_are_the_search_itself(
    self, arrays
  ):
    rows = slice(CONTROLS)
    for s, layer in enumerate(LAYERS):
      for j, k in enumerate(KS):
        main = arrays[name_of('both', layer, k)][rows]
        restarts = arrays['restarts'][rows, s, j]
        np.testing.assert_array_equal(restarts[:, 0], main)
        assert np.any(restarts[:, 1] != main)
    main = arrays[name_of('both', 1, 8)][rows]
    np.testing.assert_array_equal(arrays['growth'][rows, 1, -1], main)
    np.testing.assert_array_equal(
      arrays['growth'][rows, 1, 0], arrays['untrained_net'][rows, 0, 1, 1]
    )
    np.testing.assert_array_equal(
      arrays['curve'][:, -1], arrays['task_accuracy']
    )


# By hand: nets, interchanges and their accuracy in NumPy, in float64.


def weights(arrays, row):
  return [
    (np.float64(arrays[f'w{k}'][row]), np.float64(arrays[f'b{k}'][row]))
    for k in range(DEPTH + 1)
  ]


def below(net, layer, x):
  for w, b in net[:layer]:
    x = np.maximum(x @ w + b, 0)
  return x


def above(net, layer, x):
  for w, b in net[layer:-1]:
    x = np.maximum(x @ w + b, 0)
  w, b = net[-1]
  return x @ w + b


@pytest.fixture(scope='module')
def pairs():
  """Returns the pairs that all nets are asked of a hypothesis, in NumPy."""
  key = equality._shared(equality._PAIRS, 0)

  def draw(hypothesis):
    rounds = [
      task.counterfactuals(
        jax.random.fold_in(key, place), AT_ONCE, hypothesis=hypothesis,
        dimension=DIMENSION, kind='uniform',
      )
      for place in range(EXAMINED // AT_ONCE)
    ]  # fmt: skip
    axes = 0, 1, 1, 0  # of the cases, in base, sources, moved, labels
    return [
      np.concatenate([np.asarray(one[j]) for one in rounds], axis)
      for j, axis in enumerate(axes)
    ]

  return {hypothesis: draw(hypothesis) for hypothesis in HYPOTHESES}


def accuracy(net, layer, into, k, cases):
  """Returns the share of right answers after coordinates were exchanged."""
  base, sources, moved, labels = cases
  into = np.float64(into)
  at_base = below(net, layer, np.float64(base))
  turned = at_base @ into.T
  room = len(into) // len(sources)
  for v, source in enumerate(sources):
    theirs = below(net, layer, np.float64(source)) @ into.T
    mine = slice(v * room, v * room + k)
    turned[moved[v], mine] = theirs[moved[v], mine]
  # A rotation's inverse is its transpose.
  answers = above(net, layer, turned @ into).argmax(axis=1)
  return np.mean(answers == labels)


# Of 18,432 cases a few lie so near to a tie that rounding tells them.
FEW = 5 / EXAMINED


@pytest.mark.parametrize(('hypothesis', 'layer', 'k'), PLACES)
def test_iia_is_what_an_interchange_by_the_map_kept_gives(
  arrays, pairs, hypothesis, layer, k
):
  maps = arrays[f'map_{hypothesis}_l{layer}'][:, KS.index(k)]
  for row in (0, 6, NETS - 1):
    iia = accuracy(weights(arrays, row), layer, maps[row], k, pairs[hypothesis])
    found = arrays[name_of(hypothesis, layer, k)][row]
    np.testing.assert_allclose(found, iia, atol=FEW)


def test_maps_are_rotations(arrays):
  """Up to rounding: entries of R Rᵀ are sums of 16 products of float32."""
  for hypothesis in HYPOTHESES:
    for layer in LAYERS:
      maps = np.float64(arrays[f'map_{hypothesis}_l{layer}'])
      assert maps.shape == (NETS, len(KS), 16, 16)
      squares = maps @ np.swapaxes(maps, -1, -2)
      one = np.broadcast_to(np.eye(16), squares.shape)
      np.testing.assert_allclose(squares, one, atol=1e-5)


def test_the_known_rotation_takes_differences_and_sums(arrays, pairs):
  """(a - b)/√2 and (a + b)/√2, then of c and d; k = 4 are the differences."""
  one, root = np.eye(4), np.sqrt(0.5)
  pair = root * np.block([[one, -one], [one, one]])
  known = np.block([[pair, 0 * pair], [0 * pair, pair]])
  for row in range(0, NETS, 5):
    iia = accuracy(weights(arrays, row), 0, known, 4, pairs['both'])
    np.testing.assert_allclose(arrays['known'][row], iia, atol=FEW)


def test_a_rotation_is_loaded_and_applied_in_three_lines(record, table):
  row, site, k = 5, 1, 8

  def sample(key, count):
    return task.counterfactuals(
      key, count, hypothesis='both', dimension=DIMENSION, kind='uniform'
    )

  def up(x):
    return nets.apply(net[site:], x)

  def down(x):
    return nets.apply(net[:site], x)

  key = equality._shared(equality._PAIRS, 0)
  with jax.numpy_rank_promotion('allow'):  # as a user has it
    net = jax.tree.map(lambda a: a[row], record.nets('nets'))
    into = record.parts['nets']['map_both_l1'][row, KS.index(k)]
    iia = alignment.accuracy(key, into, down, up, sample, k=k)
  found = float(table[row]['iia_both_l1_k8'])
  np.testing.assert_allclose(iia, found, atol=FEW)


def test_the_readme_loads_and_applies_a_rotation(smoke, tmp_path, monkeypatch):
  text = (ROOT / 'docs/records.md').read_text()
  blocks = re.findall(r'^```python\n(.*?)^```$', text, re.M | re.S)
  [block] = [one for one in blocks if 'runs/equality' in one]
  (tmp_path / 'runs').mkdir()
  (tmp_path / 'runs' / 'equality').symlink_to(smoke[0])
  monkeypatch.chdir(tmp_path)
  names: dict = {}
  with jax.numpy_rank_promotion('allow'):  # as a user has it
    exec(block, names)
  # Only the first variable moved: the second's coordinates, and those of
  # nobody, are the base's, and the first's are the source's.
  turned = {
    name: names['rotation'] @ np.asarray(names[name])
    for name in ('base', 'source', 'mixed')
  }
  np.testing.assert_allclose(
    turned['mixed'][:8], turned['source'][:8], atol=1e-5
  )
  np.testing.assert_allclose(turned['mixed'][8:], turned['base'][8:], atol=1e-5)


def test_accuracy_is_that_of_the_weights_on_unseen_entities(arrays):
  """Of 8,192 a tie or two may be told by rounding."""
  for place, change in enumerate(task.SHIFTS):
    inputs, labels = task.shifted(
      equality._shared(equality._ASKED, place), equality.ASKED,
      dimension=DIMENSION, kind='uniform', change=change,
    )  # fmt: skip
    name = 'task_accuracy' if change == 'fresh' else f'accuracy_{change}'
    for row in (0, 6, 15):
      logits = above(weights(arrays, row), 0, np.float64(inputs))
      share = np.mean(logits.argmax(axis=1) == np.asarray(labels))
      np.testing.assert_allclose(arrays[name][row], share, atol=3 / 8192)


class TestResults:
  """Counted again from the record, in NumPy; sums of float32 round at 1e-6."""

  def check(self, found, name, values):
    values = np.float64(values)
    assert found[name]['n'] == len(values) > 0, name
    assert np.isclose(found[name]['value'], values.mean(), atol=1e-6), name

  def test_of_the_task_every_net_counts(self, found, arrays, learnt):
    middle = np.sort(arrays['task_accuracy'])[NETS // 2 - 1]  # the lower one
    assert np.isclose(found['task_accuracy_median']['value'], middle)
    assert found['learnt_rate']['value'] == learnt.mean()
    for change in ('outside', 'other', 'near'):
      told = arrays[f'accuracy_{change}'][learnt]
      self.check(found, f'task_accuracy_{change}', told)

  @pytest.mark.parametrize('place', PLACES, ids=str)
  def test_iia_are_of_nets_that_have_learnt_and_the_others_stand_apart(
    self, found, arrays, learnt, place
  ):
    name = name_of(*place)
    values = arrays[name]
    self.check(found, name, values[learnt])
    self.check(found, f'{name}_unlearnt', values[~learnt])
    assert found[f'{name}_max']['value'] == values[learnt].max()
    ordered = np.sort(values[learnt])
    for word, q in {'q1': 0.25, 'median': 0.5, 'q3': 0.75}.items():
      at_or_below = int(np.ceil(q * len(ordered)))
      assert found[f'{name}_{word}']['value'] == ordered[at_or_below - 1]

  def test_controls_are_means_at_every_place(self, found, arrays, learnt):
    for h, hypothesis in enumerate(HYPOTHESES):
      for s, layer in enumerate(LAYERS):
        for j, k in enumerate(KS):
          tail = f'{hypothesis}_l{layer}_k{k}'
          for name in ('untrained_net', 'shuffled_labels'):
            values = arrays[name][:CONTROLS, h, s, j][learnt[:CONTROLS]]
            self.check(found, f'{name}_{tail}', values)
          values = arrays['untrained_rotation'][learnt, h, s, j]
          self.check(found, f'untrained_rotation_{tail}', values)
          if h == 0:
            for name in ('windows', 'greedy', 'nearest'):
              self.check(found, f'{name}_{tail}', arrays[name][learnt, s, j])
              most = arrays[name][learnt, s, j].max()
              assert found[f'{name}_{tail}_max']['value'] == most

  def test_the_headline_is_of_layer_1_and_the_largest_k(
    self, found, arrays, learnt
  ):
    self.check(found, 'ceiling_known_rotation', arrays['known'][learnt])
    for name in ('untrained_net', 'untrained_rotation', 'shuffled_labels'):
      assert found[f'iia_{name}'] == found[f'{name}_both_l1_k8']
    for place in PLACES:
      name = name_of(*place)
      rate = np.mean(arrays[name][learnt] >= 0.95)
      assert found[f'{name}_found_rate']['value'] == rate

  @pytest.mark.parametrize('twin', ['relu', 'sigmoid'])
  @pytest.mark.parametrize('kind', ['orthogonal', 'linear'])
  def test_searches_at_the_inputs_succeed_within_02_of_what_is_known(
    self, found, arrays, twin, kind
  ):
    asked = arrays[f'accuracy_{twin}'] >= 0.9  # False where none was made
    assert 0 < asked.sum() <= TWINS
    known = arrays[f'known_{twin}'][asked]
    self.check(found, f'ceiling_input_{twin}', known)
    name = f'input_{twin}_{kind}'
    reached = arrays[name][asked]
    near = [np.mean(r >= k - 0.02) for r, k in zip(reached, known, strict=True)]
    self.check(found, f'search_success_{name}', near)
    self.check(found, f'search_mean_{name}', reached.mean(axis=1))
    assert found[f'search_best_{name}']['value'] == reached.max()
    back = arrays[f'basin_{twin}_{kind}'][asked]
    rates = [found[f'search_return_{name}_{t:g}'] for t in equality.TURNS]
    for rate, column in zip(rates, back.T, strict=True):
      assert rate['value'] == np.mean(column >= known - 0.02)
      assert rate['n'] == asked.sum()
    # From next to it all return, and from far none does.
    assert rates[0]['value'] > rates[-1]['value']

  def test_starts_lie_ever_further_from_what_is_known(self, arrays):
    for twin in ('relu', 'sigmoid'):
      angles = arrays[f'basin_{twin}_angle'][:TWINS].mean(axis=0)
      assert np.all(np.diff(angles) > 0) and angles[0] < 5
      assert arrays[f'input_{twin}_angle'][:TWINS].min() > angles[3]

  def test_ranks_are_correlated_as_scipy_does(self, found, arrays, learnt):
    iia = arrays['iia_both_l1_k8'][learnt]
    for change in task.SHIFTS:
      name = 'task_accuracy' if change == 'fresh' else f'accuracy_{change}'
      rho = stats.spearmanr(iia, arrays[name][learnt]).statistic
      one = found[f'iia_predicts_{change}']
      assert np.isclose(one['value'], rho) and one['n'] == learnt.sum()
      assert one['low'] <= one['value'] <= one['high']

  def test_probes_are_means_by_concept_and_layer(self, found, arrays, learnt):
    for name in ('probes', 'probes_untrained'):
      assert arrays[name].shape == (NETS, len(LAYERS), 3)
      for s, layer in enumerate(LAYERS):
        for c, concept in enumerate(('left', 'right', 'answer')):
          values = arrays[name][learnt, s, c]
          self.check(found, f'{name}_{concept}_l{layer}', values)

  @pytest.mark.parametrize(
    ('name', 'low', 'high'),
    [
      ('iia_both_l1_k8', 0.995, 1.005), ('iia_left_l1_k8', 0.85, 0.95),
      ('windows_both_l1_k8', 0.595, 0.605),
      ('nearest_both_l1_k8', 0.725, 0.735),
    ],
  )  # fmt: skip
  def test_the_largest_of_three_reaches_a_bound_or_stays_below_one(
    self, found, arrays, learnt, name, low, high
  ):
    """Every triple drawn with replacement, counted."""
    kind, *_ = name.split('_')
    one = arrays[name] if kind == 'iia' else arrays[kind][:, 1, 1]
    values = one[learnt]
    triples = np.stack(np.meshgrid(values, values, values)).max(axis=0)
    for side, chance in (
      ('reaches', np.mean(triples >= low)), ('stays', np.mean(triples < high)),
    ):  # fmt: skip
      found_side = found[f'{name}_{side}']
      assert np.isclose(found_side['value'], chance)
      assert found_side['low'] <= found_side['value'] <= found_side['high']


class TestWorkedByHand:
  """Results where some of the arrays are made up."""

  def of_restarts(self, arrays, *nets):
    """Returns results where so many nets have these two searches each."""
    made_up = np.full_like(arrays['restarts'], np.nan)
    made_up[: len(nets)] = np.reshape(nets, (-1, 1, 1, 2))
    everyone = np.ones(NETS, bool)
    return results.results(arrays | {'restarts': made_up, 'learnt': everyone})

  def test_the_share_between_nets_is_the_intraclass_correlation(self, arrays):
    """Two nets: .1 and .3, .5 and .7, so the means are .2 and .6, in all .4.

    Between nets: 2 (.2² + .2²)/(2 - 1) = .16; within: 4 · .1²/2 = .02.
    (.16 - .02)/(.16 + .02) = 7/9. The best are .3 and .7, the spread is .2.
    """
    found = self.of_restarts(arrays, (0.1, 0.3), (0.7, 0.5))
    for tail in ('both_l0_k4', 'both_l1_k8'):
      one = found[f'between_nets_{tail}']
      assert np.isclose(one.value, 7 / 9, atol=1e-6) and one.n == 2
      assert np.isclose(found[f'best_of_restarts_{tail}'].value, 0.5)
      spread = found[f'spread_of_restarts_{tail}'].value
      assert np.isclose(spread, 0.2, atol=1e-6)

  def test_nets_that_are_alike_have_no_share_and_one_net_has_none(self, arrays):
    """Means of .2 each: (0 - .02)/(0 + .02) = -1, which counts as 0."""
    found = self.of_restarts(arrays, (0.1, 0.3), (0.3, 0.1))
    assert found['between_nets_both_l1_k8'].value == 0
    for made_up in ([(0.1, 0.3)], [(0.5, 0.5), (0.5, 0.5), (0.5, 0.5)]):
      found = self.of_restarts(arrays, *made_up)
      assert 'between_nets_both_l1_k8' not in found
      assert found['spread_of_restarts_both_l1_k8'].n == len(made_up)

  def test_few_nets_have_bounds_without_a_warning(self, arrays):
    """Of four nets many a resample is of one net, in which nothing varies.

    By hand, of ranks 1 2 3 4 and 1 2 4 3: 1 - 6 · 2/(4 · 15) = .8.
    """
    four = np.arange(NETS) < 4
    told = np.resize([0.91, 0.93, 0.99, 0.95], NETS)
    iia = np.resize([0.5, 0.6, 0.7, 0.8], NETS)
    made_up = {'learnt': four, 'iia_both_l1_k8': iia, 'task_accuracy': told}
    one = results.results(arrays | made_up)['iia_predicts_fresh']
    assert np.isclose(one.value, 0.8) and one.n == 4
    assert -1 <= one.low < one.high <= 1

  def test_fewer_nets_or_alike_ones_have_no_correlation(self, arrays):
    for made_up in (
      {'learnt': np.arange(NETS) < 3},
      {'iia_both_l1_k8': np.full(NETS, 0.5, np.float32)},
    ):
      one = results.results(arrays | made_up)['iia_predicts_near']
      assert (one.value, one.low, one.high) == (None, None, None)

  def test_where_none_has_learnt_nothing_is_defined_but_for_those(self, arrays):
    found = results.results(arrays | {'learnt': np.zeros(NETS, bool)})
    for place in PLACES:
      name = name_of(*place)
      assert (found[name].value, found[name].n) == (None, 0)
      assert found[f'{name}_unlearnt'].n == NETS
    assert found['learnt_rate'].value == 0
    assert found['iia_both_l1_k8_reaches'].value is None


# Claims.

NET = {
  'width': 16, 'depth': 3, 'activation': 'relu', 'entities': 'uniform',
  'dimension': 4, 'map': 'orthogonal', 'learning_rate': 0.001,
  'examples': 1_024_000, 'steps': 2000, 'batch': 192,
}  # fmt: skip


def estimate(value, low=None, high=None, n=100):
  return {'value': value, 'low': low, 'high': high, 'n': n, 'unit': ''}


def judged(setting):
  parts = {'nets': {'seed': np.arange(2)}}
  every = [one.result for one in claims.CLAIMS]
  every += [f'{name}_{side}' for name in every for side in ('reaches', 'stays')]
  every += [
    f'{name.removesuffix("_of3")}_{side}'
    for name in every for side in ('reaches', 'stays')
  ]  # fmt: skip
  found = dict.fromkeys(every, estimate(0.4, 0.3, 0.5))
  listed = [{'part': 'nets', 'setting': setting, 'results': found}]
  return {one['id'] for one in groups.judge(claims.CLAIMS, parts, listed)}


def test_the_source_s_net_and_training_are_judged_and_the_smoke_run_s_not(
  record,
):
  assert judged(NET) == {one.id for one in claims.CLAIMS}
  assert not record.summary['claims']


@pytest.mark.parametrize(
  'other',
  [
    {'width': 32}, {'depth': 2}, {'activation': 'tanh'}, {'dimension': 2},
    {'entities': 'gaussian'}, {'map': 'linear'}, {'learning_rate': 0.003},
    {'examples': 192_000}, {'steps': 100}, {'batch': 96},
  ],
  ids=str,
)  # fmt: skip
def test_no_other_net_is(other):
  assert not judged(NET | other)


FOUND = 'iia_both_l1_k8_found_rate'
UNTRAINED = 'untrained_net_both_l1_k8'


def verdict_of(name, **found):
  [one] = [c for c in claims.CLAIMS if c.id == f'equality-{name}']
  return one.judge({k: estimate(*v) for k, v in found.items()})


@pytest.mark.parametrize(
  ('reaches', 'stays', 'verdict'),
  [
    ((0.5, 0.2, 0.8), (0.9, 0.6, 0.95), judges.HOLDS),
    ((0.01, 0.0, 0.02), (0.9, 0.6, 0.95), judges.FAILS),
    ((0.9, 0.6, 0.95), (0.01, 0.0, 0.02), judges.FAILS),
    ((0.03, 0.01, 0.1), (0.9, 0.6, 0.95), judges.UNDECIDED),
    ((None,), (None,), judges.UNDECIDED),
  ],
)
@pytest.mark.parametrize(
  ('claim', 'name'),
  [('both-l1', 'iia_both_l1_k8'), ('nearest', 'nearest_both_l1_k8')],
)
def test_a_printed_number_is_one_that_three_of_our_nets_may_give(
  claim, name, reaches, stays, verdict
):
  found = {f'{name}_reaches': reaches, f'{name}_stays': stays}
  assert verdict_of(claim, **found) == verdict


@pytest.mark.parametrize(
  ('name', 'result', 'ours', 'verdict'),
  [
    ('every-net', FOUND, (0.8, 0.7, 0.9), judges.HOLDS),
    ('every-net', FOUND, (0.2, 0.1, 0.3), judges.FAILS),
    ('untrained-net', UNTRAINED, (0.5, 0.49, 0.51), judges.HOLDS),
    ('untrained-net', UNTRAINED, (0.6, 0.55, 0.7), judges.FAILS),
    ('untrained-net', UNTRAINED, (0.52, 0.5, 0.54),
     judges.UNDECIDED),
    ('ceiling', 'ceiling_known_rotation', (0.97, 0.96, 0.98), judges.HOLDS),
    ('ceiling', 'ceiling_known_rotation', (0.9, 0.85, 0.94), judges.FAILS),
    ('ceiling', 'ceiling_known_rotation', (0.95, 0.94, 0.96),
     judges.UNDECIDED),
    ('ceiling', 'ceiling_known_rotation', (None,), judges.UNDECIDED),
  ],
)  # fmt: skip
def test_claims_are_judged_by_their_intervals(name, result, ours, verdict):
  assert verdict_of(name, **{result: ours}) == verdict


# Bad input.

FLAGS = [
  ('--ks=9', ['--ks=9: expected at most 8', 'both', '2 variables']),
  ('--ks=4,16', ['--ks=16: expected at most 8']),
  ('--width=8', ['--ks=8: expected at most 4', '--width=8']),
  ('--dimension=2', ['--ks=8: expected at most 4', '--dimension=2']),
  ('--hypotheses=left --ks=4,17 --control_ks=4',
   ['--ks=17: expected at most 16', 'left', '1 variable ']),
  ('--layers=4', ['--layers=4: expected at most 3', '--depth=3']),
  ('--layers=0,1,2 --depth=1,3', ['--layers=2: expected at most 1']),
  ('--layers=2,1', ['--layers=2,1: expected rising numbers']),
  ('--layers=-1', ['--layers=-1', '≥ 0', "found '-1'"]),
  ('--layers=1.5', ['--layers=1.5', 'whole number']),
  ('--hypotheses=right',
   ['--hypotheses=right', '<both|left|identity>', "found 'right'"]),
  ('--hypotheses=both,both', ['--hypotheses', 'different words']),
  ('--hypotheses=', ['--hypotheses=', "found ''"]),
  ('--dimension=0', ['--dimension=0', '≥ 1', "found '0'"]),
  ('--control_ks=2', ['--control_ks=2: expected some of --ks=4,8']),
  ('--control_ks=8,4', ['--control_ks=8,4: expected rising']),
  ('--ks=4,2', ['--ks=4,2: expected rising numbers']),
  ('--ks=4,4', ['--ks=4,4', 'different numbers']),
  ('--ks=0', ['--ks=0', '≥ 1', "found '0'"]),
  ('--seeds=0', ['--seeds=0', '≥ 1', "found '0'"]),
  ('--map=curved', ['--map=curved', '<orthogonal|linear>', "found 'curved'"]),
  ('--schedule=linear', ['--schedule=linear', '<cosine|constant>']),
  ('--activation=identity', ['--activation=identity', '<softplus|relu|']),
  ('--entities=words', ['--entities=words', '<uniform|rounded|gaussian>']),
  ('--steps=0', ['--steps=0', '≥ 1', "found '0'"]),
  ('--batch=0', ['--batch=0', '≥ 3', "found '0'"]),
  ('--examples=0', ['--examples=0', '≥ 1', "found '0'"]),
  ('--learnt=1.5', ['--learnt=1.5', '≤ 1', "found '1.5'"]),
  ('--learning_rate=0', ['--learning_rate=0', "or 'usual'", "found '0'"]),
  ('--learning_rate=fast', ['--learning_rate=fast', "or 'usual'", "'fast'"]),
  ('--init_gain=0.5,usual', ['--init_gain=0.5,usual', "found 'usual'"]),
  ('--search_rate=nan', ['--search_rate=nan', 'finite', "found 'nan'"]),
  ('--controls=-1', ['--controls=-1', '≥ 0', "found '-1'"]),
  ('--restarts=0', ['--restarts=0', '≥ 1', "found '0'"]),
  ('--starts=0', ['--starts=0', '≥ 1', "found '0'"]),
  ('--hypothesis=both', ["'hypothesis'", 'Did you mean: hypotheses']),
  ('--block_size=17', ['--block_size=17', 'multiple of 16', 'found 17']),
]  # fmt: skip


@pytest.mark.parametrize(('flags', 'words'), FLAGS, ids=[f for f, _ in FLAGS])
def test_bad_flags_are_told_in_one_line(binary, tmp_path, flags, words):
  flagfile = f'--flagfile={ROOT}/flags/equality/smoke.flags'
  ended = binary('equality')(flagfile, *flags.split(), cwd=tmp_path)
  assert (ended.code, ended.out) == (1, '')
  line, *hint = ended.err.splitlines()
  assert hint in ([], ['Pass --helpshort to see the flags.'])
  assert line.startswith('equality: ')
  for word in words:
    assert word in line
  assert samples.tree(tmp_path) == {}


# Lists make settings, and what is usual.


@pytest.mark.parametrize(
  ('flags', 'said', 'parts'),
  [
    (['--hypotheses=left', '--ks=16', '--control_ks=16'], {'ks': '16'},
     {'nets': 2}),
    (['--map=orthogonal,linear', '--steps=5,6', '--batch=96,192',
      '--schedule=cosine,constant'],
     {'map': 'orthogonal,linear', 'steps': '5,6', 'batch': '96,192'}, 16),
    (['--width=16,32', '--activation=relu, tanh', '--entities=uniform,rounded',
      '--depth=2,3', '--dimension=4,5'],
     {'width': '16,32', 'activation': 'relu,tanh'}, 32),
    (['--learning_rate=0.01,0.02', '--search_rate=0.01,0.02,0.03'],
     {'learning_rate': '0.01,0.02'}, {'nets': 12}),
    (['--init_gain=1,2'], {'init_gain': '1,2'}, 2),
    (['--learning_rate=usual'], {'learning_rate': 'usual'}, {'nets': 2}),
  ],
)  # fmt: skip
def test_flags_are_written_as_they_were_read(binary, flags, said, parts):
  plan = plan_of(binary, SMOKE, '--seeds=2', *flags)
  assert plan['flags'].items() >= said.items()
  if isinstance(parts, int):
    parts = {f'nets_{k}': 2 for k in range(1, parts + 1)}
  assert plan['nets'] == parts


@pytest.mark.slow
def test_what_a_net_becomes_depends_on_no_other_net(binary, arrays, tmp_path):
  """Nor on chunks, or on what else it is searched for: bit for bit."""
  record = run(
    binary, tmp_path / 'few', SMOKE, '--seeds=3', '--first_seed=4',
    '--chunk_size=2', '--layers=0', '--ks=4', '--control_ks=4',
    '--hypotheses=left', '--controls=0', '--twins=0',
  )  # fmt: skip
  few, rows = record.parts['nets'], slice(4, 7)
  for name in (
    'task_accuracy', 'learnt', 'curve', 'known', 'iia_left_l0_k4', 'w0', 'b3',
  ):  # fmt: skip
    np.testing.assert_array_equal(few[name], arrays[name][rows])
  for name in ('probes', 'map_left_l0'):
    np.testing.assert_array_equal(few[name], arrays[name][rows, :1])
  np.testing.assert_array_equal(
    few['untrained_rotation'][:, 0, 0, 0],
    arrays['untrained_rotation'][rows, 1, 0, 0],
  )
  # Nothing was asked beside, and nothing of it is drawn.
  assert np.isnan(few['shuffled_labels']).all()
  assert drawn(record).isdisjoint({'inputs', 'restarts', 'growth'})


@pytest.mark.slow
def test_one_net_has_controls_and_a_page(binary, tmp_path):
  """More controls and twins are asked for than there are nets."""
  record = run(
    binary, tmp_path / 'one', *TINY, '--seeds=1', '--controls=20',
    '--restarts=2', '--twins=20',
  )  # fmt: skip
  found, arrays = record.summary['results'], record.parts['nets']
  for name in ('untrained_net', 'shuffled_labels', 'restarts'):
    assert np.isfinite(arrays[name]).all()
  one = found['iia_left_l1_k8']
  assert (one['n'], one['low'], one['high']) == (1, None, None)
  assert one['value'] == pytest.approx(float(arrays['iia_left_l1_k8'][0]))
  assert found['ceiling_input_sigmoid']['n'] == 1
  assert drawn(record) >= {'iia_left', 'inputs', 'growth'}


@pytest.mark.slow
def test_nets_that_have_not_learnt_are_searched_and_marked(binary, tmp_path):
  record = run(
    binary, tmp_path / 'raw', *TINY, '--seeds=3', '--controls=2',
    '--restarts=1', '--learnt=0.99',
  )  # fmt: skip
  found, arrays = record.summary['results'], record.parts['nets']
  assert not arrays['learnt'].any()
  assert found['learnt_rate']['value'] == 0
  name = 'iia_left_l1_k8'
  assert (found[name]['value'], found[name]['n']) == (None, 0)
  mean = np.float64(arrays[name]).mean()
  assert np.isclose(found[f'{name}_unlearnt']['value'], mean)
  assert found[f'{name}_unlearnt']['n'] == 3


def settings_of(record, *names):
  return [
    tuple(entry['setting'][name] for name in names)
    for entry in record.summary['settings']
  ]


@pytest.fixture(scope='module')
def searches(binary, tmp_path_factory):
  return run(
    binary, tmp_path_factory.mktemp('lists') / 'searches', *TINY,
    '--map=orthogonal,linear', '--steps=5,6', '--batch=96,192',
    '--layers=0,1', '--ks=4,8', '--controls=1',
  )  # fmt: skip


@pytest.mark.slow
class TestLists:
  def test_every_way_of_searching_is_a_setting(self, searches):
    assert settings_of(searches, 'map', 'batch', 'steps') == [
      (kind, batch, steps)
      for kind in ('orthogonal', 'linear')
      for batch in (96, 192)
      for steps in (5, 6)
    ]

  def test_all_search_the_same_nets_and_find_something_else(self, searches):
    first, *others = searches.parts.values()
    for other in others:
      np.testing.assert_array_equal(other['w1'], first['w1'])
      np.testing.assert_array_equal(other['known'], first['known'])
      assert np.any(other['map_left_l1'] != first['map_left_l1'])

  def test_linear_maps_drift_and_say_how_far(self, searches):
    """The condition number of a rotation is 1."""
    for entry, arrays in zip(
      searches.summary['settings'], searches.parts.values(), strict=True
    ):
      linear = entry['setting']['map'] == 'linear'
      assert ('condition_left_l1' in arrays) == linear
      for layer in (0, 1) if linear else ():
        values = np.linalg.svd(arrays[f'map_left_l{layer}'], compute_uv=False)
        number = values[..., 0] / values[..., -1]
        found = arrays[f'condition_left_l{layer}']
        np.testing.assert_allclose(found, number, rtol=1e-3)
        assert number.min() > 1.01
        for j, k in enumerate((4, 8)):
          one = entry['results'][f'condition_left_l{layer}_k{k}_median']
          assert one['value'] == pytest.approx(np.sort(found[:, j])[0])

  def test_iia_is_drawn_over_the_settings(self, searches):
    assert drawn(searches) >= {'iia_left_l0_k8', 'iia_left_l1_k8'}

  def test_nets_of_every_shape_unit_and_task_are_a_setting(
    self, binary, tmp_path
  ):
    record = run(
      binary, tmp_path / 'nets', *TINY, '--width=8,16', '--depth=1',
      '--activation=relu,softplus', '--learning_rate=usual', '--dimension=1',
    )  # fmt: skip
    names = 'width', 'activation', 'gain', 'learning_rate'
    usual = {'relu': (1, 0.001), 'softplus': (6, 0.01)}
    assert settings_of(record, *names) == [
      (width, unit, *usual[unit])
      for width in (8, 16)
      for unit in ('relu', 'softplus')
    ]
    for width, arrays in zip(
      (8, 8, 16, 16), record.parts.values(), strict=True
    ):
      assert arrays['w0'].shape == (2, 4, width)
      assert arrays['w1'].shape == (2, width, 2)
      assert arrays['map_left_l1'].shape == (2, 1, width, width)

  def test_entities_rates_and_gains_are_settings(self, binary, tmp_path):
    record = run(
      binary, tmp_path / 'tasks', *TINY, '--entities=rounded,gaussian',
      '--dimension=2', '--depth=1', '--learning_rate=0.01,0.02',
      '--init_gain=2', '--search_rate=0.01,0.05', '--layers=0,1',
    )  # fmt: skip
    names = 'entities', 'gain', 'learning_rate', 'search_rate'
    assert settings_of(record, *names) == [
      (kind, 2, rate, search)
      for kind in ('rounded', 'gaussian')
      for rate in (0.01, 0.02)
      for search in (0.01, 0.05)
    ]
    for arrays in record.parts.values():
      assert arrays['map_left_l0'].shape == (8, 1, 8, 8)


# Repeated, and going on.

SAME = 'nets.npz', 'nets.csv', 'summary.json'


@pytest.mark.slow
def test_a_run_is_repeated_by_its_flags_bit_for_bit(binary, smoke, tmp_path):
  flags = f'--flagfile={smoke[0]}/run.flags', '--out=again'
  ended = binary('equality')(*flags, cwd=tmp_path)
  assert (ended.code, ended.err) == (0, '')
  first, again = samples.tree(smoke[0]), samples.tree(tmp_path / 'again')
  assert first.keys() == again.keys()
  for name in first.keys() - {'machine.json', 'report.html'}:
    assert first[name] == again[name], name


@pytest.mark.slow
def test_what_is_usual_is_repeated_by_run_flags(binary, tmp_path):
  usual = '--learning_rate=usual', '--init_gain=usual'
  flags = *TINY, '--depth=1', '--activation=sigmoid', *usual
  first = run(binary, tmp_path / 'first', *flags)
  assert first.flags['learning_rate'] == first.flags['init_gain'] == 'usual'
  assert settings_of(first, 'gain', 'learning_rate') == [(8, 0.01)]
  again = run(
    binary, tmp_path / 'again', f'--flagfile={first.folder}/run.flags'
  )
  for name in ('run.flags', *SAME):
    one, other = ((r.folder / name).read_bytes() for r in (first, again))
    assert one == other, name


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_bytes(
  binary, environment, tmp_path
):
  flags = *TINY, '--seeds=5', '--controls=3'
  whole = run(binary, tmp_path / 'whole', *flags)
  folder = tmp_path / 'killed'
  small = *flags, '--chunk_size=1'
  kills.stop(kills.Study('experiments.equality', small, 5), folder, environment)
  left = kills.chunks(folder)
  assert 1 <= len(left) < 5
  assert not (folder / 'summary.json').exists()
  run(binary, folder, *small)
  for name in SAME:
    assert (folder / name).read_bytes() == (whole.folder / name).read_bytes()
  assert samples.tree(folder).keys() == samples.tree(whole.folder).keys()

"""What alignment search is timed beside does the same, and is told in full."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from binaries import ROOT

from experiments.shared import alignment_yardsticks, plain_alignment
from jaxrep import equality, nets, seeds
from jaxrep.measures import alignment
from jaxrep.tasks import counterfactuals
from jaxrep.tasks import equality as task

D = 2  # numbers an entity
RECIPE = equality.Recipe(
  width=8, depth=2, activation='relu', entities='uniform', dimension=D,
  examples=16 * 20, batch=16, gain=1.0,
)  # fmt: skip
JOB = alignment_yardsticks.Alignment(
  RECIPE, 0.003,
  equality.Question('both', 1, 'orthogonal', 24, 'constant'), 4,
  alignment_yardsticks.Search(steps=3, batch=24, rate=0.03),
  alignment_yardsticks.Search(steps=2, batch=48, rate=0.001),
)  # fmt: skip
COUNT = 32  # nets: a block on each of two devices


@pytest.fixture(scope='module')
def blocks():
  return seeds.Blocks(16, tuple(jax.devices()[:2]))


def judged(net, x):
  """What a ReLU net answers to rows `[N, I]`, in NumPy float64."""
  for k, layer in enumerate(net):
    x = x @ np.float64(layer.w) + np.float64(layer.b)
    x = np.maximum(x, 0) if k < len(net) - 1 else x
  return x


def same(x):
  """Which pairs of inputs `[.., 4D]` are the same, `[.., 2]`."""
  pairs = np.asarray(x).reshape(*np.shape(x)[:-1], 2, 2, D)
  return (pairs[..., 0, :] == pairs[..., 1, :]).all(-1)


@pytest.mark.slow
@pytest.mark.parametrize('way', ['numpy', 'plain'])
def test_training_is_that_of_jaxrep_on_the_same_examples(way, blocks):
  seed, rate = np.uint32(3), 0.003
  key = jax.random.fold_in(jax.random.key(seed), equality._DATA)
  start, changes = JOB.begun(seed), int(RECIPE.changes()[-1])
  if way == 'numpy':
    found = plain_alignment.train_by_hand(
      jax.tree.leaves(start),
      changes,
      lambda t: tuple(
        map(np.asarray, JOB.examples(jax.random.fold_in(key, t)))
      ),
      rate,
    )
  else:
    found = plain_alignment.train(start, key, changes, JOB.examples, rate)
  marks = seeds.each(
    equality.learn(RECIPE),
    seed[None],
    {'learning_rate': np.full(1, rate, np.float32)},
    blocks=blocks,
  )
  for before, after, expected in zip(
    *map(jax.tree.leaves, (start, found, marks)), strict=True
  ):
    # Most weights move by the rate each time: 20 times as far as .003.
    assert np.abs(after - before).max() > 0.01
    # Adam divides slopes by their size, so what rounding makes of a small one
    # is not small: 1e-6 of a step of .003, and a hundred times that is allowed.
    np.testing.assert_allclose(after, expected[0, -1], atol=6e-6, rtol=0)


def test_numpy_draws_the_task():
  x, labels = plain_alignment.numpy_examples(
    np.random.default_rng(0), 400, dimension=D
  )
  assert x.dtype == np.float32 and np.abs(x).max() <= 0.5
  assert np.ptp(x) > 0.9
  found = same(x)
  np.testing.assert_array_equal(labels, found[:, 0] == found[:, 1])
  for pair in found.T:
    assert pair.sum() == 200
  assert labels.sum() == 200


def test_a_batch_of_the_reference_moves_the_same_in_all_cases():
  seen = set()
  for seed in range(12):  # one kind stays away with chance 3 (2/3)^12 = 2 %
    cases = plain_alignment.one_kind(jax.random.key(seed), 300, dimension=D)
    [moved] = np.unique(np.asarray(cases.moved), axis=1).T
    seen.add(tuple(moved.tolist()))
    base, *sources = (same(x) for x in (cases.base, *cases.sources))
    left, right = (
      np.where(moved[v], sources[v][:, v], base[:, v]) for v in range(2)
    )
    np.testing.assert_array_equal(cases.labels, left == right)
    for share in (*base.T.mean(axis=1), np.mean(cases.labels)):
      assert abs(share - 0.5) < 0.15  # five standard deviations of 300 cases
  assert seen == {(True, False), (False, True), (True, True)}


@pytest.mark.slow
def test_the_first_steps_turn_down_the_slope():
  """exp(A - Aᵀ) turns by A twice, and Adam's first step is the slope's sign."""
  net, rate = JOB.begun(np.uint32(5)), 1e-3
  start, key = JOB.start(np.uint32(5)), jax.random.key(1)
  cases = task.counterfactuals(
    key, 48, hypothesis='both', dimension=D, kind='uniform'
  )

  def mean_loss(r):
    base, *sources = (
      np.maximum(np.float64(x) @ np.float64(net[0].w) + np.float64(net[0].b), 0)
      for x in (cases.base, *cases.sources)
    )
    z = base @ r.T
    for v, s in enumerate(sources):
      for n in np.flatnonzero(cases.moved[v]):
        z[n, 4 * v : 4 * v + JOB.k] = (s[n] @ r.T)[4 * v : 4 * v + JOB.k]
    logits = judged(net[1:], z @ r)
    own = logits[np.arange(48), cases.labels]
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - own)

  below, above = (
    functools.partial(nets.apply, part) for part in (net[:1], net[1:])
  )
  ours = alignment.search(
    key, start, below, above, lambda *_: cases,
    k=JOB.k, steps=1, batch=48, rate=rate, schedule='constant',
  )  # fmt: skip
  theirs = plain_alignment.search(
    start, net[:1], net[1:], lambda t: cases, k=JOB.k, steps=1, rate=rate
  )
  turns = [np.float64(r) @ np.float64(start).T for r in (ours, theirs)]
  r, h, compared = np.float64(start), 1e-4, 0
  for i in range(8):
    for j in range(i):
      # The plane of two rows, turned by h there and back.
      ends = []
      for angle in (h, -h):
        turned = r.copy()
        c, s = np.cos(angle), np.sin(angle)
        turned[i], turned[j] = c * r[i] + s * r[j], c * r[j] - s * r[i]
        ends.append(mean_loss(turned))
      slope = (ends[0] - ends[1]) / (2 * h)
      if i // 4 == j // 4:  # one variable's own: nothing changes
        assert abs(slope) < 1e-7
        assert abs(turns[0][i, j]) < 1e-5  # the square of a turn
      elif abs(slope) > 1e-5:
        # A turn is exact to half its square: 8 · (2 rate)² / 2 = 1.6e-5.
        down = -np.sign(slope) * rate
        np.testing.assert_allclose(turns[0][i, j], down, atol=2e-5)
        np.testing.assert_allclose(turns[1][i, j], 2 * down, atol=2e-5)
        compared += 1
  assert compared >= 12


@pytest.mark.slow
def test_the_reference_finds_what_is_planted():
  """Two numbers are turned, added, and compared with 0: k = 1 finds them."""
  q = np.asarray(alignment.rotation(jax.random.key(7), 4))
  none, units = jnp.zeros(4), jax.nn.identity
  below = (nets.Layer(jnp.asarray(q), none, units),)  # x -> Qᵀ x
  summed = np.array([[0, 1], [0, 1], [0, 0], [0, 0]], np.float32)
  above = (nets.Layer(jnp.asarray(5 * q.T @ summed), none[:2], units),)
  model = counterfactuals.CausalModel(
    (lambda x: x[0], lambda x: x[1]), lambda x, v, w: v + w > 0
  )

  def sample(key, count):
    x = jax.random.normal(key, (3, count, 4))
    moved = counterfactuals.kinds(2, count)
    return counterfactuals.labelled(model, x[0], x[1:], moved)

  start = alignment.rotation(jax.random.key(8), 4)
  found = jax.jit(
    functools.partial(
      plain_alignment.search, k=1, steps=600, rate=0.02,
      sample=lambda t: sample(jax.random.fold_in(jax.random.key(9), t), 192),
    )
  )(start, below, above)  # fmt: skip
  # Coordinates 0 and 2 are the variables'; each is the row of Q of its number.
  cosines = np.sum(np.asarray(found)[[0, 2]] * q[:2], axis=1)
  assert (np.abs(np.sum(np.asarray(start)[[0, 2]] * q[:2], axis=1)) < 0.9).all()
  assert (np.abs(cosines) > 0.99).all()
  np.testing.assert_allclose(found @ found.T, np.eye(4), atol=1e-5)  # float32


@pytest.fixture(scope='module')
def results(blocks):
  return JOB.results(COUNT, blocks, seconds=0.01, rounds=2, accuracy_nets=3)


@pytest.mark.slow
def test_unit_costs_stand_beside_rates(results):
  for name, way in (('task', 'task_jaxrep'), ('alignment', 'alignment_jaxrep')):
    cost, rate = results[f'{name}_core_seconds'], results[f'{way}_rate']
    assert cost.unit == 's of one core' and cost.n == 2
    # Two devices work for so long that it is one thing.
    for found, from_rate in zip(
      cost[:3], (rate[0], rate[2], rate[1]), strict=True
    ):
      np.testing.assert_allclose(found * from_rate, 2)
    assert cost.low <= cost.value <= cost.high
  one, rate = results['reference_core_seconds'], results['reference_rate']
  np.testing.assert_allclose(one.value * rate.value, 1)  # on one core
  assert results['reference_vmap_core_seconds'].value > 0


@pytest.mark.slow
def test_every_way_has_a_rate_and_a_ratio(results):
  ways = 'task_numpy', 'task_vmap', 'reference', 'reference_vmap', (
    'alignment_vmap'
  )  # fmt: skip
  for way in (*ways, 'task_jaxrep', 'alignment_jaxrep'):
    assert results[f'{way}_rate'].value > 0
    assert results[f'{way}_compile_seconds'].value >= 0
  for way in ways:
    assert results[f'jaxrep_over_{way}'].n == 2
  assert 'jaxrep_over_task_jaxrep' not in results


@pytest.mark.slow
def test_agreement_is_of_nets(results):
  for name in ('iia_jaxrep', 'iia_reference'):
    assert results[name].n == 3 and 0 <= results[name].low <= 1
  gap = results['iia_jaxrep'].value - results['iia_reference'].value
  np.testing.assert_allclose(results['iia_difference'].value, gap, atol=1e-6)


@pytest.mark.slow
def test_both_searches_begin_and_are_judged_alike(blocks):
  idle = JOB._replace(
    ours=JOB.ours._replace(steps=0), theirs=JOB.theirs._replace(steps=0)
  )
  found = idle.agreement(3, blocks)['iia_difference']
  # exp(0) R₀ is R₀ but for rounding: of 18,432 pairs hardly one is another.
  assert max(abs(found.low), abs(found.high)) < 3 / alignment.EXAMINED


@pytest.mark.slow
def test_without_nets_to_compare_there_is_no_agreement(monkeypatch, blocks):
  monkeypatch.setattr(
    alignment_yardsticks.timing, 'measure', lambda ways, **_: {
      f'{name}_rate': alignment_yardsticks.stats.Estimate(1., 1., 1., 1, '')
      for name in ways
    },
  )  # fmt: skip
  found = JOB.results(COUNT, blocks, seconds=1, rounds=1, accuracy_nets=0)
  assert not [name for name in found if name.startswith('iia')]


def test_the_job_is_that_of_the_flagfiles():
  job = alignment_yardsticks.paper()
  text = (ROOT / 'flags/equality/paper.flags').read_text()
  for flag in (
    f'--width={job.recipe.width}', f'--depth={job.recipe.depth}',
    f'--examples={job.recipe.examples}', f'--task_batch={job.recipe.batch}',
    f'--steps={job.ours.steps}', f'--batch={job.ours.batch}',
    f'--search_rate={job.ours.rate}', f'--schedule={job.question.schedule}',
    f'--map={job.question.map_kind}',
  ):  # fmt: skip
    assert flag in text.splitlines()
  usual = (ROOT / f'flags/equality/{job.recipe.activation}.flags').read_text()
  assert f'--learning_rate={job.learning_rate}' in usual
  assert job.question.batch == job.ours.batch
  assert job.theirs == (2000, 6400, 1e-3)


@pytest.mark.parametrize(
  'flags, said',
  [
    (['--study=equality', '--accuracy_nets=-1'], "≥ 0 and ≤ 1,048,576"),
    (['--study=equality', '--nets=17'], '--nets=17: expected a multiple of'),
    (['--study=xor', '--accuracy_nets=2'], '--accuracy_nets=2: expected 0'),
  ],
)  # fmt: skip
def test_bad_flags_get_one_line(binary, flags, said, tmp_path):
  ended = binary('benchmark')(*flags, cwd=tmp_path)
  assert ended.code == 1 and not ended.out
  line = ended.err.splitlines()[0]
  assert line.startswith('benchmark: ') and said in line
  assert not list(tmp_path.iterdir())


@pytest.mark.slow  # the programs of the whole job
def test_the_binary_prints_both_unit_costs(binary, tmp_path):
  ended = binary('benchmark')(
    '--study=equality', '--nets=128', '--seconds=0.01', '--rounds=1',
    cwd=tmp_path,
  )  # fmt: skip
  assert ended.code == 0, ended.err
  for name in ('task', 'alignment', 'reference'):
    assert f'{name}_core_seconds' in ended.out
  assert (tmp_path / 'runs/benchmark_equality/summary.json').exists()


def test_help_of_the_benchmark_tells_its_flags(binary):
  said = binary('benchmark')('--helpshort', cwd=ROOT).out
  for name in ('study', 'nets', 'seconds', 'rounds', 'accuracy_nets', 'out'):
    assert f'--{name}:' in said

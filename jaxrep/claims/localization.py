"""What the source of 2022 says of update sizes and where knowledge is."""

from jaxrep.claims.judges import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Claim,
  Judge,
  Results,
  most,
  one_run,
)

_SOURCE = 'Bostock, Knowledge Localization (2022)'
# R² of the one net: over input weights, and over hidden biases.
WEIGHTS, BIASES = 0.28, 0.17
# A net has learnt to tell the pairs where it tells so many test images.
LEARNT = 0.9
# There are *clusters* where so many times as many points lie as elsewhere.
CLUSTERED = 2
# *Slightly* stronger: R² higher, by at most this.
SLIGHTLY = 0.05
# Forks tell a pair's digits differently where their AUCs differ by more.
APART = 0.1
# The source's net, as far as it says.
_PRINTED = {'hidden': '100', 'pairs': '17,68', 'phase1': 12000, 'data': 'mnist'}
_NET = _PRINTED | {
  'activation': 'softplus',
  'output_activation': 'softplus',
  'tally_from': 0.5,
  'tally_to': 1,
  'keep_second': 1,
}
# The learning rate is not stated: the one at which nets tell most, and a small
# one.
_RATES, _RATE = ('paper', 'slow'), 'the learning rate'
_SIGMOID = _NET | {'activation': 'sigmoid', 'output_activation': 'sigmoid'}


def _drawn(name: str):
  """Judges whether a number is one that one more net of ours might give.

  As `one_run`; but where none of n nets is beyond it, one more is so with a
  chance of 1/(n + 1), which is enough to refute it.
  """

  def judge(results: Results) -> str:
    share = results[name]
    verdict = one_run(name)(results)
    if verdict == UNDECIDED and share['value'] in (0, 1) and share['n'] >= 40:
      return FAILS
    return verdict

  return one_run(name)._replace(verdict=judge)


def _learnt(judge):
  """Judges only where nets have learnt their task."""

  def judged(results: Results) -> str:
    told = results['phase1_accuracy']
    known = told['low'] is not None and told['low'] > LEARNT
    return judge(results) if known else UNDECIDED

  return Judge(f'{judge.how}, where they have learnt', judged)


def _no_more_than_half(name: str):
  opposite = {HOLDS: FAILS, FAILS: HOLDS, UNDECIDED: UNDECIDED}
  return Judge('below one half', lambda results: opposite[most(name)(results)])


def _clustered(results: Results) -> str:
  every, others = results['on_bias'], results['active_on_bias']
  if every['low'] is None or others['high'] is None:
    return UNDECIDED
  if every['low'] > CLUSTERED * others['high']:
    return HOLDS
  return FAILS if every['high'] < CLUSTERED * others['low'] else UNDECIDED


def _slightly(results: Results) -> str:
  gain = results['r2_weights_above_whole']
  if gain['low'] is None:
    return UNDECIDED
  if gain['low'] > 0 and gain['high'] <= SLIGHTLY:
    return HOLDS
  return FAILS if gain['high'] < 0 or gain['low'] > SLIGHTLY else UNDECIDED


CLAIMS = (
  Claim(
    'localization-weights',
    _SOURCE,
    'Over input weights, relative updating and relative difference go together,'
    ' R² = 0.28 (the verdict: could one of our nets give it?).',
    'R² = 0.28, one net',
    'r2_weights',
    _drawn('r2_weights_by_source_rate'),
    _NET,
    _RATES,
    'weights',
    _RATE,
  ),
  Claim(
    'localization-biases',
    _SOURCE,
    'Over hidden biases they do, R² = 0.17 (the verdict: could one of ours give'
    ' it?).',
    'R² = 0.17, one net',
    'r2_biases',
    _drawn('r2_biases_by_source_rate'),
    _NET,
    _RATES,
    'biases',
    _RATE,
  ),
  Claim(
    'localization-weights-significant',
    _SOURCE,
    'The correlation over weights is no chance (the verdict: in most nets, by'
    ' permutation of neurons, each pixel’s mean taken away).',
    'one net',
    'weights_significant_rate',
    most('weights_significant_rate'),
    _NET,
    _RATES,
    'weights',
    _RATE,
  ),
  Claim(
    'localization-biases-significant',
    _SOURCE,
    'The correlation over biases is no chance (the same).',
    'p < 0.0001, one net',
    'biases_significant_rate',
    most('biases_significant_rate'),
    _NET,
    _RATES,
    depends=_RATE,
  ),
  Claim(
    'localization-own',
    _SOURCE,
    'It is the net’s own updating that tells (the verdict: more than half of R²'
    ' over weights is lost with the updating of another net).',
    'our question',
    'r2_weights_own_share',
    most('r2_weights_own_share'),
    _NET,
    _RATES,
    'ways',
    _RATE,
    ours=True,
  ),
  Claim(
    'localization-second-half',
    _SOURCE,
    'The correlation is slightly stronger for the second half of training than'
    f' for all of it (read as: R² is higher by at most {SLIGHTLY:g}).',
    'words',
    'r2_weights_above_whole',
    Judge(f'above 0, and at most {SLIGHTLY:g}', _slightly),
    _NET,
    _RATES,
    depends=_RATE,
  ),
  Claim(
    'localization-clusters',
    _SOURCE,
    'Points of weights lie in clusters, one a neuron (read as: where biases are'
    f' lie at least {CLUSTERED:g} times as many as without blank pixels).',
    'thought',
    'on_bias',
    Judge(f'at least {CLUSTERED} times as many', _clustered),
    _NET,
    _RATES,
    'clusters',
    _RATE,
  ),
  Claim(
    'localization-map',
    _SOURCE,
    'The correlation over each pixel’s weights is mostly above 0.',
    'one net',
    'pixel_r_above_0',
    most('pixel_r_above_0'),
    _NET,
    _RATES,
    'pixel_map',
    _RATE,
  ),
  Claim(
    'localization-edge',
    _SOURCE,
    'It is weaker at the edges (the verdict: in most nets).',
    'one net',
    'centre_above_edge_rate',
    most('centre_above_edge_rate'),
    _NET,
    _RATES,
    'pixel_map',
    _RATE,
  ),
  Claim(
    'localization-edge-size',
    _SOURCE,
    'The same, by the size of r, without blank pixels.',
    'one net',
    'centre_larger_rate',
    most('centre_larger_rate'),
    _NET,
    _RATES,
    'pixel_map',
    _RATE,
  ),
  Claim(
    'localization-sigmoid-biases',
    _SOURCE,
    'With sigmoid units nothing of the kind appears: over biases (read as: in'
    ' less than half of nets by permutation; where they have learnt).',
    'words',
    'biases_significant_rate',
    _learnt(_no_more_than_half('biases_significant_rate')),
    _SIGMOID,
    ('sigmoid',),
  ),
  Claim(
    'localization-sigmoid-weights',
    _SOURCE,
    'Nor over weights (the same, each pixel’s mean taken away).',
    'words',
    'weights_significant_rate',
    _learnt(_no_more_than_half('weights_significant_rate')),
    _SIGMOID,
    ('sigmoid',),
  ),
)

"""What the source of 2022 says of update sizes and where knowledge is."""

from jaxrep.claims.judges import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Claim,
  Results,
  most,
  placed,
)

_SOURCE = 'Bostock, Knowledge Localization (2022)'
# R² of the one net: over input weights, and over hidden biases.
WEIGHTS, BIASES = 0.28, 0.17
# *Nothing of the kind*: R² is below this.
NOTHING = 0.02
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
_SIGMOID = _NET | {'activation': 'sigmoid', 'output_activation': 'sigmoid'}


def _nothing(results: Results) -> str:
  r2 = results['r2_weights']
  if r2['low'] is None:
    return UNDECIDED
  if r2['high'] < NOTHING:
    return HOLDS
  return FAILS if r2['low'] > NOTHING else UNDECIDED


def _slightly(results: Results) -> str:
  gain = results['r2_weights_above_whole']
  if gain['low'] is None:
    return UNDECIDED
  if gain['low'] > 0 and gain['high'] <= SLIGHTLY:
    return HOLDS
  return FAILS if gain['high'] < 0 or gain['low'] > SLIGHTLY else UNDECIDED


def _above_half(name: str):
  def judge(results: Results) -> str:
    share = results[name]
    if share['low'] is None:
      return UNDECIDED
    if share['low'] > 0.5:
      return HOLDS
    return FAILS if share['high'] < 0.5 else UNDECIDED

  return judge


def _own(results: Results) -> str:
  gain = results['r2_weights_above_other_net']
  if gain['low'] is None:
    return UNDECIDED
  if gain['low'] > 0:
    return HOLDS
  return FAILS if gain['high'] < 0 else UNDECIDED


CLAIMS = (
  Claim(
    'localization-weights',
    _SOURCE,
    'Over input weights, relative updating and relative difference go together,'
    ' R² = 0.28 (the verdict: could one of our nets give it?).',
    'R² = 0.28, one net',
    'r2_weights',
    placed('r2_weights_by_source_rate', 1),
    _NET,
  ),
  Claim(
    'localization-biases',
    _SOURCE,
    'Over hidden biases they do, R² = 0.17 (the verdict: could one of ours give'
    ' it?).',
    'R² = 0.17, one net',
    'r2_biases',
    placed('r2_biases_by_source_rate', 1),
    _NET,
  ),
  Claim(
    'localization-weights-significant',
    _SOURCE,
    'The correlation over weights is no chance (the verdict: in most nets, by'
    ' permutation of neurons).',
    'one net',
    'weights_significant_rate',
    most('weights_significant_rate'),
    _NET,
  ),
  Claim(
    'localization-biases-significant',
    _SOURCE,
    'The correlation over biases is no chance (the same).',
    'p < 0.0001, one net',
    'biases_significant_rate',
    most('biases_significant_rate'),
    _NET,
  ),
  Claim(
    'localization-own',
    _SOURCE,
    'It is the net’s own updating that tells (the verdict: R² is higher than'
    ' with the tallies of another net).',
    'assumed',
    'r2_weights_above_other_net',
    _own,
    _NET,
  ),
  Claim(
    'localization-second-half',
    _SOURCE,
    'The correlation is slightly stronger for the second half of training than'
    f' for all of it (read as: R² is higher by at most {SLIGHTLY:g}).',
    'words',
    'r2_weights_above_whole',
    _slightly,
    _NET,
  ),
  Claim(
    'localization-clusters',
    _SOURCE,
    'Points of weights lie in clusters, one a neuron (the verdict: are most'
    ' weights of blank pixels where their bias is?).',
    'thought',
    'blank_on_bias',
    _above_half('blank_on_bias'),
    _NET,
  ),
  Claim(
    'localization-map',
    _SOURCE,
    'The correlation over each pixel’s weights is mostly above 0.',
    'one net',
    'pixel_r_above_0',
    _above_half('pixel_r_above_0'),
    _NET,
  ),
  Claim(
    'localization-edge',
    _SOURCE,
    'It is weaker at the edges (the verdict: in most nets).',
    'one net',
    'centre_above_edge_rate',
    most('centre_above_edge_rate'),
    _NET,
  ),
  Claim(
    'localization-sigmoid',
    _SOURCE,
    'With sigmoid units nothing of the kind appears (read as: R² below'
    f' {NOTHING:g}).',
    'words',
    'r2_weights',
    _nothing,
    _SIGMOID,
  ),
)

"""What the sources say of hierarchical equality and alignment search."""

import types

from jaxrep.claims.judges import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Claim,
  Judge,
  Results,
  above,
  between,
  most,
  never,
)

_SOURCE = 'Geiger, Wu, Potts, Icard & Goodman, arXiv 2303.02536 (2023)'
_FIRST_TRIAL = 'a first trial of our own'
# A printed number is the largest of so many nets, on the pairs searched with.
NETS = 3
# Chance, and how near to it a mean must be to be called so.
CHANCE, NEAR = 0.5, 0.02
# A search has found what is known to be there within this of its IIA.
WITHIN = 0.02
# Both equalities have been found from this IIA on; and a rotation that is known
# to be right shows it.
FOUND, KNOWN = 0.95, 0.95
# Printed IIA by hypothesis, layer and k: what is rounded to it, from and to.
# Left equality is "about .90", the identity ".50 to .52"; read as of layer 1.
PRINTED = types.MappingProxyType({
  ('both', 1, 8): (0.995, 1.005),
  ('both', 2, 8): (0.565, 0.575),
  ('both', 3, 8): (0.495, 0.505),
  ('left', 1, 8): (0.85, 0.95),
  ('identity', 1, 8): (0.495, 0.525),
})  # fmt: skip
# The same for alignments without a rotation, layer 1.
NEURONS = types.MappingProxyType({
  'nearest': (0.725, 0.735),
  'windows': (0.595, 0.605),
})  # fmt: skip
# The source's net and training, and a search of some effort: a low IIA after
# less says nothing.
NET = types.MappingProxyType({
  'width': 16, 'depth': 3, 'activation': 'relu', 'entities': 'uniform',
  'dimension': 4, 'map': 'orthogonal', 'learning_rate': 0.001,
  'examples': lambda count: 640_000 <= count <= 1_100_000,
  'steps': lambda count: count >= 1000, 'batch': lambda count: count >= 192,
})  # fmt: skip


def _drawn(name: str):
  """Judges whether the source's number is one that three nets of ours give.

  Holds where the largest of three is as small, and as large, as what is rounded
  to it with a chance of 2.5 % or more each.
  """

  def judge(results: Results) -> str:
    sides = [results[f'{name}_{side}'] for side in ('reaches', 'stays')]
    if any(side['low'] is None for side in sides):
      return UNDECIDED
    if all(side['low'] >= 0.025 for side in sides):
      return HOLDS
    beyond = any(side['high'] < 0.025 for side in sides)
    return FAILS if beyond else UNDECIDED

  return Judge(f'the source’s number among the most of {NETS} of ours', judge)


def _at_chance(name: str):
  return Judge(
    f'{CHANCE:g} ± {NEAR:g}',
    lambda results: between(results[name], CHANCE - NEAR, CHANCE + NEAR),
  )


def _number(
  id: str, name: str, words: str, given: str, figure: str, read: str = ''
) -> Claim:
  return Claim(
    f'equality-{id}',
    _SOURCE,
    f'{words} ({read}the verdict: could the largest of three of our nets be'
    ' that?).',
    given,
    f'{name}_of{NETS}',
    _drawn(name),
    NET,
    figure=figure,
  )


_READ = 'read as: layer 1, k = 8; '
CLAIMS = (
  _number(
    'both-l1',
    'iia_both_l1_k8',
    'Both equalities, layer 1, k = 8: IIA 1.00',
    '1.00',
    'iia_both',
  ),
  _number(
    'both-l2',
    'iia_both_l2_k8',
    'Both equalities, layer 2, k = 8: IIA 0.57',
    '0.57',
    'iia_both',
  ),
  _number(
    'both-l3',
    'iia_both_l3_k8',
    'Both equalities, layer 3, k = 8: IIA 0.50',
    '0.50',
    'iia_both',
  ),
  _number(
    'left',
    'iia_left_l1_k8',
    'The left equality: IIA about 0.90',
    'about 0.90',
    'iia_left',
    _READ,
  ),
  _number(
    'identity',
    'iia_identity_l1_k8',
    'The identity of the first argument: IIA 0.50 to 0.52',
    '0.50 to 0.52',
    'iia_identity',
    _READ,
  ),
  _number(
    'nearest',
    'nearest_both_l1_k8',
    'With the neurons nearest to the rotation: IIA 0.73',
    '0.73',
    'neurons',
    _READ,
  ),
  _number(
    'windows',
    'windows_both_l1_k8',
    'With neurons chosen by brute force: IIA 0.60',
    '0.60',
    'neurons',
    _READ,
  ),
  Claim(
    'equality-task',
    _SOURCE,
    'Nets tell .996 of examples or more (ours: the median, of unseen ones).',
    '.996',
    'task_accuracy_median',
    above('task_accuracy_median', 0.996),
    NET,
    figure='growth',
  ),
  Claim(
    'equality-every-net',
    _SOURCE,
    'What is found in the best of three nets is found in nets (the verdict: is'
    f' IIA at least {FOUND:g} in most nets, layer 1, k = 8?).',
    'our question',
    'iia_both_l1_k8_found_rate',
    most('iia_both_l1_k8_found_rate'),
    NET,
    figure='iia_both',
    ours=True,
  ),
  Claim(
    'equality-untrained-net',
    _SOURCE,
    'In untrained nets a search finds nothing (the verdict: is mean IIA within'
    f' {NEAR:g} of chance, layer 1, k = 8?).',
    'at chance',
    'untrained_net_both_l1_k8',
    _at_chance('untrained_net_both_l1_k8'),
    NET,
  ),
  Claim(
    'equality-ceiling',
    _FIRST_TRIAL,
    'At the inputs both equalities are there, and a known rotation shows them'
    f' (the verdict: is its mean IIA above {KNOWN:g}?).',
    'near 1',
    'ceiling_known_rotation',
    above('ceiling_known_rotation', KNOWN),
    NET,
    figure='inputs',
    ours=True,
  ),
  Claim(
    'equality-never-near',
    _FIRST_TRIAL,
    'From random starts a search never comes near it (the verdict: in which'
    f' share of nets did one of its searches come within {WITHIN:g}?).',
    'best about 0.76',
    'search_any_input_relu_orthogonal',
    never('search_any_input_relu_orthogonal'),
    NET,
    figure='inputs',
    ours=True,
  ),
)

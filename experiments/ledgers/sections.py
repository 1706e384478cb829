"""What the ledger's page says of each study: words, and which figures.

Numbers stand in braces and are put in from records: {paper|solved_rate} is a
result with its interval, {paper|--sweeps} a flag, and
{wider|hidden=3;learning_rate=0.01|saturated_rate} a result of one setting of
several. A sentence for which a record is missing is left out.
"""

import types
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Section(NamedTuple):
  """A study on the page.

  Attributes:
    title: of the section.
    asked: sentences on what is asked, and how.
    found: sentences on what came out.
    figures: flagfile and name of those that show it best.
    gallery: flagfile whose nets can be looked at one by one; '': none.
  """

  title: str
  asked: Sequence[str]
  found: Sequence[str]
  figures: Sequence[tuple[str, str]]
  gallery: str = ''


SECTIONS: Mapping[str, Section] = types.MappingProxyType({
  'symmetry': Section(
    'Mirror symmetry',
    (
      'Rumelhart, Hinton & Williams’ letter of 1986 shows one net of six'
      ' inputs, two hidden units and one output that has learnt which vectors'
      ' of six bits are their own mirror image.',
      'Here {paper|--seeds} nets learn by the printed recipe (ε ='
      ' {paper|--learning_rate}, α = {paper|--momentum}, weights in ±'
      ' {paper|--init_range}), and as many by each reading of what the letter'
      ' leaves open.',
    ),
    (
      '{paper|solved_rate} of nets solve it in {paper|--sweeps} sweeps; the'
      ' median is {paper|sweeps_median}.',
      'The code is as printed: mirror-image weights cancel in'
      ' {paper|mirror_rate} of solved nets; but besides 1:2:4, in'
      ' {paper|ratio_124_rate}, there is 2:3:4, in {paper|ratio_234_rate}, and'
      ' both are sufficient.',
      'The others are not in minima: {paper|local_minimum_rate} of nets are'
      ' in a certified one, {paper|still_descending_rate} still descend.',
      'Inputs of −1 and 1 make it hard ({bipolar|solved_rate}), biases that'
      ' start at 0 easy ({zero_bias|solved_rate}).',
    ),
    (
      ('paper', 'errors'),
      ('paper', 'nets'),
      ('paper', 'survival'),
      ('wider', 'outcomes'),
    ),
    'paper',
  ),
  'boolean': Section(
    'XOR, parity, encoders, addition',
    (
      'Chapter 8 of PDP runs the small Boolean problems a few hundred times'
      ' and finds local minima irrelevant.',
      'Here each runs {paper|--seeds} times and more, case by case and by full'
      ' sweeps, and who does not learn is looked at with its Hessian in double'
      ' precision.',
    ),
    (
      '{paper|solved_rate} of XOR nets 2-2-1 learn, the median in'
      ' {paper|sweeps_median}; {paper|saturated_rate} end saturated, on the'
      ' way to a minimum at infinity, and {paper|local_minimum_rate} in a'
      ' certified minimum.',
      'With direct links {linked|margin=0.5|solved_rate} learn; encoders do in'
      ' {encoder|solved_rate}, though {encoder|own_corner_rate} only give'
      ' every input a corner of its own.',
      'Of the XOR nets that are stuck after {escape|--stuck_after} sweeps'
      ' {escape|precision=float32|left_rate} leave if they are given a million,'
      ' and in double precision {escape|precision=float64|left_rate}.',
      'Binary addition with the book’s three hidden units is the bad case:'
      ' {addition|hidden=3;updates=sweep|solved_rate} learn it by full sweeps.',
    ),
    (
      ('paper', 'census_pair'),
      ('stuck', 'by_learning_rate_held_rate'),
      ('parity', 'by_size_solved_rate'),
      ('addition', 'outcomes'),
    ),
    'paper',
  ),
  'credit': Section(
    'Credit assignment',
    (
      'Lecture notes derive the gradient of an XOR net factor by factor: one'
      ' weight of the output, then, two factors longer, one of the input'
      ' layer.',
      'Here each factor stands beside what jax.grad says, and the delta rule'
      ' on the last layer alone is run beside the full rule from'
      ' {paper|--seeds} seeds.',
    ),
    (
      'By hand and by jax.grad the gradient is the same, up to'
      ' {paper|max_gradient_difference} over all nets.',
      'The full rule solves XOR in {paper|solved_rate} of nets; the delta rule'
      ' in {paper|delta_rule_solved_rate}, and in no more than'
      ' {paper|separable_rate} could it: only so many hidden layers part the'
      ' cases before they learn.',
      'Seed by seed that is a difference of {paper|full_less_delta_rule}:'
      ' hidden units must be told their share of the error.',
    ),
    (('paper', 'both_ways'), ('paper', 'rules'), ('paper', 'outputs')),
  ),
  'recirculation': Section(
    'Recirculation',
    (
      'Hinton & McClelland’s closed loop learns to give its vectors back by'
      ' two local rules, without a gradient.',
      'They ran 100 loops 4-2-4 and said the rest in words; here'
      ' {paper|--seeds} loops are run, and the words are measured at every'
      ' update.',
    ),
    (
      '{paper|solved_rate} of loops learn, on average after'
      ' {paper|updates_mean}.',
      'First changes are as random as the paper says'
      ' ({paper|vh_uphill_first_rate} go uphill); by update 30 they agree with'
      ' steepest descent ({paper|cosine_vh_late} in the median), after the'
      ' weights have aligned.',
      'At the best learning rate of each, on fresh seeds, recirculation takes'
      ' {paper|recirculation_updates_mean} and back-propagation'
      ' {paper|backprop_updates_mean}.',
      'A hierarchy of loops completes vectors half of which is missing in'
      ' {hierarchy|completed_half_learnt} of cases, if it has learnt them; with'
      ' three hidden units a loop in {hierarchy3|completed_half_learnt}.',
    ),
    (
      ('paper', 'updates'),
      ('paper', 'agreement'),
      ('paper', 'search'),
      ('hierarchy3', 'completion'),
    ),
    'paper',
  ),
  'family_trees': Section(
    'Family trees',
    (
      'The letter’s second net is taught 100 of 104 questions about two'
      ' families of one shape, and its hidden units come to mean something.',
      'As printed it learns nothing, so two recipes near the printed one stand'
      ' beside it: `working` keeps all but first weights, learning rate and how'
      ' the zero-error band is read, `gate` keeps the band. {working|--seeds}'
      ' nets each, and every net has its own held-out cases.',
    ),
    (
      'As printed {paper|train_all_rate} learn all they are taught; by'
      ' `working` {working|train_all_rate}, by `gate` {gate|train_all_rate}.',
      'The four cases are all answered by {working|heldout_all_rate} and'
      ' {gate|heldout_all_rate} of nets; of single cases'
      ' {working|heldout_accuracy} and {gate|heldout_accuracy} are right.',
      'Units do come to mean nationality ({working|nationality_unit_rate}),'
      ' generation ({working|generation_unit_rate}) and branch'
      ' ({working|branch_unit_rate} of nets).',
      'But twins are not coded alike: {working|twin_distance_ratio_rest} of the'
      ' distance of other pairs.',
    ),
    (
      ('working', 'held_out'),
      ('working', 'units'),
      ('working', 'plane'),
      ('working', 'learning'),
    ),
  ),
  'localization': Section(
    'Knowledge localization',
    (
      'J Bostock asks whether the sizes of updates tell where a net stores'
      ' what it knows: one net learns handwritten 1s and 7s against 6s and 8s,'
      ' and its forks show which weights part the digits.',
      'Learning rate and loss are not stated. `paper` takes the rate at which'
      ' {paper|--seeds} nets tell most images, `slow` a hundredth of it.',
    ),
    (
      'The source’s R² of 0.28 over weights is {paper|r2_weights} at the one'
      ' rate and {slow|r2_weights} at the other.',
      'Most of it is not the net’s own: with the updating of another net that'
      ' met the same images it is {paper|r2_weights_other_net} and'
      ' {slow|r2_weights_other_net}.',
      'The clusters are the weights of blank pixels, which are updated as'
      ' biases are: {paper|on_bias} of weights lie on their bias,'
      ' {paper|active_on_bias} without such pixels.',
    ),
    (
      ('paper', 'weights'),
      ('paper', 'ways'),
      ('paper', 'pixel_map'),
      ('paper', 'clusters'),
    ),
  ),
  'equality': Section(
    'Hierarchical equality',
    (
      'Do nets that tell ((a = b) = (c = d)) form the two inner equalities?'
      ' Geiger and others search for a rotation of a layer in which they can be'
      ' exchanged, and print the best of three nets.',
      'Here {paper|--seeds} nets are searched, in every layer, on fresh pairs,'
      ' with controls; chance is 0.5.',
    ),
    (
      'The printed 1.00 is what the best of three may be, and not what a net'
      ' is: at layer 1, k = 8, the mean over nets is {paper|iia_both_l1_k8},'
      ' and {paper|iia_both_l1_k8_found_rate} reach 0.95.',
      'Untrained nets stay at {paper|untrained_net_both_l1_k8}.',
      'A low value is no absence: at the inputs a known rotation gives'
      ' {paper|ceiling_known_rotation}, and of searches from random starts the'
      ' best net has {paper|search_best_input_relu_orthogonal}.',
    ),
    (
      ('paper', 'iia_both'),
      ('paper', 'inputs'),
      ('paper', 'neurons'),
      ('paper', 'growth'),
    ),
  ),
  'basins': Section(
    'Where nets learn',
    (
      'Kolen & Pollack answered “very rarely gets stuck” with maps: over two'
      ' of a net’s nine first weights, who learns XOR, and how soon?',
      'Here a pixel is a net, both ways of changing weights are drawn, and'
      ' what the pictures suggest is measured below any pixel.',
    ),
    (
      'With weights that change once an epoch (the paper does not say when they'
      ' do), ε = 1 and no momentum, of nets from ± 0.1, ± 1 and ± 10'
      ' {monte_carlo|init_range=0.1;learning_rate=1;momentum=0|unsolved_rate},'
      ' {monte_carlo|init_range=1;learning_rate=1;momentum=0|unsolved_rate} and'
      ' {monte_carlo|init_range=10;learning_rate=1;momentum=0|unsolved_rate} do'
      ' not converge.',
      'Its boundaries look fractal: over the finest scales of a map their'
      ' dimension is'
      ' {rate|learning_rate=3;updates=sweep|boundary_dimension_fine} at ε = 3,'
      ' where the paper has it, and'
      ' {rate|learning_rate=0.1;updates=sweep|boundary_dimension_fine} at 0.1.',
      'But far below any pixel nearness helps: of pairs of starts that are'
      ' 0.003 of the window’s side apart'
      ' {near|updates=sweep;distance=0.003|uncertain_rate} end apart, at'
      ' 0.00003 {near|updates=sweep;distance=3e-05|uncertain_rate}, nearly in'
      ' proportion there, as for smooth lines.',
    ),
    (
      ('paper', 'times'),
      ('paper', 'solutions'),
      ('near', 'shares'),
      ('monte_carlo', 'by_range'),
    ),
  ),
})  # fmt: skip

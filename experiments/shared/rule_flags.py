"""Flags of how layered nets start and change, for every study of descent."""

from absl import flags

from jaxrep import trials
from jaxrep.learning import descent

from . import parsers

parsers.define_number(
  'learning_rate', 'ε, on the plain sum of errors over the cases of an update.',
  above=True, many=True,
)  # fmt: skip
parsers.define_number(
  'momentum', 'α: the share of the last weight change that is kept.',
  high=1, many=True,
)  # fmt: skip
parsers.define_number(
  'init_range', 'Weights start uniform in ± this.', high=1e6, many=True
)
flags.DEFINE_enum(
  'bias_init', None, ['uniform', 'zero'],
  'Biases start uniform in ± --init_range like the weights, or at 0.',
)  # fmt: skip
parsers.define_words(
  'updates', descent.UPDATES,
  'Weights change once a sweep; after each case, in the order of the table; or'
  ' after each case, in an order drawn anew for each sweep.',
)  # fmt: skip
parsers.define_words('precision', trials.PRECISIONS, 'Of training.')

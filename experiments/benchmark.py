"""How fast is jaxrep, beside what a user would write? In nets × sweeps a second.

The same training by NumPy, one net at a time; by `jax.vmap` of the plain
function as it comes; by the same in blocks; and by jaxrep's whole engine, which
also looks for solved nets. All run in one process, in turn, on the same devices,
for several rounds; compiling is told apart.
"""

import time
from collections.abc import Callable, Mapping

import numpy as np
import tqdm
from absl import flags

from jaxrep import records, report, seeds, stats, trials, writing
from jaxrep.tasks import symmetry

from . import common, running, yardsticks

FLAGS = flags.FLAGS

LETTER = trials.Recipe(
  learning_rate=(0.1,), momentum=(0.9,), init_range=(0.3,),
  positive_weight=(1.0,), margin=(0.5,), bias_init='uniform', band=0.0,
  sweeps=1, after=0,
)  # fmt: skip
STUDIES = {
  'symmetry': yardsticks.Work(
    LETTER, (6, 2, 1), symmetry.patterns(6, coding='binary')
  ),
}

flags.DEFINE_enum('study', 'symmetry', list(STUDIES), 'Whose nets are trained.')
common.define_number('nets', 'Nets trained at once.', kind=int, low=512, default=8192)
common.define_number(
  'seconds', 'How long one round of one way takes, about.', above=True, default=4
)
common.define_number('rounds', 'How often each way runs.', kind=int, low=1, default=5)
flags.adopt_module_key_flags(common)

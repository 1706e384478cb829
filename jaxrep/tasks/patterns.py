"""Pattern sets: what most tasks are."""

from typing import NamedTuple

import numpy as np


class Patterns(NamedTuple):
  """A pattern set, whole.

  Attributes:
    inputs: `[C, I]` float32, one row a case.
    targets: `[C, O]` float32, 0 or 1.
  """

  inputs: np.ndarray
  targets: np.ndarray

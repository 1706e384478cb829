"""Results of the nets in which a number is defined: of what is finite."""

import numpy as np

from jaxrep import stats

# Relabellings find something from here on.
ALPHA = 0.05


def mean(values: np.ndarray, unit: str) -> stats.Estimate:
  """Returns the mean of what is finite."""
  return stats.mean(values[np.isfinite(values)], unit=unit)


def median(values: np.ndarray, unit: str) -> stats.Estimate:
  """Returns the median of what is finite."""
  return stats.quantile(values[np.isfinite(values)], 0.5, unit=unit)


def significant(p: np.ndarray) -> stats.Estimate:
  """Returns the share of nets whose p-value `[N]` is `ALPHA` at most."""
  return stats.rate(p[np.isfinite(p)] <= ALPHA)

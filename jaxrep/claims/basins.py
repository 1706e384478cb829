"""What Kolen & Pollack claim of maps of initial conditions."""

import types

from jaxrep.claims.judges import Claim, above

_SOURCE = 'Kolen & Pollack, NIPS 3 (1990)'

# What later figures zoom into, by the slice: low and high x, then y.
BOXES = types.MappingProxyType({
  '+7+4-9-9-5Y-3+9X': {
    'Fig. 12': (-9.0, -5.4, -1.8, 1.8),
    'Fig. 13': (-6.966, -6.166, -0.5, 0.3),
  },
  '+5+5-1X+5-1Y+3-1': {
    'Fig. 16': (-4.5, 1.5, -4.5, 1.5),
    'Fig. 18': (-1.68, -1.2, -1.35, -0.87),
    'Fig. 20': (-1.536, -1.38, -1.197, -1.041),
    'Fig. 22': (-1.47282, -1.45882, -1.14552, -1.13152),
    'Fig. 24': (-1.46715, -1.46395, -1.14076, -1.13756),
  },
})  # fmt: skip

CLAIMS = (
  Claim(
    'fractal',
    f'{_SOURCE}, p. 865',
    'The boundaries between solutions are fractal-like.',
    'a picture',
    'boundary_dimension',
    above('boundary_dimension', 1.1),
  ),
)

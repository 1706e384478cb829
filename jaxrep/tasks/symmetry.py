"""Mirror symmetry: is a binary vector its own mirror image?"""

import numpy as np

from jaxrep.tasks.patterns import Patterns


def patterns(bits: int, *, coding: str) -> Patterns:
  """Returns all 2^bits vectors `[C, bits]` and whether each is symmetric.

  The rows count in binary, first input most significant, so row c is the
  number c written out. 2^(bits/2) of them are symmetric.

  Args:
    bits: length of a vector: even, at least 2.
    coding: 'binary' for inputs 0 and 1 (what the letter's figure implies),
      'bipolar' for -1 and 1.

  Raises:
    ValueError: an odd or too small number of bits, or another coding.

  References:
    Rumelhart, Hinton & Williams, Nature 323 (1986), Fig. 1: 6 bits, 64 cases,
    8 of them symmetric.
  """
  if bits < 2 or bits % 2:
    raise ValueError(f'bits: expected an even number ≥ 2, found {bits}')
  if coding not in ('binary', 'bipolar'):
    raise ValueError(
      f"coding: expected 'binary' or 'bipolar', found {coding!r}"
    )
  shifts = np.arange(bits)[::-1]
  vectors = (np.arange(2**bits)[:, None] >> shifts) & 1
  symmetric = np.all(vectors == vectors[:, ::-1], axis=1, keepdims=True)
  inputs = vectors if coding == 'binary' else 2 * vectors - 1
  return Patterns(inputs.astype(np.float32), symmetric.astype(np.float32))

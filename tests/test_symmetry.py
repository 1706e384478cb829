"""The symmetry task, against a loop that writes vectors as words."""

import itertools

import numpy as np
import pytest

from jaxrep.tasks import symmetry


@pytest.mark.parametrize('bits', [2, 4, 6, 8])
def test_targets_are_those_of_words_read_backwards(bits):
  words = [''.join(w) for w in itertools.product('01', repeat=bits)]
  inputs, targets = symmetry.patterns(bits, coding='binary')
  assert inputs.shape == (2**bits, bits) and targets.shape == (2**bits, 1)
  assert inputs.dtype == targets.dtype == np.float32
  for word, x, d in zip(words, inputs, targets, strict=True):
    assert ''.join(str(int(v)) for v in x) == word
    assert d[0] == (word == word[::-1])


def test_six_bits_have_the_letter_s_eight_symmetric_vectors_of_64():
  inputs, targets = symmetry.patterns(6, coding='binary')
  assert (len(inputs), targets.sum()) == (64, 8)


def test_bipolar_inputs_are_the_binary_ones_from_minus_1_to_1():
  binary, bipolar = (
    symmetry.patterns(6, coding=c) for c in ('binary', 'bipolar')
  )
  np.testing.assert_array_equal(bipolar.inputs, 2 * binary.inputs - 1)
  np.testing.assert_array_equal(bipolar.targets, binary.targets)


@pytest.mark.parametrize('bits', [5, 0, -2])
def test_an_odd_or_empty_vector_is_refused(bits):
  with pytest.raises(
    ValueError, match=f'expected an even number .* found {bits}'
  ):
    symmetry.patterns(bits, coding='binary')


def test_another_coding_is_refused():
  with pytest.raises(ValueError, match="found 'gray'"):
    symmetry.patterns(6, coding='gray')

"""The Boolean problems against truth tables and Python's integers."""

import itertools

import numpy as np
import pytest

from jaxrep.tasks import boolean

XOR = 'in1,in2,out1\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n'


def rows(array):
  """Returns an array of 0 and 1 as words: the truth table as it is printed."""
  assert array.dtype == np.float32 and set(np.unique(array)) <= {0, 1}
  return [''.join(str(int(v)) for v in row) for row in array]


def number(row):
  return int(''.join(str(int(v)) for v in row), 2)


def truth_table(patterns):
  return list(zip(rows(patterns.inputs), rows(patterns.targets), strict=True))


def test_xor_is_its_truth_table():
  expected = [('00', '0'), ('01', '1'), ('10', '1'), ('11', '0')]
  assert truth_table(boolean.xor()) == expected


def test_or_is_its_truth_table():
  expected = [('00', '0'), ('01', '1'), ('10', '1'), ('11', '1')]
  assert truth_table(boolean.or_()) == expected


def test_parity_of_three_bits_is_its_truth_table():
  # Two lines below each other: the vectors, and how many are on, odd or not.
  vectors = ['000', '001', '010', '011', '100', '101', '110', '111']
  odd = ['0', '1', '1', '0', '1', '0', '0', '1']
  found = truth_table(boolean.parity(3))
  assert found == list(zip(vectors, odd, strict=True))


@pytest.mark.parametrize('bits', range(1, 11))
def test_parity_is_that_of_python_s_count_of_ones(bits):
  found = truth_table(boolean.parity(bits))
  assert found == [
    (f'{k:0{bits}b}', str(bin(k).count('1') % 2)) for k in range(2**bits)
  ]


@pytest.mark.parametrize('bits', [2, 3, 6])
def test_one_bit_flipped_flips_parity(bits):
  targets = boolean.parity(bits).targets[:, 0]
  for case, bit in itertools.product(range(2**bits), range(bits)):
    assert targets[case] != targets[case ^ (1 << bit)]


def test_the_encoder_of_four_units_is_its_truth_table():
  one_hot = ['1000', '0100', '0010', '0001']
  found = truth_table(boolean.encoder(4))
  assert found == list(zip(one_hot, one_hot, strict=True))


@pytest.mark.parametrize('units', [2, 8, 64])
def test_the_encoder_s_cases_are_one_hot_and_all_there(units):
  inputs, targets = boolean.encoder(units)
  assert inputs.shape == targets.shape == (units, units)
  assert inputs.dtype == targets.dtype == np.float32
  for k, (x, d) in enumerate(zip(inputs, targets, strict=True)):
    assert x[k] == d[k] == 1 and x.sum() == d.sum() == 1


def test_addition_of_single_bits_is_a_half_adder():
  expected = [('00', '00'), ('01', '01'), ('10', '01'), ('11', '10')]
  assert truth_table(boolean.addition(1)) == expected


def test_addition_of_two_bits_has_the_cases_worked_by_hand():
  found = dict(truth_table(boolean.addition(2)))
  assert len(found) == 16
  assert found['0111'] == '100'  # 1 + 3 = 4
  assert found['1001'] == '011'  # 2 + 1 = 3
  assert found['1111'] == '110'  # 3 + 3 = 6


@pytest.mark.parametrize('bits', [1, 2, 3, 4])
def test_addition_is_python_s_in_the_order_of_the_binary_numbers(bits):
  inputs, targets = boolean.addition(bits)
  assert inputs.shape == (4**bits, 2 * bits)
  assert targets.shape == (4**bits, bits + 1)
  assert inputs.dtype == targets.dtype == np.float32
  pairs = itertools.product(range(2**bits), repeat=2)
  for (a, b), x, d in zip(pairs, inputs, targets, strict=True):
    assert (number(x[:bits]), number(x[bits:])) == (a, b)
    assert number(d) == a + b


@pytest.mark.parametrize(
  ('make', 'size', 'words'),
  [
    (boolean.parity, 0, 'bits: expected at least 1, found 0'),
    (boolean.parity, -3, 'bits: expected at least 1, found -3'),
    (boolean.addition, 0, 'bits: expected at least 1, found 0'),
    (boolean.encoder, 0, 'units: expected a power of two ≥ 2, found 0'),
    (boolean.encoder, 1, 'units: expected a power of two ≥ 2, found 1'),
    (boolean.encoder, 6, 'units: expected a power of two ≥ 2, found 6'),
    (boolean.encoder, -8, 'units: expected a power of two ≥ 2, found -8'),
    (boolean.TASKS['xor'].make, 3, 'size: expected 2 for xor, found 3'),
    (boolean.TASKS['or'].make, 3, 'size: expected 2 for or, found 3'),
  ],
)
def test_another_size_is_refused(make, size, words):
  with pytest.raises(ValueError) as refused:
    make(size)
  assert str(refused.value) == words


# Name: inputs, hidden units, outputs and cases at the source's size.
SOURCE = {
  'xor': (2, 2, 1, 4),
  'or': (2, 2, 1, 4),
  'parity': (4, 4, 1, 16),
  'encoder': (8, 3, 8, 8),
  'addition': (4, 3, 3, 16),
}
# The same at the largest.
LARGEST = {
  'xor': (2, 2, 1, 4),
  'or': (2, 2, 1, 4),
  'parity': (10, 10, 1, 1024),
  'encoder': (64, 6, 64, 64),
  'addition': (8, 5, 5, 256),
}


@pytest.mark.parametrize(
  ('expected', 'field'), [(SOURCE, 'size'), (LARGEST, 'largest')]
)
def test_the_tasks_have_the_units_of_the_source(expected, field):
  assert boolean.TASKS.keys() == expected.keys()
  for name, task in boolean.TASKS.items():
    size = getattr(task, field)
    inputs, targets = task.make(size)
    cases, units = inputs.shape
    found = units, task.hidden(size), targets.shape[1], cases
    assert found == expected[name], name


def read(tmp_path, text):
  path = tmp_path / 'table.csv'
  path.write_bytes(text if isinstance(text, bytes) else text.encode())
  return boolean.table(path)


def save(path, patterns, **choices):
  ins, outs = (range(1, a.shape[1] + 1) for a in patterns)
  header = ','.join([*(f'in{k}' for k in ins), *(f'out{k}' for k in outs)])
  np.savetxt(
    path, np.hstack(patterns), delimiter=',', header=header, comments='',
    **choices,
  )  # fmt: skip


@pytest.mark.parametrize('name', boolean.TASKS)
@pytest.mark.parametrize('form', ['%d', '%.18e'])
def test_what_numpy_writes_is_read_back(tmp_path, name, form):
  task = boolean.TASKS[name]
  patterns = task.make(task.size)
  save(tmp_path / 'table.csv', patterns, fmt=form)
  found = boolean.table(tmp_path / 'table.csv')
  np.testing.assert_array_equal(found.inputs, patterns.inputs)
  np.testing.assert_array_equal(found.targets, patterns.targets)
  assert found.inputs.dtype == found.targets.dtype == np.float32


def test_real_inputs_come_back_to_the_last_bit(tmp_path):
  random = np.random.default_rng(0)
  inputs = random.normal(size=(50, 3)).astype(np.float32)
  inputs[0] = np.finfo(np.float32).max, -1e-45, 1e-38
  targets = random.integers(0, 2, (50, 2)).astype(np.float32)
  # 19 digits are more than the 9 that determine a float32.
  save(tmp_path / 'table.csv', boolean.Patterns(inputs, targets))
  found = boolean.table(tmp_path / 'table.csv')
  np.testing.assert_array_equal(found.inputs, inputs)
  np.testing.assert_array_equal(found.targets, targets)


@pytest.mark.parametrize(
  'text',
  [
    XOR,
    XOR.rstrip('\n'),
    '\ufeff' + XOR,
    XOR.replace('\n', '\r\n'),
    XOR.replace('\n', '\r'),
    '\n \n' + XOR.replace('\n', '\n\n \t\r\n'),
    XOR.replace(',', ' , ').replace('\n', ' \n\t'),
    'out1,in2,in1\n0,0,0\n1,1,0\n1,0,1\n0,1,1\n',
    XOR.replace('in1', '"in1"').replace('0,1,1', '"0", "1",1.0'),
    XOR.replace('0,1,1', '-0.,+1e0,.1E+1'),
  ],
  ids=[
    'plain', 'no newline at the end', 'byte order mark', 'CRLF', 'CR',
    'blank lines', 'blanks', 'other order', 'quotes', 'other numbers',
  ],
)  # fmt: skip
def test_a_table_of_xor_is_xor_however_it_is_written(tmp_path, text):
  assert truth_table(read(tmp_path, text)) == truth_table(boolean.xor())


def test_ten_columns_are_in_the_order_of_their_numbers(tmp_path):
  # As words, in10 comes before in2.
  order = sorted(range(1, 11), key=str)
  header = ','.join(f'in{k}' for k in order)
  cells = ','.join(str(10.5 * k) for k in order)
  inputs, targets = read(tmp_path, f'{header},out1\n{cells},1\n')
  np.testing.assert_array_equal(inputs, [[10.5 * k for k in range(1, 11)]])
  np.testing.assert_array_equal(targets, [[1]])


def test_the_float32_maximum_as_numpy_prints_it_is_finite(tmp_path):
  largest = np.finfo(np.float32).max
  assert float(str(largest)) > float(largest)  # rounded up in decimal
  inputs, _ = read(tmp_path, f'in1,out1\n{largest},1\n')
  assert inputs[0, 0] == largest


def wide(inputs, targets, cases=1):
  ins = (f'in{k + 1}' for k in range(inputs))
  outs = (f'out{k + 1}' for k in range(targets))
  row = ','.join('1' for _ in range(inputs + targets))
  return '\n'.join([','.join([*ins, *outs]), *[row] * cases])


def test_the_largest_table_is_read(tmp_path):
  inputs, targets = read(tmp_path, wide(64, 64, cases=4096))
  assert inputs.shape == targets.shape == (4096, 64)


FAULTS = {
  'nothing': ('', 'line 1: expected a header', 'an empty file'),
  'only a BOM': ('\ufeff', 'line 1: expected a header', 'an empty file'),
  'only blanks': ('\n \n', 'line 1: expected a header', 'an empty file'),
  'no header': ('0,1,1\n', 'line 1, column 1: expected a name', "found '0'"),
  'no rows': ('in1,out1\n', 'line 1: expected a case', 'found none'),
  'blank rows': ('\nin1,out1\n\n \n', 'line 2: expected a case', 'found none'),
  'a comment': ('# in1,out1\n1,1', 'line 1, column 1', "found '# in1'"),
  'semicolons': ('in1;out1\n1;1', 'line 1, column 1', "found 'in1;out1'"),
  'another name': ('in1,x1,out1\n', 'line 1, column 2', "found 'x1'"),
  'capitals': ('In1,out1\n', 'line 1, column 1', "found 'In1'"),
  'no name': ('in1,out1,\n', 'line 1, column 3', "found ''"),
  'in0': ('in0,in1,out1\n', 'line 1, column 1', "found 'in0'"),
  'in01': ('in01,out1\n', 'line 1, column 1', "found 'in01'"),
  'no number': ('in,out1\n', 'line 1, column 1', "found 'in'"),
  'other digits': ('in١,out1\n', 'line 1, column 1', 'expected a name'),
  'a long name': (f'{"x" * 9999}\n', 'line 1, column 1', '...'),
  'no in': ('out1\n1\n', 'line 1: expected inputs', 'found no column in1'),
  'no out': ('in1\n1\n', 'line 1: expected targets', 'found no column out1'),
  'no in1': ('in2,out1\n', 'line 1: expected inputs', 'found no column in1'),
  'no in2': ('in1,in3,out1', 'line 1: expected inputs', 'found no column in2'),
  'no out1': ('in1,out2\n', 'line 1: expected targets', 'no column out1'),
  'a huge number': (f'in1,in{"9" * 5000},out1', 'line 1:', 'no column in2'),
  'twice': ('in1,out1,in1\n', 'line 1, column 3', "'in1' also in column 1"),
  'twice late': ('\nin1,out1,out1', 'line 2, column 3', "'out1' also in col"),
  'short': (XOR + '0,1\n', 'line 6: expected 3 columns', 'found 2'),
  'long': (XOR + '0,1,1,\n', 'line 6: expected 3 columns', 'found 4'),
  'long, blanks': ('in1,out1\n\n,,\n', 'line 3: expected 2 col', 'found 3'),
  'a word': (XOR + '0,x y,1\n', 'line 6, column 2 (in2)', "found 'x y'"),
  'moved': ('out1,in1\n1,x\n', 'line 2, column 2 (in1)', "found 'x'"),
  'NaN': (XOR + 'NaN,0,1\n', 'line 6, column 1 (in1)', "found 'NaN'"),
  'inf': (XOR + '0,-inf,1\n', 'line 6, column 2 (in2)', "found '-inf'"),
  'infinity': ('in1,out1\ninfinity,1', 'line 2, column 1', "'infinity'"),
  'double': ('in1,out1\n1e39,1\n', 'line 2, column 1 (in1)', "found '1e39'"),
  'more': ('in1,out1\n-1e999,1\n', 'line 2, column 1 (in1)', "'-1e999'"),
  'underscore': ('in1,out1\n1_0,1\n', 'line 2, column 1', "found '1_0'"),
  'hexadecimal': ('in1,out1\n0x1,1\n', 'line 2, column 1', "found '0x1'"),
  'full width': ('in1,out1\n１,1\n', 'line 2, column 1', "found '１'"),
  'a long cell': (f'in1,out1\n{"1" * 9999}x,1', 'line 2, column 1', '...'),
  'empty input': (XOR + '0, ,1', 'line 6, column 2 (in2)', 'an empty cell'),
  'empty target': (XOR + '0,1,', 'line 6, column 3 (out1)', 'an empty cell'),
  'only commas': (XOR + ',,\n', 'line 6, column 1 (in1)', 'an empty cell'),
  'target ½': (XOR + '0,1,0.5', 'line 6, column 3 (out1)', 'expected 0 or 1'),
  'near 1': ('in1,out1\n1,1.000000001', 'line 2, column 2 (out1)', 'found'),
  'target -1': (XOR + '0,1,-1', 'line 6, column 3 (out1)', "found '-1'"),
  'target nan': (XOR + '0,1,nan', 'line 6, column 3 (out1)', "found 'nan'"),
  'target word': (XOR + '0,1,on', 'line 6, column 3 (out1)', "found 'on'"),
  'open quote': (XOR + '"0,1,1\n0,0,0', 'line 6: expected words', '"0,1,1'),
  'after a quote': (XOR + '"0"1,1,1', 'line 6: expected words', '"0"1,1,1'),
  'open name': ('in1,"out1\n1,1\n', 'line 1: expected words', 'quote closed'),
  'a control': ('in1,out1\n\x1b[2J\x85x,1', 'line 2, column 1', r"'\x1b[2J"),
  'a separator': ('in1,out1\na\u2028b,1', 'line 2, column 1', r"'a\u2028b'"),
  'NUL': ('in1,out1\n1,\x00\n', 'line 2, column 2: expected text', '0x00'),
  'Latin-1': (b'in1,out1\n\xe9,1', 'line 2, column 1: expected text', '0xe9'),
  'UTF-16': (XOR.encode('utf-16'), 'line 1, column 1: expected text', '0xff'),
  'late bytes': (
    b'in1,out1\n' + b'0,1\n' * 3000 + b'1,\x80\n',
    'line 3002, column 2: expected text in UTF-8', '0x80',
  ),
  'a picture': (b'\x89PNG\r\n\x1a\n', 'line 1, column 1', 'the byte 0x89'),
  'zeros': (bytes(10**6), 'line 1, column 1: expected text', '0x00'),
  'no lines': ('0,' * 10**6, 'line 1: expected at most 65,536 char', 'more'),
  'cases': (wide(1, 1, 4097), 'line 4098: expected at most 4,096 cases', 'one'),
  'inputs': (wide(65, 1), 'line 1: expected at most 64 inputs', 'found 65'),
  'targets': (wide(1, 65), 'line 1: expected at most 64 targets', 'found 65'),
}  # fmt: skip


@pytest.mark.parametrize('fault', FAULTS)
def test_a_fault_is_one_line_with_its_place(tmp_path, fault):
  text, place, found = FAULTS[fault]
  with pytest.raises(ValueError) as refused:
    read(tmp_path, text)
  line = str(refused.value)
  assert type(refused.value) is ValueError
  assert line.startswith(place) and found in line
  assert 'expected' in line and 'found' in line
  assert line.isprintable() and len(line) < 160


def test_no_cell_of_xor_may_be_anything_but_a_number(tmp_path):
  lines = [line.split(',') for line in XOR.split()]
  for row, column in itertools.product(range(1, 5), range(3)):
    cells = [list(line) for line in lines]
    cells[row][column] = '?'
    text = '\n'.join(','.join(line) for line in cells)
    place = rf'line {row + 1}, column {column + 1} \({lines[0][column]}\): '
    with pytest.raises(ValueError, match=place):
      read(tmp_path, text)


def test_a_file_that_cannot_be_opened_is_an_oserror(tmp_path):
  for path in (tmp_path / 'none.csv', tmp_path):
    with pytest.raises(OSError):
      boolean.table(path)

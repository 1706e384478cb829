"""A record comes back as it was written, or one line says what is wrong."""

import csv
import json
import shutil

import chex
import jax.numpy as jnp
import numpy as np
import pytest
import samples

from jaxrep import nets, records, writing


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  folder = tmp_path_factory.mktemp('records') / 'toy'
  samples.run(folder)
  return folder


@pytest.fixture(scope='module')
def record(folder):
  return records.load(folder)


@pytest.fixture(scope='module')
def rows(folder):
  with open(folder / 'nets.csv', newline='') as file:
    return list(csv.DictReader(file))


@pytest.fixture
def copy(folder, tmp_path):
  return shutil.copytree(folder, tmp_path / 'toy')


def column(name):
  return np.concatenate([samples.part(part)[name] for part in samples.SIZES])


def assert_same_bits(found, expected):
  assert found.dtype == expected.dtype
  assert found.shape == expected.shape
  assert found.tobytes() == expected.tobytes()


def test_every_array_comes_back_with_its_bits(record):
  assert list(record.parts) == list(samples.SIZES)
  for name, arrays in record.parts.items():
    same = {'constants': np.array(list(samples.CONSTANTS))}
    expected = samples.part(name) | samples.CONSTANTS | same
    assert arrays.keys() == expected.keys()
    for key, array in expected.items():
      assert_same_bits(arrays[key], array)


def test_flags_and_summary_come_back(record, folder):
  assert record.folder == folder
  assert record.flags == {'bits': '4', 'learning_rate': '0.1,0.5'}
  assert record.summary == samples.SUMMARY


def test_the_arrays_need_no_pickle(folder):
  with np.load(folder / 'nets.npz', allow_pickle=False) as archive:
    assert len(archive.files) == 2 * (
      1 + len(samples.part('h2') | samples.CONSTANTS)
    )
    for name in archive.files:
      assert archive[name].dtype.kind in 'biufU'


def test_the_leading_axis_is_nets_but_for_constants(record):
  for name, (_, size) in samples.SIZES.items():
    for key, array in record.parts[name].items():
      same = (*samples.CONSTANTS, 'constants')
      assert key in same or len(array) == size


def test_nets_compute_what_was_stored(record):
  part = record.parts['h3']
  layers = record.nets('h3')
  x = samples.CONSTANTS['inputs'][2]
  hidden = 1 / (1 + np.exp(-(x @ part['w0'][4] + part['b0'][4])))
  expected = np.tanh(hidden @ part['w1'][4] + part['b1'][4])
  one = tuple(
    nets.Layer(layer.w[4], layer.b[4], layer.unit) for layer in layers
  )
  found = nets.apply(one, jnp.asarray(x))
  chex.assert_trees_all_close(found, expected, atol=1e-6)  # float32


def test_nets_are_packed_and_unpacked(record):
  layers = record.nets('h2')
  packed = records.pack_net(layers) | {'units': samples.CONSTANTS['units']}
  chex.assert_trees_all_equal(records.unpack_net(packed), layers)


def test_the_table_has_a_row_for_each_net_and_a_column_for_each_1d_array(rows):
  one_dimensional = [n for n, a in samples.part('h2').items() if a.ndim == 1]
  assert list(rows[0]) == ['part', 'row', *one_dimensional]
  expected = [
    (name, str(k)) for name, (_, size) in samples.SIZES.items()
    for k in range(size)
  ]  # fmt: skip
  assert [(row['part'], row['row']) for row in rows] == expected


def test_the_table_says_outcomes_in_words(rows):
  words = samples.CONSTANTS['outcomes'][column('outcome')]
  assert [row['outcome'] for row in rows] == words.tolist()


@pytest.mark.parametrize('name', ['error', 'learning_rate', 'sweeps'])
def test_numbers_of_the_table_read_back_the_same(rows, name):
  expected = column(name)
  known = ~np.isnan(expected)
  cells = np.array([row[name] for row in rows])
  assert np.all(cells[~known] == '')
  found = cells[known].astype(expected.dtype)
  assert_same_bits(found, expected[known])


def test_numbers_of_the_table_are_as_short_as_can_be(rows):
  assert [row['learning_rate'] for row in rows] == [
    f'{rate:.1f}' for rate in column('learning_rate')
  ]


def test_the_table_holds_whole_numbers_and_truths_as_integers(rows):
  for name in ('seed', 'age', 'mirror'):
    expected = column(name).astype(int).astype(str)
    assert [row[name] for row in rows] == expected.tolist()


def test_a_record_has_the_columns_of_its_table(record, rows):
  assert list(record.table) == list(rows[0])
  for name in ('part', 'row', 'seed', 'outcome'):
    assert record.table[name].astype(str).tolist() == [r[name] for r in rows]


def test_an_index_below_0_is_no_word():
  arrays = {
    'seed': np.zeros(3), 'outcome': np.array([1, -1, 0]),
    'outcomes': np.array(['solved', 'diverged']),
    'constants': np.array(['outcomes']),
  }  # fmt: skip
  table = records.part_table('h2', arrays)
  assert table['outcome'].tolist() == ['diverged', '', 'solved']


def test_taking_rows_leaves_constants_whole(record):
  taken = records.take(record.parts['h2'], [3, 1])
  assert_same_bits(taken['w0'], record.parts['h2']['w0'][[3, 1]])
  for name, array in samples.CONSTANTS.items():
    assert_same_bits(taken[name], array)


def test_flags_are_read_as_a_flagfile_has_them():
  text = '# a comment\n\n--bits=4\n  --out=a=b \n--list=1,2\n'
  assert records.parse_flags(text) == {'bits': '4', 'out': 'a=b', 'list': '1,2'}


@pytest.mark.parametrize(
  ('arrays', 'message'),
  [
    ({}, 'expected layered nets'),
    ({'units': np.array(['sigmoid', 'eval'])}, "units: .* found 'eval'"),
  ],
)
def test_what_is_no_layered_net_is_refused(arrays, message):
  with pytest.raises(records.RecordError, match=message):
    records.unpack_net(arrays)


@pytest.mark.parametrize('name', ['summary.json', 'run.flags', 'nets.npz'])
def test_a_missing_file_is_named(copy, name):
  (copy / name).unlink()
  with pytest.raises(records.RecordError, match=name) as found:
    records.load(copy)
  assert str(copy) in str(found.value)


@pytest.mark.parametrize(
  ('name', 'content'),
  [
    ('summary.json', b''),
    ('summary.json', b'{"study": "toy", "nets"'),
    ('summary.json', b'[1, 2]'),
    ('summary.json', b'{"nets": 3}'),
    ('summary.json', b'\xff\xfe'),
    ('run.flags', b'--bits=\xff'),
    ('nets.npz', b''),
    ('nets.npz', b'PK\x03\x04'),
    ('nets.npz', b'part,row\n'),
    ('nets.npz', b'\x93NUMPY\x01\x00'),
  ],
)
def test_a_damaged_file_is_named_in_one_line(copy, name, content):
  (copy / name).write_bytes(content)
  with pytest.raises(records.RecordError, match=name) as found:
    records.load(copy)
  assert len(str(found.value).splitlines()) == 1


def test_compressed_arrays_are_refused_as_little_may_hold_a_lot(copy):
  with np.load(copy / records.ARRAYS) as archive:
    arrays = dict(archive)
  np.savez_compressed(copy / records.ARRAYS, **arrays)
  with pytest.raises(records.RecordError, match='nets.npz: expected no comp'):
    records.load(copy)


@pytest.mark.parametrize(
  'error',
  [KeyError('w0'), IndexError('9'), ZeroDivisionError(), MemoryError('a lot')],
)
def test_what_cannot_be_drawn_is_told_in_one_line(error):
  said = f'toy: expected .* cannot be drawn .{type(error).__name__}'
  with pytest.raises(records.RecordError, match=said), records.drawing('toy'):
    raise error


def test_what_is_told_already_is_told_as_it_is():
  error = records.RecordError('toy/nets.npz: cut short')
  with pytest.raises(records.RecordError) as told, records.drawing('toy'):
    raise error
  assert told.value is error


def test_a_name_that_no_folder_can_have_is_told():
  with pytest.raises(records.RecordError, match='xxx: File name too long'):
    records.load('x' * 300)


def test_a_bare_array_is_no_record(copy):
  with open(copy / 'nets.npz', 'wb') as file:
    np.save(file, np.zeros(3))
  with pytest.raises(records.RecordError, match='nets.npz'):
    records.load(copy)


def test_arrays_that_were_altered_or_cut_are_never_taken_for_others(copy):
  """A zip has bytes that mean nothing, and an index that may lose an entry."""
  path = copy / 'nets.npz'
  whole = path.read_bytes()
  expected = records.load_parts(copy)
  rng = np.random.default_rng(0)
  refused = 0
  for place in rng.choice(len(whole), 300, replace=False):
    altered = bytearray(whole)
    altered[place] ^= 1 << rng.integers(8)
    for data in (bytes(altered), whole[:place]):
      path.write_bytes(data)
      try:
        found = records.load_parts(copy)
      except records.RecordError as error:
        assert 'nets.npz' in str(error)
        refused += 1
        continue
      for part, arrays in found.items():
        for name, array in arrays.items():
          assert_same_bits(array, expected[part][name])
  assert refused > 450


@pytest.mark.parametrize(
  'content',
  [
    None,
    '',
    '{"jax": 1}',
    '[]',
    '{"jax": 1, "device": 1, "cores": 1, "seconds": 3}',
  ],
)
def test_a_machine_file_that_says_nothing_is_named(copy, content):
  path = copy / 'machine.json'
  path.unlink() if content is None else path.write_text(content)
  with pytest.raises(records.RecordError, match='machine.json'):
    records.machine_line(copy)


def test_the_machine_line_is_one_line_with_the_cost(copy):
  facts = {
    'jax': '1.2', 'device': '2 × cpu', 'cores': 2, 'compile_seconds': 1.25,
    'seconds': 3.0, 'peak_memory_mib': 1234,
    'sweeps_needed': 5, 'sweeps_computed': 1000,
  }  # fmt: skip
  (copy / 'machine.json').write_text(json.dumps(facts))
  line = records.machine_line(copy)
  assert '\n' not in line
  for word in ('jax 1.2', '2 × cpu', '3.0 s', '1,234 MiB', '1,000 nets'):
    assert word in line


def test_nets_of_a_setting_lie_together_and_constants_stay_whole(record):
  part = record.parts['h3']
  groups = records.by_setting(part, 3)
  assert [len(group['seed']) for group in groups] == [2, 2, 2]
  for k, group in enumerate(groups):
    assert group.keys() == part.keys()
    for name, array in part.items():
      same = name in (*samples.CONSTANTS, 'constants')
      expected = array if same else array[2 * k : 2 * k + 2]
      assert_same_bits(group[name], expected)


def test_one_setting_is_the_whole_part(record):
  [group] = records.by_setting(record.parts['h2'], 1)
  for name, array in record.parts['h2'].items():
    assert_same_bits(group[name], array)


def test_a_file_names_its_constants(folder):
  with np.load(folder / 'nets.npz') as archive:
    for name in samples.SIZES:
      found = archive[f'{name}/{records.CONSTANTS}']
      assert found.tolist() == list(samples.CONSTANTS)


def test_a_constant_is_known_by_its_name_and_not_by_its_length():
  """Three nets and three marks: only the name tells them apart."""
  arrays = {
    'seed': np.arange(3), 'age': np.array([4, 5, 6]),
    'marks': np.array([0, 1, 2]),
  }  # fmt: skip
  named = arrays | {records.CONSTANTS: np.array(['marks'])}
  assert 'marks' not in records.part_table('h2', named)
  assert 'marks' in records.part_table('h2', arrays)
  taken = records.take(named, [2, 0])
  assert taken['age'].tolist() == [6, 4]
  assert taken['marks'].tolist() == [0, 1, 2]
  assert taken[records.CONSTANTS].tolist() == ['marks']


def test_a_part_without_constants_names_none(tmp_path):
  """An empty list of names is text too, and comes back as one."""
  with writing.Writer(tmp_path / 'toy', samples.FLAGS) as writer:
    writer.begin()
    writer.write_chunk('h2-00000', {'seed': np.arange(3)}, {})
    writer.merge({'h2': ['h2-00000']}, {'h2': {}})
  [arrays] = records.load_parts(tmp_path / 'toy').values()
  assert arrays[records.CONSTANTS].tolist() == []
  assert list(records.part_table('h2', arrays)) == ['part', 'row', 'seed']


def test_a_reader_that_has_seen_enough_is_no_damage():
  with pytest.raises(BrokenPipeError), records.drawing('runs'):
    raise BrokenPipeError
  told = pytest.raises(records.RecordError, match='^runs: expected a record')
  with told, records.drawing('runs'):
    raise OSError

"""Strictness for all tests: what the library must not do, it cannot do here."""

import contextlib
import csv
import fcntl
import functools
import json
import os
import pathlib
import socket

import binaries
import jax
import pytest

from jaxrep import records
from jaxrep.claims import ledger

# Before any backend starts: blocks are laid over 1, 2 and 4 devices.
jax.config.update('jax_num_cpu_devices', 4)
jax.config.update('jax_numpy_rank_promotion', 'raise')
jax.config.update('jax_debug_key_reuse', True)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
  def refuse(*args, **kwargs):
    raise RuntimeError('tests use no network')

  monkeypatch.setattr(socket.socket, 'connect', refuse)


@pytest.fixture(scope='session')
def environment(tmp_path_factory):
  """For processes: what one of them compiles, the next ones find."""
  return os.environ | {
    'PYTHONPATH': str(binaries.ROOT),
    'JAX_COMPILATION_CACHE_DIR': str(tmp_path_factory.mktemp('compiled')),
    'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0',
    'JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES': '-1',
  }


@pytest.fixture(scope='session')
def binary(environment):
  """Returns a binary of the folder `experiments` by name, another by module."""
  with contextlib.ExitStack() as stack:

    @functools.cache
    def named(name):
      module = name if '.' in name else f'experiments.{name}'
      also = {
        'localization': ['sklearn.datasets'],
        'tests.faults.toy': ['scipy.stats'],
      }.get(name, [])
      return stack.enter_context(binaries.Binary(module, environment, *also))

    yield named


@pytest.fixture(scope='session')
def shared(tmp_path_factory):
  """A folder of the whole session: of all workers, where there are several."""
  folder = tmp_path_factory.getbasetemp()
  return folder.parent if 'PYTEST_XDIST_WORKER' in os.environ else folder


@pytest.fixture(scope='session')
def once(shared):
  """Returns how a process ended that is run once in a session, by a name."""

  def ended(name, run):
    said = shared / f'{name}.json'
    with open(shared / f'{name}.lock', 'w') as lock:
      fcntl.flock(lock, fcntl.LOCK_EX)  # others wait here until it is over
      if not said.exists():
        said.write_text(json.dumps(run()))
    return binaries.Ended(*json.loads(said.read_text()))

  return ended


@pytest.fixture(scope='session')
def smoke_of(binary, environment, shared, once):
  """Returns what a study's `smoke.flags` leaves, and how the run ended.

  It lies in the folder STUDY/smoke of `shared`, where the ledger looks for it.
  Nobody writes into it: who would copies it first.
  """
  own = pathlib.Path(environment['JAX_COMPILATION_CACHE_DIR'])

  @functools.cache
  def smoke(study):
    folder, compiled = shared / study / 'smoke', shared / f'{study}.compiled'

    def run():
      known = set(own.iterdir())
      flags = f'--flagfile=flags/{study}/smoke.flags', f'--out={folder}'
      ended = binary(study)(*flags, cwd=binaries.ROOT)
      compiled.mkdir()
      for path in set(own.iterdir()) - known:
        os.link(path, compiled / path.name)
      return ended

    ended = once(study, run)
    for path in compiled.iterdir():  # what another worker compiled will do here
      if not (own / path.name).exists():
        os.link(path, own / path.name)
    return folder, ended

  return smoke


@pytest.fixture(scope='session')
def smoke_ledger(binary, shared, once, smoke_of):
  """The folder of the ledger of all smoke records, and how its run ended."""
  for study in ledger.CLAIMS:
    assert smoke_of(study)[1].code == 0
  folder = shared / 'ledger'
  flags = '--scale=smoke', f'--records={shared}', f'--out={folder}', '--norun'
  run = functools.partial(binary('ledger'), *flags, cwd=binaries.ROOT)
  return folder, once('ledger', run)


@pytest.fixture(scope='module')
def smoke(request, smoke_of):
  """What it leaves for a file's study, `SMOKE_OF`, or for symmetry."""
  folder, ended = smoke_of(getattr(request.module, 'SMOKE_OF', 'symmetry'))
  assert (ended.code, ended.err) == (0, '')
  return folder, ended


@pytest.fixture(scope='module')
def record(smoke):
  return records.load(smoke[0])


@pytest.fixture(scope='module')
def found(record):
  """The results of the one setting, by name."""
  return record.summary['results']


@pytest.fixture(scope='module')
def table(smoke):
  """The rows of nets.csv."""
  with open(smoke[0] / 'nets.csv', newline='') as file:
    return list(csv.DictReader(file))

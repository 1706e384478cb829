"""Strictness for all tests: what the library must not do, it cannot do here."""

import contextlib
import csv
import functools
import os
import socket

import binaries
import jax
import pytest

from jaxrep import records

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
def smoke_of(binary, tmp_path_factory):
  """Returns what a study's `smoke.flags` leaves, and how the run ended."""

  @functools.cache
  def run(study):
    folder = tmp_path_factory.mktemp('smoke') / study
    flags = f'--flagfile=flags/{study}/smoke.flags', f'--out={folder}'
    return folder, binary(study)(*flags, cwd=binaries.ROOT)

  return run


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

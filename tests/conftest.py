"""Strictness for all tests: what the library must not do, it cannot do here."""

import socket

import jax
import pytest

# Before any backend starts: blocks are laid over 1, 2 and 4 devices.
jax.config.update('jax_num_cpu_devices', 4)
jax.config.update('jax_numpy_rank_promotion', 'raise')
jax.config.update('jax_debug_key_reuse', True)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
  def refuse(*args, **kwargs):
    raise RuntimeError('tests use no network')

  monkeypatch.setattr(socket.socket, 'connect', refuse)

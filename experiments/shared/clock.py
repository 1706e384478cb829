"""What a run costs: seconds by stage, those that XLA compiled apart; memory."""

import contextlib
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from jaxrep import writing

_COMPILED = '/jax/core/compile/backend_compile_duration'


class Clock:
  """Seconds by stage, from when it is made."""

  def __init__(self):
    self._start = time.perf_counter()
    self._stages: dict[str, list[float]] = {}  # seconds, of which compiling
    self._stage: str | None = None
    self._compilations = 0
    jax.monitoring.register_event_duration_secs_listener(self._listen)

  def _listen(self, event: str, seconds: float, **_) -> None:
    if event == _COMPILED and self._stage is not None:
      self._compilations += 1
      self._stages[self._stage][1] += seconds

  @contextlib.contextmanager
  def stage(self, name: str) -> Iterator[None]:
    """Adds the seconds that are spent inside to a stage."""
    spent = self._stages.setdefault(name, [0.0, 0.0])
    self._stage, start = name, time.perf_counter()
    try:
      yield
    finally:
      self._stage = None
      spent[0] += time.perf_counter() - start

  def machine(self) -> dict[str, Any]:
    """Returns what machine.json says: where this runs, and the cost so far."""
    devices = jax.local_devices()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    compiling = sum(compiled for _, compiled in self._stages.values())
    return {
      'python': platform.python_version(),
      'jax': jax.__version__,
      'numpy': np.__version__,
      'commit': _commit(),
      'system': platform.platform(),
      'device': f'{len(devices)} × {devices[0].device_kind}',
      'cores': writing.cores(),
      'seconds': round(time.perf_counter() - self._start, 2),
      'stages': {
        name: {
          'compile_seconds': round(compiled, 2),
          'run_seconds': round(max(spent - compiled, 0.0), 2),
        }
        for name, (spent, compiled) in self._stages.items()
      },
      'compilations': self._compilations,
      'compile_seconds': round(compiling, 2),
      'peak_memory_mib': round(
        peak / (2**20 if sys.platform == 'darwin' else 2**10)
      ),
    }


def _commit() -> str | None:
  """Returns the commit that is run, if this is a git checkout."""
  command = ['git', '-C', os.path.dirname(__file__), 'describe', '--always',
             '--abbrev=40', '--dirty']  # fmt: skip
  with contextlib.suppress(OSError, subprocess.SubprocessError):
    answer = subprocess.run(command, capture_output=True, text=True, timeout=10)
    return answer.stdout.strip() or None
  return None

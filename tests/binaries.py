"""Runs a binary as a process of its own would, but imports it only once.

As a program, `python tests/binaries.py experiments.symmetry`, this imports a
binary and answers requests, each a line of JSON, in forks of itself: each has
flags, standard streams, a folder and an exit code of its own.
"""

import functools
import importlib
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
import types
import warnings
from typing import NamedTuple

from absl import flags

ROOT = pathlib.Path(__file__).resolve().parents[1]
PATIENCE = 240  # seconds until a request is given up


class Ended(NamedTuple):
  """How a process ended, and what it said."""

  code: int
  out: str
  err: str


class Binary:
  """An imported binary: a function of its flags. A context manager."""

  def __init__(
    self,
    module: str,
    environment: dict[str, str],
    *also: str,
    memory: int | None = None,
  ):
    """Imports it, and also what it imports only when it needs it.

    Args:
      module: the binary.
      environment: of its process.
      *also: modules.
      memory: bytes that it may address; None: as many as there are.
    """
    self._server = subprocess.Popen(
      [sys.executable, __file__, module, *also],
      env=environment,
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      text=True,
    )
    if memory and hasattr(resource, 'prlimit'):  # Linux
      limits = memory, memory
      resource.prlimit(self._server.pid, resource.RLIMIT_AS, limits)

  def __call__(
    self,
    *flags,
    cwd,
    dry: bool = False,
    patience: int = PATIENCE,
    first: tuple[str, str, dict] | None = None,
  ) -> Ended:
    """Returns how the binary ends, run in the folder `cwd`.

    Args:
      *flags: what stands after its name.
      cwd: the folder.
      dry: instead of running an experiment, it writes in one line of JSON what
        it would run (see `_describe`).
      patience: seconds until it is given up.
      first: module, function and arguments of what is called before it.
    """
    request = {'flags': list(map(str, flags)), 'cwd': str(cwd), 'dry': dry}
    request['first'] = first
    return self._ask(request | {'patience': patience})

  def known(self) -> list[dict]:
    """Returns its flags, each by name, default, and what its parser says."""
    return json.loads(self._ask({'flags': [], 'cwd': '.', 'known': True}).out)

  def _ask(self, request: dict) -> Ended:
    self._server.stdin.write(json.dumps(request) + '\n')
    self._server.stdin.flush()
    return Ended(*json.loads(self._server.stdout.readline()))

  def __enter__(self) -> 'Binary':
    return self

  def __exit__(self, *error) -> None:
    with self._server:  # closes its input, which ends it, and waits
      pass


def _serve(name: str, *also: str) -> None:
  # Python 3.12 warns of threads; those that are here, of linear algebra, wait.
  warnings.filterwarnings('ignore', '.*fork', DeprecationWarning)
  module, *_ = map(importlib.import_module, (name, *also))
  for line in sys.stdin:
    with (
      tempfile.TemporaryFile('w+') as out,
      tempfile.TemporaryFile('w+') as err,
    ):
      process = os.fork()
      if not process:
        _answer(module, json.loads(line), out, err)
      _, status = os.waitpid(process, 0)
      said = []
      for file in (out, err):
        file.seek(0)
        said.append(file.read())
      print(json.dumps([os.waitstatus_to_exitcode(status), *said]), flush=True)


def _answer(module, request, out, err) -> None:
  """Runs the binary and leaves by its exit code, as the interpreter would."""
  signal.alarm(request.get('patience', PATIENCE))
  code = 1
  try:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, file in enumerate((nothing, out.fileno(), err.fileno())):
      os.dup2(file, stream)
    os.chdir(request['cwd'])
    quiet = '--verbosity=-2'  # errors: no progress among what is wrong
    sys.argv = [f'{module.__name__}.py', quiet, *request['flags']]
    keys = flags.FLAGS.get_key_flags_for_module(module)
    if request.get('first'):
      source, function, arguments = request['first']
      getattr(importlib.import_module(source), function)(**arguments)
    if request.get('known'):
      print(json.dumps(list(map(_known, keys))))
    else:
      if request['dry']:
        unset = {flag.name: flag.default for flag in keys}
        _keep_still(module, functools.partial(_describe, unset))
      module.main()
    code = 0
  except SystemExit as exit:
    code = int(exit.code or 0)
  except BaseException:
    traceback.print_exc()
  finally:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _known(flag) -> dict:
  """Returns a flag in JSON: its parser's bounds and words are its own."""
  parser = {
    name: value
    for name, value in vars(flag.parser).items()
    if isinstance(value, int | float | str | list | tuple)
  }
  fixed = {'name': flag.name, 'boolean': flag.boolean, 'help': flag.help}
  default = flag.serialize().partition('=')[2] if flag.value else ''
  kind = type(flag.parser).__name__
  return parser | fixed | {'default': default, 'parser': kind}


def _keep_still(module, describe) -> None:
  """Makes a binary say what it would train or time; `show` does neither."""
  if hasattr(module, 'running'):
    module.running.run = describe
    module.running.write_results = lambda *_, **__: print('{}')
  if hasattr(module, 'timing'):
    module.timing.measure = lambda *_, **__: {}
    module.STUDIES = {
      name: types.SimpleNamespace(
        at_once=work.at_once, cells=work.cells, block_size=work.block_size,
        unit=getattr(work, 'unit', ''), ways=lambda *_: {},
        results=lambda *_, **__: {},
      )
      for name, work in module.STUDIES.items()
    }  # fmt: skip


def _describe(unset, experiment, place) -> None:
  """Stands in for `running.run`.

  Args:
    unset: the binary's flags, each with the default that stands in the code.
    experiment: what it would run.
    place: where.
  """
  said = {
    'study': experiment.study,
    'flags': experiment.flags,
    'nets': {part.name: len(part.nets.seed) for part in experiment.parts},
    'out': place.out,
    'chunk_size': place.chunk_size,
    'share': str(place.share),
    'unset': unset,
  }
  print(json.dumps(said))


if __name__ == '__main__':
  _serve(*sys.argv[1:])

"""A finished run is drawn again, and its flags repeat it: see `test_faults`."""

import shutil
import subprocess
import sys

import pytest
import samples
from binaries import ROOT

FLAGS = '--flagfile=flags/symmetry/smoke.flags'


def test_the_same_command_says_that_it_is_done_and_draws_again(
  smoke, binary, tmp_path
):
  folder = tmp_path / 'symmetry'
  shutil.copytree(smoke[0], folder)
  shutil.rmtree(folder / 'figures')
  (folder / 'report.html').unlink()
  ended = binary('symmetry')(FLAGS, f'--out={folder}', cwd=ROOT)
  assert (ended.code, ended.err) == (0, '')
  first, rest = ended.out.split('\n', 1)
  assert first == f'{folder} holds this run, finished; drawing it again.'
  assert rest == smoke[1].out.replace(str(smoke[0]), str(folder))
  assert samples.tree(folder) == samples.tree(smoke[0])


@pytest.mark.slow
def test_run_flags_repeat_the_run_byte_for_byte(
  smoke, binary, environment, tmp_path
):
  """Compiled anew."""
  command = [
    sys.executable, '-m', 'experiments.symmetry',
    f'--flagfile={smoke[0]}/run.flags', '--out=repeated',
  ]  # fmt: skip
  environment = environment | {'JAX_COMPILATION_CACHE_DIR': str(tmp_path / 'c')}
  ended = subprocess.run(
    command, cwd=tmp_path, env=environment, capture_output=True, text=True
  )
  assert (ended.returncode, ended.stderr) == (0, '')
  found, expected = map(samples.tree, (tmp_path / 'repeated', smoke[0]))
  assert found.keys() == expected.keys()
  pages = found.pop('report.html'), expected.pop('report.html')
  assert found.pop('machine.json') != expected.pop('machine.json')
  assert found == expected
  lines = [page.decode().splitlines() for page in pages]
  differ = [a for a, b in zip(*lines, strict=True) if a != b]
  assert [line[:7] for line in differ] == ['<p>jax ']

"""Streets are one-way, modules small, and what is public says what it is."""

import ast
import graphlib
import re

import pytest
from binaries import ROOT

# A module imports from layers before its own, or from its own. A module that is
# new needs a place here.
LAYERS = (
  {'tasks', 'nets', 'branched', 'lanes', 'blocks', 'slices'},
  {'seeds'},
  {'learning'},
  {'measures'},
  {
    'trials',
    'loops',
    'hierarchies',
    'families',
    'localization',
    'kinship',
    'equality',
    'basins',
  },
  {'locks', 'records', 'writing', 'stats'},
  {'figures', 'tables', 'report', 'gallery', 'clicks', 'claims'},
)
LINES, BINARY_LINES = 400, 130


def name_of(path):
  parts = path.relative_to(ROOT).with_suffix('').parts
  return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def parse(path):
  return ast.parse(path.read_text())


LIBRARY = {name_of(path): path for path in sorted(ROOT.glob('jaxrep/**/*.py'))}
EXPERIMENTS = {
  name_of(path): path for path in sorted(ROOT.glob('experiments/**/*.py'))
}
MODULES = LIBRARY | EXPERIMENTS
PACKAGES = {name for name, path in MODULES.items() if path.stem == '__init__'}
BINARIES = {
  name: path
  for name, path in EXPERIMENTS.items()
  if any(
    isinstance(n, ast.FunctionDef) and n.name == 'main'
    for n in parse(path).body
  )
}


def imports(name):
  """Returns what a module imports, anywhere in it; ours by module."""
  package = name if name in PACKAGES else name.rpartition('.')[0]
  found = set()
  for node in ast.walk(parse(MODULES[name])):
    if isinstance(node, ast.Import):
      found |= {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
      source = node.module or ''
      if node.level:
        above = package.split('.')[: len(package.split('.')) - node.level + 1]
        source = '.'.join([*above, *filter(None, [source])])
      for alias in node.names:
        full = f'{source}.{alias.name}'
        found.add(full if full in MODULES else source)
  return found


def ours(name):
  return {found for found in imports(name) if found in MODULES} - PACKAGES


def roots(name):
  return {found.partition('.')[0] for found in imports(name)}


def layer(name):
  part = name.split('.')[1]
  return next(k for k, names in enumerate(LAYERS) if part in names)


def public(tree):
  """Yields functions, classes and methods without an underscore."""
  for node in getattr(tree, 'body', []):
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != '_':
      yield node
      if isinstance(node, ast.ClassDef):
        yield from public(node)


@pytest.fixture(params=LIBRARY)
def module(request):
  return request.param


def test_all_layers_hold_something():
  found = {name.split('.')[1] for name in LIBRARY if '.' in name}
  assert found == set().union(*LAYERS)


def test_imports_of_the_library_point_one_way(module):
  for other in ours(module):
    assert other in LIBRARY, 'the library imports no experiment'
    assert layer(other) <= layer(module), f'{module} imports {other}'


def test_no_imports_go_round():
  graph = {name: ours(name) for name in MODULES}
  assert len(list(graphlib.TopologicalSorter(graph).static_order())) > 30


def test_no_experiment_imports_a_binary():
  for name in EXPERIMENTS:
    assert not ours(name) & BINARIES.keys(), name


def test_tasks_know_no_nets(module):
  if module.startswith('jaxrep.tasks'):
    assert {other.split('.')[1] for other in ours(module)} <= {'tasks'}


def test_the_library_reads_no_flags(module):
  assert not roots(module) & {'absl', 'argparse', 'click'}


def test_the_library_says_nothing(module):
  for node in ast.walk(parse(LIBRARY[module])):
    if isinstance(node, ast.Call):
      called = ast.unparse(node.func)
      assert called not in ('print', 'sys.stdout.write', 'sys.stderr.write')
  assert not roots(module) & {'logging', 'warnings', 'tqdm'}


def test_figures_draw_and_do_not_compute(module):
  if module.startswith('jaxrep.figures'):
    assert not roots(module) & {'jax', 'optax', 'chex'}
    for other in ours(module):
      assert other.startswith('jaxrep.figures.'), other
  else:
    assert 'matplotlib' not in roots(module)


def test_nothing_is_called_utils():
  for name in MODULES:
    assert not re.search(r'(^|[._])(utils?|helpers?|misc)$', name)


@pytest.mark.parametrize('name', MODULES)
def test_every_module_says_what_it_is(name):
  text = ast.get_docstring(parse(MODULES[name]))
  assert text and text.splitlines()[0].endswith(('.', '?', ':'))


@pytest.mark.parametrize('name', MODULES)
def test_modules_are_small(name):
  """Docstrings aside: a module that says much does not do more."""
  tree = parse(MODULES[name])
  length = len(MODULES[name].read_text().splitlines())
  for node in ast.walk(tree):
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
      first = node.body[0] if node.body else None
      if ast.get_docstring(node) is not None:
        length -= first.end_lineno - first.lineno + 1
  assert length <= LINES


@pytest.mark.parametrize('name', BINARIES)
def test_binaries_are_small(name):
  assert len(BINARIES[name].read_text().splitlines()) <= BINARY_LINES


def test_what_is_public_says_what_it_returns(module):
  for node in public(parse(LIBRARY[module])):
    text = ast.get_docstring(node)
    assert text, f'{module}.{node.name}'
    first, *rest = text.splitlines()
    assert re.match(r'[A-ZΑ-Ω`½]', first), f'{module}.{node.name}: {first}'
    ends = first.endswith(('.', '?', ':')) or (rest and rest[0].strip())
    assert ends, f'{module}.{node.name}: {first}'

"""A spreadsheet computes the gradient; here a small one, written for that."""

import functools
import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrep import nets
from jaxrep.learning import by_hand, sheet

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
CELL = re.compile(r'\$?([A-Z]+)\$?(\d+)')


def place(letters, digits):
  """Returns row and column, from 0, of a cell such as AB12."""
  column = functools.reduce(lambda n, a: 26 * n + ord(a) - 64, letters, 0)
  return int(digits) - 1, column - 1


def computed(table):
  """Returns a table with the formulas' results, as a spreadsheet finds them.

  References are replaced by what their cells compute to, `^` by `**`, a range
  by its cells. What is left is an expression of numbers, EXP and SUM.
  """

  @functools.cache
  def cell(row, column):
    text = table[row][column]
    if not (isinstance(text, str) and text.startswith('=')):
      return text

    def value(match):
      found = cell(*place(*match.groups()))
      assert isinstance(found, int | float), f'{text} refers to {found!r}'
      return f'({found!r})'

    def spread(match):
      (top, left), (bottom, right) = (
        place(*match.groups()[:2]),
        place(*match.groups()[2:]),
      )
      return ','.join(
        repr(cell(r, c))
        for r in range(top, bottom + 1)
        for c in range(left, right + 1)
      )

    plain = re.sub(CELL.pattern + ':' + CELL.pattern, spread, text[1:])
    plain = CELL.sub(value, plain).replace('^', '**')
    known = {'EXP': math.exp, 'SUM': lambda *terms: math.fsum(terms)}
    return eval(plain, {'__builtins__': {}}, known)

  return [[cell(r, c) for c in range(len(row))] for r, row in enumerate(table)]


def net_of(inputs, hidden, seed=0):
  rng = np.random.default_rng(seed)
  return tuple(
    nets.Layer(
      jnp.asarray(2 * rng.normal(size=(rows, columns))),
      jnp.asarray(2 * rng.normal(size=columns)),
    )
    for rows, columns in ((inputs, hidden), (hidden, 1))
  )


def squares(net, inputs, targets):
  y = jax.vmap(nets.apply, (None, 0))(net, inputs)
  return jnp.sum((targets - y) ** 2)


def made(inputs=2, hidden=2, seed=0):
  """Returns a net and cases in float64: XOR, or others for other sizes."""
  x, y = XOR
  if inputs != 2:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(5, inputs)), rng.uniform(size=(5, 1))
  return net_of(inputs, hidden, seed), *(jnp.asarray(a, float) for a in (x, y))


@pytest.fixture
def double():
  with jax.enable_x64(True):
    yield


def column(table, name):
  """Returns what stands under a name, cases and sum."""
  k = table[3].index(name)
  return [row[k] for row in table[4:]]


@pytest.mark.parametrize('sizes', [(2, 2), (1, 1), (3, 4), (6, 7)])
def test_the_formulas_compute_the_gradient(double, sizes):
  """To 1e-12: a few dozen roundings of 1e-16, of numbers of about 1."""
  net, inputs, targets = made(*sizes)
  table = computed(sheet.sweep(net, inputs, targets).formulas)
  gradient = jax.jit(jax.grad(squares))
  found, cases = {}, []
  for name in by_hand.weight_names(*sizes):
    _, i, j = name.split('_')
    *each, total = column(table, f'∂E/∂w_{i},{j}')
    cases.append(each)
    found[name] = total
  expected = by_hand.named(gradient(net, inputs, targets))
  assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
  for k, of_case in enumerate(zip(*cases, strict=True)):
    one = gradient(net, inputs[k : k + 1], targets[k : k + 1])
    expected = list(by_hand.named(one).values())
    np.testing.assert_allclose(of_case, expected, rtol=1e-12, atol=1e-12)
  error = column(table, 'E')[-1]
  assert error == pytest.approx(float(squares(net, inputs, targets)), rel=1e-12)


@pytest.mark.parametrize('sizes', [(2, 2), (3, 4)])
def test_the_values_are_what_the_formulas_compute(double, sizes):
  values, formulas = sheet.sweep(*made(*sizes))
  table = computed(formulas)
  assert [len(row) for row in values] == [len(row) for row in formulas]
  for known, found in zip(values, table, strict=True):
    for a, b in zip(known, found, strict=True):
      assert isinstance(a, str) == isinstance(b, str)
      # The same operations, in another order: the last digits.
      assert a == b if isinstance(a, str) else a == pytest.approx(b, rel=1e-13)


def test_a_changed_weight_changes_the_gradient(double):
  """What a class does with the sheet: another number in a cell of row 2."""
  net, inputs, targets = made()
  _, formulas = sheet.sweep(net, inputs, targets)
  formulas[1][formulas[0].index('w_1_3')] = 0.25
  first = nets.Layer(net[0].w.at[0, 0].set(0.25), net[0].b)
  slope = jax.grad(squares)((first, net[1]), inputs, targets)
  found = column(computed(formulas), '∂E/∂w_3,5')[-1]
  assert found == pytest.approx(float(slope[1].w[0, 0]), rel=1e-12)


def test_only_weights_and_cases_are_numbers_in_the_formulas(double):
  net, inputs, targets = made()
  _, formulas = sheet.sweep(net, inputs, targets)
  numbers = {
    (r, c)
    for r, row in enumerate(formulas)
    for c, cell in enumerate(row)
    if not isinstance(cell, str)
  }
  weights = {(1, c) for c in range(1, 10)}
  cases = {(r, c) for r in range(4, 8) for c in range(1, 4)}
  assert numbers == weights | cases
  assert formulas[3][1:4] == ['a1', 'a2', 'y']


def test_formulas_use_nothing_but_plain_arithmetic_exp_and_sum(double):
  _, formulas = sheet.sweep(*made(3, 4))
  live = [c for row in formulas for c in row if str(c).startswith('=')]
  assert len(live) > 200
  for text in live:
    rest = re.sub(r'EXP|SUM|\$?[A-Z]+\$?\d+', '', text[1:])
    assert re.fullmatch(r'[-+*/^():\d]*', rest), text


def test_the_sheet_of_xor_reads_from_top_to_bottom(double):
  net, inputs, targets = made()
  _, formulas = sheet.sweep(net, inputs, targets)
  assert formulas[0][:3] == ['weight', 'w_3_5', 'w_4_5']
  assert formulas[1][:2] == ['value', float(net[1].w[0, 0])]
  assert not any(formulas[2])
  assert [row[0] for row in formulas[3:]] == [
    '', 'case 1', 'case 2', 'case 3', 'case 4', 'sum'
  ]  # fmt: skip
  assert column(formulas, 'x3')[0] == '=$E$2*B5+$F$2*C5+$G$2'
  assert column(formulas, 'a3')[1] == '=1/(1+EXP(-E6))'
  assert column(formulas, 'E')[0] == '=(D5-J5)^2'
  assert column(formulas, 'E')[-1] == '=SUM(K5:K8)'
  assert column(formulas, 'a3')[-1] == ''
  assert column(formulas, '∂x5/∂w_6,5')[0] == '=1'


def test_other_nets_are_refused(double):
  net, inputs, targets = made()
  with pytest.raises(ValueError, match='net: expected weights'):
    sheet.sweep(net[:1], inputs, targets)
  with pytest.raises(AssertionError):
    sheet.sweep(net, inputs, targets[:, 0])

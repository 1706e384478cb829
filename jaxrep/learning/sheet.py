"""One whole sweep as a spreadsheet, in numbers and in live formulas.

From the top: the names of the weights, and their values; an empty row; the
names of all that is worked out for a case (`by_hand.quantities`) and of every
∂E/∂w; the cases, one a row; and the sums over cases of E and of every ∂E/∂w.
"""

import re
from typing import NamedTuple

import chex

from jaxrep import nets
from jaxrep.learning import by_hand

Row = list[str | float]
FIRST = 5  # row of the first case, as a spreadsheet counts


class Sheet(NamedTuple):
  """Two tables of the same cells, row by row, all rows equally long.

  Attributes:
    values: words, and numbers as NumPy computes them.
    formulas: the same words; numbers for weights, inputs and targets; and for
      all else formulas, such as '=1/(1+EXP(-F5))', of + - * / ^ EXP SUM and
      parentheses. They refer to cells of the sheet, so that who changes a
      weight changes everything that hangs on it.
  """

  values: list[Row]
  formulas: list[Row]


def sweep(net: nets.Net, inputs: chex.Array, targets: chex.Array) -> Sheet:
  """Returns forward pass, factors and gradient of all cases as a sheet.

  Spreadsheets know no number above e^709, and so no σ of a net input below
  -709, which `by_hand` takes for 0.

  Args:
    net: of sizes I-H-1, logistic.
    inputs: `[C, I]`.
    targets: `[C, 1]`.

  Raises:
    ValueError: a net of other sizes, or a unit that is not logistic.
  """
  chex.assert_rank([inputs, targets], 2)
  weights = by_hand.named(net)
  sizes = net[0].w.shape
  equations = _equations(*sizes)
  summed = ['E', *(_slope(i, j) for i, j in by_hand.links(*sizes))]
  given = [f'a{i}' for i in range(1, sizes[0] + 1)] + ['y']
  columns = [*given, *equations]
  letter = {name: _letters(k) for k, name in enumerate(columns, 1)}
  fixed = {name: f'${_letters(k)}$2' for k, name in enumerate(weights, 1)}

  values, formulas, totals = [], [], dict.fromkeys(summed, 0.0)
  for k, (x, y) in enumerate(zip(inputs, targets, strict=True)):
    found = by_hand.quantities(net, x, y)
    products = [chain.product for chain in by_hand.chains(net, x, y)]
    found |= dict(zip(summed[1:], products, strict=True))
    totals = {name: totals[name] + found[name] for name in summed}
    cells = fixed | {name: f'{letter[name]}{FIRST + k}' for name in columns}
    live = {name: _refer(text, cells) for name, text in equations.items()}
    label = f'case {k + 1}'
    values.append([label, *(found[name] for name in columns)])
    formulas.append([label, *((found | live)[name] for name in columns)])

  rows = FIRST, FIRST + len(inputs) - 1
  sums = {
    name: '=SUM({0}{1}:{0}{2})'.format(letter[name], *rows) for name in summed
  }
  values.append(['sum', *(totals.get(name, '') for name in columns)])
  formulas.append(['sum', *(sums.get(name, '') for name in columns)])
  top = [['weight', *weights], ['value', *weights.values()], []]
  top.append(['', *columns])
  wide = len(columns) + 1
  return Sheet(*(_padded([*top, *rows], wide) for rows in (values, formulas)))


def _equations(inputs: int, hidden: int) -> dict[str, str]:
  """Returns how each column is computed, with names in brackets for cells."""
  links = by_hand.links(inputs, hidden)
  end = inputs + hidden + 1
  bias = {0, end + 1}
  middle = range(inputs + 1, end)
  equations = {}
  for j in (*middle, end):
    below = [i for i, k in links if k == j]
    terms = [f'[w_{i}_{j}]' + f'*[a{i}]' * (i not in bias) for i in below]
    equations[f'x{j}'] = '+'.join(terms)
    equations[f'a{j}'] = f'1/(1+EXP(-[x{j}]))'
  equations['E'] = f'([y]-[a{end}])^2'
  equations[f'∂E/∂a{end}'] = f'2*([a{end}]-[y])'
  equations[f'∂a{end}/∂x{end}'] = f'[a{end}]*(1-[a{end}])'
  last = f'[∂a{end}/∂x{end}]*[∂E/∂a{end}]'
  for j in middle:
    equations[f'∂x{end}/∂a{j}'] = f'[w_{j}_{end}]'
    equations[f'∂E/∂a{j}'] = f'[∂x{end}/∂a{j}]*{last}'
    equations[f'∂a{j}/∂x{j}'] = f'[a{j}]*(1-[a{j}])'
  for i, j in links:
    equations[f'∂x{j}/∂w_{i},{j}'] = '1' if i in bias else f'[a{i}]'
  for i, j in links:
    names = by_hand.factor_names(i, j, end)
    equations[_slope(i, j)] = '*'.join(f'[{name}]' for name in names)
  return equations


def _slope(i: int, j: int) -> str:
  """Returns the name of a weight's column of products."""
  return f'∂E/∂w_{i},{j}'


def _refer(text: str, cells: dict[str, str]) -> str:
  """Returns an equation as a formula, its names replaced by cells."""
  return '=' + re.sub(r'\[(.*?)\]', lambda match: cells[match[1]], text)


def _letters(column: int) -> str:
  """Returns what a spreadsheet calls a column, 0 being A and 26 AA."""
  above, rest = divmod(column, 26)
  return (_letters(above - 1) if above else '') + chr(ord('A') + rest)


def _padded(rows: list[Row], wide: int) -> list[Row]:
  """Returns the rows, filled up with empty cells."""
  return [row + [''] * (wide - len(row)) for row in rows]

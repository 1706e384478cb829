"""How the page of hierarchical equality says what was looked for, and where."""

from ..results import equality as results
from ..shared import groups

HYPOTHESES = {  # as a title says it
  'both': 'both equalities, (a = b) and (c = d)',
  'left': 'the left equality, (a = b)',
  'identity': 'the first argument itself, a',
}
VARIABLES = {
  'both': ('(a = b)', '(c = d)'),
  'left': ('(a = b)',),
  'identity': ('a',),
}
TWINS = {'relu': 'ReLU', 'sigmoid': 'sigmoid'}


def site_name(site: int) -> str:
  """Returns a site in words: 'inputs', 'layer 1', .."""
  return f'layer {site}' if site else 'inputs'


def first(group: groups.Group) -> tuple[str, int, int]:
  """Returns the hypothesis, layer and k that is spoken of first."""
  site, k = results.headline(group.arrays)
  arrays = group.arrays
  return (
    str(arrays['hypotheses'][0]), int(arrays['sites'][site]),
    int(arrays['ks'][k]),
  )  # fmt: skip

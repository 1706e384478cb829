"""How many claims of each source hold."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from jaxrep.figures import style

# From dark to light, and each with a hatch, so that they can be told in grey.
LOOKS = {
  'holds': ('#0B2545', ''),
  'depends': ('#8FB8DE', '//'),
  'fails': ('#C0392B', 'xx'),
  'undecided': ('#C9C9C9', ''),
  'not testable': ('#FFFFFF', '..'),
}


def bars(ax: Axes, counts: Mapping[str, Mapping[str, int]]) -> None:
  """Draws one bar a source: its claims by verdict, with their numbers.

  Args:
    ax: where.
    counts: claims by source, in order from above, and by verdict.
  """
  if not any(any(of_source.values()) for of_source in counts.values()):
    style.nothing(ax, 'no claims')
    return
  names = list(counts)
  left = np.zeros(len(names))
  for word, (color, hatch) in LOOKS.items():
    n = np.array([counts[name].get(word, 0) for name in names])
    if not n.any():
      continue
    ax.barh(
      np.arange(len(names)), n, left=left, color=color, hatch=hatch,
      edgecolor='white' if color != '#FFFFFF' else style.FAINT, linewidth=0.8,
      label=word,
    )  # fmt: skip
    for k in np.flatnonzero(n):
      ax.text(
        left[k] + n[k] / 2, k, str(n[k]), ha='center', va='center',
        color='white' if word in ('holds', 'fails') else style.TEXT,
        bbox={'boxstyle': 'round,pad=0.15', 'fc': color, 'ec': 'none'}
        if hatch else None,
      )  # fmt: skip
    left += n
  ax.set_yticks(np.arange(len(names)), names)
  ax.invert_yaxis()
  ax.set_xlabel('claims')
  ax.spines[['top', 'right']].set_visible(False)
  ax.legend(
    ncols=len(LOOKS), loc='lower left', bbox_to_anchor=(-0.02, 1.0),
    frameon=False, handlelength=1.2, columnspacing=1.0,
  )  # fmt: skip

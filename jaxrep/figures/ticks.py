"""Numbers along an axis, as people write them."""

import math

from matplotlib.ticker import (
  FuncFormatter,
  LogLocator,
  NullFormatter,
  NullLocator,
)

SHARES = ('rate', 'share')  # units whose values are written as percentages


def thousands(axis, digits: int = 10) -> None:
  """Writes an axis' ticks as 1,000 rather than 10³, in that many digits."""

  def words(value, _):
    text = f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.{digits}g}'
    return text.replace('-', '−')

  axis.set_major_formatter(FuncFormatter(words))


def logarithmic(axis, low: float, high: float) -> None:
  """Labels a log axis from low to high with a handful of round numbers."""
  decades = math.log10(high / low)
  subs = (1, 2, 5) if decades < 2.8 else (1,)
  subs = (1, 1.5, 2, 3, 5, 7) if decades < 1 else subs
  axis.set_major_locator(LogLocator(subs=subs, numticks=12))
  axis.set_minor_locator(LogLocator(subs=range(2, 10), numticks=99))
  axis.set_minor_formatter(NullFormatter())
  thousands(axis)


def sweeps(ax, first: float, last: float, *, room: float) -> None:
  """Makes x a log axis of sweeps, up to `room` times the last.

  Where it begins with the untrained net, at 0, the first sweep is linear.
  """
  if first >= 1:
    ax.set_xscale('log')
    ax.set_xlim(first / 1.1, room * last)
    logarithmic(ax.xaxis, *ax.get_xlim())
    return
  ax.set_xscale('symlog', linthresh=1, linscale=0.4)
  ax.set_xlim(0, room * last)
  ax.set_xticks([0] + [10**k for k in range(int(math.log10(last)) + 1)])
  ax.xaxis.set_minor_locator(NullLocator())
  thousands(ax.xaxis)


def percent(axis) -> None:
  """Writes shares, 0 to 1, as percentages."""
  axis.set_major_formatter(
    FuncFormatter(lambda value, _: f'{100 * value:.6g} %')
  )

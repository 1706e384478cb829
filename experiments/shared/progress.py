"""How far a run is: a bar on a terminal, now and then a line elsewhere."""

import contextlib
import sys
import time
from collections.abc import Iterator

import tqdm
from absl import logging

EVERY = 30.0  # seconds between lines, where there is no terminal


class Progress:
  """Shows how many nets are over; silent below absl's verbosity `warning`."""

  def __init__(self, name: str, total: int):
    """Takes what the lines begin with, and how many nets there are."""
    self._name, self._total = name, total
    self._start = self._last = time.monotonic()
    quiet = logging.get_verbosity() < logging.WARNING
    terminal = sys.stderr.isatty()
    self._lines = not (quiet or terminal)
    self._bar = tqdm.tqdm(
      total=total, unit=' nets', desc=name, disable=quiet or not terminal
    )
    self._done = 0

  def show(self, done: int, solved: int) -> None:
    """Shows how many nets are over, and of these solved, where there is one."""
    suffix = f'{solved:,} solved' if solved else ''  # not all have such a task
    self._bar.set_postfix_str(suffix, refresh=False)
    self._bar.update(done - self._done)
    self._done = done
    now = time.monotonic()
    if self._lines and now - self._last >= EVERY and done < self._total:
      self._last = now
      self.say(_line(self._name, done, self._total, now - self._start, suffix))

  def say(self, line: str) -> None:
    """Writes a line to stderr, above the bar."""
    self._bar.write(line, file=sys.stderr)

  def close(self) -> None:
    """Leaves the bar as it is."""
    self._bar.close()


@contextlib.contextmanager
def progress(name: str, total: int) -> Iterator[Progress]:
  """Shows the progress of what is done inside."""
  shown = Progress(name, total)
  try:
    yield shown
  finally:
    shown.close()


def _line(name, done, total, seconds, suffix) -> str:
  gone = tqdm.tqdm.format_interval(seconds)
  left = (
    '?'
    if not done
    else tqdm.tqdm.format_interval(seconds * (total - done) / done)
  )
  words = f'{name}: {done:,} of {total:,} nets, {gone} gone, about {left} to go'
  return f'{words}, {suffix}' if suffix else words

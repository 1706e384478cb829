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

  def __init__(self, name: str, total: int, found: int = 0):
    """Starts.

    Args:
      name: what the lines begin with.
      total: how many nets there are.
      found: how many of them were over before.
    """
    self._name, self._total, self._found = name, total, found
    self._start = self._last = time.monotonic()
    quiet = sys.stderr is None or logging.get_verbosity() < logging.WARNING
    terminal = not quiet and sys.stderr.isatty()
    self._lines = not (quiet or terminal)
    self._bar = tqdm.tqdm(
      total=total, unit=' nets', desc=name, disable=not terminal, initial=found
    )
    self._done = found

  def show(self, done: int, solved: int) -> None:
    """Shows how many nets are over, and of these solved, where there is one.

    Args:
      done: nets, with those found.
      solved: nets.
    """
    suffix = f'{solved:,} solved' if solved else ''  # not all have such a task
    self._bar.set_postfix_str(suffix, refresh=False)
    self._bar.update(done - self._done)
    self._done = done
    now = time.monotonic()
    if self._lines and now - self._last >= EVERY and done < self._total:
      self._last = now
      self.say(self._line(now - self._start, suffix))

  def say(self, line: str) -> None:
    """Writes a line to stderr, above the bar."""
    if sys.stderr is not None:  # it may be closed
      self._bar.write(line, file=sys.stderr)

  def close(self) -> None:
    """Leaves the bar as it is."""
    self._bar.close()

  def _line(self, seconds: float, suffix: str) -> str:
    made, ahead = self._done - self._found, self._total - self._done
    gone, left = tqdm.tqdm.format_interval(seconds), '?'
    if made:
      left = tqdm.tqdm.format_interval(seconds * ahead / made)
    line = (
      f'{self._name}: {self._done:,} of {self._total:,} nets, {gone} gone,'
      f' about {left} to go'
    )
    return f'{line}, {suffix}' if suffix else line


@contextlib.contextmanager
def progress(name: str, total: int, found: int = 0) -> Iterator[Progress]:
  """Shows the progress of what is done inside (see `Progress`)."""
  shown = Progress(name, total, found)
  try:
    yield shown
  finally:
    shown.close()

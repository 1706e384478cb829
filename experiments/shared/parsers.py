"""How flags are parsed: numbers, words, switches, and lists of them."""

import contextlib
import math
import re
from collections.abc import Sequence

import numpy as np
from absl import flags

FLAGS = flags.FLAGS
flags.disclaim_key_flags()  # who calls `define_number` defines the flag


class Number(flags.ArgumentParser):
  """Parses one number, finite and within bounds, also as float32."""

  def __init__(self, kind: type, low: float, high: float, above: bool):
    super().__init__()
    self.kind, self.low, self.high, self.above = kind, low, high, above
    word = 'a whole number' if kind is int else 'a finite number'
    bound = f'{">" if above else "≥"} {low:g}'
    if high < math.inf:
      bound += f' and ≤ {high:,}' if kind is int else f' and ≤ {high:g}'
    single = '' if kind is int else ' (float32)'
    self.syntactic_help = f'{word} {bound}{single}'

  def parse(self, argument):
    word = str(argument).strip()
    with contextlib.suppress(ValueError, OverflowError):
      value = self.kind(word)
      used = self.as_used(value)
      inside = used > self.low if self.above else used >= self.low
      if math.isfinite(used) and inside and value <= self.high:
        return value
    raise ValueError(f'expected {self.syntactic_help}, found {word!r}')

  def as_used(self, value: float) -> float:
    """Returns the number that a net is trained with."""
    with np.errstate(over='ignore'):
      return value if self.kind is int else float(np.float32(value))

  def flag_type(self) -> str:
    return 'number'


class Numbers(Number):
  """Parses such numbers, separated by commas.

  Attributes:
    grid: whether there are nets from all seeds for each of them.
  """

  grid = True

  def parse(self, argument):
    if isinstance(argument, tuple):
      return argument
    values = tuple(super(Numbers, self).parse(w) for w in argument.split(','))
    if len(set(map(self.as_used, values))) < len(values):
      raise ValueError(f'expected different numbers, found {argument!r}')
    return values

  def flag_type(self) -> str:
    return 'comma separated numbers'


class NumbersOr(Numbers):
  """Parses such numbers, or a word alone."""

  def __init__(self, word: str, low: float, high: float, above: bool):
    super().__init__(float, low, high, above)
    self.word = word
    self.syntactic_help += f', or {word!r}'

  def parse(self, argument):
    if str(argument).strip() == self.word:
      return (self.word,)
    return super().parse(argument)


class Words(flags.ArgumentParser):
  """Parses words out of a few, separated by commas.

  Attributes:
    grid: whether there are nets from all seeds for each of them.
  """

  grid = False

  def __init__(self, known: Sequence[str]):
    super().__init__()
    self.known = tuple(known)
    self.syntactic_help = f'one or more of <{"|".join(known)}>'

  def parse(self, argument):
    if isinstance(argument, tuple):
      return argument
    words = tuple(word.strip() for word in argument.split(','))
    wrong = [word for word in words if word not in self.known]
    if wrong:
      raise ValueError(f'expected {self.syntactic_help}, found {wrong[0]!r}')
    if len(set(words)) < len(words):
      raise ValueError(f'expected different words, found {argument!r}')
    return words

  def flag_type(self) -> str:
    return 'comma separated words'


class Shapes(flags.ArgumentParser):
  """Parses numbers of hidden units, '2', several of a net joined: '4-2-4'."""

  grid = True

  def __init__(self, largest: int, joined: str):
    super().__init__()
    self.largest = largest
    self.syntactic_help = (
      f'whole numbers from 1 to {largest}, joined by - {joined}'
    )

  def parse(self, argument):
    if isinstance(argument, tuple):
      return argument
    shapes = tuple(word.strip() for word in argument.split(','))
    for shape in shapes:
      sizes = shape.split('-')
      fits = all(re.fullmatch('[1-9][0-9]{0,6}', size) for size in sizes)
      if not fits or max(map(int, sizes)) > self.largest or len(sizes) > 8:
        raise ValueError(f'expected {self.syntactic_help}, found {shape!r}')
    if len(set(shapes)) < len(shapes):
      raise ValueError(f'expected different shapes, found {argument!r}')
    return shapes

  def flag_type(self) -> str:
    return 'comma separated shapes'


class Switches(flags.ArgumentParser):
  """Parses true or false, or both, separated by a comma."""

  grid = True
  syntactic_help = 'true, false, or both, separated by a comma'

  def parse(self, argument):
    if isinstance(argument, tuple):
      return argument
    words = [word.strip().lower() for word in argument.split(',')]
    known = {'true': True, 'false': False}
    if set(words) - set(known) or len(set(words)) < len(words):
      raise ValueError(f'expected {self.syntactic_help}, found {argument!r}')
    return tuple(known[word] for word in words)

  def flag_type(self) -> str:
    return 'bool or both'


class AsText(flags.ArgumentSerializer):
  """Writes a flag's value as `as_text` does."""

  def serialize(self, value) -> str:
    return as_text(value)


def as_text(value) -> str:
  """Returns a flag's value as it is written in a flagfile."""
  if isinstance(value, tuple):
    nested = any(isinstance(one, tuple) for one in value)  # `Pairs`
    return ('/' if nested else ',').join(map(as_text, value))
  if isinstance(value, bool):
    return str(value).lower()
  return (
    repr(value).removesuffix('.0') if isinstance(value, float) else str(value)
  )


def define_number(
  name, help, *, kind=float, low=0.0, high=math.inf, above=False, many=False,
  grid=True, default=None,
):  # fmt: skip
  """Defines a flag that takes a number, or with `many` several of them.

  They make a grid of nets, unless `grid` is false. Studies give no default
  here: it stands in their paper.flags.
  """
  parser = (Numbers if many else Number)(kind, low, high, above)
  if many:
    parser.grid = grid
  if many and grid:
    help += ' A list, separated by commas, makes a grid over the same seeds.'
  flags.DEFINE(parser, name, default, help, FLAGS, AsText())


def define_words(name: str, known: Sequence[str], help: str) -> None:
  """Defines a flag that takes one or several of a few words."""
  help += ' A list, separated by commas, tries each over the same seeds.'
  parser = Words(known)
  parser.grid = True
  flags.DEFINE(parser, name, None, help, FLAGS, AsText())


def define_switch(name: str, help: str) -> None:
  """Defines a flag that is on, off, or tried both ways: --name, --noname."""
  help += ' “true,false” tries both over the same seeds.'
  flags.DEFINE_flag(
    flags.Flag(Switches(), AsText(), name, None, help, boolean=True)
  )

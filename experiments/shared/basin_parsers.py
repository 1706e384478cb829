"""What flags of maps are parsed by: a shape, the axes, their ends, a place."""

import math

from absl import flags

from jaxrep import basins

from . import parsers

MIDDLE, SOURCE = 'middle', 'source'
NO_AXES = ('none',)
LARGEST = 1e6  # magnitude of a coordinate


class Shape(parsers.Shapes):
  """Parses the hidden units of one net, '4-2', or 'source'."""

  def parse(self, argument):
    if argument == SOURCE:
      return argument
    shapes = super().parse(argument)
    if len(shapes) > 1:
      raise ValueError(f'expected one shape, found {argument!r}')
    return shapes[0]

  def flag_type(self) -> str:
    return 'shape'


class Axes(flags.ArgumentParser):
  """Parses what the two axes are, 'X,Y', or 'none'."""

  syntactic_help = f'two of {", ".join(basins.AXES)}; or none'

  def parse(self, argument):
    if isinstance(argument, tuple):
      return argument
    words = tuple(word.strip() for word in argument.split(','))
    words = tuple(
      w.upper() if w.upper() in basins.LETTERS else w for w in words
    )
    if words == NO_AXES:
      return words
    unknown = [word for word in words if word not in basins.AXES]
    if unknown:
      raise ValueError(f'expected {self.syntactic_help}, found {unknown[0]!r}')
    if len(words) != 2 or words[0] == words[1]:
      raise ValueError(f'expected {self.syntactic_help}, found {argument!r}')
    return words

  def flag_type(self) -> str:
    return 'two axes'


class Range(flags.ArgumentParser):
  """Parses where an axis begins and ends, '-10:10'; its value is the text."""

  syntactic_help = 'two numbers, the smaller first, such as -10:10'

  def parse(self, argument):
    try:
      low, high = map(float, argument.split(':'))
    except ValueError:
      low = high = math.nan
    if not -LARGEST <= low < high <= LARGEST:
      raise ValueError(f'expected {self.syntactic_help}, found {argument!r}')
    return ':'.join(map(parsers.as_text, (low, high)))

  def flag_type(self) -> str:
    return 'low:high'


class Point(flags.ArgumentParser):
  """Parses a place on the map, '-6.966,-0.5', or 'middle'."""

  syntactic_help = f'two finite numbers such as -6.966,-0.5; or {MIDDLE}'

  def parse(self, argument):
    if isinstance(argument, tuple) or argument.strip() == MIDDLE:
      return argument
    try:
      place = tuple(float(word) for word in argument.split(','))
    except ValueError:
      place = ()
    if len(place) != 2 or not all(map(math.isfinite, place)):
      raise ValueError(f'expected {self.syntactic_help}, found {argument!r}')
    return place

  def flag_type(self) -> str:
    return 'x,y'

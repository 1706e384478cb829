"""A movie into a map, and maps pixel by pixel, as files."""

import io
import pathlib
import tempfile
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib import image
from matplotlib.animation import PillowWriter

from jaxrep.figures import style, weather

SECONDS, HOLD = 10.0, 1.5  # all frames; the last one stays longer
SIZE, DPI = (4.6, 5.0), 100


def png(picture: np.ndarray) -> bytes:
  """Returns a picture `[P, P, 3]` as a PNG file with a pixel for each net."""
  stream = io.BytesIO()
  image.imsave(stream, picture[::-1], metadata={'Software': None})
  return stream.getvalue()


@matplotlib.rc_context(style.RC)
def gif(pictures: Sequence[np.ndarray], captions: Sequence[str]) -> bytes:
  """Returns pictures one after another as a GIF file.

  Args:
    pictures: `[P, P, 3]` each.
    captions: of each.
  """
  fig, ax = style.figure(size=SIZE)
  writer = PillowWriter(fps=max(len(pictures) / SECONDS, 2))
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'movie.gif'
    with writer.saving(fig, path, DPI):
      for picture, caption in zip(pictures, captions, strict=True):
        ax.clear()
        weather.thumbnail(ax, picture, caption)
        writer.grab_frame()
      for _ in range(round(HOLD * writer.fps)):
        writer.grab_frame()  # the same picture only lasts longer
    return path.read_bytes()

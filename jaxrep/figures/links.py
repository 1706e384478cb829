"""Where the numbers on a net's links go, so that they can be read."""

import numpy as np

PLACES = np.linspace(0.12, 0.88, 39)  # along a link, from its lower end
ROUNDS = 6


def spread(
  ends: np.ndarray, boxes: np.ndarray, units: np.ndarray, radius: float
) -> np.ndarray:
  """Returns where along its link each number stands, `[L]` from 0 to 1.

  Numbers are placed one after another, each where it is least in the way of
  other numbers, units and links; then each is placed anew, given the others,
  a few times over. A link and its mirror image are placed together, so that
  a symmetric net looks symmetric.

  Args:
    ends: `[L, 2, 2]`, the two ends (x, y) of each link.
    boxes: `[L, 2]`, width and height of each number.
    units: `[U, 2]`, centres of the units.
    radius: of a unit.
  """
  if not len(ends):
    return np.zeros(0)
  start, way = ends[:, :1], ends[:, 1:] - ends[:, :1]
  spots = start + PLACES[:, None] * way  # [L, P, 2]
  lone = [
    _units_met(spots[k], boxes[k], units, radius)
    + _links_met(spots[k], boxes[k], np.delete(ends, k, axis=0))
    + abs(PLACES - 0.5)
    for k in range(len(ends))
  ]
  twins = _twins(ends)
  chosen = np.full(len(ends), -1)
  for _ in range(ROUNDS):
    for pair in twins:
      cost = np.zeros(len(PLACES))
      others = np.setdiff1d(np.flatnonzero(chosen >= 0), pair)
      for k in pair:
        centres = spots[others, chosen[others]]
        room = (boxes[k] + boxes[others]) / 2
        near = _nearness(spots[k][:, None] - centres, room)
        cost += lone[k] + 15 * np.sum(near, axis=1)
      if len(pair) == 2:
        k, m = pair
        room = (boxes[k] + boxes[m]) / 2
        cost += 15 * _nearness(spots[k] - spots[m], room)
      chosen[pair] = np.argmin(cost)
  return PLACES[chosen]


def _twins(ends):
  """Returns the links in pairs of mirror images, or alone if they have none."""
  middle = (ends[..., 0].min() + ends[..., 0].max()) / 2
  mirrored = np.stack([2 * middle - ends[..., 0], ends[..., 1]], axis=-1)
  apart = abs(ends[:, None] - mirrored[None]).max(axis=(-1, -2))
  alone = apart.min(axis=1) > 1e-6
  mates = np.where(alone, np.arange(len(ends)), apart.argmin(axis=1))
  return [np.unique([k, mate]) for k, mate in enumerate(mates) if k <= mate]


def _nearness(apart, room):
  """Returns 1 where two boxes touch, 0 where more than half a line apart."""
  gap = np.max(abs(apart) - room, axis=-1)
  return np.clip(1 - gap / (0.6 * room[..., 1]), 0, 2)


def _units_met(spots, box, units, radius):
  """Returns a cost `[P]` for covering units."""
  gap = np.clip(abs(spots[:, None] - units) - box / 2, 0, None)
  return 30.0 * np.sum(np.linalg.norm(gap, axis=-1) < 1.3 * radius, axis=1)


def _links_met(spots, box, ends):
  """Returns a cost `[P]` for crossing the links `[M, 2, 2]`.

  It is greatest for a link through the middle of the number, which then
  seems to belong to it.
  """
  along = np.linspace(0, 1, 121)[:, None]
  traced = ends[:, None, 0] + along * (ends[:, None, 1] - ends[:, None, 0])
  apart = abs(spots[:, None, None] - traced) / (box / 2)  # [P, M, 121, 2]
  nearest = apart.max(axis=-1).min(axis=-1)
  return 4 * np.sum(np.clip(1.3 - nearest, 0, None) ** 2, axis=1)

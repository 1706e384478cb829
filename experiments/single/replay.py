"""Trains one net of a record again, as its flags say, and watches it.

For every study of descent, whichever binary ran it: the record's
flags and the net's row hold all that `trials` needs.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxrep import nets, records, seeds, trials
from jaxrep.learning import errors
from jaxrep.tasks.patterns import Patterns

from ..shared import common
from .subjects import Subject

# What a row of the record says for itself, and what the flags say for all.
GRID = tuple(
  name for name, kind in trials.Recipe.__annotations__.items()
  if kind == tuple[float, ...]
)  # fmt: skip
WORDS = ('updates', 'precision')
FLAGS = ('bias_init', 'zero_error_band', 'sweeps', 'after', 'block_size')


class Plan(NamedTuple):
  """What it takes to train a net again: its trial, its row, its patterns."""

  trial: trials.Trial
  nets: seeds.Nets
  patterns: Patterns
  blocks: seeds.Blocks


class Moment(NamedTuple):
  """The net at a mark.

  Attributes:
    sweep: weight changes made.
    error: E, as it was trained on.
    net: its weights then.
  """

  sweep: int
  error: float
  net: nets.Net


def recipe(
  flags: Mapping[str, str], setting: Mapping[str, Any]
) -> trials.Recipe:
  """Returns how a net was trained.

  Args:
    flags: of the record, as text: those of `FLAGS`.
    setting: of the net: the lists of a recipe (`GRID`), one number each,
      `WORDS`, and `error`, if it is not the letter's.
  """
  return trials.Recipe(
    **{name: (float(setting[name]),) for name in GRID},
    bias_init=flags['bias_init'],
    band=errors.LETTER_BAND if flags['zero_error_band'] == 'true' else 0.0,
    sweeps=int(flags['sweeps']),
    after=int(flags['after']),
    **{name: setting[name] for name in WORDS},
    links=flags.get('skip') == 'true',
    error=setting.get('error', 'letter'),
  )


def plan(record: records.Record, subject: Subject) -> Plan:
  """Returns how to train a net again.

  Raises:
    BadInputError: its study was not trained by descent of logistic
      units, or the record does not say how.
  """
  start = '--movie: expected a net trained by descent, found'
  arrays = subject.arrays
  for name in FLAGS:
    if name not in record.flags:
      raise common.BadInputError(f'{start} no --{name} in {records.FLAGS}')
  for name in ('seed', *GRID):
    if name not in arrays:
      raise common.BadInputError(f'{start} no {name!r} in {records.ARRAYS}')
  others = set(arrays['units'].tolist()) - {'sigmoid'}
  if others:
    raise common.BadInputError(f'{start} units that are {others.pop()}')
  for name in WORDS:
    if name not in subject.setting:
      raise common.BadInputError(f'{start} no {name!r} in {records.SUMMARY}')
  setting = {name: arrays[name] for name in GRID}
  sizes = tuple(state.shape[1] for state in subject.states)
  numbers = {name: column[0] for name, column in setting.items()}
  numbers = {**subject.setting, **numbers}
  with records.naming(record.folder / records.FLAGS, '--movie: '):
    trial = trials.trial(recipe(record.flags, numbers), sizes)
    blocks = seeds.lay_out(int(record.flags['block_size']))
  # One net fills one block: other devices would add padding only.
  blocks = blocks._replace(devices=blocks.devices[:1])
  patterns = Patterns(arrays['inputs'], arrays['targets'])
  return Plan(trial, seeds.Nets(arrays['seed'], setting), patterns, blocks)


def train(plan: Plan) -> list[Moment]:
  """Returns the net at every mark, from its start to its end."""
  trial, rows, patterns, blocks = plan
  moments = []
  with trial.exact:
    for look in seeds.evolve(
      trial.study, rows, marks=trial.marks, blocks=blocks, shared=patterns
    ):
      life = jax.tree.map(lambda a: a[0].copy(), look.state)
      error = float(look.report.error[0])
      moments.append(Moment(int(life.sweep), error, life.net))
  return moments


def verdict(record: records.Record, subject: Subject, again: nets.Net) -> str:
  """Returns in one line whether training again gave the record's weights."""
  old, new = records.pack_net(subject.net), records.pack_net(again)
  if all(old[name].tobytes() == new[name].tobytes() for name in old):
    return 'Trained again, it ends with the record’s weights, bit for bit.'
  apart = max(float(np.max(abs(old[name] - new[name]))) for name in old)
  with records.naming(record.folder / records.MACHINE):
    facts = json.loads((record.folder / records.MACHINE).read_text())
    made_by = f'jax {facts["jax"]} on {facts["device"]}'
  return (
    f'Trained again, its weights differ by up to {apart:.2g} from the record’s,'
    f' which was made by {made_by}; this is jax {jax.__version__} on'
    f' {jax.local_devices()[0].device_kind}. Bits repeat on one kind of machine'
    ' and one version only.'
  )

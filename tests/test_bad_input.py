"""Bad input gets one line that names it, and leaves nothing behind."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import samples
from binaries import ROOT, Ended

from jaxrep import records
from jaxrep.tasks import family_trees

HINT = 'Pass --helpshort to see the flags.'
TRACE = 'Traceback'

MANY = ','.join(f'0.{k:03d}' for k in range(1, 101))

# Flags, and what the line says: which flag, what was expected, what was found.
FLAGS = [
  ('--sedes=3', ["'sedes'", 'Did you mean: seeds']),
  ('--momentun', ["'momentun'"]),
  ('seeds=3', ['expected flags only', "found 'seeds=3'"]),
  ('--seeds=3 stray', ['expected flags only', "found 'stray'"]),
  ('-- --seeds=3', ['expected flags only', "found '--seeds=3'"]),
  ('--bits=5', ['--bits=5', 'expected an even number', 'found an odd one']),
  ('--bits=0', ['--bits=0', 'expected a whole number ≥ 2', "found '0'"]),
  ('--bits=18', ['--bits=18', '≤ 16', "found '18'"]),
  ('--learning_rate=-0.1', ['--learning_rate', '> 0', "found '-0.1'"]),
  ('--learning_rate=0', ['--learning_rate', '> 0', "found '0'"]),
  ('--learning_rate=nan', ['--learning_rate', 'finite', "found 'nan'"]),
  ('--learning_rate=inf', ['--learning_rate', 'finite', "found 'inf'"]),
  ('--learning_rate=-inf', ['--learning_rate', 'finite', "found '-inf'"]),
  ('--learning_rate=1e39', ['--learning_rate', 'float32', "found '1e39'"]),
  ('--learning_rate=1e-50', ['--learning_rate', 'float32', "found '1e-50'"]),
  ('--learning_rate=', ['--learning_rate', 'finite number', "found ''"]),
  ('--learning_rate=0.1,', ['--learning_rate', 'finite number', "found ''"]),
  ('--learning_rate=0.1;0.2', ['--learning_rate', "found '0.1;0.2'"]),
  ('--learning_rate=0.1,0.10', ['different numbers', "found '0.1,0.10'"]),
  ('--learning_rate=0.1,0.100000000001', ['expected different numbers']),
  ('--learning_rate=0.1,nan,0.2', ['--learning_rate', "found 'nan'"]),
  ('--hidden=2,3,2', ['--hidden', 'different numbers', "found '2,3,2'"]),
  ('--hidden=0', ['--hidden=0', 'whole number ≥ 1', "found '0'"]),
  ('--hidden=two', ['--hidden=two', 'whole number', "found 'two'"]),
  ('--hidden=2.0', ['--hidden=2.0', 'whole number', "found '2.0'"]),
  ('--momentum=1.5', ['--momentum', '≤ 1', "found '1.5'"]),
  ('--momentum=-0.5', ['--momentum', '≥ 0', "found '-0.5'"]),
  ('--init_range=nan', ['--init_range', 'finite', "found 'nan'"]),
  ('--positive_weight=0', ['--positive_weight', '> 0', "found '0'"]),
  ('--margin=0', ['--margin=0', '> 0', "found '0'"]),
  ('--margin=2', ['--margin=2', '≤ 1', "found '2'"]),
  ('--tolerance=0', ['--tolerance=0', '> 0', "found '0'"]),
  ('--seeds=0', ['--seeds=0', '≥ 1', "found '0'"]),
  ('--seeds=-1', ['--seeds=-1', '≥ 1', "found '-1'"]),
  ('--seeds=4294967296', ['--seeds=4294967296: ', 'at most 67,108,864 nets']),
  (
    f'--seeds=1000000 --learning_rate={MANY}',
    ['--seeds=1000000: ', 'found 100,000,000 in 100 settings'],
  ),
  (
    '--seeds=20000000 --updates=case,sweep --hidden=2,3',
    ['--seeds=20000000: ', 'found 80,000,000 in 4 settings'],
  ),
  (
    '--seeds=1000000 --chunk_size=9',
    ['--chunk_size=9: ', 'at most 100,000 chunks', 'found 1,000,000 nets'],
  ),
  ('--seeds=1e3', ['--seeds=1e3', 'whole number', "found '1e3'"]),
  ('--seeds=many', ['--seeds=many', 'whole number', "found 'many'"]),
  ('--seeds', ['--seeds', 'Missing value']),
  ('--seeds=99999999999999999999', ['--seeds=9', "found '9999999999999999"]),
  ('--sweeps=0', ['--sweeps=0', '≥ 1', "found '0'"]),
  ('--sweeps=99999999999', ['--sweeps=9', '≤', "found '99999999999'"]),
  ('--after=-1', ['--after=-1', '≥ 0', "found '-1'"]),
  ('--first_seed=-1', ['--first_seed=-1', '≥ 0', "found '-1'"]),
  ('--first_seed=4294967296', ['--first_seed', "found '4294967296'"]),
  (
    '--first_seed=4294967295 --seeds=2',
    ['--first_seed=4294967295', 'below 2**32', 'found 4,294,967,296'],
  ),
  ('--block_size=17', ['--block_size=17', 'multiple of 16', 'found 17']),
  ('--block_size=15', ['--block_size=15', '≥ 16', "found '15'"]),
  ('--chunk_size=0', ['--chunk_size=0', '≥ 1', "found '0'"]),
  ('--coding=ternary', ['--coding=ternary', 'binary|bipolar']),
  ('--bias_init=', ['--bias_init=', 'uniform|zero']),
  ('--criterion=both', ['--criterion=both', 'half|margin']),
  ('--nozero_error_band=true', ['--nozero_error_band=true', 'argument']),
  ('--zero_error_band=maybe', ['--zero_error_band=maybe', 'boolean']),
  ('--out=', ['--out=', 'expected a folder', 'found no name']),
  ('--flagfile=', ['--flagfile=', 'expected a file', 'found no name']),
  ('--flagfile', ['--flagfile', 'no argument']),
  ('--flagfile=none.flags', ["'none.flags'", 'No such file']),
  ('--flagfile=flags/symmetry/none.flags', ['none.flags', 'No such file']),
  ('--flagfile=/proc/self/mem', ['--flagfile: ', "'Input/output error'"]),
  ('--flagfile=.', ["'.'", 'Is a directory']),
]  # fmt: skip

# Lines of a flagfile, and what is said.
LINES = [
  (b'--sedes=3', ["'sedes'", 'Did you mean: seeds']),
  (b'--seeds 3', ["'seeds 3'"]),
  (b'--seeds = 3', ["'seeds '"]),
  (b'seeds=3', ['expected flags only', "found 'seeds=3'"]),
  (b'--seeds=3 # few', ['--seeds=3 # few', "found '3 # few'"]),
  (b'--seeds=none', ['--seeds=none', "found 'none'"]),
  (b'--flagfile=my.flags', ['--flagfile=my.flags: ', 'not include itself']),
  (b'--flagfile=other.flags', ["'other.flags'", 'No such file']),
  (b'--coding=bin\xe4r', ['--flagfile', 'expected text']),
]

BOOLEAN = [
  (
    '--task=xnor',
    ['--task=xnor: ', 'xor, or, parity, encoder, addition or a'],
  ),
  ('--task=', ['--task=: expected one of xor', 'found neither']),
  ('--task=mine.txt', ['--task=mine.txt: ', 'FILE.csv, found neither']),
  ('--task=none.csv', ['--task=none.csv: No such file']),
  ('--task=folder.csv', ['--task=folder.csv: Is a directory']),
  ('--task=good.csv', ['--hidden=0: ', '≥ 1', 'no number of its own']),
  ('--task=good.csv --hidden=2,0', ['--hidden=2,0: ', 'no number of its own']),
  ('--task=good.csv --hidden=2 --size=4', ['--size=4: expected 0 with a']),
  ('--task=good.csv --hidden=2 --size=0,4', ['--size=0,4: expected 0']),
  (
    '--task=good.csv --hidden=2 --task_digest=abc',
    ['--task=good.csv: ', '--task_digest=abc, found another, 13e873a749a7'],
  ),
  ('--task_digest=abc', ['--task_digest: expected a table', '--task=xor']),
  ('--task_digest=abc --task=xor', ['--task_digest: expected a table']),
  ('--size=1 --task=xor', ['--size=1 with --task=xor: ', 'expected 2']),
  ('--size=3 --task=xor', ['--size=3: expected at most 2 with --task=xor']),
  ('--size=1 --task=or', ['--size=1 with --task=or: ', 'expected 2']),
  ('--size=20 --task=parity', ['--size=20: expected at most 10']),
  ('--size=2,20 --task=parity', ['--size=20: expected at most 10']),
  ('--size=6 --task=encoder', ['--size=6 with --task=encoder: ', 'a power of']),
  ('--size=1 --task=encoder', ['--size=1 with --task=encoder: ', 'a power of']),
  ('--size=5 --task=addition', ['--size=5: expected at most 4']),
  ('--size=-1', ['--size=-1', '≥ 0', "found '-1'"]),
  ('--size=2.0', ['--size=2.0', 'whole number', "found '2.0'"]),
  ('--size=2,2', ['--size=2,2', 'different numbers']),
  ('--hidden=257', ['--hidden=257', '≤ 256']),
  ('--skip=maybe', ['--skip=maybe', 'boolean']),
  ('--updates=never', ['--updates=never', '<sweep|case|shuffled>', "'never'"]),
  ('--updates=case,case', ['--updates=case,case', 'different words']),
  ('--updates=', ['--updates=', "found ''"]),
  ('--precision=float16', ['--precision=float16', '<float32|float64>']),
  ('--criterion=half,all', ['--criterion=half,all', '<half|margin>', "'all'"]),
  ('--margin=0.2', ['--margin=0.2: expected --criterion=margin', 'half']),
  ('--stuck_after=0', ['--stuck_after=0', '≥ 1', "found '0'"]),
  ('--stuck_after=1e3', ['--stuck_after=1e3', 'whole number']),
  ('--bits=4', ["'bits'"]),
]  # fmt: skip

TREES = [
  ('--heldout=104', ['--heldout=104', '≤ 103', "found '104'"]),
  ('--heldout=105', ['--heldout=105', '≤ 103', "found '105'"]),
  ('--heldout=4,4', ['--heldout=4,4', 'different numbers']),
  (
    '--heldout_from=one_tree --heldout=53',
    ['--heldout=53', 'at most 52', '--heldout_from=one_tree'],
  ),
  (
    '--heldout_from=one_tree --heldout=4,53',
    ['--heldout=53', 'at most 52', '--heldout_from=one_tree'],
  ),
  ('--heldout_from=neither', ['--heldout_from=neither', '<both|one_tree>']),
  (
    '--heldout_cases=Colin.wife',
    ['--heldout_cases', 'father, mother, uncle, aunt, sister of Colin',
     "found 'wife'"],
  ),
  ('--heldout_cases=Colin', ['--heldout_cases', 'of Colin', "found ''"]),
  (
    '--heldout_cases=Nobody.aunt',
    ['--heldout_cases', 'such as Colin.aunt', "found 'Nobody.aunt'"],
  ),
  (
    '--heldout_cases=Colin.aunt,colin.Aunt',
    ['--heldout_cases', 'different cases', "found 'Colin.aunt,colin.Aunt'"],
  ),
  (
    '--heldout_cases=Colin.aunt --heldout=2',
    ['--heldout=2', 'expected 1', '--heldout_cases'],
  ),
  (
    '--heldout_cases=Colin.aunt --heldout_from=one_tree',
    ['--heldout_from=one_tree', 'expected both', '--heldout_cases'],
  ),
  (
    f'--heldout_cases={",".join(family_trees.case_names())}',
    ['--heldout_cases: ', 'at most 103', 'found 104'],
  ),
  ('--layer=top', ['--layer=top', '<people|relations|', "found 'top'"]),
  ('--layer=output', ['--layer=output', "found 'output'"]),
  ('--layer=people,people', ['--layer', 'different words']),
  ('--twin=false', ['--twin=false', 'expected --heldout_from=one_tree']),
  ('--notwin', ['--twin=false', 'expected --heldout_from=one_tree']),
  ('--twin=true,false', ['--twin=true,false', '--heldout_from=one_tree']),
  ('--biases=maybe', ['--biases=maybe', 'true, false, or both', "'maybe'"]),
  ('--biases=true,true', ['--biases=true,true', 'true, false, or both']),
  ('--biases=', ['--biases=', 'true, false, or both', "found ''"]),
  ('--decay=2', ['--decay=2', '≤ 1', "found '2'"]),
  ('--decay=-1', ['--decay=-1', '≥ 0', "found '-1'"]),
  ('--momentum=nan', ['--momentum=nan', 'finite', "found 'nan'"]),
  ('--first_momentum=1.5', ['--first_momentum=1.5', '≤ 1', "found '1.5'"]),
  ('--selective=2', ['--selective=2', '≥ 0.5 and ≤ 1', "found '2'"]),
  ('--selective=0.4', ['--selective=0.4', '≥ 0.5', "found '0.4'"]),
  (
    '--first_learning_rate=quarter',
    ['--first_learning_rate=quarter', "> 0 (float32), or 'half'",
     "found 'quarter'"],
  ),
  ('--first_learning_rate=0', ['--first_learning_rate=0', "or 'half'"]),
  ('--learning_rate=0', ['--learning_rate=0', '> 0', "found '0'"]),
  ('--learning_rate=half', ['--learning_rate=half', "found 'half'"]),
  ('--init_range=1e7', ['--init_range=1e7', '≤ 1e+06', "found '1e7'"]),
  ('--permutations=-1', ['--permutations=-1', '≥ 0', "found '-1'"]),
  ('--first_sweeps=0.5', ['--first_sweeps=0.5', 'whole number']),
  (
    '--permutations=10',
    ['--permutations=10: expected 0 or at least 19', 'p = 0.05'],
  ),
  ('--permutations=18', ['--permutations=18: ', 'at least 19']),
  ('--band=soft', ['--band=soft', '<gate|edge|case|none>', "found 'soft'"]),
  ('--band=gate,soft', ['--band=gate,soft', "found 'soft'"]),
  ('--band=edge,edge', ['--band=edge,edge', 'different words']),
  ('--band=', ['--band=', '<gate|edge|case|none>', "found ''"]),
  ('--zero_error_band=true', ["'zero_error_band'"]),
  ('--precision=float16', ['--precision=float16', '<float32|float64>']),
]  # fmt: skip

FIG_11 = '+7+4-9-9-5Y-3+9X'
RATES = '--axes=learning_rate,momentum --y_range=0:1'
BASINS = [
  (
    '--pixels=8192 --zoom=1,2',
    ['--pixels=8192: ', 'at most 67,108,864 nets', 'in 4 settings'],
  ),
  (
    '--axes=X,Y --slice=XY??????? --seeds=300 --updates=sweep',
    ['--pixels=512 --seeds=300: ', 'found 78,643,200'],
  ),
  (
    '--points=1048576 --distance=0.01,0.02 --zoom=1,2,4,8 --outcome_pixels=0'
    ' --seeds=4 --slice=XY???????',
    ['--points=1048576 --seeds=4: ', 'found 134,217,728'],
  ),
  (
    '--pixels=512 --frames=1000 --zoom=9',
    ['--pixels=512 --frames=1000: ', 'found 524,288,000'],
  ),
  (
    '--points=9 --axes=learning_rate,momentum --slice=????????? --x_range=0:4'
    ' --y_range=0:1',
    ['--x_range=0:4', 'room for companions at --distance=0.1, found -0.4'],
  ),
  # A slice; the place in question stands >between< two marks.
  (
    '--slice=+7+4-9-9-5Y-3+9',
    ["--slice='+7+4-9-9-5Y-3>+9<': ", 'expected 9 weights, found 8'],
  ),
  (f'--slice={FIG_11}+1', ["Y-3+9X>+1<'", 'expected 9 weights, found 10']),
  ('--slice=', ["--slice='': expected 9 weights, found none"]),
  (
    f'--hidden=3 --slice={FIG_11}',
    ["-5Y-3+9>X<'", 'expected 13 weights, found 9'],
  ),
  ('--slice=+7+4-9-9-5Y-3+9+1', ['--slice=', 'X and Y, found no X']),
  ('--slice=+7+4-9-9-5-3+9X+1', ['--slice=', 'X and Y, found no Y']),
  ('--slice=+7+4-9-9-5-3+9+1+1', ['X and Y, found no X and no Y']),
  ('--slice=X+4-9-9-5Y-3+9X', ["+9>X<'", 'one X, found another']),
  ('--tied --slice=XX+4-9-9-5X-3X', ['--slice=', 'found no Y']),
  ('--slice=+7+4-9-9-5Z-3+9X', ["5>Z<-3+9X'", 'X, Y or ?', "found 'Z'"]),
  ('--slice=+7+4-9-9-5Y-3+1e9X', ["+1>e<9X'", "found 'e'"]),
  ('--slice=7+4-9-9-5Y-3+9X', ["'>7<+4", "expected '+7' or '-7', found '7'"]),
  ('--slice=+7+4-9-9-5Y--3+9X', ["Y>-<-3+9X'", "found '-'"]),
  (f'--slice=+7+4-9-9-5Y-3+{9 * 10**40}X', ['finite in float32']),
  # Axes.
  ('--axes=X', ['--axes=X: expected two of X, Y, learning', "found 'X'"]),
  ('--axes=X,X', ['--axes=X,X: expected two of', "found 'X,X'"]),
  ('--axes=x,X', ['--axes=x,X: expected two of', "found 'x,X'"]),
  ('--axes=X,weight', ['--axes=X,weight: expected', "found 'weight'"]),
  ('--axes=X,Y,momentum', ['expected two of', "found 'X,Y,momentum'"]),
  ('--axes=none,X', ['--axes=none,X', "or none, found 'none'"]),
  ('--axes=', ['--axes=: expected two of', "found ''"]),
  (
    f'{RATES} --x_range=0:1 --slice=X????????',
    ["--slice='>X<????????': expected no letter, found X"],
  ),
  (
    f'--axes=X,momentum --y_range=0:1 --slice={FIG_11.replace("X", "+1")}',
    ["-5>Y<-3+9+1'", 'expected X, found Y'],
  ),
  (
    f'--axes=init_range,Y --x_range=0:1 --slice={FIG_11.replace("X", "+1")}',
    ['--axes=init_range,Y: ', 'a weight that is drawn (?)', 'found none in'],
  ),
  # Ranges, and the part of them that is shown.
  ('--x_range=3', ['--x_range=3: expected two numbers', "found '3'"]),
  ('--x_range=5:2', ['--x_range=5:2', 'the smaller first', "found '5:2'"]),
  ('--y_range=2:2', ['--y_range=2:2', 'the smaller first']),
  ('--x_range=nan:1', ['--x_range=nan:1', "found 'nan:1'"]),
  ('--x_range=0:inf', ['--x_range=0:inf', "found '0:inf'"]),
  ('--x_range=0:1e7', ['--x_range=0:1e7', "found '0:1e7'"]),
  ('--x_range=1:2:3', ['--x_range=1:2:3', "found '1:2:3'"]),
  (RATES, ['--x_range=-10:10', 'from 0 ', 'for learning_rate, found -10 to']),
  (
    f'{RATES} --x_range=0:4 --centre=0,0.5',
    ['--x_range=0:4, --centre=0,0.5, ', 'from 0 ', 'found -2 to 2'],
  ),
  (
    f'{RATES} --x_range=0:4 --zoom=2,0.5',
    ['--centre=middle, --zoom=0.5: ', 'from 0 ', 'found -2 to 6'],
  ),
  ('--axes=X,momentum --y_range=-1:1', ['--y_range=-1:1', 'for momentum']),
  ('--axes=Y,init_range --y_range=-1:1', ['--y_range=-1:1', 'for init_range']),
  ('--zoom=1e-30', ['--zoom=1e-30: ', 'from -1e+06 to 1e+06', '1e+31']),
  ('--centre=1e300,1', ['--centre=1e+300,1', 'to 1e+06 for X, found 1e+300']),
  ('--centre=1', ['--centre=1: ', 'two finite numbers', "found '1'"]),
  ('--centre=1,2,3', ['--centre=1,2,3: ', "found '1,2,3'"]),
  ('--centre=nan,1', ['--centre=nan,1: ', "found 'nan,1'"]),
  ('--centre=here', ['--centre=here: ', 'or middle', "found 'here'"]),
  (
    '--centre=1,1 --zoom=1e17',
    ['--x_range=-10:10, --centre=1,1, --zoom=1e+17: ', 'float64 tells apart',
     'found 0.9999999999999999 to 1.0'],
  ),
  (
    '--centre=0,1 --zoom=1e30',
    ['--y_range=-10:10, --centre=0,1, --zoom=1e+30: ', 'found 1.0 to 1.0'],
  ),
  (
    '--x_range=9:9.000000000000002 --pixels=2',
    ['--x_range=9:9.000000000000002, --centre=middle, ', 'float64 tells apart'],
  ),
  (
    '--centre=1,1 --zoom=1e15 --frames=3',
    ['--centre=1,1, --zoom=1e+15: ', 'float64 tells apart'],
  ),
  ('--zoom=0', ['--zoom=0: ', '> 0', "found '0'"]),
  ('--zoom=nan', ['--zoom=nan: ', 'finite', "found 'nan'"]),
  ('--zoom=2,2', ['--zoom=2,2: ', 'different numbers']),
  ('--frames=3', ['--frames=3: ', 'one --zoom above 1', 'found --zoom=1']),
  ('--frames=3 --zoom=2,4', ['--frames=3: ', 'found --zoom=2,4']),
  ('--frames=0 --zoom=2', ['--frames=0: ', '≥ 1', "found '0'"]),
  ('--pixels=1', ['--pixels=1: ', '≥ 2', "found '1'"]),
  ('--pixels=9000', ['--pixels=9000: ', '≤ 8,192', "found '9000'"]),
  ('--outcome_pixels=-1', ['--outcome_pixels=-1: ', '≥ 0', "found '-1'"]),
  # Pairs of points have no pixels.
  *(
    (f'--points=9 --{flag}', [f'--{name}: expected a map', 'found --points=9'])
    for flag, name in (
      ('pixels=64', 'pixels=64'), ('outcome_pixels=0', 'outcome_pixels=0'),
      ('zoom=9 --frames=3', 'frames=3'),
    )
  ),
  ('--points=-1', ['--points=-1: ', '≥ 0', "found '-1'"]),
  ('--points=2000000', ['--points=2000000: ', '≤ 1,048,576']),
  ('--points=2.5', ['--points=2.5: ', 'whole number', "found '2.5'"]),
  ('--distance=0', ['--distance=0: ', '> 0', "found '0'"]),
  ('--distance=2', ['--distance=2: ', '≤ 1', "found '2'"]),
  ('--distance=0.1,0.1', ['--distance=0.1,0.1: ', 'different numbers']),
  (
    '--points=9 --distance=0.1,1e-20',
    ['--x_range=-10:10, --centre=middle, --zoom=1: ', 'float64 tells apart'],
  ),
  # The task and the net.
  ('--task=xnor', ['--task=xnor: ', 'encoder, addition, symmetry or a FILE']),
  ('--task=symmetry --size=5', ['--size=5 with --task=symmetry: ', 'even']),
  ('--task=symmetry --size=12', ['--size=12: expected at most 10']),
  ('--size=2,4', ['--size=2,4: ', 'whole number', "found '2,4'"]),
  ('--task=good.csv', ['--hidden=source: ', 'a table has no number of its']),
  ('--hidden=2,3', ['--hidden=2,3: ', 'one shape', "found '2,3'"]),
  ('--hidden=2-0', ['--hidden=2-0: ', 'from 1 to 256', "found '2-0'"]),
  ('--hidden=many', ['--hidden=many: ', "found 'many'"]),
  # Training.
  (
    '--axes=learning_rate,Y --x_range=0:1 --learning_rate=1,2',
    ['--learning_rate=1,2: expected one value', '--axes=learning_rate,Y'],
  ),
  (
    '--axes=X,momentum --y_range=0:1 --momentum=0,0.5',
    ['--momentum=0,0.5: expected one value', '--axes=X,momentum'],
  ),
  (
    '--axes=learning_rate,Y --x_range=0:1 --flow_time=10',
    ['--flow_time=10: expected 0', 'the learning rate varies'],
  ),
  (
    '--flow_time=1e9 --learning_rate=3,0.001',
    ['--flow_time=1000000000: expected at most 1,073,741,824 epochs, found'
     ' 1,000,000,000,000 with --learning_rate=0.001'],
  ),
  ('--flow_time=-1', ['--flow_time=-1: ', '≥ 0', "found '-1'"]),
  ('--epochs=0', ['--epochs=0: ', '≥ 1', "found '0'"]),
  ('--epochs=2000000000', ['--epochs=2', '≤ 1,073,741,824']),
  ('--learning_rate=0', ['--learning_rate=0: ', '> 0', "found '0'"]),
  ('--margin=2', ['--margin=2: ', '≤ 1', "found '2'"]),
  ('--updates=never', ['--updates=never: ', "found 'never'"]),
  ('--precision=float16', ['--precision=float16: ', "found 'float16'"]),
  ('--init_range=0.1,0.5', ['--init_range=0.1,0.5: expected one']),
  # No map.
  ('--axes=none --hidden=4-2', ['--hidden=4-2: expected one hidden layer']),
  *(
    (f'--axes=none --{flag}', [f'--{flag}: expected a map', '--axes=none'])
    for flag in (
      'slice=?????????', 'tied=true', 'x_range=0:1', 'centre=1,1', 'zoom=2',
      'frames=2', 'flow_time=9', 'pixels=64', 'outcome_pixels=16',
      'keep_weights=false', 'points=9', 'distance=0.1',
    )
  ),
  # Flags that there are not.
  ('--axe=X,Y', ["'axe'", 'Did you mean: axes']),
  ('--pixel=3', ["'pixel'", 'Did you mean: pixels']),
  ('--sweeps=300', ["'sweeps'"]),
]  # fmt: skip

# Tables of a user's, and what is said of them.
GOOD = 'in1,in2,out1\n0,0,0\n0,1,1\n'
TABLES = [
  ('', ['line 1: expected a header', 'an empty file']),
  ('in1,in2,out1\n', ['line 1: expected a case or more']),
  ('in1,in2\n0,1\n', ['expected targets from out1', 'found no column out1']),
  ('out1\n1\n', ['expected inputs from in1', 'found no column in1']),
  ('in1,in3,out1\n0,1,1\n', ['found no column in2']),
  ('0,0,0\n0,1,1\n', ['line 1, column 1: ', "found '0'"]),
  (GOOD + '1,1\n', ['line 4: expected 3 columns', 'found 2']),
  (GOOD + '1,1,0,\n', ['line 4: expected 3 columns', 'found 4']),
  (GOOD + '1,yes,0\n', ['line 4, column 2 (in2): ', "found 'yes'"]),
  (GOOD + '1,,0\n', ['line 4, column 2 (in2): ', 'an empty cell']),
  (GOOD + 'NaN,1,0\n', ['line 4, column 1 (in1): ', 'finite', "found 'NaN'"]),
  (GOOD + '1,inf,0\n', ['line 4, column 2 (in2): ', 'finite', "found 'inf'"]),
  (GOOD + '1,1e39,0\n', ['line 4, column 2 (in2): ', 'finite in float32']),
  (GOOD + '1,1,2\n', ['line 4, column 3 (out1): expected 0 or 1', "found '2'"]),
  (GOOD + '1,1,0.5\n', ['line 4, column 3 (out1): expected 0 or 1']),
  (GOOD + '1,"1,0\n', ['line 4: ', 'each quote closed']),
]  # fmt: skip


RECIRCULATION = [
  (
    '--compare=1048576 --seeds=4000000',
    ['--compare=1048576: ', 'at most 67,108,864 nets', 'found 218,103,808'],
  ),
]


@pytest.fixture(scope='module')
def symmetry(binary):
  return binary('symmetry')


@pytest.fixture(scope='module')
def boolean(binary):
  return binary('boolean')


def assert_one_line(ended, words, name='symmetry'):
  assert ended.code == 1
  assert ended.out == ''
  assert TRACE not in ended.err
  said = [line for line in ended.err.splitlines() if line != HINT]
  assert len(said) == 1
  assert said[0].startswith(f'{name}: ')
  for word in words:
    assert word in said[0]


@pytest.mark.parametrize(('flags', 'words'), FLAGS, ids=[f for f, _ in FLAGS])
def test_bad_flags_are_told_in_one_line(symmetry, tmp_path, flags, words):
  assert_one_line(symmetry(*flags.split(), cwd=tmp_path), words)
  assert samples.tree(tmp_path) == {}


@pytest.mark.parametrize(
  ('line', 'words'), LINES, ids=[str(b) for b, _ in LINES]
)
def test_a_bad_line_of_a_flagfile_is_told(symmetry, tmp_path, line, words):
  (tmp_path / 'my.flags').write_bytes(b'# mine\n--bits=4\n' + line + b'\n')
  before = samples.tree(tmp_path)
  assert_one_line(symmetry('--flagfile=my.flags', cwd=tmp_path), words)
  assert samples.tree(tmp_path) == before


@pytest.mark.parametrize(
  ('flags', 'words'), BOOLEAN, ids=[f for f, _ in BOOLEAN]
)
def test_bad_flags_of_the_boolean_tasks_are_told(
  boolean, tmp_path, flags, words
):
  (tmp_path / 'good.csv').write_text(GOOD)
  (tmp_path / 'folder.csv').mkdir()
  before = samples.tree(tmp_path)
  assert_one_line(boolean(*flags.split(), cwd=tmp_path), words, 'boolean')
  assert samples.tree(tmp_path) == before


@pytest.mark.parametrize(
  ('flags', 'words'), TREES, ids=[f[:50] for f, _ in TREES]
)
def test_bad_flags_of_the_family_trees_are_told(binary, tmp_path, flags, words):
  ended = binary('family_trees')(*flags.split(), cwd=tmp_path)
  assert_one_line(ended, words, 'family_trees')
  assert samples.tree(tmp_path) == {}


@pytest.mark.parametrize(('flags', 'words'), RECIRCULATION)
def test_bad_flags_of_loops_are_told(binary, tmp_path, flags, words):
  ended = binary('recirculation')(*flags.split(), cwd=tmp_path)
  assert_one_line(ended, words, 'recirculation')
  assert samples.tree(tmp_path) == {}


@pytest.mark.parametrize(('flags', 'words'), BASINS, ids=[f for f, _ in BASINS])
def test_bad_flags_of_maps_are_told(binary, tmp_path, flags, words):
  (tmp_path / 'good.csv').write_text(GOOD)
  before = samples.tree(tmp_path)
  ended = binary('basins')(*flags.split(), cwd=tmp_path)
  assert_one_line(ended, words, 'basins')
  assert samples.tree(tmp_path) == before


@pytest.mark.parametrize(
  ('table', 'words'), TABLES, ids=[repr(table) for table, _ in TABLES]
)
def test_a_table_that_cannot_be_learnt_is_told(boolean, tmp_path, table, words):
  (tmp_path / 'mine.csv').write_text(table)
  before = samples.tree(tmp_path)
  ended = boolean('--task=mine.csv', '--hidden=2', cwd=tmp_path)
  assert_one_line(ended, ['--task=mine.csv: ', *words], 'boolean')
  assert samples.tree(tmp_path) == before


def other_flags(folder, flags):
  text = '# python -m experiments.symmetry --flagfile=run.flags\n'
  text += ''.join(f'--{k}={v}\n' for k, v in (flags | {'bits': '8'}).items())
  samples.run(folder, flags=text)
  return '--out=taken', ['--out=taken', 'expected', '--bits=8, not --bits=6']


def other_study(folder, flags):
  samples.run(folder)
  return '--out=taken', ['--out=taken', 'expected', 'experiments.toy']


def other_files(folder, flags):
  folder.mkdir()
  (folder / 'thesis.tex').write_text('years of work')
  return '--out=taken', ['--out=taken', 'expected', 'found files']


def a_file(folder, flags):
  folder.write_text('years of work')
  return '--out=taken', ['--out=taken', 'expected a folder, found a file']


def below_a_file(folder, flags):
  folder.write_text('years of work')
  return '--out=taken/toy', ['--out=taken/toy', 'Not a directory']


def no_place_to_write(folder, flags):
  return '--out=/proc/self/toy', ['--out=/proc/self/toy: ']


def a_long_name(folder, flags):
  return f'--out=taken/{"toy" * 100}', ['--out=taken/toy', 'name too long']


@pytest.mark.parametrize(
  'place',
  [
    other_flags, other_study, other_files, a_file, below_a_file,
    no_place_to_write, a_long_name,
  ],
)  # fmt: skip
def test_a_place_that_cannot_be_used_is_told(symmetry, tmp_path, place):
  flags = json.loads(symmetry(cwd=tmp_path, dry=True).out)['flags']
  flag, words = place(tmp_path / 'taken', flags)
  before = samples.tree(tmp_path)
  assert_one_line(symmetry(flag, cwd=tmp_path), words)
  assert samples.tree(tmp_path) == before


@pytest.mark.parametrize(
  ('name', 'content'),
  [
    ('summary.json', b'{'),
    ('nets.npz', b''),
    ('nets.npz', None),
    ('machine.json', b'{}'),
    ('machine.json', None),
  ],
)
def test_a_damaged_record_is_told(symmetry, smoke, tmp_path, name, content):
  folder = shutil.copytree(smoke[0], tmp_path / 'symmetry')
  path = folder / name
  path.unlink() if content is None else path.write_bytes(content)
  before = samples.tree(folder)
  ended = symmetry(
    '--flagfile=symmetry/run.flags', '--out=symmetry', cwd=tmp_path
  )
  said = 'symmetry holds this run, finished; drawing it again.\n'
  assert ended.out == said
  assert_one_line(ended._replace(out=''), [f'symmetry/{name}: '])
  assert samples.tree(folder) == before


def test_help_tells_every_flag_with_its_meaning_and_runs_nothing(
  symmetry, tmp_path
):
  plan = json.loads(symmetry(cwd=tmp_path, dry=True).out)
  ended = symmetry('--helpshort', cwd=tmp_path)
  assert_help(ended, plan['unset'])
  assert samples.tree(tmp_path) == {}


def assert_help(ended, names):
  assert ended.err == ''
  assert ended.out.lstrip().startswith('Mirror symmetry: ')
  told = ended.out.split('\n  --')[1:]
  found = {flag.partition(':')[0].removeprefix('[no]') for flag in told}
  assert found == set(names) > {'seeds', 'learning_rate', 'out', 'block_size'}
  for flag in told:
    meaning = flag.partition(':')[2].partition('\n    (')[0]
    assert len(meaning.split()) >= 4


def process(command, folder, environment):
  ended = subprocess.run(
    command, cwd=folder, env=environment, capture_output=True, text=True
  )
  return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_a_real_process_ends_the_same_way(tmp_path, environment):
  command = [sys.executable, '-m', 'experiments.symmetry', '--bits=5']
  ended = process(command, tmp_path, environment)
  assert_one_line(ended, ['--bits=5', 'expected an even number'])
  assert samples.tree(tmp_path) == {}


PLACES = (
  'out', 'shard', 'distributed', 'coordinator', 'processes', 'process',
  'profile',
)  # fmt: skip
SCRIPT = pathlib.Path(sys.executable).with_name('jaxrep-symmetry')


@pytest.mark.skipif(not SCRIPT.exists(), reason='jaxrep is not installed')
def test_the_installed_command_knows_its_flags_and_flagfiles(tmp_path):
  """From a folder without the repository, as after `pip install`."""
  environment = {k: v for k, v in os.environ.items() if k != 'PYTHONPATH'}
  helped = process([SCRIPT, '--helpshort'], tmp_path, environment)
  paper = records.parse_flags((ROOT / 'flags/symmetry/paper.flags').read_text())
  assert_help(helped, [*paper, *PLACES, 'block_size'])
  flagfile = '--flagfile=flags/symmetry/smoke.flags'
  command = [SCRIPT, flagfile, '--out=taken']
  (tmp_path / 'taken').write_text('years of work')
  ended = process(command, tmp_path, environment)
  assert_one_line(ended, ['--out=taken', 'found a file'])

# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1. Credit by hand
#
# A net gets an answer wrong. Which of its weights is to blame, and by how much?
# For a weight that leads straight to the output this is easy to say. For one
# that leads to a hidden unit it is not: nobody tells a hidden unit what it
# should have said.
#
# The answer is the chain rule. Several found it for themselves (Amari, 1967;
# Werbos, 1974; Parker and LeCun, 1985); Rumelhart, Hinton & Williams made it
# known in 1986. For a small net it is so short that it can be done with a
# pocket calculator. That is what we do here: three factors for a weight of the
# last layer, two more for a weight of the first. Then we ask 512 nets what it
# would cost to leave the two factors out.
#
# You need to know what a derivative is. Everything else is below.

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from jaxrep import nets, seeds, stats, trials
from jaxrep.figures import credit, curves, style
from jaxrep.learning import by_hand
from jaxrep.measures import separable
from jaxrep.measures.minima import Outcome
from jaxrep.tasks import boolean

plt.rcParams.update(style.RC)
plt.rcParams['figure.dpi'] = 90

# %% [markdown]
# ## The problem and the net
#
# *Exclusive or*, XOR: say 1 when exactly one of two inputs is 1. No single unit
# can do it, as no straight line parts the cases 01 and 10 from 00 and 11. So
# two hidden units stand between. Units are numbered through: inputs 1 and 2,
# hidden units 3 and 4, the output 5.
#
# A unit j adds up what it is sent and squashes the sum:
#
# $$x_j = \sum_i w_{i,j}\, a_i, \qquad
#   a_j = \sigma(x_j) = \frac{1}{1 + e^{-x_j}}.$$
#
# A bias is the weight from a unit that always says 1; we give it a number, too:
# unit 0 sends the biases of units 3 and 4, unit 6 that of unit 5.

# %%
xor = boolean.xor()
net = (
  nets.Layer(np.array([[0.8, -0.4], [-0.6, 0.9]]), np.array([-0.2, 0.3])),
  nets.Layer(np.array([[1.2], [-0.7]]), np.array([-0.1])),
)
answers = nets.answers(net, xor.inputs)

for name, weight in by_hand.named(net).items():
  print(f'{name} = {weight:+.3f}')
print()
for x, y, a in zip(xor.inputs, xor.targets, answers, strict=True):
  print(f'inputs {x.astype(int)}  target {y[0]:.0f}  answer {a[0]:.3f}')

assert np.all(np.abs(answers - 0.5) < 0.1)

# %% [markdown]
# Nobody has taught it anything yet, and it shows: it answers about one half to
# everything.
#
# ## One case, forwards
#
# We take the case 10, whose target is y = 1. How wrong the net is we measure by
#
# $$E = (y - a_5)^2.$$
#
# Here is all that is worked out on the way from the inputs to E. The weights
# are round numbers: take a calculator and follow.

# %%
x, y = xor.inputs[2], 1.0
found = by_hand.quantities(net, x, y)
for name in ['a1', 'a2', 'y', 'x3', 'a3', 'x4', 'a4', 'x5', 'a5', 'E']:
  print(f'{name:>2} = {found[name]:+.4f}')

# %% [markdown]
# ## Three factors for a weight of the last layer
#
# Now turn the knob $w_{3,5}$, from hidden unit 3 to the output, a little. The
# sum $x_5$ changes, hence the answer $a_5$, hence the error: a chain of three
# links, and the chain rule multiplies them.
#
# $$\frac{\partial E}{\partial w_{3,5}} =
#   \frac{\partial x_5}{\partial w_{3,5}} \cdot
#   \frac{\partial a_5}{\partial x_5} \cdot
#   \frac{\partial E}{\partial a_5}
#   = a_3 \cdot a_5 (1 - a_5) \cdot 2 (a_5 - y)$$
#
# Read it aloud. *How much was sent* along the weight; *how steep* the output
# unit is where it stands; *how wrong* it is.

# %%
a3, a5 = found['a3'], found['a5']
sent, steep, wrong = a3, a5 * (1 - a5), 2 * (a5 - y)
print(f'{sent:.4f} x {steep:.4f} x {wrong:.4f} = {sent * steep * wrong:.4f}')

chains = {chain.weight: chain for chain in by_hand.chains(net, x, y)}
for factor in chains['w_3_5'].factors:
  print(f'{factor.name:>10} = {factor.value:+.4f}')
assert np.isclose(sent * steep * wrong, chains['w_3_5'].product)

# %% [markdown]
# ## Two more for a weight of the first layer
#
# The knob $w_{1,3}$, from input 1 to hidden unit 3, is farther away. It changes
# $x_3$, hence $a_3$, hence $x_5$; and from there on the chain is the old one.
#
# $$\frac{\partial E}{\partial w_{1,3}} =
#   \frac{\partial x_3}{\partial w_{1,3}} \cdot
#   \frac{\partial a_3}{\partial x_3} \cdot
#   \underbrace{\frac{\partial x_5}{\partial a_3} \cdot
#   \frac{\partial a_5}{\partial x_5} \cdot
#   \frac{\partial E}{\partial a_5}}_{\partial E / \partial a_3}
#   = a_1 \cdot a_3 (1 - a_3) \cdot w_{3,5} \cdot a_5 (1 - a_5)
#   \cdot 2 (a_5 - y)$$
#
# The braced part, $\partial E/\partial a_3$, is what we were missing: how wrong
# *hidden unit 3* is. Nobody told it; it follows from the weight through which
# it speaks, $w_{3,5}$, and from how wrong the output is.
# It is worked out once and serves all the weights into unit 3. In a deeper net
# it is the new target for the layer below, and so on down. This is the whole of
# *back-propagation*.

# %%
product = 1.0
for factor in chains['w_1_3'].factors:
  product *= factor.value
  print(f'{factor.name:>10} = {factor.value:+.4f}   so far {product:+.4f}')

blame = found['∂x5/∂a3'] * steep * wrong
assert np.isclose(blame, found['∂E/∂a3'])
assert np.isclose(product, x[0] * a3 * (1 - a3) * blame)

# %% [markdown]
# Both ways in one picture. Dark and upright: what goes forwards. Orange and
# italic: what comes back, $\partial E/\partial a$ over a unit and $\partial
# E/\partial w$ under a weight.

# %%
slopes = by_hand.gradient(net, x[None], np.array([[y]]))
states = nets.activations(net, x)
fig, ax = plt.subplots(figsize=(7.2, 4.2), layout='constrained')
credit.both_ways(
  ax,
  [np.asarray(layer.w) for layer in net],
  [np.asarray(layer.b) for layer in net],
  [np.asarray(state) for state in states],
  [np.asarray(layer.w) for layer in slopes],
  [np.asarray(layer.b) for layer in slopes],
  [[found['∂E/∂a3'], found['∂E/∂a4']], [found['∂E/∂a5']]],
  labels=[['1', '2'], ['3', '4'], ['5']],
  beside=['target 1'],
  title='the case 10: forwards and back',
)
for name in ('w_2_3', 'w_2_4'):
  print(f'∂E/∂{name} = {abs(chains[name].product)}')
  assert chains[name].product == 0

# %% [markdown]
# The weights from input 2 have no blame at all in this case: input 2 is off,
# the first factor of their chains is 0, and so is the product.
#
# ## Is it right? Two witnesses
#
# The first is `jax.grad`, which applies the chain rule by machine. The second
# knows no calculus: turn each knob a little both ways and look at the error.
#
# $$\frac{\partial E}{\partial w} \approx
#   \frac{E(w + h) - E(w - h)}{2h}$$
#
# E is now the sum over the four cases, and so are the products of the chains.
# We compute with 16 digits (float64).


# %%
@jax.jit
def error(weights):
  """Returns the lecture's E = Σ (y - a)² of weights `[9]`, over all cases."""
  a = nets.answers(nets.from_list(weights, net), xor.inputs)
  return jnp.sum((xor.targets - a) ** 2)


@jax.jit
def wiggled(weights, h):
  """Returns (E(w + h) - E(w - h)) / 2h for every weight in turn."""
  steps = h * jnp.eye(len(weights))
  up, down = (jax.vmap(error)(weights[None] + s) for s in (steps, -steps))
  return (up - down) / (2 * h)


with jax.enable_x64(True):
  weights = nets.listed(net)
  hand = nets.listed(jax.jit(by_hand.gradient)(net, *xor))
  auto = jax.jit(jax.grad(error))(weights)
  apart = float(jnp.max(jnp.abs(hand - auto)))
  widths = 10.0 ** np.arange(-13, 0.5, 0.5)
  differences = [
    float(jnp.max(jnp.abs(wiggled(weights, h) - hand))) for h in widths
  ]
best = int(np.argmin(differences))
print(f'by hand and jax.grad differ by {apart:.0e} at most')
print(
  f'by hand and wiggling by {min(differences):.0e}, at h = {widths[best]:.0e}'
)
assert apart < 1e-15 and min(differences) < 1e-9

# %%
fig, ax = plt.subplots(figsize=(6, 3.4), layout='constrained')
ax.loglog(widths, differences, 'o-', color=style.series(0).color, ms=4)
style.dress(
  ax,
  title='A knob can be turned too far, and not far enough',
  xlabel='h, how far each weight is turned',
  ylabel='largest difference from ∂E/∂w',
)

# %% [markdown]
# The chain rule by hand and by machine agree to the last digit. Wiggling comes
# close, if h is chosen well: turned too far, the error surface bends; turned
# too little, the two errors are the same to nearly all of their digits, and
# their difference is noise. It also takes two passes through the net for
# *every* weight, where the chain rule takes one forwards and one back for *all*
# of them. With nine weights that is of no matter; with a billion it is
# everything.
#
# ## Which way is down? A matter of signs
#
# $\partial E/\partial a_5 = 2(a_5 - y)$ says in which direction the error
# *grows*. To lower it, weights have to move the other way:
#
# $$\Delta w = -\alpha \frac{\partial E}{\partial w}.$$
#
# Lecture slides like to print $2(y - a_5)$ for this factor and then *add* the
# product. That is minus the derivative times minus one: the same step. But mix
# the two conventions, and the net learns to be wrong. Here is a small step with
# each sign.

# %%
alpha, start, steps = 0.25, nets.listed(net), {}
for words, slope in (
  ('2 (a - y), the derivative', by_hand.lecture),
  ('2 (y - a), as on the slides', lambda a, y: 2 * (y - a)),
):
  signal = nets.listed(by_hand.gradient(net, *xor, slope=slope))
  for sign, word in ((-1, 'subtracted'), (+1, 'added')):
    steps[words, word] = float(error(start + sign * alpha * signal))
    print(f'{words:>27}, {word:10}: E = {steps[words, word]:.4f}')
before = float(error(start))
print(f'{"before":>27} {"":11}: E = {before:.4f}')
down = [words for words, after in steps.items() if after < before]
assert [word for _, word in down] == ['subtracted', 'added']

# %% [markdown]
# ## What the two extra factors are worth
#
# The *last* layer can be trained without them: it is told what to say. The rule
# for that is the older one (Widrow & Hoff, 1960), the *delta rule*
#
# $$\Delta w_i = \alpha\, (y - \hat y)\, x_i,$$
#
# with $x_i$ what the last layer sees (here the hidden units) and $\hat y$ what
# it answers. The input layer stays as it was drawn. How far does that carry?
#
# One net would tell us about one net. So we take 256, from two ranges of
# initial weights, and train each from the same start by both rules. A net has
# *solved* XOR at the first sweep (one pass through the four cases, then one
# change) after which all four answers are on the right side of one half.


# %%
def last_layer_only(net, setting, patterns):
  """Returns what takes the place of the gradient: 0 for the first layer."""
  return by_hand.delta_rule(net, *patterns)


recipe = trials.Recipe(
  learning_rate=(0.25,),  # the α above
  momentum=(0.0,),
  init_range=(1.0, 3.0),  # weights start uniform in ± this
  positive_weight=(1.0,),
  margin=(0.5,),
  bias_init='uniform',
  band=0.0,
  sweeps=5000,
  after=1000,  # a net that has solved it goes on for so long
  error='lecture',
)
rows = seeds.cross(range(256), **recipe.grid())
blocks = seeds.lay_out(256)
ends, found = {}, {}
for rule, slopes in ('full rule', None), ('last layer', last_layer_only):
  trial = trials.trial(recipe, (2, 2, 1), slopes=slopes)
  trial = trial._replace(certified=False)  # that is the next lesson's
  ends[rule], found[rule], _ = trials.run(trial, rows, xor, blocks=blocks)

solved, rates = {}, {}
for rule, arrays in found.items():
  for width in recipe.init_range:
    mine = rows.setting['init_range'] == width
    solved[rule, width] = arrays['outcome'][mine] == Outcome.SOLVED
    rates[rule, width] = rate = stats.rate(solved[rule, width])
    print(
      f'{rule:>10}, weights from ±{width:g}: {rate.value:5.1%} solved, '
      f'95 % interval {rate.low:.1%} to {rate.high:.1%}, n = {rate.n}'
    )
for width in recipe.init_range:
  assert rates['full rule', width].low > rates['last layer', width].high
assert rates['last layer', 1].high < rates['last layer', 3].low

# %%
fig, ax = plt.subplots(figsize=(7, 4), layout='constrained')
lines = []
for rule, width in solved:
  mine = rows.setting['init_range'] == width
  times = np.where(solved[rule, width], found[rule]['sweeps'][mine], 5000)
  lines.append(stats.survival(times, ~solved[rule, width]))
curves.survival(
  ax,
  [np.append(line.sweeps, 5000) for line in lines],
  [np.append(line.share, line.share[-1:]) for line in lines],
  [np.append(line.low, line.low[-1:]) for line in lines],
  [np.append(line.high, line.high[-1:]) for line in lines],
  labels=[f'{rule}, ±{width:g} (256 nets)' for rule, width in solved],
  title='The last layer alone goes nowhere, or not far',
)

# %% [markdown]
# ## Why: look at what the last layer sees
#
# The last layer can part two groups of points by a straight line, no more, and
# its points are not the inputs but what the two hidden units make of them,
# $(a_3, a_4)$. If no line parts them at the start, the delta rule can turn its
# line as long as it likes. The full rule moves the *points*.
#
# `separable.parted` asks exactly that question, of each net before training.


# %%
@jax.jit
def hidden(net):
  """Returns what the hidden units answer to the four cases, `[4, 2]`."""
  return nets.answers(net[:1], xor.inputs)


@jax.jit
def parted(net):
  """Returns whether a line parts 01 and 10 from 00 and 11 in what they say."""
  neither, second, first, both = hidden(net)
  return separable.parted(
    jnp.stack([second, first]), jnp.stack([neither, both])
  )


# All nets before any sweep: what the engine sees at the mark 0.
[look] = seeds.evolve(trial.study, rows, marks=[0], blocks=blocks, shared=xor)
before = look.state.net
could = np.asarray(jax.vmap(parted)(before))
did = found['last layer']['outcome'] == Outcome.SOLVED
print(f'a line parts the hidden answers of {could.sum()} of {len(could)} nets;')
print(f'the delta rule solved {did.sum()}, of which {(did & could).sum()} such')
assert could.sum() < len(could) / 2 and not np.any(did & ~could)

# %%
full = found['full rule']['outcome'] == Outcome.SOLVED
shown = np.flatnonzero(full & ~could)  # of them the one with most to see:
spread = np.ptp(np.asarray(jax.vmap(hidden)(before))[shown], axis=1).min(axis=1)
row = shown[np.argmax(spread)]
fig, axes = plt.subplots(1, 3, figsize=(9, 3.3), layout='constrained')
for ax, (title, some) in zip(
  axes,
  {
    'before': before,
    'after, last layer alone': ends['last layer'],
    'after, full rule': ends['full rule'],
  }.items(),
  strict=True,
):
  one = jax.tree.map(lambda a: a[row], some)
  for k, word in enumerate(('say 0', 'say 1')):
    look, mine = style.series(k), xor.targets[:, 0] == k
    spots = np.asarray(hidden(one))[mine]
    ax.plot(*spots.T, look.marker, color=look.color, ms=9, label=word)
  (w3, w4), b = one[1].w[:, 0], one[1].b[0]
  far = np.array([-1.0, 2.0])  # where w3 a3 + w4 a4 + b = 0: the answer is 1/2
  ax.plot(far, -(b + w3 * far) / w4, '--', color=style.FAINT)
  ax.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05), aspect='equal')
  style.dress(ax, title=title, xlabel='unit 3, $a_3$', ylabel='unit 4, $a_4$')
axes[0].legend()
assert not could[row] and not did[row]

now = np.asarray(hidden(jax.tree.map(lambda a: a[row], ends['full rule'])))
for x, spot in zip(xor.inputs, now, strict=True):
  print(f'inputs {x.astype(int)} now make {np.round(spot, 2)}')
assert np.linalg.norm(now[1] - now[2]) < 0.2

# %% [markdown]
# Left and middle: the same four points, and no line that parts them. Right: the
# points themselves have moved, until a line could, and 01 and 10 have come
# together: to the output they are one case now. No answer sheet said where they
# should go. It was the product of five factors, again and again.
#
# Note what the delta rule got for nothing: with large random weights *some*
# nets have hidden units that happen to do. Random features are not worthless;
# they are just not learnt. And no rule solved all nets: where the others stop
# is the subject of the next lesson.

# %% [markdown]
# ## Questions
#
# 1. In the picture of the case 10, which weight should change most, and in
#    which direction? Does it lead to the unit with the largest $\partial
#    E/\partial a$?
# 2. In the chain of $w_{1,3}$, which factor is the smallest? What is the
#    largest that each factor of the form $a(1-a)$ can ever be, and what does
#    that say about the first layers of a net with ten layers of such units?
# 3. Work out $\partial E/\partial w_{0,3}$, the bias of unit 3, for the case 10
#    from the numbers printed above, with a pocket calculator. Why is it equal
#    to $\partial E/\partial w_{1,3}$?
# 4. Start all nine weights at 0 (`init_range=(0.0,)`). Predict what the full
#    rule will do; then change the line and look. What has the chain rule to
#    blame hidden unit 3 for that it has not to blame unit 4 for?
# 5. The delta rule has no factor $a_5(1 - a_5)$. Of which error E is it the
#    true gradient with respect to the last layer? Check with `jax.grad`.
# 6. In the wiggling picture the left branch falls and the right one rises. Read
#    off their two slopes and explain them. Where would the lowest point lie in
#    float32?
# 7. Two random hidden units seldom leave four points that a line can part. How
#    many random hidden units does it take until *some* output weights solve XOR
#    in every net, bar coincidences? (Four points on a line, in a plane, in
#    space ..) Check it for 256 random nets `(2, H, 1)` without training any.
# 8. Open: a neuron in your head has no access to the weights of the neurons it
#    speaks to, as $\partial x_5/\partial a_3 = w_{3,5}$ would need. What could
#    stand in for the way back? (Lesson 4 is one proposal.)

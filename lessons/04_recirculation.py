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
# # 4. Recirculation
#
# Back-propagation asks three things of a net that no brain is known to have:
# errors that travel backwards, along connections exactly as strong as those
# that lead forwards, and units that know the slope of their own response.
# In 1987 Geoffrey Hinton and James McClelland asked what a net could learn if
# it had none of the three: if activity only ever went *forwards*, round and
# round a loop, and each connection saw nothing but the two units that it joins.
#
# > Hinton & McClelland, *Learning representations by recirculation*, NIPS 1987
# > (1988), pp. 358–366.
#
# The answer fits in two lines. This lesson does one update by hand, looks at
# why it works, trains a thousand loops, and then goes looking for one that
# fails, which turns out to be the best teacher of all.

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from jaxrep import loops, nets, seeds, stats
from jaxrep.figures import bands, panels, settings, spread, style
from jaxrep.learning import recirculation
from jaxrep.measures import agreement
from jaxrep.tasks import boolean

plt.rcParams.update(style.RC)
plt.rcParams['figure.dpi'] = 90

# The paper's simulation: four visible units, two hidden ones, and back.
SIZES = 4, 2, 4
RATE, KEPT, RANGE = 20.0, 0.75, 0.5  # ε, λ, first weights in ±0.5
PATTERNS = boolean.encoder(4)  # 1000, 0100, 0010, 0001
PAPER = loops.Recipe(
  learning_rate=(RATE,),
  momentum=(0.0,),
  init_range=(RANGE,),
  regression_visible=(KEPT,),
  regression_hidden=(loops.SAME,),
  sweeps=1000,  # updates before we give a loop up
  horizon=100,  # updates for which we follow every loop
)
vectors = jnp.array(PATTERNS.inputs)
start = PAPER.start(SIZES)
loop = start(jax.random.key(0), {'init_range': RANGE})
print(np.array(vectors))

# %% [markdown]
# ## Once round the loop
#
# A loop is visible → hidden → visible. What comes back should be what went in:
# four vectors through two hidden units, so the net must find a two-number code
# for each. A vector is put on the visible units at time 0, and time ticks:
#
# $$
# \begin{aligned}
# h_j(1) &= \sigma\Big(\sum_i w_{ij}\,v_i(0) + b_j\Big) \\
# v_i(2) &= \lambda\,v_i(0)
#   + (1-\lambda)\,\sigma\Big(\sum_j r_{ji}\,h_j(1) + c_i\Big) \\
# h_j(3) &= \lambda\,h_j(1)
#   + (1-\lambda)\,\sigma\Big(\sum_i w_{ij}\,v_i(2) + b_j\Big)
# \end{aligned}
# $$
#
# (The paper calls all activities $y$ and all weights $w$; $v$ and $h$, $w$ and
# $r$ keep the two groups and the two directions apart.) The share $\lambda$ is
# the **regression**: a unit does not jump to its new state, it keeps most of
# the old one and leans a little towards the new. So the second time round is a
# slight change of the first, and that slight change is all that is learnt
# from:
#
# $$
# \Delta r_{ji} = \varepsilon\,h_j(1)\,[v_i(0)-v_i(2)] \quad(3)
# \qquad
# \Delta w_{ij} = \varepsilon\,v_i(2)\,[h_j(1)-h_j(3)] \quad(4)
# $$
#
# It is *one* rule, twice: what the sending unit says, times what the receiving
# unit has lost on the way round. Biases learn as weights from a unit that is
# always 1. Here it is with nothing but NumPy, for the first vector, beside what
# the library says.

# %%
(w, b), (r, c) = [(np.array(layer.w), np.array(layer.b)) for layer in loop]


def sigmoid(x):
  return 1 / (1 + np.exp(-x))


v0 = np.array(vectors[0])
h1 = sigmoid(v0 @ w + b)
v2 = KEPT * v0 + (1 - KEPT) * sigmoid(h1 @ r + c)
h3 = KEPT * h1 + (1 - KEPT) * sigmoid(v2 @ w + b)
change_r = np.outer(h1, v0 - v2)  # (3), without ε
change_w = np.outer(v2, h1 - h3)  # (4)
for name, state in ('v(0)', v0), ('h(1)', h1), ('v(2)', v2), ('h(3)', h3):
  print(name, state.round(3))

REGRESSION = recirculation.Regression(visible=KEPT, hidden=KEPT)
first, last = recirculation.changes(loop, vectors[0], REGRESSION)
np.testing.assert_allclose(first.w, change_w, atol=1e-6)
np.testing.assert_allclose(last.w, change_r, atol=1e-6)
print('largest change of w:', abs(change_w).max().round(4))
print('largest change of r:', abs(change_r).max().round(4))
assert abs(change_w).max() < 0.1 * abs(change_r).max()

fig, axes = plt.subplots(
  1, 4, figsize=(7.5, 2.1), sharey=True, width_ratios=(4, 2, 4, 2),
  layout='constrained',
)  # fmt: skip
for ax, name, state, before in zip(
  axes, ('v(0)', 'h(1)', 'v(2)', 'h(3)'), (v0, h1, v2, h3),
  (None, None, v0, h1), strict=True,
):  # fmt: skip
  units = np.arange(1, len(state) + 1)
  ax.bar(units, state, color='#56A3D0', width=0.7)
  if before is not None:
    ax.bar(units, before, color='none', edgecolor='black', width=0.7)
  style.dress(ax, title=name, xlabel='unit')
  ax.set_xticks(units)
_ = axes[0].set_ylabel('activity')

# %% [markdown]
# Bars are activities, the black outlines on the right those of two ticks
# before. What a visible unit has lost between `v(0)` and `v(2)` is the error of
# the reconstruction in small: (3) is the old delta rule. What a hidden unit has
# lost between `h(1)` and `h(3)` can hardly be seen, and the printed change of
# $w$ is less than a tenth of that of $r$. Yet this faint echo is what stands in
# for the whole backward pass.
#
# One **update** is the sum over the four vectors. The paper calls a vector
# learnt when every unit is within 0.1 of it, measured without regression. Let
# us count updates, with a loop of three lines.

# %%
learning, counted = loop, 0


@jax.jit
def summed(loop):
  each = jax.vmap(recirculation.changes, (None, 0, None))(
    loop, vectors, REGRESSION
  )
  return jax.tree.map(lambda a: a.sum(0), each)


def update(loop, rate=RATE):
  return jax.tree.map(lambda a, d: a + rate * d, loop, summed(loop))


def worst(loop):
  return float(abs(nets.answers(loop, vectors) - vectors).max())


while worst(learning) >= 0.1:
  learning, counted = update(learning), counted + 1
print(f'seed 0 has learnt after {counted} updates')
with np.printoptions(precision=2, suppress=True):
  print('codes:', *np.array(nets.answers(learning[:1], vectors)))
  print(np.array(nets.answers(learning, vectors)))

# %% [markdown]
# ## Why it works without a derivative
#
# Back-propagation would give hidden unit $j$ the error signal
#
# $$
# \delta_j = \sigma'(x_j)\,\sum_i r_{ji}\,[v_i(0)-\hat v_i],
# $$
#
# with $\hat v$ the reconstruction: a *derivative*, and the error sent back
# through the *same* $r$ that made the reconstruction. Now look at what the unit
# loses on its way round. On the second trip its input has moved by a small
# amount, for $v(2) - v(0) = (1-\lambda)(\hat v - v(0))$ is small; and a small
# difference of two values of $\sigma$ **is** a derivative:
#
# $$
# h_j(1)-h_j(3) \approx (1-\lambda)^2\,\sigma'(x_j)\,
#   \sum_i w_{ij}\,[v_i(0)-\hat v_i].
# $$
#
# Nobody computes $\sigma'$: the unit *does* it, by being asked twice. One
# difference is left: $w_{ij}$ stands where $r_{ji}$ should. So there are two
# conditions, $\lambda$ near 1 and $r$ proportional to the transpose of $w$.
# Five hundred fresh loops test them, with the matrices tied as one and apart;
# the measure is the cosine between $\Delta w$ and the direction of steepest
# descent, which `jax.grad` knows. (Visible units are linear here, as in the
# paper's argument, where it is exact.)

# %%
SHARES = np.array([0.0, 0.25, 0.5, 0.75, 0.9, 0.97, 0.99])
keys = jax.vmap(jax.random.key)(np.arange(500))


def fresh(recipe):
  """500 loops at their random start."""
  given = jax.vmap(recipe.start(SIZES), (0, None))
  return given(keys, {'init_range': RANGE})


def cosines(many, recipe, kept):
  """Of Δw (visible -> hidden) with steepest descent, one a loop."""

  def one(loop):
    uphill = loops.recirculate(
      loop, {'regression_visible': kept}, PATTERNS, recipe
    )
    down = jax.tree.map(jnp.negative, uphill)
    return agreement.by_layer(down, loops.steepest(loop, PATTERNS))[0]

  return jax.vmap(one)(many)


linear = PAPER._replace(visible_units='linear')
kinds = {'tied, r = wᵀ': linear._replace(tied=True), 'apart': linear}
lines = []
for recipe in kinds.values():
  many = fresh(recipe)
  found = [cosines(many, linear, kept) for kept in SHARES]
  lines.append(np.quantile(found, [0.5, 0.1, 0.9], axis=1))
middle, low, high = np.swapaxes(lines, 0, 1)
for name, line in zip(kinds, middle, strict=True):
  print(f'{name:12}', line.round(3))
assert middle[0, -1] > 0.99 > 0.8 > middle[0, 0]
assert abs(middle[1]).max() < 0.2 and high[1, -1] > 0.5 > -0.5 > low[1, -1]

fig, ax = plt.subplots(figsize=(6, 3.3), layout='constrained')
bands.bands(
  ax, SHARES, middle, low, high, labels=list(kinds),
  xlabel='regression λ', ylabel='cosine of Δw with −∂E/∂w',
  levels={'steepest descent': 1.0, 'unrelated': 0.0},
  title='Two conditions: λ near 1, and r like wᵀ',
)  # fmt: skip

# %% [markdown]
# With tied matrices the line climbs to 1 as λ does: the echo becomes the
# gradient. (λ also multiplies the step by $(1-\lambda)^2$, which is why ε is
# as large as 20.) With matrices apart no λ helps: the median is near 0, and the
# band, of 80 % of all loops, reaches from well below 0 to well above. Such a
# loop starts off in a direction that has *nothing to do* with the gradient.
#
# And the loops of the paper do have their matrices apart. So, do they learn?
#
# ## A thousand loops
#
# The paper ran a hundred, which took "an average of 48 weight updates (with a
# maximum of 202)". Here are a thousand: the library trains them all at once.

# %%
blocks = seeds.lay_out(cells=8)
trial = loops.trial(PAPER, SIZES)


def train(which, **changed):
  """Loops from seeds, at the paper's setting but for what is changed."""
  rows = seeds.cross(which, **PAPER._replace(**changed).grid())
  return loops.run(trial, rows, PATTERNS, blocks=blocks)


_, followed, _ = train(range(1000))
updates = followed['updates']  # NaN: not within the thousand
learnt = stats.rate(np.isfinite(updates))
lost = stats.rate(~np.isfinite(updates))
print(f'learnt: {np.isfinite(updates).sum()} of {len(updates)}')
print(f'lost: {lost.value:.2%}, or up to {lost.high:.2%}')
print(f'mean {np.nanmean(updates):.1f}, median {np.nanmedian(updates):.0f},'
      f' slowest {np.nanmax(updates):.0f}')  # fmt: skip
assert abs(updates[0] - counted) <= 1  # seed 0, whom we know
assert learnt.value > 0.99 and 40 < np.nanmean(updates) < 52
assert np.nanmedian(updates) < np.nanmean(updates)

fig, ax = plt.subplots(figsize=(6, 3.3), layout='constrained')
spread.spread(
  ax, [updates], labels=['4-2-4 at ε = 20'], xlabel='updates',
  marks={'paper: mean 48': 48, 'slowest 202': 202},
  title='Loops learn, and some take long',
)  # fmt: skip

# %% [markdown]
# They do, all or all but a few, and about as fast as the paper says. The
# distribution leans: its mean lies above its median, for a long tail of slow
# loops pulls it. That tail will matter later.
#
# So where does the direction come from that was not there at the start? Look at
# three cosines at every one of the first hundred updates, in every loop,
# whether it has learnt or not: of $\Delta w$ with steepest descent, of
# $\Delta r$ with steepest descent, and of the matrix $r$ with the transpose
# of $w$.

# %%
agrees, aligned = followed['cosine'], followed['alignment']
three = np.stack([aligned, agrees[..., 0], agrees[..., 1]])  # [3, S, T]
middle, low, high = np.nanquantile(three, [0.5, 0.1, 0.9], axis=1)
names = 'r with wᵀ', 'Δw with −∂E/∂w', 'Δr with −∂E/∂r'
for when in 0, 5, 10, 20, 30:
  told = [f'{n} {m:+.2f}' for n, m in zip(names, middle[:, when], strict=True)]
  print(f'update {when:2}:', ', '.join(told))

shown = 41
fig, ax = plt.subplots(figsize=(6.5, 3.8), layout='constrained')
bands.bands(
  ax, np.arange(shown), middle[:2, :shown], low[:2, :shown],
  high[:2, :shown], labels=names[:2], xlabel='updates',
  ylabel='cosine (median, 10–90 %)',
  levels={'agree': 1.0, 'unrelated': 0.0},
  title='The matrices align, and the changes turn downhill',
)  # fmt: skip


def for_good(values, bar=0.5, end=30):
  """The update from which on values [S, T] stay above a bar, or inf."""
  above = values[:, : end + 1] > bar
  stays = np.logical_and.accumulate(above[:, ::-1], axis=1)[:, ::-1]
  return np.where(stays[:, -1], stays.argmax(1), np.inf)


when_aligned, when_agrees = for_good(aligned), for_good(agrees[..., 0])
both = np.isfinite(when_aligned) & np.isfinite(when_agrees)
before = stats.rate((when_aligned < when_agrees)[both])
print(f'medians: aligned from update {np.median(when_aligned[both]):.0f} on,'
      f' downhill from {np.median(when_agrees[both]):.0f} on')  # fmt: skip
print(f'aligned first in {before.value:.1%} of {before.n} loops')
assert abs(middle[:2, 0]).max() < 0.1  # neither, at the start
assert middle[0, 20] > 0.8 and middle[1, 30] > 0.8
assert middle[1, 5] > middle[0, 5]  # medians say otherwise, early
print(f'lower edges at update 15: aligned {low[0, 15]:+.2f},'
      f' downhill {low[1, 15]:+.2f}')  # fmt: skip
assert low[0, 15] > low[1, 15] + 0.3
assert before.value > 0.9

# %% [markdown]
# At update 0 both medians are 0: half of all loops begin by changing $w$
# *uphill*. Then (3) does what a delta rule does: it makes $r$ predict the
# visible units from the hidden ones; and since hidden unit $j$ is driven by
# $w_{ij}$, the best guess at visible unit $i$, given $h_j$, is roughly
# proportional to $w_{ij}$. So $r$ turns towards the transpose of $w$ by itself,
# and as it does, the echo comes to point the right way: $\Delta w$ becomes what
# back-propagation would have done.
#
# Mind how you read "first the one, then the other" here. The two *medians* rise
# side by side; in the first updates, where ε = 20 throws everything about, the
# dashed one is even ahead. What comes first is to be *reliably* there: the
# lower edge of the alignment is up long before that of the changes. And within
# loops, alignment settles first in nearly all of those where both settle. A
# figure of medians alone would have hidden it.
#
# ## The cliff
#
# Is 20 a good rate? Two hundred loops at each of nine rates:

# %%
RATES = 7.0, 10.0, 14.0, 17.0, 20.0, 24.0, 28.0, 34.0, 40.0
_, tried, _ = train(range(200), learning_rate=RATES)
times = tried['updates'].reshape(len(RATES), 200)
shares = [stats.rate(np.isfinite(row)) for row in times]
speed = np.nanmedian(times, axis=1)
for rate, share, median in zip(RATES, shares, speed, strict=True):
  print(f'ε = {rate:2.0f}: {share.value:6.1%} learn, median of these'
        f' {median:.0f} updates')  # fmt: skip
assert min(share.value for share in shares[:4]) > 0.99
assert shares[-1].value < 0.9 and speed[0] > 2 * speed[4]

fig, ax = plt.subplots(figsize=(6, 3.2), layout='constrained')
settings.rates(
  ax, RATES, *np.transpose([(s.value, s.low, s.high) for s in shares]),
  xlabel='learning rate ε', ylabel='loops that learn in 1,000 updates',
  labels=['200 loops at each rate'], title='Fast, faster, over the edge',
)  # fmt: skip

# %% [markdown]
# Up to about 20 a larger rate is simply faster. From there on hardly anything
# is gained, and more and more loops never arrive. The paper's rate stands near
# the edge. How near? Among *our* thousand loops at 20 we met few that failed or
# none; the interval printed above says what that is worth.
#
# ## A loop that never learns
#
# The study with ten thousand loops (`python -m experiments.recirculation`) did
# meet some. One of them is seed 2832. Train it for the full thousand updates,
# then take four more by hand and look at what it gives back.

# %%
ended, its, _ = train([2832])
stuck = jax.tree.map(lambda a: jnp.array(a[0]), ended)
assert np.isnan(its['updates'][0])

views, now = [], stuck
for _ in range(5):
  views.append(nets.answers(now, vectors))
  now = update(now)
views = np.array(views)
codes = np.array(nets.answers(stuck[:1], vectors))
for place, code in enumerate(codes, start=1):
  print(f'vector {place}: code', code.round(3))
print('unit 2, for vector 2, update by update:', views[:, 1, 1].round(3))
np.testing.assert_allclose(views[0], views[2], atol=0.01)
np.testing.assert_allclose(views[1], views[3], atol=0.01)
print(f'second and fourth code differ by {abs(codes[1] - codes[3]).max():.4f}')
assert abs(codes[1] - codes[3]).max() < 0.001
assert abs(codes[1] - codes[0]).max() > 0.5

fig, ax = plt.subplots(figsize=(7.5, 2.1), layout='constrained')
panels.grid(
  ax, views, [f'update {1000 + k}' for k in range(5)], columns=5,
  row_labels=[f'v{k}' for k in (1, 2, 3, 4)],
  caption='rows: vectors; columns: visible units; white 0, dark 1',
)  # fmt: skip

# %% [markdown]
# Two vectors, the second and the fourth, have **the same code** to three digits
# or more. The loop cannot tell them apart, and the best it could do for the
# two units that differ is to say ½ for both. It does not even do that: it says
# *yes, yes*, then *no, no*, and swings for ever.
#
# Why it swings can be worked out. Let $x$ be the input of one of these two
# units, the same for both vectors. With (3), summed over the two vectors, and
# with the bias, one update makes it
#
# $$
# x \;\leftarrow\; x + g\,[1 - 2\sigma(x)] = x - g\tanh(x/2),
# \qquad g = \varepsilon\,(1-\lambda)\,(1+|h|^2).
# $$
#
# $x = 0$, the ½, is a fixed point. The slope of the map there is $1 - g/2$: it
# is stable only while $g < 4$. Beyond, the unit jumps over it by more than it
# was away, and ends between $+x^*$ and $-x^*$ where $2x^* = g\tanh(x^*/2)$.
# No parameter is free. Let us see whether the theory knows the number that the
# loop swings to.

# %%
size = 1 + (codes[1] ** 2).sum()
g = RATE * (1 - KEPT) * size


def swing(g, x=0.1, settle=2000):
  """Where the map of one unit's input ends: two neighbouring outputs."""
  for _ in range(settle):
    x = x - g * np.tanh(x / 2)
  return sorted(sigmoid(np.array([x, x - g * np.tanh(x / 2)])))


theory, seen = swing(g), np.sort(views[:2, 1, 1])
print(f'g = {g:.2f}: theory {theory[0]:.3f} and {theory[1]:.3f},'
      f' the loop {seen[0]:.3f} and {seen[1]:.3f}')  # fmt: skip
np.testing.assert_allclose(theory, seen, atol=0.005)
edge = 4 / ((1 - KEPT) * size)
print(f'for this code ½ is stable below ε = {edge:.2f}')
assert 7.5 < edge < 8.5
slopes = codes * (1 - codes)  # σ' of each hidden unit, for each vector
print('σ′ of the hidden units, for vector 2:', slopes[1].round(4),
      'and for vector 4:', slopes[3].round(4))  # fmt: skip
assert slopes[[1, 3]].max() < 0.005

rates = np.linspace(0.5, 30, 119)
ends = np.array([swing(rate * (1 - KEPT) * size) for rate in rates])
fig, ax = plt.subplots(figsize=(6, 3.3), layout='constrained')
ax.plot(rates, ends, color='#0B2545', lw=1.8)
ax.plot([RATE, RATE], seen, 'o', color='#C0392B', label='the loop, seed 2832')
ax.axvline(edge, color='black', lw=0.9, ls='--', label='g = 4')
ax.legend()
style.dress(ax, xlabel='learning rate ε', ylabel='output σ(x)',
            title='One unit for two vectors: ½, then yes and no')  # fmt: skip

# %% [markdown]
# It does. And why does (4) not push the two codes apart? It could save the
# pair; but for these vectors both hidden units sit where $\sigma$ is flat (the
# printed $\sigma'$), so nothing that comes round moves them, and the echo is
# silent. A rule that finds the derivative by asking twice also *loses* it where
# there is next to none. So does back-propagation, which multiplies by
# $\sigma'$.
#
# There is a general lesson in it. A rate is chosen for speed on typical nets,
# and typical nets do not show the edge. The one net that fails does, and it
# explains it in a line.

# %% [markdown]
# ## Questions
#
# 1. In the picture of the bands, what share of loops first changes $w$ uphill?
#    Estimate it by eye from the median and the band, then count it.
# 2. Set λ to 1 in the equations. What do (3) and (4) change? And why is λ not
#    simply 0.99 in the paper, if the echo is the better the larger λ is?
# 3. How much of the alignment does a *single* update bring? Compare the cosine
#    of $r$ with $w^\mathsf{T}$ before and after one update of a thousand fresh
#    loops.
# 4. The paper's mean of 48 is over a hundred loops. Is it the same as ours?
#    What would the mean be if you ran another hundred, and another?
# 5. Change one line: no regression in the hidden units (`regression_hidden`
#    is 0). What becomes of the share that learns at ε = 20, and what rate would
#    you try in its place?
# 6. Take the lost loop as it is and let it go on at ε = 10, and at ε = 5.
#    The last picture predicts what each does at once. What do they do in the
#    long run?
# 7. Open: which of the two matrices is the way back? Freeze $w$ at its random
#    start and let only (3) go on; or freeze $r$ and let only (4). Argue first
#    what each loop can still learn, then find out.

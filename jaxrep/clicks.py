"""What the galleries of a page share: a style sheet, and a small script.

The script has no global names and asks for nothing from outside. Without it a
gallery still is a figure; with it a click on a mark, the arrow keys and two
buttons choose a net, which is drawn as `figures.nets` draws one.
"""

from jaxrep.figures import nets

STYLE = """
.gallery .sides { display: grid; gap: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); }
.gallery .sides > * { min-width: 0; }
.gallery svg { display: block; width: 100%; height: auto;
  font-size: 11.5px; fill: #1a1a1a; }
.gallery .plot, .gallery .net { max-width: 30rem; }
.gallery .mid { text-anchor: middle; }
.gallery .end { text-anchor: end; }
.gallery .grid { stroke: #e4e4e4; }
.gallery .axis { stroke: #6b6b6b; fill: none; }
.gallery .marks { stroke: #fff; stroke-width: .6; }
.gallery .marks [role] { cursor: pointer; outline: none; }
.gallery .ring { fill: none; stroke: #1a1a1a; stroke-width: 2;
  pointer-events: none; }
.gallery .marks:focus-within ~ .ring { stroke-width: 3; }
.gallery .link { fill: none; opacity: .9; }
.gallery .plus { stroke: PLUS; }
.gallery .minus { stroke: MINUS; }
.gallery .unit { fill: #fff; stroke: #1a1a1a; stroke-width: 1.2; }
.gallery .named { paint-order: stroke; stroke: #fff; stroke-width: 3px; }
.gallery .chosen p { margin: .5rem 0 0; font-size: .9rem; }
.gallery .chosen p:first-child { display: flex; align-items: baseline;
  justify-content: space-between; }
.gallery .chosen .words { min-height: 3em; }
.gallery button { font: inherit; padding: .2rem .6rem; }
.gallery .numbers { overflow-x: auto; margin: .5rem 0 0; }
.gallery table { width: auto; font-size: .75rem; }
.gallery th, .gallery td { padding: .1rem 0 .1rem .5rem; text-align: right;
  white-space: nowrap; border: 0; }
.gallery th:first-child { padding-left: 0; text-align: left; }
.gallery tr:first-child th { border-bottom: 1px solid #ddd; }
@media (max-width: 34rem) {
  .gallery th, .gallery td { padding-left: .3rem; } }
@media print { .gallery .chosen p:first-child { display: none; } }
""".strip()
STYLE = STYLE.replace('PLUS', nets.POSITIVE.color)
STYLE = STYLE.replace('MINUS', nets.NEGATIVE.color)

SCRIPT = """
(() => {
  'use strict';
  const WIDTH = 320, BASE = 193, TOP = 20, NEAR = 24;

  const add = (parent, name, attributes = {}, words = '') => {
    const child = document.createElementNS(parent.namespaceURI, name);
    for (const key in attributes) child.setAttribute(key, attributes[key]);
    child.textContent = words;
    return parent.appendChild(child);
  };
  const number = (v, digits) => v === null ? '—' :
    (digits === undefined ? String(v) : v.toFixed(digits)).replace('-', '−');
  const short = v => number(v, v === null || Math.abs(v) >= 99.95 ? 0 : 1);

  // A net's numbers cut into layers: weights [I][O], then biases [O].
  const cut = (data, numbers) => {
    let at = 0;
    const take = count => numbers.slice(at, at += count);
    return data.rows.map((rows, k) => {
      const wide = data.units[k + 1].length;
      return {w: Array.from({length: rows}, () => take(wide)), b: take(wide)};
    });
  };
  // The unit that row i of a layer comes from; the inputs' direct links last.
  const source = (data, k, i) =>
    i < data.units[k].length ? [k, i] : [0, i - data.units[k].length];

  const draw = (svg, data, layers) => {
    svg.replaceChildren();
    const gap = k => WIDTH / data.units[k].length;
    const radius = k => Math.min(16, .38 * gap(k));
    const place = (k, i) =>
      [(i + .5) * gap(k), BASE - k * (BASE - TOP) / layers.length];
    const weights = layers.flatMap(layer => layer.w.flat());
    const largest = Math.max(...weights.map(Math.abs)) || 1;
    const link = ([x, y], [X, Y], v, wide) => add(svg, 'path', {
      class: `link ${v > 0 ? 'plus' : 'minus'}`, d: `M${x} ${y}L${X} ${Y}`,
      'stroke-width': wide, 'stroke-dasharray': v > 0 ? 'none' :
        `${3 * Math.max(wide, 1)} ${1.2 * Math.max(wide, 1)}`});
    layers.forEach(({w}, k) => w.forEach((row, i) => row.forEach((v, j) => {
      const from = place(...source(data, k, i));
      if (v) link(from, place(k + 1, j), v, .4 + 4.2 * Math.abs(v) / largest);
    })));
    data.units.forEach((names, k) => names.forEach((name, i) => {
      const [x, y] = place(k, i), r = radius(k);
      add(svg, 'circle', {class: 'unit', cx: x, cy: y, r});
      if (k && r > 14) {
        const bias = layers[k - 1].b[i];
        add(svg, 'text', {class: 'mid', x, y: y + 4}, short(bias));
      }
      const room = k ? gap(k) / 2 - r - 3 : gap(k);  // beside it, or below
      if (room < 6.5 * name.length) return;  // the table names it, too
      add(svg, 'text', k ? {class: 'named', x: x + r + 3, y: y - 6} :
        {class: 'mid', x, y: y + r + 14}, name);
    }));
    ['positive', 'negative'].forEach((words, k) => {
      link([8 + 90 * k, 242], [34 + 90 * k, 242], k ? -1 : 1, 2.5);
      add(svg, 'text', {x: 39 + 90 * k, y: 246}, words);
    });
    const widest = `widest: ${short(largest)}`;
    add(svg, 'text', {class: 'end', x: WIDTH - 4, y: 246}, widest);
  };

  const tell = (table, data, layers) => {
    table.replaceChildren();
    layers.forEach(({w, b}, k) => {
      const body = add(table, 'tbody'), head = add(body, 'tr');
      const names = w.map((_, i) => source(data, k, i));
      ['into', 'bias', ...names.map(([l, i]) => data.units[l][i])].forEach(
        words => add(head, 'th', {scope: 'col'}, words));
      b.forEach((bias, j) => {
        const row = add(body, 'tr');
        add(row, 'th', {scope: 'row'}, data.units[k + 1][j]);
        [bias, ...w.map(from => from[j])].forEach(
          v => add(row, 'td', {}, number(v)));
      });
    });
  };

  document.querySelectorAll('figure.gallery').forEach(figure => {
    const find = query => figure.querySelector(query);
    const data = JSON.parse(find('script').textContent), marks = [];
    const plot = find('.plot');
    const ring = add(plot, 'circle', {class: 'ring', r: 8});
    plot.querySelectorAll('[data-net]').forEach(mark => {
      marks[mark.dataset.net] = mark;
      mark.setAttribute('role', 'button');
      mark.setAttribute('tabindex', -1);
    });
    plot.setAttribute('role', 'group');
    figure.querySelectorAll('.chosen').forEach(part => part.hidden = false);
    let current = data.first;
    const show = (n, focus) => {
      marks[current].setAttribute('tabindex', -1);
      marks[current].removeAttribute('aria-pressed');
      current = (n + marks.length) % marks.length;
      const mark = marks[current], layers = cut(data, data.nets[current]);
      mark.setAttribute('tabindex', 0);
      mark.setAttribute('aria-pressed', true);
      ring.setAttribute('cx', data.at[current][0]);
      ring.setAttribute('cy', data.at[current][1]);
      draw(find('.net'), data, layers);
      tell(find('table'), data, layers);
      find('.words').textContent = mark.textContent;
      find('.chosen span').textContent = `${current + 1} of ${marks.length}`;
      if (focus) mark.focus({preventScroll: true});
    };
    plot.addEventListener('click', event => {  // the nearest, not the topmost
      const box = plot.getBoundingClientRect();
      const zoom = plot.viewBox.baseVal.width / box.width;
      const x = (event.clientX - box.left) * zoom;
      const y = (event.clientY - box.top) * zoom;
      const far = data.at.map(([X, Y]) => Math.hypot(X - x, Y - y));
      const least = Math.min(...far);
      if (least < NEAR) show(far.indexOf(least), true);
    });
    plot.addEventListener('keydown', event => {
      const n = Number(event.target.dataset.net), to = {
        ArrowRight: n + 1, ArrowDown: n + 1, ArrowLeft: n - 1, ArrowUp: n - 1,
        Enter: n, ' ': n, Home: 0, End: marks.length - 1}[event.key];
      if (!(to >= -1)) return;
      event.preventDefault();
      show(to, true);
    });
    const [previous, next] = figure.querySelectorAll('button');
    previous.addEventListener('click', () => show(current - 1));
    next.addEventListener('click', () => show(current + 1));
    show(current);
  });
})();
""".strip()

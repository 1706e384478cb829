"""A browser shows the ledger whole, also on a phone, and nets at a click."""

import browser
import pytest

pytestmark = browser.NEEDED

# An element that scrolls by itself may be wider than it is shown.
LOOK = """
const page = document.documentElement;
const scrolls = e => e && (/auto|scroll/.test(getComputedStyle(e).overflowX) ||
  scrolls(e.parentElement));
const wide = [...document.body.querySelectorAll('*')].filter(e =>
  e.getBoundingClientRect().right > page.clientWidth + 1 && !scrolls(e) &&
  !e.closest('svg'));
const pictures = [...document.images];
return {
  width: page.clientWidth, scroll: page.scrollWidth,
  wide: wide.map(e => `${e.tagName} ${e.id} ${e.className}: ` +
    e.textContent.slice(0, 60)).slice(0, 9),
  pictures: pictures.length,
  broken: pictures.filter(i => !i.complete || !i.naturalWidth).length,
  dumb: pictures.filter(i => !i.alt.trim()).length +
    [...document.querySelectorAll('svg[role=img]')].filter(
      e => !(e.getAttribute('aria-label') || '').trim()).length,
  small: pictures.filter(i => i.getBoundingClientRect().width < 200).length,
  galleries: [...document.querySelectorAll('figure.gallery')].map(figure => {
    const panel = figure.querySelector('.net');
    const words = figure.querySelector('.words');
    const before = [panel.innerHTML, words.textContent];
    const hidden = [...figure.querySelectorAll('.chosen')].some(e => e.hidden);
    const marks = [...figure.querySelectorAll('[data-net]')];
    const mark = marks.find(e => e.textContent !== words.textContent);
    const box = mark.getBoundingClientRect();
    mark.dispatchEvent(new MouseEvent('click', {bubbles: true,
      clientX: box.left + box.width / 2, clientY: box.top + box.height / 2}));
    const frame = figure.querySelector('.plot').getBoundingClientRect();
    const outside = marks.filter(e => {
      const b = e.getBoundingClientRect();
      return b.left < frame.left || b.right > frame.right ||
        b.top < frame.top || b.bottom > frame.bottom;
    }).length;
    return {hidden, outside, marks: marks.length,
      drawn: panel.innerHTML !== before[0],
      said: words.textContent !== before[1],
      links: panel.querySelectorAll('.link').length};
  }),
};
"""


@pytest.fixture(scope='module', params=[360, 1100], ids=['phone', 'screen'])
def seen(request, smoke_ledger, tmp_path_factory):
  """What a browser says of the page, at a width."""
  text = (smoke_ledger[0] / 'ledger.html').read_text()
  folder = tmp_path_factory.mktemp('browser')
  probed = browser.probe(text, LOOK, folder, width=request.param)
  assert probed['errors'] == []
  return probed['found']


def test_no_picture_is_broken_or_without_words(seen):
  assert seen['pictures'] > 24
  assert (seen['broken'], seen['dumb'], seen['small']) == (0, 0, 0)


def test_the_page_is_as_wide_as_the_screen(seen):
  assert seen['wide'] == []
  assert seen['scroll'] <= seen['width']


def test_a_click_on_a_mark_draws_its_net(seen):
  assert len(seen['galleries']) > 2
  for gallery in seen['galleries']:
    assert not gallery['hidden']
    assert gallery['outside'] == 0
    assert gallery['marks'] > 20
    assert gallery['drawn'] and gallery['said']
    assert gallery['links'] > 4


def test_what_goes_wrong_in_a_page_is_seen(tmp_path):
  """Else the others would test nothing."""
  page = (
    '<!DOCTYPE html><html><head></head><body><img src="data:image/png,x">'
    '<p style="width: 700px" class="far">long</p><script>gone()</script>'
    '</body></html>'
  )
  probed = browser.probe(page, LOOK, tmp_path)
  found = probed['found']
  assert (found['broken'], found['dumb']) == (1, 1)
  assert found['scroll'] > found['width']
  assert found['wide'] == ['P  far: long']
  assert any('gone is not defined' in error for error in probed['errors'])

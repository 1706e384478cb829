"""Pages as a reader has them: their tags, and what a browser makes of them."""

import html
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
from collections.abc import Iterable

import pytest

NAMES = (
  'chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome',
  'chrome',
)  # fmt: skip
VOID = {'br', 'hr', 'img', 'input', 'link', 'meta'}  # these have no end


class Reader(html.parser.HTMLParser):
  """Collects tags, and words by tag, and requires that tags balance.

  Attributes:
    tags: names and attributes, each with those of the tags round it.
    words: each with the tag that they stand in.
  """

  def __init__(self, text: str):
    super().__init__()
    self.open, self.tags, self.words = [], [], []
    self.feed(text)
    self.close()
    assert not self.open

  def handle_starttag(self, tag, attrs):
    self.handle_startendtag(tag, attrs)
    if tag not in VOID:
      self.open.append((tag, dict(attrs)))

  def handle_startendtag(self, tag, attrs):
    names = [name for name, _ in attrs]
    assert len(set(names)) == len(names)
    self.tags.append((tag, dict(attrs), tuple(self.open)))

  def handle_endtag(self, tag):
    assert self.open.pop()[0] == tag

  def handle_data(self, data):
    if self.open and data.strip():
      self.words.append((self.open[-1][0], data.strip(), tuple(self.open)))

  def of(self, tag: str, within: str | None = None) -> list[dict]:
    """Returns the attributes of all tags of a name, inside that of an id."""
    return [
      attrs
      for name, attrs, around in self.tags
      if name == tag and _inside(within, around)
    ]

  def said(self, tag: str, within: str | None = None) -> list[str]:
    """Returns the words that stand in tags of a name, inside that of an id."""
    return [
      words
      for name, words, around in self.words
      if name == tag and _inside(within, around)
    ]


def _inside(within: str | None, around: Iterable[tuple[str, dict]]) -> bool:
  return within is None or any(attrs.get('id') == within for _, attrs in around)


def find() -> str | None:
  """Returns the path of a browser, or None; `JAXREP_BROWSER` may name one."""
  names = os.environ.get('JAXREP_BROWSER', ''), *NAMES
  return next(filter(None, map(shutil.which, names)), None)


NEEDED = pytest.mark.skipif(
  find() is None, reason='no browser: expected Chromium, or JAXREP_BROWSER'
)


def probe(
  page: str, script: str, folder: pathlib.Path, *, width: int = 500
) -> dict:
  """Returns what a script finds in a page, and what went wrong before.

  The page is shown in a frame, as no window is as narrow as a phone.

  Args:
    page: its HTML.
    script: JavaScript, the body of a function that is called once all is there;
      what it returns is `found`. `errors` are those of all scripts.
    folder: for files of the browser's.
    width: of the frame, in CSS pixels.
  """
  watched = _into(page, '<head>', f'<script>{_WATCH}</script>', after=True)
  asked = _ASK.replace('SCRIPT', script)
  whole = _into(watched, '</body>', f'<script>{asked}</script>', after=False)
  frame = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>'
    f'<iframe style="width: {width}px; height: 800px; border: 0"'
    f' srcdoc="{html.escape(whole)}"></iframe></body></html>'
  )
  path = folder / 'frame.html'
  path.write_text(frame)
  done = subprocess.run(
    [
      find(), '--headless', '--no-sandbox', '--disable-gpu', '--dump-dom',
      '--disable-dev-shm-usage', '--no-first-run', '--window-size=1200,900',
      f'--user-data-dir={folder / "profile"}', path.as_uri(),
    ],
    capture_output=True, text=True, timeout=120, check=True,
  )  # fmt: skip
  said = re.search(r'<body data-said="([^"]*)"', done.stdout)
  assert said, f'the page never got there: {done.stdout[:300]}'
  return json.loads(html.unescape(said[1]))


def _into(text: str, tag: str, more: str, *, after: bool) -> str:
  first, found, last = text.partition(tag) if after else text.rpartition(tag)
  assert found, f'expected {tag}, found none'
  return first + (found + more if after else more + found) + last


_WATCH = """
const errors = [];
addEventListener('error', event => errors.push(
  event.message || `not loaded: ${event.target.outerHTML.slice(0, 99)}`), true);
addEventListener('unhandledrejection', event => errors.push(`${event.reason}`));
"""
_ASK = """
addEventListener('load', () => {
  let found = null;
  try { found = (() => {SCRIPT})(); } catch (error) { errors.push(`${error}`); }
  const outer = parent.document.body;
  outer.dataset.said = JSON.stringify({found, errors});
  outer.replaceChildren();
});
"""

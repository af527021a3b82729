"""Words of a table that a line ends within: what a reader has to put together again."""

from playwright.sync_api import Page

# A line may end after a hyphen or a slash; addresses of the web, codes and fingerprints are no words.
BROKEN = r"""() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const around = node.parentElement;
    if (!around.closest("td, th") || around.closest("code, pre, .breaks, .fingerprint, .reason, .hint")) continue;
    if (!around.checkVisibility({ visibilityProperty: true })) continue;
    for (const word of node.data.matchAll(/[^\s\-\u2013\/\u200b\u00ad]+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const pieces = [...range.getClientRects()].filter((one) => one.width > 0);
      if (new Set(pieces.map((one) => Math.round(one.top))).size > 1) found.push(word[0]);
    }
  }
  return found;
}"""


def broken_words(page: Page) -> list[str]:
    """Those of the tables that are seen at the page's width."""
    found: list[str] = page.evaluate(BROKEN)
    return found

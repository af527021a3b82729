"""What axe-core finds on a page, in light and dark."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.broken_words import broken_words
from tests.browser.page_states.state import State

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = ["color-contrast"]
WIDTHS = {"wide": 1280, "narrow": 390}  # CSS pixels
HEIGHT = 900
RUN = """async ([theme, rules, part]) => {
  const sheet = new CSSStyleSheet();  // a colour on its way to another one has no contrast
  sheet.replaceSync("*, *::before, *::after { transition: none !important }");
  document.adoptedStyleSheets = [sheet];
  document.documentElement.dataset.theme = theme;
  await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const where = part ? {include: [[part]]} : document;
  return axe.run(where, {runOnly: rules, resultTypes: ["violations", "incomplete"]});
}"""
UNFOLD = "document.querySelectorAll('details').forEach(one => one.open = true)"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def complaints_of(page: Page, name: str) -> list[str]:
    """All rules in light, then the colours once more in dark, with everything unfolded."""
    page.evaluate(UNFOLD)
    return _in_both_themes(page, name)


def complaints_of_state(state: State) -> list[str]:
    """The same at both widths, of what is new in this state; whether it is wider than the window, and breaks words."""
    found = []
    for width, pixels in WIDTHS.items():
        state.page.set_viewport_size({"width": pixels, "height": HEIGHT})
        name = f"{state.name}, {width}"
        found += _in_both_themes(state.page, name, state.part)
        wider = state.page.evaluate(WIDER)
        found += [f"{name}: {wider} pixels wider than the window"] if wider > 0 else []
    state.page.set_viewport_size({"width": WIDTHS["wide"], "height": HEIGHT})
    return found + [f"{state.name}: a line ends within {word}" for word in broken_words(state.page)]


def _in_both_themes(page: Page, name: str, part: str = "") -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return _run(page, name, "light", STANDARD, part) + _run(page, name, "dark", CONTRAST, part)


def _run(page: Page, name: str, theme: str, rules: list[str], part: str) -> list[str]:
    answer = page.evaluate(RUN, [theme, rules, part])
    failed = [(found["id"], node) for found in answer["violations"] for node in found["nodes"]]
    unknown = [
        (found["id"], node)
        for found in answer["incomplete"]
        for node in found["nodes"]
        if found["id"] == "color-contrast" and _is_over_a_gradient(node)
    ]
    return [
        f"{name} in {theme}: {rule}: {node['failureSummary']} {node['html'][:120]}" for rule, node in failed + unknown
    ]


def _is_over_a_gradient(node: dict[str, Any]) -> bool:
    """Contrast that could not be measured is no contrast; except in a select, whose arrow is a gradient."""
    reasons = {check["data"]["messageKey"] for check in node["any"] if check["data"]}
    return "bgGradient" in reasons and not node["html"].startswith("<select")

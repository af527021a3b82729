"""What a page says to who does not see it, and whether it holds at 200 %: what axe does not look at."""

from playwright.sync_api import Page

ZOOMED = {"width": 640, "height": 450}  # 1280 by 900 at 200 % (WCAG 1.4.4)

# Headings (1.3.1), landmarks, tables, lists, the order of the source (1.3.2), fields that say whether a browser may
# fill them in (1.3.5), and the help, which is the last thing of the bar above (3.2.6).
STRUCTURE = r"""() => {
  const found = [];
  const seen = (one) => one.checkVisibility({ visibilityProperty: true });
  const short = (one) => one.outerHTML.replace(/\s+/g, " ").slice(0, 100);
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  const text = (one) => one.textContent.replace(/\s+/g, " ").trim();
  const called = (id) => document.getElementById(id)?.textContent ?? "";
  const name = (one) => one.getAttribute("aria-label")
    ?? (one.getAttribute("aria-labelledby") ?? "").split(" ").map(called).join(" ").trim();

  if (all("h1").length !== 1) found.push(`${all("h1").length} headings of level 1`);
  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) found.push(`heading ${own} after ${level}: ${text(heading)}`);
    level = own;
  }
  for (const kind of ["nav", "[role=search]", "main section", "aside"]) {
    const names = all(kind).map(name);
    if (names.includes("")) found.push(`${kind} without a name`);
    if (new Set(names).size < names.length) found.push(`two ${kind} of one name: ${names.join(", ")}`);
  }
  for (const table of document.querySelectorAll("table")) {
    if (!name(table) && !table.caption) found.push(`table without a name: ${short(table)}`);
    if (table.querySelector("th:not([scope])")) found.push(`a head without scope: ${short(table)}`);
    if (!table.querySelector("th")) found.push(`table without heads: ${short(table)}`);
  }
  for (const list of document.querySelectorAll("ul, ol")) {
    if ([...list.children].some((item) => item.tagName !== "LI")) found.push(`no list: ${short(list)}`);
  }
  const isOrdered = (one) => !["absolute", "fixed", "sticky"].includes(getComputedStyle(one).position);
  const order = (parent) => {
    const parts = [...parent.children].filter((part) => seen(part) && isOrdered(part) && part.offsetWidth > 2);
    parts.slice(1).forEach((part, index) => {
      const [before, here] = [parts[index].getBoundingClientRect(), part.getBoundingClientRect()];
      if (here.bottom <= before.top + 1 && here.height) found.push(`seen before what it follows: ${short(part)}`);
    });
    parts.forEach(order);
  };
  order(document.body);
  for (const field of document.querySelectorAll("main form[method=post] input")) {
    const isTyped = ["text", "email", "password", "url", "tel"].includes(field.type);
    if (isTyped && !field.readOnly && !field.autocomplete) found.push(`purpose unknown: ${short(field)}`);
  }
  const help = all(".top-bar button, .top-bar input, .top-bar a").at(-1);
  if (!help || text(help) !== "?Keyboard shortcuts") found.push("the help is not the last of the bar above");
  return found;
}"""

# Texts that cover each other, and texts that end at the edge of what cuts them off.
CROWDED = r"""() => {
  const words = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const edge = (one) => {
    const box = { left: 0, top: -Infinity, right: Infinity, bottom: Infinity, isFixed: false };
    for (let part = one; part && part !== document.body; part = part.parentElement) {
      const style = getComputedStyle(part);
      if (["fixed", "sticky"].includes(style.position)) box.isFixed = true;
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      const own = part.getBoundingClientRect();
      box.left = Math.max(box.left, own.left);
      box.top = Math.max(box.top, own.top);
      box.right = Math.min(box.right, own.right);
      box.bottom = Math.min(box.bottom, own.bottom);
    }
    return box;
  };
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement;
    const isSeen = parent.checkVisibility({ visibilityProperty: true });
    const text = texts.currentNode.data.trim();
    if (!text || !isSeen || parent.closest(".visually-hidden, .skip, option")) continue;
    if (getComputedStyle(parent).clipPath !== "none" || parent.closest("thead")) continue;
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const frame = edge(parent);
    for (const box of frame.isFixed ? [] : range.getClientRects()) {
      const [left, top] = [Math.max(box.left, frame.left), Math.max(box.top, frame.top)];
      const [right, bottom] = [Math.min(box.right, frame.right), Math.min(box.bottom, frame.bottom)];
      if (right - left > 1 && bottom - top > 1) words.push({ parent, left, top, right, bottom, text });
    }
  }
  words.sort((one, other) => one.top - other.top);
  const found = new Set();
  words.forEach((one, index) => {
    for (const other of words.slice(index + 1)) {
      if (other.top >= one.bottom) break;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - other.top;
      const height = Math.min(one.bottom - one.top, other.bottom - other.top);
      const isOver = one.parent !== other.parent && across > 3 && down > height * 0.35;
      if (isOver) found.add(`${one.text} covers ${other.text}`);
    }
  });
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return [...found, ...(wide > 0 ? [`${wide} px wider than the window`] : [])];
}"""

# Text alone at 200 %: what is drawn grows with its text.
LARGE_TEXT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("html { font-size: 200% }");
  document.adoptedStyleSheets = [sheet];
  const outside = [...document.querySelectorAll(".picture-box")].filter((part) => {
    const box = part.querySelector("rect").getBoundingClientRect();
    return [...part.querySelectorAll("text")].some((text) => text.getBoundingClientRect().right > box.right + 1);
  });
  document.adoptedStyleSheets = [];
  return outside.map((part) => part.textContent.trim());
}"""


def structure_complaints(page: Page) -> list[str]:
    """What is wrong with the page's structure; at any width."""
    return list(page.evaluate(STRUCTURE))


def zoom_complaints(page: Page) -> list[str]:
    """What can't be read at 200 %, and where text alone grows."""
    page.set_viewport_size({"width": ZOOMED["width"], "height": ZOOMED["height"]})
    crowded = [f"at 200 %: {text}" for text in page.evaluate(CROWDED)]
    return crowded + [f"larger text leaves its box: {text}" for text in page.evaluate(LARGE_TEXT)]

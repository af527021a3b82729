"""The states that any page may have: what opens on it, what it says to a wrong form, and when it finds nothing."""

from collections.abc import Iterator
from urllib.parse import urlencode, urljoin, urlsplit

from django.urls import resolve
from playwright.sync_api import Page

from tests.browser.page_states.state import State

SHORTCUTS = "shortcuts"
NOBODY = "nobody of this name"
NO_MOMENT = "the day before"

# Forms to which nothing is wrong, by the names of their addresses: they would do what they are for.
TAKE_ANYTHING = {
    *("choose_columns", "local_accounts", "generate_key", "delete_team", "undo"),
    *("person_claim", "profile_fields", "refresh_connection", "set_revocation_source", "set_event_stream"),
}
REFUSAL = "main .notice-danger, main .notice-warn, [aria-invalid=true]"
REFUSED = "main .notice-danger, form:has([aria-invalid=true])"

# Everything that is folded away, but for the menus: they lie over what is below them, so each is a state of its own.
UNFOLD = """() => {
  const folds = [...document.querySelectorAll("main details:not([open]):not(.list-menu)")];
  for (const fold of folds) { fold.open = true; fold.dataset.unfolded = ""; }
  return folds.length;
}"""
SHOWN = """() => {
  const toggles = [...document.querySelectorAll("main [aria-expanded=false]:not([role=combobox])")];
  for (const toggle of toggles) toggle.click();
  return toggles.length;
}"""
OPENED = "[...new Set([...document.querySelectorAll('[data-opens]')].map(one => one.dataset.opens))]"

# Forms in which something is typed or chosen. Those of a button alone have nothing that could be wrong.
IN_THE_PAGE = "main form[method=post], dialog form[method=post]"
FORMS = """(forms) => [...document.querySelectorAll(forms)].map((form, place) => {
  const fields = [...form.elements].filter((one) => one.matches("input, select, textarea"));
  const isTyped = fields.some((one) => !["hidden", "submit"].includes(one.type));
  return isTyped ? [place, form.getAttribute("action") ?? ""] : null;
}).filter(Boolean)"""
SEND_WRONG = """([forms, place]) => {
  const form = document.querySelectorAll(forms)[place];
  for (const one of form.elements) {
    if (one.type === "hidden" || one.disabled) continue;
    if (one.type === "checkbox" || one.type === "radio") one.checked = false;
    else if (one.tagName === "SELECT") { one.add(new Option("", "none of these")); one.value = "none of these"; }
    else if (one.type === "number") { one.removeAttribute("min"); one.value = "-1"; }
    else if (one.matches("input:not([type=file]), textarea")) one.value = "";
  }
  HTMLFormElement.prototype.submit.call(form);
}"""


def states_of_page(page: Page, name: str, sent: set[str] | None = None) -> Iterator[State]:
    """The open page as it is, and then each of its states; the page is as it was at the end.

    ``sent``: forms that were sent on another page already, by the names of their addresses.
    """
    address = page.url
    yield State(name, page)
    yield from _folds(page, name)
    yield from _menus(page, name)
    yield from _dialogs(page, name)
    yield from _nothing_found(page, name, address)
    yield from _refused(page, name, address, set() if sent is None else sent)
    page.goto(address)


def _folds(page: Page, name: str) -> Iterator[State]:
    if page.evaluate(UNFOLD):
        yield State(f"{name}: unfolded", page, "[data-unfolded]")
    if page.evaluate(SHOWN):  # on a phone
        yield State(f"{name}: filters", page, "main form[data-open]")


def _menus(page: Page, name: str) -> Iterator[State]:
    for menu in page.locator("main .list-menu").all():
        menu.locator("summary").first.click()
        label = menu.locator("summary").first.inner_text().strip()
        yield State(f"{name}: menu {label}", page, ".list-menu[open]")
        menu.locator("summary").first.click()


def _dialogs(page: Page, name: str) -> Iterator[State]:
    for key in page.evaluate(OPENED):
        if key == SHORTCUTS:  # which is the same on every page
            continue
        page.evaluate("key => document.getElementById(key)?.showModal()", key)
        yield State(f"{name}: dialog {key}", page, f"#{key}")
        page.evaluate("key => document.getElementById(key)?.close()", key)


def _nothing_found(page: Page, name: str, address: str) -> Iterator[State]:
    """What a list says when nothing fits, and a field for a moment that was given none."""
    filters = page.locator("main form[method=get]")
    moments = [str(one.get_attribute("name")) for one in filters.locator("[data-moment-field]").all()]
    if filters.locator("input[name=q]").count():
        page.goto(_asked(address, q=NOBODY))
        yield State(f"{name}: nothing found", page, _present(page, "main .empty"))
    if moments:
        page.goto(_asked(address, **dict.fromkeys(moments, NO_MOMENT)))
        yield State(f"{name}: moment refused", page, "main form:has([data-moment-field])")


def _asked(address: str, **query: str) -> str:
    return urlsplit(address)._replace(query=urlencode(query), fragment="").geturl()


def _refused(page: Page, name: str, address: str, sent: set[str]) -> Iterator[State]:
    """Each form sent empty or wrong. One that takes it has to be named in ``TAKE_ANYTHING``."""
    page.goto(address)
    for place, action in page.evaluate(FORMS, IN_THE_PAGE):
        view = _view(urljoin(address, action))
        if view in TAKE_ANYTHING or view in sent:
            continue
        sent.add(view)
        page.goto(address)
        before = set(page.locator(REFUSAL).all_inner_texts())
        with page.expect_navigation() as answer:
            page.evaluate(SEND_WRONG, [IN_THE_PAGE, place])
        is_refused = answer.value.status == 422 or set(page.locator(REFUSAL).all_inner_texts()) - before
        assert is_refused, f"{view} of {name} took a wrong form"
        yield State(f"{name}: refused {view}", page, _present(page, REFUSED))


def _present(page: Page, part: str) -> str:
    """The part, or all of the page's content where it has none."""
    return part if page.locator(part).count() else "main"


def _view(address: str) -> str:
    return resolve(urlsplit(address).path).url_name or ""

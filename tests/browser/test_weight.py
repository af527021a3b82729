"""No page is heavy on a site of 300 people, and none of them jumps while it is loaded."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.page_weights import weights
from tests.once import ONCE

pytestmark = ONCE

PEOPLE = 300
MOST_HTML = 60_000  # bytes
MOST_SENT = 150_000  # bytes of a first visit
MOST_REQUESTS = 8  # of a first visit
MOST_SHIFT = 0.01  # what is rounded to nothing


def test_every_page_is_light_comes_in_few_requests_and_stays_where_it_is(browser: Browser, tmp_path: Path) -> None:
    heavy = [
        each
        for each in weights(browser, tmp_path, people=PEOPLE)
        if each.html > MOST_HTML
        or each.sent > MOST_SENT
        or each.requests > MOST_REQUESTS
        or max(each.shift.values()) >= MOST_SHIFT
    ]

    assert heavy == []

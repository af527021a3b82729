"""Every page in every state as axe-core sees it, in both themes and at both widths; and links lead to each page."""

import re
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.axe import complaints_of_state
from tests.browser.page_states import all_states
from tests.once import ONCE

pytestmark = ONCE

PEOPLE = 30  # some of each role
# What somebody may see of the site who looks for what is missing here.
SOME_OF_THEM = {
    "home",
    "directory_user_changelist: nothing found",
    "directory_user_changelist: menu Columns",
    "scim: dialog revoke-dialog",
    "webhooks: refused webhooks",
    "change: question",
    "set-up: sign-on in keycloak",
    "audit trail: damaged",
}


def test_every_page_passes_axe_in_every_state_and_is_reached_by_links(browser: Browser, tmp_path: Path) -> None:
    complaints, seen = list[str](), list[str]()
    for state in all_states(browser, tmp_path, people=PEOPLE):
        seen.append(re.sub(r"\s+", " ", state.name))
        complaints += complaints_of_state(state)

    assert complaints == []
    assert set(seen) >= SOME_OF_THEM
    assert len(seen) == len(set(seen)), "two states of one name"

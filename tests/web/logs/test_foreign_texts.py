"""What others wrote is not read out as if it were in the language of the page (WCAG 3.1.2)."""

import re

from django.test import Client

from tests.builders import log_request
from tests.web.pages import text_of


def test_what_was_asked_has_no_language_and_what_was_answered_is_english(admin_client: Client) -> None:
    entry = log_request("refused", detail="No such user.", request={"title": "Leiterin"}, answer={"detail": "No."})

    page = text_of(admin_client.get(f"/provisioning-log/{entry.pk}/"))

    assert re.search(r'<pre[^>]*\slang=""\s+translate="no">[^<]*Leiterin', page)
    assert re.search(r'<pre[^>]*\slang="en"\s+translate="no">[^<]*detail', page)
    assert '<span lang="en">No such user.</span>' in page


def test_a_body_that_is_missing_is_said_in_the_language_of_the_page(admin_client: Client) -> None:
    page = text_of(admin_client.get(f"/provisioning-log/{log_request().pk}/"))

    assert page.count("(no body)") > 0
    assert not re.search(r'lang=""[^>]*>\(no body\)', page)

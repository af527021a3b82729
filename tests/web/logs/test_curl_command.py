"""The command line that sends a request of the log again: one argument for each value, and no credential."""

import json
import shlex

import pytest
from django.test import Client

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.audit.stored_bodies import packed
from gatekeeper.web.logs.curl_command import curl_command
from tests.builders import log_request
from tests.web.pages import text_of

HOSTILE = ["'; rm -rf / #", "$(id)", "`id`", 'a"b', "a\nb", "\\", "!x", "ä€", "--data @/etc/passwd", "'\\''"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_shell_reads_it_as_it_was_asked(value: str) -> None:
    body = {"displayName": value}
    entry = ProvisioningEntry(
        method="PATCH", path="/scim/v2/Users/1", query=f"filter={value}", bodies=packed(body, None)
    )

    words = shlex.split(curl_command(entry))

    assert words[:4] == ["curl", "-X", "PATCH", f"http://testserver/scim/v2/Users/1?filter={value}"]
    assert json.loads(words[-1]) == body
    assert len(words) == 10


def test_without_a_body_none_is_sent() -> None:
    words = shlex.split(curl_command(ProvisioningEntry(method="DELETE", path="/scim/v2/Users/1")))

    assert words[:4] == ["curl", "-X", "DELETE", "http://testserver/scim/v2/Users/1"]
    assert words[4:] == ["-H", "Authorization: Bearer $API_KEY"]


def test_the_page_of_a_request_has_it_and_says_how_long_the_request_took(admin_client: Client) -> None:
    entry = log_request(request={"userName": "ada"}, milliseconds=1234)

    text = text_of(admin_client.get(f"/provisioning-log/{entry.pk}/"))

    assert "curl -X POST http://testserver/scim/v2/Users" in text
    assert "$API_KEY" in text
    assert "1,234 ms" in text

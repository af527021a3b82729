"""The limits are documented: the page that ServiceProviderConfig names, and docs/scim-limits.md, from the constants."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gatekeeper.runtime.database_limits import REQUEST, RETRY_AFTER
from scim.http.discovery import ServiceProviderConfig
from scim.http.documented_limits import documented_limits
from scim.protocol import limits

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "scim-limits.md"
CONSTANTS = {name: value for name, value in vars(limits).items() if name.isupper()}


def page(client):
    return client.get(urlsplit(ServiceProviderConfig().to_dict()["documentationUri"]).path)


def numbers(text):
    return {int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", text)}


def test_the_documentation_uri_leads_to_a_page_that_everybody_may_read(client, db):
    answer = page(client)

    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Limits of SCIM" in answer.content.decode()


def test_head_is_answered_and_a_form_is_not(client, db):
    path = urlsplit(ServiceProviderConfig().to_dict()["documentationUri"]).path

    assert client.head(path).status_code == 200
    assert client.post(path).status_code in (403, 405)


@pytest.mark.parametrize(("name", "value"), CONSTANTS.items())
def test_every_constant_is_documented(client, db, name, value):
    stated = {number for section in documented_limits() for limit in section.limits for number in numbers(limit.most)}

    assert {value} <= stated
    assert {value} <= numbers(page(client).content.decode())


def test_the_page_and_the_document_say_the_same(client, db):
    document, html = DOCUMENT.read_text(), page(client).content.decode()
    for section in documented_limits():
        assert f"## {section.title}" in document
        for limit in section.limits:
            assert f"| {limit.what} | {limit.most} | {limit.beyond} |" in document
            for words in limit:
                assert words.replace("'", "&#x27;") in html

    rows = [
        line for line in document.splitlines() if line.startswith("| ") and not line.startswith(("| What", "| ---"))
    ]
    assert len(rows) == sum(len(section.limits) for section in documented_limits())


def test_the_time_that_a_request_has_is_documented():
    text = str(documented_limits())

    assert f"{REQUEST.statement} seconds" in text
    assert f"{REQUEST.lock} seconds" in text
    assert f"Retry-After: {RETRY_AFTER}" in text


def test_discovery_states_the_same_numbers():
    config = ServiceProviderConfig().to_dict()

    assert config["bulk"]["maxOperations"] == limits.MAX_OPERATIONS
    assert config["bulk"]["maxPayloadSize"] == limits.MAX_BODY
    assert config["filter"]["maxResults"] == config["pagination"]["maxPageSize"] == limits.MAX_COUNT
    assert config["pagination"]["defaultPageSize"] == limits.DEFAULT_COUNT
    assert config["pagination"]["cursorTimeout"] == limits.CURSOR_TIMEOUT

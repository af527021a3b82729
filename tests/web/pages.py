"""Reading pages as a person would, and counting what they cost."""

import re
from html import unescape
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def text_of(answer: Any) -> str:
    """The page's source with entities resolved."""
    return unescape(answer.content.decode())


def carried(answer: Any, form: str = "") -> str:
    """What the hidden field of a preview carries to Save; of the form with that id, where there are several."""
    for found in re.findall(
        r'<input type="hidden"\s+name="previewed"\s+value="([^"]*)"\s+form="([^"]*)"', text_of(answer)
    ):
        if form in ("", found[1]):
            return str(found[0])
    raise AssertionError(f"no preview for {form or 'any form'}")


def confirmation(answer: Any) -> str:
    """What ticking the checkbox beside a question sends."""
    return text_of(answer).split('name="confirmed"')[1].split('value="')[1].split('"', maxsplit=1)[0]


def queries_of(browser: Client, address: str) -> int:
    """How many queries a page takes, after a first visit that may fill caches."""
    browser.get(address)
    with CaptureQueriesContext(connection) as counted:
        assert browser.get(address).status_code == 200
    return len(counted)

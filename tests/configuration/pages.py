"""Reading pages as a person would, and counting what they cost."""

from html import unescape
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def text_of(answer: Any) -> str:
    """The page's source with entities resolved."""
    return unescape(answer.content.decode())


def queries_of(browser: Client, address: str) -> int:
    """How many queries a page takes, after a first visit that may fill caches."""
    browser.get(address)
    with CaptureQueriesContext(connection) as counted:
        assert browser.get(address).status_code == 200
    return len(counted)

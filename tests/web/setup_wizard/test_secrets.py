"""The token of a link, and the cookie of its browser, are found nowhere: no log line, no answer, no row."""

import io
import logging
import logging.config
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection as database
from django.test import Client

from gatekeeper.runtime.logging import logging_configuration
from gatekeeper.setup_links.lifecycle import TOKENS
from gatekeeper.web.setup_wizard import start
from tests.web.setup_wizard.conftest import Bearer


@contextmanager
def written_log(form: str) -> Iterator[io.StringIO]:
    """Everything that the site's handler would write to stderr, each level of it."""
    configuration = logging_configuration(form, debug=True)
    formatter = logging.config.DictConfigurator(configuration).configure_formatter(configuration["formatters"]["line"])
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    names = (
        "",
        "django",
        "django.request",
        "django.server",
        "django.security.csrf",
        "django_structlog",
        "gatekeeper",
        "gunicorn.error",
    )
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    try:
        yield out
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)


def go_through(bearer: Bearer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Requests of every outcome at the address of the link; returns what was answered. One of them fails inside."""
    answers = []
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    for client in (Client(), strict):
        answers += [client.generic(method, bearer.open_address) for method in ("GET", "HEAD", "PUT")]
    answers.append(strict.get(bearer.open_address.rstrip("/")))
    answers.append(strict.get(f"{bearer.open_address}nothing/"))
    with monkeypatch.context() as patch:
        patch.setattr("gatekeeper.web.setup_wizard.opening.find_link", lambda token: 1 / 0)
        answers.append(strict.get(bearer.open_address))
    bearer.start()
    answers += [bearer.get(), bearer.get("sign-on/"), bearer.get("provisioning/")]
    answers += [Client().get(bearer.open_address), Client().post(bearer.open_address)]
    answers.append(Client().post(f"{bearer.open_address}ask/"))
    assert {each.status_code for each in answers} >= {200, 301, 404, 405, 410, 500}
    # Pages at the address of the link itself post to it, or to its "ask/".
    others = [each for each in answers if not each.request["PATH_INFO"].startswith(bearer.open_address.rstrip("/"))]
    return [f"{each.headers}{each.content.decode()}" for each in others]


@pytest.mark.parametrize("form", ["console", "json"])
def test_the_token_is_in_no_line_of_the_log(
    make_bearer: Callable[..., Bearer], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    bearer = make_bearer()

    with written_log(form) as out:
        go_through(bearer, monkeypatch)

    text = out.getvalue()
    assert "/set-up/open/" in text  # the requests are in it
    assert "ZeroDivisionError" in text
    assert bearer.token not in text
    assert bearer.token[20:40] not in text
    cookie = next(morsel.value for name, morsel in bearer.browser.cookies.items() if "setup" in name)
    assert cookie not in text


def test_it_is_in_no_answer_but_the_one_that_asks_for_start(
    make_bearer: Callable[..., Bearer], monkeypatch: pytest.MonkeyPatch
) -> None:
    bearer = make_bearer()

    for answer in go_through(bearer, monkeypatch):
        assert bearer.token not in answer


def test_it_is_in_no_row_of_the_database(make_bearer: Callable[..., Bearer], monkeypatch: pytest.MonkeyPatch) -> None:
    bearer = make_bearer()
    go_through(bearer, monkeypatch)
    cookie = next(morsel.value for name, morsel in bearer.browser.cookies.items() if "setup" in name)

    found = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            text = repr(cursor.fetchall())
            found += [table for secret in (bearer.token, bearer.token[20:60], cookie) if secret in text]

    assert found == []


@pytest.mark.parametrize("how", ["whole", "cut off", "in capitals"])
def test_lines_of_others_hide_a_key_and_a_part_of_it_too(how: str) -> None:
    """The server's own lines about errors name the address."""
    token = TOKENS.new()
    text = {"whole": token, "cut off": token[:40], "in capitals": token.upper()}[how]

    with written_log("console") as out:
        logging.getLogger("gunicorn.error").error("Error handling request %s", f"/set-up/open/{text}/")

    assert f"/set-up/open/{text[:11]}•••/" in out.getvalue()
    assert token[11:30] not in out.getvalue().lower()


def test_no_other_site_learns_the_address(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer()

    answers = [Client().get(bearer.open_address), bearer.browser.post(bearer.open_address)]
    answers += [Client().get(bearer.open_address), Client().post(f"{bearer.open_address}ask/")]

    for answer in answers:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
    assert bearer.get().headers["Referrer-Policy"] == settings.SECURE_REFERRER_POLICY


def test_the_cookie_is_for_the_server_only_and_ends_with_the_link(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer(days=2).start()

    [cookie] = [morsel for name, morsel in bearer.browser.cookies.items() if "setup" in name]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert 0 < int(cookie["max-age"]) <= 2 * 24 * 3600


def test_the_start_page_needs_no_session(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer().start()

    assert bearer.get().status_code == 200
    assert "gatekeeper_session" not in bearer.browser.cookies
    assert start.PAGES

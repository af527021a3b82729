"""Hostile messages for each address from unauthenticated clients, beside a merely wrong control of the same size."""

import base64
import statistics
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from saml.models import Connection
from tests.processor_time import rounds_of
from tests.saml.conftest import Browser
from tests.saml.hostile.shapes import FILLINGS, Filling, logout, plain, response

SIZE = 56_000  # bytes; below what fits into one redirect after inflating
ROUNDS = 5
Send = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One thing to send, and what it is compared with."""

    address: str
    name: str
    send: Send
    control: Send


@dataclass(frozen=True)
class Cost:
    """Processor seconds of one case and of its control."""

    case: Case
    seconds: float
    control: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.control


def measure(case: Case, rounds: int = ROUNDS) -> Cost:
    """Both in turn, so that whatever else the machine does slows both; the median of ``rounds``."""
    case.send()
    case.control()
    pairs = rounds_of(rounds, case.send, case.control)
    return Cost(case, statistics.median(each for each, _ in pairs), statistics.median(each for _, each in pairs))


def cases(connection: Connection) -> Iterator[Case]:
    """Every hostile thing for every address that needs no signing in."""
    client = Client()
    yield from _responses(connection, client)
    for name in ("LogoutRequest", "LogoutResponse"):
        yield from _logout_messages(connection, client, name)
    yield from _forms(connection, client)
    yield from _queries(connection, client)


def _responses(connection: Connection, client: Client) -> Iterator[Case]:
    address = f"/saml/{connection.id}/acs"
    pending = Browser(connection, client).begin()

    def post(filling: Filling) -> Send:
        value = _base64(response(filling, acs=f"http://testserver{address}", request_id=pending))
        return lambda: client.post(address, {"SAMLResponse": value})

    control = post(plain(SIZE))
    for name, fill in FILLINGS.items():
        yield Case("ACS", name, post(fill(SIZE)), control)


def _logout_messages(connection: Connection, client: Client, name: str) -> Iterator[Case]:
    address = f"/saml/{connection.id}/logout"
    parameter = "SAMLRequest" if name == "LogoutRequest" else "SAMLResponse"

    def post(filling: Filling) -> Send:
        value = _base64(logout(filling, name))
        return lambda: client.post(address, {parameter: value})

    def redirect(filling: Filling) -> Send:
        value = _deflated(logout(filling, name))
        return lambda: client.get(address, {parameter: value})

    for binding, send in (("POST", post), ("redirect", redirect)):
        control = send(plain(SIZE))
        for shape, fill in FILLINGS.items():
            if fill(1000).assertion is None:
                yield Case(f"logout, {name} by {binding}", shape, send(fill(SIZE)), control)
    bomb = _deflated("<x>" + "0" * 40_000_000)
    noise = base64.b64encode(Random(1).randbytes(len(bomb) * 3 // 4)).decode()
    yield Case(
        f"logout, {name} by redirect",
        "deflate bomb",
        lambda: client.get(address, {parameter: bomb}),
        lambda: client.get(address, {parameter: noise}),
    )


def _forms(connection: Connection, client: Client) -> Iterator[Case]:
    addresses = {
        "ACS": (f"/saml/{connection.id}/acs", "SAMLResponse"),
        "logout by POST": (f"/saml/{connection.id}/logout", "SAMLRequest"),
        "sign-in page": (reverse("web:sign_in"), "email"),
        "home realm": (reverse("web:home_realm"), "account"),
    }
    for name, (address, field) in addresses.items():
        for shape, fields in _hostile_fields(field).items():
            control = {field: "A" * len(urlencode(fields))}
            yield Case(f"{name}, form", shape, _post(client, address, fields), _post(client, address, control))


def _hostile_fields(field: str) -> dict[str, dict[str, str]]:
    return {
        "ten thousand fields": {f"f{number}": "" for number in range(10_000)},
        "a thousand fields": {f"f{number}": "x" * 50 for number in range(900)},
        "white space": {field: "A \n" * (SIZE // 9)},
        "white space only": {field: " \n" * (SIZE // 6)},
        "endless RelayState": {field: "AAAA", "RelayState": "/a" * (SIZE // 4)},
        "combining characters": {field: "a@" + "\u0301\u0323" * (SIZE // 12)},
        "address of dots": {field: "a@" + "." * SIZE},
        "addresses": {field: "a@" * (SIZE // 4)},
        "invisible characters": {field: "a\u200b@" * (SIZE // 20)},
        "endless token": {field: "A", "csrfmiddlewaretoken": "a" * SIZE},
        "endless way back": {field: "a@b.example", "next": "/" + "%2e" * (SIZE // 5)},
    }


def _queries(connection: Connection, client: Client) -> Iterator[Case]:
    for name, address in (
        ("SSO", f"/saml/{connection.id}/sso"),
        ("metadata", f"/saml/{connection.id}/metadata"),
        ("sign-in page", reverse("web:sign_in")),
    ):
        for shape, query in {
            "endless way back": {"next": "/" + "a" * 8000},
            "way back of slashes": {"next": "/" * 4000 + "\\" * 4000},
            "combining characters": {"next": "/" + "\u0301\u0323" * 700},
            "a thousand parameters": {f"p{number}": "" for number in range(900)},
        }.items():
            control = {"a": "a" * (len(urlencode(query)) - 2)}
            yield Case(f"{name}, query", shape, _get(client, address, query), _get(client, address, control))


def _post(client: Client, address: str, fields: dict[str, str]) -> Send:
    body = urlencode(fields)
    return lambda: client.post(address, body, content_type="application/x-www-form-urlencoded")


def _get(client: Client, address: str, query: dict[str, str]) -> Send:
    return lambda: client.get(address, query)


def _base64(document: str) -> str:
    return base64.b64encode(document.encode()).decode()


def _deflated(document: str) -> str:
    deflater = zlib.compressobj(9, wbits=-15)
    return base64.b64encode(deflater.compress(document.encode()) + deflater.flush()).decode()

"""The cost of unauthenticated commands: no shape of a token or body over three times a plain one of the same size.

Processor time of this process, as a ratio within the same run.
"""

import base64
import json
import statistics
from collections.abc import Callable

import pytest

from saml.models import Connection
from tests.processor_time import rounds_of
from tests.saml.security_events.commands import Commander, commanding

pytestmark = pytest.mark.django_db
SIZE = 12_000  # bytes of what a token states; a token may have 16 KB
BUDGET = 3.0
ROUNDS = 5


def part(document: bytes) -> str:
    return base64.urlsafe_b64encode(document).decode().rstrip("=")


def token(claims: bytes, header: bytes = b'{"alg":"RS256","kid":"k1","typ":"JWT"}') -> str:
    return f"{part(header)}.{part(claims)}.{part(b'no signature of anybody' * 11)}"


def members(count: int, value: str = "1") -> bytes:
    return ("{" + ",".join(f'"n{number}":{value}' for number in range(count)) + "}").encode()


PLAIN = json.dumps({"text": "x" * SIZE}).encode()
TOKENS: dict[str, str] = {
    "many members": token(members(SIZE // 10)),
    "a name twice": token(b'{"a":1,"a":2,"b":"' + b"x" * SIZE + b'"}'),
    "lists in lists": token(b'{"a":' + b"[" * (SIZE // 2) + b"]" * (SIZE // 2) + b"}"),
    "objects in objects": token(b'{"a":' * (SIZE // 6) + b"1" + b"}" * (SIZE // 6)),
    "a number of many digits": token(b'{"exp":' + b"9" * SIZE + b"}"),
    "a number with an exponent": token(b'{"exp":1e' + b"9" * 300 + b"}" + b" " * SIZE),
    "escapes": token(b'{"a":"' + b"\\u0041" * (SIZE // 6) + b'"}'),
    "surrogates": token(b'{"a":"' + b"\\ud800" * (SIZE // 6) + b'"}'),
    "many audiences": token(
        json.dumps({"aud": [f"https://{number}.example" for number in range(SIZE // 26)]}).encode()
    ),
    "a long kid": token(b"{}", json.dumps({"alg": "RS256", "kid": "k" * SIZE}).encode()),
    "keys in the header": token(b"{}", json.dumps({"alg": "RS256", "jwk": {"n": "A" * SIZE}}).encode()),
    "certificates in the header": token(
        b"{}", json.dumps({"alg": "RS256", "x5c": ["A" * 100] * (SIZE // 104)}).encode()
    ),
    "no token": "." * SIZE,
    "many parts": ".".join(["QQ"] * (SIZE // 3)),
    "not base64": "é" * SIZE,
    "longer than any": "A" * 60_000,
}
BODIES: dict[str, bytes] = {
    "lists in lists": b"[" * 60_000,
    "many members": members(5_000),
    "longer than any": b"x" * 200_000,
    "no text": b"\xff" * 60_000,
}


def costs(send: Callable[[], object]) -> float:
    """Seconds of this process, the median."""
    return statistics.median(seconds for (seconds,) in rounds_of(ROUNDS, send))


@pytest.fixture
def idp(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Commander:
    return commanding(connection, monkeypatch)


def test_no_unauthenticated_token_costs_more_than_three_plain_ones(idp: Commander) -> None:
    email = {"sub_id": {"format": "email", "email": "ada.obi@contoso.com"}}
    for name, send in (
        ("revocation", lambda text: idp.revoke(email, bearer=text)),
        ("pushed event", idp.push),
    ):
        control = costs(lambda: send(token(PLAIN)))  # noqa: B023 - called before the loop goes on
        for shape, text in TOKENS.items():
            assert send(text).status_code in {400, 401, 413}, f"{name}: {shape}"
            assert costs(lambda: send(text)) <= BUDGET * control, f"{name}: {shape}"  # noqa: B023


def test_no_unauthenticated_body_costs_more_than_three_plain_ones(idp: Commander) -> None:
    def send(body: bytes) -> int:
        path = f"/saml/{idp.connection.id}/global-token-revocation"
        bearer = {"authorization": f"Bearer {token(PLAIN)}"}
        return idp.client.post(path, body, content_type="application/json", headers=bearer).status_code

    control = costs(lambda: send(b'{"a":"' + b"x" * 60_000 + b'"}'))
    for shape, body in BODIES.items():
        assert send(body) in {400, 401, 413}, shape
        assert costs(lambda: send(body)) <= BUDGET * control, shape  # noqa: B023 - called before the loop goes on

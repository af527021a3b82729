"""Requests for access tokens, as tests send them."""

import base64
from typing import Any
from urllib.parse import quote_plus, urlencode

from django.test import Client

TOKEN = "/oauth2/token"
FORM = "application/x-www-form-urlencoded"


def basic(client_id: object, secret: str) -> str:
    pair = f"{quote_plus(str(client_id))}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def ask(
    body: str | bytes | dict[str, Any], authorization: str = "", *, content_type: str = FORM, path: str = TOKEN
) -> Any:
    sent = urlencode(body) if isinstance(body, dict) else body
    headers = {"Authorization": authorization} if authorization else {}
    return Client(raise_request_exception=True).post(path, sent, content_type=content_type, headers=headers)


def with_secret(client: Any, secret: str, **more: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": str(client.id), "client_secret": secret, **more}

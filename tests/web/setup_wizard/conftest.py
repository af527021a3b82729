"""Set-up links and the browsers of those who have them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gatekeeper.directory.models import User
from gatekeeper.setup_links.lifecycle import create_link
from gatekeeper.setup_links.models import SetupLink
from saml.connections.lifecycle import create_connection
from saml.models import Connection
from tests.builders import ADMIN


@dataclass
class Bearer:
    """Whoever has a link, with a browser of their own that is signed in nowhere."""

    link_id: Any
    token: str
    browser: Client

    @property
    def open_address(self) -> str:
        return f"/set-up/open/{self.token}/"

    @property
    def base(self) -> str:
        return f"/set-up/{self.link_id}/"

    @property
    def link(self) -> SetupLink:
        return SetupLink.objects.with_parts().get(pk=self.link_id)

    def start(self) -> "Bearer":
        answer = self.browser.post(self.open_address)
        assert answer.status_code == 302, answer.status_code
        assert answer.headers["Location"] == self.base
        return self

    def get(self, path: str = "") -> Any:
        return self.browser.get(self.base + path)

    def post(self, path: str, data: dict[str, Any] | None = None) -> Any:
        return self.browser.post(self.base + path, data or {})


@pytest.fixture
def connection(db: None, metadata: bytes) -> Connection:
    return create_connection("Entra", document=metadata, actor=ADMIN)


@pytest.fixture
def make_bearer(administrator: User, connection: Connection) -> Callable[..., Bearer]:
    """``make_bearer("saml")``: a new link of the administrator; it is not opened yet."""

    def make(scope: str = "both", **options: Any) -> Bearer:
        if scope == "certificate":
            options.setdefault("connection_id", connection.id)
        options.setdefault("made_by", administrator)
        link, token = create_link("Ada <ada@contoso.com>", scope, actor=ADMIN, **options)
        return Bearer(link.id, token, Client())

    return make


def end(bearer: Bearer, how: str) -> None:
    """Bring a link into a state in which it opens nothing."""
    now, link = timezone.now(), SetupLink.objects.filter(pk=bearer.link_id)
    if how == "maker_lost_rights":
        User.objects.filter(pk=bearer.link.made_by_id).update(active=False)
    elif how == "connection_deleted":
        connection = bearer.link.connection
        assert connection is not None
        type(connection.provider).objects.filter(pk=connection.pk).update(until=now)
    else:
        link.update(
            **{"expired": {"expires_at": now}, "revoked": {"revoked_at": now}, "finished": {"finished_at": now}}[how]
        )

"""What the SAML tests share: a connection from real metadata, and a browser that has begun to sign on."""

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from lxml import etree

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import SignIn
from gatekeeper.sessions.browser_session import SESSION_KEY
from saml.addresses import addresses_of
from saml.connections.lifecycle import create_connection
from saml.connections.settings import edit_connection, settings_of
from saml.models import Connection
from saml.refusals.texts import reason_text
from tests.builders import ADMIN, administrators_browser, link, make_user, map_group
from tests.saml.forge import ResponseFacts, encode, metadata, signed_response


def choose(connection: Connection, **settings: Any) -> None:
    """Change some of a connection's settings."""
    now = settings_of(Connection.objects.get(pk=connection.pk))
    edit_connection(connection.id, replace(now, **settings), actor=ADMIN)


@pytest.fixture
def connection(db) -> Connection:
    return create_connection("Entra", document=metadata(), actor=ADMIN)


@pytest.fixture
def ada(connection):
    """Somebody who may sign in: provisioned, with access, linked."""
    map_group(None, "collaborator")
    user = make_user("ada.obi@contoso.com")
    link()
    return user


@pytest.fixture
def admin_client(db) -> Client:
    """Another browser: a local administrator's, signed in by the page's own form."""
    return administrators_browser()


@dataclass
class Browser:
    """A test client at one connection."""

    connection: Connection
    client: Client
    before_post: Callable[[Any], Any] = field(default=lambda response: response)  # what becomes of each response

    def begin(self, next_path: str = "", **query: str) -> str:
        """Start at the Sso url; returns the ID of the AuthnRequest that the identity provider would see."""
        query |= {"next": next_path} if next_path else {}
        answer = self.client.get(f"/saml/{self.connection.id}/sso", query)
        assert answer.status_code == 302, answer.content
        return sent_message(answer.headers["Location"], "SAMLRequest").get("ID")

    def post(self, response: Any, **fields: str) -> Any:
        return self.client.post(
            f"/saml/{self.connection.id}/acs", {"SAMLResponse": encode(self.before_post(response)), **fields}
        )

    def facts(self, request_id: str | None, **facts: Any) -> ResponseFacts:
        """A genuine response's facts for this connection."""
        addresses = addresses_of(self.connection.id)
        return ResponseFacts(
            sp_entity_id=addresses.metadata,
            acs_url=addresses.acs,
            request_id=request_id,
            now=facts.pop("now", datetime.now(UTC)),
            **facts,
        )

    def sign_on(self, **facts: Any) -> Any:
        """Begin and hand in a genuine response, changed by ``facts``; ACS and SELF in them stand for our addresses."""
        addresses = addresses_of(self.connection.id)
        if isinstance(facts.get("audiences"), tuple):
            facts["audiences"] = tuple(
                tuple(each.replace("SELF", addresses.metadata) for each in group) for group in facts["audiences"]
            )
        for name in ("destination", "recipient"):
            if facts.get(name):
                facts[name] = facts[name].replace("ACS", addresses.acs)
        return self.post(signed_response(self.facts(self.begin(), **facts)))

    def accept_idp_initiated(self) -> None:
        choose(self.connection, accept_idp_initiated=True)

    def leave(self) -> None:
        """Sign out here, so that a later sign-in is a new one."""
        self.client.cookies.pop("gatekeeper_session", None)
        SignIn.objects.filter(provider=self.connection.id).delete()

    @property
    def is_signed_in(self) -> bool:
        return SESSION_KEY in self.client.session and SignIn.objects.live().exists()


@pytest.fixture
def browser(connection) -> Browser:
    return Browser(connection, Client())


def sent_message(location: str, parameter: str) -> etree._Element:
    """The message that a redirect carries."""
    value = parse_qs(urlsplit(location).query)[parameter][0]
    return etree.fromstring(zlib.decompress(base64.b64decode(value), -15))


def refusal_text(entry: AuditEntry) -> str:
    """The text of a refusal in the audit trail."""
    assert entry.after is not None
    return reason_text(entry.after["reason"], entry.after["parameters"])


def refusals() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(event="sign_in.refused"))

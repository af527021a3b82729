"""Every refusal of the directory is answered with a SCIM Error message (RFC 7644 §3.12)."""

import importlib
import pkgutil
from http import HTTPStatus

import pytest
from django.db import OperationalError

import gatekeeper.directory
import scim
from gatekeeper.errors import DomainError, GroupNameTaken, SignInRefused, UnknownMembers, UserNameTaken, VersionMismatch
from scim.http.dispatch import error_response
from scim.http.errors import DOMAIN_ERRORS
from scim.oauth import views as oauth_views
from scim.protocol.errors import ScimError

SCIM_TYPES = {
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
}


def descendants(kind):
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def test_every_domain_error_has_a_status_and_a_scim_type_of_table_9():
    """RFC 7644 §3.12; RFC 9865 adds the types of cursors."""
    for package in (gatekeeper.directory, scim):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not {"management", "migrations"} & set(module.name.split(".")):
                importlib.import_module(module.name)

    for kind in descendants(DomainError):
        status, scim_type = next(DOMAIN_ERRORS[each] for each in kind.__mro__ if each in DOMAIN_ERRORS)
        assert 400 <= status < 500
        assert scim_type is None or scim_type in SCIM_TYPES
        assert (scim_type is None) == (status not in (400, 409)) or kind.__name__ in (
            "NobodyCouldConfigure",
            "HeldForApproval",
        )


def test_every_scim_error_has_a_type_of_table_9():
    """RFC 7644 §3.12; RFC 9865 adds the types of cursors."""
    for kind in descendants(ScimError):
        assert kind.scim_type is None or kind.scim_type in SCIM_TYPES
        assert HTTPStatus(kind.status)


@pytest.mark.parametrize(
    ("error", "status", "scim_type"),
    [
        (UserNameTaken("a"), "409", "uniqueness"),
        (GroupNameTaken("a"), "409", "uniqueness"),
        (UnknownMembers(["a"]), "400", "invalidValue"),
        (VersionMismatch(), "412", None),
        (SignInRefused("deleted", "no"), "403", None),
    ],
)
def test_a_refusal_of_the_directory_is_an_error_message(error, status, scim_type):
    """RFC 7644 §3.12: ``status`` is a JSON string, and ``scimType`` is there only where table 9 has one."""
    response = error_response(error)
    stated = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status, "detail": str(error)}
    assert response.document == {**stated, **({"scimType": scim_type} if scim_type else {})}
    assert response.status == int(status)


@pytest.mark.parametrize(
    ("sqlstate", "words"),
    [
        (None, "database does not answer"),
        ("08006", "database does not answer"),
        ("57P01", "database does not answer"),
        ("25006", "takes no changes just now; nothing was changed"),
        ("55P03", "is busy; nothing was changed"),
        ("57014", "is busy; nothing was changed"),
    ],
)
def test_a_database_that_is_away_or_takes_no_changes_is_not_called_busy(client, monkeypatch, sqlstate, words):
    """What was sent to one that is away may have been kept, so that answer does not say that nothing was changed."""
    error = OperationalError("secret")
    error.__cause__ = Exception("secret")
    error.__cause__.sqlstate = sqlstate

    def fail(_request):
        raise error

    monkeypatch.setattr(oauth_views, "_answered", fail)

    refused = error_response(error)
    assert refused.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert words in refused.document["detail"]
    token = client.post("/oauth2/token")
    assert token.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "Retry-After" in token.headers
    assert words in token.json()["error_description"]
    assert ("nothing was changed" in refused.document["detail"]) == ("answer" not in words)

"""docs/rules.md#9 on pages and at the command line: the last person who may configure can't end their own access."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.models import IdpGroup, Team, User
from saml.connections.lifecycle import create_connection
from saml.models import Connection
from tests.builders import ADMIN, link, make_group, make_user, map_group
from tests.web.pages import carried, text_of


@dataclass
class LastConfigurator:
    """The last person who may configure, their browser, and what gives them that access."""

    user: User
    browser: Client
    group: IdpGroup
    connection: Connection
    file: Path


@pytest.fixture
def last(db: None, browser_of: Callable[[User], Client], metadata: bytes, tmp_path: Path) -> LastConfigurator:
    connection = create_connection("Contoso", actor=ADMIN, document=metadata)
    user = make_user("ada@example.com")
    group = make_group("GK Leaders", [user])
    map_group(group, "global_administrator", ["configuration"])
    link()
    file = tmp_path / "none.json"
    file.write_text(json.dumps({"group_mappings": {}}))
    return LastConfigurator(user, browser_of(user), group, connection, file)


def _document(last: LastConfigurator) -> Any:
    document = last.file.read_text()
    shown = last.browser.post(reverse("web:preview_document"), {"document": document})
    assert "no active person who may configure" in text_of(shown)
    return last.browser.post("/settings/configuration/as-code/", {"document": document})


PAGES: dict[str, Callable[[LastConfigurator], Any]] = {
    "the mapping": lambda last: last.browser.post(
        reverse("web:group_mapping", args=(last.group.id,)), {"level": "collaborator"}
    ),
    "the reset": lambda last: last.browser.post(reverse("web:reset_mapping", args=(last.group.id,))),
    "the connection": lambda last: last.browser.post(
        reverse("web:delete_connection", args=(last.connection.id,)), {"confirm": "Contoso"}
    ),
    "a document": _document,
}

COMMANDS: dict[str, Callable[[LastConfigurator], Any]] = {
    "configuration": lambda last: call_command("configuration", "apply", str(last.file)),
    "a dry run": lambda last: call_command("configuration", "apply", str(last.file), "--dry-run"),
    "saml_connection": lambda last: call_command(
        "saml_connection", "delete", str(last.connection.id), "--confirm", "Contoso"
    ),
}


@pytest.mark.parametrize("ask", PAGES.values(), ids=PAGES.keys())
def test_on_a_page_it_is_refused_with_the_reason(
    last: LastConfigurator, ask: Callable[[LastConfigurator], Any]
) -> None:
    entries = AuditEntry.objects.count()

    answer = ask(last)

    assert answer.status_code == 422
    assert "no active person who may configure" in text_of(answer)
    assert access_of(last.user).can_configure
    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize("ask", COMMANDS.values(), ids=COMMANDS.keys())
def test_by_a_command_it_is_refused_with_the_reason(
    last: LastConfigurator, ask: Callable[[LastConfigurator], Any]
) -> None:
    with pytest.raises(CommandError, match="no active person who may configure"):
        ask(last)

    assert access_of(last.user).can_configure


def test_ending_their_team_takes_nothing_from_them(last: LastConfigurator) -> None:
    last.browser.post(reverse("web:teams"), {"name": "Finance"})
    team_id = str(Team.objects.get().id)
    last.browser.post(
        reverse("web:group_mapping", args=(last.group.id,)),
        {"level": "global_administrator", "permissions": ["configuration"], "teams": [team_id]},
    )
    page = reverse("web:team", args=(team_id,))

    asked = last.browser.post(
        f"{page}delete/", {"previewed": carried(last.browser.get(f"{page}?preview"), "delete-form")}
    )

    assert "1 person is left without any team" in text_of(asked)
    assert access_of(last.user).can_configure

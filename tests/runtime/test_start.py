"""The first administrator, and the command that makes more of them."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import User
from gatekeeper.runtime.start import FIRST_ADMINISTRATOR, create_first_administrator
from tests.builders import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def create_admin(monkeypatch, capsys):
    def run(email: str, given: str) -> dict:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        call_command("create_admin", email, "--password-stdin", "--json")
        return json.loads(capsys.readouterr().out)

    return run


def test_the_password_that_is_shown_lets_the_first_administrator_choose_their_own(client):
    password = create_first_administrator()

    asked = client.post("/sign-in/", {"email": FIRST_ADMINISTRATOR, "password": password})["Location"]
    assert client.get("/api/v1/me").status_code == 401
    answer = client.post(asked, {"new": PASSWORD, "again": PASSWORD})

    assert answer.status_code == 302
    assert client.get("/api/v1/me").json()["level"] == "global_administrator"


def test_no_administrator_is_made_where_somebody_is_known_already():
    make_user()

    assert create_first_administrator() is None
    assert not User.objects.local().exists()


def test_create_admin_answers_what_the_account_may_do_and_writes_who_made_it(create_admin):
    document = create_admin("root@example.com", f"{PASSWORD}\n")

    assert document == {
        "email": "root@example.com",
        "level": "global_administrator",
        "permissions": ["configuration"],
    }
    entry = AuditEntry.objects.get(event=Event.ADMINISTRATOR_CREATED)
    assert (entry.actor_kind, entry.actor_name) == ("command", "create_admin")


def test_a_windows_line_end_is_not_part_of_the_password(create_admin, client):
    create_admin("root@example.com", f"{PASSWORD}\r\n")

    assert client.post("/sign-in/", {"email": "root@example.com", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize(
    ("email", "given", "reason"),
    [
        ("root@example.com", "", "no password on standard input"),
        ("root@example.com", "\n", "no password on standard input"),
        ("root@example.com", "short\n", "password: at least"),
        ("no-address", f"{PASSWORD}\n", "is no e-mail address"),
    ],
)
def test_what_cannot_be_an_account_is_refused_in_one_line(create_admin, email, given, reason):
    with pytest.raises(CommandError, match=reason) as refusal:
        create_admin(email, given)

    assert "\n" not in str(refusal.value)
    assert not User.objects.local().exists()


def test_an_account_that_exists_is_refused_in_any_case(create_admin):
    create_admin("root@example.com", f"{PASSWORD}\n")

    with pytest.raises(CommandError, match="already exists"):
        create_admin("ROOT@example.com", f"{PASSWORD}\n")


def test_a_password_on_the_command_line_is_wrong_usage(capsys):
    with pytest.raises(CommandError):
        call_command("create_admin", "root@example.com", PASSWORD)

    assert not User.objects.local().exists()

"""The operator's ways out for a local administrator: ``reset_password`` and ``remove_second_factor``."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import SecondFactor, SignIn
from tests.builders import PASSWORD, give_second_factor, make_administrator, make_user

pytestmark = pytest.mark.django_db
ROOT = "root@example.com"
NEW = "another long enough phrase"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str, given: str = "") -> Any:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        call_command(*arguments, "--json")
        return json.loads(capsys.readouterr().out)

    return call


def sign_in(password: str) -> int:
    return Client().post("/sign-in/", {"email": ROOT, "password": password}).status_code


def test_a_password_is_reset_sessions_end_and_a_pause_is_over(run: Any) -> None:
    make_administrator(ROOT)
    sign_in(PASSWORD)
    assert [sign_in("wrong") for _ in range(11)][-1] == 429

    document = run("reset_password", "Root@Example.com", "--password-stdin", given=f"{NEW}\n")

    assert document == {"email": ROOT, "second_factor": False}
    assert not SignIn.objects.live().exists()
    assert sign_in(PASSWORD) == 422
    assert sign_in(NEW) == 302
    entry = AuditEntry.objects.get(event="administrator.password_changed")
    assert (entry.actor_kind, entry.actor_name) == ("command", "reset_password")


def test_a_reset_password_does_not_take_the_second_factor_away(run: Any) -> None:
    give_second_factor(make_administrator(ROOT))

    assert run("reset_password", ROOT, "--password-stdin", given=NEW)["second_factor"] is True


def test_a_lost_second_factor_is_removed(run: Any) -> None:
    give_second_factor(make_administrator(ROOT))

    assert run("remove_second_factor", ROOT) == {"email": ROOT, "second_factor": False}
    assert not SecondFactor.objects.live().exists()
    entry = AuditEntry.objects.get(event="second_factor.removed")
    assert (entry.actor_kind, entry.actor_name) == ("command", "remove_second_factor")


@pytest.mark.parametrize(
    ("arguments", "given", "reason"),
    [
        (("reset_password", "nobody@example.com", "--password-stdin"), NEW, "no local administrator nobody@"),
        (("reset_password", "person@example.com", "--password-stdin"), NEW, "no local administrator person@"),
        (("reset_password", ROOT, "--password-stdin"), "short", "at least 12 characters"),
        (("reset_password", ROOT, "--password-stdin"), "", "no password on standard input"),
        (("remove_second_factor", ROOT), "", "has no second factor"),
        (("remove_second_factor", "nobody@example.com"), "", "no local administrator"),
        (("remove_second_factor", "a\x00b"), "", "no local administrator"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    run: Any, arguments: tuple[str, ...], given: str, reason: str
) -> None:
    make_administrator(ROOT)
    make_user("person@example.com")

    with pytest.raises(CommandError, match=reason) as refusal:
        run(*arguments, given=given)

    assert "\n" not in str(refusal.value)
    assert sign_in(PASSWORD) == 302

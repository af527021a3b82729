"""manage.py api_tokens: list and revoke."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from gatekeeper.api.models import ApiToken
from gatekeeper.api.tokens import create_token
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import User
from gatekeeper.directory.people.users import delete_user
from tests.builders import ADMIN, ENTRA, link, make_group, make_provider, make_user, map_group

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("api_tokens", *arguments, stdout=out)
    return out.getvalue()


def listed(*arguments: str) -> list[dict[str, Any]]:
    return list(json.loads(run("list", *arguments, "--json"))["tokens"])


@pytest.fixture
def holders() -> list[User]:
    """Two people with a token each."""
    make_provider()
    people = [make_user("ada@example.com"), make_user("bo@example.com")]
    map_group(make_group("GK People", people), "collaborator", ["api"])
    link()
    for person in people:
        create_token(person, f"{person.user_name}'s script", actor=ADMIN)
    return people


def test_tokens_are_listed_with_whether_they_work(holders: list[User]) -> None:
    delete_user(holders[1].id, actor=ENTRA)

    ada, bo = sorted(listed(), key=lambda token: token["user_name"])

    assert set(ada) == {
        "token_id",
        "user_name",
        "name",
        "hint",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
        "refused_because",
    }
    assert (ada["name"], ada["refused_because"], ada["last_used_at"]) == ("ada@example.com's script", None, None)
    assert "was removed" in bo["refused_because"]
    assert "refused: Your account was removed" in run("list")


def test_one_person_s_are_listed_by_their_address(holders: list[User]) -> None:
    assert [token["user_name"] for token in listed("--user", "ADA@example.com")] == ["ada@example.com"]


def test_the_list_costs_the_same_whatever_its_length(holders: list[User], django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        create_token(holders[0], str(number), actor=ADMIN)

    with django_assert_max_num_queries(9):  # one says whether there are tables
        assert len(listed()) == 22


def test_one_is_revoked_once(holders: list[User]) -> None:
    token = str(ApiToken.objects.filter(user=holders[0]).get().id)

    assert json.loads(run("--json", "revoke", token)) == {"revoked": token}

    assert AuditEntry.objects.get(event="api_token.revoked").actor_name == "api_tokens"
    with pytest.raises(CommandError, match="could be revoked"):
        run("revoke", token)
    assert ApiToken.objects.filter(revoked_at=None).count() == 1


@pytest.mark.parametrize(
    "arguments",
    [("revoke", "x"), ("revoke", "0" * 32), ("list", "--user", "nobody@example.com"), ("list", "--user", "nul\x00")],
)
def test_what_the_command_cannot_do_it_refuses_in_one_line(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refused:
        run(*arguments, "--json")
    assert "\n" not in str(refused.value)


def test_without_tokens_the_list_says_so() -> None:
    assert run("list") == "There are no API tokens.\n"

"""Whether everybody gets a team, and local administrators have a second factor."""

import pytest

from gatekeeper.directory.mappings.mappings import choose_fallback_team
from gatekeeper.health.checks.directory_checks import check_fallback_team, check_second_factors
from gatekeeper.health.checks.result import Status
from tests.builders import ADMIN, give_second_factor, make_administrator, make_team

pytestmark = pytest.mark.django_db


def test_the_fallback_team_is_a_warning_until_one_is_chosen():
    assert check_fallback_team().status is Status.WARNING

    choose_fallback_team(make_team("General").id, actor=ADMIN)

    assert check_fallback_team().detail == "General is the fallback team."


def test_a_local_administrator_without_a_second_factor_is_a_warning_that_names_them():
    root = make_administrator("root@example.com")
    give_second_factor(make_administrator("safe@example.com"))

    check = check_second_factors()
    assert (check.status, check.detail) == (Status.WARNING, "The password alone lets in: root@example.com.")

    give_second_factor(root)
    assert check_second_factors().status is Status.OK

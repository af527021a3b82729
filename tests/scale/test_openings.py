"""No page, list or probe costs more in a large company than in a small one: statements, rows read, bytes, plans.

Everything is opened with one number of people and with four times as many. What is read in both may grow with the page,
not with the company, except where somebody asks about everybody. Time is measured by ``make test-scale`` only.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_plus, urlencode

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from gatekeeper.directory.access.affected_scope import outside_the_largest_group
from gatekeeper.directory.access.loaders import SLICE, site_facts
from gatekeeper.directory.teams.fallback_members import people_without_own_team
from gatekeeper.runtime import row_counts
from gatekeeper.web.framework import change_lists
from gatekeeper.web.logs import sign_in_attempts
from scim.query import list_positions
from tests.scale.databases import filled_database
from tests.scale.measuring import Browsers, Measured, explain
from tests.scale.openings import Opening, openings, world
from tests.web.addresses import all_addresses, table

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the plans are PostgreSQL's"),
    pytest.mark.xdist_group("scale"),  # all in one process, which fills both companies a single time
]

SMALL, LARGE = 400, 1600  # people
MOST_STATEMENTS, MOST_OF_A_PROBE = 12, 40
MOST_BYTES = 150_000
# How far what is read may grow: pages have a few rows more where a page was not full, and search trees a level more.
SOME_ROWS, FACTOR = 600, 1.5
SOME_PEOPLE = 100  # a page of them; a sub-plan for each of these may be the best plan, as for a slice of a report

# Parts of the addresses that count or filter everybody in one pass, for which 0.1 to 0.3 s are enough with 100,000
# people, and of those that compare, sort or list by what is derived: so many rows for each person at the most.
ONE_PASS, SEVERAL_PASSES = 6, 40
IN_ONE_PASS = (
    "/scim/v2/Groups",  # of the group of everybody all members are listed
    "/api/v1/users?search=",
    "/api/v1/users?readiness=",
    "/api/v1/setup",
    "/api/v1/groups",
    "/metrics",
    "/settings/configuration/",
    "/provisioning-log/",  # the plot counts the requests of a day
    "/search/",  # in a small company who has a work e-mail twice is worked out for everybody at once
    "/audit-trail/?q=Given42",  # page and counts each read until they have enough: a small company's whole trail
    "/sign-in-attempts/",  # the plot counts the sign-ins of a day
    "/users/?",
    "/groups/",  # a group of everybody, narrowed by what is derived
    'userName sw "',
    'userName co "',
    'groups eq "',
    "title eq",
    "active eq false",
    "sortBy=userName",
)
IN_SEVERAL_PASSES = (
    "/users/?readiness=",
    "/users/?level=",
    "/users/?permission=",
    "/users/?team=",
    "/settings/configuration/scim/",
    "/settings/configuration/teams/",  # counts the people of each, by the rule that filters /users/?team=
    "not (title",
    "sortBy=name.familyName",
)

Sizes = dict[int, dict[str, Measured]]


@pytest.fixture(scope="module")
def sizes(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Sizes]:
    """What each opening costs in each company. Bounds of counting and searching are lowered to be reached in both."""
    found: Sizes = {}
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        for module, bound in (
            (row_counts, "COUNTED_ALL"),
            (row_counts, "COUNTED_SOME"),
            (change_lists, "NEWEST_SEARCHED"),
            (sign_in_attempts, "NEWEST_SEARCHED"),
            (list_positions, "WORTH_IT"),
            (list_positions, "SPACING"),
        ):
            patch.setattr(module, bound, 50)
        for people in (SMALL, LARGE):
            with filled_database(people, forbids_scans=True):
                browsers, known = Browsers(), world(people)
                browsers.start(known["tokens"])
                found[people] = {name(each): browsers.measure(each, timed=False) for each in openings(known)}
        yield found


def name(opening: Opening) -> str:
    """The same for both companies: ids of rows that only one of them has are left out."""
    return f"{opening.number} {opening.kind}"


def is_among(each: Measured, parts: tuple[str, ...]) -> bool:
    return any(part in unquote_plus(each.opening.address) for part in parts)


def check(measured: dict[str, Measured], fault: Callable[[Measured], object]) -> None:
    """No opening has this fault; each that has stands in a line of its own."""
    lines = [f"{each.opening}: {what}" for each in measured.values() if (what := fault(each))]
    assert not lines, "\n".join(["", *lines])


def test_every_address_that_is_read_is_opened(sizes: Sizes) -> None:
    opened = {each.opening.kind for each in sizes[LARGE].values()}
    rows = table()
    assert {each.shown for each in all_addresses() if rows[each.shown].methods & {"GET", "any"}} <= opened


def test_nothing_fails(sizes: Sizes) -> None:
    check(sizes[LARGE], lambda each: each.status if each.status >= 500 and each.status != 501 else "")


def test_no_page_asks_more_than_a_dozen_statements_of_its_own(sizes: Sizes) -> None:
    def too_many(each: Measured) -> str:
        if each.opening.touches_everybody:
            return ""
        most = MOST_OF_A_PROBE if each.opening.by == "nothing" else MOST_STATEMENTS
        return f"{each.own} statements" if each.own > most else ""

    check(sizes[LARGE], too_many)


def test_no_page_asks_more_statements_in_a_larger_company(sizes: Sizes) -> None:
    def more(each: Measured) -> str:
        before = sizes[SMALL][name(each.opening)].own
        return f"{before}, then {each.own}" if each.own > before + 3 and "/csv/" not in each.opening.address else ""

    check(sizes[LARGE], more)


def test_no_page_reads_a_row_again_for_a_column_that_it_left_out(sizes: Sizes) -> None:
    """One statement for each row and column, where the text of an entry needs more than ``only`` named."""
    one_column = re.compile(r'SELECT "(\w+)"\."\w+", "\1"\."\w+" FROM "\1" WHERE "\1"\."\w+" = %s LIMIT 21')
    check(sizes[LARGE], lambda each: [plan.sql for plan in each.plans if one_column.fullmatch(plan.sql)])


def test_no_page_is_larger_than_a_bound(sizes: Sizes) -> None:
    check(sizes[LARGE], lambda each: f"{each.size} bytes" if each.is_html and each.size > MOST_BYTES else "")


def test_no_plan_has_a_sub_plan_for_each_row(sizes: Sizes) -> None:
    def repeated(each: Measured) -> list[str]:
        most = SLICE if each.opening.touches_everybody else SOME_PEOPLE
        return [f"{plan.repeated} times: {plan.sql[:1500]}" for plan in each.plans if plan.repeated > most]

    check(sizes[LARGE], repeated)


def test_what_is_read_does_not_grow_with_the_company(sizes: Sizes) -> None:
    def grown(each: Measured) -> str:
        before = sizes[SMALL][name(each.opening)].rows_read
        most = before * FACTOR + SOME_ROWS
        if is_among(each, IN_ONE_PASS):
            most += LARGE * ONE_PASS
        if is_among(each, IN_SEVERAL_PASSES) or each.opening.touches_everybody:
            most += LARGE * SEVERAL_PASSES
        return f"{before} rows, then {each.rows_read}, most by {each.worst[:1000]}" if each.rows_read > most else ""

    check(sizes[LARGE], grown)


def test_whoever_is_in_no_group_is_counted_without_everybodys_memberships(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """A pass over the people and one over the largest group, which has a fifth of all memberships."""
    with django_db_blocker.unblock(), filled_database(LARGE):
        *_, groupless = people_without_own_team(site_facts(), outside_the_largest_group())
        plan = explain(*groupless.order_by()[:SOME_PEOPLE].query.sql_with_params())
        assert plan
        assert plan.rows_read < 4 * LARGE


LOOKED_UP = (
    'userName eq "person42@company.example"',
    'externalId eq "entra-person42"',
    'emails[type eq "work"].value eq "mail42@company.example"',
    'emails.value eq "mail42@company.example"',
    'id eq "{id}"',
)


def test_a_lookup_scans_nothing_right_after_a_bulk_load(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """There are no statistics then, and PostgreSQL guesses."""
    with django_db_blocker.unblock(), filled_database(LARGE, analysed=False):
        browsers, known = Browsers(), world(LARGE)
        addresses = [f"/scim/v2/Users/{known['user_id']}"]
        addresses += [
            f"/scim/v2/Users?{urlencode({'filter': each.replace('{id}', str(known['user_id']))})}" for each in LOOKED_UP
        ]
        for address in addresses:
            measured = browsers.measure(Opening(address, by="key"), timed=False)
            assert measured.status == 200, address
            for plan in measured.plans:
                scanned = {table: rows for table, rows in plan.scanned.items() if rows > SOME_PEOPLE}
                assert not scanned, (address, scanned, plan.sql)

"""What the search finds, for whom, in which order, and what it says of each person."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import translation

from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.models import User
from gatekeeper.directory.people.users import delete_user
from gatekeeper.web.framework.places import PLACES
from gatekeeper.web.search.everywhere import BELOW_THE_FIELD, Most, search_everywhere
from gatekeeper.web.search.options import LONGEST, Fit, Section, cleaned, fit_of
from saml.models import SignInAttempt
from tests.builders import (
    ENTRA,
    link,
    log_request,
    make_group,
    make_provider,
    make_team,
    make_user,
    make_users,
    map_group,
    remove_members,
)
from tests.web.pages import queries_of, text_of

OPTIONS, PAGE = "/search/options/", "/search/"


@pytest.fixture
def access(administrator: User) -> Access:
    return access_of(administrator)


def found(search: str, access: Access, most: Most = BELOW_THE_FIELD) -> dict[str, list[str]]:
    """The names that are found, by the title of their section, in the order of the page."""
    return {each.title: [option.name for option in each.options] for each in search_everywhere(search, access, most)}


def section(search: str, access: Access, title: str) -> Section:
    return next(each for each in search_everywhere(search, access, BELOW_THE_FIELD) if each.title == title)


@pytest.mark.parametrize(
    ("search", "name", "fit"),
    [
        ("ada", "Ada", Fit.EXACT),
        ("STRASSE", "Straße", Fit.EXACT),
        ("ada l", "Ada Lovelace", Fit.BEGINS),
        ("love ad", "Ada Lovelace", Fit.WORD_BEGINS),
        ("lace", "Ada Lovelace", Fit.CONTAINS),
        ("grace", "Ada Lovelace", Fit.ELSEWHERE),
        ("%", "Ada", Fit.ELSEWHERE),
        ("%", "100 %", Fit.CONTAINS),
    ],
)
def test_how_well_a_name_fits(search: str, name: str, fit: Fit) -> None:
    assert fit_of(search, name) is fit


def test_a_search_is_one_line_without_nul_and_not_endless() -> None:
    assert cleaned(" ada\x00\n  lovelace ") == "ada lovelace"
    assert len(cleaned("x" * 10_000)) == LONGEST


def test_who_fits_exactly_comes_first_then_who_begins_so_then_the_others(access: Access) -> None:
    for name in ("Bert Adams", "Adam Zorn", "Adam", "Madam Curie"):
        make_user(display_name=name)

    assert found("adam", access)["People"] == ["Adam", "Adam Zorn", "Bert Adams", "Madam Curie"]


@pytest.mark.parametrize("search", ["ada@x.com", "ADA@X", "work@y", "a.lovelace", "lovelace ada", "ext-1", "Ad"])
def test_people_are_found_by_name_addresses_and_external_id(access: Access, search: str) -> None:
    make_user("ada@x.com", work_email="work@y.com", display_name="A.Lovelace, Ada", external_id="ext-1")
    make_user("grace@x.org", display_name="Grace")

    assert found(search, access)["People"] == ["A.Lovelace, Ada"]


def test_people_and_groups_are_found_by_their_ids(access: Access) -> None:
    ada = make_user(display_name="Ada")

    group = make_group("GK Ada", [ada], external_id="entra-group-1")

    assert found(str(ada.pk).upper(), access) == {"People": ["Ada"]}
    assert found(str(group.pk), access) == {"IdP groups": ["GK Ada"]}
    assert found("entra-group-1", access) == {"IdP groups": ["GK Ada"]}
    assert found(str(uuid4()), access) == {}


def test_the_live_come_before_the_deleted_of_the_same_name(access: Access) -> None:
    former = make_user("ada@x.com", display_name="Ada")
    delete_user(former.pk, actor=ENTRA)
    present = make_user("ada@x.com", display_name="Ada")

    options = section("Ada", access, "People").options
    assert [option.address for option in options] == [f"/users/{each.pk}/" for each in (present, former)]
    assert options[1].state == "can't sign in: deleted"


def test_each_person_has_their_state_and_the_reason_and_the_next_step_in_words(access: Access) -> None:
    make_provider()
    make_user(display_name="Quinn linked")
    removed = make_user(display_name="Quinn removed")
    group = make_group("GK Quality", [removed])
    link()
    remove_members(group, removed)
    make_user(display_name="Quinn waiting")
    make_user(display_name="Quinn inactive", active=False)

    options = {option.name: option for option in section("quinn", access, "People").options}
    assert options["Quinn linked"].state == "can sign in"
    assert options["Quinn waiting"].state.startswith("can't sign in: awaiting the sync <time ")
    assert options["Quinn inactive"].state == "can't sign in: deactivated"
    assert options["Quinn removed"].state == "can't sign in: no group gives access"
    assert "Removed from GK Quality" in options["Quinn removed"].readiness.sentence
    assert options["Quinn removed"].readiness.next_step == "Add the person to a group again."


def test_there_are_not_more_than_a_few_and_a_link_to_all(access: Access) -> None:
    make_users(12)
    people = section("person", access, "People")

    assert len(people.options) == BELOW_THE_FIELD.people
    assert people.more == "/users/?q=person"


def test_groups_and_teams_are_found_by_their_words_the_best_first(access: Access) -> None:
    user = make_user()
    for name in ("GK Finance EMEA", "Finance", "Corporate Finance"):
        make_group(name, [user])
    make_group("Finance without anybody yet")
    make_team("Finance")

    names = found("finance", access)
    assert names["IdP groups"] == ["Finance", "Corporate Finance", "GK Finance EMEA"]
    assert names["Teams"] == ["Finance"]
    assert found("emea fin", access)["IdP groups"] == ["GK Finance EMEA"]


def test_a_name_that_looks_like_a_reference_number_is_found(access: Access) -> None:
    make_group("Sales_Team_EMEA_2026", [make_user(display_name="Robot-12345678901")])
    make_team("Sales_Team_EMEA_2026")

    names = found("sales_team_emea_2026", access)
    assert names == {"IdP groups": ["Sales_Team_EMEA_2026"], "Teams": ["Sales_Team_EMEA_2026"]}
    assert found("robot-12345678901", access)["People"] == ["Robot-12345678901"]


@pytest.mark.parametrize(
    "hostile", ["%", "_", "\\", "%%%", "a%b", "\\%", "'", "p'l", '"', "\x00", "\u202e", "x" * 10_000]
)
def test_what_means_something_to_a_database_means_itself(access: Access, hostile: str) -> None:
    make_group("GK Plain", [make_user("plain@x.com", display_name="Plain")])
    make_team("Plain")

    names = found(cleaned(hostile), access)
    assert not {"People", "IdP groups", "Teams"} & names.keys()


def test_a_percent_sign_in_a_name_is_found(access: Access) -> None:
    make_group("100 % remote_work", [make_user(display_name="Bob \\ Tables 50%")])

    assert found("100 %", access)["IdP groups"] == ["100 % remote_work"]
    assert found("remote_", access)["IdP groups"] == ["100 % remote_work"]
    assert found("tables 50%", access)["People"] == ["Bob \\ Tables 50%"]


@pytest.mark.parametrize(
    ("search", "page"),
    [
        ("users", "Users"),
        ("retention", "Retention"),
        ("GDPR", "Retention"),
        ("break-glass", "Local accounts"),
        ("api key", "Credentials"),
        ("SSO", "Authentication"),
        ("fallback", "Fallback team"),
        ("audit", "Audit trail"),
        ("scim", "System for Cross-domain Identity Management (SCIM)"),
    ],
)
def test_pages_and_settings_are_found_by_name_and_by_what_else_they_are_called(
    access: Access, search: str, page: str
) -> None:
    assert page in found(search, access)["Pages and settings"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_place_is_found_by_its_name_and_leads_there(access: Access, language: str) -> None:
    with translation.override(language):
        for place in PLACES.values():
            options = search_everywhere(str(place.name), access, BELOW_THE_FIELD)[0].options
            assert (options[0].name, options[0].address) == (str(place.name), place.address)


def test_a_part_of_a_place_says_where_it_is(access: Access) -> None:
    [fallback] = section("Fallback team", access, "Pages and settings").options
    assert fallback.address == "/settings/configuration/scim/#fallback-form"
    assert fallback.about == "Settings › System for Cross-domain Identity Management (SCIM)"


def test_a_page_with_exactly_this_name_stands_above_people_who_contain_it(access: Access) -> None:
    make_user("users@x.com")

    assert list(found("Users", access)) == ["Pages and settings", "People"]
    assert list(found("user", access)) == ["People", "Pages and settings"]


@pytest.mark.usefixtures("db")
def test_in_german_a_page_is_found_by_its_name_and_by_the_english_one(access: Access) -> None:
    with translation.override("de"):
        titles = [section.options[0].address for section in search_everywhere("sync history", access, BELOW_THE_FIELD)]
        german = section("Benutzer", access, str(translation.gettext("Pages and settings")))
    assert titles == ["/sync-history/"]
    assert german.options[0].address == "/users/"


def test_every_page_that_is_named_exists(admin_client: Client) -> None:
    answer = admin_client.get(PAGE)
    for address in {option.address.partition("#")[0] for option in answer.context["sections"][0].options}:
        assert admin_client.get(address).status_code == 200, address


def test_a_reference_number_leads_to_the_attempt_and_a_request_id_to_the_log(access: Access) -> None:
    attempt = SignInAttempt.objects.create(request_id="0af7651916cd43dd", accepted=False, failed_check="unknown_person")
    entry = log_request(request_id="5451b797-ec99-4957-b569-f0a38e7dc42c")

    [sign_in] = section("0af7651916cd43dd", access, "Reference numbers").options
    assert sign_in.address == f"/sign-in-attempts/{attempt.pk}/"
    [request] = section("5451b797-ec99-4957-b569-f0a38e7dc42c", access, "Reference numbers").options
    assert request.address == f"/provisioning-log/{entry.pk}/"
    assert request.name == "POST /scim/v2/Users · 201 · Changed"


def test_who_may_not_read_the_directory_finds_nothing_of_it(person_with: Callable[..., Client]) -> None:
    browser = person_with("collaborator", "history")
    make_group("GK Secretive", [make_user("secretive@x.com", display_name="Secretive")])
    make_team("Secretive")
    entry = log_request(request_id="secretive-request-1")

    assert "ecretive" not in text_of(browser.get(OPTIONS, {"q": "Secretiv"})).replace("Secretiv ", "")
    assert text_of(browser.get(OPTIONS, {"q": "secretive-request-1"})).count('role="option"') == 1
    assert f"/provisioning-log/{entry.pk}/" in text_of(browser.get(OPTIONS, {"q": "secretive-request-1"}))
    assert "/settings/configuration/" not in text_of(browser.get(OPTIONS, {"q": "configuration"}))


def test_who_reads_the_directory_finds_people_but_no_logs_and_no_settings(person_with: Callable[..., Client]) -> None:
    browser = person_with("global_administrator", "users")
    make_group("GK Secretive", [make_user("secretive@x.com", display_name="Secretive")])
    log_request(request_id="secretive-request-1")

    page = text_of(browser.get(OPTIONS, {"q": "secretive"}))
    assert "secretive@x.com" in page
    assert "GK Secretive" not in page
    assert "/provisioning-log/" not in text_of(browser.get(OPTIONS, {"q": "secretive-request-1"}))


def test_who_only_has_a_profile_has_no_search(person_with: Callable[..., Client]) -> None:
    browser = person_with("employee_portal")

    assert 'role="combobox"' not in text_of(browser.get("/profile/"))
    for address in (PAGE, OPTIONS):
        refused = browser.get(address, {"q": "ada"})
        assert refused.status_code == 403
        assert "History or the Reports permission" in text_of(refused)


def test_the_head_of_each_page_has_the_field(admin_client: Client) -> None:
    for address in ("/users/", "/settings/configuration/", "/profile/", "/nothing-here/"):
        page = text_of(admin_client.get(address))
        assert 'action="/search/"' in page, address
        assert 'role="combobox"' in page, address


def test_without_scripts_the_form_leads_to_a_page_that_says_why(admin_client: Client) -> None:
    make_user("ada@x.com", display_name="Ada", active=False)
    page = text_of(admin_client.get(PAGE, {"q": "ada"}))

    assert "1 result for" in page
    assert "can't sign in: deactivated" in page
    assert "Assign them to the application there again" in page
    assert 'value="ada"' in page


@pytest.mark.parametrize("address", [PAGE, OPTIONS])
@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "\x00", "%00", "\u202e", '"><img src=x>', "%", "x" * 10_000]
)
def test_hostile_texts_are_shown_as_texts(admin_client: Client, address: str, hostile: str) -> None:
    make_user("evil@x.com", display_name=f"Evil {hostile}".replace("\x00", "")[:500])
    for search in (hostile, "evil"):
        answer = admin_client.get(address, {"q": search})
        assert answer.status_code == 200
        assert b"<script>alert" not in answer.content
        assert b"<img src=x" not in answer.content
        assert answer.headers["Cache-Control"] == "no-store"
    assert "evil@x.com" in text_of(answer)
    assert "<bdi" in text_of(answer)


def test_nothing_found_is_said_and_of_a_number_where_else_to_look(admin_client: Client) -> None:
    assert "Nothing found." in text_of(admin_client.get(OPTIONS, {"q": "nobody-of-this-name"}))
    page = text_of(admin_client.get(PAGE, {"q": "373d7e1d-9900-477e-9d0c-b22cf8bfd7fa"}))
    assert "look for it in the log of the server" in page


def test_the_number_of_queries_does_not_grow_with_the_number_of_people(admin_client: Client) -> None:
    make_provider()
    make_users(2)
    few = queries_of(admin_client, f"{OPTIONS}?q=person")
    make_group("GK Many", make_users(30))
    map_group(make_group("GK Person", make_users(3)), "collaborator")

    assert queries_of(admin_client, f"{OPTIONS}?q=person") <= few + 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the plans are PostgreSQL's")
def test_beginnings_of_names_are_looked_up_in_indexes(access: Access) -> None:
    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        search_everywhere("ada lovelace", access, BELOW_THE_FIELD)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql, params in statements:
            cursor.execute(f"EXPLAIN {sql}", params)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan on directory_user" not in plan, (sql, plan)

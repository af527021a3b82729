"""The whole filter grammar of RFC 7644 §3.4.2.2, over HTTP and both databases."""

import pytest

from scim.protocol.limits import MAX_FILTER_DEPTH, MAX_FILTER_LENGTH, MAX_FILTER_TERMS
from scim.protocol.schemas import ENTERPRISE_USER
from tests.builders import make_administrator

ENT = ENTERPRISE_USER
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
def people(scim):
    ada = scim.user(
        "Ada.Obi@contoso.com",
        externalId="X1",
        displayName="Ada Ödegård",
        title="100%",
        name={"givenName": "Ada", "familyName": "Obi"},
        emails=[{"type": "work", "value": "ada@contoso.com", "primary": True}, {"type": "home", "value": "a@home.net"}],
        profileUrl="https://x/Ada",
        **{ENT: {"department": "Legal", "employeeNumber": "00417"}},
    )
    bo = scim.user(
        "bo@contoso.com",
        externalId="x1",
        displayName="Bo",
        title="100",
        active=False,
        emails=[{"type": "work", "value": "bo@home.net"}],
        **{ENT: {"department": "Sales", "manager": {"value": ada["id"]}}},
    )
    cy = scim.user("cy_d@contoso.com", nickName='Cy "the" \\ cat')
    group = scim.group("GK Legal", ada["id"], bo["id"])
    return {"ada": ada, "bo": bo, "cy": cy, "group": group}


def names(scim, expression):
    return [name[:2].lower() for name in scim.found("/Users", expression)]


FOUND = [
    ('userName eq "ada.obi@CONTOSO.com"', "ad"),
    ('USERNAME EQ "bo@contoso.com"', "bo"),
    ('userName ne "bo@contoso.com"', "ad cy"),
    ('userName sw "A"', "ad"),
    ('userName co "CONTOSO"', "ad bo cy"),
    ('userName ew ".COM"', "ad bo cy"),
    ('userName gt "bo@contoso.com"', "cy"),
    ('userName ge "BO@contoso.com"', "bo cy"),
    ('userName lt "bo@contoso.com"', "ad"),
    ('userName le "bo@contoso.com"', "ad bo"),
    ("userName pr", "ad bo cy"),
    ('externalId eq "X1"', "ad"),
    ('externalId eq "x1"', "bo"),
    ('externalId co "x"', "bo"),
    ("externalId pr", "ad bo"),
    ("externalId eq null", "cy"),
    ("externalId ne null", "ad bo"),
    ('not (externalId co "X")', "bo cy"),
    ('displayName eq "ada öDEGÅRD"', "ad"),
    ('displayName eq "Ada O\u0308degA\u030ard"', "ad"),
    ("title pr", "ad bo"),
    ("not (title pr)", "cy"),
    ("title eq null", "cy"),
    ('title ne "100"', "ad cy"),
    ('title co "%"', "ad"),
    ('userName co "_"', "cy"),
    ('userName co "y_d"', "cy"),
    ('title gt "100"', "ad"),
    ('name.familyName eq "OBI"', "ad"),
    ("name pr", "ad"),
    ('profileUrl eq "https://x/Ada"', "ad"),
    ('profileUrl eq "https://x/ada"', ""),
    ("active eq true", "ad cy"),
    ('active eq "False"', "bo"),
    ("active ne true", "bo"),
    ("active pr", "ad bo cy"),
    ('emails.value eq "ADA@contoso.com"', "ad"),
    ('emails eq "bo@home.net"', "bo"),
    ('emails co "home.net"', "ad bo"),
    ("emails pr", "ad bo"),
    ('emails[type eq "work"].value eq "bo@home.net"', "bo"),
    ('emails[type eq "home"].value eq "bo@home.net"', ""),
    ('emails[type eq "work" and value co "home"]', "bo"),
    ('emails.type eq "work" and emails.value co "home"', "ad bo"),
    ('emails[not (type eq "work")]', "ad"),
    ('emails[type eq "home" or value eq "bo@home.net"]', "ad bo"),
    ("emails[primary eq true]", "ad"),
    ('emails[primary eq "True" and type eq "work"]', "ad"),
    ("emails[not (primary pr)]", "ad bo"),
    ('emails[value pr and type ne "home"]', "ad bo"),
    ("emails.primary eq true", "ad"),
    (f'{ENT}:department eq "legal"', "ad"),
    (f'{ENT.upper()}:DEPARTMENT eq "legal"', "ad"),
    (f'{CORE}:userName eq "bo@contoso.com"', "bo"),
    (f'{CORE}:name.givenName eq "ada"', "ad"),
    (f"{ENT}:manager pr", "bo"),
    (f'schemas eq "{ENT}"', "ad bo"),
    (f'schemas eq "{CORE}"', "ad bo cy"),
    ('meta.resourceType eq "User"', "ad bo cy"),
    ('meta.resourceType eq "user"', ""),
    ('meta.created gt "2020-01-01T00:00:00Z"', "ad bo cy"),
    ('meta.lastModified lt "2020-01-01T02:00:00+02:00"', ""),
    ('meta.version eq "W/\\"1\\""', "ad bo cy"),
    ('groups.display eq "gk legal"', "ad bo"),
    ('groups[display sw "GK" and type eq "direct"]', "ad bo"),
    ("groups pr", "ad bo"),
    ("not (groups pr)", "cy"),
    ('nickName eq "cy \\"the\\" \\\\ cat"', "cy"),
    ('nickName co "\\u0022THE\\u0022"', "cy"),
    ('userName sw "ada" or userName sw "bo" and active eq true', "ad"),
    ('(userName sw "ada" or userName sw "bo") and active eq true', "ad"),
    ('userName sw "bo" and active eq true or userName sw "cy"', "cy"),
    ('not (userName sw "ada") and not (userName sw "bo")', "cy"),
    ('userName eq "nobody"', ""),
    ('title co ""', "ad bo"),
    ('title ew ""', "ad bo"),
]


@pytest.mark.parametrize(("expression", "expected"), FOUND, ids=[each for each, _ in FOUND])
def test_a_filter_finds_whom_it_describes(scim, people, expression, expected):
    """RFC 7644 §3.4.2.2, tables 3 to 5."""
    assert " ".join(names(scim, expression)) == expected


def test_ids_and_addresses_can_be_filtered_by(scim, people):
    """RFC 7644 §3.4.2.2, RFC 7643 §3.1."""
    ada, bo, group = people["ada"], people["bo"], people["group"]
    for expression in (
        f'id eq "{ada["id"]}"',
        f'id sw "{ada["id"][:13]}" and id ew "{ada["id"][-13:]}"',
        f'meta.location eq "{ada["meta"]["location"]}"',
        f'meta.location ew "{ada["id"]}"',
        f'meta.created eq "{ada["meta"]["created"]}"',
        f'groups.value eq "{group["id"]}" and active eq true',
        f'groups.$ref eq "{group["meta"]["location"]}" and active eq true',
        f'groups[value eq "{group["id"]}"] and userName sw "ada"',
    ):
        assert names(scim, expression) == ["ad"], expression
    assert names(scim, f'{ENT}:manager.value eq "{ada["id"]}"') == ["bo"]
    assert names(scim, f'manager eq "{ada["id"]}"') == ["bo"]
    assert names(scim, f'id eq "{ada["id"].upper()}"') == ([] if ada["id"] != ada["id"].upper() else ["ad"])
    for expression in (
        f'members eq "{bo["id"]}"',
        f'members.value eq "{bo["id"]}"',
        f'members[value eq "{bo["id"]}"]',
        f'members[value eq "{bo["id"]}" and display eq "BO"]',
        f'members.$ref eq "{bo["meta"]["location"]}"',
        'members.display eq "ada ödegård"',
        'members[type eq "User"]',
        'displayName eq "gk LEGAL"',
        "members pr",
    ):
        assert scim.found("/Groups", expression, "displayName") == ["GK Legal"], expression
    assert scim.found("/Groups", f'members.value eq "{people["cy"]["id"]}"', "displayName") == []
    assert scim.found("/Groups", "not (members pr)", "displayName") == []


REFUSED = [
    "userName",
    "userName eq",
    "eq eq eq eq",
    'userName is "x"',
    "userName eq Employee",
    'userName eq "a',
    'userName eq "a" and',
    'userName eq "a" xor userName eq "b"',
    '(userName eq "a"',
    'userName eq "a")',
    "not userName pr",
    'shoeSize eq "43"',
    'name.nick eq "x"',
    'urn:example:2.0:User:x eq "y"',
    'password sw "a"',
    'user_name eq "a"',
    'user__is_superuser eq "true"',
    '__class__ eq "x"',
    'name eq "Ada"',
    'emails[type eq "work"] eq "x"',
    'emails[kind eq "work"]',
    'emails[emails[type eq "work"]]',
    'title[value eq "x"]',
    'name[givenName eq "x"]',
    "active gt true",
    'active eq "maybe"',
    "active co true",
    'x509Certificates.value gt "a"',
    'meta.created eq "yesterday"',
    'meta.created co "2020"',
    "userName gt null",
    "userName eq true",
    'schemas co "urn"',
    'userName eq "\\u0000"',
    'userName eq "\\ud800"',
    'userName eq "\\x"',
    'userName pr and shoeSize eq "1"',
    'userName pr or shoeSize eq "1"',
]


@pytest.mark.parametrize("expression", REFUSED)
def test_a_filter_that_is_not_fully_understood_is_never_answered_with_200(scim, expression):
    """RFC 7644 §3.4.2.2, §3.12: invalidFilter."""
    answer = scim.find("/Users", expression)

    assert answer.status_code == 400
    assert answer.json()["scimType"] == "invalidFilter"


def test_the_refusal_names_the_part_that_is_not_understood(scim):
    """RFC 7644 §3.12."""
    assert "shoeSize" in scim.find("/Users", 'userName pr and shoeSize eq "1"').json()["detail"]


HURTFUL = {
    "longer than allowed": ("not (" * 3000 + "title pr" + ")" * 3000, "tooMany", MAX_FILTER_LENGTH),
    "long": ("a" * 100_000, "tooMany", MAX_FILTER_LENGTH),
    "parentheses": ("(" * 7000, "tooMany", MAX_FILTER_DEPTH),
    "deep": ("not (" * 200 + "title pr" + ")" * 200, "tooMany", MAX_FILTER_DEPTH),
    "brackets": ("emails[" * 200 + "value pr" + "]" * 200, "tooMany", MAX_FILTER_DEPTH),
    "and in or": ("title pr and (title pr or (" * 20 + "title pr" + "))" * 20, "tooMany", MAX_FILTER_DEPTH),
    "many terms": (" or ".join(['title eq "x"'] * 500), "tooMany", MAX_FILTER_TERMS),
    "one term too many": (" or ".join(["title pr"] * (MAX_FILTER_TERMS + 1)), "tooMany", MAX_FILTER_TERMS),
    "terms in brackets": (f"emails[{' or '.join(['value pr'] * 101)}]", "tooMany", MAX_FILTER_TERMS),
    "long number": ("title eq " + "9" * 6000, "invalidFilter", ""),
    "number of 400 digits": ("title eq " + "9" * 400, "invalidFilter", ""),
    "infinite": ("title eq 1e999", "invalidFilter", ""),
    "NaN": ("title eq NaN", "invalidFilter", ""),
    "minus infinity": ("title eq -1e400", "invalidFilter", ""),
}


@pytest.mark.parametrize(("expression", "scim_type", "limit"), HURTFUL.values(), ids=HURTFUL.keys())
def test_a_filter_made_to_hurt_is_refused_with_its_limit(scim, expression, scim_type, limit):
    """RFC 7644 §3.12: tooMany."""
    answer = scim.request(
        "POST",
        "/Users/.search",
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": expression},
    )

    assert (answer.status_code, answer.json()["scimType"]) == (400, scim_type)
    assert str(limit) in answer.json()["detail"]


def test_as_many_terms_and_parentheses_as_allowed_are_served(scim):
    """RFC 7644 §3.4.2.2."""
    assert scim.found("/Users", " or ".join(["title pr"] * MAX_FILTER_TERMS)) == []
    assert scim.found("/Users", "(" * MAX_FILTER_DEPTH + 'title eq "(((["' + ")" * MAX_FILTER_DEPTH) == []


def test_at_the_root_a_term_on_another_types_attribute_is_false(scim, people):
    """RFC 7644 §3.4.2.1."""

    def found(expression):
        return [each.get("displayName", "") for each in scim.find("", expression).json()["Resources"]]

    assert found('userName sw "bo" or displayName eq "gk legal"') == ["Bo", "GK Legal"]
    assert found('userName sw "bo"') == ["Bo"]
    assert scim.find("", 'shoeSize eq "x"').status_code == 400


def test_local_administrators_are_invisible(scim):
    admin = make_administrator("root@example.com")

    assert scim.found("/Users", "userName pr") == []
    assert scim.get(f"/Users/{admin.id}").status_code == 404
    assert scim.delete(f"/Users/{admin.id}").status_code == 404
    scim.user("root@example.com")

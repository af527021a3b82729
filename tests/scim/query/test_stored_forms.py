"""The search index keeps each value in the forms that are compared, and in no other; the answers are the same."""

from urllib.parse import quote

import pytest
from django.db import connection
from django.db.models import Q

from scim.models import PREFIX_LENGTH, AttributeValue
from tests.scim.conftest import ScimClient

LONG = "Ab" * PREFIX_LENGTH
PERSON = {
    "userName": "ada@example.com",
    "title": "Analyst",
    "emails": [{"value": "Ada@Example.com", "type": "work"}],
    "profileUrl": f"https://example.com/{LONG}",
    "nickName": LONG,
}


@pytest.mark.django_db
def test_no_text_is_kept_twice(scim: ScimClient) -> None:
    scim.post("/Users", PERSON)

    twice = AttributeValue.objects.exclude(text="").exclude(folded="")

    assert {row.path for row in twice} == {"profileUrl"}  # its case matters, and it is longer than its prefix
    assert AttributeValue.objects.filter(~Q(prefix=""), text="", folded="").count() == 0


@pytest.mark.django_db
def test_the_database_looks_for_no_user_of_a_row() -> None:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, AttributeValue._meta.db_table)

    assert not [name for name, constraint in constraints.items() if constraint["foreign_key"]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("condition", "is_found"),
    [
        ('title eq "ANALYST"', True),
        ('title co "NALY"', True),
        ('title gt "ANALYSS"', True),
        ('title sw "B"', False),
        (f'nickName eq "{LONG.upper()}"', True),
        (f'nickName ew "{LONG.upper()}"', True),
        (f'nickName eq "{LONG}c"', False),
        (f'profileUrl eq "https://example.com/{LONG}"', True),
        (f'profileUrl eq "https://example.com/{LONG.lower()}"', False),
        ('profileUrl co "AbAb"', True),
        ('profileUrl co "abab"', False),
        ('emails[type eq "WORK" and value eq "ada@example.com"]', True),
    ],
)
def test_each_operator_finds_it_by_the_form_that_is_kept(scim: ScimClient, condition: str, is_found: bool) -> None:
    scim.post("/Users", PERSON)

    found = scim.get(f"/Users?filter={quote(condition)}").json()

    assert found["totalResults"] == is_found

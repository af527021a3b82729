"""The company is believable, and the same each time."""

import pytest

from entra_client.directory.company import make_company, make_group, make_joiner, plain

COMPANY = make_company(people=300, groups=12, seed=1)


def test_the_same_numbers_make_the_same_company():
    assert make_company(people=300, groups=12, seed=1) == COMPANY


def test_another_seed_makes_another_company():
    assert make_company(people=300, groups=12, seed=2).people[0].object_id != COMPANY.people[0].object_id


def test_no_two_people_share_a_user_name_or_an_object_id():
    assert len({person.user_name.casefold() for person in COMPANY.people}) == 300
    assert len({person.object_id for person in COMPANY.people}) == 300


def test_everybody_but_the_first_reports_to_somebody_who_comes_before():
    seen = {COMPANY.people[0].object_id}
    assert COMPANY.people[0].manager_id is None
    for person in COMPANY.people[1:]:
        assert person.manager_id in seen
        seen.add(person.object_id)


def test_names_have_accents_and_apostrophes_and_user_names_are_ascii():
    assert any(not person.display_name.isascii() for person in COMPANY.people)
    assert any("'" in person.user_name for person in COMPANY.people)
    assert all(person.user_name.isascii() and " " not in person.user_name for person in COMPANY.people)


def test_there_are_twelve_groups_with_different_names_and_known_members():
    known = {person.object_id for person in COMPANY.people}
    assert len({group.display_name for group in COMPANY.groups}) == 12
    assert COMPANY.groups[0].display_name == "GK Legal"
    assert all(group.members and group.members <= known for group in COMPANY.groups)


def test_some_people_are_in_several_groups_and_some_in_none():
    counts = [len(COMPANY.groups_of(person.object_id)) for person in COMPANY.people]
    assert max(counts) >= 3
    assert 0 < counts.count(0) < 40


@pytest.mark.parametrize(("people", "groups"), [(1, 0), (1, 12), (2, 30), (7, 3), (40, 40)])
def test_any_size_can_be_made(people: int, groups: int):
    company = make_company(people=people, groups=groups, seed=3)
    assert (len(company.people), len(company.groups)) == (people, groups)
    assert len({group.display_name for group in company.groups}) == groups


def test_joiners_and_new_groups_are_the_same_each_time_and_nobody_who_is_there():
    assert make_joiner(COMPANY, 1) == make_joiner(COMPANY, 1)
    assert make_joiner(COMPANY, 1).user_name not in {person.user_name for person in COMPANY.people}
    assert make_group(COMPANY, 1) == make_group(COMPANY, 1)


@pytest.mark.parametrize(
    ("name", "ascii_name"),
    [("Łukasz", "lukasz"), ("O'Brien", "o'brien"), ("van der Berg", "vanderberg"), ("Strauß", "strauss")],
)
def test_names_become_plain_letters(name: str, ascii_name: str):
    assert plain(name) == ascii_name

"""What a document changes: codes with values, from which the texts are made when they are shown."""

import pytest
from django.utils import translation

from gatekeeper.config_as_code.apply import apply_document
from gatekeeper.config_as_code.changes import Change, ChangeCode
from gatekeeper.config_as_code.document import read_document
from tests.builders import ADMIN, make_group, make_user

pytestmark = pytest.mark.django_db


def test_a_dry_run_states_codes_with_values_and_no_sentences() -> None:
    make_group("GK Finance", [make_user()])
    document = read_document(
        '{"teams": ["Finance"], "group_mappings": {"GK Finance":'
        ' {"level": "administrator", "permissions": ["reports"], "teams": ["Finance"]}}}'
    )

    created, mapped = apply_document(document, actor=ADMIN, dry_run=True).changed

    assert created == Change(ChangeCode.TEAM_CREATED, {"name": "Finance"})
    assert mapped.as_document() == {
        "code": "mapping_set",
        "values": {
            "name": "GK Finance",
            "mapping": {"level": "administrator", "permissions": ["reports"], "teams": ["Finance"]},
            "was_mapping": None,
        },
    }


def test_a_name_with_a_percent_sign_is_shown_as_it_is() -> None:
    assert Change(ChangeCode.TEAM_DELETED, {"name": "100%(name)s"}).text == "Team 100%(name)s is deleted."


@pytest.mark.parametrize("code", ChangeCode)
def test_every_code_has_a_text(code: ChangeCode) -> None:
    mapping = {"level": "administrator", "permissions": ["reports"], "teams": ["Finance"]}
    values = {
        "name": "New",
        "was": None,
        "policy": "revoke",
        "mapping": mapping,
        "was_mapping": None,
        "days": 1,
        "was_days": None,
    }

    with translation.override("en-gb"):
        text = Change(code, values).text

    assert text.endswith(".")
    assert "%(" not in text
    if code is ChangeCode.MAPPING_SET:
        assert text == "New grants Administrator, Reports, team Finance (was the Default Mapping)."

"""Bodies of requests: what is packed comes back, entries of earlier releases are read as they are."""

import json

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from entra_client.directory.company import make_company
from entra_client.protocol.client_quirks import WithoutFlag
from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.audit.stored_bodies import packed, unpacked
from tests.builders import log_request

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@given(DOCUMENTS, DOCUMENTS)
def test_what_is_packed_comes_back(request, answer) -> None:
    stored = packed(request, answer)

    assert (request, answer) == (None, None) if stored is None else unpacked(stored) == (request, answer)


@pytest.mark.parametrize("stored", [b"", b"\x00", b"\x01nonsense", b"\x07" + (packed(1, 2) or b"")[1:]])
def test_other_bytes_are_refused_by_one_error(stored: bytes) -> None:
    with pytest.raises(ValueError, match="no bodies"):
        unpacked(stored)


def test_a_new_user_takes_a_fifth_of_the_text() -> None:
    request = WithoutFlag().new_user(make_company(people=3, groups=0, seed=1).people[2])
    answer = {**request, "id": "5d1f7a80-9a2b-4d8e-a4ff-0c1e5b3f6a77"}

    assert len(packed(request, answer) or b"") * 5 < len(json.dumps([request, answer]))


@pytest.mark.django_db
def test_an_entry_of_an_earlier_release_shows_its_bodies() -> None:
    entry = log_request(request={"userName": "new"}, answer={"id": "2"})
    with connection.cursor() as cursor:  # as the release before writes it
        cursor.execute(
            "UPDATE audit_provisioningentry SET bodies = NULL, request = %s, answer = %s", ['{"userName": "old"}', "{}"]
        )

    former = ProvisioningEntry.objects.get()

    assert (entry.request, entry.answer) == ({"userName": "new"}, {"id": "2"})
    assert (former.request, former.answer) == ({"userName": "old"}, {})

"""SIEM streams as code: stated as a whole, without secrets, and what stays keeps its place."""

import json
from typing import Any

import pytest

from gatekeeper.audit.stream.delivery import authorization_of
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.streams import Wanted, create_stream
from gatekeeper.config_as_code.apply import apply_document
from gatekeeper.config_as_code.document import export_document, read_document
from gatekeeper.errors import InvalidValue
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db
HTTPS = "https://siem.example.com/ingest"


def apply(**document: Any) -> list[str]:
    return [each.text for each in apply_document(read_document(json.dumps(document)), actor=ADMIN).changed]


def test_streams_are_made_changed_and_deleted() -> None:
    assert apply(siem_streams={"A": {"url": HTTPS}, "B": {"url": "tls://siem.example.com:6514"}}) == [
        "The SIEM stream A is created.",
        "The SIEM stream B is created.",
    ]
    Stream.objects.filter(name="A").update(position=7)
    assert apply(siem_streams={"A": {"url": HTTPS + "/new"}}) == [
        "The SIEM stream B is deleted.",
        "The SIEM stream A is sent elsewhere, or trusts others.",
    ]
    assert (Stream.objects.get().url, Stream.objects.get().position) == (HTTPS + "/new", 7)
    assert apply(teams=["General"]) == ["Team General is created."]
    assert Stream.objects.count() == 1


def test_an_export_has_no_secret_and_applying_it_changes_nothing() -> None:
    assert "siem_streams" not in export_document()
    stream = create_stream(Wanted(name="A", url=HTTPS, authorization="Bearer s3cret"), actor=ADMIN)
    exported = export_document()

    assert exported["siem_streams"] == {"A": {"url": HTTPS}}
    assert apply(**exported) == []
    stream.refresh_from_db()
    assert authorization_of(stream) == "Bearer s3cret"


@pytest.mark.parametrize(
    ("stated", "place"),
    [
        ([], "siem_streams"),
        ({"A": HTTPS}, "siem_streams.A"),
        ({"A": {}}, "siem_streams.A"),
        ({"A": {"url": 1}}, "siem_streams.A.url"),
        ({"A": {"url": HTTPS, "authorization": "x"}}, "siem_streams.A.authorization"),
        ({"A": {"url": "udp://10.0.0.1"}}, "siem_streams.A.url"),
        ({"A": {"url": HTTPS, "ca_certificates": "x"}}, "siem_streams.A.ca_certificates"),
    ],
    ids=str,
)
def test_what_is_no_stream_is_refused_by_its_place(stated: Any, place: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        apply(siem_streams=stated)

    assert refusal.value.attribute == place
    assert not Stream.objects.exists()

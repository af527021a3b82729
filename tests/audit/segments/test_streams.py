"""What a SIEM stream has still to send is not sealed, and a stream begins where the table does."""

from typing import Any

import pytest

from gatekeeper.audit.models import AuditEntry, AuditSegment
from gatekeeper.audit.segments import sealing
from gatekeeper.audit.segments.sealing import seal_until
from gatekeeper.audit.stream.delivery import send_to
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.streams import Wanted, create_stream, replay
from gatekeeper.errors import InvalidValue
from tests.audit.segments.conftest import CUTOFF, OLD
from tests.audit.stream.receivers import ocsf_events, receiving
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db


def made(url: str = "https://siem.example.com/") -> Stream:
    return create_stream(Wanted(name="SIEM", url=url), from_beginning=True, actor=ADMIN)


def test_what_was_not_sent_yet_stays(trail: None) -> None:
    stream = made()
    assert seal_until(CUTOFF, actor=ADMIN).entries == 0
    Stream.objects.update(position=7)

    assert seal_until(CUTOFF, actor=ADMIN).entries == 7
    assert AuditEntry.objects.order_by("position").values_list("position", flat=True)[0] == 8
    stream.delete()
    assert seal_until(CUTOFF, actor=ADMIN).entries == OLD - 7


def test_one_that_is_sent_back_before_the_deletion_keeps_its_entries(
    trail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = made()
    Stream.objects.update(position=OLD)
    finish = sealing._finish

    def sent_back_before(*arguments: Any) -> None:
        replay(stream.pk, 2, actor=ADMIN)
        finish(*arguments)

    monkeypatch.setattr(sealing, "_finish", sent_back_before)
    done = seal_until(CUTOFF, actor=ADMIN)

    assert (done.failure or {})["code"] == "stream_needs_it"
    assert AuditEntry.objects.filter(position__lte=OLD).count() == OLD
    monkeypatch.undo()
    Stream.objects.update(position=OLD)
    assert seal_until(CUTOFF, actor=ADMIN).failure is None


def test_a_stream_begins_where_the_table_does(trail: None, settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    seal_until(CUTOFF, actor=ADMIN)
    last = AuditSegment.objects.order_by("-number")[0]
    with receiving() as receiver:
        stream = made(receiver.url)
        assert (stream.position, stream.digest) == (last.last, last.after)
        send_to(stream.pk)
        with pytest.raises(InvalidValue, match="in sealed files only"):
            replay(stream.pk, last.last, actor=ADMIN)
        replay(stream.pk, last.last + 1, actor=ADMIN)
        send_to(stream.pk)

    chains = [event["unmapped"]["chain"] for event in ocsf_events(receiver)]
    assert chains[0]["previous_digest"] == last.after
    assert [each for each in chains if each["position"] == last.last + 1] == [chains[0], chains[0]]

"""What may be done to a stream, by command and by service, and what is refused."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from gatekeeper.audit.models import AuditEntry
from gatekeeper.audit.stream.delivery import authorization_of, send_to
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.streams import (
    MOST_STREAMS,
    StreamNameTaken,
    TooManyStreams,
    Wanted,
    change_stream,
    replay,
    send_test,
)
from gatekeeper.errors import InvalidValue
from tests.audit.stream.receivers import authority, ocsf_events, receiving, syslog_over
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db

StreamTo = Callable[..., Stream]
ACTIONS = ("created", "tested", "paused", "resumed", "replayed", "changed", "deleted")
HTTPS = "https://siem.example.com/ingest?token=t0ken"


def manage(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    call_command("stream", *arguments, "--json")
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.parametrize(
    ("wanted", "attribute"),
    [
        ({"url": "ftp://siem.example.com"}, "url"),
        ({"url": "http://siem.example.com/"}, "url"),
        ({"url": "siem.example.com:514"}, "url"),
        ({"url": "tcp://"}, "url"),
        ({"url": "tcp://siem.example.com:99999"}, "url"),
        ({"url": "tcp://siem.example.com/path"}, "url"),
        ({"url": "tls://user@siem.example.com"}, "url"),
        ({"url": "udp://a b"}, "url"),
        ({"url": "udp://10.0.0.1"}, "url"),
        ({"url": "tcp://169.254.169.254:80"}, "url"),
        ({"url": "https://192.168.1.1/"}, "url"),
        ({"url": "tls://metadata.google.internal"}, "url"),
        ({"url": HTTPS, "name": " "}, "name"),
        ({"url": HTTPS, "name": "x" * 101}, "name"),
        ({"url": HTTPS, "name": "a\nb"}, "name"),
        ({"url": HTTPS, "authorization": "Bearer a\r\nX: y"}, "authorization"),
        ({"url": HTTPS, "authorization": "Bearer ä"}, "authorization"),
        ({"url": "tls://siem.example.com", "authorization": "Bearer a"}, "authorization"),
        ({"url": HTTPS, "ca_certificates": "no certificate"}, "ca_certificates"),
        ({"url": "tcp://siem.example.com", "ca_certificates": "any"}, "ca_certificates"),
    ],
    ids=str,
)
def test_what_cannot_be_sent_to_is_refused(stream_to: StreamTo, wanted: dict[str, str], attribute: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        stream_to(**wanted)

    assert refusal.value.attribute == attribute
    assert not Stream.objects.exists()


def test_private_networks_are_the_operator_s_to_allow(stream_to: StreamTo, settings: Any) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = True

    assert stream_to("tcp://10.0.0.1:601").url == "tcp://10.0.0.1:601"


def test_a_name_that_only_resolves_to_a_private_address_gets_nothing(stream_to: StreamTo, settings: Any) -> None:
    settings.PUBLIC_URL = "https://gatekeeper.example.com"
    for number, scheme in enumerate(("tcp", "udp", "tls", "https")):
        stream = stream_to(f"{scheme}://localhost:9", name=str(number))
        assert send_test(stream.pk, actor=ADMIN).problem == "host_not_public"


def test_names_are_unique_and_there_are_not_many(stream_to: StreamTo) -> None:
    for number in range(MOST_STREAMS):
        stream_to(HTTPS, name=str(number))

    with pytest.raises(StreamNameTaken):
        stream_to(HTTPS, name="0")
    with pytest.raises(TooManyStreams):
        stream_to(HTTPS, name="one more")


def test_the_secret_is_sealed_and_never_told(stream_to: StreamTo, capsys: pytest.CaptureFixture[str]) -> None:
    stream = stream_to(HTTPS, authorization="Bearer s3cret")

    assert b"s3cret" not in bytes(stream.sealed_authorization)
    assert authorization_of(stream) == "Bearer s3cret"
    listed = manage(capsys, "list")
    assert (listed["streams"][0]["has_authorization"], "s3cret" in str(listed)) == (True, False)
    written = str(list(AuditEntry.objects.values()))
    assert "s3cret" not in written
    assert "t0ken" not in written


def test_a_secret_for_one_host_is_not_sent_to_another(stream_to: StreamTo) -> None:
    stream = stream_to(HTTPS, authorization="Bearer s3cret")

    assert change_stream(stream.pk, Wanted(name="SIEM", url="https://siem.example.com/other"), actor=ADMIN)
    stream.refresh_from_db()
    assert authorization_of(stream) == "Bearer s3cret"
    assert not change_stream(stream.pk, Wanted(name="SIEM", url="https://siem.example.com/other"), actor=ADMIN)
    assert change_stream(stream.pk, Wanted(name="SIEM", url="https://eve.example.com/"), actor=ADMIN)
    stream.refresh_from_db()
    assert authorization_of(stream) == ""


def test_a_secret_of_another_secret_key_is_a_problem_with_words(
    stream_to: StreamTo, write: Callable[..., None], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiving() as receiver:
        stream = stream_to(receiver.url, authorization="Bearer s3cret")
        write(1)
        Stream.objects.update(sealed_authorization=b"broken")
        send_to(stream.pk)

    assert receiver.got == []
    assert "cannot be read with the present SECRET_KEY" in manage(capsys, "list")["streams"][0]["problem"]


@pytest.mark.parametrize("position", [0, -1, 5])
def test_a_replay_leaves_nothing_out(stream_to: StreamTo, write: Callable[..., None], position: int) -> None:
    write(3)
    with receiving() as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
    Stream.objects.update(position=3)

    with pytest.raises(InvalidValue, match="from 1 to 4"):
        replay(stream.pk, position, actor=ADMIN)


def test_the_command_does_all_of_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, write: Callable[..., None]
) -> None:
    write(2)
    monkeypatch.setattr("sys.stdin", io.StringIO("Splunk s3cret\n"))
    with receiving() as receiver:
        made = manage(capsys, "create", "Splunk", receiver.url, "--from-beginning", "--authorization-stdin")
        stream_id = made["stream_id"]
        assert (made["position"], made["has_authorization"], made["name"]) == (0, True, "Splunk")
        assert manage(capsys, "test", stream_id)["status"] == 204
        assert receiver.got[0].headers["authorization"] == "Splunk s3cret"
        assert ocsf_events(receiver)[0]["metadata"]["event_code"] == "stream.test"
        assert manage(capsys, "pause", stream_id)["changed"] is True
        assert manage(capsys, "list")["streams"][0]["paused_at"]
        assert manage(capsys, "resume", stream_id)["changed"] is True
        send_to(Stream.objects.get().pk)
        assert manage(capsys, "replay", stream_id, "--from", "1")["replayed"] >= 2
        assert manage(capsys, "change", stream_id, "--url", receiver.url + "/x")["changed"] is True
        receiver.status = 403
        with pytest.raises(CommandError, match="The test was not accepted: the address answered"):
            manage(capsys, "test", stream_id)
    assert manage(capsys, "delete", stream_id) == {"deleted": stream_id}
    assert manage(capsys, "list") == {"streams": []}
    events = set(AuditEntry.objects.filter(object_id=stream_id).values_list("event", flat=True))
    assert events == {f"stream.{each}" for each in ACTIONS}


def test_a_private_authority_is_given_as_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pem, chain = authority(tmp_path)
    (tmp_path / "ca.pem").write_text(pem)
    with syslog_over("tls", chain=chain) as receiver:
        made = manage(capsys, "create", "TLS", receiver.url, "--ca-file", str(tmp_path / "ca.pem"))
        assert manage(capsys, "test", made["stream_id"])["status"] is None

    assert "stream.test" in receiver.messages[0]
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        manage(capsys, "create", "Other", "tls://siem.example.com", "--ca-file", str(tmp_path / "none"))


def test_unknown_ones_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("test", "pause", "resume", "delete"):
        with pytest.raises(CommandError, match=r"There is no SIEM stream nobody\."):
            manage(capsys, action, "nobody")

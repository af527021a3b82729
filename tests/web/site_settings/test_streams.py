"""The pages of SIEM streams: what an administrator sees and does there."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine as travelling
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.models import AuditEntry, AuditHead
from gatekeeper.audit.stream.delivery import authorization_of, send_to
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.streams import Wanted, create_stream
from tests.audit.stream.receivers import receiving, syslog_over
from tests.builders import ADMIN, PASSWORD
from tests.web.pages import text_of

pytestmark = pytest.mark.django_db
PAGE = "/settings/siem-streams/"
HTTPS = "https://siem.example.com/ingest"


@pytest.fixture(autouse=True)
def local_site(settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"


def made(url: str = HTTPS, **wanted: Any) -> Stream:
    return create_stream(Wanted(name="SIEM", url=url, **wanted), from_beginning=True, actor=ADMIN)


def page_of(stream: Stream) -> str:
    return f"{PAGE}{stream.pk}/"


def test_a_stream_is_added_and_its_header_never_shown(admin_client: Client) -> None:
    values = {"name": "Sentinel", "url": HTTPS, "authorization": "Bearer s3cret", "from_beginning": "on"}
    page = text_of(admin_client.post(PAGE, values, follow=True))

    stream = Stream.objects.get()
    assert (stream.name, stream.position, authorization_of(stream)) == ("Sentinel", 0, "Bearer s3cret")
    assert ("Sentinel is added. Send a test." in page, "s3cret" in page, "stored, sealed" in page) == (
        True,
        False,
        True,
    )


def test_from_now_on_unless_it_is_chosen(admin_client: Client) -> None:
    made()
    link_new_entries()
    admin_client.post(PAGE, {"name": "Later", "url": HTTPS})

    assert Stream.objects.get(name="Later").position == AuditHead.objects.get().position > 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "", "url": HTTPS}, "Give the stream a name."),
        ({"name": "a", "url": ""}, "Say where the audit trail is to be sent."),
        ({"name": "a", "url": "ftp://x"}, "must begin with https://"),
        ({"name": "a", "url": "udp://10.0.0.1"}, "is not a public address"),
        ({"name": "SIEM", "url": HTTPS}, "is already called SIEM"),
        ({"name": "a", "url": "tls://siem.example.com", "authorization": "x"}, "Syslog has no such header"),
        ({"name": "a", "url": HTTPS, "ca_certificates": "x"}, "no certificates in PEM"),
    ],
    ids=str,
)
def test_what_is_refused_is_said_and_the_header_not_given_back(
    admin_client: Client, values: dict[str, str], said: str
) -> None:
    made()
    answer = admin_client.post(PAGE, {"authorization": "", **values})

    assert (answer.status_code, said in text_of(answer)) == (422, True), text_of(answer)
    assert Stream.objects.count() == 1


def change(stream: Stream, **values: str) -> dict[str, str]:
    """What a browser sends from the form on the stream's page."""
    return {"name": stream.name, "url": stream.url, "authorization": "", "ca_certificates": "", **values}


def test_a_stream_is_changed_and_keeps_what_it_is_not_given_anew(admin_client: Client) -> None:
    stream = made(authorization="Bearer s3cret")
    page = text_of(admin_client.get(page_of(stream)))
    assert (f'value="{HTTPS}"' in page, "s3cret" in page) == (True, False)

    form = change(stream, name="Sentinel", url=f"{HTTPS}/v2")
    page = text_of(admin_client.post(page_of(stream), form, follow=True))

    stream.refresh_from_db()
    assert (stream.name, stream.url, authorization_of(stream)) == ("Sentinel", f"{HTTPS}/v2", "Bearer s3cret")
    assert ("Saved. Send a test." in page, "s3cret" in page) == (True, False)
    entry = AuditEntry.objects.get(event="stream.changed")
    assert (entry.before, entry.after) == (
        {"stream": "SIEM (https://siem.example.com)", "has_header": True, "ca_certificates": []},
        {
            "stream": "Sentinel (https://siem.example.com)",
            "has_header": True,
            "ca_certificates": [],
            "changed": ["name", "url"],
        },
    )


def test_what_is_saved_without_a_change_is_no_change(admin_client: Client) -> None:
    stream = made(authorization="Bearer s3cret")

    page = text_of(admin_client.post(page_of(stream), change(stream), follow=True))

    assert "Nothing was changed." in page
    assert not AuditEntry.objects.filter(event="stream.changed").exists()


@pytest.mark.parametrize(
    ("values", "header", "said"),
    [
        ({"authorization": "Bearer other"}, "Bearer other", "Saved. Send a test."),
        ({"forget_authorization": "on"}, "", "Saved. Send a test."),
        ({"url": "https://other.example.com/"}, "", "Saved, without the header: it was for another host."),
        ({"url": "https://other.example.com/", "authorization": "Bearer other"}, "Bearer other", "Saved. Send a test."),
    ],
    ids=str,
)
def test_a_header_is_replaced_removed_and_never_sent_to_another_host(
    admin_client: Client, values: dict[str, str], header: str, said: str
) -> None:
    stream = made(authorization="Bearer s3cret")

    page = text_of(admin_client.post(page_of(stream), change(stream, **values), follow=True))

    stream.refresh_from_db()
    assert (authorization_of(stream), said in page) == (header, True)
    entry = AuditEntry.objects.get(event="stream.changed")
    assert ("header" in entry.after["changed"], "s3cret" in str([entry.before, entry.after])) == (True, False)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": ""}, "Give the stream a name."),
        ({"name": "Other"}, "is already called Other"),
        ({"url": "ftp://x"}, "The address must begin with https://"),
        ({"url": "udp://10.0.0.1"}, "The host is not a public address."),
        ({"url": "tls://siem.example.com", "authorization": "x"}, "Syslog has no such header."),
        ({"ca_certificates": "x"}, "These are no certificates in PEM."),
        ({"authorization": "x", "forget_authorization": "on"}, "Either give a new header, or remove the stored one."),
    ],
    ids=str,
)
def test_what_cannot_be_changed_so_is_said_beside_its_field(
    admin_client: Client, values: dict[str, str], said: str
) -> None:
    stream = made(authorization="Bearer s3cret")
    create_stream(Wanted(name="Other", url=HTTPS), actor=ADMIN)

    answer = admin_client.post(page_of(stream), change(stream, **values))

    assert (answer.status_code, said in text_of(answer)) == (422, True), text_of(answer)
    stream.refresh_from_db()
    assert (stream.name, stream.url, authorization_of(stream)) == ("SIEM", HTTPS, "Bearer s3cret")


def test_what_was_typed_is_there_after_signing_in_again_but_for_the_header(admin_client: Client) -> None:
    stream = made()
    with travelling.travel(timezone.now() + timedelta(minutes=31)):
        again = admin_client.post(page_of(stream), change(stream, name="Later", authorization="s3cret"))["Location"]
        page = text_of(admin_client.post(again, {"password": PASSWORD}, follow=True))

    assert ('value="Later"' in page, "s3cret" in page) == (True, False)


def test_a_test_says_in_words_what_happened(admin_client: Client) -> None:
    with receiving() as http, syslog_over("tcp") as tcp, syslog_over("udp") as udp:
        for receiver, said in (
            (http, "The test was answered 204 after"),
            (tcp, "The receiver took the test after"),
            (udp, "The test is sent. UDP does not say whether it arrived"),
        ):
            stream = made(receiver.url)
            assert said in text_of(admin_client.post(f"{page_of(stream)}test/", follow=True))
            stream.delete()
        http.status = 403
        stream = made(http.url)
        assert "The test was not accepted: " in text_of(admin_client.post(f"{page_of(stream)}test/", follow=True))


def test_the_page_says_how_far_it_is_and_what_the_last_problem_was(admin_client: Client, time_machine: Any) -> None:
    with receiving(status=503) as receiver:
        stream = made(receiver.url)
        link_new_entries()
        newest = AuditHead.objects.get().position
        assert "nothing sent yet" in text_of(admin_client.get(PAGE))
        send_to(stream.pk)
        page = text_of(admin_client.get(page_of(stream)))
        assert (f"#0 of #{newest}" in page, "It has accepted nothing since" in page, "503" in page) == (
            True,
            True,
            True,
        )
        assert "fails" in text_of(admin_client.get(PAGE))
        receiver.status = 200
        send_to(stream.pk)
        page = text_of(admin_client.get(page_of(stream)))
        assert (f"#{newest} of #{newest}" in page, "works" in page) == (True, True)
        admin_client.post(f"{page_of(stream)}replay/", {"position": "1"})
        time_machine.move_to(datetime.now(UTC) + timedelta(minutes=30))
        assert "It is late, and nothing failed" in text_of(admin_client.get(page_of(stream)))


def test_pause_resume_replay_and_delete(admin_client: Client) -> None:
    stream = made()

    assert "Paused. What happens" in text_of(admin_client.post(f"{page_of(stream)}pause/", follow=True))
    assert "nothing of it is lost" in text_of(admin_client.get(page_of(stream)))
    assert "Resumed." in text_of(admin_client.post(f"{page_of(stream)}resume/", follow=True))
    assert "0 entries are sent again." in text_of(
        admin_client.post(f"{page_of(stream)}replay/", {"position": "1"}, follow=True)
    )
    for position in ("", "0", "9", "x"):
        assert admin_client.post(f"{page_of(stream)}replay/", {"position": position}).status_code == 422
    assert "Delete the stream?" in text_of(admin_client.get(f"{page_of(stream)}delete/"))
    assert "SIEM is deleted" in text_of(admin_client.post(f"{page_of(stream)}delete/", follow=True))
    assert not Stream.objects.exists()


def test_one_that_is_not_there_is_not_found(admin_client: Client) -> None:
    for part in ("", "delete/"):
        assert admin_client.get(f"{PAGE}{uuid4()}/{part}").status_code == 404
    assert admin_client.post(f"{PAGE}{uuid4()}/", {"name": "a", "url": HTTPS}).status_code == 404
    for part in ("test", "pause", "resume", "replay", "delete"):
        assert admin_client.post(f"{PAGE}{uuid4()}/{part}/", {"position": "1"}).status_code == 404

"""One bad connection harms itself only: of three, the second is bad in every way that there is."""

import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.models import SignInIdentity
from gatekeeper.outbound import fetching
from saml.connections import lifecycle
from saml.connections.lifecycle import create_connection
from saml.connections.refresh_results import RefreshCode, RefreshResult, result_text
from saml.models import Connection, SyncRun
from saml.sync import run
from saml.sync.run import sync_saml_users
from tests.builders import ADMIN, make_user
from tests.saml.certificates import made
from tests.saml.documents import aggregate, document, entity, idp, key, service
from tests.saml.forge import metadata
from tests.saml.keys import key_pair
from tests.saml.misbehaving import CHUNKED, DRIPPING, OK, misbehaving

pytestmark = pytest.mark.django_db
CLOCK = Actor.scheduler("tests")
BAD = "https://bad.example/"
KEPT = "kept the last good document: "


def says(body: bytes, head: bytes = OK):
    return lambda: iter([head + b"Content-Length: %d\r\n\r\n" % len(body) + body])


def bad(*parts: str, attributes: str = "") -> bytes:
    return document(entity(idp(*parts), entity_id=BAD, attributes=attributes))


def with_key(kind: str) -> bytes:
    return bad(key(made(kind).base64), service())


SLOW = ("a header, a byte at a time", "one header after the other", "chunks of one byte", "interim answers without end")
SERVED = {
    "a curve that is too weak": (says(with_key("p-192")), "P-256 or better is needed"),
    "a curve that nobody knows": (says(with_key("sect163k1")), "an unknown kind or curve"),
    "a key of another kind": (says(with_key("ed25519")), "neither RSA nor ECDSA .Ed25519."),
    "a DSA key": (says(with_key("dsa")), "neither RSA nor ECDSA"),
    "no certificate": (says(bad(key("AAAA"), service())), "cannot be read as a certificate"),
    "a huge document": (says(b" " * 1_200_000 + with_key("rsa")), "larger than 1 MB"),
    "a huge number of elements": (says(b"<a>" + b"<b/>" * 200_000 + b"</a>"), "too many elements"),
    "a document that is very deep": (says(b"<a>" * 150_000), "too many elements"),
    "a document without end": (
        lambda: iter([CHUNKED] + [b"ffff\r\n" + b"x" * 65_535 + b"\r\n"] * 40),
        "larger than 1 MB",
    ),
    "a name without end": (says(b"<" + b"a" * 900_000 + b"/>"), "not well-formed|the root a"),
    "a web page": (says(b"<html>Sign in</html>"), "a sign-in page"),
    "JSON": (says(b"{}"), "it is JSON"),
    "nothing": (says(b""), "it is empty"),
    "half a document": (says(metadata()[:700]), "not well-formed"),
    "no HTTP": (lambda: iter([b"SSH-2.0-x\r\n\r\n"]), "does not answer in HTTP"),
    "an error": (says(b"", b"HTTP/1.1 503 Nope\r\n"), "answered 503"),
    "a circle": (says(b"", b"HTTP/1.1 302 Found\r\nLocation: /again\r\n"), "redirects too often"),
    "another identity provider": (says(document(entity())), "another identity provider's"),
    "several others": (
        says(document(aggregate(entity(), entity(entity_id="https://c.example/")))),
        "does not describe",
    ),
    "an end that has passed": (
        says(bad(attributes='validUntil="2020-01-01T00:00:00Z"')),
        "valid until 01 January 2020",
    ),
    "expired certificates": (
        says(metadata(key_pair("old", days=-1), entity_id=BAD, sso_url="https://idp.example.org/")),
        "have expired",
    ),
    "certificates of the future": (
        says(metadata(key_pair("coming", began_days_ago=-9), entity_id=BAD, sso_url="https://idp.example.org/sso")),
        "none of its signing certificates is valid yet",
    ),
    **{name: (DRIPPING[name], "took too long to answer") for name in SLOW},
}


@pytest.fixture
def three(settings):
    """Two good connections whose identity providers publish one certificate more, and a bad one between them."""
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    for name in "AC":
        create_connection(name, document=document(entity(entity_id=f"https://{name}.example/")), actor=ADMIN)
    create_connection("B", document=bad(), actor=ADMIN)
    make_user("ada@contoso.com")


def better(name: str) -> bytes:
    keys = key(key_pair().certificate_base64), key(key_pair("next").certificate_base64)
    return document(entity(idp(*keys, service()), entity_id=f"https://{name}.example/"))


def run_with(script) -> SyncRun:
    with misbehaving(says(better("A"))) as a, misbehaving(script, every=0.01) as b, misbehaving(says(better("C"))) as c:
        for name, address in (("A", a), ("B", b), ("C", c)):
            Connection.objects.filter(provider__name=name).update(idp_metadata_url=address)
        return sync_saml_users(actor=CLOCK)


def require_only_b_harmed(run: SyncRun) -> str:
    results = {each["connection"]: result_text(each) for each in run.metadata}
    assert (results["A"], results["C"]) == ("1 certificate added, 0 withdrawn",) * 2
    assert (run.state, run.linked) == ("finished", 3)
    assert SignInIdentity.objects.live().count() == 3
    assert list(results) == ["A", "B", "C"]
    assert Connection.objects.get(provider__name="B").refresh_failed
    assert "\n" not in results["B"]
    return results["B"]


@pytest.mark.parametrize(("script", "words"), SERVED.values(), ids=SERVED)
def test_what_is_served_harms_its_own_connection_only(three, monkeypatch, script, words):
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.8 if words.startswith("took") else 20.0)

    result = require_only_b_harmed(run_with(script))

    assert result.startswith(KEPT)
    assert re.search(words, result), result
    assert Connection.objects.get(provider__name="B").signing_certificates()


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("read_replacement", KeyError("x")),
        ("read_replacement", RecursionError()),
        ("fetch", OSError("disk")),
        ("_keep_certificates", MemoryError()),
        ("announce_expiring_certificates", TypeError("no")),
    ],
)
def test_what_nobody_foresaw_harms_its_own_connection_only(three, monkeypatch, place, error):
    module = run if place == "announce_expiring_certificates" else lifecycle
    name = "fetch_document_of" if place == "fetch" else place
    original = getattr(module, name)

    def breaks(connection, *args, **kwargs):
        if connection.name == "B":
            raise error
        return original(connection, *args, **kwargs)

    monkeypatch.setattr(module, name, breaks)

    result = require_only_b_harmed(run_with(says(bad())))

    assert result.startswith("failed: internal error; the log says what, under ")


def test_many_slow_ones_do_not_keep_people_from_being_linked(three, monkeypatch):
    """The time for all metadata together is limited; who was left out comes first the next time."""
    monkeypatch.setattr(run, "MOST_SECONDS", 0.0)
    synced = run_with(says(bad()))
    assert {each["code"] for each in synced.metadata} == {RefreshCode.NOT_READ}
    assert (synced.state, synced.linked) == ("finished", 3)

    asked = []
    monkeypatch.setattr(run, "MOST_SECONDS", 300.0)
    monkeypatch.setattr(
        run, "refresh_connection", lambda each, **_: asked.append(each) or (None, RefreshResult(RefreshCode.UNCHANGED))
    )
    first = Connection.objects.get(provider__name="C")
    Connection.objects.filter(pk=first.pk).update(tried_at="2020-01-01T00:00:00Z")
    sync_saml_users(actor=CLOCK)
    assert asked[0] == first.pk


def test_a_connection_that_is_deleted_while_the_sync_runs_is_no_failure(three, monkeypatch):
    original = run.refresh_connection

    def deleting(connection_id, **kwargs):
        lifecycle.delete_connection(connection_id, confirm=Connection.objects.get(pk=connection_id).name, actor=ADMIN)
        return original(connection_id, **kwargs)

    monkeypatch.setattr(run, "refresh_connection", deleting)

    assert sync_saml_users(actor=CLOCK).metadata == []


# ── Commands and pages ───────────────────────────────────────────────────────────────────────────────────────────

ONE_LINE = {
    name: SERVED[name] for name in ("a curve that nobody knows", "a huge document", "a circle", "chunks of one byte")
}


@pytest.mark.parametrize(("script", "words"), ONE_LINE.values(), ids=ONE_LINE)
def test_commands_answer_one_line(three, monkeypatch, capsys, script, words):
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.8 if words.startswith("took") else 20.0)
    with misbehaving(script, every=0.01) as address:
        Connection.objects.filter(provider__name="B").update(idp_metadata_url=address)
        connection = Connection.objects.get(provider__name="B")
        for arguments in (["refresh", str(connection.id)], ["create", "D", "--metadata-url", address]):
            with pytest.raises(CommandError, match=words) as refused:
                call_command("saml_connection", *arguments)
            assert "\n" not in str(refused.value)
        capsys.readouterr()
        call_command("sync_saml_users", "--json")
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert [each["connection"] for each in report["metadata"]] == ["A", "B", "C"]
    assert "Traceback" not in printed.err
    assert not Connection.objects.filter(provider__name="D").exists()


def test_a_command_that_fails_in_a_way_that_nobody_foresaw_says_so_in_one_line(three, monkeypatch):
    def breaks(*_, **__):
        raise KeyError("surprise")

    monkeypatch.setattr("saml.connections.command.actions.refresh_connection", breaks)
    connection = Connection.objects.get(provider__name="B")

    with pytest.raises(CommandError, match=r"nobody foresaw \(KeyError: 'surprise'\)"):
        call_command("saml_connection", "refresh", str(connection.id))
    with pytest.raises(KeyError):
        call_command("saml_connection", "--traceback", "refresh", str(connection.id))


@pytest.mark.parametrize(("script", "words"), ONE_LINE.values(), ids=ONE_LINE)
def test_pages_answer_one_sentence(three, admin_client: Client, monkeypatch, script, words):
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.8 if words.startswith("took") else 20.0)
    page = "/settings/configuration/authentication/"
    with misbehaving(script, every=0.01) as address:
        answer = admin_client.post(f"{page}new/", {"name": "D", "metadata_url": address})
        assert answer.status_code == 422
        assert "The metadata was not accepted" in answer.content.decode()
        Connection.objects.filter(provider__name="B").update(idp_metadata_url=address)
        connection = Connection.objects.get(provider__name="B")
        answer = admin_client.post(f"{page}{connection.id}/refresh/", follow=True)
    assert answer.status_code == 200
    assert "What was known before stays in force." in answer.content.decode()


def test_a_document_in_force_that_would_be_refused_today_still_has_its_page(three, admin_client: Client, capsys):
    """As after an upgrade that became stricter: everything that shows a connection goes on."""
    Connection.objects.filter(provider__name="B").update(document=with_key("p-192"))

    answer = admin_client.get("/settings/configuration/authentication/")
    assert answer.status_code == 200
    assert "would be refused today" in answer.content.decode()
    call_command("saml_connection", "list", "--json")
    listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)["connections"]}
    assert "would be refused today" in listed["B"]["left_out"][0]

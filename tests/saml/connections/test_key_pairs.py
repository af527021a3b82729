"""Our own keys at a connection: made, published, changed with an overlap, forgotten."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from lxml import etree
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from gatekeeper.audit.models import AuditEntry
from gatekeeper.health.checks.result import Status
from gatekeeper.health.checks.saml_checks import check_own_certificates
from gatekeeper.secrets.sealing import unseal
from saml.connections import self_signed
from saml.connections.certificate_health import connection_warnings
from saml.connections.key_pairs import decryption_keys, finish_key_change, key_pairs, publish_next_key_pair, signer
from saml.connections.lifecycle import delete_connection, describe
from saml.errors import KeyChangeUnderway, NoKeyChange
from saml.models import Connection, KeyPair
from tests.builders import ADMIN
from tests.saml.conftest import choose
from tests.saml.forge import DS, NS, metadata

pytestmark = pytest.mark.django_db
MD = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", **NS}


def published(connection):
    """Our metadata, read by somebody else: use to certificates (DER), and the descriptor."""
    answer = Client().get(f"/saml/{connection.id}/metadata")
    descriptor = etree.fromstring(answer.content).find("md:SPSSODescriptor", MD)
    keys = {"signing": [], "encryption": []}
    for key in descriptor.findall("md:KeyDescriptor", MD):
        keys[key.get("use")].append(key.findtext(f".//{{{DS}}}X509Certificate"))
    return keys, descriptor


def names(connection):
    return [str(pair) for pair in key_pairs(connection)]


def test_a_new_connection_has_a_pair_of_its_own_for_ten_years(connection):
    pair = KeyPair.objects.get()
    certificate = x509.load_der_x509_certificate(bytes(pair.der))

    assert certificate.public_key().key_size >= 2048
    certificate.verify_directly_issued_by(certificate)
    assert certificate.subject.rfc4514_string() == "CN=testserver SAML"
    assert timedelta(days=3640) < certificate.not_valid_after_utc - datetime.now(UTC) < timedelta(days=3651)
    assert certificate.not_valid_before_utc < datetime.now(UTC) - timedelta(hours=23)


def test_a_key_is_of_a_size_that_outlives_its_certificate():
    assert self_signed.new_private_key().key_size == 3072


def test_the_private_key_is_sealed_and_nowhere_to_be_read(connection, capsys):
    publish_next_key_pair(connection.id, actor=ADMIN)
    finish_key_change(connection.id, actor=ADMIN)
    pair = key_pairs(connection)[0]
    secret = unseal(bytes(pair.sealed_key), purpose="SAML private key")
    number = load_der_private_key(secret, None).private_numbers().d

    assert b"PRIVATE" not in bytes(pair.sealed_key)
    assert secret not in bytes(pair.sealed_key)
    shown = json.dumps([describe(connection), *AuditEntry.objects.values_list("before", "after")], default=str)
    shown += "".join(capsys.readouterr())
    assert "PRIVATE" not in shown
    assert str(number) not in shown
    assert bytes(pair.sealed_key).decode() not in shown


def test_a_connection_from_before_there_were_keys_gets_one_when_it_is_asked_for(connection):
    KeyPair.objects.all().delete()

    keys, _ = published(connection)

    assert len(keys["signing"]) == 1
    assert published(connection)[0] == keys
    entry = AuditEntry.objects.filter(event="key_pair.made").latest("pk")
    assert (entry.actor_name, entry.after["certificate_sha256"]) == ("Gatekeeper", names(connection)[0])


def test_a_change_of_keys_overlaps_and_is_written_down(connection):
    """SAML metadata 2.4.1.1: several keys of one use."""
    (old,) = names(connection)

    new = str(publish_next_key_pair(connection.id, actor=ADMIN))
    assert names(connection) == [old, new]
    keys, _ = published(connection)
    assert len(keys["signing"]) == len(keys["encryption"]) == 2
    assert len(decryption_keys(connection)) == 2

    finish_key_change(connection.id, actor=ADMIN)
    assert names(connection) == [new]
    assert len(published(connection)[0]["encryption"]) == 1
    events = AuditEntry.objects.filter(event__startswith="key_pair.").order_by("pk")
    assert [entry.event for entry in events] == ["key_pair.made", "key_pair.next_published", "key_pair.replaced"]
    assert events[2].before["certificate_sha256"] == old
    assert events[2].after["certificate_sha256"] == new


def test_a_retired_key_is_forgotten_and_its_certificate_stays_as_a_fact(connection):
    (old,) = names(connection)
    publish_next_key_pair(connection.id, actor=ADMIN)
    finish_key_change(connection.id, actor=ADMIN)

    retired = KeyPair.objects.exclude(until=None).get()
    assert (str(retired), bytes(retired.sealed_key)) == (old, b"")


def test_the_keys_of_a_deleted_connection_are_forgotten(connection):
    delete_connection(connection.id, confirm="Entra", actor=ADMIN)

    assert not KeyPair.objects.live().exists()
    assert bytes(KeyPair.objects.get().sealed_key) == b""


def test_one_change_at_a_time_and_none_without_a_beginning(connection):
    with pytest.raises(NoKeyChange):
        finish_key_change(connection.id, actor=ADMIN)
    publish_next_key_pair(connection.id, actor=ADMIN)
    with pytest.raises(KeyChangeUnderway):
        publish_next_key_pair(connection.id, actor=ADMIN)


def test_the_database_knows_one_pair_in_use_and_one_next_one(connection):
    pair = KeyPair.objects.get()
    for in_use_since in (datetime.now(UTC), None):
        facts = {"connection": connection, "der": bytes(pair.der), "sealed_key": b"x", "in_use_since": in_use_since}
        if in_use_since is None:
            KeyPair.objects.create(**facts)
        with pytest.raises(IntegrityError), transaction.atomic():
            KeyPair.objects.create(**facts)


def test_our_metadata_is_valid_and_says_what_we_want_and_can(connection):
    """SAML metadata 2.4.4 and 2.4.1.1."""
    choose(connection, sign_requests=True)
    publish_next_key_pair(connection.id, actor=ADMIN)
    document = Client().get(f"/saml/{connection.id}/metadata").content

    checked = OneLogin_Saml2_XML.validate_xml(document, "saml-schema-metadata-2.0.xsd")
    assert not isinstance(checked, str), checked
    keys, descriptor = published(connection)
    assert keys["signing"] == keys["encryption"]
    assert (descriptor.get("AuthnRequestsSigned"), descriptor.get("WantAssertionsSigned")) == ("true", "true")
    methods = [each.get("Algorithm") for each in descriptor.iterfind("md:KeyDescriptor/md:EncryptionMethod", MD)]
    assert "http://www.w3.org/2001/04/xmlenc#aes256-cbc" in methods
    assert "http://www.w3.org/2001/04/xmlenc#rsa-1_5" not in methods


def test_requests_are_said_to_be_unsigned_while_they_are(connection):
    """SAML metadata 2.4.4: AuthnRequestsSigned."""
    assert published(connection)[1].get("AuthnRequestsSigned") == "false"
    assert signer(connection) is None


def test_our_certificate_warns_before_it_runs_out(connection):
    ends = key_pairs(connection)[0].certificate.not_after

    def warned(before_the_end):
        return [each for each in connection_warnings(connection, ends - before_the_end) if "Our own" in each]

    assert warned(timedelta(days=61)) == []
    assert "expires in 20 days" in warned(timedelta(days=20, hours=1))[0]
    assert "has expired" in warned(-timedelta(hours=1))[0]


def test_doctor_looks_at_our_certificates(connection, settings):
    assert [check.status for check in check_own_certificates()] == [Status.OK]

    began = datetime.now(UTC) - self_signed.VALID_FOR + timedelta(days=20, hours=1)
    key = decryption_keys(connection)[0]
    KeyPair.objects.update(der=self_signed.certificate_for(key, "old", now=began))
    (check,) = check_own_certificates()
    assert (check.status, check.detail) == (Status.WARNING, "Entra: our own certificate has 20 days left.")
    assert f"rotate-key {connection.id}" in check.fix

    settings.SECRET_KEY = "another key of at least thirty-two characters"
    (check,) = check_own_certificates()
    assert check.status is Status.FAILED
    assert "SECRET_KEY" in check.detail


def test_the_command_changes_keys_in_two_steps(connection, capsys):
    def run(*arguments):
        call_command("saml_connection", "rotate-key", str(connection.id), *arguments, "--json")
        return json.loads(capsys.readouterr().out)

    capsys.readouterr()
    begun = run()
    assert [each["use"] for each in begun["sp_certificates"]] == ["current", "next"]
    finished = run("--finish")
    assert finished["sp_certificates"] == [{**begun["sp_certificates"][1], "use": "current"}]
    assert begun["id"] == str(connection.id)
    with pytest.raises(CommandError, match="no next certificate"):
        run("--finish")


@pytest.mark.parametrize("arguments", [(), ("--finish",)])
def test_the_command_says_that_there_is_no_such_connection(db, arguments):
    with pytest.raises(CommandError, match="no"):
        call_command("saml_connection", "rotate-key", "00000000-0000-4000-8000-000000000000", *arguments)


def test_a_connection_is_made_to_sign_by_an_option(db, tmp_path, capsys):
    (tmp_path / "m.xml").write_bytes(metadata())
    call_command("saml_connection", "create", "Signs", "--metadata-file", str(tmp_path / "m.xml"), "--sign-requests")

    assert Connection.objects.get().sign_requests

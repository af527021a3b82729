"""Sign-in attempts from before there were codes: the sentence becomes a code.

A sentence that holds values of the message, or is not known, is kept as it is, under the code "text". A refusal of the
person has no reason beside its check. In ranges of ids, so that the site goes on meanwhile; a run that was stopped goes
on where it was, since codes have no spaces in them.
"""

from django.db import migrations, transaction
from django.db.models import Max

BATCH = 1000
OF_THE_PERSON = (
    "unknown_person",
    "other_connection",
    "other_person",
    "awaiting_saml_sync",
    "deactivated",
    "deleted",
    "no_group_access",
    "identity_conflict",
    "no_saml_connection",
)
CODES = {
    "there was no SAMLResponse in the request.": "no_response",
    "the identity provider does not say which request it answers (InResponseTo).": "no_in_response_to",
    "it began at the identity provider; an ordinary sign-in was begun here in its place.": "begun_here",
    "the message is too long.": "message_too_long",
    "the message is not base64.": "not_base64",
    "the message is not deflated.": "not_deflated",
    "the message is incomplete or larger than 64 KB.": "inflated_too_large",
    "the message has too many elements.": "too_many_elements",
    "the message is nested too deeply.": "nested_too_deeply",
    "the message has comments, processing instructions or entities in it.": "odd_nodes",
    "the message declares too many namespaces.": "too_many_namespaces",
    "the message has too many IDs.": "too_many_ids",
    "the message is not a SAML 2.0 Response.": "not_a_response",
    "the Response has no usable ID.": "response_without_id",
    "there must be exactly one assertion, directly in the Response.": "not_one_assertion",
    "the assertion has no usable ID.": "assertion_without_id",
    "only the Response is signed, not the assertion; have it signed, or accept that at the connection.": "only_response_signed",
    "the assertion is not signed.": "assertion_not_signed",
    "a signature stands where none belongs.": "signature_misplaced",
    "there are two signatures in one place.": "two_signatures",
    "KeyInfo has other parts than it may have.": "key_info_parts",
    "a signature covers nothing, not the element in which it stands.": "signature_covers_nothing",
    "a signature names too many prefixes to be included.": "too_many_prefixes",
    "the message has too many encrypted parts.": "too_many_encrypted_parts",
    "KeyInfo has too many parts.": "key_info_too_long",
    "the key is encrypted with RSA 1.5 (rsa-1_5), which is not safe; choose RSA-OAEP.": "key_under_rsa_1_5",
    "the decrypted message is too large.": "decrypted_too_large",
    "it is encrypted in a way that is not accepted.": "encryption_not_accepted",
    "the key of what is encrypted has another length than its algorithm wants.": "encryption_key_length",
    "it is encrypted for a certificate that is not ours (any more); give the identity provider the certificate that the Authentication page offers.": "encrypted_for_another",
    "what is encrypted is not base64.": "encrypted_not_base64",
    "what is encrypted was changed on its way.": "encrypted_changed",
    "what is encrypted is incomplete.": "encrypted_incomplete",
    "there is no assertion.": "no_assertion",
    "the signature covers no assertion.": "signature_covers_no_assertion",
    "the signature fits no certificate of the connection; refresh its metadata if the certificate was renewed.": "no_fitting_certificate",
    "a parameter is there twice.": "parameter_twice",
    "the assertion names no audience (Conditions/AudienceRestriction).": "no_audience",
    "there is no bearer confirmation.": "no_confirmation",
    "the confirmation has no end (NotOnOrAfter of SubjectConfirmationData).": "confirmation_without_end",
    "the NameID is empty or too long.": "name_id_length",
    "the NameID has invisible characters in it.": "name_id_invisible",
    "the NameID is a Windows domain name (DOMAIN\\user), which is no e-mail address.": "name_id_is_windows",
    "the NameID is transient: another one at each sign-in, so that it can't say who somebody is.": "name_id_is_transient",
    "the identity provider did not ask the person to sign in again.": "no_new_authentication",
    "it finds no certificate that the signature fits.": "library_signature",
    "the InResponseTo names no request that was sent from here.": "request_never_sent",
    "the request that it answers was sent by another connection.": "request_of_another_connection",
    "the request that it answers is more than 15 minutes old.": "request_too_old",
    "the browser sent no cookie of the request that it answers.": "request_without_cookie",
    "the request that it answers was sent from another browser.": "request_of_another_browser",
    "the request that it answers was answered before.": "request_answered",
    "the message was used before.": "used_before",
    "an unsigned logout request must name the session.": "no_session_named",
    "an encrypted NameID is read in signed logout requests only.": "encrypted_name_unsigned",
    "It has too many elements for its size.": "xml_dense_elements",
    "It has too many attributes for its size.": "xml_dense_attributes",
    "It has too many character references for its size.": "xml_dense_references",
    "It has a document type declaration (DOCTYPE), which is not accepted.": "xml_doctype",
    "It declares an encoding other than UTF-8.": "xml_other_encoding",
    "It is not UTF-8.": "xml_not_utf8",
    "It could not be brought into canonical form.": "xml_not_canonical",
}


def code_attempts(apps, schema_editor):
    attempts = apps.get_model("saml", "SignInAttempt").objects.order_by("id")
    last = attempts.aggregate(last=Max("id"))["last"] or 0
    for start in range(0, last, BATCH):
        with transaction.atomic():
            rows = attempts.filter(reason__contains=" ", id__gt=start, id__lte=start + BATCH)
            coded = [code_attempt(row) for row in rows.only("id", "failed_check", "reason")]
            attempts.bulk_update(coded, ("reason", "parameters"), batch_size=100)


def code_attempt(row):
    if row.failed_check in OF_THE_PERSON:
        row.reason = ""
    elif row.reason in CODES:
        row.reason = CODES[row.reason]
    else:
        row.reason, row.parameters = "text", {"text": row.reason}
    return row


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("saml", "0013_attempt_reason_codes")]

    operations = [migrations.RunPython(code_attempts, migrations.RunPython.noop, elidable=False)]

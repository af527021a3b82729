"""Received commands from before there were codes: the sentence becomes a code.

A sentence that holds values of the message, or is not known, is kept as it is, under the code "text". In ranges of ids,
so that the site goes on meanwhile; a run that was stopped goes on where it was, since codes have no spaces in them.
"""

from django.db import migrations, transaction
from django.db.models import Max

BATCH = 1000
CODES = {
    "there is no bearer token in the Authorization header.": "no_bearer_token",
    "it is not a signed token in compact form.": "not_compact",
    "its alg is not an asymmetric one that is accepted here.": "algorithm",
    "its header names no key (kid).": "no_key_named",
    "its typ is not the one of such a token.": "type_is_another",
    "its iss is not the issuer that is set here.": "token_issuer_is_another",
    "its aud is another address or application.": "token_audience_is_another",
    "it does not say when it was issued (iat).": "no_time_of_issue",
    "it was issued in the future; compare the clocks.": "issued_in_the_future",
    "it was issued too long ago.": "issued_too_long_ago",
    "it is not valid yet; compare the clocks.": "not_begun",
    "it does not say when it expires (exp).": "no_expiry",
    "it has expired; compare the clocks.": "expired",
    "it has no id (jti).": "no_id",
    "the key that it names is not at the JWKS URL.": "key_not_published",
    "the key that it names is not one for its alg.": "key_for_another_algorithm",
    "its signature does not fit the key that it names.": "signature_does_not_fit",
    "it was used before.": "token_used_before",
    "the body is too long.": "body_too_long",
    "no issuer and JWKS URL are set for Universal Logout at this connection.": "not_set_up_for_logout",
    "no issuer and JWKS URL are set for security events at this connection.": "not_set_up_for_events",
    "the body is not application/json.": "not_json",
    "the body is not application/secevent+jwt.": "not_an_event_token",
    "the Authorization header is not the one of this stream.": "another_header",
    "the token was used before.": "command_repeated",
    "it was received before.": "event_repeated",
    "events is not an object of objects.": "not_events",
    "the subject belongs into sub_id; sub has to be absent.": "sub_beside_sub_id",
    "credential-change needs a change_type: create, revoke, update or delete.": "no_change_type",
    "ends nothing here.": "ends_nothing",
    "the stream works.": "stream_works",
    "the body has to name one subject, in sub_id.": "not_one_subject_named",
    "there is no subject identifier (sub_id).": "no_subject",
    "it names two subjects.": "two_subjects",
    "the subject identifier is not an object.": "subject_not_an_object",
    "a value of the subject identifier is empty, too long or no text.": "subject_value",
    "the subject identifier has members of two formats.": "subject_of_two_formats",
    "the complex subject names neither a user nor a session.": "complex_without_user",
    "people of that e-mail domain belong to another connection.": "foreign_subject",
    "nobody here is known by that subject identifier.": "unknown_subject",
    "that subject identifier fits more than one person.": "ambiguous_subject",
}


def code_events(apps, schema_editor):
    events = apps.get_model("saml", "ReceivedEvent").objects.order_by("id")
    last = events.aggregate(last=Max("id"))["last"] or 0
    for start in range(0, last, BATCH):
        with transaction.atomic():
            rows = events.filter(reason__contains=" ", id__gt=start, id__lte=start + BATCH)
            coded = [code_event(row) for row in rows.only("id", "reason")]
            events.bulk_update(coded, ("reason", "parameters"), batch_size=100)


def code_event(row):
    if row.reason in CODES:
        row.reason = CODES[row.reason]
    else:
        row.reason, row.parameters = "text", {"text": row.reason}
    return row


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("saml", "0018_received_event_parameters")]

    operations = [migrations.RunPython(code_events, migrations.RunPython.noop, elidable=False)]

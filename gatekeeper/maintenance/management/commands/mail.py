"""mail: who is written to, without the pages."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.events.mail.delivery import deliver_mail
from gatekeeper.events.mail.problems import problem_text
from gatekeeper.events.mail.queueing import is_configured
from gatekeeper.events.mail.recipients import Wish, add_recipient, remove_recipient, resume_recipient
from gatekeeper.events.mail.trial import send_test
from gatekeeper.events.models import MailRecipient
from gatekeeper.maintenance.digest import queue_digests
from gatekeeper.runtime.command import OperatorCommand, identifier, iso_utc, take_json_after

_ACTOR = Actor.command("mail")


class Command(OperatorCommand):
    """``mail add|list|digest|test|resume|remove``."""

    help = "Add, list, test, resume or remove recipients of e-mail, or send the digest now."

    def arguments(self, parser: CommandParser) -> None:
        """Six actions; all but three take the id of a recipient."""
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="Write to an address from now on.")
        add.add_argument("address", metavar="ADDRESS")
        add.add_argument("--events", default="", metavar="E[,E…]", help="Codes of events: docs/mail.md.")
        add.add_argument("--digest", action="store_true", help="A digest each day.")
        add.add_argument("--language", default="", metavar="CODE", help="en-gb or de; the site's own without it.")
        listing = actions.add_parser("list", help="All recipients.")
        digest = actions.add_parser("digest", help="Send the digest of the last 24 hours now, to whoever wants it.")
        take_json_after(add, listing, digest)
        for action, help_text in (
            ("test", "Send a test now and say what the server answered."),
            ("resume", "Send again, what has waited first."),
            ("remove", "Send nothing more; its log goes too."),
        ):
            one = actions.add_parser(action, help=help_text)
            one.add_argument("recipient_id", metavar="ID")
            take_json_after(one)

    def run(self, **options: Any) -> dict[str, Any]:
        """The document of the chosen action."""
        action = options["action"]
        if action == "add":
            wish = Wish(
                events=options["events"].split(","), daily_digest=options["digest"], language=options["language"]
            )
            return _facts(add_recipient(options["address"], wish, actor=_ACTOR))
        if action == "list":
            rows = [_facts(each) | _state(each) for each in MailRecipient.objects.all()]
            return {"configured": is_configured(), "recipients": rows}
        if action == "digest":
            made = queue_digests(timezone.now(), is_asked_for=True)
            return {"queued": made, "sent": deliver_mail()}
        recipient_id = identifier(options["recipient_id"], f"There is no recipient {options['recipient_id']}.")
        if action == "test":
            sent = send_test(recipient_id, actor=_ACTOR)
            if sent.problem:
                raise CommandError(f"The test was not sent: {problem_text(sent.problem, sent.parameters)}")
            return {"sent": str(recipient_id)}
        if action == "remove":
            remove_recipient(recipient_id, actor=_ACTOR)
            return {"removed": str(recipient_id)}
        return {"resumed": str(recipient_id), "changed": resume_recipient(recipient_id, actor=_ACTOR)}

    def describe(self, document: dict[str, Any]) -> str:
        """For people: a recipient a line, or the facts of the new one."""
        if "recipients" not in document:
            return super().describe(document)
        lines = [_line(each) for each in document["recipients"]] or ["There are no recipients."]
        if not document["configured"]:
            lines.insert(0, "No mail server is configured (EMAIL_HOST): nothing is sent.")
        return "\n".join(lines)


def _facts(recipient: MailRecipient) -> dict[str, Any]:
    return {
        "recipient_id": str(recipient.id),
        "address": recipient.address,
        "language": recipient.language,
        "events": recipient.events,
        "daily_digest": recipient.daily_digest,
    }


def _state(recipient: MailRecipient) -> dict[str, Any]:
    return {
        "paused_at": iso_utc(recipient.paused_at),
        "pause_reason": recipient.pause_reason or None,
        "last_success_at": iso_utc(recipient.last_success_at),
    }


def _line(recipient: dict[str, Any]) -> str:
    what = ",".join([*recipient["events"], *(["digest"] if recipient["daily_digest"] else [])])
    state = f"paused since {recipient['paused_at']}" if recipient["paused_at"] else "works"
    last = recipient["last_success_at"] or "never"
    return f"{recipient['recipient_id']}  {recipient['address']}  {what}  {state}, last sent {last}"

"""webhook: the addresses that events are posted to, without the pages."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.events.models import Webhook
from gatekeeper.events.webhooks.receivers import (
    create_webhook,
    delete_webhook,
    pause_webhook,
    replay,
    resume_webhook,
    send_test,
)
from gatekeeper.events.webhooks.results import problem_text
from gatekeeper.runtime.command import OperatorCommand, identifier, iso_utc, take_json_after

_ACTOR = Actor.command("webhook")


class Command(OperatorCommand):
    """``webhook create|list|test|pause|resume|replay|delete``."""

    help = "Create, list, test, pause, resume or delete webhooks, or send again what has failed."

    def arguments(self, parser: CommandParser) -> None:
        """Seven actions; all but two take the id of a webhook."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Add an address; its secret is shown this one time.")
        create.add_argument("url", metavar="URL")
        create.add_argument("--events", required=True, metavar="E[,E…]", help="Codes of events: docs/events.md.")
        listing = actions.add_parser("list", help="All webhooks, without their secrets.")
        take_json_after(create, listing)
        for action, help_text in (
            ("test", "Send a test now and say what was answered."),
            ("pause", "Send nothing to it; what happens meanwhile waits."),
            ("resume", "Send again, what has waited first."),
            ("replay", "Send again what has failed, with the same ids."),
            ("delete", "Delete it with its delivery log."),
        ):
            one = actions.add_parser(action, help=help_text)
            one.add_argument("webhook_id", metavar="ID")
            take_json_after(one)

    def run(self, **options: Any) -> dict[str, Any]:
        """The document of the chosen action."""
        if options["action"] == "create":
            webhook, secret = create_webhook(options["url"], options["events"].split(","), actor=_ACTOR)
            return {**_facts(webhook), "secret": secret}
        if options["action"] == "list":
            return {"webhooks": [_facts(webhook) | _state(webhook) for webhook in Webhook.objects.all()]}
        webhook_id = identifier(options["webhook_id"], f"There is no webhook {options['webhook_id']}.")
        if options["action"] == "test":
            return _test(webhook_id)
        return _change(options["action"], webhook_id)

    def exit_status(self, document: dict[str, Any]) -> int:
        """1 for a test that was answered with something else than a success."""
        return 1 if not 200 <= document.get("status", 200) < 300 else 0

    def describe(self, document: dict[str, Any]) -> str:
        """For people: a webhook a line, or the facts of the new one."""
        if "webhooks" not in document:
            return super().describe(document)
        return "\n".join(_line(webhook) for webhook in document["webhooks"]) or "There are no webhooks."


def _test(webhook_id: UUID) -> dict[str, Any]:
    test = send_test(webhook_id, actor=_ACTOR)
    if test.status is None:
        raise CommandError(f"The test was not delivered: {problem_text(test.problem, test.parameters)}")
    return {"status": test.status, "latency_ms": test.milliseconds}


def _change(action: str, webhook_id: UUID) -> dict[str, Any]:
    if action == "delete":
        delete_webhook(webhook_id, actor=_ACTOR)
        return {"deleted": str(webhook_id)}
    if action == "replay":
        return {"replayed": replay(webhook_id, actor=_ACTOR)}
    if action == "pause":
        return {"paused": str(webhook_id), "changed": pause_webhook(webhook_id, actor=_ACTOR)}
    return {"resumed": str(webhook_id), "changed": resume_webhook(webhook_id, actor=_ACTOR)}


def _facts(webhook: Webhook) -> dict[str, Any]:
    return {
        "webhook_id": str(webhook.id),
        "url": webhook.url,
        "events": webhook.events,
        "created_at": iso_utc(webhook.created_at),
    }


def _state(webhook: Webhook) -> dict[str, Any]:
    return {
        "paused_at": iso_utc(webhook.paused_at),
        "pause_reason": webhook.pause_reason or None,
        "failing_since": iso_utc(webhook.failing_since),
        "last_success_at": iso_utc(webhook.last_success_at),
    }


def _line(webhook: dict[str, Any]) -> str:
    state = f"fails since {webhook['failing_since']}" if webhook["failing_since"] else "works"
    if webhook["paused_at"]:
        state = f"paused since {webhook['paused_at']} ({webhook['pause_reason']})"
    last = webhook["last_success_at"] or "never"
    return f"{webhook['webhook_id']}  {webhook['url']}  {','.join(webhook['events'])}  {state}, last accepted {last}"

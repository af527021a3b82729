"""Are events delivered, do webhooks and SIEM streams accept what they are sent, and is e-mail sent?"""

from datetime import timedelta

from django.utils import timezone

from gatekeeper.audit.stream.progress import stream_progress
from gatekeeper.audit.stream.streams import problem_text
from gatekeeper.events.mail.queueing import is_configured
from gatekeeper.events.mail_progress import mail_progress
from gatekeeper.events.models import PauseReason, Webhook
from gatekeeper.events.progress import delivery_progress
from gatekeeper.health.checks.result import Check, ok, warning

NAME = "events"
LATE_AFTER = timedelta(minutes=10)
FAILING_AFTER = timedelta(hours=1)  # a restart of a receiver is over by then


def check_events() -> list[Check]:
    """For each subscriber: whether anything was given up, or has waited for longer than two retries take."""
    found = []
    for each in delivery_progress():
        minutes = int(each.oldest_age().total_seconds() // 60)
        if each.parked:
            fix = "The log says why (event_not_delivered); then run manage.py events retry."
            found.append(warning(NAME, f"{each.subscriber}: {each.parked} deliveries were given up.", fix))
        elif each.oldest_age() > LATE_AFTER:
            fix = "Start worker and beat; the log says what a subscriber refuses (event_not_delivered)."
            detail = f"{each.subscriber}: {each.undelivered} undelivered, the oldest for {minutes} minutes."
            found.append(warning(NAME, detail, fix))
        else:
            found.append(ok(NAME, f"{each.subscriber}: {each.undelivered} undelivered."))
    return found


def check_webhooks() -> Check:
    """Whether one was paused for what it answered, or has accepted nothing for an hour."""
    webhooks = list(Webhook.objects.all())
    for each in webhooks:
        if each.paused_at and each.pause_reason != PauseReason.ADMINISTRATOR:
            fix = "Mend the receiver, then run manage.py webhook resume: what has waited is sent then."
            reason = PauseReason(each.pause_reason).label
            return warning("webhooks", f"{each} was paused: {reason}.", fix)
    for each in webhooks:
        if not each.paused_at and each.failing_since and timezone.now() - each.failing_since > FAILING_AFTER:
            fix = "The delivery log says what it answers (Settings > Webhooks); after three days it is paused."
            return warning("webhooks", f"{each} has accepted nothing for more than an hour.", fix)
    return ok("webhooks", f"{len(webhooks)} webhooks." if len(webhooks) != 1 else "1 webhook.")


def check_streams() -> Check:
    """Whether each SIEM stream was sent what there is; a paused one is said, too, since its receiver misses entries."""
    name, progress = "siem_streams", stream_progress()
    for each in progress:
        behind = f"{each.stream}: {each.behind} entries behind, the first for {_minutes(each.lag)} minutes"
        if each.stream.paused_at and each.behind:
            return warning(name, f"{behind}; it is paused.", "Run manage.py stream resume.")
        if each.is_late and each.stream.problem:
            reason = problem_text(each.stream.problem, each.stream.parameters)
            return warning(
                name, f"{behind}: {reason}", "Mend the receiver; docs/siem.md has a table of what can be wrong."
            )
        if each.is_late:
            return warning(name, f"{behind}.", "Start worker and beat; the log says more (stream_not_accepted).")
    return ok(name, f"{len(progress)} streams, none late." if len(progress) != 1 else "1 stream, not late.")


def _minutes(lag: timedelta) -> int:
    return int(lag.total_seconds() // 60)


def check_mail() -> Check:
    """Whether somebody is to be written to and cannot be."""
    found = list(mail_progress())
    if found and not is_configured():
        fix = "Set EMAIL_HOST and EMAIL_FROM (docs/mail.md), or remove the recipients."
        return warning("mail", "There are recipients, and no mail server is configured.", fix)
    for each in found:
        if each.recipient.paused_at:
            fix = "See in its log what the server answers (Settings > E-mail), then run manage.py mail resume."
            return warning("mail", f"{each.recipient} was paused: the mail server refuses it.", fix)
        if each.failing_for > FAILING_AFTER:
            fix = "The log says what the mail server answers (mail_not_sent); try it with manage.py mail test."
            return warning("mail", f"Nothing could be sent to {each.recipient} for more than an hour.", fix)
    return ok("mail", f"{len(found)} recipients." if len(found) != 1 else "1 recipient.")

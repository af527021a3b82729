"""Are events delivered?"""

from datetime import timedelta

from gatekeeper.events.progress import delivery_progress
from gatekeeper.health.checks.result import Check, ok, warning

NAME = "events"
LATE_AFTER = timedelta(minutes=10)


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

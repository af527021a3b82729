"""The SCIM requests of the last 24 hours."""

from gatekeeper.web.framework.requests_by_hour import requests_by_hour
from tests.builders import log_request


def test_hours_are_counted_and_even_one_failure_is_seen(db: None) -> None:
    for _ in range(300):
        log_request()
    log_request("failed")

    found = requests_by_hour()

    assert (found.good, found.bad) == (300, 1)
    [slot] = found.plot.slots
    good, bad = slot.segments
    assert (good.tone, bad.tone) == ("accent", "danger")
    assert float(bad.height.rstrip("%")) >= 2
    assert found.plot.rows[0].numbers == ["300", "1"]

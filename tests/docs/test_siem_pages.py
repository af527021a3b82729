"""docs/siem.md and docs/siem-events.md say what the code does."""

from gatekeeper.audit.events import Event
from gatekeeper.audit.stream.delivery import BATCH, FAILING_LONG, RETRY_AFTER
from gatekeeper.audit.stream.examples import markdown
from gatekeeper.audit.stream.ocsf_events import OCSF_EVENTS, OCSF_VERSION
from gatekeeper.audit.stream.sending import SYSLOG_PORTS
from gatekeeper.audit.stream.syslog import FACILITY, MOST_BYTES, MOST_UDP_BYTES, SD_ID
from tests.site import ROOT

PAGE = (ROOT / "docs" / "siem.md").read_text()


def test_every_event_is_mapped_and_has_its_examples() -> None:
    """A new event: a line in gatekeeper/audit/stream/ocsf_events.py, then write the page anew."""
    assert set(OCSF_EVENTS) == set(Event)
    written = (ROOT / "docs" / "siem-events.md").read_text()
    assert written.rstrip() == markdown(), "manage.py stream examples > docs/siem-events.md"


def test_the_numbers_of_the_page_are_the_ones_of_the_code() -> None:
    assert [each.total_seconds() for each in RETRY_AFTER] == [30, 60, 120, 300, 600]
    assert "after 30 seconds, 1, 2 and 5 minutes, then every 10 minutes" in PAGE
    assert f"at most {BATCH:,} and about 1 MB" in PAGE
    assert (f"at most {MOST_UDP_BYTES:,} bytes" in PAGE, f"TCP and TLS {MOST_BYTES:,}" in PAGE) == (True, True)
    assert (f"version {OCSF_VERSION}" in PAGE, f"facility {FACILITY} (log audit)" in PAGE, f"[{SD_ID} " in PAGE) == (
        True,
        True,
        True,
    )
    assert (FAILING_LONG.total_seconds(), "an error from an hour on" in PAGE) == (3600, True)
    for scheme, port in SYSLOG_PORTS.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{scheme}://"))
        assert row.endswith(f"| {port} |")

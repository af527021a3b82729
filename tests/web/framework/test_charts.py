"""The charts that the server draws."""

from gatekeeper.web.framework.charts import provisioning_by_hour
from tests.builders import log_request

LOG = "/provisioning-log/"


def test_the_chart_counts_hours_and_shows_even_one_failure(db: None) -> None:
    for _ in range(300):
        log_request()
    log_request("failed")

    chart = provisioning_by_hour()

    assert (chart.good, chart.bad) == (300, 1)
    assert chart.bars[-1].bad_height >= 2

"""Alerts and dashboard: Prometheus takes them, they fire when they should, and name metrics and runbooks that exist."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatekeeper.health import metrics
from tests.deploy.programs import DEPLOY, ROOT, program

ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "gatekeeper.json"
RUNBOOKS = ROOT / "docs" / "operating" / "monitoring.md"
METRIC = re.compile(r"\b(gatekeeper_\w+)")
LABELS = re.compile(r"by \(([^)]*)\)|\{([^}]*)\}")
OF_PROMETHEUS = {"job", "instance", "le"}
NOT_SCRAPED = "GatekeeperNotScraped"
HOURS = 4

QUIET = {
    'up{job="gatekeeper",instance="one"}': "1x240",
    'gatekeeper_heartbeat_age_seconds{process="worker"}': "30x240",
    'gatekeeper_heartbeat_age_seconds{process="beat"}': "59x240",
    'gatekeeper_process_heartbeat_age_seconds{process="worker",host="one",pid="7"}': "59x240",
    "gatekeeper_saml_sync_age_seconds": "3599x240",
    'gatekeeper_database_refusals_total{reason="deadlock"}': "0+0x200 1x40",
    'gatekeeper_http_requests_total{route="scim:users",status="200",credential="a",instance="one"}': "0+600x240",
    'gatekeeper_http_requests_total{route="scim:users",status="500",credential="a",instance="one"}': "0+0x200 1x40",
    'gatekeeper_http_request_seconds_bucket{route="scim:users",credential="a",le="0.1"}': "0+600x240",
    'gatekeeper_http_request_seconds_bucket{route="scim:users",credential="a",le="+Inf"}': "0+601x240",
    'gatekeeper_tasks_total{task="saml.sync_users",state="failure"}': "3x240",
    "gatekeeper_queue_tasks": "12x240",
    'gatekeeper_data_dir_writable{instance="one"}': "1x240",
    'gatekeeper_data_dir_free_ratio{instance="one"}': "0.4x240",
    "gatekeeper_database_longest_statement_seconds": "14x240",
    "gatekeeper_database_longest_idle_transaction_seconds": "0x240",
    "gatekeeper_deprovisioning_alarming": "0x240",
    "gatekeeper_deprovisioning_held": "0x240",
    "gatekeeper_privilege_gained": "0x240",
    "gatekeeper_break_glass_sign_ins_total": "7x240",
    # Entries are written all the time, and linked each minute.
    "gatekeeper_audit_entries_waiting": " ".join(["300", "12", "155"] * 80),
    'gatekeeper_scim_key_days_left{key="a"}': "300x240",
    'gatekeeper_client_secret_days_left{client="c"}': "300x240",
    'gatekeeper_saml_certificate_days_left{connection="s"}': "300x240",
    'gatekeeper_token_requests_last_hour{reason="issued"}': "40x240",
    'gatekeeper_token_requests_last_hour{reason="not_listed"}': "3x240",
    'gatekeeper_scim_requests_last_hour{credential="a",result="served"}': "5000x240",
    'gatekeeper_scim_requests_last_hour{credential="a",result="throttled"}': "0x240",
    'gatekeeper_scim_requests_last_hour{credential="a",result="refused_address"}': "0x240",
    'gatekeeper_users{origin="scim",active="true"}': "300x240",
    'gatekeeper_events_oldest_seconds{subscriber="webhooks"}': "20x240",
    'gatekeeper_events_parked{subscriber="webhooks"}': "0x240",
    'gatekeeper_webhook_paused{webhook="w"}': "0x240",
    'gatekeeper_webhook_failures{webhook="w"}': "1x240",
    "gatekeeper_audit_verification_problems": "0x240",
    # Once a day.
    "gatekeeper_audit_verification_age_seconds": "72000+60x100 0+60x138",
    "gatekeeper_audit_sealing_failed": "0x240",
    # One machine has none of the files that the other one wrote.
    'gatekeeper_audit_segment_files_missing{instance="one"}': "0x240",
    'gatekeeper_audit_segment_files_missing{instance="two"}': "3x240",
    'gatekeeper_stream_lag_seconds{stream="SIEM"}': "60x240",
    'gatekeeper_mail_paused{recipient="r"}': "0x240",
    'gatekeeper_mail_failing_seconds{recipient="r"}': "60x240",
}
WRONG = {
    'up{job="gatekeeper",instance="one"}': "0x240",
    'gatekeeper_heartbeat_age_seconds{process="worker"}': "0+60x240",
    'gatekeeper_heartbeat_age_seconds{process="beat"}': "0+60x240",
    'gatekeeper_process_heartbeat_age_seconds{process="worker",host="two",pid="7"}': "0+60x240",
    "gatekeeper_saml_sync_age_seconds": "0+60x240",
    'gatekeeper_database_refusals_total{reason="lock_timeout"}': "0+5x240",
    'gatekeeper_http_requests_total{route="scim:users",status="500",credential="a",instance="one"}': "0+5x240",
    'gatekeeper_http_request_seconds_bucket{route="scim:users",credential="a",le="5.0"}': "0+500x240",
    'gatekeeper_http_request_seconds_bucket{route="scim:users",credential="a",le="+Inf"}': "0+600x240",
    'gatekeeper_tasks_total{task="saml.sync_users",state="failure"}': "0+1x240",
    "gatekeeper_queue_tasks": "900x240",
    'gatekeeper_data_dir_writable{instance="one"}': "0x240",
    'gatekeeper_data_dir_free_ratio{instance="one"}': "0.01x240",
    "gatekeeper_database_longest_statement_seconds": "3000x240",
    "gatekeeper_deprovisioning_alarming": "1x240",
    "gatekeeper_deprovisioning_held": "4x240",
    "gatekeeper_privilege_gained": "1x240",
    "gatekeeper_break_glass_sign_ins_total": "7x235 8x5",
    "gatekeeper_audit_entries_waiting": "0+1x240",
    'gatekeeper_scim_key_days_left{key="a"}': "1x240",
    'gatekeeper_client_secret_days_left{client="c"}': "1x240",
    'gatekeeper_saml_certificate_days_left{connection="s"}': "-1x240",
    'gatekeeper_token_requests_last_hour{reason="not_listed"}': "300x240",
    'gatekeeper_scim_requests_last_hour{credential="a",result="served"}': "0x240",
    'gatekeeper_scim_requests_last_hour{credential="a",result="throttled"}': "9x240",
    'gatekeeper_scim_requests_last_hour{credential="a",result="refused_address"}': "1x240",
    'gatekeeper_events_oldest_seconds{subscriber="webhooks"}': "0+60x240",
    'gatekeeper_events_parked{subscriber="webhooks"}': "1x240",
    'gatekeeper_webhook_paused{webhook="w"}': "1x240",
    'gatekeeper_webhook_failures{webhook="w"}': "9x240",
    "gatekeeper_audit_verification_problems": "2x240",
    "gatekeeper_audit_verification_age_seconds": "250000+60x240",
    "gatekeeper_audit_sealing_failed": "1x240",
    'gatekeeper_audit_segment_files_missing{instance="one"}': "1x240",
    'gatekeeper_audit_segment_files_missing{instance="two"}': "3x240",
    'gatekeeper_stream_lag_seconds{stream="SIEM"}': "0+60x240",
    'gatekeeper_mail_paused{recipient="r"}': "1x240",
    'gatekeeper_mail_failing_seconds{recipient="r"}': "0+60x240",
}
# Nobody has sent anything for so long that the counts are gone; Prometheus itself does not know the site any more.
FORGOTTEN = {'gatekeeper_users{origin="scim",active="true"}': "300x240"}


def rules() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def families() -> dict[str, Any]:
    """The metrics by the names that a scrape has, for which each has a line TYPE."""
    found = {
        each.name + {"counter": "_total", "histogram": "_bucket"}.get(each.type, ""): each
        for each in metrics._Gatekeeper().collect()
    }
    scraped = re.findall(r"^# TYPE (\w+) (gauge|counter|histogram)$", metrics.render().decode(), re.MULTILINE)
    assert set(found) == {f"{name}_bucket" if kind == "histogram" else name for name, kind in scraped}
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def expressions() -> list[str]:
    drawn = [target["expr"] for panel in panels() for target in panel.get("targets", [])]
    return [*drawn, *(rule["expr"] for rule in rules().values())]


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("promtool"), *arguments], capture_output=True, text=True, check=False)


def test_prometheus_takes_the_alerts_and_the_job(tmp_path: Path):
    job = (DEPLOY / "prometheus" / "scrape.yml").read_text().replace("/etc/prometheus", str(tmp_path))
    (tmp_path / "gatekeeper-token").write_text("a token")
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(f"rule_files: [{ALERTS}]\nscrape_configs:\n{job}")

    checked = promtool("check", "config", str(configuration))

    assert checked.returncode == 0, checked.stderr
    assert promtool("check", "rules", "--lint-fatal", str(ALERTS)).returncode == 0


@pytest.mark.parametrize(
    ("series", "firing"),
    [
        (QUIET, set()),
        (WRONG, set(rules()) - {NOT_SCRAPED}),
        (FORGOTTEN, {NOT_SCRAPED, "GatekeeperNothingProvisioned"}),
    ],
    ids=["quiet", "wrong", "forgotten"],
)
def test_each_alert_fires_when_it_should_and_only_then(series: dict[str, str], firing: set[str], tmp_path: Path):
    names = "count by (alertname) (ALERTS{alertstate='firing'})"
    expected = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(firing)]
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [{"expr": names, "eval_time": f"{HOURS}h", "exp_samples": expected}],
        }
    ]
    file = tmp_path / "tests.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests}))

    done = promtool("test", "rules", str(file))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.django_db
def test_each_metric_and_label_that_is_named_is_one_of_the_site_s():
    known = families()
    for expression in expressions():
        named = set(METRIC.findall(expression))
        assert named <= set(known), expression
        labels = {label for name in named for label in known[name]._labelnames}
        assert used_labels(expression) <= labels | OF_PROMETHEUS, expression


def used_labels(expression: str) -> set[str]:
    found = ",".join(part for parts in LABELS.findall(expression) for part in parts)
    return {re.split(r"[=!~]", label)[0].strip() for label in found.split(",")} - {""}


@pytest.mark.django_db
def test_each_metric_of_the_site_is_on_the_dashboard():
    drawn = {
        name for panel in panels() for target in panel.get("targets", []) for name in METRIC.findall(target["expr"])
    }

    assert set(families()) - drawn == set()


def test_each_alert_has_its_section_and_each_section_its_alert():
    sections = set(re.findall(r"^## (\w+)$", RUNBOOKS.read_text(), re.MULTILINE))
    named = {rule["annotations"]["runbook"] for rule in rules().values()}

    assert named == {f"docs/operating/monitoring.md#{section.lower()}" for section in sections}
    assert {rule["labels"]["severity"] for rule in rules().values()} == {"critical", "warning"}


def test_no_panel_of_the_dashboard_covers_another_one():
    taken: dict[tuple[int, int], str] = {}
    for panel in panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & set(taken), (panel["title"], taken[min(cells & set(taken))])
        taken.update(dict.fromkeys(cells, panel["title"]))
    assert len({panel["id"] for panel in panels()}) == len(panels())

"""The rules and the dashboard can be parsed, and ask only for what there is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.metrics import all_metrics, process_metrics, series
from tests.support.queries import asked

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
METRICS = all_metrics()
KNOWN = series(METRICS, METRICS) | process_metrics() | {"up"}
VARIABLES = {"$__rate_interval": "5m", "$instance": ".*"}
LISTED = {  # what the issue of operations asks for has a rule
    "FadeArenaWorkerDown",
    "FadeArenaHaltedUnexpectedly",
    "FadeArenaFeedStale",
    "FadeArenaDriftOpen",
    "FadeArenaTrackingError",
    "FadeArenaRateBudgetNear",
    "FadeArenaProjectionLag",
    "FadeArenaDeadLetters",
    "FadeArenaDiskLow",
    "FadeArenaDatabaseErrors",
    "FadeArenaAgentExpires",
}


def queries(panel: dict[str, Any]) -> list[str]:
    """Return a panel's queries, with the variables of the dashboard filled in."""
    found = []
    for target in panel["targets"]:
        query = target["expr"]
        for name, value in VARIABLES.items():
            query = query.replace(name, value)
        found.append(query)
    return found


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_a_rule_is_complete(rule: dict[str, Any]) -> None:
    """It parses, asks for series that there are, and says how bad it is, what it is, and where to read on."""
    assert asked(rule["expr"]) <= KNOWN
    assert re.fullmatch(r"\d+[smh]", rule["for"])
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}


def test_the_rules_are_all_there() -> None:
    """Names are given once, and nothing that can go wrong is without a rule."""
    names = [rule["alert"] for rule in ALERTS]
    assert len(set(names)) == len(names)
    assert set(names) >= LISTED


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel['id']} {panel['title']}")
def test_a_panel_shows_what_there_is(panel: dict[str, Any]) -> None:
    """Each query parses, and asks for series that there are, of the processes that were chosen."""
    assert panel["datasource"]["uid"] == "${datasource}"
    for query, target in zip(queries(panel), panel["targets"], strict=True):
        assert asked(query) <= KNOWN
        assert "$instance" in target["expr"]


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    """Ids are given once, nothing overlaps, and the rows are those that are promised."""
    assert {DASHBOARD["uid"], DASHBOARD["title"]} == {"fadearena", "FadeArena"}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Trading", "Risk", "Feeds", "Latencies", "Storage", "API"]
    taken = set[tuple[int, int]]()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_almost_every_metric_is_shown_or_watched() -> None:
    """What nobody looks at is told nowhere in vain: a few are there for other tools."""
    shown = {name for panel in PANELS for query in queries(panel) for name in asked(query)}
    watched = {name for rule in ALERTS for name in asked(rule["expr"])}
    seen = {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown | watched} | shown | watched
    assert set(METRICS) - seen == {
        "fadearena_feed_connections",
        "fadearena_feed_heard_timestamp_seconds",
        "fadearena_feed_round_seconds",
        "fadearena_gate_refusals_total",
        "fadearena_http_requests_running",
        "fadearena_info",
        "fadearena_journal_seq",
        "fadearena_last_event_timestamp_seconds",
        "fadearena_last_order_timestamp_seconds",
        "fadearena_processes",
        "fadearena_projected_seq",
        "fadearena_rate_paused_seconds",
        "fadearena_rate_weight_limit",
        "fadearena_settings_version",
        "fadearena_wallet_oldest_read_seconds",
        "fadearena_worker_heartbeat_age_seconds",
    }


def test_prometheus_is_configured_for_them() -> None:
    """The configuration loads the rules, and asks this machine's API."""
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text())
    assert config["rule_files"] == ["rules.yaml"]
    (job,) = config["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("fadearena", "/metrics")
    assert job["static_configs"] == [{"targets": ["127.0.0.1:4800"]}]

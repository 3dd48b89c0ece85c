"""docs/metrics.md lists every metric, with its type and what it means."""

import re
from pathlib import Path

from tests.support.metrics import Told, all_metrics

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
ROWS = re.findall(r"^\| `(fadearena_\w+)` \| (\w+) \| (.+) \|$", PAGE, flags=re.MULTILINE)
UNITS = ("_seconds", "_usd", "_ratio", "_bytes", "_total", "_max")
COUNTS = {  # numbers of things, and states
    "fadearena_actions_left",
    "fadearena_alerts_waiting",
    "fadearena_bots",
    "fadearena_commit_entries",
    "fadearena_database_up",
    "fadearena_dead_letters_open",
    "fadearena_drifting_books",
    "fadearena_feed_connections",
    "fadearena_feed_stale",
    "fadearena_feed_subscriptions",
    "fadearena_http_requests_running",
    "fadearena_info",
    "fadearena_journal_seq",
    "fadearena_kill_switch",
    "fadearena_latches",
    "fadearena_orders_open",
    "fadearena_processes",
    "fadearena_projected_seq",
    "fadearena_projection_lag_entries",
    "fadearena_queue_length",
    "fadearena_rate_waiting",
    "fadearena_rate_weight",
    "fadearena_rate_weight_limit",
    "fadearena_rate_weight_per_minute",
    "fadearena_settings_version",
    "fadearena_sleeves_held",
    "fadearena_trading_state",
    "fadearena_wallets",
    "fadearena_websocket_clients",
    "fadearena_worker_up",
}


def test_the_page_lists_every_metric() -> None:
    """Each once, with its type and its meaning, and none that there is not."""
    assert len({name for name, _, _ in ROWS}) == len(ROWS)
    assert {name: Told(kind, meaning) for name, kind, meaning in ROWS} == all_metrics()


def test_names_end_with_their_units() -> None:
    """Times are seconds, shares are ratios, what only grows is a total; everything else is a number of things."""
    metrics = all_metrics()
    assert {name for name in metrics if not name.endswith(UNITS)} == COUNTS
    assert all(name.endswith("_total") == (told.type == "counter") for name, told in metrics.items())

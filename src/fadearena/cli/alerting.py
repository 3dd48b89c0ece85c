"""What the commands of `alerts` do."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fadearena.bootstrap import alerting
from fadearena.cli.errors import fail
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.output import moment, print_json, show, table
from fadearena.cli.session import configured, places
from fadearena.ports.outbox import Delivery, OutboxRow

_TEXT_MAX = 90
_OPEN = (Delivery.QUEUED, Delivery.FAILED)


def show_alerts(limit: int, data_dir: Path | None, *, only_failed: bool, only_waiting: bool, as_json: bool) -> None:
    """List alerts."""
    wanted = ((Delivery.FAILED, only_failed), (Delivery.QUEUED, only_waiting))
    rows = asyncio.run(alerting.alerts_of(places(data_dir), limit, [state for state, is_wanted in wanted if is_wanted]))
    if as_json:
        print_json({"alerts": [_form(row) for row in rows]})
        return
    if not rows:
        show("no alerts")
        return
    shown = table("", "id", "time", "state", "level", "what")
    for column in shown.columns[1:]:
        column.justify = "left"
    for row in rows:
        shown.add_row(str(row.id), moment(row.time), _state(row), row.alert.level, _what(row))
    show(shown, *(f"{row.id} was not taken: {row.error}" for row in rows if row.error and row.state in _OPEN))


def send_test(data_dir: Path | None, *, as_json: bool) -> None:
    """Send a message to every destination."""
    config, where = configured(data_dir)
    answers = asyncio.run(alerting.send_test(config, where))
    if as_json:
        print_json({"destinations": [{"destination": a.destination, "error": a.error} for a in answers]})
    else:
        show(*(f"{answer.destination}: {answer.error or 'taken'}" for answer in answers))
    missed = sum(bool(answer.error) for answer in answers)
    if missed:
        fail(f"{missed} of {len(answers)} destinations did not take the message", ExitCode.FAILED)
    if not config.alert_destinations and not as_json:
        show("no destination is set: alerts are logged only; set FADEARENA_ALERT_URLS to be told elsewhere")


def retry(ids: Sequence[int], data_dir: Path | None, *, as_json: bool) -> None:
    """Queue failed alerts again."""
    count = asyncio.run(alerting.retry_alerts(places(data_dir), ids))
    if as_json:
        print_json({"queued": count})
    else:
        show(f"{count} alerts are queued again" if count else "no such alert was given up: nothing was changed")


def _form(row: OutboxRow) -> dict[str, Any]:
    alert = row.alert
    return {
        "id": row.id,
        "recordSeq": row.record_seq,
        "time": row.time,
        "level": alert.level,
        "category": alert.category,
        "subject": alert.subject,
        "text": alert.text,
        "state": row.state,
        "times": row.times,
        "into": row.into,
        "attempts": row.attempts,
        "reached": row.reached,
        "error": row.error,
    }


def _state(row: OutboxRow) -> str:
    if row.state is Delivery.MERGED:
        return f"told by {row.into}"
    return f"{row.state}, tried {row.attempts} times" if row.attempts else row.state


def _what(row: OutboxRow) -> str:
    alert = row.alert
    text = f"{alert.category} {alert.subject}: {alert.text}".replace("\n", "; ")
    short = text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 3]}..."
    return short if row.times == 1 else f"{short} ({row.times} alerts)"

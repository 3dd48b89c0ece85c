"""How things stand: `status`, `settings show`, `settings history`."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from fadearena.bootstrap.client import Client, Status
from fadearena.cli import outlook
from fadearena.cli.errors import say
from fadearena.cli.output import moment, print_json, show, table
from fadearena.cli.session import with_client
from fadearena.model.changes import Fields, differences, fields_after
from fadearena.model.policy.form import form_of, rows_of
from fadearena.model.record import BotsChange, SettingsChange
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.heartbeat import API_NAME, Beat
from fadearena.ports.read_store import LoggedRecord, LogQuery

_PAGE = 1_000
_BOTS_MAX = 30
_CHANGES = ("settings-change", "bots-change")
_ABSENT = "absent"
_SWITCHED_OFF = "disabled"  # said in the list of bots


class ProcessReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A process, by its last beat. `age_ms` is how long ago that was, `url` where an API process listens."""

    process: str
    pid: int
    status: str
    alive: bool
    age_ms: EpochMs
    url: str | None = None


class StatusReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `status --json` prints; `lag` counts entries that are journaled and not shown yet."""

    mode: str
    trading_state: str
    latches: list[Any]
    kill_file: bool
    settings_version: int
    rules_version: int | None
    journal_seq: int
    record_seq: int
    lag: int
    processes: list[ProcessReport]
    bots: list[Any]
    accounts: list[Any]
    dead_letters: int
    last_event_time: EpochMs | None
    last_order_time: EpochMs | None
    sight: outlook.OutlookReport | None


def status(data_dir: Path | None, *, as_json: bool) -> None:
    """Show how things stand."""
    found = with_client(data_dir, Client.status)
    report = report_of(found)
    if as_json:
        print_json(report)
    else:
        _show_status(found, report)


def report_of(status: Status) -> StatusReport:
    """Return what `status --json` prints."""
    system, processes = status.system, [_process(beat, status.now) for beat in status.beats]
    return StatusReport(
        mode=system.mode,
        trading_state=system.state,
        latches=[form_of(latch) for latch in system.latches],
        kill_file=status.has_kill_file,
        settings_version=system.settings_version,
        rules_version=system.rules_version,
        journal_seq=status.position.journal_seq,
        record_seq=status.position.record_seq,
        lag=status.lag,
        processes=processes,
        bots=[form_of(bot, without=frozenset({"performance"})) for bot in status.bots],
        accounts=[form_of(account) for account in status.accounts],
        dead_letters=len(status.letters),
        last_event_time=system.last_event_time,
        last_order_time=system.last_order_time,
        sight=outlook.report_of(status.outlook, is_running=any(map(_is_worker, processes))),
    )


def settings(data_dir: Path | None, *, as_json: bool) -> None:
    """Show the settings in force."""
    view = with_client(data_dir, Client.settings)
    if as_json:
        print_json(form_of(view.policy) | {"actor": view.actor, "changed": view.changed})
        return
    rows = table(f"version {view.policy.version}, set by {view.actor}, {moment(view.changed)}", "setting", "value")
    for name, value in rows_of(form_of(view.policy, without=frozenset({"version", "bots", "accounts"}))):
        rows.add_row(name, value)
    show(rows)


def history(data_dir: Path | None, *, as_json: bool) -> None:
    """List the changes of the settings."""

    async def work(client: Client) -> list[LoggedRecord]:
        found: list[LoggedRecord] = []
        after: int | None = 0
        while after is not None:
            page = await client.records.log(LogQuery(after=after, limit=_PAGE, kinds=_CHANGES))
            found += page.records
            after = page.next_after
        return found

    changes = changes_of(with_client(data_dir, work))
    if as_json:
        print_json({"history": changes})
        return
    for change in changes:
        show(f"version {change['version']}, {moment(change['time'])}, by {change['actor']}")
        show(*(f"  {name}: {_side(old)} -> {_side(new)}" for name, (old, new) in change["changes"].items()))


def changes_of(found: Iterable[LoggedRecord]) -> list[dict[str, Any]]:
    """Return the changes of the settings, each with the fields that are others since the one before."""
    changes: list[dict[str, Any]] = []
    before: Fields = {}
    for logged in found:
        if not isinstance(logged.record, SettingsChange | BotsChange):
            continue
        after = fields_after(before, logged.record)
        changes.append(
            {
                "version": logged.record.version,
                "time": logged.time,
                "actor": logged.record.actor,
                "journalSeq": logged.journal_seq,
                "changes": differences(before, after) if before else {},
            }
        )
        before = after
    return changes


def _side(text: str | None) -> str:
    return _ABSENT if text is None else text


def _process(beat: Beat, now: EpochMs) -> ProcessReport:
    age = max(now - beat.time, 0)
    return ProcessReport(
        process=beat.process,
        pid=beat.pid,
        status=beat.status,
        alive=beat.is_alive(now),
        age_ms=age,
        url=beat.detail.get("url"),
    )


def _show_status(found: Status, report: StatusReport) -> None:
    show(
        f"{report.trading_state} ({report.mode}), settings version {report.settings_version}, "
        f"journal entry {report.journal_seq}, {report.lag} behind",
        *_processes(report.processes),
        *(
            f"stopped: {view.scope} {view.latch} by {view.actor}, {moment(view.since)}: {view.reason}"
            for view in found.system.latches
            if view.latch != _SWITCHED_OFF
        ),
    )
    rows = table("", "account", "state", "equity USD")
    for account in found.accounts:
        rows.add_row(account.id, account.state, _money(account.equity))
    show(rows)
    is_running = any(map(_is_worker, report.processes))
    show(*_bots(found), *outlook.shown(found.outlook, is_running=is_running))
    if report.kill_file:
        say("the file KILL lies in the data directory: everything stays stopped until it is removed")
    if report.dead_letters:
        say(f"{report.dead_letters} dead letters are open: `fadearena letters list` shows them")


def _bots(found: Status) -> Iterable[str | Table]:
    """Return the bots that are followed or held, then the others; only as many as can be looked at."""
    bots = sorted(found.bots, key=lambda bot: not bot.enabled and bot.id not in found.held)
    rows = table("", "bot", "state", "net USD")
    for bot in bots[:_BOTS_MAX]:
        state = bot.state if bot.enabled else "closing" if bot.id in found.held else "watched"
        rows.add_row(bot.id, state, _money(bot.performance.net) if bot.performance else "")
    yield rows
    if len(bots) > _BOTS_MAX:
        yield f"and {len(bots) - _BOTS_MAX} more bots: `fadearena bots list` shows all"


def _is_worker(each: ProcessReport) -> bool:
    return each.process == "worker" and each.alive


def _processes(processes: list[ProcessReport]) -> Iterable[str]:
    if not any(map(_is_worker, processes)):
        yield "no worker is running: start one with `fadearena up`"
    is_served = any(each.alive for each in processes if each.process.startswith(API_NAME))
    for each in processes:
        if is_served and each.process.startswith(API_NAME) and not each.alive:
            continue  # of those that serve only the living matter
        state = each.status if each.alive else f"{each.status}, not heard of for {each.age_ms // SECOND_MS} s"
        at = f" at {each.url}" if each.url and each.alive else ""
        yield f"{each.process}: {state}{at} (process {each.pid})"


def _money(usd: Decimal | None) -> str:
    return "" if usd is None else f"{usd:.2f}"

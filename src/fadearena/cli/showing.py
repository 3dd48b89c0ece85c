"""How things stand: `status`, `bots list`, `settings show`, `settings history`."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from fadearena.bootstrap.client import LIFE_MS, Client, Status
from fadearena.cli.errors import say
from fadearena.cli.forms import form_of, rows_of
from fadearena.cli.output import moment, print_json, show, table
from fadearena.cli.session import with_client
from fadearena.model.policy import Policy
from fadearena.model.record import SettingsChange
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.heartbeat import Beat
from fadearena.ports.read_store import LoggedRecord, LogQuery

_PAGE = 1_000
_SWITCHED_OFF = "disabled"  # said in the list of bots


class ProcessReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A process, by its last beat. `age_ms` is how long ago that was."""

    process: str
    pid: int
    status: str
    alive: bool
    age_ms: EpochMs


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
    system = status.system
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
        processes=[_process(beat, status.now) for beat in status.beats],
        bots=[form_of(bot, without=frozenset({"performance"})) for bot in status.bots],
        accounts=[form_of(account) for account in status.accounts],
        dead_letters=len(status.letters),
        last_event_time=system.last_event_time,
        last_order_time=system.last_order_time,
    )


def bots(data_dir: Path | None, *, as_json: bool) -> None:
    """List the bots."""

    async def work(client: Client) -> tuple[Policy, tuple[Any, ...]]:
        return (await client.settings()).policy, await client.records.bots()

    policy, views = with_client(data_dir, work)
    state = {view.id: view for view in views}
    if as_json:
        shown = [
            form_of(bot)
            | {
                "state": state[bot.id].state if bot.id in state else None,
                "performance": form_of(state[bot.id].performance) if bot.id in state else None,
            }
            for bot in policy.bots
        ]
        print_json({"version": policy.version, "bots": shown})
        return
    rows = table("", "bot", "state", "direction", "sizing", "multiplier", "cap USD", "fills", "net USD")
    for bot in policy.bots:
        view = state.get(bot.id)
        brought = view.performance if view else None
        rows.add_row(
            bot.id,
            (view.state if bot.enabled else "off") if view else "",
            str(bot.direction),
            str(bot.sizing),
            str(bot.leverage_multiplier),
            _money(bot.exposure_cap),
            str(brought.fills) if brought else "",
            _money(brought.net) if brought else "",
        )
    show(rows)


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
            page = await client.records.log(LogQuery(after=after, limit=_PAGE, kinds=("settings-change",)))
            found += page.records
            after = page.next_after
        return found

    changes: list[dict[str, Any]] = []
    before: dict[str, str] = {}
    for logged in with_client(data_dir, work):
        if not isinstance(logged.record, SettingsChange):
            continue
        after = _flat(logged.record.policy)
        changes.append(
            {
                "version": logged.record.version,
                "time": logged.time,
                "actor": logged.record.actor,
                "journalSeq": logged.journal_seq,
                "changes": _differences(before, after) if before else {},
            }
        )
        before = after
    if as_json:
        print_json({"history": changes})
        return
    for change in changes:
        show(f"version {change['version']}, {moment(change['time'])}, by {change['actor']}")
        show(*(f"  {name}: {old} -> {new}" for name, (old, new) in change["changes"].items()))


def _flat(policy: Policy | None) -> dict[str, str]:
    """Return every field of the settings with its value, those of bots and accounts under their ids."""
    if policy is None:
        return {}
    flat = dict(rows_of(form_of(policy, without=frozenset({"version", "bots", "accounts"}))))
    for kind, members in (("bots", policy.bots), ("accounts", policy.accounts)):
        for member in members:
            flat |= dict(rows_of(form_of(member), f"{kind}.{member.id}."))
    return flat


def _differences(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str | None, str | None]]:
    names = [*before, *(name for name in after if name not in before)]
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def _process(beat: Beat, now: EpochMs) -> ProcessReport:
    age = max(now - beat.time, 0)
    return ProcessReport(
        process=beat.process,
        pid=beat.pid,
        status=beat.status,
        alive=beat.status != "stopped" and age <= LIFE_MS,
        age_ms=age,
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
    rows = table("", "bot", "state", "net USD")
    for bot in found.bots:
        state = bot.state if bot.enabled else "off"
        rows.add_row(bot.id, state, _money(bot.performance.net) if bot.performance else "")
    show(rows)
    if report.kill_file:
        say("the file KILL lies in the data directory: everything stays stopped until it is removed")
    if report.dead_letters:
        say(f"{report.dead_letters} dead letters are open: `fadearena letters list` shows them")


def _processes(processes: list[ProcessReport]) -> Iterable[str]:
    if not any(each.process == "worker" and each.alive for each in processes):
        yield "no worker is running: start one with `fadearena up`"
    for each in processes:
        state = each.status if each.alive else f"{each.status}, not heard of for {each.age_ms // SECOND_MS} s"
        yield f"{each.process}: {state} (process {each.pid})"


def _money(usd: Decimal | None) -> str:
    return "" if usd is None else f"{usd:.2f}"

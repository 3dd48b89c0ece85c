"""Orders of people: handed to the worker, and what became of them, for people, scripts and exit codes."""

from pathlib import Path

import msgspec

from fadearena.bootstrap import rehearsal
from fadearena.bootstrap.client import Client
from fadearena.cli.errors import fail, say
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.output import print_json, show
from fadearena.cli.session import actor, places, with_client
from fadearena.kit.clock import SystemClock
from fadearena.model.error import StorageError
from fadearena.model.event import Kill, OperatorAction, Release
from fadearena.ports.control import ControlEntry, ControlState

_AFTER_KILL = "no order leaves any more, and positions stay as they are; `fadearena release` ends it"
_AFTER_FLATTEN = (
    "no order leaves any more but those that close, positions that are not ours, too: `fadearena status` says "
    "`halted` once the exchange shows none, and `fadearena release` ends it"
)


class OrderReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a command that changes something prints with `--json`. `confirmed` is False while nobody answered."""

    control_id: int
    state: ControlState
    confirmed: bool
    reasons: tuple[str, ...]
    journal_seq: int | None


def order(action: OperatorAction, data_dir: Path | None, *, as_json: bool) -> None:
    """Hand a command to the worker, tell what became of it, and end with its exit code."""
    tell(with_client(data_dir, lambda client: client.order(action, actor())), as_json=as_json)


def stop(action: OperatorAction, data_dir: Path | None, *, as_json: bool) -> None:
    """Hand a stop to the worker; where the database is away, say how it can be stopped without."""
    try:
        order(action, data_dir, as_json=as_json)
    except StorageError:
        say(f"to stop a running worker without its database, create the file {places(data_dir).kill_file}")
        raise
    if isinstance(action, Kill) and action.bot is None and not as_json:
        say(_AFTER_FLATTEN if action.flatten else _AFTER_KILL)


def release(action: Release, data_dir: Path | None, *, as_json: bool) -> None:
    """Release; refused as long as the file that stops everything is there."""

    async def work(client: Client) -> ControlEntry | None:
        return None if client.kill_file.exists() else await client.order(action, actor())

    entry = with_client(data_dir, work)
    if entry is None:
        fail(f"{places(data_dir).kill_file} keeps everything stopped: remove it, then release", ExitCode.REFUSED)
    tell(entry, as_json=as_json)


def rehearse(data_dir: Path | None, *, as_json: bool) -> None:
    """Kill, flatten and release in simulation, and tell how long each took."""
    say("everything is stopped and closed on paper, and released when that was watched for some seconds")
    found = with_client(data_dir, lambda client: rehearsal.rehearse(client, SystemClock(), actor()))
    if as_json:
        print_json({**msgspec.to_builtins(found), "passed": found.is_passed})
    else:
        flat = "NOT confirmed flat" if found.flat_ms is None else f"confirmed flat {found.flat_ms} ms later"
        last = f"the last order left {found.last_order_ms} ms later" if found.last_order_ms else "no order left later"
        show(
            f"the kill was confirmed after {found.answer_ms} ms; {last}; "
            f"{flat} ({found.sleeves} sleeves, {found.closes} closes)"
        )
    if found.strays:
        fail(f"orders were made after the kill: {', '.join(found.strays)}; please report it", ExitCode.BROKEN)
    if not found.is_released:
        fail("it stays halted: look at `fadearena status`, and release it", ExitCode.FAILED)


def tell(entry: ControlEntry, *, as_json: bool) -> None:
    """Tell what became of a command; anything but acceptance ends with an exit code."""
    report = report_of(entry)
    if as_json:
        print_json(report)
    if entry.state is not ControlState.ACCEPTED:
        fail(*why_not(entry))
    if not as_json:
        show(f"done, journal entry {entry.journal_seq}")


def report_of(entry: ControlEntry) -> OrderReport:
    """Return what a command that changes something prints with `--json`."""
    return OrderReport(
        control_id=entry.id,
        state=entry.state,
        confirmed=entry.state is not ControlState.QUEUED,
        reasons=entry.reasons,
        journal_seq=entry.journal_seq,
    )


def why_not(entry: ControlEntry) -> tuple[str, ExitCode]:
    """Return why a command was not accepted, or not yet, and the exit code of that."""
    match entry.state:
        case ControlState.REFUSED:
            return f"refused: {'; '.join(entry.reasons)}", ExitCode.REFUSED
        case ControlState.WITHDRAWN:
            sentence = "no worker is running: start one with `fadearena up`; nothing was changed"
            return sentence, ExitCode.NO_WORKER
        case _:
            return _unconfirmed(entry), ExitCode.UNCONFIRMED


def _unconfirmed(entry: ControlEntry) -> str:
    if entry.is_taken or not entry.is_stop:
        return "a worker took the command and nobody showed an answer yet: look at `fadearena status`"
    return (
        "no worker is running: the stop is queued, NOT confirmed; it is the first thing that a worker will do. "
        "What rests at the exchange or is held there is not touched meanwhile"
    )

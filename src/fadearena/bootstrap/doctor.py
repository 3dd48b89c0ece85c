"""
What is wrong with an installation, and what to do about it.

Each check stands for itself: one that cannot be made is a failure with its reason, and the others go on.
"""

import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence

from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.migrations import require_head
from fadearena.bootstrap.alerting import examine_alerts
from fadearena.bootstrap.client import Client, Status, open_client
from fadearena.bootstrap.exchange_doctor import examine_exchange
from fadearena.bootstrap.live_doctor import examine_live
from fadearena.bootstrap.places import TREES, Places
from fadearena.bootstrap.seed import default_policy
from fadearena.bootstrap.sight_doctor import examine_sight
from fadearena.config import Config
from fadearena.model.error import FadeArenaError
from fadearena.model.finding import Finding, Level
from fadearena.model.policy import Mode
from fadearena.model.units import SECOND_MS
from fadearena.ports.heartbeat import API_NAME

_LOW_BYTES, _LEAST_BYTES = 1_000_000_000, 100_000_000
_LARGE_WAL_BYTES = 256_000_000
_LAST_ENTRIES = 1_000
_MOST_LAG = 1_000
_MOST_SKEW_MS = 5 * SECOND_MS
_OTHERS = 0o077


async def examine(config: Config, places: Places, *, live: bool = False) -> tuple[Finding, ...]:
    """
    Make all checks.

    Where no worker trades live already, those for live trading are made in its mode, and with `live` always.
    """
    findings = list(examine_places(places))
    policy, has_worker = default_policy(), False
    if not any(found.check.startswith("tables") and found.level is Level.FAIL for found in findings):
        findings.append(await _guarded("journal", lambda: _journal(places)))
        findings.append(await _guarded("alerts", lambda: examine_alerts(config, places)))
        try:
            async with open_client(places) as client:
                findings += await _processes(client)
                has_worker = await client.has_worker()
                settings = await client.records.settings()
                policy = policy if settings is None else settings.policy
        except FadeArenaError as error:
            findings.append(Finding(check="read store", level=Level.FAIL, text=str(error)))
    if live or (places.mode is Mode.LIVE and not has_worker):
        findings += await examine_live(config, places, policy)
    return (*findings, *await examine_exchange(config, places.network, None if has_worker else policy))


async def _processes(client: Client) -> Sequence[Finding]:
    status = await client.status()
    sight = examine_sight(status.outlook) if await client.has_worker() else ()
    return (_worker(client, status), _api(client, status), _clock(status), _stops(status), _letters(status), *sight)


def examine_places(places: Places) -> Sequence[Finding]:
    """Look at what lies on this machine."""
    return (_directory(places), _space(places), _kill_file(places), *_wal(places), *_tables(places))


def _directory(places: Places) -> Finding:
    if not places.data_dir.exists():
        return Finding(
            check="data directory",
            level=Level.WARN,
            text=f"{places.data_dir} is not there yet",
            advice="`fadearena up` makes it, or `fadearena db upgrade`",
        )
    try:
        with tempfile.TemporaryFile(dir=places.data_dir):
            pass
    except OSError as error:
        advice = "mend its rights, or give another with --data-dir"
        text = f"{places.data_dir} cannot be written ({error.strerror})"
        return Finding(check="data directory", level=Level.FAIL, text=text, advice=advice)
    if places.data_dir.stat().st_mode & _OTHERS:
        text = f"{places.data_dir} can be written, and others on this machine can look into it"
        return Finding(check="data directory", level=Level.WARN, text=text, advice=f"chmod 700 {places.data_dir}")
    return Finding(check="data directory", level=Level.OK, text=f"{places.data_dir} can be written, by us alone")


def _space(places: Places) -> Finding:
    there = next(path for path in (places.data_dir, *places.data_dir.parents) if path.exists())
    free = shutil.disk_usage(there).free
    text = f"{free / 1e9:.1f} GB are free"
    if free >= _LOW_BYTES:
        return Finding(check="disk", level=Level.OK, text=text)
    level = Level.WARN if free >= _LEAST_BYTES else Level.FAIL
    advice = "free some: a full disk stops trading. `fadearena journal prune` deletes old segments"
    return Finding(check="disk", level=level, text=text, advice=advice)


def _kill_file(places: Places) -> Finding:
    if not places.kill_file.exists():
        return Finding(check="kill file", level=Level.OK, text="there is none")
    text = f"{places.kill_file} keeps everything stopped"
    return Finding(check="kill file", level=Level.WARN, text=text, advice="remove it, then `fadearena release`")


def _wal(places: Places) -> list[Finding]:
    found = []
    for tree in TREES:
        location = places.location(tree)
        if isinstance(location, SqliteFile):
            wal = location.path.with_name(location.path.name + "-wal")
            size = wal.stat().st_size if wal.exists() else 0
            is_large = size > _LARGE_WAL_BYTES
            found.append(
                Finding(
                    check=f"log of {tree}",
                    level=Level.WARN if is_large else Level.OK,
                    text=f"{size / 1e6:.1f} MB wait to be taken into {location.path.name}",
                    advice="something reads it for very long: look for a program that has it open" if is_large else "",
                )
            )
    return found


def _tables(places: Places) -> list[Finding]:
    found = []
    for tree in TREES:
        location = places.location(tree)
        try:
            require_head(location, tree)
        except FadeArenaError as error:
            found.append(Finding(check=f"tables of {tree}", level=Level.FAIL, text=str(error)))
        else:
            found.append(Finding(check=f"tables of {tree}", level=Level.OK, text=f"{location} is up to date"))
    return found


async def _guarded(check: str, work: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await work()
    except FadeArenaError as error:
        return Finding(check=check, level=Level.FAIL, text=str(error))


async def _journal(places: Places) -> Finding:
    async with open_journal_reader(places.journal) as store:
        last = store.journal.last_seq
        count = 0
        async for _ in store.journal.read(max(last - _LAST_ENTRIES + 1, 1), last):
            count += 1
    return Finding(check="journal", level=Level.OK, text=f"the newest {count} of {last} entries can be read")


def _worker(client: Client, status: Status) -> Finding:
    for beat in status.beats:
        if beat.process == "worker" and client.is_alive(beat):
            level = Level.OK if beat.status == "running" else Level.WARN
            text = f"process {beat.pid} is {beat.status}, epoch {beat.epoch}"
            return Finding(check="worker", level=level, text=text, advice="" if level is Level.OK else "read its log")
    return Finding(check="worker", level=Level.FAIL, text="none is running", advice="start it with `fadearena up`")


def _api(client: Client, status: Status) -> Finding:
    is_alive = any(beat.process.startswith(API_NAME) and client.is_alive(beat) for beat in status.beats)
    text = f"{status.lag} entries are not shown yet"
    if not is_alive:
        advice = "start it with `fadearena up`"
        return Finding(check="api", level=Level.FAIL, text=f"none is running, {text}", advice=advice)
    if status.lag > _MOST_LAG:
        return Finding(check="api", level=Level.WARN, text=text, advice="if it does not catch up, read its log")
    return Finding(check="api", level=Level.OK, text=text)


def _clock(status: Status) -> Finding:
    ahead = max((beat.time - status.now for beat in status.beats), default=0)
    if ahead <= _MOST_SKEW_MS:
        return Finding(check="clock", level=Level.OK, text="no process was heard from in the future")
    text = f"a process beat {ahead // SECOND_MS} s in the future"
    advice = "the machine's clock was set back, or two machines differ: run a time service"
    return Finding(check="clock", level=Level.WARN, text=text, advice=advice)


def _stops(status: Status) -> Finding:
    latches = status.system.latches
    set_aside = [latch for latch in latches if latch.latch == "quarantine"]
    if set_aside:
        text = f"an event was set aside: {set_aside[0].reason}"
        advice = "look at it with `fadearena journal show`, then give it up with `fadearena journal skip`"
        return Finding(check="stops", level=Level.FAIL, text=text, advice=advice)
    halting = [latch for latch in latches if latch.latch != "disabled"]
    if halting:
        text = "; ".join(f"{latch.scope} {latch.latch} by {latch.actor}: {latch.reason}" for latch in halting)
        advice = "`fadearena release` ends a kill, `fadearena resume` a pause or a breached limit"
        return Finding(check="stops", level=Level.WARN, text=text, advice=advice)
    return Finding(check="stops", level=Level.OK, text="nothing is stopped")


def _letters(status: Status) -> Finding:
    if not status.letters:
        return Finding(check="dead letters", level=Level.OK, text="none is open")
    text = f"{len(status.letters)} are open, the oldest: {status.letters[0].letter.error}"
    return Finding(check="dead letters", level=Level.WARN, text=text, advice="`fadearena letters list` shows them")

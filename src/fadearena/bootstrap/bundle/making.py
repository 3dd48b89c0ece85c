"""Gathers what a bundle holds, and writes it."""

import asyncio
import io
import os
import platform
import sys
import tarfile
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import msgspec
from pydantic import SecretStr

from fadearena import __version__
from fadearena.bootstrap.bundle.redaction import Redaction, redaction_of
from fadearena.bootstrap.client import open_client
from fadearena.bootstrap.doctor import examine
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.upkeep import entries_of
from fadearena.config import Config
from fadearena.model.error import FadeArenaError, InvalidInput
from fadearena.ports.heartbeat import Beat
from fadearena.ports.journal import JournalEntry
from fadearena.ports.read_store import LogQuery

_RECORDS_MAX: Final = 1_000
_ORDERS_MAX: Final = 100
_ENTRIES_MAX: Final = 200
_LOG_BYTES: Final = 1_000_000
_OWNER_ONLY: Final = 0o600
_FOLDER: Final = "fadearena-bundle"
CONTENT: Final = {
    "versions.json": "versions of FadeArena, Python, the system, and all Python packages",
    "config.json": "settings of the process; of secret ones only whether they are set",
    "doctor.json": "what `fadearena doctor` found",
    "status.json": "how things stand: stops, bots, accounts, dead letters, heartbeats of all processes, feeds",
    "settings.json": "which bots, caps and limits are set",
    "records.json": f"the newest {_RECORDS_MAX:,} records: decisions with their checks, fills, orders, equity, alerts",
    "orders.json": f"the newest {_ORDERS_MAX} orders",
    "journal.json": f"of the newest {_ENTRIES_MAX} journal entries number, time, and kinds; not what they hold",
    "metrics/": "what each process measured",
    "log.txt": "the end of the log file that you gave with --log",
}
_HEAD: Final = """\
This archive was made by `fadearena bundle` for a bug report. Look into it before you give it to anybody.

Not in it: private keys, tokens, passwords, URLs of databases, alerts and traces, what orders were signed with.
Replaced: addresses are shortened to their ends, the names of user and machine and the home directory are left out.
Still in it: which bots you follow, sizes, prices, amounts of money and equity. Take out what nobody should see.

"""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: the file, and what is in it, by name."""

    file: Path
    content: Mapping[str, str]


class _Gathering:
    """The files of a bundle, on their way."""

    def __init__(self, redaction: Redaction) -> None:
        self.files: dict[str, str] = {}
        self._redaction = redaction

    async def add(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Add what can be gathered as JSON; of what cannot, why."""
        try:
            value = await work()
        except (FadeArenaError, OSError) as error:
            value = {"unreadable": f"{type(error).__name__}: {error}"}
        self.files[name] = self._redaction.json(value)

    def add_text(self, name: str, text: str) -> None:
        """Add a text."""
        self.files[name] = self._redaction.text(text)


async def make_bundle(config: Config, places: Places, target: Path, log_file: Path | None = None) -> Bundle:
    """
    Write a bundle to a file that its owner alone may read.

    Raises:
        InvalidInput: The file is there already or cannot be written, or the log file cannot be read.
    """
    if await asyncio.to_thread(target.exists):
        raise InvalidInput(f"{target} is there already: give another name, or remove it")
    gathering = _Gathering(redaction_of(config))
    await gathering.add("versions.json", _versions)
    await gathering.add("config.json", lambda: _settings_of(config))
    await gathering.add("doctor.json", lambda: examine(config, places))
    await gathering.add("status.json", lambda: _status(places))
    await gathering.add("settings.json", lambda: _policy(places))
    await gathering.add("records.json", lambda: _records(places))
    await gathering.add("orders.json", lambda: _orders(places))
    await gathering.add("journal.json", lambda: _journal(places))
    for name, text in (await _metrics(places)).items():
        gathering.add_text(f"metrics/{name}.txt", text)
    if log_file is not None:
        gathering.add_text("log.txt", end_of(log_file, _LOG_BYTES))
    content = {name: CONTENT.get(name, CONTENT["metrics/"]) for name in gathering.files}
    readme = _HEAD + "".join(f"{name:<28} {what}\n" for name, what in content.items())
    try:
        _write(target, {"README.txt": readme, **gathering.files})
    except OSError as error:
        raise InvalidInput(f"{target} cannot be written ({error.strerror}): give another file") from error
    return Bundle(file=target, content=content)


async def _versions() -> object:
    packages = {found.metadata["Name"]: found.version for found in distributions()}
    return {
        "fadearena": __version__,
        "python": sys.version,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": packages,
    }


async def _settings_of(config: Config) -> object:
    found = dict[str, object]()
    for field in type(config).model_fields:
        value = getattr(config, field)
        found[field] = ("is set" if value else "") if isinstance(value, SecretStr) else str(value)
    return found


async def _status(places: Places) -> object:
    async with open_client(places) as client:
        status = await client.status()
        return msgspec.structs.replace(
            status, beats=tuple(msgspec.structs.replace(b, metrics="") for b in status.beats)
        )


async def _policy(places: Places) -> object:
    async with open_client(places) as client:
        return await client.records.settings()


async def _records(places: Places) -> object:
    async with open_client(places) as client:
        newest = (await client.records.position()).record_seq
        return (await client.records.log(LogQuery(after=max(newest - _RECORDS_MAX, 0), limit=_RECORDS_MAX))).records


async def _orders(places: Places) -> object:
    async with open_client(places) as client:
        return await client.records.orders(_ORDERS_MAX)


async def _journal(places: Places) -> object:
    return [_shape(entry) for entry in await entries_of(places, None, _ENTRIES_MAX, frozenset())]


def _shape(entry: JournalEntry) -> object:
    return {
        "seq": entry.seq,
        "received": entry.received,
        "rules": entry.rules_version,
        "event": str(entry.event.__struct_config__.tag),
        "commands": [str(command.__struct_config__.tag) for command in entry.commands],
        "records": [str(record.__struct_config__.tag) for record in entry.records],
    }


async def _metrics(places: Places) -> Mapping[str, str]:
    beats: tuple[Beat, ...] = ()
    try:
        async with open_client(places) as client:
            beats = (await client.status()).beats
    except FadeArenaError:  # status.json says why
        pass
    return {f"{beat.process.partition(':')[0]}-{beat.pid}": beat.metrics for beat in beats if beat.metrics}


def end_of(file: Path, most: int) -> str:
    """
    Return the end of a log file, at most so many bytes, from the beginning of a line on.

    Raises:
        InvalidInput: It cannot be read.
    """
    try:
        with file.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(size - most, 0))
            text = log.read().decode(errors="replace")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read ({error.strerror}): give another log file") from error
    return text if size <= most else text.partition("\n")[2]


def _write(target: Path, files: Mapping[str, str]) -> None:
    """Write an archive, as a whole or not at all."""
    draft = target.with_name(f"{target.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, text in files.items():
            content = text.encode()
            entry = tarfile.TarInfo(f"{_FOLDER}/{name}")
            entry.size, entry.mode, entry.mtime = len(content), _OWNER_ONLY, int(time.time())
            archive.addfile(entry, io.BytesIO(content))
    draft.replace(target)

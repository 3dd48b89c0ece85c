"""`fadearena export`: the bytes of the API, in a file that is whole or not there."""

import asyncio
import csv
import io
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.migrations import upgrade
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.api.exports import TABLES, FileForm, Scope, Sources, written
from fadearena.bootstrap.exporting import export_to_file
from fadearena.bootstrap.places import places_of
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.exports import What
from fadearena.config import load
from fadearena.model.error import StorageOutdated
from fadearena.model.order import OrderStatus
from fadearena.model.record import BotTrade
from tests.support.command import Ended, nowhere
from tests.support.command import fadearena as run
from tests.support.entries import Writer
from tests.support.shown import bot_policy, one_of_each, order, settings

T = 1_760_000_400_000


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory with a history."""
    data = tmp_path_factory.mktemp("export") / "data"
    read = SqliteFile(data / "simulation" / "read.db")
    read.path.parent.mkdir(parents=True)
    upgrade(read, "read")
    writer = Writer()
    traded = next(record for record in one_of_each() if isinstance(record, BotTrade))
    entries = [
        writer.entry(settings(bot_policy("a")), at=T),
        writer.entry(*one_of_each(), msgspec.structs.replace(traded, bot="removed"), at=T + 1_000),
        writer.entry(order("0x1"), order("0x1", OrderStatus.FILLED, "0.5"), at=T + 2_000),
    ]

    async def projected() -> None:
        async with open_read_store(read, inline=True) as store:
            await store.records.project(entries)

    asyncio.run(projected())
    return data


def export(directory: Path, *arguments: object) -> Ended:
    """Run the command."""
    return run("export", *arguments, "--data-dir", directory)


def test_every_table_can_be_exported() -> None:
    """The command offers what there is, no more and no less."""
    assert [what.value for what in What] == list(TABLES)


def test_a_file_holds_what_the_api_gives(directory: Path, tmp_path: Path) -> None:
    """The bytes are the same, in a new file; what is there already is left alone."""
    file = tmp_path / "orders.csv"
    ended = export(directory, "orders", file, "--json")
    assert (ended.code, ended.report) == (ExitCode.OK, {"file": str(file), "bytes": file.stat().st_size})

    async def given() -> bytes:
        async with open_read_store(SqliteFile(directory / "simulation" / "read.db"), inline=True) as store:
            sources = Sources(store.records, store.archive)
            return b"".join([data async for data in written(FileForm.CSV, TABLES["orders"], sources, Scope())])

    assert file.read_bytes() == asyncio.run(given())
    again = export(directory, "orders", file)
    assert (again.code, "is there already" in again.err) == (ExitCode.UNUSABLE_INPUT, True)
    assert list(tmp_path.iterdir()) == [file]


def test_parquet_and_narrowing_down(directory: Path, tmp_path: Path) -> None:
    """Form, span, bot and coin are as they were asked for; a day is its beginning."""
    file = tmp_path / "fills.parquet"
    told = export(directory, "fills", file, "--format", "parquet", "--since", "2025-10-09", "--until", "2025-10-10")
    assert (told.code, told.out) == (ExitCode.OK, f"{file}: {file.stat().st_size} bytes\n")
    assert pq.read_table(file).num_rows == 1
    none = tmp_path / "none.parquet"
    assert export(directory, "fills", none, "--format", "parquet", "--bot", "a", "--coin", "BTC").code == ExitCode.OK
    assert pq.read_table(none).num_rows == 0
    year = tmp_path / "year.csv"
    assert export(directory, "realised-summary", year, "--year", 2025).code == ExitCode.OK
    assert {row["period"] for row in csv.DictReader(io.StringIO(year.read_text()))} == {"2025-10", "2025"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("realised",), ExitCode.UNUSABLE_INPUT, "give --year"),
        (("realised", "--year", 2025, "--bot", "a"), ExitCode.UNUSABLE_INPUT, "no other part"),
        (("fills", "--year", 2025), ExitCode.UNUSABLE_INPUT, "--since and --until"),
        (("equity", "--coin", "BTC"), ExitCode.UNUSABLE_INPUT, "leave --coin away"),
        (("fills", "--format", "parquet"), ExitCode.UNUSABLE_INPUT, "FILE is needed"),
        (("fills", "--json"), ExitCode.UNUSABLE_INPUT, "FILE is needed"),
        (("fills", "--until", "soon"), ExitCode.USAGE, "--until soon"),
        (("fills", "--since", "2025-01-02", "--until", "2025-01-01"), ExitCode.USAGE, "lies behind"),
        (("everything",), ExitCode.USAGE, "everything"),
    ],
)
def test_what_does_not_fit_is_said(directory: Path, arguments: tuple[object, ...], code: ExitCode, said: str) -> None:
    """An option that means nothing for a table is refused with what to do instead."""
    ended = export(directory, *arguments)
    assert (ended.code, said in ended.err) == (code, True), ended.err


def test_a_bot_that_nobody_heard_of_is_no_empty_file(directory: Path, tmp_path: Path) -> None:
    """One that was removed can still be exported: something of it was recorded."""
    file = tmp_path / "fills.csv"
    ended = export(directory, "fills", file, "--bot", "typo")
    assert (ended.code, "there is no bot typo" in ended.err) == (ExitCode.UNUSABLE_INPUT, True)
    assert list(tmp_path.iterdir()) == []
    assert export(directory, "fills", file, "--bot", "removed").code == ExitCode.OK


def test_an_export_that_breaks_leaves_no_file(tmp_path: Path) -> None:
    """Where the tables cannot be read, or the file cannot be written, nothing is left behind."""
    with nowhere():
        places = places_of(load(data_dir=tmp_path / "data"))
    places.home.mkdir(parents=True)
    (tmp_path / "data" / "simulation" / "read.db").touch()
    with pytest.raises(StorageOutdated):
        export_to_file(places, FileForm.CSV, TABLES["fills"], Scope(), tmp_path / "fills.csv")
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
    refused = export(tmp_path / "data", "fills", tmp_path / "no" / "fills.csv")
    assert (refused.code, "cannot be written" in refused.err) == (ExitCode.UNUSABLE_INPUT, True)

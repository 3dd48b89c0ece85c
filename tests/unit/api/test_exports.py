"""Exports: the same bytes for windows and commands, exact, harmless in spreadsheets, noticed where they break off."""

import asyncio
import csv
import dataclasses
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Context
from typing import Any

import pyarrow.parquet as pq
import pytest
from starlette.types import Message, Receive, Send
from starlette.types import Scope as AsgiScope
from structlog.testing import capture_logs

from fadearena.adapters.memory.archive import MemoryArchive
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.api.exports import TABLES, Cell, FileForm, Scope, Sources, Table, written, year_of
from fadearena.api.exports.csv import CsvFile
from fadearena.api.exports.merging import by_record, by_time, merged
from fadearena.api.exports.parquet import GROUP_ROWS, ParquetFile
from fadearena.api.routes.exports import AT_ONCE
from fadearena.model.error import InvalidInput
from fadearena.model.order import OrderStatus
from fadearena.model.record import CashBooked, EquityPoint, FundingBooked, MyFill, Record
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.ports.archive import LoggedCash, LoggedFill
from tests.support.api import NOW, ApiRoom, ask, in_room
from tests.support.breaking import breaking
from tests.support.entries import golden
from tests.support.shown import LONG, D, bot_policy, one_of_each, order, settings

NAMES = tuple(TABLES)
YEAR = 2026
EXACT = Context(prec=100)


async def told(room: ApiRoom) -> None:
    """Let one of each thing happen, a minute apart."""
    await room.tell(settings(bot_policy("a")), at=NOW - 5 * MINUTE_MS)
    records = (record for record in one_of_each() if not isinstance(record, CashBooked))
    await room.tell(*records, CashBooked(account="main", usd=D(250), reason="deposit"), at=NOW - 4 * MINUTE_MS)
    await room.tell(order("0x1"), order("0x1", OrderStatus.FILLED, "0.5"), at=NOW - 3 * MINUTE_MS)
    await room.tell(EquityPoint(series="mirror:a", usd=D("-1.5")), at=NOW - 2 * MINUTE_MS)


def rows_of(body: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("realised")])
def test_each_table_has_its_rows_in_both_forms(name: str) -> None:
    """CSV and Parquet hold the same, exactly; every column is in every row."""

    async def story(room: ApiRoom) -> None:
        await told(room)
        text = await room.get(f"/api/export/{name}.csv")
        assert (text.status, text.media_type) == (200, "text/csv")
        assert text.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
        data = await room.get(f"/api/export/{name}.parquet")
        assert (data.status, data.media_type) == (200, "application/vnd.apache.parquet")
        rows, found = rows_of(text.body), pq.read_table(io.BytesIO(data.body)).to_pylist()
        assert rows
        assert [same_as_text(row, TABLES[name]) for row in found] == rows

    in_room(story)


def same_as_text(row: dict[str, Any], table: Table) -> dict[str, str]:
    """Return a row of Parquet as CSV has it."""
    texts: dict[str, str] = {}
    for column in table.columns:
        value = row[column.name]
        match column.cell:
            case Cell.TIME:
                texts[column.name] = f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
                texts[f"{column.name}Ms"] = str(round(value.timestamp() * 1000))
            case Cell.DECIMAL:
                texts[column.name] = "" if value is None else format(value.normalize() + 0, "f")
            case Cell.FLAG:
                texts[column.name] = str(value).lower()
            case _:
                texts[column.name] = "" if value is None else str(value)
    return texts


def test_filters_leave_out_what_is_not_asked_for() -> None:
    """A span, a bot and an asset narrow an export down; what fits none of them leaves the header alone."""

    async def story(room: ApiRoom) -> None:
        await told(room)
        path = "/api/export/orders.csv"
        assert len(rows_of((await room.get(path)).body)) == 1
        for query in ({"botId": "b"}, {"asset": "ETH"}, {"endTime": NOW - 4 * MINUTE_MS}, {"startTime": NOW}):
            answer = await room.get(path, **query)
            assert (rows_of(answer.body), answer.body.count(b"\r\n")) == ([], 1), query
        fitting = await room.get(path, botId="a", asset="BTC", startTime=NOW - 3 * MINUTE_MS, endTime=NOW)
        assert len(rows_of(fitting.body)) == 1
        curve = rows_of((await room.get("/api/export/equity.csv", botId="a")).body)
        assert [(row["kind"], row["id"], row["usd"]) for row in curve] == [("bot", "a", ""), ("mirror", "a", "-1.5")]
        assert (await room.get(path, startTime=2, endTime=1)).status == 400
        assert (await room.get("/api/export/realised.csv")).status == 422

    in_room(story)


def test_before_anything_happened_there_is_a_header() -> None:
    """An export of nothing is a whole file, in either form."""

    async def story(room: ApiRoom) -> None:
        for name in NAMES:
            query: dict[str, Any] = {"year": YEAR} if name.startswith("realised") else {}
            text = await room.get(f"/api/export/{name}.csv", **query)
            assert (text.status, text.body.count(b"\r\n")) == (200, 1)
            data = await room.get(f"/api/export/{name}.parquet", **query)
            assert pq.read_table(io.BytesIO(data.body)).num_rows == 0

    in_room(story)


def exact_sum(numbers: Iterable[D]) -> D:
    """Return a sum without any rounding."""
    total = D(0)
    for number in numbers:
        total = EXACT.add(total, number)
    return total


def test_a_year_is_summed_up_exactly() -> None:
    """Rows of a year add up to its months, these to the year, and both to what was booked."""

    async def exported() -> tuple[list[dict[str, str]], list[dict[str, str]], list[Record]]:
        store, entries = MemoryReadStore(), golden()
        await store.project(entries)
        sources, year = Sources(store, MemoryArchive(store)), year_of(2025)
        report = b"".join([part async for part in written(FileForm.CSV, TABLES["realised"], sources, year)])
        summary = b"".join([part async for part in written(FileForm.CSV, TABLES["realised-summary"], sources, year)])
        return rows_of(report), rows_of(summary), [record for entry in entries for record in entry.records]

    rows, sums, records = asyncio.run(exported())
    fills = [record for record in records if isinstance(record, MyFill)]
    paid = exact_sum(record.usd for record in records if isinstance(record, FundingBooked))
    whole = next(row for row in sums if (row["period"], row["account"]) == ("2025", ""))
    assert D(whole["realised"]) == exact_sum(fill.realised for fill in fills) != 0
    assert D(whole["fees"]) == exact_sum(fill.fee for fill in fills) != 0
    assert D(whole["funding"]) == paid
    assert D(whole["net"]) == exact_sum(D(row["net"]) for row in rows)
    assert EXACT.subtract(D(whole["proceeds"]), D(whole["cost"])) == D(whole["realised"])
    assert int(whole["closings"]) == sum(row["kind"] == "close" for row in rows)
    assert {row["date"][:4] for row in rows} == {"2025"}
    months = [row for row in sums if len(row["period"]) == 7 and not row["account"]]
    assert exact_sum(D(row["net"]) for row in months) == D(whole["net"])


def test_texts_do_no_harm_in_spreadsheets() -> None:
    """What begins like a formula gets an apostrophe; commas, quotes and line ends are quoted; numbers stay numbers."""
    table = TABLES["ledger"]
    row: list[Any] = [None] * len(table.columns)
    names = [column.name for column in table.columns]
    row[0], row[names.index("cash")], row[names.index("note")] = 0, D("-1E+2"), '=1+1,"x"\n'
    row[names.index("account")] = "@main"
    body = CsvFile(table.columns).part([tuple(row)])
    assert body.startswith(b"1970-01-01T00:00:00.000Z,0,'@main,")
    assert body.endswith(b',-100,"\'=1+1,""x""\n",\r\n')
    (read,) = csv.reader(io.StringIO(body.decode(), newline=""))
    assert read[-2] == '\'=1+1,"x"\n'


def test_parquet_has_eighteen_digits() -> None:
    """Decimals are exact to the eighteenth digit behind the point, rounded after it; too large ones are refused."""
    columns = TABLES["funding"].columns
    file = ParquetFile(columns)
    small = [D("0.000000000000000001"), D("-0.0000000000000000015"), LONG, None]
    body = file.begin() + file.part([(1, "main", "BTC", None, usd, 1) for usd in small]) + file.end()
    table = pq.read_table(io.BytesIO(body))
    assert table.column("funding").to_pylist() == [small[0], D("-0.000000000000000002"), LONG, None]
    assert str(table.schema.field("time").type) == "timestamp[ms, tz=UTC]"
    assert str(table.schema.field("funding").type) == "decimal128(38, 18)"
    broken = ParquetFile(columns)
    broken.part([(1, "main", "BTC", None, D(10) ** 21, 1)])
    with pytest.raises(InvalidInput, match="export it as CSV"):
        broken.end()


def test_parquet_is_written_in_row_groups() -> None:
    """Rows are handed on as soon as a group is full, not only at the end."""
    file = ParquetFile(TABLES["funding"].columns)
    rows = [(n, "main", "BTC", None, D(n), n) for n in range(GROUP_ROWS + 1)]
    first = file.begin() + file.part(rows)
    assert len(first) > GROUP_ROWS
    read = pq.ParquetFile(io.BytesIO(first + file.end()))
    assert [read.metadata.row_group(n).num_rows for n in range(read.num_row_groups)] == [GROUP_ROWS, 1]


def test_what_goes_wrong_at_first_is_answered() -> None:
    """Where not one row could be read the answer says so; the place is free again."""

    async def story(room: ApiRoom) -> None:
        breaking(room, 0)
        for _ in range(AT_ONCE + 1):
            answer = await room.get("/api/export/ledger.csv")
            assert (answer.status, answer.media_type) == (503, "application/problem+json")

    in_room(story)


def test_what_goes_wrong_midway_breaks_the_answer_off() -> None:
    """A file that cannot be finished is never ended as if it were whole, and leaves nothing behind."""

    async def story(room: ApiRoom) -> None:
        archive = breaking(room, 3)
        for _ in range(AT_ONCE + 1):
            with capture_logs() as logged:
                answer = await room.get("/api/export/ledger.csv")
            assert (answer.status, answer.body.count(b"\r\n"), answer.is_whole) == (200, 4, False)
            assert [line["event"] for line in logged] == ["request_failed"]
        assert archive.closed

    in_room(story)


def test_few_exports_go_on_at_once() -> None:
    """One more than may be is told to come again; once one has ended there is room."""

    async def story(room: ApiRoom) -> None:
        turnstile = room.app.state.exports
        for _ in range(AT_ONCE):
            turnstile.enter()
        refused = await room.get("/api/export/fills.csv")
        assert (refused.status, refused.headers["retry-after"]) == (429, "10")
        turnstile.leave()
        assert (await room.get("/api/export/fills.csv")).status == 200
        assert (await room.get("/api/export/fills.csv")).status == 200

    in_room(story)


class Endless(MemoryArchive):
    """An archive without an end."""

    yielded = 0

    async def all_fills(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedFill, ...]]:
        """Yield for ever."""
        fill = next(record for record in one_of_each() if isinstance(record, MyFill))
        while True:
            self.yielded += 1
            yield (LoggedFill(record_seq=self.yielded, time=self.yielded, fill=fill),)


def test_whoever_goes_away_ends_the_work() -> None:
    """Once a client is gone nothing more is read, and its place is free."""

    async def story(room: ApiRoom) -> None:
        records = room.doors.records
        assert isinstance(records, MemoryReadStore)
        for _ in range(AT_ONCE + 1):
            archive = Endless(records)
            room.app.state.doors = dataclasses.replace(room.doors, archive=archive)
            await gone_after(room, "/api/export/fills.csv", parts=3)
            assert archive.yielded < 10

    in_room(story)


async def gone_after(room: ApiRoom, path: str, parts: int) -> None:
    """Ask, and go away after some parts of the answer."""
    seen = 0

    async def app(scope: AsgiScope, receive: Receive, send: Send) -> None:
        async def until_gone(message: Message) -> None:
            nonlocal seen
            seen += message["type"] == "http.response.body"
            if seen > parts:
                raise OSError("the client is gone")
            await send(message)

        await room.asgi(scope, receive, until_gone)

    await ask(app, "GET", path)


def test_streams_are_merged_in_order() -> None:
    """However parts lie, things come in one order, and no more of them are held than parts are long."""

    async def stream(*parts: Sequence[int]) -> AsyncIterator[tuple[LoggedCash, ...]]:
        for part in parts:
            yield tuple(
                LoggedCash(record_seq=n, time=100 - n, cash=CashBooked(account="m", usd=D(n), reason="")) for n in part
            )

    async def numbers(*streams: Any, key: Any) -> list[int]:
        return [each.record_seq async for part in merged(*streams, key=key) for each in part]

    async def story() -> None:
        streams = (stream((1, 4), (9,)), stream((2,), (3, 5, 6)), stream(), stream((7, 8)))
        assert await numbers(*streams, key=by_record) == [*range(1, 10)]
        assert await numbers(stream((9, 4), (1,)), stream((8,)), key=by_time) == [9, 8, 4, 1]

    asyncio.run(story())


def test_a_scope_has_a_beginning_before_its_end() -> None:
    """A span that holds nothing, and a year that no calendar of ours has, are refused."""
    with pytest.raises(InvalidInput, match="ends before it begins"):
        Scope(since=2, until=1)
    with pytest.raises(InvalidInput, match="year must be"):
        year_of(1999)
    year = year_of(2024)
    assert year.until is not None
    assert year.since is not None
    assert (year.until - year.since + 1) // 86_400_000 == 366

"""Recorded files are read strictly: what is wrong is said with file, line and reason."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from fadearena.adapters.hyperliquid.recorded import recorded_fill
from fadearena.adapters.sim.listing import infer_instruments
from fadearena.adapters.sim.recording import MAX_LINE_BYTES, BadLine, Recording, read_recording
from fadearena.model.error import InvalidInput
from tests.support.fills import WALLET, chain, row, write
from tests.support.paper import ETH, GOLD


def read(file: Path) -> Recording:
    """Read a file of the test wallet."""
    return read_recording(file, WALLET, recorded_fill)


def test_fills_of_one_millisecond_are_one_message(tmp_path: Path) -> None:
    """Three fills at two times are two messages, oldest first."""
    rows = chain((1, "1", "10"), (1, "2", "11"), (5, "-3", "12"))
    recording = read(write(tmp_path / "fills.jsonl", rows))
    assert [[fill.quantity for fill in message] for message in recording.messages] == [[1, 2], [3]]
    assert recording.bad_lines == ()


def test_newest_first_is_turned_around(tmp_path: Path) -> None:
    """A file in the order of the exchange's newest-first answer gives the same as one oldest first."""
    rows = chain((1, "1", "10"), (2, "2", "11"), (2, "3", "11"), (5, "-3", "12"))
    ascending = read(write(tmp_path / "up.jsonl", rows))
    assert read(write(tmp_path / "down.jsonl", rows[::-1])) == ascending


def test_newest_first_with_old_order_inside_a_millisecond(tmp_path: Path) -> None:
    """Where only the times are turned around the chain of positions tells the order inside a millisecond."""
    first, second, third, last = chain((1, "1", "10"), (2, "2", "11"), (2, "3", "11"), (5, "-3", "12"))
    recording = read(write(tmp_path / "fills.jsonl", [last, second, third, first]))
    assert [fill.start_position for fill in recording.fills()] == [0, 1, 3, 6]


def test_mixed_order_is_an_error_with_its_first_line(tmp_path: Path) -> None:
    """A file that goes forward and back is refused, and the line is named."""
    rows = chain((1, "1", "10"), (3, "1", "10"), (2, "1", "10"))
    file = write(tmp_path / "fills.jsonl", rows)
    with pytest.raises(InvalidInput, match=r"fills\.jsonl:3: time 2 stands after 3"):
        read(file)


def test_gzip_is_read_as_plain_text_is(tmp_path: Path) -> None:
    """A gzip file holds the same recording, whatever its name is."""
    rows = chain((1, "1", "10"), (3, "1", "10"))
    plain = write(tmp_path / "fills.jsonl", rows)
    for name in ("fills.jsonl.gz", "fills.data"):
        packed = tmp_path / name
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        assert read(packed) == read(plain)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{not json}", "not readable as JSON"),
        (b"\xff\xfe", "not readable as JSON"),
        (b"42", "not a fill as userFills gives it: Expected `object`, got `int`"),
        (json.dumps(row(px=2000.0)).encode(), "Expected `str`, got `float` - at `$.px`"),
        (json.dumps(row(px="NaN")).encode(), "px: 'NaN' is not a finite number"),
        (json.dumps(row(sz="-1")).encode(), "-1 @ 2000"),
        (json.dumps(row(sz="0.0")).encode(), "0 @ 2000"),
        (json.dumps(row(sz="1e400")).encode(), "out of range"),
        (json.dumps(row(side="C")).encode(), "Invalid enum value 'C' - at `$.side`"),
        (json.dumps(row(time=-5)).encode(), "time: -5 is not a time in milliseconds"),
        (json.dumps(row(time=1.5)).encode(), "at `$.time`"),
        (json.dumps(row(coin="")).encode(), "coin is empty"),
        (json.dumps(row(extra=1)).encode(), "unknown field `extra`"),
        (json.dumps(row(px=None)).encode(), "missing required field `px`"),
        (json.dumps(row(user="0x" + "b" * 40)).encode(), "it is a fill of 0xbbbb"),
        (json.dumps(row(user="bob")).encode(), "'bob' is not an address"),
        (b'"' + b"x" * MAX_LINE_BYTES + b'"', "the line is longer than"),
    ],
)
def test_bad_lines_are_collected_and_left_out(tmp_path: Path, line: bytes, reason: str) -> None:
    """A line that is no good fill is named with its number and reason; those around it are read."""
    good = json.dumps(row()).encode()
    file = tmp_path / "fills.jsonl"
    file.write_bytes(b"\n".join((good, line, b"", good)))
    recording = read(file)
    (bad,) = recording.bad_lines
    assert (bad.file, bad.line) == (str(file), 2)
    assert reason in bad.reason
    assert str(bad).startswith(f"{file}:2: ")
    assert sum(1 for _ in recording.fills()) == 2


def test_line_of_the_wallet_itself_is_read(tmp_path: Path) -> None:
    """A line that names the wallet, in whatever case, is one of its fills."""
    file = write(tmp_path / "fills.jsonl", [row(user="0x" + "A" * 40)])
    assert read(file).bad_lines == ()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.jsonl", None, "cannot be read"),
        ("empty.jsonl", b"", "is empty"),
        ("blank.jsonl", b"\n \n", "is empty"),
        ("plain.jsonl.gz", b"{}\n", "is not a gzip file although"),
        ("torn.jsonl.gz", gzip.compress(b"x" * 10_000, mtime=0)[:-20], "is a damaged gzip file"),
        ("array.json", b"[\n{}]", "holds a JSON array"),
    ],
)
def test_bad_files_are_errors(tmp_path: Path, name: str, content: bytes | None, reason: str) -> None:
    """A file that is missing, empty, torn or of another form is refused by name, with what to do."""
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidInput, match=f"{name} {reason}"):
        read(file)


def test_directory_is_no_file(tmp_path: Path) -> None:
    """A directory is refused."""
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(tmp_path)


def test_only_bad_lines_is_a_recording_without_messages(tmp_path: Path) -> None:
    """A file with nothing readable has no messages, but says why."""
    file = tmp_path / "fills.jsonl"
    file.write_bytes(b"nonsense\n")
    recording = read(file)
    assert recording.messages == ()
    assert isinstance(recording.bad_lines[0], BadLine)


def test_markets_are_inferred_from_sizes_and_positions(tmp_path: Path) -> None:
    """Size decimals are the most that were seen; ids follow the names; spot has no market."""
    rows = [
        row(coin="SOL", sz="1.25", startPosition="0.0"),
        row(coin="SOL", sz="1.0", startPosition="0.125"),
        row(coin="BTC", sz="2.0"),
        row(coin="xyz:GOLD", sz="0.1"),
        row(coin="@107", sz="0.1"),
    ]
    found = infer_instruments(read(write(tmp_path / "fills.jsonl", rows)).fills())
    assert [(m.coin, m.asset_id, m.size_decimals) for m in found] == [
        ("BTC", 0, 0),
        ("SOL", 1, 3),
        ("xyz:GOLD", 110_000, 1),
    ]
    assert [m.deployer_fee_scale for m in found] == [None, None, Decimal(1)]


def test_listed_markets_stay_and_others_get_ids_beside_them(tmp_path: Path) -> None:
    """With markets given only the missing ones are inferred, under ids that nothing else has."""
    rows = [row(coin=coin) for coin in ("ETH", "ARB", "xyz:SILVER", "abc:Z")]
    fills = list(read(write(tmp_path / "fills.jsonl", rows)).fills())
    found = infer_instruments(fills, [ETH, GOLD])
    assert found[:2] == (ETH, GOLD)
    assert {market.coin: market.asset_id for market in found[2:]} == {
        "ARB": 2,
        "xyz:SILVER": 110_004,
        "abc:Z": 120_000,
    }

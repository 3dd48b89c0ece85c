"""The leaderboard: fetched whole or not at all, read row by row."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fadearena.adapters.hyperliquid.leaderboard import BadRow, fetch, read
from fadearena.model.error import InvalidInput, VenueProtocolError, VenueUnavailable
from fadearena.model.leaderboard import Measure, Performance, Trader, Window
from tests.support.leaderboards import board_of, board_row, leaderboard_served, wallet


def read_from(directory: Path, body: bytes) -> list[Trader | BadRow]:
    """Return what a file of this content holds."""
    file = directory / "board.json"
    file.write_bytes(body)
    return list(read(file))


def fetched(url: str, file: Path) -> list[tuple[int, int | None]]:
    """Fetch into a file; return what was said on the way."""
    said: list[tuple[int, int | None]] = []
    asyncio.run(fetch(url, file, lambda *now: said.append(now)))
    return said


def test_a_row_is_read_in_our_words(tmp_path: Path) -> None:
    """Numbers are exact, `allTime` is `all`, and a name can be shown."""
    row = board_row(7, "48857952.3308470026", name=" A\n\x1b[31mB ", day=("644054.37", "0.0133582723", "3250555746.66"))
    row["ethAddress"] = row["ethAddress"].upper().replace("X", "x")
    (trader,) = read_from(tmp_path, board_of(row))
    assert isinstance(trader, Trader)
    assert (trader.wallet, trader.name, trader.value) == (wallet(7), "A [31mB", Decimal("48857952.3308470026"))
    day = Performance(pnl=Decimal("644054.37"), roi=Decimal("0.0133582723"), turnover=Decimal("3250555746.66"))
    assert trader.windows[Window.DAY] == day
    assert set(trader.windows) == set(Window)
    found = [trader.by(measure, Window.DAY) for measure in Measure]
    assert found == [trader.value, day.pnl, day.roi, day.turnover]


def test_a_bad_row_takes_no_other_with_it(tmp_path: Path) -> None:
    """It is named by its place, with what is wrong with it."""
    gone = board_row(3)
    gone["windowPerformances"].pop(1)
    rows = [board_row(1), 5, board_row(2, "NaN"), gone, board_row(4) | {"ethAddress": "0x12"}, board_row(5)]
    found = read_from(tmp_path, board_of(*rows))
    assert [row.wallet for row in found if isinstance(row, Trader)] == [wallet(1), wallet(5)]
    bad = {row.row: row.reason for row in found if isinstance(row, BadRow)}
    assert list(bad) == [2, 3, 4, 5]
    assert bad[3] == "accountValue: 'NaN' is not a finite number"
    assert bad[4] == "windowPerformances: no week"
    assert "is not an address" in bad[5]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b'{"leaderboardRows": 5}', b"[" * 5_000, board_of(board_row(1))[:-9]]
)
def test_what_is_no_leaderboard_is_told(tmp_path: Path, body: bytes) -> None:
    """Also one that was cut short: no part of it is taken for the whole."""
    with pytest.raises(VenueProtocolError, match="is none"):
        read_from(tmp_path, body)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The sentence says what to do."""
    with pytest.raises(InvalidInput, match="ask again"):
        read(tmp_path / "away")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=30)
@given(places=st.dictionaries(st.sampled_from(sorted(board_row(1))), JUNK, min_size=1))
def test_any_row_is_a_trader_or_told(tmp_path_factory: pytest.TempPathFactory, places: dict[str, object]) -> None:
    """Whatever stands in a row, the rows beside it are read."""
    body = json.dumps({"leaderboardRows": [board_row(1), board_row(2) | places, board_row(3)]}).encode()
    found = read_from(tmp_path_factory.getbasetemp(), body)
    assert [type(row) for row in (found[0], found[2])] == [Trader, Trader]
    assert isinstance(found[1], Trader | BadRow)


def test_it_is_fetched_in_pieces_and_takes_its_place_whole(tmp_path: Path) -> None:
    """How far it is, is told; nothing else is left behind."""
    body = board_of(*map(board_row, range(5_000)))
    file = tmp_path / "board.json"
    with leaderboard_served(body) as served:
        said = fetched(served.url, file)
    assert file.read_bytes() == body
    assert said[-1] == (len(body), len(body))
    assert len(said) > 3
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_there_stays_where_fetching_fails(tmp_path: Path) -> None:
    """A status, a server that is away, and a directory that cannot be written are told."""
    file = tmp_path / "board.json"
    file.write_bytes(b"old")
    with leaderboard_served(b"busy") as served:
        served.status = 429
        with pytest.raises(VenueUnavailable, match="answers 429"):
            fetched(served.url, file)
        url = served.url
    with pytest.raises(VenueUnavailable, match="try again later"):
        fetched(url, file)
    with pytest.raises(InvalidInput, match="cannot be written"):
        fetched(url, tmp_path / "away" / "board.json")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]

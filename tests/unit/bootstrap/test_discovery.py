"""Whom to follow: a leaderboard is kept for a while, and ranked."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fadearena.adapters.hyperliquid.leaderboard import BadRow
from fadearena.bootstrap.discovery import FRESH_MS, Board, Wish, leaderboard, rank, ranked
from fadearena.bootstrap.places import places_of
from fadearena.config import Config, load
from fadearena.kit.clock import ManualClock, SystemClock
from fadearena.model.error import InvalidInput, VenueProtocolError, VenueUnavailable
from fadearena.model.leaderboard import Measure, Performance, Trader, Window
from fadearena.model.units import MINUTE_MS
from tests.support.command import nowhere
from tests.support.leaderboards import board_of, board_row, leaderboard_served, wallet


def config_of(directory: Path, **fields: str) -> Config:
    """Return the settings of a process on this directory, by default with the sandbox as network."""
    with nowhere():
        return load(Path("no-such-file"), data_dir=directory / "d", **({"network": "sandbox"} | fields))


def asked(config: Config, clock: ManualClock) -> Board:
    """Return the leaderboard at this time."""
    return asyncio.run(leaderboard(config, places_of(config), clock, lambda *_: None))


def trader(n: int, value: int = 50_000, pnl: int = 100, turnover: int = 20_000, week: int | None = None) -> Trader:
    """Return an account with the same figures in every window, but perhaps for the week's turnover."""
    figures = Performance(pnl=Decimal(pnl), roi=Decimal(pnl) / value, turnover=Decimal(turnover))
    windows = dict.fromkeys(Window, figures)
    if week is not None:
        windows[Window.WEEK] = Performance(pnl=figures.pnl, roi=figures.roi, turnover=Decimal(week))
    return Trader(wallet=wallet(n), name=None, value=Decimal(value), windows=windows)


def order(*rows: Trader | BadRow, **wish: Any) -> list[int]:
    """Return the numbers of the accounts as they are ranked."""
    return [int(found.wallet, 16) for found in ranked(rows, Wish(**wish)).traders]


def test_they_are_ranked_by_each_measure() -> None:
    """The largest first; of equal ones the first; no more than were asked for."""
    rows = [trader(1, 90_000, 10, 70_000), trader(2, 20_000, 20, 80_000), trader(3, 20_000, 15, 90_000)]
    assert order(*rows, by=Measure.VALUE) == [1, 2, 3]
    assert order(*rows, by=Measure.PNL) == [2, 3, 1]
    assert order(*rows, by=Measure.ROI) == [2, 3, 1]
    assert order(*rows, by=Measure.TURNOVER, window=Window.DAY) == [3, 2, 1]
    assert order(*rows, by=Measure.PNL, limit=1) == [2]


def test_the_small_the_calm_and_the_idle_are_left_out_and_counted() -> None:
    """What is looked at is the window's turnover; who did not trade for a week is welcome only if somebody says so."""
    rows: list[Trader | BadRow] = [
        trader(1, 4_999),
        trader(2, turnover=9_999),
        trader(3, week=0),
        BadRow(row=4, reason="x"),
        trader(5),
    ]
    month: dict[str, Any] = {"window": Window.MONTH}
    found = ranked(rows, Wish(**month))
    assert [t.wallet for t in found.traders] == [wallet(5)]
    assert (found.rows, found.poor, found.calm, found.idle, found.bad) == (5, 1, 1, 1, 1)
    assert found.bad_rows == [BadRow(row=4, reason="x")]
    assert order(*rows, **month, with_idle=True) == [3, 5]
    assert order(*rows, **month, min_value=Decimal(0), min_turnover=Decimal(0)) == [1, 2, 5]


def test_rows_none_of_which_can_be_read_are_no_leaderboard(tmp_path: Path) -> None:
    """The file is forgotten, so that the next one is asked for at once; an empty one is just empty."""
    file = tmp_path / "board.json"
    board = Board(file=file, age_ms=0)
    file.write_bytes(board_of())
    assert asyncio.run(rank(board, Wish())).rows == 0
    file.write_bytes(board_of({"user": 1}))
    with pytest.raises(VenueProtocolError, match="no row of the leaderboard can be read"):
        asyncio.run(rank(board, Wish()))
    assert not file.exists()


def test_it_is_kept_for_a_while_and_outlasts_a_failure(tmp_path: Path) -> None:
    """A young one is not asked for again; an old one is shown, with its age and the reason, where no new one comes."""
    clock = ManualClock(SystemClock().now_ms())
    with leaderboard_served(board_of(board_row(1))) as served:
        config = config_of(tmp_path, sandbox_url=served.url.removesuffix("/Mainnet/leaderboard"))
        first = asked(config, clock)
        clock.move_by(MINUTE_MS)
        again = asked(config, clock)
        assert (again.file, again.trouble, served.asked) == (first.file, None, 1)
        assert 0 < again.age_ms <= MINUTE_MS
        clock.move_by(FRESH_MS)
        assert asked(config, clock).age_ms == 0
        served.status = 500
        clock.move_by(2 * FRESH_MS)
        old = asked(config, clock)
        assert old.age_ms >= FRESH_MS
        assert "answers 500" in (old.trouble or "")
        first.file.unlink()
        with pytest.raises(VenueUnavailable, match="answers 500"):
            asked(config, clock)
        served.status = 200
        other = config_of(tmp_path, leaderboard_url=served.url + "?other")
        assert asked(other, clock).file != first.file


@pytest.mark.parametrize("network", ["testnet", "arena"])
def test_a_network_without_one_says_what_else_there_is(tmp_path: Path, network: str) -> None:
    """Wallets that people know can be added, or a place be named; nothing is made."""
    with pytest.raises(InvalidInput, match=r"has no leaderboard: add wallets .* FADEARENA_LEADERBOARD_URL"):
        asked(config_of(tmp_path, network=network), ManualClock(1))
    assert list(tmp_path.iterdir()) == []

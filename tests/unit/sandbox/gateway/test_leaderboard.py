"""The leaderboard: everybody, with worth, PnL, return and turnover."""

import asyncio
import json
from decimal import Decimal as D
from typing import Any

from fadearena.model.units import DAY_MS, MINUTE_MS
from fadearena.sandbox.exchange.trading import HOUSE
from fadearena.sandbox.gateway.leaderboard import Leaderboard
from tests.support.box import ANN, BOB, BUY, Box


def rows(board: Leaderboard) -> dict[str, Any]:
    """Return the board as it is read, by address."""
    return {row["ethAddress"]: row for row in json.loads(asyncio.run(board.read()))["leaderboardRows"]}


def windows(row: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the windows of a row by name."""
    return dict(row["windowPerformances"])


def test_it_tells_what_everybody_has_made() -> None:
    """Worth is money and open PnL; PnL is that less what came in; the sandbox's own accounts are not on it."""
    box = Box()
    box.fill(ANN, "BTC", BUY, "0.01")
    row = rows(board := Leaderboard(box.exchange))[ANN]
    held, paid = box.held(ANN, "BTC"), box.account(ANN).fees
    assert D(row["accountValue"]) == 10_000 + held.unrealised - paid
    assert (row["prize"], row["displayName"]) == (0, None)
    assert list(windows(row)) == ["day", "week", "month", "allTime"]
    for window in windows(row).values():
        assert D(window["pnl"]) == held.unrealised - paid
        assert D(window["roi"]) == (held.unrealised - paid) / 10_000
        assert D(window["vlm"]) == box.account(ANN).volume > 0
    assert set(rows(board)) == {ANN, BOB}
    assert not HOUSE & set(rows(board))
    assert windows(rows(board)[BOB])["allTime"] == {"pnl": "0.0", "roi": "0.0", "vlm": "0.0"}


def test_it_is_made_anew_once_a_minute() -> None:
    """In between it is the same file."""
    box = Box()
    board = Leaderboard(box.exchange)
    first = asyncio.run(board.read())
    box.exchange.deposit(ANN, D(500))
    box.wait(MINUTE_MS - 1)
    assert asyncio.run(board.read()) == first
    box.wait(1)
    assert rows(board)[ANN]["accountValue"] == "10500.0"


def test_windows_forget_what_is_older() -> None:
    """What was made and traded days ago counts for longer windows only."""
    box = Box()
    box.fill(ANN, "BTC", BUY, "0.01")
    for _ in range(3):
        box.wait(DAY_MS)
    row, yesterday = windows(rows(Leaderboard(box.exchange))[ANN]), box.exchange.now // DAY_MS - 1
    assert D(row["day"]["vlm"]) == 0
    assert D(row["week"]["vlm"]) == D(row["allTime"]["vlm"]) > 0
    assert D(row["week"]["pnl"]) == D(row["allTime"]["pnl"])
    assert D(row["day"]["pnl"]) == D(row["allTime"]["pnl"]) - box.account(ANN).pnl_on[yesterday]
    assert box.account(ANN).pnl_on[yesterday]


def test_somebody_who_took_all_out_has_no_return() -> None:
    """Money that went is no loss, and no divisor."""
    box = Box()
    box.exchange.withdraw(BOB, D(10_000))
    assert windows(rows(Leaderboard(box.exchange))[BOB])["allTime"]["roi"] == "0.0"

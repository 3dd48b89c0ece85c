"""Recorded tapes run through the tape feed: every trade counts once, for its buyer and for its seller."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.tape_feed import TapeFills, TapeGap, TapeWhole
from fadearena.kit.jumping import run_jumping
from tests.support.recorded import ROOT, lines, needs_recorded
from tests.support.tape import Listening, Street

pytestmark = needs_recorded
SIDES: tuple[wire.Side, wire.Side] = ("B", "A")
CAPTURES = ("books_trades_5m_2026-07-22", "books_trades_bbo_90s_2026-07-22", "btc_l2book_trades_2025-01-26")
TWICE = "1784684123230:BTC:523935351109591:B"


def test_every_recorded_trade_counts_once() -> None:
    """Also the one that was sent twice, in the batch after subscribing and again by itself."""
    sent_twice: list[str] = []
    for capture in CAPTURES:
        messages = list(_messages(capture))
        rows = [trade for message in messages for trade in message]
        street = _told(messages)
        keys = Counter(street.keys())
        assert keys == Counter({codec.tape_key(trade, side): 1 for trade in rows for side in SIDES})
        assert {
            (each.wallet, fill.key) for each in street.told if isinstance(each, TapeFills) for fill in each.fills
        } == {
            (user, codec.tape_key(trade, side)) for trade in rows for side, user in zip(SIDES, trade.users, strict=True)
        }
        assert not street.of(TapeGap)
        sent = Counter(codec.tape_key(trade, "B") for trade in rows)
        sent_twice += [key for key, times in sent.items() if times > 1]
    assert sent_twice == [TWICE]


@pytest.mark.parametrize("every", [17, 60])
def test_every_recorded_trade_counts_once_over_lost_connections(every: int) -> None:
    """What was traded meanwhile is told by the next batch; where that does not reach back, a gap is told around it."""
    messages = list(_messages(CAPTURES[0]))
    street = _told(messages, every)
    told = Counter(street.keys())
    assert set(told.values()) == {1}
    gaps = [gap for gap in street.told if isinstance(gap, TapeGap)]
    whole = [(coin, each.since) for each in street.told if isinstance(each, TapeWhole) for coin in each.coins]
    first = dict(reversed(whole))
    missed = [
        trade
        for message in messages
        for trade in message
        if trade.time >= first[trade.coin] and codec.tape_key(trade, "B") not in told
    ]
    assert 0 < len(missed) < len(told) // 2
    assert all(any(trade.coin in gap.coins and trade.time >= gap.since for gap in gaps) for trade in missed)
    assert len(street.sockets) > 5


def _messages(capture: str) -> Iterator[list[wire.Trade]]:
    (file,) = Path(ROOT / "ws").glob(f"{capture}*")
    for line in lines(file):
        row = json.loads(line)
        if row["channel"] == "trades":
            yield msgspec.convert(row["data"], list[wire.Trade])


def _told(messages: list[list[wire.Trade]], lost_every: int = 0) -> Street:
    """Tell a tape these messages, of whom all users are watched; every so often the connection is lost for a while."""
    street = Street(*{trade.coin for message in messages for trade in message}, now=messages[0][-1].time)
    listening = Listening(street, {user for message in messages for trade in message for user in trade.users})

    async def main() -> None:
        async with listening:
            await street.wait(1_000)
            for number, message in enumerate(messages):
                await street.clock.sleep_until(message[-1].time)
                coin, rows = message[0].coin, msgspec.to_builtins(message)
                street.trades[coin] += rows
                for socket in street.listeners(coin):
                    socket.say({"channel": "trades", "data": rows})
                if lost_every and number % lost_every == 0:
                    street.sockets[-1].drop()
            await street.wait(60_000)

    run_jumping(main(), street.clock)
    return street

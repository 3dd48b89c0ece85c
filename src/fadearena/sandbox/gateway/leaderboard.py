"""
The leaderboard: everybody's worth, PnL, return and turnover, as the exchange's statistics file has them.

It is made a few accounts at a time, so that nobody else waits, and at most once a minute.
"""

import asyncio
from collections.abc import Sequence
from itertools import islice

import msgspec

from fadearena.model.ids import Address
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.exchange.shown import Standing
from fadearena.sandbox.gateway.texts import shown

_AT_ONCE = 100
_PLACES = 10
_encode = msgspec.json.Encoder().encode


class _Performance(msgspec.Struct):
    pnl: str
    roi: str
    vlm: str


class _Row(msgspec.Struct, rename="camel"):
    eth_address: Address
    account_value: str
    window_performances: Sequence[tuple[str, _Performance]]
    prize: int
    display_name: str | None


class Leaderboard:
    """Answers who stands where."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._made: tuple[EpochMs, bytes] | None = None
        self._making = asyncio.Lock()

    async def read(self) -> bytes:
        """Return the file as it is now, or was up to a minute ago."""
        async with self._making:
            if self._made is None or not 0 <= self._exchange.now - self._made[0] < MINUTE_MS:
                self._made = self._exchange.now, await self._make()
            return self._made[1]

    async def _make(self) -> bytes:
        rows: list[bytes] = []
        ranked = iter(self._exchange.view.ranked())
        while users := tuple(islice(ranked, _AT_ONCE)):
            rows += [_encode(_row(self._exchange.view.standing(user))) for user in users]
            await asyncio.sleep(0)
        return b'{"leaderboardRows":[' + b",".join(rows) + b"]}"


def _row(one: Standing) -> _Row:
    money = one.came_in
    performances = [
        (name, _Performance(shown(pnl, _PLACES), shown(pnl / money if money else money, _PLACES), shown(volume)))
        for name, (pnl, volume) in one.windows.items()
    ]
    return _Row(one.user, shown(one.worth, _PLACES), performances, 0, one.name or None)

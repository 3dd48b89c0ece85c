"""
What can be traded: the markets of all dexs, with their asset ids, as the exchange lists them now.

1. An asset's id follows from its place and its dex's place in the lists as delivered; delisted ones keep theirs.
2. Names are exact. A coin that is not listed is an error, never guessed, and has the lists read again: once for each
   such coin, and at most once a minute.
3. A dex that cannot be read stays as it was, and that is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal

import structlog
from msgspec import UNSET

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.kit.clock import Clock
from fadearena.kit.decimals import parse
from fadearena.kit.tasks import either
from fadearena.model.error import InvalidInput, VenueError, VenueProtocolError, VenueUnavailable
from fadearena.model.event import Event, Instruments, Notice
from fadearena.model.ids import Coin, Dex, dex_of, is_perp
from fadearena.model.instrument import Instrument
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs

log = structlog.get_logger(__name__)
REFRESH_MS = 10 * MINUTE_MS
AGAIN_MS = MINUTE_MS
_RETRY_MS = 5 * SECOND_MS
_MISSING_MAX = 1_000
_TRIES = 3
_QUICK_MS = SECOND_MS // 4
_FULL_SCALE = Decimal(1)


class Listing:
    """The markets that exist; nothing is known before the first reading."""

    def __init__(self, info: InfoClient, clock: Clock, *, refresh_ms: EpochMs = REFRESH_MS) -> None:
        self._info = info
        self._clock = clock
        self._refresh_ms = refresh_ms
        self._dexs: tuple[Dex, ...] = ()
        self._instruments: dict[Coin, Instrument] = {}
        self._read: EpochMs | None = None
        self._missing: set[Coin] = set()
        self._is_asked = asyncio.Event()

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """All markets, delisted ones too; empty before the first reading."""
        return tuple(self._instruments.values())

    @property
    def dexs(self) -> tuple[Dex, ...]:
        """
        All dexs, in the exchange's order, its own first.

        Raises:
            VenueUnavailable: They were not read yet.
        """
        if not self._dexs:
            raise VenueUnavailable("the exchange's dexs are not known yet: its lists could not be read so far")
        return self._dexs

    def asset_id(self, coin: Coin) -> int:
        """
        Return the id by which actions name a market.

        Raises:
            InvalidInput: There is no market of exactly this name.
        """
        instrument = self._instruments.get(coin)
        if instrument is None:
            raise InvalidInput(f"{coin!r} is not listed: names are exact, with the dex in front, as in `xyz:NVDA`")
        return instrument.asset_id

    def instrument(self, coin: Coin) -> Instrument | None:
        """Return a market; None where there is none of exactly this name."""
        return self._instruments.get(coin)

    def see(self, coins: Iterable[Coin]) -> None:
        """Take note of coins that were met; one that is not listed has the lists read again."""
        unknown = {coin for coin in coins if coin not in self._instruments and is_perp(coin)} - self._missing
        if unknown and len(self._missing) < _MISSING_MAX:
            self._missing |= unknown
            self._is_asked.set()

    async def refresh(self) -> tuple[Event, ...]:
        """
        Read the lists, and return what changed, with notices of what is odd.

        Raises:
            VenueError: The list of dexs cannot be read; everything stays as it was.
        """
        listed = await self._info.perp_dexs(lane=Lane.REST)
        names = {index: "" if dex is None else dex.name for index, dex in enumerate(listed) if dex or not index}
        changed: list[Instrument] = []
        notices: list[Event] = []
        for index, name in names.items():
            try:
                changed += await self._read_dex(name, index, _fee_scale(listed[index]), notices)
            except VenueError as error:
                log.warning("dex_unreadable", dex=name, error=str(error))
                notices.append(_notice("warning", f"the markets of {_shown(name)} could not be read: {error}"))
        self._dexs, self._read = tuple(names.values()), self._clock.now_ms()
        log.info("markets_listed", dexs=len(names), markets=len(self._instruments), changed=len(changed))
        news = (Instruments(time=0, received=0, instruments=tuple(changed)),) if changed else ()
        return (*news, *notices)

    async def watch(self, tell: Callable[[Event], Awaitable[None]]) -> None:
        """Read the lists again and again, and tell what changed; for ever."""
        failures = 0
        while True:
            await self._until_due()
            self._is_asked.clear()
            try:
                news = await self.refresh()
                failures = 0
            except VenueError as error:
                news = () if failures else (_notice("warning", f"the exchange's lists could not be read: {error}"),)
                failures += 1
                log.warning("listing_failed", error=str(error))
            for event in news:
                await tell(event)
            if failures:
                await self._clock.sleep_until(self._clock.now_ms() + min(_RETRY_MS * failures, AGAIN_MS))

    async def clock_offset(self) -> tuple[EpochMs, EpochMs]:
        """
        Return by how much our clock is ahead of the exchange's, and by how much that may be wrong.

        An answer that took long says little: it is asked again, and the quickest of three counts.

        Raises:
            VenueError: The exchange cannot be asked.
        """
        found: list[tuple[EpochMs, EpochMs]] = []
        while len(found) < _TRIES and (not found or found[-1][0] > _QUICK_MS):
            sent = self._clock.now_ms()
            status = await self._info.exchange_status(lane=Lane.OWN)
            received = self._clock.now_ms()
            found.append(((received - sent + 1) // 2, (sent + received) // 2 - status.time))
        spread, offset = min(found)
        return offset, spread

    async def _until_due(self) -> None:
        """Wait until the lists are old, or until somebody met a coin that is not in them."""
        if self._read is None:
            return
        clock, read = self._clock, self._read
        if clock.now_ms() < read + self._refresh_ms:
            await either(clock.sleep_until(read + self._refresh_ms), self._is_asked.wait())
        if self._is_asked.is_set():
            await clock.sleep_until(min(read + AGAIN_MS, read + self._refresh_ms))
        else:
            self._missing.clear()

    async def _read_dex(
        self, dex: Dex, index: int, fee_scale: Decimal | None, notices: list[Event]
    ) -> list[Instrument]:
        """Read one dex, and return what changed there."""
        found = codec.instruments(await self._info.meta(dex, lane=Lane.REST), index, fee_scale)
        strangers = [instrument.coin for instrument in found if dex_of(instrument.coin) != dex]
        if strangers:
            raise VenueProtocolError(f"meta of {_shown(dex)} names {strangers[0]!r}, which is not its own")
        changed = [instrument for instrument in found if self._instruments.get(instrument.coin) != instrument]
        for instrument in changed:
            before = self._instruments.get(instrument.coin)
            if before is not None and before.asset_id != instrument.asset_id:
                text = f"{instrument.coin} has another asset id: {instrument.asset_id}, it was {before.asset_id}"
                notices.append(_notice("critical", text))
            self._instruments[instrument.coin] = instrument
        return changed


def _fee_scale(dex: wire.PerpDex | None) -> Decimal | None:
    """Return a deployer's fee scale; one that is not told counts as 1, which doubles the fees."""
    if dex is None:
        return None
    if dex.deployerFeeScale is UNSET:
        return _FULL_SCALE
    try:
        return parse(dex.deployerFeeScale)
    except ValueError as error:
        raise VenueProtocolError(f"deployerFeeScale of {dex.name}: {error}") from None


def _shown(dex: Dex) -> str:
    return f"dex {dex}" if dex else "the exchange's own dex"


def _notice(level: str, text: str) -> Notice:
    return Notice(time=0, received=0, level=level, category="listing", text=text)

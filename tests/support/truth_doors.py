"""The story's bots and prices as the worker's doors: what happens is told when the clock says that it does."""

from collections.abc import AsyncIterator, Sequence
from zlib import crc32

from fadearena.adapters.sim.arena.history import Held, WalletHistory
from fadearena.kit.clock import Clock
from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.account import AccountMode
from fadearena.model.command import ReadBook, ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.event import (
    Event,
    Marks,
    RepairStage,
    RoleRead,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
)
from fadearena.model.ids import Address, Coin
from fadearena.model.position import trade
from fadearena.model.units import SECOND_MS, ZERO, EpochMs, side_of
from fadearena.model.wallet import Feed, SourceFill, WalletRole
from fadearena.ports.market_feed import MarketNews
from fadearena.ports.sightings import FeedStatus, Sighting
from fadearena.ports.wallet_feed import Roster, SourceRead
from tests.support.truth import START_USD, Tale, Trade, coins, price_of, quote_of, wallet_of

READ_MS = 30
_SNAPSHOT_MS = 15 * SECOND_MS
_QUOTES_MS = SECOND_MS // 2


class TruthWallets:
    """The bots' wallets. Whoever was away finds what happened meanwhile by asking, except slices of a TWAP."""

    def __init__(self, tale: Tale, clock: Clock) -> None:
        self._clock = clock
        self._history = {bot.wallet: WalletHistory(START_USD) for bot in tale.policy.bots}
        messages = [_message(self._history, each, number) for number, each in enumerate(tale.trades)]
        self._messages = sorted(messages, key=lambda message: message.received)
        self._snapshot_times = range(tale.trades[0].at, tale.end, _SNAPSHOT_MS)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what arrives from now on; without end."""
        begun = self._clock.now_ms()
        told: list[tuple[EpochMs, SourceFills | None]] = [(each.received, each) for each in self._messages]
        told += [(at, None) for at in self._snapshot_times]
        for at, fills in sorted(told, key=lambda pair: pair[0]):
            if at <= begun:
                continue
            await self._clock.sleep_until(at)
            if fills is not None:
                yield fills
            else:
                for wallet in self._history:
                    yield self._snapshot(wallet, self._clock.now_ms())

    def follow(self, roster: Roster) -> None:
        """Change nothing: all bots of the story are told of."""

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    def sightings(self) -> Sequence[Sighting]:
        """Return none."""
        return ()

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """Answer one question with the truth of the moment at which it arrives."""
        await self._clock.sleep_until(self._clock.now_ms() + READ_MS)
        now, wallet = self._clock.now_ms(), command.wallet
        history = self._history[wallet]
        match command:
            case ReadRole():
                return (RoleRead(time=now, received=now, heard=now, wallet=wallet, role=WalletRole.USER),)
            case ReadSource():
                return (self._snapshot(wallet, now),)
            case ReadSourceEquity():
                mode, values = AccountMode.STANDARD, (START_USD,)
                return (SourceEquity(time=now, received=now, heard=now, wallet=wallet, mode=mode, dex_values=values),)
            case RepairSource(since=since):
                done = SourceRepair(
                    time=now, received=now, heard=now, wallet=wallet, stage=RepairStage.DONE, is_answer=True
                )
                fills = history.between(since, now)
                if not fills:
                    return (done,)
                last = fills[-1].time
                told = SourceFills(time=last, received=now, heard=now, wallet=wallet, feed=Feed.POLL, fills=fills)
                return (told, done)

    def _snapshot(self, wallet: Address, now: EpochMs) -> SourceSnapshot:
        positions = self._history[wallet].positions(now)
        return SourceSnapshot(time=now, received=now, heard=now, wallet=wallet, dex="", positions=positions)


class TruthMarkets:
    """The story's prices."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __aiter__(self) -> AsyncIterator[MarketNews]:
        """Iterate over all prices twice a second; without end."""
        while True:
            now = self._clock.now_ms()
            for coin in coins():
                yield quote_of(coin, now)
            await self._clock.sleep_until(now - now % _QUOTES_MS + _QUOTES_MS)

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """Return a coin's prices of the moment at which the question arrives."""
        await self._clock.sleep_until(self._clock.now_ms() + READ_MS)
        now = self._clock.now_ms()
        return (Marks(time=now, received=now, heard=now, quotes=(quote_of(command.coin, now),)),)


def _message(history: dict[Address, WalletHistory], each: Trade, number: int) -> SourceFills:
    """Have a bot trade, and return what its wallet's followers are told, a little later."""
    wallet = wallet_of(each.bot)
    fills = tuple(_fill(history[wallet], each, number, piece) for piece in range(each.pieces))
    late = 20 + crc32(f"{number}".encode()) % 60
    return SourceFills(time=each.at, received=each.at + late, wallet=wallet, feed=Feed.USER, fills=fills)


def _fill(history: WalletHistory, each: Trade, number: int, piece: int) -> SourceFill:
    before = _held(history, each.coin, each.at)
    with exact_arithmetic():
        change, price = normalise(each.change / each.pieces), price_of(each.coin, each.at)
        after = trade(before.size, before.size * (before.entry or ZERO), change, price)
        entry = normalise(after.cost / after.size) if after.size else None
    fill = SourceFill(
        key=f"{each.at}:{each.coin}:{number}.{piece}",
        coin=each.coin,
        time=each.at,
        side=side_of(change),
        price=price,
        quantity=abs(change),
        start_position=before.size,
        order_id=number,
        is_twap=each.is_twap,
    )
    history.add(fill, Held(normalise(after.size), entry), START_USD)
    return fill


def _held(history: WalletHistory, coin: Coin, at: EpochMs) -> Held:
    return history.held(at).get(coin, Held(ZERO, None))

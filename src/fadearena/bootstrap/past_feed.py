"""
The feed of a past: the exchange of a sandbox, which goes on by a stride whenever the time has come for it.

1. What is read of a wallet is the exchange's truth at that moment.
2. Fills are told as a wallet's own stream tells them: whole, in order, a moment later.
3. Prices are shown to the paper venue after each stride, those of the coins that were traded so far.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Final, Protocol

from fadearena.kit.clock import Clock
from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.account import AccountMode
from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.event import (
    Event,
    RepairStage,
    RoleRead,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
)
from fadearena.model.ids import Address, Coin, Dex
from fadearena.model.market import BookLevel, FundingRate, OrderBook, Quote
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs, Side
from fadearena.model.wallet import Feed, ForcedKind, SourceFill, SourcePosition, WalletRole
from fadearena.ports.wallet_feed import SourceRead
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.exchange.shown import Level
from fadearena.sandbox.nouns import Fill, News

_STRIDE_S: Final = (5, 11)
_WIRE_MS: Final[EpochMs] = 60
_READ_MS: Final[EpochMs] = 90
_EQUITY_MS: Final[EpochMs] = MINUTE_MS
_SNAPSHOT_MS: Final[EpochMs] = 5 * MINUTE_MS
_CENTS: Final = Decimal("0.000001")
_ENTRY: Final = Decimal("0.00000001")
_LETTERS: Final = {Side.BUY: "B", Side.SELL: "A"}
_ADL: Final = "Auto-Deleveraging"


class Shown(Protocol):
    """Who is shown prices."""

    def on_quote(self, quote: Quote) -> None:
        """Take a quote."""

    def on_funding(self, funding: FundingRate) -> None:
        """Take a rate."""


class PastFeed:
    """
    Plays the past of some wallets on an exchange, as fast as it is asked.

    Args:
        exchange: The exchange; its clock is `clock`.
        clock: The past's time; whoever plays moves it.
        wallets: Whose fills are told.
        seed: How long the strides are follows from it.
        until: When it ends.
        see: Is told how much of how much is done, in milliseconds.
    """

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        wallets: Sequence[Address],
        seed: int,
        until: EpochMs,
        see: Callable[[int, int], None],
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._wallets = tuple(wallets)
        self._rng = Random(seed)  # noqa: S311 - a story, the same for the same seed
        self._began, self._until = exchange.now, until
        self._see = see
        self._venue: Shown | None = None
        self._fills: dict[Address, list[Fill]] = {}
        self._coins: dict[Coin, None] = {}
        self._waiting: deque[Event] = deque()
        self._edge = exchange.now
        self._equity_at = self._snapshot_at = exchange.now
        exchange.listen(self._hear)
        self._plan()

    def show_to(self, venue: Shown) -> None:
        """Show prices to a venue from now on."""
        self._venue = venue

    @property
    def next_time(self) -> EpochMs | None:
        """When the next stride ends, or the next event arrives; None after the last."""
        if self._waiting:
            return self._waiting[0].received
        return self._edge if self._edge <= self._until else None

    def deliver(self) -> Event | None:
        """Return the next event; None where a stride ended, and what it brought is on its way."""
        if self._waiting:
            return self._waiting.popleft()
        self._exchange.stride()
        self._coins |= {fill.coin: None for fills in self._fills.values() for fill in fills}
        self._show_prices()
        self._waiting.extend(self._told())
        self._fills.clear()
        self._see(self._exchange.now - self._began, self._until - self._began)
        self._plan()
        return None

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """Answer a question on a wallet with the truth."""
        now, wallet = self._clock.now_ms(), command.wallet
        is_known = wallet in self._wallets
        match command:
            case ReadRole():
                role = WalletRole.USER if is_known else WalletRole.MISSING
                return (RoleRead(time=now, received=now, heard=now, wallet=wallet, role=role),)
            case ReadSource(dex=dex) if is_known:
                return (self._snapshot(wallet, dex, now, now),)
            case RepairSource() if is_known:
                return (
                    SourceRepair(
                        time=now, received=now, heard=now, wallet=wallet, stage=RepairStage.DONE, is_answer=True
                    ),
                )
            case ReadSourceEquity() if is_known:
                return (self._equity(wallet, now, now),)
            case ReadSource() | RepairSource() | ReadSourceEquity():
                reason = "there is no such wallet"
                return (SourceUnreadable(time=now, received=now, wallet=wallet, reason=reason),)

    def book(self, coin: Coin) -> OrderBook:
        """Return the whole book of a coin."""
        book = self._exchange.view.book(coin)
        return OrderBook(coin=coin, time=book.time, bids=_levels(book.bids), asks=_levels(book.asks))

    def _hear(self, news: News) -> None:
        if isinstance(news, Fill) and news.user in self._wallets:
            self._fills.setdefault(news.user, []).append(news)

    def _plan(self) -> None:
        """Choose when the next stride ends."""
        self._edge += self._rng.randint(*_STRIDE_S) * SECOND_MS

    def _show_prices(self) -> None:
        if self._venue is None:
            return
        view, now = self._exchange.view, self._exchange.now
        is_new_minute = now >= self._equity_at
        for coin in self._coins:
            mark = view.mark(coin)
            bid, ask = view.best(coin)
            quote = Quote(
                coin=coin,
                mark=mark,
                mark_time=now,
                bid=None if bid is None else normalise(bid.price),
                ask=None if ask is None else normalise(ask.price),
                touch_time=now,
                oracle=mark,
            )
            self._venue.on_quote(quote)
            if is_new_minute:
                self._venue.on_funding(FundingRate(coin=coin, rate=view.context(coin).funding, oracle=mark))

    def _told(self) -> Iterator[Event]:
        """Yield what the last stride brought, by the time at which it arrives."""
        now = self._exchange.now
        for wallet, fills in self._fills.items():
            arrival = now + _WIRE_MS
            told = tuple(source_fill(fill) for fill in fills)
            yield SourceFills(time=now, received=arrival, heard=arrival, wallet=wallet, feed=Feed.USER, fills=told)
        if now >= self._snapshot_at:
            self._snapshot_at = now + _SNAPSHOT_MS
            for wallet in self._wallets:
                for dex in self._exchange.view.dexs:
                    yield self._snapshot(wallet, dex.name, now, now + _READ_MS)
        if now >= self._equity_at:
            self._equity_at = now + _EQUITY_MS
            for wallet in self._wallets:
                yield self._equity(wallet, now, now + _READ_MS)

    def _snapshot(self, wallet: Address, dex: Dex, at: EpochMs, received: EpochMs) -> SourceSnapshot:
        held = self._exchange.view.dex_account(wallet, dex).positions
        with exact_arithmetic():
            positions = tuple(
                SourcePosition(coin=one.coin, size=normalise(one.size), entry=normalise(one.entry.quantize(_ENTRY)))
                for one in held
            )
        return SourceSnapshot(time=at, received=received, heard=received, wallet=wallet, dex=dex, positions=positions)

    def _equity(self, wallet: Address, at: EpochMs, received: EpochMs) -> SourceEquity:
        view = self._exchange.view
        with exact_arithmetic():
            values = tuple(
                normalise(view.dex_account(wallet, dex.name).all.account_value.quantize(_CENTS)) for dex in view.dexs
            )
        return SourceEquity(
            time=at,
            received=received,
            heard=received,
            wallet=wallet,
            mode=AccountMode.STANDARD,
            dex_values=values,
        )


def source_fill(fill: Fill) -> SourceFill:
    """Return a fill of the sandbox as a client reads it off the wire."""
    is_liquidated = fill.liquidation is not None and fill.liquidation.user == fill.user
    return SourceFill(
        key=f"{fill.time}:{fill.coin}:{fill.trade_id}:{_LETTERS[fill.side]}",
        coin=fill.coin,
        time=fill.time,
        side=fill.side,
        price=normalise(fill.price),
        quantity=normalise(fill.quantity),
        start_position=normalise(fill.start),
        order_id=fill.order_id,
        forced=ForcedKind.LIQUIDATION if is_liquidated else ForcedKind.ADL if fill.direction == _ADL else None,
        is_twap=fill.twap_id is not None,
    )


def _levels(levels: Sequence[Level]) -> tuple[BookLevel, ...]:
    return tuple(BookLevel(normalise(level.price), normalise(level.quantity)) for level in levels)

"""
What listeners are told, and when.

1. What happened since the last time is told at once: trades by coin; fills, orders, payments and transfers by user.
2. What is always there is told now and then, on the sandbox's time: the best prices when they change, contexts and
   mids every second, books every five seconds, accounts every five seconds and when they changed.
3. Who begins to listen to a series is told what came before, marked as such.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from fadearena.kit.clock import Clock
from fadearena.model.ids import Address, Coin
from fadearena.model.units import SECOND_MS
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway import subscriptions as on
from fadearena.sandbox.gateway.answers.markets import BboRow, CandleRow
from fadearena.sandbox.gateway.answers.money import funding_row, ledger_row
from fadearena.sandbox.gateway.answers.trades import (
    fill_row,
    is_plain,
    is_slice,
    order_update,
    slice_row,
    trade_row,
)
from fadearena.sandbox.gateway.sockets import Sockets, SubscriptionRefused, channel_of
from fadearena.sandbox.gateway.subscriptions import Subscription
from fadearena.sandbox.gateway.views import Views
from fadearena.sandbox.nouns import Fill, News, Order, Payment, Positions, Prices, Trade, Transfer

_SNAPSHOT = 2_000
_HALF_SECOND_MS = 500
_FIVE_SECONDS_MS = 5 * SECOND_MS
_FAST_LEVELS = 5
_EVERY_SECOND: dict[type[on.ActiveAssetCtx | on.AllDexsAssetCtxs | on.AllMids], int] = {
    on.ActiveAssetCtx: 300,
    on.AllDexsAssetCtxs: 500,
    on.AllMids: 700,
}
"""What is told once a second, and how long after a full one: not all of it at once."""
_NOT_BY_USER = frozenset(
    {"marginCanceled", "reduceOnlyCanceled", "selfTradeCanceled", "liquidatedCanceled", "scheduledCancel"}
)
Said: TypeAlias = tuple[str, object]


class _Series(NamedTuple):
    """News of one kind that are told as rows, and once as a snapshot of what came before."""

    news: type[Fill | Payment | Transfer]
    past: Callable[[Views, Address], Sequence[Any]]
    name: str
    row: Callable[[Any], object]
    is_told: Callable[[Any], bool] = lambda _: True


_SERIES: dict[type, _Series] = {
    on.UserFills: _Series(Fill, Views.fills, "fills", fill_row, is_plain),
    on.UserTwapSliceFills: _Series(Fill, Views.fills, "twapSliceFills", slice_row, is_slice),
    on.UserFundings: _Series(Payment, Views.payments, "fundings", funding_row),
    on.UserNonFundingLedgerUpdates: _Series(Transfer, Views.transfers, "nonFundingLedgerUpdates", ledger_row),
}
_ACCOUNTS = (
    on.ClearinghouseState,
    on.AllDexsClearinghouseState,
    on.OpenOrders,
    on.SpotState,
    on.ActiveAssetData,
    on.WebData3,
)


class _Happened:
    """What happened since listeners were told last."""

    def __init__(self) -> None:
        self.trades: defaultdict[Coin, list[Trade]] = defaultdict(list)
        self.orders: defaultdict[Address, list[Order]] = defaultdict(list)
        self.of_user: defaultdict[tuple[type, Address], list[Any]] = defaultdict(list)
        self.changed: dict[Address, None] = {}
        self.books: set[Coin] | None = set()
        """The coins whose books may have changed; None is all."""

    def hear(self, news: News) -> None:
        match news:
            case Trade():
                self.trades[news.coin].append(news)
            case Fill() | Payment() | Transfer():
                self.of_user[type(news), news.user].append(news)
            case Order():
                self.orders[news.user].append(news)
                if self.books is not None:
                    self.books.add(news.coin)
            case Positions():
                self.changed[news.user] = None
            case Prices():
                self.books = None


class Streams:
    """Turns news into messages."""

    def __init__(self, exchange: Exchange, clock: Clock, sockets: Sockets, views: Views) -> None:
        self._clock = clock
        self._sockets = sockets
        self._views = views
        self._happened = _Happened()
        self._fills = deque[Fill]()
        self._shown: dict[Subscription, object] = {}
        self._told_at = self._now = clock.now_ms()
        exchange.listen(self._hear)

    def flush(self) -> None:
        """Tell who listens what happened, and how things stand where that is due."""
        happened, self._happened = self._happened, _Happened()
        while self._fills and self._fills[0].time <= self._views.fills_until:
            happened.hear(self._fills.popleft())
        self._now = self._clock.now_ms()
        self._tell_series(happened)
        self._tell_prices(happened)
        self._tell_accounts(happened.changed)
        self._told_at = self._now

    def first(self, subscription: Subscription) -> list[Said]:
        """
        Return what a new listener is told first: channels and data.

        Raises:
            SubscriptionRefused: There is no such coin or dex.
        """
        self._check(subscription)
        present = list(self._present(subscription))
        for _, data in present:
            self._is_news(subscription, data)
        return present

    def _hear(self, news: News) -> None:
        if isinstance(news, Fill):
            self._fills.append(news)
        else:
            self._happened.hear(news)

    def _check(self, subscription: Subscription) -> None:
        coin, dex = getattr(subscription, "coin", None), getattr(subscription, "dex", None)
        if (coin is not None and not self._views.has_coin(coin)) or (dex and not self._views.has_dex(dex)):
            shown = msgspec.json.encode(subscription).decode()
            raise SubscriptionRefused(f"Invalid subscription {shown}")

    def _tell_series(self, happened: _Happened) -> None:
        for coin, trades in happened.trades.items():
            if self._sockets.is_wanted(tape := on.Trades(coin)):
                self._sockets.publish(tape, "trades", [trade_row(trade) for trade in trades])
        for updates in self._sockets.wanted(on.OrderUpdates):
            if orders := happened.orders.get(updates.user):
                self._sockets.publish(updates, "orderUpdates", [order_update(order) for order in orders])
        for events in self._sockets.wanted(on.UserEvents):
            for event in _events(events.user, happened):
                self._sockets.publish(events, "user", event)
        for kind, series in _SERIES.items():
            for one in self._sockets.of_users(kind):
                news = happened.of_user.get((series.news, one.user), ())
                if told := [series.row(each) for each in news if series.is_told(each)]:
                    self._sockets.publish(one, channel_of(one), {"user": one.user, series.name: told})

    def _tell_prices(self, happened: _Happened) -> None:
        moved = happened.books
        for bbo in self._sockets.wanted(on.Bbo) if moved is None or moved else ():
            if moved is None or bbo.coin in moved:
                self._tell_news(bbo)
        for candle in self._sockets.wanted(on.Candle):
            if moved is None or candle.coin in happened.trades:
                self._tell_news(candle)
        for kind, phase_ms in _EVERY_SECOND.items():
            if self._is_due(SECOND_MS, phase_ms):
                self._tell_present(self._sockets.wanted(kind))
        for book in self._sockets.wanted(on.L2Book):
            if self._is_due(_HALF_SECOND_MS if book.fast else _FIVE_SECONDS_MS):
                self._tell_present([book])

    def _tell_news(self, subscription: Subscription) -> None:
        for channel, data in self._present(subscription):
            if self._is_news(subscription, data):
                self._sockets.publish(subscription, channel, data)

    def _is_news(self, subscription: Subscription, data: object) -> bool:
        """Tell whether prices differ from what was told last, and remember them."""
        if isinstance(data, BboRow):
            seen: object = data.bbo
        elif isinstance(data, CandleRow):
            seen = data
        else:
            return True
        is_news = self._shown.get(subscription) != seen
        self._shown[subscription] = seen
        return is_news

    def _tell_accounts(self, changed: Iterable[Address]) -> None:
        is_time, touched = self._is_due(_FIVE_SECONDS_MS), frozenset(changed)
        for kind in _ACCOUNTS:
            self._tell_present(one for one in self._sockets.of_users(kind) if is_time or one.user in touched)

    def _tell_present(self, wanted: Iterable[Subscription]) -> None:
        for subscription in wanted:
            for channel, data in self._present(subscription):
                self._sockets.publish(subscription, channel, data)

    def _is_due(self, every_ms: int, phase_ms: int = 0) -> bool:
        """Tell whether a new span of so many milliseconds, shifted by a phase, began since listeners were told last."""
        return (self._now - phase_ms) // every_ms != (self._told_at - phase_ms) // every_ms

    def _present(self, subscription: Subscription) -> Iterator[Said]:
        """Return how things stand, or what came before, for one subscription."""
        if isinstance(subscription, on.OfUser):
            yield from self._present_of_user(subscription)
            return
        views = self._views
        match subscription:
            case on.AllMids():
                data: dict[str, object] = {"mids": views.mids(subscription.dex or "")}
                yield "allMids", data if subscription.dex is None else {**data, "dex": subscription.dex}
            case on.Trades():
                yield "trades", views.recent_trades(subscription.coin)
            case on.L2Book():
                yield "l2Book", views.book(subscription.coin, _FAST_LEVELS if subscription.fast else None)
            case on.Bbo():
                yield "bbo", views.best(subscription.coin)
            case on.Candle():
                if (candle := views.candle(subscription.coin, subscription.interval)) is not None:
                    yield "candle", candle
            case on.ActiveAssetCtx():
                yield "activeAssetCtx", {"coin": subscription.coin, "ctx": views.context(subscription.coin)}
            case on.AllDexsAssetCtxs():
                yield "allDexsAssetCtxs", {"ctxs": views.all_contexts()}

    def _present_of_user(self, subscription: on.OfUser) -> Iterator[Said]:
        views, user = self._views, subscription.user
        if (series := _SERIES.get(type(subscription))) is not None:
            rows = [series.row(one) for one in series.past(views, user) if series.is_told(one)]
            yield channel_of(subscription), {"user": user, "isSnapshot": True, series.name: rows[-_SNAPSHOT:]}
        match subscription:
            case on.ClearinghouseState():
                dex = subscription.dex or ""
                yield channel_of(subscription), {"dex": dex, "user": user, "clearinghouseState": views.state(user, dex)}
            case on.AllDexsClearinghouseState():
                yield channel_of(subscription), {"user": user, "clearinghouseStates": views.states(user)}
            case on.OpenOrders():
                dex = subscription.dex or ""
                yield channel_of(subscription), {"dex": dex, "user": user, "orders": views.frontend_orders(user, dex)}
            case on.SpotState():
                yield channel_of(subscription), {"user": user, "spotState": views.spot_state(user)}
            case on.ActiveAssetData():
                yield channel_of(subscription), views.trading_limits(user, subscription.coin)
            case on.WebData3():
                yield channel_of(subscription), views.web_data(user)
            case _:
                pass


def _events(user: Address, happened: _Happened) -> Iterator[object]:
    fills = happened.of_user.get((Fill, user), ())
    if plain := [fill_row(fill) for fill in fills if is_plain(fill)]:
        yield {"fills": plain}
    if slices := [slice_row(fill) for fill in fills if is_slice(fill)]:
        yield {"twapSliceFills": slices}
    for payment in happened.of_user.get((Payment, user), ()):
        yield {"funding": funding_row(payment)}
    ended = [order for order in happened.orders.get(user, ()) if order.status in _NOT_BY_USER]
    if ended:
        yield {"nonUserCancel": [{"coin": order.coin, "oid": order.order_id} for order in ended]}

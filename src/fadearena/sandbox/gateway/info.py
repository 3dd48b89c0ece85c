"""
`/info`: each question, and where its answer comes from.

An unknown coin is null, an unknown user an empty account; fills of TWAP orders are only in the lists of their own.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from fadearena.kit.clock import Clock
from fadearena.model.ids import Address, Dex
from fadearena.model.units import DAY_MS, HOUR_MS, SECOND_MS, ZERO, EpochMs
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway import requests as ask
from fadearena.sandbox.gateway.answers import markets, money, trades
from fadearena.sandbox.gateway.texts import shown
from fadearena.sandbox.gateway.troubles import Troubles
from fadearena.sandbox.gateway.views import Views
from fadearena.sandbox.listing import FIRST_DEX, PerpDex, dex_of
from fadearena.sandbox.nouns import Fill, Order

_FILLS, _ROWS, _ORDERS, _CANDLES = 2_000, 500, 2_000, 5_000
_VOLUME_DAYS = 15
_FIGURES = {None, 2, 3, 4, 5}
_MANTISSAS = {None, 2, 5}
_MOST_FIGURES = 5
_USDC = {
    "name": "USDC",
    "szDecimals": 8,
    "weiDecimals": 8,
    "index": 0,
    "tokenId": money.USDC_TOKEN.partition(":")[2],
    "isCanonical": True,
    "evmContract": None,
    "fullName": None,
    "deployerTradingFeeShare": "0.0",
}
_SPOT = {"universe": [], "tokens": [_USDC]}


class InternalFault(Exception):
    """The exchange answers 500: it is asked for something that it should have refused."""


class _Timed(Protocol):
    @property
    def time(self) -> EpochMs: ...


T = TypeVar("T", bound=_Timed)


class Info:
    """Answers questions."""

    def __init__(self, exchange: Exchange, clock: Clock, troubles: Troubles) -> None:
        self.views = Views(exchange, troubles)
        self._exchange = exchange
        self._view = exchange.view
        self._clock = clock
        self._by_kind: dict[type, Callable[[Any], object]] = {
            ask.Meta: lambda q: markets.meta_row(self._dex(q.dex)),
            ask.MetaAndAssetCtxs: lambda q: self._meta_and_contexts(self._dex(q.dex)),
            ask.AllPerpMetas: lambda _: [markets.meta_row(dex) for dex in self.views.dexs],
            ask.PerpDexs: lambda _: [_dex_or_null(dex) for dex in self.views.dexs],
            ask.AllMids: lambda q: self.views.mids(self._dex(q.dex).name),
            ask.L2Book: self._book,
            ask.CandleSnapshot: lambda q: self._candles(q.req),
            ask.RecentTrades: lambda q: self.views.recent_trades(q.coin) if self.views.has_coin(q.coin) else None,
            ask.FundingHistory: self._rates,
            ask.PredictedFundings: lambda _: self._next_rates(),
            ask.PerpsAtOpenInterestCap: lambda _: [],
            ask.ExchangeStatus: lambda _: {
                "time": self._clock.now_ms() + troubles.answers_off_ms,
                "specialStatuses": None,
            },
            ask.SpotMeta: lambda _: _SPOT,
            ask.SpotMetaAndAssetCtxs: lambda _: [_SPOT, []],
            ask.ClearinghouseState: lambda q: self.views.state(q.user, self._dex(q.dex).name),
            ask.SpotClearinghouseState: lambda q: self.views.spot_state(q.user),
            ask.UserAbstraction: self._mode,
            ask.ActiveAssetData: self._limits,
            ask.OpenOrders: self._open_orders,
            ask.FrontendOpenOrders: lambda q: self.views.frontend_orders(q.user, self._dex(q.dex).name),
            ask.OrderStatus: self._order_status,
            ask.HistoricalOrders: lambda q: [trades.order_history(one) for one in self.orders(q.user)[:_ORDERS]],
            ask.UserFills: lambda q: [trades.fill_row(one) for one in self._last_fills(q.user, trades.is_plain)],
            ask.UserTwapSliceFills: lambda q: [
                trades.slice_row(one) for one in self._last_fills(q.user, trades.is_slice)
            ],
            ask.UserFillsByTime: self._fills_by_time,
            ask.UserTwapSliceFillsByTime: self._slices_by_time,
            ask.UserFunding: lambda q: [
                money.funding_history_row(one) for one in _span(self.views.payments(q.user), q)[:_ROWS]
            ],
            ask.UserNonFundingLedgerUpdates: lambda q: [
                money.ledger_row(one) for one in _span(self.views.transfers(q.user), q)[:_ROWS]
            ],
            ask.UserRole: lambda q: self._role(q.user),
            ask.SubAccounts: lambda q: self._sub_accounts(q.user, self._sub_account),
            ask.SubAccounts2: lambda q: self._sub_accounts(q.user, self._sub_account_on_all_dexs),
            ask.ExtraAgents: lambda q: self._agents(q.user),
            ask.UserRateLimit: lambda q: self._rate_limit(q.user),
            ask.UserFees: lambda q: self._fees(q.user),
            ask.Portfolio: lambda q: self.views.portfolio(q.user),
        }

    def answer(self, question: ask.Question) -> object:
        """
        Return what a question is answered with.

        Raises:
            InternalFault: It names a dex that is not there, or impossible figures.
        """
        return self._by_kind[type(question)](question)

    def orders(self, user: Address) -> list[Order]:
        """Return the orders of a user that are still known, newest first."""
        account = self._view.account(user)
        if account is None:
            return []
        known = [*account.open.values(), *account.done.values()]
        return sorted(known, key=lambda order: order.order_id, reverse=True)

    def _dex(self, name: Dex | None) -> PerpDex:
        for dex in self.views.dexs:
            if dex.name == (name or FIRST_DEX):
                return dex
        raise InternalFault(f"there is no dex {name}")

    def _meta_and_contexts(self, dex: PerpDex) -> object:
        return (markets.meta_row(dex), self.views.contexts(dex))

    def _book(self, question: ask.L2Book) -> object:
        figures, mantissa = question.n_sig_figs, question.mantissa
        if figures not in _FIGURES or mantissa not in _MANTISSAS or (mantissa and figures != _MOST_FIGURES):
            raise InternalFault("no such figures")
        return self.views.book(question.coin) if self.views.has_coin(question.coin) else None

    def _candles(self, span: ask.CandleSpan) -> object:
        if not self.views.has_coin(span.coin):
            return None
        end = self._clock.now_ms() if span.end_time is None else span.end_time
        return self.views.candles(span.coin, span.interval, (span.start_time, end))[-_CANDLES:]

    def _rates(self, question: ask.FundingHistory) -> object:
        if not self.views.has_coin(question.coin):
            return None
        rates = _span(self._view.rates(question.coin), question)
        return [markets.rate_row(question.coin, rate) for rate in rates[:_ROWS]]

    def _next_rates(self) -> object:
        now = self._clock.now_ms()
        hour = now - now % HOUR_MS + HOUR_MS
        return [
            (one.coin, [("HlPerp", {"fundingRate": self.views.context(one.coin).funding, "nextFundingTime": hour})])
            for one in self._dex(FIRST_DEX).assets
            if not one.is_delisted
        ]

    def _mode(self, question: ask.UserAbstraction) -> object:
        account = self._view.account(question.user)
        return "default" if account is None else account.mode

    def _limits(self, question: ask.ActiveAssetData) -> object:
        known = self.views.has_coin(question.coin)
        return self.views.trading_limits(question.user, question.coin) if known else None

    def _open_orders(self, question: ask.OpenOrders) -> object:
        account, dex = self._view.account(question.user), self._dex(question.dex).name
        orders = () if account is None else reversed(account.open.values())
        return [trades.order_row(order) for order in orders if dex_of(order.coin) == dex]

    def _order_status(self, question: ask.OrderStatus) -> object:
        account, oid = self._view.account(question.user), question.oid
        order = None
        if account is not None:
            order = account.named(oid) if isinstance(oid, str) else account.order(oid)
        if order is None or self.views.is_late(order):
            return {"status": "unknownOid"}
        return trades.FoundOrder(trades.order_history(order))

    def _last_fills(self, user: Address, wanted: Callable[[Fill], bool]) -> Iterable[Fill]:
        fills = [fill for fill in self.views.fills(user) if wanted(fill)]
        return reversed(fills[-_FILLS:])

    def _fills_by_time(self, question: ask.UserFillsByTime) -> object:
        fills = [fill for fill in _span(self.views.fills(question.user), question) if trades.is_plain(fill)]
        if question.reversed:
            fills.reverse()
        return [trades.fill_row(fill) for fill in fills[:_FILLS]]

    def _slices_by_time(self, question: ask.UserTwapSliceFillsByTime) -> object:
        fills = [fill for fill in _span(self.views.fills(question.user), question) if trades.is_slice(fill)]
        return [trades.slice_row(fill) for fill in fills[:_FILLS]]

    def _role(self, user: Address) -> object:
        role = self._view.role(user)
        if role.kind == "agent":
            return {"role": role.kind, "data": {"user": role.user}}
        return {"role": role.kind, "data": {"master": role.user}} if role.kind == "subAccount" else {"role": role.kind}

    def _sub_accounts(self, user: Address, row: Callable[[Address], dict[str, object]]) -> object:
        account = self._view.account(user)
        if account is None or not account.sub_accounts:
            return None
        subs = ((sub, self._view.account(sub)) for sub in account.sub_accounts)
        return [
            {"name": "" if one is None else one.name, "subAccountUser": sub, "master": user, **row(sub)}
            for sub, one in subs
        ]

    def _sub_account(self, sub: Address) -> dict[str, object]:
        return {"clearinghouseState": self.views.state(sub, FIRST_DEX), "spotState": self.views.spot_state(sub)}

    def _sub_account_on_all_dexs(self, sub: Address) -> dict[str, object]:
        return {"dexToClearinghouseState": self.views.states(sub), "spotState": self.views.spot_state(sub)}

    def _agents(self, user: Address) -> object:
        account = self._view.account(user)
        agents = () if account is None else account.agents
        return [{"name": one.name, "address": one.address, "validUntil": one.valid_until} for one in agents if one.name]

    def _rate_limit(self, user: Address) -> object:
        requests = self._view.requests(user)
        return {
            "cumVlm": shown(requests.volume, 6),
            "nRequestsUsed": requests.used,
            "nRequestsCap": requests.cap,
            "nRequestsSurplus": 0,
        }

    def _fees(self, user: Address) -> object:
        rates, account = self._view.fees(user), self._view.account(user)
        daily = {} if account is None else account.daily_volume
        taker, maker = shown(rates.taker), shown(rates.maker)
        return {
            "dailyUserVlm": [
                {"date": _date(day), "userCross": shown(cross), "userAdd": shown(add), "exchange": shown(ZERO)}
                for day, (cross, add) in list(daily.items())[-_VOLUME_DAYS:]
            ],
            "feeSchedule": {
                "cross": taker,
                "add": maker,
                "spotCross": "0.0007",
                "spotAdd": "0.0004",
                "tiers": {"vip": [], "mm": []},
                "referralDiscount": "0.04",
                "stakingDiscountTiers": [],
            },
            "userCrossRate": taker,
            "userAddRate": maker,
            "userSpotCrossRate": "0.0007",
            "userSpotAddRate": "0.0004",
            "activeReferralDiscount": "0.0",
            "trial": None,
            "feeTrialReward": "0.0",
            "nextTrialAvailableTimestamp": None,
            "stakingLink": None,
            "activeStakingDiscount": {"bpsOfMaxSupply": "0.0", "discount": "0.0"},
        }


class _InTime(Protocol):
    @property
    def start_time(self) -> EpochMs: ...
    @property
    def end_time(self) -> EpochMs | None: ...


def _span(rows: Sequence[T], question: _InTime) -> Sequence[T]:
    """Return the rows of a span of time, both ends included, oldest first."""
    first = bisect_left(rows, question.start_time, key=lambda row: row.time)
    if question.end_time is None:
        return rows[first:]
    return rows[first : bisect_left(rows, question.end_time + 1, key=lambda row: row.time)]


def _dex_or_null(dex: PerpDex) -> object:
    return None if dex.name == FIRST_DEX else markets.dex_row(dex)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_MS / SECOND_MS, UTC).date().isoformat()

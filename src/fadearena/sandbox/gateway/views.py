"""The exchange as it stands, in the shapes of answers: what `info` is asked for and `streams` tell."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby

from fadearena.model.ids import Address, Coin, Dex
from fadearena.model.units import DAY_MS, ZERO, EpochMs
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.exchange.state import POOLED
from fadearena.sandbox.gateway.answers import accounts, markets, trades
from fadearena.sandbox.gateway.requests import Interval
from fadearena.sandbox.gateway.texts import shown
from fadearena.sandbox.gateway.troubles import Troubles
from fadearena.sandbox.listing import PerpDex, dex_of
from fadearena.sandbox.nouns import Fill, Order, Payment, Transfer

_DEPTH = 20


class Views:
    """Looks at the exchange; a dex that a fault hides is in no list."""

    def __init__(self, exchange: Exchange, troubles: Troubles) -> None:
        self._view = exchange.view
        self._exchange = exchange
        self._troubles = troubles

    @property
    def dexs(self) -> list[PerpDex]:
        """The dexs that are there; the first one is."""
        return [dex for dex in self._view.dexs if dex.name not in self._troubles.hidden]

    @property
    def fills_until(self) -> EpochMs:
        """Up to when fills are told; a fault may make them late."""
        return self._exchange.now - self._troubles.late.fills_ms

    @property
    def now(self) -> EpochMs:
        """The present as it is told; a fault may make that wrong."""
        return self._exchange.now + self._troubles.answers_off_ms

    def is_late(self, order: Order) -> bool:
        """Tell whether an order cannot be looked up yet."""
        return order.time > self._exchange.now - self._troubles.late.lookups_ms

    def has_dex(self, name: Dex) -> bool:
        """Tell whether there is such a dex."""
        return any(dex.name == name for dex in self.dexs)

    def has_coin(self, coin: Coin) -> bool:
        """Tell whether there is such a coin."""
        return self._view.has(coin) and self.has_dex(dex_of(coin))

    def mids(self, name: Dex) -> dict[Coin, str]:
        """Return the mid prices of a dex."""
        coins = [asset.coin for dex in self.dexs if dex.name == name for asset in dex.assets]
        mids = ((coin, self._view.mid(coin)) for coin in coins)
        return {coin: shown(mid) for coin, mid in mids if mid is not None}

    def book(self, coin: Coin, levels: int | None = None) -> markets.BookRow:
        """Return the book of a coin."""
        return markets.book_row(self._view.book(coin, levels or _DEPTH), self.now)

    def best(self, coin: Coin) -> markets.BboRow:
        """Return the best bid and offer of a coin."""
        return markets.bbo_row(coin, self.now, self._view.best(coin))

    def context(self, coin: Coin) -> markets.ContextRow:
        """Return prices and funding of a coin."""
        return markets.context_row(self._view.context(coin))

    def contexts(self, dex: PerpDex) -> list[markets.ContextRow]:
        """Return prices and funding of all coins of a dex, by index."""
        return [self.context(asset.coin) for asset in dex.assets]

    def all_contexts(self) -> list[tuple[Dex, list[markets.ContextRow]]]:
        """Return prices and funding of all coins of all dexs."""
        return [(dex.name, self.contexts(dex)) for dex in self.dexs]

    def recent_trades(self, coin: Coin) -> list[trades.TradeRow]:
        """Return the last trades of a coin, oldest first."""
        return [trades.trade_row(trade) for trade in self._view.trades(coin)]

    def candle(self, coin: Coin, interval: Interval) -> markets.CandleRow | None:
        """Return the candle that is forming; None where nothing traded in it."""
        rows = self.candles(coin, interval, (self._exchange.now, self._exchange.now))
        return rows[-1] if rows else None

    def candles(self, coin: Coin, interval: Interval, span: tuple[EpochMs, EpochMs]) -> list[markets.CandleRow]:
        """Return the candles in which a span of time lies, the first and the last one whole, oldest first."""
        minutes = self._view.candles(coin)
        first = bisect_left(minutes, markets.start_of(span[0], interval), key=lambda one: one.time)
        groups = groupby(minutes[first:], lambda one: markets.start_of(one.time, interval))
        return [markets.candle_row(coin, interval, list(group)) for start, group in groups if start <= span[1]]

    def state(self, user: Address, dex: Dex) -> accounts.StateRow:
        """Return an account on one dex."""
        return accounts.state_row(self._view.dex_account(user, dex), self.now)

    def states(self, user: Address) -> list[tuple[Dex, accounts.StateRow]]:
        """Return an account on every dex."""
        return [(dex.name, self.state(user, dex.name)) for dex in self.dexs]

    def spot_state(self, user: Address) -> accounts.SpotRow:
        """Return the tokens of an account."""
        return accounts.spot_row(self._view.spot(user))

    def trading_limits(self, user: Address, coin: Coin) -> accounts.LimitsRow:
        """Return leverage and room of an account in a coin."""
        return accounts.limits_row(user, coin, self._view.limits(user, self._view.asset(coin)))

    def frontend_orders(self, user: Address, dex: Dex) -> list[trades.FullOrderRow]:
        """Return the resting orders of an account on a dex, newest first."""
        account = self._view.account(user)
        orders = reversed(account.open.values()) if account is not None else ()
        return [trades.full_order_row(order) for order in orders if dex_of(order.coin) == dex]

    def fills(self, user: Address) -> Sequence[Fill]:
        """Return the fills of an account that may be told already, oldest first."""
        account = self._view.account(user)
        if account is None:
            return ()
        if not self._troubles.late.fills_ms:
            return account.fills
        return account.fills[: bisect_left(account.fills, self.fills_until + 1, key=lambda one: one.time)]

    def payments(self, user: Address) -> Sequence[Payment]:
        """Return the funding payments of an account, oldest first."""
        account = self._view.account(user)
        return () if account is None else account.payments

    def transfers(self, user: Address) -> Sequence[Transfer]:
        """Return the money that an account moved other than by trading, oldest first."""
        account = self._view.account(user)
        return () if account is None else account.transfers

    def web_data(self, user: Address) -> dict[str, object]:
        """Return what the exchange's own page shows of an account."""
        account = self._view.account(user)
        agent = next((one for one in account.agents if not one.name), None) if account is not None else None
        moved = sum((one.usd for one in self.transfers(user) if one.kind == "deposit"), start=ZERO)
        state = {
            "agentAddress": agent and agent.address,
            "agentValidUntil": agent and agent.valid_until,
            "serverTime": self.now,
            "cumLedger": shown(moved),
            "isVault": False,
            "user": user,
        }
        dexs = [{"totalVaultEquity": "0.0", "perpsAtOpenInterestCap": []} for _ in self.dexs]
        return {"userState": state, "perpDexStates": dexs}

    def portfolio(self, user: Address) -> list[tuple[str, dict[str, object]]]:
        """Return what an account is worth now, and what it traded; the sandbox keeps no history of worth."""
        now = self._exchange.now
        worth = self._view.spot(user).total
        account = self._view.account(user)
        if account is None or account.mode not in POOLED:
            worth += sum((self._view.dex_account(user, dex.name).all.account_value for dex in self.dexs), start=ZERO)
        rows: list[tuple[str, dict[str, object]]] = []
        for prefix in ("", "perp"):
            for name, days in (("day", 1), ("week", 7), ("month", 30), ("allTime", now // DAY_MS)):
                since = now - days * DAY_MS
                volume = sum((one.price * one.quantity for one in self.fills(user) if one.time >= since), start=ZERO)
                key = prefix + (name[0].upper() + name[1:] if prefix else name)
                value: dict[str, object] = {
                    "accountValueHistory": [(now, shown(worth, 6))],
                    "pnlHistory": [],
                    "vlm": shown(volume),
                }
                rows.append((key, value))
        return rows

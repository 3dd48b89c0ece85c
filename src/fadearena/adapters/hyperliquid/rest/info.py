"""
Questions to the exchange: each method one request type, answered in the exchange's own shapes.

1. Reading twice does no harm, so a question that got no answer is asked again: after at most 0.5, 1, 2 s and so on, at
   random (full jitter), on the given clock. A clear no and an answer that cannot be read are not asked again.
2. Every question costs weight of its lane before it is sent, and what its rows cost once they are there.
3. Addresses are those of masters and sub-accounts: for an agent's address the exchange shows an empty account.
"""

from collections.abc import Callable, Hashable
from random import Random
from typing import Final, TypeVar

import msgspec

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.codec import instruments
from fadearena.adapters.hyperliquid.limits import Lane, RateBudget, weight_of, weight_of_rows
from fadearena.adapters.hyperliquid.rest.answers import TOO_MANY, Read, check_status, decoded
from fadearena.adapters.hyperliquid.rest.fills import Rows, fill_key, fills_of
from fadearena.adapters.hyperliquid.rest.paging import FULL, all_rows
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.kit.clock import Clock
from fadearena.model.error import OutcomeUnknown, VenueUnavailable
from fadearena.model.ids import Address, Cloid, Coin, Dex
from fadearena.model.units import SECOND_MS, EpochMs

T = TypeVar("T")

_PATH: Final = "/info"
_BACKOFF_MS: Final = SECOND_MS // 2
_BACKOFF_MOST_MS: Final = 30 * SECOND_MS

_PERP_DEXS = msgspec.json.Decoder(tuple[wire.PerpDex | None, ...]).decode
_META = msgspec.json.Decoder(wire.Meta).decode
_META_AND_CONTEXTS = msgspec.json.Decoder(wire.MetaAndContexts).decode
_MIDS = msgspec.json.Decoder(wire.Mids).decode
_BOOK = msgspec.json.Decoder(wire.L2Book | None).decode
_FUNDING_HISTORY = msgspec.json.Decoder(tuple[wire.FundingHistoryRow, ...]).decode
_CANDLES = msgspec.json.Decoder(tuple[wire.Candle, ...]).decode
_COINS = msgspec.json.Decoder(tuple[str, ...]).decode
_EXCHANGE_STATUS = msgspec.json.Decoder(wire.ExchangeStatus).decode
_STATE = msgspec.json.Decoder(wire.ClearinghouseState).decode
_SPOT_STATE = msgspec.json.Decoder(wire.SpotState).decode
_TEXT = msgspec.json.Decoder(str).decode
_ROLE = msgspec.json.Decoder(wire.UserRole).decode
_AGENTS = msgspec.json.Decoder(tuple[wire.ExtraAgent, ...]).decode
_SUB_ACCOUNTS = msgspec.json.Decoder(tuple[wire.SubAccount, ...] | None).decode
_VAULT = msgspec.json.Decoder(wire.VaultDetails | None).decode
_RATE_LIMIT = msgspec.json.Decoder(wire.RateLimit).decode
_FEES = msgspec.json.Decoder(wire.UserFees).decode
_OPEN_ORDERS = msgspec.json.Decoder(tuple[wire.OpenOrder, ...]).decode
_ORDER_STATUS = msgspec.json.Decoder(wire.OrderStatus).decode
_ACTIVE_ASSET = msgspec.json.Decoder(wire.ActiveAsset).decode
_FILLS = Rows(wire.Fill)
_TWAP_FILLS = Rows(wire.TwapSliceFill)
_FUNDING = msgspec.json.Decoder(tuple[wire.Funding, ...]).decode
_LEDGER = msgspec.json.Decoder(tuple[wire.LedgerUpdate, ...]).decode


class InfoClient:
    """
    Asks. Every method takes the lane that pays for it.

    Raises:
        VenueUnavailable: No connection could be made, after the last attempt.
        OutcomeUnknown: No answer came, or the exchange failed or asked us to be slower, after the last attempt.
        VenueRefused: The request was not understood.
        VenueProtocolError: The answer cannot be read.
    """

    def __init__(
        self,
        transport: Transport,
        budget: RateBudget,
        clock: Clock,
        *,
        rng: Random,
        attempts: int = 4,
        full_page: int = FULL,
    ) -> None:
        self._transport = transport
        self._budget = budget
        self._clock = clock
        self._rng = rng
        self._attempts = attempts
        self._full_page = full_page

    @property
    def budget(self) -> RateBudget:
        """What pays for the questions."""
        return self._budget

    # --- markets

    async def perp_dexs(self, *, lane: Lane) -> tuple[wire.PerpDex | None, ...]:
        """Return the dexs; the first is None and stands for the exchange's own."""
        return await self._ask({"type": "perpDexs"}, _PERP_DEXS, lane)

    async def meta(self, dex: Dex = "", *, lane: Lane) -> wire.Meta:
        """Return the markets of a dex."""
        return await self._ask({"type": "meta", "dex": dex}, _META, lane)

    async def meta_and_contexts(self, dex: Dex = "", *, lane: Lane) -> wire.MetaAndContexts:
        """Return the markets of a dex with their prices."""
        return await self._ask({"type": "metaAndAssetCtxs", "dex": dex}, _META_AND_CONTEXTS, lane)

    async def asset_index(self, *, lane: Lane) -> dict[Coin, int]:
        """Return the asset id of every perpetual of every dex, delisted ones too."""
        found: dict[Coin, int] = {}
        for place, dex in enumerate(await self.perp_dexs(lane=lane)):
            meta = await self.meta("" if dex is None else dex.name, lane=lane)
            found |= {each.coin: each.asset_id for each in instruments(meta, place)}
        return found

    async def all_mids(self, dex: Dex = "", *, lane: Lane) -> wire.Mids:
        """Return the middle prices of a dex; of an empty book it is the last trade's."""
        return await self._ask({"type": "allMids", "dex": dex}, _MIDS, lane)

    async def book(self, coin: Coin, *, lane: Lane) -> wire.L2Book | None:
        """Return 20 levels of each side; None for a coin that the exchange does not know."""
        return await self._ask({"type": "l2Book", "coin": coin}, _BOOK, lane)

    async def funding_history(
        self, coin: Coin, start: EpochMs, end: EpochMs, *, lane: Lane
    ) -> tuple[wire.FundingHistoryRow, ...]:
        """Return the funding rates of a coin between two times, oldest first."""

        async def page(since: EpochMs, until: EpochMs | None) -> tuple[wire.FundingHistoryRow, ...]:
            request = {"type": "fundingHistory", "coin": coin, "startTime": since, "endTime": until or end}
            return await self._ask(request, _FUNDING_HISTORY, lane)

        return tuple(await all_rows(page, start, lambda row: row.time, self._full_page))

    async def candles(
        self, coin: Coin, interval: str, start: EpochMs, end: EpochMs, *, lane: Lane
    ) -> tuple[wire.Candle, ...]:
        """Return the candles that begin between two times, of which only the newest 5,000 exist."""
        span = {"coin": coin, "interval": interval, "startTime": start, "endTime": end}
        return await self._ask({"type": "candleSnapshot", "req": span}, _CANDLES, lane)

    async def capped(self, dex: Dex = "", *, lane: Lane) -> tuple[Coin, ...]:
        """Return the coins of a dex whose open interest may not grow."""
        return await self._ask({"type": "perpsAtOpenInterestCap", "dex": dex}, _COINS, lane)

    async def exchange_status(self, *, lane: Lane) -> wire.ExchangeStatus:
        """Return the exchange's time."""
        return await self._ask({"type": "exchangeStatus"}, _EXCHANGE_STATUS, lane)

    # --- accounts

    async def user_state(self, user: Address, dex: Dex = "", *, lane: Lane) -> wire.ClearinghouseState:
        """Return an account's positions and margin on one dex."""
        return await self._ask({"type": "clearinghouseState", "user": user, "dex": dex}, _STATE, lane)

    async def spot_state(self, user: Address, *, lane: Lane) -> wire.SpotState:
        """Return an account's tokens."""
        return await self._ask({"type": "spotClearinghouseState", "user": user}, _SPOT_STATE, lane)

    async def abstraction(self, user: Address, *, lane: Lane) -> str:
        """Return in which mode an account keeps its money, in the exchange's word."""
        return await self._ask({"type": "userAbstraction", "user": user}, _TEXT, lane)

    async def role(self, user: Address, *, lane: Lane) -> wire.UserRole:
        """Return what an address is; it costs 60."""
        return await self._ask({"type": "userRole", "user": user}, _ROLE, lane)

    async def extra_agents(self, user: Address, *, lane: Lane) -> tuple[wire.ExtraAgent, ...]:
        """Return the named agents of a master."""
        return await self._ask({"type": "extraAgents", "user": user}, _AGENTS, lane)

    async def sub_accounts(self, user: Address, *, lane: Lane) -> tuple[wire.SubAccount, ...]:
        """Return the sub-accounts of a master."""
        return await self._ask({"type": "subAccounts", "user": user}, _SUB_ACCOUNTS, lane) or ()

    async def vault(self, vault: Address, *, lane: Lane) -> wire.VaultDetails | None:
        """Return whose a vault is; None where there is none."""
        return await self._ask({"type": "vaultDetails", "vaultAddress": vault}, _VAULT, lane)

    async def rate_limit(self, user: Address, *, lane: Lane) -> wire.RateLimit:
        """Return how many signed actions an address has used, and how many it may."""
        return await self._ask({"type": "userRateLimit", "user": user}, _RATE_LIMIT, lane)

    async def fees(self, user: Address, *, lane: Lane) -> wire.UserFees:
        """Return an address's fee rates."""
        return await self._ask({"type": "userFees", "user": user}, _FEES, lane)

    async def active_asset(self, user: Address, coin: Coin, *, lane: Lane) -> wire.ActiveAsset:
        """Return a coin's leverage for an account, with a position or without."""
        return await self._ask({"type": "activeAssetData", "user": user, "coin": coin}, _ACTIVE_ASSET, lane)

    async def open_orders(self, user: Address, dex: Dex = "", *, lane: Lane) -> tuple[wire.OpenOrder, ...]:
        """Return the orders that rest on one dex."""
        return await self._ask({"type": "openOrders", "user": user, "dex": dex}, _OPEN_ORDERS, lane)

    async def order_status(self, user: Address, oid: int | Cloid, *, lane: Lane) -> wire.OrderStatus:
        """Return what became of an order; that it is not known is no proof that it never was."""
        return await self._ask({"type": "orderStatus", "user": user, "oid": oid}, _ORDER_STATUS, lane)

    # --- what happened

    async def user_fills(self, user: Address, *, lane: Lane) -> tuple[wire.Fill, ...]:
        """Return the newest fills, 2,000 at most, newest first."""
        return await self._ask({"type": "userFills", "user": user}, _FILLS.whole, lane)

    async def user_fills_by_time(
        self, user: Address, start: EpochMs, end: EpochMs | None = None, *, lane: Lane
    ) -> tuple[wire.Fill, ...]:
        """Return one page of the fills between two times, as it comes; slices of TWAP orders are not among them."""
        return await self._ask(_ranged("userFillsByTime", user, start, end), _FILLS.whole, lane)

    async def twap_fills_by_time(
        self, user: Address, start: EpochMs, end: EpochMs | None = None, *, lane: Lane
    ) -> tuple[wire.Fill, ...]:
        """Return one page of the slices of TWAP orders between two times, as it comes."""
        rows = await self._ask(_ranged("userTwapSliceFillsByTime", user, start, end), _TWAP_FILLS.whole, lane)
        return fills_of(rows)

    async def all_fills(
        self,
        user: Address,
        since: EpochMs,
        *,
        lane: Lane,
        reject: Callable[[msgspec.Raw], None] | None = None,
        with_slices: bool = True,
    ) -> tuple[wire.Fill, ...]:
        """
        Return all fills from a time on: oldest first, each once, in the exchange's order.

        Args:
            user: Whose.
            since: From when on, inclusive.
            lane: What pays for it.
            reject: Is handed each row that cannot be read, once, so that the others go on; without it one such row is
                `VenueProtocolError`.
            with_slices: Whether those of TWAP orders are asked for, too.
        """
        bad: dict[bytes, msgspec.Raw] = {}
        keep = None if reject is None else lambda raw: bad.setdefault(bytes(raw), raw)

        async def plain(start: EpochMs, end: EpochMs | None) -> tuple[wire.Fill, ...]:
            return await self._ask(_ranged("userFillsByTime", user, start, end), _FILLS.reader(keep), lane)

        async def sliced(start: EpochMs, end: EpochMs | None) -> tuple[wire.Fill, ...]:
            request = _ranged("userTwapSliceFillsByTime", user, start, end)
            return fills_of(await self._ask(request, _TWAP_FILLS.reader(keep), lane))

        fills = {fill_key(fill): fill for fill in await all_rows(plain, since, fill_key, self._full_page)}
        if with_slices:
            for fill in await all_rows(sliced, since, fill_key, self._full_page):
                fills.setdefault(fill_key(fill), fill)
        if reject is not None:
            for raw in bad.values():
                reject(raw)
        return tuple(sorted(fills.values(), key=lambda fill: fill.time))

    async def funding(self, user: Address, since: EpochMs, *, lane: Lane) -> tuple[wire.Funding, ...]:
        """Return all payments of funding from a time on, oldest first."""

        async def page(start: EpochMs, end: EpochMs | None) -> tuple[wire.Funding, ...]:
            return await self._ask(_ranged("userFunding", user, start, end), _FUNDING, lane)

        return tuple(await all_rows(page, since, _row, self._full_page))

    async def ledger(self, user: Address, since: EpochMs, *, lane: Lane) -> tuple[wire.LedgerUpdate, ...]:
        """Return all other money that came and went from a time on, oldest first."""

        async def page(start: EpochMs, end: EpochMs | None) -> tuple[wire.LedgerUpdate, ...]:
            return await self._ask(_ranged("userNonFundingLedgerUpdates", user, start, end), _LEDGER, lane)

        return tuple(await all_rows(page, since, _row, self._full_page))

    # --- asking

    async def _ask(self, request: dict[str, object], read: Read[T], lane: Lane) -> T:
        for attempt in range(1, self._attempts):
            try:
                return await self._ask_once(request, read, lane)
            except (VenueUnavailable, OutcomeUnknown):
                most = min(_BACKOFF_MS << (attempt - 1), _BACKOFF_MOST_MS)
                await self._clock.sleep_until(self._clock.now_ms() + self._rng.randint(0, most))
        return await self._ask_once(request, read, lane)

    async def _ask_once(self, request: dict[str, object], read: Read[T], lane: Lane) -> T:
        kind = str(request["type"])
        await self._budget.take(lane, weight_of(kind))
        status, body = await self._transport.post(_PATH, msgspec.json.encode(request))
        if status == TOO_MANY:
            self._budget.refused(lane)
        check_status(_PATH, status, body)
        answer = decoded(kind, read, body)
        if isinstance(answer, tuple):
            self._budget.spend(lane, weight_of_rows(kind, len(answer)))
        return answer


def _row(row: wire.Funding | wire.LedgerUpdate) -> Hashable:
    return row


def _ranged(kind: str, user: Address, start: EpochMs, end: EpochMs | None) -> dict[str, object]:
    request: dict[str, object] = {"type": kind, "user": user, "startTime": start}
    return request if end is None else request | {"endTime": end}

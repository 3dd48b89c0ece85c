"""
Questions on our own accounts: a reading is complete, or it is an error.

1. What an account holds is read on every dex; orders are asked for wherever they can rest: on every dex of a pooled
   account, and of a standard one where it has money or a position.
2. The exchange lists what happened a moment after it did. So fills are complete only up to `LAG_MS` before the
   exchange's time, and how much of an order its fills executed is told only when it ended before that.
3. None of our orders is a TWAP. Slices of one that somebody set by hand are streamed, and fetched with what was missed;
   they are not asked for each time that an order is settled.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from fadearena.adapters.hyperliquid import codec
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.rows import readable
from fadearena.adapters.hyperliquid.venue.accounts import VenueAccount
from fadearena.model.account import AccountMode, DexState
from fadearena.model.command import QueryOrder
from fadearena.model.error import VenueProtocolError
from fadearena.model.event import AccountRead, Event, InputRejected, LeverageRead, OrderFound, OwnFills, SignerRead
from fadearena.model.ids import AccountId, Address, Coin
from fadearena.model.order import Found, OwnFill
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO, EpochMs

LAG_MS: Final = 2 * SECOND_MS
MODE_MS: Final = 5 * MINUTE_MS


class AccountReader:
    """Asks the exchange about accounts of ours."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._modes: dict[Address, tuple[AccountMode, EpochMs]] = {}
        self._masters: dict[Address, Address] = {}

    async def account(self, name: AccountId, account: VenueAccount) -> AccountRead:
        """
        Return an account as it stands on all dexs; its time is that of the oldest answer.

        Raises:
            VenueError: One of the answers is missing.
        """
        info, address, dexs = self._line.info, account.address, self._line.listing.dexs
        mode = await self.mode(account)
        spot = await info.spot_state(address, lane=Lane.OWN)
        states = await asyncio.gather(*(info.user_state(address, dex, lane=Lane.OWN) for dex in dexs))
        read = [codec.dex_state(state, dex) for state, dex in zip(states, dexs, strict=True)]
        times = [state.time for state in states if state.time is not UNSET]
        if len(times) < len(states):
            raise VenueProtocolError("clearinghouseState: time is missing")
        rows = await asyncio.gather(
            *(info.open_orders(address, state.dex, lane=Lane.OWN) for state in read if _may_rest(mode, state))
        )
        return AccountRead(
            time=min(times),
            received=0,
            account=name,
            mode=mode,
            dexs=tuple(read),
            orders=tuple(order for of_dex in rows for order in codec.open_orders(of_dex)),
            spot=codec.spot_equity(spot, mode),
        )

    async def fills(self, name: AccountId, account: VenueAccount, since: EpochMs) -> Sequence[Event]:
        """
        Return our fills from a time on, and up to when they are complete: not at all, if one cannot be read.

        Raises:
            VenueError: They could not be read to the end.
        """
        status = await self._line.info.exchange_status(lane=Lane.OWN)
        fills, rejected = await self._fills(name, account, since)
        complete_to = None if rejected else status.time - LAG_MS
        time = fills[-1].time if fills else status.time
        told = OwnFills(time=time, received=0, account=name, fills=tuple(fills), is_complete_to=complete_to)
        return (*rejected, told)

    async def order(self, command: QueryOrder, account: VenueAccount) -> Sequence[Event]:
        """
        Return what became of an order, behind its fills.

        Raises:
            VenueError: It could not be asked, or its state is none that is known.
        """
        answer = await self._line.info.order_status(account.address, command.cloid, lane=Lane.OWN)
        found = codec.looked_up(answer)
        quantity, fills = found.quantity, list[OwnFill]()
        if answer.order is not UNSET and found.found in {Found.FILLED, Found.CANCELLED}:
            order = answer.order.order
            since, rejected = await self._fills(command.account, account, order.timestamp)
            fills = [fill for fill in since if fill.order_id == order.oid]
            is_settled = self._line.clock.now_ms() > answer.order.statusTimestamp + LAG_MS and not rejected
            if quantity is None and is_settled and (fills or found.found is Found.CANCELLED):
                quantity = sum((fill.quantity for fill in fills), start=ZERO)
        told = OrderFound(
            time=0, received=0, cloid=command.cloid, found=found.found, quantity=quantity, order_id=found.order_id
        )
        return (_own_fills(command.account, fills), told) if fills else (told,)

    async def leverage(self, name: AccountId, account: VenueAccount, coin: Coin) -> LeverageRead:
        """
        Return the leverage that the exchange holds for a coin.

        Raises:
            VenueError: It could not be read.
        """
        active = await self._line.info.active_asset(account.address, coin, lane=Lane.OWN)
        if active.coin != coin:
            raise VenueProtocolError(f"asked for the leverage of {coin!r}, was given that of {active.coin!r}")
        return codec.leverage_read(active, name, 0)

    async def signer(self, name: AccountId, account: VenueAccount, signer: Address) -> SignerRead:
        """
        Return whether somebody may sign for an account: its master, or an agent whom the master has approved.

        Named agents are listed with their end. The one without a name is not: the exchange says whose agent he is.

        Raises:
            VenueError: It could not be read.
        """
        info, until = self._line.info, None
        master = await self._master(account)
        if master is None or signer == master:
            is_approved = signer == master
        else:
            agents = await info.extra_agents(master, lane=Lane.OWN)
            agent = next((each for each in agents if each.address.lower() == signer), None)
            if agent is None:
                role = await info.role(signer, lane=Lane.OWN)
                is_approved = role.role == "agent" and role.data is not UNSET and str(role.data.user).lower() == master
            else:
                until = agent.validUntil or None
                is_approved = until is None or self._line.clock.now_ms() < until
        return SignerRead(time=0, received=0, account=name, signer=signer, is_approved=is_approved, valid_until=until)

    async def mode(self, account: VenueAccount) -> AccountMode:
        """
        Return how an account pools its money; it is asked every five minutes.

        Raises:
            VenueError: It could not be read.
        """
        known, now = self._modes.get(account.address), self._line.clock.now_ms()
        if known is not None and now < known[1] + MODE_MS:
            return known[0]
        mode = codec.account_mode(await self._line.info.abstraction(account.address, lane=Lane.OWN))
        self._modes[account.address] = mode, now
        return mode

    async def _master(self, account: VenueAccount) -> Address | None:
        """Return whose an account is; None where it is a sub-account or vault that does not exist."""
        if not account.is_vault:
            return account.address
        if account.address not in self._masters:
            role = await self._line.info.role(account.address, lane=Lane.OWN)
            found = None
            if role.role == "vault":
                vault = await self._line.info.vault(account.address, lane=Lane.OWN)
                found = None if vault is None else vault.leader
            elif role.data is not UNSET:
                found = role.data.master or None
            if found is None:
                return None
            self._masters[account.address] = found.lower()
        return self._masters[account.address]

    async def _fills(
        self, name: AccountId, account: VenueAccount, since: EpochMs
    ) -> tuple[list[OwnFill], list[InputRejected]]:
        rows = await self._line.info.all_fills(account.address, since, lane=Lane.OWN, with_slices=False)
        return readable(rows, lambda row: codec.own_fill(row, name, account.address))


def _may_rest(mode: AccountMode, state: DexState) -> bool:
    """Tell whether an order of the account can rest on a dex: it needs money there, or a position to reduce."""
    return mode is not AccountMode.STANDARD or bool(state.value) or bool(state.positions)


def _own_fills(name: AccountId, fills: Sequence[OwnFill]) -> OwnFills:
    return OwnFills(time=fills[-1].time, received=0, account=name, fills=tuple(fills))

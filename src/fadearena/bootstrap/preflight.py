"""
What the exchange says of our accounts before real money is put at risk: who signs, what is there, and what is missing.

A question that cannot be asked raises: nobody knows then whether all is well.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import UNSET

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.venue import VenueAccount
from fadearena.adapters.hyperliquid.venue.reads import AccountReader
from fadearena.bootstrap.collateral import Holding, Pool, needed, shortages
from fadearena.bootstrap.way import Way
from fadearena.kit.decimals import plain
from fadearena.model.account import AccountMode, equity_of
from fadearena.model.event import AccountRead, SignerRead
from fadearena.model.finding import Finding, Level
from fadearena.model.ids import AccountId, Dex
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.units import SECOND_MS, ZERO, Ratio, Usd
from fadearena.model.wallet import WalletRole

DAY_MS = 86_400 * SECOND_MS
_SOON_MS = 7 * DAY_MS
_MOST_SPREAD_MS = SECOND_MS
_MOST_OFFSET_MS = 30 * SECOND_MS
_OLDEST_BOOK_MS = 10 * SECOND_MS
_BOTS_READ = 10
"""So many bots of an account are read for an estimate: each takes a weight of 2 on every dex."""
_FEW_ACTIONS = 2_000
_APPROVE = "approve it on the exchange's page More > API (app.hyperliquid.xyz/API), as the account's owner"


class Preflight:
    """Looks at the accounts of some settings; `equity` is what they were worth, where that is known."""

    def __init__(self, way: Way, policy: Policy) -> None:
        self.equity: dict[AccountId, Usd] = {}
        self._way = way
        self._info = way.info
        self._reader = AccountReader(way.line)
        self._policy = policy

    async def examine(self) -> list[Finding]:
        """
        Make all checks.

        Raises:
            VenueError: One of them cannot be made.
        """
        if not self._way.listing.instruments:
            await self._way.listing.refresh()
        found = [await self._clock(), await self._prices()]
        if not self._policy.accounts:
            advice = "`fadearena accounts add`"
            found.append(Finding(check="accounts", level=Level.FAIL, text="there is none", advice=advice))
        holdings: list[Holding] = []
        for account in self._policy.accounts:
            found += await self._account(account, holdings)
        return [*found, *await self._collateral(holdings)]

    async def _clock(self) -> Finding:
        offset, spread = await self._way.listing.clock_offset()
        text = f"ours is {abs(offset)} ms {'ahead of' if offset >= 0 else 'behind'} the exchange's, within {spread} ms"
        if spread > _MOST_SPREAD_MS:
            advice = "it answers so slowly that nothing would be opened: look for a better connection"
            return Finding(check="clock", level=Level.FAIL, text=text, advice=advice)
        if abs(offset) > _MOST_OFFSET_MS:
            advice = (
                "run a time service on this machine: what it journals first bears its own time, and never goes back"
            )
            return Finding(check="clock", level=Level.FAIL, text=text, advice=advice)
        return Finding(check="clock", level=Level.OK, text=text)

    async def _prices(self) -> Finding:
        """Look how old a book is that ought to be new."""
        coin = next((each.coin for each in self._way.listing.instruments if not each.is_delisted), None)
        book = None if coin is None else await self._info.book(coin, lane=Lane.REST)
        if book is None:
            advice = "look whether the exchange works: https://app.hyperliquid.xyz"
            return Finding(check="market data", level=Level.FAIL, text="there is no book to read", advice=advice)
        age = max(self._way.time.now_ms() - book.time, 0)
        text = f"the book of {coin} is {age} ms old"
        if age > _OLDEST_BOOK_MS:
            advice = "the exchange stands still, or our clock is wrong: look at both"
            return Finding(check="market data", level=Level.FAIL, text=text, advice=advice)
        return Finding(check="market data", level=Level.OK, text=text)

    async def _account(self, account: AccountPolicy, holdings: list[Holding]) -> list[Finding]:
        venue = VenueAccount(address=account.address, is_vault=account.is_vault, signer=account.signer)
        role = await self._role(account)
        if role.level is Level.FAIL:
            return [role]
        read = await self._reader.account(account.id, venue)
        signer = await self._reader.signer(account.id, venue, account.signer)
        equity = equity_of(read.mode, tuple(dex.value for dex in read.dexs), read.spot)
        if equity is not None:
            self.equity[account.id] = equity
        dexs = {dex.dex: dex.value for dex in read.dexs}
        holdings.append(Holding(account=account, mode=read.mode, dexs=dexs, equity=equity))
        return [
            role,
            self._signer(account, signer),
            _money(account, read, equity),
            _foreign(account, read),
            await self._margin(account, read),
            await self._actions(account),
        ]

    async def _role(self, account: AccountPolicy) -> Finding:
        check = f"account {account.id}"
        found = await self._info.role(account.address, lane=Lane.REST)
        role = codec.wallet_role(found)
        if role is WalletRole.AGENT:
            owner = "its owner's" if found.data is UNSET or found.data.user is UNSET else found.data.user
            text = f"{account.address} only signs for another address, and holds nothing"
            advice = f"`fadearena accounts set {account.id} address={owner}`"
            return Finding(check=check, level=Level.FAIL, text=text, advice=advice)
        if role is WalletRole.MISSING:
            text = f"the exchange does not know {account.address}"
            return Finding(check=check, level=Level.FAIL, text=text, advice="look at the address, or deposit first")
        if (role is not WalletRole.USER) != account.is_vault:
            text = f"{account.address} is a {role}, and the settings say isVault={str(account.is_vault).lower()}"
            advice = f"`fadearena accounts set {account.id} isVault={str(role is not WalletRole.USER).lower()}`"
            return Finding(check=check, level=Level.FAIL, text=text, advice=advice)
        return Finding(check=check, level=Level.OK, text=f"{account.address} is a {role}")

    def _signer(self, account: AccountPolicy, read: SignerRead) -> Finding:
        check = f"signer of {account.id}"
        if account.signer == account.address:
            advice = "an agent's key can trade and cannot withdraw: `fadearena keys new`, and approve that one"
            text = "the account's own key signs, which can also withdraw everything"
            return Finding(check=check, level=Level.WARN, text=text, advice=advice)
        if not read.is_approved:
            text = f"{account.signer} may not sign for {account.address}, or its approval has ended"
            return Finding(check=check, level=Level.FAIL, text=text, advice=_APPROVE)
        if read.valid_until is None:
            return Finding(check=check, level=Level.OK, text=f"{account.signer} may sign; no end is told")
        left = read.valid_until - self._way.time.now_ms()
        text = f"{account.signer} may sign until {_day(read.valid_until)}"
        if left <= 0:
            return Finding(check=check, level=Level.FAIL, text=text, advice=f"`fadearena keys rotate {account.id}`")
        if left < _SOON_MS:
            return Finding(check=check, level=Level.WARN, text=text, advice=f"`fadearena keys rotate {account.id}`")
        return Finding(check=check, level=Level.OK, text=text)

    async def _margin(self, account: AccountPolicy, read: AccountRead) -> Finding:
        """Look at the leverage of what is held: that of a flat coin is set before its first order."""
        check, most = f"leverage of {account.id}", account.max_leverage
        held = [position.coin for dex in read.dexs for position in dex.positions]
        active = [await self._info.active_asset(account.address, coin, lane=Lane.REST) for coin in held]
        odd = [one for one in active if one.leverage.value > most or one.leverage.type != "cross"]
        if not odd:
            text = f"each coin is set to at most {most}x, cross where the market allows it, before its first order"
            return Finding(check=check, level=Level.OK, text=text)
        text = ", ".join(f"{one.coin} is at {one.leverage.value}x {one.leverage.type}" for one in odd)
        advice = f"it stays so while it is held; afterwards it is set to at most {most}x, cross where that is allowed"
        return Finding(check=check, level=Level.WARN, text=text, advice=advice)

    async def _actions(self, account: AccountPolicy) -> Finding:
        left = codec.actions_left(await self._info.rate_limit(account.address, lane=Lane.REST))
        check, text = f"actions of {account.id}", f"{left} signed actions are left"
        if left < _FEW_ACTIONS:
            advice = "each USD that is traded gives one more; under 1,000 only exits are sent"
            return Finding(check=check, level=Level.WARN, text=text, advice=advice)
        return Finding(check=check, level=Level.OK, text=text)

    async def _collateral(self, holdings: Sequence[Holding]) -> list[Finding]:
        """
        Compare what the bots hold now with the money that holding our part of it would take, dex by dex.

        Of many bots of an account only some are read, and stand for all of them.
        """
        instruments = {each.coin: each for each in self._way.listing.instruments}
        by_account = {holding.account.id: holding for holding in holdings}
        want: dict[AccountId, dict[Pool, Usd]] = {name: {} for name in by_account}
        followed = [bot for bot in self._policy.bots if bot.enabled and bot.account in by_account]
        shared = Counter(bot.account for bot in followed)
        read = Counter[AccountId]()
        for bot in followed:
            name, holding = bot.account, by_account[bot.account]
            read[name] += 1
            if read[name] > _BOTS_READ:
                continue
            for_all = Ratio(shared[name]) / min(shared[name], _BOTS_READ)
            for pool, usd in needed(bot, await self._states(bot), holding, instruments, shared[name]).items():
                want[name][pool] = want[name].get(pool, ZERO) + usd * for_all
        return shortages(holdings, want)

    async def _states(self, bot: BotPolicy) -> dict[Dex, wire.ClearinghouseState]:
        dexs = self._way.listing.dexs
        states = await asyncio.gather(*(self._info.user_state(bot.wallet, dex, lane=Lane.REST) for dex in dexs))
        return dict(zip(dexs, states, strict=True))


def _money(account: AccountPolicy, read: AccountRead, equity: Usd | None) -> Finding:
    check = f"money of {account.id}"
    if read.mode is AccountMode.UNKNOWN or equity is None:
        text = f"the account is in a mode ({read.mode}) in which its equity cannot be told"
        advice = "choose the standard or the unified mode on the exchange's page"
        return Finding(check=check, level=Level.FAIL, text=text, advice=advice)
    where = (
        "in its spot balance"
        if read.mode.is_pooled
        else ", ".join(f"{plain(dex.value)} on {dex.dex or 'the main dex'}" for dex in read.dexs if dex.value)
    )
    text = f"{read.mode} mode, {plain(equity)} USD{f' ({where})' if equity else ''}"
    if equity <= 0:
        return Finding(check=check, level=Level.FAIL, text=text, advice="deposit first")
    return Finding(check=check, level=Level.OK, text=text)


def _foreign(account: AccountPolicy, read: AccountRead) -> Finding:
    """Tell what is there already: it is shown, and left alone."""
    check = f"holdings of {account.id}"
    held = [f"{position.coin} {plain(position.size)}" for dex in read.dexs for position in dex.positions]
    held += [f"an order on {order.coin}" for order in read.orders]
    if not held:
        return Finding(check=check, level=Level.OK, text="no position and no order is there")
    advice = "it stays as it is: it is not traded, only a flatten of everything closes it"
    return Finding(check=check, level=Level.WARN, text=f"there already: {', '.join(held)}", advice=advice)


def _day(time: int) -> str:
    return datetime.fromtimestamp(time / SECOND_MS, UTC).date().isoformat()

"""
The money of accounts: deposits, transfers between balances, leverage, and the margin of isolated positions.

All refusals here are of the whole action, in the exchange's words.
"""

from fadearena.model.ids import Address
from fadearena.model.units import ZERO, Ratio, Usd
from fadearena.sandbox.exchange.money import isolated_worth, margins
from fadearena.sandbox.exchange.state import CENT, POOLED, SPOT, Account, Leverage, Pooling, Position
from fadearena.sandbox.exchange.trading import Floor
from fadearena.sandbox.listing import FIRST_DEX, Asset, Restriction
from fadearena.sandbox.nouns import ActionRefused, Positions, Transfer

_KEEP = Ratio("0.1")


class Funds:
    """What accounts own and how it backs their positions."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def deposit(self, user: Address, usd: Usd, balance: str) -> None:
        """Bring money to the exchange; the account is opened by it."""
        account = self._floor.account(user)
        self._floor.books.deposits += usd
        account.credit(account.pool(balance), usd)
        account.came_in += usd
        self._note(user, "deposit", usd, self._floor.new_hash(), (None, "", balance))

    def withdraw(self, user: Address, usd: Usd, balance: str) -> None:
        """
        Take money away from the exchange.

        Raises:
            ActionRefused: There is no such balance, or too little is free.
        """
        account = self._floor.acting(user)
        pool = account.pool(balance)
        if not self._has(balance) or not 0 < usd <= margins(account, pool, self._floor).withdrawable:
            raise ActionRefused("Insufficient balance for withdrawal.")
        self._floor.books.deposits -= usd
        account.credit(pool, -usd)
        account.came_in -= usd
        self._note(user, "withdraw", -usd, self._floor.new_hash(), (None, balance, ""))

    def set_mode(self, user: Address, mode: Pooling) -> None:
        """
        Change how balances are pooled.

        Raises:
            ActionRefused: There are positions.
        """
        account = self._floor.acting(user)
        if account.positions or account.open:
            raise ActionRefused("Cannot change abstraction with open positions or orders.")
        if mode in POOLED:
            account.cash = {SPOT: sum(account.cash.values(), start=ZERO)}
        account.mode = mode
        self._floor.tell(Positions(user))

    def set_leverage(self, user: Address, asset_id: int, leverage: Leverage) -> None:
        """
        Set leverage and margin mode of a coin.

        Raises:
            ActionRefused: The coin does not allow it, or the margin does not suffice.
        """
        account, asset = self._floor.acting(user), self._asset(asset_id)
        if not 1 <= leverage.value <= asset.max_leverage:
            raise ActionRefused("Invalid leverage value")
        if leverage.is_cross and asset.restriction is not None:
            raise ActionRefused("Cross margin is not allowed for this asset.")
        position, present = account.positions.get(asset.coin), account.leverage(asset)
        if position is not None and leverage.is_cross is not present.is_cross:
            raise ActionRefused("Cannot switch leverage type with open position.")
        if position is not None and leverage.value < present.value:
            self._back(account, asset, position, leverage)
        account.leverages[asset.coin] = leverage
        self._floor.tell(Positions(user))

    def _back(self, account: Account, asset: Asset, position: Position, leverage: Leverage) -> None:
        """Put more margin behind a position whose leverage is lowered."""
        mark, pool = self._floor.mark(asset.coin), account.pool(asset.dex)
        needed = abs(position.size) * mark / leverage.value
        kind = "Cross" if leverage.is_cross else "Isolated"
        if leverage.is_cross:
            lacks = needed > margins(account, pool, self._floor, asset.coin).free
        else:
            more = max(ZERO, (needed - isolated_worth(position, mark)).quantize(CENT))
            lacks = more > margins(account, pool, self._floor).withdrawable
            if not lacks:
                position.margin += more
                account.credit(pool, -more)
        if lacks:
            text = "position does not have sufficient margin available to decrease leverage."
            raise ActionRefused(f"{kind} {text}")

    def add_isolated_margin(self, user: Address, asset_id: int, usd: Usd) -> None:
        """
        Move money to an isolated position, or (< 0) from it.

        Raises:
            ActionRefused: There is no such position, or too little would be left.
        """
        account, asset = self._floor.acting(user), self._asset(asset_id)
        position, leverage = account.positions.get(asset.coin), account.leverage(asset)
        if usd == 0:
            raise ActionRefused("Update to isolated margin cannot be zero.")
        if position is None:
            raise ActionRefused("Cannot update margin for empty position.")
        if leverage.is_cross:
            raise ActionRefused("Position does not use isolated margin.")
        mark, pool = self._floor.mark(asset.coin), account.pool(asset.dex)
        notional = abs(position.size) * mark
        kept = max(notional / leverage.value, _KEEP * notional)
        is_strict = asset.restriction is Restriction.STRICT_ISOLATED
        if usd < 0 and (is_strict or isolated_worth(position, mark) + usd < kept):
            raise ActionRefused("Isolated position does not have sufficient margin available to remove.")
        if usd > margins(account, pool, self._floor).withdrawable:
            raise ActionRefused("Insufficient margin available to add to isolated position.")
        position.margin += usd
        account.credit(pool, -usd)
        self._floor.tell(Positions(user))

    def move(self, user: Address, source: str, other: Address, destination: str, usd: Usd) -> str:
        """
        Move money between balances, of one user or of a user and its sub-accounts; return the transaction's hash.

        Raises:
            ActionRefused: A balance or the receiver does not exist, or there is too little.
        """
        giver, taker = self._floor.acting(user), self._floor.books.accounts.get(other)
        if not (self._has(source) and self._has(destination)):
            raise ActionRefused("Invalid dex.")
        if taker is None or usd <= 0:
            raise ActionRefused("Invalid transfer.")
        start, end = giver.pool(source), taker.pool(destination)
        if giver is taker and start == end:
            raise ActionRefused("Action disabled when unified account is active")
        if usd > margins(giver, start, self._floor).withdrawable:
            raise ActionRefused("Insufficient balance for transfer.")
        giver.credit(start, -usd)
        giver.came_in -= usd
        taker.credit(end, usd)
        taker.came_in += usd
        return self._floor.new_hash()

    def send(self, user: Address, source: str, other: Address, destination: str, usd: Usd) -> None:
        """
        Move money and write it down as a `send`.

        Raises:
            ActionRefused: As `move`, and where the receiver is neither the user nor a sub-account of it.
        """
        family = {user, *self._floor.acting(user).sub_accounts, self._floor.acting(user).master}
        if other not in family:
            raise ActionRefused("Agent can only send asset to same user or their sub-accounts.")
        hash_ = self.move(user, source, other, destination, usd)
        self._note(user, "send", -usd if other != user else usd, hash_, (other, source, destination))
        if other != user:
            self._note(other, "send", usd, hash_, (user, source, destination))

    def class_transfer(self, user: Address, usd: Usd, *, to_perp: bool) -> None:
        """
        Move money between spot and the first dex.

        Raises:
            ActionRefused: As `move`.
        """
        source, destination = (SPOT, FIRST_DEX) if to_perp else (FIRST_DEX, SPOT)
        hash_ = self.move(user, source, user, destination, usd)
        self._note(user, "accountClassTransfer", usd, hash_, (None, source, destination))

    def sub_account_transfer(self, user: Address, sub: Address, usd: Usd, *, is_deposit: bool) -> None:
        """
        Move money between the first dex of a user and that of a sub-account.

        Raises:
            ActionRefused: As `move`, and where the sub-account is another's.
        """
        if sub not in self._floor.acting(user).sub_accounts:
            raise ActionRefused(f"Vault not registered: {sub}")
        giver, taker = (user, sub) if is_deposit else (sub, user)
        hash_ = self.move(giver, FIRST_DEX, taker, FIRST_DEX, usd)
        self._note(giver, "subAccountTransfer", -usd, hash_, (taker, "", ""))
        self._note(taker, "subAccountTransfer", usd, hash_, (giver, "", ""))

    def _note(self, user: Address, kind: str, usd: Usd, hash_: str, way: tuple[Address | None, str, str]) -> None:
        account, (other, source, destination) = self._floor.account(user), way
        transfer = Transfer(
            user=user,
            time=self._floor.books.time,
            hash=hash_,
            kind=kind,
            usd=usd,
            other=other,
            source=source,
            destination=destination,
        )
        account.note(transfer)
        self._floor.tell(transfer)
        self._floor.tell(Positions(user))

    def _has(self, balance: str) -> bool:
        return balance == SPOT or any(dex.name == balance for dex in self._floor.listed.dexs)

    def _asset(self, asset_id: int) -> Asset:
        asset = self._floor.listed.by_id.get(asset_id)
        if asset is None:
            raise ActionRefused(f"Unknown asset {asset_id}.")
        return asset

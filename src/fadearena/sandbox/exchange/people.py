"""
Who may act for an account: agents and sub-accounts; and what an account may still do.

All refusals here are of the whole action, in the exchange's words.
"""

from fadearena.adapters.sim.arena.traders import wallet_of
from fadearena.model.ids import Address
from fadearena.model.units import DAY_MS, SECOND_MS, EpochMs, Ratio, Usd
from fadearena.sandbox.exchange.state import Account, Agent
from fadearena.sandbox.exchange.trading import Floor
from fadearena.sandbox.nouns import ActionRefused

ZERO_ADDRESS = "0x" + 40 * "0"
AGENT_LIFE_MS = 90 * DAY_MS
_AGENT_LIFE_MAX_MS = 180 * DAY_MS
_NAMED_AGENTS, _AGENTS_PER_SUB = 3, 2
_SUB_ACCOUNTS_MAX = 10
_NAME_MAX = 16
_REQUESTS, _MORE_CANCELS = 10_000, 100_000
_SUB_VOLUME, _CANCEL_VOLUME = Usd(100_000), Usd(1_000_000)
_AHEAD_MS = 5 * SECOND_MS
_FIRED_MAX = 10
_KEEP = Ratio("0.1")


class People:
    """
    Those who act on the exchange.

    Args:
        floor: Where they trade.
        needs_volume: Whether sub-accounts and scheduled cancels ask for the volume that the exchange asks for.
    """

    def __init__(self, floor: Floor, *, needs_volume: bool) -> None:
        self._floor = floor
        self._needs_volume = needs_volume

    def owner_of(self, signer: Address) -> Address | None:
        """Return the user for whom an address may act: itself, or who approved it as an agent; None is unknown."""
        books = self._floor.books
        if signer in books.agent_of:
            return books.master_of(signer)
        return signer if signer in books.accounts else None

    def who_acts(self, signer: Address, vault_address: Address | None = None) -> Address:
        """
        Return the account that a signed action is for.

        Raises:
            ActionRefused: The signer is unknown, or the vault is no sub-account of its user.
        """
        owner = self.owner_of(signer)
        if owner is None:
            raise ActionRefused(f"User or API Wallet {signer} does not exist.")
        if vault_address is None:
            return owner
        vault = self._floor.books.accounts.get(vault_address)
        if vault is None or vault.master != owner:
            raise ActionRefused(f"Vault not registered: {vault_address}")
        return vault_address

    def schedule_cancel(self, user: Address, time: EpochMs | None) -> None:
        """
        Set the moment at which all orders are cancelled; None forgets it.

        Raises:
            ActionRefused: It is too early, there were too many today, or the account traded too little.
        """
        account, now = self._floor.acting(user), self._floor.books.time
        self._needs(account, _CANCEL_VOLUME, "set scheduled cancel time")
        if time is not None and time < now + _AHEAD_MS:
            raise ActionRefused("Scheduled cancel time too early, must be at least 5 seconds from now.")
        if time is not None and account.cancels_fired.get(now // DAY_MS, 0) >= _FIRED_MAX:
            raise ActionRefused("Too many scheduled cancels triggered for the day. Limit: 10.")
        account.cancel_at = time

    def count_volume(self, user: Address, usd: Usd) -> None:
        """Let an account have traded more than it did."""
        self._floor.acting(user).volume += usd

    def create_sub_account(self, user: Address, name: str) -> Address:
        """
        Open a sub-account and return its address.

        Raises:
            ActionRefused: The name is no name, there are too many, or the account traded too little.
        """
        account = self._floor.acting(user)
        self._needs(account, _SUB_VOLUME, "create sub-accounts")
        if not 1 <= len(name) <= _NAME_MAX:
            raise ActionRefused("Sub-account name must be between 1 and 16 characters.")
        if account.master is not None or len(account.sub_accounts) >= _SUB_ACCOUNTS_MAX:
            raise ActionRefused("Too many sub-accounts.")
        address = wallet_of(f"{user}/{len(account.sub_accounts)}/{name}")
        sub = self._floor.account(address)
        sub.master, sub.name, sub.mode = user, name, account.mode
        account.sub_accounts.append(address)
        return address

    def approve_agent(self, user: Address, agent: Address, name: str, valid_until: EpochMs | None) -> None:
        """
        Let a wallet act for a user; one of the same name is replaced, and the zero address only removes it.

        Raises:
            ActionRefused: The wallet has an account or a user already, the time is over, or there are too many.
        """
        account, books = self._floor.acting(user), self._floor.books
        until = books.time + AGENT_LIFE_MS if valid_until is None else valid_until
        if until <= books.time:
            raise ActionRefused("Agent valid_until already expired.")
        if agent in books.agent_of or agent in books.accounts:
            raise ActionRefused("Extra agent already used.")
        others = [one for one in account.agents if one.name != name]
        limit = _NAMED_AGENTS + _AGENTS_PER_SUB * len(account.sub_accounts)
        alive = sum(1 for one in others if one.name and one.valid_until > books.time)
        if name and agent != ZERO_ADDRESS and alive >= limit:
            raise ActionRefused(f"Too many extra agents for cumulative volume traded. Current limit is {limit}")
        for replaced in account.agents:
            if replaced.name == name:
                del books.agent_of[replaced.address]
        account.agents = others
        if agent != ZERO_ADDRESS:
            account.agents.append(Agent(agent, name, min(until, books.time + _AGENT_LIFE_MAX_MS)))
            books.agent_of[agent] = user

    def count_requests(self, user: Address, count: int, *, is_cancel: bool) -> None:
        """
        Count the requests of an account against what its volume allows.

        Raises:
            ActionRefused: There are none left.
        """
        account = self._floor.acting(user)
        limit = _REQUESTS + int(account.counted_volume)
        most = min(limit + _MORE_CANCELS, limit * 2) if is_cancel else limit
        if account.requests + count > most:
            raise ActionRefused(
                f"Too many cumulative requests sent ({account.requests + count} > {most}) for cumulative volume traded "
                f"${account.counted_volume:.2f}. Place taker orders to free up 1 request per USDC traded."
            )
        account.requests += count

    def _needs(self, account: Account, usd: Usd, what: str) -> None:
        if self._needs_volume and account.volume < usd:
            raise ActionRefused(
                f"Cannot {what} until enough volume traded. Required: ${usd}. Traded: ${account.volume:.2f}."
            )

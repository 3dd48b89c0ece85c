"""
Agents: keys of their own that may trade for an account and cannot withdraw. Made here, approved at the exchange.

1. A new agent has a new key: the exchange forgets the nonces of one that was replaced, and what it once signed could be
   sent again. It has a name of its own, too: under the name of another it would replace that one at once.
2. A change of the signer leaves no gap: first the new one is approved, then the settings name it, and the worker, which
   holds both, settles with the old one what that has sent.
"""

import secrets
from collections.abc import Callable

import msgspec
from pydantic import SecretStr

from fadearena.adapters.hyperliquid.venue.reads import AccountReader
from fadearena.bootstrap.client import Client
from fadearena.bootstrap.keys import open_keys
from fadearena.bootstrap.live import venue_account
from fadearena.bootstrap.live_doctor import open_way
from fadearena.bootstrap.policies import account_of
from fadearena.bootstrap.sandbox import SandboxControl
from fadearena.config import Config, Network
from fadearena.kit.clock import SystemClock
from fadearena.model.error import InvalidInput, VenueError, VenueUnavailable
from fadearena.model.event import SetPolicy
from fadearena.model.ids import AccountId, Address, address
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.control import ControlEntry

PAGES = {
    Network.MAINNET: "https://app.hyperliquid.xyz/API",
    Network.TESTNET: "https://app.hyperliquid-testnet.xyz/API",
}
"""Where the owner of an account approves its agents."""
_POLL_MS = 5 * SECOND_MS


class Agent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key that is there, and for which accounts of the settings it signs."""

    address: Address
    accounts: tuple[AccountId, ...]


def new_key(config: Config) -> Address:
    """
    Make a key, keep it, and return its address.

    Raises:
        InvalidInput: It cannot be kept.
    """
    return open_keys(config).add(SecretStr("0x" + secrets.token_hex(32)))


def name_of(agent: Address) -> str:
    """Return the name under which an agent is approved."""
    return f"fade-{agent[2:10]}"


def how_to_approve(network: Network, agent: Address, account: Address | None) -> str:
    """Say what the owner of an account has to do."""
    owner = f"as the owner of {account}" if account else "as the owner of the account"
    if network is Network.SANDBOX:
        return f"on a sandbox, approve it with POST /sandbox/agents, {owner}"
    return (
        f"open {PAGES.get(network, PAGES[Network.MAINNET])}, connect {owner}, choose the name {name_of(agent)}, paste "
        f"{agent} as the API wallet's address, and authorize it for 180 days"
    )


async def approve_on_sandbox(config: Config, account: Address, agent: Address, *, deposit: str | None = None) -> None:
    """
    Do on a sandbox what the owner of an account does at the exchange.

    Raises:
        VenueError: No sandbox answers, or it refuses.
    """
    async with SandboxControl(config.sandbox_url) as control:
        if deposit is not None:
            await control.deposit(account, deposit)
        await control.approve(account, agent, name_of(agent))


async def wait_for_approval(
    config: Config, network: Network, account: AccountPolicy, patience_ms: EpochMs, say: Callable[[str], None]
) -> None:
    """
    Wait until the exchange lets the account's signer sign for it.

    Raises:
        VenueUnavailable: It does not come to that in time.
    """
    wall = SystemClock()
    ends = wall.now_ms() + patience_ms
    async with open_way(config, network) as way:
        while True:
            try:
                read = await AccountReader(way.line).signer(account.id, venue_account(account), account.signer)
            except VenueError as error:
                say(f"the exchange cannot be asked at the moment: {error}")
            else:
                if read.is_approved:
                    return
            if wall.now_ms() >= ends:
                minutes = patience_ms // MINUTE_MS
                raise VenueUnavailable(
                    f"{account.signer} is not approved after {minutes} minutes: its key stays where it is; approve it, "
                    f"then `fadearena accounts set {account.id} signer={account.signer}`"
                )
            await wall.sleep_until(wall.now_ms() + _POLL_MS)


async def name_signer(client: Client, account: AccountId, signer: Address, actor: str) -> ControlEntry:
    """
    Have the settings name another signer; the worker loads its key by itself.

    Raises:
        InvalidInput: There is no such account.
        StorageError: The read store cannot be used.
    """
    view = await client.settings()
    account_of(view.policy, account)
    accounts = tuple(
        msgspec.structs.replace(each, signer=signer) if each.id == account else each for each in view.policy.accounts
    )
    policy = msgspec.structs.replace(view.policy, accounts=accounts)
    return await client.order(SetPolicy(policy=policy, expected_version=view.policy.version), actor)


def agents_of(config: Config, policy: Policy | None) -> tuple[Agent, ...]:
    """
    Return the keys that are there, with what they are for.

    Raises:
        InvalidInput: What keeps them cannot be used.
    """
    accounts = () if policy is None else policy.accounts
    return tuple(
        Agent(address=each, accounts=tuple(account.id for account in accounts if account.signer == each))
        for each in open_keys(config).addresses()
    )


def add_key(config: Config, key: SecretStr) -> Address:
    """
    Keep a key that was made elsewhere, and return its address.

    Raises:
        InvalidInput: It is none, or cannot be kept.
    """
    return open_keys(config).add(key)


def remove_key(config: Config, text: str, policy: Policy | None) -> Address:
    """
    Forget a key that no account needs any more.

    Raises:
        InvalidInput: It is not there, or an account's signer.
    """
    gone = address(text)
    used = () if policy is None else [account.id for account in policy.accounts if account.signer == gone]
    if used:
        raise InvalidInput(
            f"{gone} signs for {', '.join(used)}: give it another signer first, with `fadearena keys rotate {used[0]}`"
        )
    if not open_keys(config).remove(gone):
        raise InvalidInput(f"there is no key of {gone}: `fadearena keys list` shows those that there are")
    return gone

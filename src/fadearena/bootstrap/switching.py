"""
From simulation to live trading and back.

1. The settings go along, and who has access; positions and money do not: each mode has databases of its own.
2. The order of the writes: the worker agrees to leave, the other database takes both over, and last of all `mode.json`
   names the other mode. Wherever this is broken off, one mode is active, and it is the one that was.
3. Worker and API see the file and begin anew in the other mode by themselves.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN

import msgspec

from fadearena.adapters.hyperliquid import codec
from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.hyperliquid.venue.reads import AccountReader
from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.bootstrap.client import Client, open_client
from fadearena.bootstrap.doctor import examine_places
from fadearena.bootstrap.exchange_doctor import rate_of
from fadearena.bootstrap.grants import carry_grants
from fadearena.bootstrap.keys import Signers, open_keys, without_key
from fadearena.bootstrap.live import venue_account
from fadearena.bootstrap.live_doctor import armed, open_way, unreachable
from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.policies import limits_missing, limits_of
from fadearena.bootstrap.preflight import Preflight
from fadearena.bootstrap.starting import no_settings, what_is_open
from fadearena.bootstrap.tables import make_tables
from fadearena.bootstrap.upkeep import put_policy
from fadearena.bootstrap.way import Way
from fadearena.config import Config, Network
from fadearena.kit.decimals import normalise
from fadearena.model.error import InvalidInput, VenueError
from fadearena.model.event import LeaveMode, Pause
from fadearena.model.finding import Finding, Level
from fadearena.model.ids import AccountId
from fadearena.model.order import ActionOutcome
from fadearena.model.policy import AccountPolicy, Mode, Policy
from fadearena.model.units import SECOND_MS, ZERO, Usd
from fadearena.ports.control import ControlState
from fadearena.runtime.engine import Engine
from fadearena.runtime.recovery import recover


class CannotLeave(InvalidInput):
    """The active mode cannot be left: something is open, or nobody can tell."""


_GLOBAL, _EACH, _DAILY = Usd(2), Usd("0.5"), Usd("0.05")
"""What is proposed where there is no limit: exposure of all bots and of each, and the loss of a day, by equity."""
_APART_MS = 2 * SECOND_MS


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What going live would be: the settings, which limits were put where there was none, and what was found."""

    policy: Policy
    proposed: tuple[str, ...]
    findings: tuple[Finding, ...]


async def propose(config: Config, places: Places) -> Proposal:
    """
    Make the settings for live trading from those in force, and look at everything that has to be right.

    Raises:
        InvalidInput: The arena has no live trading, there are no settings, or the keys cannot be used.
        StorageError: The databases cannot be used.
    """
    if places.network is Network.ARENA:
        raise InvalidInput("the arena is made up: choose another network and another data directory to trade live")
    policy = msgspec.structs.replace(await policy_in_force(places), mode=Mode.LIVE)
    findings = [*examine_places(places), armed(config), await _on_paper(places)]
    equity: Mapping[AccountId, Usd] = {}
    try:
        async with open_way(config, places.network) as way:
            preflight = Preflight(way, policy)
            findings += [*await preflight.examine(), rate_of(way.budget)]
            equity = preflight.equity
            if not any(found.level is Level.FAIL for found in findings):
                findings += await prove(config, way, policy)
    except VenueError as error:
        findings.append(unreachable(error))
    limited = with_limits(policy, sum(equity.values(), start=ZERO))
    return Proposal(
        policy=limited,
        proposed=tuple(name for name in limits_missing(policy) if name not in limits_missing(limited)),
        findings=(*findings, limits_of(limited, Level.FAIL)),
    )


def with_limits(policy: Policy, equity: Usd) -> Policy:
    """Return settings with the limits that are proposed, by our equity, wherever there is none."""
    if equity <= 0:
        return policy
    each = _cents(equity * _EACH)
    bots = (msgspec.structs.replace(bot, exposure_cap=each) if bot.exposure_cap is None else bot for bot in policy.bots)
    return msgspec.structs.replace(
        policy,
        global_exposure_cap=policy.global_exposure_cap or _cents(equity * _GLOBAL),
        daily_loss_limit=policy.daily_loss_limit or _cents(equity * _DAILY),
        bots=tuple(bots),
    )


def _cents(usd: Usd) -> Usd:
    return normalise(usd.quantize(Usd("0.01"), ROUND_DOWN))


async def _on_paper(places: Places) -> Finding:
    """Look whether anything is open in the mode that is to be left: nobody shall type for nothing."""
    if held := await what_is_open(places):
        advice = "`fadearena kill --flatten` closes it"
        return Finding(check="open on paper", level=Level.FAIL, text="; ".join(held), advice=advice)
    return Finding(check="open on paper", level=Level.OK, text="nothing is")


async def prove(config: Config, way: Way, policy: Policy) -> list[Finding]:
    """
    Have every account's signer sign what does nothing: signature, network and approval are right if it is accepted.

    Raises:
        InvalidInput: The keys cannot be used.
        VenueError: The exchange does not answer.
    """
    signers = Signers(open_keys(config))
    if missing := signers.load([account.signer for account in policy.accounts]):
        text = str(without_key(config, missing))
        return [Finding(check="keys", level=Level.FAIL, text=text, advice="`fadearena keys list` shows what is there")]
    exchange = ExchangeClient(way.line.transport, way.budget, signers, mainnet=way.is_mainnet)
    return [await _proof(exchange, way, account, number) for number, account in enumerate(policy.accounts)]


async def leave(config: Config, client: Client, places: Places, actor: str) -> None:
    """
    Have the active mode be left: nothing is open, and a live worker opens nothing more.

    Raises:
        CannotLeave: It cannot be left; what is open is named.
        VenueError: No worker runs, and the exchange cannot be asked.
    """
    if not await client.has_worker():
        held = await what_is_open(places)
        if held:
            raise CannotLeave(f"{places.mode} cannot be left: {'; '.join(held)}. {_close(places)}")
        if places.mode is Mode.LIVE:
            await confirm_flat(config, places)
        return
    if places.mode is Mode.LIVE:
        await client.order(Pause(), actor)
    answer = await client.order(LeaveMode(), actor)
    if answer.state is not ControlState.ACCEPTED:
        reasons = "; ".join(answer.reasons) or f"the worker did not answer ({answer.state})"
        raise CannotLeave(f"{places.mode} cannot be left: {reasons}. {_close(places)}")


async def go(config: Config, places: Places, policy: Policy, actor: str) -> Places:
    """
    Leave the active mode for that of these settings, and return where its data lie.

    Raises:
        CannotLeave: Something is open in the active mode, or its settings are others by now.
        InvalidInput: The settings cannot be taken over.
        LeaseLost: A worker is running in the other mode.
        StorageError: A database cannot be used; the mode is as it was.
    """
    make_tables(places)
    async with open_client(places) as client:
        await leave(config, client, places, actor)
    if (await policy_in_force(places)).version != policy.version:  # looking at everything takes up to a minute
        raise CannotLeave(
            "the settings were changed meanwhile, so the mode stays as it is: look at them, and try again"
        )
    other = places_of(config, policy.mode)
    await put_policy(other, policy, actor)
    await carry_grants(places, other)
    other.activate()
    return other


async def confirm_flat(config: Config, places: Places) -> None:
    """
    Ask the exchange itself, twice, whether our accounts hold anything, where no worker can tell.

    Raises:
        CannotLeave: They do; it is named.
        VenueError: It cannot be asked.
    """
    policy = await policy_in_force(places)
    async with open_way(config, places.network) as way:
        await way.listing.refresh()
        reader = AccountReader(way.line)
        for last in (False, True):
            held = [text for account in policy.accounts for text in await _held(reader, account)]
            if held:
                raise CannotLeave(f"live trading cannot be left: {'; '.join(held)}. {_close(places)}")
            if not last:
                await way.clock.sleep_until(way.clock.now_ms() + _APART_MS)


async def policy_in_force(places: Places) -> Policy:
    """
    Return the settings as they are journaled.

    Raises:
        InvalidInput: There are none yet.
        StorageError: The journal cannot be read.
    """
    make_tables(places)
    async with open_journal_reader(places.journal) as store:
        policy = (await recover(store.journal, store.snapshots, Engine())).state.policy
    if not policy.accounts and not policy.bots:
        raise no_settings(places)
    return policy


async def _held(reader: AccountReader, account: AccountPolicy) -> Sequence[str]:
    read = await reader.account(account.id, venue_account(account))
    positions = [f"{account.id} {held.coin} {held.size}" for dex in read.dexs for held in dex.positions]
    return [*positions, *(f"{account.id}: an order on {order.coin}" for order in read.orders)]


async def _proof(exchange: ExchangeClient, way: Way, account: AccountPolicy, number: int) -> Finding:
    check = f"signature of {account.id}"
    vault = account.address if account.is_vault else None
    nonce = way.time.now_ms() + number
    reply = await exchange.noop(signer=account.signer, nonce=nonce, vault_address=vault)
    outcome = codec.action_outcome(reply)
    if outcome.outcome is ActionOutcome.ACCEPTED:
        text = "the exchange accepted a signed action that does nothing"
        return Finding(check=check, level=Level.OK, text=text)
    advice = f"the key has to be that of {account.signer}, approved on this network"
    return Finding(check=check, level=Level.FAIL, text=outcome.text, advice=advice)


def _close(places: Places) -> str:
    if places.mode is Mode.LIVE:
        return (
            "Nothing is opened any more; close everything with `fadearena kill --flatten`, then try again, "
            "or stay with `fadearena resume`"
        )
    return "Close what is held on paper with `fadearena kill --flatten`, then try again"

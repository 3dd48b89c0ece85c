"""
Gathers what `flatten --direct` needs while the databases may be gone: no worker, the accounts, their keys, a way.

Accounts are those of the options; else those of the settings, where they can be read; else those that the live worker
wrote down last.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random
from typing import Final

import msgspec

from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.sql.journal.store import no_worker
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.direct import DirectDoors, DirectFlatten, DirectReport, Say
from fadearena.bootstrap.keys import Signers, open_keys, without_key
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.trail import DirectAccount, DirectTrail, accounts_of
from fadearena.bootstrap.way import Way, way_out
from fadearena.config import Config
from fadearena.model.error import InvalidInput, LeaseLost, StorageError, StorageUnavailable
from fadearena.model.policy import Mode, Policy, Slippage

_STEADY: Final = Slippage()


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Whose positions are closed, and up to which caps."""

    accounts: tuple[DirectAccount, ...]
    slippage: Slippage = _STEADY
    source: str


async def whose_positions(places: Places, named: tuple[DirectAccount, ...]) -> Whose:
    """
    Return whose positions would be closed, without asking the exchange.

    Raises:
        InvalidInput: The mode is not live, or nobody knows of any account.
    """
    if places.mode is not Mode.LIVE:
        raise InvalidInput(
            f"{places.data_dir} is in mode {places.mode}, where nothing is held at the exchange: "
            "`fadearena kill --flatten` closes what is held on paper"
        )
    policy = await _settings(places)
    slippage = _STEADY if policy is None else policy.slippage
    if named:
        return Whose(accounts=named, slippage=slippage, source="the command line")
    if policy is not None and policy.accounts:
        return Whose(accounts=accounts_of(policy.accounts), slippage=slippage, source="the settings")
    trail = DirectTrail(places.home)
    written = trail.accounts()
    if not written:
        raise InvalidInput(
            f"neither settings nor {trail.accounts_file} can be read: name each account with --account, and with "
            "--signer who signs for it"
        )
    return Whose(accounts=written, source=str(trail.accounts_file))


@contextmanager
def alone(places: Places, *, is_certain: bool) -> Iterator[None]:
    """
    Keep every worker out meanwhile; where nobody can tell whether one runs, it takes a person who is certain.

    Raises:
        LeaseLost: A worker runs.
        StorageUnavailable: Nobody can tell.
    """
    with ExitStack() as held:
        try:
            is_free = held.enter_context(no_worker(places.journal))
        except StorageError as error:
            if not is_certain:
                raise StorageUnavailable(
                    f"nobody can tell whether a worker runs ({error}): make sure that none does, then give --force"
                ) from error
            is_free = True
        if not is_free:
            raise LeaseLost(
                "a worker holds the lock: `fadearena kill --flatten` has it close everything; where it cannot write "
                "its journal, end it first (`up`, too), then come again"
            )
        yield


async def flatten_directly(config: Config, places: Places, whose: Whose, say: Say) -> DirectReport:
    """
    Close everything in the accounts of `whose`; to be called inside `alone`.

    Raises:
        InvalidInput: There is no key for one of them.
        VenueError: There is no sandbox.
    """
    signers = Signers(open_keys(config))
    missing = signers.load(account.signer for account in whose.accounts)
    if missing:
        raise without_key(config, missing)
    async with way_out(config, places.network) as (plan, transport, clock):
        way = Way(plan, transport, clock, Random())  # noqa: S311 - jitter
        await way.timing.measure()
        exchange = ExchangeClient(transport, way.budget, signers, mainnet=plan.is_mainnet)
        doors = DirectDoors(line=way.line, exchange=exchange, trail=DirectTrail(places.home), say=say)
        return await DirectFlatten(doors, whose.accounts, whose.slippage).run()


async def _settings(places: Places) -> Policy | None:
    """Return the settings; None where they cannot be read."""
    try:
        async with open_read_store(places.read) as store:
            view = await store.records.settings()
    except StorageError:
        return None
    return None if view is None else view.policy

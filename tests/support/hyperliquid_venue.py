"""Two accounts of ours on an exchange in memory: a master, and a sub-account of it."""

from typing import Any

from fadearena.adapters.hyperliquid.limits import RateBudget
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.venue import HyperliquidVenue, VenueAccount
from fadearena.kit.jumping import run_jumping
from fadearena.model.event import Event
from fadearena.ports.venue import VenueCommand
from tests.support.hyperliquid import ALICE, BOB, Desk

SIGNER = Signer("0x" + "11" * 32)
CLOID = "0x" + "ab" * 16


def venue_on(line: Line) -> HyperliquidVenue:
    """Return two accounts on an exchange: a master, and a sub-account of it."""
    accounts = {"main": VenueAccount(address=ALICE), "sub": VenueAccount(address=BOB, is_vault=True)}
    exchange = ExchangeClient(line.transport, RateBudget(line.clock), SIGNER, mainnet=False)
    return HyperliquidVenue(line, exchange, accounts)


def done(desk: Desk, command: VenueCommand) -> Any:
    """Return what a command came to: its only event, or all of them."""
    line = desk.line()

    async def story() -> tuple[Event, ...]:
        await line.listing.refresh()
        return tuple(await venue_on(line).execute(command))

    events = run_jumping(story(), desk.clock)
    return events[0] if len(events) == 1 else events

"""The small shells around the loop: pacing, verifying, failing, running at once."""

from collections.abc import Generator
from types import coroutine

import pytest

from fadearena.adapters.memory.journal import HashedJournal
from fadearena.model.command import (
    CancelOrder,
    Command,
    QueryOrder,
    ReadBook,
    ReadLeverage,
    ReadOwnFills,
    ReadRole,
    ReadSource,
    ReadSourceEquity,
    RepairSource,
    SetLeverage,
)
from fadearena.model.error import InvariantBroken, VenueUnavailable
from fadearena.model.event import (
    AccountUnreadable,
    ActionAnswered,
    Notice,
    QuoteUnreadable,
    RepairStage,
    SourceRepair,
    SourceUnreadable,
)
from fadearena.model.order import ActionOutcome
from fadearena.runtime.failures import failed
from fadearena.runtime.immediate import immediately
from tests.support.loop import SIGNER, Loop, burn

WALLET = "0x" + "a" * 40


def run_of(loop: Loop) -> HashedJournal:
    """Run a loop and return its journal."""
    loop.run()
    return loop.journal


def test_work_that_waits_is_refused() -> None:
    """A coroutine that waits for something cannot be run without an event loop."""

    @coroutine
    def wait() -> Generator[None, None, None]:
        yield

    async def work() -> None:
        await wait()

    with pytest.raises(InvariantBroken, match="waited"):
        immediately(work())


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (ReadOwnFills(account="main", since=1), AccountUnreadable),
        (ReadLeverage(account="main", coin="ETH"), AccountUnreadable),
        (ReadBook(coin="ETH"), QuoteUnreadable),
        (ReadSource(wallet=WALLET, dex="xyz"), SourceUnreadable),
        (ReadRole(wallet=WALLET), SourceUnreadable),
        (ReadSourceEquity(wallet=WALLET), SourceUnreadable),
        (QueryOrder(account="main", cloid="c"), Notice),
    ],
)
def test_failed_reads_are_told(command: Command, expected: type) -> None:
    """Each read that fails has its event, with the present time."""
    event = failed(command, VenueUnavailable("down"), 7)
    assert isinstance(event, expected)
    assert (event.time, event.received) == (7, 7)


def test_failed_repair_is_told() -> None:
    """A repair that fails is told as failed, so that nothing is increased on its ground."""
    event = failed(RepairSource(wallet=WALLET, since=1), VenueUnavailable("down"), 7)
    assert event == SourceRepair(time=7, received=7, wallet=WALLET, stage=RepairStage.FAILED, is_answer=True)


@pytest.mark.parametrize(
    "command",
    [
        burn("c"),
        CancelOrder(account="main", signer=SIGNER, cloid="c", asset_id=1, nonce=1, expires_after=2),
        SetLeverage(
            account="main",
            signer=SIGNER,
            coin="ETH",
            asset_id=1,
            leverage=3,
            is_cross=True,
            nonce=1,
            expires_after=2,
        ),
    ],
)
def test_failed_actions_are_unknown(command: Command) -> None:
    """A signed action that met an obstacle is unknown, never refused."""
    event = failed(command, VenueUnavailable("down"), 7)
    assert isinstance(event, ActionAnswered)
    assert event.outcome is ActionOutcome.UNKNOWN

"""The last look before an action leaves: after it waited for its turn, and before it goes another way."""

import asyncio

import pytest

from fadearena.adapters.hyperliquid import actions
from fadearena.adapters.hyperliquid.limits import Lane, RateBudget
from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.hyperliquid.transport import Socket
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import VenueUnavailable
from tests.support.hyperliquid_venue import SIGNER

MINUTE_MS = 60_000
PER_MINUTE = 1_200


class Net:
    """A way on which nothing may go."""

    def __init__(self) -> None:
        self.posted: list[bytes] = []

    async def post(self, _path: str, body: bytes) -> tuple[int, bytes]:
        """Take a request."""
        self.posted.append(body)
        return 200, b"null"

    async def connect(self) -> Socket:
        """Open no socket."""
        raise VenueUnavailable("there are no sockets")


class Broken:
    """A socket that looks ready and takes nothing."""

    is_ready = True

    async def post(self, body: bytes) -> bytes:
        """Refuse, with the body still here."""
        raise VenueUnavailable("the socket is closed")


@pytest.fixture
def clock() -> ManualClock:
    """A clock."""
    return ManualClock(1_000_000)


def test_a_stop_that_came_while_an_action_waited(clock: ManualClock) -> None:
    """It stays here: the answer says that nothing was sent."""
    net, budget, said = Net(), RateBudget(clock, per_minute=PER_MINUTE), list[str]()
    client = ExchangeClient(net, budget, SIGNER, mainnet=False)

    def refusal() -> str | None:
        return said[0] if said else None

    async def story() -> None:
        budget.spend(Lane.REST, PER_MINUTE)
        sending = asyncio.create_task(
            client.send(actions.noop(), lane=Lane.ORDER, refusal=refusal, signer=SIGNER.address, nonce=1)
        )
        await clock.sleep_until(clock.now_ms() + 1_000)
        said.append("a stop came first")
        with pytest.raises(VenueUnavailable, match="a stop came first"):
            await sending

    run_jumping(story(), clock)
    assert net.posted == []


def test_a_stop_that_came_before_it_goes_the_other_way(clock: ManualClock) -> None:
    """What a socket did not take does not go over HTTP any more."""
    net, asked = Net(), list[str]()
    client = ExchangeClient(net, RateBudget(clock, per_minute=PER_MINUTE), SIGNER, mainnet=False)

    def refusal() -> str | None:
        asked.append("")
        return "a stop came first" if len(asked) > 1 else None

    async def story() -> None:
        with pytest.raises(VenueUnavailable, match="a stop came first"):
            await client.send(
                actions.noop(), lane=Lane.ORDER, over=Broken(), refusal=refusal, signer=SIGNER.address, nonce=1
            )

    run_jumping(story(), clock)
    assert net.posted == []

"""A venue of which somebody holds the other end: what leaves over its sockets and over HTTP, and what it is told."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, TypeVar

from fadearena.adapters.hyperliquid.limits import RateBudget
from fadearena.adapters.hyperliquid.rest import ExchangeClient, Signers
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.venue import HyperliquidVenue, OrderChannel, VenueAccount
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import PlaceOrder
from fadearena.model.event import OrderFound
from fadearena.model.order import OrderIdentity, OrderTerms, Purpose
from fadearena.model.units import Side
from tests.support.hyperliquid import ALICE, NOW, Desk, Listener
from tests.support.hyperliquid_venue import CLOID, SIGNER
from tests.support.wire_net import Frame, WireSocket

T = TypeVar("T")
QUIET = {"userFunding": [], "userNonFundingLedgerUpdates": [], "userAbstraction": "disabled"}
ANSWER = {"filled": {"totalSz": "0.2", "avgPx": "100.9", "oid": 5}}


def reply(*statuses: object) -> dict[str, object]:
    """Return the reply to an order."""
    return {"status": "ok", "response": {"type": "order", "data": {"statuses": list(statuses)}}}


def order(cloid: str = CLOID, *, reduce_only: bool = False) -> PlaceOrder:
    """Return an order."""
    terms = OrderTerms(
        account="main",
        coin="BTC",
        asset_id=0,
        side=Side.BUY,
        quantity=Decimal("0.5"),
        limit=Decimal(101),
        reduce_only=reduce_only,
        purpose=Purpose.INCREASE,
        bot=None,
        residue_quantity=Decimal(0),
    )
    identity = OrderIdentity(
        cloid=cloid, label="test", signer=SIGNER.address, nonce=NOW + 1, expires_after=NOW + 3_600_000
    )
    return PlaceOrder(terms=terms, identity=identity)


def update(status: str, cloid: str | None = CLOID, left: str = "0.0") -> dict[str, object]:
    """Return a row of `orderUpdates`."""
    named = {"coin": "BTC", "side": "B", "limitPx": "101.0", "sz": left, "oid": 5, "timestamp": NOW, "origSz": "0.5"}
    return {
        "order": named if cloid is None else named | {"cloid": cloid},
        "status": status,
        "statusTimestamp": NOW + 5,
    }


class Stage:
    """A venue whose socket of orders is open, and the exchange's end of it."""

    def __init__(self, channel: OrderChannel = "auto", keys: Signer | Signers = SIGNER, **answers: object) -> None:
        self.desk = Desk(ManualClock(NOW), **QUIET | {"order": reply(ANSWER)} | answers)
        line = self.desk.line()
        self.exchange = ExchangeClient(line.transport, RateBudget(line.clock), keys, mainnet=False)
        accounts = {"main": VenueAccount(address=ALICE)}
        self.venue = HyperliquidVenue(line, self.exchange, accounts, order_channel=channel)
        self.clock = self.desk.clock
        self.listener: Listener

    def play(self, story: Callable[[], Awaitable[T]]) -> T:
        """Tell a story while the venue is listened to."""

        async def tell() -> T:
            async with Listener(aiter(self.venue), self.clock) as self.listener:
                await self.listener.wait(1_000)
                return await story()

        return run_jumping(tell(), self.clock)

    async def place(self, command: PlaceOrder | None = None) -> Any:
        """Place an order; return its answer."""
        (told,) = await self.venue.execute(command or order())
        return told

    @property
    def socket(self) -> WireSocket:
        """The socket of orders."""
        return self.desk.net.hearing("orderUpdates")

    @property
    def posted(self) -> list[Frame]:
        """What left over sockets."""
        return [frame["payload"] for socket in self.desk.net.sockets for frame in socket.asked("post")]

    @property
    def sent(self) -> list[Frame]:
        """What left over HTTP."""
        return [frame for _, path, frame in self.desk.net.asked if path == "/exchange"]

    def say(self, *rows: object) -> None:
        """Tell what became of orders."""
        self.socket.say({"channel": "orderUpdates", "data": list(rows)})

    def found(self) -> list[OrderFound]:
        """Return what was told of orders."""
        return self.listener.of(OrderFound)

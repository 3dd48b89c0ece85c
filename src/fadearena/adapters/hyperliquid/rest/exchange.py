"""
Signed actions: each is sent once, whatever comes back.

1. An action leaves over a socket of orders where there is one that was heard just now, else over HTTP: that is decided
   before it is handed over. What was handed to a socket never goes by HTTP, unless the socket says for certain that it
   did not leave.
2. An action that is not answered, or answered by a failure, may have been executed: `OutcomeUnknown`. So does a 429
   count, for nothing promises that it was not.
3. A 4xx else means that the request was not understood and nothing was done: `VenueRefused`.
4. What the exchange says of the action, a refusal too, is the reply; its meaning is the codec's.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, NotRequired, Protocol, TypedDict, Unpack

import msgspec
import structlog

from fadearena.adapters.hyperliquid import actions, wire
from fadearena.adapters.hyperliquid.errors import SlowDown
from fadearena.adapters.hyperliquid.limits import Lane, RateBudget, weight_of_action
from fadearena.adapters.hyperliquid.rest.answers import check_status, decoded
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.model.error import InvalidInput, VenueUnavailable
from fadearena.model.ids import Address, Cloid
from fadearena.model.units import EpochMs, Price, Quantity, Side

log = structlog.get_logger(__name__)
PRESIGNED_MAX: Final = 64
_PATH: Final = "/exchange"
_REPLY = msgspec.json.Decoder(wire.ExchangeReply).decode


class Envelope(TypedDict):
    """Who acts, and how long it holds: the signing address, its nonce, the sub-account, the time of expiry."""

    signer: Address
    nonce: int
    vault_address: NotRequired[Address | None]
    expires_after: NotRequired[EpochMs | None]


class Signers(Protocol):
    """The keys that there are at this moment, by address."""

    def get(self, address: Address, /) -> Signer | None:
        """Return who signs as this address; None where there is no key for it."""
        ...


class ActionSocket(Protocol):
    """A socket that carries signed actions."""

    @property
    def is_ready(self) -> bool:
        """Whether it was heard just now, so that an action may be entrusted to it."""
        ...

    async def post(self, body: bytes) -> bytes:
        """
        Send an action as it would be sent over HTTP; return the reply.

        Raises:
            VenueUnavailable: It did not leave.
            OutcomeUnknown: It left, or perhaps, and was not answered.
            VenueRefused: It was not understood.
            VenueProtocolError: The answer cannot be read.
        """
        ...


def _nothing() -> None:
    """Forbid nothing."""


class ExchangeClient:
    """
    Acts, with the keys that there are.

    `signers` is asked at each action, so that keys may come and go. `carried` counts what was handed to which way;
    `fallback` is what a socket did not take after all.

    Raises:
        InvalidInput: There is no key for the signer, or the action cannot be signed; nothing was sent.
        VenueUnavailable: Nothing was sent: no connection, or its turn would come after it expires.
        OutcomeUnknown: It was sent and not answered, or by a failure only.
        VenueRefused: The request was not understood; nothing was done.
        VenueProtocolError: The answer cannot be read; the outcome is unknown.
    """

    def __init__(self, transport: Transport, budget: RateBudget, signers: Signer | Signers, *, mainnet: bool) -> None:
        self._transport = transport
        self._budget = budget
        self._signers: Signers = {signers.address: signers} if isinstance(signers, Signer) else signers
        self._mainnet = mainnet
        self._carried = Counter({"socket": 0, "http": 0, "fallback": 0})
        self._presigned: dict[tuple[Address, int], tuple[actions.Action, Envelope, bytes]] = {}

    @property
    def carried(self) -> Mapping[str, int]:
        """How many actions were handed to which way since the start."""
        return dict(self._carried)

    def presign(self, action: actions.Action, **envelope: Unpack[Envelope]) -> None:
        """Sign an action that will be sent; nothing leaves, and what is never sent is forgotten."""
        body = self._signed(action, envelope)
        self._presigned[envelope["signer"], envelope["nonce"]] = (action, envelope, body)
        if len(self._presigned) > PRESIGNED_MAX:
            del self._presigned[next(iter(self._presigned))]

    async def send(
        self,
        action: actions.Action,
        *,
        lane: Lane,
        over: ActionSocket | None = None,
        refusal: Callable[[], str | None] = _nothing,
        **envelope: Unpack[Envelope],
    ) -> wire.ExchangeReply:
        """
        Sign an action and send it once, over a socket where one is ready; not later than it expires.

        `refusal` is asked whenever its turn has come: what it forbids never leaves.
        """
        ahead = self._presigned.pop((envelope["signer"], envelope["nonce"]), None)
        is_same = ahead is not None and ahead[:2] == (action, envelope)
        body = ahead[2] if ahead is not None and is_same else self._signed(action, envelope)
        await self._budget.take(lane, weight_of_action(_batch_of(action)), deadline=envelope.get("expires_after"))
        try:
            answer = await self._carry(body, over, refusal)
        except SlowDown:
            self._budget.refused(lane)
            raise
        return decoded(str(action["type"]), _REPLY, answer)

    def _signed(self, action: actions.Action, envelope: Envelope) -> bytes:
        signer, nonce = envelope["signer"], envelope["nonce"]
        vault_address, expires_after = envelope.get("vault_address"), envelope.get("expires_after")
        key = self._signers.get(signer)
        if key is None:
            raise InvalidInput(f"there is no key for {signer}: add it to the keys, or correct the account's signer")
        signature = key.sign(
            action, nonce, mainnet=self._mainnet, vault_address=vault_address, expires_after=expires_after
        )
        return msgspec.json.encode(
            {
                "action": action,
                "nonce": nonce,
                "signature": signature,
                "vaultAddress": vault_address,
                "expiresAfter": expires_after,
            }
        )

    async def _carry(self, body: bytes, over: ActionSocket | None, refusal: Callable[[], str | None]) -> bytes:
        """Hand an action to one of the two ways."""
        _check_leave(refusal)
        if over is not None and over.is_ready:
            self._carried["socket"] += 1
            try:
                return await over.post(body)
            except VenueUnavailable as error:  # certain: it is still here
                self._carried["fallback"] += 1
                log.info("action_falls_back", reason=str(error))
                _check_leave(refusal)
        self._carried["http"] += 1
        status, answer = await self._transport.post(_PATH, body)
        check_status(_PATH, status, answer)
        return answer

    async def market_order(
        self,
        asset_id: int,
        side: Side,
        quantity: Quantity,
        limit: Price,
        *,
        cloid: Cloid,
        reduce_only: bool = False,
        **envelope: Unpack[Envelope],
    ) -> wire.ExchangeReply:
        """Take what the book offers up to a limit and leave nothing on it: the exchange has no other market order."""
        order = actions.limit_order(asset_id, side, quantity, limit, cloid=cloid, reduce_only=reduce_only)
        lane = Lane.CANCEL if reduce_only else Lane.ORDER
        return await self.send(actions.order(order), lane=lane, **envelope)

    async def cancel_by_cloid(self, asset_id: int, cloid: Cloid, **envelope: Unpack[Envelope]) -> wire.ExchangeReply:
        """Cancel an order; that it is not there any more usually means that it was filled."""
        return await self.send(actions.cancel_by_cloid((asset_id, cloid)), lane=Lane.CANCEL, **envelope)

    async def set_leverage(
        self, asset_id: int, leverage: int, *, is_cross: bool, **envelope: Unpack[Envelope]
    ) -> wire.ExchangeReply:
        """Set a coin's leverage and margin mode."""
        action = actions.set_leverage(asset_id, leverage, is_cross=is_cross)
        return await self.send(action, lane=Lane.ORDER, **envelope)

    async def noop(self, **envelope: Unpack[Envelope]) -> wire.ExchangeReply:
        """Do nothing but use a nonce up, so that nothing else that bears it can be executed any more."""
        return await self.send(actions.noop(), lane=Lane.CANCEL, **envelope)


def _check_leave(refusal: Callable[[], str | None]) -> None:
    """Keep an action here that must not leave any more."""
    reason = refusal()
    if reason is not None:
        raise VenueUnavailable(f"kept back: {reason}")


def _batch_of(action: actions.Action) -> int:
    batch = action.get("orders") or action.get("cancels")
    return len(batch) if isinstance(batch, list) else 1

"""
Signed actions: each is sent once, whatever comes back.

1. An action that is not answered, or answered by a failure, may have been executed: `OutcomeUnknown`. So does a 429
   count, for nothing promises that it was not.
2. A 4xx else means that the request was not understood and nothing was done: `VenueRefused`.
3. What the exchange says of the action, a refusal too, is the reply; its meaning is the codec's.
"""

from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict, Unpack

import msgspec

from fadearena.adapters.hyperliquid import actions, wire
from fadearena.adapters.hyperliquid.limits import Lane, RateBudget, weight_of_action
from fadearena.adapters.hyperliquid.rest.answers import TOO_MANY, check_status, decoded
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address, Cloid
from fadearena.model.units import EpochMs, Price, Quantity, Side

_PATH: Final = "/exchange"
_REPLY = msgspec.json.Decoder(wire.ExchangeReply).decode


class Envelope(TypedDict):
    """Who acts, and how long it holds: the signing address, its nonce, the sub-account, the time of expiry."""

    signer: Address
    nonce: int
    vault_address: NotRequired[Address | None]
    expires_after: NotRequired[EpochMs | None]


class ExchangeClient:
    """
    Acts, with the keys that it was given.

    Raises:
        InvalidInput: There is no key for the signer, or the action cannot be signed; nothing was sent.
        VenueUnavailable: Nothing was sent: no connection, or its turn would come after it expires.
        OutcomeUnknown: It was sent and not answered, or by a failure only.
        VenueRefused: The request was not understood; nothing was done.
        VenueProtocolError: The answer cannot be read; the outcome is unknown.
    """

    def __init__(
        self, transport: Transport, budget: RateBudget, signer: Signer | Mapping[Address, Signer], *, mainnet: bool
    ) -> None:
        self._transport = transport
        self._budget = budget
        self._signers = {signer.address: signer} if isinstance(signer, Signer) else dict(signer)
        self._mainnet = mainnet

    async def send(self, action: actions.Action, *, lane: Lane, **envelope: Unpack[Envelope]) -> wire.ExchangeReply:
        """Sign an action and send it once; it does not leave later than it expires."""
        signer, nonce = envelope["signer"], envelope["nonce"]
        vault_address, expires_after = envelope.get("vault_address"), envelope.get("expires_after")
        key = self._signers.get(signer)
        if key is None:
            raise InvalidInput(f"there is no key for {signer}: add it to the keys, or correct the account's signer")
        signature = key.sign(
            action, nonce, mainnet=self._mainnet, vault_address=vault_address, expires_after=expires_after
        )
        body = msgspec.json.encode(
            {
                "action": action,
                "nonce": nonce,
                "signature": signature,
                "vaultAddress": vault_address,
                "expiresAfter": expires_after,
            }
        )
        await self._budget.take(lane, weight_of_action(_batch_of(action)), deadline=expires_after)
        status, answer = await self._transport.post(_PATH, body)
        if status == TOO_MANY:
            self._budget.refused(lane)
        check_status(_PATH, status, answer)
        return decoded(str(action["type"]), _REPLY, answer)

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


def _batch_of(action: actions.Action) -> int:
    batch = action.get("orders") or action.get("cancels")
    return len(batch) if isinstance(batch, list) else 1

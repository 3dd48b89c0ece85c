"""
Signed commands: each becomes one action, is sent once, and is answered as it was.

1. A refusal is an answer, whether the exchange refused the action or did not understand the request.
2. What cannot be written or signed never left.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from fadearena.adapters.hyperliquid import actions, codec, wire
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.rest import Envelope, ExchangeClient
from fadearena.adapters.hyperliquid.venue.accounts import VenueAccount
from fadearena.adapters.hyperliquid.venue.orders import OrderSocket
from fadearena.adapters.hyperliquid.venue.served import Served
from fadearena.model.command import BurnNonce, CancelOrder, PlaceOrder, PlaceStop, ScheduleCancel, SetLeverage
from fadearena.model.error import InvalidInput, VenueRefused, VenueUnavailable
from fadearena.model.event import ActionAnswered, Event, OrderAnswered
from fadearena.model.ids import AccountId
from fadearena.model.order import ActionKind, ActionOutcome, Answer, Refused, RejectCode, Resting
from fadearena.ports.venue import Refusal, SignedCommand

OrderChannel: TypeAlias = Literal["auto", "http"]
"""`auto` sends over the socket of orders where it is alive, and over HTTP else."""

_CANCELS: Final = ("cancel", "cancelByCloid")


class Request(NamedTuple):
    """What a command sends."""

    action: actions.Action
    lane: Lane
    envelope: Envelope


class Actor:
    """Carries signed commands out."""

    def __init__(self, exchange: ExchangeClient, orders: OrderSocket, channel: OrderChannel) -> None:
        self._exchange = exchange
        self._orders = orders
        self._over = orders if channel == "auto" else None
        self._refusal: Refusal = _nothing

    def guard(self, refusal: Refusal) -> None:
        """Ask this right before a command leaves."""
        self._refusal = refusal

    def presign(self, command: SignedCommand, served: Served) -> None:
        """
        Sign ahead what a command will send; nothing leaves.

        Raises:
            InvalidInput: It cannot be written or signed.
        """
        request = _request(command, served.account)
        self._exchange.presign(request.action, **request.envelope)

    async def act(self, command: SignedCommand, served: Served) -> Sequence[Event]:
        """
        Do one command and return what became of it.

        Raises:
            VenueUnavailable: Nothing was sent.
            OutcomeUnknown: It was sent and not answered.
            VenueProtocolError: The answer cannot be read; the outcome is unknown.
        """
        try:
            return (await self._done(command, served),)
        except InvalidInput as error:
            raise VenueUnavailable(f"nothing was sent: {error}") from error
        except VenueRefused as refusal:
            return (refused(command, refusal.text),)

    async def _done(self, command: SignedCommand, served: Served) -> Event:
        request = _request(command, served.account)
        match command:
            case PlaceOrder(terms=terms, identity=identity):
                with self._orders.awaiting(identity.cloid, may_shrink=terms.reduce_only):
                    (answer,) = codec.order_answers(await self._send(command, served, request))
                if _is_open_ended(answer):
                    self._orders.doubt(identity.cloid)
                return OrderAnswered(time=0, received=0, cloid=identity.cloid, answer=answer)
            case PlaceStop():
                self._orders.let_rest(command.cloid)
                return _answered(command, codec.stop_outcome(await self._send(command, served, request)))
            case CancelOrder() | BurnNonce() | SetLeverage() | ScheduleCancel():
                return _answered(command, codec.action_outcome(await self._send(command, served, request)))

    async def _send(self, command: SignedCommand, served: Served, request: Request) -> wire.ExchangeReply:
        served.budget.spend(Lane.CANCEL if request.action["type"] in _CANCELS else Lane.ORDER)
        return await self._exchange.send(
            request.action,
            lane=request.lane,
            over=self._over,
            refusal=lambda: self._refusal(command),
            **request.envelope,
        )


def _nothing(_command: SignedCommand) -> None:
    """Let every command leave."""


def refused(command: SignedCommand, text: str) -> Event:
    """Return what a request means that was not understood: a clear no."""
    if isinstance(command, PlaceOrder):
        answer = Refused(code=RejectCode.OTHER, text=text)
        return OrderAnswered(time=0, received=0, cloid=command.identity.cloid, answer=answer)
    return _answered(command, codec.Outcome(outcome=ActionOutcome.REFUSED, text=text))


def account_of(command: SignedCommand) -> AccountId:
    """Return whose account a command is about."""
    return command.terms.account if isinstance(command, PlaceOrder) else command.account


def _request(command: SignedCommand, account: VenueAccount) -> Request:
    """
    Return what a command sends for an account.

    Raises:
        InvalidInput: A number cannot be written, or a cancel names nothing.
    """
    match command:
        case PlaceOrder(terms=terms, identity=identity):
            action = actions.order(actions.order_of(terms, identity.cloid))
            lane = Lane.CANCEL if terms.reduce_only else Lane.ORDER
            envelope = Envelope(
                signer=identity.signer,
                nonce=identity.nonce,
                vault_address=account.vault_address,
                expires_after=identity.expires_after,
            )
            return Request(action, lane, envelope)
        case BurnNonce():
            envelope = Envelope(signer=command.signer, nonce=command.nonce, vault_address=account.vault_address)
            return Request(actions.noop(), Lane.CANCEL, envelope)
        case _:
            envelope = Envelope(
                signer=command.signer,
                nonce=command.nonce,
                vault_address=account.vault_address,
                expires_after=command.expires_after,
            )
            lane = Lane.ORDER if isinstance(command, SetLeverage) else Lane.CANCEL
            return Request(_action(command), lane, envelope)


def _action(command: CancelOrder | SetLeverage | PlaceStop | ScheduleCancel) -> actions.Action:
    match command:
        case CancelOrder(cloid=str() as cloid):
            return actions.cancel_by_cloid((command.asset_id, cloid))
        case CancelOrder(order_id=int() as order_id):
            return actions.cancel((command.asset_id, order_id))
        case CancelOrder():
            raise InvalidInput("a cancel names neither cloid nor order id")
        case SetLeverage():
            return actions.set_leverage(command.asset_id, command.leverage, is_cross=command.is_cross)
        case PlaceStop():
            stop = actions.stop_order(
                command.asset_id,
                command.side,
                command.quantity,
                trigger=command.trigger,
                limit=command.limit,
                cloid=command.cloid,
            )
            return actions.order(stop)
        case ScheduleCancel():
            return actions.schedule_cancel(command.at_ms)


def _is_open_ended(answer: Answer) -> bool:
    """Tell whether an answer leaves open what becomes of the order."""
    return isinstance(answer, Resting) or (isinstance(answer, Refused) and answer.code is RejectCode.NONCE)


def _answered(
    command: CancelOrder | BurnNonce | SetLeverage | PlaceStop | ScheduleCancel, outcome: codec.Outcome
) -> ActionAnswered:
    kind, subject = _named(command)
    return ActionAnswered(
        time=0,
        received=0,
        account=command.account,
        kind=kind,
        subject=subject,
        outcome=outcome.outcome,
        text=outcome.text,
    )


def _named(command: CancelOrder | BurnNonce | SetLeverage | PlaceStop | ScheduleCancel) -> tuple[ActionKind, str]:
    match command:
        case CancelOrder():
            return ActionKind.CANCEL, command.subject
        case BurnNonce():
            return ActionKind.NOOP, command.cloid
        case SetLeverage():
            return ActionKind.LEVERAGE, command.coin
        case PlaceStop():
            return ActionKind.STOP, command.cloid
        case ScheduleCancel():
            return ActionKind.SCHEDULE, command.account

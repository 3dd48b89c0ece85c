"""
`/exchange`: who signed, may they, and what comes of it.

1. The order of the checks is the exchange's: shape, signer, nonce, expiry, request limit, and only then the action.
   A refusal after the nonce was looked at has used it up.
2. What arrives is kept before it is looked at, where somebody keeps it: who carries out the same at the same times
   has the same exchange again.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from fadearena.model.ids import Address
from fadearena.model.units import EpochMs, Side
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.exchange.state import Pooling
from fadearena.sandbox.gateway import actions, owners, texts
from fadearena.sandbox.gateway.faults import Reject
from fadearena.sandbox.gateway.nonces import BadNonce, Nonces
from fadearena.sandbox.gateway.proofs import Proofs
from fadearena.sandbox.gateway.signatures import Chain, Unrecoverable, signer_of
from fadearena.sandbox.nouns import ActionRefused, Filled, Refused, Request, Resting, Status, Tif, Trigger

_MILLIONTH = Decimal("0.000001")
_BATCH_MAX = 200
_EXPIRED_COSTS = 5
_VALID_UNTIL = re.compile(r"(.*?) ?valid_until (\d{1,16})")
_SUB_ACCOUNT = re.compile(r"(.*) subaccount:(0x[0-9a-fA-F]{40})")
_MODES: dict[str, Pooling] = {"i": "disabled", "u": "unifiedAccount", "p": "portfolioMargin"}


class Arrival(NamedTuple):
    """When an action came, by the sandbox's clock and in nanoseconds of the machine's steady one; what it meets."""

    at: EpochMs
    wall_ns: int
    body: bytes
    rejection: Reject | None = None


class _FilledRow(msgspec.Struct, rename="camel", omit_defaults=True):
    total_sz: str
    avg_px: str
    oid: int
    cloid: str | msgspec.UnsetType = msgspec.UNSET


class _RestingRow(msgspec.Struct, omit_defaults=True):
    oid: int
    cloid: str | msgspec.UnsetType = msgspec.UNSET


class Acting:
    """Carries out signed actions."""

    def __init__(self, exchange: Exchange, chain: Chain, nonces: Nonces, proofs: Proofs) -> None:
        self.keep: Callable[[Arrival], None] = lambda _: None
        self._exchange = exchange
        self._chain = chain
        self._nonces = nonces
        self._proofs = proofs

    def answer(self, envelope: actions.Envelope, arrival: Arrival) -> dict[str, object]:
        """Carry an action out, and return the answer."""
        self.keep(arrival)
        try:
            return {"status": "ok", "response": self._done(envelope, arrival)}
        except (ActionRefused, BadNonce, Unrecoverable) as refused:
            return {"status": "err", "response": str(refused)}

    def user_of(self, envelope: actions.Envelope) -> Address | None:
        """Return for whom an action is; None where nobody may do it."""
        try:
            return self._exchange.people.who_acts(signer_of(envelope, self._chain), envelope.vault_address)
        except (ActionRefused, Unrecoverable):
            return None

    def _done(self, envelope: actions.Envelope, arrival: Arrival) -> dict[str, object]:
        action, now = envelope.action, arrival.at
        signer = signer_of(envelope, self._chain)
        self._proofs.sign(signer, str(action.__struct_config__.tag))
        user = self._exchange.people.who_acts(signer, envelope.vault_address)
        self._proofs.meet(user)
        if isinstance(action, owners.UserSigned):
            _check_owner(action, envelope, signer, user)
        self._nonces.use(signer, envelope.nonce, now)
        length = actions.batch_length(action)
        if envelope.expires_after is not None and now > envelope.expires_after:
            self._exchange.people.count_requests(user, _EXPIRED_COSTS * length, is_cancel=False)
            raise ActionRefused("Action already expired")
        if length > _BATCH_MAX:
            raise ActionRefused(f"Signed action over weight limit of {_BATCH_MAX}.")
        is_cancel = isinstance(action, actions.Cancel | actions.CancelByCloid)
        self._exchange.people.count_requests(user, length, is_cancel=is_cancel)
        if (rejection := arrival.rejection) is not None:
            return _rejected(action, rejection)
        return self._carried_out(action, user, arrival.wall_ns)

    def _carried_out(self, action: actions.Action, user: Address, wall_ns: int) -> dict[str, object]:
        match action:
            case actions.PlaceOrders():
                statuses = self._placed(user, action)
                self._proofs.accept(statuses, wall_ns)
                return _of("order", [status_row(one, action) for one in statuses])
            case actions.Cancel():
                return _of("cancel", [self._cancelled(user, one.a, one.o) for one in action.cancels])
            case actions.CancelByCloid():
                return _of("cancel", [self._cancelled(user, one.asset, one.cloid) for one in action.cancels])
            case actions.BatchModify():
                statuses = [self._modified(user, one) for one in action.modifies]
                self._proofs.accept(statuses, wall_ns)
                return _of("order", [status_row(one) for one in statuses])
            case actions.Modify():
                self._modify(user, action)
            case actions.CreateSubAccount():
                return {"type": "createSubAccount", "data": self._exchange.create_sub_account(user, action.name)}
            case _:
                self._moved(action, user)
        return {"type": "default"}

    def _moved(self, action: actions.Action, user: Address) -> None:
        exchange = self._exchange
        match action:
            case actions.ScheduleCancel():
                exchange.schedule_cancel(user, action.time)
            case actions.UpdateLeverage():
                exchange.set_leverage(user, action.asset, action.leverage, is_cross=action.is_cross)
            case actions.UpdateIsolatedMargin():
                exchange.add_isolated_margin(user, action.asset, action.ntli * _MILLIONTH)
            case actions.SubAccountTransfer():
                usd = action.usd * _MILLIONTH
                exchange.sub_account_transfer(user, action.sub_account_user, usd, is_deposit=action.is_deposit)
            case actions.AgentSetAbstraction():
                exchange.set_mode(user, _MODES[action.abstraction])
            case owners.UserSetAbstraction():
                exchange.set_mode(
                    user if action.user == user else exchange.people.who_acts(user, action.user), action.abstraction
                )
            case owners.ApproveAgent():
                self._approve(action, user)
            case owners.UsdClassTransfer():
                self._class_transfer(action, user)
            case owners.SendAsset():
                self._send(action, user)
            case _:
                pass

    def _placed(self, user: Address, action: actions.PlaceOrders) -> Sequence[Status]:
        if action.builder is not None and action.builder.f > 0:
            return [Refused(f"Builder fee has not been approved. asset={one.a}") for one in action.orders]
        if isinstance(action.grouping, actions.Priority):
            text = "Insufficient delegatable balance for priority order"
            return [Refused(f"{text} asset={one.a}") for one in action.orders]
        if action.grouping == "normalTpsl" and any(order.t.trigger is not None for order in action.orders):
            raise ActionRefused("Orders that wait for a parent are not part of this sandbox.")
        of_position = action.grouping == "positionTpsl"
        return self._exchange.place(user, [_request(order, of_position=of_position) for order in action.orders])

    def _cancelled(self, user: Address, asset_id: int, order: int | str) -> object:
        refused = self._exchange.cancel(user, asset_id, order)
        return "success" if refused is None else {"error": refused}

    def _modified(self, user: Address, one: actions.ModifyWire) -> Status:
        request = _request(one.order)
        if self._exchange.cancel(user, one.order.a, one.oid) is not None:
            return Refused("Cannot modify canceled or filled order")
        return self._exchange.place(user, [request])[0]

    def _modify(self, user: Address, one: actions.Modify) -> None:
        status = self._modified(user, one)
        if isinstance(status, Refused):
            raise ActionRefused(status.text)

    def _approve(self, action: owners.ApproveAgent, user: Address) -> None:
        name, valid_until = action.agent_name or "", None
        if match := _VALID_UNTIL.fullmatch(name):
            name, valid_until = match[1], int(match[2])
        self._exchange.approve_agent(user, action.agent_address, name, valid_until)

    def _class_transfer(self, action: owners.UsdClassTransfer, user: Address) -> None:
        amount = action.amount
        if match := _SUB_ACCOUNT.fullmatch(amount):
            amount, user = match[1], self._exchange.people.who_acts(user, texts.address(match[2]))
        self._exchange.class_transfer(user, _usd(amount), to_perp=action.to_perp)

    def _send(self, action: owners.SendAsset, user: Address) -> None:
        sender = user
        if action.from_sub_account:
            sender = self._exchange.people.who_acts(user, _address(action.from_sub_account))
        self._exchange.send_asset(
            sender, action.source_dex, action.destination, action.destination_dex, _usd(action.amount)
        )


def _check_owner(action: owners.UserSigned, envelope: actions.Envelope, signer: Address, user: Address) -> None:
    """Let only the owner's own key through, and only for the nonce that it signed."""
    if signer != user or envelope.vault_address is not None:
        raise ActionRefused(f"User or API Wallet {signer} does not exist.")
    if envelope.nonce != action.nonce:
        raise ActionRefused(f"Invalid nonce: {envelope.nonce} is not the action's {action.nonce}")


def _request(order: actions.OrderWire, *, of_position: bool = False) -> Request:
    return Request(
        asset_id=order.a,
        side=Side.BUY if order.b else Side.SELL,
        quantity=Decimal(order.s),
        limit=Decimal(order.p),
        reduce_only=order.r,
        tif=_tif(order.t),
        cloid=order.c,
        trigger=_trigger(order, of_position=of_position),
    )


def _tif(kind: actions.OrderType) -> Tif:
    if kind.limit is None:
        return Tif.IOC if kind.trigger is not None and kind.trigger.is_market else Tif.GTC
    return Tif.IOC if kind.limit.tif == "FrontendMarket" else Tif(kind.limit.tif)


def _trigger(order: actions.OrderWire, *, of_position: bool) -> Trigger | None:
    wire = order.t.trigger
    if wire is None:
        return None
    if not order.r:
        raise ActionRefused("Trigger orders must be reduce only.")
    return Trigger(
        price=Decimal(wire.trigger_px),
        is_market=wire.is_market,
        is_take_profit=wire.tpsl == "tp",
        of_position=of_position,
    )


def _rejected(action: actions.Action, rejection: Reject) -> dict[str, object]:
    """
    Refuse an action, or each of its orders.

    Raises:
        ActionRefused: It is refused as a whole.
    """
    if rejection.whole or not isinstance(action, actions.PlaceOrders):
        raise ActionRefused(rejection.text)
    return _of("order", [{"error": rejection.text} for _ in action.orders])


def status_row(status: Status, action: actions.PlaceOrders | None = None) -> object:
    """Show what became of an order; one that is tied to a position has no id yet."""
    match status:
        case Resting() if action is not None and action.grouping == "positionTpsl":
            return "waitingForTrigger"
        case Filled():
            row = _FilledRow(texts.shown(status.quantity), texts.shown(status.average_price, 8), status.order_id)
            row.cloid = msgspec.UNSET if status.cloid is None else status.cloid
            return {"filled": row}
        case Resting():
            cloid = msgspec.UNSET if status.cloid is None else status.cloid
            return {"resting": _RestingRow(status.order_id, cloid)}
        case Refused():
            return {"error": status.text}


def _of(kind: str, statuses: list[object]) -> dict[str, object]:
    return {"type": kind, "data": {"statuses": statuses}}


def _usd(text: str) -> Decimal:
    try:
        return Decimal(texts.canonical(text))
    except ValueError as error:
        raise ActionRefused(f"Invalid amount {text}") from error


def _address(text: str) -> Address:
    try:
        return texts.address(text)
    except ValueError as error:
        raise ActionRefused(f"Vault not registered: {text}") from error

"""
`/exchange`: who signed, may they, and what comes of it.

The order of the checks is the exchange's: shape, signer, nonce, expiry, request limit, and only then the action.
A refusal after the nonce was looked at has used it up.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from fadearena.kit.clock import Clock
from fadearena.model.ids import Address
from fadearena.model.units import Side
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.exchange.state import Pooling
from fadearena.sandbox.gateway import actions, texts
from fadearena.sandbox.gateway.nonces import BadNonce, Nonces
from fadearena.sandbox.gateway.signatures import Chain, Unrecoverable, signer_of
from fadearena.sandbox.nouns import ActionRefused, Filled, Refused, Request, Resting, Status, Tif

_MILLIONTH = Decimal("0.000001")
_BATCH_MAX = 200
_EXPIRED_COSTS = 5
_VALID_UNTIL = re.compile(r"(.*?) ?valid_until (\d{1,16})")
_SUB_ACCOUNT = re.compile(r"(.*) subaccount:(0x[0-9a-fA-F]{40})")
_MODES: dict[str, Pooling] = {"i": "disabled", "u": "unifiedAccount"}


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

    def __init__(self, exchange: Exchange, clock: Clock, chain: Chain, nonces: Nonces) -> None:
        self._exchange = exchange
        self._clock = clock
        self._chain = chain
        self._nonces = nonces
        self.clients: dict[Address, None] = {}
        """Who acted here, in the order in which they came."""

    def answer(self, envelope: actions.Envelope) -> dict[str, object]:
        """Carry an action out, and return the answer."""
        try:
            return {"status": "ok", "response": self._done(envelope)}
        except (ActionRefused, BadNonce, Unrecoverable) as refused:
            return {"status": "err", "response": str(refused)}

    def _done(self, envelope: actions.Envelope) -> dict[str, object]:
        action, now = envelope.action, self._clock.now_ms()
        signer = signer_of(envelope, self._chain)
        user = self._exchange.people.who_acts(signer, envelope.vault_address)
        self.clients[user] = None
        if isinstance(action, actions.UserSigned):
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
        return self._carried_out(action, user)

    def _carried_out(self, action: actions.Action, user: Address) -> dict[str, object]:
        match action:
            case actions.PlaceOrders():
                return _of("order", [_status(one) for one in self._placed(user, action)])
            case actions.Cancel():
                return _of("cancel", [self._cancelled(user, one.a, one.o) for one in action.cancels])
            case actions.CancelByCloid():
                return _of("cancel", [self._cancelled(user, one.asset, one.cloid) for one in action.cancels])
            case actions.BatchModify():
                return _of("order", [_status(self._modified(user, one)) for one in action.modifies])
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
                exchange.set_mode(user, _mode(action.abstraction))
            case actions.ApproveAgent():
                self._approve(action, user)
            case actions.UsdClassTransfer():
                self._class_transfer(action, user)
            case actions.SendAsset():
                self._send(action, user)
            case _:
                pass

    def _placed(self, user: Address, action: actions.PlaceOrders) -> Sequence[Status]:
        if action.builder is not None and action.builder.f > 0:
            return [Refused(f"Builder fee has not been approved. asset={one.a}") for one in action.orders]
        if isinstance(action.grouping, actions.Priority):
            text = "Insufficient delegatable balance for priority order"
            return [Refused(f"{text} asset={one.a}") for one in action.orders]
        return self._exchange.place(user, [_request(order) for order in action.orders])

    def _cancelled(self, user: Address, asset_id: int, order: int | str) -> object:
        refused = self._exchange.cancel(user, asset_id, order)
        return "success" if refused is None else {"error": refused}

    def _modified(self, user: Address, one: actions.ModifyWire) -> Status:
        if self._exchange.cancel(user, one.order.a, one.oid) is not None:
            return Refused("Cannot modify canceled or filled order")
        return self._exchange.place(user, [_request(one.order)])[0]

    def _modify(self, user: Address, one: actions.Modify) -> None:
        status = self._modified(user, one)
        if isinstance(status, Refused):
            raise ActionRefused(status.text)

    def _approve(self, action: actions.ApproveAgent, user: Address) -> None:
        name, valid_until = action.agent_name or "", None
        if match := _VALID_UNTIL.fullmatch(name):
            name, valid_until = match[1], int(match[2])
        self._exchange.approve_agent(user, action.agent_address, name, valid_until)

    def _class_transfer(self, action: actions.UsdClassTransfer, user: Address) -> None:
        amount = action.amount
        if match := _SUB_ACCOUNT.fullmatch(amount):
            amount, user = match[1], self._exchange.people.who_acts(user, texts.address(match[2]))
        self._exchange.class_transfer(user, _usd(amount), to_perp=action.to_perp)

    def _send(self, action: actions.SendAsset, user: Address) -> None:
        sender = user
        if action.from_sub_account:
            sender = self._exchange.people.who_acts(user, _address(action.from_sub_account))
        self._exchange.send_asset(
            sender, action.source_dex, action.destination, action.destination_dex, _usd(action.amount)
        )


def _check_owner(action: actions.UserSigned, envelope: actions.Envelope, signer: Address, user: Address) -> None:
    """Let only the owner's own key through, and only for the nonce that it signed."""
    if signer != user or envelope.vault_address is not None:
        raise ActionRefused(f"User or API Wallet {signer} does not exist.")
    if envelope.nonce != action.nonce:
        raise ActionRefused(f"Invalid nonce: {envelope.nonce} is not the action's {action.nonce}")


def _request(order: actions.OrderWire) -> Request:
    if order.t.limit is None:
        raise ActionRefused("Trigger orders are not part of this sandbox.")
    tif = order.t.limit.tif
    return Request(
        asset_id=order.a,
        side=Side.BUY if order.b else Side.SELL,
        quantity=Decimal(order.s),
        limit=Decimal(order.p),
        reduce_only=order.r,
        tif=Tif.IOC if tif == "FrontendMarket" else Tif(tif),
        cloid=order.c,
    )


def _status(status: Status) -> object:
    match status:
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


def _mode(letter: str) -> Pooling:
    if letter not in _MODES:
        raise ActionRefused("Portfolio margin is not part of this sandbox.")
    return _MODES[letter]


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

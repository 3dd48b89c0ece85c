"""
The desk of the paper exchange: takes signed actions, and answers them as the exchange does.

Every action uses up its nonce, also one that is refused by a rule or came too late.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from fadearena.adapters.sim.markets import SimMarkets
from fadearena.adapters.sim.matching import Matched, match_ioc
from fadearena.adapters.sim.nonces import Nonces, NonceVerdict
from fadearena.adapters.sim.paper import Execution, Ledger, Leverage, PaperOrder
from fadearena.adapters.sim.rules import (
    Prices,
    check_band,
    check_margin,
    check_minimum,
    check_static,
    initial_margins,
    refusal,
    shrink,
)
from fadearena.kit.decimals import normalise
from fadearena.model.command import BurnNonce, CancelOrder, PlaceOrder, SetLeverage
from fadearena.model.event import ActionAnswered, Event, OrderAnswered, OwnFills
from fadearena.model.ids import AccountId, Cloid, Coin
from fadearena.model.instrument import Instrument
from fadearena.model.margin import initial_margin
from fadearena.model.order import (
    ActionKind,
    ActionOutcome,
    Answer,
    Filled,
    Found,
    OrderIdentity,
    OrderTerms,
    OwnFill,
    Refused,
    RejectCode,
)
from fadearena.model.units import ZERO, EpochMs, side_of
from fadearena.model.wallet import ForcedKind

_Signed: TypeAlias = OrderIdentity | CancelOrder | BurnNonce | SetLeverage


class _Outcome(NamedTuple):
    kind: ActionOutcome
    text: str


class _Admission(NamedTuple):
    """What becomes of an action before its own rules are looked at."""

    verdict: NonceVerdict
    refused: Refused | None

    def outcome(self, problem: str | None) -> _Outcome:
        """Return the outcome of an action that is no order, given what its own rules say."""
        text = problem if self.refused is None else self.refused.text
        if text is None:
            return _Outcome(ActionOutcome.ACCEPTED, "")
        if self.verdict is NonceVerdict.DUPLICATE:
            return _Outcome(ActionOutcome.DUPLICATE_NONCE, text)
        return _Outcome(ActionOutcome.REFUSED, text)


class Desk:
    """Executes signed actions on paper accounts."""

    def __init__(
        self, ledgers: dict[AccountId, Ledger], instruments: dict[Coin, Instrument], markets: SimMarkets
    ) -> None:
        self._ledgers = ledgers
        self._instruments = instruments
        self._markets = markets
        self._nonces = Nonces()
        self._next_order_id = 1

    def go_on_after(self, order_id: int) -> None:
        """Give new orders ids above one that exists."""
        self._next_order_id = max(self._next_order_id, order_id + 1)

    def place(self, command: PlaceOrder, now: EpochMs) -> Sequence[Event]:
        """Take an order: its answer, and its fills if there are any."""
        terms, identity = command.terms, command.identity
        admitted = self._admit(terms.account, identity, now)
        refused = (
            admitted.refused
            or check_static(terms, self._instruments.get(terms.coin))
            or check_band(terms, self._markets.mark(terms.coin))
        )
        if refused is not None:
            return (_answered(identity.cloid, refused, now),)
        ledger = self._ledgers[terms.account]
        order_id = self._take_order_id()
        matched = self._match(terms, ledger, now)
        if isinstance(matched, Refused):
            ledger.note_order(identity.cloid, PaperOrder(Found.REJECTED, ZERO, order_id))
            return (_answered(identity.cloid, matched, now),)
        self._markets.take(terms.coin, terms.side, matched, now)
        fills = tuple(
            ledger.execute(
                Execution(terms.coin, terms.side, level.price, level.quantity, order_id, number, identity.cloid),
                self._instruments[terms.coin],
                now,
            )
            for number, level in enumerate(matched.fills)
        )
        return (
            _answered(identity.cloid, _filled(matched, order_id), now),
            OwnFills(time=now, received=now, account=terms.account, fills=fills),
        )

    def cancel(self, command: CancelOrder, now: EpochMs) -> Event:
        """Take a cancel: nothing ever rests here, so there is nothing to cancel."""
        admitted = self._admit(command.account, command, now)
        text = f"Order was never placed, already canceled, or filled. asset={command.asset_id}"
        outcome = admitted.outcome(None if admitted.refused else text)
        return _acted(command.account, ActionKind.CANCEL, command.subject, outcome, now)

    def burn(self, command: BurnNonce, now: EpochMs) -> Event:
        """Take a noop, whose only effect is that its nonce is used up; an order that ran has done that before."""
        ledger = self._ledgers.get(command.account)
        if ledger is not None and ledger.order(command.cloid) is not None:
            self._nonces.use(command.signer, command.nonce, command.nonce)
        outcome = self._admit(command.account, command, now).outcome(None)
        return _acted(command.account, ActionKind.NOOP, command.cloid, outcome, now)

    def set_leverage(self, command: SetLeverage, now: EpochMs) -> Event:
        """Take a change of leverage or margin mode."""
        admitted = self._admit(command.account, command, now)
        problem = None if admitted.refused else self._leverage_problem(command)
        outcome = admitted.outcome(problem)
        if outcome.kind is ActionOutcome.ACCEPTED:
            ledger = self._ledgers[command.account]
            ledger.set_leverage(command.coin, Leverage(command.leverage, command.is_cross))
        return _acted(command.account, ActionKind.LEVERAGE, command.coin, outcome, now)

    def liquidate(self, account: AccountId, now: EpochMs) -> Sequence[Event]:
        """Close all positions of an account at their marks, by force."""
        ledger = self._ledgers[account]
        fills: list[OwnFill] = []
        for coin, held, mark in list(ledger.prices(self._markets.mark)):
            side = side_of(-held.size)
            executed = Execution(coin, side, mark, abs(held.size), self._take_order_id(), forced=ForcedKind.LIQUIDATION)
            fills.append(ledger.execute(executed, self._instruments[coin], now))
        return (OwnFills(time=now, received=now, account=account, fills=tuple(fills)),)

    def _admit(self, account: AccountId, signed: _Signed, now: EpochMs) -> _Admission:
        verdict = self._nonces.use(signed.signer, signed.nonce, now)
        if account not in self._ledgers:
            text = f"User or API Wallet {signed.signer} does not exist."
            return _Admission(verdict, Refused(code=RejectCode.SIGNER, text=text))
        if verdict is not NonceVerdict.FRESH:
            text = f"Invalid nonce: {verdict} {signed.nonce}"
            return _Admission(verdict, Refused(code=RejectCode.NONCE, text=text))
        if not isinstance(signed, BurnNonce) and now > signed.expires_after:
            return _Admission(verdict, Refused(code=RejectCode.EXPIRED, text="Action already expired"))
        return _Admission(verdict, None)

    def _leverage_problem(self, command: SetLeverage) -> str | None:
        instrument = self._instruments.get(command.coin)
        if instrument is None or instrument.asset_id != command.asset_id:
            return f"Unknown asset for {command.coin}."
        if not 1 <= command.leverage <= instrument.max_leverage:
            return "Invalid leverage value"
        if command.is_cross and not instrument.is_cross:
            return "Cross margin is not allowed for this asset."
        ledger = self._ledgers[command.account]
        size, present = ledger.size(command.coin), ledger.leverage(instrument)
        if size and command.is_cross is not present.is_cross:
            return "Cannot switch leverage type with open position."
        if size and command.leverage < present.value:
            mark_of = self._markets.mark
            others = initial_margins(ledger, self._instruments, mark_of, leave_out=command.coin)
            notional = abs(size) * (mark_of(command.coin) or ZERO)
            if others + initial_margin(notional, command.leverage) > ledger.equity(mark_of):
                return "Cross position does not have sufficient margin available to decrease leverage."
        return None

    def _match(self, terms: OrderTerms, ledger: Ledger, now: EpochMs) -> Matched | Refused:
        position = ledger.size(terms.coin)
        quantity = shrink(terms, position)
        if isinstance(quantity, Refused):
            return quantity
        mark_of = self._markets.mark
        prices = Prices(mark_of(terms.coin), self._markets.mid(terms.coin))
        refused = check_minimum(terms, quantity, position, prices) or check_margin(
            terms, quantity, ledger, self._instruments, mark_of
        )
        if refused is not None:
            return refused
        book = self._markets.book(terms.coin, now)
        matched = None if book is None else match_ioc(book, terms.side, quantity, terms.limit)
        if matched is None or not matched.fills:
            text = "Order could not immediately match against any resting orders."
            return refusal(RejectCode.NO_MATCH, text, terms.asset_id)
        return matched

    def _take_order_id(self) -> int:
        number = self._next_order_id
        self._next_order_id += 1
        return number


def _acted(account: AccountId, kind: ActionKind, subject: str, outcome: _Outcome, now: EpochMs) -> Event:
    return ActionAnswered(
        time=now,
        received=now,
        account=account,
        kind=kind,
        subject=subject,
        outcome=outcome.kind,
        text=outcome.text,
    )


def _answered(cloid: Cloid, answer: Answer, now: EpochMs) -> Event:
    return OrderAnswered(time=now, received=now, cloid=cloid, answer=answer)


def _filled(matched: Matched, order_id: int) -> Filled:
    value = sum((level.price * level.quantity for level in matched.fills), start=ZERO)
    return Filled(
        quantity=normalise(matched.quantity),
        average_price=normalise(value / matched.quantity),
        order_id=order_id,
    )

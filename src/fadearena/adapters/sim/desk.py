"""
The desk of the paper exchange: takes signed actions, and answers them as the exchange does.

Every action uses up its nonce, also one that is refused by a rule or came too late.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple, TypeAlias

from fadearena.adapters.sim.markets import SimMarkets
from fadearena.adapters.sim.matching import Matched, match_ioc
from fadearena.adapters.sim.nonces import Nonces, NonceVerdict
from fadearena.adapters.sim.paper import Execution, Ledger, Leverage, PaperOrder, RestingStop
from fadearena.adapters.sim.rules import (
    Prices,
    check_band,
    check_margin,
    check_minimum,
    check_open_interest,
    check_static,
    initial_margins,
    refusal,
    shrink,
)
from fadearena.adapters.sim.stops import meet, reached, stop_problem, take_stop
from fadearena.kit.decimals import normalise
from fadearena.model.command import BurnNonce, CancelOrder, PlaceOrder, PlaceStop, ScheduleCancel, SetLeverage
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
from fadearena.model.units import ZERO, EpochMs, Side, side_of
from fadearena.model.wallet import ForcedKind

_Signed: TypeAlias = OrderIdentity | CancelOrder | BurnNonce | SetLeverage | PlaceStop | ScheduleCancel
_NO_SCHEDULE = "Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: ${}."


class _Outcome(NamedTuple):
    kind: ActionOutcome
    text: str


class _Taker(NamedTuple):
    """What takes from a book."""

    coin: Coin
    side: Side
    order_id: int
    cloid: Cloid


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
        fills = self._trade(_Taker(terms.coin, terms.side, order_id, identity.cloid), matched, ledger, now)
        return (
            _answered(identity.cloid, _filled(matched, order_id), now),
            OwnFills(time=now, received=now, account=terms.account, fills=fills),
        )

    def cancel(self, command: CancelOrder, now: EpochMs) -> Event:
        """Take a cancel: nothing but stops ever rests here."""
        admitted = self._admit(command.account, command, now)
        problem = None
        if admitted.refused is None and not take_stop(self._ledgers[command.account], command):
            problem = f"Order was never placed, already canceled, or filled. asset={command.asset_id}"
        outcome = admitted.outcome(problem)
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

    def place_stop(self, command: PlaceStop, now: EpochMs) -> Event:
        """Take a stop: it rests until its mark is reached."""
        admitted = self._admit(command.account, command, now)
        problem = None
        if admitted.refused is None:
            ledger, mark = self._ledgers[command.account], self._markets.mark(command.coin)
            problem = stop_problem(command, self._instruments.get(command.coin), ledger, mark)
            if problem is None:
                ledger.stops[command.cloid] = RestingStop(command, self._take_order_id())
        return _acted(command.account, ActionKind.STOP, command.cloid, admitted.outcome(problem), now)

    def schedule(self, command: ScheduleCancel, now: EpochMs) -> Event:
        """Refuse to cancel by itself, as the exchange does for an account that has hardly traded."""
        admitted = self._admit(command.account, command, now)
        problem = None if admitted.refused else _NO_SCHEDULE.format(self._ledgers[command.account].traded_usd)
        return _acted(command.account, ActionKind.SCHEDULE, command.account, admitted.outcome(problem), now)

    def trigger(self, account: AccountId, now: EpochMs) -> Sequence[Event]:
        """Trade the stops of an account whose mark is reached, as far as books of the moment are known."""
        ledger, fills = self._ledgers[account], list[OwnFill]()
        for stop in reached(ledger, self._markets):
            matched = meet(stop, ledger, self._markets, now)
            if matched is None:
                continue
            del ledger.stops[stop.command.cloid]
            taker = _Taker(stop.command.coin, stop.command.side, stop.order_id, stop.command.cloid)
            fills += self._trade(taker, matched, ledger, now)
        return (OwnFills(time=now, received=now, account=account, fills=tuple(fills)),) if fills else ()

    def liquidate(self, account: AccountId, coins: Collection[Coin], now: EpochMs) -> Sequence[Event]:
        """Close positions of an account at their marks, by force."""
        ledger = self._ledgers[account]
        fills: list[OwnFill] = []
        for coin, held, mark in list(ledger.prices(self._markets.mark)):
            if coin not in coins:
                continue
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
        text = "position does not have sufficient margin available to decrease leverage."
        if command.coin in ledger.locked and command.leverage < present.value:
            return f"Isolated {text}"
        if size and command.leverage < present.value:
            mark_of = self._markets.mark
            others = initial_margins(ledger, self._instruments, mark_of, leave_out=command.coin)
            notional = abs(size) * (mark_of(command.coin) or ZERO)
            if others + initial_margin(notional, command.leverage) > ledger.cross_equity(mark_of):
                return f"Cross {text}"
        return None

    def _match(self, terms: OrderTerms, ledger: Ledger, now: EpochMs) -> Matched | Refused:
        position = ledger.size(terms.coin)
        quantity = shrink(terms, position)
        if isinstance(quantity, Refused):
            return quantity
        mark_of = self._markets.mark
        prices = Prices(mark_of(terms.coin), self._markets.mid(terms.coin))
        is_capped = self._markets.is_capped(terms.coin)
        refused = (
            check_minimum(terms, quantity, position, prices)
            or (check_open_interest(terms, quantity, position) if is_capped else None)
            or check_margin(terms, quantity, ledger, self._instruments, mark_of)
        )
        if refused is not None:
            return refused
        book = self._markets.book(terms.coin, now)
        matched = None if book is None else match_ioc(book, terms.side, quantity, terms.limit)
        if matched is None or not matched.fills:
            text = "Order could not immediately match against any resting orders."
            return refusal(RejectCode.NO_MATCH, text, terms.asset_id)
        return matched

    def _trade(self, taker: _Taker, matched: Matched, ledger: Ledger, now: EpochMs) -> tuple[OwnFill, ...]:
        coin, side, order_id, cloid = taker
        self._markets.take(coin, side, matched, now)
        return tuple(
            ledger.execute(
                Execution(coin, side, level.price, level.quantity, order_id, number, cloid),
                self._instruments[coin],
                now,
            )
            for number, level in enumerate(matched.fills)
        )

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

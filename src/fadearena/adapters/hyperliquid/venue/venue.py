"""
Our accounts as a `Venue`: signed actions, readings, and what is pushed.

1. A signed action is sent once, with its own nonce and deadline; what comes back, or does not, is told as it is. A
   refusal is an answer, whether the exchange refused the action or did not understand the request.
2. An answer tells neither fee nor price of each execution: these come with the fills, pushed or fetched.
3. A reading that is asked for again while it is under way is made once: the weight of one address is scarce.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import assert_never

import msgspec
import structlog

from fadearena.adapters.hyperliquid import actions, codec, wire
from fadearena.adapters.hyperliquid.limits import AddressBudget, Lane
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.rest import Envelope, ExchangeClient
from fadearena.adapters.hyperliquid.rows import UNREADABLE, rejection
from fadearena.adapters.hyperliquid.session import Failed, Lost, Message, Session, Subscribed
from fadearena.adapters.hyperliquid.venue.accounts import VenueAccount
from fadearena.adapters.hyperliquid.venue.pushed import Pushed
from fadearena.adapters.hyperliquid.venue.reads import AccountReader
from fadearena.kit.tasks import Joined, streamed
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    PlaceOrder,
    QueryOrder,
    ReadAccount,
    ReadLeverage,
    ReadOwnFills,
    SetLeverage,
)
from fadearena.model.error import InvalidInput, VenueError, VenueRefused, VenueUnavailable
from fadearena.model.event import ActionAnswered, BudgetRead, Event, Notice, OrderAnswered
from fadearena.model.ids import AccountId
from fadearena.model.order import ActionKind, ActionOutcome, Refused, RejectCode
from fadearena.model.units import MINUTE_MS
from fadearena.ports.venue import OwnRead, SignedCommand, VenueCommand

log = structlog.get_logger(__name__)
WAITING_MAX = 10_000
BUDGET_MS = 5 * MINUTE_MS
_CANCELS = ("cancel", "cancelByCloid")


class _Whose(msgspec.Struct, frozen=True):
    user: str


_WHOSE = msgspec.json.Decoder(_Whose)


class HyperliquidVenue:
    """Executes what the core wants done on our accounts, and tells what happens there."""

    def __init__(self, line: Line, exchange: ExchangeClient, accounts: Mapping[AccountId, VenueAccount]) -> None:
        self._line = line
        self._exchange = exchange
        self._accounts = dict(accounts)
        self._reader = AccountReader(line)
        self._joined = Joined[OwnRead, Sequence[Event]]()
        self._pushed = {
            account.address: Pushed(name, account, self._reader, line) for name, account in accounts.items()
        }
        self._budgets = {name: AddressBudget(line.clock) for name in accounts}

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over own fills, funding, deposits and budgets as they are told; without end."""
        told: asyncio.Queue[Event] = asyncio.Queue(WAITING_MAX)
        session = self._line.session("accounts")
        for pushed in self._pushed.values():
            pushed.subscribe(session)
        catching_up = (pushed.catch_up(told.put) for pushed in self._pushed.values())
        return streamed(told, session.run(), self._hear(session, told), self._read_budgets(told), *catching_up)

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """
        Do one command and return what became of it.

        Raises:
            VenueUnavailable: Nothing was sent.
            OutcomeUnknown: It was sent and not answered.
            VenueRefused: A read was refused.
            VenueProtocolError: The answer cannot be read; of a signed command the outcome is unknown.
        """
        match command:
            case PlaceOrder() | CancelOrder() | BurnNonce() | SetLeverage():
                return await self._act(command)
            case QueryOrder() | ReadAccount() | ReadOwnFills() | ReadLeverage():
                account = self._account(command.account)
                return await self._joined.ask(command, lambda: self._read(command, account))
            case _:
                assert_never(command)

    async def _read(self, command: OwnRead, account: VenueAccount) -> Sequence[Event]:
        name, reader = command.account, self._reader
        match command:
            case QueryOrder():
                return await reader.order(command, account)
            case ReadAccount():
                return (await reader.account(name, account),)
            case ReadOwnFills():
                return await reader.fills(name, account, command.since)
            case ReadLeverage():
                return (await reader.leverage(name, account, command.coin),)

    async def _act(self, command: SignedCommand) -> Sequence[Event]:
        try:
            match command:
                case PlaceOrder():
                    return await self._place(command)
                case CancelOrder():
                    return await self._cancel(command)
                case BurnNonce():
                    return await self._burn(command)
                case SetLeverage():
                    return await self._set_leverage(command)
        except InvalidInput as error:
            raise VenueUnavailable(f"nothing was sent: {error}") from error
        except VenueRefused as refusal:
            return (_refused(command, refusal.text),)

    async def _place(self, command: PlaceOrder) -> Sequence[Event]:
        terms, identity = command.terms, command.identity
        reply = await self._send(
            terms.account,
            actions.order(actions.order_of(terms, identity.cloid)),
            Lane.CANCEL if terms.reduce_only else Lane.ORDER,
            Envelope(signer=identity.signer, nonce=identity.nonce, expires_after=identity.expires_after),
        )
        (answer,) = codec.order_answers(reply)
        return (OrderAnswered(time=0, received=0, cloid=identity.cloid, answer=answer),)

    async def _cancel(self, command: CancelOrder) -> Sequence[Event]:
        if command.cloid is not None:
            action = actions.cancel_by_cloid((command.asset_id, command.cloid))
        elif command.order_id is not None:
            action = actions.cancel((command.asset_id, command.order_id))
        else:
            raise InvalidInput("a cancel names neither cloid nor order id")
        envelope = Envelope(signer=command.signer, nonce=command.nonce, expires_after=command.expires_after)
        reply = await self._send(command.account, action, Lane.CANCEL, envelope)
        return (_answered(command.account, ActionKind.CANCEL, command.subject, codec.action_outcome(reply)),)

    async def _burn(self, command: BurnNonce) -> Sequence[Event]:
        envelope = Envelope(signer=command.signer, nonce=command.nonce)
        reply = await self._send(command.account, actions.noop(), Lane.CANCEL, envelope)
        return (_answered(command.account, ActionKind.NOOP, command.cloid, codec.action_outcome(reply)),)

    async def _set_leverage(self, command: SetLeverage) -> Sequence[Event]:
        action = actions.set_leverage(command.asset_id, command.leverage, is_cross=command.is_cross)
        envelope = Envelope(signer=command.signer, nonce=command.nonce, expires_after=command.expires_after)
        reply = await self._send(command.account, action, Lane.ORDER, envelope)
        return (_answered(command.account, ActionKind.LEVERAGE, command.coin, codec.action_outcome(reply)),)

    async def _send(
        self, name: AccountId, action: actions.Action, lane: Lane, envelope: Envelope
    ) -> wire.ExchangeReply:
        envelope["vault_address"] = self._account(name).vault_address
        self._budgets[name].spend(Lane.CANCEL if action["type"] in _CANCELS else Lane.ORDER)
        return await self._exchange.send(action, lane=lane, **envelope)

    def _account(self, name: AccountId) -> VenueAccount:
        account = self._accounts.get(name)
        if account is None:
            raise VenueRefused("unknown-account", f"there is no account {name!r} here: add it to the settings")
        return account

    async def _hear(self, session: Session, told: asyncio.Queue[Event]) -> None:
        """Tell what a session brings; for ever."""
        async for news in session:
            match news:
                case Subscribed(subscription={"type": channel, "user": user}):
                    pushed = self._pushed.get(str(user).lower())
                    if pushed is not None:
                        pushed.streams(str(channel))
                case Message():
                    for event in await self._read_message(news):
                        await told.put(event)
                case Lost(reason=reason):
                    text = f"the socket of our accounts was lost ({reason}); what is missed is fetched again"
                    await told.put(Notice(time=0, received=0, level="info", category="account", text=text))
                case Failed(text=text):
                    log.warning("subscription_failed", feed="accounts", text=text)
                case _:
                    pass

    async def _read_message(self, message: Message) -> Sequence[Event]:
        """Return what a message says; what cannot be read is told as such."""
        try:
            pushed = self._pushed.get(_WHOSE.decode(message.data).user.lower())
            return () if pushed is None else await pushed.read(message)
        except (VenueError, *UNREADABLE) as error:
            return (rejection(bytes(message.data), error),)

    async def _read_budgets(self, told: asyncio.Queue[Event]) -> None:
        """Tell again and again how many signed actions are left; for ever."""
        while True:
            for name, account in self._accounts.items():
                try:
                    limit = await self._line.info.rate_limit(account.address, lane=Lane.OWN)
                except VenueError as error:
                    log.warning("budget_unreadable", account=name, error=str(error))
                    continue
                used, most, bought = limit.nRequestsUsed, limit.nRequestsCap, limit.nRequestsSurplus or 0
                self._budgets[name].learn(used=used, limit=most, surplus=bought)
                left = codec.actions_left(limit)
                await told.put(BudgetRead(time=0, received=0, account=name, actions_left=left))
            await self._line.clock.sleep_until(self._line.clock.now_ms() + BUDGET_MS)


def _answered(account: AccountId, kind: ActionKind, subject: str, outcome: codec.Outcome) -> ActionAnswered:
    return ActionAnswered(
        time=0,
        received=0,
        account=account,
        kind=kind,
        subject=subject,
        outcome=outcome.outcome,
        text=outcome.text,
    )


def _refused(command: SignedCommand, text: str) -> Event:
    """Return what a request means that was not understood: a clear no."""
    refused = codec.Outcome(outcome=ActionOutcome.REFUSED, text=text)
    match command:
        case PlaceOrder(identity=identity):
            answer = Refused(code=RejectCode.OTHER, text=text)
            return OrderAnswered(time=0, received=0, cloid=identity.cloid, answer=answer)
        case CancelOrder():
            return _answered(command.account, ActionKind.CANCEL, command.subject, refused)
        case BurnNonce():
            return _answered(command.account, ActionKind.NOOP, command.cloid, refused)
        case SetLeverage():
            return _answered(command.account, ActionKind.LEVERAGE, command.coin, refused)

"""
Our accounts as a `Venue`: signed actions, readings, and what is pushed.

1. A signed action is sent once, with its own nonce and deadline; what comes back, or does not, is told as it is.
2. An answer tells neither fee nor price of each execution: these come with the fills, pushed or fetched.
3. A reading that is asked for again while it is under way is made once: the weight of one address is scarce.
4. Accounts may come and go at any time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import assert_never

import msgspec
import structlog

from fadearena.adapters.hyperliquid.errors import code_of
from fadearena.adapters.hyperliquid.limits import Purpose
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.hyperliquid.rows import UNREADABLE, rejection
from fadearena.adapters.hyperliquid.session import Failed, Lost, Message, Session, Subscribed
from fadearena.adapters.hyperliquid.status import all_or_stale, status_of
from fadearena.adapters.hyperliquid.venue.accounts import VenueAccount
from fadearena.adapters.hyperliquid.venue.acting import Actor, OrderChannel, account_of, refused
from fadearena.adapters.hyperliquid.venue.orders import OrderSocket
from fadearena.adapters.hyperliquid.venue.reads import AccountReader
from fadearena.adapters.hyperliquid.venue.served import Served
from fadearena.kit.tasks import Joined, streamed
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    PlaceOrder,
    PlaceStop,
    QueryOrder,
    ReadAccount,
    ReadLeverage,
    ReadOwnFills,
    ScheduleCancel,
    SetLeverage,
)
from fadearena.model.error import InvalidInput, VenueError, VenueRefused
from fadearena.model.event import ActionAnswered, Event, Notice, OrderAnswered
from fadearena.model.ids import AccountId
from fadearena.model.order import ActionOutcome, Refused, RejectCode
from fadearena.ports.sightings import FeedStatus
from fadearena.ports.venue import OwnRead, Refusal, SignedCommand, VenueCommand

log = structlog.get_logger(__name__)


class _Whose(msgspec.Struct, frozen=True):
    user: str


_WHOSE = msgspec.json.Decoder(_Whose)


class HyperliquidVenue:
    """Executes what the core wants done on our accounts, and tells what happens there."""

    def __init__(
        self,
        line: Line,
        exchange: ExchangeClient,
        accounts: Mapping[AccountId, VenueAccount],
        *,
        order_channel: OrderChannel = "auto",
    ) -> None:
        """
        Prepare the door.

        Args:
            line: The way to the exchange.
            exchange: What signs and sends.
            accounts: The accounts to begin with; `serve` changes them.
            order_channel: How signed actions leave.
        """
        self._line = line
        self._reader = AccountReader(line)
        self._orders = OrderSocket(line)
        self._actor = Actor(exchange, self._orders, order_channel)
        self._joined = Joined[OwnRead, Sequence[Event]]()
        self._served: dict[AccountId, Served] = {}
        self._session: Session | None = None
        self._changed = asyncio.Event()
        self._told: asyncio.Queue[Event] = asyncio.Queue()
        self.serve(accounts)

    def serve(self, accounts: Mapping[AccountId, VenueAccount]) -> None:
        """Serve these accounts from now on, and no others; of a new one, what happens from now on is told."""
        gone = [served for name, served in self._served.items() if not served.is_same(accounts.get(name))]
        for served in gone:
            del self._served[served.name]
            if self._session is not None:
                served.pushed.unsubscribe(self._session)
        for name, account in accounts.items():
            if name in self._served:
                self._served[name].change(account)
                continue
            self._served[name] = new = Served(name, account, self._reader, self._line)
            if self._session is not None:
                new.pushed.subscribe(self._session)
        self._orders.follow(account.address for account in accounts.values())
        self._changed.set()

    def __aiter__(self) -> AsyncIterator[Event]:
        """
        Iterate over what happens on our accounts and to our orders, over budgets and signers; without end.

        Nothing is told twice: what nobody took when an iteration ended is told by the next one.
        """
        told = self._told
        self._session = session = self._line.session("accounts", Purpose.OWN)
        for served in self._served.values():
            served.pushed.subscribe(session)
        return streamed(
            told, session.run(), self._hear(session, told), self._orders.run(told), self._serve_all(told.put)
        )

    def feeds(self) -> Sequence[FeedStatus]:
        """Return how the sockets of our accounts do; none before somebody iterates."""
        sessions = [session for session in (self._session, self._orders.session) if session is not None]
        if not sessions:
            return ()
        heard = min(session.heard for session in sessions)
        return (all_or_stale(status_of(self._line, "own", sessions, heard)),)

    def presign(self, command: SignedCommand) -> None:
        """Sign ahead, before a command is made durable; nothing leaves. What is wrong with it, `execute` says."""
        with suppress(InvalidInput, VenueRefused):
            self._actor.presign(command, self._account(account_of(command)))

    def guard(self, refusal: Refusal) -> None:
        """Ask this right before a command leaves: it may have waited for its turn."""
        self._actor.guard(refusal)

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
            case PlaceOrder() | CancelOrder() | BurnNonce() | SetLeverage() | PlaceStop() | ScheduleCancel():
                return await self._act(command)
            case QueryOrder() | ReadAccount() | ReadOwnFills() | ReadLeverage():
                account = self._account(command.account).account
                return await self._joined.ask(command, lambda: self._read(command, account))
            case _:
                assert_never(command)

    async def _act(self, command: SignedCommand) -> Sequence[Event]:
        try:
            served = self._account(account_of(command))
        except VenueRefused as refusal:
            return (refused(command, refusal.text),)
        events = await self._actor.act(command, served)
        if any(_doubts_signer(event) for event in events):
            served.ask_signer()
        return events

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

    def _account(self, name: AccountId) -> Served:
        served = self._served.get(name)
        if served is None:
            raise VenueRefused("unknown-account", f"there is no account {name!r} here: add it to the settings")
        return served

    async def _serve_all(self, tell: Callable[[Event], Awaitable[None]]) -> None:
        """Keep a task for each account."""
        tasks: dict[Served, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                current = set(self._served.values())
                for gone in tasks.keys() - current:
                    tasks.pop(gone).cancel()
                for served in self._served.values():
                    if served not in tasks:
                        tasks[served] = group.create_task(served.run(tell), name=f"account {served.name}")
                await self._changed.wait()

    async def _hear(self, session: Session, told: asyncio.Queue[Event]) -> None:
        """Tell what a session brings; for ever. A failure is told once as long as the connection holds."""
        failures: set[str] = set()
        async for news in session:
            match news:
                case Subscribed(subscription={"type": channel, "user": user}):
                    served = self._served_at(str(user))
                    if served is not None:
                        served.pushed.streams(str(channel))
                case Message():
                    for event in await self._read_message(news):
                        await told.put(event)
                case Lost(reason=reason):
                    failures.clear()
                    for served in self._served.values():
                        served.pushed.lost()
                        served.ask_signer()
                    text = f"the socket of our accounts was lost ({reason}); what is missed is fetched again"
                    await told.put(Notice(time=0, received=0, level="info", category="account", text=text))
                case Failed(text=text):
                    log.warning("subscription_failed", feed="accounts", text=text)
                    if text not in failures:
                        failures.add(text)
                        text = f"not everything that happens on our accounts is streamed; it is fetched instead: {text}"
                        await told.put(Notice(time=0, received=0, level="warning", category="account", text=text))
                case _:
                    pass

    async def _read_message(self, message: Message) -> Sequence[Event]:
        """Return what a message says; what cannot be read is told as such."""
        try:
            served = self._served_at(_WHOSE.decode(message.data).user)
            return () if served is None else await served.pushed.read(message)
        except (VenueError, *UNREADABLE) as error:
            return (rejection(bytes(message.data), error),)

    def _served_at(self, address: str) -> Served | None:
        address = address.lower()
        return next((served for served in self._served.values() if served.account.address == address), None)


def _doubts_signer(event: Event) -> bool:
    """Tell whether an answer says that the exchange does not know who signed."""
    match event:
        case OrderAnswered(answer=Refused(code=code)):
            return code is RejectCode.SIGNER
        case ActionAnswered(outcome=ActionOutcome.REFUSED, text=text):
            return code_of(text) is RejectCode.SIGNER
        case _:
            return False

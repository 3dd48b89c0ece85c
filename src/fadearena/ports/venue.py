"""The door to the exchange on which our accounts trade."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol, TypeAlias

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
from fadearena.model.event import Event
from fadearena.ports.sightings import FeedStatus

SignedCommand: TypeAlias = PlaceOrder | CancelOrder | BurnNonce | SetLeverage | PlaceStop | ScheduleCancel
OwnRead: TypeAlias = QueryOrder | ReadAccount | ReadOwnFills | ReadLeverage
VenueCommand: TypeAlias = SignedCommand | OwnRead
Refusal: TypeAlias = Callable[[SignedCommand], str | None]
"""Says why a signed command must not leave at this moment; None where it may."""


class Executor(Protocol):
    """Executes signed actions and answers questions on our own accounts."""

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """
        Do one command and return what became of it, as events for the inbox, in their order.

        A refusal is an answer (`OrderAnswered` with `Refused`, `ActionAnswered`). An order's own fills may
        come with its answer, later with another, or by a feed.

        Raises:
            VenueUnavailable: Nothing was sent. The caller may try again, or drop the command.
            OutcomeUnknown: It was sent and not answered. Of a signed command the caller makes a `NoAnswer` or
                `ActionOutcome.UNKNOWN`, of a read a failed read; it never sends a signed command twice.
            VenueRefused: A read was refused.
            VenueProtocolError: The answer cannot be read. Of a signed command the outcome is unknown.
        """
        ...


class Venue(Executor, Protocol):
    """An exchange that also tells by itself what happens on our accounts."""

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what is pushed, in order of arrival: own fills, funding, deposits."""
        ...

    def feeds(self) -> Sequence[FeedStatus]:
        """Return how the feeds behind it do; none where nothing is pushed from afar."""
        ...

"""Where orders of people are handed over: to the worker, in the name of who asks, and once for each key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

from fadearena.api.callers import Operator
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import Problem
from fadearena.api.once import HEADER, PATTERN, Attempt, Outcome
from fadearena.model.event import OperatorAction
from fadearena.model.policy import Policy
from fadearena.ports.control import ControlEntry, ControlState

Choose = Callable[[], Awaitable[OperatorAction | None]]
"""Returns a command by how things stand, None where there is nothing to do; it may raise instead."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Takes the orders of one request; the commands of one request are numbered by `part`."""

    request: Request
    doors: Doors
    actor: str
    attempt: Attempt

    async def order(self, action: OperatorAction, *, part: int = 1) -> ControlEntry:
        """
        Hand a command to the worker, and return it once it was accepted; a stop may be queued still.

        Raises:
            Problem: 409, the worker refuses; 503, there is none; 504, it does not answer.
        """
        return await self._earlier(part) or await self._hand_over(action, part)

    async def decide(self, choose: Choose, *, part: int = 1) -> ControlEntry | None:
        """
        Choose a command, hand it over as above, and return it; None where there was nothing to do.

        Where this request was begun before, the command of then counts: it may be why things stand as they do.

        Raises:
            Problem: 409, the worker refuses; 503, there is none; 504, it does not answer.
        """
        if entry := await self._earlier(part):
            return entry
        action = await choose()
        return None if action is None else await self._hand_over(action, part)

    async def _earlier(self, part: int) -> ControlEntry | None:
        key = self._key(part)
        if key is None or not self.attempt.is_again:
            return None
        entry = await self.doors.people.outcome(key)
        return None if entry is None else self._judged(entry)

    async def _hand_over(self, action: OperatorAction, part: int) -> ControlEntry:
        self.attempt.outcome = Outcome.OPEN
        return self._judged(await self.doors.people.order(action, self.actor, idempotency_key=self._key(part)))

    def _key(self, part: int) -> str | None:
        return None if self.attempt.key is None else f"{self.attempt.key}#{part}"

    def _judged(self, entry: ControlEntry) -> ControlEntry:
        self.request.state.control_id = entry.id
        self.attempt.outcome = _OUTCOMES[entry.state]
        is_waiting = entry.state is ControlState.QUEUED and entry.is_stop
        if entry.state is not ControlState.ACCEPTED and not is_waiting:
            raise refusal(entry)
        return entry


_OUTCOMES = {
    ControlState.ACCEPTED: Outcome.KNOWN,
    ControlState.REFUSED: Outcome.KNOWN,
    ControlState.QUEUED: Outcome.OPEN,
    ControlState.WITHDRAWN: Outcome.NOTHING,
}


def refusal(entry: ControlEntry) -> Problem:
    """Return why a command was not accepted, or not yet."""
    match entry.state:
        case ControlState.REFUSED:
            return Problem(409, "; ".join(entry.reasons), reasons=list(entry.reasons))
        case ControlState.WITHDRAWN:
            return no_worker()
        case _:
            return Problem(
                504, f"A worker took the command and nobody showed an answer yet: ask again with the same {HEADER}"
            )


def no_worker() -> Problem:
    """Return that nobody is there who could change anything."""
    detail = "No worker is running: start one with `fadearena up`; nothing was changed"
    return Problem(503, detail, headers={"Retry-After": "5"})


async def desk_of(
    request: Request,
    caller: Operator,
    doors: Windows,
    _key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            pattern=PATTERN,
            description="Names this request, for a day: sent again with the same key it is not carried out again, and "
            "gets the same answer. 1 to 255 visible ASCII characters; a UUID is a good one.",
            examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        ),
    ] = None,
) -> Desk:
    """Return the desk for a request."""
    return Desk(request=request, doors=doors, actor=caller.actor, attempt=request.state.attempt)


AtDesk = Annotated[Desk, Depends(desk_of)]


async def policy_in_force(doors: Doors) -> Policy:
    """
    Return the settings in force.

    Raises:
        Problem: 409, there are none yet.
    """
    view = await doors.records.settings()
    if view is None:
        raise Problem(409, "There are no settings yet: a worker makes the default ones at its first start")
    return view.policy

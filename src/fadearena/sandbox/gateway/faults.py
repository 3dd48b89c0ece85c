"""
What can go wrong on request.

Each fault is a value: tests hand it to the gateway, other processes post it as JSON to `/sandbox/faults`.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

from fadearena.model.ids import Dex

Times = Annotated[int, msgspec.Meta(ge=0)]
Path = Literal["/info", "/exchange"]


class _Fault(msgspec.Struct, frozen=True, tag_field="kind", rename="camel"):
    """Every fault names itself as `kind`."""


class Drop(_Fault, frozen=True, tag="drop"):
    """Close all sockets."""


class Garbage(_Fault, frozen=True, tag="garbage"):
    """Send something unreadable on all sockets."""

    text: str = '{"channel":"trades","data":[{"coin"'


class Silence(_Fault, frozen=True, tag="silence"):
    """Sockets stay open, and nothing comes out of them until this is switched off; what was to come is lost."""

    on: bool = True


class Refuse(_Fault, frozen=True, tag="refuse"):
    """No connection is taken any more until this is switched off."""

    on: bool = True


class Answer(_Fault, frozen=True, tag="answer"):
    """Answer the next requests with a status and nothing done: 429, 500, 502 and such."""

    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    times: Times = 1
    path: Path | None = None


class Delay(_Fault, frozen=True, tag="delay"):
    """Hold each answer back for so long, after the work was done."""

    ms: Times


class LoseAnswers(_Fault, frozen=True, tag="loseAnswers"):
    """Carry the next actions out and never say so."""

    times: Times = 1


class HideDex(_Fault, frozen=True, tag="hideDex"):
    """Leave a dex out of all lists, and fail where it is named."""

    dex: Dex
    on: bool = True


class Clear(_Fault, frozen=True, tag="clear"):
    """Let everything go right again."""


Fault: TypeAlias = Drop | Garbage | Silence | Refuse | Answer | Delay | LoseAnswers | HideDex | Clear


class AnswerLost(Exception):
    """The work was done, and the connection breaks before the answer is out."""


class ConnectionRefused(Exception):
    """Nobody takes connections."""


class Troubles:
    """The faults that last."""

    def __init__(self) -> None:
        self.hidden: set[Dex] = set()
        self.clear()

    def clear(self) -> None:
        """Let everything go right again."""
        self.is_silent = False
        self.is_refusing = False
        self.delay_ms = 0
        self.hidden.clear()
        self._answers: list[Answer] = []
        self._lost = 0

    def add(self, fault: Fault) -> None:
        """Let something go wrong from now on; what happens once, or ends all of it, is not for here."""
        match fault:
            case Silence():
                self.is_silent = fault.on
            case Refuse():
                self.is_refusing = fault.on
            case Answer():
                self._answers.append(fault)
            case Delay():
                self.delay_ms = fault.ms
            case LoseAnswers():
                self._lost = fault.times
            case HideDex():
                (self.hidden.add if fault.on else self.hidden.discard)(fault.dex)
            case Drop() | Garbage() | Clear():
                pass

    def status_for(self, path: str) -> int | None:
        """Return the status with which the next request of a path fails, and count it."""
        for place, fault in enumerate(self._answers):
            if fault.path in {None, path} and fault.times > 0:
                self._answers[place] = msgspec.structs.replace(fault, times=fault.times - 1)
                return fault.status
        return None

    def loses_answer(self) -> bool:
        """Tell whether the answer to an action gets lost, and count it."""
        if self._lost == 0:
            return False
        self._lost -= 1
        return True

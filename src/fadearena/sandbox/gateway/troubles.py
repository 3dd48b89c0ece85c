"""The faults that last, and which requests they meet."""

from collections.abc import Callable
from typing import NamedTuple, get_args

from fadearena.model.ids import Address, Dex
from fadearena.sandbox.gateway.faults import (
    AnswerClock,
    Delay,
    Fault,
    Garble,
    Hang,
    HideDex,
    Late,
    OfRequests,
    Refuse,
    Reject,
    RequestFault,
    Silence,
    Truncate,
    Twice,
)
from fadearena.sandbox.gateway.often import Often

_OF_REQUESTS: tuple[type[OfRequests], ...] = get_args(RequestFault)


class Met(NamedTuple):
    """
    A request as faults see it.

    `kind` is the type of its action or question, empty where it could not be read; `user` tells whom it is for, and
    costs something to find out; `reduce_only` is None where it has orders of both sorts, or none; `dex` is None where
    it is about no dex.
    """

    path: str
    kind: str
    user: Callable[[], Address | None]
    reduce_only: bool | None = None
    dex: Dex | None = None


class _Lasting:
    """A fault of requests, and how often it may still happen."""

    def __init__(self, fault: RequestFault) -> None:
        self.fault = fault
        self._often = Often(fault.times, fault.chance, fault.seed)

    @property
    def is_over(self) -> bool:
        return self._often.is_over

    def meets(self, met: Met) -> bool:
        """Tell whether it happens to a request, and count it."""
        return self._fits(met) and self._often.happens()

    def _fits(self, met: Met) -> bool:
        fault = self.fault
        if isinstance(fault, Reject) and fault.reduce_only not in {None, met.reduce_only}:
            return False
        return (
            fault.path in {None, met.path}
            and fault.action in {None, met.kind}
            and fault.dex in {None, met.dex}
            and (fault.user is None or fault.user == met.user())
        )


class Troubles:
    """The faults that last."""

    def __init__(self) -> None:
        self.hidden: set[Dex] = set()
        self.clear()

    def clear(self) -> None:
        """Let everything go right again."""
        self.is_silent = False
        self.is_refusing = False
        self.late = Late()
        self.hidden.clear()
        self.answers_off_ms = 0
        self._lasting: list[_Lasting] = []

    def add(self, fault: Fault) -> None:
        """Let something go wrong from now on; what happens at once, or ends all of it, is not for here."""
        match fault:
            case Silence():
                self.is_silent = fault.on
            case Refuse():
                self.is_refusing = fault.on
            case Late():
                self.late = fault
            case AnswerClock():
                self.answers_off_ms = fault.ms
            case HideDex():
                (self.hidden.add if fault.on else self.hidden.discard)(fault.dex)
            case Delay(times=None):
                self._lasting = [one for one in self._lasting if not _is_same_delay(one.fault, fault)]
                self._lasting.append(_Lasting(fault))
            case _ if isinstance(fault, _OF_REQUESTS):
                self._lasting.append(_Lasting(fault))
            case _:
                pass

    def meet(self, met: Met) -> list[RequestFault]:
        """
        Return what happens to a request, and count it.

        Of faults that take the place of the answer only one happens: the one that was asked for first.
        """
        self._lasting = [one for one in self._lasting if not one.is_over]
        happening: list[RequestFault] = []
        is_answered = False
        for one in self._lasting:
            replaces = not isinstance(one.fault, Delay | Twice)
            if not (replaces and is_answered) and one.meets(met):
                happening.append(one.fault)
                is_answered = is_answered or replaces
        return happening


def is_slow(faults: list[RequestFault]) -> bool:
    """Tell whether any of them takes time."""
    return any(isinstance(one, Delay | Hang) for one in faults)


def is_after(fault: RequestFault) -> bool:
    """Tell whether a fault happens after the work is done."""
    match fault:
        case Garble() | Truncate() | Twice():
            return True
        case Reject():
            return False
        case _:
            return fault.done


def _is_same_delay(one: RequestFault, other: Delay) -> bool:
    """Tell whether a delay would only be made longer or shorter by another."""
    if not isinstance(one, Delay):
        return False
    return (one.times, one.done, one.path, one.action, one.user) == (
        other.times,
        other.done,
        other.path,
        other.action,
        other.user,
    )

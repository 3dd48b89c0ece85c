"""
What can go wrong on request.

1. Each fault is a value: tests hand it to the gateway, other processes post it as JSON to `/sandbox/faults`.
2. Channels are named as messages name them; who subscribes to `userEvents` listens to `user`.
3. Faults of requests are alike over HTTP and over a socket's `post`. Those that come together all happen, in the order
   in which they were asked for.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

from fadearena.model.ids import Address, Dex
from fadearena.model.units import MINUTE_MS
from fadearena.sandbox.gateway import texts

Times = Annotated[int, msgspec.Meta(ge=0)]
Path = Literal["/info", "/exchange"]
Chance = Annotated[float, msgspec.Meta(gt=0, le=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Fault(msgspec.Struct, frozen=True, tag_field="kind", rename="camel"):
    """Every fault names itself as `kind`."""


class OfRequests(_Fault, frozen=True, kw_only=True):
    """
    What happens to the next requests that fit.

    `times` is how many (null: until all is cleared); `action` is the type of an action or question, `user` whom it is
    for, `dex` the dex that a question is about; each suffers with `chance`, drawn by `seed`.
    """

    times: Times | None = 1
    path: Path | None = None
    action: str | None = None
    user: Address | None = None
    dex: Dex | None = None
    chance: Chance = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.user is not None:
            msgspec.structs.force_setattr(self, "user", texts.address(self.user))


class Answer(OfRequests, frozen=True, tag="answer"):
    """Answer with a status: 429, 500, 502 and such; nothing is done, unless `done`."""

    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    done: bool = False


class Delay(OfRequests, frozen=True, kw_only=True, tag="delay"):
    """Hold the answer back for so long, after the work was done; or, without `done`, the work and the answer."""

    ms: Times
    done: bool = True
    times: Times | None = None


class Reset(OfRequests, frozen=True, tag="reset"):
    """Break the connection instead of an answer, after the work was done; or, without `done`, before it is."""

    done: bool = True


class Hang(OfRequests, frozen=True, tag="hang"):
    """Never answer: the connection stands until the client gives up, or for so long; the work is `done`, or is not."""

    done: bool = True
    ms: Times = 10 * MINUTE_MS


class Garble(OfRequests, frozen=True, tag="garble"):
    """Do the work, and answer with something unreadable."""

    text: str = '{"status":"ok","response":{"type":"ord'


class Truncate(OfRequests, frozen=True, tag="truncate"):
    """Do the work, and cut the true answer off somewhere."""


class Twice(OfRequests, frozen=True, tag="twice"):
    """Answer a `post` of a socket twice; over HTTP there is only one answer."""


class Reject(OfRequests, frozen=True, kw_only=True, tag="reject"):
    """
    Refuse what was signed with a text, and do nothing: each order by itself, or the `whole` action.

    The nonce is used up. With `reduceOnly` only batches are refused in which all orders are such, or none is.
    """

    text: str
    whole: bool = False
    reduce_only: bool | None = None
    action: str | None = "order"


class Late(_Fault, frozen=True, tag="late"):
    """Tell fills, and find orders by look-up, so much later than they are there. Positions are in time."""

    fills_ms: Times = 0
    lookups_ms: Times = 0


class Step(_Fault, frozen=True, tag="clock"):
    """Put the sandbox's clock forward, or (< 0) back."""

    ms: int


class AnswerClock(_Fault, frozen=True, tag="answerClock"):
    """Let what is told of the present bear a time that is off by so much; the exchange itself goes right."""

    ms: int = 0


class _OfChannels(_Fault, frozen=True):
    """What happens to messages of some channels; none named are all."""

    channels: tuple[str, ...] = ()

    def is_about(self, channel: str) -> bool:
        """Tell whether a channel is one of them."""
        return not self.channels or channel in self.channels


class Drop(_OfChannels, frozen=True, tag="drop"):
    """Close the sockets that listen to one of the channels, each with `chance`, drawn by `seed`."""

    chance: Chance = 1.0
    seed: int = 0


class HalfOpen(_OfChannels, frozen=True, tag="halfOpen"):
    """
    Sockets answer, and deliver nothing of the channels.

    Those that are open now, until they are closed; `lasting`: new ones, too, until this is switched off.
    """

    lasting: bool = False
    on: bool = True


class Frames(_OfChannels, frozen=True, tag="frames"):
    """
    Each frame is sent twice, changes places with the next one, or is late, with these chances.

    The last one counts; without chances everything goes right again, and what was held back comes.
    """

    twice: Share = 0.0
    swap: Share = 0.0
    late: Share = 0.0
    late_ms: Times = 0
    seed: int = 0


class ShortSnapshots(_OfChannels, frozen=True, tag="shortSnapshots"):
    """What is told first after a subscription has the last `keep` rows only; null: it does not come at all."""

    channels: tuple[str, ...] = ("trades", "userFills")
    keep: Times | None = None
    times: Times | None = None


class RefuseSubscriptions(_OfChannels, frozen=True, tag="refuseSubscriptions"):
    """Refuse what is subscribed to; the text is that of the limit on channels or users, unless told otherwise."""

    text: str | None = None
    times: Times | None = 1
    chance: Chance = 1.0
    seed: int = 0


class Garbage(_Fault, frozen=True, tag="garbage"):
    """Send something unreadable on all sockets."""

    text: str = '{"channel":"trades","data":[{"coin"'


class Silence(_Fault, frozen=True, tag="silence"):
    """Sockets stay open, and nothing comes out of them until this is switched off; what was to come is lost."""

    on: bool = True


class Refuse(_Fault, frozen=True, tag="refuse"):
    """No connection is taken any more until this is switched off."""

    on: bool = True


class HideDex(_Fault, frozen=True, tag="hideDex"):
    """Leave a dex out of all lists, and fail where it is named."""

    dex: Dex
    on: bool = True


class Clear(_Fault, frozen=True, tag="clear"):
    """Let everything go right again; a clock that was stepped stays so."""


RequestFault: TypeAlias = Answer | Delay | Reset | Hang | Garble | Truncate | Twice | Reject
FeedFault: TypeAlias = Drop | HalfOpen | Frames | ShortSnapshots | RefuseSubscriptions
Fault: TypeAlias = RequestFault | FeedFault | Late | Step | AnswerClock | Garbage | Silence | Refuse | HideDex | Clear


class AnswerLost(Exception):
    """The connection breaks before an answer is out, whatever was done."""


class ConnectionRefused(Exception):
    """Nobody takes connections."""

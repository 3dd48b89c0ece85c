"""What the process itself has to tell: starts, wakes, the clock, what could not be read."""

from fadearena.model.event.header import Header


class Started(Header, frozen=True, kw_only=True, gc=False, tag="started"):
    """A worker took over: nothing is decided before orders are settled and positions were read."""

    rules_version: int
    worker: str


class Woke(Header, frozen=True, kw_only=True, gc=False, tag="woke"):
    """A wake that was asked for is due."""

    key: str


class ClockRead(Header, frozen=True, kw_only=True, gc=False, tag="clock-read"):
    """Our clock's offset to the exchange and how much it wavers; None while it is not known."""

    offset_ms: int | None
    spread_ms: int | None


class InputRejected(Header, frozen=True, kw_only=True, gc=False, tag="input-rejected"):
    """Something came in that cannot be read, or bears an impossible time; it is kept as a dead letter."""

    source: str
    error: str
    excerpt: str = ""


class Quarantined(Header, frozen=True, kw_only=True, gc=False, tag="quarantined"):
    """An event on which the core raised was set aside: nothing is sent until somebody looked. `held` is its JSON."""

    subject: str
    error: str
    held: str = ""


class Notice(Header, frozen=True, kw_only=True, gc=False, tag="notice"):
    """Something that people should know, and what it is about: a full queue, a lost connection."""

    level: str
    category: str
    text: str
    subject: str = "system"

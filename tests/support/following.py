"""Source fills and follows in one line each."""

from collections.abc import Iterable
from decimal import Decimal as D
from typing import Any

import msgspec

from fadearena.core.follow import Applied, Follow, Start, apply_fills, apply_snapshot
from fadearena.model.policy import StartPolicy
from fadearena.model.units import Side
from fadearena.model.wallet import SourceFill, SourcePosition

T0 = 1_760_000_000_000
CHANGES = Start(policy=StartPolicy.FOLLOW_CHANGES)
LIMIT = 256


def fill(
    ms: int, change: str | D, start: str | D | None = None, *, price: str = "100", key: str | None = None, **more: Any
) -> SourceFill:
    """Return a fill `ms` after T0; `change` is signed, without `start` it is the tape's."""
    size = D(change)
    return SourceFill(
        key=key or f"{ms}:{change}:{start}",
        coin="BTC",
        time=T0 + ms,
        side=Side.BUY if size > 0 else Side.SELL,
        price=D(price),
        quantity=abs(size),
        start_position=None if start is None else D(start),
        **more,
    )


def tape(of: SourceFill) -> SourceFill:
    """Return the tape's copy of a fill."""
    return msgspec.structs.replace(of, start_position=None, order_id=None, forced=None)


def history(*steps: tuple[int, str], start: str = "0", price: str = "100") -> list[SourceFill]:
    """Return fills that follow one another from `start`: (ms after T0, signed size) each."""
    fills, position = list[SourceFill](), D(start)
    for number, (ms, change) in enumerate(steps):
        fills.append(fill(ms, change, position, price=price, key=f"{ms}:{number}"))
        position += D(change)
    return fills


def read(
    follow: Follow, ms: int, size: str | D, *, entry: str | None = None, start: Start = CHANGES, empty: bool = False
) -> Applied:
    """Let a snapshot `ms` after T0 be compared."""
    row = SourcePosition(coin="BTC", size=D(size), entry=None if entry is None else D(entry)) if D(size) else None
    return apply_snapshot(follow, row, T0 + ms, start, is_empty=empty)


def begun(size: str = "0", *, start: Start = CHANGES, entry: str | None = None) -> Follow:
    """Return a follow that two snapshots confirmed, the second at T0."""
    follow = Follow()
    read(follow, -2_500, size, start=start, entry=entry)
    read(follow, 0, size, start=start, entry=entry)
    assert follow.uncertainty is None
    return follow


def count(follow: Follow, *fills: SourceFill, start: Start = CHANGES, limit: int = LIMIT) -> Applied:
    """Let one message's fills be counted."""
    return apply_fills(follow, fills, start, limit)


def count_each(follow: Follow, fills: Iterable[SourceFill]) -> Follow:
    """Let fills be counted, a message each."""
    for each in fills:
        count(follow, each)
    return follow


def outcome(follow: Follow) -> tuple[Any, ...]:
    """Return position, baseline, followed, leg and peak."""
    assert follow.now is not None
    now = follow.now
    return now.position, now.baseline, now.followed, now.leg, now.peak


def values(*these: object) -> tuple[object, ...]:
    """Return values as they are, to be compared with plain numbers: a decimal equals an integer."""
    return these

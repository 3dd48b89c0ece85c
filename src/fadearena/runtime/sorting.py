"""
What of the waiting alerts is told now, what waits, and what is told together. Pure.

1. Alerts of one level, category and subject within `window_ms` are one message: the first goes at once, those that
   follow it are merged and go when the window is over, as one that says how many they are.
2. At most `an_hour` messages go out in an hour, each to every destination. Critical ones go first, and a quarter is
   kept for them; what is too much is summed up in one message, the last that there is room for.
3. What is said of a stop or of a loss of our own positions waits for nobody: rule 2 does not hold for it, and it is
   merged with its word-for-word repetition only.
"""

from collections.abc import Iterable, Sequence

import msgspec

from fadearena.model.record import Alert
from fadearena.model.units import HOUR_MS, MINUTE_MS, EpochMs
from fadearena.ports.outbox import Delivery, OutboxRow

DIGEST = "digest"
URGENT = frozenset(
    {
        "adl",
        "feed",
        "flatten",
        "kill",
        "liquidation",
        "protect",
        "quarantine",
        "settlement",
        "stop",
        "two_writers",
        "worker",
    }
)
"""Categories of rule 3, where they are critical."""
_RANKS = {"critical": 0, "warning": 1}
_TEXT_MAX = 1_000
_LINES_MAX = 20
_LINE_MAX = 200


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """How much people are told."""

    window_ms: EpochMs = 10 * MINUTE_MS
    an_hour: int = 20


class Sorted(msgspec.Struct, frozen=True, kw_only=True):
    """`changed` has to be saved before `due` is sent, in this order."""

    changed: tuple[OutboxRow, ...] = ()
    due: tuple[OutboxRow, ...] = ()


def sort(queued: Sequence[OutboxRow], sent: Sequence[OutboxRow], now: EpochMs, rules: Rules) -> Sorted:
    """
    Sort what waits.

    Args:
        queued: What waits.
        sent: The messages of the last hour and of the last window.
        now: The time, by people's clock.
        rules: How much people are told.
    """
    before = {row.id: row for row in sorted(queued, key=lambda row: row.id)}
    rows = dict(before)
    heads = _merged(rows, now)
    _wait_for_window(rows, heads, sent, now, rules)
    due = [rows[head] for head in heads if rows[head].next_ms <= now]
    free = [row for row in due if is_free(row)]
    rest = sorted((row for row in due if not is_free(row)), key=_rank)
    room = max(0, rules.an_hour - sum(row.changed_ms > now - HOUR_MS for row in sent))
    chosen = _in_room(rows, rest, room, rules.an_hour // 4, now)
    changed = tuple(row for row in rows.values() if row != before[row.id])
    return Sorted(changed=changed, due=tuple(sorted([*free, *chosen], key=_rank)))


def is_free(row: OutboxRow) -> bool:
    """Tell whether a row goes out whatever went out before it: it is urgent, or on its way already."""
    return is_urgent(row.alert) or bool(row.reached) or row.alert.category == DIGEST


def is_urgent(alert: Alert) -> bool:
    """Tell whether an alert waits for nobody."""
    return alert.level == "critical" and alert.category in URGENT


def _merged(rows: dict[int, OutboxRow], now: EpochMs) -> list[int]:
    """Merge what says the same into the oldest of them; return those that are left."""
    heads: dict[object, int] = {}
    left: list[int] = []
    for row in list(rows.values()):
        key = _key(row.alert)
        head = heads.get(key)
        if head is None or rows[head].reached or row.reached:
            heads[key] = row.id
            left.append(row.id)
        else:
            rows[head] = _with(rows[head], row)
            rows[row.id] = _into(row, head, now)
    return left


def _wait_for_window(
    rows: dict[int, OutboxRow], heads: Iterable[int], sent: Sequence[OutboxRow], now: EpochMs, rules: Rules
) -> None:
    """Put off what was told lately."""
    last = {_key(row.alert): row.changed_ms for row in sorted(sent, key=lambda row: row.changed_ms)}
    for head in heads:
        row = rows[head]
        told = last.get(_key(row.alert))
        if told is not None and not row.attempts and not row.reached and row.next_ms <= now < told + rules.window_ms:
            rows[head] = msgspec.structs.replace(row, next_ms=told + rules.window_ms)


def _in_room(
    rows: dict[int, OutboxRow], waiting: Sequence[OutboxRow], room: int, kept: int, now: EpochMs
) -> list[OutboxRow]:
    """Choose as many as there is room for; what is too much becomes the last of them."""
    critical = [row for row in waiting if row.alert.level == "critical"]
    others = [row for row in waiting if row.alert.level != "critical"]
    chosen = _fitting(rows, critical, room, now)
    return chosen + _fitting(rows, others, max(0, room - kept - len(chosen)), now)


def _fitting(rows: dict[int, OutboxRow], waiting: list[OutboxRow], room: int, now: EpochMs) -> list[OutboxRow]:
    if len(waiting) <= room:
        return waiting
    if not room:
        return []
    alone, rest = waiting[: room - 1], waiting[room - 1 :]
    first = rest[0]
    for row in rest[1:]:
        rows[row.id] = _into(row, first.id, now)
    rows[first.id] = msgspec.structs.replace(
        first, alert=_digest([row.alert for row in rest]), times=sum(row.times for row in rest)
    )
    return [*alone, rows[first.id]]


def _digest(alerts: Sequence[Alert]) -> Alert:
    lines = [f"{a.level} {a.category} {a.subject}: {a.text}".replace("\n", "; ")[:_LINE_MAX] for a in alerts]
    more = len(lines) - _LINES_MAX
    text = "\n".join([*lines[:_LINES_MAX], *([f"and {more} more"] if more > 0 else [])])
    return Alert(level=alerts[0].level, category=DIGEST, subject=f"{len(alerts)} alerts", text=text)


def _with(head: OutboxRow, row: OutboxRow) -> OutboxRow:
    """Let a message stand for one alert more; texts that differ are all told, as far as there is room."""
    text = head.alert.text
    if row.alert.text not in text and len(text) + len(row.alert.text) < _TEXT_MAX:
        text = f"{text}\n{row.alert.text}"
    alert = msgspec.structs.replace(head.alert, text=text)
    return msgspec.structs.replace(head, alert=alert, times=head.times + row.times)


def _into(row: OutboxRow, head: int, now: EpochMs) -> OutboxRow:
    return msgspec.structs.replace(row, state=Delivery.MERGED, into=head, changed_ms=now)


def _key(alert: Alert) -> object:
    words = (alert.level, alert.category, alert.subject)
    return (*words, alert.text) if is_urgent(alert) or alert.category == DIGEST else words


def _rank(row: OutboxRow) -> tuple[int, int]:
    return _RANKS.get(row.alert.level, len(_RANKS)), row.id

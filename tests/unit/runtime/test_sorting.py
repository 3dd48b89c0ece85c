"""What of the waiting alerts is told now, what waits, and what is told together."""

import msgspec

from fadearena.model.record import Alert
from fadearena.model.units import HOUR_MS, MINUTE_MS
from fadearena.ports.outbox import Delivery, OutboxRow
from fadearena.runtime.sorting import DIGEST, Rules, Sorted, sort

RULES = Rules(window_ms=10 * MINUTE_MS, an_hour=8)
NOW = 100 * HOUR_MS


def row(number: int, category: str = "drift", level: str = "warning", text: str = "t", subject: str = "s") -> OutboxRow:
    """Return an alert that waits."""
    alert = Alert(level=level, category=category, subject=subject, text=text)
    return OutboxRow(id=number, source=str(number), alert=alert, time=0)


def sent(alert: OutboxRow, ago_ms: int) -> OutboxRow:
    """Return an alert as it is some time after it was sent."""
    return msgspec.structs.replace(alert, state=Delivery.SENT, changed_ms=NOW - ago_ms)


def sorted_(*queued: OutboxRow, before: tuple[OutboxRow, ...] = (), at: int = NOW) -> Sorted:
    """Sort what waits."""
    return sort(queued, before, at, RULES)


def ids(found: Sorted) -> list[int]:
    """Return what is told now."""
    return [each.id for each in found.due]


def by_id(found: Sorted) -> dict[int, OutboxRow]:
    """Return what changed."""
    return {each.id: each for each in found.changed}


def test_nothing_waits() -> None:
    """Then nothing is done."""
    assert sorted_() == Sorted()


def test_different_alerts_are_told_at_once_critical_ones_first() -> None:
    """Level, category and subject tell alerts apart; the order is that of their weight, then their age."""
    rows = (row(1), row(2, subject="other"), row(3, level="critical"), row(4, "limit"), row(5, level="info"))
    found = sorted_(*reversed(rows))
    assert (ids(found), found.changed) == ([3, 1, 2, 4, 5], ())


def test_what_comes_together_is_one_message() -> None:
    """It says how many alerts it stands for, and every text that differs, as far as there is room."""
    found = sorted_(row(1, text="a"), row(2, text="b"), row(3, text="a"), row(4, text="x" * 1_000))
    (told,) = found.due
    assert (told.id, told.times, told.alert.text) == (1, 4, "a\nb")
    merged = {n: (r.state, r.into) for n, r in by_id(found).items() if n != 1}
    assert merged == dict.fromkeys((2, 3, 4), (Delivery.MERGED, 1))


def test_what_was_told_lately_waits_until_the_window_is_over() -> None:
    """The first goes at once, the next ones together when its ten minutes are over, and then the window begins anew."""
    before = (sent(row(1), 4 * MINUTE_MS),)
    found = sorted_(row(2), row(3), before=before)
    assert ids(found) == []
    waiting = by_id(found)[2]
    assert (waiting.next_ms, waiting.times) == (NOW + 6 * MINUTE_MS, 2)
    assert sorted_(waiting, before=before, at=NOW + 6 * MINUTE_MS - 1).due == ()
    assert ids(sorted_(waiting, before=before, at=NOW + 6 * MINUTE_MS)) == [2]
    assert ids(sorted_(row(2), before=(sent(row(1), 10 * MINUTE_MS),))) == [2]


def test_a_message_that_some_have_taken_is_not_changed_any_more() -> None:
    """What follows it is a message of its own; the rest of its destinations get what the others got."""
    half = msgspec.structs.replace(row(1), reached=("x",), attempts=1)
    found = sorted_(half, row(2), row(3))
    assert [(told.id, told.times) for told in found.due] == [(1, 1), (2, 2)]


def test_what_is_put_off_is_not_told_yet() -> None:
    """A message that was not taken waits for its next attempt, whatever window is open."""
    tried = msgspec.structs.replace(row(1), attempts=1, next_ms=NOW + 1)
    assert sorted_(tried).due == ()
    assert ids(sorted_(tried, at=NOW + 1)) == [1]
    assert ids(sorted_(tried, before=(sent(row(9), 1),), at=NOW + 1)) == [1]


def test_too_much_is_summed_up() -> None:
    """A quarter of the room is kept for critical ones; the last message of the rest tells of all that is too much."""
    found = sorted_(*(row(n, f"c{n}", text=f"text {n}\nmore") for n in range(1, 31)))
    assert ids(found) == [1, 2, 3, 4, 5, 6]
    digest = found.due[-1]
    assert (digest.alert.category, digest.alert.subject, digest.times) == (DIGEST, "25 alerts", 25)
    lines = digest.alert.text.splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("warning c6 s: text 6; more", "and 5 more", 21)
    assert {r.into for n, r in by_id(found).items() if n != 6} == {6}


def test_without_room_others_wait_and_critical_ones_have_theirs() -> None:
    """Room comes back as messages become an hour old."""
    before = tuple(sent(row(n, f"c{n}"), n * MINUTE_MS) for n in range(1, 7))
    found = sorted_(row(10, "a"), row(11, "b"), row(12, "x", "critical"), row(13, "y", "critical"), before=before)
    assert ids(found) == [12, 13]
    full = (*before, sent(row(7, "x"), 1), sent(row(8, "y"), 1))
    assert sorted_(row(12, "z", "critical"), before=full).due == ()
    assert ids(sorted_(row(12, "z", "critical"), before=full, at=NOW + 54 * MINUTE_MS)) == [12]


def test_a_stop_or_a_loss_of_our_own_is_always_told() -> None:
    """Whatever went out before it; it is merged with its word-for-word repetition only."""
    full = tuple(sent(row(n, f"c{n}"), n) for n in range(20))
    lost = [row(n, "liquidation", "critical", text=f"ETH: {n}") for n in range(30, 45)]
    found = sorted_(*lost, row(50, "liquidation", "critical", text="ETH: 30"), before=full)
    assert ids(found) == list(range(30, 45))
    assert found.due[0].times == 2
    assert ids(sorted_(row(51, "liquidation", "warning"), before=full)) == []


def test_a_digest_that_was_not_taken_stays_what_it_is() -> None:
    """It is tried again as it is, and is no part of the next one."""
    digest = msgspec.structs.replace(row(1, DIGEST), attempts=1)
    found = sorted_(digest, *(row(n, f"c{n}") for n in range(2, 20)))
    assert found.due[0] == digest
    assert [told.alert.category for told in found.due].count(DIGEST) == 2

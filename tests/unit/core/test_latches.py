"""Latches: who stopped what, and what ends each."""

import pytest

from fadearena.core.latches import (
    ALL,
    ENDED_BY_RELEASE,
    ENDED_BY_RESUME,
    STATE_OF,
    Latch,
    Latches,
    LatchKind,
    account_scope,
    bot_scope,
)
from fadearena.model.trading import TradingState


def latch(kind: LatchKind, scope: str = ALL, until_ms: int | None = None) -> Latch:
    """Return a latch that somebody set."""
    return Latch(scope=scope, kind=kind, actor="ann", since=1, reason="why", until_ms=until_ms)


def held(*latches: Latch) -> Latches:
    """Return latches that are set."""
    made = Latches()
    for each in latches:
        made.set(each)
    return made


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (LatchKind.PAUSE, TradingState.REDUCING),
        (LatchKind.DISABLED, TradingState.REDUCING),
        (LatchKind.DAILY_LOSS, TradingState.REDUCING),
        (LatchKind.DRAWDOWN, TradingState.REDUCING),
        (LatchKind.BOT_LOSS, TradingState.REDUCING),
        (LatchKind.OWN_LIQUIDATION, TradingState.REDUCING),
        (LatchKind.KILL, TradingState.HALTED),
        (LatchKind.TWO_WRITERS, TradingState.HALTED),
        (LatchKind.QUARANTINE, TradingState.HALTED),
        (LatchKind.FLATTEN, TradingState.FLATTENING),
    ],
)
def test_each_latch_has_its_state(kind: LatchKind, state: TradingState) -> None:
    """Pauses, losses and liquidations only reduce; kills, two writers and quarantine halt; flatten closes."""
    assert held(latch(kind)).state(ALL) is state


def test_nothing_set_is_active() -> None:
    """Without a latch everything is allowed."""
    assert Latches().state(ALL) is Latches().strictest(ALL, bot_scope("a")) is TradingState.ACTIVE


def test_each_latch_has_exactly_one_end() -> None:
    """A resume never ends what needs a release, and neither ends a flatten or the switch of a bot."""
    assert not ENDED_BY_RESUME & ENDED_BY_RELEASE
    assert set(LatchKind) - ENDED_BY_RESUME - ENDED_BY_RELEASE == {LatchKind.FLATTEN, LatchKind.DISABLED}
    assert {STATE_OF[kind] for kind in ENDED_BY_RESUME} == {TradingState.REDUCING}
    assert {STATE_OF[kind] for kind in ENDED_BY_RELEASE} == {TradingState.HALTED}
    assert set(STATE_OF) == set(LatchKind)


def test_a_state_is_the_strictest_of_its_latches() -> None:
    """The end of a kill leaves the pause that was set before it, and the end of that leaves nothing."""
    latches = held(latch(LatchKind.PAUSE), latch(LatchKind.KILL))
    assert latches.state(ALL) is TradingState.HALTED
    assert latches.end(ALL, LatchKind.KILL)
    assert latches.state(ALL) is TradingState.REDUCING
    assert latches.end(ALL, LatchKind.PAUSE)
    assert (latches.state(ALL), latches.by_scope) == (TradingState.ACTIVE, {})


def test_the_first_reason_stays() -> None:
    """A latch that is set already keeps who, when and why, and says so."""
    latches = held(latch(LatchKind.KILL))
    again = Latch(scope=ALL, kind=LatchKind.KILL, actor="bob", since=9, reason="other")
    assert not latches.set(again)
    assert latches.by_scope[ALL][LatchKind.KILL].actor == "ann"


def test_what_is_not_set_cannot_end() -> None:
    """Ending a latch that is not set changes nothing and says so."""
    latches = held(latch(LatchKind.KILL))
    assert not latches.end(ALL, LatchKind.PAUSE)
    assert not latches.end(bot_scope("a"), LatchKind.KILL)
    assert latches.has(ALL, LatchKind.KILL)
    assert not latches.has(bot_scope("a"), LatchKind.KILL)


def test_scopes_are_independent() -> None:
    """One bot's stop binds that bot only; together the strictest counts."""
    latches = held(latch(LatchKind.PAUSE, account_scope("main")), latch(LatchKind.KILL, bot_scope("a")))
    assert latches.state(bot_scope("b")) is TradingState.ACTIVE
    assert latches.strictest(ALL, account_scope("main")) is TradingState.REDUCING
    assert latches.strictest(ALL, account_scope("main"), bot_scope("a")) is TradingState.HALTED


def test_people_read_which_latches_bind() -> None:
    """The latches of several scopes are named, scope by scope."""
    latches = held(latch(LatchKind.PAUSE), latch(LatchKind.DAILY_LOSS), latch(LatchKind.KILL, bot_scope("a")))
    assert latches.why(ALL, account_scope("main"), bot_scope("a")) == "daily_loss (all), pause (all), kill (bot:a)"


def test_only_what_has_a_time_ends_by_time() -> None:
    """A daily loss is due at its moment, not before; everything else stays until somebody ends it."""
    latches = held(latch(LatchKind.DAILY_LOSS, until_ms=100), latch(LatchKind.DRAWDOWN), latch(LatchKind.KILL))
    assert latches.due(99) == []
    assert [each.kind for each in latches.due(100)] == [LatchKind.DAILY_LOSS]
    assert latches.state(ALL) is TradingState.HALTED

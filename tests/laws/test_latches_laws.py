"""Laws of latches: what one sets no other undoes, and the state is always the strictest."""

from hypothesis import given
from hypothesis import strategies as st

from fadearena.core.latches import ALL, STATE_OF, Latch, Latches, LatchKind, account_scope, bot_scope
from fadearena.model.trading import TradingState

SCOPES = (ALL, bot_scope("a"), account_scope("main"))
latches = st.tuples(st.sampled_from(SCOPES), st.sampled_from(LatchKind))
deeds = st.lists(st.tuples(st.booleans(), latches), max_size=30)


@given(deeds)
def test_a_latch_is_set_until_it_ends_itself(history: list[tuple[bool, tuple[str, LatchKind]]]) -> None:
    """After any sequence exactly those are set that were set and not ended since, whatever happened to others."""
    held, expected = Latches(), set[tuple[str, LatchKind]]()
    for is_set, (scope, kind) in history:
        if is_set:
            news = held.set(Latch(scope=scope, kind=kind, actor="ann", since=1))
            assert news is ((scope, kind) not in expected)
            expected.add((scope, kind))
        else:
            assert held.end(scope, kind) is ((scope, kind) in expected)
            expected.discard((scope, kind))
        assert {(s, k) for s, kinds in held.by_scope.items() for k in kinds} == expected


@given(st.lists(latches, max_size=12))
def test_the_state_is_the_strictest_of_its_latches(some: list[tuple[str, LatchKind]]) -> None:
    """The state of scopes is never milder than any latch in them, and no stricter than the strictest."""
    held = Latches()
    for scope, kind in some:
        held.set(Latch(scope=scope, kind=kind, actor="ann", since=1))
    for scopes in (SCOPES, SCOPES[:1], SCOPES[1:]):
        states = [STATE_OF[kind] for scope, kind in some if scope in scopes] or [TradingState.ACTIVE]
        assert held.strictest(*scopes).severity == max(state.severity for state in states)


@given(st.lists(latches, min_size=2, max_size=12), st.data())
def test_the_end_of_one_latch_only_undoes_itself(some: list[tuple[str, LatchKind]], data: st.DataObject) -> None:
    """Ending one latch leaves the state that all the others give."""
    ended = data.draw(st.sampled_from(some))
    held, others = Latches(), Latches()
    for scope, kind in some:
        held.set(Latch(scope=scope, kind=kind, actor="ann", since=1))
        if (scope, kind) != ended:
            others.set(Latch(scope=scope, kind=kind, actor="ann", since=1))
    held.end(*ended)
    assert held == others

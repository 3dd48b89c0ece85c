"""Whatever was recorded in place of what is decided now: every recorded order is known, and the books add up."""

from collections.abc import Mapping, Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fadearena.core.engine.replay import adopt, replay
from fadearena.core.invariants import violations
from fadearena.core.state import State, encode
from fadearena.model.command import BurnNonce, CancelOrder, Command, PlaceOrder, SetLeverage, WakeAt
from fadearena.model.event import Event, Started
from fadearena.model.ids import cloid_of
from tests.laws.test_replay_law import MOVES, do
from tests.support.story import Story, begun
from tests.support.world import AGENT

HOW = st.sampled_from(["as it was", "as it was", "dropped", "larger", "later", "labelled anew", "turned round"])


def otherwise(command: Command, how: str) -> list[Command]:
    """Return what older rules might have recorded in place of a command."""
    match command, how:
        case _, "dropped":
            return []
        case PlaceOrder(terms=terms, identity=identity), "larger":
            double = msgspec.structs.replace(terms, quantity=terms.quantity * 2, residue_quantity=terms.quantity * 0)
            return [PlaceOrder(terms=double, identity=identity)]
        case PlaceOrder(terms=terms, identity=identity), "later":
            return [PlaceOrder(terms=terms, identity=msgspec.structs.replace(identity, nonce=identity.nonce + 7))]
        case PlaceOrder(terms=terms, identity=identity), "labelled anew":
            label = identity.label + "9"
            return [
                PlaceOrder(terms=terms, identity=msgspec.structs.replace(identity, label=label, cloid=cloid_of(label)))
            ]
        case (CancelOrder() | SetLeverage()) as action, "later":
            return [msgspec.structs.replace(action, nonce=action.nonce + 7)]
        case WakeAt(at_ms=at_ms), "later":
            return [msgspec.structs.replace(command, at_ms=at_ms + 7)]
        case _:
            return [command]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What an altered entry is made of."""

    event: Event
    commands: tuple[Command, ...]


def speaking_of(entry: Entry, renamed: Mapping[str, str]) -> Entry:
    """Return an entry that speaks of the orders by the ids they were recorded with."""
    text = msgspec.json.encode(entry).decode()
    for decided, recorded in renamed.items():
        text = text.replace(decided, recorded)
    return msgspec.json.decode(text, type=Entry)


def altered(commands: Sequence[Command], how: str) -> list[Command]:
    """Return what older rules might have recorded."""
    found = [other for command in commands for other in otherwise(command, how)]
    return found[::-1] if how == "turned round" else found


def orders_of(commands: Sequence[Command]) -> list[PlaceOrder]:
    """Return the orders among some commands."""
    return [command for command in commands if isinstance(command, PlaceOrder)]


def misbooked(state: State) -> list[str]:
    """
    Return what does not add up.

    That a book has one increase at most is a rule for what is decided: what was recorded without its answer may be two.
    """
    return [sentence for sentence in violations(state) if "unsettled increases" not in sentence]


def signed(command: Command) -> int:
    """Return the nonce of a signed action, 0 for any other command."""
    return 0 if isinstance(command, BurnNonce) else getattr(getattr(command, "identity", command), "nonce", 0)


@given(moves=MOVES, hows=st.lists(HOW, min_size=1, max_size=9))
def test_what_was_recorded_is_known_whatever_is_decided_now(moves: list[tuple[str, int]], hows: list[str]) -> None:
    """Recorded orders are in the state with their terms, no nonce comes again, and every invariant holds."""
    story = begun()
    for move, size in moves:
        do(story, move, size)
    state, nonce, renamed = State(), 0, dict[str, str]()
    for number, (event, turned) in enumerate(story.journal):
        entry = speaking_of(Entry(event=event, commands=tuple(turned.commands)), renamed)
        how = hows[number % len(hows)]
        recorded = altered(entry.commands, how)
        replay(state, entry.event, recorded)
        assert misbooked(state) == []
        if how == "labelled anew":
            renamed |= {
                order.identity.cloid: cloid_of(order.identity.label + "9") for order in orders_of(turned.commands)
            }
        assert all(state.orders[order.identity.cloid].terms == order.terms for order in orders_of(recorded))
        nonce = max([nonce, *map(signed, recorded)])
        assert state.nonces.get(AGENT, 0) >= nonce
    replay(state, Started(time=story.now, received=story.now, rules_version=2, worker="next"), [])
    assert state.settling


@given(moves=MOVES)
def test_a_journal_is_no_other_than_itself(moves: list[tuple[str, int]]) -> None:
    """Replayed as it was recorded, a story shows no difference and leaves the same state."""
    story = begun()
    for move, size in moves:
        do(story, move, size)
    state = State()
    for event, turned in story.journal:
        assert replay(state, event, turned.commands, turned.records) == []
    assert encode(state) == encode(story.state)


@given(moves=MOVES, left_out=st.integers(10, 60))
def test_an_entry_that_is_left_out_leaves_its_orders(moves: list[tuple[str, int]], left_out: int) -> None:
    """Without one of its events a story goes on; the orders that were recorded with it are known."""
    story: Story = begun()
    for move, size in moves:
        do(story, move, size)
    state = State()
    for number, (event, turned) in enumerate(story.journal):
        if number == left_out:
            adopt(state, event, turned.commands)
        else:
            replay(state, event, turned.commands)
        assert misbooked(state) == []
        assert all(order.identity.cloid in state.orders for order in orders_of(turned.commands))
    assert state.seq == len(story.journal)

"""What was recorded wins over what is decided now (rules 7.2), and nothing is decided on top before all was read."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from fadearena.core.engine.replay import adopt, replay
from fadearena.core.invariants import violations
from fadearena.core.state import State, encode
from fadearena.core.stop_order import StopStatus
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    Command,
    PlaceOrder,
    PlaceStop,
    ReadAccount,
    RepairSource,
    ScheduleCancel,
    SetLeverage,
    WakeAt,
)
from fadearena.model.error import InvariantBroken
from fadearena.model.event import AccountRead, Notice, Operator, OwnFills, Pause, Started, Woke
from fadearena.model.ids import cloid_of, order_label
from fadearena.model.order import OrderIdentity, OrderStatus, OrderTerms, Purpose
from fadearena.model.policy import AccountPolicy
from fadearena.model.record import Alert
from fadearena.model.units import Side
from tests.support.story import Story, begun
from tests.support.world import AGENT, MAIN, D, settings

Change = Callable[[list[Command]], list[Command]]


class Other:
    """A state that is brought to where a story is, but for what is said of the story's last event."""

    def __init__(self, story: Story) -> None:
        self.state = State()
        self.event, self.turned = story.journal[-1]
        for event, turned in story.journal[:-1]:
            assert replay(self.state, event, turned.commands, turned.records) == []

    def recorded(self, change: Change) -> list[str]:
        """Replay the last event with other commands than it brings now."""
        told = replay(self.state, self.event, change(list(self.turned.commands)))
        assert violations(self.state) == []
        return told


def notice(story: Story) -> Notice:
    """Return an event that means nothing."""
    return Notice(time=story.now, received=story.now, level="info", category="test", text="x")


def without(kind: type) -> Change:
    """Return a change that leaves commands of a kind out."""
    return lambda commands: [command for command in commands if not isinstance(command, kind)]


def with_more(*more: Command) -> Change:
    """Return a change that adds commands."""
    return lambda commands: [*commands, *more]


def order_of(story: Story, **terms: Any) -> PlaceOrder:
    """Return an order for ETH that nobody decided, with the next nonce but nine."""
    asked: dict[str, Any] = {
        "account": "main",
        "coin": "ETH",
        "asset_id": 1,
        "side": Side.SELL,
        "quantity": D("0.5"),
        "limit": D(2_000),
        "reduce_only": False,
        "purpose": Purpose.INCREASE,
        "bot": "bot",
        "residue_quantity": D(0),
    }
    label = order_label(MAIN, story.now, 1, 4)
    identity = OrderIdentity(
        cloid=cloid_of(label), label=label, signer=AGENT, nonce=story.now + 9, expires_after=story.now + 5_000
    )
    return PlaceOrder(terms=OrderTerms(**asked | terms), identity=identity)


def test_same_commands_bring_the_same_state() -> None:
    """Where nothing differs nothing is said, and the state is what it was."""
    story = begun().holding()
    other = Other(story)
    assert other.recorded(list) == []
    assert encode(other.state) == encode(story.state)


def test_order_that_was_not_recorded_never_left() -> None:
    """It is over, nothing stays reserved for it, and its increase is not tried again."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    other = Other(story)
    (told,) = other.recorded(without(PlaceOrder))
    assert told.startswith('decided now, but not recorded: {"identity"')
    known = other.state.orders[order.identity.cloid]
    assert (known.status, known.remaining, other.state.reserved) == (OrderStatus.EXPIRED, D(0), D(0))
    assert other.state.sleeves["bot", "BTC"].growth is None
    assert (other.state.books["main", "BTC"].open, other.state.accounts["main"].flying) == ([], [])


def test_reduce_that_was_not_recorded_is_decided_again() -> None:
    """A reduce that never left is still wanted."""
    story = begun().holding()
    order = story.opened("BTC", "-1", "100000")
    other = Other(story)
    other.recorded(without(PlaceOrder))
    assert other.state.orders[order.identity.cloid].status is OrderStatus.EXPIRED
    assert other.state.books["main", "BTC"].wanting == ["bot"]


def test_order_that_was_recorded_is_taken_in() -> None:
    """It is pending in its book, its notional reserved, its label counted, its nonce never used again."""
    story = begun()
    order = order_of(story)
    story.send(notice(story))
    other = Other(story)
    (told,) = other.recorded(with_more(order))
    assert told.startswith('recorded, but not decided now: {"identity"')
    state, cloid = other.state, order.identity.cloid
    assert state.orders[cloid].status is OrderStatus.PENDING
    assert state.books["main", "ETH"].open == [cloid]
    assert state.bots["bot"].reserved == 1_000
    assert state.labels[f"{MAIN}-{story.now}-1"] == 5
    assert state.nonces[AGENT] == order.identity.nonce
    assert (state.bots["bot"].coins, state.books["main", "ETH"].bots) == (["ETH"], ["bot"])


def test_order_that_was_recorded_with_other_terms_has_those() -> None:
    """The same label with a larger quantity: what was recorded counts, once."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    terms = msgspec.structs.replace(order.terms, quantity=D("0.07"))
    other = Other(story)
    told = other.recorded(
        lambda commands: [*without(PlaceOrder)(commands), PlaceOrder(terms=terms, identity=order.identity)]
    )
    cloid = order.identity.cloid
    assert len(told) == 2
    assert other.state.orders[cloid].terms == terms
    assert (other.state.books["main", "BTC"].open, other.state.retired) == ([cloid], [])
    sleeve = other.state.sleeves["bot", "BTC"]
    assert sleeve.anchor is not None
    assert sleeve.anchor.is_used


def test_attempt_that_was_recorded_counts() -> None:
    """An increase that was recorded beside the permission for it is one of its attempts."""
    story = begun()
    policy = msgspec.structs.replace(story.policy, tuning=msgspec.structs.replace(story.policy.tuning, coalesce_ms=500))
    story.change(policy)
    story.source("ETH", "10", "2000")
    other = Other(story)
    other.recorded(with_more(order_of(story)))
    growth = other.state.sleeves["bot", "ETH"].growth
    assert growth is not None
    assert growth.attempts == 1


def test_order_of_no_bot_is_taken_in() -> None:
    """A close of the whole book belongs to nobody."""
    story = begun()
    order = order_of(story, bot=None, purpose=Purpose.FLATTEN, reduce_only=True)
    story.send(notice(story))
    other = Other(story)
    other.recorded(with_more(order))
    assert other.state.books["main", "ETH"].open == [order.identity.cloid]


@pytest.mark.parametrize("terms", [{"account": "gone"}, {"bot": "gone"}])
def test_order_that_has_no_place_is_an_error(terms: dict[str, str]) -> None:
    """Without its account or bot an order cannot be watched: nobody goes on as if it were not there."""
    story = begun()
    order = order_of(story, **terms)
    with pytest.raises(InvariantBroken, match="has no place"):
        replay(story.state, notice(story), [order])


def test_order_that_is_recorded_twice_is_an_error() -> None:
    """An order in flight is not recorded once more."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    with pytest.raises(InvariantBroken, match="has no place"):
        replay(story.state, notice(story), [order])


def test_leverage_that_was_recorded_is_on_its_way() -> None:
    """It counts as asked for, and its nonce is used; where it was not recorded it is asked for again."""
    story = Story()
    story.started(leverage=False)
    story.source("BTC", "1", "100000")
    (command,) = story.all(SetLeverage)
    assert story.state.books["main", "BTC"].leverage.requested == story.now
    dropped = Other(story)
    dropped.recorded(without(SetLeverage))
    assert dropped.state.books["main", "BTC"].leverage.requested == 0
    otherwise = msgspec.structs.replace(command, leverage=3, is_cross=False, nonce=command.nonce + 5)
    other = Other(story)
    other.recorded(lambda commands: [*without(SetLeverage)(commands), otherwise])
    leverage = other.state.books["main", "BTC"].leverage
    assert (leverage.wanted, leverage.wanted_cross, leverage.requested) == (3, False, story.now)
    assert other.state.nonces[AGENT] == otherwise.nonce
    elsewhere = msgspec.structs.replace(otherwise, account="gone", nonce=command.nonce + 6)
    replay(other.state, notice(story), [elsewhere])
    assert other.state.nonces[AGENT] == elsewhere.nonce


def test_noop_that_was_recorded_makes_its_order_unknown() -> None:
    """Its answer will settle the order; a noop for an order that is over, or was never known, changes nothing."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    noop = BurnNonce(account="main", signer=AGENT, cloid=order.identity.cloid, nonce=order.identity.nonce)
    replay(story.state, notice(story), [noop])
    known = story.state.orders[noop.cloid]
    assert (known.status, known.is_burnt) == (OrderStatus.UNKNOWN, True)
    story.burnt(order)
    assert story.status(order) is OrderStatus.EXPIRED
    replay(story.state, notice(story), [noop, msgspec.structs.replace(noop, cloid="0x" + "9" * 32)])
    assert story.status(order) is OrderStatus.EXPIRED


def test_cancels_wakes_and_reads_that_were_recorded() -> None:
    """A cancel has used its nonce, a wake will come, a read changes nothing; nobody waits for wakes of old kinds."""
    story = begun()
    cancel = CancelOrder(
        account="main", signer=AGENT, order_id=4, asset_id=0, nonce=story.now + 50, expires_after=story.now + 5_000
    )
    wakes = [WakeAt(at_ms=story.now + 5, key="decide:main:BTC"), WakeAt(at_ms=story.now + 5, key="ghost:main")]
    told = replay(story.state, notice(story), [cancel, *wakes, ReadAccount(account="main")])
    assert len(told) == 4
    assert story.state.nonces[AGENT] == cancel.nonce
    assert story.state.wakes["decide:main:BTC"] == story.now + 5
    assert "ghost:main" not in story.state.wakes


def test_wake_that_was_not_recorded_stays() -> None:
    """One wake too many does nothing, and a start asks for all of them again."""
    story = begun()
    story.takes_over()
    other = Other(story)
    assert other.recorded(without(WakeAt))
    assert other.state.wakes == story.state.wakes


def test_another_order_of_the_same_commands_is_told() -> None:
    """Nothing is done about it, but it is a difference."""
    story = begun()
    story.takes_over()
    other = Other(story)
    assert other.recorded(lambda commands: commands[::-1]) == ["the same commands, in another order"]
    assert encode(other.state) == encode(story.state)


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ((), "record 1 is now "),
        ((Alert(level="info", category="test", subject="system", text="y"),), "record 1 is now "),
        (("x", "more"), "record 2 is now nothing, was "),
    ],
)
def test_records_are_compared_where_they_are_given(records: tuple[object, ...], told: str) -> None:
    """The first that differs is named; the state does not depend on them."""
    story = begun()
    same = Alert(level="info", category="test", subject="system", text="x")
    recorded = [record if isinstance(record, Alert) else same for record in records]
    (found,) = replay(story.state, notice(story), [], recorded)
    assert found.startswith(told)


# --- entries that are left out


def test_entry_that_is_left_out_is_not_stepped_but_its_order_stands() -> None:
    """The state knows nothing of the event, but time and number go on, and what was recorded is in flight."""
    story = begun()
    before = encode(story.state)
    order = story.opened("BTC", "1", "100000")
    other = Other(story)
    assert encode(other.state) == before
    adopt(other.state, other.event, other.turned.commands)
    assert violations(other.state) == []
    assert other.state.orders[order.identity.cloid].terms == order.terms
    assert (other.state.seq, other.state.now) == (story.state.seq, story.state.now)
    assert other.state.quotes == {}


def test_wake_and_command_that_are_left_out_do_not_come_again() -> None:
    """A wake that broke the core is not asked for again, nor is a person's command given again."""
    story = begun()
    at = story.state.wakes["reconcile:main"]
    adopt(story.state, Woke(time=at, received=at, key="reconcile:main"), [])
    assert "reconcile:main" not in story.state.wakes
    for number, expected in ((7, 7), (0, 7)):
        event = Operator(time=at, received=at, control_id=number, actor="ann", action=Pause())
        adopt(story.state, event, [])
        assert story.state.control_id == expected
    assert story.latches() == []


# --- what comes after a difference


def started(story: Story) -> Started:
    """Return the event of a worker that takes over."""
    return Started(time=story.now, received=story.now, rules_version=2, worker="next")


def test_nothing_is_decided_after_a_start_before_everything_was_read() -> None:
    """Orders in flight are settled, fills and positions read, and only then is anything sent, reduces included."""
    story = begun().holding().read_account()
    story.send(started(story))
    story.repaired().source("ETH", "10", "2000").source("BTC", "-1", "100000")
    assert (story.orders, story.is_settling()) == ([], True)
    story.read_account()
    assert story.is_settling()
    story.fills(complete=True)
    assert not story.is_settling()
    placed = {order.terms.coin for order in story.orders}
    assert placed == {"BTC", "ETH"}


def test_missed_fills_that_nobody_asked_for_are_not_waited_for() -> None:
    """A start whose question for missed fills was not recorded lets increases go on."""
    story = begun().crash()
    story.takes_over()
    other = Other(story)
    other.recorded(without(RepairSource))
    assert not other.state.bots["bot"].fetches_late
    assert story.state.bots["bot"].fetches_late


def test_reading_from_before_a_start_does_not_end_its_settling() -> None:
    """Also one of the very millisecond of the start was of another life."""
    story = begun().holding()
    story.read_all()
    story.send(started(story))
    story.send(notice(story))
    assert story.is_settling()
    assert [type(event) for event, _ in story.journal[-4:-2]] == [OwnFills, AccountRead]


def test_order_that_was_recorded_is_settled_by_a_start() -> None:
    """A recorded order that was not decided now is unknown after the start, and its nonce is burnt."""
    story = begun()
    order = order_of(story)
    replay(story.state, notice(story), [order])
    story.send(started(story))
    assert story.status(order) is OrderStatus.UNKNOWN
    assert order.identity.cloid in story.burns()
    story.burnt(order)
    assert story.status(order) is OrderStatus.EXPIRED


def guarded() -> Story:
    """A position behind which a stop is sent by the last event."""
    account = AccountPolicy(id="main", address=MAIN, signer=AGENT, max_leverage=20, stop_distance=D("0.05"))
    story = begun(settings(accounts=(account,)))
    return story.filled(story.opened("BTC", "1", "100000"), "0.05", "100000")


def test_stop_that_was_not_recorded_never_left() -> None:
    """It is over, and the next minute brings another."""
    other = Other(guarded())
    assert len(other.recorded(without(PlaceStop))) == 1
    assert [stop.status for stop in other.state.books["main", "BTC"].stops] == [StopStatus.REFUSED]


def test_stop_that_was_recorded_is_waited_for() -> None:
    """Its label and nonce are used, and readings tell what became of it; of an account that is gone nothing."""
    story = guarded()
    (stop,) = story.all(PlaceStop)
    story.send(notice(story))
    label = order_label(MAIN, story.now, 0, 5)
    taken = msgspec.structs.replace(stop, label=label, cloid=cloid_of(label), nonce=story.now + 9)
    strange = msgspec.structs.replace(taken, account="gone", nonce=story.now + 10)
    other = Other(story)
    other.recorded(with_more(strange))
    assert len(other.state.books["main", "BTC"].stops) == 1
    other = Other(story)
    # the one before was answered, or two would be waited for
    other.state.books["main", "BTC"].stops[0].status = StopStatus.RESTING
    assert len(other.recorded(with_more(taken))) == 1
    known = other.state.books["main", "BTC"].stops[-1]
    assert (known.cloid, known.status, other.state.nonces[AGENT]) == (taken.cloid, StopStatus.PENDING, taken.nonce)
    assert other.state.labels[f"{MAIN}-{story.now}-0"] == 6


def test_schedule_that_was_recorded_has_used_its_nonce() -> None:
    """Nothing else is remembered of it."""
    story = begun()
    story.send(notice(story))
    other = Other(story)
    other.recorded(
        with_more(
            ScheduleCancel(account="main", signer=AGENT, at_ms=None, nonce=story.now + 9, expires_after=story.now)
        )
    )
    assert other.state.nonces[AGENT] == story.now + 9

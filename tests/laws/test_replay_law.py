"""The same events bring the same commands and records, byte for byte, on a fresh state and on a recovered one."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadearena.core.state import encode
from fadearena.model.event import Kill, Pause, Rejoin, Release, Resume
from fadearena.model.order import Found, RejectCode
from fadearena.model.policy import AccountPolicy, OnBreach, Repair
from fadearena.model.wallet import ForcedKind
from tests.support.story import Story, begun, replay
from tests.support.world import OTHER, D, bot, settings

SUB = AccountPolicy(id="sub", address="0x" + "5e" * 20, signer="0x" + "0d" * 20, max_leverage=20)


def trading() -> Story:
    """Two bots open, cross, flip and close; orders fail, get lost, are found."""
    story = begun(settings(bot(), bot("two", OTHER)))
    story.holding("BTC", "1").holding("BTC", "-3", wallet=OTHER).holding("ETH", "10", "2000")
    order = story.opened("BTC", "1", "100000")
    story.lose(order).processed(order).found(order, Found.NOT_FOUND).wait(4_000)
    story.fills(story.fill_for(order, "0.02", "100010", fee=D("0.9")))
    story.wait(10_000)
    story.read_all()
    story.source("ETH", "-20", "2010")
    story.fill(story.order, fee="1.5").wait(40_000)
    story.mark("BTC", "101000").funding("BTC", "-5", "0.001", "101000").cash("300")
    return story


def stops() -> Story:
    """Pauses, kills, releases, a breached limit, everything closed, a new start, a rejoin."""
    story = begun(settings(daily_loss_limit=D(500), on_breach=OnBreach.FLATTEN)).holding()
    story.order_by(Pause())
    story.source("BTC", "1", "100000").order_by(Resume())
    story.mark("BTC", "111000")
    story.reject(story.order).read_account()
    story.fill(story.order)
    for _ in range(2):
        story.wait(2_001)
        story.read_account()
    story.order_by(Release())
    story.order_by(Resume())
    story.source("BTC", "1", "111000").wait(100)
    story.order_by(Rejoin(bot="bot"))
    story.order_by(Kill(bot="bot", flatten=True))
    story.wait(60_000)
    return story


def accidents() -> Story:
    """A takeover, a drift that repairs itself, a liquidation, trades of a person, a second writer."""
    policy = settings(bot(), bot("two", OTHER, account="sub"), repair=Repair.AUTO)
    story = begun(settings(*policy.bots, accounts=(*policy.accounts, SUB), repair=Repair.AUTO))
    story.holding("BTC", "1").holding("SOL", "100", "200", wallet=OTHER)
    story.opened("ETH", "10", "2000")
    story.takes_over().read_account(account="sub").fills(complete=True, account="sub").wait(30_000)
    story.read_all(BTC="-0.2").wait(3_000)
    story.read_all(BTC="-0.2").wait(3_000)
    story.read_all(BTC="-0.2").wait(6_000)
    story.fills(story.own_fill("BTC", "0.1", "100000"), story.own_fill("BTC", "0.02", "99000"))
    story.fills(story.own_fill("SOL", "1", "210", account="sub", forced=ForcedKind.LIQUIDATION), account="sub")
    story.fills(story.own_fill("ETH", "1", "2000", cloid="0x" + "7" * 32))
    story.change(settings(bot(), accounts=policy.accounts))
    return story


@pytest.mark.parametrize("tell", [trading, stops, accidents])
@pytest.mark.parametrize("recover_every", [0, 1, 7])
def test_journal_replays_byte_for_byte(tell: Callable[[], Story], recover_every: int) -> None:
    """A journal stepped again gives the same bytes and the same state, also if the state was written and read back."""
    story = tell()
    assert encode(replay(story, recover_every)) == encode(story.state)


NAMES = ("buy", "sell", "fill", "part", "refuse", "lose", "burn", "late", "mark", "wait", "read", "flatten", "trade")
MOVES = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(1, 4),
    ),
    max_size=25,
)


def do(story: Story, move: str, size: int) -> None:
    """Do one thing to the last order, the source, or the account."""
    orders = [o for o in story.state.orders.values() if not o.status.is_settled]
    match move:
        case "buy" | "sell":
            story.source("BTC", str(size if move == "buy" else -size), "100000")
        case "mark":
            story.mark("BTC", str(99_000 + 500 * size))
        case "wait":
            story.wait(size * 1_500)
        case "read":
            story.read_all()
        case "flatten":
            story.order_by(Kill(flatten=True) if size == 1 else Release())
        case "trade":
            story.fills(story.own_fill("BTC", str(D(size - 2) / 100 or D("0.01")), "100000"))
        case _ if orders:
            placed = story.placed(orders[-1].identity.cloid)
            if move == "fill":
                story.fill(placed, price="100000")
            elif move == "part":
                story.fills(story.fill_for(placed, str(placed.terms.quantity / 2), "100000"))
            elif move == "refuse":
                story.reject(placed, RejectCode.NO_MATCH)
            elif move == "lose":
                story.lose(placed).processed(placed)
            elif move == "burn":
                story.burnt(placed)
        case "late" if story.state.retired:
            placed = story.placed(story.state.retired[-1])
            story.fills(story.fill_for(placed, "0.001", "100000"))


@given(moves=MOVES)
def test_whatever_happens_the_books_add_up_and_replay(moves: list[tuple[str, int]]) -> None:
    """No sequence of answers, fills, losses and stops breaks an invariant or lets a replay differ."""
    story = begun()
    for move, size in moves:
        do(story, move, size)
    assert encode(replay(story, 5)) == encode(story.state)

"""Leverage and margin mode: set while a book is flat, read back, and left alone while a position is open."""

import pytest

from fadearena.model.command import ReadLeverage, SetLeverage
from fadearena.model.event import AcceptDrift, ActionAnswered, SetPolicy
from fadearena.model.instrument import MarginMode
from fadearena.model.order import ActionKind, ActionOutcome
from fadearena.model.policy import CoinRules
from fadearena.model.units import MINUTE_MS, SECOND_MS
from tests.support.world import OTHER, WALLET, D, World, bot, market, settings


def refuse_leverage(world: World) -> World:
    """Let the exchange refuse the leverage of the last turn."""
    command = world.all(SetLeverage)[0]
    return world.send(
        ActionAnswered(
            time=world.now,
            received=world.now,
            account=command.account,
            kind=ActionKind.LEVERAGE,
            subject=command.coin,
            outcome=ActionOutcome.REFUSED,
            text="no",
        )
    )


def test_leverage_is_set_before_the_first_increase_which_waits_for_it() -> None:
    """The action has a nonce of its own; the growth is held until the exchange was read back, then sent."""
    world = World().started(leverage=False).source("BTC", "1", "100000")
    [action] = world.all(SetLeverage)
    assert (action.leverage, action.is_cross, action.expires_after) == (20, True, world.now + 5_000)
    assert world.reasons == ["hold:leverage_ready"]
    world.answer_leverage()
    assert world.order.terms.quantity == D("0.05")
    assert world.order.identity.nonce > action.nonce


def test_leverage_is_set_ahead_of_need() -> None:
    """A bot that is seen in a coin for the first time has its book made ready before it grows in it."""
    world = World().started(leverage=False).wait(1_000).snapshot(ETH="3")
    assert [(action.coin, action.leverage) for action in world.all(SetLeverage)] == [("ETH", 20)]
    world.answer_leverage().wait(2_500).snapshot()
    world.source("ETH", "1", "2000")
    assert world.order.terms.coin == "ETH"


def test_nothing_is_made_ready_for_a_coin_that_is_denied() -> None:
    """Coins in which nothing will be opened cost no action."""
    world = World(settings(bot(coins=CoinRules(deny=("ETH",))))).started(leverage=False).wait(1_000).snapshot(ETH="3")
    assert world.all(SetLeverage) == []


@pytest.mark.parametrize(("limits", "expected"), [((None, None), 20), ((7, None), 7), ((7, 3), 3), ((40, 50), 20)])
def test_leverage_is_the_least_of_account_market_and_bots(limits: tuple[int | None, int | None], expected: int) -> None:
    """The account allows 20, the market 50, the bots what they say."""
    policy = settings(bot("one", WALLET, max_leverage=limits[0]), bot("two", OTHER, max_leverage=limits[1]))
    world = World(policy).started().source("BTC", "0.00001", "100000", wallet=OTHER).leverage("BTC", 1)
    world.wait(6_000)
    world.source("BTC", "1", "100000")
    assert [action.leverage for action in world.all(SetLeverage)] == [expected]


def test_the_market_limits_leverage_too() -> None:
    """A market with at most 3x gets 3x."""
    world = World(markets=(market("SOL", 5, 2, 3),)).started(leverage=False).source("SOL", "100", "100")
    assert [action.leverage for action in world.all(SetLeverage)] == [3]


@pytest.mark.parametrize("mode", list(MarginMode))
def test_cross_unless_the_market_forbids_it(mode: MarginMode) -> None:
    """Isolated is used only where cross is not possible; a book in the wrong mode is not ready."""
    is_cross = mode is MarginMode.CROSS
    world = World(markets=(market("SOL", 5, 2, margin_mode=mode),)).started(leverage=False)
    world.leverage("SOL", 20, cross=not is_cross).source("SOL", "100", "100")
    assert [(action.leverage, action.is_cross) for action in world.all(SetLeverage)] == [(20, is_cross)]
    world.leverage("SOL", 20, cross=is_cross)
    assert len(world.orders) == 1


def test_with_a_position_open_leverage_is_left_alone() -> None:
    """A new limit waits until the book is flat; the open book goes on as it is."""
    world = World().started().holding("BTC", "1", "100000")
    world.order_by(SetPolicy(policy=settings(bot(max_leverage=2), version=2))).source("BTC", "1", "100000")
    assert (world.all(SetLeverage), world.order.terms.quantity) == ([], D("0.05"))
    world.fill().source("BTC", "-2", "100000").fill().source("BTC", "1", "100000")
    assert [action.leverage for action in world.all(SetLeverage)] == [2]


def test_the_leverage_of_an_open_book_that_nobody_knows_is_read() -> None:
    """A position from before us: nothing is set, the exchange is asked, and the growth waits for the answer."""
    world = World()
    world.equity = D(100000)
    world.started(snapshots=True, leverage=False).mark("BTC", "100000")
    world.read_account(BTC="0.01")
    for _ in range(2):
        world.wait(3 * SECOND_MS).read_account(BTC="0.01")
    world.order_by(AcceptDrift(account="main", coin="BTC")).source("BTC", "1", "100000")
    assert (world.all(SetLeverage), len(world.all(ReadLeverage))) == ([], 1)
    assert world.reasons == ["hold:leverage_ready"]
    world.leverage("BTC", 3)
    assert len(world.orders) == 1


def test_a_refused_leverage_ends_the_growth_and_is_tried_with_a_later_one() -> None:
    """The refusal is shown; five seconds later the next growth asks again."""
    world = World().started(leverage=False).source("BTC", "1", "100000")
    refuse_leverage(world)
    assert (world.alerts, world.orders, world.decision.reason) == (["leverage"], [], "leverage_ready")
    world.wait(SECOND_MS).source("BTC", "1", "100000")
    assert (world.all(SetLeverage), world.decision.reason) == ([], "leverage_ready")
    world.wait(5 * SECOND_MS).source("BTC", "1", "100000")
    assert len(world.all(SetLeverage)) == 1


def test_a_leverage_action_without_an_answer_is_sent_again() -> None:
    """While the growth is young enough; afterwards the growth is skipped."""
    world = World().started(leverage=False).source("BTC", "1", "100000").wait(5 * SECOND_MS + 1)
    assert len(world.all(SetLeverage)) == 1
    world.mark("BTC", "100000").wait(2 * MINUTE_MS).mark("BTC", "100000")
    assert world.state.sleeves["bot", "BTC"].growth is None

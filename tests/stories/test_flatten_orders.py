"""Flattening cancels orders that rest, whoever placed them (rule 9)."""

from fadearena.model.account import AccountMode, DexState, OpenOrder
from fadearena.model.command import CancelOrder
from fadearena.model.event import AccountRead, Kill
from tests.support.story import Story, begun
from tests.support.world import D


def read(story: Story, *orders: OpenOrder) -> Story:
    """Let a reading arrive that shows no position, and these orders at rest."""
    story.send(
        AccountRead(
            time=story.now,
            received=story.now,
            account="main",
            mode=AccountMode.UNIFIED,
            dexs=(DexState(dex="", value=D(0)),),
            orders=orders,
            spot=D(10_000),
        )
    )
    return story


def test_orders_at_rest_are_left_alone_while_nothing_is_closed() -> None:
    """Somebody else's resting order is none of our business in any other state."""
    story = read(begun(), OpenOrder(coin="BTC", order_id=77))
    assert story.all(CancelOrder) == []


def test_flatten_cancels_foreign_orders_and_waits_until_they_are_gone() -> None:
    """An order at rest is cancelled by its id at every reading, and nothing is confirmed flat before it is gone."""
    story = begun()
    story.order_by(Kill(flatten=True))
    for _ in range(3):
        story.wait(2_500)
        read(story, OpenOrder(coin="BTC", order_id=77))
        (cancel,) = story.all(CancelOrder)
        assert (cancel.order_id, cancel.cloid, cancel.asset_id, cancel.subject) == (77, None, 0, "77")
        assert story.latches() == ["all flatten", "all kill"]
    for _ in range(2):
        story.wait(2_500)
        read(story)
    assert story.latches() == ["all kill"]


def test_order_in_a_market_that_is_not_known_is_alerted() -> None:
    """What cannot be cancelled is said, and keeps the flatten from being confirmed."""
    story = begun()
    story.order_by(Kill(flatten=True))
    read(story, OpenOrder(coin="NEW", order_id=78))
    assert story.all(CancelOrder) == []
    assert "flatten" in story.alerts
    assert story.latches() == ["all flatten", "all kill"]

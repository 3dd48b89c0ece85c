"""The state: written and read back without loss, and limits on what it remembers."""

from decimal import Decimal as D

import pytest

from fadearena.core.state import FILL_KEYS_MAX, Seen, Sleeve, State, decode, encode
from tests.support.world import OTHER, WALLET, World, bot, settings


def test_an_empty_state_is_read_back() -> None:
    """A state in which nothing happened yet is written and read back."""
    assert decode(encode(State())) == State()


def test_a_state_is_read_back_as_it_was() -> None:
    """Everything that a story leaves behind is read back, and is written again with the same bytes."""
    world = World().started()
    world.source("BTC", "1", at="100000").fill(fee="2").mark("BTC", "99000.5")
    world.source("xyz:NVDA", "-10", at="180").snapshot()
    text = encode(world.state)
    assert decode(text) == world.state
    assert encode(decode(text)) == text


def test_decimals_are_read_back_digit_by_digit() -> None:
    """A decimal keeps its trailing zeros and its sign, so that later sums have the same digits."""
    state = State(exposure=D("1.500"), reserved=D("-0.00"))
    again = decode(encode(state))
    assert (str(again.exposure), str(again.reserved)) == ("1.500", "-0.00")


def test_the_order_in_which_keys_came_is_no_part_of_a_state() -> None:
    """Equal states have equal bytes, whatever came first."""
    one, two = State(), State()
    one.wakes, two.wakes = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    one.off_target, two.off_target = {("a", "X"): 1, ("b", "X"): 2}, {("b", "X"): 2, ("a", "X"): 1}
    assert encode(one) == encode(two)


def test_look_ups_follow_from_the_settings() -> None:
    """Bots and accounts are found after a state was read back, in the order in which they were set."""
    policy = settings(bot("zoe", WALLET), bot("ann", OTHER))
    state = State()
    state.set_policy(policy)
    again = decode(encode(state))
    assert list(again.bot_policies) == ["zoe", "ann"]
    assert (again.wallets, again.account_policies["main"]) == ({WALLET: "zoe", OTHER: "ann"}, policy.accounts[0])


@pytest.mark.parametrize(("enabled", "share"), [((True, True), "0.5"), ((True, False), "1"), ((False, False), "1")])
def test_the_default_share_is_split_among_enabled_bots(enabled: tuple[bool, bool], share: str) -> None:
    """A bot's share of an account is 1 / number of its enabled bots, and never more than all of it."""
    bots = (bot("a", WALLET, enabled=enabled[0]), bot("b", OTHER, enabled=enabled[1]))
    state = State()
    state.set_policy(settings(*bots))
    assert state.share_of(bots[0]) == D(share)


def test_the_reference_is_the_average_of_what_is_not_matched_yet() -> None:
    """The reference of an increase is weighted by size; without fills it is the price that a snapshot implied."""
    assert Sleeve(account="main", unmatched=D(3), unmatched_usd=D(310)).reference == D(310) / 3
    assert Sleeve(account="main", implied_price=D(99)).reference == D(99)
    assert Sleeve(account="main").reference is None


def test_what_was_seen_is_not_taken_again() -> None:
    """A key is new once."""
    seen = Seen()
    assert [seen.take("a", 5), seen.take("a", 5), seen.take("b", 5)] == [True, False, True]


def test_memory_of_what_was_seen_is_limited_and_never_forgets_half_a_millisecond() -> None:
    """Beyond its limit the older half is forgotten and counts as taken; what shares a time stays together."""
    seen = Seen()
    assert all(seen.take(str(n), n // 3) for n in range(FILL_KEYS_MAX + 1))
    assert len(seen.keys) <= FILL_KEYS_MAX
    assert not seen.take("0", 0)
    assert not seen.take("an old one", seen.horizon - 1)
    assert not any(seen.take(str(n), n // 3) for n in range(FILL_KEYS_MAX + 1))
    assert seen.take("a new one", seen.horizon)

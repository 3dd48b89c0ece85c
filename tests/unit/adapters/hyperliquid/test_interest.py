"""Coins of which prices are wanted: each once, up to a limit, told to who listens."""

from fadearena.adapters.hyperliquid.interest import Interest


def test_coins_are_wanted_once_and_told_to_listeners() -> None:
    """Who listens is told of new ones only; spot pairs and outcome tokens are none."""
    interest, told = Interest(), list[str]()
    interest.want(("BTC",))
    stop = interest.listen(told.append)
    interest.want(("BTC", "xyz:NVDA", "@107", "#10", "PURR/USDC"))
    stop()
    interest.want(("ETH",))
    assert (interest.coins, told) == (("BTC", "xyz:NVDA", "ETH"), ["xyz:NVDA"])


def test_beyond_the_limit_a_coin_is_refused_and_said_so_once() -> None:
    """The second time nothing is said."""
    interest = Interest(limit=1)
    assert interest.want(("BTC", "ETH")) == ("ETH",)
    assert interest.want(("BTC", "ETH")) == ()
    assert (interest.coins, interest.refused) == (("BTC",), ("ETH",))

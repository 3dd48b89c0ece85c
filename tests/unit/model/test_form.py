"""The names that settings have outside."""

from fadearena.model.policy.form import camel, form_of
from tests.support.world import bot, settings


def test_names_are_those_of_the_http_contract() -> None:
    """A field's name is camelCase; a wallet is `walletAddress`."""
    assert camel("max_order_notional") == "maxOrderNotional"
    assert camel("wallet") == "walletAddress"
    form = form_of(settings(bot()))["bots"][0]
    assert (form["walletAddress"], form["leverageMultiplier"], form["coins"]) == (
        bot().wallet,
        "0.05",
        {"allow": None, "deny": []},
    )
    assert "bots" not in form_of(settings(), without=frozenset({"bots"}))

"""
Coins that settings name: a limit on one that the exchange does not list would never bind.

Only names that are new are judged, and only once the markets of their dex are known: a coin that goes takes no settings
with it.
"""

from collections.abc import Iterable, Iterator

from fadearena.core.state import State
from fadearena.model.ids import Coin, dex_of
from fadearena.model.policy import BotPolicy, Policy


def strangers_of(state: State, new: Policy) -> list[str]:
    """Return why settings may not name what they do, a sentence each, naming the field."""
    caps = ((f"assetExposureCaps.{coin}", coin) for coin in new.asset_exposure_caps)
    found = [
        text
        for field, coin in caps
        if coin not in state.policy.asset_exposure_caps
        for text in _told(state, field, coin)
    ]
    return found + strangers_of_bots(state, new.bots)


def strangers_of_bots(state: State, bots: Iterable[BotPolicy]) -> list[str]:
    """Return why bots may not name the coins that they do."""
    found: list[str] = []
    for bot in bots:
        old = state.bot_policies.get(bot.id)
        known = frozenset[Coin]() if old is None else frozenset(coin for _, coin in _named(old))
        for field, coin in _named(bot):
            if coin not in known:
                found += _told(state, f"coins.{field} of {bot.id}", coin)
    return found


def _named(bot: BotPolicy) -> Iterator[tuple[str, Coin]]:
    yield from (("allow", coin) for coin in bot.coins.allow or ())
    yield from (("deny", coin) for coin in bot.coins.deny)


def _told(state: State, field: str, coin: Coin) -> Iterator[str]:
    if coin in state.instruments or not any(dex_of(each) == dex_of(coin) for each in state.instruments):
        return
    alike = next((each for each in state.instruments if each.casefold() == coin.casefold()), None)
    yield f"{field} must be listed by the exchange: there is no {coin}" + (f", but {alike}" if alike else "")

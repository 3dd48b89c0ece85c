"""Leaders that trade wildly, each in coins of its own, so that the sandbox can tell whose exposure is whose."""

from collections.abc import Mapping
from random import Random

from fadearena.model.ids import BotId, Coin
from fadearena.model.units import SECOND_MS, ZERO, EpochMs, Usd
from fadearena.sandbox.nouns import Fill
from tests.support.edge import LEADERS, MASTER, Edge, Exposed

COINS: Mapping[BotId, tuple[Coin, ...]] = {
    "ann": ("BTC", "ETH", "SOL"),
    "bob": ("BNB", "AVAX", "LINK"),
    "cat": ("XRP", "DOGE", "BTC"),
}
"""`cat` shares a coin with `ann`: theirs net in our book."""
SIZES = (Usd(2_000), Usd(5_000), Usd(12_000))
MINUTE_S = 60


async def wild(edge: Edge, seed: int, lasts_ms: EpochMs) -> None:
    """Let every leader trade again and again: it adds, takes off, closes and turns."""
    rng, ends = Random(seed), edge.clock.now_ms() + lasts_ms
    while edge.clock.now_ms() < ends:
        for bot, wallet in LEADERS.items():
            coin = rng.choice(COINS[bot])
            held = edge.held(wallet).get(coin, ZERO)
            usd = rng.choice(SIZES) * rng.choice((1, 1, -1))
            size = edge.lots(coin, usd)
            if held and rng.random() < 0.25:
                size = -held
            if size:
                edge.trade(wallet, coin, size)
        await edge.wait(rng.choice((200, 500, SECOND_MS)))
    await edge.wait(2 * SECOND_MS)


def increases(edge: Edge) -> list[Exposed]:
    """Return what was held after each fill of ours that took a book away from zero."""
    return [one for one in edge.exposed if one.is_increase]


def orders_of(fills: list[Exposed]) -> dict[str, list[Fill]]:
    """Return fills by the order that they are of."""
    found: dict[str, list[Fill]] = {}
    for one in fills:
        found.setdefault(one.fill.cloid or "", []).append(one.fill)
    return found


def sent_times(edge: Edge) -> dict[str, EpochMs]:
    """Return when the sandbox took each of our orders, by cloid."""
    account = edge.exchange.view.account(MASTER.address)
    assert account is not None
    return {order.cloid or "": order.time for order in (*account.done.values(), *account.open.values())}

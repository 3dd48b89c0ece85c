"""
Every minute: equity of our accounts, and what each bot brought us. Equity of an account is told after each fill, too.

However many bots there are, one turn sums up no more than a round of them; the next round follows at once.
"""

from collections.abc import Callable

from fadearena.core.engine.booking import net_of
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of, parts_of
from fadearena.core.ledger import Part
from fadearena.model.ids import BotId
from fadearena.model.policy import BotPolicy
from fadearena.model.record import BotPerformance, EquityPoint
from fadearena.model.units import ZERO, Ratio, Usd

_NOTHING = Part()
ROUND = 400
"""So many bots and coins of bots are one round."""


def points(turn: Turn) -> None:
    """Record equity of all accounts, and begin with the bots."""
    for account, memory in sorted(turn.state.accounts.items()):
        turn.records.append(EquityPoint(series=f"account:{account}", usd=memory.purse.equity))
    points_of_bots(turn, "0")


def points_of_traded(turn: Turn) -> None:
    """Record equity of the accounts in which something was traded, where it is known: nobody has to wait for it."""
    for account in sorted(turn.traded):
        equity = turn.state.accounts[account].purse.equity
        if equity is not None:
            turn.records.append(EquityPoint(series=f"account:{account}", usd=equity))


def points_of_bots(turn: Turn, first: str) -> None:
    """Record what bots brought us for which we ever held or wanted anything."""
    _in_rounds(turn, "performance", first, _show)


def begin_days_of_bots(turn: Turn, first: str) -> None:
    """Count the day's PnL of bots from here."""
    _in_rounds(turn, "new-day", first, _begin_day)


def _in_rounds(turn: Turn, kind: str, first: str, act: Callable[[Turn, BotPolicy], None]) -> None:
    bots, room = turn.state.policy.bots, ROUND
    for n in range(int(first), len(bots)):
        if room <= 0:
            turn.wake(f"{kind}:{n}", turn.now)
            return
        room -= 1 + len(turn.state.bots[bots[n].id].coins)
        act(turn, bots[n])


def _show(turn: Turn, policy: BotPolicy) -> None:
    if _is_ours(turn, policy):
        performance = performance_of(turn, policy)
        turn.records.append(EquityPoint(series=f"mirror:{policy.id}", usd=performance.net))
        turn.records.append(performance)


def _is_ours(turn: Turn, policy: BotPolicy) -> bool:
    """Tell whether there is anything to sum up: most of very many bots are only watched."""
    wanted = any(turn.state.sleeves[policy.id, coin].target for coin in turn.state.bots[policy.id].coins)
    return wanted or any(part != _NOTHING for _, part in parts_of(turn, policy.id))


def _begin_day(turn: Turn, policy: BotPolicy) -> None:
    stats = turn.state.bots[policy.id].stats
    stats.day_base, stats.day_fills = net_of(turn, policy.id), stats.fills


def performance_of(turn: Turn, policy: BotPolicy) -> BotPerformance:
    """Sum up one bot."""
    stats, parts = turn.state.bots[policy.id].stats, parts_of(turn, policy.id)
    net = net_of(turn, policy.id)
    return BotPerformance(
        bot=policy.id,
        round_trips=stats.round_trips,
        win_rate=stats.win_rate,
        net=net,
        day_net=net - stats.day_base,
        fees=sum((part.fees for _, part in parts), start=ZERO),
        funding=sum((part.funding for _, part in parts), start=ZERO),
        fills=stats.fills,
        traded_usd=stats.traded_usd,
        crossed_saved_usd=stats.crossed_saved_usd,
        slippage_bps=stats.slippage_bps,
        reaction_ms=stats.mean_reaction_ms,
        tracking_error=tracking_error(turn, policy.id),
    )


def tracking_error(turn: Turn, bot: BotId) -> Ratio | None:
    """Return the sum of |sleeve - target| x mark as a ratio of our account's equity; None where one is unknown."""
    state, off = turn.state, ZERO
    account = state.bot_policies[bot].account
    equity = state.accounts[account].purse.equity
    for coin in state.bots[bot].coins:
        gap: Usd = abs(state.books[account, coin].book.size_of(bot) - state.sleeves[bot, coin].target)
        mark = mark_of(state, coin)
        if gap and mark is None:
            return None
        off += gap * (mark or ZERO)
    return off / equity if equity is not None and equity > 0 else None

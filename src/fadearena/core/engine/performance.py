"""Every minute: equity of our accounts, and what each bot brought us."""

from fadearena.core.engine.booking import net_of
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of, parts_of
from fadearena.model.ids import BotId
from fadearena.model.policy import BotPolicy
from fadearena.model.record import BotPerformance, EquityPoint
from fadearena.model.units import ZERO, Ratio, Usd


def points(turn: Turn) -> None:
    """Record equity of all accounts, and of every bot that was ever seen in a coin what it brought us."""
    state = turn.state
    for account, memory in sorted(state.accounts.items()):
        turn.records.append(EquityPoint(series=f"account:{account}", usd=memory.purse.equity))
    for policy in state.policy.bots:
        if state.bots[policy.id].coins:
            performance = performance_of(turn, policy)
            turn.records.append(EquityPoint(series=f"mirror:{policy.id}", usd=performance.net))
            turn.records.append(performance)


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

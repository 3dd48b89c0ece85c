"""Gathers what risk looks at: one `Case` for one step of one sleeve."""

import msgspec

from fadearena.core import pricing
from fadearena.core.engine.placing import orders_last_minute
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import (
    asset_exposure,
    bot_exposure,
    leverage_of,
    pool_of,
    total_equity,
    wanted_leverage,
)
from fadearena.core.latches import ALL, account_scope, bot_scope
from fadearena.core.ledger import worst_of
from fadearena.core.risk import Cap, Case, MarginFacts
from fadearena.core.sizing import Move, Step
from fadearena.core.state import BookMemory, BotMemory, Sleeve
from fadearena.model.ids import BookKey, BotId, Coin, dex_of
from fadearena.model.margin import tier_of
from fadearena.model.order import OrderStatus
from fadearena.model.policy import BotPolicy
from fadearena.model.units import ZERO, Price, Ratio, Usd, side_of

_PASSING = frozenset({"gap", "in doubt", "near a snapshot", "repairing"})


class Want(msgspec.Struct, kw_only=True, gc=False):
    """One sleeve that is off its target, with all that belongs to it."""

    key: BookKey
    memory: BookMemory
    bot: BotId
    policy: BotPolicy
    bot_memory: BotMemory
    sleeve: Sleeve
    step: Step

    @property
    def coin(self) -> Coin:
        """The coin."""
        return self.key[1]


def case_of(turn: Turn, want: Want, price: Price | None, *, minimum_exempt: bool) -> Case:
    """Gather the facts for a want's step; `price` is the lowest of limit, mark and mid."""
    state, policy, tuning = turn.state, turn.state.policy, turn.state.policy.tuning
    account, coin = want.key
    follow = state.follows.get((want.bot, coin))
    quote = state.quotes.get(coin)
    view = want.bot_memory.views.get(dex_of(coin))
    memory, growth = want.memory, want.sleeve.growth
    step_side = side_of(want.step.delta)
    signer = state.account_policies[account].signer
    touch = quote.touch(step_side) if quote else None
    uncertainty = _uncertainty(want.bot_memory, follow.uncertainty if follow else "unknown")
    return Case(
        is_increase=want.step.move is Move.INCREASE,
        quantity=abs(want.step.delta),
        minimum_exempt=minimum_exempt,
        state=state.latches.strictest(ALL, account_scope(account)),
        state_why=state.latches.why(ALL, account_scope(account)),
        bot_state=state.latches.state(bot_scope(want.bot)),
        bot_state_why=state.latches.why(bot_scope(want.bot)),
        coin_permitted=want.policy.coins.permits(coin),
        instrument=state.instruments.get(coin),
        has_collateral=_has_collateral(turn, want),
        uncertainty=uncertainty,
        uncertainty_passes=uncertainty in _PASSING,
        sizing_known=want.sleeve.anchor is not None and want.sleeve.anchor.ratio is not None,
        signal_age=turn.now - growth.source_time if growth else None,
        max_signal_age=policy.max_signal_age_ms,
        heard_age=None if state.heard is None else turn.now - state.heard,
        snapshot_age=turn.now - view.received if view and view.reads else None,
        snapshot_round=tuning.snapshot_round_ms,
        snapshot_requested=bool(view and view.requested),
        touch_age=turn.now - quote.touch_time if quote and touch is not None else None,
        mark_age=turn.now - quote.mark_time if quote and quote.mark is not None else None,
        other_marks_age=_other_marks_age(turn, coin),
        chase=_chase(want, touch),
        chase_max=policy.slippage.chase_bps,
        price=price,
        mark=quote.mark if quote else None,
        caps=_caps(turn, want),
        max_order_notional=policy.max_order_notional,
        margin=_margin(turn, want),
        loss_limits=_loss_limits(turn, want),
        orders_last_minute=orders_last_minute(turn),
        orders_per_minute=tuning.orders_per_minute,
        actions_left=state.accounts[account].actions_left,
        actions_reserve=tuning.actions_reserve,
        paused_ms=max(0, want.sleeve.paused_until - turn.now),
        unsettled=len(memory.open),
        unknown_only=all(state.orders[cloid].status is OrderStatus.UNKNOWN for cloid in memory.open),
        is_reconciled=not memory.watch.is_drifting,
        leverage_ready=leverage_ready(turn, want.key, memory),
        leverage_requested=bool(memory.leverage.requested),
        clock_offset=state.clock_offset_ms,
        clock_spread=state.clock_spread_ms,
        nonce_ahead=max(0, state.nonces.get(signer, 0) + 1 - turn.now),
        minimum=tuning.minimum_usd,
    )


def leverage_ready(turn: Turn, key: BookKey, memory: BookMemory) -> bool:
    """Tell whether a book's leverage is as wanted; with a position open it is left alone."""
    if memory.leverage.value is None:
        return False
    if memory.book.position:
        return True
    return memory.leverage.value == wanted_leverage(turn.state, *key, memory) and (
        memory.leverage.is_cross == wants_cross(turn, key)
    )


def wants_cross(turn: Turn, key: BookKey) -> bool:
    """Tell whether a book should use cross margin: always, unless the market forbids it."""
    instrument = turn.state.instruments.get(key[1])
    return instrument is None or instrument.is_cross


def lowest_price(turn: Turn, coin: Coin, limit: Price) -> Price:
    """Return min(limit, mark, mid), at which the exchange might value an order."""
    quote = turn.state.quotes.get(coin)
    others = (quote.mark, quote.mid) if quote else ()
    return min(limit, *(price for price in others if price is not None))


def _uncertainty(bot: BotMemory, of_follow: str | None) -> str | None:
    if of_follow is not None:
        return of_follow
    if bot.role is None or not bot.role.may_be_followed:
        return f"role {bot.role or 'unknown'}"
    return "repairing" if bot.is_repairing else None


def _has_collateral(turn: Turn, want: Want) -> bool | None:
    if not turn.state.accounts[want.key[0]].is_read:
        return None
    equity = pool_of(turn.state, *want.key).equity
    return equity is not None and equity > 0


def _other_marks_age(turn: Turn, coin: Coin) -> int | None:
    """Return the age of the oldest mark among the other coins that we hold; None where we hold none."""
    state, oldest = turn.state, None
    for account, coins in ((a, m.coins) for a, m in state.accounts.items()):
        for other in coins:
            if other == coin:
                continue
            memory = state.books[account, other]
            if not memory.counted_gross:
                continue
            quote = state.quotes.get(other)
            time = quote.mark_time if quote else 0
            oldest = time if oldest is None or time < oldest else oldest
    return None if oldest is None else turn.now - oldest


def _chase(want: Want, touch: Price | None) -> Ratio | None:
    if want.sleeve.growth is not None and not want.sleeve.growth.needs_reference:
        return ZERO
    reference = want.sleeve.reference
    if reference is None or touch is None:
        return None
    return pricing.chase_distance(reference, touch, side_of(want.step.delta))


def _caps(turn: Turn, want: Want) -> tuple[Cap, ...]:
    state, policy = turn.state, turn.state.policy
    asset_cap = policy.asset_exposure_caps.get(want.coin)
    bot_cap = want.policy.exposure_cap
    return (
        Cap("global_exposure_cap", state.exposure + state.reserved, policy.global_exposure_cap),
        Cap(
            "asset_exposure_cap",
            asset_exposure(state, want.coin) if asset_cap is not None else ZERO,
            asset_cap,
        ),
        Cap("bot_exposure_cap", bot_exposure(state, want.bot) if bot_cap is not None else ZERO, bot_cap),
    )


def _margin(turn: Turn, want: Want) -> MarginFacts | None:
    state = turn.state
    instrument = state.instruments.get(want.coin)
    if instrument is None:
        return None
    memory, pool = want.memory, pool_of(state, *want.key)
    loose, long, short = memory.book.loose, memory.book.long, memory.book.short
    for cloid in memory.open:
        order = state.orders[cloid]
        if order.is_increase:
            change = order.terms.side.signed(order.remaining)
            long, short = long + max(change, ZERO), short + min(change, ZERO)
    delta = want.step.delta
    after = worst_of(loose, long + max(delta, ZERO), short + min(delta, ZERO))
    mark = memory.valued or ZERO
    return MarginFacts(
        equity=pool.equity,
        initial=pool.initial,
        maintenance=pool.maintenance,
        worst_before=memory.book.worst,
        worst_after=after,
        side=side_of(loose + long + short + delta or delta),
        leverage=leverage_of(state, *want.key, memory),
        maintenance_ratio=tier_of(after * mark, instrument.margin_tiers).maintenance_ratio,
        min_distance=state.policy.tuning.liquidation_distance,
    )


def _loss_limits(turn: Turn, want: Want) -> tuple[tuple[str, Usd | Ratio | None, Usd | Ratio | None], ...]:
    state, policy = turn.state, turn.state.policy
    day = drawdown = bot_loss = None
    if policy.daily_loss_limit is not None:
        profit = day_profit(turn)
        day = None if profit is None else -profit
    if policy.max_drawdown is not None:
        equity = total_equity(state)
        drawdown = None if equity is None else state.peak.see(equity)
    if want.policy.loss_limit is not None:
        bot_loss = bot_loss_of(turn, want.bot)
    return (
        ("daily_loss_limit", day, policy.daily_loss_limit),
        ("max_drawdown", drawdown, policy.max_drawdown),
        ("bot_loss_limit", bot_loss, want.policy.loss_limit),
    )


def day_profit(turn: Turn) -> Usd | None:
    """Return the PnL of all accounts since 00:00 UTC; None while one is not known."""
    total = ZERO
    for memory in turn.state.accounts.values():
        profit = memory.purse.day_profit()
        if profit is None:
            return None
        total += profit
    return total


def bot_loss_of(turn: Turn, bot: BotId) -> Usd | None:
    """Return what a bot lost since its last resume (negative: earned); None where an open part has no mark."""
    state = turn.state
    account, total = state.bot_policies[bot].account, ZERO
    for coin in state.bots[bot].coins:
        memory = state.books.get((account, coin))
        part = memory.book.sleeves.get(bot) if memory else None
        if part is None:
            continue
        quote = state.quotes.get(coin)
        profit = part.profit(quote.mark if quote else None)
        if profit is None:
            return None
        total += profit
    return state.bots[bot].stats.resumed_at - total

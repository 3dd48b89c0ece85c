"""Gathers what risk looks at: one `Case` for one step of one sleeve."""

import msgspec

from fadearena.core import pricing
from fadearena.core.engine import leverage
from fadearena.core.engine.placing import orders_last_minute
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import (
    asset_exposure,
    leverage_of,
    maintenance_of,
    pool_of,
    total_equity,
)
from fadearena.core.latches import ALL, account_scope, bot_scope
from fadearena.core.risk import OTHER_MARKS_MS, Cap, Case, MarginFacts
from fadearena.core.sizing import Move, Step
from fadearena.core.state import BookMemory, BotMemory, DexView, Sleeve
from fadearena.model.ids import BookKey, BotId, Coin, dex_of
from fadearena.model.margin import initial_margin
from fadearena.model.market import Quote
from fadearena.model.order import OrderStatus
from fadearena.model.policy import BotPolicy
from fadearena.model.units import ZERO, EpochMs, Price, Ratio, Size, Usd, side_of

_NO_ROLE = "role unknown"
_PASSING = frozenset({"gap", "in doubt", "near a snapshot", "repairing", _NO_ROLE})


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


def case_of(turn: Turn, want: Want, price: Price | None, *, minimum_exempt: bool, against: Size = ZERO) -> Case:
    """
    Gather the facts for a want's step.

    Args:
        turn: The present turn.
        want: The sleeve and its step.
        price: The lowest of limit, mark and mid.
        minimum_exempt: Whether the exchange's minimum does not count.
        against: What another sleeve of the book increases by in the same exchange; the two share the room.
    """
    state, policy, tuning = turn.state, turn.state.policy, turn.state.policy.tuning
    account, coin = want.key
    follow = state.follows.get((want.bot, coin))
    quote = state.quotes.get(coin)
    view = want.bot_memory.views.get(dex_of(coin))
    memory, growth = want.memory, want.sleeve.growth
    step_side = side_of(want.step.delta)
    signer = state.account_policies[account].signer
    touch = quote.touch(step_side) if quote else None
    uncertainty = _uncertainty(want.bot_memory, view, follow.uncertainty if follow else "unknown")
    margin = _margin(turn, want, against)
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
        heard_age=None if want.bot_memory.heard is None else turn.now - want.bot_memory.heard,
        snapshot_age=snapshot_age(turn, view),
        snapshot_round=state.snapshot_round_ms,
        snapshot_requested=bool(view and view.requested),
        touch_age=turn.now - quote.touch_time if quote and touch is not None else None,
        mark_age=turn.now - quote.mark_time if quote and quote.mark is not None else None,
        other_marks_age=_other_marks_age(turn),
        chase=_chase(want, touch),
        chase_max=policy.slippage.chase_bps,
        price=price,
        mark=quote.mark if quote else None,
        caps=_caps(turn, want, is_shared=bool(against)),
        max_order_notional=policy.max_order_notional,
        margin=margin,
        loss_limits=_loss_limits(turn, want),
        orders_last_minute=orders_last_minute(turn),
        orders_per_minute=tuning.orders_per_minute,
        actions_left=state.accounts[account].actions_left,
        actions_reserve=tuning.actions_reserve,
        signer_left=state.accounts[account].signer.left_ms(turn.now),
        paused_ms=max(0, want.sleeve.paused_until - turn.now),
        unsettled=len(memory.open),
        unknown_only=all(state.orders[cloid].status is OrderStatus.UNKNOWN for cloid in memory.open),
        is_reconciled=not memory.watch.is_drifting,
        leverage_ready=leverage.is_ready(turn, want.key, memory),
        leverage_requested=bool(memory.leverage.requested),
        clock_offset=state.clock_offset_ms,
        clock_spread=state.clock_spread_ms,
        nonce_ahead=max(0, state.nonces.get(signer, 0) + 1 - turn.now),
        minimum=tuning.minimum_usd,
    )


def snapshot_age(turn: Turn, view: DexView | None) -> int | None:
    """Return how old the newest complete snapshot is: since it arrived, or since it was taken; None without one."""
    return turn.now - min(view.received, view.time) if view and view.reads else None


def usable_quote(quote: Quote | None, now: EpochMs) -> Quote | None:
    """Return a quote without a touch that is too old to take a price from, so that its mark is used instead."""
    if quote is None or now - quote.touch_time <= pricing.STALE_MS:
        return quote
    return msgspec.structs.replace(quote, bid=None, ask=None)


def lowest_price(turn: Turn, coin: Coin, limit: Price) -> Price:
    """Return min(limit, mark, mid), at which the exchange might value an order."""
    quote = turn.state.quotes.get(coin)
    others = (quote.mark, quote.mid) if quote else ()
    return min(limit, *(price for price in others if price is not None))


def _uncertainty(bot: BotMemory, view: DexView | None, of_follow: str | None) -> str | None:
    if of_follow is not None:
        return of_follow
    if bot.role is None:
        return _NO_ROLE
    if not bot.role.may_be_followed:
        return f"role {bot.role}"
    return "repairing" if bot.is_repairing or (view is not None and view.is_stale) else None


def _has_collateral(turn: Turn, want: Want) -> bool | None:
    equity = _pool_equity(turn, want)
    return None if equity is None else equity > 0


def _pool_equity(turn: Turn, want: Want) -> Usd | None:
    """Return the equity of the pool that carries a book; None while the account's is not known."""
    is_known = turn.state.accounts[want.key[0]].purse.equity is not None
    return pool_of(turn.state, *want.key).equity if is_known else None


def _other_marks_age(turn: Turn) -> int | None:
    """
    Return how old the marks of coins that we hold are at most; None where we hold none.

    What was found once stays true until it is too old: marks only get newer, and a coin that is newly held is
    taken into account when it is.
    """
    state = turn.state
    if state.oldest_mark is None or turn.now - state.oldest_mark > OTHER_MARKS_MS:
        state.oldest_mark = _oldest_mark(turn)
    return None if state.oldest_mark is None else turn.now - state.oldest_mark


def _oldest_mark(turn: Turn) -> EpochMs | None:
    state, oldest = turn.state, None
    for account, memory in state.accounts.items():
        for other in memory.coins:
            if not state.books[account, other].counted_gross:
                continue
            quote = state.quotes.get(other)
            time = quote.mark_time if quote else 0
            oldest = time if oldest is None or time < oldest else oldest
    return oldest


def _chase(want: Want, touch: Price | None) -> Ratio | None:
    if want.sleeve.growth is not None and not want.sleeve.growth.needs_reference:
        return ZERO
    reference = want.sleeve.reference
    if reference is None or touch is None:
        return None
    return pricing.chase_distance(reference, touch, side_of(want.step.delta))


def _caps(turn: Turn, want: Want, *, is_shared: bool) -> tuple[Cap, ...]:
    state, policy = turn.state, turn.state.policy
    asset_cap = policy.asset_exposure_caps.get(want.coin)
    bot_cap = want.policy.exposure_cap
    everything = Cap("global_exposure_cap", state.exposure + state.reserved, policy.global_exposure_cap)
    asset = Cap(
        "asset_exposure_cap",
        asset_exposure(state, want.coin) if asset_cap is not None else ZERO,
        asset_cap,
    )
    mine = Cap("bot_exposure_cap", want.bot_memory.gross + want.bot_memory.reserved, bot_cap)
    return (_halved(everything), _halved(asset), mine) if is_shared else (everything, asset, mine)


def _halved(cap: Cap) -> Cap:
    """Leave half of the room, where two sleeves increase in one exchange."""
    return cap if cap.limit is None else Cap(cap.name, (cap.used + cap.limit) / 2, cap.limit)


def _margin(turn: Turn, want: Want, against: Size) -> MarginFacts | None:
    state = turn.state
    if want.coin not in state.instruments:
        return None
    memory, pool, delta = want.memory, pool_of(state, *want.key), want.step.delta
    long, short = _un_nettings(turn, memory, against)
    is_long = (delta > 0) is (want.step.move is Move.INCREASE)
    initial, maintenance = _in_flight_elsewhere(turn, want)
    return MarginFacts(
        equity=_pool_equity(turn, want),
        initial=pool.initial + initial,
        maintenance=pool.maintenance + maintenance,
        worst=memory.book.worst,
        own=long if is_long else short,
        other=short if is_long else long,
        side=side_of(delta),
        leverage=leverage_of(state, *want.key, memory),
        min_distance=state.policy.tuning.liquidation_distance,
    )


def _un_nettings(turn: Turn, memory: BookMemory, change: Size = ZERO) -> tuple[Size, Size]:
    """Return what only the long and only the short sleeves would leave, once everything in flight is filled."""
    book = memory.book
    open_orders = (turn.state.orders[cloid] for cloid in memory.open)
    flying = (order.terms.side.signed(order.remaining) for order in open_orders if order.is_increase)
    long, short = book.loose + book.long, book.loose + book.short
    for more in (*flying, change):
        long, short = long + max(more, ZERO), short + min(more, ZERO)
    return long, short


def _in_flight_elsewhere(turn: Turn, want: Want) -> tuple[Usd, Usd]:
    """Return initial and maintenance margin that increases in flight in other books of the same pool would add."""
    state, initial, maintenance = turn.state, ZERO, ZERO
    account, pool = want.key[0], pool_of(state, *want.key)
    for coin in state.accounts[account].flying:
        memory = state.books[account, coin]
        if memory is want.memory or pool_of(state, account, coin) is not pool:
            continue
        price = max((state.orders[cloid].reserve_price for cloid in memory.open), default=ZERO)
        notional = max(map(abs, _un_nettings(turn, memory))) * max(price, memory.valued or ZERO)
        margin = initial_margin(notional, leverage_of(state, account, coin, memory))
        initial += max(margin - memory.counted_initial, ZERO)
        maintenance += max(maintenance_of(state, coin, notional) - memory.counted_maintenance, ZERO)
    return initial, maintenance


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
    for _, memory in sorted(turn.state.accounts.items()):
        profit = memory.purse.day_profit()
        if profit is None:
            return None
        total += profit
    return total


def bot_loss_of(turn: Turn, bot: BotId) -> Usd:
    """Return what a bot with a limit lost since its last resume (negative: earned)."""
    memory = turn.state.bots[bot]
    return memory.stats.resumed_at - memory.profit

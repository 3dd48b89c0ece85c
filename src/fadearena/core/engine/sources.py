"""From what is followed to what is wanted: anchor, growth, target of each sleeve."""

from fadearena.core import follow as following
from fadearena.core.engine import booking, leverage
from fadearena.core.engine.targets import shrunk_to, target_of
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of
from fadearena.core.follow import Applied, Follow, Start
from fadearena.core.state import BotMemory, Growth, Sleeve
from fadearena.core.target import Inputs, complete, grow, take_anchor
from fadearena.model.command import ReadSource
from fadearena.model.ids import Address, BotId, Coin, Dex, dex_of
from fadearena.model.policy import BotPolicy, StartPolicy
from fadearena.model.record import Decision, FollowUpdate, Outcome
from fadearena.model.trading import TradingState
from fadearena.model.units import MINUTE_MS, ONE, ZERO, Quantity, Ratio, Size, sign

SILENCE_MS = 10 * MINUTE_MS
_SURE_READS = 2


def holds_anything(turn: Turn, policy: BotPolicy, memory: BotMemory) -> bool:
    """Tell whether a bot has an open sleeve."""
    return any(turn.state.books[policy.account, coin].book.size_of(policy.id) for coin in memory.coins)


def read_source(turn: Turn, wallet: Address, dex: Dex) -> None:
    """Ask for a snapshot."""
    turn.commands.append(ReadSource(wallet=wallet, dex=dex))


def look_again(turn: Turn, bot: BotId) -> None:
    """Look at the books in which this bot still wants something."""
    account = turn.state.bot_policies[bot].account
    for coin in turn.state.bots[bot].coins:
        if bot in turn.state.books[account, coin].wanting:
            turn.dirty.add((account, coin))


def follow_of(turn: Turn, policy: BotPolicy, memory: BotMemory, coin: Coin) -> Follow:
    """Return what is known of a coin; a coin that sure snapshots did not show begins at zero."""
    follow = turn.state.follows.get((policy.id, coin))
    if follow is None:
        follow = meet(turn, policy, memory, coin)
        view = memory.views.get(dex_of(coin))
        if view is not None and view.reads >= _SURE_READS:
            following.known_flat(follow, view.proven or view.time, start_of(turn, policy, coin))
        _prepare_book(turn, policy, coin)
    return follow


def meet(turn: Turn, policy: BotPolicy, memory: BotMemory, coin: Coin) -> Follow:
    """Begin to remember a bot's coin, of which nothing is known yet."""
    follow = turn.state.follows[policy.id, coin] = Follow()
    memory.coins.append(coin)
    memory.coins.sort()
    turn.sleeve(policy.id, coin)
    return follow


def _prepare_book(turn: Turn, policy: BotPolicy, coin: Coin) -> None:
    """Have leverage set ahead of need, the first time that a bot is seen in a coin."""
    key, state = (policy.account, coin), turn.state
    is_wanted = policy.enabled and policy.coins.permits(coin) and state.accounts[policy.account].is_read
    if is_wanted and state.latches.strictest(*turn.scopes(policy.id, policy.account)) is TradingState.ACTIVE:
        leverage.prepare(turn, key, state.books[key])


def start_of(turn: Turn, policy: BotPolicy, coin: Coin) -> Start:
    """Return how following begins in a coin, by the bot's settings and the prices of now."""
    if policy.start_policy is not StartPolicy.JOIN_IF_BETTER:
        return Start(policy=policy.start_policy, since=turn.state.bots[policy.id].since)
    return Start(
        policy=policy.start_policy,
        since=turn.state.bots[policy.id].since,
        mark=mark_of(turn.state, coin),
        direction=policy.direction,
        chase_bps=turn.state.policy.slippage.chase_bps,
    )


def after_change(
    turn: Turn, policy: BotPolicy, coin: Coin, before: Size, done: Applied, *, is_refolded: bool = False
) -> None:
    """
    Bring anchor, growth and target up to a follow that moved.

    Args:
        turn: The present turn.
        policy: The bot.
        coin: The coin.
        before: What was followed until now.
        done: What the message changed.
        is_refolded: Whether older history turned out otherwise, rather than new history being added.
    """
    follow, sleeve = turn.state.follows[policy.id, coin], turn.sleeve(policy.id, coin)
    followed = follow.followed
    _anchor(turn, policy, coin, (before, done.path), keeps_used=is_refolded)
    grew = followed != 0 and (sign(followed) != sign(before) or abs(followed) > abs(before))
    if grew:
        _note_growth(turn, sleeve, followed, done, joins=done.started and not done.counted)
    elif followed != before:
        sleeve.is_emergency = sleeve.is_emergency or any(fill.forced is not None for fill in done.counted)
    retarget(turn, policy, coin, shrunk_to(before, followed))
    show_follow(turn, policy.id, coin)
    if grew and sleeve.anchor is not None and sleeve.anchor.ratio is None:
        _skip_unsized(turn, policy, coin, sleeve)


def _anchor(turn: Turn, policy: BotPolicy, coin: Coin, way: tuple[Size, list[Quantity]], *, keeps_used: bool) -> None:
    """
    Take, keep, complete or drop the anchor of a sleeve; history that is folded anew keeps a used one.

    `way` is what was followed until now, and what |followed| went through since in its present leg.
    """
    sleeve, track = turn.sleeve(policy.id, coin), turn.state.follows[policy.id, coin].now
    if track is None or not track.followed:
        sleeve.anchor, sleeve.growth = None, None
        sleeve.unmatched, sleeve.unmatched_usd, sleeve.implied_price = ZERO, ZERO, None
        return
    anchor, inputs = sleeve.anchor, inputs_of(turn, policy, coin)
    is_new_leg = anchor is not None and track.leg > anchor.leg and not (keeps_used and anchor.is_used)
    if anchor is None or is_new_leg or sign(track.followed) != anchor.sign:
        sleeve.anchor = take_anchor(policy, track.followed, track.leg, track.peak, inputs)
        sleeve.unmatched, sleeve.unmatched_usd, sleeve.implied_price = ZERO, ZERO, None
        return
    anchor.leg = track.leg
    if anchor.ratio is None:
        complete(anchor, track.peak, inputs)
        return
    old = abs(way[0])
    for new in way[1] or [abs(track.followed)]:
        grow(anchor, old, new, track.peak, inputs)
        old = new


def _note_growth(turn: Turn, sleeve: Sleeve, followed: Size, done: Applied, *, joins: bool) -> None:
    """Permit an increase, and note at what price the source itself traded."""
    way, old = sign(followed), sleeve.growth
    fills = [fill for fill in done.counted if sign(fill.change) == way]
    for fill in fills:
        sleeve.unmatched += fill.quantity
        sleeve.unmatched_usd += fill.quantity * fill.price
    if done.implied_price is not None:
        sleeve.implied_price = done.implied_price
    sleeve.is_emergency = False
    waits = old is not None and not old.attempts and turn.now < old.received + turn.state.policy.tuning.coalesce_ms
    sleeve.growth = Growth(
        source_time=max((fill.time for fill in fills), default=turn.event.time),
        received=old.received if old is not None and waits else turn.now,
        needs_reference=not joins,
    )


def _skip_unsized(turn: Turn, policy: BotPolicy, coin: Coin, sleeve: Sleeve) -> None:
    """Say that a growth is skipped since its anchor waits for an input: equity or mark."""
    size = turn.state.books[sleeve.account, coin].book.size_of(policy.id)
    sleeve.growth = None
    sleeve.skips["sizing_known"] = sleeve.skips.get("sizing_known", 0) + 1
    turn.records.append(
        Decision(
            bot=policy.id,
            account=sleeve.account,
            coin=coin,
            outcome=Outcome.SKIP,
            reason="sizing_known",
            delta=ZERO,
            target=sleeve.target,
            sleeve=size,
        )
    )


def retarget(turn: Turn, policy: BotPolicy, coin: Coin, shrunk: Ratio = ONE) -> None:
    """
    Compute a sleeve's target anew, and have its book looked at if it is off.

    `shrunk` is to what part |followed| fell. A full exit does not wait for what held up an earlier reduce.
    """
    sleeve = turn.sleeve(policy.id, coin)
    key = (sleeve.account, coin)
    old, sleeve.target = sleeve.target, target_of(turn, policy.id, coin, sleeve, shrunk)
    if sleeve.target != old:
        sleeve.said = ""
        if not sleeve.target:
            sleeve.retry_at = 0
        if turn.state.books[key].book.size_of(policy.id) or sleeve.target:
            booking.show_sleeve(turn, key, policy.id)
    if sleeve.target:
        turn.wake(f"source:{policy.id}", turn.state.bots[policy.id].last_read + SILENCE_MS)
    booking.wants_work(turn, key, policy.id)


def inputs_of(turn: Turn, policy: BotPolicy, coin: Coin) -> Inputs:
    """Gather what a ratio is computed from."""
    state = turn.state
    return Inputs(
        our_equity=state.accounts[policy.account].purse.equity,
        source_equity=state.bots[policy.id].equity.confirmed,
        mark=mark_of(state, coin),
        share=state.share_of(policy) if policy.share is None else policy.share,
    )


def complete_anchors(turn: Turn, policy: BotPolicy, memory: BotMemory) -> None:
    """Complete the anchors of a bot that waited for an input."""
    for coin in memory.coins:
        sleeve, track = turn.state.sleeves[policy.id, coin], turn.state.follows[policy.id, coin].now
        if sleeve.anchor is not None and sleeve.anchor.ratio is None and track is not None:
            complete(sleeve.anchor, track.peak, inputs_of(turn, policy, coin))
            retarget(turn, policy, coin)


def show_follow(turn: Turn, bot: BotId, coin: Coin) -> None:
    """Record what is known of a source position."""
    follow = turn.state.follows[bot, coin]
    if follow.now is not None:
        turn.records.append(
            FollowUpdate(
                bot=bot,
                coin=coin,
                confidence=follow.confidence,
                position=follow.now.position,
                baseline=follow.now.baseline,
                followed=follow.now.followed,
                entry=follow.now.entry,
            )
        )

"""What watched wallets do: fills and snapshots -> followed -> anchor, target, growth."""

from collections.abc import Sequence

from fadearena.core import follow as following
from fadearena.core.engine import booking
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of
from fadearena.core.equity import believe
from fadearena.core.follow import Applied, Follow, Start
from fadearena.core.latches import LatchKind, bot_scope
from fadearena.core.state import SPOT_KEYS_MAX, BotMemory, DexView, Growth, Sleeve
from fadearena.core.target import Inputs, complete, grow, take_anchor, target_size
from fadearena.model.account import equity_of
from fadearena.model.command import ReadSource, RepairSource
from fadearena.model.event import (
    RepairStage,
    RoleRead,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
)
from fadearena.model.ids import Address, BotId, Coin, Dex, dex_of, is_perp
from fadearena.model.policy import BotPolicy, StartPolicy
from fadearena.model.record import BotTrade, EquityPoint, FollowUpdate, Gap, PositionChange
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO, EpochMs, Size, sign
from fadearena.model.wallet import Feed, SourceFill

SILENCE_MS = 10 * MINUTE_MS
REREAD_MS = following.UNDECIDABLE_MS + 1
_RETRY_MS = 10 * SECOND_MS
_SURE_READS = 2


def watched(turn: Turn, wallet: Address) -> tuple[BotPolicy, BotMemory] | None:
    """Return the bot of a wallet if it is followed: enabled, or with a sleeve."""
    bot = turn.state.wallets.get(wallet)
    if bot is None:
        return None
    policy, memory = turn.state.bot_policies[bot], turn.state.bots[bot]
    return (policy, memory) if policy.enabled or holds_anything(turn, policy, memory) else None


def holds_anything(turn: Turn, policy: BotPolicy, memory: BotMemory) -> bool:
    """Tell whether a bot has an open sleeve."""
    return any(turn.state.books[policy.account, coin].book.size_of(policy.id) for coin in memory.coins)


def on_fills(turn: Turn, event: SourceFills) -> None:
    """Count a message's fills and see what they change."""
    found = watched(turn, event.wallet)
    if found is None:
        return
    policy, memory = found
    _heard(turn, memory, event.heard)
    by_coin: dict[Coin, list[SourceFill]] = {}
    for fill in event.fills:
        by_coin.setdefault(fill.coin, []).append(fill)
    for coin, fills in by_coin.items():
        if not is_perp(coin):
            _record_spot(turn, policy, memory, event.feed, fills)
            continue
        follow = follow_of(turn, policy, memory, coin)
        before, leg = follow.followed, follow.now.leg if follow.now else 0
        done = following.apply_fills(
            follow, fills, _start(turn, policy, coin), turn.state.policy.tuning.provisional_max
        )
        for fill in done.counted:
            turn.records.append(_bot_trade(policy, event.feed, fill, is_followed=True))
        if done.gap is not None:
            _on_gap(turn, policy, coin, follow, done.gap)
        if done.wants_snapshot:
            turn.wake(f"read:{policy.id}:{dex_of(coin)}", turn.now + (0 if follow.base is None else REREAD_MS))
        if done.counted or done.started:
            after_change(turn, policy, coin, (before, leg), done)


def on_snapshot(turn: Turn, event: SourceSnapshot) -> None:
    """Compare a complete reading of one dex with what the fills said."""
    found = watched(turn, event.wallet)
    if found is None:
        return
    policy, memory = found
    _heard(turn, memory, event.heard)
    memory.is_orphaned = False
    view = memory.views.setdefault(event.dex, DexView())
    view.requested = 0
    if view.reads and event.time <= view.time:
        look_again(turn, policy.id)
        return
    positions = {position.coin: position for position in event.positions if is_perp(position.coin)}
    known = [coin for coin in memory.coins if dex_of(coin) == event.dex]
    again = view.reads + 1 < _SURE_READS
    for coin in sorted({*positions, *known}):
        follow = follow_of(turn, policy, memory, coin)
        before, leg = follow.followed, follow.now.leg if follow.now else 0
        start = _start(turn, policy, coin)
        done = following.apply_snapshot(follow, positions.get(coin), event.time, start, is_empty=not positions)
        again = again or done.wants_snapshot
        if done.moved is not None:
            turn.records.append(
                PositionChange(
                    bot=policy.id, coin=coin, before=done.moved[0], after=done.moved[1], reason=done.moved[2]
                )
            )
        if done.moved is not None or done.started:
            after_change(turn, policy, coin, (before, leg), done)
    view.reads, view.time, view.received = view.reads + 1, event.time, turn.now
    if again:
        turn.wake(f"read:{policy.id}:{event.dex}", turn.now + REREAD_MS)
    look_again(turn, policy.id)


def on_equity(turn: Turn, event: SourceEquity) -> None:
    """Take a reading of a source's equity; anchors that waited for it are completed."""
    found = watched(turn, event.wallet)
    usd = equity_of(event.mode, event.dex_values, event.spot)
    if found is None or usd is None:
        return
    policy, memory = found
    reading = memory.equity
    if believe(reading, usd, event.time, reading.confirmed, turn.state.policy.tuning.equity_jump):
        turn.records.append(EquityPoint(series=f"bot:{policy.id}", usd=usd))
        complete_anchors(turn, policy, memory)


def on_unreadable(turn: Turn, event: SourceUnreadable) -> None:
    """Note that a wallet could not be read: what waited for it is decided without, and it is read again."""
    found = watched(turn, event.wallet)
    if found is None:
        return
    policy, memory = found
    for dex in [event.dex] if event.dex is not None else sorted(memory.views):
        view = memory.views.setdefault(dex, DexView())
        view.requested, view.failed = 0, turn.now
        turn.wake(f"read:{policy.id}:{dex}", turn.now + _RETRY_MS)
    look_again(turn, policy.id)


def on_repair(turn: Turn, event: SourceRepair) -> None:
    """Let increases wait while missed fills are fetched; afterwards compare with a snapshot."""
    found = watched(turn, event.wallet)
    if found is None:
        return
    policy, memory = found
    memory.is_repairing = event.stage is RepairStage.STARTED
    if event.stage is RepairStage.FAILED:
        for coin in memory.coins:
            turn.state.follows[policy.id, coin].repair_failed = True
        turn.alert("warning", "repair", policy.id, "missed fills could not be fetched; waiting for snapshots")
    if not memory.is_repairing:
        for dex in sorted(memory.views) or [""]:
            read_source(turn, policy.wallet, dex)
    look_again(turn, policy.id)


def on_role(turn: Turn, event: RoleRead) -> None:
    """Note what a wallet is; an agent or a missing account is never followed."""
    found = watched(turn, event.wallet)
    if found is None:
        return
    policy, memory = found
    memory.role = event.role
    if not event.role.may_be_followed:
        turn.alert(
            "warning",
            "bot",
            policy.id,
            f"{event.wallet} is {event.role} to the exchange and cannot be followed",
        )


def read_source(turn: Turn, wallet: Address, dex: Dex) -> None:
    """Ask for a snapshot."""
    turn.commands.append(ReadSource(wallet=wallet, dex=dex))


def follow_of(turn: Turn, policy: BotPolicy, memory: BotMemory, coin: Coin) -> Follow:
    """Return what is known of a coin; a coin that sure snapshots did not show begins at zero."""
    key = (policy.id, coin)
    follow = turn.state.follows.get(key)
    if follow is None:
        follow = turn.state.follows[key] = Follow()
        memory.coins.append(coin)
        memory.coins.sort()
        turn.sleeve(policy.id, coin)
        view = memory.views.get(dex_of(coin))
        if view is not None and view.reads >= _SURE_READS:
            following.known_flat(follow, view.time, _start(turn, policy, coin))
    return follow


# --- from followed to target


def after_change(
    turn: Turn, policy: BotPolicy, coin: Coin, before: tuple[Size, int], done: Applied, *, joins: bool = False
) -> None:
    """Bring anchor, growth and target up to a follow that moved from `before` = (followed, leg)."""
    follow, sleeve = turn.state.follows[policy.id, coin], turn.sleeve(policy.id, coin)
    track, followed = follow.now, follow.followed
    if track is None:
        return
    grew = followed != 0 and (sign(followed) != sign(before[0]) or abs(followed) > abs(before[0]))
    _anchor(turn, policy, coin, sleeve, before[0])
    if grew:
        _note_growth(turn, sleeve, followed, done, joins=joins or (done.started and not done.counted))
    elif abs(followed) < abs(before[0]) or sign(followed) != sign(before[0]):
        sleeve.is_emergency = any(fill.forced is not None for fill in done.counted)
    retarget(turn, policy, coin)
    show_follow(turn, policy.id, coin)
    if sleeve.target:
        turn.wake(f"source:{policy.id}", turn.state.bots[policy.id].last_read + SILENCE_MS)


def _anchor(turn: Turn, policy: BotPolicy, coin: Coin, sleeve: Sleeve, before: Size) -> None:
    """Take, keep, complete or drop the anchor of a sleeve."""
    track = turn.state.follows[policy.id, coin].now
    if track is None:
        return
    followed = track.followed
    if not followed:
        sleeve.anchor, sleeve.growth = None, None
        sleeve.unmatched, sleeve.unmatched_usd, sleeve.implied_price = ZERO, ZERO, None
        return
    anchor = sleeve.anchor
    if anchor is None or track.leg > anchor.leg or sign(followed) != anchor.sign:
        sleeve.anchor = take_anchor(policy, followed, track.leg, track.peak, inputs_of(turn, policy, coin))
        sleeve.unmatched, sleeve.unmatched_usd, sleeve.implied_price = ZERO, ZERO, None
        return
    anchor.leg = track.leg
    if anchor.ratio is None:
        complete(anchor, track.peak, inputs_of(turn, policy, coin))
    else:
        grow(anchor, abs(before), abs(followed), track.peak, inputs_of(turn, policy, coin))


def _note_growth(turn: Turn, sleeve: Sleeve, followed: Size, done: Applied, *, joins: bool) -> None:
    """Permit an increase, and note at what price the source itself traded."""
    way = sign(followed)
    fills = [fill for fill in done.counted if sign(fill.change) == way]
    for fill in fills:
        sleeve.unmatched += fill.quantity
        sleeve.unmatched_usd += fill.quantity * fill.price
    if done.implied_price is not None:
        sleeve.implied_price = done.implied_price
    sleeve.is_emergency = False
    sleeve.growth = Growth(
        source_time=max((fill.time for fill in fills), default=turn.event.time),
        received=turn.now,
        needs_reference=not joins,
    )


def retarget(turn: Turn, policy: BotPolicy, coin: Coin) -> None:
    """Compute a sleeve's target anew, and have its book looked at if it is off."""
    state, sleeve = turn.state, turn.sleeve(policy.id, coin)
    key = (sleeve.account, coin)
    old, sleeve.target = sleeve.target, _target(turn, policy, coin, sleeve)
    booking.wants_work(turn, key, policy.id)
    if sleeve.target != old:
        sleeve.said = ""
        if state.books[key].book.size_of(policy.id) or sleeve.target:
            booking.show_sleeve(turn, key, policy.id)


def _target(turn: Turn, policy: BotPolicy, coin: Coin, sleeve: Sleeve) -> Size:
    state = turn.state
    if state.latches.has(bot_scope(policy.id), LatchKind.FLATTEN) or state.bots[policy.id].is_orphaned:
        return ZERO
    followed, anchor = state.follows[policy.id, coin].followed, sleeve.anchor
    if anchor is None or not followed:
        return ZERO
    if anchor.ratio is None:
        size = state.books[sleeve.account, coin].book.size_of(policy.id)
        return size if sign(size) == anchor.direction.sign * sign(followed) else ZERO
    size, instrument = target_size(followed, anchor.ratio, anchor.direction), state.instruments.get(coin)
    return size if instrument is None else instrument.floor(size)


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


def _start(turn: Turn, policy: BotPolicy, coin: Coin) -> Start:
    slippage = turn.state.policy.slippage
    if policy.start_policy is not StartPolicy.JOIN_IF_BETTER:
        return Start(policy=policy.start_policy)
    return Start(
        policy=policy.start_policy,
        mark=mark_of(turn.state, coin),
        direction=policy.direction,
        chase_bps=slippage.chase_bps,
    )


def _heard(turn: Turn, memory: BotMemory, heard: EpochMs | None) -> None:
    memory.last_read = turn.now
    memory.silence_probed = memory.silence_alerted = False
    turn.state.heard = max(turn.state.heard or 0, turn.now if heard is None else heard)


def look_again(turn: Turn, bot: BotId) -> None:
    """Look at the books in which this bot still wants something."""
    account = turn.state.bot_policies[bot].account
    for coin in turn.state.bots[bot].coins:
        if bot in turn.state.books[account, coin].todo:
            turn.dirty.add((account, coin))


def _on_gap(turn: Turn, policy: BotPolicy, coin: Coin, follow: Follow, gap: tuple[Size, Size]) -> None:
    turn.records.append(Gap(bot=policy.id, coin=coin, expected=gap[0], reported=gap[1]))
    turn.commands.append(RepairSource(wallet=policy.wallet, since=follow.base_time))


def _bot_trade(policy: BotPolicy, feed: Feed, fill: SourceFill, *, is_followed: bool) -> BotTrade:
    return BotTrade(
        bot=policy.id,
        wallet=policy.wallet,
        feed=feed,
        key=fill.key,
        coin=fill.coin,
        time=fill.time,
        side=fill.side,
        price=fill.price,
        quantity=fill.quantity,
        start_position=fill.start_position,
        is_followed=is_followed,
    )


def _record_spot(turn: Turn, policy: BotPolicy, memory: BotMemory, feed: Feed, fills: Sequence[SourceFill]) -> None:
    for fill in fills:
        if fill.key not in memory.spot_keys:
            memory.spot_keys.append(fill.key)
            turn.records.append(_bot_trade(policy, feed, fill, is_followed=False))
    del memory.spot_keys[:-SPOT_KEYS_MAX]

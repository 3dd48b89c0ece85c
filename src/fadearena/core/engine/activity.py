"""What watched wallets do: fills, snapshots, balances and roles as they come in."""

from fadearena.core import follow as following
from fadearena.core.engine.sources import (
    after_change,
    complete_anchors,
    follow_of,
    holds_anything,
    look_again,
    read_source,
    retarget,
    show_follow,
    start_of,
)
from fadearena.core.engine.turn import Turn
from fadearena.core.equity import believe
from fadearena.core.follow import Follow
from fadearena.core.state import SPOT_KEYS_MAX, BotMemory, DexView
from fadearena.model.account import equity_of
from fadearena.model.command import ReadSourceEquity, RepairSource
from fadearena.model.event import (
    RepairStage,
    RoleRead,
    SnapshotRound,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
)
from fadearena.model.ids import Address, Coin, dex_of, is_perp
from fadearena.model.policy import BotPolicy, Sizing
from fadearena.model.record import BotTrade, EquityPoint, Gap, PositionChange
from fadearena.model.units import SECOND_MS, Size
from fadearena.model.wallet import Feed, SourceFill, SourcePosition

REREAD_MS = following.UNDECIDABLE_MS + 1
OUTAGE_ROUNDS = 2
_RETRY_MS = 10 * SECOND_MS
_SURE_READS = 2
_SOCKETS = frozenset({Feed.TAPE, Feed.USER, Feed.REPLAY})


def watched(turn: Turn, wallet: Address) -> tuple[BotPolicy, BotMemory] | None:
    """Return the bot of a wallet if it is followed: enabled, or with a sleeve; note when its feed was heard."""
    bot = turn.state.wallets.get(wallet)
    if bot is None:
        return None
    policy, memory = turn.state.bot_policies[bot], turn.state.bots[bot]
    if turn.event.heard is not None:
        memory.heard = max(memory.heard or 0, turn.event.heard)
    return (policy, memory) if policy.enabled or holds_anything(turn, policy, memory) else None


def on_fills(turn: Turn, event: SourceFills) -> None:
    """Count a message's fills and see what they change."""
    found = watched(turn, event.wallet)
    if found is None:
        return
    policy, memory = found
    _heard(turn, memory)
    if event.heard is None and event.feed in _SOCKETS:
        memory.heard = turn.now
    by_coin: dict[Coin, list[SourceFill]] = {}
    for fill in event.fills:
        by_coin.setdefault(fill.coin, []).append(fill)
    for coin, fills in by_coin.items():
        if is_perp(coin):
            _count(turn, policy, memory, event.feed, fills)
        else:
            _record_spot(turn, policy, memory, event.feed, fills)


def _count(turn: Turn, policy: BotPolicy, memory: BotMemory, feed: Feed, fills: list[SourceFill]) -> None:
    """Count the fills of one coin; a fill that was known may still change what is believed."""
    coin, limit = fills[0].coin, turn.state.policy.tuning.provisional_max
    follow = follow_of(turn, policy, memory, coin)
    before, newest = _belief(follow), follow.fill_time
    done = following.apply_fills(follow, fills, start_of(turn, policy, coin), limit)
    _tell(turn, policy, follow, feed, done)
    if done.gap is not None:
        turn.records.append(Gap(bot=policy.id, coin=coin, expected=done.gap[0], reported=done.gap[1]))
        memory.has_asked = True
        turn.commands.append(RepairSource(wallet=policy.wallet, since=follow.base_time))
    if done.wants_snapshot:
        turn.wake(f"read:{policy.id}:{dex_of(coin)}", turn.now + (0 if follow.base is None else REREAD_MS))
    if done.counted or done.started or _belief(follow) != before:
        is_refolded = any(fill.time < newest for fill in done.counted) or not done.counted
        after_change(turn, policy, coin, before[0], done, is_refolded=is_refolded)


def _belief(follow: Follow) -> tuple[Size, Size | None, str]:
    """Return what is believed of a coin: followed, position, confidence."""
    return follow.followed, follow.now.position if follow.now else None, follow.confidence


def on_snapshot(turn: Turn, event: SourceSnapshot) -> None:
    """Compare a complete reading of one dex with what the fills said; one that is not newer says nothing."""
    found = watched(turn, event.wallet)
    if found is None:
        return
    policy, memory = found
    view = memory.views.setdefault(event.dex, DexView())
    if view.reads and event.time <= view.time:
        return
    _heard(turn, memory)
    view.requested = 0
    if view.reads and event.time - view.time > OUTAGE_ROUNDS * turn.state.snapshot_round_ms:
        view.missed = [coin for coin in memory.coins if dex_of(coin) == event.dex]
    positions = {position.coin: position for position in event.positions if is_perp(position.coin)}
    known = [coin for coin in memory.coins if dex_of(coin) == event.dex]
    rows = [(coin, positions.get(coin)) for coin in sorted({*positions, *known})]
    compared = [_compare(turn, event, policy, memory, row, is_empty=not positions) for row in rows]
    view.reads, view.time, view.received = view.reads + 1, event.time, turn.now
    view.is_stale = any(done.is_off for done in compared)
    if not memory.misses_fills:
        view.proven = event.time
    if view.reads < _SURE_READS or any(done.wants_snapshot for done in compared):
        turn.wake(f"read:{policy.id}:{event.dex}", turn.now + REREAD_MS)
    if memory.fetches_late and any(done.is_off and not done.wants_snapshot for done in compared):
        memory.is_repairing = memory.is_catching_up = True
        memory.fetches_late = False
        turn.commands.append(RepairSource(wallet=policy.wallet, since=memory.missed_since))
    if memory.is_orphaned:
        memory.is_orphaned = False
        for coin in memory.coins:
            retarget(turn, policy, coin)
    if policy.sizing is Sizing.EQUITY and turn.now - memory.equity.time >= turn.state.snapshot_round_ms:
        turn.commands.append(ReadSourceEquity(wallet=policy.wallet))
    look_again(turn, policy.id)


def _compare(
    turn: Turn,
    event: SourceSnapshot,
    policy: BotPolicy,
    memory: BotMemory,
    row: tuple[Coin, SourcePosition | None],
    *,
    is_empty: bool,
) -> following.Applied:
    """Compare one coin with its row of a snapshot."""
    coin, position = row
    follow = follow_of(turn, policy, memory, coin)
    before = _belief(follow)
    start = start_of(turn, policy, coin)
    is_missing = memory.misses_fills
    done = following.apply_snapshot(follow, position, event.time, start, is_empty=is_empty, is_missing=is_missing)
    if done.moved is not None:
        old, new, reason = done.moved
        turn.records.append(PositionChange(bot=policy.id, coin=coin, before=old, after=new, reason=reason))
    _tell(turn, policy, follow, Feed.TAPE, done)
    if done.moved is not None or done.started:
        after_change(turn, policy, coin, before[0], done)
        if coin in memory.views[event.dex].missed:  # it grew during an outage: only its next growth permits again
            turn.sleeve(policy.id, coin).growth = None
    elif follow.followed != before[0]:
        after_change(turn, policy, coin, before[0], done, is_refolded=True)
    elif _belief(follow) != before:
        show_follow(turn, policy.id, coin)
    if follow.doubt is None and coin in memory.views[event.dex].missed:
        memory.views[event.dex].missed.remove(coin)
    return done


def on_equity(turn: Turn, event: SourceEquity) -> None:
    """Take a reading of a source's equity; anchors that waited for it are completed."""
    found = watched(turn, event.wallet)
    usd = equity_of(event.mode, event.dex_values, event.spot)
    if found is None or usd is None:
        return
    policy, memory = found
    reading = memory.equity
    if event.time <= reading.time:
        return
    if believe(reading, usd, event.time, reading.confirmed, turn.state.policy.tuning.equity_jump):
        turn.records.append(EquityPoint(series=f"bot:{policy.id}", usd=usd))
        complete_anchors(turn, policy, memory)


def on_unreadable(turn: Turn, event: SourceUnreadable) -> None:
    """Note that a wallet could not be read: what waited for it is decided without, and it is read again."""
    found = watched(turn, event.wallet)
    if found is None:
        return
    policy, memory = found
    for dex in [event.dex] if event.dex is not None else sorted(memory.views) or [""]:
        view = memory.views.setdefault(dex, DexView())
        view.requested, view.failed = 0, turn.now
        turn.wake(f"read:{policy.id}:{dex}", turn.now + _RETRY_MS)
    look_again(turn, policy.id)


def on_repair(turn: Turn, event: SourceRepair) -> None:
    """Let increases wait while missed fills are fetched; afterwards compare with a snapshot."""
    bot = turn.state.wallets.get(event.wallet)
    if bot is None:
        return
    memory = turn.state.bots[bot]
    was_repairing, reaches_back = memory.is_repairing, event.since is None or event.since <= memory.missed_since
    if (event.stage is RepairStage.DONE or event.is_answer) and reaches_back:
        memory.is_catching_up = False
    if event.stage is RepairStage.DONE and reaches_back:
        memory.missed_since, memory.fetches_late = 0, False
        for view in memory.views.values():
            view.is_stale = False
    if event.is_answer:
        memory.has_asked = False
    else:
        memory.is_holed = event.stage is RepairStage.STARTED
    memory.is_repairing = memory.is_holed or memory.is_catching_up
    if watched(turn, event.wallet) is None:
        return
    policy = turn.state.bot_policies[bot]
    if event.stage is RepairStage.FAILED and not memory.is_holed:
        _give_up(turn, policy, memory, is_late=memory.fetches_late and not was_repairing)
    if not memory.is_repairing and _wants_reading(turn, policy, memory):
        for dex in sorted(memory.views) or [""]:
            read_source(turn, policy.wallet, dex)
            if was_repairing:  # the first one may be of the same moment as one that came before the fills
                turn.wake(f"read:{policy.id}:{dex}", turn.now + REREAD_MS)
    look_again(turn, policy.id)


def _wants_reading(turn: Turn, policy: BotPolicy, memory: BotMemory) -> bool:
    """Tell whether a snapshot is wanted at once; any other wallet is read by the next round."""
    is_known = bool(memory.views) and all(view.reads and not view.is_stale for view in memory.views.values())
    uncertain = any(turn.state.follows[policy.id, coin].uncertainty for coin in memory.coins)
    return not is_known or uncertain or holds_anything(turn, policy, memory)


def _give_up(turn: Turn, policy: BotPolicy, memory: BotMemory, *, is_late: bool) -> None:
    """Go on by snapshots; what nothing waited for is only missing in the list of trades, until a start fetches it."""
    if is_late:
        memory.fetches_late = False
        turn.alert("warning", "repair", policy.id, "trades that were missed could not be fetched; they are not listed")
        return
    for coin in memory.coins:
        turn.state.follows[policy.id, coin].repair_failed = True
        show_follow(turn, policy.id, coin)
    turn.alert("warning", "repair", policy.id, "missed fills could not be fetched; waiting for snapshots")


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
    look_again(turn, policy.id)


def on_round(turn: Turn, event: SnapshotRound) -> None:
    """Note how long a round of snapshots takes at present."""
    turn.state.round_ms = event.length_ms


def _heard(turn: Turn, memory: BotMemory) -> None:
    memory.last_read = turn.now
    memory.silence_probed = memory.silence_alerted = False


def _record_spot(turn: Turn, policy: BotPolicy, memory: BotMemory, feed: Feed, fills: list[SourceFill]) -> None:
    for fill in fills:
        if fill.key not in memory.spot_keys:
            memory.spot_keys.append(fill.key)
            turn.records.append(_bot_trade(policy, feed, fill, is_followed=False))
    del memory.spot_keys[:-SPOT_KEYS_MAX]


def _tell(turn: Turn, policy: BotPolicy, follow: Follow, feed: Feed, done: following.Applied) -> None:
    """Record each fill once: when it counts, or when it comes too early or too late for that."""
    for fill in done.counted:
        if fill.key not in follow.told:
            turn.records.append(_bot_trade(policy, feed, fill, is_followed=True))
    for fill in done.early:
        turn.records.append(_bot_trade(policy, feed, fill, is_followed=False))
    if follow.told and follow.now is not None:
        kept = {fill.key for fill in (*follow.near, *follow.tail)}
        follow.told = [key for key in follow.told if key in kept]


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

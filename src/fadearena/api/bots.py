"""What is shown of bots: the same of one alone, of all side by side, and among all positions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

from fadearena.api.schemas.bot import (
    BotPositionShape,
    BotStatisticsShape,
    CostsShape,
    SightingShape,
    SleeveShape,
    SourceShape,
)
from fadearena.api.schemas.latches import LatchShape
from fadearena.api.standing import day_net
from fadearena.model.ids import BotId, Coin
from fadearena.model.policy import BotPolicy
from fadearena.model.position import average_price, unrealised
from fadearena.model.record import FollowUpdate, SleeveUpdate
from fadearena.model.sums import growth, notional
from fadearena.model.units import EpochMs, Ratio, Usd
from fadearena.ports.archive import BotLedger, Mark
from fadearena.ports.read_store import BotView, LatchView
from fadearena.ports.sightings import Sighting

Update = TypeVar("Update", FollowUpdate, SleeveUpdate)


def by_bot(updates: Iterable[Update]) -> Mapping[BotId, list[Update]]:
    """Return updates by their bots; a bot without any has an empty list."""
    found: defaultdict[BotId, list[Update]] = defaultdict(list)
    for update in updates:
        found[update.bot].append(update)
    return found


def latches_by_scope(latches: Iterable[LatchView]) -> Mapping[str, list[LatchShape]]:
    """Return reasons to stop by what they stop."""
    found: defaultdict[str, list[LatchShape]] = defaultdict(list)
    for latch in latches:
        found[latch.scope].append(LatchShape.of(latch))
    return found


def latches_on(bot: BotPolicy, latches: Mapping[str, list[LatchShape]]) -> tuple[LatchShape, ...]:
    """Return the reasons to stop that concern a bot: its account's, everything's, and its own."""
    scopes = f"account:{bot.account}", "all", f"bot:{bot.id}"
    return tuple(latch for scope in scopes for latch in latches.get(scope, ()))


def sighting_of(seen: Sighting | None) -> SightingShape | None:
    """Return what a worker saw of a wallet; None where none looked."""
    if seen is None:
        return None
    return SightingShape(
        feed=seen.feed,
        heard=seen.heard,
        read=seen.read,
        last_trade=seen.last_trade,
        equity=seen.equity,
        equity_time=seen.equity_time,
    )


def statistics_of(view: BotView, ledger: BotLedger, equity: Usd | None, now: EpochMs) -> BotStatisticsShape:
    """Return what following a bot brought; `equity` is that of the account of ours that trades for it."""
    brought = view.performance
    return BotStatisticsShape(
        as_of=view.performance_time,
        net=None if brought is None else brought.net,
        day_net=day_net(view, now),
        roi=_roi(view, equity),
        source_roi=growth(ledger.source_first, ledger.source_last),
        max_drawdown=ledger.drawdown_usd,
        source_max_drawdown=ledger.source_drawdown,
        round_trips=None if brought is None else brought.round_trips,
        win_rate=None if brought is None else brought.win_rate,
        fills=None if brought is None else brought.fills,
        bot_trades=ledger.bot_trades,
        traded=None if brought is None else brought.traded_usd,
        reaction_ms=None if brought is None else brought.reaction_ms,
        tracking_error=None if brought is None else brought.tracking_error,
    )


def costs_of(view: BotView, ledger: BotLedger) -> CostsShape:
    """Return what following a bot cost."""
    brought = view.performance
    return CostsShape(
        fees=None if brought is None else brought.fees,
        funding=None if brought is None else brought.funding,
        slippage_bps=None if brought is None else brought.slippage_bps,
        slippage=None if brought is None else brought.slippage_usd,
        crossing_saved=None if brought is None else brought.crossed_saved_usd,
        missed=ledger.skipped,
    )


def positions_of(
    sources: Iterable[FollowUpdate],
    sleeves: Iterable[SleeveUpdate],
    marks: Mapping[Coin, Mark],
    leverages: Mapping[Coin, int],
) -> tuple[BotPositionShape, ...]:
    """Return what a bot holds, and we because of it, by coin."""
    theirs, ours = {each.coin: each for each in sources}, {each.coin: each for each in sleeves}
    return tuple(
        BotPositionShape(
            asset=coin,
            mark=marks[coin].price if coin in marks else None,
            mark_time=marks[coin].time if coin in marks else None,
            source=_source(theirs[coin], marks.get(coin), leverages.get(coin)) if coin in theirs else None,
            ours=_sleeve(ours[coin], marks.get(coin)) if coin in ours else None,
        )
        for coin in sorted({*theirs, *ours})
    )


def _roi(view: BotView, equity: Usd | None) -> Ratio | None:
    """Return what it brought as a ratio of what our account would hold without it."""
    if view.performance is None or equity is None:
        return None
    return growth(equity - view.performance.net, equity)


def _source(source: FollowUpdate, mark: Mark | None, leverage: int | None) -> SourceShape:
    entry = source.entry
    known = None if mark is None or entry is None else unrealised(source.position, source.position * entry, mark.price)
    return SourceShape(
        size=source.position,
        followed=source.followed,
        baseline=source.baseline,
        confidence=source.confidence,
        entry_price=entry,
        leverage=leverage,
        unrealized_pnl=known,
    )


def _sleeve(sleeve: SleeveUpdate, mark: Mark | None) -> SleeveShape:
    return SleeveShape(
        size=sleeve.size,
        target=sleeve.target,
        gap=sleeve.target - sleeve.size,
        ratio=sleeve.ratio,
        entry_price=average_price(sleeve.size, sleeve.cost),
        notional=None if mark is None else notional(sleeve.size, mark.price),
        unrealized_pnl=None if mark is None else unrealised(sleeve.size, sleeve.cost, mark.price),
        realised=sleeve.realised,
        fees=sleeve.fees,
        funding=sleeve.funding,
    )

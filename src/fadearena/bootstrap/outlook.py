"""What the worker sees, as commands show it: how old it is, how many wallets were read, which bots are idle."""

from collections.abc import Sequence

import msgspec

from fadearena.model.ids import Address, BotId
from fadearena.model.units import EpochMs
from fadearena.ports.read_store import BotView
from fadearena.ports.sightings import Sight, Sightings, is_idle, quiet_ms


class IdleBot(msgspec.Struct, frozen=True, kw_only=True):
    """A followed bot that is known not to have traded for `quiet_ms`, at least; its `last_trade`, where it is known."""

    bot: BotId
    wallet: Address
    quiet_ms: EpochMs
    last_trade: EpochMs | None = None


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a worker showed last, None before the first time, and `age_ms` ago that was.

    `wallets` are in sight, `read` of them were read completely, the one that waits longest for its next reading
    `oldest_ms` ago. Of `unknown` followed bots nobody knows yet whether they trade.
    """

    sight: Sight | None = None
    age_ms: EpochMs = 0
    wallets: int = 0
    read: int = 0
    oldest_ms: EpochMs | None = None
    idle: tuple[IdleBot, ...] = ()
    unknown: int = 0


async def outlook_of(sightings: Sightings, bots: Sequence[BotView], now: EpochMs) -> Outlook:
    """
    Return what is seen.

    Raises:
        StorageUnavailable: The read store is away.
    """
    sight = await sightings.sight()
    if sight is None:
        return Outlook()
    seen = {one.wallet: one for one in await sightings.wallets()}
    read = [one.read for one in seen.values() if one.read is not None]
    followed = [bot for bot in bots if bot.enabled]
    return Outlook(
        sight=sight,
        age_ms=max(now - sight.time, 0),
        wallets=len(seen),
        read=len(read),
        oldest_ms=max(sight.now - min(read), 0) if read else None,
        idle=tuple(
            IdleBot(
                bot=bot.id,
                wallet=bot.wallet,
                quiet_ms=quiet_ms(seen[bot.wallet], sight.now) or 0,
                last_trade=seen[bot.wallet].last_trade,
            )
            for bot in followed
            if is_idle(seen.get(bot.wallet), sight.now)
        ),
        unknown=sum(1 for bot in followed if quiet_ms(seen.get(bot.wallet), sight.now) is None),
    )

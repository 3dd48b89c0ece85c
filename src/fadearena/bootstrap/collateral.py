"""
How much money of which kind following takes, by what the bots hold now: an estimate, for people.

Each dex takes its own collateral. A standard account keeps a balance on each dex; a pooled one a balance of each token.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_UP, Decimal

import msgspec
from msgspec import UNSET

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.kit.decimals import parse, plain
from fadearena.model.account import AccountMode
from fadearena.model.finding import Finding, Level
from fadearena.model.ids import AccountId, Coin, Dex
from fadearena.model.instrument import Instrument
from fadearena.model.policy import AccountPolicy, BotPolicy, Sizing
from fadearena.model.units import ZERO, Ratio, Usd

_USDC = 0
_CENT = Decimal("0.01")

Pool = tuple[Dex, int]
"""A dex and its collateral token; of a pooled account the dex is empty, since one balance serves all of a token."""


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What an account of ours has: on each dex, and what it is worth as a whole where that is known."""

    account: AccountPolicy
    mode: AccountMode
    dexs: Mapping[Dex, Usd]
    equity: Usd | None

    def has(self, pool: Pool) -> Usd:
        """Return the money of a pool; of a pooled account only USDC is known."""
        dex, token = pool
        if self.mode.is_pooled:
            return (self.equity or ZERO) if token == _USDC else ZERO
        return self.dexs.get(dex, ZERO)


def needed(
    bot: BotPolicy,
    states: Mapping[Dex, wire.ClearinghouseState],
    holding: Holding,
    instruments: Mapping[Coin, Instrument],
    bots_of_account: int,
) -> Mapping[Pool, Usd]:
    """
    Return the margin that our part of a bot's positions would take, by pool.

    Args:
        bot: Who is followed.
        states: The bot's account, by dex.
        holding: Our account.
        instruments: All markets.
        bots_of_account: How many enabled bots share our account.

    Raises:
        VenueProtocolError: A number of the bot's account cannot be read.
    """
    worth = sum((codec.dex_state(state, dex).value for dex, state in states.items()), start=ZERO)
    found: defaultdict[Pool, Usd] = defaultdict(lambda: ZERO)
    for held in (held.position for state in states.values() for held in state.assetPositions):
        instrument = instruments.get(held.coin)
        if instrument is None or held.positionValue is UNSET or not bot.coins.permits(held.coin):
            continue
        limits = (holding.account.max_leverage, instrument.max_leverage, bot.max_leverage or instrument.max_leverage)
        notional = _ours(bot, abs(parse(held.positionValue)), worth, holding, bots_of_account)
        pool = ("" if holding.mode.is_pooled else instrument.dex, instrument.collateral_token)
        found[pool] += notional / min(limits)
    return found


def shortages(holdings: Sequence[Holding], want: Mapping[AccountId, Mapping[Pool, Usd]]) -> list[Finding]:
    """Say for each account where money is missing: nothing is opened there until it is."""
    return [found for holding in holdings for found in _of_account(holding, want.get(holding.account.id, {}).items())]


def _of_account(holding: Holding, want: Iterable[tuple[Pool, Usd]]) -> Iterable[Finding]:
    check = f"collateral of {holding.account.id}"
    missing = sorted((pool, usd, holding.has(pool)) for pool, usd in want if usd > holding.has(pool))
    for pool, usd, has in missing:
        yield Finding(
            check=check,
            level=Level.WARN,
            text=f"{_name(holding, pool)} holds {plain(has)}, and what the bots hold now takes about "
            f"{plain(usd.quantize(_CENT, ROUND_UP))} there: {plain((usd - has).quantize(_CENT, ROUND_UP))} is missing",
            advice="move it there on the exchange's page; until then nothing is opened there beyond what fits",
        )
    if not missing:
        yield Finding(check=check, level=Level.OK, text="enough for our part of what the bots hold now")


def _ours(bot: BotPolicy, notional: Usd, worth: Usd, holding: Holding, bots_of_account: int) -> Usd:
    match bot.sizing:
        case Sizing.MULTIPLIER:
            return notional * bot.leverage_multiplier
        case Sizing.NOTIONAL:
            return bot.notional_usd or ZERO
        case Sizing.EQUITY:
            share = bot.share or Ratio(1) / max(bots_of_account, 1)
            ours = (holding.equity or ZERO) * share * bot.leverage_multiplier
            return notional * ours / worth if worth > 0 else ZERO


def _name(holding: Holding, pool: Pool) -> str:
    dex, token = pool
    if holding.mode.is_pooled:
        return "the balance of USDC" if token == _USDC else f"the balance of token {token}"
    return f"the balance on {dex or 'the main dex'}"

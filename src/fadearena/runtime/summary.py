"""What a run came to, by bot and coin: in the words and forms in which it is printed. Decimals are texts."""

from collections import Counter

import msgspec

from fadearena.core.ledger import Part
from fadearena.core.state import State
from fadearena.kit.decimals import CONTEXT, exact_arithmetic, plain
from fadearena.model.ids import BotId, Coin
from fadearena.model.record import Outcome
from fadearena.model.units import ZERO, Usd
from fadearena.runtime.tally import Tally

_MICRO = Usd("0.000001")


class CoinSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One (bot, coin) at the end. `residue` is that of the whole book; `realised_pnl` is gross of `fees`."""

    baseline: str
    source_position: str
    followed: str
    target: str
    sleeve: str
    residue: str
    realised_pnl: str
    fees: str
    fills: int
    orders: int
    skips: dict[str, int]


class BotSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One bot, with its coins by name."""

    bot: BotId
    coins: dict[Coin, CoinSummary]


class Totals(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All books together. `net_pnl` is realised and unrealised PnL, minus fees, plus funding."""

    events: int
    executes: int
    skips: int
    holds: int
    orders: int
    fills: int
    realised_pnl: str
    unrealised_pnl: str
    fees: str
    funding: str
    net_pnl: str


def by_bot(state: State, tally: Tally) -> tuple[BotSummary, ...]:
    """Return all bots in the order of the settings."""
    skips: dict[tuple[BotId | None, Coin], Counter[str]] = {}
    for (bot, coin, outcome, reason), times in tally.decisions.items():
        if outcome == Outcome.SKIP:
            skips.setdefault((bot, coin), Counter())[reason] += times
    return tuple(
        BotSummary(
            bot=policy.id,
            coins={
                coin: _coin(state, tally, policy.id, coin, skips.get((policy.id, coin), Counter()))
                for coin in sorted(coin for bot, coin in state.follows if bot == policy.id)
            },
        )
        for policy in state.policy.bots
    )


def totals(state: State, tally: Tally) -> Totals:
    """Return the sums over all books."""
    parts = [(coin, part) for (_, coin), memory in sorted(state.books.items()) for _, _, part in memory.book.parts()]
    outcomes = tally.outcomes()
    with exact_arithmetic():
        realised = sum((part.realised for _, part in parts), start=ZERO)
        open_pnl = sum((_open_pnl(state, coin, part) for coin, part in parts), start=ZERO)
        fees = sum((part.fees for _, part in parts), start=ZERO)
        funding = sum((part.funding for _, part in parts), start=ZERO)
        return Totals(
            events=tally.events,
            executes=outcomes.get(Outcome.EXECUTE, 0),
            skips=outcomes.get(Outcome.SKIP, 0),
            holds=outcomes.get(Outcome.HOLD, 0),
            orders=tally.orders.total(),
            fills=tally.fills.total(),
            realised_pnl=_usd(realised),
            unrealised_pnl=_usd(open_pnl),
            fees=_usd(fees),
            funding=_usd(funding),
            net_pnl=_usd(realised + open_pnl - fees + funding),
        )


def _usd(amount: Usd) -> str:
    """Return money to a millionth of a dollar: shares of a cost have endless decimals."""
    return plain(amount.quantize(_MICRO, context=CONTEXT))


def _open_pnl(state: State, coin: Coin, part: Part) -> Usd:
    quote = state.quotes.get(coin)
    if not part.size or quote is None or quote.mark is None:
        return ZERO
    return part.size * quote.mark - part.cost


def _coin(state: State, tally: Tally, bot: BotId, coin: Coin, skips: Counter[str]) -> CoinSummary:
    track = state.follows[bot, coin].now
    sleeve = state.sleeves.get((bot, coin))
    memory = state.books.get((state.bot_policies[bot].account, coin))
    part = memory.book.sleeves.get(bot, Part()) if memory else Part()
    return CoinSummary(
        baseline=plain(track.baseline if track else ZERO),
        source_position=plain(track.position if track else ZERO),
        followed=plain(track.followed if track else ZERO),
        target=plain(sleeve.target if sleeve else ZERO),
        sleeve=plain(part.size),
        residue=plain(memory.book.residue.size if memory else ZERO),
        realised_pnl=_usd(part.realised),
        fees=_usd(part.fees),
        fills=tally.fills[bot, coin],
        orders=tally.orders[bot, coin],
        skips=dict(sorted(skips.items())),
    )

"""What the paper venue and our books say of each other."""

from collections import Counter

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.core.state import State
from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.command import ReadAccount
from fadearena.model.event import AccountRead
from fadearena.model.ids import AccountId, Coin
from fadearena.model.units import ZERO, Quantity, Ratio, Usd
from fadearena.runtime.immediate import immediately

_MICRO = Usd("0.000001")


def equity_of(venue: SimExchange, account: AccountId) -> Usd:
    """Return an account's equity, as the venue has it, to a millionth of a dollar."""
    return normalise(venue.equity(account).quantize(_MICRO))


def drift_of(venue: SimExchange, state: State, account: AccountId) -> dict[Coin, Quantity]:
    """Return by coin how far the venue's positions are from our books; empty is as it should be."""
    *_, read = immediately(venue.execute(ReadAccount(account=account)))
    theirs: Counter[Coin] = Counter()
    if isinstance(read, AccountRead):
        theirs.update({held.coin: held.size for dex in read.dexs for held in dex.positions})
    coins = {coin for _, coin in state.books} | set(theirs)
    ours = {
        coin: state.books[account, coin].book.position if (account, coin) in state.books else ZERO for coin in coins
    }
    return {coin: abs(theirs[coin] - ours[coin]) for coin in sorted(coins) if theirs[coin] != ours[coin]}


def tracking_error_of(venue: SimExchange, state: State, account: AccountId) -> Ratio:
    """Return the sum of |sleeve - target| x mark over all sleeves, as a ratio of our equity."""
    equity, off = equity_of(venue, account), ZERO
    with exact_arithmetic():
        for (bot, coin), sleeve in state.sleeves.items():
            mark = venue.markets.mark(coin) or ZERO
            off += abs(state.books[sleeve.account, coin].book.size_of(bot) - sleeve.target) * mark
        return normalise((off / equity).quantize(_MICRO)) if equity > 0 else ZERO

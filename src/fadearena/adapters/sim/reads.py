"""What the paper exchange says of an account when it is asked, and what it pays by itself."""

from fadearena.adapters.sim.markets import SimMarkets
from fadearena.adapters.sim.paper import Due, Ledger
from fadearena.adapters.sim.stops import resting
from fadearena.kit.decimals import normalise
from fadearena.model.account import AccountMode
from fadearena.model.command import QueryOrder, ReadAccount, ReadLeverage, ReadOwnFills
from fadearena.model.error import VenueRefused
from fadearena.model.event import AccountRead, Event, FundingPaid, LeverageRead, OrderFound, OwnFills
from fadearena.model.funding import payment
from fadearena.model.ids import Coin
from fadearena.model.instrument import Instrument
from fadearena.model.market import FundingRate
from fadearena.model.order import Found
from fadearena.model.units import EpochMs
from fadearena.ports.venue import OwnRead


def answer(
    command: OwnRead,
    ledger: Ledger,
    instruments: dict[Coin, Instrument],
    markets: SimMarkets,
    mode: AccountMode,
    now: EpochMs,
) -> Event:
    """
    Answer one question on an account.

    Raises:
        VenueRefused: The leverage of a coin that is not listed was asked for.
    """
    match command:
        case QueryOrder():
            return _order_found(command, ledger, now)
        case ReadAccount(account=account):
            spot = normalise(ledger.equity(markets.mark)) if mode.is_pooled else None
            dexs = ledger.dex_states(markets.mark)
            orders = resting(ledger)
            return AccountRead(time=now, received=now, account=account, mode=mode, dexs=dexs, orders=orders, spot=spot)
        case ReadOwnFills(account=account, since=since):
            fills = tuple(fill for fill in ledger.fills.values() if fill.time >= since)
            complete_to = now if since > ledger.trimmed_to else None
            return OwnFills(time=now, received=now, account=account, fills=fills, is_complete_to=complete_to)
        case ReadLeverage(account=account, coin=coin):
            instrument = instruments.get(coin)
            if instrument is None:
                raise VenueRefused("other", f"{coin} is not listed")
            value, is_cross = ledger.leverage(instrument)
            return LeverageRead(time=now, received=now, account=account, coin=coin, leverage=value, is_cross=is_cross)


def _order_found(command: QueryOrder, ledger: Ledger, now: EpochMs) -> OrderFound:
    order = ledger.order(command.cloid)
    if order is None:
        return OrderFound(time=now, received=now, cloid=command.cloid, found=Found.NOT_FOUND)
    return OrderFound(
        time=now,
        received=now,
        cloid=command.cloid,
        found=order.found,
        quantity=normalise(order.quantity),
        order_id=order.order_id,
    )


def pay_funding(ledger: Ledger, due: Due, funding: FundingRate, now: EpochMs) -> FundingPaid:
    """Book one full hour's funding of a position, and return what was paid."""
    oracle = funding.oracle if due.oracle is None else due.oracle
    usd = normalise(payment(due.size, oracle, funding.rate))
    ledger.settle_funding(due.hour, due.coin, usd)
    return FundingPaid(
        time=due.hour,
        received=now,
        key=f"{due.hour}:{ledger.account.id}:{due.coin}",
        account=ledger.account.id,
        coin=due.coin,
        usd=usd,
        rate=funding.rate,
        oracle=oracle,
    )

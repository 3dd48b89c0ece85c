"""Limits are valid prices, and bind where they should."""

from decimal import Decimal as D

from hypothesis import given, settings
from hypothesis import strategies as st

from fadearena.core.pricing import chase_distance, increase_limit, reduce_limit, start_price, worse
from fadearena.model.instrument import Instrument
from fadearena.model.market import Quote
from fadearena.model.policy import Slippage
from fadearena.model.units import Price, Side
from tests.support.world import market

quick = settings(max_examples=80)
markets = st.integers(0, 5).map(lambda decimals: market("X", 1, decimals))
prices = st.decimals("1", "9.99999999").flatmap(lambda figures: st.integers(-3, 5).map(figures.scaleb))
sides = st.sampled_from(Side)
caps = st.integers(1, 5_000).map(D)
touches = st.tuples(prices, prices).map(sorted)


def is_valid(instrument: Instrument, price: Price) -> bool:
    """Tell whether the exchange takes a price: an integer, or 5 figures and 6 - size decimals at most."""
    exact = price.normalize()
    exponent = exact.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent >= 0 or (len(exact.as_tuple().digits) <= 5 and -exponent <= 6 - instrument.size_decimals)


def quote_of(touch: list[D]) -> Quote:
    """Return a quote with this touch."""
    return Quote(coin="X", mark=touch[0], bid=touch[0], ask=touch[1])


@given(markets, prices)
@quick
def test_rounded_prices_are_valid_and_next_to_the_price(instrument: Instrument, price: D) -> None:
    """Down is not above, up is not below, both are valid, and a valid price stays as it is."""
    down, up = instrument.price_down(price), instrument.price_up(price)
    assert down <= price <= up
    assert up - down <= max(instrument.tick, price / 10_000)
    assert is_valid(instrument, up)
    assert down == 0 or is_valid(instrument, down)
    assert (instrument.price_down(up), instrument.price_up(up)) == (up, up)


@given(markets, touches, sides, st.none() | prices, caps, caps)
@quick
def test_an_increase_stays_within_both_its_caps(
    instrument: Instrument, touch: list[D], side: Side, reference: D | None, entry: D, chase: D
) -> None:
    """Never worse than the touch by more than entry_bps, nor than the source by more than chase_bps; always valid."""
    slippage = Slippage(entry_bps=entry, chase_bps=chase)
    limit, start = increase_limit(instrument, quote_of(touch), side, reference, slippage), touch[side is Side.BUY]
    if limit is None:
        assert side is Side.BUY
        return
    assert is_valid(instrument, limit)
    assert side.sign * (limit - worse(start, side, entry)) <= 0
    if reference is not None:
        assert side.sign * (limit - worse(reference, side, chase)) <= 0
        assert chase_distance(reference, limit, side) <= chase


@given(markets, touches, sides, caps)
@quick
def test_a_reduce_has_all_the_room_of_its_cap(instrument: Instrument, touch: list[D], side: Side, bps: D) -> None:
    """Rounded outwards, valid and positive: a cap of any size fills at the touch at least."""
    quote = quote_of(touch)
    limit, start = reduce_limit(instrument, quote, side, bps), start_price(quote, side)
    assert limit is not None
    assert start is not None
    assert is_valid(instrument, limit)
    assert limit > 0
    assert side.sign * (limit - worse(start, side, bps)) >= 0 or limit == instrument.tick

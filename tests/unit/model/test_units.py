"""Signs and times on which everything depends."""

from decimal import Decimal as D

from fadearena.model.trading import TradingState
from fadearena.model.units import DAY_MS, Direction, Side, day_start, side_of, sign


def test_a_buy_adds_and_a_sale_takes_away() -> None:
    """Long is positive, short negative."""
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert Side.BUY.signed(D(2)) == 2
    assert Side.SELL.signed(D(2)) == -2
    assert (Side.BUY.opposite, Side.SELL.opposite) == (Side.SELL, Side.BUY)
    assert (side_of(D(1)), side_of(D(-1))) == (Side.BUY, Side.SELL)
    assert [sign(D(size)) for size in (-3, 0, 3)] == [-1, 0, 1]


def test_fade_turns_the_sign_and_copy_keeps_it() -> None:
    """-1 and +1."""
    assert (Direction.FADE.sign, Direction.COPY.sign) == (-1, 1)


def test_a_day_begins_at_midnight_utc() -> None:
    """The first and the last millisecond belong to it."""
    assert [day_start(time) for time in (0, DAY_MS - 1, DAY_MS)] == [0, 0, DAY_MS]


def test_states_grow_stricter() -> None:
    """Active, reducing, halted, flattening."""
    assert sorted(TradingState, key=lambda state: state.severity) == [
        TradingState.ACTIVE,
        TradingState.REDUCING,
        TradingState.HALTED,
        TradingState.FLATTENING,
    ]

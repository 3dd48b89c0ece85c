"""Laws of the engine: whatever happens in whatever order, no order is doubled, lost or turned around."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fadearena.model.command import PlaceOrder, SetLeverage
from fadearena.model.trading import TradingState
from fadearena.model.units import ZERO, sign
from tests.support.exchange import COINS, WALLETS, Exchange, Move
from tests.support.world import D

NAMES = st.sampled_from(sorted(WALLETS))
COIN = st.sampled_from(sorted(COINS))
ANSWERS = st.sampled_from(["all", "all", "all", "part", "refused", "lost", "ran", "fills first"])
MOVES: st.SearchStrategy[Move] = st.one_of(
    st.tuples(st.just("trade"), NAMES, COIN, st.sampled_from([-6, -2, -1, 1, 2, 6])),
    st.tuples(st.just("trade"), NAMES, COIN, st.sampled_from([-6, -2, -1, 1, 2, 6])),
    st.tuples(st.just("close"), NAMES, COIN),
    st.tuples(st.just("answer"), ANSWERS),
    st.tuples(st.just("answer"), ANSWERS),
    st.tuples(st.just("move"), COIN, st.integers(-300, 300)),
    st.tuples(st.just("wait"), st.sampled_from([10, 500, 3_000, 20_000])),
    st.tuples(st.just("report")),
    st.tuples(st.just("answer stop"), st.sampled_from(["rests", "rests", "refused", "lost", "never came"])),
    st.tuples(st.just("trigger"), COIN),
    st.tuples(st.just("read")),
    st.tuples(st.just("settle")),
    st.tuples(
        st.just("operate"),
        st.sampled_from(["pause", "pause one", "resume", "resume", "kill", "release", "flatten two", "release two"]),
    ),
)


def play(exchange: Exchange, move: Move) -> None:
    """Let one thing happen."""
    match move:
        case ("trade", name, coin, change):
            exchange.trade(name, coin, change)
        case ("close", name, coin):
            exchange.close(name, coin)
        case ("answer", how):
            exchange.answer(how)
        case ("move", coin, bps):
            exchange.move(coin, bps)
        case ("wait", ms):
            exchange.wait(ms)
        case ("report",):
            exchange.report(twice=True)
        case ("answer stop", how):
            exchange.answer_stop(how)
        case ("trigger", coin):
            exchange.trigger(coin)
        case ("read",):
            exchange.read()
        case ("settle",):
            exchange.settle_unknown()
        case ("operate", what):
            exchange.operate(what)
        case _:
            raise AssertionError(move)


def calm_down(exchange: Exchange) -> None:
    """Answer everything, resume, and let time pass until nothing is open."""
    world = exchange.world
    for what in ("release", "release two", "resume"):
        exchange.operate(what)
    for _ in range(60):
        exchange.answer("all")
        exchange.settle_unknown()
        exchange.report(twice=False)
        world.wait(2_000)
        for coin in COINS:
            world.mark(coin, exchange.price(coin))
        exchange.check()
    for what in ("release", "release two"):
        exchange.operate(what)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(MOVES, min_size=5, max_size=40))
def test_nothing_is_doubled_lost_or_turned_around(moves: list[Move]) -> None:
    """Over any sequence of trades, prices, answers and stops every law holds, and in the end reduces are through."""
    exchange = Exchange()
    for move in moves:
        before = exchange.world.state.latches.strictest("all")
        seen = len(exchange.world.journal)
        play(exchange, move)
        if before is TradingState.HALTED and move[0] != "operate":
            sent = [c for _, turn in exchange.world.journal[seen:] for c in turn.commands]
            assert not any(isinstance(command, PlaceOrder | SetLeverage) for command in sent)
        exchange.check()
    calm_down(exchange)
    world = exchange.world
    for (name, coin), sleeve in world.state.sleeves.items():
        held = world.sleeve(coin, name)
        assert not world.state.books["main", coin].open
        assert sign(held) * sign(sleeve.target) >= 0
        left = (abs(held) - abs(sleeve.target)) * exchange.price(coin)
        assert left < max(D("10.5"), D("0.02") * abs(sleeve.target) * exchange.price(coin)), (name, coin)
    for coin in COINS:
        memory = world.state.books.get(("main", coin))
        assert exchange.position(coin) == (memory.book.position if memory else ZERO)

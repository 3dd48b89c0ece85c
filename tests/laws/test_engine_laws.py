"""Laws of the engine: whatever happens in whatever order, no order is doubled, lost or turned around."""

from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fadearena.model.command import BurnNonce, CancelOrder, PlaceOrder, SetLeverage
from fadearena.model.event import (
    ActionAnswered,
    Kill,
    OrderAnswered,
    OrderFound,
    OwnFills,
    Pause,
    Release,
    Resume,
    SourceFills,
)
from fadearena.model.order import (
    ActionKind,
    ActionOutcome,
    Filled,
    Found,
    NoAnswer,
    OrderStatus,
    OwnFill,
    Purpose,
    Refused,
    RejectCode,
)
from fadearena.model.policy import Policy
from fadearena.model.trading import TradingState
from fadearena.model.units import ONE, ZERO, Direction, sign
from fadearena.model.wallet import Feed
from tests.support.world import OTHER, WALLET, D, World, bot
from tests.support.world import settings as policy_of

THIRD = "0x" + "c3" * 20
WALLETS = {"one": WALLET, "two": OTHER, "three": THIRD}
COINS = {"BTC": D(100_000), "ETH": D(2_000)}
Move: TypeAlias = tuple[Any, ...]


def policy() -> Policy:
    """Two bots that are faded and one that is copied, on one account."""
    return policy_of(
        bot("one", WALLET),
        bot("two", OTHER, leverage_multiplier=D("0.1")),
        bot("three", THIRD, direction=Direction.COPY),
        global_exposure_cap=D(30_000),
    )


class Exchange:
    """Plays the venue and the sources of a world, and watches every command that leaves."""

    def __init__(self) -> None:
        self.world = World(policy(), equity="100000").started()
        self.done: dict[str, D] = {}
        self.cloids: set[str] = set()
        self.nonces: dict[str, int] = {}
        self.ratios: dict[tuple[str, str], tuple[int, D]] = {}
        self.fills = 0
        self.seen = len(self.world.journal)
        self.late: list[tuple[PlaceOrder, D, D]] = []

    # --- what can happen

    def trade(self, name: str, coin: str, change: int) -> None:
        """A source buys or sells a multiple of a tenth (BTC) or of five (ETH)."""
        unit = D("0.1") if coin == "BTC" else D(5)
        self.world.source(coin, unit * change, self.price(coin), wallet=WALLETS[name])

    def close(self, name: str, coin: str) -> None:
        """A source closes, if it holds anything."""
        held = self.world.positions.get((WALLETS[name], coin), ZERO)
        if held:
            self.world.source(coin, -held, self.price(coin), wallet=WALLETS[name])

    def move(self, coin: str, bps: int) -> None:
        """A price moves."""
        self.world.mark(coin, (self.price(coin) * (ONE + D(bps) / 10_000)).quantize(ONE))

    def price(self, coin: str) -> D:
        """The price of a coin."""
        return self.world.prices.get(coin, COINS[coin])

    def wait(self, ms: int) -> None:
        """Time passes, and the sources are read."""
        self.world.wait(ms)
        for wallet in WALLETS.values():
            self.world.snapshot(wallet=wallet)

    def answer(self, how: str) -> None:
        """The venue answers the oldest order that was not answered yet: it did what it says, or keeps silent."""
        order = self.next_order()
        if order is None:
            return
        quantity = self.executable(order)
        if how == "part":
            quantity = self.lots(order.terms.coin, quantity / 2)
        if how == "refused" or not quantity:
            self.done[order.identity.cloid] = ZERO
            self.world.refuse(order, RejectCode.REDUCE_ONLY if how != "refused" else RejectCode.NO_MATCH)
        elif how in {"lost", "ran"}:
            if how == "ran":
                self.done[order.identity.cloid] = quantity
                self.late.append((order, quantity, self.price(order.terms.coin)))
            self.world.no_answer(order)
        else:
            self.done[order.identity.cloid] = quantity
            self.late.append((order, quantity, self.price(order.terms.coin)))
            if how == "fills first":
                self.report(twice=True)
            self.send_answer(order, Filled(quantity=quantity, average_price=self.price(order.terms.coin), order_id=1))

    def report(self, *, twice: bool) -> None:
        """Own fills arrive, perhaps twice."""
        late, self.late = self.late, []
        for order, quantity, price in late:
            self.fills += 1
            fill = OwnFill(
                key=f"fill:{self.fills}",
                account=order.terms.account,
                coin=order.terms.coin,
                time=self.world.now,
                side=order.terms.side,
                price=price,
                quantity=quantity,
                fee=D("0.01"),
                closed_pnl=ZERO,
                cloid=order.identity.cloid,
            )
            for _ in range(1 + twice):
                self.world.send(OwnFills(time=self.world.now, received=self.world.now, account="main", fills=(fill,)))

    def settle_unknown(self) -> None:
        """The noops of unknown orders are answered as the exchange would: burnt, or used already."""
        for cloid, order in self.unknown():
            ran = self.done.get(cloid)
            outcome = ActionOutcome.DUPLICATE_NONCE if ran else ActionOutcome.ACCEPTED
            self.done.setdefault(cloid, ZERO)
            self.world.send(
                ActionAnswered(
                    time=self.world.now,
                    received=self.world.now,
                    account="main",
                    kind=ActionKind.NOOP,
                    subject=cloid,
                    outcome=outcome,
                )
            )
            if ran:
                found = Found.FILLED if ran == order.terms.quantity else Found.CANCELLED
                self.world.send(
                    OrderFound(time=self.world.now, received=self.world.now, cloid=cloid, found=found, quantity=ran)
                )
        self.report(twice=False)

    def operate(self, what: str) -> None:
        """A person stops or goes on."""
        actions: dict[str, Callable[[], object]] = {
            "pause": lambda: self.world.order_by(Pause()),
            "pause one": lambda: self.world.order_by(Pause(bot="one")),
            "resume": lambda: self.world.order_by(Resume()).order_by(Resume(bot="one")),
            "kill": lambda: self.world.order_by(Kill()),
            "release": lambda: self.world.order_by(Release()),
            "flatten two": lambda: self.world.order_by(Kill(bot="two", flatten=True)),
            "release two": lambda: self.world.order_by(Release(bot="two")),
        }
        actions[what]()

    # --- the venue's side

    def send_answer(self, order: PlaceOrder, answer: Filled | Refused | NoAnswer) -> None:
        """Answer an order."""
        self.world.send(
            OrderAnswered(time=self.world.now, received=self.world.now, cloid=order.identity.cloid, answer=answer)
        )

    def next_order(self) -> PlaceOrder | None:
        """The oldest order without an answer."""
        for cloid, order in sorted(self.world.state.orders.items(), key=lambda row: row[1].identity.nonce):
            if order.status in {OrderStatus.PENDING, OrderStatus.SUBMITTED} and cloid not in self.done:
                return PlaceOrder(terms=order.terms, identity=order.identity)
        return None

    def unknown(self) -> list[tuple[str, Any]]:
        """Orders whose outcome we do not know."""
        return [(c, o) for c, o in sorted(self.world.state.orders.items()) if o.status is OrderStatus.UNKNOWN]

    def position(self, coin: str) -> D:
        """What the exchange itself holds for us: everything that it executed."""
        orders = self.world.state.orders
        return sum(
            (orders[c].terms.side.signed(q) for c, q in self.done.items() if orders[c].terms.coin == coin),
            start=ZERO,
        )

    def executable(self, order: PlaceOrder) -> D:
        """How much the exchange would execute: all, but of reduce-only orders at most its position."""
        position = self.position(order.terms.coin)
        if not order.terms.reduce_only:
            return order.terms.quantity
        return min(order.terms.quantity, max(-order.terms.side.sign * position, ZERO))

    def lots(self, coin: str, quantity: D) -> D:
        """Round down to the lot."""
        return self.world.state.instruments[coin].floor(quantity)

    # --- the laws

    def check(self) -> None:
        """Look at everything that left since the last look."""
        for _, turn in self.world.journal[self.seen :]:
            for command in turn.commands:
                self.check_command(command)
            if any(isinstance(c, PlaceOrder) and c.terms.purpose is Purpose.INCREASE for c in turn.commands):
                self.check_cap()
        self.seen = len(self.world.journal)
        self.check_books()
        self.check_ratios()

    def check_command(self, command: object) -> None:
        """No cloid twice, nonces grow, and a noop has the nonce of its order."""
        if isinstance(command, PlaceOrder):
            assert command.identity.cloid not in self.cloids
            self.cloids.add(command.identity.cloid)
            signer, nonce = command.identity.signer, command.identity.nonce
        elif isinstance(command, CancelOrder | SetLeverage):
            signer, nonce = command.signer, command.nonce
        elif isinstance(command, BurnNonce):
            assert command.nonce == self.world.state.orders[command.cloid].identity.nonce
            return
        else:
            return
        assert nonce > self.nonces.get(signer, 0)
        self.nonces[signer] = nonce

    def check_cap(self) -> None:
        """An increase never takes exposure, orders in flight included, beyond the cap."""
        cap = self.world.policy.global_exposure_cap
        assert cap is not None
        assert self.world.state.exposure + self.world.state.reserved <= cap * D("1.0001")

    def check_books(self) -> None:
        """One increase a book, only reduce-only beside an unknown order, no sleeve beyond zero."""
        state = self.world.state
        for (_, coin), memory in state.books.items():
            orders = [state.orders[cloid] for cloid in memory.open]
            assert sum(order.is_increase for order in orders) <= 1
            unknown = [order for order in orders if order.status is OrderStatus.UNKNOWN]
            for order in orders:
                if order not in unknown and unknown:
                    assert order.terms.reduce_only
                    assert not order.is_increase
            for name, part in memory.book.sleeves.items():
                assert self.is_explained(name, coin, part.size), (name, coin, part.size)

    def is_explained(self, name: str, coin: str, size: D) -> bool:
        """A sleeve has the sign of its bot's direction and followed, or is being reduced."""
        if not size:
            return True
        way = Direction.COPY.sign if name == "three" else Direction.FADE.sign
        if sign(size) == way * sign(self.world.followed(coin, name)):
            return True
        memory = self.world.state.books["main", coin]
        return name in memory.todo and sign(self.world.target(coin, name)) != sign(size)

    def check_ratios(self) -> None:
        """An anchor's ratio never rises."""
        for key, sleeve in self.world.state.sleeves.items():
            anchor = sleeve.anchor
            if anchor is None or anchor.ratio is None:
                self.ratios.pop(key, None)
                continue
            known, ratio = self.ratios.get(key, (id(anchor), anchor.ratio))
            assert known != id(anchor) or anchor.ratio <= ratio
            self.ratios[key] = (id(anchor), anchor.ratio)


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


# --- the same history gives the same targets


def history(changes: list[int]) -> list[D]:
    """Positions of a source after each of its fills, from flat."""
    positions = [ZERO]
    for change in changes:
        positions.append(positions[-1] + D(change))
    return positions


def told(changes: list[int], deliveries: list[tuple[int, ...]], polled: tuple[int, ...]) -> World:
    """A world in which messages with the fills of these numbers arrive; at the end what is missing is fetched."""
    world = World(policy(), equity="100000").started().wait(5_000)
    for wallet in WALLETS.values():
        world.snapshot(wallet=wallet)
    world.wait(5_000)
    begun, positions = world.now, history(changes)
    fills = [
        world.fill_of("BTC", D(change), "100000", positions[n], time=begun + 10 * (n // 2), key=f"fill:{n}")
        for n, change in enumerate(changes)
    ]
    world.wait(1_000)
    for numbers, feed in [*((numbers, Feed.USER) for numbers in deliveries), (polled, Feed.POLL)]:
        batch = tuple(fills[n] for n in numbers)
        world.send(
            SourceFills(
                time=world.now,
                received=world.now,
                quotes=(world.quote("BTC", "100000"),),
                wallet=WALLET,
                feed=feed,
                fills=batch,
            )
        )
        world.wait(7)
    return world


@st.composite
def tellings(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, ...]], tuple[int, ...]]:
    """A history; messages that double, shuffle, delay and drop; and a fetch of everything."""
    changes = draw(st.lists(st.sampled_from([-3, -2, -1, 1, 2, 3]), min_size=1, max_size=8))
    numbers = list(range(len(changes)))
    heard = draw(st.lists(st.sampled_from(numbers), max_size=2 * len(numbers)))
    cuts = draw(st.lists(st.integers(1, 3), min_size=len(heard), max_size=len(heard)))
    deliveries, rest = list[tuple[int, ...]](), heard
    for cut in cuts:
        deliveries, rest = [*deliveries, tuple(rest[:cut])] if rest else deliveries, rest[cut:]
    return changes, deliveries, tuple(draw(st.permutations(numbers)))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(tellings())
def test_the_same_history_gives_the_same_targets(
    telling: tuple[list[int], list[tuple[int, ...]], tuple[int, ...]],
) -> None:
    """Doubled, shuffled, late, or dropped and fetched again: position, followed, baseline and target are the same."""
    changes, deliveries, polled = telling
    numbers = range(len(changes))
    plain = told(changes, [(n,) for n in numbers], tuple(numbers))
    other = told(changes, deliveries, polled)
    key = ("one", "BTC")
    true, heard = plain.state.follows[key], other.state.follows[key]
    assert true.now is not None
    assert heard.now is not None
    assert heard.now.position == true.now.position == history(changes)[-1]
    assert (heard.now.followed, heard.now.baseline) == (true.now.followed, true.now.baseline)
    assert other.state.sleeves[key].target == plain.state.sleeves[key].target

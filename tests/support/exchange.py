"""A venue and sources that do anything in any order, and a watch on every command that leaves."""

from collections.abc import Callable
from typing import Any, TypeAlias

from fadearena.model.account import OpenOrder
from fadearena.model.command import BurnNonce, CancelOrder, PlaceOrder, PlaceStop, SetLeverage
from fadearena.model.event import (
    ActionAnswered,
    Kill,
    OrderAnswered,
    OrderFound,
    OwnFills,
    Pause,
    Release,
    Resume,
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
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.units import ONE, ZERO, Direction, sign
from tests.support.world import AGENT, MAIN, OTHER, WALLET, D, World, bot
from tests.support.world import settings as policy_of

THIRD = "0x" + "c3" * 20
WALLETS = {"one": WALLET, "two": OTHER, "three": THIRD}
COINS = {"BTC": D(100_000), "ETH": D(2_000)}
Move: TypeAlias = tuple[Any, ...]


def policy(stop_distance: D | None = None) -> Policy:
    """Two bots that are faded and one that is copied, on one account."""
    account = AccountPolicy(id="main", address=MAIN, signer=AGENT, max_leverage=20, stop_distance=stop_distance)
    return policy_of(
        bot("one", WALLET),
        bot("two", OTHER, leverage_multiplier=D("0.1")),
        bot("three", THIRD, direction=Direction.COPY),
        global_exposure_cap=D(30_000),
        accounts=(account,),
    )


class Exchange:
    """Plays the venue and the sources of a world, and watches every command that leaves."""

    def __init__(self) -> None:
        self.world = World(policy(D("0.02")), equity="100000").started()
        self.done: dict[str, D] = {}
        self.cloids: set[str] = set()
        self.nonces: dict[str, int] = {}
        self.ratios: dict[tuple[str, str], tuple[int, D]] = {}
        self.fills = 0
        self.seen = len(self.world.journal)
        self.late: list[tuple[PlaceOrder, D, D]] = []
        self.stops: dict[str, PlaceStop] = {}
        self.triggered: dict[str, D] = {}
        self.answered: set[str] = set()
        self.cancels: list[str] = []

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

    def answer_stop(self, how: str) -> None:
        """The venue answers the oldest stop that was not answered yet; cancels are answered as it knows."""
        for cloid, stop in self.stops.items():
            if cloid not in self.answered:
                self.answered.add(cloid)
                if how in {"rests", "lost"}:
                    self.world.resting.append(OpenOrder(coin=stop.coin, order_id=len(self.answered), cloid=cloid))
                outcome = {"rests": ActionOutcome.ACCEPTED, "refused": ActionOutcome.REFUSED}
                self.act(ActionKind.STOP, cloid, outcome.get(how, ActionOutcome.UNKNOWN))
                break
        for cloid in self.cancels:
            rests = any(order.cloid == cloid for order in self.world.resting)
            self.world.resting = [order for order in self.world.resting if order.cloid != cloid]
            self.act(ActionKind.CANCEL, cloid, ActionOutcome.ACCEPTED if rests else ActionOutcome.REFUSED)
        self.cancels = []

    def act(self, kind: ActionKind, subject: str, outcome: ActionOutcome) -> None:
        """Answer an action."""
        now = self.world.now
        self.world.send(
            ActionAnswered(time=now, received=now, account="main", kind=kind, subject=subject, outcome=outcome)
        )

    def trigger(self, coin: str) -> None:
        """The mark touches the oldest stop of a coin: it trades what the exchange holds at most."""
        for order in [order for order in self.world.resting if order.coin == coin][:1]:
            assert order.cloid is not None
            stop = self.stops[order.cloid]
            self.world.resting.remove(order)
            quantity = min(stop.quantity, max(-stop.side.sign * self.position(coin), ZERO))
            self.world.mark(coin, stop.trigger)
            if quantity:
                self.triggered[order.cloid] = quantity
                self.send_fill(f"stop:{order.cloid}", stop, quantity, stop.trigger)

    def read(self) -> None:
        """The account is read as the exchange holds it."""
        self.world.read_account(**{coin: str(self.position(coin)) for coin in COINS})

    def report(self, *, twice: bool) -> None:
        """Own fills arrive, perhaps twice."""
        late, self.late = self.late, []
        for order, quantity, price in late:
            self.fills += 1
            for _ in range(1 + twice):
                self.send_fill(f"fill:{self.fills}", order, quantity, price)

    def send_fill(self, key: str, order: PlaceOrder | PlaceStop, quantity: D, price: D) -> None:
        """Report one execution."""
        terms = order.terms if isinstance(order, PlaceOrder) else order
        fill = OwnFill(
            key=key,
            account=terms.account,
            coin=terms.coin,
            time=self.world.now,
            side=terms.side,
            price=price,
            quantity=quantity,
            fee=D("0.01"),
            closed_pnl=ZERO,
            cloid=order.identity.cloid if isinstance(order, PlaceOrder) else order.cloid,
        )
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
        executed = [orders[c].terms.side.signed(q) for c, q in self.done.items() if orders[c].terms.coin == coin]
        executed += [self.stops[c].side.signed(q) for c, q in self.triggered.items() if self.stops[c].coin == coin]
        return sum(executed, start=ZERO)

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
        if any(c.terms.purpose is Purpose.INCREASE for c in self.world.orders):
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
        elif isinstance(command, PlaceStop):
            assert command.cloid not in self.cloids
            self.cloids.add(command.cloid)
            self.stops[command.cloid] = command
            signer, nonce = command.signer, command.nonce
        elif isinstance(command, CancelOrder | SetLeverage):
            self.cancels += [command.cloid] if isinstance(command, CancelOrder) and command.cloid else []
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
        flying = [order for order in self.world.state.orders.values() if order.is_increase and order.remaining]
        in_flight = sum((order.remaining * self.price(order.terms.coin) for order in flying), start=ZERO)
        assert self.world.state.exposure + in_flight <= cap

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
        return name in memory.wanting and sign(self.world.target(coin, name)) != sign(size)

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

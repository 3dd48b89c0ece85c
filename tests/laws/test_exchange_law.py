"""
Whatever an exchange does with our orders and answers, our books end where the exchange is, and nothing is doubled.

The exchange here knows the truth: which order arrived and what it traded. Answers get lost, fills come late, twice
or before the answer; noops and look-ups tell the truth, look-ups a second late.
"""

from hypothesis import given
from hypothesis import strategies as st

from fadearena.model.command import BurnNonce, Command, PlaceOrder, QueryOrder, ReadAccount, ReadOwnFills
from fadearena.model.event import Kill
from fadearena.model.order import ActionOutcome, Found, OwnFill
from tests.support.story import Story, begun
from tests.support.world import D

STEP_MS = 500
PATIENCE = 60
LAG_MS = 1_000


class Truth:
    """An exchange of one market that trades at one price."""

    def __init__(self, story: Story, fates: list[int]) -> None:
        self.story = story
        self.fates = fates
        self.seen = len(story.journal)
        self.position = D(0)
        self.largest = D(0)
        self.placed_at: dict[str, int] = {}
        self.traded: dict[str, D] = {}
        self.burnt: set[str] = set()
        self.untold: list[OwnFill] = []
        self.told: list[OwnFill] = []
        self.is_calm = False

    def fate(self, ways: int) -> int:
        """Return what happens next; 0, all goes well, once it is calm."""
        if self.is_calm or not self.fates:
            return 0
        return self.fates.pop(0) % ways

    def serve(self) -> None:
        """Do what was asked since the last time."""
        while self.seen < len(self.story.journal):
            turned = self.story.journal[self.seen][1]
            self.seen += 1
            for command in turned.commands:
                self.do(command)

    def do(self, command: Command) -> None:
        """Answer one command truthfully."""
        match command:
            case PlaceOrder():
                self.place(command)
            case BurnNonce(cloid=cloid):
                used = cloid in self.traded or cloid in self.burnt
                self.burnt.add(cloid)
                if self.fate(3) != 1:
                    self.story.action(cloid, ActionOutcome.DUPLICATE_NONCE if used else ActionOutcome.ACCEPTED)
            case QueryOrder(cloid=cloid) if self.fate(3) != 1:
                is_late = self.story.now < self.placed_at.get(cloid, 0) + LAG_MS
                size = None if is_late else self.traded.get(cloid)
                found = Found.NOT_FOUND if size is None else Found.FILLED if size else Found.REJECTED
                order = self.story.placed(cloid)
                self.story.found(order, found, None if size is None else str(size))
            case ReadOwnFills() if self.fate(3) != 1:
                self.tell()
                self.story.fills(*self.told, complete=True)
            case ReadAccount():
                self.story.read_account(BTC=str(self.position))
            case _:
                pass

    def place(self, order: PlaceOrder) -> None:
        """Trade an order, or not; answer it, or not."""
        cloid, fate = order.identity.cloid, self.fate(7)
        if fate == 1:  # lost on the way there
            self.story.lose(order)
            return
        wanted = order.terms.quantity / 2 if fate == 2 else D(0) if fate == 3 else order.terms.quantity
        room = max(-order.terms.side.sign * self.position, D(0))
        size = min(wanted, room) if order.terms.reduce_only else wanted
        self.traded[cloid], self.placed_at[cloid] = size, self.story.now
        if size:
            self.position += order.terms.side.signed(size)
            assert abs(self.position) <= self.largest
            self.untold.append(self.story.fill_for(order, str(size), "100000"))
        if fate == 4:
            self.tell()
        if fate == 5:
            self.story.lose(order)
        elif size:
            self.story.filled(order, str(size), "100000")
        else:
            self.story.reject(order)

    def tell(self) -> None:
        """Report what was traded and not told yet, and the last of it twice."""
        self.told += self.untold
        fills, self.untold = self.untold, []
        if fills:
            self.story.fills(*fills, fills[-1])

    def wait(self, ms: int) -> None:
        """Let time pass in small steps, with fresh prices."""
        for _ in range(ms // STEP_MS):
            self.story.wait(STEP_MS)
            self.serve()
            self.story.mark("BTC", "100000")
            self.serve()

    def calm_down(self) -> None:
        """Let everything be told and answered."""
        self.is_calm = True
        self.tell()
        self.serve()
        for _ in range(PATIENCE):
            if not any(memory.open for memory in self.story.state.books.values()):
                break
            self.wait(STEP_MS)


@given(
    trades=st.lists(st.tuples(st.integers(-3, 3).filter(bool), st.integers(0, 6)), min_size=1, max_size=6),
    fates=st.lists(st.integers(0, 20), max_size=30),
    ends=st.sampled_from(["flat", "flatten", "as it is"]),
)
def test_our_books_end_where_the_exchange_is(trades: list[tuple[int, int]], fates: list[int], ends: str) -> None:
    """Lost, late, doubled, partial answers end in the exchange's position; the sleeve is never larger than wanted."""
    story = begun()
    truth, held = Truth(story, fates), 0
    for change, steps in trades:
        held += change
        truth.largest = max(truth.largest, abs(held) * D("0.05"))
        story.source("BTC", str(change), "100000")
        truth.serve()
        truth.wait(steps * STEP_MS)
    if ends == "flat" and held:
        story.source("BTC", str(-held), "100000")
    if ends == "flatten":
        story.order_by(Kill(flatten=True))
    truth.calm_down()
    truth.wait(12_000)
    assert not any(memory.open for memory in story.state.books.values())
    assert story.position() == truth.position
    assert not story.alerts_of("two_writers", "drift")
    if ends == "flat":
        assert truth.position == 0
    if ends == "flatten":
        assert (truth.position, story.latches()) == (D(0), ["all kill"])
    size = story.sleeve("BTC")
    assert ends != "as it is" or size in {D(0), story.target("BTC")} or abs(size) < abs(story.target("BTC"))

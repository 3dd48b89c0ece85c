"""Laws of the state: read back it is the same, has the same bytes, and goes on in the same way."""

from decimal import ROUND_UP
from decimal import Decimal as D

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fadearena.core.engine import Turned
from fadearena.core.state import decode, encode
from fadearena.model.command import PlaceOrder
from fadearena.model.event import AcceptDrift, Kill, Pause, Release, Resume
from fadearena.model.ids import dex_of
from fadearena.model.order import RejectCode
from tests.support.world import OTHER, WALLET, World, bot, settings

COINS = ("BTC", "ETH", "xyz:NVDA")
OFTEN = ("trade", "trade", "trade", "trade", "fill", "fill", "fill", "part", "refuse", "price", "snapshot", "wait")
DEEDS = (*OFTEN, *OFTEN, "drift", "read", "kill", "pause", "resume", "release", "release")
deeds = st.tuples(st.sampled_from(DEEDS), st.sampled_from(COINS), st.sampled_from((WALLET, OTHER)), st.integers(-9, 9))
histories = st.lists(deeds, min_size=1, max_size=30)


class Story:
    """A world in which something happens to be told twice."""

    def __init__(self) -> None:
        bots = (bot("zoe", WALLET), bot("ann", OTHER))
        self.world = World(settings(*bots, global_exposure_cap=D(20_000), daily_loss_limit=D(500))).started()

    def do(self, deed: tuple[str, str, str, int]) -> list[Turned]:
        """Let one thing happen; return what came of it."""
        world, (what, coin, wallet, number) = self.world, deed
        told = len(world.journal)
        price = {"BTC": D(50_000), "ETH": D(2_000), "xyz:NVDA": D(180)}[coin] * (100 + number) / 100
        match what:
            case "trade":
                world.source(coin, D(number or 1), price, wallet=wallet)
            case "price":
                world.mark(coin, price)
            case "wait":
                world.wait(700 * (10 + number))
            case "snapshot":
                world.snapshot(wallet=wallet, dex=dex_of(coin)).wait(10).snapshot(wallet=wallet, dex=dex_of(coin))
            case "drift":
                world.read_account(**{coin.replace(":", "_"): str(number)})
            case "read":
                world.read_account()
            case "kill":
                world.order_by(Kill(flatten=number > 4, bot="ann" if number < 0 else None))
            case "pause":
                world.order_by(Pause(bot="zoe" if number < 0 else None))
            case "resume":
                world.order_by(Resume())
            case "release":
                world.order_by(Release()).order_by(AcceptDrift(account="main", coin=coin))
            case _:
                self._answer(what)
        return [turn for _, turn in world.journal[told:]]

    def _answer(self, what: str) -> None:
        state = self.world.state
        placed = [c for _, turn in self.world.journal for c in turn.commands if isinstance(c, PlaceOrder)]
        for order in [order for order in placed if not state.orders[order.identity.cloid].status.is_settled][:1]:
            if what == "refuse":
                self.world.refuse(order, RejectCode.NO_MATCH)
            else:
                lot = order.terms.quantity / 2 if what == "part" else order.terms.quantity
                self.world.fill(order, quantity=lot.quantize(order.terms.quantity, ROUND_UP), fee="0.37")


def text_of(turns: list[Turned]) -> bytes:
    """Return what turns brought, as it would be written."""
    return msgspec.json.encode([(turn.commands, turn.records) for turn in turns])


@given(histories)
def test_a_state_survives_being_written_and_read(history: list[tuple[str, str, str, int]]) -> None:
    """After any story the state is read back equal, and is written again with the same bytes."""
    story = Story()
    for deed in history:
        story.do(deed)
    text = encode(story.world.state)
    again = decode(text)
    assert again == story.world.state
    assert encode(again) == text


@given(histories)
def test_what_was_read_back_goes_on_as_if_nothing_had_happened(history: list[tuple[str, str, str, int]]) -> None:
    """Written and read back between any two events, the core brings the same commands and records, byte for byte."""
    plain, broken = Story(), Story()
    for deed in history:
        broken.world.state = decode(encode(broken.world.state))
        assert text_of(plain.do(deed)) == text_of(broken.do(deed))
    assert encode(plain.world.state) == encode(broken.world.state)

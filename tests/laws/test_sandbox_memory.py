"""
The law of the sandbox's memory.

Whatever came in, a sandbox that is killed and begun again on its file is the one that it was, and goes on as it would.
"""

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from fadearena.model.error import InvalidInput
from tests.support.box_life import Life, both
from tests.support.counter import signed
from tests.support.vectors import K1, TIME

USER = signed(K1, {"type": "noop"}, 1)["address"]
MOVES = ("order", "order", "mark", "pause", "resume", "trade", "clock", "transfer", "deleverage", "save", "tick")


def do(life: Life, move: str, number: int, rng: Random) -> None:
    """Do one thing to a sandbox; what is refused changes nothing."""
    try:
        match move:
            case "order":
                life.order(TIME + number, is_buy=rng.random() < 0.5)
            case "mark":
                coin, price = rng.choice((("ETH", "3500"), ("BTC", "120000"), ("xyz:NVDA", "100")))
                life.tell("mark", coin=coin, price=price, ms=rng.choice((0, 3_000, 60_000)))
            case "trade":
                life.tell("trade", user=USER, coin="BTC", side=rng.choice(("buy", "sell")), quantity="0.05")
            case "clock":
                life.tell("faults", kind="clock", ms=rng.choice((-8_000, -500, 700, 30_000)))
            case "transfer":
                life.tell("transfer", user=USER, source="", destination="xyz", usd="100")
            case "deleverage":
                life.tell("deleverage", user=USER, coin="ETH", quantity="0.1")
            case "save":
                life.keeper.save()
            case "tick":
                life.keeper.tick()
            case _:
                life.tell(move)
    except InvalidInput:
        pass


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000), moves=st.lists(st.sampled_from(MOVES), max_size=25))
def test_a_sandbox_that_was_killed_is_the_same_again(seed: int, moves: list[str]) -> None:
    """Its dump at any later time is the one that it would have had, byte for byte."""
    rng = Random(seed)
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), traders=rng.choice((2, 6)))
        life.tell("deposit", user=USER, usd="50000")
        for number, move in enumerate(moves):
            do(life, move, number, rng)
            life.pass_ms(rng.choice((1, 7, 50, 333, 1_000, 2_500, 20_000)))
        life.keeper.close()
        before, after = both(life)
    assert before == after

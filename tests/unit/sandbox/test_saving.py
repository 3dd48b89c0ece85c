"""A sandbox that is killed is the same one again: what it answered, what it told, and its time."""

from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from fadearena.model.error import InvalidInput
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS
from fadearena.sandbox.gateway.faults import Reject
from fadearena.sandbox.gateway.gateway import Settings
from fadearena.sandbox.saving import loaded, write_state
from tests.support.box_life import SPEED, Life, both
from tests.support.counter import signed
from tests.support.vectors import K1, K2, TIME

ANN = "0x" + "a1" * 20


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """A sandbox with a file."""
    begun = Life(tmp_path)
    yield begun
    begun.keeper.close()


def test_what_was_answered_and_told_is_there_after_a_kill(life: Life) -> None:
    """Orders, refusals, money by hand, pushed prices, traders' fills: all the same, and so are nonces and proofs."""
    user = signed(K1, {"type": "noop"}, 1)["address"]
    life.tell("deposit", user=user, usd="100000")
    for number in range(12):
        assert life.order(TIME + number, is_buy=number % 3 != 2)["status"] == "ok"
        life.pass_ms(700)
        if number == 5:
            life.keeper.save()
            life.tell("mark", coin="ETH", price="4100", ms=5_000)
            life.tell("faults", kind="reject", text="Not today.")
            assert "Not today." in str(life.order(TIME + 100, is_buy=True))
        if number == 8:
            life.tell("trade", user=user, coin="BTC", side="sell", quantity="0.1")
            with pytest.raises(InvalidInput, match="holds"):
                life.tell("deleverage", user=user, coin="BTC", quantity="7")
    life.keeper.tick()
    life.pass_ms(9 * SECOND_MS)
    before, after = both(life)
    assert before == after
    memories = [box.gateway.memory for box in (life.box, life.again())]
    assert memories[0] == memories[1]
    assert set(memories[0].proofs.signed) == set(memories[0].nonces)
    exposure = memories[0].proofs.exposures[user]
    assert exposure[0].gross_usd == exposure[0].coin_usd > 0


def test_new_coins_and_the_rest_of_traders_are_kept(life: Life) -> None:
    """What was listed is listed again, with the same prices, and who was told to rest goes on to."""
    life.tell("list", coin="xyz:NEW")
    life.pass_ms(700)
    life.keeper.save()
    life.tell("list", coin="flx:NEW")
    life.tell("traders", trades_per_second="0")
    life.pass_ms(9 * SECOND_MS)
    before, after = both(life)
    assert before == after
    assert after["listed"] == ["xyz:NEW", "flx:NEW"]
    assert after["books"]["is_quiet"]


def test_its_time_goes_on_over_a_short_absence(life: Life) -> None:
    """The three numbers stay; a step of the clock stays, too."""
    numbers = life.box.control.clock()
    life.tell("faults", kind="clock", ms=-4_000)
    life.pass_ms(SECOND_MS)
    life.keeper.tick()
    life.wall.move_by(20 * SECOND_MS)
    again = life.again()
    assert again.clock.now_ms() == life.box.clock.now_ms() == TIME + 20 * 21_000 - 4_000
    assert again.control.clock() == life.box.control.clock()
    assert again.control.clock()["originMs"] == int(str(numbers["originMs"])) - 4_000


def test_its_time_stood_still_over_a_long_absence(life: Life) -> None:
    """It begins where it ended, or now where that is later; with another speed it goes on from there."""
    life.pass_ms(MINUTE_MS)
    life.keeper.end()
    assert [one.name for one in life.path.parent.iterdir()] == ["state.json"]
    ended = life.box.clock.now_ms()
    life.wall.move_by(10 * MINUTE_MS)
    assert life.again().clock.now_ms() == ended
    life.wall.move_by(2 * HOUR_MS)
    assert life.again().clock.now_ms() == life.wall.now_ms()
    slower = loaded(life.path, D(1), Settings(), life.wall)
    life.wall.move_by(SECOND_MS)
    assert slower.clock.now_ms() == life.wall.now_ms()


def test_an_entry_that_is_not_whole_was_never_answered(life: Life) -> None:
    """What was cut off while it was written is left out."""
    life.tell("deposit", user=ANN, usd="5")
    life.tell("deposit", user=ANN, usd="7")
    log = life.path.with_name("state.json.log")
    log.write_bytes(log.read_bytes()[:-20])
    assert life.again().gateway.exchange.truth().accounts[ANN].cash == {"": D(5)}


def test_a_prepared_state_is_where_a_sandbox_begins(life: Life) -> None:
    """Written without a log and a clock: it begins at its time, or now."""
    life.tell("deposit", user=ANN, usd="5")
    life.tell("agents", user=ANN, agent=signed(K2, {"type": "noop"}, 1)["address"], name="fade-1")
    prepared = life.path.with_name("prepared.json")
    write_state(prepared, life.box.gateway)
    box = loaded(prepared, D(1), Settings(), life.wall)
    assert box.clock.now_ms() == life.wall.now_ms()
    assert box.gateway.exchange.people.owner_of(signed(K2, {"type": "noop"}, 1)["address"]) == ANN


def test_what_is_no_state_is_refused(tmp_path: Path) -> None:
    """With what to do about it."""
    other = tmp_path / "other.json"
    other.write_text("{}")
    with pytest.raises(InvalidInput, match="name another file"):
        loaded(other, SPEED, Settings())


def test_a_rejection_is_kept_with_what_it_refused(life: Life) -> None:
    """Faults end with the process, what they did does not."""
    user = signed(K1, {"type": "noop"}, 1)["address"]
    life.tell("deposit", user=user, usd="100000")
    life.box.gateway.inflict(Reject(text="No.", times=None))
    life.order(TIME + 1, is_buy=True)
    again = life.again()
    assert not again.gateway.exchange.truth().accounts[user].positions
    assert again.gateway.nonces.dump() == life.box.gateway.nonces.dump()

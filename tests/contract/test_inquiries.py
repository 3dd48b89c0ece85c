"""What every queue of questions on wallets does: one story for each rule, on every kind."""

from decimal import Decimal as D

from fadearena.model.wallet import SourcePosition, WalletRole
from fadearena.ports.inquiries import A_MINUTE, KEPT_MS, WalletLook
from tests.support.read_stores import Doors, Opener, opener, tell

__all__ = ["opener"]
NOW = 1_760_000_000_000
WALLET = "0x" + "a" * 40
LOOK = WalletLook(
    wallet=WALLET,
    time=NOW,
    role=WalletRole.USER,
    equity=D("12.5"),
    positions=(SourcePosition(coin="BTC", size=D("-0.5"), entry=D(99_000)), SourcePosition(coin="xyz:TSLA", size=D(1))),
    dexs_left_out=("flx",),
)


def test_a_question_is_taken_once_and_answered(opener: Opener) -> None:
    """Who asked finds the answer as the worker gave it, also after the queue was opened anew."""

    async def ask(doors: Doors) -> int:
        first, second = await doors.inquiries.ask(WALLET, NOW), await doors.inquiries.ask("0x" + "b" * 40, NOW)
        assert first is not None
        assert second is not None
        assert list(await doors.inquiries.take(NOW)) == [(first, WALLET), (second, "0x" + "b" * 40)]
        assert list(await doors.inquiries.take(NOW)) == []
        assert await doors.inquiries.answer_to(first) is None
        await doors.inquiries.answer(first, LOOK)
        assert await doors.inquiries.answer_to(second) is None
        return first

    number = tell(opener, ask)
    assert tell(opener, lambda doors: doors.inquiries.answer_to(number)) == LOOK


def test_a_question_is_forgotten_after_a_minute(opener: Opener) -> None:
    """Neither is it taken then, nor does an answer that comes late stay."""

    async def story(doors: Doors) -> None:
        old, taken = await doors.inquiries.ask(WALLET, NOW), await doors.inquiries.ask(WALLET, NOW + 1)
        assert old is not None
        assert taken is not None
        assert [number for number, _ in await doors.inquiries.take(NOW + KEPT_MS)] == [taken]
        await doors.inquiries.ask(WALLET, NOW + KEPT_MS + 1)
        for number in (old, taken):
            await doors.inquiries.answer(number, LOOK)
            assert await doors.inquiries.answer_to(number) is None

    tell(opener, story)


def test_no_more_are_taken_than_can_be_answered(opener: Opener) -> None:
    """Beyond so many a minute there is no number; a minute later there is one again, which was never given out."""

    async def story(doors: Doors) -> None:
        numbers = [await doors.inquiries.ask(WALLET, NOW + n) for n in range(A_MINUTE)]
        assert await doors.inquiries.ask(WALLET, NOW + KEPT_MS - 1) is None
        later = await doors.inquiries.ask(WALLET, NOW + KEPT_MS)
        assert later is not None
        assert later not in numbers

    tell(opener, story)

"""What every store of kept answers does: one story for each rule, on every kind."""

import asyncio

import msgspec

from fadearena.ports.answers_kept import KEPT_MS, KeptAnswer
from tests.support.read_stores import Doors, Opener, opener, tell

__all__ = ["opener"]
NOW = 1_760_000_000_000
LIFE = 60_000


def asked(holder: str, *, at: int = NOW, request: bytes = b"kill") -> KeptAnswer:
    """Return a request with the key `ann:1`, as somebody begins it."""
    return KeptAnswer(key="ann:1", request=request, holder=holder, created=at, until=at + LIFE)


def answered(answer: KeptAnswer) -> KeptAnswer:
    """Return it with an answer."""
    return msgspec.structs.replace(answer, status=200, media_type="application/json", body=b'{"\xc3\xa9":1}')


def test_a_key_is_taken_once_and_its_answer_stands(opener: Opener) -> None:
    """Whoever comes later sees who holds it, and what was answered then; the answer outlives who opened the store."""

    async def first(doors: Doors) -> None:
        mine = asked("a")
        assert await doors.answers.begin(mine) == mine
        assert await doors.answers.begin(asked("b")) == mine
        await doors.answers.finish(answered(mine))

    async def later(doors: Doors) -> None:
        there = await doors.answers.begin(asked("c", at=NOW + LIFE, request=b"other"))
        assert there == answered(asked("a"))

    tell(opener, first)
    tell(opener, later)


def test_who_died_is_followed_by_the_same_request_only(opener: Opener) -> None:
    """After its time another holder takes the key over with the first time of all; what the dead one says is void."""

    async def story(doors: Doors) -> None:
        dead = asked("a")
        await doors.answers.begin(dead)
        assert (await doors.answers.begin(asked("b", at=NOW + LIFE - 1))).holder == "a"
        assert (await doors.answers.begin(asked("b", at=NOW + LIFE, request=b"other"))).holder == "a"
        taken = await doors.answers.begin(asked("b", at=NOW + LIFE))
        assert (taken.holder, taken.created, taken.until) == ("b", NOW, NOW + 2 * LIFE)
        await doors.answers.finish(answered(dead))
        await doors.answers.forget(dead)
        await doors.answers.let_go(dead)
        assert await doors.answers.begin(asked("c", at=NOW + LIFE)) == taken

    tell(opener, story)


def test_a_key_that_was_let_go_is_for_the_same_request_at_once(opener: Opener) -> None:
    """Its outcome is not known yet: who asks again finds it out, under the first time of all."""

    async def story(doors: Doors) -> None:
        await doors.answers.begin(asked("a"))
        await doors.answers.let_go(asked("a"))
        assert (await doors.answers.begin(asked("b", at=NOW + 1, request=b"other"))).holder == "a"
        again = await doors.answers.begin(asked("c", at=NOW + 2))
        assert (again.holder, again.created) == ("c", NOW)

    tell(opener, story)


def test_a_key_that_was_forgotten_is_free(opener: Opener) -> None:
    """Another request may have it, with a time of its own."""

    async def story(doors: Doors) -> None:
        await doors.answers.begin(asked("a"))
        await doors.answers.forget(asked("a"))
        other = asked("b", at=NOW + 1, request=b"other")
        assert await doors.answers.begin(other) == other

    tell(opener, story)


def test_a_key_is_kept_a_day(opener: Opener) -> None:
    """Then it is free, whether something cleared up meanwhile or not."""

    async def story(doors: Doors) -> None:
        await doors.answers.begin(asked("a"))
        await doors.answers.finish(answered(asked("a")))
        assert (await doors.answers.begin(asked("b", at=NOW + KEPT_MS - 1))).holder == "a"
        later = asked("c", at=NOW + KEPT_MS, request=b"other")
        assert await doors.answers.begin(later) == later
        other = msgspec.structs.replace(asked("d", at=NOW + 2 * KEPT_MS), key="bob:1")
        await doors.answers.begin(other)
        await doors.answers.finish(answered(other))
        fresh = asked("e", at=NOW + 2 * KEPT_MS - 1)
        assert await doors.answers.begin(fresh) == fresh

    tell(opener, story)


def test_of_many_who_begin_at_once_one_holds_the_key(opener: Opener) -> None:
    """All others see who it is, also over two connections."""

    async def story(doors: Doors) -> None:
        async with opener() as other:
            begun = [side.answers.begin(asked(f"{n}")) for n, side in enumerate((doors, other) * 5)]
            assert len({there.holder for there in await asyncio.gather(*begun)}) == 1

    tell(opener, story)

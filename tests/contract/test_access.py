"""What every keeper of tokens, passwords, sessions and the record of access does."""

import asyncio

import msgspec
import pytest

from fadearena.adapters.memory.access import MemoryAccess
from fadearena.model.error import InvalidInput
from fadearena.ports.access import ENTRIES_MAX, PRUNE_EVERY, AccessEntry, Grants, Password, Role, Session, Token
from tests.support.read_stores import Doors, Opener, opener, tell

__all__ = ["opener"]
T0 = 1_760_000_000_000
DAY = 86_400_000
FIRST = Token(id="0a", name="ann", role=Role.OPERATOR, hash=b"\x00\xff" * 16, created=T0)
SECOND = Token(
    id="0b", name="grafana", role=Role.VIEWER, hash=bytes(32), created=T0 + 1, expires=T0 + DAY, last_used=T0 + 2
)
OPERATORS = Password(role=Role.OPERATOR, hash="$argon2id$v=19$a", changed=T0)
LOGIN = Session(id=b"\x00one", role=Role.OPERATOR, actor="web:operator@::1", created=T0, expires=T0 + DAY)
BY_TOKEN = Session(
    id=b"two\xff", role=Role.OPERATOR, actor="web:ann@::1", created=T0, expires=T0 + DAY, token_id=FIRST.id
)
DONE = AccessEntry(
    time=T0, actor="api:ann", address="192.0.2.7", what="POST /api/kill-switch", status=200, control_id=7, detail="d"
)


def test_tokens_are_kept_until_they_are_revoked_and_beyond(opener: Opener) -> None:
    """Every field, the oldest first. A name is taken until its token is revoked; a revoked one stays to be seen."""
    again = msgspec.structs.replace(FIRST, id="0c", created=T0 + 5)

    async def story(doors: Doors) -> None:
        access = doors.access
        assert (await access.token("0a"), await access.tokens()) == (None, ())
        await access.put_token(SECOND)
        await access.put_token(FIRST)
        assert await access.tokens() == (FIRST, SECOND)
        assert await access.token("0b") == SECOND
        with pytest.raises(InvalidInput, match="fadearena token revoke ann"):
            await access.put_token(again)
        await access.used("0a", T0 + 3)
        await access.used("none", T0 + 3)
        gone = await access.revoke("ann", T0 + 4)
        assert gone == msgspec.structs.replace(FIRST, last_used=T0 + 3, revoked=T0 + 4)
        assert await access.revoke("ann", T0 + 5) is None
        await access.put_token(again)
        assert await access.tokens() == (gone, SECOND, again)
        assert await access.revoke("0c", T0 + 6) == msgspec.structs.replace(again, revoked=T0 + 6)

    tell(opener, story)


def test_sessions_end_with_what_they_were_made_with(opener: Opener) -> None:
    """
    Those of a token with the token, those of a password when it is set anew; one can be ended alone.

    One that has expired is there to be looked at until the next one begins.
    """
    newer = Password(role=Role.OPERATOR, hash="$argon2id$v=19$b", changed=T0 + 1)
    later = msgspec.structs.replace(BY_TOKEN, id=b"x", created=LOGIN.expires, expires=LOGIN.expires + DAY)

    async def story(doors: Doors) -> None:
        access = doors.access
        assert await access.password(Role.OPERATOR) is None
        await access.put_token(FIRST)
        for session in (LOGIN, BY_TOKEN):
            await access.put_session(session)
        assert await access.session(LOGIN.id) == LOGIN
        await access.set_password(OPERATORS)
        assert (await access.session(LOGIN.id), await access.session(BY_TOKEN.id)) == (None, BY_TOKEN)
        await access.put_session(LOGIN)
        await access.set_password(msgspec.structs.replace(newer, role=Role.VIEWER))
        await access.revoke("ann", T0)
        assert (await access.session(LOGIN.id), await access.session(BY_TOKEN.id)) == (LOGIN, None)
        await access.put_session(later)
        assert (await access.session(LOGIN.id), await access.session(later.id)) == (None, later)
        await access.end_session(later.id)
        await access.end_session(later.id)
        assert await access.session(later.id) is None
        await access.set_password(newer)
        assert await access.password(Role.OPERATOR) == newer

    tell(opener, story)


def test_what_was_done_is_read_page_by_page(opener: Opener) -> None:
    """The newest first, each with a number of its own."""
    refused = AccessEntry(time=T0 + 1, actor="anonymous", address="::1", what="POST /api/settings", status=401)

    async def story(doors: Doors) -> None:
        access = doors.access
        assert await access.notes(None, 10) == ()
        for entry in (DONE, refused, DONE):
            await access.note(entry)
        newest, *rest = await access.notes(None, 2)
        (last,) = await access.notes(rest[-1].id, 10)
        assert (newest.id > rest[0].id > last.id > 0, len(rest)) == (True, 1)
        found = [msgspec.structs.replace(entry, id=0) for entry in (newest, *rest, last)]
        assert found == [DONE, refused, DONE]
        with pytest.raises(InvalidInput):
            await access.notes(None, 0)

    tell(opener, story)


def test_all_grants_go_along_as_one(opener: Opener) -> None:
    """What is set replaces what was there; the record of what was done stays. None of it follows from the journal."""
    mine = Grants(tokens=(FIRST, SECOND), passwords=(OPERATORS,), sessions=(LOGIN, BY_TOKEN))

    async def story(doors: Doors) -> None:
        access = doors.access
        assert await access.grants() == Grants()
        await access.put_token(msgspec.structs.replace(FIRST, id="0d"))
        await access.note(DONE)
        await access.set_grants(mine)
        await doors.records.clear()
        assert await access.grants() == mine
        await access.set_grants(Grants(tokens=(SECOND,)))
        assert await access.grants() == Grants(tokens=(SECOND,))
        assert len(await access.notes(None, 10)) == 1

    tell(opener, story)


def test_the_record_of_what_was_done_does_not_grow_for_ever() -> None:
    """The newest hundred thousand stay."""
    access = MemoryAccess()

    async def story() -> None:
        for _ in range(ENTRIES_MAX + PRUNE_EVERY):
            await access.note(DONE)
        newest, *_ = await access.notes(None, 1)
        oldest = await access.notes(PRUNE_EVERY + 2, 10)
        assert (newest.id, [entry.id for entry in oldest]) == (ENTRIES_MAX + PRUNE_EVERY, [PRUNE_EVERY + 1])

    asyncio.run(story())

"""`fadearena token`: who gets access, what is printed once and never again, and what is recorded."""

import asyncio
import io
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fadearena.adapters.sql.read_store import open_read_store
from fadearena.api.access.passwords import Passwords, check_password
from fadearena.api.access.tokens import is_in_force, read_token
from fadearena.bootstrap.grants import Grantor
from fadearena.bootstrap.places import places_of
from fadearena.bootstrap.switching import go
from fadearena.cli.exit_codes import ExitCode
from fadearena.config import Network, load
from fadearena.kit.clock import ManualClock
from fadearena.model.error import InvalidInput
from fadearena.ports.access import Role
from tests.support.access import PASSWORD, QUICK
from tests.support.command import Ended, fadearena, nowhere
from tests.support.edge import policy_of
from tests.support.live_home import set_policy
from tests.support.read_stores import InMemory

DAY = 86_400_000


@contextmanager
def typed(text: str) -> Iterator[None]:
    """Put a text into standard input."""
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def token(directory: Path, *arguments: str) -> Ended:
    """Run one of the commands on a data directory."""
    return fadearena("token", *arguments, "--data-dir", directory)


def test_a_token_is_printed_once(tmp_path: Path) -> None:
    """Alone on stdout; its secret is nowhere in the database, nor in what is shown later; its hash is the secret's."""
    made = token(tmp_path / "d", "create", "ann", "--role", "operator")
    (text,) = re.findall(r"fa_[0-9a-f]{12}_[\w-]{43}", made.out)
    assert (made.out, "shown this once" in made.err) == (f"{text}\n", True)
    shown = read_token(text)
    assert shown is not None
    listed = token(tmp_path / "d", "list")
    assert ("ann" in listed.out, shown.id in listed.out, shown.secret in listed.out) == (True, True, False)
    (found,) = token(tmp_path / "d", "list", "--json").report["tokens"]
    assert (found["name"], found["role"], found["expires"], found["revoked"]) == ("ann", "operator", None, None)
    database = tmp_path / "d" / "simulation" / "read.db"
    assert shown.secret not in "\n".join(sqlite3.connect(database).iterdump())

    async def kept() -> bool:
        with nowhere():
            places = places_of(load(data_dir=tmp_path / "d"))
        async with open_read_store(places.read) as store:
            return is_in_force(await store.access.token(shown.id), shown.secret, 0)

    assert asyncio.run(kept())


def test_a_token_expires_or_is_revoked(tmp_path: Path) -> None:
    """A name is free again then; what is not there cannot be revoked; a name has plain letters."""
    made = token(tmp_path / "d", "create", "ann", "--role", "viewer", "--days", "30", "--json").report
    assert made["expires"] - made["created"] == 30 * DAY
    taken = token(tmp_path / "d", "create", "ann", "--role", "viewer")
    assert (taken.code, "fadearena token revoke ann" in taken.err) == (ExitCode.UNUSABLE_INPUT, True)
    assert token(tmp_path / "d", "revoke", "ann", "--json").report["revoked"] is not None
    assert "fadearena token list" in token(tmp_path / "d", "revoke", "ann").err
    assert token(tmp_path / "d", "create", "ann", "--role", "viewer").code == ExitCode.OK
    assert token(tmp_path / "d", "create", "a b", "--role", "viewer").code == ExitCode.UNUSABLE_INPUT
    assert token(tmp_path / "d", "create", "bob", "--role", "root").code == ExitCode.USAGE


def test_a_password_comes_by_standard_input(tmp_path: Path) -> None:
    """It is no argument, which others could see; a weak one is refused, and not repeated."""
    with typed("hunter2\n"):
        weak = token(tmp_path / "d", "password", "operator")
    assert (weak.code, "hunter2" in weak.err) == (ExitCode.UNUSABLE_INPUT, False)
    with typed(f"{PASSWORD}\n"):
        assert token(tmp_path / "d", "password", "operator", "--json").report == {"role": "operator"}
    listed = token(tmp_path / "d", "list", "--json").report["passwords"]
    assert [each["role"] for each in listed] == ["operator"]
    assert "operator has a password" in token(tmp_path / "d", "list").out
    assert PASSWORD not in "\n".join(sqlite3.connect(tmp_path / "d" / "simulation" / "read.db").iterdump())


@pytest.mark.parametrize(
    "text", ["", "short", "aaaaaaaaaaaaaaaa", "password1234", "ChangeMe123456", "fadearena-2026", "x" * 2_000]
)
def test_a_password_that_others_try_first_is_refused(text: str) -> None:
    """Short ones, one letter again and again, and the words that everybody takes."""
    with pytest.raises(InvalidInput, match="four random words"):
        check_password(text)
    check_password(PASSWORD)


def test_whoever_gives_or_takes_access_is_recorded() -> None:
    """Who, at this machine, and what: never the secret."""
    doors = InMemory()

    async def story() -> list[tuple[str, str, str, int]]:
        passwords = Passwords(QUICK)
        grantor = Grantor(doors.access, ManualClock(1), "cli:ann", passwords)
        await grantor.create("grafana", Role.VIEWER, None)
        await grantor.set_password(Role.OPERATOR, PASSWORD)
        await grantor.revoke("grafana")
        notes = await doors.access.notes(None, 10)
        kept = await doors.access.password(Role.OPERATOR)
        assert kept is not None
        assert await passwords.matches(kept.hash, PASSWORD)
        assert not await passwords.matches("no hash at all", PASSWORD)
        return [(each.actor, each.address, each.what, each.status) for each in reversed(notes)]

    assert asyncio.run(story()) == [
        ("cli:ann", "local", "token create grafana viewer", 0),
        ("cli:ann", "local", "token password operator", 0),
        ("cli:ann", "local", "token revoke grafana", 0),
    ]


def test_access_goes_along_with_the_mode(tmp_path: Path) -> None:
    """Whoever has it in simulation has it in live, and whom it was taken from has it in neither."""
    home, settings = tmp_path / "d", {"FADEARENA_SANDBOX_URL": "http://127.0.0.1:9", "FADEARENA_NETWORK": "sandbox"}
    simulation = set_policy(home, policy_of(), settings)
    for name in ("ann", "bob"):
        fadearena("token", "create", name, "--role", "viewer", "--data-dir", home, settings=settings)
    fadearena("token", "revoke", "bob", "--data-dir", home, settings=settings)
    with nowhere(settings):
        config = load(data_dir=home, network=Network.SANDBOX)
    asyncio.run(go(config, simulation, policy_of(), "ann"))
    found = fadearena("token", "list", "--json", "--data-dir", home, settings=settings).report["tokens"]
    assert fadearena("mode", "--json", "--data-dir", home, settings=settings).report["mode"] == "live"
    assert [(each["name"], each["revoked"] is None) for each in found] == [("ann", True), ("bob", False)]

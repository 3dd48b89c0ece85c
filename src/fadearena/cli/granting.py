"""What the commands of `token` do."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import typer

from fadearena.bootstrap.grants import Grantor, open_grantor
from fadearena.cli.output import moment, print_json, show, table
from fadearena.cli.session import actor, places
from fadearena.model.units import EpochMs
from fadearena.ports.access import Role, Token

T = TypeVar("T")


def create(name: str, role: Role, days: int | None, data_dir: Path | None, *, as_json: bool) -> None:
    """Make a token, and print it: alone on stdout, so that a shell can take it as it is."""
    token, text = _with_grantor(data_dir, lambda grantor: grantor.create(name, role, days))
    if as_json:
        print_json({**_form(token), "token": text})
        return
    show(text)
    note = f"this is the token of {name}, {role}{_until(token)}; it is shown this once: keep it where you keep keys"
    typer.echo(note, err=True)


def list_grants(data_dir: Path | None, *, as_json: bool) -> None:
    """List tokens, and which roles have a password."""
    grants = _with_grantor(data_dir, lambda grantor: grantor.grants())
    if as_json:
        passwords = [{"role": each.role, "changed": each.changed} for each in grants.passwords]
        print_json({"tokens": list(map(_form, grants.tokens)), "passwords": passwords})
        return
    shown = table("tokens", "name", "id", "role", "created", "expires", "last used", "revoked")
    for token in grants.tokens:
        times = (token.created, token.expires, token.last_used, token.revoked)
        shown.add_row(token.name, token.id, token.role, *map(_moment, times))
    show(shown if grants.tokens else "there is no token: `fadearena token create NAME --role operator` makes one")
    for each in grants.passwords:
        show(f"{each.role} has a password since {moment(each.changed)}")


def revoke(name: str, data_dir: Path | None, *, as_json: bool) -> None:
    """Revoke a token."""
    token = _with_grantor(data_dir, lambda grantor: grantor.revoke(name))
    if as_json:
        print_json(_form(token))
    else:
        show(f"the token of {token.name} is revoked, and its sessions have ended")


def set_password(role: Role, data_dir: Path | None, *, as_json: bool) -> None:
    """Take a password from people or from standard input."""
    if sys.stdin.isatty():
        text = typer.prompt("Password (it is not shown)", hide_input=True, confirmation_prompt=True, err=True)
    else:
        text = sys.stdin.readline().removesuffix("\n")
    _with_grantor(data_dir, lambda grantor: grantor.set_password(role, text))
    if as_json:
        print_json({"role": role})
    else:
        show(f"the password of {role} is set, and its sessions have ended")


def _with_grantor(data_dir: Path | None, work: Callable[[Grantor], Awaitable[T]]) -> T:
    async def main() -> T:
        async with open_grantor(places(data_dir), actor()) as grantor:
            return await work(grantor)

    return asyncio.run(main())


def _form(token: Token) -> dict[str, str | EpochMs | None]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "created": token.created,
        "expires": token.expires,
        "lastUsed": token.last_used,
        "revoked": token.revoked,
    }


def _until(token: Token) -> str:
    return "" if token.expires is None else f" until {moment(token.expires)}"


def _moment(time: EpochMs | None) -> str:
    return "" if time is None else moment(time)

"""The API behind its door: tokens, sessions and passwords to knock with."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

import argon2
import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from fadearena.adapters.memory.access import MemoryAccess
from fadearena.api.access import AccessMiddleware, AccessOptions
from fadearena.api.access.options import SAFE
from fadearena.api.access.passwords import Passwords
from fadearena.api.access.tokens import hash_of, new_secret, new_token
from fadearena.api.app import windows
from fadearena.api.doors import Doors
from fadearena.kit.clock import ManualClock
from fadearena.ports.access import AccessEntry, Password, Role, Session, Token
from tests.support.api import NOW, Answer, api_room, ask

HOUR = 3_600_000
OWN = "http://127.0.0.1:4800"
"""The origin of our own page in these tests."""
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes that cost next to nothing."""
PASSWORD = "four random words, say"


@dataclass
class DoorRoom:
    """The door before an application, who has access, and the time."""

    clock: ManualClock
    access: MemoryAccess
    door: AccessMiddleware
    doors: Doors
    client: tuple[str, int] = ("127.0.0.1", 50_000)

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, content: object = None
    ) -> Answer:
        """Ask through the door; bytes go as they are."""
        body = content if isinstance(content, bytes) else b"" if content is None else msgspec.json.encode(content)
        kind = {"content-type": "application/json"} if body else {}
        return await ask(self.door, method, path, headers={**kind, **(headers or {})}, body=body, client=self.client)

    async def token(self, role: Role, *, name: str = "", expires: int | None = None) -> tuple[Token, dict[str, str]]:
        """Make a token, and return it with the header that shows it."""
        now = self.clock.now_ms()
        token, text = new_token(name or f"{role}-{len(await self.access.tokens())}", role, now, expires)
        await self.access.put_token(token)
        return token, {"authorization": f"Bearer {text}"}

    async def session(self, role: Role, *, age: int = 0, **headers: str) -> dict[str, str]:
        """Begin a session that is so old, and return the header that shows it, with others."""
        began, secret = self.clock.now_ms() - age, new_secret()
        session = Session(
            id=hash_of(secret), role=role, actor=f"web:{role}@127.0.0.1", created=began, expires=began + 12 * HOUR
        )
        await self.access.put_session(session)
        return {"cookie": f"theme=dark; fadearena_session={secret}", **headers}

    async def password(self, role: Role) -> None:
        """Set the password of a role to `PASSWORD`."""
        hashed = await Passwords(QUICK).hashed(PASSWORD)
        await self.access.set_password(Password(role=role, hash=hashed, changed=self.clock.now_ms()))

    async def notes(self) -> list[AccessEntry]:
        """Return what was recorded, the oldest first."""
        return list(reversed(await self.access.notes(None, 1_000)))


@dataclass(frozen=True)
class _Bare:
    """All that the door itself needs."""

    clock: ManualClock
    access: MemoryAccess


def door_room(options: AccessOptions | None = None, app: ASGIApp | None = None) -> DoorRoom:
    """Return an API behind its door, or another application in its place."""
    doors: Doors | _Bare = _Bare(ManualClock(NOW), MemoryAccess())
    if app is None:
        room = api_room()
        doors, app = room.doors, windows(room.app)
    found = cast("Doors", doors)
    door = AccessMiddleware(app, found, options or AccessOptions(), Passwords(QUICK))
    return DoorRoom(cast("ManualClock", doors.clock), cast("MemoryAccess", doors.access), door, found)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body that came, as a page if `/page` is asked for."""
    body = (await receive())["body"] if scope["method"] not in {"GET", "OPTIONS"} else b"{}"
    kind = {"/page": b"text/html; charset=utf-8", "/app.js": b"text/javascript"}.get(scope["path"], b"application/json")
    if scope["path"] == "/api/kill-switch":
        scope["state"]["control_id"] = 42
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body})


def scope_of(kind: str, headers: Mapping[str, str], **more: object) -> Scope:
    """Return the scope of a request that would change the settings, in what is not said otherwise."""
    return {
        "type": kind,
        "method": "POST",
        "scheme": "http",
        "path": "/api/settings",
        "raw_path": b"/api/settings",
        "query_string": b"",
        "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
        "client": ("127.0.0.1", 1),
        **more,
    }


@cache
def operations() -> list[tuple[str, str]]:
    """Return all operations that the application has, as (method, path), with something in the place of names."""
    paths = api_room().app.openapi()["paths"]
    return [(method.upper(), _filled(path)) for path, found in paths.items() for method in found]


def changes() -> list[tuple[str, str]]:
    """Return all operations that change something, but those of the session itself."""
    found = [(method, path) for method, path in operations() if method not in SAFE]
    return [(method, path) for method, path in found if path not in {"/api/login", "/api/logout"}]


def _filled(path: str) -> str:
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))

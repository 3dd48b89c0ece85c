"""Who asks. The access layer finds it out before a request is looked at, and leaves it in the request's state."""

from typing import Annotated

import msgspec
from fastapi import Depends, Request

from fadearena.api.errors import Problem
from fadearena.ports.access import Role


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """
    Somebody, by what was shown: a token, a session, or nothing.

    `role` is None for somebody who may do nothing. `actor` stands in journal and records.
    """

    actor: str
    role: Role | None
    address: str


async def caller_of(request: Request) -> Caller:
    """Return who asks."""
    caller: Caller = request.state.caller
    return caller


async def viewer(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
    """
    Return who asks, who may look.

    Raises:
        Problem: 401, nothing was shown that says so.
    """
    if caller.role is None:
        raise Problem(401, "Show a token (Authorization: Bearer) or log in: `fadearena token create` makes one")
    return caller


async def operator(caller: Annotated[Caller, Depends(viewer)]) -> Caller:
    """
    Return who asks, who may change things.

    Raises:
        Problem: 401 as above; 403, he may only look.
    """
    if caller.role is not Role.OPERATOR:
        raise Problem(403, "Only an operator may change things: this token or session may only look")
    return caller


Viewer = Annotated[Caller, Depends(viewer)]
Operator = Annotated[Caller, Depends(operator)]

"""The web page's session: log in, log out, who am I."""

from fastapi import APIRouter, Request, Response

from fadearena.api.access.identity import Asker, Proof
from fadearena.api.access.login import Logins
from fadearena.api.answers import Decimals, answer, json_of
from fadearena.api.callers import Caller
from fadearena.api.errors import declared
from fadearena.api.schemas.session import LoginAsked, MeShape

router = APIRouter(tags=["session"])


@router.post(
    "/api/login",
    operation_id="login",
    summary="Begin a session: with a role's password, or with a token",
    response_model=MeShape,
    responses=declared(403, 429),
    openapi_extra={"security": []},
)
async def login(request: Request, asked: LoginAsked) -> Response:
    """Answer with a cookie that scripts cannot read and other sites cannot use; it is good for twelve hours."""
    logins: Logins = request.state.logins
    if asked.token is not None:
        begun = await logins.by_token(request.scope, asked.token.get_secret_value())
    else:
        password = asked.password.get_secret_value() if asked.password else ""
        begun = await logins.by_password(request.scope, asked.role, password)
    session = begun.session
    request.state.caller = Caller(actor=session.actor, role=session.role, address=request.state.caller.address)
    shown = MeShape(actor=session.actor, role=session.role, proof=Proof.SESSION, expires_at=session.expires)
    headers = {"Set-Cookie": begun.cookie}
    return Response(json_of(shown, Decimals.NUMBER), headers=headers, media_type="application/json")


@router.post(
    "/api/logout",
    operation_id="logout",
    summary="End the session",
    status_code=204,
    responses=declared(403),
    openapi_extra={"security": []},
)
async def logout(request: Request) -> Response:
    """End the session whose cookie is sent; without one nothing happens."""
    logins: Logins = request.state.logins
    asker: Asker = request.state.asker
    return Response(status_code=204, headers={"Set-Cookie": await logins.end(request.scope, asker.session_id)})


@router.get(
    "/api/me",
    operation_id="getMe",
    summary="Who asks, and what he may do",
    response_model=MeShape,
    responses=declared(),
)
async def get_me(request: Request) -> Response:
    """Answer also who showed nothing: then `role` says what one may do without a login."""
    asker: Asker = request.state.asker
    caller = asker.caller
    return answer(request, MeShape(actor=caller.actor, role=caller.role, proof=asker.proof, expires_at=asker.expires))

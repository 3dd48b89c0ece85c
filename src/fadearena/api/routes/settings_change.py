"""`POST /api/settings`: some settings change, all of what is asked for or nothing."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.changes import Wrong, action_of, changed_policy
from fadearena.api.desk import AtDesk, Desk, policy_in_force
from fadearena.api.errors import Problem, declared
from fadearena.api.handlers import field_errors
from fadearena.api.once import OnceRoute
from fadearena.api.schemas.changes import SettingsRefused, SettingsTaken, SettingsUpdate
from fadearena.api.standing import settings_of
from fadearena.api.switching import switch_mode
from fadearena.model.event import OperatorAction
from fadearena.model.policy import Policy

_ELSEWHERE: Final = {"killSwitch": "killSwitch is turned by POST /api/kill-switch"}


class SettingsRoute(OnceRoute):
    """A route that says of wrong fields what the contract says of them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what carries a request out."""
        carry_out = super().get_route_handler()

        async def readable(request: Request) -> Response:
            try:
                return await carry_out(request)
            except RequestValidationError as error:
                if any(one["loc"][0] != "body" for one in error.errors()):
                    raise
                return refused([_sentence(**one) for one in field_errors(error)])

        return readable


router = APIRouter(tags=["settings"], route_class=SettingsRoute)


@router.post(
    "/api/settings",
    operation_id="changeSettings",
    summary="Change some settings: all of them, or none",
    response_model=SettingsTaken,
    responses={
        **declared(403, 409, 504),
        202: {"description": "The mode was switched; the worker begins anew in it.", "model": SettingsTaken},
        400: {"description": "Nothing was changed; `errors` say why.", "model": SettingsRefused},
    },
)
async def change_settings(
    request: Request, desk: AtDesk, asked: SettingsUpdate, decimals: DecimalsParameter = Decimals.NUMBER
) -> Response:
    """
    Change some settings.

    What is left out stays. Bots are merged by id, caps of coins by coin. Another `mode` is asked for alone: `live`
    needs `"confirm": "GO LIVE"`, limits, a passed preflight and a flat start; otherwise it is 409 with `checks`.
    """
    mode = asked.mode if "mode" in asked.model_fields_set else desk.doors.mode
    try:
        if mode is not desk.doors.mode:
            return await _switch(request, desk, asked, decimals)

        async def choose() -> OperatorAction | None:
            policy = await _in_force(desk, asked)
            return action_of(policy, changed_policy(policy, asked))

        await desk.decide(choose)
    except Wrong as wrong:
        return refused(wrong.errors)
    return answer(request, SettingsTaken(settings=await settings_of(desk.doors)), decimals)


def refused(errors: Sequence[str]) -> Response:
    """Return the answer to settings that are wrong."""
    said = SettingsRefused(errors=tuple(errors))
    return Response(msgspec.json.encode(said.model_dump()), 400, media_type="application/json")


async def _in_force(desk: Desk, asked: SettingsUpdate) -> Policy:
    """
    Return the settings in force, where they are those that are to be changed.

    Raises:
        Problem: 409, they are not.
    """
    policy = await policy_in_force(desk.doors)
    if "version" in asked.model_fields_set and asked.version != policy.version:
        raise Problem(409, f"The settings are at version {policy.version}, not {asked.version}: read them again")
    return policy


async def _switch(request: Request, desk: Desk, asked: SettingsUpdate, decimals: Decimals) -> Response:
    """Switch the mode, if nothing else is asked for beside it."""
    policy = await _in_force(desk, asked)
    if changed_policy(policy, asked) != policy:
        raise Wrong(["mode is changed by itself: send what else is to change before, or afterwards"])
    await switch_mode(desk, policy, asked.mode, asked.confirm)
    settings = (await settings_of(desk.doors)).model_copy(update={"mode": asked.mode})
    return answer(request, SettingsTaken(settings=settings), decimals, status=202)


def _sentence(field: str, message: str) -> str:
    if field in _ELSEWHERE:
        return _ELSEWHERE[field]
    return f"{field or 'the body'}: {message}"

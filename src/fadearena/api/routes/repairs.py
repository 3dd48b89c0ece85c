"""What people mend: dead letters, drifts, breached limits of an account, events that were set aside."""

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import answer
from fadearena.api.callers import Viewer
from fadearena.api.desk import AtDesk, Desk
from fadearena.api.doors import Windows
from fadearena.api.errors import Problem, declared
from fadearena.api.once import OnceRoute
from fadearena.api.paths import AccountIdPath, EntryPath, LetterIdPath
from fadearena.api.routes.stops import state_answer
from fadearena.api.schemas.people import DeadLetters, DeadLetterShape, Done, DriftOrder, StateAnswer
from fadearena.model.event import (
    AcceptDrift,
    DiscardDeadLetter,
    OperatorAction,
    Resume,
    RetryDeadLetter,
    SkipQuarantined,
)
from fadearena.model.trading import TradingState
from fadearena.ports.read_store import AccountView, LetterView

router = APIRouter(tags=["repairs"], route_class=OnceRoute)


@router.get(
    "/api/dead-letters",
    operation_id="getDeadLetters",
    summary="What no retry could mend",
    response_model=DeadLetters,
    responses=declared(),
)
async def get_dead_letters(request: Request, _caller: Viewer, doors: Windows) -> Response:
    """List the dead letters that are open, the oldest first."""
    return answer(request, DeadLetters(dead_letters=tuple(map(_shape, await doors.records.letters()))))


@router.post(
    "/api/dead-letters/{letterId}/retry",
    operation_id="retryDeadLetter",
    summary="Decide anew what a dead letter wanted",
    response_model=Done,
    responses=declared(403, 404, 409, 504),
)
async def retry_dead_letter(request: Request, desk: AtDesk, letter: LetterIdPath) -> Response:
    """Decide from the present state what a dead letter wanted; the order of then is not sent again."""
    return await _settle(request, desk, letter, RetryDeadLetter(letter=letter), "It is decided anew")


@router.post(
    "/api/dead-letters/{letterId}/discard",
    operation_id="discardDeadLetter",
    summary="Give a dead letter up",
    response_model=Done,
    responses=declared(403, 404, 409, 504),
)
async def discard_dead_letter(request: Request, desk: AtDesk, letter: LetterIdPath) -> Response:
    """Give a dead letter up: what it wanted is not done."""
    return await _settle(request, desk, letter, DiscardDeadLetter(letter=letter), "It is given up")


@router.post(
    "/api/accounts/{accountId}/resume",
    operation_id="resumeAccount",
    summary="End the breached limits of an account",
    response_model=StateAnswer,
    responses=declared(403, 404, 409, 504),
)
async def resume_account(
    request: Request,
    desk: AtDesk,
    account: AccountIdPath,
) -> Response:
    """End what stops an account, as its own liquidation does."""
    await _account(desk, account)
    entry = await desk.order(Resume(account=account))
    return state_answer(request, entry, TradingState((await _account(desk, account)).state))


@router.post(
    "/api/accounts/{accountId}/accept-drift",
    operation_id="acceptDrift",
    summary="Book what the exchange holds beyond our sum",
    response_model=Done,
    responses=declared(403, 404, 409, 504),
)
async def accept_drift(
    request: Request,
    desk: AtDesk,
    account: AccountIdPath,
    asked: DriftOrder,
) -> Response:
    """Book the difference between the exchange's position and our sum as an operator trade."""
    await _account(desk, account)
    await desk.order(AcceptDrift(account=account, coin=asked.asset))
    return answer(request, Done(message="The drift is booked as an operator trade"))


@router.post(
    "/api/quarantine/{seq}/skip",
    operation_id="skipQuarantined",
    summary="Leave out an event that was set aside",
    response_model=Done,
    responses=declared(403, 409, 504),
)
async def skip_quarantined(
    request: Request,
    desk: AtDesk,
    seq: EntryPath,
) -> Response:
    """Leave out for good an event on which the rules failed; with the last of them trading goes on."""
    await desk.order(SkipQuarantined(seq=seq))
    return answer(request, Done(message=f"What entry {seq} set aside is left out"))


async def _settle(request: Request, desk: Desk, letter: str, action: OperatorAction, message: str) -> Response:
    async def choose() -> OperatorAction:
        if all(view.letter.id != letter for view in await desk.doors.records.letters()):
            raise Problem(404, f"There is no open dead letter {letter}: GET /api/dead-letters lists them")
        return action

    await desk.decide(choose)
    return answer(request, Done(message=message))


async def _account(desk: Desk, account: str) -> AccountView:
    for view in await desk.doors.records.accounts():
        if view.id == account:
            return view
    raise Problem(404, f"There is no account {account}: GET /api/accounts lists them")


def _shape(view: LetterView) -> DeadLetterShape:
    letter = view.letter
    return DeadLetterShape(
        id=letter.id,
        kind=letter.kind,
        subject=letter.subject,
        error=letter.error,
        attempts=letter.attempts,
        excerpt=letter.excerpt,
        changed=view.changed,
    )

"""`GET /api/accounts`: our accounts, and what they hold for whom."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import declared
from fadearena.api.schemas.accounts import (
    AccountPositionShape,
    AccountShape,
    AccountsShape,
    DriftShape,
    MarginShape,
    PartShape,
    PreflightCheckShape,
    PreflightShape,
)
from fadearena.model.finding import Level, worst
from fadearena.model.ids import AccountId, BookKey, Coin
from fadearena.model.margin import initial_margin
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.record import PartKind, SleeveUpdate
from fadearena.model.sums import notional, whole_sum
from fadearena.model.trading import TradingState
from fadearena.model.units import ZERO, Size
from fadearena.ports.archive import DriftView, Mark
from fadearena.ports.modes import PreflightSeen
from fadearena.ports.read_store import AccountView

router = APIRouter(tags=["overview"])


class _Books:
    """What is known of all books, by account."""

    def __init__(self, marks: Mapping[Coin, Mark]) -> None:
        self.marks = marks
        self.sleeves: defaultdict[BookKey, list[SleeveUpdate]] = defaultdict(list)
        self.loose: defaultdict[tuple[BookKey, PartKind], Size] = defaultdict(lambda: ZERO)
        self.drifts: dict[BookKey, DriftView] = {}
        self.keys: defaultdict[AccountId, set[Coin]] = defaultdict(set)

    def positions(self, account: AccountId) -> tuple[AccountPositionShape, ...]:
        """Return the positions of an account, by coin."""
        return tuple(self._position((account, coin)) for coin in sorted(self.keys[account]))

    def _position(self, key: BookKey) -> AccountPositionShape:
        sleeves, drift = self.sleeves[key], self.drifts.get(key)
        residue, external = self.loose[key, PartKind.RESIDUE], self.loose[key, PartKind.EXTERNAL]
        size = sum((sleeve.size for sleeve in sleeves), start=residue + external)
        mark = self.marks[key[1]].price if key[1] in self.marks else None
        return AccountPositionShape(
            asset=key[1],
            size=size,
            sleeves=tuple(PartShape(bot_id=s.bot, size=s.size, target=s.target) for s in sleeves),
            residue=residue,
            external=external,
            mark=mark,
            notional=notional(size, mark) if size else ZERO,
            drift=None if drift is None else DriftShape(ours=drift.ours, theirs=drift.theirs, since=drift.changed),
        )


@router.get(
    "/api/accounts",
    operation_id="getAccounts",
    summary="Our accounts with equity, margin and positions",
    response_model=AccountsShape,
    responses=declared(),
)
async def get_accounts(
    request: Request, _caller: Viewer, doors: Windows, decimals: DecimalsParameter = Decimals.NUMBER
) -> Response:
    """Answer with all accounts."""
    return answer(request, await _accounts(doors), decimals)


async def _accounts(doors: Doors) -> AccountsShape:
    settings, accounts, books = await asyncio.gather(doors.records.settings(), doors.records.accounts(), _books(doors))
    views = {view.id: view for view in accounts}
    policy = Policy() if settings is None else settings.policy
    return AccountsShape(
        accounts=tuple(_shape(policy, account, views.get(account.id), books) for account in policy.accounts),
        preflight=_preflight(doors.modes.last_preflight()),
    )


async def _books(doors: Doors) -> _Books:
    archive = doors.archive
    marks, sleeves, loose, drifts = await asyncio.gather(
        archive.marks(), doors.records.sleeves(), archive.loose(), archive.drifts()
    )
    books = _Books(marks)
    for sleeve in sleeves:
        books.sleeves[sleeve.account, sleeve.coin].append(sleeve)
        books.keys[sleeve.account].add(sleeve.coin)
    for part in loose:
        books.loose[(part.account, part.coin), part.part] = part.size
        books.keys[part.account].add(part.coin)
    for drift in drifts:
        books.drifts[drift.account, drift.coin] = drift
        books.keys[drift.account].add(drift.coin)
    return books


def _shape(policy: Policy, account: AccountPolicy, view: AccountView | None, books: _Books) -> AccountShape:
    positions = books.positions(account.id)
    return AccountShape(
        id=account.id,
        address=account.address,
        signer=account.signer,
        state=TradingState.ACTIVE if view is None else TradingState(view.state),
        equity=None if view is None else view.equity,
        equity_time=None if view is None else view.equity_time,
        bots=tuple(bot.id for bot in policy.bots if bot.account == account.id),
        margin=_margin(account, view, positions),
        positions=positions,
    )


def _margin(
    account: AccountPolicy, view: AccountView | None, positions: tuple[AccountPositionShape, ...]
) -> MarginShape:
    total = whole_sum(position.notional for position in positions)
    equity = None if view is None else view.equity
    return MarginShape(
        notional=total,
        required=None if total is None else initial_margin(total, account.max_leverage),
        leverage=total / equity if total is not None and equity is not None and equity > 0 else None,
        max_leverage=account.max_leverage,
    )


def _preflight(seen: PreflightSeen | None) -> PreflightShape | None:
    if seen is None:
        return None
    checks = tuple(
        PreflightCheckShape(check=each.check, level=each.level, text=each.text, advice=each.advice)
        for each in seen.checks
    )
    return PreflightShape(timestamp=seen.time, passed=worst(seen.checks) is not Level.FAIL, checks=checks)

"""
`GET /api/export/...`: history as files, streamed.

1. A file that cannot be finished is broken off: the connection ends without the end of the answer, which every client
   of HTTP takes for an error. A Parquet file without its end cannot be read either.
2. Whoever goes away ends the work. A few exports at most go on at once; more are asked to come again.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Annotated, Any, Final, TypeAlias

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from fadearena.api.callers import Viewer
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import Problem, declared
from fadearena.api.exports import (
    MISSING,
    TABLES,
    Cell,
    Choice,
    Column,
    FileForm,
    Scope,
    Sources,
    Table,
    has_parquet,
    written,
    year_of,
)
from fadearena.api.parameters import AssetParameter, BotIdParameter, EndTime, StartTime, check_span
from fadearena.api.turnstile import Turnstile

log = structlog.get_logger(__name__)
router = APIRouter(tags=["exports"])
AT_ONCE: Final = 3

Year = Annotated[int, Query(ge=2000, le=9998, description="The year, UTC.", examples=[2026])]
Export: TypeAlias = Callable[..., Awaitable[StreamingResponse]]


class _Streamed(StreamingResponse):
    """A file on its way. However it ends, its work ends with it."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None], turnstile: Turnstile, name: str) -> None:
        self._rest = rest
        self._turnstile = turnstile
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        form = FileForm(name.rpartition(".")[2])
        super().__init__(self._bytes(first), headers=headers, media_type=form.media_type)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        except ClientDisconnect:
            log.info("export_left", path=scope["path"])
        finally:
            await self._rest.aclose()
            self._turnstile.leave()

    async def _bytes(self, first: bytes) -> AsyncGenerator[bytes, None]:
        yield first
        async for data in self._rest:
            yield data


async def _answer(request: Request, doors: Doors, table: Table, form: FileForm, scope: Scope) -> StreamingResponse:
    """Begin a file; what goes wrong before its first rows is answered as an error."""
    if form is FileForm.PARQUET and not has_parquet():
        raise Problem(501, MISSING)
    turnstile: Turnstile = request.app.state.exports
    turnstile.enter()
    stream = written(form, table, Sources(doors.records, doors.archive), scope)
    try:
        first = await anext(stream)
    except BaseException:
        turnstile.leave()
        raise
    return _Streamed(first, stream, turnstile, f"{table.name}.{form}")


def _by_bot_and_coin(table: Table, form: FileForm) -> Export:
    async def export(
        request: Request,
        _caller: Viewer,
        doors: Windows,
        since: StartTime = None,
        until: EndTime = None,
        bot: BotIdParameter = None,
        asset: AssetParameter = None,
    ) -> StreamingResponse:
        return await _answer(request, doors, table, form, _scope(since, until, bot, asset))

    return export


def _by_bot(table: Table, form: FileForm) -> Export:
    async def export(
        request: Request,
        _caller: Viewer,
        doors: Windows,
        since: StartTime = None,
        until: EndTime = None,
        bot: BotIdParameter = None,
    ) -> StreamingResponse:
        return await _answer(request, doors, table, form, _scope(since, until, bot, None))

    return export


def _by_year(table: Table, form: FileForm) -> Export:
    async def export(request: Request, _caller: Viewer, doors: Windows, year: Year) -> StreamingResponse:
        return await _answer(request, doors, table, form, year_of(year))

    return export


def _scope(since: int | None, until: int | None, bot: str | None, coin: str | None) -> Scope:
    check_span(since, until)
    return Scope(since=since, until=until, bot=bot, coin=coin)


def _description(table: Table, form: FileForm) -> str:
    """Return what a file holds, column by column."""
    return "\n".join([table.says, "", *(f"* `{name}`: {says}" for c in table.columns for name, says in _said(c, form))])


def _said(column: Column, form: FileForm) -> list[tuple[str, str]]:
    if column.cell is not Cell.TIME:
        return [(column.name, column.says)]
    if form is FileForm.PARQUET:
        return [(column.name, f"{column.says} A timestamp.")]
    return [(column.name, f"{column.says} ISO 8601, UTC."), (f"{column.name}Ms", "The same, ms UTC.")]


def _responses(form: FileForm) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "string"} if form is FileForm.CSV else {"type": "string", "format": "binary"}
    content = {form.media_type.partition(";")[0]: {"schema": schema}}
    errors = declared(400, 429) if form is FileForm.CSV else declared(400, 429, 501)
    return {200: {"description": "The file.", "content": content}, **errors}


def _operation_id(table: Table, form: FileForm) -> str:
    words = (*table.name.split("-"), form.value)
    return "export" + "".join(word.capitalize() for word in words)


_ENDPOINTS: Final = {Choice.BOT_AND_COIN: _by_bot_and_coin, Choice.BOT: _by_bot, Choice.YEAR: _by_year}
for each_table in TABLES.values():
    for each_form in FileForm:
        router.add_api_route(
            f"/api/export/{each_table.name}.{each_form}",
            _ENDPOINTS[each_table.choice](each_table, each_form),
            operation_id=_operation_id(each_table, each_form),
            summary=f"{each_table.name.replace('-', ' ').capitalize()} as {each_form}",
            description=_description(each_table, each_form),
            response_class=StreamingResponse,
            responses=_responses(each_form),
        )

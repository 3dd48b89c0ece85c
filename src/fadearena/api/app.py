"""
The application: which endpoints there are, what becomes of errors, and how answers are packed.

Around it stand, from outside: the protocol of requests, access, HEAD, compression. A new part of the contract is a
module of `routes` and a line of `_ROUTERS`.
"""

import asyncio
import re
from functools import cache
from typing import Any, Final

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from fadearena.api.answers import json_answer
from fadearena.api.doors import Doors
from fadearena.api.handlers import add_handlers
from fadearena.api.head import HeadMiddleware
from fadearena.api.openapi import description_of
from fadearena.api.routes import (
    accounts,
    alerts,
    audit,
    bot,
    bots,
    decisions,
    equity,
    events,
    exports,
    feeds,
    fills,
    health,
    latches,
    latencies,
    metrics,
    models,
    orders,
    positions,
    preview,
    probes,
    repairs,
    roster,
    session,
    settings,
    settings_change,
    settings_history,
    state,
    stops,
    trades,
)
from fadearena.api.turnstile import Turnstile

_ROUTERS: Final[tuple[APIRouter, ...]] = (
    state.router,
    models.router,
    positions.router,
    trades.router,
    equity.router,
    session.router,
    settings.router,
    settings_change.router,
    latches.router,
    stops.router,
    roster.router,
    preview.router,
    repairs.router,
    health.router,
    probes.router,
    metrics.router,
    latencies.router,
    feeds.router,
    accounts.router,
    alerts.router,
    audit.router,
    bots.router,
    bot.router,
    decisions.router,
    events.router,
    exports.router,
    fills.router,
    orders.router,
    settings_history.router,
)
_PACKED_FROM: Final = 1_000
_EFFORT: Final = 1


def create_app(doors: Doors) -> FastAPI:
    """Return the application with all its endpoints; whoever reaches it is taken for who the request's state says."""
    app = _bare()
    app.state.doors = doors
    app.state.endpoints = _endpoints()
    app.state.exports = Turnstile(exports.AT_ONCE, "exports")
    add_handlers(app)
    app.openapi = description  # type: ignore[method-assign]  # FastAPI's own way to say more
    app.add_route("/openapi.json", _openapi, include_in_schema=False)
    return app


@cache
def description() -> dict[str, Any]:
    """Return what the API can do, as OpenAPI 3.1; that takes a second once."""
    return description_of(_bare())


def _endpoints() -> list[tuple[re.Pattern[str], set[str]]]:
    """Return the paths of all endpoints with their methods."""
    routes = (route for router in _ROUTERS for route in router.routes if isinstance(route, APIRoute))
    return [(route.path_regex, route.methods or set()) for route in routes]


async def _openapi(request: Request) -> Response:
    """Tell what the API can do; it is found out in a thread, so that nobody else waits."""
    return json_answer(request, msgspec.json.encode(await asyncio.to_thread(description)))


def _bare() -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for router in _ROUTERS:
        app.include_router(router)
    return app


def windows(app: FastAPI) -> ASGIApp:
    """Return an application with what stands around it."""
    return HeadMiddleware(GZipMiddleware(app, minimum_size=_PACKED_FROM, compresslevel=_EFFORT))

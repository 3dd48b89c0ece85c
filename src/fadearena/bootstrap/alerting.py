"""Alerts, by the configuration: where they go, how many, and what commands do with them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from fadearena.adapters.alerts.console import ConsoleSink
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.places import Places
from fadearena.config import Config
from fadearena.model.error import AlertUndelivered
from fadearena.model.finding import Finding, Level
from fadearena.model.policy import Mode
from fadearena.model.units import SECOND_MS
from fadearena.ports.alerts import AlertSink, Message
from fadearena.ports.outbox import Delivery, Outbox, OutboxRow
from fadearena.runtime.sorting import Rules

_LOOKED_AT = 100


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a destination made of a message; `error` is empty where it was taken."""

    destination: str
    error: str = ""


def sink_of(config: Config) -> AlertSink:
    """
    Return what sends alerts.

    Raises:
        InvalidInput: A destination cannot be used.
    """
    if not config.alert_destinations:
        return ConsoleSink()
    from fadearena.adapters.alerts.apprise import AppriseSink  # noqa: PLC0415 - it takes 0.6 s and 45 MB

    return AppriseSink(config.alert_destinations)


def rules_of(config: Config) -> Rules:
    """Return how much people are told."""
    return Rules(window_ms=config.alert_window_s * SECOND_MS, an_hour=config.alerts_an_hour)


async def send_test(config: Config, places: Places) -> tuple[Answer, ...]:
    """
    Send a message to every destination, past the outbox, and return what each made of it.

    Raises:
        InvalidInput: A destination cannot be used.
    """
    sink = sink_of(config)
    text = "This is a test. Whoever reads it will read of kills, drift and losses here, too."
    message = Message(level="info", title=f"FadeArena ({places.mode}) test", text=text)

    async def send(name: str) -> Answer:
        try:
            await sink.send(name, message)
        except AlertUndelivered as error:
            return Answer(destination=name, error=str(error))
        return Answer(destination=name)

    return tuple(await asyncio.gather(*map(send, sink.destinations)))


async def alerts_of(places: Places, limit: int, states: Sequence[Delivery]) -> tuple[OutboxRow, ...]:
    """
    Return the newest alerts, in these states only if given.

    Raises:
        StorageError: The read store cannot be used.
    """
    async with _outbox(places) as outbox:
        return await outbox.rows(limit, states)


async def examine_alerts(config: Config, places: Places) -> Finding:
    """
    Look whether people are told, and whether it arrives.

    Raises:
        StorageError: The read store cannot be used.
    """
    async with _outbox(places) as outbox:
        failed = await outbox.rows(_LOOKED_AT, [Delivery.FAILED])
        stuck = [row for row in await outbox.rows(_LOOKED_AT, [Delivery.QUEUED]) if row.error]
    if stuck or failed:
        text = f"{len(stuck)} are not taken, {len(failed)} were given up; the newest: {(stuck or failed)[0].error}"
        advice = (
            "`fadearena alerts test` says what each destination answers, `fadearena alerts retry` queues them again"
        )
        return Finding(check="alerts", level=Level.WARN, text=text, advice=advice)
    if config.alert_destinations:
        return Finding(check="alerts", level=Level.OK, text="none waits")
    level = Level.WARN if places.mode is Mode.LIVE else Level.OK
    advice = "set FADEARENA_ALERT_URLS: docs/alerts.md tells how" if level is Level.WARN else ""
    return Finding(check="alerts", level=level, text="they are logged, and sent nowhere", advice=advice)


async def retry_alerts(places: Places, ids: Sequence[int]) -> int:
    """
    Queue failed alerts again, all of them or these; return how many.

    Raises:
        StorageError: The read store cannot be used.
    """
    async with _outbox(places) as outbox:
        return await outbox.retry(ids)


@asynccontextmanager
async def _outbox(places: Places) -> AsyncIterator[Outbox]:
    async with open_read_store(places.read) as store:
        yield store.outbox

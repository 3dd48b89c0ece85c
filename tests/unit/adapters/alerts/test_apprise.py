"""Alerts by apprise, on a webhook of this machine: what arrives, what is told of a failure, and that no secret is."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from io import StringIO

import msgspec
import pytest
from aiohttp import web

from fadearena.adapters.alerts.apprise import AppriseSink
from fadearena.model.error import AlertUndelivered, InvalidInput
from fadearena.ports.alerts import Message

SECRET = "tok-3n-s3cret"
KILL = Message(level="critical", title="FadeArena (live) critical: kill, all", text="by ann: <so>\nand again")


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Return what reaches the handlers of the log, of every level."""
    text, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


@asynccontextmanager
async def hook(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Open a webhook that answers so, and give out where it is."""
    app = web.Application()
    app.router.add_post("/{path}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def test_a_message_arrives_as_it_was_sent() -> None:
    """Title, text and weight, in its own words; each destination has a name that holds nothing of its URL."""
    got: list[dict[str, object]] = []

    async def answer(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response()

    async def story() -> None:
        async with hook(answer) as where:
            sink = AppriseSink(f" json://{where}/{SECRET},json://ann:{SECRET}@{where}/x?+X-Token=a,b ,")
            assert sink.destinations == ("1:json", "2:json")
            for name in sink.destinations:
                await sink.send(name, KILL)

    asyncio.run(story())
    assert [(each["title"], each["message"], each["type"]) for each in got] == [(KILL.title, KILL.text, "failure")] * 2


def test_a_text_that_is_too_long_is_split() -> None:
    """A service with a limit (here as JSON has it) gets several messages rather than one that it would refuse."""
    got: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        got.append((await request.json())["message"])
        return web.Response()

    async def story() -> None:
        async with hook(answer) as where:
            long = msgspec.structs.replace(KILL, text="word " * 8_000)
            await AppriseSink(f"json://{where}/x").send("1:json", long)

    asyncio.run(story())
    assert len(got) == 2
    assert " ".join(got).split() == ["word"] * 8_000


def test_a_refusal_says_why_and_hides_the_url(logged: StringIO) -> None:
    """The service's answer is told, every part of the URL is masked, and nothing is logged behind our back."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=403, reason=SECRET)

    async def story() -> list[str]:
        said = []
        async with hook(answer) as where:
            sink = AppriseSink(f"json://{where}/{SECRET} json://ann:{SECRET}@127.0.0.1:1/{SECRET}")
            for name in sink.destinations:
                with pytest.raises(AlertUndelivered) as refused:
                    await sink.send(name, KILL)
                said.append(str(refused.value))
        return said

    first, second = asyncio.run(story())
    assert "403" in first
    assert "onnection" in second
    assert SECRET not in logged.getvalue() + first + second


def test_who_does_not_answer_is_left_to_himself() -> None:
    """After some time the message counts as not taken; the error says that it may have been."""

    async def story() -> None:
        done = asyncio.Event()

        async def answer(_request: web.Request) -> web.Response:
            await done.wait()
            return web.Response()

        async with hook(answer) as where:
            sink = AppriseSink(f"json://{where}/x", timeout_s=0.05)
            with pytest.raises(AlertUndelivered, match=r"no answer within 0.05 s: it may have been taken"):
                await sink.send("1:json", KILL)
            done.set()

    asyncio.run(story())


@pytest.mark.parametrize("url", [f"bogus://{SECRET}", SECRET, f"discord://{SECRET}", f"tgram://{SECRET}"])
def test_a_url_that_is_none_is_refused_without_being_told(url: str, logged: StringIO) -> None:
    """The error names the variable, which of its parts it is, and where the right form stands."""
    with pytest.raises(InvalidInput, match=r"FADEARENA_ALERT_URLS: destination \d:\w+ .*https://appriseit") as error:
        AppriseSink(f"json://127.0.0.1 {url}" if "://" in url else url)
    assert SECRET not in f"{error.value}{logged.getvalue()}"

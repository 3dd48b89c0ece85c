"""Traces, where somebody wants them: otherwise nothing of them is even imported."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from fadearena.config import Config, variable
from fadearena.model.error import InvalidInput
from fadearena.ports.traces import Traces

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_traces(config: Config, process: str) -> AsyncIterator[Traces | None]:
    """
    Open who keeps the traces of a process; None where none are wanted.

    Raises:
        InvalidInput: They are wanted, and what sends them is not installed.
    """
    if config.traces_destination is None:
        yield None
        return
    try:
        from fadearena.adapters.traces.otlp import OtlpTraces, sent_to  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InvalidInput(
            f"{variable('traces_url')} is set, and what sends traces is missing: `pip install 'fadearena[traces]'`, or "
            "remove the setting"
        ) from error
    traces = OtlpTraces(process, sent_to(config.traces_destination))
    log.info("tracing", process=process)
    try:
        yield traces
    finally:
        await asyncio.to_thread(traces.close)

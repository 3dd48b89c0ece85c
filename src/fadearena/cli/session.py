"""What every command that touches an installation begins with: its configuration, its places, who is asking."""

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from fadearena.bootstrap.client import Client, open_client
from fadearena.bootstrap.places import Places, places_of
from fadearena.config import Config, load
from fadearena.kit import log

T = TypeVar("T")


def places(data_dir: Path | None) -> Places:
    """
    Return where everything lies; what is logged from now on is only what went wrong.

    Raises:
        InvalidInput: The configuration is wrong.
    """
    return configured(data_dir)[1]


def configured(data_dir: Path | None) -> tuple[Config, Places]:
    """
    Return the configuration, and where everything lies; what is logged from now on is only what went wrong.

    Raises:
        InvalidInput: The configuration is wrong.
    """
    config = load(data_dir=data_dir)
    log.configure("warning", config.log_format)
    return config, places_of(config)


def with_client(data_dir: Path | None, work: Callable[[Client], Awaitable[T]]) -> T:
    """
    Do something with the stores of an installation.

    Raises:
        InvalidInput: The configuration is wrong.
        StorageError: The stores cannot be used.
    """

    async def main() -> T:
        async with open_client(places(data_dir)) as client:
            return await work(client)

    return asyncio.run(main())


def actor() -> str:
    """Return who we are, as it stands in journal and records."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        user = str(os.getuid())
    return f"cli:{user}"

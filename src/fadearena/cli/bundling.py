"""The command `bundle`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from fadearena.bootstrap.bundle import make_bundle
from fadearena.cli.output import print_json, show
from fadearena.cli.session import configured


def bundle(file: Path | None, log: Path | None, data_dir: Path | None, *, as_json: bool) -> None:
    """Make a bundle, and say what is in it."""
    config, places = configured(data_dir)
    target = file or Path(f"fadearena-bundle-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz")
    made = asyncio.run(make_bundle(config, places, target, log))
    if as_json:
        print_json({"file": str(made.file), "content": made.content})
        return
    show(f"{made.file} was written. In it:")
    show(*(f"  {name:<28} {what}" for name, what in made.content.items()))
    show(
        "Keys, tokens, passwords and URLs with secrets are not in it, addresses are shortened. It does hold your bots, "
        "sizes and amounts of money: look into it before you give it to anybody."
    )

"""
Draw docs/images/demo.svg, the live view of the demo: `python -m docs.images.make_demo`.

The picture shows a moment of the demo with the default seed, played on a clock that jumps; the same code draws the same
picture.
"""

# A tool, not a package.
# ruff: noqa: INP001

import asyncio
import io
import re
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.demo import Demo, demo_on
from fadearena.cli.demo import new_scene, take_in
from fadearena.cli.view import Scene, frame
from fadearena.kit import log
from fadearena.model.units import SECOND_MS, EpochMs
from tests.support.sandbox_play import START_MS, play

PICTURE = Path(__file__).with_name("demo.svg")
SECONDS, SEED, SPEED = 1_200, 1, 20
WIDTH, HEIGHT = 110, 30
FONT = "DejaVu Sans Mono, Menlo, Consolas"
REMOTE = r"\s*@font-face \{[^}]*\}|\s*<!--.*?-->"
THEME = TerminalTheme(
    (13, 17, 23),
    (201, 209, 217),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
)


def draw(width: int = WIDTH, height: int = HEIGHT, seconds: int = SECONDS) -> str:
    """Return the picture as SVG; it fetches nothing, so it is drawn in a font that is there."""
    log.configure("error")
    with TemporaryDirectory() as folder, demo_on(Path(folder), SEED, Decimal(SPEED)) as made:
        play(made, seconds * SECOND_MS)
        scene = asyncio.run(_seen(made, START_MS + seconds * SECOND_MS))
        picture = frame(scene, made.config.paper_equity_usd, width, height)
    console = Console(record=True, width=width, height=height, file=io.StringIO(), force_terminal=True)
    console.print(picture)
    svg = console.export_svg(title="make demo", theme=THEME, unique_id="demo")
    return re.sub(r"[ \t]+$", "", re.sub(REMOTE, "", svg), flags=re.MULTILINE).replace("Fira Code", FONT)


async def _seen(made: Demo, until: EpochMs) -> Scene:
    """Return what the live view has seen at a moment, before everything stood still to be compared."""
    async with open_read_store(made.places.read) as read:
        scene = await new_scene(made, read.records)
        if scene is None:
            raise SystemExit("nothing was journaled")
        await take_in(scene, read.records, 0, until)
        return scene


if __name__ == "__main__":
    PICTURE.write_text(draw())

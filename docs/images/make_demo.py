"""
Draw docs/images/demo.svg, the live view of the demo: `python docs/images/make_demo.py`.

The picture shows a moment of the demo with the default seed; the same code draws the same picture.
"""

# A tool, not a package.
# ruff: noqa: INP001

import io
import re
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from fadearena.bootstrap import DemoPlan, demo_run
from fadearena.cli.view import Scene, frame

PICTURE = Path(__file__).with_name("demo.svg")
SECONDS, SEED, SPEED = 1_200, 1, 60
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
    plan = DemoPlan(seconds=seconds, seed=SEED)
    run = demo_run(plan)
    scene = Scene(run.policy, run.coins, Decimal(SPEED))
    run.watchers.append(scene.add)
    run.finish()
    console = Console(record=True, width=width, height=height, file=io.StringIO(), force_terminal=True)
    console.print(frame(scene, run.equity(), plan.equity, width, height))
    svg = console.export_svg(title="make demo", theme=THEME, unique_id="demo")
    return re.sub(r"[ \t]+$", "", re.sub(REMOTE, "", svg), flags=re.MULTILINE).replace("Fira Code", FONT)


if __name__ == "__main__":
    PICTURE.write_text(draw())

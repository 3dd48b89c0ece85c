"""README.md names only what is there, and shows what the commands print."""

import asyncio
import re
import shlex
from decimal import Decimal
from pathlib import Path

import pytest
import typer

from docs.images import make_demo
from fadearena.bootstrap.demo import demo_on
from fadearena.bootstrap.report import reckon
from fadearena.cli.demo import report_of, summary_of
from fadearena.cli.main import app
from fadearena.model.units import SECOND_MS
from tests.support.command import fadearena, nowhere
from tests.support.sandbox_play import play

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text()
REPLAY = (ROOT / "docs" / "replay.md").read_text()
BLOCK = re.compile(r"^```\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(PAGE)
COMMAND = typer.main.get_command(app)


def options(name: str) -> set[str]:
    """Return the options of a command."""
    command = COMMAND
    for word in name.split():
        command = getattr(command, "commands", {})[word]
    return {option for parameter in command.params for option in parameter.opts if option.startswith("--")}


def test_it_begins_with_the_two_commands() -> None:
    """The first block is all that a newcomer needs, and the limits of today stand before it."""
    assert re.findall(r"^make (\w+)", BLOCKS[0], flags=re.MULTILINE) == ["demo", "test"]
    before = PAGE.partition("```")[0]
    assert "trades on paper until you arm it" in before


def test_every_target_exists() -> None:
    """What follows `make` is a target."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"^make ([a-z-]+)", PAGE, flags=re.MULTILINE)) <= targets
    assert set(re.findall(r"`make ([a-z-]+)", PAGE)) <= targets


def test_every_option_exists() -> None:
    """Each option that is named belongs to one of the commands; those of a demo's line to the demo."""
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE))
    assert named <= set().union(*map(options, ("demo", "kill", "flatten", "doctor", "token create", "export")))
    for arguments in re.findall(r'make demo ARGS="([^"]*)"', PAGE):
        assert {word for word in shlex.split(arguments) if word.startswith("--")} <= options("demo")


def test_every_command_exists() -> None:
    """Each line that begins with the program names a command of it."""
    lines = re.findall(r"^\.venv/bin/fadearena ([a-z ]+?)(?: +#| *$)", PAGE, flags=re.MULTILINE)
    assert len(lines) > 5
    for line in lines:
        command = COMMAND
        for word in line.split():
            command = getattr(command, "commands", {})[word]


@pytest.mark.parametrize(
    "path",
    sorted({*re.findall(r"\]\(([^)#]+)\)", PAGE), *re.findall(r"`((?:tests|docs|src)/[\w./-]+)`", PAGE)}),
)
def test_every_path_exists(path: str) -> None:
    """Links and paths lead to files of this repository."""
    assert (ROOT / path).exists()


def test_the_replay_prints_what_is_shown() -> None:
    """The example is the command's own output; the journal's hash is left out."""
    (block,) = BLOCK.findall(REPLAY)
    line, _, shown = block.partition("\n")
    arguments = line.split()[2:]
    ended = fadearena(*(ROOT / word if word.startswith("docs/") else word for word in arguments))
    printed = [text.rstrip() for text in ended.out.splitlines() if not text.startswith("journal ")]
    assert printed == [text.rstrip() for text in shown.splitlines()]


def test_the_demo_ends_as_is_shown() -> None:
    """The summary has the same words; the numbers are those of another length."""
    (block,) = (block for block in BLOCKS if " events, " in block)
    with nowhere(), demo_on(None, 1, Decimal(20)) as made:
        truth = play(made, 90 * SECOND_MS)
        summary = summary_of(report_of(asyncio.run(reckon(made)), truth, made))
    words = [re.sub(r"[\d.]+", "N", text) for text in (block.rstrip("\n"), "\n".join(summary))]
    assert words[0] == words[1]


def test_the_picture_can_be_drawn_again() -> None:
    """It is drawn by a script that draws the same each time, and fetches nothing from elsewhere."""
    picture = make_demo.draw(seconds=20)
    assert picture == make_demo.draw(seconds=20)
    for svg in (picture, make_demo.PICTURE.read_text()):
        assert "grok-4" in svg
        assert "decisions" in svg
        assert set(re.findall(r"https?://[\w./]+", svg)) == {"http://www.w3.org/2000/svg"}


def test_it_fits_a_short_read() -> None:
    """At most 120 lines."""
    assert len(PAGE.splitlines()) <= 120

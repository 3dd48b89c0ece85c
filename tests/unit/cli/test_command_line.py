"""The command line as a whole: help, usage errors, exit codes, and the document that describes them."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import fadearena
from fadearena.cli.errors import on_uncaught
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.main import app
from fadearena.cli.naming import address_in, recorded_bots, slug_of
from fadearena.cli.ordering import OrderReport
from fadearena.model.policy.form import camel
from tests.support.command import fadearena as run
from tests.support.fills import row, write

DOCUMENT = Path(__file__).parents[3] / "docs" / "cli.md"
GROUP: Any = typer.main.get_command(app)
ADDRESS = "0x" + "1a" * 20


def options_of(command: Any) -> set[str]:
    """Return the options of a command that people should know of."""
    known = {name for p in command.params if not getattr(p, "hidden", False) for name in p.opts}
    return {name for name in known if name.startswith("--")} - {"--help"}


def commands() -> Iterator[tuple[str, set[str]]]:
    """Return each command with its options; those of groups with the group's name before them."""
    for name, command in sorted(GROUP.commands.items()):
        if not hasattr(command, "commands"):
            yield name, options_of(command)
            continue
        for below, each in sorted(command.commands.items()):
            yield f"{name} {below}", options_of(each)


def test_version_is_that_of_the_package() -> None:
    """`version` prints the package's version, for people and for scripts."""
    assert fadearena.__version__ in run("version").out
    assert run("version", "--json").report["version"] == fadearena.__version__


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay",),
        ("bogus",),
        ("replay", "x", "--direction", "sideways"),
        ("replay", "x", "--multiplier", "0"),
        ("replay", "x", "--multiplier", "11"),
        ("replay", "x", "--multiplier", "NaN"),
        ("replay", "x", "--equity", "-1"),
        ("replay", "x", "--equity", "much"),
        ("replay", "x", "--half-spread-bps", "-1"),
        ("demo", "--seconds", "0"),
        ("demo", "--seconds", "x"),
        ("demo", "--speed", "0"),
        ("demo", "--seed", "-1"),
        ("demo", "--bogus"),
        ("bots", "add", "grok-4"),
        ("bots", "bogus"),
        ("bots", "enable"),
        ("bots", "import"),
        ("bots", "list", "--limit", "0"),
        ("bots", "discover", "--by", "luck"),
        ("bots", "discover", "--window", "year"),
        ("bots", "discover", "--min-value", "-1"),
        ("bots", "discover", "--add", "0"),
        ("bots", "discover", "--enable"),
        ("settings", "set"),
        ("journal", "show", "0"),
        ("journal", "show", "first"),
        ("journal", "skip", "3"),
        ("journal", "prune", "--keep", "1"),
        ("db", "downgrade", "journal"),
        ("kill", "--bogus"),
    ],
)
def test_wrong_usage_is_told(arguments: tuple[str, ...]) -> None:
    """A wrong option or value ends with the exit code for usage and a message that names it."""
    ended = run(*arguments)
    assert ended.code == ExitCode.USAGE
    assert "Error: " in ended.err
    assert "Traceback" not in ended.err


def test_help_says_what_there_is() -> None:
    """Help lists the commands, and each command its options."""
    whole = run("--help").out
    for name, options in commands():
        assert name.split()[0] in whole
        shown = run(*name.split(), "--help")
        assert shown.code == ExitCode.OK
        assert all(option in shown.out for option in options), name


def test_help_imports_nothing_heavy() -> None:
    """`--help` stays quick because rich, the core and the adapters are not imported for it."""
    code = (
        "import sys, runpy\n"
        "sys.argv = ['fadearena', '--help']\n"
        "try:\n    runpy.run_module('fadearena', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'rich', 'asyncio', 'pydantic', 'fadearena.core', 'fadearena.adapters', 'fadearena.bootstrap'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_module_is_the_command() -> None:
    """`python -m fadearena` is the command, and its exit code is the process's."""
    done = subprocess.run(
        [sys.executable, "-m", "fadearena", "replay", "/nonexistent"], capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitCode.UNUSABLE_INPUT
    assert done.stderr.startswith("fadearena: /nonexistent cannot be read")


def test_unexpected_error_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody thought of is told in one line without a traceback; a broken pipe is not told at all."""
    on_uncaught(ZeroDivisionError, ZeroDivisionError("division\nby zero"), None)
    told = capsys.readouterr().err
    assert told.startswith("fadearena: unexpected ZeroDivisionError: division by zero; please report it")
    assert told.count("\n") == 1
    on_uncaught(BrokenPipeError, BrokenPipeError(), None)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("copytrader_acc3_leader.jsonl", "copytrader_acc3_leader"),
        ("Claude Sonnet 4.5.JSONL.GZ", "claude-sonnet-4.5"),
        ("..jsonl", "bot"),
        ("é.json", "bot"),
        ("a" * 99 + ".jsonl", "a" * 56),
    ],
)
def test_names_of_files_become_ids(name: str, slug: str) -> None:
    """A bot's id is the file's name without suffixes, with odd characters replaced."""
    assert slug_of(Path("x") / name) == slug


def test_wallets_are_found_or_made_up(tmp_path: Path) -> None:
    """A wallet is the address in the name; without one it is made up, the same for the same name."""
    assert address_in(Path(f"fills_{ADDRESS.upper()}_2023.jsonl")) == ADDRESS
    assert address_in(Path(f"0xno_{ADDRESS}.jsonl")) == ADDRESS
    assert address_in(Path("0x12.jsonl")) is None
    (tmp_path / "x").mkdir()
    files = [write(tmp_path / name, [row()]) for name in ("a.jsonl", "b.jsonl", "x/a.ndjson")]
    one, two, same = (recorded_bots([file])[0].wallet for file in files)
    assert one == same
    assert one != two
    assert re.fullmatch("0x[0-9a-f]{40}", one)


def test_document_names_every_command_option_and_exit_code() -> None:
    """docs/cli.md has a section for each command, every option in it, no other, and all exit codes."""
    text = DOCUMENT.read_text()
    sections = dict(re.findall(r"^## `fadearena (\w+)`\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    expected: dict[str, set[str]] = {}
    for name, options in commands():
        expected.setdefault(name.split()[0], set()).update(options)
        if " " in name:
            assert f"| `{name}" in sections[name.split()[0]]
    assert set(sections) == set(expected)
    for section, options in expected.items():
        assert set(re.findall(r"`(--[a-z-]+)", sections[section])) == options, section
    codes = {int(code): name for code, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.MULTILINE)}
    assert codes == {int(code): code.name for code in ExitCode}


def test_document_shows_the_fields_of_the_reports(tmp_path: Path) -> None:
    """The JSON examples in docs/cli.md have the fields that the commands print."""
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)]
    order, demo, replay, version = examples
    assert set(order) == {camel(name) for name in OrderReport.__struct_fields__}
    assert set(demo) == set(run("demo", "--seconds", "1", "--hours", "0", "--headless", "--json").report)
    assert set(version) == set(run("version", "--json").report)
    report = run("replay", write(tmp_path / "leader.jsonl", [row()]), "--json").report
    assert set(replay) == set(report)
    assert set(replay["totals"]) == set(report["totals"])
    (bot,) = replay["bots"]
    assert set(bot["coins"]["ETH"]) == set(report["bots"][0]["coins"]["ETH"])
    assert set(replay["badLines"][0]) == {"file", "line", "reason"}

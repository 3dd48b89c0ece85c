"""The units of systemd: what they start, when they are started again, and how little they may do."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from fadearena.cli.exit_codes import AGAIN, FINAL
from fadearena.cli.main import app
from fadearena.config import Config, variable

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
EXPOSURE_MAX = 20
"""Tenths: below 2.0 systemd calls a service well protected."""

analyzed = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def settings(unit: Path) -> dict[str, list[str]]:
    """Return the settings of a unit, by name."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(), flags=re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def analyze(*arguments: str) -> str:
    """Run systemd-analyze, and return all that it said."""
    assert ANALYZE is not None
    ended = subprocess.run([ANALYZE, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return copies of the units that start a program which is there."""
    program = tmp_path / "fadearena"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/opt/fadearena/bin/fadearena", os.fspath(program))
        (tmp_path / unit.name).write_text(text)
    return tmp_path


@analyzed
def test_systemd_understands_the_units(installed: Path) -> None:
    """Nothing in them is unknown, missing or misspelt."""
    units = [os.fspath(unit) for unit in sorted(installed.glob("fadearena[-.]*"))]
    assert len(units) == 3
    said = analyze("verify", "--man=no", *units)
    assert "fadearena" not in said


@analyzed
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_the_services_are_hardened(unit: Path) -> None:
    """By systemd's own measure they are exposed to little."""
    said = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", os.fspath(unit))
    assert "OK" in said.splitlines()[-1]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_the_services_start_what_there_is(unit: Path) -> None:
    """The command exists, variables are settings, and exit codes are treated as `up` treats them."""
    found = settings(unit)
    (start,) = found["ExecStart"]
    assert start.split()[1:] == [unit.stem.removeprefix("fadearena-")]
    assert start.split()[1] in getattr(typer.main.get_command(app), "commands", {})
    variables = {text.partition("=")[0] for text in found["Environment"][0].split()} - {"PYTHONDONTWRITEBYTECODE"}
    assert variables <= {variable(field) for field in Config.model_fields}
    assert found["RestartForceExitStatus"] == [" ".join(str(int(code)) for code in sorted(AGAIN))]
    assert found["RestartPreventExitStatus"] == [" ".join(str(int(code)) for code in sorted(FINAL))]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_the_services_are_watched(unit: Path) -> None:
    """They say when they are ready, feed a watchdog, and are started again however often they die."""
    found = settings(unit)
    assert found["Type"] == ["notify"]
    assert int(found["WatchdogSec"][0]) >= 30
    assert (found["Restart"], found["StartLimitIntervalSec"]) == (["always"], ["0"])


def test_keys_reach_the_worker_alone() -> None:
    """The file of what only the worker may know is read by its unit only."""
    assert [unit.name for unit in SERVICES if "worker.env" in unit.read_text()] == ["fadearena-worker.service"]


def test_the_target_has_both() -> None:
    """Whoever begins or ends the target begins or ends both."""
    target = settings(UNITS / "fadearena.target")
    assert sorted(target["Wants"][0].split()) == [unit.name for unit in SERVICES]
    assert all(settings(unit)["PartOf"] == ["fadearena.target"] for unit in SERVICES)

"""The command `doctor`."""

import asyncio
from pathlib import Path

from fadearena.bootstrap.doctor import examine
from fadearena.bootstrap.places import places_of
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.output import print_json, show
from fadearena.config import load
from fadearena.kit import log
from fadearena.model.finding import Finding, Level, worst

_CODES = {Level.OK: ExitCode.OK, Level.WARN: ExitCode.WARNED, Level.FAIL: ExitCode.FAILED}


def doctor(data_dir: Path | None, *, live: bool, as_json: bool) -> None:
    """Make all checks; the exit code is that of the worst."""
    config = load(data_dir=data_dir)
    log.configure("error", config.log_format)
    findings = asyncio.run(examine(config, places_of(config), live=live))
    level = worst(findings)
    if as_json:
        print_json({"level": level, "checks": findings})
    else:
        show(*(_line(found) for found in findings))
    if level is not Level.OK:
        raise SystemExit(int(_CODES[level]))


def _line(found: Finding) -> str:
    line = f"{found.level:<5} {found.check}: {found.text}"
    return f"{line}\n      {found.advice}" if found.advice else line

"""The command `db copy`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fadearena.bootstrap.moving import Copied, configured_at, copy_installation
from fadearena.cli.output import print_json, show
from fadearena.cli.session import configured
from fadearena.config import Config, variable


def copy(source: str, target: str, data_dir: Path | None, *, as_json: bool) -> None:
    """Copy an installation, and say what to set so that it is used."""
    config, _ = configured(data_dir)
    copied = asyncio.run(copy_installation(config, source, target))
    advice = _advice(config, configured_at(config, target))
    if as_json:
        print_json({"modes": [_form(one) for one in copied], "next": advice})
        return
    for one in copied:
        show(
            f"{one.mode}: {one.rows} rows of {len(one.tables)} tables, each compared; a worker goes on after entry "
            f"{one.standing.journal_seq} of the journal (record {one.standing.record_seq})"
        )
    for sentence in advice:
        show(sentence)


def _form(copied: Copied) -> dict[str, Any]:
    return {
        "mode": copied.mode,
        "journalSeq": copied.standing.journal_seq,
        "recordSeq": copied.standing.record_seq,
        "stateChecksum": copied.standing.checksum,
        "tables": [{"table": one.name, "rows": one.rows, "checksum": one.checksum} for one in copied.tables],
    }


def _advice(before: Config, after: Config) -> Sequence[str]:
    url, directory = variable("database_url"), variable("data_dir")
    if after.database is not None:
        said = [f"Set {url} to the second URL; {directory}={after.data_dir} stays: mode.json, KILL and keys are there."]
    else:
        said = [f"Remove {url}, and set {directory}={after.data_dir}"]
        if after.data_dir != before.data_dir:
            said.append(f"Files of keys and a file KILL in {before.data_dir} were not copied.")
    return [*said, "Never run a worker on both: each would send orders of its own."]

"""A bundle holds what a bug report needs, and no secret, wherever it stood."""

import json
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from fadearena.bootstrap.bundle.making import end_of
from fadearena.bootstrap.bundle.redaction import Redaction, redaction_of
from fadearena.cli.exit_codes import ExitCode
from fadearena.config import Config
from fadearena.model.error import InvalidInput
from tests.support.command import Ended, fadearena

KEY = "0x" + "5ec2e7" * 10 + "abcd"
TOKEN = "fa_0123456789ab_" + "MarkedTokenOfOurs" + "x" * 26
ALERTS = "tgram://987654321:MarkedAlertSecret/12345678,mailto://ann:MarkedMailSecret@example.org"
TRACES = "http://ann:MarkedTracePassword@127.0.0.1:4318/MarkedTracePath"
DATABASE = "postgresql://fadearena:MarkedDatabase%20Password@db.example.org/fadearena"
SETTINGS = {
    "FADEARENA_ALERT_URLS": ALERTS,
    "FADEARENA_TRACES_URL": TRACES,
    "FADEARENA_AGENT_KEYS": KEY,
}
ADDRESS = "0xAbCd" + "0" * 32 + "4321"
LOG = f"""\
{{"event": "order_sent", "address": "{ADDRESS}", "cloid": "0x{"1" * 32}"}}
{{"event": "odd", "text": "key {KEY} and {KEY.removeprefix("0x")}, Authorization: Bearer MarkedBearer.Token-1"}}
{{"event": "odd", "text": "{TOKEN} tgram://987654321:MarkedAlertSecret/12345678 password=MarkedPlainPassword"}}
{{"event": "odd", "text": "cannot reach {TRACES}: ann:MarkedMailSecret"}}
"""


@dataclass(frozen=True)
class Made:
    """A bundle that was made, with secrets in the settings and in a log; and what was said."""

    home: Path
    target: Path
    ended: Ended

    @property
    def files(self) -> dict[str, str]:
        """Its files, by name."""
        return content(self.target)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make one of a data directory with tables and settings."""
    home = tmp_path_factory.mktemp("bundle")
    log, target, data = home / "worker.log", home / "bundle.tar.gz", home / "data"
    assert fadearena("db", "seed", "--data-dir", data).code == 0
    log.write_text(LOG)
    ended = fadearena("bundle", target, "--log", log, "--data-dir", data, settings=SETTINGS)
    assert ended.code == 0, ended.err
    return Made(home, target, ended)


def content(target: Path) -> dict[str, str]:
    """Return the files of a bundle by name."""
    with tarfile.open(target) as archive:
        found = {}
        for member in archive.getmembers():
            file = archive.extractfile(member)
            assert file is not None
            found[member.name.removeprefix("fadearena-bundle/")] = file.read().decode()
        return found


def test_no_secret_is_in_it(made: Made) -> None:
    """Neither of the settings nor of the log, in no form in which it stood there."""
    whole = "\n".join(f"{name}\n{text}" for name, text in made.files.items())
    assert "Marked" not in whole
    assert "5ec2e7" not in whole
    assert "987654321" not in whole


def test_addresses_are_shortened_and_orders_keep_their_names(made: Made) -> None:
    """Enough to tell them apart; ids of orders are no secret."""
    log = made.files["log.txt"]
    assert ADDRESS not in log
    assert "0xAbCd...4321" in log
    assert "0x" + "1" * 32 in log


def test_it_says_what_is_in_it(made: Made) -> None:
    """To whoever made it, and to whoever opens it; each JSON file can be read."""
    files = made.files
    assert set(files) == {
        "README.txt",
        "versions.json",
        "config.json",
        "doctor.json",
        "status.json",
        "settings.json",
        "records.json",
        "orders.json",
        "journal.json",
        "log.txt",
    }
    for name, text in files.items():
        if name != "README.txt":
            assert name in made.ended.out
            assert name in files["README.txt"]
        if name.endswith(".json"):
            json.loads(text)
    assert "look into it before you give it to anybody" in made.ended.out
    assert stat.S_IMODE(made.target.stat().st_mode) == 0o600


def test_it_holds_what_is_needed(made: Made) -> None:
    """Versions, which secrets are set, what doctor found, the kinds of entries, the bots."""
    files = {name: json.loads(text) for name, text in made.files.items() if name.endswith(".json")}
    assert files["config.json"]["alert_urls"] == "is set"
    assert files["config.json"]["network"] == "arena"
    assert {"fadearena", "python", "system", "packages"} <= files["versions.json"].keys()
    assert any(found["check"] == "journal" for found in files["doctor.json"])
    assert {"seq", "received", "rules", "event", "commands", "records"} == files["journal.json"][0].keys()
    assert files["settings.json"]["policy"]["bots"]
    assert files["status.json"]["system"]["settings_version"] >= 1


def test_what_cannot_be_read_stands_there_with_the_reason(tmp_path: Path) -> None:
    """Without any database there is a bundle, too."""
    target = tmp_path / "bundle.tar.gz"
    ended = fadearena("bundle", target, "--data-dir", tmp_path / "none", "--json")
    assert (ended.code, ended.report["file"]) == (0, str(target))
    files = content(target)
    assert "unreadable" in json.loads(files["records.json"])
    assert json.loads(files["versions.json"])["python"]


def test_nothing_is_overwritten(made: Made) -> None:
    """A file that is there stays."""
    before = made.target.read_bytes()
    again = fadearena("bundle", made.target, "--data-dir", made.home / "data")
    assert (again.code, "is there already" in again.err) == (ExitCode.UNUSABLE_INPUT, True)
    assert made.target.read_bytes() == before


def test_of_a_long_log_the_end_is_taken(tmp_path: Path) -> None:
    """From the beginning of a line on; one that is not there is said."""
    log = tmp_path / "long.log"
    log.write_text("one\ntwo\nthree\n")
    assert end_of(log, 100) == "one\ntwo\nthree\n"
    assert end_of(log, 8) == "three\n"
    with pytest.raises(InvalidInput, match="cannot be read"):
        end_of(tmp_path / "nothing.log", 8)


def test_a_databases_password_is_replaced_and_its_name_is_not(tmp_path: Path) -> None:
    """In the form in which it is set, and in the one in which a driver may say it."""
    redaction = redaction_of(Config(data_dir=tmp_path, database_url=DATABASE))  # type: ignore[arg-type]  # parsed
    text = redaction.text(f"{DATABASE} failed: MarkedDatabase Password, MarkedDatabase%20Password; fadearena ended")
    assert "Marked" not in text
    assert "fadearena ended" in text


def test_names_are_replaced_as_words() -> None:
    """A user called `ann` does not spoil `annual`."""
    redaction = Redaction(names={"ann": "USER", "/home/ann": "~", "x": "MACHINE"})
    assert redaction.text("ann at x: /home/ann/annual") == "USER at x: /home/USER/annual"

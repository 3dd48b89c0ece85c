"""docs/operations.md names only files, commands and settings that there are, and each alert has its section."""

import re
from pathlib import Path

import pytest
import typer
import yaml

from fadearena.bootstrap.bundle.making import CONTENT
from fadearena.cli.main import app
from fadearena.config import AGENT_KEYS, Config, variable
from tests.support.metrics import all_metrics

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
COMMAND = typer.main.get_command(app)
RULES = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yaml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
HEADINGS = re.findall(r"^#+ (.+)$", PAGE, flags=re.MULTILINE)


def anchor(heading: str) -> str:
    """Return how a heading is linked to."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


ANCHORS = {anchor(heading) for heading in HEADINGS}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_each_alert_has_its_section(rule: dict[str, dict[str, str]]) -> None:
    """The annotation `runbook` leads to a heading of the page."""
    page, _, section = rule["annotations"]["runbook"].partition("#")
    assert page == "docs/operations.md"
    assert section in ANCHORS


def test_each_section_has_its_alert() -> None:
    """Below the runbook there is nothing that no alert leads to."""
    runbook = re.findall(r"^### (.+)$", PAGE, flags=re.MULTILINE)
    assert runbook == [rule["annotations"]["runbook"].partition("#")[2] for rule in ALERTS]


def test_every_link_leads_somewhere() -> None:
    """To a page of the documentation, or to a heading of this one."""
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert links
    for link in links:
        page, _, section = link.partition("#")
        assert (ROOT / "docs" / page).exists()
        assert page or section in ANCHORS


def test_every_command_exists() -> None:
    """Each `fadearena ...` that is named, and each command that is run in a container, is there with its options."""
    found = re.findall(r"`(?:docker compose exec worker )?fadearena ([^`]+)`", PAGE)
    found += re.findall(r"run --rm (?:worker|api) ([^`\n]+)", PAGE)
    assert len(found) > 20
    for text in found:
        command = COMMAND
        for word in text.split():
            inner = getattr(command, "commands", {})
            if word.startswith("--"):
                assert word in {option for parameter in command.params for option in parameter.opts}, text
            elif inner:
                assert word in inner, text
                command = inner[word]


def test_every_file_exists() -> None:
    """What is said to lie in the repository does."""
    for path in set(re.findall(r"`?(deploy/[\w./-]+)`?", PAGE)) - {"deploy/.env"}:
        assert list(ROOT.glob(path.rstrip("/.") + "*")), path


def test_every_setting_and_metric_exists() -> None:
    """Variables are settings, or what compose is set with; metrics are given out."""
    compose = (ROOT / "deploy" / "compose.env.example").read_text()
    settings = {variable(field) for field in Config.model_fields} | {AGENT_KEYS}
    named = set(re.findall(r"FADEARENA_[A-Z_]+", PAGE))
    assert named - settings <= set(re.findall(r"FADEARENA_[A-Z_]+", compose))
    assert set(re.findall(r"`(fadearena_\w+)`", PAGE)) <= set(all_metrics())


def test_the_bundle_is_told_as_it_is() -> None:
    """Each file that a bundle may hold stands in the table."""
    rows = re.findall(r"^\| (`[^|]+) \| ", PAGE, flags=re.MULTILINE)
    told = set(re.findall(r"`([\w./]+)`", " ".join(rows)))
    assert set(CONTENT) | {"README.txt"} <= told

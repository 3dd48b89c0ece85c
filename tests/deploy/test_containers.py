"""The image and the compose file keep to their rules, as far as that can be read off them."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fadearena.config import Config, variable

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
IGNORED = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
SETTINGS = {variable(field) for field in Config.model_fields}
SOURCE = (DEPLOY / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(SOURCE)
EXAMPLE = (DEPLOY / "compose.env.example").read_text()
OURS = ("worker", "api")


HADOLINT = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, their lines joined, comments left out."""
    text = (DEPLOY / "Dockerfile").read_text()
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", lines)
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def last_stage() -> dict[str, list[str]]:
    """Return what the image itself is made by."""
    found: dict[str, list[str]] = {}
    for word, rest in instructions():
        if word == "FROM":
            found = {}
        found.setdefault(word, []).append(rest)
    return found


def test_the_base_is_pinned_and_overridable() -> None:
    """To a version and a release of Debian; every stage begins with it."""
    found = instructions()
    (base,) = [rest for word, rest in found if word == "ARG"]
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+-slim-[a-z]+", base)
    assert {rest.split()[0] for word, rest in found if word == "FROM"} == {"${PYTHON_IMAGE}"}


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed")
def test_a_linter_finds_nothing() -> None:
    """Where hadolint is installed it is asked, too."""
    assert HADOLINT is not None
    ended = subprocess.run([HADOLINT, str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_nothing_is_fetched_that_is_not_pinned_by_hash() -> None:
    """No ADD, no system packages; installers are told to look at hashes, or install what was built here."""
    assert not [word for word, _ in instructions() if word == "ADD"]
    runs = " && ".join(rest for word, rest in instructions() if word == "RUN")
    assert "apt" not in runs
    assert "://" not in runs
    installs = [step for step in runs.split("&&") if "pip install" in step]
    assert len(installs) == 4
    assert all("--require-hashes" in step or "--no-deps /wheel/*.whl" in step for step in installs)


def test_all_that_is_copied_exists_and_is_let_in() -> None:
    """Each source of COPY is there, and what is kept from the builder does not hold it back."""
    sources = [
        source
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert sources
    for source in sources:
        assert (ROOT / source).exists()
        assert f"!{source}" in IGNORED or (source.startswith("requirements/") and "!requirements/*.lock" in IGNORED)
    assert IGNORED[1] == "*"


def test_the_image_runs_as_nobody_special() -> None:
    """A user by number that is not root; exec forms; a health check; no secrets."""
    stage = last_stage()
    (user,) = stage["USER"]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert json.loads(stage["ENTRYPOINT"][0]) == ["fadearena"]
    assert json.loads(stage["CMD"][0]) == ["api"]
    (check,) = stage["HEALTHCHECK"]
    assert "/healthz" in json.loads(check.partition("CMD ")[2])[-1]
    names = {name.partition("=")[0] for line in stage["ENV"] for name in shlex.split(line)}
    assert {name for name in names if name.startswith("FADEARENA_")} <= SETTINGS


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_every_service_is_locked_up(name: str) -> None:
    """A root that cannot be written, no capability that it does not need, a limit of processes, a health check."""
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"]
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert service["restart"] == "unless-stopped"
    assert "privileged" not in service
    assert ("cap_add" in service) == (name == "postgres")


def test_only_the_api_is_reached_and_only_from_this_machine() -> None:
    """The database is in a network that leads nowhere."""
    services = COMPOSE["services"]
    assert {name: service.get("ports") for name, service in services.items()} == {
        "postgres": None,
        "worker": None,
        "api": ["127.0.0.1:${FADEARENA_PORT:-4800}:4800"],
    }
    assert services["postgres"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_no_password_is_a_default() -> None:
    """Compose refuses to start before one was set."""
    assert set(re.findall(r"\$\{POSTGRES_PASSWORD[^}]*", SOURCE)) == {
        "${POSTGRES_PASSWORD:?set it in .env, to what `openssl rand -hex 24` prints"
    }
    assert re.search(r"^POSTGRES_PASSWORD=$", EXAMPLE, flags=re.MULTILINE)


def test_every_variable_is_documented() -> None:
    """What compose.yaml asks for stands in the example, with the same default, and the other way round."""
    flat = re.sub(r"(:-[^}]*)\$\{\w+:-([^}]*)\}\}", r"\1\2}", SOURCE)  # a default that has another variable in it
    asked = dict(re.findall(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", flat))
    documented = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", EXAMPLE, flags=re.MULTILINE))
    assert asked == documented


def test_services_are_given_settings_that_there_are() -> None:
    """Each is one of the program's; keys never reach the API, and what arms trading only the worker."""
    given: dict[str, dict[str, Any]] = {name: COMPOSE["services"][name]["environment"] for name in OURS}
    for name in OURS:
        assert set(given[name]) <= SETTINGS
        assert COMPOSE["services"][name]["command"] == [name]
    assert "FADEARENA_LIVE" not in given["api"]
    assert not given["api"]["FADEARENA_HOST"].startswith("127.")

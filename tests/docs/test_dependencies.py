"""Dependencies are declared in pyproject.toml, pinned in the locks, and explained in decision 0004."""

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import fadearena

ROOT = Path(__file__).parents[2]
APART = ("generator", "node")
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


def declared() -> list[list[Requirement]]:
    """Return what pyproject.toml asks for: to run, for extras and to work on it, and what has a lock of its own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = project["project"]["dependencies"]
    groups = project["dependency-groups"] | project["project"]["optional-dependencies"]
    apart = [groups.pop(name) for name in APART]
    dev = [text for group in groups.values() for text in group if isinstance(text, str)]
    return [[Requirement(text) for text in texts] for texts in (runtime, dev, *apart)]


def locked(name: str) -> dict[str, str]:
    """Return package -> version of one lock."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, flags=re.MULTILINE))


def test_every_dependency_is_locked_in_its_range() -> None:
    """What pyproject.toml asks for stands in the lock, in a version that it allows."""
    runtime, dev, *apart = declared()
    for requirements, name in ((runtime, "runtime"), (runtime + dev, "dev"), *zip(apart, APART, strict=True)):
        pins = locked(name)
        for requirement in requirements:
            assert pins.get(requirement.name, "none") in requirement.specifier, requirement


@pytest.mark.parametrize("name", ["runtime", "bootstrap"])
def test_the_locks_agree(name: str) -> None:
    """Those who work on FadeArena have the versions that those who run it have."""
    assert locked(name).items() <= locked("dev").items()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_has_hashes_and_no_address(lock: Path) -> None:
    """Every package has a hash, and no line says where it came from."""
    text = lock.read_text()
    assert "://" not in text
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)


def test_every_dependency_is_explained() -> None:
    """Decision 0004 has a line for each dependency, and none for what is not used any more."""
    asked = [requirement.name for requirements in declared() for requirement in requirements]
    page = (ROOT / "docs" / "decisions" / "0004-dependencies.md").read_text()
    explained = re.findall(r"^\| ([a-z][a-z0-9-]*) \|(?! what for)", page, flags=re.MULTILINE)
    assert sorted(explained) == sorted(asked)


def test_the_version_is_written_once() -> None:
    """The installed version is the one in `fadearena.__version__`."""
    assert version("fadearena") == fadearena.__version__


def test_the_lock_of_the_page_has_hashes_and_no_address() -> None:
    """Npm writes addresses of sponsors into it: `funding` of each package has to be taken out again."""
    text = (ROOT / "web" / "package-lock.json").read_text()
    assert "://" not in text, "take `funding` out of the packages in web/package-lock.json"
    packages = json.loads(text)["packages"]
    assert all("integrity" in one for name, one in packages.items() if name)

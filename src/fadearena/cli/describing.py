"""The command `openapi`."""

from fadearena.api.app import description
from fadearena.cli.output import print_json


def openapi() -> None:
    """Print what the API can do."""
    print_json(description())

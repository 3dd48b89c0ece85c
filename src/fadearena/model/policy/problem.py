"""What can be wrong with a setting, as sentences that name it."""

from collections.abc import Callable

from fadearena.model.error import InvalidInput
from fadearena.model.units import Usd


def positive(problems: list[str], name: str, value: Usd | None) -> None:
    """Note a value that is there and not positive."""
    if value is not None and value <= 0:
        problems.append(f"{name} must be positive or null")


def well_formed(problems: list[str], parse: Callable[[str], str], text: str) -> None:
    """Note a text that is not in its normal form."""
    try:
        normal = parse(text)
    except InvalidInput as error:
        problems.append(str(error))
    else:
        if normal != text:
            problems.append(f"{text!r} must be written {normal!r}")

"""Numbers as the page writes them in American English; what is unknown is a dash."""

from decimal import ROUND_HALF_UP, Decimal
from typing import TypeAlias

Known: TypeAlias = float | None
UNKNOWN = "\N{EN DASH}"


def usd(x: Known) -> str:
    """Return whole dollars."""
    return _money(x, 0)


def usd2(x: Known) -> str:
    """Return dollars with cents."""
    return _money(x, 2)


def signed(x: Known) -> str:
    """Return dollars with sign and cents, without their sign of currency."""
    return UNKNOWN if x is None else _sign(_rounded(x, 2)) + f"{abs(_rounded(x, 2)):,}"


def pct(ratio: Known, digits: int = 2) -> str:
    """Return a ratio in percent."""
    return UNKNOWN if ratio is None else f"{_rounded(100 * _exact(ratio), digits):,}%"


def signed_pct(ratio: Known) -> str:
    """Return a ratio in percent, with its sign."""
    if ratio is None:
        return UNKNOWN
    part = _rounded(100 * _exact(ratio), 2)
    return _sign(part) + f"{abs(part):,}%"


def price(x: Known) -> str:
    """Return a price: two decimals from a thousand on, else six digits."""
    if x is None:
        return UNKNOWN
    return _short(_rounded(x, 2) if abs(x) >= 1_000 else _digits(x, 6))


def size(x: Known) -> str:
    """Return a size: six decimals, and two digits of a small one."""
    if x is None:
        return UNKNOWN
    return _short(_digits(x, 2) if x and abs(x) < 1e-4 else _rounded(x, 6))


def bps(x: Known) -> str:
    """Return hundredths of a percent."""
    return UNKNOWN if x is None else f"{_rounded(x, 1):,} bps"


def integer(x: Known) -> str:
    """Return a whole number."""
    return UNKNOWN if x is None else f"{_rounded(x, 0):,}"


def words(name: str) -> str:
    """Return a name of the program in words."""
    return name.replace("_", " ").replace("-", " ").lower()


def _exact(x: float | Decimal) -> Decimal:
    return x if isinstance(x, Decimal) else Decimal(repr(x))


def _rounded(x: float | Decimal, digits: int) -> Decimal:
    found = _exact(x).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return found or abs(found)


def _digits(x: float, digits: int) -> Decimal:
    exact = _exact(x)
    return _rounded(exact, digits - 1 - exact.adjusted()) if exact else exact


def _short(x: Decimal) -> str:
    text = f"{x:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sign(x: Decimal) -> str:
    return "+" if x > 0 else "-" if x < 0 else ""


def _money(x: Known, digits: int) -> str:
    if x is None:
        return UNKNOWN
    found = _rounded(x, digits)
    return f"{'-' if found < 0 else ''}${abs(found):,}"

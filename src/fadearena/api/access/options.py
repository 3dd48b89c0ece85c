"""What the access layer has to know of the process that it stands in."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

import msgspec

from fadearena.model.units import HOUR_MS, EpochMs

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing; whatever else comes is a change."""


class AccessOptions(msgspec.Struct, frozen=True, kw_only=True):
    """
    Where we listen, and how we are reached.

    `public_url` is what people type into a browser where that is not the address that we listen at; pages of `origins`
    may use the API beside our own. A body has at most `body_max` bytes (`small_body_max` from somebody who may change
    nothing), and has come within `body_s` seconds.
    """

    host: str = "127.0.0.1"
    public_url: str | None = None
    origins: tuple[str, ...] = ()
    body_max: int = 1 << 20
    small_body_max: int = 1 << 14
    body_s: float = 10.0
    session_ms: EpochMs = 12 * HOUR_MS

    @property
    def is_local(self) -> bool:
        """Whether only this machine is meant to reach us: a public URL is there for others."""
        public = urlsplit(self.public_url or "").hostname
        return is_loopback(self.host) and (public is None or is_loopback(public))


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address means this machine; a name that is not known does not."""
    if host.lower() == "localhost":
        return True
    address = address_of(host)
    return address is not None and address.is_loopback


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an IP address from its text, also in brackets; None for anything else."""
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def origin_of(url: str) -> str:
    """Return the origin of a URL as a browser sends it, also of a URL that is none."""
    scheme, _, rest = url.lower().partition("://")
    default = {"http": ":80", "https": ":443"}.get(scheme, "")
    return f"{scheme}://{rest.partition('/')[0].removesuffix(default)}"

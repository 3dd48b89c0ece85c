"""
Under which names we are reached, and which pages may speak to us.

1. A page of others that has its name point to this machine (DNS rebinding) sends its own name as Host: only names that
   are known are answered. An address is no name, and beyond loopback any will do.
2. A page may change something, or open a WebSocket, only where its Origin is ours or one that was configured.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from fadearena.api.access import scopes
from fadearena.api.access.options import AccessOptions, address_of, is_loopback, origin_of
from fadearena.api.access.scopes import Scope
from fadearena.api.errors import Problem

_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


class Hosts:
    """Knows our names, and whose pages are welcome."""

    def __init__(self, options: AccessOptions) -> None:
        self._is_local = is_loopback(options.host)
        public = urlsplit(options.public_url or "").hostname
        self._names = {name.lower() for name in ("localhost", options.host, public) if name}
        self._public = origin_of(options.public_url) if options.public_url else None
        self._origins = frozenset(map(origin_of, options.origins))

    def check_host(self, scope: Scope) -> None:
        """
        Refuse a request that was meant for somebody else.

        Raises:
            Problem: 400, it names no host, or several; 421, it names one that is not ours.
        """
        found = scopes.values(scope, b"host")
        host = _HOST.fullmatch(found[0].lower()) if len(found) == 1 else None
        if host is None:
            raise Problem(400, "Send one Host header with the name of this server")
        if not self._is_ours(host[1].removesuffix(".")):
            raise Problem(
                421, "This name is not one of this server's: set FADEARENA_PUBLIC_URL to the URL that you use"
            )

    def check_origin(self, scope: Scope) -> str:
        """
        Return the Origin of a request; empty where it has none.

        Raises:
            Problem: 403, it is the page of somebody else.
        """
        found = scopes.values(scope, b"origin")
        if not found:
            return ""
        origin = found[0].lower()
        if len(found) > 1 or origin not in {self._own(scope), self._public, *self._origins}:
            raise Problem(
                403,
                "Pages of another origin may not do this: add it to FADEARENA_ORIGINS, or set FADEARENA_PUBLIC_URL to "
                "the URL under which this server is reached",
            )
        return origin

    def is_configured(self, origin: str) -> bool:
        """Tell whether the pages of another origin may use the API."""
        return origin.lower() in self._origins

    def _own(self, scope: Scope) -> str:
        return origin_of(f"{'https' if scopes.is_tls(scope) else 'http'}://{scopes.value(scope, b'host')}")

    def _is_ours(self, name: str) -> bool:
        if name in self._names or is_loopback(name):
            return True
        return not self._is_local and address_of(name) is not None

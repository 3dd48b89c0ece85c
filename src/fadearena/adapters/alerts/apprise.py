"""
Alerts by apprise: https://github.com/caronc/apprise lists the URLs of its services.

1. A URL holds secrets: neither it nor a part of it leaves this file. A destination is called by its number and scheme.
2. Importing apprise and its 180 services takes 0.6 s and 45 MB: only a process with URLs does it.
3. It works in threads of its own; a service that hangs is left to itself after some seconds.
4. A text that is too long for a service becomes several messages, unless the URL says otherwise (`overflow=`).
"""

import logging
import re
from collections.abc import Iterable
from urllib.parse import unquote

import apprise

from fadearena.model.error import AlertUndelivered, InvalidInput
from fadearena.ports.alerts import Message

TIMEOUT_S = 8.0
_SPLIT = re.compile(r"[\s,]+(?=[A-Za-z][\w.+-]*://)")
_SCHEME = re.compile(r"[A-Za-z][\w+-]{0,20}(?=://)")
_WORDS = re.compile(r"[^\w.~-]+")
_SECRET_MIN = 4
_KINDS = {
    "critical": apprise.NotifyType.FAILURE,
    "warning": apprise.NotifyType.WARNING,
    "info": apprise.NotifyType.INFO,
}


class AppriseSink:
    """Sends messages by apprise."""

    def __init__(self, urls: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """
        Read URLs that are separated by commas or spaces.

        Raises:
            InvalidInput: One of them names no service, or is not of its form.
        """
        _silence()
        self._timeout_s = timeout_s
        self._services: dict[str, apprise.Apprise] = {}
        self._secrets: dict[str, tuple[str, ...]] = {}
        for number, url in enumerate((part for part in _SPLIT.split(urls.strip(" \t\n,")) if part), 1):
            found = _SCHEME.match(url)
            name = f"{number}:{found[0].lower() if found else 'unknown'}"
            self._services[name] = _service(url, name)
            self._secrets[name] = _secrets(url)

    @property
    def destinations(self) -> tuple[str, ...]:
        """The services, by number and scheme."""
        return tuple(self._services)

    async def send(self, destination: str, message: Message) -> None:
        """
        Hand a message to a service.

        Raises:
            AlertUndelivered: It was refused, or not taken in time.
        """
        result = await self._services[destination].async_notify(
            body=message.text,
            title=message.title,
            notify_type=_KINDS.get(message.level, apprise.NotifyType.INFO),
            body_format=apprise.NotifyFormat.TEXT,
            timeout=self._timeout_s,
        )
        if result.status is apprise.AppriseResultStatus.SUCCESS:
            return
        if result.status is apprise.AppriseResultStatus.TIMEOUT:
            raise AlertUndelivered(f"no answer within {self._timeout_s:g} s: it may have been taken all the same")
        said = [entry.message for each in result.results for tried in each.attempts for entry in tried.logs]
        why = " ".join(" ".join(said).split()) or "it was not taken, and apprise does not say why"
        raise AlertUndelivered(_masked(why, self._secrets[destination]))


def _service(url: str, name: str) -> apprise.Apprise:
    asset = apprise.AppriseAsset(app_id="FadeArena", app_desc="FadeArena", app_url="")
    service = apprise.Apprise(asset=asset)
    if not service.add(url):
        raise InvalidInput(
            f"FADEARENA_ALERT_URLS: destination {name} is no URL that apprise can use: compare it with the form at "
            "https://appriseit.com/services/"
        )
    for plugin in service:
        if plugin.overflow_mode is apprise.OverflowMode.UPSTREAM:  # as it is by default: a long one would be refused
            plugin.overflow_mode = apprise.OverflowMode.SPLIT
    return service


def _silence() -> None:
    """Keep libraries from logging URLs; what a service answers is told by the errors of `send`."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)


def _secrets(url: str) -> tuple[str, ...]:
    """Return the parts of a URL, the longest first, as they are written and as they are meant."""
    _, _, rest = url.partition("://")
    parts = {rest, *_words(rest), *_words(unquote(rest))}
    return tuple(sorted((part for part in parts if len(part) >= _SECRET_MIN), key=len, reverse=True))


def _words(text: str) -> Iterable[str]:
    return _WORDS.split(text)


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text

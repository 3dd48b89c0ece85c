"""Whether the API may listen where it was told to: others reach it only once they need a token or a password."""

from urllib.parse import unquote, urlsplit

import structlog

from fadearena.api.access import AccessOptions
from fadearena.api.access.options import is_loopback
from fadearena.config import Config
from fadearena.model.error import InvalidInput
from fadearena.model.units import EpochMs
from fadearena.ports.access import AccessStore

_KNOWN_TO_ALL = frozenset(
    {
        "123456",
        "12345678",
        "admin",
        "change-me",
        "change-this",
        "change_me",
        "changeit",
        "changeme",
        "default",
        "example",
        "fade",
        "fadearena",
        "pass",
        "passw0rd",
        "password",
        "postgres",
        "postgresql",
        "root",
        "secret",
        "test",
        "user",
    }
)
log = structlog.get_logger(__name__)


def access_options(config: Config) -> AccessOptions:
    """Return what the access layer has to know of this process."""
    return AccessOptions(host=config.host, public_url=config.public_url, origins=config.allowed_origins)


async def check_binding(config: Config, access: AccessStore, now: EpochMs) -> None:
    """
    Refuse to listen where others reach us while nobody needs to show anything, or a secret is one that all know.

    What is only unwise is logged.

    Raises:
        InvalidInput: What to do first.
        StorageUnavailable: Nobody can tell.
    """
    if access_options(config).is_local:
        return
    where = f"FADEARENA_HOST={config.host}" if not is_loopback(config.host) else "FADEARENA_PUBLIC_URL"
    if not await _needs_something(access, now):
        raise InvalidInput(
            f"with {where} others reach the API, and nobody has a token or a password yet: make one with `fadearena "
            "token create NAME --role operator` or `fadearena token password operator`, or leave the API at 127.0.0.1"
        )
    password = unquote(urlsplit(config.database or "").password or "")
    if password.lower() in _KNOWN_TO_ALL:
        raise InvalidInput(
            f"with {where} others reach the API, and the password in FADEARENA_DATABASE_URL is one that everybody "
            "tries first: give the database's user another one"
        )
    _warn(config)


async def _needs_something(access: AccessStore, now: EpochMs) -> bool:
    grants = await access.grants()
    in_force = (each for each in grants.tokens if each.revoked is None and (each.expires is None or now < each.expires))
    return bool(grants.passwords) or any(in_force)


def _warn(config: Config) -> None:
    if config.public_url is None and not config.trusted_proxies:
        log.warning("listening_without_tls", host=config.host, advice="put a proxy with TLS before it: docs/access.md")
    elif config.public_url is not None and config.public_url.startswith("http://"):
        log.warning("public_url_without_tls", url=config.public_url, advice="tokens can be read on the way: use https")

"""Logs: what they look like, and what never stands in them."""

import json
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fadearena.kit.log import MASK, is_secret_name, masked, redact

KEY = "0x" + "ab" * 32


class Login(msgspec.Struct):
    """A structure with a secret in it."""

    user: str
    password: str


@dataclass
class Signed:
    """Another one."""

    signature: str
    price: Decimal


def logged(code: str, form: str = "json") -> list[str]:
    """Return the lines that a program writes to stderr."""
    head = (
        "import logging, warnings, structlog\n"
        "from structlog.contextvars import bound_contextvars\n"
        "from fadearena.kit.log import configure\n"
        f"configure('info', {form!r})\n"
        "log = structlog.get_logger('fadearena.test')\n"
    )
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    "name",
    ["key", "private_key", "privateKey", "api_key", "apikey", "X-Auth-Token", "Authorization", "signature", "a_secret"],
)
def test_names_that_say_secret(name: str) -> None:
    """A value under such a name is masked, whatever it is."""
    assert is_secret_name(name)
    assert masked("plain words", name) == MASK


@pytest.mark.parametrize("name", ["cloid", "keyboard", "coin", "tokenise", "monkey", "seq", ""])
def test_names_that_do_not(name: str) -> None:
    """Words that only contain such a word are left alone."""
    assert not is_secret_name(name)
    assert masked("plain words", name) == "plain words"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key {KEY} leaked", f"key {MASK} leaked"),
        (KEY + "cd" * 33, MASK),
        (f"key={KEY[2:].upper()}, and so on", f"key={MASK}, and so on"),
        ("postgresql://me:pw@db:5432/x?y=1", f"postgresql://{MASK}@db:5432/x?y=1"),
        ("to postgresql://me:p@w@db/x now", f"to postgresql://{MASK}@db/x now"),
        ("Authorization: Bearer abc.def-1", f"Authorization: Bearer {MASK}"),
        (f"GET /x?a=fa_0123456789ab_{'Z-_9' * 10}Zz9", f"GET /x?a={MASK}"),
        ("x=1; __Host-fadearena_session=abc-1; y=2", f"x=1; __Host-fadearena_session={MASK}; y=2"),
        ("host=db password=pw user=me", f"host=db password={MASK} user=me"),
        ('{"api_key": "abc"}', f'{{"api_key": "{MASK}"}}'),
        ("0x" + "1a" * 20, "0x" + "1a" * 20),
        ("0x" + "1a" * 16, "0x" + "1a" * 16),
        ("https://example.org/page", "https://example.org/page"),
    ],
)
def test_forms_that_are_secret(text: str, shown: str) -> None:
    """Keys, signatures and passwords are found in any text; addresses, cloids and plain links stay."""
    assert masked(text) == shown


def test_secrets_are_found_in_nested_values() -> None:
    """Mappings, lists and structures are looked through, and come out plain."""
    value: Any = {"a": [{"token": "t", "b": (KEY, 1, None, True)}, Login("me", "pw"), Signed("s", Decimal("1.5"))]}
    assert masked(value) == {
        "a": [
            {"token": MASK, "b": [MASK, 1, None, True]},
            {"user": "me", "password": MASK},
            {"signature": MASK, "price": "1.5"},
        ]
    }
    assert masked(ValueError(f"bad {KEY}")) == f"bad {MASK}"
    assert masked({KEY: 1}) == {MASK: 1}


def test_depth_is_bounded() -> None:
    """A structure without end is cut off."""
    endless: dict[str, Any] = {}
    endless["a"] = endless
    assert "..." in str(masked(endless))


def test_a_line_is_masked_field_by_field() -> None:
    """The processor masks every field of a line."""
    assert redact(None, "info", {"event": "sent", "key": "k", "n": 1}) == {"event": "sent", "key": MASK, "n": 1}


def test_json_lines_carry_what_is_bound() -> None:
    """A line is one JSON object with its verb, fields, level, time, and what was bound around it."""
    (line,) = logged(
        "with bound_contextvars(correlation_id=12):\n    log.info('order_sent', coin='BTC')\nlog.debug('unheard')\n"
    )
    read = json.loads(line)
    assert read.pop("timestamp").endswith("Z")
    assert read == {
        "event": "order_sent",
        "coin": "BTC",
        "correlation_id": 12,
        "level": "info",
        "logger": "fadearena.test",
    }


def test_tracebacks_are_masked() -> None:
    """An error's text is looked through, too; also on a console."""
    code = "try:\n    raise ValueError('0x' + 'ab' * 32)\nexcept ValueError:\n    log.exception('failed', url='a://b:c@d')\n"
    for form in ("json", "console"):
        text = "\n".join(logged(code, form))
        assert "ValueError" in text
        assert "failed" in text
        assert KEY not in text
        assert "b:c" not in text


def test_libraries_are_heard_when_something_is_wrong() -> None:
    """The standard library's log and warnings come out in the same form, masked; chatter does not."""
    lines = logged(
        "logging.getLogger('lib').info('chatter')\n"
        "logging.getLogger('lib').warning('to %s', 'a://b:c@d')\n"
        "warnings.warn('old')\n"
    )
    first, second = map(json.loads, lines)
    assert (first["event"], first["logger"], first["level"]) == (f"to a://{MASK}@d", "lib", "warning")
    assert "old" in second["event"]


def test_tokens_of_ours_are_masked_by_their_form() -> None:
    """Their public part, too: the whole is what is shown at the door."""
    token = "fa_0123456789ab_" + "Secret-Part_" * 3 + "1234567"
    assert masked(f"Bearer {token} was shown") == f"Bearer {MASK} was shown"
    assert masked(f"it is {token}.") == f"it is {MASK}."


def test_what_the_web_server_logs_comes_out_in_the_same_form() -> None:
    """With the name of the request that it was about, and without its secrets."""
    lines = logged(
        "with bound_contextvars(request_id='r1'):\n"
        "    logging.getLogger('uvicorn.error').error('cannot serve %s', 'http://a:hidden@host/')\n"
        "    logging.getLogger('uvicorn.error').info('said to nobody')\n"
    )
    (line,) = [json.loads(line) for line in lines]
    assert line["event"] == f"cannot serve http://{MASK}@host/"
    assert (line["logger"], line["request_id"]) == ("uvicorn.error", "r1")

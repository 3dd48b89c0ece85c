"""
Answers: JSON with exact numbers, as numbers or (`?decimals=string`) as texts, and a tag by which to ask again.

1. Decimals are written digit by digit, never as floats.
2. An answer that the asker has already (`If-None-Match`) is 304 without a body. Its tag is a weak one: the same
   answer may travel packed.
"""

from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import Query, Request, Response
from pydantic import BaseModel

from fadearena.kit.decimals import plain

_NUMBERS = msgspec.json.Encoder(decimal_format="number")


class Decimals(StrEnum):
    """How decimals are written."""

    NUMBER = "number"
    STRING = "string"


DecimalsParameter = Annotated[
    Decimals, Query(description="How money, sizes and prices are written: as JSON numbers, or exactly as strings.")
]


def json_of(model: BaseModel, decimals: Decimals) -> bytes:
    """Return a model as JSON, under its fields' outer names."""
    return json_of_form(model.model_dump(by_alias=True), decimals)


def json_of_form(content: Any, decimals: Decimals) -> bytes:  # noqa: ANN401 - what JSON is made of
    """Return what has its outer names already as JSON."""
    return _NUMBERS.encode(with_texts(content) if decimals is Decimals.STRING else content)


def with_texts(value: Any) -> Any:  # noqa: ANN401 - of the same shape
    """Return JSON with decimals as plain texts, without an exponent."""
    match value:
        case Decimal():
            return plain(value)
        case dict():
            return {name: with_texts(item) for name, item in value.items()}
        case list() | tuple():
            return [with_texts(item) for item in value]
        case _:
            return value


def answer(
    request: Request, model: BaseModel, decimals: Decimals = Decimals.NUMBER, *, status: int = HTTPStatus.OK
) -> Response:
    """Return a model as the answer to a request."""
    return json_answer(request, json_of(model, decimals), status=status)


def json_answer(request: Request, body: bytes, *, status: int = HTTPStatus.OK) -> Response:
    """Return JSON as the answer to a request."""
    if request.method != "GET" or status != HTTPStatus.OK:
        return Response(body, status, {"Cache-Control": "no-store"}, media_type="application/json")
    tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    given = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    if not given.isdisjoint({tag, tag.removeprefix("W/"), "*"}):
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, media_type="application/json")

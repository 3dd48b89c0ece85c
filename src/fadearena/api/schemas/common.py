"""
What all shapes share: names, numbers, errors.

1. Outside names are camelCase. An unknown field of a request is refused.
2. Decimals are exact: `Money` and its like hold a `Decimal` in its normal form, which is written as a number or as a
   text.
3. What is not known is null, never 0.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from fadearena.kit.decimals import normalise, parse
from fadearena.model.policy.form import camel
from fadearena.model.units import EpochMs

_SPECIAL: Final = {"total_pnl": "totalPnL", "daily_pnl": "dailyPnL"}
_DECIMAL: Final = WithJsonSchema({"type": ["number", "string"], "format": "decimal"})
_Decimal: TypeAlias = Annotated[Decimal, AfterValidator(lambda number: parse(str(number))), _DECIMAL]


def _normal(number: Decimal) -> Decimal:
    try:
        return normalise(number)
    except InvalidOperation:
        raise ValueError("number is out of range") from None


Money = Annotated[Decimal, AfterValidator(_normal), _DECIMAL]
"""USD."""
Amount = Annotated[Decimal, AfterValidator(_normal), _DECIMAL]
"""Base units of a coin, unsigned unless its field says so."""
Rate = Annotated[Decimal, AfterValidator(_normal), _DECIMAL]
"""A price, a ratio or bps."""
GivenDecimal = Annotated[_Decimal, Field(allow_inf_nan=False)]
"""A decimal of a request: finite, at most 24 digits before and after the point."""
TIME_MAX: Final = 253_402_300_799_999
"""The last millisecond of the year 9999."""
Time = Annotated[EpochMs, Field(ge=0, le=TIME_MAX)]
"""Milliseconds UTC since 1970."""


def outer(name: str) -> str:
    """Return a field's name as it is written outside."""
    return _SPECIAL.get(name) or camel(name)


NextCursor = Annotated[str | None, Field(description="Asks for the next page, as `cursor`; null on the last one.")]


class Shape(BaseModel):
    """A part of an answer. Fields have snake_case names here and camelCase names outside."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=outer, validate_by_name=True, validate_by_alias=True
    )


class Asked(BaseModel):
    """A part of a request: only known fields, by their outer names."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=outer)


class FieldError(Shape):
    """What is wrong with one field of a request."""

    field: str = Field(description="The field as it was written, e.g. `bots[0].name` or `limit`; empty for the body.")
    message: str = Field(description="What is wrong with it.")


class ProblemShape(BaseModel):
    """An error as RFC 9457 has it; some have further members, which their endpoint describes."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        title="Problem",
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "there is no bot grok-5: GET /api/models names them all",
                    "error": "there is no bot grok-5: GET /api/models names them all",
                }
            ]
        },
    )

    type: str = Field(description="Always `about:blank`: the status says what kind of error it is.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened and what to do next, in a sentence.")
    error: str = Field(description="The same as `detail`, for older clients.")
    errors: list[FieldError] | None = Field(default=None, description="With 422: each field that is wrong.")

"""Requests that change a part of something: the shape of the whole, of which any field may be given."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar, get_args

from pydantic import ConfigDict, Strict, field_validator

from fadearena.api.schemas.common import Shape
from fadearena.kit.decimals import parse

S = TypeVar("S", bound=Shape)


class Given(Shape):
    """A part of a request that has the fields of an answer, by their outer names; it is the last base."""

    model_config = ConfigDict(validate_by_name=False)

    @field_validator("*")
    @classmethod
    def _exact(cls, value: Any) -> Any:  # noqa: ANN401 - a field of any type
        """Bring decimals to their normal form; those that have too many digits are refused."""
        match value:
            case Decimal():
                return parse(str(value))
            case dict():
                return {name: cls._exact(item) for name, item in value.items()}
            case _:
                return value

    def given(self) -> dict[str, Any]:
        """Return the fields that were given."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def partial(*, needs: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Callable[[type[S]], type[S]]:
    """
    Let fields of a shape be left out: only `given` tells then what was given.

    Args:
        needs: Those that are needed all the same.
        without: Those that it does not have at all.
    """

    def decorate(shape: type[S]) -> type[S]:
        for name in without:
            del shape.model_fields[name]
        for name, field in shape.model_fields.items():
            if name not in needs:
                field.default, field.json_schema_extra = None, _without_default
            if {bool, int} & {field.annotation, *get_args(field.annotation)}:
                field.metadata.append(Strict())  # no texts in the place of numbers and switches
        shape.model_rebuild(force=True)
        return shape

    return decorate


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)

"""The shapes of a login and of who asks."""

from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, JsonValue, SecretStr, WithJsonSchema, model_validator

from fadearena.api.access.identity import Proof
from fadearena.api.schemas.common import Asked, Shape
from fadearena.ports.access import Role

_EXAMPLE: dict[str, JsonValue] = {
    "actor": "web:operator@127.0.0.1",
    "role": "operator",
    "proof": "session",
    "expiresAt": 1764023600000,
}
_LENGTH_MAX: Final = 1_024
_Secret = Annotated[
    Annotated[SecretStr, Field(min_length=1, max_length=_LENGTH_MAX)] | None,
    WithJsonSchema({"type": "string", "format": "password", "minLength": 1, "maxLength": _LENGTH_MAX}),
]


class LoginAsked(Asked):
    """A password of a role, or a token: one of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"password": "correct horse battery staple", "role": "operator"}],
            "oneOf": [{"required": ["password"]}, {"required": ["token"]}],
        }
    )

    password: _Secret = Field(default=None, description="The password that `fadearena token password` set.")
    role: Role = Field(default=Role.OPERATOR, description="Whose password it is: viewer or operator.")
    token: _Secret = Field(default=None, description="A token instead; the session may do what the token may.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.password is None) == (self.token is None):
            raise ValueError("give either a password or a token")
        return self


class MeShape(Shape):
    """Who asks, and what he may do."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    actor: str = Field(description="Who, as it stands in the records: api:TOKEN, web:ROLE@ADDRESS or anonymous.")
    role: Role | None = Field(description="viewer may look, operator may change things; null may do nothing.")
    proof: Proof = Field(description="By what: token, session, or nothing.")
    expires_at: int | None = Field(description="Until when, ms UTC; null where it does not end by itself.")

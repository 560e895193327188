"""The answers of `/v1/rules`."""

from typing import Any

from pydantic import Field

from query_service.schemas.fields.strict import Strict
from query_service.schemas.problems import FieldError


class RulesAnswer(Strict):
    """The version of the rules in force; 0: there never were any."""

    version: int
    applied_at: str
    origin: str
    count: int
    synonyms: int | None = Field(
        description="Lines of synonyms in force beside them; null: they were not counted."
    )


class RulesInForceAnswer(RulesAnswer):
    """The rules in force, in the shape in which they are put."""

    rules: list[dict[str, Any]]


class RulesWritten(RulesAnswer):
    """The new version; `warnings` did not keep it from being applied."""

    warnings: list[FieldError]

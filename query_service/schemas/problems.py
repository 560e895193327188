"""The API's errors: problem details (RFC 9457), and the wrong fields of a request."""

from pydantic import BaseModel, Field

from query_service.schemas.fields.strict import Strict


class FieldError(Strict):
    """One wrong field of a request."""

    field: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str = Field(description="The request's id, as in the log.")
    errors: list[FieldError] | None = None

"""The base of the API's models."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """No unknown keys: a mistyped field is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid")

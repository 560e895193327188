"""Fields of a request that this index can't answer."""

from collections.abc import Sequence

from plugin_config.errors import LiveIntentError
from query_service.schemas.problems import FieldError


class FieldProblem(LiveIntentError):
    """What is asked does not fit the index; `errors` has each wrong field."""

    exit_code = 2

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in errors[:3]))
        self.errors = list(errors)

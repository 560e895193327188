"""One difference between a cluster and the code, and what the cluster says of a refusal."""

from dataclasses import dataclass
from typing import Literal

from opensearchpy.exceptions import RequestError


@dataclass(frozen=True)
class Change:
    """One difference between cluster and code, which `apply` removes, or a remark on one."""

    kind: Literal["created", "updated", "removed", "rebuild due", "overlaps"]
    target: Literal["template", "index", "pipeline", "model"]
    name: str
    details: tuple[str, ...] = ()

    @property
    def is_remark(self) -> bool:
        """Whether `apply` leaves it as it is."""
        return self.kind in ("rebuild due", "overlaps")

    def __str__(self) -> str:
        return "\n    ".join([f"{self.kind}: {self.target} {self.name}", *self.details])


def refusal_reason(error: RequestError) -> str:
    info = error.info if isinstance(error.info, dict) else {}
    cause = info.get("error", {})
    while isinstance(cause.get("caused_by"), dict):
        cause = cause["caused_by"]
    return str(cause.get("reason", error.error))

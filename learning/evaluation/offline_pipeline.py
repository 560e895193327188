"""What an evaluation hands to the pipeline in place of the service's own parts.

Visitors come from histories, nothing is stored; the steps, and so the rankings, are the service's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.data.visitors import Visitors
from query_service.context import RequestContext
from query_service.user.visitor import Visitor

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class HistoryVisitors:
    """A `VisitorSource` of visitors built from histories."""

    visitors: Visitors

    def visitor(self, context: RequestContext) -> Visitor:
        """Looks the session up; a session without a history has no events."""
        context.progress.ran("session")
        return self.visitors.visitor(context.request.session_id, context.request.user_id or "")


class EmptySources:
    """`HitSources` for callers that read only the ids of hits."""

    def sources(self, context: RequestContext, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """An empty source for each hit."""
        return {item_id: {} for item_id in ids}

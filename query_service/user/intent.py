"""What the visitor wants now: the live query, who asks, and the user vector of both."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from query_service.user.user_vector import UserVector
from query_service.user.visitor import Visitor


@dataclass(frozen=True)
class Intent:
    """`query_embedding` float32 [D], None when the query has none; `user_vector` None when only the
    live query is known of the visitor.
    """

    visitor: Visitor
    query_text: str = ""
    query_embedding: NDArray[np.float32] | None = None
    user_vector: UserVector | None = None

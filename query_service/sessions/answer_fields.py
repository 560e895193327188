"""What a row of ubi_queries says of the answer, beside UBI's own fields.

Dashboards can sum and average it, which `query_attributes` does not allow: UBI has it as one
flat object, whose values are texts.
"""

from typing import Any

import numpy as np

from query_service.retrieval.candidates import Candidates
from query_service.schemas.answers import SearchResponse

MAX_VALUES = 100  # brands or categories of a row


def answer_fields(
    answer: SearchResponse, candidates: Candidates, *, offset: int, pivot: float
) -> dict[str, Any]:
    """The field `answer` of a query's row.

    `candidates`: where the hits come from, with fields that the request may have left out. `pivot`:
    the popularity below which an item is of the long tail, 0: unknown.
    """
    rows = {item_id: row for row, item_id in enumerate(candidates.ids)}
    shown = [rows[hit.item_id] for hit in answer.hits if hit.item_id in rows]
    popularity = candidates.popularity[shown]
    brands = {candidates.brands[row] for row in shown} - {""}
    paths = {path for row in shown for path in candidates.categories[row] if path}
    fields: dict[str, Any] = {
        "took_ms": round(answer.timing_ms.get("total", 0.0), 1),
        "offset": offset,
        "total": answer.total.value,
        "shown": len(shown),
        "personalized": answer.personalized,
        "degraded": sorted(one.stage for one in answer.degraded),
        "brands": sorted(brands)[:MAX_VALUES],
        "categories": sorted({path.split(" > ")[0] for path in paths})[:MAX_VALUES],
        "newcomers": int(np.sum(popularity <= 0)),
    }
    if pivot > 0:
        fields["long_tail"] = int(np.sum(popularity < pivot))
    return fields

"""What a row of ubi_queries says of the answer, beside UBI's own fields.

Dashboards can sum and average it, which `query_attributes` does not allow: UBI has it as one
flat object, whose values are texts.
"""

from typing import Any

from query_service.retrieval.candidates.candidates import Candidates
from query_service.schemas.search.answers import SearchResponse

MAX_VALUES = 100  # brands or categories of a row


def answer_fields(
    answer: SearchResponse, candidates: Candidates, *, offset: int, pivot: float
) -> dict[str, Any]:
    """The field `answer` of a query's row.

    `candidates`: where the hits come from, with fields that the request may have left out. `pivot`:
    the popularity below which an item is of the long tail, 0: unknown.
    """
    rows = {item_id: row for row, item_id in enumerate(candidates.ids)}
    brands, paths, popularities = set[str](), set[str](), list[float]()
    for hit in answer.hits:
        row = rows.get(hit.item_id)
        if row is None:  # below the candidates, or sorted: what the hit itself shows
            brands.add(str(hit.source.get("brand") or ""))
            paths.update(_texts(hit.source.get("category")))
            popularities += [float(hit.source["popularity"])] if "popularity" in hit.source else []
        else:
            brands.add(candidates.brands[row])
            paths.update(candidates.categories[row])
            popularities.append(float(candidates.popularity[row]))
    fields: dict[str, Any] = {
        "took_ms": round(answer.timing_ms.get("total", 0.0), 1),
        "offset": offset,
        "total": answer.total.value,
        "shown": len(answer.hits),
        "personalized": answer.personalized,
        "degraded": sorted(one.stage for one in answer.degraded),
        "brands": sorted(brands - {""})[:MAX_VALUES],
        "categories": sorted({path.split(" > ")[0] for path in paths} - {""})[:MAX_VALUES],
        "newcomers": sum(popularity <= 0 for popularity in popularities),
    }
    if pivot > 0:
        fields["long_tail"] = sum(popularity < pivot for popularity in popularities)
    return fields


def _texts(category: Any) -> list[str]:
    """The paths in the field of an item, which has one, several or none."""
    return category if isinstance(category, list) else [category] if category else []

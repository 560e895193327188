"""What the re-ranker reads of an item, and the body of a search for candidates.

A leg returns no more of a hit than its id and which state of the document it is (sequence number
and primary term). The fields come from `CandidateItems`, which keeps those of recent items:
measured on 54,667 items, reading them with each hit of three legs was a third of the engine's time.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plugin_config.schema import VECTOR_FLOAT16
from query_service.retrieval.plan import RetrievalPlan

# The re-ranker's fields are read from doc values: no stored source is read for it.
FEATURE_FIELDS = (VECTOR_FLOAT16, "popularity", "price", "brand", "category")
Hit = dict[str, Any]
DocumentState = tuple[int, int]  # the same pair is the same document, also after a fail-over


@dataclass(frozen=True, slots=True)
class CandidateFields:
    """One item's fields. `vector`: float16 [dims] as little-endian bytes; `price` NaN unknown."""

    vector: bytes
    popularity: float
    price: float
    brand: str
    category: tuple[str, ...]
    title: str  # "" where it was not read

    @classmethod
    def of(cls, values: Mapping[str, Sequence[Any]], title_field: str) -> "CandidateFields":
        """From a hit's doc values."""
        return cls(
            # The engine leaves the padding of base64 out; superfluous padding does no harm.
            vector=base64.b64decode(values[VECTOR_FLOAT16][0] + "=="),
            popularity=values.get("popularity", (0.0,))[0],
            price=values.get("price", (np.nan,))[0],
            brand=values.get("brand", ("",))[0],
            category=tuple(values.get("category", ())),
            title=str(values.get(title_field, ("",))[0]) if title_field else "",
        )


def candidates_body(query: Mapping[str, Any], size: int) -> dict[str, Any]:
    """The body of a search whose hits become candidates."""
    return {
        "query": query, "size": size, "_source": False, "stored_fields": ["_none_"],
        "docvalue_fields": ["item_id"], "seq_no_primary_term": True,
    }  # fmt: skip


def fields_body(ids: Sequence[str], title_field: str) -> dict[str, Any]:
    """The body of a search for the fields of the items `ids`."""
    body = candidates_body({"bool": {"filter": {"terms": {"_id": list(ids)}}}}, len(ids))
    titles = [title_field] if title_field else []
    return body | {
        "track_total_hits": False,
        "docvalue_fields": ["item_id", *FEATURE_FIELDS, *titles],
    }


def title_field_of(plan: RetrievalPlan) -> str:
    """The field of the titles that the re-ranker reads; "" where it reads none."""
    return plan.fields.title_exact if plan.titles else ""


def with_ids(hits: list[Hit]) -> list[Hit]:
    """Hits of `candidates_body` with their ids under `_id`, as other hits have them."""
    for hit in hits:
        hit["_id"] = hit["fields"]["item_id"][0]
    return hits


def document_state(hit: Mapping[str, Any]) -> DocumentState:
    """Which state of the document a hit is."""
    return hit["_seq_no"], hit["_primary_term"]

"""Settings of the gate: how much is looked at, and what is allowed."""

from pathlib import Path

from pydantic import Field

from plugin_config.settings import Settings, register


@register
class GateSettings(Settings):
    """What a rebuild checks before it moves the alias (docs/operating.md says how to choose)."""

    gate_max_drop: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Largest share of the live index's items that a new index may lack; a "
        "difference of 10 items or fewer is always allowed. 1: any.",
    )
    gate_sample: int = Field(
        64,
        ge=0,
        le=5000,
        description="Items that are encoded again and searched for exactly, to check vectors and "
        "recall. 0: neither is checked.",
    )
    gate_min_cosine: float = Field(
        0.99, ge=0, le=1, description="Least cosine of a stored vector and the one encoded again."
    )
    gate_min_recall: float = Field(
        0.9, ge=0, le=1, description="Least recall@10 of k-NN search against exact search."
    )
    gate_queries: int = Field(
        50,
        ge=0,
        le=10_000,
        description="Recent queries that are asked of the live and of the new index. 0: none.",
    )
    gate_query_days: float = Field(
        14, gt=0, le=3650, description="Days of the query log that these are taken from."
    )
    gate_min_overlap: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Least share of the first 10 hits that both indexes have, the mean over "
        "these queries (at least 10 of them).",
    )
    gate_judgments: Path | None = Field(
        None, description="Judgments (query, item_id, grade) to measure both indexes by: a file."
    )
    gate_max_ndcg_drop: float = Field(
        0.03,
        ge=0,
        le=1,
        description="By how much NDCG@10 on the judgments may fall below the live index's.",
    )

"""Settings of the indexer."""

from typing import Literal

from pydantic import Field, field_validator

from plugin_config.settings import Settings, register


@register
class IndexSettings(Settings):
    """How a catalogue becomes an index."""

    analyzer: str = Field(
        "english",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Analyzer of the items' texts: `english`, `cjk`, `standard`, or any other "
        "that the cluster knows.",
    )
    keep_indexes: int = Field(
        2, ge=0, le=100, description="Earlier items indexes that a rebuild keeps for a roll-back."
    )
    engine: Literal["lucene", "faiss"] = Field(
        "lucene", description="k-NN engine; `faiss` where the cluster has it."
    )
    hnsw_m: int = Field(16, ge=2, le=100, description="Links of a vector in the HNSW graph.")
    ef_construction: int = Field(
        100, ge=2, le=10_000, description="Candidates looked at when a vector is inserted."
    )
    ef_search: int = Field(
        100, ge=2, le=10_000, description="Candidates looked at when vectors are searched."
    )
    max_rejects: str = Field(
        "10%",
        description="Bad rows that a rebuild puts up with: a number, or a share of all rows. "
        "With more it stops before anything is written to the cluster.",
    )
    fill_window: int = Field(
        1024, ge=1, le=100_000, description="Items that are sorted by length and encoded together."
    )
    bulk_items: int = Field(500, ge=1, le=10_000, description="Most items in one bulk request.")
    bulk_mb: float = Field(
        5.0, gt=0, le=90, allow_inf_nan=False, description="Most megabytes in one bulk request."
    )
    bulk_threads: int = Field(2, ge=1, le=16, description="Bulk requests under way at a time.")
    bulk_retries: int = Field(
        8,
        ge=0,
        le=100,
        description="Further tries of what an overloaded or absent node refused; the waits "
        "between them grow from 0.5 to 30 seconds.",
    )
    bulk_timeout_s: float = Field(
        60.0, gt=0, le=3600, allow_inf_nan=False, description="Seconds to wait for a bulk request."
    )
    stale_after_hours: float = Field(
        6.0,
        ge=0,
        allow_inf_nan=False,
        description="Age after which an index that a rebuild on another machine left half made "
        "may be discarded.",
    )
    sample_items: int = Field(
        50_000,
        ge=1,
        le=1_000_000,
        description="Items that the model bundle is learned from (drawn by chance, same seed).",
    )

    @field_validator("max_rejects", mode="before")
    @classmethod
    def _number_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value

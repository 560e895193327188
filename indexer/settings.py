"""Settings of the indexer."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from plugin_config.analysis.text_analysis import Decompound
from plugin_config.quantization import Engine, QuantizationName
from plugin_config.settings import Settings, register
from plugin_config.state_dir import default_state_dir


@register
class EncoderSettings(Settings):
    """Which encoder makes the vectors, and how it computes."""

    encoder: str = Field(
        "minilm",
        min_length=1,
        description="`minilm`, `multilingual` (needs the extra of that name), a folder in Hugging "
        "Face form, or a hub name.",
    )
    bundle: Path | None = Field(
        None,
        description="Folder that `live-intent learn` wrote; its encoder and item halves come "
        "before what LIVE_INTENT_ENCODER and LIVE_INTENT_LAYOUT say. Default: nothing learned.",
    )
    pooling: Literal["mean", "cls"] | None = Field(
        None, description="How token vectors become one; default: as the model's folder says."
    )
    query_prefix: str | None = Field(
        None, description="Put before a query; default: as the model's folder says."
    )
    item_prefix: str | None = Field(
        None, description="Put before an item's text; default: as the model's folder says."
    )
    max_length: int | None = Field(
        None, ge=8, le=8192, description="Most tokens of a text; default: as the model's folder."
    )
    device: str = Field(
        "auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="`auto`, `cpu`, `cuda`, `cuda:1`."
    )
    number_format: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="Format of the encoder's numbers; auto: bfloat16 where the CPU computes in "
        "it, float16 on a GPU, else float32. Vectors agree within a cosine of 0.999.",
    )
    query_cache_size: int = Field(
        10_000, ge=0, le=10_000_000, description="Vectors of recent queries that are kept."
    )
    encode_threads: int = Field(
        0, ge=0, le=256, description="Threads that one encode uses; 0: as many as torch chooses."
    )
    layout: Literal["sum", "concat"] = Field(
        "sum",
        description="`sum`: an item's vector is its embedding; `concat`: a meaning half and a "
        "behaviour half.",
    )
    meaning_dims: int = Field(
        200, ge=2, le=4096, description="M, dimensions of the meaning half (layout concat)."
    )
    behaviour_dims: int = Field(
        100, ge=2, le=4096, description="K, dimensions of the behaviour half (layout concat)."
    )
    models_dir: Path = Field(
        default_factory=lambda: default_state_dir() / "models",
        description="Folder for converted models (default: `models` in the state folder).",
    )


@register
class RaySettings(Settings):
    """Where the items of a rebuild are encoded, if not by this process (extra `ray`)."""

    ray: str = Field(
        "",
        pattern=r"^(|local|auto|(ray://)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5})$",
        description="The Ray cluster: `HOST:PORT` where this machine is a node of it, "
        "`ray://HOST:PORT` from any machine, `auto` (the one that runs on this machine), `local` "
        "(one for this rebuild alone). Default: none, this process encodes.",
    )
    ray_actors: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Encoders on the Ray cluster; 0: as many as it has room for, also when "
        "machines come and go.",
    )
    ray_cpus: float = Field(
        1, ge=0, le=1024, allow_inf_nan=False, description="CPUs of each of these encoders."
    )
    ray_gpus: float = Field(
        0,
        ge=0,
        le=64,
        allow_inf_nan=False,
        description="GPUs of each; below 1 several share one. 0: they compute on CPUs.",
    )
    ray_timeout_s: float = Field(
        120,
        gt=0,
        le=86_400,
        allow_inf_nan=False,
        description="Seconds to wait for the Ray cluster, and for room for a first encoder.",
    )
    ray_block_timeout_s: float = Field(
        600,
        gt=0,
        le=86_400,
        allow_inf_nan=False,
        description="Seconds after which an encoder that has not answered is replaced.",
    )

    @model_validator(mode="after")
    def _whole_gpus(self) -> Self:
        if self.ray_gpus > 1 and self.ray_gpus != int(self.ray_gpus):
            raise ValueError("more than one GPU must be a whole number")
        if not self.ray_cpus and not self.ray_gpus:
            raise ValueError("an encoder needs a CPU or a GPU: set one of them above 0")
        return self


@register
class IndexSettings(Settings):
    """How a catalogue becomes an index."""

    analyzer: str = Field(
        "english",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Analyzer of the items' texts: `english`, `cjk`, `standard`, or any other "
        "that the cluster knows.",
    )
    languages: str = Field(
        "auto",
        description="Languages that requests can name, each searched by its own analyzer: codes "
        "separated by commas (`de,pt-BR`), or with another analyzer of the cluster (`zh=smartcn`); "
        "`none`; auto: those that items have `translations` in.",
    )
    decompound: Decompound = Field(
        "auto",
        description="Whether words are split into the catalogue's own words that they are made of "
        "(`Ledersofa`, `Leder`, `Sofa`): `on`, `off`; auto: with the analyzer `german`.",
    )
    public_attributes: str = Field(
        "",
        description="Names of the public attributes, separated by commas; `*` stands for any "
        "characters, and alone for all. Others are not put into the index. Default: those that "
        "the catalogue has below `attributes` or that the column mapping names.",
    )
    facets: str = Field(
        "",
        description="Attributes that are facets: names such as `attributes.colour`, separated by "
        "commas; `*` stands for any characters. Default: numbers, dates, booleans, and texts of "
        "at most 500 different short values.",
    )
    keep_indexes: int = Field(
        2, ge=0, le=100, description="Earlier items indexes that a rebuild keeps for a roll-back."
    )
    shards: int = Field(
        1,
        ge=1,
        le=1024,
        description="Shards of a new items index: more than one spreads it over several nodes.",
    )
    replicas: Literal["auto"] | int = Field(
        "auto",
        description="Copies of each shard beside the first; auto: one where a second node is.",
    )
    keep_refused_hours: float = Field(
        72.0,
        ge=0,
        allow_inf_nan=False,
        description="Age at which a rebuild deletes an index that the gate refused; only the "
        "newest such index is kept.",
    )
    engine: Engine = Field("lucene", description="k-NN engine; `faiss` where the cluster has it.")
    quantization: QuantizationName = Field(
        "none",
        description="How vectors are kept for k-NN: `none` (float32), `int7` (lucene, a quarter of "
        "the memory), `fp16` (faiss, half), `disk-8x`, `disk-16x`, `disk-32x` (faiss, on disk).",
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

    deleted_items_days: float = Field(
        30,
        gt=0,
        le=3650,
        description="Days that it is kept which items were deleted; more than a rebuild takes.",
    )
    suggest_min_sessions: int = Field(
        5,
        ge=2,
        le=100_000,
        description="Different sessions that must have typed a query before it is suggested to "
        "others, those of one user counted as one, or its text shown in a report or dashboard.",
    )
    suggest_days: float = Field(
        90, gt=0, le=3650, description="Days of the query log that suggestions are made from."
    )

    @field_validator("replicas")
    @classmethod
    def _few_replicas(cls, value: str | int) -> str | int:
        if isinstance(value, int) and not 0 <= value <= 20:
            raise ValueError("allowed: auto, or a number from 0 to 20")
        return value

    @field_validator("max_rejects", mode="before")
    @classmethod
    def _number_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value


@register
class FeedSettings(Settings):
    """How `live-intent index follow` batches the lines of a change feed."""

    feed_batch_lines: int = Field(
        500, ge=1, le=10_000, description="Most lines of a feed that are applied together."
    )
    feed_wait_ms: int = Field(
        500,
        ge=0,
        le=60_000,
        description="Milliseconds after its first line in which a batch may get more.",
    )
    feed_progress_s: float = Field(
        30.0,
        gt=0,
        le=86_400,
        allow_inf_nan=False,
        description="Seconds between the lines that say how far a feed is.",
    )

"""Settings of the search pipeline that the plugin inside OpenSearch works in."""

from pydantic import Field

from plugin_config.settings import Settings, register


@register
class PipelineSettings(Settings):
    """The search pipeline of the plugin inside OpenSearch (`config apply --pipeline`)."""

    pipeline_window: int = Field(
        200, ge=10, le=1000, description="Hits that are ranked, unless a search says how many."
    )
    pipeline_timeout_ms: int = Field(
        200,
        ge=1,
        le=10_000,
        description="Milliseconds to wait for a visitor's session; later the search keeps its own "
        "order.",
    )
    pipeline_person_leg: bool = Field(
        False, description="Also find items near the visitor's past ones, which no word finds."
    )
    pipeline_person_leg_k: int = Field(
        100, ge=1, le=1000, description="How many items that leg finds."
    )
    pipeline_rank_url: str = Field(
        "",
        max_length=1000,
        pattern=r"^(https?://[^\s/@?#]+(/[^\s?#]*)?)?$",
        description="Address of the query service whose re-ranker orders first pages, such as "
        "`http://10.0.0.5:8080`; empty: the engine's order stays.",
    )
    pipeline_rank_timeout_ms: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Milliseconds to wait for that order; later the engine's stays.",
    )
